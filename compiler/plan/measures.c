/* Measures: the conditions, dimensions and values of a subject, as blocks without skips. */
#include "compiler/plan/build.h"

static uint32_t value_step(plan_builder *builder, const lang_expression *value)
{
    if (value == NULL) return PLAN_NO_STEP;
    return plan_number(builder, value).low;
}

/* A tally of the lines of a subject is judged by a block of its own, whose frame 0 is the line. */
static void build_tally(plan_builder *builder, const lang_expression *source, plan_tally *tally)
{
    *tally = (plan_tally){.source = source, .where_step = PLAN_NO_STEP, .block = PLAN_NO_STEP};
    plan_builder inner, *used = builder;
    if (source->as.tally.over_lines) {
        if (!plan_builder_init(&inner, builder->plan, NULL)) return;
        inner.measuring = true;
        tally->block = inner.block;
        used = &inner;
    }
    if (source->as.tally.where != NULL) tally->where_step = plan_truth(used, source->as.tally.where);
    tally->value_step = value_step(used, source->as.tally.value);
    if (used == &inner) plan_builder_done(&inner);
}

static bool build_measure(plan_program *plan, const lang_measure *source)
{
    plan_builder builder;
    if (!plan_builder_init(&builder, plan, NULL)) return false;
    builder.subject = source->record;
    builder.measuring = true;
    plan_measure measure = {.source = source, .block = builder.block, .where_step = PLAN_NO_STEP};
    if (source->where != NULL) measure.where_step = plan_truth(&builder, source->where);
    for (size_t i = 0; i < source->by.count; i++) {
        uint32_t *slot = BASE_PUSH(plan->arena, &measure.by_steps);
        if (slot == NULL) return false;
        *slot = plan_number(&builder, source->by.items[i]).low;
    }
    for (size_t i = 0; i < source->tallies.count; i++) {
        plan_tally *slot = BASE_PUSH(plan->arena, &measure.tallies);
        if (slot == NULL) return false;
        build_tally(&builder, source->tallies.items[i], slot);
    }
    plan_builder_done(&builder);
    plan_builder value;
    if (!plan_builder_init(&value, plan, NULL)) return false;
    measure.value_block = value.block;
    plan_value bounds = plan_number(&value, source->value);
    measure.value_low = bounds.low;
    measure.value_high = bounds.high;
    plan_builder_done(&value);
    plan_measure *slot = BASE_PUSH(plan->scratch, &plan->measures);
    if (slot != NULL) *slot = measure;
    return slot != NULL;
}

bool plan_build_measures(plan_program *plan)
{
    for (size_t i = 0; i < plan->program->measures.count; i++) {
        if (!build_measure(plan, plan->program->measures.items[i])) return false;
    }
    return true;
}
