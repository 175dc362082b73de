/* One encounter at a time: alone, and beside a history, where it must get what the same line gets as one of many. */
#include "tests/differential/generator.h"
#include "tests/suites/few_clauses.h"
#include "tests/suites/support.h"

#include "runtime/policy_codes.h"

static int64_t text_of(adj_single *single, const char *path, const char *text)
{
    int64_t field = adj_single_field(single, path);
    cr_assert_neq(field, ADJ_SINGLE_NO_FIELD, "%s", path);
    return adj_single_text(single, field, text, strlen(text));
}

static void set(adj_single *single, const char *path, int64_t value)
{
    adj_single_set(single, adj_single_field(single, path), value);
}

static adj_verdict judge_one(adj_single *single, int64_t units, int64_t received, const char *pos, size_t *events)
{
    adj_single_answer answer;
    adj_single_begin(single);
    set(single, "payer", text_of(single, "payer", "K"));
    set(single, "procedure", text_of(single, "procedure", "90853"));
    set(single, "date", 19800);
    set(single, "age", 30);
    set(single, "units", units * 1000);
    if (received > 0) set(single, "claim.received", received);
    if (pos != NULL) set(single, "pos", text_of(single, "pos", pos));
    int64_t modifiers[1] = {text_of(single, "modifiers", "HQ")};
    cr_assert_eq(adj_single_set_list(single, adj_single_field(single, "modifiers"), modifiers, 1), ADJ_OK);
    cr_assert_eq(adj_single_judge(single, &answer), ADJ_OK);
    *events = answer.event_count;
    return answer.verdict;
}

/* What was not told of the claim's other lines is not taken for their absence. */
Test(single, one_encounter_alone_cannot_tell_what_its_claim_holds_beside_it)
{
    static const char text[] = "policy beside\n  title \"Beside\"\n  payer \"K\"\n  effective 2020-01-01\n\n"
                               "clause a\n  cite \"1\"\n  forbid exists other in claim.lines where procedure in 90834\n"
                               "  deny CO-97 as coding \"{date}\"\n\nclause b\n  cite \"2\"\n"
                               "  require at most 3 of session.attendance\n  deny CO-97 as coding \"{date}\"\n\n"
                               "clause c\n  cite \"3\"\n  require at most 3 of history in the last 30 days\n"
                               "  deny CO-97 as coding \"{date}\"\n";
    const char *names[] = {"beside.adj"}, *texts[] = {text};
    adj_policies *policies = NULL;
    adj_single *single = NULL;
    size_t events;
    cr_assert_eq(adj_policies_compile_text(names, texts, 1, NULL, &policies), ADJ_OK);
    cr_assert_eq(adj_single_new(policies, &single), ADJ_OK);
    cr_expect_eq(judge_one(single, 1, 19810, "11", &events), ADJ_CANNOT_TELL);
    cr_expect_eq(events, 3u, "%zu clauses cannot be told", events);
    adj_single_free(single);
    adj_policies_free(policies);
}

Test(single, one_encounter_at_a_time)
{
    support_memory state = {.left = SIZE_MAX};
    adj_allocator allocator = {support_reallocate, &state};
    for (int e = 0; e < 2; e++) {
        adj_options options = {.allocator = &allocator,
                               .evaluator = e == 0 ? ADJ_EVALUATOR_BEST : ADJ_EVALUATOR_INTERPRETER};
        const char *names[] = {"kernels.adj"}, *texts[] = {policy_text};
        adj_policies *policies = NULL;
        adj_single *single = NULL;
        size_t events;
        cr_assert_eq(adj_policies_compile_text(names, texts, 1, &options, &policies), ADJ_OK);
        cr_assert_eq(adj_single_new(policies, &single), ADJ_OK);
        cr_expect_eq(adj_single_field(single, "no_such"), ADJ_SINGLE_NO_FIELD);
        cr_expect_eq(adj_single_field(single, "session.no_such"), ADJ_SINGLE_NO_FIELD);
        cr_expect_eq(adj_single_field(single, "units.x"), ADJ_SINGLE_NO_FIELD);
        cr_expect_eq(judge_one(single, 1, 19810, "11", &events), ADJ_PASS);
        cr_expect_eq(events, 0u);
        cr_expect_eq(judge_one(single, 3, 19810, "11", &events), ADJ_DENY);
        cr_expect_eq(judge_one(single, 1, 19831, "11", &events), ADJ_DENY);
        cr_expect_eq(judge_one(single, 1, 19830, "11", &events), ADJ_PASS);
        cr_expect_eq(judge_one(single, 1, 19810, "99", &events), ADJ_DENY);
        cr_expect_eq(judge_one(single, 1, 0, "11", &events), ADJ_CANNOT_TELL, "the day of receipt is not known");
        cr_expect_eq(judge_one(single, 1, 19810, NULL, &events), ADJ_CANNOT_TELL, "what was set before is forgotten");
        size_t before = state.left;
        for (int i = 0; i < 1000; i++) judge_one(single, 1 + i % 3, 19800 + i % 50, i % 2 == 0 ? "11" : "99", &events);
        cr_expect_eq(state.left, before, "%zu allocations after all codes were met", before - state.left);
        adj_single_free(single);
        adj_policies_free(policies);
    }
}

/* ---- beside a history ---- */

static const char windows[] =
    "policy beside\n  title \"Beside\"\n  payer \"K\"\n  effective 2020-01-01\n\nsection \"1\"\n  for each line\n\n"
#define CLAUSE(name, requirement)                                                                                      \
    "clause " name "\n  cite \"" name "\"\n  require " requirement "\n  deny CO-119 as limit \"{date}\"\n\n"
    CLAUSE("same_day", "at most 1 of history on the same day where procedure in 90853, 90834")
        CLAUSE("month", "at most 3 of history in the last 30 days where procedure in 90853")
            CLAUSE("year", "at most 9 of history in the same calendar year") CLAUSE(
                "months", "at most 6 of history in the last 6 months where units >= 2")
                CLAUSE("before", "fewer than 3 of history in the last 60 days earlier") CLAUSE(
                    "ahead", "at most 4 of history in the next 40 days")
                    CLAUSE("sum", "(sum of units over history in the last 90 days) <= 14") CLAUSE(
                        "apart",
                        "at most 2 of history in periods of 20 days from the first service where procedure in 90834")
                        CLAUSE("unless_other", "not (exists other in history on the same day where "
                                               "procedure = this.procedure)")
                            CLAUSE("provider",
                                   "at most 5 of history of the rendering provider in the "
                                   "last 30 days") CLAUSE("people", "(count of distinct patient over history of the "
                                                                    "rendering provider in the last 60 days) <= 2")
                                CLAUSE("largest", "((max of units over history in the last 45 days) or else 0) <= 3");

enum { HISTORY = 60, MEMBERS = 4, PROVIDERS = 3, NOT_TOLD = -1 };

typedef struct told_line {
    int64_t member, provider, date, procedure, units, status, claim, number;
} told_line;

static const char *const procedures[] = {"90853", "90834", "99999"};
static const char *const providers[] = {"1234567893", "1245319599", "1003000126"};

static told_line any_line(generator *g, bool known)
{
#define PERHAPS(percent, value) (generator_chance(g, known ? 0 : (percent)) ? NOT_TOLD : (int64_t)(value))
    return (told_line){PERHAPS(3, generator_below(g, MEMBERS)),
                       PERHAPS(1, generator_below(g, PROVIDERS)),
                       PERHAPS(4, 19800 + generator_below(g, 120)),
                       PERHAPS(5, generator_below(g, 3)),
                       PERHAPS(10, 1000 * (1 + generator_below(g, 4))),
                       PERHAPS(4, generator_below(g, 7)),
                       generator_below(g, 40),
                       1 + generator_below(g, 3)};
}

static void set_told(run_store *store, lang_field field, uint32_t row, int64_t value)
{
    if (value != NOT_TOLD) run_store_set(store, field, row, value);
}

static void add_line(run_store *store, const told_line *t, bool subject)
{
    uint32_t row = run_store_add(store, LANG_RECORD_line), claim = run_store_add(store, LANG_RECORD_claim);
    char text[16];
    snprintf(text, sizeof text, "C%02d", (int)t->claim);
    run_store_set_text(store, LANG_FIELD_claim_id, claim, text, strlen(text));
    run_store_set(store, LANG_FIELD_line_claim, row, claim);
    run_store_set(store, LANG_FIELD_line_number, row, t->number);
    run_store_set_text(store, LANG_FIELD_line_payer, row, "K", 1);
    snprintf(text, sizeof text, "M%d", (int)t->member);
    if (t->member != NOT_TOLD)
        run_store_set(store, LANG_FIELD_line_patient, row, run_store_patient(store, text, strlen(text)));
    if (t->provider != NOT_TOLD)
        run_store_set_text(store, LANG_FIELD_line_rendering_provider, row, providers[t->provider], 10);
    if (t->procedure != NOT_TOLD)
        run_store_set_text(store, LANG_FIELD_line_procedure, row, procedures[t->procedure], 5);
    set_told(store, LANG_FIELD_line_date, row, t->date);
    set_told(store, LANG_FIELD_line_units, row, t->units);
    set_told(store, LANG_FIELD_line_status, row, t->status);
    store->lines.items[row].subject = subject;
}

/* How much of the payer's history is told: all of it, the provider's own, or of one member the provider's own. */
typedef enum completeness { ALL_TOLD, OWN_TOLD, OWN_OF_ONE } completeness;

static adj_encounters *history_of(const adj_policies *policies, const told_line *lines, size_t count,
                                  completeness complete)
{
    adj_encounters *encounters = adj_encounters_new_for(policies, NULL);
    cr_assert_not_null(encounters);
    encounters->store.feeds[LANG_FEED_HISTORY] = complete != OWN_TOLD;
    for (size_t i = 0; i < count; i++) add_line(&encounters->store, &lines[i], false);
    uint32_t one = run_store_patient(&encounters->store, "M1", 2);
    if (complete == OWN_OF_ONE) encounters->store.own_history.items[one] = 1;
    return encounters;
}

static void tell(adj_single *single, const char *path, int64_t value)
{
    if (value != NOT_TOLD) set(single, path, value);
}

static adj_single_answer judge_told(adj_single *single, const told_line *t)
{
    adj_single_answer answer;
    char text[16];
    adj_single_begin(single);
    set(single, "payer", text_of(single, "payer", "K"));
    snprintf(text, sizeof text, "C%02d", (int)t->claim);
    set(single, "claim.id", text_of(single, "claim.id", text));
    set(single, "number", t->number);
    snprintf(text, sizeof text, "M%d", (int)t->member);
    if (t->member != NOT_TOLD) adj_single_member(single, text, strlen(text));
    if (t->member % 2 == 1) set(single, "patient.state", text_of(single, "patient.state", "NY"));
    if (t->provider != NOT_TOLD)
        set(single, "rendering_provider", text_of(single, "rendering_provider", providers[t->provider]));
    if (t->procedure != NOT_TOLD) set(single, "procedure", text_of(single, "procedure", procedures[t->procedure]));
    tell(single, "date", t->date);
    tell(single, "units", t->units);
    tell(single, "status", t->status);
    cr_assert_eq(adj_single_judge(single, &answer), ADJ_OK);
    return answer;
}

enum { TOLD_FIELDS = 9 };

static void name_fields(adj_single *single, int64_t fields[TOLD_FIELDS])
{
    static const char *const paths[TOLD_FIELDS] = {
        "payer", "claim.id", "number", "patient.state", "rendering_provider", "procedure", "date", "units", "status"};
    for (int f = 0; f < TOLD_FIELDS; f++) fields[f] = adj_single_field(single, paths[f]);
    cr_assert_eq(adj_single_fields(single, fields, TOLD_FIELDS), ADJ_OK);
}

static adj_single_value value_of(int64_t value)
{
    return (adj_single_value){.value = value, .told = value == NOT_TOLD ? ADJ_TOLD_NOTHING : ADJ_TOLD_PRESENT};
}

static adj_single_value text_value(adj_single *single, int64_t field, const char *text)
{
    return value_of(text == NULL ? NOT_TOLD : adj_single_text(single, field, text, strlen(text)));
}

/* The same in one call. */
static adj_single_answer judge_in_one_call(adj_single *single, const int64_t fields[TOLD_FIELDS], const told_line *t)
{
    adj_single_answer answer;
    char claim[16], member[16];
    snprintf(claim, sizeof claim, "C%02d", (int)t->claim);
    snprintf(member, sizeof member, "M%d", (int)t->member);
    const adj_single_value values[TOLD_FIELDS] = {
        text_value(single, fields[0], "K"),
        text_value(single, fields[1], claim),
        value_of(t->number),
        text_value(single, fields[3], t->member % 2 == 1 ? "NY" : NULL),
        text_value(single, fields[4], t->provider == NOT_TOLD ? NULL : providers[t->provider]),
        text_value(single, fields[5], t->procedure == NOT_TOLD ? NULL : procedures[t->procedure]),
        value_of(t->date),
        value_of(t->units),
        value_of(t->status)};
    if (t->member != NOT_TOLD) adj_single_member(single, member, strlen(member));
    cr_assert_eq(adj_single_judge_values(single, values, &answer), ADJ_OK);
    return answer;
}

/* What the interpreter says of the line among the others: one letter for each clause. */
static void judge_among(const adj_policies *policies, const told_line *history, size_t count, completeness complete,
                        const told_line *t, char *verdicts, adj_verdict *verdict)
{
    adj_encounters *encounters = history_of(policies, history, count, complete);
    adj_options options = {.evaluator = ADJ_EVALUATOR_INTERPRETER};
    adj_results *results = NULL;
    const char *reason;
    add_line(&encounters->store, t, true);
    cr_assert(run_store_finish(&encounters->store));
    cr_assert_eq(adj_evaluate(policies, encounters, &options, &results), ADJ_OK);
    cr_assert_eq(adj_results_count(results), 1u);
    for (size_t c = 0; c < policies->plan->clauses.count; c++)
        verdicts[c] = (char)('0' + (int)adj_results_clause(results, 0, c));
    *verdict = run_summary_verdict(&results->binding, (uint32_t)count, run_results_summary(results, 0), &reason);
    adj_results_free(results);
    adj_encounters_free(encounters);
}

static void spell(const adj_policies *policies, const adj_single_answer *answer, char *verdicts)
{
    memset(verdicts, '0' + ADJ_CLAUSE_PASS, policies->plan->clauses.count);
    for (size_t e = 0; e < answer->event_count; e++)
        verdicts[answer->events[e].clause] = (char)('0' + (int)answer->events[e].verdict);
}

Test(single, beside_a_history_a_line_gets_what_it_gets_among_others)
{
    for (int evaluator = 0; evaluator < 2; evaluator++) {
        const char *names[] = {"beside.adj"}, *texts[] = {windows};
        adj_options options = {.evaluator = evaluator == 0 ? ADJ_EVALUATOR_BEST : ADJ_EVALUATOR_INTERPRETER};
        adj_policies *policies = NULL;
        cr_assert_eq(adj_policies_compile_text(names, texts, 1, &options, &policies), ADJ_OK, "%s",
                     policies == NULL ? "" : adj_policies_diagnostics(policies));
        generator g = {.state = 7};
        size_t seen[5] = {0};
        for (int round = 0; round < 30; round++) {
            told_line lines[HISTORY];
            char meant[64] = {0}, given[64] = {0};
            adj_verdict verdict;
            completeness complete = round % 5 == 4 ? OWN_TOLD : round % 5 == 3 ? OWN_OF_ONE : ALL_TOLD;
            size_t count = round % 3 == 0 ? 8 : HISTORY;
            for (size_t i = 0; i < count; i++) lines[i] = any_line(&g, round % 2 == 0);
            adj_encounters *history = history_of(policies, lines, count, complete);
            adj_encounters_seat_singles(history, 2);
            cr_assert_eq(adj_encounters_finish(history), ADJ_OK);
            adj_single *single = NULL;
            int64_t fields[TOLD_FIELDS];
            cr_assert_eq(adj_single_new_with(policies, history, &single), ADJ_OK);
            name_fields(single, fields);
            for (int trial = 0; trial < 30; trial++) {
                told_line t = any_line(&g, trial % 2 == 0);
                if (trial % 4 == 3) t = lines[generator_below(&g, (uint32_t)count)]; /* one that is there already */
                if (trial % 7 == 6) t.member = 77;                                   /* no one of the history */
                bool once = trial % 3 == 1;
                adj_single_answer answer = once ? judge_in_one_call(single, fields, &t) : judge_told(single, &t);
                spell(policies, &answer, given);
                judge_among(policies, lines, count, complete, &t, meant, &verdict);
                cr_assert_str_eq(given, meant, "round %d, trial %d", round, trial);
                cr_assert_eq(answer.verdict, verdict, "round %d, trial %d", round, trial);
                for (const char *m = meant; *m != '\0'; m++) seen[*m - '0']++;
            }
            adj_single_free(single);
            adj_encounters_free(history);
        }
        cr_expect_gt(seen[ADJ_CLAUSE_PASS], 1000u);
        cr_expect_gt(seen[ADJ_CLAUSE_FAIL], 500u);
        cr_expect_gt(seen[ADJ_CLAUSE_CANNOT_TELL], 1000u);
        adj_policies_free(policies);
    }
}

/* A line that could not be read may have been a service, or not. */
Test(single, history_that_could_not_be_read_cannot_be_counted)
{
    adj_policies *policies = support_policies(
        "policy beside\n  title \"Beside\"\n  payer \"K\"\n  effective 2020-01-01\n\nclause same_day\n  cite \"1\"\n"
        "  require at most 1 of history on the same day\n  deny CO-119 as limit \"{date}\"\n");
    const told_line before = {1, 0, 19800, 0, 1000, 1, 1, 1}, line = {1, 0, 19800, 0, 1000, 1, 2, 1};
    for (int unreadable = 0; unreadable < 2; unreadable++) {
        static const adj_verdict meant[] = {ADJ_DENY, ADJ_CANNOT_TELL};
        adj_encounters *history = history_of(policies, &before, 1, ALL_TOLD);
        history->store.lines.items[0].unreadable = unreadable != 0;
        add_line(&history->store, &line, true);
        cr_assert_eq(adj_encounters_finish(history), ADJ_OK);
        for (int e = 0; e < 2; e++) {
            adj_options options = {.evaluator = e == 0 ? ADJ_EVALUATOR_INTERPRETER : ADJ_EVALUATOR_BOTH};
            adj_results *results = NULL;
            cr_assert_eq(adj_evaluate(policies, history, &options, &results), ADJ_OK);
            cr_expect_eq(adj_results_line(results, 0).verdict, meant[unreadable], "%d %d", unreadable, e);
            adj_results_free(results);
        }
        adj_encounters_free(history);
    }
    adj_policies_free(policies);
}

Test(single, seats_beside_a_history)
{
    adj_policies *policies = support_policies(windows);
    adj_encounters *history = history_of(policies, NULL, 0, ALL_TOLD), *none = history_of(policies, NULL, 0, ALL_TOLD);
    adj_single *single[3] = {NULL};
    adj_encounters_seat_singles(history, 2);
    cr_expect_eq(adj_single_new_with(policies, history, &single[0]), ADJ_INVALID_INPUT, "it is not finished");
    cr_assert_eq(adj_encounters_finish(history), ADJ_OK);
    cr_assert_eq(adj_encounters_finish(none), ADJ_OK);
    cr_expect_eq(adj_single_new_with(policies, none, &single[0]), ADJ_NOT_FOUND);
    for (int i = 0; i < 2; i++) cr_assert_eq(adj_single_new_with(policies, history, &single[i]), ADJ_OK);
    cr_expect_eq(adj_single_new_with(policies, history, &single[2]), ADJ_NOT_FOUND);
    /* What one was told the other does not know, nor who sits there next. */
    const told_line line = {0, 0, 19800, 0, 1000, 1, 1, 1};
    cr_expect_eq(judge_told(single[0], &line).verdict, ADJ_PASS, "no line of the history has the payer");
    adj_single_answer answer;
    cr_assert_eq(adj_single_judge(single[1], &answer), ADJ_OK);
    cr_expect_eq(answer.verdict, ADJ_CANNOT_TELL);
    adj_single_free(single[0]);
    cr_assert_eq(adj_single_new_with(policies, history, &single[0]), ADJ_OK);
    cr_assert_eq(adj_single_judge(single[0], &answer), ADJ_OK);
    cr_expect_eq(answer.verdict, ADJ_CANNOT_TELL);
    adj_single_free(single[0]);
    adj_single_free(single[1]);
    /* Nobody who judges the history's own lines sees them. */
    adj_results *results = NULL;
    cr_assert_eq(adj_evaluate(policies, history, NULL, &results), ADJ_OK);
    cr_expect_eq(adj_results_count(results), 0u);
    adj_results_free(results);
    adj_encounters_free(history);
    adj_encounters_free(none);
    adj_policies_free(policies);
}

/* What cannot be set is said, and nothing is changed. */
Test(single, what_cannot_be_set)
{
    const char *names[] = {"kernels.adj"}, *texts[] = {policy_text};
    adj_policies *policies = NULL;
    adj_single *single = NULL;
    cr_assert_eq(adj_policies_compile_text(names, texts, 1, NULL, &policies), ADJ_OK);
    cr_assert_eq(adj_single_new(policies, &single), ADJ_OK);
    int64_t units = adj_single_field(single, "units"), pos = adj_single_field(single, "pos"),
            modifiers = adj_single_field(single, "modifiers"), session = adj_single_field(single, "session"),
            mode = adj_single_field(single, "session.mode"), date = adj_single_field(single, "date"),
            beyond = (int64_t)INT32_MAX + 1, codes[] = {0, -1}, large[] = {0, (int64_t)INT32_MAX + 1};
    const int64_t none[] = {ADJ_SINGLE_NO_FIELD,  INT64_MAX, INT64_MIN, 0xFFFE, units | 0xFFFE, (units << 16) | units,
                            (int64_t)0x7FFF << 16};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        cr_expect_eq(adj_single_set(single, none[i], 1), ADJ_NOT_FOUND, "%zu", i);
        cr_expect_eq(adj_single_set_absent(single, none[i]), ADJ_NOT_FOUND, "%zu", i);
        cr_expect_eq(adj_single_set_list(single, none[i], codes, 1), ADJ_NOT_FOUND, "%zu", i);
        cr_expect_eq(adj_single_text(single, none[i], "11", 2), -1, "%zu", i);
    }
    cr_expect_eq(adj_single_text(single, mode, "by mail", 7), -1);
    cr_expect_eq(adj_single_set(single, mode, -1), ADJ_INVALID_INPUT);
    cr_expect_eq(adj_single_set(single, pos, -1), ADJ_INVALID_INPUT);
    cr_expect_eq(adj_single_set(single, pos, beyond), ADJ_INVALID_INPUT);
    cr_expect_eq(adj_single_set(single, date, beyond), ADJ_INVALID_INPUT);
    cr_expect_eq(adj_single_set(single, date, (int64_t)INT32_MIN - 1), ADJ_INVALID_INPUT);
    cr_expect_eq(adj_single_set(single, session, 5), ADJ_INVALID_INPUT);
    cr_expect_eq(adj_single_set(single, modifiers, 5), ADJ_INVALID_INPUT);
    cr_expect_eq(adj_single_set_list(single, pos, codes, 1), ADJ_INVALID_INPUT);
    cr_expect_eq(adj_single_set_list(single, modifiers, codes, 2), ADJ_INVALID_INPUT);
    cr_expect_eq(adj_single_set_list(single, modifiers, large, 2), ADJ_INVALID_INPUT);
    cr_expect_eq(adj_single_set_list(single, modifiers, codes, 70000), ADJ_INVALID_INPUT);
    cr_expect_eq(adj_single_set(single, date, -1), ADJ_OK, "a day before 1970");
    cr_expect_eq(adj_single_set(single, units, 1000), ADJ_OK);
    cr_expect_eq(adj_single_set_absent(single, session), ADJ_OK);
    adj_single_answer answer;
    cr_expect_eq(adj_single_judge(single, &answer), ADJ_OK);
    cr_expect_eq(answer.verdict, ADJ_CANNOT_TELL);
    adj_single_free(single);
    adj_policies_free(policies);
}

Test(single, memory_may_run_out_anywhere_beside_a_history)
{
    bool done = false;
    size_t allowed = 0;
    generator g = {.state = 11};
    told_line lines[HISTORY];
    for (size_t i = 0; i < HISTORY; i++) lines[i] = any_line(&g, true);
    for (; !done && allowed < 100000; allowed += 1 + allowed / 30) {
        support_memory f = {.left = SIZE_MAX};
        adj_allocator allocator = {support_reallocate, &f};
        adj_options options = {.allocator = &allocator, .evaluator = ADJ_EVALUATOR_INTERPRETER};
        const char *names[] = {"beside.adj"}, *texts[] = {windows};
        adj_policies *policies = NULL;
        cr_assert_eq(adj_policies_compile_text(names, texts, 1, &options, &policies), ADJ_OK);
        adj_encounters *history = history_of(policies, lines, HISTORY, ALL_TOLD);
        adj_encounters_seat_singles(history, 1);
        cr_assert_eq(adj_encounters_finish(history), ADJ_OK);
        adj_single *single = NULL;
        f.left = allowed;
        adj_status status = adj_single_new_with(policies, history, &single);
        cr_assert(status == ADJ_OK || status == ADJ_OUT_OF_MEMORY);
        adj_single_answer answer;
        if (status == ADJ_OK) {
            adj_single_begin(single);
            adj_single_member(single, "M1", 2);
            set(single, "payer", text_of(single, "payer", "K"));
            set(single, "procedure", text_of(single, "procedure", "90853"));
            set(single, "date", 19860);
            set(single, "units", 1000);
            status = adj_single_judge(single, &answer);
            cr_assert(status == ADJ_OK || status == ADJ_OUT_OF_MEMORY);
        }
        done = status == ADJ_OK;
        adj_single_free(single);
        /* Its seat is free again, whatever came of it. */
        f.left = SIZE_MAX;
        cr_assert_eq(adj_single_new_with(policies, history, &single), ADJ_OK);
        adj_single_free(single);
        adj_encounters_free(history);
        adj_policies_free(policies);
        cr_assert_eq(f.live, 0u, "%zu blocks leak when allocation %zu fails", f.live, allowed);
    }
    cr_expect(done);
    cr_expect_geq(allowed, 4u, "only %zu allocations were needed", allowed);
}

/* ---- a line in one call ---- */

typedef struct one_call {
    adj_single *single;
    int64_t fields[9];
    adj_single_value values[9];
    int64_t codes[2];
} one_call;

enum { PAYER, PROCEDURE, DATE, AGE, UNITS, RECEIVED, POS, MODIFIERS, AUTHORIZATION };

static one_call new_call(const adj_policies *policies)
{
    static const char *const paths[] = {"payer",          "procedure", "date",      "age",          "units",
                                        "claim.received", "pos",       "modifiers", "authorization"};
    one_call c = {0};
    cr_assert_eq(adj_single_new(policies, &c.single), ADJ_OK);
    for (int f = 0; f < 9; f++) c.fields[f] = adj_single_field(c.single, paths[f]);
    cr_assert_eq(adj_single_fields(c.single, c.fields, 9), ADJ_OK);
    return c;
}

static void tell_any(one_call *c, generator *g)
{
    static const char *const places[] = {"11", "22", "99"};
    int64_t numbers[9] = {[DATE] = 19800 + generator_below(g, 3),
                          [AGE] = 16 + generator_below(g, 4),
                          [UNITS] = 1000 * generator_below(g, 4),
                          [RECEIVED] = 19829 + generator_below(g, 3),
                          [MODIFIERS] = generator_below(g, 3)};
    numbers[PAYER] = text_of(c->single, "payer", generator_chance(g, 90) ? "K" : "L");
    numbers[PROCEDURE] = text_of(c->single, "procedure", generator_chance(g, 80) ? "90853" : "90834");
    numbers[POS] = text_of(c->single, "pos", places[generator_below(g, 3)]);
    c->codes[0] = text_of(c->single, "modifiers", generator_chance(g, 50) ? "95" : "HQ");
    c->codes[1] = text_of(c->single, "modifiers", "GT");
    for (int f = 0; f < 9; f++) {
        uint32_t kind = generator_below(g, 8);
        c->values[f] = (adj_single_value){.value = numbers[f],
                                          .codes = f == MODIFIERS ? c->codes : NULL,
                                          .told = kind == 0   ? ADJ_TOLD_NOTHING
                                                  : kind == 1 ? ADJ_TOLD_ABSENT
                                                              : ADJ_TOLD_PRESENT};
    }
}

/* The same values, a call for each. */
static void set_values(const one_call *c)
{
    adj_single_begin(c->single);
    for (int f = 0; f < 9; f++) {
        const adj_single_value *v = &c->values[f];
        if (v->told == ADJ_TOLD_ABSENT) adj_single_set_absent(c->single, c->fields[f]);
        if (v->told != ADJ_TOLD_PRESENT || f == AUTHORIZATION) continue;
        if (f == MODIFIERS)
            cr_assert_eq(adj_single_set_list(c->single, c->fields[f], c->codes, (size_t)v->value), ADJ_OK);
        else
            cr_assert_eq(adj_single_set(c->single, c->fields[f], v->value), ADJ_OK);
    }
}

Test(single, one_call_says_what_a_call_for_each_field_says)
{
    adj_policies *policies = support_policies(policy_text);
    one_call c = new_call(policies);
    generator g = {.state = 11};
    size_t verdicts[ADJ_VERDICT_COUNT] = {0};
    for (int trial = 0; trial < 3000; trial++) {
        adj_single_answer once, each;
        tell_any(&c, &g);
        cr_assert_eq(adj_single_judge_values(c.single, c.values, &once), ADJ_OK);
        size_t count = once.event_count;
        adj_single_event events[8];
        memcpy(events, once.events, count * sizeof *events);
        set_values(&c);
        cr_assert_eq(adj_single_judge(c.single, &each), ADJ_OK);
        cr_assert_eq(each.verdict, once.verdict, "trial %d", trial);
        cr_assert(each.event_count == count && memcmp(each.events, events, count * sizeof *events) == 0, "trial %d",
                  trial);
        verdicts[once.verdict]++;
    }
    cr_expect_gt(verdicts[ADJ_PASS], 50u);
    cr_expect_gt(verdicts[ADJ_DENY], 500u);
    cr_expect_gt(verdicts[ADJ_CANNOT_TELL], 500u);
    /* What was told in one call is forgotten like everything else. */
    adj_single_answer answer;
    adj_single_begin(c.single);
    cr_assert_eq(adj_single_judge(c.single, &answer), ADJ_OK);
    cr_expect_eq(answer.verdict, ADJ_CANNOT_TELL);
    adj_single_free(c.single);
    adj_policies_free(policies);
}

Test(single, one_call_takes_nothing_that_cannot_be)
{
    adj_policies *policies = support_policies(policy_text);
    adj_single *bare = NULL;
    adj_single_answer answer;
    cr_assert_eq(adj_single_new(policies, &bare), ADJ_OK);
    cr_expect_eq(adj_single_judge_values(bare, NULL, &answer), ADJ_INVALID_INPUT, "no fields were named");
    cr_expect_eq(adj_single_fields(bare, NULL, 0), ADJ_OK);
    cr_expect_eq(adj_single_judge_values(bare, NULL, &answer), ADJ_OK);
    cr_expect_eq(answer.verdict, ADJ_CANNOT_TELL);
    adj_single_free(bare);
    one_call c = new_call(policies);
    int64_t twice[] = {c.fields[POS], c.fields[UNITS], c.fields[POS]}, none[] = {c.fields[POS], 0xFFFE};
    cr_expect_eq(adj_single_fields(c.single, twice, 3), ADJ_INVALID_INPUT);
    cr_expect_eq(adj_single_fields(c.single, none, 2), ADJ_NOT_FOUND);
    generator g = {.state = 5};
    size_t events[2];
    for (int kind = 0; kind < 9; kind++) {
        do tell_any(&c, &g);
        while (c.values[MODIFIERS].told != ADJ_TOLD_PRESENT || c.values[POS].told != ADJ_TOLD_PRESENT ||
               c.values[DATE].told != ADJ_TOLD_PRESENT || c.values[MODIFIERS].value == 0);
        cr_assert_eq(adj_single_judge_values(c.single, c.values, &answer), ADJ_OK, "those named before still count");
        events[0] = answer.event_count;
        adj_verdict verdict = answer.verdict;
        one_call bad = c;
        int64_t codes[] = {-1, -1}, large[] = {INT64_C(1) << 31, 0};
        switch (kind) {
        case 0: bad.values[POS].value = -1; break;
        case 1: bad.values[MODIFIERS].codes = codes; break;
        case 2: bad.values[MODIFIERS].value = -1; break;
        case 3: bad.values[MODIFIERS].value = 70000; break;
        case 4: bad.values[MODIFIERS].codes = NULL; break;
        case 5: bad.values[MODIFIERS].codes = large; break;
        case 6: bad.values[POS].value = INT64_C(1) << 32; break;
        case 7: bad.values[DATE].value += INT64_C(1) << 32; break;
        default: bad.values[UNITS].told = (adj_told)7; break;
        }
        cr_expect_eq(adj_single_judge_values(c.single, bad.values, &answer), ADJ_INVALID_INPUT, "%d", kind);
        cr_expect(answer.event_count == 0 && answer.verdict == ADJ_NOT_ADJUDICATED);
        c.values[MODIFIERS].codes = c.codes;
        cr_assert_eq(adj_single_judge_values(c.single, c.values, &answer), ADJ_OK);
        events[1] = answer.event_count;
        cr_expect(events[0] == events[1] && answer.verdict == verdict, "%d", kind);
    }
    adj_single_free(c.single);
    adj_policies_free(policies);
}

/* A record is known by what is told of it, and absent only where nothing is. */
Test(single, records_in_one_call)
{
    adj_policies *policies = support_policies(
        "policy records\n  title \"Records\"\n  payer \"K\"\n  effective 2020-01-01\n\n"
        "clause authorized\n  cite \"1\"\n  require authorization is present\n  deny CO-197 as authorization "
        "\"{date}\"\n\n"
        "clause left\n  cite \"2\"\n  when authorization is present\n  require authorization.units_remaining >= 1\n"
        "  deny CO-198 as authorization \"{date}\"\n");
    adj_single *single = NULL;
    adj_single_answer answer;
    cr_assert_eq(adj_single_new(policies, &single), ADJ_OK);
    int64_t fields[] = {adj_single_field(single, "payer"), adj_single_field(single, "date"),
                        adj_single_field(single, "authorization"),
                        adj_single_field(single, "authorization.units_remaining")};
    cr_assert_eq(adj_single_fields(single, fields, 4), ADJ_OK);
    static const struct {
        adj_told record, left;
        int64_t units;
        adj_verdict verdict;
        size_t events;
    } cases[] = {{ADJ_TOLD_NOTHING, ADJ_TOLD_NOTHING, 0, ADJ_CANNOT_TELL, 2},
                 {ADJ_TOLD_ABSENT, ADJ_TOLD_NOTHING, 0, ADJ_DENY, 1},
                 {ADJ_TOLD_PRESENT, ADJ_TOLD_NOTHING, 0, ADJ_CANNOT_TELL, 1},
                 {ADJ_TOLD_NOTHING, ADJ_TOLD_PRESENT, 5000, ADJ_PASS, 0},
                 {ADJ_TOLD_ABSENT, ADJ_TOLD_PRESENT, 0, ADJ_DENY, 1},
                 {ADJ_TOLD_PRESENT, ADJ_TOLD_PRESENT, 5000, ADJ_PASS, 0},
                 {ADJ_TOLD_NOTHING, ADJ_TOLD_NOTHING, 0, ADJ_CANNOT_TELL, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        adj_single_value values[] = {text_value(single, fields[0], "K"),
                                     value_of(19800),
                                     {.told = cases[i].record},
                                     {.value = cases[i].units, .told = cases[i].left}};
        cr_assert_eq(adj_single_judge_values(single, values, &answer), ADJ_OK);
        cr_expect_eq(answer.verdict, cases[i].verdict, "case %zu: %d", i, (int)answer.verdict);
        cr_expect_eq(answer.event_count, cases[i].events, "case %zu: %zu", i, answer.event_count);
    }
    /* The same where the record itself is none of the fields. */
    const int64_t fewer[] = {fields[0], fields[1], fields[3]};
    cr_assert_eq(adj_single_fields(single, fewer, 3), ADJ_OK);
    adj_single_value values[] = {text_value(single, fields[0], "K"), value_of(19800), value_of(5000)};
    cr_assert_eq(adj_single_judge_values(single, values, &answer), ADJ_OK);
    cr_expect_eq(answer.verdict, ADJ_PASS);
    values[2].told = ADJ_TOLD_NOTHING;
    cr_assert_eq(adj_single_judge_values(single, values, &answer), ADJ_OK);
    cr_expect(answer.verdict == ADJ_CANNOT_TELL && answer.event_count == 2, "%zu", answer.event_count);
    adj_single_free(single);
    adj_policies_free(policies);
}

/* What is told of the line's patient counts beside what the history knows of the member. */
Test(single, patient_in_one_call)
{
    adj_policies *policies =
        support_policies("policy people\n  title \"People\"\n  payer \"K\"\n  effective 2020-01-01\n\n"
                         "clause a\n  cite \"1\"\n  require patient.state is present and patient.state = \"NY\"\n  "
                         "deny CO-16 M76 as data \"{date}\"\n\n"
                         "clause b\n  cite \"2\"\n  require at most 0 of history on the same day earlier\n"
                         "  deny CO-119 as limit \"{date}\"\n");
    const told_line line = {1, 0, 19800, 0, 1000, 1, 1, 1};
    adj_encounters *history = history_of(policies, &line, 1, ALL_TOLD);
    adj_encounters_seat_singles(history, 1);
    cr_assert_eq(adj_encounters_finish(history), ADJ_OK);
    adj_single *single = NULL;
    adj_single_answer answer;
    cr_assert_eq(adj_single_new_with(policies, history, &single), ADJ_OK);
    const int64_t fields[] = {adj_single_field(single, "payer"), adj_single_field(single, "date"),
                              adj_single_field(single, "patient.state")};
    cr_assert_eq(adj_single_fields(single, fields, 3), ADJ_OK);
    adj_single_value values[] = {text_value(single, fields[0], "K"), value_of(19801),
                                 text_value(single, fields[2], "NY")};
    adj_single_member(single, "M1", 2);
    cr_assert_eq(adj_single_judge_values(single, values, &answer), ADJ_OK);
    cr_expect_eq(answer.verdict, ADJ_PASS);
    values[2].told = ADJ_TOLD_NOTHING;
    adj_single_member(single, "M1", 2);
    cr_assert_eq(adj_single_judge_values(single, values, &answer), ADJ_OK);
    cr_expect(answer.event_count == 1 && answer.events[0].clause == 0 &&
                  answer.events[0].verdict == ADJ_CLAUSE_CANNOT_TELL,
              "nobody told the state");
    values[2].told = ADJ_TOLD_PRESENT;
    cr_assert_eq(adj_single_judge_values(single, values, &answer), ADJ_OK);
    cr_expect(answer.event_count == 1 && answer.events[0].clause == 1, "nobody told the member of this line");
    adj_single_free(single);
    adj_encounters_free(history);
    adj_policies_free(policies);
}

/* Texts that differ in one place, whatever their length, have numbers of their own, and keep them. */
Test(single, texts_that_are_nearly_the_same)
{
    enum { MOST = 18 };
    adj_policies *policies = support_policies(policy_text);
    adj_single *single = NULL;
    cr_assert_eq(adj_single_new(policies, &single), ADJ_OK);
    int64_t plan = adj_single_field(single, "plan"), procedure = adj_single_field(single, "procedure");
    int64_t ids[MOST + 1][MOST + 1], codes[MOST + 1][MOST + 1];
    for (int round = 0; round < 3; round++) {
        for (size_t length = 1; length <= MOST; length++) {
            for (size_t other = 0; other <= length; other++) {
                char text[MOST + 1];
                memset(text, 'A', length);
                if (other < length) text[other] = 'b';
                int64_t id = adj_single_text(single, plan, text, length);
                int64_t code = adj_single_text(single, procedure, text, length);
                if (round == 0) {
                    ids[length][other] = id;
                    codes[length][other] = code;
                }
                cr_assert_eq(id, ids[length][other], "%.*s", (int)length, text);
                cr_assert_eq(code, codes[length][other], "%.*s", (int)length, text);
                /* A code is kept in capitals: with a small letter it is another text than the plan's. */
                cr_expect_eq(id == code, other == length, "%.*s", (int)length, text);
                for (size_t before = 0; before < other; before++) {
                    cr_expect_neq(id, ids[length][before], "%.*s", (int)length, text);
                    cr_expect_neq(code, codes[length][before], "%.*s", (int)length, text);
                }
                cr_expect(length == 1 || id != ids[length - 1][length - 1], "%.*s", (int)length, text);
            }
        }
    }
    /* So many that they stand in each other's places: each is first met here, or met again. */
    enum { TEXTS = 6000 };
    /* As codes they are in capitals. */
    int64_t last_plan = -1, last_code = -1;
    static int64_t as_plans[TEXTS], as_codes[TEXTS];
    for (int i = 0; i < 2 * TEXTS; i++) {
        char text[16];
        int length = snprintf(text, sizeof text, i % 2 == 0 ? "aaaaaaaa%05d" : "%05daaaaaaaa", i % TEXTS);
        int64_t id = adj_single_text(single, plan, text, (size_t)length);
        int64_t code = adj_single_text(single, procedure, text, (size_t)length);
        cr_assert_neq(id, code, "%s", text);
        if (i >= TEXTS) {
            cr_assert(id == as_plans[i % TEXTS] && code == as_codes[i % TEXTS], "%s", text);
            continue;
        }
        cr_assert(id > last_plan && code > last_code, "%s has a number that another text had", text);
        as_plans[i] = last_plan = id;
        as_codes[i] = last_code = code;
    }
    adj_single_free(single);
    adj_policies_free(policies);
}

/* ---- machine code beside the work ---- */

/* Answers before and after there is machine code are the same. */
static void compare_codes(adj_policies *policies, uint32_t met, size_t least_steps)
{
    run_policy_codes *codes = run_policies_single_codes(policies);
    cr_assert_eq(codes != NULL, adj_has_machine_code());
    if (codes == NULL) return;
    const run_machine_code *code = run_policy_codes_of(codes);
    const plan_policy *policy = &policies->plan->policies.items[met];
    cr_assert_geq(policies->plan->blocks.items[policy->block].steps.count, least_steps);
    for (uint32_t p = 0; p < policies->plan->policies.count; p++) cr_expect_null(run_policy_code(code, p));
    one_call c = new_call(policies);
    generator g = {.state = 3};
    enum { TRIALS = 200 };
    adj_single_value values[TRIALS][9];
    int64_t listed[TRIALS][2];
    adj_verdict verdicts[TRIALS];
    size_t counts[TRIALS];
    for (int round = 0; round < 2; round++) {
        for (int t = 0; t < TRIALS; t++) {
            adj_single_answer answer;
            if (round == 0) {
                tell_any(&c, &g);
                memcpy(values[t], c.values, sizeof c.values);
                memcpy(listed[t], c.codes, sizeof c.codes);
                values[t][MODIFIERS].codes = listed[t];
            }
            cr_assert_eq(adj_single_judge_values(c.single, values[t], &answer), ADJ_OK);
            if (round == 0) {
                verdicts[t] = answer.verdict;
                counts[t] = answer.event_count;
            }
            cr_expect(verdicts[t] == answer.verdict && counts[t] == answer.event_count, "trial %d", t);
        }
        adj_single_prepare(c.single);
        cr_expect_not_null(run_policy_code(code, met));
    }
    adj_single_free(c.single);
}

Test(single, code_comes_beside_the_work)
{
    static const char other_text[] =
        "policy others\n  title \"Others\"\n  payer \"M\"\n  effective 2020-01-01\n\n"
        "clause few\n  cite \"1\"\n  require units <= 2\n  deny CO-16 M76 as data \"{units}\"\n";
    const char *names[] = {"others.adj", "kernels.adj"}, *texts[] = {other_text, policy_text};
    adj_policies *policies = NULL;
    cr_assert_eq(adj_policies_compile_text(names, texts, 2, NULL, &policies), ADJ_OK);
    compare_codes(policies, 1, 1);
    adj_policies_free(policies);
    cr_assert_eq(adj_policies_compile_text(names, texts, 2, NULL, &policies), ADJ_OK);
    one_call c = new_call(policies);
    generator g = {.state = 3};
    adj_single_answer answer;
    do tell_any(&c, &g);
    while (c.values[PAYER].told != ADJ_TOLD_PRESENT || c.values[PAYER].value != text_of(c.single, "payer", "K"));
    cr_assert_eq(adj_single_judge_values(c.single, c.values, &answer), ADJ_OK);
    run_policy_codes *codes = run_policies_single_codes(policies);
    if (codes != NULL) {
        adj_single_prepare(c.single);
        cr_expect_null(run_policy_code(run_policy_codes_of(codes), 0), "no line met it");
        cr_expect_not_null(run_policy_code(run_policy_codes_of(codes), 1));
        c.values[PAYER].told = ADJ_TOLD_NOTHING;
        cr_assert_eq(adj_single_judge_values(c.single, c.values, &answer), ADJ_OK);
    }
    adj_single_free(c.single);
    adj_policies_free(policies); /* while code of the other is being made */
}

/* Where there is code of all policies from the first line on, it serves until better code is there. */
Test(single, code_that_is_there_gives_way_to_better)
{
    if (!adj_has_machine_code()) return;
    const char *names[] = {"kernels.adj"}, *texts[] = {policy_text};
    adj_options options = {.evaluator = ADJ_EVALUATOR_MACHINE};
    adj_policies *policies = NULL;
    cr_assert_eq(adj_policies_compile_text(names, texts, 1, &options, &policies), ADJ_OK);
    one_call c = new_call(policies);
    const run_machine_code *code = run_policy_codes_of(run_policies_single_codes(policies));
    run_policy_function first = run_policy_code(code, 0);
    cr_assert_not_null(first);
    generator g = {.state = 3};
    adj_single_answer answer;
    tell_any(&c, &g);
    cr_assert_eq(adj_single_judge_values(c.single, c.values, &answer), ADJ_OK);
    adj_single_prepare(c.single);
    cr_expect_neq(run_policy_code(code, 0), first);
    adj_single_free(c.single);
    adj_policies_free(policies);
}

Test(single, the_small_policy_is_one)
{
    adj_policies_free(support_policies(run_small_policy));
}

/* So many clauses that code with every pass would take too long. */
Test(single, code_of_a_large_policy)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    base_text text;
    base_text_init(&text, &arena);
    base_text_put(&text, policy_text);
    for (unsigned i = 0; i < 500; i++)
        base_text_format(&text,
                         "\nclause more_%u\n  cite \"5\"\n  when age >= %u\n  require units <= %u or age <= %u\n"
                         "  deny CO-6 as coverage \"{age}\"\n",
                         i, i % 100, 1 + i % 4, 20 + i);
    const char *names[] = {"large.adj"}, *texts[] = {base_text_string(&text)};
    adj_policies *policies = NULL;
    cr_assert_eq(adj_policies_compile_text(names, texts, 1, NULL, &policies), ADJ_OK, "%s",
                 adj_policies_diagnostics(policies));
    compare_codes(policies, 0, 4097);
    adj_policies_free(policies);
    base_arena_release(&arena);
}
