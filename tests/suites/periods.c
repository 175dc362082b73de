/* Works that are divided by days: lines meet what may apply on their day and little else, and every clause says what it says of each line
 * alone. */
#include "tests/suites/support.h"

#include "runtime/handles.h"
#include "runtime/periods.h"

enum { LINES = 12000, VERSIONS = 24, DAYS = 17 /* of a version */, YEARS = 16 /* policies of one payer */, PLANS = 12 };

static void put_day(base_text *text, const char *before, base_date day)
{
    char date[16];
    base_date_write(day, date);
    base_text_format(text, "%s%s", before, date);
}

/* A clause of a version, in the days from and to; `more` is added to its dates. */
static void put_clause(base_text *text, const char *name, unsigned version, base_date from, base_date to,
                       const char *more)
{
    base_text_format(text, "clause %s_%u\n  cite \"1\"\n", name, version);
    put_day(text, "  effective ", from);
    put_day(text, " to ", to);
    base_text_format(text, "%s\n  require units <= %u\n  deny CO-16 M76 as data \"{units}\"\n\n", more,
                     1 + version % 3);
}

static const base_date first_day = 19723; /* 2024-01-01 */

/* Versions one after the other, others that overlap or leave days out, some by the day of receipt, one that holds on no day of its policy, one
 * that always does. */
static const char *policy_of(base_arena *arena, const char *from)
{
    base_text text;
    base_text_init(&text, arena);
    base_text_format(&text, "policy state\n  title \"Versions\"\n  payer \"K\"\n  effective %s to 2025-12-31\n\n",
                     from);
    for (unsigned v = 0; v < VERSIONS; v++) {
        base_date day = first_day + (int)v * DAYS;
        put_clause(&text, "next", v, day, day + DAYS - 1, "");
        put_clause(&text, "over", v, day - 3, day + DAYS + 3, "");
        if (v % 2 == 0) put_clause(&text, "gaps", v, day + 1, day + 4, "");
        if (v % 8 == 0) put_clause(&text, "sent", v, day, day + 40, " by received date");
    }
    put_clause(&text, "never", 0, base_date_make(2010, 1, 1), base_date_make(2010, 12, 31), "");
    base_text_put(&text, "clause latest\n  cite \"4\"\n  effective 2025-02-20\n  require units <= 3\n"
                         "  deny CO-16 M76 as data \"{units}\"\n\n");
    base_text_put(&text, "clause always\n  cite \"2\"\n  require pos in 11\n  deny CO-5 M77 as coding \"{pos}\"\n");
    return base_text_string(&text);
}

/* What one payer of two does differently: its lines are judged by the clauses above, too, in its own days. */
static const char layer_text[] =
    "policy plan extends state\n  title \"Of L\"\n  payer \"L\"\n  effective 2023-03-01\n\n"
    "override clause next_3\n  cite \"3\"\n  effective 2024-06-01 to 2024-07-15\n  require units <= 1\n"
    "  deny CO-16 M76 as data \"{units}\"\n";

/* A payer's policies one after the other, each for a plan, with days between them that none has. */
static const char *year_text(base_arena *arena, unsigned year)
{
    base_text text;
    base_text_init(&text, arena);
    base_date from = first_day + (int)year * 28;
    base_text_format(&text, "policy year_%u\n  title \"A year\"\n  payer \"V\"\n  plans \"P%c\"\n", year,
                     'A' + (int)year % (YEARS / 2));
    put_day(&text, "  effective ", from);
    put_day(&text, " to ", from + 24);
    base_text_format(&text,
                     "\n\nclause few\n  cite \"1\"\n  require units <= %u\n  deny CO-16 M76 as data \"{units}\"\n\n"
                     "clause here\n  cite \"2\"\n  require pos in 11\n  deny CO-5 M77 as coding \"{pos}\"\n",
                     1 + year % 3);
    return base_text_string(&text);
}

static adj_policies *policies_of(base_arena *arena, const char *from)
{
    const char *names[2 + YEARS] = {"state.adj", "plan.adj"};
    base_text text;
    base_text_init(&text, arena);
    base_text_put(&text, policy_of(arena, from));
    /* What is overridden must allow it. */
    const char *all = base_text_string(&text), *at = strstr(all, "clause next_3\n");
    const char *texts[2 + YEARS] = {base_format(arena, "%.*soverridable %s", (int)(at - all), all, at), layer_text};
    for (unsigned year = 0; year < YEARS; year++) {
        names[2 + year] = base_format(arena, "year_%u.adj", year);
        texts[2 + year] = year_text(arena, year);
    }
    adj_policies *policies = NULL;
    adj_options options = {.evaluator = ADJ_EVALUATOR_BEST};
    adj_status status = adj_policies_compile_text(names, texts, 2 + YEARS, &options, &policies);
    cr_assert_eq(status, ADJ_OK, "%s", adj_policies_diagnostics(policies));
    return policies;
}

/* Days over all versions and beyond, and on both sides of where they end; of some lines the day is not known, of some there is none. */
static adj_encounters *lines_of(const adj_policies *policies, base_arena *arena)
{
    base_text text;
    base_text_init(&text, arena);
    base_text_put(&text, "claim_id,member_id,payer,line,date,procedure,pos,units,charge\n");
    uint32_t state = 7;
    for (int i = 0; i < LINES; i++) {
        char date[16];
        state = state * 1664525 + 1013904223;
        int span = VERSIONS * DAYS + 60, off = (int)(state >> 8) % span - 30;
        if (i % 4 == 0) off = (int)(state >> 8) % VERSIONS * DAYS - i / 4 % 2;
        bool late = i % 10 == 1 && i % 3 != 0; /* half of those of V */
        if (i % 60 == 1 || late) off = i % 20 == 1 ? -3000 : 3000;
        base_date_write(first_day + off, date);
        base_text_format(&text, "C%d,M%d,%s,1,%s,90853,%s,%u,90.00\n", i, i % 50,
                         i % 3 == 0   ? "L"
                         : i % 5 == 1 ? "V"
                                      : "K",
                         date, i % 7 == 0 ? "10" : "11", 1 + (state >> 24) % 4);
    }
    adj_encounters *encounters = adj_encounters_new_for(policies, NULL);
    adj_encounters_submit_on(encounters, base_date_make(2024, 9, 1));
    const char *csv = base_text_string(&text);
    cr_assert_eq(adj_encounters_read_bytes_as(encounters, "lines.csv", csv, strlen(csv), ADJ_ROLE_JUDGED), ADJ_OK);
    cr_assert_eq(adj_encounters_finish(encounters), ADJ_OK);
    run_store *store = &encounters->store;
    for (uint32_t line = 0; line < LINES; line++) {
        char plan[] = {'P', (char)('A' + line / 5 % PLANS), '\0'};
        run_store_set_text(store, LANG_FIELD_line_plan, line, plan, 2);
        if (line % 101 == 5) run_store_set_unknown(store, LANG_FIELD_line_date, line);
        if (line % 103 == 6) run_store_set_absent(store, LANG_FIELD_line_date, line);
    }
    cr_assert(run_index(store));
    return encounters;
}

static bool has_unit(const run_work *work, uint32_t unit)
{
    for (size_t u = 0; u < work->unit_count; u++) {
        if (work->units[u] == unit) return true;
    }
    return false;
}

/* Each line is in one work, and a work has every clause that a line of it may meet. */
static void check_works(const adj_policies *policies, const adj_results *results)
{
    const run_schedule *schedule = &results->many.schedule;
    const run_store *store = results->binding.store;
    bool *seen = calloc(LINES, 1);
    cr_assert_not_null(seen);
    size_t asked = 0, lines = 0, divided = 0, small = 0;
    for (size_t w = 0; w < schedule->works.count; w++) {
        const run_work *work = &schedule->works.items[w];
        asked += work->line_count * work->unit_count;
        lines += work->line_count;
        divided += work->line_count > 0;
        small += work->line_count > 0 && work->line_count < 256;
        for (size_t i = 0; i < work->line_count; i++) {
            uint32_t place = work->lines[i], line = results->lines[place];
            cr_assert(!seen[place]);
            seen[place] = true;
            if (!run_store_present(store, LANG_FIELD_line_date, line)) continue;
            int64_t day = run_store_bits(store, LANG_FIELD_line_date, line);
            for (size_t u = 0; u < policies->kernels->units.count; u++) {
                uint32_t clause = policies->kernels->units.items[u].clause;
                if (clause == PLAN_NO_STEP || has_unit(work, (uint32_t)u)) continue;
                lang_dates days = run_days_of_clause(policies->plan, clause);
                if (day < days.from || day > days.to) continue;
                /* The payer rules out those of the other policy. */
                cr_assert_eq(adj_results_clause(results, place, clause), ADJ_CLAUSE_NOT_APPLICABLE,
                             "line %u, clause %u", line, clause);
            }
        }
    }
    cr_expect_eq(lines, LINES);
    cr_expect_gt(divided, 8u, "only %zu works: the test tests nothing", divided);
    cr_expect_eq(small, 3u, "of each payer those without a day, not %zu", small);
    size_t clauses = adj_policies_clause_count(policies);
    cr_expect_lt(asked * 4, LINES * clauses, "%zu of %zu are asked", asked, LINES * clauses);
    free(seen);
}

static void compare(const char *from)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    adj_policies *policies = policies_of(&arena, from);
    adj_encounters *encounters = lines_of(policies, &arena);
    adj_results *results[SUPPORT_WAYS];
    support_judge_all_ways(policies, encounters, results);
    cr_assert_eq(adj_results_count(results[0]), LINES);
    size_t lines[ADJ_VERDICT_COUNT] = {0}, without = 0;
    for (size_t l = 0; l < LINES; l++) {
        adj_line meant_of_line = adj_results_line(results[0], l);
        lines[meant_of_line.verdict]++;
        without += strstr(meant_of_line.reason, "version") != NULL;
        for (size_t e = 1; e < SUPPORT_WAYS; e++) {
            adj_line found = adj_results_line(results[e], l);
            cr_assert_eq(found.verdict, meant_of_line.verdict, "line %zu", l);
            cr_assert_str_eq(found.reason, meant_of_line.reason, "line %zu", l);
        }
    }
    cr_expect_gt(lines[ADJ_PASS], 500u);
    cr_expect_gt(lines[ADJ_CANNOT_TELL], 50u);
    cr_expect_gt(without, 100u, "of %zu lines no policy has the day", without);
    check_works(policies, results[1]);
    for (size_t e = 0; e < SUPPORT_WAYS; e++) adj_results_free(results[e]);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    base_arena_release(&arena);
}

Test(periods, clauses_say_what_they_say_of_each_line_alone)
{
    compare("2023-06-01");
    compare("1750-01-01"); /* more days than there is a table for */
}

static lang_dates days_of(const adj_policies *policies, const char *policy, const char *clause)
{
    const plan_program *plan = policies->plan;
    for (uint32_t c = 0; c < plan->clauses.count; c++) {
        const plan_clause *found = &plan->clauses.items[c];
        if (strcmp(found->source->name.text, clause) == 0 &&
            strcmp(plan->policies.items[found->policy].source->full_name, policy) == 0)
            return run_days_of_clause(plan, c);
    }
    cr_assert_fail("there is no %s in %s", clause, policy);
    return LANG_ALWAYS;
}

/* Those of a clause, within those of its policy and of policies whose lines it is asked about, too. */
Test(periods, days_of_clauses)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    adj_policies *policies = policies_of(&arena, "2023-06-01");
    base_date begin = base_date_make(2023, 3, 1);
    lang_dates next = days_of(policies, "state", "next_0"), always = days_of(policies, "state", "always");
    lang_dates sent = days_of(policies, "state", "sent_8"), never = days_of(policies, "state", "never_0");
    lang_dates own = days_of(policies, "plan", "next_3"), above = days_of(policies, "state", "next_3");
    cr_expect(next.from == first_day && next.to == first_day + DAYS - 1);
    cr_expect(always.from == begin && always.to == BASE_DATE_MAX, "the layer's days are more");
    cr_expect(sent.from == always.from && sent.to == always.to,
              "the day of receipt tells nothing of the day of service");
    cr_expect_gt(never.from, never.to);
    cr_expect(own.from == base_date_make(2024, 6, 1) && own.to == base_date_make(2024, 7, 15));
    cr_expect(above.from == first_day + 3 * DAYS && above.to == first_day + 4 * DAYS - 1);
    adj_policies_free(policies);
    base_arena_release(&arena);
}
