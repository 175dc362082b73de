/* Encounters as records of our own layout: what the store keeps and `adjudge generate` writes. */
#ifndef READ_WRITE_RECORDS_H
#define READ_WRITE_RECORDS_H

#include "readers/encounters.h"

typedef enum read_written_kind {
    WRITTEN_NONE,
    WRITTEN_NULL,
    WRITTEN_TEXT,
    WRITTEN_WHOLE,
    WRITTEN_TRUTH,
    WRITTEN_LIST
} read_written_kind;

/* A value under its name: a text, which an amount is too, a whole number, yes or no, or a list of codes. */
typedef struct read_written_value {
    const char *name;
    read_written_kind kind;
    const char *text;
    int64_t number;
    const uint32_t *codes; /* symbols */
    size_t count;
} read_written_value;

enum { READ_WRITTEN_LIMIT = 96 };

typedef struct read_written {
    const char *kind;                           /* as in docs/formats.md: history, sessions, ... or a site's record */
    const char *key;                            /* what tells it from others of its kind */
    const char *member, *session, *claim, *day; /* what it can be found by; "" for none */
    size_t count;
    read_written_value values[READ_WRITTEN_LIMIT];
} read_written;

/* The value under a name; NULL where the record has none. */
const read_written_value *read_written_find(const read_written *record, const char *name);

/* The record as JSON on one line, without a line end; to be given to free(). NULL when memory runs out. */
char *read_written_json(const run_store *store, const read_written *record);

/* Gives every row that was read, before it is joined with others, as a record that the reader of NDJSON reads back to the
 * same row. False when memory runs out or the sink says so. The texts live for the call. */
bool read_write_records(read_encounters *encounters, bool (*sink)(void *state, const read_written *record),
                        void *state);

#endif
