/* History windows in one sweep of a member: the lines of a member stand in the order of their days, so that what a window counts is the
 * difference of two running sums. Aggregates that count, or add up, the same of the same lines share them, whatever their windows. */
#include "runtime/sweep.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* With fewer lines walking is as fast. Sums of amounts up to REACH cannot overflow. */
enum { FEW_ELEMENTS = 6 };
#define REACH (INT64_C(1) << 40)

/* Sums over the elements before a place, of those that have a day. */
typedef struct running {
    int64_t low, high;
    uint32_t unknown; /* elements that may count and whose amount nobody told */
    uint8_t own;      /* of the element at the place, as a subject: its truth, and bit 2 where its amount is known */
    int64_t amount;
} running;

/* One member's. */
typedef struct swept {
    uint32_t undated; /* elements without a day stand first */
    bool beyond;      /* some amount is out of reach: to be walked */
    int64_t undated_low, undated_high;
    uint32_t undated_unknown;
    int32_t *days;
    running sums[]; /* one more than elements */
} swept;

typedef struct accumulator {
    _Atomic(swept *) *members; /* by patient */
} accumulator;

struct run_sweeps {
    base_allocator allocator;
    const run_binding *binding;
    pthread_mutex_t lock; /* of the arena */
    base_arena arena;
    uint32_t *accumulator_of; /* by aggregate; PLAN_NO_STEP for those that are walked */
    accumulator *accumulators;
    uint32_t *models; /* by accumulator: the first aggregate that it serves */
    size_t count;
};

/* ---- which aggregates ---- */

/* Whether a step follows from the subject: the day on which sets and tables are asked is the subject's, but does not matter to those that
 * hold on every day. */
static bool of_subject(const plan_program *plan, const plan_block *block, const plan_step *step, const bool *dependent)
{
    uint32_t operands[PLAN_LOOKUP_LIMIT + 1] = {step->a, step->b, step->c}, count = 3;
    switch (step->operation) {
    case PLAN_FRAME: return step->number == 0;
    case PLAN_SET_HOLDS:
    case PLAN_LIST_MEETS_SET:
    case PLAN_LIST_WITHIN_SET:
        if (!lang_code_set_asks_day(plan->sets.items[step->number])) count = 1;
        break;
    case PLAN_LOOKUP:
        count = step->b - (plan_table_asks_day(&plan->tables.items[step->number]) ? 0 : 1);
        for (uint32_t i = 0; i < count; i++) operands[i] = block->arguments.items[step->a + i];
        break;
    default: break;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (operands[i] != PLAN_NO_STEP && dependent[operands[i]]) return true;
    }
    return false;
}

static bool of_elements_alone(run_sweeps *s, uint32_t block)
{
    const plan_program *plan = s->binding->plan;
    if (block == PLAN_NO_STEP) return true;
    const plan_block *b = &plan->blocks.items[block];
    bool *dependent = base_arena_alloc(&s->arena, b->steps.count + 1);
    if (dependent == NULL) return false;
    for (size_t i = 0; i < b->steps.count; i++) {
        plan_operation operation = b->steps.items[i].operation;
        if (operation == PLAN_AGGREGATE || operation == PLAN_DENIED || operation == PLAN_TALLY) return false;
        dependent[i] = of_subject(plan, b, &b->steps.items[i], dependent);
        if (operation == PLAN_RETURN && dependent[i]) return false;
    }
    return true;
}

static bool can_sweep(run_sweeps *s, const plan_aggregate *aggregate)
{
    bool periodic =
        aggregate->window.kind == LANG_WINDOW_PERIOD_DAYS || aggregate->window.kind == LANG_WINDOW_PERIOD_MONTHS;
    return aggregate->collection == LANG_COLLECTION_HISTORY && aggregate->key == LANG_HISTORY_MEMBER && !periodic &&
           (aggregate->kind == PLAN_COUNTS || aggregate->kind == PLAN_SUMS) && of_elements_alone(s, aggregate->block);
}

static bool looks_ahead(const plan_aggregate *aggregate)
{
    return aggregate->window.kind == LANG_WINDOW_NEXT_DAYS || aggregate->window.kind == LANG_WINDOW_NEXT_MONTHS;
}

static bool same_blocks(const plan_program *plan, uint32_t x, uint32_t y)
{
    if (x == y) return true;
    if (x == PLAN_NO_STEP || y == PLAN_NO_STEP) return false;
    const plan_block *a = &plan->blocks.items[x], *b = &plan->blocks.items[y];
    if (a->steps.count != b->steps.count || a->arguments.count != b->arguments.count) return false;
    for (size_t i = 0; i < a->arguments.count; i++) {
        if (a->arguments.items[i] != b->arguments.items[i]) return false;
    }
    for (size_t i = 0; i < a->steps.count; i++) {
        const plan_step *s = &a->steps.items[i], *t = &b->steps.items[i];
        if (s->operation != t->operation || s->a != t->a || s->b != t->b || s->c != t->c || s->detail != t->detail ||
            s->number != t->number || s->type.kind != t->type.kind)
            return false;
    }
    return true;
}

/* Whether two aggregates ask the same of the same lines. */
static bool same_sums(const plan_program *plan, const plan_aggregate *a, const plan_aggregate *b)
{
    return a->kind == b->kind && a->names_status == b->names_status && looks_ahead(a) == looks_ahead(b) &&
           same_blocks(plan, a->block, b->block);
}

static void divide(run_sweeps *s)
{
    const plan_program *plan = s->binding->plan;
    for (uint32_t i = 0; i < plan->aggregates.count; i++) {
        s->accumulator_of[i] = PLAN_NO_STEP;
        if (!can_sweep(s, &plan->aggregates.items[i])) continue;
        uint32_t found = 0;
        while (found < s->count &&
               !same_sums(plan, &plan->aggregates.items[s->models[found]], &plan->aggregates.items[i]))
            found++;
        if (found == s->count) s->models[s->count++] = i;
        s->accumulator_of[i] = found;
    }
}

run_sweeps *run_sweeps_new(const base_allocator *allocator, const run_binding *binding)
{
    run_sweeps *s = allocator->reallocate(allocator->state, NULL, sizeof *s);
    if (s == NULL) return NULL;
    memset(s, 0, sizeof *s);
    s->allocator = *allocator;
    s->binding = binding;
    pthread_mutex_init(&s->lock, NULL);
    base_arena_init(&s->arena, allocator);
    size_t aggregates = binding->plan->aggregates.count, patients = binding->store->counts[LANG_RECORD_patient];
    s->accumulator_of = base_arena_alloc(&s->arena, (aggregates + 1) * sizeof *s->accumulator_of);
    s->models = base_arena_alloc(&s->arena, (aggregates + 1) * sizeof *s->models);
    if (s->accumulator_of != NULL && s->models != NULL) divide(s);
    s->accumulators = base_arena_alloc(&s->arena, (s->count + 1) * sizeof *s->accumulators);
    for (size_t i = 0; s->accumulators != NULL && i < s->count; i++)
        s->accumulators[i].members = base_arena_alloc(&s->arena, (patients + 1) * sizeof *s->accumulators[i].members);
    if (!s->arena.failed) return s;
    run_sweeps_free(s);
    return NULL;
}

void run_sweeps_free(run_sweeps *s)
{
    if (s == NULL) return;
    pthread_mutex_destroy(&s->lock);
    base_arena_release(&s->arena);
    base_allocator allocator = s->allocator;
    allocator.reallocate(allocator.state, s, 0);
}

/* ---- sweeping ---- */

/* Adds an element that counts, surely or perhaps; as `tally` of aggregate.c does it. */
static void add(run_truth truth, bool known, int64_t amount, int64_t *low, int64_t *high, uint32_t *unknown)
{
    if (truth == RUN_FALSE) return;
    if (!known) {
        (*unknown)++;
        return;
    }
    if (truth == RUN_TRUE || amount < 0) *low += amount;
    if (truth == RUN_TRUE || amount > 0) *high += amount;
}

static void sweep_element(run_context *context, uint32_t index, uint32_t row, swept *m, size_t i, bool dated)
{
    const plan_aggregate *aggregate = &context->binding->plan->aggregates.items[index];
    running *at = &m->sums[i], *next = at + 1;
    *next = (running){.low = at->low, .high = at->high, .unknown = at->unknown};
    run_element element;
    run_truth truth = run_judge_element(context, index, row, row, &element);
    bool counts = aggregate->kind == PLAN_COUNTS, known = counts || element.state == RUN_PRESENT;
    at->amount = counts ? 1 : known ? element.bits : 0;
    at->own = (uint8_t)(truth | (known ? 4 : 0));
    if (at->amount > REACH || at->amount < -REACH) m->beyond = true;
    truth = run_truth_and(truth, run_line_counts(context, aggregate, row));
    if (dated) {
        add(truth, known, at->amount, &next->low, &next->high, &next->unknown);
    } else {
        /* It may be of any day: it counts perhaps. */
        add(run_truth_and(truth, RUN_NEITHER), known, at->amount, &m->undated_low, &m->undated_high,
            &m->undated_unknown);
    }
}

static swept *sweep_member(run_context *context, uint32_t index, const run_candidates *found)
{
    const run_store *store = context->binding->store;
    run_sweeps *s = context->sweeps;
    pthread_mutex_lock(&s->lock);
    swept *m = base_arena_alloc(&s->arena, sizeof *m + (found->count + 1) * sizeof *m->sums);
    int32_t *days = base_arena_alloc(&s->arena, (found->count + 1) * sizeof *days);
    pthread_mutex_unlock(&s->lock);
    if (m == NULL || days == NULL) return NULL;
    m->days = days;
    for (size_t i = 0; i < found->count; i++) {
        uint32_t row = found->rows[i];
        bool dated = run_store_present(store, LANG_FIELD_line_date, row);
        m->days[i] = dated ? (int32_t)run_store_bits(store, LANG_FIELD_line_date, row) : INT32_MIN;
        if (!dated) m->undated = (uint32_t)i + 1;
        sweep_element(context, index, row, m, i, dated);
    }
    return m;
}

/* The first place at or after `low` whose day is not before `day`. */
static size_t first_on(const swept *m, size_t low, size_t high, int64_t day)
{
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (m->days[middle] < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t place_of(const run_store *store, const run_candidates *found, uint32_t line)
{
    size_t low = 0, high = found->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (store->position[found->rows[middle]] < store->position[line])
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Takes what stands in the window, without the subject as an element, and the subject for itself. */
static void take(const plan_aggregate *aggregate, const swept *m, const run_window *window, size_t count, size_t self,
                 run_value *result, bool *open)
{
    size_t from = first_on(m, m->undated, count, window->from);
    size_t to = first_on(m, from, count, window->to + 1);
    if (window->cut && to > self + 1) to = self + 1;
    if (window->forward && from < self) from = self;
    if (from > to) from = to;
    int64_t low = m->sums[to].low - m->sums[from].low + m->undated_low;
    int64_t high = m->sums[to].high - m->sums[from].high + m->undated_high;
    uint32_t unknown = m->sums[to].unknown - m->sums[from].unknown + m->undated_unknown;
    bool within = self >= from && self < to;
    if (within) {
        const running *own = &m->sums[self];
        low -= own[1].low - own->low;
        high -= own[1].high - own->high;
        unknown -= own[1].unknown - own->unknown;
        if (!aggregate->without_subject && !window->before)
            add((run_truth)(own->own & 3), (own->own & 4) != 0, own->amount, &low, &high, &unknown);
    }
    *result = (run_value){low, high, RUN_PRESENT};
    if (unknown > 0) *open = true;
}

bool run_sweep(run_context *context, uint32_t index, uint32_t line, const run_window *window,
               const run_candidates *found, run_value *result, bool *open)
{
    run_sweeps *s = context->sweeps;
    const run_store *store = context->binding->store;
    uint32_t which = s->accumulator_of[index];
    if (which == PLAN_NO_STEP || found->count < FEW_ELEMENTS || window->to >= INT32_MAX || window->from <= INT32_MIN)
        return false;
    /* Windows past the last day, as after an addition of many months, are left to the walk. */
    _Atomic(swept *) *member = &s->accumulators[which].members[run_store_bits(store, LANG_FIELD_line_patient, line)];
    swept *m = atomic_load_explicit(member, memory_order_acquire);
    if (m == NULL) {
        int depth = context->depth;
        void (*counted)(void *, uint32_t, run_truth) = context->counted;
        context->counted = NULL;
        m = sweep_member(context, s->models[which], found);
        context->counted = counted;
        context->depth = depth;
        if (m == NULL) return false;
        atomic_store_explicit(member, m, memory_order_release);
    }
    if (m->beyond) return false;
    take(&context->binding->plan->aggregates.items[index], m, window, found->count, place_of(store, found, line),
         result, open);
    return true;
}
