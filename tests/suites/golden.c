/* Golden files: each policy of tests/golden/errors beside the diagnostics it must give. `./dev golden` writes them anew. */
#include "adjudge.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *content(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) return strdup("");
    char *text = calloc(1, 65536);
    size_t got = fread(text, 1, 65535, file);
    text[got] = '\0';
    fclose(file);
    return text;
}

static int is_policy(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 4 && strcmp(entry->d_name + length - 4, ".adj") == 0;
}

static void show_difference(const char *name, const char *expected, const char *actual)
{
    fprintf(stderr, "--- %s: expected\n%s\n+++ actual\n%s\n", name, expected, actual);
}

/* Diagnostics name the file as it was given, so the test stands in the folder. */
Test(golden, every_error_reads_as_it_should)
{
    cr_assert_eq(chdir(SOURCE_FOLDER "/tests/golden/errors"), 0);
    struct dirent **entries;
    int count = scandir(".", &entries, is_policy, alphasort);
    cr_assert_geq(count, 60, "only %d golden policies", count);
    int wrong = 0;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        char expected_name[300];
        snprintf(expected_name, sizeof expected_name, "%.*s.errors", (int)strlen(name) - 4, name);
        adj_policies *policies = NULL;
        adj_options options = {.evaluator = ADJ_EVALUATOR_INTERPRETER};
        adj_status status = adj_policies_compile(&name, 1, &options, &policies);
        const char *actual = adj_policies_diagnostics(policies);
        bool warning = name[0] == 'w';
        cr_expect_eq(status, warning ? ADJ_OK : ADJ_INVALID_POLICY, "%s: %s", name, adj_status_name(status));
        if (getenv("ADJUDGE_GOLDEN_WRITE") != NULL) {
            FILE *file = fopen(expected_name, "wb");
            cr_assert_not_null(file);
            fputs(actual, file);
            fclose(file);
        }
        char *expected = content(expected_name);
        if (strcmp(expected, actual) != 0) {
            show_difference(name, expected, actual);
            wrong++;
        }
        free(expected);
        adj_policies_free(policies);
        free(entries[i]);
    }
    free(entries);
    cr_expect_eq(wrong, 0, "%d golden files differ", wrong);
}
