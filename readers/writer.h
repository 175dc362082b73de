/* What the writers of formats share: where bytes go, and texts that may hold a delimiter. */
#ifndef READ_WRITER_H
#define READ_WRITER_H

#include "readers/encounters.h"

/* What stands for names and cities, which encounters do not hold, where a format asks for some. */
#define FORMAT_NO_NAME "NOT GIVEN"

typedef struct format_writer {
    adj_write write;
    void *state;
    const char *file; /* the name that is given to `write` */
    base_arena arena; /* of the buffer */
    base_text buffer;
    bool failed;     /* the sink refused, or memory ran out */
    size_t left_out; /* records that the format cannot hold */
    size_t not_said; /* values whose being unknown the format cannot say */
} format_writer;

void format_begin(format_writer *writer, const run_store *store, adj_write write, void *state, const char *file);
void format_put(format_writer *writer, const char *format, ...) BASE_PRINTF(2, 3);

/* Gives on what was put, when it is much, or at the end. */
void format_flush(format_writer *writer, bool all);
void format_end(format_writer *writer);

/* Professional claims that are to be judged, as an 837P (005010X222A1). */
bool format_write_837(const read_encounters *encounters, adj_write write, void *state, const char *file,
                      adj_written *written);

/* Answers of payers, as an 835 (005010X221A1). */
bool format_write_835(const read_encounters *encounters, adj_write write, void *state, const char *file,
                      adj_written *written);

/* All that was read as records of our own layout: NDJSON in one file, or CSV, a file for each kind. `judged` writes only the
 * lines that are to be judged; otherwise all but those. */
bool format_write_records(read_encounters *encounters, bool csv, bool judged, adj_write write, void *state,
                          const char *file, adj_written *written);

#endif
