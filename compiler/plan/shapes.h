/* What kernels.c asks of shapes.c while it builds. */
#ifndef PLAN_SHAPES_H
#define PLAN_SHAPES_H

#include "compiler/plan/kernels.h"

/* The shapes of kernels, found by what they do. */
typedef struct plan_shape_table {
    base_arena *arena, *scratch;
    plan_kernels *kernels;
    uint32_t *buckets; /* shape + 1 */
    size_t bucket_count;
    BASE_ARRAY(uint32_t) next; /* by shape: of equal hash, + 1 */
} plan_shape_table;

/* Gives steps, whose operands are numbers of steps, registers: one is free again after the last step that reads it. */
/* Finds the scales of a plan's kernels; false when memory runs out. */
bool plan_find_scales(base_arena *arena, const plan_program *plan, plan_kernels *kernels);

void plan_place_registers(base_arena *scratch, plan_shape *shape);

/* The number of a shape, which is copied when it is new; 0 when memory runs out. */
uint32_t plan_intern_shape(plan_shape_table *table, plan_shape shape);

#endif
