/* Membership and counting expressions to steps and aggregates. */
#include "compiler/plan/build.h"

#include <string.h>
#include <xxhash.h>

static lang_type truth_type(void)
{
    return PLAN_TYPE(TRUTH);
}

/* Codes that a biller may be told to put on a line have a symbol, whether or not an encounter of the run has them. */
static void keep_symbols(plan_program *plan, const lang_code_set *set)
{
    enum { FEW = 16 };
    if (set->system != LANG_SYSTEM_modifier && set->system != LANG_SYSTEM_pos) return;
    for (size_t r = 0; r < set->row_count; r++) {
        size_t count = lang_row_count(&set->rows[r]);
        for (size_t i = 0; i < count && count <= FEW; i++) {
            lang_item item = lang_row_item(&set->rows[r], i);
            const char *code = lang_item_code(&item);
            bool range = !item.text && item.high != NULL;
            if (code != NULL && !range) plan_symbol(plan, code);
        }
    }
}

/* Whether a set is written where it is asked for, as codes, ranges and prefixes alone. */
static bool written_in_place(const lang_code_set *set)
{
    if (set->name.text != NULL || set->row_count != 1) return false;
    const lang_code_row *row = &set->rows[0];
    if (row->import != NULL || row->bulk != NULL || row->except || !lang_holds_always(row->dates)) return false;
    for (size_t i = 0; i < row->items.count; i++) {
        const lang_item *item = &row->items.items[i];
        bool literal = item->low != NULL && item->low->kind == LANG_LITERAL &&
                       (item->high == NULL || item->high->kind == LANG_LITERAL);
        if (!literal) return false;
    }
    return true;
}

static bool same_literal(const lang_expression *a, const lang_expression *b)
{
    if (a == NULL || b == NULL) return a == b;
    return a->literal_kind == b->literal_kind && strcmp(a->as.literal.spelling, b->as.literal.spelling) == 0;
}

static bool same_written(const lang_code_set *a, const lang_code_set *b)
{
    if (a->system != b->system || a->clock != b->clock) return false;
    const lang_items *x = &a->rows[0].items, *y = &b->rows[0].items;
    if (x->count != y->count) return false;
    for (size_t i = 0; i < x->count; i++) {
        if (!same_literal(x->items[i].low, y->items[i].low) || !same_literal(x->items[i].high, y->items[i].high))
            return false;
    }
    return true;
}

static const void *digest_of_written(const lang_code_set *set)
{
    uint64_t digest = (uint64_t)set->system << 8 | (uint64_t)set->clock;
    for (size_t i = 0; i < set->rows[0].items.count; i++) {
        const lang_item *item = &set->rows[0].items.items[i];
        const lang_expression *ends[] = {item->low, item->high};
        for (size_t e = 0; e < 2; e++) {
            const char *spelling = ends[e] == NULL ? "" : ends[e]->as.literal.spelling;
            digest = XXH3_64bits_withSeed(spelling, strlen(spelling), digest);
        }
    }
    return (const void *)(uintptr_t)digest;
}

/* Codes that are written in several places alike are one set: what is asked of it is asked once, and histories that are counted by it are
 * summed up once. */
static uint32_t written_alike(plan_program *plan, const lang_code_set *set, const void *digest)
{
    uint32_t found = plan_map_find(plan, PLAN_MAP_WRITTEN_SET, digest, NULL);
    return found != PLAN_NO_STEP && same_written(plan->sets.items[found], set) ? found : PLAN_NO_STEP;
}

uint32_t plan_set_index(plan_program *plan, const lang_code_set *set, const lang_file *layer)
{
    uint32_t known = plan_map_find(plan, PLAN_MAP_SET, set, layer);
    if (known != PLAN_NO_STEP) return known;
    const lang_code_set *effective = plan_effective_set(plan, layer, set);
    uint32_t shared = effective == set ? plan_map_find(plan, PLAN_MAP_SET, set, NULL) : PLAN_NO_STEP;
    bool written = shared == PLAN_NO_STEP && effective == set && written_in_place(set);
    const void *digest = written ? digest_of_written(set) : NULL;
    if (written) shared = written_alike(plan, set, digest);
    if (shared == PLAN_NO_STEP) {
        const lang_code_set **slot = BASE_PUSH(plan->scratch, &plan->sets);
        if (slot == NULL) return 0;
        *slot = effective;
        keep_symbols(plan, effective);
        shared = (uint32_t)(plan->sets.count - 1);
        if (written && plan_map_find(plan, PLAN_MAP_WRITTEN_SET, digest, NULL) == PLAN_NO_STEP)
            plan_map_add(plan, PLAN_MAP_WRITTEN_SET, digest, NULL, shared);
        if (effective == set) plan_map_add(plan, PLAN_MAP_SET, set, NULL, shared);
    }
    if (layer != NULL) plan_map_add(plan, PLAN_MAP_SET, set, layer, shared);
    return shared;
}

static uint32_t set_step(plan_builder *builder, const lang_code_set *set, uint32_t value, bool list,
                         const lang_expression *source)
{
    bool only = source->kind == LANG_INCLUDE && source->as.membership.inclusion == LANG_INCLUDE_ONLY;
    return plan_emit_from(builder,
                          (plan_step){.operation = only   ? PLAN_LIST_WITHIN_SET
                                                   : list ? PLAN_LIST_MEETS_SET
                                                          : PLAN_SET_HOLDS,
                                      .a = value,
                                      .b = plan_clock_date(builder, set->clock),
                                      .c = PLAN_NO_STEP,
                                      .number = plan_set_index(builder->plan, set, builder->layer),
                                      .type = truth_type()},
                          source);
}

/* A set of its own for one literal item among others that are paths. */
static uint32_t literal_item(plan_builder *builder, const lang_expression *expression, const lang_item *item,
                             uint32_t value, bool list)
{
    lang_code_set *set = base_arena_alloc(builder->arena, sizeof *set);
    lang_code_row *row = base_arena_alloc(builder->arena, sizeof *row);
    lang_item *copy = row == NULL ? NULL : BASE_PUSH(builder->arena, &row->items);
    if (set == NULL || copy == NULL) return 0;
    *copy = *item;
    row->dates = LANG_ALWAYS;
    set->rows = row;
    set->row_count = 1;
    set->system = (lang_code_system)expression->as.membership.value->type.detail;
    return set_step(builder, set, value, list, expression);
}

static uint32_t number_item(plan_builder *builder, const lang_expression *value, const lang_item *item)
{
    bool quantity = value->type.kind == LANG_TYPE_QUANTITY || item->low->type.kind == LANG_TYPE_QUANTITY;
    lang_type common = quantity ? PLAN_TYPE(QUANTITY) : value->type;
    plan_value subject = plan_as(builder, plan_number(builder, value), value->type, common);
    plan_value low = plan_as(builder, plan_number(builder, item->low), item->low->type, common);
    if (item->high == NULL) return plan_compare(builder, LANG_EQUAL, subject, low);
    plan_value high = plan_as(builder, plan_number(builder, item->high), item->high->type, common);
    return plan_emit_simple(builder, PLAN_AND, plan_compare(builder, LANG_AT_LEAST, subject, low),
                            plan_compare(builder, LANG_AT_MOST, subject, high), truth_type());
}

static uint32_t one_item(plan_builder *builder, const lang_expression *expression, const lang_item *item)
{
    const lang_expression *value = expression->as.membership.value;
    bool list = value->type.list;
    bool all = expression->kind == LANG_INCLUDE && expression->as.membership.inclusion == LANG_INCLUDE_ALL;
    if (value->type.kind != LANG_TYPE_CODE) return number_item(builder, value, item);
    uint32_t subject = plan_exact(builder, value);
    if (lang_item_set(item) != NULL) return set_step(builder, lang_item_set(item), subject, list, expression);
    if (item->low->kind == LANG_LITERAL && (!all || item->high != NULL)) {
        return literal_item(builder, expression, item, subject, list);
    }
    uint32_t other = plan_exact(builder, item->low);
    plan_operation operation;
    uint32_t a = subject, b = other;
    bool only = expression->kind == LANG_INCLUDE && expression->as.membership.inclusion == LANG_INCLUDE_ONLY;
    if (only) {
        operation = PLAN_LIST_HAS_ALL;
        a = other;
        b = subject;
    } else if (!list) {
        operation = item->low->type.list ? PLAN_LIST_HAS : PLAN_EQUAL;
        if (item->low->type.list) {
            a = other;
            b = subject;
        }
    } else if (!item->low->type.list) {
        operation = PLAN_LIST_HAS;
    } else {
        operation = all ? PLAN_LIST_HAS_ALL : PLAN_LISTS_MEET;
    }
    return plan_emit_from(builder,
                          (plan_step){.operation = operation, .a = a, .b = b, .c = PLAN_NO_STEP, .type = truth_type()},
                          expression);
}

uint32_t plan_membership(plan_builder *builder, const lang_expression *expression)
{
    const lang_expression *value = expression->as.membership.value;
    bool include = expression->kind == LANG_INCLUDE;
    lang_inclusion inclusion = expression->as.membership.inclusion;
    uint32_t result = PLAN_NO_STEP;
    if (expression->as.membership.anonymous != NULL) {
        result = set_step(builder, expression->as.membership.anonymous, plan_exact(builder, value), value->type.list,
                          expression);
    }
    bool all = include && inclusion == LANG_INCLUDE_ALL;
    const lang_items *items = &expression->as.membership.items;
    for (size_t i = 0; expression->as.membership.anonymous == NULL && i < items->count; i++) {
        uint32_t item = one_item(builder, expression, &items->items[i]);
        result = result == PLAN_NO_STEP
                     ? item
                     : plan_emit_simple(builder, all ? PLAN_AND : PLAN_OR, result, item, truth_type());
    }
    if (include && inclusion == LANG_INCLUDE_NONE) {
        result = plan_emit_simple(builder, PLAN_NOT, result, PLAN_NO_STEP, truth_type());
    }
    return result;
}

/* The block that judges one element: its `where`, less those an exception excuses, and its value for sums. It is left to be ended; its
 * number is PLAN_NO_STEP where there is nothing to judge. */
static void element_block(plan_builder *builder, const lang_expression *expression, const lang_clause *exceptions,
                          plan_builder *inner)
{
    const lang_expression *where = expression->as.quantified.where;
    const lang_expression *value = expression->as.quantified.value, *second = expression->as.quantified.second;
    bool every = expression->as.quantified.quantifier == LANG_EVERY;
    inner->block = PLAN_NO_STEP;
    if (where == NULL && value == NULL && !every && exceptions == NULL) return;
    if (!plan_builder_init(inner, builder->plan, builder->layer)) {
        inner->block = PLAN_NO_STEP;
        return;
    }
    inner->keeps_sources = true;
    inner->in_element = true;
    uint32_t condition = where == NULL ? plan_emit_truth(inner, true) : plan_truth(inner, where);
    if (every) condition = plan_emit_simple(inner, PLAN_NOT, condition, PLAN_NO_STEP, truth_type());
    for (size_t i = 0; exceptions != NULL && i < exceptions->exceptions.count; i++) {
        uint32_t excuse = plan_truth(inner, exceptions->exceptions.items[i].condition);
        uint32_t stands = plan_emit_simple(inner, PLAN_NOT, excuse, PLAN_NO_STEP, truth_type());
        condition = plan_emit_simple(inner, PLAN_AND, condition, stands, truth_type());
    }
    const lang_clause_extras *extras = exceptions == NULL ? NULL : lang_clause_has(exceptions);
    for (size_t i = 0; extras != NULL && i < extras->foreign.count; i++) {
        if (!plan_exception_reaches(extras->foreign.items[i], builder->layer)) continue;
        uint32_t excuse = plan_exception(inner, extras->foreign.items[i]);
        uint32_t stands = plan_emit_simple(inner, PLAN_NOT, excuse, PLAN_NO_STEP, truth_type());
        condition = plan_emit_simple(inner, PLAN_AND, condition, stands, truth_type());
    }
    uint32_t number = value == NULL ? PLAN_NO_STEP : plan_exact(inner, value);
    uint32_t also = second == NULL ? PLAN_NO_STEP : plan_exact(inner, second);
    plan_emit(inner,
              (plan_step){.operation = PLAN_RETURN, .a = condition, .b = number, .c = also, .type = truth_type()});
}

static bool names_status(const plan_program *plan, uint32_t block)
{
    if (block == PLAN_NO_STEP) return false;
    const plan_block *steps = &plan->blocks.items[block];
    for (size_t i = 0; i < steps->steps.count; i++) {
        const plan_step *step = &steps->steps.items[i];
        if (step->operation == PLAN_LOAD && step->detail == LANG_FIELD_line_status) return true;
    }
    return false;
}

/* Whether two aggregates count the same of the same elements. */
static bool alike(const plan_program *plan, const plan_aggregate *a, const plan_aggregate *b)
{
    bool same = a->kind == b->kind && a->collection == b->collection && a->key == b->key &&
                a->without_subject == b->without_subject && lang_type_same(a->type, b->type) &&
                lang_window_same(&a->window, &b->window);
    if (!same || a->block == PLAN_NO_STEP || b->block == PLAN_NO_STEP) return same && a->block == b->block;
    return plan_same_block(plan, a->block, b->block);
}

static const void *digest_of_aggregate(const plan_program *plan, const plan_aggregate *a)
{
    uint64_t own[] = {(uint64_t)a->kind << 32 | (uint64_t)a->collection << 16 | (uint64_t)a->key << 1 |
                          a->without_subject,
                      (uint64_t)a->window.kind << 8 | (uint64_t)a->window.cut, (uint64_t)a->window.length};
    uint64_t digest = a->block == PLAN_NO_STEP ? 0 : plan_block_digest(plan, a->block);
    return (const void *)(uintptr_t)XXH3_64bits_withSeed(own, sizeof own, digest);
}

/* Where the steps of an ended block come from, in memory that stays. */
static plan_sources sources_of(const plan_builder *builder)
{
    size_t count = builder->sources.count;
    const lang_expression **sources = base_arena_alloc(builder->plan->arena, (count + 1) * sizeof *sources);
    if (sources != NULL && count > 0) memcpy(sources, builder->sources.items, count * sizeof *sources);
    return sources;
}

/* What is counted alike in several places is one aggregate: it is counted once for all of them. Ends the block of its elements, or drops it
 * where there is one already. */
static uint32_t add_aggregate(plan_program *plan, const plan_aggregate *aggregate, plan_builder *elements)
{
    bool block = aggregate->block != PLAN_NO_STEP;
    const void *digest = digest_of_aggregate(plan, aggregate);
    uint32_t found = plan_map_find(plan, PLAN_MAP_ALIKE_AGGREGATE, digest, NULL);
    if (found != PLAN_NO_STEP && alike(plan, &plan->aggregates.items[found], aggregate)) {
        plan_aggregate *shared = &plan->aggregates.items[found];
        shared->one_decides = shared->one_decides && aggregate->one_decides;
        if (block) plan_builder_drop(elements);
        return found;
    }
    if (block) plan_builder_done(elements);
    plan_aggregate *slot = BASE_PUSH(plan->scratch, &plan->aggregates);
    if (slot == NULL) return 0;
    *slot = *aggregate;
    if (block) slot->sources = sources_of(elements);
    uint32_t index = (uint32_t)plan->aggregates.count - 1;
    if (found == PLAN_NO_STEP) plan_map_add(plan, PLAN_MAP_ALIKE_AGGREGATE, digest, NULL, index);
    return index;
}

uint32_t plan_aggregate_for(plan_builder *builder, const lang_expression *expression, const lang_clause *exceptions)
{
    plan_program *plan = builder->plan;
    /* The two aggregates of a `forbid exists other`, with and without its exceptions, are told apart by address. */
    const void *key = exceptions != NULL ? (const void *)&expression->as.quantified.where : expression;
    uint32_t known = plan_map_find(plan, PLAN_MAP_AGGREGATE, key, builder->layer);
    if (known != PLAN_NO_STEP) return known;
    plan_aggregate aggregate = {.kind = PLAN_COUNTS,
                                .collection = expression->as.quantified.kind,
                                .key = expression->as.quantified.key,
                                .window = expression->as.quantified.window,
                                .type = PLAN_TYPE(COUNT)};
    lang_quantifier quantifier = expression->as.quantified.quantifier;
    if (expression->as.quantified.distinct)
        aggregate.kind = PLAN_DISTINCT;
    else if (quantifier == LANG_SUM_OF)
        aggregate.kind = PLAN_SUMS;
    else if (quantifier == LANG_MINIMUM_OF)
        aggregate.kind = PLAN_MINIMUM;
    else if (quantifier == LANG_MAXIMUM_OF)
        aggregate.kind = PLAN_MAXIMUM;
    if (aggregate.kind != PLAN_COUNTS && aggregate.kind != PLAN_DISTINCT) aggregate.type = expression->type;
    aggregate.without_subject =
        expression->as.quantified.binder.text != NULL || expression->as.quantified.window.cut == LANG_CUT_EARLIER;
    aggregate.one_decides = quantifier == LANG_EXISTS || quantifier == LANG_NO || quantifier == LANG_EVERY;
    plan_builder elements;
    element_block(builder, expression, exceptions, &elements);
    aggregate.block = elements.block;
    aggregate.names_status = names_status(plan, aggregate.block);
    uint32_t index = add_aggregate(plan, &aggregate, &elements);
    plan_map_add(plan, PLAN_MAP_AGGREGATE, key, builder->layer, index);
    return index;
}

const plan_aggregate *plan_aggregate_at(const plan_program *plan, uint32_t aggregate)
{
    static const plan_aggregate none = {.kind = PLAN_COUNTS, .type = PLAN_TYPE(COUNT)};
    return aggregate < plan->aggregates.count ? &plan->aggregates.items[aggregate] : &none;
}

uint32_t plan_window_bound(plan_builder *builder, const lang_window *window)
{
    if (window->bound == NULL) return PLAN_NO_STEP;
    uint32_t bound = plan_exact(builder, window->bound);
    lang_type type = window->bound->type;
    if (type.kind != LANG_TYPE_RECORD) return bound;
    lang_field dates =
        type.detail == LANG_RECORD_authorization ? LANG_FIELD_authorization_dates : LANG_FIELD_coverage_dates;
    return plan_emit_from(builder,
                          (plan_step){.operation = PLAN_LOAD,
                                      .a = bound,
                                      .b = PLAN_NO_STEP,
                                      .c = PLAN_NO_STEP,
                                      .detail = (uint32_t)dates,
                                      .type = PLAN_TYPE(DATES)},
                          window->bound);
}

plan_value plan_quantified(plan_builder *builder, const lang_expression *expression)
{
    uint32_t aggregate = plan_aggregate_for(builder, expression, NULL);
    uint32_t bound = plan_window_bound(builder, &expression->as.quantified.window);
    lang_type type = plan_aggregate_at(builder->plan, aggregate)->type;
    uint32_t low = plan_emit_from(builder,
                                  (plan_step){.operation = PLAN_AGGREGATE,
                                              .a = bound,
                                              .b = PLAN_NO_STEP,
                                              .c = PLAN_NO_STEP,
                                              .number = aggregate,
                                              .type = type},
                                  expression);
    plan_aggregate_kind kind = plan_aggregate_at(builder->plan, aggregate)->kind;
    if (kind == PLAN_MINIMUM || kind == PLAN_MAXIMUM) return (plan_value){low, low};
    return (plan_value){low, plan_emit_simple(builder, PLAN_UPPER, low, PLAN_NO_STEP, type)};
}

uint32_t plan_counting_truth(plan_builder *builder, const lang_expression *expression)
{
    plan_value count = plan_quantified(builder, expression);
    const lang_expression *bound = expression->as.quantified.bound;
    plan_value limit;
    if (bound != NULL) {
        limit = plan_number(builder, bound);
    } else {
        limit.low = limit.high = plan_emit_number(builder, 1, PLAN_TYPE(COUNT));
    }
    switch (expression->as.quantified.quantifier) {
    case LANG_EXISTS: return plan_compare(builder, LANG_AT_LEAST, count, limit);
    case LANG_NO:
    case LANG_EVERY: return plan_compare(builder, LANG_LESS, count, limit);
    case LANG_AT_MOST_OF: return plan_compare(builder, LANG_AT_MOST, count, limit);
    case LANG_AT_LEAST_OF: return plan_compare(builder, LANG_AT_LEAST, count, limit);
    case LANG_MORE_THAN_OF: return plan_compare(builder, LANG_GREATER, count, limit);
    default: return plan_compare(builder, LANG_LESS, count, limit);
    }
}
