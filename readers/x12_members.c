/* The common part of 271 (eligibility), 277 (status of claims) and 278 (review of services). */
#include "readers/x12_members.h"

#include <string.h>

static void keep(char *buffer, size_t room, x12_text text)
{
    size_t length = text.length < room - 1 ? text.length : room - 1;
    memcpy(buffer, text.start, length);
    buffer[length] = '\0';
}

uint32_t x12_members_symbol(x12_members *m, x12_text text)
{
    if (text.length == 0) return 0;
    uint32_t symbol = base_intern_add(&m->store->symbols, text.start, text.length);
    return symbol == BASE_INTERN_NONE ? 0 : symbol;
}

bool x12_days_of(x12_members *m, const x12_segment *segment, x12_days *days)
{
    x12_text format = x12_element(segment, 2), text = x12_element(segment, 3);
    const char *dash = memchr(text.start, '-', text.length);
    *days = (x12_days){0};
    bool span = x12_is(format, "RD8") && dash != NULL;
    size_t first = span ? (size_t)(dash - text.start) : text.length < 8 ? text.length : 8;
    bool good = base_date_read(text.start, first, true, &days->from);
    days->to = days->from;
    if (span)
        good = good && base_date_read(dash + 1, text.length - first - 1, true, &days->to) && days->from <= days->to;
    days->from_known = days->to_known = good;
    if (!good) {
        x12_problem(m->scanner, ADJ_SEVERITY_ERROR, "D0202", segment, 3, NULL,
                    "found `%.*s`, expected a date that exists, as YYYYMMDD or YYYYMMDD-YYYYMMDD", (int)text.length,
                    text.start);
        m->garbled = true;
    }
    return good;
}

uint32_t x12_member_row(x12_members *m)
{
    const char *id = m->id;
    if (m->in_dependent && *id == '\0' && m->subscriber[0] != '\0')
        id = base_format(&m->store->arena, "%s/%s", m->subscriber, m->first);
    return *id == '\0' ? RUN_NO_ROW : run_store_patient(m->store, id, strlen(id));
}

/* Ends what was told of the member at hand; one that cannot be read is left out as a whole. */
static void end_member(x12_members *m)
{
    if (!m->in_member) return;
    if (m->kind == X12_ELIGIBILITY) x12_eligibility_end_member(m);
    if (m->kind == X12_STATUS) x12_status_end_member(m);
    if (m->kind == X12_REVIEW) x12_review_end_member(m);
    if (m->garbled) {
        m->scanner->input->rejected++;
        m->any_garbled = true;
        run_store_truncate(m->store, LANG_RECORD_coverage, m->coverages);
        m->store->coverage_patients.count = m->coverages;
        run_store_truncate(m->store, LANG_RECORD_authorization, m->authorizations);
        m->scanner->input->encounters->claim_facts.count = m->facts;
        if (m->kind == X12_ELIGIBILITY) m->store->eligibility_has_holes = true;
        if (m->kind == X12_STATUS) m->store->acknowledgments_have_holes = true;
    }
    m->in_member = m->garbled = false;
}

static void begin_member(x12_members *m, const x12_segment *segment, bool dependent)
{
    end_member(m);
    char subscriber[80];
    memcpy(subscriber, dependent ? m->id : "", dependent ? sizeof subscriber : 1);
    x12_members clean = {.scanner = m->scanner, .store = m->store, .kind = m->kind, .request = m->request};
    memcpy(clean.control, m->control, sizeof clean.control);
    clean.told = m->told;
    clean.payer = m->payer;
    clean.acknowledgment = -1;
    clean.any_garbled = m->any_garbled;
    clean.coverages = m->store->counts[LANG_RECORD_coverage];
    clean.authorizations = m->store->counts[LANG_RECORD_authorization];
    clean.facts = m->scanner->input->encounters->claim_facts.count;
    *m = clean;
    if (dependent) memcpy(m->subscriber, subscriber, sizeof m->subscriber);
    m->in_member = true;
    m->in_dependent = dependent;
    x12_keep_place(&m->member_at, segment, "HL");
}

static void level(x12_members *m, const x12_segment *segment)
{
    x12_text code = x12_element(segment, 3);
    if (x12_is(code, "22") || x12_is(code, "PT"))
        begin_member(m, segment, false);
    else if (x12_is(code, "23"))
        begin_member(m, segment, true);
    else if (m->in_member && m->kind == X12_REVIEW)
        x12_review_level(m, code);
    else
        end_member(m);
}

static void name(x12_members *m, const x12_segment *segment)
{
    x12_text role = x12_element(segment, 1), id = x12_element(segment, 9);
    if (!m->in_member) {
        if (x12_is(role, "PR") || x12_is(role, "X3"))
            m->payer = x12_members_symbol(m, id.length > 0 ? id : x12_element(segment, 3));
        return;
    }
    if (!x12_is(role, "IL") && !x12_is(role, "QC") && !x12_is(role, "03")) return;
    keep(m->id, sizeof m->id, id);
    keep(m->first, sizeof m->first, x12_element(segment, 4));
}

void x12_members_begin(x12_members *m, x12_scanner *scanner, run_store *store, x12_member_kind kind,
                       const char *control)
{
    *m = (x12_members){.scanner = scanner, .store = store, .kind = kind, .acknowledgment = -1};
    size_t length = strlen(control) < sizeof m->control - 1 ? strlen(control) : sizeof m->control - 1;
    memcpy(m->control, control, length);
}

void x12_members_segment(x12_members *m, const x12_segment *segment, x12_text id)
{
    if (x12_is(id, "BHT")) {
        m->request = m->request || x12_is(x12_element(segment, 2), "13") || x12_is(x12_element(segment, 2), "01");
    } else if (x12_is(id, "HL")) {
        level(m, segment);
    } else if (x12_is(id, "NM1")) {
        name(m, segment);
    } else if (m->in_member) {
        if (m->kind == X12_ELIGIBILITY) x12_eligibility_segment(m, segment, id);
        if (m->kind == X12_STATUS) x12_status_segment(m, segment, id);
        if (m->kind == X12_REVIEW) x12_review_segment(m, segment, id);
    }
}

void x12_members_end(x12_members *m, const x12_segment *at)
{
    static const char *const what[] = {"eligibility of no member", "no claim", "no authorization"};
    end_member(m);
    if (m->any_garbled) x12_keep_transaction(m->scanner);
    if (m->told > 0 || m->any_garbled) return;
    x12_problem(m->scanner, ADJ_SEVERITY_NOTE, "D0114", at, 0, NULL, "transaction %s %s %s", m->control,
                m->request ? "asks; it tells of" : "tells of", what[m->kind]);
}
