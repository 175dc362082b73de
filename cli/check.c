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
        } else if (strcmp(argument, "--save") == 0) {
            options->inputs.save = true;
        } else {
            const char *value = i + 1 < count ? arguments[i + 1] : NULL;
            int code = strcmp(argument, "--format") == 0 ? cli_read_format("check", value, &options->format)
                                                         : cli_inputs_option(&options->inputs, argument, value);
            if (code < 0) return cli_usage_error("check", "there is no option %s", argument);
            if (code != EXIT_CLEAN) return code;
            i++;
        }
    }
    return cli_inputs_complete(&options->inputs);
}

/* A bar on standard error for long work, on a terminal only. */
static void progress(size_t done, size_t total)
{
    enum { WIDTH = 40, SHOWN_FROM = 5000 };
    if (total < SHOWN_FROM || !cli_colour(stderr) || (done % 500 != 0 && done != total)) return;
    size_t filled = done * WIDTH / total;
    fprintf(stderr, "\r[");
    for (size_t i = 0; i < WIDTH; i++) fputc(i < filled ? '#' : ' ', stderr);
    fprintf(stderr, "] %3zu%%%s", done * 100 / total, done == total ? "\r\033[K" : "");
    fflush(stderr);
}

/* Each field counts once a line, however many clauses ask for it. */
static void tally_missing(cli_report *report, const adj_explanation *explanation, int64_t cents)
{
    const char *seen[32];
    size_t count = 0;
    for (size_t i = 0; explanation != NULL && i < adj_explanation_count(explanation); i++) {
        const adj_finding *finding = adj_explanation_finding(explanation, i);
        if (finding->outcome != ADJ_CANNOT_TELL) continue; /* its clause says itself what then */
        for (size_t m = 0; m < finding->missing_count; m++) {
            bool again = false;
            for (size_t k = 0; k < count; k++) again = again || strcmp(seen[k], finding->missing[m]) == 0;
            if (again || count == sizeof seen / sizeof *seen) continue;
            seen[count++] = finding->missing[m];
            cli_tally_add(&report->missing, finding->missing[m], cents);
        }
    }
}

static void tally_line(cli_report *report, const adj_line *line, const adj_explanation *explanation)
{
    report->lines++;
    report->verdicts[line->verdict]++;
    int64_t cents = line->charge_known ? line->charge : 0;
    report->at_risk[line->verdict] += cents;
    if (line->verdict == ADJ_NOT_ADJUDICATED && strcmp(line->reason, "no policy names its payer") == 0) {
        cli_tally_add(&report->strangers, line->payer, cents);
    }
    if (line->verdict == ADJ_CANNOT_TELL) tally_missing(report, explanation, cents);
    bool primary = true;
    for (size_t i = 0; explanation != NULL && i < adj_explanation_count(explanation); i++) {
        const adj_finding *finding = adj_explanation_finding(explanation, i);
        if (finding->verdict != ADJ_CLAUSE_FAIL) continue;
        char name[256];
        snprintf(name, sizeof name, "%s  %s.%s", adj_verdict_name(finding->outcome), finding->policy, finding->clause);
        cli_tally_add(&report->clauses, name, cents);
        bool counts = primary && finding->outcome == line->verdict;
        if (!counts) continue;
        primary = false;
        snprintf(name, sizeof name, "%s%s%s", finding->group_code, *finding->reason_code ? "-" : "no reason code",
                 finding->reason_code);
        cli_tally_add(&report->reasons, name, cents);
        if (*finding->category != '\0') cli_tally_add(&report->categories, finding->category, cents);
    }
}

int cli_report_all(const cli_format *format, bool only_findings, bool no_summary, adj_results *results,
                   const adj_encounters *encounters)
{
    cli_report report = {.out = stdout, .colour = cli_colour(stdout), .only_findings = only_findings};
    int code = EXIT_CLEAN;
    format->begin(&report);
    size_t count = adj_results_count(results);
    for (size_t i = 0; i < count; i++) {
        adj_line line = adj_results_line(results, i);
        adj_explanation *explanation = NULL;
        bool failed = line.out_of_memory;
        if (!failed && line.findings > 0) failed = adj_results_explain(results, i, &explanation) != ADJ_OK;
        if (failed) {
            fprintf(stderr, "adjudge check: memory ran out\n");
            code = EXIT_OURS;
            break;
        }
        format->line(&report, &line, explanation);
        tally_line(&report, &line, explanation);
        adj_explanation_free(explanation);
        progress(i + 1, count);
    }
    format->end(&report);
    bool text = format == &cli_text_format;
    if (!no_summary && code == EXIT_CLEAN) {
        cli_summary(&report, encounters, text ? stdout : stderr, text ? report.colour : cli_colour(stderr));
    }
    bool incomplete = adj_encounters_rejected_count(encounters) > 0 || report.verdicts[ADJ_UNREADABLE] > 0;
    if (code == EXIT_CLEAN && report.verdicts[ADJ_DENY] > 0)
        code = EXIT_DENIED;
    else if (code == EXIT_CLEAN && incomplete)
        code = EXIT_INPUT;
    cli_tallies_free(&report.clauses);
    cli_tallies_free(&report.reasons);
    cli_tallies_free(&report.categories);
    cli_tallies_free(&report.missing);
    cli_tallies_free(&report.strangers);
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        fprintf(stderr, "adjudge check: the report could not be written\n");
        return EXIT_OURS;
    }
    return code;
}

static int run(const check_options *options)
{
    adj_policies *policies = NULL;
    adj_encounters *encounters = NULL;
    adj_results *results = NULL;
    int code = cli_inputs_read(&options->inputs, &policies, &encounters);
    bool readable =
        encounters != NULL && code != EXIT_OURS && (code == EXIT_CLEAN || adj_encounters_line_count(encounters) > 0);
    if (readable) {
        int judged = cli_inputs_evaluate(&options->inputs, policies, encounters, &results);
        if (judged == EXIT_CLEAN) {
            int reported =
                cli_report_all(options->format, options->only_findings, options->no_summary, results, encounters);
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
