/* The steps that are too much for one instruction: sets, lists, tables, parameters, exact arithmetic.
 * Both evaluators call these, so that neither can drift. */
#include "runtime/context.h"

int64_t run_parameter(const run_context *context, uint32_t parameter, int64_t date, uint8_t date_state, uint8_t *state)
{
    const plan_parameter *source = &context->binding->plan->parameters.items[parameter];
    lang_type_kind kind = source->source->type.kind;
    const plan_parameter_value *found = NULL;
    if (source->values.count == 1 && source->values.items[0].dates.from == BASE_DATE_MIN &&
        source->values.items[0].dates.to == BASE_DATE_MAX) {
        found = &source->values.items[0];
    }
    for (size_t i = 0; found == NULL && date_state == RUN_PRESENT && i < source->values.count; i++) {
        const plan_parameter_value *value = &source->values.items[i];
        if (date >= value->dates.from && date <= value->dates.to) found = value;
    }
    *state = found != NULL ? RUN_PRESENT : RUN_UNKNOWN;
    if (found == NULL) return 0;
    bool symbol = kind == LANG_TYPE_CODE || kind == LANG_TYPE_TEXT;
    return symbol ? context->binding->symbols[found->number] : found->number;
}

uint8_t run_set_holds(const run_context *context, uint32_t set, int64_t code, int64_t date, uint8_t date_state)
{
    const run_binding *binding = context->binding;
    size_t known = binding->store->symbols.entries.count;
    const lang_code_set *source = binding->plan->sets.items[set];
    const char *text = NULL;
    if (code >= 0 && (size_t)code < known) {
        uint8_t member = binding->set_members[set][code];
        if (member != 2) return member == 1 ? RUN_TRUE : RUN_FALSE;
        text = binding->store->symbols.entries.items[code].text;
    } else {
        /* A constant of the plan that no encounter holds. */
        int64_t symbol = code > (int64_t)UINT32_MAX ? code - INT64_C(0x100000000) : (int64_t)UINT32_MAX - 1 - code;
        if (symbol < 0 || (size_t)symbol >= binding->plan->symbols.count) return RUN_FALSE;
        text = binding->plan->symbols.items[symbol];
        if (!lang_code_set_dated(source, text)) return lang_code_set_holds(source, text, 0) ? RUN_TRUE : RUN_FALSE;
    }
    if (date_state != RUN_PRESENT) return RUN_NEITHER;
    return lang_code_set_holds(source, text, (base_date)date) ? RUN_TRUE : RUN_FALSE;
}

const uint32_t *run_list_items(const run_context *context, int64_t list, size_t *count)
{
    *count = (size_t)(list & 0xFFFF);
    size_t offset = (size_t)((list & (RUN_LIST_CONSTANT - 1)) >> 16);
    if (*count == 0) return context->binding->list_pool; /* a pool without any list has no memory to point into */
    if ((list & RUN_LIST_CONSTANT) != 0) return context->binding->list_pool + offset;
    if ((list & RUN_LIST_OVERLAY) != 0) return context->overlay_pool + offset;
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

/* Lists keep 32 bits of a constant that no encounter holds; this folds a scalar the same way. */
static uint32_t folded(int64_t code)
{
    return code <= (int64_t)UINT32_MAX ? (uint32_t)code : (uint32_t)(UINT32_MAX - 1 - (code - INT64_C(0x100000000)));
}

uint8_t run_list_has(const run_context *context, int64_t list, int64_t code)
{
    size_t count;
    const uint32_t *items = run_list_items(context, list, &count);
    for (size_t i = 0; i < count; i++) {
        if (items[i] == folded(code)) return RUN_TRUE;
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

/* Whether an item of codes holds a code on the day of service. */
static uint8_t item_matches(const run_context *context, lang_type type, const lang_item *item, int64_t bits,
                            int64_t date, uint8_t date_state)
{
    const run_binding *binding = context->binding;
    const char *text;
    if (bits >= 0 && (size_t)bits < binding->store->symbols.entries.count) {
        text = binding->store->symbols.entries.items[bits].text;
    } else {
        int64_t symbol = bits - INT64_C(0x100000000);
        if (symbol < 0 || (size_t)symbol >= binding->plan->symbols.count) return RUN_FALSE;
        text = binding->plan->symbols.items[symbol];
    }
    if (item->set == NULL) {
        return lang_item_holds((lang_code_system)type.detail, item, text) ? RUN_TRUE : RUN_FALSE;
    }
    if (date_state != RUN_PRESENT && lang_code_set_dated(item->set, text)) return RUN_NEITHER;
    return lang_code_set_holds(item->set, text, (base_date)date) ? RUN_TRUE : RUN_FALSE;
}

static uint8_t cell_matches(const run_context *context, lang_type type, const plan_matchers *cell, int64_t bits,
                            int64_t date, uint8_t date_state)
{
    uint8_t result = RUN_FALSE;
    for (size_t i = 0; i < cell->count; i++) {
        const plan_matcher *matcher = &cell->items[i];
        uint8_t truth = RUN_FALSE;
        switch (matcher->kind) {
        case PLAN_MATCH_ANY: truth = RUN_TRUE; break;
        case PLAN_MATCH_NUMBERS: truth = bits >= matcher->low && bits <= matcher->high ? RUN_TRUE : RUN_FALSE; break;
        case PLAN_MATCH_SYMBOL: truth = bits == context->binding->symbols[matcher->low] ? RUN_TRUE : RUN_FALSE; break;
        case PLAN_MATCH_ITEM: truth = item_matches(context, type, matcher->item, bits, date, date_state); break;
        }
        if (truth == RUN_TRUE) return RUN_TRUE;
        if (truth == RUN_NEITHER) result = RUN_NEITHER;
    }
    return result;
}

static bool cell_any(const plan_matchers *cell)
{
    return cell->count == 1 && cell->items[0].kind == PLAN_MATCH_ANY;
}

/* An unknown argument fits every cell perhaps; a row that surely fits ends the search. */
int64_t run_lookup(const run_context *context, uint32_t table, const int64_t *bits, const uint8_t *states,
                   uint8_t *state)
{
    const plan_table *source = &context->binding->plan->tables.items[table];
    size_t inputs = source->source->inputs.count;
    bool perhaps = false;
    for (size_t row = 0; row < source->row_count; row++) {
        uint8_t fits = RUN_TRUE;
        for (size_t i = 0; i < inputs && fits != RUN_FALSE; i++) {
            const plan_matchers *cell = &source->inputs[row * inputs + i];
            uint8_t truth = cell_any(cell) ? RUN_TRUE : RUN_NEITHER;
            if (states[i] == RUN_PRESENT) {
                truth = cell_matches(context, source->source->inputs.items[i].type, cell, bits[i], bits[inputs],
                                     states[inputs]);
            }
            fits = truth == RUN_FALSE ? RUN_FALSE : truth == RUN_NEITHER ? RUN_NEITHER : fits;
        }
        if (fits == RUN_FALSE) continue;
        if (fits == RUN_TRUE && (!perhaps || !source->source->first)) {
            *state = RUN_PRESENT;
            return (int64_t)row;
        }
        perhaps = true;
    }
    *state = perhaps ? RUN_UNKNOWN : RUN_ABSENT;
    return 0;
}

int64_t run_output(const run_context *context, uint32_t table, uint32_t column, int64_t row, uint8_t *state)
{
    const plan_table *source = &context->binding->plan->tables.items[table];
    const plan_cell *cell = &source->outputs[(size_t)row * source->source->outputs.count + column];
    *state = cell->absent ? RUN_ABSENT : RUN_PRESENT;
    if (cell->absent) return 0;
    lang_type type = source->source->outputs.items[column].type;
    if (type.list) return context->binding->lists[cell->number];
    bool symbol = type.kind == LANG_TYPE_CODE || type.kind == LANG_TYPE_TEXT;
    return symbol ? context->binding->symbols[cell->number] : cell->number;
}
