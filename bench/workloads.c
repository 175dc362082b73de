/* The workloads' policies and encounters, made from a fixed seed. */
#include "bench/workloads.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t workload_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static unsigned below(uint64_t *state, unsigned limit)
{
    return (unsigned)((workload_random(state) >> 32) * limit >> 32);
}

workload_payer workload_payer_of(unsigned payer)
{
    uint64_t state = 7000 + payer;
    workload_payer p = {.least_minutes = 40 + (int)below(&state, 6),
                        .most_minutes = 115 + (int)below(&state, 6),
                        .least_attended = 20 + (int)below(&state, 8),
                        .least_group = 3,
                        .most_group = 11 + (int)below(&state, 3),
                        .youngest = 4 + (int)below(&state, 3),
                        .oldest = 90 + (int)below(&state, 9),
                        .days_to_file = 90 + (int)below(&state, 30),
                        .most_units = 2 + (int)below(&state, 2),
                        .left_units = 1,
                        .notice = 5,
                        .most_charge = 18000 + 500 * (int)below(&state, 5),
                        .plans = 4};
    return p;
}

typedef struct writer {
    char *text;
    size_t length, room;
} writer;

static void put(writer *w, const char *format, ...)
{
    va_list arguments;
    for (;;) {
        va_start(arguments, format);
        int wanted = vsnprintf(w->text + w->length, w->room - w->length, format, arguments);
        va_end(arguments);
        if (wanted >= 0 && (size_t)wanted < w->room - w->length) {
            w->length += (size_t)wanted;
            return;
        }
        w->room = w->room * 2 + (size_t)wanted;
        char *larger = realloc(w->text, w->room);
        if (larger == NULL) exit(3);
        w->text = larger;
    }
}

static void clause(writer *w, const char *name, const char *reason, const char *body)
{
    put(w, "clause %s\n  cite \"%s\"\n%s  deny CO-16 M76 as data \"%s\"\n\n", name, name, body, reason);
}

static void declarations(writer *w, unsigned payer, const workload_payer *p)
{
    put(w, "policy bench.p%u\n  title \"Workload, payer %u\"\n  payer \"PAYER-%02u\"\n  effective 2020-01-01\n\n",
        payer, payer, payer);
    put(w, "codes covered_procedures : cpt\n  90785..90899, 99202..99215, G0410\n\n");
    put(w, "codes covered_taxonomies : taxonomy\n  101YM0800X, 1041C0700X, 103TC0700X\n\n");
    /* Two hundred prefixes. */
    put(w, "codes covered_diagnoses : icd10\n  ");
    for (int d = 0; d < 200; d++) {
        char letter = "FGRZ"[d / 50];
        put(w, "%s%c%02d.*", d == 0 ? "" : ", ", letter, (d % 50) * 2 + (int)(payer % 2));
    }
    put(w, "\n\ntable places (plan, pos) gives (needed: modifiers)\n  | plan | pos | needed |\n");
    for (unsigned plan = 0; plan < p->plans; plan++)
        put(w, "  | \"PLAN-%u\" | 11, 22, 53 | none |\n  | \"PLAN-%u\" | 02, 10 | 95 |\n", plan, plan);
    put(w, "\n");
}

static const char *const places[] = {"11", "22", "53", "02", "10"};

char *workload_policy(unsigned payer, unsigned extra)
{
    writer w = {0};
    workload_payer p = workload_payer_of(payer);
    char body[400];
#define CLAUSE(name, ...)                                                                                              \
    do {                                                                                                               \
        snprintf(body, sizeof body, __VA_ARGS__);                                                                      \
        clause(&w, name, name, body);                                                                                  \
    } while (0)
    declarations(&w, payer, &p);
    put(&w, "section \"Lines\"\n  for each line where procedure in covered_procedures, 90900\n"
            "  let place = places(plan, pos)\n\n");
    CLAUSE("procedure_covered", "  require procedure in covered_procedures\n");
    CLAUSE("place_of_plan", "  require place is found\n");
    CLAUSE("modifiers_of_plan", "  when place is found\n  require modifiers include all of place.needed\n");
    CLAUSE("no_unlisted", "  forbid modifiers include any of 52, 53, 76\n");
    CLAUSE("diagnosis", "  require diagnoses include any of covered_diagnoses\n");
    CLAUSE("least_minutes", "  require session.minutes >= %d minutes\n", p.least_minutes);
    CLAUSE("most_minutes", "  require session.minutes <= %d minutes\n", p.most_minutes);
    CLAUSE("attended", "  require attendance.minutes >= %d minutes\n", p.least_attended);
    CLAUSE("attended_within", "  require attendance.minutes <= session.minutes\n");
    CLAUSE("least_group", "  require session.attendees >= %d\n", p.least_group);
    CLAUSE("most_group", "  require session.attendees <= %d\n", p.most_group);
    CLAUSE("authorized", "  when procedure in 90853\n  require authorization is present\n");
    CLAUSE("authorized_days", "  when authorization is present\n  require authorization.dates contain date\n");
    CLAUSE("authorized_units", "  when authorization is present\n  require authorization.units_remaining >= units\n");
    CLAUSE("old_enough", "  require age >= %d\n", p.youngest);
    CLAUSE("young_enough", "  require age <= %d\n", p.oldest);
    CLAUSE("timely", "  require claim.received <= date + %d days\n", p.days_to_file);
    CLAUSE("units_a_line", "  require units <= %d\n", p.most_units);
    CLAUSE("taxonomy", "  require rendering_taxonomy is present and rendering_taxonomy in covered_taxonomies\n");
    CLAUSE("state", "  require patient.state is present and patient.state = \"CT\"\n");
    CLAUSE("consent", "  when session.mode = video\n"
                      "  require attendance.telehealth_consent is present and attendance.telehealth_consent\n");
    CLAUSE("telehealth", "  when session.mode = video\n  require pos in 02, 10\n");
    CLAUSE("charge", "  require charge <= $%d.%02d\n", (int)(p.most_charge / 100), (int)(p.most_charge % 100));
    CLAUSE("documented", "  require session.goals_documented and session.interventions_documented\n");
    if (extra > 0) put(&w, "section \"Codes that no line has\"\n  for each line where procedure in 00100..00999\n\n");
    for (unsigned i = 0; i < extra; i++) {
        char name[32];
        snprintf(name, sizeof name, "extra_%u", i);
        CLAUSE(name, "  when procedure in %05u\n  require units <= %u\n", 100 + i % 900, 1 + i % 9);
    }
#undef CLAUSE
    return w.text;
}

char *workload_distinct(unsigned clauses)
{
    static const char *const tests[] = {
        "units <= %u",     "session.minutes >= %u minutes",    "session.attendees <= %u",
        "age >= %u",       "attendance.minutes >= %u minutes", "claim.received <= date + %u days",
        "charge <= $%u.00"};
    enum { TESTS = sizeof tests / sizeof *tests };
    writer w = {0};
    put(&w, "policy bench.distinct\n  title \"No two shapes alike\"\n  payer \"PAYER-00\"\n  effective 2020-01-01\n\n"
            "section \"Lines\"\n  for each line\n\n");
    for (unsigned i = 0; i < clauses; i++) {
        /* The digits of i choose the tests, and how they are joined. */
        put(&w, "clause c%u\n  cite \"%u\"\n  require ", i, i);
        unsigned rest = i;
        for (unsigned k = 0; k < 5; k++, rest /= TESTS) {
            if (k > 0) put(&w, (i >> k & 1) != 0 ? " and " : " or ");
            if (k > 0 && k < 4) put(&w, "(");
            put(&w, tests[rest % TESTS], 1 + (i + k) % 90);
        }
        put(&w, ")))\n  deny CO-16 M76 as data \"c%u\"\n\n", i);
    }
    return w.text;
}

adj_policies *workload_compile_texts(char **names, char **texts, size_t count, const adj_options *options)
{
    adj_policies *policies = NULL;
    if (adj_policies_compile_text((const char *const *)names, (const char *const *)texts, count, options, &policies) !=
        ADJ_OK) {
        fprintf(stderr, "bench: %s\n", policies == NULL ? "out of memory" : adj_policies_diagnostics(policies));
        exit(3);
    }
    for (size_t i = 0; i < count; i++) {
        free(texts[i]);
        free(names[i]);
    }
    free(texts);
    free(names);
    return policies;
}

adj_policies *workload_compile(unsigned payers, unsigned extra, const adj_options *options)
{
    char **texts = calloc(payers, sizeof *texts), **names = calloc(payers, sizeof *names);
    if (texts == NULL || names == NULL) exit(3);
    for (unsigned p = 0; p < payers; p++) {
        texts[p] = workload_policy(p, extra);
        names[p] = malloc(32);
        if (names[p] == NULL) exit(3);
        snprintf(names[p], 32, "p%u.adj", p);
    }
    return workload_compile_texts(names, texts, payers, options);
}

/* ---- encounters ---- */

static uint32_t text_id(run_store *store, const char *format, unsigned number)
{
    char text[48];
    int length = snprintf(text, sizeof text, format, number);
    return base_intern_add(&store->symbols, text, (size_t)length);
}

typedef struct filler {
    run_store *store;
    uint64_t state;
    uint32_t payers[64], plans[4], pos[5], procedures[12], taxonomies[4], states[2], modifiers[3];
    uint32_t diagnoses[400];
} filler;

static void intern_all(filler *f, unsigned payers)
{
    static const char *const codes[] = {"90853", "90837", "90834", "90832", "90847", "90846",
                                        "90791", "90792", "99213", "99214", "90839", "90900"};
    static const char *const taxonomies[] = {"101YM0800X", "1041C0700X", "103TC0700X", "207Q00000X"};
    static const char *const modifiers[] = {"95", "HQ", "52"};
    run_store *s = f->store;
    for (unsigned p = 0; p < payers; p++) f->payers[p] = text_id(s, "PAYER-%02u", p);
    for (unsigned p = 0; p < 4; p++) f->plans[p] = text_id(s, "PLAN-%u", p);
    for (unsigned p = 0; p < 5; p++) f->pos[p] = base_intern_add(&s->symbols, places[p], 2);
    for (unsigned p = 0; p < 12; p++) f->procedures[p] = base_intern_add(&s->symbols, codes[p], 5);
    for (unsigned p = 0; p < 4; p++)
        f->taxonomies[p] = base_intern_add(&s->symbols, taxonomies[p], strlen(taxonomies[p]));
    for (unsigned p = 0; p < 3; p++) f->modifiers[p] = base_intern_add(&s->symbols, modifiers[p], 2);
    f->states[0] = base_intern_add(&s->symbols, "CT", 2);
    f->states[1] = base_intern_add(&s->symbols, "NY", 2);
    for (unsigned d = 0; d < 400; d++) {
        char text[8];
        snprintf(text, sizeof text, "%c%02u%u", "FGRZ"[d / 100], d % 100, d % 7);
        f->diagnoses[d] = base_intern_add(&s->symbols, text, strlen(text));
    }
}

/* One time in `times`. */
static bool once(filler *f, unsigned times)
{
    return below(&f->state, times) == 0;
}

static void set(filler *f, lang_field field, uint32_t row, int64_t bits)
{
    run_store_set(f->store, field, row, bits);
}

static void fill_session(filler *f, uint32_t session, uint32_t attendance, int64_t minutes)
{
    int mode = lang_schema_word_find(&lang_schema_standard, LANG_ENUMERATION_session_mode, "video");
    int person = lang_schema_word_find(&lang_schema_standard, LANG_ENUMERATION_session_mode, "in_person");
    bool video = once(f, 4);
    set(f, LANG_FIELD_session_minutes, session, 1000 * minutes); /* thousandths, as of quantities */
    if (!once(f, 300)) set(f, LANG_FIELD_session_attendees, session, once(f, 120) ? 14 : 4 + below(&f->state, 7));
    set(f, LANG_FIELD_session_mode, session, video ? mode : person);
    set(f, LANG_FIELD_session_goals_documented, session, !once(f, 150));
    set(f, LANG_FIELD_session_interventions_documented, session, 1);
    set(f, LANG_FIELD_attendance_minutes, attendance,
        1000 * (minutes - (once(f, 120) ? 35 : (int64_t)below(&f->state, 10))));
    if (once(f, 300)) run_store_set_unknown(f->store, LANG_FIELD_attendance_minutes, attendance);
    if (video && !once(f, 60))
        set(f, LANG_FIELD_attendance_telehealth_consent, attendance, 1);
    else
        run_store_set_absent(f->store, LANG_FIELD_attendance_telehealth_consent, attendance);
}

static void fill_line(filler *f, uint32_t i, uint32_t patient, uint32_t payer, int64_t day)
{
    run_store *s = f->store;
    uint32_t line = run_store_add(s, LANG_RECORD_line), claim = run_store_add(s, LANG_RECORD_claim);
    uint32_t session = run_store_add(s, LANG_RECORD_session), attendance = run_store_add(s, LANG_RECORD_attendance);
    if (attendance == RUN_NO_ROW || line != i) exit(3);
    s->lines.items[line].subject = true;
    s->lines.items[line].place = i;
    int64_t minutes = once(f, 120) ? 30 : 50 + below(&f->state, 41);
    fill_session(f, session, attendance, minutes);
    bool video = run_store_bits(s, LANG_FIELD_session_mode, session) ==
                 lang_schema_word_find(&lang_schema_standard, LANG_ENUMERATION_session_mode, "video");
    set(f, LANG_FIELD_line_claim, line, claim);
    set(f, LANG_FIELD_line_session, line, session);
    set(f, LANG_FIELD_line_attendance, line, attendance);
    set(f, LANG_FIELD_line_patient, line, patient);
    set(f, LANG_FIELD_line_payer, line, f->payers[payer]);
    set(f, LANG_FIELD_line_plan, line, f->plans[below(&f->state, 4)]);
    set(f, LANG_FIELD_line_procedure, line, f->procedures[once(f, 150) ? 11 : below(&f->state, 11)]);
    set(f, LANG_FIELD_line_date, line, day);
    set(f, LANG_FIELD_line_units, line, once(f, 120) ? 4000 : 1000 * (1 + (int64_t)below(&f->state, 2)));
    set(f, LANG_FIELD_line_charge, line, once(f, 150) ? 25000 : 9000 + 100 * (int64_t)below(&f->state, 80));
    set(f, LANG_FIELD_line_pos, line, f->pos[video ? 3 + below(&f->state, 2) : below(&f->state, 3)]);
    if (!once(f, 300)) set(f, LANG_FIELD_line_age, line, 8 + below(&f->state, 80));
    set(f, LANG_FIELD_line_rendering_taxonomy, line, f->taxonomies[once(f, 150) ? 3 : below(&f->state, 3)]);
    uint32_t codes[12], count = 0;
    if (video && !once(f, 60)) codes[count++] = f->modifiers[0];
    if (once(f, 3)) codes[count++] = f->modifiers[1];
    if (once(f, 200)) codes[count++] = f->modifiers[2];
    run_store_set_list(s, LANG_FIELD_line_modifiers, line, codes, count);
    count = 1 + below(&f->state, 12);
    /* Even numbers are covered by even payers, odd ones by odd payers. */
    for (uint32_t d = 0; d < count; d++) codes[d] = f->diagnoses[below(&f->state, 200) * 2 + payer % 2];
    if (once(f, 150)) {
        count = 1;
        codes[0] = f->diagnoses[1 - payer % 2];
    }
    run_store_set_list(s, LANG_FIELD_line_diagnoses, line, codes, count);
    set(f, LANG_FIELD_claim_received, claim, day + (once(f, 150) ? 200 : (int)below(&f->state, 60)));
    set(f, LANG_FIELD_claim_id, claim, i % 60000);
    set(f, LANG_FIELD_line_status, line,
        lang_schema_word_find(&lang_schema_standard, LANG_ENUMERATION_line_status, "submitted"));
    if (once(f, 20)) {
        run_store_set_absent(s, LANG_FIELD_line_authorization, line);
        return;
    }
    uint32_t authorization = run_store_add(s, LANG_RECORD_authorization);
    if (authorization == RUN_NO_ROW) exit(3);
    set(f, LANG_FIELD_line_authorization, line, authorization);
    int64_t end = day + (once(f, 120) ? -3 : 90);
    set(f, LANG_FIELD_authorization_dates, authorization, run_span_pack((int32_t)day - 60, (int32_t)end));
    set(f, LANG_FIELD_authorization_units_remaining, authorization, 1000 * (2 + (int64_t)below(&f->state, 20)));
}

static uint32_t new_patient(filler *f, size_t number)
{
    char member[24];
    int length = snprintf(member, sizeof member, "M%08zu", number);
    uint32_t patient = run_store_patient(f->store, member, (size_t)length);
    set(f, LANG_FIELD_patient_state, patient, f->states[once(f, 150)]);
    return patient;
}

static adj_encounters *make_encounters(const adj_policies *policies, size_t lines, unsigned payers,
                                       unsigned per_patient, bool by_day)
{
    adj_encounters *encounters = adj_encounters_new_for(policies, NULL);
    if (encounters == NULL) exit(3);
    filler f = {.store = &encounters->store, .state = 20261126};
    run_store *s = f.store;
    intern_all(&f, payers);
    static const lang_record records[] = {LANG_RECORD_line, LANG_RECORD_claim, LANG_RECORD_session,
                                          LANG_RECORD_attendance, LANG_RECORD_authorization};
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        if (!run_store_reserve(s, records[i], (uint32_t)lines + 16)) exit(3);
    }
    size_t patients = (lines + per_patient - 1) / per_patient;
    uint32_t first = 0;
    int64_t start = base_date_make(2024, 1, 1);
    for (size_t i = 0; i < lines; i++) {
        size_t number = by_day ? i % patients : i / per_patient, before = by_day ? i / patients : i % per_patient;
        uint32_t patient = first + (uint32_t)number;
        if (before == 0) patient = new_patient(&f, number);
        if (i == 0) first = patient;
        fill_line(&f, (uint32_t)i, patient, (unsigned)number % payers, start + (int64_t)before * 7);
    }
    s->feeds[LANG_FEED_HISTORY] = true;
    s->finished = run_index(s);
    if (!s->finished || s->arena.failed) exit(3);
    return encounters;
}

adj_encounters *workload_encounters(const adj_policies *policies, size_t lines, unsigned payers, unsigned per_patient)
{
    return make_encounters(policies, lines, payers, per_patient, false);
}

adj_encounters *workload_encounters_by_day(const adj_policies *policies, size_t lines, unsigned payers,
                                           unsigned per_patient)
{
    return make_encounters(policies, lines, payers, per_patient, true);
}
