/* Joins appointments with the lines that bill them, and lines with what their contract pays. Expects sessions and plans
 * linked. */
#include "runtime/by_day.h"
#include "runtime/crew.h"

/* ---- appointments ---- */

/* Whether a line bills an appointment of its member: -1 it does not, 0 nobody can say, 1 it does. */
static int bills(const run_store *store, uint32_t line, uint32_t appointment)
{
    if (!run_may_be_same(store, LANG_FIELD_appointment_date, appointment, LANG_FIELD_line_date, line)) return -1;
    if (!run_may_be_same(store, LANG_FIELD_appointment_session, appointment, LANG_FIELD_line_session, line)) return -1;
    if (run_same_known(store, LANG_FIELD_appointment_session, appointment, LANG_FIELD_line_session, line)) return 1;
    bool others =
        run_may_be_same(store, LANG_FIELD_appointment_provider, appointment, LANG_FIELD_line_rendering_provider,
                        line) &&
        run_may_be_same(store, LANG_FIELD_appointment_procedure, appointment, LANG_FIELD_line_procedure, line);
    if (!others) return -1;
    return run_store_present(store, LANG_FIELD_line_date, line) ? 1 : 0;
}

static bool day_of_appointment(const run_store *store, uint32_t row, int64_t *day)
{
    bool dated = run_store_present(store, LANG_FIELD_appointment_date, row);
    *day = dated ? run_store_bits(store, LANG_FIELD_appointment_date, row) : RUN_NO_DAY;
    return true;
}

typedef struct scheduling {
    run_store *store;
    run_by_day days;
    uint32_t *billed; /* by line: the appointment that it surely bills, and one */
    bool *open;       /* by appointment: some line may bill it; threads set what is never taken back */
} scheduling;

/* Joins a line with the only appointment that it can be of. */
static void schedule(const scheduling *s, uint32_t line)
{
    run_store *store = s->store;
    if (!run_store_present(store, LANG_FIELD_line_patient, line)) return;
    size_t certain = 0, possible = 0;
    uint32_t found = RUN_NO_ROW;
    run_day_span spans[RUN_DAY_SPANS];
    run_days_of_line(&s->days, (size_t)run_store_bits(store, LANG_FIELD_line_patient, line), line, store, spans);
    for (int i = 0; i < RUN_DAY_SPANS; i++) {
        for (const run_dated_row *at = spans[i].at; at < spans[i].end; at++) {
            int fits = bills(store, line, at->row);
            if (fits < 0) continue;
            possible++;
            if (fits > 0) certain++, found = at->row;
        }
    }
    if (certain == 1 && possible == 1) {
        run_store_set(store, LANG_FIELD_line_appointment, line, found);
        s->billed[line] = found + 1;
    } else if (possible == 0 && !store->schedule_has_holes) {
        run_store_set_absent(store, LANG_FIELD_line_appointment, line);
    }
    for (int i = 0; (possible > 1 || certain == 0) && i < RUN_DAY_SPANS; i++) {
        for (const run_dated_row *at = spans[i].at; at < spans[i].end; at++) {
            if (bills(store, line, at->row) >= 0) __atomic_store_n(&s->open[at->row], true, __ATOMIC_RELAXED);
        }
    }
}

static bool schedule_some(void *state, size_t worker, uint32_t first, uint32_t end)
{
    (void)worker;
    for (uint32_t line = first; line < end; line++) schedule(state, line);
    return true;
}

void run_link_schedule(run_store *store)
{
    if (!store->feeds[LANG_FEED_SCHEDULE]) return;
    uint32_t lines = store->counts[LANG_RECORD_line], appointments = store->counts[LANG_RECORD_appointment];
    scheduling s = {.store = store,
                    .open = base_arena_alloc(&store->arena, appointments + 1U),
                    .billed = base_arena_alloc(&store->arena, (lines + (size_t)1) * sizeof *s.billed)};
    if (s.open == NULL || s.billed == NULL ||
        !run_order_by_day(store, &s.days, LANG_RECORD_appointment, LANG_FIELD_appointment_patient,
                          store->counts[LANG_RECORD_patient], day_of_appointment))
        return;
    run_crew_rows(&store->arena, store->threads, lines, schedule_some, &s);
    for (uint32_t line = 0; line < lines; line++) {
        if (s.billed[line] != 0) run_store_set(store, LANG_FIELD_appointment_line, s.billed[line] - 1, line);
    }
    for (uint32_t row = 0; row < appointments; row++) {
        if (run_store_state(store, LANG_FIELD_appointment_line, row) == RUN_UNKNOWN && !s.open[row])
            run_store_set_absent(store, LANG_FIELD_appointment_line, row);
    }
}

/* ---- contract rates ---- */

static bool has_modifier(const run_store *store, uint32_t line, int64_t modifier)
{
    int64_t list = run_store_bits(store, LANG_FIELD_line_modifiers, line);
    for (size_t i = 0; i < run_list_count(list); i++) {
        if (store->pool.items[run_list_offset(list) + i] == modifier) return true;
    }
    return false;
}

/* A condition that a rate may have: it fits, may fit, or does not; each that is written makes the rate more particular. */
static int narrower(const run_store *store, lang_field asked, uint32_t rate, lang_field known, uint32_t line,
                    size_t *particular)
{
    if (!run_store_present(store, asked, rate)) return 1;
    (*particular)++;
    if (!run_store_present(store, known, line)) return run_store_state(store, known, line) == RUN_ABSENT ? -1 : 0;
    if (known == LANG_FIELD_line_modifiers)
        return has_modifier(store, line, run_store_bits(store, asked, rate)) ? 1 : -1;
    return run_store_bits(store, asked, rate) == run_store_bits(store, known, line) ? 1 : -1;
}

static int rate_fits(const run_store *store, uint32_t line, uint32_t rate, size_t *particular)
{
    int fits = 1;
    const int parts[] = {narrower(store, LANG_FIELD_rate_payer, rate, LANG_FIELD_line_payer, line, particular),
                         narrower(store, LANG_FIELD_rate_plan, rate, LANG_FIELD_line_plan, line, particular),
                         narrower(store, LANG_FIELD_rate_modifier, rate, LANG_FIELD_line_modifiers, line, particular),
                         narrower(store, LANG_FIELD_rate_pos, rate, LANG_FIELD_line_pos, line, particular)};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) fits = parts[i] < fits ? parts[i] : fits;
    int64_t dates = run_store_bits(store, LANG_FIELD_rate_dates, rate);
    if (!run_store_present(store, LANG_FIELD_line_date, line)) return fits < 0 ? fits : 0;
    int64_t date = run_store_bits(store, LANG_FIELD_line_date, line);
    return date < run_span_from(dates) || date > run_span_to(dates) ? -1 : fits;
}

/* The most particular rate that fits counts. One that may fit and counts as much, with another amount, leaves it open. */
static void link_rate(run_store *store, const run_chains *by_procedure, uint32_t line)
{
    if (!run_store_present(store, LANG_FIELD_line_procedure, line)) return;
    size_t procedure = (size_t)run_store_bits(store, LANG_FIELD_line_procedure, line), best = 0;
    uint32_t found = RUN_NO_ROW;
    for (int round = 0; round < 2; round++) {
        uint32_t at = run_chain_first(by_procedure, procedure);
        for (; at != RUN_NO_ROW; at = by_procedure->next[at]) {
            size_t particular = 0;
            int fits = rate_fits(store, line, at, &particular);
            if (fits < 0 || (round == 0 && fits == 0)) continue;
            if (round == 0 && (found == RUN_NO_ROW || particular > best)) {
                found = at;
                best = particular;
            } else if (round == 1) {
                bool same = found != RUN_NO_ROW && run_store_bits(store, LANG_FIELD_rate_amount, at) ==
                                                       run_store_bits(store, LANG_FIELD_rate_amount, found);
                if (!same && (found == RUN_NO_ROW || particular >= best)) return;
            }
        }
    }
    if (found != RUN_NO_ROW)
        run_store_set(store, LANG_FIELD_line_contract_rate, line, run_store_bits(store, LANG_FIELD_rate_amount, found));
    else if (!store->rates_have_holes)
        run_store_set_absent(store, LANG_FIELD_line_contract_rate, line);
}

void run_link_rates(run_store *store)
{
    if (!store->feeds[LANG_FEED_RATES]) return;
    run_chains by_procedure =
        run_chain_by(store, LANG_RECORD_rate, LANG_FIELD_rate_procedure, store->symbols.entries.count);
    if (by_procedure.first == NULL) return;
    for (uint32_t line = 0; line < store->counts[LANG_RECORD_line]; line++) link_rate(store, &by_procedure, line);
}
