/* What the readers stand on: CSV from separator to separator, through windows of any size; JSON records that look like the ones
 * before them. */
#include "base/csv.h"
#include "tests/differential/generator.h"
#include "tests/suites/told.h"

/* ---- CSV against a plain reading of RFC 4180 ---- */

typedef struct cells {
    char text[8192];
    size_t length;
} cells;

static void add(cells *c, const char *text, size_t length)
{
    cr_assert_lt(c->length + length + 2, sizeof c->text);
    memcpy(c->text + c->length, text, length);
    c->length += length;
    c->text[c->length++] = '|';
    c->text[c->length] = '\0';
}

typedef struct window {
    size_t filled, step, length;
} window;

static size_t more(void *state, size_t upto)
{
    window *w = state;
    size_t next = w->filled + w->step;
    (void)upto; /* brings less than asked for only at the end: steps are at least what is asked for */
    w->filled = next < upto ? upto : next;
    if (w->filled > w->length) w->filled = w->length;
    return w->filled;
}

/* Reads a text through windows that begin with `first` bytes; SIZE_MAX for all at once. */
static cells read_csv(const char *text, size_t length, size_t first)
{
    cells result = {.length = 0};
    base_arena arena;
    base_arena_init(&arena, NULL);
    csv_reader reader;
    csv_cell row[CSV_COLUMN_LIMIT];
    window w = {.filled = first < length ? first : length, .step = 1, .length = length};
    base_csv_init(&reader, &arena, text, length);
    if (first != SIZE_MAX) base_csv_window(&reader, w.filled, more, &w);
    size_t count;
    while (base_csv_next(&reader, row, &count)) {
        for (size_t i = 0; i < count; i++) {
            add(&result, row[i].text, row[i].length);
            char place[40];
            add(&result, place, (size_t)snprintf(place, sizeof place, "@%zu", row[i].column));
        }
        if (reader.error != NULL) add(&result, reader.error, strlen(reader.error));
        char line[40];
        add(&result, line, (size_t)snprintf(line, sizeof line, "/%zu\n", reader.line));
    }
    base_arena_release(&arena);
    return result;
}

/* The same by one byte after the other. */
static cells read_plainly(const char *text, size_t length)
{
    cells result = {.length = 0};
    size_t at = 0, line = 1;
    while (at < length) {
        if (text[at] == '\n' || text[at] == '\r') {
            if (text[at] == '\r' && at + 1 < length && text[at + 1] == '\n') at++;
            at++;
            line++;
            continue;
        }
        size_t start = at, first_line = line;
        const char *error = NULL;
        char row[4096], *to = row;
        for (;;) {
            char cell[2048], place[40];
            size_t used = 0, column = at - start + 1;
            if (at < length && text[at] == '"') {
                size_t end = at + 1, lines = 0;
                bool closed = false;
                while (end < length && !closed) {
                    if (text[end] == '"' && end + 1 < length && text[end + 1] == '"') {
                        cell[used++] = '"';
                        end += 2;
                    } else if (text[end] == '"') {
                        closed = true;
                        end++;
                    } else {
                        lines += text[end] == '\n';
                        cell[used++] = text[end++];
                    }
                }
                if (!closed) {
                    error = "a quoted cell is never closed";
                    at++;
                    break;
                }
                at = end;
                line += lines;
                if (at < length && strchr(",\r\n", text[at]) == NULL) {
                    error = "text follows the closing quote of a cell";
                    break;
                }
            } else {
                while (at < length && strchr(",\r\n", text[at]) == NULL) cell[used++] = text[at++];
                size_t from = 0;
                while (used > from && strchr(" \t", cell[from]) != NULL) from++;
                while (used > from && strchr(" \t", cell[used - 1]) != NULL) used--;
                memmove(cell, cell + from, used - from);
                used -= from;
            }
            snprintf(place, sizeof place, "@%zu", column);
            memcpy(to, cell, used);
            to += used;
            to += sprintf(to, "|%s|", place);
            if (at >= length || text[at] != ',') break;
            at++;
        }
        if (error != NULL) {
            while (at < length && text[at] != '\n' && text[at] != '\r') at++;
            to = row;
            to += sprintf(to, "%s|", error);
        }
        if (at < length && text[at] == '\r') at++;
        if (at < length && text[at] == '\n') at++;
        line++;
        to += sprintf(to, "/%zu\n", first_line);
        add(&result, row, (size_t)(to - row));
    }
    return result;
}

Test(scanning, csv_is_read_the_same_through_any_window)
{
    static const char *const pieces[] = {
        ",", ",", ",", "\n", "\r\n", "\"", "\"\"", "a", "bc", " ", "\t", "90853", "a longer cell of text"};
    generator g = {.state = 21};
    for (int round = 0; round < 3000; round++) {
        char text[700] = "";
        size_t length = 0;
        for (uint32_t count = 1 + generator_below(&g, 60); count > 0 && length < 600; count--) {
            const char *piece = pieces[generator_below(&g, generator_chance(&g, 70) ? 5 : 13)];
            length += (size_t)sprintf(text + length, "%s", piece);
        }
        char *exact = malloc(length == 0 ? 1 : length); /* nothing may be read behind it */
        memcpy(exact, text, length);
        cells plain = read_plainly(exact, length), whole = read_csv(exact, length, SIZE_MAX);
        cr_expect_str_eq(whole.text, plain.text, "all at once: %s", text);
        size_t first = generator_below(&g, 70);
        cells windowed = read_csv(exact, length, first);
        cr_expect_str_eq(windowed.text, plain.text, "through a window of %zu: %s", first, text);
        free(exact);
    }
}

/* ---- JSON records, taken apart by comparison and by the library ---- */

/* Where in a malformed line, the two ways differ by the blank. */
static told say(const char *text, size_t length)
{
    return told_of("lines.ndjson", text, length, ADJ_ROLE_JUDGED, "D0501");
}

/* A blank behind the brace of every line keeps it from being taken apart by comparison. */
static char *with_blanks(const char *text, size_t length, size_t *with)
{
    char *result = malloc(length * 2 + 1);
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        result[used++] = text[i];
        if (text[i] == '{' && (i == 0 || text[i - 1] == '\n')) result[used++] = ' ';
    }
    *with = used;
    return result;
}

/* What looks nearly like the record before it: each kind of value, and each way to be no JSON. */
Test(scanning, what_is_no_json_is_refused_however_alike_it_looks)
{
    static const char *const endings[] = {"\"units\":1}",
                                          "\"units\":012}",
                                          "\"units\":-0}",
                                          "\"units\":-01}",
                                          "\"units\":1.50}",
                                          "\"units\":1.}",
                                          "\"units\":.5}",
                                          "\"units\":1e2}",
                                          "\"units\":1E2}",
                                          "\"units\":+1}",
                                          "\"units\":0x1}",
                                          "\"units\":1.2.3}",
                                          "\"units\":1234567890123456789}",
                                          "\"units\":nul}",
                                          "\"units\":null}",
                                          "\"units\":tru}",
                                          "\"units\":true}",
                                          "\"units\":\"1\"}",
                                          "\"units\":\"1}",
                                          "\"units\":\"\\u0031\"}",
                                          "\"units\":\"1\t\"}",
                                          "\"units\":\"\xC3\xA9\"}",
                                          "\"units\":\"\xC3\"}",
                                          "\"units\":[1]}",
                                          "\"units\":[\"1\",]}",
                                          "\"units\":{}}",
                                          "\"units\":1,}",
                                          "\"units\":1,,}",
                                          "\"units\":1}}",
                                          "\"units\":1} x",
                                          "\"units\":1",
                                          "\"units\" :1}",
                                          "\"units\":1,\"units\":2}",
                                          "\"units\":1}\r",
                                          ",\"units\":1}",
                                          "}"};
    static const char before[] = "{\"record\":\"history\",\"member_id\":\"M1\",\"claim_id\":\"C%d\",\"date\":\"2026-02-"
                                 "01\",\"procedure\":\"90853\",%s\n";
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char text[1024];
        size_t length = (size_t)sprintf(text, before, 1, "\"units\":3}"), spaced_length;
        length += (size_t)sprintf(text + length, before, 2, endings[i]);
        char *spaced = with_blanks(text, length, &spaced_length);
        told direct = say(text, length), library = say(spaced, spaced_length);
        cr_expect_str_eq(direct.text, library.text, "%s", endings[i]);
        free(spaced);
        free(direct.text);
        free(library.text);
    }
}

Test(scanning, records_that_look_alike_are_read_as_the_library_reads_them)
{
    static const char *const lines[] = {"{\"record\":\"history\",\"member_id\":\"M1\",\"claim_id\":\"C%d\",\"date\":"
                                        "\"2026-02-01\",\"procedure\":\"90853\",\"line\":1,"
                                        "\"modifiers\":[\"95\",\"GT\"],\"units\":1,\"pos\":\"10\",\"diagnoses\":["
                                        "\"F331\"],\"charge\":\"41.50\",\"referral_number\":null}\n",
                                        "{\"record\":\"history\",\"member_id\":\"M2\",\"claim_id\":\"C%d\",\"date\":"
                                        "\"2026-02-02\",\"procedure\":\"90834\",\"line\":2,"
                                        "\"modifiers\":[],\"units\":1.5,\"charge\":65}\n",
                                        "{\"record\":\"history\",\"member_id\":\"M3\",\"claim_id\":\"C%d\",\"date\":"
                                        "\"2026-02-03\",\"procedure\":\"90837\",\"units\":-0,\"charge\":1e2}\n"};
    generator g = {.state = 33};
    for (int round = 0; round < 1500; round++) {
        char text[4096] = "";
        size_t length = 0;
        for (int i = 0; i < 8; i++) {
            size_t from = length;
            length += (size_t)sprintf(text + length, lines[generator_below(&g, 3)], i);
            uint32_t changes = generator_chance(&g, 60) ? 0 : 1 + generator_below(&g, 2);
            for (; changes > 0; changes--) {
                size_t at = from + 1 + generator_below(&g, (uint32_t)(length - from - 2));
                text[at] = "\"\\,:[]{}0.eE-+ tfnA\x01\xC3\xA9"[generator_below(&g, 22)];
            }
        }
        size_t spaced_length;
        char *spaced = with_blanks(text, length, &spaced_length);
        told direct = say(text, length), library = say(spaced, spaced_length);
        cr_expect_str_eq(direct.text, library.text, "%s", text);
        free(spaced);
        free(direct.text);
        free(library.text);
    }
}
