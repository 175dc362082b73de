/* Which clauses of a policy are judged once for all layers below it. A layer that changes nothing of what a clause asks for leaves the
 * clause where the layer above has it: its lines are judged there, so that a library of many thin layers costs what its text
 * costs. Expects a checked program; tells, for a clause and a layer, the highest layer that judges it alike. */
#include "compiler/plan/build.h"

#include <string.h>

/* What the layers between two say otherwise: sets, parameters and tables, as the layer above declares them. */
typedef struct changed {
    base_arena *arena;
    BASE_ARRAY(const void *) items;
} changed;

static bool holds(const changed *c, const void *item)
{
    for (size_t i = 0; item != NULL && i < c->items.count; i++) {
        if (c->items.items[i] == item) return true;
    }
    return false;
}

static void add(changed *c, const void *item)
{
    const void **slot = item == NULL ? NULL : BASE_PUSH(c->arena, &c->items);
    if (slot != NULL) *slot = item;
}

static void gather(changed *c, const lang_file *above, const lang_file *layer)
{
    for (const lang_file *file = layer; file != NULL && file != above; file = file->base) {
        for (size_t i = 0; i < file->code_overrides.count; i++) add(c, file->code_overrides.items[i]->overrides);
        for (size_t i = 0; i < file->parameter_overrides.count; i++)
            add(c, file->parameter_overrides.items[i]->overrides);
        for (size_t i = 0; i < file->table_overrides.count; i++) add(c, file->table_overrides.items[i]->overrides);
    }
}

/* ---- whether an expression asks for something that is changed ---- */

static bool expression_asks(const changed *c, const lang_expression *expression);

static bool set_asks(const changed *c, const lang_code_set *set)
{
    if (set == NULL) return false;
    if (holds(c, set)) return true;
    for (size_t r = 0; r < set->row_count; r++) {
        for (size_t i = 0; i < set->rows[r].items.count; i++) {
            if (set_asks(c, lang_item_set(&set->rows[r].items.items[i]))) return true;
        }
    }
    return false;
}

static bool items_ask(const changed *c, const lang_items *items)
{
    for (size_t i = 0; i < items->count; i++) {
        const lang_item *item = &items->items[i];
        if (set_asks(c, lang_item_set(item)) || expression_asks(c, item->low) || expression_asks(c, item->high))
            return true;
    }
    return false;
}

static bool table_asks(const changed *c, const lang_table *table)
{
    if (table == NULL) return false;
    if (holds(c, table)) return true;
    for (size_t r = 1; r < table->rows.count; r++) {
        for (size_t k = 0; k < table->rows.items[r].cells.count; k++) {
            if (items_ask(c, &table->rows.items[r].cells.items[k].items)) return true;
        }
    }
    return false;
}

static bool path_asks(const changed *c, const lang_path *path)
{
    if (path->base == LANG_BASE_PARAMETER) return holds(c, path->parameter);
    return path->base == LANG_BASE_LET && expression_asks(c, path->let->value);
}

static bool list_asks(const changed *c, const lang_expressions *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (expression_asks(c, list->items[i])) return true;
    }
    return false;
}

static bool expression_asks(const changed *c, const lang_expression *expression)
{
    if (expression == NULL) return false;
    switch (expression->kind) {
    case LANG_LITERAL: return false;
    case LANG_PATH: return path_asks(c, &expression->as.path);
    case LANG_BETWEEN:
        return expression_asks(c, expression->as.between.value) || expression_asks(c, expression->as.between.low) ||
               expression_asks(c, expression->as.between.high);
    case LANG_IN:
    case LANG_INCLUDE:
        return expression_asks(c, expression->as.membership.value) || items_ask(c, &expression->as.membership.items);
    case LANG_PRESENCE: return expression_asks(c, expression->as.presence.value);
    case LANG_CALL:
        return table_asks(c, expression->as.call.table) || expression_asks(c, expression->as.call.body) ||
               list_asks(c, &expression->as.call.arguments);
    case LANG_PART: return expression_asks(c, expression->as.part.value);
    case LANG_QUANTIFIED:
        return expression_asks(c, expression->as.quantified.bound) ||
               expression_asks(c, expression->as.quantified.value) ||
               expression_asks(c, expression->as.quantified.second) ||
               expression_asks(c, expression->as.quantified.window.bound) ||
               expression_asks(c, expression->as.quantified.where);
    case LANG_DENIED: return false; /* the clauses that it names are asked for with their own */
    case LANG_TALLY: return true;   /* no clause has one */
    default: return expression_asks(c, expression->as.binary.left) || expression_asks(c, expression->as.binary.right);
    }
}

static bool clause_asks(const changed *c, const lang_clause *clause)
{
    if (c->items.count == 0) return false;
    if (clause->section != NULL && list_asks(c, &clause->section->wheres)) return true;
    if (list_asks(c, &clause->whens) || expression_asks(c, clause->requirement)) return true;
    for (size_t i = 0; i < clause->exceptions.count; i++) {
        if (expression_asks(c, clause->exceptions.items[i].condition)) return true;
    }
    for (size_t i = 0; i < clause->pieces.count; i++) {
        if (expression_asks(c, clause->pieces.items[i].hole)) return true;
    }
    return false;
}

/* ---- exceptions ---- */

static bool in_chain(const lang_file *file, const lang_file *layer)
{
    for (const lang_file *at = layer; at != NULL; at = at->base) {
        if (at == file) return true;
    }
    return false;
}

/* Exceptions that reach one of two layers alone, or ask for what is changed. One of a layer between them reaches the lower alone. */
static bool exceptions_differ(const changed *c, lang_exception *const *list, size_t count, const lang_file *above,
                              const lang_file *layer)
{
    for (size_t i = 0; i < count; i++) {
        const lang_exception *exception = list[i];
        bool reaches = plan_exception_reaches(exception, above);
        if (reaches != plan_exception_reaches(exception, layer)) return true;
        if (!reaches) continue;
        if (list_asks(c, &exception->whens)) return true;
    }
    return false;
}

static bool same(const changed *c, const lang_clause *clause, const lang_file *above, const lang_file *layer)
{
    const lang_clause *effective = plan_effective_clause(above, clause);
    if (effective != plan_effective_clause(layer, clause) || clause_asks(c, effective)) return false;
    const lang_clause_extras *extras = lang_clause_has(effective);
    if (exceptions_differ(c, extras->foreign.items, extras->foreign.count, above, layer)) return false;
    if (exceptions_differ(c, extras->waivers.items, extras->waivers.count, above, layer)) return false;
    if (extras->needs.count == 0) return true;
    /* What it asks of other lines is asked for the lines of the layer above alone, unless that one speaks of all. */
    bool named =
        lang_naming_payers(above) != NULL || lang_naming_plans(above) != NULL || lang_naming_products(above) != NULL;
    if (named || above->dates_given) return false;
    for (size_t i = 0; i < extras->needs.count; i++) {
        if (!same(c, extras->needs.items[i], above, layer)) return false;
    }
    return true;
}

const lang_file *plan_home(base_arena *arena, const lang_clause *clause, const lang_file *layer)
{
    const lang_file *home = layer;
    for (const lang_file *above = layer->base; above != NULL; above = above->base) {
        const lang_clause *base = lang_clause_replaced(clause);
        if (!in_chain(base->file, above)) break;
        if (!above->root) continue;
        changed c = {.arena = arena};
        gather(&c, above, layer);
        if (!same(&c, clause, above, layer)) break;
        home = above;
    }
    return home;
}
