/* Layers in the plan: which override counts for which policy, where a policy speaks, and exceptions from elsewhere. */
#include "compiler/plan/build.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static size_t slot_of(const plan_map *map, plan_map_kind kind, const void *a, const void *b)
{
    uint64_t key[3] = {(uint64_t)(uintptr_t)a, (uint64_t)(uintptr_t)b, kind};
    size_t slot = (size_t)XXH3_64bits(key, sizeof key) & (map->size - 1);
    while (map->entries[slot].value != 0 &&
           (map->entries[slot].a != a || map->entries[slot].b != b || map->entries[slot].kind != kind)) {
        slot = (slot + 1) & (map->size - 1);
    }
    return slot;
}

uint32_t plan_map_find(const plan_program *plan, plan_map_kind kind, const void *a, const void *b)
{
    if (plan->map == NULL || plan->map->size == 0) return PLAN_NO_STEP;
    return plan->map->entries[slot_of(plan->map, kind, a, b)].value - 1;
}

void plan_map_add(plan_program *plan, plan_map_kind kind, const void *a, const void *b, uint32_t value)
{
    plan_map *map = plan->map;
    if (map == NULL) map = plan->map = base_arena_alloc(plan->scratch, sizeof *map);
    if (map == NULL) return;
    if (map->count * 2 >= map->size) {
        plan_map larger = {.size = map->size == 0 ? 256 : map->size * 2, .count = map->count};
        larger.entries = base_arena_alloc(plan->scratch, larger.size * sizeof *larger.entries);
        if (larger.entries == NULL) return;
        for (size_t i = 0; i < map->size; i++) {
            const plan_map_entry *old = &map->entries[i];
            if (old->value != 0) larger.entries[slot_of(&larger, (plan_map_kind)old->kind, old->a, old->b)] = *old;
        }
        *map = larger;
    }
    map->entries[slot_of(map, kind, a, b)] = (plan_map_entry){a, b, kind, value + 1};
    map->count++;
}

const lang_clause *plan_effective_clause(const lang_file *policy, const lang_clause *clause)
{
    const lang_clause *base = lang_clause_replaced(clause);
    for (const lang_file *file = policy; file != NULL && file != base->file; file = file->base) {
        const lang_clause *override = lang_declared_in(file, base->name.text)->clause_override;
        if (override != NULL && lang_clause_has(override)->overrides == base) return override;
    }
    return base;
}

bool plan_judges(const plan_clause *clause, uint32_t policy)
{
    bool judges = clause->policy == policy;
    for (size_t i = 0; i < clause->sharers.count && !judges; i++) judges = clause->sharers.items[i] == policy;
    return judges;
}

size_t plan_find_clause(const plan_program *plan, const lang_clause *clause, const lang_file *policy)
{
    uint32_t own = 0;
    while (own < plan->policies.count && plan->policies.items[own].source != policy) own++;
    for (size_t p = 0; p < plan->policies.count; p++) {
        const plan_policy *judge = &plan->policies.items[p];
        bool shared = false;
        for (size_t i = 0; i < judge->sharers.count && !shared; i++) shared = judge->sharers.items[i] == own;
        if (p != own && !shared) continue;
        const lang_clause *effective = plan_effective_clause(judge->source, clause);
        for (uint32_t i = judge->first_clause; i < judge->first_clause + judge->clause_count; i++) {
            const plan_clause *held = &plan->clauses.items[i];
            if (held->source == effective && plan_judges(held, own)) return i;
        }
    }
    return plan->clauses.count;
}

const lang_table *plan_effective_table(const lang_file *layer, const lang_table *table)
{
    for (const lang_file *file = layer; file != NULL; file = file->base) {
        for (size_t i = 0; i < file->table_overrides.count; i++) {
            const lang_table *override = file->table_overrides.items[i];
            if (override->overrides == table && override->merged != NULL) return override->merged;
        }
    }
    return table;
}

static const lang_code_set *named_set(const lang_file *layer, const lang_code_set *set)
{
    for (const lang_file *file = layer; file != NULL; file = file->base) {
        for (size_t i = 0; i < file->code_overrides.count; i++) {
            if (file->code_overrides.items[i]->overrides == set) return file->code_overrides.items[i];
        }
    }
    return set;
}

static bool overrides_codes(const lang_file *layer)
{
    for (const lang_file *file = layer; file != NULL; file = file->base) {
        if (file->code_overrides.count > 0) return true;
    }
    return false;
}

/* A set may hold others by name, so that an override deep inside changes it too. */
const lang_code_set *plan_effective_set(plan_program *plan, const lang_file *layer, const lang_code_set *set)
{
    if (!overrides_codes(layer)) return set;
    const lang_code_set *named = named_set(layer, set);
    if (named != set) return named;
    lang_code_set *copy = NULL;
    for (size_t r = 0; r < set->row_count; r++) {
        for (size_t i = 0; i < set->rows[r].items.count; i++) {
            const lang_item *item = &set->rows[r].items.items[i];
            lang_code_set *inner = lang_item_set(item);
            const lang_code_set *effective = inner == NULL ? NULL : plan_effective_set(plan, layer, inner);
            if (effective == inner) continue;
            if (copy == NULL) {
                copy = base_arena_alloc(plan->arena, sizeof *copy);
                lang_code_row *rows = base_arena_alloc(plan->arena, set->row_count * sizeof *rows);
                if (copy == NULL || rows == NULL) return set;
                *copy = *set;
                copy->rows = rows;
                memcpy(rows, set->rows, set->row_count * sizeof *rows);
                for (size_t k = 0; k < set->row_count; k++) {
                    size_t count = set->rows[k].items.count;
                    lang_item *items = base_arena_alloc(plan->arena, (count + 1) * sizeof *items);
                    if (items == NULL) return set;
                    if (count > 0) memcpy(items, set->rows[k].items.items, count * sizeof *items);
                    rows[k].items.items = items;
                }
            }
            lang_expression *name = base_arena_alloc(plan->arena, lang_expression_size(LANG_PATH));
            if (name == NULL) return set;
            memcpy(name, item->low, lang_expression_size(LANG_PATH));
            name->as.path.set = (lang_code_set *)(uintptr_t)effective;
            copy->rows[r].items.items[i].low = name;
        }
    }
    return copy == NULL ? set : copy;
}

uint32_t plan_both(plan_builder *builder, uint32_t a, uint32_t b)
{
    if (a == PLAN_NO_STEP) return b;
    if (b == PLAN_NO_STEP || a == b) return a;
    return plan_emit_simple(builder, PLAN_AND, a, b, PLAN_TYPE(TRUTH));
}

enum { FEW_NAMES = 16, LIST_NAMES = 50000 /* a packed list holds no more than 65,535 */ };

/* The constant list of some names; the same one where they were listed before. */
static uint32_t list_of_names(plan_program *plan, const lang_name *names, size_t count)
{
    plan_symbols list = {0};
    for (size_t i = 0; i < count; i++) {
        uint32_t *slot = BASE_PUSH(plan->scratch, &list);
        if (slot == NULL) return 0;
        *slot = plan_symbol(plan, names[i].text);
    }
    for (uint32_t i = 0; i < plan->lists.count; i++) {
        const plan_symbols *other = &plan->lists.items[i];
        if (other->count == count && memcmp(other->items, list.items, count * sizeof *list.items) == 0) return i;
    }
    BASE_SETTLE(plan->arena, &list);
    plan_symbols *slot = BASE_PUSH(plan->scratch, &plan->lists);
    if (slot == NULL) return 0;
    *slot = list;
    return (uint32_t)plan->lists.count - 1;
}

/* Whether a value is one of many names: one step for thousands of them, since each line's payer is asked. */
static uint32_t among_names(plan_builder *builder, uint32_t value, const lang_name *names, size_t count)
{
    lang_type type = PLAN_TYPE(TEXT);
    type.list = true;
    uint32_t result = PLAN_NO_STEP;
    for (size_t i = 0, part; i < count; i += part) {
        part = count - i < LIST_NAMES ? count - i : LIST_NAMES;
        uint32_t list = plan_emit(builder, (plan_step){.operation = PLAN_LIST,
                                                       .a = PLAN_NO_STEP,
                                                       .b = PLAN_NO_STEP,
                                                       .c = PLAN_NO_STEP,
                                                       .type = type,
                                                       .number = list_of_names(builder->plan, names + i, part)});
        uint32_t has = plan_emit_simple(builder, PLAN_LIST_HAS, list, value, PLAN_TYPE(TRUTH));
        result = result == PLAN_NO_STEP ? has : plan_emit_simple(builder, PLAN_OR, result, has, PLAN_TYPE(TRUTH));
    }
    return result;
}

static uint32_t of_line(plan_builder *builder, lang_field field)
{
    return plan_load(builder, plan_frame(builder, 0, LANG_RECORD_line), field, NULL);
}

static uint32_t any_text(plan_builder *builder, uint32_t value, const lang_name *names, size_t count)
{
    uint32_t result = PLAN_NO_STEP;
    if (count > FEW_NAMES) return among_names(builder, value, names, count);
    for (size_t i = 0; i < count; i++) {
        uint32_t text = plan_emit(builder, (plan_step){.operation = PLAN_SYMBOL,
                                                       .a = PLAN_NO_STEP,
                                                       .b = PLAN_NO_STEP,
                                                       .c = PLAN_NO_STEP,
                                                       .type = PLAN_TYPE(TEXT),
                                                       .number = plan_symbol(builder->plan, names[i].text)});
        uint32_t equal = plan_emit_simple(builder, PLAN_EQUAL, value, text, PLAN_TYPE(TRUTH));
        result = result == PLAN_NO_STEP ? equal : plan_emit_simple(builder, PLAN_OR, result, equal, PLAN_TYPE(TRUTH));
    }
    return result;
}

uint32_t plan_on_dates(plan_builder *builder, lang_dates dates, lang_clock clock)
{
    uint32_t date = plan_clock_date(builder, clock), result = PLAN_NO_STEP;
    bool always = lang_holds_always(dates);
    if (!always || clock == LANG_CLOCK_SERVICE) {
        uint32_t from = plan_emit_number(builder, dates.from, PLAN_TYPE(DATE));
        uint32_t to = plan_emit_number(builder, dates.to, PLAN_TYPE(DATE));
        result = plan_both(builder, plan_emit_simple(builder, PLAN_AT_MOST, from, date, PLAN_TYPE(TRUTH)),
                           plan_emit_simple(builder, PLAN_AT_MOST, date, to, PLAN_TYPE(TRUTH)));
    }
    if (dates.known == BASE_DATE_MIN) return result;
    uint32_t known = plan_emit(builder, (plan_step){.operation = PLAN_KNOWN,
                                                    .a = PLAN_NO_STEP,
                                                    .b = PLAN_NO_STEP,
                                                    .c = PLAN_NO_STEP,
                                                    .number = dates.known,
                                                    .type = PLAN_TYPE(TRUTH)});
    return plan_both(builder, result, known);
}

/* Whether a claim is of one of the products. One that does not say whose product it is may be: it is not known not to be. */
static uint32_t of_products(plan_builder *builder, const lang_name *products, size_t count)
{
    uint32_t claim = of_line(builder, LANG_FIELD_line_claim);
    uint32_t product = plan_load(builder, claim, LANG_FIELD_claim_filing_indicator, NULL);
    uint32_t among = any_text(builder, product, products, count);
    uint32_t told = plan_emit_simple(builder, PLAN_IS_PRESENT, product, PLAN_NO_STEP, PLAN_TYPE(TRUTH));
    uint32_t other = plan_emit_simple(builder, PLAN_NOT, among, PLAN_NO_STEP, PLAN_TYPE(TRUTH));
    return plan_emit_simple(builder, PLAN_DECIDE, among, plan_both(builder, told, other), PLAN_TYPE(TRUTH));
}

/* The payers, plans and products of a policy; where it names none, those of the nearest layer above that does. */
uint32_t plan_payers(plan_builder *builder, const lang_file *policy)
{
    const lang_file *payers = lang_naming_payers(policy), *plans = lang_naming_plans(policy);
    const lang_file *products = lang_naming_products(policy);
    uint32_t result = PLAN_NO_STEP;
    if (payers != NULL) {
        uint32_t payer = of_line(builder, LANG_FIELD_line_payer);
        result = any_text(builder, payer, payers->payers.items, payers->payers.count);
    }
    if (plans != NULL) {
        uint32_t plan = of_line(builder, LANG_FIELD_line_plan);
        result = plan_both(builder, result, any_text(builder, plan, plans->plans.items, plans->plans.count));
    }
    if (products != NULL) {
        result = plan_both(builder, result, of_products(builder, products->products.items, products->products.count));
    }
    return result == PLAN_NO_STEP ? plan_emit_truth(builder, true) : result;
}

uint32_t plan_scope(plan_builder *builder, const lang_file *policy)
{
    return plan_both(builder, plan_payers(builder, policy), plan_on_dates(builder, policy->dates, policy->clock));
}

static bool above(const lang_file *file, const lang_file *layer)
{
    for (const lang_file *at = layer; at != NULL; at = at->base) {
        if (at == file) return true;
    }
    return false;
}

/* Whether two policies name payers, and none in common: no line is both's. */
static bool apart(const lang_file *a, const lang_file *b)
{
    a = lang_naming_payers(a);
    b = lang_naming_payers(b);
    for (size_t i = 0; a != NULL && b != NULL && i < a->payers.count; i++) {
        for (size_t k = 0; k < b->payers.count; k++) {
            if (strcmp(a->payers.items[i].text, b->payers.items[k].text) == 0) return false;
        }
    }
    return a != NULL && b != NULL;
}

/* An exception that a layer below makes is for that layer's lines alone; one of another payer's policy for that payer's. */
bool plan_exception_reaches(const lang_exception *exception, const lang_file *policy)
{
    if (above(exception->file, policy)) return true;
    return !above(policy, exception->file) && !apart(exception->file, policy);
}

uint32_t plan_exception(plan_builder *builder, const lang_exception *exception)
{
    uint32_t result = PLAN_NO_STEP;
    if (!above(exception->file, builder->layer)) result = plan_scope(builder, exception->file);
    bool dated = exception->dates.from != BASE_DATE_MIN || exception->dates.to != BASE_DATE_MAX ||
                 exception->dates.known != BASE_DATE_MIN;
    if (dated) result = plan_both(builder, result, plan_on_dates(builder, exception->dates, exception->clock));
    for (size_t i = 0; i < exception->whens.count; i++) {
        result = plan_both(builder, result, plan_truth(builder, exception->whens.items[i]));
    }
    return result == PLAN_NO_STEP ? plan_emit_truth(builder, true) : result;
}
