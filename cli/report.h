/* Reports of a check: one file for each format, all fed line by line. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "cli/cli.h"

/* What a clause or reason adds up to over the run. */
typedef struct cli_tally {
    char *name;
    size_t lines;
    int64_t cents;
} cli_tally;

typedef struct cli_tallies {
    cli_tally *items;
    size_t count;
} cli_tallies;

typedef struct cli_report {
    FILE *out;
    bool colour;
    bool only_findings;
    char *last; /* file and claim of the line before; NULL before the first */
    char *row;  /* of CSV and texts: what is written of the line at hand */
    size_t row_length, row_room;
    char *piece; /* of texts: what is to be wrapped */
    size_t piece_length, piece_room;
    struct json_writer *json; /* of JSON, what the row is of others; NULL before the first line */
    bool failed;              /* memory ran out: what was written is not whole */
    size_t lines;
    size_t verdicts[ADJ_VERDICT_COUNT];
    int64_t at_risk[ADJ_VERDICT_COUNT]; /* cents, of lines with that verdict */
    cli_tallies clauses, reasons, categories;
    cli_tallies missing;   /* fields that would settle the lines that cannot be told */
    cli_tallies strangers; /* payers that no policy names */
    cli_tallies waived;    /* findings that a waiver let go */
} cli_report;

/* What a summary says of the inputs. */
typedef struct cli_counts {
    size_t claims, payments, rejected;
    size_t problems[3]; /* by severity */
} cli_counts;

typedef struct cli_format {
    const char *name;
    unsigned parts; /* of explanations (adj_explain_part) that it shows */
    void (*begin)(cli_report *report);
    void (*claim)(cli_report *report, const adj_line *line); /* before the first of its lines; NULL for nothing */
    void (*line)(cli_report *report, const adj_line *line, const adj_explanation *explanation);
    void (*end)(cli_report *report);
} cli_format;

extern const cli_format cli_text_format, cli_json_format, cli_csv_format;

void cli_tally_add(cli_tallies *tallies, const char *name, int64_t cents);

/* Adds the totals of a part of a report to those of all of it, and lets them go. */
void cli_report_add(cli_report *report, cli_report *part);
void cli_tallies_free(cli_tallies *tallies);
void cli_report_free(cli_report *report);

/* "deny", "audit", ... of a finding; "excused" and "cannot tell" by their verdict. */
const char *cli_finding_word(const adj_finding *finding);

/* "$1,234.50" into the buffer. */
const char *cli_money(int64_t cents, char buffer[40]);

/* Text, json or csv; an exit code. */
int cli_read_format(const char *command, const char *word, const cli_format **format);

/* Adds what encounters say of their inputs. */
void cli_count(cli_counts *counts, const adj_encounters *encounters);

/* Whether the report shows a line at all; and adds a line to its totals. */
bool cli_shows(const cli_report *report, const cli_format *format, const adj_line *line,
               const adj_explanation *explanation);
void cli_tally_line(cli_report *report, const adj_line *line, const adj_explanation *explanation);

/* Says that a line of that file and claim comes next: the claim's heading is due where it is another than before. */
bool cli_is_next_claim(cli_report *report, const char *file, const char *claim);

/* Ends a report: the totals, and the exit code of a check. */
int cli_report_end(cli_report *report, const cli_format *format, bool no_summary, const cli_counts *counts);

/* Writes a line, with the heading of its claim where that is another than before. */
void cli_report_line(cli_report *report, const cli_format *format, const adj_line *line,
                     const adj_explanation *explanation);

/* Reports every line of the results, explained on so many threads, and the totals; the exit code of a check (report_all.c). */
int cli_report_all(const cli_format *format, bool only_findings, bool no_summary, unsigned threads,
                   adj_results *results, const adj_encounters *encounters);

/* What stands before a line that is kept for later: then come its file, its claim, the claim's heading and the line as it is printed. */
typedef struct cli_kept_line {
    uint64_t place;
    uint32_t file, claim, heading, body; /* bytes */
} cli_kept_line;

/* Keeps every line of the results in a file, explained on so many threads, and adds their totals to a report; an exit code. */
int cli_keep_all(const cli_format *format, cli_report *report, unsigned threads, adj_results *results, FILE *file);

struct cli_inputs;

/* What is written of a line is put together in memory, and written as a whole: a call of the C library for each piece took as long as all
 * else. Where memory runs out, or it cannot be written, report->failed is set. */
bool cli_row_grow(cli_report *report, size_t more);
static inline bool cli_row_reserve(cli_report *report, size_t more)
{
    return report->row_length + more <= report->row_room || cli_row_grow(report, more);
}
void cli_row_add(cli_report *report, const char *text, size_t length);
void cli_row_write(cli_report *report);

/* A check in about so many bytes of memory, through temporary files; the exit code of a check. */
int cli_check_in_parts(const struct cli_inputs *inputs, size_t memory, const cli_format *format, bool only_findings,
                       bool no_summary);

/* A bar on standard error for long work, on a terminal only. */
void cli_progress(size_t done, size_t total);

/* The totals of a run, after the lines. */
void cli_summary(const cli_report *report, const cli_counts *counts, FILE *out, bool colour);

#endif
