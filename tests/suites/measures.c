/* Measures whose tallies count history: by sums, among few lines and many, they come to what each line's own history says, predictions
 * among it. */
#include "tests/suites/support.h"

#include "runtime/handles.h"

static const char policy[] = "policy p\n  title \"P\"\n  payer \"K\"\n  effective 2020-01-01\n\n"
                             "clause units\n  cite \"1\"\n  require units <= 2\n  deny CO-151 as coding \"{units}\"\n\n"
                             "measure beside\n  title \"Beside a denial\"\n  cite \"2\"\n  for each line\n"
                             "  value count where exists other in history on the same day where predicted is present "
                             "and predicted.category is present\n"
                             "             and predicted.category = coding\n\n"
                             "measure alike\n  title \"Alike\"\n  cite \"3\"\n  for each line\n"
                             "  value count where exists other in history on the same day where units = this.units\n";

Test(measures, count_history_with_predictions)
{
    static const int sizes[] = {4, 10, 300};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        base_arena arena;
        base_arena_init(&arena, NULL);
        adj_policies *policies = support_policies(policy);
        base_text text;
        base_text_init(&text, &arena);
        base_text_put(&text, "claim_id,member_id,payer,line,date,procedure,pos,units,charge\n");
        for (int i = 0; i < sizes[s]; i++)
            base_text_format(&text, "C%d,M,K,1,2026-01-05,90853,11,%d,90.00\n", i, i == 1 ? 3 : 1);
        adj_encounters *encounters = support_lines(policies, base_text_string(&text));
        encounters->store.feeds[LANG_FEED_HISTORY] = true;
        adj_results *results = NULL;
        cr_assert_eq(adj_evaluate(policies, encounters, NULL, &results), ADJ_OK);
        for (size_t m = 0; m < 2; m++) {
            adj_measure *measure = NULL;
            char expected[24];
            snprintf(expected, sizeof expected, "%d", sizes[s] - 1); /* all but the one that is denied */
            cr_assert_eq(adj_results_measure(results, m, &measure), ADJ_OK);
            cr_assert_eq(adj_measure_row_count(measure), 1u);
            cr_expect_str_eq(adj_measure_row_at(measure, 0).value, expected, "%s of %d lines",
                             adj_measure_name(measure), sizes[s]);
            adj_measure_free(measure);
        }
        adj_results_free(results);
        adj_encounters_free(encounters);
        adj_policies_free(policies);
        base_arena_release(&arena);
    }
}
