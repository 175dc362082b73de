/* The report for spreadsheets: a row for each finding, and one for each line without findings. */
#include "cli/report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* How long a text is, and whether it may stand without quotation marks. */
static size_t measure(const char *text, bool *plain)
{
    size_t length = 0;
    *plain = true;
    for (; text[length] != '\0'; length++) {
        char byte = text[length];
        if (byte == ',' || byte == '"' || byte == '\r' || byte == '\n') *plain = false;
    }
    return length;
}

static void cell(const cli_report *report, const char *text, bool last)
{
    FILE *out = report->out;
    bool plain;
    size_t length = measure(text, &plain);
    if (plain) {
        fwrite_unlocked(text, 1, length, out);
    } else {
        putc_unlocked('"', out);
        for (const char *at = text; *at != '\0'; at++) {
            if (*at == '"') putc_unlocked('"', out);
            putc_unlocked(*at, out);
        }
        putc_unlocked('"', out);
    }
    putc_unlocked(last ? '\n' : ',', out);
}

/* A cell with a number of which so many digits stand behind the point. */
static void number(const cli_report *report, int64_t value, int places)
{
    char text[32], *at = text + sizeof text;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    *--at = ',';
    for (int digits = 0; rest > 0 || digits <= places; digits++) {
        if (places > 0 && digits == places) *--at = '.';
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    }
    if (value < 0) *--at = '-';
    fwrite_unlocked(at, 1, (size_t)(text + sizeof text - at), report->out);
}

static void joined(const cli_report *report, const char *const *items, size_t count)
{
    size_t length = 1;
    for (size_t i = 0; i < count; i++) length += strlen(items[i]) + 1;
    char small[256], *text = length <= sizeof small ? small : malloc(length), *at = text;
    if (text == NULL) return;
    *at = '\0';
    for (size_t i = 0; i < count; i++) at += sprintf(at, "%s%s", i == 0 ? "" : " ", items[i]);
    cell(report, text, false);
    if (text != small) free(text);
}

/* A cell of several texts, however long. */
static void formatted(const cli_report *report, bool last, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void formatted(const cli_report *report, bool last, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (text != NULL) vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    cell(report, text == NULL ? "" : text, last);
    free(text);
}

static void csv_begin(cli_report *report)
{
    fputs("file,segment,claim,line,member,payer,date,procedure,modifiers,place_of_service,units,charge,verdict,reason,"
          "policy,clause,outcome,citation,group_code,reason_code,remark_codes,category,message,missing,cure,waiver\n",
          report->out);
}

static void line_cells(cli_report *report, const adj_line *line)
{
    cell(report, line->file, false);
    number(report, (int64_t)line->segment, 0);
    cell(report, line->claim, false);
    number(report, line->number, 0);
    cell(report, line->patient, false);
    cell(report, line->payer, false);
    cell(report, line->date, false);
    cell(report, line->procedure, false);
    cell(report, line->modifiers, false);
    cell(report, line->place_of_service, false);
    cell(report, line->units, false);
    if (line->charge_known)
        number(report, line->charge, 2);
    else
        cell(report, "", false);
    cell(report, adj_verdict_name(line->verdict), false);
    cell(report, line->reason, false);
}

static void finding_cells(cli_report *report, const adj_finding *finding)
{
    bool fails = finding->verdict == ADJ_CLAUSE_FAIL || finding->verdict == ADJ_CLAUSE_WAIVED;
    cell(report, finding->policy, false);
    cell(report, finding->clause, false);
    cell(report, cli_finding_word(finding), false);
    cell(report, finding->citation, false);
    cell(report, finding->group_code, false);
    cell(report, finding->reason_code, false);
    joined(report, finding->remark_codes, finding->remark_count);
    cell(report, finding->category, false);
    cell(report, fails ? finding->message : "", false);
    joined(report, finding->missing, finding->missing_count);
    const adj_cure *cure = finding->cure_count > 0 ? &finding->cures[0] : NULL;
    if (cure != NULL)
        formatted(report, false, "%s: %s -> %s", cure->field, cure->from, cure->to);
    else
        cell(report, "", false);
    const adj_waiver *waiver = finding->waiver_count > 0 ? &finding->waivers[0] : NULL;
    if (waiver != NULL)
        formatted(report, true, "%s, by %s, until %s: %s", waiver->name, waiver->by, waiver->until, waiver->why);
    else
        cell(report, "", true);
}

static void csv_line(cli_report *report, const adj_line *line, const adj_explanation *explanation)
{
    size_t count = explanation == NULL ? 0 : adj_explanation_count(explanation);
    if (count == 0 && report->only_findings && line->verdict == ADJ_PASS) return;
    if (count == 0) {
        line_cells(report, line);
        fputs(",,,,,,,,,,,\n", report->out);
    }
    for (size_t i = 0; i < count; i++) {
        line_cells(report, line);
        finding_cells(report, adj_explanation_finding(explanation, i));
    }
}

static void csv_end(cli_report *report)
{
    (void)report;
}

const cli_format cli_csv_format = {"csv", csv_begin, NULL, csv_line, csv_end};
