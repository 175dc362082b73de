/* Claims that are read in blocks, on several threads: what comes of it is what reading one after the other gives, whatever the file is like,
 * to the last symbol, problem and place. */
#include "tests/suites/same_encounters.h"

#include <pthread.h>
#include <unistd.h>

enum { BLOCK = 6000, THREADS = 3 };

/* Made-up claims, or the payments for them: some months, a group and an interchange for each of some days. */
static base_text make_x12(base_arena *arena, uint64_t seed, const char *file)
{
    base_text text = make_file(arena, ADJ_FORM_837P, file, seed, 700, "2026-06-30");
    cr_assert_gt(text.length, 20u * BLOCK);
    return text;
}

static adj_encounters *read_file(const char *path, unsigned threads, adj_role role, adj_status *status)
{
    adj_options options = {.threads = threads};
    adj_encounters *encounters = adj_encounters_new(&options);
    cr_assert_not_null(encounters);
    ((read_encounters *)encounters)->block = BLOCK;
    *status = adj_encounters_read_as(encounters, path, role);
    return encounters;
}

/* Reads a text both ways and compares; gives how many blocks were appended. */
static size_t compare_as(const char *text, size_t length, adj_role role)
{
    char path[] = "/tmp/adjudge-blocks-XXXXXX";
    int file = mkstemp(path);
    cr_assert_geq(file, 0);
    cr_assert_eq(write(file, text, length), (ssize_t)length);
    close(file);
    adj_status status, in_blocks;
    adj_encounters *a = read_file(path, 1, role, &status), *b = read_file(path, THREADS, role, &in_blocks);
    cr_assert_eq(status, in_blocks);
    same_texts(&a->store.symbols, &b->store.symbols);
    same_encounters(a, b);
    cr_assert_eq(((read_encounters *)a)->blocks, 0u);
    size_t blocks = ((read_encounters *)b)->blocks;
    adj_encounters_free(a);
    adj_encounters_free(b);
    unlink(path);
    return blocks;
}

static size_t compare(const base_text *text)
{
    return compare_as(base_text_string(text), text->length, ADJ_ROLE_JUDGED);
}

/* Every place of `from` becomes `to`, from the n-th to the last but so many. */
static void replace(base_text *text, const char *from, const char *to, size_t first, size_t most)
{
    base_text changed;
    base_text_init(&changed, text->arena);
    const char *at = base_text_string(text);
    for (const char *found; (found = strstr(at, from)) != NULL && most > 0; at = found + strlen(from)) {
        base_text_add(&changed, at, (size_t)(found - at));
        if (first > 0)
            first--, base_text_put(&changed, from);
        else
            most--, base_text_put(&changed, to);
    }
    base_text_put(&changed, at);
    *text = changed;
}

#define WITH_CLAIMS(name)                                                                                              \
    static void name##_with(base_text *text, base_arena *arena);                                                       \
    Test(x12_blocks, name)                                                                                             \
    {                                                                                                                  \
        base_arena arena;                                                                                              \
        base_text text;                                                                                                \
        base_arena_init(&arena, NULL);                                                                                 \
        text = make_x12(&arena, 3, "claims.837");                                                                      \
        name##_with(&text, &arena);                                                                                    \
        base_arena_release(&arena);                                                                                    \
    }                                                                                                                  \
    static void name##_with(base_text *text, base_arena *arena)

#define ALL SIZE_MAX

WITH_CLAIMS(a_file_of_many_interchanges)
{
    (void)arena;
    cr_expect_gt(compare(text), 15u);
    cr_expect_gt(compare_as(base_text_string(text), text->length, ADJ_ROLE_BESIDE), 15u);
}

/* Trailers then state what began many blocks before. */
WITH_CLAIMS(a_file_of_one_group)
{
    (void)arena;
    for (const char *id = "ISA\0GS\0GE\0IEA\0"; *id != '\0'; id += strlen(id) + 1) {
        base_text kept;
        base_text_init(&kept, text->arena);
        bool leading = id[1] == 'S';
        size_t length = strlen(id), seen = 0;
        const char *last = NULL;
        for (const char *at = base_text_string(text), *end; *at != '\0'; at = end) {
            end = strchr(at, '\n') + 1;
            if (strncmp(at, id, length) == 0 && at[length] == '*') last = at;
        }
        for (const char *at = base_text_string(text), *end; *at != '\0'; at = end) {
            end = strchr(at, '\n') + 1;
            bool envelope = strncmp(at, id, length) == 0 && at[length] == '*';
            bool kept_one = leading ? seen++ == 0 : at == last;
            if (!envelope) seen -= leading ? 1 : 0;
            if (!envelope || kept_one) base_text_add(&kept, at, (size_t)(end - at));
        }
        *text = kept;
    }
    cr_expect_gt(compare(text), 15u);
    replace(text, "GE*", "GE*1", 0, 1);
    replace(text, "IEA*", "IEA*x", 0, 1);
    cr_expect_gt(compare(text), 15u);
    replace(text, "GE*", "GE*7*1~\nGE*", 0, 1);
    cr_expect_gt(compare(text), 15u, "what two trailers state of one group is read one after the other");
}

WITH_CLAIMS(a_file_without_line_ends)
{
    (void)arena;
    replace(text, "\n", "", 0, ALL);
    cr_expect_gt(compare(text), 15u);
    replace(text, "DTP*472*D8*2026", "DTP*472*D8*2o26", 40, 30);
    cr_expect_gt(compare(text), 15u);
}

WITH_CLAIMS(a_file_whose_segments_end_with_lines)
{
    (void)arena;
    replace(text, "~\n", "\n", 0, ALL);
    replace(text, "*:\n", "*:\r\n", 0, ALL);
    cr_expect_gt(compare(text), 10u);
}

WITH_CLAIMS(a_file_with_blank_lines)
{
    (void)arena;
    replace(text, "~\n", "~ \r\n \n", 0, ALL);
    cr_expect_gt(compare(text), 15u);
    replace(text, "SE*", "                    SE*", 0, ALL);
    replace(text, "~", "~                           ", 900, ALL);
    compare(text);
}

WITH_CLAIMS(lines_that_break_segments)
{
    base_text wrapped;
    base_text_init(&wrapped, arena);
    replace(text, "\n", "", 0, ALL);
    for (size_t i = 0; i < text->length; i += 80) {
        base_text_add(&wrapped, text->bytes + i, text->length - i < 80 ? text->length - i : 80);
        base_text_put(&wrapped, "\n");
    }
    *text = wrapped;
    compare(text);
}

WITH_CLAIMS(delimiters_that_change)
{
    (void)arena;
    size_t half = text->length / 2;
    const char *later = strstr(base_text_string(text) + half, "ISA*");
    cr_assert_not_null(later);
    base_text rest;
    base_text_init(&rest, text->arena);
    base_text_put(&rest, later);
    text->length = (size_t)(later - text->bytes);
    text->bytes[text->length] = '\0';
    base_text first = *text;
    for (int way = 0; way < 3; way++) {
        base_text other = rest, both;
        if (way != 1) replace(&other, "*", "|", 0, ALL);
        if (way > 0) replace(&other, "~", "'", 0, ALL);
        base_text_init(&both, text->arena);
        base_text_put(&both, base_text_string(&first));
        base_text_put(&both, base_text_string(&other));
        cr_expect_gt(compare(&both), 7u);
    }
}

/* A component separator that is not the declared one counts until the interchange ends. */
WITH_CLAIMS(components_that_stand_apart_otherwise)
{
    (void)arena;
    replace(text, "11:B:1", "11>B>1", 100, 1);
    cr_expect_gt(compare(text), 15u);
    replace(text, "HC:90853", "HC>90853", 200, ALL);
    cr_expect_gt(compare(text), 15u);
}

/* What an earlier claim told of a member stands where a later one does not tell it, in whatever block. */
WITH_CLAIMS(members_that_were_told_of_before)
{
    (void)arena;
    base_text plain = *text;
    replace(text, "N4*NOT GIVEN*CT", "N4*NOT GIVEN", 200, 300);
    replace(text, "DMG*D8*19", "PAT*****D8*20260101~DMG*D8*19", 100, 100);
    cr_expect_gt(compare(text), 15u);
    *text = plain;
    replace(text, "N4*NOT GIVEN*CT", "N4*NOT GIVEN*NY", 300, 100);
    replace(text, "DMG*D8*19", "DMG*D8*18", 350, 100);
    cr_expect_gt(compare(text), 15u);
}

WITH_CLAIMS(versions_of_groups)
{
    (void)arena;
    base_text plain = *text;
    replace(text, "*005010X222A1~\nBHT", "~\nBHT", 0, ALL);
    cr_expect_gt(compare(text), 15u);
    replace(text, "X*005010X222A1", "X*005010X224A2", 4, 6);
    cr_expect_gt(compare(text), 15u);
    *text = plain;
    replace(text, "005010X222A1~\nBHT", "005010X223A2~\nBHT", 30, 60);
    replace(text, "005010X222A1~\nBHT", "~\nBHT", 100, 50);
    cr_expect_gt(compare(text), 15u);
}

WITH_CLAIMS(envelopes_that_lack_parts)
{
    (void)arena;
    base_text plain = *text;
    replace(text, "SE*", "ZZ*", 70, 3);
    compare(text);
    *text = plain;
    replace(text, "SE*", "ZZ*", 0, ALL);
    cr_expect_eq(compare(text), 0u, "no transaction ends");
    *text = plain;
    replace(text, "IEA*", "ZZ*", 0, ALL);
    replace(text, "GE*", "ZZ*", 2, ALL);
    cr_expect_gt(compare(text), 15u);
    *text = plain;
    text->length -= 300;
    cr_expect_gt(compare(text), 15u, "it ends within a claim");
    replace(text, "ISA*", "ZZ*", 0, 1);
    compare(text);
}

/* What is neither claim nor payment is read one after the other from there on. */
WITH_CLAIMS(other_transactions_among_claims)
{
    (void)arena;
    base_text plain = *text;
    replace(text, "ST*837*", "ST*835*", 90, 1);
    cr_expect_gt(compare(text), 15u);
    *text = plain;
    replace(text, "ST*837*", "ST*271*", 120, 2);
    cr_expect_gt(compare(text), 3u);
    *text = plain;
    replace(text, "ST*837*", "ST*999*", 60, 20);
    cr_expect_gt(compare(text), 15u);
    *text = plain;
    replace(text, "ST*837*", "ST*271*", 0, 1);
    cr_expect_eq(compare(text), 0u);
}

Test(x12_blocks, payments)
{
    base_arena arena;
    base_text text, plain;
    base_arena_init(&arena, NULL);
    text = make_x12(&arena, 3, "payments.835");
    plain = text;
    cr_expect_gt(compare_as(text.bytes, text.length, ADJ_ROLE_BY_CONTENT), 10u);
    replace(&text, "CLP*", "CLP**", 20, 3);
    replace(&text, "SVC*HC", "SVC*XX", 40, 10);
    replace(&text, "CAS*CO", "CAS*CO*x", 50, 5);
    replace(&text, "BPR*I*", "BPR*I*9", 2, 2);
    cr_expect_gt(compare_as(base_text_string(&text), text.length, ADJ_ROLE_BY_CONTENT), 10u);
    text = plain;
    replace(&text, "ST*835*", "ST*837*", 3, 1);
    cr_expect_gt(compare_as(base_text_string(&text), text.length, ADJ_ROLE_BY_CONTENT), 10u);
    base_arena_release(&arena);
}

/* Memory that runs out sooner and later; allocators are asked by several threads. */
static pthread_mutex_t memory_lock = PTHREAD_MUTEX_INITIALIZER;

static void *reallocate_locked(void *state, void *block, size_t size)
{
    pthread_mutex_lock(&memory_lock);
    void *grown = support_reallocate(state, block, size);
    pthread_mutex_unlock(&memory_lock);
    return grown;
}

WITH_CLAIMS(memory_that_runs_out)
{
    (void)arena;
    char path[] = "/tmp/adjudge-blocks-XXXXXX";
    int file = mkstemp(path);
    cr_assert_eq(write(file, text->bytes, text->length), (ssize_t)text->length);
    close(file);
    size_t whole = 0, short_of_it = 0;
    for (size_t most = 1; most < 10000000 && whole == 0; most += most / 6 + 1) {
        support_memory memory = {.left = most};
        adj_allocator allocator = {reallocate_locked, &memory};
        adj_options options = {.threads = THREADS, .allocator = &allocator};
        adj_encounters *encounters = adj_encounters_new(&options);
        if (encounters != NULL) {
            ((read_encounters *)encounters)->block = BLOCK;
            adj_status status = adj_encounters_read_as(encounters, path, ADJ_ROLE_JUDGED);
            cr_expect(status == ADJ_OK || status == ADJ_OUT_OF_MEMORY, "%s", adj_status_name(status));
            whole += status == ADJ_OK;
            short_of_it += status == ADJ_OUT_OF_MEMORY;
            adj_encounters_free(encounters);
        }
        cr_expect_eq(memory.live, 0u, "%zu pieces of memory are not given back", memory.live);
    }
    cr_expect_eq(whole, 1u);
    cr_expect_gt(short_of_it, 5u);
    unlink(path);
}

/* Bytes that are anything else: whatever comes of it, it is the same. */
static void compare_broken(const char *file)
{
    static const char bytes[] = "*~:^>|'\n\r 0Z\xC3";
    base_arena arena;
    base_text text;
    size_t blocks = 0;
    base_arena_init(&arena, NULL);
    text = make_x12(&arena, 5, file);
    char *broken = base_arena_alloc(&arena, text.length + 1);
    uint64_t seed = 88172645463325252;
    for (unsigned round = 0; round < support_rounds(12); round++) {
        memcpy(broken, text.bytes, text.length);
        for (int i = 0; i < 4 << (round % 12 / 2); i++) {
            seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
            broken[seed % text.length] = bytes[(seed >> 40) % (sizeof bytes - 1)];
        }
        blocks += compare_as(broken, text.length, ADJ_ROLE_JUDGED);
    }
    cr_expect_gt(blocks, 60u);
    base_arena_release(&arena);
}

Test(x12_blocks, broken_claims)
{
    compare_broken("claims.837");
}

Test(x12_blocks, broken_payments)
{
    compare_broken("payments.835");
}
