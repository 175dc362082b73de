/* Builders for headers, declarations, clauses and tests. A part that may be said once reports its repetition. */
#include "lang/build.h"

#include <string.h>

static void *node(lang_parser *parser, size_t size)
{
    return base_arena_alloc(parser->arena, size);
}

static void repeated(lang_parser *parser, const char *part, const char *of, lang_span span, lang_span first)
{
    lang_diagnostic *diagnostic =
        lang_diagnose(parser->diagnostics, LANG_E0206, span, "%s says `%s` twice; once is allowed", of, part);
    if (first.end > 0) lang_note(parser->diagnostics, diagnostic, first, "it was said first here");
}

static base_date date_of(lang_parser *parser, const lang_name *text, base_date otherwise)
{
    if (text == NULL) return otherwise;
    lang_expression *literal = lang_build_literal(parser, LANG_LITERAL_DATE, *text);
    return literal == NULL ? otherwise : (base_date)literal->as.literal.value;
}

lang_dates lang_build_dates(lang_parser *parser, const lang_name *from, const lang_name *to, lang_span span)
{
    size_t errors = parser->diagnostics->errors;
    lang_dates dates = {date_of(parser, from, BASE_DATE_MIN), date_of(parser, to, BASE_DATE_MAX), BASE_DATE_MIN};
    bool backwards = dates.to < dates.from && parser->diagnostics->errors == errors;
    if (backwards && from != NULL && to != NULL) {
        lang_diagnose(parser->diagnostics, LANG_E0601, span, "this span ends (%s) before it begins (%s)", to->text,
                      from->text);
    }
    if (dates.to < dates.from) dates.to = dates.from;
    return dates;
}

lang_dates lang_build_known(lang_parser *parser, lang_dates dates, lang_name known)
{
    dates.known = date_of(parser, &known, BASE_DATE_MIN);
    return dates;
}

lang_name lang_build_joined_name(lang_parser *parser, lang_names names, lang_span span)
{
    return (lang_name){lang_path_text(parser->arena, &names), span};
}

/* Takes the words before a declaration: whether it follows `override`, and `overridable` into `*overridable`. */
static bool overrides(lang_parser *parser, bool *overridable)
{
    bool result = parser->overriding;
    *overridable = parser->overridable;
    parser->overriding = parser->overridable = false;
    return result;
}

void lang_build_header(lang_parser *parser, bool is_module, lang_names name, lang_span span)
{
    lang_file *file = parser->file;
    if (file->header_seen) {
        lang_diagnostic *diagnostic =
            lang_diagnose(parser->diagnostics, LANG_E0205, span, "one file holds one `policy` or `module`");
        lang_note(parser->diagnostics, diagnostic, file->name_span, "this file is already named here");
        return;
    }
    file->header_seen = true;
    file->is_module = is_module;
    file->name = name;
    file->name_span = span;
    file->full_name = lang_path_text(parser->arena, &name);
}

void lang_build_title(lang_parser *parser, lang_name text, lang_span span)
{
    lang_file *file = parser->file;
    if (file->title.text != NULL) repeated(parser, "title", "the header", span, file->title.span);
    file->title = (lang_name){lang_build_unquoted(parser, text), span};
}

void lang_build_source(lang_parser *parser, lang_name text, lang_span span)
{
    lang_file *file = parser->file;
    if (file->source.text != NULL) repeated(parser, "source", "the header", span, file->source.span);
    file->source = (lang_name){lang_build_unquoted(parser, text), span};
}

void lang_build_extends(lang_parser *parser, lang_names name, lang_span span)
{
    parser->file->extends = name;
    parser->file->extends_span = span;
}

void lang_build_effective(lang_parser *parser, lang_dates dates, lang_clock clock, lang_span span)
{
    if (parser->file->dates_given) repeated(parser, "effective", "the header", span, (lang_span){0});
    parser->file->clock = clock;
    parser->file->dates = dates;
    parser->file->dates_given = true;
}

void lang_build_review_by(lang_parser *parser, lang_name date, lang_span span)
{
    if (parser->file->review_given) repeated(parser, "review by", "the header", span, (lang_span){0});
    parser->file->review_by = lang_build_dates(parser, &date, NULL, span).from;
    parser->file->review_given = true;
    parser->file->review_span = span;
}

void lang_build_payer(lang_parser *parser, lang_name text)
{
    lang_name *slot = BASE_PUSH(parser->arena, &parser->file->payers);
    if (slot != NULL) *slot = (lang_name){lang_build_unquoted(parser, text), text.span};
}

void lang_build_plan(lang_parser *parser, lang_name text)
{
    lang_name *slot = BASE_PUSH(parser->arena, &parser->file->plans);
    if (slot != NULL) *slot = (lang_name){lang_build_unquoted(parser, text), text.span};
}

void lang_build_product(lang_parser *parser, lang_name code)
{
    lang_name *slot = BASE_PUSH(parser->arena, &parser->file->products);
    if (slot != NULL) *slot = code;
}

void lang_build_use(lang_parser *parser, lang_names name, lang_span span)
{
    lang_use *use = BASE_PUSH(parser->arena, &parser->file->uses);
    if (use != NULL) *use = (lang_use){.name = name, .span = span};
}

void lang_build_codes(lang_parser *parser, lang_name name, lang_name system, lang_clock clock, lang_span span)
{
    lang_code_set *set = node(parser, sizeof *set);
    parser->codes = set;
    if (set == NULL) return;
    set->name = name;
    set->system_name = system;
    set->file = parser->file;
    set->span = span;
    set->clock = clock;
    bool override = overrides(parser, &set->overridable);
    lang_code_set **slot = override ? BASE_PUSH(parser->arena, &parser->file->code_overrides)
                                    : BASE_PUSH(parser->arena, &parser->file->code_sets);
    if (slot != NULL) *slot = set;
}

void lang_build_code_first(lang_parser *parser)
{
    parser->row.texts.count = parser->row.items.count = 0;
}

void lang_build_code_item(lang_parser *parser, lang_item item)
{
    lang_expression *low = item.low;
    bool literal = low != NULL && item.high == NULL && low->kind == LANG_LITERAL;
    bool prefix = literal && low->literal_kind == LANG_LITERAL_PREFIX;
    if (prefix || (literal && (low->literal_kind == LANG_LITERAL_CODE || low->literal_kind == LANG_LITERAL_DIGITS))) {
        lang_code_text *text = BASE_PUSH(&parser->memory, &parser->row.texts);
        if (text != NULL) *text = (lang_code_text){low->as.literal.spelling, item.start, item.length, prefix};
        lang_build_unwanted(parser, low);
    } else {
        lang_item *slot = BASE_PUSH(&parser->memory, &parser->row.items);
        if (slot != NULL) *slot = item;
    }
    if (parser->memory.failed) parser->arena->failed = true;
}

void lang_build_code_row(lang_parser *parser, lang_dates dates, bool except, lang_span span)
{
    lang_code_set *set = parser->codes;
    lang_code_row row = parser->row;
    lang_build_code_first(parser);
    if (set == NULL ||
        !base_arena_grow(parser->arena, (void **)&set->rows, set->row_count, &set->row_capacity, sizeof *set->rows))
        return;
    BASE_SETTLE(parser->arena, &row.texts);
    BASE_SETTLE(parser->arena, &row.items);
    row.dates = dates;
    row.except = except;
    row.span = span;
    set->rows[set->row_count++] = row;
}

void lang_build_import(lang_parser *parser, lang_name text, lang_span span)
{
    lang_import *import = node(parser, sizeof *import);
    parser->import = import;
    if (import == NULL) return;
    import->file = (lang_name){lang_build_unquoted(parser, text), text.span};
    import->span = span;
}

void lang_build_import_column(lang_parser *parser, lang_name column, lang_name header)
{
    lang_column_map *map = parser->import == NULL ? NULL : BASE_PUSH(parser->arena, &parser->import->columns);
    if (map != NULL) *map = (lang_column_map){column, {lang_build_unquoted(parser, header), header.span}};
}

void lang_build_code_import(lang_parser *parser, lang_span span)
{
    lang_build_code_first(parser);
    lang_build_code_row(parser, lang_build_dates(parser, NULL, NULL, span), false, span);
    if (parser->codes != NULL && parser->codes->row_count > 0) {
        parser->codes->rows[parser->codes->row_count - 1].import = parser->import;
    }
}

void lang_build_parameter(lang_parser *parser, lang_name name, lang_name type, lang_clock clock, lang_span span)
{
    lang_parameter *parameter = node(parser, sizeof *parameter);
    parser->parameter = parameter;
    if (parameter == NULL) return;
    parameter->name = name;
    parameter->type_name = type;
    parameter->file = parser->file;
    parameter->span = span;
    parameter->clock = clock;
    bool override = overrides(parser, &parameter->overridable);
    lang_parameter **slot = override ? BASE_PUSH(parser->arena, &parser->file->parameter_overrides)
                                     : BASE_PUSH(parser->arena, &parser->file->parameters);
    if (slot != NULL) *slot = parameter;
}

void lang_build_parameter_row(lang_parser *parser, lang_expression *value, lang_dates dates, lang_span span)
{
    if (parser->parameter == NULL) return;
    lang_parameter_row *row = BASE_PUSH(parser->arena, &parser->parameter->rows);
    if (row != NULL) *row = (lang_parameter_row){value, dates, span};
}

void lang_build_parameter_cite(lang_parser *parser, lang_name text)
{
    if (parser->parameter == NULL) return;
    if (parser->parameter->cite != NULL) repeated(parser, "cite", "the parameter", text.span, (lang_span){0});
    parser->parameter->cite = lang_build_unquoted(parser, text);
}

void lang_build_table(lang_parser *parser, lang_name name, lang_span span)
{
    lang_table *table = node(parser, sizeof *table);
    parser->table = table;
    if (table == NULL) return;
    table->name = name;
    table->file = parser->file;
    table->span = span;
    parser->table_override = overrides(parser, &table->overridable);
    lang_table **slot = parser->table_override ? BASE_PUSH(parser->arena, &parser->file->table_overrides)
                                               : BASE_PUSH(parser->arena, &parser->file->tables);
    if (slot != NULL) *slot = table;
}

void lang_build_table_shape(lang_parser *parser)
{
    if (!parser->table_override || parser->table == NULL) return;
    lang_diagnostic *diagnostic =
        lang_diagnose(parser->diagnostics, LANG_E0216, parser->table->span,
                      "an override of a table holds only rows: its columns are those of the table it overrides");
    lang_suggest(parser->diagnostics, diagnostic, "begin with the header row: | ... |");
}

void lang_build_table_clock(lang_parser *parser)
{
    if (parser->table != NULL) parser->table->clock = LANG_CLOCK_RECEIVED;
}

void lang_build_table_import(lang_parser *parser)
{
    lang_import **slot = parser->table == NULL ? NULL : BASE_PUSH(parser->arena, &parser->table->imports);
    if (slot != NULL) *slot = parser->import;
}

void lang_build_table_row_dates(lang_parser *parser, lang_dates dates, lang_span span)
{
    if (parser->table == NULL || parser->table->rows.count == 0) return;
    lang_table_row *row = &parser->table->rows.items[parser->table->rows.count - 1];
    row->dates = dates;
    row->dated = span.end > span.start;
}

void lang_build_table_input(lang_parser *parser, lang_expression *path)
{
    if (parser->table == NULL || path == NULL) return;
    lang_table_column *column = BASE_PUSH(parser->arena, &parser->table->inputs);
    if (column != NULL) *column = (lang_table_column){.input = path, .span = path->span};
}

void lang_build_table_free_input(lang_parser *parser, lang_name name, lang_name type, lang_span span)
{
    lang_table_column *column = parser->table == NULL ? NULL : BASE_PUSH(parser->arena, &parser->table->inputs);
    if (column != NULL) *column = (lang_table_column){.name = name, .type_name = type, .span = span};
}

void lang_build_table_output(lang_parser *parser, lang_name name, lang_name type, const lang_name *optional,
                             lang_span span)
{
    if (parser->table == NULL) return;
    lang_table_column *column = BASE_PUSH(parser->arena, &parser->table->outputs);
    if (column == NULL) return;
    *column = (lang_table_column){.name = name, .type_name = type, .optional = optional != NULL, .span = span};
    if (optional != NULL && strcmp(optional->text, "optional") != 0) {
        lang_diagnose(parser->diagnostics, LANG_E0201, optional->span,
                      "found `%s` after the column's type; only `optional` may stand there", optional->text);
    }
}

void lang_build_table_policy(lang_parser *parser, lang_name word)
{
    if (parser->table == NULL) return;
    static const struct {
        const char *word;
        lang_hit_policy hit;
    } words[] = {{"unique", LANG_HIT_UNIQUE}, {"first", LANG_HIT_FIRST}, {"all", LANG_HIT_ALL}};
    if (strcmp(word.text, "partial") == 0) {
        parser->table->partial = true;
        return;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].word, word.text) != 0) continue;
        parser->table->hit = words[i].hit;
        return;
    }
    lang_diagnostic *diagnostic = lang_diagnose(parser->diagnostics, LANG_E0201, word.span,
                                                "`%s` does not say which row of a table counts", word.text);
    lang_suggest(parser->diagnostics, diagnostic,
                 "write `unique` (rows never overlap), `first` (the first one counts) or `all` (their lists are "
                 "joined), and `partial` where a key without a row is unknown");
}

void lang_build_table_row(lang_parser *parser, lang_span span)
{
    if (parser->table == NULL) return;
    lang_table_row *row = BASE_PUSH(parser->arena, &parser->table->rows);
    if (row != NULL) *row = (lang_table_row){.dates = LANG_ALWAYS, .span = span};
}

void lang_build_cell(lang_parser *parser, lang_items items, lang_span span)
{
    if (parser->table == NULL || parser->table->rows.count == 0) return;
    lang_table_row *row = &parser->table->rows.items[parser->table->rows.count - 1];
    BASE_TRIM(parser->arena, &items);
    lang_cell *cell = BASE_PUSH(parser->arena, &row->cells);
    if (cell != NULL) *cell = (lang_cell){items, span};
    row->span.end = span.end;
}

lang_items lang_build_items(lang_parser *parser, const lang_items *before, lang_item item)
{
    lang_items items = before != NULL ? *before : (lang_items){0};
    lang_item *slot = BASE_PUSH(parser->arena, &items);
    if (slot != NULL) *slot = item;
    return items;
}

lang_item lang_build_item(lang_expression *low, lang_expression *high, lang_span span)
{
    lang_item item = lang_item_at(span);
    item.low = low;
    item.high = high;
    return item;
}

lang_item lang_build_item_any(lang_span span)
{
    lang_item item = lang_item_at(span);
    item.any = true;
    return item;
}

lang_item lang_build_item_absent(lang_span span)
{
    lang_item item = lang_item_at(span);
    item.absent = true;
    return item;
}

void lang_build_section(lang_parser *parser, lang_name title, lang_span span)
{
    lang_section *section = node(parser, sizeof *section);
    parser->section = section;
    parser->file->section = section;
    if (section == NULL) return;
    section->title = lang_build_unquoted(parser, title);
    section->span = span;
    lang_section **slot = BASE_PUSH(parser->arena, &parser->file->sections);
    if (slot != NULL) *slot = section;
}

void lang_build_section_subject(lang_parser *parser, lang_name subject, lang_expression *where, lang_span span)
{
    lang_section *section = parser->section;
    if (section == NULL) return;
    if (section->subject.text != NULL) repeated(parser, "for each", "the section", span, section->subject.span);
    section->subject = subject;
    if (where != NULL) lang_build_section_when(parser, where);
}

void lang_build_section_when(lang_parser *parser, lang_expression *condition)
{
    if (parser->section == NULL) return;
    parser->section->wheres = lang_build_list(parser, &parser->section->wheres, condition);
}

void lang_build_let(lang_parser *parser, lang_name name, lang_expression *value)
{
    lang_let *let = node(parser, sizeof *let);
    if (let == NULL || parser->section == NULL) return;
    let->name = name;
    let->value = value;
    lang_let **slot = BASE_PUSH(parser->arena, &parser->section->lets);
    if (slot != NULL) *slot = let;
}

void lang_build_test(lang_parser *parser, lang_name title, lang_span span)
{
    lang_test *test = node(parser, sizeof *test);
    parser->test = test;
    if (test == NULL) return;
    test->title = (lang_name){lang_build_unquoted(parser, title), title.span};
    test->file = parser->file;
    test->span = span;
    lang_test **slot = BASE_PUSH(parser->arena, &parser->file->tests);
    if (slot != NULL) *slot = test;
}

static lang_given *add_given(lang_parser *parser, lang_given given)
{
    if (parser->test == NULL) return NULL;
    lang_given *slot = BASE_PUSH(parser->arena, &parser->test->givens);
    if (slot != NULL) *slot = given;
    return slot;
}

void lang_build_given_line(lang_parser *parser, lang_expression *code, lang_expression *date, lang_span span)
{
    add_given(parser, (lang_given){.kind = LANG_GIVEN_LINE, .code = code, .date = date, .span = span});
}

void lang_build_given_history(lang_parser *parser, lang_name times, lang_name unit, lang_expression *code,
                              const lang_name *cadence, lang_expression *date, lang_span span)
{
    lang_given given = {.kind = LANG_GIVEN_HISTORY, .code = code, .date = date, .unit = unit, .span = span};
    given.times = lang_build_literal(parser, LANG_LITERAL_DIGITS, times);
    if (cadence != NULL) given.cadence = *cadence;
    add_given(parser, given);
}

void lang_build_given(lang_parser *parser, lang_names path, lang_span path_span, lang_item value, lang_span span)
{
    lang_given given = {.kind = LANG_GIVEN_VALUE, .span = span};
    given.path = lang_build_path(parser, path, path_span);
    given.values = lang_build_items(parser, NULL, value);
    add_given(parser, given);
}

void lang_build_given_more(lang_parser *parser, lang_item value, lang_span span)
{
    if (parser->test == NULL) return;
    size_t count = parser->test->givens.count;
    lang_given *last = count == 0 ? NULL : &parser->test->givens.items[count - 1];
    if (last == NULL || last->kind != LANG_GIVEN_VALUE) {
        lang_diagnostic *diagnostic =
            lang_diagnose(parser->diagnostics, LANG_E0201, span, "this value has no field before it");
        lang_suggest(parser->diagnostics, diagnostic,
                     "a line begins with `line`: `line 90853 on 2026-01-05`; a value with its field: `units 4`");
        parser->told = span.start + 1;
        return;
    }
    last->values = lang_build_items(parser, &last->values, value);
    last->span.end = span.end;
}

void lang_build_expectation(lang_parser *parser, lang_name verdict, lang_span span)
{
    if (parser->test == NULL) return;
    lang_expectation *expectation = BASE_PUSH(parser->arena, &parser->test->expectations);
    if (expectation != NULL) *expectation = (lang_expectation){.verdict = verdict, .line = 1, .span = span};
}

static lang_expectation *last_expectation(lang_parser *parser)
{
    size_t count = parser->test == NULL ? 0 : parser->test->expectations.count;
    return count == 0 ? NULL : &parser->test->expectations.items[count - 1];
}

void lang_build_expectation_reason(lang_parser *parser, lang_name reason)
{
    lang_expectation *expectation = last_expectation(parser);
    if (expectation != NULL) expectation->group_reason = reason;
}

void lang_build_expectation_remark(lang_parser *parser, lang_name remark)
{
    lang_expectation *expectation = last_expectation(parser);
    if (expectation == NULL) return;
    lang_name *slot = BASE_PUSH(parser->arena, &expectation->remarks);
    if (slot != NULL) *slot = remark;
}

void lang_build_expectation_clause(lang_parser *parser, lang_names clause)
{
    lang_expectation *expectation = last_expectation(parser);
    if (expectation != NULL) expectation->clause = clause;
}

void lang_build_expectation_needing(lang_parser *parser, lang_expressions paths)
{
    lang_expectation *expectation = last_expectation(parser);
    if (expectation != NULL) expectation->needing = paths;
}

void lang_build_expectation_line(lang_parser *parser, lang_name digits)
{
    lang_expectation *expectation = last_expectation(parser);
    lang_expression *literal = lang_build_literal(parser, LANG_LITERAL_DIGITS, digits);
    if (expectation == NULL || literal == NULL) return;
    expectation->line = literal->as.literal.value;
    expectation->line_given = true;
}

void lang_build_given_as_of(lang_parser *parser, lang_expression *date, lang_span span)
{
    add_given(parser, (lang_given){.kind = LANG_GIVEN_AS_OF, .date = date, .span = span});
}
