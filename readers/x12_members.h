/* What a 271, a 277 and a 278 have in common: levels of payer, provider, member and dependent, and what each says of a
 * member. */
#ifndef READ_X12_MEMBERS_H
#define READ_X12_MEMBERS_H

#include "readers/x12.h"

enum { X12_SERVICE_LIMIT = 24 };

typedef enum x12_member_kind { X12_ELIGIBILITY, X12_STATUS, X12_REVIEW } x12_member_kind;

/* Days that a DTP gives. */
typedef struct x12_days {
    bool from_known, to_known;
    base_date from, to;
} x12_days;

typedef struct x12_members {
    x12_scanner *scanner;
    run_store *store;
    x12_member_kind kind;
    bool request; /* asks, and so tells nothing */
    char control[16];
    size_t told; /* members, claims or authorizations that it told of */
    uint32_t payer;
    /* the member */
    bool in_member, in_dependent;
    char subscriber[80], id[80], first[40];
    x12_segment member_at;
    bool garbled; /* something of the record at hand cannot be read */
    bool any_garbled;
    uint32_t coverages, authorizations; /* rows before the member */
    uint32_t facts;
    /* 271 */
    x12_days member_days, days;
    bool benefit_open, benefit_active, benefit_general;
    bool any_active, any_inactive, general_row;
    uint32_t plan;
    uint32_t fallback_plan;
    x12_days fallback_days;
    bool fallback;
    /* 277 */
    uint32_t claim;       /* symbol of the provider's claim identifier */
    uint32_t payer_claim; /* symbol */
    int acknowledgment;   /* word; -1 for none */
    bool in_line;
    /* 278 */
    bool reviewed, granted;
    uint32_t number;
    x12_days event_days, service_days;
    bool in_service;
    bool service_granted, service_reviewed;
    uint32_t service_number;
    uint32_t services[X12_SERVICE_LIMIT];
    size_t service_count;
    int64_t units;
    bool units_known;
} x12_members;

void x12_members_begin(x12_members *members, x12_scanner *scanner, run_store *store, x12_member_kind kind,
                       const char *control);
void x12_members_segment(x12_members *members, const x12_segment *segment, x12_text id);
void x12_members_end(x12_members *members, const x12_segment *at);

/* The three kinds. */
void x12_eligibility_segment(x12_members *members, const x12_segment *segment, x12_text id);
void x12_eligibility_end_member(x12_members *members);
void x12_status_segment(x12_members *members, const x12_segment *segment, x12_text id);
void x12_status_end_member(x12_members *members);
void x12_review_segment(x12_members *members, const x12_segment *segment, x12_text id);
void x12_review_level(x12_members *members, x12_text code);
void x12_review_end_member(x12_members *members);

/* The row of the member at hand; RUN_NO_ROW where none is named. */
uint32_t x12_member_row(x12_members *members);

/* A DTP's days; false, with a problem, where they are none. Dates of D8, RD8, DT and D6 formats. */
bool x12_days_of(x12_members *members, const x12_segment *segment, x12_days *days);
uint32_t x12_members_symbol(x12_members *members, x12_text text);

#endif
