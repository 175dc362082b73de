/* What the readers of FHIR resources share: the resource at hand, values by path, and references between resources. */
#ifndef READ_FHIR_H
#define READ_FHIR_H

#include "readers/encounters.h"
#include "readers/json.h"

typedef struct fhir_text {
    const char *start; /* NULL for none */
    size_t length;
} fhir_text;

typedef struct fhir_reader {
    read_input *input;
    run_store *store;
    read_encounters *encounters;
    size_t line;         /* of the document, in NDJSON; 0 elsewhere */
    const char *path;    /* of the resource at hand, such as Bundle.entry[2].resource */
    const char *name;    /* by which others refer to it */
    bool failed;         /* something in it was wrong: it is rejected */
    base_intern skipped; /* types of resources that are not read */
} fhir_reader;

/* Reads one resource and those inside it; false if it, or one in it, was rejected. */
bool fhir_resource(fhir_reader *reader, json_value resource, const char *path);

/* Claims, answers to them, and both in one (fhir_claims.c). */
void fhir_claim(fhir_reader *reader, json_value claim, bool benefit);
void fhir_response(fhir_reader *reader, json_value response);

/* A problem at an element of the resource at hand; an error rejects the resource. */
void fhir_problem(fhir_reader *reader, adj_severity severity, const char *code, const char *element, const char *format,
                  ...) BASE_PRINTF(5, 6);

/* Values by name. */
fhir_text fhir_text_of(json_value object, const char *key);
bool fhir_is(fhir_text text, const char *word);
bool fhir_contains(fhir_text text, const char *part);
json_value fhir_first(json_value list); /* of a list; the value itself where it is none */
uint32_t fhir_symbol(fhir_reader *reader, fhir_text text);

/* The first code of a CodeableConcept (or a list of them) whose system holds `part`; any code for NULL. */
fhir_text fhir_code(json_value concept, const char *part);
bool fhir_has_code(json_value concept, const char *code);

/* A day: the date of a date or dateTime. An impossible one is an error at the element; a month or year alone is none. */
bool fhir_day(fhir_reader *reader, json_value object, const char *key, const char *element, base_date *day);
/* A Period's first and last day; true if it has a first one. An open end is BASE_DATE_MAX. */
bool fhir_period(fhir_reader *reader, json_value period, const char *element, base_date *from, base_date *to);

/* A Money's or Quantity's value. Amounts that are not are errors. */
bool fhir_cents(fhir_reader *reader, json_value money, const char *element, int64_t *cents);
bool fhir_quantity(fhir_reader *reader, json_value quantity, const char *element, int64_t *thousandths);

/* The place of the resource that a Reference names, among encounters->resources; UINT32_MAX for none. */
uint32_t fhir_refer(fhir_reader *reader, json_value reference);
/* That of a resource by its name, made when new; UINT32_MAX when memory runs out. */
uint32_t fhir_named(fhir_reader *reader, const char *name, size_t length);
read_reference *fhir_target(fhir_reader *reader, uint32_t reference);
/* The row of the patient that a Reference names; RUN_NO_ROW for none. */
uint32_t fhir_patient(fhir_reader *reader, json_value reference);
/* The NPI that a Reference's or resource's own identifier gives, as a symbol; 0 for none. */
uint32_t fhir_npi(fhir_reader *reader, json_value identifiers, const char *element);

/* Sets a field from a Reference to a provider or payer, now or once its resource is read; false where there is none. */
bool fhir_set_provider(fhir_reader *reader, lang_field field, uint32_t row, json_value reference, const char *element);
bool fhir_set_payer(fhir_reader *reader, lang_field field, uint32_t row, json_value reference);
void fhir_wait(fhir_reader *reader, read_waiting kind, lang_field field, uint32_t row, uint32_t reference);

#endif
