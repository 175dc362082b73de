/* Builders for what reaches beyond one policy: functions, exceptions, measures, records and allowed lints. */
#include "lang/build.h"

#include <string.h>

static void repeated(lang_parser *parser, const char *part, const char *of, lang_span span)
{
    lang_diagnose(parser->diagnostics, LANG_E0206, span, "%s says `%s` twice; once is allowed", of, part);
}

void lang_build_allow(lang_parser *parser, lang_name lint, lang_name reason, lang_span scope)
{
    lang_allow *allow = BASE_PUSH(parser->arena, &parser->file->allows);
    if (allow == NULL) return;
    /* What allows a lint for one declaration ends with the next one: the checker knows where that is. */
    *allow = (lang_allow){.lint = lint, .reason = {lang_build_unquoted(parser, reason), reason.span}, .scope = scope};
}

void lang_build_define(lang_parser *parser, lang_name name, lang_span span)
{
    lang_define *define = base_arena_alloc(parser->arena, sizeof *define);
    parser->define = define;
    if (define == NULL) return;
    define->name = name;
    define->file = parser->file;
    define->span = span;
    lang_define **slot = BASE_PUSH(parser->arena, &parser->file->defines);
    if (slot != NULL) *slot = define;
}

void lang_build_define_input(lang_parser *parser, lang_name name, lang_name type)
{
    lang_input *input = parser->define == NULL ? NULL : BASE_PUSH(parser->arena, &parser->define->inputs);
    if (input != NULL) *input = (lang_input){.name = name, .type_name = type};
}

void lang_build_define_body(lang_parser *parser, lang_name type, lang_expression *body)
{
    if (parser->define == NULL) return;
    parser->define->type_name = type;
    parser->define->body = body;
}

void lang_build_exception_declaration(lang_parser *parser, lang_name name, lang_span span)
{
    lang_exception *exception = base_arena_alloc(parser->arena, sizeof *exception);
    parser->exception = exception;
    if (exception == NULL) return;
    *exception = (lang_exception){.name = name, .file = parser->file, .span = span};
    exception->dates = LANG_ALWAYS;
    lang_exception **slot = BASE_PUSH(parser->arena, &parser->file->exceptions);
    if (slot != NULL) *slot = exception;
}

void lang_build_exception_target(lang_parser *parser, lang_names name)
{
    lang_names *slot = parser->exception == NULL ? NULL : BASE_PUSH(parser->arena, &parser->exception->targets);
    if (slot != NULL) *slot = name;
}

void lang_build_exception_source(lang_parser *parser, lang_name text, lang_span span)
{
    if (parser->exception == NULL) return;
    if (parser->exception->cite != NULL) repeated(parser, "cite", "this exception", span);
    parser->exception->cite = lang_build_unquoted(parser, text);
}

void lang_build_exception_dates(lang_parser *parser, lang_dates dates, lang_clock clock, lang_span span)
{
    (void)span;
    if (parser->exception == NULL) return;
    dates.known = parser->exception->dates.known;
    parser->exception->dates = dates;
    parser->exception->clock = clock;
}

void lang_build_exception_known(lang_parser *parser, lang_name date)
{
    if (parser->exception == NULL) return;
    parser->exception->dates = lang_build_known(parser, parser->exception->dates, date);
}

void lang_build_exception_when(lang_parser *parser, lang_expression *condition)
{
    if (parser->exception == NULL) return;
    parser->exception->whens = lang_build_list(parser, &parser->exception->whens, condition);
}

void lang_build_waiver(lang_parser *parser, lang_name name, lang_span span)
{
    lang_build_exception_declaration(parser, name, span);
    if (parser->exception == NULL) return;
    parser->exception->waiver = true;
    /* It lets claims go until a day: the day on which the payer receives them is the one that counts. */
    parser->exception->clock = LANG_CLOCK_RECEIVED;
}

void lang_build_waiver_by(lang_parser *parser, lang_name text, lang_span span)
{
    if (parser->exception == NULL) return;
    if (parser->exception->by.text != NULL) repeated(parser, "by", "this waiver", span);
    parser->exception->by = (lang_name){lang_build_unquoted(parser, text), text.span};
}

void lang_build_waiver_why(lang_parser *parser, lang_name text, lang_span span)
{
    if (parser->exception == NULL) return;
    if (parser->exception->why.text != NULL) repeated(parser, "why", "this waiver", span);
    parser->exception->why = (lang_name){lang_build_unquoted(parser, text), text.span};
}

void lang_build_waiver_until(lang_parser *parser, lang_name date, lang_span span)
{
    if (parser->exception == NULL) return;
    if (parser->exception->until_given) repeated(parser, "until", "this waiver", span);
    parser->exception->dates = lang_build_dates(parser, NULL, &date, span);
    parser->exception->until_given = true;
}

void lang_build_measure(lang_parser *parser, lang_name name, lang_span span)
{
    lang_measure *measure = base_arena_alloc(parser->arena, sizeof *measure);
    parser->measure = measure;
    if (measure == NULL) return;
    measure->name = name;
    measure->file = parser->file;
    measure->span = span;
    lang_measure **slot = BASE_PUSH(parser->arena, &parser->file->measures);
    if (slot != NULL) *slot = measure;
}

void lang_build_measure_title(lang_parser *parser, lang_name text, lang_span span)
{
    if (parser->measure == NULL) return;
    if (parser->measure->title.text != NULL) repeated(parser, "title", "this measure", span);
    parser->measure->title = (lang_name){lang_build_unquoted(parser, text), text.span};
}

void lang_build_measure_cite(lang_parser *parser, lang_name text, lang_span span)
{
    if (parser->measure == NULL) return;
    if (parser->measure->cite.text != NULL) repeated(parser, "cite", "this measure", span);
    parser->measure->cite = (lang_name){lang_build_unquoted(parser, text), text.span};
}

void lang_build_measure_subject(lang_parser *parser, lang_name subject, lang_expression *where, lang_span span)
{
    if (parser->measure == NULL) return;
    if (parser->measure->subject.text != NULL) repeated(parser, "for each", "this measure", span);
    parser->measure->subject = subject;
    parser->measure->where = where;
}

void lang_build_measure_by(lang_parser *parser, lang_expressions by, lang_span span)
{
    if (parser->measure == NULL) return;
    if (parser->measure->by.count > 0) repeated(parser, "by", "this measure", span);
    parser->measure->by = by;
}

void lang_build_measure_value(lang_parser *parser, lang_expression *value, lang_span span)
{
    if (parser->measure == NULL) return;
    if (parser->measure->value != NULL) repeated(parser, "value", "this measure", span);
    parser->measure->value = value;
}

static struct lang_alert *new_alert(lang_parser *parser, lang_name word, lang_span span)
{
    if (parser->measure == NULL) return NULL;
    if (parser->measure->alert != NULL) repeated(parser, "alert", "this measure", span);
    struct lang_alert *alert = base_arena_alloc(parser->arena, sizeof *alert);
    if (alert != NULL) *alert = (struct lang_alert){.word = word, .span = span};
    parser->measure->alert = alert;
    return alert;
}

void lang_build_measure_alert(lang_parser *parser, lang_name word, lang_expression *bound, lang_span span)
{
    struct lang_alert *alert = new_alert(parser, word, span);
    if (alert != NULL) alert->bound = bound;
}

void lang_build_measure_apart(lang_parser *parser, lang_name word, lang_name percent, lang_span span)
{
    struct lang_alert *alert = new_alert(parser, word, span);
    lang_expression *literal = lang_build_literal(parser, LANG_LITERAL_DECIMAL, percent);
    if (alert != NULL && literal != NULL) alert->percent = literal->as.literal.value;
}

void lang_build_schema(lang_parser *parser, lang_schema_kind kind, lang_name name, const lang_name *label,
                       lang_span span)
{
    lang_schema_declaration *declaration = base_arena_alloc(parser->arena, sizeof *declaration);
    parser->schema = declaration;
    if (declaration == NULL) return;
    *declaration = (lang_schema_declaration){.kind = kind, .name = name, .span = span};
    if (label != NULL) declaration->label = (lang_name){lang_build_unquoted(parser, *label), label->span};
    lang_schema_declaration **slot = BASE_PUSH(parser->arena, &parser->file->schema);
    if (slot != NULL) *slot = declaration;
}

void lang_build_enumeration(lang_parser *parser, lang_names words)
{
    if (parser->schema != NULL) parser->schema->words = words;
}

void lang_build_field(lang_parser *parser, lang_name name, bool list, lang_name type, lang_span span)
{
    lang_field_row *row = parser->schema == NULL ? NULL : BASE_PUSH(parser->arena, &parser->schema->rows);
    if (row != NULL) *row = (lang_field_row){.name = name, .type_name = type, .list = list, .span = span};
}

static lang_field_row *last_field(lang_parser *parser)
{
    size_t count = parser->schema == NULL ? 0 : parser->schema->rows.count;
    return count == 0 ? NULL : &parser->schema->rows.items[count - 1];
}

void lang_build_field_words(lang_parser *parser, lang_names words)
{
    lang_field_row *row = last_field(parser);
    if (row != NULL) row->words = words;
}

void lang_build_field_join(lang_parser *parser, lang_names path)
{
    lang_field_row *row = last_field(parser);
    lang_names *slot = row == NULL ? NULL : BASE_PUSH(parser->arena, &row->joins);
    if (slot != NULL) *slot = path;
}

void lang_build_field_feed(lang_parser *parser, lang_name feed)
{
    lang_field_row *row = last_field(parser);
    if (row != NULL) row->feed = feed;
}

void lang_build_field_default(lang_parser *parser, lang_item value)
{
    lang_field_row *row = last_field(parser);
    if (row == NULL) return;
    row->standard = value;
    row->standard_given = true;
}

void lang_build_field_label(lang_parser *parser, lang_name text)
{
    lang_field_row *row = last_field(parser);
    if (row != NULL) row->label = (lang_name){lang_build_unquoted(parser, text), text.span};
}
