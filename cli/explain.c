/* adjudge explain: the page of an error or warning. */
#include "cli/cli.h"

#include <ctype.h>
#include <string.h>

static const char usage[] =
    "Usage: adjudge explain CODE\n"
    "       adjudge explain --all\n"
    "\n"
    "Says what an error or warning means, why it is said, and what to write instead. CODE is what stands in brackets "
    "in\n"
    "the message, or the name of a lint. --all writes every page, as docs/diagnostics.md has them.\n"
    "\n"
    "Example:\n"
    "  adjudge explain E0504\n";

static void show(size_t index)
{
    const char *code = adj_diagnostic_code(index);
    printf("%s %s: %s\n\n%s", code, adj_diagnostic_label(index), adj_diagnostic_about(index), adj_explain_code(code));
}

/* As a page of documents: the examples of explain_code are indented by two, which Markdown wants as four. */
static void show_document(size_t index)
{
    const char *code = adj_diagnostic_code(index), *page = adj_explain_code(code);
    printf("\n## %s %s\n\n%c%s.\n\n", code, adj_diagnostic_label(index),
           toupper((unsigned char)*adj_diagnostic_about(index)), adj_diagnostic_about(index) + 1);
    bool start = true, example = false;
    for (const char *at = page; *at != '\0'; at++) {
        if (start) example = strncmp(at, "  ", 2) == 0;
        if (start && example) fputs("  ", stdout);
        putchar(*at);
        start = *at == '\n';
    }
}

static int show_all(void)
{
    printf("# Every error and warning\n\nMade by `adjudge explain --all` from the table that the messages come from; a "
           "test compares the two.\nCodes never change their meaning. Warnings are lints: `allow NAME \"reason\"` "
           "silences one in its declaration, or, in\nthe header, in its file.\n");
    for (size_t i = 0; adj_diagnostic_code(i) != NULL; i++) show_document(i);
    return EXIT_CLEAN;
}

int cli_explain(int count, char **arguments)
{
    if (cli_wants_help(count, arguments)) {
        fputs(usage, stdout);
        return EXIT_CLEAN;
    }
    if (count != 2) return cli_usage_error("explain", "name one code, such as E0504");
    if (strcmp(arguments[1], "--all") == 0) return show_all();
    char code[64];
    snprintf(code, sizeof code, "%s", arguments[1]);
    for (char *at = code; *at != '\0' && strlen(code) == 5; at++) *at = (char)toupper((unsigned char)*at);
    for (size_t i = 0; adj_diagnostic_code(i) != NULL; i++) {
        bool same = strcmp(adj_diagnostic_code(i), code) == 0 || strcmp(adj_diagnostic_label(i), arguments[1]) == 0;
        if (!same) continue;
        show(i);
        return EXIT_CLEAN;
    }
    return cli_usage_error("explain", "there is no error or warning %s; codes look like E0504 or W0001", arguments[1]);
}
