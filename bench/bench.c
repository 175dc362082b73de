/* Measures, each as a ratio to a baseline in the same run, medians of several runs:
 *   reading an 837P        to copying its bytes
 *   judging lines          by machine code to the interpreter
 *   compiling the policies to machine code, to parsing and planning them
 * The claims are the demonstration's, repeated under new identifiers to a stated number of copies. */
#include "adjudge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 5 };

static double now(void)
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

static double median(double *values)
{
    qsort(values, RUNS, sizeof *values, by_size);
    return values[RUNS / 2];
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
        double start = now();
        adj_policies_free(compile(ADJ_EVALUATOR_INTERPRETER));
        plan[i] = now() - start;
        start = now();
        adj_policies_free(compile(ADJ_EVALUATOR_BEST));
        code[i] = now() - start;
    }
    double to_plan = median(plan), to_code = median(code);
    printf("compile   text to plan %.2f ms, to machine code %.2f ms: ratio %.1f\n", to_plan * 1e3, to_code * 1e3,
           to_code / to_plan);
}

static adj_encounters *read_all(const char *bytes, size_t length)
{
    adj_encounters *encounters = adj_encounters_new(NULL);
    if (encounters == NULL || adj_encounters_read_bytes(encounters, "bench.837", bytes, length) != ADJ_OK) exit(3);
    return encounters;
}

static void bench_read(const char *bytes, size_t length)
{
    double copy[RUNS], read[RUNS];
    char *target = malloc(length);
    for (int i = 0; i < RUNS; i++) {
        double start = now();
        memcpy(target, bytes, length);
        copy[i] = now() - start;
        start = now();
        adj_encounters_free(read_all(bytes, length));
        read[i] = now() - start;
    }
    double to_copy = median(copy), to_read = median(read);
    printf("read      837P %.0f MB/s, copy %.0f MB/s: ratio %.0f (last byte %d)\n", (double)length / to_read / 1e6,
           (double)length / to_copy / 1e6, to_read / to_copy, target[length - 1]);
    free(target);
}

static double judge(const adj_policies *policies, const adj_encounters *encounters, adj_evaluator evaluator,
                    size_t *lines)
{
    double times[RUNS];
    adj_options options = {.evaluator = evaluator};
    for (int i = 0; i < RUNS; i++) {
        adj_results *results = NULL;
        double start = now();
        if (adj_evaluate(policies, encounters, &options, &results) != ADJ_OK) exit(3);
        times[i] = now() - start;
        *lines = adj_results_count(results);
        adj_results_free(results);
    }
    return median(times);
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

int main(int count, char **arguments)
{
    size_t copies = count > 1 ? strtoul(arguments[1], NULL, 10) : 1000, length, total;
    if (copies == 0 || copies > 20000) copies = 1;
    char *text = file_text("examples/demo/claims.837", &length);
    char *bytes = repeated(text, length, copies, &total);
    if (bytes == NULL) {
        free(text);
        return 3;
    }
    bench_compile();
    bench_read(bytes, total);
    bench_judge(bytes, total);
    free(bytes);
    free(text);
    return 0;
}
