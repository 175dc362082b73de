/* Four threads share one set of compiled policies, each with encounters of its own; all must find the same, few lines or so many that
 * machine code arrives while they are judged, by one thread each or by more. A plain program, since Criterion cannot start under the thread sanitizer. Run from the project's root. */
#include "readers/encounters.h"
#include "runtime/policy_codes.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4 };

typedef struct judging {
    const adj_policies *policies;
    adj_evaluator evaluator;
    adj_results *results; /* of `tell` */
    uint64_t digest;      /* over every verdict and message */
    size_t denied, findings;
    bool done;
} judging;

static uint64_t digest(uint64_t so_far, const char *text)
{
    for (; *text != '\0'; text++) so_far = (so_far ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return so_far;
}

static adj_encounters *demo(void)
{
    static const char *const files[] = {"examples/demo/claims.837",      "examples/demo/sessions.csv",
                                        "examples/demo/attendance.csv",  "examples/demo/authorizations.csv",
                                        "examples/demo/eligibility.csv", "examples/demo/history.csv"};
    adj_encounters *encounters = adj_encounters_new(NULL);
    for (size_t i = 0; encounters != NULL && i < sizeof files / sizeof *files; i++) {
        if (adj_encounters_read(encounters, files[i]) != ADJ_OK) return encounters;
    }
    if (encounters != NULL) adj_encounters_finish(encounters);
    return encounters;
}

static void judge_line(judging *j, adj_results *results, size_t index)
{
    adj_line line = adj_results_line(results, index);
    j->denied += line.verdict == ADJ_DENY;
    j->findings += line.findings;
    j->digest = digest(j->digest, adj_verdict_name(line.verdict));
    adj_explanation *explanation = NULL;
    if (adj_results_explain(results, index, &explanation) != ADJ_OK) return;
    for (size_t k = 0; k < adj_explanation_count(explanation); k++) {
        const adj_finding *finding = adj_explanation_finding(explanation, k);
        j->digest = digest(digest(j->digest, finding->clause), finding->message);
    }
    adj_explanation_free(explanation);
}

static void *judge(void *state)
{
    judging *j = state;
    adj_options options = {.evaluator = j->evaluator};
    adj_encounters *encounters = demo();
    adj_results *results = NULL;
    j->digest = UINT64_C(14695981039346656037);
    j->done = encounters != NULL && adj_evaluate(j->policies, encounters, &options, &results) == ADJ_OK;
    for (size_t i = 0; j->done && i < adj_results_count(results); i++) judge_line(j, results, i);
    adj_results_free(results);
    adj_encounters_free(encounters);
    return NULL;
}

/* ---- many lines ---- */

enum { LINES = 9000, LINE_ROOM = 100 };

static char many_lines[LINES * LINE_ROOM];

static void write_lines(void)
{
    size_t used = (size_t)snprintf(many_lines, sizeof many_lines,
                                   "claim_id,member_id,payer,line,date,procedure,pos,units,charge\n");
    for (int i = 0; i < LINES; i++)
        used += (size_t)snprintf(many_lines + used, sizeof many_lines - used,
                                 "C%d,M%d,%s,1,2024-%02d-%02d,%s,%s,%d,90.00\n", i, i % 400,
                                 i % 3 == 0 ? "HARBOR" : "CT-MEDICAID", 1 + i % 12, 1 + i % 28,
                                 i % 2 == 0 ? "90853" : "90834", i % 7 == 0 ? "" : "11", 1 + i % 3);
}

typedef struct judging_many {
    const adj_policies *policies;
    unsigned threads;
    char digest[65];
    bool done;
} judging_many;

static void *judge_many(void *state)
{
    judging_many *j = state;
    adj_options options = {.threads = j->threads};
    adj_encounters *encounters = adj_encounters_new_for(j->policies, NULL);
    adj_results *results = NULL;
    j->done = encounters != NULL &&
              adj_encounters_read_bytes_as(encounters, "lines.csv", many_lines, strlen(many_lines), ADJ_ROLE_JUDGED) ==
                  ADJ_OK &&
              adj_encounters_finish(encounters) == ADJ_OK &&
              adj_evaluate(j->policies, encounters, &options, &results) == ADJ_OK &&
              adj_results_digest(results, j->digest);
    adj_results_free(results);
    adj_encounters_free(encounters);
    return NULL;
}

/* How many of the threads find something else than the first. */
static size_t compare_many(const adj_policies *policies)
{
    judging_many work[THREADS];
    pthread_t threads[THREADS];
    size_t failed = 0;
    for (size_t i = 0; i < THREADS; i++) {
        work[i] = (judging_many){.policies = policies, .threads = (unsigned)i};
        if (pthread_create(&threads[i], NULL, judge_many, &work[i]) != 0) return THREADS;
    }
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    for (size_t i = 0; i < THREADS; i++) {
        bool same = work[i].done && strcmp(work[i].digest, work[0].digest) == 0;
        if (!same) fprintf(stderr, "thread %zu, with %u of its own, found something else\n", i, work[i].threads);
        failed += !same;
    }
    return failed;
}

/* ---- one run's results, told by several ---- */

static void *tell(void *state)
{
    judging *j = state;
    j->digest = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < adj_results_count(j->results); i++) judge_line(j, j->results, i);
    j->done = true;
    return NULL;
}

static size_t compare_views(const adj_policies *policies)
{
    judging work[THREADS];
    pthread_t threads[THREADS];
    adj_encounters *encounters = adj_encounters_new_for(policies, NULL);
    adj_results *results = NULL;
    size_t failed = 0;
    bool good = encounters != NULL &&
                adj_encounters_read_bytes_as(encounters, "lines.csv", many_lines, strlen(many_lines),
                                             ADJ_ROLE_JUDGED) == ADJ_OK &&
                adj_encounters_finish(encounters) == ADJ_OK &&
                adj_evaluate(policies, encounters, NULL, &results) == ADJ_OK;
    for (size_t i = 0; good && i < THREADS; i++) {
        work[i] = (judging){.results = results};
        good = i == 0 || adj_results_view(results, &work[i].results) == ADJ_OK;
        if (!good || pthread_create(&threads[i], NULL, tell, &work[i]) != 0) return THREADS;
    }
    for (size_t i = 0; good && i < THREADS; i++) pthread_join(threads[i], NULL);
    for (size_t i = 0; good && i < THREADS; i++) {
        bool same = work[i].done && work[i].findings > 1000 && work[i].digest == work[0].digest;
        if (!same) fprintf(stderr, "view %zu tells something else\n", i);
        failed += !same;
        if (i > 0) adj_results_free(work[i].results);
    }
    adj_results_free(results);
    adj_encounters_free(encounters);
    return good ? failed : THREADS;
}

/* ---- single encounters beside one history ---- */

typedef struct sitting {
    adj_single *single;
    uint64_t digest;
    size_t events;
} sitting;

static void *sit(void *state)
{
    sitting *s = state;
    s->digest = 1;
    for (int i = 0; i < 3000; i++) {
        char member[16];
        adj_single_answer answer;
        adj_single_begin(s->single);
        int length = snprintf(member, sizeof member, "M%d", i % 420);
        adj_single_member(s->single, member, (size_t)length);
        static const char *const paths[] = {"payer", "procedure", "pos"}, *const codes[] = {"CT-MEDICAID", "90853",
                                                                                            "11"};
        for (int p = 0; p < 3; p++) {
            int64_t field = adj_single_field(s->single, paths[p]);
            adj_single_set(s->single, field, adj_single_text(s->single, field, codes[p], strlen(codes[p])));
        }
        adj_single_set(s->single, adj_single_field(s->single, "date"), 19723 + i % 360);
        adj_single_set(s->single, adj_single_field(s->single, "units"), 1000 * (1 + i % 3));
        if (adj_single_judge(s->single, &answer) != ADJ_OK) return NULL;
        s->events += answer.event_count;
        for (size_t e = 0; e < answer.event_count; e++)
            s->digest = s->digest * 31 + answer.events[e].clause * 8 + (uint64_t)answer.events[e].verdict;
    }
    return NULL;
}

static size_t compare_sitting(const adj_policies *policies)
{
    sitting work[THREADS] = {{0}};
    pthread_t threads[THREADS];
    size_t failed = 0;
    adj_encounters *history = adj_encounters_new_for(policies, NULL);
    if (history == NULL) return THREADS;
    adj_encounters_seat_singles(history, THREADS);
    if (adj_encounters_read_bytes(history, "history.csv", many_lines, strlen(many_lines)) != ADJ_OK ||
        adj_encounters_finish(history) != ADJ_OK)
        return THREADS;
    for (size_t i = 0; i < THREADS; i++) {
        if (adj_single_new_with(policies, history, &work[i].single) != ADJ_OK) return THREADS;
        if (pthread_create(&threads[i], NULL, sit, &work[i]) != 0) return THREADS;
    }
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    for (size_t i = 0; i < THREADS; i++) {
        bool same = work[i].events > 1000 && work[i].digest == work[0].digest;
        if (!same) fprintf(stderr, "seat %zu finds something else\n", i);
        failed += !same;
        adj_single_free(work[i].single);
    }
    adj_encounters_free(history);
    return failed;
}

/* ---- claims that are read in blocks ---- */

typedef struct kept_file {
    const char *name;
    FILE *file;
} kept_file;

static bool write_kept(void *state, const char *file, const char *bytes, size_t length)
{
    const kept_file *kept = state;
    return strcmp(file, kept->name) != 0 || fwrite(bytes, 1, length, kept->file) == length;
}

/* What a file of claims holds, read by so many threads. */
static uint64_t digest_of_file(const char *path, unsigned threads)
{
    enum { BLOCK = 20000 };
    adj_options options = {.threads = threads};
    adj_encounters *encounters = adj_encounters_new(&options);
    if (encounters == NULL) return 0;
    ((read_encounters *)encounters)->block = BLOCK;
    bool read = adj_encounters_read(encounters, path) == ADJ_OK && adj_encounters_finish(encounters) == ADJ_OK;
    uint64_t found = read ? 1 : 0;
    const run_store *store = &encounters->store;
    for (size_t i = 0; i < store->symbols.entries.count; i++)
        found = digest(found, base_intern_text(&store->symbols, (uint32_t)i));
    for (uint32_t row = 0; row < store->counts[LANG_RECORD_line]; row++)
        found = (found ^ (uint64_t)run_store_bits(store, LANG_FIELD_line_procedure, row)) * UINT64_C(1099511628211) +
                (uint64_t)run_store_bits(store, LANG_FIELD_line_patient, row) + store->position[row];
    for (uint32_t i = 0; i < store->counts[LANG_RECORD_line]; i++)
        found = (found ^ store->lines_of_patient.rows[i]) * UINT64_C(1099511628211) + store->lines_of_claim.rows[i];
    for (size_t i = 0; i < store->remitted.count; i++)
        found =
            (found ^ store->remitted.items[i].claim) * UINT64_C(1099511628211) + store->remitted.items[i].occurrence;
    adj_encounters_free(encounters);
    return found;
}

static size_t compare_blocks(const char *name)
{
    char path[] = "/tmp/adjudge-threads-XXXXXX";
    int number = mkstemp(path);
    FILE *file = number < 0 ? NULL : fdopen(number, "wb");
    if (file == NULL) return THREADS;
    adj_generator generator = {.seed = 7, .lines = 2000, .form = ADJ_FORM_837P};
    adj_generated generated;
    adj_read_date("2026-01-01", &generator.from);
    adj_read_date("2026-12-31", &generator.to);
    kept_file kept = {name, file};
    bool good = adj_generate(&generator, write_kept, &kept, &generated) == ADJ_OK;
    good = fclose(file) == 0 && good;
    uint64_t one = digest_of_file(path, 1);
    size_t failed = !good || one == 0 ? THREADS : 0;
    for (unsigned threads = 2; failed == 0 && threads < 2 + THREADS; threads++)
        failed += digest_of_file(path, threads) != one;
    unlink(path);
    if (failed > 0) fprintf(stderr, "%s, read in blocks, is another\n", name);
    return failed;
}

/* ---- claims that are joined with what lies beside them ---- */

/* Adds to a file of a folder. */
static bool write_beside(void *state, const char *file, const char *bytes, size_t length)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", (const char *)state, file);
    FILE *f = fopen(path, "ab");
    if (f == NULL) return false;
    bool good = fwrite(bytes, 1, length, f) == length;
    return fclose(f) == 0 && good;
}

static const char *const beside[] = {"claims.837",      "sessions.csv", "attendance.csv", "authorizations.csv",
                                     "eligibility.csv", "schedule.csv", "payments.835",   "key.csv"};
enum { BESIDE = sizeof beside / sizeof *beside - 1 /* without the key */ };

/* What all columns hold, joined by so many threads, and what was told of it. */
static uint64_t digest_of_joined(const char *folder, unsigned threads)
{
    adj_options options = {.threads = threads};
    adj_encounters *encounters = adj_encounters_new(&options);
    bool read = encounters != NULL;
    for (size_t i = 0; read && i < BESIDE; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s/%s", folder, beside[i]);
        read = adj_encounters_read(encounters, path) == ADJ_OK;
    }
    read = read && adj_encounters_finish(encounters) == ADJ_OK;
    uint64_t found = read ? 1 : 0;
    const run_store *store = read ? &encounters->store : NULL;
    for (int f = 0; read && f < lang_schema_field_count(store->schema); f++) {
        const lang_field_info *info = lang_schema_field(store->schema, (lang_field)f);
        for (uint32_t row = 0; !info->type.list && row < store->counts[info->record]; row++) {
            bool present = run_store_present(store, (lang_field)f, row);
            uint64_t bits = present ? (uint64_t)run_store_bits(store, (lang_field)f, row) : 0;
            found = (found ^ bits) * UINT64_C(1099511628211) + (uint64_t)run_store_state(store, (lang_field)f, row);
        }
    }
    for (size_t i = 0; read && i < adj_encounters_problem_count(encounters); i++)
        found = digest(found, adj_encounters_problem(encounters, i).message);
    adj_encounters_free(encounters);
    return found;
}

static size_t compare_joins(void)
{
    char folder[] = "/tmp/adjudge-threads-XXXXXX";
    if (mkdtemp(folder) == NULL) return THREADS;
    adj_generator generator = {.seed = 9, .lines = 30000, .form = ADJ_FORM_837P};
    for (size_t k = 0; k < ADJ_MISTAKE_COUNT; k++) generator.mistakes[k] = 10000;
    adj_generated generated;
    adj_read_date("2026-01-01", &generator.from);
    adj_read_date("2026-12-31", &generator.to);
    bool good = adj_generate(&generator, write_beside, folder, &generated) == ADJ_OK;
    uint64_t one = digest_of_joined(folder, 1);
    size_t failed = !good || one == 0 ? THREADS : 0;
    for (unsigned threads = 2; failed == 0 && threads < 2 + THREADS; threads++)
        failed += digest_of_joined(folder, threads) != one;
    for (size_t i = 0; i <= BESIDE; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s/%s", folder, beside[i]);
        unlink(path);
    }
    rmdir(folder);
    if (failed > 0) fprintf(stderr, "joined by several threads, it is another\n");
    return failed;
}

/* ---- a process that ends while code is being made ---- */

/* Ends at once after judging, with all that it has: a thread is still in LLVM then. */
static void end_in_the_middle(void)
{
    static adj_policies *policies;
    static adj_encounters *encounters;
    static adj_results *results;
    static const char *const paths[] = {"policies/ct_medicaid_clinic.adj"};
    if (adj_policies_compile(paths, 1, NULL, &policies) != ADJ_OK) _exit(2);
    encounters = adj_encounters_new_for(policies, NULL);
    if (encounters == NULL ||
        adj_encounters_read_bytes_as(encounters, "lines.csv", many_lines, strlen(many_lines), ADJ_ROLE_JUDGED) !=
            ADJ_OK ||
        adj_encounters_finish(encounters) != ADJ_OK || adj_evaluate(policies, encounters, NULL, &results) != ADJ_OK)
        _exit(2);
    exit(0);
}

/* The sanitizers' own locks may be held by a thread while its process forks. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { FORKS = false };
#else
enum { FORKS = true };
#endif

/* The same of a single encounter, whose code is begun when it is judged. With `forks` processes of its own end first, which have no such
 * thread: one while it works, and one that goes on with what it made. */
static void end_after_one(bool forks, useconds_t wait)
{
    static adj_policies *policies;
    static adj_single *single;
    static const char *const paths[] = {"policies/ct_medicaid_clinic.adj"};
    adj_single_answer answer;
    if (adj_policies_compile(paths, 1, NULL, &policies) != ADJ_OK || adj_single_new(policies, &single) != ADJ_OK ||
        adj_single_judge(single, &answer) != ADJ_OK)
        _exit(2);
    run_policy_codes *codes = run_policies_single_codes(policies);
    for (int settled = 0; forks && settled < 2; settled++) {
        int status = 0;
        if (settled) adj_single_prepare(single);
        pid_t child = fork();
        if (child == 0) {
            /* Nobody makes code there, so that there is nothing to wait for. */
            if (codes != NULL) run_policy_codes_settle(codes);
            if (adj_single_judge(single, &answer) != ADJ_OK) _exit(4);
            if (settled) adj_single_free(single);
            if (settled) adj_policies_free(policies);
            exit(0);
        }
        if (waitpid(child, &status, 0) != child || status != 0) _exit(3);
    }
    usleep(wait); /* the thread is in LLVM by then */
    exit(0);
}

static size_t count_bad_ends(void)
{
    enum { TIMES = 6, FORKED = 2, ALL = 4 * TIMES };
    size_t bad = 0;
    for (int i = 0; i < ALL; i++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0 && i < TIMES) end_in_the_middle();
        /* At such times one in three ended badly where nobody waited for code. */
        if (child == 0) end_after_one(FORKS && i < TIMES + FORKED, i % 2 == 0 ? 1000 : 10000);
        if (child < 0 || waitpid(child, &status, 0) != child) return THREADS;
        bad += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    }
    if (bad > 0) fprintf(stderr, "%zu of %d processes did not end well\n", bad, ALL);
    return bad < THREADS ? bad : THREADS;
}

int main(void)
{
    static const char *const paths[] = {"policies/ct_medicaid_clinic.adj", "policies/practice_standards.adj",
                                        "examples/harbor/harbor_group_psychotherapy.adj"};
    adj_policies *policies = NULL;
    write_lines();
    size_t failed = count_bad_ends(); /* first, while this process has one thread */
    if (adj_policies_compile(paths, 3, NULL, &policies) != ADJ_OK) return 1;
    judging work[THREADS];
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        work[i] =
            (judging){.policies = policies, .evaluator = i % 2 == 0 ? ADJ_EVALUATOR_BEST : ADJ_EVALUATOR_INTERPRETER};
        if (pthread_create(&threads[i], NULL, judge, &work[i]) != 0) return 1;
    }
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    for (size_t i = 0; i < THREADS; i++) {
        bool same = work[i].done && work[i].denied == 14 && work[i].digest == work[0].digest;
        if (!same) fprintf(stderr, "thread %zu found something else: %zu denied\n", i, work[i].denied);
        failed += !same;
    }
    failed += compare_many(policies) + compare_views(policies) + compare_sitting(policies) +
              compare_blocks("claims.837") + compare_blocks("payments.835") + compare_joins();
    adj_policies_free(policies);
    printf("%zu passed, %zu failed\n", 8 * THREADS - failed, failed);
    return failed > 0;
}
