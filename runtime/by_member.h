/* Lines whose clauses ask for the history of their member are judged member by member: what is worked out for a member is then at hand for all
 * of the member's lines, however the file mixes them with those of others. */
#ifndef RUN_BY_MEMBER_H
#define RUN_BY_MEMBER_H

#include "runtime/batch.h"

/* Whether a work's lines are asked for what happened to their member before. */
bool run_asks_history(const plan_program *plan, const plan_kernels *kernels, const run_work *work);

/* Puts a work's lines, which stand in order, in the order of their members, those of one member as they stood; lines of whom nobody knows
 * whose they are come last. `rows` are those of the store by line. On so many threads; false when memory runs out. */
bool run_order_by_member(base_arena *arena, const run_store *store, const uint32_t *rows, uint32_t *lines, size_t count,
                         size_t threads);

/* How many of a work's lines, from `first` on and no more than `most`, go together: where that leaves at least half of them, up to the
 * last whole member. */
size_t run_whole_members(const run_store *store, const uint32_t *rows, const run_work *work, size_t first, size_t most);

/* Whether the histories that works ask for hold at least half of all lines. */
bool run_asks_most_histories(const run_schedule *schedule, const run_store *store, const uint32_t *rows);

#endif
