/* Cures: changes of fields that a biller may correct, each proved by judging the line again with it.
 *
 * Only what the requirement itself asks for is tried. A modifier that would merely set an exception off (59 to unbundle,
 * say) is never proposed: whether services were distinct is a matter of fact, not of coding. */
#include "runtime/handles.h"
#include "runtime/offers.h"
#include "runtime/trial.h"

#include <stdlib.h>
#include <string.h>

enum { CANDIDATE_LIMIT = 48, CURE_LIMIT = 3, LIST_ROOM = 8 };

typedef struct candidate {
    run_change change;
    size_t size; /* how much it changes: codes added or taken away, fields set */
} candidate;

typedef struct search {
    base_arena *arena;
    run_context *context;
    uint32_t line;
    size_t clause;
    const run_verdicts *before;
    const run_offers *offers;
    bool *reads;               /* by field */
    BASE_ARRAY(uint32_t) sets; /* of the plan, that the requirement asks for, in their order */
    const plan_block *block;   /* of the clause alone */
    run_cone cone;             /* what its requirement, the last of those steps, follows from */
    const uint8_t *follows;    /* by step: the changes that it follows from */
    run_value *unchanged;      /* by step: what it comes to without a change */
    run_value *tried;          /* the same, with the change at hand */
    uint32_t scratch;          /* what `unchanged` takes of the context's */
    candidate candidates[CANDIDATE_LIMIT];
    size_t candidate_count;
    uint32_t *pool;
    size_t pool_used, pool_room;
} search;

/* What the requirement comes to as things are. Judging the line forgets what `all` tables gave for it, so this is found anew then. */
static void find_unchanged(search *s)
{
    s->context->scratch.count = 0;
    for (uint32_t k = 0; k < s->cone.count; k++) {
        uint32_t i = s->cone.steps[k];
        s->unchanged[i] = run_interpret_step(s->context, s->block, &s->block->steps.items[i], s->unchanged, s->line);
    }
    s->scratch = s->context->scratch.count;
}

/* Finds what the requirement follows from. */
static bool prepare_trials(search *s)
{
    const plan_clause *clause = &s->context->binding->plan->clauses.items[s->clause];
    const plan_explanation *explanation = plan_explanation_of(s->context->binding->plan, clause);
    if (explanation == NULL) return false;
    s->block = explanation->block;
    s->unchanged = base_arena_alloc(s->arena, (s->block->steps.count + 1) * sizeof *s->unchanged);
    s->tried = base_arena_alloc(s->arena, (s->block->steps.count + 1) * sizeof *s->tried);
    s->cone = run_cone_of(s->context, s->arena, clause->explain_block, explanation->requirement_step);
    s->follows = run_follows(s->context, clause->explain_block);
    if (s->unchanged == NULL || s->tried == NULL || s->cone.count == 0 || s->follows == NULL) return false;
    find_unchanged(s);
    return true;
}

/* Whether the requirement holds with the changes at hand, which is asked before the line is judged by all policies: of most changes nothing
 * comes, and the clause alone is a small part of what a line meets. */
static bool requirement_holds(search *s)
{
    uint8_t by = run_changed_by(s->context->changes, s->context->change_count);
    s->context->scratch.count = s->scratch;
    for (uint32_t k = 0; k < s->cone.count; k++) {
        uint32_t i = s->cone.steps[k];
        s->tried[i] = (s->follows[i] & by) == 0
                          ? s->unchanged[i]
                          : run_interpret_step(s->context, s->block, &s->block->steps.items[i], s->tried, s->line);
    }
    return s->tried[s->cone.steps[s->cone.count - 1]].bits == RUN_TRUE;
}

static void add_set(search *s, uint32_t set)
{
    uint32_t at = s->sets.count;
    for (uint32_t i = 0; i < s->sets.count; i++) {
        if (s->sets.items[i] == set) return;
    }
    uint32_t *slot = BASE_PUSH(s->arena, &s->sets);
    if (slot == NULL) return;
    while (at > 0 && s->sets.items[at - 1] > set) {
        s->sets.items[at] = s->sets.items[at - 1];
        at--;
    }
    s->sets.items[at] = set;
}

static void mark_reads(search *s, const plan_block *block, uint32_t index, uint8_t *seen)
{
    if (index == PLAN_NO_STEP || seen[index] != 0) return;
    seen[index] = 1;
    const plan_step *step = &block->steps.items[index];
    if (step->operation == PLAN_LOAD) s->reads[step->detail] = true;
    bool set = step->operation == PLAN_SET_HOLDS || step->operation == PLAN_LIST_MEETS_SET ||
               step->operation == PLAN_LIST_WITHIN_SET;
    if (set) add_set(s, (uint32_t)step->number);
    if (step->operation == PLAN_LOOKUP) {
        for (uint32_t i = 0; i < step->b; i++) mark_reads(s, block, block->arguments.items[step->a + i], seen);
        return;
    }
    mark_reads(s, block, step->a, seen);
    mark_reads(s, block, step->b, seen);
}

static void offer(search *s, lang_field field, int64_t bits, uint8_t state, size_t size)
{
    if (s->candidate_count == CANDIDATE_LIMIT) return;
    for (size_t i = 0; i < s->candidate_count; i++) {
        const run_change *old = &s->candidates[i].change;
        if (old->field == field && old->state == state && old->bits == bits) return;
    }
    s->candidates[s->candidate_count++] = (candidate){{field, s->line, bits, state}, size};
}

static void offer_modifiers(search *s, const uint32_t *codes, size_t count, size_t size)
{
    if (s->pool_used + count > s->pool_room || count > 4) return;
    for (size_t i = 0; i < s->candidate_count; i++) {
        const run_change *old = &s->candidates[i].change;
        if (old->field != LANG_FIELD_line_modifiers || run_list_count(old->bits) != count) continue;
        size_t offset = run_list_offset(old->bits);
        if (memcmp(s->pool + offset, codes, count * sizeof *codes) == 0) return;
    }
    memcpy(s->pool + s->pool_used, codes, count * sizeof *codes);
    offer(s, LANG_FIELD_line_modifiers, run_list_pack(s->pool_used, count) | RUN_LIST_OVERLAY, RUN_PRESENT, size);
    s->pool_used += count;
}

static bool lists_code(const uint32_t *codes, size_t count, uint32_t code)
{
    for (size_t i = 0; i < count; i++) {
        if (codes[i] == code) return true;
    }
    return false;
}

static void offer_modifier(search *s, const uint32_t *own, size_t count, uint32_t code)
{
    uint32_t codes[LIST_ROOM];
    if (lists_code(own, count, code)) return;
    memcpy(codes, own, count * sizeof *own);
    codes[count] = code;
    offer_modifiers(s, codes, count + 1, 1);
}

/* The line's modifiers with a code added of the sets that the requirement asks for. */
static void propose_modifiers_of_sets(search *s, const uint32_t *own, size_t count)
{
    const plan_program *plan = s->context->binding->plan;
    for (size_t k = 0; k < s->sets.count && count < 4; k++) {
        const lang_code_set *set = plan->sets.items[s->sets.items[k]];
        for (size_t r = 0; set->system == LANG_SYSTEM_modifier && r < set->row_count; r++) {
            for (size_t i = 0; i < lang_row_count(&set->rows[r]); i++) {
                lang_item item = lang_row_item(&set->rows[r], i);
                const char *code = lang_item_code(&item);
                uint32_t symbol =
                    code == NULL ? BASE_INTERN_NONE : base_intern_find(&plan->symbol_table, code, strlen(code));
                if (symbol != BASE_INTERN_NONE)
                    offer_modifier(s, own, count, (uint32_t)s->context->binding->symbols[symbol]);
            }
        }
    }
}

/* The line's modifiers with one constant list of the policies added, or with one of its own taken away. */
static void propose_modifiers(search *s)
{
    const run_store *store = s->context->binding->store;
    if (!run_store_present(store, LANG_FIELD_line_modifiers, s->line)) return;
    size_t count;
    const uint32_t *own = run_list_items(s->context, run_store_bits(store, LANG_FIELD_line_modifiers, s->line), &count);
    if (count > 4) return;
    propose_modifiers_of_sets(s, own, count);
    for (size_t l = 0; l < s->offers->lists.count; l++) {
        const run_offered_list *list = &s->offers->lists.items[l];
        uint32_t codes[LIST_ROOM];
        memcpy(codes, own, count * sizeof *own);
        size_t used = count;
        for (size_t i = 0; i < list->count && used < LIST_ROOM; i++) {
            if (!lists_code(codes, used, list->codes[i])) codes[used++] = list->codes[i];
        }
        if (used > count) offer_modifiers(s, codes, used, used - count);
    }
    for (size_t i = 0; i < s->offers->modifiers.count && count < 4; i++)
        offer_modifier(s, own, count, s->offers->modifiers.items[i]);
    for (size_t drop = 0; drop < count; drop++) {
        uint32_t codes[LIST_ROOM];
        size_t used = 0;
        for (size_t i = 0; i < count; i++) {
            if (i != drop) codes[used++] = own[i];
        }
        offer_modifiers(s, codes, used, 1);
    }
}

static void propose_places(search *s)
{
    for (size_t i = 0; i < s->offers->places.count; i++)
        offer(s, LANG_FIELD_line_pos, s->offers->places.items[i], RUN_PRESENT, 1);
}

/* The member's authorizations that the feed holds. */
static void propose_authorizations(search *s)
{
    const run_store *store = s->context->binding->store;
    if (!run_store_present(store, LANG_FIELD_line_patient, s->line)) return;
    int64_t patient = run_store_bits(store, LANG_FIELD_line_patient, s->line);
    const run_groups *groups = &store->authorizations_of_patient;
    for (uint32_t i = groups->starts[patient]; i < groups->starts[patient + 1]; i++) {
        uint32_t row = groups->rows[i];
        bool known = run_store_present(store, LANG_FIELD_authorization_dates, row);
        if (known) offer(s, LANG_FIELD_line_authorization, row, RUN_PRESENT, 1);
    }
}

/* Whether the changes make the clause pass without a new failure elsewhere. */
static bool cures(search *s, const run_change *changes, size_t count, bool *line_passes)
{
    run_altered altered;
    s->context->changes = changes;
    s->context->change_count = count;
    s->context->overlay_pool = s->pool;
    bool holds = requirement_holds(s), judged = holds && run_judge_changed(s->context, s->line, &altered);
    s->context->changes = NULL;
    s->context->change_count = 0;
    if (holds) find_unchanged(s);
    if (!judged) return false;
    bool passes = false;
    for (size_t i = 0; i < altered.count; i++) {
        uint32_t c = altered.clauses[i];
        uint8_t after = altered.verdicts[c];
        bool open = after == ADJ_CLAUSE_FAIL || after == ADJ_CLAUSE_CANNOT_TELL;
        if (open && s->before->verdicts[c] != after) return false;
        if (c == s->clause) passes = after == ADJ_CLAUSE_PASS;
    }
    if (!passes) return false;
    adj_verdict verdict = run_altered_verdict(s->context, s->line, s->before, &altered);
    *line_passes = verdict == ADJ_PASS || verdict == ADJ_WARN;
    return true;
}

static const char *shown(search *s, const run_change *change)
{
    lang_type type = lang_schema_field(s->context->binding->plan->program->schema, change->field)->type;
    const lang_schema *schema = s->context->binding->plan->program->schema;
    if (s->context->redact && change->state == RUN_PRESENT && run_is_personal(schema, change->field)) return RUN_HIDDEN;
    if (change->field == LANG_FIELD_line_authorization && change->state == RUN_PRESENT) {
        return run_store_text(s->context->binding->store, LANG_FIELD_authorization_number, (uint32_t)change->bits);
    }
    s->context->overlay_pool = s->pool;
    return run_format(s->arena, s->context, type, change->bits, change->state);
}

static void add_cure(search *s, const run_change *changes, size_t count, bool line_passes, adj_finding *finding,
                     adj_cure *room)
{
    base_text fields, from, to;
    base_text_init(&fields, s->arena);
    base_text_init(&from, s->arena);
    base_text_init(&to, s->arena);
    const run_store *store = s->context->binding->store;
    for (size_t i = 0; i < count; i++) {
        lang_field field = changes[i].field;
        run_change now = {field, s->line, run_store_bits(store, field, s->line), store->columns[field].states[s->line]};
        const char *gap = i == 0 ? "" : "; ";
        base_text_format(&fields, "%s%s", gap,
                         lang_schema_field(s->context->binding->plan->program->schema, field)->name);
        base_text_format(&from, "%s%s", gap, shown(s, &now));
        base_text_format(&to, "%s%s", gap, shown(s, &changes[i]));
    }
    room[finding->cure_count++] =
        (adj_cure){base_text_string(&fields), base_text_string(&from), base_text_string(&to), line_passes};
}

static void try_pairs(search *s, adj_finding *finding, adj_cure *room)
{
    for (size_t i = 0; i < s->candidate_count && finding->cure_count < CURE_LIMIT; i++) {
        for (size_t j = i + 1; j < s->candidate_count && finding->cure_count < CURE_LIMIT; j++) {
            const run_change pair[] = {s->candidates[i].change, s->candidates[j].change};
            bool passes;
            if (pair[0].field == pair[1].field || !cures(s, pair, 2, &passes)) continue;
            add_cure(s, pair, 2, passes, finding, room);
        }
    }
}

void run_find_cures(base_arena *arena, run_context *context, uint32_t line, size_t clause, const run_verdicts *before,
                    adj_finding *finding)
{
    const plan_program *plan = context->binding->plan;
    search *s = base_arena_alloc(arena, sizeof *s);
    adj_cure *room = base_arena_alloc(arena, CURE_LIMIT * sizeof *room);
    if (s == NULL || room == NULL) return;
    s->arena = arena;
    s->context = context;
    s->line = line;
    s->clause = clause;
    s->before = before;
    s->offers = run_offers_of(context);
    s->reads = base_arena_alloc(arena, (size_t)lang_schema_field_count(plan->program->schema));
    s->pool_room = CANDIDATE_LIMIT * LIST_ROOM;
    s->pool = base_arena_alloc(arena, s->pool_room * sizeof *s->pool);
    const plan_clause *target = &plan->clauses.items[clause];
    const plan_explanation *explanation = plan_explanation_of(plan, target);
    if (explanation == NULL) arena->failed = true;
    if (explanation == NULL) return;
    uint8_t *seen = base_arena_alloc(arena, explanation->block->steps.count + 1);
    if (s->offers == NULL || s->pool == NULL || s->reads == NULL || seen == NULL) return;
    mark_reads(s, explanation->block, explanation->requirement_step, seen);
    bool modifiers = s->reads[LANG_FIELD_line_modifiers], places = s->reads[LANG_FIELD_line_pos];
    if (s->reads[LANG_FIELD_line_authorization]) propose_authorizations(s);
    if (places) propose_places(s);
    if (modifiers || places) propose_modifiers(s);
    finding->cures = room;
    if (s->candidate_count == 0) return;
    if (!prepare_trials(s)) return;
    for (size_t size = 1; size <= 4; size++) {
        for (size_t i = 0; i < s->candidate_count && finding->cure_count < CURE_LIMIT; i++) {
            const candidate *c = &s->candidates[i];
            bool passes;
            if (c->size != size || !cures(s, &c->change, 1, &passes)) continue;
            add_cure(s, &c->change, 1, passes, finding, room);
        }
    }
    if (finding->cure_count == 0) try_pairs(s, finding, room);
}
