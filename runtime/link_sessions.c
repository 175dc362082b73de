/* Joining lines with the sessions and the attendance that they bill: docs/encounter.md, rule 5. */
#include "runtime/by_day.h"
#include "runtime/crew.h"

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

/* What is to be told of a line for want of a session. */
typedef enum lack { LACKS_NOTHING, LACKS_SESSION, LACKS_ONE_SESSION } lack;

typedef struct joining {
    run_store *store;
    attended all;
    const uint8_t *held; /* by symbol: a session has that procedure */
    uint8_t *lacks;      /* by line: a lack */
} joining;

/* Joins a line with its attendance, and that with its session. */
static lack join(const joining *j, uint32_t line)
{
    run_store *store = j->store;
    bool several;
    if (!run_store_present(store, LANG_FIELD_line_patient, line)) return LACKS_NOTHING;
    uint32_t row = attendance_of(store, &j->all, line, &several);
    if (row != RUN_NO_ROW) {
        run_store_set(store, LANG_FIELD_line_attendance, line, row);
        run_store_set(store, LANG_FIELD_line_session, line, run_store_bits(store, LANG_FIELD_attendance_session, row));
        return LACKS_NOTHING;
    }
    if (run_store_present(store, LANG_FIELD_line_session, line)) return LACKS_NOTHING;
    bool expected = run_store_present(store, LANG_FIELD_line_procedure, line) &&
                    j->held[run_store_bits(store, LANG_FIELD_line_procedure, line)] != 0;
    if (!expected || !store->lines.items[line].subject) return LACKS_NOTHING;
    bool voids = run_store_present(store, LANG_FIELD_line_claim, line) &&
                 strcmp(run_store_text(store, LANG_FIELD_claim_frequency,
                                       (uint32_t)run_store_bits(store, LANG_FIELD_line_claim, line)),
                        "8") == 0;
    return voids ? LACKS_NOTHING : several ? LACKS_ONE_SESSION : LACKS_SESSION;
}

static bool join_some(void *state, size_t worker, uint32_t first, uint32_t end)
{
    (void)worker;
    const joining *j = state;
    for (uint32_t line = first; line < end; line++) j->lacks[line] = (uint8_t)join(j, line);
    return true;
}

void run_link_sessions(run_store *store)
{
    uint32_t lines = store->counts[LANG_RECORD_line];
    uint8_t *held = base_arena_alloc(&store->arena, store->symbols.entries.count + 1);
    joining j = {.store = store, .held = held, .lacks = base_arena_alloc(&store->arena, lines + 1U)};
    if (held == NULL || j.lacks == NULL || !find_attended(store, &j.all)) return;
    for (uint32_t session = 0; session < store->counts[LANG_RECORD_session]; session++) {
        if (run_store_present(store, LANG_FIELD_session_procedure, session)) {
            held[run_store_bits(store, LANG_FIELD_session_procedure, session)] = 1;
        }
    }
    run_crew_rows(&store->arena, store->threads, lines, join_some, &j);
    for (uint32_t line = 0; line < lines; line++) {
        if (j.lacks[line] != LACKS_NOTHING) report_sessionless(store, line, j.lacks[line] == LACKS_ONE_SESSION);
    }
}

/* Rows that may yet be joined; threads set what is never taken back. */
typedef struct opening {
    run_store *store;
    run_by_day days;
    bool *open;
} opening;

static inline bool is_open(const bool *open, uint32_t row)
{
    return __atomic_load_n(&open[row], __ATOMIC_RELAXED);
}

/* Opens attendances that a line may be of, for all that is known. */
static void open_span(const opening *o, run_day_span span, uint32_t line)
{
    for (; span.at < span.end; span.at++) {
        uint32_t row = span.at->row;
        if (is_open(o->open, row)) continue;
        uint32_t session = (uint32_t)run_store_bits(o->store, LANG_FIELD_attendance_session, row);
        if (run_session_may_fit(o->store, session, line)) __atomic_store_n(&o->open[row], true, __ATOMIC_RELAXED);
    }
}

static bool open_some(void *state, size_t worker, uint32_t first, uint32_t end)
{
    (void)worker;
    const opening *o = state;
    const run_store *store = o->store;
    for (uint32_t line = first; line < end; line++) {
        bool asks = run_store_state(store, LANG_FIELD_line_session, line) == RUN_UNKNOWN &&
                    run_store_present(store, LANG_FIELD_line_patient, line);
        if (!asks) continue;
        run_day_span spans[RUN_DAY_SPANS];
        run_days_of_line(&o->days, (size_t)run_store_bits(store, LANG_FIELD_line_patient, line), line, store, spans);
        for (int i = 0; i < RUN_DAY_SPANS; i++) open_span(o, spans[i], line);
    }
    return true;
}

static bool close_some(void *state, size_t worker, uint32_t first, uint32_t end)
{
    (void)worker;
    const opening *o = state;
    for (uint32_t row = first; row < end; row++) {
        if (run_store_state(o->store, LANG_FIELD_attendance_line, row) == RUN_UNKNOWN && !o->open[row])
            run_store_set_absent(o->store, LANG_FIELD_attendance_line, row);
    }
    return true;
}

/* No line bills an attendance, unless one of its member may and nobody knows of which session that one is. */
void run_close_attendance(run_store *store)
{
    uint32_t count = store->counts[LANG_RECORD_attendance];
    opening o = {.store = store, .open = base_arena_alloc(&store->arena, count + 1U)};
    if (count == 0 || o.open == NULL || !find_days(store, &o.days)) return;
    run_crew_rows(&store->arena, store->threads, store->counts[LANG_RECORD_line], open_some, &o);
    run_crew_rows(&store->arena, store->threads, count, close_some, &o);
}
