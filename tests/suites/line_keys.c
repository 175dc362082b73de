/* Keys of lines and lines by work: the same whatever the threads, and what counting them one by one gives. */
#include "runtime/line_keys.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 100000, WORKS = 17, CLAIMS = 50 };

static const lang_field fields[] = {LANG_FIELD_line_payer, LANG_FIELD_line_plan, LANG_FIELD_line_procedure};

typedef struct made {
    run_store store;
    uint32_t rows[LINES]; /* as a run may list them */
    bool judged[LINES];
} made;

static void set_state(run_store *store, lang_field field, uint32_t row, run_state state, int64_t bits)
{
    if (state == RUN_PRESENT) run_store_set(store, field, row, bits);
    if (state == RUN_ABSENT) run_store_set_absent(store, field, row);
}

/* Payers that come one after the other, plans that are absent or not known at times, procedures that go round; claims of a few lines, of
 * which some do not say their product, and lines without one. */
static made *make_lines(void)
{
    made *m = calloc(1, sizeof *m);
    cr_assert(m != NULL);
    base_allocator allocator = base_allocator_default();
    cr_assert(run_store_init(&m->store, &lang_schema_standard, &allocator));
    for (uint32_t i = 0; i < CLAIMS; i++) {
        uint32_t claim = run_store_add(&m->store, LANG_RECORD_claim);
        set_state(&m->store, LANG_FIELD_claim_filing_indicator, claim, (run_state)(i % 3), i % 4);
    }
    for (uint32_t i = 0; i < LINES; i++) {
        uint32_t row = run_store_add(&m->store, LANG_RECORD_line);
        cr_assert_eq(row, i);
        set_state(&m->store, LANG_FIELD_line_claim, row, (run_state)(i % 10 == 3 ? i % 2 : RUN_PRESENT),
                  i / 3 % CLAIMS);
        m->rows[i] = LINES - 1 - i;
        m->judged[i] = i % 13 != 0;
        run_store_set(&m->store, LANG_FIELD_line_payer, row, i / 777);
        set_state(&m->store, LANG_FIELD_line_plan, row, (run_state)(i / 5 % 3), i % 3);
        set_state(&m->store, LANG_FIELD_line_procedure, row, i % 10007 == 0 ? RUN_UNKNOWN : RUN_PRESENT, i * 7 % 11);
    }
    return m;
}

static bool is_part(const run_store *store, lang_field field, uint32_t row, int32_t part)
{
    return run_store_present(store, field, row) ? part == run_store_bits(store, field, row)
                                                : part == -1 - (int64_t)run_store_state(store, field, row);
}

static bool has_key(const run_store *store, uint32_t row, const run_line_key *key)
{
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
        if (!is_part(store, fields[f], row, key->parts[f])) return false;
    }
    /* The last part is the claim's. */
    int32_t product = key->parts[RUN_KEY_FIELDS - 1];
    if (!run_store_present(store, LANG_FIELD_line_claim, row))
        return is_part(store, LANG_FIELD_line_claim, row, product);
    uint32_t claim = (uint32_t)run_store_bits(store, LANG_FIELD_line_claim, row);
    return is_part(store, LANG_FIELD_claim_filing_indicator, claim, product);
}

/* Each line has its key, no two keys are alike, and they stand in the order of their first lines. */
static void check_keys(const run_store *store)
{
    for (size_t k = 0; k < store->key_count; k++) {
        const run_line_key *key = &store->keys[k];
        cr_assert_eq(store->line_keys[key->row], k);
        cr_assert(k == 0 || key->row > store->keys[k - 1].row, "key %zu", k);
        for (size_t other = 0; other < k; other++)
            cr_assert(memcmp(store->keys[other].parts, key->parts, sizeof key->parts) != 0, "%zu and %zu", other, k);
    }
    for (uint32_t row = 0; row < LINES; row++) {
        const run_line_key *key = &store->keys[store->line_keys[row]];
        cr_assert(key->row <= row && has_key(store, row, key), "line %u", row);
    }
}

/* Lines of a work stand in order, and none that is judged is missing. */
static void check_gathered(const made *m, const run_line_keys *keys, const uint32_t *lines, const size_t *starts)
{
    size_t judged = 0;
    for (size_t i = 0; i < LINES; i++) judged += m->judged[i];
    cr_assert_eq(starts[WORKS], judged);
    for (size_t w = 0; w < WORKS; w++) {
        for (size_t i = starts[w]; i < starts[w + 1]; i++) {
            cr_assert(m->judged[lines[i]] && (i == starts[w] || lines[i - 1] < lines[i]));
            cr_assert_eq(keys->uses[m->store.line_keys[m->rows[lines[i]]]].work, w, "line %u", lines[i]);
        }
    }
}

Test(line_keys, are_the_same_whatever_the_threads)
{
    made *m = make_lines();
    base_allocator allocator = base_allocator_default();
    uint32_t *first = calloc(LINES, sizeof *first), *lines = calloc(LINES, sizeof *lines);
    uint32_t *line_keys = calloc(LINES, sizeof *line_keys);
    size_t first_keys = 0, starts[WORKS + 1];
    cr_assert(first != NULL && lines != NULL && line_keys != NULL);
    static const unsigned threads[] = {1, 2, 5};
    for (size_t t = 0; t < 3; t++) {
        m->store.threads = threads[t];
        cr_assert(run_key_lines(&m->store));
        check_keys(&m->store);
        if (t == 0) first_keys = m->store.key_count;
        cr_assert_eq(m->store.key_count, first_keys);
        if (t == 0) memcpy(line_keys, m->store.line_keys, LINES * sizeof *line_keys);
        cr_expect_arr_eq(line_keys, m->store.line_keys, LINES * sizeof *line_keys, "%u threads", threads[t]);
        run_line_keys keys;
        cr_assert(run_count_keys(&keys, &allocator, &m->store, m->rows, m->judged, LINES, threads[t]));
        cr_assert_eq(keys.chunk_count > 1, threads[t] > 1);
        size_t counted = 0;
        for (size_t k = 0; k < first_keys; k++) {
            counted += keys.uses[k].count;
            keys.uses[k].work = (uint32_t)(k % WORKS);
        }
        cr_assert(run_gather_lines(&keys, WORKS, threads[t], lines, starts));
        cr_assert_eq(counted, starts[WORKS]);
        check_gathered(m, &keys, lines, starts);
        if (t == 0) memcpy(first, lines, LINES * sizeof *first);
        cr_expect_arr_eq(first, lines, starts[WORKS] * sizeof *first, "%u threads", threads[t]);
        run_line_keys_release(&keys);
    }
    free(first);
    free(lines);
    free(line_keys);
    run_store_release(&m->store);
    free(m);
}
