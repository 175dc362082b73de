/* Builders for the parts of a clause, its message's holes among them, and for syntax errors. */
#include "lang/build.h"

#include <string.h>

static void said_twice(lang_parser *parser, const char *part, lang_span span, lang_span first)
{
    lang_diagnostic *diagnostic =
        lang_diagnose(parser->diagnostics, LANG_E0206, span, "this clause says `%s` twice; once is allowed", part);
    if (first.end > 0) lang_note(parser->diagnostics, diagnostic, first, "it was said first here");
}

void lang_build_clause(lang_parser *parser, lang_name name, lang_span span)
{
    lang_clause *clause = base_arena_alloc(parser->arena, sizeof *clause);
    parser->clause = clause;
    if (clause == NULL) return;
    clause->name = name;
    clause->file = parser->file;
    clause->section = parser->file->section;
    clause->span = span;
    clause->priority = 1000;
    clause->dates = LANG_ALWAYS;
    clause->overridable = parser->overridable;
    bool override = parser->overriding;
    parser->overriding = parser->overridable = false;
    lang_file *file = parser->file;
    lang_clause **slot = NULL, **grouped = NULL;
    if (override) {
        slot = BASE_PUSH(parser->arena, &file->clause_overrides);
        clause->section = NULL;
    } else {
        slot = BASE_PUSH(parser->arena, &file->clauses);
        grouped = clause->section != NULL ? BASE_PUSH(parser->arena, &clause->section->clauses)
                                          : BASE_PUSH(parser->arena, &file->loose);
    }
    if (slot != NULL) *slot = clause;
    if (grouped != NULL) *grouped = clause;
}

void lang_build_cite(lang_parser *parser, lang_name text, lang_span span)
{
    lang_clause *clause = parser->clause;
    if (clause == NULL) return;
    if (clause->cite.text != NULL) said_twice(parser, "cite", span, clause->cite.span);
    clause->cite = (lang_name){lang_build_unquoted(parser, text), span};
}

void lang_build_clause_known(lang_parser *parser, lang_name date, lang_span span)
{
    (void)span;
    if (parser->clause != NULL) parser->clause->dates = lang_build_known(parser, parser->clause->dates, date);
}

void lang_build_clause_dates(lang_parser *parser, lang_dates dates, lang_clock clock, lang_span span)
{
    lang_clause *clause = parser->clause;
    if (clause == NULL) return;
    if (clause->dates_given) said_twice(parser, "effective", span, (lang_span){0});
    dates.known = clause->dates.known;
    clause->dates = dates;
    clause->clock = clock;
    clause->dates_given = true;
}

void lang_build_clause_subject(lang_parser *parser, lang_name subject, lang_span span)
{
    lang_clause *clause = parser->clause;
    if (clause == NULL) return;
    lang_name before = lang_clause_has(clause)->subject;
    if (before.text != NULL) said_twice(parser, "for each", span, before.span);
    lang_clause_extras *extras = lang_clause_extend(parser->arena, clause);
    if (extras != NULL) extras->subject = subject;
}

void lang_build_when(lang_parser *parser, lang_expression *condition)
{
    if (parser->clause != NULL) parser->clause->whens = lang_build_list(parser, &parser->clause->whens, condition);
}

void lang_build_requirement(lang_parser *parser, bool forbid, lang_expression *condition, lang_span span)
{
    lang_clause *clause = parser->clause;
    if (clause == NULL) return;
    if (clause->requirement_given) {
        lang_diagnostic *diagnostic =
            lang_diagnose(parser->diagnostics, LANG_E0206, span,
                          "this clause has a second requirement; one clause, one `require` or `forbid`");
        if (clause->requirement != NULL) {
            lang_note(parser->diagnostics, diagnostic, clause->requirement->span, "the first is here");
        }
        lang_suggest(parser->diagnostics, diagnostic, "join them with `and`, or write a second clause");
        return;
    }
    clause->requirement = condition;
    clause->requirement_given = true;
    clause->forbid = forbid;
}

void lang_build_exception(lang_parser *parser, lang_expression *condition, lang_span span)
{
    if (parser->clause == NULL) return;
    lang_exception *exception = BASE_PUSH(parser->arena, &parser->clause->exceptions);
    if (exception != NULL) *exception = (lang_exception){.condition = condition, .span = span};
}

static lang_exception *last_exception(lang_parser *parser)
{
    size_t count = parser->clause == NULL ? 0 : parser->clause->exceptions.count;
    return count == 0 ? NULL : &parser->clause->exceptions.items[count - 1];
}

void lang_build_exception_name(lang_parser *parser, lang_name name)
{
    lang_exception *exception = last_exception(parser);
    if (exception != NULL) exception->name = name;
}

void lang_build_exception_cite(lang_parser *parser, lang_name text)
{
    lang_exception *exception = last_exception(parser);
    if (exception != NULL) exception->cite = lang_build_unquoted(parser, text);
}

void lang_build_outcome(lang_parser *parser, lang_outcome outcome, const lang_name *percent, lang_span span)
{
    lang_clause *clause = parser->clause;
    if (clause == NULL) return;
    if (clause->outcome_given) {
        said_twice(parser, "an outcome", span, (lang_span){0});
        return;
    }
    clause->outcome_given = true;
    clause->outcome = outcome;
    if (percent == NULL) return;
    lang_expression *literal = lang_build_literal(parser, LANG_LITERAL_DECIMAL, *percent);
    lang_clause_extras *extras = lang_clause_extend(parser->arena, clause);
    if (extras != NULL) extras->percent = literal == NULL ? 0 : literal->as.literal.value;
}

void lang_build_reason(lang_parser *parser, lang_name reason, lang_span span)
{
    lang_clause *clause = parser->clause;
    if (clause == NULL) return;
    if (clause->group_reason.text != NULL) said_twice(parser, "a reason code", span, clause->group_reason.span);
    clause->group_reason = reason;
}

void lang_build_remark(lang_parser *parser, lang_name remark)
{
    if (parser->clause == NULL) return;
    lang_name *slot = BASE_PUSH(parser->arena, &parser->clause->remarks);
    if (slot != NULL) *slot = remark;
}

void lang_build_category(lang_parser *parser, lang_name category, lang_span span)
{
    lang_clause *clause = parser->clause;
    if (clause == NULL) return;
    if (clause->category.text != NULL) said_twice(parser, "as", span, clause->category.span);
    clause->category = category;
}

/* A message without holes is a piece itself, and its text is there already. */
static void add_text_piece(lang_parser *parser, lang_pieces *pieces, const char *message, base_text *text)
{
    if (text->length == 0) return;
    bool whole =
        pieces->count == 0 && strlen(message) == text->length && memcmp(message, text->bytes, text->length) == 0;
    lang_piece *piece = BASE_PUSH(parser->arena, pieces);
    if (piece != NULL) piece->text = whole ? message : base_arena_copy(parser->arena, text->bytes, text->length);
    text->length = 0;
}

/* Parses one hole; `at` stands on its opening brace. Returns the offset after the closing brace, or `end`. */
static uint32_t add_hole(lang_parser *parser, lang_pieces *pieces, uint32_t at, uint32_t end)
{
    const char *source = parser->file->text;
    uint32_t close = at + 1;
    while (close < end && source[close] != '}') close++;
    lang_span span = lang_span_of(parser->file->index, at, close < end ? close + 1 : end);
    if (close >= end) {
        lang_diagnostic *diagnostic =
            lang_diagnose(parser->diagnostics, LANG_E0107, span, "this hole is opened with `{` and never closed");
        lang_suggest(parser->diagnostics, diagnostic, "close it with `}`, or write `{{` for the sign itself");
        return end;
    }
    if (strspn(source + at + 1, " \t") >= close - at - 1) {
        lang_diagnose(parser->diagnostics, LANG_E0108, span, "this hole is empty; name the value to show");
        return close + 1;
    }
    lang_expression *hole = lang_parse_hole(parser->arena, parser->diagnostics, parser->file, at + 1, close);
    lang_piece *piece = hole == NULL ? NULL : BASE_PUSH(parser->arena, pieces);
    if (piece != NULL) *piece = (lang_piece){.hole = hole};
    return close + 1;
}

void lang_build_message(lang_parser *parser, lang_name text, lang_span span)
{
    lang_clause *clause = parser->clause;
    if (clause == NULL) return;
    if (clause->message.text != NULL) {
        said_twice(parser, "a message", span, clause->message.span);
        return;
    }
    clause->message = (lang_name){lang_build_unquoted(parser, text), span};
    const char *source = parser->file->text;
    base_text *piece = &parser->piece;
    if (piece->arena == NULL) base_text_init(piece, parser->arena);
    uint32_t at = span.start + 1, end = span.end - 1;
    while (at < end) {
        bool doubled = at + 1 < end && source[at] == source[at + 1] && (source[at] == '{' || source[at] == '}');
        if (source[at] == '{' && !doubled) {
            add_text_piece(parser, &clause->pieces, clause->message.text, piece);
            at = add_hole(parser, &clause->pieces, at, end);
            continue;
        }
        if (doubled || (source[at] == '\\' && at + 1 < end)) at++;
        base_text_add(piece, source + at, 1);
        at++;
    }
    add_text_piece(parser, &clause->pieces, clause->message.text, piece);
}

void lang_build_if_unknown(lang_parser *parser, lang_outcome outcome, lang_span span)
{
    lang_clause *clause = parser->clause;
    if (clause == NULL) return;
    if (clause->unknown_given) said_twice(parser, "if unknown", span, (lang_span){0});
    clause->unknown_given = true;
    clause->if_unknown = outcome;
}

void lang_build_unverified(lang_parser *parser, lang_span span)
{
    lang_clause *clause = parser->clause;
    if (clause == NULL) return;
    if (clause->unverified) said_twice(parser, "source unverified", span, lang_clause_has(clause)->unverified_span);
    clause->unverified = true;
    lang_clause_extras *extras = lang_clause_extend(parser->arena, clause);
    if (extras != NULL) extras->unverified_span = span;
}

void lang_build_fix(lang_parser *parser, lang_name text, lang_span span)
{
    lang_clause *clause = parser->clause;
    if (clause == NULL) return;
    lang_name before = lang_clause_has(clause)->fix;
    if (before.text != NULL) said_twice(parser, "fix", span, before.span);
    lang_clause_extras *extras = lang_clause_extend(parser->arena, clause);
    if (extras != NULL) extras->fix = (lang_name){lang_build_unquoted(parser, text), span};
}

void lang_build_priority(lang_parser *parser, lang_name digits, lang_span span)
{
    lang_expression *literal = lang_build_literal(parser, LANG_LITERAL_DIGITS, digits);
    if (parser->clause == NULL || literal == NULL) return;
    if (literal->as.literal.value < 0 || literal->as.literal.value > 1000000) {
        lang_diagnose(parser->diagnostics, LANG_E0104, span, "a priority is a number from 0 to 1000000");
        return;
    }
    parser->clause->priority = (int32_t)literal->as.literal.value;
}

void lang_build_too_deep(lang_parser *parser, lang_span span)
{
    lang_diagnostic *diagnostic =
        lang_diagnose(parser->diagnostics, LANG_E0202, span, "this expression is nested more than %d levels deep",
                      (int)LANG_DEPTH_LIMIT);
    lang_suggest(parser->diagnostics, diagnostic, "give parts of it names with `let`, or use a code set or a table");
}

enum { EXPECTED_SHOWN = 5 };

static bool lists(const char *const *expected, size_t count, const char *wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(expected[i], wanted) == 0) return true;
    }
    return false;
}

/* Words for a place where more can follow than is worth listing. */
static const char *place_of(const char *const *expected, size_t count)
{
    if (lists(expected, count, "`require`")) {
        return "a part of the clause (`cite`, `when`, `require`, `forbid`, `unless`, an outcome) or the next "
               "declaration";
    }
    if (lists(expected, count, "`until`") && lists(expected, count, "`why`") && lists(expected, count, "`when`"))
        return "a part of the waiver (`by`, `why`, `until`, `when`) or the next declaration";
    if (lists(expected, count, "`for each`")) return "`for each line`, `when`, `let`, or the next clause";
    if (lists(expected, count, "`needing`")) return "`by CLAUSE`, `needing FIELD`, `on line N`, or the next `expect`";
    if (lists(expected, count, "`clause`"))
        return "a declaration: `codes`, `parameter`, `table`, `section`, `clause`, `exception`, `waiver`, `define`, "
               "`measure` or `test`";
    if (lists(expected, count, "`exists`")) return "a condition";
    if (lists(expected, count, "a quoted text") && lists(expected, count, "a name")) return "a value";
    if (lists(expected, count, "`<=`")) return "a comparison, `in`, `include`, `is present`, or an operator";
    return NULL;
}

/* Words that only stand for names where names are expected are left out beside "a name"; more than a handful of
 * possibilities say nothing, and are left out as a whole by the caller. */
static size_t expected_to_show(const char *const *expected, size_t count, const char **shown, bool *name_expected)
{
    static const char *const names[] = {"`title`",   "`payer`",    "`plans`",  "`products`", "`source`", "`effective`",
                                        "`fix`",     "`priority`", "`line`",   "`history`",  "`value`",  "`default`",
                                        "`deny`",    "`audit`",    "`review`", "`warn`",     "`reduce`", "`pass`",
                                        "`excused`", "`why`",      "`until`",  "`alert`"};
    *name_expected = false;
    for (size_t i = 0; i < count; i++) *name_expected = *name_expected || strcmp(expected[i], "a name") == 0;
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        bool stands_for_name = false;
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            stands_for_name = stands_for_name || strcmp(names[k], expected[i]) == 0;
        }
        if (stands_for_name && *name_expected) continue;
        if (used < EXPECTED_SHOWN) shown[used] = expected[i];
        used++;
    }
    if (used > EXPECTED_SHOWN) *name_expected = false;
    return used;
}

void lang_build_syntax_error(lang_parser *parser, lang_span span, const char *found, const char *const *expected,
                             size_t expected_count)
{
    base_text text;
    base_text_init(&text, parser->arena);
    const lang_file *file = parser->file;
    if (lang_told_on_line(parser, span)) return;
    bool literal_token = strncmp(found, "a ", 2) == 0 || strncmp(found, "an ", 3) == 0;
    const char *word = "";
    if (span.end > span.start && span.end - span.start < 60) {
        word = base_arena_copy(parser->arena, file->text + span.start, span.end - span.start);
        if (word == NULL) word = "";
    }
    if (literal_token && *word != '\0')
        base_text_format(&text, "found %s, `%s`", found, word);
    else
        base_text_format(&text, "found %s", strcmp(found, "end of file") == 0 ? "the end of the file" : found);
    const char *shown[EXPECTED_SHOWN + 1];
    bool name_expected = false;
    size_t count = expected_to_show(expected, expected_count, shown, &name_expected);
    for (size_t i = 0; i < count && count <= EXPECTED_SHOWN; i++) {
        base_text_put(&text, i == 0 ? "; expected " : i + 1 == count ? " or " : ", ");
        base_text_put(&text, shown[i]);
    }
    const char *place = count > EXPECTED_SHOWN ? place_of(expected, expected_count) : NULL;
    if (place != NULL)
        base_text_format(&text, "; expected %s", place);
    else if (count > EXPECTED_SHOWN || count == 0)
        base_text_put(&text, ", which does not fit here");
    bool reserved =
        found[0] == '`' && found[1] >= 'a' && found[1] <= 'z' && name_expected && strchr(found, ' ') == NULL;
    lang_diagnostic *diagnostic =
        lang_diagnose(parser->diagnostics, reserved ? LANG_E0209 : LANG_E0201, span, "%s", base_text_string(&text));
    if (reserved) lang_suggest(parser->diagnostics, diagnostic, "%s is a reserved word; choose another name", found);
    if (lists(expected, expected_count, "a date") && *word >= '0' && *word <= '9') {
        lang_suggest(parser->diagnostics, diagnostic, "dates are written 2026-01-31");
    }
    const char *advice = reserved ? NULL : lang_hint(file, span);
    if (advice != NULL) lang_suggest(parser->diagnostics, diagnostic, "%s", advice);
}
