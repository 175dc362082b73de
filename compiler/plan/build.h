/* What the plan builder's files share. Expects a checked program; produces the plan; leaves the tree as it is. */
#ifndef PLAN_BUILD_H
#define PLAN_BUILD_H

#include "compiler/plan/plan.h"

/* A value in bounds: two steps, the same one where the value is exact. */
typedef struct plan_value {
    uint32_t low;
    uint32_t high;
} plan_value;

typedef struct plan_known_step {
    uint64_t hash;
    uint32_t step; /* + 1; 0 for free */
} plan_known_step;

/* One block under construction. Equal steps are shared where the first of them surely ran: regions that a SKIP may
 * jump over are remembered, and a step is only shared with the regions inside its own. */
typedef struct plan_builder {
    plan_program *plan;
    base_arena *arena;
    uint32_t block;
    plan_known_step *known;
    size_t known_size;
    size_t known_count;
    BASE_ARRAY(bool) regions; /* whether each is open */
    uint32_t region;
    bool in_element;        /* a where or exception block: bare element paths mean frame 1 */
    uint32_t *aggregate_of; /* per counting expression met: see plan_aggregate_for */
} plan_builder;

bool plan_builder_init(plan_builder *builder, plan_program *plan, base_arena *arena);
uint32_t plan_emit(plan_builder *builder, plan_step step);
uint32_t plan_emit_simple(plan_builder *builder, plan_operation operation, uint32_t a, uint32_t b, lang_type type);
uint32_t plan_emit_number(plan_builder *builder, int64_t number, lang_type type);
uint32_t plan_emit_truth(plan_builder *builder, bool truth);
uint32_t plan_region_open(plan_builder *builder);
void plan_region_close(plan_builder *builder, uint32_t before);
uint32_t plan_symbol(plan_program *plan, const char *text);
plan_block *plan_block_at(plan_program *plan, uint32_t block);

uint32_t plan_subject_date(plan_builder *builder);
uint32_t plan_truth(plan_builder *builder, const lang_expression *expression);
plan_value plan_number(plan_builder *builder, const lang_expression *expression);
uint32_t plan_exact(plan_builder *builder, const lang_expression *expression);
uint32_t plan_membership(plan_builder *builder, const lang_expression *expression);
plan_value plan_quantified(plan_builder *builder, const lang_expression *expression);
uint32_t plan_counting_truth(plan_builder *builder, const lang_expression *expression);
uint32_t plan_compare(plan_builder *builder, lang_operator operator_kind, plan_value left, plan_value right);
plan_value plan_as(plan_builder *builder, plan_value value, lang_type from, lang_type to);

/* The aggregate of a counting expression. `exceptions` may hold conditions that excuse an element; `negated` counts
 * the elements that do not satisfy the `where`. */
uint32_t plan_aggregate_for(plan_builder *builder, const lang_expression *expression, const lang_clause *exceptions);
uint32_t plan_window_bound(plan_builder *builder, const lang_window *window);

bool plan_build_tables(plan_program *plan);
uint32_t plan_parameter_index(plan_program *plan, const lang_parameter *parameter);
uint32_t plan_set_index(plan_program *plan, const lang_code_set *set);

#define PLAN_TYPE(kind) ((lang_type){LANG_TYPE_##kind, 0, false, false})

#endif
