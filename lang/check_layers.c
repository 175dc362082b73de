/* Layers: what a policy overrides of those above it, exceptions to clauses of any policy, and circles among clauses.
 * Expects indexed names; fills `overrides`, `merged`, `foreign` and `needs`; leaves the clauses' own checks to others. */
#include "lang/check.h"

#include <string.h>

/* Finds a declaration in the layers above a file. */
#define DEFINE_ABOVE(function, type, member)                                                                           \
    static type *function(const lang_file *file, const char *name)                                                     \
    {                                                                                                                  \
        size_t depth = 0;                                                                                              \
        for (const lang_file *base = file->base; base != NULL && depth < LANG_LAYER_LIMIT;                             \
             base = base->base, depth++) {                                                                             \
            type *found = lang_declared_in(base, name)->member;                                                        \
            if (found != NULL) return found;                                                                           \
        }                                                                                                              \
        return NULL;                                                                                                   \
    }

DEFINE_ABOVE(parameter_above, lang_parameter, parameter)
DEFINE_ABOVE(code_set_above, lang_code_set, code_set)
DEFINE_ABOVE(table_above, lang_table, table)
DEFINE_ABOVE(clause_above, lang_clause, clause)

/* Says why an override can't be; true if it can. */
static bool allowed(lang_checker *checker, const char *what, lang_name name, bool found, bool overridable,
                    lang_span declared)
{
    if (!found) {
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0324, name.span,
                          checker->file->base == NULL ? "`%s` cannot be overridden: this %s extends no other"
                                                      : "no layer above declares `%s` as a %s",
                          name.text, checker->file->base == NULL ? "policy" : what);
        if (checker->file->base == NULL)
            lang_suggest(checker->diagnostics, diagnostic, "say `policy %s extends ...` in the header",
                         checker->file->full_name);
        return false;
    }
    if (overridable) return true;
    lang_diagnostic *diagnostic =
        lang_diagnose(checker->diagnostics, LANG_E0323, name.span, "`%s` is not overridable", name.text);
    lang_note(checker->diagnostics, diagnostic, declared, "its layer declares it here, without `overridable`");
    lang_suggest(checker->diagnostics, diagnostic, "only `overridable %s %s` may be overridden", what, name.text);
    return false;
}

static void once(lang_checker *checker, lang_name name, lang_name first)
{
    lang_diagnostic *diagnostic =
        lang_diagnose(checker->diagnostics, LANG_E0325, name.span, "`%s` is overridden twice in this layer", name.text);
    lang_note(checker->diagnostics, diagnostic, first.span, "the first override is here");
}

#define REPEATED(list)                                                                                                 \
    for (size_t k = 0; k < i; k++) {                                                                                   \
        if (strcmp(file->list.items[k]->name.text, file->list.items[i]->name.text) == 0)                               \
            once(checker, file->list.items[i]->name, file->list.items[k]->name);                                       \
    }

static void type_differs(lang_checker *checker, lang_name type, lang_name name, lang_span declared)
{
    lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0326, type.span,
                                                "`%s` is not the type of what is overridden", type.text);
    lang_note(checker->diagnostics, diagnostic, declared, "`%s` is declared here", name.text);
}

static void override_values(lang_checker *checker, lang_file *file)
{
    for (size_t i = 0; i < file->parameter_overrides.count; i++) {
        lang_parameter *parameter = file->parameter_overrides.items[i];
        lang_parameter *base = parameter_above(file, parameter->name.text);
        REPEATED(parameter_overrides)
        if (!allowed(checker, "parameter", parameter->name, base != NULL, base != NULL && base->overridable,
                     base != NULL ? base->span : (lang_span){0}) ||
            base == NULL)
            continue;
        parameter->overrides = base;
        lang_check_parameter(checker, parameter);
        if (!lang_type_same(parameter->type, base->type) && parameter->type.kind != LANG_TYPE_ERROR) {
            type_differs(checker, parameter->type_name, parameter->name, base->span);
        }
    }
    for (size_t i = 0; i < file->code_overrides.count; i++) {
        lang_code_set *set = file->code_overrides.items[i];
        lang_code_set *base = code_set_above(file, set->name.text);
        REPEATED(code_overrides)
        if (!allowed(checker, "codes", set->name, base != NULL, base != NULL && base->overridable,
                     base != NULL ? base->span : (lang_span){0}) ||
            base == NULL)
            continue;
        set->overrides = base;
        lang_check_code_set(checker, set);
        if (set->system != base->system) type_differs(checker, set->system_name, set->name, base->span);
    }
}

static void override_clauses(lang_checker *checker, lang_file *file)
{
    for (size_t i = 0; i < file->clause_overrides.count; i++) {
        lang_clause *clause = file->clause_overrides.items[i];
        lang_clause *base = clause_above(file, clause->name.text);
        REPEATED(clause_overrides)
        if (!allowed(checker, "clause", clause->name, base != NULL, base != NULL && base->overridable,
                     base != NULL ? base->name.span : (lang_span){0}) ||
            base == NULL)
            continue;
        lang_clause_extras *extras = lang_clause_extend(checker->arena, clause);
        if (extras == NULL) continue;
        extras->overrides = base;
        clause->section = base->section;
    }
}

/* A name that a layer above already has would mean two things. */
static void check_shadows(lang_checker *checker, const lang_file *file)
{
#define SHADOW(list, above, what)                                                                                      \
    for (size_t i = 0; i < file->list.count; i++) {                                                                    \
        lang_name name = file->list.items[i]->name;                                                                    \
        if (above(file, name.text) == NULL) continue;                                                                  \
        lang_diagnostic *diagnostic =                                                                                  \
            lang_diagnose(checker->diagnostics, LANG_E0329, name.span, "a layer above already has `%s`", name.text);   \
        lang_note(checker->diagnostics, diagnostic, above(file, name.text)->name.span, "it is declared here");         \
        lang_suggest(checker->diagnostics, diagnostic, "write `override " what " %s`, or choose another name",         \
                     name.text);                                                                                       \
    }
    SHADOW(parameters, parameter_above, "parameter")
    SHADOW(code_sets, code_set_above, "codes")
    SHADOW(tables, table_above, "table")
    SHADOW(clauses, clause_above, "clause")
#undef SHADOW
}

void lang_check_layers(lang_checker *checker)
{
    lang_file *file = checker->file;
    check_shadows(checker, file);
    override_values(checker, file);
    override_clauses(checker, file);
}

/* ---- override tables ---- */

static bool same_expression(const lang_expression *a, const lang_expression *b)
{
    if (a == NULL || b == NULL) return a == b;
    if (a->kind != b->kind) return false;
    if (a->kind == LANG_LITERAL) {
        return a->literal_kind == b->literal_kind && a->as.literal.value == b->as.literal.value &&
               strcmp(a->as.literal.spelling, b->as.literal.spelling) == 0;
    }
    if (a->kind != LANG_PATH || a->as.path.names.count != b->as.path.names.count) return false;
    for (size_t i = 0; i < a->as.path.names.count; i++) {
        if (strcmp(a->as.path.names.items[i].text, b->as.path.names.items[i].text) != 0) return false;
    }
    return true;
}

static bool same_cell(const lang_cell *a, const lang_cell *b)
{
    if (a->items.count != b->items.count) return false;
    for (size_t i = 0; i < a->items.count; i++) {
        const lang_item *x = &a->items.items[i], *y = &b->items.items[i];
        if (x->any != y->any || x->absent != y->absent) return false;
        if (!same_expression(x->low, y->low) || !same_expression(x->high, y->high)) return false;
    }
    return true;
}

static bool same_key(const lang_table *table, const lang_table_row *a, const lang_table_row *b)
{
    if (a->dates.from != b->dates.from || a->dates.to != b->dates.to) return false;
    for (size_t c = 0; c < table->inputs.count; c++) {
        if (c >= a->cells.count || c >= b->cells.count || !same_cell(&a->cells.items[c], &b->cells.items[c]))
            return false;
    }
    return true;
}

/* The table as the nearest layer above left it. */
static lang_table *as_above(const lang_file *file, lang_table *base)
{
    for (const lang_file *above = file->base; above != NULL; above = above->base) {
        for (size_t i = 0; i < above->table_overrides.count; i++) {
            lang_table *override = above->table_overrides.items[i];
            if (override->overrides == base && override->merged != NULL) return override->merged;
        }
    }
    return base;
}

static void take_columns(lang_table *override, const lang_table *above)
{
    override->inputs.items = above->inputs.items;
    override->inputs.count = above->inputs.count;
    override->outputs.items = above->outputs.items;
    override->outputs.count = above->outputs.count;
}

static bool add_merged(lang_checker *checker, lang_table *override, lang_table *merged)
{
    lang_table **slot = BASE_PUSH(checker->arena, &checker->program->tables);
    if (slot == NULL) return false;
    *slot = merged;
    merged->index = (uint16_t)(checker->program->tables.count - 1);
    override->merged = merged;
    return true;
}

/* A file is a whole edition: it takes the place of all rows above, and says itself whether it is partial. */
static void replace(lang_checker *checker, lang_table *override, const lang_table *above)
{
    size_t errors = checker->diagnostics->errors;
    take_columns(override, above);
    lang_check_imports(checker, override);
    if (checker->diagnostics->errors > errors || !lang_check_rows(checker, override)) return;
    override->used = true;
    if (!add_merged(checker, override, override)) return;
    lang_index_rows(checker, override);
    lang_check_bulk_rows(checker, override);
}

static void merge(lang_checker *checker, lang_table *override, const lang_table *above)
{
    lang_table *merged = base_arena_alloc(checker->arena, sizeof *merged);
    if (merged == NULL) return;
    take_columns(override, above);
    if (!lang_check_rows(checker, override)) return;
    *merged = *above;
    merged->name.span = override->name.span;
    merged->span = override->span;
    merged->used = true;
    merged->rows.items = NULL;
    merged->rows.count = merged->rows.capacity = 0;
    for (size_t r = 0; r < above->rows.count; r++) {
        lang_table_row *row = BASE_PUSH(checker->arena, &merged->rows);
        if (row == NULL) return;
        *row = above->rows.items[r];
        for (size_t k = 1; r > 0 && k < override->rows.count; k++) {
            if (same_key(merged, row, &override->rows.items[k])) *row = override->rows.items[k];
        }
    }
    for (size_t k = 1; k < override->rows.count; k++) {
        bool replaced = false;
        for (size_t r = 1; r < above->rows.count && !replaced; r++) {
            replaced = same_key(merged, &above->rows.items[r], &override->rows.items[k]);
        }
        lang_table_row *row = replaced ? NULL : BASE_PUSH(checker->arena, &merged->rows);
        if (row != NULL) *row = override->rows.items[k];
    }
    if (!add_merged(checker, override, merged)) return;
    lang_index_rows(checker, merged);
}

void lang_check_override_tables(lang_checker *checker, lang_file *file)
{
    for (size_t i = 0; i < file->table_overrides.count; i++) {
        lang_table *override = file->table_overrides.items[i];
        lang_table *base = table_above(file, override->name.text);
        REPEATED(table_overrides)
        if (!allowed(checker, "table", override->name, base != NULL, base != NULL && base->overridable,
                     base != NULL ? base->span : (lang_span){0}) ||
            base == NULL)
            continue;
        override->overrides = base;
        const lang_table *above = as_above(file, base);
        if (override->imports.count > 0) {
            replace(checker, override, above);
            continue;
        }
        if (override->rows.count < 2 || above->imports.count > 0) {
            lang_diagnose(checker->diagnostics, LANG_E0714, override->span,
                          "an override of a table is a file of rows, or a header and rows, of a table written out");
            continue;
        }
        merge(checker, override, above);
    }
}

/* ---- exceptions and clauses that ask about clauses ---- */

/* A clause by its own name in the file and the layers above, or by its policy's name and its own. */
lang_clause *lang_find_clause(const lang_checker *checker, const lang_names *names)
{
    if (names->count == 1) {
        for (const lang_file *file = checker->file; file != NULL; file = file->base) {
            const lang_declared *declared = lang_declared_in(file, names->items[0].text);
            if (declared->clause_override != NULL) return declared->clause_override;
            if (declared->clause != NULL) return declared->clause;
        }
        return NULL;
    }
    lang_names policy = *names;
    policy.count--;
    const char *wanted = lang_path_text(checker->arena, &policy);
    for (size_t i = 0; i < checker->program->files.count; i++) {
        const lang_file *file = checker->program->files.items[i];
        if (strcmp(file->full_name, wanted) != 0) continue;
        const lang_declared *declared = lang_declared_in(file, names->items[names->count - 1].text);
        return declared->clause != NULL ? declared->clause : declared->clause_override;
    }
    return NULL;
}

/* A waiver that leaves something out is nobody's decision, or one for ever and for all. */
static void check_waiver(lang_checker *checker, const lang_exception *waiver)
{
    const struct {
        bool said;
        const char *missing, *suggestion;
    } parts[] = {{waiver->by.text != NULL && *waiver->by.text != '\0', "who made it", "by \"R. Ortiz, billing lead\""},
                 {waiver->why.text != NULL && *waiver->why.text != '\0', "why",
                  "why \"the new note template comes in September\""},
                 {waiver->until_given, "until when it holds", "until 2026-12-31"},
                 {waiver->whens.count > 0, "for which claims or programs it is",
                  "when claim.id = \"A-1044\", or when claim.program = clinic"}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].said) continue;
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0220, waiver->name.span, "the waiver `%s` does not say %s",
                          waiver->name.text, parts[i].missing);
        lang_suggest(checker->diagnostics, diagnostic, "%s", parts[i].suggestion);
    }
}

static void check_exception(lang_checker *checker, lang_exception *exception)
{
    checker->section = NULL;
    checker->clause = NULL;
    checker->facts.count = 0;
    checker->other_bound = false;
    lang_set_subject(checker, (lang_name){0});
    for (size_t i = 0; i < exception->targets.count; i++) {
        const lang_names *names = &exception->targets.items[i];
        lang_clause *clause = lang_find_clause(checker, names);
        if (clause == NULL) {
            lang_diagnostic *diagnostic =
                lang_diagnose(checker->diagnostics, LANG_E0311, names->items[names->count - 1].span,
                              "there is no clause `%s`", lang_path_text(checker->arena, names));
            lang_suggest(checker->diagnostics, diagnostic,
                         "a clause of another policy is named with it, `state.medicaid.session_cap`, and that policy "
                         "is given too");
            continue;
        }
        lang_clause **slot = BASE_PUSH(checker->arena, &exception->clauses);
        lang_clause_extras *extras = lang_clause_extend(checker->arena, clause);
        if (slot == NULL || extras == NULL) continue;
        lang_exception **foreign = exception->waiver ? BASE_PUSH(checker->arena, &extras->waivers)
                                                     : BASE_PUSH(checker->arena, &extras->foreign);
        *slot = clause;
        if (foreign != NULL) *foreign = exception;
    }
    for (size_t i = 0; i < exception->whens.count; i++) lang_facts_from(checker, exception->whens.items[i], true);
    for (size_t i = 0; i < exception->whens.count; i++) lang_check_condition(checker, exception->whens.items[i]);
    if (exception->waiver) {
        check_waiver(checker, exception);
    } else if (exception->cite == NULL) {
        lang_diagnose(checker->diagnostics, LANG_W0002, exception->name.span, "the exception `%s` cites no source",
                      exception->name.text);
    }
    checker->facts.count = 0;
}

void lang_check_exceptions(lang_checker *checker)
{
    for (size_t i = 0; i < checker->file->exceptions.count; i++) {
        check_exception(checker, checker->file->exceptions.items[i]);
    }
}

/* Depth first: state 1 while below, 2 when done. */
static void walk(lang_checker *checker, lang_clause *clause)
{
    clause->state = 1;
    for (size_t i = 0; i < lang_clause_has(clause)->needs.count; i++) {
        lang_clause *need = lang_clause_has(clause)->needs.items[i];
        if (need->state == 1) {
            lang_diagnostic *diagnostic =
                lang_diagnose(checker->diagnostics, LANG_E0328, clause->name.span,
                              "`%s` asks whether a line is denied by `%s`, which asks, in the end, for `%s`",
                              clause->name.text, need->name.text, clause->name.text);
            lang_note(checker->diagnostics, diagnostic, need->name.span, "`%s` is here", need->name.text);
            continue;
        }
        if (need->state == 0) walk(checker, need);
    }
    clause->state = 2;
}

void lang_check_denied_cycles(lang_checker *checker)
{
    for (size_t i = 0; i < checker->program->clauses.count; i++) {
        if (checker->program->clauses.items[i]->state == 0) walk(checker, checker->program->clauses.items[i]);
    }
}
