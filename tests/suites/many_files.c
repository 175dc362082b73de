/* Many files at once: how many a run reads, that places in them are told apart, and what is known by which name. */
#include <criterion/criterion.h>

#include "adjudge.h"
#include "lang/diagnostics.h"
#include "lang/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A module for each number, named by it; of a path with a second word, that text. Nothing else is there. */
static bool read_made(void *state, base_arena *arena, const char *path, const char **text, size_t *length)
{
    (void)state;
    const char *rest = strcmp(path, "rows.csv") == 0 ? " procedure,most\n9083*,2\n" : strchr(path, ' ');
    if (rest == NULL && strspn(path, "0123456789") != strlen(path)) return false;
    const char *made = rest != NULL ? rest + 1 : base_format(arena, "\n module m%s\n", path);
    *text = made;
    *length = strlen(made);
    return true;
}

static const lang_source made = {.read = read_made};

typedef struct loaded {
    base_arena arena;
    lang_program program;
} loaded;

static void load(loaded *l, const char *const *paths, size_t count)
{
    base_arena_init(&l->arena, NULL);
    lang_program_init(&l->program, &l->arena);
    lang_program_load(&l->program, &made, paths, count);
}

static bool tells(const loaded *l, const char *text)
{
    for (size_t i = 0; i < l->program.diagnostics.items.count; i++) {
        if (strstr(l->program.diagnostics.items.items[i]->message, text) != NULL) return true;
    }
    return false;
}

Test(many_files, one_run_reads_so_many)
{
    enum { COUNT = LANG_FILES_LIMIT + 2 };
    char(*names)[8] = calloc(COUNT, sizeof *names);
    const char **paths = calloc(COUNT, sizeof *paths);
    cr_assert(names != NULL && paths != NULL);
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof names[i], "%zu", i);
        paths[i] = names[i];
    }
    loaded l;
    load(&l, paths, COUNT);
    cr_expect_eq(l.program.files.count, (uint32_t)LANG_FILES_LIMIT);
    cr_expect_eq(l.program.diagnostics.errors, 1u, "it is said once");
    cr_expect(tells(&l, "one run reads at most 65535 files"));
    const lang_file *last = l.program.files.items[LANG_FILES_LIMIT - 1];
    cr_expect_eq(last->name_span.file, (uint32_t)LANG_FILES_LIMIT - 1);
    cr_expect_eq(last->name_span.start, 9u);
    cr_expect_eq(last->name_span.end, 15u);
    base_arena_release(&l.arena);
    free(names);
    free(paths);
}

/* A table whose file is read cell by cell takes a place, too, and nothing else is said of it then. */
Test(many_files, files_of_rows_are_among_them)
{
    char(*names)[8] = calloc(LANG_FILES_LIMIT, sizeof *names);
    const char **paths = calloc(LANG_FILES_LIMIT, sizeof *paths);
    cr_assert(names != NULL && paths != NULL);
    for (size_t i = 0; i < LANG_FILES_LIMIT; i++) {
        snprintf(names[i], sizeof names[i], "%zu", i);
        paths[i] = names[i];
    }
    for (size_t free_places = 0; free_places < 2; free_places++) {
        paths[0] = "p module p\ntable t (procedure) gives (most: count)\n  from \"rows.csv\"\n";
        loaded l;
        load(&l, paths, LANG_FILES_LIMIT - free_places);
        cr_expect_eq(lang_check(&l.program), free_places == 1);
        cr_expect_eq(l.program.diagnostics.errors, 1 - free_places);
        cr_expect_eq(tells(&l, "one run reads at most 65535 files"), free_places == 0);
        base_arena_release(&l.arena);
    }
    free(names);
    free(paths);
}

Test(many_files, names_are_told_apart)
{
    static const char *const paths[] = {"a module one", "b policy two", "c policy two", "d module two", "e module one"};
    loaded l;
    load(&l, paths, 5);
    cr_expect_eq(l.program.diagnostics.errors, 3u);
    cr_expect(tells(&l, "two files are named `two`"));
    cr_expect(tells(&l, "two files are named `one`"));
    base_arena_release(&l.arena);
}

Test(many_files, a_name_stands_for_the_module_or_the_policy)
{
    static const char *const modules[] = {"a module one", "b policy two\n  use one", "c policy three\n  use two"};
    loaded l;
    load(&l, modules, 2);
    cr_expect_eq(l.program.diagnostics.errors, 0u);
    cr_expect_eq(l.program.files.items[1]->uses.items[0].target, l.program.files.items[0]);
    base_arena_release(&l.arena);
    load(&l, modules + 1, 2);
    cr_expect(tells(&l, "`two` is a policy; `use` takes a module"));
    base_arena_release(&l.arena);
}

/* Texts are found by their names; of two that are named alike the first is read. */
Test(many_files, texts_are_found_by_their_names)
{
    static const char *const names[] = {"a.adj", "", "b.adj", "a.adj"};
    static const char *const texts[] = {"policy first\n", "policy empty\n", "policy b extends first\n",
                                        "policy last\n"};
    static const char *const paths[] = {"b.adj", "a.adj", ""}, *const other[] = {"c.adj"};
    adj_policies *policies = NULL;
    cr_expect_eq(adj_policies_compile_sources(paths, 3, names, texts, NULL, 4, NULL, &policies), ADJ_OK, "%s",
                 adj_policies_diagnostics(policies));
    cr_expect_eq(adj_policies_policy_count(policies), 3u);
    adj_policies_free(policies);
    cr_expect_eq(adj_policies_compile_sources(other, 1, names, texts, NULL, 4, NULL, &policies), ADJ_INVALID_POLICY);
    cr_expect(strstr(adj_policies_diagnostics(policies), "E0001") != NULL);
    adj_policies_free(policies);
    static const char *const named[] = {"a.adj"};
    cr_expect_eq(adj_policies_compile_sources(named, 1, named, texts, NULL, 1, NULL, &policies), ADJ_OK);
    adj_policies_free(policies);
    cr_expect_eq(adj_policies_compile_sources(paths + 2, 1, named, texts, NULL, 1, NULL, &policies),
                 ADJ_INVALID_POLICY);
    adj_policies_free(policies);
}

/* The last byte of the largest file has a place; a larger one is not read. */
Test(many_files, a_file_holds_so_much)
{
    enum { MOST = LANG_FILE_LIMIT };
    static const char head[] = {'p', 'o', 'l', 'i', 'c', 'y', ' ', 'p', '\n'}, tail[] = "\npayer \"P\" x";
    char *text = malloc(MOST + 2);
    cr_assert_not_null(text);
    memset(text, ' ', MOST + 1);
    memcpy(text, head, sizeof head);
    memcpy(text + MOST - (sizeof tail - 1), tail, sizeof tail);
    const char *names[] = {"p.adj"}, *texts[] = {text};
    size_t lengths[] = {MOST + 1};
    adj_policies *policies = NULL;
    cr_expect_eq(adj_policies_compile_sources(names, 1, names, texts, lengths, 1, NULL, &policies), ADJ_INVALID_POLICY);
    cr_expect(strstr(adj_policies_diagnostics(policies), "p.adj holds 16 MiB or more; a policy file holds less") !=
              NULL);
    adj_policies_free(policies);
    lengths[0] = MOST;
    cr_expect_eq(adj_policies_compile_sources(names, 1, names, texts, lengths, 1, NULL, &policies), ADJ_INVALID_POLICY);
    cr_expect(strstr(adj_policies_diagnostics(policies), "p.adj:3:11") != NULL, "%s",
              adj_policies_diagnostics(policies));
    adj_policies_free(policies);
    lengths[0] = MOST - 2;
    cr_expect_eq(adj_policies_compile_sources(names, 1, names, texts, lengths, 1, NULL, &policies), ADJ_OK);
    adj_policies_free(policies);
    free(text);
}

/* Lines and columns as one counts them from the first byte on. */
Test(many_files, places_are_counted)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    char text[4000] = "";
    for (unsigned i = 0; i < 100; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%.*s%s", (int)(i % 7), "abcdef",
                 i % 5 == 0 ? "\xC3\xA9\n" : "\n");
    lang_file file = {.path = "p.adj", .text = text, .length = strlen(text)};
    cr_assert(lang_index_lines(&arena, &file));
    size_t line = 1, column = 1;
    for (uint32_t at = 0; at <= file.length; at++) {
        size_t told_line, told_column;
        bool inside = ((unsigned char)text[at] & 0xC0U) == 0x80U;
        lang_position(&file, at, &told_line, &told_column);
        cr_expect_eq(told_line, line, "byte %u", at);
        if (!inside) cr_expect_eq(told_column, column, "byte %u", at);
        if (column == 1 && !inside) cr_expect_eq(lang_line_start(&file, line - 1), at);
        column += !inside;
        if (text[at] == '\n') {
            line++;
            column = 1;
        }
    }
    cr_expect_eq(line, 101u);
    cr_expect_eq(file.line_count, 101u);
    base_arena_release(&arena);
}
