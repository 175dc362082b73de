/* Whether two encounters hold the same, row by row: for what may be read in more than one way. */
#ifndef TESTS_SAME_ENCOUNTERS_H
#define TESTS_SAME_ENCOUNTERS_H

#include "base/text.h"
#include "readers/encounters.h"
#include "tests/suites/support.h"

typedef struct made_file {
    base_text *text;
    const char *name;
} made_file;

static inline bool keep_made_file(void *state, const char *file, const char *bytes, size_t length)
{
    const made_file *made = state;
    if (strcmp(file, made->name) == 0) base_text_add(made->text, bytes, length);
    return true;
}

/* One of the files of a made-up practice, of the months up to a day; some of its lines have a mistake. */
static inline base_text make_file(base_arena *arena, adj_form form, const char *name, uint64_t seed, int64_t lines,
                                  const char *to)
{
    adj_generator generator = {.seed = seed, .lines = lines, .form = form};
    adj_read_date("2026-01-01", &generator.from);
    adj_read_date(to, &generator.to);
    for (size_t i = 0; i < ADJ_MISTAKE_COUNT; i++) generator.mistakes[i] = 20000;
    adj_generated generated;
    base_text text;
    base_text_init(&text, arena);
    made_file made = {&text, name};
    cr_assert_eq(adj_generate(&generator, keep_made_file, &made, &generated), ADJ_OK);
    cr_assert_gt(text.length, 100u);
    return text;
}

static inline void same_texts(const base_intern *a, const base_intern *b)
{
    cr_assert_eq(a->entries.count, b->entries.count);
    for (uint32_t i = 0; i < a->entries.count; i++)
        cr_assert_str_eq(base_intern_text(a, i), base_intern_text(b, i), "text %u", i);
}

/* Symbols may have other numbers: their texts are compared. */
static inline void same_symbols(const run_store *a, int64_t x, const run_store *b, int64_t y)
{
    cr_assert_str_eq(base_intern_text(&a->symbols, (uint32_t)x), base_intern_text(&b->symbols, (uint32_t)y));
}

static inline void same_value(const run_store *a, int64_t x, const run_store *b, int64_t y, lang_type type)
{
    bool symbol = type.kind == LANG_TYPE_CODE || type.kind == LANG_TYPE_TEXT;
    if (!type.list && symbol) {
        same_symbols(a, x, b, y);
    } else if (!type.list) {
        cr_assert_eq(x, y);
    } else {
        size_t count = run_list_count(x);
        cr_assert_eq(count, run_list_count(y));
        for (size_t i = 0; i < count; i++)
            same_symbols(a, a->pool.items[run_list_offset(x) + i], b, b->pool.items[run_list_offset(y) + i]);
    }
}

static inline void same_rows(const run_store *a, const run_store *b)
{
    for (int f = 0; f < lang_schema_field_count(a->schema); f++) {
        const lang_field_info *info = lang_schema_field(a->schema, (lang_field)f);
        cr_assert_eq(a->counts[info->record], b->counts[info->record], "rows that have %s", info->name);
        for (uint32_t row = 0; row < a->counts[info->record]; row++) {
            cr_assert_eq(a->columns[f].states[row], b->columns[f].states[row], "%s of row %u", info->name, row);
            if (a->columns[f].states[row] == RUN_PRESENT)
                same_value(a, run_store_bits(a, (lang_field)f, row), b, run_store_bits(b, (lang_field)f, row),
                           info->type);
        }
    }
}

static inline void same_extras(const run_store *a, const run_store *b)
{
    cr_assert_eq(a->places, b->places);
    cr_assert_eq(a->lines.count, b->lines.count);
    for (size_t i = 0; i < a->lines.count; i++) {
        const run_line_extra *x = &a->lines.items[i], *y = &b->lines.items[i];
        same_symbols(a, x->file, b, y->file);
        same_symbols(a, x->authorization, b, y->authorization);
        cr_assert(x->segment == y->segment && x->place == y->place && x->subject == y->subject &&
                      x->numbered == y->numbered && x->unreadable == y->unreadable &&
                      x->unreadable_why == y->unreadable_why,
                  "line %zu", i);
    }
    cr_assert_eq(a->claims.count, b->claims.count);
    for (size_t i = 0; i < a->claims.count; i++) {
        const run_claim_extra *x = &a->claims.items[i], *y = &b->claims.items[i];
        same_symbols(a, x->payer_number, b, y->payer_number);
        cr_assert(x->retired == y->retired && x->subject == y->subject && x->beside == y->beside, "claim %zu", i);
    }
    for (uint32_t i = 0; i < a->counts[LANG_RECORD_patient]; i++)
        cr_assert(a->own_history.items[i] == b->own_history.items[i] &&
                  a->told_coverage.items[i] == b->told_coverage.items[i]);
    cr_assert_eq(a->remitted.count, b->remitted.count);
    for (size_t i = 0; i < a->remitted.count; i++) {
        const run_remitted *x = &a->remitted.items[i], *y = &b->remitted.items[i];
        same_symbols(a, x->claim, b, y->claim);
        same_symbols(a, x->control, b, y->control);
        same_symbols(a, x->procedure, b, y->procedure);
        cr_assert(x->row == y->row && x->kind == y->kind && x->number == y->number && x->charge == y->charge &&
                      x->date == y->date && x->dated == y->dated && x->reversal == y->reversal &&
                      x->occurrence == y->occurrence,
                  "answer %zu", i);
    }
    cr_assert_eq(memcmp(a->feeds, b->feeds, sizeof a->feeds), 0);
    cr_assert(a->history_is_own == b->history_is_own && a->eligibility_has_holes == b->eligibility_has_holes &&
              a->remittance_has_holes == b->remittance_has_holes && a->schedule_has_holes == b->schedule_has_holes);
}

static inline void same_problems(const adj_encounters *a, const adj_encounters *b)
{
    size_t count = adj_encounters_problem_count(a), others = adj_encounters_problem_count(b);
    for (size_t i = 0; i < count && i < others; i++) {
        adj_problem x = adj_encounters_problem(a, i), y = adj_encounters_problem(b, i);
        cr_assert_str_eq(x.message, y.message);
        cr_assert_str_eq(x.code, y.code);
        cr_assert_str_eq(x.file, y.file);
        cr_assert_str_eq(x.claim == NULL ? "" : x.claim, y.claim == NULL ? "" : y.claim);
        cr_assert(x.severity == y.severity && x.segment == y.segment && x.line == y.line && x.column == y.column,
                  "%s: segment %zu, line %zu, column %zu; and segment %zu, line %zu, column %zu", x.message, x.segment,
                  x.line, x.column, y.segment, y.line, y.column);
    }
    cr_assert_eq(count, others);
}

static inline void same_encounters(const adj_encounters *a, const adj_encounters *b)
{
    same_problems(a, b);
    same_texts(&a->store.members, &b->store.members);
    same_rows(&a->store, &b->store);
    same_extras(&a->store, &b->store);
    cr_assert_eq(adj_encounters_claim_count(a), adj_encounters_claim_count(b));
    cr_assert_eq(adj_encounters_rejected_count(a), adj_encounters_rejected_count(b));
    cr_assert_eq(((const read_encounters *)a)->rejected_claims, ((const read_encounters *)b)->rejected_claims);
}

#endif
