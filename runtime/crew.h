/* Tasks of a run, divided among threads. */
#ifndef RUN_CREW_H
#define RUN_CREW_H

#include "base/arena.h"

#include <stdint.h>

/* Does one item; `worker` is a number below that of the threads, the same for no two at a time. */
typedef bool (*run_task)(void *state, size_t worker, size_t item);

/* Has all items done by so many threads, this one among them, each taking some that follow each other: what is written for them lies
 * mixed, and threads should not write to it in turn. One that cannot be had leaves its share to the others. The arena is this thread's, for
 * the time of the call. False where any item failed; some may then be left. */
bool run_crew(base_arena *arena, size_t threads, size_t items, run_task task, void *state);

/* The same with one item at a time, in their order, so that an item may wait for those before it. */
bool run_crew_in_order(base_arena *arena, size_t threads, size_t items, run_task task, void *state);

/* In how many parts, of which each thread takes several, so many lines are gone through where what is found of a part is put together after:
 * in one where that would not pay. */
size_t run_parts_for(size_t count, size_t threads);

/* Where a part of so many lines begins; that behind the last begins at their end. */
static inline size_t run_part_begin(size_t part, size_t parts, size_t count)
{
    return part == parts ? count : count / parts * part;
}

/* Does the rows from `first` on, `end` left out. */
typedef bool (*run_rows_task)(void *state, size_t worker, uint32_t first, uint32_t end);

/* Has all rows done, some thousands of which are one item. */
bool run_crew_rows(base_arena *arena, size_t threads, uint32_t rows, run_rows_task task, void *state);

#endif
