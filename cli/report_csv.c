/* The report for spreadsheets: a row for each finding, and one for each line without findings. */
#include "base/short_text.h"
#include "cli/report.h"

#include <string.h>

static const uint64_t ones = UINT64_C(0x0101010101010101);

/* Whether any of eight bytes is one: not zero where a byte of the difference is. */
static uint64_t any_is(uint64_t eight, char byte)
{
    uint64_t differ = eight ^ ones * (unsigned char)byte;
    return (differ - ones) & ~differ & ones << 7;
}

/* Letters, digits and dashes, which nearly all bytes are, come after all that are special. */
static uint64_t any_special(uint64_t eight)
{
    _Static_assert(',' < '-' && '"' < '-' && '\r' < '-' && '\n' < '-' && '-' < '0',
                   "what is special is less than a dash");
    if (((eight - ones * '-') & ~eight & ones << 7) == 0) return 0;
    return any_is(eight, ',') | any_is(eight, '"') | any_is(eight, '\r') | any_is(eight, '\n');
}

/* Whether a cell has to stand in quotation marks: it is looked at as numbers, of which the last two may have bytes in common. */
static bool needs_quotes(const char *text, size_t length)
{
    uint64_t found = 0, eight;
    if (length == 0) return false;
    if (length < sizeof eight) { /* what is past the end is made a byte that is not special */
        uint64_t past = ones * '0' << 8 * length;
        return any_special(base_short_text_of(text, length).first | past) != 0;
    }
    for (size_t i = 0; i + sizeof eight < length; i += sizeof eight) {
        memcpy(&eight, text + i, sizeof eight);
        found |= any_special(eight);
    }
    memcpy(&eight, text + length - sizeof eight, sizeof eight);
    return (found | any_special(eight)) != 0;
}

/* The text of a cell begins; it goes on until cell_end says where it ended. */
static size_t cell_begin(const cli_report *report)
{
    return report->row_length;
}

static void put_in_quotes(cli_report *report, size_t begin)
{
    size_t length = report->row_length - begin, quotes = 0;
    for (size_t i = 0; i < length; i++) quotes += report->row[begin + i] == '"' ? 1 : 0;
    if (!cli_row_reserve(report, quotes + 2)) return;
    char *first = report->row + begin, *from = first + length, *to = from + quotes + 2;
    report->row_length += quotes + 2;
    *--to = '"';
    while (from > first) {
        *--to = *--from;
        if (*from == '"') *--to = '"';
    }
    *--to = '"';
}

/* Puts what was added since in quotation marks where it needs them. */
static void cell_end(cli_report *report, size_t begin, bool last)
{
    if (needs_quotes(report->row + begin, report->row_length - begin)) put_in_quotes(report, begin);
    cli_row_add(report, last ? "\n" : ",", 1);
}

/* A cell of one text, which is looked at where it lies: what was just written cannot be read as something wider at once. */
static void cell(cli_report *report, const char *text, bool last)
{
    size_t begin = cell_begin(report), length = strlen(text);
    if (needs_quotes(text, length)) {
        cli_row_add(report, text, length);
        put_in_quotes(report, begin);
        cli_row_add(report, last ? "\n" : ",", 1);
        return;
    }
    if (!cli_row_reserve(report, length + 1)) return;
    memcpy(report->row + begin, text, length);
    report->row[begin + length] = last ? '\n' : ',';
    report->row_length = begin + length + 1;
}

/* A cell with a number of which so many digits stand behind the point. */
static void number(cli_report *report, int64_t value, int places)
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
    cli_row_add(report, at, (size_t)(text + sizeof text - at));
}

static void joined(cli_report *report, const char *const *items, size_t count)
{
    size_t begin = cell_begin(report);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) cli_row_add(report, " ", 1);
        cli_row_add(report, items[i], strlen(items[i]));
    }
    cell_end(report, begin, false);
}

/* A cell of several texts. */
static void together(cli_report *report, const char *const *texts, size_t count, bool last)
{
    size_t begin = cell_begin(report);
    for (size_t i = 0; i < count; i++) cli_row_add(report, texts[i], strlen(texts[i]));
    cell_end(report, begin, last);
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
    const char *const change[] = {cure == NULL ? "" : cure->field, ": ", cure == NULL ? "" : cure->from, " -> ",
                                  cure == NULL ? "" : cure->to};
    together(report, change, cure == NULL ? 0 : 5, false);
    const adj_waiver *waiver = finding->waiver_count > 0 ? &finding->waivers[0] : NULL;
    if (waiver == NULL) {
        cell(report, "", true);
        return;
    }
    const char *const said[] = {waiver->name, ", by ", waiver->by, ", until ", waiver->until, ": ", waiver->why};
    together(report, said, sizeof said / sizeof *said, true);
}

static void csv_line(cli_report *report, const adj_line *line, const adj_explanation *explanation)
{
    size_t count = explanation == NULL ? 0 : adj_explanation_count(explanation);
    if (count == 0 && report->only_findings && line->verdict == ADJ_PASS) return;
    report->row_length = 0;
    if (!cli_row_reserve(report, 1)) return;
    line_cells(report, line);
    size_t own = report->row_length;
    if (count == 0) cli_row_add(report, ",,,,,,,,,,,\n", 12);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            if (!cli_row_reserve(report, own)) return;
            cli_row_add(report, report->row, own);
        }
        finding_cells(report, adj_explanation_finding(explanation, i));
    }
    cli_row_write(report);
}

static void csv_end(cli_report *report)
{
    (void)report;
}

const cli_format cli_csv_format = {"csv", ADJ_EXPLAIN_CURES, csv_begin, NULL, csv_line, csv_end};
