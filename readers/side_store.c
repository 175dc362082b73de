/* The records of side files, into the store. */
#include "readers/side_reader.h"

#include <string.h>

static const side_value *at_place(const side_reader *r, int place)
{
    return place == SIDE_NOWHERE || r->values[place].state != RUN_PRESENT ? NULL : &r->values[place];
}

static const side_value *of_use(const side_reader *r, cell_use use)
{
    return at_place(r, r->shape->use[use]);
}

/* Stores the cells that are fields, in the rows that r->rows has for their records. Columns that the file does not have stay
 * unknown, which is what "not told" means. */
static void store_fields(side_reader *r)
{
    for (size_t i = 0; i < r->told_count; i++) {
        const side_value *value = &r->values[r->told[i]];
        const side_place *place = &r->shape->places[r->told[i]];
        if (!place->field) continue;
        uint32_t row = r->rows[place->record];
        if (row == RUN_NO_ROW) continue;
        lang_field field = place->column->field;
        if (value->state == RUN_PRESENT)
            run_store_set(r->store, field, row, value->bits);
        else if (place->record != LANG_RECORD_patient || run_store_state(r->store, field, row) == RUN_UNKNOWN)
            run_store_set_absent(r->store, field, row); /* what another record says of a member stands */
    }
}

/* Stores the fields of the file's own record; those of rows that are read together wait for all of them. */
static void store_fields_in(side_reader *r, uint32_t row)
{
    r->rows[r->shape->record] = row;
    if (r->wait != NULL)
        r->wait(r);
    else
        store_fields(r);
    r->rows[r->shape->record] = RUN_NO_ROW;
}

static void store_times(side_reader *r, lang_field field, uint32_t row, bool dated, base_date date)
{
    const side_value *from = of_use(r, USE_FROM_TIME), *to = of_use(r, USE_TO_TIME);
    if (!dated || from == NULL || to == NULL) return;
    int64_t day = (int64_t)date * 1440, end = day + to->bits;
    if (to->bits < from->bits) end += 1440; /* past midnight */
    run_store_set(r->store, field, row, run_span_pack((int32_t)(day + from->bits), (int32_t)end));
}

static bool store_dates(side_reader *r, lang_field field, uint32_t row, bool open_ended)
{
    const side_value *from = of_use(r, USE_FROM_DATE), *to = of_use(r, USE_TO_DATE);
    if (from == NULL || (to == NULL && !open_ended)) return true;
    base_date last = to == NULL ? BASE_DATE_MAX : (base_date)to->bits;
    if (last < (base_date)from->bits) {
        side_problem(r, ADJ_SEVERITY_ERROR, "D0306", to == NULL ? 1 : to->cell->column,
                     "the span ends before it begins");
        return false;
    }
    run_store_set(r->store, field, row, run_span_pack((int32_t)from->bits, last));
    return true;
}

static uint32_t member_row(side_reader *r, const side_value *member)
{
    return member == NULL ? RUN_NO_ROW : run_store_patient(r->store, member->cell->text, member->cell->length);
}

static void say_twice(side_reader *r, const side_value *cell, const char *what)
{
    side_problem(r, ADJ_SEVERITY_WARNING, "D0309", cell->cell->column,
                 base_format(&r->store->arena, "%s stands twice; the first record counts, this one is not read", what));
}

/* The symbol of a cell, whatever it is read as; 0 for none. */
static uint32_t symbol_of(const side_value *value)
{
    return value == NULL ? 0 : (uint32_t)value->bits;
}

static uint32_t history_claim(side_reader *r, uint32_t patient, const side_value *claim)
{
    read_encounters *encounters = r->input->encounters;
    const read_claim_key key = {.patient = patient,
                                .claim = symbol_of(claim),
                                .frequency = symbol_of(at_place(r, r->shape->frequency)),
                                .number = symbol_of(of_use(r, USE_PAYER_NUMBER)),
                                .judged = r->shape->judged};
    bool made;
    uint32_t row = read_joined_claim(encounters, key, &made);
    if (row == RUN_NO_ROW || !made) return row;
    run_store_set(r->store, LANG_FIELD_claim_id, row, claim->bits);
    if (r->shape->judged) {
        r->store->claims.items[row].subject = true;
        encounters->claim_count++;
    }
    return row;
}

/* Whether the claim has a line of that number already; if not, it has now. */
static bool line_stands_twice(side_reader *r, uint32_t claim, const side_value *number)
{
    if (!read_add_pair(r->input->encounters, &r->input->encounters->lines, claim, number->bits)) return false;
    say_twice(r, of_use(r, USE_MEMBER), "this line of this claim");
    return true;
}

void side_finish_line(side_reader *r, uint32_t row)
{
    if (r->shape->judged && run_store_state(r->store, LANG_FIELD_line_status, row) == RUN_UNKNOWN)
        run_store_set(r->store, LANG_FIELD_line_status, row, r->submitted);
    bool billing = run_store_present(r->store, LANG_FIELD_line_billing_provider, row);
    if (billing && run_store_state(r->store, LANG_FIELD_line_rendering_provider, row) == RUN_UNKNOWN) {
        run_store_set(r->store, LANG_FIELD_line_rendering_provider, row,
                      run_store_bits(r->store, LANG_FIELD_line_billing_provider, row));
    }
}

static bool store_history(side_reader *r)
{
    const side_value *member = of_use(r, USE_MEMBER), *claim = of_use(r, USE_CLAIM);
    if (member == NULL || claim == NULL) return false;
    const side_value *number_cell = at_place(r, r->shape->line_number);
    uint32_t patient = member_row(r, member);
    uint32_t claim_row = patient == RUN_NO_ROW ? RUN_NO_ROW : history_claim(r, patient, claim);
    if (claim_row == RUN_NO_ROW) return false;
    if (number_cell != NULL && line_stands_twice(r, claim_row, number_cell)) return true;
    uint32_t row = run_store_add(r->store, LANG_RECORD_line);
    if (row == RUN_NO_ROW) return false;
    run_store_set(r->store, LANG_FIELD_line_patient, row, patient);
    run_store_set(r->store, LANG_FIELD_line_claim, row, claim_row);
    run_store_set(r->store, LANG_FIELD_line_number, row, 1);
    r->rows[LANG_RECORD_claim] = claim_row;
    r->rows[LANG_RECORD_patient] = patient;
    store_fields_in(r, row);
    r->rows[LANG_RECORD_claim] = r->rows[LANG_RECORD_patient] = RUN_NO_ROW;
    if (r->wait == NULL) side_finish_line(r, row);
    run_line_extra *extra = &r->store->lines.items[row];
    extra->subject = r->shape->judged;
    extra->file = r->input->name_symbol;
    extra->segment = (uint32_t)r->line;
    extra->numbered = number_cell != NULL;
    const side_value *authorization = of_use(r, USE_AUTHORIZATION), *number = of_use(r, USE_PAYER_NUMBER);
    const side_value *session = of_use(r, USE_SESSION), *completeness = of_use(r, USE_COMPLETENESS);
    if (authorization != NULL) extra->authorization = (uint32_t)authorization->bits;
    if (number != NULL) r->store->claims.items[claim_row].payer_number = (uint32_t)number->bits;
    size_t index;
    uint32_t held = session == NULL
                        ? RUN_NO_ROW
                        : read_session_row(r->input->encounters, session->cell->text, session->cell->length, &index);
    if (held != RUN_NO_ROW) run_store_set(r->store, LANG_FIELD_line_session, row, held);
    const side_value *source = of_use(r, USE_SOURCE);
    r->store->claims.items[claim_row].beside = source != NULL && source->bits == 1;
    if (!r->shape->judged && completeness != NULL && completeness->bits == 1) r->store->own_history.items[patient] = 1;
    return true;
}

static bool store_session(side_reader *r)
{
    const side_value *id = of_use(r, USE_SESSION), *day = of_use(r, USE_DAY);
    if (id == NULL || day == NULL) return false;
    read_encounters *encounters = r->input->encounters;
    size_t index;
    uint32_t row = read_session_row(encounters, id->cell->text, id->cell->length, &index);
    if (row == RUN_NO_ROW) return false;
    if (encounters->session_defined.items[index]) {
        side_problem(r, ADJ_SEVERITY_ERROR, "D0307", id->cell->column,
                     base_format(&r->store->arena, "the session %.*s stands twice; this record is not read",
                                 (int)id->cell->length, id->cell->text));
        return false;
    }
    encounters->session_defined.items[index] = true;
    run_store_set(r->store, LANG_FIELD_session_date, row, day->bits);
    store_fields_in(r, row);
    store_times(r, LANG_FIELD_session_time, row, true, (base_date)day->bits);
    return true;
}

static bool store_attendance(side_reader *r)
{
    const side_value *id = of_use(r, USE_SESSION), *member = of_use(r, USE_MEMBER), *day = of_use(r, USE_DAY);
    if (id == NULL || member == NULL) return false;
    read_encounters *encounters = r->input->encounters;
    size_t index;
    uint32_t session = read_session_row(encounters, id->cell->text, id->cell->length, &index);
    uint32_t patient = session == RUN_NO_ROW ? RUN_NO_ROW : member_row(r, member);
    if (patient == RUN_NO_ROW) return false;
    if (read_add_pair(encounters, &encounters->attended, session, patient)) {
        say_twice(r, member, "this member's attendance of this session");
        return true;
    }
    uint32_t row = run_store_add(r->store, LANG_RECORD_attendance);
    if (row == RUN_NO_ROW) return false;
    run_store_set(r->store, LANG_FIELD_attendance_session, row, session);
    run_store_set(r->store, LANG_FIELD_attendance_patient, row, patient);
    store_fields_in(r, row);
    bool dated = day != NULL || run_store_present(r->store, LANG_FIELD_session_date, session);
    base_date date =
        day != NULL ? (base_date)day->bits : (base_date)run_store_bits(r->store, LANG_FIELD_session_date, session);
    store_times(r, LANG_FIELD_attendance_time, row, dated, date);
    return true;
}

static bool store_authorization(side_reader *r)
{
    read_encounters *encounters = r->input->encounters;
    const side_value *member = of_use(r, USE_MEMBER), *number = at_place(r, r->shape->authorization);
    uint32_t patient = number == NULL ? RUN_NO_ROW : member_row(r, member);
    if (patient == RUN_NO_ROW) return false;
    if (read_add_pair(encounters, &encounters->authorized, patient, number->bits)) {
        say_twice(r, member, "this authorization (list its procedures in one cell)");
        return true;
    }
    uint32_t row = run_store_add(r->store, LANG_RECORD_authorization);
    if (row == RUN_NO_ROW) return false;
    if (!store_dates(r, LANG_FIELD_authorization_dates, row, false)) return false;
    run_store_set(r->store, LANG_FIELD_authorization_patient, row, patient);
    store_fields_in(r, row);
    return true;
}

static bool store_coverage(side_reader *r)
{
    uint32_t patient = member_row(r, of_use(r, USE_COVERED_MEMBER));
    uint32_t row = patient == RUN_NO_ROW ? RUN_NO_ROW : run_store_add(r->store, LANG_RECORD_coverage);
    uint32_t *slot = row == RUN_NO_ROW ? NULL : BASE_PUSH(&r->store->arena, &r->store->coverage_patients);
    if (slot == NULL) return false;
    *slot = patient;
    store_fields_in(r, row);
    return store_dates(r, LANG_FIELD_coverage_dates, row, true);
}

static bool store_told_coverage(side_reader *r)
{
    uint32_t patient = member_row(r, of_use(r, USE_COVERED_MEMBER));
    if (patient == RUN_NO_ROW) return false;
    r->store->told_coverage.items[patient] = 1;
    return true;
}

/* What a file says of claims' fields is kept until every claim has been read. */
static void store_site_facts(side_reader *r, read_claim_fact *fact)
{
    for (size_t i = 0; i < r->shape->width; i++) {
        const side_value *p = &r->values[i];
        if (!r->shape->places[i].field || p->state == RUN_UNKNOWN) continue;
        read_site_value *value = BASE_PUSH(&r->store->arena, &fact->values);
        if (value == NULL) return;
        *value = (read_site_value){r->shape->places[i].column->field, p->state, p->bits};
    }
}

static bool store_claim_fact(side_reader *r)
{
    const side_value *claim = of_use(r, USE_FACT_CLAIM), *program = of_use(r, USE_FACT_PROGRAM),
                     *received = of_use(r, USE_FACT_RECEIVED);
    read_claim_fact *fact = claim == NULL ? NULL : BASE_PUSH(&r->store->arena, &r->input->encounters->claim_facts);
    if (fact == NULL) return false;
    *fact = (read_claim_fact){.claim_id = (uint32_t)claim->bits, .program = program == NULL ? -1 : program->bits};
    fact->received_given = received != NULL;
    if (received != NULL) fact->received = (base_date)received->bits;
    store_site_facts(r, fact);
    return true;
}

/* How the payer speaks of what it answers, where the file has no line numbers: as an 835 does. */
static void store_service(side_reader *r, run_remitted *link)
{
    const side_value *match = of_use(r, USE_REMITTED_MATCH), *day = of_use(r, USE_REMITTED_DAY);
    const side_value *charge = of_use(r, USE_REMITTED_CHARGE), *procedure = of_use(r, USE_REMITTED_PROCEDURE);
    const side_value *control = of_use(r, USE_REMITTED_CONTROL), *reversal = of_use(r, USE_REMITTED_REVERSAL);
    const side_value *payment = of_use(r, USE_REMITTED_PAYMENT);
    if (match != NULL) link->kind = (run_remitted_kind)match->bits;
    if (procedure != NULL) link->procedure = (uint32_t)procedure->bits;
    if (charge != NULL) link->charge = charge->bits;
    if (control != NULL) link->control = (uint32_t)control->bits;
    link->reversal = reversal != NULL && reversal->bits != 0;
    link->dated = day != NULL;
    if (day != NULL) link->date = (base_date)day->bits;
    if (payment == NULL) return;
    base_intern *payments = &r->input->encounters->payments;
    size_t known = payments->entries.count;
    uint32_t id = base_intern_add(payments, payment->cell->text, payment->cell->length);
    if (id == BASE_INTERN_NONE) return;
    if (id >= known) {
        uint32_t *occurrence = BASE_PUSH(&r->store->arena, &r->input->encounters->payment_numbers);
        if (occurrence == NULL) return;
        *occurrence = ++r->store->remitted_claims;
    }
    link->occurrence = r->input->encounters->payment_numbers.items[id];
}

static bool store_remittance(side_reader *r)
{
    const side_value *claim = of_use(r, USE_REMITTED_CLAIM), *line = of_use(r, USE_REMITTED_LINE);
    uint32_t row = claim == NULL ? RUN_NO_ROW : run_store_add(r->store, LANG_RECORD_remittance);
    run_remitted *link = row == RUN_NO_ROW ? NULL : BASE_PUSH(&r->store->arena, &r->store->remitted);
    if (link == NULL) return false;
    int64_t number = 1;
    if (line != NULL && !read_whole(line->cell->text, line->cell->length, &number)) {
        side_problem(r, ADJ_SEVERITY_ERROR, "D0305", line->cell->column, "the line number is not a whole number");
        r->store->remitted.count--;
        return false;
    }
    *link = (run_remitted){.row = row, .claim = (uint32_t)claim->bits, .number = number};
    store_fields_in(r, row);
    store_service(r, link);
    return true;
}

static bool store_site_record(side_reader *r)
{
    uint32_t row = run_store_add(r->store, r->shape->record);
    if (row == RUN_NO_ROW) return false;
    bool good = r->shape->site->dates == UINT16_MAX || store_dates(r, (lang_field)r->shape->site->dates, row, true);
    if (good)
        store_fields_in(r, row);
    else
        r->store->counts[r->shape->record]--;
    return good;
}

static bool store_appointment(side_reader *r)
{
    const side_value *day = of_use(r, USE_DAY), *id = of_use(r, USE_SESSION);
    uint32_t patient = member_row(r, of_use(r, USE_MEMBER)), session = RUN_NO_ROW;
    size_t index;
    if (day == NULL || patient == RUN_NO_ROW) return false;
    if (id != NULL) session = read_session_row(r->input->encounters, id->cell->text, id->cell->length, &index);
    uint32_t row = run_store_add(r->store, LANG_RECORD_appointment);
    if (row == RUN_NO_ROW) return false;
    run_store_set(r->store, LANG_FIELD_appointment_patient, row, patient);
    run_store_set(r->store, LANG_FIELD_appointment_date, row, day->bits);
    if (session != RUN_NO_ROW) run_store_set(r->store, LANG_FIELD_appointment_session, row, session);
    store_fields_in(r, row);
    store_times(r, LANG_FIELD_appointment_time, row, true, (base_date)day->bits);
    return true;
}

static bool store_rate(side_reader *r)
{
    uint32_t row = run_store_add(r->store, LANG_RECORD_rate);
    if (row == RUN_NO_ROW) return false;
    store_fields_in(r, row);
    if (store_dates(r, LANG_FIELD_rate_dates, row, true)) return true;
    run_store_truncate(r->store, LANG_RECORD_rate, row);
    return false;
}

static bool store_payer(side_reader *r)
{
    const side_value *id = of_use(r, USE_PAYER_ID), *payer = of_use(r, USE_PAYER_NAME);
    if (id == NULL || payer == NULL) return false;
    uint32_t *first = BASE_PUSH(&r->store->arena, &r->store->payer_map);
    if (first != NULL) *first = (uint32_t)id->bits;
    uint32_t *second = BASE_PUSH(&r->store->arena, &r->store->payer_map);
    if (second != NULL) *second = (uint32_t)payer->bits;
    return second != NULL;
}

static bool store_code(side_reader *r)
{
    const side_value *system = of_use(r, USE_CODE_SYSTEM), *code = of_use(r, USE_CODE);
    const side_value *from = of_use(r, USE_FROM_DATE), *to = of_use(r, USE_TO_DATE);
    if (system == NULL || code == NULL) return false;
    base_date first = from == NULL ? BASE_DATE_MIN : (base_date)from->bits;
    base_date last = to == NULL ? BASE_DATE_MAX : (base_date)to->bits;
    if (last < first) {
        side_problem(r, ADJ_SEVERITY_ERROR, "D0306", to->cell->column, "the span ends before it begins");
        return false;
    }
    run_listed_code *listed = BASE_PUSH(&r->store->arena, &r->store->listed_codes);
    if (listed == NULL) return false;
    lang_code_system of = (lang_code_system)system->bits;
    *listed = (run_listed_code){of, run_store_code(r->store, of, code->cell->text, code->cell->length), first, last};
    return true;
}

bool side_store(side_reader *r)
{
    if (r->shape->site != NULL) return store_site_record(r);
    switch (r->shape->kind) {
    case SIDE_history: return store_history(r);
    case SIDE_attendance: return store_attendance(r);
    case SIDE_sessions: return store_session(r);
    case SIDE_authorizations: return store_authorization(r);
    case SIDE_eligibility: return store_coverage(r);
    case SIDE_coverage_told: return store_told_coverage(r);
    case SIDE_acknowledgments:
    case SIDE_claims: return store_claim_fact(r);
    case SIDE_schedule: return store_appointment(r);
    case SIDE_rates: return store_rate(r);
    case SIDE_remittance: return store_remittance(r);
    case SIDE_codes: return store_code(r);
    default: return store_payer(r);
    }
}
