/* From clauses' verdicts to a line's: docs/language.md, rules V1 to V7. */
#include "runtime/handles.h"

#include <string.h>

adj_verdict run_clause_outcome(const lang_clause *clause, adj_clause_verdict verdict)
{
    static const adj_verdict outcomes[] = {
        [LANG_DENY] = ADJ_DENY,   [LANG_REVIEW] = ADJ_REVIEW, [LANG_REDUCE] = ADJ_REDUCE,
        [LANG_AUDIT] = ADJ_AUDIT, [LANG_WARN] = ADJ_WARN,     [LANG_PASS] = ADJ_PASS};
    if (verdict == ADJ_CLAUSE_FAIL) return outcomes[clause->outcome];
    if (verdict != ADJ_CLAUSE_CANNOT_TELL) return ADJ_PASS;
    return clause->unknown_given ? outcomes[clause->if_unknown] : ADJ_CANNOT_TELL;
}

uint32_t run_speaking_policy(const plan_program *plan, const plan_clause *clause, const uint8_t *verdicts)
{
    const uint8_t *scopes = verdicts + plan->clauses.count;
    static const uint8_t wanted[] = {RUN_SCOPE_APPLIES, RUN_SCOPE_UNKNOWN};
    for (size_t w = 0; w < 2; w++) {
        if (scopes[clause->policy] == wanted[w]) return clause->policy;
        for (size_t i = 0; i < clause->sharers.count; i++) {
            if (scopes[clause->sharers.items[i]] == wanted[w]) return clause->sharers.items[i];
        }
    }
    return clause->policy;
}

bool run_waiver_holds(run_context *context, const plan_waiver *waiver, uint32_t line)
{
    run_element result = {0};
    run_interpret_element(context, waiver->block, line, RUN_NO_ROW, &result);
    return result.truth == RUN_TRUE;
}

static bool made_by(const lang_file *file, const lang_file *policy)
{
    for (const lang_file *at = policy; at != NULL; at = at->base) {
        if (at == file) return true;
    }
    return policy == NULL;
}

bool run_clause_waived(run_context *context, uint32_t line, uint32_t clause)
{
    const plan_program *plan = context->binding->plan;
    for (size_t i = 0; i < plan->waivers.count; i++) {
        const plan_waiver *waiver = &plan->waivers.items[i];
        if (waiver->clause == clause && run_waiver_holds(context, waiver, line)) return true;
    }
    return false;
}

void run_waive(run_context *context, uint32_t line, const lang_file *policy, uint8_t *verdicts)
{
    const plan_program *plan = context->binding->plan;
    for (size_t i = 0; i < plan->waivers.count; i++) {
        const plan_waiver *waiver = &plan->waivers.items[i];
        uint8_t *verdict = &verdicts[waiver->clause];
        bool open = *verdict == ADJ_CLAUSE_FAIL || *verdict == ADJ_CLAUSE_CANNOT_TELL;
        if (!open || !made_by(waiver->source->file, policy)) continue;
        if (run_waiver_holds(context, waiver, line)) *verdict = ADJ_CLAUSE_WAIVED;
    }
}

bool run_is_void(const run_store *store, uint32_t line)
{
    if (!run_store_present(store, LANG_FIELD_line_claim, line)) return false;
    uint32_t claim = (uint32_t)run_store_bits(store, LANG_FIELD_line_claim, line);
    return run_claim_voids(store, claim);
}

bool run_names_payer(const lang_file *file)
{
    return lang_naming_payers(file) != NULL;
}

run_summary run_summarize(const plan_program *plan, const uint8_t *verdicts)
{
    run_summary summary = {.worst = ADJ_PASS};
    const uint8_t *scopes = verdicts + plan->clauses.count;
    for (size_t p = 0; p < plan->policies.count; p++)
        summary.flags |= run_scope_flag(plan->policies.items[p].source, scopes[p]);
    for (size_t c = 0; c < plan->clauses.count; c++) {
        if (verdicts[c] == ADJ_CLAUSE_NOT_APPLICABLE) continue;
        summary.flags |= RUN_LINE_ANY_CLAUSE;
        adj_verdict outcome = run_clause_outcome(plan->clauses.items[c].source, (adj_clause_verdict)verdicts[c]);
        if (outcome < summary.worst) summary.worst = outcome;
    }
    return summary;
}

/* What nobody told that policies ask first. */
static const char *why_unknown(const plan_program *plan, const run_store *store, uint32_t line)
{
    if (!run_store_present(store, LANG_FIELD_line_payer, line)) return "its payer is unknown";
    if (!run_store_present(store, LANG_FIELD_line_date, line)) return "its date of service is unknown";
    bool of_plan = plan->names_plans && !run_store_present(store, LANG_FIELD_line_plan, line);
    bool of_product = plan->names_products && !run_product_known(store, line);
    if (of_plan && of_product) return "its plan, and its product (claim filing indicator), are unknown";
    return of_product ? "its product (claim filing indicator) is unknown" : "its plan is unknown";
}

bool run_product_known(const run_store *store, uint32_t line)
{
    return run_store_present(store, LANG_FIELD_line_claim, line) &&
           run_store_present(store, LANG_FIELD_claim_filing_indicator,
                             (uint32_t)run_store_bits(store, LANG_FIELD_line_claim, line));
}

/* Why none of the policies is the line's. */
static const char *why_strange(const run_binding *binding, uint32_t line)
{
    static const char *const others[] = {"no policy names its payer", "the policies of its payer are for other plans",
                                         "the policies of its payer are for other products",
                                         "the policies of its payer are for other plans or products"};
    bool told = run_store_present(binding->store, LANG_FIELD_line_payer, line);
    if (told && !run_payer_named(binding, line)) return others[0];
    return others[binding->plan->names_plans + 2 * binding->plan->names_products];
}

/* How the policies that name payers stand to the line; payerless ones speak of every line but adjudicate none. */
static adj_verdict without_clause(const run_binding *binding, uint32_t line, uint8_t flags, const char **reason)
{
    if ((flags & RUN_LINE_APPLIES) != 0) {
        if ((flags & RUN_LINE_ANY_CLAUSE) == 0) *reason = "no clause applies to it";
        return ADJ_PASS;
    }
    if ((flags & RUN_LINE_UNKNOWN) != 0) {
        *reason = why_unknown(binding->plan, binding->store, line);
        return ADJ_CANNOT_TELL;
    }
    if ((flags & RUN_LINE_NO_VERSION) != 0) {
        *reason = "no known version of the payer's policies covers its date";
        return ADJ_CANNOT_TELL;
    }
    *reason = why_strange(binding, line);
    return ADJ_NOT_ADJUDICATED;
}

adj_verdict run_summary_verdict(const run_binding *binding, uint32_t line, run_summary summary, const char **reason)
{
    const run_store *store = binding->store;
    *reason = "";
    const run_line_extra *extra = &store->lines.items[line];
    if (extra->unreadable) {
        *reason = extra->unreadable_why;
        return ADJ_UNREADABLE;
    }
    if (run_is_void(store, line)) {
        *reason = "it voids an earlier claim";
        return ADJ_NOT_ADJUDICATED;
    }
    adj_verdict alone = without_clause(binding, line, summary.flags, reason);
    if (summary.worst != ADJ_PASS) {
        /* A version that is not known hides clauses that might deny: nothing milder may be said. */
        if (alone == ADJ_CANNOT_TELL && summary.worst > ADJ_CANNOT_TELL) return alone;
        /* What only the practice's own rules leave open does not make a stranger's line adjudicated. */
        if (alone == ADJ_NOT_ADJUDICATED && summary.worst == ADJ_CANNOT_TELL) return alone;
        *reason = "";
        return summary.worst;
    }
    return alone;
}

adj_verdict run_line_verdict(const run_binding *binding, uint32_t line, const uint8_t *verdicts, const char **reason)
{
    return run_summary_verdict(binding, line, run_summarize(binding->plan, verdicts), reason);
}
