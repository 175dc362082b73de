/* Answers that are kept by what fields hold, and shared by steps that follow from the same: more values than there are places, in no order,
 * so that one gives way to the other all the time. Each line gets what the interpreter says of it. */
#include "tests/differential/generator.h"
#include "tests/suites/support.h"

enum { LINES = 12000, DAYS = 170 };

#define CLAUSE(name, body) "clause " name "\n  cite \"1\"\n" body "  deny CO-97 as coding \"x\"\n\n"

static const char policy[] =
    "policy kept\n  title \"Kept\"\n  payer \"K\"\n  effective 2020-01-01\n\n"
    "table way (procedure, pos) gives (needed: modifiers)\n  | procedure    | pos    | needed |\n"
    "  | 10000..10020 | 11, 22 | none   |\n  | 10000..10030 | 02     | 95     |\n  | 10031..10060 | any    | GT, 95 "
    "|\n\n"
    "section \"Lines\"\n  for each line\n  let asked = way(procedure, pos)\n\n"
    /* These follow from the day alone, asked of all lines and of some. */
    CLAUSE("first_day", "  require weekday of date <> monday\n")
        CLAUSE("early", "  when pos = 11\n  require weekday of date in monday, tuesday\n")
            CLAUSE("no_friday", "  when units = 2\n  require weekday of date <> friday\n")
                CLAUSE("some_days", "  when units = 3 and pos = 02\n  require weekday of date in monday, thursday\n")
                    CLAUSE("no_sunday", "  require weekday of date <> sunday\n")
    /* And these from more, with lists. */
    CLAUSE("there", "  when units > 1\n  require asked is found\n")
        CLAUSE("needed", "  when asked is found\n  require modifiers include all of asked.needed\n")
            CLAUSE("needed_elsewhere", "  when asked is found and pos = 02\n"
                                       "  require modifiers include any of asked.needed\n");

static adj_encounters *lines_of(const adj_policies *policies, base_arena *arena)
{
    static const char *const modifiers[] = {"", "95", "GT 95", "GT", "59", "95 59 76 77"}, *const places[] = {
                                                                                               "11", "02", "22"};
    base_text text;
    base_text_init(&text, arena);
    base_text_put(&text, "claim_id,member_id,payer,line,date,procedure,pos,units,charge,modifiers\n");
    generator g = {.state = 11};
    for (unsigned i = 0; i < LINES; i++) {
        char date[16];
        base_date_write(base_date_make(2025, 12, 1) + (int)generator_below(&g, DAYS), date);
        base_text_format(&text, "C%u,M%u,K,1,%s,%u,%s,%u,20.00,%s\n", i, i, date, 10000 + generator_below(&g, 70),
                         places[generator_below(&g, 3)], 1 + generator_below(&g, 4), modifiers[generator_below(&g, 6)]);
    }
    adj_encounters *encounters = support_lines(policies, base_text_string(&text));
    run_store *store = &encounters->store;
    uint32_t many[40]; /* more codes than are kept of a line */
    for (uint32_t k = 0; k < 40; k++) many[k] = base_intern_find(&store->symbols, k == 39 ? "95" : "59", 2);
    for (uint32_t line = 0; line < LINES; line++) {
        if (line % 97 == 5) run_store_set_unknown(store, LANG_FIELD_line_date, line);
        if (line % 89 == 7) run_store_set_unknown(store, LANG_FIELD_line_modifiers, line);
        if (line % 31 == 4) run_store_set_list(store, LANG_FIELD_line_modifiers, line, many, 38 + line % 3);
        if (line % 83 == 9) run_store_set_absent(store, LANG_FIELD_line_pos, line);
    }
    cr_assert(run_index(store));
    return encounters;
}

Test(kept_answers, are_those_of_each_line)
{
    adj_policies *policies = support_policies(policy);
    base_arena arena;
    base_arena_init(&arena, NULL);
    adj_encounters *encounters = lines_of(policies, &arena);
    adj_options plain = {.evaluator = ADJ_EVALUATOR_INTERPRETER};
    adj_results *meant, *results;
    cr_assert_eq(adj_evaluate(policies, encounters, &plain, &meant), ADJ_OK);
    size_t clauses = adj_policies_clause_count(policies);
    for (size_t c = 0; c < clauses; c++) {
        size_t verdicts[8] = {0};
        for (size_t l = 0; l < LINES; l++) verdicts[adj_results_clause(meant, l, c)]++;
        cr_expect(verdicts[ADJ_CLAUSE_PASS] > 50 && verdicts[ADJ_CLAUSE_FAIL] > 50, "clause %zu: %zu pass, %zu fail", c,
                  verdicts[ADJ_CLAUSE_PASS], verdicts[ADJ_CLAUSE_FAIL]);
    }
    static const size_t batches[] = {0, 64, 200, 4096};
    for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
        adj_options options = {.evaluator = ADJ_EVALUATOR_BEST, .batch = batches[b], .threads = 1};
        cr_assert_eq(adj_evaluate(policies, encounters, &options, &results), ADJ_OK);
        for (size_t l = 0; l < LINES; l++) {
            for (size_t c = 0; c < clauses; c++)
                cr_assert_eq(adj_results_clause(results, l, c), adj_results_clause(meant, l, c),
                             "line %zu, clause %zu, batches of %zu", l, c, batches[b]);
        }
        adj_results_free(results);
    }
    adj_results_free(meant);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    base_arena_release(&arena);
}
