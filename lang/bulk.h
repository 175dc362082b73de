/* Rows of a table that come from a file, each in one place, so that asking one takes one look at memory: some 20 bytes a row, found by hash.
 *
 * Each input is one plain value; what a row says of time is a span whose first day may be unknown. Codes and texts are
 * numbered within the file; a run asks for the number of each of its own codes once. */
#ifndef LANG_BULK_H
#define LANG_BULK_H

#include "base/csv.h"
#include "base/intern.h"
#include "lang/program.h"

enum { LANG_BULK_SEGMENT = 1 << 14 }; /* rows; they grow by a segment and never move */

#define LANG_BULK_ABSENT INT64_MIN
#define LANG_BULK_NO_DAY ((base_date)INT32_MIN) /* an unknown first day; as a last day, a row that counts no more */

typedef struct lang_bulk_column {
    lang_type type;
    bool wide;      /* two words a value, else one */
    uint32_t place; /* of its first word in a row */
    int header;     /* its place in the file; -1 for none */
} lang_bulk_column;

typedef struct lang_bulk {
    const lang_import *import;
    const char *path;
    size_t row_count;
    size_t input_count;
    size_t column_count; /* inputs, outputs, then `from` and `to` where the file has them */
    lang_bulk_column *columns;
    int from_column, to_column; /* -1 for none */
    base_intern symbols;
    uint32_t *heads; /* by hash: row + 1 */
    uint32_t head_mask;
    uint64_t *factors; /* by input */
    /* Eight bits a head, and up to four times as many of few: two of them for each row, in one word. Most inputs that no row has end
     * here. */
    uint64_t *filter;
    uint32_t filter_mask;
    /* Rows, in words of 32 bits: first the row + 1 that follows in the chain, then the columns. */
    BASE_ARRAY(int32_t *) segments;
    uint32_t row_words;
    bool wide_inputs; /* one of them takes two words */
    size_t rejected;
} lang_bulk;

/* Where the file of an import lies: beside the policy, unless its path is absolute. */
const char *lang_bulk_path(lang_program *program, const lang_file *file, const lang_import *import);

/* Reads the file of an import for a table; NULL after an error, which is reported, or, with *complex set and nothing
 * reported, for a file whose cells hold more than plain values. */
lang_bulk *lang_bulk_load(lang_program *program, lang_table *table, const lang_import *import, const char *path,
                          bool *complex);

/* Whether any row follows this one in its chain. */
bool lang_bulk_chained(const lang_bulk *bulk, size_t row);

/* A value of a row, as its type keeps it; a number of `symbols` for codes and texts. */
int64_t lang_bulk_value(const lang_bulk *bulk, size_t column, size_t row);

/* The days of a row; the first may be LANG_BULK_NO_DAY. */
base_date lang_bulk_from(const lang_bulk *bulk, size_t row);
base_date lang_bulk_to(const lang_bulk *bulk, size_t row);

/* The first row whose inputs are `values`, or the next after `row`; -1 for none. */
int64_t lang_bulk_first(const lang_bulk *bulk, const int64_t *values);
int64_t lang_bulk_next(const lang_bulk *bulk, int64_t row, const int64_t *values);

/* lang_bulk_first for up to LANG_BULK_TOGETHER keys at once, which lie one behind the other: memory is asked for all of them before it
 * is needed for any. */
enum { LANG_BULK_TOGETHER = 256 };
void lang_bulk_first_of(const lang_bulk *bulk, const int64_t *values, size_t count, int64_t *rows);

/* What a value says of a key: the sum over its inputs tells keys apart, so that what many keys have in common is worked out once. */
static inline uint64_t lang_bulk_part(const lang_bulk *bulk, size_t input, int64_t value)
{
    return (uint64_t)value * bulk->factors[input];
}

/* Whether any row may have the inputs of each of up to LANG_BULK_TOGETHER keys, told by those sums: a bit each, 0 where surely none has. */
void lang_bulk_may_have(const lang_bulk *bulk, const uint64_t *sums, size_t count,
                        uint64_t may[LANG_BULK_TOGETHER / 64]);

/* How that is asked of a file with rows, by registers of the widths that this processor has, the widest last: bits are added to `may`. */
typedef void lang_bulk_asking(const lang_bulk *bulk, const uint64_t *sums, size_t count, uint64_t *may);
enum { LANG_BULK_WAYS = 3 };
size_t lang_bulk_ways(lang_bulk_asking *ways[LANG_BULK_WAYS]);

/* Leaves a row out from now on: a written row of the table says more. */
void lang_bulk_remove(lang_bulk *bulk, size_t row);

/* How the row differs is shown by: "10 / 20 (to 2015-12-31)". */
const char *lang_bulk_key(base_arena *arena, const lang_bulk *bulk, size_t row);

/* A number of a cell as spreadsheets write it, scaled by 10^places: "41.50", "$1,200"; false where it is none. */
bool lang_bulk_number(const csv_cell *cell, int places, int64_t *value);

#endif
