/* Measures: what they are for, their dimensions, and values made of counts and sums. */
#include "lang/check.h"

#include <string.h>

static const struct {
    const char *name;
    lang_record record;
} subjects[] = {{"line", LANG_RECORD_line},
                {"claim", LANG_RECORD_claim},
                {"session", LANG_RECORD_session},
                {"attendance", LANG_RECORD_attendance},
                {"patient", LANG_RECORD_patient},
                {"authorization", LANG_RECORD_authorization},
                {"appointment", LANG_RECORD_appointment}};

static bool read_subject(lang_checker *checker, lang_measure *measure)
{
    lang_name subject = measure->subject;
    measure->record = LANG_RECORD_line;
    if (subject.text == NULL) {
        lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0218, measure->span,
                                                    "the measure `%s` does not say what it counts", measure->name.text);
        lang_suggest(checker->diagnostics, diagnostic, "for each line where procedure in ...");
        return false;
    }
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        if (strcmp(subjects[i].name, subject.text) != 0) continue;
        measure->record = subjects[i].record;
        return true;
    }
    lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0318, subject.span,
                                                "a measure cannot be taken for each `%s`", subject.text);
    lang_suggest(
        checker->diagnostics, diagnostic,
        "write `for each line`, `claim`, `session`, `attendance`, `appointment`, `patient` or `authorization`");
    return false;
}

/* Whether a value, or a condition, speaks of the lines of its subject: `lines.remittance.paid`. The head is taken off,
 * so that what follows is a path of the line. */
static bool over_lines(lang_expression *expression)
{
    if (expression == NULL) return false;
    switch (expression->kind) {
    case LANG_PATH: {
        if (expression->as.path.called) return over_lines(expression->as.path.let->value);
        lang_names *names = &expression->as.path.names;
        if (names->count < 2 || strcmp(names->items[0].text, "lines") != 0) return false;
        for (size_t i = 1; i < names->count; i++) names->items[i - 1] = names->items[i];
        names->count--;
        return true;
    }
    case LANG_LITERAL: return false;
    case LANG_BETWEEN: {
        bool a = over_lines(expression->as.between.value), b = over_lines(expression->as.between.low);
        return over_lines(expression->as.between.high) || a || b;
    }
    case LANG_IN:
    case LANG_INCLUDE: return over_lines(expression->as.membership.value);
    case LANG_PRESENCE: return over_lines(expression->as.presence.value);
    case LANG_PART: return over_lines(expression->as.part.value);
    case LANG_CALL: {
        bool any = false;
        for (size_t i = 0; i < expression->as.call.arguments.count; i++)
            any = over_lines(expression->as.call.arguments.items[i]) || any;
        return any;
    }
    case LANG_QUANTIFIED:
    case LANG_DENIED:
    case LANG_TALLY: return false;
    default: {
        bool left = over_lines(expression->as.binary.left);
        return over_lines(expression->as.binary.right) || left;
    }
    }
}

/* In a sum a record that is absent adds nothing: `remittance.paid` needs no test in each measure. What is absent on the
 * way makes the value absent, and what is absent does not count. */
static void assume_present(lang_checker *checker, const lang_expression *expression)
{
    if (expression == NULL || expression->kind == LANG_LITERAL) return;
    if (expression->kind == LANG_PATH) {
        const lang_names *names = &expression->as.path.names;
        for (size_t count = 1; count <= names->count; count++) {
            lang_fact_add(checker, names, count);
        }
        return;
    }
    if (expression->kind == LANG_PRESENCE || expression->kind == LANG_QUANTIFIED || expression->kind == LANG_TALLY)
        return;
    if (expression->kind == LANG_IN || expression->kind == LANG_INCLUDE) {
        assume_present(checker, expression->as.membership.value);
        return;
    }
    if (expression->kind == LANG_BETWEEN) {
        assume_present(checker, expression->as.between.value);
        return;
    }
    if (expression->kind == LANG_PART) assume_present(checker, expression->as.part.value);
    if (expression->kind == LANG_CALL) {
        for (size_t i = 0; i < expression->as.call.arguments.count; i++)
            assume_present(checker, expression->as.call.arguments.items[i]);
    }
    if (expression->kind != LANG_PART && expression->kind != LANG_CALL && expression->kind != LANG_DENIED) {
        assume_present(checker, expression->as.binary.left);
        assume_present(checker, expression->as.binary.right);
    }
}

static lang_type tally_type(lang_checker *checker, lang_expression *expression, lang_type type)
{
    lang_type none = {LANG_TYPE_ERROR, 0, false, false};
    lang_expression *value = expression->as.tally.value;
    if (value == NULL || expression->as.tally.distinct) return LANG_PLAIN(COUNT);
    bool sums = expression->as.tally.quantifier == LANG_SUM_OF;
    bool addable = !type.list && (lang_is_numeric(type) || type.kind == LANG_TYPE_MINUTES ||
                                  type.kind == LANG_TYPE_MONEY || type.kind == LANG_TYPE_DAYS);
    type.optional = false;
    if (type.kind == LANG_TYPE_NUMBER) type.kind = LANG_TYPE_COUNT;
    if (addable && expression->as.tally.average && type.kind == LANG_TYPE_COUNT) return LANG_PLAIN(QUANTITY);
    if (addable || (!sums && !type.list && type.kind == LANG_TYPE_DATE)) return type;
    lang_diagnose(checker->diagnostics, LANG_E0512, value->span, "a %s cannot be %s",
                  lang_type_label(checker->schema, checker->arena, type), sums ? "added up" : "put in order");
    return none;
}

lang_type lang_check_tally(lang_checker *checker, lang_expression *expression)
{
    lang_measure *measure = checker->measure;
    if (measure == NULL || expression->type.kind != LANG_TYPE_ERROR) return expression->type;
    lang_checker inner = *checker;
    lang_expression *value = expression->as.tally.value, *where = expression->as.tally.where;
    bool lines = over_lines(value);
    lines = over_lines(where) || lines;
    bool has_lines = measure->record == LANG_RECORD_session || measure->record == LANG_RECORD_claim ||
                     measure->record == LANG_RECORD_patient;
    if (lines && has_lines) {
        expression->as.tally.over_lines = true;
        inner.subject = LANG_RECORD_line;
    }
    size_t errors = checker->diagnostics->errors;
    uint32_t facts = inner.facts.count;
    if (lines && !has_lines) {
        lang_diagnose(checker->diagnostics, LANG_E0319, expression->span, "a %s has no `lines`",
                      lang_schema_record_label(checker->schema, measure->record));
    }
    assume_present(&inner, where);
    lang_check_condition(&inner, where);
    lang_facts_from(&inner, where, true);
    assume_present(&inner, value);
    lang_type type = value == NULL ? LANG_PLAIN(COUNT) : lang_check_value(&inner, value, LANG_PLAIN(ERROR));
    checker->facts = inner.facts;
    checker->facts.count = facts;
    if (checker->diagnostics->errors > errors || type.kind == LANG_TYPE_ERROR) return expression->type;
    expression->type = tally_type(checker, expression, type);
    lang_expression **slot = BASE_PUSH(checker->arena, &measure->tallies);
    if (slot != NULL) *slot = expression;
    expression->as.tally.index = measure->tallies.count - 1;
    return expression->type;
}

static void check_alert(lang_checker *checker, const lang_measure *measure)
{
    const struct lang_alert *alert = measure->alert;
    const char *word = alert->word.text;
    bool apart = strcmp(word, "apart") == 0, sides = strcmp(word, "above") == 0 || strcmp(word, "below") == 0;
    if (alert->bound == NULL ? !apart : !sides) {
        lang_diagnostic *diagnostic = lang_diagnose(
            checker->diagnostics, LANG_E0221, alert->word.span,
            alert->bound == NULL ? "`%s` and a percentage say nothing" : "`%s` and a value say nothing", word);
        lang_suggest(checker->diagnostics, diagnostic,
                     "an alert is `above 0.1`, `below 30 minutes`, or `apart 25 percent` from all groups together");
        return;
    }
    lang_type type = measure->value->type;
    if (alert->bound == NULL || type.kind == LANG_TYPE_ERROR) return;
    if (type.kind == LANG_TYPE_COUNT || type.kind == LANG_TYPE_NUMBER) type.kind = LANG_TYPE_QUANTITY;
    lang_type bound = lang_check_value(checker, alert->bound, type);
    if (bound.kind != type.kind) lang_adapt_literal(checker, alert->bound, type);
    if (bound.kind == LANG_TYPE_ERROR || alert->bound->type.kind == type.kind) return;
    lang_diagnose(checker->diagnostics, LANG_E0501, alert->bound->span, "the measure's value is a %s, and this a %s",
                  lang_type_label(checker->schema, checker->arena, type),
                  lang_type_label(checker->schema, checker->arena, alert->bound->type));
}

void lang_check_measure(lang_checker *checker, lang_measure *measure)
{
    checker->section = NULL;
    checker->clause = NULL;
    checker->facts.count = 0;
    checker->other_bound = false;
    if (!read_subject(checker, measure)) return;
    checker->measure = measure;
    checker->subject = measure->record;
    checker->prefix = LANG_NO_FIELD;
    lang_facts_from(checker, measure->where, true);
    assume_present(checker, measure->where);
    lang_check_condition(checker, measure->where);
    for (size_t i = 0; i < measure->by.count; i++) {
        lang_expression *by = measure->by.items[i];
        assume_present(checker, by);
        lang_type type = lang_check_value(checker, by, LANG_PLAIN(ERROR));
        bool whole = type.list || type.kind == LANG_TYPE_RECORD || type.kind == LANG_TYPE_ROW;
        if (!whole) continue;
        lang_diagnose(checker->diagnostics, LANG_E0519, by->span, "a measure is taken by single values; this is a %s",
                      lang_type_label(checker->schema, checker->arena, type));
    }
    if (measure->value == NULL) {
        lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0218, measure->span,
                                                    "the measure `%s` has no `value`", measure->name.text);
        lang_suggest(checker->diagnostics, diagnostic, "value (count where remittance.status = denied) / count");
    } else {
        lang_check_value(checker, measure->value, LANG_PLAIN(ERROR));
    }
    if (measure->alert != NULL && measure->value != NULL) check_alert(checker, measure);
    checker->measure = NULL;
    checker->facts.count = 0;
    lang_set_subject(checker, (lang_name){0});
}
