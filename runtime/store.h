/* The encounter store: one table of columns for each record of the schema, filled by readers, read by evaluators.
 *
 * Every column keeps a value and a state for each row: present, absent (we know there is none) or unknown (no one
 * told us). Codes and texts are interned once, here. Rows are never removed; a row refers to another by its number. */
#ifndef RUN_STORE_H
#define RUN_STORE_H

#include "adjudge.h"
#include "base/date.h"
#include "base/intern.h"
#include "lang/schema.h"

#include <assert.h>

typedef enum run_state { RUN_UNKNOWN, RUN_ABSENT, RUN_PRESENT } run_state;

/* Values are read and written by run_column_bits and run_column_put, or, by who looks at the width once for many rows, where they lie. */
typedef struct run_column {
    void *values;    /* int32_t each where the column is narrow, else int64_t */
    uint8_t *states; /* with RUN_STATES_BEYOND bytes of room behind the last */
    bool narrow;
} run_column;

enum { RUN_STATES_BEYOND = 3 };

/* Whether fields of a type have narrow columns: texts, codes, words, rows, days and truths take no more than 31 bits and a sign. */
static inline bool run_is_narrow(lang_type type)
{
    switch (type.kind) {
    case LANG_TYPE_TRUTH:
    case LANG_TYPE_CODE:
    case LANG_TYPE_TEXT:
    case LANG_TYPE_ENUMERATION:
    case LANG_TYPE_DATE:
    case LANG_TYPE_RECORD: return !type.list;
    default: return false;
    }
}

/* The bytes of a value. */
static inline size_t run_column_width(const run_column *column)
{
    return column->narrow ? sizeof(int32_t) : sizeof(int64_t);
}

static inline int64_t run_column_bits(const run_column *column, size_t row)
{
    return column->narrow ? ((const int32_t *)column->values)[row] : ((const int64_t *)column->values)[row];
}

static inline void run_column_put(const run_column *column, size_t row, int64_t bits)
{
    if (column->narrow)
        ((int32_t *)column->values)[row] = (int32_t)bits;
    else
        ((int64_t *)column->values)[row] = bits;
}

/* A narrow column's values, and a wide one's. */
static inline int32_t *run_column_narrow(const run_column *column)
{
    assert(column->narrow);
    return column->values;
}
static inline int64_t *run_column_wide(const run_column *column)
{
    assert(!column->narrow);
    return column->values;
}

#define RUN_NO_ROW UINT32_MAX

/* Ids from here on are of texts that policies name and the store does not hold. */
#define RUN_FOREIGN_SYMBOLS ((int64_t)BASE_INTERN_MOST)

/* Lists are kept packed: offset into a pool, then count. Bit 60 marks a pool of the plan's constants, bit 61 the
 * overlay of a trial change, bit 62 what a table gave for the line at hand. */
#define RUN_LIST_CONSTANT (INT64_C(1) << 60)
#define RUN_LIST_OVERLAY (INT64_C(1) << 61)
#define RUN_LIST_SCRATCH (INT64_C(1) << 62)

static inline int64_t run_list_pack(size_t offset, size_t count)
{
    return (int64_t)(((uint64_t)offset << 16) | (count & 0xFFFFU));
}

static inline size_t run_list_count(int64_t list)
{
    return (size_t)(list & 0xFFFF);
}

static inline size_t run_list_offset(int64_t list)
{
    return (size_t)((list & (RUN_LIST_CONSTANT - 1)) >> 16);
}

/* Spans: start in the upper half, end in the lower. */
static inline int64_t run_span_pack(int32_t from, int32_t to)
{
    return (int64_t)(((uint64_t)(uint32_t)from << 32) | (uint32_t)to);
}
static inline int32_t run_span_from(int64_t bits)
{
    return (int32_t)(uint32_t)((uint64_t)bits >> 32);
}
static inline int32_t run_span_to(int64_t bits)
{
    return (int32_t)(uint32_t)((uint64_t)bits & UINT32_MAX);
}

typedef struct run_line_extra {
    uint32_t file;          /* symbol */
    uint32_t segment;       /* where it begins in that file */
    uint32_t authorization; /* symbol of the number that the line, else its claim, names; 0 for none */
    bool subject;           /* to be judged; else history */
    bool numbered;          /* its file gives its number */
    bool unreadable;
    uint64_t place; /* among all lines of the run, in the order in which they were read */
    const char *unreadable_why;
} run_line_extra;

typedef struct run_claim_extra {
    uint32_t payer_number; /* symbol of the payer's claim control number; 0 for none */
    bool retired;          /* replaced or voided by another claim */
    bool subject;
    bool beside; /* from claims that are only to be known: the payer's own history of them counts before */
} run_claim_extra;

/* How an answer says which line it is to: by the line's number; by what the payer says of the service; or not at all,
 * where a claim was answered as one. */
typedef enum run_remitted_kind { RUN_REMITTED_NUMBER, RUN_REMITTED_SERVICE, RUN_REMITTED_CLAIM } run_remitted_kind;

/* A remittance row and the line that it answers. */
typedef struct run_remitted {
    uint32_t row;
    uint32_t claim; /* symbol of the claim's identifier */
    int64_t number;
    int64_t charge;      /* cents */
    uint32_t control;    /* symbol of the line item control number; 0 for none */
    uint32_t procedure;  /* symbol; 0 for none */
    base_date date;      /* of service */
    uint32_t occurrence; /* the claim payment it stands in: each answers a line once */
    run_remitted_kind kind;
    bool dated;
    bool reversal; /* takes the answer before it back */
} run_remitted;

/* Rows of one record grouped by the row of another that they refer to. */
typedef struct run_groups {
    uint32_t *starts; /* one more than there are groups */
    uint32_t *rows;
} run_groups;

/* A code of a list that was given, and the days on which it is in use. */
typedef struct run_listed_code {
    lang_code_system system;
    uint32_t code; /* symbol */
    base_date from, to;
} run_listed_code;

/* Codes numbered from 1 on; see run_store_numbers. */
typedef struct run_numbers {
    const uint32_t *numbers; /* by symbol; 0 for none */
    size_t symbols;          /* of those */
    uint32_t count;
    const bool *asked; /* by code system */
    size_t systems;
} run_numbers;

/* What the dispatch asks of lines first, and a line that has it. */
enum { RUN_KEY_FIELDS = 4 };
typedef struct run_line_key {
    int32_t parts
        [RUN_KEY_FIELDS]; /* payer, plan, procedure, the claim's filing indicator; below zero for absent and unknown */
    uint32_t row;         /* of the first line that has it */
} run_line_key;

typedef struct run_store {
    base_arena arena;
    base_arena lasting; /* what run_store_reset leaves alone */
    base_arena rows;    /* columns, which run_store_reset empties */
    base_intern symbols;
    base_intern members;       /* ids are patient rows; row 0 is a nameless patient that nobody refers to */
    const lang_schema *schema; /* outlives the store */
    uint32_t *counts;          /* by record */
    uint32_t *capacities;
    uint64_t source_length,
        source_filled; /* of the source that is being read, bytes, and what of it is in memory; 0 where nobody told */
    uint32_t *source_counts;   /* by record: rows before it */
    uint32_t source_texts;     /* symbols before it */
    run_column *columns;       /* by field */
    run_numbers **numbers;     /* kept for the runs that come; what it points to is NULL until a run asks */
    uint8_t *whole;            /* by field, see run_store_whole: 0 not asked, 1 no, 2 yes */
    uint8_t *uniform;          /* by field, see run_store_uniform: 0 not asked, else the state and one, or 0xFF */
    bool *site_feeds;          /* by record of the site: whether a file of it was given */
    BASE_ARRAY(uint32_t) pool; /* of lists */
    BASE_ARRAY(run_line_extra) lines;
    BASE_ARRAY(run_claim_extra) claims;
    BASE_ARRAY(uint8_t) own_history;        /* by patient: history is only the provider's own */
    BASE_ARRAY(uint8_t) told_coverage;      /* by patient: their coverage was told, with no feed of all members' */
    BASE_ARRAY(uint32_t) coverage_patients; /* by coverage row */
    BASE_ARRAY(run_remitted) remitted;
    uint64_t places;          /* lines that were read, those of earlier batches too */
    uint32_t remitted_claims; /* claim payments that were read */
    BASE_ARRAY(adj_problem) problems;
    bool feeds[LANG_FEED_COUNT]; /* which were given */
    unsigned threads;            /* that finish it; 0 and 1: the calling one alone */
    bool redact;                 /* problems hide what was found: it may tell who a member is */
    bool history_is_own;
    bool *site_holes;           /* by record of the site: whether a record of its file could not be read */
    bool eligibility_has_holes; /* a record of it could not be read */
    bool remittance_has_holes, schedule_has_holes, rates_have_holes, acknowledgments_have_holes;
    bool as_of_given;
    base_date as_of; /* history after this day was not known */
    bool submit_given;
    base_date submit_on;
    BASE_ARRAY(uint32_t) payer_map; /* pairs: identifier as on the claim, payer */
    BASE_ARRAY(run_listed_code) listed_codes;
    /* After finishing: */
    bool finished;
    uint32_t *position; /* of each line in the order date, claim, line; odd, with room between them */
    uint32_t guests;    /* rows of every record that are kept behind all of its own, for single encounters (guest.h) */
    uint8_t *guest_seats;   /* which of them are taken */
    size_t indexed_symbols; /* how many there were when lines were ordered */
    uint32_t
        void_frequency; /* the symbol that the frequency of a claim has which voids another; BASE_INTERN_NONE for none */
    run_groups lines_of_patient;
    run_groups lines_of_session;
    uint32_t *sessionless; /* lines whose session is unknown, in their order; those without a date first */
    size_t sessionless_count;
    bool rendering_unknown, billing_unknown; /* of any line: a provider's lines are then not all known */
    run_groups lines_of_rendering_provider;  /* by the provider's symbol */
    run_groups lines_of_billing_provider;
    run_groups lines_of_claim;
    run_groups authorizations_of_patient;
    run_groups attendance_of_session;
    run_line_key *keys; /* those that lines have, in the order in which they have them first (line_keys.h) */
    size_t key_count;
    uint32_t *line_keys; /* by line: its key's number */
} run_store;

/* An empty store for the records of a schema, which must outlive it. */
bool run_store_init(run_store *store, const lang_schema *schema, const base_allocator *allocator);
void run_store_release(run_store *store);

/* A new row, every field unknown; RUN_NO_ROW when memory runs out. */
uint32_t run_store_add(run_store *store, lang_record record);

/* Takes the last rows of a record back, so that `count` are left. Nothing may refer to them. */
void run_store_truncate(run_store *store, lang_record record, uint32_t count);

/* Empties a store for other encounters: rows, symbols, problems and joins go, what was said of the run (the day, whose the
 * history is, which feeds were given) stays, and so does the memory. False when memory runs out. */
bool run_store_reset(run_store *store);

/* Copies what the whole run was told: feeds and their holes, days, whether data is hidden. */
void run_store_copy_told(run_store *to, const run_store *from);

/* Makes room for so many rows at once. */
bool run_store_reserve(run_store *store, lang_record record, uint32_t rows);

/* The same for rows that come now, and, of a source that is being read, for those that are expected. */
bool run_store_make_room(run_store *store, lang_record record, uint32_t rows);

/* Says that a source of so many bytes is read from now on, or with 0 that none is: its rows so far tell how many will come, and room is
 * made for them at once. What is read of it is told by `source_filled`. */
void run_store_begin_source(run_store *store, uint64_t length);

static inline void run_store_set(run_store *store, lang_field field, uint32_t row, int64_t bits)
{
    run_column_put(&store->columns[field], row, bits);
    store->columns[field].states[row] = RUN_PRESENT;
}
static inline void run_store_set_absent(run_store *store, lang_field field, uint32_t row)
{
    run_column_put(&store->columns[field], row, 0);
    store->columns[field].states[row] = RUN_ABSENT;
}
static inline void run_store_set_unknown(run_store *store, lang_field field, uint32_t row)
{
    run_column_put(&store->columns[field], row, 0);
    store->columns[field].states[row] = RUN_UNKNOWN;
}
void run_store_set_text(run_store *store, lang_field field, uint32_t row, const char *text, size_t length);

/* Interns a code in its normal spelling. */
uint32_t run_store_code(run_store *store, lang_code_system system, const char *text, size_t length);
void run_store_set_code(run_store *store, lang_field field, uint32_t row, const char *text, size_t length);

/* Keeps a list of interned codes and gives what a column holds for it. */
int64_t run_store_list(run_store *store, const uint32_t *codes, size_t count);

/* Sets a list of interned codes. */
void run_store_set_list(run_store *store, lang_field field, uint32_t row, const uint32_t *codes, size_t count);

static inline run_state run_store_state(const run_store *store, lang_field field, uint32_t row)
{
    return (run_state)store->columns[field].states[row];
}
static inline int64_t run_store_bits(const run_store *store, lang_field field, uint32_t row)
{
    return run_column_bits(&store->columns[field], row);
}
static inline bool run_store_present(const run_store *store, lang_field field, uint32_t row)
{
    return store->columns[field].states[row] == RUN_PRESENT;
}

/* Whether a claim does nothing but void another one. After run_index. */
static inline bool run_claim_voids(const run_store *store, uint32_t claim)
{
    const run_column *column = &store->columns[LANG_FIELD_claim_frequency];
    return column->states[claim] == RUN_PRESENT && run_column_bits(column, claim) == (int64_t)store->void_frequency;
}

/* Whether all that is present in a column is a multiple of a unit, always the same one; so it is of a site's field that the store was
 * filled without. After run_index, which forgets what was found;
 * any number of threads may ask. */
bool run_store_whole(const run_store *store, lang_field field, int64_t unit);

/* The state that a column has in every row, RUN_ABSENT or RUN_PRESENT; 0 where rows differ, or nothing is known of any. After run_index,
 * which forgets what was found; any number of threads may ask. */
uint8_t run_store_uniform(const run_store *store, lang_field field);

/* Numbers of the codes that lines may have, of the systems that are asked for and in lists: kept by the store where it has many texts, else
 * from the arena. After run_index, which forgets them; any number of threads may ask. NULL when memory runs out. */
const run_numbers *run_store_numbers(const run_store *store, base_arena *arena, const bool *asked, size_t systems);
void run_store_forget_numbers(run_store *store);

/* The text of a symbol column's row; "" unless present. */
const char *run_store_text(const run_store *store, lang_field field, uint32_t row);

/* The patient of a member identifier, added when new. */
uint32_t run_store_patient(run_store *store, const char *member, size_t length);

/* Notes a problem; texts are copied. */
void run_store_problem(run_store *store, adj_severity severity, const char *code, const char *file, size_t segment,
                       size_t line, size_t column, const char *claim, const char *format, ...) BASE_PRINTF(9, 10);

/* Takes over a problem of another store; its file is that of all of them. */
void run_store_add_problem(run_store *store, const adj_problem *problem);

/* Joins, derives and orders; after it the store is only read. */
bool run_store_finish(run_store *store);

/* The schema of compiled policies: the standard one and what their files add. */
const lang_schema *run_policies_schema(const adj_policies *policies);

/* The two halves of finishing, each in a file of its own. */
void run_link(run_store *store);
bool run_index(run_store *store);

/* What lines are ordered by: date, claim and number; the smallest number for an unknown date. */
typedef struct run_order_key {
    int64_t date;
    const char *claim;
    int64_t number;
    uint32_t row;
} run_order_key;
run_order_key run_order_key_of(const run_store *store, uint32_t line);

/* Below, at or above zero; 0 where nothing but the row tells them apart. */
int run_compare_order(const run_order_key *x, const run_order_key *y);

/* A replacement (7) or void (8) retires the claim it names, by the payer's number or the provider's own. */
void run_retire_claims(run_store *store);

/* Joins sessions and attendance with the lines that bill them: docs/encounter.md, rule 5. The second says of attendances that no
 * line bills them. */
void run_link_sessions(run_store *store);
void run_close_attendance(run_store *store);

/* Joins remittances with the lines they answer: docs/encounter.md, rule 10. */
void run_link_remittances(run_store *store);

/* Joins appointments and contract rates with lines: docs/encounter.md, rules 12 and 13. */
void run_link_schedule(run_store *store);
void run_link_rates(run_store *store);

/* The first of a line's modifiers, as a field of its own. */
void run_derive_modifier(run_store *store, uint32_t line);

/* Warns of codes of lines that are to be judged, and of answers, that no list holds or that were not in use on the day: places of
 * service and reason codes by what is built in, others by the lists that were given. The second may run while claims are retired; the third
 * says what was found, and frees the check, which may be NULL. */
typedef struct run_code_check run_code_check;
run_code_check *run_codes_begin(const run_store *store);
void run_codes_check(run_code_check *check);
void run_codes_tell(run_code_check *check, run_store *store);

/* Rows of a record by the value of one of its fields: the first row, then next[row]; RUN_NO_ROW ends. */
typedef struct run_chains {
    uint32_t *first;
    uint32_t *next;
    size_t keys;
} run_chains;
run_chains run_chain_by(run_store *store, lang_record record, lang_field key, size_t keys);
uint32_t run_chain_first(const run_chains *chains, size_t key);

/* Whether two fields are known to be equal; whether nothing that is known says that they are not. */
bool run_same_known(const run_store *store, lang_field a, uint32_t row_a, lang_field b, uint32_t row_b);
bool run_may_be_same(const run_store *store, lang_field a, uint32_t row_a, lang_field b, uint32_t row_b);

/* Whether nothing that is known of a line and a session says that the line bills another one. */
bool run_session_may_fit(const run_store *store, uint32_t session, uint32_t line);

/* Whether a line whose session nobody knows may be of this one: nothing that is known of both differs, and its member
 * attended, where attendance was given. After run_index. */
bool run_may_be_of_session(const run_store *store, uint32_t session, uint32_t line);

/* The lines that may be of a session, one after the other: the first place in `sessionless` at or after `from` that
 * holds one, or sessionless_count. */
size_t run_next_possible_line(const run_store *store, uint32_t session, size_t from);

#endif
