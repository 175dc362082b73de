/* Rows of tables and code sets that come from files: plain values go into columns, cells with ranges, lists and names of
 * sets become rows like those written in a policy, read by the same grammar. */
#include "base/csv.h"
#include "lang/bulk.h"
#include "lang/check.h"
#include "lang/parser.h"

#include <string.h>

/* ---- rows with cells as in a policy ---- */

typedef struct row_reader {
    lang_checker *checker;
    lang_table *table;
    const lang_import *import;
    lang_file *file;
    int places[2 * LANG_TABLE_COLUMN_LIMIT];
    int from, to;
} row_reader;

static const char *header_for(const lang_import *import, const char *column)
{
    for (size_t i = 0; i < import->columns.count; i++) {
        if (strcmp(import->columns.items[i].column.text, column) == 0) return import->columns.items[i].header.text;
    }
    return column;
}

static int place_of(const csv_cell *cells, size_t count, const char *header)
{
    for (size_t i = 0; i < count; i++) {
        if (cells[i].length == strlen(header) && memcmp(cells[i].text, header, cells[i].length) == 0) return (int)i;
    }
    return -1;
}

static const lang_table_column *column_at(const lang_table *table, size_t index)
{
    return index < table->inputs.count ? &table->inputs.items[index]
                                       : &table->outputs.items[index - table->inputs.count];
}

static bool read_header(row_reader *r, const csv_cell *cells, size_t count)
{
    size_t columns = r->table->inputs.count + r->table->outputs.count;
    bool good = true;
    for (size_t c = 0; c < columns; c++) {
        const char *header = header_for(r->import, column_at(r->table, c)->name.text);
        r->places[c] = place_of(cells, count, header);
        if (r->places[c] >= 0) continue;
        good = false;
        lang_diagnostic *diagnostic = lang_diagnose(r->checker->diagnostics, LANG_E0711, r->import->span,
                                                    "%s has no column `%s`", r->file->path, header);
        lang_suggest(r->checker->diagnostics, diagnostic, "name the file's column: from \"%s\" (%s as \"...\")",
                     r->import->file.text, column_at(r->table, c)->name.text);
    }
    r->from = place_of(cells, count, header_for(r->import, "from"));
    r->to = place_of(cells, count, header_for(r->import, "to"));
    return good;
}

static lang_expression *text_literal(base_arena *arena, const csv_cell *cell, lang_span span)
{
    lang_expression *literal = base_arena_alloc(arena, lang_expression_size(LANG_LITERAL));
    if (literal == NULL) return NULL;
    literal->kind = LANG_LITERAL;
    literal->span = span;
    literal->depth = 1;
    literal->literal_kind = LANG_LITERAL_TEXT;
    literal->as.literal.spelling = base_arena_copy(arena, cell->text, cell->length);
    return literal;
}

/* A bare number in a column of money or of a duration: it is in the column's own unit, as in files of plain values. */
static lang_expression *bare_literal(base_arena *arena, const csv_cell *cell, lang_type type, lang_span span)
{
    lang_unit unit = type.kind == LANG_TYPE_MINUTES  ? LANG_UNIT_MINUTE
                     : type.kind == LANG_TYPE_MONTHS ? LANG_UNIT_MONTH
                                                     : LANG_UNIT_DAY;
    bool money = type.kind == LANG_TYPE_MONEY;
    bool lasts = type.kind == LANG_TYPE_MINUTES || type.kind == LANG_TYPE_MONTHS || type.kind == LANG_TYPE_DAYS;
    int64_t value;
    if ((!money && !lasts) || !lang_bulk_number(cell, money ? 2 : 0, &value)) return NULL;
    lang_expression *literal = text_literal(arena, cell, span);
    if (literal == NULL) return NULL;
    literal->literal_kind = money ? LANG_LITERAL_MONEY : LANG_LITERAL_DURATION;
    literal->as.literal.value = value;
    literal->literal_unit = unit;
    return literal;
}

static bool is_word(const csv_cell *cell, const char *word)
{
    return cell->length == strlen(word) && memcmp(cell->text, word, cell->length) == 0;
}

static bool add_item(row_reader *r, lang_cell *slot, lang_item item)
{
    lang_item *added = BASE_PUSH(r->checker->arena, &slot->items);
    if (added != NULL) *added = item;
    return added != NULL;
}

/* An item with a value, or else `any` or `-`. */
static lang_item with(lang_span span, lang_expression *value, bool any)
{
    lang_item item = lang_item_at(span);
    item.low = value;
    item.any = value == NULL && any;
    item.absent = value == NULL && !any;
    return item;
}

static bool read_cell(row_reader *r, const csv_cell *cell, lang_type type, lang_cell *slot, lang_span row)
{
    /* A quoted cell was copied out of the file; what it holds stands behind its quote, unless quotes are doubled. */
    bool bare = cell->text >= r->file->text && cell->text <= r->file->text + r->file->length;
    uint32_t start = bare ? (uint32_t)(cell->text - r->file->text) : row.start + (uint32_t)cell->column;
    bool inside =
        start + cell->length <= r->file->length && memcmp(r->file->text + start, cell->text, cell->length) == 0;
    lang_span span = lang_span_of(r->file->index, start, inside ? start + (uint32_t)cell->length : (uint32_t)row.end);
    slot->span = span;
    if (cell->length == 0 || is_word(cell, "-")) return add_item(r, slot, with(span, NULL, false));
    if (is_word(cell, "any") || is_word(cell, "*")) return add_item(r, slot, with(span, NULL, true));
    lang_expression *number = bare_literal(r->checker->arena, cell, type, span);
    if (number != NULL) return add_item(r, slot, with(span, number, false));
    bool quoted = cell->text[0] == '"';
    if ((type.kind == LANG_TYPE_TEXT && !quoted) || !inside) {
        lang_expression *text = text_literal(r->checker->arena, cell, span);
        return text != NULL && add_item(r, slot, with(span, text, false));
    }
    return lang_parse_cell(r->checker->arena, r->checker->diagnostics, r->file, span.start, span.end, &slot->items);
}

static void read_day(row_reader *r, const csv_cell *cells, size_t count, int place, base_date *day, lang_span row)
{
    if (place < 0 || (size_t)place >= count || cells[place].length == 0 || is_word(&cells[place], "-")) return;
    if (base_date_read(cells[place].text, cells[place].length, false, day)) return;
    lang_diagnose(r->checker->diagnostics, LANG_E0712, row, "`%.*s` is not a date", (int)cells[place].length,
                  cells[place].text);
}

static void read_row(row_reader *r, const csv_cell *cells, size_t count, lang_span span)
{
    lang_table_row *row = BASE_PUSH(r->checker->arena, &r->table->rows);
    if (row == NULL) return;
    *row = (lang_table_row){.dates = LANG_ALWAYS, .span = span};
    size_t columns = r->table->inputs.count + r->table->outputs.count;
    bool good = true;
    for (size_t c = 0; c < columns && good; c++) {
        lang_cell *slot = BASE_PUSH(r->checker->arena, &row->cells);
        static const csv_cell nothing = {"", 0, 0, false};
        const csv_cell *cell = (size_t)r->places[c] < count ? &cells[r->places[c]] : &nothing;
        good = slot != NULL && read_cell(r, cell, column_at(r->table, c)->type, slot, span);
    }
    read_day(r, cells, count, r->from, &row->dates.from, span);
    read_day(r, cells, count, r->to, &row->dates.to, span);
    if (!good) r->table->rows.count--;
}

static lang_file *data_file(lang_checker *checker, const char *path)
{
    lang_program *program = checker->program;
    const char *text;
    size_t length;
    if (!program->source->read(program->source->state, program->arena, path, &text, &length)) return NULL;
    if (length > LANG_FILE_LIMIT) return NULL;
    if (lang_program_full(program)) return NULL;
    lang_file *file = base_arena_alloc(program->arena, sizeof *file);
    lang_file **slot = file == NULL ? NULL : BASE_PUSH(program->arena, &program->files);
    if (slot == NULL) return NULL;
    *slot = file;
    *file = (lang_file){.index = (uint32_t)(program->files.count - 1), .path = path, .text = text, .length = length};
    file->is_module = true; /* it declares nothing and is judged like a module */
    file->full_name = "";
    return lang_index_lines(program->arena, file) ? file : NULL;
}

static void read_rows(lang_checker *checker, lang_table *table, const lang_import *import, const char *path)
{
    row_reader r = {.checker = checker, .table = table, .import = import, .file = data_file(checker, path)};
    if (r.file == NULL) {
        if (checker->program->full) return;
        lang_diagnose(checker->diagnostics, LANG_E0710, import->span, "the file %s cannot be read", path);
        return;
    }
    csv_reader csv;
    base_csv_init(&csv, checker->arena, r.file->text, r.file->length);
    size_t first = strcspn(r.file->text, "\n");
    if (memchr(r.file->text, '\t', first) != NULL) csv.separator = '\t';
    csv_cell cells[CSV_COLUMN_LIMIT];
    size_t count;
    bool header = true;
    while (base_csv_next(&csv, cells, &count)) {
        uint32_t start = lang_line_start(r.file, csv.line - 1);
        uint32_t end = csv.next_line - 1 < r.file->line_count ? lang_line_start(r.file, csv.next_line - 1) - 1
                                                              : (uint32_t)r.file->length;
        lang_span span = lang_span_of(r.file->index, start, end > start ? end : start + 1);
        if (csv.error != NULL) {
            lang_diagnose(checker->diagnostics, LANG_E0712, span, "%s", csv.error);
        } else if (header) {
            header = false;
            if (!read_header(&r, cells, count)) return;
        } else if (table->rows.count <= LANG_TABLE_ROW_LIMIT) {
            read_row(&r, cells, count, span);
        } else {
            lang_diagnose(checker->diagnostics, LANG_E0208, span,
                          "a file whose cells hold ranges, lists or names of sets has at most %d rows",
                          (int)LANG_TABLE_ROW_LIMIT);
            return;
        }
    }
}

/* ---- which way a file is read ---- */

static bool lists_output(const lang_table *table)
{
    for (size_t i = 0; i < table->outputs.count; i++) {
        if (table->outputs.items[i].type.list) return true;
    }
    return false;
}

void lang_check_imports(lang_checker *checker, lang_table *table)
{
    if (table->bulks.count > 0 || table->imports.count == 0) return;
    if (table->rows.count == 0) {
        lang_table_row *header = BASE_PUSH(checker->arena, &table->rows);
        if (header == NULL) return;
        *header = (lang_table_row){.dates = LANG_ALWAYS, .span = table->span};
    }
    for (size_t i = 0; i < table->imports.count; i++) {
        const lang_import *import = table->imports.items[i];
        bool complex = lists_output(table) || table->hit != LANG_HIT_UNIQUE;
        const char *path = lang_bulk_path(checker->program, table->file, import);
        lang_bulk *bulk = complex ? NULL : lang_bulk_load(checker->program, table, import, path, &complex);
        if (complex) {
            read_rows(checker, table, import, path);
        } else if (bulk != NULL) {
            lang_bulk **slot = BASE_PUSH(checker->arena, &table->bulks);
            if (slot != NULL) *slot = bulk;
        }
    }
}

/* The inputs of a written row as a file's values; false where a cell is more than one plain value. */
static bool row_values(const lang_bulk *bulk, const lang_table *table, const lang_table_row *row, int64_t *values)
{
    for (size_t c = 0; c < table->inputs.count; c++) {
        const lang_items *items = &row->cells.items[c].items;
        const lang_item *item = &items->items[0];
        if (items->count != 1 || item->any || item->absent || item->high != NULL || lang_item_set(item) != NULL)
            return false;
        lang_type type = table->inputs.items[c].type;
        bool symbol = type.kind == LANG_TYPE_CODE || type.kind == LANG_TYPE_TEXT;
        if (item->low->kind == LANG_PATH) {
            values[c] = item->low->as.path.word;
        } else if (symbol) {
            const char *text = item->low->as.literal.spelling;
            uint32_t id = base_intern_find(&bulk->symbols, text, strlen(text));
            if (id == BASE_INTERN_NONE) return false;
            values[c] = id;
        } else {
            values[c] = item->low->as.literal.value;
        }
    }
    return true;
}

/* A written row that has the key and the last day of a file's row says more of it (its first day, say): it takes its
 * place. */
static void supplement(const lang_table *table, lang_bulk *bulk)
{
    int64_t values[LANG_TABLE_COLUMN_LIMIT];
    for (size_t r = 1; r < table->rows.count; r++) {
        const lang_table_row *row = &table->rows.items[r];
        if (!row_values(bulk, table, row, values)) continue;
        for (int64_t at = lang_bulk_first(bulk, values); at >= 0; at = lang_bulk_next(bulk, at, values)) {
            if (lang_bulk_to(bulk, (size_t)at) == row->dates.to) lang_bulk_remove(bulk, (size_t)at);
        }
    }
}

/* Two rows of one key whose spans surely meet. A first day that the file does not give proves nothing. */
static bool surely_meet(const lang_bulk *bulk, size_t a, size_t b)
{
    base_date from_a = lang_bulk_from(bulk, a), from_b = lang_bulk_from(bulk, b);
    base_date to_a = lang_bulk_to(bulk, a), to_b = lang_bulk_to(bulk, b);
    if (to_a == LANG_BULK_NO_DAY || to_b == LANG_BULK_NO_DAY) return false;
    if (from_a == LANG_BULK_NO_DAY || from_b == LANG_BULK_NO_DAY) return to_a == to_b;
    return from_a <= to_b && from_b <= to_a;
}

/* Two rows that say the same of a key are one row that stands twice, which public files have; no contradiction. */
static bool say_the_same(const lang_bulk *bulk, size_t a, size_t b)
{
    for (size_t c = bulk->input_count; c < bulk->column_count; c++) {
        if (lang_bulk_value(bulk, c, a) != lang_bulk_value(bulk, c, b)) return false;
    }
    return true;
}

void lang_check_bulk_rows(lang_checker *checker, lang_table *table)
{
    enum { REPORTED = 5 };
    int reported = 0;
    for (size_t b = 0; b < table->bulks.count; b++) {
        lang_bulk *bulk = table->bulks.items[b];
        supplement(table, bulk);
        int64_t values[LANG_TABLE_COLUMN_LIMIT];
        for (size_t row = 0; row < bulk->row_count && reported < REPORTED; row++) {
            if (!lang_bulk_chained(bulk, row)) continue;
            for (size_t c = 0; c < bulk->input_count; c++) values[c] = lang_bulk_value(bulk, c, row);
            for (int64_t at = lang_bulk_next(bulk, (int64_t)row, values); at >= 0;
                 at = lang_bulk_next(bulk, at, values)) {
                if (!surely_meet(bulk, row, (size_t)at) || say_the_same(bulk, row, (size_t)at)) continue;
                reported++;
                lang_diagnose(checker->diagnostics, LANG_E0703, bulk->import->span,
                              "%s: rows %zu and %zu of the unique table `%s` hold for one input: %s", bulk->path,
                              row + 2, (size_t)at + 2, table->name.text, lang_bulk_key(checker->arena, bulk, row));
                break;
            }
        }
    }
}

void lang_check_code_import(lang_checker *checker, lang_code_set *set, lang_code_row *row)
{
    lang_table *table = base_arena_alloc(checker->arena, sizeof *table);
    lang_table_column *column = table == NULL ? NULL : BASE_PUSH(checker->arena, &table->inputs);
    if (column == NULL) return;
    column->name = (lang_name){"code", row->span};
    column->type = (lang_type){LANG_TYPE_CODE, (uint16_t)set->system, false, false};
    table->name = set->name;
    table->file = set->file;
    bool complex = false;
    const char *path = lang_bulk_path(checker->program, set->file, row->import);
    row->bulk = lang_bulk_load(checker->program, table, row->import, path, &complex);
    if (complex) {
        lang_diagnose(checker->diagnostics, LANG_E0712, row->span, "%s holds something that is not one %s in a row",
                      path, lang_schema_system_label(checker->schema, set->system));
    }
}
