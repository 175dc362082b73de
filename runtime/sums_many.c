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

/* Where the windows of the subjects of one member begin. */
static void find_begins(const run_sums *m, size_t count, const int32_t *from, size_t subjects, uint32_t *places)
{
    size_t near = 0;
    for (size_t i = 0; i < subjects; i++) near = places[i] = (uint32_t)next_from(m, near, count, from[i]);
}

/* Where those end that do not end with the subject; windows are never past the last day. */
static void find_ends(const run_sums *m, size_t count, const int32_t *to, size_t subjects, uint32_t *places)
{
    size_t near = 0;
    for (size_t i = 0; i < subjects; i++) near = places[i] = (uint32_t)next_from(m, near, count, to[i] + 1);
}

/* What the subjects of one member have at hand: places of a few are sought, those of many are found by the day. */
typedef struct taking {
    const run_sums *m;
    const run_windows *windows;
    const run_patient *member;
    const uint32_t *selves;
    size_t count; /* of subjects, from `first` on */
    size_t first;
    bool apart; /* the subject itself does not count */
    int64_t *sums;
} taking;

/* Which of a member's elements a map is of, and their days: all of them, or those around the subjects. */
typedef struct mapping {
    size_t first, end;
    int32_t first_day, last_day;
} mapping;

static mapping around(const taking *t)
{
    enum { DAYS = 400 }; /* as long as nearly all windows are */
    const run_sums *m = t->m;
    int32_t low = INT32_MAX, high = INT32_MIN;
    for (size_t i = 0; i < t->count; i++) {
        int32_t day = m->days[t->selves[i]];
        low = day < low ? day : low;
        high = day > high ? day : high;
    }
    low -= DAYS;
    high += DAYS;
    size_t count = t->member->count, first = run_sums_first_on(m, 0, count, low);
    return (mapping){first, run_sums_first_on(m, first, count, (int64_t)high + 1), low, high};
}

/* Writes more than asked for, which what comes next puts right: so how many there are is seldom asked. */
static inline void fill_places(uint16_t *places, size_t at, size_t end, size_t place)
{
    do {
        for (size_t k = 0; k < RUN_MAP_SLACK; k++) places[at + k] = (uint16_t)place;
        at += RUN_MAP_SLACK;
    } while (at < end);
}

/* Makes the map of a member's days: for each day the first place whose day is not before it. False where that does not pay. */
static bool map_days(const taking *t, run_patients *members, run_patient *member)
{
    enum { SPARSE = 16, LEAST = 4 };
    const int32_t *days = t->m->days;
    size_t count = member->count, most = 4 * t->count;
    member->map = RUN_MAP_NONE;
    if (count < LEAST || t->count < LEAST) return false;
    mapping of = {0, count, days[0], days[count - 1]};
    if (count > most) of = around(t);
    member->before = of.first > 0;
    member->after = of.end < count;
    if (!member->before) of.first_day = days[0];
    if (!member->after) of.last_day = days[count - 1];
    size_t own = of.end - of.first;
    int64_t span = (int64_t)of.last_day - of.first_day + 2;
    if (own > most || span > (int64_t)own * SPARSE || span > (int64_t)(RUN_MAP_ROOM - members->map_used)) return false;
    uint16_t *places = members->map + members->map_used;
    members->map_used += (size_t)span;
    size_t at = 0;
    for (size_t i = 0; i < own; i++) {
        size_t end = (size_t)(days[of.first + i] - of.first_day) + 1;
        if (end > at) fill_places(places, at, end, i);
        at = end > at ? end : at;
    }
    fill_places(places, at, (size_t)span, own);
    member->first_day = of.first_day;
    member->last_day = of.last_day;
    member->first_place = (uint32_t)of.first;
    member->places = places;
    member->map = RUN_MAP_MADE;
    return true;
}

/* Whether the map has the days of windows: what lies beyond its ends is known where there are no elements. */
static bool has_days(const taking *t, const int32_t *from, const int32_t *to)
{
    const run_patient *member = t->member;
    int32_t low = INT32_MAX, high = INT32_MIN;
    for (size_t i = 0; member->before && i < t->count; i++) low = from[i] < low ? from[i] : low;
    for (size_t i = 0; member->after && !t->windows->ends_with_day && i < t->count; i++)
        high = to[i] > high ? to[i] : high;
    return low >= member->first_day && high <= member->last_day;
}

static inline size_t mapped(const run_patient *member, int32_t day)
{
    int32_t first = member->first_day, last = member->last_day;
    int32_t near = day < first ? first : day > last ? last + 1 : day;
    return member->first_place + member->places[near - first];
}

/* Windows that end with the subject's own day: the elements up to itself. None of them begins later. */
static void take_up_to_it(const taking *t, const int32_t *from)
{
    const int32_t *certain = t->m->certain + (t->apart ? 0 : 1), *before = t->m->certain + t->member->first_place;
    const uint16_t *places = t->member->places;
    const uint32_t *selves = t->selves;
    const int32_t first = t->member->first_day;
    int64_t *sums = t->sums;
    for (size_t i = 0, count = t->count; i < count; i++) {
        int32_t near = from[i] < first ? first : from[i];
        sums[i] = (int64_t)certain[selves[i]] - before[places[near - first]];
    }
}

/* Windows of whole days, however they lie to the subject. */
static void take_whole_days(const taking *t, const int32_t *from, const int32_t *to)
{
    const int32_t *certain = t->m->certain;
    const run_patient member = *t->member;
    int64_t *sums = t->sums;
    for (size_t i = 0, count = t->count; i < count; i++)
        sums[i] = (int64_t)certain[mapped(&member, to[i] + 1)] - certain[mapped(&member, from[i])];
}

/* The same for any windows. */
static void take_mapped(const taking *t, const int32_t *from, const int32_t *to)
{
    const run_patient member = *t->member;
    for (size_t i = 0; i < t->count; i++)
        t->sums[i] = take_certain(t->m, t->windows, t->apart, t->selves[i], mapped(&member, from[i]),
                                  mapped(&member, to[i] + 1));
}

/* The same by searching. */
static void take_sought(const taking *t, const int32_t *from, const int32_t *to)
{
    uint32_t begins[RUN_ITEMS], ends[RUN_ITEMS];
    const run_sums *m = t->m;
    bool cut = t->windows->cut && !t->windows->forward;
    size_t count = t->member->count, behind = t->apart ? 0 : 1;
    find_begins(m, count, from, t->count, begins);
    if (!cut) find_ends(m, count, to, t->count, ends);
    for (size_t i = 0; i < t->count; i++) {
        size_t self = t->selves[i], begin = begins[i];
        /* As a rule a window ends with the subject. */
        bool whole = cut && (t->windows->ends_with_day || (m->days[self] <= to[i] && begin <= self));
        size_t stop = whole ? self + behind : 0;
        if (!whole) stop = cut ? run_sums_first_on(m, begin, count, (int64_t)to[i] + 1) : ends[i];
        t->sums[i] = whole ? (int64_t)m->certain[stop] - m->certain[begin]
                           : take_certain(m, t->windows, t->apart, self, begin, stop);
    }
}

/* The subjects of one member, of whom all is certain. */
static void take_all_certain(const taking *t, run_patients *members, run_patient *member, const run_vector *results)
{
    const int32_t *from = t->windows->from + t->first, *to = t->windows->to + t->first;
    bool made = member->map == RUN_MAP_MADE || (member->map == RUN_MAP_UNASKED && map_days(t, members, member));
    if (!made || !has_days(t, from, to))
        take_sought(t, from, to);
    else if (t->windows->ends_with_day)
        take_up_to_it(t, from);
    else if (!t->windows->cut && !t->windows->forward && !t->apart)
        take_whole_days(t, from, to);
    else
        take_mapped(t, from, to);
    for (size_t i = 0; !member->complete && i < t->count; i++) results->high[t->first + i] = INT64_MAX;
}

/* The same where something is not. */
static void take_uncertain(const plan_aggregate *aggregate, const taking *t, const run_vector *results)
{
    size_t near = t->m->undated;
    const run_windows *w = t->windows;
    for (size_t i = t->first; i < t->first + t->count; i++) {
        size_t self = t->selves[i - t->first];
        run_value result;
        int32_t to = w->ends_with_day ? t->m->days[self] : w->to[i];
        run_window window = {true, w->from[i], to, w->cut, w->before, w->forward};
        bool open = !t->member->complete;
        run_sums_take(aggregate, t->m, &window, t->member->count, self, &near, &result, &open);
        results->bits[i] = result.bits;
        results->high[i] = open ? INT64_MAX : result.high;
    }
}

void run_sums_take_many(const plan_aggregate *aggregate, const run_sums *m, const run_windows *windows,
                        run_patients *members, run_patient *member, size_t first, size_t end, const run_vector *results)
{
    const taking t = {.m = m,
                      .windows = windows,
                      .member = member,
                      .selves = members->selves + first,
                      .count = end - first,
                      .first = first,
                      .apart = aggregate->without_subject || windows->before,
                      .sums = results->bits + first};
    if (m->certain != NULL)
        take_all_certain(&t, members, member, results);
    else
        take_uncertain(aggregate, &t, results);
}
