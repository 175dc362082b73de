/* Policies that name many payers and plans: one step asks for all of them, and says what asking for one after the other would. */
#include "tests/suites/support.h"

#include "runtime/handles.h"

enum { LINES = 30000, PAYERS = 40, PLANS = 40 };

static const char *policy_of(base_arena *arena)
{
    base_text text;
    base_text_init(&text, arena);
    base_text_put(&text, "policy many\n  title \"Many\"\n  payer ");
    for (int i = 0; i < PAYERS; i++) base_text_format(&text, "%s\"P%d\"", i == 0 ? "" : ", ", i);
    base_text_put(&text, "\n  plans ");
    for (int i = 0; i < PLANS; i++) base_text_format(&text, "%s\"L%d\"", i == 0 ? "" : ", ", i);
    base_text_put(&text, "\n  effective 2020-01-01\n\nclause units\n  cite \"1\"\n  require units <= 2\n"
                         "  deny CO-97 as coding \"x\"\n");
    return base_text_string(&text);
}

static adj_encounters *lines_of(const adj_policies *policies, base_arena *arena)
{
    base_text text;
    base_text_init(&text, arena);
    base_text_put(&text, "claim_id,member_id,payer,line,date,procedure,pos,units,charge\n");
    for (int i = 0; i < LINES; i++)
        base_text_format(&text, "C%d,M%d,P%d,1,2026-01-05,90853,11,%d,90.00\n", i, i % 700, i % (PAYERS + 7),
                         1 + i / 3 % 4);
    adj_encounters *encounters = support_lines(policies, base_text_string(&text));
    for (uint32_t line = 0; line < LINES; line++) {
        if (line % 5 == 0) run_store_set_unknown(&encounters->store, LANG_FIELD_line_payer, line);
        char plan[8];
        int length = snprintf(plan, sizeof plan, "L%u", line % 11 == 0 ? PLANS + line % 3 : line % PLANS);
        uint32_t id = base_intern_add(&encounters->store.symbols, plan, (size_t)length);
        if (line % 7 == 0)
            run_store_set_unknown(&encounters->store, LANG_FIELD_line_plan, line);
        else
            run_store_set(&encounters->store, LANG_FIELD_line_plan, line, id);
    }
    cr_assert(run_index(&encounters->store));
    return encounters;
}

static adj_clause_verdict expected(size_t i)
{
    bool payer_known = i % 5 != 0, plan_known = i % 7 != 0, holds = 1 + i / 3 % 4 <= 2;
    bool payer_named = i % (PAYERS + 7) < PAYERS, plan_named = i % 11 != 0;
    if ((payer_known && !payer_named) || (plan_known && !plan_named)) return ADJ_CLAUSE_NOT_APPLICABLE;
    if (holds) return ADJ_CLAUSE_PASS;
    return payer_known && plan_known ? ADJ_CLAUSE_FAIL : ADJ_CLAUSE_CANNOT_TELL;
}

Test(payers, thousands_are_asked_for_at_once)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    adj_policies *policies = support_policies(policy_of(&arena));
    adj_encounters *encounters = lines_of(policies, &arena);
    adj_results *results[SUPPORT_WAYS], *both = NULL;
    support_judge_all_ways(policies, encounters, results);
    adj_options options = {.evaluator = adj_has_machine_code() ? ADJ_EVALUATOR_BOTH : ADJ_EVALUATOR_INTERPRETER};
    cr_assert_eq(adj_evaluate(policies, encounters, &options, &both), ADJ_OK);
    for (size_t l = 0; l < LINES; l++) {
        cr_assert_eq(adj_results_clause(results[0], l, 0), expected(l), "line %zu", l);
        cr_assert_eq(adj_results_clause(both, l, 0), expected(l), "line %zu", l);
    }
    cr_expect_eq(policies->plan->lists.count, 2u, "payers and plans are asked for one after the other");
    for (size_t e = 0; e < SUPPORT_WAYS; e++) adj_results_free(results[e]);
    adj_results_free(both);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    base_arena_release(&arena);
}

/* A packed list holds fewer names than a policy may have. */
Test(payers, more_than_one_list_holds)
{
    enum { MANY = 60000 };
    base_arena arena;
    base_arena_init(&arena, NULL);
    base_text text;
    base_text_init(&text, &arena);
    base_text_put(&text, "policy many\n  title \"Many\"\n  payer ");
    for (int i = 0; i < MANY; i++) base_text_format(&text, "%s\"P%d\"", i == 0 ? "" : ", ", i);
    base_text_put(&text, "\n  effective 2020-01-01\n\nclause units\n  cite \"1\"\n  require units <= 2\n"
                         "  deny CO-97 as coding \"x\"\n");
    adj_policies *policies = support_policies(base_text_string(&text));
    adj_encounters *encounters =
        support_lines(policies, "claim_id,member_id,payer,line,date,procedure,pos,units,charge\n"
                                "C0,M0,P0,1,2026-01-05,90853,11,3,90.00\nC1,M0,P59999,1,2026-01-06,90853,11,3,90.00\n"
                                "C2,M0,P60000,1,2026-01-07,90853,11,3,90.00\n");
    adj_results *results = support_evaluate(policies, encounters);
    cr_expect_eq(adj_results_clause(results, 0, 0), ADJ_CLAUSE_FAIL);
    cr_expect_eq(adj_results_clause(results, 1, 0), ADJ_CLAUSE_FAIL);
    cr_expect_eq(adj_results_clause(results, 2, 0), ADJ_CLAUSE_NOT_APPLICABLE);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    base_arena_release(&arena);
}
