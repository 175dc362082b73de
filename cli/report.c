/* Reporting line by line, in any format, and the totals that go with it. */
#include "cli/report.h"

#include <stdlib.h>
#include <string.h>

void cli_progress(size_t done, size_t total)
{
    enum { WIDTH = 40, SHOWN_FROM = 5000 };
    if (total < SHOWN_FROM || !cli_colour(stderr)) return;
    size_t filled = done * WIDTH / total;
    fprintf(stderr, "\r[");
    for (size_t i = 0; i < WIDTH; i++) fputc(i < filled ? '#' : ' ', stderr);
    fprintf(stderr, "] %3zu%%%s", done * 100 / total, done == total ? "\r\033[K" : "");
    fflush(stderr);
}

bool cli_row_grow(cli_report *report, size_t more)
{
    size_t needed = report->row_length + more;
    size_t room = needed * 2 < 1024 ? 1024 : needed * 2;
    char *grown = realloc(report->row, room);
    if (grown == NULL) {
        report->failed = true;
        return false;
    }
    report->row = grown;
    report->row_room = room;
    return true;
}

void cli_row_add(cli_report *report, const char *text, size_t length)
{
    if (length == 0) return; /* perhaps before there is a row */
    if (!cli_row_reserve(report, length)) return;
    memcpy(report->row + report->row_length, text, length);
    report->row_length += length;
}

void cli_row_write(cli_report *report)
{
    if (fwrite(report->row, 1, report->row_length, report->out) != report->row_length) report->failed = true;
    report->row_length = 0;
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

void cli_tally_line(cli_report *report, const adj_line *line, const adj_explanation *explanation)
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
        char name[256];
        if (finding->verdict == ADJ_CLAUSE_WAIVED) {
            snprintf(name, sizeof name, "%s  %s.%s", adj_verdict_name(finding->outcome), finding->policy,
                     finding->clause);
            cli_tally_add(&report->waived, name, cents);
        }
        if (finding->verdict != ADJ_CLAUSE_FAIL) continue;
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

bool cli_shows(const cli_report *report, const cli_format *format, const adj_line *line,
               const adj_explanation *explanation)
{
    if (format != &cli_text_format || !report->only_findings || line->verdict != ADJ_PASS) return true;
    /* What a waiver lets pass is never silent. */
    for (size_t i = 0; explanation != NULL && i < adj_explanation_count(explanation); i++) {
        if (adj_explanation_finding(explanation, i)->verdict == ADJ_CLAUSE_WAIVED) return true;
    }
    return false;
}

bool cli_is_next_claim(cli_report *report, const char *file, const char *claim)
{
    size_t length = strlen(file) + strlen(claim) + 2;
    char *next = malloc(length);
    if (next == NULL) return true;
    snprintf(next, length, "%s\n%s", file, claim);
    bool same = report->last != NULL && strcmp(report->last, next) == 0;
    free(report->last);
    report->last = next;
    return !same;
}

void cli_report_line(cli_report *report, const cli_format *format, const adj_line *line,
                     const adj_explanation *explanation)
{
    if (!cli_shows(report, format, line, explanation)) return;
    bool any = report->last != NULL;
    if (format->claim != NULL && cli_is_next_claim(report, line->file, line->claim)) {
        if (any) fputc('\n', report->out);
        format->claim(report, line);
    }
    format->line(report, line, explanation);
}

int cli_report_end(cli_report *report, const cli_format *format, bool no_summary, const cli_counts *counts)
{
    format->end(report);
    bool text = format == &cli_text_format;
    if (!no_summary) cli_summary(report, counts, text ? stdout : stderr, text ? report->colour : cli_colour(stderr));
    bool incomplete = counts->rejected > 0 || report->verdicts[ADJ_UNREADABLE] > 0;
    int code = report->verdicts[ADJ_DENY] > 0 ? EXIT_DENIED : incomplete ? EXIT_INPUT : EXIT_CLEAN;
    cli_report_free(report);
    if (fflush(stdout) == 0 && ferror(stdout) == 0) return code;
    fprintf(stderr, "adjudge check: the report could not be written\n");
    return EXIT_OURS;
}
