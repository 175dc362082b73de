/* What is known at a point of an 835: the payment, the claim and the service that are open. */
#ifndef READ_X12_835_H
#define READ_X12_835_H

#include "readers/x12.h"

enum { X12_REASON_LIMIT = 36, X12_REMARK_LIMIT = 24 };

/* Adjustments of a claim or a service: what they come to, and their codes, each once. */
typedef struct x12_adjustments {
    int64_t total;   /* cents */
    int64_t patient; /* of group PR */
    uint32_t reasons[X12_REASON_LIMIT];
    size_t reason_count;
    uint32_t remarks[X12_REMARK_LIMIT];
    size_t remark_count;
    bool garbled; /* an amount of them cannot be read */
} x12_adjustments;

typedef struct x12_payment {
    x12_scanner *scanner;
    run_store *store;
    int64_t paid_word, denied_word; /* of line_status */
    char control[16];               /* ST02, for problems */
    bool dated;
    base_date date; /* BPR16, else DTM 405 */
    bool total_known;
    int64_t total; /* BPR02 */
    int64_t claims_total, provider_total;
    bool incomplete; /* a claim of the payment could not be read */
    /* claim */
    bool claim_open;
    x12_segment claim_at; /* where it begins, and its identifier */
    char claim_id[64];
    uint32_t claim;                    /* symbol */
    uint32_t first_answer;             /* of the claim, among those of the store */
    uint32_t occurrence;               /* which claim payment of the run it is */
    bool denied, reversal, unanswered; /* by its status, CLP02 */
    int64_t charge, paid, patient;
    bool claim_garbled;
    x12_adjustments claim_adjustments;
    int64_t services_adjusted;
    size_t services;
    /* service */
    bool service_open;
    x12_segment service_at;
    run_remitted service;
    int64_t service_paid, allowed;
    bool allowed_known, service_garbled;
    x12_adjustments adjustments;
} x12_payment;

void x12_payment_begin(x12_payment *payment, x12_scanner *scanner, run_store *store, const char *control);
void x12_payment_segment(x12_payment *payment, const x12_segment *segment, uint32_t id);

/* Ends the claim that is open. */
void x12_payment_end_claim(x12_payment *payment);

/* Ends the claim that is open, and checks that the payment balances. */
void x12_payment_end(x12_payment *payment, const x12_segment *at);

#endif
