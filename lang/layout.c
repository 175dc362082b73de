/* Laying out policy files, from their tokens: which token begins a line, how far each line is indented, what is aligned. */
#include "lang/layout.h"

#include "grammar.h"
#include "lang/parser.h"

#include <string.h>

enum { PART = 2, CONTENT = 10, MEASURE_CONTENT = 8, HEADER_CONTENT = 12, VALUES = 12, SEGMENTS = 64 };

typedef enum line_kind { LINE_PLAIN, LINE_COMMENT, LINE_BLANK, LINE_TABLE, LINE_VALUES, LINE_FIELDS } line_kind;

/* One line of output; rows that are aligned with their neighbours keep their segments apart until the end. */
typedef struct out_line {
    line_kind kind;
    size_t indent;
    BASE_ARRAY(const char *) segments;
    const char *tail; /* behind a table row's last bar; a comment */
} out_line;

typedef struct layout {
    base_arena *arena;
    lang_file *file;
    lang_tokens tokens;
    BASE_ARRAY(out_line) lines;
    out_line *line;  /* being filled */
    base_text text;  /* its last segment */
    int declaration; /* the keyword of the declaration at hand */
    bool in_head;    /* of a declaration with rows: before its first row */
    bool in_given;
    bool after_unless;
    bool table_words;
    bool in_rows;
    size_t content; /* where continuation lines of the part begin */
    size_t parens[SEGMENTS];
    size_t depth;
} layout;

static bool among(int token, const int *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i] == token) return true;
    }
    return false;
}
#define AMONG(token, ...) among((token), (const int[]){__VA_ARGS__}, sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

static int kind_at(const layout *l, size_t index)
{
    return index < l->tokens.count ? l->tokens.items[index].kind : 0;
}

/* The token after the row ends that may follow. */
static int next_kind(const layout *l, size_t index)
{
    while (kind_at(l, index) == TOKEN_NEWLINE) index++;
    return kind_at(l, index);
}

static bool declares(int token)
{
    return AMONG(token, TOKEN_POLICY, TOKEN_MODULE, TOKEN_USE, TOKEN_CODES, TOKEN_PARAMETER, TOKEN_TABLE, TOKEN_SECTION,
                 TOKEN_CLAUSE, TOKEN_TEST, TOKEN_DEFINE, TOKEN_EXCEPTION, TOKEN_MEASURE, TOKEN_RECORD, TOKEN_EXTEND,
                 TOKEN_ENUMERATION, TOKEN_CODE_SYSTEM, TOKEN_OVERRIDE, TOKEN_OVERRIDABLE, TOKEN_WAIVER);
}

/* ---- lines ---- */

static void close_segment(layout *l)
{
    if (l->line == NULL) return;
    const char **slot = BASE_PUSH(l->arena, &l->line->segments);
    if (slot != NULL) *slot = base_text_string(&l->text);
    base_text_init(&l->text, l->arena);
}

static void end_line(layout *l)
{
    if (l->line == NULL) return;
    if (l->text.length > 0 || l->line->segments.count == 0) close_segment(l);
    l->line = NULL;
}

static out_line *new_line(layout *l, line_kind kind, size_t indent)
{
    end_line(l);
    out_line *line = BASE_PUSH(l->arena, &l->lines);
    if (line == NULL) return NULL;
    *line = (out_line){.kind = kind, .indent = indent};
    l->line = line;
    base_text_init(&l->text, l->arena);
    return line;
}

static bool last_is_blank(const layout *l)
{
    return l->lines.count == 0 || l->lines.items[l->lines.count - 1].kind == LINE_BLANK;
}

static void blank_line(layout *l)
{
    end_line(l);
    if (last_is_blank(l)) return;
    new_line(l, LINE_BLANK, 0);
    end_line(l);
}

static size_t characters(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++) count += ((unsigned char)*text & 0xC0U) != 0x80U;
    return count;
}

/* The column at which the next token of the line would stand. */
static size_t column(const layout *l)
{
    size_t at = l->line == NULL ? 0 : l->line->indent;
    for (size_t i = 0; l->line != NULL && i < l->line->segments.count; i++)
        at += characters(l->line->segments.items[i]) + 1;
    base_text copy = l->text;
    return at + (copy.length == 0 ? 0 : characters(base_text_string(&copy)));
}

/* ---- tokens as text ---- */

static const char *token_text(const layout *l, const lang_token *token)
{
    const char *source = l->file->text + token->start;
    size_t length = token->end - token->start;
    if (source[0] == '"' || (unsigned char)source[0] >= 0x80) return base_arena_copy(l->arena, source, length);
    base_text text;
    base_text_init(&text, l->arena);
    bool gap = false;
    for (size_t i = 0; i < length; i++) {
        bool space = strchr(" \t\r\n\f\v", source[i]) != NULL;
        if (!space && gap) base_text_put(&text, " ");
        gap = space;
        if (!space) base_text_add(&text, source + i, 1);
    }
    return base_text_string(&text);
}

static bool names(int token)
{
    return AMONG(token, TOKEN_NAME, TOKEN_TITLE, TOKEN_PAYER, TOKEN_PLANS, TOKEN_PRODUCTS, TOKEN_SOURCE,
                 TOKEN_EFFECTIVE, TOKEN_FIX, TOKEN_PRIORITY, TOKEN_LINE, TOKEN_HISTORY, TOKEN_VALUE, TOKEN_DEFAULT);
}

static bool operand_ends(int token)
{
    return names(token) || AMONG(token, TOKEN_CLOSE, TOKEN_DIGITS, TOKEN_DECIMAL, TOKEN_MONEY, TOKEN_DATE, TOKEN_TIME,
                                 TOKEN_DURATION, TOKEN_TEXT, TOKEN_CODE, TOKEN_PERCENT);
}

/* Whether a space stands between a token and the one before it on the line. */
static bool spaced(const layout *l, size_t index, bool part_start)
{
    int before = index == 0 ? 0 : kind_at(l, index - 1), token = kind_at(l, index);
    int two_before = index < 2 ? 0 : kind_at(l, index - 2);
    if (AMONG(token, TOKEN_COMMA, TOKEN_DOT, TOKEN_CLOSE, TOKEN_RANGE)) return false;
    if (AMONG(before, TOKEN_DOT, TOKEN_OPEN, TOKEN_RANGE)) return false;
    if (token == TOKEN_COLON) return l->depth == 0;
    if (token == TOKEN_OPEN && names(before)) return part_start || AMONG(two_before, TOKEN_TABLE);
    if (before == TOKEN_MINUS && !operand_ends(two_before)) return false;
    return true;
}

/* ---- comments and blank lines between tokens ---- */

static void add_comment(layout *l, const char *text, size_t length, bool trailing, size_t indent)
{
    while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL) length--;
    const char *copy = base_arena_copy(l->arena, text, length);
    if (trailing && l->lines.count > 0) {
        end_line(l);
        out_line *line = &l->lines.items[l->lines.count - 1];
        line->tail = line->tail == NULL ? copy : base_format(l->arena, "%s  %s", line->tail, copy);
        return;
    }
    new_line(l, LINE_COMMENT, indent);
    base_text_put(&l->text, copy == NULL ? "" : copy);
    end_line(l);
}

/* What stands between two tokens; says whether a line ended there. */
static bool pass_gap(layout *l, uint32_t from, uint32_t to, bool declaration, size_t indent)
{
    const char *text = l->file->text;
    bool broke = false, commented = false;
    size_t newlines = 0;
    for (uint32_t at = from; at < to;) {
        if (text[at] == '\n') newlines++;
        if (text[at] != '#') {
            at++;
            continue;
        }
        uint32_t end = at;
        while (end < to && text[end] != '\n') end++;
        bool trailing = newlines == 0 && from > 0 && !broke;
        if (!trailing && declaration && (newlines > 1 || !commented)) blank_line(l);
        add_comment(l, text + at, end - at, trailing, indent);
        commented = commented || !trailing;
        broke = true;
        newlines = 0;
        at = end;
    }
    if (declaration && (newlines > 1 || !commented)) blank_line(l);
    return broke || newlines > 0;
}

/* ---- where lines begin ---- */

static size_t content_of(const layout *l)
{
    if (AMONG(l->declaration, TOKEN_POLICY, TOKEN_MODULE)) return HEADER_CONTENT;
    return l->declaration == TOKEN_MEASURE ? MEASURE_CONTENT : CONTENT;
}

/* Whether a token begins a part of the declaration at hand. */
static bool begins_part(const layout *l, size_t index)
{
    int token = kind_at(l, index), before = index == 0 ? 0 : kind_at(l, index - 1), next = kind_at(l, index + 1);
    if (before == TOKEN_DOT || next == TOKEN_DOT || before == TOKEN_IF_UNKNOWN) return false;
    if (token == TOKEN_ALLOW) return true;
    switch (l->declaration) {
    case TOKEN_POLICY:
    case TOKEN_MODULE:
        if (AMONG(token, TOKEN_TITLE, TOKEN_PAYER, TOKEN_PLANS, TOKEN_SOURCE)) return next == TOKEN_TEXT;
        if (token == TOKEN_PRODUCTS) return AMONG(next, TOKEN_TEXT, TOKEN_CODE, TOKEN_DIGITS);
        return token == TOKEN_REVIEW_BY || (token == TOKEN_EFFECTIVE && next == TOKEN_DATE);
    case TOKEN_SECTION: return AMONG(token, TOKEN_FOR_EACH, TOKEN_WHEN, TOKEN_LET);
    case TOKEN_TEST: return AMONG(token, TOKEN_GIVEN, TOKEN_EXPECT);
    case TOKEN_MEASURE:
        if (AMONG(token, TOKEN_TITLE, TOKEN_CITE)) return next == TOKEN_TEXT;
        if (token == TOKEN_ALERT) return next == TOKEN_NAME;
        return AMONG(token, TOKEN_FOR_EACH, TOKEN_BY) || (token == TOKEN_VALUE && next != TOKEN_DOT);
    case TOKEN_WAIVER:
        if (AMONG(token, TOKEN_BY, TOKEN_WHY)) return next == TOKEN_TEXT;
        return token == TOKEN_WHEN || (token == TOKEN_UNTIL && next == TOKEN_DATE);
    case TOKEN_EXCEPTION:
        if (token == TOKEN_EFFECTIVE) return next == TOKEN_DATE;
        return AMONG(token, TOKEN_CITE, TOKEN_KNOWN, TOKEN_WHEN);
    case TOKEN_CLAUSE:
        if (token == TOKEN_EFFECTIVE) return next == TOKEN_DATE;
        if (token == TOKEN_FIX) return next == TOKEN_TEXT;
        if (token == TOKEN_PRIORITY) return next == TOKEN_DIGITS;
        if (token == TOKEN_CITE) return !l->after_unless;
        return AMONG(token, TOKEN_WHEN, TOKEN_REQUIRE, TOKEN_FORBID, TOKEN_UNLESS, TOKEN_KNOWN, TOKEN_IF_UNKNOWN,
                     TOKEN_FOR_EACH, TOKEN_REDUCE_BY, TOKEN_DENY, TOKEN_AUDIT, TOKEN_REVIEW, TOKEN_WARN,
                     TOKEN_SOURCE_UNVERIFIED);
    default: return false;
    }
}

static bool has_rows(int declaration)
{
    return AMONG(declaration, TOKEN_CODES, TOKEN_PARAMETER, TOKEN_RECORD, TOKEN_EXTEND, TOKEN_ENUMERATION);
}

/* The indent of a line that goes on with a part: `and` and `or` hang, so that what they join is aligned. */
static size_t continuation(const layout *l, int token)
{
    size_t content = l->depth > 0 ? l->parens[l->depth - 1] : l->content;
    if (token == TOKEN_AND) return content >= 4 ? content - 4 : 0;
    if (token == TOKEN_OR) return content >= 3 ? content - 3 : 0;
    return token == TOKEN_WHERE ? content + 2 : content;
}

/* A keyword of a part, padded so that what follows is aligned. */
static void start_part(layout *l, size_t index)
{
    int token = kind_at(l, index);
    new_line(l, LINE_PLAIN, PART);
    const char *word = token_text(l, &l->tokens.items[index]);
    base_text_put(&l->text, word);
    size_t content = content_of(l), room = content - PART, length = strlen(word);
    bool plain = token == TOKEN_LET || (l->declaration == TOKEN_SECTION && token == TOKEN_FOR_EACH);
    if (length + 1 < room && !plain) base_text_repeat(&l->text, ' ', room - length - 1);
    l->content = content;
    l->depth = 0;
    l->in_given = token == TOKEN_GIVEN;
    l->after_unless = token == TOKEN_UNLESS;
}

static void put_token(layout *l, size_t index, bool spaces)
{
    if (l->line == NULL) { /* a comment ended it */
        new_line(l, LINE_PLAIN, declares(kind_at(l, index)) ? 0 : l->content);
        spaces = false;
    }
    if (spaces &&
        (l->text.length > 0 || (l->line != NULL && l->line->segments.count > 0 && l->line->kind == LINE_PLAIN)))
        base_text_put(&l->text, " ");
    int token = kind_at(l, index);
    base_text_put(&l->text, token_text(l, &l->tokens.items[index]));
    if (token == TOKEN_OPEN && l->depth < SEGMENTS) l->parens[l->depth++] = column(l);
    if (token == TOKEN_CLOSE && l->depth > 0) l->depth--;
}

static void start_declaration(layout *l, size_t index)
{
    int token = kind_at(l, index);
    new_line(l, LINE_PLAIN, 0);
    base_text_put(&l->text, token_text(l, &l->tokens.items[index]));
    l->declaration = token;
    l->in_head = has_rows(token);
    l->in_given = l->after_unless = l->table_words = l->in_rows = false;
    l->content = token == TOKEN_TABLE ? 6 : CONTENT;
    l->depth = 0;
}

/* Rows of parameters and records are split where their columns are aligned. */
static bool splits(const layout *l, size_t index)
{
    int token = kind_at(l, index);
    if (l->line == NULL || l->depth > 0) return false;
    if (l->line->kind == LINE_VALUES) {
        return AMONG(token, TOKEN_FROM, TOKEN_TO, TOKEN_KNOWN) && l->line->segments.count == 0;
    }
    if (l->line->kind != LINE_FIELDS) return false;
    if (token == TOKEN_COLON) return l->line->segments.count == 0;
    bool feeds = AMONG(token, TOKEN_FROM, TOKEN_DEFAULT, TOKEN_BY) && l->line->segments.count == 1;
    return feeds || (token == TOKEN_TEXT && kind_at(l, index - 1) != TOKEN_DEFAULT && next_kind(l, index + 1) != 0 &&
                     kind_at(l, index + 1) == TOKEN_NEWLINE);
}

static void start_row(layout *l, size_t index)
{
    line_kind kind = LINE_PLAIN;
    bool plain = AMONG(kind_at(l, index), TOKEN_CITE, TOKEN_ALLOW, TOKEN_FROM, TOKEN_EXCEPT);
    if (l->declaration == TOKEN_PARAMETER && !plain) kind = LINE_VALUES;
    if (AMONG(l->declaration, TOKEN_RECORD, TOKEN_EXTEND)) kind = LINE_FIELDS;
    new_line(l, kind, PART);
    l->depth = 0;
    l->content = PART;
}

/* A row of a table: its cells become segments, what follows the last bar its tail. */
static size_t table_row(layout *l, size_t index)
{
    new_line(l, LINE_TABLE, PART);
    l->depth = 0;
    size_t i = index + 1, last = index;
    for (size_t k = index; kind_at(l, k) != TOKEN_NEWLINE && kind_at(l, k) != 0; k++) {
        if (kind_at(l, k) == TOKEN_BAR) last = k;
    }
    bool first = true;
    for (; i < last; i++) {
        if (kind_at(l, i) == TOKEN_BAR) {
            close_segment(l);
            first = true;
            continue;
        }
        put_token(l, i, !first && spaced(l, i, false));
        first = false;
    }
    close_segment(l);
    base_text tail;
    base_text_init(&tail, l->arena);
    for (i = last + 1; kind_at(l, i) != TOKEN_NEWLINE && kind_at(l, i) != 0; i++) {
        base_text_format(&tail, "%s%s", tail.length == 0 ? "" : " ", token_text(l, &l->tokens.items[i]));
    }
    if (tail.length > 0 && l->line != NULL) l->line->tail = base_text_string(&tail);
    l->line = NULL;
    return i - 1;
}

static void in_table(layout *l, size_t index, bool broke)
{
    int token = kind_at(l, index);
    bool word = l->depth == 0 &&
                (token == TOKEN_NAME || AMONG(token, TOKEN_BY_RECEIVED_DATE, TOKEN_ALLOW, TOKEN_FROM)) &&
                kind_at(l, index - 1) != TOKEN_TABLE && kind_at(l, index - 1) != TOKEN_ALLOW;
    bool starts = word && (!l->table_words || broke || token == TOKEN_ALLOW);
    if (starts) {
        new_line(l, LINE_PLAIN, PART);
        l->table_words = true;
        l->content = VALUES;
    } else if (broke) {
        size_t indent = l->depth > 0 ? l->parens[l->depth - 1] : l->table_words ? VALUES : 6;
        new_line(l, LINE_PLAIN, indent);
    }
    put_token(l, index, !starts && !broke && spaced(l, index, AMONG(kind_at(l, index - 1), TOKEN_TEXT)));
}

static void in_part(layout *l, size_t index, bool broke)
{
    int token = kind_at(l, index);
    if (l->in_given && broke) {
        bool row = kind_at(l, index - 1) == TOKEN_NEWLINE && AMONG(token, TOKEN_LINE, TOKEN_HISTORY, TOKEN_AS_OF);
        new_line(l, LINE_PLAIN, row ? CONTENT : VALUES);
        put_token(l, index, false);
        return;
    }
    bool begins = broke && kind_at(l, index - 1) != TOKEN_DOT && token != TOKEN_DOT;
    if (begins) {
        size_t indent = continuation(l, token);
        new_line(l, LINE_PLAIN, indent);
        put_token(l, index, false);
        /* What goes on with a `where` is aligned with its condition. */
        size_t *level = l->depth > 0 ? &l->parens[l->depth - 1] : &l->content;
        if (token == TOKEN_WHERE) *level = indent + 6;
        return;
    }
    bool keyword = begins_part(l, index - 1);
    put_token(l, index, spaced(l, index, keyword));
}

static size_t place(layout *l, size_t index, bool broke)
{
    int token = kind_at(l, index);
    bool override = index > 0 && AMONG(kind_at(l, index - 1), TOKEN_OVERRIDE, TOKEN_OVERRIDABLE);
    if (declares(token) && (index == 0 || kind_at(l, index - 1) != TOKEN_DOT)) {
        if (!override) {
            start_declaration(l, index);
        } else {
            put_token(l, index, true);
            l->declaration = token;
            l->in_head = has_rows(token);
            l->content = token == TOKEN_TABLE ? 6 : CONTENT;
        }
        return index;
    }
    if (l->declaration == TOKEN_TABLE) {
        if (token == TOKEN_BAR) return table_row(l, index);
        in_table(l, index, broke);
        return index;
    }
    if (has_rows(l->declaration) && !l->in_head) {
        bool row = kind_at(l, index - 1) == TOKEN_NEWLINE;
        if (row) {
            start_row(l, index);
        } else if (broke) {
            new_line(l, LINE_PLAIN, l->depth > 0 ? l->parens[l->depth - 1] : PART);
        } else if (splits(l, index)) {
            close_segment(l);
        }
        bool fresh = row || broke || l->text.length == 0;
        put_token(l, index, !fresh && spaced(l, index, false));
        return index;
    }
    if (begins_part(l, index)) {
        start_part(l, index);
        return index;
    }
    in_part(l, index, broke && !l->in_head);
    return index;
}

static size_t indent_at(const layout *l, size_t index)
{
    int token = kind_at(l, index);
    if (declares(token) || token == 0) return 0;
    if (l->in_given && !AMONG(token, TOKEN_EXPECT, TOKEN_GIVEN))
        return AMONG(token, TOKEN_LINE, TOKEN_HISTORY) ? CONTENT : VALUES;
    return PART;
}

/* Modules in use stand together; short declarations of one kind do where their author wrote them so. */
static bool stays_adjacent(const layout *l, uint32_t end, const lang_token *token)
{
    if (token->kind == TOKEN_USE) return true;
    if (!AMONG(token->kind, TOKEN_PARAMETER, TOKEN_DEFINE, TOKEN_CODE_SYSTEM)) return false;
    size_t newlines = 0;
    for (uint32_t i = end; i < token->start; i++) newlines += l->file->text[i] == '\n';
    return newlines == 1;
}

static void walk(layout *l)
{
    uint32_t end = l->file->length >= 3 && memcmp(l->file->text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    int previous = 0;
    for (size_t i = 0; i < l->tokens.count; i++) {
        const lang_token *token = &l->tokens.items[i];
        if (token->kind == TOKEN_NEWLINE) {
            if (l->in_head) l->in_head = false;
            continue;
        }
        bool inner = AMONG(previous, TOKEN_OVERRIDE, TOKEN_OVERRIDABLE);
        bool declaration = declares(token->kind) && previous != TOKEN_DOT && !inner;
        bool uses = token->kind == l->declaration && stays_adjacent(l, end, token);
        bool broke = pass_gap(l, end, token->start, declaration && !uses, indent_at(l, i));
        size_t last = place(l, i, broke);
        end = l->tokens.items[last].end;
        previous = l->tokens.items[last].kind;
        i = last;
    }
    end_line(l);
    pass_gap(l, end, (uint32_t)l->file->length, false, 0);
    end_line(l);
}

/* ---- writing ---- */

static bool aligned(line_kind kind)
{
    return kind == LINE_TABLE || kind == LINE_VALUES || kind == LINE_FIELDS;
}

/* Widths of a group of rows: neighbours of one kind, comments between them passed over. */
static size_t measure_group(const layout *l, size_t first, size_t *widths)
{
    size_t end = first;
    memset(widths, 0, SEGMENTS * sizeof *widths);
    for (size_t i = first; i < l->lines.count; i++) {
        const out_line *line = &l->lines.items[i];
        if (line->kind == LINE_COMMENT) continue;
        if (line->kind != l->lines.items[first].kind) break;
        for (size_t s = 0; s < line->segments.count && s < SEGMENTS; s++) {
            size_t width = characters(line->segments.items[s]);
            bool last = line->kind != LINE_TABLE && s + 1 == line->segments.count;
            if (width > widths[s] && !last) widths[s] = width;
        }
        end = i + 1;
    }
    return end;
}

static void write_line(const layout *l, const out_line *line, const size_t *widths, base_text *out)
{
    (void)l;
    base_text_repeat(out, ' ', line->kind == LINE_BLANK ? 0 : line->indent);
    for (size_t s = 0; s < line->segments.count; s++) {
        const char *text = line->segments.items[s];
        if (line->kind == LINE_TABLE)
            base_text_put(out, "| ");
        else if (s > 0)
            base_text_put(out, line->kind == LINE_FIELDS && s > 1 ? "  " : " ");
        base_text_put(out, text);
        size_t width = characters(text), wanted = aligned(line->kind) && s < SEGMENTS ? widths[s] : width;
        bool pad = line->kind == LINE_TABLE || s + 1 < line->segments.count;
        if (pad && wanted > width) base_text_repeat(out, ' ', wanted - width);
        if (line->kind == LINE_TABLE) base_text_put(out, " ");
    }
    if (line->kind == LINE_TABLE) base_text_put(out, "|");
    if (line->tail != NULL)
        base_text_format(out, "%s%s", line->kind == LINE_TABLE && *line->tail != '#' ? " " : "  ", line->tail);
    base_text_put(out, "\n");
}

static const char *written(layout *l)
{
    base_text out;
    base_text_init(&out, l->arena);
    size_t widths[SEGMENTS], group_end = 0;
    for (size_t i = 0; i < l->lines.count; i++) {
        const out_line *line = &l->lines.items[i];
        if (i == 0 && line->kind == LINE_BLANK) continue;
        if (aligned(line->kind) && i >= group_end) group_end = measure_group(l, i, widths);
        write_line(l, line, widths, &out);
    }
    return base_text_string(&out);
}

static bool same_tokens(base_arena *arena, const layout *l, const char *text)
{
    lang_file again = {.index = l->file->index, .path = l->file->path, .text = text, .length = strlen(text)};
    layout other = {.arena = arena, .file = &again};
    if (!lang_index_lines(arena, &again) || !lang_tokenize(arena, &again, &other.tokens)) return false;
    if (other.tokens.count != l->tokens.count) return false;
    for (size_t i = 0; i < other.tokens.count; i++) {
        const lang_token *a = &l->tokens.items[i], *b = &other.tokens.items[i];
        if (a->kind != b->kind) return false;
        if (a->kind != TOKEN_NEWLINE && strcmp(token_text(l, a), token_text(&other, b)) != 0) return false;
    }
    return true;
}

const char *lang_layout(base_arena *arena, lang_file *file)
{
    layout l = {.arena = arena, .file = file};
    base_text_init(&l.text, arena);
    if (!lang_tokenize(arena, file, &l.tokens)) return NULL;
    walk(&l);
    const char *text = written(&l);
    return !arena->failed && same_tokens(arena, &l, text) ? text : NULL;
}
