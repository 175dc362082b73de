/* Tests: fields and values that are given, verdicts that are expected. */
#include "lang/check.h"

#include <string.h>

static bool single_word(const lang_item *item, const char *word)
{
    return item->low != NULL && item->low->kind == LANG_PATH && item->low->as.path.names.count == 1 &&
           strcmp(item->low->as.path.names.items[0].text, word) == 0;
}

/* Resolves `session.minutes` to a field of a record that hangs on the line; no optional checks apply here. */
static bool resolve_given(lang_checker *checker, lang_given *given, lang_type *type)
{
    lang_checker plain = *checker;
    plain.section = NULL;
    plain.in_element = plain.other_bound = plain.in_message = false;
    lang_name head = given->path->as.path.names.items[0];
    if (lang_schema_find(checker->schema, LANG_RECORD_line, head.text) == LANG_NO_FIELD) {
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0302, head.span, "a service line has no field `%s`", head.text);
        lang_suggest_name(&plain, diagnostic, head.text);
        return false;
    }
    if (!lang_resolve_path(&plain, given->path)) return false;
    const lang_path *path = &given->path->as.path;
    given->field = (lang_field)path->fields[path->field_count - 1];
    given->record = lang_schema_field(checker->schema, given->field)->record;
    *type = given->path->type;
    return true;
}

static bool spans_fit(lang_item *item, lang_type type)
{
    bool dates = type.kind == LANG_TYPE_DATES, times = type.kind == LANG_TYPE_TIMES;
    if (!dates && !times) return false;
    lang_literal_kind wanted = dates ? LANG_LITERAL_DATE : LANG_LITERAL_TIME;
    return item->low != NULL && item->high != NULL && item->low->kind == LANG_LITERAL &&
           item->high->kind == LANG_LITERAL && item->low->literal_kind == wanted &&
           item->high->literal_kind == wanted && (times || item->low->as.literal.value <= item->high->as.literal.value);
}

static void check_given_value(lang_checker *checker, lang_given *given)
{
    lang_type type;
    if (!resolve_given(checker, given, &type)) return;
    lang_items *values = &given->values;
    if (values->count == 1 && single_word(&values->items[0], "unknown")) return;
    if (values->count == 1 && single_word(&values->items[0], "absent")) {
        if (type.optional) return;
        lang_diagnose(checker->diagnostics, LANG_E0904, given->span, "`%s` is never absent; it can be `unknown`",
                      lang_source_text(checker, given->path->span));
        return;
    }
    if (type.kind == LANG_TYPE_RECORD) {
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0904, given->span,
                          "`%s` is a whole record: it can be `absent` or `unknown`, or give its fields",
                          lang_source_text(checker, given->path->span));
        (void)diagnostic;
        return;
    }
    if (values->count > 1 && !type.list) {
        lang_diagnose(checker->diagnostics, LANG_E0904, lang_item_span(&values->items[1], given->span.file),
                      "`%s` takes one value", lang_source_text(checker, given->path->span));
        return;
    }
    lang_type plain = {type.kind, type.detail, false, false};
    for (size_t i = 0; i < values->count; i++) {
        lang_item *item = &values->items[i];
        bool none = type.list && item->low != NULL && item->low->kind == LANG_LITERAL &&
                    item->low->literal_kind == LANG_LITERAL_NONE && values->count == 1;
        if (none || spans_fit(item, type)) continue;
        size_t errors = checker->diagnostics->errors;
        bool fits = item->high == NULL && lang_check_literal_for(checker, item, plain) && lang_item_set(item) == NULL;
        if (fits && item->low->kind == LANG_LITERAL && item->low->literal_kind == LANG_LITERAL_PREFIX) fits = false;
        if (fits || checker->diagnostics->errors > errors) continue;
        lang_span span = lang_item_span(item, given->span.file);
        lang_diagnose(checker->diagnostics, LANG_E0904, span, "`%s` is a %s, and `%s` is not one",
                      lang_source_text(checker, given->path->span),
                      lang_type_label(checker->schema, checker->arena, plain), lang_source_text(checker, span));
    }
}

static void check_history(lang_checker *checker, lang_given *given)
{
    static const char *const cadences[] = {"daily", "weekly", "monthly"};
    if (given->unit.text != NULL && strcmp(given->unit.text, "lines") != 0 && strcmp(given->unit.text, "line") != 0) {
        lang_diagnose(checker->diagnostics, LANG_E0201, given->unit.span, "found `%s`; expected `lines`",
                      given->unit.text);
    }
    if (given->times->as.literal.value < 1 || given->times->as.literal.value > 10000) {
        lang_diagnose(checker->diagnostics, LANG_E0904, given->times->span,
                      "a test gives from 1 to 10000 lines of history");
    }
    lang_check_code(checker, given->code, LANG_SYSTEM_cpt);
    if (given->cadence.text == NULL) return;
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(cadences[i], given->cadence.text) == 0) return;
    }
    lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0907, given->cadence.span,
                                                "`%s` is not a rhythm of history lines", given->cadence.text);
    lang_suggest(checker->diagnostics, diagnostic, "write daily, weekly or monthly");
}

static void check_target(lang_checker *checker, lang_expectation *expectation)
{
    const char *wanted_word = expectation->verdict.text;
    bool of_clauses = strcmp(wanted_word, "excused") == 0 || strcmp(wanted_word, "waived") == 0;
    if (expectation->clause.count == 0 && of_clauses) {
        lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0906, expectation->verdict.span,
                                                    "a whole line is never `%s`; a clause is", wanted_word);
        lang_suggest(checker->diagnostics, diagnostic, "expect %s by CLAUSE", wanted_word);
    }
    if (expectation->clause.count == 0) return;
    expectation->target = lang_find_clause(checker, &expectation->clause);
    lang_span span = expectation->clause.items[0].span;
    span.end = expectation->clause.items[expectation->clause.count - 1].span.end;
    if (expectation->target == NULL) {
        const char *wanted = lang_path_text(checker->arena, &expectation->clause);
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0311, span, "there is no clause `%s`", wanted);
        for (size_t i = 0; i < checker->program->clauses.count; i++) {
            const lang_clause *clause = checker->program->clauses.items[i];
            if (clause->file == checker->file && base_edit_distance(clause->name.text, wanted) <= 3) {
                lang_suggest(checker->diagnostics, diagnostic, "did you mean `%s`?", clause->name.text);
                break;
            }
        }
        return;
    }
    const char *verdict = expectation->verdict.text;
    bool outcome = strcmp(verdict, "deny") == 0 || strcmp(verdict, "audit") == 0 || strcmp(verdict, "review") == 0 ||
                   strcmp(verdict, "warn") == 0 || strcmp(verdict, "reduce") == 0;
    const lang_clause *target = expectation->target;
    bool possible = strcmp(lang_outcome_name(target->outcome), verdict) == 0 ||
                    (target->unknown_given && strcmp(lang_outcome_name(target->if_unknown), verdict) == 0);
    if (outcome && target->outcome_given && !possible) {
        lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0906, expectation->verdict.span,
                                                    "`%s` never gives `%s`; it gives `%s`", target->name.text, verdict,
                                                    lang_outcome_name(target->outcome));
        lang_note(checker->diagnostics, diagnostic, target->name.span, "the clause is here");
    }
}

static void check_expectation(lang_checker *checker, lang_expectation *expectation, int64_t lines)
{
    static const char *const verdicts[] = {"pass",   "excused", "waived", "deny",        "audit",
                                           "review", "warn",    "reduce", "cannot tell", "not applicable"};
    bool known = false;
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        known = known || strcmp(verdicts[i], expectation->verdict.text) == 0;
    }
    if (!known) {
        lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0903, expectation->verdict.span,
                                                    "`%s` is not a verdict", expectation->verdict.text);
        lang_suggest(
            checker->diagnostics, diagnostic,
            "verdicts are pass, deny, audit, review, warn, reduce, excused, waived, cannot tell and not applicable");
        return;
    }
    check_target(checker, expectation);
    if (expectation->line < 1 || expectation->line > lines) {
        lang_diagnose(checker->diagnostics, LANG_E0905, expectation->span,
                      "this test gives %lld line%s, not a line %lld", (long long)lines, lines == 1 ? "" : "s",
                      (long long)expectation->line);
    }
    if (expectation->group_reason.text != NULL) lang_check_reason(checker, expectation->group_reason, 1);
    if (expectation->needing.count > 0 && strcmp(expectation->verdict.text, "cannot tell") != 0) {
        lang_diagnose(checker->diagnostics, LANG_E0908, expectation->needing.items[0]->span,
                      "`needing` belongs to `cannot tell`; this expects `%s`", expectation->verdict.text);
    }
}

void lang_check_test(lang_checker *checker, lang_test *test)
{
    int64_t lines = 0;
    checker->facts.count = 0;
    checker->section = NULL;
    for (size_t i = 0; i < test->givens.count; i++) {
        lang_given *given = &test->givens.items[i];
        switch (given->kind) {
        case LANG_GIVEN_LINE:
            lines++;
            lang_check_code(checker, given->code, LANG_SYSTEM_cpt);
            break;
        case LANG_GIVEN_VALUE: check_given_value(checker, given); break;
        case LANG_GIVEN_HISTORY: check_history(checker, given); break;
        case LANG_GIVEN_AS_OF: break;
        }
    }
    if (lines == 0) {
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0901, test->span, "this test gives no line to judge");
        lang_suggest(checker->diagnostics, diagnostic, "given line 90853 on 2026-03-05");
        return;
    }
    if (test->expectations.count == 0) {
        lang_diagnose(checker->diagnostics, LANG_E0902, test->span, "this test expects nothing");
    }
    for (size_t i = 0; i < test->expectations.count; i++)
        check_expectation(checker, &test->expectations.items[i], lines);
}
