/* Lines find their sessions and appointments as rules 5 and 12 of docs/encounter.md have it: compared with looking at each attendance, and
 * each appointment, of the member in turn. */
#include "runtime/store.h"
#include "tests/suites/support.h"

static uint64_t seed;

static uint32_t below(uint32_t limit)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 20) % limit;
}

/* One of a few values, or nothing that is known. */
static void set_some(run_store *store, lang_field field, uint32_t row, uint32_t limit, int64_t first)
{
    uint32_t kind = below(8);
    if (kind == 0) return;
    if (kind == 1)
        run_store_set_absent(store, field, row);
    else
        run_store_set(store, field, row, first + below(limit));
}

static void make_store(run_store *store)
{
    char text[8];
    cr_assert(run_store_init(store, &lang_schema_standard, NULL));
    for (int i = 0; i < 40; i++) {
        snprintf(text, sizeof text, "T%d", i);
        base_intern_add(&store->symbols, text, strlen(text));
    }
    for (int i = 0; i < 5; i++) run_store_patient(store, text, (size_t)snprintf(text, sizeof text, "M%d", i));
    for (uint32_t i = 0; i < 30; i++) {
        uint32_t session = run_store_add(store, LANG_RECORD_session);
        set_some(store, LANG_FIELD_session_date, session, 6, -2);
        set_some(store, LANG_FIELD_session_facilitator, session, 2, 10);
        set_some(store, LANG_FIELD_session_procedure, session, 2, 20);
        run_store_set(store, LANG_FIELD_session_id, session, 1 + below(25));
    }
    for (uint32_t i = 0; i < 120; i++) {
        uint32_t row = run_store_add(store, LANG_RECORD_attendance);
        set_some(store, LANG_FIELD_attendance_session, row, 30, 0);
        set_some(store, LANG_FIELD_attendance_patient, row, 5, 1);
    }
    uint32_t claim = run_store_add(store, LANG_RECORD_claim);
    for (uint32_t i = 0; i < 200; i++) {
        uint32_t line = run_store_add(store, LANG_RECORD_line);
        store->lines.items[line].subject = below(2) == 0;
        run_store_set(store, LANG_FIELD_line_claim, line, claim);
        run_store_set(store, LANG_FIELD_line_number, line, line + 1);
        set_some(store, LANG_FIELD_line_patient, line, 5, 1);
        set_some(store, LANG_FIELD_line_date, line, 6, -2);
        set_some(store, LANG_FIELD_line_rendering_provider, line, 2, 10);
        set_some(store, LANG_FIELD_line_procedure, line, 2, 20);
        if (below(4) == 0) set_some(store, LANG_FIELD_line_control_number, line, 30, 1);
        if (below(8) == 0) run_store_set(store, LANG_FIELD_line_session, line, below(30));
    }
}

static void add_appointments(run_store *store)
{
    for (uint32_t i = 0; i < 150; i++) {
        uint32_t row = run_store_add(store, LANG_RECORD_appointment);
        set_some(store, LANG_FIELD_appointment_patient, row, 5, 1);
        set_some(store, LANG_FIELD_appointment_date, row, 6, -2);
        set_some(store, LANG_FIELD_appointment_provider, row, 2, 10);
        set_some(store, LANG_FIELD_appointment_procedure, row, 2, 20);
        if (below(4) == 0) set_some(store, LANG_FIELD_appointment_session, row, 30, 0);
    }
    store->feeds[LANG_FEED_SCHEDULE] = true;
    store->schedule_has_holes = below(3) == 0;
}

static bool is_of(const run_store *store, uint32_t row, uint32_t line)
{
    return run_same_known(store, LANG_FIELD_attendance_patient, row, LANG_FIELD_line_patient, line) &&
           run_store_present(store, LANG_FIELD_attendance_session, row);
}

static bool fits(const run_store *store, uint32_t session, uint32_t line)
{
    return run_same_known(store, LANG_FIELD_session_date, session, LANG_FIELD_line_date, line) &&
           run_same_known(store, LANG_FIELD_session_facilitator, session, LANG_FIELD_line_rendering_provider, line) &&
           run_may_be_same(store, LANG_FIELD_session_procedure, session, LANG_FIELD_line_procedure, line);
}

/* The attendance that a line bills, by looking at all. */
static uint32_t meant(const run_store *store, uint32_t line)
{
    uint32_t found = RUN_NO_ROW, fitting = 0;
    bool named = run_store_present(store, LANG_FIELD_line_session, line);
    for (uint32_t row = 0; row < store->counts[LANG_RECORD_attendance]; row++) {
        if (!is_of(store, row, line)) continue;
        uint32_t session = (uint32_t)run_store_bits(store, LANG_FIELD_attendance_session, row);
        if (named && run_store_bits(store, LANG_FIELD_line_session, line) == (int64_t)session) return row;
        if (!named && run_same_known(store, LANG_FIELD_line_control_number, line, LANG_FIELD_session_id, session))
            return row;
        if (named || !fits(store, session, line)) continue;
        fitting++;
        found = row;
    }
    return fitting == 1 ? found : RUN_NO_ROW;
}

static bool may_be_billed(const run_store *store, uint32_t row)
{
    for (uint32_t line = 0; line < store->counts[LANG_RECORD_line]; line++) {
        if (run_store_state(store, LANG_FIELD_line_session, line) != RUN_UNKNOWN || !is_of(store, row, line)) continue;
        uint32_t session = (uint32_t)run_store_bits(store, LANG_FIELD_attendance_session, row);
        if (run_session_may_fit(store, session, line)) return true;
    }
    return false;
}

Test(sessions, lines_find_what_they_bill)
{
    size_t joined = 0, open = 0, closed = 0;
    seed = 88172645463325252;
    for (int round = 0; round < 60; round++) {
        run_store store;
        uint32_t expected[200];
        make_store(&store);
        for (uint32_t line = 0; line < 200; line++) expected[line] = meant(&store, line);
        run_link_sessions(&store);
        for (uint32_t line = 0; line < 200; line++) {
            bool found = run_store_present(&store, LANG_FIELD_line_attendance, line);
            cr_assert_eq(found, expected[line] != RUN_NO_ROW, "round %d, line %u", round, line);
            if (!found) continue;
            joined++;
            cr_assert_eq(run_store_bits(&store, LANG_FIELD_line_attendance, line), (int64_t)expected[line]);
            cr_assert(
                run_same_known(&store, LANG_FIELD_line_session, line, LANG_FIELD_attendance_session, expected[line]));
        }
        run_close_attendance(&store);
        for (uint32_t row = 0; row < store.counts[LANG_RECORD_attendance]; row++) {
            bool may = may_be_billed(&store, row);
            cr_assert_eq(run_store_state(&store, LANG_FIELD_attendance_line, row), may ? RUN_UNKNOWN : RUN_ABSENT,
                         "round %d, attendance %u", round, row);
            open += may;
            closed += !may;
        }
        run_store_release(&store);
    }
    cr_expect(joined > 500 && open > 500 && closed > 500, "%zu joined, %zu open, %zu closed", joined, open, closed);
}

/* Whether a line bills an appointment: -1 no, 0 perhaps, 1 yes. */
static int bills(const run_store *store, uint32_t line, uint32_t row)
{
    bool of = run_same_known(store, LANG_FIELD_appointment_patient, row, LANG_FIELD_line_patient, line) &&
              run_may_be_same(store, LANG_FIELD_appointment_date, row, LANG_FIELD_line_date, line) &&
              run_may_be_same(store, LANG_FIELD_appointment_session, row, LANG_FIELD_line_session, line);
    if (!of) return -1;
    if (run_same_known(store, LANG_FIELD_appointment_session, row, LANG_FIELD_line_session, line)) return 1;
    bool others =
        run_may_be_same(store, LANG_FIELD_appointment_provider, row, LANG_FIELD_line_rendering_provider, line) &&
        run_may_be_same(store, LANG_FIELD_appointment_procedure, row, LANG_FIELD_line_procedure, line);
    return !others ? -1 : run_store_present(store, LANG_FIELD_line_date, line) ? 1 : 0;
}

Test(sessions, lines_find_their_appointments)
{
    size_t joined = 0, none = 0, open = 0, closed = 0;
    seed = 2463534242;
    for (int round = 0; round < 60; round++) {
        run_store store;
        make_store(&store);
        add_appointments(&store);
        uint32_t billed[150];
        bool perhaps[150] = {false};
        memset(billed, 0xFF, sizeof billed);
        run_link_schedule(&store);
        for (uint32_t line = 0; line < 200; line++) {
            uint32_t certain = 0, possible = 0, found = RUN_NO_ROW;
            for (uint32_t row = 0; row < 150; row++) {
                int fits = bills(&store, line, row);
                possible += fits >= 0;
                certain += fits > 0;
                if (fits > 0) found = row;
            }
            for (uint32_t row = 0; (possible > 1 || certain == 0) && row < 150; row++)
                perhaps[row] = perhaps[row] || bills(&store, line, row) >= 0;
            run_state state = run_store_state(&store, LANG_FIELD_line_appointment, line);
            bool patient = run_store_present(&store, LANG_FIELD_line_patient, line);
            if (certain == 1 && possible == 1) {
                cr_assert_eq(state, RUN_PRESENT);
                cr_assert_eq(run_store_bits(&store, LANG_FIELD_line_appointment, line), (int64_t)found);
                billed[found] = line;
                joined++;
            } else {
                bool absent = patient && possible == 0 && !store.schedule_has_holes;
                cr_assert_eq(state, absent ? RUN_ABSENT : RUN_UNKNOWN, "round %d, line %u", round, line);
                none += absent;
            }
        }
        for (uint32_t row = 0; row < 150; row++) {
            run_state state = run_store_state(&store, LANG_FIELD_appointment_line, row);
            bool by = billed[row] != RUN_NO_ROW;
            cr_assert_eq(state, by ? RUN_PRESENT : perhaps[row] ? RUN_UNKNOWN : RUN_ABSENT, "appointment %u", row);
            if (by) cr_assert_eq(run_store_bits(&store, LANG_FIELD_appointment_line, row), (int64_t)billed[row]);
            open += !by && perhaps[row];
            closed += !by && !perhaps[row];
        }
        run_store_release(&store);
    }
    cr_expect(joined > 200 && none > 50 && open > 200 && closed > 200, "%zu, %zu, %zu, %zu", joined, none, open,
              closed);
}

/* Claims 0 to 3: of no session; of two sessions, of which the second line's says its program first; told its own; and of a session that
 * says none. */
Test(sessions, tell_a_claim_its_program_unless_it_has_one)
{
    enum { NONE = 9 };
    static const int sessions[] = {NONE, 4, 2}, lines[][2] = {{0, NONE}, {1, 0}, {1, 1}, {1, 2}, {2, 1}, {3, 0}};
    static const int64_t meant[] = {NONE, 4, 6, NONE};
    run_store store;
    cr_assert(run_store_init(&store, &lang_schema_standard, NULL));
    for (size_t i = 0; i < sizeof sessions / sizeof *sessions; i++) {
        uint32_t session = run_store_add(&store, LANG_RECORD_session);
        if (sessions[i] != NONE) run_store_set(&store, LANG_FIELD_session_program, session, sessions[i]);
    }
    for (size_t i = 0; i < 4; i++) run_store_add(&store, LANG_RECORD_claim);
    run_store_set(&store, LANG_FIELD_claim_program, 2, 6);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        uint32_t line = run_store_add(&store, LANG_RECORD_line);
        run_store_set(&store, LANG_FIELD_line_claim, line, lines[i][0]);
        if (lines[i][1] != NONE) run_store_set(&store, LANG_FIELD_line_session, line, lines[i][1]);
    }
    cr_assert(run_store_finish(&store));
    for (uint32_t claim = 0; claim < 4; claim++) {
        bool known = run_store_present(&store, LANG_FIELD_claim_program, claim);
        cr_expect_eq(known, meant[claim] != NONE, "claim %u", claim);
        cr_expect(!known || run_store_bits(&store, LANG_FIELD_claim_program, claim) == meant[claim], "claim %u", claim);
    }
    run_store_release(&store);
}
