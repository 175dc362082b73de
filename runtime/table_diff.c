/* Comparing two editions of a file of rows: which keys came, went, ended, came back, or say something else now.
 *
 * Rows are kept as two texts, the key and the rest, interned; the old file's are chained by key, and the new file's are
 * matched against them. */
#include "base/csv.h"
#include "base/date.h"
#include "base/intern.h"
#include "lang/program.h"
#include "runtime/handles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS = 8 };

typedef struct diff_row {
    uint32_t key, span, rest; /* interned */
    uint32_t next;            /* row + 1 of the same key */
    bool open;                /* has no last day, or one that never comes */
    bool matched;
} diff_row;

typedef struct diff_side {
    BASE_ARRAY(diff_row) rows;
    uint32_t *first; /* by key: row + 1 */
} diff_side;

struct adj_table_diff {
    base_arena arena;
    base_intern texts;
    const char *error;
    const char *keys[KEYS];
    size_t key_count;
    const char *from, *to;
    diff_side sides[2];
    BASE_ARRAY(const char *) changes[ADJ_TABLE_KINDS];
    /* of the file being read */
    diff_side *side;
    const char *path;
    int key_places[KEYS], from_place, to_place;
    bool header_read;
    char separator;
    char *buffer;
    size_t length, room, line;
};

static int place_of(const csv_cell *cells, size_t count, const char *name)
{
    for (size_t i = 0; name != NULL && i < count; i++) {
        if (cells[i].length == strlen(name) && memcmp(cells[i].text, name, cells[i].length) == 0) return (int)i;
    }
    return -1;
}

static void lacks(adj_table_diff *d, const char *name)
{
    if (d->error == NULL) d->error = base_format(&d->arena, "%s has no column `%s` in its first line", d->path, name);
}

static void read_header(adj_table_diff *d, const csv_cell *cells, size_t count)
{
    d->header_read = true;
    for (size_t k = 0; k < d->key_count; k++) {
        d->key_places[k] = place_of(cells, count, d->keys[k]);
        if (d->key_places[k] < 0) lacks(d, d->keys[k]);
    }
    d->from_place = place_of(cells, count, d->from);
    d->to_place = place_of(cells, count, d->to);
    if (d->from != NULL && d->from_place < 0) lacks(d, d->from);
    if (d->to != NULL && d->to_place < 0) lacks(d, d->to);
}

static bool is_key(const adj_table_diff *d, size_t place)
{
    for (size_t k = 0; k < d->key_count; k++) {
        if (d->key_places[k] == (int)place) return true;
    }
    return false;
}

static bool never_ends(const csv_cell *cell)
{
    return cell->length == 0 || cell->text[0] == '*' || cell->text[0] == '-' ||
           (cell->length >= 4 && memcmp(cell->text, "9999", 4) == 0);
}

static int shown(const csv_cell *cell)
{
    return cell->length > 200 ? 200 : (int)cell->length;
}

static void read_row(adj_table_diff *d, const csv_cell *cells, size_t count)
{
    char text[4096];
    static const csv_cell nothing = {"", 0, 0, false};
    diff_row row = {.open = true};
    size_t used = 0;
    for (size_t k = 0; k < d->key_count; k++) {
        const csv_cell *cell = (size_t)d->key_places[k] < count ? &cells[d->key_places[k]] : &nothing;
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s%.*s", k == 0 ? "" : " / ", shown(cell), cell->text);
    }
    row.key = base_intern_add(&d->texts, text, used);
    used = 0;
    if (d->from_place >= 0 && (size_t)d->from_place < count)
        used +=
            (size_t)snprintf(text, sizeof text, "from %.*s ", shown(&cells[d->from_place]), cells[d->from_place].text);
    if (d->to_place >= 0 && (size_t)d->to_place < count) {
        row.open = never_ends(&cells[d->to_place]);
        if (!row.open)
            used += (size_t)snprintf(text + used, sizeof text - used, "to %.*s", shown(&cells[d->to_place]),
                                     cells[d->to_place].text);
    }
    row.span = base_intern_add(&d->texts, text, used);
    used = 0;
    for (size_t i = 0; i < count && used < sizeof text; i++) {
        if (is_key(d, i) || (int)i == d->from_place || (int)i == d->to_place) continue;
        int wrote = snprintf(text + used, sizeof text - used, "%s%.*s", used == 0 ? "" : "; ", (int)cells[i].length,
                             cells[i].text);
        used += wrote < 0 ? 0 : (size_t)wrote;
    }
    row.rest = base_intern_add(&d->texts, text, used < sizeof text ? used : sizeof text - 1);
    diff_row *slot = BASE_PUSH(&d->arena, &d->side->rows);
    if (slot != NULL) *slot = row;
}

static void read_records(adj_table_diff *d, size_t length)
{
    base_arena scratch;
    base_arena_init(&scratch, NULL);
    csv_reader csv;
    base_csv_init(&csv, &scratch, d->buffer, length);
    csv.next_line = d->line + 1;
    if (!d->header_read) d->separator = memchr(d->buffer, '\t', strcspn(d->buffer, "\n")) != NULL ? '\t' : ',';
    csv.separator = d->separator;
    csv_cell cells[CSV_COLUMN_LIMIT];
    size_t count;
    while (d->error == NULL && base_csv_next(&csv, cells, &count)) {
        if (csv.error != NULL)
            d->error = base_format(&d->arena, "%s:%zu:%zu: %s", d->path, csv.line, csv.error_column, csv.error);
        else if (!d->header_read)
            read_header(d, cells, count);
        else
            read_row(d, cells, count);
    }
    d->line = csv.next_line - 1;
    base_arena_release(&scratch);
}

static bool take(void *state, const char *bytes, size_t length)
{
    adj_table_diff *d = state;
    if (d->length + length + 1 > d->room) {
        size_t room = (d->length + length) * 2 + 1;
        char *grown = realloc(d->buffer, room);
        if (grown == NULL) return false;
        d->buffer = grown;
        d->room = room;
    }
    memcpy(d->buffer + d->length, bytes, length);
    d->length += length;
    d->buffer[d->length] = '\0';
    bool quoted = false;
    size_t end = 0;
    for (size_t i = 0; i < d->length; i++) {
        if (d->buffer[i] == '"') quoted = !quoted;
        if (d->buffer[i] == '\n' && !quoted) end = i + 1;
    }
    if (end > 0) read_records(d, end);
    memmove(d->buffer, d->buffer + end, d->length - end);
    d->length -= end;
    return d->error == NULL && !d->arena.failed;
}

static void read_side(adj_table_diff *d, size_t side, const char *path)
{
    d->side = &d->sides[side];
    d->path = path;
    d->header_read = false;
    d->length = d->line = 0;
    bool good = lang_read_pieces(NULL, path, take, d);
    if (good && d->length > 0) read_records(d, d->length);
    if (!good && d->error == NULL) d->error = base_format(&d->arena, "%s cannot be read, or ends early", path);
    if (d->error == NULL && !d->header_read) d->error = base_format(&d->arena, "%s is empty", path);
}

static bool chain(adj_table_diff *d, diff_side *side)
{
    side->first = base_arena_alloc(&d->arena, (d->texts.entries.count + 1) * sizeof *side->first);
    if (side->first == NULL) return false;
    for (uint32_t i = (uint32_t)side->rows.count; i-- > 0;) {
        diff_row *row = &side->rows.items[i];
        row->next = side->first[row->key];
        side->first[row->key] = i + 1;
    }
    return true;
}

static void note(adj_table_diff *d, adj_table_change change, const diff_row *was, const diff_row *is)
{
    const char **slot = BASE_PUSH(&d->arena, &d->changes[change]);
    if (slot == NULL) return;
    const diff_row *row = is != NULL ? is : was;
    const char *key = base_intern_text(&d->texts, row->key);
    const char *span = base_intern_text(&d->texts, row->span), *rest = base_intern_text(&d->texts, row->rest);
    if (change == ADJ_TABLE_CHANGED)
        *slot = base_format(&d->arena, "%s %s: %s -> %s", key, span, base_intern_text(&d->texts, was->rest), rest);
    else if (change == ADJ_TABLE_ENDED)
        *slot = base_format(&d->arena, "%s: %s -> %s", key, base_intern_text(&d->texts, was->span), span);
    else
        *slot = base_format(&d->arena, "%s %s: %s", key, span, rest);
}

/* A row that is neither there with the same span nor the end of one that was open: a new key, or one that came back. */
static void match(adj_table_diff *d, diff_row *row)
{
    diff_row *open = NULL;
    uint32_t first = d->sides[0].first[row->key];
    for (uint32_t i = first; i != 0; i = d->sides[0].rows.items[i - 1].next) {
        diff_row *old = &d->sides[0].rows.items[i - 1];
        if (old->matched) continue;
        if (old->span == row->span) {
            old->matched = row->matched = true;
            if (old->rest != row->rest) note(d, ADJ_TABLE_CHANGED, old, row);
            return;
        }
        if (old->open && !row->open) open = old;
    }
    if (open != NULL) {
        open->matched = row->matched = true;
        note(d, ADJ_TABLE_ENDED, open, row);
        if (open->rest != row->rest) note(d, ADJ_TABLE_CHANGED, open, row);
        return;
    }
    note(d, first == 0 ? ADJ_TABLE_CAME : ADJ_TABLE_REACTIVATED, NULL, row);
}

/* Exact matches first, so that a row that stays is never taken for one that ended. */
static void match_exact(adj_table_diff *d, diff_row *row)
{
    for (uint32_t i = d->sides[0].first[row->key]; i != 0; i = d->sides[0].rows.items[i - 1].next) {
        diff_row *old = &d->sides[0].rows.items[i - 1];
        if (old->matched || old->span != row->span || old->rest != row->rest) continue;
        old->matched = row->matched = true;
        return;
    }
}

static void compare(adj_table_diff *d)
{
    if (!chain(d, &d->sides[0])) return;
    for (size_t i = 0; i < d->sides[1].rows.count; i++) match_exact(d, &d->sides[1].rows.items[i]);
    for (size_t i = 0; i < d->sides[1].rows.count; i++) {
        if (!d->sides[1].rows.items[i].matched) match(d, &d->sides[1].rows.items[i]);
    }
    for (size_t i = 0; i < d->sides[0].rows.count; i++) {
        if (!d->sides[0].rows.items[i].matched) note(d, ADJ_TABLE_WENT, &d->sides[0].rows.items[i], NULL);
    }
}

static bool split_keys(adj_table_diff *d, const char *key)
{
    while (*key != '\0' && d->key_count < KEYS) {
        size_t length = strcspn(key, ",");
        if (length > 0) d->keys[d->key_count++] = base_arena_copy(&d->arena, key, length);
        key += length + (key[length] == ',' ? 1 : 0);
    }
    return d->key_count > 0;
}

adj_status adj_table_compare(const char *old_path, const char *new_path, const char *key, const char *from,
                             const char *to, adj_table_diff **out)
{
    *out = NULL;
    base_allocator allocator = base_allocator_default();
    adj_table_diff *d = allocator.reallocate(allocator.state, NULL, sizeof *d);
    if (d == NULL) return ADJ_OUT_OF_MEMORY;
    memset(d, 0, sizeof *d);
    base_arena_init(&d->arena, NULL);
    d->from = from;
    d->to = to;
    *out = d;
    if (!base_intern_init(&d->texts, &d->arena) || !split_keys(d, key)) return ADJ_INVALID_INPUT;
    read_side(d, 0, old_path);
    if (d->error == NULL) read_side(d, 1, new_path);
    free(d->buffer);
    d->buffer = NULL;
    if (d->error == NULL) compare(d);
    if (d->arena.failed) return ADJ_OUT_OF_MEMORY;
    return d->error == NULL ? ADJ_OK : ADJ_INVALID_INPUT;
}

void adj_table_diff_free(adj_table_diff *diff)
{
    if (diff == NULL) return;
    base_arena_release(&diff->arena);
    free(diff);
}

const char *adj_table_diff_error(const adj_table_diff *diff)
{
    return diff->error == NULL ? "" : diff->error;
}

size_t adj_table_diff_count(const adj_table_diff *diff, adj_table_change change)
{
    return change < ADJ_TABLE_KINDS ? diff->changes[change].count : 0;
}

const char *adj_table_diff_row(const adj_table_diff *diff, adj_table_change change, size_t index)
{
    return index < adj_table_diff_count(diff, change) ? diff->changes[change].items[index] : "";
}
