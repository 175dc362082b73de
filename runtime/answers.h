/* Answers of steps that follow from few fields, kept for a run: what was worked out for some values of them holds for all lines that
 * have the same. Steps that follow from the same fields share what is asked: where the values are kept is found once for all of them. Each
 * thread keeps its own. */
#ifndef RUN_ANSWERS_H
#define RUN_ANSWERS_H

#include "compiler/plan/kernels.h"
#include "runtime/vector.h"

/* A field that steps follow from, as it was read for the items at hand. */
typedef struct run_leaf {
    const int64_t *bits;
    const uint8_t *states;
    bool list, code; /* a list of codes; a code */
} run_leaf;

typedef struct run_answers run_answers;

/* None yet, for steps that follow from such fields, of which nothing is read here; NULL when memory runs out. */
run_answers *run_answers_new(base_arena *arena, const run_binding *binding, const run_leaf *leaves, size_t leaf_count);

/* Adds a step that follows from them and gives its number in `*step`; false when memory runs out. */
bool run_answers_add(run_answers *answers, uint32_t *step);

/* Whether it is worth asking: with other values each time, answers only cost. */
bool run_answers_help(const run_answers *answers);

/* Whether they do not help, but might with more room; and gives it to them, after which nothing is kept. False when memory runs out. */
bool run_answers_can_grow(const run_answers *answers);
bool run_answers_grow(run_answers *answers);

/* Where answers about up to RUN_ITEMS items are kept, or will be. */
typedef struct run_asked {
    uint64_t digests[RUN_ITEMS];
    uint32_t places[RUN_ITEMS];
    bool own[RUN_ITEMS]; /* the place is the item's: what steps give for it may be kept there */
} run_asked;

/* Asks about `count` items. Places of those that have none are made: what was kept there gives way. */
void run_answers_ask(run_answers *answers, const run_context *context, const run_leaf *leaves, size_t count,
                     run_asked *asked);

/* What a step gave for those items, as vectors have it. */
typedef struct run_answered {
    int64_t bits[RUN_ITEMS];
    uint8_t states[RUN_ITEMS];
    bool missing[RUN_ITEMS]; /* nothing is kept for the item */
} run_answered;

void run_answers_take(run_answers *answers, uint32_t step, const run_asked *asked, size_t count, run_answered *taken);

/* Keeps what a step gave for an item, if it has a place. */
void run_answers_put(run_answers *answers, uint32_t step, const run_asked *asked, size_t item, int64_t bits,
                     uint8_t state);

#endif
