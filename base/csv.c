/* The CSV scanner. */
#include "base/csv.h"

#include <string.h>

void csv_init(csv_reader *reader, base_arena *arena, const char *bytes, size_t length)
{
    *reader = (csv_reader){.arena = arena, .bytes = bytes, .length = length, .separator = ',', .next_line = 1};
    if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) reader->at = 3;
}

static bool at_line_end(const csv_reader *reader)
{
    return reader->at >= reader->length || reader->bytes[reader->at] == '\n' || reader->bytes[reader->at] == '\r';
}

static void pass_line_end(csv_reader *reader)
{
    if (reader->at < reader->length && reader->bytes[reader->at] == '\r') reader->at++;
    if (reader->at < reader->length && reader->bytes[reader->at] == '\n') reader->at++;
    reader->next_line++;
}

static void trim(csv_cell *cell)
{
    while (cell->length > 0 && (cell->text[0] == ' ' || cell->text[0] == '\t')) {
        cell->text++;
        cell->length--;
    }
    while (cell->length > 0 && (cell->text[cell->length - 1] == ' ' || cell->text[cell->length - 1] == '\t'))
        cell->length--;
}

/* Reads a quoted cell; stands behind its closing quote afterwards. */
static bool quoted(csv_reader *reader, csv_cell *cell)
{
    size_t start = ++reader->at, used = 0;
    size_t end = start;
    while (end < reader->length &&
           !(reader->bytes[end] == '"' && !(end + 1 < reader->length && reader->bytes[end + 1] == '"'))) {
        end += reader->bytes[end] == '"' ? 2 : 1;
    }
    if (end >= reader->length) {
        reader->error = "a quoted cell is never closed";
        reader->error_column = cell->column;
        return false; /* only its own line is lost: skip_line ends it */
    }
    char *text = base_arena_alloc(reader->arena, end - start + 1);
    if (text == NULL) return false;
    for (; reader->at < end; reader->at++) {
        char byte = reader->bytes[reader->at];
        if (byte == '"') reader->at++;
        if (byte == '\n') reader->next_line++;
        text[used++] = byte;
    }
    reader->at = end + 1;
    *cell = (csv_cell){text, used, cell->column, false};
    return true;
}

static void skip_line(csv_reader *reader)
{
    while (!at_line_end(reader)) reader->at++;
}

static bool read_cell(csv_reader *reader, csv_cell *cell, size_t line_start)
{
    cell->column = reader->at - line_start + 1;
    if (reader->at < reader->length && reader->bytes[reader->at] == '"') {
        if (!quoted(reader, cell)) return false;
        if (at_line_end(reader) || reader->bytes[reader->at] == reader->separator) return true;
        reader->error = "text follows the closing quote of a cell";
        reader->error_column = reader->at - line_start + 1;
        return false;
    }
    size_t start = reader->at;
    while (!at_line_end(reader) && reader->bytes[reader->at] != reader->separator) reader->at++;
    *cell = (csv_cell){reader->bytes + start, reader->at - start, cell->column, false};
    trim(cell);
    return true;
}

bool csv_next(csv_reader *reader, csv_cell *cells, size_t *count)
{
    reader->error = NULL;
    *count = 0;
    while (reader->at < reader->length && at_line_end(reader)) pass_line_end(reader);
    if (reader->at >= reader->length) return false;
    reader->line = reader->next_line;
    size_t line_start = reader->at;
    reader->line_start = line_start;
    for (;;) {
        if (*count == CSV_COLUMN_LIMIT) {
            reader->error = "a record has more than 128 cells";
            reader->error_column = reader->at - line_start + 1;
        }
        if (reader->error != NULL || !read_cell(reader, &cells[*count], line_start)) {
            if (reader->error == NULL) reader->error = "memory ran out";
            skip_line(reader);
            *count = 0;
            break;
        }
        (*count)++;
        if (at_line_end(reader)) break;
        reader->at++; /* the separator */
    }
    pass_line_end(reader);
    return true;
}
