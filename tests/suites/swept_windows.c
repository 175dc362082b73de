/* Windows of every kind over members with few lines and many: from running sums and where those are walked for many subjects, on one
 * thread and two, they come to what walking finds for each alone. */
#include "tests/suites/support.h"

#include "runtime/handles.h"

static const char *const windows[] = {"",
                                      " on the same day",
                                      " in the last 7 days",
                                      " in the last 3 months",
                                      " in the last 1 months",
                                      " within 30 days before",
                                      " within 2 months before",
                                      " in the same calendar week",
                                      " in the same month",
                                      " in the same quarter",
                                      " in the same calendar year",
                                      " in the benefit year",
                                      " in the fiscal year from july 1",
                                      " since 2024-03-01",
                                      " per lifetime",
                                      " during the emergency",
                                      " in the last 9 days",
                                      " in the next 20 days"};

enum { WINDOWS = sizeof windows / sizeof *windows, LINES = 1500 };

static const char *policy_of(base_arena *arena)
{
    static const char *const ends[] = {" so far", " earlier", ""};
    static const char *const wheres[] = {"", " where procedure in 90853, 90837", " where status = denied or units > 1"};
    base_text text;
    base_text_init(&text, arena);
    base_text_put(&text, "policy windows\n  title \"Windows\"\n  payer \"K\"\n  effective 2020-01-01\n\n"
                         "parameter emergency : dates = 2024-02-10 to 2024-04-05\n\n");
    unsigned number = 0;
    for (unsigned w = 0; w < WINDOWS; w++) {
        for (unsigned end = 0; end < 3; end++) {
            bool ahead = strstr(windows[w], "next") != NULL, plain = *windows[w] == '\0';
            if (end < 2 && (ahead || plain)) continue;
            base_text_format(&text,
                             "clause c%u\n  cite \"1\"\n  require at most %u of history%s%s%s\n"
                             "  deny CO-119 as limit \"{count}\"\n\n",
                             number, 1 + w % 4, windows[w], ends[end], wheres[(w + end) % 3]);
            number++;
            base_text_format(&text,
                             "clause c%u\n  cite \"2\"\n  require (sum of units over history%s%s%s) <= %u\n"
                             "  deny CO-119 as limit \"{sum}\"\n\n",
                             number, windows[w], ends[end], wheres[(w + end + 1) % 3], 2 + w % 5);
            number++;
            base_text_format(&text,
                             "clause c%u\n  cite \"4\"\n  forbid exists other in history%s%s%s\n"
                             "  deny CO-119 as limit \"x\"\n\n",
                             number, windows[w], ends[end], wheres[(w + end + 2) % 3]);
            number++;
            base_text_format(&text,
                             "clause c%u\n  cite \"3\"\n  require at most %u of distinct procedure over history%s%s\n"
                             "  deny CO-119 as limit \"{count}\"\n\n",
                             number, 1 + w % 2, windows[w], ends[end]);
            number++;
        }
    }
    return base_text_string(&text);
}

/* Members with one line to some sixty; of some lines the day, the procedure, the units or the status is not known. With `sparing` that is all,
 * and seldom, so that most members are certain but for one line. */
static adj_encounters *lines_of(const adj_policies *policies, base_arena *arena, bool sparing, int count)
{
    static const char *const codes[] = {"90853", "90837", "90834"};
    base_text text;
    base_text_init(&text, arena);
    base_text_put(&text, "claim_id,member_id,payer,line,date,procedure,pos,units,charge\n");
    uint32_t state = 1, member = 0, left = 1;
    for (int i = 0; i < count; i++) {
        char date[16];
        state = state * 1664525 + 1013904223;
        if (--left == 0) {
            member++;
            left = 1 + member * 7 % 60;
        }
        int day = (int)(state >> 8) % 260;
        base_date_write(base_date_make(2023, 11, 1) + (i % 3 == 0 ? day / 20 * 20 : day), date);
        base_text_format(&text, "C%d,M%u,K,1,%s,%s,11,%u,90.00\n", i, i % 11 == 0 ? (uint32_t)(i % 5) : member, date,
                         codes[(state >> 20) % 3], 1 + (state >> 24) % 3);
    }
    adj_encounters *encounters = support_lines(policies, base_text_string(&text));
    run_store *store = &encounters->store;
    store->feeds[LANG_FEED_HISTORY] = true;
    for (uint32_t line = 0; line < store->counts[LANG_RECORD_line]; line++) {
        static const lang_field fields[] = {LANG_FIELD_line_date, LANG_FIELD_line_procedure, LANG_FIELD_line_units,
                                            LANG_FIELD_line_status};
        if (line % 97 < 4) run_store_set_unknown(store, fields[line % 97], line);
        if (line % 101 == 50) run_store_set_unknown(store, LANG_FIELD_line_patient, line);
        if (sparing) continue;
        if (line % 13 == 5) run_store_set(store, LANG_FIELD_line_status, line, line % 7);
        if (line % 55 == 0 || line % 211 == 9) run_store_set(store, LANG_FIELD_line_units, line, INT64_MAX / 2);
        if (line % 40 == 7) store->lines.items[line].subject = false;
    }
    cr_assert(run_index(store));
    return encounters;
}

/* Windows that are long and lie far, and limits that are met by some of many lines; with `narrow` none is asked of all lines. */
static const char *policy_of_long(base_arena *arena, bool narrow)
{
    static const char *const spans[] = {" in the last 7 days so far", " in the last 18 months earlier",
                                        " per lifetime so far",       " since 2020-06-01 earlier",
                                        " in the same calendar year", " in the next 500 days",
                                        " in the next 20 days"};
    static const char *const wheres[] = {"", " where procedure in 90853, 90837", " where units > 1"};
    static const unsigned limits[] = {2, 60, 85, 130, 165, 240, 350, 400};
    enum { SPANS = sizeof spans / sizeof *spans, LIMITS = sizeof limits / sizeof *limits };
    base_text text;
    base_text_init(&text, arena);
    base_text_put(&text, "policy windows\n  title \"Windows\"\n  payer \"K\"\n  effective 2020-01-01\n\n");
    for (unsigned i = 0; i < SPANS * LIMITS; i++) {
        const char *span = spans[i / LIMITS], *where = wheres[i / LIMITS % 3],
                   *when = narrow || i % 5 == 4 ? "  when pos = 11\n" : "";
        unsigned limit = limits[i % LIMITS];
        base_text_format(&text,
                         "clause count%u\n  cite \"1\"\n%s  require at most %u of history%s%s\n"
                         "  deny CO-119 as limit \"{count}\"\n\n",
                         i, when, limit, span, where);
        base_text_format(&text,
                         "clause sum%u\n  cite \"2\"\n%s  require (sum of units over history%s%s) <= %u\n"
                         "  deny CO-119 as limit \"{sum}\"\n\n",
                         i, when, span, where, limit * 3 / 2);
    }
    return base_text_string(&text);
}

/* A member with a history of eight years, of which all is known and 256 lines are to be judged; and others with few lines, whose days are
 * known: of the first 256 all else, too, but perhaps whose one of them is; of the last not. */
static adj_encounters *long_histories(const adj_policies *policies, base_arena *arena, bool of_nobody)
{
    enum { LONG = 1200, FIRST = 500, JUDGED = 256, SHORT = 400 };
    base_text text;
    base_text_init(&text, arena);
    base_text_put(&text, "claim_id,member_id,payer,line,date,procedure,pos,units,charge\n");
    for (int i = 0; i < LONG; i++) {
        char date[16];
        base_date_write(base_date_make(2019, 2, 1) + i * 5 / 2, date);
        base_text_format(&text, "C%d,M,K,1,%s,%s,%d,%d,90.00\n", i, date, i % 3 == 0 ? "90834" : "90853",
                         i % 7 == 0 ? 22 : 11, 1 + i % 2);
    }
    for (int i = 0; i < SHORT; i++) {
        char date[16];
        base_date_write(base_date_make(2023, 12, 1) + i % 50 * 4, date);
        base_text_format(&text, "D%d,S%d,K,1,%s,90853,11,1,90.00\n", i, i / 25, date);
    }
    adj_encounters *encounters = support_lines(policies, base_text_string(&text));
    run_store *store = &encounters->store;
    store->feeds[LANG_FEED_HISTORY] = true;
    /* What was denied counts for none, what is planned where a window looks ahead. */
    for (uint32_t line = 0; line < LONG; line++) {
        bool planned = line % 17 == 3, denied = line % 17 == 8 || line % 17 == 9;
        store->lines.items[line].subject = line >= FIRST && line < FIRST + JUDGED;
        if (!store->lines.items[line].subject && (planned || denied))
            run_store_set(store, LANG_FIELD_line_status, line, planned ? 0 : 4);
    }
    if (of_nobody) run_store_set_unknown(store, LANG_FIELD_line_patient, LONG + 30);
    for (uint32_t line = LONG + JUDGED + 20; line < LONG + 340; line += 3)
        run_store_set_unknown(store, line % 2 == 0 ? LANG_FIELD_line_units : LANG_FIELD_line_status, line);
    /* Sums of these are too large for what certain ones are kept in. */
    for (uint32_t line = LONG + 360; line < LONG + SHORT; line += 3)
        run_store_set(store, LANG_FIELD_line_units, line, INT64_C(3000000000));
    cr_assert(run_index(store));
    return encounters;
}

static void compare_with_walking(bool sparing)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    adj_policies *policies = support_policies(policy_of(&arena));
    adj_encounters *encounters = lines_of(policies, &arena, sparing, LINES);
    support_compare_ways(policies, encounters);
    base_arena_release(&arena);
}

Test(swept_windows, of_long_histories_come_to_the_same)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    for (int way = 0; way < 3; way++) {
        adj_policies *policies = support_policies(policy_of_long(&arena, way == 2));
        support_compare_ways(policies, long_histories(policies, &arena, way == 1));
    }
    base_arena_release(&arena);
}

Test(swept_windows, come_to_what_walking_finds)
{
    compare_with_walking(false);
    compare_with_walking(true);
}

static void compare_with(const adj_policies *policies, const adj_encounters *encounters, const adj_results *meant)
{
    adj_results *results;
    cr_assert_eq(adj_evaluate(policies, encounters, NULL, &results), ADJ_OK);
    for (size_t line = 0; line < adj_results_count(meant); line++) {
        for (size_t c = 0; c < adj_policies_clause_count(policies); c++)
            cr_assert_eq(adj_results_clause(results, line, c), adj_results_clause(meant, line, c),
                         "%zu lines, line %zu, clause %zu", adj_results_count(meant), line, c);
    }
    adj_results_free(results);
}

/* Some dozens of lines are judged one by one, by machine code where single encounters have had it made. */
Test(swept_windows, of_few_lines_come_to_the_same)
{
    static const int counts[] = {1, 23, 24, 25, 70, 127, 128, 129, 200};
    base_arena arena;
    base_arena_init(&arena, NULL);
    adj_policies *policies = support_policies(policy_of(&arena));
    adj_options plain = {.evaluator = ADJ_EVALUATOR_INTERPRETER};
    size_t verdicts[8] = {0};
    for (int with_code = 0; with_code < 2; with_code++) {
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
            adj_encounters *encounters = lines_of(policies, &arena, i % 2 == 0, counts[i]);
            adj_results *meant;
            cr_assert_eq(adj_evaluate(policies, encounters, &plain, &meant), ADJ_OK);
            compare_with(policies, encounters, meant);
            for (size_t line = 0; line < adj_results_count(meant); line++) {
                for (size_t c = 0; c < adj_policies_clause_count(policies); c++)
                    verdicts[adj_results_clause(meant, line, c)]++;
            }
            adj_results_free(meant);
            adj_encounters_free(encounters);
        }
        adj_single *single;
        adj_single_answer answer;
        cr_assert_eq(adj_single_new(policies, &single), ADJ_OK);
        cr_assert_eq(adj_single_judge(single, &answer), ADJ_OK);
        adj_single_prepare(single);
        adj_single_free(single);
    }
    cr_expect(verdicts[ADJ_CLAUSE_PASS] > 1000 && verdicts[ADJ_CLAUSE_FAIL] > 1000 &&
              verdicts[ADJ_CLAUSE_CANNOT_TELL] > 1000);
    adj_policies_free(policies);
    base_arena_release(&arena);
}
