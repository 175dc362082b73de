/* The report for programs: one JSON object per claim line, documented in docs/formats.md. */
#include "cli/json_writer.h"
#include "cli/report.h"

typedef json_writer writer;

static void named(writer *w, const char *name, const char *value)
{
    json_put_name(w, name);
    json_put_text(w, value);
}

/* null for an empty text. */
static void named_if_any(writer *w, const char *name, const char *value)
{
    json_put_name(w, name);
    if (*value == '\0')
        json_put_nothing(w);
    else
        json_put_text(w, value);
}

static void named_integer(writer *w, const char *name, int64_t value)
{
    json_put_name(w, name);
    json_put_integer(w, value);
}

static void named_truth(writer *w, const char *name, bool value)
{
    json_put_name(w, name);
    json_put_truth(w, value);
}

static void begin_list(writer *w, const char *name)
{
    json_put_name(w, name);
    json_put_list(w);
}

static void facts(writer *w, const adj_fact *items, size_t count)
{
    begin_list(w, "facts");
    for (size_t i = 0; i < count; i++) {
        json_put_object(w);
        named(w, "name", items[i].name);
        named(w, "value", items[i].value);
        json_put_object_end(w);
    }
    json_put_list_end(w);
}

static void texts(writer *w, const char *name, const char *const *items, size_t count)
{
    begin_list(w, name);
    for (size_t i = 0; i < count; i++) json_put_text(w, items[i]);
    json_put_list_end(w);
}

static void counted(writer *w, const adj_finding *finding)
{
    begin_list(w, "counted");
    for (size_t i = 0; i < finding->counted_count; i++) {
        const adj_counted_line *line = &finding->counted[i];
        json_put_object(w);
        named(w, "claim", line->claim);
        named_integer(w, "line", line->number);
        named(w, "date", line->date);
        named(w, "procedure", line->procedure);
        named(w, "units", line->units);
        named(w, "from", line->from_history ? "history" : "run");
        named_truth(w, "certain", line->certain);
        json_put_object_end(w);
    }
    json_put_list_end(w);
    named_truth(w, "counted_more", finding->counted_more);
}

static void exceptions(writer *w, const adj_finding *finding)
{
    begin_list(w, "exceptions");
    for (size_t i = 0; i < finding->exception_count; i++) {
        const adj_tried_exception *tried = &finding->exceptions[i];
        json_put_object(w);
        named_if_any(w, "name", tried->name);
        named_if_any(w, "citation", tried->citation);
        named(w, "result", tried->result);
        facts(w, tried->facts, tried->fact_count);
        json_put_object_end(w);
    }
    json_put_list_end(w);
}

static void waivers(writer *w, const adj_finding *finding)
{
    begin_list(w, "waivers");
    for (size_t i = 0; i < finding->waiver_count; i++) {
        const adj_waiver *waiver = &finding->waivers[i];
        json_put_object(w);
        named(w, "name", waiver->name);
        named(w, "by", waiver->by);
        named(w, "why", waiver->why);
        named(w, "until", waiver->until);
        json_put_object_end(w);
    }
    json_put_list_end(w);
}

static void cures(writer *w, const adj_finding *finding)
{
    begin_list(w, "cures");
    for (size_t i = 0; i < finding->cure_count; i++) {
        const adj_cure *cure = &finding->cures[i];
        json_put_object(w);
        named(w, "field", cure->field);
        named(w, "from", cure->from);
        named(w, "to", cure->to);
        named_truth(w, "line_passes", cure->line_passes);
        json_put_object_end(w);
    }
    json_put_list_end(w);
}

static void source(writer *w, const adj_finding *finding)
{
    json_put_name(w, "source");
    json_put_object(w);
    named(w, "file", finding->file);
    named_integer(w, "line", (int64_t)finding->line);
    named_integer(w, "column", (int64_t)finding->column);
    named_integer(w, "end_line", (int64_t)finding->end_line);
    named_integer(w, "end_column", (int64_t)finding->end_column);
    json_put_object_end(w);
}

static void one_finding(writer *w, const adj_finding *finding)
{
    bool fails = finding->verdict == ADJ_CLAUSE_FAIL || finding->verdict == ADJ_CLAUSE_WAIVED;
    json_put_object(w);
    named(w, "verdict", adj_clause_verdict_name(finding->verdict));
    named(w, "outcome", cli_finding_word(finding));
    named(w, "policy", finding->policy);
    named_if_any(w, "through", finding->through);
    named(w, "clause", finding->clause);
    named_if_any(w, "citation", finding->citation);
    named_if_any(w, "source_document", finding->source);
    named_truth(w, "source_verified", !finding->source_unverified);
    source(w, finding);
    named_if_any(w, "group_code", finding->group_code);
    named_if_any(w, "reason_code", finding->reason_code);
    texts(w, "remark_codes", finding->remark_codes, finding->remark_count);
    named_if_any(w, "category", finding->category);
    json_put_name(w, "message");
    if (fails)
        json_put_text(w, finding->message);
    else
        json_put_nothing(w);
    json_put_name(w, "reduce_percent");
    if (finding->reduce_percent > 0)
        json_put_number(w, (double)finding->reduce_percent / 1000);
    else
        json_put_nothing(w);
    facts(w, finding->facts, finding->fact_count);
    counted(w, finding);
    exceptions(w, finding);
    waivers(w, finding);
    texts(w, "missing", finding->missing, finding->missing_count);
    texts(w, "errors", finding->errors, finding->error_count);
    cures(w, finding);
    named_if_any(w, "hint", finding->fix);
    json_put_object_end(w);
}

static void json_begin(cli_report *report)
{
    (void)report;
}

static void one_line(writer *w, const adj_line *line, const adj_explanation *explanation)
{
    json_put_object(w);
    named(w, "file", line->file);
    named_integer(w, "segment", (int64_t)line->segment);
    named(w, "claim", line->claim);
    named_integer(w, "line", line->number);
    named_if_any(w, "member", line->patient);
    named_if_any(w, "payer", line->payer);
    named_if_any(w, "date", line->date);
    named_if_any(w, "procedure", line->procedure);
    named(w, "modifiers", line->modifiers);
    named_if_any(w, "place_of_service", line->place_of_service);
    named_if_any(w, "units", line->units);
    json_put_name(w, "charge_cents");
    if (line->charge_known)
        json_put_integer(w, line->charge);
    else
        json_put_nothing(w);
    named(w, "verdict", adj_verdict_name(line->verdict));
    named_if_any(w, "reason", line->reason);
    begin_list(w, "findings");
    for (size_t i = 0; explanation != NULL && i < adj_explanation_count(explanation); i++)
        one_finding(w, adj_explanation_finding(explanation, i));
    json_put_list_end(w);
    json_put_object_end(w);
}

static void json_line(cli_report *report, const adj_line *line, const adj_explanation *explanation)
{
    if (report->json == NULL) report->json = json_writer_new();
    if (report->json == NULL) {
        report->failed = true;
        return;
    }
    json_writer_begin(report->json);
    one_line(report->json, line, explanation);
    size_t length;
    const char *bytes = json_writer_bytes(report->json, &length);
    bool good = bytes != NULL && fwrite(bytes, 1, length, report->out) == length && fputc('\n', report->out) != EOF;
    if (!good) report->failed = true;
}

static void json_end(cli_report *report)
{
    (void)report;
}

const cli_format cli_json_format = {"json", ADJ_EXPLAIN_ALL, json_begin, NULL, json_line, json_end};
