/* libFuzzer: any bytes as a policy. It must come back with diagnostics or a plan, and the plan must verify. */
#include "adjudge.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL) return 0;
    memcpy(text, bytes, size);
    text[size] = '\0';
    const char *name = "fuzz.adj";
    adj_options options = {.evaluator = ADJ_EVALUATOR_INTERPRETER};
    adj_policies *policies = NULL;
    adj_status status = adj_policies_compile_text(&name, (const char *const *)&text, 1, &options, &policies);
    if (status != ADJ_OK && status != ADJ_INVALID_POLICY) abort();
    for (size_t i = 0; status == ADJ_OK && i < adj_policies_test_count(policies) && i < 4; i++) {
        adj_test_result result;
        if (adj_policies_run_test(policies, i, &options, &result) != ADJ_OK) abort();
    }
    adj_policies_free(policies);
    /* What parses is laid out, and what is laid out stays as it is. */
    char *once = NULL, *twice = NULL;
    adj_status laid_out = strlen(text) == size ? adj_format(name, text, &options, &once) : ADJ_INVALID_POLICY;
    if (laid_out != ADJ_OK && laid_out != ADJ_INVALID_POLICY) abort();
    if (laid_out == ADJ_OK && (adj_format(name, once, &options, &twice) != ADJ_OK || strcmp(once, twice) != 0)) abort();
    adj_text_free(once, &options);
    adj_text_free(twice, &options);
    free(text);
    return 0;
}
