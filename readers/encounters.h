/* What the readers share: the input at hand, and the maps that join side files while they are read. */
#ifndef READ_ENCOUNTERS_H
#define READ_ENCOUNTERS_H

#include "runtime/handles.h"

/* A value of a site's field that a claims file gives. */
typedef struct read_site_value {
    lang_field field;
    uint8_t state;
    int64_t bits;
} read_site_value;

/* A fact about a claim that came beside it (claims.csv); applied when all is read. */
typedef struct read_claim_fact {
    BASE_ARRAY(read_site_value) values;
    uint32_t claim_id; /* symbol */
    int64_t program;   /* -1 for unknown */
    bool received_given;
    base_date received;
} read_claim_fact;

/* A row of a column map. */
typedef struct read_column_name {
    const char *file;
    size_t line;
    const char *header, *column; /* theirs and ours */
    const char *value, *means;   /* "" for none */
    bool used;
} read_column_name;

typedef struct read_encounters {
    struct adj_encounters handle; /* first: the public handle is this */
    base_intern sessions;         /* session id -> session row, by id order */
    BASE_ARRAY(uint32_t) session_rows;
    BASE_ARRAY(bool) session_defined;
    base_intern history_claims; /* member and claim -> claim row */
    BASE_ARRAY(uint32_t) history_claim_rows;
    base_intern records; /* keys of side-file records, to notice one that stands twice */
    BASE_ARRAY(read_claim_fact) claim_facts;
    BASE_ARRAY(read_column_name) column_names;
    size_t claim_count; /* claims read from claim files */
    size_t rejected_claims;
    size_t rejected_records; /* of any input */
} read_encounters;

typedef struct read_input {
    read_encounters *encounters;
    run_store *store;
    const char *name;
    uint32_t name_symbol;
    const char *bytes;
    size_t length;
    size_t rejected; /* records of this input left out */
    size_t accepted;
} read_input;

/* Reads an X12 file: every interchange, group, transaction and claim in it. False if it holds none that can be read. */
bool read_x12(read_input *input);

/* Reads a side file; which, its header tells. False if the header fits none. */
bool read_side_file(read_input *input);

/* The session row of an id, made when new. */
uint32_t read_session_row(read_encounters *encounters, const char *id, size_t length, size_t *index);

/* Text values: each false where the text is not one. */
bool read_thousandths(const char *text, size_t length, int64_t *value);
bool read_cents(const char *text, size_t length, int64_t *value);
bool read_whole(const char *text, size_t length, int64_t *value);
bool read_clock(const char *text, size_t length, int64_t *minutes);

#endif
