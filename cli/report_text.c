/* The report that an analyst reads: grouped by claim, findings indented under their line. */
#include "cli/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *colour_of(const cli_report *report, adj_verdict verdict)
{
    if (!report->colour) return "";
    switch (verdict) {
    case ADJ_DENY: return "\033[1;31m";
    case ADJ_AUDIT:
    case ADJ_REDUCE:
    case ADJ_REVIEW: return "\033[1;33m";
    case ADJ_CANNOT_TELL:
    case ADJ_UNREADABLE: return "\033[1;35m";
    case ADJ_WARN: return "\033[33m";
    case ADJ_PASS: return "\033[32m";
    default: return "\033[2m";
    }
}

static const char *style(const cli_report *report, const char *code)
{
    return report->colour ? code : "";
}

enum { TEXT_WIDTH = 110, LABEL_COLUMN = 6, VALUE_COLUMN = 16 };

static void put(cli_report *report, const char *text)
{
    cli_row_add(report, text, strlen(text));
}

static void put_spaces(cli_report *report, size_t count)
{
    static const char spaces[] = "                    ";
    _Static_assert(sizeof spaces > VALUE_COLUMN, "as many as a label is indented");
    cli_row_add(report, spaces, count);
}

static void put_number(cli_report *report, int64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRId64, number);
    cli_row_add(report, digits, (size_t)length);
}

static void put_styled(cli_report *report, const char *colour, const char *text)
{
    put(report, colour);
    put(report, text);
    put(report, style(report, "\033[0m"));
}

/* Puts a text after a label, wrapped between words, continuation lines under its first one. */
static void wrapped(cli_report *report, const char *label, const char *text)
{
    size_t label_length = strlen(label), column = VALUE_COLUMN;
    put_spaces(report, LABEL_COLUMN);
    put(report, style(report, "\033[2m"));
    put(report, label);
    if (label_length < VALUE_COLUMN - LABEL_COLUMN) put_spaces(report, VALUE_COLUMN - LABEL_COLUMN - label_length);
    put(report, style(report, "\033[0m"));
    bool first = true;
    while (*text != '\0') {
        const char *end = text;
        while (*end != '\0' && *end != ' ') end++;
        size_t length = (size_t)(end - text);
        if (!first && column + 1 + length > TEXT_WIDTH) {
            put(report, "\n");
            put_spaces(report, VALUE_COLUMN);
            column = VALUE_COLUMN;
            first = true;
        }
        if (!first) put(report, " ");
        cli_row_add(report, text, length);
        column += length + (first ? 0 : 1);
        first = false;
        text = end;
        while (*text == ' ') text++;
    }
    put(report, "\n");
}

/* A text is put together piece by piece, then wrapped as one. */
static void piece(cli_report *report, const char *text)
{
    size_t length = strlen(text), needed = report->piece_length + length + 1;
    if (needed > report->piece_room) {
        char *grown = realloc(report->piece, needed * 2);
        if (grown == NULL) {
            report->failed = true;
            return;
        }
        report->piece = grown;
        report->piece_room = needed * 2;
    }
    memcpy(report->piece + report->piece_length, text, length + 1);
    report->piece_length += length;
}

static void pieces(cli_report *report, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) piece(report, texts[i]);
}
#define PIECES(report, ...)                                                                                            \
    pieces((report), (const char *const[]){__VA_ARGS__},                                                               \
           sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void wrap_pieces(cli_report *report, const char *label)
{
    if (report->piece_length > 0) wrapped(report, label, report->piece);
    report->piece_length = 0;
}

static void facts(cli_report *report, const adj_fact *items, size_t count)
{
    for (size_t i = 0; i < count; i++) PIECES(report, i == 0 ? "" : "; ", items[i].name, " = ", items[i].value);
}

static void counted(cli_report *report, const adj_finding *finding)
{
    for (size_t i = 0; i < finding->counted_count; i++) {
        const adj_counted_line *line = &finding->counted[i];
        char number[24];
        snprintf(number, sizeof number, "%" PRId64, line->number);
        PIECES(report, i == 0 ? "" : "; ", line->date, " ", line->claim, " line ", number,
               line->from_history ? " (history)" : "", line->certain ? "" : " (perhaps)");
    }
    if (finding->counted_more) piece(report, "; and more");
    wrap_pieces(report, "counted");
}

static void exceptions(cli_report *report, const adj_finding *finding)
{
    for (size_t i = 0; i < finding->exception_count; i++) {
        const adj_tried_exception *tried = &finding->exceptions[i];
        piece(report, *tried->name == '\0' ? "exception" : tried->name);
        if (*tried->citation != '\0') PIECES(report, " (", tried->citation, ")");
        PIECES(report, ": ", tried->result, tried->fact_count > 0 ? ", as " : "");
        facts(report, tried->facts, tried->fact_count);
        wrap_pieces(report, "unless");
    }
}

static void waivers(cli_report *report, const adj_finding *finding)
{
    for (size_t i = 0; i < finding->waiver_count; i++) {
        const adj_waiver *waiver = &finding->waivers[i];
        PIECES(report, waiver->name, ", by ", waiver->by, ", until ", waiver->until, ": ", waiver->why);
        wrap_pieces(report, "waiver");
    }
}

static void cures(cli_report *report, const adj_finding *finding)
{
    for (size_t i = 0; i < finding->cure_count; i++) {
        const adj_cure *cure = &finding->cures[i];
        PIECES(report, cure->field, ": ", cure->from, " -> ", cure->to,
               ", if the record supports it; the clause then passes",
               cure->line_passes ? ", and so does the line" : "");
        wrap_pieces(report, i == 0 ? "cure" : "or");
    }
    if (*finding->fix != '\0') wrapped(report, "hint", finding->fix);
}

/* What a clause leaves open and says itself to let pass is kept for programs: on each line it would only be noise. */
static bool let_pass(const adj_finding *finding)
{
    return finding->verdict == ADJ_CLAUSE_CANNOT_TELL && finding->outcome == ADJ_PASS;
}

static void heading(cli_report *report, const adj_finding *finding, bool fails)
{
    bool waived = finding->verdict == ADJ_CLAUSE_WAIVED;
    put(report, "    ");
    put_styled(report,
               colour_of(report, finding->verdict == ADJ_CLAUSE_EXCUSED ? ADJ_PASS
                                 : waived                               ? ADJ_WARN
                                                                        : finding->outcome),
               cli_finding_word(finding));
    if (waived) {
        put(report, " ");
        put(report, adj_verdict_name(finding->outcome));
    }
    if (fails && *finding->reason_code != '\0') {
        put(report, " ");
        put(report, finding->group_code);
        put(report, "-");
        put(report, finding->reason_code);
    }
    for (size_t i = 0; fails && i < finding->remark_count; i++) {
        put(report, " ");
        put(report, finding->remark_codes[i]);
    }
    if (fails && finding->reduce_percent > 0) {
        char percent[40];
        snprintf(percent, sizeof percent, " by %g percent", (double)finding->reduce_percent / 1000);
        put(report, percent);
    }
    put(report, "  ");
    put_styled(report, style(report, "\033[1m"), finding->clause);
    if (*finding->category != '\0') {
        put(report, "  (");
        put(report, finding->category);
        put(report, ")");
    }
    put(report, "\n");
}

static void source(cli_report *report, const adj_finding *finding)
{
    char number[24];
    snprintf(number, sizeof number, "%zu", finding->line);
    piece(report, finding->citation);
    if (finding->source_unverified) PIECES(report, report->piece_length > 0 ? "; " : "", "not verified");
    if (*finding->source != '\0') PIECES(report, report->piece_length > 0 ? "; " : "", finding->source);
    PIECES(report, report->piece_length > 0 ? "; " : "", finding->file, ":", number);
    if (*finding->through != '\0') PIECES(report, ", through ", finding->through);
    wrap_pieces(report, "source");
}

static void finding_text(cli_report *report, const adj_finding *finding)
{
    if (let_pass(finding)) return;
    bool waived = finding->verdict == ADJ_CLAUSE_WAIVED, fails = finding->verdict == ADJ_CLAUSE_FAIL || waived;
    heading(report, finding, fails);
    if (fails) wrapped(report, "", finding->message);
    waivers(report, finding);
    bool open = finding->verdict == ADJ_CLAUSE_CANNOT_TELL || waived;
    for (size_t i = 0; open && i < finding->missing_count; i++) PIECES(report, i == 0 ? "" : ", ", finding->missing[i]);
    wrap_pieces(report, "needs");
    for (size_t i = 0; open && i < finding->error_count; i++) wrapped(report, "error", finding->errors[i]);
    facts(report, finding->facts, finding->fact_count);
    wrap_pieces(report, "because");
    counted(report, finding);
    exceptions(report, finding);
    cures(report, finding);
    source(report, finding);
}

static void text_claim(cli_report *report, const adj_line *line)
{
    report->row_length = 0;
    put(report, style(report, "\033[1m"));
    put(report, "claim ");
    put(report, line->claim);
    put(report, style(report, "\033[0m"));
    if (*line->patient != '\0') put(report, "   member ");
    put(report, line->patient);
    if (*line->payer != '\0') put(report, "   payer ");
    put(report, line->payer);
    put(report, "\n");
    cli_row_write(report);
}

static void text_begin(cli_report *report)
{
    (void)report;
}

static void line_text(cli_report *report, const adj_line *line)
{
    char money[40];
    put(report, "  line ");
    put_number(report, line->number);
    if (line->number >= 0 && line->number < 10) put(report, " ");
    put(report, "  ");
    put(report, *line->date == '\0' ? "no date   " : line->date);
    put(report, "  ");
    put(report, *line->procedure == '\0' ? "no code" : line->procedure);
    if (*line->modifiers != '\0') put(report, " ");
    put(report, line->modifiers);
    if (*line->place_of_service != '\0') put(report, "  at ");
    put(report, line->place_of_service);
    if (*line->units != '\0') {
        put(report, "  ");
        put(report, line->units);
        put(report, strcmp(line->units, "1") == 0 ? " unit" : " units");
    }
    if (line->charge_known) {
        put(report, "  ");
        put(report, cli_money(line->charge, money));
    }
    put(report, "  ");
    put_styled(report, colour_of(report, line->verdict), adj_verdict_name(line->verdict));
    if (*line->reason != '\0') put(report, ": ");
    put(report, line->reason);
    put(report, "\n");
}

static void text_line(cli_report *report, const adj_line *line, const adj_explanation *explanation)
{
    report->row_length = 0;
    line_text(report, line);
    for (size_t i = 0; explanation != NULL && i < adj_explanation_count(explanation); i++) {
        finding_text(report, adj_explanation_finding(explanation, i));
    }
    cli_row_write(report);
}

static void text_end(cli_report *report)
{
    if (report->last != NULL) fputc('\n', report->out);
}

const cli_format cli_text_format = {"text", ADJ_EXPLAIN_ALL, text_begin, text_claim, text_line, text_end};
