/* FHIR claims: Claim is one to be judged; ExplanationOfBenefit is one that a payer has answered (fhir_answers.c). */
#include "readers/fhir_claims.h"

#include <string.h>

/* ---- the claim ---- */

/* The identifier: of type `uc` (unique claim), else the first, else the resource's own. */
static fhir_text identifier_of(json_value resource)
{
    json_value identifiers = json_get(resource, "identifier");
    json_cursor at = {0};
    fhir_text first = {NULL, 0};
    while (json_next(identifiers, &at)) {
        fhir_text value = fhir_text_of(at.value, "value");
        if (value.start == NULL || value.length == 0) continue;
        if (fhir_has_code(json_get(at.value, "type"), "uc")) return value;
        if (first.start == NULL || fhir_contains(fhir_text_of(at.value, "system"), "clm_id")) first = value;
    }
    return first.start != NULL ? first : fhir_text_of(resource, "id");
}

/* supportingInfo (STU3: information) of a category. */
static json_value information(json_value claim, const char *category)
{
    static const char *const names[] = {"supportingInfo", "information"};
    for (size_t n = 0; n < 2; n++) {
        json_cursor at = {0};
        json_value list = json_get(claim, names[n]);
        while (json_next(list, &at)) {
            if (fhir_has_code(json_get(at.value, "category"), category)) return at.value;
        }
    }
    return (json_value){0};
}

static void read_type_of_bill(fhir_claim_reader *c)
{
    fhir_reader *f = c->f;
    json_value told = information(c->claim, "typeofbill");
    fhir_text type = fhir_code(json_get(told, "code"), NULL);
    if (type.start == NULL) {
        if (!c->institutional) run_store_set_absent(f->store, LANG_FIELD_claim_type_of_bill, c->row);
        return;
    }
    while (type.length > 1 && type.start[0] == '0') { /* 0131 is 131 */
        type.start++;
        type.length--;
    }
    run_store_set_text(f->store, LANG_FIELD_claim_type_of_bill, c->row, type.start, type.length);
    if (type.length == 3) run_store_set_code(f->store, LANG_FIELD_claim_frequency, c->row, type.start + 2, 1);
}

/* A claim that names no prior one is an original. What one that does is, FHIR does not say. */
static void read_related(fhir_claim_reader *c)
{
    fhir_reader *f = c->f;
    json_cursor at = {0};
    json_value related = json_get(c->claim, "related");
    bool any = false;
    while (json_next(related, &at)) {
        fhir_text number = fhir_text_of(json_get(at.value, "reference"), "value");
        if (number.start == NULL) number = fhir_text_of(json_get(json_get(at.value, "claim"), "identifier"), "value");
        if (fhir_has_code(json_get(at.value, "relationship"), "associated")) continue;
        any = true;
        if (number.start == NULL) continue;
        run_store_set_text(f->store, LANG_FIELD_claim_original_reference, c->row, number.start, number.length);
    }
    if (any) return;
    run_store_set_absent(f->store, LANG_FIELD_claim_original_reference, c->row);
    if (run_store_state(f->store, LANG_FIELD_claim_frequency, c->row) == RUN_UNKNOWN)
        run_store_set_code(f->store, LANG_FIELD_claim_frequency, c->row, "1", 1);
}

static void read_days_of_claim(fhir_claim_reader *c)
{
    fhir_reader *f = c->f;
    base_date day;
    c->dated = fhir_period(f, json_get(c->claim, "billablePeriod"), "billablePeriod", &c->from, &c->to);
    if (c->dated && c->to == BASE_DATE_MAX) c->to = c->from;
    json_value told = information(c->claim, "clmrecvddate");
    if (json_kind_of(told) == JSON_OBJECT && fhir_day(f, told, "timingDate", "supportingInfo.timingDate", &day))
        run_store_set(f->store, LANG_FIELD_claim_received, c->row, day);
    else if (!c->benefit && fhir_day(f, c->claim, "created", "created", &day))
        run_store_set(f->store, LANG_FIELD_claim_received, c->row, day);
    base_date first, last;
    json_value stay = json_get(information(c->claim, "admissionperiod"), "timingPeriod");
    if (json_kind_of(stay) != JSON_OBJECT) {
        if (!c->institutional) {
            run_store_set_absent(f->store, LANG_FIELD_claim_admission_date, c->row);
            run_store_set_absent(f->store, LANG_FIELD_claim_discharge_date, c->row);
        }
        return;
    }
    if (fhir_period(f, stay, "supportingInfo.timingPeriod", &first, &last)) {
        run_store_set(f->store, LANG_FIELD_claim_admission_date, c->row, first);
        if (last != BASE_DATE_MAX) run_store_set(f->store, LANG_FIELD_claim_discharge_date, c->row, last);
    }
}

static bool add_diagnosis(fhir_claim_reader *c, json_value diagnosis, size_t place)
{
    fhir_reader *f = c->f;
    json_value concept = json_get(diagnosis, "diagnosisCodeableConcept");
    fhir_text code = fhir_code(concept, "icd");
    if (code.start == NULL) code = fhir_code(concept, NULL);
    char buffer[32];
    int64_t sequence = (int64_t)place + 1;
    size_t length = json_number(json_get(diagnosis, "sequence"), buffer);
    if (length > 0 && !read_whole(buffer, length, &sequence)) sequence = (int64_t)place + 1;
    if (code.start == NULL || c->diagnosis_count == FHIR_DIAGNOSIS_LIMIT) return false;
    c->sequences[c->diagnosis_count] = sequence;
    c->diagnoses[c->diagnosis_count++] = run_store_code(f->store, LANG_SYSTEM_icd10, code.start, code.length);
    return true;
}

/* The principal one first, then by sequence, as the file has them. */
static void read_diagnoses(fhir_claim_reader *c)
{
    json_value list = json_get(c->claim, "diagnosis");
    c->diagnoses_known = true;
    for (int round = 0; round < 2; round++) {
        json_cursor at = {0};
        for (size_t i = 0; json_next(list, &at); i++) {
            bool principal = fhir_has_code(json_get(at.value, "type"), "principal");
            if (principal != (round == 0)) continue;
            if (!add_diagnosis(c, at.value, i)) c->diagnoses_known = false;
        }
    }
    if (!c->diagnoses_known) return;
    run_store_set_list(c->f->store, LANG_FIELD_claim_diagnoses, c->row, c->diagnoses, c->diagnosis_count);
}

static json_value focal_insurance(json_value claim)
{
    json_value list = json_get(claim, "insurance"), first = fhir_first(list);
    if (json_kind_of(list) != JSON_LIST) return list; /* STU3 has one */
    json_cursor at = {0};
    while (json_next(list, &at)) {
        if (json_truth(json_get(at.value, "focal"))) return at.value;
    }
    return first;
}

/* What the claim's coverage says comes when that is read. */
static void wait_for_coverage(fhir_claim_reader *c, read_waiting kind, lang_field field, uint32_t row)
{
    uint32_t coverage = fhir_refer(c->f, json_get(focal_insurance(c->claim), "coverage"));
    if (coverage != UINT32_MAX) fhir_wait(c->f, kind, field, row, coverage);
}

static void read_authorization(fhir_claim_reader *c)
{
    json_value insurance = focal_insurance(c->claim);
    json_value number = fhir_first(json_get(insurance, "preAuthRef"));
    if (json_kind_of(number) != JSON_TEXT) number = fhir_first(json_get(c->claim, "preAuthRef"));
    fhir_text text;
    text.start = json_text(number, &text.length);
    c->authorization = fhir_symbol(c->f, text);
}

static bool begin_claim(fhir_claim_reader *c)
{
    fhir_reader *f = c->f;
    fhir_text id = identifier_of(c->claim);
    c->patient = fhir_patient(f, json_get(c->claim, "patient"));
    if (c->patient == RUN_NO_ROW)
        fhir_problem(f, ADJ_SEVERITY_ERROR, "D0503", "patient", "the claim does not say whose it is");
    if (id.start == NULL)
        fhir_problem(f, ADJ_SEVERITY_ERROR, "D0503", "identifier", "the claim has neither an identifier nor an id");
    if (f->failed) return false;
    json_value type = json_get(c->claim, "type");
    c->institutional = fhir_has_code(type, "institutional") || fhir_has_code(type, "OUTPATIENT") ||
                       fhir_has_code(type, "INPATIENT") || fhir_has_code(type, "SNF") || fhir_has_code(type, "HHA") ||
                       fhir_has_code(type, "HOSPICE");
    c->row = run_store_add(f->store, LANG_RECORD_claim);
    if (c->row == RUN_NO_ROW) return false;
    c->id = fhir_symbol(f, id);
    f->store->claims.items[c->row].subject = c->subject;
    run_store_set(f->store, LANG_FIELD_claim_id, c->row, c->id);
    read_type_of_bill(c);
    read_related(c);
    read_days_of_claim(c);
    read_diagnoses(c);
    read_authorization(c);
    wait_for_coverage(c, READ_WAITS_FOR_PRODUCT, LANG_FIELD_claim_filing_indicator, c->row);
    return true;
}

/* The claim's total: R4's Claim says it, an ExplanationOfBenefit by category, else it is that of its lines. */
static void read_total(fhir_claim_reader *c, int64_t lines_total, bool lines_known)
{
    fhir_reader *f = c->f;
    int64_t cents;
    json_value total = json_get(c->claim, "total");
    if (json_kind_of(total) == JSON_OBJECT && fhir_cents(f, total, "total", &cents)) {
        run_store_set(f->store, LANG_FIELD_claim_charge, c->row, cents);
        return;
    }
    json_cursor at = {0};
    while (json_kind_of(total) == JSON_LIST && json_next(total, &at)) {
        if (!fhir_has_code(json_get(at.value, "category"), "submitted")) continue;
        if (fhir_cents(f, json_get(at.value, "amount"), "total.amount", &cents))
            run_store_set(f->store, LANG_FIELD_claim_charge, c->row, cents);
        return;
    }
    if (lines_known) run_store_set(f->store, LANG_FIELD_claim_charge, c->row, lines_total);
}

/* ---- lines ---- */

/* An item's list of numbers holds this one; a missing list says nothing. */
static bool names_sequence(json_value list, int64_t sequence)
{
    json_cursor at = {0};
    char buffer[32];
    int64_t number;
    while (json_next(list, &at)) {
        size_t length = json_number(at.value, buffer);
        if (length > 0 && read_whole(buffer, length, &number) && number == sequence) return true;
    }
    return false;
}

static json_value either(json_value object, const char *key, const char *other)
{
    json_value value = json_get(object, key);
    return json_kind_of(value) == JSON_NONE ? json_get(object, other) : value;
}

static void read_procedure(fhir_claim_reader *c)
{
    static const char *const systems[] = {"/cpt", "hcpcs", "HCPCS", "hcpcs-level", "cdt", "CDT"};
    fhir_reader *f = c->f;
    json_value product = either(c->item, "productOrService", "service");
    fhir_text code = {NULL, 0};
    for (size_t s = 0; code.start == NULL && s < sizeof systems / sizeof *systems; s++)
        code = fhir_code(product, systems[s]);
    if (code.start == NULL) {
        fhir_text any = fhir_code(product, NULL);
        char normal[40];
        if (any.start != NULL && any.length < sizeof normal) {
            lang_code_normalize(LANG_SYSTEM_cpt, any.start, any.length, normal);
            bool bare = fhir_text_of(fhir_first(json_get(product, "coding")), "system").start == NULL;
            if (bare && lang_code_shape(LANG_SYSTEM_cpt, normal, strlen(normal))) code = any;
        }
    }
    /* A drug, a revenue code alone, or a code of another system: a procedure that no set of procedures holds. */
    run_store_set_code(f->store, LANG_FIELD_line_procedure, c->line, code.start == NULL ? "" : code.start, code.length);
    fhir_text revenue = fhir_code(json_get(c->item, "revenue"), NULL);
    if (revenue.start != NULL)
        run_store_set_code(f->store, LANG_FIELD_line_revenue_code, c->line, revenue.start, revenue.length);
    else
        run_store_set_absent(f->store, LANG_FIELD_line_revenue_code, c->line);
    uint32_t modifiers[FHIR_CODE_LIMIT];
    size_t count = 0;
    json_cursor at = {0};
    json_value list = json_get(c->item, "modifier");
    while (count < FHIR_CODE_LIMIT && json_next(list, &at)) {
        fhir_text modifier = fhir_code(at.value, NULL);
        if (modifier.start != NULL)
            modifiers[count++] = run_store_code(f->store, LANG_SYSTEM_modifier, modifier.start, modifier.length);
    }
    run_store_set_list(f->store, LANG_FIELD_line_modifiers, c->line, modifiers, count);
}

static void read_dates(fhir_claim_reader *c)
{
    fhir_reader *f = c->f;
    base_date from = 0, to = 0;
    json_value period = json_get(c->item, "servicedPeriod");
    bool dated = fhir_day(f, c->item, "servicedDate", fhir_element(c, "servicedDate"), &from);
    to = from;
    if (!dated && json_kind_of(period) == JSON_OBJECT) {
        dated = fhir_period(f, period, fhir_element(c, "servicedPeriod"), &from, &to);
        if (to == BASE_DATE_MAX) to = from;
    } else if (!dated && c->dated && json_kind_of(json_get(c->item, "servicedDate")) == JSON_NONE) {
        dated = true;
        from = c->from;
        to = c->to;
    }
    if (!dated) return;
    run_store_set(f->store, LANG_FIELD_line_date, c->line, from);
    run_store_set(f->store, LANG_FIELD_line_end_date, c->line, to);
}

static void read_quantity(fhir_claim_reader *c)
{
    fhir_reader *f = c->f;
    int64_t units;
    json_value quantity = json_get(c->item, "quantity");
    if (!fhir_quantity(f, quantity, fhir_element(c, "quantity"), &units)) return;
    if (units < 0) {
        fhir_problem(f, ADJ_SEVERITY_ERROR, "D0201", fhir_element(c, "quantity"), "found less than nothing");
        return;
    }
    run_store_set(f->store, LANG_FIELD_line_units, c->line, units);
    fhir_text unit = fhir_text_of(quantity, "code");
    if (unit.start == NULL) unit = fhir_text_of(quantity, "unit");
    bool minutes = fhir_is(unit, "min") || fhir_is(unit, "MJ") || fhir_is(unit, "minutes");
    run_store_set_code(f->store, LANG_FIELD_line_unit_basis, c->line, minutes ? "MJ" : "UN", 2);
}

/* The line's charge; false where it is not known. */
static bool read_charge(fhir_claim_reader *c, int64_t *cents)
{
    json_value net = json_get(c->item, "net"), price = json_get(c->item, "unitPrice");
    bool known = fhir_cents(c->f, net, fhir_element(c, "net"), cents) ||
                 fhir_adjudicated(c, json_get(c->item, "adjudication"), "submitted", cents);
    int64_t units;
    if (!known && fhir_cents(c->f, price, fhir_element(c, "unitPrice"), cents)) {
        json_value quantity = json_get(c->item, "quantity");
        bool counted = json_kind_of(quantity) == JSON_OBJECT;
        known = !counted || (fhir_quantity(c->f, quantity, fhir_element(c, "quantity"), &units) && units >= 0 &&
                             !__builtin_mul_overflow(*cents, units, cents));
        if (counted && known) *cents /= 1000;
    }
    if (known) run_store_set(c->f->store, LANG_FIELD_line_charge, c->line, *cents);
    return known;
}

static void read_place(fhir_claim_reader *c)
{
    fhir_reader *f = c->f;
    json_value place = json_get(c->item, "locationCodeableConcept"), codings = json_get(place, "coding");
    json_cursor at = {0};
    while (json_next(codings, &at)) {
        fhir_text code = fhir_text_of(at.value, "code");
        if (code.start == NULL || !lang_code_shape(LANG_SYSTEM_pos, code.start, code.length)) continue;
        run_store_set_code(f->store, LANG_FIELD_line_pos, c->line, code.start, code.length);
        if (run_store_state(f->store, LANG_FIELD_claim_pos, c->row) == RUN_UNKNOWN)
            run_store_set_code(f->store, LANG_FIELD_claim_pos, c->row, code.start, code.length);
        return;
    }
}

static void read_pointers(fhir_claim_reader *c)
{
    json_value pointers = either(c->item, "diagnosisSequence", "diagnosisLinkId");
    bool pointed = json_kind_of(pointers) == JSON_LIST;
    if (!c->diagnoses_known || (!pointed && !c->institutional && c->diagnosis_count > 1)) return;
    if (!pointed) {
        run_store_set_list(c->f->store, LANG_FIELD_line_diagnoses, c->line, c->diagnoses, c->diagnosis_count);
        return;
    }
    uint32_t codes[FHIR_CODE_LIMIT];
    size_t count = 0;
    json_cursor at = {0};
    char buffer[32];
    int64_t sequence;
    while (json_next(pointers, &at)) {
        size_t length = json_number(at.value, buffer);
        bool found = false;
        for (size_t i = 0; length > 0 && read_whole(buffer, length, &sequence) && i < c->diagnosis_count; i++) {
            if (c->sequences[i] != sequence || count == FHIR_CODE_LIMIT) continue;
            codes[count++] = c->diagnoses[i];
            found = true;
            break;
        }
        if (found) continue;
        fhir_problem(c->f, ADJ_SEVERITY_WARNING, "D0213", fhir_element(c, "diagnosisSequence"),
                     "%s points to no diagnosis of the claim", length > 0 ? buffer : "it");
    }
    run_store_set_list(c->f->store, LANG_FIELD_line_diagnoses, c->line, codes, count);
}

/* The care team's member of a role that the line names, or that stands for all lines. */
static json_value team_member(fhir_claim_reader *c, const char *const *roles, size_t count, const char **where)
{
    json_value team = json_get(c->claim, "careTeam"), named = either(c->item, "careTeamSequence", "careTeamLinkId");
    bool some = json_kind_of(named) == JSON_LIST;
    for (size_t r = 0; r < count; r++) {
        json_cursor at = {0};
        for (size_t i = 0; json_next(team, &at); i++) {
            char buffer[32];
            int64_t sequence = 0;
            size_t length = json_number(json_get(at.value, "sequence"), buffer);
            bool numbered = length > 0 && read_whole(buffer, length, &sequence);
            if (some && !(numbered && names_sequence(named, sequence))) continue;
            if (!fhir_has_code(json_get(at.value, "role"), roles[r])) continue;
            *where = base_format(&c->f->store->arena, "careTeam[%zu].provider", i);
            return at.value;
        }
    }
    return (json_value){0};
}

static void read_team(fhir_claim_reader *c)
{
    static const char *const rendering[] = {"performing", "rendering", "primary"};
    static const char *const supervising[] = {"supervising", "supervisor"};
    static const char *const referring[] = {"referring"};
    fhir_reader *f = c->f;
    json_value billing = json_get(c->claim, "provider");
    const char *where = "provider";
    fhir_set_provider(f, LANG_FIELD_line_billing_provider, c->line, billing, where);
    json_value member = team_member(c, rendering, 3, &where);
    json_value who = json_kind_of(member) == JSON_OBJECT ? json_get(member, "provider") : billing;
    fhir_set_provider(f, LANG_FIELD_line_rendering_provider, c->line, who, where);
    fhir_text taxonomy = fhir_code(json_get(member, "qualification"), "provider-taxonomy");
    uint32_t place = fhir_refer(f, who);
    if (taxonomy.start != NULL)
        run_store_set_code(f->store, LANG_FIELD_line_rendering_taxonomy, c->line, taxonomy.start, taxonomy.length);
    else if (place != UINT32_MAX)
        fhir_wait(f, READ_WAITS_FOR_TAXONOMY, LANG_FIELD_line_rendering_taxonomy, c->line, place);
    member = team_member(c, supervising, 2, &where);
    if (!fhir_set_provider(f, LANG_FIELD_line_supervising_provider, c->line, json_get(member, "provider"), where))
        run_store_set_absent(f->store, LANG_FIELD_line_supervising_provider, c->line);
    member = team_member(c, referring, 1, &where);
    if (!fhir_set_provider(f, LANG_FIELD_line_referring_provider, c->line, json_get(member, "provider"), where))
        run_store_set_absent(f->store, LANG_FIELD_line_referring_provider, c->line);
    if (!fhir_set_provider(f, LANG_FIELD_line_service_facility, c->line, json_get(c->claim, "facility"), "facility"))
        run_store_set_absent(f->store, LANG_FIELD_line_service_facility, c->line);
    fhir_text referral = fhir_text_of(json_get(json_get(c->claim, "referral"), "identifier"), "value");
    if (referral.start != NULL)
        run_store_set_text(f->store, LANG_FIELD_line_referral_number, c->line, referral.start, referral.length);
    else
        run_store_set_absent(f->store, LANG_FIELD_line_referral_number, c->line);
}

static void read_payer(fhir_claim_reader *c)
{
    fhir_reader *f = c->f;
    if (fhir_set_payer(f, LANG_FIELD_line_payer, c->line, json_get(c->claim, "insurer"))) return;
    wait_for_coverage(c, READ_WAITS_FOR_PAYER, LANG_FIELD_line_payer, c->line);
}

/* ---- lines of a claim ---- */

static void begin_line(fhir_claim_reader *c, int64_t number)
{
    fhir_reader *f = c->f;
    run_line_extra *extra = &f->store->lines.items[c->line];
    extra->subject = c->subject;
    extra->file = f->input->name_symbol;
    extra->segment = (uint32_t)(f->line != 0 ? f->line : 1);
    extra->authorization = c->authorization;
    run_store_set(f->store, LANG_FIELD_line_number, c->line, number);
    run_store_set(f->store, LANG_FIELD_line_claim, c->line, c->row);
    run_store_set(f->store, LANG_FIELD_line_patient, c->line, c->patient);
    run_store_set_absent(f->store, LANG_FIELD_line_control_number, c->line);
    if (c->subject)
        run_store_set(f->store, LANG_FIELD_line_status, c->line,
                      lang_schema_word_find(f->store->schema, LANG_ENUMERATION_line_status, "submitted"));
}

/* Reads an item; its charge in *charge, false where that is not known. */
static bool read_item(fhir_claim_reader *c, size_t place, int64_t *charge)
{
    fhir_reader *f = c->f;
    char buffer[32];
    int64_t number = (int64_t)place + 1;
    c->at = base_format(&f->store->arena, "item[%zu]", place);
    size_t length = json_number(json_get(c->item, "sequence"), buffer);
    if (length > 0 && !read_whole(buffer, length, &number)) {
        fhir_problem(f, ADJ_SEVERITY_ERROR, "D0201", fhir_element(c, "sequence"), "found `%s`, expected a whole number",
                     buffer);
    }
    c->line = run_store_add(f->store, LANG_RECORD_line);
    if (c->line == RUN_NO_ROW) return false;
    begin_line(c, number);
    read_procedure(c);
    read_dates(c);
    read_quantity(c);
    bool charged = read_charge(c, charge);
    read_place(c);
    read_pointers(c);
    read_team(c);
    read_payer(c);
    uint32_t encounter = fhir_refer(f, fhir_first(json_get(c->item, "encounter")));
    if (encounter != UINT32_MAX) fhir_wait(f, READ_WAITS_FOR_SESSION, LANG_FIELD_line_session, c->line, encounter);
    fhir_text own = fhir_text_of(c->item, "preAuthRef");
    if (own.start != NULL) f->store->lines.items[c->line].authorization = fhir_symbol(f, own);
    if (c->benefit) fhir_answer_line(c, charged, *charge, number);
    return charged;
}

static void remember_claim(fhir_claim_reader *c)
{
    fhir_reader *f = c->f;
    uint32_t codes[FHIR_CODE_LIMIT];
    size_t count = 0;
    json_cursor at = {0};
    json_value items = json_get(c->claim, "item");
    while (count < FHIR_CODE_LIMIT && json_next(items, &at)) {
        fhir_text code = fhir_code(either(at.value, "productOrService", "service"), NULL);
        if (code.start != NULL) codes[count++] = run_store_code(f->store, LANG_SYSTEM_cpt, code.start, code.length);
    }
    int64_t list = run_store_list(f->store, codes, count);
    uint32_t place = fhir_named(f, f->name, strlen(f->name));
    if (place == UINT32_MAX) return;
    read_reference *target = fhir_target(f, place);
    target->read = true;
    target->claim = fhir_symbol(f, identifier_of(c->claim));
    target->has_procedures = true;
    target->procedures = list;
}

/* A claim without items, as some inpatient ones are: one line of its total, without a procedure. */
static void read_whole_claim(fhir_claim_reader *c)
{
    run_store *store = c->f->store;
    if (!c->dated) {
        fhir_problem(c->f, ADJ_SEVERITY_ERROR, "D0209", "item",
                     "the claim has neither an item nor a billablePeriod, and so no service line");
        return;
    }
    int64_t charge;
    c->item = (json_value){0};
    read_item(c, 0, &charge);
    if (!run_store_present(store, LANG_FIELD_claim_charge, c->row)) return;
    run_store_set(store, LANG_FIELD_line_charge, c->line, run_store_bits(store, LANG_FIELD_claim_charge, c->row));
}

void fhir_claim(fhir_reader *f, json_value claim, bool benefit)
{
    fhir_claim_reader c = {.f = f, .claim = claim, .benefit = benefit};
    if (!fhir_is_live(f, claim)) return;
    if (!benefit) remember_claim(&c);
    if (!fhir_is_claim_proper(claim)) {
        fhir_problem(f, ADJ_SEVERITY_NOTE, "D0504", "use",
                     "a request for authorization is no claim; it is passed over");
        return;
    }
    c.subject = f->input->role == READ_JUDGED || (f->input->role == READ_BY_CONTENT && !benefit);
    fhir_marks before = fhir_mark(f);
    json_value items = json_get(claim, "item");
    json_cursor at = {0};
    int64_t total = 0, charge = 0;
    bool known = true;
    size_t count = 0;
    if (!begin_claim(&c)) {
        fhir_take_back(f, before);
    } else {
        for (; json_next(items, &at) && !f->store->arena.failed; count++) {
            c.item = at.value;
            bool charged = read_item(&c, count, &charge);
            known = charged && known && !__builtin_add_overflow(total, charge, &total);
        }
        read_total(&c, total, known && count > 0);
        if (count == 0) read_whole_claim(&c);
    }
    if (f->failed) {
        fhir_take_back(f, before);
        if (c.subject) f->encounters->rejected_claims++;
    } else {
        f->input->accepted++;
    }
    if (c.subject) f->encounters->claim_count++;
    if (!c.subject && !f->failed) f->store->own_history.items[c.patient] = 1;
}
