/* Rows of a record by whom they are of and, of each, by day, so that a line meets those of its own day and not all of many years. */
#ifndef RUN_BY_DAY_H
#define RUN_BY_DAY_H

#include "runtime/store.h"

/* A row and its day; RUN_NO_DAY where that is not known. */
typedef struct run_dated_row {
    int64_t day;
    uint32_t row;
} run_dated_row;

#define RUN_NO_DAY INT64_MIN

typedef struct run_by_day {
    uint32_t *starts;    /* by whom, and one more */
    run_dated_row *rows; /* of each in the order of their days, those without one first, then of rows */
} run_by_day;

/* The day of a row; false for one that does not count. */
typedef bool (*run_day_of)(const run_store *store, uint32_t row, int64_t *day);

/* Orders the rows of a record whose `key` is there, by it; `keys` is more than any. False when memory runs out. */
bool run_order_by_day(run_store *store, run_by_day *by_day, lang_record record, lang_field key, size_t keys,
                      run_day_of day_of);

typedef struct run_day_span {
    const run_dated_row *at, *end;
} run_day_span;

/* Those of one day, or all. */
run_day_span run_of_day(const run_by_day *by_day, size_t key, int64_t day);
run_day_span run_of_all_days(const run_by_day *by_day, size_t key);

/* Those that may be of the day of a line, as far as it is known: of that day, then of none; else all. */
enum { RUN_DAY_SPANS = 2 };
void run_days_of_line(const run_by_day *by_day, size_t key, uint32_t line, const run_store *store,
                      run_day_span spans[RUN_DAY_SPANS]);

#endif
