/* Pairs of a line and another of its claim. Nearly all of them end at the gate; what else it takes to count, a window, whether the other line
 * counts as a service, is asked of those alone for which the `where` holds, or may. */
#include "runtime/beside.h"

#include <string.h>

/* With more lines of a claim, other ways are better. */
enum { FEW_LINES = 32 };

/* Pairs, with the place of the first line among the subjects at hand. */
typedef struct pairs {
    size_t count;
    uint32_t subjects[2 * RUN_ITEMS], rows[2 * RUN_ITEMS];
    uint16_t owners[2 * RUN_ITEMS];
} pairs;

typedef struct pairing {
    run_context *context;
    run_vectors *vectors;
    const plan_aggregate *aggregate;
    const run_gate *gate;
    const run_vector *bound;
    run_value *results;
    bool *open;
    pairs met, left; /* before the gate, and behind it */
    bool failed;
} pairing;

bool run_can_pair(const plan_aggregate *aggregate, const run_gate *gate)
{
    return gate != NULL && aggregate->collection == LANG_COLLECTION_CLAIM_LINES;
}

/* Takes away the first of some pairs. */
static void drop(pairs *p, size_t count)
{
    p->count -= count;
    memmove(p->subjects, p->subjects + count, p->count * sizeof *p->subjects);
    memmove(p->rows, p->rows + count, p->count * sizeof *p->rows);
    memmove(p->owners, p->owners + count, p->count * sizeof *p->owners);
}

/* Judges pairs, and adds those that count to what their subjects have. */
static void judge(pairing *p, size_t count)
{
    const pairs *left = &p->left;
    const run_vector *truths, *values;
    uint32_t scratch = p->context->scratch.count;
    if (!run_judge_vectors(p->vectors, p->context, p->aggregate, left->subjects, left->rows, count, &truths, &values)) {
        p->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        run_element element = run_element_of(truths, values, i);
        if (element.truth == RUN_FALSE) continue;
        size_t owner = left->owners[i];
        run_window window;
        run_find_window(p->context, p->aggregate, left->subjects[i], p->bound->bits[owner], p->bound->states[owner],
                        &window);
        run_truth admitted = run_admitted(p->context, p->aggregate, &window, left->subjects[i], left->rows[i]);
        run_truth truth = run_truth_and(admitted, (run_truth)element.truth);
        if (truth != RUN_FALSE)
            run_tally(p->aggregate->kind, truth, &element, &p->results[owner], &p->open[owner]);
    }
    p->context->scratch.count = scratch;
    drop(&p->left, count);
}

/* Keeps those of the pairs that were met to which the gate opens: without a branch, since that is not to be foreseen. */
static void ask(pairing *p, size_t count)
{
    uint8_t opens[RUN_ITEMS];
    pairs *met = &p->met, *left = &p->left;
    run_gate_ask(p->gate, p->context, met->subjects, met->rows, count, opens);
    size_t kept = left->count;
    for (size_t i = 0; i < count; i++) {
        left->subjects[kept] = met->subjects[i];
        left->rows[kept] = met->rows[i];
        left->owners[kept] = met->owners[i];
        kept += opens[i] != 0;
    }
    left->count = kept;
    drop(met, count);
    if (left->count >= RUN_ITEMS) judge(p, RUN_ITEMS);
}

/* A subject and all lines of its claim. */
static void meet(pairing *p, uint32_t line, size_t owner, const uint32_t *rows, size_t count)
{
    pairs *met = &p->met;
    size_t at = met->count;
    bool itself = !p->aggregate->without_subject;
    for (size_t i = 0; i < count; i++) {
        met->subjects[at] = line;
        met->rows[at] = rows[i];
        met->owners[at] = (uint16_t)owner;
        at += itself | (rows[i] != line);
    }
    met->count = at;
    if (met->count >= RUN_ITEMS) ask(p, RUN_ITEMS);
}

bool run_pair(run_context *context, run_vectors *vectors, uint32_t index, const run_gate *gate, const uint32_t *lines,
              const run_vector *bound, size_t count, const bool *done, bool *paired, run_value *results, bool *open)
{
    const run_groups *groups = &context->binding->store->lines_of_claim;
    const run_column *claims = &context->columns[LANG_FIELD_line_claim];
    pairing p;
    p.context = context;
    p.vectors = vectors;
    p.aggregate = &context->binding->plan->aggregates.items[index];
    p.gate = gate;
    p.bound = bound;
    p.results = results;
    p.open = open;
    p.failed = false;
    p.met.count = p.left.count = 0;
    bool extreme = p.aggregate->kind == PLAN_MINIMUM || p.aggregate->kind == PLAN_MAXIMUM;
    const run_value nothing = {0, 0, extreme ? RUN_ABSENT : RUN_PRESENT};
    for (size_t i = 0; i < count; i++) {
        paired[i] = false;
        if (done[i] || claims->states[lines[i]] != RUN_PRESENT) continue;
        size_t claim = (size_t)run_column_bits(claims, lines[i]), first = groups->starts[claim],
               own = groups->starts[claim + 1] - first;
        if (own > FEW_LINES) continue;
        paired[i] = true;
        results[i] = nothing;
        open[i] = false;
        meet(&p, lines[i], i, groups->rows + first, own);
    }
    if (p.met.count > 0) ask(&p, p.met.count);
    if (p.left.count > 0) judge(&p, p.left.count);
    return !p.failed;
}
