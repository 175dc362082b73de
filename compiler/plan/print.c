/* Writing plans for people, and the verifier that every plan passes in debug builds. */
#include "compiler/plan/build.h"

#include <inttypes.h>
#include <string.h>

static const struct {
    const char *name;
    const char *operands;
} operations[] = {
#define PLAN_STEP(name, operands, about) {#name, operands},
#include "compiler/plan/steps.def"
#undef PLAN_STEP
};

const char *plan_operation_name(plan_operation operation)
{
    return operations[operation].name;
}

const char *plan_operation_operands(plan_operation operation)
{
    return operations[operation].operands;
}

static void print_detail(const plan_program *plan, const plan_block *block, const plan_step *step, base_text *out)
{
    base_arena *arena = out->arena;
    switch (step->operation) {
    case PLAN_FRAME: base_text_put(out, step->number == 0 ? " subject" : " element"); break;
    case PLAN_LOAD: {
        const lang_field_info *info = lang_schema_field(plan->program->schema, (lang_field)step->detail);
        base_text_format(out, " %s.%s", lang_schema_record_name(plan->program->schema, info->record), info->name);
        break;
    }
    case PLAN_NUMBER: base_text_format(out, " %" PRId64, step->number); break;
    case PLAN_SYMBOL: base_text_format(out, " \"%s\"", plan->symbols.items[step->number]); break;
    case PLAN_TRUTH: base_text_put(out, step->number == 1 ? " yes" : " no"); break;
    case PLAN_PARAMETER: base_text_format(out, " %s", plan->parameters.items[step->number].source->name.text); break;
    case PLAN_SET_HOLDS:
    case PLAN_LIST_WITHIN_SET:
    case PLAN_LIST_MEETS_SET: {
        const char *name = plan->sets.items[step->number]->name.text;
        if (name != NULL)
            base_text_format(out, " %s", name);
        else
            base_text_format(out, " set %" PRId64, step->number);
        break;
    }
    case PLAN_LOOKUP:
        base_text_format(out, " %s(", plan->program->tables.items[step->number]->name.text);
        for (uint32_t i = 0; i < step->b; i++) {
            base_text_format(out, "%s%%%u", i == 0 ? "" : ", ", block->arguments.items[step->a + i]);
        }
        base_text_put(out, ")");
        break;
    case PLAN_OUTPUT:
        base_text_format(out, " %s", plan->program->tables.items[step->detail]->outputs.items[step->number].name.text);
        break;
    case PLAN_SKIP: base_text_format(out, " to %%%" PRId64, step->number); break;
    case PLAN_AGGREGATE: base_text_format(out, " aggregate %" PRId64, step->number); break;
    case PLAN_VERDICT: base_text_format(out, " %s", plan->clauses.items[step->number].source->name.text); break;
    case PLAN_SCOPE: base_text_format(out, " %s", plan->policies.items[step->number].source->full_name); break;
    case PLAN_DENIED: base_text_format(out, " %s", plan->denials.items[step->number].clause->name.text); break;
    case PLAN_KNOWN: {
        char day[16];
        base_date_write((base_date)step->number, day);
        base_text_format(out, " %s", day);
        break;
    }
    case PLAN_MULTIPLY:
    case PLAN_ROUND:
    case PLAN_DIVIDE: base_text_format(out, " scale %" PRId64, step->number); break;
    default: break;
    }
    base_text_format(out, "    : %s\n", lang_type_label(plan->program->schema, arena, step->type));
}

static void print_block(const plan_program *plan, size_t index, base_text *out)
{
    const plan_block *block = &plan->blocks.items[index];
    for (size_t i = 0; i < block->steps.count; i++) {
        const plan_step *step = &block->steps.items[i];
        base_text_format(out, "  %%%-4zu %s", i, plan_operation_name(step->operation));
        const char *operands = plan_operation_operands(step->operation);
        uint32_t values[] = {step->a, step->b, step->c};
        for (const char *at = operands; *at != '\0'; at++) {
            uint32_t operand = values[*at - 'a'];
            if (operand != PLAN_NO_STEP) base_text_format(out, " %%%u", operand);
        }
        print_detail(plan, block, step, out);
    }
}

void plan_print(const plan_program *plan, base_text *out)
{
    for (size_t i = 0; i < plan->policies.count; i++) {
        const plan_policy *policy = &plan->policies.items[i];
        base_text_format(out, "policy %s: block %u, %u clauses\n", policy->source->full_name, policy->block,
                         policy->clause_count);
        print_block(plan, policy->block, out);
    }
    for (size_t i = 0; i < plan->aggregates.count; i++) {
        const plan_aggregate *aggregate = &plan->aggregates.items[i];
        static const char *const kinds[] = {"count", "sum", "minimum", "maximum", "distinct"};
        static const char *const cuts[] = {"", " so far", " earlier"};
        base_text_format(out, "aggregate %zu: %s of %s, %s", i, kinds[aggregate->kind],
                         lang_collection_name(aggregate->collection), lang_window_name(aggregate->window.kind));
        if (aggregate->window.length > 0) base_text_format(out, ", N = %" PRId64, aggregate->window.length);
        base_text_format(out, "%s%s\n", cuts[aggregate->window.cut],
                         aggregate->without_subject ? ", without the subject" : "");
        if (aggregate->block != PLAN_NO_STEP) print_block(plan, aggregate->block, out);
    }
}

static const char *verify_block(base_arena *arena, const plan_block *block, size_t index)
{
    for (size_t i = 0; i < block->steps.count; i++) {
        const plan_step *step = &block->steps.items[i];
        const char *operands = plan_operation_operands(step->operation);
        uint32_t values[] = {step->a, step->b, step->c};
        for (const char *at = operands; *at != '\0'; at++) {
            uint32_t operand = values[*at - 'a'];
            bool may_lack = step->operation == PLAN_AGGREGATE || step->operation == PLAN_RETURN ||
                            (*at == 'b' && step->operation != PLAN_AND && step->operation != PLAN_OR);
            if (operand == PLAN_NO_STEP && may_lack) continue;
            if (operand >= i) {
                return base_format(arena, "block %zu step %zu: operand %c is step %u, not an earlier one", index, i,
                                   *at, operand);
            }
        }
        bool jumps = step->operation == PLAN_SKIP;
        if (jumps && (step->number <= (int64_t)i || step->number > (int64_t)block->steps.count)) {
            return base_format(arena, "block %zu step %zu: skips to %" PRId64, index, i, step->number);
        }
        for (uint32_t k = 0; step->operation == PLAN_LOOKUP && k < step->b; k++) {
            if (step->a + k >= block->arguments.count || block->arguments.items[step->a + k] >= i) {
                return base_format(arena, "block %zu step %zu: argument %u is not an earlier step", index, i, k);
            }
        }
    }
    return NULL;
}

static const char *verify_explanation(base_arena *arena, const plan_program *plan, size_t index)
{
    const plan_clause *clause = &plan->clauses.items[index];
    if (clause->explain_block >= plan->blocks.count) return base_format(arena, "clause %zu has no explanation", index);
    base_arena room;
    base_arena_init(&room, &arena->allocator);
    plan_block block;
    const plan_explanation *e = plan_unfold(&room, plan, clause, &block);
    const char *wrong = e == NULL ? NULL : verify_block(arena, &block, clause->explain_block);
    if (e == NULL)
        arena->failed = true;
    else if (wrong == NULL && e->hole_steps.count != clause->source->pieces.count)
        wrong = base_format(arena, "clause %zu has a hole without a step", index);
    base_arena_release(&room);
    return wrong;
}

const char *plan_verify(base_arena *arena, const plan_program *plan)
{
    for (size_t i = 0; i < plan->blocks.count; i++) {
        const plan_block *block = &plan->blocks.items[i];
        const char *wrong = block->steps.items == NULL ? NULL : verify_block(arena, block, i);
        if (wrong != NULL) return wrong;
    }
    for (size_t i = 0; i < plan->clauses.count; i++) {
        const char *wrong = verify_explanation(arena, plan, i);
        if (wrong != NULL) return wrong;
    }
    return NULL;
}
