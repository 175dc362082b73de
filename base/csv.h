/* CSV as RFC 4180 has it, or with tabs for commas: quoted cells, doubled quotes, any line ends, a BOM; each cell knows its line and column. */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/arena.h"

enum { CSV_COLUMN_LIMIT = 128 };

typedef struct csv_cell {
    const char *text; /* unquoted and trimmed of blanks around it */
    size_t length;
    size_t column; /* byte within the line, from 1 */
    bool literal;  /* a text of JSON, which has other words for what is missing */
} csv_cell;

typedef struct csv_reader {
    base_arena *arena; /* unquoted cells */
    const char *bytes;
    size_t length;
    char separator; /* a comma, unless the caller says otherwise */
    size_t at;
    size_t line;       /* of the record just read */
    size_t line_start; /* where it begins; it ends at `at` */
    size_t next_line;
    const char *error; /* why the last record is malformed, else NULL */
    size_t error_column;
} csv_reader;

void csv_init(csv_reader *reader, base_arena *arena, const char *bytes, size_t length);

/* The next record that is not blank; false at the end. A malformed one sets `error` and gives no cells. */
bool csv_next(csv_reader *reader, csv_cell *cells, size_t *count);

#endif
