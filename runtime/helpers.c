/* The steps that are too much for one instruction: sets, lists, tables, parameters, exact arithmetic.
 * Both evaluators call these, so that neither can drift. */
#include "runtime/context.h"

#include <string.h>

/* Whether a value of a parameter counts before `y`, which stands before it and fits the same day too: not where it is open
 * and `y`, which begins later, ends it; else where it became known later, and so corrects `y`. */
static bool counts_before(const plan_parameter_value *x, const plan_parameter_value *y)
{
    bool ended = x->dates.to == BASE_DATE_MAX && y->dates.from > x->dates.from;
    return !ended && x->dates.known > y->dates.known;
}

int64_t run_parameter(const run_context *context, uint32_t parameter, int64_t date, uint8_t date_state, uint8_t *state)
{
    const run_binding *binding = context->binding;
    const plan_parameter *source = &binding->plan->parameters.items[parameter];
    lang_type_kind kind = source->source->type.kind;
    const plan_parameter_value *found = NULL;
    for (size_t i = 0; i < source->values.count; i++) {
        const plan_parameter_value *value = &source->values.items[i];
        if (value->dates.known > binding->as_of) continue;
        if (found != NULL && value->rank > found->rank) break;
        bool always = lang_holds_always(value->dates);
        if (!always && date_state != RUN_PRESENT) {
            found = NULL; /* a value that holds on some days only may be the one */
            break;
        }
        bool fits = always || (date >= value->dates.from && date <= value->dates.to);
        if (fits && (found == NULL || counts_before(value, found))) found = value;
    }
    *state = found != NULL ? RUN_PRESENT : RUN_UNKNOWN;
    if (found == NULL) return 0;
    bool symbol = kind == LANG_TYPE_CODE || kind == LANG_TYPE_TEXT;
    return symbol ? binding->symbols[found->number] : found->number;
}

uint8_t run_set_holds(const run_context *context, uint32_t set, int64_t code, int64_t date, uint8_t date_state)
{
    const run_binding *binding = context->binding;
    uint8_t member = run_member_of(binding, set, code);
    if (member != RUN_MEMBER_DATED) return member == RUN_MEMBER_YES ? RUN_TRUE : RUN_FALSE;
    if (date_state != RUN_PRESENT) return RUN_NEITHER;
    const lang_code_set *source = binding->plan->sets.items[set];
    return lang_code_set_holds(source, run_symbol_text(binding, code), (base_date)date, binding->as_of) ? RUN_TRUE
                                                                                                        : RUN_FALSE;
}

const uint32_t *run_list_items(const run_context *context, int64_t list, size_t *count)
{
    *count = run_list_count(list);
    size_t offset = run_list_offset(list);
    if (*count == 0) return context->binding->list_pool; /* a pool without any list has no memory to point into */
    if ((list & RUN_LIST_CONSTANT) != 0) return context->binding->list_pool + offset;
    if ((list & RUN_LIST_OVERLAY) != 0) return context->overlay_pool + offset;
    if ((list & RUN_LIST_SCRATCH) != 0) return context->scratch.items + offset;
    return context->binding->store->pool.items + offset;
}

uint8_t run_list_meets_set(const run_context *context, uint32_t set, int64_t list, int64_t date, uint8_t date_state)
{
    size_t count;
    const uint32_t *items = run_list_items(context, list, &count);
    uint8_t result = RUN_FALSE;
    for (size_t i = 0; i < count; i++) {
        uint8_t truth = run_set_holds(context, set, items[i], date, date_state);
        if (truth == RUN_TRUE) return RUN_TRUE;
        if (truth == RUN_NEITHER) result = RUN_NEITHER;
    }
    return result;
}

uint8_t run_list_within_set(const run_context *context, uint32_t set, int64_t list, int64_t date, uint8_t date_state)
{
    size_t count;
    const uint32_t *items = run_list_items(context, list, &count);
    uint8_t result = RUN_TRUE;
    for (size_t i = 0; i < count; i++) {
        uint8_t truth = run_set_holds(context, set, items[i], date, date_state);
        if (truth == RUN_FALSE) return RUN_FALSE;
        if (truth == RUN_NEITHER) result = RUN_NEITHER;
    }
    return result;
}

uint8_t run_list_has(const run_context *context, int64_t list, int64_t code)
{
    size_t count;
    const uint32_t *items = run_list_items(context, list, &count);
    for (size_t i = 0; i < count; i++) {
        if (items[i] == code) return RUN_TRUE;
    }
    return RUN_FALSE;
}

uint8_t run_list_has_all(const run_context *context, int64_t list, int64_t other)
{
    size_t count;
    const uint32_t *items = run_list_items(context, other, &count);
    for (size_t i = 0; i < count; i++) {
        if (run_list_has(context, list, items[i]) != RUN_TRUE) return RUN_FALSE;
    }
    return RUN_TRUE;
}

uint8_t run_lists_meet(const run_context *context, int64_t list, int64_t other)
{
    size_t count;
    const uint32_t *items = run_list_items(context, other, &count);
    for (size_t i = 0; i < count; i++) {
        if (run_list_has(context, list, items[i]) == RUN_TRUE) return RUN_TRUE;
    }
    return RUN_FALSE;
}

int64_t run_add_months(int64_t date, int64_t months)
{
    if (date < BASE_DATE_MIN) date = BASE_DATE_MIN;
    if (date > BASE_DATE_MAX) date = BASE_DATE_MAX;
    return base_date_add_months((base_date)date, months);
}

__extension__ typedef __int128 wide;

static int64_t rounded(wide numerator, wide denominator, uint8_t *state)
{
    if (denominator < 0) {
        numerator = -numerator;
        denominator = -denominator;
    }
    wide half = denominator / 2;
    wide result = (numerator >= 0 ? numerator + half : numerator - half) / denominator;
    bool fits = result <= INT64_MAX && result >= INT64_MIN;
    *state = fits ? RUN_PRESENT : RUN_UNKNOWN;
    return fits ? (int64_t)result : 0;
}

int64_t run_multiply(int64_t a, int64_t b, int64_t divisor, uint8_t *state)
{
    return rounded((wide)a * b, divisor, state);
}

int64_t run_divide(int64_t a, int64_t b, int64_t factor, uint8_t *state)
{
    if (b == 0) {
        *state = RUN_UNKNOWN;
        return 0;
    }
    return rounded((wide)a * factor, b, state);
}

int64_t run_prorate(int64_t amount, int64_t part, int64_t whole, uint8_t *state)
{
    if (whole == 0) {
        *state = RUN_UNKNOWN;
        return 0;
    }
    return rounded((wide)amount * part, whole, state);
}

/* Completed years, or months, from one date to another. Someone born on 29 February completes a year on 1 March of years
 * that have no such day, as base_date_age has it; months likewise end on the same day of the month, else on the next. */
int64_t run_age(int64_t from, int64_t to, int64_t months, uint8_t *state)
{
    *state = RUN_PRESENT;
    if (months == 0) return base_date_age((base_date)from, (base_date)to);
    base_civil a = base_date_civil((base_date)from), b = base_date_civil((base_date)to);
    int64_t whole = ((int64_t)b.year - a.year) * 12 + (b.month - a.month);
    return b.day < a.day ? whole - 1 : whole;
}

int64_t run_span_length(int64_t span, int64_t times)
{
    int64_t length = (int64_t)run_span_to(span) - run_span_from(span);
    return times != 0 ? length * 1000 : length + 1;
}

int64_t run_span_shared(int64_t a, int64_t b, int64_t times)
{
    int32_t from = run_span_from(a) > run_span_from(b) ? run_span_from(a) : run_span_from(b);
    int32_t to = run_span_to(a) < run_span_to(b) ? run_span_to(a) : run_span_to(b);
    if (to < from) return 0;
    return run_span_length(run_span_pack(from, to), times);
}

int64_t run_round(int64_t value, int64_t unit, int64_t mode)
{
    int64_t whole = value / unit, rest = value % unit; /* towards zero */
    if (rest == 0) return whole;
    if (mode == 1) return rest > 0 ? whole + 1 : whole;
    if (mode == 2) return rest < 0 ? whole - 1 : whole;
    int64_t size = rest < 0 ? -rest : rest;
    if (size * 2 < unit) return whole;
    return rest < 0 ? whole - 1 : whole + 1;
}

int64_t run_part(int64_t date, int64_t part)
{
    base_civil civil = base_date_civil((base_date)date);
    switch (part) {
    case LANG_PART_YEAR: return civil.year;
    case LANG_PART_QUARTER: return base_date_make(civil.year, (civil.month - 1) / 3 * 3 + 1, 1);
    case LANG_PART_MONTH: return base_date_make(civil.year, civil.month, 1);
    default: return base_date_weekday((base_date)date);
    }
}

int64_t run_valid_npi(const run_context *context, int64_t code)
{
    const char *text = run_symbol_text(context->binding, code);
    return text != NULL && lang_npi_valid(text, strlen(text)) ? 1 : 0;
}

/* A line of this run is asked for its verdict; one of history has only its status to tell. */
uint8_t run_denied(run_context *context, uint32_t denial, int64_t line, uint8_t line_state)
{
    const run_store *store = context->binding->store;
    if (line_state != RUN_PRESENT) return RUN_NEITHER;
    uint32_t row = (uint32_t)line;
    if (!store->lines.items[row].subject) {
        if (!run_store_present(store, LANG_FIELD_line_status, row)) return RUN_NEITHER;
        int64_t status = run_store_bits(store, LANG_FIELD_line_status, row);
        bool paid = status == lang_schema_word_find(&lang_schema_standard, LANG_ENUMERATION_line_status, "paid");
        return paid ? RUN_FALSE : RUN_NEITHER;
    }
    if (store->lines.items[row].unreadable) return RUN_NEITHER;
    run_element result = {0};
    run_interpret_element(context, context->binding->plan->denials.items[denial].block, row, RUN_NO_ROW, &result);
    return result.truth;
}
