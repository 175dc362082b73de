/* One encounter at a time: from decoded fields, and from texts, to verdicts, and beside a history; the answers are those that the same
 * lines get in batches. */
#include "bench/judging.h"

#include "bench/bench.h"
#include "runtime/guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 26, LISTED = 12 };

static const char *const paths[FIELDS] = {"payer",
                                          "plan",
                                          "procedure",
                                          "date",
                                          "units",
                                          "charge",
                                          "pos",
                                          "age",
                                          "rendering_taxonomy",
                                          "modifiers",
                                          "diagnoses",
                                          "authorization",
                                          "authorization.dates",
                                          "authorization.units_remaining",
                                          "claim.received",
                                          "session.minutes",
                                          "session.attendees",
                                          "session.mode",
                                          "session.goals_documented",
                                          "session.interventions_documented",
                                          "attendance.minutes",
                                          "attendance.telehealth_consent",
                                          "patient.state"};

/* A line as an engine may hold it. */
typedef struct held {
    uint8_t states[FIELDS];
    int64_t values[FIELDS];
    const char *texts[FIELDS];
    size_t lengths[FIELDS];
    int64_t codes[FIELDS][LISTED];
    const char *code_texts[FIELDS][LISTED];
    size_t counts[FIELDS];
} held;

/* The same as an engine has just decoded it: values for one call, with the codes of lists behind them, and nothing between lines. */
typedef struct told_text {
    const char *text;
    size_t length;
    int64_t field, *to;
} told_text;

typedef struct told_lines {
    adj_single_value *values; /* as many a line as there are fields */
    int64_t *codes;
    told_text *texts;
    size_t *first_text; /* by line, and one more */
    size_t code_count, text_count;
} told_lines;

typedef struct desk {
    adj_single *single;
    int64_t fields[FIELDS];
    bool text[FIELDS], list[FIELDS], record[FIELDS];
    size_t count;
} desk;

static size_t allocations;

static void *counted(void *state, void *block, size_t size)
{
    (void)state;
    if (size == 0) {
        free(block);
        return NULL;
    }
    allocations++;
    return realloc(block, size);
}

/* Reads a line out of the store, through the same paths. */
static void hold(const run_store *store, desk *d, uint32_t line, held *h)
{
    memset(h, 0, sizeof *h);
    for (size_t f = 0; f < d->count; f++) {
        lang_field field = (lang_field)(d->fields[f] & 0xFFFF), reference = (lang_field)(d->fields[f] >> 16 & 0xFFFF);
        uint32_t row = line;
        if (reference != LANG_NO_FIELD) {
            if (!run_store_present(store, reference, line)) continue;
            row = (uint32_t)run_store_bits(store, reference, line);
        }
        const lang_field_info *info = lang_schema_field(store->schema, field);
        h->states[f] = (uint8_t)run_store_state(store, field, row);
        d->text[f] = info->type.kind == LANG_TYPE_CODE || info->type.kind == LANG_TYPE_TEXT;
        d->list[f] = info->type.list;
        d->record[f] = info->type.kind == LANG_TYPE_RECORD;
        if (h->states[f] != RUN_PRESENT || info->type.kind == LANG_TYPE_RECORD) continue;
        int64_t bits = run_store_bits(store, field, row);
        h->values[f] = bits;
        if (d->list[f]) {
            h->counts[f] = run_list_count(bits);
            for (size_t k = 0; k < h->counts[f]; k++)
                h->code_texts[f][k] = base_intern_text(&store->symbols, store->pool.items[run_list_offset(bits) + k]);
        } else if (d->text[f]) {
            h->texts[f] = base_intern_text(&store->symbols, (uint32_t)bits);
            h->lengths[f] = strlen(h->texts[f]);
        }
    }
}

/* Looks texts up, as an engine does that decodes as it reads. */
static void decode(desk *d, held *h)
{
    for (size_t f = 0; f < d->count; f++) {
        if (h->states[f] != RUN_PRESENT || !d->text[f]) continue;
        if (!d->list[f]) h->values[f] = adj_single_text(d->single, d->fields[f], h->texts[f], h->lengths[f]);
        for (size_t k = 0; k < h->counts[f]; k++)
            h->codes[f][k] = adj_single_text(d->single, d->fields[f], h->code_texts[f][k], strlen(h->code_texts[f][k]));
    }
}

static void tell(const desk *d, const held *h, told_lines *t, uint32_t line)
{
    for (size_t f = 0; f < d->count; f++) {
        bool record = d->record[f] && h->states[f] == RUN_PRESENT; /* known by what is set of it */
        t->values[line * d->count + f] = (adj_single_value){.value = d->list[f] ? (int64_t)h->counts[f] : h->values[f],
                                                            .codes = t->codes + t->code_count,
                                                            .told = record ? ADJ_TOLD_NOTHING : (adj_told)h->states[f]};
        for (size_t k = 0; k < h->counts[f]; k++) t->codes[t->code_count++] = h->codes[f][k];
    }
}

/* Notes which texts a line has, and where their numbers go. */
static void note_texts(const desk *d, const held *h, told_lines *t, uint32_t line)
{
    t->first_text[line] = t->text_count;
    for (size_t f = 0; f < d->count; f++) {
        adj_single_value *value = &t->values[line * d->count + f];
        if (h->states[f] != RUN_PRESENT || !d->text[f]) continue;
        if (!d->list[f])
            t->texts[t->text_count++] = (told_text){h->texts[f], h->lengths[f], d->fields[f], &value->value};
        int64_t *codes = t->codes + (value->codes - t->codes);
        for (size_t k = 0; k < h->counts[f]; k++) {
            const char *text = h->code_texts[f][k];
            t->texts[t->text_count++] = (told_text){text, strlen(text), d->fields[f], &codes[k]};
        }
    }
    t->first_text[line + 1] = t->text_count;
}

/* Looks a line's texts up, into its values. */
static void look_up(const desk *d, const told_lines *t, uint32_t line)
{
    for (size_t i = t->first_text[line]; i < t->first_text[line + 1]; i++)
        *t->texts[i].to = adj_single_text(d->single, t->texts[i].field, t->texts[i].text, t->texts[i].length);
}

static void judge(desk *d, const held *h, adj_single_answer *answer)
{
    adj_single_begin(d->single);
    for (size_t f = 0; f < d->count; f++) {
        if (h->states[f] == RUN_ABSENT) adj_single_set_absent(d->single, d->fields[f]);
        if (h->states[f] != RUN_PRESENT) continue;
        if (d->list[f])
            adj_single_set_list(d->single, d->fields[f], h->codes[f], h->counts[f]);
        else if (!d->record[f]) /* a record is known by what is set of it */
            adj_single_set(d->single, d->fields[f], h->values[f]);
    }
    if (adj_single_judge(d->single, answer) != ADJ_OK) exit(3);
}

static bool same(const adj_single_answer *answer, const adj_results *results, size_t index)
{
    const run_many *many = &results->many;
    size_t count = many->starts[index + 1] - many->starts[index];
    if (count != answer->event_count) return false;
    for (size_t e = 0; e < count; e++) {
        const run_event *event = &many->events[many->starts[index] + e];
        if (event->clause != answer->events[e].clause || event->verdict != answer->events[e].verdict) return false;
    }
    return true;
}

/* ---- beside a history ---- */

static adj_policies *compile_windows(adj_evaluator evaluator)
{
    const char *names[] = {"windows.adj"}, *texts[] = {bench_windows_policy};
    adj_options options = {.evaluator = evaluator};
    adj_allocator allocator = {counted, NULL};
    options.allocator = &allocator;
    adj_policies *policies = NULL;
    if (adj_policies_compile_text(names, texts, 1, &options, &policies) != ADJ_OK) bench_stop("out of memory");
    return policies;
}

typedef struct seat {
    adj_policies *policies;
    adj_single *single;
    int64_t payer, procedure, date, units, payers, procedures[3];
} seat;

static seat sit_down(adj_encounters *history, adj_evaluator evaluator)
{
    static const char *const codes[] = {"90853", "90837", "90834"};
    seat s = {.policies = compile_windows(evaluator)};
    if (adj_single_new_with(s.policies, history, &s.single) != ADJ_OK) bench_stop("out of memory");
    s.payer = adj_single_field(s.single, "payer");
    s.procedure = adj_single_field(s.single, "procedure");
    s.date = adj_single_field(s.single, "date");
    s.units = adj_single_field(s.single, "units");
    s.payers = adj_single_text(s.single, s.payer, "PAYER-00", 8);
    for (int i = 0; i < 3; i++) s.procedures[i] = adj_single_text(s.single, s.procedure, codes[i], 5);
    return s;
}

static void judge_next(const seat *s, unsigned member, adj_single_answer *answer)
{
    char id[24];
    id[0] = 'M';
    for (unsigned k = 8, rest = member; k > 0; k--, rest /= 10) id[k] = (char)('0' + rest % 10);
    adj_single_begin(s->single);
    adj_single_member(s->single, id, 9);
    adj_single_set(s->single, s->payer, s->payers);
    adj_single_set(s->single, s->procedure, s->procedures[member % 3]);
    adj_single_set(s->single, s->date, base_date_make(2024, 1, 1) + 48 * 7 + (int64_t)(member % 11));
    adj_single_set(s->single, s->units, 1000 + 1000 * (int64_t)(member % 3));
    if (adj_single_judge(s->single, answer) != ADJ_OK) exit(3);
}

/* Ten windows over 50 lines of the member, who is another one each time. */
static bool beside_history(bool quick)
{
    enum { MEMBERS = 2000, LINES_EACH = 50 };
    adj_policies *policies = compile_windows(ADJ_EVALUATOR_INTERPRETER);
    adj_encounters *history = workload_encounters(policies, MEMBERS * LINES_EACH, 1, LINES_EACH);
    history->store.guests = 2;
    if (!run_index(&history->store) || !run_store_seat_guests(&history->store)) bench_stop("out of memory");
    seat best = sit_down(history, ADJ_EVALUATOR_BEST), plain = sit_down(history, ADJ_EVALUATOR_INTERPRETER);
    adj_single_answer answer, meant;
    judge_next(&best, 0, &answer);
    adj_single_prepare(best.single);
    size_t findings = 0;
    for (unsigned m = 0; m < MEMBERS; m++) {
        judge_next(&best, m, &answer);
        judge_next(&plain, m, &meant);
        bool same = answer.event_count == meant.event_count &&
                    memcmp(answer.events, meant.events, meant.event_count * sizeof *meant.events) == 0;
        if (!same) bench_stop("beside a history a line gets another answer by machine code");
        findings += answer.event_count;
    }
    size_t before = allocations, runs = quick ? 1 : BENCH_RUNS, times = quick ? 1 : 20;
    double took[BENCH_RUNS];
    for (size_t r = 0; r < runs; r++) {
        double start = bench_now();
        for (unsigned m = 0; m < times * MEMBERS; m++) judge_next(&best, m % MEMBERS, &answer);
        took[r] = (bench_now() - start) / (double)(times * MEMBERS) * 1e9;
    }
    bool none = allocations == before;
    printf("single    one encounter, ten windows over %d lines of a history of %d: %.0f ns, %zu findings; %zu "
           "allocations\n",
           LINES_EACH, MEMBERS * LINES_EACH, bench_median(took, runs), findings, allocations - before);
    adj_single_free(best.single);
    adj_single_free(plain.single);
    adj_encounters_free(history);
    adj_policies_free(best.policies);
    adj_policies_free(plain.policies);
    adj_policies_free(policies);
    return none;
}

int bench_single(bool quick)
{
    enum { LINES = 2000 };
    adj_allocator allocator = {counted, NULL};
    adj_options options = {.evaluator = ADJ_EVALUATOR_BEST, .allocator = &allocator};
    adj_policies *policies = workload_compile(10, 0, &options);
    adj_encounters *encounters = workload_encounters(policies, LINES, 10, 10);
    adj_results *results;
    desk d = {0};
    held *lines = calloc(LINES, sizeof *lines);
    told_lines told = {.values = calloc(LINES * FIELDS, sizeof *told.values),
                       .codes = calloc(LINES * FIELDS * LISTED, sizeof *told.codes),
                       .texts = calloc(LINES * FIELDS * LISTED, sizeof *told.texts),
                       .first_text = calloc(LINES + 1, sizeof *told.first_text)};
    bool room =
        lines != NULL && told.values != NULL && told.codes != NULL && told.texts != NULL && told.first_text != NULL;
    if (!room || adj_evaluate(policies, encounters, &options, &results) != ADJ_OK ||
        adj_single_new(policies, &d.single) != ADJ_OK)
        bench_stop("out of memory");
    while (d.count < FIELDS && paths[d.count] != NULL) {
        d.fields[d.count] = adj_single_field(d.single, paths[d.count]);
        if (d.fields[d.count++] == ADJ_SINGLE_NO_FIELD) bench_stop("a field is missing");
    }
    adj_single_answer answer;
    if (adj_single_fields(d.single, d.fields, d.count) != ADJ_OK) bench_stop("a field stands there twice");
    for (uint32_t i = 0; i < LINES; i++) {
        hold(&encounters->store, &d, i, &lines[i]);
        decode(&d, &lines[i]);
        tell(&d, &lines[i], &told, i);
        note_texts(&d, &lines[i], &told, i);
        judge(&d, &lines[i], &answer);
    }
    adj_single_prepare(d.single);
    size_t before = allocations;
    for (uint32_t i = 0; i < LINES; i++) {
        judge(&d, &lines[i], &answer);
        bool good = same(&answer, results, i) &&
                    adj_single_judge_values(d.single, told.values + i * d.count, &answer) == ADJ_OK &&
                    same(&answer, results, i);
        if (!good) {
            fprintf(stderr, "bench: line %u\n", i);
            bench_stop("a line gets another answer alone than in a batch");
        }
    }
    double decoded[BENCH_RUNS], texts[BENCH_RUNS], only[BENCH_RUNS], once[BENCH_RUNS];
    const uint32_t times = quick ? LINES : 100 * LINES;
    for (int r = 0; r < (quick ? 1 : BENCH_RUNS); r++) {
        double start = bench_now();
        for (uint32_t i = 0; i < times; i++) judge(&d, &lines[i % LINES], &answer);
        decoded[r] = (bench_now() - start) / times * 1e9;
        start = bench_now();
        for (uint32_t i = 0; i < times; i++) {
            look_up(&d, &told, i % LINES);
            adj_single_judge_values(d.single, told.values + i % LINES * d.count, &answer);
        }
        texts[r] = (bench_now() - start) / times * 1e9;
        start = bench_now();
        for (uint32_t i = 0; i < times; i++) adj_single_judge(d.single, &answer);
        only[r] = (bench_now() - start) / times * 1e9;
        start = bench_now();
        for (uint32_t i = 0; i < times; i++)
            adj_single_judge_values(d.single, told.values + i % LINES * d.count, &answer);
        once[r] = (bench_now() - start) / times * 1e9;
    }
    size_t runs = quick ? 1 : BENCH_RUNS;
    printf("single    one encounter, %d clauses: in one call %.0f ns, fields set one by one and judged %.0f (judging "
           "alone %.0f), "
           "from texts %.0f; %zu allocations\n",
           WORKLOAD_CLAUSES, bench_median(once, runs), bench_median(decoded, runs), bench_median(only, runs),
           bench_median(texts, runs), allocations - before);
    bool none = allocations == before;
    adj_single_free(d.single);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    free(lines);
    free(told.values);
    free(told.codes);
    free(told.texts);
    free(told.first_text);
    return none && beside_history(quick) ? 0 : 3;
}
