/* The adjudge command: finds the subcommand and gives it the rest. */
#include "cli/cli.h"

#include <stdarg.h>
#include <string.h>

static const char usage[] =
    "adjudge predicts which lines of a claim a payer will deny, and names the clause that will cause it.\n"
    "\n"
    "Usage:\n"
    "  adjudge check CLAIMS... --policy PATH... [--with SIDEFILE]...   judge claims and explain every finding\n"
    "  adjudge test PATH...                                           run the tests written in policies\n"
    "  adjudge measure CLAIMS... --policy PATH... [--with SIDEFILE]... work out the measures of policies\n"
    "  adjudge import FILE... --store WHERE                            add history and side feeds to a store\n"
    "  adjudge history --store WHERE [--member ID]                     what a store knows\n"
    "  adjudge reproduce RUN --store WHERE                             make kept predictions again, and compare\n"
    "  adjudge convert CLAIMS... --to FORM                            write claims as 837P, 835, NDJSON or CSV\n"
    "  adjudge generate --lines N --output FOLDER                     made-up encounters with mistakes and their key\n"
    "  adjudge new policy|table|test NAME                             a beginning to go on from\n"
    "  adjudge fmt PATH... [--check]                                  lay policies out in their one form\n"
    "  adjudge explain CODE                                           what an error or warning means\n"
    "  adjudge layers PATH...                                         who extends and overrides whom\n"
    "  adjudge table diff OLD NEW --key COLUMNS                       how a table's file changed\n"
    "  adjudge dump --stage STAGE FILE                                show a policy as the compiler sees it\n"
    "  adjudge COMMAND --help                                         what a command takes, with examples\n"
    "  adjudge --version\n"
    "\n"
    "Exit codes: 0 nothing is predicted denied; 1 something is, or a test failed; 2 an input or a policy is wrong;\n"
    "3 adjudge itself failed.\n";

int cli_usage_error(const char *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "adjudge %s: ", command);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\nTry `adjudge %s --help`.\n", command);
    va_end(arguments);
    return EXIT_INPUT;
}

int main(int count, char **arguments)
{
    static const struct {
        const char *name;
        int (*run)(int, char **);
    } commands[] = {
        {"check", cli_check},       {"test", cli_test},       {"dump", cli_dump},           {"measure", cli_measure},
        {"fmt", cli_fmt},           {"explain", cli_explain}, {"layers", cli_layers},       {"table", cli_table},
        {"import", cli_import},     {"history", cli_history}, {"reproduce", cli_reproduce}, {"convert", cli_convert},
        {"generate", cli_generate}, {"new", cli_new}};
    const char *command = count > 1 ? arguments[1] : "";
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, command) == 0) return commands[i].run(count - 1, arguments + 1);
    }
    if (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0 || strcmp(command, "help") == 0) {
        fputs(usage, stdout);
        return EXIT_CLEAN;
    }
    if (strcmp(command, "--version") == 0) {
        printf("adjudge %s (%s)\n", adj_version(),
               adj_has_machine_code() ? "machine code by LLVM" : "interpreter only");
        return EXIT_CLEAN;
    }
    if (*command == '\0')
        fputs(usage, stderr);
    else
        fprintf(stderr, "adjudge: there is no command `%s`\n\n%s", command, usage);
    return EXIT_INPUT;
}
