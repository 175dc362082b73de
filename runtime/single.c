/* One encounter at a time, from decoded fields to verdicts: a store with a row of each record, which is filled anew for each
 * encounter, and machine code that judges a line. Once each code has been seen, nothing is allocated. */
#include "runtime/handles.h"

#include <string.h>

enum { TOUCHED = 512 };

/* A field and the row that it is set in. */
typedef struct single_field {
    uint16_t field;
    uint16_t reference; /* the line's field that leads to that row; LANG_NO_FIELD for the line's own */
} single_field;

struct adj_single {
    base_allocator allocator;
    base_arena arena;
    const adj_policies *policies;
    run_store store;
    base_arena bound; /* what is bound anew where a code is new */
    run_binding binding;
    run_context context;
    bool stale;       /* a text was met since */
    uint32_t *row_of; /* by record */
    uint8_t *verdicts;
    uint32_t *judged; /* policies that the last line met */
    adj_single_event *events;
    uint32_t touched[TOUCHED]; /* fields that are to be forgotten; all of them where there are more */
    size_t touched_count;
    uint32_t *pool; /* room for lists */
    size_t pool_start;
};

/* Every reference leads to the one row of its record while lines are put in order, so that a line is of its own claim, session and
 * member; then everything is unknown. */
static bool add_rows(adj_single *s)
{
    run_store *store = &s->store;
    const lang_schema *schema = store->schema;
    for (int r = 0; r < lang_schema_record_count(schema); r++) {
        s->row_of[r] = run_store_add(store, (lang_record)r);
        if (s->row_of[r] == RUN_NO_ROW) return false;
    }
    for (int f = 0; f < lang_schema_field_count(schema); f++) {
        const lang_field_info *info = lang_schema_field(schema, (lang_field)f);
        if (info->type.kind != LANG_TYPE_RECORD || info->type.list) continue;
        run_store_set(store, (lang_field)f, s->row_of[info->record], s->row_of[info->type.detail]);
    }
    store->lines.items[s->row_of[LANG_RECORD_line]].subject = true;
    store->claims_are_partial = true;
    if (!run_index(store)) return false;
    store->finished = true;
    return !store->arena.failed;
}

static bool bind(adj_single *s)
{
    base_arena_reset(&s->bound);
    s->stale = false;
    /* Lists point into the pool, which must not move. */
    return run_bind(&s->binding, &s->bound, s->policies->plan, &s->store) &&
           run_context_init(&s->context, &s->bound, &s->binding, run_policies_code(s->policies, RUN_CODE_BETTER, NULL));
}

adj_status adj_single_new(const adj_policies *policies, adj_single **out)
{
    *out = NULL;
    if (policies->plan == NULL) return ADJ_INVALID_POLICY;
    base_allocator allocator = policies->allocator;
    adj_single *s = allocator.reallocate(allocator.state, NULL, sizeof *s);
    if (s == NULL) return ADJ_OUT_OF_MEMORY;
    memset(s, 0, sizeof *s);
    s->allocator = allocator;
    s->policies = policies;
    base_arena_init(&s->arena, &allocator);
    base_arena_init(&s->bound, &allocator);
    const lang_schema *schema = run_policies_schema(policies);
    size_t clauses = policies->plan->clauses.count, count = policies->plan->policies.count;
    s->row_of = base_arena_alloc(&s->arena, (size_t)lang_schema_record_count(schema) * sizeof *s->row_of);
    s->verdicts = base_arena_alloc(&s->arena, clauses + count + 1);
    s->judged = base_arena_alloc(&s->arena, (count + 1) * sizeof *s->judged);
    s->events = base_arena_alloc(&s->arena, (clauses + 1) * sizeof *s->events);
    bool good = !s->arena.failed && run_store_init(&s->store, schema, &allocator) && add_rows(s);
    if (good) s->touched_count = TOUCHED + 1;
    if (good) adj_single_begin(s);
    if (!good || !bind(s)) {
        adj_single_free(s);
        return ADJ_OUT_OF_MEMORY;
    }
    *out = s;
    return ADJ_OK;
}

void adj_single_free(adj_single *s)
{
    if (s == NULL) return;
    base_allocator allocator = s->allocator;
    if (s->store.arena.allocator.reallocate != NULL) run_store_release(&s->store);
    base_arena_release(&s->bound);
    base_arena_release(&s->arena);
    allocator.reallocate(allocator.state, s, 0);
}

int64_t adj_single_field(const adj_single *s, const char *path)
{
    const lang_schema *schema = s->store.schema;
    const char *dot = strchr(path, '.');
    char name[64];
    size_t length = dot == NULL ? strlen(path) : (size_t)(dot - path);
    if (length >= sizeof name) return ADJ_SINGLE_NO_FIELD;
    memcpy(name, path, length);
    name[length] = '\0';
    lang_field first = lang_schema_find(schema, LANG_RECORD_line, name);
    if (first == LANG_NO_FIELD) return ADJ_SINGLE_NO_FIELD;
    if (dot == NULL) return ((int64_t)LANG_NO_FIELD << 16) | (int64_t)first;
    const lang_field_info *info = lang_schema_field(schema, first);
    if (info->type.kind != LANG_TYPE_RECORD || info->type.list) return ADJ_SINGLE_NO_FIELD;
    lang_field second = lang_schema_find(schema, (lang_record)info->type.detail, dot + 1);
    return second == LANG_NO_FIELD ? ADJ_SINGLE_NO_FIELD : ((int64_t)first << 16) | (int64_t)second;
}

static single_field open_field(int64_t handle)
{
    return (single_field){(uint16_t)(handle & 0xFFFF), (uint16_t)(handle >> 16)};
}

/* The row of a field; what leads to it becomes known. */
static uint32_t row_for(adj_single *s, single_field field)
{
    lang_record record = lang_schema_field(s->store.schema, (lang_field)field.field)->record;
    uint32_t row = s->row_of[record];
    bool reached = field.reference != (uint16_t)LANG_NO_FIELD;
    if (reached && !run_store_present(&s->store, (lang_field)field.reference, s->row_of[LANG_RECORD_line])) {
        run_store_set(&s->store, (lang_field)field.reference, s->row_of[LANG_RECORD_line], row);
        if (s->touched_count < TOUCHED) s->touched[s->touched_count] = field.reference;
        s->touched_count++;
    }
    if (s->touched_count < TOUCHED) s->touched[s->touched_count] = field.field;
    s->touched_count++;
    return row;
}

void adj_single_begin(adj_single *s)
{
    const lang_schema *schema = s->store.schema;
    bool all = s->touched_count > TOUCHED;
    size_t count = all ? (size_t)lang_schema_field_count(schema) : s->touched_count;
    for (size_t i = 0; i < count; i++) {
        lang_field field = (lang_field)(all ? i : s->touched[i]);
        run_store_set_unknown(&s->store, field, s->row_of[lang_schema_field(schema, field)->record]);
    }
    s->touched_count = 0;
    s->store.pool.count = s->pool_start;
}

int64_t adj_single_text(adj_single *s, int64_t field, const char *text, size_t length)
{
    const lang_field_info *info = lang_schema_field(s->store.schema, (lang_field)open_field(field).field);
    size_t before = s->store.symbols.entries.count;
    if (info->type.kind == LANG_TYPE_ENUMERATION) {
        char word[64];
        if (length >= sizeof word) return -1;
        memcpy(word, text, length);
        word[length] = '\0';
        return lang_schema_word_find(s->store.schema, (lang_enumeration)info->type.detail, word);
    }
    uint32_t id = info->type.kind == LANG_TYPE_CODE
                      ? run_store_code(&s->store, (lang_code_system)info->type.detail, text, length)
                      : base_intern_add(&s->store.symbols, text, length);
    if (s->store.symbols.entries.count != before) s->stale = true;
    return id == BASE_INTERN_NONE ? -1 : (int64_t)id;
}

void adj_single_set(adj_single *s, int64_t field, int64_t value)
{
    single_field f = open_field(field);
    run_store_set(&s->store, (lang_field)f.field, row_for(s, f), value);
}

void adj_single_set_absent(adj_single *s, int64_t field)
{
    single_field f = open_field(field);
    run_store_set_absent(&s->store, (lang_field)f.field, row_for(s, f));
}

adj_status adj_single_set_list(adj_single *s, int64_t field, const int64_t *codes, size_t count)
{
    size_t offset = s->store.pool.count;
    for (size_t i = 0; i < count; i++) {
        uint32_t *slot = BASE_PUSH(&s->store.arena, &s->store.pool);
        if (slot == NULL) return ADJ_OUT_OF_MEMORY;
        *slot = (uint32_t)codes[i];
    }
    adj_single_set(s, field, run_list_pack(offset, count));
    return ADJ_OK;
}

int64_t adj_single_span(int32_t from, int32_t to)
{
    return run_span_pack(from, to);
}

adj_status adj_single_judge(adj_single *s, adj_single_answer *answer)
{
    const plan_program *plan = s->policies->plan;
    uint32_t line = s->row_of[LANG_RECORD_line];
    *answer = (adj_single_answer){.verdict = ADJ_NOT_ADJUDICATED, .reason = "", .events = s->events};
    if (s->stale && !bind(s)) return ADJ_OUT_OF_MEMORY;
    size_t count = run_judge_listed(&s->context, line, s->verdicts, s->judged);
    run_summary summary = {.worst = ADJ_PASS};
    for (size_t i = 0; i < count; i++) {
        const plan_policy *policy = &plan->policies.items[s->judged[i]];
        uint8_t scope = s->verdicts[plan->clauses.count + s->judged[i]];
        if (run_names_payer(policy->source) && scope != RUN_SCOPE_OTHER_PAYER)
            summary.flags |= scope == RUN_SCOPE_APPLIES   ? RUN_LINE_APPLIES
                             : scope == RUN_SCOPE_UNKNOWN ? RUN_LINE_UNKNOWN
                                                          : RUN_LINE_NO_VERSION;
        for (uint32_t c = policy->first_clause; c < policy->first_clause + policy->clause_count; c++) {
            adj_clause_verdict verdict = (adj_clause_verdict)s->verdicts[c];
            if (verdict == ADJ_CLAUSE_NOT_APPLICABLE) continue;
            summary.flags |= RUN_LINE_ANY_CLAUSE;
            if (verdict == ADJ_CLAUSE_PASS) continue;
            bool open = verdict != ADJ_CLAUSE_EXCUSED && plan->waivers.count > 0;
            if (open && run_clause_waived(&s->context, line, c)) verdict = ADJ_CLAUSE_WAIVED;
            s->events[answer->event_count++] = (adj_single_event){c, verdict};
            adj_verdict outcome = run_clause_outcome(plan->clauses.items[c].source, verdict);
            if (outcome < summary.worst) summary.worst = outcome;
        }
    }
    answer->verdict = run_summary_verdict(&s->store, line, summary, &answer->reason);
    return run_context_failed(&s->context) ? ADJ_OUT_OF_MEMORY : ADJ_OK;
}
