/* Loops over columns say the same in every width of registers that the processor has as what they stand for, line by line. */
#include <criterion/criterion.h>

#include "compiler/plan/kernels.h"
#include "runtime/column.h"
#include "tests/differential/generator.h"

#include <stdlib.h>

enum { ROUNDS = 200, WORDS = 64 };

/* Bits of few lines, of most, of all or none. */
static uint64_t draw_mask(generator *g)
{
    uint64_t bits = generator_next(g);
    switch (generator_next(g) >> 40 & 3) {
    case 0: return bits & generator_next(g) & generator_next(g);
    case 1: return bits | generator_next(g);
    case 2: return UINT64_MAX;
    default: return bits & 1 ? 0 : bits;
    }
}

static void compare_keep(const run_column_loops *loops, generator *g)
{
    int64_t bits[RUN_STRIP], kept[RUN_STRIP], whole[RUN_STRIP], range[2] = {0}, whole_range[2] = {0}, low = 0, high = 0;
    uint64_t present = draw_mask(g);
    for (unsigned i = 0; i < RUN_STRIP; i++) {
        bits[i] = ((int64_t)generator_next(g) >> (20 + generator_next(g) % 40)) * PLAN_SCALE;
        int64_t own = (present >> i & 1) != 0 ? bits[i] : 0;
        low = own < low ? own : low;
        high = own > high ? own : high;
    }
    loops->keep(bits, present, kept, range);
    loops->keep_whole(bits, present, whole, whole_range);
    cr_expect(range[0] == low && range[1] == high, "%lld to %lld", (long long)range[0], (long long)range[1]);
    cr_expect(whole_range[0] == low / PLAN_SCALE && whole_range[1] == high / PLAN_SCALE);
    for (unsigned i = 0; i < RUN_STRIP; i++) {
        int64_t own = (present >> i & 1) != 0 ? bits[i] : 0;
        cr_expect(kept[i] == own && whole[i] == own / PLAN_SCALE, "line %u", i);
    }
}

static void compare_gather(const run_column_loops *loops, generator *g)
{
    enum { ROWS = 300 };
    /* The last states stand at the end of what may be read. */
    int64_t column[ROWS], values[RUN_STRIP], from_narrow[RUN_STRIP], widened[RUN_STRIP];
    int32_t narrow[ROWS];
    uint8_t *states = malloc(ROWS + RUN_STATES_BEYOND), read[RUN_STRIP];
    uint32_t rows[RUN_STRIP];
    cr_assert_not_null(states);
    for (unsigned i = 0; i < ROWS; i++) {
        column[i] = (int64_t)generator_next(g);
        narrow[i] = (int32_t)(uint32_t)generator_next(g);
        states[i] = (uint8_t)generator_next(g);
    }
    for (unsigned i = 0; i < RUN_STRIP; i++) rows[i] = i == 9 ? ROWS - 1 : (uint32_t)(generator_next(g) >> 33) % ROWS;
    loops->gather(column, rows, values);
    loops->gather_narrow(narrow, rows, from_narrow);
    loops->gather_states(states, rows, read);
    loops->widen(narrow + ROWS - RUN_STRIP, widened);
    for (unsigned i = 0; i < RUN_STRIP; i++) {
        cr_expect(values[i] == column[rows[i]] && read[i] == states[rows[i]], "row %u", rows[i]);
        cr_expect(from_narrow[i] == narrow[rows[i]], "row %u", rows[i]);
        cr_expect(widened[i] == narrow[ROWS - RUN_STRIP + i], "row %u", ROWS - RUN_STRIP + i);
    }
    free(states);
}

static void compare_equal(const run_column_loops *loops, generator *g)
{
    int64_t bits[RUN_STRIP], number = (int64_t)generator_next(g);
    uint64_t same = draw_mask(g);
    for (unsigned i = 0; i < RUN_STRIP; i++)
        bits[i] = (same >> i & 1) != 0 ? number : number ^ (INT64_C(1) << generator_next(g) % 63);
    cr_expect_eq(loops->equal(bits, number), same);
}

static void compare_narrow(const run_column_loops *loops, generator *g)
{
    int64_t numbers[RUN_STRIP * 2];
    for (unsigned width = 0; width < 4; width++) {
        int64_t narrow[RUN_STRIP * 2] = {0};
        for (unsigned i = 0; i < RUN_STRIP * 2; i++)
            numbers[i] = width == 3 ? (int64_t)generator_next(g) : (int64_t)generator_next(g) >> (64 - (8 << width));
        loops->narrow(numbers, RUN_STRIP * 2, width, narrow);
        for (unsigned i = 0; i < RUN_STRIP * 2; i++) {
            int64_t held = width == 0   ? ((int8_t *)narrow)[i]
                           : width == 1 ? ((int16_t *)narrow)[i]
                           : width == 2 ? ((int32_t *)narrow)[i]
                                        : narrow[i];
            cr_expect_eq(held, numbers[i], "width %u, number %u", width, i);
        }
    }
}

static void compare_words(const run_column_loops *loops, generator *g)
{
    uint64_t words[WORDS + 8];
    uint16_t found[WORDS + 8];
    size_t count = generator_next(g) % (WORDS + 1), some = 0;
    for (size_t w = 0; w < WORDS + 8; w++)
        words[w] = generator_next(g) % 3 == 0 ? UINT64_C(1) << generator_next(g) % 64 : 0;
    size_t told = loops->find_words(words, count, found);
    for (size_t w = 0; w < count; w++) {
        if (words[w] == 0) continue;
        cr_assert_lt(some, told);
        cr_expect_eq(found[some++], w);
    }
    cr_expect_eq(told, some, "%zu of %zu words, not %zu", told, count, some);
}

Test(columns, loops_say_the_same_in_every_width)
{
    const run_column_loops *loops[RUN_COLUMN_LOOPS];
    size_t count = run_column_loops_all(loops);
    cr_assert_geq(count, 1);
    cr_expect_eq(run_column_loops_here(), loops[count - 1]);
    for (size_t l = 0; l < count; l++) {
        generator g = {.state = 11};
        for (unsigned round = 0; round < ROUNDS; round++) {
            compare_keep(loops[l], &g);
            compare_gather(loops[l], &g);
            compare_equal(loops[l], &g);
            compare_narrow(loops[l], &g);
            compare_words(loops[l], &g);
        }
    }
}
