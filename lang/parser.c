/* Entry to the parser, and the layer between scanner and grammar: row ends, words after a dot, reserved words. */
#include "lang/parser.h"

#include "base/intern.h"
#include "grammar.h"
#include "lang/build.h"
#include "lang/layout.h"

#include <pthread.h>
#include <string.h>

typedef void *yyscan_t;
typedef struct yy_buffer_state *scan_buffer;
int lang_flex_lex_init_extra(lang_parser *extra, yyscan_t *scanner);
int lang_flex_lex_destroy(yyscan_t scanner);
scan_buffer lang_flex__scan_bytes(const char *bytes, int length, yyscan_t scanner);
int lang_scan(LANG_PARSE_STYPE *value, yyscan_t scanner);
int lang_parse_lex(LANG_PARSE_STYPE *value, lang_span *location, lang_parser *parser);

/* Reserved words and words with a meaning in one place; X(word, token). */
/* clang-format off */
#define LANG_WORDS(X)                                                                                                  \
    X(policy, POLICY) X(module, MODULE) X(use, USE) X(codes, CODES) X(parameter, PARAMETER) X(table, TABLE)            \
    X(gives, GIVES) X(section, SECTION) X(clause, CLAUSE) X(test, TEST) X(given, GIVEN) X(expect, EXPECT)              \
    X(needing, NEEDING) X(when, WHEN) X(require, REQUIRE) X(forbid, FORBID) X(unless, UNLESS) X(cite, CITE)            \
    X(let, LET) X(as, AS) X(deny, DENY) X(audit, AUDIT) X(review, REVIEW) X(warn, WARN) X(reduce, REDUCE)              \
    X(pass, PASS) X(excused, EXCUSED) X(and, AND) X(or, OR) X(not, NOT) X(in, IN) X(of, OF) X(over, OVER)              \
    X(where, WHERE) X(exists, EXISTS) X(no, NO) X(every, EVERY) X(other, OTHER) X(this, THIS)                          \
    X(between, BETWEEN) X(from, FROM) X(to, TO) X(by, BY) X(on, ON) X(contain, CONTAIN)                                \
    X(overlaps, OVERLAPS) X(include, INCLUDE) X(except, EXCEPT) X(yes, YES) X(none, NONE) X(any, ANY)                  \
    X(since, SINCE) X(earlier, EARLIER) X(title, TITLE) X(payer, PAYER) X(plans, PLANS) X(products, PRODUCTS) X(source, SOURCE)              \
    X(effective, EFFECTIVE) X(fix, FIX) X(priority, PRIORITY) X(line, LINE) X(history, HISTORY)                        \
    X(define, DEFINE) X(exception, EXCEPTION) X(override, OVERRIDE) X(overridable, OVERRIDABLE) X(extends, EXTENDS)    \
    X(measure, MEASURE) X(record, RECORD) X(extend, EXTEND) X(enumeration, ENUMERATION)                                \
    X(code_system, CODE_SYSTEM) X(value, VALUE) X(known, KNOWN) X(default, DEFAULT) X(allow, ALLOW)                    \
    X(waiver, WAIVER) X(why, WHY) X(until, UNTIL) X(alert, ALERT)
/* clang-format on */

/* Every name of a policy is looked for among those words: so they are found by a digest. */
typedef struct word_slot {
    const char *word; /* NULL for none */
    int token;
} word_slot;

enum { WORD_SLOTS = 512 };
static word_slot word_slots[WORD_SLOTS];
static pthread_once_t words_once = PTHREAD_ONCE_INIT;

/* Where a word is, or else belongs: words are a fifth of the slots, so that a free one is near. */
static word_slot *slot_of(const char *word)
{
    uint32_t hash = 0;
    for (const char *at = word; *at != '\0'; at++) hash = (hash ^ (unsigned char)*at) * UINT32_C(0x9E3779B1);
    size_t slot = hash >> 23;
    _Static_assert(WORD_SLOTS == 512, "as many as nine bits tell apart");
    while (word_slots[slot].word != NULL && strcmp(word_slots[slot].word, word) != 0) slot = (slot + 1) % WORD_SLOTS;
    return &word_slots[slot];
}

static void index_words(void)
{
    static const word_slot words[] = {
#define LANG_WORD(word, token) {#word, TOKEN_##token},
        LANG_WORDS(LANG_WORD)
#undef LANG_WORD
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) *slot_of(words[i].word) = words[i];
}

static int word_token(const char *word)
{
    pthread_once(&words_once, index_words);
    const word_slot *slot = slot_of(word);
    return slot->word == NULL ? TOKEN_NAME : slot->token;
}

void lang_scan_advance(lang_parser *parser, size_t length)
{
    parser->token_start = parser->token_end;
    parser->token_end += (uint32_t)length;
}

/* The words of files are few and stand there often: each is kept once. While a file is read, the table is its scanner's and goes with it,
 * unless all files share one; holes and cells, which are read one by one and later, have one for all of a file. */
static base_intern *words_of(lang_parser *parser)
{
    base_intern **words = parser->hole_mode ? &parser->file->words : &parser->words;
    base_arena *memory = parser->hole_mode ? parser->arena : &parser->memory;
    if (*words != NULL) return *words;
    *words = base_arena_alloc(memory, sizeof **words);
    if (*words == NULL || !base_intern_init(*words, memory)) {
        parser->arena->failed = true;
        *words = NULL;
        return NULL;
    }
    (*words)->texts = parser->arena;
    return *words;
}

lang_name lang_scan_name(lang_parser *parser, const char *text, size_t length)
{
    lang_span span = lang_span_of(parser->file->index, parser->token_start, parser->token_end);
    base_intern *words = words_of(parser);
    uint32_t id = words == NULL || length == 0 ? BASE_INTERN_NONE : base_intern_add(words, text, length);
    if (words != NULL && words->arena->failed) parser->arena->failed = true;
    return (lang_name){id == BASE_INTERN_NONE ? "" : base_intern_text(words, id), span};
}

size_t lang_scan_duration(lang_parser *parser, const char *text, size_t length)
{
    static const char *const units[] = {"minute", "hour", "day", "week", "month", "year"};
    size_t digits = strspn(text, "0123456789");
    size_t start = digits + strspn(text + digits, " \t");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t unit = strlen(units[i]);
        if (strncmp(text + start, units[i], unit) != 0) continue;
        if (length == start + unit || (length == start + unit + 1 && text[start + unit] == 's')) return 0;
    }
    parser->token_end = parser->token_start + (uint32_t)digits;
    return digits;
}

size_t lang_scan_broken(lang_parser *parser, const char *text, size_t length)
{
    const lang_file *file = parser->file;
    char next = parser->token_end < file->length ? file->text[parser->token_end] : ' ';
    bool goes_on = (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') || (next >= '0' && next <= '9');
    if (!goes_on && next != '_') return 0;
    size_t first = strcspn(text, " \t\r\n");
    if (first >= length) return 0;
    parser->token_end = parser->token_start + (uint32_t)first;
    return first;
}

void *lang_scan_alloc(lang_parser *parser, size_t size)
{
    size = (size + 15) / 16 * 16;
    if (size > parser->reserve_left) {
        parser->arena->failed = true;
        return NULL;
    }
    char *block = parser->reserve;
    parser->reserve += size;
    parser->reserve_left -= size;
    return block;
}

/* Memory for a scan of so many bytes, with room for the scanner's own state. */
static bool set_aside(lang_parser *parser, size_t length)
{
    lang_file *file = parser->file;
    size_t wanted = length + 4096;
    if (!parser->hole_mode) {
        base_arena_init(&parser->memory, &parser->arena->allocator);
        parser->reserve = base_arena_alloc(&parser->memory, wanted);
        parser->reserve_left = wanted;
        if (parser->reserve == NULL) parser->arena->failed = true;
        return parser->reserve != NULL;
    }
    if (file->hole_memory == NULL || file->hole_size < wanted) {
        char *memory = base_arena_alloc(parser->arena, wanted);
        if (memory == NULL) return false;
        file->hole_memory = memory;
        file->hole_size = wanted;
    }
    /* Holes and cells are parsed one after the other: they share their scanner's memory. */
    parser->reserve = file->hole_memory;
    parser->reserve_left = file->hole_size;
    return true;
}

/* Flex asks to grow blocks whose old size it does not tell; copying `size` bytes could read past the old block, so
 * the scan is given up instead. It only grows its buffer stack, which one scan over bytes never does. */
void *lang_scan_regrow(lang_parser *parser, void *block, size_t size)
{
    if (block == NULL) return lang_scan_alloc(parser, size);
    parser->arena->failed = true;
    return NULL;
}

bool lang_starts_declaration(int previous, int token)
{
    if (previous == TOKEN_DOT || previous == TOKEN_OVERRIDE || previous == TOKEN_OVERRIDABLE) return false;
    static const int tokens[] = {TOKEN_USE,         TOKEN_CODES,  TOKEN_PARAMETER, TOKEN_TABLE,       TOKEN_SECTION,
                                 TOKEN_CLAUSE,      TOKEN_TEST,   TOKEN_DEFINE,    TOKEN_EXCEPTION,   TOKEN_MEASURE,
                                 TOKEN_RECORD,      TOKEN_EXTEND, TOKEN_OVERRIDE,  TOKEN_ENUMERATION, TOKEN_CODE_SYSTEM,
                                 TOKEN_OVERRIDABLE, TOKEN_WAIVER};
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        if (tokens[i] == token) return true;
    }
    return false;
}

static void row_mode(lang_parser *parser, int token)
{
    switch (token) {
    case TOKEN_CODES:
    case TOKEN_PARAMETER:
    case TOKEN_RECORD:
    case TOKEN_EXTEND:
    case TOKEN_ENUMERATION:
    case TOKEN_CODE_SYSTEM:
    case TOKEN_GIVEN: parser->rows = LANG_ROWS_LINES; break;
    case TOKEN_TABLE: parser->rows = LANG_ROWS_TABLE; break;
    case TOKEN_POLICY:
    case TOKEN_MODULE:
    case TOKEN_USE:
    case TOKEN_SECTION:
    case TOKEN_CLAUSE:
    case TOKEN_TEST:
    case TOKEN_DEFINE:
    case TOKEN_EXCEPTION:
    case TOKEN_WAIVER:
    case TOKEN_MEASURE:
    case TOKEN_OVERRIDE:
    case TOKEN_OVERRIDABLE:
    case TOKEN_EXPECT: parser->rows = LANG_ROWS_NONE; break;
    default: break;
    }
}

/* A line end closes a row where rows are, unless nothing was on the row or it plainly goes on. */
static bool row_ends(const lang_parser *parser)
{
    int previous = parser->previous;
    /* A row of a table ends after its last bar, or after the dates behind it; so does what says where rows are. */
    if (parser->rows == LANG_ROWS_TABLE) return previous == TOKEN_BAR || parser->after_bar;
    if (parser->rows != LANG_ROWS_LINES) return false;
    return previous != TOKEN_NEWLINE && previous != TOKEN_COMMA && previous != TOKEN_GIVEN;
}

bool lang_told_on_line(const lang_parser *parser, lang_span span)
{
    const char *text = parser->file->text;
    if (parser->told == 0 || parser->told - 1 > span.start) return false;
    return memchr(text + parser->told - 1, '\n', span.start - (parser->told - 1)) == NULL;
}

static void report_scan(lang_parser *parser, int found)
{
    lang_span span = lang_span_of(parser->file->index, parser->token_start, parser->token_end);
    if (lang_told_on_line(parser, span)) return;
    parser->told = span.start + 1;
    lang_diagnostic *diagnostic;
    if (found == LANG_SCAN_UNTERMINATED) {
        diagnostic = lang_diagnose(parser->diagnostics, LANG_E0102, span, "this text is not closed on its line");
        lang_suggest(parser->diagnostics, diagnostic, "end it with a quote: \"...\"");
        return;
    }
    const char *text = base_arena_copy(parser->arena, parser->file->text + span.start, span.end - span.start);
    diagnostic = lang_diagnose(parser->diagnostics, LANG_E0101, span, "`%s` has no meaning here", text ? text : "");
    static const char *const hints[][2] = {{"{", "declarations need no braces: each starts with its keyword"},
                                           {"}", "declarations need no braces: each starts with its keyword"},
                                           {";", "declarations need no terminator"},
                                           {"'", "texts stand in double quotes"},
                                           {"!", "write `not`, or `<>` for different"},
                                           {"[", "lists stand without brackets: `in 11, 22`"},
                                           {"]", "lists stand without brackets: `in 11, 22`"},
                                           {"&", "write `and`"},
                                           {"%", "write `percent`"},
                                           {"\xE2\x80\x9C", "texts stand in straight quotes: \"...\""},
                                           {"\xE2\x80\x9D", "texts stand in straight quotes: \"...\""},
                                           {"\xE2\x80\x98", "texts stand in straight quotes: \"...\""},
                                           {"\xE2\x80\x99", "texts stand in straight quotes: \"...\""},
                                           {"\xE2\x80\x93", "a range is written with two dots: F20..F29"},
                                           {"\xE2\x89\xA4", "write `<=`"},
                                           {"\xE2\x89\xA5", "write `>=`"}};
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        if (text != NULL && strcmp(hints[i][0], text) == 0) {
            lang_suggest(parser->diagnostics, diagnostic, "%s", hints[i][1]);
        }
    }
}

/* A name that is written with capitals, which only codes have. */
static int capital_name(lang_parser *parser, LANG_PARSE_STYPE *value)
{
    lang_name name = value->TOKEN_NAME;
    const lang_file *file = parser->file;
    uint32_t after = name.span.end;
    while (after < file->length && (file->text[after] == ' ' || file->text[after] == '\t')) after++;
    if (lang_is_month(name.text) && after < file->length && file->text[after] >= '0' && file->text[after] <= '9') {
        lang_diagnostic *date =
            lang_diagnose(parser->diagnostics, LANG_E0201, name.span, "found `%s`, which begins no date", name.text);
        lang_suggest(parser->diagnostics, date, "dates are written 2026-01-31");
        parser->told = name.span.start + 1;
        return TOKEN_NAME;
    }
    char *lower = base_arena_alloc(parser->arena, strlen(name.text) * 2 + 1);
    size_t used = 0;
    for (const char *at = name.text; lower != NULL && *at != '\0'; at++) {
        bool capital = *at >= 'A' && *at <= 'Z';
        bool joins = at > name.text && at[-1] >= 'a' && at[-1] <= 'z';
        if (capital && joins) lower[used++] = '_';
        lower[used++] = capital ? (char)(*at - 'A' + 'a') : *at;
    }
    lang_diagnostic *diagnostic =
        lang_diagnose(parser->diagnostics, LANG_E0109, name.span,
                      "`%s` mixes capital and small letters: names are lower case", name.text);
    lang_suggest(parser->diagnostics, diagnostic, "write `%s`", lower == NULL ? "" : lower);
    value->TOKEN_NAME.text = lower == NULL ? "" : lower;
    return parser->previous == TOKEN_DOT ? TOKEN_NAME : word_token(value->TOKEN_NAME.text);
}

/* A text between the quotes of a word processor: reported, and read as what was meant. */
static int curly_text(lang_parser *parser, LANG_PARSE_STYPE *value)
{
    lang_name name = value->TOKEN_TEXT;
    lang_diagnostic *diagnostic =
        lang_diagnose(parser->diagnostics, LANG_E0101, name.span, "this text stands between typographic quotes");
    lang_suggest(parser->diagnostics, diagnostic, "use straight quotes: \"...\"");
    size_t length = strlen(name.text), inner = length > 6 ? length - 6 : 0;
    value->TOKEN_TEXT.text = base_format(parser->arena, "\"%.*s\"", (int)inner, name.text + (length > 6 ? 3 : length));
    return TOKEN_TEXT;
}

static int word(lang_parser *parser, LANG_PARSE_STYPE *value)
{
    const char *text = value->TOKEN_NAME.text;
    if (strlen(text) > LANG_NAME_LIMIT) {
        lang_diagnose(parser->diagnostics, LANG_E0208, value->TOKEN_NAME.span, "a name has at most %d characters",
                      (int)LANG_NAME_LIMIT);
    }
    return parser->previous == TOKEN_DOT ? TOKEN_NAME : word_token(text);
}

static int next_token(lang_parser *parser, LANG_PARSE_STYPE *value)
{
    for (;;) {
        int found = lang_scan(value, parser->scanner);
        switch (found) {
        case LANG_SCAN_WORD: return word(parser, value);
        case LANG_SCAN_CAPITAL: return capital_name(parser, value);
        case LANG_SCAN_CURLY: return curly_text(parser, value);
        case LANG_SCAN_NEWLINE:
            if (row_ends(parser)) return TOKEN_NEWLINE;
            continue;
        case LANG_SCAN_BAD:
        case LANG_SCAN_UNTERMINATED: report_scan(parser, found); continue;
        default: break;
        }
        if (found > 0 || parser->ended) return found;
        parser->ended = true;
        if (row_ends(parser)) return TOKEN_NEWLINE;
        return 0;
    }
}

int lang_parse_lex(LANG_PARSE_STYPE *value, lang_span *location, lang_parser *parser)
{
    *location = lang_span_of(parser->file->index, parser->token_end, parser->token_end);
    if (parser->start_token != 0) {
        int token = parser->start_token;
        parser->start_token = 0;
        return token;
    }
    if (parser->ended || parser->arena->failed) return 0;
    int token = next_token(parser, value);
    *location = lang_span_of(parser->file->index, parser->token_start, parser->token_end);
    if (token == 0) location->start = location->end;
    if (lang_starts_declaration(parser->previous, token)) {
        uint32_t *slot = BASE_PUSH(parser->arena, &parser->file->starts);
        if (slot != NULL) *slot = parser->token_start;
    }
    if (token == TOKEN_BAR)
        parser->after_bar = true;
    else if (token == TOKEN_NEWLINE)
        parser->after_bar = false;
    if (parser->previous != TOKEN_DOT) row_mode(parser, token);
    parser->previous = token;
    return token;
}

static void close_scan(lang_parser *parser)
{
    if (parser->scanner != NULL) lang_flex_lex_destroy(parser->scanner);
    parser->scanner = NULL;
    if (!parser->hole_mode) base_arena_release(&parser->memory);
    parser->words = NULL;
}

/* Makes the scanner ready for the bytes [start, end); close_scan ends what it began. */
static bool open_scan(lang_parser *parser, uint32_t start, uint32_t end)
{
    parser->token_start = parser->token_end = start;
    yyscan_t scanner;
    if (!set_aside(parser, end - start)) return false;
    if (lang_flex_lex_init_extra(parser, &scanner) == 0) {
        parser->scanner = scanner;
        if (lang_flex__scan_bytes(parser->file->text + start, (int)(end - start), scanner) != NULL) return true;
    }
    close_scan(parser);
    return false;
}

static bool run(lang_parser *parser, uint32_t start, uint32_t end)
{
    if (!open_scan(parser, start, end)) return false;
    bool done = !parser->arena->failed && lang_parse_parse(parser) != 2;
    close_scan(parser);
    return done && !parser->arena->failed;
}

/* Everything a file may hold is UTF-8; the first byte that is not is reported. */
static bool check_encoding(lang_diagnostics *diagnostics, const lang_file *file)
{
    for (size_t i = 0; i < file->length; i++) {
        unsigned char byte = (unsigned char)file->text[i];
        size_t more = byte < 0x80                   ? 0
                      : byte >= 0xC2 && byte < 0xE0 ? 1
                      : byte >= 0xE0 && byte < 0xF0 ? 2
                      : byte >= 0xF0 && byte < 0xF5 ? 3
                                                    : 9;
        bool good = more < 9 && i + more < file->length && (byte != 0);
        for (size_t k = 1; good && k <= more; k++) good = ((unsigned char)file->text[i + k] & 0xC0U) == 0x80U;
        if (!good) {
            lang_span span = lang_span_of(file->index, (uint32_t)i, (uint32_t)i + 1);
            lang_diagnose(diagnostics, LANG_E0105, span, "byte %zu of this file (0x%02X) is not UTF-8 text", i + 1,
                          byte);
            return false;
        }
        i += more;
    }
    return true;
}

bool lang_parse_file(base_arena *arena, lang_diagnostics *diagnostics, lang_file *file, base_intern *words)
{
    file->dates = LANG_ALWAYS;
    if (file->length > LANG_FILE_LIMIT) {
        lang_diagnose(diagnostics, LANG_E0203, lang_span_of(file->index, 0, 1),
                      "%s holds 16 MiB or more; a policy file holds less", file->path);
        return false;
    }
    if (!check_encoding(diagnostics, file)) return false;
    size_t errors = diagnostics->errors;
    lang_parser parser = {
        .arena = arena, .diagnostics = diagnostics, .file = file, .words = words, .start_token = TOKEN_START_FILE};
    uint32_t start = file->length >= 3 && memcmp(file->text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    /* Lists grow while they are read, and nobody else knows them yet. */
    arena->reuses = true;
    bool read = run(&parser, start, (uint32_t)file->length);
    arena->reuses = false;
    if (!read) return false;
    if (!file->header_seen && diagnostics->errors == errors) {
        lang_diagnostic *diagnostic = lang_diagnose(diagnostics, LANG_E0204, lang_span_of(file->index, 0, 1),
                                                    "this file says neither `policy` nor `module`");
        lang_suggest(diagnostics, diagnostic, "begin it with `policy NAME` or `module NAME`");
    }
    if (!file->header_seen) file->full_name = "";
    return diagnostics->errors == errors;
}

lang_expression *lang_parse_hole(base_arena *arena, lang_diagnostics *diagnostics, lang_file *file, uint32_t start,
                                 uint32_t end)
{
    lang_parser parser = {
        .arena = arena, .diagnostics = diagnostics, .file = file, .start_token = TOKEN_START_HOLE, .hole_mode = true};
    return run(&parser, start, end) ? parser.hole : NULL;
}

bool lang_parse_cell(base_arena *arena, lang_diagnostics *diagnostics, lang_file *file, uint32_t start, uint32_t end,
                     lang_items *items)
{
    lang_parser parser = {
        .arena = arena, .diagnostics = diagnostics, .file = file, .start_token = TOKEN_START_CELL, .hole_mode = true};
    size_t errors = diagnostics->errors;
    bool done = run(&parser, start, end) && diagnostics->errors == errors;
    *items = parser.cell;
    return done && items->count > 0;
}

bool lang_tokenize(base_arena *arena, lang_file *file, lang_tokens *tokens)
{
    lang_diagnostics diagnostics;
    lang_diagnostics_init(&diagnostics, arena);
    lang_file copy = *file; /* what the scan notes of the file is not wanted twice */
    copy.starts.items = NULL;
    copy.starts.count = copy.starts.capacity = 0;
    lang_parser parser = {.arena = arena, .diagnostics = &diagnostics, .file = &copy};
    uint32_t start = file->length >= 3 && memcmp(file->text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    if (!check_encoding(&diagnostics, file)) return false;
    if (!open_scan(&parser, start, (uint32_t)file->length)) return false;
    bool good = true;
    LANG_PARSE_STYPE value;
    lang_span span;
    int token;
    while (good && (token = lang_parse_lex(&value, &span, &parser)) > 0) {
        lang_token *slot = BASE_PUSH(arena, tokens);
        good = slot != NULL;
        if (good) *slot = (lang_token){token, span.start, span.end};
    }
    close_scan(&parser);
    return good && !arena->failed && diagnostics.errors == 0;
}

void lang_dump_tokens(base_arena *arena, lang_file *file, base_text *out)
{
    lang_diagnostics diagnostics;
    lang_diagnostics_init(&diagnostics, arena);
    lang_parser parser = {.arena = arena, .diagnostics = &diagnostics, .file = file};
    if (!check_encoding(&diagnostics, file) || !open_scan(&parser, 0, (uint32_t)file->length)) return;
    LANG_PARSE_STYPE value;
    lang_span span;
    int token;
    while ((token = lang_parse_lex(&value, &span, &parser)) > 0) {
        size_t line, column;
        lang_position(file, span.start, &line, &column);
        base_text_format(out, "%5zu:%-4zu %4d  ", line, column, token);
        if (token == TOKEN_NEWLINE)
            base_text_put(out, "end of row");
        else
            base_text_add(out, file->text + span.start, span.end - span.start);
        base_text_put(out, "\n");
    }
    close_scan(&parser);
}
