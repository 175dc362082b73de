/* One encounter at a time: from decoded fields, and from texts, to verdicts; the answers are those that the same lines get in batches. */
#include "bench/judging.h"

#include "bench/bench.h"

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

typedef struct desk {
    adj_single *single;
    int64_t fields[FIELDS];
    bool text[FIELDS], list[FIELDS];
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

static void judge(desk *d, const held *h, adj_single_answer *answer)
{
    adj_single_begin(d->single);
    for (size_t f = 0; f < d->count; f++) {
        if (h->states[f] == RUN_ABSENT) adj_single_set_absent(d->single, d->fields[f]);
        if (h->states[f] != RUN_PRESENT) continue;
        bool record = strcmp(paths[f], "authorization") == 0; /* known by what is set of it */
        if (d->list[f])
            adj_single_set_list(d->single, d->fields[f], h->codes[f], h->counts[f]);
        else if (!record)
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
    if (lines == NULL || adj_evaluate(policies, encounters, &options, &results) != ADJ_OK ||
        adj_single_new(policies, &d.single) != ADJ_OK)
        bench_stop("out of memory");
    while (d.count < FIELDS && paths[d.count] != NULL) {
        d.fields[d.count] = adj_single_field(d.single, paths[d.count]);
        if (d.fields[d.count++] == ADJ_SINGLE_NO_FIELD) bench_stop("a field is missing");
    }
    adj_single_answer answer;
    for (uint32_t i = 0; i < LINES; i++) {
        hold(&encounters->store, &d, i, &lines[i]);
        decode(&d, &lines[i]);
        judge(&d, &lines[i], &answer);
    }
    size_t before = allocations;
    for (uint32_t i = 0; i < LINES; i++) {
        judge(&d, &lines[i], &answer);
        if (!same(&answer, results, i)) {
            fprintf(stderr, "bench: line %u\n", i);
            bench_stop("a line gets another answer alone than in a batch");
        }
    }
    double decoded[BENCH_RUNS], texts[BENCH_RUNS], only[BENCH_RUNS];
    for (int r = 0; r < (quick ? 1 : BENCH_RUNS); r++) {
        double start = bench_now();
        for (uint32_t i = 0; i < LINES; i++) judge(&d, &lines[i], &answer);
        decoded[r] = (bench_now() - start) / LINES * 1e9;
        start = bench_now();
        for (uint32_t i = 0; i < LINES; i++) {
            decode(&d, &lines[i]);
            judge(&d, &lines[i], &answer);
        }
        texts[r] = (bench_now() - start) / LINES * 1e9;
        start = bench_now();
        for (uint32_t i = 0; i < LINES; i++) adj_single_judge(d.single, &answer);
        only[r] = (bench_now() - start) / LINES * 1e9;
    }
    size_t runs = quick ? 1 : BENCH_RUNS;
    printf("single    one encounter, %d clauses: fields set and judged %.0f ns (judging alone %.0f), from texts %.0f; "
           "%zu allocations\n",
           WORKLOAD_CLAUSES, bench_median(decoded, runs), bench_median(only, runs), bench_median(texts, runs),
           allocations - before);
    bool none = allocations == before;
    adj_single_free(d.single);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    free(lines);
    return none ? 0 : 3;
}
