/* The layers of a program as a tree, for `adjudge layers`. */
#include "lang/program.h"

#include <string.h>

typedef struct tree {
    const lang_program *program;
    base_text *out;
} tree;

static void place(const tree *t, lang_span span)
{
    const lang_file *file = t->program->files.items[span.file];
    size_t line, column;
    lang_position(file, span.start, &line, &column);
    base_text_format(t->out, "  (%s:%zu)\n", file->path, line);
}

static void item(const tree *t, size_t depth, const char *what, const char *name, const char *of, lang_span span)
{
    base_text_repeat(t->out, ' ', depth * 2);
    base_text_format(t->out, "%s %s%s%s", what, name, *of == '\0' ? "" : " of ", of);
    place(t, span);
}

static void contents(const tree *t, const lang_file *file, size_t depth)
{
    for (size_t i = 0; i < file->parameter_overrides.count; i++) {
        const lang_parameter *override = file->parameter_overrides.items[i];
        if (override->overrides == NULL) continue;
        item(t, depth, "overrides parameter", override->name.text, override->overrides->file->full_name,
             override->span);
    }
    for (size_t i = 0; i < file->code_overrides.count; i++) {
        const lang_code_set *override = file->code_overrides.items[i];
        if (override->overrides == NULL) continue;
        item(t, depth, "overrides codes", override->name.text, override->overrides->file->full_name, override->span);
    }
    for (size_t i = 0; i < file->table_overrides.count; i++) {
        const lang_table *override = file->table_overrides.items[i];
        if (override->overrides == NULL) continue;
        item(t, depth, "overrides rows of table", override->name.text, override->overrides->file->full_name,
             override->span);
    }
    for (size_t i = 0; i < file->clause_overrides.count; i++) {
        const lang_clause *override = file->clause_overrides.items[i];
        const lang_clause *overridden = lang_clause_has(override)->overrides;
        if (overridden == NULL) continue;
        item(t, depth, "overrides clause", override->name.text, overridden->file->full_name, override->span);
    }
    for (size_t i = 0; i < file->exceptions.count; i++) {
        const lang_exception *exception = file->exceptions.items[i];
        for (size_t c = 0; c < exception->clauses.count; c++) {
            const lang_clause *clause = exception->clauses.items[c];
            const char *name = base_format(t->out->arena, "%s to clause %s", exception->name.text, clause->name.text);
            bool own = clause->file == file;
            item(t, depth, exception->waiver ? "waiver" : "exception", name, own ? "" : clause->file->full_name,
                 exception->span);
            if (exception->waiver) {
                base_text_repeat(t->out, ' ', depth * 2 + 2);
                base_text_format(t->out, "by %s until %s: %s\n", exception->by.text,
                                 lang_day_text(t->out->arena, exception->dates.to), exception->why.text);
            }
            if (exception->cite == NULL) continue;
            base_text_repeat(t->out, ' ', depth * 2 + 2);
            base_text_format(t->out, "\"%s\"\n", exception->cite);
        }
    }
}

static void policy(const tree *t, const lang_file *file, size_t depth)
{
    base_text_repeat(t->out, ' ', depth * 2);
    base_text_put(t->out, file->full_name);
    base_text_format(t->out, ": %u clause%s", file->clauses.count, file->clauses.count == 1 ? "" : "s");
    for (size_t i = 0; i < file->payers.count; i++)
        base_text_format(t->out, "%s %s", i == 0 ? ", payer" : ",", file->payers.items[i].text);
    base_text_format(t->out, "  (%s)\n", file->path);
    contents(t, file, depth + 1);
    for (size_t i = 0; i < file->layers.count; i++) policy(t, file->layers.items[i], depth + 1);
}

void lang_show_layers(const lang_program *program, base_text *out)
{
    tree t = {program, out};
    for (size_t i = 0; i < program->files.count; i++) {
        const lang_file *file = program->files.items[i];
        if (!file->is_module && file->base == NULL) policy(&t, file, 0);
    }
}
