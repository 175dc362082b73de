/* The report that an analyst reads: grouped by claim, findings indented under their line. */
#include "cli/report.h"

#include <inttypes.h>
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

/* Prints a text after a label, wrapped between words, continuation lines under its first one. */
static void wrapped(const cli_report *report, const char *label, const char *text)
{
    fprintf(report->out, "%*s%s%-*s%s", LABEL_COLUMN, "", style(report, "\033[2m"), VALUE_COLUMN - LABEL_COLUMN, label,
            style(report, "\033[0m"));
    size_t column = VALUE_COLUMN;
    bool first = true;
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        if (!first && column + 1 + length > TEXT_WIDTH) {
            fprintf(report->out, "\n%*s", VALUE_COLUMN, "");
            column = VALUE_COLUMN;
            first = true;
        }
        fprintf(report->out, "%s%.*s", first ? "" : " ", (int)length, text);
        column += length + (first ? 0 : 1);
        first = false;
        text += length;
        text += strspn(text, " ");
    }
    fputc('\n', report->out);
}

/* A text that is put together piece by piece, then wrapped as one. */
typedef struct pieces {
    char text[4096];
    size_t length;
} pieces;

static void piece(pieces *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

#include <stdarg.h>
static void piece(pieces *p, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int wrote = vsnprintf(p->text + p->length, sizeof p->text - p->length, format, arguments);
    va_end(arguments);
    if (wrote > 0) p->length += (size_t)wrote;
    if (p->length >= sizeof p->text) p->length = sizeof p->text - 1;
}

static void facts(pieces *p, const adj_fact *items, size_t count)
{
    for (size_t i = 0; i < count; i++) piece(p, "%s%s = %s", i == 0 ? "" : "; ", items[i].name, items[i].value);
}

static void counted(const cli_report *report, const adj_finding *finding)
{
    if (finding->counted_count == 0) return;
    pieces p = {.length = 0};
    for (size_t i = 0; i < finding->counted_count; i++) {
        const adj_counted_line *line = &finding->counted[i];
        piece(&p, "%s%s %s line %" PRId64 "%s%s", i == 0 ? "" : "; ", line->date, line->claim, line->number,
              line->from_history ? " (history)" : "", line->certain ? "" : " (perhaps)");
    }
    wrapped(report, "counted", p.text);
}

static void exceptions(const cli_report *report, const adj_finding *finding)
{
    for (size_t i = 0; i < finding->exception_count; i++) {
        const adj_tried_exception *tried = &finding->exceptions[i];
        pieces p = {.length = 0};
        piece(&p, "%s", *tried->name == '\0' ? "exception" : tried->name);
        if (*tried->citation != '\0') piece(&p, " (%s)", tried->citation);
        piece(&p, ": %s%s", tried->result, tried->fact_count > 0 ? ", as " : "");
        facts(&p, tried->facts, tried->fact_count);
        wrapped(report, "unless", p.text);
    }
}

static void waivers(const cli_report *report, const adj_finding *finding)
{
    for (size_t i = 0; i < finding->waiver_count; i++) {
        const adj_waiver *waiver = &finding->waivers[i];
        pieces p = {.length = 0};
        piece(&p, "%s, by %s, until %s: %s", waiver->name, waiver->by, waiver->until, waiver->why);
        wrapped(report, "waiver", p.text);
    }
}

static void cures(const cli_report *report, const adj_finding *finding)
{
    for (size_t i = 0; i < finding->cure_count; i++) {
        const adj_cure *cure = &finding->cures[i];
        pieces p = {.length = 0};
        piece(&p, "%s: %s -> %s, if the record supports it; the clause then passes%s", cure->field, cure->from,
              cure->to, cure->line_passes ? ", and so does the line" : "");
        wrapped(report, i == 0 ? "cure" : "or", p.text);
    }
    if (*finding->fix != '\0') wrapped(report, "hint", finding->fix);
}

/* What a clause leaves open and says itself to let pass is kept for programs: on each line it would only be noise. */
static bool let_pass(const adj_finding *finding)
{
    return finding->verdict == ADJ_CLAUSE_CANNOT_TELL && finding->outcome == ADJ_PASS;
}

static void finding_text(const cli_report *report, const adj_finding *finding)
{
    if (let_pass(finding)) return;
    fprintf(report->out, "    %s%s%s",
            colour_of(report, finding->verdict == ADJ_CLAUSE_EXCUSED  ? ADJ_PASS
                              : finding->verdict == ADJ_CLAUSE_WAIVED ? ADJ_WARN
                                                                      : finding->outcome),
            cli_finding_word(finding), style(report, "\033[0m"));
    bool waived = finding->verdict == ADJ_CLAUSE_WAIVED, fails = finding->verdict == ADJ_CLAUSE_FAIL || waived;
    if (waived) fprintf(report->out, " %s", adj_verdict_name(finding->outcome));
    if (fails && *finding->reason_code != '\0')
        fprintf(report->out, " %s-%s", finding->group_code, finding->reason_code);
    for (size_t i = 0; fails && i < finding->remark_count; i++) fprintf(report->out, " %s", finding->remark_codes[i]);
    if (fails && finding->reduce_percent > 0)
        fprintf(report->out, " by %g percent", (double)finding->reduce_percent / 1000);
    fprintf(report->out, "  %s%s%s", style(report, "\033[1m"), finding->clause, style(report, "\033[0m"));
    if (*finding->category != '\0') fprintf(report->out, "  (%s)", finding->category);
    fputc('\n', report->out);
    if (fails) wrapped(report, "", finding->message);
    waivers(report, finding);
    if (finding->verdict == ADJ_CLAUSE_CANNOT_TELL || waived) {
        pieces p = {.length = 0};
        for (size_t i = 0; i < finding->missing_count; i++) piece(&p, "%s%s", i == 0 ? "" : ", ", finding->missing[i]);
        if (finding->missing_count > 0) wrapped(report, "needs", p.text);
        for (size_t i = 0; i < finding->error_count; i++) wrapped(report, "error", finding->errors[i]);
    }
    pieces p = {.length = 0};
    facts(&p, finding->facts, finding->fact_count);
    if (finding->fact_count > 0) wrapped(report, "because", p.text);
    counted(report, finding);
    exceptions(report, finding);
    cures(report, finding);
    pieces source = {.length = 0};
    piece(&source, "%s", finding->citation);
    if (finding->source_unverified) piece(&source, "%snot verified", source.length > 0 ? "; " : "");
    if (*finding->source != '\0') piece(&source, "%s%s", source.length > 0 ? "; " : "", finding->source);
    piece(&source, "%s%s:%zu", source.length > 0 ? "; " : "", finding->file, finding->line);
    if (*finding->through != '\0') piece(&source, ", through %s", finding->through);
    wrapped(report, "source", source.text);
}

static void text_claim(cli_report *report, const adj_line *line)
{
    fprintf(report->out, "%sclaim %s%s", style(report, "\033[1m"), line->claim, style(report, "\033[0m"));
    if (*line->patient != '\0') fprintf(report->out, "   member %s", line->patient);
    if (*line->payer != '\0') fprintf(report->out, "   payer %s", line->payer);
    fprintf(report->out, "\n");
}

static void text_begin(cli_report *report)
{
    (void)report;
}

static void text_line(cli_report *report, const adj_line *line, const adj_explanation *explanation)
{
    char money[40];
    fprintf(report->out, "  line %-2" PRId64 "  %s  %s", line->number, *line->date == '\0' ? "no date   " : line->date,
            *line->procedure == '\0' ? "no code" : line->procedure);
    if (*line->modifiers != '\0') fprintf(report->out, " %s", line->modifiers);
    if (*line->place_of_service != '\0') fprintf(report->out, "  at %s", line->place_of_service);
    if (*line->units != '\0')
        fprintf(report->out, "  %s unit%s", line->units, strcmp(line->units, "1") == 0 ? "" : "s");
    if (line->charge_known) fprintf(report->out, "  %s", cli_money(line->charge, money));
    fprintf(report->out, "  %s%s%s", colour_of(report, line->verdict), adj_verdict_name(line->verdict),
            style(report, "\033[0m"));
    fprintf(report->out, "%s%s\n", *line->reason == '\0' ? "" : ": ", line->reason);
    for (size_t i = 0; explanation != NULL && i < adj_explanation_count(explanation); i++) {
        finding_text(report, adj_explanation_finding(explanation, i));
    }
}

static void text_end(cli_report *report)
{
    if (report->last != NULL) fputc('\n', report->out);
}

const cli_format cli_text_format = {"text", ADJ_EXPLAIN_ALL, text_begin, text_claim, text_line, text_end};
