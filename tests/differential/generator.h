/* Random policies as texts and random encounters as stores, from a seed; and the comparison of the two evaluators. */
#ifndef TESTS_GENERATOR_H
#define TESTS_GENERATOR_H

#include "runtime/handles.h"

typedef struct generator {
    uint64_t state;
    base_text out;
    int depth;
    bool named;     /* the condition that a section names is in sight */
    bool whole;     /* quantities and minutes of the store at hand have no fractions */
    bool fractions; /* quantities of the policy at hand do */
} generator;

uint64_t generator_next(generator *g);
/* A number from 0 to limit - 1. */
uint32_t generator_below(generator *g, uint32_t limit);
bool generator_chance(generator *g, uint32_t percent);

/* The text of a policy; in the arena. */
const char *generate_layer(generator *g, base_arena *arena);
const char *generate_policy(generator *g, base_arena *arena);

/* Fills a store with `lines` lines to judge, history, and everything they refer to, in every mixture of present,
 * absent and unknown. */
bool generate_store(generator *g, run_store *store, uint32_t lines);

typedef struct comparison {
    size_t policies, rejected, lines, in_batches, changed, kernels, differences;
    size_t verdicts[5];
    char first_difference[256];
} comparison;

/* Generates one policy and `lines` encounters from a seed, judges them both ways, and adds to `total`. With a
 * `dump` file, the policy's text is written there. False when something other than a verdict went wrong. */
bool compare_once(uint64_t seed, uint32_t lines, comparison *total);

#endif
