/* Answers of a step that follows from few fields, kept for a run: what was worked out for some values of them holds for all lines that
 * have the same. Each thread keeps its own. */
#ifndef RUN_ANSWERS_H
#define RUN_ANSWERS_H

#include "compiler/plan/kernels.h"
#include "runtime/vector.h"

/* A field that the step follows from, as it was read for the items at hand. */
typedef struct run_leaf {
    const int64_t *bits;
    const uint8_t *states;
    bool list, code; /* a list of codes; a code */
} run_leaf;

typedef struct run_answers run_answers;

/* None yet, for a step that follows from such fields, with as much room as the last time was too little; NULL when memory runs out. */
run_answers *run_answers_new(base_arena *arena, const run_binding *binding, const run_leaf *leaves, size_t leaf_count,
                             const run_answers *last);

/* Whether it is worth asking: with other values each time, answers only cost. */
bool run_answers_help(const run_answers *answers);

/* Whether they do not help, but might with more room. */
bool run_answers_can_grow(const run_answers *answers);

/* What was asked about up to RUN_ITEMS items, and what was known. */
typedef struct run_asked {
    uint64_t digests[RUN_ITEMS];
    uint32_t places[RUN_ITEMS];
    bool missing[RUN_ITEMS]; /* nothing is kept for the item */
    int64_t bits[RUN_ITEMS]; /* what the step gave, as a vector has it */
    uint8_t states[RUN_ITEMS];
} run_asked;

/* Asks about `count` items. */
void run_answers_ask(run_answers *answers, const run_context *context, const run_leaf *leaves, size_t leaf_count,
                     size_t count, run_asked *asked);

enum { RUN_NO_ANSWER = UINT32_MAX };

/* Makes a place for the answer about an item that is missing; RUN_NO_ANSWER where its lists are too long. Until something is put there it
 * counts as none. Where two items share a place, the later one has it: what is put is put in the order in which places were made. */
uint32_t run_answers_place(run_answers *answers, const run_context *context, const run_leaf *leaves, size_t leaf_count,
                           size_t item, const run_asked *asked);

/* Keeps what the step gave. */
void run_answers_put(run_answers *answers, uint32_t place, int64_t bits, uint8_t state);

#endif
