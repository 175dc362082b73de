/* Names of the tree's enumerations. */
#include "lang/ast.h"

#include <stddef.h>
#include <string.h>

const char *lang_outcome_name(lang_outcome outcome)
{
    static const char *const names[] = {"deny", "review", "reduce", "audit", "warn", "pass"};
    return names[outcome];
}

const char *lang_window_name(lang_window_kind kind)
{
    static const char *const names[] = {"per lifetime",
                                        "on the same day",
                                        "in the last N days",
                                        "in the last N months",
                                        "in the same calendar week",
                                        "in the same calendar month",
                                        "in the same calendar quarter",
                                        "in the same calendar year",
                                        "in the benefit year",
                                        "during",
                                        "since",
                                        "within N days before",
                                        "within N months before",
                                        "in the next N days",
                                        "in the next N months",
                                        "in the fiscal year",
                                        "in periods of N days from the first service",
                                        "in periods of N months from the first service"};
    return names[kind];
}

bool lang_window_same(const lang_window *a, const lang_window *b)
{
    return a->kind == b->kind && a->cut == b->cut && a->whole == b->whole && a->weekday == b->weekday &&
           a->month == b->month && a->day == b->day && a->length == b->length && a->given == b->given &&
           (a->bound == NULL) == (b->bound == NULL);
}

lang_item lang_item_at(lang_span span)
{
    return (lang_item){.start = span.start, .length = (span.end - span.start) & LANG_FILE_LIMIT};
}

lang_span lang_item_span(const lang_item *item, uint32_t file)
{
    if (item->low != NULL) file = item->low->span.file;
    return lang_span_of(file, item->start, item->start + item->length);
}

lang_code_set *lang_item_set(const lang_item *item)
{
    bool names = item->low != NULL && item->low->kind == LANG_PATH && item->low->as.path.base == LANG_BASE_SET;
    return names ? item->low->as.path.set : NULL;
}

const char *lang_item_code(const lang_item *item)
{
    if (item->text) return item->prefix ? NULL : item->code;
    bool code = item->low != NULL && item->low->kind == LANG_LITERAL && item->low->literal_kind == LANG_LITERAL_CODE;
    return code ? item->low->as.literal.spelling : NULL;
}

size_t lang_row_count(const lang_code_row *row)
{
    return (size_t)row->texts.count + row->items.count;
}

lang_item lang_row_item(const lang_code_row *row, size_t index)
{
    if (index >= row->texts.count) return row->items.items[index - row->texts.count];
    const lang_code_text *text = &row->texts.items[index];
    return (lang_item){
        .code = text->code, .start = text->start, .length = text->length, .text = true, .prefix = text->prefix};
}

const char *lang_collection_name(lang_collection collection)
{
    static const char *const names[] = {"history",       "claim.lines", "authorizations", "session.attendance",
                                        "session.lines", "nothing"};
    return names[collection];
}

const char *lang_history_key_name(lang_history_key key)
{
    static const char *const names[] = {"member", "rendering provider", "billing provider", "session"};
    return names[key];
}

static const char *const functions[] = {
#define LANG_FUNCTION(name, inputs, about) #name,
#include "lang/functions.def"
#undef LANG_FUNCTION
};

lang_function lang_function_find(const char *name)
{
    for (int i = 0; i < LANG_FUNCTION_NONE; i++) {
        if (strcmp(functions[i], name) == 0) return (lang_function)i;
    }
    return LANG_FUNCTION_NONE;
}

const char *lang_function_name(lang_function function)
{
    return function < LANG_FUNCTION_NONE ? functions[function] : "";
}

uint32_t lang_declaration_start(const lang_file *file, uint32_t offset)
{
    uint32_t start = 0;
    for (size_t i = 0; i < file->starts.count && file->starts.items[i] <= offset; i++) start = file->starts.items[i];
    return start;
}

uint32_t lang_declaration_end(const lang_file *file, uint32_t offset)
{
    for (size_t i = 0; i < file->starts.count; i++) {
        if (file->starts.items[i] >= offset) return file->starts.items[i];
    }
    return (uint32_t)file->length;
}

const char *lang_path_text(base_arena *arena, const lang_names *names)
{
    if (names->count == 1) return names->items[0].text;
    base_text text;
    base_text_init(&text, arena);
    for (size_t i = 0; i < names->count; i++) {
        if (i > 0) base_text_put(&text, ".");
        base_text_put(&text, names->items[i].text);
    }
    return base_text_string(&text);
}

size_t lang_expression_size(lang_expression_kind kind)
{
#define UP_TO(member) (offsetof(lang_expression, as) + sizeof(((lang_expression *)NULL)->as.member))
    switch (kind) {
    case LANG_LITERAL: return UP_TO(literal);
    case LANG_PATH: return UP_TO(path);
    case LANG_NOT:
    case LANG_NEGATE:
    case LANG_AND:
    case LANG_OR:
    case LANG_COMPARE:
    case LANG_ARITHMETIC:
    case LANG_CONTAIN:
    case LANG_OVERLAP:
    case LANG_OR_ELSE: return UP_TO(binary);
    case LANG_BETWEEN: return UP_TO(between);
    case LANG_IN:
    case LANG_INCLUDE: return UP_TO(membership);
    case LANG_PRESENCE: return UP_TO(presence);
    case LANG_CALL: return UP_TO(call);
    case LANG_QUANTIFIED: return UP_TO(quantified);
    case LANG_PART: return UP_TO(part);
    case LANG_DENIED: return UP_TO(denied);
    case LANG_TALLY: return UP_TO(tally);
    }
#undef UP_TO
    return sizeof(lang_expression);
}

const lang_clause_extras *lang_clause_has(const lang_clause *clause)
{
    static const lang_clause_extras none;
    return clause->extras != NULL ? clause->extras : &none;
}

const lang_clause *lang_clause_replaced(const lang_clause *clause)
{
    const lang_clause *replaced = lang_clause_has(clause)->overrides;
    return replaced != NULL ? replaced : clause;
}

lang_clause_extras *lang_clause_extend(base_arena *arena, lang_clause *clause)
{
    if (clause->extras == NULL) clause->extras = base_arena_alloc(arena, sizeof *clause->extras);
    return clause->extras;
}

const lang_file *lang_naming_payers(const lang_file *policy)
{
    while (policy != NULL && policy->payers.count == 0) policy = policy->base;
    return policy;
}

const lang_file *lang_naming_plans(const lang_file *policy)
{
    while (policy != NULL && policy->plans.count == 0) policy = policy->base;
    return policy;
}

const lang_file *lang_naming_products(const lang_file *policy)
{
    while (policy != NULL && policy->products.count == 0) policy = policy->base;
    return policy;
}
