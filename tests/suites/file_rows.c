/* Rows of files: what each cell says comes back, from the first row to the last, whatever its width, and each row is found by its inputs. */
#include "tests/suites/support.h"

#include "lang/bulk.h"
#include "runtime/handles.h"

#include <unistd.h>

enum { ROWS = 40000, MINUTES = 500 }; /* more than two segments; procedures by minutes */

static const char policy[] =
    "policy rows\n  title \"Rows\"\n  payer \"K\"\n  effective 2020-01-01\n\n"
    "table fee (procedure, least: minutes, most: quantity) gives (price: money, note: text, times: count optional)\n"
    "  unique\n  from \"rows.csv\"\n\n"
    "section \"Lines\"\n  for each line\n\n"
    "clause price\n  cite \"1\"\n  when fee(procedure, session.minutes, units) is found\n"
    "  require charge <= fee(procedure, session.minutes, units).price\n  deny CO-97 as coding \"x\"\n";

enum { PROCEDURE, LEAST, MOST, PRICE, NOTE, TIMES, FROM, TO };

/* Each input has rows on two spans of days. Numbers differ in their low and in their high words. */
static int64_t value_of(size_t row, size_t column)
{
    size_t key = row / 2;
    switch (column) {
    case LEAST: return (int64_t)(key % MINUTES) * 1000 + 250;
    case MOST: return ((int64_t)(key / MINUTES % 7) << 32) / 1000 * 1000;
    case PRICE: return ((int64_t)row << 20) + 7;
    case TIMES: return row % 5 == 0 ? LANG_BULK_ABSENT : (int64_t)(row % 9);
    case FROM: return base_date_make(2024, 1, 1) + (row % 2 == 0 ? 0 : 366);
    case TO: return base_date_make(2024, 12, 31) + (row % 2 == 0 ? 0 : 365);
    default: return (int64_t)(column == NOTE ? row : key / MINUTES);
    }
}

static void write_rows(const char *path)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs("procedure,least,most,price,note,times,from,to\n", file);
    for (size_t row = 0; row < ROWS; row++) {
        char from[16], to[16], times[16] = "";
        base_date_write((base_date)value_of(row, FROM), from);
        base_date_write((base_date)value_of(row, TO), to);
        if (value_of(row, TIMES) != LANG_BULK_ABSENT) snprintf(times, sizeof times, "%d", (int)value_of(row, TIMES));
        int64_t least = value_of(row, LEAST), most = value_of(row, MOST), price = value_of(row, PRICE);
        fprintf(file, "%05d,%d.%03d,%lld,%lld.%02d,n%zu,%s,%s,%s\n", 10000 + (int)value_of(row, PROCEDURE),
                (int)(least / 1000), (int)(least % 1000), (long long)(most / 1000), (long long)(price / 100),
                (int)(price % 100), row, times, from, to);
    }
    cr_assert_eq(fclose(file), 0);
}

/* What a cell says, told as its file says it. */
static int64_t said(const lang_bulk *bulk, size_t row, size_t column)
{
    int64_t value = lang_bulk_value(bulk, column, row);
    const char *text = column == PROCEDURE || column == NOTE ? base_intern_text(&bulk->symbols, (uint32_t)value) : NULL;
    if (text == NULL) return value;
    return column == NOTE ? strtoll(text + 1, NULL, 10) : strtoll(text, NULL, 10) - 10000;
}

static void compare_row(const lang_bulk *bulk, size_t row)
{
    int64_t inputs[3];
    for (size_t c = PROCEDURE; c <= TO; c++) {
        cr_assert_eq(said(bulk, row, c), value_of(row, c), "row %zu, column %zu", row, c);
        if (c < bulk->input_count) inputs[c] = lang_bulk_value(bulk, c, row);
    }
    cr_assert_eq(lang_bulk_from(bulk, row), value_of(row, FROM), "row %zu", row);
    cr_assert_eq(lang_bulk_to(bulk, row), value_of(row, TO), "row %zu", row);
    int64_t first = lang_bulk_first(bulk, inputs), second = lang_bulk_next(bulk, first, inputs);
    cr_assert_eq(first, (int64_t)(row - row % 2), "row %zu", row);
    cr_assert_eq(second, first + 1, "row %zu", row);
    cr_assert_eq(lang_bulk_next(bulk, second, inputs), -1, "row %zu", row);
    inputs[row % 3] += INT64_C(1) << (row % 2 == 0 ? 0 : 40);
    int64_t other = lang_bulk_first(bulk, inputs);
    for (size_t k = 0; other >= 0 && k < bulk->input_count; k++)
        cr_assert_eq(lang_bulk_value(bulk, k, (size_t)other), inputs[k], "row %zu is found for others", row);
}

Test(file_rows, say_what_the_file_says)
{
    char folder[] = "/tmp/adjudge-file-rows-XXXXXX", rows[64], text[64];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(rows, sizeof rows, "%s/rows.csv", folder);
    snprintf(text, sizeof text, "%s/p.adj", folder);
    write_rows(rows);
    FILE *file = fopen(text, "w");
    cr_assert_not_null(file);
    fputs(policy, file);
    cr_assert_eq(fclose(file), 0);
    const char *paths[] = {text};
    adj_policies *policies = NULL;
    cr_assert_eq(adj_policies_compile(paths, 1, NULL, &policies), ADJ_OK, "%s", adj_policies_diagnostics(policies));
    const lang_bulk *bulk = policies->plan->tables.items[0].source->bulks.items[0];
    cr_assert_eq(bulk->row_count, (size_t)ROWS);
    for (size_t row = 0; row < ROWS; row++) compare_row(bulk, row);
    adj_policies_free(policies);
    unlink(rows);
    unlink(text);
    rmdir(folder);
}
