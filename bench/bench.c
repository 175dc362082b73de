/* Measures, each as a ratio to a baseline in the same run, medians of several runs:
 *   reading                to a plain read, and beside other parsers (readers.c)
 *   judging lines          by machine code to the interpreter
 *   compiling the policies to machine code, to parsing and planning them
 * The claims are the demonstration's, repeated under new identifiers to a stated number of copies. */
#include "bench/bench.h"

#include "bench/judging.h"
#include "bench/written.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = BENCH_RUNS };

void bench_stop(const char *why)
{
    fprintf(stderr, "bench: %s\n", why);
    exit(3);
}

double bench_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double bench_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_size);
    return values[count / 2];
}

static char *file_text(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "bench: %s is not here; run it from the project's root\n", path);
        exit(2);
    }
    char *text = calloc(1, 1 << 20);
    *length = text == NULL ? 0 : fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    return text;
}

/* Repeats the file; each copy's members get their own identifiers, so that history stays per person. */
static char *repeated(const char *text, size_t length, size_t copies, size_t *total)
{
    char *result = malloc(length * copies + 1);
    size_t used = 0;
    for (size_t i = 0; result != NULL && i < copies; i++) {
        memcpy(result + used, text, length);
        char digits[16];
        snprintf(digits, sizeof digits, "%05zu", i % 100000);
        for (char *at = result + used; at + 9 < result + used + length; at++) {
            if (memcmp(at, "*RB1", 4) == 0) memcpy(at + 1, digits, 4);
        }
        used += length;
    }
    *total = used;
    return result;
}

static adj_policies *compile(adj_evaluator evaluator)
{
    static const char *const paths[] = {"policies/ct_medicaid_clinic.adj", "policies/practice_standards.adj",
                                        "examples/harbor/harbor_group_psychotherapy.adj"};
    adj_options options = {.evaluator = evaluator};
    adj_policies *policies = NULL;
    if (adj_policies_compile(paths, 3, &options, &policies) != ADJ_OK) {
        fprintf(stderr, "bench: %s\n", policies == NULL ? "out of memory" : adj_policies_diagnostics(policies));
        exit(3);
    }
    return policies;
}

static void bench_compile(void)
{
    double plan[RUNS], code[RUNS];
    for (int i = 0; i < RUNS; i++) {
        double start = bench_now();
        adj_policies_free(compile(ADJ_EVALUATOR_INTERPRETER));
        plan[i] = bench_now() - start;
        start = bench_now();
        adj_policies_free(compile(adj_has_machine_code() ? ADJ_EVALUATOR_MACHINE : ADJ_EVALUATOR_BEST));
        code[i] = bench_now() - start;
    }
    double to_plan = bench_median(plan, RUNS), to_code = bench_median(code, RUNS);
    printf("compile   text to plan %.2f ms, to machine code %.2f ms: ratio %.1f\n", to_plan * 1e3, to_code * 1e3,
           to_code / to_plan);
}

static adj_encounters *read_all(const char *bytes, size_t length)
{
    adj_encounters *encounters = adj_encounters_new(NULL);
    if (encounters == NULL || adj_encounters_read_bytes(encounters, "bench.837", bytes, length) != ADJ_OK) exit(3);
    return encounters;
}

static double judge(const adj_policies *policies, const adj_encounters *encounters, adj_evaluator evaluator,
                    size_t *lines)
{
    double times[RUNS];
    adj_options options = {.evaluator = evaluator};
    for (int i = 0; i < RUNS; i++) {
        adj_results *results = NULL;
        double start = bench_now();
        if (adj_evaluate(policies, encounters, &options, &results) != ADJ_OK) exit(3);
        times[i] = bench_now() - start;
        *lines = adj_results_count(results);
        adj_results_free(results);
    }
    return bench_median(times, RUNS);
}

static void bench_judge(const char *bytes, size_t length)
{
    adj_policies *policies = compile(ADJ_EVALUATOR_BEST);
    adj_encounters *encounters = read_all(bytes, length);
    if (adj_encounters_finish(encounters) != ADJ_OK) exit(3);
    size_t lines;
    double interpreted = judge(policies, encounters, ADJ_EVALUATOR_INTERPRETER, &lines);
    double compiled = judge(policies, encounters, ADJ_EVALUATOR_BEST, &lines);
    printf("judge     %zu lines, %zu clauses: interpreter %.0f ns a line, %s %.0f ns: ratio %.1f\n", lines,
           adj_policies_clause_count(policies), interpreted / (double)lines * 1e9,
           adj_has_machine_code() ? "machine code" : "again", compiled / (double)lines * 1e9, interpreted / compiled);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
}

static int bench_policies(size_t copies)
{
    size_t length, total;
    char *text = file_text("examples/demo/claims.837", &length);
    char *bytes = repeated(text, length, copies, &total);
    int code = bytes == NULL ? 3 : 0;
    if (code == 0) {
        bench_compile();
        bench_judge(bytes, total);
    }
    free(bytes);
    free(text);
    return code;
}

/* Tables of more and more rows. */
static int bench_tables(size_t claims, bool quick)
{
    static const size_t rows[] = {1000, 10000, 100000, 1000000, 3000000};
    int code = 0;
    for (size_t i = 0; code == 0 && i < (quick ? 2 : 5); i++) code = bench_pairs(claims, rows[i], quick);
    return code;
}

typedef struct chosen {
    const char *which; /* NULL for all */
    size_t size;       /* 0 for the usual one */
    bool quick;
} chosen;

static size_t size_of(const chosen *c, size_t usual, size_t quick)
{
    return c->quick ? quick : c->size == 0 ? usual : c->size;
}

static bool wants(const chosen *c, const char *name)
{
    return c->which == NULL || strcmp(c->which, name) == 0;
}

static int run_chosen(const chosen *c)
{
    int code = 0;
    for (unsigned payers = 10; code == 0 && payers <= 40 && wants(c, "judging"); payers += 30)
        code = bench_judging(size_of(c, 1000000, 20000), payers, c->quick);
    if (code == 0 && wants(c, "lines")) code = bench_lines(c->size, c->quick);
    if (code == 0 && wants(c, "scale")) code = bench_scale(c->quick);
    if (code == 0 && wants(c, "single")) code = bench_single(c->quick);
    if (code == 0 && wants(c, "pairs")) code = bench_tables(size_of(c, 300000, 2000), c->quick);
    if (code == 0 && wants(c, "written")) code = bench_written(size_of(c, 20000, 2000), c->quick);
    if (code == 0 && wants(c, "windows")) code = bench_windows(size_of(c, 200000, 5000), c->quick);
    if (code == 0 && wants(c, "policies")) code = bench_policies(size_of(c, 1000, 10));
    if (code == 0 && wants(c, "readers")) code = bench_readers("build/bench", (long)size_of(c, 400000, 2000));
    if (code == 0 && c->which != NULL && wants(c, "export")) code = bench_export(size_of(c, 300000, 2000));
    return code;
}

/* bench [PART [SIZE]]: all, or one part: judging, lines, scale, single, pairs, written, windows, policies, readers, export; SIZE are its lines, claims or
 * copies. `short` runs everything once, on little, to see that it works. */
int main(int count, char **arguments)
{
    static const char *const parts[] = {"judging", "lines",   "scale",    "single",  "pairs",
                                        "written", "windows", "policies", "readers", "export"};
    chosen c = {.quick = count > 1 && strcmp(arguments[1], "short") == 0};
    for (size_t i = 0; count > 1 && i < sizeof parts / sizeof *parts; i++) {
        if (strcmp(arguments[1], parts[i]) == 0) c.which = parts[i];
    }
    long size = count > 2 ? strtol(arguments[2], NULL, 10) : 0;
    bool good = count == 1 || c.quick || c.which != NULL;
    if (!good || size < 0 || size > 100000000) {
        fputs("Usage: bench [judging|lines|scale|single|pairs|written|windows|policies|readers|export|short [SIZE]]\n",
              stderr);
        return 2;
    }
    c.size = (size_t)size;
    return run_chosen(&c);
}
