/* Rows of written tables that are found by their index are those that looking at every row finds; and of a unique table no two rows
 * that hold for one input pass unseen, however many there are. */
#include "tests/differential/generator.h"
#include "tests/suites/support.h"

#include "lang/row_index.h"
#include "runtime/handles.h"

enum { ROWS = 150, LINES = 400, ROOM = 1 << 15 };

/* A cell of codes: one, two, a range, all that begin alike, a set, or any; in a crowd mostly the same. */
static void put_codes(base_text *text, generator *g, bool crowd)
{
    static const char *const sets[] = {"sometimes", "scattered", "nested", "mixed"};
    uint32_t code = 10000 + generator_below(g, 600);
    switch (crowd && generator_below(g, 3) > 0 ? 12 : generator_below(g, 12)) {
    case 0: base_text_format(text, "%u..%u", code, code + generator_below(g, 40)); break;
    case 1: base_text_format(text, "%u..%u, %u", code, code + 3, 10000 + generator_below(g, 600)); break;
    case 2: base_text_format(text, "%u*", code / 10); break;
    case 3: base_text_format(text, "%s", sets[generator_below(g, 4)]); break;
    case 4: base_text_format(text, "%s", generator_below(g, 20) == 0 ? "any" : "10100"); break;
    case 5: base_text_format(text, "%u, %u", code, 10000 + generator_below(g, 600)); break;
    case 12: base_text_put(text, "10005..10500"); break;
    default: base_text_format(text, "%u", code); break;
    }
}

static void put_rows(base_text *text, generator *g, const char *hit, bool crowd)
{
    base_text_format(
        text, "table %s_codes (procedure, pos) gives (needed: modifiers)\n  %s\n  | procedure | pos | needed |\n", hit,
        hit);
    for (unsigned i = 0; i < ROWS; i++) {
        base_text_put(text, "  | ");
        put_codes(text, g, crowd);
        base_text_format(text, " | %s | 95 |%s\n", generator_below(g, 3) == 0 ? "11, 22" : "any",
                         generator_below(g, 5) == 0 ? " from 2026-01-20" : "");
    }
    base_text_format(text,
                     "\ntable %s_plans (plan, units) gives (needed: modifiers)\n  %s\n  | plan | units | needed |\n",
                     hit, hit);
    for (unsigned i = 0; i < ROWS; i++) {
        uint32_t low = generator_below(g, 500);
        if (generator_below(g, 200) == 0)
            base_text_format(text, "  | any | any | 95 |\n");
        else
            base_text_format(text, "  | \"P%u\" | %u..%u | 95 |\n", generator_below(g, 3), low,
                             low + generator_below(g, 12));
    }
    base_text_put(text, "\n");
}

static adj_policies *policies_of(base_arena *arena, uint32_t seed)
{
    generator g = {.state = seed};
    base_text text;
    base_text_init(&text, arena);
    base_text_put(&text, "policy rows\n  title \"Rows\"\n  payer \"K\"\n  effective 2020-01-01\n\n"
                         "codes sometimes : cpt\n  10050..10060\n  10300 from 2026-01-15\n\n"
                         "codes scattered : cpt\n  10590, 10011\n  except 10590 from 2026-01-10\n\n"
                         "codes nested : cpt\n  10033, 10034\n  scattered from 2026-01-05\n\n"
                         "codes mixed : cpt\n  10044\n  from \"more.csv\"\n\n");
    put_rows(&text, &g, "first", seed % 4 == 0);
    put_rows(&text, &g, "all", seed % 4 == 0);
    base_text_put(&text, "clause c\n  cite \"1\"\n  require first_codes(procedure, pos) is found\n"
                         "  deny CO-97 as coding \"x\"\n");
    const char *names[] = {"rows.adj", "more.csv"}, *texts[] = {base_text_string(&text), "code\n10400\n10010\n"};
    adj_policies *policies = NULL;
    adj_status status =
        adj_policies_compile_sources(names, 1, names, texts, (const size_t[]){text.length, 17}, 2, NULL, &policies);
    cr_assert_eq(status, ADJ_OK, "%s", adj_policies_diagnostics(policies));
    return policies;
}

static adj_encounters *lines_of(const adj_policies *policies, base_arena *arena, uint32_t seed)
{
    generator g = {.state = seed};
    base_text text;
    base_text_init(&text, arena);
    base_text_put(&text, "claim_id,member_id,payer,plan,line,date,procedure,pos,units,charge\n");
    for (unsigned i = 0; i < LINES; i++)
        base_text_format(&text, "C%u,M1,K,P%u,1,2026-01-%02u,%u,%s,%u,1.00\n", i, generator_below(&g, 4), 1 + i % 31,
                         9990 + generator_below(&g, 620), i % 3 == 0 ? "11" : "53", generator_below(&g, 520));
    return support_lines(policies, base_text_string(&text));
}

typedef struct answer {
    uint8_t state;
    size_t count;
    uint32_t rows[ROWS];
} answer;

/* What a table says of a line of which some inputs are not known. */
static answer ask(run_context *context, uint32_t table, uint32_t line, unsigned unknown)
{
    const lang_table *source = context->binding->plan->tables.items[table].source;
    const lang_field *fields =
        strstr(source->name.text, "codes") != NULL
            ? (const lang_field[]){LANG_FIELD_line_procedure, LANG_FIELD_line_pos, LANG_FIELD_line_date}
            : (const lang_field[]){LANG_FIELD_line_plan, LANG_FIELD_line_units, LANG_FIELD_line_date};
    int64_t bits[3];
    uint8_t states[3];
    for (size_t i = 0; i < 3; i++) {
        bits[i] = run_column_bits(&context->columns[fields[i]], line);
        states[i] = (unknown >> i & 1) != 0 ? RUN_UNKNOWN : context->columns[fields[i]].states[line];
    }
    answer a = {0};
    context->scratch.count = 0;
    int64_t row = run_lookup(context, table, bits, states, &a.state);
    if (a.state == RUN_PRESENT && source->hit == LANG_HIT_ALL) {
        const uint32_t *rows = run_list_items(context, row, &a.count);
        for (size_t i = 0; i < a.count; i++) a.rows[i] = rows[i];
    } else if (a.state == RUN_PRESENT) {
        a.count = 1;
        a.rows[0] = (uint32_t)row;
    }
    return a;
}

static answer *ask_all(const adj_policies *policies, const adj_encounters *encounters, base_arena *arena)
{
    run_binding binding;
    run_context context;
    size_t tables = policies->plan->tables.count;
    answer *answers = base_arena_alloc(arena, tables * LINES * 8 * sizeof *answers), *next = answers;
    cr_assert(answers != NULL && run_bind(&binding, arena, policies->plan, &encounters->store) &&
              run_context_init(&context, arena, &binding, NULL));
    for (uint32_t table = 0; table < tables; table++) {
        for (uint32_t line = 0; line < LINES; line++) {
            for (unsigned unknown = 0; unknown < 8; unknown++) *next++ = ask(&context, table, line, unknown);
        }
    }
    return answers;
}

static void forget_indexes(const adj_policies *policies)
{
    for (size_t t = 0; t < policies->program.tables.count; t++) {
        cr_assert_not_null(policies->program.tables.items[t]->row_index);
        policies->program.tables.items[t]->row_index = NULL;
    }
}

Test(row_index, finds_what_all_rows_say)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    for (uint32_t seed = 1; seed <= 8; seed++) {
        adj_policies *policies = policies_of(&arena, seed);
        adj_encounters *encounters = lines_of(policies, &arena, seed);
        const answer *found = ask_all(policies, encounters, &arena);
        forget_indexes(policies);
        const answer *meant = ask_all(policies, encounters, &arena);
        size_t states[3] = {0};
        for (size_t i = 0; i < policies->plan->tables.count * LINES * 8; i++) {
            cr_assert_eq(found[i].state, meant[i].state, "question %zu", i);
            cr_assert_eq(found[i].count, meant[i].count, "question %zu", i);
            cr_assert_arr_eq(found[i].rows, meant[i].rows, sizeof meant[i].rows, "question %zu", i);
            states[meant[i].state]++;
        }
        for (size_t s = 0; s < 3; s++) cr_expect_gt(states[s], 100, "state %zu", s);
        adj_encounters_free(encounters);
        adj_policies_free(policies);
    }
    base_arena_release(&arena);
}

/* Candidates are all rows that hold, and few others. */
Test(row_index, is_asked_for_few_rows)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    base_text text;
    base_text_init(&text, &arena);
    base_text_put(&text, "policy rows\n  title \"Rows\"\n  payer \"K\"\n  effective 2020-01-01\n\n"
                         "table wide (plan, procedure) gives (most: count)\n  first\n  | plan | procedure | most |\n");
    for (unsigned i = 0; i < 2000; i++)
        base_text_format(&text, "  | \"P%u\" | %u..%u | 1 |\n", i % 4, 10000 + i * 4, 10000 + i * 4 + 6);
    base_text_put(&text, "  | any | any | 9 |\n\nclause c\n  cite \"1\"\n  when wide(plan, procedure) is found\n"
                         "  require units <= wide(plan, procedure).most\n"
                         "  deny CO-97 as coding \"x\"\n");
    adj_policies *policies = support_policies(base_text_string(&text));
    const lang_row_index *index = policies->program.tables.items[0]->row_index;
    cr_assert_not_null(index);
    cr_expect_eq(lang_row_index_input(index), 1);
    cr_expect_gt(lang_row_index_spread(index), 2000);
    for (unsigned code = 9990; code < 18020; code++) {
        char spelling[8];
        uint32_t rows[8];
        snprintf(spelling, sizeof spelling, "%05u", code);
        size_t count = lang_row_index_text(index, spelling, rows, 8), meant = 1;
        for (unsigned i = 0; i < 2000; i++) meant += code >= 10000 + i * 4 && code <= 10000 + i * 4 + 6;
        cr_assert_eq(count, meant, "%s: %zu rows, not %zu", spelling, count, meant);
    }
    uint32_t rows[1];
    cr_expect_gt(lang_row_index_text(index, "10005", rows, 1), 1);
    cr_expect_eq(lang_row_index_text(index, NULL, rows, 1), 1);
    cr_expect_eq(rows[0], 2000);
    adj_policies_free(policies);
    base_arena_release(&arena);
}

/* ---- rows of a unique table ---- */

typedef struct range {
    unsigned low, high;
} range;

/* Which earlier rows the first rows that hold for what an earlier one holds for are said to meet. */
static size_t overlaps_of(const range *ranges, unsigned rows, unsigned late[5], unsigned early[5])
{
    size_t found = 0;
    for (unsigned i = 0; i < rows && found < 5; i++) {
        for (unsigned j = i; j-- > 0;) {
            if (ranges[i].low > ranges[j].high || ranges[j].low > ranges[i].high) continue;
            late[found] = i;
            early[found++] = j;
            break;
        }
    }
    return found;
}

static unsigned line_named(const char *from)
{
    const char *at = strstr(from, "rows.adj:");
    return at == NULL ? 0 : (unsigned)strtoul(at + strlen("rows.adj:"), NULL, 10);
}

Test(row_index, tells_rows_that_overlap)
{
    enum { FIRST_ROW = 9 }; /* the line that it stands in */
    base_arena arena;
    base_arena_init(&arena, NULL);
    for (uint32_t seed = 1; seed <= 60; seed++) {
        range ranges[300];
        generator g = {.state = seed};
        base_text text;
        base_text_init(&text, &arena);
        base_text_put(&text, "policy rows\n  title \"Rows\"\n  payer \"K\"\n  effective 2020-01-01\n\n"
                             "table own (procedure) gives (most: count)\n  unique\n  | procedure | most |\n");
        for (unsigned i = 0; i < 300; i++) {
            ranges[i].low = 10000 + i * 89 % 300 * 20 + generator_below(&g, 4);
            ranges[i].high = ranges[i].low + generator_below(&g, generator_below(&g, 100) == 0 ? 90 : 15);
            base_text_format(&text, "  | %u..%u | 1 |\n", ranges[i].low, ranges[i].high);
        }
        base_text_put(&text, "\nclause c\n  cite \"1\"\n  require units <= own(procedure).most\n  deny CO-97 as coding "
                             "\"x\"\n");
        unsigned late[5], early[5];
        size_t meant = overlaps_of(ranges, 300, late, early);
        const char *name = "rows.adj", *source = base_text_string(&text);
        adj_policies *policies = NULL;
        adj_policies_compile_text(&name, &source, 1, NULL, &policies);
        cr_assert_not_null(policies);
        const char *at = adj_policies_diagnostics(policies);
        size_t told = 0;
        for (; (at = strstr(at, "error[E0703]")) != NULL; told++) {
            at += strlen("error[E0703]");
            cr_assert_lt(told, meant);
            cr_expect_eq(line_named(at), FIRST_ROW + late[told], "seed %u: %s", seed, at);
            const char *note = strstr(at, "this row holds for it too");
            cr_assert_not_null(note);
            cr_expect_eq(line_named(note), FIRST_ROW + early[told], "seed %u: %s", seed, note);
        }
        cr_expect_eq(told, meant, "seed %u: %zu are told, and there are %zu", seed, told, meant);
        adj_policies_free(policies);
    }
    base_arena_release(&arena);
}
