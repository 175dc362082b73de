/* Running sums over elements that stand in the order of their days: what a window counts is the difference of two. */
#include "runtime/sums.h"

#include <string.h>

size_t run_sums_size(size_t count, bool certain)
{
    return sizeof(run_sums) + (count + 1) * ((certain ? sizeof(int32_t) : sizeof(run_running)) + sizeof(int32_t));
}

run_sums *run_sums_at(void *memory, size_t count, bool certain)
{
    run_sums *m = memory;
    if (certain)
        m->certain = (int32_t *)(m + 1);
    else
        m->sums = (run_running *)(m + 1);
    m->days = certain ? m->certain + count + 1 : (int32_t *)(m->sums + count + 1);
    return m;
}

void run_sums_add(run_truth truth, bool known, int64_t amount, int64_t *low, int64_t *high, uint32_t *unknown)
{
    if (truth == RUN_FALSE) return;
    if (!known) {
        (*unknown)++;
        return;
    }
    if (truth == RUN_TRUE || amount < 0) *low += amount;
    if (truth == RUN_TRUE || amount > 0) *high += amount;
}

static inline void put_number(int32_t *place, int64_t number)
{
    __atomic_store_n(place, (int32_t)number, __ATOMIC_RELAXED);
}

bool run_sums_put_days(const run_context *context, const run_candidates *found, int32_t *days)
{
    const run_column *dates = &context->binding->store->columns[LANG_FIELD_line_date];
    for (size_t i = 0; i < found->count; i++) {
        uint32_t row = found->rows[i];
        if (dates->states[row] != RUN_PRESENT) return false;
        put_number(&days[i], run_column_narrow(dates)[row]);
    }
    return true;
}

/* Whether each of the elements counts as a service: what was found of them, made where nobody asked. */
static const uint8_t *standings_of(const run_context *context, const run_candidates *found, uint8_t room[RUN_ITEMS],
                                   size_t first, size_t count)
{
    const uint32_t *rows = found->rows + first;
    for (size_t i = 0; i < count; i++) room[i] = run_line_standing(context, rows[i]);
    return room;
}

/* Whether an element counts for none by its standing, and need not count for itself, which each does: only lines that the run judges are
 * subjects. */
static inline uint8_t shut_out(uint8_t standing, uint8_t stands)
{
    return (uint8_t)(stands >> 1 & ~(standing >> RUN_STANDING_JUDGED_BIT) & 1);
}

/* Which of some elements surely count, as 0 or 1; false where that is not certain of one. Which they are is not to be foreseen: no branch asks
 * for it. */
static bool find_counted(const run_counting *how, const run_judged *judged, const uint8_t *standings, size_t count,
                         uint8_t *restrict counted)
{
    const run_counting own = *how;
    const uint8_t *truths = judged->truths;
    uint8_t decided = 1;
    for (size_t i = 0; i < count; i++) {
        bool planned = own.ahead && (standings[i] & RUN_STANDING_PLANNED) != 0;
        uint8_t stands = (uint8_t)(planned ? RUN_TRUE : standings[i] >> own.shift & 3);
        uint8_t counts = (uint8_t)(truths[i] & stands & RUN_TRUE);
        decided &= (uint8_t)(counts | truths[i] >> 1 | shut_out(standings[i], stands));
        counted[i] = counts;
    }
    return decided != 0;
}

/* Running counts after `sum`. */
static void count_up(const uint8_t *counted, size_t count, int64_t *sum, int32_t *certain)
{
    int32_t all = (int32_t)*sum;
    for (size_t i = 0; i < count; i++) {
        all += counted[i];
        __atomic_store_n(&certain[i], all, __ATOMIC_RELAXED);
    }
    *sum = all;
}

/* What each of some elements adds, as far as all is certain of it; false where it is not. */
static bool find_amounts(const run_counting *how, const run_judged *judged, const uint8_t *standings, size_t count,
                         int64_t *restrict added)
{
    const run_counting own = *how;
    const uint8_t *truths = judged->truths, *states = judged->states;
    const int64_t *amounts = judged->amounts;
    unsigned decided = 1;
    for (size_t i = 0; i < count; i++) {
        unsigned truth = truths[i], stands = run_counts_as(&own, standings[i]);
        int64_t amount = amounts[i];
        unsigned known = (states[i] == RUN_PRESENT) & (amount <= RUN_SUMS_REACH) & (amount >= -RUN_SUMS_REACH);
        unsigned takes = truth & stands & RUN_TRUE & known;
        decided &= takes | truth >> 1 | shut_out(standings[i], (uint8_t)stands);
        added[i] = amount & -(int64_t)takes;
    }
    return decided != 0;
}

/* Running sums after `sum`, which so few amounts within reach cannot overflow; false where one is too large to be kept. */
static bool add_up(const int64_t *added, size_t count, int64_t *sum, int32_t *certain)
{
    int64_t all = *sum, beyond = 0;
    for (size_t i = 0; i < count; i++) {
        all += added[i];
        beyond |= all ^ (int32_t)all;
        put_number(&certain[i], all);
    }
    *sum = all;
    return beyond == 0;
}

run_judged run_judged_from(const run_judged *judged, size_t first)
{
    return (run_judged){judged->truths + first, judged->states + first, judged->amounts + first};
}

bool run_sums_certain(const run_context *context, const plan_aggregate *aggregate, const run_candidates *found,
                      const run_judged *judged, int32_t *certain)
{
    const run_counting how = run_counting_of(aggregate);
    bool counts = aggregate->kind == PLAN_COUNTS;
    int64_t sum = 0;
    for (size_t i = 0, part; i < found->count; i += part) {
        uint8_t room[RUN_ITEMS];
        part = found->count - i < RUN_ITEMS ? found->count - i : RUN_ITEMS;
        const uint8_t *standings = standings_of(context, found, room, i, part);
        const run_judged own = run_judged_from(judged, i);
        uint8_t counted[RUN_ITEMS];
        int64_t added[RUN_ITEMS];
        bool good = counts ? find_counted(&how, &own, standings, part, counted)
                           : find_amounts(&how, &own, standings, part, added);
        if (!good || (!counts && !add_up(added, part, &sum, certain + i + 1))) return false;
        if (counts) count_up(counted, part, &sum, certain + i + 1);
    }
    return true;
}

void run_sums_fill(const run_context *context, const plan_aggregate *aggregate, const run_candidates *found,
                   const run_judged *judged, run_sums *m)
{
    const run_store *store = context->binding->store;
    bool counts = aggregate->kind == PLAN_COUNTS;
    for (size_t i = 0; i < found->count; i++) {
        run_running *at = &m->sums[i], *next = at + 1;
        bool known = counts || judged->states[i] == RUN_PRESENT;
        at->own = (uint8_t)(judged->truths[i] | (known ? RUN_SUMS_KNOWN : 0));
        at->amount = counts ? 1 : known ? judged->amounts[i] : 0;
        if (at->amount > RUN_SUMS_REACH || at->amount < -RUN_SUMS_REACH) {
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
            run_sums_add(truth, known, at->amount, &next->low, &next->high, &next->unknown);
            continue;
        }
        /* It may be of any day: it counts perhaps. */
        m->undated = (uint32_t)i + 1;
        run_sums_add(run_truth_and(truth, RUN_NEITHER), known, at->amount, &m->undated_low, &m->undated_high,
                     &m->undated_unknown);
    }
}

size_t run_place_of(const run_store *store, const run_candidates *found, uint32_t line)
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

size_t run_sums_first_from(const run_sums *m, size_t near, size_t high, int64_t day)
{
    size_t step = 1, low = near;
    if (near > m->undated && m->days[near - 1] >= day) return run_sums_first_on(m, m->undated, near, day);
    while (low + step < high && m->days[low + step - 1] < day) {
        low += step;
        step *= 2;
    }
    return run_sums_first_on(m, low, low + step < high ? low + step : high, day);
}

/* Takes the subject as an element away, and adds it as the subject. */
static void count_itself(const run_sums *m, size_t self, bool itself, run_value *result, uint32_t *unknown)
{
    if (m->certain != NULL) {
        int64_t own = itself ? 0 : (int64_t)m->certain[self + 1] - m->certain[self];
        result->bits -= own;
        result->high -= own;
        return;
    }
    const run_running *own = &m->sums[self];
    result->bits -= own[1].low - own->low;
    result->high -= own[1].high - own->high;
    *unknown -= own[1].unknown - own->unknown;
    if (itself)
        run_sums_add((run_truth)(own->own & 3), (own->own & RUN_SUMS_KNOWN) != 0, own->amount, &result->bits,
                     &result->high, unknown);
}

void run_sums_take(const plan_aggregate *aggregate, const run_sums *m, const run_window *window, size_t count,
                   size_t self, size_t *near, run_value *result, bool *open)
{
    size_t from = *near = run_sums_first_from(m, *near < m->undated ? m->undated : *near, count, window->from);
    /* The subject's own day is in the window, as a rule: then those up to it are, too. */
    bool through = window->cut && m->days[self] <= window->to;
    size_t to = through ? self + 1 : run_sums_first_on(m, from, count, window->to + 1);
    if (window->cut && to > self + 1) to = self + 1;
    if (window->forward && from < self) from = self;
    if (from > to) from = to;
    uint32_t unknown;
    *result = run_sums_between(m, from, to, &unknown);
    if (self >= from && self < to)
        count_itself(m, self, !aggregate->without_subject && !window->before, result, &unknown);
    if (unknown > 0) *open = true;
}
