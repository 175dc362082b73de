/* Running sums over elements that stand in the order of their days, those without one first: what a window counts is the difference of
 * two of them. Whose elements they are, and who keeps them, is the matter of sweep.c and classes.c. */
#ifndef RUN_SUMS_H
#define RUN_SUMS_H

#include "runtime/sweep.h"

/* Sums of amounts up to this cannot overflow. */
#define RUN_SUMS_REACH (INT64_C(1) << 40)

/* Sums over the elements before a place, of those that have a day. */
typedef struct run_running {
    int64_t low, high;
    uint32_t unknown; /* elements that may count and whose amount nobody told */
    uint8_t own;      /* of the element at the place, as a subject: its truth, and RUN_SUMS_KNOWN where its amount is */
    int64_t amount;
} run_running;

enum { RUN_SUMS_KNOWN = 4 };

/* Of some elements. Where all of it is certain, as it is for most, sums are single numbers of 32 bits. Threads that come to the same elements
 * at once write the same numbers to the same places. */
typedef struct run_sums {
    uint32_t undated; /* elements without a day stand first */
    bool beyond;      /* some amount is out of reach: to be walked */
    int64_t undated_low, undated_high;
    uint32_t undated_unknown;
    int32_t *days;
    int32_t *certain; /* NULL where something is not; one more than elements, like the sums */
    run_running *sums;
} run_sums;

/* How many bytes the sums of so many elements take, certain ones or others; and such sums in as many bytes of zeros. */
size_t run_sums_size(size_t count, bool certain);
run_sums *run_sums_at(void *memory, size_t count, bool certain);

/* Part of what was judged. */
run_judged run_judged_from(const run_judged *judged, size_t first);

/* Puts the days of elements; false where one has none. */
bool run_sums_put_days(const run_context *context, const run_candidates *found, int32_t *days);

/* Sums up elements of which all is certain; false where something is not. */
bool run_sums_certain(const run_context *context, const plan_aggregate *aggregate, const run_candidates *found,
                      const run_judged *judged, int32_t *certain);

/* Sums up any elements, and puts their days. */
void run_sums_fill(const run_context *context, const plan_aggregate *aggregate, const run_candidates *found,
                   const run_judged *judged, run_sums *m);

/* Adds an element that counts, surely or perhaps; as `tally` of aggregate.c does it. */
void run_sums_add(run_truth truth, bool known, int64_t amount, int64_t *low, int64_t *high, uint32_t *unknown);

/* The first place at or after `low` whose day is not before `day`. */
static inline size_t run_sums_first_on(const run_sums *m, size_t low, size_t high, int64_t day)
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

/* The same close to `near`, where the day sought lies for a subject soon after another one. */
size_t run_sums_first_from(const run_sums *m, size_t near, size_t high, int64_t day);

/* The place of a line among elements. */
size_t run_place_of(const run_store *store, const run_candidates *found, uint32_t line);

/* What stands between two places, and what may have any day. */
static inline run_value run_sums_between(const run_sums *m, size_t from, size_t to, uint32_t *unknown)
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

/* What a window comes to. `near` is a place that its beginning may be close to, and becomes that. */
void run_sums_take(const plan_aggregate *aggregate, const run_sums *m, const run_window *window, size_t count,
                   size_t self, size_t *near, run_value *result, bool *open);

/* The same for the subjects from `first` to `end`, which are all of a member. Where sums and elements are certain, upper bounds are not
 * written: they are the lower ones. */
void run_sums_take_many(const plan_aggregate *aggregate, const run_sums *m, const run_windows *windows,
                        run_patients *members, run_patient *member, size_t first, size_t end,
                        const run_vector *results);

/* Whether sums can answer a window: those past the last day, as after an addition of many months, are left to the walk. */
static inline bool run_sums_can_take(const run_window *window)
{
    return window->known && window->to < INT32_MAX && window->from > INT32_MIN;
}

#endif
