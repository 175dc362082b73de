/* Keys of lines and lines by work: the same whatever the threads, and what counting them one by one gives. */
#include "runtime/line_keys.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 100000, WORKS = 17 };

typedef struct made {
    run_column columns[LANG_FIELD_COUNT];
    run_context context;
    uint32_t rows[LINES];
    bool judged[LINES];
} made;

static void make_column(made *m, lang_field field)
{
    m->columns[field].narrow = true;
    m->columns[field].values = calloc(LINES, sizeof(int32_t));
    m->columns[field].states = calloc(LINES, 1);
    cr_assert(m->columns[field].values != NULL && m->columns[field].states != NULL);
}

/* Payers that come one after the other, plans that are absent or not known at times, procedures that go round. */
static made *make_lines(void)
{
    made *m = calloc(1, sizeof *m);
    cr_assert(m != NULL);
    make_column(m, LANG_FIELD_line_payer);
    make_column(m, LANG_FIELD_line_plan);
    make_column(m, LANG_FIELD_line_procedure);
    for (uint32_t i = 0; i < LINES; i++) {
        uint32_t row = LINES - 1 - i;
        m->rows[i] = row;
        m->judged[i] = i % 13 != 0;
        run_column_put(&m->columns[LANG_FIELD_line_payer], row, i / 777);
        m->columns[LANG_FIELD_line_payer].states[row] = RUN_PRESENT;
        run_column_put(&m->columns[LANG_FIELD_line_plan], row, i % 3);
        m->columns[LANG_FIELD_line_plan].states[row] = (uint8_t)(i / 5 % 3);
        run_column_put(&m->columns[LANG_FIELD_line_procedure], row, i * 7 % 11);
        m->columns[LANG_FIELD_line_procedure].states[row] = RUN_PRESENT;
    }
    m->context.columns = m->columns;
    return m;
}

static void free_lines(made *m)
{
    static const lang_field fields[] = {LANG_FIELD_line_payer, LANG_FIELD_line_plan, LANG_FIELD_line_procedure};
    for (size_t f = 0; f < 3; f++) {
        free(m->columns[fields[f]].values);
        free(m->columns[fields[f]].states);
    }
    free(m);
}

static bool has_key(const made *m, const run_line_key *key, size_t line)
{
    static const lang_field fields[] = {LANG_FIELD_line_payer, LANG_FIELD_line_plan, LANG_FIELD_line_procedure};
    for (size_t f = 0; f < RUN_KEY_FIELDS; f++) {
        const run_column *column = &m->columns[fields[f]];
        uint32_t row = m->rows[line];
        bool same = column->states[row] == RUN_PRESENT ? key->parts[f] == run_column_bits(column, row)
                                                       : key->parts[f] == -1 - (int64_t)column->states[row];
        if (!same) return false;
    }
    return true;
}

/* Every line that is judged has the key of its work, lines of a work stand in order, and none is missing. */
static void check_gathered(const made *m, const run_line_keys *keys, const uint32_t *lines, const size_t *starts)
{
    size_t judged = 0;
    for (size_t i = 0; i < LINES; i++) judged += m->judged[i];
    cr_assert_eq(starts[WORKS], judged);
    for (size_t w = 0; w < WORKS; w++) {
        for (size_t i = starts[w]; i < starts[w + 1]; i++) {
            cr_assert(m->judged[lines[i]] && (i == starts[w] || lines[i - 1] < lines[i]));
            bool of_work = false;
            for (size_t k = w; k < keys->all.keys.count && !of_work; k += WORKS)
                of_work = has_key(m, &keys->all.keys.items[k], lines[i]);
            cr_assert(of_work, "line %u of work %zu", lines[i], w);
        }
    }
}

Test(line_keys, are_the_same_whatever_the_threads)
{
    made *m = make_lines();
    base_allocator allocator = base_allocator_default();
    uint32_t *first = calloc(LINES, sizeof *first), *lines = calloc(LINES, sizeof *lines);
    size_t first_keys = 0, starts[WORKS + 1];
    cr_assert(first != NULL && lines != NULL);
    static const size_t threads[] = {1, 2, 5};
    for (size_t t = 0; t < 3; t++) {
        run_line_keys keys;
        cr_assert(run_find_line_keys(&keys, &allocator, &m->context, m->rows, m->judged, LINES, threads[t]));
        cr_assert_eq(keys.chunk_count > 1, threads[t] > 1);
        size_t counted = 0;
        for (size_t k = 0; k < keys.all.keys.count; k++) {
            run_line_key *key = &keys.all.keys.items[k];
            cr_assert(k == 0 || key->row < keys.all.keys.items[k - 1].row, "in the order of their first lines");
            counted += key->count;
            key->work = (uint32_t)(k % WORKS);
        }
        cr_assert(run_gather_lines(&keys, WORKS, threads[t], lines, starts));
        cr_assert_eq(counted, starts[WORKS]);
        if (t == 0) first_keys = keys.all.keys.count;
        cr_expect_eq(keys.all.keys.count, first_keys);
        if (t == 0) check_gathered(m, &keys, lines, starts);
        if (t == 0) memcpy(first, lines, LINES * sizeof *first);
        cr_expect_arr_eq(first, lines, starts[WORKS] * sizeof *first, "%zu threads", threads[t]);
        run_line_keys_release(&keys);
    }
    free(first);
    free(lines);
    free_lines(m);
}
