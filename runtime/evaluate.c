/* Evaluation of all lines of a store, and the results' accessors. */
#include "runtime/handles.h"
#include "runtime/policy_codes.h"
#include "runtime/sweep.h"
#include "runtime/trial.h"

#include <stdlib.h>
#include <string.h>

/* With fewer lines than this, dividing them costs more than judging them one by one; with fewer than the least whatever the policies, which
 * else may have so many verdicts. */
enum { LEAST_LINES = 24, FEW_LINES = 128, FEW_VERDICTS = 1 << 20 };

/* Machine code is worth its making for runs of this many lines. */
enum { MANY_LINES = 8192 };

static bool judged(const run_store *store, uint32_t line)
{
    bool none = store->void_frequency == BASE_INTERN_NONE; /* no claim of the run voids another */
    return !store->lines.items[line].unreadable && (none || !run_is_void(store, line));
}

static bool collect_lines(adj_results *results, const run_store *store)
{
    uint32_t count = store->counts[LANG_RECORD_line];
    results->lines = base_arena_alloc_raw(&results->arena, (count + 1) * sizeof *results->lines);
    results->wanted = base_arena_alloc_raw(&results->arena, count + 1);
    results->stride = results->binding.plan->clauses.count + results->binding.plan->policies.count;
    results->expanded = base_arena_alloc(&results->arena, results->stride + 1);
    if (results->lines == NULL || results->wanted == NULL || results->expanded == NULL) return false;
    size_t found = 0;
    uint32_t *lines = results->lines;
    bool *wanted = results->wanted;
    const run_line_extra *extra = store->lines.items;
    for (uint32_t line = 0; line < count; line++) {
        if (!extra[line].subject) continue;
        wanted[found] = judged(store, line);
        lines[found++] = line;
    }
    results->line_count = found;
    return true;
}

/* Judges lines one by one: the plain meaning, or its machine code. */
static bool judge_each(adj_results *results, run_context *context)
{
    results->verdicts = base_arena_alloc(&results->arena, results->stride * results->line_count + 1);
    if (results->verdicts == NULL) return false;
    for (size_t i = 0; i < results->line_count; i++) {
        if (!results->wanted[i]) continue;
        run_judge(context, results->lines[i], results->verdicts + i * results->stride);
        if (run_context_failed(context)) return false;
    }
    return true;
}

/* The same for the best way: by code of single encounters where that was made, and with sums of histories, which some lines may share. */
static bool judge_few(adj_results *results, run_context *context)
{
    const run_policy_codes *codes = run_policies_made_codes(results->policies);
    if (codes != NULL) context->code = run_policy_codes_of(codes);
    if (results->line_count >= LEAST_LINES && results->binding.plan->aggregates.count > 0) {
        results->many.sweeps = run_sweeps_new(&results->arena.allocator, &results->binding, false);
        if (results->many.sweeps == NULL) return false;
        context->sweeps = results->many.sweeps;
    }
    return judge_each(results, context);
}

static bool few_lines(const adj_results *results)
{
    return results->line_count < LEAST_LINES ||
           (results->line_count < FEW_LINES && results->stride * results->line_count <= FEW_VERDICTS);
}

static bool judge_many(adj_results *results, const run_how *how)
{
    return run_judge_many(&results->many, &results->arena, &results->binding, results->policies->kernels,
                          results->lines, results->wanted, results->line_count, how);
}

/* Whether the interpreter, asked line by line and by every policy, says the same as kernels and as machine code for one line. */
static bool agree(const adj_results *results, run_context *plain, run_context *machine, size_t index, uint8_t *first,
                  uint8_t *second)
{
    size_t clauses = results->binding.plan->clauses.count;
    run_judge(plain, results->lines[index], first);
    run_judge(machine, results->lines[index], second);
    if (memcmp(first, second, results->stride) != 0) return false;
    for (uint32_t c = 0; c < clauses; c++) {
        if (run_many_clause(&results->many, results->policies->kernels, index, c) != first[c]) return false;
    }
    return run_summarize(results->binding.plan, first).flags == results->many.flags[index];
}

/* Everything again, in every way; false where any two differ. */
static bool check_all(adj_results *results, run_context *machine, bool *differs)
{
    run_context *plain = &results->context;
    uint8_t *first = base_arena_alloc(&results->arena, results->stride + 1);
    uint8_t *second = base_arena_alloc(&results->arena, results->stride + 1);
    if (first == NULL || second == NULL) return false;
    plain->undispatched = true;
    for (size_t i = 0; i < results->line_count && !*differs; i++) {
        if (!results->wanted[i]) continue;
        *differs = !agree(results, plain, machine, i, first, second);
        if (run_context_failed(plain) || run_context_failed(machine)) return false;
    }
    plain->undispatched = false;
    return true;
}

/* Lets go what waivers speak of. */
static bool waive_all(adj_results *results)
{
    const plan_program *plan = results->binding.plan;
    run_context *context = &results->context;
    for (size_t i = 0; results->verdicts != NULL && i < results->line_count; i++) {
        if (results->wanted[i]) run_waive(context, results->lines[i], NULL, results->verdicts + i * results->stride);
    }
    for (size_t i = 0; results->verdicts == NULL && plan->waivers.count > 0 && i < results->line_count; i++) {
        run_many *many = &results->many;
        for (size_t e = many->starts[i]; e < many->starts[i + 1]; e++) {
            run_event *event = &many->events[e];
            if (event->verdict == ADJ_CLAUSE_EXCUSED) continue;
            if (run_clause_waived(context, results->lines[i], event->clause)) event->verdict = ADJ_CLAUSE_WAIVED;
        }
    }
    return !run_context_failed(context);
}

/* Whether any aggregate asks its elements one by one, even where many lines are judged. */
static bool asks_elements(const plan_program *plan)
{
    for (size_t i = 0; i < plan->aggregates.count; i++) {
        if (run_walks_alone(&plan->aggregates.items[i])) return true;
    }
    return false;
}

static adj_status judge_all(adj_results *results, run_context *context, const adj_options *options)
{
    adj_evaluator wanted = options == NULL ? ADJ_EVALUATOR_BEST : options->evaluator;
    bool few = wanted == ADJ_EVALUATOR_BEST && few_lines(results), plain = wanted == ADJ_EVALUATOR_INTERPRETER || few;
    run_how how = {.code = context->code};
    bool machine = wanted != ADJ_EVALUATOR_BEST || results->line_count >= MANY_LINES;
    if (machine && adj_has_machine_code()) how.kernels = results->policies->kernel_code;
    if (how.code == NULL && !plain && results->line_count >= MANY_LINES && asks_elements(results->binding.plan))
        how.code = run_policies_code(results->policies, RUN_CODE_ELEMENTS, NULL);
    how.wait = wanted != ADJ_EVALUATOR_BEST;
    if (options != NULL) how.batch = options->batch;
    if (options != NULL) how.threads = options->threads;
    bool differs = false;
    bool done = few ? judge_few(results, context) : plain ? judge_each(results, context) : judge_many(results, &how);
    if (done && wanted == ADJ_EVALUATOR_BOTH) done = check_all(results, context, &differs);
    if (!done || !waive_all(results)) return ADJ_OUT_OF_MEMORY;
    return differs ? ADJ_INTERNAL : ADJ_OK;
}

/* Explaining asks the sums that judging made. */
static void ask_sums(adj_results *results)
{
    results->context.sweeps = results->many.sweeps;
    results->context.standings = results->many.standings;
    results->context.standing_count = results->many.standing_count;
}

adj_status adj_evaluate(const adj_policies *policies, const adj_encounters *encounters, const adj_options *options,
                        adj_results **out)
{
    *out = NULL;
    if (policies->plan == NULL) return ADJ_INVALID_POLICY;
    if (!encounters->store.finished) return ADJ_INVALID_INPUT;
    adj_evaluator wanted = options == NULL ? ADJ_EVALUATOR_BEST : options->evaluator;
    const run_machine_code *code =
        wanted >= ADJ_EVALUATOR_MACHINE ? run_policies_code(policies, RUN_CODE_ALL, NULL) : NULL;
    if (wanted >= ADJ_EVALUATOR_MACHINE && code == NULL) return ADJ_NOT_FOUND;
    base_allocator allocator = policies->allocator;
    adj_results *results = allocator.reallocate(allocator.state, NULL, sizeof *results);
    if (results == NULL) return ADJ_OUT_OF_MEMORY;
    memset(results, 0, sizeof *results);
    base_arena_init(&results->arena, &allocator);
    base_arena_init(&results->scratch, &allocator);
    results->policies = policies;
    results->encounters = encounters;
    run_context context;
    bool ready = run_bind(&results->binding, &results->arena, policies->plan, &encounters->store) &&
                 run_context_init(&results->context, &results->arena, &results->binding, NULL) &&
                 run_context_init(&context, &results->arena, &results->binding, code) &&
                 collect_lines(results, &encounters->store);
    results->context.words = policies->words;
    results->context.redact = options != NULL && options->redact;
    adj_status status = ready ? judge_all(results, &context, options) : ADJ_OUT_OF_MEMORY;
    if (status != ADJ_OK) {
        adj_results_free(results);
        return status;
    }
    ask_sums(results);
    *out = results;
    return ADJ_OK;
}

void adj_results_free(adj_results *results)
{
    if (results == NULL) return;
    base_allocator allocator = results->arena.allocator;
    if (!results->view) run_many_release(&results->many);
    base_arena_release(&results->arena);
    base_arena_release(&results->scratch);
    allocator.reallocate(allocator.state, results, 0);
}

adj_status adj_results_view(const adj_results *results, adj_results **out)
{
    *out = NULL;
    base_allocator allocator = results->arena.allocator;
    adj_results *view = allocator.reallocate(allocator.state, NULL, sizeof *view);
    if (view == NULL) return ADJ_OUT_OF_MEMORY;
    /* What does not change any more: others may be at work with the rest. */
    *view = (adj_results){.policies = results->policies,
                          .encounters = results->encounters,
                          .binding = results->binding,
                          .lines = results->lines,
                          .line_count = results->line_count,
                          .many = results->many,
                          .stride = results->stride,
                          .verdicts = results->verdicts,
                          .view = true};
    base_arena_init(&view->arena, &allocator);
    base_arena_init(&view->scratch, &allocator);
    view->expanded = base_arena_alloc(&view->arena, view->stride + 1);
    if (view->expanded == NULL || !run_context_init(&view->context, &view->arena, &results->binding, NULL)) {
        adj_results_free(view);
        return ADJ_OUT_OF_MEMORY;
    }
    ask_sums(view);
    view->context.words = results->context.words;
    view->context.redact = results->context.redact;
    *out = view;
    return ADJ_OK;
}

size_t adj_results_count(const adj_results *results)
{
    return results->line_count;
}

adj_clause_verdict adj_results_clause(const adj_results *results, size_t line, size_t clause)
{
    if (line >= results->line_count || clause >= results->binding.plan->clauses.count) return ADJ_CLAUSE_NOT_APPLICABLE;
    if (results->verdicts == NULL)
        return run_many_clause(&results->many, results->policies->kernels, line, (uint32_t)clause);
    return (adj_clause_verdict)results->verdicts[line * results->stride + clause];
}

run_summary run_results_summary(const adj_results *results, size_t index)
{
    const plan_program *plan = results->binding.plan;
    if (results->verdicts != NULL) return run_summarize(plan, results->verdicts + index * results->stride);
    const run_many *many = &results->many;
    run_summary summary = {ADJ_PASS, many->flags[index]};
    for (size_t e = many->starts[index]; e < many->starts[index + 1]; e++) {
        const lang_clause *clause = plan->clauses.items[many->events[e].clause].source;
        adj_verdict outcome = run_clause_outcome(clause, (adj_clause_verdict)many->events[e].verdict);
        if (outcome < summary.worst) summary.worst = outcome;
    }
    return summary;
}

const uint8_t *run_results_verdicts(adj_results *results, size_t index)
{
    if (results->verdicts != NULL) return results->verdicts + index * results->stride;
    if (results->expanded_line == index + 1) return results->expanded;
    const run_many *many = &results->many;
    if (results->expanded_line > 0) {
        size_t last = results->expanded_line - 1;
        for (size_t e = many->starts[last]; e < many->starts[last + 1]; e++)
            results->expanded[many->events[e].clause] = ADJ_CLAUSE_NOT_APPLICABLE;
        results->expanded_line = 0;
    }
    bool judged = many->batch_of[index] != PLAN_NO_STEP;
    if (!judged)
        memset(results->expanded + results->binding.plan->clauses.count, 0, results->binding.plan->policies.count);
    if (judged && !run_judge_scopes(&results->context, results->lines[index], results->expanded)) return NULL;
    if (run_context_failed(&results->context)) return NULL;
    for (size_t e = many->starts[index]; e < many->starts[index + 1]; e++)
        results->expanded[many->events[e].clause] = (uint8_t)many->events[e].verdict;
    results->expanded_line = index + 1;
    return results->expanded;
}

const lang_clause *run_primary_clause(const adj_results *results, size_t index, adj_verdict verdict)
{
    const plan_program *plan = results->binding.plan;
    const lang_clause *best = NULL;
    size_t from = results->verdicts != NULL ? 0 : results->many.starts[index];
    size_t to = results->verdicts != NULL ? plan->clauses.count : results->many.starts[index + 1];
    for (size_t i = from; i < to; i++) {
        size_t c = results->verdicts != NULL ? i : results->many.events[i].clause;
        const lang_clause *clause = plan->clauses.items[c].source;
        if (adj_results_clause(results, index, c) != ADJ_CLAUSE_FAIL ||
            run_clause_outcome(clause, ADJ_CLAUSE_FAIL) != verdict)
            continue;
        bool better = best == NULL || clause->priority < best->priority ||
                      (clause->priority == best->priority && strcmp(clause->name.text, best->name.text) < 0);
        if (better) best = clause;
    }
    return best;
}

/* How many findings a line has, and how many of them fail. */
static void count_findings(const adj_results *results, size_t index, adj_line *line)
{
    const run_many *many = &results->many;
    for (size_t c = 0; results->verdicts != NULL && c < results->binding.plan->clauses.count; c++) {
        uint8_t verdict = results->verdicts[index * results->stride + c];
        if (verdict == ADJ_CLAUSE_FAIL) line->failing++;
        if (verdict >= ADJ_CLAUSE_FAIL) line->findings++;
    }
    if (results->verdicts != NULL) return;
    line->findings = many->starts[index + 1] - many->starts[index];
    for (size_t e = many->starts[index]; e < many->starts[index + 1]; e++)
        line->failing += many->events[e].verdict == ADJ_CLAUSE_FAIL ? 1 : 0;
}

static const char *field_text(adj_results *results, lang_field field, uint32_t row)
{
    const run_store *store = results->binding.store;
    if (!run_store_present(store, field, row)) return "";
    return run_format(&results->scratch, &results->context,
                      lang_schema_field(results->binding.plan->program->schema, field)->type,
                      run_store_bits(store, field, row), RUN_PRESENT);
}

adj_line adj_results_line(adj_results *results, size_t index)
{
    const run_store *store = results->binding.store;
    adj_line line = {0};
    if (index >= results->line_count) return line;
    base_arena_reset(&results->scratch);
    uint32_t row = results->lines[index];
    line.verdict = run_summary_verdict(&results->binding, row, run_results_summary(results, index), &line.reason);
    line.file = base_intern_text(&store->symbols, store->lines.items[row].file);
    line.segment = store->lines.items[row].segment;
    line.place = store->lines.items[row].place;
    bool claimed = run_store_present(store, LANG_FIELD_line_claim, row);
    uint32_t claim = claimed ? (uint32_t)run_store_bits(store, LANG_FIELD_line_claim, row) : 0;
    line.claim = claimed ? run_store_text(store, LANG_FIELD_claim_id, claim) : "";
    line.number = run_store_bits(store, LANG_FIELD_line_number, row);
    bool known = run_store_present(store, LANG_FIELD_line_patient, row);
    line.patient = known ? run_store_text(store, LANG_FIELD_patient_id,
                                          (uint32_t)run_store_bits(store, LANG_FIELD_line_patient, row))
                         : "";
    if (known && results->context.redact) line.patient = RUN_HIDDEN;
    line.payer = field_text(results, LANG_FIELD_line_payer, row);
    line.date = field_text(results, LANG_FIELD_line_date, row);
    line.procedure = field_text(results, LANG_FIELD_line_procedure, row);
    line.modifiers = field_text(results, LANG_FIELD_line_modifiers, row);
    if (strcmp(line.modifiers, "none") == 0) line.modifiers = "";
    line.place_of_service = field_text(results, LANG_FIELD_line_pos, row);
    line.units = field_text(results, LANG_FIELD_line_units, row);
    line.charge_known = run_store_present(store, LANG_FIELD_line_charge, row);
    line.charge = line.charge_known ? run_store_bits(store, LANG_FIELD_line_charge, row) : 0;
    count_findings(results, index, &line);
    if (line.verdict == ADJ_NOT_ADJUDICATED) line.findings = line.failing = 0;
    line.out_of_memory = results->scratch.failed;
    return line;
}

typedef struct ranked {
    adj_verdict outcome; /* excused findings rank as passes, after all others */
    const lang_clause *clause;
    size_t index;
} ranked;

static int by_rank(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->outcome != y->outcome) return x->outcome < y->outcome ? -1 : 1;
    if (x->clause->priority != y->clause->priority) return x->clause->priority < y->clause->priority ? -1 : 1;
    int names = strcmp(x->clause->name.text, y->clause->name.text);
    return names != 0 ? names : strcmp(x->clause->file->full_name, y->clause->file->full_name);
}

static bool explain_all(adj_results *results, size_t index, unsigned parts, adj_explanation *explanation)
{
    const plan_program *plan = results->binding.plan;
    const uint8_t *verdicts = run_results_verdicts(results, index);
    BASE_ARRAY(ranked) order = {0};
    if (verdicts == NULL) return false;
    /* Of lines that were judged in batches it is known which clauses say more than that they pass. */
    const run_many *many = results->verdicts == NULL ? &results->many : NULL;
    size_t from = many == NULL ? 0 : many->starts[index];
    size_t to = many == NULL ? plan->clauses.count : many->starts[index + 1];
    for (size_t i = from; i < to; i++) {
        size_t c = many == NULL ? i : many->events[i].clause;
        if (verdicts[c] < ADJ_CLAUSE_FAIL) continue;
        ranked *slot = BASE_PUSH(&explanation->arena, &order);
        if (slot == NULL) return false;
        const lang_clause *clause = plan->clauses.items[c].source;
        *slot = (ranked){run_clause_outcome(clause, (adj_clause_verdict)verdicts[c]), clause, c};
    }
    if (order.count > 1) qsort(order.items, order.count, sizeof(ranked), by_rank);
    uint32_t *open = base_arena_alloc(&explanation->arena, (order.count + 1) * sizeof *open);
    if (open == NULL) return false;
    for (size_t i = 0; i < order.count; i++) open[i] = (uint32_t)order.items[i].index;
    const run_verdicts before = {verdicts, open, order.count};
    for (size_t i = 0; i < order.count; i++) {
        adj_finding *finding = BASE_PUSH(&explanation->arena, &explanation->findings);
        if (finding == NULL) return false;
        size_t clause = order.items[i].index;
        uint32_t line = results->lines[index];
        if (!run_explain(&explanation->arena, &results->context, line, clause, (adj_clause_verdict)verdicts[clause],
                         verdicts, parts, finding)) {
            return false;
        }
        if (verdicts[clause] == ADJ_CLAUSE_CANNOT_TELL) finding->outcome = order.items[i].outcome;
        if (verdicts[clause] == ADJ_CLAUSE_FAIL && (parts & ADJ_EXPLAIN_CURES) != 0) {
            run_find_cures(&explanation->arena, &results->context, line, clause, &before, finding);
        }
    }
    return !explanation->arena.failed && !run_context_failed(&results->context);
}

adj_status adj_results_explain(adj_results *results, size_t index, adj_explanation **out)
{
    return adj_results_explain_parts(results, index, ADJ_EXPLAIN_ALL, out);
}

adj_status adj_results_explain_parts(adj_results *results, size_t index, unsigned parts, adj_explanation **out)
{
    *out = NULL;
    if (index >= results->line_count) return ADJ_NOT_FOUND;
    base_allocator allocator = results->arena.allocator;
    adj_explanation *explanation = allocator.reallocate(allocator.state, NULL, sizeof *explanation);
    if (explanation == NULL) return ADJ_OUT_OF_MEMORY;
    memset(explanation, 0, sizeof *explanation);
    base_arena_init(&explanation->arena, &allocator);
    const char *reason;
    adj_verdict verdict =
        run_summary_verdict(&results->binding, results->lines[index], run_results_summary(results, index), &reason);
    bool silent = verdict == ADJ_NOT_ADJUDICATED || verdict == ADJ_UNREADABLE;
    if (!silent && !explain_all(results, index, parts, explanation)) {
        adj_explanation_free(explanation);
        return ADJ_OUT_OF_MEMORY;
    }
    *out = explanation;
    return ADJ_OK;
}

void adj_explanation_free(adj_explanation *explanation)
{
    if (explanation == NULL) return;
    base_allocator allocator = explanation->arena.allocator;
    base_arena_release(&explanation->arena);
    allocator.reallocate(allocator.state, explanation, 0);
}

size_t adj_explanation_count(const adj_explanation *explanation)
{
    return explanation->findings.count;
}

const adj_finding *adj_explanation_finding(const adj_explanation *explanation, size_t index)
{
    return index < explanation->findings.count ? &explanation->findings.items[index] : NULL;
}
