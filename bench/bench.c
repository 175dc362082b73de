/* Measures, each as a ratio to a baseline in the same run, medians of several runs:
 *   reading                to a plain read, and beside other parsers (readers.c)
 *   judging lines          by machine code to the interpreter
 *   compiling the policies to machine code, to parsing and planning them
 * The claims are the demonstration's, repeated under new identifiers to a stated number of copies. */
#include "bench/bench.h"

#include "bench/judging.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = BENCH_RUNS };

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
        adj_policies_free(compile(ADJ_EVALUATOR_BEST));
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

/* bench [readers|policies|judging|scale|single|pairs|windows|export] [size]: lines to read (400000), copies of the sample to judge (1000), or lines of the workload
 * (1000000). With `short` everything runs once, on little, to see that it works. */
int main(int count, char **arguments)
{
    static const char *const names[] = {"readers", "policies", "judging", "scale", "single", "pairs", "windows", "export", "short"};
    const char *which = "";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (count > 1 && strcmp(arguments[1], names[i]) == 0) which = names[i];
    }
    bool named = *which != '\0', quick = strcmp(which, "short") == 0, all = !named || quick;
    long size = count > (named ? 2 : 1) ? strtol(arguments[named ? 2 : 1], NULL, 10) : 0;
    if (size < 0 || size > 100000000) size = 0;
    int code = 0;
    if (all || strcmp(which, "judging") == 0) {
        size_t lines = quick ? 20000 : size == 0 ? 1000000 : (size_t)size;
        code = bench_judging(lines, 10, quick);
        if (code == 0) code = bench_judging(lines, 40, quick);
    }
    if (code == 0 && (all || strcmp(which, "scale") == 0)) code = bench_scale(quick);
    if (code == 0 && (all || strcmp(which, "single") == 0)) code = bench_single(quick);
    if (code == 0 && (all || strcmp(which, "pairs") == 0))
        code = bench_pairs(quick ? 2000 : size == 0 ? 300000 : (size_t)size, quick);
    if (code == 0 && (all || strcmp(which, "windows") == 0)) code = bench_windows(size == 0 ? 200000 : (size_t)size, quick);
    if (code == 0 && strcmp(which, "export") == 0) code = bench_export(size == 0 ? 300000 : (size_t)size);
    if (code == 0 && (all || strcmp(which, "policies") == 0))
        code = bench_policies(quick ? 10 : size == 0 || size > 20000 ? 1000 : (size_t)size);
    if (code == 0 && (all || strcmp(which, "readers") == 0))
        code = bench_readers("build/bench", quick ? 2000 : size == 0 ? 400000 : size);
    return code;
}
