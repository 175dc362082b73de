/* Compiling policies: files or texts, through checker and plan, to machine code where this build has it. */
#include "lang/layout.h"
#include "lang/parser.h"
#include "runtime/handles.h"
#include "runtime/policy_codes.h"
#include "runtime/words.h"

#include <pthread.h>
#include <string.h>

#ifndef ADJUDGE_VERSION
#define ADJUDGE_VERSION "0.1.0"
#endif

const char *adj_version(void)
{
    return ADJUDGE_VERSION;
}

bool adj_has_machine_code(void)
{
    return run_machine_provider_get() != NULL;
}

const char *adj_verdict_name(adj_verdict verdict)
{
    static const char *const names[] = {"deny", "review", "cannot tell",     "reduce",    "audit",
                                        "warn", "pass",   "not adjudicated", "unreadable"};
    return verdict >= 0 && verdict < ADJ_VERDICT_COUNT ? names[verdict] : "";
}

const char *adj_clause_verdict_name(adj_clause_verdict verdict)
{
    static const char *const names[] = {"not applicable", "pass", "fail", "excused", "cannot tell", "waived"};
    return verdict <= ADJ_CLAUSE_WAIVED ? names[verdict] : "";
}

const char *adj_status_name(adj_status status)
{
    static const char *const names[] = {
        "ok", "the policies have errors", "the input cannot be read", "not found", "out of memory", "internal failure"};
    return status <= ADJ_INTERNAL ? names[status] : "";
}

static base_allocator allocator_of(const adj_options *options)
{
    if (options == NULL || options->allocator == NULL) return base_allocator_default();
    return (base_allocator){options->allocator->reallocate, options->allocator->state};
}

static adj_policies *new_policies(const adj_options *options)
{
    base_allocator allocator = allocator_of(options);
    adj_policies *policies = allocator.reallocate(allocator.state, NULL, sizeof *policies);
    if (policies == NULL) return NULL;
    memset(policies, 0, sizeof *policies);
    policies->allocator = allocator;
    policies->diagnostics = "";
    base_arena_init(&policies->arena, &allocator);
    policies->arena.tight = true; /* nothing in trees and plans is wider than a pointer */
    lang_program_init(&policies->program, &policies->arena);
    return policies;
}

typedef struct run_lazy_code {
    pthread_mutex_t lock;
    base_arena arena;
    run_policy_codes *single; /* code for one encounter at a time; NULL until asked for */
    struct {
        bool tried, made;
        run_machine_code code;
        const char *error;
    } codes[RUN_CODE_KINDS];
} run_lazy_code;

static bool new_lazy_code(adj_policies *policies)
{
    policies->lazy = base_arena_alloc(&policies->arena, sizeof *policies->lazy);
    if (policies->lazy == NULL) return false;
    /* Whoever judges single encounters has code made on another thread, for which an allocator of one's own need not be made. */
    base_arena_init(&policies->lazy->arena, NULL);
    return pthread_mutex_init(&policies->lazy->lock, NULL) == 0;
}

static void free_lazy_code(run_lazy_code *lazy)
{
    if (lazy == NULL) return;
    run_policy_codes_free(lazy->single);
    for (size_t i = 0; i < RUN_CODE_KINDS; i++) {
        if (lazy->codes[i].made && lazy->codes[i].code.release != NULL)
            lazy->codes[i].code.release(lazy->codes[i].code.state);
    }
    base_arena_release(&lazy->arena);
    pthread_mutex_destroy(&lazy->lock);
}

const run_machine_code *run_policies_code(const adj_policies *policies, run_code_kind i, const char **error)
{
    const run_machine_provider *provider = run_machine_provider_get();
    run_lazy_code *lazy = policies->lazy;
    if (provider == NULL || lazy == NULL || policies->interpreted) return NULL;
    pthread_mutex_lock(&lazy->lock);
    if (!lazy->codes[i].tried)
        lazy->codes[i].made =
            provider->compile(&lazy->arena, policies->plan, i, &lazy->codes[i].code, &lazy->codes[i].error);
    lazy->codes[i].tried = true;
    if (error != NULL) *error = lazy->codes[i].error;
    pthread_mutex_unlock(&lazy->lock);
    return lazy->codes[i].made ? &lazy->codes[i].code : NULL;
}

run_policy_codes *run_policies_single_codes(const adj_policies *policies)
{
    const run_machine_provider *provider = run_machine_provider_get();
    run_lazy_code *lazy = policies->lazy;
    if (provider == NULL || lazy == NULL || policies->interpreted) return NULL;
    pthread_mutex_lock(&lazy->lock);
    const run_machine_code *all = lazy->codes[RUN_CODE_ALL].made ? &lazy->codes[RUN_CODE_ALL].code : NULL;
    if (lazy->single == NULL) lazy->single = run_policy_codes_new(&policies->allocator, policies, all);
    run_policy_codes *codes = lazy->single;
    pthread_mutex_unlock(&lazy->lock);
    return codes;
}

const run_policy_codes *run_policies_made_codes(const adj_policies *policies)
{
    run_lazy_code *lazy = policies->lazy;
    if (lazy == NULL || policies->interpreted) return NULL;
    pthread_mutex_lock(&lazy->lock);
    const run_policy_codes *codes = lazy->single;
    pthread_mutex_unlock(&lazy->lock);
    return codes;
}

bool run_tests_ready(adj_policies *policies)
{
    if (policies->tests_ready) return policies->test_plan != NULL;
    policies->tests_ready = true;
    policies->test_plan = policies->plan;
    policies->test_kernels = policies->kernels;
    const char *error = NULL;
    policies->test_code = run_policies_code(policies, RUN_CODE_ALL, &error);
    if (error != NULL) policies->diagnostics = error;
    if (!plan_takes_over(&policies->program)) return true;
    policies->test_plan = plan_build_alone(&policies->arena, &policies->program);
    policies->test_code = NULL;
    policies->test_kernels = NULL;
    if (policies->test_plan != NULL) policies->test_kernels = plan_build_kernels(&policies->arena, policies->test_plan);
    if (policies->test_kernels == NULL) policies->test_plan = NULL;
    const run_machine_provider *provider = run_machine_provider_get();
    if (policies->test_plan == NULL || provider == NULL || policies->interpreted) return policies->test_plan != NULL;
    run_machine_code *code = base_arena_alloc(&policies->arena, sizeof *code);
    bool made = code != NULL && provider->compile(&policies->arena, policies->test_plan, RUN_CODE_ALL, code, &error);
    if (made) policies->test_code = policies->own_test_code = code;
    if (!made && error != NULL) policies->diagnostics = error;
    return true;
}

static adj_status compile(adj_policies *policies, const lang_source *source, const char *const *paths, size_t count,
                          const adj_options *options)
{
    lang_program *program = &policies->program;
    policies->interpreted = options != NULL && options->evaluator == ADJ_EVALUATOR_INTERPRETER;
    program->today = options != NULL && options->today != 0 ? options->today : BASE_DATE_MIN;
    lang_program_load(program, source, paths, count);
    bool good = program->diagnostics.errors == 0 && lang_check(program);
    if (good) policies->plan = plan_build(&policies->arena, program);
    if (policies->plan != NULL) policies->words = run_words_new(&policies->allocator, policies->plan);
    if (policies->plan != NULL) policies->kernels = plan_build_kernels(&policies->arena, policies->plan);
    const char *wrong = NULL;
#ifndef NDEBUG
    if (policies->plan != NULL) wrong = plan_verify(&policies->arena, policies->plan);
#endif
    base_text text;
    base_text_init(&text, &policies->arena);
    lang_diagnostics_render(&program->diagnostics, program->files.items, program->files.count,
                            options != NULL && options->colour, &text);
    policies->diagnostics = base_text_string(&text);
    if (policies->arena.failed || (policies->plan != NULL && policies->kernels == NULL)) {
        policies->plan = NULL;
        return ADJ_OUT_OF_MEMORY;
    }
    if (wrong != NULL) {
        policies->diagnostics = wrong;
        policies->plan = NULL;
        return ADJ_INTERNAL;
    }
    if (!good) return ADJ_INVALID_POLICY;
    const char *cache = options == NULL ? NULL : options->code_cache;
    policies->kernel_code = run_kernel_code_new(&policies->allocator, policies->kernels, cache);
    if (policies->kernel_code == NULL) return ADJ_OUT_OF_MEMORY;
    if (!new_lazy_code(policies)) return ADJ_OUT_OF_MEMORY;
    bool demanded = options != NULL && options->evaluator >= ADJ_EVALUATOR_MACHINE;
    const char *error = NULL;
    if (demanded && run_machine_provider_get() != NULL && run_policies_code(policies, RUN_CODE_ALL, &error) == NULL) {
        policies->diagnostics = error == NULL ? "machine code could not be made" : error;
        return ADJ_INTERNAL;
    }
    return ADJ_OK;
}

static bool keep_piece(void *taker, const char *bytes, size_t length)
{
    base_text *whole = taker;
    base_text_add(whole, bytes, length);
    return !whole->arena->failed;
}

/* Reads from disk, unpacked, and keeps what was read. */
static bool read_and_keep(void *state, base_arena *arena, const char *path, const char **text, size_t *length)
{
    adj_policies *policies = state;
    base_text whole;
    base_text_init(&whole, &policies->arena);
    if (!lang_read_pieces(NULL, path, keep_piece, &whole)) return false;
    for (size_t i = 0; i < policies->sources.count; i++) {
        const run_source_text *known = &policies->sources.items[i];
        if (strcmp(known->name, path) != 0) continue;
        *text = known->text;
        *length = known->length;
        return true;
    }
    run_source_text *source = BASE_PUSH(&policies->arena, &policies->sources);
    if (source == NULL) return false;
    source->name = base_arena_copy(&policies->arena, path, strlen(path));
    source->text = base_text_string(&whole);
    source->length = whole.length;
    *text = base_arena_copy(arena, source->text, source->length);
    *length = source->length;
    return *text != NULL && source->name != NULL;
}

size_t adj_policies_source_count(const adj_policies *policies)
{
    return policies->sources.count;
}

const char *adj_policies_source(const adj_policies *policies, size_t index, const char **name, size_t *length)
{
    *name = "";
    *length = 0;
    if (index >= policies->sources.count) return "";
    *name = policies->sources.items[index].name;
    *length = policies->sources.items[index].length;
    return policies->sources.items[index].text;
}

adj_status adj_policies_compile(const char *const *paths, size_t count, const adj_options *options, adj_policies **out)
{
    *out = new_policies(options);
    if (*out == NULL) return ADJ_OUT_OF_MEMORY;
    lang_source disk = {lang_read_disk, NULL, lang_read_pieces};
    if (options != NULL && options->keep_sources) disk = (lang_source){read_and_keep, *out, NULL};
    return compile(*out, &disk, paths, count, options);
}

typedef struct text_source {
    const char *const *names;
    const char *const *texts;
    const size_t *lengths; /* NULL where the texts end with a NUL */
    size_t count;
    base_arena arena;
    base_intern known;        /* names */
    BASE_ARRAY(size_t) first; /* by their numbers: the first text that is named so; SIZE_MAX for none */
} text_source;

/* Lists the names, so that finding each among all takes no square. */
static bool list_names(text_source *source)
{
    if (!base_intern_init(&source->known, &source->arena)) return false;
    for (size_t i = 0; i < source->count; i++) {
        uint32_t id = base_intern_add(&source->known, source->names[i], strlen(source->names[i]));
        if (id == BASE_INTERN_NONE) return false;
        while (source->first.count <= id) {
            size_t *slot = BASE_PUSH(&source->arena, &source->first);
            if (slot == NULL) return false;
            *slot = SIZE_MAX; /* the empty name, which stands first, may be none's */
        }
        if (source->first.items[id] == SIZE_MAX) source->first.items[id] = i;
    }
    return true;
}

static bool read_text(void *state, base_arena *arena, const char *path, const char **text, size_t *length)
{
    const text_source *source = state;
    uint32_t id = base_intern_find(&source->known, path, strlen(path));
    if (id >= source->first.count) return false;
    size_t i = source->first.items[id];
    if (i == SIZE_MAX) return false;
    *length = source->lengths == NULL ? strlen(source->texts[i]) : source->lengths[i];
    *text = base_arena_copy(arena, source->texts[i], *length);
    return *text != NULL;
}

static adj_status compile_texts(adj_policies *policies, text_source *source, const char *const *paths,
                                size_t path_count, const adj_options *options)
{
    base_arena_init(&source->arena, &policies->allocator);
    lang_source from_texts = {read_text, source, NULL};
    adj_status status =
        list_names(source) ? compile(policies, &from_texts, paths, path_count, options) : ADJ_OUT_OF_MEMORY;
    base_arena_release(&source->arena);
    return status;
}

adj_status adj_policies_compile_text(const char *const *names, const char *const *texts, size_t count,
                                     const adj_options *options, adj_policies **out)
{
    *out = new_policies(options);
    if (*out == NULL) return ADJ_OUT_OF_MEMORY;
    text_source source = {.names = names, .texts = texts, .count = count};
    return compile_texts(*out, &source, names, count, options);
}

adj_status adj_policies_compile_sources(const char *const *paths, size_t path_count, const char *const *names,
                                        const char *const *texts, const size_t *lengths, size_t count,
                                        const adj_options *options, adj_policies **out)
{
    *out = new_policies(options);
    if (*out == NULL) return ADJ_OUT_OF_MEMORY;
    text_source source = {.names = names, .texts = texts, .lengths = lengths, .count = count};
    return compile_texts(*out, &source, paths, path_count, options);
}

void adj_policies_free(adj_policies *policies)
{
    if (policies == NULL) return;
    run_machine_code *tests = policies->own_test_code;
    if (tests != NULL && tests->release != NULL) tests->release(tests->state);
    free_lazy_code(policies->lazy);
    run_kernel_code_free(policies->kernel_code);
    run_words_free(policies->words);
    plan_release(policies->plan);
    plan_release(policies->test_plan);
    base_allocator allocator = policies->allocator;
    base_arena_release(&policies->arena);
    allocator.reallocate(allocator.state, policies, 0);
}

const char *adj_policies_diagnostics(const adj_policies *policies)
{
    return policies->diagnostics;
}

const lang_schema *run_policies_schema(const adj_policies *policies)
{
    return policies->program.schema == NULL ? &lang_schema_standard : policies->program.schema;
}

size_t adj_policies_error_count(const adj_policies *policies)
{
    return policies->program.diagnostics.errors;
}

size_t adj_policies_clause_count(const adj_policies *policies)
{
    return policies->program.clauses.count;
}

size_t adj_policies_policy_count(const adj_policies *policies)
{
    return policies->plan == NULL ? 0 : policies->plan->policies.count;
}

size_t adj_policies_measure_count(const adj_policies *policies)
{
    return policies->plan == NULL ? 0 : policies->plan->measures.count;
}

size_t adj_policies_test_count(const adj_policies *policies)
{
    return policies->program.tests.count;
}

adj_status adj_format(const char *name, const char *source, const adj_options *options, char **text)
{
    *text = NULL;
    base_allocator allocator = allocator_of(options);
    base_arena arena;
    base_arena_init(&arena, &allocator);
    lang_diagnostics diagnostics;
    lang_diagnostics_init(&diagnostics, &arena);
    lang_file file = {.path = name, .text = source, .length = strlen(source)}, *files[] = {&file};
    const char *result = NULL;
    bool parsed = lang_index_lines(&arena, &file) && lang_parse_file(&arena, &diagnostics, &file, NULL);
    if (parsed) {
        result = lang_layout(&arena, &file);
    } else if (!arena.failed) {
        base_text shown;
        base_text_init(&shown, &arena);
        lang_diagnostics_render(&diagnostics, files, 1, options != NULL && options->colour, &shown);
        result = base_text_string(&shown);
    }
    adj_status status = arena.failed     ? ADJ_OUT_OF_MEMORY
                        : result == NULL ? ADJ_INTERNAL
                        : parsed         ? ADJ_OK
                                         : ADJ_INVALID_POLICY;
    if (result != NULL && !arena.failed) {
        size_t size = strlen(result) + 1;
        *text = allocator.reallocate(allocator.state, NULL, size);
        if (*text != NULL)
            memcpy(*text, result, size);
        else
            status = ADJ_OUT_OF_MEMORY;
    }
    base_arena_release(&arena);
    return status;
}

void adj_text_free(char *text, const adj_options *options)
{
    base_allocator allocator = allocator_of(options);
    if (text != NULL) allocator.reallocate(allocator.state, text, 0);
}

const char *adj_explain_code(const char *code)
{
    return lang_diagnostic_page(code);
}

const char *adj_diagnostic_code(size_t index)
{
    return index < LANG_DIAGNOSTIC_COUNT ? lang_diagnostic_name((lang_diagnostic_code)index) : NULL;
}

const char *adj_diagnostic_label(size_t index)
{
    return index < LANG_DIAGNOSTIC_COUNT ? lang_diagnostic_label((lang_diagnostic_code)index) : "";
}

const char *adj_diagnostic_about(size_t index)
{
    return index < LANG_DIAGNOSTIC_COUNT ? lang_diagnostic_about((lang_diagnostic_code)index) : "";
}

const char *adj_policies_layers(adj_policies *policies)
{
    base_text text;
    base_text_init(&text, &policies->arena);
    lang_show_layers(&policies->program, &text);
    return base_text_string(&text);
}

const char *adj_policies_dump(adj_policies *policies, adj_stage stage)
{
    base_text text;
    base_text_init(&text, &policies->arena);
    const run_machine_provider *provider = run_machine_provider_get();
    switch (stage) {
    case ADJ_STAGE_TOKENS:
        for (size_t i = 0; i < policies->program.files.count; i++) {
            base_text_format(&text, "file %s\n", policies->program.files.items[i]->path);
            lang_dump_tokens(&policies->arena, policies->program.files.items[i], &text);
        }
        break;
    case ADJ_STAGE_SCHEMA: lang_show_schema(policies->program.schema, &text); break;
    case ADJ_STAGE_AST: lang_dump_tree(&policies->program, &text); break;
    case ADJ_STAGE_KERNELS:
        if (policies->kernels == NULL) return NULL;
        plan_print_kernels(policies->plan, policies->kernels, &text);
        break;
    case ADJ_STAGE_PLAN:
        if (policies->plan == NULL) return NULL;
        plan_print(policies->plan, &text);
        break;
    default:
        if (policies->plan == NULL || provider == NULL) return NULL;
        return provider->dump(&policies->arena, policies->plan, stage == ADJ_STAGE_ASM);
    }
    return base_text_string(&text);
}
