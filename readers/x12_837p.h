/* What is known at a point of an 837P or 837I: the loops that are open, and what they said so far. */
#ifndef READ_X12_837P_H
#define READ_X12_837P_H

#include "readers/x12_835.h"
#include "readers/x12_members.h"

enum { X12_DIAGNOSIS_LIMIT = 12, X12_DIAGNOSIS_ROOM = 25 /* of an institutional claim */ };

typedef enum x12_loop { LOOP_NONE, LOOP_BILLING, LOOP_SUBSCRIBER, LOOP_PATIENT } x12_loop;

/* A provider as a loop names it. Identifiers other than an NPI leave the provider unknown. */
typedef struct x12_provider {
    bool named;
    uint32_t npi;      /* symbol, 0 for none */
    uint32_t taxonomy; /* symbol, 0 for none */
} x12_provider;

typedef struct x12_person {
    char id[80];
    char first[40];
    base_date birth;
    bool birth_known;
    base_date death;
    bool death_known;   /* the claim gives a date of death that exists */
    bool death_garbled; /* or one that does not */
    int sex;            /* word of LANG_ENUMERATION_sex, -1 unknown */
    char state[4];
    bool named;
} x12_person;

/* What a trailer states of a group, or an interchange, that began before the block at hand (x12_blocks.c). */
typedef struct x12_stated {
    bool given;
    x12_segment segment;
    size_t counted; /* since the block began */
    size_t problem; /* the problem that its own would be */
} x12_stated;

typedef struct x12_reader {
    x12_scanner scanner;
    run_store *store;
    int64_t submitted; /* the word of line_status */
    bool ended;        /* the last segment was an IEA */
    bool tried_blocks;
    /* of a block: */
    bool in_block;
    bool group_begun, interchange_begun; /* since the block began: what is counted of them is known */
    bool leans;                          /* on the version of a group that began before */
    bool unclear;                        /* it cannot be told apart from what stood before it */
    x12_stated stated_transactions, stated_groups;
    /* envelope */
    bool in_transaction;
    bool professional; /* or institutional */
    bool institutional;
    bool other_kind;   /* this transaction holds something else than professional claims */
    bool payment_open; /* it is an 835 */
    x12_payment payment;
    bool members_open; /* it is a 271, 277 or 278 */
    bool members_seen; /* or one was before */
    x12_members members;
    char transaction[8];      /* ST01 */
    char control[16];         /* ST02 */
    char version[16];         /* ST03, else GS08 */
    size_t transaction_start; /* number of its ST segment */
    size_t transactions;      /* in the file */
    size_t transactions_in_group, groups_in_interchange;
    size_t claims_in_transaction;
    bool dated;
    base_date date; /* BHT04 */
    /* hierarchy */
    x12_loop loop;
    x12_provider billing;
    x12_person subscriber, patient;
    bool patient_is_dependent;
    uint32_t payer; /* symbol, 0 unknown */
    uint32_t filing_indicator;
    x12_person *last_person;
    x12_provider *last_provider;
    /* claim */
    uint32_t claim; /* row, or RUN_NO_ROW */
    bool subject;   /* it is to be judged */
    char claim_id[64];
    uint32_t patient_row;
    uint32_t claim_pos;
    uint32_t claim_authorization, claim_referral;
    x12_provider rendering, supervising, referring, facility, attending;
    uint32_t diagnoses[X12_DIAGNOSIS_ROOM];
    size_t diagnosis_count;
    bool other_subscriber; /* inside loop 2320 or 2330: about another payer */
    const char *claim_unreadable;
    base_date claim_service_date, claim_service_end;
    bool claim_service_dated;
    uint32_t first_line;           /* of the claim */
    x12_segment claim_at, line_at; /* where they begin: number, offset and identifier only */
    /* line */
    uint32_t line; /* row, or RUN_NO_ROW */
    bool line_filled;
    int64_t line_number;
    x12_provider line_rendering, line_supervising, line_referring, line_facility;
} x12_reader;

/* Claim and line segments (x12_lines.c). */
void x12_begin_claim(x12_reader *reader, const x12_segment *segment);
void x12_end_claim(x12_reader *reader);
void x12_begin_line(x12_reader *reader, const x12_segment *segment);
void x12_service(x12_reader *reader, const x12_segment *segment);
void x12_end_line(x12_reader *reader);
void x12_date(x12_reader *reader, const x12_segment *segment);
void x12_reference(x12_reader *reader, const x12_segment *segment);
void x12_diagnoses(x12_reader *reader, const x12_segment *segment);

uint32_t x12_symbol(x12_reader *reader, x12_text text);

/* Begins to read an input. False when memory runs out. */
bool x12_reader_begin(x12_reader *reader, read_input *input);

/* Reads all segments to the input's end; false when no more is wanted, or memory runs out. */
bool x12_read_on(x12_reader *reader);

/* Compares a count that a trailer states with what was there. */
void x12_check_transactions(x12_reader *reader, const x12_segment *segment, size_t counted);
void x12_check_groups(x12_reader *reader, const x12_segment *segment, size_t counted);

/* Where claims or payments follow a transaction's end, reads what follows in blocks, on several threads, as far as that can be done: up to the end,
 * or to where reading then goes on. False when memory runs out. */
bool x12_read_blocks(x12_reader *reader);

#endif
