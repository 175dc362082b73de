/* Faults: memory that runs out at every n-th allocation, texts that are cut and changed anywhere, deep nesting. */
#include "tests/differential/generator.h"
#include "tests/suites/support.h"

/* One whole run; true once it needed no more than was allowed. */
static bool whole_run(support_memory *f, const char *const *texts, const char *claims)
{
    static const char *const names[] = {"harbor.adj", "behavioral_health.adj"};
    adj_allocator allocator = {support_reallocate, f};
    adj_options options = {.evaluator = ADJ_EVALUATOR_INTERPRETER, .allocator = &allocator};
    adj_policies *policies = NULL;
    adj_encounters *encounters = NULL;
    adj_results *results = NULL;
    adj_explanation *explanation = NULL;
    bool good = adj_policies_compile_text(names, texts, 2, &options, &policies) == ADJ_OK;
    if (good) encounters = adj_encounters_new(&options);
    good = good && encounters != NULL && adj_encounters_read_bytes(encounters, "c", claims, strlen(claims)) == ADJ_OK &&
           adj_encounters_finish(encounters) == ADJ_OK &&
           adj_evaluate(policies, encounters, &options, &results) == ADJ_OK;
    for (size_t i = 0; good && i < adj_results_count(results); i++) {
        good = adj_results_explain(results, i, &explanation) == ADJ_OK;
        adj_explanation_free(explanation);
        explanation = NULL;
    }
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    return good;
}

Test(faults, memory_may_run_out_anywhere)
{
    char *texts[] = {support_file(SOURCE_FOLDER "/examples/harbor/harbor_group_psychotherapy.adj"),
                     support_file(SOURCE_FOLDER "/policies/behavioral_health.adj")};
    char *claims = support_file(SOURCE_FOLDER "/examples/demo/claims.837");
    bool done = false;
    /* Under the address sanitizer each piece of memory is asked for by itself: far more can fail than a test has time
     * for, unless ADJUDGE_EVERY_ALLOCATION is set. */
    bool every = getenv("ADJUDGE_EVERY_ALLOCATION") != NULL;
    size_t allowed = 0;
    for (; !done && allowed < 1000000; allowed += every ? 1 : 1 + allowed / 64) {
        support_memory f = {.left = allowed};
        done = whole_run(&f, (const char *const *)texts, claims);
        cr_assert_eq(f.live, 0u, "%zu blocks leak when allocation %zu fails", f.live, allowed);
    }
    cr_expect(done);
    cr_expect_geq(allowed, 20u, "the run needed only %zu allocations; the test tests nothing", allowed);
    for (size_t i = 0; i < 2; i++) free(texts[i]);
    free(claims);
}

#define DECISIONS                                                                                                      \
    "policy decisions\n  payer \"HARBOR\"\n\n"                                                                         \
    "clause few\n  cite \"1\"\n  require modifiers include 95\n  deny CO-4 N822 as coding \"{modifiers}\"\n\n"         \
    "clause first\n  cite \"2\"\n  require at most 1 of history in the last 6 months\n  warn \"{count}\"\n\n"          \
    "waiver w to few, first\n  by \"a\"\n  why \"b\"\n  until 2099-12-31\n  when procedure = 90853\n\n"                \
    "measure m\n  for each line\n  by procedure\n"                                                                     \
    "  value (count where exists other in history on the same day) / count\n  alert above 0.05\n\n"                    \
    "measure n\n  for each line\n  by procedure, date\n  value average of charge\n  alert apart 20 percent\n"

/* Waivers, explained, and measures with alerts. */
static bool decided_run(support_memory *f, const char *claims)
{
    static const char *const names[] = {"decisions.adj"}, *const texts[] = {DECISIONS};
    adj_allocator allocator = {support_reallocate, f};
    adj_options options = {.evaluator = ADJ_EVALUATOR_INTERPRETER, .allocator = &allocator};
    adj_policies *policies = NULL;
    adj_encounters *encounters = NULL;
    adj_results *results = NULL;
    bool good = adj_policies_compile_text(names, texts, 1, &options, &policies) == ADJ_OK;
    if (good) encounters = adj_encounters_new(&options);
    good = good && encounters != NULL && adj_encounters_read_bytes(encounters, "c", claims, strlen(claims)) == ADJ_OK &&
           adj_encounters_finish(encounters) == ADJ_OK &&
           adj_evaluate(policies, encounters, &options, &results) == ADJ_OK;
    size_t waived = 0, alerts = 0;
    for (size_t i = 0; good && i < adj_results_count(results); i++) {
        adj_explanation *explanation = NULL;
        good = adj_results_explain(results, i, &explanation) == ADJ_OK;
        for (size_t k = 0; good && k < adj_explanation_count(explanation); k++)
            waived += adj_explanation_finding(explanation, k)->waiver_count;
        adj_explanation_free(explanation);
    }
    for (size_t m = 0; good && m < 2; m++) {
        adj_measure *measure = NULL;
        good = adj_results_measure(results, m, &measure) == ADJ_OK;
        for (size_t r = 0; good && r < adj_measure_row_count(measure); r++)
            alerts += adj_measure_row_at(measure, r).alert != ADJ_ALERT_NONE;
        adj_measure_free(measure);
    }
    cr_assert(!good || (waived > 20 && alerts > 3), "%zu waived, %zu alerts", waived, alerts);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    return good;
}

/* Boundaries of a file: what memory that ran out would change is not told at all. */
static bool bounded_run(support_memory *f, const char *path)
{
    adj_allocator allocator = {support_reallocate, f};
    adj_options options = {.allocator = &allocator};
    adj_boundaries *boundaries = NULL;
    bool good = adj_boundaries_find(&path, 1, &options, NULL, NULL, &boundaries) == ADJ_OK;
    for (size_t i = 0; good && i < adj_boundaries_count(boundaries); i++) {
        adj_boundary b = adj_boundaries_at(boundaries, i);
        cr_assert(b.held_below && b.held_above, "%s of line %zu", b.written, b.line);
    }
    cr_assert(!good || adj_boundaries_count(boundaries) == 5);
    adj_boundaries_free(boundaries);
    return good;
}

Test(faults, memory_may_run_out_in_waivers_measures_and_boundaries, .timeout = 3600)
{
    char *claims = support_file(SOURCE_FOLDER "/examples/demo/claims.837");
    const char *path = SOURCE_FOLDER "/tests/language/waivers.adj";
    bool every = getenv("ADJUDGE_EVERY_ALLOCATION") != NULL;
    for (int which = 0; which < 2; which++) {
        bool done = false;
        size_t allowed = 0;
        for (; !done && allowed < 1000000; allowed += every ? 1 : 1 + allowed / 16) {
            support_memory f = {.left = allowed};
            done = which == 0 ? decided_run(&f, claims) : bounded_run(&f, path);
            cr_assert_eq(f.live, 0u, "%zu blocks leak when allocation %zu fails", f.live, allowed);
        }
        cr_expect(done);
        cr_expect_geq(allowed, 20u);
    }
    free(claims);
}

static bool ignore(void *state, const char *file, const char *bytes, size_t length)
{
    (void)state;
    (void)file;
    (void)bytes;
    (void)length;
    return true;
}

static bool take_batch(void *state, adj_encounters *batch)
{
    (void)state;
    (void)batch;
    return true;
}

static const char *const inputs[] = {
    "member_id,claim_id,date,procedure,line,modifiers,charge\nM1,C1,2026-02-01,90853,1,95 "
    "GT,\"41.50\"\nM1,C1,2026-02-30,90853,2,,"
    "1\nM2,C2,2026-02-02,90853,1,none,2\n",
    "{\"record\":\"history\",\"member_id\":\"M3\",\"claim_id\":\"C3\",\"date\":\"2026-02-01\",\"procedure\":\"90853\","
    "\"line\":1}\n"
    "{\"record\":\"history\",\"member_id\":\"M3\",\"claim_id\":\"C3\",\"date\":\"2026-02-01\",\"procedure\":\"90853\","
    "\"line\":2}\n"
    "{\"record\":\"sessions\",\"session_id\":\"S1\",\"date\":\"2026-02-01\",\"minutes\":45.5}\n{\"record\":\n",
    "{\"resourceType\":\"Bundle\",\"entry\":[{\"fullUrl\":\"urn:a\",\"resource\":{\"resourceType\":\"Patient\",\"id\":"
    "\"P1\",\"birthDate\":"
    "\"1980-01-02\"}},{\"resource\":{\"resourceType\":\"Claim\",\"id\":\"C4\",\"use\":\"claim\",\"patient\":{"
    "\"reference\":\"Patient/P1\"},"
    "\"item\":[{\"sequence\":1,\"productOrService\":{\"coding\":[{\"code\":\"90853\"}]},\"servicedDate\":\"2026-02-"
    "01\",\"net\":{"
    "\"value\":41.5}}]}}]}"};

/* Reads inputs of every form, and writes what was read; in batches and in parts too. True once that needed no more memory
 * than was allowed. */
static bool readers_run(support_memory *f, const char *const *paths)
{
    adj_allocator allocator = {support_reallocate, f};
    adj_options options = {.allocator = &allocator};
    adj_written written;
    adj_encounters *encounters = adj_encounters_new(&options), *part = NULL;
    bool good = encounters != NULL;
    if (good) adj_encounters_keep_rejects(encounters);
    for (size_t i = 0; good && i < sizeof inputs / sizeof *inputs; i++)
        good = adj_encounters_read_bytes_as(encounters, "input", inputs[i], strlen(inputs[i]), ADJ_ROLE_JUDGED) !=
               ADJ_OUT_OF_MEMORY;
    for (size_t i = 0; good && paths[i] != NULL; i++)
        good = adj_encounters_read(encounters, paths[i]) != ADJ_OUT_OF_MEMORY;
    for (int form = ADJ_FORM_837P; good && form <= ADJ_FORM_CSV; form++)
        good = adj_encounters_write(encounters, (adj_form)form, "out", ignore, NULL, &written) == ADJ_OK;
    good = good && adj_encounters_finish(encounters) == ADJ_OK;
    adj_encounters_free(encounters);
    encounters = good ? adj_encounters_new(&options) : NULL;
    good = good && encounters != NULL;
    for (size_t i = 0; good && paths[i] != NULL; i++)
        good = adj_encounters_read_batches(encounters, paths[i], ADJ_ROLE_JUDGED, 2, take_batch, NULL) !=
               ADJ_OUT_OF_MEMORY;
    good = good && adj_encounters_end_batches(encounters, take_batch, NULL) == ADJ_OK;
    if (encounters != NULL) adj_encounters_free(encounters);
    adj_parts *parts = good ? adj_parts_new(NULL, 40000, &options) : NULL;
    good = good && parts != NULL;
    for (size_t i = 0; good && paths[i] != NULL; i++)
        good = adj_parts_read(parts, paths[i], ADJ_ROLE_JUDGED, NULL, NULL) == ADJ_OK;
    good = good && adj_parts_divide(parts) == ADJ_OK;
    for (size_t i = 0; good && i < adj_parts_count(parts); i++) {
        good = adj_parts_load(parts, i, &part) == ADJ_OK && adj_encounters_finish(part) == ADJ_OK;
        adj_encounters_free(part);
        part = NULL;
    }
    adj_parts_free(parts);
    return good;
}

Test(faults, memory_may_run_out_while_reading, .timeout = 3600)
{
    static const char *const paths[] = {SOURCE_FOLDER "/examples/demo/claims.837",
                                        SOURCE_FOLDER "/examples/demo/payment.835",
                                        SOURCE_FOLDER "/examples/demo/history.csv", NULL};
    bool every = getenv("ADJUDGE_EVERY_ALLOCATION") != NULL, done = false;
    size_t allowed = 0;
    for (; !done && allowed < 4000000; allowed += every ? 1 : 1 + allowed / 24) {
        support_memory f = {.left = allowed};
        done = readers_run(&f, paths);
        cr_assert_eq(f.live, 0u, "%zu blocks leak when allocation %zu fails", f.live, allowed);
    }
    cr_expect(done, "reading does not end well with any memory");
    cr_expect_geq(allowed, 20u);
}

/* Compiles the policies of one file and runs their tests; true once that needed no more than was allowed. */
static bool test_run(support_memory *f, const char *path)
{
    adj_allocator allocator = {support_reallocate, f};
    adj_options options = {.evaluator = ADJ_EVALUATOR_INTERPRETER, .allocator = &allocator};
    adj_policies *policies = NULL;
    bool good = adj_policies_compile(&path, 1, &options, &policies) == ADJ_OK;
    size_t count = good ? adj_policies_test_count(policies) : 0;
    adj_test_result result;
    for (size_t i = 0; i < count && good; i++) {
        good = adj_policies_run_test(policies, i, &options, &result) == ADJ_OK;
        cr_assert(!good || result.passed, "%s, test %zu: memory that ran out changed what came out", path, i);
    }
    bool compiled = count > 0;
    f->left = SIZE_MAX;
    if (compiled && !good) {
        cr_assert_eq(adj_policies_run_test(policies, 0, &options, &result), ADJ_OK, "%s: memory is back", path);
        cr_assert(result.passed, "%s: memory is back", path);
    }
    adj_policies_free(policies);
    return good;
}

Test(faults, memory_may_run_out_in_every_construct, .timeout = 3600)
{
    static const char *const files[] = {"functions.adj", "knowledge.adj", "site.adj",         "table_outputs.adj",
                                        "tables.adj",    "values.adj",    "windows_more.adj", "layers/layers_plan.adj",
                                        "waivers.adj"};
    bool every = getenv("ADJUDGE_EVERY_ALLOCATION") != NULL;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[300];
        snprintf(path, sizeof path, SOURCE_FOLDER "/tests/language/%s", files[i]);
        bool done = false;
        size_t allowed = 0;
        for (; !done && allowed < 4000000; allowed += every ? 1 : 1 + allowed / 16) {
            support_memory f = {.left = allowed};
            done = test_run(&f, path);
            cr_assert_eq(f.live, 0u, "%s: %zu blocks leak when allocation %zu fails", files[i], f.live, allowed);
        }
        cr_expect(done, "%s does not pass with any memory", files[i]);
    }
}

Test(faults, changed_policies_never_crash)
{
    char *original = support_file(SOURCE_FOLDER "/examples/harbor/harbor_group_psychotherapy.adj");
    char *module = support_file(SOURCE_FOLDER "/policies/behavioral_health.adj");
    size_t length = strlen(original);
    generator g = {.state = 7};
    for (int i = 0; i < 1500; i++) {
        char *text = strdup(original);
        for (uint32_t changes = 1 + generator_below(&g, 4); changes > 0; changes--) {
            size_t at = generator_below(&g, (uint32_t)length), from = generator_below(&g, (uint32_t)length);
            size_t span = 1 + generator_below(&g, 12);
            if (at + span >= length || from + span >= length) continue;
            if (generator_chance(&g, 50))
                memmove(text + at, original + from, span);
            else
                text[at] = (char)generator_below(&g, 256);
        }
        if (generator_chance(&g, 10)) text[generator_below(&g, (uint32_t)length)] = '\0';
        static const char *const names[] = {"harbor.adj", "behavioral_health.adj"};
        const char *texts[] = {text, module};
        adj_options options = {.evaluator = ADJ_EVALUATOR_INTERPRETER};
        adj_policies *policies = NULL;
        adj_status status = adj_policies_compile_text(names, texts, 2, &options, &policies);
        cr_assert(status == ADJ_OK || status == ADJ_INVALID_POLICY, "%s: %s", adj_status_name(status),
                  adj_policies_diagnostics(policies));
        cr_assert(status == ADJ_OK || adj_policies_error_count(policies) > 0);
        adj_policies_free(policies);
        free(text);
    }
    free(original);
    free(module);
}

Test(faults, changed_claims_never_crash)
{
    char *original = support_file(SOURCE_FOLDER "/examples/demo/claims.837");
    size_t length = strlen(original);
    adj_policies *policies = support_policies(
        "policy p\nclause c\n cite \"1\"\n require at most 1 of history on the same day\n warn \"{count}\"\n");
    generator g = {.state = 11};
    for (int i = 0; i < 300; i++) {
        char *text = strdup(original);
        for (uint32_t changes = 1 + generator_below(&g, 30); changes > 0; changes--) {
            text[generator_below(&g, (uint32_t)length)] = "*~:^ \n0A9"[generator_below(&g, 9)];
        }
        adj_encounters *encounters = adj_encounters_new(NULL);
        adj_encounters_read_bytes(encounters, "c", text,
                                  generator_chance(&g, 20) ? generator_below(&g, (uint32_t)length) : length);
        adj_results *results = support_evaluate(policies, encounters);
        for (size_t k = 0; k < adj_results_count(results); k++) adj_results_line(results, k);
        adj_results_free(results);
        adj_encounters_free(encounters);
        free(text);
    }
    adj_policies_free(policies);
    free(original);
}

static adj_status compile_nested(const char *open, const char *close, size_t depth, char **diagnostics)
{
    char *text = calloc(1, 400 + depth * (strlen(open) + strlen(close)));
    strcat(text, "policy p\nclause c\n cite \"1\"\n require ");
    size_t at = strlen(text);
    for (size_t i = 0; i < depth; i++, at += strlen(open)) strcpy(text + at, open);
    strcpy(text + at, "units <= 1");
    at += 10;
    for (size_t i = 0; i < depth; i++, at += strlen(close)) strcpy(text + at, close);
    strcpy(text + at, "\n warn \"x\"\n");
    const char *name = "deep.adj";
    adj_policies *policies = NULL;
    adj_status status = adj_policies_compile_text(&name, (const char *const *)&text, 1, NULL, &policies);
    *diagnostics = strdup(adj_policies_diagnostics(policies));
    adj_policies_free(policies);
    free(text);
    return status;
}

Test(faults, nesting_has_a_stated_limit)
{
    char *diagnostics;
    cr_expect_eq(compile_nested("not (", ")", 300, &diagnostics), ADJ_OK, "%s", diagnostics);
    free(diagnostics);
    static const size_t depths[] = {500, 20000, 200000};
    for (size_t i = 0; i < 3; i++) {
        cr_expect_eq(compile_nested("not (", ")", depths[i], &diagnostics), ADJ_INVALID_POLICY);
        cr_expect_not_null(strstr(diagnostics, "E0202"), "%zu: %.200s", depths[i], diagnostics);
        free(diagnostics);
    }
    cr_expect_eq(compile_nested("(", ")", 200000, &diagnostics), ADJ_INVALID_POLICY);
    cr_expect_not_null(strstr(diagnostics, "E0202"), "%.200s", diagnostics);
    free(diagnostics);
}

/* Names that stand for other names, one in the other: in a row or doubling each time, as `let` or `define`, in the order in which they are needed
 * or the other way round. */
static adj_status compile_named(bool define, bool doubles, bool backward, int count, char **diagnostics)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    base_text text;
    base_text_init(&text, &arena);
    base_text_put(&text, "policy p\n\n");
    if (!define) base_text_put(&text, "section \"S\"\n  for each line\n");
    for (int k = 0; k < count; k++) {
        int i = backward ? count - 1 - k : k;
        const char *form = define ? "define v%d(x: quantity) : quantity = %s\n" : "  let v%d = %s\n";
        const char *input = define ? "(x)" : "";
        const char *value = i == 0    ? define ? "x + 1" : "units + 1"
                            : doubles ? base_format(&arena, "v%d%s + v%d%s", i - 1, input, i - 1, input)
                                      : base_format(&arena, "v%d%s + 1", i - 1, input);
        base_text_format(&text, form, i, value);
    }
    base_text_format(&text, "\nclause c\n  cite \"1\"\n  require v%d%s <= 9\n  warn \"x\"\n", count - 1,
                     define ? "(units)" : "");
    const char *name = "named.adj", *written = base_text_string(&text);
    adj_policies *policies = NULL;
    adj_status status = adj_policies_compile_text(&name, &written, 1, NULL, &policies);
    *diagnostics = strdup(adj_policies_diagnostics(policies));
    adj_policies_free(policies);
    base_arena_release(&arena);
    return status;
}

Test(faults, names_have_a_stated_limit)
{
    for (int form = 0; form < 8; form++) {
        bool define = (form & 1) != 0, doubles = (form & 2) != 0, backward = (form & 4) != 0;
        char *diagnostics;
        cr_expect_eq(compile_named(define, doubles, backward, doubles ? 9 : 80, &diagnostics), ADJ_OK,
                     "form %d: %.300s", form, diagnostics);
        free(diagnostics);
        int many = doubles    ? 60
                   : backward ? 15000
                              : 5000; /* looked into one in the other, so many would not fit the stack */
        cr_expect_eq(compile_named(define, doubles, backward, many, &diagnostics), ADJ_INVALID_POLICY);
        cr_expect_not_null(strstr(diagnostics, "E0202"), "form %d: %.300s", form, diagnostics);
        free(diagnostics);
    }
}

/* Compiles a text that a limit refuses, and says whether the diagnostics hold `wanted`. */
static bool refused(const char *text, const char *wanted)
{
    const char *name = "large.adj";
    adj_options options = {.evaluator = ADJ_EVALUATOR_INTERPRETER};
    adj_policies *policies = NULL;
    adj_status status = adj_policies_compile_text(&name, &text, 1, &options, &policies);
    bool found = status == ADJ_INVALID_POLICY && strstr(adj_policies_diagnostics(policies), wanted) != NULL;
    if (!found) fprintf(stderr, "%.400s\n", adj_policies_diagnostics(policies));
    adj_policies_free(policies);
    return found;
}

static const char *repeat(base_arena *arena, const char *head, const char *format, unsigned times, const char *tail)
{
    base_text text;
    base_text_init(&text, arena);
    base_text_put(&text, head);
    for (unsigned i = 0; i < times; i++) {
        char row[200];
        snprintf(row, sizeof row, format, i, i);
        base_text_put(&text, row);
    }
    base_text_put(&text, tail);
    return base_text_string(&text);
}

Test(faults, sizes_have_stated_limits)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    cr_expect(refused(
        repeat(&arena, "policy p\n", "# %9u %9u, a comment of sixty-four bytes, more or less of it ...\n", 250000, ""),
        "E0203"));
    cr_expect(refused(
        repeat(&arena, "policy p\ntable t (units) gives (a: count)\n | units | a |\n", " | %u | %u |\n", 20001, ""),
        "at most 20000 rows"));
    cr_expect(refused(repeat(&arena, "policy p\ntable t (units) gives (a: count", ", a%u: count", 60,
                             ")\n | units | a |\n | 1 | 1 |\n"),
                      "at most 60 inputs"));
    cr_expect(
        refused(repeat(&arena, "policy p\n", "clause c%u\n cite \"%u\"\n require units <= 1\n warn \"x\"\n", 60001, ""),
                "at most 60000 clauses"));
    cr_expect(
        refused(repeat(&arena, "policy p\n", "clause c%u\n cite \"%u\"\n require nothing <= 1\n warn \"x\"\n", 150, ""),
                "E0004"));
    base_arena_release(&arena);
}
