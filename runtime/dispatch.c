/* Which policies can speak of a payer's lines, worked out once, so that a line meets only those. A policy of another payer would find
 * that out itself, once for each group of its clauses; with many payers in a library that is most of what judging costs. Lines
 * whose payer is absent or unknown meet every policy. */
#include "runtime/policy_codes.h"

#include <stdlib.h>
#include <string.h>

/* Where pairs are gathered. */
typedef struct gathering {
    const run_binding *binding;
    BASE_ARRAY(uint64_t) pairs;
} gathering;

static bool add_payers(gathering *g, const lang_file *named, uint32_t policy)
{
    for (size_t i = 0; i < named->payers.count; i++) {
        const char *payer = named->payers.items[i].text;
        uint32_t id = base_intern_find(&g->binding->store->symbols, payer, strlen(payer));
        if (id == BASE_INTERN_NONE) continue; /* no line is that payer's */
        uint64_t *pair = BASE_PUSH(g->binding->arena, &g->pairs);
        if (pair == NULL) return false;
        *pair = (uint64_t)id << 32 | policy;
    }
    return true;
}

/* Adds the payers of a policy and of those below it that leave clauses to it, which name some themselves or have its own. */
static bool add_policy(gathering *g, uint32_t policy, run_dispatch *dispatch)
{
    const plan_program *plan = g->binding->plan;
    const plan_policy *of = &plan->policies.items[policy];
    const lang_file *named = lang_naming_payers(of->source);
    if (named == NULL) {
        dispatch->everywhere[dispatch->everywhere_count++] = policy;
        return true;
    }
    if (!add_payers(g, named, policy)) return false;
    for (size_t i = 0; i < of->sharers.count; i++) {
        if (!add_payers(g, lang_naming_payers(plan->policies.items[of->sharers.items[i]].source), policy)) return false;
    }
    return true;
}

static int by_pair(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Where a payer's first pair is sought first. */
static uint32_t place_of_payer(const run_dispatch *dispatch, uint32_t payer)
{
    return (payer * UINT32_C(2654435761)) >> 7 & dispatch->mask;
}

static bool find_firsts(run_dispatch *dispatch, base_arena *arena)
{
    size_t size = 16;
    while (size < dispatch->pair_count * 2) size *= 2;
    dispatch->firsts = base_arena_alloc(arena, size * sizeof *dispatch->firsts);
    if (dispatch->firsts == NULL) return false;
    dispatch->mask = (uint32_t)(size - 1);
    for (size_t i = 0; i < dispatch->pair_count; i++) {
        uint32_t payer = (uint32_t)(dispatch->pairs[i] >> 32);
        if (i > 0 && dispatch->pairs[i - 1] >> 32 == payer) continue;
        uint32_t at = place_of_payer(dispatch, payer);
        while (dispatch->firsts[at] != 0) at = (at + 1) & dispatch->mask;
        dispatch->firsts[at] = (uint32_t)i + 1;
    }
    return true;
}

bool run_bind_dispatch(run_binding *binding)
{
    run_dispatch *dispatch = &binding->dispatch;
    size_t policies = binding->plan->policies.count;
    gathering g = {.binding = binding};
    dispatch->everywhere = base_arena_alloc(binding->arena, (policies + 1) * sizeof *dispatch->everywhere);
    if (dispatch->everywhere == NULL) return false;
    for (uint32_t policy = 0; policy < policies; policy++) {
        if (!add_policy(&g, policy, dispatch)) return false;
    }
    uint64_t *pairs = g.pairs.items;
    if (g.pairs.count > 1) qsort(pairs, g.pairs.count, sizeof *pairs, by_pair);
    /* A policy and one below it may name the same payer: it judges the line once. */
    size_t kept = 0;
    for (size_t i = 0; i < g.pairs.count; i++) {
        if (kept == 0 || pairs[i] != pairs[kept - 1]) pairs[kept++] = pairs[i];
    }
    dispatch->pairs = pairs;
    dispatch->pair_count = kept;
    return find_firsts(dispatch, binding->arena);
}

/* The payer of a line, or false where it is not known, is tried out as another one or has no number in the dispatch. */
static bool payer_of(const run_context *context, uint32_t line, uint32_t *payer)
{
    for (size_t i = 0; i < context->change_count; i++) {
        if (context->changes[i].field == LANG_FIELD_line_payer) return false;
    }
    const run_column *column = &context->columns[LANG_FIELD_line_payer];
    /* A payer that policies name and no line of the store has: that of a single encounter beside a history. */
    int64_t id = run_column_bits(column, line);
    if (column->states[line] != RUN_PRESENT || id >= RUN_FOREIGN_SYMBOLS) return false;
    *payer = (uint32_t)id;
    return true;
}

static void judge_by(run_context *context, uint32_t policy, uint32_t line, uint8_t *verdicts)
{
    run_policy_function made = run_policy_code(context->code, policy);
    run_policy_codes_want(context->code, policy);
    if (made != NULL)
        made(context, line, verdicts);
    else
        run_interpret_policy(context, policy, line, verdicts);
}

/* The first pair of a payer; the number of pairs for none. */
static size_t first_pair(const run_dispatch *dispatch, uint32_t payer)
{
    for (uint32_t at = place_of_payer(dispatch, payer);; at = (at + 1) & dispatch->mask) {
        uint32_t first = dispatch->firsts[at];
        if (first == 0) return dispatch->pair_count;
        if (dispatch->pairs[first - 1] >> 32 == payer) return first - 1;
    }
}

/* The same for a payer that no line of the store has, by the number of its text in the plan. */
static bool foreign_payer_named(const plan_program *plan, size_t symbol)
{
    if (symbol >= plan->symbols.count) return false;
    for (size_t i = 0; i < plan->policies.count; i++) {
        const lang_file *named = lang_naming_payers(plan->policies.items[i].source);
        for (size_t k = 0; named != NULL && k < named->payers.count; k++) {
            if (strcmp(named->payers.items[k].text, plan->symbols.items[symbol]) == 0) return true;
        }
    }
    return false;
}

bool run_payer_named(const run_binding *binding, uint32_t line)
{
    int64_t payer = run_store_bits(binding->store, LANG_FIELD_line_payer, line);
    if (payer >= RUN_FOREIGN_SYMBOLS) return foreign_payer_named(binding->plan, (size_t)(payer - RUN_FOREIGN_SYMBOLS));
    return first_pair(&binding->dispatch, (uint32_t)payer) < binding->dispatch.pair_count;
}

size_t run_policies_of(const run_binding *binding, bool known, uint32_t payer, uint32_t *policies)
{
    const run_dispatch *dispatch = &binding->dispatch;
    size_t count = 0;
    for (uint32_t policy = 0; !known && policy < binding->plan->policies.count; policy++) policies[count++] = policy;
    if (!known) return count;
    for (size_t i = 0; i < dispatch->everywhere_count; i++) policies[count++] = dispatch->everywhere[i];
    for (size_t i = first_pair(dispatch, payer); i < dispatch->pair_count && dispatch->pairs[i] >> 32 == payer; i++) {
        policies[count++] = (uint32_t)dispatch->pairs[i];
    }
    return count;
}

static size_t policies_of_line(const run_context *context, uint32_t line, uint32_t *policies)
{
    uint32_t payer = 0;
    bool known = !context->undispatched && payer_of(context, line, &payer);
    return run_policies_of(context->binding, known, payer, policies);
}

size_t run_policies_at_hand(run_context *context, uint32_t line)
{
    return policies_of_line(context, line, context->policies);
}

size_t run_judge_listed(run_context *context, uint32_t line, uint8_t *verdicts, uint32_t *policies)
{
    const plan_program *plan = context->binding->plan;
    size_t count = policies_of_line(context, line, policies);
    context->scratch.count = 0;
    for (size_t i = 0; i < count; i++) {
        const plan_policy *policy = &plan->policies.items[policies[i]];
        memset(verdicts + policy->first_clause, 0, policy->clause_count);
        verdicts[plan->clauses.count + policies[i]] = 0;
        judge_by(context, policies[i], line, verdicts);
    }
    return count;
}

void run_judge(run_context *context, uint32_t line, uint8_t *verdicts)
{
    const plan_program *plan = context->binding->plan;
    memset(verdicts, 0, plan->clauses.count + plan->policies.count);
    run_judge_listed(context, line, verdicts, context->policies);
}
