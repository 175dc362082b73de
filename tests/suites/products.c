/* Policies for products of a payer: each line meets the clauses of its own product alone, by every evaluator, and what is said of lines that
 * no policy is for, or of which nobody knows, says so. */
#include "tests/suites/support.h"

#include "runtime/handles.h"

enum { LINES = 24000, PRODUCTS = 4, POLICIES = 3, OF_NOBODY = 7 };

static const char *const products[PRODUCTS] = {"HM", "12", "MC", "MB"};

/* Three policies of one payer, each for one product or two; none is for the last. */
static adj_policies *policies_of(base_arena *arena)
{
    static const char *const headers[POLICIES] = {"\"HM\"", "\"12\", \"HM\"", "\"MC\""};
    const char *names[POLICIES], *texts[POLICIES];
    for (unsigned p = 0; p < POLICIES; p++) {
        names[p] = base_format(arena, "p%u.adj", p);
        texts[p] =
            base_format(arena,
                        "policy p%u\n  title \"P\"\n  payer \"K\"\n  products %s\n  effective 2020-01-01\n\n"
                        "clause units\n  cite \"1\"\n  require units <= %u\n  deny CO-151 as limit \"{units}\"\n\n"
                        "clause day\n  cite \"2\"\n  require at most %u of history on the same day\n"
                        "  deny CO-119 as limit \"{count}\"\n",
                        p, headers[p], p + 1, p + 2);
    }
    adj_policies *policies = NULL;
    adj_options options = {.evaluator = adj_has_machine_code() ? ADJ_EVALUATOR_BOTH : ADJ_EVALUATOR_INTERPRETER};
    cr_assert_eq(adj_policies_compile_text(names, texts, POLICIES, &options, &policies), ADJ_OK, "%s",
                 adj_policies_diagnostics(policies));
    return policies;
}

static bool said(size_t line)
{
    return line % OF_NOBODY != 0;
}

static adj_encounters *lines_of(const adj_policies *policies, base_arena *arena)
{
    base_text text;
    base_text_init(&text, arena);
    base_text_put(&text, "claim_id,member_id,payer,line,date,procedure,pos,units,charge,filing_indicator\n");
    for (size_t i = 0; i < LINES; i++)
        base_text_format(&text, "C%zu,M%zu,K,1,2026-03-%02zu,90853,11,%zu,90.00,%s\n", i, i / 6, 1 + i % 2 + i / 6 % 27,
                         1 + i / 5 % 5, said(i) ? products[i % PRODUCTS] : "");
    return support_lines(policies, base_text_string(&text));
}

static bool of_policy(size_t line, unsigned policy)
{
    size_t product = line % PRODUCTS;
    return policy == 0 ? product == 0 : policy == 1 ? product < 2 : product == 2;
}

static adj_clause_verdict expected_units(size_t line, unsigned policy)
{
    size_t units = 1 + line / 5 % 5;
    if (said(line) && !of_policy(line, policy)) return ADJ_CLAUSE_NOT_APPLICABLE;
    if (units <= policy + 1) return ADJ_CLAUSE_PASS;
    return said(line) ? ADJ_CLAUSE_FAIL : ADJ_CLAUSE_CANNOT_TELL;
}

Test(products, a_line_meets_the_clauses_of_its_own)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    adj_policies *policies = policies_of(&arena);
    adj_encounters *encounters = lines_of(policies, &arena);
    adj_results *results[SUPPORT_WAYS];
    support_judge_all_ways(policies, encounters, results);
    for (size_t l = 0; l < LINES; l++) {
        for (unsigned p = 0; p < POLICIES; p++)
            cr_assert_eq(adj_results_clause(results[1], l, p * 2), expected_units(l, p), "line %zu, policy %u", l, p);
        bool strange = said(l) && l % PRODUCTS == 3;
        adj_line line = adj_results_line(results[1], l);
        cr_assert_eq(line.verdict == ADJ_NOT_ADJUDICATED, strange, "line %zu", l);
        if (strange) cr_assert_str_eq(line.reason, "the policies of its payer are for other products");
    }
    /* No line of one product is asked for the clauses of another. */
    const run_schedule *schedule = &results[1]->many.schedule;
    for (size_t b = 0; b < schedule->batches.count; b++) {
        const run_batch *batch = &schedule->batches.items[b];
        for (size_t i = batch->first; i < batch->first + batch->count; i++) {
            size_t line = batch->work->lines[i];
            for (size_t u = 0; said(line) && u < batch->work->unit_count; u++) {
                uint32_t clause = policies->kernels->units.items[batch->work->units[u]].clause;
                cr_assert(of_policy(line, clause / 2), "line %zu meets clause %u", line, clause);
            }
        }
    }
    for (size_t e = 0; e < SUPPORT_WAYS; e++) adj_results_free(results[e]);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    base_arena_release(&arena);
}

static void check_reason(const char *header, const char *row, bool no_plan, adj_verdict verdict, const char *reason)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    adj_policies *policies =
        support_policies(base_format(&arena,
                                     "policy p\n  title \"P\"\n  payer \"K\"\n  %s\n  effective 2020-01-01\n\n"
                                     "clause units\n  cite \"1\"\n  when units > 90\n  require units <= 100\n"
                                     "  deny CO-151 as limit \"{units}\"\n",
                                     header));
    adj_encounters *encounters = support_lines(
        policies,
        base_format(&arena, "claim_id,member_id,payer,line,date,procedure,pos,units,charge,filing_indicator\n%s\n",
                    row));
    if (!no_plan) run_store_set_text(&encounters->store, LANG_FIELD_line_plan, 0, "HMO", 3);
    if (!no_plan) cr_assert(run_index(&encounters->store));
    adj_results *results = support_evaluate(policies, encounters);
    adj_line line = adj_results_line(results, 0);
    cr_expect_eq(line.verdict, verdict, "%s %s: %s", header, row, adj_verdict_name(line.verdict));
    cr_expect_str_eq(line.reason, reason, "%s %s", header, row);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    base_arena_release(&arena);
}

Test(products, what_is_not_known_of_a_line_is_said)
{
    const char *other = "C,M,K,1,2026-03-01,90853,11,1,90.00,MB", *none = "C,M,K,1,2026-03-01,90853,11,1,90.00,",
               *stranger = "C,M,L,1,2026-03-01,90853,11,1,90.00,HM", *own = "C,M,K,1,2026-03-01,90853,11,1,90.00,HM";
    check_reason("products \"HM\"", own, true, ADJ_PASS, "no clause applies to it");
    check_reason("products \"HM\"", other, true, ADJ_NOT_ADJUDICATED,
                 "the policies of its payer are for other products");
    check_reason("products \"HM\"", none, true, ADJ_CANNOT_TELL, "its product (claim filing indicator) is unknown");
    check_reason("products \"HM\"", stranger, true, ADJ_NOT_ADJUDICATED, "no policy names its payer");
    check_reason("products \"HM\"", "C,M,,1,2026-03-01,90853,11,1,90.00,MB", true, ADJ_NOT_ADJUDICATED,
                 "the policies of its payer are for other products");
    check_reason("products \"HM\"", "C,M,,1,2026-03-01,90853,11,1,90.00,HM", true, ADJ_CANNOT_TELL,
                 "its payer is unknown");
    check_reason("plans \"HMO\"", own, true, ADJ_CANNOT_TELL, "its plan is unknown");
    check_reason("plans \"HMO\"", none, true, ADJ_CANNOT_TELL, "its plan is unknown");
    check_reason("plans \"PPO\"", own, false, ADJ_NOT_ADJUDICATED, "the policies of its payer are for other plans");
    check_reason("plans \"HMO\" products \"HM\"", none, true, ADJ_CANNOT_TELL,
                 "its plan, and its product (claim filing indicator), are unknown");
    check_reason("plans \"HMO\" products \"HM\"", none, false, ADJ_CANNOT_TELL,
                 "its product (claim filing indicator) is unknown");
    check_reason("plans \"HMO\" products \"HM\"", own, true, ADJ_CANNOT_TELL, "its plan is unknown");
    check_reason("plans \"HMO\" products \"HM\"", other, false, ADJ_NOT_ADJUDICATED,
                 "the policies of its payer are for other plans or products");
}

static void tell(adj_single *single, const char *path, const char *text)
{
    int64_t field = adj_single_field(single, path);
    cr_assert_neq(field, ADJ_SINGLE_NO_FIELD, "%s", path);
    cr_assert_eq(adj_single_set(single, field, adj_single_text(single, field, text, strlen(text))), ADJ_OK);
}

/* One encounter alone, and beside a history in which nobody has the payer. */
Test(products, of_single_encounters)
{
    static const struct {
        const char *payer, *product, *reason;
        adj_verdict verdict;
    } told[] = {{"K", "HM", "", ADJ_DENY},
                {"K", "MB", "the policies of its payer are for other products", ADJ_NOT_ADJUDICATED},
                {"K", NULL, "", ADJ_CANNOT_TELL},
                {"L", "HM", "no policy names its payer", ADJ_NOT_ADJUDICATED},
                {"HM", "HM", "no policy names its payer", ADJ_NOT_ADJUDICATED}};
    base_arena arena;
    base_arena_init(&arena, NULL);
    adj_policies *policies = policies_of(&arena);
    for (int beside = 0; beside < 2; beside++) {
        static const char paid[] = "claim_id,member_id,payer,line,date,procedure,pos,units,charge\n"
                                   "C,M,Q,1,2026-03-01,90853,11,1,90.00\n";
        adj_single *single;
        adj_encounters *history = adj_encounters_new_for(policies, NULL);
        adj_encounters_seat_singles(history, 1);
        cr_assert_eq(adj_encounters_read_bytes_as(history, "lines.csv", paid, strlen(paid), ADJ_ROLE_JUDGED), ADJ_OK);
        cr_assert_eq(adj_encounters_finish(history), ADJ_OK);
        cr_assert_eq(beside == 0 ? adj_single_new(policies, &single) : adj_single_new_with(policies, history, &single),
                     ADJ_OK);
        for (int prepared = 0; prepared < 2; prepared++) {
            if (prepared == 1) adj_single_prepare(single);
            for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
                adj_single_answer answer;
                adj_single_begin(single);
                tell(single, "payer", told[i].payer);
                tell(single, "procedure", "90853");
                if (told[i].product != NULL) tell(single, "claim.filing_indicator", told[i].product);
                adj_single_set(single, adj_single_field(single, "date"), base_date_make(2026, 3, 2));
                adj_single_set(single, adj_single_field(single, "units"), 4000);
                cr_assert_eq(adj_single_judge(single, &answer), ADJ_OK);
                cr_expect_eq(answer.verdict, told[i].verdict, "%zu: %s", i, adj_verdict_name(answer.verdict));
                cr_expect_str_eq(answer.reason, told[i].reason, "%zu", i);
            }
        }
        adj_single_free(single);
        adj_encounters_free(history);
    }
    adj_policies_free(policies);
    base_arena_release(&arena);
}
