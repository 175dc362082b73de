/* Totals of a check: lines by verdict, denials by clause, reason and category, dollars at risk, input problems. */
#include "cli/json_writer.h"
#include "cli/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void tally_many(cli_tallies *tallies, const char *name, size_t lines, int64_t cents)
{
    for (size_t i = 0; i < tallies->count; i++) {
        if (strcmp(tallies->items[i].name, name) != 0) continue;
        tallies->items[i].lines += lines;
        tallies->items[i].cents += cents;
        return;
    }
    cli_tally *grown = realloc(tallies->items, (tallies->count + 1) * sizeof *grown);
    if (grown == NULL) return;
    tallies->items = grown;
    char *copy = strdup(name);
    if (copy != NULL) tallies->items[tallies->count++] = (cli_tally){copy, lines, cents};
}

void cli_tally_add(cli_tallies *tallies, const char *name, int64_t cents)
{
    tally_many(tallies, name, 1, cents);
}

void cli_tallies_free(cli_tallies *tallies)
{
    for (size_t i = 0; i < tallies->count; i++) free(tallies->items[i].name);
    free(tallies->items);
    *tallies = (cli_tallies){0};
}

void cli_report_free(cli_report *report)
{
    cli_tallies *all[] = {&report->clauses, &report->reasons,   &report->categories,
                          &report->missing, &report->strangers, &report->waived};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) cli_tallies_free(all[i]);
    free(report->last);
    report->last = NULL;
    free(report->row);
    report->row = NULL;
    report->row_room = 0;
    free(report->piece);
    report->piece = NULL;
    report->piece_room = 0;
    json_writer_free(report->json);
    report->json = NULL;
}

static void add_tallies(cli_tallies *to, const cli_tallies *from)
{
    for (size_t i = 0; i < from->count; i++)
        tally_many(to, from->items[i].name, from->items[i].lines, from->items[i].cents);
}

void cli_report_add(cli_report *report, cli_report *part)
{
    report->lines += part->lines;
    for (int v = 0; v < ADJ_VERDICT_COUNT; v++) {
        report->verdicts[v] += part->verdicts[v];
        report->at_risk[v] += part->at_risk[v];
    }
    add_tallies(&report->clauses, &part->clauses);
    add_tallies(&report->reasons, &part->reasons);
    add_tallies(&report->categories, &part->categories);
    add_tallies(&report->missing, &part->missing);
    add_tallies(&report->strangers, &part->strangers);
    add_tallies(&report->waived, &part->waived);
    cli_report_free(part);
}

const char *cli_finding_word(const adj_finding *finding)
{
    if (finding->verdict == ADJ_CLAUSE_EXCUSED) return "excused";
    if (finding->verdict == ADJ_CLAUSE_WAIVED) return "waived";
    return adj_verdict_name(finding->outcome);
}

const char *cli_money(int64_t cents, char buffer[40])
{
    char digits[24];
    uint64_t size = cents < 0 ? 0 - (uint64_t)cents : (uint64_t)cents;
    int length = snprintf(digits, sizeof digits, "%" PRIu64, size / 100);
    size_t used = 0;
    if (cents < 0) buffer[used++] = '-';
    buffer[used++] = '$';
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) buffer[used++] = ',';
        buffer[used++] = digits[i];
    }
    snprintf(buffer + used, 40 - used, ".%02" PRIu64, size % 100);
    return buffer;
}

static int by_size(const void *a, const void *b)
{
    const cli_tally *x = a, *y = b;
    if (x->lines != y->lines) return x->lines > y->lines ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void table(const cli_tallies *tallies, const char *title, FILE *out)
{
    if (tallies->count == 0) return;
    qsort(tallies->items, tallies->count, sizeof *tallies->items, by_size);
    size_t width = 0;
    for (size_t i = 0; i < tallies->count; i++) {
        if (strlen(tallies->items[i].name) > width) width = strlen(tallies->items[i].name);
    }
    fprintf(out, "  %s\n", title);
    for (size_t i = 0; i < tallies->count; i++) {
        char money[40];
        fprintf(out, "    %-*s  %4zu line%s  %12s\n", (int)width, tallies->items[i].name, tallies->items[i].lines,
                tallies->items[i].lines == 1 ? " " : "s", cli_money(tallies->items[i].cents, money));
    }
}

void cli_count(cli_counts *counts, const adj_encounters *encounters)
{
    for (size_t i = 0; i < adj_encounters_problem_count(encounters); i++)
        counts->problems[adj_encounters_problem(encounters, i).severity]++;
    counts->claims += adj_encounters_claim_count(encounters);
    counts->payments += adj_encounters_payment_count(encounters);
    counts->rejected += adj_encounters_rejected_count(encounters);
}

static void problems(const cli_counts *counts, FILE *out)
{
    const size_t *by = counts->problems;
    if (by[0] + by[1] + by[2] + counts->rejected == 0) return;
    fprintf(out, "  Input: %zu error%s, %zu warning%s, %zu note%s; %zu record%s not read\n", by[0],
            by[0] == 1 ? "" : "s", by[1], by[1] == 1 ? "" : "s", by[2], by[2] == 1 ? "" : "s", counts->rejected,
            counts->rejected == 1 ? "" : "s");
}

void cli_summary(const cli_report *report, const cli_counts *counts, FILE *out, bool colour)
{
    char money[40];
    fprintf(out, "%sSummary%s\n", colour ? "\033[1m" : "", colour ? "\033[0m" : "");
    fprintf(out, "  %zu claim%s, %zu line%s", counts->claims, counts->claims == 1 ? "" : "s", report->lines,
            report->lines == 1 ? "" : "s");
    for (int v = 0; v < ADJ_VERDICT_COUNT; v++) {
        if (report->verdicts[v] > 0)
            fprintf(out, "%s %zu %s", v == 0 || report->lines == 0 ? ":" : ",", report->verdicts[v],
                    adj_verdict_name((adj_verdict)v));
    }
    if (counts->payments > 0)
        fprintf(out, "\n  %zu claim payment%s", counts->payments, counts->payments == 1 ? "" : "s");
    fprintf(out, "\n  Dollars at risk: %s denied", cli_money(report->at_risk[ADJ_DENY], money));
    fprintf(out, ", %s open to audit", cli_money(report->at_risk[ADJ_AUDIT], money));
    fprintf(out, ", %s undecided\n", cli_money(report->at_risk[ADJ_CANNOT_TELL] + report->at_risk[ADJ_REVIEW], money));
    table(&report->clauses, "By clause that fails", out);
    table(&report->waived, "Waived: these clauses fail, and somebody lets the lines go", out);
    table(&report->reasons, "By reason code", out);
    table(&report->categories, "By category", out);
    table(&report->missing, "Needed to decide the rest", out);
    table(&report->strangers, "Payers that no policy names (a file with the columns payer_id and payer maps them)",
          out);
    problems(counts, out);
}
