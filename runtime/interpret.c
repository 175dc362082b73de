/* The interpreter: the meaning of a plan, one step after the other. Machine code must equal it, bit for bit. */
#include "runtime/vector.h"

#include <string.h>

static run_truth truth_or(int64_t a, int64_t b)
{
    return (run_truth)(((a | b) & RUN_TRUE) | (a & b & RUN_FALSE));
}

static run_truth truth_not(int64_t a)
{
    return (run_truth)(((a & 1) << 1) | ((a >> 1) & 1));
}

static run_truth truth_of(bool holds)
{
    return holds ? RUN_TRUE : RUN_FALSE;
}

static run_value truth_value(run_truth truth)
{
    return (run_value){truth, truth, RUN_PRESENT};
}

static run_value load(const run_context *context, const plan_step *step, const run_value *row)
{
    if (row->state != RUN_PRESENT) return (run_value){0, 0, row->state};
    for (size_t i = 0; i < context->change_count; i++) {
        const run_change *change = &context->changes[i];
        if ((uint32_t)change->field == step->detail && change->row == (uint32_t)row->bits) {
            return (run_value){change->bits, change->bits, change->state};
        }
    }
    const run_column *column = &context->columns[step->detail];
    int64_t bits = run_column_bits(column, (size_t)row->bits);
    return (run_value){bits, bits, column->states[row->bits]};
}

static run_value lookup(run_context *context, const plan_block *block, const plan_step *step, const run_value *values)
{
    int64_t bits[PLAN_LOOKUP_LIMIT + 1];
    uint8_t states[PLAN_LOOKUP_LIMIT + 1];
    for (uint32_t i = 0; i < step->b; i++) {
        bits[i] = values[block->arguments.items[step->a + i]].bits;
        states[i] = values[block->arguments.items[step->a + i]].state;
    }
    run_value result = {0};
    result.bits = result.high = run_lookup(context, (uint32_t)step->number, bits, states, &result.state);
    return result;
}

/* Comparisons, spans and lists: neither unless both sides are present. */
static run_truth relate(const run_context *context, const plan_block *block, const plan_step *step, const run_value *a,
                        const run_value *b)
{
    if (a->state != RUN_PRESENT || b->state != RUN_PRESENT) return RUN_NEITHER;
    switch (step->operation) {
    case PLAN_EQUAL: return truth_of(a->bits == b->bits);
    case PLAN_LESS: return truth_of(a->bits < b->bits);
    case PLAN_AT_MOST: return truth_of(a->bits <= b->bits);
    case PLAN_LIST_HAS: return (run_truth)run_list_has(context, a->bits, b->bits);
    case PLAN_LIST_HAS_ALL: return (run_truth)run_list_has_all(context, a->bits, b->bits);
    case PLAN_LISTS_MEET: return (run_truth)run_lists_meet(context, a->bits, b->bits);
    case PLAN_SPAN_CONTAINS: return truth_of(run_span_from(a->bits) <= b->bits && b->bits <= run_span_to(a->bits));
    default: break;
    }
    bool times = block->steps.items[step->a].type.kind == LANG_TYPE_TIMES;
    int32_t from = run_span_from(a->bits), to = run_span_to(a->bits);
    int32_t other_from = run_span_from(b->bits), other_to = run_span_to(b->bits);
    return truth_of(times ? from < other_to && other_from < to : from <= other_to && other_from <= to);
}

static run_value calculate(const plan_step *step, const run_value *a, const run_value *b)
{
    run_value result = {0, 0, RUN_UNKNOWN};
    if (a->state != RUN_PRESENT || b->state != RUN_PRESENT) return result;
    bool overflow = false;
    result.state = RUN_PRESENT;
    switch (step->operation) {
    case PLAN_ADD: overflow = __builtin_add_overflow(a->bits, b->bits, &result.bits); break;
    case PLAN_SUBTRACT: overflow = __builtin_sub_overflow(a->bits, b->bits, &result.bits); break;
    case PLAN_MULTIPLY: result.bits = run_multiply(a->bits, b->bits, step->number, &result.state); break;
    case PLAN_DIVIDE: result.bits = run_divide(a->bits, b->bits, step->number, &result.state); break;
    default: result.bits = run_add_months(a->bits, b->bits); break;
    }
    if (overflow) result = (run_value){0, 0, RUN_UNKNOWN};
    result.high = result.bits;
    return result;
}

/* Functions of the language: unknown unless every input is present. */
static run_value function(const plan_block *block, const plan_step *step, const run_value *a, const run_value *b,
                          const run_value *c)
{
    run_value result = {0, 0, RUN_UNKNOWN};
    if (a->state != RUN_PRESENT || b->state != RUN_PRESENT || c->state != RUN_PRESENT) return result;
    bool times = block->steps.items[step->a].type.kind == LANG_TYPE_TIMES;
    result.state = RUN_PRESENT;
    switch (step->operation) {
    case PLAN_AGE: result.bits = run_age(a->bits, b->bits, step->number, &result.state); break;
    case PLAN_SPAN_SHARED: result.bits = run_span_shared(a->bits, b->bits, times); break;
    case PLAN_SPAN_LENGTH: result.bits = run_span_length(a->bits, times); break;
    case PLAN_SPAN_END: result.bits = step->number == 0 ? run_span_from(a->bits) : run_span_to(a->bits); break;
    case PLAN_ROUND: result.bits = run_round(a->bits, step->number, step->detail); break;
    case PLAN_PRORATE: result.bits = run_prorate(a->bits, b->bits, c->bits, &result.state); break;
    case PLAN_PART: result.bits = run_part(a->bits, step->number); break;
    case PLAN_LESSER: result.bits = a->bits < b->bits ? a->bits : b->bits; break;
    default: result.bits = a->bits > b->bits ? a->bits : b->bits; break;
    }
    result.high = result.bits;
    return result;
}

static run_value membership(const run_context *context, const plan_step *step, const run_value *a, const run_value *b)
{
    if (a->state != RUN_PRESENT) return truth_value(RUN_NEITHER);
    uint32_t set = (uint32_t)step->number;
    uint8_t truth = step->operation == PLAN_SET_HOLDS ? run_set_holds(context, set, a->bits, b->bits, b->state)
                    : step->operation == PLAN_LIST_WITHIN_SET
                        ? run_list_within_set(context, set, a->bits, b->bits, b->state)
                        : run_list_meets_set(context, set, a->bits, b->bits, b->state);
    return truth_value((run_truth)truth);
}

static run_value constant(const run_context *context, const plan_step *step)
{
    const run_binding *binding = context->binding;
    run_value value = {step->number, step->number, RUN_PRESENT};
    if (step->operation == PLAN_SYMBOL) value.bits = value.high = binding->symbols[step->number];
    if (step->operation == PLAN_LIST) value.bits = value.high = binding->lists[step->number];
    return value;
}

static const run_value nothing = {0, 0, RUN_UNKNOWN};

/* The switch is long because there is one line for each step of steps.def. */
run_value run_evaluate_step(run_context *context, const plan_block *block, const plan_step *step, const run_value *a,
                            const run_value *b, const run_value *c, uint32_t line, uint32_t element)
{
    run_value result = {0, 0, RUN_UNKNOWN};
    switch (step->operation) {
    case PLAN_FRAME: {
        uint32_t row = step->number == 0 ? line : element;
        return (run_value){row, row, row == RUN_NO_ROW ? RUN_UNKNOWN : RUN_PRESENT};
    }
    case PLAN_LOAD: return load(context, step, a);
    case PLAN_NUMBER:
    case PLAN_SYMBOL:
    case PLAN_LIST:
    case PLAN_TRUTH: return constant(context, step);
    case PLAN_PARAMETER:
        result.bits = run_parameter(context, (uint32_t)step->number, a->bits, a->state, &result.state);
        result.high = result.bits;
        return result;
    case PLAN_TO_TRUTH: return truth_value(a->state == RUN_PRESENT ? truth_of(a->bits != 0) : RUN_NEITHER);
    case PLAN_FROM_TRUTH:
        result.state = a->bits == RUN_NEITHER ? RUN_UNKNOWN : RUN_PRESENT;
        result.bits = result.high = a->bits == RUN_TRUE;
        return result;
    case PLAN_NOT: return truth_value(truth_not(a->bits));
    case PLAN_AND: return truth_value(run_truth_and(a->bits, b->bits));
    case PLAN_OR: return truth_value(truth_or(a->bits, b->bits));
    case PLAN_IS_PRESENT:
        return truth_value(a->state == RUN_PRESENT ? RUN_TRUE : a->state == RUN_ABSENT ? RUN_FALSE : RUN_NEITHER);
    case PLAN_DECIDE: return truth_value((run_truth)((a->bits & RUN_TRUE) | ((b->bits & RUN_TRUE) << 1)));
    case PLAN_ADD:
    case PLAN_SUBTRACT:
    case PLAN_MULTIPLY:
    case PLAN_DIVIDE:
    case PLAN_ADD_MONTHS: return calculate(step, a, b);
    case PLAN_OR_ELSE: return a->state == RUN_ABSENT ? *b : *a;
    case PLAN_SET_HOLDS:
    case PLAN_LIST_WITHIN_SET:
    case PLAN_LIST_MEETS_SET: return membership(context, step, a, b);
    case PLAN_VALID_NPI:
        if (a->state != RUN_PRESENT) return result;
        result.bits = result.high = run_valid_npi(context, a->bits);
        result.state = RUN_PRESENT;
        return result;
    case PLAN_OUTPUT:
        if (a->state != RUN_PRESENT) return (run_value){0, 0, a->state};
        result.bits = run_output(context, step->detail, (uint32_t)step->number, a->bits, &result.state);
        result.high = result.bits;
        return result;
    case PLAN_AGE:
    case PLAN_SPAN_SHARED:
    case PLAN_PRORATE:
    case PLAN_LESSER:
    case PLAN_GREATER: return function(block, step, a, b, c);
    case PLAN_SPAN_LENGTH:
    case PLAN_SPAN_END:
    case PLAN_ROUND:
    case PLAN_PART: return function(block, step, a, a, a);
    case PLAN_KNOWN: return truth_value(truth_of(step->number <= context->binding->as_of));
    case PLAN_TALLY: return context->tallies == NULL ? nothing : context->tallies[step->number];
    case PLAN_DENIED: return truth_value((run_truth)run_denied(context, (uint32_t)step->number, a->bits, a->state));
    case PLAN_AGGREGATE:
        run_aggregate(context, line, (uint32_t)step->number, a->bits, a->state, &result);
        return result;
    case PLAN_UPPER: return (run_value){a->high, a->high, a->state};
    default: return truth_value(relate(context, block, step, a, b));
    }
}

/* One step that gives a value. */
static run_value evaluate(run_context *context, const plan_block *block, const plan_step *step, const run_value *values,
                          uint32_t line, uint32_t element)
{
    if (step->operation == PLAN_LOOKUP) return lookup(context, block, step, values);
    const run_value *a = step->a != PLAN_NO_STEP ? &values[step->a] : &nothing;
    const run_value *b = step->b != PLAN_NO_STEP ? &values[step->b] : &nothing;
    const run_value *c = step->c != PLAN_NO_STEP ? &values[step->c] : b;
    return run_evaluate_step(context, block, step, a, b, c, line, element);
}

run_value run_interpret_step(run_context *context, const plan_block *block, const plan_step *step,
                             const run_value *values, uint32_t line)
{
    return evaluate(context, block, step, values, line, RUN_NO_ROW);
}

adj_clause_verdict run_clause_verdict(run_truth applicable, run_truth requirement, run_truth fails)
{
    if (applicable == RUN_FALSE) return ADJ_CLAUSE_NOT_APPLICABLE;
    if (requirement == RUN_TRUE) return ADJ_CLAUSE_PASS;
    if (fails == RUN_FALSE) return ADJ_CLAUSE_EXCUSED;
    if (applicable == RUN_TRUE && fails == RUN_TRUE) return ADJ_CLAUSE_FAIL;
    return ADJ_CLAUSE_CANNOT_TELL;
}

run_scope run_policy_scope(run_truth payer, run_truth dates)
{
    if (payer == RUN_FALSE) return RUN_SCOPE_OTHER_PAYER;
    if (dates == RUN_FALSE) return RUN_SCOPE_NO_VERSION;
    return payer == RUN_TRUE && dates == RUN_TRUE ? RUN_SCOPE_APPLIES : RUN_SCOPE_UNKNOWN;
}

void run_interpret_all(run_context *context, uint32_t block_index, uint32_t line, uint32_t element, run_value *values)
{
    const plan_block *block = &context->binding->plan->blocks.items[block_index];
    for (size_t i = 0; i < block->steps.count; i++) {
        if (block->steps.items[i].operation == PLAN_RETURN) continue;
        values[i] = evaluate(context, block, &block->steps.items[i], values, line, element);
    }
}

void run_interpret_policy(run_context *context, uint32_t policy, uint32_t line, uint8_t *verdicts)
{
    const plan_program *plan = context->binding->plan;
    const plan_block *block = &plan->blocks.items[plan->policies.items[policy].block];
    run_value *values = context->values[0];
    for (size_t i = 0; i < block->steps.count; i++) {
        const plan_step *step = &block->steps.items[i];
        if (step->operation == PLAN_SKIP) {
            if (values[step->a].bits == RUN_FALSE) i = (size_t)step->number - 1;
        } else if (!run_tell_verdict(plan, step, values, verdicts)) {
            values[i] = evaluate(context, block, step, values, line, RUN_NO_ROW);
        }
    }
}

void run_interpret_element(run_context *context, uint32_t block_index, uint32_t line, uint32_t element,
                           run_element *result)
{
    const plan_block *block = &context->binding->plan->blocks.items[block_index];
    *result = (run_element){.state = RUN_UNKNOWN, .second_state = RUN_PRESENT, .truth = RUN_NEITHER};
    int depth = ++context->depth;
    if (depth < context->depth_limit && context->values[depth] == NULL) {
        context->values[depth] = base_arena_alloc(context->arena, context->block_room * sizeof(run_value));
    }
    if (depth >= context->depth_limit || context->values[depth] == NULL) {
        context->failed = true;
        context->depth--;
        return;
    }
    run_value *values = context->values[depth];
    for (size_t i = 0; i < block->steps.count; i++) {
        const plan_step *step = &block->steps.items[i];
        if (step->operation != PLAN_RETURN) {
            values[i] = evaluate(context, block, step, values, line, element);
            continue;
        }
        result->truth = (uint8_t)values[step->a].bits;
        result->state = step->b == PLAN_NO_STEP ? RUN_PRESENT : values[step->b].state;
        result->bits = step->b == PLAN_NO_STEP ? 0 : values[step->b].bits;
        result->second_state = step->c == PLAN_NO_STEP ? RUN_PRESENT : values[step->c].state;
        result->second = step->c == PLAN_NO_STEP ? 0 : values[step->c].bits;
    }
    context->depth--;
}
