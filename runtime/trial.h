/* Trying changes out: what of a plan follows from a field that a biller may change, so that nothing else is worked out again. */
#ifndef RUN_TRIAL_H
#define RUN_TRIAL_H

#include "runtime/handles.h"

/* Fields that may be changed, as bits. */
enum { RUN_BY_AUTHORIZATION = 1, RUN_BY_PLACE = 2, RUN_BY_MODIFIERS = 4, RUN_BY_ANY = 7 };

/* The bits of changes; of a field that has none of its own, all. */
uint8_t run_changed_by(const run_change *changes, size_t count);

/* By step of a block, the changes that it follows from: of the line at hand or of any other row. Kept by the context; NULL when memory
 * runs out. */
const uint8_t *run_follows(run_context *context, uint32_t block);

/* Steps of a block in their order. */
typedef struct run_cone {
    uint32_t *steps;
    uint32_t count;
} run_cone;

/* A step and all that it follows from, from the arena; none when memory runs out. */
run_cone run_cone_of(const run_context *context, base_arena *arena, uint32_t block, uint32_t step);

/* How policies stand to a line: the bytes after those of clauses, which are left alone. False when memory runs out. */
bool run_judge_scopes(run_context *context, uint32_t line, uint8_t *verdicts);

/* What changes may alter: the clauses that were judged again, and what they came to, after waivers. `verdicts` has a byte for each clause of the
 * plan, of which those of these clauses alone mean anything, and then how each policy stands to the line. Lives until the context judges
 * again. */
typedef struct run_altered {
    const uint32_t *clauses;
    size_t count;
    const uint8_t *verdicts;
} run_altered;

/* Judges a line with the context's changes: verdicts that follow from none of them are not asked for. How long that takes does not depend on
 * how many clauses there are beside those that the line meets. False when memory runs out. */
bool run_judge_changed(run_context *context, uint32_t line, run_altered *altered);

/* The verdict of the line with what was altered. */
adj_verdict run_altered_verdict(run_context *context, uint32_t line, const run_verdicts *before,
                                const run_altered *altered);

#endif
