/* Linking: joins each line with its authorization, coverage, session and attendance, derives what follows from them,
 * and retires claims that were replaced or voided. Expects all inputs read; fills reference fields of lines.
 * The rules are those of docs/encounter.md, numbers 1 to 7. */
#include "runtime/crew.h"
#include "runtime/store.h"

#include <string.h>

run_chains run_chain_by(run_store *store, lang_record record, lang_field key_field, size_t keys)
{
    run_chains result = {0};
    size_t rows = store->counts[record];
    result.first = base_arena_alloc(&store->arena, (keys + 1) * sizeof *result.first);
    result.next = base_arena_alloc(&store->arena, (rows + 1) * sizeof *result.next);
    if (result.first == NULL || result.next == NULL) return (run_chains){0};
    result.keys = keys;
    for (uint32_t row = (uint32_t)rows; row-- > 0;) {
        result.next[row] = RUN_NO_ROW;
        if (!run_store_present(store, key_field, row)) continue;
        size_t key = (size_t)run_store_bits(store, key_field, row);
        if (key >= keys) continue;
        result.next[row] = result.first[key] - 1;
        result.first[key] = row + 1;
    }
    return result;
}

uint32_t run_chain_first(const run_chains *chain, size_t key)
{
    if (chain->first == NULL) return RUN_NO_ROW; /* there is no chain at all */
    return key < chain->keys ? chain->first[key] - 1 : RUN_NO_ROW;
}

bool run_same_known(const run_store *store, lang_field a, uint32_t row_a, lang_field b, uint32_t row_b)
{
    return run_store_present(store, a, row_a) && run_store_present(store, b, row_b) &&
           run_store_bits(store, a, row_a) == run_store_bits(store, b, row_b);
}

bool run_may_be_same(const run_store *store, lang_field a, uint32_t row_a, lang_field b, uint32_t row_b)
{
    if (!run_store_present(store, a, row_a) || !run_store_present(store, b, row_b)) return true;
    return run_store_bits(store, a, row_a) == run_store_bits(store, b, row_b);
}

/* A number that no feed knows: present, its contents unknown. */
static uint32_t bare_authorization(run_store *store, uint32_t line, uint32_t number)
{
    uint32_t row = run_store_add(store, LANG_RECORD_authorization);
    if (row == RUN_NO_ROW) return row;
    run_store_set(store, LANG_FIELD_authorization_number, row, number);
    if (run_store_present(store, LANG_FIELD_line_patient, line)) {
        run_store_set(store, LANG_FIELD_authorization_patient, row,
                      run_store_bits(store, LANG_FIELD_line_patient, line));
    }
    return row;
}

static void link_authorizations(run_store *store)
{
    size_t symbols = store->symbols.entries.count;
    run_chains by_number = run_chain_by(store, LANG_RECORD_authorization, LANG_FIELD_authorization_number, symbols);
    uint32_t *bare = base_arena_alloc(&store->arena, (symbols + 1) * sizeof *bare);
    if (bare == NULL || by_number.first == NULL) return;
    for (uint32_t line = 0; line < store->counts[LANG_RECORD_line]; line++) {
        uint32_t number = store->lines.items[line].authorization;
        if (number == 0) {
            run_store_set_absent(store, LANG_FIELD_line_authorization, line);
            continue;
        }
        uint32_t row = run_chain_first(&by_number, number);
        while (row != RUN_NO_ROW &&
               !run_may_be_same(store, LANG_FIELD_authorization_patient, row, LANG_FIELD_line_patient, line)) {
            row = by_number.next[row];
        }
        if (row == RUN_NO_ROW && bare[number] == 0) {
            uint32_t added = bare_authorization(store, line, number);
            if (added == RUN_NO_ROW) return;
            bare[number] = added + 1;
        }
        if (row == RUN_NO_ROW) row = bare[number] - 1;
        run_store_set(store, LANG_FIELD_line_authorization, line, row);
    }
}

static bool covers(const run_store *store, uint32_t coverage, uint32_t line)
{
    if (!run_store_present(store, LANG_FIELD_coverage_dates, coverage)) return false;
    int64_t dates = run_store_bits(store, LANG_FIELD_coverage_dates, coverage);
    int64_t date = run_store_bits(store, LANG_FIELD_line_date, line);
    return date >= run_span_from(dates) && date <= run_span_to(dates) &&
           run_may_be_same(store, LANG_FIELD_coverage_payer, coverage, LANG_FIELD_line_payer, line);
}

/* Whether all spans of a line's member are known. */
static bool coverage_is_told(const run_store *store, uint32_t line)
{
    bool told = store->feeds[LANG_FEED_ELIGIBILITY] ||
                store->told_coverage.items[run_store_bits(store, LANG_FIELD_line_patient, line)] != 0;
    return told && !store->eligibility_has_holes;
}

/* First and last day that any span of the member's covers for the line's payer; unknown where one may be of it, or may
 * be longer. */
static void derive_coverage_ends(run_store *store, uint32_t line, const uint32_t *next, uint32_t first)
{
    base_date from = BASE_DATE_MAX, to = BASE_DATE_MIN;
    for (uint32_t at = first; at != 0; at = next[at - 1]) {
        uint32_t row = at - 1;
        if (!run_may_be_same(store, LANG_FIELD_coverage_payer, row, LANG_FIELD_line_payer, line)) continue;
        bool absent = run_store_state(store, LANG_FIELD_coverage_payer, row) == RUN_ABSENT;
        bool same = absent || run_same_known(store, LANG_FIELD_coverage_payer, row, LANG_FIELD_line_payer, line);
        if (!same || !run_store_present(store, LANG_FIELD_coverage_dates, row)) return;
        int64_t dates = run_store_bits(store, LANG_FIELD_coverage_dates, row);
        if (run_span_from(dates) < from) from = run_span_from(dates);
        if (run_span_to(dates) > to) to = run_span_to(dates);
    }
    if (!coverage_is_told(store, line)) return;
    if (from > to) {
        run_store_set_absent(store, LANG_FIELD_line_coverage_begins, line);
        run_store_set_absent(store, LANG_FIELD_line_coverage_ends, line);
        return;
    }
    run_store_set(store, LANG_FIELD_line_coverage_begins, line, from);
    run_store_set(store, LANG_FIELD_line_coverage_ends, line, to);
}

/* The spans of each member as chains: first[patient], then next[row], both one more than the row. NULL for no memory. */
static uint32_t *coverages_of_patients(run_store *store, uint32_t **next)
{
    uint32_t *first = base_arena_alloc(&store->arena, (store->counts[LANG_RECORD_patient] + 1) * sizeof *first);
    *next = base_arena_alloc(&store->arena, (store->counts[LANG_RECORD_coverage] + 1) * sizeof **next);
    if (first == NULL || *next == NULL) return NULL;
    for (uint32_t row = store->counts[LANG_RECORD_coverage]; row-- > 0;) {
        uint32_t patient = store->coverage_patients.items[row];
        (*next)[row] = first[patient];
        first[patient] = row + 1;
    }
    return first;
}

/* The spans of members, while lines are joined with them. */
typedef struct covering {
    run_store *store;
    const uint32_t *first, *next;
} covering;

/* The coverage of a line is the span that holds its date. Several with different plans leave the plan unknown. */
static void cover(const covering *c, uint32_t line)
{
    run_store *store = c->store;
    if (!run_store_present(store, LANG_FIELD_line_patient, line) ||
        !run_store_present(store, LANG_FIELD_line_date, line))
        return;
    uint32_t patient = (uint32_t)run_store_bits(store, LANG_FIELD_line_patient, line), found = RUN_NO_ROW;
    bool one_plan = true, undated = false;
    if (!coverage_is_told(store, line) && c->first[patient] == 0) return;
    derive_coverage_ends(store, line, c->next, c->first[patient]);
    for (uint32_t at = c->first[patient]; at != 0; at = c->next[at - 1]) {
        undated = undated || !run_store_present(store, LANG_FIELD_coverage_dates, at - 1);
        if (!covers(store, at - 1, line)) continue;
        if (found == RUN_NO_ROW)
            found = at - 1;
        else
            one_plan =
                one_plan && run_same_known(store, LANG_FIELD_coverage_plan, found, LANG_FIELD_coverage_plan, at - 1);
    }
    if (found == RUN_NO_ROW) {
        if (coverage_is_told(store, line) && !undated) run_store_set_absent(store, LANG_FIELD_line_coverage, line);
        return;
    }
    run_store_set(store, LANG_FIELD_line_coverage, line, found);
    if (one_plan && run_store_present(store, LANG_FIELD_coverage_plan, found))
        run_store_set(store, LANG_FIELD_line_plan, line, run_store_bits(store, LANG_FIELD_coverage_plan, found));
}

static bool cover_some(void *state, size_t worker, uint32_t first, uint32_t end)
{
    (void)worker;
    for (uint32_t line = first; line < end; line++) cover(state, line);
    return true;
}

static void link_coverage(run_store *store)
{
    uint32_t *next, *first = coverages_of_patients(store, &next);
    covering c = {store, first, next};
    if (first != NULL) run_crew_rows(&store->arena, store->threads, store->counts[LANG_RECORD_line], cover_some, &c);
}

void run_derive_modifier(run_store *store, uint32_t line)
{
    if (!run_store_present(store, LANG_FIELD_line_modifiers, line)) {
        run_store_set_unknown(store, LANG_FIELD_line_first_modifier, line);
        return;
    }
    int64_t list = run_store_bits(store, LANG_FIELD_line_modifiers, line);
    if (run_list_count(list) == 0)
        run_store_set_absent(store, LANG_FIELD_line_first_modifier, line);
    else
        run_store_set(store, LANG_FIELD_line_first_modifier, line, store->pool.items[run_list_offset(list)]);
}

/* What follows of a line from itself and its member. */
static void derive_line(run_store *store, uint32_t line)
{
    run_derive_modifier(store, line);
    bool dated = run_store_present(store, LANG_FIELD_line_date, line);
    if (!dated || !run_store_present(store, LANG_FIELD_line_patient, line)) return;
    uint32_t patient = (uint32_t)run_store_bits(store, LANG_FIELD_line_patient, line);
    if (!run_store_present(store, LANG_FIELD_patient_birth_date, patient)) return;
    base_date birth = (base_date)run_store_bits(store, LANG_FIELD_patient_birth_date, patient);
    base_date date = (base_date)run_store_bits(store, LANG_FIELD_line_date, line);
    run_store_set(store, LANG_FIELD_line_age, line, base_date_age(birth, date));
}

static bool derive_some(void *state, size_t worker, uint32_t first, uint32_t end)
{
    (void)worker;
    for (uint32_t line = first; line < end; line++) derive_line(state, line);
    return true;
}

/* A claim is of the program of a session that one of its lines is of, the first that says. */
static void derive_programs(run_store *store)
{
    bool any = store->counts[LANG_RECORD_session] > 0;
    for (uint32_t line = 0; any && line < store->counts[LANG_RECORD_line]; line++) {
        if (!run_store_present(store, LANG_FIELD_line_claim, line) ||
            !run_store_present(store, LANG_FIELD_line_session, line))
            continue;
        uint32_t claim = (uint32_t)run_store_bits(store, LANG_FIELD_line_claim, line),
                 session = (uint32_t)run_store_bits(store, LANG_FIELD_line_session, line);
        if (run_store_present(store, LANG_FIELD_session_program, session) &&
            run_store_state(store, LANG_FIELD_claim_program, claim) == RUN_UNKNOWN)
            run_store_set(store, LANG_FIELD_claim_program, claim,
                          run_store_bits(store, LANG_FIELD_session_program, session));
    }
}

static void map_payers(run_store *store)
{
    bool any = store->payer_map.count > 0;
    for (uint32_t line = 0; any && line < store->counts[LANG_RECORD_line]; line++) {
        if (!store->lines.items[line].subject || !run_store_present(store, LANG_FIELD_line_payer, line)) continue;
        uint32_t payer = (uint32_t)run_store_bits(store, LANG_FIELD_line_payer, line);
        for (size_t i = 0; i + 1 < store->payer_map.count; i += 2) {
            if (store->payer_map.items[i] == payer) {
                run_store_set(store, LANG_FIELD_line_payer, line, store->payer_map.items[i + 1]);
                break;
            }
        }
    }
}

/* Two original claims of one identifier in a run: perhaps a duplicate that will be billed, perhaps one file given twice. */
static void report_twice(run_store *store, uint32_t claim)
{
    const char *id = run_store_text(store, LANG_FIELD_claim_id, claim);
    run_store_problem(store, ADJ_SEVERITY_WARNING, "D0403", "the claims", 0, 0, 0, id,
                      "this identifier stands on more than one original claim of the run; all are judged, and each "
                      "counts beside the others");
}

/* Whose claim it is, by claim; RUN_NO_ROW where no line says. */
static uint32_t *patients_of_claims(const run_store *store, base_arena *scratch)
{
    uint32_t count = store->counts[LANG_RECORD_claim];
    uint32_t *patients = base_arena_alloc(scratch, (count + 1) * sizeof *patients);
    if (patients == NULL) return NULL;
    for (uint32_t claim = 0; claim < count; claim++) patients[claim] = RUN_NO_ROW;
    for (uint32_t line = 0; line < store->counts[LANG_RECORD_line]; line++) {
        bool known = run_store_present(store, LANG_FIELD_line_claim, line) &&
                     run_store_present(store, LANG_FIELD_line_patient, line);
        if (!known) continue;
        patients[run_store_bits(store, LANG_FIELD_line_claim, line)] =
            (uint32_t)run_store_bits(store, LANG_FIELD_line_patient, line);
    }
    return patients;
}

/* Whether the claim that a replacement or void names is known: by the payer's number or the provider's own. It surely is
 * not only where the member's history is complete and says the payer's number of each claim. */
static void find_originals(run_store *store, base_arena *scratch)
{
    enum { SEVERAL = UINT32_MAX };
    uint32_t claims = store->counts[LANG_RECORD_claim], told = 0;
    while (told < claims && run_store_state(store, LANG_FIELD_claim_original_reference, told) == RUN_UNKNOWN) told++;
    if (told == claims) return;
    uint32_t *named = base_arena_alloc(scratch, (store->symbols.entries.count + 1) * sizeof *named);
    bool *open = base_arena_alloc(scratch, store->counts[LANG_RECORD_patient] + 1);
    const uint32_t *patients = patients_of_claims(store, scratch);
    if (named == NULL || open == NULL || patients == NULL) return;
    for (uint32_t claim = 0; claim < claims; claim++) {
        uint32_t number = store->claims.items[claim].payer_number;
        bool has_id = run_store_present(store, LANG_FIELD_claim_id, claim);
        uint32_t id = has_id ? (uint32_t)run_store_bits(store, LANG_FIELD_claim_id, claim) : 0;
        if (number != 0) named[number] = named[number] == 0 ? claim + 1 : SEVERAL;
        if (id != 0 && id != number) named[id] = named[id] == 0 ? claim + 1 : SEVERAL;
        if (number == 0 && !store->claims.items[claim].subject && patients[claim] != RUN_NO_ROW)
            open[patients[claim]] = true;
    }
    for (uint32_t claim = 0; claim < claims; claim++) {
        if (run_store_state(store, LANG_FIELD_claim_original_reference, claim) == RUN_UNKNOWN) continue;
        bool given = run_store_present(store, LANG_FIELD_claim_original_reference, claim);
        uint32_t by = given ? named[run_store_bits(store, LANG_FIELD_claim_original_reference, claim)] : 0;
        bool found = by != 0 && by != claim + 1;
        bool complete = store->feeds[LANG_FEED_HISTORY] && !store->history_is_own && patients[claim] != RUN_NO_ROW &&
                        !open[patients[claim]] && store->own_history.items[patients[claim]] == 0;
        if (found || !given || complete) run_store_set(store, LANG_FIELD_claim_original_found, claim, found);
    }
}

static void retire_claims(run_store *store, base_arena *scratch)
{
    const uint32_t in_history = UINT32_C(1) << 31; /* beside the number of a judged claim of that identifier */
    find_originals(store, scratch);
    size_t symbols = store->symbols.entries.count;
    uint32_t *retirer = base_arena_alloc(scratch, (symbols + 1) * sizeof *retirer);
    uint32_t *judged = base_arena_alloc(scratch, (symbols + 1) * sizeof *judged);
    if (retirer == NULL || judged == NULL) return;
    const int64_t replacing = base_intern_find(&store->symbols, "7", 1),
                  voiding = base_intern_find(&store->symbols, "8", 1);
    for (uint32_t claim = 0; claim < store->counts[LANG_RECORD_claim]; claim++) {
        bool told = run_store_present(store, LANG_FIELD_claim_frequency, claim);
        int64_t frequency = told ? run_store_bits(store, LANG_FIELD_claim_frequency, claim) : -1;
        bool retires = frequency == replacing || frequency == voiding;
        if (retires && run_store_present(store, LANG_FIELD_claim_original_reference, claim)) {
            retirer[run_store_bits(store, LANG_FIELD_claim_original_reference, claim)] = claim + 1;
        }
        bool named = run_store_present(store, LANG_FIELD_claim_id, claim);
        bool nameless = !named || run_store_bits(store, LANG_FIELD_claim_id, claim) == 0;
        if (nameless || !store->claims.items[claim].subject) continue;
        uint32_t *first = &judged[run_store_bits(store, LANG_FIELD_claim_id, claim)];
        if (*first != 0 && !retires) report_twice(store, claim);
        *first = claim + 1;
    }
    for (uint32_t claim = 0; claim < store->counts[LANG_RECORD_claim]; claim++) {
        const run_claim_extra *extra = &store->claims.items[claim];
        bool payers = !extra->subject && !extra->beside && run_store_present(store, LANG_FIELD_claim_id, claim);
        if (payers) judged[run_store_bits(store, LANG_FIELD_claim_id, claim)] |= in_history;
    }
    for (uint32_t claim = 0; claim < store->counts[LANG_RECORD_claim]; claim++) {
        run_claim_extra *extra = &store->claims.items[claim];
        uint32_t id = run_store_present(store, LANG_FIELD_claim_id, claim)
                          ? (uint32_t)run_store_bits(store, LANG_FIELD_claim_id, claim)
                          : 0;
        uint32_t by_number = extra->payer_number == 0 ? 0 : retirer[extra->payer_number];
        uint32_t by_id = id == 0 ? 0 : retirer[id];
        bool retired = (by_number != 0 && by_number != claim + 1) || (by_id != 0 && by_id != claim + 1);
        /* A history row of a claim that is itself in this run is that claim, not another one. */
        uint32_t others = id == 0 ? 0 : judged[id];
        bool again = !extra->subject && ((others & ~in_history) != 0 || (extra->beside && others != 0));
        extra->retired = retired || again;
    }
}

void run_retire_claims(run_store *store)
{
    base_arena scratch;
    base_arena_init(&scratch, &store->arena.allocator);
    retire_claims(store, &scratch);
    if (scratch.failed) store->arena.failed = true;
    base_arena_release(&scratch);
}

/* The row that has the k-th field by which a row asks for a site's record, and what is known of that field. */
static run_state asked_state(const run_store *store, const lang_field_info *info, size_t k, uint32_t row, uint32_t *at)
{
    *at = row;
    if (info->through[k] != UINT16_MAX) {
        lang_field through = (lang_field)info->through[k];
        if (!run_store_present(store, through, row)) return run_store_state(store, through, row);
        *at = (uint32_t)run_store_bits(store, through, row);
    }
    return run_store_state(store, (lang_field)info->joins[k], *at);
}

/* Whether a row of a site's record is the one that a row asks for: -1 it is not, 0 nobody can say, 1 it is. Its keys must
 * be equal, and where it has a span that span must hold the day. */
static int site_row_fits(const run_store *store, const lang_field_info *info, const lang_site_name *site, uint32_t row,
                         uint32_t found)
{
    int fits = 1;
    for (size_t k = 0; k < info->join_count; k++) {
        lang_field asked = (lang_field)info->joins[k], key = (lang_field)site->keys[k];
        uint32_t at;
        run_state state = asked_state(store, info, k, row, &at);
        if (state == RUN_ABSENT) return -1;
        if (state == RUN_UNKNOWN) {
            fits = 0;
            continue;
        }
        if (!run_may_be_same(store, asked, at, key, found)) return -1;
        if (!run_same_known(store, asked, at, key, found)) fits = 0;
    }
    if (site->dates == UINT16_MAX || info->record != LANG_RECORD_line) return fits;
    bool known =
        run_store_present(store, (lang_field)site->dates, found) && run_store_present(store, LANG_FIELD_line_date, row);
    if (!known) return 0;
    int64_t span = run_store_bits(store, (lang_field)site->dates, found);
    int64_t date = run_store_bits(store, LANG_FIELD_line_date, row);
    return date >= run_span_from(span) && date <= run_span_to(span) ? fits : -1;
}

/* The rows of a site's record by its first key, where that key is a name. */
typedef struct site_rows {
    run_chains chains;
    bool named;
    uint32_t count;
} site_rows;

static uint32_t first_site_row(const run_store *store, const site_rows *rows, const lang_field_info *info, uint32_t row)
{
    uint32_t at;
    bool chained = rows->named && asked_state(store, info, 0, row, &at) == RUN_PRESENT;
    if (chained) return run_chain_first(&rows->chains, (size_t)run_store_bits(store, (lang_field)info->joins[0], at));
    return rows->count == 0 ? RUN_NO_ROW : 0;
}

static uint32_t next_site_row(const run_store *store, const site_rows *rows, const lang_field_info *info, uint32_t row,
                              uint32_t at)
{
    uint32_t asked;
    bool chained = rows->named && asked_state(store, info, 0, row, &asked) == RUN_PRESENT;
    if (chained) return rows->chains.next[at];
    return at + 1 < rows->count ? at + 1 : RUN_NO_ROW;
}

/* One row that fits for certain, and no other that may, is the one. None that may is an absent one, if every record of
 * the feed could be read. All else stays unknown. */
static void link_site_field(run_store *store, lang_field field)
{
    const lang_field_info *info = lang_schema_field(store->schema, field);
    lang_record record = (lang_record)info->type.detail;
    const lang_site_name *site = lang_schema_site_record(store->schema, record);
    if (site == NULL || info->join_count == 0 || !store->site_feeds[record]) return;
    lang_type key = lang_schema_field(store->schema, (lang_field)site->keys[0])->type;
    site_rows rows = {.named = key.kind == LANG_TYPE_CODE || key.kind == LANG_TYPE_TEXT,
                      .count = store->counts[record]};
    if (rows.named) rows.chains = run_chain_by(store, record, (lang_field)site->keys[0], store->symbols.entries.count);
    for (uint32_t row = 0; row < store->counts[info->record]; row++) {
        size_t certain = 0, possible = 0;
        uint32_t found = RUN_NO_ROW, at = first_site_row(store, &rows, info, row);
        for (; at != RUN_NO_ROW && possible < 2; at = next_site_row(store, &rows, info, row, at)) {
            int fits = site_row_fits(store, info, site, row, at);
            if (fits >= 0) possible++;
            if (fits > 0) certain++, found = at;
        }
        if (certain == 1 && possible == 1)
            run_store_set(store, field, row, found);
        else if (possible == 0 && info->type.optional && !store->site_holes[record])
            run_store_set_absent(store, field, row);
    }
}

/* A payer of a row that has a patient and perhaps a line: the line's, else that of the coverage that holds the day. */
typedef struct payer_link {
    lang_record record;
    lang_field line, patient, payer;
} payer_link;

static bool day_of(const run_store *store, const payer_link *link, uint32_t row, int64_t *date)
{
    if (link->record == LANG_RECORD_appointment) {
        *date = run_store_bits(store, LANG_FIELD_appointment_date, row);
        return run_store_present(store, LANG_FIELD_appointment_date, row);
    }
    if (!run_store_present(store, LANG_FIELD_attendance_session, row)) return false;
    uint32_t session = (uint32_t)run_store_bits(store, LANG_FIELD_attendance_session, row);
    *date = run_store_bits(store, LANG_FIELD_session_date, session);
    return run_store_present(store, LANG_FIELD_session_date, session);
}

static void link_payer(run_store *store, const payer_link *link, uint32_t row, const uint32_t *first,
                       const uint32_t *next)
{
    if (run_store_present(store, link->line, row)) {
        uint32_t line = (uint32_t)run_store_bits(store, link->line, row);
        if (run_store_present(store, LANG_FIELD_line_payer, line))
            run_store_set(store, link->payer, row, run_store_bits(store, LANG_FIELD_line_payer, line));
        return;
    }
    int64_t date;
    if (!run_store_present(store, link->patient, row) || !day_of(store, link, row, &date)) return;
    int64_t patient = run_store_bits(store, link->patient, row);
    bool told = store->feeds[LANG_FEED_ELIGIBILITY] || store->told_coverage.items[patient] != 0;
    bool undated = false;
    for (uint32_t at = first[patient]; at != 0; at = next[at - 1]) {
        uint32_t c = at - 1;
        undated = undated || !run_store_present(store, LANG_FIELD_coverage_dates, c);
        if (!run_store_present(store, LANG_FIELD_coverage_dates, c)) continue;
        int64_t dates = run_store_bits(store, LANG_FIELD_coverage_dates, c);
        if (date < run_span_from(dates) || date > run_span_to(dates)) continue;
        if (run_store_present(store, LANG_FIELD_coverage_payer, c))
            run_store_set(store, link->payer, row, run_store_bits(store, LANG_FIELD_coverage_payer, c));
        return;
    }
    if (told && !undated && !store->eligibility_has_holes) run_store_set_absent(store, link->payer, row);
}

/* Rows of a record that have payers, while they are looked for. */
typedef struct paying {
    run_store *store;
    const payer_link *link;
    const uint32_t *first, *next; /* the spans of members */
} paying;

static bool link_some_payers(void *state, size_t worker, uint32_t first, uint32_t end)
{
    (void)worker;
    const paying *p = state;
    for (uint32_t row = first; row < end; row++) link_payer(p->store, p->link, row, p->first, p->next);
    return true;
}

static void link_payers(run_store *store)
{
    static const payer_link links[] = {{LANG_RECORD_attendance, LANG_FIELD_attendance_line,
                                        LANG_FIELD_attendance_patient, LANG_FIELD_attendance_payer},
                                       {LANG_RECORD_appointment, LANG_FIELD_appointment_line,
                                        LANG_FIELD_appointment_patient, LANG_FIELD_appointment_payer}};
    uint32_t *next, *first = coverages_of_patients(store, &next);
    for (size_t l = 0; first != NULL && l < 2; l++) {
        paying p = {store, &links[l], first, next};
        run_crew_rows(&store->arena, store->threads, store->counts[links[l].record], link_some_payers, &p);
    }
}

void run_link(run_store *store)
{
    map_payers(store);
    link_authorizations(store);
    link_coverage(store);
    run_link_sessions(store);
    run_crew_rows(&store->arena, store->threads, store->counts[LANG_RECORD_line], derive_some, store);
    derive_programs(store);
    for (uint32_t claim = 0; store->submit_given && claim < store->counts[LANG_RECORD_claim]; claim++) {
        if (store->claims.items[claim].subject)
            run_store_set(store, LANG_FIELD_claim_received, claim, store->submit_on);
    }
    run_link_remittances(store);
    run_link_rates(store);
    run_link_schedule(store);
    for (int f = LANG_FIELD_COUNT; f < lang_schema_field_count(store->schema); f++) {
        if (lang_schema_field(store->schema, (lang_field)f)->type.kind == LANG_TYPE_RECORD)
            link_site_field(store, (lang_field)f);
    }
    bool attended = store->counts[LANG_RECORD_attendance] > 0;
    for (uint32_t line = 0; attended && line < store->counts[LANG_RECORD_line]; line++) {
        if (!run_store_present(store, LANG_FIELD_line_attendance, line)) continue;
        run_store_set(store, LANG_FIELD_attendance_line,
                      (uint32_t)run_store_bits(store, LANG_FIELD_line_attendance, line), line);
    }
    link_payers(store);
    run_close_attendance(store);
}
