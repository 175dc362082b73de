/* The third workload: a table of a million pairs of procedures that are not paid together, and units that are paid at most, over claims
 * of one to six lines; beside a hash table by hand over the same pairs. The findings are compared. */
#include "bench/judging.h"

#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CODES = 2400 };

static const char policy[] =
    "policy bench.pairs\n  title \"Pairs and units\"\n  payer \"PAYER-00\"\n  effective 2020-01-01\n\n"
    "table pair (one: cpt, two: cpt) gives (indicator: count)\n  unique\n  from \"pairs.csv\"\n\n"
    "table most (procedure) gives (times: count)\n  unique\n  from \"most.csv\"\n\n"
    "section \"Lines\"\n  for each line\n\n"
    "clause not_beside_another\n  cite \"1\"\n"
    "  forbid exists other in claim.lines where pair(procedure, this.procedure) is found\n"
    "             and pair(procedure, this.procedure).indicator <> 9\n"
    "  deny CO-97 as coding \"{other.procedure}\"\n\n"
    "clause most_units\n  cite \"2\"\n  when most(procedure) is found\n  require units <= most(procedure).times\n"
    "  deny CO-151 as limit \"{units}\"\n";

typedef struct pair_set {
    uint32_t *keys; /* one times CODES plus two, plus one; 0 for none */
    uint8_t *indicators;
    uint32_t mask;
} pair_set;

static uint32_t place_of(const pair_set *set, uint32_t key)
{
    uint32_t at = (key * UINT32_C(2654435761)) >> 8 & set->mask;
    while (set->keys[at] != 0 && set->keys[at] != key + 1) at = (at + 1) & set->mask;
    return at;
}

static void code_text(unsigned code, char text[8])
{
    snprintf(text, 8, "%05u", 10000 + code * 7);
}

static bool write_tables(const char *folder, size_t pairs, pair_set *set, uint8_t *most)
{
    char path[256], one[8], two[8];
    uint64_t state = 99;
    snprintf(path, sizeof path, "%s/pairs.csv", folder);
    FILE *file = fopen(path, "w");
    if (file == NULL) return false;
    fprintf(file, "one,two,indicator\n");
    for (size_t count = 0; count < pairs;) {
        uint32_t key = (uint32_t)(workload_random(&state) % (CODES * CODES)), at = place_of(set, key);
        if (set->keys[at] != 0 || key / CODES == key % CODES) continue;
        set->keys[at] = key + 1;
        set->indicators[at] = workload_random(&state) % 10 == 0 ? 9 : (uint8_t)(workload_random(&state) % 2);
        code_text(key / CODES, one);
        code_text(key % CODES, two);
        fprintf(file, "%s,%s,%u\n", one, two, set->indicators[at]);
        count++;
    }
    if (fclose(file) != 0) return false;
    snprintf(path, sizeof path, "%s/most.csv", folder);
    file = fopen(path, "w");
    if (file == NULL) return false;
    fprintf(file, "procedure,times\n");
    for (unsigned c = 0; c < CODES; c++) {
        most[c] = (uint8_t)(1 + workload_random(&state) % 8);
        code_text(c, one);
        fprintf(file, "%s,%u\n", one, most[c]);
    }
    if (fclose(file) != 0) return false;
    snprintf(path, sizeof path, "%s/pairs.adj", folder);
    file = fopen(path, "w");
    if (file == NULL) return false;
    fputs(policy, file);
    return fclose(file) == 0;
}

typedef struct claims {
    uint32_t *first; /* by claim, and one more */
    uint16_t *codes; /* by line */
    uint8_t *units;
    size_t count;
} claims;

/* The same claims in a store and beside it; and as CSV, for those who want to measure others. */
static adj_encounters *make_claims(const adj_policies *policies, claims *c, const char *folder)
{
    adj_encounters *encounters = adj_encounters_new_for(policies, NULL);
    uint64_t state = 5;
    char path[256], text[24];
    snprintf(path, sizeof path, "%s/lines.csv", folder);
    FILE *file = fopen(path, "w");
    if (encounters == NULL || file == NULL) exit(3);
    fprintf(file, "claim,line,procedure,units\n");
    run_store *s = &encounters->store;
    uint32_t ids[CODES], payer = base_intern_add(&s->symbols, "PAYER-00", 8);
    for (unsigned i = 0; i < CODES; i++) {
        code_text(i, text);
        ids[i] = base_intern_add(&s->symbols, text, 5);
    }
    int64_t submitted = lang_schema_word_find(&lang_schema_standard, LANG_ENUMERATION_line_status, "submitted");
    uint32_t line = 0;
    for (size_t i = 0; i < c->count; i++) {
        uint32_t claim = run_store_add(s, LANG_RECORD_claim), lines = 1 + (uint32_t)(workload_random(&state) % 6);
        int length = snprintf(text, sizeof text, "M%08zu", i);
        uint32_t patient = run_store_patient(s, text, (size_t)length);
        run_store_set(s, LANG_FIELD_claim_id, claim, (int64_t)(i % 4));
        c->first[i] = line;
        for (uint32_t k = 0; k < lines; k++) {
            uint32_t row = run_store_add(s, LANG_RECORD_line);
            if (row == RUN_NO_ROW) exit(3);
            unsigned code = (unsigned)(workload_random(&state) % CODES),
                     units = (unsigned)(1 + workload_random(&state) % 4);
            c->codes[row] = (uint16_t)code;
            c->units[row] = (uint8_t)units;
            s->lines.items[row].subject = true;
            s->lines.items[row].place = row;
            run_store_set(s, LANG_FIELD_line_number, row, k + 1);
            run_store_set(s, LANG_FIELD_line_claim, row, claim);
            run_store_set(s, LANG_FIELD_line_patient, row, patient);
            run_store_set(s, LANG_FIELD_line_payer, row, payer);
            run_store_set(s, LANG_FIELD_line_date, row, 19800);
            run_store_set(s, LANG_FIELD_line_procedure, row, ids[code]);
            run_store_set(s, LANG_FIELD_line_units, row, 1000 * (int64_t)units);
            run_store_set(s, LANG_FIELD_line_status, row, submitted);
            code_text(code, text);
            fprintf(file, "%zu,%u,%s,%u\n", i, k + 1, text, units);
            line++;
        }
    }
    c->first[c->count] = line;
    fclose(file);
    s->finished = run_index(s);
    if (!s->finished) exit(3);
    return encounters;
}

static size_t by_hand(const claims *c, const pair_set *set, const uint8_t *most)
{
    size_t found = 0;
    for (size_t i = 0; i < c->count; i++) {
        for (uint32_t a = c->first[i]; a < c->first[i + 1]; a++) {
            bool beside = false;
            for (uint32_t b = c->first[i]; b < c->first[i + 1] && !beside; b++) {
                if (a == b) continue;
                uint32_t at = place_of(set, (uint32_t)c->codes[b] * CODES + c->codes[a]);
                beside = set->keys[at] != 0 && set->indicators[at] != 9;
            }
            found += beside;
            found += c->units[a] > most[c->codes[a]];
        }
    }
    return found;
}

int bench_pairs(size_t count, size_t pairs, bool quick)
{
    static const char folder[] = "build/bench";
    const size_t slots = 1U << 22;
    if (pairs > 3000000) pairs = 3000000;
    pair_set set = {calloc(slots, sizeof *set.keys), calloc(slots, 1), (uint32_t)slots - 1};
    claims c = {calloc(count + 1, sizeof *c.first), calloc(count * 6, sizeof *c.codes), calloc(count * 6, 1), count};
    static uint8_t most[CODES];
    mkdir("build", 0755);
    mkdir(folder, 0755);
    if (set.keys == NULL || set.indicators == NULL || c.first == NULL || c.codes == NULL || c.units == NULL ||
        !write_tables(folder, pairs, &set, most))
        bench_stop("out of memory, or build/bench cannot be written to");
    const char *paths[] = {"build/bench/pairs.adj"};
    adj_options options = {.evaluator = ADJ_EVALUATOR_BEST};
    adj_policies *policies = NULL;
    double start = bench_now();
    if (adj_policies_compile(paths, 1, &options, &policies) != ADJ_OK) {
        bench_stop(policies == NULL ? "out of memory" : adj_policies_diagnostics(policies));
    }
    double compile = bench_now() - start, times[BENCH_RUNS], hand[BENCH_RUNS];
    adj_encounters *encounters = make_claims(policies, &c, folder);
    size_t found = 0, by_hand_found = 0;
    int runs = quick ? 1 : 5;
    for (int r = 0; r < runs; r++) {
        adj_results *results;
        start = bench_now();
        if (adj_evaluate(policies, encounters, &options, &results) != ADJ_OK) bench_stop("judging failed");
        times[r] = (bench_now() - start) / (double)count;
        found = results->many.starts[results->many.line_count];
        adj_results_free(results);
        start = bench_now();
        by_hand_found = by_hand(&c, &set, most);
        hand[r] = (bench_now() - start) / (double)count;
    }
    printf(
        "pairs     %zu pairs, %zu claims, %u lines, %zu findings: compiled in %.0f ms, a claim %.0f ns, by hand %.0f\n",
        pairs, count, c.first[count], found, compile * 1e3, bench_median(times, (size_t)runs) * 1e9,
        bench_median(hand, (size_t)runs) * 1e9);
    FILE *expected = fopen("build/bench/findings.csv", "w");
    if (expected == NULL) bench_stop("build/bench cannot be written to");
    fprintf(expected, "claims,findings\n%zu,%zu\n", count, by_hand_found);
    fclose(expected);
    if (found != by_hand_found) fprintf(stderr, "bench: by hand %zu findings\n", by_hand_found);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    free(set.keys);
    free(set.indicators);
    free(c.first);
    free(c.codes);
    free(c.units);
    return found == by_hand_found ? 0 : 3;
}
