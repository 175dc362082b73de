/* Membership (`in`, `include`) and quantifiers over collections with their windows. */
#include "lang/check.h"

#include <string.h>

static const char *label(lang_checker *checker, lang_type type)
{
    return lang_type_label(checker->schema, checker->arena, type);
}

/* Items of a membership have their expressions, which know their file. */
static lang_span span_of(const lang_item *item)
{
    return lang_item_span(item, 0);
}

/* A single name that is not a field, let or parameter, but a code set. */
static bool names_set(lang_checker *checker, const lang_item *item)
{
    if (item->low == NULL || item->low->kind != LANG_PATH || item->low->as.path.names.count != 1) return false;
    lang_name name = item->low->as.path.names.items[0];
    lang_record record = checker->in_element ? checker->element : checker->subject;
    if (lang_schema_find(checker->schema, record, name.text) != LANG_NO_FIELD ||
        lang_find_let(checker, name.text) != NULL) {
        return false;
    }
    if (lang_find_parameter(checker, name) != NULL) return false;
    return true;
}

/* An item that is a value or list of the encounter or of a table row. */
static void check_path_item(lang_checker *checker, lang_item *item, lang_type wanted)
{
    if (item->low == NULL) return;
    lang_type type = lang_check_value(checker, item->low, wanted);
    lang_need_present(checker, item->low);
    if (item->low->type.kind == LANG_TYPE_ERROR) return;
    type.list = false;
    type.optional = false;
    if (lang_type_same(type, wanted) || (lang_is_numeric(type) && lang_is_numeric(wanted))) return;
    bool codes = type.kind == LANG_TYPE_CODE && wanted.kind == LANG_TYPE_CODE;
    lang_diagnose(checker->diagnostics, codes ? LANG_E0402 : LANG_E0501, item->low->span,
                  "`%s` is a %s, and a %s is asked for here", lang_source_text(checker, item->low->span),
                  label(checker, item->low->type), label(checker, wanted));
}

static void check_plain_item(lang_checker *checker, lang_item *item, lang_type wanted)
{
    lang_expression *sides[] = {item->low, item->high};
    for (size_t i = 0; i < 2; i++) {
        if (sides[i] == NULL) continue;
        lang_type type = lang_check_value(checker, sides[i], wanted);
        if (type.kind == LANG_TYPE_ERROR) return;
        bool same = lang_type_same(type, wanted) || (lang_is_numeric(type) && lang_is_numeric(wanted));
        if (!same) {
            lang_diagnose(checker->diagnostics, LANG_E0501, sides[i]->span, "`%s` is not a %s",
                          lang_source_text(checker, sides[i]->span), label(checker, wanted));
            return;
        }
    }
    if (item->high != NULL && !lang_is_ordered(wanted)) {
        lang_diagnose(checker->diagnostics, LANG_E0508, span_of(item), "a %s has no order, so it has no ranges",
                      label(checker, wanted));
    }
}

static void check_items(lang_checker *checker, lang_items *items, lang_type wanted)
{
    for (size_t i = 0; i < items->count; i++) {
        lang_item *item = &items->items[i];
        bool literal = item->low != NULL && item->low->kind == LANG_LITERAL;
        if (wanted.kind != LANG_TYPE_CODE) {
            check_plain_item(checker, item, wanted);
        } else if (literal && item->low->literal_kind == LANG_LITERAL_NONE) {
            lang_diagnose(checker->diagnostics, LANG_E0501, span_of(item), "`none` is not a code");
        } else if (literal) {
            lang_check_code_item(checker, item, (lang_code_system)wanted.detail);
        } else if (names_set(checker, item)) {
            if (lang_check_code_item(checker, item, (lang_code_system)wanted.detail)) continue;
            lang_name name = item->low->as.path.names.items[0];
            lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0301, span_of(item),
                                                        "there is no code set or field `%s`", name.text);
            lang_suggest_name(checker, diagnostic, name.text);
            lang_suggest(checker->diagnostics, diagnostic,
                         "declare it with `codes %s : ...`, or `use` the module that does", name.text);
        } else {
            check_path_item(checker, item, wanted);
        }
    }
}

static bool only_codes(const lang_items *items)
{
    for (size_t i = 0; i < items->count; i++) {
        const lang_item *item = &items->items[i];
        if (lang_item_set(item) == NULL && (item->low == NULL || item->low->kind != LANG_LITERAL)) return false;
    }
    return true;
}

static bool value_for_membership(lang_checker *checker, lang_expression *expression, lang_type *wanted)
{
    lang_expression *value = expression->as.membership.value;
    lang_type type = lang_check_value(checker, value, LANG_PLAIN(ERROR));
    lang_need_present(checker, value);
    if (value == NULL || value->type.kind == LANG_TYPE_ERROR) return false;
    bool include = expression->kind == LANG_INCLUDE;
    if (type.kind == LANG_TYPE_RECORD || type.kind == LANG_TYPE_ROW) {
        lang_diagnose(checker->diagnostics, LANG_E0519, value->span, "`%s` is a whole %s, not one value",
                      lang_source_text(checker, value->span), label(checker, type));
        return false;
    }
    if (include && !type.list) {
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0506, value->span, "`%s` is one %s, not a list",
                          lang_source_text(checker, value->span), label(checker, type));
        lang_suggest(checker->diagnostics, diagnostic,
                     type.kind == LANG_TYPE_DATES ? "write `contain` for spans" : "write `%s in ...`",
                     lang_source_text(checker, value->span));
        return false;
    }
    if (!include && type.list) {
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0507, value->span,
                          "`%s` is a list and cannot be in a set as one value", lang_source_text(checker, value->span));
        lang_suggest(checker->diagnostics, diagnostic, "write `%s include any of ...`",
                     lang_source_text(checker, value->span));
        return false;
    }
    *wanted = type;
    wanted->list = wanted->optional = false;
    return true;
}

lang_type lang_check_membership(lang_checker *checker, lang_expression *expression)
{
    expression->type = LANG_PLAIN(TRUTH);
    size_t errors = checker->diagnostics->errors;
    lang_type wanted;
    if (value_for_membership(checker, expression, &wanted)) {
        lang_items *items = &expression->as.membership.items;
        check_items(checker, items, wanted);
        bool all = expression->kind == LANG_INCLUDE && expression->as.membership.inclusion == LANG_INCLUDE_ALL;
        for (size_t i = 0; all && i < items->count; i++) {
            lang_item *item = &items->items[i];
            bool prefix = item->low->kind == LANG_LITERAL && item->low->literal_kind == LANG_LITERAL_PREFIX;
            if (lang_item_set(item) == NULL && item->high == NULL && !prefix) continue;
            lang_diagnose(checker->diagnostics, LANG_E0506, span_of(item),
                          "`include all of` takes single codes or lists, not a set, range or prefix");
        }
        bool only = expression->kind == LANG_INCLUDE && expression->as.membership.inclusion == LANG_INCLUDE_ONLY;
        bool one_list = items->count == 1 && lang_item_set(&items->items[0]) == NULL && items->items[0].low->type.list;
        if (only && !only_codes(items) && !one_list && checker->diagnostics->errors == errors) {
            lang_diagnose(checker->diagnostics, LANG_E0506, expression->span,
                          "`include only` takes codes and sets, or one list");
        }
        bool clean = checker->diagnostics->errors == errors;
        if (clean && wanted.kind == LANG_TYPE_CODE && only_codes(items) && !all) {
            expression->as.membership.anonymous =
                items->count == 1 && lang_item_set(&items->items[0]) != NULL
                    ? lang_item_set(&items->items[0])
                    : lang_make_set(checker, *items, (lang_code_system)wanted.detail, expression->span);
        }
    }
    if (checker->diagnostics->errors > errors) expression->type = LANG_PLAIN(ERROR);
    return expression->type;
}

static lang_collection read_collection(lang_checker *checker, const lang_expression *expression)
{
    static const char *const names[] = {"history", "claim.lines", "authorizations", "session.attendance",
                                        "session.lines"};
    const char *text = expression == NULL ? "" : lang_path_text(checker->arena, &expression->as.path.names);
    if (strncmp(text, "this.", 5) == 0) text += 5;
    if (checker->prefix != LANG_NO_FIELD) {
        /* Of a claim, `lines` are its own. */
        const char *own = lang_schema_record_name(checker->schema, checker->subject);
        if (strcmp(text, "lines") == 0 || strcmp(text, "attendance") == 0) {
            text = base_format(checker->arena, "%s.%s", own, text);
        }
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], text) == 0) return (lang_collection)i;
    }
    lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0312, expression->span,
                                                "`%s` is not a collection that can be counted over", text);
    lang_suggest(checker->diagnostics, diagnostic,
                 "collections are history, claim.lines, session.lines, session.attendance and authorizations");
    return LANG_COLLECTION_NONE;
}

static lang_record element_of(lang_collection collection)
{
    if (collection == LANG_COLLECTION_AUTHORIZATIONS) return LANG_RECORD_authorization;
    if (collection == LANG_COLLECTION_SESSION_ATTENDANCE) return LANG_RECORD_attendance;
    return LANG_RECORD_line;
}

static void check_window(lang_checker *checker, lang_expression *expression)
{
    lang_window *window = &expression->as.quantified.window;
    lang_collection collection = expression->as.quantified.kind;
    bool lines = element_of(collection) == LANG_RECORD_line;
    bool cut = window->cut != LANG_CUT_NONE;
    bool keyed = expression->as.quantified.key_given;
    if (keyed && collection != LANG_COLLECTION_HISTORY) {
        lang_diagnostic *diagnostic = lang_diagnose(
            checker->diagnostics, LANG_E0524, expression->as.quantified.key_span,
            "only `history` is kept by member, provider or session; `%s` is not", lang_collection_name(collection));
        lang_suggest(checker->diagnostics, diagnostic, "write `history of the rendering provider`");
    }
    if (!lines && (window->given || cut)) {
        lang_diagnose(checker->diagnostics, LANG_E0517, window->span,
                      "%s have no date of service, so no window fits them", lang_collection_name(collection));
        return;
    }
    bool lasting = window->kind == LANG_WINDOW_LAST_DAYS || window->kind == LANG_WINDOW_LAST_MONTHS ||
                   window->kind == LANG_WINDOW_NEXT_DAYS || window->kind == LANG_WINDOW_NEXT_MONTHS ||
                   window->kind == LANG_WINDOW_WITHIN_DAYS || window->kind == LANG_WINDOW_WITHIN_MONTHS ||
                   window->kind == LANG_WINDOW_PERIOD_DAYS || window->kind == LANG_WINDOW_PERIOD_MONTHS;
    if (lasting && (window->length <= 0 || window->length > 40000)) {
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0520, window->span,
                          "a window is counted in days, weeks, months or years, at least one of them");
        lang_suggest(checker->diagnostics, diagnostic, "write `in the last 30 days` or `on the same day`");
    }
    if (window->bound == NULL) return;
    lang_type type = lang_check_value(checker, window->bound, LANG_PLAIN(DATE));
    lang_need_present(checker, window->bound);
    if (window->bound->type.kind == LANG_TYPE_ERROR) return;
    bool record = window->kind == LANG_WINDOW_DURING && type.kind == LANG_TYPE_RECORD &&
                  (type.detail == LANG_RECORD_authorization || type.detail == LANG_RECORD_coverage);
    bool good =
        window->kind == LANG_WINDOW_DURING ? record || type.kind == LANG_TYPE_DATES : type.kind == LANG_TYPE_DATE;
    if (good) return;
    lang_diagnose(checker->diagnostics, LANG_E0513, window->bound->span,
                  window->kind == LANG_WINDOW_DURING
                      ? "`during the` needs an authorization, a coverage or a span of dates; this is a %s"
                      : "`since` needs a date; this is a %s",
                  label(checker, type));
}

static void check_bound(lang_checker *checker, lang_expression *bound)
{
    if (bound == NULL) return;
    lang_type type = lang_check_value(checker, bound, LANG_PLAIN(COUNT));
    lang_need_present(checker, bound);
    if (bound->type.kind == LANG_TYPE_ERROR) return;
    if (!type.list && (type.kind == LANG_TYPE_COUNT || type.kind == LANG_TYPE_NUMBER)) return;
    lang_diagnose(checker->diagnostics, LANG_E0511, bound->span,
                  "this bounds a count and must be a whole number; it is a %s", label(checker, type));
}

static lang_type check_element_value(lang_checker *inner, lang_expression *expression)
{
    lang_expression *value = expression->as.quantified.value;
    if (value == NULL) return LANG_PLAIN(COUNT);
    lang_type type = lang_check_value(inner, value, LANG_PLAIN(ERROR));
    lang_need_present(inner, value);
    if (value->type.kind == LANG_TYPE_ERROR) return LANG_PLAIN(ERROR);
    if (expression->as.quantified.distinct) {
        lang_expression *second = expression->as.quantified.second;
        if (second != NULL) {
            lang_check_value(inner, second, LANG_PLAIN(ERROR));
            lang_need_present(inner, second);
            if (second->type.kind == LANG_TYPE_ERROR) return LANG_PLAIN(ERROR);
        }
        bool listed = type.list || (second != NULL && second->type.list);
        if (!listed && type.kind != LANG_TYPE_ROW) return LANG_PLAIN(COUNT);
        lang_diagnose(inner->diagnostics, LANG_E0512, value->span, "a %s cannot be told apart from another",
                      lang_type_label(inner->schema, inner->arena, type));
        return LANG_PLAIN(ERROR);
    }
    bool sums = expression->as.quantified.quantifier == LANG_SUM_OF;
    bool addable = !type.list && (type.kind == LANG_TYPE_COUNT || type.kind == LANG_TYPE_QUANTITY ||
                                  type.kind == LANG_TYPE_MINUTES || type.kind == LANG_TYPE_MONEY);
    bool good = addable || (!sums && !type.list && type.kind == LANG_TYPE_DATE);
    if (good) {
        type.optional = !sums; /* the smallest of nothing is absent */
        return type;
    }
    lang_diagnose(inner->diagnostics, LANG_E0512, value->span, "a %s cannot be %s", label(inner, type),
                  sums ? "added up" : "put in order");
    return LANG_PLAIN(ERROR);
}

lang_type lang_check_quantified(lang_checker *checker, lang_expression *expression)
{
    if (expression->type.kind != LANG_TYPE_ERROR) return expression->type;
    size_t errors = checker->diagnostics->errors;
    bool measured = checker->measure != NULL && checker->subject != LANG_RECORD_line;
    if (checker->in_element || measured || checker->define != NULL) {
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0518, expression->span,
                          measured                  ? "only a measure of lines can ask for history"
                          : checker->define != NULL ? "a function cannot count; hand the count in"
                                                    : "a `where` cannot hold another counting expression");
        lang_suggest(checker->diagnostics, diagnostic,
                     measured ? "take the measure `for each line`"
                              : "count in a clause or a `when` of its own, and join them with `and`");
        return expression->type;
    }
    lang_collection collection = read_collection(checker, expression->as.quantified.collection);
    expression->as.quantified.kind = collection;
    if (collection == LANG_COLLECTION_NONE) return expression->type;
    check_window(checker, expression);
    check_bound(checker, expression->as.quantified.bound);
    lang_checker inner = *checker;
    inner.in_element = true;
    inner.element = element_of(collection);
    uint32_t facts = inner.facts.count;
    if (expression->as.quantified.where != NULL) lang_check_condition(&inner, expression->as.quantified.where);
    lang_facts_from(&inner, expression->as.quantified.where, true);
    lang_type value = check_element_value(&inner, expression);
    checker->facts.count = facts;
    lang_quantifier quantifier = expression->as.quantified.quantifier;
    bool counts = quantifier != LANG_EXISTS && quantifier != LANG_NO && quantifier != LANG_EVERY;
    if (counts) {
        checker->counting++;
        checker->last_counting = expression;
    }
    if (checker->diagnostics->errors > errors) return expression->type;
    expression->type = quantifier >= LANG_COUNT_OF ? value : LANG_PLAIN(TRUTH);
    return expression->type;
}
