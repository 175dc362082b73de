/* Pairs of a line and another of its claim. Nearly all of them end at the gate; what else it takes to count, a window, whether the other line
 * counts as a service, is asked of those alone for which the `where` holds, or may. */
#include "runtime/beside.h"

#include <string.h>

/* With more lines of a claim, other ways are better. */
enum { FEW_LINES = 32 };

/* Pairs: a line's place among the subjects at hand, and another line; and of those that were only met what the gate asks a file by. */
typedef struct pairs {
    size_t count;
    uint32_t rows[2 * RUN_ITEMS];
    uint16_t owners[2 * RUN_ITEMS];
    uint64_t sums[2 * RUN_ITEMS];
    uint8_t doubtful[2 * RUN_ITEMS];
} pairs;

/* The lines of a claim, and what the gate asks of each. */
typedef struct claim {
    int64_t number; /* -1 for none */
    const uint32_t *rows;
    size_t count;
    uint64_t sums[FEW_LINES];
    uint8_t doubtful[FEW_LINES];
} claim;

typedef struct pairing {
    run_context *context;
    run_vectors *vectors;
    const plan_aggregate *aggregate;
    const run_gate *gate;
    const uint32_t *lines; /* the subjects */
    const run_vector *bound;
    run_value *results;
    bool *open;
    claim claim;
    pairs met, left; /* before the gate, and behind it */
    bool failed;
} pairing;

bool run_can_pair(const plan_aggregate *aggregate, const run_gate *gate)
{
    return gate != NULL && aggregate->collection == LANG_COLLECTION_CLAIM_LINES && run_gate_adds_up(gate);
}

/* Takes away the first of some pairs, of which few are left. */
static void drop(pairs *p, size_t count)
{
    p->count -= count;
    memmove(p->rows, p->rows + count, p->count * sizeof *p->rows);
    memmove(p->owners, p->owners + count, p->count * sizeof *p->owners);
    memmove(p->sums, p->sums + count, p->count * sizeof *p->sums);
    memmove(p->doubtful, p->doubtful + count, p->count);
}

/* Judges pairs, and adds those that count to what their subjects have. */
static void judge_pairs(pairing *p, const uint32_t *subjects, const uint32_t *rows, const uint16_t *owners,
                        size_t count)
{
    const run_vector *truths, *values;
    uint32_t scratch = p->context->scratch.count;
    if (!run_judge_vectors(p->vectors, p->context, p->aggregate, subjects, rows, count, &truths, &values)) {
        p->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        run_element element = run_element_of(truths, values, i);
        if (element.truth == RUN_FALSE) continue;
        size_t owner = owners[i];
        run_window window;
        run_find_window(p->context, p->aggregate, subjects[i], p->bound->bits[owner], p->bound->states[owner], &window);
        run_truth admitted = run_admitted(p->context, p->aggregate, &window, subjects[i], rows[i]);
        run_truth truth = run_truth_and(admitted, (run_truth)element.truth);
        if (truth != RUN_FALSE)
            run_tally(p->aggregate->kind, truth, &element, &p->results[owner], &p->open[owner]);
    }
    p->context->scratch.count = scratch;
}

/* The first of those that are left, where what else the gate asks does not shut them out. */
static void judge(pairing *p, size_t count)
{
    uint32_t subjects[RUN_ITEMS], rows[RUN_ITEMS];
    uint16_t owners[RUN_ITEMS];
    uint8_t opens[RUN_ITEMS];
    const pairs *left = &p->left;
    for (size_t i = 0; i < count; i++) subjects[i] = p->lines[left->owners[i]];
    memset(opens, 1, count);
    if (run_gate_asks_more(p->gate)) run_gate_ask(p->gate, p->context, subjects, left->rows, count, opens);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        subjects[kept] = subjects[i];
        rows[kept] = left->rows[i];
        owners[kept] = left->owners[i];
        kept += opens[i] != 0;
    }
    if (kept > 0) judge_pairs(p, subjects, rows, owners, kept);
    drop(&p->left, count);
}

/* Keeps those of the pairs that were met to which the gate opens: without a branch, since that is not to be foreseen. */
static void ask(pairing *p, size_t count)
{
    uint8_t opens[RUN_ITEMS];
    pairs *met = &p->met, *left = &p->left;
    run_gate_ask_sums(p->gate, met->sums, count, opens);
    size_t kept = left->count;
    for (size_t i = 0; i < count; i++) {
        left->rows[kept] = met->rows[i];
        left->owners[kept] = met->owners[i];
        kept += (opens[i] | met->doubtful[i]) != 0;
    }
    left->count = kept;
    drop(met, count);
    if (left->count >= RUN_ITEMS) judge(p, RUN_ITEMS);
}

/* A subject and all lines of its claim. */
static void meet(pairing *p, size_t owner, uint64_t sum, uint8_t doubtful)
{
    pairs *met = &p->met;
    const claim *c = &p->claim;
    uint32_t line = p->lines[owner];
    size_t at = met->count;
    bool itself = !p->aggregate->without_subject;
    for (size_t i = 0, count = c->count; i < count; i++) {
        met->rows[at] = c->rows[i];
        met->owners[at] = (uint16_t)owner;
        met->sums[at] = sum + c->sums[i];
        met->doubtful[at] = doubtful | c->doubtful[i];
        at += itself | (c->rows[i] != line);
    }
    met->count = at;
    if (met->count >= RUN_ITEMS) ask(p, RUN_ITEMS);
}

/* Makes a claim the one at hand; false where it has too many lines. */
static bool take_claim(pairing *p, int64_t number)
{
    const run_groups *groups = &p->context->binding->store->lines_of_claim;
    claim *c = &p->claim;
    if (c->number == number) return c->count <= FEW_LINES;
    c->number = number;
    c->rows = groups->rows + groups->starts[number];
    c->count = groups->starts[number + 1] - groups->starts[number];
    if (c->count > FEW_LINES) return false;
    run_gate_sums(p->gate, c->rows, c->count, true, c->sums, c->doubtful);
    return true;
}

bool run_pair(run_context *context, run_vectors *vectors, uint32_t index, const run_gate *gate, const uint32_t *lines,
              const run_vector *bound, size_t count, const bool *done, bool *paired, run_value *results, bool *open)
{
    const run_column *claims = &context->columns[LANG_FIELD_line_claim];
    uint64_t sums[RUN_ITEMS];
    uint8_t doubtful[RUN_ITEMS];
    pairing p;
    p.context = context;
    p.vectors = vectors;
    p.aggregate = &context->binding->plan->aggregates.items[index];
    p.gate = gate;
    p.lines = lines;
    p.bound = bound;
    p.results = results;
    p.open = open;
    p.failed = false;
    p.claim.number = -1;
    p.met.count = p.left.count = 0;
    bool extreme = p.aggregate->kind == PLAN_MINIMUM || p.aggregate->kind == PLAN_MAXIMUM;
    const run_value nothing = {0, 0, extreme ? RUN_ABSENT : RUN_PRESENT};
    run_gate_sums(gate, lines, count, false, sums, doubtful);
    for (size_t i = 0; i < count; i++) {
        paired[i] = !done[i] && claims->states[lines[i]] == RUN_PRESENT &&
                    take_claim(&p, run_column_bits(claims, lines[i]));
        if (!paired[i]) continue;
        results[i] = nothing;
        open[i] = false;
        meet(&p, i, sums[i], doubtful[i]);
    }
    if (p.met.count > 0) ask(&p, p.met.count);
    if (p.left.count > 0) judge(&p, p.left.count);
    return !p.failed;
}
