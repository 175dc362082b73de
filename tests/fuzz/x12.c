/* libFuzzer: any bytes as a claims file, read, joined, judged and explained. */
#include "adjudge.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static adj_policies *policies(void)
{
    static adj_policies *made;
    static const char *const name = "p.adj";
    static const char *const text =
        "policy p\nclause c\n cite \"1\"\n require at most 1 of history in the last 6 months\n"
        "  where procedure = this.procedure\n unless modifiers include 59\n deny CO-119 \"{count} {diagnoses}\"\n";
    adj_options options = {.evaluator = ADJ_EVALUATOR_INTERPRETER};
    if (made == NULL && adj_policies_compile_text(&name, &text, 1, &options, &made) != ADJ_OK) abort();
    return made;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    adj_encounters *encounters = adj_encounters_new(NULL);
    adj_encounters_keep_rejects(encounters);
    adj_encounters_read_bytes(encounters, "fuzz.837", (const char *)bytes, size);
    adj_results *results = NULL;
    if (adj_encounters_finish(encounters) != ADJ_OK || adj_evaluate(policies(), encounters, NULL, &results) != ADJ_OK)
        abort();
    for (size_t i = 0; i < adj_results_count(results) && i < 50; i++) {
        adj_results_line(results, i);
        adj_explanation *explanation = NULL;
        if (adj_results_explain(results, i, &explanation) != ADJ_OK) abort();
        adj_explanation_free(explanation);
    }
    adj_results_free(results);
    adj_encounters_free(encounters);
    return 0;
}
