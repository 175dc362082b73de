/* adjudge check: reads claims and side files, judges every line, and explains what it found. */
#include "cli/report.h"

#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: adjudge check CLAIMS... --policy PATH... [--with SIDEFILE]... [options]\n"
    "\n"
    "Predicts, for every line of the claims (X12 837P files; - is standard input), whether the policies deny it, by\n"
    "which clause and why, with the facts that decided and the change that would cure it.\n"
    "\n"
    "  --policy PATH       a policy file, or a folder of them; may be given several times\n"
    "  --with SIDEFILE     sessions, attendance, authorizations, eligibility, history, claims or payers as CSV; the\n"
    "                      header tells which (docs/formats.md lists the columns)\n"
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
    cli_texts claims, policies, sides;
    const cli_format *format;
    adj_evaluator evaluator;
    bool only_findings, no_summary, history_is_own, submit_given, as_of_given, policy_missing;
    int32_t submit_on, as_of;
} check_options;

static int read_date_option(const char *name, const char *text, bool *given, int32_t *day)
{
    *given = text != NULL && adj_read_date(text, day);
    if (*given) return EXIT_CLEAN;
    return cli_usage_error("check", "%s takes a date that exists, as YYYY-MM-DD", name);
}

static int read_format(const char *word, check_options *options)
{
    static const cli_format *const formats[] = {&cli_text_format, &cli_json_format, &cli_csv_format};
    for (size_t i = 0; word != NULL && i < 3; i++) {
        if (strcmp(formats[i]->name, word) != 0) continue;
        options->format = formats[i];
        return EXIT_CLEAN;
    }
    return cli_usage_error("check", "--format takes text, json or csv");
}

static int read_history(const char *word, check_options *options)
{
    bool own = word != NULL && strcmp(word, "own") == 0, complete = word != NULL && strcmp(word, "complete") == 0;
    options->history_is_own = own;
    return own || complete ? EXIT_CLEAN : cli_usage_error("check", "--history takes complete or own");
}

/* Options with a value; -1 if it is none of them. */
static int valued_option(const char *name, const char *value, check_options *options)
{
    if (strcmp(name, "--policy") == 0) {
        if (value == NULL) return cli_usage_error("check", "--policy takes a file or folder");
        options->policy_missing = !cli_find_policies(value, &options->policies) || options->policy_missing;
        return EXIT_CLEAN;
    }
    if (strcmp(name, "--with") == 0) {
        if (value == NULL) return cli_usage_error("check", "--with takes a side file");
        return cli_texts_add(&options->sides, value) ? EXIT_CLEAN : EXIT_OURS;
    }
    if (strcmp(name, "--format") == 0) return read_format(value, options);
    if (strcmp(name, "--history") == 0) return read_history(value, options);
    if (strcmp(name, "--submit-on") == 0)
        return read_date_option(name, value, &options->submit_given, &options->submit_on);
    if (strcmp(name, "--as-of") == 0) return read_date_option(name, value, &options->as_of_given, &options->as_of);
    if (strcmp(name, "--evaluator") == 0) {
        if (value != NULL && cli_read_evaluator(value, &options->evaluator)) return EXIT_CLEAN;
        return cli_usage_error("check", "--evaluator takes best, interpreter, machine or both");
    }
    return -1;
}

static int read_options(int count, char **arguments, check_options *options)
{
    options->format = &cli_text_format;
    for (int i = 1; i < count; i++) {
        const char *argument = arguments[i];
        if (argument[0] != '-' || argument[1] == '\0') {
            if (!cli_texts_add(&options->claims, argument)) return EXIT_OURS;
        } else if (strcmp(argument, "--only-findings") == 0) {
            options->only_findings = true;
        } else if (strcmp(argument, "--no-summary") == 0) {
            options->no_summary = true;
        } else {
            int code = valued_option(argument, i + 1 < count ? arguments[i + 1] : NULL, options);
            if (code < 0) return cli_usage_error("check", "there is no option %s", argument);
            if (code != EXIT_CLEAN) return code;
            i++;
        }
    }
    if (options->policy_missing) return EXIT_INPUT;
    if (options->claims.count == 0) return cli_usage_error("check", "no claims file was given");
    if (options->policies.count == 0) return cli_usage_error("check", "no policy was given; add --policy PATH");
    return EXIT_CLEAN;
}

static void show_problems(const adj_encounters *encounters)
{
    static const char *const words[] = {"error", "warning", "note"};
    for (size_t i = 0; i < adj_encounters_problem_count(encounters); i++) {
        adj_problem p = adj_encounters_problem(encounters, i);
        fprintf(stderr, "%s[%s]: %s", words[p.severity], p.code, p.file);
        if (p.line > 0) fprintf(stderr, ":%zu:%zu", p.line, p.column);
        if (p.segment > 0) fprintf(stderr, " (segment %zu)", p.segment);
        if (p.claim != NULL && *p.claim != '\0') fprintf(stderr, " claim %s", p.claim);
        fprintf(stderr, ": %s\n", p.message);
    }
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

static int report_all(const check_options *options, adj_results *results, const adj_encounters *encounters)
{
    cli_report report = {.out = stdout, .colour = cli_colour(stdout), .only_findings = options->only_findings};
    int code = EXIT_CLEAN;
    options->format->begin(&report);
    size_t count = adj_results_count(results);
    for (size_t i = 0; i < count; i++) {
        adj_line line = adj_results_line(results, i);
        adj_explanation *explanation = NULL;
        if (line.findings > 0 && adj_results_explain(results, i, &explanation) != ADJ_OK) {
            code = EXIT_OURS;
            break;
        }
        options->format->line(&report, &line, explanation);
        tally_line(&report, &line, explanation);
        adj_explanation_free(explanation);
        progress(i + 1, count);
    }
    options->format->end(&report);
    bool text = options->format == &cli_text_format;
    if (!options->no_summary && code == EXIT_CLEAN) {
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

static int read_all(const check_options *options, adj_encounters *encounters)
{
    int code = EXIT_CLEAN;
    const cli_texts *lists[] = {&options->claims, &options->sides};
    for (size_t l = 0; l < 2; l++) {
        for (size_t i = 0; i < lists[l]->count; i++) {
            adj_status status = adj_encounters_read(encounters, lists[l]->items[i]);
            if (status == ADJ_OUT_OF_MEMORY) return EXIT_OURS;
            if (status != ADJ_OK) code = EXIT_INPUT;
        }
    }
    return adj_encounters_finish(encounters) == ADJ_OK ? code : EXIT_OURS;
}

static int run(const check_options *options)
{
    adj_policies *policies = NULL;
    int code = cli_compile(&options->policies, options->evaluator, &policies);
    if (code == EXIT_CLEAN && adj_policies_policy_count(policies) == 0) {
        code = cli_usage_error("check", "the policy files hold only modules; name a file that begins with `policy`");
    }
    adj_encounters *encounters = code == EXIT_CLEAN ? adj_encounters_new_for(policies, NULL) : NULL;
    adj_results *results = NULL;
    if (code == EXIT_CLEAN && encounters == NULL) code = EXIT_OURS;
    if (code == EXIT_CLEAN) {
        if (options->history_is_own) adj_encounters_history_is_own(encounters);
        if (options->submit_given) adj_encounters_submit_on(encounters, options->submit_on);
        if (options->as_of_given) adj_encounters_as_of(encounters, options->as_of);
        code = read_all(options, encounters);
        show_problems(encounters);
    }
    bool readable =
        encounters != NULL && code != EXIT_OURS && (code == EXIT_CLEAN || adj_encounters_line_count(encounters) > 0);
    if (readable) {
        adj_options evaluation = {.evaluator = options->evaluator};
        adj_status status = adj_evaluate(policies, encounters, &evaluation, &results);
        if (status == ADJ_OK) {
            int reported = report_all(options, results, encounters);
            if (code == EXIT_CLEAN || reported == EXIT_OURS) code = reported;
        } else {
            bool lacking = status == ADJ_NOT_FOUND;
            fprintf(stderr, "adjudge check: %s\n",
                    lacking ? "this build has no machine code" : adj_status_name(status));
            code = lacking ? EXIT_INPUT : EXIT_OURS;
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
    cli_texts_free(&options.claims);
    cli_texts_free(&options.policies);
    cli_texts_free(&options.sides);
    return code;
}
