/* Taking apart records of JSON that look like the ones before them. */
#include "readers/json_shape.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

typedef struct json_line {
    const char *at, *end;
    char *room, *room_end;
} json_line;

/* The first byte from `at` on that is no plain part of a text: a quote, a backslash, a control or one beyond ASCII. `end`
 * where there is none. */
static const char *plain_text_end(const char *at, const char *end)
{
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), blank = _mm_set1_epi8(' ');
    for (; end - at >= 16; at += 16) {
        __m128i text;
        memcpy(&text, at, sizeof text);
        /* Compared as signed numbers, bytes beyond ASCII are below the blank too. */
        __m128i odd = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(text, quote), _mm_cmpeq_epi8(text, slash)),
                                   _mm_cmplt_epi8(text, blank));
        int mask = _mm_movemask_epi8(odd);
        if (mask != 0) return at + __builtin_ctz((unsigned)mask);
    }
#endif
    while (at < end && *at >= ' ' && *at != '"' && *at != '\\') at++;
    return at;
}

static bool takes(json_line *l, char byte)
{
    if (l->at >= l->end || *l->at != byte) return false;
    l->at++;
    return true;
}

/* Many write a blank behind commas and colons. */
static inline void pass_blank(json_line *l)
{
    if (l->at < l->end && *l->at == ' ') l->at++;
}

/* The same as takes, with the blank behind it. */
static inline bool takes_gap(json_line *l, char byte)
{
    if (!takes(l, byte)) return false;
    pass_blank(l);
    return true;
}

static bool takes_word(json_line *l, const char *word, size_t length)
{
    if ((size_t)(l->end - l->at) < length || memcmp(l->at, word, length) != 0) return false;
    l->at += length;
    return true;
}

/* A text behind its opening quote. */
static bool text(json_line *l, csv_cell *cell)
{
    const char *end = plain_text_end(l->at, l->end);
    if (end >= l->end || *end != '"') return false;
    *cell = (csv_cell){l->at, (size_t)(end - l->at), 0, true};
    l->at = end + 1;
    return true;
}

/* A whole number, or one with a few decimals of which the last is no zero: what it is read as is how it is written. */
static bool number(json_line *l, csv_cell *cell)
{
    const char *start = l->at;
    if (l->at < l->end && *l->at == '-') l->at++;
    const char *whole = l->at;
    while (l->at < l->end && *l->at >= '0' && *l->at <= '9') l->at++;
    size_t digits = (size_t)(l->at - whole);
    if (digits == 0 || digits > 12 || (digits > 1 && *whole == '0') || (digits == 1 && whole > start && *whole == '0'))
        return false;
    if (l->at < l->end && *l->at == '.') {
        const char *point = l->at++;
        while (l->at < l->end && *l->at >= '0' && *l->at <= '9') l->at++;
        size_t decimals = (size_t)(l->at - point) - 1;
        if (decimals == 0 || decimals > 3 || l->at[-1] == '0') return false;
    }
    if (l->at < l->end && (*l->at == 'e' || *l->at == 'E' || *l->at == '.')) return false;
    *cell = (csv_cell){start, (size_t)(l->at - start), 0, false};
    return true;
}

static bool list(json_line *l, csv_cell *cell)
{
    char *start = l->room;
    if (takes(l, ']')) {
        *cell = (csv_cell){"none", 4, 0, false};
        return true;
    }
    do {
        csv_cell item;
        if (!takes(l, '"') || !text(l, &item) || (size_t)(l->room_end - l->room) <= item.length) return false;
        if (l->at < l->end && *l->at == ']' && l->room == start) { /* of one code: where it stands */
            *cell = (csv_cell){item.text, item.length, 0, false};
            l->at++;
            return true;
        }
        memcpy(l->room, item.text, item.length);
        l->room += item.length;
        *l->room++ = ' ';
    } while (takes_gap(l, ','));
    *cell = (csv_cell){start, (size_t)(l->room - start) - 1, 0, false};
    return takes(l, ']');
}

static bool value(json_line *l, csv_cell *cell)
{
    if (l->at >= l->end) return false;
    switch (*l->at) {
    case '"': l->at++; return text(l, cell);
    case '[': l->at++; return list(l, cell);
    case 'n': *cell = (csv_cell){"", 0, 0, false}; return takes_word(l, "null", 4);
    case 't': *cell = (csv_cell){"yes", 3, 0, false}; return takes_word(l, "true", 4);
    case 'f': *cell = (csv_cell){"no", 2, 0, false}; return takes_word(l, "false", 5);
    default: return number(l, cell);
    }
}

/* Whether two texts of a length are the same: names are short, and a call for each costs more than looking at them. */
static inline bool same_text(const char *a, const char *b, size_t length)
{
    if (length < 4) {
        for (size_t i = 0; i < length; i++) {
            if (a[i] != b[i]) return false;
        }
        return true;
    }
    uint64_t x, y;
    uint32_t first[2], last[2];
    if (length < 8) {
        memcpy(&first[0], a, 4);
        memcpy(&first[1], b, 4);
        memcpy(&last[0], a + length - 4, 4);
        memcpy(&last[1], b + length - 4, 4);
        return first[0] == first[1] && last[0] == last[1];
    }
    for (size_t i = 0; i + 8 < length; i += 8) {
        memcpy(&x, a + i, 8);
        memcpy(&y, b + i, 8);
        if (x != y) return false;
    }
    memcpy(&x, a + length - 8, 8);
    memcpy(&y, b + length - 8, 8);
    return x == y;
}

/* The name that stands next, with its quotes and colon. */
static bool takes_name(json_line *l, const char *name, size_t length)
{
    if ((size_t)(l->end - l->at) < length + 3 || l->at[0] != '"' || l->at[length + 1] != '"' ||
        l->at[length + 2] != ':' || !same_text(l->at + 1, name, length))
        return false;
    l->at += length + 3;
    pass_blank(l);
    return true;
}

bool json_shape_read(const read_record_names *names, const char *line, size_t length, char *room, size_t size,
                     csv_cell *cells)
{
    json_line l = {line, line + length, room, room + size};
    while (l.end > l.at && (l.end[-1] == '\r' || l.end[-1] == ' ' || l.end[-1] == '\t')) l.end--;
    if (!takes(&l, '{')) return false;
    bool more = false; /* a comma stands before the next name */
    if (names->said[0] != '\0') {
        csv_cell said;
        if (!takes_name(&l, "record", 6) || !takes(&l, '"') || !text(&l, &said)) return false;
        if (said.length != strlen(names->said) || memcmp(said.text, names->said, said.length) != 0) return false;
        more = true;
    }
    bool open = true;
    for (size_t i = 0; i < names->count; i++) {
        cells[i] = (csv_cell){NULL, 0, 0, false};
        if (!open) continue;
        if (more && !takes_gap(&l, ',')) {
            open = false;
            continue;
        }
        more = false;
        if (!takes_name(&l, names->names[i].text, names->names[i].length)) continue;
        if (!value(&l, &cells[i])) return false;
        more = true;
    }
    return takes(&l, '}') && l.at == l.end && (more || !open);
}

/* ---- into a row ---- */

/* Copies a piece of the line, behind which sixteen bytes may be read, to where as many may be written. */
static inline void put(read_row *row, const char *from, size_t length)
{
    memcpy(row->text + row->used, from, 16);
    if (length > 16) memcpy(row->text + row->used + 16, from + 16, length - 16);
    row->used += length;
}

/* A text behind its opening quote: sixteen bytes at a time are looked at and copied, since the copy is of use as far as it goes. */
static inline bool put_text(json_line *l, read_row *row)
{
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), blank = _mm_set1_epi8(' ');
    for (;; l->at += 16, row->used += 16) {
        __m128i piece;
        memcpy(&piece, l->at, sizeof piece);
        memcpy(row->text + row->used, &piece, sizeof piece);
        __m128i odd = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(piece, quote), _mm_cmpeq_epi8(piece, slash)),
                                   _mm_cmplt_epi8(piece, blank));
        int mask = _mm_movemask_epi8(odd);
        if (mask == 0 && l->end - l->at >= 16) continue;
        if (mask == 0) return false;
        size_t plain = (size_t)__builtin_ctz((unsigned)mask);
        l->at += plain;
        row->used += plain;
        return takes(l, '"');
    }
#else
    csv_cell cell;
    if (!text(l, &cell)) return false;
    put(row, cell.text, cell.length);
    return true;
#endif
}

static bool put_list(json_line *l, read_row *row)
{
    size_t start = row->used;
    if (takes(l, ']')) {
        memcpy(row->text + row->used, "none", 4);
        row->used += 4;
        return true;
    }
    do {
        if (row->used > start) row->text[row->used++] = ' ';
        if (!takes(l, '"') || !put_text(l, row)) return false;
    } while (takes_gap(l, ','));
    return takes(l, ']');
}

static inline bool put_value(json_line *l, read_row *row, uint8_t what)
{
    size_t start = row->used;
    csv_cell cell;
    switch (*l->at) {
    case 'n': return takes_word(l, "null", 4);
    case '"':
        l->at++;
        if (!put_text(l, row)) return false;
        if ((what & READ_WORDS_ARE_TEXT) != 0 && row->used - start >= 4) {
            size_t length = row->used - start;
            const char *word = row->text + start;
            bool none = length == 4 && memcmp(word, "none", 4) == 0;
            row->special = row->special || none || (length == 7 && memcmp(word, "unknown", 7) == 0);
        }
        return true;
    case '[': l->at++; return put_list(l, row);
    case 't':
        memcpy(row->text + row->used, "yes", 3);
        row->used += 3;
        return takes_word(l, "true", 4);
    case 'f':
        memcpy(row->text + row->used, "no", 2);
        row->used += 2;
        return takes_word(l, "false", 5);
    default:
        if (!number(l, &cell)) return false;
        put(row, cell.text, cell.length);
        return true;
    }
}

/* The name that stands next, with the comma before it, its quotes and its colon; `skip` is 1 where no comma is due. */
static inline bool takes_literal(json_line *l, const csv_cell *name, size_t skip, bool gaps)
{
    size_t length = name->length - skip;
    if (gaps) { /* a blank behind the comma, and one behind the colon */
        const char *quoted = l->at + (skip == 0 ? 2 : 0);
        length = name->length - 1;
        if (l->end - quoted <= (ptrdiff_t)length || (skip == 0 && (l->at[0] != ',' || l->at[1] != ' ')) ||
            quoted[length] != ' ' || !same_text(quoted, name->text + 1, length))
            return false;
        l->at = quoted + length + 1;
        return true;
    }
    if ((size_t)(l->end - l->at) <= length || !same_text(l->at, name->text + skip, length)) return false;
    l->at += length;
    return true;
}

/* Whether a line has a blank behind its first colon, and so perhaps behind others. */
static bool has_gaps(const char *line, const char *end)
{
    const char *colon = memchr(line, ':', (size_t)(end - line));
    return colon != NULL && colon + 1 < end && colon[1] == ' ';
}

bool json_shape_put(read_row *row, const char *line, size_t length)
{
    json_line l = {line, line + length, NULL, NULL};
    while (l.end > l.at && (l.end[-1] == '\r' || l.end[-1] == ' ' || l.end[-1] == '\t')) l.end--;
    if (!takes(&l, '{')) return false;
    size_t skip = 1; /* before the first name stands no comma */
    if (row->said[0] != '\0') {
        csv_cell said;
        if (!takes_name(&l, "record", 6) || !takes(&l, '"') || !text(&l, &said)) return false;
        if (said.length != strlen(row->said) || memcmp(said.text, row->said, said.length) != 0) return false;
        skip = 0;
    }
    bool gaps = has_gaps(line, l.end);
    for (size_t i = 0; i < row->count; i++) {
        row->begins[i] = (uint32_t)row->used;
        if (takes_literal(&l, &row->names[i], skip, gaps)) {
            if (!put_value(&l, row, row->what[i])) return false;
            skip = 0;
        } else {
            if ((row->what[i] & READ_NEEDED) != 0) return false;
            row->special = row->special || (row->what[i] & READ_LACK_SPEAKS) != 0;
        }
        row->used++;
    }
    row->begins[row->count] = (uint32_t)row->used;
    return takes(&l, '}') && l.at == l.end;
}

/* ---- names in any order ---- */

/* Goes past a value, which is looked at when it is read: as far as it is one, that is where it ends. */
static bool skip_value(json_line *l)
{
    if (l->at >= l->end) return false;
    bool list = takes(l, '[');
    do {
        if (takes(l, '"')) {
            l->at = plain_text_end(l->at, l->end);
            if (!takes(l, '"')) return false;
        } else {
            while (l->at < l->end && *l->at != ',' && *l->at != '}' && *l->at != ']') l->at++;
        }
    } while (list && takes_gap(l, ','));
    return !list || takes(l, ']');
}

/* What a line is to have. */
typedef struct expected_names {
    const char *said;
    const csv_cell *names;
    const read_name_index *index;
    size_t count;
} expected_names;

/* Finds where the values of a line begin, by the places of their names; NULL for those that it lacks. False where it has other names, or one
 * of them twice. */
static bool find_values(json_line *l, const expected_names *expected, const char *starts[CSV_COLUMN_LIMIT])
{
    bool said = expected->said[0] == '\0';
    for (size_t i = 0; i < expected->count; i++) starts[i] = NULL;
    while (l->end > l->at && (l->end[-1] == '\r' || l->end[-1] == ' ' || l->end[-1] == '\t')) l->end--;
    if (!takes(l, '{')) return false;
    do {
        if (!takes(l, '"')) return false;
        const char *name = l->at;
        l->at = plain_text_end(l->at, l->end);
        size_t length = (size_t)(l->at - name);
        if (!takes(l, '"') || !takes_gap(l, ':')) return false;
        size_t place = read_name_find(expected->index, expected->names, name, length);
        if (place == READ_NO_NAME) {
            csv_cell word;
            if (said || length != 6 || memcmp(name, "record", 6) != 0 || !takes(l, '"') || !text(l, &word))
                return false;
            said = word.length == strlen(expected->said) && memcmp(word.text, expected->said, word.length) == 0;
            if (!said) return false;
            continue;
        }
        if (starts[place] != NULL) return false;
        starts[place] = l->at;
        if (!skip_value(l)) return false;
    } while (takes_gap(l, ','));
    return said && takes(l, '}') && l->at == l->end;
}

/* Whether a value ended where another one follows, or the record ends. */
static bool value_ended(const json_line *l)
{
    return l->at < l->end && (*l->at == ',' || *l->at == '}');
}

bool json_shape_read_mixed(const read_record_names *names, const char *line, size_t length, char *room, size_t size,
                           csv_cell *cells)
{
    json_line l = {line, line + length, room, room + size};
    const char *starts[CSV_COLUMN_LIMIT];
    const expected_names expected = {names->said, names->names, names->index, names->count};
    if (!find_values(&l, &expected, starts)) return false;
    for (size_t i = 0; i < names->count; i++) {
        cells[i] = (csv_cell){NULL, 0, 0, false};
        l.at = starts[i];
        if (l.at != NULL && (!value(&l, &cells[i]) || !value_ended(&l))) return false;
    }
    return true;
}

bool json_shape_put_mixed(read_row *row, const char *line, size_t length)
{
    json_line l = {line, line + length, NULL, NULL};
    const char *starts[CSV_COLUMN_LIMIT];
    const expected_names expected = {row->said, row->plain_names, row->index, row->count};
    if (!find_values(&l, &expected, starts)) return false;
    for (size_t i = 0; i < row->count; i++) {
        row->begins[i] = (uint32_t)row->used;
        l.at = starts[i];
        if (l.at != NULL) {
            if (!put_value(&l, row, row->what[i]) || !value_ended(&l)) return false;
        } else {
            if ((row->what[i] & READ_NEEDED) != 0) return false;
            row->special = row->special || (row->what[i] & READ_LACK_SPEAKS) != 0;
        }
        row->used++;
    }
    row->begins[row->count] = (uint32_t)row->used;
    return true;
}
