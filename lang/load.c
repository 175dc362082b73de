/* Loading: reads policy files, finds the modules they use, and parses each once.
 * Expects paths; produces program->files, modules before nothing in particular; leaves names unresolved. */
#include "lang/parser.h"
#include "lang/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

void lang_program_init(lang_program *program, base_arena *arena)
{
    *program = (lang_program){.arena = arena};
    program->schema = base_arena_alloc(arena, sizeof *program->schema);
    if (program->schema != NULL) program->schema->arena = arena;
    lang_diagnostics_init(&program->diagnostics, arena);
}

bool lang_read_disk(void *state, base_arena *arena, const char *path, const char **text, size_t *length)
{
    (void)state;
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) return false;
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) return false;
    size_t wanted = (size_t)status.st_size;
    if (wanted > (size_t)LANG_FILE_LIMIT + 1) wanted = (size_t)LANG_FILE_LIMIT + 1;
    char *bytes = base_arena_alloc(arena, wanted + 1);
    size_t got = bytes == NULL ? 0 : fread(bytes, 1, wanted, stream);
    bool good = bytes != NULL && ferror(stream) == 0;
    fclose(stream);
    *text = bytes;
    *length = got;
    return good;
}

bool lang_read_pieces(void *state, const char *path, bool (*take)(void *taker, const char *bytes, size_t length),
                      void *taker)
{
    enum { PIECE = 1 << 18 };
    (void)state;
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) return false;
    gzFile file = gzopen(path, "rb");
    char *piece = malloc(PIECE);
    bool good = file != NULL && piece != NULL;
    if (file != NULL) gzbuffer(file, PIECE);
    for (int got = 1; good && got > 0;) {
        got = gzread(file, piece, PIECE);
        good = got >= 0 && (got == 0 || take(taker, piece, (size_t)got));
    }
    free(piece);
    if (file != NULL && gzclose(file) != Z_OK) good = false;
    return good;
}

/* The first policy and the first module of a name. */
typedef struct named {
    lang_file *policy, *module;
} named;

/* What files are read into. */
typedef struct loading {
    lang_program *program;
    const lang_source *source;
    base_intern *words;      /* of all of them: policies have many in common */
    base_intern names;       /* of the files */
    BASE_ARRAY(named) named; /* by their ids */
} loading;

/* What is named so; NULL when memory runs out. */
static named *place_of_name(loading *l, const char *name)
{
    uint32_t id = base_intern_add(&l->names, name, strlen(name));
    while (id != BASE_INTERN_NONE && id >= l->named.count) {
        const named *added = BASE_PUSH(l->names.arena, &l->named);
        if (added == NULL) break;
    }
    if (l->names.arena->failed) l->program->arena->failed = true;
    return id < l->named.count ? &l->named.items[id] : NULL;
}

/* A file can be found by its name from now on, unless another is named so. */
static void note_name(loading *l, lang_file *file)
{
    named *place = file->header_seen ? place_of_name(l, file->full_name) : NULL;
    if (place == NULL) return;
    lang_file **own = file->is_module ? &place->module : &place->policy;
    if (*own == NULL) *own = file;
}

bool lang_program_full(lang_program *program)
{
    if (program->files.count < LANG_FILES_LIMIT) return false;
    if (!program->full) {
        lang_diagnostic *diagnostic = lang_diagnose(&program->diagnostics, LANG_E0208, (lang_span){0},
                                                    "one run reads at most %d files", (int)LANG_FILES_LIMIT);
        lang_suggest(&program->diagnostics, diagnostic,
                     "name fewer policies, and judge by the others in a run of its own");
    }
    return program->full = true;
}

static lang_file *add_file(loading *l, const char *path, const char *text, size_t length)
{
    lang_program *program = l->program;
    if (lang_program_full(program)) return NULL;
    lang_file *file = base_arena_alloc(program->arena, sizeof *file);
    lang_file **slot = file == NULL ? NULL : BASE_PUSH(program->arena, &program->files);
    if (slot == NULL) return NULL;
    *slot = file;
    file->index = (uint32_t)(program->files.count - 1);
    file->path = base_arena_copy(program->arena, path, strlen(path));
    file->text = text;
    file->length = length;
    file->full_name = "";
    if (!lang_index_lines(program->arena, file)) return NULL;
    lang_parse_file(program->arena, &program->diagnostics, file, l->words);
    return file;
}

static lang_file *find_loaded(loading *l, const char *name, bool module)
{
    const named *place = place_of_name(l, name);
    return place == NULL ? NULL : module ? place->module : place->policy;
}

/* The folders where a module of that name may lie: beside the file, in a `policies` folder there, and so upwards. */
static lang_file *search_module(loading *l, const lang_file *user, const char *name)
{
    lang_program *program = l->program;
    const lang_source *source = l->source;
    enum { CLIMB = 8 };
    base_text folder;
    base_text_init(&folder, program->arena);
    const char *slash = strrchr(user->path, '/');
    if (slash != NULL) base_text_add(&folder, user->path, (size_t)(slash - user->path) + 1);
    for (int level = 0; level <= CLIMB; level++) {
        static const char *const inside[] = {"", "policies/"};
        for (size_t i = 0; i < 2; i++) {
            const char *path = base_format(program->arena, "%s%s%s.adj", base_text_string(&folder), inside[i], name);
            const char *text;
            size_t length;
            if (source->read(source->state, program->arena, path, &text, &length)) {
                lang_file *file = add_file(l, path, text, length);
                if (file != NULL) note_name(l, file);
                return file;
            }
        }
        base_text_put(&folder, "../");
    }
    return NULL;
}

static void nearest_module(lang_program *program, lang_diagnostic *diagnostic, const char *name)
{
    for (size_t i = 0; i < program->files.count; i++) {
        const lang_file *file = program->files.items[i];
        if (file->is_module && base_edit_distance(file->full_name, name) <= 2) {
            lang_suggest(&program->diagnostics, diagnostic, "did you mean `%s`?", file->full_name);
        }
    }
    lang_suggest(&program->diagnostics, diagnostic,
                 "a module lies beside the policy, in a folder `policies`, or in a folder above, as `%s.adj`", name);
}

static void resolve_uses(loading *l, lang_file *file)
{
    lang_program *program = l->program;
    for (size_t i = 0; i < file->uses.count; i++) {
        lang_use *use = &file->uses.items[i];
        const char *name = lang_path_text(program->arena, &use->name);
        lang_file *target = find_loaded(l, name, true);
        if (target == NULL) target = search_module(l, file, name);
        if (target == NULL && find_loaded(l, name, false) != NULL) {
            lang_diagnose(&program->diagnostics, LANG_E0316, use->span, "`%s` is a policy; `use` takes a module", name);
        } else if (target == NULL) {
            lang_diagnostic *diagnostic =
                lang_diagnose(&program->diagnostics, LANG_E0304, use->span, "the module `%s` was not found", name);
            nearest_module(program, diagnostic, name);
        } else if (!target->is_module && target->header_seen) {
            lang_diagnose(&program->diagnostics, LANG_E0316, use->span, "`%s` is a policy; `use` takes a module", name);
        }
        use->target = target;
    }
}

static const char *with_slashes(base_arena *arena, const char *name, char by)
{
    char *copy = base_arena_copy(arena, name, strlen(name));
    for (char *at = copy; at != NULL && *at != '\0'; at++) {
        if (*at == '.') *at = by;
    }
    return copy == NULL ? "" : copy;
}

static bool extends_back(const lang_file *file, const lang_file *base)
{
    size_t depth = 0;
    for (const lang_file *at = base; at != NULL && depth <= LANG_LAYER_LIMIT; at = at->base, depth++) {
        if (at == file) return true;
    }
    return depth > LANG_LAYER_LIMIT;
}

/* `state.medicaid` lies in state.medicaid.adj, state_medicaid.adj or state/medicaid.adj, where modules are looked for. */
static void resolve_extends(loading *l, lang_file *file)
{
    lang_program *program = l->program;
    if (file->extends.count == 0) return;
    const char *name = lang_path_text(program->arena, &file->extends);
    lang_file *base = find_loaded(l, name, false);
    const char *spellings[] = {name, with_slashes(program->arena, name, '_'), with_slashes(program->arena, name, '/')};
    for (size_t i = 0; base == NULL && i < 3; i++) {
        lang_file *found = search_module(l, file, spellings[i]);
        if (found != NULL && strcmp(found->full_name, name) == 0 && !found->is_module) base = found;
    }
    if (base == NULL) {
        lang_diagnostic *diagnostic =
            lang_diagnose(&program->diagnostics, LANG_E0321, file->extends_span, "the policy `%s` was not found", name);
        lang_suggest(&program->diagnostics, diagnostic,
                     "it lies beside this file, in a folder `policies`, or in a folder above, as `%s.adj` or `%s.adj`",
                     name, spellings[1]);
        return;
    }
    if (extends_back(file, base)) {
        lang_diagnostic *diagnostic =
            lang_diagnose(&program->diagnostics, LANG_E0322, file->extends_span,
                          "`%s` and `%s` extend each other in a circle", file->full_name, base->full_name);
        lang_note(&program->diagnostics, diagnostic, base->extends.count > 0 ? base->extends_span : base->name_span,
                  "the circle comes back from here");
        return;
    }
    file->base = base;
    lang_file **slot = BASE_PUSH(program->arena, &base->layers);
    if (slot != NULL) *slot = file;
}

static void load_one(loading *l, const char *path)
{
    lang_program *program = l->program;
    const char *text;
    size_t length;
    if (!l->source->read(l->source->state, program->arena, path, &text, &length)) {
        lang_diagnose(&program->diagnostics, LANG_E0001, (lang_span){0}, "the policy file %s cannot be read", path);
        return;
    }
    lang_file *file = add_file(l, path, text, length);
    if (file == NULL) return;
    file->root = true;
    const named *place = file->header_seen ? place_of_name(l, file->full_name) : NULL;
    const lang_file *before = place == NULL ? NULL : place->policy != NULL ? place->policy : place->module;
    if (before != NULL) {
        lang_diagnostic *diagnostic = lang_diagnose(&program->diagnostics, LANG_E0005, file->name_span,
                                                    "two files are named `%s`", file->full_name);
        lang_note(&program->diagnostics, diagnostic, before->name_span, "the other is here");
    }
    note_name(l, file);
}

void lang_program_load(lang_program *program, const lang_source *source, const char *const *paths, size_t count)
{
    base_arena passing;
    base_arena_init(&passing, &program->arena->allocator);
    base_intern words;
    loading l = {.program = program, .source = source, .words = &words};
    if (!base_intern_init(&words, &passing) || !base_intern_init(&l.names, &passing)) {
        program->arena->failed = true;
        base_arena_release(&passing);
        return;
    }
    words.texts = program->arena;
    for (size_t i = 0; i < count; i++) load_one(&l, paths[i]);
    /* Modules append to the list while it is walked, so that what they use is loaded too. */
    for (size_t i = 0; i < program->files.count; i++) {
        resolve_uses(&l, program->files.items[i]);
        resolve_extends(&l, program->files.items[i]);
    }
    base_arena_release(&passing);
    program->source = source;
    if (program->files.count == 0 && program->diagnostics.errors == 0) {
        lang_diagnose(&program->diagnostics, LANG_E0002, (lang_span){0}, "no policy file was given");
    }
}
