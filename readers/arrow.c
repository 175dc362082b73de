/* Record batches of the Arrow C data interface, as records of side files: each value becomes the cell that a file would have. */
#include "readers/encounters.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ARROW_TEXT_LIMIT = 1 << 16, ARROW_LISTED = 64 };

/* How a column is read. */
typedef enum arrow_kind {
    ARROW_NOTHING,
    ARROW_TEXT,
    ARROW_LARGE_TEXT,
    ARROW_WHOLE,
    ARROW_TRUTH,
    ARROW_REAL,
    ARROW_DECIMAL,
    ARROW_DAYS,
    ARROW_INSTANTS, /* `unit` of them in a day */
    ARROW_LIST,
    ARROW_LARGE_LIST
} arrow_kind;

typedef struct arrow_column {
    arrow_kind kind;
    bool is_signed;
    size_t width; /* bytes of a value */
    int scale;    /* of decimals */
    int64_t unit;
    const struct ArrowSchema *schema; /* of the values, or of their places in the dictionary */
} arrow_column;

typedef struct arrow_reader {
    read_input *input;
    read_record_reader *records;
    const char *record; /* "" to tell it from the columns */
    size_t line;
    char *text; /* of the record at hand */
    size_t used;
} arrow_reader;

static void problem(const arrow_reader *a, const char *code, size_t line, const char *message)
{
    run_store_problem(a->input->store, ADJ_SEVERITY_ERROR, code, a->input->name, 0, line, 0, NULL, "%s", message);
}

/* ---- what a column is ---- */

static bool is_number(const char *format, arrow_column *column)
{
    static const char letters[] = "cCsSiIlL";
    const char *at = format[0] == '\0' || format[1] != '\0' ? NULL : strchr(letters, format[0]);
    if (at == NULL) return false;
    size_t place = (size_t)(at - letters);
    column->kind = ARROW_WHOLE;
    column->width = (size_t)1 << place / 2;
    column->is_signed = place % 2 == 0;
    return true;
}

static bool is_time(const char *format, arrow_column *column)
{
    static const struct {
        const char *format;
        arrow_kind kind;
        size_t width;
        int64_t unit;
    } times[] = {{"tdD", ARROW_DAYS, 4, 1},
                 {"tdm", ARROW_INSTANTS, 8, 86400000},
                 {"tss:", ARROW_INSTANTS, 8, 86400},
                 {"tsm:", ARROW_INSTANTS, 8, 86400000},
                 {"tsu:", ARROW_INSTANTS, 8, INT64_C(86400000000)},
                 {"tsn:", ARROW_INSTANTS, 8, INT64_C(86400000000000)}};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        bool instant = times[i].format[1] == 's';
        bool fits = instant ? strncmp(format, times[i].format, 4) == 0 : strcmp(format, times[i].format) == 0;
        if (!fits) continue;
        *column =
            (arrow_column){.kind = times[i].kind, .is_signed = true, .width = times[i].width, .unit = times[i].unit};
        return true;
    }
    return false;
}

/* What the values of a schema are, dictionaries aside; false for a type that no cell can hold. */
static bool kind_of(const struct ArrowSchema *schema, arrow_column *column)
{
    const char *format = schema->format == NULL ? "" : schema->format;
    int precision = 0, scale = 0, bits = 128;
    *column = (arrow_column){0};
    if (is_number(format, column) || is_time(format, column)) {
        column->schema = schema;
        return true;
    }
    column->schema = schema;
    if (strcmp(format, "n") == 0) return true;
    if (strcmp(format, "u") == 0 || strcmp(format, "z") == 0) column->kind = ARROW_TEXT;
    if (strcmp(format, "U") == 0 || strcmp(format, "Z") == 0) column->kind = ARROW_LARGE_TEXT;
    if (strcmp(format, "b") == 0) column->kind = ARROW_TRUTH;
    if (strcmp(format, "g") == 0) {
        column->kind = ARROW_REAL;
        column->width = 8;
    }
    if (sscanf(format, "d:%d,%d,%d", &precision, &scale, &bits) >= 2 && bits == 128 && scale >= 0 && scale <= 18) {
        column->kind = ARROW_DECIMAL;
        column->width = 16;
        column->scale = scale;
    }
    bool listed = (strcmp(format, "+l") == 0 || strcmp(format, "+L") == 0) && schema->n_children == 1;
    if (listed) column->kind = format[1] == 'l' ? ARROW_LIST : ARROW_LARGE_LIST;
    return column->kind != ARROW_NOTHING;
}

/* Buffers that arrays of a kind have. */
static int64_t buffers_of(arrow_kind kind)
{
    switch (kind) {
    case ARROW_NOTHING: return 0;
    case ARROW_TEXT:
    case ARROW_LARGE_TEXT: return 3;
    default: return 2;
    }
}

/* Whether an array can be what its schema says, as far as can be seen. */
static bool fits(const struct ArrowArray *array, const arrow_column *column, int64_t least)
{
    if (array == NULL || array->length < least || array->offset < 0 || array->offset > INT64_MAX - array->length)
        return false;
    if (array->n_buffers != buffers_of(column->kind)) return false;
    if (array->length == 0) return true;
    for (int64_t b = 1; b < array->n_buffers; b++) {
        bool data_of_empty_texts = b == 2; /* may be missing where all texts are empty */
        if (array->buffers == NULL || (array->buffers[b] == NULL && !data_of_empty_texts)) return false;
    }
    bool list = column->kind == ARROW_LIST || column->kind == ARROW_LARGE_LIST;
    return !list || (array->n_children == 1 && array->children != NULL && array->children[0] != NULL);
}

/* ---- values ---- */

static bool is_null(const struct ArrowArray *array, int64_t at)
{
    const uint8_t *valid = array->null_count == 0 || array->n_buffers == 0 ? NULL : array->buffers[0];
    return valid != NULL && (valid[at / 8] >> (at % 8) & 1) == 0;
}

static int64_t whole_at(const struct ArrowArray *array, const arrow_column *column, int64_t at, bool *too_large)
{
    const char *from = (const char *)array->buffers[1] + (size_t)at * column->width;
    uint64_t bits = 0;
    memcpy(&bits, from, column->width); /* the machine has the lowest byte first, as Arrow's own has */
    *too_large = false;
    if (!column->is_signed) {
        *too_large = bits > INT64_MAX;
        return (int64_t)bits;
    }
    size_t shift = 64 - 8 * column->width;
    return (int64_t)(bits << shift) >> shift;
}

/* Adds to the texts of the record; NULL where there is no room. */
static const char *keep(arrow_reader *a, const char *text, size_t length)
{
    if (length > ARROW_TEXT_LIMIT - a->used) return NULL;
    char *copy = a->text + a->used;
    if (length > 0) memcpy(copy, text, length);
    a->used += length;
    return copy;
}

static bool keep_cell(arrow_reader *a, const char *text, size_t length, csv_cell *cell)
{
    *cell = (csv_cell){keep(a, text, length), length, 0, false};
    return cell->text != NULL;
}

/* Where a text or list begins and ends among what the array's offsets point into. */
static void offsets_at(const struct ArrowArray *array, bool short_ones, int64_t at, int64_t *from, int64_t *to)
{
    const int32_t *narrow = array->buffers[1];
    const int64_t *wide = array->buffers[1];
    *from = short_ones ? narrow[at] : wide[at];
    *to = short_ones ? narrow[at + 1] : wide[at + 1];
}

static bool text_at(const struct ArrowArray *array, const arrow_column *column, int64_t at, csv_cell *cell)
{
    int64_t from, to;
    offsets_at(array, column->kind == ARROW_TEXT, at, &from, &to);
    if (from < 0 || to < from || (to > from && array->buffers[2] == NULL)) return false;
    const char *data = to > from ? (const char *)array->buffers[2] + from : "";
    *cell = (csv_cell){data, (size_t)(to - from), 0, true};
    return true;
}

/* A day as text, of days since 1970 or of instants; an instant within a day is that day. */
static bool day_at(arrow_reader *a, int64_t value, const arrow_column *column, csv_cell *cell)
{
    char text[16];
    int64_t day = value / column->unit - (value % column->unit < 0 ? 1 : 0);
    if (day < base_date_make(1, 1, 1) || day > base_date_make(9999, 12, 31)) return false;
    base_date_write((base_date)day, text);
    return keep_cell(a, text, strlen(text), cell);
}

static bool decimal_at(arrow_reader *a, const struct ArrowArray *array, const arrow_column *column, int64_t at,
                       csv_cell *cell)
{
    int64_t halves[2];
    char digits[48];
    memcpy(halves, (const char *)array->buffers[1] + (size_t)at * 16, sizeof halves);
    if (halves[1] != (halves[0] < 0 ? -1 : 0)) return false; /* more than 64 bits: no amount, and no number of units */
    uint64_t size = halves[0] < 0 ? 0 - (uint64_t)halves[0] : (uint64_t)halves[0], unit = 1;
    for (int i = 0; i < column->scale; i++) unit *= 10;
    int length = snprintf(digits, sizeof digits, "%s%" PRIu64, halves[0] < 0 ? "-" : "", size / unit);
    if (column->scale > 0)
        length += snprintf(digits + length, sizeof digits - (size_t)length, ".%0*" PRIu64, column->scale, size % unit);
    return keep_cell(a, digits, (size_t)length, cell);
}

static bool cell_at(arrow_reader *a, const struct ArrowArray *array, const arrow_column *column, int64_t at,
                    csv_cell *cell);

/* A list as a cell has it: its texts with blanks between. */
static bool list_at(arrow_reader *a, const struct ArrowArray *array, const arrow_column *column, int64_t at,
                    csv_cell *cell)
{
    int64_t from, to;
    arrow_column inner;
    offsets_at(array, column->kind == ARROW_LIST, at, &from, &to);
    const struct ArrowArray *items = array->children[0];
    const struct ArrowSchema *schema = column->schema->children[0];
    bool good = from >= 0 && to >= from && to - from <= ARROW_LISTED && schema != NULL && kind_of(schema, &inner) &&
                schema->dictionary == NULL && inner.kind < ARROW_LIST && fits(items, &inner, to);
    if (!good) return false;
    if (from == to) return keep_cell(a, "none", 4, cell);
    char *start = a->text + a->used;
    for (int64_t i = from; i < to; i++) {
        csv_cell item;
        size_t used = a->used;
        if (is_null(items, items->offset + i) || !cell_at(a, items, &inner, items->offset + i, &item)) return false;
        bool here = item.text == a->text + used; /* numbers are put together there already */
        if ((!here && keep(a, item.text, item.length) == NULL) || keep(a, " ", 1) == NULL) return false;
    }
    *cell = (csv_cell){start, (size_t)(a->text + a->used - start) - 1, 0, false};
    return true;
}

/* A value that is there, `at` counting from the array's buffers; false where it is none that a cell can hold. */
static bool cell_at(arrow_reader *a, const struct ArrowArray *array, const arrow_column *column, int64_t at,
                    csv_cell *cell)
{
    char text[40];
    bool too_large = false;
    switch (column->kind) {
    case ARROW_TEXT:
    case ARROW_LARGE_TEXT: return text_at(array, column, at, cell);
    case ARROW_TRUTH: {
        bool yes = (((const uint8_t *)array->buffers[1])[at / 8] >> (at % 8) & 1) != 0;
        return keep_cell(a, yes ? "yes" : "no", yes ? 3 : 2, cell);
    }
    case ARROW_WHOLE: {
        int64_t number = whole_at(array, column, at, &too_large);
        int length = snprintf(text, sizeof text, "%" PRId64, number);
        return !too_large && keep_cell(a, text, (size_t)length, cell);
    }
    case ARROW_REAL: {
        double real;
        memcpy(&real, (const char *)array->buffers[1] + (size_t)at * 8, sizeof real);
        int length = snprintf(text, sizeof text, "%.15g", real);
        return keep_cell(a, text, (size_t)length, cell);
    }
    case ARROW_DECIMAL: return decimal_at(a, array, column, at, cell);
    case ARROW_DAYS:
    case ARROW_INSTANTS: return day_at(a, whole_at(array, column, at, &too_large), column, cell);
    case ARROW_LIST:
    case ARROW_LARGE_LIST: return list_at(a, array, column, at, cell);
    default: return false;
    }
}

/* The cell of a record, through the dictionary where there is one. */
static bool read_cell(arrow_reader *a, const struct ArrowArray *array, const arrow_column *column, int64_t at,
                      csv_cell *cell)
{
    *cell = (csv_cell){"", 0, 0, false};
    int64_t place = array->offset + at;
    if (column->kind == ARROW_NOTHING || is_null(array, place)) return true;
    if (column->schema->dictionary == NULL) return cell_at(a, array, column, place, cell);
    arrow_column values;
    bool too_large;
    int64_t index = whole_at(array, column, place, &too_large);
    const struct ArrowArray *dictionary = array->dictionary;
    bool good = !too_large && index >= 0 && kind_of(column->schema->dictionary, &values) &&
                fits(dictionary, &values, index + 1);
    if (!good) return false;
    if (is_null(dictionary, dictionary->offset + index)) return true;
    return cell_at(a, dictionary, &values, dictionary->offset + index, cell);
}

/* ---- batches ---- */

typedef struct arrow_batch {
    arrow_column columns[CSV_COLUMN_LIMIT];
    csv_cell names[CSV_COLUMN_LIMIT];
    size_t count;
} arrow_batch;

/* What the columns are; false, with a problem noted, if one is of a type that no cell can hold. */
static bool read_schema(const arrow_reader *a, const struct ArrowSchema *schema, arrow_batch *batch)
{
    base_arena *arena = &a->input->store->arena;
    if (schema->format == NULL || strcmp(schema->format, "+s") != 0 || schema->n_children < 1 ||
        schema->n_children > CSV_COLUMN_LIMIT || schema->children == NULL) {
        problem(a, "D0601", 0, "this is no record batch: expected a struct (+s) of 1 to 128 columns");
        return false;
    }
    batch->count = (size_t)schema->n_children;
    for (size_t i = 0; i < batch->count; i++) {
        const struct ArrowSchema *child = schema->children[i];
        const char *name = child == NULL || child->name == NULL ? "" : child->name;
        bool good = child != NULL && kind_of(child, &batch->columns[i]);
        bool placed = good && (child->dictionary == NULL || batch->columns[i].kind == ARROW_WHOLE);
        if (!placed) {
            problem(a, "D0601", 0,
                    base_format(arena,
                                "the column `%s` is of type `%s`; expected texts, numbers, decimals of 128 bits, "
                                "booleans, days, instants, lists of these, or a dictionary",
                                name, child == NULL || child->format == NULL ? "" : child->format));
            return false;
        }
        batch->names[i] = (csv_cell){name, strlen(name), 0, false};
    }
    return true;
}

static bool fits_schema(const arrow_reader *a, const struct ArrowArray *array, const arrow_batch *batch)
{
    bool good = array->n_children == (int64_t)batch->count && array->children != NULL && array->length >= 0 &&
                array->offset >= 0 && array->offset <= INT64_MAX - array->length;
    for (size_t i = 0; good && i < batch->count; i++) {
        const struct ArrowArray *child = array->children[i];
        good = fits(child, &batch->columns[i], array->offset + array->length) &&
               (batch->columns[i].schema->dictionary == NULL || child->dictionary != NULL);
    }
    if (!good) problem(a, "D0601", 0, "the record batch is not what its schema says: buffers or children are missing");
    return good;
}

/* A record whose own row is null is none. */
static void read_record_at(arrow_reader *a, const struct ArrowArray *array, const arrow_batch *batch, int64_t at)
{
    csv_cell cells[CSV_COLUMN_LIMIT];
    a->used = 0;
    if (array->n_buffers == 1 && array->buffers != NULL && is_null(array, array->offset + at)) return;
    for (size_t i = 0; i < batch->count; i++) {
        if (read_cell(a, array->children[i], &batch->columns[i], array->offset + at, &cells[i])) continue;
        problem(a, "D0602", a->line,
                base_format(&a->input->store->arena, "the value of `%.*s` cannot be read: %s",
                            (int)batch->names[i].length, batch->names[i].text,
                            "it is past what can be counted, points nowhere, or is more than a cell holds"));
        a->input->rejected++;
        return;
    }
    read_record(a->records, a->line, a->record, strlen(a->record), batch->names, cells, batch->count);
}

static bool read_batch(arrow_reader *a, const struct ArrowArray *array, const arrow_batch *batch)
{
    if (!fits_schema(a, array, batch)) {
        a->input->rejected++;
        return false;
    }
    for (int64_t at = 0; at < array->length; at++) {
        a->line++;
        read_record_at(a, array, batch, at);
        if (!read_records_go_on(a->records, 0)) return false;
    }
    return true;
}

static bool read_stream(arrow_reader *a, struct ArrowArrayStream *stream, arrow_batch *batch)
{
    struct ArrowSchema schema = {0};
    const char *why = NULL;
    bool good = stream->get_schema(stream, &schema) == 0;
    if (!good) why = stream->get_last_error(stream);
    bool readable = good && read_schema(a, &schema, batch);
    while (readable && good) {
        struct ArrowArray array = {0};
        good = stream->get_next(stream, &array) == 0;
        if (!good) why = stream->get_last_error(stream);
        if (!good || array.release == NULL) break; /* the end */
        bool more = read_batch(a, &array, batch);
        array.release(&array);
        if (!more) break;
    }
    if (schema.release != NULL) schema.release(&schema);
    if (!good) {
        problem(a, "D0603", a->line,
                base_format(&a->input->store->arena, "the stream ends with an error: %s",
                            why == NULL ? "it gives none" : why));
        a->input->rejected++;
    }
    return readable && good;
}

/* A reader over encounters, run by `read`. */
typedef struct arrow_work {
    const char *record;
    struct ArrowSchema *schema;
    struct ArrowArray *array;
    struct ArrowArrayStream *stream; /* or these two */
} arrow_work;

static bool read_arrow(read_input *input, const void *state)
{
    const arrow_work *work = state;
    arrow_reader *a = base_arena_alloc(&input->arena, sizeof *a);
    arrow_batch *batch = base_arena_alloc(&input->arena, sizeof *batch);
    if (a == NULL || batch == NULL) return false;
    a->input = input;
    a->record = work->record == NULL ? "" : work->record;
    a->text = base_arena_alloc(&input->arena, ARROW_TEXT_LIMIT);
    a->records = read_records_begin(input);
    bool good = a->text != NULL && a->records != NULL;
    if (good && work->stream != NULL)
        good = read_stream(a, work->stream, batch);
    else if (good)
        good = read_schema(a, work->schema, batch) && read_batch(a, work->array, batch);
    read_records_end(a->records);
    return good && (input->accepted > 0 || input->rejected == 0);
}

adj_status adj_encounters_read_arrow(adj_encounters *encounters, const char *name, const char *record, adj_role role,
                                     struct ArrowSchema *schema, struct ArrowArray *array)
{
    const arrow_work work = {.record = record, .schema = schema, .array = array};
    adj_status status = read_by(encounters, name, (read_role)role, read_arrow, &work);
    if (schema->release != NULL) schema->release(schema);
    if (array->release != NULL) array->release(array);
    return status;
}

adj_status adj_encounters_read_arrow_stream(adj_encounters *encounters, const char *name, const char *record,
                                            adj_role role, struct ArrowArrayStream *stream)
{
    const arrow_work work = {.record = record, .stream = stream};
    adj_status status = read_by(encounters, name, (read_role)role, read_arrow, &work);
    if (stream->release != NULL) stream->release(stream);
    return status;
}
