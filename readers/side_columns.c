/* The list of side_files.def as tables. */
#include "readers/side_columns.h"

const side_column side_columns[] = {
#define SIDE_FILE(kind, feed, record, about)
#define SIDE_COLUMN(kind, header, use, field, required) {SIDE_##kind, #header, USE_##use, LANG_FIELD_##field, required},
#include "readers/side_files.def"
#undef SIDE_FILE
#undef SIDE_COLUMN
};

const size_t SIDE_COLUMN_COUNT = sizeof side_columns / sizeof *side_columns;

const side_kind_info side_kinds[] = {
#define SIDE_FILE(kind, feed, record, about) {#kind, LANG_FEED_##feed, LANG_RECORD_##record},
#define SIDE_COLUMN(kind, header, use, field, required)
#include "readers/side_files.def"
#undef SIDE_FILE
#undef SIDE_COLUMN
};
