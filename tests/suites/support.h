/* What suites share: policies and inputs from texts, and looking a line up. */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include "adjudge.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How often a test breaks its input: more, where ADJUDGE_BROKEN_ROUNDS says so. */
static inline unsigned support_rounds(unsigned usual)
{
    const char *more = getenv("ADJUDGE_BROKEN_ROUNDS");
    unsigned long rounds = more == NULL ? 0 : strtoul(more, NULL, 10);
    return rounds > usual ? (unsigned)rounds : usual;
}

/* The whole of a text file; the caller frees it. */
static inline char *support_file(const char *path)
{
    enum { ROOM = 1 << 17 };
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    char *text = calloc(1, ROOM);
    cr_assert_not_null(text);
    size_t got = fread(text, 1, ROOM - 1, file);
    text[got] = '\0';
    fclose(file);
    return text;
}

static inline adj_policies *support_policies(const char *text)
{
    const char *name = "test.adj";
    adj_policies *policies = NULL;
    adj_options options = {.evaluator = adj_has_machine_code() ? ADJ_EVALUATOR_BOTH : ADJ_EVALUATOR_INTERPRETER};
    adj_status status = adj_policies_compile_text(&name, &text, 1, &options, &policies);
    cr_assert_eq(status, ADJ_OK, "%s", adj_policies_diagnostics(policies));
    return policies;
}

/* The problem of a code that the inputs must have given; fails without it. */
static inline adj_problem support_problem(const adj_encounters *encounters, const char *code)
{
    for (size_t i = 0; i < adj_encounters_problem_count(encounters); i++) {
        adj_problem problem = adj_encounters_problem(encounters, i);
        if (strcmp(problem.code, code) == 0) return problem;
    }
    cr_assert_fail("no problem %s was reported", code);
    return (adj_problem){0};
}

static inline size_t support_problems(const adj_encounters *encounters, adj_severity severity)
{
    size_t count = 0;
    for (size_t i = 0; i < adj_encounters_problem_count(encounters); i++) {
        count += adj_encounters_problem(encounters, i).severity == severity;
    }
    return count;
}

static inline adj_encounters *support_read(const char *claims)
{
    adj_encounters *encounters = adj_encounters_new(NULL);
    cr_assert_not_null(encounters);
    adj_encounters_read_bytes(encounters, "claims.837", claims, strlen(claims));
    return encounters;
}

/* Lines of a CSV file, to be judged by those policies, ready. */
static inline adj_encounters *support_lines(const adj_policies *policies, const char *csv)
{
    adj_encounters *encounters = adj_encounters_new_for(policies, NULL);
    cr_assert_not_null(encounters);
    cr_assert_eq(adj_encounters_read_bytes_as(encounters, "lines.csv", csv, strlen(csv), ADJ_ROLE_JUDGED), ADJ_OK);
    cr_assert_eq(adj_encounters_finish(encounters), ADJ_OK);
    return encounters;
}

static inline adj_results *support_evaluate(const adj_policies *policies, adj_encounters *encounters)
{
    adj_results *results = NULL;
    adj_options options = {.evaluator = adj_has_machine_code() ? ADJ_EVALUATOR_BOTH : ADJ_EVALUATOR_INTERPRETER};
    cr_assert_eq(adj_encounters_finish(encounters), ADJ_OK);
    cr_assert_eq(adj_evaluate(policies, encounters, &options, &results), ADJ_OK);
    return results;
}

/* Judges the lines by the interpreter, and in batches on one thread and on two: each clause must say the same of each line. Counts what they say,
 * often each of it. The caller frees the results. */
enum { SUPPORT_WAYS = 3 };
static inline void support_judge_all_ways(const adj_policies *policies, const adj_encounters *encounters,
                                          adj_results *results[SUPPORT_WAYS])
{
    for (size_t e = 0; e < SUPPORT_WAYS; e++) {
        adj_options options = {.evaluator = e == 0 ? ADJ_EVALUATOR_INTERPRETER : ADJ_EVALUATOR_BEST,
                               .threads = (unsigned)e};
        cr_assert_eq(adj_evaluate(policies, encounters, &options, &results[e]), ADJ_OK);
        cr_assert_eq(adj_results_count(results[e]), adj_results_count(results[0]));
    }
    size_t verdicts[8] = {0}, clauses = adj_policies_clause_count(policies);
    for (size_t l = 0; l < adj_results_count(results[0]); l++) {
        for (size_t c = 0; c < clauses; c++) {
            adj_clause_verdict meant = adj_results_clause(results[0], l, c);
            verdicts[meant]++;
            for (size_t e = 1; e < SUPPORT_WAYS; e++)
                cr_assert_eq(adj_results_clause(results[e], l, c), meant, "line %zu, clause %zu, threads %zu", l, c, e);
        }
    }
    cr_expect_gt(verdicts[ADJ_CLAUSE_PASS], 5000u);
    cr_expect_gt(verdicts[ADJ_CLAUSE_FAIL], 5000u);
    cr_expect_gt(verdicts[ADJ_CLAUSE_CANNOT_TELL], 1000u);
}

/* The same, and lets all of it go. */
static inline void support_compare_ways(adj_policies *policies, adj_encounters *encounters)
{
    adj_results *results[SUPPORT_WAYS];
    support_judge_all_ways(policies, encounters, results);
    for (size_t e = 0; e < SUPPORT_WAYS; e++) adj_results_free(results[e]);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
}

/* Memory for an adj_allocator that runs out after so many allocations, and counts what is not given back. */
typedef struct support_memory {
    size_t left, live;
} support_memory;

static inline void *support_reallocate(void *state, void *block, size_t size)
{
    support_memory *memory = state;
    if (size == 0) {
        memory->live -= block != NULL;
        free(block);
        return NULL;
    }
    if (memory->left == 0) return NULL;
    memory->left--;
    void *grown = realloc(block, size);
    if (block == NULL && grown != NULL) memory->live++;
    return grown;
}

#endif
