/* Claims and service lines of an 837P: CLM, HI, LX, SV1, DTP and REF, and what a line takes from its claim.
 * A value that is malformed makes its line unreadable; it is never taken for unknown. */
#include "readers/x12_837p.h"

#include <string.h>

#define TEXT_ARGUMENTS(text) (int)(text).length, (text).start

/* ---- claims ---- */

/* A dependent without an identifier of its own is the subscriber's, a slash, and the first name. */
static uint32_t patient_of(x12_reader *r, const x12_segment *segment)
{
    const x12_person *person = r->patient_is_dependent && r->patient.named ? &r->patient : &r->subscriber;
    const char *id = person->id;
    if (person == &r->patient && *id == '\0' && r->subscriber.id[0] != '\0') {
        id = base_format(&r->store->arena, "%s/%s", r->subscriber.id, r->patient.first);
    }
    if (*id == '\0') {
        x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0207", segment, 0, r->claim_id,
                    "the claim's member has no identifier (NM109 of IL or QC); its history cannot be known");
        return RUN_NO_ROW;
    }
    uint32_t row = run_store_patient(r->store, id, strlen(id));
    if (row == RUN_NO_ROW) return row;
    if (person->birth_known) run_store_set(r->store, LANG_FIELD_patient_birth_date, row, person->birth);
    if (person->death_known)
        run_store_set(r->store, LANG_FIELD_patient_death_date, row, person->death);
    else if (!person->death_garbled && run_store_state(r->store, LANG_FIELD_patient_death_date, row) == RUN_UNKNOWN)
        run_store_set_absent(r->store, LANG_FIELD_patient_death_date, row);
    if (person->sex >= 0) run_store_set(r->store, LANG_FIELD_patient_sex, row, person->sex);
    if (person->state[0] != '\0')
        run_store_set_text(r->store, LANG_FIELD_patient_state, row, person->state, strlen(person->state));
    else if (run_store_state(r->store, LANG_FIELD_patient_state, row) == RUN_UNKNOWN)
        run_store_set_absent(r->store, LANG_FIELD_patient_state, row);
    return row;
}

static void claim_unreadable(x12_reader *r, const char *why)
{
    if (r->claim_unreadable == NULL) r->claim_unreadable = why;
}

static void set_optional_claim_fields(x12_reader *r, const x12_segment *segment)
{
    static const lang_field absent[] = {LANG_FIELD_claim_original_reference, LANG_FIELD_claim_delay_reason,
                                        LANG_FIELD_claim_admission_date,     LANG_FIELD_claim_discharge_date,
                                        LANG_FIELD_claim_filing_indicator,   LANG_FIELD_claim_type_of_bill};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) run_store_set_absent(r->store, absent[i], r->claim);
    x12_text delay = x12_element(segment, 20);
    if (delay.length > 0)
        run_store_set_text(r->store, LANG_FIELD_claim_delay_reason, r->claim, delay.start, delay.length);
    if (r->filing_indicator != 0)
        run_store_set(r->store, LANG_FIELD_claim_filing_indicator, r->claim, r->filing_indicator);
    if (r->dated) run_store_set(r->store, LANG_FIELD_claim_received, r->claim, r->date);
}

/* The component separator that a composite really uses, where it is not the declared one. */
static void check_component(x12_reader *r, const x12_segment *segment, size_t element, x12_text composite, size_t at)
{
    if (composite.length <= at || memchr(composite.start, r->scanner.component, composite.length) != NULL) return;
    char found = composite.start[at];
    bool punctuation = strchr(":>^|<!", found) != NULL && found != r->scanner.element;
    if (!punctuation) return;
    x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0108", segment, element, r->claim_id,
                "components stand apart by `%c`, though the ISA declares `%c`; `%c` is taken", found,
                r->scanner.component, found);
    r->scanner.component = found;
}

/* An institutional claim has a type of bill, 131 say, in place of a place of service. */
static void read_type_of_bill(x12_reader *r, x12_text facility, x12_text frequency)
{
    r->claim_pos = 0;
    if (facility.length == 0) {
        run_store_set_unknown(r->store, LANG_FIELD_claim_type_of_bill, r->claim);
        return;
    }
    const char *type = base_format(&r->store->arena, "%.*s%.*s", TEXT_ARGUMENTS(facility), TEXT_ARGUMENTS(frequency));
    run_store_set_text(r->store, LANG_FIELD_claim_type_of_bill, r->claim, type, strlen(type));
}

static void read_place_and_frequency(x12_reader *r, const x12_segment *segment)
{
    x12_text facility = x12_element(segment, 5);
    check_component(r, segment, 5, facility, 2);
    x12_text pos = x12_component(&r->scanner, facility, 0), frequency = x12_component(&r->scanner, facility, 2);
    if (r->institutional) {
        read_type_of_bill(r, pos, frequency);
        pos = (x12_text){"", 0};
    }
    r->claim_pos = x12_symbol(r, pos);
    if (r->claim_pos != 0) run_store_set(r->store, LANG_FIELD_claim_pos, r->claim, r->claim_pos);
    if (pos.length > 0 && !lang_code_shape(LANG_SYSTEM_pos, pos.start, pos.length)) {
        x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0208", segment, 5, r->claim_id,
                    "`%.*s` is not a place of service (two digits)", TEXT_ARGUMENTS(pos));
    }
    if (frequency.length == 0) frequency = (x12_text){"1", 1};
    run_store_set_code(r->store, LANG_FIELD_claim_frequency, r->claim, frequency.start, frequency.length);
}

void x12_begin_claim(x12_reader *r, const x12_segment *segment)
{
    x12_end_claim(r);
    r->claim = run_store_add(r->store, LANG_RECORD_claim);
    if (r->claim == RUN_NO_ROW) return;
    r->claims_in_transaction++;
    x12_keep_place(&r->claim_at, segment, "CLM");
    r->subject = r->scanner.input->role != READ_BESIDE;
    if (r->subject) r->scanner.input->encounters->claim_count++;
    x12_text id = x12_element(segment, 1), charge = x12_element(segment, 2);
    size_t length = id.length < sizeof r->claim_id - 1 ? id.length : sizeof r->claim_id - 1;
    memcpy(r->claim_id, id.start, length);
    r->claim_id[length] = '\0';
    r->claim_authorization = r->claim_referral = 0;
    r->rendering = r->supervising = r->referring = r->facility = r->attending = (x12_provider){0};
    r->diagnosis_count = 0;
    r->other_subscriber = r->claim_service_dated = false;
    r->claim_unreadable = NULL;
    r->line = RUN_NO_ROW;
    r->line_number = 0;
    r->last_provider = NULL;
    r->first_line = r->store->counts[LANG_RECORD_line];
    r->store->claims.items[r->claim].subject = r->subject;
    r->store->claims.items[r->claim].beside = !r->subject;
    run_store_set_text(r->store, LANG_FIELD_claim_id, r->claim, id.start, id.length);
    int64_t cents;
    if (read_cents(charge.start, charge.length, &cents)) {
        run_store_set(r->store, LANG_FIELD_claim_charge, r->claim, cents);
    } else {
        x12_problem(&r->scanner, ADJ_SEVERITY_ERROR, "D0201", segment, 2, r->claim_id,
                    "found `%.*s`, expected the claim's total charge", TEXT_ARGUMENTS(charge));
        claim_unreadable(r, "its claim's charge (CLM02) is not an amount");
    }
    set_optional_claim_fields(r, segment);
    read_place_and_frequency(r, segment);
    r->patient_row = patient_of(r, segment);
}

static void report_empty_claim(x12_reader *r)
{
    x12_problem(&r->scanner, ADJ_SEVERITY_ERROR, "D0209", &r->claim_at, 0, r->claim_id,
                "the claim %s has no service line (%s)", r->claim_id, r->institutional ? "SV2" : "SV1");
    r->scanner.input->rejected++;
    r->scanner.input->encounters->rejected_claims++;
}

void x12_end_claim(x12_reader *r)
{
    if (r->claim == RUN_NO_ROW) return;
    x12_end_line(r);
    bool lines = r->store->counts[LANG_RECORD_line] > r->first_line;
    run_store_set_list(r->store, LANG_FIELD_claim_diagnoses, r->claim, r->diagnoses, r->diagnosis_count);
    if (!r->attending.named)
        run_store_set_absent(r->store, LANG_FIELD_claim_attending_provider, r->claim);
    else if (r->attending.npi != 0)
        run_store_set(r->store, LANG_FIELD_claim_attending_provider, r->claim, r->attending.npi);
    bool readable = lines && r->claim_unreadable == NULL;
    for (uint32_t line = r->first_line; readable && line < r->store->counts[LANG_RECORD_line]; line++)
        readable = !r->store->lines.items[line].unreadable;
    if (!readable) x12_keep_reject(&r->scanner, r->claim_at.offset);
    if (lines)
        r->scanner.input->accepted++;
    else
        report_empty_claim(r);
    for (uint32_t line = r->first_line; r->claim_unreadable != NULL && line < r->store->counts[LANG_RECORD_line];
         line++) {
        r->store->lines.items[line].unreadable = true;
        if (r->store->lines.items[line].unreadable_why == NULL)
            r->store->lines.items[line].unreadable_why = r->claim_unreadable;
    }
    r->claim = RUN_NO_ROW;
    r->other_subscriber = false;
    r->last_person = NULL;
}

void x12_diagnoses(x12_reader *r, const x12_segment *segment)
{
    if (r->claim == RUN_NO_ROW || r->line != RUN_NO_ROW) return;
    for (size_t i = 1; i < segment->count; i++) {
        x12_text composite = x12_element(segment, i);
        size_t prefix = composite.length > 3 && composite.start[0] == 'A' ? 3 : 2;
        if (i == 1) check_component(r, segment, i, composite, prefix);
        x12_text qualifier = x12_component(&r->scanner, composite, 0), code = x12_component(&r->scanner, composite, 1);
        uint32_t kind = x12_id(qualifier);
        bool diagnosis = kind == X12_ID('A', 'B', 'K') || kind == X12_ID('A', 'B', 'F') ||
                         kind == X12_ID('B', 'K', 0) || kind == X12_ID('B', 'F', 0);
        if (!diagnosis || code.length == 0) continue;
        bool icd10 = qualifier.start[0] == 'A';
        if (icd10 && !lang_code_shape(LANG_SYSTEM_icd10, code.start, code.length)) {
            x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0210", segment, i, r->claim_id,
                        "`%.*s` is not an ICD-10 code", TEXT_ARGUMENTS(code));
        }
        size_t limit = r->institutional ? X12_DIAGNOSIS_ROOM : X12_DIAGNOSIS_LIMIT;
        if (r->diagnosis_count == limit) {
            x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0210", segment, i, r->claim_id,
                        "a claim has at most %zu diagnoses; this one is not read", limit);
            return;
        }
        r->diagnoses[r->diagnosis_count++] = run_store_code(r->store, LANG_SYSTEM_icd10, code.start, code.length);
    }
}

/* ---- lines ---- */

static void unreadable(x12_reader *r, const char *why)
{
    run_line_extra *extra = &r->store->lines.items[r->line];
    if (!extra->unreadable) extra->unreadable_why = why;
    extra->unreadable = true;
}

void x12_begin_line(x12_reader *r, const x12_segment *segment)
{
    if (r->claim == RUN_NO_ROW) {
        x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0109", segment, 0, NULL,
                    "a service line outside any claim is passed over");
        return;
    }
    x12_end_line(r);
    r->line = run_store_add(r->store, LANG_RECORD_line);
    if (r->line == RUN_NO_ROW) return;
    r->line_filled = false;
    x12_keep_place(&r->line_at, segment, x12_is(x12_element(segment, 0), "LX") ? "LX" : "SV1");
    r->other_subscriber = false;
    r->line_rendering = r->line_supervising = r->line_referring = r->line_facility = (x12_provider){0};
    r->last_provider = NULL;
    int64_t number;
    x12_text text = x12_element(segment, 1);
    bool numbered = x12_is(x12_element(segment, 0), "LX") && read_whole(text.start, text.length, &number);
    r->line_number = numbered ? number : r->line_number + 1;
    run_line_extra *extra = &r->store->lines.items[r->line];
    extra->subject = r->subject;
    extra->file = r->scanner.input->name_symbol;
    extra->segment = (uint32_t)segment->number;
    extra->authorization = r->claim_authorization;
    run_store_set(r->store, LANG_FIELD_line_number, r->line, r->line_number);
    run_store_set(r->store, LANG_FIELD_line_claim, r->line, r->claim);
    if (r->patient_row != RUN_NO_ROW) run_store_set(r->store, LANG_FIELD_line_patient, r->line, r->patient_row);
    if (r->payer != 0) run_store_set(r->store, LANG_FIELD_line_payer, r->line, r->payer);
    run_store_set(r->store, LANG_FIELD_line_status, r->line, r->submitted);
    run_store_set_absent(r->store, LANG_FIELD_line_referral_number, r->line);
    run_store_set_absent(r->store, LANG_FIELD_line_control_number, r->line);
    run_store_set_absent(r->store, LANG_FIELD_line_revenue_code, r->line);
    if (r->claim_referral != 0) run_store_set(r->store, LANG_FIELD_line_referral_number, r->line, r->claim_referral);
}

/* Where a service segment holds what: SV1 of a professional, SV2 of an institutional claim. */
static size_t place_in(const x12_reader *r, size_t professional)
{
    return r->institutional ? professional + 1 : professional;
}

/* SV201. A line without a procedure is one of its revenue code alone: its procedure is a code that no set holds. */
static void read_revenue(x12_reader *r, const x12_segment *segment)
{
    x12_text revenue = x12_element(segment, 1);
    if (revenue.length > 0)
        run_store_set_code(r->store, LANG_FIELD_line_revenue_code, r->line, revenue.start, revenue.length);
    if (x12_element(segment, 2).length > 0) return;
    run_store_set_code(r->store, LANG_FIELD_line_procedure, r->line, "", 0);
    run_store_set_list(r->store, LANG_FIELD_line_modifiers, r->line, NULL, 0);
}

static void read_procedure(x12_reader *r, const x12_segment *segment)
{
    size_t place = place_in(r, 1);
    x12_text composite = x12_element(segment, place);
    check_component(r, segment, place, composite, 2);
    x12_text code = x12_component(&r->scanner, composite, 1);
    if (code.length == 0 && composite.length == 0 && r->institutional) return;
    if (code.length == 0) {
        x12_problem(&r->scanner, ADJ_SEVERITY_ERROR, "D0203", segment, place, r->claim_id,
                    "found `%.*s`, expected a qualifier and a procedure code, like HC%c90853",
                    TEXT_ARGUMENTS(composite), r->scanner.component);
        unreadable(r, r->institutional ? "it has no procedure code (SV202-2)" : "it has no procedure code (SV101-2)");
        return;
    }
    run_store_set_code(r->store, LANG_FIELD_line_procedure, r->line, code.start, code.length);
    uint32_t modifiers[4];
    size_t count = 0;
    for (size_t i = 2; i < 6; i++) {
        x12_text modifier = x12_component(&r->scanner, composite, i);
        if (modifier.length == 0) continue;
        modifiers[count++] = run_store_code(r->store, LANG_SYSTEM_modifier, modifier.start, modifier.length);
        char normal[16];
        bool shaped = modifier.length < sizeof normal;
        if (shaped) lang_code_normalize(LANG_SYSTEM_modifier, modifier.start, modifier.length, normal);
        if (shaped && lang_code_shape(LANG_SYSTEM_modifier, normal, strlen(normal))) continue;
        x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0211", segment, place, r->claim_id,
                    "`%.*s` is not a modifier (two letters or digits)", TEXT_ARGUMENTS(modifier));
    }
    run_store_set_list(r->store, LANG_FIELD_line_modifiers, r->line, modifiers, count);
}

static void read_amounts(x12_reader *r, const x12_segment *segment)
{
    size_t at = place_in(r, 2);
    x12_text charge = x12_element(segment, at), basis = x12_element(segment, at + 1),
             units = x12_element(segment, at + 2);
    int64_t cents, quantity;
    if (read_cents(charge.start, charge.length, &cents)) {
        run_store_set(r->store, LANG_FIELD_line_charge, r->line, cents);
    } else {
        x12_problem(&r->scanner, ADJ_SEVERITY_ERROR, "D0201", segment, at, r->claim_id,
                    "found `%.*s`, expected the line's charge", TEXT_ARGUMENTS(charge));
        unreadable(r, r->institutional ? "its charge (SV203) is not an amount" : "its charge (SV102) is not an amount");
    }
    if (basis.length > 0) run_store_set_code(r->store, LANG_FIELD_line_unit_basis, r->line, basis.start, basis.length);
    if (units.length == 0) {
        x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0212", segment, at + 2, r->claim_id,
                    "the line states no units; they stay unknown");
    } else if (!read_thousandths(units.start, units.length, &quantity)) {
        x12_problem(&r->scanner, ADJ_SEVERITY_ERROR, "D0201", segment, at + 2, r->claim_id,
                    "found `%.*s`, expected a number of units with at most three decimals", TEXT_ARGUMENTS(units));
        unreadable(r, r->institutional ? "its units (SV205) are not a number" : "its units (SV104) are not a number");
    } else {
        run_store_set(r->store, LANG_FIELD_line_units, r->line, quantity);
    }
}

static void read_place(x12_reader *r, const x12_segment *segment)
{
    x12_text pos = x12_element(segment, 5);
    if (pos.length > 0) {
        run_store_set_code(r->store, LANG_FIELD_line_pos, r->line, pos.start, pos.length);
        if (!lang_code_shape(LANG_SYSTEM_pos, pos.start, pos.length)) {
            x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0208", segment, 5, r->claim_id,
                        "`%.*s` is not a place of service (two digits)", TEXT_ARGUMENTS(pos));
        }
    } else if (r->claim_pos != 0) {
        run_store_set(r->store, LANG_FIELD_line_pos, r->line, r->claim_pos);
    }
}

/* Diagnoses that the line points to. Without pointers they stay unknown, unless the claim has no diagnosis at all. */
static void read_pointers(x12_reader *r, const x12_segment *segment)
{
    x12_text composite = x12_element(segment, 7);
    uint32_t codes[4];
    size_t count = 0;
    if (composite.length == 0) {
        if (r->diagnosis_count == 0) run_store_set_list(r->store, LANG_FIELD_line_diagnoses, r->line, codes, 0);
        return;
    }
    for (size_t i = 0; i < 4; i++) {
        x12_text pointer = x12_component(&r->scanner, composite, i);
        int64_t index;
        if (pointer.length == 0) continue;
        if (!read_whole(pointer.start, pointer.length, &index) || index < 1 || index > (int64_t)r->diagnosis_count) {
            x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0213", segment, 7, r->claim_id,
                        "`%.*s` points to no diagnosis; the claim has %zu", TEXT_ARGUMENTS(pointer),
                        r->diagnosis_count);
            continue;
        }
        codes[count++] = r->diagnoses[index - 1];
    }
    /* Pointers that all lead nowhere do not say that the line has no diagnosis. */
    if (count > 0) run_store_set_list(r->store, LANG_FIELD_line_diagnoses, r->line, codes, count);
}

void x12_service(x12_reader *r, const x12_segment *segment)
{
    if (r->claim == RUN_NO_ROW) {
        x12_problem(&r->scanner, ADJ_SEVERITY_ERROR, "D0109", segment, 0, NULL,
                    "a service outside any claim (no CLM before it) cannot be judged; it is not read");
        r->scanner.input->rejected++;
        return;
    }
    if (r->line == RUN_NO_ROW || r->line_filled) {
        x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0214", segment, 0, r->claim_id,
                    "a service without its LX segment; it is taken as the next line");
        x12_begin_line(r, segment);
    }
    if (r->line == RUN_NO_ROW) return;
    r->line_filled = true;
    if (r->institutional) read_revenue(r, segment);
    read_procedure(r, segment);
    read_amounts(r, segment);
    if (r->institutional) {
        run_store_set_list(r->store, LANG_FIELD_line_diagnoses, r->line, r->diagnoses, r->diagnosis_count);
        return;
    }
    read_place(r, segment);
    read_pointers(r, segment);
}

static void set_provider(x12_reader *r, lang_field field, const x12_provider *line, const x12_provider *claim)
{
    const x12_provider *provider = line->named ? line : claim;
    if (!provider->named)
        run_store_set_absent(r->store, field, r->line);
    else if (provider->npi != 0)
        run_store_set(r->store, field, r->line, provider->npi);
}

/* Line values override claim values; an absent rendering provider is the billing provider. */
static void set_providers(x12_reader *r)
{
    const x12_provider *rendering = r->line_rendering.named ? &r->line_rendering
                                    : r->rendering.named    ? &r->rendering
                                                            : &r->billing;
    if (rendering->npi != 0) run_store_set(r->store, LANG_FIELD_line_rendering_provider, r->line, rendering->npi);
    if (rendering->taxonomy != 0)
        run_store_set(r->store, LANG_FIELD_line_rendering_taxonomy, r->line, rendering->taxonomy);
    else
        run_store_set_absent(r->store, LANG_FIELD_line_rendering_taxonomy, r->line);
    if (r->billing.npi != 0) run_store_set(r->store, LANG_FIELD_line_billing_provider, r->line, r->billing.npi);
    if (r->billing.taxonomy != 0)
        run_store_set(r->store, LANG_FIELD_line_billing_taxonomy, r->line, r->billing.taxonomy);
    else
        run_store_set_absent(r->store, LANG_FIELD_line_billing_taxonomy, r->line);
    set_provider(r, LANG_FIELD_line_supervising_provider, &r->line_supervising, &r->supervising);
    set_provider(r, LANG_FIELD_line_referring_provider, &r->line_referring, &r->referring);
    set_provider(r, LANG_FIELD_line_service_facility, &r->line_facility, &r->facility);
}

void x12_end_line(x12_reader *r)
{
    if (r->line == RUN_NO_ROW) return;
    set_providers(r);
    if (!r->line_filled) {
        x12_problem(&r->scanner, ADJ_SEVERITY_ERROR, "D0203", &r->line_at, 0, r->claim_id,
                    "line %lld of claim %s has no service (%s)", (long long)r->line_number, r->claim_id,
                    r->institutional ? "SV2" : "SV1");
        unreadable(r, r->institutional ? "it has no service (SV2)" : "it has no service (SV1)");
    } else if (!run_store_present(r->store, LANG_FIELD_line_date, r->line) &&
               !r->store->lines.items[r->line].unreadable) {
        if (r->claim_service_dated) {
            run_store_set(r->store, LANG_FIELD_line_date, r->line, r->claim_service_date);
            run_store_set(r->store, LANG_FIELD_line_end_date, r->line, r->claim_service_end);
        } else {
            x12_problem(&r->scanner, ADJ_SEVERITY_ERROR, "D0204", &r->line_at, 0, r->claim_id,
                        "line %lld of claim %s has no date of service (DTP*472)", (long long)r->line_number,
                        r->claim_id);
            unreadable(r, "it has no date of service (DTP*472)");
        }
    }
    r->line = RUN_NO_ROW;
}

/* ---- dates and references ---- */

/* Reads D8 (a day), RD8 (a span) or DT (a day and time). */
static bool read_days(x12_text format, x12_text text, base_date *from, base_date *to)
{
    bool span = text.length == 17 && text.start[8] == '-'; /* whatever its qualifier says */
    if (x12_is(format, "RD8") || span) {
        const char *dash = memchr(text.start, '-', text.length);
        if (dash == NULL) { /* a span of one day, written as that day */
            bool one = base_date_read(text.start, text.length, true, from);
            *to = *from;
            return one;
        }
        size_t first = (size_t)(dash - text.start);
        return base_date_read(text.start, first, true, from) &&
               base_date_read(dash + 1, text.length - first - 1, true, to) && *from <= *to;
    }
    size_t length = x12_is(format, "DT") && text.length > 8 ? 8 : text.length;
    bool good = base_date_read(text.start, length, true, from);
    *to = *from;
    return good;
}

static void service_date(x12_reader *r, const x12_segment *segment, bool good, base_date from, base_date to)
{
    x12_text text = x12_element(segment, 3);
    if (!good) {
        x12_problem(&r->scanner, ADJ_SEVERITY_ERROR, "D0202", segment, 3, r->claim_id,
                    "found `%.*s`, expected a date of service that exists, as YYYYMMDD or YYYYMMDD-YYYYMMDD",
                    TEXT_ARGUMENTS(text));
        if (r->line != RUN_NO_ROW)
            unreadable(r, "its date of service (DTP03) is not a date");
        else
            claim_unreadable(r, "its claim's date of service (DTP03) is not a date");
    } else if (r->line != RUN_NO_ROW) {
        run_store_set(r->store, LANG_FIELD_line_date, r->line, from);
        run_store_set(r->store, LANG_FIELD_line_end_date, r->line, to);
    } else {
        r->claim_service_dated = true;
        r->claim_service_date = from;
        r->claim_service_end = to;
    }
}

void x12_date(x12_reader *r, const x12_segment *segment)
{
    if (r->claim == RUN_NO_ROW) return;
    x12_text kind = x12_element(segment, 1), text = x12_element(segment, 3);
    base_date from = 0, to = 0;
    bool good = read_days(x12_element(segment, 2), text, &from, &to);
    bool statement = r->institutional && x12_is(kind, "434") && r->line == RUN_NO_ROW;
    if (x12_is(kind, "472") || statement) {
        service_date(r, segment, good, from, to);
        return;
    }
    bool admission = x12_is(kind, "435"), discharge = x12_is(kind, "096");
    bool time_only = x12_is(x12_element(segment, 2), "TM");
    if ((!admission && !discharge) || time_only) return;
    lang_field field = admission ? LANG_FIELD_claim_admission_date : LANG_FIELD_claim_discharge_date;
    if (good) {
        run_store_set(r->store, field, r->claim, from);
        return;
    }
    x12_problem(&r->scanner, ADJ_SEVERITY_ERROR, "D0202", segment, 3, r->claim_id,
                "found `%.*s`, expected a date of %s that exists, as YYYYMMDD", TEXT_ARGUMENTS(text),
                admission ? "admission" : "discharge");
    claim_unreadable(r, "its claim's date of admission or discharge is not a date");
}

void x12_reference(x12_reader *r, const x12_segment *segment)
{
    if (r->claim == RUN_NO_ROW || r->other_subscriber) return;
    x12_text kind = x12_element(segment, 1), text = x12_element(segment, 2);
    if (text.length == 0) return;
    bool in_line = r->line != RUN_NO_ROW;
    if (x12_is(kind, "G1")) {
        uint32_t number = x12_symbol(r, text);
        if (in_line)
            r->store->lines.items[r->line].authorization = number;
        else
            r->claim_authorization = number;
    } else if (x12_is(kind, "9F")) {
        if (in_line)
            run_store_set_text(r->store, LANG_FIELD_line_referral_number, r->line, text.start, text.length);
        else
            r->claim_referral = x12_symbol(r, text);
    } else if (x12_is(kind, "6R") && in_line) {
        run_store_set_text(r->store, LANG_FIELD_line_control_number, r->line, text.start, text.length);
    } else if (x12_is(kind, "F8") && !in_line) {
        run_store_set_text(r->store, LANG_FIELD_claim_original_reference, r->claim, text.start, text.length);
    }
}
