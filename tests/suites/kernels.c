/* Judging in batches: machine code kept on disk, objects that are not what they should be, threads. */
#include "tests/differential/generator.h"
#include "tests/suites/few_clauses.h"
#include "tests/suites/support.h"

#include "runtime/kernel_code.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

static adj_policies *compiled(const char *cache)
{
    const char *names[] = {"kernels.adj"}, *texts[] = {policy_text};
    adj_options options = {.evaluator = ADJ_EVALUATOR_MACHINE, .code_cache = cache};
    adj_policies *policies = NULL;
    cr_assert_eq(adj_policies_compile_text(names, texts, 1, &options, &policies), ADJ_OK, "%s",
                 policies == NULL ? "" : adj_policies_diagnostics(policies));
    return policies;
}

/* Lines whose units, dates, places and ages vary, some of them not told. */
static adj_encounters *encounters_of(const adj_policies *policies, unsigned lines)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    base_text text;
    base_text_init(&text, &arena);
    base_text_put(&text, "claim_id,member_id,payer,line,date,procedure,pos,units,charge,modifiers\n");
    for (unsigned i = 0; i < lines; i++) {
        base_text_format(&text, "C%u,M%u,%s,1,2024-0%u-1%u,%s,%s,%u,100.00,%s\n", i, i % 7, i % 9 == 8 ? "OTHER" : "K",
                         1 + i % 9, i % 10, i % 3 == 0 ? "90853" : "90834",
                         i % 5 == 4   ? ""
                         : i % 4 == 3 ? "10"
                                      : "11",
                         1 + i % 4, i % 8 == 3 ? "95" : "");
    }
    adj_encounters *encounters = adj_encounters_new_for(policies, NULL);
    adj_encounters_submit_on(encounters, base_date_make(2024, 6, 1));
    const char *csv = base_text_string(&text);
    cr_assert_eq(adj_encounters_read_bytes_as(encounters, "lines.csv", csv, strlen(csv), ADJ_ROLE_JUDGED), ADJ_OK);
    cr_assert_eq(adj_encounters_finish(encounters), ADJ_OK);
    base_arena_release(&arena);
    return encounters;
}

static void count_code(const char *cache, size_t *made, size_t *loaded)
{
    adj_policies *policies = compiled(cache);
    adj_encounters *encounters = encounters_of(policies, 300);
    adj_results *results = NULL;
    adj_options options = {.evaluator = ADJ_EVALUATOR_BOTH};
    cr_assert_eq(adj_evaluate(policies, encounters, &options, &results), ADJ_OK);
    run_kernel_code_settle(policies->kernel_code);
    run_kernel_code_count(policies->kernel_code, made, loaded);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
}

/* Calls something for each file of a folder, and removes it, too, if `change` is NULL. */
static size_t for_files(const char *folder, void (*change)(const char *path))
{
    DIR *directory = opendir(folder);
    size_t count = 0;
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        char path[600];
        if (entry->d_name[0] == '.' && entry->d_name[1] != 'n') continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (change != NULL)
            change(path);
        else
            unlink(path);
        count++;
    }
    if (directory != NULL) closedir(directory);
    return count;
}

static void flip_a_byte(const char *path)
{
    FILE *file = fopen(path, "r+b");
    cr_assert(file != NULL);
    fseek(file, 200, SEEK_SET);
    int byte = fgetc(file);
    fseek(file, 200, SEEK_SET);
    fputc(byte ^ 0x40, file);
    fclose(file);
}

static void cut(const char *path)
{
    cr_assert_eq(truncate(path, 100), 0);
}

static void open_to_all(const char *path)
{
    cr_assert_eq(chmod(path, 0666), 0);
}

Test(kernels, code_is_kept_on_disk_and_only_whole_and_own_code_is_run)
{
    if (!adj_has_machine_code()) return;
    char root[] = "/tmp/adjudge-cache-XXXXXX", folder[64];
    cr_assert(mkdtemp(root) != NULL);
    snprintf(folder, sizeof folder, "%s/a/b", root); /* is made */
    size_t made, loaded, kernels;
    count_code(folder, &kernels, &loaded);
#if defined(__x86_64__)
    cr_assert_gt(kernels, 2u, "%zu kernels: the test tests nothing", kernels);
#else
    if (kernels == 0) return; /* this processor's objects are not loaded */
#endif
    cr_expect_eq(loaded, 0u);
    cr_expect_gt(for_files(folder, flip_a_byte), kernels, "parts, and each whole, made better");
    count_code(folder, &made, &loaded);
    cr_expect(made == kernels && loaded == 0, "changed files: %zu made, %zu loaded", made, loaded);
    count_code(folder, &made, &loaded);
    cr_expect(made == 0 && loaded == kernels, "whole files: %zu made, %zu loaded", made, loaded);
    for_files(folder, cut);
    count_code(folder, &made, &loaded);
    cr_expect(made == kernels && loaded == 0, "cut files: %zu made, %zu loaded", made, loaded);
    for_files(folder, open_to_all);
    count_code(folder, &made, &loaded);
    cr_expect(made == kernels && loaded == 0, "files that others may write: %zu made, %zu loaded", made, loaded);
    cr_assert_eq(chmod(folder, 0777), 0);
    count_code(folder, &made, &loaded);
    cr_expect(made == kernels && loaded == 0, "a folder that others may write to: %zu made, %zu loaded", made, loaded);
    for_files(folder, NULL);
    rmdir(folder);
    folder[strlen(folder) - 2] = '\0';
    rmdir(folder);
    rmdir(root);
    /* A folder that cannot be: nothing is kept, and nothing else changes. */
    count_code("/proc/none", &made, &loaded);
    cr_expect(made == kernels && loaded == 0);
}

Test(kernels, an_object_that_is_changed_anywhere_is_refused_or_harmless)
{
    const run_machine_provider *provider = run_machine_provider_get();
    if (provider == NULL) return;
    adj_policies *policies = compiled(NULL);
    base_arena arena;
    base_arena_init(&arena, NULL);
    struct run_object_maker *maker = provider->maker_new(&arena);
    const uint8_t widths[32] = {0};
    const char *bytes, *error;
    size_t length;
    cr_assert(maker != NULL && provider->make_object(maker, &arena, &policies->kernels->shapes.items[0], widths, false,
                                                     false, &bytes, &length, &error));
    run_object object;
    bool loads = run_object_load(&object, bytes, length);
    if (loads) run_object_unload(&object);
    uint64_t *copy = base_arena_alloc(&arena, length + 8);
    for (size_t i = 0; loads && i < length; i++) {
        for (unsigned change = 1; change < 256; change = change * 5 + 1) {
            memcpy(copy, bytes, length);
            ((unsigned char *)copy)[i] ^= (unsigned char)change;
            if (run_object_load(&object, (const char *)copy, length)) run_object_unload(&object);
        }
        cr_expect(!run_object_load(&object, bytes, i) || i > length / 2, "cut after %zu bytes it loads", i);
        run_object_unload(&object);
    }
    provider->maker_free(maker);
    base_arena_release(&arena);
    adj_policies_free(policies);
}

Test(kernels, other_processors_have_code_too)
{
    const run_machine_provider *provider = run_machine_provider_get();
    if (provider == NULL) return;
    static const struct {
        const char *triple, *cpu, *features, *expected;
    } targets[] = {{"x86_64-linux-gnu", "x86-64", "", "xmm"},
                   {"x86_64-linux-gnu", "haswell", "+avx2", "ymm"},
                   {"x86_64-linux-gnu", "skylake-avx512", "+avx512bw,+avx512vl", "zmm"},
                   {"aarch64-linux-gnu", "generic", "+neon", "cmge"}};
    adj_policies *policies = compiled(NULL);
    const uint8_t widths[32] = {1, 1, 1, 1, 1, 1, 1, 1};
    for (size_t t = 0; t < sizeof targets / sizeof *targets; t++) {
        base_arena arena;
        base_arena_init(&arena, NULL);
        struct run_object_maker *maker =
            provider->maker_for(&arena, targets[t].triple, targets[t].cpu, targets[t].features);
        bool found = false;
        for (size_t s = 0; maker != NULL && s < policies->kernels->shapes.count; s++) {
            const char *text, *error;
            size_t length;
            bool made = provider->make_object(maker, &arena, &policies->kernels->shapes.items[s], widths, true, true,
                                              &text, &length, &error);
            cr_expect(made, "%s: %s", targets[t].triple, made ? "" : error);
            found = found || (made && strstr(text, targets[t].expected) != NULL);
        }
        cr_expect(maker == NULL || found, "%s %s: no %s", targets[t].triple, targets[t].cpu, targets[t].expected);
        cr_expect(maker != NULL, "%s is not among this LLVM's targets", targets[t].triple);
        if (maker != NULL) provider->maker_free(maker);
        base_arena_release(&arena);
    }
    adj_policies_free(policies);
}

Test(kernels, threads_and_batches_do_not_change_results)
{
    const char *names[] = {"kernels.adj"}, *texts[] = {policy_text};
    adj_policies *policies = NULL;
    cr_assert_eq(adj_policies_compile_text(names, texts, 1, NULL, &policies), ADJ_OK);
    adj_encounters *encounters = encounters_of(policies, 9000);
    char first[65] = "", digest[65];
    static const unsigned threads[] = {0, 1, 2, 5}, batches[] = {0, 1, 63, 64, 65, 4096};
    for (size_t t = 0; t < 4; t++) {
        for (size_t b = 0; b < 6; b++) {
            adj_options options = {.threads = threads[t], .batch = batches[b]};
            adj_results *results = NULL;
            cr_assert_eq(adj_evaluate(policies, encounters, &options, &results), ADJ_OK);
            cr_assert(adj_results_digest(results, digest));
            if (*first == '\0') memcpy(first, digest, sizeof first);
            cr_expect_str_eq(digest, first, "%u threads, %u lines a batch", threads[t], batches[b]);
            adj_results_free(results);
        }
    }
    adj_options plain = {.evaluator = ADJ_EVALUATOR_INTERPRETER};
    adj_results *results = NULL;
    cr_assert_eq(adj_evaluate(policies, encounters, &plain, &results), ADJ_OK);
    cr_assert(adj_results_digest(results, digest));
    cr_expect_str_eq(digest, first, "the interpreter");
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
}

/* So many payers that their chain is too long for a shape, and for a call for each link. */
Test(kernels, a_policy_of_very_many_payers)
{
    enum { PAYERS = 40000 };
    base_arena arena;
    base_arena_init(&arena, NULL);
    base_text text;
    base_text_init(&text, &arena);
    base_text_put(&text, "policy many\n  title \"Many\"\n  payer \"K\"");
    for (unsigned i = 0; i < PAYERS; i++) base_text_format(&text, ", \"P%u\"", i);
    base_text_put(&text, "\n  effective 2020-01-01\n\nclause a\n  cite \"1\"\n  require units <= 2\n"
                         "  deny CO-16 M76 as data \"{units}\"\n\nclause b\n  cite \"2\"\n  require units >= 2\n"
                         "  deny CO-16 M76 as data \"{units}\"\n");
    const char *names[] = {"many.adj"}, *texts[] = {base_text_string(&text)};
    adj_policies *policies = NULL;
    cr_assert_eq(adj_policies_compile_text(names, texts, 1, NULL, &policies), ADJ_OK);
    adj_encounters *encounters = encounters_of(policies, 100);
    char digests[2][65];
    for (int e = 0; e < 2; e++) {
        adj_options options = {.evaluator = e == 0 ? ADJ_EVALUATOR_BEST : ADJ_EVALUATOR_INTERPRETER};
        adj_results *results = NULL;
        cr_assert_eq(adj_evaluate(policies, encounters, &options, &results), ADJ_OK);
        cr_assert(adj_results_digest(results, digests[e]));
        cr_expect_eq(adj_results_line(results, 0).verdict, ADJ_DENY);
        adj_results_free(results);
    }
    cr_expect_str_eq(digests[0], digests[1]);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    base_arena_release(&arena);
}

Test(kernels, are_shown)
{
    adj_policies *policies = compiled(NULL);
    const char *text = adj_policies_dump(policies, ADJ_STAGE_KERNELS);
    static const char *const expected[] = {
        "shape 0:",           "nothing is excused",  "value of units", "set holds any of modifiers",
        "set holds pos date", ", few_units: shape ", "failing t"};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        cr_expect(text != NULL && strstr(text, expected[i]) != NULL, "%s is missing", expected[i]);
    adj_policies_free(policies);
}

/* ---- exceptions that count ---- */

/* What an exception counts is counted for each element: its subjects stand in another order than the lines. */
Test(kernels, exceptions_of_elements_count_for_themselves)
{
    static const char text[] = "policy counting\n  title \"Counting\"\n  payer \"K\"\n  effective 2020-01-01\n\n"
                               "clause few\n  cite \"1\"\n  require at most 2 of history in the last 90 days\n"
                               "  deny CO-119 as limit \"{count}\"\n\n"
                               "clause alone\n  cite \"2\"\n"
                               "  forbid exists other in history in the last 60 days where procedure in 90853, 90834\n"
                               "  unless other.units = 1 and (at most 3 of history in the last 120 days)\n"
                               "  deny CO-97 as coding \"{other.procedure}\"\n";
    const char *names[] = {"counting.adj"}, *texts[] = {text};
    adj_options options = {.evaluator = ADJ_EVALUATOR_BOTH};
    adj_policies *policies = NULL;
    cr_assert_eq(adj_policies_compile_text(names, texts, 1, &options, &policies), ADJ_OK, "%s",
                 policies == NULL ? "" : adj_policies_diagnostics(policies));
    adj_encounters *encounters = encounters_of(policies, 600);
    adj_results *results = NULL;
    for (size_t batch = 0; batch < 2; batch++) {
        options.batch = batch == 0 ? 0 : 40;
        cr_expect_eq(adj_evaluate(policies, encounters, &options, &results), ADJ_OK);
        adj_results_free(results);
    }
    adj_encounters_free(encounters);
    adj_policies_free(policies);
}

/* Memory may run out while the elements of many lines are gathered. */
Test(kernels, memory_may_run_out_while_elements_are_gathered)
{
    static const char text[] =
        "policy gathering\n  title \"Gathering\"\n  payer \"K\"\n  effective 2020-01-01\n\n"
        "clause alone\n  cite \"1\"\n"
        "  forbid exists other in history in the last 200 days where procedure = this.procedure\n"
        "  deny CO-97 as coding \"{other.procedure}\"\n";
    bool done = false;
    size_t allowed = 0;
    for (; !done && allowed < 100000; allowed += 1 + allowed / 50) {
        support_memory f = {.left = SIZE_MAX};
        adj_allocator allocator = {support_reallocate, &f};
        adj_options options = {.allocator = &allocator};
        const char *names[] = {"gathering.adj"}, *texts[] = {text};
        adj_policies *policies = NULL;
        cr_assert_eq(adj_policies_compile_text(names, texts, 1, &options, &policies), ADJ_OK);
        adj_encounters *encounters = encounters_of(policies, 600);
        adj_results *results = NULL;
        f.left = allowed;
        adj_status status = adj_evaluate(policies, encounters, &options, &results);
        done = status == ADJ_OK;
        cr_assert(done || status == ADJ_OUT_OF_MEMORY);
        adj_results_free(results);
        adj_encounters_free(encounters);
        adj_policies_free(policies);
        cr_assert_eq(f.live, 0u, "%zu blocks leak when allocation %zu fails", f.live, allowed);
    }
    cr_expect(done);
    cr_expect_geq(allowed, 10u);
}

/* ---- members with many lines ---- */

enum { MANY = 30000, PEOPLE = 5 };

/* How many findings each claim has; `sorted` by member, else one member's line after another's. */
static void count_by_claim(const adj_policies *policies, bool sorted, uint8_t *findings)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    base_text text;
    base_text_init(&text, &arena);
    base_text_put(&text, "claim_id,member_id,payer,line,date,procedure,pos,units,charge\n");
    for (int k = 0; k < MANY; k++) {
        int i = sorted ? k % (MANY / PEOPLE) * PEOPLE + k / (MANY / PEOPLE) : k, day = i / PEOPLE / 40;
        char date[16];
        base_date_write(base_date_make(2024, 1, 1) + day, date);
        base_text_format(&text, "C%05d,M%d,K,1,%s,%s,11,1,90.00\n", i, i % PEOPLE, date,
                         i % 7 < 3 || i % PEOPLE == PEOPLE - 1 ? "90853" : "90834");
    }
    adj_encounters *encounters = adj_encounters_new_for(policies, NULL);
    const char *csv = base_text_string(&text);
    cr_assert_eq(adj_encounters_read_bytes_as(encounters, "lines.csv", csv, strlen(csv), ADJ_ROLE_JUDGED), ADJ_OK);
    cr_assert_eq(adj_encounters_finish(encounters), ADJ_OK);
    adj_results *results = NULL;
    cr_assert_eq(adj_evaluate(policies, encounters, NULL, &results), ADJ_OK);
    cr_assert_eq(adj_results_count(results), (size_t)MANY);
    for (size_t l = 0; l < MANY; l++) {
        adj_line line = adj_results_line(results, l);
        findings[strtol(line.claim + 1, NULL, 10)] = (uint8_t)line.failing;
    }
    adj_results_free(results);
    adj_encounters_free(encounters);
    base_arena_release(&arena);
}

Test(kernels, members_with_many_lines_in_any_order)
{
    static const char text[] =
        "policy members\n  title \"Members\"\n  payer \"K\"\n  effective 2020-01-01\n\n"
        "clause few\n  cite \"1\"\n"
        "  require at most 500 of history in the last 30 days where procedure in 90853\n"
        "  deny CO-119 as limit \"{count}\"\n\n"
        "clause least\n  cite \"2\"\n  require (sum of units over history in the last 10 days) <= 397\n"
        "  deny CO-119 as limit \"{sum}\"\n";
    static uint8_t in_turn[MANY], sorted[MANY];
    const char *names[] = {"members.adj"}, *texts[] = {text};
    adj_policies *policies = NULL;
    cr_assert_eq(adj_policies_compile_text(names, texts, 1, NULL, &policies), ADJ_OK, "%s",
                 policies == NULL ? "" : adj_policies_diagnostics(policies));
    count_by_claim(policies, false, in_turn);
    count_by_claim(policies, true, sorted);
    size_t failing[3] = {0};
    for (size_t i = 0; i < MANY; i++) {
        cr_assert_eq(in_turn[i], sorted[i], "claim %zu", i);
        failing[in_turn[i]]++;
    }
    cr_expect_gt(failing[0], 100u, "%zu %zu %zu", failing[0], failing[1], failing[2]);
    cr_expect_gt(failing[1], 100u, "%zu %zu %zu", failing[0], failing[1], failing[2]);
    adj_policies_free(policies);
}

/* ---- tables of files ---- */

/* Keys of many columns are asked for in parts. */
Test(kernels, look_ups_of_many_columns)
{
    static const char text[] = "policy wide\n  title \"Wide\"\n  payer \"K\"\n  effective 2020-01-01\n\n"
                               "table rates (procedure, pos, units, charge) gives (most: count)\n  unique\n"
                               "  from \"wide_table.csv\"\n\n"
                               "clause listed\n  cite \"1\"\n  require rates(procedure, pos, units, charge) is found\n"
                               "  deny CO-16 M76 as data \"{charge}\"\n\n"
                               "clause few\n  cite \"2\"\n  when rates(procedure, pos, units, charge) is found\n"
                               "  require rates(procedure, pos, units, charge).most >= 3\n"
                               "  deny CO-151 as limit \"{units}\"\n";
    char folder[] = "/tmp/adjudge-table-XXXXXX", path[64], table[64];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/wide.adj", folder);
    snprintf(table, sizeof table, "%s/wide_table.csv", folder);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
    file = fopen(table, "w");
    cr_assert_not_null(file);
    fputs("procedure,pos,units,charge,most\n", file);
    base_arena arena;
    base_arena_init(&arena, NULL);
    base_text lines;
    base_text_init(&lines, &arena);
    base_text_put(&lines, "claim_id,member_id,payer,line,date,procedure,pos,units,charge\n");
    for (int i = 0; i < 700; i++) {
        const char *procedure = i % 2 == 0 ? "90853" : "90834", *pos = i % 5 == 4 ? "" : "11";
        base_text_format(&lines, "C%d,M1,K,1,2024-01-10,%s,%s,%d,%d.00\n", i, procedure, pos, 1 + i % 3, 20 + i);
        if (i % 3 != 1) fprintf(file, "%s,11,%d,%d.00,%d\n", procedure, 1 + i % 3, 20 + i, i % 5);
    }
    fclose(file);
    const char *paths[] = {path};
    adj_options options = {.evaluator = ADJ_EVALUATOR_BOTH};
    adj_policies *policies = NULL;
    cr_assert_eq(adj_policies_compile(paths, 1, &options, &policies), ADJ_OK, "%s",
                 policies == NULL ? "" : adj_policies_diagnostics(policies));
    adj_encounters *encounters = adj_encounters_new_for(policies, NULL);
    const char *csv = base_text_string(&lines);
    cr_assert_eq(adj_encounters_read_bytes_as(encounters, "lines.csv", csv, strlen(csv), ADJ_ROLE_JUDGED), ADJ_OK);
    cr_assert_eq(adj_encounters_finish(encounters), ADJ_OK);
    adj_results *results = NULL;
    cr_assert_eq(adj_evaluate(policies, encounters, &options, &results), ADJ_OK, "the evaluators differ");
    size_t failing[3] = {0};
    for (size_t i = 0; i < 700; i++) failing[adj_results_line(results, i).failing]++;
    cr_expect_gt(failing[0], 100u);
    cr_expect_gt(failing[1], 200u);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    base_arena_release(&arena);
    unlink(path);
    unlink(table);
    rmdir(folder);
}

/* ---- constants that columns cannot hold ---- */

/* Columns are as narrow as their numbers allow: what they are compared with may be beyond that, or at its very edge. */
Test(kernels, constants_beyond_their_columns)
{
    static const int edges[] = {126, 127, 128, 32766, 32767, 32768, 2147483};
    enum { EDGES = sizeof edges / sizeof *edges };
    base_arena arena;
    base_arena_init(&arena, NULL);
    base_text text;
    base_text_init(&text, &arena);
    base_text_put(&text, "policy edges\n  title \"Edges\"\n  payer \"K\"\n  effective 2020-01-01\n\n");
    for (int e = 0; e < EDGES; e++) {
        static const char *const relations[] = {"<=", "<", ">=", ">", "=", "<>"};
        for (int r = 0; r < 6; r++)
            base_text_format(&text,
                             "clause c%d_%d\n  cite \"1\"\n  require charge %s $%d.%02d\n"
                             "  deny CO-16 M76 as data \"{charge}\"\n\n",
                             e, r, relations[r], edges[e] / 100, edges[e] % 100);
    }
    const char *names[] = {"edges.adj"}, *texts[] = {base_text_string(&text)};
    adj_options options = {.evaluator = ADJ_EVALUATOR_BOTH};
    for (int most = 0; most < EDGES; most++) {
        adj_policies *policies = NULL;
        cr_assert_eq(adj_policies_compile_text(names, texts, 1, &options, &policies), ADJ_OK, "%s",
                     policies == NULL ? "" : adj_policies_diagnostics(policies));
        adj_encounters *encounters = adj_encounters_new_for(policies, NULL);
        base_text lines;
        base_text_init(&lines, &arena);
        base_text_put(&lines, "claim_id,member_id,payer,line,date,procedure,pos,units,charge\n");
        for (int i = 0; i <= 130; i++) {
            int cents = i < 3 * EDGES ? edges[i / 3] + i % 3 - 1 : i;
            if (cents > edges[most]) cents = edges[most];
            base_text_format(&lines, "C%d,M1,K,1,2024-01-10,90853,11,1,%d.%02d\n", i, cents / 100, cents % 100);
        }
        const char *csv = base_text_string(&lines);
        cr_assert_eq(adj_encounters_read_bytes_as(encounters, "lines.csv", csv, strlen(csv), ADJ_ROLE_JUDGED), ADJ_OK);
        cr_assert_eq(adj_encounters_finish(encounters), ADJ_OK);
        adj_results *results = NULL;
        cr_expect_eq(adj_evaluate(policies, encounters, &options, &results), ADJ_OK, "up to %d cents", edges[most]);
        size_t made = 0, loaded = 0;
        if (adj_has_machine_code()) {
            run_kernel_code_settle(policies->kernel_code);
            run_kernel_code_count(policies->kernel_code, &made, &loaded);
            cr_expect_geq(made, policies->kernels->shapes.count, "%zu of %zu shapes have code", made,
                          policies->kernels->shapes.count);
        }
        adj_results_free(results);
        adj_encounters_free(encounters);
        adj_policies_free(policies);
    }
    base_arena_release(&arena);
}

/* ---- memory that runs out ---- */

Test(kernels, memory_may_run_out_anywhere_while_lines_are_judged_in_batches)
{
    bool done = false;
    size_t allowed = 0;
    for (; !done && allowed < 100000; allowed += 1 + allowed / 50) {
        support_memory f = {.left = SIZE_MAX};
        adj_allocator allocator = {support_reallocate, &f};
        adj_options options = {.allocator = &allocator, .batch = 50};
        const char *names[] = {"kernels.adj"}, *texts[] = {policy_text};
        adj_policies *policies = NULL;
        adj_single *single = NULL;
        cr_assert_eq(adj_policies_compile_text(names, texts, 1, &options, &policies), ADJ_OK);
        adj_encounters *encounters = encounters_of(policies, 200);
        adj_results *results = NULL;
        f.left = allowed;
        done = adj_evaluate(policies, encounters, &options, &results) == ADJ_OK;
        done = adj_single_new(policies, &single) == ADJ_OK && done;
        adj_single_free(single);
        adj_results_free(results);
        adj_encounters_free(encounters);
        adj_policies_free(policies);
        cr_assert_eq(f.live, 0u, "%zu blocks leak when allocation %zu fails", f.live, allowed);
    }
    cr_expect(done);
    cr_expect_geq(allowed, 10u, "the run needed only %zu allocations; the test tests nothing", allowed);
}
