/* Ten history windows a line, over members with many lines: from running sums, and walked. */
#include "bench/judging.h"

#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>

const char bench_windows_policy[] =
    "policy bench.windows\n  title \"Ten windows\"\n  payer \"PAYER-00\"\n  effective 2020-01-01\n\n"
    "section \"Lines\"\n  for each line\n\n"
#define WINDOW(n, count, words)                                                                                        \
    "clause w" #n "\n  cite \"" #n "\"\n  require at most " #count " of history " words                                \
    " where procedure in 90853, 90837, 90834\n  deny CO-119 as limit \"{count}\"\n\n"
    WINDOW(1, 1, "on the same day") WINDOW(2, 3, "in the last 7 days") WINDOW(3, 2, "in the last 30 days")
        WINDOW(4, 3, "in the last 60 days") WINDOW(5, 4, "in the last 90 days") WINDOW(6, 8, "in the last 6 months")
            WINDOW(7, 40, "in the last 12 months") WINDOW(
                8, 48, "in the same calendar year") "clause w9\n  cite \"9\"\n  require (sum of units over history in "
                                                    "the last 30 days where procedure in 90853, 90837) <= 4\n"
                                                    "  deny CO-119 as limit \"{sum}\"\n\n"
                                                    "clause w10\n  cite \"10\"\n  require (sum of units over history "
                                                    "in the last 90 days where procedure in 90853, 90837) <= 8\n"
                                                    "  deny CO-119 as limit \"{sum}\"\n";

static const char crowded_policy[] =
    "policy bench.crowded\n  title \"A crowded day\"\n  payer \"PAYER-00\"\n  effective 2020-01-01\n\n"
    "clause units_of_a_day\n  cite \"1\"\n  require (sum of units over history on the same day\n"
    "             where procedure = this.procedure and rendering_provider = this.rendering_provider) <= 4\n"
    "  deny CO-151 as limit \"{sum}\"\n\n"
    "clause duplicate\n  cite \"2\"\n  forbid exists other in history on the same day earlier\n"
    "             where procedure = this.procedure and units = this.units and pos = this.pos\n"
    "  deny OA-18 as duplicate \"{other.claim.id}\"\n\n"
    "clause of_a_month\n  cite \"3\"\n  require at most 8 of history in the last 30 days where pos = this.pos\n"
    "  deny CO-119 as limit \"{count}\"\n";

/* Lines of one member number on one day, as of a number that stands for nobody in particular: windows whose conditions depend on the
 * subject, judged, and explained without facts, as for a report in CSV; the interpreter walks. */
static void show_crowded_day(size_t count, bool walks)
{
    const char *names[] = {"crowded.adj"}, *texts[] = {crowded_policy};
    adj_options options = {.evaluator = ADJ_EVALUATOR_BEST}, plain = {.evaluator = ADJ_EVALUATOR_INTERPRETER};
    adj_policies *policies = NULL;
    if (adj_policies_compile_text(names, texts, 1, &options, &policies) != ADJ_OK) bench_stop("the policy is wrong");
    adj_encounters *encounters = workload_encounters(policies, count, 1, (unsigned)count);
    for (uint32_t line = 0; line < count; line++) run_store_set(&encounters->store, LANG_FIELD_line_date, line, 19800);
    if (!run_index(&encounters->store)) bench_stop("out of memory");
    adj_results *results, *meant;
    double start = bench_now();
    if (adj_evaluate(policies, encounters, &options, &results) != ADJ_OK) bench_stop("judging failed");
    double judged = bench_now() - start, walked = 0;
    size_t findings = 0;
    start = bench_now();
    for (size_t i = 0; i < count; i++) {
        adj_explanation *explanation;
        if (adj_results_explain_parts(results, i, ADJ_EXPLAIN_CURES, &explanation) != ADJ_OK)
            bench_stop("explaining failed");
        findings += adj_explanation_count(explanation);
        adj_explanation_free(explanation);
    }
    double explained = bench_now() - start;
    if (walks) {
        start = bench_now();
        if (adj_evaluate(policies, encounters, &plain, &meant) != ADJ_OK) bench_stop("judging failed");
        walked = bench_now() - start;
        for (size_t i = 0; i < count; i++) {
            if (adj_results_line(results, i).findings != adj_results_line(meant, i).findings)
                bench_stop("windows differ");
        }
        adj_results_free(meant);
    }
    printf("crowded   %6zu lines of one member and day, %zu findings: %.0f ns a line, explained in %.0f", count,
           findings, judged / (double)count * 1e9, explained / (double)count * 1e9);
    if (walks) printf(", walked %.0f", walked / (double)count * 1e9);
    printf("\n");
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
}

static void bench_crowded_days(bool quick)
{
    show_crowded_day(quick ? 500 : 2000, true);
    if (!quick) show_crowded_day(20000, false);
}

/* So many lines a member, each member's side by side or all in the order of their days. */
static void show_windows(const adj_policies *policies, size_t count, unsigned each, bool by_day, bool quick)
{
    adj_options options = {.evaluator = ADJ_EVALUATOR_BEST}, plain = {.evaluator = ADJ_EVALUATOR_INTERPRETER};
    adj_encounters *encounters = (by_day ? workload_encounters_by_day : workload_encounters)(policies, count, 1, each);
    adj_results *results;
    double times[BENCH_RUNS], walked = 0;
    size_t found = 0, walked_found = 0;
    for (int r = 0; r < (quick ? 1 : 3); r++) {
        double start = bench_now();
        if (adj_evaluate(policies, encounters, &options, &results) != ADJ_OK) bench_stop("judging failed");
        times[r] = (bench_now() - start) / (double)count;
        found = results->many.starts[results->many.line_count];
        adj_results_free(results);
    }
    if (each <= 1000) {
        /* The interpreter walks. */
        double start = bench_now();
        if (adj_evaluate(policies, encounters, &plain, &results) != ADJ_OK) bench_stop("judging failed");
        walked = (bench_now() - start) / (double)count;
        for (size_t i = 0; i < adj_results_count(results); i++) walked_found += adj_results_line(results, i).findings;
        adj_results_free(results);
    } else {
        walked_found = found;
    }
    double time = bench_median(times, quick ? 1 : 3);
    printf("windows   ten, %zu lines%s, %5u a member, %zu findings: %6.0f ns a line (%.2f million lines a second)",
           count, by_day ? " by day" : "", each, found, time * 1e9, 1e-6 / time);
    if (walked > 0) printf(", walked %7.0f ns", walked * 1e9);
    printf("\n");
    adj_encounters_free(encounters);
    if (found != walked_found) {
        fprintf(stderr, "bench: walked, there are %zu findings\n", walked_found);
        bench_stop("windows differ");
    }
}

int bench_windows(size_t lines, bool quick)
{
    const char *names[] = {"windows.adj"}, *texts[] = {bench_windows_policy};
    adj_options options = {.evaluator = ADJ_EVALUATOR_BEST};
    adj_policies *policies = NULL;
    if (adj_policies_compile_text(names, texts, 1, &options, &policies) != ADJ_OK) {
        bench_stop(policies == NULL ? "out of memory" : adj_policies_diagnostics(policies));
    }
    static const unsigned each[] = {10, 50, 1000, 10000, 100000}, by_day[] = {10, 50, 1000};
    size_t count = quick ? 5000 : lines;
    for (size_t e = 0; e < (quick ? 2 : sizeof each / sizeof *each); e++)
        show_windows(policies, count, each[e], false, quick);
    for (size_t e = 0; e < (quick ? 1 : sizeof by_day / sizeof *by_day); e++)
        show_windows(policies, count, by_day[e], true, quick);
    adj_policies_free(policies);
    bench_crowded_days(quick);
    return 0;
}
