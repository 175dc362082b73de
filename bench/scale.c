/* What grows with what: compiling (few clauses, many of few shapes, many of which no two are alike), judging in a library of many
 * payers and with policies of many versions, memory a clause, threads, the code kept on disk, explaining, and one encounter at a time. */
#include "bench/judging.h"

#include "bench/bench.h"
#include "runtime/line_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static double evaluate(const adj_policies *policies, const adj_encounters *encounters, const adj_options *options,
                       adj_results **results)
{
    double start = bench_now();
    if (adj_evaluate(policies, encounters, options, results) != ADJ_OK) bench_stop("judging failed");
    return bench_now() - start;
}

static double median_evaluate(const adj_policies *policies, const adj_encounters *encounters,
                              const adj_options *options, int runs)
{
    double times[BENCH_RUNS];
    for (int r = 0; r < runs; r++) {
        adj_results *results;
        times[r] = evaluate(policies, encounters, options, &results);
        adj_results_free(results);
    }
    return bench_median(times, (size_t)runs);
}

static adj_policies *compile_text(const char *text, const adj_options *options)
{
    adj_policies *policies = NULL;
    const char *names[] = {"bench.adj"}, *texts[] = {text};
    if (adj_policies_compile_text(names, texts, 1, options, &policies) != ADJ_OK)
        bench_stop(policies == NULL ? "out of memory" : adj_policies_diagnostics(policies));
    return policies;
}

/* ---- compiling ---- */

typedef struct compiled {
    double to_plan, to_answer, to_code, to_best;
    size_t clauses, shapes, kernels;
} compiled;

/* From text to a plan; to the first answers, by the interpreter; and to machine code for all that lines of every payer ask. */
static compiled compile_once(unsigned payers, unsigned extra, unsigned distinct, const char *cache)
{
    adj_options options = {.evaluator = ADJ_EVALUATOR_BEST, .code_cache = cache};
    char *text = distinct > 0 ? workload_distinct(distinct) : NULL;
    compiled c = {0};
    double start = bench_now();
    adj_policies *policies = distinct > 0 ? compile_text(text, &options) : workload_compile(payers, extra, &options);
    c.to_plan = bench_now() - start;
    adj_encounters *few = workload_encounters(policies, 64, payers, 1);
    start = bench_now();
    adj_results *results;
    evaluate(policies, few, &options, &results);
    c.to_answer = c.to_plan + bench_now() - start;
    adj_results_free(results);
    size_t loaded;
    start = bench_now();
    bench_all_kernels(policies, few, false);
    c.to_code = c.to_answer + bench_now() - start;
    bench_all_kernels(policies, few, true);
    c.to_best = c.to_answer + bench_now() - start;
    run_kernel_code_count(policies->kernel_code, &c.kernels, &loaded);
    c.kernels += loaded;
    c.clauses = adj_policies_clause_count(policies);
    c.shapes = policies->kernels->shapes.count;
    adj_encounters_free(few);
    adj_policies_free(policies);
    free(text);
    return c;
}

static void show_compile(const char *what, unsigned payers, unsigned extra, unsigned distinct, const char *cache,
                         int runs)
{
    double plan[BENCH_RUNS], answer[BENCH_RUNS], code[BENCH_RUNS], best[BENCH_RUNS];
    compiled c = {0};
    for (int r = 0; r < runs; r++) {
        c = compile_once(payers, extra, distinct, cache);
        plan[r] = c.to_plan;
        answer[r] = c.to_answer;
        code[r] = c.to_code;
        best[r] = c.to_best;
    }
    double ms = 1e3;
    printf("compile   %-34s %5zu clauses, %4zu shapes, %4zu kernels: to plan %7.2f ms, to first answer %7.2f, to "
           "machine code %7.2f, to better %7.2f\n",
           what, c.clauses, c.shapes, c.kernels, bench_median(plan, (size_t)runs) * ms,
           bench_median(answer, (size_t)runs) * ms, bench_median(code, (size_t)runs) * ms,
           bench_median(best, (size_t)runs) * ms);
}

/* Makes machine code for all that these lines meet, at once. */
void bench_all_kernels(const adj_policies *policies, const adj_encounters *encounters, bool best)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    run_binding binding;
    run_many many = {0};
    size_t lines = adj_encounters_line_count(encounters);
    uint32_t *rows = base_arena_alloc(&arena, lines * sizeof *rows);
    bool *judged = base_arena_alloc(&arena, lines);
    if (rows == NULL || judged == NULL || !run_bind(&binding, &arena, policies->plan, &encounters->store))
        bench_stop("out of memory");
    for (uint32_t i = 0; i < lines; i++) {
        rows[i] = i;
        judged[i] = true;
    }
    run_how how = {.kernels = adj_has_machine_code() ? policies->kernel_code : NULL, .wait = true};
    if (!run_judge_many(&many, &arena, &binding, policies->kernels, rows, judged, lines, &how))
        bench_stop("judging failed");
    if (best) run_kernel_code_settle(policies->kernel_code);
    run_many_release(&many);
    base_arena_release(&arena);
}

static void bench_compiling(bool quick)
{
    int runs = quick ? 1 : BENCH_RUNS;
    char cache[] = "/tmp/adjudge-bench-XXXXXX";
    if (mkdtemp(cache) == NULL) bench_stop("no directory for code");
    show_compile("one payer", 1, 0, 0, NULL, runs);
    show_compile("40 payers, the same shapes", 40, 1, 0, NULL, runs);
    show_compile("no two shapes alike", 1, 0, quick ? 50 : 1000, NULL, quick ? 1 : 3);
    show_compile("one payer, code from disk", 1, 0, 0, cache, runs + 1 > BENCH_RUNS ? BENCH_RUNS : runs + 1);
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", cache);
    if (system(command) != 0) fprintf(stderr, "bench: %s stays\n", cache);
}

/* ---- libraries ---- */

/* The same lines in a library of more and more clauses: payers that no line is of, and clauses for codes that no line has. */
static void bench_library(size_t lines, bool quick)
{
    static const struct {
        unsigned payers, extra;
    } sizes[] = {{1, 0}, {10, 0}, {40, 1}, {400, 1}, {2000, 1}, {1, 976}, {1, 9976}};
    int runs = quick ? 1 : 3;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (quick && sizes[i].payers * (sizes[i].extra + 24) > 2000) continue;
        adj_options options = {.evaluator = ADJ_EVALUATOR_BEST};
        double start = bench_now();
        adj_policies *policies = workload_compile(sizes[i].payers, sizes[i].extra, &options);
        double compile = bench_now() - start;
        size_t memory = policies->arena.total, clauses = adj_policies_clause_count(policies);
        unsigned payers = sizes[i].payers < 10 ? sizes[i].payers : 10;
        adj_encounters *encounters = workload_encounters(policies, lines, payers, 10);
        bench_all_kernels(policies, encounters, true);
        double time = median_evaluate(policies, encounters, &options, runs);
        printf("library   %6zu clauses, %4u payers: compiled in %8.1f ms, %5.0f bytes a clause; a line judged in %6.1f "
               "ns\n",
               clauses, sizes[i].payers, compile * 1e3, (double)memory / (double)clauses, time / (double)lines * 1e9);
        adj_encounters_free(encounters);
        adj_policies_free(policies);
    }
}

/* ---- versions ---- */

enum { LINES_A_MEMBER = 100 }; /* one a week from 2024 on */

/* The same clauses in versions, one after the other, that hold for some days each. */
static adj_policies *compile_versions(unsigned payers, unsigned versions, const adj_options *options)
{
    size_t count = (size_t)payers * versions;
    char **texts = calloc(count, sizeof *texts), **names = calloc(count, sizeof *names);
    if (texts == NULL || names == NULL) bench_stop("out of memory");
    int days = (LINES_A_MEMBER * 7 + 20) / (int)versions;
    for (size_t i = 0; i < count; i++) {
        unsigned payer = (unsigned)(i / versions), version = (unsigned)(i % versions);
        static const char always[] = "effective 2020-01-01";
        char *text = workload_policy(payer, 0), *dates = strstr(text, always), *rest = strchr(text, '\n'), from[16],
             to[16];
        base_date first = base_date_make(2024, 1, 1) + (int)version * days;
        base_date_write(first, from);
        base_date_write(first + days - 1, to);
        size_t room = strlen(text) + 100;
        texts[i] = malloc(room);
        names[i] = malloc(32);
        if (dates == NULL || texts[i] == NULL || names[i] == NULL) bench_stop("out of memory");
        snprintf(names[i], 32, "p%u_%u.adj", payer, version);
        snprintf(texts[i], room, "policy bench.p%u_%u%.*seffective %s to %s%s", payer, version, (int)(dates - rest),
                 rest, from, to, dates + strlen(always));
        free(text);
    }
    return workload_compile_texts(names, texts, count, options);
}

static size_t count_findings(const adj_policies *policies, const adj_encounters *encounters, const adj_options *options)
{
    adj_results *results;
    evaluate(policies, encounters, options, &results);
    size_t found = results->many.starts[results->many.line_count];
    adj_results_free(results);
    return found;
}

/* What a line costs where its payer's policies have more and more versions, of which one holds on its day. */
static void bench_versions(size_t lines, bool quick)
{
    static const unsigned versions[] = {1, 5, 20, 100};
    size_t found = 0;
    for (size_t i = 0; i < (quick ? 2 : sizeof versions / sizeof *versions); i++) {
        adj_options options = {.evaluator = ADJ_EVALUATOR_BEST};
        adj_policies *policies = compile_versions(10, versions[i], &options);
        adj_encounters *encounters = workload_encounters(policies, lines, 10, LINES_A_MEMBER);
        bench_all_kernels(policies, encounters, true);
        double time = median_evaluate(policies, encounters, &options, quick ? 1 : 3);
        size_t own = count_findings(policies, encounters, &options);
        if (i > 0 && own != found) bench_stop("versions differ");
        found = own;
        printf("versions  %3u of each of 10 payers' 24 clauses, %zu findings: a line judged in %6.1f ns\n", versions[i],
               own, time / (double)lines * 1e9);
        adj_encounters_free(encounters);
        adj_policies_free(policies);
    }
}

/* Whether so many lines, with all that they refer to and what is found of them, are not too much for this machine. */
static bool fits_memory(size_t lines)
{
    const size_t each = 1600;
    long pages = sysconf(_SC_AVPHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
    return pages < 0 || bytes < 0 || (size_t)pages * (size_t)bytes / each > lines;
}

/* What putting lines in groups takes, in seconds: finding their keys, which is done once, where reading ends; and what each run does. */
typedef struct grouping_times {
    double keys, groups;
} grouping_times;

static grouping_times time_grouping(const adj_policies *policies, adj_encounters *encounters, int runs)
{
    run_store *store = &encounters->store;
    uint32_t count = store->counts[LANG_RECORD_line], *rows = malloc(count * sizeof *rows);
    bool *judged = malloc(count * sizeof *judged);
    if (rows == NULL || judged == NULL) bench_stop("out of memory");
    for (uint32_t i = 0; i < count; i++) {
        rows[i] = i;
        judged[i] = true;
    }
    double keys[BENCH_RUNS], groups[BENCH_RUNS];
    for (int r = 0; r < runs; r++) {
        base_arena arena;
        base_arena_init(&arena, NULL);
        run_binding binding;
        run_context context;
        run_schedule schedule;
        double start = bench_now();
        if (!run_key_lines(store)) bench_stop("out of memory");
        keys[r] = bench_now() - start;
        if (!run_bind(&binding, &arena, policies->plan, store) || !run_context_init(&context, &arena, &binding, NULL))
            bench_stop("out of memory");
        start = bench_now();
        if (!run_make_schedule(&schedule, &arena, policies->kernels, &context, rows, judged, count, RUN_BATCH_LINES, 1))
            bench_stop("out of memory");
        groups[r] = bench_now() - start;
        base_arena_release(&arena);
    }
    free(rows);
    free(judged);
    return (grouping_times){bench_median(keys, (size_t)runs), bench_median(groups, (size_t)runs)};
}

int bench_lines(size_t size, bool quick)
{
    adj_options options = {.evaluator = ADJ_EVALUATOR_BEST};
    adj_policies *policies = workload_compile(10, 0, &options);
    size_t from = size > 0 ? size : 10000, to = size > 0 ? size : quick ? 10000 : 10000000;
    for (size_t lines = from; lines <= to && fits_memory(lines); lines *= 10) {
        adj_encounters *encounters = workload_encounters(policies, lines, 10, 10);
        bench_all_kernels(policies, encounters, true);
        options.threads = 1;
        double one = median_evaluate(policies, encounters, &options, quick ? 1 : 3);
        options.threads = 2;
        double two = median_evaluate(policies, encounters, &options, quick ? 1 : 3);
        options.evaluator = ADJ_EVALUATOR_INTERPRETER;
        options.threads = 1;
        double plain = lines > 100000 ? 0 : median_evaluate(policies, encounters, &options, 1);
        options.evaluator = ADJ_EVALUATOR_BEST;
        printf("lines     %8zu: from columns to events %6.1f ns a line, two threads %6.1f (%.2f times as fast)", lines,
               one / (double)lines * 1e9, two / (double)lines * 1e9, one / two);
        if (plain > 0) printf(", line by line %6.1f", plain / (double)lines * 1e9);
        printf("\n");
        grouping_times grouping = time_grouping(policies, encounters, quick ? 1 : 3);
        printf("lines     %8zu: keys found in %.1f ns a line, put in groups in %.1f\n", lines,
               grouping.keys / (double)lines * 1e9, grouping.groups / (double)lines * 1e9);
        adj_encounters_free(encounters);
    }
    adj_policies_free(policies);
    return 0;
}

/* ---- explaining ---- */

/* Ten payers' lines, in a library of theirs alone and of many others. */
static void show_explaining(unsigned payers, bool quick)
{
    adj_options options = {.evaluator = ADJ_EVALUATOR_BEST};
    adj_policies *policies = workload_compile(payers, 0, &options);
    adj_encounters *encounters = workload_encounters(policies, 20000, 10, 10);
    adj_results *results;
    evaluate(policies, encounters, &options, &results);
    double times[BENCH_RUNS];
    size_t findings = 0;
    for (int r = 0; r < (quick ? 1 : BENCH_RUNS); r++) {
        findings = 0;
        double start = bench_now();
        for (size_t i = 0; i < adj_results_count(results); i++) {
            adj_explanation *explanation;
            if (results->many.starts[i + 1] == results->many.starts[i]) continue;
            if (adj_results_explain(results, i, &explanation) != ADJ_OK) bench_stop("explaining failed");
            findings += adj_explanation_count(explanation);
            adj_explanation_free(explanation);
        }
        times[r] = (bench_now() - start) / (double)findings;
    }
    printf("explain   %zu clauses, %zu findings, with facts and cures: %.2f microseconds each\n",
           adj_policies_clause_count(policies), findings, bench_median(times, quick ? 1 : BENCH_RUNS) * 1e6);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
}

static void bench_explaining(bool quick)
{
    static const unsigned payers[] = {10, 400, 2000};
    for (size_t i = 0; i < (quick ? 1 : sizeof payers / sizeof *payers); i++) show_explaining(payers[i], quick);
}

/* ---- few lines at a time ---- */

static void bench_few_lines(bool quick)
{
    static const unsigned payers[] = {10, 400, 2000};
    static const size_t lines[] = {1, 64, 1000};
    adj_options options = {.evaluator = ADJ_EVALUATOR_BEST};
    for (size_t p = 0; p < (quick ? 1 : sizeof payers / sizeof *payers); p++) {
        adj_policies *policies = workload_compile(payers[p], 0, &options);
        printf("few lines %6zu clauses, microseconds a run:", adj_policies_clause_count(policies));
        for (size_t l = 0; l < sizeof lines / sizeof *lines; l++) {
            adj_encounters *encounters = workload_encounters(policies, lines[l], 10, 10);
            printf(" %zu lines %.1f", lines[l],
                   median_evaluate(policies, encounters, &options, quick ? 1 : BENCH_RUNS) * 1e6);
            adj_encounters_free(encounters);
        }
        printf("\n");
        adj_policies_free(policies);
    }
}

int bench_scale(bool quick)
{
    bench_compiling(quick);
    bench_library(quick ? 5000 : 200000, quick);
    bench_versions(quick ? 5000 : 200000, quick);
    bench_explaining(quick);
    bench_few_lines(quick);
    return 0;
}
