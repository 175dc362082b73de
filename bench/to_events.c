/* From files of lines to events: read, joined and judged by 24 clauses of each line's payer, on one core. The clauses ask for what such files
 * tell. NDJSON once with the keys of all records in one order, and once in any. And from claims to a report, by the command itself. */
#include "bench/bench.h"
#include "bench/workloads.h"

#include "adjudge.h"
#include "runtime/handles.h"
#include "tests/flat_json.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const payers[] = {"MERIDIAN", "STATE AID", "HARBOR"};
enum { PAYERS = sizeof payers / sizeof *payers, CLAUSES = 24 };

#define CLAUSE(name, body) "clause " name "\n  cite \"1\"\n" body "  deny CO-16 M76 as data \"" name "\"\n\n"

static const char clauses[] =
    "codes covered_procedures : cpt\n  90785..90899, 99202..99215, G0410\n\n"
    "codes covered_taxonomies : taxonomy\n  101YM0800X, 1041C0700X, 103TC0700X\n\n"
    "table places (pos) gives (needed: modifiers)\n  | pos        | needed |\n  | 11, 22, 53 | none   |\n"
    "  | 02, 10     | 95     |\n\n"
    "section \"Lines\"\n  for each line where procedure in covered_procedures, 90900\n  let place = "
    "places(pos)\n\n" CLAUSE("procedure_covered", "  require procedure in covered_procedures\n") CLAUSE(
        "place",
        "  require place is found\n") CLAUSE("modifiers_of_place",
                                             "  when place is found\n  require modifiers include all of place.needed\n")
        CLAUSE("no_unlisted", "  forbid modifiers include any of 52, 53, 76\n") CLAUSE(
            "diagnosis", "  require diagnoses include any of covered_diagnoses\n") CLAUSE("one_unit",
                                                                                          "  require units >= 1\n")
            CLAUSE("few_units", "  require units <= 2\n") CLAUSE("least_charge", "  require charge >= $20.00\n") CLAUSE(
                "most_charge", "  require charge <= $98.00\n") CLAUSE("claim_charge",
                                                                      "  require claim.charge >= charge\n")
                CLAUSE("timely", "  require claim.received <= date + 60 days\n") CLAUSE(
                    "not_before", "  require claim.received >= date\n") CLAUSE("one_day", "  require end_date = date\n")
                    CLAUSE("old_enough", "  require age >= 5\n") CLAUSE("young_enough", "  require age <= 88\n") CLAUSE(
                        "state", "  require patient.state is present and patient.state = \"CT\"\n")
                        CLAUSE("sex", "  require patient.sex <> unspecified\n") CLAUSE(
                            "alive", "  require patient.death_date is absent\n")
                            CLAUSE("rendering", "  require rendering_provider <> billing_provider\n") CLAUSE(
                                "taxonomy", "  when rendering_taxonomy is present\n"
                                            "  require rendering_taxonomy in covered_taxonomies\n")
                                CLAUSE(
                                    "original",
                                    "  when claim.frequency in 7, 8\n  require claim.original_reference is present\n")
                                    CLAUSE("submitted", "  require status = submitted\n")
                                        CLAUSE("basis", "  require unit_basis = UN\n")
                                            CLAUSE("inpatient", "  forbid claim.admission_date is present\n");

/* The policy of a payer, with two hundred patterns of diagnoses; the caller frees it. */
static char *policy_of(const char *payer)
{
    enum { ROOM = 1 << 15 };
    char *text = malloc(ROOM);
    if (text == NULL) bench_stop("out of memory");
    int used = snprintf(text, ROOM,
                        "policy lines.p%c\n  title \"Lines\"\n  payer \"%s\"\n  effective 2020-01-01\n\n"
                        "codes covered_diagnoses : icd10\n  ",
                        payer[0] + 32, payer);
    for (int d = 0; d < 200; d++)
        used += snprintf(text + used, (size_t)(ROOM - used), "%s%c%02d.*", d == 0 ? "" : ", ", "FG"[d / 100], d % 100);
    snprintf(text + used, (size_t)(ROOM - used), "\n\n%s", clauses);
    return text;
}

static adj_policies *policies_of_payers(void)
{
    char **texts = calloc(PAYERS, sizeof *texts), **names = calloc(PAYERS, sizeof *names);
    if (texts == NULL || names == NULL) bench_stop("out of memory");
    for (size_t i = 0; i < PAYERS; i++) {
        names[i] = malloc(16);
        if (names[i] == NULL) bench_stop("out of memory");
        snprintf(names[i], 16, "p%zu.adj", i);
        texts[i] = policy_of(payers[i]);
    }
    adj_options options = {.evaluator = ADJ_EVALUATOR_BEST};
    return workload_compile_texts(names, texts, PAYERS, &options);
}

/* ---- keys in any order ---- */

/* Writes the records of a file once more, each with its members in an order of its own. */
static void write_mixed(const char *path, const char *to)
{
    enum { MEMBERS = 128 };
    char *line = NULL;
    size_t room = 0;
    uint64_t state = 3;
    FILE *in = fopen(path, "rb"), *out = fopen(to, "wb");
    if (in == NULL || out == NULL) bench_stop("a file cannot be written");
    while (getline(&line, &room, in) > 1) {
        const char *first[MEMBERS], *end[MEMBERS], *at = line + 1;
        size_t count = 0;
        for (;; at = end[count - 1] + 1) {
            if (count == MEMBERS) bench_stop("a record has too many members");
            first[count] = at;
            end[count] = flat_json_end(at);
            if (*end[count++] == '}') break;
        }
        for (size_t left = count; left > 0; left--) {
            size_t chosen = workload_random(&state) % left;
            fprintf(out, "%c%.*s", left == count ? '{' : ',', (int)(end[chosen] - first[chosen]), first[chosen]);
            first[chosen] = first[left - 1];
            end[chosen] = end[left - 1];
        }
        fputs("}\n", out);
    }
    free(line);
    fclose(in);
    if (fclose(out) != 0) bench_stop("a file cannot be written");
}

/* ---- measuring ---- */

typedef struct events {
    double reading, joining, judging; /* nanoseconds a record */
    size_t lines, events;
    uint64_t digest;
} events;

static events events_of(const adj_policies *policies, const char *path)
{
    events e = {0};
    adj_options options = {.evaluator = ADJ_EVALUATOR_BEST, .threads = 1};
    adj_encounters *encounters = adj_encounters_new(&options);
    double start = bench_now();
    adj_status status = adj_encounters_read_as(encounters, path, ADJ_ROLE_JUDGED);
    double read = bench_now();
    if (status == ADJ_OK) status = adj_encounters_finish(encounters);
    double joined = bench_now();
    adj_results *results = NULL;
    if (status == ADJ_OK) status = adj_evaluate(policies, encounters, &options, &results);
    double judged = bench_now();
    if (status != ADJ_OK) bench_stop("a file was not judged");
    e.lines = adj_results_count(results);
    double each = 1e9 / (double)e.lines;
    e.reading = (read - start) * each;
    e.joining = (joined - read) * each;
    e.judging = (judged - joined) * each;
    const run_many *many = &results->many;
    e.events = many->starts[e.lines];
    for (size_t i = 0; i < e.events; i++) {
        uint64_t state = e.digest ^ ((uint64_t)many->events[i].clause << 4 | many->events[i].verdict);
        e.digest = workload_random(&state);
    }
    adj_results_free(results);
    adj_encounters_free(encounters);
    return e;
}

static events median_events(const adj_policies *policies, const char *path, int runs)
{
    double reading[BENCH_RUNS], joining[BENCH_RUNS], judging[BENCH_RUNS];
    events e = {0};
    for (int i = 0; i < runs; i++) {
        e = events_of(policies, path);
        reading[i] = e.reading;
        joining[i] = e.joining;
        judging[i] = e.judging;
    }
    e.reading = bench_median(reading, (size_t)runs);
    e.joining = bench_median(joining, (size_t)runs);
    e.judging = bench_median(judging, (size_t)runs);
    return e;
}

static double size_of_record(const char *path, size_t lines)
{
    struct stat status;
    return stat(path, &status) == 0 ? (double)status.st_size / (double)lines : 0;
}

void bench_to_events(const char *csv, const char *ndjson)
{
    char mixed[4200];
    struct stat status;
    int runs = BENCH_RUNS;
    snprintf(mixed, sizeof mixed, "%s.mixed", ndjson);
    if (stat(mixed, &status) != 0) write_mixed(ndjson, mixed);
    adj_policies *policies = policies_of_payers();
    if (adj_policies_clause_count(policies) != (size_t)PAYERS * CLAUSES) bench_stop("clauses are missing");
    const struct {
        const char *what, *path;
    } files[] = {{"CSV", csv}, {"NDJSON", ndjson}, {"NDJSON, any order", mixed}};
    events first = {0};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        events e = median_events(policies, files[i].path, runs);
        if (i == 0) first = e;
        if (e.lines != first.lines || e.events != first.events || e.digest != first.digest)
            bench_stop("files of the same lines give other events");
        printf("%-18s to events: %zu lines of %.0f bytes, %zu events: %.0f ns a record (read %.0f, joined %.0f, judged "
               "%.0f)\n",
               files[i].what, e.lines, size_of_record(files[i].path, e.lines), e.events,
               e.reading + e.joining + e.judging, e.reading, e.joining, e.judging);
        fflush(stdout);
    }
    adj_policies_free(policies);
}

/* ---- to a report ---- */

/* The command of the same build as this one; false where there is none. */
static bool find_command(char path[4200])
{
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0) return false;
    self[length] = '\0';
    char *end = strrchr(self, '/');
    if (end == NULL) return false;
    *end = '\0';
    snprintf(path, 4200, "%s/../adjudge", self);
    return access(path, X_OK) == 0;
}

static void write_policies(const char *folder)
{
    mkdir(folder, 0777);
    for (size_t i = 0; i < PAYERS; i++) {
        char path[256], *text = policy_of(payers[i]);
        snprintf(path, sizeof path, "%s/p%c.adj", folder, payers[i][0] + 32);
        FILE *file = fopen(path, "w");
        if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) bench_stop("a policy cannot be written");
        free(text);
    }
}

/* How long a whole check takes, its report in CSV thrown away. */
static double time_check(char *command, const char *claims, const char *policies)
{
    extern char **environ;
    char *const arguments[] = {command,    "check", (char *)claims, "--policy", (char *)policies,
                               "--format", "csv",   "--threads",    "1",        NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t child;
    int status = 0;
    double start = bench_now();
    if (posix_spawn(&child, command, &actions, NULL, arguments, environ) != 0 || waitpid(child, &status, 0) != child)
        bench_stop("the command cannot be run");
    double taken = bench_now() - start;
    posix_spawn_file_actions_destroy(&actions);
    if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) bench_stop("the command failed");
    return taken;
}

/* How long reading alone takes, into memory as for a check. */
static double time_reading(const char *claims, size_t *lines)
{
    adj_options options = {.threads = 1};
    adj_encounters *encounters = adj_encounters_new(&options);
    double start = bench_now();
    if (adj_encounters_read_as(encounters, claims, ADJ_ROLE_JUDGED) != ADJ_OK) bench_stop("a file was not read");
    double taken = bench_now() - start;
    *lines = adj_encounters_line_count(encounters);
    adj_encounters_free(encounters);
    return taken;
}

void bench_to_report(const char *claims)
{
    static const char own[] = "build/bench/lines", *const folders[] = {own, "policies"};
    static const char *const what[] = {"24 clauses a payer", "policies/"};
    char command[4200];
    if (!find_command(command)) {
        printf("837P to report     not measured: the command was not built beside this one\n");
        return;
    }
    write_policies(own);
    for (size_t p = 0; p < sizeof folders / sizeof *folders; p++) {
        double reads[BENCH_RUNS], checks[BENCH_RUNS], shares[BENCH_RUNS];
        size_t lines = 0;
        for (int i = 0; i < BENCH_RUNS; i++) {
            reads[i] = time_reading(claims, &lines);
            checks[i] = time_check(command, claims, folders[p]);
            shares[i] = reads[i] / checks[i];
        }
        printf("837P to report     %zu lines by %s, CSV, one thread: %.3f s; reading alone %.3f s, %.0f %% of its "
               "throughput\n",
               lines, what[p], bench_median(checks, BENCH_RUNS), bench_median(reads, BENCH_RUNS),
               bench_median(shares, BENCH_RUNS) * 100);
        fflush(stdout);
    }
}
