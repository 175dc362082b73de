/* Writing kernels for people: shapes with the steps that they do, inputs, and the unit of each clause. */
#include "compiler/plan/kernels.h"

#include <inttypes.h>

static const char *const lane_names[] = {"TRUTH", "CONSTANT", "NOT",   "AND",    "OR",  "DECIDE",   "PRESENT", "EQUAL",
                                         "LESS",  "AT_MOST",  "VALUE", "NUMBER", "ADD", "SUBTRACT", "OR_ELSE"};

static void print_shape(const plan_shape *shape, size_t index, base_text *out)
{
    base_text_format(out, "shape %zu: %u inputs, %u constants%s\n", index, shape->slot_count, shape->constant_count,
                     shape->plain ? ", nothing is excused" : "");
    for (uint32_t i = 0; i < shape->step_count; i++) {
        const plan_lane_step *step = &shape->steps[i];
        bool value = step->operation >= PLAN_LANE_VALUE;
        bool of_values = value || (step->operation >= PLAN_LANE_PRESENT && step->operation <= PLAN_LANE_AT_MOST);
        const char *from = of_values ? "v" : "t";
        base_text_format(out, "  %s%u = %s", value ? "v" : "t", step->to, lane_names[step->operation]);
        switch (step->operation) {
        case PLAN_LANE_TRUTH:
        case PLAN_LANE_VALUE: base_text_format(out, " input %u", step->a); break;
        case PLAN_LANE_CONSTANT:
        case PLAN_LANE_NUMBER: base_text_format(out, " constant %u", step->a); break;
        default: {
            base_text_format(out, " %s%u", from, step->a);
            if (plan_lane_operands(step) > 1) base_text_format(out, " %s%u", from, step->b);
            break;
        }
        }
        base_text_put(out, "\n");
    }
    if (shape->clause)
        base_text_format(out, "  verdict: applicable t%u, requirement t%u, failing t%u\n", shape->results[0],
                         shape->results[1], shape->results[2]);
    else
        base_text_format(out, "  gives t%u\n", shape->results[0]);
}

static void print_path(const plan_program *plan, const plan_path *path, base_text *out)
{
    for (uint8_t i = 0; i < path->count; i++) {
        const lang_field_info *info = lang_schema_field(plan->program->schema, (lang_field)path->fields[i]);
        base_text_format(out, "%s%s", i == 0 ? " " : ".", info->name);
    }
}

static void print_input(const plan_program *plan, const plan_input *input, size_t index, base_text *out)
{
    static const char *const kinds[] = {
        "value of",         "yes or no of", "presence of", "code of", "set holds", "set holds any of",
        "set holds all of", "code in",      "span holds",  "step",    "unit"};
    base_text_format(out, "input %zu: %s", index, kinds[input->kind]);
    print_path(plan, &input->path, out);
    print_path(plan, &input->date, out);
    switch (input->kind) {
    case PLAN_INPUT_CODE:
    case PLAN_INPUT_HAS: base_text_format(out, " \"%s\"", plan->symbols.items[input->number]); break;
    case PLAN_INPUT_SET:
    case PLAN_INPUT_ANY_OF:
    case PLAN_INPUT_ALL_OF: base_text_format(out, " set %" PRId64, input->number); break;
    case PLAN_INPUT_STEP:
        base_text_format(out, " %%%u %s of block %u, line by line", input->step,
                         plan_operation_name(plan->blocks.items[input->block].steps.items[input->step].operation),
                         input->block);
        break;
    case PLAN_INPUT_UNIT: base_text_format(out, " %u", input->unit); break;
    default: break;
    }
    base_text_put(out, "\n");
}

static void print_unit(const plan_program *plan, const plan_kernels *kernels, size_t index, base_text *out)
{
    const plan_unit *unit = &kernels->units.items[index];
    const plan_shape *shape = &kernels->shapes.items[unit->shape];
    const char *name = unit->clause == PLAN_NO_STEP ? "shared" : plan->clauses.items[unit->clause].source->name.text;
    base_text_format(out, "unit %zu, %s: shape %u, inputs", index, name, unit->shape);
    for (uint32_t i = 0; i < shape->slot_count; i++)
        base_text_format(out, " %u", kernels->slots.items[unit->slots + i]);
    if (shape->constant_count > 0) base_text_put(out, ", constants");
    for (uint32_t i = 0; i < shape->constant_count; i++)
        base_text_format(out, " %" PRId64, kernels->constants.items[unit->constants + i].number);
    base_text_put(out, "\n");
}

void plan_print_kernels(const plan_program *plan, const plan_kernels *kernels, base_text *out)
{
    for (size_t i = 0; i < kernels->shapes.count; i++) print_shape(&kernels->shapes.items[i], i, out);
    for (size_t i = 0; i < kernels->inputs.count; i++) print_input(plan, &kernels->inputs.items[i], i, out);
    for (size_t i = 0; i < kernels->units.count; i++) print_unit(plan, kernels, i, out);
}
