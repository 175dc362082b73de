/* Sets and tables that are written in a policy, of more and more codes: found by their indexes, and asked one after the other. */
#include "bench/written.h"

#include "base/text.h"
#include "bench/bench.h"
#include "runtime/handles.h"

#include <stdio.h>
#include <string.h>

enum { FIRST_CODE = 10000, CODES_A_ROW = 4, DIAGNOSES = 26 * 1000 };

/* Diagnoses are A00.0 to Z99.9, of which every second is in the set; a row of the table is for three procedures, and a fourth is for none. */
static void put_diagnosis(base_text *text, unsigned place)
{
    base_text_format(text, "%c%02u.%u", (char)('A' + place / 1000 % 26), place / 10 % 100, place % 10);
}

static adj_policies *policies_of(base_arena *arena, unsigned rows)
{
    base_text text;
    base_text_init(&text, arena);
    base_text_put(&text, "policy bench.written\n  title \"Written\"\n  payer \"K\"\n  effective 2020-01-01\n\n"
                         "codes held : icd10\n  ");
    for (unsigned i = 0; i < rows && i < DIAGNOSES / 2; i++) {
        if (i > 0) base_text_put(&text, i % 10 == 0 ? ",\n  " : ", ");
        put_diagnosis(&text, i * 2);
    }
    base_text_put(&text, "\n\ntable most (procedure) gives (units: count)\n  | procedure | units |\n");
    for (unsigned i = 0; i < rows; i++)
        base_text_format(&text, "  | %u..%u | %u |\n", FIRST_CODE + i * CODES_A_ROW,
                         FIRST_CODE + i * CODES_A_ROW + CODES_A_ROW - 2, 1 + i % 4);
    base_text_put(&text, "\nclause held\n  cite \"1\"\n  require diagnoses include any of held\n  deny CO-11 as coding "
                         "\"x\"\n\nclause units\n  cite \"2\"\n  when most(procedure) is found\n"
                         "  require units <= most(procedure).units\n  deny CO-151 as limit \"x\"\n");
    const char *name = "written.adj", *source = base_text_string(&text);
    adj_policies *policies = NULL;
    if (adj_policies_compile_text(&name, &source, 1, NULL, &policies) != ADJ_OK)
        bench_stop(policies == NULL ? "out of memory" : adj_policies_diagnostics(policies));
    return policies;
}

static adj_encounters *lines_of(const adj_policies *policies, base_arena *arena, size_t lines, unsigned rows)
{
    uint64_t state = 5;
    base_text text;
    base_text_init(&text, arena);
    base_text_put(&text, "claim_id,member_id,payer,line,date,procedure,pos,units,charge,diagnoses\n");
    for (size_t i = 0; i < lines; i++) {
        base_text_format(&text, "C%zu,M%zu,K,1,2026-01-%02zu,%u,11,%u,1.00,", i, i / 50, 1 + i % 28,
                         FIRST_CODE + (unsigned)(workload_random(&state) % (rows * CODES_A_ROW)),
                         1 + (unsigned)(i % 5));
        put_diagnosis(&text, (unsigned)(workload_random(&state) % DIAGNOSES));
        base_text_put(&text, "\n");
    }
    adj_encounters *encounters = adj_encounters_new_for(policies, NULL);
    const char *bytes = base_text_string(&text);
    bool good = encounters != NULL &&
                adj_encounters_read_bytes_as(encounters, "l.csv", bytes, text.length, ADJ_ROLE_JUDGED) == ADJ_OK &&
                adj_encounters_finish(encounters) == ADJ_OK;
    if (!good) bench_stop("the lines cannot be read");
    return encounters;
}

/* Seconds of judging all lines, the least of some runs, and how many findings there are. */
static double judge(const adj_policies *policies, const adj_encounters *encounters, int runs, size_t *found)
{
    adj_options options = {.evaluator = ADJ_EVALUATOR_BEST};
    double times[BENCH_RUNS];
    for (int r = 0; r < runs; r++) {
        adj_results *results;
        double start = bench_now();
        if (adj_evaluate(policies, encounters, &options, &results) != ADJ_OK) bench_stop("judging failed");
        times[r] = bench_now() - start;
        *found = results->many.starts[results->many.line_count];
        adj_results_free(results);
    }
    return bench_median(times, (size_t)runs);
}

static void forget_indexes(const adj_policies *policies)
{
    const lang_program *program = &policies->program;
    for (size_t i = 0; i < program->tables.count; i++) program->tables.items[i]->row_index = NULL;
    for (size_t i = 0; i < program->code_sets.count; i++) {
        for (size_t r = 0; r < program->code_sets.items[i]->row_count; r++)
            program->code_sets.items[i]->rows[r].order = NULL;
    }
}

int bench_written(size_t lines, bool quick)
{
    static const unsigned sizes[] = {100, 1000, 4000, 12000};
    for (size_t i = 0; i < (quick ? 2 : sizeof sizes / sizeof *sizes); i++) {
        base_arena arena;
        base_arena_init(&arena, NULL);
        double start = bench_now();
        adj_policies *policies = policies_of(&arena, sizes[i]);
        double compiled = bench_now() - start;
        adj_encounters *encounters = lines_of(policies, &arena, lines, sizes[i]);
        size_t found, found_so;
        double indexed = judge(policies, encounters, quick ? 1 : 3, &found);
        forget_indexes(policies);
        double asked = judge(policies, encounters, 1, &found_so);
        printf(
            "written   a set of %u codes and a table of %u rows, %zu lines, %zu findings: compiled in %.1f ms; a line "
            "%.0f ns, codes and rows asked one after the other %.0f ns: ratio %.1f\n",
            sizes[i], sizes[i], lines, found, compiled * 1e3, indexed / (double)lines * 1e9,
            asked / (double)lines * 1e9, asked / indexed);
        adj_encounters_free(encounters);
        adj_policies_free(policies);
        base_arena_release(&arena);
        if (found != found_so) {
            fprintf(stderr, "bench: asked one after the other there are %zu findings\n", found_so);
            bench_stop("sets or tables differ");
        }
    }
    return 0;
}
