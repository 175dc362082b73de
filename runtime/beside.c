/* Pairs of a line and another of its claim. Nearly all of them end at the gate; what else it takes to count, a window, whether the other line
 * counts as a service, is asked of those alone for which the `where` holds, or may. */
#include "runtime/beside.h"

#include <string.h>

/* With more lines of a claim, other ways are better; of few a block is taken whole. */
enum { FEW_LINES = 32, BLOCK = 8 };

/* Pairs of a line, by its place among the subjects at hand, and another of its claim, by its place there: one number. And what the gate asks a
 * file by. */
typedef struct met_pairs {
    size_t count;
    uint16_t pairs[RUN_ITEMS + FEW_LINES + 2 * BLOCK];
    uint64_t sums[RUN_ITEMS + FEW_LINES + 2 * BLOCK];
} met_pairs;

/* Pairs that the gate let through. */
typedef struct left_pairs {
    size_t count;
    uint32_t rows[2 * RUN_ITEMS];
    uint16_t owners[2 * RUN_ITEMS];
} left_pairs;

/* The lines of a claim, and what the gate asks of each. */
typedef struct claim {
    int64_t number;
    const uint32_t *rows; /* NULL while there is none */
    size_t count;
    size_t self; /* the place of the subject before */
    bool doubts; /* of one of them nothing can be said by the sum */
    const uint64_t *sums;
    const uint8_t *doubtful;
    uint64_t own_sums[FEW_LINES + BLOCK];
    uint8_t own_doubtful[FEW_LINES];
} claim;

/* What the gate asks of lines as the others of a claim, for all subjects at once: nearly always the lines of a claim stand there one behind the
 * other. */
typedef struct others {
    uint64_t sums[RUN_ITEMS + FEW_LINES + BLOCK];
    uint8_t doubtful[RUN_ITEMS + FEW_LINES];
    bool doubts;
} others;

typedef struct pairing {
    run_context *context;
    run_vectors *vectors;
    const plan_aggregate *aggregate;
    const run_gate *gate;
    const uint32_t *lines; /* the subjects */
    size_t count;
    others others;
    const run_vector *bound;
    run_value *results;
    bool *open;
    claim claim;
    met_pairs met;
    left_pairs left;
    bool failed;
} pairing;

bool run_can_pair(const plan_aggregate *aggregate, const run_gate *gate)
{
    return gate != NULL && aggregate->collection == LANG_COLLECTION_CLAIM_LINES && run_gate_adds_up(gate);
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
        if (truth != RUN_FALSE) run_tally(p->aggregate->kind, truth, &element, &p->results[owner], &p->open[owner]);
    }
    p->context->scratch.count = scratch;
}

/* Takes up to RUN_ITEMS of the pairs that are left. Where one decides, no more than `each` of a subject's, and none of those that are decided:
 * the others stay, or go. */
static size_t take_left(pairing *p, size_t each, uint32_t *subjects, uint32_t *rows, uint16_t *owners)
{
    left_pairs *left = &p->left;
    bool one = p->aggregate->one_decides;
    size_t taken = 0, kept = 0;
    for (size_t i = 0; i < left->count; i++) {
        uint16_t owner = left->owners[i];
        uint32_t row = left->rows[i];
        if (one && p->results[owner].bits > 0) continue;
        bool later = taken == RUN_ITEMS || (one && taken >= each && owners[taken - each] == owner);
        if (later) {
            left->owners[kept] = owner;
            left->rows[kept++] = row;
            continue;
        }
        subjects[taken] = p->lines[owner];
        rows[taken] = row;
        owners[taken++] = owner;
    }
    left->count = kept;
    return taken;
}

/* Some of those that are left, where what else the gate asks does not shut them out. */
static void judge_some(pairing *p, size_t each)
{
    uint32_t subjects[RUN_ITEMS], rows[RUN_ITEMS];
    uint16_t owners[RUN_ITEMS];
    uint8_t opens[RUN_ITEMS];
    size_t count = take_left(p, each, subjects, rows, owners), kept = 0;
    memset(opens, 1, count);
    if (run_gate_asks_more(p->gate)) run_gate_ask(p->gate, p->context, subjects, rows, count, opens);
    for (size_t i = 0; i < count; i++) {
        subjects[kept] = subjects[i];
        rows[kept] = rows[i];
        owners[kept] = owners[i];
        kept += opens[i] != 0;
    }
    if (kept > 0) judge_pairs(p, subjects, rows, owners, kept);
}

/* Those that are left, until less than some are. */
static void judge(pairing *p, size_t until)
{
    for (size_t each = 1; p->left.count >= until; each *= 2) judge_some(p, each);
}

static void leave(pairing *p, size_t owner, uint32_t row)
{
    left_pairs *left = &p->left;
    left->rows[left->count] = row;
    left->owners[left->count++] = (uint16_t)owner;
}

/* The lines of a subject's claim. */
static const uint32_t *lines_beside(const pairing *p, size_t owner)
{
    const run_groups *groups = &p->context->binding->store->lines_of_claim;
    return groups->rows + groups->starts[run_column_bits(&p->context->columns[LANG_FIELD_line_claim], p->lines[owner])];
}

/* Keeps those of the first pairs that were met to which the gate opens. */
static void ask(pairing *p, size_t count)
{
    uint64_t opens[RUN_ITEMS / 64];
    met_pairs *met = &p->met;
    run_gate_ask_sums(p->gate, met->sums, count, opens);
    for (size_t w = 0; w * 64 < count; w++) {
        for (uint64_t bits = opens[w]; bits != 0; bits &= bits - 1) {
            size_t pair = met->pairs[w * 64 + (size_t)__builtin_ctzll(bits)], owner = pair / FEW_LINES;
            leave(p, owner, lines_beside(p, owner)[pair % FEW_LINES]);
        }
    }
    met->count -= count;
    memmove(met->pairs, met->pairs + count, met->count * sizeof *met->pairs);
    memmove(met->sums, met->sums + count, met->count * sizeof *met->sums);
    judge(p, RUN_ITEMS);
}

/* Registers that all processors have, wherever their numbers lie. */
typedef uint16_t eight_pairs __attribute__((vector_size(16), aligned(2), may_alias));
typedef uint64_t two_sums __attribute__((vector_size(16), aligned(8), may_alias));

/* A block of pairs, more than there are: what stands past them is written over. */
static inline void put_block(met_pairs *met, size_t at, size_t pair, uint64_t sum, const uint64_t *sums)
{
    const eight_pairs steps = {0, 1, 2, 3, 4, 5, 6, 7};
    *(eight_pairs *)(met->pairs + at) = steps + (uint16_t)pair;
    for (size_t k = 0; k < BLOCK; k += 2) *(two_sums *)(met->sums + at + k) = *(const two_sums *)(sums + k) + sum;
}

/* Where something is not known, that pair is left at once. */
static void meet_doubtful(pairing *p, size_t owner, uint64_t sum, bool doubtful)
{
    const claim *c = &p->claim;
    met_pairs *met = &p->met;
    for (size_t k = 0; k < c->count; k++) {
        if (k == c->self && p->aggregate->without_subject) continue;
        if (doubtful || c->doubtful[k]) {
            leave(p, owner, c->rows[k]);
            continue;
        }
        met->pairs[met->count] = (uint16_t)(owner * FEW_LINES + k);
        met->sums[met->count++] = sum + c->sums[k];
    }
    judge(p, RUN_ITEMS);
}

/* A subject and all lines of its claim, which is at hand. */
static void meet(pairing *p, size_t owner, uint64_t sum, bool doubtful)
{
    met_pairs *met = &p->met;
    const claim *c = &p->claim;
    size_t at = met->count, first = owner * FEW_LINES, self = c->self;
    if (doubtful || c->doubts) {
        meet_doubtful(p, owner, sum, doubtful);
    } else if (!p->aggregate->without_subject || self == c->count) {
        for (size_t k = 0; k < c->count; k += BLOCK) put_block(met, at + k, first + k, sum, c->sums + k);
        met->count = at + c->count;
    } else {
        for (size_t k = 0; k < self; k += BLOCK) put_block(met, at + k, first + k, sum, c->sums + k);
        for (size_t k = self + 1; k < c->count; k += BLOCK) put_block(met, at + k - 1, first + k, sum, c->sums + k);
        met->count = at + c->count - 1;
    }
    if (met->count >= RUN_ITEMS) ask(p, RUN_ITEMS);
}

/* Finds what the gate asks of the lines of the claim at hand, of which the first may be a subject. */
static void find_sums(pairing *p, size_t owner)
{
    claim *c = &p->claim;
    if (c->count <= p->count - owner && memcmp(c->rows, p->lines + owner, c->count * sizeof *c->rows) == 0) {
        c->sums = p->others.sums + owner;
        c->doubtful = p->others.doubtful + owner;
        c->doubts = false;
        for (size_t k = 0; p->others.doubts && k < c->count; k++) c->doubts = c->doubts || c->doubtful[k] != 0;
        return;
    }
    c->sums = c->own_sums;
    c->doubtful = c->own_doubtful;
    c->doubts = run_gate_sums(p->gate, c->rows, c->count, true, c->own_sums, c->own_doubtful);
}

/* Makes a line's claim the one at hand, and finds the line there; false where it has too many lines. */
static bool take_claim(pairing *p, int64_t number, size_t owner)
{
    claim *c = &p->claim;
    uint32_t line = p->lines[owner];
    bool again = c->rows != NULL && c->number == number;
    if (!again) {
        const run_groups *groups = &p->context->binding->store->lines_of_claim;
        c->number = number;
        c->rows = groups->rows + groups->starts[number];
        c->count = groups->starts[number + 1] - groups->starts[number];
        if (c->count <= FEW_LINES) find_sums(p, owner);
    }
    if (c->count > FEW_LINES) return false;
    size_t self = again && c->self + 1 < c->count ? c->self + 1 : 0;
    if (c->rows[self] != line)
        for (self = 0; self < c->count && c->rows[self] != line;) self++;
    c->self = self;
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
    p.count = count;
    p.bound = bound;
    p.results = results;
    p.open = open;
    p.failed = false;
    p.claim.number = 0;
    p.claim.rows = NULL;
    p.claim.count = p.claim.self = 0;
    p.claim.doubts = false;
    p.met.count = p.left.count = 0;
    bool extreme = p.aggregate->kind == PLAN_MINIMUM || p.aggregate->kind == PLAN_MAXIMUM;
    const run_value nothing = {0, 0, extreme ? RUN_ABSENT : RUN_PRESENT};
    run_gate_sums(gate, lines, count, false, sums, doubtful);
    p.others.doubts = run_gate_sums(gate, lines, count, true, p.others.sums, p.others.doubtful);
    for (size_t i = 0; i < count; i++) {
        paired[i] =
            !done[i] && claims->states[lines[i]] == RUN_PRESENT && take_claim(&p, run_column_bits(claims, lines[i]), i);
        if (!paired[i]) continue;
        results[i] = nothing;
        open[i] = false;
        meet(&p, i, sums[i], doubtful[i] != 0);
    }
    if (p.met.count > 0) ask(&p, p.met.count);
    judge(&p, 1);
    return !p.failed;
}
