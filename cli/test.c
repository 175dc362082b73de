/* adjudge test: runs the tests written in policies. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: adjudge test PATH... [--evaluator best|interpreter|machine|both] [--verbose]\n"
    "\n"
    "Runs the tests written in policy files, or in all .adj files under a folder. A failed test shows what it\n"
    "expected and what came out.\n"
    "\n"
    "  --evaluator WORD  which evaluator judges; `both` also fails a test on which the two differ (the default)\n"
    "  --verbose         name the tests that pass, too\n"
    "\n"
    "Example:\n"
    "  adjudge test policies/\n";

static int run_all(adj_policies *policies, adj_evaluator evaluator, bool verbose)
{
    adj_options options = {.evaluator = evaluator};
    size_t count = adj_policies_test_count(policies), failed = 0;
    bool colour = cli_colour(stdout);
    const char *red = colour ? "\033[31m" : "", *green = colour ? "\033[32m" : "", *off = colour ? "\033[0m" : "";
    for (size_t i = 0; i < count; i++) {
        adj_test_result result;
        adj_status status = adj_policies_run_test(policies, i, &options, &result);
        if (status != ADJ_OK) {
            fprintf(stderr, "adjudge test: %s\n", adj_status_name(status));
            return EXIT_OURS;
        }
        if (result.passed && verbose) printf("%spass%s  %s: %s\n", green, off, result.policy, result.title);
        if (result.passed) continue;
        failed++;
        printf("%sFAIL%s  %s: %s (%s:%zu)\n%s", red, off, result.policy, result.title, result.file, result.line,
               result.difference);
    }
    if (count == 0) fprintf(stderr, "adjudge test: these files hold no tests\n");
    printf("%zu passed, %zu failed\n", count - failed, failed);
    return failed > 0 ? EXIT_DENIED : EXIT_CLEAN;
}

typedef struct test_options {
    cli_texts files;
    adj_evaluator evaluator;
    bool verbose;
} test_options;

static int read_options(int count, char **arguments, test_options *options)
{
    for (int i = 1; i < count; i++) {
        const char *argument = arguments[i];
        if (strcmp(argument, "--verbose") == 0) {
            options->verbose = true;
        } else if (strcmp(argument, "--evaluator") == 0) {
            i++;
            bool good = i < count && cli_read_evaluator(arguments[i], &options->evaluator);
            if (!good) return cli_usage_error("test", "--evaluator takes best, interpreter, machine or both");
        } else if (argument[0] == '-' && argument[1] != '\0') {
            return cli_usage_error("test", "there is no option %s", argument);
        } else if (!cli_find_policies(argument, &options->files)) {
            return EXIT_INPUT;
        }
    }
    return options->files.count > 0 ? EXIT_CLEAN : cli_usage_error("test", "no policy file was given");
}

int cli_test(int count, char **arguments)
{
    if (cli_wants_help(count, arguments)) {
        fputs(usage, stdout);
        return EXIT_CLEAN;
    }
    test_options options = {.evaluator = adj_has_machine_code() ? ADJ_EVALUATOR_BOTH : ADJ_EVALUATOR_INTERPRETER};
    int code = read_options(count, arguments, &options);
    adj_policies *policies = NULL;
    if (code == EXIT_CLEAN) code = cli_compile(&options.files, options.evaluator, cli_today(), false, &policies);
    if (code == EXIT_CLEAN) code = run_all(policies, options.evaluator, options.verbose);
    adj_policies_free(policies);
    cli_texts_free(&options.files);
    return code;
}
