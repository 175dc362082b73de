/* Which rows of a written table may hold for a value, by the one input whose cells tell rows apart best. The checker finds rows with
 * it that hold for the same input, and a run those that hold for a line: neither looks at all rows for it. */
#ifndef LANG_ROW_INDEX_H
#define LANG_ROW_INDEX_H

#include "lang/ast.h"

typedef struct lang_row_index lang_row_index;

/* The index of a table whose cells are checked; NULL where it has few rows, where no input tells them apart, and when memory
 * runs out. */
const lang_row_index *lang_row_index_new(base_arena *arena, const lang_table *table);

/* The input that is asked for. */
size_t lang_row_index_input(const lang_row_index *index);

/* Into how many stretches the cells of that input divide its values. */
size_t lang_row_index_spread(const lang_row_index *index);

/* The rows, the first below the header being 0, whose cell may hold a value: all that hold it, and some that do not, in any order and
 * some of them twice. Says how many, and writes up to `room` of them; above `room` there are more. A text of NULL has no spelling that
 * a cell could hold. */
size_t lang_row_index_number(const lang_row_index *index, int64_t number, uint32_t *rows, size_t room);
size_t lang_row_index_text(const lang_row_index *index, const char *text, uint32_t *rows, size_t room);

/* Likewise, those whose cell may hold something that the cell of a row holds, itself among them. */
size_t lang_row_index_beside(const lang_row_index *index, const lang_table *table, size_t row, uint32_t *rows,
                             size_t room);

#endif
