/* Comparisons, spans, arithmetic: which types go together, and what to write where they don't. */
#include "lang/check.h"

#include <string.h>

static const char *label(lang_checker *checker, lang_type type)
{
    return lang_type_label(checker->schema, checker->arena, type);
}

/* A bare number beside a value with a unit. */
static bool unit_missing(lang_checker *checker, const lang_expression *number, lang_type other, lang_type number_type)
{
    if (number_type.kind != LANG_TYPE_NUMBER && number->kind != LANG_LITERAL) return false;
    if (!lang_is_numeric(number_type)) return false;
    const char *text = lang_source_text(checker, number->span);
    const char *suggestion = NULL;
    switch (other.kind) {
    case LANG_TYPE_MINUTES: suggestion = base_format(checker->arena, "%s minutes", text); break;
    case LANG_TYPE_DAYS: suggestion = base_format(checker->arena, "%s days", text); break;
    case LANG_TYPE_MONTHS: suggestion = base_format(checker->arena, "%s months", text); break;
    case LANG_TYPE_MONEY: suggestion = base_format(checker->arena, "$%s.00", text); break;
    default: return false;
    }
    lang_diagnostic *diagnostic =
        lang_diagnose(checker->diagnostics, LANG_E0502, number->span, "`%s` has no unit, and it is compared with a %s",
                      text, label(checker, other));
    lang_suggest(checker->diagnostics, diagnostic, "write `%s`", suggestion);
    return true;
}

static void report_differ(lang_checker *checker, const lang_expression *left, const lang_expression *right)
{
    lang_type a = left->type, b = right->type;
    if (unit_missing(checker, right, a, b) || unit_missing(checker, left, b, a)) return;
    bool times = (a.kind == LANG_TYPE_DAYS && b.kind == LANG_TYPE_MONTHS) ||
                 (a.kind == LANG_TYPE_MONTHS && b.kind == LANG_TYPE_DAYS);
    if (times) {
        lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0510, right->span,
                                                    "days and months cannot be compared: months differ in length");
        lang_suggest(checker->diagnostics, diagnostic, "write both in days, or add the months to a date");
        return;
    }
    bool durations = (a.kind == LANG_TYPE_MINUTES && (b.kind == LANG_TYPE_DAYS || b.kind == LANG_TYPE_MONTHS)) ||
                     (b.kind == LANG_TYPE_MINUTES && (a.kind == LANG_TYPE_DAYS || a.kind == LANG_TYPE_MONTHS));
    if (durations) {
        lang_diagnose(checker->diagnostics, LANG_E0515, right->span, "a %s and a %s cannot be compared",
                      label(checker, a), label(checker, b));
        return;
    }
    if (a.kind == LANG_TYPE_CODE && b.kind == LANG_TYPE_CODE && a.detail != UINT16_MAX && b.detail != UINT16_MAX) {
        lang_diagnose(checker->diagnostics, LANG_E0402, right->span, "a %s is compared with a %s", label(checker, a),
                      label(checker, b));
        return;
    }
    lang_diagnostic *diagnostic =
        lang_diagnose(checker->diagnostics, LANG_E0501, right->span, "a %s cannot be compared with a %s",
                      label(checker, a), label(checker, b));
    bool quoted = b.kind == LANG_TYPE_TEXT && right->kind == LANG_LITERAL;
    if (quoted && a.kind == LANG_TYPE_CODE)
        lang_suggest(checker->diagnostics, diagnostic, "codes stand without quotes: `90853`");
    if (quoted && a.kind == LANG_TYPE_ENUMERATION)
        lang_suggest(checker->diagnostics, diagnostic, "words of a list stand without quotes: `video`");
    if (a.kind == LANG_TYPE_DATE && right->kind == LANG_ARITHMETIC)
        lang_suggest(checker->diagnostics, diagnostic, "dates are written 2026-01-31");
}

/* Checks two operands against each other; the one that can't take any type goes first. */
static bool check_pair(lang_checker *checker, lang_expression *left, lang_expression *right)
{
    lang_type none = LANG_PLAIN(ERROR);
    bool word = left != NULL && left->kind == LANG_PATH && left->as.path.names.count == 1 &&
                lang_schema_find(checker->schema, checker->in_element ? checker->element : checker->subject,
                                 left->as.path.names.items[0].text) == LANG_NO_FIELD &&
                lang_find_let(checker, left->as.path.names.items[0].text) == NULL;
    bool right_first = lang_is_flexible(left) || (word && right != NULL && right->kind == LANG_PATH);
    if (right_first && !lang_is_flexible(right)) {
        lang_type type = lang_check_value(checker, right, none);
        lang_check_value(checker, left, type);
    } else {
        lang_type type = lang_check_value(checker, left, none);
        lang_check_value(checker, right, type);
    }
    lang_need_present(checker, left);
    lang_need_present(checker, right);
    if (left == NULL || right == NULL) return false;
    return left->type.kind != LANG_TYPE_ERROR && right->type.kind != LANG_TYPE_ERROR;
}

static bool comparable(lang_checker *checker, lang_expression *left, lang_expression *right)
{
    const lang_expression *sides[] = {left, right};
    for (size_t i = 0; i < 2; i++) {
        lang_type type = sides[i]->type;
        if (type.list) {
            lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0507, sides[i]->span,
                                                        "`%s` is a list and cannot be compared as one value",
                                                        lang_source_text(checker, sides[i]->span));
            lang_suggest(checker->diagnostics, diagnostic,
                         "ask `%s include ...`, `include any of ...` or `include none of ...`",
                         lang_source_text(checker, sides[i]->span));
            return false;
        }
        if (type.kind == LANG_TYPE_RECORD || type.kind == LANG_TYPE_ROW) {
            lang_diagnostic *diagnostic =
                lang_diagnose(checker->diagnostics, LANG_E0519, sides[i]->span, "`%s` is a whole %s, not one value",
                              lang_source_text(checker, sides[i]->span), label(checker, type));
            lang_suggest(checker->diagnostics, diagnostic, "name one of its fields: `%s. ...`",
                         lang_source_text(checker, sides[i]->span));
            return false;
        }
    }
    bool numeric = lang_is_numeric(left->type) && lang_is_numeric(right->type);
    if (numeric || lang_type_same(left->type, right->type)) return true;
    report_differ(checker, left, right);
    return false;
}

static bool constant(const lang_expression *expression)
{
    return expression->kind == LANG_LITERAL ||
           (expression->kind == LANG_PATH && expression->as.path.base == LANG_BASE_WORD);
}

static void check_compare(lang_checker *checker, lang_expression *expression)
{
    lang_expression *left = expression->as.binary.left, *right = expression->as.binary.right;
    lang_operator operator_kind = expression->as.binary.operator_kind;
    if (!check_pair(checker, left, right) || !comparable(checker, left, right)) return;
    if (constant(left) && constant(right)) {
        lang_diagnose(checker->diagnostics, LANG_E0522, expression->span,
                      "both sides are constants, so this is always the same");
        return;
    }
    if (operator_kind != LANG_EQUAL && operator_kind != LANG_NOT_EQUAL && !lang_is_ordered(left->type)) {
        lang_diagnose(checker->diagnostics, LANG_E0508, expression->span,
                      "a %s has no order: only `=` and `<>` make sense", label(checker, left->type));
    }
}

static void check_between(lang_checker *checker, lang_expression *expression)
{
    lang_expression *value = expression->as.between.value;
    lang_expression *bounds[] = {expression->as.between.low, expression->as.between.high};
    bool good = true;
    for (size_t i = 0; i < 2; i++) {
        good = check_pair(checker, value, bounds[i]) && comparable(checker, value, bounds[i]) && good;
    }
    if (!good) return;
    if (!lang_is_ordered(value->type)) {
        lang_diagnose(checker->diagnostics, LANG_E0508, expression->span, "a %s has no order, so nothing is between",
                      label(checker, value->type));
    } else if (constant(bounds[0]) && constant(bounds[1]) && bounds[0]->type.kind == bounds[1]->type.kind &&
               bounds[0]->as.literal.value > bounds[1]->as.literal.value) {
        lang_diagnostic *diagnostic = lang_diagnose(
            checker->diagnostics, LANG_E0516, expression->span, "nothing is between %s and %s: the larger comes first",
            lang_source_text(checker, bounds[0]->span), lang_source_text(checker, bounds[1]->span));
        lang_suggest(checker->diagnostics, diagnostic, "between %s and %s", lang_source_text(checker, bounds[1]->span),
                     lang_source_text(checker, bounds[0]->span));
    }
}

static void check_spans(lang_checker *checker, lang_expression *expression)
{
    lang_expression *left = expression->as.binary.left, *right = expression->as.binary.right;
    lang_type a = lang_check_value(checker, left, LANG_PLAIN(ERROR));
    lang_type b = lang_check_value(checker, right, LANG_PLAIN(DATE));
    lang_need_present(checker, left);
    lang_need_present(checker, right);
    if (left == NULL || right == NULL || left->type.kind == LANG_TYPE_ERROR || right->type.kind == LANG_TYPE_ERROR) {
        return;
    }
    bool contain = expression->kind == LANG_CONTAIN;
    bool good = contain ? a.kind == LANG_TYPE_DATES && b.kind == LANG_TYPE_DATE
                        : (a.kind == LANG_TYPE_DATES || a.kind == LANG_TYPE_TIMES) && lang_type_same(a, b);
    if (good) return;
    lang_diagnostic *diagnostic =
        lang_diagnose(checker->diagnostics, LANG_E0513, expression->span,
                      contain ? "`contain` asks a span of dates for a date; here it stands between a %s and a %s"
                              : "`overlaps` compares two spans of one kind; here it stands between a %s and a %s",
                      label(checker, a), label(checker, b));
    if (a.list) lang_suggest(checker->diagnostics, diagnostic, "for a list, write `include`");
}

lang_type lang_check_comparison(lang_checker *checker, lang_expression *expression)
{
    expression->type = LANG_PLAIN(TRUTH);
    size_t errors = checker->diagnostics->errors;
    switch (expression->kind) {
    case LANG_COMPARE: check_compare(checker, expression); break;
    case LANG_BETWEEN: check_between(checker, expression); break;
    default: check_spans(checker, expression); break;
    }
    if (checker->diagnostics->errors > errors) expression->type = LANG_PLAIN(ERROR);
    return expression->type;
}

/* What an arithmetic operator_kind gives for two types, or the error type. */
static lang_type arithmetic_type(lang_operator operator_kind, lang_type a, lang_type b)
{
    bool numbers = lang_is_numeric(a) && lang_is_numeric(b);
    bool additive = operator_kind == LANG_ADD || operator_kind == LANG_SUBTRACT;
    lang_type_kind x = a.kind, y = b.kind;
    if (additive) {
        if (numbers) {
            return x == LANG_TYPE_QUANTITY || y == LANG_TYPE_QUANTITY ? LANG_PLAIN(QUANTITY) : LANG_PLAIN(COUNT);
        }
        bool same_unit =
            x == y && (x == LANG_TYPE_MINUTES || x == LANG_TYPE_DAYS || x == LANG_TYPE_MONTHS || x == LANG_TYPE_MONEY);
        if (same_unit) return a;
        if (x == LANG_TYPE_DATE && (y == LANG_TYPE_DAYS || y == LANG_TYPE_MONTHS)) return LANG_PLAIN(DATE);
        if (y == LANG_TYPE_DATE && operator_kind == LANG_ADD && (x == LANG_TYPE_DAYS || x == LANG_TYPE_MONTHS)) {
            return LANG_PLAIN(DATE);
        }
        if (x == LANG_TYPE_DATE && y == LANG_TYPE_DATE && operator_kind == LANG_SUBTRACT) return LANG_PLAIN(DAYS);
        return LANG_PLAIN(ERROR);
    }
    if (numbers && operator_kind == LANG_MULTIPLY) {
        return x == LANG_TYPE_QUANTITY || y == LANG_TYPE_QUANTITY ? LANG_PLAIN(QUANTITY) : LANG_PLAIN(COUNT);
    }
    if (numbers) return LANG_PLAIN(QUANTITY);
    bool scaled = x == LANG_TYPE_MINUTES || x == LANG_TYPE_MONEY;
    if (scaled && lang_is_numeric(b)) return a;
    bool scales = y == LANG_TYPE_MINUTES || y == LANG_TYPE_MONEY;
    if (scales && lang_is_numeric(a) && operator_kind == LANG_MULTIPLY) return b;
    if (operator_kind == LANG_DIVIDE && x == y && scaled) return LANG_PLAIN(QUANTITY);
    return LANG_PLAIN(ERROR);
}

/* Whether a value may be known only in bounds, because something in it counts. */
static bool counts(const lang_expression *expression)
{
    if (expression == NULL) return false;
    switch (expression->kind) {
    case LANG_QUANTIFIED:
        return expression->as.quantified.quantifier != LANG_MINIMUM_OF &&
               expression->as.quantified.quantifier != LANG_MAXIMUM_OF;
    case LANG_NEGATE: return counts(expression->as.binary.left);
    case LANG_ARITHMETIC: return counts(expression->as.binary.left) || counts(expression->as.binary.right);
    case LANG_CALL:
        if (expression->as.call.body != NULL) return counts(expression->as.call.body);
        for (size_t i = 0; i < expression->as.call.arguments.count; i++) {
            if (counts(expression->as.call.arguments.items[i])) return true;
        }
        return false;
    case LANG_PATH: return expression->as.path.base == LANG_BASE_LET && counts(expression->as.path.let->value);
    default: return false;
    }
}

bool lang_counts(const lang_expression *expression)
{
    return counts(expression);
}

static bool positive(const lang_expression *expression)
{
    return expression->kind == LANG_LITERAL && expression->as.literal.value > 0;
}

static lang_type check_negation(lang_checker *checker, lang_expression *expression, lang_type type)
{
    const lang_expression *operand = expression->as.binary.left;
    if (operand == NULL || operand->type.kind == LANG_TYPE_ERROR) return LANG_PLAIN(ERROR);
    if (!lang_is_ordered(type) || type.kind == LANG_TYPE_DATE) {
        lang_diagnose(checker->diagnostics, LANG_E0509, expression->span, "a %s has no opposite", label(checker, type));
        return LANG_PLAIN(ERROR);
    }
    expression->type = type.kind == LANG_TYPE_NUMBER ? LANG_PLAIN(COUNT) : type;
    return expression->type;
}

static void report_arithmetic(lang_checker *checker, const lang_expression *expression, lang_type a, lang_type b)
{
    static const char *const signs[] = {"+", "-", "*", "/"};
    bool mixed = (a.kind == LANG_TYPE_DAYS && b.kind == LANG_TYPE_MONTHS) ||
                 (a.kind == LANG_TYPE_MONTHS && b.kind == LANG_TYPE_DAYS);
    lang_diagnostic *diagnostic =
        lang_diagnose(checker->diagnostics, mixed ? LANG_E0510 : LANG_E0509, expression->span,
                      "`%s` has no meaning between a %s and a %s",
                      signs[expression->as.binary.operator_kind - LANG_ADD], label(checker, a), label(checker, b));
    if (a.kind != LANG_TYPE_DATE || !lang_is_numeric(b)) return;
    lang_suggest(checker->diagnostics, diagnostic, "say what is added: `%s days`",
                 lang_source_text(checker, expression->as.binary.right->span));
}

/* What no type forbids: division by a zero that stands there, and counts that are only known in bounds. */
static bool sensible(lang_checker *checker, const lang_expression *expression)
{
    const lang_expression *left = expression->as.binary.left, *right = expression->as.binary.right;
    lang_operator operator_kind = expression->as.binary.operator_kind;
    bool divides = operator_kind == LANG_DIVIDE;
    if (divides && right->kind == LANG_LITERAL && right->as.literal.value == 0) {
        lang_diagnose(checker->diagnostics, LANG_E0514, expression->span, "this divides by zero");
        return false;
    }
    bool scales = divides || operator_kind == LANG_MULTIPLY;
    if (!scales || (!counts(left) && !counts(right))) return true;
    if (counts(left) ? positive(right) : positive(left) && !divides) return true;
    lang_diagnostic *diagnostic =
        lang_diagnose(checker->diagnostics, LANG_E0521, expression->span,
                      "a count may be known only in bounds, and cannot be multiplied or divided");
    lang_suggest(checker->diagnostics, diagnostic, "compare it, or add to it, as it is");
    return false;
}

lang_type lang_check_arithmetic(lang_checker *checker, lang_expression *expression)
{
    lang_expression *left = expression->as.binary.left, *right = expression->as.binary.right;
    lang_type none = LANG_PLAIN(ERROR);
    lang_type a = lang_check_value(checker, left, none);
    lang_need_present(checker, left);
    expression->type = none;
    if (expression->kind == LANG_NEGATE) return check_negation(checker, expression, a);
    lang_type b = lang_check_value(checker, right, none);
    lang_need_present(checker, right);
    if (left == NULL || right == NULL || left->type.kind == LANG_TYPE_ERROR || right->type.kind == LANG_TYPE_ERROR) {
        return none;
    }
    lang_type type = a.list || b.list ? none : arithmetic_type(expression->as.binary.operator_kind, a, b);
    if (type.kind == LANG_TYPE_ERROR) report_arithmetic(checker, expression, a, b);
    if (type.kind == LANG_TYPE_ERROR || !sensible(checker, expression)) return none;
    if (left->type.kind == LANG_TYPE_NUMBER) left->type.kind = LANG_TYPE_COUNT;
    if (right->type.kind == LANG_TYPE_NUMBER) right->type.kind = LANG_TYPE_COUNT;
    expression->type = type;
    return type;
}
