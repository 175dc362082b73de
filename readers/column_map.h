/* Other people's column names, values and dates, as a file says what they mean. */
#ifndef READ_COLUMN_MAP_H
#define READ_COLUMN_MAP_H

#include "base/csv.h"
#include "readers/encounters.h"

/* Whether a file with these column names is a column map: it has `header` and `column`. */
bool read_is_column_map(const csv_cell *cells, size_t count);

/* Reads the rows of a column map, whose header was just read. A row that says nothing is reported and left out. */
bool read_column_map(read_input *input, csv_reader *csv, csv_cell *cells, size_t count);

/* Puts our names in place of theirs in the header of a side file; `theirs[i]` is then their name, NULL where not mapped. */
void read_map_header(read_encounters *encounters, csv_cell *cells, size_t count, const char **theirs);

/* Puts what a value of theirs means in its place. */
void read_map_cell(const read_encounters *encounters, base_arena *arena, const char *theirs, csv_cell *cell);

/* Tells of headers that no file had, once all is read. */
void read_report_unused_maps(read_encounters *encounters);

/* Whether a record with this cell, under a header that the map speaks of, is none of ours. */
bool read_map_leaves_out(const read_encounters *encounters, const char *theirs, const csv_cell *cell);

#endif
