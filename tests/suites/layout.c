/* The one layout: idempotent, the same tokens and tree, every comment kept, over every policy that the project has. */
#include "tests/suites/support.h"

#include <dirent.h>

static char *laid_out(const char *name, const char *text)
{
    char *result = NULL;
    adj_status status = adj_format(name, text, NULL, &result);
    cr_assert_eq(status, ADJ_OK, "%s: %s", name, result == NULL ? adj_status_name(status) : result);
    return result;
}

static size_t comments(const char *text)
{
    size_t count = 0;
    bool quoted = false;
    for (; *text != '\0'; text++) {
        if (*text == '\\' && quoted && text[1] != '\0') {
            text++;
            continue;
        }
        if (*text == '"') quoted = !quoted;
        if (*text != '#' || quoted) continue;
        count++;
        while (text[1] != '\0' && text[1] != '\n') text++;
    }
    return count;
}

/* The tree without places: what the compiler takes a text for. */
static char *tree_of(const char *text)
{
    const char *name = "one.adj";
    adj_policies *policies = NULL;
    adj_policies_compile_text(&name, &text, 1, NULL, &policies);
    char *tree = strdup(adj_policies_dump(policies, ADJ_STAGE_AST));
    adj_policies_free(policies);
    return tree;
}

static void check_file(const char *path)
{
    char *text = support_file(path);
    if (strstr(text, "\nmodule standard\n") == NULL && strstr(path, "golden") != NULL) {
        char *probe = NULL;
        if (adj_format(path, text, NULL, &probe) != ADJ_OK) { /* a policy that is there for its error */
            adj_text_free(probe, NULL);
            free(text);
            return;
        }
        adj_text_free(probe, NULL);
    }
    char *once = laid_out(path, text), *twice = laid_out(path, once);
    cr_expect_str_eq(once, twice, "%s is laid out differently the second time", path);
    cr_expect_eq(comments(text), comments(once), "%s loses comments", path);
    char *before = tree_of(text), *after = tree_of(once);
    cr_expect_str_eq(before, after, "%s means something else", path);
    free(before);
    free(after);
    adj_text_free(once, NULL);
    adj_text_free(twice, NULL);
    free(text);
}

static void check_folder(const char *folder)
{
    DIR *entries = opendir(folder);
    cr_assert_not_null(entries, "%s", folder);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        size_t length = strlen(entry->d_name);
        if (length < 5 || strcmp(entry->d_name + length - 4, ".adj") != 0) continue;
        char path[700];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        check_file(path);
    }
    closedir(entries);
}

Test(layout, every_policy_keeps_its_meaning)
{
    static const char *const folders[] = {
        "policies", "examples/harbor", "tests/language", "tests/language/layers", "tests/golden/errors", "lang"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char path[500];
        snprintf(path, sizeof path, SOURCE_FOLDER "/%s", folders[i]);
        check_folder(path);
    }
}

Test(layout, squeezed_text_unfolds)
{
    const char *text =
        "policy p title \"P\" payer \"X\"\n# one\ncodes c:cpt\n90853,90832 # two\nparameter cap:count\n8 from "
        "2026-01-01\n12 from 2026-07-01\nclause c when pos in 11,22 require units<=cap and not(units=2) "
        "deny CO-119 N362 as limit \"{units}\"\n";
    const char *wanted = "policy p\n"
                         "  title     \"P\"\n"
                         "  payer     \"X\"\n"
                         "\n"
                         "# one\n"
                         "codes c : cpt\n"
                         "  90853, 90832  # two\n"
                         "\n"
                         "parameter cap : count\n"
                         "  8  from 2026-01-01\n"
                         "  12 from 2026-07-01\n"
                         "\n"
                         "clause c\n"
                         "  when    pos in 11, 22\n"
                         "  require units <= cap and not (units = 2)\n"
                         "  deny    CO-119 N362 as limit \"{units}\"\n";
    char *result = laid_out("p.adj", text);
    cr_expect_str_eq(result, wanted);
    adj_text_free(result, NULL);
}

/* Comments may stand between any two words. */
Test(layout, comments_stand_anywhere)
{
    static const char *const texts[] = {"policy p\noverridable# one\nparameter cap : count = 2\n",
                                        "policy p # one\n  # two\n  title # three\n    \"P\"\nclause # four\n c # "
                                        "five\n  require # six\n units # seven\n . # "
                                        "eight\n x <= 1\n  warn # nine\n \"x\" # ten\n# eleven\n",
                                        "policy p\ncodes c : cpt # one\n  # two\n  90853, # three\n  90832 # "
                                        "four\ntable t # five\n  (pos) gives # six\n (rate: "
                                        "money) # seven\n  | pos | rate | # eight\n  # nine\n  | 11 | $1.00 | # ten\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *once = laid_out("p.adj", texts[i]), *twice = laid_out("p.adj", once);
        cr_expect_str_eq(once, twice, "text %zu:\n%s\nthen\n%s", i, once, twice);
        cr_expect_eq(comments(texts[i]), comments(once), "text %zu", i);
        adj_text_free(once, NULL);
        adj_text_free(twice, NULL);
    }
}

Test(layout, what_does_not_parse_is_left_alone)
{
    char *result = NULL;
    cr_expect_eq(adj_format("p.adj", "policy p\nclause {", NULL, &result), ADJ_INVALID_POLICY);
    cr_assert_not_null(result);
    cr_expect(strstr(result, "E0101") != NULL || strstr(result, "E0201") != NULL, "%s", result);
    adj_text_free(result, NULL);
}

Test(layout, every_code_has_a_page)
{
    for (size_t i = 0; adj_diagnostic_code(i) != NULL; i++) {
        const char *page = adj_explain_code(adj_diagnostic_code(i));
        cr_assert_not_null(page, "%s has no page", adj_diagnostic_code(i));
        cr_expect_gt(strlen(page), 40u, "%s", adj_diagnostic_code(i));
    }
    cr_expect_null(adj_explain_code("E9999"));
}
