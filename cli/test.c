/* adjudge test: runs the tests written in policies. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: adjudge test PATH... [--evaluator best|interpreter|machine|both] [--verbose] [--coverage] [--boundaries]\n"
    "\n"
    "Runs the tests written in policy files, or in all .adj files under a folder. A failed test shows what it\n"
    "expected and what came out.\n"
    "\n"
    "  --evaluator WORD  which evaluator judges; `both` also fails a test on which the two differ (the default)\n"
    "  --verbose         name the tests that pass, too\n"
    "  --coverage        tell of clauses that no test has pass, or fail, of exceptions that excuse nothing and of "
    "table rows\n"
    "                    that no test meets; any of them fails the run\n"
    "  --boundaries      change every number and date by one, down and up, and tell of those of which no test then "
    "fails;\n"
    "                    any of them fails the run\n"
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
            const char *why = status == ADJ_INTERNAL ? adj_policies_diagnostics(policies) : "";
            fprintf(stderr, "adjudge test: %s%s%s\n", adj_status_name(status), *why == '\0' ? "" : ": ", why);
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

/* What no test showed, in words; NULL where all was. */
static const char *left_out(const adj_covered *c)
{
    if (c->kind == ADJ_COVERED_EXCEPTION) return c->held ? NULL : "excuses nothing in any test";
    if (c->kind == ADJ_COVERED_TABLE_ROW) return c->held ? NULL : "is met by no test";
    return !c->held && !c->failed ? "is neither passed nor failed in any test"
           : !c->held             ? "is passed in no test"
           : !c->failed           ? "is failed in no test"
                                  : NULL;
}

static void say_left_out(const adj_covered *c, const char *why)
{
    printf("  %s:%zu: ", c->file, c->line);
    if (c->kind == ADJ_COVERED_CLAUSE) printf("clause %s %s\n", c->name, why);
    if (c->kind == ADJ_COVERED_TABLE_ROW) printf("a row of table %s %s\n", c->name, why);
    if (c->kind == ADJ_COVERED_EXCEPTION)
        printf("the exception%s%s of clause %s %s\n", *c->name == '\0' ? "" : " ", c->name, c->clause, why);
}

/* What the tests cover; false if anything is left out. */
static bool report_coverage(adj_policies *policies)
{
    static const char *const names[] = {"clauses", "exceptions", "table rows"};
    size_t count, all[3] = {0}, covered[3] = {0};
    const adj_covered *list = adj_policies_coverage(policies, &count);
    if (list == NULL) return false;
    for (size_t i = 0; i < count; i++) {
        all[list[i].kind]++;
        covered[list[i].kind] += left_out(&list[i]) == NULL;
    }
    printf("Coverage:");
    for (size_t k = 0; k < 3; k++) printf("%s %zu of %zu %s", k == 0 ? "" : ",", covered[k], all[k], names[k]);
    printf("\n");
    for (size_t i = 0; i < count; i++) {
        const char *why = left_out(&list[i]);
        if (why != NULL) say_left_out(&list[i], why);
    }
    return covered[0] == all[0] && covered[1] == all[1] && covered[2] == all[2];
}

/* Which numbers and dates no test holds in place; false if there are any. */
static bool report_boundaries(const cli_texts *files, int *code)
{
    adj_boundaries *boundaries = NULL;
    adj_status status =
        adj_boundaries_find((const char *const *)files->items, files->count, NULL, NULL, NULL, &boundaries);
    if (status != ADJ_OK) {
        fprintf(stderr, "adjudge test: %s\n", adj_status_name(status));
        *code = EXIT_OURS;
        return true;
    }
    size_t count = adj_boundaries_count(boundaries), held = 0;
    for (size_t i = 0; i < count; i++) {
        adj_boundary b = adj_boundaries_at(boundaries, i);
        held += b.held_below && b.held_above;
    }
    printf("Boundaries: %zu of %zu numbers and dates are held on both sides\n", held, count);
    for (size_t i = 0; i < count; i++) {
        adj_boundary b = adj_boundaries_at(boundaries, i);
        if (b.held_below && b.held_above) continue;
        bool both = !b.held_below && !b.held_above;
        printf("  %s:%zu:%zu: no test fails where `%s` has %s%s%s\n", b.file, b.line, b.column, b.written,
               b.held_below ? b.more : b.less, both ? ", or " : "", both ? b.more : "");
    }
    adj_boundaries_free(boundaries);
    return held == count;
}

typedef struct test_options {
    cli_texts files;
    adj_evaluator evaluator;
    bool verbose, coverage, boundaries;
} test_options;

static int read_options(int count, char **arguments, test_options *options)
{
    for (int i = 1; i < count; i++) {
        const char *argument = arguments[i];
        if (strcmp(argument, "--verbose") == 0) {
            options->verbose = true;
        } else if (strcmp(argument, "--coverage") == 0) {
            options->coverage = true;
        } else if (strcmp(argument, "--boundaries") == 0) {
            options->boundaries = true;
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
    /* Machine code is made for the first test: of a library it takes seconds, and there may be none. */
    bool alone = options.evaluator == ADJ_EVALUATOR_INTERPRETER;
    adj_evaluator compiled = alone ? ADJ_EVALUATOR_INTERPRETER : ADJ_EVALUATOR_BEST;
    if (code == EXIT_CLEAN) code = cli_compile(&options.files, compiled, cli_today(), false, &policies);
    if (code == EXIT_CLEAN) code = run_all(policies, options.evaluator, options.verbose);
    bool ran = code == EXIT_CLEAN || code == EXIT_DENIED;
    if (ran && options.coverage && !report_coverage(policies)) code = EXIT_DENIED;
    adj_policies_free(policies);
    if (code == EXIT_CLEAN && options.boundaries && !report_boundaries(&options.files, &code)) code = EXIT_DENIED;
    cli_texts_free(&options.files);
    return code;
}
