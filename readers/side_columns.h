/* The kinds of side files and their columns, from side_files.def: what the reader reads and the writer writes. */
#ifndef READ_SIDE_COLUMNS_H
#define READ_SIDE_COLUMNS_H

#include "readers/encounters.h"

typedef enum cell_use {
    USE_FIELD,
    USE_MEMBER,
    USE_COVERED_MEMBER,
    USE_CLAIM,
    USE_SESSION,
    USE_AUTHORIZATION,
    USE_PAYER_NUMBER,
    USE_COMPLETENESS,
    USE_DAY,
    USE_FROM_DATE,
    USE_TO_DATE,
    USE_FROM_TIME,
    USE_TO_TIME,
    USE_FACT_CLAIM,
    USE_FACT_PROGRAM,
    USE_FACT_RECEIVED,
    USE_REMITTED_CLAIM,
    USE_REMITTED_LINE,
    USE_PAYER_ID,
    USE_PAYER_NAME,
    USE_SOURCE,
    USE_REMITTED_MATCH,
    USE_REMITTED_CONTROL,
    USE_REMITTED_PROCEDURE,
    USE_REMITTED_CHARGE,
    USE_REMITTED_DAY,
    USE_REMITTED_REVERSAL,
    USE_REMITTED_PAYMENT,
    USE_CODE_SYSTEM,
    USE_CODE,
    USE_COUNT
} cell_use;

typedef enum side_kind {
#define SIDE_FILE(kind, feed, record, about) SIDE_##kind,
#define SIDE_COLUMN(kind, header, use, field, required)
#include "readers/side_files.def"
#undef SIDE_FILE
#undef SIDE_COLUMN
    SIDE_COUNT
} side_kind;

typedef struct side_column {
    side_kind kind;
    const char *header;
    cell_use use;
    lang_field field;
    int required; /* 1: every record has it; 2: the file has the column, a record may leave it empty; 0: neither */
} side_column;

typedef struct side_kind_info {
    const char *name;
    lang_feed feed;
    lang_record record;
} side_kind_info;

extern const side_column side_columns[];
extern const size_t SIDE_COLUMN_COUNT;
extern const side_kind_info side_kinds[];

#endif
