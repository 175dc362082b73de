/* Collecting diagnostics and drawing them under their source lines. */
#include "lang/diagnostics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    lang_severity severity;
    const char *label;
    const char *about;
} table[] = {
#define LANG_DIAGNOSTIC(code, severity, name, about) {#code, LANG_SEVERITY_##severity, #name, about},
#include "lang/diagnostics.def"
#undef LANG_DIAGNOSTIC
};

void lang_diagnostics_init(lang_diagnostics *diagnostics, base_arena *arena)
{
    *diagnostics = (lang_diagnostics){.arena = arena};
}

const char *lang_diagnostic_name(lang_diagnostic_code code)
{
    return table[code].name;
}

const char *lang_diagnostic_label(lang_diagnostic_code code)
{
    return table[code].label;
}

const char *lang_diagnostic_page(const char *code)
{
    static const struct {
        const char *code, *page;
    } pages[] = {
#define LANG_PAGE(code, why, wrong, right) {#code, why "\n\nInstead of\n\n  " wrong "\n\nwrite\n\n  " right "\n"},
#include "lang/pages.def"
#undef LANG_PAGE
    };
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        if (strcmp(pages[i].code, code) == 0) return pages[i].page;
    }
    return NULL;
}

const char *lang_diagnostic_about(lang_diagnostic_code code)
{
    return table[code].about;
}

lang_severity lang_diagnostic_severity(lang_diagnostic_code code)
{
    return table[code].severity;
}

lang_diagnostic *lang_diagnose(lang_diagnostics *diagnostics, lang_diagnostic_code code, lang_span span,
                               const char *format, ...)
{
    bool error = table[code].severity == LANG_SEVERITY_ERROR;
    if (error)
        diagnostics->errors++;
    else
        diagnostics->warnings++;
    if (diagnostics->items.count >= LANG_DIAGNOSTIC_LIMIT) {
        diagnostics->suppressed++;
        return NULL;
    }
    lang_diagnostic *diagnostic = base_arena_alloc(diagnostics->arena, sizeof *diagnostic);
    if (diagnostic == NULL) return NULL;
    lang_diagnostic **slot = BASE_PUSH(diagnostics->arena, &diagnostics->items);
    if (slot == NULL) return NULL;
    *slot = diagnostic;
    base_text text;
    base_text_init(&text, diagnostics->arena);
    va_list arguments;
    va_start(arguments, format);
    base_text_format_list(&text, format, arguments);
    va_end(arguments);
    diagnostic->code = code;
    diagnostic->span = span;
    diagnostic->has_span = span.end > span.start || span.start > 0;
    diagnostic->message = base_text_string(&text);
    diagnostic->order = diagnostics->items.count;
    return diagnostic;
}

void lang_suggest(lang_diagnostics *diagnostics, lang_diagnostic *diagnostic, const char *format, ...)
{
    if (diagnostic == NULL) return;
    base_text text;
    base_text_init(&text, diagnostics->arena);
    va_list arguments;
    va_start(arguments, format);
    base_text_format_list(&text, format, arguments);
    va_end(arguments);
    const char **slot = BASE_PUSH(diagnostics->arena, &diagnostic->suggestions);
    if (slot != NULL) *slot = base_text_string(&text);
}

void lang_note(lang_diagnostics *diagnostics, lang_diagnostic *diagnostic, lang_span span, const char *format, ...)
{
    if (diagnostic == NULL) return;
    base_text text;
    base_text_init(&text, diagnostics->arena);
    va_list arguments;
    va_start(arguments, format);
    base_text_format_list(&text, format, arguments);
    va_end(arguments);
    diagnostic->note = base_text_string(&text);
    diagnostic->note_span = span;
}

static bool continuation(char byte)
{
    return ((unsigned char)byte & 0xC0U) == 0x80U;
}

bool lang_index_lines(base_arena *arena, lang_file *file)
{
    size_t lines = 1;
    for (size_t i = 0; i < file->length; i++) lines += file->text[i] == '\n';
    size_t marks = (lines + LANG_LINES_A_MARK - 1) / LANG_LINES_A_MARK;
    file->line_marks = base_arena_alloc(arena, marks * sizeof *file->line_marks);
    if (file->line_marks == NULL) return false;
    file->line_count = 1;
    for (size_t i = 0; i < file->length; i++) {
        if (file->text[i] != '\n') continue;
        if (file->line_count % LANG_LINES_A_MARK == 0)
            file->line_marks[file->line_count / LANG_LINES_A_MARK] = (uint32_t)i + 1;
        file->line_count++;
    }
    return true;
}

uint32_t lang_line_start(const lang_file *file, size_t line)
{
    uint32_t start = file->line_marks[line / LANG_LINES_A_MARK];
    for (size_t i = 0; i < line % LANG_LINES_A_MARK; i++) {
        const char *end = memchr(file->text + start, '\n', file->length - start);
        start = (uint32_t)(end - file->text) + 1;
    }
    return start;
}

void lang_position(const lang_file *file, uint32_t offset, size_t *line, size_t *column)
{
    size_t low = 0, high = (file->line_count + LANG_LINES_A_MARK - 1) / LANG_LINES_A_MARK;
    while (low + 1 < high) {
        size_t middle = low + (high - low) / 2;
        if (file->line_marks[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    uint32_t start = file->line_count > 0 ? file->line_marks[low] : 0;
    low *= LANG_LINES_A_MARK;
    uint32_t until = offset < file->length ? offset : (uint32_t)file->length;
    const char *end;
    while (start < until && (end = memchr(file->text + start, '\n', until - start)) != NULL) {
        start = (uint32_t)(end - file->text) + 1;
        low++;
    }
    *line = low + 1;
    *column = 1;
    for (uint32_t i = start; i < offset && i < file->length; i++) {
        if (!continuation(file->text[i])) (*column)++;
    }
}

static int by_place(const void *a, const void *b)
{
    const lang_diagnostic *x = *(lang_diagnostic *const *)a, *y = *(lang_diagnostic *const *)b;
    if (x->span.file != y->span.file) return x->span.file < y->span.file ? -1 : 1;
    if (x->span.start != y->span.start) return x->span.start < y->span.start ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

typedef struct palette {
    const char *strong, *red, *yellow, *blue, *off;
} palette;

/* Narrows a line that is too long to show to what surrounds a place in it. True if its beginning is left out. */
static bool narrow(const lang_file *file, uint32_t place, size_t *begin, size_t *end)
{
    enum { SHOWN = 200, BEFORE = 80 };
    if (*end - *begin <= SHOWN) return false;
    bool cut = place > *begin + BEFORE;
    if (cut) *begin = place - BEFORE;
    while (cut && continuation(file->text[*begin])) (*begin)--;
    if (*end - *begin > SHOWN) *end = *begin + SHOWN;
    while (*end > *begin && *end < file->length && continuation(file->text[*end])) (*end)--;
    return cut;
}

/* Draws the source line of a span with carets (or dashes) under the part of the span that lies on it. */
static void draw_line(const lang_file *file, lang_span span, char mark, const char *label, const palette *colours,
                      const char *colour, base_text *out)
{
    size_t line, column;
    lang_position(file, span.start, &line, &column);
    size_t begin = span.start < file->length ? span.start : file->length;
    while (begin > 0 && file->text[begin - 1] != '\n') begin--;
    size_t end = begin;
    while (end < file->length && file->text[end] != '\n') end++;
    if (end > begin && file->text[end - 1] == '\r' && end - 1 >= span.start) end--;
    size_t whole = end;
    bool cut = narrow(file, span.start, &begin, &end);
    base_text_format(out, "%s%5zu |%s %s", colours->blue, line, colours->off, cut ? "..." : "");
    /* A carriage return within a line would draw over what stands before it. */
    for (size_t i = begin; i < end; i++) base_text_add(out, file->text[i] == '\r' ? " " : file->text + i, 1);
    if (end < whole) base_text_put(out, "...");
    base_text_format(out, "\n%s      |%s %s", colours->blue, colours->off, cut ? "   " : "");
    for (size_t i = begin; i < span.start && i < end; i++) {
        if (continuation(file->text[i])) continue;
        base_text_put(out, file->text[i] == '\t' ? "\t" : " ");
    }
    base_text_put(out, colour);
    size_t stop = span.end < end ? span.end : end;
    size_t drawn = 0;
    for (size_t i = span.start; i < stop; i++) {
        if (!continuation(file->text[i])) {
            base_text_repeat(out, mark, 1);
            drawn++;
        }
    }
    if (drawn == 0) base_text_repeat(out, mark, 1);
    if (label != NULL) base_text_format(out, " %s", label);
    base_text_format(out, "%s\n", colours->off);
}

static void draw_place(const lang_file *file, lang_span span, const char *arrow, const palette *colours, base_text *out)
{
    size_t line, column;
    lang_position(file, span.start, &line, &column);
    base_text_format(out, "%s  %s%s %s:%zu:%zu\n", colours->blue, arrow, colours->off, file->path, line, column);
}

static void render_one(const lang_diagnostic *diagnostic, lang_file *const *files, size_t file_count,
                       const palette *colours, base_text *out)
{
    bool error = table[diagnostic->code].severity == LANG_SEVERITY_ERROR;
    const char *colour = error ? colours->red : colours->yellow;
    base_text_format(out, "%s%s[%s]%s%s: %s%s\n", colour, error ? "error" : "warning", table[diagnostic->code].name,
                     colours->off, colours->strong, diagnostic->message, colours->off);
    if (diagnostic->has_span && diagnostic->span.file < file_count) {
        const lang_file *file = files[diagnostic->span.file];
        draw_place(file, diagnostic->span, "-->", colours, out);
        draw_line(file, diagnostic->span, '^', diagnostic->label, colours, colour, out);
    }
    if (diagnostic->note != NULL && diagnostic->note_span.file < file_count) {
        const lang_file *file = files[diagnostic->note_span.file];
        base_text_format(out, "%s  note:%s %s\n", colours->blue, colours->off, diagnostic->note);
        draw_place(file, diagnostic->note_span, "-->", colours, out);
        draw_line(file, diagnostic->note_span, '-', NULL, colours, colours->blue, out);
    }
    for (size_t i = 0; i < diagnostic->suggestions.count; i++) {
        base_text_format(out, "%s  help:%s %s\n", colours->blue, colours->off, diagnostic->suggestions.items[i]);
    }
    base_text_put(out, "\n");
}

void lang_diagnostics_render(lang_diagnostics *diagnostics, lang_file *const *files, size_t file_count, bool colour,
                             base_text *out)
{
    static const palette plain = {"", "", "", "", ""};
    static const palette ansi = {"\033[1m", "\033[1;31m", "\033[1;33m", "\033[1;34m", "\033[0m"};
    const palette *colours = colour ? &ansi : &plain;
    if (diagnostics->items.count > 1) {
        qsort(diagnostics->items.items, diagnostics->items.count, sizeof(lang_diagnostic *), by_place);
    }
    for (size_t i = 0; i < diagnostics->items.count; i++) {
        render_one(diagnostics->items.items[i], files, file_count, colours, out);
    }
    if (diagnostics->suppressed > 0) {
        base_text_format(out, "error[E0004]: %zu more problems are not shown; mend these first\n\n",
                         diagnostics->suppressed);
    }
    if (diagnostics->errors > 0) {
        base_text_format(out, "%zu error%s", diagnostics->errors, diagnostics->errors == 1 ? "" : "s");
        if (diagnostics->warnings > 0) {
            base_text_format(out, ", %zu warning%s", diagnostics->warnings, diagnostics->warnings == 1 ? "" : "s");
        }
        base_text_put(out, "\n");
    }
}
