/* JSON inputs: one document, a list of records, or a record in each line (NDJSON). A record with a resourceType is one of
 * FHIR; others are those of side files, with their column names for keys. */
#include "readers/fhir.h"
#include "readers/json_flaw.h"
#include "readers/json_shape.h"

#include <string.h>

enum { RECORD_TEXT_LIMIT = 16384, LINE_STEP = 1 << 16 };

typedef struct json_reader {
    read_input *input;
    json_parser *parser;
    fhir_reader fhir;
    read_record_reader *records;
    char text[RECORD_TEXT_LIMIT]; /* numbers and lists of the record at hand */
    size_t used;
    bool met_fhir; /* resources refer to each other: they stay together */
    bool no_memory;
} json_reader;

static void problem(const json_reader *j, const char *code, size_t line, size_t column, const char *message)
{
    run_store_problem(j->input->store, ADJ_SEVERITY_ERROR, code, j->input->name, 0, line, column, NULL, "%s", message);
}

/* ---- what is wrong with a malformed text ---- */

/* simdjson does not say where; a second parser does. */
static void report_malformed(json_reader *j, const char *bytes, size_t length, size_t first_line)
{
    json_flaw flaw;
    const char *message = "this is not JSON that can be read: nested too deeply, or a number that is too large";
    size_t line = first_line, column = 0;
    if (json_find_flaw(bytes, length, &flaw)) {
        message = base_format(&j->input->store->arena, "this is not JSON: %s", flaw.message);
        line = first_line + flaw.line - 1;
        column = flaw.column;
    }
    problem(j, "D0501", line, column, message);
}

/* ---- records of our own layout ---- */

static const char *keep(json_reader *j, const char *text, size_t length)
{
    if (length > RECORD_TEXT_LIMIT - j->used) return NULL;
    char *copy = j->text + j->used;
    memcpy(copy, text, length);
    j->used += length;
    return copy;
}

static bool scalar_cell(json_reader *j, json_value value, csv_cell *cell)
{
    char buffer[32];
    *cell = (csv_cell){"", 0, 0, false};
    switch (json_kind_of(value)) {
    case JSON_NULL: return true;
    case JSON_TRUTH:
        *cell = json_truth(value) ? (csv_cell){"yes", 3, 0, false} : (csv_cell){"no", 2, 0, false};
        return true;
    case JSON_TEXT:
        cell->text = json_text(value, &cell->length);
        cell->literal = true;
        return true;
    case JSON_NUMBER:
        cell->length = json_number(value, buffer);
        cell->text = keep(j, buffer, cell->length);
        return cell->text != NULL;
    default: return false;
    }
}

/* A list as a cell has it: its codes with blanks between. */
static bool list_cell(json_reader *j, json_value list, csv_cell *cell)
{
    json_cursor at = {0};
    size_t start = j->used;
    while (json_next(list, &at)) {
        csv_cell one;
        if (!scalar_cell(j, at.value, &one)) return false;
        if (json_kind_of(at.value) != JSON_NUMBER && keep(j, one.text, one.length) == NULL) return false;
        if (keep(j, " ", 1) == NULL) return false;
    }
    *cell =
        j->used == start ? (csv_cell){"none", 4, 0, false} : (csv_cell){j->text + start, j->used - start - 1, 0, false};
    return true;
}

static void read_own(json_reader *j, json_value record, size_t line)
{
    csv_cell names[CSV_COLUMN_LIMIT], cells[CSV_COLUMN_LIMIT];
    size_t count = 0;
    json_cursor at = {0};
    j->used = 0;
    size_t said_length = 0;
    const char *said = "";
    while (json_next(record, &at)) {
        bool names_kind = at.key_length == 6 && memcmp(at.key, "record", 6) == 0;
        if (names_kind && json_kind_of(at.value) == JSON_TEXT) {
            said = json_text(at.value, &said_length);
            continue;
        }
        if (count == CSV_COLUMN_LIMIT) {
            problem(j, "D0303", line, 0, "a record has more than 128 keys");
            j->input->rejected++;
            return;
        }
        names[count] = (csv_cell){at.key, at.key_length, 0, false};
        bool list = json_kind_of(at.value) == JSON_LIST;
        bool good = list ? list_cell(j, at.value, &cells[count]) : scalar_cell(j, at.value, &cells[count]);
        if (!good) {
            problem(
                j, "D0305", line, 0,
                base_format(&j->input->store->arena,
                            "`%.*s` holds an object, a list in a list, or more than fits a cell; expected a text, a "
                            "number, yes or no, null, or a list of codes",
                            (int)at.key_length, at.key));
            j->input->rejected++;
            return;
        }
        count++;
    }
    if (j->records == NULL) j->records = read_records_begin(j->input);
    if (j->records != NULL) read_record(j->records, line, said, said_length, names, cells, count);
}

/* ---- documents ---- */

static void read_value(json_reader *j, json_value value, const char *path, size_t line)
{
    if (json_kind_of(value) != JSON_OBJECT) {
        problem(j, "D0503", line, 0,
                base_format(&j->input->store->arena, "%s: expected an object, a record or a resource", path));
        j->input->rejected++;
    } else if (json_kind_of(json_get(value, "resourceType")) != JSON_NONE) {
        size_t type_length;
        const char *type = json_text(json_get(value, "resourceType"), &type_length);
        const char *place = *path != '\0'  ? path
                            : type == NULL ? "resource"
                                           : base_format(&j->input->store->arena, "%.*s", (int)type_length, type);
        j->fhir.line = line;
        j->met_fhir = true;
        fhir_resource(&j->fhir, value, place);
    } else {
        read_own(j, value, line);
    }
}

static void read_document(json_reader *j, json_value root, size_t line)
{
    if (json_kind_of(root) != JSON_LIST) {
        read_value(j, root, "", line);
        return;
    }
    json_cursor at = {0};
    for (size_t i = 0; json_next(root, &at) && !j->input->store->arena.failed; i++)
        read_value(j, at.value, base_format(&j->input->store->arena, "[%zu]", i), line);
}

static json_outcome parse(json_reader *j, const char *bytes, size_t length, json_value *root)
{
    size_t room = j->input->room - (size_t)(bytes - j->input->bytes);
    json_outcome outcome = json_parse(j->parser, bytes, length, room, root);
    if (outcome == JSON_NO_MEMORY) j->no_memory = true;
    return outcome;
}

static bool blank(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (strchr(" \t\r\n", bytes[i]) == NULL) return false;
    }
    return true;
}

/* The end of the line that begins at `at`, before its line end; a line of any length is brought on whole. */
static size_t line_end(read_input *input, size_t at)
{
    size_t looked = at;
    for (;;) {
        const char *end = looked < input->filled ? memchr(input->bytes + looked, '\n', input->filled - looked) : NULL;
        if (end != NULL) return (size_t)(end - input->bytes);
        if (input->filled == input->length) return input->length;
        looked = input->filled;
        read_fill(input, input->filled + (input->filled - at > LINE_STEP ? input->filled - at : LINE_STEP));
    }
}

/* Whether each line is a record of its own: the first that is not blank is one, and more follow; or some later line among
 * the first is, so that the first is only a bad one. */
static bool has_lines(json_reader *j, size_t at)
{
    read_input *input = j->input;
    bool first = true;
    for (size_t seen = 0; at < input->length && seen < 4;) {
        size_t end = line_end(input, at), from = at;
        at = end + 1;
        if (blank(input->bytes + from, end - from)) continue;
        json_value root;
        bool last = at >= input->length;
        if (!last) {
            size_t next = line_end(input, at); /* a line that follows, or what is left is blank */
            last = next == input->length && blank(input->bytes + at, input->length - at);
        }
        if (first && last) return false;
        bool object = input->bytes[from] == '{';
        if (object && parse(j, input->bytes + from, end - from, &root) == JSON_READ) return true;
        first = false;
        seen++;
    }
    return false;
}

/* Reads a line that looks like one before it; false where it has to be read by the library. */
static bool read_alike(json_reader *j, size_t at, size_t end, size_t line)
{
    const read_input *input = j->input;
    csv_cell cells[CSV_COLUMN_LIMIT];
    if (j->records == NULL || end - at > RECORD_TEXT_LIMIT) return false;
    for (size_t s = 0; s < read_records_shapes(j->records); s++) {
        read_record_names names = read_records_shape(j->records, s);
        if (!names.known) continue;
        if (!json_shape_read(&names, input->bytes + at, end - at, j->text, RECORD_TEXT_LIMIT, cells) &&
            !json_shape_read_mixed(&names, input->bytes + at, end - at, j->text, RECORD_TEXT_LIMIT, cells))
            continue;
        bool whole = true;
        for (size_t i = 0; i < names.count && whole; i++)
            whole = cells[i].text != NULL || !read_records_needs(j->records, s, i);
        if (!whole) continue;
        read_record_shaped(j->records, s, line, cells);
        return true;
    }
    return false;
}

static void read_line(json_reader *j, size_t at, size_t end, size_t line)
{
    read_input *input = j->input;
    json_value root;
    if (read_alike(j, at, end, line) || blank(input->bytes + at, end - at)) return;
    json_outcome outcome = parse(j, input->bytes + at, end - at, &root);
    if (outcome == JSON_READ) {
        read_document(j, root, line);
    } else if (outcome == JSON_MALFORMED) {
        report_malformed(j, input->bytes + at, end - at, line);
        input->rejected++;
    }
}

static void read_line_alone(void *state, size_t line, size_t from, size_t to)
{
    read_line(state, from, to, line);
}

/* Whether a line looks like the one before it, and waits to be read with others. */
static bool waits(json_reader *j, size_t at, size_t end, size_t line)
{
    read_row row;
    if (j->records == NULL || end - at > RECORD_TEXT_LIMIT || j->input->room - end < JSON_PADDING ||
        !read_row_begin(j->records, end - at, read_line_alone, j, &row))
        return false;
    read_row mixed = row;
    if (!json_shape_put(&row, j->input->bytes + at, end - at)) {
        row = mixed;
        if (!json_shape_put_mixed(&row, j->input->bytes + at, end - at)) return false;
    }
    read_row_end(j->records, &row, line, at, end);
    return true;
}

/* Reads what waits, up to a place; false if no more is wanted, or memory ran out. */
static bool read_what_waits(json_reader *j, size_t at)
{
    const read_input *input = j->input;
    if (!read_records_waiting(j->records)) return true;
    read_waiting_records(j->records);
    return j->met_fhir || read_records_go_on(j->records, at < input->length ? at : input->length);
}

static void read_lines(json_reader *j, size_t at)
{
    read_input *input = j->input;
    size_t line = 1;
    for (size_t i = 0; i < at; i++) line += input->bytes[i] == '\n' ? 1 : 0;
    while (at < input->length && !input->store->arena.failed && !j->no_memory) {
        size_t end = line_end(input, at);
        bool waiting = waits(j, at, end, line);
        bool go_on = !waiting || read_records_full(j->records);
        if (!waiting) {
            if (!read_what_waits(j, at)) return;
            size_t rejected = input->rejected;
            read_line(j, at, end, line);
            if (input->rejected > rejected) read_keep_reject(input, at, end);
        }
        at = end + 1;
        line++;
        if (!go_on) continue;
        if (waiting) {
            if (!read_what_waits(j, at)) return;
        } else if (!j->met_fhir && j->records != NULL &&
                   !read_records_go_on(j->records, at < input->length ? at : input->length)) {
            return;
        }
    }
    read_what_waits(j, at);
}

static bool read_all(json_reader *j)
{
    read_input *input = j->input;
    size_t at = input->length >= 3 && memcmp(input->bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    if (has_lines(j, at)) {
        read_lines(j, at);
        return input->accepted > 0 || input->rejected == 0;
    }
    json_value root;
    read_fill(input, input->length); /* a document is read as a whole */
    json_outcome outcome = parse(j, input->bytes + at, input->length - at, &root);
    if (outcome == JSON_READ) read_document(j, root, 0);
    if (outcome == JSON_MALFORMED) {
        report_malformed(j, input->bytes + at, input->length - at, 1);
        input->rejected++;
    }
    if (input->rejected > 0) read_keep_reject(input, at, input->length);
    return outcome == JSON_READ && (input->accepted > 0 || input->rejected == 0);
}

bool read_json(read_input *input)
{
    json_reader *j = base_arena_alloc(&input->arena, sizeof *j);
    if (j == NULL) return false;
    j->input = input;
    j->fhir = (fhir_reader){.input = input, .store = input->store, .encounters = input->encounters};
    j->parser = json_parser_new();
    bool ready = j->parser != NULL && base_intern_init(&j->fhir.skipped, &input->arena);
    bool read = ready && read_all(j);
    read_records_end(j->records);
    if (j->parser == NULL || j->no_memory) input->store->arena.failed = true;
    json_parser_free(j->parser);
    return read;
}
