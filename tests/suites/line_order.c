/* The order of lines: by day, claim and number, whatever order they come in, and of whichever claims begin alike. */
#include "tests/suites/support.h"

#include "runtime/handles.h"

static adj_encounters *finished(const char *text)
{
    adj_encounters *e = adj_encounters_new(NULL);
    cr_assert_eq(adj_encounters_read_bytes_as(e, "lines.csv", text, strlen(text), ADJ_ROLE_JUDGED), ADJ_OK);
    cr_assert_eq(adj_encounters_finish(e), ADJ_OK);
    return e;
}

/* Lines that are given in the opposite of their order. */
Test(line_order, by_day_claim_and_number)
{
    adj_encounters *e = finished("claim_id,member_id,date,procedure,line,units\n"
                                 "CLAIM-00002,M,2026-01-03,90853,1,1\nCLAIM-00001,M,2026-01-02,90853,12,1\n"
                                 "CLAIM-00002,M,2026-01-02,90853,2,1\nCLAIM-00001,M,2026-01-02,90853,3,1\n"
                                 "CLAIM-00001,M,2026-01-02,90853,2,1\nCLAIM-00000,M,2026-01-02,90853,1,1\n"
                                 "B,M,2026-01-02,90853,1,1\nCLAIM-0,M,2026-01-02,90853,1,1\n");
    static const uint32_t meant[] = {6, 7, 5, 4, 3, 1, 2, 0};
    const run_store *store = &e->store;
    cr_assert_eq(store->counts[LANG_RECORD_line], 8u);
    for (size_t i = 0; i < 8; i++)
        cr_expect_eq(store->position[meant[i]], 2 * i + 1, "line %u: %u", meant[i], store->position[meant[i]]);
    adj_encounters_free(e);
}

/* More of a claim and day than are put in order on the stack. */
Test(line_order, many_of_one_claim)
{
    enum { LINES = 60 };
    base_arena arena;
    base_arena_init(&arena, NULL);
    base_text text;
    base_text_init(&text, &arena);
    base_text_put(&text, "claim_id,member_id,date,procedure,line,units\n");
    for (unsigned i = 0; i < LINES; i++) base_text_format(&text, "C,M,2026-01-02,90853,%u,1\n", i * 7 % 61 + 1);
    adj_encounters *e = finished(text.bytes);
    uint32_t at[62] = {0};
    for (uint32_t i = 0; i < LINES; i++) at[i * 7 % 61 + 1] = i + 1;
    uint32_t place = 0;
    for (size_t number = 1; number < 62; number++) {
        if (at[number] == 0) continue;
        cr_expect_eq(e->store.position[at[number] - 1], 2 * place + 1, "number %zu", number);
        place++;
    }
    cr_expect_eq(place, (uint32_t)LINES);
    adj_encounters_free(e);
    base_arena_release(&arena);
}

/* Claims of one identifier are told apart by their member and what they replace. */
Test(line_order, claims_of_one_identifier)
{
    adj_encounters *e = finished("claim_id,member_id,date,procedure,line,frequency\n"
                                 "C,M,2026-01-02,90853,1,1\nC,N,2026-01-02,90853,1,1\nC,M,2026-01-02,90853,1,7\n"
                                 "C,M,2026-01-03,90853,2,1\nC,N,2026-01-03,90853,2,1\n");
    const run_store *store = &e->store;
    cr_assert_eq(store->counts[LANG_RECORD_line], 5u);
    cr_assert_eq(store->counts[LANG_RECORD_claim], 3u);
    static const uint32_t claims[] = {0, 1, 2, 0, 1};
    for (uint32_t i = 0; i < 5; i++)
        cr_expect_eq(run_store_bits(store, LANG_FIELD_line_claim, i), claims[i], "line %u", i);
    /* What nothing else tells apart stands as it came. */
    cr_expect(store->position[0] < store->position[1] && store->position[1] < store->position[2]);
    adj_encounters_free(e);
}
