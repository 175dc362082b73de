/* Eligibility from a 271: active coverage is a span of the member's; inactive coverage says that there is none. */
#include "readers/x12_members.h"

/* Qualifiers of DTP that date coverage as a whole. */
static bool dates_coverage(x12_text qualifier, bool *begins, bool *ends)
{
    static const char *const first[] = {"346", "348", "356", "473", "303"};
    static const char *const last[] = {"347", "349", "357", "474", "343"};
    static const char *const both[] = {"291", "292", "307", "435", "472"};
    *begins = *ends = false;
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
        *begins = *begins || x12_is(qualifier, first[i]) || x12_is(qualifier, both[i]);
        *ends = *ends || x12_is(qualifier, last[i]) || x12_is(qualifier, both[i]);
    }
    return *begins || *ends;
}

static void take_days(x12_members *m, const x12_segment *segment)
{
    bool begins, ends;
    x12_days told, *days = m->benefit_open ? &m->days : &m->member_days;
    if (!dates_coverage(x12_element(segment, 1), &begins, &ends) || !x12_days_of(m, segment, &told)) return;
    if (begins) days->from = told.from;
    if (ends) days->to = told.to;
    days->from_known = days->from_known || begins;
    days->to_known = days->to_known || ends;
}

static void put_coverage(x12_members *m, x12_days days, uint32_t plan)
{
    uint32_t patient = x12_member_row(m);
    uint32_t row = patient == RUN_NO_ROW ? RUN_NO_ROW : run_store_add(m->store, LANG_RECORD_coverage);
    uint32_t *slot = row == RUN_NO_ROW ? NULL : BASE_PUSH(&m->store->arena, &m->store->coverage_patients);
    if (slot == NULL) return;
    *slot = patient;
    if (m->payer != 0) run_store_set(m->store, LANG_FIELD_coverage_payer, row, m->payer);
    if (plan != 0) run_store_set(m->store, LANG_FIELD_coverage_plan, row, plan);
    if (!days.from_known) return; /* when it is active, nobody said */
    base_date to = days.to_known ? days.to : BASE_DATE_MAX;
    if (to >= days.from) run_store_set(m->store, LANG_FIELD_coverage_dates, row, run_span_pack(days.from, to));
}

static void end_benefit(x12_members *m)
{
    if (!m->benefit_open) return;
    m->benefit_open = false;
    if (!m->benefit_active) return;
    x12_days days = m->days.from_known ? m->days : m->member_days;
    if (m->benefit_general) {
        m->general_row = true;
        if (!m->garbled) put_coverage(m, days, m->plan);
    } else if (!m->fallback) {
        m->fallback = true;
        m->fallback_days = days;
        m->fallback_plan = m->plan;
    }
}

/* EB: active (1 to 5) or inactive (6 to 8) coverage of service types; 30 is the plan as a whole. */
static void begin_benefit(x12_members *m, const x12_segment *segment)
{
    end_benefit(m);
    x12_text status = x12_element(segment, 1), types = x12_element(segment, 3), plan = x12_element(segment, 5);
    bool active = status.length == 1 && status.start[0] >= '1' && status.start[0] <= '5';
    bool inactive = status.length == 1 && status.start[0] >= '6' && status.start[0] <= '8';
    m->any_inactive = m->any_inactive || inactive;
    m->any_active = m->any_active || active;
    m->benefit_open = active;
    m->benefit_active = active;
    m->days = (x12_days){0};
    if (plan.length > 0 && active) m->plan = x12_members_symbol(m, plan);
    m->benefit_general = types.length == 0;
    char separator = m->scanner->repetition != '\0' ? m->scanner->repetition : m->scanner->component;
    for (size_t i = 0, start = 0; i <= types.length; i++) {
        if (i < types.length && types.start[i] != separator) continue;
        if (i - start == 2 && types.start[start] == '3' && types.start[start + 1] == '0') m->benefit_general = true;
        start = i + 1;
    }
}

void x12_eligibility_segment(x12_members *m, const x12_segment *segment, x12_text id)
{
    if (x12_is(id, "EB")) {
        begin_benefit(m, segment);
    } else if (x12_is(id, "DTP")) {
        take_days(m, segment);
    } else if (x12_is(id, "AAA")) {
        x12_text reason = x12_element(segment, 3);
        x12_problem(m->scanner, ADJ_SEVERITY_NOTE, "D0115", segment, 3, NULL,
                    "the payer did not answer for this member (reject reason %.*s); its coverage stays unknown",
                    (int)reason.length, reason.start);
    }
}

void x12_eligibility_end_member(x12_members *m)
{
    end_benefit(m);
    uint32_t patient = x12_member_row(m);
    if (m->garbled || patient == RUN_NO_ROW || (!m->any_active && !m->any_inactive)) return;
    if (m->fallback && !m->general_row) put_coverage(m, m->fallback_days, m->fallback_plan);
    /* Coverage of some other day may not be in the answer, unless it speaks of the plan's own dates. */
    m->store->told_coverage.items[patient] = 1;
    m->told++;
    m->scanner->input->accepted++;
}
