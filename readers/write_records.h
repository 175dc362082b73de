/* Encounters as records of our own layout: what the store keeps and `adjudge generate` writes. */
#ifndef READ_WRITE_RECORDS_H
#define READ_WRITE_RECORDS_H

#include "readers/encounters.h"

typedef struct read_written {
    const char *kind;                           /* as in docs/formats.md: history, sessions, ... or a site's record */
    const char *key;                            /* what tells it from others of its kind */
    const char *member, *session, *claim, *day; /* what it can be found by; "" for none */
    const char *json;                           /* the record, without a line end */
} read_written;

/* Gives every row that was read, before it is joined with others, as a record that the reader of NDJSON reads back to the
 * same row. False when memory runs out or the sink says so. The texts live for the call. */
bool read_write_records(read_encounters *encounters, bool (*sink)(void *state, const read_written *record),
                        void *state);

#endif
