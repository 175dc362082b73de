/* What is wrong with a policy, in the reader's words, and how it is shown. */
#ifndef LANG_DIAGNOSTICS_H
#define LANG_DIAGNOSTICS_H

#include "lang/ast.h"

typedef enum lang_diagnostic_code {
#define LANG_DIAGNOSTIC(code, severity, name, about) LANG_##code,
#include "lang/diagnostics.def"
#undef LANG_DIAGNOSTIC
    LANG_DIAGNOSTIC_COUNT
} lang_diagnostic_code;

typedef enum lang_severity { LANG_SEVERITY_ERROR, LANG_SEVERITY_WARNING } lang_severity;

typedef struct lang_diagnostic {
    lang_diagnostic_code code;
    lang_span span;
    bool has_span;
    const char *message;
    const char *label; /* said under the carets; may be NULL */
    lang_span note_span;
    const char *note; /* NULL for none; shown with note_span */
    BASE_ARRAY(const char *) suggestions;
    size_t order; /* of reporting, to keep ties stable */
} lang_diagnostic;

enum { LANG_DIAGNOSTIC_LIMIT = 100 };

typedef struct lang_diagnostics {
    base_arena *arena;
    BASE_ARRAY(lang_diagnostic *) items;
    size_t errors;
    size_t warnings;
    size_t suppressed; /* errors past the limit */
} lang_diagnostics;

void lang_diagnostics_init(lang_diagnostics *diagnostics, base_arena *arena);

/* Adds a diagnostic; NULL when memory runs out or the limit is passed, which the helpers below accept. */
lang_diagnostic *lang_diagnose(lang_diagnostics *diagnostics, lang_diagnostic_code code, lang_span span,
                               const char *format, ...) BASE_PRINTF(4, 5);
void lang_suggest(lang_diagnostics *diagnostics, lang_diagnostic *diagnostic, const char *format, ...)
    BASE_PRINTF(3, 4);
void lang_note(lang_diagnostics *diagnostics, lang_diagnostic *diagnostic, lang_span span, const char *format, ...)
    BASE_PRINTF(4, 5);

/* "E0501", its severity, and what it is about. */
const char *lang_diagnostic_name(lang_diagnostic_code code);
/* "unused": by what name `allow` silences it. */
const char *lang_diagnostic_label(lang_diagnostic_code code);
/* The page of a code (pages.def); NULL for a code that does not exist. */
const char *lang_diagnostic_page(const char *code);
const char *lang_diagnostic_about(lang_diagnostic_code code);
lang_severity lang_diagnostic_severity(lang_diagnostic_code code);

/* Sorts by file and place, then writes all with source lines and carets. `files` is indexed by span.file. */
void lang_diagnostics_render(lang_diagnostics *diagnostics, lang_file *const *files, size_t file_count, bool colour,
                             base_text *out);

/* Marks where lines of a file begin; lang_position needs it. False when memory runs out. */
enum { LANG_LINES_A_MARK = 16 };
bool lang_index_lines(base_arena *arena, lang_file *file);

/* Where a line begins, the first of which is 0. */
uint32_t lang_line_start(const lang_file *file, size_t line);

/* One-based line and column (in characters) of a byte offset. */
void lang_position(const lang_file *file, uint32_t offset, size_t *line, size_t *column);

#endif
