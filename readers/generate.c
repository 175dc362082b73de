/* Made-up encounters of a group practice: programs, therapists, members and payers over years, with mistakes of each kind at
 * a stated share and a key that names them. One therapy group is made at a time, from the seed and its number alone. */
#include "readers/writer.h"

#include <stdio.h>
#include <string.h>

/* Plans that count sessions pay for eight in half a year: their members come for eight weeks of twenty-eight. */
enum { MEMBER_LIMIT = 10, MILLION = 1000000, SEASON = 28, WEEKS = 8 };

typedef enum mistake {
    SHORT_SESSION,
    OVERSIZED_GROUP,
    LATE_ARRIVAL,
    MINUTES_AS_UNITS,
    MISSING_MODIFIER,
    WRONG_PLACE,
    MISSING_AUTHORIZATION,
    EXPIRED_AUTHORIZATION,
    NO_SHOW_BILLED,
    LAPSED_COVERAGE,
    DUPLICATE_CLAIM,
    LATE_FILING,
    INVALID_NPI,
    MISSING_DOCUMENTATION,
    NO_MISTAKE = ADJ_MISTAKE_COUNT
} mistake;

static const char *const mistakes[ADJ_MISTAKE_COUNT][2] = {
    {"short_session", "the session lasted half an hour"},
    {"oversized_group", "the session had eighteen attendees"},
    {"late_arrival", "the member attended less than half of the session"},
    {"minutes_as_units", "the line has the session's minutes for its units"},
    {"missing_modifier", "a session by video without its telehealth modifier"},
    {"wrong_place", "a place of service that is not where the session was held"},
    {"missing_authorization", "no authorization number, where the payer asks for one"},
    {"expired_authorization", "an authorization that ended before the day"},
    {"no_show_billed", "the member did not come"},
    {"lapsed_coverage", "the member was not covered on the day"},
    {"duplicate_claim", "the same service billed before under another claim"},
    {"late_filing", "the claim was sent more than a year after the day"},
    {"invalid_npi", "a rendering provider whose check digit is wrong"},
    {"missing_documentation", "progress was not documented for the member"}};

const char *adj_mistake_name(size_t index)
{
    return index < ADJ_MISTAKE_COUNT ? mistakes[index][0] : NULL;
}

const char *adj_mistake_about(size_t index)
{
    return index < ADJ_MISTAKE_COUNT ? mistakes[index][1] : NULL;
}

/* ---- chance: splitmix64 ---- */

typedef struct chance {
    uint64_t state;
} chance;

static uint64_t draw(chance *c)
{
    uint64_t z = c->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static int64_t below(chance *c, int64_t limit)
{
    return (int64_t)(draw(c) % (uint64_t)limit);
}

static bool happens(chance *c, int64_t in_a_million)
{
    return below(c, MILLION) < in_a_million;
}

/* ---- people ---- */

typedef struct plan_facts {
    const char *payer, *plan, *filing;
    int64_t charge, allowed, copay; /* cents */
    bool authorizes, counts_sessions;
} plan_facts;

static const plan_facts plans[] = {{"HARBOR", "HMO", "HM", 5800, 4150, 1000, true, true},
                                   {"HARBOR", "PPO", "CI", 5800, 5800, 2000, false, true},
                                   {"MERIDIAN", "CHOICE", "CI", 6500, 5200, 1500, true, false},
                                   {"STATE AID", "STANDARD", "MC", 4800, 3300, 0, false, false}};

static const char *const diagnoses[] = {"F33.1", "F32.1", "F41.1", "F43.10", "F31.81", "F60.3"};
static const char *const group_types[] = {"depression skills", "relapse prevention", "anxiety", "trauma", "process"};
static const char *const programs[] = {"clinic", "intensive_outpatient", "outpatient_hospital", "clinic", "clinic"};

typedef struct member {
    char id[24];
    const plan_facts *plan;
    const char *diagnosis;
    uint32_t row;
    base_date lapses; /* the day without coverage; BASE_DATE_MAX for none */
    base_date covered_from;
    int64_t season; /* weeks by which theirs begins before others' */
} member;

typedef struct group {
    const adj_generator *generator;
    adj_generated *generated;
    read_encounters *encounters;
    run_store *store;
    base_text *key;
    chance chance;
    int64_t number, claims;
    char therapist[11], wrong_therapist[11];
    const char *type, *program;
    bool video;
    int64_t weekday, start;
    member members[MEMBER_LIMIT];
    size_t member_count;
} group;

static const char practice[] = "1600000016";

/* Nine digits and their check digit; `wrong` gives another last digit. */
static void make_npi(uint64_t number, char npi[11], bool wrong)
{
    snprintf(npi, 11, "1%08llu0", (unsigned long long)(number % 100000000));
    for (int last = 0; last < 10; last++) {
        npi[9] = (char)('0' + last);
        if (lang_npi_valid(npi, 10)) break;
    }
    if (wrong) npi[9] = npi[9] == '9' ? '0' : (char)(npi[9] + 1);
}

static void set_text(group *g, lang_field field, uint32_t row, const char *text)
{
    run_store_set_text(g->store, field, row, text, strlen(text));
}

static void set_code(group *g, lang_field field, uint32_t row, const char *text)
{
    run_store_set_code(g->store, field, row, text, strlen(text));
}

static void set_word(group *g, lang_field field, uint32_t row, const char *word)
{
    lang_enumeration words = (lang_enumeration)lang_schema_field(g->store->schema, field)->type.detail;
    run_store_set(g->store, field, row, lang_schema_word_find(g->store->schema, words, word));
}

static void make_members(group *g)
{
    g->member_count = 6 + (size_t)below(&g->chance, MEMBER_LIMIT - 5);
    for (size_t i = 0; i < g->member_count; i++) {
        member *m = &g->members[i];
        snprintf(m->id, sizeof m->id, "G%lldM%zu", (long long)g->number, i + 1);
        m->plan = &plans[below(&g->chance, sizeof plans / sizeof *plans)];
        m->diagnosis = diagnoses[below(&g->chance, sizeof diagnoses / sizeof *diagnoses)];
        m->row = run_store_patient(g->store, m->id, strlen(m->id));
        m->lapses = BASE_DATE_MAX;
        m->covered_from = g->generator->from - 400;
        m->season = below(&g->chance, SEASON);
        if (m->row == RUN_NO_ROW) continue;
        run_store_set(g->store, LANG_FIELD_patient_birth_date, m->row,
                      g->generator->from - 365 * (20 + below(&g->chance, 50)));
        run_store_set(g->store, LANG_FIELD_patient_sex, m->row, below(&g->chance, 2));
        set_text(g, LANG_FIELD_patient_state, m->row, "CT");
        run_store_set_absent(g->store, LANG_FIELD_patient_death_date, m->row);
    }
}

static void make_group(group *g)
{
    g->chance.state = g->generator->seed * UINT64_C(0xD1342543DE82EF95) + (uint64_t)g->number;
    draw(&g->chance);
    uint64_t therapist = (uint64_t)(g->number / 6);
    make_npi(70000000 + therapist, g->therapist, false);
    make_npi(70000000 + therapist, g->wrong_therapist, true);
    g->type = group_types[below(&g->chance, sizeof group_types / sizeof *group_types)];
    g->program = programs[below(&g->chance, sizeof programs / sizeof *programs)];
    g->video = happens(&g->chance, 300000);
    g->weekday = below(&g->chance, 5);
    g->start = 9 * 60 + below(&g->chance, 10) * 60;
    make_members(g);
}

/* ---- coverage and authorizations ---- */

static void put_coverage(group *g, const member *m, base_date from, base_date to)
{
    uint32_t row = run_store_add(g->store, LANG_RECORD_coverage);
    uint32_t *slot = row == RUN_NO_ROW ? NULL : BASE_PUSH(&g->store->arena, &g->store->coverage_patients);
    if (slot == NULL) return;
    *slot = m->row;
    set_text(g, LANG_FIELD_coverage_payer, row, m->plan->payer);
    set_text(g, LANG_FIELD_coverage_plan, row, m->plan->plan);
    run_store_set(g->store, LANG_FIELD_coverage_dates, row, run_span_pack(from, to));
    run_store_set_absent(g->store, LANG_FIELD_coverage_benefit_year_start, row);
}

/* Authorizations are for half a year each, by their number. */
static base_date half_year(const group *g, int64_t number)
{
    return (base_date)(g->generator->from + number * 182);
}

static const char *authorization_name(group *g, const member *m, int64_t number)
{
    return base_format(&g->store->arena, "A%s-%lld", m->id, (long long)number);
}

static void put_authorizations(group *g, const member *m)
{
    static const char code[] = "90853";
    for (int64_t n = 0; m->plan->authorizes && half_year(g, n) <= g->generator->to; n++) {
        uint32_t row = run_store_add(g->store, LANG_RECORD_authorization);
        if (row == RUN_NO_ROW) return;
        set_text(g, LANG_FIELD_authorization_number, row, authorization_name(g, m, n));
        run_store_set(g->store, LANG_FIELD_authorization_patient, row, m->row);
        run_store_set(g->store, LANG_FIELD_authorization_dates, row,
                      run_span_pack(half_year(g, n), half_year(g, n + 1) - 1));
        uint32_t symbol = run_store_code(g->store, LANG_SYSTEM_cpt, code, strlen(code));
        run_store_set_list(g->store, LANG_FIELD_authorization_procedures, row, &symbol, 1);
        run_store_set(g->store, LANG_FIELD_authorization_units, row, 30000);
        run_store_set_absent(g->store, LANG_FIELD_authorization_provider, row);
    }
}

/* ---- claims ---- */

typedef struct visit {
    const member *member;
    base_date date;
    int64_t minutes;
    mistake mistake;
} visit;

static void note(group *g, const char *claim, mistake made)
{
    if (made == NO_MISTAKE) return;
    base_text_format(g->key, "%s,1,%s\n", claim, mistakes[made][0]);
    g->generated->mistakes[made]++;
}

static uint32_t put_claim(group *g, const visit *v, const char *id, base_date received)
{
    uint32_t claim = run_store_add(g->store, LANG_RECORD_claim);
    if (claim == RUN_NO_ROW) return claim;
    static const lang_field absent[] = {LANG_FIELD_claim_original_reference, LANG_FIELD_claim_delay_reason,
                                        LANG_FIELD_claim_admission_date,     LANG_FIELD_claim_discharge_date,
                                        LANG_FIELD_claim_type_of_bill,       LANG_FIELD_claim_attending_provider};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) run_store_set_absent(g->store, absent[i], claim);
    g->store->claims.items[claim].subject = true;
    set_text(g, LANG_FIELD_claim_id, claim, id);
    run_store_set(g->store, LANG_FIELD_claim_charge, claim, v->member->plan->charge);
    bool elsewhere = v->mistake == WRONG_PLACE;
    set_code(g, LANG_FIELD_claim_pos, claim, g->video != elsewhere ? "10" : "11");
    set_code(g, LANG_FIELD_claim_frequency, claim, "1");
    set_text(g, LANG_FIELD_claim_filing_indicator, claim, v->member->plan->filing);
    run_store_set(g->store, LANG_FIELD_claim_received, claim, received);
    uint32_t symbol = run_store_code(g->store, LANG_SYSTEM_icd10, v->member->diagnosis, strlen(v->member->diagnosis));
    run_store_set_list(g->store, LANG_FIELD_claim_diagnoses, claim, &symbol, 1);
    g->generated->claims++;
    return claim;
}

static void put_line(group *g, const visit *v, uint32_t claim)
{
    uint32_t line = run_store_add(g->store, LANG_RECORD_line);
    if (line == RUN_NO_ROW) return;
    static const lang_field absent[] = {LANG_FIELD_line_supervising_provider, LANG_FIELD_line_referring_provider,
                                        LANG_FIELD_line_service_facility,     LANG_FIELD_line_referral_number,
                                        LANG_FIELD_line_control_number,       LANG_FIELD_line_revenue_code,
                                        LANG_FIELD_line_rendering_taxonomy,   LANG_FIELD_line_billing_taxonomy};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) run_store_set_absent(g->store, absent[i], line);
    run_line_extra *extra = &g->store->lines.items[line];
    extra->subject = true;
    run_store_set(g->store, LANG_FIELD_line_number, line, 1);
    run_store_set(g->store, LANG_FIELD_line_claim, line, claim);
    run_store_set(g->store, LANG_FIELD_line_patient, line, v->member->row);
    run_store_set(g->store, LANG_FIELD_line_date, line, v->date);
    run_store_set(g->store, LANG_FIELD_line_end_date, line, v->date);
    set_code(g, LANG_FIELD_line_procedure, line, "90853");
    set_text(g, LANG_FIELD_line_payer, line, v->member->plan->payer);
    run_store_set(g->store, LANG_FIELD_line_charge, line, v->member->plan->charge);
    run_store_set(g->store, LANG_FIELD_line_units, line, v->mistake == MINUTES_AS_UNITS ? v->minutes * 1000 : 1000);
    set_code(g, LANG_FIELD_line_unit_basis, line, "UN");
    run_store_set(g->store, LANG_FIELD_line_pos, line, run_store_bits(g->store, LANG_FIELD_claim_pos, claim));
    run_store_set(g->store, LANG_FIELD_line_diagnoses, line,
                  run_store_bits(g->store, LANG_FIELD_claim_diagnoses, claim));
    set_word(g, LANG_FIELD_line_status, line, "submitted");
    bool modified = g->video && v->mistake != MISSING_MODIFIER;
    uint32_t modifier = run_store_code(g->store, LANG_SYSTEM_modifier, "95", 2);
    run_store_set_list(g->store, LANG_FIELD_line_modifiers, line, &modifier, modified ? 1 : 0);
    set_code(g, LANG_FIELD_line_rendering_provider, line,
             v->mistake == INVALID_NPI ? g->wrong_therapist : g->therapist);
    set_code(g, LANG_FIELD_line_billing_provider, line, practice);
    if (v->member->plan->authorizes && v->mistake != MISSING_AUTHORIZATION) {
        int64_t half = (v->date - g->generator->from) / 182 - (v->mistake == EXPIRED_AUTHORIZATION ? 1 : 0);
        const char *number = authorization_name(g, v->member, half);
        extra->authorization = base_intern_add(&g->store->symbols, number, strlen(number));
    }
    g->generated->lines++;
}

/* What the payer answers: it pays, but for mistakes that it sees. */
static void put_answer(group *g, const visit *v, const char *id, base_date received)
{
    static const char *const reasons[ADJ_MISTAKE_COUNT] = {NULL,  NULL, NULL, "151", "4",  "5",  "197",
                                                           "198", NULL, "27", "18",  "29", "16", NULL};
    const char *denied = v->mistake == NO_MISTAKE ? NULL : reasons[v->mistake];
    uint32_t row = run_store_add(g->store, LANG_RECORD_remittance);
    run_remitted *answer = row == RUN_NO_ROW ? NULL : BASE_PUSH(&g->store->arena, &g->store->remitted);
    if (answer == NULL) return;
    const plan_facts *plan = v->member->plan;
    *answer =
        (run_remitted){.row = row, .kind = RUN_REMITTED_SERVICE, .number = 1, .charge = plan->charge, .dated = true};
    answer->claim = base_intern_add(&g->store->symbols, id, strlen(id));
    answer->procedure = run_store_code(g->store, LANG_SYSTEM_cpt, "90853", 5);
    answer->date = v->date;
    answer->occurrence = ++g->store->remitted_claims;
    int64_t owed = denied == NULL && plan->copay < plan->allowed ? plan->copay : 0;
    set_word(g, LANG_FIELD_remittance_status, row, denied == NULL ? "paid" : "denied");
    run_store_set(g->store, LANG_FIELD_remittance_date, row, received + 14);
    run_store_set(g->store, LANG_FIELD_remittance_allowed, row, denied == NULL ? plan->allowed : 0);
    run_store_set(g->store, LANG_FIELD_remittance_paid, row, denied == NULL ? plan->allowed - owed : 0);
    run_store_set(g->store, LANG_FIELD_remittance_patient_responsibility, row, owed);
    uint32_t codes[2];
    size_t count = 0;
    if (denied != NULL) codes[count++] = run_store_code(g->store, LANG_SYSTEM_carc, denied, strlen(denied));
    if (denied == NULL && plan->charge > plan->allowed)
        codes[count++] = run_store_code(g->store, LANG_SYSTEM_carc, "45", 2);
    if (owed > 0) codes[count++] = run_store_code(g->store, LANG_SYSTEM_carc, "3", 1);
    run_store_set_list(g->store, LANG_FIELD_remittance_reasons, row, codes, count);
    run_store_set_list(g->store, LANG_FIELD_remittance_remarks, row, NULL, 0);
    g->store->feeds[LANG_FEED_REMITTANCE] = true;
}

static bool enough(const group *g)
{
    return g->generated->lines >= g->generator->lines;
}

static void bill(group *g, visit v)
{
    base_date received = (base_date)(v.date + (v.mistake == LATE_FILING ? 400 : 3 + below(&g->chance, 8)));
    const char *id = base_format(&g->store->arena, "G%lld-%lld", (long long)g->number, (long long)++g->claims);
    uint32_t claim = put_claim(g, &v, id, received);
    if (claim == RUN_NO_ROW) return;
    put_line(g, &v, claim);
    visit first = v;
    if (v.mistake == DUPLICATE_CLAIM) first.mistake = NO_MISTAKE; /* the second of the two is the duplicate */
    put_answer(g, &first, id, received);
    note(g, id, first.mistake);
    if (v.mistake != DUPLICATE_CLAIM || enough(g)) return;
    id = base_format(&g->store->arena, "G%lld-%lld", (long long)g->number, (long long)++g->claims);
    claim = put_claim(g, &v, id, received + 1);
    if (claim == RUN_NO_ROW) return;
    put_line(g, &v, claim);
    put_answer(g, &v, id, received + 1);
    note(g, id, DUPLICATE_CLAIM);
}

/* ---- sessions ---- */

static uint32_t put_session(group *g, base_date date, int64_t minutes, int64_t attendees)
{
    const char *id = base_format(&g->store->arena, "S%lld-%d", (long long)g->number, (int)(date - g->generator->from));
    size_t index;
    uint32_t row = read_session_row(g->encounters, id, strlen(id), &index);
    if (row == RUN_NO_ROW) return row;
    run_store_set(g->store, LANG_FIELD_session_date, row, date);
    int64_t from = (int64_t)date * 1440 + g->start;
    run_store_set(g->store, LANG_FIELD_session_time, row, run_span_pack((int32_t)from, (int32_t)(from + minutes)));
    run_store_set(g->store, LANG_FIELD_session_minutes, row, minutes * 1000);
    run_store_set(g->store, LANG_FIELD_session_attendees, row, attendees);
    set_word(g, LANG_FIELD_session_mode, row, g->video ? "video" : "in_person");
    set_code(g, LANG_FIELD_session_procedure, row, "90853");
    set_code(g, LANG_FIELD_session_facilitator, row, g->therapist);
    set_word(g, LANG_FIELD_session_program, row, g->program);
    set_text(g, LANG_FIELD_session_credential, row, "LCSW");
    set_text(g, LANG_FIELD_session_group_type, row, g->type);
    if (g->video)
        set_text(g, LANG_FIELD_session_platform, row, "CLEARVIEW");
    else
        run_store_set_absent(g->store, LANG_FIELD_session_platform, row);
    run_store_set(g->store, LANG_FIELD_session_goals_documented, row, 1);
    run_store_set(g->store, LANG_FIELD_session_interventions_documented, row, 1);
    return row;
}

static void put_appointment(group *g, const member *m, base_date date, uint32_t session, const char *status)
{
    uint32_t row = run_store_add(g->store, LANG_RECORD_appointment);
    if (row == RUN_NO_ROW) return;
    run_store_set(g->store, LANG_FIELD_appointment_patient, row, m->row);
    run_store_set(g->store, LANG_FIELD_appointment_date, row, date);
    run_store_set(g->store, LANG_FIELD_appointment_session, row, session);
    int64_t from = (int64_t)date * 1440 + g->start;
    run_store_set(g->store, LANG_FIELD_appointment_time, row, run_span_pack((int32_t)from, (int32_t)(from + 60)));
    set_word(g, LANG_FIELD_appointment_status, row, status);
    set_code(g, LANG_FIELD_appointment_provider, row, g->therapist);
    set_code(g, LANG_FIELD_appointment_procedure, row, "90853");
    set_word(g, LANG_FIELD_appointment_program, row, g->program);
    set_word(g, LANG_FIELD_appointment_mode, row, g->video ? "video" : "in_person");
    set_text(g, LANG_FIELD_appointment_group_type, row, g->type);
}

static void put_attendance(group *g, const visit *v, uint32_t session)
{
    static const lang_field documented[] = {
        LANG_FIELD_attendance_relevance_documented, LANG_FIELD_attendance_observations_documented,
        LANG_FIELD_attendance_progress_documented, LANG_FIELD_attendance_plan_documented};
    static const lang_field remote[] = {LANG_FIELD_attendance_telehealth_consent,
                                        LANG_FIELD_attendance_identity_verified,
                                        LANG_FIELD_attendance_privacy_confirmed};
    uint32_t row = run_store_add(g->store, LANG_RECORD_attendance);
    if (row == RUN_NO_ROW) return;
    run_store_set(g->store, LANG_FIELD_attendance_session, row, session);
    run_store_set(g->store, LANG_FIELD_attendance_patient, row, v->member->row);
    int64_t minutes = v->mistake == LATE_ARRIVAL ? v->minutes / 3 : v->minutes;
    run_store_set(g->store, LANG_FIELD_attendance_minutes, row, minutes * 1000);
    int64_t to = (int64_t)v->date * 1440 + g->start + v->minutes;
    run_store_set(g->store, LANG_FIELD_attendance_time, row, run_span_pack((int32_t)(to - minutes), (int32_t)to));
    set_word(g, LANG_FIELD_attendance_participation, row, happens(&g->chance, 900000) ? "active" : "limited");
    for (size_t i = 0; i < 4; i++) run_store_set(g->store, documented[i], row, 1);
    if (v->mistake == MISSING_DOCUMENTATION) run_store_set(g->store, LANG_FIELD_attendance_progress_documented, row, 0);
    for (size_t i = 0; i < 3; i++) {
        if (g->video)
            run_store_set(g->store, remote[i], row, 1);
        else
            run_store_set_absent(g->store, remote[i], row);
    }
    run_store_set_absent(g->store, LANG_FIELD_attendance_technical_problems, row);
}

/* A mistake for a line, of those that can be made with it; sessions have theirs already. */
static mistake choose(group *g, const member *m, base_date date)
{
    int64_t at = below(&g->chance, MILLION);
    for (int k = LATE_ARRIVAL; k < ADJ_MISTAKE_COUNT; k++) {
        at -= g->generator->mistakes[k];
        if (at >= 0) continue;
        bool authorizes = m->plan->authorizes;
        if (k == MISSING_MODIFIER && !g->video) return WRONG_PLACE;
        if (k == MISSING_AUTHORIZATION && !authorizes) return NO_MISTAKE;
        if (k == EXPIRED_AUTHORIZATION && (!authorizes || date - g->generator->from < 182)) return NO_MISTAKE;
        if (k == LAPSED_COVERAGE && m->lapses != BASE_DATE_MAX) return NO_MISTAKE;
        return (mistake)k;
    }
    return NO_MISTAKE;
}

/* Whether a member is in the group at that time of the year. */
static bool takes_part(const group *g, const member *m, base_date date)
{
    int64_t week = (date - g->generator->from) / 7 + m->season;
    return !m->plan->counts_sessions || week % SEASON < WEEKS;
}

static mistake choose_for_all(group *g)
{
    if (happens(&g->chance, g->generator->mistakes[SHORT_SESSION])) return SHORT_SESSION;
    return happens(&g->chance, g->generator->mistakes[OVERSIZED_GROUP]) ? OVERSIZED_GROUP : NO_MISTAKE;
}

static void hold_session(group *g, base_date date)
{
    bool kept[MEMBER_LIMIT], missed[MEMBER_LIMIT];
    mistake mistakes_of[MEMBER_LIMIT], whole = choose_for_all(g);
    int64_t minutes = whole == SHORT_SESSION ? 30 : 60 + 5 * below(&g->chance, 4), attendees = 0;
    for (size_t i = 0; i < g->member_count; i++) {
        kept[i] = takes_part(g, &g->members[i], date) && happens(&g->chance, 880000);
        mistakes_of[i] = whole != NO_MISTAKE ? whole : choose(g, &g->members[i], date);
        missed[i] = kept[i] && mistakes_of[i] == NO_SHOW_BILLED;
        attendees += kept[i] && !missed[i];
    }
    if (attendees < 3) return; /* too few for a group */
    uint32_t session = put_session(g, date, minutes, whole == OVERSIZED_GROUP ? 18 : attendees);
    for (size_t i = 0; session != RUN_NO_ROW && i < g->member_count && !enough(g); i++) {
        member *m = &g->members[i];
        if (!takes_part(g, m, date)) continue;
        put_appointment(g, m, date, session,
                        kept[i] && !missed[i]         ? "kept"
                        : missed[i]                   ? "no_show"
                        : happens(&g->chance, 500000) ? "no_show"
                                                      : "cancelled");
        if (!kept[i]) continue;
        visit v = {m, date, minutes, mistakes_of[i]};
        if (v.mistake == LAPSED_COVERAGE) m->lapses = date;
        if (!missed[i]) put_attendance(g, &v, session);
        bill(g, v);
    }
}

static void end_members(group *g)
{
    for (size_t i = 0; i < g->member_count; i++) {
        const member *m = &g->members[i];
        base_date first = m->covered_from, last = g->generator->to + 400;
        put_coverage(g, m, first, m->lapses == BASE_DATE_MAX ? last : m->lapses - 1);
        if (m->lapses != BASE_DATE_MAX) put_coverage(g, m, m->lapses + 1, last);
        put_authorizations(g, m);
    }
}

static bool write_group(group *g, adj_write write, void *state)
{
    adj_written written = {0};
    g->encounters->writing_as = base_format(&g->store->arena, "g%lld", (long long)g->number);
    bool good;
    if (g->generator->form == ADJ_FORM_NDJSON) {
        good = format_write_records(g->encounters, false, true, write, state, "lines.ndjson", &written) &&
               format_write_records(g->encounters, false, false, write, state, "side.ndjson", &written);
    } else if (g->generator->form == ADJ_FORM_CSV) {
        good = format_write_records(g->encounters, true, true, write, state, "lines.csv", &written) &&
               format_write_records(g->encounters, true, false, write, state, "", &written);
    } else {
        good = format_write_837(g->encounters, write, state, "claims.837", &written) &&
               format_write_835(g->encounters, write, state, "payments.835", &written);
        g->store->remitted.count = 0; /* the 835 has them */
        good = good && format_write_records(g->encounters, true, false, write, state, "", &written);
    }
    return good && (g->key->length == 0 || write(state, "key.csv", base_text_string(g->key), g->key->length));
}

/* Makes one group and writes it; its memory goes with it. */
static adj_status run_group(const adj_generator *generator, adj_generated *generated, uint64_t *headers,
                            adj_write write, void *state)
{
    adj_encounters *handle = adj_encounters_new(NULL);
    if (handle == NULL) return ADJ_OUT_OF_MEMORY;
    read_encounters *encounters = (read_encounters *)handle;
    base_text key;
    base_text_init(&key, &handle->store.arena);
    group g = {.generator = generator, .generated = generated, .encounters = encounters, .store = &handle->store};
    g.key = &key;
    g.number = ++generated->groups;
    encounters->headers_written = *headers;
    make_group(&g);
    base_date day = generator->from + (base_date)((g.weekday - (generator->from + 3) % 7 + 14) % 7);
    for (; day <= generator->to && !enough(&g) && !handle->store.arena.failed; day += 7) {
        if (!happens(&g.chance, 40000)) hold_session(&g, day);
    }
    end_members(&g);
    bool failed = handle->store.arena.failed, good = !failed && write_group(&g, write, state);
    *headers = encounters->headers_written;
    failed = handle->store.arena.failed;
    adj_encounters_free(handle);
    return good ? ADJ_OK : failed ? ADJ_OUT_OF_MEMORY : ADJ_INTERNAL;
}

adj_status adj_generate(const adj_generator *generator, adj_write write, void *state, adj_generated *generated)
{
    static const char header[] = "claim_id,line,mistake\n";
    *generated = (adj_generated){0};
    if (generator->to < generator->from || generator->lines < 1) return ADJ_INVALID_INPUT;
    if (!write(state, "key.csv", header, strlen(header))) return ADJ_INTERNAL;
    adj_status status = ADJ_OK;
    uint64_t headers = 0;
    int64_t before = -1, empty = 0;
    while (status == ADJ_OK && generated->lines < generator->lines) {
        empty = before == generated->lines ? empty + 1 : 0;
        if (empty > 1000) return ADJ_INVALID_INPUT; /* no session in so few days */
        before = generated->lines;
        status = run_group(generator, generated, &headers, write, state);
    }
    return status;
}
