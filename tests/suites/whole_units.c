/* Quantities and minutes, which are kept in thousandths, are told in whole units where all that meet are whole, and nowhere else. */
#include "tests/suites/support.h"

#include "runtime/handles.h"

#include <stdlib.h>
#include <string.h>

static adj_encounters *lines_of(const adj_policies *policies, const char *some_units, const char *last_units)
{
    adj_encounters *encounters = adj_encounters_new_for(policies, NULL);
    char csv[8192] = "claim_id,member_id,payer,line,date,procedure,pos,units,charge\n";
    size_t length = strlen(csv);
    for (int i = 0; i < 120; i++) {
        const char *units = i == 119 ? last_units : i % 7 == 0 ? some_units : i % 3 == 0 ? "2" : "1";
        length +=
            (size_t)snprintf(csv + length, sizeof csv - length, "C%d,M1,K,1,2024-01-10,90853,11,%s,100.00\n", i, units);
    }
    cr_assert_eq(adj_encounters_read_bytes_as(encounters, "lines.csv", csv, length, ADJ_ROLE_JUDGED), ADJ_OK);
    cr_assert_eq(adj_encounters_finish(encounters), ADJ_OK);
    return encounters;
}

/* Whether units are told whole when these clauses judge such lines, whether they may be for other lines, and how many lines fail; both
 * evaluators agree. */
static bool told_whole(const char *requirements, const char *some_units, const char *last_units, bool *may,
                       size_t *failing)
{
    char text[2000];
    snprintf(text, sizeof text, "policy whole\n  title \"Whole\"\n  payer \"K\"\n  effective 2020-01-01\n\n%s",
             requirements);
    adj_policies *policies = support_policies(text);
    adj_encounters *encounters = lines_of(policies, some_units, last_units);
    adj_options options = {.evaluator = ADJ_EVALUATOR_BOTH};
    adj_results *results = NULL;
    cr_assert_eq(adj_evaluate(policies, encounters, &options, &results), ADJ_OK);
    *failing = 0;
    for (size_t i = 0; i < adj_results_count(results); i++) *failing += adj_results_line(results, i).failing;
    bool whole = false, found = false;
    for (size_t i = 0; i < policies->kernels->inputs.count; i++) {
        const plan_input *input = &policies->kernels->inputs.items[i];
        if (input->kind != PLAN_INPUT_VALUE || input->path.fields[0] != LANG_FIELD_line_units) continue;
        found = true;
        *may = policies->kernels->input_scales[i] != 0;
        whole = results->many.schedule.whole[i];
    }
    cr_expect(found, "%s", requirements);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    return whole;
}

#define CLAUSE(name, requirement)                                                                                      \
    "clause " name "\n  cite \"1\"\n  require " requirement "\n  deny CO-151 as limit \"{units}\"\n\n"

/* What a table gives is worked out step by step, and told as it is. */
#define TABLE                                                                                                          \
    "table most (procedure) gives (times: quantity)\n  | procedure | times |\n  | 90853 | 2 |\n\n" CLAUSE(             \
        "a", "most(procedure) is found and units <= most(procedure).times")

Test(whole_units, are_told_where_all_that_meet_are_whole)
{
    static const struct {
        const char *requirements, *some, *last;
        bool whole;
        size_t failing;
    } cases[] = {
        {CLAUSE("a", "units <= 3"), "3", "4", true, 1},
        {CLAUSE("a", "units <= 3"), "3", "3.001", false, 1},
        {CLAUSE("a", "units <= 3"), "0.5", "3", false, 0},
        {CLAUSE("a", "units <= 3"), "200", "40000000", true, 18},
        {CLAUSE("a", "units <= 2.5"), "3", "4", false, 18},
        {CLAUSE("a", "units <= 2.5"), "2", "2", false, 0},
        {CLAUSE("a", "units <= 2") CLAUSE("b", "units <> 3.5"), "3", "3", false, 18},
        {CLAUSE("a", "units >= 2") CLAUSE("b", "units = 3 or units < 2"), "3", "3", true, 102},
        {CLAUSE("a", "units + 1 <= 3"), "3", "3", false, 18},
        {CLAUSE("a", "units <= 3"), "-2", "3", true, 0},
        {TABLE, "3", "2", false, 17},
        {TABLE CLAUSE("b", "units < 4"), "3", "4", false, 19},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t failing;
        bool may = false, whole = told_whole(cases[i].requirements, cases[i].some, cases[i].last, &may, &failing);
        bool never = strchr(cases[i].requirements, '+') != NULL || strstr(cases[i].requirements, "table") != NULL;
        cr_expect_eq(may, !never, "case %zu: %s", i, cases[i].requirements);
        cr_expect_eq(whole, cases[i].whole, "case %zu: %s", i, cases[i].requirements);
        cr_expect_eq(failing, cases[i].failing, "case %zu: %zu lines fail", i, failing);
    }
}

/* What a store was asked about its columns is forgotten when it is finished anew. */
Test(whole_units, are_asked_of_the_lines_that_are_there)
{
    adj_policies *policies = support_policies(
        "policy whole\n  title \"Whole\"\n  payer \"K\"\n  effective 2020-01-01\n\n" CLAUSE("a", "units <= 3"));
    adj_encounters *encounters = lines_of(policies, "3", "4");
    run_store *store = &encounters->store;
    cr_expect(run_store_whole(store, LANG_FIELD_line_units, 1000));
    cr_expect(run_store_whole(store, LANG_FIELD_line_units, 1000), "asked again");
    run_store_set(store, LANG_FIELD_line_units, 5, 1500);
    cr_assert(run_index(store));
    cr_expect(!run_store_whole(store, LANG_FIELD_line_units, 1000));
    run_store_set_unknown(store, LANG_FIELD_line_units, 5);
    cr_assert(run_index(store));
    cr_expect(run_store_whole(store, LANG_FIELD_line_units, 1000), "nobody told it");
    adj_encounters_free(encounters);
    adj_policies_free(policies);
}
