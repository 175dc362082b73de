/* History windows in one sweep of a member: the lines of a member stand in the order of their days, so that what a window counts is the
 * difference of two run_running sums. Aggregates that count, or add up, the same of the same lines share them, whatever their windows. */
#include "runtime/classes.h"
#include "runtime/sums.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

/* With fewer lines walking is as fast. */
enum { FEW_ELEMENTS = 6 };

/* `certain` lies side by side for all members, if at all: that of a member begins at the place of its first line plus its own number. */
typedef struct accumulator {
    _Atomic(run_sums *) *members; /* by patient; NULL while nobody asked, and where `done` */
    int32_t *certain;             /* by place; NULL where members have memory of their own */
    _Atomic(uint8_t) *done;       /* by patient: its numbers stand in `certain` */
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
    run_classes *classes; /* of all contexts */
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
    run_classes_free(s->classes);
    base_arena_release(&s->arena);
    base_allocator allocator = s->allocator;
    allocator.reallocate(allocator.state, s, 0);
}

run_classes *run_sweeps_classes(run_sweeps *s, run_context *context)
{
    pthread_mutex_lock(&s->lock);
    run_classes *classes = run_classes_new(&s->allocator, context, s->classes);
    if (classes != NULL) s->classes = classes;
    pthread_mutex_unlock(&s->lock);
    return classes;
}

/* ---- sweeping ---- */

static run_sums *new_sums(run_sweeps *s, size_t count, bool certain)
{
    pthread_mutex_lock(&s->lock);
    void *memory = base_arena_alloc(&s->arena, run_sums_size(count, certain));
    pthread_mutex_unlock(&s->lock);
    return memory == NULL ? NULL : run_sums_at(memory, count, certain);
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
static inline const run_sums *find_swept(const run_sweeps *s, uint32_t index, uint32_t patient, run_sums *view)
{
    const accumulator *a = accumulator_for(s, index);
    if (a->certain == NULL || atomic_load_explicit(&a->done[patient], memory_order_acquire) == 0)
        return atomic_load_explicit(&a->members[patient], memory_order_acquire);
    uint32_t start = s->binding->store->lines_of_patient.starts[patient];
    *view = (run_sums){.days = s->days + start, .certain = a->certain + start + patient};
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
        if (!run_sums_put_days(context, found, s->days + start)) return false;
        atomic_store_explicit(&s->dated[patient], 1, memory_order_release);
    }
    const plan_aggregate *aggregate = &context->binding->plan->aggregates.items[index];
    if (!run_sums_certain(context, aggregate, found, judged, a->certain + start + patient)) return false;
    atomic_store_explicit(&a->done[patient], 1, memory_order_release);
    return true;
}

/* Sums up a member whose elements have been judged, for all to see; false when memory runs out. */
static bool sum_member(run_context *context, uint32_t index, uint32_t patient, const run_candidates *found,
                       const run_judged *judged)
{
    if (sum_in_place(context, index, patient, found, judged)) return true;
    const plan_aggregate *aggregate = &context->binding->plan->aggregates.items[index];
    run_sums *m = NULL;
    if (accumulator_for(context->sweeps, index)->certain == NULL) {
        m = new_sums(context->sweeps, found->count, true);
        if (m == NULL) return false;
        if (!run_sums_put_days(context, found, m->days) ||
            !run_sums_certain(context, aggregate, found, judged, m->certain))
            m = NULL;
    }
    if (m == NULL) {
        m = new_sums(context->sweeps, found->count, false);
        if (m == NULL) return false;
        run_sums_fill(context, aggregate, found, judged, m);
    }
    atomic_store_explicit(&accumulator_for(context->sweeps, index)->members[patient], m, memory_order_release);
    return true;
}

bool run_judged_room(run_context *context, size_t count)
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

bool run_judge_aside(run_vectors *vectors, run_context *context, const plan_aggregate *aggregate,
                     const uint32_t *subjects, const uint32_t *rows, size_t count, size_t at)
{
    const run_vector *truths, *values;
    if (!run_judged_room(context, at + count) ||
        !run_judge_vectors(vectors, context, aggregate, subjects, rows, count, &truths, &values))
        return false;
    run_judged judged = run_judged_from(&context->judged, at);
    if (truths == NULL)
        memset(judged.truths, RUN_TRUE, count);
    else
        memcpy(judged.truths, truths->states, count);
    if (values != NULL) {
        memcpy(judged.states, values->states, count);
        memcpy(judged.amounts, values->bits, count * sizeof *judged.amounts);
    }
    return true;
}

static bool sweep_member(run_context *context, uint32_t index, uint32_t patient, const run_candidates *found)
{
    if (!run_judged_room(context, found->count + 1)) return false;
    for (size_t i = 0; i < found->count; i++) {
        run_element element;
        run_judge_element(context, index, found->rows[i], found->rows[i], &element);
        context->judged.truths[i] = (uint8_t)element.truth;
        context->judged.states[i] = element.state;
        context->judged.amounts[i] = element.bits;
    }
    return sum_member(context, index, patient, found, &context->judged);
}

bool run_can_sweep(const run_sweeps *s, uint32_t aggregate)
{
    return s->accumulator_of[aggregate] != PLAN_NO_STEP;
}

/* The same for a line that is none of those that were summed up, and stands at the gap between them. */
static bool take_for_guest(run_context *context, uint32_t index, const run_sums *m, const run_window *window,
                           const run_candidates *found, run_value *result, bool *open)
{
    const plan_aggregate *aggregate = &context->binding->plan->aggregates.items[index];
    int64_t day = run_store_bits(context->binding->store, LANG_FIELD_line_date, found->alone);
    bool itself = !aggregate->without_subject && !window->before && day >= window->from && day <= window->to;
    run_element element = {.state = RUN_PRESENT, .truth = RUN_FALSE};
    if (itself) run_judge_element(context, index, found->alone, found->alone, &element);
    bool counts = aggregate->kind == PLAN_COUNTS, known = counts || element.state == RUN_PRESENT;
    int64_t amount = counts ? 1 : element.bits;
    if (known && (amount > RUN_SUMS_REACH || amount < -RUN_SUMS_REACH)) return false;
    size_t count = found->count - 1, from = run_sums_first_on(m, m->undated, count, window->from);
    size_t to = run_sums_first_on(m, from, count, window->to + 1);
    if (window->cut && to > found->gap) to = found->gap;
    if (window->forward && from < found->gap) from = found->gap;
    if (from > to) from = to;
    uint32_t unknown;
    *result = run_sums_between(m, from, to, &unknown);
    run_sums_add((run_truth)element.truth, known, amount, &result->bits, &result->high, &unknown);
    if (unknown > 0) *open = true;
    return true;
}

/* The aggregate whose `where` an aggregate shares. */
static uint32_t model_of(const run_context *context, uint32_t index)
{
    return context->sweeps->models[context->sweeps->accumulator_of[index]];
}

bool run_sweep(run_context *context, uint32_t index, uint32_t line, const run_window *window,
               const run_candidates *found, run_value *result, bool *open)
{
    run_sweeps *s = context->sweeps;
    if (!run_can_sweep(s, index) || found->count < FEW_ELEMENTS || !run_sums_can_take(window)) return false;
    bool guest = found->gap != SIZE_MAX;
    uint32_t patient = guest ? context->guest->member : patient_of(context, line), model = model_of(context, index);
    run_candidates others = *found;
    others.count -= guest ? 1 : 0;
    run_sums view;
    const run_sums *m = find_swept(s, model, patient, &view);
    if (m == NULL) {
        int depth = context->depth;
        bool (*counted)(void *, uint32_t, run_truth) = context->counted;
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
    run_sums_take(&context->binding->plan->aggregates.items[index], m, window, found->count,
                  run_place_of(context->binding->store, found, line), &near, result, open);
    return true;
}

/* ---- many subjects ---- */

/* Members who are to be swept, and their elements, which are judged together: `judged` of them are in the context's room. */
typedef struct sweeping {
    run_context *context;
    run_vectors *vectors;
    uint32_t index;
    const plan_aggregate *aggregate;
    const run_patient *members[RUN_ITEMS];
    size_t member_count;
    uint32_t rows[RUN_ITEMS]; /* at hand */
    size_t count, judged;
} sweeping;

static bool judge_elements(sweeping *s)
{
    if (!run_judge_aside(s->vectors, s->context, s->aggregate, s->rows, s->rows, s->count, s->judged)) return false;
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
        const run_patient *member = s->members[i];
        const run_candidates found = {.rows = member->rows, .count = member->count, .gap = SIZE_MAX};
        const run_judged judged = run_judged_from(&s->context->judged, done);
        if (!sum_member(s->context, model, member->patient, &found, &judged)) return false;
        done += member->count;
    }
    s->member_count = s->judged = 0;
    return true;
}

static bool is_at_hand(const sweeping *s, const uint32_t *rows)
{
    for (size_t i = s->member_count; i-- > 0;) {
        if (s->members[i]->rows == rows) return true;
    }
    return false;
}

/* Sweeps the members of subjects who have not been met yet, a few thousand elements at a time. */
static bool sweep_members(run_context *context, run_vectors *vectors, uint32_t index, const run_patients *members)
{
    enum { MOST = 1 << 14 };
    sweeping s = {.context = context, .vectors = vectors, .index = index};
    s.aggregate = &context->binding->plan->aggregates.items[index];
    uint32_t scratch = context->scratch.count;
    run_sums view;
    for (size_t i = 0; i < members->count; i++) {
        const run_patient *member = &members->items[i];
        if (is_at_hand(&s, member->rows)) continue;
        if (find_swept(context->sweeps, index, member->patient, &view) != NULL) continue;
        s.members[s.member_count++] = member;
        for (size_t k = 0, part; k < member->count; k += part) {
            part = member->count - k < RUN_ITEMS - s.count ? member->count - k : RUN_ITEMS - s.count;
            memcpy(s.rows + s.count, member->rows + k, part * sizeof *s.rows);
            s.count += part;
            if (s.count == RUN_ITEMS && !judge_elements(&s)) return false;
        }
        if (s.judged >= MOST && !sum_members(&s)) return false;
    }
    if (!sum_members(&s)) return false;
    context->scratch.count = scratch;
    return true;
}

/* The place of a line that comes after another of the same member. */
static uint32_t next_place(const run_store *store, const run_patient *member, uint32_t before, uint32_t line)
{
    if (before + 1 < member->count && member->rows[before + 1] == line) return before + 1;
    const run_candidates found = {.rows = member->rows, .count = member->count, .gap = SIZE_MAX};
    return (uint32_t)run_place_of(store, &found, line);
}

void run_find_patients(const run_context *context, const plan_aggregate *aggregate, const uint32_t *lines, size_t count,
                       run_patients *members)
{
    const run_store *store = context->binding->store;
    const run_column *patients = &context->columns[LANG_FIELD_line_patient];
    run_patient *at = NULL; /* of the line before */
    members->count = members->map_used = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t line = lines[i];
        bool there = patients->states[line] == RUN_PRESENT;
        uint32_t patient = (uint32_t)run_column_bits(patients, line);
        if (there && at != NULL && at->patient == patient) {
            at->end = i + 1;
            members->selves[i] = next_place(store, at, members->selves[i - 1], line);
            members->member_of[i] = (uint16_t)(members->count - 1);
            continue;
        }
        run_candidates found;
        run_collect(context, aggregate, line, &found);
        at = NULL;
        members->member_of[i] = RUN_NO_MEMBER;
        if (!there || found.rows == &found.alone || found.count == 0) continue;
        members->member_of[i] = (uint16_t)members->count;
        at = &members->items[members->count++];
        *at = (run_patient){.first = i,
                            .end = i + 1,
                            .patient = patient,
                            .count = (uint32_t)found.count,
                            .rows = found.rows,
                            .complete = found.complete};
        members->selves[i] = next_place(store, at, UINT32_MAX - 1, line);
    }
}

/* Upper bounds of members of whom all is certain: one array for all, or their own. */
static void put_upper_bounds(const run_patients *members, const bool *certain, size_t count, run_vector *results,
                             const bool *done)
{
    bool all = memchr(done, false, count) == NULL;
    for (size_t k = 0; all && k < members->count; k++) all = certain[k];
    if (all) {
        results->high = results->bits;
        return;
    }
    for (size_t k = 0; k < members->count; k++) {
        const run_patient *member = &members->items[k];
        size_t own = member->end - member->first;
        if (certain[k])
            memcpy(results->high + member->first, results->bits + member->first, own * sizeof *results->high);
    }
}

bool run_sweep_many(run_context *context, run_vectors *vectors, uint32_t index, run_patients *members,
                    const run_windows *windows, size_t count, uint64_t *swept_already, run_vector *results, bool *done)
{
    const plan_aggregate *aggregate = &context->binding->plan->aggregates.items[index];
    uint32_t model = model_of(context, index), sums = context->sweeps->accumulator_of[index];
    uint64_t bit = sums < 64 ? UINT64_C(1) << sums : 0;
    bool certain[RUN_ITEMS];
    if ((*swept_already & bit) == 0 && !sweep_members(context, vectors, model, members)) return false;
    *swept_already |= bit;
    for (size_t k = 0; k < members->count; k++) {
        run_patient *member = &members->items[k];
        run_sums view;
        const run_sums *m = find_swept(context->sweeps, model, member->patient, &view);
        certain[k] = m != NULL && m->certain != NULL && member->complete;
        if (m == NULL || m->beyond) continue;
        for (size_t i = member->first, end; i < member->end; i = end) {
            end = windows->all_known ? member->end : i + 1;
            if (!windows->known[i]) continue;
            while (end < member->end && windows->known[end]) end++;
            run_sums_take_many(aggregate, m, windows, members, member, i, end, results);
            memset(results->states + i, RUN_PRESENT, end - i);
            memset(done + i, true, end - i);
        }
    }
    put_upper_bounds(members, certain, count, results, done);
    return true;
}
