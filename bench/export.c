/* The first two workloads as CSV, for other engines to judge (other_engines.py): each line with its codes, and with what its payer's policy
 * asks of those worked out beforehand; the payers' parameters; and what must come out. */
#include "bench/judging.h"

#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void number(FILE *file, const run_store *s, lang_field field, uint32_t row, bool reached, int64_t divisor)
{
    if (reached && run_store_present(s, field, row))
        fprintf(file, ",%lld", (long long)(run_store_bits(s, field, row) / divisor));
    else
        fprintf(file, ",");
}

static void list(FILE *file, const run_store *s, lang_field field, uint32_t row)
{
    int64_t bits = run_store_bits(s, field, row);
    fprintf(file, ",");
    for (size_t k = 0; k < run_list_count(bits); k++)
        fprintf(file, "%s%s", k == 0 ? "" : ";",
                base_intern_text(&s->symbols, s->pool.items[run_list_offset(bits) + k]));
}

static bool has(const run_store *s, lang_field field, uint32_t row, const char *const *codes, size_t count)
{
    int64_t bits = run_store_bits(s, field, row);
    for (size_t k = 0; k < run_list_count(bits); k++) {
        const char *code = base_intern_text(&s->symbols, s->pool.items[run_list_offset(bits) + k]);
        for (size_t c = 0; c < count; c++) {
            if (strcmp(code, codes[c]) == 0) return true;
        }
    }
    return false;
}

/* Of the covered prefixes each payer has those whose number is even, or odd. */
static bool covered(const run_store *s, uint32_t line, unsigned payer)
{
    int64_t bits = run_store_bits(s, LANG_FIELD_line_diagnoses, line);
    for (size_t k = 0; k < run_list_count(bits); k++) {
        const char *code = base_intern_text(&s->symbols, s->pool.items[run_list_offset(bits) + k]);
        if ((unsigned)(code[2] - '0') % 2 == payer % 2) return true;
    }
    return false;
}

static void write_line(FILE *file, const run_store *s, uint32_t line, unsigned payer)
{
    static const char *const unlisted[] = {"52", "53", "76"}, *const video[] = {"95"};
    uint32_t session = (uint32_t)run_store_bits(s, LANG_FIELD_line_session, line);
    uint32_t attendance = (uint32_t)run_store_bits(s, LANG_FIELD_line_attendance, line);
    uint32_t claim = (uint32_t)run_store_bits(s, LANG_FIELD_line_claim, line);
    uint32_t patient = (uint32_t)run_store_bits(s, LANG_FIELD_line_patient, line);
    bool authorized = run_store_present(s, LANG_FIELD_line_authorization, line);
    uint32_t authorization = authorized ? (uint32_t)run_store_bits(s, LANG_FIELD_line_authorization, line) : 0;
    const char *procedure = run_store_text(s, LANG_FIELD_line_procedure, line),
               *pos = run_store_text(s, LANG_FIELD_line_pos, line);
    const char *taxonomy = run_store_text(s, LANG_FIELD_line_rendering_taxonomy, line);
    const char *state = run_store_text(s, LANG_FIELD_patient_state, patient);
    bool telehealth_place = strcmp(pos, "02") == 0 || strcmp(pos, "10") == 0, paid = strcmp(procedure, "90900") != 0;
    bool consent = run_store_present(s, LANG_FIELD_attendance_telehealth_consent, attendance);
    fprintf(file, "%u,%s,%s,%s,%s,%s", payer, run_store_text(s, LANG_FIELD_line_plan, line), procedure, pos, taxonomy,
            state);
    list(file, s, LANG_FIELD_line_modifiers, line);
    list(file, s, LANG_FIELD_line_diagnoses, line);
    number(file, s, LANG_FIELD_line_date, line, true, 1);
    number(file, s, LANG_FIELD_claim_received, claim, true, 1);
    number(file, s, LANG_FIELD_line_units, line, true, 1000);
    number(file, s, LANG_FIELD_line_charge, line, true, 1);
    number(file, s, LANG_FIELD_line_age, line, true, 1);
    number(file, s, LANG_FIELD_session_minutes, session, true, 1000);
    number(file, s, LANG_FIELD_attendance_minutes, attendance, true, 1000);
    number(file, s, LANG_FIELD_session_attendees, session, true, 1);
    int64_t span = authorized ? run_store_bits(s, LANG_FIELD_authorization_dates, authorization) : 0;
    if (authorized)
        fprintf(file, ",%d,%d", run_span_from(span), run_span_to(span));
    else
        fprintf(file, ",,");
    number(file, s, LANG_FIELD_authorization_units_remaining, authorization, authorized, 1000);
    bool held_by_video = run_store_bits(s, LANG_FIELD_session_mode, session) ==
                         lang_schema_word_find(&lang_schema_standard, LANG_ENUMERATION_session_mode, "video");
    fprintf(file, ",%d,%d,%d,%d", held_by_video, consent,
            (int)run_store_bits(s, LANG_FIELD_session_goals_documented, session),
            (int)run_store_bits(s, LANG_FIELD_session_interventions_documented, session));
    /* Worked out beforehand. */
    fprintf(file, ",%d,%d,%d,%d,%d,%d,%d,%d\n", paid,
            !telehealth_place || has(s, LANG_FIELD_line_modifiers, line, video, 1),
            has(s, LANG_FIELD_line_modifiers, line, unlisted, 3), covered(s, line, payer),
            strcmp(procedure, "90853") == 0, strcmp(taxonomy, "207Q00000X") != 0, strcmp(state, "CT") == 0,
            telehealth_place);
}

/* A file of a workload, build/bench/NAME-PAYERS.csv. */
static FILE *open_file(const char *name, unsigned payers)
{
    char path[64];
    snprintf(path, sizeof path, "build/bench/%s-%u.csv", name, payers);
    FILE *file = fopen(path, "w");
    if (file == NULL) bench_stop("build/bench cannot be written to");
    return file;
}

static bool write_lines(const run_store *s, size_t lines, unsigned payers)
{
    FILE *file = open_file("workload", payers);
    fprintf(
        file,
        "payer,plan,procedure,pos,taxonomy,state,modifiers,diagnoses,date,received,units,charge,age,minutes,attended,"
        "attendees,auth_from,auth_to,units_left,video,consent,goals,interventions,covered_procedure,modifiers_ok,"
        "unlisted,covered_diagnosis,group_therapy,covered_taxonomy,in_state,telehealth_place\n");
    for (uint32_t i = 0; i < lines; i++) write_line(file, s, i, (unsigned)(i / 10) % payers);
    return fclose(file) == 0;
}

static bool write_payers(unsigned payers)
{
    FILE *file = open_file("payers", payers);
    fprintf(file, "payer,least_minutes,most_minutes,least_attended,least_group,most_group,youngest,oldest,days,most_"
                  "units,most_charge\n");
    for (unsigned p = 0; p < payers; p++) {
        workload_payer w = workload_payer_of(p);
        fprintf(file, "%u,%d,%d,%d,%d,%d,%d,%d,%d,%d,%lld\n", p, w.least_minutes, w.most_minutes, w.least_attended,
                w.least_group, w.most_group, w.youngest, w.oldest, w.days_to_file, w.most_units,
                (long long)w.most_charge);
    }
    return fclose(file) == 0;
}

/* How often each of the 24 clauses fails, and cannot be told, over all payers. */
static bool write_expected(const adj_results *results, size_t lines, unsigned payers)
{
    size_t fails[WORKLOAD_CLAUSES] = {0}, open[WORKLOAD_CLAUSES] = {0};
    for (size_t e = 0; e < results->many.starts[lines]; e++) {
        const run_event *event = &results->many.events[e];
        if (event->verdict == ADJ_CLAUSE_FAIL) fails[event->clause % WORKLOAD_CLAUSES]++;
        if (event->verdict == ADJ_CLAUSE_CANNOT_TELL) open[event->clause % WORKLOAD_CLAUSES]++;
    }
    FILE *file = open_file("expected", payers);
    fprintf(file, "clause,fails,open\n");
    for (unsigned c = 0; c < WORKLOAD_CLAUSES; c++) fprintf(file, "%u,%zu,%zu\n", c, fails[c], open[c]);
    return fclose(file) == 0;
}

/* The workload with so many payers. */
static bool export_workload(size_t lines, unsigned payers)
{
    adj_options options = {.evaluator = ADJ_EVALUATOR_BEST};
    adj_policies *policies = workload_compile(payers, 0, &options);
    adj_encounters *encounters = workload_encounters(policies, lines, payers, 10);
    adj_results *results;
    if (adj_evaluate(policies, encounters, &options, &results) != ADJ_OK) bench_stop("judging failed");
    bool written = write_lines(&encounters->store, lines, payers) && write_payers(payers) &&
                   write_expected(results, lines, payers);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    return written;
}

int bench_export(size_t lines)
{
    return export_workload(lines, 10) && export_workload(lines, 40) ? 0 : 2;
}
