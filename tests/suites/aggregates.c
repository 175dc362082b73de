/* What several clauses count alike is counted once, and what only looks alike is not. */
#include "tests/suites/support.h"

#include "runtime/handles.h"

#define CLAUSE(name, body) "clause " name "\n  cite \"1\"\n" body "  deny CO-119 as limit \"x\"\n\n"
#define SUM(window, least)                                                                                             \
    "(sum of units over history " window " where procedure = this.procedure and units > " least ")"

/* Seven sums and counts, of which the first three are asked for twice, with other words around them. */
static const char policy[] =
    "policy alike\n  title \"Alike\"\n  payer \"K\"\n  effective 2020-01-01\n\nsection \"Lines\"\n  for each line\n\n"
    /* The first: */
    CLAUSE("one", "  when procedure in 90853\n  require " SUM("on the same day", "1") " <= 5\n")
        CLAUSE("again", "  when units = 2\n  require " SUM("on the same day", "1") " <= 3\n")
    /* The second: */
    CLAUSE("some", "  forbid exists history on the same day where pos = 22\n")
        CLAUSE("how_many", "  require at most 2 of history on the same day where pos = 22\n")
    /* The third, which judges no element: */
    CLAUSE("all", "  require at most 3 of history on the same day\n")
        CLAUSE("all_again", "  require at most 2 of history on the same day\n")
    /* Others: */
    CLAUSE("other_window", "  require " SUM("in the same calendar week", "1") " <= 5\n")
        CLAUSE("other_words", "  require " SUM("on the same day", "2") " <= 5\n")
            CLAUSE("so_far", "  require " SUM("on the same day so far", "1") " <= 3\n")
                CLAUSE("some_other", "  forbid exists other in history on the same day where pos = 22\n");

static const char lines[] = "claim_id,member_id,payer,line,date,procedure,pos,units,charge\n"
                            "A,M,K,1,2024-05-01,90853,22,2,90.00\nA,M,K,2,2024-05-01,90853,22,3,90.00\n"
                            "A,M,K,3,2024-05-01,90853,11,1,90.00\nB,M,K,1,2024-05-02,90853,22,2,90.00\n"
                            "C,M,K,1,2024-05-13,90837,11,2,90.00\n";

/* By line, then by clause: p passes, f fails, - does not apply. */
static const char *const said[] = {"pffppffppf", "p-fppffpff", "p-fppffpff", "ppfpppfppp", "-ppppppppp"};

static void compare(const adj_policies *policies, const adj_encounters *encounters, adj_evaluator evaluator)
{
    adj_options options = {.evaluator = evaluator};
    adj_results *results;
    cr_assert_eq(adj_evaluate(policies, encounters, &options, &results), ADJ_OK);
    cr_assert_eq(adj_results_count(results), sizeof said / sizeof *said);
    for (size_t line = 0; line < adj_results_count(results); line++) {
        char found[16] = "";
        for (size_t c = 0; c < adj_policies_clause_count(policies); c++)
            found[c] = "-pf"[adj_results_clause(results, line, c) % 3];
        cr_expect_str_eq(found, said[line], "line %zu: %s", line, found);
    }
    adj_results_free(results);
}

Test(aggregates, counted_alike_are_one)
{
    adj_policies *policies = support_policies(policy);
    cr_expect_eq(policies->plan->aggregates.count, 7u, "%zu", (size_t)policies->plan->aggregates.count);
    adj_encounters *encounters = support_lines(policies, lines);
    compare(policies, encounters, ADJ_EVALUATOR_INTERPRETER);
    compare(policies, encounters, ADJ_EVALUATOR_BOTH);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
}
