/* Layers across files: what may be overridden, and errors that show both places. */
#include "tests/suites/support.h"

#define STATE                                                                                                          \
    "policy state\n  payer \"STATE\"\n\n"                                                                              \
    "overridable parameter cap : count = 4\n\nparameter fixed : count = 1\n\n"                                         \
    "overridable table places (pos) gives (rate: money)\n  | pos | rate   |\n  | 11  | $40.00 |\n\n"                   \
    "clause units_a_day\n  cite \"1\"\n  require units <= cap + fixed - 1\n  deny CO-119 N362 as limit "               \
    "\"{units}\"\n\n"                                                                                                  \
    "clause paid\n  cite \"2\"\n  require places(pos) is found\n  deny CO-5 M77 as coding \"{pos}\"\n"

typedef struct layer_case {
    const char *lower;
    const char *code;
    const char *places[2]; /* parts of the text that shows where */
} layer_case;

static const layer_case cases[] = {
    {"policy plan extends state\noverride parameter fixed : count = 2\n", "E0323", {"plan.adj:2", "state.adj:6"}},
    {"policy plan extends state\noverride parameter cpa : count = 2\n", "E0324", {"plan.adj:2", NULL}},
    {"policy plan extends state\noverride parameter cap : count = 2\noverride parameter cap : count = 3\n",
     "E0325",
     {"plan.adj:3", "plan.adj:2"}},
    {"policy plan extends state\noverride parameter cap : money = $2.00\n", "E0326", {"plan.adj:2", "state.adj:4"}},
    {"policy plan extends state\nparameter cap : count = 2\n", "E0329", {"plan.adj:2", "state.adj:4"}},
    {"policy plan extends state\noverride table places (pos) gives (rate: money)\n  | pos | rate |\n  | 11 | $1.00 |\n",
     "E0216",
     {"plan.adj:2", NULL}},
    {"policy plan extends state\noverride table places\n  from \"rows.csv\"\n", "E0710", {"plan.adj:3", NULL}},
    {"policy plan extends state\noverride table places\n  | pos | rate |\n  | 11, 22 | $1.00 |\n",
     "E0703",
     {"state.adj:", "plan.adj:4"}},
    {"policy plan extends state\noverride clause paid\n  cite \"9\"\n  require units = 1\n  warn \"x\"\n",
     "E0323",
     {"plan.adj:2", "state.adj:"}},
    {"policy plan extends state\nexception e to units_a_dya\n  cite \"1\"\n  when pos = 11\n",
     "E0311",
     {"plan.adj:2", NULL}},
    {"policy plan extends state\nexception e to state.units_a_day\n  cite \"1\"\n  when authorization.units > 1\n",
     "E0504",
     {"plan.adj:4", NULL}},
};

Test(layers, errors_show_both_places)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *names[] = {"state.adj", "plan.adj"}, *texts[] = {STATE, cases[i].lower};
        adj_policies *policies = NULL;
        adj_status status = adj_policies_compile_text(names, texts, 2, NULL, &policies);
        const char *shown = adj_policies_diagnostics(policies);
        cr_expect_eq(status, ADJ_INVALID_POLICY, "case %zu compiles", i);
        cr_expect(strstr(shown, cases[i].code) != NULL, "case %zu: no %s in\n%s", i, cases[i].code, shown);
        for (size_t p = 0; p < 2; p++) {
            if (cases[i].places[p] == NULL) continue;
            cr_expect(strstr(shown, cases[i].places[p]) != NULL, "case %zu: no %s in\n%s", i, cases[i].places[p],
                      shown);
        }
        cr_expect(strstr(shown, "\n1 error\n") != NULL, "case %zu cascades:\n%s", i, shown);
        adj_policies_free(policies);
    }
}

Test(layers, a_circle_of_two_files_shows_both)
{
    const char *names[] = {"a.adj", "b.adj"}, *texts[] = {"policy a extends b\n", "policy b extends a\n"};
    adj_policies *policies = NULL;
    cr_expect_eq(adj_policies_compile_text(names, texts, 2, NULL, &policies), ADJ_INVALID_POLICY);
    const char *shown = adj_policies_diagnostics(policies);
    cr_expect(strstr(shown, "E0322") != NULL && strstr(shown, "a.adj") != NULL && strstr(shown, "b.adj") != NULL, "%s",
              shown);
    adj_policies_free(policies);
}

/* A line of the lower layer's payer meets the clauses once, as the lower layer has them; one of the upper's likewise. */
Test(layers, a_line_meets_the_layer_that_is_its_payers)
{
    const char *names[] = {"state.adj", "plan.adj"};
    const char *texts[] = {STATE, "policy plan extends state\n  payer \"PLAN\"\n\noverride parameter cap : count = 2\n"
                                  "\ntest \"lower\"\n  given line 90853 on 2026-03-05, units 3\n"
                                  "  expect deny by units_a_day\n"
                                  "\ntest \"upper\"\n  given line 90853 on 2026-03-05, units 3, payer \"STATE\"\n"
                                  "  expect not applicable by units_a_day\n  expect pass by state.units_a_day\n"};
    adj_policies *policies = NULL;
    adj_options options = {.evaluator = ADJ_EVALUATOR_INTERPRETER};
    cr_assert_eq(adj_policies_compile_text(names, texts, 2, &options, &policies), ADJ_OK, "%s",
                 adj_policies_diagnostics(policies));
    cr_assert_eq(adj_policies_test_count(policies), 2u);
    adj_test_result result;
    adj_policies_run_test(policies, 0, &options, &result);
    cr_expect(result.passed, "%s", result.difference);
    const char *tree = adj_policies_layers(policies);
    cr_expect(strstr(tree, "state: 2 clauses") != NULL && strstr(tree, "\n  plan: 0 clauses") != NULL, "%s", tree);
    cr_expect(strstr(tree, "overrides parameter cap of state") != NULL, "%s", tree);
    adj_policies_free(policies);
}

/* A layer for the same payer takes its lines over; the tests of the policy above are about that policy all the same. */
Test(layers, tests_of_a_policy_hold_beside_a_layer_for_its_payer)
{
    const char *names[] = {"state.adj", "plan.adj"};
    const char *texts[] = {STATE
                           "\ntest \"above\"\n  given line 90853 on 2026-03-05, units 3\n  expect pass by units_a_day\n"
                           "  expect pass\n",
                           "policy plan extends state\n  payer \"STATE\"\n\noverride parameter cap : count = 2\n"
                           "\ntest \"below\"\n  given line 90853 on 2026-03-05, units 3\n  expect deny by units_a_day\n"
                           "  expect deny\n"};
    adj_policies *policies = NULL;
    adj_options options = {.evaluator = adj_has_machine_code() ? ADJ_EVALUATOR_BOTH : ADJ_EVALUATOR_INTERPRETER};
    cr_assert_eq(adj_policies_compile_text(names, texts, 2, &options, &policies), ADJ_OK, "%s",
                 adj_policies_diagnostics(policies));
    for (size_t i = 0; i < 2; i++) {
        adj_test_result result;
        cr_assert_eq(adj_policies_run_test(policies, i, &options, &result), ADJ_OK);
        cr_expect(result.passed, "%s:\n%s", result.title, result.difference);
    }
    size_t count = 0;
    const adj_covered *covered = adj_policies_coverage(policies, &count);
    cr_expect(covered != NULL && count > 0);
    adj_policies_free(policies);
}

#define UPPER                                                                                                          \
    "policy upper\n  payer \"UPPER\"\n\noverridable codes listed : cpt\n  90853\n\n"                                   \
    "overridable parameter most : count = 4\n\ndefine with_most(n: count) : count = n + most\n\n"                      \
    "section \"A\"\n  for each line where procedure in listed\n  let limit = with_most(4)\n\n"                         \
    "clause by_let\n  cite \"1\"\n  require units <= limit\n  warn \"{units}\"\n\n"                                    \
    "section \"B\"\n  for each line\n\noverridable clause by_nothing\n  cite \"2\"\n  require units <= 6\n  warn "     \
    "\"{units}\"\n\n"                                                                                                  \
    "clause by_denial\n  cite \"3\"\n  forbid this is denied by by_reason\n  warn \"x\"\n\n"                           \
    "clause by_reason\n  cite \"4\"\n  require pos in 11\n  deny CO-5 M77 as coding \"{pos}\"\n"

static void expect_tests_pass(adj_policies *policies, const adj_options *options, size_t count)
{
    cr_assert_eq(adj_policies_test_count(policies), count);
    for (size_t i = 0; i < count; i++) {
        adj_test_result result;
        cr_assert_eq(adj_policies_run_test(policies, i, options, &result), ADJ_OK);
        cr_expect(result.passed, "%s:\n%s", result.title, result.difference);
    }
}

/* How many clauses each policy judges itself. */
static void expect_clause_counts(adj_policies *policies, const char *const *headings, const int *clauses, size_t count)
{
    const char *plan = adj_policies_dump(policies, ADJ_STAGE_PLAN);
    cr_assert_not_null(plan);
    for (size_t i = 0; i < count; i++) {
        const char *at = strstr(plan, headings[i]);
        int block, found = -1;
        cr_assert_not_null(at, "%s", headings[i]);
        sscanf(at + strlen(headings[i]), " %d, %d clause", &block, &found);
        cr_expect_eq(found, clauses[i], "%s: %d clauses", headings[i], found);
    }
}

/* Layers that change nothing of a clause are judged with the one above; those that change anything it asks for are not: a set in
 * the section's condition, a parameter in a function in a `let`, a clause that it asks about, an exception. */
Test(layers, clauses_are_judged_with_the_layer_above_only_where_nothing_differs)
{
    const char *names[] = {"upper.adj", "plain.adj", "other.adj", "codes.adj", "excepted.adj", "rewriting.adj"};
    const char *texts[] = {
        UPPER "\ntest \"u\"\n  given line 90853 on 2026-03-05, units 7, pos 22\n  expect pass by by_let\n"
              "  expect warn by by_nothing\n  expect warn by by_denial\n",
        "policy plain extends upper\n  payer \"PLAIN\"\n\ntest \"p\"\n  given line 90853 on 2026-03-05, units 7, pos "
        "22\n"
        "  expect pass by by_let\n  expect warn by by_nothing\n  expect warn by by_denial\n"
        "\ntest \"of another payer\"\n  given line 90853 on 2026-03-05, units 7, payer \"UPPER\"\n"
        "  expect not applicable by by_nothing\n",
        "policy second extends plain\n  payer \"OTHER\"\n\noverride parameter most : count = 3\n\n"
        "test \"o\"\n  given line 90853 on 2026-03-05, units 8\n  expect warn by by_let\n  expect warn by by_nothing\n",
        "policy listing extends upper\n  payer \"LISTING\"\n\noverride codes listed : cpt\n  90834\n\n"
        "test \"c\"\n  given line 90853 on 2026-03-05, units 9\n  expect not applicable by by_let\n"
        "  expect warn by by_nothing\n",
        "policy excepted extends upper\n  payer \"EXCEPTED\"\n\nexception e to by_reason, by_nothing\n  cite \"9\"\n"
        "  when units = 7\n\ntest \"e\"\n  given line 90853 on 2026-03-05, units 7, pos 22\n"
        "  expect excused by by_nothing\n  expect excused by by_reason\n  expect pass by by_denial\n",
        "policy rewriting extends upper\n  payer \"REWRITING\"\n\noverride clause by_nothing\n  cite \"9\"\n  require "
        "units <= 7\n"
        "  warn \"{units}\"\n\ntest \"r\"\n  given line 90853 on 2026-03-05, units 7\n  expect pass by by_nothing\n"};
    adj_policies *policies = NULL;
    adj_options options = {.evaluator = adj_has_machine_code() ? ADJ_EVALUATOR_BOTH : ADJ_EVALUATOR_INTERPRETER};
    cr_assert_eq(adj_policies_compile_text(names, texts, 6, &options, &policies), ADJ_OK, "%s",
                 adj_policies_diagnostics(policies));
    expect_tests_pass(policies, &options, 7);
    /* All four of the upper one; of the layers what they change, and `by_denial`, which asks of lines of their own. */
    static const char *const counts[] = {"policy upper: block",   "policy plain: block",    "policy second: block",
                                         "policy listing: block", "policy excepted: block", "policy rewriting: block"};
    static const int clauses[] = {4, 1, 2, 2, 3, 2};
    expect_clause_counts(policies, counts, clauses, 6);
    adj_policies_free(policies);
}

/* Nor where a layer waives, where a message says what the layer overrides, or where a clause that is asked about differs. */
Test(layers, waivers_messages_and_clauses_asked_about_are_the_layers_own)
{
    const char *names[] = {"top.adj", "waiving.adj", "saying.adj", "asking.adj"};
    const char *texts[] = {
        "policy top\n\noverridable parameter told : count = 4\n\noverridable codes places : pos\n  11\n\n"
        "clause few\n  cite \"1\"\n  require units <= 2\n  warn \"at most {told}\"\n\n"
        "clause at_place\n  cite \"2\"\n  require pos in places\n  deny CO-5 M77 as coding \"{pos}\"\n\n"
        "clause not_denied\n  cite \"3\"\n  forbid this is denied by at_place\n  warn \"x\"\n",
        "policy waiving extends top\n  payer \"WAIVING\"\n\nwaiver w to few\n  by \"R. Ortiz\"\n  why \"agreed\"\n"
        "  until 2099-12-31\n  when units = 3\n\n"
        "test \"w\"\n  given line 90853 on 2026-03-05, units 3\n  expect waived by few\n",
        "policy saying extends top\n  payer \"SAYING\"\n\noverride parameter told : count = 7\n\n"
        "test \"s\"\n  given line 90853 on 2026-03-05, units 3\n  expect warn by few\n",
        "policy asking extends top\n  payer \"ASKING\"\n\noverride codes places : pos\n  22\n\n"
        "test \"a\"\n  given line 90853 on 2026-03-05, pos 22\n  expect pass by not_denied\n  expect pass by "
        "at_place\n"};
    adj_policies *policies = NULL;
    adj_options options = {.evaluator = adj_has_machine_code() ? ADJ_EVALUATOR_BOTH : ADJ_EVALUATOR_INTERPRETER};
    cr_assert_eq(adj_policies_compile_text(names, texts, 4, &options, &policies), ADJ_OK, "%s",
                 adj_policies_diagnostics(policies));
    expect_tests_pass(policies, &options, 3);
    static const char *const counts[] = {"policy top: block", "policy waiving: block", "policy saying: block",
                                         "policy asking: block"};
    static const int clauses[] = {3, 1, 1, 2};
    expect_clause_counts(policies, counts, clauses, 4);
    adj_policies_free(policies);
}

/* A clause that asks of other lines is the layer's own wherever the one above is not for all lines, whatever it is for. */
Test(layers, what_is_asked_of_other_lines_is_asked_of_those_above_where_they_are_all)
{
#define ASKING(header)                                                                                                 \
    "policy upper\n" header "\nclause at_place\n  cite \"1\"\n  require pos in 11\n"                                   \
    "  deny CO-5 M77 as coding \"{pos}\"\n\n"                                                                          \
    "clause not_denied\n  cite \"2\"\n  forbid this is denied by at_place\n  warn \"x\"\n"
    static const char *const uppers[] = {ASKING(""), ASKING("  payer \"U\"\n"), ASKING("  plans \"HMO\"\n"),
                                         ASKING("  products HM\n")};
    for (int h = 0; h < 4; h++) {
        const char *names[] = {"upper.adj", "lower.adj"};
        const char *texts[] = {uppers[h], "policy lower extends upper\n  payer \"L\"\n\n"
                                          "test \"l\"\n  given line 90853 on 2026-03-05, pos 22, plan \"HMO\"\n"
                                          "  expect warn by not_denied\n"};
        adj_policies *policies = NULL;
        adj_options options = {.evaluator = adj_has_machine_code() ? ADJ_EVALUATOR_BOTH : ADJ_EVALUATOR_INTERPRETER};
        cr_assert_eq(adj_policies_compile_text(names, texts, 2, &options, &policies), ADJ_OK, "%s",
                     adj_policies_diagnostics(policies));
        expect_tests_pass(policies, &options, 1);
        static const char *const lower[] = {"policy lower: block"};
        expect_clause_counts(policies, lower, (int[]){h == 0 ? 0 : 1}, 1);
        adj_policies_free(policies);
    }
#undef ASKING
}

/* A set that names one which the layer overrides is another set there, and stays as it is above. */
Test(layers, a_set_changes_with_one_that_it_names)
{
    const char *names[] = {"above.adj", "below.adj"};
    const char *texts[] = {
        "policy above\n  payer \"ABOVE\"\n\noverridable codes inner : cpt\n  90853\n\ncodes outer : cpt\n  90834\n  "
        "inner\n\n"
        "clause listed\n  cite \"1\"\n  require procedure in outer\n  deny CO-96 N362 as coverage \"{procedure}\"\n\n"
        "test \"a\"\n  given line 90853 on 2026-03-05\n  expect pass by listed\n\n"
        "test \"b\"\n  given line 90837 on 2026-03-05\n  expect deny CO-96 N362 by listed\n",
        "policy below extends above\n  payer \"BELOW\"\n\noverride codes inner : cpt\n  90837\n\n"
        "test \"c\"\n  given line 90837 on 2026-03-05\n  expect pass by listed\n\n"
        "test \"d\"\n  given line 90834 on 2026-03-05\n  expect pass by listed\n\n"
        "test \"e\"\n  given line 90853 on 2026-03-05\n  expect deny CO-96 N362 by listed\n"};
    adj_policies *policies = NULL;
    adj_options options = {.evaluator = adj_has_machine_code() ? ADJ_EVALUATOR_BOTH : ADJ_EVALUATOR_INTERPRETER};
    cr_assert_eq(adj_policies_compile_text(names, texts, 2, &options, &policies), ADJ_OK, "%s",
                 adj_policies_diagnostics(policies));
    expect_tests_pass(policies, &options, 5);
    adj_policies_free(policies);
}
