/* Scenarios of published rules, against the shipped policies: each record of a file becomes a test of the language, for a policy
 * below the payer's own, and both evaluators run it. Keys are renamed, nothing more: what a scenario says of the rule itself (a
 * limit, a list, a date) becomes what that policy overrides. A key without a name here fails the run.
 *
 * The paragraphs that decide are those of clauses.csv, by the names of clauses; those that this has not are not compared. What
 * set_aside.csv lists must differ, each for its reason.
 *
 * Use: scenarios FILE [--texts]   shows, with --texts, the test that each record becomes */
#include "tests/published/scenarios.h"

#include "adjudge.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 2000, FILES = 100, SKIPPED = 77 };

typedef struct published {
    base_arena arena;
    char folder[64];
    const char *names[MOST]; /* of policies, by scenario */
    const char *ids[MOST];
    size_t count, unmapped, set_aside;
    const char *paths[MOST + FILES];
    size_t path_count;
} published;

static void add_path(published *p, const char *path)
{
    const char *kept = p->path_count == MOST + FILES ? NULL : base_arena_copy(&p->arena, path, strlen(path));
    if (kept != NULL) p->paths[p->path_count++] = kept;
}

static void name_of(const char *id, char name[64])
{
    size_t used = (size_t)snprintf(name, 64, "published.s_%.40s", id);
    for (size_t i = 10; i < used; i++) {
        if (name[i] >= 'A' && name[i] <= 'Z') name[i] = (char)(name[i] - 'A' + 'a');
        if (name[i] == '-') name[i] = '_';
    }
}

/* Writes the policy of a line of the file. */
static bool add_scenario(published *p, const char *line, bool show)
{
    json_error_t error;
    scenario s = {.whole = json_loads(line, 0, &error)};
    s.record = json_object_get(s.whole, "record");
    s.id = json_string_value(json_object_get(s.whole, "id"));
    if (s.id == NULL || s.record == NULL || p->count == MOST) {
        fprintf(stderr, "not a scenario: %.60s\n", line);
        json_decref(s.whole);
        return false;
    }
    char name[64], path[160];
    name_of(s.id, name);
    char *text = scenario_policy(&s, name);
    const csv_cell *why = scenario_aside(s.id);
    if (why != NULL) {
        printf("set aside   %s: %.*s\n", s.id, (int)why->length, why->text);
        p->set_aside++;
    } else if (s.flaw[0] != '\0') {
        printf("not mapped  %s: %s\n", s.id, s.flaw);
        p->unmapped++;
    } else if (text != NULL) {
        if (show) printf("%s\n", text);
        snprintf(path, sizeof path, "%s/%s.adj", p->folder, name);
        FILE *file = fopen(path, "wb");
        if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) return false;
        add_path(p, path);
        p->names[p->count] = base_arena_copy(&p->arena, name, strlen(name));
        p->ids[p->count++] = base_arena_copy(&p->arena, s.id, strlen(s.id));
    }
    free(text);
    json_decref(s.whole);
    return true;
}

static bool add_file(published *p, const char *path, bool show)
{
    FILE *file = fopen(path, "rb");
    char *line = NULL;
    size_t room = 0;
    bool good = file != NULL;
    while (good && getline(&line, &room, file) > 1) good = add_scenario(p, line, show);
    if (file != NULL) fclose(file);
    free(line);
    return good;
}

static bool add_library(published *p)
{
    static const char *const places[] = {SOURCE_FOLDER "/policies/*.adj",
                                         SOURCE_FOLDER "/examples/practice/practice_charge_capture.adj"};
    for (size_t i = 0; i < 2; i++) {
        glob_t found;
        if (glob(places[i], 0, NULL, &found) != 0) return false;
        for (size_t k = 0; k < found.gl_pathc; k++) add_path(p, found.gl_pathv[k]);
        globfree(&found);
    }
    return true;
}

static const char *id_of(const published *p, const char *policy)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->names[i], policy) == 0) return p->ids[i];
    }
    return NULL;
}

/* Runs the tests of the scenarios; gives how many pass. */
static size_t run_all(const published *p, bool *failed)
{
    adj_policies *policies = NULL;
    adj_options options = {.evaluator = adj_has_machine_code() ? ADJ_EVALUATOR_BOTH : ADJ_EVALUATOR_INTERPRETER};
    size_t passed = 0;
    adj_status status = adj_policies_compile(p->paths, p->path_count, &options, &policies);
    *failed = status != ADJ_OK;
    if (*failed) printf("%s\n", adj_policies_diagnostics(policies));
    for (size_t i = 0; !*failed && i < adj_policies_test_count(policies); i++) {
        adj_test_result result;
        if (adj_policies_run_test(policies, i, &options, &result) != ADJ_OK) *failed = true;
        const char *id = *failed ? NULL : id_of(p, result.policy);
        if (id == NULL) continue;
        /* A void asks for nothing, and nothing of it can be denied: it is not judged at all. */
        bool voided = strstr(result.difference, "expected  pass\n") != NULL &&
                      strstr(result.difference, "not adjudicated (it voids an earlier claim)") != NULL;
        passed += result.passed || voided;
        if (!result.passed && !voided) printf("differs     %s\n%s", id, result.difference);
    }
    adj_policies_free(policies);
    return passed;
}

int main(int count, char **arguments)
{
    if (count < 2) {
        fputs("usage: scenarios FILE [--texts]\n", stderr);
        return 2;
    }
    static published p = {.folder = "/tmp/adjudge-published-XXXXXX"};
    bool failed = !scenario_tables_read();
    if (access(arguments[1], R_OK) != 0) {
        printf("skipped: %s is not there\n", arguments[1]);
        return SKIPPED;
    }
    base_arena_init(&p.arena, NULL);
    if (mkdtemp(p.folder) == NULL || !add_library(&p) || !add_file(&p, arguments[1], count > 2)) failed = true;
    size_t library = p.path_count - p.count, passed = failed ? 0 : run_all(&p, &failed);
    if (!failed) printf("%zu of %zu as published\n", passed, p.count + p.unmapped + p.set_aside);
    scenario_tables_free();
    for (size_t i = library; i < p.path_count; i++) unlink(p.paths[i]);
    base_arena_release(&p.arena);
    rmdir(p.folder);
    return failed ? 2 : passed == p.count + p.unmapped ? 0 : 1;
}
