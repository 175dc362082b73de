/* Records of JSON that look like the ones before them: the same names in the same order, some left out. Such a line is taken
 * apart by comparing it with what is expected; what looks otherwise in any way is left to the JSON library. */
#ifndef READ_JSON_SHAPE_H
#define READ_JSON_SHAPE_H

#include "readers/encounters.h"

/* Takes a line apart as a record with these names: cells[i] is the value of names[i], without a text where the record lacks
 * it. Lists are put together in `room`, of `size` bytes. False where the line is anything else, or not JSON for certain. */
bool json_shape_read(const read_record_names *names, const char *line, size_t length, char *room, size_t size,
                     csv_cell *cells);

/* The same, with the cells put into a row. False where the line is anything else, or lacks what it needs; what the row holds then means
 * nothing. The bytes behind the line must be readable up to JSON_PADDING. */
bool json_shape_put(read_row *row, const char *line, size_t length);

/* Both of a line that has its names in another order. */
bool json_shape_read_mixed(const read_record_names *names, const char *line, size_t length, char *room, size_t size,
                           csv_cell *cells);
bool json_shape_put_mixed(read_row *row, const char *line, size_t length);

#endif
