/* What the readers share: the input at hand, and the maps that join side files while they are read. */
#ifndef READ_ENCOUNTERS_H
#define READ_ENCOUNTERS_H

#include "base/csv.h"
#include "readers/name_index.h"
#include "readers/source.h"
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

/* What is known of a resource of FHIR that others refer to. Numbers of rows and references are one more than they are, 0
 * for none; names are symbols. */
typedef struct read_reference {
    bool read;
    uint32_t same_as; /* the reference of the same resource by its other name */
    uint32_t patient;
    uint32_t member; /* identifier of a Patient, else as its coverages agree */
    bool member_is_own, members_differ;
    uint32_t npi, taxonomy; /* of a provider */
    uint32_t practitioner;  /* of a PractitionerRole: a reference */
    uint32_t payer;         /* of an Organization, or a Coverage: a name */
    uint32_t payor;         /* of a Coverage: a reference */
    uint32_t product;       /* of a Coverage: a claim filing indicator */
    uint32_t claim;         /* of a Claim: its identifier */
    bool has_procedures;
    int64_t procedures; /* of a Claim: a list */
    uint32_t session;   /* of an Encounter */
} read_reference;

/* A value that waits for the resource that it comes from. */
typedef enum read_waiting {
    READ_WAITS_FOR_PROVIDER,
    READ_WAITS_FOR_TAXONOMY,
    READ_WAITS_FOR_PAYER,
    READ_WAITS_FOR_PRODUCT,
    READ_WAITS_FOR_SESSION,
    READ_WAITS_FOR_CLAIM, /* row: of the store's answers */
    READ_WAITS_FOR_PROCEDURES
} read_waiting;

typedef struct read_pending {
    read_waiting kind;
    lang_field field;
    uint32_t row, reference;
} read_pending;

/* What could not be read of one input, in its own format. */
typedef struct read_rejects {
    const char *name;
    base_text text;
} read_rejects;

/* What records of side files that are of one claim have in common: a replacement may have the identifier of the claim that it
 * replaces, and frequency and payer's number tell them apart. */
typedef struct read_claim_key {
    uint32_t patient;
    uint32_t claim, frequency, number; /* symbols; 0 for none */
    uint32_t judged;                   /* or known */
} read_claim_key;

typedef struct read_claim_slot {
    read_claim_key key;
    uint32_t row; /* of the claim, and one; 0 for a free slot */
} read_claim_slot;

/* What a row has one of: a claim its lines' numbers, a session members that attended it, a member numbers of authorizations. */
typedef struct read_pair {
    int64_t number;
    uint32_t row; /* and one; 0 for a free slot */
} read_pair;

typedef struct read_pairs {
    read_pair *slots; /* a table, a power of two */
    size_t room, count;
    size_t room_before; /* that the batch before needed: what this one begins with */
    size_t rows;        /* one more than the highest that has any */
    size_t spread;      /* how many slots are a row's, as a rule */
    lang_record record; /* of which there is one for each pair, as a rule */
} read_pairs;

/* Where batches go. */
typedef struct read_batches {
    size_t rows; /* about so many rows make one */
    adj_take take;
    void *state;
    bool stopped; /* the taker wants no more */
} read_batches;

typedef struct read_encounters {
    struct adj_encounters handle; /* first: the public handle is this */
    base_intern sessions;         /* session id -> session row, by id order */
    uint32_t session_before;      /* the id that was asked for last */
    BASE_ARRAY(uint32_t) session_rows;
    BASE_ARRAY(bool) session_defined;
    read_claim_slot *claim_slots; /* claims of side files by what they are known by: a table, a power of two */
    size_t claim_slot_count, joined_claims;
    size_t claim_slots_before;              /* of the batch before */
    read_pairs lines, attended, authorized; /* of side files, to notice a record that stands twice */
    BASE_ARRAY(read_claim_fact) claim_facts;
    BASE_ARRAY(read_column_name) column_names;
    base_intern payments; /* claim payments that a file of remittances names; their numbers */
    BASE_ARRAY(uint32_t) payment_numbers;
    base_intern references; /* names of resources of FHIR */
    BASE_ARRAY(read_reference) resources;
    BASE_ARRAY(read_pending) pending;
    uint64_t headers_written; /* kinds of CSV files that have begun, for what is written in pieces */
    const char *writing_as;   /* names the answers of this run apart from others' in what is written */
    uint64_t answers_before;  /* answers that were written before those at hand */
    bool keeps_rejects;
    bool singly;           /* records are read one by one, whatever they look like: to compare */
    unsigned threads;      /* that read; 0 and 1: the calling one alone */
    size_t block;          /* bytes that one of them takes at a time; 0 for the usual number */
    size_t blocks;         /* pieces of files that were read on threads of their own, or many records at a time */
    read_batches *batches; /* what is read is given on in batches; NULL where all of it stays */
    base_arena lasting;    /* what stays from batch to batch: rejects and column maps */
    BASE_ARRAY(read_rejects) rejects;
    size_t claim_count; /* claims read from claim files */
    size_t rejected_claims;
    size_t rejected_records; /* of any input */
} read_encounters;

/* What a file's claims are for: as its content says (claims are judged, a history is not); to be judged, whatever they
 * look like; or only to be known beside those that are. */
typedef enum read_role { READ_BY_CONTENT, READ_JUDGED, READ_BESIDE } read_role;

typedef struct read_input {
    read_role role;
    bool trusted; /* our own writing: codes are taken as they stand */
    read_encounters *encounters;
    run_store *store;
    const char *name;
    uint32_t name_symbol;
    base_arena arena; /* of this reading: what a reader keeps from record to record */
    const char *bytes;
    size_t length;
    size_t room;                   /* bytes that may be looked at from `bytes` on, at least `length` */
    size_t filled;                 /* bytes that are in memory; all, where `source` is NULL */
    read_source *source;           /* where more come from */
    size_t header_from, header_to; /* what its rejects begin with */
    size_t rejects;  /* place among the encounters' rejects, one more than it is; 0 while there are none */
    size_t given;    /* records, of all kinds, that went with earlier batches */
    size_t rejected; /* records of this input left out */
    size_t accepted;
} read_input;

/* Brings on at least `upto` bytes of the input where there are as many; what is there is input->filled. An input that turns
 * out shorter than it was ends there, and this is told. */
void read_fill(read_input *input, size_t upto);

/* Gives up bytes before a place, of which nobody holds pointers; not each time that it is told. */
static inline void read_give_up(read_input *input, size_t before)
{
    enum { OFTEN = 1 << 22 };
    if (input->source != NULL && before >= input->source->dropped + OFTEN) read_source_drop(input->source, before);
}

/* Goes on at a place further on: the bytes before it need not be brought on. */
void read_go_to(read_input *input, size_t at);

/* Brings back bytes that were given up. */
void read_again(read_input *input, size_t from, size_t to);

/* Whether what was read makes a batch: so many records, or lines of claims. */
static inline bool read_batch_is_full(const read_input *input)
{
    const read_batches *batches = input->encounters->batches;
    bool apart = batches != NULL && input->encounters->resources.count <= 1; /* FHIR resources refer to each other */
    if (!apart) return false;
    return input->accepted + input->rejected - input->given >= batches->rows ||
           input->store->counts[LANG_RECORD_line] >= batches->rows ||
           input->store->counts[LANG_RECORD_remittance] >= batches->rows;
}

/* How many records more may be read before a batch is full: at least one, where the last one did not fill it. */
static inline size_t read_batch_room(const read_input *input)
{
    const read_batches *batches = input->encounters->batches;
    if (batches == NULL) return SIZE_MAX;
    size_t most = input->accepted + input->rejected - input->given;
    if (input->store->counts[LANG_RECORD_line] > most) most = input->store->counts[LANG_RECORD_line];
    if (input->store->counts[LANG_RECORD_remittance] > most) most = input->store->counts[LANG_RECORD_remittance];
    return most < batches->rows ? batches->rows - most : 1;
}

/* Gives the rows that were read on and begins anew; `at` is where the input goes on. Rows, symbols and texts of the store are
 * gone afterwards. False if no more is wanted, or memory ran out. */
bool read_batch_end(read_input *input, size_t at);

/* Reads an X12 file: every interchange, group, transaction and claim in it. False if it holds none that can be read. */
bool read_x12(read_input *input);

/* Reads a side file; which, its header tells. False if the header fits none. */
bool read_side_file(read_input *input);

/* Reads JSON: one document, a list of records, or a record in each line. */
bool read_json(read_input *input);

/* Records whose columns are said with each of them: the side files of JSON. `said` is the kind that the record names, or
 * ""; `cells` may be rewritten by a column map. */
typedef struct read_record_reader read_record_reader;
read_record_reader *read_records_begin(read_input *input);
void read_records_end(read_record_reader *reader);
void read_record(read_record_reader *reader, size_t line, const char *said, size_t said_length, const csv_cell *names,
                 csv_cell *cells, size_t count);

/* Call after each record: gives a batch on where one is full. False if no more is wanted, or memory ran out. */
bool read_records_go_on(read_record_reader *reader, size_t at);

/* Names that records had before, the last ones first; whether records that have them can be read, and whether one of them may
 * not be left out. A record of such names is read without saying them again; a cell without a text is one that it lacks. */
typedef struct read_record_names {
    bool known;
    const char *said;
    const csv_cell *names;
    const read_name_index *index;
    size_t count;
} read_record_names;
size_t read_records_shapes(const read_record_reader *reader);
read_record_names read_records_shape(const read_record_reader *reader, size_t place);
bool read_records_needs(const read_record_reader *reader, size_t shape, size_t place);
void read_record_shaped(read_record_reader *reader, size_t shape, size_t line, csv_cell *cells);

/* Records that look like the last one may wait until many are read together. */
enum { READ_NEEDED = 1, READ_LACK_SPEAKS = 2, READ_WORDS_ARE_TEXT = 4 };

/* Where the cells of such a record go: one behind the other, a byte between them. There is room for a line and its cells. */
typedef struct read_row {
    const char *said;      /* the kind that the record names; "" for none */
    const csv_cell *names; /* of the cells, as they stand in a line: ,"name": */
    const csv_cell *plain_names;
    const read_name_index *index; /* of those */
    const uint8_t *
        what; /* of each: READ_NEEDED, where a record may not lack it; READ_LACK_SPEAKS, where to lack it is another thing than
                                an empty value; READ_WORDS_ARE_TEXT, where `none` and `unknown` are texts like others */
    size_t count;
    uint32_t *begins; /* of each cell, and one more */
    char *text;
    size_t used;
    bool special; /* set where the record is one that blocks do not read */
} read_row;

/* The row for a line of so many bytes, if records like the last one wait; `again` reads one from its line, where more is to be done. False
 * where the line is to be read alone, after those that wait. */
typedef void (*read_again_alone)(void *state, size_t line, size_t from, size_t to);
bool read_row_begin(read_record_reader *reader, size_t length, read_again_alone again, void *state, read_row *row);

/* Has the record of that row wait; its line stays in memory. */
void read_row_end(read_record_reader *reader, const read_row *row, size_t line, size_t from, size_t to);
bool read_records_full(const read_record_reader *reader);
bool read_records_waiting(const read_record_reader *reader);
void read_waiting_records(read_record_reader *reader);

/* The rest of a FHIR document, once all inputs are read: values are fetched from the resources that they refer to, and
 * patients known by two names become one. */
void read_resolve_references(read_encounters *encounters);

/* Reads what comes by another way than bytes: `read` gives the records. */
adj_status read_by(adj_encounters *encounters, const char *name, read_role role,
                   bool (*read)(read_input *input, const void *state), const void *state);

/* Reads records that this library wrote: codes are taken as they stand, and no line of them is judged. */
adj_status read_own_writing(adj_encounters *encounters, const char *name, const char *bytes, size_t length,
                            size_t room);

/* Keeps bytes of the input that could not be read, where rejects are kept; and what must stand before them there so that
 * they can be read again. Both as offsets from and to, `to` exclusive. */
void read_keep_header(read_input *input, size_t from, size_t to);
void read_keep_reject(read_input *input, size_t from, size_t to);

/* The text of the input's rejects, to add to; NULL where they are not kept. */
base_text *read_rejects_of(read_input *input);

/* The row of the claim that records of a key are of, made when new; RUN_NO_ROW when memory runs out. */
uint32_t read_joined_claim(read_encounters *encounters, read_claim_key key, bool *made);

/* Whether a row has that number already; if not, it has from now on. */
bool read_add_pair(read_encounters *encounters, read_pairs *pairs, uint32_t row, int64_t number);
bool read_has_pair(const read_pairs *pairs, uint32_t row, int64_t number);

/* By what a record of a side file that is in the store is known: an authorization by its member and its number, attendance by its
 * session and its member; NULL where it is known by nothing. */
read_pairs *read_known_by(read_encounters *encounters, lang_record record, uint32_t row, uint32_t *known,
                          int64_t *number);

/* Empty encounters of a schema, which outlives them; NULL when memory runs out. */
adj_encounters *read_encounters_like(const lang_schema *schema, const adj_allocator *allocator);

/* The maps that join what is read, empty. */
bool read_begin_maps(read_encounters *encounters);

/* The session row of an id, made when new. */
uint32_t read_session_row(read_encounters *encounters, const char *id, size_t length, size_t *index);

/* Text values: each false where the text is not one. */
bool read_thousandths(const char *text, size_t length, int64_t *value);
bool read_cents(const char *text, size_t length, int64_t *value);
bool read_whole(const char *text, size_t length, int64_t *value);
bool read_clock(const char *text, size_t length, int64_t *minutes);

#endif
