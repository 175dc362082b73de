/* Evaluation of all lines of a store, and the results' accessors. */
#include "runtime/handles.h"

#include <stdlib.h>
#include <string.h>

static bool by_machine(const adj_policies *policies, const adj_options *options)
{
    adj_evaluator wanted = options == NULL ? ADJ_EVALUATOR_BEST : options->evaluator;
    return wanted != ADJ_EVALUATOR_INTERPRETER && policies->code != NULL;
}

static bool collect_lines(adj_results *results, const run_store *store)
{
    uint32_t count = store->counts[LANG_RECORD_line];
    results->lines = base_arena_alloc(&results->arena, (count + 1) * sizeof *results->lines);
    if (results->lines == NULL) return false;
    for (uint32_t line = 0; line < count; line++) {
        if (store->lines.items[line].subject) results->lines[results->line_count++] = line;
    }
    results->stride = results->binding.plan->clauses.count + results->binding.plan->policies.count;
    results->verdicts = base_arena_alloc(&results->arena, results->stride * results->line_count + 1);
    return results->verdicts != NULL;
}

static bool judged(const run_store *store, uint32_t line)
{
    return !store->lines.items[line].unreadable && !run_is_void(store, line);
}

/* Judges every line; with `check`, again by the interpreter and every policy, and tells whether all agree. */
static bool judge_all(adj_results *results, run_context *context, run_context *check)
{
    const run_store *store = results->binding.store;
    uint8_t *second = check == NULL ? NULL : base_arena_alloc(&results->arena, results->stride + 1);
    if (check != NULL && second == NULL) return true;
    for (size_t i = 0; i < results->line_count; i++) {
        if (!judged(store, results->lines[i])) continue;
        uint8_t *verdicts = results->verdicts + i * results->stride;
        run_judge(context, results->lines[i], verdicts);
        if (run_context_failed(context)) return true;
        if (check != NULL) {
            run_judge(check, results->lines[i], second);
            if (run_context_failed(check)) return true;
            if (memcmp(verdicts, second, results->stride) != 0) return false;
        }
        run_waive(context, results->lines[i], NULL, verdicts);
        if (run_context_failed(context)) return true;
    }
    return true;
}

adj_status adj_evaluate(const adj_policies *policies, const adj_encounters *encounters, const adj_options *options,
                        adj_results **out)
{
    *out = NULL;
    if (policies->plan == NULL) return ADJ_INVALID_POLICY;
    if (!encounters->store.finished) return ADJ_INVALID_INPUT;
    adj_evaluator wanted = options == NULL ? ADJ_EVALUATOR_BEST : options->evaluator;
    bool needs_code = wanted == ADJ_EVALUATOR_MACHINE || wanted == ADJ_EVALUATOR_BOTH;
    if (needs_code && policies->code == NULL) return ADJ_NOT_FOUND;
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
                 run_context_init(&context, &results->arena, &results->binding,
                                  by_machine(policies, options) ? policies->code : NULL) &&
                 collect_lines(results, &encounters->store);
    if (!ready) {
        adj_results_free(results);
        return ADJ_OUT_OF_MEMORY;
    }
    results->context.redact = options != NULL && options->redact;
    results->context.undispatched = true;
    bool agreed = judge_all(results, &context, wanted == ADJ_EVALUATOR_BOTH ? &results->context : NULL);
    results->context.undispatched = false;
    bool failed = run_context_failed(&context) || run_context_failed(&results->context);
    if (failed || !agreed) {
        adj_results_free(results);
        return failed ? ADJ_OUT_OF_MEMORY : ADJ_INTERNAL;
    }
    *out = results;
    return ADJ_OK;
}

void adj_results_free(adj_results *results)
{
    if (results == NULL) return;
    base_allocator allocator = results->arena.allocator;
    base_arena_release(&results->arena);
    base_arena_release(&results->scratch);
    allocator.reallocate(allocator.state, results, 0);
}

size_t adj_results_count(const adj_results *results)
{
    return results->line_count;
}

adj_clause_verdict adj_results_clause(const adj_results *results, size_t line, size_t clause)
{
    if (line >= results->line_count || clause >= results->binding.plan->clauses.count) return ADJ_CLAUSE_NOT_APPLICABLE;
    return (adj_clause_verdict)results->verdicts[line * results->stride + clause];
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
    base_arena_release(&results->scratch);
    uint32_t row = results->lines[index];
    const uint8_t *verdicts = results->verdicts + index * results->stride;
    line.verdict = run_line_verdict(results->binding.plan, store, row, verdicts, &line.reason);
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
    for (size_t c = 0; c < results->binding.plan->clauses.count; c++) {
        adj_clause_verdict verdict = (adj_clause_verdict)verdicts[c];
        if (verdict == ADJ_CLAUSE_FAIL) line.failing++;
        if (verdict >= ADJ_CLAUSE_FAIL) line.findings++;
    }
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

static bool explain_all(adj_results *results, size_t index, adj_explanation *explanation)
{
    const plan_program *plan = results->binding.plan;
    const uint8_t *verdicts = results->verdicts + index * results->stride;
    BASE_ARRAY(ranked) order = {0};
    for (size_t c = 0; c < plan->clauses.count; c++) {
        if (verdicts[c] < ADJ_CLAUSE_FAIL) continue;
        ranked *slot = BASE_PUSH(&explanation->arena, &order);
        if (slot == NULL) return false;
        const lang_clause *clause = plan->clauses.items[c].source;
        *slot = (ranked){run_clause_outcome(clause, (adj_clause_verdict)verdicts[c]), clause, c};
    }
    if (order.count > 1) qsort(order.items, order.count, sizeof(ranked), by_rank);
    for (size_t i = 0; i < order.count; i++) {
        adj_finding *finding = BASE_PUSH(&explanation->arena, &explanation->findings);
        if (finding == NULL) return false;
        size_t clause = order.items[i].index;
        uint32_t line = results->lines[index];
        if (!run_explain(&explanation->arena, &results->context, line, clause, (adj_clause_verdict)verdicts[clause],
                         verdicts, finding)) {
            return false;
        }
        if (verdicts[clause] == ADJ_CLAUSE_CANNOT_TELL) finding->outcome = order.items[i].outcome;
        if (verdicts[clause] == ADJ_CLAUSE_FAIL) {
            run_find_cures(&explanation->arena, &results->context, line, clause, verdicts, finding);
        }
    }
    return !explanation->arena.failed && !run_context_failed(&results->context);
}

adj_status adj_results_explain(adj_results *results, size_t index, adj_explanation **out)
{
    *out = NULL;
    if (index >= results->line_count) return ADJ_NOT_FOUND;
    base_allocator allocator = results->arena.allocator;
    adj_explanation *explanation = allocator.reallocate(allocator.state, NULL, sizeof *explanation);
    if (explanation == NULL) return ADJ_OUT_OF_MEMORY;
    memset(explanation, 0, sizeof *explanation);
    base_arena_init(&explanation->arena, &allocator);
    const char *reason;
    adj_verdict verdict = run_line_verdict(results->binding.plan, results->binding.store, results->lines[index],
                                           results->verdicts + index * results->stride, &reason);
    bool silent = verdict == ADJ_NOT_ADJUDICATED || verdict == ADJ_UNREADABLE;
    if (!silent && !explain_all(results, index, explanation)) {
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
