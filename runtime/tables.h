/* What is asked of tables beside their rows (tables.c). */
#ifndef RUN_TABLES_H
#define RUN_TABLES_H

#include "runtime/context.h"

/* The file that all rows of a table are of, at most one of which is found, and whose missing rows are surely missing; NULL for none. */
const lang_bulk *run_table_of_file(const run_context *context, uint32_t table);

/* The numbers that this file has for the codes or texts of an input, and one, by store id: 0 for those that it does not have. NULL for
 * numbers and dates, which are kept as they are. */
const uint32_t *run_ids_of_file(const run_context *context, uint32_t table, size_t input);

#endif
