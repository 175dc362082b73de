/* The checker's driver: which pass runs over what, in which order.
 * Expects a loaded program; resolves and types all of it; leaves nothing half checked when it returns true. */
#include "lang/check.h"

static void collect(lang_program *program, lang_file *file)
{
    for (size_t i = 0; i < file->code_sets.count; i++) {
        lang_code_set **slot = BASE_PUSH(program->arena, &program->code_sets);
        if (slot != NULL) *slot = file->code_sets.items[i];
    }
    for (size_t i = 0; i < file->parameters.count; i++) {
        lang_parameter **slot = BASE_PUSH(program->arena, &program->parameters);
        if (slot != NULL) *slot = file->parameters.items[i];
    }
    for (size_t i = 0; i < file->tables.count; i++) {
        lang_table **slot = BASE_PUSH(program->arena, &program->tables);
        if (slot == NULL) continue;
        *slot = file->tables.items[i];
        file->tables.items[i]->index = (uint16_t)(program->tables.count - 1);
    }
    for (size_t i = 0; i < file->clauses.count + file->clause_overrides.count; i++) {
        lang_clause **slot = BASE_PUSH(program->arena, &program->clauses);
        if (slot == NULL) continue;
        *slot =
            i < file->clauses.count ? file->clauses.items[i] : file->clause_overrides.items[i - file->clauses.count];
        (*slot)->index = (uint32_t)(program->clauses.count - 1);
    }
    for (size_t i = 0; i < file->measures.count; i++) {
        lang_measure **slot = BASE_PUSH(program->arena, &program->measures);
        if (slot != NULL) *slot = file->measures.items[i];
    }
    /* Tests of a layer that is only extended are its own affair: they run when it is named itself. */
    for (size_t i = 0; (file->root || file->is_module) && i < file->tests.count; i++) {
        lang_test **slot = BASE_PUSH(program->arena, &program->tests);
        if (slot != NULL) *slot = file->tests.items[i];
    }
}

static void check_limits(lang_checker *checker)
{
    lang_program *program = checker->program;
    if (program->clauses.count > LANG_CLAUSE_LIMIT) {
        lang_diagnose(checker->diagnostics, LANG_E0208, program->clauses.items[LANG_CLAUSE_LIMIT]->span,
                      "one run compiles at most %d clauses", (int)LANG_CLAUSE_LIMIT);
    }
    if (program->tables.count >= UINT16_MAX) {
        lang_diagnose(checker->diagnostics, LANG_E0208, program->tables.items[UINT16_MAX - 1]->span,
                      "one run compiles at most %d tables", UINT16_MAX - 1);
    }
}

static void check_declarations(lang_checker *checker, lang_file *file)
{
    checker->file = file;
    lang_check_cycles(checker);
    lang_check_duplicates(checker);
    for (size_t i = 0; i < file->code_sets.count; i++) lang_check_code_set(checker, file->code_sets.items[i]);
    for (size_t i = 0; i < file->parameters.count; i++) lang_check_parameter(checker, file->parameters.items[i]);
    for (size_t i = 0; i < file->tables.count; i++) lang_check_table(checker, file->tables.items[i]);
}

/* Layers from the top down, so that what a layer overrides has been checked, and merged, before. */
static void check_layers_from(lang_checker *checker, lang_file *file)
{
    checker->file = file;
    lang_check_layers(checker);
    lang_check_override_tables(checker, file);
    for (size_t i = 0; i < file->layers.count; i++) check_layers_from(checker, file->layers.items[i]);
}

static void check_sections(lang_checker *checker, lang_file *file)
{
    for (size_t i = 0; i < file->sections.count; i++) {
        lang_section *section = file->sections.items[i];
        checker->section = section;
        checker->facts.count = 0;
        lang_set_subject(checker, section->subject);
        for (size_t w = 0; w < section->wheres.count; w++) lang_facts_from(checker, section->wheres.items[w], true);
        for (size_t w = 0; w < section->wheres.count; w++) lang_check_condition(checker, section->wheres.items[w]);
        for (size_t l = 0; l < section->lets.count; l++) {
            lang_let *let = section->lets.items[l];
            if (let->state != 0) continue;
            lang_check_let(checker, let);
        }
    }
    checker->section = NULL;
    checker->facts.count = 0;
    lang_set_subject(checker, (lang_name){0});
}

static void check_module_content(lang_checker *checker, const lang_file *file)
{
    if (!file->is_module) return;
    if (file->clauses.count > 0) {
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0207, file->clauses.items[0]->span,
                          "a module shares codes, parameters and tables; clauses belong in a policy");
        lang_suggest(checker->diagnostics, diagnostic, "move it into a file that begins with `policy`");
    }
    if (file->tests.count > 0) {
        lang_diagnose(checker->diagnostics, LANG_E0207, file->tests.items[0]->span,
                      "a module has no clauses, so it has nothing to test");
    }
}

static void check_file(lang_checker *checker, lang_file *file)
{
    checker->file = file;
    check_module_content(checker, file);
    check_sections(checker, file);
    for (size_t c = 0; c < file->clauses.count; c++) lang_check_clause(checker, file->clauses.items[c]);
    for (size_t c = 0; c < file->clause_overrides.count; c++) {
        lang_clause *clause = file->clause_overrides.items[c];
        if (lang_clause_has(clause)->overrides != NULL) lang_check_clause(checker, clause);
    }
    lang_check_exceptions(checker);
    for (size_t m = 0; m < file->measures.count; m++) lang_check_measure(checker, file->measures.items[m]);
}

static bool check_program(lang_checker *checker)
{
    lang_program *program = checker->program;
    size_t clauses = 0;
    for (size_t i = 0; i < program->files.count; i++)
        clauses += program->files.items[i]->clauses.count + program->files.items[i]->clause_overrides.count;
    if (!base_arena_reserve(program->arena, (void **)&program->clauses.items, 0, &program->clauses.capacity,
                            sizeof *program->clauses.items, clauses))
        return false;
    for (size_t i = 0; i < program->files.count; i++) collect(program, program->files.items[i]);
    check_limits(checker);
    /* A file that did not parse has half its declarations: judging the rest would only cascade. */
    if (program->diagnostics.errors > 0 || program->arena->failed) return false;
    lang_check_schema(program);
    if (program->diagnostics.errors > 0 || program->arena->failed) return false;
    for (size_t i = 0; i < program->files.count; i++) {
        checker->file = program->files.items[i];
        lang_index_names(checker);
    }
    for (size_t i = 0; i < program->files.count; i++) check_declarations(checker, program->files.items[i]);
    for (size_t i = 0; i < program->files.count; i++) {
        if (program->files.items[i]->base == NULL) check_layers_from(checker, program->files.items[i]);
    }
    for (size_t i = 0; i < program->files.count; i++) {
        checker->file = program->files.items[i];
        for (size_t d = 0; d < checker->file->defines.count; d++)
            lang_check_define(checker, checker->file->defines.items[d]);
    }
    for (size_t i = 0; i < program->files.count; i++) check_file(checker, program->files.items[i]);
    lang_check_denied_cycles(checker);
    for (size_t i = 0; i < program->files.count; i++) {
        checker->file = program->files.items[i];
        for (size_t t = 0; t < checker->file->tests.count; t++) lang_check_test(checker, checker->file->tests.items[t]);
    }
    bool clean = program->diagnostics.errors == 0 && !program->arena->failed;
    if (clean) lang_check_lints(checker);
    lang_settle_allows(program);
    return clean && program->diagnostics.errors == 0;
}

/* Names are looked up once more while a plan is built, those of clauses that a file overrides. */
static void forget_names(lang_program *program)
{
    for (size_t i = 0; i < program->files.count; i++) {
        lang_file *file = program->files.items[i];
        if (lang_keeps_names(file)) continue;
        file->names = NULL;
        file->declared.items = NULL;
        file->declared.count = file->declared.capacity = 0;
    }
}

bool lang_check(lang_program *program)
{
    base_arena passing;
    base_arena_init(&passing, &program->arena->allocator);
    base_text key;
    base_text_init(&key, &passing);
    base_intern codes;
    if (!base_intern_init(&codes, &passing)) program->arena->failed = true;
    codes.texts = program->arena;
    lang_checker checker = {.program = program,
                            .codes = &codes,
                            .key = &key,
                            .arena = program->arena,
                            .passing = &passing,
                            .diagnostics = &program->diagnostics,
                            .schema = program->schema,
                            .prefix = LANG_NO_FIELD,
                            .subject = LANG_RECORD_line};
    bool good = !passing.failed && check_program(&checker);
    forget_names(program);
    if (passing.failed) program->arena->failed = true;
    base_arena_release(&passing);
    return good && !program->arena->failed;
}
