/* What the files of the reader of side files share: the columns of a record, its cells as they were read, and their store. */
#ifndef READ_SIDE_READER_H
#define READ_SIDE_READER_H

#include "base/short_text.h"
#include "readers/name_index.h"
#include "readers/side_columns.h"

enum {
    SIDE_REFUSED = 255,
    SIDE_LIST_LIMIT = 64,
    SIDE_LATELY_BITS = 6,
    SIDE_LATELY = 1 << SIDE_LATELY_BITS,
    SIDE_NOWHERE = -1
};

/* A short text that a column held lately, and what it was read as. */
typedef struct side_lately {
    base_short_text text;
    int64_t bits;
    uint64_t tag; /* the batch, whether it is a text of JSON, its length; 0 for none */
    uint8_t state;
} side_lately;

/* One cell, read but not yet stored. */
typedef struct side_value {
    const csv_cell *cell;
    int64_t bits;
    uint8_t state;
} side_value;

/* A column of the file at hand, and what is asked of it for every record. */
typedef struct side_place {
    const side_column *column; /* NULL for one that is not known */
    const char *theirs;        /* what a column map renames; NULL for others */
    lang_type type;
    lang_record record;
    bool field, text, modifiers;
    bool lasting;        /* what its texts are read as is the same in every batch */
    side_lately *lately; /* SIDE_LATELY of them; NULL where texts hardly come again */
} side_place;

/* Whether a record may not lack it: what a column map speaks of says something even where it is missing. */
static inline bool side_needs(const side_place *place)
{
    return place->theirs != NULL || (place->column != NULL && place->column->required != 0);
}

/* The columns that records have, in their order: of a CSV file its header, of JSON the names in a record. */
typedef struct side_shape {
    side_kind kind;
    const lang_site_name *site; /* of a record that the policies declare; NULL for a standard file */
    lang_record record;
    bool known;    /* they are those of some kind */
    bool judged;   /* a file of lines that are to be judged, and not of the history */
    char said[40]; /* the kind that a record of JSON names; "" for none */
    bool mapped;   /* a column map speaks of one of them */
    size_t width;
    uint8_t empty[CSV_COLUMN_LIMIT]; /* the state that an empty cell says, or SIDE_REFUSED */
    side_place places[CSV_COLUMN_LIMIT];
    int8_t use[USE_COUNT];                        /* the place of a use; SIDE_NOWHERE for none */
    int8_t line_number, frequency, authorization; /* and of these fields */
    base_arena *arena;                            /* of what it takes */
    csv_cell names[CSV_COLUMN_LIMIT];             /* of JSON */
    read_name_index index;                        /* of those */
    struct side_block *block;                     /* of JSON: records that are put together; NULL before the first */
    bool apart;                                   /* they are not */
} side_shape;

typedef struct side_block side_block;

typedef struct side_reader {
    read_input *input;
    run_store *store;
    csv_reader csv;
    base_arena scratch; /* of the record at hand */
    size_t line;        /* of the record at hand */
    uint32_t batch;     /* how many were given on */
    int64_t submitted;  /* the word of line_status */
    side_shape *shape;
    side_value values[CSV_COLUMN_LIMIT];
    uint8_t told[CSV_COLUMN_LIMIT]; /* the places whose cells are not unknown, in their order */
    size_t told_count;
    uint32_t *rows;    /* by record: where its fields go */
    side_block *block; /* of records that are read together; NULL where none are */
    void (*wait)(
        struct side_reader *); /* notes `rows` for fields that are stored later; NULL: they are stored at once */
} side_reader;

void side_problem(side_reader *reader, adj_severity severity, const char *code, size_t column, const char *message);
const char *side_kind_name(const side_reader *reader);
bool side_same(const csv_cell *cell, const char *word);

/* The tag of a text: symbols, and lists of them, are those of the batch at hand; dates and numbers are the same in all. */
static inline uint64_t side_lately_tag(const side_reader *reader, const side_place *place, size_t length, bool literal)
{
    return (uint64_t)(place->lasting ? 1 : reader->batch + 1) << 32 | (literal ? 0x100U : 0) | length;
}

/* Where a column keeps a text. */
static inline side_lately *side_lately_at(const side_place *place, base_short_text text, uint64_t tag)
{
    return &place
                ->lately[(text.first ^ text.last * 31 ^ tag) * UINT64_C(0x9E3779B97F4A7C15) >> (64 - SIDE_LATELY_BITS)];
}

static inline bool side_lately_is(const side_lately *lately, base_short_text text, uint64_t tag)
{
    return lately->text.first == text.first && lately->text.last == text.last && lately->tag == tag;
}

/* Reads a cell that holds something, from what was read lately if it can be. */
bool side_read_value(side_reader *reader, const side_place *place, side_value *value);

/* Reads the cells of a record; false, with a problem noted, if any cannot be read. */
bool side_read_cells(side_reader *reader, const csv_cell *cells, size_t count);

/* Stores the record that was read; false if it contradicts itself. */
bool side_store(side_reader *reader);

/* What a line has once its fields are stored. */
void side_finish_line(side_reader *reader, uint32_t row);

/* Reads and stores one record, and counts it. */
void side_read_record(side_reader *reader, csv_cell *cells, size_t count);

/* Counts a record: stored, or left out, which leaves a hole. */
void side_count_record(side_reader *reader, bool stored);

/* Makes room for reading many records at a time, where such columns allow it; false when memory runs out. */
bool side_blocks_begin(side_reader *reader);

/* Reads the next records as far as they can be read together; false if there are none of them. */
bool side_read_block(side_reader *reader, csv_cell *cells);

/* The same for records of JSON of one shape, which are put together first. False where they are not, or memory runs out; `again` reads one
 * of them from its line, where more is to be done. */
bool side_together_begin(side_reader *reader, side_shape *shape, read_again_alone again, void *state);

/* The row of the next of them, whose line has so many bytes; false where it is to be read alone, after those that wait. */
bool side_together_row(side_reader *reader, side_shape *shape, size_t length, read_row *row);
void side_together_add(side_shape *shape, const read_row *row, size_t line, size_t from, size_t to);
size_t side_together_count(const side_shape *shape);
bool side_together_full(const side_shape *shape);

/* Reads those that wait. */
void side_together_read(side_reader *reader, side_shape *shape);

/* What a cell of the column must hold, for messages. */
const char *side_expected(side_reader *reader, const side_column *column);

#endif
