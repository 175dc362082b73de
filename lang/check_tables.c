/* Parameters and tables: values that fit their types, rows that never overlap. */
#include "base/intern.h"
#include "lang/check.h"
#include "lang/row_index.h"

#include <string.h>

static const char *label(lang_checker *checker, lang_type type)
{
    return lang_type_label(checker->schema, checker->arena, type);
}

bool lang_check_literal_for(lang_checker *checker, lang_item *item, lang_type type)
{
    lang_expression *low = item->low;
    if (low == NULL) return false;
    if (type.kind == LANG_TYPE_ENUMERATION) {
        if (low->kind != LANG_PATH) return false;
        return lang_check_value(checker, low, type).kind != LANG_TYPE_ERROR;
    }
    if (low->kind == LANG_PATH && type.kind != LANG_TYPE_CODE) return false;
    if (type.kind == LANG_TYPE_CODE) {
        size_t errors = checker->diagnostics->errors;
        return lang_check_code_item(checker, item, (lang_code_system)type.detail) ||
               checker->diagnostics->errors > errors;
    }
    lang_expression *sides[] = {low, item->high};
    for (size_t i = 0; i < 2; i++) {
        if (sides[i] == NULL) continue;
        if (sides[i]->kind != LANG_LITERAL) return false;
        if (sides[i]->literal_kind == LANG_LITERAL_NONE) return false;
        bool bare = sides[i]->literal_kind == LANG_LITERAL_DIGITS || sides[i]->literal_kind == LANG_LITERAL_DECIMAL;
        /* In a cell or a `given` the field's own unit is plain: `session.minutes 40`. */
        if (bare && (type.kind == LANG_TYPE_MINUTES || type.kind == LANG_TYPE_QUANTITY)) {
            if (sides[i]->literal_kind == LANG_LITERAL_DIGITS) sides[i]->as.literal.value *= 1000;
            sides[i]->literal_kind = LANG_LITERAL_DECIMAL;
            sides[i]->type = (lang_type){type.kind, 0, false, false};
            continue;
        }
        if (sides[i]->literal_kind == LANG_LITERAL_DIGITS &&
            (type.kind == LANG_TYPE_DAYS || type.kind == LANG_TYPE_MONTHS)) {
            sides[i]->type = (lang_type){type.kind, 0, false, false};
            continue;
        }
        if (!lang_adapt_literal(checker, sides[i], type) || !lang_type_same(sides[i]->type, type)) return false;
    }
    return true;
}

/* A negative number keeps its sign when it becomes a literal. */
static lang_expression *plain_value(lang_expression *value)
{
    if (value == NULL || value->kind != LANG_NEGATE || value->as.binary.left->kind != LANG_LITERAL) return value;
    lang_expression *literal = value->as.binary.left;
    literal->as.literal.value = -literal->as.literal.value;
    literal->span = value->span;
    return literal;
}

static void check_parameter_overlaps(lang_checker *checker, const lang_parameter *parameter)
{
    for (size_t i = 0; i < parameter->rows.count; i++) {
        for (size_t j = 0; j < i; j++) {
            const lang_parameter_row *late = &parameter->rows.items[i], *early = &parameter->rows.items[j];
            /* A later `from` ends the value before it, as in a manual; the same first day is a contradiction. */
            bool open = early->dates.to == BASE_DATE_MAX || late->dates.to == BASE_DATE_MAX;
            bool overlap = early->dates.from <= late->dates.to && late->dates.from <= early->dates.to;
            if (early->dates.known != late->dates.known) continue; /* what became known later corrects what was */
            if (!overlap || (open && early->dates.from != late->dates.from)) continue;
            lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0602, late->span,
                                                        "`%s` has two values on the same days", parameter->name.text);
            lang_note(checker->diagnostics, diagnostic, early->span, "the other value is here");
            return;
        }
    }
}

/* `2020-01-27 to 2023-05-11` as a value: what follows the first day was read as dates of the row. */
static bool span_value(lang_parameter_row *row)
{
    lang_expression *literal = row->value;
    bool good = literal != NULL && literal->kind == LANG_LITERAL && literal->literal_kind == LANG_LITERAL_DATE &&
                row->dates.from == BASE_DATE_MIN && row->dates.to < BASE_DATE_MAX &&
                row->dates.to >= literal->as.literal.value;
    if (!good) return false;
    literal->as.literal.value =
        (int64_t)((uint64_t)(uint32_t)literal->as.literal.value << 32 | (uint32_t)row->dates.to);
    literal->type = LANG_PLAIN(DATES);
    row->dates.to = BASE_DATE_MAX;
    return true;
}

void lang_check_parameter(lang_checker *checker, lang_parameter *parameter)
{
    if (!lang_read_type(checker, parameter->type_name, true, &parameter->type)) return;
    if (parameter->rows.count == 0) {
        lang_diagnose(checker->diagnostics, LANG_E0604, parameter->span, "the parameter `%s` has no value",
                      parameter->name.text);
    }
    for (size_t i = 0; i < parameter->rows.count; i++) {
        lang_parameter_row *row = &parameter->rows.items[i];
        row->value = plain_value(row->value);
        if (parameter->type.kind == LANG_TYPE_DATES && span_value(row)) continue;
        lang_item item = lang_item_at(row->span);
        item.low = row->value;
        size_t errors = checker->diagnostics->errors;
        bool fits = !parameter->type.list && lang_check_literal_for(checker, &item, parameter->type) &&
                    lang_item_set(&item) == NULL;
        if (fits || checker->diagnostics->errors > errors) continue;
        lang_diagnostic *diagnostic = lang_diagnose(
            checker->diagnostics, LANG_E0603, row->value->span, "`%s` is a %s, and `%s` is not one",
            parameter->name.text, label(checker, parameter->type), lang_source_text(checker, row->value->span));
        if (parameter->type.kind == LANG_TYPE_MONEY) {
            lang_suggest(checker->diagnostics, diagnostic, "write amounts like $41.50");
        }
        if (parameter->type.kind == LANG_TYPE_TRUTH) {
            lang_suggest(checker->diagnostics, diagnostic, "write `yes` or `no`");
        }
    }
    check_parameter_overlaps(checker, parameter);
}

static void check_columns(lang_checker *checker, lang_table *table)
{
    for (size_t i = 0; i < table->inputs.count; i++) {
        lang_table_column *column = &table->inputs.items[i];
        if (column->input == NULL) {
            lang_read_type(checker, column->type_name, true, &column->type);
            if (column->type.list) {
                lang_diagnose(checker->diagnostics, LANG_E0706, column->span, "a list cannot be an input of a table");
                column->type = LANG_PLAIN(ERROR);
            }
            continue;
        }
        lang_checker plain = *checker;
        plain.section = NULL;
        lang_type type = lang_check_path(&plain, column->input);
        column->name.text = lang_path_text(checker->arena, &column->input->as.path.names);
        column->name.span = column->span;
        bool usable =
            !type.list && type.kind != LANG_TYPE_RECORD && type.kind != LANG_TYPE_DATES && type.kind != LANG_TYPE_TIMES;
        if (type.kind != LANG_TYPE_ERROR && !usable) {
            lang_diagnose(checker->diagnostics, LANG_E0706, column->span, "a %s cannot be an input of a table",
                          label(checker, type));
            type = LANG_PLAIN(ERROR);
        }
        type.optional = false;
        column->type = type;
    }
    for (size_t i = 0; i < table->outputs.count; i++) {
        lang_table_column *column = &table->outputs.items[i];
        lang_read_type(checker, column->type_name, true, &column->type);
        column->type.optional = column->optional;
        bool joinable = column->type.kind == LANG_TYPE_CODE && column->type.list;
        if (table->hit == LANG_HIT_ALL && !joinable && column->type.kind != LANG_TYPE_ERROR) {
            lang_diagnose(checker->diagnostics, LANG_E0713, column->span,
                          "the rows of an `all` table are joined, and a %s cannot be: its outputs are lists of codes",
                          label(checker, column->type));
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(table->outputs.items[j].name.text, column->name.text) == 0) {
                lang_diagnose(checker->diagnostics, LANG_E0303, column->name.span, "the column `%s` is declared twice",
                              column->name.text);
            }
        }
    }
}

static lang_table_column *column_at(lang_table *table, size_t index)
{
    return index < table->inputs.count ? &table->inputs.items[index]
                                       : &table->outputs.items[index - table->inputs.count];
}

static void check_header(lang_checker *checker, lang_table *table)
{
    lang_table_row *header = &table->rows.items[0];
    size_t columns = table->inputs.count + table->outputs.count;
    for (size_t i = 0; i < columns && i < header->cells.count; i++) {
        const lang_cell *cell = &header->cells.items[i];
        const lang_expression *name = cell->items.count == 1 ? cell->items.items[0].low : NULL;
        const char *text = name != NULL && name->kind == LANG_PATH
                               ? lang_path_text(checker->arena, &name->as.path.names)
                               : lang_source_text(checker, cell->span);
        if (strcmp(text, column_at(table, i)->name.text) == 0) continue;
        lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0702, cell->span,
                                                    "column %zu is declared as `%s`, and its header says `%s`", i + 1,
                                                    column_at(table, i)->name.text, text);
        lang_note(checker->diagnostics, diagnostic, column_at(table, i)->span, "it is declared here");
        return;
    }
}

static bool cell_none(const lang_cell *cell)
{
    const lang_item *item = &cell->items.items[0];
    return cell->items.count == 1 && item->low != NULL && item->low->kind == LANG_LITERAL &&
           item->low->literal_kind == LANG_LITERAL_NONE;
}

static void check_cell(lang_checker *checker, lang_table *table, lang_cell *cell, size_t index)
{
    lang_table_column *column = column_at(table, index);
    bool input = index < table->inputs.count;
    if (column->type.kind == LANG_TYPE_ERROR) return;
    if (!input && cell->items.count > 1 && !column->type.list) {
        lang_diagnose(checker->diagnostics, LANG_E0709, cell->span, "`%s` holds one %s; this cell has %u",
                      column->name.text, label(checker, column->type), cell->items.count);
        return;
    }
    if (!input && column->type.list && cell_none(cell)) return;
    for (size_t i = 0; i < cell->items.count; i++) {
        lang_item *item = &cell->items.items[i];
        lang_span span = lang_item_span(item, cell->span.file);
        if (item->any && input) continue;
        if (item->absent && column->optional) continue;
        if (item->absent) {
            lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0707, span,
                                                        "`-` says absent, and `%s` is not optional", column->name.text);
            if (!input)
                lang_suggest(checker->diagnostics, diagnostic, "declare it as `%s: %s optional`", column->name.text,
                             column->type_name.text);
            return;
        }
        size_t errors = checker->diagnostics->errors;
        bool fits = !item->any && lang_check_literal_for(checker, item, column->type);
        bool single =
            item->high == NULL && lang_item_set(item) == NULL &&
            (item->low == NULL || item->low->kind != LANG_LITERAL || item->low->literal_kind != LANG_LITERAL_PREFIX);
        if (fits && (input || single)) continue;
        if (checker->diagnostics->errors > errors) return;
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0704, span, "`%s` does not fit the column `%s`, a %s",
                          lang_source_text(checker, span), column->name.text, label(checker, column->type));
        if (column->type.kind == LANG_TYPE_TEXT) {
            lang_suggest(checker->diagnostics, diagnostic, "texts stand in quotes: \"%s\"",
                         lang_source_text(checker, span));
        }
        return;
    }
}

int64_t lang_item_number(const lang_expression *literal)
{
    return literal->kind == LANG_PATH ? literal->as.path.word : literal->as.literal.value;
}

/* Whether two input cells have a value in common; says one. */
static bool cells_overlap(lang_checker *checker, lang_type type, const lang_cell *a, const lang_cell *b,
                          const char **example)
{
    for (size_t i = 0; i < a->items.count; i++) {
        for (size_t j = 0; j < b->items.count; j++) {
            const lang_item *x = &a->items.items[i], *y = &b->items.items[j];
            if (type.kind == LANG_TYPE_CODE) {
                if (lang_items_overlap((lang_code_system)type.detail, x, y, example)) return true;
                continue;
            }
            if (x->any || y->any) {
                const lang_item *shown = x->any ? y : x;
                *example = shown->any ? "any" : lang_source_text(checker, shown->low->span);
                return true;
            }
            if (type.kind == LANG_TYPE_TEXT) {
                *example = lang_source_text(checker, x->low->span);
                if (strcmp(x->low->as.literal.spelling, y->low->as.literal.spelling) == 0) return true;
                continue;
            }
            int64_t low_x = lang_item_number(x->low), high_x = x->high != NULL ? lang_item_number(x->high) : low_x;
            int64_t low_y = lang_item_number(y->low), high_y = y->high != NULL ? lang_item_number(y->high) : low_y;
            *example = lang_source_text(checker, low_x > low_y ? x->low->span : y->low->span);
            if (low_x <= high_y && low_y <= high_x) return true;
        }
    }
    return false;
}

static bool rows_overlap(lang_checker *checker, const lang_table *table, const lang_table_row *a,
                         const lang_table_row *b, base_text *example)
{
    if (a->dates.from > b->dates.to || b->dates.from > a->dates.to) return false;
    if (a->dates.known != b->dates.known) return false; /* what became known later corrects what was */
    for (size_t i = 0; i < table->inputs.count; i++) {
        const char *shared = "";
        if (!cells_overlap(checker, table->inputs.items[i].type, &a->cells.items[i], &b->cells.items[i], &shared)) {
            return false;
        }
        base_text_format(example, "%s%s %s", i == 0 ? "" : ", ", table->inputs.items[i].name.text, shared);
    }
    return true;
}

static void report_overlap(lang_checker *checker, const lang_table *table, const lang_table_row *late,
                           const lang_table_row *early, const base_text *example)
{
    lang_diagnostic *diagnostic = lang_diagnose(
        checker->diagnostics, LANG_E0703, late->span, "two rows of the unique table `%s` hold for one input: %s",
        table->name.text, example->length == 0 ? "any" : base_text_string((base_text *)(uintptr_t)example));
    lang_note(checker->diagnostics, diagnostic, early->span, "this row holds for it too");
    lang_suggest(checker->diagnostics, diagnostic, "narrow one of them, or declare the table `first`");
}

/* Of some rows the last before a row that holds for one input with it; 0 for none. */
static uint32_t overlapping_row(lang_checker *checker, const lang_table *table, uint32_t row, const uint32_t *rows,
                                size_t count, base_text *example)
{
    uint32_t found = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t other = rows == NULL ? row - 1 - (uint32_t)i : rows[i] + 1;
        if (other >= row || other <= found) continue;
        base_text shared;
        base_text_init(&shared, checker->passing);
        if (!rows_overlap(checker, table, &table->rows.items[row], &table->rows.items[other], &shared)) continue;
        found = other;
        *example = shared;
    }
    return found;
}

/* Rows are compared with those before them; where there are many, with those that the index finds. */
static void check_unique(lang_checker *checker, base_arena *scratch, const lang_table *table)
{
    enum { REPORTED = 5 };
    int reported = 0;
    size_t room = 2 * table->rows.count;
    uint32_t *rows = base_arena_alloc(scratch, (room + 1) * sizeof *rows);
    if (rows == NULL) return;
    for (uint32_t i = 1; i < table->rows.count && reported < REPORTED; i++) {
        const lang_row_index *index = table->row_index;
        size_t count = index == NULL ? SIZE_MAX : lang_row_index_beside(index, table, i - 1, rows, room);
        bool some = count <= room;
        base_text example;
        uint32_t other = overlapping_row(checker, table, i, some ? rows : NULL, some ? count : i - 1, &example);
        if (other == 0) continue;
        report_overlap(checker, table, &table->rows.items[i], &table->rows.items[other], &example);
        reported++;
    }
}

void lang_index_rows(lang_checker *checker, lang_table *table)
{
    table->row_index = lang_row_index_new(checker->arena, table);
    if (table->hit != LANG_HIT_UNIQUE) return;
    base_arena scratch;
    base_arena_init(&scratch, &checker->arena->allocator);
    check_unique(checker, &scratch, table);
    if (scratch.failed) checker->arena->failed = true;
    base_arena_release(&scratch);
}

static bool check_shape(lang_checker *checker, lang_table *table)
{
    if (table->inputs.count == 0 || table->outputs.count == 0) {
        lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0219, table->span,
                                                    "the table `%s` declares no columns", table->name.text);
        lang_suggest(checker->diagnostics, diagnostic, "table %s (plan, pos) gives (rate: money)", table->name.text);
        return false;
    }
    if (table->rows.count < 2 && table->imports.count == 0) {
        lang_diagnose(checker->diagnostics, LANG_E0708, table->span, "the table `%s` has a header and no rows",
                      table->name.text);
        return false;
    }
    if (table->rows.count > LANG_TABLE_ROW_LIMIT) {
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0208, table->span, "a table in a policy has at most %d rows",
                          (int)LANG_TABLE_ROW_LIMIT);
        lang_suggest(checker->diagnostics, diagnostic, "keep the rows in a file: from \"rows.csv\"");
        return false;
    }
    if (table->inputs.count > LANG_TABLE_COLUMN_LIMIT || table->outputs.count > LANG_TABLE_COLUMN_LIMIT) {
        lang_diagnose(checker->diagnostics, LANG_E0208, table->span, "a table has at most %d inputs and %d outputs",
                      (int)LANG_TABLE_COLUMN_LIMIT, (int)LANG_TABLE_COLUMN_LIMIT);
        return false;
    }
    size_t columns = table->inputs.count + table->outputs.count, errors = checker->diagnostics->errors;
    for (size_t r = 0; r < table->rows.count; r++) {
        lang_table_row *row = &table->rows.items[r];
        if (row->cells.count == columns || (r == 0 && row->cells.count == 0)) continue;
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0701, row->span,
                          "this row has %u cells; the table has %zu columns", row->cells.count, columns);
        lang_note(checker->diagnostics, diagnostic, table->span, "it is declared here");
    }
    return checker->diagnostics->errors == errors;
}

bool lang_check_rows(lang_checker *checker, lang_table *table)
{
    size_t errors = checker->diagnostics->errors;
    if (!check_shape(checker, table)) return false;
    if (table->rows.count > 0) check_header(checker, table);
    if (checker->diagnostics->errors > errors) return false;
    size_t columns = table->inputs.count + table->outputs.count;
    for (size_t r = 1; r < table->rows.count; r++) {
        lang_table_row *row = &table->rows.items[r];
        for (size_t c = 0; c < columns; c++) check_cell(checker, table, &row->cells.items[c], c);
    }
    return checker->diagnostics->errors == errors;
}

void lang_check_table(lang_checker *checker, lang_table *table)
{
    size_t errors = checker->diagnostics->errors;
    check_columns(checker, table);
    if (checker->diagnostics->errors > errors) return;
    if (table->inputs.count > 0 && table->outputs.count > 0) lang_check_imports(checker, table);
    if (checker->diagnostics->errors > errors || !lang_check_rows(checker, table)) return;
    lang_index_rows(checker, table);
    lang_check_bulk_rows(checker, table);
}
