/* Clauses and policies hold on some days: of what lines of one work may meet, each meets what holds on its own. */
#ifndef RUN_PERIODS_H
#define RUN_PERIODS_H

#include "runtime/batch.h"

/* The first and the last day on which a clause may apply: on all others it surely does not. */
lang_dates run_days_of_clause(const plan_program *plan, uint32_t clause);

/* The first and the last day of a policy, likewise. */
lang_dates run_days_of_policy(const plan_program *plan, uint32_t policy);

/* Lines of a work whose days are near each other, and the units of clauses that may apply on them. */
typedef struct run_period {
    size_t first, line_count; /* of the work's lines, which stand in the order of periods then */
    int64_t from, to;         /* days; the least and the largest number where those of lines are not known */
    const uint32_t *units;
    size_t unit_count;
} run_period;

typedef struct run_periods {
    run_period *items;
    size_t count; /* 0 where dividing the work gains too little */
} run_periods;

/* Divides a work's lines, at `lines`, by their days; `rows` are those of the store by line, `few` the lines that a period has at least. What
 * it finds is in the arena. False when memory runs out. */
bool run_find_periods(base_arena *arena, const run_context *context, const plan_kernels *kernels, const run_work *work,
                      uint32_t *lines, const uint32_t *rows, size_t few, run_periods *periods);

#endif
