/* Joining lines with the sessions and the attendance that they bill: docs/encounter.md, rule 5. */
#include "runtime/by_day.h"

#include <string.h>

/* Attendances of known sessions, by patient and day, and rows by session and by what sessions are called. */
typedef struct attended {
    run_by_day days;
    run_chains of_session;  /* attendances */
    run_chains sessions_of; /* an identifier */
} attended;

static bool day_of_session(const run_store *store, uint32_t row, int64_t *day)
{
    if (!run_store_present(store, LANG_FIELD_attendance_session, row)) return false;
    uint32_t session = (uint32_t)run_store_bits(store, LANG_FIELD_attendance_session, row);
    bool dated = run_store_present(store, LANG_FIELD_session_date, session);
    *day = dated ? run_store_bits(store, LANG_FIELD_session_date, session) : RUN_NO_DAY;
    return true;
}

static bool find_days(run_store *store, run_by_day *days)
{
    return run_order_by_day(store, days, LANG_RECORD_attendance, LANG_FIELD_attendance_patient,
                            store->counts[LANG_RECORD_patient], day_of_session);
}

static bool find_attended(run_store *store, attended *all)
{
    *all = (attended){
        .of_session = run_chain_by(store, LANG_RECORD_attendance, LANG_FIELD_attendance_session,
                                   store->counts[LANG_RECORD_session]),
        .sessions_of = run_chain_by(store, LANG_RECORD_session, LANG_FIELD_session_id, store->symbols.entries.count)};
    return all->of_session.first != NULL && all->sessions_of.first != NULL && find_days(store, &all->days);
}

static bool session_fits(const run_store *store, uint32_t session, uint32_t line)
{
    return run_same_known(store, LANG_FIELD_session_date, session, LANG_FIELD_line_date, line) &&
           run_same_known(store, LANG_FIELD_session_facilitator, session, LANG_FIELD_line_rendering_provider, line) &&
           run_may_be_same(store, LANG_FIELD_session_procedure, session, LANG_FIELD_line_procedure, line);
}

bool run_session_may_fit(const run_store *store, uint32_t session, uint32_t line)
{
    return run_may_be_same(store, LANG_FIELD_session_date, session, LANG_FIELD_line_date, line) &&
           run_may_be_same(store, LANG_FIELD_session_facilitator, session, LANG_FIELD_line_rendering_provider, line) &&
           run_may_be_same(store, LANG_FIELD_session_procedure, session, LANG_FIELD_line_procedure, line);
}

/* The first attendance of a session that is the patient's. */
static uint32_t attendance_in(const run_store *store, const attended *all, uint32_t session, uint32_t patient)
{
    uint32_t row = run_chain_first(&all->of_session, session);
    for (; row != RUN_NO_ROW; row = all->of_session.next[row]) {
        if (run_store_present(store, LANG_FIELD_attendance_patient, row) &&
            run_store_bits(store, LANG_FIELD_attendance_patient, row) == (int64_t)patient)
            return row;
    }
    return RUN_NO_ROW;
}

/* The first attendance of a session that a line's control number names. */
static uint32_t attendance_called(const run_store *store, const attended *all, uint32_t line, uint32_t patient)
{
    uint32_t first = RUN_NO_ROW;
    if (!run_store_present(store, LANG_FIELD_line_control_number, line)) return first;
    size_t name = (size_t)run_store_bits(store, LANG_FIELD_line_control_number, line);
    uint32_t session = run_chain_first(&all->sessions_of, name);
    for (; session != RUN_NO_ROW; session = all->sessions_of.next[session]) {
        uint32_t row = attendance_in(store, all, session, patient);
        if (row < first) first = row;
    }
    return first;
}

/* The attendance of a line: of the session that its own record names, else by session id in the line's control number,
 * else the only one of member, day, provider. */
static uint32_t attendance_of(const run_store *store, const attended *all, uint32_t line, bool *several)
{
    uint32_t patient = (uint32_t)run_store_bits(store, LANG_FIELD_line_patient, line);
    *several = false;
    if (run_store_present(store, LANG_FIELD_line_session, line))
        return attendance_in(store, all, (uint32_t)run_store_bits(store, LANG_FIELD_line_session, line), patient);
    uint32_t found = attendance_called(store, all, line, patient);
    if (found != RUN_NO_ROW || !run_store_present(store, LANG_FIELD_line_date, line)) return found;
    run_day_span span = run_of_day(&all->days, patient, run_store_bits(store, LANG_FIELD_line_date, line));
    for (; span.at < span.end; span.at++) {
        uint32_t session = (uint32_t)run_store_bits(store, LANG_FIELD_attendance_session, span.at->row);
        if (!session_fits(store, session, line)) continue;
        if (found != RUN_NO_ROW) *several = true;
        found = span.at->row;
    }
    return *several ? RUN_NO_ROW : found;
}

static void report_sessionless(run_store *store, uint32_t line, bool several)
{
    const run_line_extra *extra = &store->lines.items[line];
    uint32_t claim = (uint32_t)run_store_bits(store, LANG_FIELD_line_claim, line);
    run_store_problem(
        store, ADJ_SEVERITY_NOTE, several ? "D0402" : "D0401", base_intern_text(&store->symbols, extra->file),
        extra->segment, 0, 0, run_store_text(store, LANG_FIELD_claim_id, claim),
        several ? "line %lld fits several sessions of its member, day and provider; what its session says stays unknown"
                : "line %lld has no session for its member, day and provider; what its session says stays unknown",
        (long long)run_store_bits(store, LANG_FIELD_line_number, line));
}

void run_link_sessions(run_store *store)
{
    attended all;
    size_t symbols = store->symbols.entries.count;
    uint8_t *held = base_arena_alloc(&store->arena, symbols + 1);
    if (held == NULL || !find_attended(store, &all)) return;
    for (uint32_t session = 0; session < store->counts[LANG_RECORD_session]; session++) {
        if (run_store_present(store, LANG_FIELD_session_procedure, session)) {
            held[run_store_bits(store, LANG_FIELD_session_procedure, session)] = 1;
        }
    }
    for (uint32_t line = 0; line < store->counts[LANG_RECORD_line]; line++) {
        if (!run_store_present(store, LANG_FIELD_line_patient, line)) continue;
        bool several;
        uint32_t row = attendance_of(store, &all, line, &several);
        if (row != RUN_NO_ROW) {
            run_store_set(store, LANG_FIELD_line_attendance, line, row);
            run_store_set(store, LANG_FIELD_line_session, line,
                          run_store_bits(store, LANG_FIELD_attendance_session, row));
            continue;
        }
        if (run_store_present(store, LANG_FIELD_line_session, line)) continue;
        bool expected = run_store_present(store, LANG_FIELD_line_procedure, line) &&
                        held[run_store_bits(store, LANG_FIELD_line_procedure, line)] != 0;
        bool voids = run_store_present(store, LANG_FIELD_line_claim, line) &&
                     strcmp(run_store_text(store, LANG_FIELD_claim_frequency,
                                           (uint32_t)run_store_bits(store, LANG_FIELD_line_claim, line)),
                            "8") == 0;
        if (store->lines.items[line].subject && expected && !voids) report_sessionless(store, line, several);
    }
}

/* Opens attendances that a line may be of, for all that is known. */
static void open_span(const run_store *store, run_day_span span, uint32_t line, bool *open)
{
    for (; span.at < span.end; span.at++) {
        uint32_t row = span.at->row;
        open[row] = open[row] || run_session_may_fit(
                                     store, (uint32_t)run_store_bits(store, LANG_FIELD_attendance_session, row), line);
    }
}

/* No line bills an attendance, unless one of its member may and nobody knows of which session that one is. */
void run_close_attendance(run_store *store)
{
    uint32_t count = store->counts[LANG_RECORD_attendance];
    run_by_day days;
    bool *open = base_arena_alloc(&store->arena, count + 1);
    if (open == NULL || !find_days(store, &days)) return;
    for (uint32_t line = 0; line < store->counts[LANG_RECORD_line]; line++) {
        bool asks = run_store_state(store, LANG_FIELD_line_session, line) == RUN_UNKNOWN &&
                    run_store_present(store, LANG_FIELD_line_patient, line);
        if (!asks) continue;
        run_day_span spans[RUN_DAY_SPANS];
        run_days_of_line(&days, (size_t)run_store_bits(store, LANG_FIELD_line_patient, line), line, store, spans);
        for (int i = 0; i < RUN_DAY_SPANS; i++) open_span(store, spans[i], line, open);
    }
    for (uint32_t row = 0; row < count; row++) {
        if (run_store_state(store, LANG_FIELD_attendance_line, row) == RUN_UNKNOWN && !open[row])
            run_store_set_absent(store, LANG_FIELD_attendance_line, row);
    }
}
