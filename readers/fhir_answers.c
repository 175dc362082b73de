/* What payers answer in FHIR: adjudications of an ExplanationOfBenefit, and ClaimResponse, which is that answer alone, or an
 * authorization. */
#include "readers/fhir_claims.h"

#include <string.h>

const char *fhir_element(const fhir_claim_reader *c, const char *name)
{
    return base_format(&c->f->store->arena, "%s.%s", c->at, name);
}

/* ---- what is passed over ---- */

bool fhir_is_live(fhir_reader *f, json_value resource)
{
    fhir_text status = fhir_text_of(resource, "status");
    if (status.start == NULL || fhir_is(status, "active")) return true;
    fhir_problem(f, ADJ_SEVERITY_NOTE, "D0504", "status", "it is `%.*s`; it is passed over", (int)status.length,
                 status.start);
    return false;
}

bool fhir_is_claim_proper(json_value resource)
{
    fhir_text use = fhir_text_of(resource, "use");
    return use.start == NULL || !(fhir_is(use, "preauthorization") || fhir_is(use, "predetermination"));
}

/* Whether an adjudication is of a category: by the standard's word, or by the name that Blue Button's first version gave
 * the same amount. */
static bool is_category(json_value adjudication, const char *category)
{
    static const char *const names[][2] = {{"submitted", "/line_sbmtd_chrg_amt"},
                                           {"submitted", "/rev_cntr_tot_chrg_amt"},
                                           {"benefit", "/line_nch_pmt_amt"},
                                           {"benefit", "/rev_cntr_pmt_amt_amt"},
                                           {"eligible", "/line_alowd_chrg_amt"}};
    json_value concept = json_get(adjudication, "category");
    if (fhir_has_code(concept, category)) return true;
    fhir_text code = fhir_code(concept, "bluebutton.cms.gov");
    for (size_t i = 0; code.start != NULL && i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i][0], category) == 0 && fhir_contains(code, names[i][1])) return true;
    }
    return false;
}

bool fhir_adjudicated(fhir_claim_reader *c, json_value list, const char *category, int64_t *cents)
{
    json_cursor at = {0};
    while (json_next(list, &at)) {
        if (!is_category(at.value, category)) continue;
        json_value amount = json_get(at.value, "amount");
        if (json_kind_of(amount) != JSON_OBJECT) continue;
        return fhir_cents(c->f, amount, base_format(&c->f->store->arena, "%s.adjudication.amount", c->at), cents);
    }
    return false;
}

/* ---- answers ---- */

typedef struct answer_facts {
    bool paid_known, allowed_known, owed_known, denied;
    int64_t paid, allowed, owed;
    uint32_t reasons[FHIR_CODE_LIMIT], remarks[FHIR_CODE_LIMIT];
    size_t reason_count, remark_count;
    bool any;
} answer_facts;

static bool first_amount(fhir_claim_reader *c, json_value list, const char *const *categories, size_t count,
                         int64_t *cents)
{
    for (size_t i = 0; i < count; i++) {
        if (fhir_adjudicated(c, list, categories[i], cents)) return true;
    }
    return false;
}

static void read_reasons(fhir_claim_reader *c, json_value list, answer_facts *facts)
{
    json_cursor at = {0};
    while (json_next(list, &at)) {
        json_value reason = json_get(at.value, "reason");
        if (fhir_has_code(json_get(at.value, "category"), "denialreason")) facts->denied = true;
        fhir_text code = fhir_code(reason, "claim-adjustment-reason"), remark = fhir_code(reason, "remittance-advice");
        if (code.start != NULL && facts->reason_count < FHIR_CODE_LIMIT)
            facts->reasons[facts->reason_count++] =
                run_store_code(c->f->store, LANG_SYSTEM_carc, code.start, code.length);
        if (remark.start != NULL && facts->remark_count < FHIR_CODE_LIMIT)
            facts->remarks[facts->remark_count++] =
                run_store_code(c->f->store, LANG_SYSTEM_rarc, remark.start, remark.length);
    }
}

static answer_facts read_answer(fhir_claim_reader *c, json_value list)
{
    static const char *const paid[] = {"benefit", "paidtoprovider", "paidtopatient"};
    static const char *const allowed[] = {"eligible", "allowed"};
    static const char *const shares[] = {"deductible", "coinsurance", "copay"};
    answer_facts facts = {0};
    facts.any = json_kind_of(list) == JSON_LIST;
    facts.paid_known = first_amount(c, list, paid, 3, &facts.paid);
    facts.allowed_known = first_amount(c, list, allowed, 2, &facts.allowed);
    facts.owed_known = fhir_adjudicated(c, list, "memberliability", &facts.owed);
    for (size_t i = 0; !facts.owed_known && i < 3; i++) {
        int64_t cents, sum;
        if (!fhir_adjudicated(c, list, shares[i], &cents) || __builtin_add_overflow(facts.owed, cents, &sum)) continue;
        facts.owed = sum;
        if (i == 2) facts.owed_known = true;
    }
    int64_t cents;
    for (size_t i = 0; i < 3; i++) facts.owed_known = facts.owed_known || fhir_adjudicated(c, list, shares[i], &cents);
    read_reasons(c, list, &facts);
    return facts;
}

/* "paid" or "denied"; -1 where the answer leaves it open. */
static int64_t outcome(const fhir_claim_reader *c, const answer_facts *facts, const int64_t *charge)
{
    const lang_schema *schema = c->f->store->schema;
    int64_t paid = lang_schema_word_find(schema, LANG_ENUMERATION_line_status, "paid");
    int64_t denied = lang_schema_word_find(schema, LANG_ENUMERATION_line_status, "denied");
    if (!facts->paid_known) return -1;
    if (facts->paid > 0 || (facts->owed_known && facts->owed > 0)) return paid;
    bool charged = charge == NULL || *charge > 0;
    return charged ? denied : paid;
}

static void put_answer(fhir_claim_reader *c, run_remitted link, const answer_facts *facts, const int64_t *charge,
                       const base_date *day)
{
    run_store *store = c->f->store;
    link.row = run_store_add(store, LANG_RECORD_remittance);
    run_remitted *slot = link.row == RUN_NO_ROW ? NULL : BASE_PUSH(&store->arena, &store->remitted);
    if (slot == NULL) return;
    *slot = link;
    store->feeds[LANG_FEED_REMITTANCE] = true;
    int64_t status = outcome(c, facts, charge);
    if (status >= 0) run_store_set(store, LANG_FIELD_remittance_status, link.row, status);
    if (facts->paid_known) run_store_set(store, LANG_FIELD_remittance_paid, link.row, facts->paid);
    if (facts->allowed_known) run_store_set(store, LANG_FIELD_remittance_allowed, link.row, facts->allowed);
    if (facts->owed_known) run_store_set(store, LANG_FIELD_remittance_patient_responsibility, link.row, facts->owed);
    run_store_set_list(store, LANG_FIELD_remittance_reasons, link.row, facts->reasons, facts->reason_count);
    run_store_set_list(store, LANG_FIELD_remittance_remarks, link.row, facts->remarks, facts->remark_count);
    if (day != NULL)
        run_store_set(store, LANG_FIELD_remittance_date, link.row, *day);
    else
        run_store_set_absent(store, LANG_FIELD_remittance_date, link.row);
}

/* What a benefit says of its line: its status in a history, the payer's answer where it is judged. */
void fhir_answer_line(fhir_claim_reader *c, bool charged, int64_t charge, int64_t number)
{
    fhir_reader *f = c->f;
    answer_facts facts = read_answer(c, json_get(c->item, "adjudication"));
    if (!facts.any) return;
    int64_t status = outcome(c, &facts, charged ? &charge : NULL);
    if (status >= 0 && !c->subject) run_store_set(f->store, LANG_FIELD_line_status, c->line, status);
    uint32_t claim = fhir_refer(f, json_get(c->claim, "claim"));
    if (!c->subject && claim == UINT32_MAX) return;
    base_date day;
    json_value payment = json_get(c->claim, "payment");
    bool dated = fhir_day(f, payment, "date", "payment.date", &day);
    run_remitted link = {.claim = c->id, .kind = RUN_REMITTED_NUMBER, .number = number};
    put_answer(c, link, &facts, charged ? &charge : NULL, dated ? &day : NULL);
    if (!c->subject) fhir_wait(f, READ_WAITS_FOR_CLAIM, 0, (uint32_t)f->store->remitted.count - 1, claim);
}

fhir_marks fhir_mark(const fhir_reader *f)
{
    return (fhir_marks){f->store->counts[LANG_RECORD_claim], f->store->counts[LANG_RECORD_line],
                        f->store->counts[LANG_RECORD_remittance], f->store->remitted.count,
                        f->encounters->pending.count};
}

void fhir_take_back(fhir_reader *f, fhir_marks to)
{
    run_store_truncate(f->store, LANG_RECORD_claim, to.claims);
    run_store_truncate(f->store, LANG_RECORD_line, to.lines);
    run_store_truncate(f->store, LANG_RECORD_remittance, to.remittances);
    f->store->remitted.count = to.answers;
    f->encounters->pending.count = to.pending;
}

/* ---- ClaimResponse ---- */

/* The code of the review of an item (PAS): A1 certified, A2 partly, A6 modified; A3 not, A4 pended. */
static fhir_text review_of(json_value item)
{
    json_cursor adjudication = {0};
    json_value list = json_get(item, "adjudication");
    while (json_next(list, &adjudication)) {
        json_cursor at = {0};
        json_value extensions = json_get(adjudication.value, "extension");
        while (json_next(extensions, &at)) {
            if (!fhir_contains(fhir_text_of(at.value, "url"), "reviewAction")) continue;
            json_cursor inner = {0};
            json_value parts = json_get(at.value, "extension");
            while (json_next(parts, &inner)) {
                fhir_text code = fhir_code(json_get(inner.value, "valueCodeableConcept"), NULL);
                if (fhir_contains(fhir_text_of(inner.value, "url"), "reviewActionCode") && code.start != NULL)
                    return code;
            }
        }
    }
    return (fhir_text){NULL, 0};
}

static json_value extension(json_value object, const char *name, const char *value)
{
    json_cursor at = {0};
    json_value list = json_get(object, "extension");
    while (json_next(list, &at)) {
        if (fhir_contains(fhir_text_of(at.value, "url"), name)) return json_get(at.value, value);
    }
    return (json_value){0};
}

static void put_authorization(fhir_reader *f, json_value response, json_value item, fhir_text number, uint32_t patient)
{
    base_date from, to;
    json_value period = json_get(response, "preAuthPeriod"), own = extension(item, "itemPreAuthPeriod", "valuePeriod");
    if (json_kind_of(own) == JSON_OBJECT) period = own;
    bool dated = fhir_period(f, period, "preAuthPeriod", &from, &to);
    if (f->failed) return;
    uint32_t row = run_store_add(f->store, LANG_RECORD_authorization);
    if (row == RUN_NO_ROW) return;
    run_store_set_text(f->store, LANG_FIELD_authorization_number, row, number.start, number.length);
    run_store_set(f->store, LANG_FIELD_authorization_patient, row, patient);
    if (dated) run_store_set(f->store, LANG_FIELD_authorization_dates, row, run_span_pack(from, to));
    uint32_t request = fhir_refer(f, json_get(response, "request"));
    if (request != UINT32_MAX)
        fhir_wait(f, READ_WAITS_FOR_PROCEDURES, LANG_FIELD_authorization_procedures, row, request);
    f->store->feeds[LANG_FEED_AUTHORIZATIONS] = true;
}

static void read_authorizations(fhir_reader *f, json_value response)
{
    fhir_text number = fhir_text_of(response, "preAuthRef");
    uint32_t patient = fhir_patient(f, json_get(response, "patient"));
    if (patient == RUN_NO_ROW) {
        fhir_problem(f, ADJ_SEVERITY_ERROR, "D0503", "patient", "the answer does not say whose it is");
        return;
    }
    json_cursor at = {0};
    json_value items = json_get(response, "item"), agreed = {0};
    size_t count = 0, granted = 0;
    for (; json_next(items, &at); count++) {
        fhir_text review = review_of(at.value);
        fhir_text own;
        own.start = json_text(extension(at.value, "authorizationNumber", "valueString"), &own.length);
        bool certified = fhir_is(review, "A1") || fhir_is(review, "A2") || fhir_is(review, "A6") ||
                         (review.start == NULL && number.start != NULL);
        if (!certified) continue;
        granted++;
        if (own.start != NULL)
            put_authorization(f, response, at.value, own, patient);
        else if (json_kind_of(agreed) == JSON_NONE)
            agreed = at.value;
    }
    bool whole = number.start != NULL && (count == 0 || json_kind_of(agreed) == JSON_OBJECT);
    if (whole) put_authorization(f, response, agreed, number, patient);
    if (f->failed) return;
    if (granted > 0 || whole)
        f->input->accepted++;
    else
        fhir_problem(f, ADJ_SEVERITY_NOTE, "D0504", "item", "the answer grants no authorization");
}

void fhir_response(fhir_reader *f, json_value response)
{
    if (!fhir_is_live(f, response)) return;
    if (!fhir_is_claim_proper(response)) {
        read_authorizations(f, response);
        return;
    }
    if (fhir_is(fhir_text_of(response, "outcome"), "queued")) {
        fhir_problem(f, ADJ_SEVERITY_NOTE, "D0504", "outcome", "the claim is not answered yet");
        return;
    }
    fhir_claim_reader c = {.f = f, .claim = response, .benefit = true};
    json_value request = json_get(response, "request");
    uint32_t claim = fhir_refer(f, request);
    fhir_text id = fhir_text_of(json_get(request, "identifier"), "value");
    if (claim == UINT32_MAX && id.start == NULL) {
        fhir_problem(f, ADJ_SEVERITY_ERROR, "D0216", "request", "the answer does not name the claim that it is to");
        f->store->remittance_has_holes = true;
        return;
    }
    fhir_marks before = fhir_mark(f);
    json_cursor at = {0};
    json_value items = json_get(response, "item");
    base_date day;
    bool dated = fhir_day(f, json_get(response, "payment"), "date", "payment.date", &day) ||
                 fhir_day(f, response, "created", "created", &day);
    size_t first = f->store->remitted.count, count = 0;
    uint32_t symbol = fhir_symbol(f, id), occurrence = ++f->store->remitted_claims;
    for (; json_next(items, &at); count++) {
        char buffer[32];
        int64_t number = 0;
        c.at = base_format(&f->store->arena, "item[%zu]", count);
        size_t length = json_number(json_get(at.value, "itemSequence"), buffer);
        if (length == 0 || !read_whole(buffer, length, &number)) {
            fhir_problem(f, ADJ_SEVERITY_ERROR, "D0201", fhir_element(&c, "itemSequence"),
                         "expected the number of an item");
            continue;
        }
        answer_facts facts = read_answer(&c, json_get(at.value, "adjudication"));
        run_remitted link = {.claim = symbol, .kind = RUN_REMITTED_NUMBER, .number = number, .occurrence = occurrence};
        put_answer(&c, link, &facts, NULL, dated ? &day : NULL);
    }
    if (count == 0) {
        c.at = "ClaimResponse";
        answer_facts facts = read_answer(&c, json_get(response, "adjudication"));
        if (fhir_cents(f, json_get(json_get(response, "payment"), "amount"), "payment.amount", &facts.paid))
            facts.paid_known = true;
        run_remitted link = {.claim = symbol, .kind = RUN_REMITTED_CLAIM, .occurrence = occurrence};
        put_answer(&c, link, &facts, NULL, dated ? &day : NULL);
    }
    if (f->failed) {
        fhir_take_back(f, before);
        f->store->remittance_has_holes = true;
        return;
    }
    for (size_t i = first; symbol == 0 && i < f->store->remitted.count; i++)
        fhir_wait(f, READ_WAITS_FOR_CLAIM, 0, (uint32_t)i, claim);
    f->input->accepted++;
}
