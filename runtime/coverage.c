/* What the tests of policies show: which clauses held and failed, which exceptions excused, which rows of tables were met. */
#include "runtime/handles.h"

#include <stdlib.h>
#include <string.h>

enum { EXCEPTIONS = 64 };

bool run_coverage_begin(adj_policies *policies)
{
    if (policies->coverage != NULL) return true;
    const plan_program *plan = policies->plan;
    base_arena *arena = &policies->arena;
    run_coverage *c = base_arena_alloc(arena, sizeof *c);
    if (c == NULL) return false;
    c->clauses = base_arena_alloc(arena, plan->clauses.count + 1);
    c->exceptions = base_arena_alloc(arena, (plan->clauses.count + 1) * sizeof *c->exceptions);
    c->table_rows = base_arena_alloc(arena, (plan->tables.count + 1) * sizeof *c->table_rows);
    for (size_t t = 0; c->table_rows != NULL && t < plan->tables.count; t++)
        c->table_rows[t] = base_arena_alloc(arena, plan->tables.items[t].row_count + 1);
    if (arena->failed) return false;
    policies->coverage = c;
    return true;
}

void run_coverage_note(adj_policies *policies, const lang_file *policy, run_context *context, base_arena *scratch,
                       uint32_t line, const uint8_t *verdicts)
{
    const plan_program *plan = policies->plan;
    run_coverage *c = policies->coverage;
    uint32_t own = 0;
    while (own < plan->policies.count && plan->policies.items[own].source != policy) own++;
    for (size_t i = 0; i < plan->clauses.count; i++) {
        if (!plan_judges(&plan->clauses.items[i], own)) continue;
        c->clauses[i] |= (uint8_t)(1U << verdicts[i]);
        if (verdicts[i] != ADJ_CLAUSE_EXCUSED) continue;
        adj_finding finding = {0};
        if (!run_explain(scratch, context, line, i, ADJ_CLAUSE_EXCUSED, verdicts, ADJ_EXPLAIN_EXCEPTIONS, &finding))
            continue;
        for (size_t e = 0; e < finding.exception_count && e < EXCEPTIONS; e++) {
            if (strcmp(finding.exceptions[e].result, "holds") == 0) c->exceptions[i] |= UINT64_C(1) << e;
        }
    }
}

/* ---- the list ---- */

typedef struct place {
    lang_span span;
    adj_covered covered;
} place;

typedef struct listing {
    adj_policies *policies;
    BASE_ARRAY(place) places; /* each as often as policies have it */
} listing;

static adj_covered *add_place(listing *l, lang_span span, adj_covered_kind kind)
{
    place *added = BASE_PUSH(&l->policies->arena, &l->places);
    if (added == NULL) return NULL;
    const lang_file *file = l->policies->program.files.items[span.file];
    size_t column;
    added->span = span;
    added->covered = (adj_covered){.kind = kind, .policy = file->full_name, .clause = "", .file = file->path};
    lang_position(file, span.start, &added->covered.line, &column);
    return &added->covered;
}

static void list_clauses(listing *l)
{
    const plan_program *plan = l->policies->plan;
    const run_coverage *c = l->policies->coverage;
    for (size_t i = 0; i < plan->clauses.count; i++) {
        const lang_clause *clause = plan->clauses.items[i].source;
        unsigned seen = c == NULL ? 0 : c->clauses[i];
        adj_covered *covered = add_place(l, clause->span, ADJ_COVERED_CLAUSE);
        if (covered == NULL) return;
        covered->name = clause->name.text;
        covered->held = (seen & (1U << ADJ_CLAUSE_PASS | 1U << ADJ_CLAUSE_EXCUSED)) != 0;
        covered->failed = (seen & 1U << ADJ_CLAUSE_FAIL) != 0;
        const plan_explanation *explanation = plan_explanation_of(plan, &plan->clauses.items[i]);
        if (explanation == NULL) l->policies->arena.failed = true;
        for (size_t e = 0; explanation != NULL && e < explanation->exceptions.count && e < EXCEPTIONS; e++) {
            const lang_exception *exception = explanation->exceptions.items[e];
            adj_covered *excused = add_place(l, exception->span, ADJ_COVERED_EXCEPTION);
            if (excused == NULL) return;
            excused->name = exception->name.text == NULL ? "" : exception->name.text;
            excused->clause = clause->name.text;
            excused->held = c != NULL && (c->exceptions[i] >> e & 1) != 0;
            excused->failed = true;
        }
    }
}

static void list_rows(listing *l)
{
    const plan_program *plan = l->policies->plan;
    for (size_t t = 0; t < plan->tables.count; t++) {
        const plan_table *table = &plan->tables.items[t];
        for (size_t r = 0; r < table->row_count; r++) {
            if (r + 1 >= table->source->rows.count) break; /* rows of files are not written */
            adj_covered *covered = add_place(l, table->source->rows.items[r + 1].span, ADJ_COVERED_TABLE_ROW);
            if (covered == NULL) return;
            covered->name = table->source->name.text;
            covered->held = l->policies->coverage != NULL && l->policies->coverage->table_rows[t][r] != 0;
            covered->failed = true;
        }
    }
}

static int by_place(const void *a, const void *b)
{
    const place *x = a, *y = b;
    if (x->span.file != y->span.file) return x->span.file < y->span.file ? -1 : 1;
    if (x->span.start != y->span.start) return x->span.start < y->span.start ? -1 : 1;
    return (int)x->covered.kind - (int)y->covered.kind;
}

/* What several policies have counts once. */
static adj_covered *merge(listing *l, size_t *count)
{
    adj_covered *list = base_arena_alloc(&l->policies->arena, (l->places.count + 1) * sizeof *list);
    *count = 0;
    for (size_t i = 0; list != NULL && i < l->places.count; i++) {
        const place *at = &l->places.items[i];
        bool same = i > 0 && by_place(at - 1, at) == 0;
        adj_covered *last = &list[same ? *count - 1 : (*count)++];
        if (!same) *last = at->covered;
        last->held = last->held || at->covered.held;
        last->failed = last->failed || at->covered.failed;
    }
    return list;
}

const adj_covered *adj_policies_coverage(adj_policies *policies, size_t *count)
{
    listing l = {.policies = policies};
    *count = 0;
    if (policies->plan == NULL) return NULL;
    list_clauses(&l);
    list_rows(&l);
    if (policies->arena.failed) return NULL;
    if (l.places.count > 0) qsort(l.places.items, l.places.count, sizeof *l.places.items, by_place);
    return merge(&l, count);
}
