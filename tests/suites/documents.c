/* Every example of the documents compiles, and its tests pass. */
#include "tests/suites/support.h"

enum { FILES = 8 };

/* Files of one example: those with a name, one after the other; an example without one stands alone. */
typedef struct example {
    const char *names[FILES];
    char *texts[FILES];
    size_t count;
    int number;
} example;

static void run_example(const example *e)
{
    adj_policies *policies = NULL;
    adj_options options = {.evaluator = adj_has_machine_code() ? ADJ_EVALUATOR_BOTH : ADJ_EVALUATOR_INTERPRETER};
    adj_status status =
        adj_policies_compile_text(e->names, (const char *const *)e->texts, e->count, &options, &policies);
    cr_assert_eq(status, ADJ_OK, "example %d:\n%s", e->number, adj_policies_diagnostics(policies));
    for (size_t i = 0; i < adj_policies_test_count(policies); i++) {
        adj_test_result result;
        cr_assert_eq(adj_policies_run_test(policies, i, &options, &result), ADJ_OK);
        cr_expect(result.passed, "example %d, %s:\n%s", e->number, result.title, result.difference);
    }
    adj_policies_free(policies);
}

static void clear_example(example *e)
{
    for (size_t i = 0; i < e->count; i++) {
        free((char *)(uintptr_t)e->names[i]);
        free(e->texts[i]);
    }
    e->count = 0;
}

static void add_example(example *e, const char *name, size_t name_length, const char *start, size_t length)
{
    if (name_length == 0 || e->count == FILES) clear_example(e);
    char *text = calloc(1, length + 64);
    bool whole = strncmp(start, "policy ", 7) == 0 || strncmp(start, "module ", 7) == 0;
    strcat(text, whole ? "" : "policy example\n");
    strncat(text, start, length);
    e->names[e->count] = name_length == 0 ? strdup("example.adj") : strndup(name, name_length);
    e->texts[e->count++] = text;
    e->number++;
    run_example(e);
    if (name_length == 0) clear_example(e);
}

static void run_examples(const char *path, int least)
{
    char *text = support_file(path);
    example e = {0};
    const char *at = text;
    while ((at = strstr(at, "```adj")) != NULL) {
        at += 6;
        const char *name = at + (*at == ' ' ? 1 : 0);
        size_t length = strcspn(name, "\n");
        const char *start = name + length + 1, *end = strstr(start, "```");
        cr_assert_not_null(end);
        add_example(&e, name, length, start, (size_t)(end - start));
        at = end + 3;
    }
    cr_expect_geq(e.number, least, "only %d examples", e.number);
    clear_example(&e);
    free(text);
}

Test(documents, every_example_of_the_language_page_compiles)
{
    run_examples(SOURCE_FOLDER "/docs/language.md", 20);
}

Test(documents, the_policy_of_the_authors_page_passes_its_tests)
{
    run_examples(SOURCE_FOLDER "/docs/authoring.md", 1);
}
