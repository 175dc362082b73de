/* Records of our own layout in files: NDJSON as JSON of their own, CSV by the columns of their kind. */
#include "readers/side_columns.h"
#include "readers/write_records.h"
#include "readers/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* CSV has a file for each kind, and one more for the lines that are to be judged; NDJSON has one, in the last place. */
enum { JUDGED_FILE = SIDE_COUNT, FILE_COUNT };

typedef struct table_writer {
    format_writer files[FILE_COUNT];
    char names[FILE_COUNT][48];
    read_encounters *encounters;
    adj_written *written;
    bool csv, judged;
    const run_store *store;
} table_writer;

static bool is_judged(const read_written *record)
{
    if (strcmp(record->kind, "history") != 0) return false;
    const read_written_value *from = read_written_find(record, "known_from");
    return from != NULL && from->kind == WRITTEN_TEXT && strcmp(from->text, "own_claims") == 0;
}

static void put_cell(format_writer *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        base_text_put(&out->buffer, text);
        return;
    }
    base_text_put(&out->buffer, "\"");
    for (; *text != '\0'; text++) base_text_put(&out->buffer, *text == '"' ? "\"\"" : (const char[]){*text, '\0'});
    base_text_put(&out->buffer, "\"");
}

static void put_value(const table_writer *w, format_writer *out, const read_written_value *value,
                      const side_column *column)
{
    lang_type type = lang_schema_field(w->store->schema, column->field)->type;
    bool field = column->use == USE_FIELD;
    /* An empty cell of an optional field would say that there is none. */
    bool open = value == NULL && field && (type.optional || column->field == LANG_FIELD_line_modifiers);
    if (open) put_cell(out, "unknown");
    if (value == NULL) return;
    if (value->kind == WRITTEN_TEXT) put_cell(out, value->text);
    if (value->kind == WRITTEN_WHOLE) base_text_format(&out->buffer, "%lld", (long long)value->number);
    if (value->kind == WRITTEN_TRUTH) put_cell(out, value->number != 0 ? "yes" : "no");
    if (value->kind != WRITTEN_LIST) return;
    if (value->count == 0) put_cell(out, "none");
    for (size_t i = 0; i < value->count; i++) {
        if (i > 0) base_text_put(&out->buffer, " ");
        put_cell(out, base_intern_text(&w->store->symbols, value->codes[i]));
    }
}

static side_kind kind_of(const char *name)
{
    for (int k = 0; k < SIDE_COUNT; k++) {
        if (strcmp(side_kinds[k].name, name) == 0) return (side_kind)k;
    }
    return SIDE_COUNT;
}

static void put_header(format_writer *out, side_kind kind)
{
    bool first = true;
    for (size_t i = 0; i < SIDE_COLUMN_COUNT; i++) {
        if (side_columns[i].kind != kind) continue;
        format_put(out, "%s%s", first ? "" : ",", side_columns[i].header);
        first = false;
    }
    format_put(out, "\n");
}

static void put_row(table_writer *w, const read_written *record, side_kind kind, size_t file)
{
    format_writer *out = &w->files[file];
    uint64_t mark = UINT64_C(1) << file;
    if ((w->encounters->headers_written & mark) == 0) put_header(out, kind);
    w->encounters->headers_written |= mark;
    bool first = true;
    for (size_t i = 0; i < SIDE_COLUMN_COUNT; i++) {
        if (side_columns[i].kind != kind) continue;
        if (!first) base_text_put(&out->buffer, ",");
        first = false;
        bool own = w->judged && strcmp(side_columns[i].header, "known_from") == 0;
        if (!own) put_value(w, out, read_written_find(record, side_columns[i].header), &side_columns[i]);
    }
    base_text_put(&out->buffer, "\n");
}

/* The lines to be judged are told from others by where they stand, not by a mark. */
static bool put_json(table_writer *w, const read_written *record)
{
    read_written plain = *record;
    for (size_t i = 0; w->judged && i < plain.count; i++) {
        if (strcmp(plain.values[i].name, "known_from") != 0) continue;
        plain.values[i] = plain.values[--plain.count];
        break;
    }
    char *text = read_written_json(w->store, &plain);
    if (text == NULL) return false;
    base_text_put(&w->files[JUDGED_FILE].buffer, text);
    base_text_put(&w->files[JUDGED_FILE].buffer, "\n");
    free(text);
    return true;
}

static bool take(void *state, const read_written *record)
{
    table_writer *w = state;
    if (is_judged(record) != w->judged) return true;
    size_t file = JUDGED_FILE;
    if (w->csv) {
        side_kind kind = kind_of(record->kind);
        if (kind == SIDE_COUNT) { /* a record of the site has no columns that are known here */
            w->written->left_out++;
            return true;
        }
        file = w->judged ? JUDGED_FILE : (size_t)kind;
        put_row(w, record, kind, file);
    } else if (!put_json(w, record)) {
        return false;
    }
    w->written->records++;
    format_flush(&w->files[file], false);
    return !w->files[file].failed;
}

bool format_write_records(read_encounters *encounters, bool csv, bool judged, adj_write write, void *state,
                          const char *file, adj_written *written)
{
    const run_store *store = &encounters->handle.store;
    base_arena scratch;
    base_arena_init(&scratch, &store->arena.allocator);
    table_writer *w = base_arena_alloc(&scratch, sizeof *w);
    if (w == NULL) return false;
    w->encounters = encounters;
    w->written = written;
    w->csv = csv;
    w->judged = judged;
    w->store = store;
    for (size_t f = 0; f < FILE_COUNT; f++) {
        bool last = f == JUDGED_FILE;
        snprintf(w->names[f], sizeof w->names[f], "%s%s", last ? (judged ? file : "side.ndjson") : side_kinds[f].name,
                 last ? "" : ".csv");
        format_begin(&w->files[f], store, write, state, w->names[f]);
    }
    bool good = read_write_records(encounters, take, w);
    for (size_t f = 0; f < FILE_COUNT; f++) {
        format_end(&w->files[f]);
        good = good && !w->files[f].failed;
    }
    base_arena_release(&scratch);
    return good;
}
