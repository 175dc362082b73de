/* The report for programs: one JSON object per claim line, documented in docs/formats.md. */
#include "cli/report.h"

#include <jansson.h>
#include <string.h>

/* Input bytes that are not UTF-8 are shown by their hexadecimal value, so that every line stays valid JSON. */
static json_t *text(const char *value)
{
    json_t *string = json_string(value);
    if (string != NULL) return string;
    char safe[1024];
    size_t used = 0;
    for (const char *at = value; *at != '\0' && used + 5 < sizeof safe; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte < 0x80)
            safe[used++] = *at;
        else
            used += (size_t)snprintf(safe + used, sizeof safe - used, "\\x%02X", byte);
    }
    safe[used] = '\0';
    return json_string(safe);
}

static json_t *optional_text(const char *value)
{
    return *value == '\0' ? json_null() : text(value);
}

static json_t *facts(const adj_fact *items, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *fact = json_object();
        json_object_set_new_nocheck(fact, "name", text(items[i].name));
        json_object_set_new_nocheck(fact, "value", text(items[i].value));
        json_array_append_new(list, fact);
    }
    return list;
}

static json_t *texts(const char *const *items, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) json_array_append_new(list, text(items[i]));
    return list;
}

static json_t *counted(const adj_finding *finding)
{
    json_t *list = json_array();
    for (size_t i = 0; i < finding->counted_count; i++) {
        const adj_counted_line *line = &finding->counted[i];
        json_t *item = json_object();
        json_object_set_new_nocheck(item, "claim", text(line->claim));
        json_object_set_new_nocheck(item, "line", json_integer(line->number));
        json_object_set_new_nocheck(item, "date", text(line->date));
        json_object_set_new_nocheck(item, "procedure", text(line->procedure));
        json_object_set_new_nocheck(item, "units", text(line->units));
        json_object_set_new_nocheck(item, "from", text(line->from_history ? "history" : "run"));
        json_object_set_new_nocheck(item, "certain", json_boolean(line->certain));
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *exceptions(const adj_finding *finding)
{
    json_t *list = json_array();
    for (size_t i = 0; i < finding->exception_count; i++) {
        const adj_tried_exception *tried = &finding->exceptions[i];
        json_t *item = json_object();
        json_object_set_new_nocheck(item, "name", optional_text(tried->name));
        json_object_set_new_nocheck(item, "citation", optional_text(tried->citation));
        json_object_set_new_nocheck(item, "result", text(tried->result));
        json_object_set_new_nocheck(item, "facts", facts(tried->facts, tried->fact_count));
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *waivers(const adj_finding *finding)
{
    json_t *list = json_array();
    for (size_t i = 0; i < finding->waiver_count; i++) {
        const adj_waiver *waiver = &finding->waivers[i];
        json_t *item = json_object();
        json_object_set_new_nocheck(item, "name", text(waiver->name));
        json_object_set_new_nocheck(item, "by", text(waiver->by));
        json_object_set_new_nocheck(item, "why", text(waiver->why));
        json_object_set_new_nocheck(item, "until", text(waiver->until));
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *cures(const adj_finding *finding)
{
    json_t *list = json_array();
    for (size_t i = 0; i < finding->cure_count; i++) {
        const adj_cure *cure = &finding->cures[i];
        json_t *item = json_object();
        json_object_set_new_nocheck(item, "field", text(cure->field));
        json_object_set_new_nocheck(item, "from", text(cure->from));
        json_object_set_new_nocheck(item, "to", text(cure->to));
        json_object_set_new_nocheck(item, "line_passes", json_boolean(cure->line_passes));
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *source(const adj_finding *finding)
{
    json_t *span = json_object();
    json_object_set_new_nocheck(span, "file", text(finding->file));
    json_object_set_new_nocheck(span, "line", json_integer((json_int_t)finding->line));
    json_object_set_new_nocheck(span, "column", json_integer((json_int_t)finding->column));
    json_object_set_new_nocheck(span, "end_line", json_integer((json_int_t)finding->end_line));
    json_object_set_new_nocheck(span, "end_column", json_integer((json_int_t)finding->end_column));
    return span;
}

static json_t *finding_object(const adj_finding *finding)
{
    bool fails = finding->verdict == ADJ_CLAUSE_FAIL || finding->verdict == ADJ_CLAUSE_WAIVED;
    json_t *object = json_object();
    json_object_set_new_nocheck(object, "verdict", text(adj_clause_verdict_name(finding->verdict)));
    json_object_set_new_nocheck(object, "outcome", text(cli_finding_word(finding)));
    json_object_set_new_nocheck(object, "policy", text(finding->policy));
    json_object_set_new_nocheck(object, "through", optional_text(finding->through));
    json_object_set_new_nocheck(object, "clause", text(finding->clause));
    json_object_set_new_nocheck(object, "citation", optional_text(finding->citation));
    json_object_set_new_nocheck(object, "source_document", optional_text(finding->source));
    json_object_set_new_nocheck(object, "source_verified", json_boolean(!finding->source_unverified));
    json_object_set_new_nocheck(object, "source", source(finding));
    json_object_set_new_nocheck(object, "group_code", optional_text(finding->group_code));
    json_object_set_new_nocheck(object, "reason_code", optional_text(finding->reason_code));
    json_object_set_new_nocheck(object, "remark_codes", texts(finding->remark_codes, finding->remark_count));
    json_object_set_new_nocheck(object, "category", optional_text(finding->category));
    json_object_set_new_nocheck(object, "message", fails ? text(finding->message) : json_null());
    json_object_set_new_nocheck(object, "reduce_percent",
                                finding->reduce_percent > 0 ? json_real((double)finding->reduce_percent / 1000)
                                                            : json_null());
    json_object_set_new_nocheck(object, "facts", facts(finding->facts, finding->fact_count));
    json_object_set_new_nocheck(object, "counted", counted(finding));
    json_object_set_new_nocheck(object, "exceptions", exceptions(finding));
    json_object_set_new_nocheck(object, "waivers", waivers(finding));
    json_object_set_new_nocheck(object, "missing", texts(finding->missing, finding->missing_count));
    json_object_set_new_nocheck(object, "errors", texts(finding->errors, finding->error_count));
    json_object_set_new_nocheck(object, "cures", cures(finding));
    json_object_set_new_nocheck(object, "hint", optional_text(finding->fix));
    return object;
}

/* Pieces are put together: a call of the C library for each took a third of the time. */
static int add_piece(const char *piece, size_t length, void *state)
{
    cli_report *report = state;
    cli_row_add(report, piece, length);
    return report->failed ? -1 : 0;
}

static void json_begin(cli_report *report)
{
    (void)report;
}

static void json_line(cli_report *report, const adj_line *line, const adj_explanation *explanation)
{
    json_t *object = json_object();
    json_object_set_new_nocheck(object, "file", text(line->file));
    json_object_set_new_nocheck(object, "segment", json_integer((json_int_t)line->segment));
    json_object_set_new_nocheck(object, "claim", text(line->claim));
    json_object_set_new_nocheck(object, "line", json_integer(line->number));
    json_object_set_new_nocheck(object, "member", optional_text(line->patient));
    json_object_set_new_nocheck(object, "payer", optional_text(line->payer));
    json_object_set_new_nocheck(object, "date", optional_text(line->date));
    json_object_set_new_nocheck(object, "procedure", optional_text(line->procedure));
    json_object_set_new_nocheck(object, "modifiers", text(line->modifiers));
    json_object_set_new_nocheck(object, "place_of_service", optional_text(line->place_of_service));
    json_object_set_new_nocheck(object, "units", optional_text(line->units));
    json_object_set_new_nocheck(object, "charge_cents", line->charge_known ? json_integer(line->charge) : json_null());
    json_object_set_new_nocheck(object, "verdict", text(adj_verdict_name(line->verdict)));
    json_object_set_new_nocheck(object, "reason", optional_text(line->reason));
    json_t *findings = json_array();
    for (size_t i = 0; explanation != NULL && i < adj_explanation_count(explanation); i++) {
        json_array_append_new(findings, finding_object(adj_explanation_finding(explanation, i)));
    }
    json_object_set_new_nocheck(object, "findings", findings);
    report->row_length = 0;
    if (json_dump_callback(object, add_piece, report, JSON_COMPACT) != 0) report->failed = true;
    cli_row_add(report, "\n", 1);
    cli_row_write(report);
    json_decref(object);
}

static void json_end(cli_report *report)
{
    (void)report;
}

const cli_format cli_json_format = {"json", ADJ_EXPLAIN_ALL, json_begin, NULL, json_line, json_end};
