/* Rows by day. */
#include "runtime/by_day.h"

#include <stdlib.h>

static int in_order(const void *a, const void *b)
{
    const run_dated_row *x = a, *y = b;
    if (x->day != y->day) return x->day < y->day ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* Files tell of most in their order. */
static bool lie_in_order(const run_dated_row *rows, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (rows[i - 1].day > rows[i].day) return false;
    }
    return true;
}

bool run_order_by_day(run_store *store, run_by_day *by_day, lang_record record, lang_field key, size_t keys,
                      run_day_of day_of)
{
    uint32_t count = store->counts[record];
    by_day->starts = base_arena_alloc(&store->arena, (keys + 2) * sizeof *by_day->starts);
    by_day->rows = base_arena_alloc(&store->arena, ((size_t)count + 1) * sizeof *by_day->rows);
    if (by_day->starts == NULL || by_day->rows == NULL) return false;
    uint32_t *places = by_day->starts + 1; /* where the next of each goes, and in the end where those after it begin */
    int64_t day;
    for (uint32_t row = 0; row < count; row++) {
        if (run_store_present(store, key, row) && day_of(store, row, &day)) places[run_store_bits(store, key, row)]++;
    }
    uint32_t start = 0;
    for (size_t k = 0; k <= keys; k++) {
        uint32_t own = places[k];
        places[k] = start;
        start += own;
    }
    for (uint32_t row = 0; row < count; row++) {
        if (!run_store_present(store, key, row) || !day_of(store, row, &day)) continue;
        by_day->rows[places[run_store_bits(store, key, row)]++] = (run_dated_row){day, row};
    }
    for (size_t k = 0; k < keys; k++) {
        size_t own = by_day->starts[k + 1] - by_day->starts[k];
        if (!lie_in_order(by_day->rows + by_day->starts[k], own))
            qsort(by_day->rows + by_day->starts[k], own, sizeof *by_day->rows, in_order);
    }
    return true;
}

run_day_span run_of_all_days(const run_by_day *by_day, size_t key)
{
    return (run_day_span){by_day->rows + by_day->starts[key], by_day->rows + by_day->starts[key + 1]};
}

run_day_span run_of_day(const run_by_day *by_day, size_t key, int64_t day)
{
    run_day_span span = run_of_all_days(by_day, key);
    size_t low = 0, high = (size_t)(span.end - span.at);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (span.at[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    const run_dated_row *end = span.end;
    span.at += low;
    for (span.end = span.at; span.end < end && span.end->day == day; span.end++) {}
    return span;
}

void run_days_of_line(const run_by_day *by_day, size_t key, uint32_t line, const run_store *store,
                      run_day_span spans[RUN_DAY_SPANS])
{
    if (run_store_present(store, LANG_FIELD_line_date, line)) {
        spans[0] = run_of_day(by_day, key, run_store_bits(store, LANG_FIELD_line_date, line));
        spans[1] = run_of_day(by_day, key, RUN_NO_DAY);
    } else {
        spans[0] = run_of_all_days(by_day, key);
        spans[1] = (run_day_span){spans[0].end, spans[0].end};
    }
}
