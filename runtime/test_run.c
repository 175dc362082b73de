/* Running the tests that are written in policies: what was expected, what came out, and the difference in words. */
#include "runtime/handles.h"

#include <string.h>

typedef struct test_run {
    adj_policies *policies;
    const lang_test *test;
    base_arena *arena; /* of the policies: texts of the result live there */
    base_arena scratch;
    run_store store;
    run_binding binding;
    run_context machine, interpreter;
    bool with_machine;
    uint8_t *verdicts;
    base_text difference;
} test_run;

static const char *verdict_word(const lang_clause *clause, adj_clause_verdict verdict)
{
    if (verdict == ADJ_CLAUSE_FAIL) return lang_outcome_name(clause->outcome);
    if (verdict == ADJ_CLAUSE_CANNOT_TELL && clause->unknown_given) return lang_outcome_name(clause->if_unknown);
    return adj_clause_verdict_name(verdict);
}

static uint32_t line_row(const run_store *store, int64_t number)
{
    for (uint32_t line = 0; line < store->counts[LANG_RECORD_line]; line++) {
        if (store->lines.items[line].subject && --number == 0) return line;
    }
    return RUN_NO_ROW;
}

static bool judge(test_run *run, uint32_t line)
{
    size_t stride = run->policies->test_plan->clauses.count + run->policies->test_plan->policies.count;
    uint8_t *second = base_arena_alloc(&run->scratch, stride + 1);
    run->verdicts = base_arena_alloc(&run->scratch, stride + 1);
    if (run->verdicts == NULL || second == NULL) return false;
    if (run_is_void(&run->store, line)) return true; /* it meets no clause */
    run_judge(&run->interpreter, line, run->verdicts);
    if (run->with_machine) {
        run_judge(&run->machine, line, second);
        if (memcmp(run->verdicts, second, stride) != 0) {
            base_text_put(&run->difference, "the interpreter and the machine code differ\n");
            return false;
        }
    }
    /* Waivers that others made say nothing to a policy's own tests. */
    run_waive(&run->interpreter, line, run->test->file, run->verdicts);
    run_coverage_note(run->policies, run->test->file, &run->interpreter, &run->scratch, line, run->verdicts);
    return true;
}

static void differ(test_run *run, const lang_expectation *expectation, const char *actual, const char *about)
{
    const lang_file *file = run->policies->program.files.items[expectation->span.file];
    size_t line, column;
    lang_position(file, expectation->span.start, &line, &column);
    base_text expected;
    base_text_init(&expected, &run->scratch);
    base_text_put(&expected, expectation->verdict.text);
    if (expectation->group_reason.text != NULL) base_text_format(&expected, " %s", expectation->group_reason.text);
    for (size_t i = 0; i < expectation->remarks.count; i++)
        base_text_format(&expected, " %s", expectation->remarks.items[i].text);
    for (size_t i = 0; i < expectation->needing.count; i++) {
        base_text_format(&expected, "%s%s", i == 0 ? " needing " : ", ",
                         lang_path_text(&run->scratch, &expectation->needing.items[i]->as.path.names));
    }
    base_text_format(&run->difference, "      line %zu, %s\n        expected  %s\n        actual    %s\n", line, about,
                     base_text_string(&expected), actual);
}

static const char *finding_words(test_run *run, const lang_clause *clause, const adj_finding *finding,
                                 adj_clause_verdict verdict, bool needing)
{
    base_text text;
    base_text_init(&text, &run->scratch);
    base_text_put(&text, verdict_word(clause, verdict));
    if (verdict == ADJ_CLAUSE_FAIL && *finding->reason_code != '\0') {
        base_text_format(&text, " %s-%s", finding->group_code, finding->reason_code);
        for (size_t i = 0; i < finding->remark_count; i++) base_text_format(&text, " %s", finding->remark_codes[i]);
        base_text_format(&text, ": %s", finding->message);
    }
    for (size_t i = 0; (verdict == ADJ_CLAUSE_CANNOT_TELL || needing) && i < finding->missing_count; i++) {
        base_text_format(&text, "%s%s", i == 0 ? " needing " : ", ", finding->missing[i]);
    }
    return base_text_string(&text);
}

static bool needing_same(test_run *run, const lang_expectation *expectation, const adj_finding *finding)
{
    if (expectation->needing.count == 0) return true;
    if (expectation->needing.count != finding->missing_count) return false;
    for (size_t i = 0; i < expectation->needing.count; i++) {
        const char *wanted = lang_path_text(&run->scratch, &expectation->needing.items[i]->as.path.names);
        bool found = false;
        for (size_t k = 0; k < finding->missing_count; k++) found = found || strcmp(wanted, finding->missing[k]) == 0;
        if (!found) return false;
    }
    return true;
}

static bool remarks_same(const lang_expectation *expectation, const adj_finding *finding)
{
    for (size_t i = 0; i < expectation->remarks.count; i++) {
        bool found = false;
        for (size_t k = 0; k < finding->remark_count; k++) {
            found = found || strcmp(expectation->remarks.items[i].text, finding->remark_codes[k]) == 0;
        }
        if (!found) return false;
    }
    return true;
}

/* What a clause says of the line in the name of a policy: one that several policies share judges the lines of them all. */
static uint8_t own_verdict(const test_run *run, size_t clause, const lang_file *file)
{
    const plan_program *plan = run->policies->test_plan;
    uint32_t policy = 0;
    while (policy < plan->policies.count && plan->policies.items[policy].source != file) policy++;
    if (!plan_judges(&plan->clauses.items[clause], policy)) return ADJ_CLAUSE_NOT_APPLICABLE;
    uint8_t scope = run->verdicts[plan->clauses.count + policy];
    bool speaks = scope == RUN_SCOPE_APPLIES || scope == RUN_SCOPE_UNKNOWN;
    return speaks ? run->verdicts[clause] : ADJ_CLAUSE_NOT_APPLICABLE;
}

static bool expect_clause(test_run *run, const lang_expectation *expectation, uint32_t line)
{
    const plan_program *plan = run->policies->test_plan;
    size_t index = plan_find_clause(plan, expectation->target, run->test->file);
    const lang_file *speaker = run->test->file;
    if (index >= plan->clauses.count) {
        speaker = expectation->target->file;
        index = plan_find_clause(plan, expectation->target, speaker);
    }
    if (index >= plan->clauses.count) {
        differ(run, expectation, "its policy is not among those that were compiled", expectation->target->name.text);
        return false;
    }
    const lang_clause *clause = plan->clauses.items[index].source;
    adj_clause_verdict verdict = (adj_clause_verdict)own_verdict(run, index, speaker);
    adj_finding finding = {0};
    if (verdict >= ADJ_CLAUSE_FAIL && !run_explain(&run->scratch, &run->interpreter, line, index, verdict,
                                                   run->verdicts, ADJ_EXPLAIN_ALL, &finding)) {
        return false;
    }
    bool same = strcmp(verdict_word(clause, verdict), expectation->verdict.text) == 0 ||
                strcmp(adj_clause_verdict_name(verdict), expectation->verdict.text) == 0;
    bool reason =
        expectation->group_reason.text == NULL ||
        (clause->group_reason.text != NULL && strcmp(expectation->group_reason.text, clause->group_reason.text) == 0);
    if (same && reason && remarks_same(expectation, &finding) && needing_same(run, expectation, &finding)) return true;
    differ(run, expectation, finding_words(run, clause, &finding, verdict, expectation->needing.count > 0),
           base_format(&run->scratch, "clause %s", clause->name.text));
    return false;
}

/* A test of a whole line speaks of its own policy: others that happen to be compiled along say nothing to it. */
static void keep_own_policy(test_run *run, const lang_file *file)
{
    const plan_program *plan = run->policies->test_plan;
    for (size_t c = 0; c < plan->clauses.count; c++) run->verdicts[c] = own_verdict(run, c, file);
    for (size_t p = 0; p < plan->policies.count; p++) {
        if (plan->policies.items[p].source != file) run->verdicts[plan->clauses.count + p] = RUN_SCOPE_OTHER_PAYER;
    }
}

/* A policy that names no payer adjudicates no line; its own tests ask what its clauses make of one all the same. */
static adj_verdict of_payerless(const plan_program *plan, const uint8_t *verdicts)
{
    adj_verdict verdict = ADJ_PASS;
    for (size_t c = 0; c < plan->clauses.count; c++) {
        adj_verdict outcome = run_clause_outcome(plan->clauses.items[c].source, (adj_clause_verdict)verdicts[c]);
        if (outcome < verdict) verdict = outcome;
    }
    return verdict;
}

static bool expect_line(test_run *run, const lang_test *test, const lang_expectation *expectation, uint32_t line)
{
    const char *reason;
    const plan_program *plan = run->policies->test_plan;
    keep_own_policy(run, test->file);
    adj_verdict verdict = run_line_verdict(&run->binding, line, run->verdicts, &reason);
    if (verdict == ADJ_NOT_ADJUDICATED && !run_names_payer(test->file) && !run_is_void(&run->store, line)) {
        verdict = of_payerless(plan, run->verdicts);
        reason = "";
    }
    const char *word = adj_verdict_name(verdict);
    if (strcmp(word, expectation->verdict.text) == 0 && expectation->group_reason.text == NULL) return true;
    base_text actual;
    base_text_init(&actual, &run->scratch);
    base_text_put(&actual, word);
    if (*reason != '\0') base_text_format(&actual, " (%s)", reason);
    bool reason_found = false;
    for (size_t c = 0; c < plan->clauses.count; c++) {
        const lang_clause *clause = plan->clauses.items[c].source;
        if (run_clause_outcome(clause, (adj_clause_verdict)run->verdicts[c]) != verdict || verdict == ADJ_PASS)
            continue;
        base_text_format(&actual, "%s %s", actual.length == strlen(word) ? " by" : ",", clause->name.text);
        reason_found = reason_found || (clause->group_reason.text != NULL && expectation->group_reason.text != NULL &&
                                        strcmp(clause->group_reason.text, expectation->group_reason.text) == 0);
    }
    if (strcmp(word, expectation->verdict.text) == 0 && reason_found) return true;
    differ(run, expectation, base_text_string(&actual), "the whole line");
    return false;
}

static bool run_expectations(test_run *run, const lang_test *test)
{
    bool passed = true;
    for (size_t i = 0; i < test->expectations.count; i++) {
        const lang_expectation *expectation = &test->expectations.items[i];
        uint32_t line = line_row(&run->store, expectation->line);
        if (line == RUN_NO_ROW || !judge(run, line)) return false;
        bool met = expectation->target != NULL ? expect_clause(run, expectation, line)
                                               : expect_line(run, test, expectation, line);
        passed = passed && met;
    }
    return passed;
}

adj_status adj_policies_run_test(adj_policies *policies, size_t index, const adj_options *options,
                                 adj_test_result *result)
{
    *result = (adj_test_result){0};
    if (policies->plan == NULL) return ADJ_INVALID_POLICY;
    if (!run_tests_ready(policies)) return ADJ_OUT_OF_MEMORY;
    if (index >= policies->program.tests.count) return ADJ_NOT_FOUND;
    const lang_test *test = policies->program.tests.items[index];
    adj_evaluator wanted = options == NULL ? ADJ_EVALUATOR_BEST : options->evaluator;
    test_run run = {.policies = policies, .test = test, .arena = &policies->arena};
    run.with_machine = wanted != ADJ_EVALUATOR_INTERPRETER && policies->test_code != NULL;
    bool demanded = wanted >= ADJ_EVALUATOR_MACHINE && adj_has_machine_code() && !policies->interpreted;
    if (demanded && !run.with_machine) return ADJ_INTERNAL;
    base_arena_init(&run.scratch, &policies->allocator);
    base_text_init(&run.difference, &policies->arena);
    bool ready = run_store_init(&run.store, policies->program.schema, &policies->allocator) &&
                 run_test_store(&run.store, test) &&
                 run_bind(&run.binding, &run.scratch, policies->test_plan, &run.store) &&
                 run_context_init(&run.interpreter, &run.scratch, &run.binding, NULL) &&
                 run_context_init(&run.machine, &run.scratch, &run.binding, policies->test_code);
    if (ready) ready = run_coverage_begin(policies);
    run.interpreter.undispatched = true;
    if (ready) run.interpreter.rows_met = policies->coverage->table_rows;
    result->title = test->title.text;
    result->policy = test->file->full_name;
    result->file = test->file->path;
    size_t column;
    lang_position(test->file, test->span.start, &result->line, &column);
    if (ready) result->passed = run_expectations(&run, test);
    result->difference = base_text_string(&run.difference);
    if (ready) ready = !run_context_failed(&run.interpreter) && !run_context_failed(&run.machine);
    if (run.store.arena.failed || policies->arena.failed) ready = false;
    policies->arena.failed = false; /* the next test may find memory again */
    run_store_release(&run.store);
    base_arena_release(&run.scratch);
    return ready ? ADJ_OK : ADJ_OUT_OF_MEMORY;
}
