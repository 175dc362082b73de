/* Elements that are passed by before they are looked at, answers that are kept by code or by what fields hold, and columns that are read where
 * they lie: many lines, judged together in batches of every size, on one thread and two, come to what walking finds for each alone. */
#include "tests/differential/generator.h"
#include "tests/suites/support.h"

#include "lang/bulk.h"
#include "runtime/handles.h"

#include <unistd.h>

enum { LINES = 9000, CODES = 700 };

static const char *const files[] = {"pairs.csv", "most.csv", "dated.csv", "told.csv", "placed.csv", "p.adj"};
enum { FILES = sizeof files / sizeof *files };

static const char policy[] =
    "policy gates\n  title \"Gates\"\n  payer \"K\"\n  effective 2020-01-01\n\n"
    "table pair (one: cpt, two: cpt) gives (indicator: count)\n  unique\n  from \"pairs.csv\"\n\n"
    "table most (procedure) gives (times: count)\n  unique\n  from \"most.csv\"\n\n"
    "table dated (procedure) gives (times: count)\n  unique\n  from \"dated.csv\"\n\n"
    "table told (one: cpt, two: cpt) gives (indicator: count)\n  partial\n  from \"told.csv\"\n\n"
    "table placed (procedure, pos) gives (indicator: count)\n  unique\n  from \"placed.csv\"\n\n"
    "table written (procedure, pos) gives (needed: modifiers)\n  | procedure    | pos    | needed |\n"
    "  | 10000..10300 | 11, 22 | none   |\n  | 10000..10300 | 02     | 95     |\n  | 10301..11000 | any    | GT, 95 "
    "|\n\n"
    "codes low : cpt\n  10000..10120\n  10121..10200 from 2026-02-01\n\n"
    "section \"Lines\"\n  for each line\n  let way = written(procedure, pos)\n\n"
#define CLAUSE(name, body) "clause " name "\n  cite \"1\"\n" body "  deny CO-97 as coding \"x\"\n\n"
    CLAUSE("beside_another", "  forbid exists other in claim.lines where pair(procedure, this.procedure) is found\n"
                             "             and pair(procedure, this.procedure).indicator <> 9\n")
        CLAUSE("same_day", "  forbid exists other in history on the same day\n"
                           "             where rendering_provider = this.rendering_provider and procedure in low\n"
                           "             and pair(this.procedure, procedure) is found\n")
            CLAUSE("not_known_of",
                   "  forbid exists other in claim.lines where told(procedure, this.procedure) is "
                   "found\n") CLAUSE("with_itself", "  require (sum of units over claim.lines\n"
                                                    "           where told(procedure, this.procedure) is found) <= 3\n")
                CLAUSE("any_of_those", "  forbid exists claim.lines on the same day\n"
                                       "          where pair(procedure, this.procedure) is found and units > 1\n")
                    CLAUSE("of_those_before",
                           "  require at most 1 of claim.lines on the same day\n"
                           "           where pair(procedure, this.procedure) is found and units > 1\n")
                        CLAUSE("placed_beside",
                               "  forbid exists other in claim.lines where placed(procedure, this.pos) is found\n")
                            CLAUSE("lately", "  forbid exists other in claim.lines since 2026-01-20\n"
                                             "             where pair(procedure, this.procedure) is found\n")
                                CLAUSE("seldom",
                                       "  require at most 1 of history in the last 30 days where procedure = "
                                       "this.procedure\n") CLAUSE("either",
                                                                  "  forbid exists other in claim.lines where "
                                                                  "procedure = this.procedure or units > 3\n")
                                    CLAUSE("units_added",
                                           "  require (sum of units over claim.lines where procedure in low) <= 6\n")
                                        CLAUSE("most_units", "  when most(procedure) is found\n  require units <= "
                                                             "most(procedure).times\n")
                                            CLAUSE("units_then", "  when dated(procedure) is found\n  require units <= "
                                                                 "dated(procedure).times\n")
                                                CLAUSE("by_place", "  when way is found\n"
                                                                   "  require modifiers include all of way.needed\n")
                                                    CLAUSE("charged", "  require charge <= $40.00\n")
                                                        CLAUSE("of_low", "  require procedure in low\n") CLAUSE(
                                                            "lasted", "  require session.minutes >= 40 minutes\n");

static const char *path_of(const char *folder, const char *name)
{
    static char paths[FILES][200];
    static size_t next;
    char *path = paths[next++ % FILES];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void write_tables(const char *folder)
{
    generator g = {.state = 7};
    FILE *file[FILES];
    for (size_t i = 0; i < FILES; i++) {
        file[i] = fopen(path_of(folder, files[i]), "w");
        cr_assert_not_null(file[i]);
    }
    fputs("one,two,indicator\n", file[0]);
    fputs("procedure,times\n", file[1]);
    fputs("procedure,times,from,to\n", file[2]);
    fputs("one,two,indicator\n", file[3]);
    fputs("procedure,pos,indicator\n", file[4]);
    for (int one = 0; one < CODES; one++) {
        /* No code twice in a pair's row: tables are unique. */
        for (int k = 0; k < 40; k++) {
            int two = (one * 37 + k * 17 + 1) % CODES;
            fprintf(file[0], "%d,%d,%u\n", 10000 + one, 10000 + two, generator_below(&g, 10));
            if (k < 3) fprintf(file[3], "%d,%d,1\n", 10000 + one, 10000 + two);
        }
        if (one % 5 == 0) fprintf(file[3], "%d,%d,1\n", 10000 + one, 10000 + one);
        if (one % 6 == 0) fprintf(file[4], "%d,%s,1\n", 10000 + one, one % 4 == 0 ? "11" : "22");
        if (one % 3 != 0) fprintf(file[1], "%d,%u\n", 10000 + one, 1 + generator_below(&g, 4));
        if (one % 4 != 0)
            fprintf(file[2], "%d,%u,2025-01-01,2026-02-10\n%d,%u,2026-02-11,2030-01-01\n", 10000 + one,
                    1 + generator_below(&g, 3), 10000 + one, 2 + generator_below(&g, 3));
    }
    fputs(policy, file[5]);
    for (size_t i = 0; i < FILES; i++) cr_assert_eq(fclose(file[i]), 0);
}

/* Claims of one to nine lines, and some of more, whose lines stand in their order, or the other way round. Of a stretch at the end every third line is another payer's; of some lines a field is not known, or not
 * there; some have codes that no table has seen. */
static adj_encounters *lines_of(const adj_policies *policies, base_arena *arena)
{
    base_text text;
    base_text_init(&text, arena);
    base_text_put(&text,
                  "claim_id,member_id,payer,line,date,procedure,pos,units,charge,modifiers,rendering_provider\n");
    generator g = {.state = 3};
    uint32_t claim = 0, left = 1;
    for (int i = 0; i < LINES; i++) {
        static const char *const modifiers[] = {"", "95", "GT 95", "GT", "59"}, *const places[] = {"11", "02", "22",
                                                                                                   "53"};
        if (--left == 0) {
            claim++;
            left = claim % 90 == 7 ? 40 : claim % 30 == 3 ? 20 : 1 + claim * 7 % 9;
        }
        char date[16];
        base_date_write(base_date_make(2026, 1, 1) + (int)(claim % 61) + (i % 7 == 0), date);
        unsigned code = 10000 + generator_below(&g, CODES);
        if (i % 50 == 49) code += 50000;
        base_text_format(&text, "C%u,M%u,%s,%u,%s,%u,%s,%u,%u.00,%s,%s\n", claim, claim % 300,
                         i > LINES / 2 && i % 3 == 0 ? "J" : "K", claim % 2 == 0 ? left : 100 - left, date, code,
                         places[generator_below(&g, 4)], 1 + generator_below(&g, 4), 20 + generator_below(&g, 30),
                         modifiers[generator_below(&g, 5)], claim % 2 == 0 ? "1234567893" : "1700000008");
    }
    adj_encounters *encounters = support_lines(policies, base_text_string(&text));
    run_store *store = &encounters->store;
    store->feeds[LANG_FEED_HISTORY] = true;
    for (uint32_t line = 0; line < store->counts[LANG_RECORD_line]; line++) {
        static const lang_field fields[] = {LANG_FIELD_line_date,   LANG_FIELD_line_procedure,
                                            LANG_FIELD_line_units,  LANG_FIELD_line_status,
                                            LANG_FIELD_line_charge, LANG_FIELD_line_rendering_provider,
                                            LANG_FIELD_line_pos,    LANG_FIELD_line_modifiers};
        /* What follows of a line was found for each, wherever threads began. */
        cr_assert_neq(run_store_state(store, LANG_FIELD_line_first_modifier, line), RUN_UNKNOWN, "line %u", line);
        if (line % 4000 < 500) continue; /* nothing is missing: columns lie ready there */
        if (line % 89 < 8) run_store_set_unknown(store, fields[line % 89], line);
        if (line % 71 == 9) run_store_set_unknown(store, LANG_FIELD_line_claim, line);
        if (line % 53 == 5) run_store_set_absent(store, fields[line % 8 == 0 ? 1 : line % 8], line);
        if (line % 61 == 3) run_store_set(store, LANG_FIELD_line_charge, line, 5000 - (INT64_C(1) << (line % 50)));
        if (line % 40 == 7) store->lines.items[line].subject = false;
        if (line % 9 < 2) continue; /* nobody told of a session */
        uint32_t session = run_store_add(store, LANG_RECORD_session);
        run_store_set(store, LANG_FIELD_session_minutes, session, (int64_t)(line % 80) * 1000);
        run_store_set(store, LANG_FIELD_line_session, line, session);
    }
    cr_assert(run_index(store));
    return encounters;
}

static void compare(const adj_policies *policies, const adj_encounters *encounters, const adj_results *meant,
                    const adj_options *options)
{
    adj_results *results;
    cr_assert_eq(adj_evaluate(policies, encounters, options, &results), ADJ_OK);
    size_t clauses = adj_policies_clause_count(policies);
    for (size_t l = 0; l < adj_results_count(meant); l++) {
        for (size_t c = 0; c < clauses; c++)
            cr_assert_eq(adj_results_clause(results, l, c), adj_results_clause(meant, l, c),
                         "line %zu, clause %zu, batches of %zu on %u threads", l, c, options->batch, options->threads);
    }
    adj_results_free(results);
}

/* What a row says of an input; of others than its own the inputs stand the other way round, which seldom is a row. */
static int64_t told(const lang_bulk *bulk, size_t row, size_t input, bool own)
{
    if (own) return lang_bulk_value(bulk, input, row);
    size_t other = bulk->input_count - 1 - input;
    return lang_bulk_value(bulk, other, row) + (other == input ? 1000000 : 0);
}

/* Each row's key, or others: how many of them the filter lets through. */
static size_t ask_filter(const lang_bulk *bulk, size_t first, bool of_rows)
{
    uint64_t sums[LANG_BULK_TOGETHER] = {0}, may[LANG_BULK_TOGETHER / 64];
    lang_bulk_asking *ways[LANG_BULK_WAYS];
    size_t count = bulk->row_count - first < LANG_BULK_TOGETHER ? bulk->row_count - first : LANG_BULK_TOGETHER;
    size_t through = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < bulk->input_count; k++)
            sums[i] += lang_bulk_part(bulk, k, told(bulk, first + i, k, of_rows));
    }
    lang_bulk_may_have(bulk, sums, count, may);
    for (size_t w = 0; w * 64 < count; w++) through += (size_t)__builtin_popcountll(may[w]);
    for (size_t way = lang_bulk_ways(ways); way-- > 0;) {
        uint64_t own[LANG_BULK_TOGETHER / 64] = {0};
        ways[way](bulk, sums, count, own);
        cr_expect_arr_eq(own, may, (count + 63) / 64 * sizeof *own, "way %zu from row %zu", way, first);
    }
    cr_expect(!of_rows || through == count, "%zu of %zu rows", through, count);
    return through;
}

/* Filters of files let every row through and few others, in registers of every width. */
Test(gates, filters_of_files_say_the_same_in_every_width)
{
    char folder[] = "/tmp/adjudge-gates-XXXXXX";
    cr_assert_not_null(mkdtemp(folder));
    write_tables(folder);
    const char *paths[] = {path_of(folder, "p.adj")};
    adj_policies *policies = NULL;
    cr_assert_eq(adj_policies_compile(paths, 1, NULL, &policies), ADJ_OK, "%s", adj_policies_diagnostics(policies));
    size_t rows = 0, through = 0;
    for (size_t t = 0; t < policies->plan->tables.count; t++) {
        const lang_table *table = policies->plan->tables.items[t].source;
        for (size_t b = 0; b < table->bulks.count; b++) {
            const lang_bulk *bulk = table->bulks.items[b];
            rows += bulk->row_count;
            for (size_t first = 0; first < bulk->row_count; first += 251) {
                ask_filter(bulk, first, true);
                through += ask_filter(bulk, first, false);
            }
        }
    }
    cr_expect_gt(rows, 20000u);
    cr_expect_lt(through, rows / 5, "%zu of %zu", through, rows);
    adj_policies_free(policies);
    for (size_t i = 0; i < FILES; i++) unlink(path_of(folder, files[i]));
    rmdir(folder);
}

Test(gates, shut_out_none_that_counts)
{
    char folder[] = "/tmp/adjudge-gates-XXXXXX";
    cr_assert_not_null(mkdtemp(folder));
    write_tables(folder);
    const char *paths[] = {path_of(folder, "p.adj")};
    adj_options plain = {.evaluator = ADJ_EVALUATOR_INTERPRETER};
    adj_policies *policies = NULL;
    cr_assert_eq(adj_policies_compile(paths, 1, NULL, &policies), ADJ_OK, "%s", adj_policies_diagnostics(policies));
    base_arena arena;
    base_arena_init(&arena, NULL);
    adj_encounters *encounters = lines_of(policies, &arena);
    adj_results *meant;
    cr_assert_eq(adj_evaluate(policies, encounters, &plain, &meant), ADJ_OK);
    /* Each clause has something to say of many lines, in each way. */
    for (size_t c = 0; c < adj_policies_clause_count(policies); c++) {
        size_t verdicts[8] = {0};
        for (size_t l = 0; l < adj_results_count(meant); l++) verdicts[adj_results_clause(meant, l, c)]++;
        cr_expect(verdicts[ADJ_CLAUSE_PASS] > 100 && verdicts[ADJ_CLAUSE_FAIL] > 30 &&
                      verdicts[ADJ_CLAUSE_CANNOT_TELL] > 20,
                  "clause %zu: %zu pass, %zu fail, %zu cannot tell", c, verdicts[ADJ_CLAUSE_PASS],
                  verdicts[ADJ_CLAUSE_FAIL], verdicts[ADJ_CLAUSE_CANNOT_TELL]);
    }
    static const size_t batches[] = {0, 1, 63, 64, 200, 4096};
    for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
        for (unsigned threads = 1; threads < 3; threads++) {
            adj_options options = {.evaluator = ADJ_EVALUATOR_BEST, .batch = batches[b], .threads = threads};
            compare(policies, encounters, meant, &options);
        }
    }
    adj_results_free(meant);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    base_arena_release(&arena);
    for (size_t i = 0; i < FILES; i++) unlink(path_of(folder, files[i]));
    rmdir(folder);
}
