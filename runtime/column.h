/* What packing does with the values of 64 lines at a time, and with what is said of them, in registers as wide as the processor has them. */
#ifndef RUN_COLUMN_H
#define RUN_COLUMN_H

#include <stddef.h>
#include <stdint.h>

enum { RUN_STRIP = 64 };

typedef struct run_column_loops {
    /* Copies RUN_STRIP numbers, zero where a line's bit of `present` is not set, and widens `range`, the least and the largest, by them. The
     * second divides each by PLAN_SCALE, of which they are multiples. */
    void (*keep)(const int64_t *bits, uint64_t present, int64_t *to, int64_t range[2]);
    void (*keep_whole)(const int64_t *bits, uint64_t present, int64_t *to, int64_t range[2]);
    /* Reads the values, or the states, of a column at RUN_STRIP rows. Of states RUN_STATES_BEYOND bytes behind a row's may be read, too. */
    void (*gather)(const int64_t *column, const uint32_t *rows, int64_t *to);
    void (*gather_narrow)(const int32_t *column, const uint32_t *rows, int64_t *to);
    void (*gather_states)(const uint8_t *column, const uint32_t *rows, uint8_t *to);
    /* Copies RUN_STRIP narrow values into numbers of 64 bits. */
    void (*widen)(const int32_t *values, int64_t *to);
    /* A bit for each of RUN_STRIP numbers: whether it is that one. */
    uint64_t (*equal)(const int64_t *bits, int64_t number);
    /* The places of words that hold any bit; `count` words lie where eight more could. Says how many, and may write eight behind them. */
    size_t (*find_words)(const uint64_t *words, size_t count, uint16_t *found);
    /* Copies numbers, which fit, into lanes of 1 << width bytes. */
    void (*narrow)(const int64_t *numbers, size_t count, unsigned width, void *to);
} run_column_loops;

/* Those that the processor at hand can run, the fastest last; says how many. */
enum { RUN_COLUMN_LOOPS = 3 };
size_t run_column_loops_all(const run_column_loops *loops[RUN_COLUMN_LOOPS]);

/* The fastest of them. */
const run_column_loops *run_column_loops_here(void);

#endif
