/* What the readers of FHIR claims and of answers to them share: the claim at hand, and what an adjudication says. */
#ifndef READ_FHIR_CLAIMS_H
#define READ_FHIR_CLAIMS_H

#include "readers/fhir.h"

enum { FHIR_CODE_LIMIT = 64, FHIR_DIAGNOSIS_LIMIT = 100 };

typedef struct fhir_claim_reader {
    fhir_reader *f;
    json_value claim;
    bool benefit; /* an ExplanationOfBenefit */
    bool subject; /* it is to be judged */
    uint32_t row, patient, id;
    bool institutional;
    uint32_t diagnoses[FHIR_DIAGNOSIS_LIMIT];
    int64_t sequences[FHIR_DIAGNOSIS_LIMIT];
    size_t diagnosis_count;
    bool diagnoses_known;
    uint32_t authorization; /* symbol */
    bool dated;
    base_date from, to; /* of the claim, for lines without their own */
    uint32_t line;
    json_value item;
    const char *at; /* "item[2]" */
} fhir_claim_reader;

/* The path of an element of the item at hand. */
const char *fhir_element(const fhir_claim_reader *claim, const char *name);

/* Whether a resource counts: one that was cancelled, say, is passed over and told. */
bool fhir_is_live(fhir_reader *reader, json_value resource);

/* Whether it is a claim, and not a request for authorization. */
bool fhir_is_claim_proper(json_value resource);

/* The amount of an adjudication of that category; false where there is none. */
bool fhir_adjudicated(fhir_claim_reader *claim, json_value adjudications, const char *category, int64_t *cents);

/* What a payer answered to the item at hand, of a charge that may be known. */
void fhir_answer_line(fhir_claim_reader *claim, bool charged, int64_t charge, int64_t number);

/* How much was stored, to take back what a resource that fails has added. */
typedef struct fhir_marks {
    uint32_t claims, lines, remittances;
    uint32_t answers, pending;
} fhir_marks;
fhir_marks fhir_mark(const fhir_reader *reader);
void fhir_take_back(fhir_reader *reader, fhir_marks to);

#endif
