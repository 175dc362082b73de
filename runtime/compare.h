/* Comparisons of columns for the kernels that are interpreted: 64 lines to a word, a bit each. */
#ifndef RUN_COMPARE_H
#define RUN_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum run_predicate { RUN_EQUAL, RUN_LESS, RUN_AT_MOST, RUN_MORE, RUN_AT_LEAST } run_predicate;

enum { RUN_PREDICATES = RUN_AT_LEAST + 1, RUN_COMPARE_WAYS = 3 };

/* Compares a column with another (stride 1) or with a number (stride 0), both of 1 << width bytes a value, for so many words of lines. */
typedef void run_compare(uint64_t width, run_predicate predicate, const void *a, const void *b, size_t stride,
                         uint64_t words, uint64_t *out);

/* All ways that this processor has, the widest last; and that one. */
size_t run_compare_all(run_compare *ways[RUN_COMPARE_WAYS]);
run_compare *run_compare_here(void);

static inline bool run_holds(int64_t x, run_predicate predicate, int64_t y)
{
    switch (predicate) {
    case RUN_EQUAL: return x == y;
    case RUN_LESS: return x < y;
    case RUN_AT_MOST: return x <= y;
    case RUN_MORE: return x > y;
    default: return x >= y;
    }
}

#endif
