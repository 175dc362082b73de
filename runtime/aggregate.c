/* History windows and other collections: which elements count, surely or perhaps, and what they add up to.
 * Both evaluators call run_aggregate. The windows are defined to the day in docs/language.md, rules W1 to W18. */
#include "runtime/beside.h"
#include "runtime/classes.h"
#include "runtime/guest.h"
#include "runtime/together.h"

#include <stdlib.h>
#include <string.h>

static int64_t saturated(int64_t a, int64_t b)
{
    int64_t sum;
    if (!__builtin_add_overflow(a, b, &sum)) return sum;
    return a > 0 ? INT64_MAX : INT64_MIN;
}

void run_tally(plan_aggregate_kind kind, run_truth truth, const run_element *element, run_value *result, bool *open)
{
    bool known = element->state == RUN_PRESENT;
    int64_t amount = kind == PLAN_COUNTS ? 1 : element->bits;
    if (kind == PLAN_MINIMUM || kind == PLAN_MAXIMUM) {
        if (truth != RUN_TRUE || !known) {
            *open = true;
            return;
        }
        bool better =
            result->state == RUN_ABSENT || (kind == PLAN_MINIMUM ? amount < result->bits : amount > result->bits);
        if (better) result->bits = result->high = amount;
        result->state = RUN_PRESENT;
        return;
    }
    if (kind == PLAN_SUMS && !known) {
        *open = true; /* an amount that nobody told us: no upper bound */
        return;
    }
    bool certain = truth == RUN_TRUE;
    if (certain || amount < 0) result->bits = saturated(result->bits, amount);
    if (certain || amount > 0) result->high = saturated(result->high, amount);
}

run_truth run_judge_element(run_context *context, uint32_t index, uint32_t line, uint32_t row, run_element *element)
{
    const plan_aggregate *aggregate = &context->binding->plan->aggregates.items[index];
    *element = (run_element){.state = RUN_PRESENT, .second_state = RUN_PRESENT, .truth = RUN_TRUE};
    if (aggregate->block == PLAN_NO_STEP) return RUN_TRUE;
    run_element_function made = run_element_code(context->code, index);
    if (made != NULL)
        made(context, line, row, element);
    else
        run_interpret_element(context, aggregate->block, line, row, element);
    return (run_truth)element->truth;
}

static bool before_day(const run_store *store, const run_candidates *found, size_t place, int64_t day)
{
    uint32_t row = run_candidate(found, place);
    return !run_store_present(store, LANG_FIELD_line_date, row) ||
           run_store_bits(store, LANG_FIELD_line_date, row) < day;
}

size_t run_first_on(const run_store *store, const run_candidates *found, size_t from, int64_t day)
{
    size_t low = from, high = found->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (before_day(store, found, middle, day))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The same, close to `near`, at or before which the lines of the day may begin. */
static size_t first_near(const run_store *store, const run_candidates *found, size_t from, size_t near, int64_t day)
{
    run_candidates part = *found;
    size_t low = near < from || near > found->count ? from : near, step = 1;
    if (low > from && !before_day(store, found, low - 1, day)) {
        part.count = low;
        return run_first_on(store, &part, from, day);
    }
    while (low + step < found->count && before_day(store, found, low + step - 1, day)) {
        low += step;
        step *= 2;
    }
    if (low + step < found->count) part.count = low + step;
    return run_first_on(store, &part, low, day);
}

/* Whether an element that is `inside` the window, surely or perhaps, counts as a service at all. */
static run_truth as_service(const run_context *context, const plan_aggregate *aggregate, uint32_t line, uint32_t row,
                            run_truth inside)
{
    if (inside == RUN_FALSE || row == line) return inside;
    return run_truth_and(inside, run_line_counts(context, aggregate, row));
}

run_truth run_admitted(const run_context *context, const plan_aggregate *aggregate, const run_window *window,
                       uint32_t line, uint32_t row)
{
    if (!run_of_lines(aggregate->collection)) return RUN_TRUE;
    if (row == line && aggregate->without_subject) return RUN_FALSE;
    return as_service(context, aggregate, line, row, run_line_in_window(context, window, line, row));
}

/* ---- distinct values ---- */

static int by_values(const void *a, const void *b)
{
    const run_seen *x = a, *y = b;
    if (x->first != y->first) return x->first < y->first ? -1 : 1;
    if (x->second != y->second) return x->second < y->second ? -1 : 1;
    return (int)y->certain - (int)x->certain;
}

/* Keeps what an element has; an element whose values nobody told us may be a new one, or not. */
static void remember(run_context *context, run_truth truth, const run_element *element, size_t *unknown, bool *some)
{
    bool known = element->state != RUN_UNKNOWN && element->second_state != RUN_UNKNOWN;
    if (truth == RUN_TRUE) *some = true;
    if (!known) {
        (*unknown)++;
        return;
    }
    run_seen *slot = BASE_PUSH(context->arena, &context->seen);
    if (slot == NULL) {
        context->failed = true;
        return;
    }
    /* An absent value is one value, like any other. */
    *slot = (run_seen){element->state == RUN_PRESENT ? element->bits : INT64_MIN,
                       element->second_state == RUN_PRESENT ? element->second : INT64_MIN, truth == RUN_TRUE};
}

static void count_distinct(run_context *context, uint32_t first, size_t unknown, bool some, run_value *result)
{
    run_seen *seen = context->seen.items + first;
    size_t count = context->seen.count - first;
    if (count > 1) qsort(seen, count, sizeof *seen, by_values);
    for (size_t i = 0; i < count; i++) {
        bool new_value = i == 0 || seen[i].first != seen[i - 1].first || seen[i].second != seen[i - 1].second;
        if (!new_value) continue;
        result->high++;
        if (seen[i].certain) result->bits++; /* of equal values, a certain one stands first */
    }
    if (some && result->bits == 0) result->bits = 1;
    result->high += (int64_t)unknown;
    context->seen.count = first;
}

/* ---- the walk ---- */

/* Elements of many subjects that are to be judged, together. */
typedef struct gathering {
    run_vectors *vectors;
    uint32_t subjects[RUN_ITEMS], rows[RUN_ITEMS];
    uint16_t owners[RUN_ITEMS]; /* places among the subjects at hand */
    uint8_t limits[RUN_ITEMS];  /* whether each is admitted at all */
    size_t count;
    run_value *results; /* by place */
    bool *open;
    bool failed;
} gathering;

/* Elements of many subjects before they are looked at. */
typedef struct waiting {
    const run_gate *gate;
    size_t count;
    uint32_t subjects[RUN_ITEMS], rows[RUN_ITEMS];
    uint16_t owners[RUN_ITEMS];
    uint8_t limits[RUN_ITEMS];
    bool ordered[RUN_ITEMS];
    run_window windows[RUN_ITEMS]; /* by owner */
} waiting;

/* Where the window of the subject before lay, among the same lines: the next one's is seldom far. */
typedef struct places {
    const uint32_t *rows;
    size_t undated, start, end;
} places;

typedef struct walk {
    run_context *context;
    const plan_aggregate *aggregate;
    uint32_t index, line;
    run_window window;
    run_candidates found;
    run_value *result;
    bool open;
    size_t unknown; /* of distinct values */
    bool some;
    bool (*counted)(void *, uint32_t, run_truth);
    bool told_enough;     /* whoever is told of elements wants no more of them */
    run_worth worth;      /* which elements they are told of at all */
    gathering *gathering; /* NULL to judge each element at once */
    uint16_t owner;
    places *near;            /* NULL for nothing */
    run_own_day *day;        /* of a window that is the subject's own day; NULL for others */
    size_t self;             /* the subject's place among what was found; SIZE_MAX where it is not known */
    struct waiting *waiting; /* elements that are to pass a gate; NULL where there is none */
} walk;

bool run_judge_vectors(run_vectors *vectors, const run_context *context, const plan_aggregate *aggregate,
                       const uint32_t *subjects, const uint32_t *rows, size_t count, const run_vector **truths,
                       const run_vector **values)
{
    *truths = *values = NULL;
    if (aggregate->block == PLAN_NO_STEP) return true;
    const plan_block *block = &context->binding->plan->blocks.items[aggregate->block];
    const plan_step *last = &block->steps.items[block->steps.count - 1];
    run_vectors_begin(vectors, aggregate->block, subjects, rows, count);
    if (!run_vectors_run(vectors, NULL, 0)) return false;
    *truths = run_vectors_get(vectors, last->a);
    if (last->b != PLAN_NO_STEP) *values = run_vectors_get(vectors, last->b);
    return true;
}

run_element run_element_of(const run_vector *truths, const run_vector *values, size_t i)
{
    run_element element = {.state = RUN_PRESENT, .second_state = RUN_PRESENT, .truth = RUN_TRUE};
    if (truths != NULL) element.truth = truths->states[i];
    if (values != NULL) {
        element.state = values->states[i];
        element.bits = values->bits[i];
    }
    return element;
}

/* Judges what was gathered, and adds it to what its subjects have, in the order in which it came. */
static void judge_gathered(run_context *context, const plan_aggregate *aggregate, gathering *g)
{
    const run_vector *truths, *values;
    uint32_t scratch = context->scratch.count;
    size_t count = g->count;
    g->count = 0;
    if (!run_judge_vectors(g->vectors, context, aggregate, g->subjects, g->rows, count, &truths, &values)) {
        g->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        run_element element = run_element_of(truths, values, i);
        run_truth truth = run_truth_and(g->limits[i], element.truth);
        if (truth == RUN_FALSE) continue;
        run_tally(aggregate->kind, truth, &element, &g->results[g->owners[i]], &g->open[g->owners[i]]);
    }
    context->scratch.count = scratch;
}

static void gather(walk *w, uint32_t row, run_truth limit)
{
    gathering *g = w->gathering;
    if (w->aggregate->block == PLAN_NO_STEP) {
        const run_element element = {.state = RUN_PRESENT, .truth = RUN_TRUE};
        run_tally(w->aggregate->kind, limit, &element, &g->results[w->owner], &g->open[w->owner]);
        return;
    }
    g->subjects[g->count] = w->line;
    g->rows[g->count] = row;
    g->owners[g->count] = w->owner;
    g->limits[g->count++] = (uint8_t)limit;
    if (g->count == RUN_ITEMS) judge_gathered(w->context, w->aggregate, g);
}

/* A guest whom the store knows is that member, whatever was told of them beside it. */
static void as_member(const walk *w, run_element *element)
{
    const run_guest *guest = w->context->guest;
    if (guest == NULL || guest->member == RUN_NO_ROW) return;
    const plan_block *block = &w->context->binding->plan->blocks.items[w->aggregate->block];
    const plan_step *last = &block->steps.items[block->steps.count - 1];
    const lang_type *types[] = {last->b == PLAN_NO_STEP ? NULL : &block->steps.items[last->b].type,
                                last->c == PLAN_NO_STEP ? NULL : &block->steps.items[last->c].type};
    int64_t *values[] = {&element->bits, &element->second};
    for (int i = 0; i < 2; i++) {
        bool patient =
            types[i] != NULL && types[i]->kind == LANG_TYPE_RECORD && types[i]->detail == LANG_RECORD_patient;
        if (patient && *values[i] == (int64_t)guest->patient) *values[i] = guest->member;
    }
}

static void visit(walk *w, uint32_t row, run_truth truth)
{
    if (truth == RUN_FALSE) return;
    if (w->gathering != NULL) {
        gather(w, row, truth);
        return;
    }
    run_element element;
    truth = run_truth_and(truth, run_judge_element(w->context, w->index, w->line, row, &element));
    if (truth == RUN_FALSE) return;
    if (w->counted != NULL && !w->counted(w->context->counted_state, row, truth)) w->told_enough = true;
    if (w->aggregate->kind == PLAN_DISTINCT) {
        as_member(w, &element);
        remember(w->context, truth, &element, &w->unknown, &w->some);
    } else {
        run_tally(w->aggregate->kind, truth, &element, w->result, &w->open);
    }
}

/* An element of history whose day is one of the window's: what is left is where it stands. */
static run_truth in_order(const walk *w, uint32_t row)
{
    const uint32_t *position = w->context->binding->store->position;
    if (row == w->line) return w->window.before || w->aggregate->without_subject ? RUN_FALSE : RUN_TRUE;
    if (w->window.cut && position[row] > position[w->line]) return RUN_FALSE;
    if (w->window.forward && position[row] < position[w->line]) return RUN_FALSE;
    return as_service(w->context, w->aggregate, w->line, row, RUN_TRUE);
}

/* Where the elements of a window begin and end among those with a day. Nothing that stands behind the subject is in a window that is cut
 * there. */
static void find_places(const walk *w, places *near)
{
    const run_store *store = w->context->binding->store;
    bool known = w->near != NULL && w->near->rows == w->found.rows;
    int64_t past = w->window.to == INT64_MAX ? w->window.to : w->window.to + 1;
    if (known) *near = *w->near;
    if (!known) *near = (places){.rows = w->found.rows, .undated = run_first_on(store, &w->found, 0, INT64_MIN)};
    near->start = first_near(store, &w->found, near->undated, near->start, w->window.from);
    bool up_to_it = w->window.cut && w->self != SIZE_MAX && w->self >= near->start &&
                    run_store_bits(store, LANG_FIELD_line_date, w->line) <= w->window.to;
    near->end = up_to_it ? w->self + 1 : first_near(store, &w->found, near->start, near->end, past);
    if (w->near != NULL) *w->near = *near;
}

/* The same for the subject's own day, which is sought once for all that ask for it. */
static void find_day(const walk *w, places *near)
{
    run_own_day *day = w->day;
    if (!day->begins) {
        find_places(w, near);
        day->undated = (uint32_t)near->undated;
        day->start = (uint32_t)near->start;
        day->begins = true;
        day->ends = !w->window.cut;
        if (day->ends) day->end = (uint32_t)near->end;
        return;
    }
    bool up_to_it = w->window.cut && w->self != SIZE_MAX && w->self >= day->start;
    if (!up_to_it && !day->ends) {
        day->end =
            (uint32_t)first_near(w->context->binding->store, &w->found, day->start, day->start, w->window.to + 1);
        day->ends = true;
    }
    *near = (places){.rows = w->found.rows, .undated = day->undated, .start = day->start};
    near->end = up_to_it ? w->self + 1 : day->end;
}

/* Those of the elements that wait to whom the gate opens, in the order in which they came. */
static void let_in(walk *w)
{
    waiting *g = w->waiting;
    uint8_t open[RUN_ITEMS];
    const uint32_t line = w->line;
    const uint16_t owner = w->owner;
    const run_window window = w->window;
    run_gate_ask(g->gate, w->context, g->subjects, g->rows, g->count, open);
    for (size_t i = 0; i < g->count; i++) {
        if (!open[i]) continue;
        w->line = g->subjects[i];
        w->owner = g->owners[i];
        w->window = g->windows[w->owner];
        run_truth admits = g->ordered[i] ? in_order(w, g->rows[i])
                                         : run_admitted(w->context, w->aggregate, &w->window, w->line, g->rows[i]);
        visit(w, g->rows[i], run_truth_and(g->limits[i], admits));
    }
    g->count = 0;
    w->line = line;
    w->owner = owner;
    w->window = window;
}

/* An element of the window, by its day if `ordered`, or perhaps. */
static inline void wait(walk *w, uint32_t row, run_truth limit, bool ordered)
{
    waiting *g = w->waiting;
    size_t i = g->count++;
    g->subjects[i] = w->line;
    g->rows[i] = row;
    g->owners[i] = w->owner;
    g->limits[i] = (uint8_t)limit;
    g->ordered[i] = ordered;
    if (g->count == RUN_ITEMS) let_in(w);
}

/* Every element of the window. History is ordered by date, unknown dates first, and searched; the rest is walked. */
static void visit_window(walk *w, run_truth limit)
{
    size_t walked = w->found.count;
    places near = {.start = walked, .end = walked};
    if (w->window.known && w->aggregate->collection == LANG_COLLECTION_HISTORY) {
        if (w->day != NULL)
            find_day(w, &near);
        else
            find_places(w, &near);
        walked = near.undated;
    }
    for (size_t i = run_next_worth(&w->worth, 0, walked); i < walked && !w->told_enough;
         i = run_next_worth(&w->worth, i + 1, walked)) {
        uint32_t row = run_candidate(&w->found, i);
        if (w->waiting != NULL)
            wait(w, row, limit, false);
        else
            visit(w, row, run_truth_and(limit, run_admitted(w->context, w->aggregate, &w->window, w->line, row)));
    }
    for (size_t i = run_next_worth(&w->worth, near.start, near.end); i < near.end && !w->told_enough;
         i = run_next_worth(&w->worth, i + 1, near.end)) {
        uint32_t row = run_candidate(&w->found, i);
        if (w->waiting != NULL)
            wait(w, row, limit, true);
        else
            visit(w, row, run_truth_and(limit, in_order(w, row)));
    }
}

static bool periodic(const plan_aggregate *aggregate)
{
    return aggregate->window.kind == LANG_WINDOW_PERIOD_DAYS || aggregate->window.kind == LANG_WINDOW_PERIOD_MONTHS;
}

static bool extreme(const plan_aggregate *aggregate)
{
    return aggregate->kind == PLAN_MINIMUM || aggregate->kind == PLAN_MAXIMUM;
}

/* What is open has no upper bound, and no least or largest that is known. */
static void leave_open(const plan_aggregate *aggregate, run_value *result)
{
    if (extreme(aggregate))
        result->state = RUN_UNKNOWN;
    else
        result->high = INT64_MAX;
}

static int64_t period_end(const lang_window *window, int64_t begin)
{
    return window->kind == LANG_WINDOW_PERIOD_DAYS ? begin + window->length : run_add_months(begin, window->length);
}

/* Periods begin with the first service that counts and restart with the first after their end. Where all of it is known,
 * this is the first day of the one that holds the subject; false where something before the subject is not. */
static bool period_start(walk *w, int64_t date, int64_t *start)
{
    const run_store *store = w->context->binding->store;
    if (!w->found.complete) return false;
    run_window every = {.known = true, .from = BASE_DATE_MIN, .to = date, .cut = true, .before = w->window.before};
    int64_t begin = date, end = INT64_MIN;
    for (size_t i = 0; i < w->found.count; i++) {
        uint32_t row = run_candidate(&w->found, i);
        run_truth truth = run_admitted(w->context, w->aggregate, &every, w->line, row);
        run_element element;
        if (truth != RUN_FALSE)
            truth = run_truth_and(truth, run_judge_element(w->context, w->index, w->line, row, &element));
        if (truth == RUN_NEITHER) return false;
        if (truth == RUN_FALSE) continue;
        int64_t day = run_store_bits(store, LANG_FIELD_line_date, row);
        if (day < end) continue;
        begin = day;
        end = period_end(&w->aggregate->window, begin);
    }
    *start = date < end ? begin : date;
    return true;
}

/* Where the period's first day is not known, its own day is surely in it, and all of its length before perhaps. */
static void visit_period(walk *w, int64_t date)
{
    int64_t start;
    if (period_start(w, date, &start)) {
        w->window.from = start;
        visit_window(w, RUN_TRUE);
        return;
    }
    int64_t from = w->window.from;
    w->window.from = date;
    visit_window(w, RUN_TRUE);
    w->window.from = from + 1;
    w->window.to = date - 1;
    visit_window(w, RUN_NEITHER);
}

bool run_aggregate_told(run_context *context, uint32_t line, uint32_t index, int64_t bound, uint8_t bound_state,
                        run_value *result)
{
    const plan_aggregate *aggregate = &context->binding->plan->aggregates.items[index];
    *result = (run_value){0, 0, extreme(aggregate) ? RUN_ABSENT : RUN_PRESENT};
    walk w = {
        .context = context, .aggregate = aggregate, .index = index, .line = line, .result = result, .self = SIZE_MAX};
    run_find_window(context, aggregate, line, bound, bound_state, &w.window);
    run_collect(context, aggregate, line, &w.found);
    if (w.found.rows == NULL) w.found.rows = &w.found.alone;
    w.open = !w.found.complete;
    /* Sums say nothing of single elements, nor of changes that are tried. */
    bool sums = context->sweeps != NULL && context->counted == NULL && context->change_count == 0;
    if (sums && w.window.known &&
        (run_sweep(context, index, line, &w.window, &w.found, result, &w.open) ||
         run_classes_take(context, index, line, SIZE_MAX, &w.window, &w.found, result, &w.open)))
        return w.open;
    if (context->counted != NULL && context->change_count == 0 && w.window.known)
        w.worth = run_classes_worth(context, index, line, context->counted_doubts, &w.window, &w.found);
    uint32_t first_seen = context->seen.count;
    /* Elements may count themselves (in exceptions); only this aggregate's own are told of. */
    w.counted = context->counted;
    context->counted = NULL;
    if (periodic(aggregate) && w.window.known)
        visit_period(&w, run_store_bits(context->binding->store, LANG_FIELD_line_date, line));
    else
        visit_window(&w, RUN_TRUE);
    context->counted = w.counted;
    if (aggregate->kind == PLAN_DISTINCT) count_distinct(context, first_seen, w.unknown, w.some, result);
    return w.open;
}

void run_aggregate(run_context *context, uint32_t line, uint32_t index, int64_t bound, uint8_t bound_state,
                   run_value *result)
{
    if (run_aggregate_told(context, line, index, bound, bound_state, result))
        leave_open(&context->binding->plan->aggregates.items[index], result);
}

/* ---- many subjects ---- */

bool run_walks_alone(const plan_aggregate *aggregate)
{
    return aggregate->kind == PLAN_DISTINCT || periodic(aggregate);
}

/* Where a subject's elements are to be found, and its window. */
static void begin_walk(walk *w, run_together *t, size_t i, size_t count, const run_vector *bound)
{
    run_context *context = w->context;
    if (t != NULL)
        run_window_together(context, w->index, w->line, bound, i, &w->window);
    else
        run_find_window(context, w->aggregate, w->line, bound->bits[i], bound->states[i], &w->window);
    w->self = SIZE_MAX;
    bool own = t != NULL && w->window.known && w->aggregate->window.kind == LANG_WINDOW_SAME_DAY &&
               w->aggregate->window.given && w->window.from == w->window.to;
    w->day = own ? run_own_day_of(t, count, i) : NULL;
    if (t == NULL || t->members.member_of[i] == RUN_NO_MEMBER) {
        run_collect(context, w->aggregate, w->line, &w->found);
    } else {
        const run_patient *member = &t->members.items[t->members.member_of[i]];
        w->found = (run_candidates){member->rows, member->count, member->complete, w->line, SIZE_MAX};
        w->self = t->members.selves[i];
    }
    /* A single row is kept in what was found. */
    if (w->found.rows == NULL) w->found.rows = &w->found.alone;
    w->open = !w->found.complete;
}

/* Elements of those subjects that are left, judged together. */
static bool walk_all(run_context *context, run_vectors *vectors, uint32_t index, const uint32_t *lines,
                     const run_vector *bound, size_t count, run_value *results, const bool *done)
{
    bool open[RUN_ITEMS];
    const plan_aggregate *aggregate = &context->binding->plan->aggregates.items[index];
    gathering g = {.vectors = run_vectors_inner(vectors), .results = results, .open = open};
    places near = {0};
    bool of_member = aggregate->collection == LANG_COLLECTION_HISTORY && aggregate->key == LANG_HISTORY_MEMBER;
    run_together *t = of_member ? run_together_for(context, vectors, index, lines, count) : NULL;
    if (g.vectors == NULL || (of_member && t == NULL)) return false;
    walk w = {.context = context, .aggregate = aggregate, .index = index, .gathering = &g, .near = &near};
    waiting all;
    all.gate = run_gate_of(context, index);
    all.count = 0;
    if (all.gate != NULL) w.waiting = &all;
    bool paired[RUN_ITEMS];
    bool pairs = run_can_pair(aggregate, all.gate);
    if (pairs && !run_pair(context, g.vectors, index, all.gate, lines, bound, count, done, paired, results, open))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (done[i] || (pairs && paired[i])) continue;
        results[i] = (run_value){0, 0, extreme(aggregate) ? RUN_ABSENT : RUN_PRESENT};
        w.line = lines[i];
        w.owner = (uint16_t)i;
        begin_walk(&w, t, i, count, bound);
        open[i] = w.open;
        all.windows[i] = w.window;
        bool summed = w.window.known &&
                      run_classes_take(context, index, w.line, w.self, &w.window, &w.found, &results[i], &open[i]);
        if (!summed) visit_window(&w, RUN_TRUE);
    }
    if (w.waiting != NULL && all.count > 0) let_in(&w);
    if (g.count > 0) judge_gathered(context, aggregate, &g);
    for (size_t i = 0; i < count; i++) {
        if (!done[i] && open[i]) leave_open(aggregate, &results[i]);
    }
    return !g.failed;
}

bool run_aggregate_many(run_context *context, run_vectors *vectors, uint32_t index, const uint32_t *lines,
                        const run_vector *bound, size_t count, run_vector *to)
{
    const plan_aggregate *aggregate = &context->binding->plan->aggregates.items[index];
    run_value results[RUN_ITEMS];
    bool done[RUN_ITEMS] = {false};
    if (context->sweeps != NULL && run_can_sweep(context->sweeps, index) &&
        !run_sweep_together(context, vectors, index, lines, bound, count, to, done))
        return false;
    if (memchr(done, false, count) == NULL) return true;
    if (run_walks_alone(aggregate)) {
        uint32_t scratch = context->scratch.count;
        for (size_t i = 0; i < count; i++) {
            run_aggregate(context, lines[i], index, bound->bits[i], bound->states[i], &results[i]);
            context->scratch.count = scratch;
        }
    } else if (!walk_all(context, vectors, index, lines, bound, count, results, done)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (done[i]) continue;
        to->bits[i] = results[i].bits;
        to->high[i] = results[i].high;
        to->states[i] = results[i].state;
    }
    return true;
}
