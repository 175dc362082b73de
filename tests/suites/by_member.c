/* Lines that are asked for histories stand in the order of their members, the same whatever the threads; and what is found of them does not
 * depend on how the file mixes members. */
#include "tests/suites/support.h"

#include "runtime/by_member.h"
#include "runtime/handles.h"

enum { LINES = 60000, MEMBERS = 1500 };

typedef struct made {
    run_store store;
    uint32_t rows[LINES], lines[LINES], meant[LINES];
    size_t count;
} made;

static uint32_t member_of(const made *m, uint32_t line)
{
    bool known = run_store_present(&m->store, LANG_FIELD_line_patient, m->rows[line]);
    return known ? (uint32_t)run_store_bits(&m->store, LANG_FIELD_line_patient, m->rows[line]) : UINT32_MAX;
}

/* Lines of so many members in turn; of some nobody knows whose they are. A run lists them from the last row to the first, and judges
 * those whose number is no multiple of `spared`. */
static made *make_lines(uint32_t members, uint32_t spared)
{
    made *m = calloc(1, sizeof *m);
    cr_assert(m != NULL);
    base_allocator allocator = base_allocator_default();
    cr_assert(run_store_init(&m->store, &lang_schema_standard, &allocator));
    char text[24];
    uint32_t first = 0;
    for (uint32_t i = 0; i < members; i++) {
        int length = snprintf(text, sizeof text, "M%u", i);
        uint32_t patient = run_store_patient(&m->store, text, (size_t)length);
        if (i == 0) first = patient;
        cr_assert_eq(patient, first + i);
    }
    uint64_t state = 7;
    for (uint32_t i = 0; i < LINES; i++) {
        state = state * 6364136223846793005 + 1442695040888963407;
        uint32_t row = run_store_add(&m->store, LANG_RECORD_line);
        m->rows[i] = LINES - 1 - i;
        if (i % 997 != 13)
            run_store_set(&m->store, LANG_FIELD_line_patient, row, first + (int64_t)((state >> 33) % members));
        if (i % spared != 0) m->lines[m->count++] = i;
    }
    return m;
}

static const made *ordered;

static int by_member_then_line(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    uint32_t one = member_of(ordered, x), two = member_of(ordered, y);
    if (one != two) return one < two ? -1 : 1;
    return x < y ? -1 : x > y;
}

static void check_order(uint32_t members, uint32_t spared, size_t most, size_t threads)
{
    made *m = make_lines(members, spared);
    if (m->count > most) m->count = most;
    memcpy(m->meant, m->lines, m->count * sizeof *m->lines);
    ordered = m;
    qsort(m->meant, m->count, sizeof *m->meant, by_member_then_line);
    base_arena arena;
    base_arena_init(&arena, NULL);
    for (int again = 0; again < 2; again++) {
        cr_assert(run_order_by_member(&arena, &m->store, m->rows, m->lines, m->count, threads));
        for (size_t i = 0; i < m->count; i++)
            cr_assert_eq(m->lines[i], m->meant[i], "%u members, %zu threads, place %zu", members, threads, i);
    }
    base_arena_release(&arena);
    run_store_release(&m->store);
    free(m);
}

Test(by_member, lines_stand_in_the_order_of_members)
{
    for (size_t threads = 0; threads < 4; threads++) {
        check_order(1, 9, LINES, threads);
        check_order(MEMBERS, LINES, LINES, threads);
        check_order(MEMBERS, 2, LINES, threads);
    }
    /* Few lines of many members, which are compared and not counted. */
    check_order(40000, 3, 900, 1);
    check_order(40000, 3, 5000, 2);
    check_order(MEMBERS, 3, 0, 1);
    check_order(MEMBERS, 3, 1, 1);
}

Test(by_member, batches_end_where_members_do)
{
    made *m = make_lines(MEMBERS, LINES);
    base_arena arena;
    base_arena_init(&arena, NULL);
    cr_assert(run_order_by_member(&arena, &m->store, m->rows, m->lines, m->count, 1));
    const run_work work = {.lines = m->lines, .line_count = m->count};
    enum { MOST = 200 }; /* a member has some forty lines */
    for (size_t first = 0, count; first < m->count; first += count) {
        count = run_whole_members(&m->store, m->rows, &work, first, MOST);
        cr_assert((count >= MOST / 2 && count <= MOST) || first + count == m->count, "%zu lines from %zu on", count,
                  first);
        bool nobodys = member_of(m, m->lines[first]) == UINT32_MAX, last = first + count == m->count;
        cr_assert(last || nobodys || member_of(m, m->lines[first + count - 1]) != member_of(m, m->lines[first + count]),
                  "a member is divided at %zu", first + count);
        if (!last && count < MOST) {
            /* The next member does not fit. */
            size_t end = first + count + 1;
            while (end < m->count && member_of(m, m->lines[end]) == member_of(m, m->lines[end - 1])) end++;
            cr_assert(end - first > MOST, "one more member fits behind %zu", first + count);
        }
    }
    /* Batches smaller than members are as large as they may be. */
    cr_assert_eq(run_whole_members(&m->store, m->rows, &work, 0, 7), 7u);
    cr_assert_eq(run_whole_members(&m->store, m->rows, &work, 0, 1), 1u);
    base_arena_release(&arena);
    run_store_release(&m->store);
    free(m);
}

static const char policies_text[] =
    "policy mixed\n  title \"Members mixed\"\n  payer \"K\"\n  effective 2020-01-01\n\n"
    "clause of_a_day\n  cite \"1\"\n  require at most 1 of history on the same day\n"
    "  deny CO-119 as limit \"{count}\"\n\n"
    "clause of_a_month\n  cite \"2\"\n  require at most 3 of history in the last 30 days where procedure in 90853, "
    "90837\n"
    "  deny CO-119 as limit \"{count}\"\n\n"
    "clause units\n  cite \"3\"\n  when procedure in 90853\n"
    "  require (sum of units over history in the same calendar year so far) <= 20\n"
    "  deny CO-119 as limit \"{sum}\"\n\n"
    "clause like_this\n  cite \"4\"\n  forbid exists other in history on the same day earlier\n"
    "             where procedure = this.procedure and units = this.units\n"
    "  deny OA-18 as duplicate \"{other.claim.id}\"\n\n"
    "clause of_others\n  cite \"6\"\n  when procedure in 90837\n"
    "  require at most 2 of history in the last 60 days where procedure in 90837\n"
    "  deny CO-119 as limit \"{count}\"\n\n"
    "clause small\n  cite \"5\"\n  require units <= 2\n  deny CO-16 M76 as data \"{units}\"\n";

/* Works are asked for histories, so their lines stand by member, and batches end where members do. */
static void check_schedule(const adj_policies *policies, const adj_encounters *encounters)
{
    adj_options options = {.evaluator = ADJ_EVALUATOR_BEST, .threads = 2};
    adj_results *results;
    cr_assert_eq(adj_evaluate(policies, encounters, &options, &results), ADJ_OK);
    const run_store *store = &encounters->store;
    const run_schedule *schedule = &results->many.schedule;
    size_t works = 0;
#define MEMBER_AT(i) (run_store_bits(store, LANG_FIELD_line_patient, results->lines[lines[i]]))
    for (size_t b = 0; b < schedule->batches.count; b++) {
        const run_batch *batch = &schedule->batches.items[b];
        const run_work *work = batch->work;
        const uint32_t *lines = work->lines;
        works += batch->first == 0 && work->by_member;
        cr_assert(work->by_member || !run_asks_history(policies->plan, policies->kernels, work));
        for (size_t i = batch->first; work->by_member && i + 1 < batch->first + batch->count; i++) {
            bool known = run_store_present(store, LANG_FIELD_line_patient, results->lines[lines[i + 1]]);
            cr_assert(!known || MEMBER_AT(i) <= MEMBER_AT(i + 1), "batch %zu, line %zu", b, i);
        }
        size_t end = batch->first + batch->count;
        if (work->by_member && end < work->line_count) cr_assert_neq(MEMBER_AT(end - 1), MEMBER_AT(end));
    }
#undef MEMBER_AT
    cr_assert_geq(works, 2u);
    adj_results_free(results);
}

/* Lines of members in the order of days; those of every `judged`th member are to be judged, but for some, and the others are history. */
static adj_encounters *mixed_lines(const adj_policies *policies, base_arena *arena, int count, int judged)
{
    base_text text;
    base_text_init(&text, arena);
    base_text_put(&text, "claim_id,member_id,payer,line,date,procedure,pos,units,charge\n");
    uint32_t state = 1;
    for (int i = 0; i < count; i++) {
        char date[16];
        state = state * 1664525 + 1013904223;
        base_date_write(base_date_make(2024, 1, 1) + i / 25, date);
        base_text_format(&text, "C%d,M%d,%s,1,%s,%s,11,%u,90.00\n", i, i % 149, i % 10 == 9 ? "L" : "K", date,
                         (state >> 20) % 3 == 0 ? "90837" : "90853", 1 + (state >> 24) % 3);
    }
    adj_encounters *encounters = support_lines(policies, base_text_string(&text));
    run_store *store = &encounters->store;
    store->feeds[LANG_FEED_HISTORY] = true;
    for (uint32_t line = 0; line < store->counts[LANG_RECORD_line]; line++) {
        if (line % 5 == 3) run_store_set_unknown(store, LANG_FIELD_line_units, line);
        if (line % 97 == 5) run_store_set_unknown(store, LANG_FIELD_line_procedure, line);
        if (line % 401 == 50) run_store_set_unknown(store, LANG_FIELD_line_patient, line);
        if (line % 40 == 7 || (int)line % 149 % judged != 0) store->lines.items[line].subject = false;
    }
    cr_assert(run_index(store));
    return encounters;
}

/* Files of claims are as a rule in the order of days. */
Test(by_member, what_is_found_does_not_depend_on_how_members_are_mixed)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    adj_policies *policies = support_policies(policies_text);
    adj_encounters *encounters = mixed_lines(policies, &arena, 6000, 1);
    check_schedule(policies, encounters);
    support_compare_ways(policies, encounters);
    base_arena_release(&arena);
}

/* Most lines are history of nobody who is asked for: what the others need is not laid out for all. */
Test(by_member, few_members_beside_a_large_history)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    adj_policies *policies = support_policies(policies_text);
    support_compare_ways(policies, mixed_lines(policies, &arena, 24000, 4));
    base_arena_release(&arena);
}
