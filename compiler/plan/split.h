/* A shape in parts: each comparison by itself, and the logic over what they say. Shapes that differ share most of them. */
#ifndef PLAN_SPLIT_H
#define PLAN_SPLIT_H

#include "compiler/plan/kernels.h"

enum { PLAN_PART_LIMIT = 24, PLAN_SPLIT_SLOTS = 30, PLAN_SPLIT_CONSTANTS = 60 };

/* A part is a shape of its own; which of the whole's slots and constants it takes for its own. */
typedef struct plan_part {
    plan_shape shape;
    uint8_t slots[PLAN_SPLIT_SLOTS], constants[PLAN_SPLIT_CONSTANTS];
} plan_part;

typedef struct plan_split {
    plan_part *parts; /* comparisons, and what is present of a sum: truths */
    uint32_t count;
    plan_shape logic; /* all of whose slots are truths */
    uint8_t sources[PLAN_SPLIT_SLOTS +
                    PLAN_PART_LIMIT]; /* by slot of the logic: a slot of the whole, or PLAN_SPLIT_SLOTS plus a part */
    uint8_t constants[PLAN_SPLIT_CONSTANTS]; /* by constant of the logic */
} plan_split;

/* Splits a shape; false where it has no comparison, or too much of something. */
bool plan_split_shape(base_arena *arena, const plan_shape *shape, plan_split *split);

#endif
