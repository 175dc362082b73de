/* Expressions: every node gets a type; a node that is wrong gets the error type, which silences what is above it. */
#include "lang/check.h"

#include <string.h>

const char *lang_source_text(const lang_checker *checker, lang_span span)
{
    if (span.file >= checker->program->files.count || span.end <= span.start) return "";
    const lang_file *file = checker->program->files.items[span.file];
    size_t length = span.end - span.start;
    const char *text = base_arena_copy(checker->passing, file->text + span.start, length > 60 ? 60 : length);
    return text == NULL ? "" : text;
}

bool lang_is_numeric(lang_type type)
{
    if (type.list) return false;
    return type.kind == LANG_TYPE_COUNT || type.kind == LANG_TYPE_QUANTITY || type.kind == LANG_TYPE_NUMBER;
}

bool lang_is_ordered(lang_type type)
{
    if (type.list) return false;
    switch (type.kind) {
    case LANG_TYPE_DATE:
    case LANG_TYPE_MINUTES:
    case LANG_TYPE_DAYS:
    case LANG_TYPE_MONTHS:
    case LANG_TYPE_MONEY:
    case LANG_TYPE_COUNT:
    case LANG_TYPE_QUANTITY:
    case LANG_TYPE_NUMBER:
    case LANG_TYPE_PERIOD: return true;
    default: return false;
    }
}

/* Literals whose type their neighbour decides, and single names that may be words of an enumeration. */
bool lang_is_flexible(const lang_expression *expression)
{
    if (expression == NULL) return false;
    if (expression->kind == LANG_LITERAL) return true;
    return expression->kind == LANG_NEGATE && lang_is_flexible(expression->as.binary.left);
}

static lang_type literal_type(const lang_expression *literal)
{
    switch (literal->literal_kind) {
    case LANG_LITERAL_DIGITS:
    case LANG_LITERAL_DECIMAL: return LANG_PLAIN(NUMBER);
    case LANG_LITERAL_MONEY: return LANG_PLAIN(MONEY);
    case LANG_LITERAL_DATE: return LANG_PLAIN(DATE);
    case LANG_LITERAL_TEXT: return LANG_PLAIN(TEXT);
    case LANG_LITERAL_TRUTH: return LANG_PLAIN(TRUTH);
    case LANG_LITERAL_DURATION:
        switch (literal->literal_unit) {
        case LANG_UNIT_MINUTE:
        case LANG_UNIT_HOUR: return LANG_PLAIN(MINUTES);
        case LANG_UNIT_DAY:
        case LANG_UNIT_WEEK: return LANG_PLAIN(DAYS);
        default: return LANG_PLAIN(MONTHS);
        }
    case LANG_LITERAL_CODE: return (lang_type){LANG_TYPE_CODE, UINT16_MAX, false, false};
    default: return LANG_PLAIN(ERROR);
    }
}

/* The value of a duration in the unit of its type: thousandths of a minute, days, months. */
static int64_t duration_value(const lang_expression *literal)
{
    int64_t value = literal->as.literal.value;
    switch (literal->literal_unit) {
    case LANG_UNIT_MINUTE: return value * 1000;
    case LANG_UNIT_HOUR: return value * 60000;
    case LANG_UNIT_WEEK: return value * 7;
    case LANG_UNIT_YEAR: return value * 12;
    default: return value;
    }
}

static bool adapt_number(lang_checker *checker, lang_expression *literal, lang_type target)
{
    bool digits = literal->literal_kind == LANG_LITERAL_DIGITS;
    if (digits && literal->as.literal.value < 0) {
        lang_diagnose(checker->diagnostics, LANG_E0104, literal->span, "`%s` is too large a number",
                      literal->as.literal.spelling);
        literal->type = LANG_PLAIN(ERROR);
        return true;
    }
    switch (target.kind) {
    case LANG_TYPE_COUNT:
        if (!digits) {
            /* A fraction beside a count makes both quantities. */
            literal->type = LANG_PLAIN(QUANTITY);
            return true;
        }
        break;
    case LANG_TYPE_QUANTITY:
        if (digits) literal->as.literal.value *= 1000;
        literal->literal_kind = LANG_LITERAL_DECIMAL;
        break;
    default: return false;
    }
    literal->type = target;
    literal->type.optional = literal->type.list = false;
    return true;
}

bool lang_adapt_literal(lang_checker *checker, lang_expression *literal, lang_type target)
{
    lang_literal_kind kind = literal->literal_kind;
    if (kind == LANG_LITERAL_DURATION && target.kind == literal_type(literal).kind) {
        if (literal->type.kind == LANG_TYPE_ERROR) literal->as.literal.value = duration_value(literal);
        literal->type = LANG_PLAIN(ERROR);
        literal->type.kind = target.kind;
        return true;
    }
    if (target.kind == LANG_TYPE_CODE) {
        if (kind != LANG_LITERAL_CODE && kind != LANG_LITERAL_DIGITS && kind != LANG_LITERAL_DECIMAL) return false;
        lang_check_code(checker, literal, (lang_code_system)target.detail);
        literal->type = (lang_type){LANG_TYPE_CODE, target.detail, false, false};
        return true;
    }
    if (kind == LANG_LITERAL_DIGITS || kind == LANG_LITERAL_DECIMAL) return adapt_number(checker, literal, target);
    literal->type = literal_type(literal);
    return lang_type_same(literal->type, target);
}

static lang_type check_literal(lang_checker *checker, lang_expression *literal, lang_type hint)
{
    if (literal->type.kind != LANG_TYPE_ERROR) return literal->type;
    if (literal->literal_kind == LANG_LITERAL_PREFIX || literal->literal_kind == LANG_LITERAL_NONE) {
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0501, literal->span, "`%s` is not a value that can be compared",
                          lang_source_text(checker, literal->span));
        lang_suggest(checker->diagnostics, diagnostic,
                     "ask `in` for prefixes, `is absent` or `include none of` for none");
        return literal->type;
    }
    if (hint.kind != LANG_TYPE_ERROR && lang_adapt_literal(checker, literal, hint)) return literal->type;
    lang_type type = literal_type(literal);
    if (literal->literal_kind == LANG_LITERAL_DIGITS && literal->as.literal.value < 0) {
        lang_diagnose(checker->diagnostics, LANG_E0104, literal->span, "`%s` is too large a number",
                      literal->as.literal.spelling);
        return literal->type;
    }
    if (literal->literal_kind == LANG_LITERAL_DURATION) literal->as.literal.value = duration_value(literal);
    if (type.kind == LANG_TYPE_NUMBER) {
        type = literal->literal_kind == LANG_LITERAL_DIGITS ? LANG_PLAIN(NUMBER) : LANG_PLAIN(QUANTITY);
    }
    literal->type = type;
    return type;
}

/* A single name that is a word of the enumeration wanted. */
static bool check_word(lang_checker *checker, lang_expression *path, lang_type hint)
{
    (void)checker;
    if (hint.kind != LANG_TYPE_ENUMERATION || path->as.path.names.count != 1) return false;
    int word = lang_schema_word_find(checker->schema, (lang_enumeration)hint.detail, path->as.path.names.items[0].text);
    if (word < 0) return false;
    path->as.path.base = LANG_BASE_WORD;
    path->as.path.word = word;
    path->type = (lang_type){LANG_TYPE_ENUMERATION, hint.detail, false, false};
    return true;
}

static bool resolves(lang_checker *checker, const lang_expression *path)
{
    const char *head = path->as.path.names.items[0].text;
    lang_record record = checker->in_element ? checker->element : checker->subject;
    return path->as.path.names.count > 1 || lang_schema_find(checker->schema, record, head) != LANG_NO_FIELD ||
           lang_find_let(checker, head) != NULL || lang_find_parameter(checker, path->as.path.names.items[0]) != NULL;
}

static lang_type check_path_value(lang_checker *checker, lang_expression *path, lang_type hint)
{
    if (check_word(checker, path, hint)) return path->type;
    if (hint.kind == LANG_TYPE_ENUMERATION && !resolves(checker, path)) {
        lang_name name = path->as.path.names.items[0];
        lang_enumeration enumeration = (lang_enumeration)hint.detail;
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0308, name.span, "`%s` is not one of the %s words", name.text,
                          lang_schema_enumeration_name(checker->schema, enumeration));
        base_text words;
        base_text_init(&words, checker->arena);
        char word[40];
        for (size_t i = 0; lang_schema_word(checker->schema, enumeration, i, word); i++) {
            if (base_edit_distance(word, name.text) <= 2) {
                lang_suggest(checker->diagnostics, diagnostic, "did you mean `%s`?", word);
            }
            base_text_format(&words, "%s%s", i == 0 ? "" : ", ", word);
        }
        lang_suggest(checker->diagnostics, diagnostic, "they are %s", base_text_string(&words));
        path->type = LANG_PLAIN(ERROR);
        return path->type;
    }
    bool counter = checker->in_message && path->as.path.names.count == 1 &&
                   (strcmp(path->as.path.names.items[0].text, "count") == 0 ||
                    strcmp(path->as.path.names.items[0].text, "sum") == 0);
    if (!counter) return lang_check_path(checker, path);
    path->as.path.base = LANG_BASE_COUNT;
    const lang_expression *counting = checker->clause == NULL ? NULL : lang_clause_has(checker->clause)->counting;
    if (counting == NULL) {
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0805, path->span,
                          "`{%s}` needs exactly one counting or summing expression in the clause; this one has %zu",
                          path->as.path.names.items[0].text, checker->counting);
        (void)diagnostic;
        path->type = LANG_PLAIN(ERROR);
        return path->type;
    }
    bool sums = counting->as.quantified.quantifier == LANG_SUM_OF && counting->as.quantified.value != NULL;
    path->type = sums ? counting->as.quantified.value->type : LANG_PLAIN(COUNT);
    return path->type;
}

static lang_type check_or_else(lang_checker *checker, lang_expression *expression)
{
    lang_expression *left = expression->as.binary.left, *right = expression->as.binary.right;
    lang_type type = lang_check_value(checker, left, LANG_PLAIN(ERROR));
    lang_type other = lang_check_value(checker, right, type);
    expression->type = LANG_PLAIN(ERROR);
    if (type.kind == LANG_TYPE_ERROR || other.kind == LANG_TYPE_ERROR) return expression->type;
    lang_need_present(checker, right);
    if (!type.optional) {
        lang_diagnose(checker->diagnostics, LANG_E0505, expression->span,
                      "`%s` is never absent, so `or else` can never be used", lang_source_text(checker, left->span));
        return expression->type;
    }
    type.optional = false;
    if (!lang_type_same(type, other)) {
        lang_diagnose(checker->diagnostics, LANG_E0501, right->span,
                      "`or else` needs a %s here, as on its left; this is a %s",
                      lang_type_label(checker->schema, checker->arena, type),
                      lang_type_label(checker->schema, checker->arena, other));
        return expression->type;
    }
    expression->type = type;
    return type;
}

static lang_type check_presence(lang_checker *checker, lang_expression *expression)
{
    lang_expression *value = expression->as.presence.value;
    lang_type type = lang_check_value(checker, value, LANG_PLAIN(ERROR));
    expression->type = LANG_PLAIN(TRUTH);
    if (type.kind == LANG_TYPE_ERROR || type.optional) return expression->type;
    if (value->kind == LANG_PATH && value->as.path.base != LANG_BASE_WORD) {
        /* A test may stand twice; what counts is how the field is declared, not what another test proved. */
        lang_resolve_path(checker, value);
        bool declared = value->type.optional;
        value->type = type;
        if (declared) return expression->type;
    }
    lang_diagnostic *diagnostic =
        lang_diagnose(checker->diagnostics, LANG_E0505, expression->span,
                      "`%s` is never absent: it is always there, or unknown", lang_source_text(checker, value->span));
    if (type.list) lang_suggest(checker->diagnostics, diagnostic, "ask what the list holds with `include`");
    return expression->type;
}

static lang_type check_logic(lang_checker *checker, lang_expression *expression)
{
    lang_expression *left = expression->as.binary.left, *right = expression->as.binary.right;
    expression->type = LANG_PLAIN(TRUTH);
    lang_check_condition(checker, left);
    if (expression->kind == LANG_NOT) return expression->type;
    uint32_t facts = checker->facts.count;
    lang_facts_from(checker, left, expression->kind == LANG_AND);
    lang_check_condition(checker, right);
    checker->facts.count = facts;
    return expression->type;
}

lang_type lang_check_value(lang_checker *checker, lang_expression *expression, lang_type hint)
{
    if (expression == NULL) return LANG_PLAIN(ERROR);
    if (checker->extent != NULL) checker->extent->parts++;
    switch (expression->kind) {
    case LANG_LITERAL: return check_literal(checker, expression, hint);
    case LANG_PATH: return check_path_value(checker, expression, hint);
    case LANG_NOT:
    case LANG_AND:
    case LANG_OR: return check_logic(checker, expression);
    case LANG_COMPARE:
    case LANG_BETWEEN:
    case LANG_CONTAIN:
    case LANG_OVERLAP: return lang_check_comparison(checker, expression);
    case LANG_IN:
    case LANG_INCLUDE: return lang_check_membership(checker, expression);
    case LANG_ARITHMETIC:
    case LANG_NEGATE: return lang_check_arithmetic(checker, expression);
    case LANG_PRESENCE: return check_presence(checker, expression);
    case LANG_OR_ELSE: return check_or_else(checker, expression);
    case LANG_CALL: return lang_check_call(checker, expression);
    case LANG_PART: return lang_check_part(checker, expression);
    case LANG_DENIED: return lang_check_denied(checker, expression);
    case LANG_TALLY: return lang_check_tally(checker, expression);
    case LANG_QUANTIFIED: return lang_check_quantified(checker, expression);
    }
    return LANG_PLAIN(ERROR);
}

void lang_check_condition(lang_checker *checker, lang_expression *expression)
{
    if (expression == NULL) return;
    lang_type type = lang_check_value(checker, expression, LANG_PLAIN(TRUTH));
    if (type.kind == LANG_TYPE_ERROR) return;
    if (type.kind == LANG_TYPE_TRUTH && !type.list) {
        lang_need_present(checker, expression);
        return;
    }
    lang_diagnostic *diagnostic =
        lang_diagnose(checker->diagnostics, LANG_E0503, expression->span, "this is a %s, and a condition is expected",
                      lang_type_label(checker->schema, checker->arena, type));
    if (type.optional) {
        lang_suggest(checker->diagnostics, diagnostic, "`%s is present`", lang_source_text(checker, expression->span));
    } else if (expression->kind == LANG_LITERAL) {
        lang_suggest(checker->diagnostics, diagnostic,
                     "each side of `or` and `and` is a condition; of several values ask `procedure in 90853, 90832`");
    } else {
        lang_suggest(checker->diagnostics, diagnostic, "compare it with something");
    }
    expression->type = LANG_PLAIN(ERROR);
}
