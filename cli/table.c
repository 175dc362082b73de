/* adjudge table diff: how the file of a table changed from one edition to the next. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: adjudge table diff OLD NEW --key COLUMN[,COLUMN...] [--from COLUMN] [--to COLUMN] [--limit N]\n"
    "\n"
    "Compares two editions of a file of rows (CSV or with tabs, gzipped or not), such as the pair edits and unit "
    "limits\n"
    "that a payer publishes each quarter. Rows are told apart by their key and, where --to or --from name columns, by\n"
    "their span, since a pair may come back with another one.\n"
    "\n"
    "  --key COLUMNS   the columns that identify a row, separated by commas\n"
    "  --from, --to    the columns with a row's first and last day\n"
    "  --limit N       how many rows of each kind to show (20; 0 for all)\n"
    "\n"
    "Every difference is one of: came (a key that was not there), went (a key that is gone), re-activated (a key that "
    "had\n"
    "ended and has a new span), ended (a span that has a last day now), and changed (other columns differ).\n"
    "Exit codes: 0 nothing differs; 1 something does; 2 a file cannot be read.\n"
    "\n"
    "Example:\n"
    "  adjudge table diff ptp_2025q4.tsv ptp_2026q1.tsv --key column1,column2 --to deletion_date\n";

typedef struct diff_options {
    const char *files[2];
    size_t file_count;
    const char *key, *from, *to;
    size_t limit;
} diff_options;

static int read_options(int count, char **arguments, diff_options *options)
{
    options->limit = 20;
    for (int i = 2; i < count; i++) {
        const char *argument = arguments[i], *value = i + 1 < count ? arguments[i + 1] : NULL;
        const char **slot = strcmp(argument, "--key") == 0    ? &options->key
                            : strcmp(argument, "--from") == 0 ? &options->from
                            : strcmp(argument, "--to") == 0   ? &options->to
                                                              : NULL;
        if (slot != NULL || strcmp(argument, "--limit") == 0) {
            if (value == NULL) return cli_usage_error("table", "%s takes a value", argument);
            if (slot != NULL)
                *slot = value;
            else
                options->limit = (size_t)strtoul(value, NULL, 10);
            i++;
        } else if (argument[0] == '-' && argument[1] != '\0') {
            return cli_usage_error("table", "there is no option %s", argument);
        } else if (options->file_count == 2) {
            return cli_usage_error("table", "diff compares two files");
        } else {
            options->files[options->file_count++] = argument;
        }
    }
    if (options->file_count != 2) return cli_usage_error("table", "diff takes two files: the old and the new");
    return options->key != NULL ? EXIT_CLEAN : cli_usage_error("table", "name the columns of the key: --key a,b");
}

int cli_table(int count, char **arguments)
{
    if (cli_wants_help(count, arguments)) {
        fputs(usage, stdout);
        return EXIT_CLEAN;
    }
    if (count < 2 || strcmp(arguments[1], "diff") != 0)
        return cli_usage_error("table", "the one thing it does is `diff`");
    diff_options options = {0};
    int code = read_options(count, arguments, &options);
    if (code != EXIT_CLEAN) return code;
    adj_table_diff *diff = NULL;
    adj_status status =
        adj_table_compare(options.files[0], options.files[1], options.key, options.from, options.to, &diff);
    if (status != ADJ_OK) {
        fprintf(stderr, "adjudge table: %s\n", diff == NULL ? adj_status_name(status) : adj_table_diff_error(diff));
        adj_table_diff_free(diff);
        return status == ADJ_OUT_OF_MEMORY ? EXIT_OURS : EXIT_INPUT;
    }
    static const char *const words[] = {"came", "went", "re-activated", "ended", "changed"};
    size_t total = 0;
    for (int kind = 0; kind < ADJ_TABLE_KINDS; kind++) {
        size_t rows = adj_table_diff_count(diff, (adj_table_change)kind);
        total += rows;
        printf("%s: %zu\n", words[kind], rows);
        size_t shown = options.limit == 0 || rows < options.limit ? rows : options.limit;
        for (size_t i = 0; i < shown; i++) printf("  %s\n", adj_table_diff_row(diff, (adj_table_change)kind, i));
        if (shown < rows) printf("  ... and %zu more (--limit 0 shows all)\n", rows - shown);
    }
    adj_table_diff_free(diff);
    return total > 0 ? EXIT_DENIED : EXIT_CLEAN;
}
