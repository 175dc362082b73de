/* Authorizations from the answer of a 278: what was certified (HCR A1, A2 or A6), for whom, when, and for which services. */
#include "readers/x12_members.h"

static bool certifies(x12_text action)
{
    return x12_is(action, "A1") || x12_is(action, "A2") || x12_is(action, "A6");
}

static void put(x12_members *m, uint32_t number, x12_days days)
{
    uint32_t patient = x12_member_row(m);
    uint32_t row =
        patient == RUN_NO_ROW || number == 0 ? RUN_NO_ROW : run_store_add(m->store, LANG_RECORD_authorization);
    if (row == RUN_NO_ROW) return;
    run_store_set(m->store, LANG_FIELD_authorization_number, row, number);
    run_store_set(m->store, LANG_FIELD_authorization_patient, row, patient);
    if (days.from_known)
        run_store_set(m->store, LANG_FIELD_authorization_dates, row,
                      run_span_pack(days.from, days.to_known ? days.to : BASE_DATE_MAX));
    if (m->service_count > 0)
        run_store_set_list(m->store, LANG_FIELD_authorization_procedures, row, m->services, m->service_count);
    if (m->units_known) run_store_set(m->store, LANG_FIELD_authorization_units, row, m->units);
    m->store->feeds[LANG_FEED_AUTHORIZATIONS] = true;
    m->told++;
    m->scanner->input->accepted++;
}

/* Services with a number of their own are authorizations of their own. */
static void end_service(x12_members *m)
{
    if (!m->in_service) return;
    bool own = m->service_reviewed && m->service_granted && m->service_number != 0 && m->service_number != m->number;
    if (own && !m->garbled) put(m, m->service_number, m->service_days.from_known ? m->service_days : m->event_days);
    bool out = own || (m->service_reviewed && !m->service_granted);
    if (out) m->service_count = 0;
    if (!out && !m->event_days.from_known) m->event_days = m->service_days;
    if (m->service_granted && m->number == 0 && !own) {
        m->number = m->service_number;
        m->granted = true;
    }
    m->in_service = m->service_reviewed = m->service_granted = false;
    m->service_number = 0;
    m->service_days = (x12_days){0};
}

static void end_event(x12_members *m)
{
    end_service(m);
    if (m->reviewed && m->granted && !m->garbled) put(m, m->number, m->event_days);
    m->reviewed = m->granted = m->units_known = false;
    m->number = 0;
    m->service_count = 0;
    m->event_days = (x12_days){0};
}

void x12_review_level(x12_members *m, x12_text code)
{
    if (x12_is(code, "SS")) {
        end_service(m);
        m->in_service = true;
    } else {
        end_event(m);
    }
}

static void add_service(x12_members *m, const x12_segment *segment, bool institutional)
{
    x12_text composite = x12_element(segment, institutional ? 2 : 1),
             units = x12_element(segment, institutional ? 5 : 4);
    x12_text code = x12_component(m->scanner, composite, 1);
    if (code.length > 0 && m->service_count < X12_SERVICE_LIMIT)
        m->services[m->service_count++] = run_store_code(m->store, LANG_SYSTEM_cpt, code.start, code.length);
    int64_t count;
    if (units.length == 0) return;
    if (!read_thousandths(units.start, units.length, &count) || count < 0) {
        x12_problem(m->scanner, ADJ_SEVERITY_ERROR, "D0201", segment, institutional ? 5 : 4, NULL,
                    "found `%.*s`, expected a number of units", (int)units.length, units.start);
        m->garbled = true;
        return;
    }
    m->units = m->units_known ? m->units + count : count;
    m->units_known = true;
}

/* HSD: so many visits, units or days. */
static void add_delivery(x12_members *m, const x12_segment *segment)
{
    x12_text qualifier = x12_element(segment, 1), text = x12_element(segment, 2);
    int64_t count;
    bool counts =
        x12_is(qualifier, "VS") || x12_is(qualifier, "UN") || x12_is(qualifier, "DY") || x12_is(qualifier, "FL");
    if (!counts || m->units_known || text.length == 0) return;
    if (!read_thousandths(text.start, text.length, &count) || count < 0) {
        x12_problem(m->scanner, ADJ_SEVERITY_ERROR, "D0201", segment, 2, NULL, "found `%.*s`, expected a number",
                    (int)text.length, text.start);
        m->garbled = true;
        return;
    }
    m->units = count;
    m->units_known = true;
}

void x12_review_segment(x12_members *m, const x12_segment *segment, x12_text id)
{
    if (x12_is(id, "HCR")) {
        bool granted = certifies(x12_element(segment, 1));
        uint32_t number = x12_members_symbol(m, x12_element(segment, 2));
        m->reviewed = true;
        if (m->in_service) {
            m->service_reviewed = true;
            m->service_granted = granted;
            m->service_number = number;
        } else {
            m->granted = granted;
            m->number = number;
        }
    } else if (x12_is(id, "DTP")) {
        /* AAH: when the event takes place; 472: of service; 435: admission; 007, 036: of the certification */
        static const char *const whole[] = {"AAH", "472", "435", "007", "ABC"};
        x12_days days, *own = m->in_service ? &m->service_days : &m->event_days;
        for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
            if (x12_is(x12_element(segment, 1), whole[i]) && x12_days_of(m, segment, &days)) *own = days;
        }
        if (x12_is(x12_element(segment, 1), "036") && x12_days_of(m, segment, &days)) {
            own->to = days.to;
            own->to_known = true;
        }
    } else if (x12_is(id, "SV1") || x12_is(id, "SV2")) {
        add_service(m, segment, x12_is(id, "SV2"));
    } else if (x12_is(id, "HSD")) {
        add_delivery(m, segment);
    } else if (x12_is(id, "AAA")) {
        x12_text reason = x12_element(segment, 3);
        x12_problem(m->scanner, ADJ_SEVERITY_NOTE, "D0115", segment, 3, NULL,
                    "the request was not answered (reject reason %.*s)", (int)reason.length, reason.start);
    }
}

void x12_review_end_member(x12_members *m)
{
    end_event(m);
}
