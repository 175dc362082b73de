/* What aggregates over the histories of the same subjects share: where each stands among its member's lines, its day, and windows that follow from
 * the day alone. */
#ifndef RUN_TOGETHER_H
#define RUN_TOGETHER_H

#include "runtime/sweep.h"

/* Where the lines of a subject's own day stand among its member's, for all aggregates that ask for them. */
typedef struct run_own_day {
    uint32_t undated, start, end;
    bool begins, ends; /* which of them are known */
} run_own_day;

/* What all aggregates over the histories of the same subjects share; kept with their vectors, since elements have histories, too. */
typedef struct run_together {
    uint32_t mark; /* of the subjects there */
    uint64_t swept;
    int32_t days[RUN_ITEMS];     /* of subjects of members; the least number where it is not known */
    int32_t first_day, last_day; /* of them all; the first is the least number where one is not known */
    bool own_days_begun;
    run_own_day own_days[RUN_ITEMS];
    run_patients members;
    run_windows windows; /* of the aggregate at hand */
} run_together;

/* Of subjects at hand, found when it is first asked for; NULL when memory runs out. */
run_together *run_together_for(run_context *context, run_vectors *vectors, uint32_t aggregate, const uint32_t *lines,
                               size_t count);

/* What is known of a subject's own day, to be added to. */
run_own_day *run_own_day_of(run_together *together, size_t count, size_t item);

/* The window of a subject; `bound` is the aggregate's own bound by subject. Windows that take a calendar are kept by the day. */
void run_window_together(run_context *context, uint32_t aggregate, uint32_t line, const run_vector *bound, size_t item,
                         run_window *window);

/* Answers those whose windows running sums give, and notes them in `done`. False when memory runs out. */
bool run_sweep_together(run_context *context, run_vectors *vectors, uint32_t aggregate, const uint32_t *lines,
                        const run_vector *bound, size_t count, run_vector *results, bool *done);

#endif
