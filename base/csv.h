/* CSV as RFC 4180 has it, or with tabs for commas: quoted cells, doubled quotes, any line ends, a BOM; each cell knows its line and column. */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/arena.h"
#include "base/scan.h"

enum { CSV_COLUMN_LIMIT = 128 };

typedef struct csv_cell {
    const char *text; /* unquoted and trimmed of blanks around it */
    size_t length;
    size_t column; /* byte within the line, from 1 */
    bool literal;  /* a text of JSON, which has other words for what is missing */
} csv_cell;

typedef struct csv_reader {
    base_arena *arena; /* cells with doubled quotes */
    const char *bytes;
    size_t length;
    size_t filled; /* so many of them are there; base_csv_window says where more come from */
    size_t (*more)(void *state, size_t upto);
    void *state;
    base_scan scan;
    char separator; /* a comma, unless the caller says otherwise before the first record */
    size_t at;
    size_t line;       /* of the record just read */
    size_t line_start; /* where it begins; it ends at `at` */
    size_t next_line;
    const char *error; /* why the last record is malformed, else NULL */
    size_t error_column;
    bool unquoted; /* the arena was needed for the last record */
} csv_reader;

void base_csv_init(csv_reader *reader, base_arena *arena, const char *bytes, size_t length);

/* Only `filled` bytes are there; `more` brings on as many as it is asked for, or all there are, and says how many there are. */
void base_csv_window(csv_reader *reader, size_t filled, size_t (*more)(void *state, size_t upto), void *state);

/* The next record that is not blank; false at the end. A malformed one sets `error` and gives no cells. */
bool base_csv_next(csv_reader *reader, csv_cell *cells, size_t *count);

/* Brings on bytes up to a place; false if none came. */
bool base_csv_fill(csv_reader *reader, size_t upto);

/* Records that stand in memory as they are read: a line for each, no quotes, nothing to trim. */
enum { CSV_ROWS = 64, CSV_ROWS_ROOM = 16 };

typedef struct csv_rows {
    size_t width;     /* cells of each */
    size_t count;     /* rows; up to CSV_ROWS */
    size_t line;      /* of the first */
    const char *text; /* where it begins; CSV_ROWS_ROOM bytes may be looked at from the beginning of each cell on */
    uint32_t *begins; /* of each cell, row after row, and behind the last; the byte before ends the cell before */
} csv_rows;

/* Makes room for rows of so many cells; false when memory runs out. */
bool base_csv_rows_init(csv_rows *rows, base_arena *arena, size_t width);

/* The next records as far as they are plain, at most so many, and leaves them behind; count is 0 where the next is for
 * base_csv_next. */
void base_csv_next_rows(csv_reader *reader, csv_rows *rows, size_t most);

/* Where a cell of a row ends. */
static inline size_t base_csv_row_end(const csv_rows *rows, size_t cell, bool last)
{
    size_t end = rows->begins[cell + 1] - 1U;
    return end - (last && end > rows->begins[cell] && rows->text[end - 1] == '\r' ? 1 : 0);
}

#endif
