/* adjudge generate: made-up encounters, with mistakes and the key to them. */
#include "cli/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: adjudge generate --lines N --output FOLDER [options]\n"
    "\n"
    "Makes the encounters of a group practice with several programs, therapists, payers and plans: claims, sessions,\n"
    "attendance, schedule, authorizations, eligibility and remittances. Some lines have a mistake; key.csv says which "
    "and\n"
    "which one. The same options give the same bytes.\n"
    "\n"
    "  --lines N              service lines to make\n"
    "  --output FOLDER        where to write\n"
    "  --form FORM            837 (claims.837 and payments.835, the rest as CSV; the default), ndjson or csv\n"
    "  --seed NUMBER          another practice for each (1)\n"
    "  --from, --to DATE      the days of service (2026-01-01 to 2027-12-31)\n"
    "  --mistakes SHARE       the share of lines with a mistake, all kinds alike (0.05)\n"
    "  --mistake KIND=SHARE   the share of one kind; may be given several times. Kinds:\n";

typedef struct generate_options {
    adj_generator generator;
    const char *folder;
} generate_options;

static bool read_share(const char *text, int32_t *in_a_million)
{
    char *end;
    double share = text == NULL ? -1 : strtod(text, &end);
    if (text == NULL || end == text || *end != '\0' || !(share >= 0 && share <= 1)) return false;
    *in_a_million = (int32_t)(share * 1000000 + 0.5);
    return true;
}

static int read_mistake(generate_options *options, const char *value)
{
    const char *equal = value == NULL ? NULL : strchr(value, '=');
    for (size_t i = 0; equal != NULL && adj_mistake_name(i) != NULL; i++) {
        size_t length = strlen(adj_mistake_name(i));
        if ((size_t)(equal - value) != length || strncmp(value, adj_mistake_name(i), length) != 0) continue;
        if (read_share(equal + 1, &options->generator.mistakes[i])) return EXIT_CLEAN;
        return cli_usage_error("generate", "the share of %s is a number from 0 to 1", adj_mistake_name(i));
    }
    return cli_usage_error("generate", "--mistake takes KIND=SHARE; `adjudge generate --help` lists the kinds");
}

static int read_number(const char *name, const char *value, int64_t least, int64_t *number)
{
    char *end = NULL;
    errno = 0;
    if (value != NULL) *number = strtoll(value, &end, 10);
    if (value != NULL && end != value && *end == '\0' && errno == 0 && *number >= least) return EXIT_CLEAN;
    return cli_usage_error("generate", "%s takes a whole number from %lld", name, (long long)least);
}

static int read_form(const char *word, adj_form *form)
{
    static const char *const words[] = {"837", "ndjson", "csv"};
    static const adj_form forms[] = {ADJ_FORM_837P, ADJ_FORM_NDJSON, ADJ_FORM_CSV};
    for (size_t i = 0; word != NULL && i < 3; i++) {
        if (strcmp(words[i], word) != 0) continue;
        *form = forms[i];
        return EXIT_CLEAN;
    }
    return cli_usage_error("generate", "--form takes 837, ndjson or csv");
}

static int read_option(generate_options *options, const char *name, const char *value)
{
    int64_t number = 0;
    int32_t share, *day = strcmp(name, "--from") == 0 ? &options->generator.from : &options->generator.to;
    int code = EXIT_CLEAN;
    if (strcmp(name, "--lines") == 0) return read_number(name, value, 1, &options->generator.lines);
    if (strcmp(name, "--form") == 0) return read_form(value, &options->generator.form);
    if (strcmp(name, "--mistake") == 0) return read_mistake(options, value);
    if (strcmp(name, "--seed") == 0) {
        code = read_number(name, value, 0, &number);
        options->generator.seed = (uint64_t)number;
    } else if (strcmp(name, "--output") == 0) {
        if (value == NULL) return cli_usage_error("generate", "--output takes a folder");
        options->folder = value;
    } else if (strcmp(name, "--from") == 0 || strcmp(name, "--to") == 0) {
        if (value == NULL || !adj_read_date(value, day))
            return cli_usage_error("generate", "%s takes a date that exists, as YYYY-MM-DD", name);
    } else if (strcmp(name, "--mistakes") == 0) {
        if (!read_share(value, &share)) return cli_usage_error("generate", "--mistakes takes a number from 0 to 1");
        for (size_t i = 0; i < ADJ_MISTAKE_COUNT; i++) options->generator.mistakes[i] = share / ADJ_MISTAKE_COUNT;
    } else {
        return cli_usage_error("generate", "there is no option %s", name);
    }
    return code;
}

static int run(const generate_options *options)
{
    cli_output output;
    adj_generated generated;
    int code = cli_output_begin(&output, "generate", options->folder);
    if (code != EXIT_CLEAN) return code;
    adj_status status = adj_generate(&options->generator, cli_output_write, &output, &generated);
    code = cli_output_end(&output, "generate");
    if (status == ADJ_INVALID_INPUT && code == EXIT_CLEAN)
        code = cli_usage_error("generate", "no session is held on so few days");
    if (status != ADJ_OK && code == EXIT_CLEAN) code = EXIT_OURS;
    if (code != EXIT_CLEAN) return code;
    printf("%lld lines of %lld claims, %lld groups, in %s\n", (long long)generated.lines, (long long)generated.claims,
           (long long)generated.groups, options->folder);
    for (size_t i = 0; i < ADJ_MISTAKE_COUNT; i++) {
        if (generated.mistakes[i] > 0) printf("  %-22s %8lld\n", adj_mistake_name(i), (long long)generated.mistakes[i]);
    }
    return EXIT_CLEAN;
}

int cli_generate(int count, char **arguments)
{
    if (cli_wants_help(count, arguments)) {
        fputs(usage, stdout);
        for (size_t i = 0; adj_mistake_name(i) != NULL; i++)
            printf("      %-22s %s\n", adj_mistake_name(i), adj_mistake_about(i));
        fputs(
            "\nExit codes: 0 made; 2 an option is wrong, or the folder cannot be written; 3 adjudge itself failed.\n\n"
            "Example:\n  adjudge generate --lines 1000 --output practice --mistakes 0.1\n",
            stdout);
        return EXIT_CLEAN;
    }
    generate_options options = {.generator = {.seed = 1, .form = ADJ_FORM_837P}};
    adj_read_date("2026-01-01", &options.generator.from);
    adj_read_date("2027-12-31", &options.generator.to);
    for (size_t i = 0; i < ADJ_MISTAKE_COUNT; i++) options.generator.mistakes[i] = 50000 / ADJ_MISTAKE_COUNT;
    for (int i = 1; i < count; i += 2) {
        int code = read_option(&options, arguments[i], i + 1 < count ? arguments[i + 1] : NULL);
        if (code != EXIT_CLEAN) return code;
    }
    if (options.generator.lines == 0) return cli_usage_error("generate", "how many lines? add --lines N");
    if (options.folder == NULL) return cli_usage_error("generate", "no folder was given; add --output FOLDER");
    if (options.generator.to < options.generator.from) return cli_usage_error("generate", "--to is before --from");
    return run(&options);
}
