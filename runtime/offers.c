#include "runtime/offers.h"

#include <string.h>

typedef struct finding {
    base_arena *arena;
    const run_binding *binding;
    run_offers *offers;
} finding;

/* The id of a constant. */
static uint32_t id_of(const finding *f, uint32_t symbol)
{
    return (uint32_t)f->binding->symbols[symbol];
}

static bool is_modifier(const plan_program *plan, uint32_t symbol)
{
    const char *text = plan->symbols.items[symbol];
    return lang_code_shape(LANG_SYSTEM_modifier, text, strlen(text));
}

static void find_modifiers(finding *f)
{
    const plan_program *plan = f->binding->plan;
    for (uint32_t symbol = 0; symbol < plan->symbols.count; symbol++) {
        if (!is_modifier(plan, symbol)) continue;
        uint32_t *slot = BASE_PUSH(f->arena, &f->offers->modifiers);
        if (slot != NULL) *slot = id_of(f, symbol);
    }
}

static bool is_offered(const run_offers *offers, const uint32_t *codes, uint32_t count)
{
    for (size_t i = 0; i < offers->lists.count; i++) {
        const run_offered_list *other = &offers->lists.items[i];
        if (other->count == count && memcmp(other->codes, codes, count * sizeof *codes) == 0) return true;
    }
    return false;
}

/* Tables of many payers have the same lists. */
static void find_lists(finding *f)
{
    enum { MOST = 64 /* codes of a list; more are no modifiers of a line */ };
    const plan_program *plan = f->binding->plan;
    for (size_t l = 0; l < plan->lists.count; l++) {
        const plan_symbols *list = &plan->lists.items[l];
        uint32_t codes[MOST], count = 0;
        for (size_t i = 0; i < list->count && count < MOST; i++) {
            if (is_modifier(plan, list->items[i])) codes[count++] = id_of(f, list->items[i]);
        }
        if (count == 0 || is_offered(f->offers, codes, count)) continue;
        run_offered_list own = {base_arena_alloc(f->arena, count * sizeof *codes), count};
        run_offered_list *slot = own.codes == NULL ? NULL : BASE_PUSH(f->arena, &f->offers->lists);
        if (slot == NULL) return;
        memcpy(own.codes, codes, count * sizeof *codes);
        *slot = own;
    }
}

static void add_place(finding *f, const lang_item *item)
{
    const char *text = lang_item_code(item);
    if (text == NULL) return;
    const base_intern *stored = &f->binding->store->symbols, *constants = &f->binding->plan->symbol_table;
    uint32_t id = base_intern_find(stored, text, strlen(text));
    uint32_t symbol = id != BASE_INTERN_NONE ? BASE_INTERN_NONE : base_intern_find(constants, text, strlen(text));
    if (symbol != BASE_INTERN_NONE) id = id_of(f, symbol);
    if (id == BASE_INTERN_NONE) return;
    for (size_t i = 0; i < f->offers->places.count; i++) {
        if (f->offers->places.items[i] == id) return;
    }
    uint32_t *slot = BASE_PUSH(f->arena, &f->offers->places);
    if (slot != NULL) *slot = id;
}

/* Every place of service that a table or a set of the policies names. */
static void find_places(finding *f)
{
    const plan_program *plan = f->binding->plan;
    for (size_t t = 0; t < plan->tables.count; t++) {
        const lang_table *table = plan->tables.items[t].source;
        for (size_t c = 0; c < table->inputs.count; c++) {
            lang_type type = table->inputs.items[c].type;
            if (type.kind != LANG_TYPE_CODE || type.detail != LANG_SYSTEM_pos) continue;
            for (size_t r = 1; r < table->rows.count; r++) {
                const lang_items *items = &table->rows.items[r].cells.items[c].items;
                for (size_t i = 0; i < items->count; i++) add_place(f, &items->items[i]);
            }
        }
    }
    for (size_t k = 0; k < plan->sets.count; k++) {
        const lang_code_set *set = plan->sets.items[k];
        for (size_t r = 0; set->system == LANG_SYSTEM_pos && r < set->row_count; r++) {
            for (size_t i = 0; i < lang_row_count(&set->rows[r]); i++) {
                lang_item item = lang_row_item(&set->rows[r], i);
                add_place(f, &item);
            }
        }
    }
}

const run_offers *run_offers_of(run_context *context)
{
    if (context->offers != NULL) return context->offers;
    finding f = {.arena = context->arena, .binding = context->binding};
    f.offers = base_arena_alloc(f.arena, sizeof *f.offers);
    if (f.offers == NULL) return NULL;
    find_modifiers(&f);
    find_lists(&f);
    find_places(&f);
    if (f.arena->failed) return NULL;
    return context->offers = f.offers;
}
