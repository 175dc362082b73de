/* The CSV scanner: from separator to separator, 64 bytes at a time. */
#include "base/csv.h"

#include <string.h>

enum { AHEAD = 1 << 16 };

void base_csv_init(csv_reader *reader, base_arena *arena, const char *bytes, size_t length)
{
    *reader = (csv_reader){
        .arena = arena, .bytes = bytes, .length = length, .filled = length, .separator = ',', .next_line = 1};
    if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) reader->at = 3;
}

void base_csv_window(csv_reader *reader, size_t filled, size_t (*more)(void *state, size_t upto), void *state)
{
    reader->filled = filled;
    reader->more = more;
    reader->state = state;
}

/* Brings on bytes up to a place; false if none came. */
bool base_csv_fill(csv_reader *reader, size_t upto)
{
    if (reader->filled >= upto || reader->filled == reader->length || reader->more == NULL) return false;
    size_t before = reader->filled;
    reader->filled = reader->more(reader->state, upto);
    if (reader->filled < upto && reader->filled < reader->length) reader->length = reader->filled;
    base_scan_grow(&reader->scan, reader->filled);
    return reader->filled > before;
}

static bool at_line_end(const csv_reader *reader)
{
    return reader->at >= reader->filled || reader->bytes[reader->at] == '\n' || reader->bytes[reader->at] == '\r';
}

static void pass_line_end(csv_reader *reader)
{
    if (reader->at < reader->filled && reader->bytes[reader->at] == '\r') reader->at++;
    if (reader->at == reader->filled) base_csv_fill(reader, reader->at + AHEAD);
    if (reader->at < reader->filled && reader->bytes[reader->at] == '\n') reader->at++;
    reader->next_line++;
}

static bool blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static csv_cell plain_cell(const char *text, size_t length, size_t column)
{
    if (length == 0) return (csv_cell){text, 0, column, false};
    while (length > 0 && blank(text[0])) {
        text++;
        length--;
    }
    while (length > 0 && blank(text[length - 1])) length--;
    return (csv_cell){text, length, column, false};
}

/* Takes the doubled quotes out of a cell. */
static bool undouble(csv_reader *reader, csv_cell *cell, size_t from, size_t to)
{
    char *text = base_arena_alloc(reader->arena, to - from + 1);
    size_t used = 0;
    if (text == NULL) return false;
    reader->unquoted = true;
    for (size_t i = from; i < to; i++) {
        text[used++] = reader->bytes[i];
        if (reader->bytes[i] == '"') i++;
    }
    cell->text = text;
    cell->length = used;
    return true;
}

/* Reads a quoted cell; stands behind its closing quote afterwards. */
static bool quoted(csv_reader *reader, csv_cell *cell)
{
    size_t start = ++reader->at, end = start, doubled = 0, lines = 0;
    for (;;) {
        const char *quote = end < reader->filled ? memchr(reader->bytes + end, '"', reader->filled - end) : NULL;
        size_t at = quote == NULL ? reader->filled : (size_t)(quote - reader->bytes);
        if (at + 1 >= reader->filled && base_csv_fill(reader, at + 2 + (at - start))) continue;
        for (size_t i = end; i < at; i++) lines += reader->bytes[i] == '\n';
        end = at;
        if (quote == NULL) break;
        if (at + 1 >= reader->filled || reader->bytes[at + 1] != '"') break;
        doubled++;
        end = at + 2;
    }
    if (end >= reader->filled) {
        reader->error = "a quoted cell is never closed";
        reader->error_column = cell->column;
        return false; /* only its own line is lost: skip_line ends it */
    }
    *cell = (csv_cell){reader->bytes + start, end - start, cell->column, false};
    if (doubled > 0 && !undouble(reader, cell, start, end)) return false;
    reader->next_line += lines;
    reader->at = end + 1;
    return true;
}

static void skip_line(csv_reader *reader)
{
    while (!at_line_end(reader) || (reader->at == reader->filled && base_csv_fill(reader, reader->at + AHEAD))) {
        if (!at_line_end(reader)) reader->at++;
    }
}

/* Reads a cell that begins with a quote; false if it, or what follows it, is wrong. */
static bool read_quoted(csv_reader *reader, csv_cell *cell)
{
    cell->column = reader->at - reader->line_start + 1;
    if (!quoted(reader, cell)) return false;
    if (reader->at == reader->filled) base_csv_fill(reader, reader->at + AHEAD);
    if (at_line_end(reader) || reader->bytes[reader->at] == reader->separator) return true;
    reader->error = "text follows the closing quote of a cell";
    reader->error_column = reader->at - reader->line_start + 1;
    return false;
}

static bool too_many(csv_reader *reader)
{
    reader->error = "a record has more than 128 cells";
    reader->error_column = reader->at - reader->line_start + 1;
    return false;
}

/* Reads plain cells from reader->at on, up to one that begins with a quote, or the line's end; stands there afterwards.
 * False where there are too many, or the line goes on behind what is there. */
static bool read_plain(csv_reader *reader, csv_cell *cells, size_t *count, bool *cut)
{
    base_scan *scan = &reader->scan;
    const char *bytes = reader->bytes;
    size_t start = reader->at;
    if (start < scan->length) base_scan_seek(scan, start);
    uint64_t ahead = start < scan->length ? UINT64_MAX << (start - scan->block) : 0;
    while (start < scan->length) {
        uint64_t others = scan->bits.others & ahead, separators = scan->bits.separators & ahead;
        size_t other = scan->block + (others == 0 ? 0 : (size_t)__builtin_ctzll(others));
        if (others != 0) separators &= (others & -others) - 1;
        for (; separators != 0; separators &= separators - 1) {
            size_t at = scan->block + (size_t)__builtin_ctzll(separators);
            if (*count == CSV_COLUMN_LIMIT) return too_many(reader);
            cells[(*count)++] = plain_cell(bytes + start, at - start, start - reader->line_start + 1);
            start = reader->at = at + 1;
        }
        if (others == 0) {
            if (!base_scan_advance(scan)) break;
            ahead = UINT64_MAX;
        } else if (bytes[other] != '"') {
            if (*count == CSV_COLUMN_LIMIT) return too_many(reader);
            cells[(*count)++] = plain_cell(bytes + start, other - start, start - reader->line_start + 1);
            reader->at = other;
            return true;
        } else if (other == start) {
            return true; /* a quoted cell */
        } else {
            ahead = other - scan->block == BASE_SCAN_BLOCK - 1 ? 0 : UINT64_MAX << (other - scan->block + 1);
            if (ahead == 0 && !base_scan_advance(scan)) break;
            if (ahead == 0) ahead = UINT64_MAX;
        }
    }
    *cut = reader->filled < reader->length;
    if (*cut) return false;
    if (*count == CSV_COLUMN_LIMIT) return too_many(reader);
    cells[(*count)++] = plain_cell(bytes + start, reader->filled - start, start - reader->line_start + 1);
    reader->at = reader->filled;
    return true;
}

/* Reads the cells of the record that begins at line_start; false, with an error, if it is malformed. `cut` says that more
 * must be brought on before it can be read. */
static bool read_record(csv_reader *reader, csv_cell *cells, size_t *count, bool *cut)
{
    for (;;) {
        if (reader->at < reader->filled && reader->bytes[reader->at] == '"') {
            if (*count == CSV_COLUMN_LIMIT) return too_many(reader);
            if (!read_quoted(reader, &cells[*count])) return false;
            (*count)++;
        } else {
            if (!read_plain(reader, cells, count, cut)) return false;
            if (reader->at < reader->filled && reader->bytes[reader->at] == '"') continue;
        }
        if (at_line_end(reader)) return true;
        reader->at++; /* the separator behind a quoted cell */
    }
}

bool base_csv_next(csv_reader *reader, csv_cell *cells, size_t *count)
{
    if (reader->scan.bytes == NULL) {
        const char wanted[4] = {reader->separator, '\n', '\r', '"'};
        base_scan_begin(&reader->scan, reader->bytes, reader->filled, wanted);
    }
    reader->error = NULL;
    reader->unquoted = false;
    do {
        while (reader->at < reader->filled && at_line_end(reader)) pass_line_end(reader);
    } while (reader->at == reader->filled && base_csv_fill(reader, reader->at + AHEAD));
    *count = 0;
    if (reader->at >= reader->filled) return false;
    base_csv_fill(reader, reader->at + AHEAD);
    reader->line = reader->next_line;
    reader->line_start = reader->at;
    bool cut = false;
    while (!read_record(reader, cells, count, &cut)) {
        size_t seen = reader->filled - reader->line_start;
        if (cut && reader->error == NULL) {
            base_csv_fill(reader, reader->filled + (seen > AHEAD ? seen : AHEAD));
            reader->at = reader->line_start; /* once more, with more of it */
            reader->next_line = reader->line;
            *count = 0;
            cut = false;
            continue;
        }
        if (reader->error == NULL) reader->error = "memory ran out";
        skip_line(reader);
        *count = 0;
        break;
    }
    pass_line_end(reader);
    return true;
}
