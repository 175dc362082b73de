/* Windows that hold very many elements, as of a member number that stands for nobody in particular, and conditions that depend on the
 * subject: the sums of its class come to what walking finds for each alone, and explanations say as much as walking would. */
#include "tests/differential/generator.h"
#include "tests/suites/support.h"

#include "runtime/handles.h"

enum { LINES = 2400 };

#define CLAUSE(name, message, body) "clause " name "\n  cite \"1\"\n" body "  deny CO-97 as coding \"" message "\"\n\n"

static const char policy[] =
    "policy classes\n  title \"Classes\"\n  payer \"K\"\n  effective 2020-01-01\n\n"
    "table added (procedure, beside: cpt) gives (times: count)\n  | procedure | beside | times |\n"
    "  | 90853     | 90837  | 3     |\n  | 90853     | 90853  | 200   |\n  | 90834     | any    | 5     |\n\n"
    "codes low : cpt\n  90853\n  90837 from 2026-01-03\n\ncodes places : pos\n  02, 11, 22, 53\n\n" CLAUSE(
        "same_day", "{count}", "  require at most 40 of history on the same day where procedure = this.procedure\n")
        CLAUSE("before", "{other.procedure} of {other.claim.id}",
               "  forbid exists other in history on the same day earlier\n"
               "             where procedure = this.procedure and units = this.units\n"
               "               and rendering_provider = this.rendering_provider\n")
            CLAUSE("lists", "{other.units} of {other.claim.id}",
                   "  forbid exists other in history in the last 30 days\n"
                   "             where units > this.units and modifiers include all of this.modifiers\n"
                   "               and this.modifiers include all of modifiers\n")
                CLAUSE("so_far", "{sum}",
                       "  require (sum of units over history in the same month so far\n"
                       "             where procedure = this.procedure) <= 90\n")
                    CLAUSE("looked_up", "{sum}",
                           "  require (sum of units over history on the same day\n"
                           "             where added(this.procedure, procedure) is found\n"
                           "               and added(this.procedure, procedure).times > units) <= 400\n")
                        CLAUSE("dated", "{count}",
                               "  require (count of history within 10 days before\n"
                               "             where procedure in low and pos = this.pos) <= 100 and pos in places\n")
                            CLAUSE("ahead", "{count}",
                                   "  require at most 100 of history in the next 3 days\n"
                                   "             where pos = this.pos or units > this.units\n")
                                CLAUSE("of_provider", "{count}",
                                       "  require at most 150 of history of the rendering provider on the same day\n"
                                       "             where pos = this.pos\n")
                                    CLAUSE("claim", "{count}",
                                           "  require at most 60 of claim.lines where procedure = this.procedure\n")
                                        CLAUSE("claim_day", "{count}",
                                               "  require at most 9 of claim.lines on the same day where procedure = "
                                               "this.procedure\n")
                                            CLAUSE(
                                                "own_claim", "{other.claim.id}",
                                                "  forbid exists other in history on the same day\n"
                                                "             where claim.id = this.claim.id and units > this.units\n")
                                                CLAUSE("paid", "{sum}",
                                                       "  require (sum of charge over history per lifetime\n"
                                                       "             where status = this.status) <= $9000.00\n");

/* Of three members: one whose lines are all of one day, one of four days, one of many; claims hold few lines, and one 500. Of some lines a field is
 * not known, the day not for some of each member, or an amount past all reach. */
static adj_encounters *lines_of(const adj_policies *policies, base_arena *arena, bool certain)
{
    static const char *const codes[] = {"90853", "90837", "90834"}, *const modifiers[] = {"", "95", "GT 95", "95 GT"},
                             *const places[] = {"11", "02", "22"};
    base_text text;
    base_text_init(&text, arena);
    base_text_put(&text,
                  "claim_id,member_id,payer,line,date,procedure,pos,units,charge,modifiers,rendering_provider\n");
    generator g = {.state = 11};
    for (int i = 0; i < LINES; i++) {
        char date[16];
        int member = i % 3, days = member == 0 ? 1 : member == 1 ? 4 : 90;
        base_date_write(base_date_make(2026, 1, 1) + (int)generator_below(&g, (uint32_t)days), date);
        base_text_format(&text, "C%d,M%d,K,%d,%s,%s,%s,%u,%u.00,%s,%s\n", i % 4 == 0 ? -1 : i / 6, member, i, date,
                         codes[generator_below(&g, 3)], places[generator_below(&g, 3)], 1 + generator_below(&g, 3),
                         20 + generator_below(&g, 30), modifiers[generator_below(&g, 4)],
                         generator_below(&g, 2) == 0 ? "1234567893" : "1700000008");
    }
    adj_encounters *encounters = support_lines(policies, base_text_string(&text));
    run_store *store = &encounters->store;
    store->feeds[LANG_FEED_HISTORY] = true;
    for (uint32_t line = 0; line < store->counts[LANG_RECORD_line] && !certain; line++) {
        static const lang_field fields[] = {LANG_FIELD_line_date,
                                            LANG_FIELD_line_procedure,
                                            LANG_FIELD_line_units,
                                            LANG_FIELD_line_status,
                                            LANG_FIELD_line_pos,
                                            LANG_FIELD_line_modifiers,
                                            LANG_FIELD_line_rendering_provider};
        if (line % 83 < 7) run_store_set_unknown(store, fields[line % 83], line);
        if (line % 29 == 5) run_store_set(store, LANG_FIELD_line_status, line, line % 7);
        if (line % 1000 == 9) run_store_set(store, LANG_FIELD_line_units, line, INT64_MAX / 2);
        if (line % 40 == 7) store->lines.items[line].subject = false;
    }
    cr_assert(run_index(store));
    return encounters;
}

static void compare(bool certain)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    adj_policies *policies = support_policies(policy);
    adj_encounters *encounters = lines_of(policies, &arena, certain);
    support_compare_ways(policies, encounters);
    base_arena_release(&arena);
}

Test(classes, sums_come_to_what_walking_finds)
{
    compare(false);
}

static bool same_texts(const char *const *a, size_t a_count, const char *const *b, size_t b_count)
{
    for (size_t i = 0; i < a_count && a_count == b_count; i++) {
        if (strcmp(a[i], b[i]) != 0) return false;
    }
    return a_count == b_count;
}

static bool same_counted(const adj_finding *a, const adj_finding *b)
{
    for (size_t i = 0; i < a->counted_count && a->counted_count == b->counted_count; i++) {
        const adj_counted_line *x = &a->counted[i], *y = &b->counted[i];
        if (x->number != y->number || strcmp(x->claim, y->claim) != 0 || x->certain != y->certain) return false;
    }
    return a->counted_count == b->counted_count && a->counted_more == b->counted_more;
}

static bool same_cures(const adj_finding *a, const adj_finding *b)
{
    for (size_t i = 0; i < a->cure_count && a->cure_count == b->cure_count; i++) {
        if (strcmp(a->cures[i].to, b->cures[i].to) != 0) return false;
    }
    return a->cure_count == b->cure_count;
}

/* What explanations say is what they say where each walks. */
Test(classes, explanations_say_what_walking_says)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    adj_policies *policies = support_policies(policy);
    adj_encounters *encounters = lines_of(policies, &arena, false);
    adj_results *results[2] = {NULL, NULL};
    for (int e = 0; e < 2; e++) {
        adj_options options = {.evaluator = e == 0 ? ADJ_EVALUATOR_INTERPRETER : ADJ_EVALUATOR_BEST};
        cr_assert_eq(adj_evaluate(policies, encounters, &options, &results[e]), ADJ_OK);
    }
    size_t all = 0, lacking = 0, cured = 0;
    for (size_t l = 0; l < adj_results_count(results[0]); l += 5) {
        adj_explanation *said[2];
        for (int e = 0; e < 2; e++) cr_assert_eq(adj_results_explain(results[e], l, &said[e]), ADJ_OK);
        size_t count = adj_explanation_count(said[0]);
        cr_assert_eq(adj_explanation_count(said[1]), count);
        for (size_t f = 0; f < count; f++) {
            const adj_finding *a = adj_explanation_finding(said[0], f), *b = adj_explanation_finding(said[1], f);
            cr_assert_str_eq(a->clause, b->clause);
            cr_assert_str_eq(a->message, b->message, "line %zu, %s", l, a->clause);
            cr_assert(same_texts(a->missing, a->missing_count, b->missing, b->missing_count), "%s", a->clause);
            cr_assert(same_counted(a, b), "line %zu, %s", l, a->clause);
            cr_assert(same_cures(a, b), "line %zu, %s", l, a->clause);
            cured += a->cure_count > 0;
            all += a->counted_count > 0;
            lacking += a->missing_count > 0;
        }
        for (int e = 0; e < 2; e++) adj_explanation_free(said[e]);
    }
    cr_expect_gt(all, 200u);
    cr_expect_gt(lacking, 200u);
    cr_expect_gt(cured, 20u);
    cr_expect_not_null(results[1]->context.classes, "nothing was summed up for explanations");
    for (int e = 0; e < 2; e++) adj_results_free(results[e]);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    base_arena_release(&arena);
}

/* Lines of one member and day, one claim each; columns after the units stay as they are. */
static adj_encounters *plain_lines(const adj_policies *policies, base_arena *arena, int lines)
{
    base_text text;
    base_text_init(&text, arena);
    base_text_put(&text, "claim_id,member_id,payer,line,date,procedure,pos,units,charge\n");
    for (int i = 0; i < lines; i++)
        base_text_format(&text, "C%04d,M,K,1,2026-01-05,90853,11,%d,90.00\n", i, i == lines - 1 ? 1 : 2);
    adj_encounters *encounters = support_lines(policies, base_text_string(&text));
    encounters->store.feeds[LANG_FEED_HISTORY] = true;
    return encounters;
}

/* Explains the only clause of the last line. */
static const adj_finding *last_finding(const adj_policies *policies, adj_encounters *encounters, adj_results **results,
                                       adj_explanation **explanation)
{
    cr_assert(run_index(&encounters->store));
    adj_options options = {.evaluator = ADJ_EVALUATOR_BEST};
    cr_assert_eq(adj_evaluate(policies, encounters, &options, results), ADJ_OK);
    cr_assert_eq(adj_results_explain(*results, adj_results_count(*results) - 1, explanation), ADJ_OK);
    cr_assert_eq(adj_explanation_count(*explanation), 1u);
    return adj_explanation_finding(*explanation, 0);
}

#define HEADER "policy p\n  title \"P\"\n  payer \"K\"\n  effective 2020-01-01\n\n"

/* The `other` of a message is the first that surely fails, and where none does the first that perhaps does, among few lines and many. */
Test(classes, the_other_is_the_first_that_is_sure)
{
    static const int sizes[] = {12, 700};
    for (int s = 0; s < 4; s++) {
        base_arena arena;
        base_arena_init(&arena, NULL);
        adj_policies *policies = support_policies(HEADER CLAUSE("more", "{other.claim.id}",
                                                                "  forbid exists other in history on the same day\n"
                                                                "             where units > this.units\n"));
        int count = sizes[s / 2];
        adj_encounters *encounters = plain_lines(policies, &arena, count);
        for (int line = 0; line < count - 1; line++) {
            bool sure = s % 2 == 0 && line == count / 2, open = line == 3 || line == 5;
            if (open) run_store_set_unknown(&encounters->store, LANG_FIELD_line_units, (uint32_t)line);
            if (!open && !sure) run_store_set(&encounters->store, LANG_FIELD_line_units, (uint32_t)line, 1000);
        }
        adj_results *results;
        adj_explanation *explanation;
        const adj_finding *f = last_finding(policies, encounters, &results, &explanation);
        char expected[16];
        snprintf(expected, sizeof expected, "C%04d", s % 2 == 0 ? count / 2 : 3);
        cr_expect_str_eq(f->message, expected);
        cr_expect_eq(f->verdict, s % 2 == 0 ? ADJ_CLAUSE_FAIL : ADJ_CLAUSE_CANNOT_TELL);
        adj_explanation_free(explanation);
        adj_results_free(results);
        adj_encounters_free(encounters);
        adj_policies_free(policies);
        base_arena_release(&arena);
    }
}

/* A thousand lines are listed of each count; whether that is all of them is said. */
Test(classes, a_thousand_lines_are_listed)
{
    static const struct {
        int lines;
        size_t listed;
        bool more;
    } cases[] = {{999, 1998, false}, {1000, 2000, false}, {1001, 2000, true}, {1300, 2000, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        base_arena arena;
        base_arena_init(&arena, NULL);
        adj_policies *policies = support_policies(
            HEADER CLAUSE("most", "{procedure}",
                          "  require (count of history on the same day where procedure = this.procedure) <= 5\n"
                          "      and (sum of units over history on the same day where pos = this.pos) <= 5\n"));
        adj_encounters *encounters = plain_lines(policies, &arena, cases[i].lines);
        adj_results *results;
        adj_explanation *explanation;
        const adj_finding *f = last_finding(policies, encounters, &results, &explanation);
        cr_expect_eq(f->counted_count, cases[i].listed, "%d lines: %zu", cases[i].lines, f->counted_count);
        cr_expect_eq(f->counted_more, cases[i].more, "%d lines", cases[i].lines);
        adj_explanation_free(explanation);
        adj_results_free(results);
        adj_encounters_free(encounters);
        adj_policies_free(policies);
        base_arena_release(&arena);
    }
}

/* What is missing of elements is asked until some hundreds in a row lacked nothing new. */
Test(classes, what_is_missing_is_found_among_many)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    adj_policies *policies =
        support_policies(HEADER CLAUSE("most", "{procedure}",
                                       "  require (sum of units over history on the same day where pos = this.pos\n"
                                       "             and procedure = this.procedure) <= 50\n"));
    adj_encounters *encounters = plain_lines(policies, &arena, 900);
    for (uint32_t line = 0; line < 899; line++)
        run_store_set_unknown(&encounters->store, line < 200 ? LANG_FIELD_line_pos : LANG_FIELD_line_procedure, line);
    adj_results *results;
    adj_explanation *explanation;
    const adj_finding *f = last_finding(policies, encounters, &results, &explanation);
    cr_expect_eq(f->verdict, ADJ_CLAUSE_CANNOT_TELL);
    cr_assert_eq(f->missing_count, 2u);
    cr_expect_str_eq(f->missing[0], "history.pos");
    cr_expect_str_eq(f->missing[1], "history.procedure");
    adj_explanation_free(explanation);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    base_arena_release(&arena);
}
