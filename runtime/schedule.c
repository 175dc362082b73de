/* Dispatch: which lines meet which clauses. What policies and clauses ask first is payer, plan, product and procedure; for each combination of
 * these that some line has, the clauses are run with nothing else known but what follows from it, as a procedure's row in a table. What is surely out of scope then is so for all its lines,
 * and they never meet it. Lines that meet the same clauses are gathered; cost follows what applies, not what exists. */
#include "runtime/by_member.h"
#include "runtime/handles.h"
#include "runtime/line_keys.h"
#include "runtime/periods.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { FEW_LINES = 256 };

typedef struct scheduler {
    run_schedule *schedule;
    base_arena *arena;
    base_arena scratch;
    const plan_kernels *kernels;
    run_context *context;
    run_packer packer;
    run_line_keys keys;
    size_t few;       /* works with fewer lines go together */
    uint32_t *stamps; /* by input */
    uint32_t stamp;
} scheduler;

/* ---- inputs that units need ---- */

static bool need_input(scheduler *s, uint32_t input, plan_step_list *inputs);

static bool need_unit(scheduler *s, uint32_t index, plan_step_list *inputs)
{
    const plan_unit *unit = &s->kernels->units.items[index];
    for (uint32_t i = 0; i < s->kernels->shapes.items[unit->shape].slot_count; i++) {
        if (!need_input(s, s->kernels->slots.items[unit->slots + i], inputs)) return false;
    }
    return true;
}

static bool need_input(scheduler *s, uint32_t index, plan_step_list *inputs)
{
    if (s->stamps[index] == s->stamp) return true;
    s->stamps[index] = s->stamp;
    const plan_input *input = &s->kernels->inputs.items[index];
    if (input->kind == PLAN_INPUT_UNIT && !need_unit(s, input->unit, inputs)) return false;
    uint32_t *slot = BASE_PUSH(&s->scratch, inputs);
    if (slot != NULL) *slot = index;
    return slot != NULL;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* The inputs of units and of the scopes of policies, each after what it depends on. */
static bool needed_inputs(scheduler *s, const uint32_t *units, size_t unit_count, const uint32_t *policies,
                          size_t policy_count, plan_step_list *inputs)
{
    s->stamp++;
    *inputs = (plan_step_list){0};
    for (size_t i = 0; i < unit_count; i++) {
        if (!need_unit(s, units[i], inputs)) return false;
    }
    for (size_t i = 0; i < policy_count; i++) {
        const plan_policy_units *policy = &s->kernels->policies[policies[i]];
        if (!need_input(s, policy->payer, inputs) || !need_input(s, policy->dates, inputs)) return false;
    }
    if (inputs->count > 1) qsort(inputs->items, inputs->count, sizeof *inputs->items, by_number);
    return true;
}

/* ---- which clauses a key meets ---- */

/* The keys of one payer, as many as fit a batch, and what may speak of them. */
typedef struct portion {
    uint32_t rows[RUN_BATCH_MOST];
    uint32_t keys[RUN_BATCH_MOST];
    size_t count;
    uint32_t *policies; /* candidates */
    size_t policy_count;
    plan_step_list units;  /* of their clauses, ascending by clause */
    uint64_t *unit_bits;   /* by unit: the keys that meet it */
    uint64_t *policy_bits; /* by policy, those that name payers: the keys that it may speak of */
    uint64_t words;
} portion;

static bool push(scheduler *s, plan_step_list *list, uint32_t number)
{
    uint32_t *slot = BASE_PUSH(&s->scratch, list);
    if (slot != NULL) *slot = number;
    return slot != NULL;
}

static bool candidate_units(scheduler *s, portion *p)
{
    const plan_program *plan = s->context->binding->plan;
    p->units = (plan_step_list){0};
    /* Clauses are numbered policy by policy. */
    if (p->policy_count > 1) qsort(p->policies, p->policy_count, sizeof *p->policies, by_number);
    for (size_t i = 0; i < p->policy_count; i++) {
        const plan_policy *policy = &plan->policies.items[p->policies[i]];
        for (uint32_t c = policy->first_clause; c < policy->first_clause + policy->clause_count; c++) {
            uint32_t unit = s->kernels->clause_units[c];
            if (unit != PLAN_NO_STEP && !push(s, &p->units, unit)) return false;
        }
    }
    return true;
}

/* Whether a step is the subject's row. */
static bool is_subject(const plan_step *step)
{
    return step->operation == PLAN_FRAME && step->number == 0;
}

/* Whether a field that is loaded is one of the line's key. */
static bool told_by_key(const plan_block *block, const plan_step *load)
{
    const plan_step *row = &block->steps.items[load->a];
    if (is_subject(row)) return run_is_key_field((lang_field)load->detail);
    return row->operation == PLAN_LOAD && is_subject(&block->steps.items[row->a]) &&
           (lang_field)row->detail == LANG_FIELD_line_claim && run_is_key_field_of_claim((lang_field)load->detail);
}

/* Whether what steps give follows from the fields of the keys alone: looking a procedure up in a table, say. */
static bool follows_from_key(const scheduler *s, const plan_input *input)
{
    if (input->kind != PLAN_INPUT_STEP || input->far || input->leaf_count == 0) return false;
    const plan_block *block = &s->context->binding->plan->blocks.items[input->block];
    const uint32_t *leaves = s->kernels->cones.items + input->cone + input->cone_count;
    for (uint32_t i = 0; i < input->leaf_count; i++) {
        const plan_step *step = &block->steps.items[leaves[i]];
        if (step->operation != PLAN_LOAD || !told_by_key(block, step)) return false;
    }
    return true;
}

/* Works such inputs out for all keys, and what depends on them. */
static bool fill_by_key(scheduler *s, const plan_step_list *inputs)
{
    run_packer *packer = &s->packer;
    uint32_t *followed = base_arena_alloc(&packer->arena, (inputs->count + 1) * sizeof *followed);
    uint64_t **lines = base_arena_alloc(&packer->arena, (inputs->count + 1) * sizeof *lines);
    uint64_t *all = base_arena_alloc(&packer->arena, RUN_ROOM(packer->words) * sizeof *all);
    if (followed == NULL || lines == NULL || all == NULL) return false;
    for (size_t k = 0; k < packer->count; k++) all[k / 64] |= UINT64_C(1) << (k % 64);
    size_t count = 0;
    for (size_t i = 0; i < inputs->count; i++) {
        if (!follows_from_key(s, &s->kernels->inputs.items[inputs->items[i]])) continue;
        followed[count] = inputs->items[i];
        lines[count++] = all;
    }
    if (count == 0) return true;
    if (!run_pack_steps(packer, followed, count, lines)) return false;
    for (size_t i = 0; i < inputs->count; i++) {
        const plan_input *input = &s->kernels->inputs.items[inputs->items[i]];
        bool again = input->kind == PLAN_INPUT_UNIT && input->filled;
        if (again && !run_pack_input(packer, inputs->items[i])) return false;
    }
    return true;
}

/* Runs the candidates over the keys with nothing else known. */
static bool try_keys(scheduler *s, portion *p)
{
    run_packer *packer = &s->packer;
    plan_step_list inputs;
    if (!run_packer_begin(packer, p->rows, p->count)) return false;
    p->words = packer->words;
    p->unit_bits = base_arena_alloc(&s->scratch, (p->units.count * p->words + 8) * sizeof(uint64_t));
    p->policy_bits = base_arena_alloc(&s->scratch, (p->policy_count * p->words + 1) * sizeof(uint64_t));
    uint64_t room = RUN_ROOM(p->words), *spare = base_arena_alloc(&packer->arena, room * RUN_PLANES * sizeof *spare);
    if (p->unit_bits == NULL || p->policy_bits == NULL || spare == NULL ||
        !needed_inputs(s, p->units.items, p->units.count, p->policies, p->policy_count, &inputs))
        return false;
    for (size_t i = 0; i < inputs.count; i++) {
        if (!run_pack_input(packer, inputs.items[i])) return false;
    }
    if (!fill_by_key(s, &inputs)) return false;
    for (size_t u = 0; u < p->units.count; u++) {
        uint64_t *const planes[] = {p->unit_bits + u * p->words, spare, spare + room, spare + 2 * room};
        if (!run_unit(packer, p->units.items[u], planes)) return false;
    }
    for (size_t i = 0; i < p->policy_count; i++) {
        uint32_t policy = p->policies[i];
        const uint64_t *no = packer->lanes[s->kernels->policies[policy].payer].no;
        bool named = run_names_payer(s->context->binding->plan->policies.items[policy].source);
        for (uint64_t w = 0; w < p->words; w++) p->policy_bits[i * p->words + w] = named ? ~no[w] : 0;
    }
    return true;
}

/* ---- works ---- */

static bool bit_of(const uint64_t *bits, size_t row, uint64_t words, size_t key)
{
    return (bits[row * words + key / 64] >> (key % 64) & 1) != 0;
}

/* Whether any key of a work has a bit. */
static bool any_of(const portion *p, const uint64_t *bits, size_t row, const uint32_t *work_of, uint32_t work)
{
    for (size_t k = 0; k < p->count; k++) {
        if (work_of[k] == work && bit_of(bits, row, p->words, k)) return true;
    }
    return false;
}

static const uint32_t *settled(scheduler *s, const plan_step_list *list)
{
    uint32_t *items = base_arena_alloc(s->arena, (list->count + 1) * sizeof *items);
    if (items != NULL && list->count > 0) memcpy(items, list->items, list->count * sizeof *items);
    return items;
}

/* Adds a work, of which units and policies are given, and finds what they need. */
static bool push_work(scheduler *s, run_work work)
{
    plan_step_list inputs;
    if (!needed_inputs(s, work.units, work.unit_count, work.policies, work.policy_count, &inputs)) return false;
    work.inputs = settled(s, &inputs);
    work.input_count = inputs.count;
    work.filled = false;
    for (size_t i = 0; i < inputs.count; i++) {
        if (s->kernels->inputs.items[inputs.items[i]].filled) work.filled = true;
    }
    run_work *added = BASE_PUSH(s->arena, &s->schedule->works);
    if (added == NULL) return false;
    *added = work;
    return added->inputs != NULL;
}

static bool add_work(scheduler *s, const portion *p, const uint32_t *work_of, uint32_t work)
{
    plan_step_list units = {0}, policies = {0};
    for (size_t u = 0; u < p->units.count; u++) {
        if (any_of(p, p->unit_bits, u, work_of, work) && !push(s, &units, p->units.items[u])) return false;
    }
    for (size_t i = 0; i < p->policy_count; i++) {
        if (any_of(p, p->policy_bits, i, work_of, work) && !push(s, &policies, p->policies[i])) return false;
    }
    run_work made = {.units = settled(s, &units),
                     .unit_count = units.count,
                     .policies = settled(s, &policies),
                     .policy_count = policies.count};
    return made.units != NULL && made.policies != NULL && push_work(s, made);
}

/* A digest of what a key meets. */
static uint64_t digest_of(const portion *p, size_t key)
{
    uint64_t hash = 0;
    for (size_t u = 0; u < p->units.count; u++) {
        if (bit_of(p->unit_bits, u, p->words, key)) hash = XXH3_64bits_withSeed(&u, sizeof u, hash);
    }
    for (size_t i = 0; i < p->policy_count; i++) {
        if (bit_of(p->policy_bits, i, p->words, key)) hash = XXH3_64bits_withSeed(&i, sizeof i, hash + 1);
    }
    return hash;
}

static bool same_clauses(const portion *p, size_t x, size_t y)
{
    for (size_t u = 0; u < p->units.count; u++) {
        if (bit_of(p->unit_bits, u, p->words, x) != bit_of(p->unit_bits, u, p->words, y)) return false;
    }
    for (size_t i = 0; i < p->policy_count; i++) {
        if (bit_of(p->policy_bits, i, p->words, x) != bit_of(p->policy_bits, i, p->words, y)) return false;
    }
    return true;
}

/* Keys that meet the same clauses go together; so do all whose works would have few lines: a batch costs something, too. */
static bool divide(scheduler *s, const portion *p)
{
    uint64_t *digests = base_arena_alloc(&s->scratch, (p->count + 1) * sizeof *digests);
    uint32_t *work_of = base_arena_alloc(&s->scratch, (p->count + 1) * sizeof *work_of);
    size_t *lines = base_arena_alloc(&s->scratch, (p->count + 1) * sizeof *lines);
    uint32_t *made = base_arena_alloc(&s->scratch, (p->count + 1) * sizeof *made);
    if (digests == NULL || work_of == NULL || lines == NULL || made == NULL) return false;
    for (size_t k = 0; k < p->count; k++) {
        digests[k] = digest_of(p, k);
        work_of[k] = (uint32_t)k;
        for (size_t i = 0; i < k; i++) {
            if (digests[i] != digests[k] || !same_clauses(p, i, k)) continue;
            work_of[k] = work_of[i];
            break;
        }
        lines[work_of[k]] += s->keys.uses[p->keys[k]].count;
    }
    uint32_t few = PLAN_NO_STEP;
    for (size_t k = 0; k < p->count; k++) {
        if (lines[work_of[k]] == 0 || lines[work_of[k]] >= s->few) continue;
        if (few == PLAN_NO_STEP) few = work_of[k];
        work_of[k] = few;
    }
    for (size_t k = 0; k < p->count; k++) {
        uint32_t work = work_of[k];
        if (made[work] == 0) {
            if (!add_work(s, p, work_of, work)) return false;
            made[work] = (uint32_t)s->schedule->works.count;
        }
        s->keys.uses[p->keys[k]].work = made[work] - 1;
    }
    return true;
}

typedef struct payer_key {
    int64_t payer;
    uint32_t key;
} payer_key;

static int by_payer(const void *a, const void *b)
{
    const payer_key *x = a, *y = b;
    if (x->payer != y->payer) return x->payer < y->payer ? -1 : 1;
    return x->key < y->key ? -1 : 1;
}

static bool make_works(scheduler *s)
{
    const run_store *store = s->keys.store;
    payer_key *order = base_arena_alloc(&s->scratch, (store->key_count + 1) * sizeof *order);
    portion *p = base_arena_alloc(&s->scratch, sizeof *p);
    if (order == NULL || p == NULL) return false;
    p->policies = base_arena_alloc(&s->scratch, (s->context->binding->plan->policies.count + 1) * sizeof *p->policies);
    if (p->policies == NULL) return false;
    size_t count = 0;
    for (uint32_t k = 0; k < store->key_count; k++) {
        if (s->keys.uses[k].count > 0) order[count++] = (payer_key){store->keys[k].parts[0], k};
    }
    if (count > 1) qsort(order, count, sizeof *order, by_payer);
    for (size_t k = 0; k < count;) {
        int64_t payer = order[k].payer;
        p->count = 0;
        for (; k < count && p->count < RUN_BATCH_MOST && order[k].payer == payer; k++) {
            p->rows[p->count] = store->keys[order[k].key].row;
            p->keys[p->count++] = order[k].key;
        }
        p->policy_count = run_policies_of(s->context->binding, payer >= 0, (uint32_t)payer, p->policies);
        if (!candidate_units(s, p) || !try_keys(s, p) || !divide(s, p)) return false;
    }
    return true;
}

/* ---- batches ---- */

/* The policies of a work that may hold in a period. Of those that do not, which their payer alone tells apart, one of each payer stands for
 * the others: lines have a payer whose policies are of other days. */
static bool policies_in(scheduler *s, const run_work *whole, const run_period *period, run_work *part)
{
    uint32_t *kept = base_arena_alloc(s->arena, (whole->policy_count + 1) * sizeof *kept);
    uint32_t *payers = base_arena_alloc(&s->scratch, (whole->policy_count + 1) * sizeof *payers);
    if (kept == NULL || payers == NULL) return false;
    size_t payer_count = 0;
    part->policies = kept;
    part->policy_count = 0;
    for (size_t i = 0; i < whole->policy_count; i++) {
        uint32_t policy = whole->policies[i], payer = s->kernels->policies[policy].payer;
        lang_dates days = run_days_of_policy(s->context->binding->plan, policy);
        bool holds = days.from <= period->to && days.to >= period->from;
        size_t p = 0;
        while (!holds && p < payer_count && payers[p] != payer) p++;
        if (!holds && p < payer_count) continue;
        if (!holds) payers[payer_count++] = payer;
        kept[part->policy_count++] = policy;
    }
    return true;
}

/* Lines of a work whose clauses hold on other days than others: a work for each period. */
static bool divide_by_days(scheduler *s, size_t work, uint32_t *lines, const uint32_t *rows)
{
    const run_work whole = s->schedule->works.items[work];
    run_periods periods;
    if (!run_find_periods(s->arena, s->context, s->kernels, &whole, lines, rows, s->few, &periods)) return false;
    for (size_t p = 0; p < periods.count; p++) {
        const run_period *period = &periods.items[p];
        run_work part = {.units = period->units,
                         .unit_count = period->unit_count,
                         .lines = lines + period->first,
                         .line_count = period->line_count};
        if (!policies_in(s, &whole, period, &part) || !push_work(s, part)) return false;
    }
    if (periods.count > 0) s->schedule->works.items[work].line_count = 0;
    return true;
}

/* Lines that are asked for histories stand in the order of their members. */
static bool order_by_member(scheduler *s, run_work *work, uint32_t *lines, const uint32_t *rows, size_t threads)
{
    if (work->line_count == 0 || !run_asks_history(s->context->binding->plan, s->kernels, work)) return true;
    work->by_member = true;
    return run_order_by_member(s->arena, s->keys.store, rows, lines, work->line_count, threads);
}

static bool gather_lines(scheduler *s, const uint32_t *rows, size_t threads)
{
    run_schedule *schedule = s->schedule;
    size_t works = schedule->works.count;
    uint32_t *lines = base_arena_alloc_raw(s->arena, (s->keys.line_count + 1) * sizeof *lines);
    size_t *starts = base_arena_alloc(&s->scratch, (works + 1) * sizeof *starts);
    if (lines == NULL || starts == NULL || !run_gather_lines(&s->keys, works, threads, lines, starts)) return false;
    for (size_t w = 0; w < works; w++) {
        schedule->works.items[w].lines = lines + starts[w];
        schedule->works.items[w].line_count = starts[w + 1] - starts[w];
    }
    for (size_t w = 0; w < works; w++) {
        if (!divide_by_days(s, w, lines + starts[w], rows)) return false;
    }
    for (size_t w = 0; w < schedule->works.count; w++) {
        run_work *work = &schedule->works.items[w];
        if (!order_by_member(s, work, lines + (work->lines - lines), rows, threads)) return false;
    }
    return true;
}

static int by_first_line(const void *a, const void *b)
{
    const run_batch *x = a, *y = b;
    uint32_t first = x->work->lines[x->first], second = y->work->lines[y->first];
    return first < second ? -1 : first > second;
}

/* Lines of different works lie mixed in the store: batches that begin near each other are judged one after the other, so that what
 * one brings into the caches serves the next. */
static bool make_batches(scheduler *s, const uint32_t *rows, size_t most)
{
    run_schedule *schedule = s->schedule;
    for (size_t w = 0; w < schedule->works.count; w++) {
        const run_work *work = &schedule->works.items[w];
        for (size_t first = 0, count; first < work->line_count; first += count) {
            run_batch *batch = BASE_PUSH(s->arena, &schedule->batches);
            if (batch == NULL) return false;
            size_t rest = work->line_count - first;
            count = work->by_member ? run_whole_members(s->keys.store, rows, work, first, most) : rest;
            if (count > most) count = most;
            *batch = (run_batch){.work = work, .first = first, .count = count};
        }
    }
    if (schedule->batches.count > 1)
        qsort(schedule->batches.items, schedule->batches.count, sizeof *schedule->batches.items, by_first_line);
    return true;
}

/* Constants of the kernels as this run has them. */
static bool bind_constants(scheduler *s)
{
    const plan_kernels *kernels = s->kernels;
    const run_binding *binding = s->context->binding;
    int64_t *constants = base_arena_alloc(s->arena, (kernels->constants.count + 1) * sizeof *constants);
    if (constants == NULL) return false;
    for (size_t i = 0; i < kernels->constants.count; i++) {
        plan_constant constant = kernels->constants.items[i];
        uint8_t state;
        switch (constant.kind) {
        case PLAN_CONSTANT_NUMBER: constants[i] = constant.number; break;
        case PLAN_CONSTANT_SYMBOL: constants[i] = binding->symbols[constant.number]; break;
        case PLAN_CONSTANT_KNOWN: constants[i] = constant.number <= binding->as_of ? RUN_TRUE : RUN_FALSE; break;
        default: constants[i] = run_parameter(s->context, (uint32_t)constant.number, 0, RUN_UNKNOWN, &state); break;
        }
    }
    s->schedule->constants = constants;
    return true;
}

/* Tells values in whole units wherever all that meet are whole. */
static bool find_units(scheduler *s)
{
    const plan_kernels *kernels = s->kernels;
    int64_t *constants = s->schedule->constants;
    bool *broken = base_arena_alloc(&s->scratch, kernels->scale_count + 1); /* by scale + 1 */
    s->schedule->whole = base_arena_alloc(s->arena, kernels->inputs.count + 1);
    if (broken == NULL || s->schedule->whole == NULL) return false;
    broken[0] = true;
    for (size_t i = 0; i < kernels->constants.count; i++) {
        if (constants[i] % PLAN_SCALE != 0) broken[kernels->constant_scales[i]] = true;
    }
    for (size_t i = 0; i < kernels->inputs.count; i++) {
        bool *scale = &broken[kernels->input_scales[i]];
        const plan_path *path = &kernels->inputs.items[i].path;
        if (!*scale) *scale = !run_store_whole(s->context->binding->store, path->fields[path->count - 1], PLAN_SCALE);
    }
    for (size_t i = 0; i < kernels->inputs.count; i++) s->schedule->whole[i] = !broken[kernels->input_scales[i]];
    for (size_t i = 0; i < kernels->constants.count; i++) {
        if (!broken[kernels->constant_scales[i]]) constants[i] /= PLAN_SCALE;
    }
    return true;
}

bool run_make_schedule(run_schedule *schedule, base_arena *arena, const plan_kernels *kernels, run_context *context,
                       const uint32_t *rows, const bool *judged, size_t count, size_t most, size_t threads)
{
    *schedule = (run_schedule){0};
    scheduler s = {.schedule = schedule, .arena = arena, .kernels = kernels, .context = context};
    base_arena_init(&s.scratch, &arena->allocator);
    s.few = most < FEW_LINES ? most : FEW_LINES;
    s.stamps = base_arena_alloc(&s.scratch, (kernels->inputs.count + 1) * sizeof *s.stamps);
    bool good = s.stamps != NULL && bind_constants(&s) && find_units(&s) &&
                run_packer_init(&s.packer, &arena->allocator, context, kernels, schedule);
    s.packer.keys_only = true;
    good = good && run_count_keys(&s.keys, &arena->allocator, context->binding->store, rows, judged, count, threads) &&
           make_works(&s) && gather_lines(&s, rows, threads) && make_batches(&s, rows, most);
    run_line_keys_release(&s.keys);
    run_packer_release(&s.packer);
    base_arena_release(&s.scratch);
    return good;
}
