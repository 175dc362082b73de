/* Records of JSON whose members stand in any order, or are left out where nothing is known: they hold what they hold in one order, and take no
 * more memory. */
#include "tests/suites/same_encounters.h"

#include "tests/differential/generator.h"
#include "tests/flat_json.h"

#include <unistd.h>

typedef struct members {
    const char *first[CSV_COLUMN_LIMIT];
    size_t length[CSV_COLUMN_LIMIT], count;
} members;

/* The members of a record, without some of those that are null where `most` is not 0: one of so many stays. */
static members members_of(const char *line, generator *g, uint32_t most)
{
    members m = {.count = 0};
    for (const char *at = line + 1, *end;; at = end + 1) {
        end = flat_json_end(at);
        bool null = end - at > 4 && memcmp(end - 4, "null", 4) == 0;
        if (!null || most == 0 || generator_below(g, most) == 0) {
            m.first[m.count] = at;
            m.length[m.count++] = (size_t)(end - at);
        }
        if (*end == '}') return m;
    }
}

/* The same records twice: with their members as they stood, and in an order of their own each. */
static void write_both(const char *text, uint32_t most, base_text *steady, base_text *mixed)
{
    generator g = {.state = 17};
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        members m = members_of(line, &g, most);
        for (size_t i = 0; i < m.count; i++)
            base_text_format(steady, "%c%.*s", i == 0 ? '{' : ',', (int)m.length[i], m.first[i]);
        for (size_t left = m.count; left > 0; left--) {
            size_t chosen = generator_below(&g, (uint32_t)left);
            base_text_format(mixed, "%c%.*s", left == m.count ? '{' : ',', (int)m.length[chosen], m.first[chosen]);
            m.first[chosen] = m.first[left - 1];
            m.length[chosen] = m.length[left - 1];
        }
        base_text_put(steady, "}\n");
        base_text_put(mixed, "}\n");
    }
}

/* The same with a blank behind each comma and colon, as many write it. */
static void write_spaced(const char *text, base_text *spaced)
{
    bool quoted = false;
    for (const char *at = text; *at != '\0'; at++) {
        quoted = quoted != (*at == '"' && (at == text || at[-1] != '\\'));
        base_text_add(spaced, at, 1);
        if (!quoted && (*at == ',' || *at == ':')) base_text_put(spaced, " ");
    }
}

static adj_encounters *read_text(const base_text *text, bool singly)
{
    adj_encounters *encounters = adj_encounters_new(NULL);
    cr_assert_not_null(encounters);
    ((read_encounters *)encounters)->singly = singly;
    cr_expect_eq(adj_encounters_read_bytes(encounters, "records.ndjson", text->bytes, text->length), ADJ_OK);
    return encounters;
}

static void compare(const char *file, int64_t lines, uint32_t most, bool blocks)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    base_text text = make_file(&arena, ADJ_FORM_NDJSON, file, 5, lines, "2026-03-31"), steady, mixed;
    base_text_init(&steady, &arena);
    base_text_init(&mixed, &arena);
    write_both(base_text_string(&text), most, &steady, &mixed);
    cr_assert_str_neq(steady.bytes, mixed.bytes);
    base_text spaced, mixed_spaced;
    base_text_init(&spaced, &arena);
    base_text_init(&mixed_spaced, &arena);
    write_spaced(steady.bytes, &spaced);
    write_spaced(mixed.bytes, &mixed_spaced);
    const base_text *const others[] = {&mixed, &spaced, &mixed_spaced};
    adj_encounters *meant = read_text(&steady, true);
    for (size_t i = 0; i < 6; i++) {
        bool singly = i % 2 == 1;
        adj_encounters *read = read_text(others[i / 2], singly);
        same_encounters(meant, read);
        size_t met = ((const read_encounters *)read)->blocks;
        cr_expect(singly ? met == 0 : !blocks || met > 5, "%zu blocks", met);
        adj_encounters_free(read);
    }
    adj_encounters_free(meant);
    base_arena_release(&arena);
}

Test(json_order, members_may_stand_in_any_order)
{
    compare("lines.ndjson", 400, 0, true);
    compare("side.ndjson", 300, 0, true);
}

Test(json_order, and_be_left_out)
{
    compare("lines.ndjson", 400, 2, true);
    compare("side.ndjson", 300, 2, false);
    compare("lines.ndjson", 200, 40, true);
}

/* The last line of encounters as text; "" where there are no more than `before`. */
static void describe_last(const adj_encounters *e, uint32_t before, base_text *out)
{
    const run_store *store = &e->store;
    uint32_t count = store->counts[LANG_RECORD_line];
    base_text_format(out, "%zu rejected, %zu problems;", adj_encounters_rejected_count(e),
                     adj_encounters_problem_count(e));
    for (int f = 0; f < LANG_FIELD_COUNT && count > before; f++) {
        const lang_field_info *info = lang_schema_field(store->schema, (lang_field)f);
        uint32_t row = info->record == LANG_RECORD_line    ? count - 1
                       : info->record == LANG_RECORD_claim ? store->counts[LANG_RECORD_claim] - 1
                                                           : RUN_NO_ROW;
        if (row == RUN_NO_ROW || info->type.kind == LANG_TYPE_RECORD) continue;
        base_text_format(out, " %s %d ", info->name, (int)run_store_state(store, (lang_field)f, row));
        if (!run_store_present(store, (lang_field)f, row)) continue;
        int64_t bits = run_store_bits(store, (lang_field)f, row);
        bool symbols = info->type.kind == LANG_TYPE_CODE || info->type.kind == LANG_TYPE_TEXT;
        for (size_t i = 0; info->type.list && i < run_list_count(bits); i++)
            base_text_format(out, "%s,",
                             base_intern_text(&store->symbols, store->pool.items[run_list_offset(bits) + i]));
        if (!info->type.list && symbols)
            base_text_put(out, base_intern_text(&store->symbols, (uint32_t)bits));
        else if (!info->type.list)
            base_text_format(out, "%lld", (long long)bits);
    }
}

/* What a record is read as behind another one. */
static void read_behind(base_arena *arena, const char *first, const char *record, base_text *said)
{
    base_text text;
    base_text_init(&text, arena);
    base_text_init(said, arena);
    base_text_format(&text, "%s\n%s", first, record);
    base_text_repeat(&text, '\n', 100); /* lines at the very end of what is in memory are read alone */
    adj_encounters *e = adj_encounters_new(NULL);
    adj_encounters_read_bytes_as(e, "records.ndjson", text.bytes, text.length, ADJ_ROLE_JUDGED);
    describe_last(e, strstr(first, "procedure") != NULL ? 1 : 0, said);
    adj_encounters_free(e);
}

/* Lines that are broken in some place are read as the library reads them, which alone knows nothing of a record before that looks alike. */
Test(json_order, broken_records)
{
    static const char bytes[] = "\",:{}[]\\ \t0Zn\xC3-.";
    static const char
        alike[] =
            "{\"date\":\"2026-01-07\",\"units\":1,\"member_id\":\"M\",\"modifiers\":[\"95\",\"GT\"],\"claim_id\":\"C\","
            "\"charge\":65.5,\"procedure\":\"90853\",\"pos\":\"11\",\"diagnoses\":[],\"sex\":null,\"line\":2}",
        record[] =
            "{\"date\":\"2026-01-08\",\"procedure\":\"90853\",\"claim_id\":\"D\",\"member_id\":\"M\",\"pos\":"
            "\"10\",\"line\":1,\"modifiers\":[\"95\"],\"sex\":\"male\",\"diagnoses\":[\"F411\",\"F331\"],\"units\":2,"
            "\"charge\":70}";
    /* Of no kind at all, and so alike to nothing. */
    static const char other[] = "{\"nothing\":1}";
    base_arena arena;
    base_arena_init(&arena, NULL);
    generator g = {.state = 23};
    size_t accepted = 0, rounds = support_rounds(4000);
    enum { ROOM = 2 * sizeof record };
    base_arena lasting;
    base_arena_init(&lasting, NULL);
    base_text alike_spaced, record_spaced;
    base_text_init(&alike_spaced, &lasting);
    base_text_init(&record_spaced, &lasting);
    write_spaced(alike, &alike_spaced);
    write_spaced(record, &record_spaced);
    char same[sizeof record]; /* but for its claim */
    memcpy(same, record, sizeof record);
    *(strstr(same, "\"D\"") + 1) = 'C';
    base_text same_spaced;
    base_text_init(&same_spaced, &lasting);
    write_spaced(same, &same_spaced);
    for (size_t round = 0; round < rounds; round++) {
        char broken[ROOM];
        bool gaps = round % 2 == 1;
        const char *whole = gaps ? record_spaced.bytes : record;
        uint32_t length = (uint32_t)strlen(whole);
        snprintf(broken, sizeof broken, "%s", whole);
        for (uint32_t i = 0; i < generator_below(&g, 4); i++) {
            uint32_t at = generator_below(&g, length);
            broken[at] = generator_below(&g, 3) == 0 ? whole[generator_below(&g, length)]
                                                     : bytes[generator_below(&g, sizeof bytes - 1)];
        }
        base_text behind, alone;
        /* Behind one of the same names in the same order, or in another. */
        const char *const before[] = {alike, alike_spaced.bytes, same, same_spaced.bytes};
        read_behind(&arena, before[round / 2 % 4], broken, &behind);
        read_behind(&arena, other, broken, &alone);
        /* The other record is rejected, with a problem that says so. */
        unsigned rejected, problems, others, more;
        cr_assert_eq(sscanf(behind.bytes, "%u rejected, %u", &rejected, &problems), 2);
        cr_assert_eq(sscanf(alone.bytes, "%u rejected, %u", &others, &more), 2);
        cr_assert_eq(rejected + 1, others, "%s: %s, and %s", broken, behind.bytes, alone.bytes);
        cr_assert_str_eq(strchr(behind.bytes, ';'), strchr(alone.bytes, ';'), "%s", broken);
        accepted += rejected == 0;
        if (round % 100 == 0) base_arena_reset(&arena);
    }
    cr_expect(accepted > rounds / 8 && accepted < rounds, "%zu", accepted);
    /* Blanks that are missing, in a place of their own, or something else. */
    static const char *const changes[][2] = {
        {"\"units\": 2", "\"units\":02"}, {"\"units\": 2", "\"units\":12"},  {", \"units\"", ",x\"units\""},
        {", \"units\"", "  \"units\""},   {", \"units\"", ",,\"units\""},    {"\"F411\", ", "\"F411\","},
        {"\"F411\", ", "\"F411\",  "},    {"\"units\": 2", "\"units\":  2"}, {"\"units\": 2", "\"units\" : 2"},
        {"\"F411\", ", "\"F411\",,"},     {"\"F411\", ", "\"F411\" ,"},      {"{\"date\"", "{ \"date\""}};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        const char *at = strstr(record_spaced.bytes, changes[i][0]);
        cr_assert_not_null(at, "%s", changes[i][0]);
        const char *changed = base_format(&lasting, "%.*s%s%s", (int)(at - record_spaced.bytes), record_spaced.bytes,
                                          changes[i][1], at + strlen(changes[i][0]));
        base_text alone, behind[2];
        read_behind(&lasting, other, changed, &alone);
        read_behind(&lasting, same_spaced.bytes, changed, &behind[0]);
        read_behind(&lasting, alike_spaced.bytes, changed, &behind[1]);
        for (size_t k = 0; k < 2; k++)
            cr_expect_str_eq(strchr(behind[k].bytes, ';'), strchr(alone.bytes, ';'), "%s", changed);
    }
    base_arena_release(&lasting);
    base_arena_release(&arena);
}

/* ---- memory ---- */

typedef struct counted_memory {
    size_t now, most;
} counted_memory;

static void *counting_reallocate(void *state, void *block, size_t size)
{
    enum { HEAD = 16 };
    counted_memory *memory = state;
    size_t *head = block == NULL ? NULL : (size_t *)((char *)block - HEAD);
    if (head != NULL) memory->now -= *head;
    if (size == 0) {
        free(head);
        return NULL;
    }
    size_t *grown = realloc(head, size + HEAD);
    if (grown == NULL) return NULL;
    *grown = size;
    memory->now += size;
    if (memory->now > memory->most) memory->most = memory->now;
    return (char *)grown + HEAD;
}

static bool take_none(void *state, adj_encounters *batch)
{
    *(size_t *)state += adj_encounters_line_count(batch);
    return true;
}

static size_t memory_of(const base_text *text, size_t *lines)
{
    char path[] = "/tmp/adjudge-json-order-XXXXXX";
    int file = mkstemp(path);
    cr_assert_geq(file, 0);
    cr_assert(read_write_all(file, text->bytes, text->length));
    counted_memory memory = {0};
    adj_allocator allocator = {counting_reallocate, &memory};
    adj_options options = {.allocator = &allocator};
    adj_encounters *encounters = adj_encounters_new(&options);
    *lines = 0;
    cr_expect_eq(adj_encounters_read_batches(encounters, path, ADJ_ROLE_JUDGED, 256, take_none, lines), ADJ_OK);
    cr_expect_eq(adj_encounters_end_batches(encounters, take_none, lines), ADJ_OK);
    adj_encounters_free(encounters);
    unlink(path);
    close(file);
    return memory.most;
}

/* Each record had names of its own once: 400,000 of them took all the memory there was. */
Test(json_order, memory_does_not_follow_records)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    base_text text = make_file(&arena, ADJ_FORM_NDJSON, "lines.ndjson", 5, 3000, "2026-12-31"), steady, mixed;
    base_text_init(&steady, &arena);
    base_text_init(&mixed, &arena);
    write_both(base_text_string(&text), 2, &steady, &mixed);
    size_t lines, others, usual = memory_of(&text, &lines), most = memory_of(&mixed, &others);
    cr_expect_eq(lines, others);
    cr_expect_lt(most, 2 * usual, "%zu bytes, and %zu", usual, most);
    base_arena_release(&arena);
}

/* More names than shapes are remembered, of which none fits another's record: what gave way leaves its memory. */
Test(json_order, memory_does_not_follow_names)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    base_text few, many;
    base_text_init(&few, &arena);
    base_text_init(&many, &arena);
    for (unsigned i = 0; i < 6000; i++) {
        base_text *texts[] = {&few, &many};
        for (size_t k = 0; k < 2; k++)
            base_text_format(texts[k],
                             "{\"member_id\":\"M%u\",\"claim_id\":\"C%u\",\"date\":\"2026-01-02\",\"procedure\":"
                             "\"90853\",\"x%u\":1}\n",
                             i, i, i % (k == 0 ? 2 : 150));
    }
    size_t lines, others, usual = memory_of(&few, &lines), most = memory_of(&many, &others);
    cr_expect_eq(lines, 6000u);
    cr_expect_eq(others, 6000u);
    cr_expect_lt(most, 4 * usual, "%zu bytes, and %zu", usual, most);
    base_arena_release(&arena);
}

/* ---- what is told ---- */

static adj_encounters *read_records(const char *text)
{
    adj_encounters *encounters = adj_encounters_new(NULL);
    adj_encounters_read_bytes_as(encounters, "records.ndjson", text, strlen(text), ADJ_ROLE_JUDGED);
    return encounters;
}

#define LINE(id, rest)                                                                                                 \
    "{\"member_id\":\"M\",\"claim_id\":\"" id "\",\"date\":\"2026-01-02\",\"procedure\":\"90853\"" rest "}\n"

/* A column that is not known is told of once, whichever records have it. */
Test(json_order, unknown_names_are_told_once)
{
    adj_encounters *e = read_records(
        LINE("A", ",\"colour\":1") LINE("B", "") LINE("C", ",\"shape\":2") LINE("D", ",\"colour\":3,\"units\":2") LINE(
            "E", ",\"shape\":1,\"colour\":3") "{\"units\":4,\"claim_id\":\"F\",\"shape\":0,\"procedure\":\"90853\","
                                              "\"member_id\":\"M\",\"date\":\"2026-01-03\"}\n");
    cr_expect_eq(adj_encounters_line_count(e), 6u);
    cr_expect_eq(support_problems(e, ADJ_SEVERITY_WARNING), 2u);
    const char *const units[] = {"1", "1", "1", "2", "1", "4"};
    for (uint32_t i = 0; i < 6; i++) {
        bool told = run_store_present(&e->store, LANG_FIELD_line_units, i);
        cr_expect_eq(told, i == 3 || i == 5, "line %u", i);
        if (told)
            cr_expect_eq(run_store_bits(&e->store, LANG_FIELD_line_units, i), atoi(units[i]) * 1000, "line %u", i);
    }
    adj_encounters_free(e);
}

/* A name that stands twice is told of, and the first is read; other records are as they are. */
Test(json_order, names_that_stand_twice)
{
    adj_encounters *e = read_records(
        LINE("A", ",\"units\":2") LINE("B", ",\"units\":3,\"units\":4") LINE("C", ",\"units\":5")
            LINE("D", ",\"units\":6,\"pos\":\"11\",\"units\":7") "{\"units\":8,\"member_id\":\"M\",\"claim_id\":\"E\","
                                                                 "\"units\":9,"
                                                                 "\"date\":\"2026-01-02\",\"procedure\":\"90853\"}\n");
    static const int units[] = {2, 3, 5, 6, 8};
    cr_expect_eq(adj_encounters_line_count(e), 5u);
    for (uint32_t i = 0; i < 5; i++)
        cr_expect_eq(run_store_bits(&e->store, LANG_FIELD_line_units, i), units[i] * 1000, "line %u", i);
    cr_expect_eq(support_problems(e, ADJ_SEVERITY_WARNING), 3u); /* for each order of its own */
    adj_encounters_free(e);
}

/* A record that lacks what its kind needs is none of that kind, though it has names of it alone. */
Test(json_order, what_is_needed_is_not_left_out)
{
    adj_encounters *e = read_records(
        LINE("A", ",\"units\":2") "{\"date\":\"2026-01-02\",\"procedure\":\"90853\",\"units\":2}\n"
                                  "{\"units\":2,\"procedure\":\"90853\",\"date\":\"2026-01-02\"}\n" LINE("D", ""));
    cr_expect_eq(adj_encounters_line_count(e), 2u);
    cr_expect_eq(adj_encounters_rejected_count(e), 2u);
    cr_expect_eq(support_problem(e, "D0301").line, 2u);
    adj_encounters_free(e);
}

/* What records of other kinds have does not become theirs, nor the other way round. */
Test(json_order, kinds_stay_apart)
{
    static const char text[] =
        "{\"session_id\":\"S1\",\"record\":\"sessions\",\"date\":\"2026-01-02\",\"minutes\":60}\n"
        "{\"member_id\":\"M\",\"session_id\":\"S1\",\"minutes\":50,\"record\":\"attendance\"}\n"
        "{\"record\":\"sessions\",\"minutes\":45,\"session_id\":\"S2\",\"date\":\"2026-01-03\"}\n"
        "{\"minutes\":40,\"record\":\"attendance\",\"session_id\":\"S2\",\"member_id\":\"M\"}\n"
        "{\"date\":\"2026-01-04\",\"session_id\":\"S3\",\"record\":\"sessions\"}\n"
        "{\"member_id\":\"N\",\"record\":\"attendance\",\"session_id\":\"S3\"}\n"
        "{\"member_id\":\"N\",\"record\":\"nothing\",\"session_id\":\"S3\"}\n"
        "{\"session_id\":\"S3\",\"record\":\"nothing\",\"member_id\":\"N\"}\n";
    adj_encounters *e = read_records(text);
    cr_expect_eq(e->store.counts[LANG_RECORD_session], 3u);
    cr_expect_eq(e->store.counts[LANG_RECORD_attendance], 3u);
    static const int minutes[] = {60, 45}, attended[] = {50, 40};
    for (uint32_t i = 0; i < 3; i++) {
        cr_expect_eq(run_store_present(&e->store, LANG_FIELD_session_minutes, i), i < 2);
        cr_expect_eq(run_store_present(&e->store, LANG_FIELD_attendance_minutes, i), i < 2);
        if (i == 2) continue;
        cr_expect_eq(run_store_bits(&e->store, LANG_FIELD_session_minutes, i), minutes[i] * 1000);
        cr_expect_eq(run_store_bits(&e->store, LANG_FIELD_attendance_minutes, i), attended[i] * 1000);
    }
    cr_expect_eq(adj_encounters_rejected_count(e), 2u);
    cr_expect_eq(support_problems(e, ADJ_SEVERITY_ERROR), 1u); /* once for both */
    adj_encounters_free(e);
}
