/* Judging all lines of a run by kernels, in batches, and what came of it, kept by line: bits of how policies stand to it and events
 * of clauses that do not simply pass. Memory follows lines and what they meet, not clauses that exist. */
#ifndef RUN_MANY_H
#define RUN_MANY_H

#include "runtime/batch.h"
#include "runtime/sweep.h"

typedef struct run_many {
    base_arena *arena;
    size_t line_count;
    run_schedule schedule;
    uint8_t *flags;     /* by line: RUN_LINE_... */
    uint32_t *batch_of; /* by line; PLAN_NO_STEP where it is not judged */
    uint16_t *place_in; /* by line: the place in its batch */
    size_t *starts;     /* by line, and one more: its events */
    run_event *events;  /* by line, then clause */
    base_arena *arenas; /* of the threads */
    size_t arena_count;
    run_sweeps *sweeps; /* of the run's members, which explaining asks again; NULL for none */
    uint8_t *standings; /* by line, of so many; NULL for none */
    uint32_t standing_count;
} run_many;

/* How to judge: lines of a batch (0 for the best number), threads (0 or 1: none beside this one), and machine code or NULL. */
typedef struct run_how {
    size_t batch, threads;
    const run_machine_code *code;
    struct run_kernel_code *kernels; /* or NULL */
    bool wait;                       /* for kernels' code, instead of interpreting meanwhile */
} run_how;

/* Judges lines; `rows` are their rows in the store, `judged` which of them are to be judged. The arena keeps the outcome; it must
 * be released by run_many_release before. False when memory runs out. */
bool run_judge_many(run_many *many, base_arena *arena, const run_binding *binding, const plan_kernels *kernels,
                    const uint32_t *rows, const bool *judged, size_t count, const run_how *how);
void run_many_release(run_many *many);

/* What a clause says of a line. */
adj_clause_verdict run_many_clause(const run_many *many, const plan_kernels *kernels, size_t line, uint32_t clause);

#endif
