/* The smallest use of the library: judges a claims file by a policy and prints each line's verdict and its reasons.
 *
 * Build: cmake --build build/release --target example_embed
 * Run:   build/release/example_embed examples/demo/claims.837 policies/ct_medicaid_clinic.adj */
#include <adjudge.h>

#include <stdio.h>

static int judge(const adj_policies *policies, adj_encounters *encounters)
{
    adj_results *results = NULL;
    if (adj_evaluate(policies, encounters, NULL, &results) != ADJ_OK) return 3;
    for (size_t i = 0; i < adj_results_count(results); i++) {
        adj_line line = adj_results_line(results, i);
        printf("%s %s: %s\n", line.claim, line.procedure, adj_verdict_name(line.verdict));
        adj_explanation *explanation = NULL;
        if (adj_results_explain(results, i, &explanation) != ADJ_OK) continue;
        for (size_t k = 0; k < adj_explanation_count(explanation); k++) {
            const adj_finding *finding = adj_explanation_finding(explanation, k);
            printf("  %s: %s\n", finding->clause,
                   finding->verdict == ADJ_CLAUSE_FAIL ? finding->message : adj_clause_verdict_name(finding->verdict));
        }
        adj_explanation_free(explanation);
    }
    adj_results_free(results);
    return 0;
}

int main(int count, char **arguments)
{
    if (count < 3) return 2;
    const char *paths[] = {arguments[2]};
    adj_policies *policies = NULL;
    adj_status status = adj_policies_compile(paths, 1, NULL, &policies);
    if (policies != NULL) fputs(adj_policies_diagnostics(policies), stderr);
    adj_encounters *encounters = status == ADJ_OK ? adj_encounters_new(NULL) : NULL;
    int code = 2;
    if (encounters != NULL && adj_encounters_read(encounters, arguments[1]) == ADJ_OK &&
        adj_encounters_finish(encounters) == ADJ_OK) {
        code = judge(policies, encounters);
    }
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    return code;
}
