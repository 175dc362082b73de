/* A line's verdict where several policies speak: payers, versions, and a practice's own rules. */
#include "tests/suites/support.h"

#define CLAIM                                                                                                          \
    "ST*837*0001*005010X222A1~BHT*0019*00*1*20260710*0915*CH~HL*1**20*1~NM1*85*2*PRACTICE*****XX*1234567893~"          \
    "HL*2*1*22*0~SBR*P*18*******CI~NM1*IL*1*DOE*JANE****MI*M1~NM1*PR*2*HARBOR*****PI*HARBOR~"                          \
    "CLM*C1*100***11:B:1*Y*A*Y*Y~HI*ABK:F331~LX*1~SV1*HC:90853*100*UN*2***1~DTP*472*D8*20260602~SE*14*0001~"

/* Judges the claim by a payer's policy, whose header goes on with `header`, and by a rule of the practice's own. */
static adj_verdict judge(const char *header, const char *payers_rule, const char *own_rule)
{
    char payer[512], own[512];
    snprintf(payer, sizeof payer, "policy payer\n%s\nclause c\n cite \"1\"\n %s\n", header, payers_rule);
    snprintf(own, sizeof own, "policy own\nclause c\n cite \"1\"\n %s\n", own_rule);
    const char *names[] = {"payer.adj", "own.adj"}, *texts[] = {payer, own};
    adj_policies *policies = NULL;
    cr_assert_eq(adj_policies_compile_text(names, texts, 2, NULL, &policies), ADJ_OK, "%s",
                 adj_policies_diagnostics(policies));
    adj_encounters *encounters = support_read(CLAIM);
    adj_results *results = support_evaluate(policies, encounters);
    adj_verdict verdict = adj_results_line(results, 0).verdict;
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    return verdict;
}

#define PASSES "require units <= 9\n warn \"x\""
#define WARNS "require units <= 1\n warn \"x\""
#define DENIES "require units <= 1\n deny CO-119 \"x\""
#define OPEN "require session.minutes >= 45 minutes\n warn \"x\""

Test(verdicts, the_payers_policy_adjudicates)
{
    cr_expect_eq(judge("payer \"HARBOR\"", PASSES, PASSES), ADJ_PASS);
    cr_expect_eq(judge("payer \"HARBOR\"", DENIES, WARNS), ADJ_DENY);
    cr_expect_eq(judge("payer \"HARBOR\"", PASSES, WARNS), ADJ_WARN);
    cr_expect_eq(judge("payer \"HARBOR\"", PASSES, OPEN), ADJ_CANNOT_TELL);
}

Test(verdicts, a_payer_that_no_policy_names_is_never_passed)
{
    cr_expect_eq(judge("payer \"SUMMIT\"", DENIES, PASSES), ADJ_NOT_ADJUDICATED);
    cr_expect_eq(judge("payer \"SUMMIT\"", DENIES, OPEN), ADJ_NOT_ADJUDICATED,
                 "what the practice leaves open decides nothing");
    cr_expect_eq(judge("payer \"SUMMIT\"", DENIES, WARNS), ADJ_WARN, "what the practice finds is still said");
}

Test(verdicts, a_version_that_is_not_known_hides_denials)
{
    const char *later = "payer \"HARBOR\"\neffective 2027-01-01";
    cr_expect_eq(judge(later, PASSES, PASSES), ADJ_CANNOT_TELL);
    cr_expect_eq(judge(later, PASSES, WARNS), ADJ_CANNOT_TELL, "a warning is milder than what may be hidden");
    cr_expect_eq(judge(later, PASSES, DENIES), ADJ_DENY, "a denial is not");
}

static size_t cures_of(const char *policy)
{
    adj_policies *policies = support_policies(policy);
    adj_encounters *encounters = support_read(CLAIM);
    adj_results *results = support_evaluate(policies, encounters);
    adj_explanation *explanation = NULL;
    cr_assert_eq(adj_results_explain(results, 0, &explanation), ADJ_OK);
    cr_assert_geq(adj_explanation_count(explanation), 1u);
    size_t count = adj_explanation_finding(explanation, 0)->cure_count;
    adj_explanation_free(explanation);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    return count;
}

/* Tables of whose rows all count put lists together for the line at hand; judging it with one change forgets them before the next is tried. */
Test(verdicts, cures_by_tables_of_lists)
{
    cr_expect_eq(cures_of("policy p\ntable first (pos) gives (required: modifiers)\n  all\n"
                          "  | pos | required |\n  | 11  | 95       |\n  | any | 95       |\n\n"
                          "table second (procedure) gives (required: modifiers)\n  all\n"
                          "  | procedure | required |\n  | 90853     | HO       |\n  | any       | HO       |\n\n"
                          "section \"S\"\n  for each line\n  let one = first(pos)\n  let two = second(procedure)\n\n"
                          "clause before\n cite \"1\"\n when one is found and modifiers include all of one.required\n"
                          " require units >= 0\n warn \"x\"\n"
                          "clause needs\n cite \"2\"\n when two is found\n"
                          " require pos in 22 or modifiers include all of two.required\n deny CO-4 \"x\"\n"),
                 2u, "another place, or the modifier");
}

Test(verdicts, a_cure_that_breaks_another_clause_is_none)
{
    cr_expect_eq(
        cures_of("policy p\nclause needs\n cite \"1\"\n require modifiers include all of 95\n deny CO-4 \"x\"\n"), 1u);
    cr_expect_eq(
        cures_of("policy p\nclause needs\n cite \"1\"\n require modifiers include all of 95\n deny CO-4 \"x\"\n"
                 "clause refuses\n cite \"2\"\n require modifiers include none of 95\n warn \"x\"\n"),
        0u);
}
