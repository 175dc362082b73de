/* adjudge measure: works out the measures that policies declare over evaluated encounters. */
#include "cli/inputs.h"

#include <jansson.h>
#include <string.h>

static const char usage[] =
    "Usage: adjudge measure CLAIMS... --policy PATH... [--with SIDEFILE]... [options]\n"
    "\n"
    "Judges the claims and works out every `measure` of the policy files and modules: rates, sums and averages, by "
    "the\n"
    "dimensions that each names.\n"
    "\n"
    "  --policy PATH    a policy file or module with measures, or a folder; may be given several times\n"
    "  --with FILE      what lies beside the claims, as in `adjudge check`\n"
    "  --store WHERE    take history and side feeds from a store (adjudge import --help)\n"
    "  --columns FILE   what other people's column names, words and dates in side files mean (docs/formats.md)\n"
    "  --only NAME      one measure alone\n"
    "  --format WORD    text (the default), json (an object a row) or csv\n"
    "  --history, --submit-on, --as-of, --rejects, --threads, --evaluator   as in `adjudge check`\n"
    "\n"
    "Exit codes: 0 the measures were worked out; 2 an input or a policy is wrong; 3 adjudge itself failed.\n"
    "\n"
    "Example:\n"
    "  adjudge measure examples/demo/claims.837 --policy policies --policy examples/harbor \\\n"
    "      --with examples/demo/remittance.csv --with examples/demo/sessions.csv --with examples/demo/attendance.csv\n";

typedef enum measure_format { AS_TEXT, AS_JSON, AS_CSV } measure_format;

typedef struct measure_options {
    cli_inputs inputs;
    measure_format format;
    const char *only;
} measure_options;

static int read_format(const char *word, measure_options *options)
{
    static const char *const words[] = {"text", "json", "csv"};
    for (size_t i = 0; word != NULL && i < 3; i++) {
        if (strcmp(words[i], word) != 0) continue;
        options->format = (measure_format)i;
        return EXIT_CLEAN;
    }
    return cli_usage_error("measure", "--format takes text, json or csv");
}

static int read_options(int count, char **arguments, measure_options *options)
{
    options->inputs.command = "measure";
    for (int i = 1; i < count; i++) {
        const char *argument = arguments[i], *value = i + 1 < count ? arguments[i + 1] : NULL;
        if (argument[0] != '-' || argument[1] == '\0') {
            if (!cli_texts_add(&options->inputs.claims, argument)) return EXIT_OURS;
            continue;
        }
        int code;
        if (strcmp(argument, "--format") == 0) {
            code = read_format(value, options);
        } else if (strcmp(argument, "--only") == 0) {
            options->only = value;
            code = value != NULL ? EXIT_CLEAN : cli_usage_error("measure", "--only takes the name of a measure");
        } else {
            code = cli_inputs_option(&options->inputs, argument, value);
        }
        if (code < 0) return cli_usage_error("measure", "there is no option %s", argument);
        if (code != EXIT_CLEAN) return code;
        i++;
    }
    return cli_inputs_complete(&options->inputs);
}

static void show_text(const adj_measure *measure)
{
    enum { WIDTHS = 16 };
    size_t widths[WIDTHS] = {0}, dimensions = adj_measure_dimension_count(measure);
    const char *title = adj_measure_title(measure);
    printf("%s%s%s\n", adj_measure_name(measure), *title == '\0' ? "" : ": ", title);
    for (size_t d = 0; d < dimensions && d < WIDTHS; d++) {
        widths[d] = strlen(adj_measure_dimension(measure, d));
        for (size_t r = 0; r < adj_measure_row_count(measure); r++) {
            size_t length = strlen(adj_measure_row_at(measure, r).dimensions[d]);
            if (length > widths[d]) widths[d] = length;
        }
    }
    printf(" ");
    for (size_t d = 0; d < dimensions; d++)
        printf(" %-*s ", d < WIDTHS ? (int)widths[d] : 0, adj_measure_dimension(measure, d));
    printf(" %10s  value\n", "subjects");
    for (size_t r = 0; r < adj_measure_row_count(measure); r++) {
        adj_measure_row row = adj_measure_row_at(measure, r);
        printf(" ");
        for (size_t d = 0; d < dimensions; d++) printf(" %-*s ", d < WIDTHS ? (int)widths[d] : 0, row.dimensions[d]);
        printf(" %10zu  %s", row.subjects, row.value);
        if (row.perhaps > 0) printf("  (%zu more may count)", row.perhaps);
        if (row.alert != ADJ_ALERT_NONE)
            printf("  %s: %s", row.alert == ADJ_ALERT_SURE ? "ALERT" : "perhaps", adj_measure_alert(measure));
        printf("\n");
    }
    if (adj_measure_row_count(measure) == 0) printf("  nothing counts\n");
    printf("\n");
}

static void show_json(const adj_measure *measure)
{
    for (size_t r = 0; r < adj_measure_row_count(measure); r++) {
        adj_measure_row row = adj_measure_row_at(measure, r);
        json_t *object = json_object(), *by = json_object();
        json_object_set_new(object, "measure", json_string(adj_measure_name(measure)));
        for (size_t d = 0; d < adj_measure_dimension_count(measure); d++) {
            json_t *text = json_string(row.dimensions[d]);
            json_object_set_new(by, adj_measure_dimension(measure, d), text == NULL ? json_string("?") : text);
        }
        json_object_set_new(object, "by", by);
        json_object_set_new(object, "value", json_string(row.value));
        json_object_set_new(object, "exact", json_boolean(row.exact));
        json_object_set_new(object, "subjects", json_integer((json_int_t)row.subjects));
        json_object_set_new(object, "perhaps", json_integer((json_int_t)row.perhaps));
        static const char *const alerts[] = {"none", "perhaps", "sure"};
        bool asked = *adj_measure_alert(measure) != '\0';
        json_object_set_new(object, "alert", asked ? json_string(alerts[row.alert]) : json_null());
        json_object_set_new(object, "alert_of", asked ? json_string(adj_measure_alert(measure)) : json_null());
        json_dumpf(object, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
        printf("\n");
        json_decref(object);
    }
}

static void csv_cell_out(const char *text)
{
    bool quote = strpbrk(text, ",\"\n\r") != NULL;
    if (quote) putchar('"');
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"') putchar('"');
        putchar(*at);
    }
    if (quote) putchar('"');
}

static void show_csv(const adj_measure *measure)
{
    for (size_t r = 0; r < adj_measure_row_count(measure); r++) {
        adj_measure_row row = adj_measure_row_at(measure, r);
        csv_cell_out(adj_measure_name(measure));
        putchar(',');
        char by[1024] = "";
        size_t used = 0;
        for (size_t d = 0; d < adj_measure_dimension_count(measure) && used < sizeof by; d++) {
            int wrote = snprintf(by + used, sizeof by - used, "%s%s=%s", d == 0 ? "" : "; ",
                                 adj_measure_dimension(measure, d), row.dimensions[d]);
            used += wrote < 0 ? 0 : (size_t)wrote;
        }
        csv_cell_out(by);
        putchar(',');
        csv_cell_out(row.value);
        printf(",%s,%zu,%zu,%s\n", row.exact ? "yes" : "no", row.subjects, row.perhaps,
               row.alert == ADJ_ALERT_SURE      ? "yes"
               : row.alert == ADJ_ALERT_PERHAPS ? "perhaps"
                                                : "no");
    }
}

static int show_all(const measure_options *options, const adj_policies *policies, adj_results *results)
{
    static void (*const show[])(const adj_measure *) = {show_text, show_json, show_csv};
    size_t shown = 0, count = adj_policies_measure_count(policies);
    if (options->format == AS_CSV) printf("measure,by,value,exact,subjects,perhaps,alert\n");
    for (size_t i = 0; i < count; i++) {
        adj_measure *measure = NULL;
        if (adj_results_measure(results, i, &measure) != ADJ_OK) return EXIT_OURS;
        bool wanted = options->only == NULL || strcmp(options->only, adj_measure_name(measure)) == 0;
        if (wanted) show[options->format](measure);
        shown += wanted;
        adj_measure_free(measure);
    }
    if (shown > 0) return fflush(stdout) == 0 && ferror(stdout) == 0 ? EXIT_CLEAN : EXIT_OURS;
    if (options->only != NULL) return cli_usage_error("measure", "no measure is called %s", options->only);
    return cli_usage_error("measure", "these policies declare no measures");
}

static int run(const measure_options *options)
{
    adj_policies *policies = NULL;
    adj_encounters *encounters = NULL;
    adj_results *results = NULL;
    int code = cli_inputs_read(&options->inputs, &policies, &encounters);
    bool readable =
        encounters != NULL && code != EXIT_OURS && (code == EXIT_CLEAN || adj_encounters_line_count(encounters) > 0);
    if (readable) {
        int judged = cli_inputs_evaluate(&options->inputs, policies, encounters, &results);
        if (judged == EXIT_CLEAN) judged = show_all(options, policies, results);
        if (judged != EXIT_CLEAN) code = judged;
    }
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    return code;
}

int cli_measure(int count, char **arguments)
{
    if (cli_wants_help(count, arguments)) {
        fputs(usage, stdout);
        return EXIT_CLEAN;
    }
    measure_options options = {0};
    int code = read_options(count, arguments, &options);
    if (code == EXIT_CLEAN) code = run(&options);
    cli_inputs_free(&options.inputs);
    return code;
}
