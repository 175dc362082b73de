/* adjudge check: reads claims and side files, judges every line, and explains what it found. */
#include "cli/inputs.h"
#include "cli/report.h"

#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: adjudge check CLAIMS... --policy PATH... [--with SIDEFILE]... [options]\n"
    "\n"
    "Predicts, for every line of the claims (X12 837P or 837I, FHIR, CSV or NDJSON; - is standard input), whether the\n"
    "policies deny it, by which clause and why, with the facts that decided and the change that would cure it.\n"
    "\n"
    "  --policy PATH       a policy file, or a folder of them; may be given several times\n"
    "  --with FILE         what lies beside the claims: sessions, attendance, authorizations, eligibility, history,\n"
    "                      remittances, schedule, rates and records of your own as CSV or NDJSON; 835, 271, 277 and\n"
    "                      278; FHIR resources; other claims, which are then known and not judged\n"
    "  --store WHERE       take history and side feeds from a store (adjudge import --help)\n"
    "  --save              keep the predictions there, so that they can be made again (adjudge reproduce --help)\n"
    "  --columns FILE      what other people's column names, words and dates in side files mean (docs/formats.md)\n"
    "  --rejects FILE      write what could not be read there, in its own format, to be mended and read again\n"
    "  --history WORD      complete (the default): the history files hold all that the payer has; own: only this\n"
    "                      provider's lines, so that counts are lower bounds\n"
    "  --submit-on DATE    the day the claims will reach the payer; else the date of their transaction counts\n"
    "  --as-of DATE        judge as on that day: history of later days does not count\n"
    "  --format WORD       text (the default), json (an object a line) or csv\n"
    "  --only-findings     leave out lines that pass\n"
    "  --memory SIZE       keep to about this much memory (512M, 4G): what is read goes through temporary files, in "
    "the\n"
    "                      folder that TMPDIR names, and is judged in parts; the report is the same\n"
    "  --redact            hide what tells who a member is, in the report and in messages: identifiers, dates of birth "
    "and\n"
    "                      death, sex, state, age, numbers of authorizations and referrals, and what could not be "
    "read\n"
    "  --threads N         read and judge on so many threads (as many as there are processors); the report is the "
    "same\n"
    "  --evaluator WORD    best, interpreter, machine or both\n"
    "  --no-summary        leave out the totals\n"
    "\n"
    "Exit codes: 0 nothing is predicted denied; 1 something is; 2 an input or a policy is wrong, or, where nothing is\n"
    "denied, a record could not be read; 3 adjudge itself failed.\n"
    "\n"
    "Example:\n"
    "  adjudge check examples/demo/claims.837 --policy policies --policy examples/harbor \\\n"
    "      --with examples/demo/sessions.csv --with examples/demo/attendance.csv --with examples/demo/history.csv\n";

typedef struct check_options {
    cli_inputs inputs;
    const cli_format *format;
    bool only_findings, no_summary;
    size_t memory; /* bytes that a part may take; 0 for all at once */
} check_options;

int cli_read_format(const char *command, const char *word, const cli_format **format)
{
    static const cli_format *const formats[] = {&cli_text_format, &cli_json_format, &cli_csv_format};
    for (size_t i = 0; word != NULL && i < 3; i++) {
        if (strcmp(formats[i]->name, word) != 0) continue;
        *format = formats[i];
        return EXIT_CLEAN;
    }
    return cli_usage_error(command, "--format takes text, json or csv");
}

/* "512M", "2G". */
static int read_memory(const char *text, size_t *bytes)
{
    char *end = NULL;
    unsigned long long number = text == NULL || *text < '0' || *text > '9' ? 0 : strtoull(text, &end, 10);
    size_t unit = end == NULL             ? 0
                  : strcmp(end, "M") == 0 ? (size_t)1 << 20
                  : strcmp(end, "G") == 0 ? (size_t)1 << 30
                                          : 0;
    if (number == 0 || number > 1000000 || unit == 0)
        return cli_usage_error("check", "--memory takes a size such as 512M or 4G");
    *bytes = (size_t)number * unit;
    return EXIT_CLEAN;
}

static int read_options(int count, char **arguments, check_options *options)
{
    options->format = &cli_text_format;
    options->inputs.command = "check";
    for (int i = 1; i < count; i++) {
        const char *argument = arguments[i];
        if (argument[0] != '-' || argument[1] == '\0') {
            if (!cli_texts_add(&options->inputs.claims, argument)) return EXIT_OURS;
        } else if (strcmp(argument, "--only-findings") == 0) {
            options->only_findings = true;
        } else if (strcmp(argument, "--no-summary") == 0) {
            options->no_summary = true;
        } else if (strcmp(argument, "--redact") == 0) {
            options->inputs.redact = true;
        } else if (strcmp(argument, "--save") == 0) {
            options->inputs.save = true;
        } else {
            const char *value = i + 1 < count ? arguments[i + 1] : NULL;
            int code = strcmp(argument, "--format") == 0   ? cli_read_format("check", value, &options->format)
                       : strcmp(argument, "--memory") == 0 ? read_memory(value, &options->memory)
                                                           : cli_inputs_option(&options->inputs, argument, value);
            if (code < 0) return cli_usage_error("check", "there is no option %s", argument);
            if (code != EXIT_CLEAN) return code;
            i++;
        }
    }
    if (options->memory > 0 && options->inputs.save)
        return cli_usage_error("check", "--save keeps all predictions of a run together; it cannot go with --memory");
    return cli_inputs_complete(&options->inputs);
}

static int run(const check_options *options)
{
    if (options->memory > 0)
        return cli_check_in_parts(&options->inputs, options->memory, options->format, options->only_findings,
                                  options->no_summary);
    adj_policies *policies = NULL;
    adj_encounters *encounters = NULL;
    adj_results *results = NULL;
    int code = cli_inputs_read(&options->inputs, &policies, &encounters);
    bool readable =
        encounters != NULL && code != EXIT_OURS && (code == EXIT_CLEAN || adj_encounters_line_count(encounters) > 0);
    if (readable) {
        int judged = cli_inputs_evaluate(&options->inputs, policies, encounters, &results);
        if (judged == EXIT_CLEAN) {
            int reported = cli_report_all(options->format, options->only_findings, options->no_summary,
                                          cli_inputs_threads(&options->inputs), results, encounters);
            if (code == EXIT_CLEAN || reported == EXIT_OURS) code = reported;
            int saved = code == EXIT_OURS ? code : cli_inputs_save(&options->inputs, policies, results);
            if (saved != EXIT_CLEAN) code = saved;
        } else {
            code = judged;
        }
    }
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    return code;
}

int cli_check(int count, char **arguments)
{
    if (cli_wants_help(count, arguments)) {
        fputs(usage, stdout);
        return EXIT_CLEAN;
    }
    check_options options = {0};
    int code = read_options(count, arguments, &options);
    if (code == EXIT_CLEAN) code = run(&options);
    cli_inputs_free(&options.inputs);
    return code;
}
