/* Every example of docs/language.md compiles, and its tests pass. */
#include "tests/suites/support.h"

static void check_example(const char *start, size_t length, int number)
{
    char *text = calloc(1, length + 64);
    bool whole = strncmp(start, "policy ", 7) == 0 || strncmp(start, "module ", 7) == 0;
    strcat(text, whole ? "" : "policy example\n");
    strncat(text, start, length);
    adj_policies *policies = support_policies(text);
    for (size_t i = 0; i < adj_policies_test_count(policies); i++) {
        adj_test_result result;
        cr_assert_eq(adj_policies_run_test(policies, i, NULL, &result), ADJ_OK);
        cr_expect(result.passed, "example %d, %s:\n%s", number, result.title, result.difference);
    }
    adj_policies_free(policies);
    free(text);
}

Test(documents, every_example_of_the_language_page_compiles)
{
    char *text = support_file(SOURCE_FOLDER "/docs/language.md");
    int count = 0;
    const char *at = text;
    while ((at = strstr(at, "```adj\n")) != NULL) {
        at += 7;
        const char *end = strstr(at, "```");
        cr_assert_not_null(end);
        check_example(at, (size_t)(end - at), ++count);
        at = end + 3;
    }
    cr_expect_geq(count, 11, "only %d examples", count);
    free(text);
}
