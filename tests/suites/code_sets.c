/* Sets with many items, in whatever order they are written and however they overlap, hold what their items hold that are asked one by
 * one. */
#include "tests/differential/generator.h"
#include "tests/suites/support.h"

#include "runtime/handles.h"

enum { ITEMS = 240, ROOM = 1 << 15 };

static void add(char *text, const char *more)
{
    size_t length = strlen(text);
    cr_assert_lt(length + strlen(more), ROOM);
    memcpy(text + length, more, strlen(more) + 1);
}

/* A code, the codes that begin with one, or those from one to another: `at` or near it, of 800. */
static void draw_item(generator *g, unsigned at, char item[24])
{
    unsigned code = at + generator_below(g, 4), end = code + generator_below(g, 30);
    char letter = "FGZ"[generator_below(g, 3)];
    /* Wide ones hold nearly all of the others, where there are many. */
    switch (generator_below(g, at % 2 == 0 ? 30 : 5)) {
    case 0: snprintf(item, 24, "%c%02u.*", letter, code / 10 % 100); break;
    case 1: snprintf(item, 24, "%c%02u", letter, code / 10 % 100); break;
    case 5: snprintf(item, 24, "%c%02u..%c%02u", letter, code / 10 % 90, letter, end / 10 % 90 + 10); break;
    case 6: snprintf(item, 24, "F%02u.%u..Z%02u.%u", code / 10 % 100, code % 10, end / 10 % 100, end % 10); break;
    default: snprintf(item, 24, "%c%02u.%u", letter, code / 10 % 100, code % 10); break;
    }
}

/* Items as they come, or nearly in order, or wholly: what is wide stands before what it holds. */
static void write_set(uint32_t seed, char *text)
{
    char item[24];
    generator g = {.state = seed};
    snprintf(
        text, ROOM,
        "policy sets\n  title \"Sets\"\n  payer \"K\"\n  effective 2020-01-01\n\ncodes named : icd10\n  Z29, Z28.1\n\n"
        "codes dated : icd10\n  G29.* from 2022-01-01\n\ncodes many : icd10\n");
    for (unsigned part = 0; part < 3; part++) {
        add(text, part == 1 ? "  except " : "  ");
        unsigned count = part == 0 ? ITEMS : ITEMS / 8;
        for (unsigned i = 0; i < count; i++) {
            if (seed % 3 == 0)
                draw_item(&g, generator_below(&g, 400) * 2 + seed / 3 % 2, item);
            else if (seed % 3 == 1)
                draw_item(&g, i * 2 + seed / 3 % 2, item);
            else
                snprintf(item, sizeof item, "%c%02u.%u", "FGZ"[i / 80], i % 80 / 8, i % 8);
            if (part == 0 && seed % 3 < 2 && i % 50 == 7) snprintf(item, sizeof item, i % 100 == 7 ? "named" : "dated");
            if (i == 0 && seed % 6 == 5) snprintf(item, sizeof item, "F00..F05");
            if (i == 10 && seed % 6 == 2) snprintf(item, sizeof item, "F00.5..F01.2");
            add(text, i == 0 ? "" : ", ");
            add(text, item);
        }
        add(text, part == 0 ? "\n" : part == 1 ? " from 2021-01-01\n" : " from 2022-01-01\n");
    }
    add(text, "\nclause c\n  cite \"1\"\n  require diagnoses include any of many\n  deny CO-11 as coding \"x\"\n");
}

/* ---- items asked one by one ---- */

static bool asked_holds(const lang_code_set *set, const char *code, base_date day)
{
    bool holds = false;
    for (size_t r = 0; r < set->row_count; r++) {
        const lang_code_row *row = &set->rows[r];
        bool found = false;
        for (size_t i = 0; i < lang_row_count(row) && !found; i++) {
            lang_item held = lang_row_item(row, i);
            const lang_item *item = &held;
            found = lang_item_set(item) != NULL ? asked_holds(lang_item_set(item), code, day)
                                                : lang_item_holds(set->system, item, code);
        }
        if (found && day >= row->dates.from && day <= row->dates.to) holds = !row->except;
    }
    return holds;
}

static bool asked_dated(const lang_code_set *set, const char *code)
{
    bool dated = false;
    for (size_t r = 0; r < set->row_count; r++) {
        const lang_code_row *row = &set->rows[r];
        bool always = row->dates.from == BASE_DATE_MIN && row->dates.to == BASE_DATE_MAX;
        for (size_t i = 0; i < lang_row_count(row); i++) {
            lang_item held = lang_row_item(row, i);
            const lang_item *item = &held;
            dated = dated || (lang_item_set(item) != NULL ? !always || asked_dated(lang_item_set(item), code)
                                                          : !always && lang_item_holds(set->system, item, code));
        }
    }
    return dated;
}

static const lang_code_set *set_named(const adj_policies *policies, const char *name)
{
    for (size_t i = 0; i < policies->program.code_sets.count; i++) {
        const lang_code_set *set = policies->program.code_sets.items[i];
        if (set->name.text != NULL && strcmp(set->name.text, name) == 0) return set;
    }
    cr_assert_fail("there is no set %s", name);
    return NULL;
}

static size_t compare(const lang_code_set *set, const char *code)
{
    size_t held = 0;
    cr_expect_eq(lang_code_set_dated(set, code), asked_dated(set, code), "%s", code);
    for (base_date day = 18300; day < 19400; day += 300) {
        bool holds = lang_code_set_holds(set, code, day, BASE_DATE_MAX);
        cr_expect_eq(holds, asked_holds(set, code, day), "%s on day %d", code, day);
        held += holds;
    }
    return held;
}

Test(code_sets, many_items_hold_what_each_holds)
{
    static char text[ROOM];
    for (uint32_t seed = 1; seed <= 24; seed++) {
        write_set(seed, text);
        adj_policies *policies = support_policies(text);
        const lang_code_set *set = set_named(policies, "many");
        cr_assert_eq(set->row_count, 3);
        size_t held = 0;
        for (unsigned number = 0; number < 5 * 102 * 11; number++) {
            char code[8], letter = "EFGYZ"[number / (102 * 11)];
            int length = snprintf(code, sizeof code, "%c%02u", letter, number / 11 % 102);
            if (number % 11 > 0) snprintf(code + length, sizeof code - (size_t)length, "%u", number % 11 - 1);
            held += compare(set, code);
        }
        cr_expect_gt(held, 300, "%zu", held);
        adj_policies_free(policies);
    }
}

/* What is asked of codes that are written in several places alike is asked once; what only looks alike is another set. */
Test(code_sets, written_alike_are_one)
{
    adj_policies *policies = support_policies(
        "policy alike\n  title \"Alike\"\n  payer \"K\"\n  effective 2020-01-01\n\n"
#define CLAUSE(name, body) "clause " name "\n  cite \"1\"\n  require " body "\n  deny CO-11 as coding \"x\"\n\n"
        CLAUSE("one", "procedure in 90853, 90837")
            CLAUSE("again", "at most 3 of history where procedure in 90853, 90837")
                CLAUSE("code", "diagnoses include any of F32") CLAUSE("prefix", "diagnoses include any of F32.*")
                    CLAUSE("place", "pos in 22") CLAUSE("modifier", "modifiers include any of 22")
                        CLAUSE("range", "procedure in 90837..90853")
                            CLAUSE("range_again", "not (procedure in 90837..90853)"));
#undef CLAUSE
    cr_expect_eq(policies->plan->sets.count, 6u);
    adj_encounters *encounters = support_lines(
        policies, "claim_id,member_id,payer,line,date,procedure,pos,units,charge,diagnoses,modifiers\n"
                  "A,M,K,1,2024-05-01,90837,22,1,90.00,F32.1,25\nB,M,K,1,2024-05-02,90840,11,1,90.00,F32,22\n");
    adj_results *results = support_evaluate(policies, encounters);
    static const char said[2][9] = {"p?fppfpf", "f?ppfppf"};
    for (size_t line = 0; line < 2; line++) {
        for (size_t c = 0; c < 8; c++) {
            adj_clause_verdict verdict = adj_results_clause(results, line, c);
            adj_clause_verdict meant = said[line][c] == 'p'   ? ADJ_CLAUSE_PASS
                                       : said[line][c] == 'f' ? ADJ_CLAUSE_FAIL
                                                              : ADJ_CLAUSE_CANNOT_TELL;
            cr_expect_eq(verdict, meant, "line %zu, clause %zu: %d", line, c, (int)verdict);
        }
    }
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
}

static void expect_compiles(const char *sets, const char *rows, const char *error)
{
    char text[600];
    snprintf(text, sizeof text,
             "policy p\n\n%s\ntable t (procedure) gives (most: count)\n  unique\n  | procedure | most |\n%s\n"
             "clause c\n  cite \"1\"\n  require t(procedure) is found\n  warn \"x\"\n",
             sets, rows);
    const char *names[] = {"p.adj"}, *texts[] = {text};
    adj_policies *policies = NULL;
    adj_status status = adj_policies_compile_text(names, texts, 1, NULL, &policies);
    const char *shown = adj_policies_diagnostics(policies);
    cr_expect_eq(status, error == NULL ? ADJ_OK : ADJ_INVALID_POLICY, "%s", shown);
    if (error != NULL) cr_expect(strstr(shown, error) != NULL, "%s", shown);
    adj_policies_free(policies);
}

/* Rows of a table share an input where their sets share a code that neither leaves out. */
Test(code_sets, rows_that_share_a_code_are_told_of)
{
    expect_compiles("codes a : cpt\n  9083*, 90853\n", "  | a | 1 |\n  | 90853 | 2 |\n", "hold for one input");
    expect_compiles("codes a : cpt\n  9083*, 90853\n", "  | a | 1 |\n  | 90837 | 2 |\n", "procedure 90837");
    expect_compiles("codes a : cpt\n  9083*\n", "  | a | 1 |\n  | 90853 | 2 |\n", NULL);
    expect_compiles("codes a : cpt\n  9083*, 90853\n  except 90853\n", "  | a | 1 |\n  | 90853 | 2 |\n", NULL);
    expect_compiles("codes a : cpt\n  90853\ncodes b : cpt\n  90834, a\n", "  | a | 1 |\n  | b | 2 |\n",
                    "procedure 90853");
    expect_compiles("codes a : cpt\n  90853\n", "  | a | 1 |\n  | any | 2 |\n", "procedure 90853");
}
