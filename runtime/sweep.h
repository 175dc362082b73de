/* What aggregates are made of (aggregate.c), and counting windows from running sums instead of walking them (sweep.c). */
#ifndef RUN_SWEEP_H
#define RUN_SWEEP_H

#include "runtime/context.h"

/* A window on one subject: days [from, to], and up to which place in the order. */
typedef struct run_window {
    bool known; /* false: its days are unknown, everything may count */
    int64_t from, to;
    bool cut; /* only elements up to the subject, or before it */
    bool before;
    bool forward; /* only elements from the subject on */
} run_window;

/* The elements of a collection, and whether there may be others that nobody told us of. */
typedef struct run_candidates {
    const uint32_t *rows;
    size_t count;
    bool complete;
    uint32_t alone; /* storage for a single row */
} run_candidates;

/* Whether a line counts as a service at all: paid and submitted ones do, pending ones perhaps, denied ones don't. */
run_truth run_line_counts(const run_context *context, const plan_aggregate *aggregate, uint32_t line);

/* What an aggregate's `where` says of an element. */
run_truth run_judge_element(run_context *context, uint32_t index, uint32_t line, uint32_t row, run_element *element);

/* Running sums of a run's members, by what is summed; shared by its threads. */
typedef struct run_sweeps run_sweeps;
run_sweeps *run_sweeps_new(const base_allocator *allocator, const run_binding *binding);
void run_sweeps_free(run_sweeps *sweeps);

/* What an aggregate over a member's history comes to, from running sums: each element is judged once for all windows and all subjects of
 * that member. False where that cannot be done, or does not pay, and nothing is changed. */
bool run_sweep(run_context *context, uint32_t index, uint32_t line, const run_window *window,
               const run_candidates *found, run_value *result, bool *open);

#endif
