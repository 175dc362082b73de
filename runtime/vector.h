/* Steps of a plan for many subjects at a time: each step once for up to RUN_ITEMS of them, one behind the other, so that what a step
 * is gets asked once for all, and memory is asked for before it is needed. What they give is what the interpreter gives for each:
 * steps that have no loop here are asked of it, item by item. */
#ifndef RUN_VECTOR_H
#define RUN_VECTOR_H

#include "runtime/context.h"

enum { RUN_ITEMS = 256 };

/* What one step gave, by item. */
typedef struct run_vector {
    bool truth;
    int64_t *bits;   /* of a truth without meaning */
    int64_t *high;   /* of an aggregate its upper bound, `bits` where all of it is certain; else NULL */
    uint8_t *states; /* of a truth the run_truth */
} run_vector;

/* The subjects at hand, and what was worked out for them; one for each thread. */
typedef struct run_vectors run_vectors;

run_vectors *run_vectors_new(const base_allocator *allocator, run_context *context);
void run_vectors_free(run_vectors *vectors);

/* Begins with subjects of a block; `elements` are the rows that are bound for them, NULL for none. Both are kept by reference. */
void run_vectors_begin(run_vectors *vectors, uint32_t block, const uint32_t *subjects, const uint32_t *elements,
                       size_t count);

/* Works steps out, each after those that it follows from; NULL for all that the block's RETURN follows from. What was worked out for these
 * subjects already is left. False when memory runs out. */
bool run_vectors_run(run_vectors *vectors, const uint32_t *steps, size_t count);

/* What a step gave that was worked out. */
const run_vector *run_vectors_get(const run_vectors *vectors, uint32_t step);
static inline run_value run_vector_value(const run_vector *vector, size_t item)
{
    if (vector->truth) return (run_value){vector->states[item], vector->states[item], RUN_PRESENT};
    int64_t bits = vector->bits[item];
    return (run_value){bits, vector->high == NULL ? bits : vector->high[item], vector->states[item]};
}

/* What whoever works on the same subjects keeps with them, of one size: zeros at first. NULL when memory runs out. */
void *run_vectors_keep(run_vectors *vectors, size_t size);

/* A number of the subjects at hand, which others have not. */
uint32_t run_vectors_mark(const run_vectors *vectors);

/* The same machinery one level down, for elements that an aggregate asks about; NULL when memory runs out. */
run_vectors *run_vectors_inner(run_vectors *vectors);

/* ---- what it asks of others, for many at a time ---- */

/* run_lookup of `count` items: `bits` and `states` by input, the day last, then by item. */
void run_lookup_many(run_context *context, uint32_t table, const int64_t *const *bits, const uint8_t *const *states,
                     size_t count, int64_t *rows, uint8_t *found);

/* run_aggregate of `count` subjects, into `results`, which have room; `bound` is the windows' own, unknown where they have none. False when memory runs out. */
bool run_aggregate_many(run_context *context, run_vectors *vectors, uint32_t aggregate, const uint32_t *lines,
                        const run_vector *bound, size_t count, run_vector *results);

/* One step of the interpreter, but LOOKUP, from its operands. */
run_value run_evaluate_step(run_context *context, const plan_block *block, const plan_step *step, const run_value *a,
                            const run_value *b, const run_value *c, uint32_t line, uint32_t element);

#endif
