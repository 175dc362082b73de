/* Records of CSV and of JSON that are read many at a time hold what they hold read one by one, whatever they are like. */
#include "tests/suites/same_encounters.h"

static adj_encounters *read_text(const char *text, size_t length, adj_role role, bool singly, adj_status *status)
{
    adj_encounters *encounters = adj_encounters_new(NULL);
    cr_assert_not_null(encounters);
    ((read_encounters *)encounters)->singly = singly;
    adj_encounters_keep_rejects(encounters);
    *status = adj_encounters_read_bytes_as(encounters, "input", text, length, role);
    return encounters;
}

/* Gives how many blocks were read. */
static size_t compare(const char *text, size_t length, adj_role role)
{
    adj_status status, many;
    adj_encounters *a = read_text(text, length, role, true, &status), *b = read_text(text, length, role, false, &many);
    cr_assert_eq(status, many);
    same_encounters(a, b);
    cr_assert_eq(adj_encounters_rejects_count(a), adj_encounters_rejects_count(b));
    for (size_t i = 0; i < adj_encounters_rejects_count(a); i++) {
        const char *name;
        size_t size, other;
        const char *x = adj_encounters_rejects(a, i, &name, &size), *y = adj_encounters_rejects(b, i, &name, &other);
        cr_assert_eq(size, other);
        cr_assert_eq(memcmp(x, y, size), 0);
    }
    cr_assert_eq(((read_encounters *)a)->blocks, 0u);
    size_t blocks = ((read_encounters *)b)->blocks;
    adj_encounters_free(a);
    adj_encounters_free(b);
    return blocks;
}

static uint64_t next_number(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed >> 11;
}

/* Values of a text become others, in the middle of it and as whole values. */
static void compare_changed(const char *text, size_t length, adj_role role, const char *const *values, size_t count,
                            const char *marks)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    uint64_t seed = 2463534242;
    for (unsigned round = 0; round < support_rounds(10); round++) {
        base_text changed;
        base_text_init(&changed, &arena);
        size_t at = 0, rare = 40 << (round % 4);
        while (at < length) {
            const char *mark = strpbrk(text + at, marks);
            size_t next = mark == NULL || mark >= text + length ? length : (size_t)(mark - text) + 1;
            base_text_add(&changed, text + at, next - at);
            at = next;
            if (next_number(&seed) % rare != 0) continue;
            base_text_put(&changed, values[next_number(&seed) % count]);
            size_t skipped = strcspn(text + at, marks);
            if (next_number(&seed) % 2 == 0 && at + skipped < length) at += skipped;
        }
        compare(base_text_string(&changed), changed.length, role);
    }
    base_arena_release(&arena);
}

static void compare_broken(const char *text, size_t length, adj_role role)
{
    static const char bytes[] = "\",:{}[]\\ \n\r\t0Zn\xC3-.";
    base_arena arena;
    base_arena_init(&arena, NULL);
    char *broken = base_arena_alloc(&arena, length + 1);
    uint64_t seed = 88172645463325252;
    for (unsigned round = 0; round < support_rounds(10); round++) {
        memcpy(broken, text, length);
        for (size_t i = 0; i < (size_t)2 << round % 10; i++)
            broken[next_number(&seed) % length] = bytes[next_number(&seed) % (sizeof bytes - 1)];
        compare(broken, length, role);
    }
    base_arena_release(&arena);
}

static void compare_all(adj_form form, const char *file, int64_t lines, adj_role role)
{
    static const char *const words[] = {"none", "unknown", "null",  "\"none\"", "\"unknown\"", "\"\"", "",      "true",
                                        "[]",   "17",      "12.50", "-3",       "2026-13-40",  "x",    "\"a\"", " "};
    base_arena arena;
    base_arena_init(&arena, NULL);
    base_text text = make_file(&arena, form, file, 11, lines, "2026-04-30");
    cr_expect_gt(compare(text.bytes, text.length, role), 0u, "%s", file);
    compare_changed(text.bytes, text.length, role, words, sizeof words / sizeof *words,
                    form == ADJ_FORM_CSV ? ",\n" : ":,");
    compare_broken(text.bytes, text.length, role);
    base_arena_release(&arena);
}

Test(side_blocks, lines_of_json)
{
    compare_all(ADJ_FORM_NDJSON, "lines.ndjson", 400, ADJ_ROLE_JUDGED);
    compare_all(ADJ_FORM_NDJSON, "lines.ndjson", 150, ADJ_ROLE_BESIDE);
}

Test(side_blocks, other_records_of_json)
{
    compare_all(ADJ_FORM_NDJSON, "side.ndjson", 200, ADJ_ROLE_BY_CONTENT);
}

Test(side_blocks, files_of_csv)
{
    static const char *const files[] = {"attendance.csv",  "authorizations.csv", "sessions.csv",
                                        "eligibility.csv", "schedule.csv",       "remittance.csv"};
    compare_all(ADJ_FORM_CSV, "lines.csv", 300, ADJ_ROLE_JUDGED);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        compare_all(ADJ_FORM_CSV, files[i], 150, ADJ_ROLE_BY_CONTENT);
}

/* Lists of several codes, texts that are words for nothing, names that records lack, and those that come in another order. */
Test(side_blocks, records_that_differ_a_little)
{
    base_arena arena;
    base_text text;
    base_arena_init(&arena, NULL);
    base_text_init(&text, &arena);
    for (unsigned i = 0; i < 300; i++) {
        base_text_format(&text, "{\"record\":\"history\",\"member_id\":\"M%u\",\"claim_id\":\"C%u\",\"line\":%u,",
                         i % 7, i / 3, i % 3 + 1);
        base_text_format(&text, "\"date\":\"2026-01-%02u\",\"procedure\":\"%s\"", i % 28 + 1,
                         i % 2 ? "90853" : "90837");
        if (i % 5 != 0) base_text_format(&text, ",\"modifiers\":%s", i % 4 ? "[\"95\",\"HO\"]" : "[]");
        if (i % 3 != 0) base_text_format(&text, ",\"payer\":\"%s\"", i % 11 ? "HARBOR" : i % 2 ? "none" : "unknown");
        if (i % 9 == 0) base_text_format(&text, ",\"plan\":%s", i % 2 ? "\"\"" : "null");
        base_text_format(&text, ",\"units\":%s,\"charge\":%u.5,\"pos\":\"%s\"", i % 13 ? "1" : "1.25", i, "11");
        base_text_format(&text, ",\"referral_number\":\"%.*s\"", (int)(i % 40),
                         "0123456789012345678901234567890123456789");
        base_text_put(&text, i % 17 ? "}\n" : " }\r\n\n");
    }
    compare(text.bytes, text.length, ADJ_ROLE_JUDGED);
    compare(text.bytes, text.length, ADJ_ROLE_BY_CONTENT);
    base_arena_release(&arena);
}
