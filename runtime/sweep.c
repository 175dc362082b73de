/* History windows in one sweep of a member: the lines of a member stand in the order of their days, so that what a window counts is the
 * difference of two running sums. Aggregates that count, or add up, the same of the same lines share them, whatever their windows. */
#include "runtime/sweep.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define XXH_INLINE_ALL
#include <xxhash.h>

/* With fewer lines walking is as fast. Sums of amounts up to REACH cannot overflow. */
enum { FEW_ELEMENTS = 6 };
#define REACH (INT64_C(1) << 40)

/* Sums over the elements before a place, of those that have a day. */
typedef struct running {
    int64_t low, high;
    uint32_t unknown; /* elements that may count and whose amount nobody told */
    uint8_t own;      /* of the element at the place, as a subject: its truth, and KNOWN where its amount is */
    int64_t amount;
} running;

enum { KNOWN = 4 };

/* One member's. Where all of it is certain, as it is for most, sums are single numbers of 32 bits. Threads that come to the same member at
 * once write the same numbers to the same places. */
typedef struct swept {
    uint32_t undated; /* elements without a day stand first */
    bool beyond;      /* some amount is out of reach: to be walked */
    int64_t undated_low, undated_high;
    uint32_t undated_unknown;
    int32_t *days;
    int32_t *certain; /* NULL where something is not; one more than elements, like the sums */
    running *sums;
} swept;

/* `certain` lies side by side for all members, if at all: that of a member begins at the place of its first line plus its own number. */
typedef struct accumulator {
    _Atomic(swept *) *members; /* by patient; NULL while nobody asked, and where `done` */
    int32_t *certain;          /* by place; NULL where members have memory of their own */
    _Atomic(uint8_t) *done;    /* by patient: its numbers stand in `certain` */
} accumulator;

struct run_sweeps {
    base_allocator allocator;
    const run_binding *binding;
    pthread_mutex_t lock; /* of the arena */
    base_arena arena;
    int32_t *days;            /* by place among the lines of all members; NULL where members have memory of their own */
    _Atomic(uint8_t) *dated;  /* by patient: all of its days stand there */
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
    if (step->operation == PLAN_FRAME) return step->number == 0;
    uint32_t sources[PLAN_LOOKUP_LIMIT + 1], count = plan_step_sources(plan, block, step, sources);
    for (uint32_t i = 0; i < count; i++) {
        if (dependent[sources[i]]) return true;
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

/* Memory for the numbers of all members. */
static void lay_out(run_sweeps *s, size_t patients)
{
    size_t places = s->binding->store->lines_of_patient.starts[patients];
    s->days = base_arena_alloc(&s->arena, (places + 1) * sizeof *s->days);
    s->dated = base_arena_alloc(&s->arena, patients + 1);
    for (size_t i = 0; s->accumulators != NULL && i < s->count; i++) {
        accumulator *a = &s->accumulators[i];
        a->certain = base_arena_alloc(&s->arena, (places + patients + 1) * sizeof *a->certain);
        a->done = base_arena_alloc(&s->arena, patients + 1);
    }
}

run_sweeps *run_sweeps_new(const base_allocator *allocator, const run_binding *binding, bool all)
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
    if (all) lay_out(s, patients);
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

/* Memory of a member, for `width` bytes an element and one more. */
static swept *new_swept(run_sweeps *s, size_t count, size_t width)
{
    size_t size = sizeof(swept) + (count + 1) * width;
    pthread_mutex_lock(&s->lock);
    swept *m = base_arena_alloc(&s->arena, size + (count + 1) * sizeof(int32_t));
    pthread_mutex_unlock(&s->lock);
    if (m != NULL) m->days = (int32_t *)((char *)m + size);
    return m;
}

static inline void put_number(int32_t *place, int64_t number)
{
    __atomic_store_n(place, (int32_t)number, __ATOMIC_RELAXED);
}

/* The days of a member's elements; false where one has none. */
static bool put_days(const run_context *context, const run_candidates *found, int32_t *days)
{
    const run_column *dates = &context->binding->store->columns[LANG_FIELD_line_date];
    for (size_t i = 0; i < found->count; i++) {
        uint32_t row = found->rows[i];
        if (dates->states[row] != RUN_PRESENT) return false;
        put_number(&days[i], run_column_narrow(dates)[row]);
    }
    return true;
}

/* Whether each of a member's lines counts as a service: what was found of them, made where nobody asked. */
static const uint8_t *standings_of(const run_context *context, const run_candidates *found, uint8_t room[RUN_ITEMS],
                                   size_t first, size_t count)
{
    const uint32_t *rows = found->rows + first;
    for (size_t i = 0; i < count; i++) room[i] = run_line_standing(context, rows[i]);
    return room;
}

/* The sums of a part of a member's elements, after `sum`; false where something is not certain. Which elements count is not to be foreseen: no
 * branch asks for it. */
static inline bool sum_part(const run_counting *how, bool counts, const run_judged *judged, const uint8_t *standings,
                            size_t count, int64_t *sum, int32_t *certain)
{
    const run_counting own = *how;
    const uint8_t *truths = judged->truths, *states = judged->states;
    const int64_t *amounts = judged->amounts;
    int64_t all = *sum;
    unsigned doubtful = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned truth = truths[i], sure = run_counts_as(&own, standings[i]) == RUN_TRUE;
        int64_t amount = counts ? 1 : amounts[i];
        unsigned known = counts || ((states[i] == RUN_PRESENT) & (amount <= REACH) & (amount >= -REACH));
        unsigned takes = (truth == RUN_TRUE) & sure & known;
        doubtful |= (truth != RUN_FALSE) & !takes;
        all += takes ? amount : 0;
        bool fits = all == (int32_t)all;
        all = fits ? all : 0;
        doubtful |= !fits;
        put_number(&certain[i], all);
    }
    *sum = all;
    return doubtful == 0;
}

/* Part of what was judged. */
static run_judged judged_from(const run_judged *judged, size_t first)
{
    return (run_judged){judged->truths + first, judged->states + first, judged->amounts + first};
}

/* Sums up a member of whose elements all is certain; false where something is not. */
static bool sum_certain(const run_context *context, const plan_aggregate *aggregate, const run_candidates *found,
                        const run_judged *judged, int32_t *certain)
{
    const run_counting how = run_counting_of(aggregate);
    bool counts = aggregate->kind == PLAN_COUNTS;
    int64_t sum = 0;
    for (size_t i = 0, part; i < found->count; i += part) {
        uint8_t room[RUN_ITEMS];
        part = found->count - i < RUN_ITEMS ? found->count - i : RUN_ITEMS;
        const uint8_t *standings = standings_of(context, found, room, i, part);
        const run_judged own = judged_from(judged, i);
        bool good = counts ? sum_part(&how, true, &own, standings, part, &sum, certain + i + 1)
                           : sum_part(&how, false, &own, standings, part, &sum, certain + i + 1);
        if (!good) return false;
    }
    return true;
}

static void sum_up(const run_context *context, const plan_aggregate *aggregate, const run_candidates *found,
                   const run_judged *judged, swept *m)
{
    const run_store *store = context->binding->store;
    bool counts = aggregate->kind == PLAN_COUNTS;
    m->sums = (running *)(m + 1);
    for (size_t i = 0; i < found->count; i++) {
        running *at = &m->sums[i], *next = at + 1;
        bool known = counts || judged->states[i] == RUN_PRESENT;
        at->own = (uint8_t)(judged->truths[i] | (known ? KNOWN : 0));
        at->amount = counts ? 1 : known ? judged->amounts[i] : 0;
        if (at->amount > REACH || at->amount < -REACH) {
            m->beyond = true;
            return;
        }
        next->low = at->low;
        next->high = at->high;
        next->unknown = at->unknown;
        uint32_t row = found->rows[i];
        bool dated = run_store_present(store, LANG_FIELD_line_date, row);
        m->days[i] = dated ? (int32_t)run_store_bits(store, LANG_FIELD_line_date, row) : INT32_MIN;
        run_truth truth = run_truth_and(at->own & 3, run_line_counts(context, aggregate, row));
        if (dated) {
            add(truth, known, at->amount, &next->low, &next->high, &next->unknown);
            continue;
        }
        /* It may be of any day: it counts perhaps. */
        m->undated = (uint32_t)i + 1;
        add(run_truth_and(truth, RUN_NEITHER), known, at->amount, &m->undated_low, &m->undated_high,
            &m->undated_unknown);
    }
}

static uint32_t patient_of(const run_context *context, uint32_t line)
{
    return (uint32_t)run_store_bits(context->binding->store, LANG_FIELD_line_patient, line);
}

static accumulator *accumulator_for(const run_sweeps *s, uint32_t index)
{
    return &s->accumulators[s->accumulator_of[index]];
}

/* What was summed up for a member, in `view` where it lies with that of all others; NULL while nothing was. */
static inline const swept *find_swept(const run_sweeps *s, uint32_t index, uint32_t patient, swept *view)
{
    const accumulator *a = accumulator_for(s, index);
    if (a->certain == NULL || atomic_load_explicit(&a->done[patient], memory_order_acquire) == 0)
        return atomic_load_explicit(&a->members[patient], memory_order_acquire);
    uint32_t start = s->binding->store->lines_of_patient.starts[patient];
    *view = (swept){.days = s->days + start, .certain = a->certain + start + patient};
    return view;
}

/* Sums up a member in the memory of all; false where something of it is not certain. */
static bool sum_in_place(const run_context *context, uint32_t index, uint32_t patient, const run_candidates *found,
                         const run_judged *judged)
{
    const run_sweeps *s = context->sweeps;
    accumulator *a = accumulator_for(s, index);
    if (a->certain == NULL) return false;
    uint32_t start = context->binding->store->lines_of_patient.starts[patient];
    if (atomic_load_explicit(&s->dated[patient], memory_order_acquire) == 0) {
        if (!put_days(context, found, s->days + start)) return false;
        atomic_store_explicit(&s->dated[patient], 1, memory_order_release);
    }
    const plan_aggregate *aggregate = &context->binding->plan->aggregates.items[index];
    if (!sum_certain(context, aggregate, found, judged, a->certain + start + patient)) return false;
    atomic_store_explicit(&a->done[patient], 1, memory_order_release);
    return true;
}

/* Sums up a member whose elements have been judged, for all to see; false when memory runs out. */
static bool sum_member(run_context *context, uint32_t index, uint32_t patient, const run_candidates *found,
                       const run_judged *judged)
{
    if (sum_in_place(context, index, patient, found, judged)) return true;
    const plan_aggregate *aggregate = &context->binding->plan->aggregates.items[index];
    swept *m = NULL;
    if (accumulator_for(context->sweeps, index)->certain == NULL) {
        m = new_swept(context->sweeps, found->count, sizeof *m->certain);
        if (m == NULL) return false;
        m->certain = (int32_t *)(m + 1);
        bool certain = put_days(context, found, m->days) && sum_certain(context, aggregate, found, judged, m->certain);
        if (!certain) m = NULL;
    }
    if (m == NULL) {
        m = new_swept(context->sweeps, found->count, sizeof *m->sums);
        if (m == NULL) return false;
        sum_up(context, aggregate, found, judged, m);
    }
    atomic_store_explicit(&accumulator_for(context->sweeps, index)->members[patient], m, memory_order_release);
    return true;
}

/* Makes room for elements that are judged and not summed up yet; false when memory runs out. */
static bool judged_room(run_context *context, size_t count)
{
    if (count <= context->judged_room) return true;
    run_judged wider = {base_arena_alloc(context->arena, count * 2), base_arena_alloc(context->arena, count * 2),
                        base_arena_alloc(context->arena, count * 2 * sizeof *wider.amounts)};
    if (wider.truths == NULL || wider.states == NULL || wider.amounts == NULL) return false;
    if (context->judged_room > 0) {
        memcpy(wider.truths, context->judged.truths, context->judged_room);
        memcpy(wider.states, context->judged.states, context->judged_room);
        memcpy(wider.amounts, context->judged.amounts, context->judged_room * sizeof *wider.amounts);
    }
    context->judged = wider;
    context->judged_room = count * 2;
    return true;
}

static bool sweep_member(run_context *context, uint32_t index, uint32_t patient, const run_candidates *found)
{
    if (!judged_room(context, found->count + 1)) return false;
    for (size_t i = 0; i < found->count; i++) {
        run_element element;
        run_judge_element(context, index, found->rows[i], found->rows[i], &element);
        context->judged.truths[i] = (uint8_t)element.truth;
        context->judged.states[i] = element.state;
        context->judged.amounts[i] = element.bits;
    }
    return sum_member(context, index, patient, found, &context->judged);
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

/* The same, close to `near`, where the day sought lies for a subject soon after another one. */
static size_t first_from(const swept *m, size_t near, size_t high, int64_t day)
{
    size_t step = 1, low = near;
    if (near > m->undated && m->days[near - 1] >= day) return first_on(m, m->undated, near, day);
    while (low + step < high && m->days[low + step - 1] < day) {
        low += step;
        step *= 2;
    }
    return first_on(m, low, low + step < high ? low + step : high, day);
}

/* What stands between two places, and what may have any day. */
static inline run_value between(const swept *m, size_t from, size_t to, uint32_t *unknown)
{
    if (m->certain != NULL) {
        int64_t sum = (int64_t)m->certain[to] - m->certain[from];
        *unknown = 0;
        return (run_value){sum, sum, RUN_PRESENT};
    }
    *unknown = m->sums[to].unknown - m->sums[from].unknown + m->undated_unknown;
    return (run_value){m->sums[to].low - m->sums[from].low + m->undated_low,
                       m->sums[to].high - m->sums[from].high + m->undated_high, RUN_PRESENT};
}

/* Takes the subject as an element away, and adds it as the subject. */
static void count_itself(const swept *m, size_t self, bool itself, run_value *result, uint32_t *unknown)
{
    if (m->certain != NULL) {
        int64_t own = itself ? 0 : (int64_t)m->certain[self + 1] - m->certain[self];
        result->bits -= own;
        result->high -= own;
        return;
    }
    const running *own = &m->sums[self];
    result->bits -= own[1].low - own->low;
    result->high -= own[1].high - own->high;
    *unknown -= own[1].unknown - own->unknown;
    if (itself)
        add((run_truth)(own->own & 3), (own->own & KNOWN) != 0, own->amount, &result->bits, &result->high, unknown);
}

/* What a window comes to. `near` is a place that its beginning may be close to, and becomes that. */
static void take(const plan_aggregate *aggregate, const swept *m, const run_window *window, size_t count, size_t self,
                 size_t *near, run_value *result, bool *open)
{
    size_t from = *near = first_from(m, *near < m->undated ? m->undated : *near, count, window->from);
    /* The subject's own day is in the window, as a rule: then those up to it are, too. */
    bool through = window->cut && m->days[self] <= window->to;
    size_t to = through ? self + 1 : first_on(m, from, count, window->to + 1);
    if (window->cut && to > self + 1) to = self + 1;
    if (window->forward && from < self) from = self;
    if (from > to) from = to;
    uint32_t unknown;
    *result = between(m, from, to, &unknown);
    if (self >= from && self < to)
        count_itself(m, self, !aggregate->without_subject && !window->before, result, &unknown);
    if (unknown > 0) *open = true;
}

bool run_can_sweep(const run_sweeps *s, uint32_t aggregate)
{
    return s->accumulator_of[aggregate] != PLAN_NO_STEP;
}

/* The same for a line that is none of those that were summed up, and stands at the gap between them. */
static bool take_for_guest(run_context *context, uint32_t index, const swept *m, const run_window *window,
                           const run_candidates *found, run_value *result, bool *open)
{
    const plan_aggregate *aggregate = &context->binding->plan->aggregates.items[index];
    int64_t day = run_store_bits(context->binding->store, LANG_FIELD_line_date, found->alone);
    bool itself = !aggregate->without_subject && !window->before && day >= window->from && day <= window->to;
    run_element element = {.state = RUN_PRESENT, .truth = RUN_FALSE};
    if (itself) run_judge_element(context, index, found->alone, found->alone, &element);
    bool counts = aggregate->kind == PLAN_COUNTS, known = counts || element.state == RUN_PRESENT;
    int64_t amount = counts ? 1 : element.bits;
    if (known && (amount > REACH || amount < -REACH)) return false;
    size_t count = found->count - 1, from = first_on(m, m->undated, count, window->from);
    size_t to = first_on(m, from, count, window->to + 1);
    if (window->cut && to > found->gap) to = found->gap;
    if (window->forward && from < found->gap) from = found->gap;
    if (from > to) from = to;
    uint32_t unknown;
    *result = between(m, from, to, &unknown);
    add((run_truth)element.truth, known, amount, &result->bits, &result->high, &unknown);
    if (unknown > 0) *open = true;
    return true;
}

/* The aggregate whose `where` an aggregate shares. */
static uint32_t model_of(const run_context *context, uint32_t index)
{
    return context->sweeps->models[context->sweeps->accumulator_of[index]];
}

/* Windows past the last day, as after an addition of many months, are left to the walk. */
static bool can_take(const run_window *window)
{
    return window->known && window->to < INT32_MAX && window->from > INT32_MIN;
}

bool run_sweep(run_context *context, uint32_t index, uint32_t line, const run_window *window,
               const run_candidates *found, run_value *result, bool *open)
{
    run_sweeps *s = context->sweeps;
    if (!run_can_sweep(s, index) || found->count < FEW_ELEMENTS || !can_take(window)) return false;
    bool guest = found->gap != SIZE_MAX;
    uint32_t patient = guest ? context->guest->member : patient_of(context, line), model = model_of(context, index);
    run_candidates others = *found;
    others.count -= guest ? 1 : 0;
    swept view;
    const swept *m = find_swept(s, model, patient, &view);
    if (m == NULL) {
        int depth = context->depth;
        void (*counted)(void *, uint32_t, run_truth) = context->counted;
        context->counted = NULL;
        bool good = sweep_member(context, model, patient, &others);
        context->counted = counted;
        context->depth = depth;
        m = good ? find_swept(s, model, patient, &view) : NULL;
        if (m == NULL) return false;
    }
    if (m->beyond) return false;
    if (guest) return take_for_guest(context, index, m, window, found, result, open);
    size_t near = m->undated;
    take(&context->binding->plan->aggregates.items[index], m, window, found->count,
         place_of(context->binding->store, found, line), &near, result, open);
    return true;
}

/* ---- many subjects ---- */

/* Members who are to be swept, and their elements, which are judged together: `judged` of them are in the context's room. */
typedef struct sweeping {
    run_context *context;
    run_vectors *vectors;
    uint32_t index;
    const plan_aggregate *aggregate;
    const run_subject *members[RUN_ITEMS];
    size_t member_count;
    uint32_t rows[RUN_ITEMS]; /* at hand */
    size_t count, judged;
} sweeping;

static bool judge_elements(sweeping *s)
{
    const run_vector *truths, *values;
    if (!judged_room(s->context, s->judged + s->count) ||
        !run_judge_vectors(s->vectors, s->context, s->aggregate, s->rows, s->rows, s->count, &truths, &values))
        return false;
    run_judged judged = judged_from(&s->context->judged, s->judged);
    if (truths == NULL)
        memset(judged.truths, RUN_TRUE, s->count);
    else
        memcpy(judged.truths, truths->states, s->count);
    if (values != NULL) {
        memcpy(judged.states, values->states, s->count);
        memcpy(judged.amounts, values->bits, s->count * sizeof *judged.amounts);
    }
    s->judged += s->count;
    s->count = 0;
    return true;
}

/* Sums up the members at hand, for all to see. */
static bool sum_members(sweeping *s)
{
    uint32_t model = s->index;
    size_t done = 0;
    if (s->count > 0 && !judge_elements(s)) return false;
    for (size_t i = 0; i < s->member_count; i++) {
        const run_subject *member = s->members[i];
        uint32_t patient = patient_of(s->context, member->line);
        const run_judged judged = judged_from(&s->context->judged, done);
        if (!sum_member(s->context, model, patient, &member->found, &judged)) return false;
        done += member->found.count;
    }
    s->member_count = s->judged = 0;
    return true;
}

static bool is_at_hand(const sweeping *s, const uint32_t *rows)
{
    for (size_t i = s->member_count; i-- > 0;) {
        if (s->members[i]->found.rows == rows) return true;
    }
    return false;
}

/* Sweeps the members of subjects who have not been met yet, a few thousand elements at a time. */
static bool sweep_members(run_context *context, run_vectors *vectors, uint32_t index, const run_subject *subjects,
                          size_t count)
{
    enum { MOST = 1 << 14 };
    sweeping s = {.context = context, .vectors = vectors, .index = index};
    s.aggregate = &context->binding->plan->aggregates.items[index];
    uint32_t scratch = context->scratch.count;
    const uint32_t *last = NULL;
    swept view;
    for (size_t i = 0; i < count; i++) {
        const run_candidates *found = &subjects[i].found;
        if (!subjects[i].of_member || found->rows == last) continue;
        last = found->rows;
        if (is_at_hand(&s, last)) continue;
        if (find_swept(context->sweeps, index, patient_of(context, subjects[i].line), &view) != NULL) continue;
        s.members[s.member_count++] = &subjects[i];
        for (size_t k = 0, part; k < found->count; k += part) {
            part = found->count - k < RUN_ITEMS - s.count ? found->count - k : RUN_ITEMS - s.count;
            memcpy(s.rows + s.count, found->rows + k, part * sizeof *s.rows);
            s.count += part;
            if (s.count == RUN_ITEMS && !judge_elements(&s)) return false;
        }
        if (s.judged >= MOST && !sum_members(&s)) return false;
    }
    if (!sum_members(&s)) return false;
    context->scratch.count = scratch;
    return true;
}

void run_find_subjects(const run_context *context, run_subject *subjects, size_t count)
{
    const run_store *store = context->binding->store;
    const run_subject *last = NULL;
    for (size_t i = 0; i < count; i++) {
        run_subject *s = &subjects[i];
        s->of_member = s->found.rows != &s->found.alone && s->found.count > 0;
        if (!s->of_member) continue;
        bool next = last != NULL && last->found.rows == s->found.rows && last->self + 1 < s->found.count &&
                    s->found.rows[last->self + 1] == s->line;
        s->self = next ? last->self + 1 : place_of(store, &s->found, s->line);
        last = s;
    }
}

/* How many of four days, in their order, are before one. */
static inline size_t days_before(const int32_t *days, int32_t day)
{
#if defined(__SSE2__)
    __m128i four;
    memcpy(&four, days, sizeof four);
    unsigned before = (unsigned)_mm_movemask_ps(_mm_castsi128_ps(_mm_cmplt_epi32(four, _mm_set1_epi32(day))));
    return (size_t)__builtin_ctz(~before);
#else
    return (size_t)((days[0] < day) + (days[1] < day) + (days[2] < day) + (days[3] < day));
#endif
}

/* The first place at or after `near` whose day is not before `day`: four at a time, since how far that is cannot be foreseen, and a branch
 * for each would be guessed wrong. */
static inline size_t walk_to(const int32_t *days, size_t near, size_t end, int32_t day)
{
    while (near + 4 <= end) {
        size_t step = days_before(days + near, day);
        near += step;
        if (step < 4) return near;
    }
    while (near < end && days[near] < day) near++;
    return near;
}

/* The first place whose day is not before `day`. From one subject of a member to the next it seldom moves far, and as a rule not back. */
static inline size_t next_from(const swept *m, size_t near, size_t count, int32_t day)
{
    enum { FAR = 64 };
    if (near > 0 && m->days[near - 1] >= day) return first_on(m, 0, near, day);
    if (near + FAR < count && m->days[near + FAR] < day) return first_from(m, near, count, day);
    return walk_to(m->days, near, count, day);
}

/* What a window comes to where all is certain, of which nothing behind `to` has a day, however it ends. */
static int64_t take_certain(const swept *m, const run_windows *windows, bool apart, size_t self, size_t from, size_t to)
{
    if (windows->cut && to > self + 1) to = self + 1;
    if (windows->forward && from < self) from = self;
    if (from > to) from = to;
    int64_t sum = (int64_t)m->certain[to] - m->certain[from];
    if (apart && self >= from && self < to) sum -= (int64_t)m->certain[self + 1] - m->certain[self];
    return sum;
}

enum { ABREAST = 4, LOOKED_AT = 8 };

/* How many of eight days, in their order, are before one: without a branch, since that is not to be foreseen. */
static inline size_t days_of_eight(const int32_t *days, int32_t day)
{
#if defined(__SSE2__)
    const __m128i all = _mm_set1_epi32(day);
    __m128i low, high;
    memcpy(&low, days, sizeof low);
    memcpy(&high, days + 4, sizeof high);
    __m128i before = _mm_packs_epi32(_mm_cmplt_epi32(low, all), _mm_cmplt_epi32(high, all));
    unsigned bytes = (unsigned)_mm_movemask_epi8(before);
    return (size_t)__builtin_ctz(~bytes) / 2;
#else
    size_t before = 0;
    for (size_t i = 0; i < LOOKED_AT; i++) before += days[i] < day;
    return before;
#endif
}

/* Where the windows of four subjects begin, if that is among the eight days from `near` on: sought for all of them at once, since each
 * step of a search waits for the one before. */
static inline bool find_abreast(const swept *m, size_t near, size_t count, const int32_t *from, uint32_t *places)
{
    if (near + LOOKED_AT > count) return false;
    int32_t last = near == 0 ? INT32_MIN : m->days[near - 1];
    bool all = true;
    for (size_t k = 0; k < ABREAST; k++) {
        size_t step = days_of_eight(m->days + near, from[k]);
        all &= (step < LOOKED_AT) & (last < from[k]);
        places[k] = (uint32_t)(near + step);
    }
    return all;
}

/* Where the windows of the subjects of one member begin. */
static void find_begins(const swept *m, size_t count, const int32_t *from, size_t subjects, uint32_t *places)
{
    size_t near = 0, i = 0;
    while (i < subjects) {
        if (i + ABREAST <= subjects && find_abreast(m, near, count, from + i, places + i)) {
            i += ABREAST;
        } else {
            places[i] = (uint32_t)next_from(m, near, count, from[i]);
            i++;
        }
        near = places[i - 1];
    }
}

/* Where those end that do not end with the subject; windows are never past the last day. */
static void find_ends(const swept *m, size_t count, const int32_t *to, size_t subjects, uint32_t *places)
{
    size_t near = 0;
    for (size_t i = 0; i < subjects; i++) near = places[i] = (uint32_t)next_from(m, near, count, to[i] + 1);
}

/* The subjects of one member, of whom all is certain. */
static void take_all_certain(const plan_aggregate *aggregate, const swept *m, const run_windows *windows,
                             const run_subject *subjects, size_t first, size_t end, const run_vector *results)
{
    uint32_t begins[RUN_ITEMS], ends[RUN_ITEMS];
    bool apart = aggregate->without_subject || windows->before, cut = windows->cut && !windows->forward;
    size_t count = subjects[first].found.count, behind = apart ? 0 : 1, own = end - first;
    find_begins(m, count, windows->from + first, own, begins);
    if (!cut) find_ends(m, count, windows->to + first, own, ends);
    for (size_t i = 0; i < own; i++) {
        size_t self = subjects[first + i].self, begin = begins[i];
        /* As a rule a window ends with the subject. */
        bool whole = cut && m->days[self] <= windows->to[first + i] && begin <= self;
        size_t stop = whole ? self + behind : 0;
        if (!whole) stop = cut ? first_on(m, begin, count, (int64_t)windows->to[first + i] + 1) : ends[i];
        int64_t sum =
            whole ? (int64_t)m->certain[stop] - m->certain[begin] : take_certain(m, windows, apart, self, begin, stop);
        results->bits[first + i] = sum;
    }
    if (subjects[first].found.complete)
        memcpy(results->high + first, results->bits + first, own * sizeof *results->high);
    else
        for (size_t i = first; i < end; i++) results->high[i] = INT64_MAX;
}

/* The same where something is not. */
static void take_all(const plan_aggregate *aggregate, const swept *m, const run_windows *windows,
                     const run_subject *subjects, size_t first, size_t end, const run_vector *results)
{
    size_t near = m->undated;
    for (size_t i = first; i < end; i++) {
        const run_subject *s = &subjects[i];
        run_value result;
        run_window window = {true, windows->from[i], windows->to[i], windows->cut, windows->before, windows->forward};
        bool open = !s->found.complete;
        take(aggregate, m, &window, s->found.count, s->self, &near, &result, &open);
        results->bits[i] = result.bits;
        results->high[i] = open ? INT64_MAX : result.high;
    }
}

bool run_sweep_many(run_context *context, run_vectors *vectors, uint32_t index, const run_subject *subjects,
                    const run_windows *windows, size_t count, uint64_t *swept_already, const run_vector *results,
                    bool *done)
{
    const plan_aggregate *aggregate = &context->binding->plan->aggregates.items[index];
    uint32_t model = model_of(context, index), sums = context->sweeps->accumulator_of[index];
    uint64_t bit = sums < 64 ? UINT64_C(1) << sums : 0;
    if ((*swept_already & bit) == 0 && !sweep_members(context, vectors, model, subjects, count)) return false;
    *swept_already |= bit;
    for (size_t i = 0, end; i < count; i = end) {
        const uint32_t *rows = subjects[i].found.rows;
        end = i + 1;
        if (!subjects[i].of_member || !windows->known[i]) continue;
        while (end < count && subjects[end].found.rows == rows && windows->known[end]) end++;
        swept view;
        const swept *m = find_swept(context->sweeps, model, patient_of(context, subjects[i].line), &view);
        if (m == NULL || m->beyond) continue;
        if (m->certain != NULL)
            take_all_certain(aggregate, m, windows, subjects, i, end, results);
        else
            take_all(aggregate, m, windows, subjects, i, end, results);
        memset(results->states + i, RUN_PRESENT, end - i);
        memset(done + i, true, end - i);
    }
    return true;
}
