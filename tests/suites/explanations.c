/* Explanations: facts, counted lines, exceptions, missing fields and cures of the demonstration sample. */
#include "tests/suites/support.h"

static adj_policies *shipped(void)
{
    static const char *const paths[] = {SOURCE_FOLDER "/policies/behavioral_health.adj",
                                        SOURCE_FOLDER "/policies/ct_medicaid_clinic.adj",
                                        SOURCE_FOLDER "/policies/practice_standards.adj",
                                        SOURCE_FOLDER "/examples/harbor/harbor_group_psychotherapy.adj"};
    adj_policies *policies = NULL;
    cr_assert_eq(adj_policies_compile(paths, 4, NULL, &policies), ADJ_OK, "%s", adj_policies_diagnostics(policies));
    return policies;
}

static adj_encounters *demo(void)
{
    static const char *const files[] = {"claims.837",         "sessions.csv",    "attendance.csv",
                                        "authorizations.csv", "eligibility.csv", "history.csv"};
    adj_encounters *encounters = adj_encounters_new(NULL);
    for (size_t i = 0; i < 6; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/examples/demo/%s", SOURCE_FOLDER, files[i]);
        cr_assert_eq(adj_encounters_read(encounters, path), ADJ_OK, "%s", path);
    }
    return encounters;
}

typedef struct sample {
    adj_policies *policies;
    adj_encounters *encounters;
    adj_results *results;
    adj_explanation *explanation;
} sample;

static const adj_finding *finding(sample *s, const char *claim, int64_t number, const char *clause)
{
    if (s->policies == NULL) {
        s->policies = shipped();
        s->encounters = demo();
        s->results = support_evaluate(s->policies, s->encounters);
    }
    for (size_t i = 0; i < adj_results_count(s->results); i++) {
        adj_line line = adj_results_line(s->results, i);
        if (strcmp(line.claim, claim) != 0 || line.number != number) continue;
        adj_explanation_free(s->explanation);
        cr_assert_eq(adj_results_explain(s->results, i, &s->explanation), ADJ_OK);
        for (size_t k = 0; k < adj_explanation_count(s->explanation); k++) {
            const adj_finding *found = adj_explanation_finding(s->explanation, k);
            if (strcmp(found->clause, clause) == 0) return found;
        }
    }
    cr_assert_fail("%s line %lld has no finding by %s", claim, (long long)number, clause);
    return NULL;
}

static void done(sample *s)
{
    adj_explanation_free(s->explanation);
    adj_results_free(s->results);
    adj_encounters_free(s->encounters);
    adj_policies_free(s->policies);
}

static const char *fact(const adj_finding *f, const char *name)
{
    for (size_t i = 0; i < f->fact_count; i++) {
        if (strcmp(f->facts[i].name, name) == 0) return f->facts[i].value;
    }
    return "";
}

Test(explanations, counted_lines_are_named)
{
    sample s = {0};
    const adj_finding *f = finding(&s, "RB-2003", 1, "session_cap");
    cr_expect_eq(f->verdict, ADJ_CLAUSE_FAIL);
    cr_expect_str_eq(f->message, "This is session 9 in six months; 8 are covered.");
    cr_expect_str_eq(f->group_code, "CO");
    cr_expect_str_eq(f->reason_code, "119");
    cr_expect_str_eq(f->remark_codes[0], "N362");
    cr_expect_eq(f->counted_count, 9u);
    cr_expect(f->counted[0].from_history && f->counted[0].certain);
    cr_expect_str_eq(f->counted[8].claim, "RB-2003");
    cr_expect_str_eq(fact(f, "session_cap"), "8");
    done(&s);
}

Test(explanations, cures_are_proved_and_distinct)
{
    sample s = {0};
    const adj_finding *f = finding(&s, "RB-2009", 1, "telehealth_modifier");
    cr_assert_eq(f->cure_count, 1u);
    cr_expect_str_eq(f->cures[0].field, "modifiers");
    cr_expect_str_eq(f->cures[0].from, "none");
    cr_expect_str_eq(f->cures[0].to, "95");
    cr_expect(f->cures[0].line_passes);
    f = finding(&s, "RB-2010", 1, "way_and_place");
    cr_assert_eq(f->cure_count, 2u);
    cr_expect_str_eq(f->cures[0].field, "pos");
    f = finding(&s, "RB-2016", 1, "authorization");
    cr_assert_eq(f->cure_count, 1u);
    cr_expect_str_eq(f->cures[0].to, "HA-7712");
    f = finding(&s, "RB-2011", 1, "diagnosis");
    cr_expect_eq(f->cure_count, 0u, "a diagnosis is not a biller's to change");
    f = finding(&s, "RB-2005", 1, "individual_same_day");
    cr_expect_eq(f->cure_count, 0u, "a modifier that unbundles is never proposed");
    done(&s);
}

static const adj_finding *of_clause(const adj_explanation *explanation, const char *clause)
{
    for (size_t i = 0; i < adj_explanation_count(explanation); i++) {
        const adj_finding *f = adj_explanation_finding(explanation, i);
        if (strcmp(f->clause, clause) == 0) return f;
    }
    cr_assert_fail("no finding by %s", clause);
    return NULL;
}

/* Parts that nobody asked for are empty; all else is the same. Gives which parts the whole has. */
static unsigned compare_parts(const char *claim, const char *clause)
{
    sample s = {0};
    const adj_finding *whole = finding(&s, claim, 1, clause);
    size_t index = 0;
    while (strcmp(adj_results_line(s.results, index).claim, claim) != 0) index++;
    for (unsigned parts = 0; parts <= ADJ_EXPLAIN_ALL; parts++) {
        adj_explanation *some = NULL;
        cr_assert_eq(adj_results_explain_parts(s.results, index, parts, &some), ADJ_OK);
        const adj_finding *f = of_clause(some, clause);
        cr_expect_eq(f->verdict, whole->verdict);
        cr_expect_str_eq(f->message, whole->message);
        cr_expect_str_eq(f->citation, whole->citation);
        cr_expect_eq(f->fact_count, (parts & ADJ_EXPLAIN_FACTS) != 0 ? whole->fact_count : 0u);
        cr_expect_eq(f->cure_count, (parts & ADJ_EXPLAIN_CURES) != 0 ? whole->cure_count : 0u);
        cr_expect_eq(f->exception_count, (parts & ADJ_EXPLAIN_EXCEPTIONS) != 0 ? whole->exception_count : 0u);
        adj_explanation_free(some);
    }
    unsigned has = (whole->fact_count > 0 ? ADJ_EXPLAIN_FACTS : 0U) | (whole->cure_count > 0 ? ADJ_EXPLAIN_CURES : 0U) |
                   (whole->exception_count > 0 ? ADJ_EXPLAIN_EXCEPTIONS : 0U);
    done(&s);
    return has;
}

Test(explanations, in_parts)
{
    unsigned has = compare_parts("RB-2009", "telehealth_modifier") | compare_parts("RB-2005", "individual_same_day");
    cr_expect_eq(has, (unsigned)ADJ_EXPLAIN_ALL, "what is compared has all parts");
}

/* What is kept beside the policies for the next explanation outlives the results that it was made for. */
Test(explanations, outlive_their_results)
{
    sample s = {0};
    const adj_finding *f = finding(&s, "RB-2003", 1, "session_cap");
    char *name = strdup(f->facts[0].name), *citation = strdup(f->citation);
    adj_results_free(s.results);
    s.results = NULL;
    cr_expect_str_eq(f->facts[0].name, name);
    cr_expect_str_eq(f->citation, citation);
    free(name);
    free(citation);
    done(&s);
}

/* The line itself stands in the history that its clause counts: with another place it no longer counts. Sums that judging made know nothing
 * of that. */
Test(explanations, a_cure_of_a_count)
{
    static const char *const policy =
        "policy p\n  payer \"HARBOR\"\n\nclause places\n  cite \"1\"\n"
        "  require pos in 11, 22 and (count of history in the last 12 months where pos in 11) <= 3\n"
        "  deny CO-119 as limit \"{pos}\"\n";
    static const char lines[] = "claim_id,member_id,payer,line,date,procedure,pos,units,charge\n"
                                "C1,M1,HARBOR,1,2026-01-05,90853,11,1,50\nC2,M1,HARBOR,1,2026-01-06,90853,11,1,50\n"
                                "C3,M1,HARBOR,1,2026-01-07,90853,11,1,50\nC4,M1,HARBOR,1,2026-01-08,90853,11,1,50\n"
                                "C5,M1,HARBOR,1,2026-01-09,90853,11,1,50\nC6,M1,HARBOR,1,2026-01-10,90853,11,1,50\n"
                                "C7,M1,HARBOR,1,2026-01-11,90853,11,1,50\n";
    static const char history[] = "member_id,claim_id,date,procedure\n";
    sample s = {.policies = support_policies(policy), .encounters = adj_encounters_new(NULL)};
    cr_assert_eq(adj_encounters_read_bytes_as(s.encounters, "lines.csv", lines, strlen(lines), ADJ_ROLE_JUDGED),
                 ADJ_OK);
    cr_assert_eq(adj_encounters_read_bytes(s.encounters, "history.csv", history, strlen(history)), ADJ_OK);
    s.results = support_evaluate(s.policies, s.encounters);
    const adj_finding *f = finding(&s, "C4", 1, "places");
    cr_assert_eq(f->cure_count, 1u, "the fourth of three");
    cr_expect_str_eq(f->cures[0].field, "pos");
    cr_expect_str_eq(f->cures[0].to, "22");
    f = finding(&s, "C5", 1, "places");
    cr_expect_eq(f->cure_count, 0u, "four would be left");
    done(&s);
}

/* Of a table of whose rows all count, the fact is which were found. */
Test(explanations, rows_that_are_found)
{
    static const char *const policy =
        "policy p\n  payer \"HARBOR\"\n\n"
        "table asked (procedure) gives (required: modifiers)\n  all\n"
        "  | procedure | required |\n  | 90853     | HO       |\n  | any       | HQ       |\n\n"
        "section \"S\"\n  for each line\n  let rows = asked(procedure)\n\n"
        "clause needs\n  cite \"1\"\n  when rows is found\n"
        "  require modifiers include all of rows.required\n  deny CO-4 \"x\"\n";
    static const char lines[] = "claim_id,member_id,payer,line,date,procedure,pos,units,charge,modifiers\n"
                                "C1,M1,HARBOR,1,2026-01-05,90853,11,1,50,none\n"
                                "C2,M1,HARBOR,1,2026-01-06,90837,11,1,50,none\n";
    sample s = {.policies = support_policies(policy), .encounters = adj_encounters_new(NULL)};
    cr_assert_eq(adj_encounters_read_bytes_as(s.encounters, "lines.csv", lines, strlen(lines), ADJ_ROLE_JUDGED),
                 ADJ_OK);
    s.results = support_evaluate(s.policies, s.encounters);
    cr_expect_str_eq(fact(finding(&s, "C1", 1, "needs"), "asked(procedure)"), "rows 1, 2");
    cr_expect_str_eq(fact(finding(&s, "C2", 1, "needs"), "asked(procedure)"), "row 2");
    done(&s);
}

Test(explanations, exceptions_say_why)
{
    sample s = {0};
    const adj_finding *f = finding(&s, "RB-2008", 1, "individual_same_day");
    cr_assert_eq(f->exception_count, 1u);
    cr_expect_str_eq(f->exceptions[0].name, "distinct_sessions");
    cr_expect_str_eq(f->exceptions[0].citation, "7.6(c)");
    cr_expect_str_eq(f->exceptions[0].result, "does not hold");
    cr_expect_not_null(strstr(f->message, "(claim RB-2008)"), "%s", f->message);
    f = finding(&s, "RB-2007", 1, "individual_same_day");
    cr_expect_eq(f->verdict, ADJ_CLAUSE_EXCUSED);
    cr_expect_str_eq(f->exceptions[0].result, "holds");
    done(&s);
}

Test(explanations, missing_fields_are_those_that_would_settle_it)
{
    sample s = {0};
    const adj_finding *f = finding(&s, "RB-2027", 1, "minimum_minutes");
    cr_assert_eq(f->missing_count, 1u);
    cr_expect_str_eq(f->missing[0], "claim.program");
    f = finding(&s, "RB-2034", 1, "session_cap");
    cr_assert_eq(f->missing_count, 1u);
    cr_expect_str_eq(f->missing[0], "history.status");
    f = finding(&s, "RB-2019", 1, "way_and_place");
    cr_assert_eq(f->missing_count, 1u);
    cr_expect_str_eq(f->missing[0], "plan");
    done(&s);
}

/* Codes that no encounter of the run has are proposed where the requirement itself names them. */
Test(explanations, codes_that_a_requirement_names_are_proposed)
{
    sample s = {.policies = support_policies("policy p\n  payer \"HARBOR\"\n\n"
                                             "clause a\n  cite \"1\"\n  require modifiers include 77\n"
                                             "  warn CO-4 N822 \"{modifiers}\"\n\n"
                                             "clause b\n  cite \"2\"\n  require pos in 53, 57\n"
                                             "  warn CO-5 M77 \"{pos}\"\n\n"
                                             "clause c\n  cite \"3\"\n  forbid modifiers include none of XE, XS\n"
                                             "  warn CO-4 N822 \"{modifiers}\"\n"),
                .encounters = demo()};
    s.results = support_evaluate(s.policies, s.encounters);
    const adj_finding *f = finding(&s, "RB-2001", 1, "a");
    cr_assert_eq(f->cure_count, 1u);
    cr_expect_str_eq(f->cures[0].to, "77");
    f = finding(&s, "RB-2001", 1, "b");
    cr_assert_eq(f->cure_count, 2u);
    cr_expect_str_eq(f->cures[0].to, "53");
    cr_expect_str_eq(f->cures[1].to, "57");
    f = finding(&s, "RB-2001", 1, "c");
    cr_assert_eq(f->cure_count, 2u);
    cr_expect_str_eq(f->cures[0].to, "XE");
    done(&s);
}

/* An exception that another payer's policy makes is nothing to a line that it does not speak of; one of a layer above is. */
Test(explanations, exceptions_of_other_payers_are_left_out)
{
    static const char *const names[] = {"national.adj", "state.adj", "plan.adj", "other.adj"};
    static const char *const texts[] = {
        "policy national\n\nclause most\n  cite \"1\"\n  require units > 5\n  warn \"{units}\"\n",
        "policy state extends national\n  payer \"STATE\"\n\nexception of_the_state to national.most\n  cite \"2\"\n"
        "  when units = 3\n",
        "policy plan extends state\n  payer \"HARBOR\"\n",
        "policy elsewhere extends national\n  payer \"OTHER\"\n\nexception of_the_other to national.most\n  cite "
        "\"3\"\n"
        "  when units = 4\n"};
    sample s = {.encounters = demo()};
    cr_assert_eq(adj_policies_compile_text(names, texts, 4, NULL, &s.policies), ADJ_OK, "%s",
                 adj_policies_diagnostics(s.policies));
    s.results = support_evaluate(s.policies, s.encounters);
    const adj_finding *f = finding(&s, "RB-2001", 1, "most");
    cr_assert_eq(f->exception_count, 1u);
    cr_expect_str_eq(f->exceptions[0].name, "state.of_the_state");
    cr_expect_str_eq(f->policy, "national");
    cr_expect_str_eq(f->through, "plan", "judged with the layer above, in the name of its own");
    done(&s);
}

/* Arithmetic that comes to nothing is told of in the words of the policy, in what a clause asks of its line and of others. */
Test(explanations, arithmetic_is_told_of_in_the_words_of_the_policy)
{
    adj_policies *policies = support_policies(
        "policy p\n  payer \"P\"\n\n"
        "clause own\n  cite \"1\"\n  require charge / units <= $90.00\n  deny CO-45 as payment \"x\"\n\n"
        "clause others\n  cite \"2\"\n  forbid exists other in claim.lines where charge / (units + 0) > $90.00\n"
        "  deny CO-45 as payment \"x\"\n");
    adj_encounters *encounters =
        support_lines(policies, "claim_id,line,member_id,payer_id,date,procedure,units,charge\n"
                                "A,1,M,P,2026-03-05,90853,0,100.00\n"
                                "A,2,M,P,2026-03-05,90853,1,80.00\n");
    adj_results *results = support_evaluate(policies, encounters);
    adj_explanation *explanation;
    cr_assert_eq(adj_results_explain(results, 0, &explanation), ADJ_OK);
    const adj_finding *f = of_clause(explanation, "own");
    cr_assert_eq(f->error_count, 1u);
    cr_expect_str_eq(f->errors[0], "in `own`, `charge / units` divides by zero");
    adj_explanation_free(explanation);
    cr_assert_eq(adj_results_explain(results, 1, &explanation), ADJ_OK);
    f = of_clause(explanation, "others");
    cr_assert_eq(f->error_count, 1u);
    cr_expect_str_eq(f->errors[0], "in `others`, `charge / (units + 0)` divides by zero");
    adj_explanation_free(explanation);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
}
