/* Arenas, texts, interning. */
#include "base/intern.h"
#include "base/short_text.h"
#include "base/text.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Test(base, interning_gives_each_text_one_id)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    base_intern table;
    cr_assert(base_intern_init(&table, &arena));
    char text[32];
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 1; i < 5000; i++) {
            snprintf(text, sizeof text, "code %u", i);
            cr_assert_eq(base_intern_add(&table, text, strlen(text)), i);
        }
    }
    cr_expect_str_eq(base_intern_text(&table, 4711), "code 4711");
    cr_expect_eq(base_intern_find(&table, "nothing", 7), BASE_INTERN_NONE);
    cr_expect_eq(base_intern_find(&table, "", 0), 0u);
    base_arena_release(&arena);
}

Test(base, edit_distance_counts_swaps_once)
{
    cr_expect_eq(base_edit_distance("unist", "units"), 1u);
    cr_expect_eq(base_edit_distance("minute", "minutes"), 1u);
    cr_expect_eq(base_edit_distance("", "abc"), 3u);
    cr_expect_eq(base_edit_distance("kitten", "sitting"), 3u);
}

Test(base, texts_grow)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    base_text text;
    base_text_init(&text, &arena);
    for (int i = 0; i < 1000; i++) base_text_format(&text, "%d,", i % 10);
    cr_expect_eq(text.length, 2000u);
    cr_expect_eq(strlen(base_text_string(&text)), 2000u);
    base_arena_release(&arena);
}

/* What texts, which are put at the ends of blocks, share with what begins there. */
Test(base, texts_and_what_stands_between_them_keep_what_they_hold)
{
    enum { PIECES = 20000, LONGEST = 300 };
    base_arena arena;
    base_arena_init(&arena, NULL);
    char **texts = calloc(PIECES, sizeof *texts), **between = calloc(PIECES, sizeof *between);
    cr_assert(texts != NULL && between != NULL);
    for (int round = 0; round < 2; round++) {
        size_t unclean = 0, changed = 0, skewed = 0;
        for (int i = 0; i < PIECES; i++) {
            char text[LONGEST];
            size_t length = (size_t)(i * 7919) % LONGEST, size = (size_t)(i * 104729) % LONGEST + 1;
            memset(text, 'a' + i % 26, sizeof text);
            texts[i] = base_arena_copy(&arena, text, length);
            between[i] = base_arena_alloc(&arena, size);
            cr_assert(texts[i] != NULL && between[i] != NULL);
            skewed += (uintptr_t)between[i] % 16 != 0;
            for (size_t b = 0; b < size; b++) unclean += between[i][b] != 0;
            memset(between[i], '0' + i % 10, size);
        }
        for (int i = 0; i < PIECES; i++) {
            size_t length = (size_t)(i * 7919) % LONGEST, size = (size_t)(i * 104729) % LONGEST + 1;
            changed += strlen(texts[i]) != length;
            for (size_t b = 0; b < length; b++) changed += texts[i][b] != 'a' + i % 26;
            for (size_t b = 0; b < size; b++) changed += between[i][b] != '0' + i % 10;
        }
        cr_expect_eq(unclean, 0u);
        cr_expect_eq(changed, 0u);
        cr_expect_eq(skewed, 0u);
        base_arena_reset(&arena);
    }
    base_arena_release(&arena);
    free(texts);
    free(between);
}

/* Each length, at the end of memory; bytes above ASCII. */
Test(base, short_texts_are_their_bytes_as_numbers)
{
    char *memory = malloc(BASE_SHORT_TEXT), roomy[2 * BASE_SHORT_TEXT];
    cr_assert(memory != NULL);
    for (size_t length = 0; length <= BASE_SHORT_TEXT; length++) {
        char *text = memory + BASE_SHORT_TEXT - length;
        for (size_t i = 0; i < length; i++) text[i] = (char)(0xF1 - 13 * i);
        base_short_text bytes = base_short_text_of(text, length);
        for (size_t i = 0; i < BASE_SHORT_TEXT; i++) {
            uint8_t byte = (uint8_t)((i < 8 ? bytes.first : bytes.last) >> i % 8 * 8);
            cr_expect_eq(byte, i < length ? (uint8_t)text[i] : 0, "byte %zu of %zu", i, length);
        }
        memset(roomy, 'x', sizeof roomy);
        memcpy(roomy, text, length);
        if (length == 0) continue;
        base_short_text within = base_short_text_within(roomy, length);
        cr_expect(within.first == bytes.first && within.last == bytes.last, "%zu", length);
    }
    free(memory);
}

/* Texts that differ in one byte, again and again, while there are enough of them to be known by their bytes. */
Test(base, interning_knows_short_texts_again_by_each_byte)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    base_intern table;
    cr_assert(base_intern_init(&table, &arena));
    uint32_t ids[BASE_INTERN_SHORT + 1][64];
    for (int round = 0; round < 3; round++) {
        for (size_t length = 1; length <= BASE_INTERN_SHORT; length++) {
            for (size_t i = 0; i < length * 8; i++) {
                char text[BASE_INTERN_SHORT];
                memset(text, 0, sizeof text);
                text[i / 8] = (char)(1U << i % 8);
                uint32_t id = base_intern_add(&table, text, length);
                if (round > 0) cr_expect_eq(id, ids[length][i], "%zu of %zu", i, length);
                ids[length][i] = id;
            }
        }
    }
    cr_expect_eq(table.entries.count, 1U + 8 * (1 + 2 + 3 + 4 + 5 + 6 + 7 + 8));
    base_arena_release(&arena);
}

/* What a list does not fill is given out again, and is the list's no longer. */
Test(base, trimmed_lists_leave_what_they_do_not_fill)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    arena.reuses = true;
    arena.tight = true;
    BASE_ARRAY(uint64_t) list = {0}, others[BASE_SCRAPS + 2] = {0};
    for (uint64_t i = 0; i < 9; i++) {
        uint64_t *slot = BASE_PUSH(&arena, &list);
        cr_assert_not_null(slot);
        *slot = i;
    }
    cr_assert_eq(list.capacity, 16u);
    BASE_TRIM(&arena, &list);
    cr_expect_eq(list.capacity, 9u);
    size_t before = arena.total;
    /* In what is left, and in what the list left behind when it grew. */
    for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
        for (uint64_t i = 0; i < 3; i++) {
            uint64_t *slot = BASE_PUSH(&arena, &others[k]);
            cr_assert_not_null(slot);
            *slot = 100 * (k + 1) + i;
        }
    }
#if !defined(__SANITIZE_ADDRESS__)
    cr_expect_eq(arena.total, before);
#else
    (void)before;
#endif
    uint64_t *more = BASE_PUSH(&arena, &list);
    cr_assert_not_null(more);
    *more = 9;
    for (uint64_t i = 0; i < 10; i++) cr_expect_eq(list.items[i], i);
    for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
        for (uint64_t i = 0; i < 3; i++) cr_expect_eq(others[k].items[i], 100 * (k + 1) + i);
    }
    base_arena_release(&arena);
}

/* Memory that holds anything but zeros, and how many blocks of it are not given back. */
static void *soiled(void *state, void *block, size_t size)
{
    size_t *live = state;
    if (size == 0) {
        *live -= block != NULL;
        free(block);
        return NULL;
    }
    *live += block == NULL;
    void *taken = realloc(block, size);
    if (taken != NULL && block == NULL) memset(taken, 0xAA, size);
    return taken;
}

Test(base, large_pieces_leave_the_block_at_hand)
{
    enum { SMALL = 48, LARGE = 300000 };
    size_t live = 0;
    base_allocator allocator = {soiled, &live};
    for (int wide = 0; wide < 2; wide++) {
        base_arena arena;
        base_arena_init(&arena, &allocator);
        arena.wide = wide == 1;
        for (int i = 0; i < 2000; i++)
            cr_assert_not_null(base_arena_alloc(&arena, SMALL)); /* some blocks, the last half full */
        const char *before = base_arena_alloc(&arena, SMALL);
        const char *large = base_arena_alloc(&arena, LARGE), *after = base_arena_alloc(&arena, SMALL);
        cr_assert(before != NULL && large != NULL && after != NULL);
        for (size_t i = 0; i < LARGE; i++) cr_assert_eq(large[i], 0, "byte %zu", i);
        for (size_t i = 0; i < SMALL; i++) cr_assert_eq(after[i], 0);
        cr_expect_eq((uintptr_t)large % (wide ? 64 : 16), 0u);
#if !defined(__SANITIZE_ADDRESS__) /* under which each piece is a block of its own */
        cr_expect_eq(after - before, wide ? 64 : SMALL, "what is left of the block was left");
#endif
        base_arena_release(&arena);
        cr_expect_eq(live, 0u, "%zu blocks were not given back", live);
    }
}
