/* Arenas, texts, interning. */
#include "base/intern.h"
#include "base/text.h"

#include <criterion/criterion.h>
#include <stdio.h>
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
