/* adjudge layers: who extends and overrides whom. */
#include "cli/cli.h"

#include <string.h>

static const char usage[] =
    "Usage: adjudge layers PATH...\n"
    "\n"
    "Shows the policies of the files (or of all .adj files under a folder), and those that they extend, as a tree: "
    "under\n"
    "each what it overrides of the layers above, and which exceptions it makes to whose clauses.\n"
    "\n"
    "Example:\n"
    "  adjudge layers policies\n";

int cli_layers(int count, char **arguments)
{
    if (cli_wants_help(count, arguments)) {
        fputs(usage, stdout);
        return EXIT_CLEAN;
    }
    cli_texts files = {0};
    adj_policies *policies = NULL;
    int code = EXIT_CLEAN;
    for (int i = 1; i < count && code == EXIT_CLEAN; i++) {
        if (arguments[i][0] == '-')
            code = cli_usage_error("layers", "there is no option %s", arguments[i]);
        else if (!cli_find_policies(arguments[i], &files))
            code = EXIT_INPUT;
    }
    if (code == EXIT_CLEAN && files.count == 0) code = cli_usage_error("layers", "no policy file was given");
    if (code == EXIT_CLEAN) code = cli_compile(&files, ADJ_EVALUATOR_INTERPRETER, 0, false, &policies);
    if (code == EXIT_CLEAN) {
        const char *tree = adj_policies_layers(policies);
        fputs(*tree == '\0' ? "these files hold no policies\n" : tree, stdout);
    }
    adj_policies_free(policies);
    cli_texts_free(&files);
    return code;
}
