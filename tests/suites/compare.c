/* Comparisons of columns give the same words in every way that the processor has as lines that are compared one by one. */
#include <criterion/criterion.h>

#include "runtime/compare.h"
#include "tests/differential/generator.h"

#include <string.h>

enum { LINES = 192, WORDS = LINES / 64, BEYOND = 64 };

/* Small numbers, so that many are equal, and now and then the least and the largest of the width. */
static int64_t draw(generator *g, unsigned bits)
{
    int64_t least = bits == 64 ? INT64_MIN : -(INT64_C(1) << (bits - 1));
    uint64_t drawn = generator_next(g);
    switch (drawn >> 60) {
    case 0: return least;
    case 1: return -(least + 1);
    default: return (int64_t)(drawn >> 20 & 7) - 3;
    }
}

static void put(void *column, unsigned width, size_t line, int64_t number)
{
    memcpy((char *)column + (line << width), &number, (size_t)1 << width); /* the lowest bytes stand first */
}

static void compare_one(run_compare *way, generator *g, unsigned width, run_predicate predicate, size_t stride)
{
    static _Alignas(64) char first[LINES * 8 + BEYOND], second[LINES * 8 + BEYOND];
    size_t off = generator_below(g, 8) << width; /* columns lie anywhere */
    int64_t a[LINES], b[LINES];
    uint64_t words[WORDS + 1];
    for (size_t i = 0; i < LINES; i++) {
        a[i] = draw(g, 8U << width);
        b[i] = stride == 0 && i > 0 ? b[0] : draw(g, 8U << width);
        put(first + off, width, i, a[i]);
        if (stride != 0 || i == 0) put(second, width, i, b[i]);
    }
    words[WORDS] = 42;
    way(width, predicate, first + off, second, stride, WORDS, words);
    for (size_t i = 0; i < LINES; i++) {
        bool told = (words[i / 64] >> i % 64 & 1) != 0;
        cr_expect_eq(told, run_holds(a[i], predicate, b[i]), "width %u, predicate %d, line %zu: %lld and %lld", width,
                     (int)predicate, i, (long long)a[i], (long long)b[i]);
    }
    cr_expect_eq(words[WORDS], 42u);
}

Test(compare, every_way_says_the_same)
{
    run_compare *ways[RUN_COMPARE_WAYS];
    size_t count = run_compare_all(ways);
    cr_assert_geq(count, 1);
    cr_expect_eq(run_compare_here(), ways[count - 1]);
    for (size_t w = 0; w < count; w++) {
        generator g = {.state = 5};
        for (unsigned round = 0; round < 20; round++) {
            for (unsigned width = 0; width < 4; width++) {
                for (int predicate = 0; predicate < RUN_PREDICATES; predicate++) {
                    compare_one(ways[w], &g, width, (run_predicate)predicate, 0);
                    compare_one(ways[w], &g, width, (run_predicate)predicate, 1);
                }
            }
        }
    }
}
