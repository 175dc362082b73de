/* Expressions to steps. Numbers come out in bounds, truths as one step. */
#include "compiler/plan/build.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

static lang_type truth_type(void)
{
    return PLAN_TYPE(TRUTH);
}

uint32_t plan_frame(plan_builder *builder, int64_t number, lang_record record)
{
    return plan_emit(builder, (plan_step){.operation = PLAN_FRAME,
                                          .a = PLAN_NO_STEP,
                                          .b = PLAN_NO_STEP,
                                          .c = PLAN_NO_STEP,
                                          .number = number,
                                          .type = {LANG_TYPE_RECORD, (uint16_t)record, false, false}});
}

/* The day that picks versions. A subject other than a line has its own; where it has none, nothing dated is known. */
uint32_t plan_subject_date(plan_builder *builder)
{
    static const struct {
        lang_record record;
        lang_field fields[2];
    } dates[] = {{LANG_RECORD_line, {LANG_FIELD_line_date, LANG_NO_FIELD}},
                 {LANG_RECORD_session, {LANG_FIELD_session_date, LANG_NO_FIELD}},
                 {LANG_RECORD_attendance, {LANG_FIELD_attendance_session, LANG_FIELD_session_date}},
                 {LANG_RECORD_appointment, {LANG_FIELD_appointment_date, LANG_NO_FIELD}},
                 {LANG_RECORD_claim, {LANG_FIELD_claim_received, LANG_NO_FIELD}}};
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        if (dates[i].record != builder->subject) continue;
        uint32_t row = plan_frame(builder, 0, builder->subject);
        uint32_t date = plan_load(builder, row, dates[i].fields[0], NULL);
        return dates[i].fields[1] == LANG_NO_FIELD ? date : plan_load(builder, date, dates[i].fields[1], NULL);
    }
    /* Row "unknown": a frame that no evaluation fills. */
    return plan_load(builder, plan_frame(builder, 1, LANG_RECORD_line), LANG_FIELD_line_date, NULL);
}

uint32_t plan_clock_date(plan_builder *builder, lang_clock clock)
{
    if (clock == LANG_CLOCK_SERVICE) return plan_subject_date(builder);
    uint32_t row = plan_frame(builder, 0, builder->subject);
    if (builder->subject == LANG_RECORD_line) row = plan_load(builder, row, LANG_FIELD_line_claim, NULL);
    bool claim = builder->subject == LANG_RECORD_line || builder->subject == LANG_RECORD_claim;
    return claim ? plan_load(builder, row, LANG_FIELD_claim_received, NULL) : plan_subject_date(builder);
}

uint32_t plan_load(plan_builder *builder, uint32_t row, lang_field field, const lang_expression *source)
{
    lang_type type = lang_schema_field(builder->plan->program->schema, field)->type;
    return plan_emit_from(builder,
                          (plan_step){.operation = PLAN_LOAD,
                                      .a = row,
                                      .b = PLAN_NO_STEP,
                                      .c = PLAN_NO_STEP,
                                      .detail = (uint32_t)field,
                                      .type = type},
                          source);
}

static uint32_t symbol(plan_builder *builder, const char *text, lang_type type, const lang_expression *source)
{
    return plan_emit_from(builder,
                          (plan_step){.operation = PLAN_SYMBOL,
                                      .a = PLAN_NO_STEP,
                                      .b = PLAN_NO_STEP,
                                      .c = PLAN_NO_STEP,
                                      .number = plan_symbol(builder->plan, text),
                                      .type = type},
                          source);
}

static uint32_t parameter_step(plan_builder *builder, const lang_expression *expression)
{
    const lang_parameter *parameter = expression->as.path.parameter;
    uint32_t index = plan_parameter_index(builder->plan, parameter, builder->layer);
    return plan_emit_from(builder,
                          (plan_step){.operation = PLAN_PARAMETER,
                                      .a = plan_clock_date(builder, parameter->clock),
                                      .b = PLAN_NO_STEP,
                                      .c = PLAN_NO_STEP,
                                      .number = index,
                                      .type = expression->type},
                          expression);
}

/* Follows the fields of a path from a first row on. */
static uint32_t follow(plan_builder *builder, const lang_expression *expression, uint32_t row)
{
    const lang_path *path = &expression->as.path;
    for (size_t i = 0; i < path->field_count; i++) {
        bool last = i + 1 == path->field_count;
        if (last && path->row_output) {
            lang_type row_type = plan_block_at(builder->plan, builder->block)->steps.items[row].type;
            const lang_table *table = builder->plan->program->tables.items[row_type.detail];
            return plan_emit_from(builder,
                                  (plan_step){.operation = PLAN_OUTPUT,
                                              .a = row,
                                              .b = PLAN_NO_STEP,
                                              .c = PLAN_NO_STEP,
                                              .detail = row_type.detail,
                                              .number = path->fields[i],
                                              .type = table->outputs.items[path->fields[i]].type},
                                  expression);
        }
        row = plan_load(builder, row, (lang_field)path->fields[i], expression);
    }
    return row;
}

static uint32_t path_step(plan_builder *builder, const lang_expression *expression)
{
    const lang_path *path = &expression->as.path;
    switch (path->base) {
    case LANG_BASE_PARAMETER: return parameter_step(builder, expression);
    case LANG_BASE_WORD: return plan_emit_number(builder, path->word, expression->type);
    case LANG_BASE_LET: return follow(builder, expression, plan_number(builder, path->let->value).low);
    case LANG_BASE_ELEMENT: {
        lang_record record =
            path->field_count > 0
                ? lang_schema_field(builder->plan->program->schema, (lang_field)path->fields[0])->record
                : LANG_RECORD_line;
        return follow(builder, expression, plan_frame(builder, 1, record));
    }
    default: return follow(builder, expression, plan_frame(builder, 0, builder->subject));
    }
}

static uint32_t literal_step(plan_builder *builder, const lang_expression *expression)
{
    lang_type_kind kind = expression->type.kind;
    if (kind == LANG_TYPE_CODE || kind == LANG_TYPE_TEXT) {
        return symbol(builder, expression->as.literal.spelling, expression->type, expression);
    }
    return plan_emit_number(builder, expression->as.literal.value, expression->type);
}

static uint32_t lookup(plan_builder *builder, const lang_expression *call)
{
    uint32_t steps[PLAN_LOOKUP_LIMIT + 1];
    size_t count = call->as.call.arguments.count;
    for (size_t i = 0; i < count; i++) {
        lang_type wanted = call->as.call.table->inputs.items[i].type;
        const lang_expression *argument = call->as.call.arguments.items[i];
        steps[i] = plan_as(builder, plan_number(builder, argument), argument->type, wanted).low;
    }
    /* Dated rows, and dated code sets in cells, ask for the day. */
    steps[count++] = plan_clock_date(builder, call->as.call.table->clock);
    const lang_table *table = plan_effective_table(builder->layer, call->as.call.table);
    plan_block *block = plan_block_at(builder->plan, builder->block);
    uint32_t first = (uint32_t)block->arguments.count;
    for (size_t i = 0; i < count; i++) {
        uint32_t *slot = BASE_PUSH(builder->plan->scratch, &block->arguments);
        if (slot != NULL) *slot = steps[i];
    }
    if (block->arguments.count != first + count) return 0;
    lang_type type = call->type;
    type.detail = table->index;
    size_t before = block->steps.count;
    uint32_t step = plan_emit_from(builder,
                                   (plan_step){.operation = PLAN_LOOKUP,
                                               .a = first,
                                               .b = (uint32_t)count,
                                               .c = PLAN_NO_STEP,
                                               .detail = (uint32_t)XXH3_64bits(steps, count * sizeof *steps),
                                               .number = table->index,
                                               .type = type},
                                   call);
    if (block->steps.count == before) block->arguments.count = first; /* an equal look-up was there already */
    return step;
}

static uint32_t round_step(plan_builder *builder, uint32_t value, int64_t unit, uint32_t mode)
{
    return plan_emit(builder, (plan_step){.operation = PLAN_ROUND,
                                          .a = value,
                                          .b = PLAN_NO_STEP,
                                          .c = PLAN_NO_STEP,
                                          .detail = mode,
                                          .number = unit,
                                          .type = PLAN_TYPE(COUNT)});
}

static uint32_t scaled(plan_builder *builder, uint32_t step, int64_t factor, lang_type type);

/* A function that never turns order around, applied to one bound of a value. */
static uint32_t monotone(plan_builder *builder, const lang_expression *call, uint32_t value)
{
    lang_type type = call->as.call.arguments.items[0]->type;
    uint32_t mode = call->as.call.function == LANG_FUNCTION_round_up     ? 1
                    : call->as.call.function == LANG_FUNCTION_round_down ? 2
                                                                         : 0;
    if (call->as.call.function == LANG_FUNCTION_eight_minute_units) {
        /* Eight minutes make the first unit and 23 the second: one unit for each 15 minutes after the first eight. */
        uint32_t seven = plan_emit_number(builder, 7000, type);
        return round_step(builder, plan_emit_simple(builder, PLAN_ADD, value, seven, type), 15000, 2);
    }
    switch (type.kind) {
    case LANG_TYPE_QUANTITY: return round_step(builder, value, 1000, mode);
    case LANG_TYPE_MINUTES: return scaled(builder, round_step(builder, value, 1000, mode), 1000, type);
    case LANG_TYPE_MONEY: return scaled(builder, round_step(builder, value, 100, mode), 100, type);
    default: return value;
    }
}

static plan_value function_value(plan_builder *builder, const lang_expression *call)
{
    const lang_expressions *in = &call->as.call.arguments;
    lang_function function = call->as.call.function;
    bool two_sided = function == LANG_FUNCTION_lesser || function == LANG_FUNCTION_greater;
    lang_type common = two_sided ? call->type : in->items[0]->type;
    plan_value a = plan_as(builder, plan_number(builder, in->items[0]), in->items[0]->type, common), b = {0}, result;
    plan_step step = {.a = a.low, .b = PLAN_NO_STEP, .c = PLAN_NO_STEP, .type = call->type};
    if (in->count > 1) {
        b = plan_number(builder, in->items[1]);
        if (two_sided) b = plan_as(builder, b, in->items[1]->type, common);
        step.b = b.low;
    }
    switch (function) {
    case LANG_FUNCTION_age: step.operation = PLAN_AGE; break;
    case LANG_FUNCTION_age_in_months:
        step.operation = PLAN_AGE;
        step.number = 1;
        break;
    case LANG_FUNCTION_overlap: step.operation = PLAN_SPAN_SHARED; break;
    case LANG_FUNCTION_valid_npi: step.operation = PLAN_VALID_NPI; break;
    case LANG_FUNCTION_length: step.operation = PLAN_SPAN_LENGTH; break;
    case LANG_FUNCTION_first_day: step.operation = PLAN_SPAN_END; break;
    case LANG_FUNCTION_last_day:
        step.operation = PLAN_SPAN_END;
        step.number = 1;
        break;
    case LANG_FUNCTION_prorate: {
        lang_type parts = in->items[1]->type.kind == LANG_TYPE_QUANTITY || in->items[2]->type.kind == LANG_TYPE_QUANTITY
                              ? PLAN_TYPE(QUANTITY)
                              : in->items[1]->type;
        step.operation = PLAN_PRORATE;
        step.a = plan_as(builder, a, in->items[0]->type, call->type).low;
        step.b = plan_as(builder, b, in->items[1]->type, parts).low;
        step.c = plan_as(builder, plan_number(builder, in->items[2]), in->items[2]->type, parts).low;
        break;
    }
    case LANG_FUNCTION_lesser:
    case LANG_FUNCTION_greater:
        step.operation = function == LANG_FUNCTION_lesser ? PLAN_LESSER : PLAN_GREATER;
        result.low = result.high = plan_emit_from(builder, step, call);
        if (a.low == a.high && b.low == b.high) return result;
        step.a = a.high;
        step.b = b.high;
        result.high = plan_emit_from(builder, step, call);
        return result;
    default:
        result.low = result.high = monotone(builder, call, a.low);
        if (a.low != a.high) result.high = monotone(builder, call, a.high);
        return result;
    }
    result.low = result.high = plan_emit_from(builder, step, call);
    return result;
}

static plan_value call_value(plan_builder *builder, const lang_expression *call)
{
    if (call->as.call.function != LANG_FUNCTION_NONE) return function_value(builder, call);
    if (call->as.call.body != NULL) {
        plan_value value = plan_number(builder, call->as.call.body);
        return plan_as(builder, value, call->as.call.body->type, call->type);
    }
    uint32_t step = lookup(builder, call);
    return (plan_value){step, step};
}

static uint32_t scaled(plan_builder *builder, uint32_t step, int64_t factor, lang_type type)
{
    const plan_step *constant = &plan_block_at(builder->plan, builder->block)->steps.items[step];
    if (constant->operation == PLAN_NUMBER && constant->number < INT64_MAX / 1000000) {
        return plan_emit_number(builder, constant->number * factor, type);
    }
    uint32_t by = plan_emit_number(builder, factor, PLAN_TYPE(COUNT));
    return plan_emit(
        builder,
        (plan_step){.operation = PLAN_MULTIPLY, .a = step, .b = by, .c = PLAN_NO_STEP, .number = 1, .type = type});
}

plan_value plan_as(plan_builder *builder, plan_value value, lang_type from, lang_type to)
{
    bool counted = from.kind == LANG_TYPE_COUNT || from.kind == LANG_TYPE_NUMBER;
    if (!counted || to.kind != LANG_TYPE_QUANTITY) return value;
    plan_value result = {scaled(builder, value.low, 1000, PLAN_TYPE(QUANTITY)), 0};
    result.high = value.high == value.low ? result.low : scaled(builder, value.high, 1000, PLAN_TYPE(QUANTITY));
    return result;
}

/* The divisor (for `*`) or factor (for `/`) that keeps thousandths where they belong. */
static int64_t scale_of(lang_operator operator_kind, lang_type a, lang_type b)
{
    bool quantity_a = a.kind == LANG_TYPE_QUANTITY, quantity_b = b.kind == LANG_TYPE_QUANTITY;
    bool count_a = a.kind == LANG_TYPE_COUNT || a.kind == LANG_TYPE_NUMBER;
    if (operator_kind == LANG_MULTIPLY) {
        bool unit_a = a.kind == LANG_TYPE_MINUTES || a.kind == LANG_TYPE_MONEY;
        bool unit_b = b.kind == LANG_TYPE_MINUTES || b.kind == LANG_TYPE_MONEY;
        bool thousandths = (quantity_a && quantity_b) || (quantity_a && unit_b) || (unit_a && quantity_b);
        return thousandths ? 1000 : 1;
    }
    if (a.kind == b.kind && !count_a) return 1000;
    if (count_a) return quantity_b ? 1000000 : 1000;
    if (quantity_a) return quantity_b ? 1000 : 1;
    return quantity_b ? 1000 : 1;
}

static plan_value arithmetic(plan_builder *builder, const lang_expression *expression)
{
    const lang_expression *x = expression->as.binary.left, *y = expression->as.binary.right;
    lang_operator operator_kind = expression->as.binary.operator_kind;
    plan_value left = plan_number(builder, x), right = plan_number(builder, y);
    lang_type type = expression->type;
    if (operator_kind == LANG_MULTIPLY || operator_kind == LANG_DIVIDE) {
        /* A value in bounds stands beside a constant that is not negative: both bounds go the same way. */
        plan_step step = {.operation = operator_kind == LANG_MULTIPLY ? PLAN_MULTIPLY : PLAN_DIVIDE,
                          .a = left.low,
                          .b = right.low,
                          .c = PLAN_NO_STEP,
                          .number = scale_of(operator_kind, x->type, y->type),
                          .type = type};
        bool divides = operator_kind == LANG_DIVIDE;
        if (divides) step.b = right.high; /* a ratio is least where its divisor is most */
        plan_value result = {plan_emit_from(builder, step, expression), 0};
        step.a = left.high;
        step.b = divides ? right.low : right.high;
        bool exact_sides = left.low == left.high && right.low == right.high;
        result.high = exact_sides ? result.low : plan_emit_from(builder, step, expression);
        return result;
    }
    bool months = x->type.kind == LANG_TYPE_MONTHS || y->type.kind == LANG_TYPE_MONTHS;
    if (months && type.kind == LANG_TYPE_DATE) {
        uint32_t date = x->type.kind == LANG_TYPE_DATE ? left.low : right.low;
        uint32_t count = x->type.kind == LANG_TYPE_DATE ? right.low : left.low;
        if (operator_kind == LANG_SUBTRACT) {
            uint32_t zero = plan_emit_number(builder, 0, PLAN_TYPE(MONTHS));
            count = plan_emit_simple(builder, PLAN_SUBTRACT, zero, count, PLAN_TYPE(MONTHS));
        }
        uint32_t step = plan_emit_simple(builder, PLAN_ADD_MONTHS, date, count, type);
        return (plan_value){step, step};
    }
    left = plan_as(builder, left, x->type, type);
    right = plan_as(builder, right, y->type, type);
    bool add = operator_kind == LANG_ADD;
    plan_operation operation = add ? PLAN_ADD : PLAN_SUBTRACT;
    plan_step step = {
        .operation = operation, .a = left.low, .b = add ? right.low : right.high, .c = PLAN_NO_STEP, .type = type};
    plan_value result = {plan_emit_from(builder, step, expression), 0};
    bool exact = left.low == left.high && right.low == right.high;
    step.a = left.high;
    step.b = add ? right.high : right.low;
    result.high = exact ? result.low : plan_emit_from(builder, step, expression);
    return result;
}

/* Whether an expression is decided, where others of its type are stored: a field, a parameter, an output. */
static bool is_condition(const lang_expression *expression)
{
    if (expression->type.kind != LANG_TYPE_TRUTH) return false;
    switch (expression->kind) {
    case LANG_LITERAL:
    case LANG_OR_ELSE: return false;
    case LANG_PATH:
        return expression->as.path.base == LANG_BASE_LET && expression->as.path.field_count == 0 &&
               is_condition(expression->as.path.let->value);
    case LANG_CALL: return expression->as.call.body != NULL && is_condition(expression->as.call.body);
    default: return true;
    }
}

plan_value plan_number(plan_builder *builder, const lang_expression *expression)
{
    uint32_t step;
    if (is_condition(expression)) {
        step = plan_truth(builder, expression);
        step = plan_emit_simple(builder, PLAN_FROM_TRUTH, step, PLAN_NO_STEP, truth_type());
        return (plan_value){step, step};
    }
    switch (expression->kind) {
    case LANG_LITERAL: step = literal_step(builder, expression); break;
    case LANG_PATH:
        /* A `let`, or an input of a function, may be known in bounds only. */
        if (expression->as.path.base == LANG_BASE_LET && expression->as.path.field_count == 0) {
            return plan_number(builder, expression->as.path.let->value);
        }
        step = path_step(builder, expression);
        break;
    case LANG_CALL: return call_value(builder, expression);
    case LANG_PART:
        step = plan_emit_from(builder,
                              (plan_step){.operation = PLAN_PART,
                                          .a = plan_number(builder, expression->as.part.value).low,
                                          .b = PLAN_NO_STEP,
                                          .c = PLAN_NO_STEP,
                                          .number = expression->as.part.part,
                                          .type = expression->type},
                              expression);
        break;
    case LANG_ARITHMETIC: return arithmetic(builder, expression);
    case LANG_NEGATE: {
        plan_value value = plan_number(builder, expression->as.binary.left);
        uint32_t zero = plan_emit_number(builder, 0, expression->type);
        plan_value result = {plan_emit_simple(builder, PLAN_SUBTRACT, zero, value.high, expression->type), 0};
        result.high = value.low == value.high
                          ? result.low
                          : plan_emit_simple(builder, PLAN_SUBTRACT, zero, value.low, expression->type);
        return result;
    }
    case LANG_OR_ELSE: {
        const lang_expression *x = expression->as.binary.left, *y = expression->as.binary.right;
        uint32_t left = plan_number(builder, x).low;
        uint32_t right = plan_as(builder, plan_number(builder, y), y->type, expression->type).low;
        step = plan_emit_simple(builder, PLAN_OR_ELSE, left, right, expression->type);
        break;
    }
    case LANG_QUANTIFIED: return plan_quantified(builder, expression);
    case LANG_TALLY:
        step = plan_emit_from(builder,
                              (plan_step){.operation = PLAN_TALLY,
                                          .a = PLAN_NO_STEP,
                                          .b = PLAN_NO_STEP,
                                          .c = PLAN_NO_STEP,
                                          .number = (int64_t)expression->as.tally.index,
                                          .type = expression->type},
                              expression);
        return (plan_value){step, plan_emit_simple(builder, PLAN_UPPER, step, PLAN_NO_STEP, expression->type)};
    default: step = plan_truth(builder, expression); break;
    }
    return (plan_value){step, step};
}

uint32_t plan_exact(plan_builder *builder, const lang_expression *expression)
{
    return plan_number(builder, expression).low;
}

static uint32_t both(plan_builder *builder, plan_operation operation, uint32_t a, uint32_t b)
{
    return plan_emit_simple(builder, operation, a, b, truth_type());
}

static uint32_t at_most(plan_builder *builder, plan_operation operation, plan_value left, plan_value right)
{
    if (left.low == left.high && right.low == right.high) return both(builder, operation, left.low, right.low);
    uint32_t surely = both(builder, operation, left.high, right.low);
    plan_operation opposite = operation == PLAN_AT_MOST ? PLAN_LESS : PLAN_AT_MOST;
    uint32_t never = both(builder, opposite, right.high, left.low);
    return both(builder, PLAN_DECIDE, surely, never);
}

uint32_t plan_compare(plan_builder *builder, lang_operator operator_kind, plan_value left, plan_value right)
{
    switch (operator_kind) {
    case LANG_LESS: return at_most(builder, PLAN_LESS, left, right);
    case LANG_AT_MOST: return at_most(builder, PLAN_AT_MOST, left, right);
    case LANG_GREATER: return at_most(builder, PLAN_LESS, right, left);
    case LANG_AT_LEAST: return at_most(builder, PLAN_AT_MOST, right, left);
    default: break;
    }
    uint32_t equal;
    if (left.low == left.high && right.low == right.high) {
        equal = both(builder, PLAN_EQUAL, left.low, right.low);
    } else {
        equal = both(builder, PLAN_AND, at_most(builder, PLAN_AT_MOST, left, right),
                     at_most(builder, PLAN_AT_MOST, right, left));
    }
    return operator_kind == LANG_EQUAL ? equal : plan_emit_simple(builder, PLAN_NOT, equal, PLAN_NO_STEP, truth_type());
}

/* Counts beside quantities become quantities; everything else compares as it is. */
static uint32_t compare(plan_builder *builder, lang_operator operator_kind, const lang_expression *x,
                        const lang_expression *y)
{
    if (x->type.kind == LANG_TYPE_TRUTH) {
        /* yes = yes: as truths, equality is (a and b) or (not a and not b). */
        uint32_t a = plan_truth(builder, x), b = plan_truth(builder, y);
        uint32_t not_a = plan_emit_simple(builder, PLAN_NOT, a, PLAN_NO_STEP, truth_type());
        uint32_t not_b = plan_emit_simple(builder, PLAN_NOT, b, PLAN_NO_STEP, truth_type());
        uint32_t equal = both(builder, PLAN_OR, both(builder, PLAN_AND, a, b), both(builder, PLAN_AND, not_a, not_b));
        return operator_kind == LANG_EQUAL ? equal
                                           : plan_emit_simple(builder, PLAN_NOT, equal, PLAN_NO_STEP, truth_type());
    }
    bool quantity = x->type.kind == LANG_TYPE_QUANTITY || y->type.kind == LANG_TYPE_QUANTITY;
    lang_type common = quantity ? PLAN_TYPE(QUANTITY) : x->type;
    plan_value left = plan_as(builder, plan_number(builder, x), x->type, common);
    plan_value right = plan_as(builder, plan_number(builder, y), y->type, common);
    return plan_compare(builder, operator_kind, left, right);
}

static uint32_t to_truth(plan_builder *builder, uint32_t step)
{
    return plan_emit_simple(builder, PLAN_TO_TRUTH, step, PLAN_NO_STEP, truth_type());
}

static uint32_t presence(plan_builder *builder, const lang_expression *expression)
{
    const lang_expression *value = expression->as.presence.value;
    uint32_t step = plan_emit_from(builder,
                                   (plan_step){.operation = PLAN_IS_PRESENT,
                                               .a = plan_number(builder, value).low,
                                               .b = PLAN_NO_STEP,
                                               .c = PLAN_NO_STEP,
                                               .type = truth_type()},
                                   expression);
    if (expression->as.presence.presence == LANG_IS_PRESENT) return step;
    return plan_emit_simple(builder, PLAN_NOT, step, PLAN_NO_STEP, truth_type());
}

static uint32_t denied(plan_builder *builder, const lang_expression *expression)
{
    bool other = expression->as.denied.subject.text[0] == 'o';
    uint32_t result = PLAN_NO_STEP;
    for (size_t i = 0; i < expression->as.denied.clauses.count; i++) {
        const lang_clause *clause = expression->as.denied.clauses.items[i];
        /* A clause of the policy at hand, or of a layer above it, is asked as this policy has it. */
        const lang_file *layer = builder->layer;
        bool own = false;
        for (const lang_file *file = layer; file != NULL; file = file->base) own = own || file == clause->file;
        uint32_t index = plan_denial_index(builder->plan, clause, own ? layer : clause->file);
        uint32_t step = plan_emit_from(builder,
                                       (plan_step){.operation = PLAN_DENIED,
                                                   .a = plan_frame(builder, other ? 1 : 0, LANG_RECORD_line),
                                                   .b = PLAN_NO_STEP,
                                                   .c = PLAN_NO_STEP,
                                                   .number = index,
                                                   .type = truth_type()},
                                       expression);
        result = result == PLAN_NO_STEP ? step : both(builder, PLAN_OR, result, step);
    }
    return result;
}

static uint32_t truth_of_kind(plan_builder *builder, const lang_expression *expression);

/* That every path in a comparison is present. */
static uint32_t all_present(plan_builder *builder, const lang_expression *expression, uint32_t result)
{
    if (expression == NULL) return result;
    const lang_expression *parts[3] = {NULL, NULL, NULL};
    switch (expression->kind) {
    case LANG_PATH: {
        bool field = expression->as.path.base == LANG_BASE_SUBJECT && expression->as.path.field_count > 0;
        if (!field) return result;
        uint32_t present = plan_emit_simple(builder, PLAN_IS_PRESENT, plan_number(builder, expression).low,
                                            PLAN_NO_STEP, truth_type());
        return plan_both(builder, result, present);
    }
    case LANG_COMPARE:
    case LANG_CONTAIN:
    case LANG_OVERLAP:
    case LANG_ARITHMETIC:
    case LANG_NEGATE:
        parts[0] = expression->as.binary.left;
        parts[1] = expression->as.binary.right;
        break;
    case LANG_BETWEEN:
        parts[0] = expression->as.between.value;
        parts[1] = expression->as.between.low;
        parts[2] = expression->as.between.high;
        break;
    case LANG_IN:
    case LANG_INCLUDE: parts[0] = expression->as.membership.value; break;
    case LANG_PART: parts[0] = expression->as.part.value; break;
    default: return result;
    }
    for (size_t i = 0; i < 3; i++) result = all_present(builder, parts[i], result);
    return result;
}

uint32_t plan_truth(plan_builder *builder, const lang_expression *expression)
{
    uint32_t truth = truth_of_kind(builder, expression);
    return builder->measuring ? all_present(builder, expression, truth) : truth;
}

static uint32_t truth_of_kind(plan_builder *builder, const lang_expression *expression)
{
    switch (expression->kind) {
    case LANG_AND:
    case LANG_OR: {
        uint32_t left = plan_truth(builder, expression->as.binary.left);
        uint32_t right = plan_truth(builder, expression->as.binary.right);
        return both(builder, expression->kind == LANG_AND ? PLAN_AND : PLAN_OR, left, right);
    }
    case LANG_NOT:
        return plan_emit_simple(builder, PLAN_NOT, plan_truth(builder, expression->as.binary.left), PLAN_NO_STEP,
                                truth_type());
    case LANG_COMPARE:
        return compare(builder, expression->as.binary.operator_kind, expression->as.binary.left,
                       expression->as.binary.right);
    case LANG_BETWEEN: {
        uint32_t low = compare(builder, LANG_AT_LEAST, expression->as.between.value, expression->as.between.low);
        uint32_t high = compare(builder, LANG_AT_MOST, expression->as.between.value, expression->as.between.high);
        return both(builder, PLAN_AND, low, high);
    }
    case LANG_CONTAIN:
    case LANG_OVERLAP: {
        uint32_t left = plan_exact(builder, expression->as.binary.left);
        uint32_t right = plan_exact(builder, expression->as.binary.right);
        return both(builder, expression->kind == LANG_CONTAIN ? PLAN_SPAN_CONTAINS : PLAN_SPANS_OVERLAP, left, right);
    }
    case LANG_IN:
    case LANG_INCLUDE: return plan_membership(builder, expression);
    case LANG_PRESENCE: return presence(builder, expression);
    case LANG_QUANTIFIED: return plan_counting_truth(builder, expression);
    case LANG_DENIED: return denied(builder, expression);
    case LANG_PATH:
        if (is_condition(expression)) return plan_truth(builder, expression->as.path.let->value);
        return to_truth(builder, plan_number(builder, expression).low);
    case LANG_CALL:
        if (expression->as.call.body != NULL && expression->type.kind == LANG_TYPE_TRUTH)
            return plan_truth(builder, expression->as.call.body);
        return to_truth(builder, plan_number(builder, expression).low);
    default: return to_truth(builder, plan_number(builder, expression).low);
    }
}
