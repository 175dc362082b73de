/* The 835 reader: claim payments and their services, adjustments, remarks, reversals and provider adjustments, as answers
 * to lines (runtime/link.c finds which). Element positions are those of 005010X221; 004010X091 agrees in all that is
 * read here. */
#include "readers/x12_835.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_ARGUMENTS(text) (int)(text).length, (text).start

static const char *claim_of(const x12_payment *p)
{
    return p->claim_open ? p->claim_id : NULL;
}

/* An amount in cents; an empty one is zero. A wrong one is reported and spoils what holds it. */
static int64_t amount(x12_payment *p, const x12_segment *segment, size_t element, bool *garbled)
{
    int64_t cents = 0;
    x12_text text = x12_element(segment, element);
    if (text.length == 0 || read_cents(text.start, text.length, &cents)) return cents;
    x12_problem(p->scanner, ADJ_SEVERITY_ERROR, "D0201", segment, element, claim_of(p),
                "found `%.*s`, expected an amount", TEXT_ARGUMENTS(text));
    *garbled = true;
    return 0;
}

static bool day(x12_payment *p, const x12_segment *segment, size_t element, base_date *date)
{
    x12_text text = x12_element(segment, element);
    if (text.length == 0) return false;
    if (base_date_read(text.start, text.length, true, date)) return true;
    x12_problem(p->scanner, ADJ_SEVERITY_WARNING, "D0202", segment, element, claim_of(p),
                "found `%.*s`, expected a date that exists as YYYYMMDD", TEXT_ARGUMENTS(text));
    return false;
}

static void add_code(uint32_t *codes, size_t *count, size_t limit, uint32_t code)
{
    for (size_t i = 0; i < *count; i++) {
        if (codes[i] == code) return;
    }
    if (*count < limit) codes[(*count)++] = code;
}

static void add_remark(x12_payment *p, x12_adjustments *adjustments, x12_text code)
{
    if (code.length == 0) return;
    uint32_t symbol = run_store_code(p->store, LANG_SYSTEM_rarc, code.start, code.length);
    add_code(adjustments->remarks, &adjustments->remark_count, X12_REMARK_LIMIT, symbol);
}

/* CAS: a group, then up to six times reason, amount and quantity. */
static void adjust(x12_payment *p, const x12_segment *segment, x12_adjustments *adjustments)
{
    bool patient = x12_is(x12_element(segment, 1), "PR");
    for (size_t i = 2; i + 1 < segment->count && i < 20; i += 3) {
        x12_text reason = x12_element(segment, i);
        if (reason.length == 0) continue;
        int64_t cents = amount(p, segment, i + 1, &adjustments->garbled);
        adjustments->total += cents;
        if (patient) adjustments->patient += cents;
        uint32_t symbol = run_store_code(p->store, LANG_SYSTEM_carc, reason.start, reason.length);
        add_code(adjustments->reasons, &adjustments->reason_count, X12_REASON_LIMIT, symbol);
    }
}

/* "123.45"; in the arena. */
static const char *dollars(x12_payment *p, int64_t cents)
{
    uint64_t size = cents < 0 ? 0 - (uint64_t)cents : (uint64_t)cents;
    return base_format(&p->store->arena, "%s%llu.%02llu", cents < 0 ? "-" : "", (unsigned long long)(size / 100),
                       (unsigned long long)(size % 100));
}

static void check_balance(x12_payment *p, const x12_segment *at, const char *what, int64_t charge, int64_t adjusted,
                          int64_t paid)
{
    if (charge - adjusted == paid) return;
    x12_problem(p->scanner, ADJ_SEVERITY_WARNING, "D0215", at, 0, claim_of(p),
                "%s does not balance: charge %s less adjustments %s is %s, and %s was paid", what, dollars(p, charge),
                dollars(p, adjusted), dollars(p, charge - adjusted), dollars(p, paid));
}

/* A service counts as denied where nothing is paid, and nothing is left to the patient as the plan's share would be. */
static int64_t outcome(const x12_payment *p, int64_t charge, int64_t paid, int64_t patient)
{
    bool denied = p->denied || (charge > 0 && paid == 0 && patient == 0);
    return denied ? p->denied_word : p->paid_word;
}

static void set_codes(x12_payment *p, uint32_t row, const x12_adjustments *own)
{
    const x12_adjustments *claim = &p->claim_adjustments;
    const x12_adjustments *reasons = own->reason_count > 0 ? own : claim;
    run_store_set_list(p->store, LANG_FIELD_remittance_reasons, row, reasons->reasons, reasons->reason_count);
    const x12_adjustments *remarks = own->remark_count > 0 ? own : claim;
    run_store_set_list(p->store, LANG_FIELD_remittance_remarks, row, remarks->remarks, remarks->remark_count);
}

/* Adds an answer to a line; `whole` where the claim has no services and is answered as one. */
static void answer(x12_payment *p, run_remitted link, int64_t paid, int64_t patient, const int64_t *allowed,
                   const x12_adjustments *adjustments)
{
    run_store *store = p->store;
    if (p->unanswered) return;
    link.row = run_store_add(store, LANG_RECORD_remittance);
    run_remitted *slot = link.row == RUN_NO_ROW ? NULL : BASE_PUSH(&store->arena, &store->remitted);
    if (slot == NULL) return;
    link.claim = p->claim;
    link.occurrence = p->occurrence;
    link.reversal = p->reversal;
    *slot = link;
    run_store_set(store, LANG_FIELD_remittance_status, link.row, outcome(p, link.charge, paid, patient));
    if (p->dated)
        run_store_set(store, LANG_FIELD_remittance_date, link.row, p->date);
    else
        run_store_set_absent(store, LANG_FIELD_remittance_date, link.row);
    set_codes(p, link.row, adjustments);
    if (allowed == NULL) return; /* of one line among several of an undivided claim the amounts are not known */
    run_store_set(store, LANG_FIELD_remittance_paid, link.row, paid);
    run_store_set(store, LANG_FIELD_remittance_patient_responsibility, link.row, patient);
    run_store_set(store, LANG_FIELD_remittance_allowed, link.row, *allowed);
}

static void end_service(x12_payment *p)
{
    if (!p->service_open) return;
    p->service_open = false;
    p->services_adjusted += p->adjustments.total;
    if (p->service_garbled || p->adjustments.garbled) {
        p->claim_garbled = true;
        return;
    }
    check_balance(p, &p->service_at, "the service", p->service.charge, p->adjustments.total, p->service_paid);
    int64_t allowed = p->allowed_known ? p->allowed : p->service_paid + p->adjustments.patient;
    answer(p, p->service, p->service_paid, p->adjustments.patient, &allowed, &p->adjustments);
}

void x12_payment_end_claim(x12_payment *p)
{
    end_service(p);
    if (!p->claim_open) return;
    if (p->claim_garbled || p->claim_adjustments.garbled) {
        p->incomplete = true;
        p->scanner->input->rejected++;
        x12_keep_reject(p->scanner, p->claim_at.offset);
        p->store->remittance_has_holes = true;
        p->store->remitted.count = p->first_answer; /* all of a claim or nothing */
    } else {
        p->scanner->input->accepted++;
        p->claims_total += p->paid;
        check_balance(p, &p->claim_at, "the claim", p->charge, p->claim_adjustments.total + p->services_adjusted,
                      p->paid);
        if (p->services == 0) {
            int64_t allowed = p->paid + p->patient;
            run_remitted whole = {.kind = RUN_REMITTED_CLAIM, .charge = p->charge};
            answer(p, whole, p->paid, p->patient, &allowed, &p->claim_adjustments);
        }
    }
    p->claim_open = false;
}

/* No adjustments; what lies behind the counts is left as it is. */
static void reset_adjustments(x12_adjustments *adjustments)
{
    adjustments->total = adjustments->patient = 0;
    adjustments->reason_count = adjustments->remark_count = 0;
    adjustments->garbled = false;
}

static void begin_claim(x12_payment *p, const x12_segment *segment)
{
    x12_payment_end_claim(p);
    p->claim_open = true;
    x12_keep_place(&p->claim_at, segment, "CLP");
    x12_text id = x12_element(segment, 1), status = x12_element(segment, 2);
    size_t length = id.length < sizeof p->claim_id - 1 ? id.length : sizeof p->claim_id - 1;
    memcpy(p->claim_id, id.start, length);
    p->claim_id[length] = '\0';
    p->denied = x12_is(status, "4");
    p->reversal = x12_is(status, "22");
    p->unanswered = x12_is(status, "23") || x12_is(status, "25"); /* only forwarded, or priced beforehand */
    uint32_t symbol = base_intern_add(&p->store->symbols, id.start, id.length);
    p->claim = symbol == BASE_INTERN_NONE ? 0 : symbol;
    p->occurrence = ++p->store->remitted_claims;
    p->first_answer = p->store->remitted.count;
    p->claim_garbled = false;
    reset_adjustments(&p->claim_adjustments);
    p->services_adjusted = 0;
    p->services = 0;
    p->charge = amount(p, segment, 3, &p->claim_garbled);
    p->paid = amount(p, segment, 4, &p->claim_garbled);
    p->patient = amount(p, segment, 5, &p->claim_garbled);
    if (id.length > 0) return;
    x12_problem(p->scanner, ADJ_SEVERITY_ERROR, "D0216", segment, 1, NULL,
                "the claim payment names no claim (CLP01, the provider's claim identifier)");
    p->claim_garbled = true;
}

/* SVC: the service as it was paid; SVC06 is the procedure that was billed, where another one was paid. */
static void begin_service(x12_payment *p, const x12_segment *segment)
{
    end_service(p);
    if (!p->claim_open) {
        x12_problem(p->scanner, ADJ_SEVERITY_ERROR, "D0109", segment, 0, NULL,
                    "a service outside any claim payment (CLP); it is not read");
        p->scanner->input->rejected++;
        p->store->remittance_has_holes = true;
        return;
    }
    p->service_open = true;
    x12_keep_place(&p->service_at, segment, "SVC");
    p->services++;
    p->service = (run_remitted){.kind = RUN_REMITTED_SERVICE};
    reset_adjustments(&p->adjustments);
    p->service_garbled = p->allowed_known = false;
    x12_text billed = x12_element(segment, 6);
    x12_text composite = billed.length > 0 ? billed : x12_element(segment, 1);
    x12_text code = x12_component(p->scanner, composite, 1);
    if (code.length > 0) p->service.procedure = run_store_code(p->store, LANG_SYSTEM_cpt, code.start, code.length);
    p->service.charge = amount(p, segment, 2, &p->service_garbled);
    p->service_paid = amount(p, segment, 3, &p->service_garbled);
}

static void reference(x12_payment *p, const x12_segment *segment)
{
    x12_text value = x12_element(segment, 2);
    if (!p->service_open || !x12_is(x12_element(segment, 1), "6R") || value.length == 0) return;
    uint32_t symbol = base_intern_add(&p->store->symbols, value.start, value.length);
    p->service.control = symbol == BASE_INTERN_NONE ? 0 : symbol;
}

static void date_of(x12_payment *p, const x12_segment *segment)
{
    x12_text qualifier = x12_element(segment, 1);
    bool service = p->service_open && (x12_is(qualifier, "472") || x12_is(qualifier, "150"));
    if (service)
        p->service.dated = day(p, segment, 2, &p->service.date);
    else if (!p->claim_open && !p->dated && x12_is(qualifier, "405"))
        p->dated = day(p, segment, 2, &p->date);
}

/* PLB: what the payer keeps or adds beside claims; it lowers the payment where it is positive. */
static void provider_adjustment(x12_payment *p, const x12_segment *segment)
{
    x12_payment_end_claim(p);
    for (size_t i = 3; i + 1 < segment->count && i < 15; i += 2) {
        x12_text reason = x12_component(p->scanner, x12_element(segment, i), 0);
        if (reason.length == 0) continue;
        bool garbled = false;
        int64_t cents = amount(p, segment, i + 1, &garbled);
        p->incomplete = p->incomplete || garbled;
        p->provider_total += cents;
        x12_problem(p->scanner, ADJ_SEVERITY_NOTE, "D0218", segment, i, NULL,
                    "a provider adjustment of %s for reason %.*s belongs to no claim", dollars(p, cents),
                    TEXT_ARGUMENTS(reason));
    }
}

void x12_payment_begin(x12_payment *p, x12_scanner *scanner, run_store *store, const char *control)
{
    if (p->store != store) {
        p->paid_word = lang_schema_word_find(store->schema, LANG_ENUMERATION_line_status, "paid");
        p->denied_word = lang_schema_word_find(store->schema, LANG_ENUMERATION_line_status, "denied");
    }
    /* What is of a claim or a service is set where one begins. */
    p->scanner = scanner;
    p->store = store;
    p->dated = p->total_known = p->incomplete = p->claim_open = p->service_open = false;
    p->total = p->claims_total = p->provider_total = 0;
    size_t length = strlen(control) < sizeof p->control - 1 ? strlen(control) : sizeof p->control - 1;
    memcpy(p->control, control, length);
    p->control[length] = '\0';
    store->feeds[LANG_FEED_REMITTANCE] = true;
}

static void in_claim(x12_payment *p, const x12_segment *segment, uint32_t id)
{
    static const size_t inpatient[] = {5, 20, 21, 22, 23};
    x12_adjustments *own = p->service_open ? &p->adjustments : &p->claim_adjustments;
    switch (id) {
    case X12_ID('C', 'A', 'S'): adjust(p, segment, own); break;
    case X12_ID('L', 'Q', 0):
        if (x12_is(x12_element(segment, 1), "HE")) add_remark(p, own, x12_element(segment, 2));
        break;
    case X12_ID('M', 'O', 'A'):
        for (size_t i = 3; i <= 7; i++) add_remark(p, &p->claim_adjustments, x12_element(segment, i));
        break;
    case X12_ID('M', 'I', 'A'):
        for (size_t i = 0; i < 5; i++) add_remark(p, &p->claim_adjustments, x12_element(segment, inpatient[i]));
        break;
    case X12_ID('A', 'M', 'T'):
        if (!p->service_open || !x12_is(x12_element(segment, 1), "B6")) break;
        p->allowed = amount(p, segment, 2, &p->service_garbled);
        p->allowed_known = true;
        break;
    case X12_ID('R', 'E', 'F'): reference(p, segment); break;
    default: break;
    }
}

void x12_payment_segment(x12_payment *p, const x12_segment *segment, uint32_t id)
{
    bool garbled = false;
    switch (id) {
    case X12_ID('B', 'P', 'R'):
        p->total = amount(p, segment, 2, &garbled);
        p->total_known = !garbled && x12_element(segment, 2).length > 0;
        p->dated = day(p, segment, 16, &p->date);
        break;
    case X12_ID('C', 'L', 'P'): begin_claim(p, segment); break;
    case X12_ID('S', 'V', 'C'): begin_service(p, segment); break;
    case X12_ID('D', 'T', 'M'): date_of(p, segment); break;
    case X12_ID('L', 'X', 0): x12_payment_end_claim(p); break;
    case X12_ID('P', 'L', 'B'): provider_adjustment(p, segment); break;
    default:
        if (p->claim_open) in_claim(p, segment, id);
    }
}

void x12_payment_end(x12_payment *p, const x12_segment *at)
{
    x12_payment_end_claim(p);
    if (!p->total_known || p->incomplete || p->claims_total - p->provider_total == p->total) return;
    x12_problem(p->scanner, ADJ_SEVERITY_WARNING, "D0217", at, 0, NULL,
                "payment %s does not balance: its claims come to %s, provider adjustments take %s, and %s was paid",
                p->control, dollars(p, p->claims_total), dollars(p, p->provider_total), dollars(p, p->total));
}
