/* The plan builder's driver: policies and their clauses to blocks; and the sharing of equal steps. */
#include "compiler/plan/build.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

plan_block *plan_block_at(plan_program *plan, uint32_t block)
{
    return &plan->blocks.items[block];
}

static bool grow_known(plan_builder *builder)
{
    size_t size = builder->known_size == 0 ? 64 : builder->known_size * 2;
    plan_known_step *known = base_arena_alloc(builder->arena, size * sizeof *known);
    if (known == NULL) return false;
    for (size_t i = 0; i < builder->known_size; i++) {
        if (builder->known[i].step == 0) continue;
        size_t slot = (size_t)builder->known[i].hash & (size - 1);
        while (known[slot].step != 0) slot = (slot + 1) & (size - 1);
        known[slot] = builder->known[i];
    }
    builder->known = known;
    builder->known_size = size;
    return true;
}

bool plan_builder_init(plan_builder *builder, plan_program *plan, base_arena *arena)
{
    *builder = (plan_builder){.plan = plan, .arena = arena};
    plan_block *block = BASE_PUSH(arena, &plan->blocks);
    bool *region = BASE_PUSH(arena, &builder->regions);
    if (block == NULL || region == NULL) return false;
    builder->block = (uint32_t)(plan->blocks.count - 1);
    *region = true;
    return grow_known(builder);
}

uint32_t plan_region_open(plan_builder *builder)
{
    uint32_t before = builder->region;
    bool *region = BASE_PUSH(builder->arena, &builder->regions);
    if (region == NULL) return before;
    *region = true;
    builder->region = (uint32_t)(builder->regions.count - 1);
    return before;
}

void plan_region_close(plan_builder *builder, uint32_t before)
{
    if (builder->region != before) builder->regions.items[builder->region] = false;
    builder->region = before;
}

static bool same_step(const plan_step *x, const plan_step *y)
{
    return x->operation == y->operation && x->a == y->a && x->b == y->b && x->c == y->c && x->detail == y->detail &&
           x->number == y->number && x->type.kind == y->type.kind;
}

static bool shareable(plan_operation operation)
{
    return operation != PLAN_SKIP && operation != PLAN_VERDICT && operation != PLAN_SCOPE && operation != PLAN_RETURN &&
           operation != PLAN_LOOKUP;
}

uint32_t plan_emit(plan_builder *builder, plan_step step)
{
    uint64_t key[6] = {(uint64_t)step.operation, ((uint64_t)step.a << 32) | step.b, step.c, step.detail,
                       (uint64_t)step.number,    (uint64_t)step.type.kind};
    uint64_t hash = XXH3_64bits(key, sizeof key);
    plan_block *block = plan_block_at(builder->plan, builder->block);
    size_t slot = (size_t)hash & (builder->known_size - 1);
    for (; shareable(step.operation) && builder->known[slot].step != 0; slot = (slot + 1) & (builder->known_size - 1)) {
        if (builder->known[slot].hash != hash) continue;
        const plan_step *old = &block->steps.items[builder->known[slot].step - 1];
        if (same_step(old, &step) && builder->regions.items[old->region]) return builder->known[slot].step - 1;
    }
    step.region = builder->region;
    plan_step *added = BASE_PUSH(builder->arena, &block->steps);
    if (added == NULL) return 0;
    *added = step;
    uint32_t index = (uint32_t)(block->steps.count - 1);
    if (!shareable(step.operation)) return index;
    builder->known[slot] = (plan_known_step){hash, index + 1};
    builder->known_count++;
    if (builder->known_count * 2 > builder->known_size && !grow_known(builder)) builder->known_count = 0;
    return index;
}

uint32_t plan_emit_simple(plan_builder *builder, plan_operation operation, uint32_t a, uint32_t b, lang_type type)
{
    return plan_emit(builder, (plan_step){.operation = operation, .a = a, .b = b, .c = PLAN_NO_STEP, .type = type});
}

uint32_t plan_emit_number(plan_builder *builder, int64_t number, lang_type type)
{
    return plan_emit(builder, (plan_step){.operation = PLAN_NUMBER,
                                          .a = PLAN_NO_STEP,
                                          .b = PLAN_NO_STEP,
                                          .c = PLAN_NO_STEP,
                                          .number = number,
                                          .type = type});
}

uint32_t plan_emit_truth(plan_builder *builder, bool truth)
{
    return plan_emit(builder, (plan_step){.operation = PLAN_TRUTH,
                                          .a = PLAN_NO_STEP,
                                          .b = PLAN_NO_STEP,
                                          .c = PLAN_NO_STEP,
                                          .number = truth ? 1 : 2,
                                          .type = PLAN_TYPE(TRUTH)});
}

uint32_t plan_symbol(plan_program *plan, const char *text)
{
    for (size_t i = 0; i < plan->symbols.count; i++) {
        if (strcmp(plan->symbols.items[i], text) == 0) return (uint32_t)i;
    }
    const char **slot = BASE_PUSH(plan->arena, &plan->symbols);
    if (slot == NULL) return 0;
    *slot = text;
    return (uint32_t)(plan->symbols.count - 1);
}

static uint32_t both(plan_builder *builder, uint32_t a, uint32_t b)
{
    if (a == PLAN_NO_STEP) return b;
    if (b == PLAN_NO_STEP || a == b) return a;
    return plan_emit_simple(builder, PLAN_AND, a, b, PLAN_TYPE(TRUTH));
}

static uint32_t any_text(plan_builder *builder, lang_field field, const lang_name *names, size_t count)
{
    uint32_t result = PLAN_NO_STEP;
    uint32_t row = plan_emit(builder, (plan_step){.operation = PLAN_FRAME,
                                                  .a = PLAN_NO_STEP,
                                                  .b = PLAN_NO_STEP,
                                                  .c = PLAN_NO_STEP,
                                                  .type = {LANG_TYPE_RECORD, LANG_RECORD_line, 0, 0}});
    uint32_t value = plan_emit(builder, (plan_step){.operation = PLAN_LOAD,
                                                    .a = row,
                                                    .b = PLAN_NO_STEP,
                                                    .c = PLAN_NO_STEP,
                                                    .detail = (uint32_t)field,
                                                    .type = PLAN_TYPE(TEXT)});
    for (size_t i = 0; i < count; i++) {
        uint32_t text = plan_emit(builder, (plan_step){.operation = PLAN_SYMBOL,
                                                       .a = PLAN_NO_STEP,
                                                       .b = PLAN_NO_STEP,
                                                       .c = PLAN_NO_STEP,
                                                       .type = PLAN_TYPE(TEXT),
                                                       .number = plan_symbol(builder->plan, names[i].text)});
        uint32_t equal = plan_emit_simple(builder, PLAN_EQUAL, value, text, PLAN_TYPE(TRUTH));
        result = result == PLAN_NO_STEP ? equal : plan_emit_simple(builder, PLAN_OR, result, equal, PLAN_TYPE(TRUTH));
    }
    return result;
}

static uint32_t on_dates(plan_builder *builder, lang_dates dates)
{
    uint32_t date = plan_subject_date(builder);
    uint32_t from = plan_emit_number(builder, dates.from, PLAN_TYPE(DATE));
    uint32_t to = plan_emit_number(builder, dates.to, PLAN_TYPE(DATE));
    return both(builder, plan_emit_simple(builder, PLAN_AT_MOST, from, date, PLAN_TYPE(TRUTH)),
                plan_emit_simple(builder, PLAN_AT_MOST, date, to, PLAN_TYPE(TRUTH)));
}

static uint32_t emit_skip(plan_builder *builder, uint32_t unless)
{
    return plan_emit(
        builder,
        (plan_step){
            .operation = PLAN_SKIP, .a = unless, .b = PLAN_NO_STEP, .c = PLAN_NO_STEP, .type = PLAN_TYPE(TRUTH)});
}

static void land(plan_builder *builder, uint32_t skip)
{
    plan_block *block = plan_block_at(builder->plan, builder->block);
    if (skip < block->steps.count) block->steps.items[skip].number = (int64_t)block->steps.count;
}

/* fails = not requirement and no exception; for `forbid exists other`, per element. */
static uint32_t failing(plan_builder *builder, const lang_clause *clause, uint32_t requirement)
{
    lang_type truth = PLAN_TYPE(TRUTH);
    if (clause->binding != NULL && clause->exceptions.count > 0) {
        uint32_t aggregate = plan_aggregate_for(builder, clause->binding, clause);
        uint32_t count =
            plan_emit(builder, (plan_step){.operation = PLAN_AGGREGATE,
                                           .a = plan_window_bound(builder, &clause->binding->as.quantified.window),
                                           .b = PLAN_NO_STEP,
                                           .c = PLAN_NO_STEP,
                                           .number = aggregate,
                                           .type = PLAN_TYPE(COUNT),
                                           .source = clause->binding});
        uint32_t upper = plan_emit_simple(builder, PLAN_UPPER, count, PLAN_NO_STEP, PLAN_TYPE(COUNT));
        uint32_t one = plan_emit_number(builder, 1, PLAN_TYPE(COUNT));
        return plan_compare(builder, LANG_AT_LEAST, (plan_value){count, upper}, (plan_value){one, one});
    }
    uint32_t fails = plan_emit_simple(builder, PLAN_NOT, requirement, PLAN_NO_STEP, truth);
    for (size_t i = 0; i < clause->exceptions.count; i++) {
        uint32_t excuse = plan_truth(builder, clause->exceptions.items[i].condition);
        fails = both(builder, fails, plan_emit_simple(builder, PLAN_NOT, excuse, PLAN_NO_STEP, truth));
    }
    return fails;
}

static uint32_t requirement_of(plan_builder *builder, const lang_clause *clause)
{
    uint32_t requirement = plan_truth(builder, clause->requirement);
    if (!clause->forbid) return requirement;
    return plan_emit_simple(builder, PLAN_NOT, requirement, PLAN_NO_STEP, PLAN_TYPE(TRUTH));
}

static void build_clause(plan_builder *builder, const lang_clause *clause, uint32_t applicable)
{
    bool dated = clause->dates.from != BASE_DATE_MIN || clause->dates.to != BASE_DATE_MAX;
    if (dated) applicable = both(builder, applicable, on_dates(builder, clause->dates));
    uint32_t before = plan_region_open(builder);
    uint32_t skips[2] = {PLAN_NO_STEP, PLAN_NO_STEP};
    if (dated) skips[0] = emit_skip(builder, applicable);
    for (size_t i = 0; i < clause->whens.count; i++) {
        applicable = both(builder, applicable, plan_truth(builder, clause->whens.items[i]));
    }
    if (clause->whens.count > 0) skips[1] = emit_skip(builder, applicable);
    uint32_t requirement = requirement_of(builder, clause);
    uint32_t fails = failing(builder, clause, requirement);
    plan_emit(builder, (plan_step){.operation = PLAN_VERDICT,
                                   .a = applicable,
                                   .b = requirement,
                                   .c = fails,
                                   .number = (int64_t)clause->index,
                                   .type = PLAN_TYPE(TRUTH)});
    for (size_t i = 0; i < 2; i++) {
        if (skips[i] != PLAN_NO_STEP) land(builder, skips[i]);
    }
    plan_region_close(builder, before);
}

static void build_section(plan_builder *builder, const lang_file *file, const lang_section *section,
                          uint32_t applicable)
{
    uint32_t before = plan_region_open(builder), skip = PLAN_NO_STEP;
    for (size_t i = 0; section != NULL && i < section->wheres.count; i++) {
        applicable = both(builder, applicable, plan_truth(builder, section->wheres.items[i]));
    }
    if (section != NULL && section->wheres.count > 0) skip = emit_skip(builder, applicable);
    for (size_t i = 0; i < file->clauses.count; i++) {
        if (file->clauses.items[i]->section == section) build_clause(builder, file->clauses.items[i], applicable);
    }
    if (skip != PLAN_NO_STEP) land(builder, skip);
    plan_region_close(builder, before);
}

static void build_policy(plan_program *plan, const lang_file *file)
{
    plan_policy *policy = BASE_PUSH(plan->arena, &plan->policies);
    plan_builder builder;
    if (policy == NULL || !plan_builder_init(&builder, plan, plan->arena)) return;
    uint32_t index = (uint32_t)(plan->policies.count - 1);
    *policy = (plan_policy){.source = file, .block = builder.block, .clause_count = (uint32_t)file->clauses.count};
    if (file->clauses.count > 0) policy->first_clause = (uint32_t)file->clauses.items[0]->index;
    uint32_t payer = file->payers.count == 0
                         ? plan_emit_truth(&builder, true)
                         : any_text(&builder, LANG_FIELD_line_payer, file->payers.items, file->payers.count);
    if (file->plans.count > 0) {
        payer = both(&builder, payer, any_text(&builder, LANG_FIELD_line_plan, file->plans.items, file->plans.count));
    }
    uint32_t dates = on_dates(&builder, file->dates);
    plan_emit(&builder, (plan_step){.operation = PLAN_SCOPE,
                                    .a = payer,
                                    .b = dates,
                                    .c = PLAN_NO_STEP,
                                    .number = index,
                                    .type = PLAN_TYPE(TRUTH)});
    uint32_t applicable = both(&builder, payer, dates);
    uint32_t before = plan_region_open(&builder);
    uint32_t skip = emit_skip(&builder, applicable);
    build_section(&builder, file, NULL, applicable);
    for (size_t i = 0; i < file->sections.count; i++)
        build_section(&builder, file, file->sections.items[i], applicable);
    land(&builder, skip);
    plan_region_close(&builder, before);
    for (size_t i = 0; i < file->clauses.count && file->clauses.items[i]->index < plan->clauses.count; i++) {
        plan->clauses.items[file->clauses.items[i]->index].policy = index;
    }
}

static void push_step(plan_program *plan, plan_step_list *steps, uint32_t step)
{
    uint32_t *slot = BASE_PUSH(plan->arena, steps);
    if (slot != NULL) *slot = step;
}

/* What a message shows: the clause's one count, and the values of its holes. */
static void build_message(plan_builder *builder, const lang_clause *source, plan_clause *clause)
{
    plan_program *plan = builder->plan;
    const lang_expression *counting = source->counting;
    if (counting != NULL) {
        uint32_t aggregate = plan_aggregate_for(builder, counting, NULL);
        plan_step step = {.operation = PLAN_AGGREGATE, .b = PLAN_NO_STEP, .c = PLAN_NO_STEP, .number = aggregate};
        step.a = plan_window_bound(builder, &counting->as.quantified.window);
        step.type = plan->aggregates.items[aggregate].type;
        step.source = counting;
        clause->counting_step = plan_emit(builder, step);
    }
    for (size_t i = 0; i < source->pieces.count; i++) {
        const lang_expression *hole = source->pieces.items[i].hole;
        bool counter = hole == NULL || (hole->kind == LANG_PATH && hole->as.path.base == LANG_BASE_COUNT);
        uint32_t step = PLAN_NO_STEP;
        if (!counter) {
            bool truth = hole->type.kind == LANG_TYPE_TRUTH && hole->kind != LANG_PATH;
            step = truth ? plan_truth(builder, hole) : plan_number(builder, hole).low;
        }
        push_step(plan, &clause->hole_steps, step);
    }
}

/* The logic of one clause without skips, and the values of its message's holes. */
static void build_explanation(plan_program *plan, const lang_clause *source)
{
    plan_builder builder;
    if (source->index >= plan->clauses.count || !plan_builder_init(&builder, plan, plan->arena)) return;
    plan_clause clause = {.source = source,
                          .explain_block = builder.block,
                          .counting_step = PLAN_NO_STEP,
                          .binding_aggregate = PLAN_NO_STEP};
    clause.policy = plan->clauses.items[source->index].policy;
    const lang_section *section = source->section;
    for (size_t i = 0; section != NULL && i < section->wheres.count; i++) {
        push_step(plan, &clause.when_steps, plan_truth(&builder, section->wheres.items[i]));
    }
    for (size_t i = 0; i < source->whens.count; i++) {
        push_step(plan, &clause.when_steps, plan_truth(&builder, source->whens.items[i]));
    }
    clause.requirement_step = requirement_of(&builder, source);
    if (source->binding != NULL) {
        clause.bound_aggregate = plan_aggregate_for(&builder, source->binding, NULL);
        clause.binding_aggregate = plan_aggregate_for(&builder, source->binding, source);
    }
    for (size_t i = 0; i < source->exceptions.count; i++) {
        push_step(plan, &clause.exception_steps, plan_truth(&builder, source->exceptions.items[i].condition));
    }
    build_message(&builder, source, &clause);
    plan->clauses.items[source->index] = clause;
}

plan_program *plan_build(base_arena *arena, const lang_program *program)
{
    plan_program *plan = base_arena_alloc(arena, sizeof *plan);
    if (plan == NULL) return NULL;
    plan->arena = arena;
    plan->program = program;
    for (size_t i = 0; i < program->clauses.count; i++) {
        plan_clause *clause = BASE_PUSH(arena, &plan->clauses);
        if (clause == NULL) return NULL;
        clause->source = program->clauses.items[i];
    }
    if (!plan_build_tables(plan)) return NULL;
    for (size_t i = 0; i < program->files.count; i++) {
        if (!program->files.items[i]->is_module) build_policy(plan, program->files.items[i]);
    }
    for (size_t i = 0; i < program->clauses.count; i++) build_explanation(plan, program->clauses.items[i]);
    return arena->failed ? NULL : plan;
}
