/* Waivers: what they let go, when they hold, and what they leave alone. */
#include "tests/suites/support.h"

#define CLAIMS                                                                                                         \
    "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260710*0915*^*00501*000000042*0*T*:~"       \
    "GS*HC*A*B*20260710*0915*42*X*005010X222A1~ST*837*0001*005010X222A1~BHT*0019*00*1*20260710*0915*CH~"               \
    "HL*1**20*1~NM1*85*2*PRACTICE*****XX*1234567893~"                                                                  \
    "HL*2*1*22*0~SBR*P*18*******CI~NM1*IL*1*DOE*JANE****MI*M1~DMG*D8*19800229*F~"                                      \
    "NM1*PR*2*HARBOR*****PI*HARBOR~CLM*C1*250***11:B:1*Y*A*Y*Y~HI*ABK:F331~"                                           \
    "LX*1~SV1*HC:90853*100*UN*3***1~DTP*472*D8*20260602~"                                                              \
    "LX*2~SV1*HC:90785*150*UN*1***1~DTP*472*D8*20260602~SE*16*0001~GE*1*42~IEA*1*000000042~"

#define RULES                                                                                                          \
    "policy rules\n  payer \"HARBOR\"\n\n"                                                                             \
    "clause most_units\n  cite \"1\"\n  when procedure in 90853\n  require units <= 2\n"                               \
    "  deny CO-151 N362 as limit \"{units} units.\"\n\n"                                                               \
    "clause follows\n  cite \"2\"\n  when procedure in 90785\n"                                                        \
    "  forbid exists other in claim.lines where other is denied by most_units\n"                                       \
    "  deny CO-107 as coding \"Its primary is denied.\"\n\n"                                                           \
    "clause modifier\n  cite \"3\"\n  when procedure in 90853\n  require modifiers include 95\n"                       \
    "  deny CO-4 N822 as coding \"{modifiers}\"\n\n"                                                                   \
    "clause lasted\n  cite \"4\"\n  when procedure in 90853\n  require session.minutes >= 45 minutes\n"                \
    "  deny CO-152 as documentation \"{session.minutes}\"\n\n"                                                         \
    "test \"three units\"\n  given line 90853 on 2026-03-05, units 3\n  expect deny by most_units\n"

#define WAIVER(name, clause, until, when)                                                                              \
    "waiver " name " to rules." clause "\n  by \"R. Ortiz\"\n  why \"agreed with the payer\"\n  until " until          \
    "\n  when " when "\n\n"

typedef struct judged {
    adj_policies *policies;
    adj_encounters *encounters;
    adj_results *results;
} judged;

static judged judge(const char *waivers)
{
    char text[2048];
    snprintf(text, sizeof text, "policy decisions\n\n%s", waivers);
    const char *names[] = {"rules.adj", "decisions.adj"}, *texts[] = {RULES, text};
    judged j = {0};
    adj_options options = {.evaluator = adj_has_machine_code() ? ADJ_EVALUATOR_BOTH : ADJ_EVALUATOR_INTERPRETER};
    cr_assert_eq(adj_policies_compile_text(names, texts, 2, &options, &j.policies), ADJ_OK, "%s",
                 adj_policies_diagnostics(j.policies));
    j.encounters = support_read(CLAIMS);
    j.results = support_evaluate(j.policies, j.encounters);
    return j;
}

static void done(judged *j)
{
    adj_results_free(j->results);
    adj_encounters_free(j->encounters);
    adj_policies_free(j->policies);
}

enum { MOST_UNITS, FOLLOWS, MODIFIER, LASTED };

static adj_clause_verdict of(const char *waivers, size_t line, size_t clause)
{
    judged j = judge(waivers);
    adj_clause_verdict verdict = adj_results_clause(j.results, line, clause);
    done(&j);
    return verdict;
}

Test(waivers, what_fails_is_let_go)
{
    cr_expect_eq(of("", 0, MOST_UNITS), ADJ_CLAUSE_FAIL);
    cr_expect_eq(of(WAIVER("w", "most_units", "2026-12-31", "claim.id = \"C1\""), 0, MOST_UNITS), ADJ_CLAUSE_WAIVED);
    cr_expect_eq(of(WAIVER("w", "most_units", "2026-12-31", "claim.id = \"C2\""), 0, MOST_UNITS), ADJ_CLAUSE_FAIL,
                 "another claim's");
    cr_expect_eq(of(WAIVER("w", "modifier", "2026-12-31", "claim.id = \"C1\""), 0, MOST_UNITS), ADJ_CLAUSE_FAIL,
                 "another clause's");
}

/* The transaction is of 10 July. */
Test(waivers, the_last_day_is_one_of_receipt)
{
    cr_expect_eq(of(WAIVER("w", "most_units", "2026-07-10", "claim.id = \"C1\""), 0, MOST_UNITS), ADJ_CLAUSE_WAIVED);
    cr_expect_eq(of(WAIVER("w", "most_units", "2026-07-09", "claim.id = \"C1\""), 0, MOST_UNITS), ADJ_CLAUSE_FAIL);
}

Test(waivers, what_nobody_knows_waives_nothing)
{
    cr_expect_eq(of(WAIVER("w", "most_units", "2026-12-31", "claim.program = clinic"), 0, MOST_UNITS), ADJ_CLAUSE_FAIL);
}

Test(waivers, what_cannot_be_told_is_let_go)
{
    cr_expect_eq(of("", 0, LASTED), ADJ_CLAUSE_CANNOT_TELL);
    cr_expect_eq(of(WAIVER("w", "lasted", "2026-12-31", "claim.id = \"C1\""), 0, LASTED), ADJ_CLAUSE_WAIVED);
}

/* The payer denies the primary whatever the practice decided, and its add-on with it. */
Test(waivers, clauses_do_not_see_them)
{
    const char *waiver = WAIVER("w", "most_units", "2026-12-31", "claim.id = \"C1\"");
    cr_expect_eq(of(waiver, 1, FOLLOWS), ADJ_CLAUSE_FAIL);
}

Test(waivers, they_are_explained)
{
    judged j = judge(WAIVER("w", "most_units", "2026-12-31", "claim.id = \"C1\"") WAIVER(
        "x", "most_units", "2026-12-31", "claim.id = \"C2\"") WAIVER("y", "lasted", "2026-12-31", "claim.id = \"C1\""));
    adj_line line = adj_results_line(j.results, 0);
    cr_expect_eq(line.verdict, ADJ_DENY, "by the modifier");
    cr_expect_eq(line.failing, 1u);
    cr_expect_eq(line.findings, 3u);
    adj_explanation *explanation = NULL;
    cr_assert_eq(adj_results_explain(j.results, 0, &explanation), ADJ_OK);
    cr_assert_eq(adj_explanation_count(explanation), 3u);
    const adj_finding *first = adj_explanation_finding(explanation, 0),
                      *lasted = adj_explanation_finding(explanation, 1);
    cr_expect_str_eq(first->clause, "modifier", "what fails comes first");
    cr_expect_eq(first->waiver_count, 0u);
    cr_assert_gt(first->cure_count, 0u, "a waived clause stands in the way of no cure");
    cr_expect_str_eq(first->cures[0].to, "95");
    cr_expect_str_eq(lasted->clause, "lasted");
    cr_expect_eq(lasted->missing_count, 1u);
    const adj_finding *units = adj_explanation_finding(explanation, 2);
    cr_expect_str_eq(units->clause, "most_units");
    cr_expect_eq(units->verdict, ADJ_CLAUSE_WAIVED);
    cr_expect_eq(units->outcome, ADJ_DENY, "what it would have meant");
    cr_expect_str_eq(units->message, "3 units.");
    cr_expect_eq(units->missing_count, 0u);
    cr_assert_eq(units->waiver_count, 1u, "the one that holds");
    cr_expect_str_eq(units->waivers[0].name, "decisions.w");
    cr_expect_str_eq(units->waivers[0].by, "R. Ortiz");
    cr_expect_str_eq(units->waivers[0].why, "agreed with the payer");
    cr_expect_str_eq(units->waivers[0].until, "2026-12-31");
    adj_explanation_free(explanation);
    done(&j);
}

static size_t cures_of_modifier(const char *waivers)
{
    judged j = judge(waivers);
    adj_explanation *explanation = NULL;
    cr_assert_eq(adj_results_explain(j.results, 0, &explanation), ADJ_OK);
    size_t cures = SIZE_MAX;
    for (size_t i = 0; i < adj_explanation_count(explanation); i++) {
        const adj_finding *found = adj_explanation_finding(explanation, i);
        if (strcmp(found->clause, "modifier") == 0) cures = found->cure_count;
    }
    adj_explanation_free(explanation);
    done(&j);
    return cures;
}

/* A change is tried on waivers, too, also where their clause follows from nothing that changes. */
Test(waivers, a_change_that_ends_one_cures_nothing)
{
    cr_expect_eq(cures_of_modifier(WAIVER("w", "most_units", "2026-12-31", "claim.id = \"C1\"")), 1u);
    cr_expect_eq(cures_of_modifier(WAIVER("w", "most_units", "2026-12-31", "not modifiers include 95")), 0u);
}

/* A practice's waivers beside a shipped policy do not change what its own tests say of it. */
Test(waivers, tests_of_other_policies_do_not_see_them)
{
    judged j = judge(WAIVER("w", "most_units", "2099-12-31",
                            "units = 3") "test \"ours\"\n  given line 90853 on 2026-03-05, units 3, payer \"HARBOR\"\n"
                                         "  expect waived by rules.most_units\n");
    cr_assert_eq(adj_policies_test_count(j.policies), 2u);
    for (size_t i = 0; i < 2; i++) {
        adj_test_result result;
        cr_assert_eq(adj_policies_run_test(j.policies, i, NULL, &result), ADJ_OK);
        cr_expect(result.passed, "%s: %s", result.title, result.difference);
    }
    cr_expect(strstr(adj_policies_layers(j.policies), "waiver w to clause most_units of rules") != NULL);
    cr_expect(strstr(adj_policies_layers(j.policies), "by R. Ortiz until 2099-12-31: agreed with the payer") != NULL);
    done(&j);
}

Test(waivers, one_past_its_day_is_told_of)
{
    const char *names[] = {"rules.adj", "decisions.adj"};
    const char *texts[] = {RULES, "policy decisions\n\n" WAIVER("w", "most_units", "2026-07-10", "claim.id = \"C1\"")};
    for (int32_t day = 0; day < 2; day++) {
        adj_policies *policies = NULL;
        adj_options options = {.evaluator = ADJ_EVALUATOR_INTERPRETER, .today = 20644 + day}; /* 2026-07-10 */
        cr_assert_eq(adj_policies_compile_text(names, texts, 2, &options, &policies), ADJ_OK);
        bool told = strstr(adj_policies_diagnostics(policies), "W0013") != NULL;
        cr_expect_eq(told, day == 1, "day %d: %s", (int)day, adj_policies_diagnostics(policies));
        adj_policies_free(policies);
    }
}
