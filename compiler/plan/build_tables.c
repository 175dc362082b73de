/* Parameters and tables to constants and matchers. */
#include "compiler/plan/build.h"

#include <stdlib.h>

static bool is_symbol(lang_type type)
{
    return type.kind == LANG_TYPE_CODE || type.kind == LANG_TYPE_TEXT;
}

static int64_t literal_number(plan_program *plan, const lang_expression *literal, lang_type type)
{
    if (is_symbol(type)) return plan_symbol(plan, literal->as.literal.spelling);
    if (literal->kind == LANG_PATH) return literal->as.path.word;
    return literal->as.literal.value;
}

/* By layer, then from the latest first day. */
static int by_precedence(const void *a, const void *b)
{
    const plan_parameter_value *x = a, *y = b;
    if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
    return x->dates.from > y->dates.from ? -1 : x->dates.from < y->dates.from;
}

static void add_values(plan_program *plan, plan_parameter *added, const lang_parameter *parameter, uint32_t rank)
{
    for (size_t i = 0; i < parameter->rows.count; i++) {
        const lang_parameter_row *row = &parameter->rows.items[i];
        plan_parameter_value *value = BASE_PUSH(plan->arena, &added->values);
        if (value == NULL) return;
        *value = (plan_parameter_value){.dates = row->dates, .rank = rank};
        value->number = parameter->type.kind == LANG_TYPE_DATES ? row->value->as.literal.value
                                                                : literal_number(plan, row->value, parameter->type);
    }
}

/* The nearest layer at or above `layer` that overrides the parameter; NULL for none. */
static const lang_parameter *override_at(const lang_file *layer, const lang_parameter *parameter,
                                         const lang_file **found)
{
    for (const lang_file *file = layer; file != NULL; file = file->base) {
        for (size_t i = 0; i < file->parameter_overrides.count; i++) {
            if (file->parameter_overrides.items[i]->overrides != parameter) continue;
            *found = file;
            return file->parameter_overrides.items[i];
        }
    }
    return NULL;
}

uint32_t plan_parameter_index(plan_program *plan, const lang_parameter *parameter, const lang_file *layer)
{
    const lang_file *at = NULL;
    const lang_parameter *override = override_at(layer, parameter, &at);
    uint32_t known = plan_map_find(plan, PLAN_MAP_PARAMETER, parameter, override);
    if (known != PLAN_NO_STEP) return known;
    plan_parameter *added = BASE_PUSH(plan->scratch, &plan->parameters);
    if (added == NULL) return 0;
    added->source = parameter;
    plan_map_add(plan, PLAN_MAP_PARAMETER, parameter, override, (uint32_t)(plan->parameters.count - 1));
    uint32_t rank = 0;
    while (override != NULL) {
        add_values(plan, added, override, rank++);
        override = override_at(at->base, parameter, &at);
    }
    add_values(plan, added, parameter, rank);
    if (added->values.count > 1) {
        qsort(added->values.items, added->values.count, sizeof(plan_parameter_value), by_precedence);
    }
    return (uint32_t)(plan->parameters.count - 1);
}

static plan_matcher matcher(plan_program *plan, const lang_item *item, lang_type type)
{
    if (item->any) return (plan_matcher){.kind = PLAN_MATCH_ANY};
    bool single = lang_item_set(item) == NULL && item->high == NULL && item->low->kind == LANG_LITERAL &&
                  item->low->literal_kind != LANG_LITERAL_PREFIX;
    if (is_symbol(type) && single) {
        return (plan_matcher){.kind = PLAN_MATCH_SYMBOL, .low = literal_number(plan, item->low, type)};
    }
    if (is_symbol(type)) return (plan_matcher){.kind = PLAN_MATCH_ITEM, .item = item};
    int64_t low = literal_number(plan, item->low, type);
    int64_t high = item->high == NULL ? low : literal_number(plan, item->high, type);
    return (plan_matcher){.kind = PLAN_MATCH_NUMBERS, .low = low, .high = high};
}

static int64_t constant_list(plan_program *plan, const lang_items *items, lang_type type)
{
    plan_symbols *list = BASE_PUSH(plan->scratch, &plan->lists);
    if (list == NULL) return 0;
    int64_t index = (int64_t)plan->lists.count - 1;
    plan_symbols symbols = {0};
    for (size_t i = 0; i < items->count; i++) {
        const lang_expression *literal = items->items[i].low;
        if (literal->literal_kind == LANG_LITERAL_NONE) continue;
        uint32_t *slot = BASE_PUSH(plan->arena, &symbols);
        if (slot != NULL) *slot = (uint32_t)literal_number(plan, literal, type);
    }
    plan->lists.items[index] = symbols;
    return index;
}

static plan_cell output_cell(plan_program *plan, const lang_cell *cell, lang_type type)
{
    const lang_item *item = &cell->items.items[0];
    if (item->absent) return (plan_cell){.absent = true};
    if (type.list) return (plan_cell){.number = constant_list(plan, &cell->items, type)};
    return (plan_cell){.number = literal_number(plan, item->low, type)};
}

static bool asks_day(const plan_table *table)
{
    for (size_t b = 0; b < table->source->bulks.count; b++) {
        const lang_bulk *bulk = table->source->bulks.items[b];
        if (bulk->from_column >= 0 || bulk->to_column >= 0) return true;
    }
    for (size_t m = 0; m < table->row_count * table->source->inputs.count; m++) {
        for (size_t i = 0; i < table->inputs[m].count; i++) {
            if (table->inputs[m].items[i].kind == PLAN_MATCH_ITEM) return true;
        }
    }
    for (size_t r = 0; r < table->row_count; r++) {
        if (table->dates[r].from != BASE_DATE_MIN || table->dates[r].to != BASE_DATE_MAX) return true;
    }
    return false;
}

static bool build_table(plan_program *plan, const lang_table *source)
{
    plan_table *table = BASE_PUSH(plan->scratch, &plan->tables);
    if (table == NULL) return false;
    size_t inputs = source->inputs.count, outputs = source->outputs.count,
           rows = source->rows.count == 0 ? 0 : source->rows.count - 1;
    plan_matchers *matchers = base_arena_alloc(plan->arena, (rows * inputs + 1) * sizeof *matchers);
    plan_cell *cells = base_arena_alloc(plan->arena, (rows * outputs + 1) * sizeof *cells);
    lang_dates *dates = base_arena_alloc(plan->arena, (rows + 1) * sizeof *dates);
    if (matchers == NULL || cells == NULL || dates == NULL) return false;
    *table = (plan_table){.source = source, .row_count = rows, .inputs = matchers, .outputs = cells, .dates = dates};
    for (size_t r = 0; r < rows; r++) {
        const lang_table_row *row = &source->rows.items[r + 1];
        dates[r] = row->dates;
        if (source->hit == LANG_HIT_UNIQUE && dates[r].known != dates[0].known) table->corrected = true;
        for (size_t c = 0; c < inputs; c++) {
            const lang_items *items = &row->cells.items[c].items;
            for (size_t i = 0; i < items->count; i++) {
                plan_matcher *slot = BASE_PUSH(plan->arena, &matchers[r * inputs + c]);
                if (slot == NULL) return false;
                *slot = matcher(plan, &items->items[i], source->inputs.items[c].type);
            }
        }
        for (size_t c = 0; c < outputs; c++) {
            cells[r * outputs + c] = output_cell(plan, &row->cells.items[inputs + c], source->outputs.items[c].type);
        }
    }
    table->asks_day = asks_day(table);
    return true;
}

bool plan_build_tables(plan_program *plan)
{
    for (size_t i = 0; i < plan->program->tables.count; i++) {
        if (!build_table(plan, plan->program->tables.items[i])) return false;
    }
    return true;
}
