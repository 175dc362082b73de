/* FHIR R4 resources, and what they share with STU3: Patient, Coverage, Encounter, providers, bundles. Resources name each
 * other by references that may lead to another file, so a value that comes from another resource waits until all is read
 * (fhir_references.c). */
#include "readers/fhir.h"

#include <string.h>

/* ---- values ---- */

fhir_text fhir_text_of(json_value object, const char *key)
{
    fhir_text text;
    text.start = json_text(json_get(object, key), &text.length);
    return text;
}

bool fhir_is(fhir_text text, const char *word)
{
    return text.start != NULL && text.length == strlen(word) && memcmp(text.start, word, text.length) == 0;
}

bool fhir_contains(fhir_text text, const char *part)
{
    size_t length = strlen(part);
    for (size_t i = 0; text.start != NULL && i + length <= text.length; i++) {
        if (memcmp(text.start + i, part, length) == 0) return true;
    }
    return false;
}

json_value fhir_first(json_value list)
{
    json_cursor cursor = {0};
    if (json_kind_of(list) != JSON_LIST) return list;
    return json_next(list, &cursor) ? cursor.value : (json_value){0};
}

uint32_t fhir_symbol(fhir_reader *f, fhir_text text)
{
    if (text.start == NULL || text.length == 0) return 0;
    uint32_t symbol = base_intern_add(&f->store->symbols, text.start, text.length);
    return symbol == BASE_INTERN_NONE ? 0 : symbol;
}

static fhir_text code_in(json_value concept, const char *part)
{
    json_cursor at = {0};
    json_value codings = json_get(concept, "coding");
    while (json_next(codings, &at)) {
        fhir_text code = fhir_text_of(at.value, "code");
        if (code.start != NULL && (part == NULL || fhir_contains(fhir_text_of(at.value, "system"), part))) return code;
    }
    return (fhir_text){NULL, 0};
}

fhir_text fhir_code(json_value concept, const char *part)
{
    json_cursor at = {0};
    if (json_kind_of(concept) != JSON_LIST) return code_in(concept, part);
    while (json_next(concept, &at)) {
        fhir_text code = code_in(at.value, part);
        if (code.start != NULL) return code;
    }
    return (fhir_text){NULL, 0};
}

bool fhir_has_code(json_value concept, const char *code)
{
    json_cursor outer = {0};
    if (json_kind_of(concept) == JSON_LIST) {
        while (json_next(concept, &outer)) {
            if (fhir_has_code(outer.value, code)) return true;
        }
        return false;
    }
    json_cursor at = {0};
    json_value codings = json_get(concept, "coding");
    while (json_next(codings, &at)) {
        if (fhir_is(fhir_text_of(at.value, "code"), code)) return true;
    }
    return false;
}

void fhir_problem(fhir_reader *f, adj_severity severity, const char *code, const char *element, const char *format, ...)
{
    base_text text;
    base_text_init(&text, &f->store->arena);
    base_text_put(&text, f->path);
    if (element != NULL && *element != '\0') base_text_format(&text, ".%s", element);
    base_text_put(&text, ": ");
    va_list arguments;
    va_start(arguments, format);
    base_text_format_list(&text, format, arguments);
    va_end(arguments);
    if (severity == ADJ_SEVERITY_ERROR) f->failed = true;
    run_store_problem(f->store, severity, code, f->input->name, 0, f->line, 0, NULL, "%s", base_text_string(&text));
}

bool fhir_day(fhir_reader *f, json_value object, const char *key, const char *element, base_date *day)
{
    json_value value = json_get(object, key);
    fhir_text text = fhir_text_of(object, key);
    json_kind kind = json_kind_of(value);
    if (kind == JSON_NONE || kind == JSON_NULL) return false;
    bool partial = text.start != NULL && (text.length == 4 || text.length == 7);
    for (size_t i = 0; partial && i < text.length; i++)
        partial = i == 4 ? text.start[i] == '-' : text.start[i] >= '0' && text.start[i] <= '9';
    if (partial) {
        fhir_problem(f, ADJ_SEVERITY_WARNING, "D0505", element, "`%.*s` names no day; it is taken as unknown",
                     (int)text.length, text.start);
        return false;
    }
    bool whole = text.start != NULL && (text.length == 10 || (text.length > 10 && text.start[10] == 'T'));
    if (whole && base_date_read(text.start, 10, false, day)) return true;
    fhir_problem(f, ADJ_SEVERITY_ERROR, "D0202", element, "found `%.*s`, expected a date that exists, as YYYY-MM-DD",
                 text.start == NULL ? 0 : (int)text.length, text.start == NULL ? "" : text.start);
    return false;
}

bool fhir_period(fhir_reader *f, json_value period, const char *element, base_date *from, base_date *to)
{
    const char *start = base_format(&f->store->arena, "%s.start", element);
    const char *end = base_format(&f->store->arena, "%s.end", element);
    bool began = fhir_day(f, period, "start", start, from);
    if (!fhir_day(f, period, "end", end, to)) *to = BASE_DATE_MAX;
    if (began && *to < *from) {
        fhir_problem(f, ADJ_SEVERITY_ERROR, "D0306", element, "the period ends before it begins");
        return false;
    }
    return began;
}

static bool number(fhir_reader *f, json_value value, const char *element, int64_t *amount, const char *expected,
                   bool (*read)(const char *text, size_t length, int64_t *value))
{
    json_kind kind = json_kind_of(value);
    if (kind == JSON_NONE || kind == JSON_NULL) return false;
    char buffer[32];
    size_t length = json_number(value, buffer);
    if (length > 0 && read(buffer, length, amount)) return true;
    size_t text_length = 0;
    const char *text = json_text(value, &text_length);
    fhir_problem(f, ADJ_SEVERITY_ERROR, "D0201", element, "found `%.*s`, expected %s",
                 text == NULL ? (int)length : (int)text_length, text == NULL ? buffer : text, expected);
    return false;
}

bool fhir_cents(fhir_reader *f, json_value money, const char *element, int64_t *cents)
{
    bool bare = json_kind_of(money) == JSON_NUMBER;
    return number(f, bare ? money : json_get(money, "value"), element, cents, "an amount of dollars and cents",
                  read_cents);
}

bool fhir_quantity(fhir_reader *f, json_value quantity, const char *element, int64_t *thousandths)
{
    return number(f, json_get(quantity, "value"), element, thousandths, "a number with at most three decimals",
                  read_thousandths);
}

/* ---- references ---- */

read_reference *fhir_target(fhir_reader *f, uint32_t reference)
{
    read_reference *target = &f->encounters->resources.items[reference];
    while (target->same_as != 0) target = &f->encounters->resources.items[target->same_as - 1];
    return target;
}

/* The number of a resource's name, made when new; UINT32_MAX when memory runs out. */
uint32_t fhir_named(fhir_reader *f, const char *name, size_t length)
{
    uint32_t id = base_intern_add(&f->encounters->references, name, length);
    if (id == BASE_INTERN_NONE) return UINT32_MAX;
    bool grown = true;
    while (grown && f->encounters->resources.count <= id) {
        const read_reference *added = BASE_PUSH(&f->store->arena, &f->encounters->resources);
        grown = added != NULL;
    }
    return grown ? id : UINT32_MAX;
}

/* "Type/id" of a reference, whatever server it names and whichever version; a fragment belongs to the resource at hand. */
uint32_t fhir_refer(fhir_reader *f, json_value reference)
{
    fhir_text text = fhir_text_of(reference, "reference");
    if (text.start == NULL || text.length == 0) return UINT32_MAX;
    if (text.start[0] == '#') {
        const char *name = base_format(&f->store->arena, "%s%.*s", f->name, (int)text.length, text.start);
        return fhir_named(f, name, strlen(name));
    }
    for (size_t i = 0; i + 10 < text.length; i++) {
        if (memcmp(text.start + i, "/_history/", 10) == 0) text.length = i;
    }
    size_t slashes = 0, from = 0;
    for (size_t i = text.length; i > 0 && from == 0; i--) {
        slashes += text.start[i - 1] == '/' ? 1 : 0;
        if (slashes == 2) from = i;
    }
    return fhir_named(f, text.start + from, text.length - from);
}

uint32_t fhir_patient(fhir_reader *f, json_value reference)
{
    uint32_t place = fhir_refer(f, reference);
    fhir_text own = fhir_text_of(json_get(reference, "identifier"), "value");
    if (place == UINT32_MAX && (own.start == NULL || own.length == 0)) return RUN_NO_ROW;
    if (place == UINT32_MAX) return run_store_patient(f->store, own.start, own.length);
    read_reference *target = fhir_target(f, place);
    if (target->patient != 0) return target->patient - 1;
    const char *name =
        base_intern_text(&f->encounters->references, (uint32_t)(target - f->encounters->resources.items));
    uint32_t row = run_store_patient(f->store, name, strlen(name));
    if (row != RUN_NO_ROW) target->patient = row + 1;
    return row;
}

static bool is_npi(json_value identifier)
{
    fhir_text system = fhir_text_of(identifier, "system");
    json_value type = json_get(identifier, "type");
    return fhir_contains(system, "us-npi") || fhir_contains(system, "npi_num") || fhir_has_code(type, "NPI") ||
           fhir_has_code(type, "npi");
}

uint32_t fhir_npi(fhir_reader *f, json_value identifiers, const char *element)
{
    json_cursor at = {0};
    bool one = json_kind_of(identifiers) == JSON_OBJECT;
    while (one || json_next(identifiers, &at)) {
        json_value identifier = one ? identifiers : at.value;
        fhir_text value = fhir_text_of(identifier, "value");
        if (is_npi(identifier) && value.start != NULL && value.length > 0) {
            if (!lang_npi_valid(value.start, value.length))
                fhir_problem(f, ADJ_SEVERITY_WARNING, "D0205", element,
                             "`%.*s` is not a valid National Provider Identifier (ten digits, check digit)",
                             (int)value.length, value.start);
            return run_store_code(f->store, LANG_SYSTEM_npi, value.start, value.length);
        }
        if (one) break;
    }
    return 0;
}

void fhir_wait(fhir_reader *f, read_waiting kind, lang_field field, uint32_t row, uint32_t reference)
{
    read_pending *pending = BASE_PUSH(&f->store->arena, &f->encounters->pending);
    if (pending != NULL) *pending = (read_pending){kind, field, row, reference};
}

bool fhir_set_provider(fhir_reader *f, lang_field field, uint32_t row, json_value reference, const char *element)
{
    if (json_kind_of(reference) != JSON_OBJECT) return false;
    uint32_t npi = fhir_npi(f, json_get(reference, "identifier"), element), place = fhir_refer(f, reference);
    if (npi != 0)
        run_store_set(f->store, field, row, npi);
    else if (place != UINT32_MAX)
        fhir_wait(f, READ_WAITS_FOR_PROVIDER, field, row, place);
    return true;
}

bool fhir_set_payer(fhir_reader *f, lang_field field, uint32_t row, json_value reference)
{
    if (json_kind_of(reference) != JSON_OBJECT) return false;
    fhir_text id = fhir_text_of(json_get(reference, "identifier"), "value"), shown = fhir_text_of(reference, "display");
    uint32_t place = fhir_refer(f, reference);
    uint32_t symbol = fhir_symbol(f, id.start != NULL ? id : place == UINT32_MAX ? shown : (fhir_text){NULL, 0});
    if (symbol != 0) {
        run_store_set(f->store, field, row, symbol);
        return true;
    }
    if (place == UINT32_MAX) return false;
    fhir_wait(f, READ_WAITS_FOR_PAYER, field, row, place);
    return true;
}

/* ---- people, organizations, coverage ---- */

static read_reference *self(fhir_reader *f)
{
    uint32_t place = fhir_named(f, f->name, strlen(f->name));
    if (place == UINT32_MAX) return NULL;
    read_reference *target = fhir_target(f, place);
    target->read = true;
    return target;
}

static uint32_t self_place(const fhir_reader *f)
{
    return base_intern_find(&f->encounters->references, f->name, strlen(f->name));
}

/* The identifier that a payer gave: of type MB (member number), else SN (subscriber number). */
static fhir_text member_number(json_value patient)
{
    static const char *const types[] = {"MB", "SN", "mb"};
    json_value identifiers = json_get(patient, "identifier");
    for (size_t t = 0; t < 3; t++) {
        json_cursor at = {0};
        while (json_next(identifiers, &at)) {
            if (fhir_has_code(json_get(at.value, "type"), types[t])) return fhir_text_of(at.value, "value");
        }
    }
    return (fhir_text){NULL, 0};
}

static void set_death(fhir_reader *f, json_value patient, uint32_t row)
{
    base_date day;
    json_value told = json_get(patient, "deceasedBoolean");
    if (fhir_day(f, patient, "deceasedDateTime", "deceasedDateTime", &day))
        run_store_set(f->store, LANG_FIELD_patient_death_date, row, day);
    else if (json_kind_of(told) == JSON_TRUTH && !json_truth(told))
        run_store_set_absent(f->store, LANG_FIELD_patient_death_date, row);
}

static void read_patient(fhir_reader *f, json_value patient)
{
    static const char *const genders[] = {"female", "male", "other"};
    read_reference *target = self(f);
    if (target == NULL) return;
    uint32_t row = target->patient != 0 ? target->patient - 1 : RUN_NO_ROW;
    if (row == RUN_NO_ROW) {
        row = run_store_patient(f->store, f->name, strlen(f->name));
        if (row == RUN_NO_ROW) return;
        target->patient = row + 1;
    }
    uint32_t member = fhir_symbol(f, member_number(patient));
    if (member != 0) {
        target->member = member;
        target->member_is_own = true;
    }
    base_date birth;
    if (fhir_day(f, patient, "birthDate", "birthDate", &birth))
        run_store_set(f->store, LANG_FIELD_patient_birth_date, row, birth);
    for (int sex = 0; sex < 3; sex++) {
        if (fhir_is(fhir_text_of(patient, "gender"), genders[sex]))
            run_store_set(f->store, LANG_FIELD_patient_sex, row, sex);
    }
    set_death(f, patient, row);
    fhir_text state = fhir_text_of(fhir_first(json_get(patient, "address")), "state");
    if (state.start != NULL) run_store_set_text(f->store, LANG_FIELD_patient_state, row, state.start, state.length);
}

static void read_provider(fhir_reader *f, json_value provider)
{
    read_reference *target = self(f);
    if (target == NULL) return;
    uint32_t npi = fhir_npi(f, json_get(provider, "identifier"), "identifier");
    if (npi != 0) target->npi = npi;
    json_value qualified = json_get(fhir_first(json_get(provider, "qualification")), "code");
    fhir_text taxonomy = fhir_code(json_get(provider, "specialty"), "provider-taxonomy");
    if (taxonomy.start == NULL) taxonomy = fhir_code(qualified, "provider-taxonomy");
    if (taxonomy.start != NULL)
        target->taxonomy = run_store_code(f->store, LANG_SYSTEM_taxonomy, taxonomy.start, taxonomy.length);
    fhir_text id = fhir_text_of(fhir_first(json_get(provider, "identifier")), "value");
    target->payer = fhir_symbol(f, id.start != NULL ? id : fhir_text_of(provider, "name"));
    uint32_t practitioner = fhir_refer(f, json_get(provider, "practitioner"));
    if (practitioner == UINT32_MAX) practitioner = fhir_refer(f, json_get(provider, "organization"));
    target = fhir_target(f, self_place(f));
    if (practitioner != UINT32_MAX) target->practitioner = practitioner + 1;
}

/* Who pays: the name of the class of type plan tells the plan. */
static void set_plan(fhir_reader *f, json_value coverage, uint32_t row)
{
    static const char *const types[] = {"plan", "subplan", "group"};
    json_value classes = json_get(coverage, "class");
    for (size_t t = 0; t < 3; t++) {
        json_cursor at = {0};
        while (json_next(classes, &at)) {
            if (!fhir_has_code(json_get(at.value, "type"), types[t])) continue;
            fhir_text value = fhir_text_of(at.value, "value");
            /* R4 has a text here, STU3 and R5 something else. */
            if (value.start == NULL) value = fhir_text_of(json_get(at.value, "value"), "value");
            if (value.start == NULL) continue;
            run_store_set_text(f->store, LANG_FIELD_coverage_plan, row, value.start, value.length);
            return;
        }
    }
    json_value grouping = json_get(coverage, "grouping"); /* STU3 */
    fhir_text plan = fhir_text_of(grouping, "subPlan");
    if (plan.start == NULL) plan = fhir_text_of(grouping, "plan");
    if (plan.start != NULL) run_store_set_text(f->store, LANG_FIELD_coverage_plan, row, plan.start, plan.length);
}

static void learn_member(fhir_reader *f, json_value coverage, uint32_t beneficiary)
{
    fhir_text id = fhir_text_of(coverage, "subscriberId");
    json_value relationship = json_get(coverage, "relationship");
    bool own = json_kind_of(relationship) != JSON_OBJECT || fhir_has_code(relationship, "self");
    uint32_t member = own ? fhir_symbol(f, id) : 0;
    if (member == 0 || beneficiary == UINT32_MAX) return;
    read_reference *target = fhir_target(f, beneficiary);
    if (target->member_is_own) return;
    if (target->member != 0 && target->member != member) target->members_differ = true;
    target->member = member;
}

/* The claim filing indicator that a coverage's type stands for: one of X12, or a kind of plan among those of HL7 that has one; 0 for none. */
static uint32_t product_of(fhir_reader *f, json_value type)
{
    static const char *const products[][2] = {{"HMO", "HM"}, {"PPO", "12"}, {"POS", "13"}};
    fhir_text code = fhir_code(type, "x12");
    if (code.start != NULL) {
        uint32_t symbol = run_store_code(f->store, LANG_SYSTEM_filing_indicator, code.start, code.length);
        return symbol == BASE_INTERN_NONE ? 0 : symbol;
    }
    code = fhir_code(type, "ActCode");
    for (size_t i = 0; code.start != NULL && i < sizeof products / sizeof *products; i++) {
        if (fhir_is(code, products[i][0])) return fhir_symbol(f, (fhir_text){products[i][1], 2});
    }
    return 0;
}

static void read_coverage(fhir_reader *f, json_value coverage)
{
    read_reference *target = self(f);
    json_value beneficiary = json_get(coverage, "beneficiary");
    uint32_t patient = fhir_patient(f, beneficiary);
    if (target == NULL || patient == RUN_NO_ROW) {
        if (patient == RUN_NO_ROW)
            fhir_problem(f, ADJ_SEVERITY_ERROR, "D0503", "beneficiary", "the coverage does not say whose it is");
        return;
    }
    learn_member(f, coverage, fhir_refer(f, beneficiary));
    json_value payor = fhir_first(json_get(coverage, "payor"));
    uint32_t payor_place = fhir_refer(f, payor);
    fhir_text payer = fhir_text_of(json_get(payor, "identifier"), "value");
    if (payer.start == NULL && payor_place == UINT32_MAX) payer = fhir_text_of(payor, "display");
    target = fhir_target(f, self_place(f));
    target->payer = fhir_symbol(f, payer);
    if (payor_place != UINT32_MAX) target->payor = payor_place + 1;
    target->product = product_of(f, json_get(coverage, "type"));
    if (!fhir_is(fhir_text_of(coverage, "status"), "active") &&
        json_kind_of(json_get(coverage, "status")) == JSON_TEXT) {
        fhir_text status = fhir_text_of(coverage, "status");
        fhir_problem(f, ADJ_SEVERITY_NOTE, "D0504", "status", "the coverage is `%.*s`, and covers nothing",
                     (int)status.length, status.start);
        return;
    }
    base_date from = 0, to = 0;
    bool dated = fhir_period(f, json_get(coverage, "period"), "period", &from, &to);
    if (f->failed) return;
    uint32_t row = run_store_add(f->store, LANG_RECORD_coverage);
    uint32_t *slot = row == RUN_NO_ROW ? NULL : BASE_PUSH(&f->store->arena, &f->store->coverage_patients);
    if (slot == NULL) return;
    *slot = patient;
    f->store->told_coverage.items[patient] = 1;
    if (dated) run_store_set(f->store, LANG_FIELD_coverage_dates, row, run_span_pack(from, to));
    fhir_set_payer(f, LANG_FIELD_coverage_payer, row, payor);
    set_plan(f, coverage, row);
    f->input->accepted++;
}

/* ---- encounters ---- */

/* Minutes since 1970 of a dateTime as its clock shows it; a local time stays one. */
static bool clock_of(fhir_text text, int64_t *minutes)
{
    base_date day;
    int64_t clock;
    bool timed = text.start != NULL && text.length >= 16 && text.start[10] == 'T' &&
                 base_date_read(text.start, 10, false, &day) && read_clock(text.start + 11, 5, &clock);
    if (timed) *minutes = (int64_t)day * 1440 + clock;
    return timed;
}

static void set_times(fhir_reader *f, json_value encounter, uint32_t session, uint32_t attendance)
{
    json_value period = json_get(encounter, "period"), length = json_get(encounter, "length");
    int64_t from = 0, to = 0, minutes = 0;
    bool timed =
        clock_of(fhir_text_of(period, "start"), &from) && clock_of(fhir_text_of(period, "end"), &to) && to >= from;
    fhir_text unit = fhir_text_of(length, "code");
    if (unit.start == NULL) unit = fhir_text_of(length, "unit");
    bool measured = (fhir_is(unit, "min") || fhir_is(unit, "minutes") || fhir_is(unit, "h")) &&
                    fhir_quantity(f, length, "length", &minutes) && minutes >= 0 && minutes < INT64_C(1000000000);
    if (measured && fhir_is(unit, "h")) minutes *= 60;
    if (!measured && timed) minutes = (to - from) * 1000;
    const lang_field times[] = {LANG_FIELD_session_time, LANG_FIELD_attendance_time};
    const lang_field spent[] = {LANG_FIELD_session_minutes, LANG_FIELD_attendance_minutes};
    const uint32_t rows[] = {session, attendance};
    for (size_t i = 0; i < 2; i++) {
        if (rows[i] == RUN_NO_ROW) continue;
        if (timed) run_store_set(f->store, times[i], rows[i], run_span_pack((int32_t)from, (int32_t)to));
        if (measured || timed) run_store_set(f->store, spent[i], rows[i], minutes);
    }
}

static bool happened(fhir_reader *f, json_value encounter)
{
    static const char *const without[] = {"planned", "cancelled", "entered-in-error", "arrived", "triaged"};
    fhir_text status = fhir_text_of(encounter, "status");
    for (size_t i = 0; i < sizeof without / sizeof *without; i++) {
        if (!fhir_is(status, without[i])) continue;
        fhir_problem(f, ADJ_SEVERITY_NOTE, "D0504", "status", "the encounter is `%s`; it is passed over", without[i]);
        return false;
    }
    return true;
}

static json_value leader(json_value encounter)
{
    json_cursor at = {0};
    json_value people = json_get(encounter, "participant"), first = {0};
    while (json_next(people, &at)) {
        json_value person = json_get(at.value, "individual");
        if (json_kind_of(first) == JSON_NONE) first = person;
        if (fhir_has_code(json_get(at.value, "type"), "PPRF")) return person;
    }
    return first;
}

/* An Encounter is one member's part of a session; the session is the Encounter that it is part of, else itself. */
static void read_encounter(fhir_reader *f, json_value encounter)
{
    if (self(f) == NULL || !happened(f, encounter)) return;
    base_date from, to;
    json_value subject = json_get(encounter, "subject");
    bool dated = fhir_period(f, json_get(encounter, "period"), "period", &from, &to);
    if (f->failed) return;
    uint32_t whole = fhir_refer(f, json_get(encounter, "partOf")), own = self_place(f);
    const char *id = base_intern_text(&f->encounters->references, whole == UINT32_MAX ? own : whole);
    size_t index;
    uint32_t session = read_session_row(f->encounters, id, strlen(id), &index);
    uint32_t patient = fhir_patient(f, subject), attendance = RUN_NO_ROW;
    if (session == RUN_NO_ROW) return;
    f->store->feeds[LANG_FEED_SESSIONS] = f->store->feeds[LANG_FEED_ATTENDANCE] = true;
    fhir_target(f, own)->session = session + 1;
    if (dated) run_store_set(f->store, LANG_FIELD_session_date, session, from);
    if (patient != RUN_NO_ROW) {
        attendance = run_store_add(f->store, LANG_RECORD_attendance);
        if (attendance == RUN_NO_ROW) return;
        run_store_set(f->store, LANG_FIELD_attendance_session, attendance, session);
        run_store_set(f->store, LANG_FIELD_attendance_patient, attendance, patient);
    }
    set_times(f, encounter, whole == UINT32_MAX ? session : RUN_NO_ROW, attendance);
    fhir_set_provider(f, LANG_FIELD_session_facilitator, session, leader(encounter), "participant.individual");
    fhir_text class = fhir_text_of(json_get(encounter, "class"), "code");
    static const char *const present[] = {"AMB", "IMP", "ACUTE", "NONAC", "EMER", "HH", "FLD", "OBSENC", "SS"};
    for (size_t i = 0; i < sizeof present / sizeof *present; i++) {
        if (!fhir_is(class, present[i])) continue;
        int64_t mode = lang_schema_word_find(f->store->schema, LANG_ENUMERATION_session_mode, "in_person");
        run_store_set(f->store, LANG_FIELD_session_mode, session, mode);
    }
    f->input->accepted++;
}

/* ---- resources ---- */

/* "Type/id", else the full address of the entry, else the place in the file. */
static const char *name_of(fhir_reader *f, json_value resource, const char *address, const char *path)
{
    fhir_text type = fhir_text_of(resource, "resourceType"), id = fhir_text_of(resource, "id");
    base_arena *arena = &f->store->arena;
    if (id.start != NULL && type.start != NULL)
        return base_format(arena, "%.*s/%.*s", (int)type.length, type.start, (int)id.length, id.start);
    if (address != NULL) return address;
    return base_format(arena, "%s:%zu:%s", f->input->name, f->line, path);
}

/* Names of a bundle's entries come first, since entries refer to later ones. */
static void learn_addresses(fhir_reader *f, json_value entries)
{
    json_cursor at = {0};
    while (json_next(entries, &at)) {
        fhir_text address = fhir_text_of(at.value, "fullUrl");
        json_value resource = json_get(at.value, "resource");
        if (address.start == NULL || json_kind_of(json_get(resource, "id")) != JSON_TEXT) continue;
        const char *name = name_of(f, resource, NULL, "");
        uint32_t place = fhir_named(f, name, strlen(name));
        size_t from = 0, slashes = 0;
        for (size_t i = address.length; i > 0 && from == 0; i--) {
            slashes += address.start[i - 1] == '/' ? 1 : 0;
            if (slashes == 2) from = i;
        }
        uint32_t other = fhir_named(f, address.start + from, address.length - from);
        if (place == UINT32_MAX || other == UINT32_MAX || place == other) continue;
        read_reference *target = fhir_target(f, other), *same = fhir_target(f, place);
        if (target == same) continue;
        if (same->patient == 0) same->patient = target->patient;
        target->same_as = place + 1;
    }
}

static bool read_bundle(fhir_reader *f, json_value bundle, const char *path)
{
    json_value entries = json_get(bundle, "entry");
    json_cursor at = {0};
    bool good = true;
    learn_addresses(f, entries);
    for (size_t i = 0; json_next(entries, &at) && !f->store->arena.failed; i++) {
        json_value resource = json_get(at.value, "resource");
        if (json_kind_of(resource) != JSON_OBJECT) continue;
        const char *inner = base_format(&f->store->arena, "%s.entry[%zu].resource", path, i);
        good = fhir_resource(f, resource, inner) && good;
    }
    return good;
}

static void read_contained(fhir_reader *f, json_value resource)
{
    json_cursor at = {0};
    json_value inside = json_get(resource, "contained");
    const char *name = f->name, *path = f->path;
    for (size_t i = 0; json_next(inside, &at); i++) {
        fhir_text id = fhir_text_of(at.value, "id"), type = fhir_text_of(at.value, "resourceType");
        bool hash = id.start != NULL && id.length > 0 && id.start[0] == '#';
        f->name = base_format(&f->store->arena, "%s%s%.*s", name, hash ? "" : "#", (int)id.length,
                              id.start == NULL ? "" : id.start);
        f->path = base_format(&f->store->arena, "%s.contained[%zu]", path, i);
        if (fhir_is(type, "Patient")) read_patient(f, at.value);
        if (fhir_is(type, "Coverage")) read_coverage(f, at.value);
        if (fhir_is(type, "Practitioner") || fhir_is(type, "PractitionerRole") || fhir_is(type, "Organization"))
            read_provider(f, at.value);
    }
    f->name = name;
    f->path = path;
}

static void skip(fhir_reader *f, fhir_text type)
{
    if (base_intern_find(&f->skipped, type.start, type.length) != BASE_INTERN_NONE) return;
    base_intern_add(&f->skipped, type.start, type.length);
    fhir_problem(f, ADJ_SEVERITY_NOTE, "D0502", "", "resources of type %.*s are not read", (int)type.length,
                 type.start);
}

bool fhir_resource(fhir_reader *f, json_value resource, const char *path)
{
    fhir_text type = fhir_text_of(resource, "resourceType");
    f->path = path;
    f->failed = false;
    if (type.start == NULL || type.length == 0) {
        fhir_problem(f, ADJ_SEVERITY_ERROR, "D0503", "", "this has no resourceType, as a FHIR resource does");
        f->input->rejected++;
        return false;
    }
    if (fhir_is(type, "Bundle")) return read_bundle(f, resource, path);
    f->name = name_of(f, resource, NULL, path);
    read_contained(f, resource);
    if (fhir_is(type, "Claim"))
        fhir_claim(f, resource, false);
    else if (fhir_is(type, "ExplanationOfBenefit"))
        fhir_claim(f, resource, true);
    else if (fhir_is(type, "ClaimResponse"))
        fhir_response(f, resource);
    else if (fhir_is(type, "Patient"))
        read_patient(f, resource);
    else if (fhir_is(type, "Coverage"))
        read_coverage(f, resource);
    else if (fhir_is(type, "Encounter"))
        read_encounter(f, resource);
    else if (fhir_is(type, "Practitioner") || fhir_is(type, "PractitionerRole") || fhir_is(type, "Organization") ||
             fhir_is(type, "Location"))
        read_provider(f, resource);
    else
        skip(f, type);
    if (f->failed) f->input->rejected++;
    return !f->failed;
}
