/* Four threads share one set of compiled policies, each with encounters of its own; all must find the same. A plain
 * program, since Criterion cannot start under the thread sanitizer. Run from the project's root. */
#include "adjudge.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 4 };

typedef struct judging {
    const adj_policies *policies;
    adj_evaluator evaluator;
    uint64_t digest; /* over every verdict and message */
    size_t denied;
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

int main(void)
{
    static const char *const paths[] = {"policies/ct_medicaid_clinic.adj", "policies/practice_standards.adj",
                                        "examples/harbor/harbor_group_psychotherapy.adj"};
    adj_policies *policies = NULL;
    if (adj_policies_compile(paths, 3, NULL, &policies) != ADJ_OK) return 1;
    judging work[THREADS];
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        work[i] =
            (judging){.policies = policies, .evaluator = i % 2 == 0 ? ADJ_EVALUATOR_BEST : ADJ_EVALUATOR_INTERPRETER};
        if (pthread_create(&threads[i], NULL, judge, &work[i]) != 0) return 1;
    }
    size_t failed = 0;
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    for (size_t i = 0; i < THREADS; i++) {
        bool same = work[i].done && work[i].denied == 14 && work[i].digest == work[0].digest;
        if (!same) fprintf(stderr, "thread %zu found something else: %zu denied\n", i, work[i].denied);
        failed += !same;
    }
    adj_policies_free(policies);
    printf("%zu passed, %zu failed\n", THREADS - failed, failed);
    return failed > 0;
}
