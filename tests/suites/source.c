/* Windows of files: what stands in them is the file, wherever its pages came from. */
#include "readers/source.h"
#include "runtime/store.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 1 << 21 };

static char byte_at(size_t place)
{
    uint64_t mixed = (place + 1) * UINT64_C(0x9E3779B97F4A7C15);
    return (char)(mixed >> 56 | 1); /* never zero */
}

/* A file of so many bytes, each of which follows from its place. */
static int file_of(size_t length)
{
    int file = read_temporary_file();
    char *bytes = malloc(length);
    cr_assert(file >= 0 && bytes != NULL);
    for (size_t i = 0; i < length; i++) bytes[i] = byte_at(i);
    cr_assert(read_write_all(file, bytes, length));
    free(bytes);
    return file;
}

static bool same(const read_source *source, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (source->bytes[i] != byte_at(i)) return false;
    }
    return true;
}

static bool zeros(const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != 0) return false;
    }
    return true;
}

/* Reads on by `step` bytes, and gives up what stands more than `behind` bytes back. */
static void read_through(size_t length, size_t step, size_t behind)
{
    int file = file_of(length);
    read_source source;
    cr_assert(read_source_open(&source, file, length));
    size_t checked = 0;
    for (size_t upto = step; checked < length; upto += step) {
        read_source_fill(&source, upto);
        cr_assert(!source.failed && source.filled >= (upto < length ? upto : length));
        cr_assert(same(&source, checked > behind ? checked - behind : 0, source.filled), "up to %zu", source.filled);
        cr_assert(zeros(source.bytes + source.filled, READ_SOURCE_PADDING), "after %zu", source.filled);
        checked = source.filled;
        if (checked > behind) read_source_drop(&source, checked - behind);
    }
    if (behind < length) {
        /* What was given up can be had again, and be given up again. */
        size_t from = length / 3, to = length / 3 + 10000;
        read_source_again(&source, from, to);
        cr_assert(same(&source, from, to < length ? to : length));
        cr_assert(same(&source, length - behind, length));
        read_source_drop(&source, length);
        read_source_again(&source, 0, 100);
        cr_assert(same(&source, 0, 100));
    }
    read_source_close(&source);
    close(file);
}

Test(source, window_holds_the_file_with_pages_used_again)
{
    read_through((size_t)23 * PIECE + 12345, (size_t)1 << 20, 100);
    read_through((size_t)23 * PIECE, (size_t)5 << 20, (size_t)3 << 20);
    read_through((size_t)9 * PIECE - READ_SOURCE_PADDING / 2, 3 * PIECE, 0);
}

Test(source, pages_go_to_the_front)
{
    int file = file_of((size_t)12 * PIECE);
    read_source source;
    cr_assert(read_source_open(&source, file, (size_t)12 * PIECE));
    for (size_t at = PIECE; at < (size_t)12 * PIECE; at += PIECE) {
        read_source_fill(&source, at);
        read_source_drop(&source, at);
    }
#ifdef __linux__
    cr_assert(source.moved > 0);
#endif
    /* No more than a few stand ready. */
    cr_assert(source.ahead <= source.filled + (size_t)6 * PIECE);
    read_source_close(&source);
    close(file);
}

/* ---- room for the rows of a file ---- */

static uint32_t capacity_after(uint64_t length, uint64_t filled, uint32_t rows)
{
    run_store store;
    cr_assert(run_store_init(&store, &lang_schema_standard, NULL));
    run_store_begin_source(&store, length);
    store.source_filled = filled;
    for (uint32_t i = 0; i < rows; i++) cr_assert_eq(run_store_add(&store, LANG_RECORD_line), i);
    uint32_t capacity = store.capacities[LANG_RECORD_line];
    cr_assert(store.lines.count == rows && store.lines.items[rows - 1].place == rows - 1);
    run_store_release(&store);
    return capacity;
}

Test(source, what_a_file_brought_so_far_tells_what_it_will_bring)
{
    enum { ENOUGH = 16384 };
    cr_expect_eq(capacity_after(0, 0, ENOUGH + 1), 2 * ENOUGH, "no file: twice as many");
    uint32_t tenth = capacity_after(1000000, 100000, ENOUGH + 1);
    cr_expect(tenth >= 10 * ENOUGH && tenth <= 20 * ENOUGH, "a tenth of it: %u", tenth);
    cr_expect_eq(capacity_after(1000000, 900000, ENOUGH + 1), 2 * ENOUGH, "most of it: twice as many");
    cr_expect_eq(capacity_after(1000000, 1000000, ENOUGH + 1), 2 * ENOUGH, "all of it");
    uint32_t hardly = capacity_after(UINT64_MAX, 1, ENOUGH + 1);
    cr_expect(hardly >= 2 * ENOUGH && hardly <= 64 * ENOUGH, "hardly any: %u", hardly);
    /* More than was to be expected. */
    cr_expect_geq(capacity_after(1000000, 500000, 10 * ENOUGH), 10 * ENOUGH);
}
