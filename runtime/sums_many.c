/* Windows of many subjects, from running sums. */
#include "runtime/sums.h"

#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

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
static inline size_t next_from(const run_sums *m, size_t near, size_t count, int32_t day)
{
    enum { FAR = 64 };
    if (near > 0 && m->days[near - 1] >= day) return run_sums_first_on(m, 0, near, day);
    if (near + FAR < count && m->days[near + FAR] < day) return run_sums_first_from(m, near, count, day);
    return walk_to(m->days, near, count, day);
}

/* What a window comes to where all is certain, of which nothing behind `to` has a day, however it ends. */
static int64_t take_certain(const run_sums *m, const run_windows *windows, bool apart, size_t self, size_t from,
                            size_t to)
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
static inline bool find_abreast(const run_sums *m, size_t near, size_t count, const int32_t *from, uint32_t *places)
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
static void find_begins(const run_sums *m, size_t count, const int32_t *from, size_t subjects, uint32_t *places)
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
static void find_ends(const run_sums *m, size_t count, const int32_t *to, size_t subjects, uint32_t *places)
{
    size_t near = 0;
    for (size_t i = 0; i < subjects; i++) near = places[i] = (uint32_t)next_from(m, near, count, to[i] + 1);
}

/* The subjects of one member, of whom all is certain. */
static void take_all_certain(const plan_aggregate *aggregate, const run_sums *m, const run_windows *windows,
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
        if (!whole) stop = cut ? run_sums_first_on(m, begin, count, (int64_t)windows->to[first + i] + 1) : ends[i];
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
static void take_uncertain(const plan_aggregate *aggregate, const run_sums *m, const run_windows *windows,
                           const run_subject *subjects, size_t first, size_t end, const run_vector *results)
{
    size_t near = m->undated;
    for (size_t i = first; i < end; i++) {
        const run_subject *s = &subjects[i];
        run_value result;
        run_window window = {true, windows->from[i], windows->to[i], windows->cut, windows->before, windows->forward};
        bool open = !s->found.complete;
        run_sums_take(aggregate, m, &window, s->found.count, s->self, &near, &result, &open);
        results->bits[i] = result.bits;
        results->high[i] = open ? INT64_MAX : result.high;
    }
}

void run_sums_take_many(const plan_aggregate *aggregate, const run_sums *m, const run_windows *windows,
                        const run_subject *subjects, size_t first, size_t end, const run_vector *results)
{
    if (m->certain != NULL)
        take_all_certain(aggregate, m, windows, subjects, first, end, results);
    else
        take_uncertain(aggregate, m, windows, subjects, first, end, results);
}
