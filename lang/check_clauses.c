/* Clauses: parts that belong together, conditions, exceptions, and the holes of messages. */
#include "lang/check.h"

#include <string.h>

static void check_category(lang_checker *checker, lang_name category)
{
    bool known =
        category.text == NULL || lang_schema_word_find(checker->schema, LANG_ENUMERATION_category, category.text) >= 0;
    if (known) return;
    const char *near = NULL;
    base_text list;
    base_text_init(&list, checker->arena);
    char word[40];
    for (size_t i = 0; lang_schema_word(checker->schema, LANG_ENUMERATION_category, i, word); i++) {
        if (base_edit_distance(word, category.text) <= 2) near = base_arena_copy(checker->arena, word, strlen(word));
        base_text_format(&list, "%s%s", i == 0 ? "" : ", ", word);
    }
    lang_diagnostic *diagnostic =
        lang_diagnose(checker->diagnostics, LANG_E0310, category.span, "`%s` is not a denial category", category.text);
    if (near != NULL) lang_suggest(checker->diagnostics, diagnostic, "did you mean `%s`?", near);
    lang_suggest(checker->diagnostics, diagnostic, "categories are %s", base_text_string(&list));
}

/* Whether what stands as the first remark is a reason without its hyphen, CO119: that is told of by itself. */
static bool reason_unhyphenated(const lang_clause *clause)
{
    const char *text = clause->remarks.count == 0 ? "" : clause->remarks.items[0].text;
    static const char *const groups[] = {"CO", "PR", "OA", "PI"};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        if (strncmp(groups[i], text, 2) == 0) return true;
    }
    return false;
}

static void check_outcome(lang_checker *checker, const lang_clause *clause)
{
    if (!clause->outcome_given) {
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0802, clause->span,
                          "the clause `%s` does not say what happens when it fails", clause->name.text);
        lang_suggest(checker->diagnostics, diagnostic, "deny CO-197 as authorization \"...\"");
        return;
    }
    bool coded = clause->outcome == LANG_DENY || clause->outcome == LANG_AUDIT;
    if (coded && clause->group_reason.text == NULL && !reason_unhyphenated(clause)) {
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0803, clause->span,
                          "`%s` needs the reason code that the payer will give", lang_outcome_name(clause->outcome));
        lang_suggest(checker->diagnostics, diagnostic, "%s CO-119 as limit \"...\"",
                     lang_outcome_name(clause->outcome));
    }
    if (clause->message.text == NULL) {
        lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0804, clause->span,
                                                    "the clause `%s` has no message", clause->name.text);
        lang_suggest(checker->diagnostics, diagnostic,
                     "end the outcome with a sentence in quotes that says what is wrong");
    }
    int64_t percent = lang_clause_has(clause)->percent;
    if (clause->outcome == LANG_REDUCE && (percent <= 0 || percent > 100000)) {
        lang_diagnose(checker->diagnostics, LANG_E0807, clause->span,
                      "a reduction is more than 0 and at most 100 percent");
    }
    bool reviews = clause->outcome == LANG_REVIEW && (!clause->unknown_given || clause->if_unknown != LANG_DENY);
    if (clause->unverified && !reviews) {
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0808, lang_clause_has(clause)->unverified_span,
                          "nobody read the source of `%s`: it can only review", clause->name.text);
        lang_suggest(checker->diagnostics, diagnostic,
                     "write `review \"...\"`, or read the source and take `source unverified` out");
    }
    lang_check_reason(checker, clause->group_reason, clause->remarks.count);
    for (size_t i = 0; i < clause->remarks.count; i++) lang_check_remark(checker, clause->remarks.items[i]);
    check_category(checker, clause->category);
}

/* All that the conditions of the section and of the clause say to be present holds for each of its parts. */
static void gather_facts(lang_checker *checker, const lang_clause *clause)
{
    checker->facts.count = 0;
    const lang_expressions *lists[] = {clause->section == NULL ? NULL : &clause->section->wheres, &clause->whens};
    for (size_t l = 0; l < 2; l++) {
        for (size_t i = 0; lists[l] != NULL && i < lists[l]->count; i++) {
            lang_facts_from(checker, lists[l]->items[i], true);
        }
    }
}

static bool binds_other(const lang_clause *clause)
{
    const lang_expression *requirement = clause->requirement;
    return clause->forbid && requirement != NULL && requirement->kind == LANG_QUANTIFIED &&
           requirement->as.quantified.quantifier == LANG_EXISTS && requirement->as.quantified.binder.text != NULL;
}

static void check_holes(lang_checker *checker, lang_clause *clause)
{
    checker->in_message = true;
    for (size_t i = 0; i < clause->pieces.count; i++) {
        lang_expression *hole = clause->pieces.items[i].hole;
        if (hole == NULL) continue;
        lang_type type = lang_check_value(checker, hole, LANG_PLAIN(ERROR));
        bool whole = type.kind == LANG_TYPE_RECORD || type.kind == LANG_TYPE_ROW;
        if (!whole) continue;
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0806, hole->span, "a whole %s cannot be shown in a message",
                          lang_type_label(checker->schema, checker->arena, type));
        lang_suggest(checker->diagnostics, diagnostic, "name one of its fields: {%s. ...}",
                     lang_source_text(checker, hole->span));
    }
    checker->in_message = false;
}

void lang_check_clause(lang_checker *checker, lang_clause *clause)
{
    checker->clause = clause;
    checker->section = clause->section;
    checker->other_bound = false;
    checker->counting = 0;
    checker->last_counting = NULL;
    lang_name subject = lang_clause_has(clause)->subject;
    bool own = subject.text != NULL || clause->section == NULL;
    lang_set_subject(checker, own ? subject : clause->section->subject);
    gather_facts(checker, clause);
    for (size_t i = 0; i < clause->whens.count; i++) lang_check_condition(checker, clause->whens.items[i]);
    if (clause->requirement == NULL && !clause->requirement_given) {
        lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0801, clause->span,
                                                    "the clause `%s` requires and forbids nothing", clause->name.text);
        lang_suggest(checker->diagnostics, diagnostic,
                     "say what must hold with `require`, or what must not with `forbid`");
    }
    lang_check_condition(checker, clause->requirement);
    if (binds_other(clause)) {
        clause->binds = true;
        checker->other_bound = true;
        checker->other =
            clause->requirement->as.quantified.kind == LANG_COLLECTION_AUTHORIZATIONS       ? LANG_RECORD_authorization
            : clause->requirement->as.quantified.kind == LANG_COLLECTION_SESSION_ATTENDANCE ? LANG_RECORD_attendance
                                                                                            : LANG_RECORD_line;
    }
    for (size_t i = 0; i < clause->exceptions.count; i++) {
        uint32_t facts = checker->facts.count;
        lang_check_condition(checker, clause->exceptions.items[i].condition);
        checker->facts.count = facts;
    }
    if (checker->counting == 1) {
        lang_clause_extras *extras = lang_clause_extend(checker->arena, clause);
        if (extras != NULL) extras->counting = checker->last_counting;
    }
    check_outcome(checker, clause);
    check_holes(checker, clause);
    if (clause->cite.text == NULL && !clause->file->is_module) {
        lang_diagnose(checker->diagnostics, LANG_W0002, clause->name.span, "the clause `%s` cites no source",
                      clause->name.text);
    }
    checker->clause = NULL;
}
