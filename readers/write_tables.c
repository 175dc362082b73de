/* Records of our own layout in files: NDJSON as they are, CSV by the columns of their kind. */
#include "readers/side_columns.h"
#include "readers/write_records.h"
#include "readers/writer.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

typedef struct table_writer {
    format_writer out;
    adj_written *written;
    bool csv, judged;
    const char *name;
    side_kind kind; /* of the CSV file at hand */
    const run_store *store;
} table_writer;

static bool is_judged(const read_written *record)
{
    return strcmp(record->kind, "history") == 0 && strstr(record->json, "\"known_from\":\"own_claims\"") != NULL;
}

static void put_cell(table_writer *w, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        base_text_put(&w->out.buffer, text);
        return;
    }
    base_text_put(&w->out.buffer, "\"");
    for (; *text != '\0'; text++) base_text_put(&w->out.buffer, *text == '"' ? "\"\"" : (const char[]){*text, '\0'});
    base_text_put(&w->out.buffer, "\"");
}

static void put_value(table_writer *w, const json_t *value, const side_column *column)
{
    lang_type type = lang_schema_field(w->store->schema, column->field)->type;
    bool field = column->use == USE_FIELD;
    if (value == NULL) {
        /* An empty cell of an optional field would say that there is none. */
        if (field && (type.optional || column->field == LANG_FIELD_line_modifiers)) put_cell(w, "unknown");
        return;
    }
    if (json_is_array(value)) {
        if (json_array_size(value) == 0) put_cell(w, "none");
        for (size_t i = 0; i < json_array_size(value); i++) {
            if (i > 0) base_text_put(&w->out.buffer, " ");
            put_cell(w, json_string_value(json_array_get(value, i)));
        }
    } else if (json_is_integer(value)) {
        base_text_format(&w->out.buffer, "%lld", (long long)json_integer_value(value));
    } else if (json_is_boolean(value)) {
        put_cell(w, json_is_true(value) ? "yes" : "no");
    } else if (json_is_string(value)) {
        put_cell(w, json_string_value(value));
    }
}

static side_kind kind_of(const char *name)
{
    for (int k = 0; k < SIDE_COUNT; k++) {
        if (strcmp(side_kinds[k].name, name) == 0) return (side_kind)k;
    }
    return SIDE_COUNT;
}

static void put_header(table_writer *w)
{
    bool first = true;
    for (size_t i = 0; i < SIDE_COLUMN_COUNT; i++) {
        if (side_columns[i].kind != w->kind) continue;
        format_put(&w->out, "%s%s", first ? "" : ",", side_columns[i].header);
        first = false;
    }
    format_put(&w->out, "\n");
}

static bool put_row(table_writer *w, const read_written *record)
{
    json_error_t error;
    json_t *object = json_loads(record->json, 0, &error);
    if (object == NULL) return false;
    bool first = true;
    for (size_t i = 0; i < SIDE_COLUMN_COUNT; i++) {
        if (side_columns[i].kind != w->kind) continue;
        if (!first) base_text_put(&w->out.buffer, ",");
        first = false;
        bool own = strcmp(side_columns[i].header, "known_from") == 0 && w->judged;
        if (!own) put_value(w, json_object_get(object, side_columns[i].header), &side_columns[i]);
    }
    base_text_put(&w->out.buffer, "\n");
    json_decref(object);
    return true;
}

/* The lines to be judged are told from others by where they stand, not by a mark. */
static void put_line(table_writer *w, const read_written *record)
{
    static const char mark[] = ",\"known_from\":\"own_claims\"";
    const char *at = w->judged ? strstr(record->json, mark) : NULL;
    if (at == NULL) {
        base_text_put(&w->out.buffer, record->json);
    } else {
        base_text_add(&w->out.buffer, record->json, (size_t)(at - record->json));
        base_text_put(&w->out.buffer, at + strlen(mark));
    }
    base_text_put(&w->out.buffer, "\n");
}

static bool take(void *state, const read_written *record)
{
    table_writer *w = state;
    if (is_judged(record) != w->judged) return true;
    if (w->csv && kind_of(record->kind) != w->kind) return true;
    if (w->csv && !put_row(w, record)) return false;
    if (!w->csv) put_line(w, record);
    w->written->records++;
    format_flush(&w->out, false);
    return !w->out.failed;
}

static bool write_file(table_writer *w, read_encounters *encounters, adj_write write, void *state, const char *file)
{
    size_t before = w->written->records;
    format_begin(&w->out, &encounters->handle.store, write, state, file);
    uint64_t mark = UINT64_C(1) << (w->judged ? SIDE_COUNT : w->kind);
    if (w->csv && (encounters->headers_written & mark) == 0) put_header(w);
    bool good = read_write_records(encounters, take, w);
    if (w->written->records == before)
        w->out.buffer.length = 0; /* no file for nothing */
    else if (w->csv)
        encounters->headers_written |= mark;
    format_end(&w->out);
    return good && !w->out.failed;
}

bool format_write_records(read_encounters *encounters, bool csv, bool judged, adj_write write, void *state,
                          const char *file, adj_written *written)
{
    table_writer w = {.csv = csv, .judged = judged, .written = written, .store = &encounters->handle.store};
    if (!csv) return write_file(&w, encounters, write, state, judged ? file : "side.ndjson");
    if (judged) {
        w.kind = SIDE_history;
        return write_file(&w, encounters, write, state, file);
    }
    bool good = true;
    for (int k = 0; k < SIDE_COUNT && good; k++) {
        char name[64];
        w.kind = (side_kind)k;
        snprintf(name, sizeof name, "%s.csv", side_kinds[k].name);
        good = write_file(&w, encounters, write, state, name);
    }
    return good;
}
