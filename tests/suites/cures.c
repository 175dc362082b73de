/* Cures: what may be corrected is found from sets, lists and tables, a trial judges what the change may alter and nothing else, and
 * says whether the line then passes. */
#include "tests/suites/support.h"

#include "runtime/handles.h"

typedef struct cured {
    adj_policies *policies;
    adj_encounters *encounters;
    adj_results *results;
    adj_explanation *explanation;
} cured;

static const char header[] = "claim_id,member_id,payer,line,date,procedure,pos,units,charge,modifiers\n";

static cured judge(const char *policy, const char *lines)
{
    cured c = {.policies = support_policies(policy)};
    base_arena arena;
    base_arena_init(&arena, NULL);
    c.encounters = support_lines(c.policies, base_format(&arena, "%s%s", header, lines));
    adj_options options = {.evaluator = ADJ_EVALUATOR_BEST};
    cr_assert_eq(adj_evaluate(c.policies, c.encounters, &options, &c.results), ADJ_OK);
    base_arena_release(&arena);
    return c;
}

/* Of a clause on a line; NULL where it is no finding of it. Lives until the next one. */
static const adj_finding *finding(cured *c, size_t line, const char *clause)
{
    if (c->explanation != NULL) adj_explanation_free(c->explanation);
    cr_assert_eq(adj_results_explain(c->results, line, &c->explanation), ADJ_OK);
    for (size_t i = 0; i < adj_explanation_count(c->explanation); i++) {
        const adj_finding *f = adj_explanation_finding(c->explanation, i);
        if (strcmp(f->clause, clause) == 0) return f;
    }
    cr_assert_fail("line %zu has no finding of %s", line, clause);
    return NULL;
}

static void done(cured *c)
{
    if (c->explanation != NULL) adj_explanation_free(c->explanation);
    adj_results_free(c->results);
    adj_encounters_free(c->encounters);
    adj_policies_free(c->policies);
}

#define START(name, payer) "policy " name "\n  title \"T\"\n" payer "  effective 2020-01-01\n\n"
#define CLAUSE(name, outcome, body) "clause " name "\n  cite \"1\"\n" body "  " outcome "\n\n"
#define DENY "deny CO-4 as coding \"x\""

Test(cures, come_from_lists_tables_and_sets)
{
    cured c =
        judge(START("p", "  payer \"K\"\n") "table both (pos) gives (needed: modifiers)\n  | pos | needed |\n  | 02  | "
                                            "GT, 95 |\n  | 11  | none   |\n\n"
                                            "table one (pos) gives (needed: modifier)\n  | pos | needed |\n  | 02  | "
                                            "HQ     |\n  | 11  | 76     |\n\n"
                                            "codes first : modifier\n  KX, KF\n\ncodes second : modifier\n  KV\n\n"
                                            "section \"All\"\n  for each line\n  let way = both(pos)\n  let single = "
                                            "one(pos)\n\n" CLAUSE(
                                                "named_first", "warn \"x\"",
                                                "  when procedure = 99999\n  require modifiers include any of first\n")
                                                CLAUSE("by_list", DENY,
                                                       "  when procedure = 90853 and way is found\n  require modifiers "
                                                       "include all of way.needed\n")
                                                    CLAUSE("by_table", DENY,
                                                           "  when procedure = 90834 and single is found\n  require "
                                                           "modifiers include single.needed\n")
                                                        CLAUSE("by_set", DENY,
                                                               "  when procedure = 90837\n  require modifiers include "
                                                               "any of second or modifiers include any of first\n"),
              "C1,M,K,1,2026-01-05,90853,02,1,90.00,\nC2,M,K,1,2026-01-05,90834,02,1,90.00,\n"
              "C3,M,K,1,2026-01-05,90837,02,1,90.00,\n");
    const adj_finding *f = finding(&c, 0, "by_list");
    cr_assert_geq(f->cure_count, 1u);
    bool both = false;
    for (size_t i = 0; i < f->cure_count; i++) both = both || strcmp(f->cures[i].to, "GT, 95") == 0;
    cr_expect(both, "two modifiers of a list at once");
    f = finding(&c, 1, "by_table");
    cr_assert_geq(f->cure_count, 1u);
    cr_expect_str_eq(f->cures[0].to, "HQ");
    f = finding(&c, 2, "by_set");
    cr_assert_eq(f->cure_count, 3u);
    cr_expect_str_eq(f->cures[0].to, "KX", "sets are gone through in the order of the policy");
    cr_expect_str_eq(f->cures[1].to, "KF");
    cr_expect_str_eq(f->cures[2].to, "KV");
    done(&c);
}

Test(cures, tell_whether_the_line_passes_then)
{
    cured c = judge(
        START("p", "  payer \"K\"\n")
            CLAUSE("needs", DENY, "  when procedure in 90853, 90834, 90832\n  require modifiers include any of 95\n")
                CLAUSE("limit_of_units", DENY, "  when procedure = 90834\n  require units <= 1\n") CLAUSE(
                    "still", "review CO-4 as coding \"x\"",
                    "  when procedure = 90832\n  require modifiers include any of 59\n")
                    CLAUSE("instead", DENY,
                           "  when procedure = 90837 and modifiers include none of 95\n"
                           "  require modifiers include any of 95\n")
                        CLAUSE("worse", DENY, "  when procedure = 90839\n  require modifiers include any of 95\n")
                            CLAUSE("never", DENY, "  when procedure = 90839\n  require modifiers include none of 95\n"),
        "C1,M,K,1,2026-01-05,90853,11,1,90.00,\nC2,M,K,1,2026-01-05,90834,11,2,90.00,\n"
        "C3,M,K,1,2026-01-05,90832,11,1,90.00,\nC4,M,K,1,2026-01-05,90837,11,1,90.00,\n"
        "C5,M,K,1,2026-01-05,90839,11,1,90.00,\nC6,M,K,1,2026-01-05,90853,11,1,90.00,\n");
    for (size_t line = 0; line < 6; line += 5) { /* the last line after others: nothing of them is left */
        const adj_finding *f = finding(&c, line, "needs");
        cr_assert_eq(f->cure_count, 1u);
        cr_expect(f->cures[0].line_passes);
        if (line > 0) break;
        f = finding(&c, 1, "needs");
        cr_assert_eq(f->cure_count, 1u);
        cr_expect_not(f->cures[0].line_passes, "a clause that the change does not alter fails");
        f = finding(&c, 2, "needs");
        cr_assert_eq(f->cure_count, 1u);
        cr_expect_not(f->cures[0].line_passes, "one that was judged again still fails");
        f = finding(&c, 3, "instead");
        cr_expect_eq(f->cure_count, 0u, "a clause that no longer applies does not pass");
        f = finding(&c, 4, "worse");
        cr_expect_eq(f->cure_count, 0u, "another clause would fail");
    }
    done(&c);
}

/* A practice's own policy speaks of all lines; where it is not known whose a line is, the line cannot be told, whatever is cured. */
Test(cures, leave_open_whose_the_line_is)
{
    const char *names[] = {"own.adj", "k.adj"};
    const char *texts[] = {START("own", "") CLAUSE("needs", DENY, "  require modifiers include any of 95\n"),
                           START("k", "  payer \"K\"\n") CLAUSE("units", DENY, "  require units <= 3\n")};
    adj_policies *policies = NULL;
    cr_assert_eq(adj_policies_compile_text(names, texts, 2, NULL, &policies), ADJ_OK, "%s",
                 policies == NULL ? "" : adj_policies_diagnostics(policies));
    cured c = {.policies = policies};
    c.encounters =
        support_lines(policies, "claim_id,member_id,payer,line,date,procedure,pos,units,charge,modifiers\n"
                                "C1,M,K,1,2026-01-05,90853,11,1,90.00,\nC2,M,K,1,2026-01-05,90853,11,1,90.00,\n"
                                "C3,M,K,1,2026-01-05,90853,11,1,90.00,\n");
    run_store_set_unknown(&c.encounters->store, LANG_FIELD_line_payer, 1);
    cr_assert(run_index(&c.encounters->store));
    cr_assert_eq(adj_evaluate(policies, c.encounters, NULL, &c.results), ADJ_OK);
    for (size_t line = 0; line < 3; line++) {
        const adj_finding *f = finding(&c, line, "needs");
        cr_assert_eq(f->cure_count, 1u, "line %zu", line);
        cr_expect_eq(f->cures[0].line_passes, line != 1, "line %zu", line);
    }
    done(&c);
}

/* What was tried on a line of one payer says nothing of the next line, of another one. */
Test(cures, are_tried_on_each_line_anew)
{
    const char *names[] = {"j.adj", "k.adj"};
    const char *texts[] = {
        START("j", "  payer \"J\"\n") CLAUSE("needs", DENY, "  require modifiers include any of 95\n")
            CLAUSE("still", DENY, "  require modifiers include any of 59\n"),
        START("k", "  payer \"K\"\n") CLAUSE("needs", DENY, "  require modifiers include any of 95\n")};
    adj_policies *policies = NULL;
    cr_assert_eq(adj_policies_compile_text(names, texts, 2, NULL, &policies), ADJ_OK);
    cured c = {.policies = policies};
    c.encounters =
        support_lines(policies, "claim_id,member_id,payer,line,date,procedure,pos,units,charge,modifiers\n"
                                "C1,M,J,1,2026-01-05,90853,11,1,90.00,\nC2,M,K,1,2026-01-05,90853,11,1,90.00,\n");
    cr_assert_eq(adj_evaluate(policies, c.encounters, NULL, &c.results), ADJ_OK);
    cr_assert_eq(finding(&c, 0, "needs")->cure_count, 1u);
    const adj_finding *f = finding(&c, 1, "needs");
    cr_assert_eq(f->cure_count, 1u);
    cr_expect(f->cures[0].line_passes);
    done(&c);
}
