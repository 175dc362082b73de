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
    uint32_t region;
} plan_known_step;

/* What a block needs while it is built, kept for the next one. */
typedef struct plan_spare {
    plan_known_step *known;
    size_t known_size;
    plan_step *steps;
    uint32_t step_capacity;
    const lang_expression **sources;
    uint32_t source_capacity;
    struct plan_spare *next;
} plan_spare;

/* One block under construction. Equal steps are shared where the first of them surely ran: regions that a SKIP may
 * jump over are remembered, and a step is only shared with the regions inside its own. */
typedef struct plan_builder {
    plan_program *plan;
    base_arena *arena;
    uint32_t block;
    plan_known_step *known;
    size_t known_size;
    size_t known_count;
    plan_spare *spare;  /* where that came from; NULL for new memory */
    bool keeps_sources; /* of a block that facts are told by: where each of its steps comes from */
    BASE_ARRAY(const lang_expression *) sources;
    BASE_ARRAY(bool) regions; /* whether each is open */
    uint32_t region;
    const lang_file *layer;   /* the policy whose overrides count; NULL for none */
    const plan_clause *group; /* the clauses being built: those that are judged for the same policies as this one */
    lang_record subject;      /* of frame 0 */
    bool measuring;  /* an absent value makes the comparison that asks for it false: the subject does not count */
    bool in_element; /* a where or exception block: bare element paths mean frame 1 */
} plan_builder;

bool plan_builder_init(plan_builder *builder, plan_program *plan, const lang_file *layer);

/* Ends a block, which gets just the memory it fills; what it was built in serves the next one. */
void plan_builder_done(plan_builder *builder);

/* Ends the block of an explanation, which is kept as bytes, in `folded` of its clause. */
bool plan_unfolded_init(plan_program *plan);
void plan_builder_fold(plan_builder *builder, const plan_explanation *explanation, plan_clause *clause);

/* The explanation of a clause and what its block is then, in the arena; NULL when memory runs out. */
const plan_explanation *plan_unfold(base_arena *arena, const plan_program *plan, const plan_clause *clause,
                                    plan_block *block);

/* The same memory to build in for the next block, where it is not too large. */
void plan_builder_give_back(plan_builder *builder, plan_step *steps, uint32_t capacity);

/* Ends the block that was begun last as if it had never been, with what was built in it. */
void plan_builder_drop(plan_builder *builder);

/* Whether two blocks do the same, wherever they come from. */
bool plan_same_block(const plan_program *plan, uint32_t a, uint32_t b);
uint64_t plan_block_digest(const plan_program *plan, uint32_t block);

/* Remembers numbers by two addresses; linear search would make large programs slow. */
typedef struct plan_map_entry {
    const void *a, *b;
    uint32_t kind, value; /* value + 1; 0 for free */
} plan_map_entry;

typedef struct plan_map {
    plan_map_entry *entries;
    size_t size, count;
} plan_map;

typedef enum plan_map_kind {
    PLAN_MAP_PARAMETER,
    PLAN_MAP_SET,
    PLAN_MAP_WRITTEN_SET, /* by a digest of what it holds */
    PLAN_MAP_AGGREGATE,
    PLAN_MAP_ALIKE_AGGREGATE, /* by a digest of what it counts */
    PLAN_MAP_CLAUSE
} plan_map_kind;
uint32_t plan_map_find(const plan_program *plan, plan_map_kind kind, const void *a, const void *b);
void plan_map_add(plan_program *plan, plan_map_kind kind, const void *a, const void *b, uint32_t value);

/* The highest of the policies that were asked for which judges a clause as a layer below it does; the layer itself, if none. */
const lang_file *plan_home(base_arena *arena, const lang_clause *clause, const lang_file *layer);

/* Layers (layers.c) */
const lang_code_set *plan_effective_set(plan_program *plan, const lang_file *layer, const lang_code_set *set);
const lang_table *plan_effective_table(const lang_file *layer, const lang_table *table);
uint32_t plan_scope(plan_builder *builder, const lang_file *policy);
uint32_t plan_payers(plan_builder *builder, const lang_file *policy);
uint32_t plan_on_dates(plan_builder *builder, lang_dates dates, lang_clock clock);
uint32_t plan_both(plan_builder *builder, uint32_t a, uint32_t b);
uint32_t plan_exception(plan_builder *builder, const lang_exception *exception);
bool plan_exception_reaches(const lang_exception *exception, const lang_file *policy);
uint32_t plan_denial_index(plan_program *plan, const lang_clause *clause, const lang_file *layer);
bool plan_build_measures(plan_program *plan);
uint32_t plan_clause_applies(plan_builder *builder, const lang_clause *clause, uint32_t applicable);
uint32_t plan_clause_requirement(plan_builder *builder, const lang_clause *clause);
uint32_t plan_clause_fails(plan_builder *builder, const lang_clause *clause, uint32_t requirement);
uint32_t plan_emit(plan_builder *builder, plan_step step);
uint32_t plan_emit_from(plan_builder *builder, plan_step step, const lang_expression *source);
uint32_t plan_emit_simple(plan_builder *builder, plan_operation operation, uint32_t a, uint32_t b, lang_type type);
uint32_t plan_emit_number(plan_builder *builder, int64_t number, lang_type type);
uint32_t plan_emit_truth(plan_builder *builder, bool truth);
uint32_t plan_region_open(plan_builder *builder);
void plan_region_close(plan_builder *builder, uint32_t before);
uint32_t plan_symbol(plan_program *plan, const char *text);
plan_block *plan_block_at(plan_program *plan, uint32_t block);

uint32_t plan_subject_date(plan_builder *builder);
uint32_t plan_clock_date(plan_builder *builder, lang_clock clock);
uint32_t plan_frame(plan_builder *builder, int64_t number, lang_record record);
uint32_t plan_load(plan_builder *builder, uint32_t row, lang_field field, const lang_expression *source);
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
/* The aggregate of that number; one that counts, where memory ran out before it was made. */
const plan_aggregate *plan_aggregate_at(const plan_program *plan, uint32_t aggregate);
uint32_t plan_window_bound(plan_builder *builder, const lang_window *window);

bool plan_build_tables(plan_program *plan);
uint32_t plan_parameter_index(plan_program *plan, const lang_parameter *parameter, const lang_file *layer);
uint32_t plan_set_index(plan_program *plan, const lang_code_set *set, const lang_file *layer);

#define PLAN_TYPE(kind) ((lang_type){LANG_TYPE_##kind, 0, false, false})

#endif
