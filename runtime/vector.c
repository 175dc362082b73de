/* Steps for many subjects at a time. */
#include "runtime/vector.h"

#include <string.h>

/* Loops go on to the next multiple of a register of bytes: what stands past the last item means nothing. */
enum { LANE = 16, AHEAD = 16 };
#define ROUNDED(count) (((count) + LANE - 1) / LANE * LANE)

typedef struct cell {
    run_vector vector;
    uint32_t mark;         /* of the subjects that it was worked out for */
    const uint32_t *frame; /* of FRAME: the rows, all of them there; NULL for others */
    bool in_a_row;         /* and one behind the other */
} cell;

/* The steps that a block's RETURN follows from: days are left out that no set and no table asks for. Of a FRAME from which only fields are
 * read the rows alone are needed: ROWS_ALONE is set. */
enum { ROWS_ALONE_BIT = 31 };
#define ROWS_ALONE (UINT32_C(1) << ROWS_ALONE_BIT)
typedef struct run_needed {
    uint32_t count;
    uint32_t steps[];
} run_needed;

struct run_vectors {
    base_allocator allocator;
    run_context *context;
    base_arena arena;
    cell *cells; /* by step of a block */
    uint32_t mark;
    uint32_t block;
    const uint32_t *subjects, *elements;
    size_t count;
    run_vector nothing; /* stands for an operand that a step has not: nobody told it of any item */
    /* Memory of vectors, used again for the next subjects. */
    BASE_ARRAY(int64_t *) numbers;
    BASE_ARRAY(uint8_t *) bytes;
    size_t numbers_used, bytes_used;
    void *kept;
    run_vectors *inner;
};

run_vectors *run_vectors_new(const base_allocator *allocator, run_context *context)
{
    run_vectors *v = allocator->reallocate(allocator->state, NULL, sizeof *v);
    if (v == NULL) return NULL;
    memset(v, 0, sizeof *v);
    v->allocator = *allocator;
    v->context = context;
    base_arena_init(&v->arena, allocator);
    v->cells = base_arena_alloc(&v->arena, (context->block_room + 1) * sizeof *v->cells);
    v->nothing.bits = base_arena_alloc(&v->arena, RUN_ITEMS * sizeof *v->nothing.bits);
    v->nothing.states = base_arena_alloc(&v->arena, RUN_ITEMS);
    if (!v->arena.failed) return v;
    run_vectors_free(v);
    return NULL;
}

void run_vectors_free(run_vectors *v)
{
    while (v != NULL) {
        run_vectors *inner = v->inner;
        base_allocator allocator = v->allocator;
        base_arena_release(&v->arena);
        allocator.reallocate(allocator.state, v, 0);
        v = inner;
    }
}

run_vectors *run_vectors_inner(run_vectors *v)
{
    if (v->inner == NULL) v->inner = run_vectors_new(&v->allocator, v->context);
    return v->inner;
}

void run_vectors_begin(run_vectors *v, uint32_t block, const uint32_t *subjects, const uint32_t *elements, size_t count)
{
    v->block = block;
    v->subjects = subjects;
    v->elements = elements;
    v->count = count;
    v->numbers_used = v->bytes_used = 0;
    if (++v->mark != 0) return;
    memset(v->cells, 0, (v->context->block_room + 1) * sizeof *v->cells);
    v->mark = 1;
}

uint32_t run_vectors_mark(const run_vectors *v)
{
    return v->mark;
}

void *run_vectors_keep(run_vectors *v, size_t size)
{
    if (v->kept == NULL) v->kept = base_arena_alloc(&v->arena, size);
    return v->kept;
}

const run_vector *run_vectors_get(const run_vectors *v, uint32_t step)
{
    return &v->cells[step].vector;
}

static int64_t *new_numbers(run_vectors *v)
{
    if (v->numbers_used == v->numbers.count) {
        int64_t *memory = base_arena_alloc(&v->arena, RUN_ITEMS * sizeof *memory);
        int64_t **slot = memory == NULL ? NULL : BASE_PUSH(&v->arena, &v->numbers);
        if (slot == NULL) return NULL;
        *slot = memory;
    }
    return v->numbers.items[v->numbers_used++];
}

static uint8_t *new_bytes(run_vectors *v)
{
    if (v->bytes_used == v->bytes.count) {
        uint8_t *memory = base_arena_alloc(&v->arena, RUN_ITEMS);
        uint8_t **slot = memory == NULL ? NULL : BASE_PUSH(&v->arena, &v->bytes);
        if (slot == NULL) return NULL;
        *slot = memory;
    }
    return v->bytes.items[v->bytes_used++];
}

static bool make_room(run_vectors *v, const plan_step *step, run_vector *to)
{
    bool truth = plan_gives_truth(step->operation), bounds = step->operation == PLAN_AGGREGATE;
    *to = (run_vector){.truth = truth, .bits = v->nothing.bits, .states = new_bytes(v)};
    if (!truth) to->bits = new_numbers(v);
    if (bounds) to->high = new_numbers(v);
    return to->states != NULL && to->bits != NULL && (!bounds || to->high != NULL);
}

/* What an operand gave; nothing where it was not needed. */
static const run_vector *operand(const run_vectors *v, uint32_t step)
{
    return step == PLAN_NO_STEP || v->cells[step].mark != v->mark ? &v->nothing : &v->cells[step].vector;
}

/* ---- which steps of a block are needed ---- */

enum { NEEDED = 1, AS_VALUE = 2 };

static run_needed *find_needed(const run_context *context, const plan_block *block)
{
    size_t count = block->steps.count;
    run_needed *needed = base_arena_alloc(context->arena, sizeof *needed + (count + 1) * sizeof *needed->steps);
    uint8_t *marks = base_arena_alloc(context->arena, count + 1);
    if (needed == NULL || marks == NULL) return NULL;
    for (size_t i = count; i-- > 0;) {
        const plan_step *step = &block->steps.items[i];
        if (step->operation != PLAN_RETURN && marks[i] == 0) continue;
        uint32_t sources[PLAN_LOOKUP_LIMIT + 1];
        uint32_t own = plan_step_sources(context->binding->plan, block, step, sources);
        for (uint32_t k = 0; k < own; k++)
            marks[sources[k]] |= step->operation == PLAN_LOAD ? NEEDED : NEEDED | AS_VALUE;
    }
    for (uint32_t i = 0; i < count; i++) {
        bool rows = block->steps.items[i].operation == PLAN_FRAME && (marks[i] & AS_VALUE) == 0;
        if (marks[i] != 0) needed->steps[needed->count++] = i | (rows ? ROWS_ALONE : 0);
    }
    return needed;
}

/* Those of the block at hand, which stay the same for all of a run; NULL when memory runs out. */
static const run_needed *needed_steps(const run_vectors *v)
{
    run_context *context = v->context;
    const plan_program *plan = context->binding->plan;
    if (context->needed_of == NULL)
        context->needed_of = base_arena_alloc(context->arena, (plan->blocks.count + 1) * sizeof *context->needed_of);
    if (context->needed_of == NULL) return NULL;
    run_needed **needed = &context->needed_of[v->block];
    if (*needed == NULL) *needed = find_needed(context, &plan->blocks.items[v->block]);
    return *needed;
}

/* ---- loops ---- */

static void frame(const run_vectors *v, const plan_step *step, const run_vector *to)
{
    const uint32_t *rows = step->number == 0 ? v->subjects : v->elements;
    for (size_t i = 0; i < v->count; i++) {
        uint32_t row = rows == NULL ? RUN_NO_ROW : rows[i];
        to->bits[i] = row;
        to->states[i] = row == RUN_NO_ROW ? RUN_UNKNOWN : RUN_PRESENT;
    }
}

/* Whether rows stand one behind the other. */
static bool in_a_row(const uint32_t *rows, size_t count)
{
    uint32_t differ = 0;
    for (size_t i = 0; i < count; i++) differ |= rows[i] ^ (rows[0] + (uint32_t)i);
    return differ == 0;
}

/* Reads a field where it lies, if the rows stand one behind the other and nothing past the last is read of it: loops go on to a multiple of
 * LANE, and bits are taken of 64 states at a time. */
static bool lies_ready(const run_vectors *v, const plan_step *step, run_vector *vector)
{
    if (step->operation != PLAN_LOAD || !v->cells[step->a].in_a_row || v->count % 64 != 0) return false;
    const run_column *column = &v->context->columns[step->detail];
    if (column->narrow) return false;
    uint32_t first = v->cells[step->a].frame[0];
    *vector = (run_vector){.bits = run_column_wide(column) + first, .states = column->states + first};
    return true;
}

/* `narrow` is told where it is known, so that the loop is made for either. */
static inline void load_rows(const run_vectors *v, const run_column *column, bool narrow, const uint32_t *rows,
                             const run_vector *to)
{
    const int32_t *narrow_values = column->values;
    const int64_t *wide_values = column->values;
    for (size_t i = 0; i < v->count; i++) {
        uint32_t row = rows[i], ahead = rows[i + AHEAD < v->count ? i + AHEAD : i];
        __builtin_prefetch(narrow ? (const void *)&narrow_values[ahead] : (const void *)&wide_values[ahead]);
        __builtin_prefetch(&column->states[ahead]);
        to->states[i] = column->states[row];
        to->bits[i] = narrow ? narrow_values[row] : wide_values[row];
    }
}

static void widen(const int32_t *restrict from, size_t count, int64_t *restrict to)
{
    for (size_t i = 0; i < count; i++) to[i] = from[i];
}

/* A field of rows that are all there. */
static void load_frame(const run_vectors *v, const plan_step *step, const cell *frame, const run_vector *to)
{
    const uint32_t *rows = frame->frame;
    const run_column *column = &v->context->columns[step->detail];
    if (frame->in_a_row) {
        memcpy(to->states, column->states + rows[0], v->count);
        if (column->narrow) widen(run_column_narrow(column) + rows[0], v->count, to->bits);
        if (!column->narrow) memcpy(to->bits, run_column_wide(column) + rows[0], v->count * sizeof *to->bits);
        return;
    }
    if (column->narrow)
        load_rows(v, column, true, rows, to);
    else
        load_rows(v, column, false, rows, to);
}

static void load(const run_vectors *v, const plan_step *step, const run_vector *row, const run_vector *to)
{
    const run_column *column = &v->context->columns[step->detail];
    size_t width = run_column_width(column);
    for (size_t i = 0; i < v->count; i++) {
        if (i + AHEAD < v->count && row->states[i + AHEAD] == RUN_PRESENT) {
            __builtin_prefetch((const char *)column->values + (size_t)row->bits[i + AHEAD] * width);
            __builtin_prefetch(&column->states[row->bits[i + AHEAD]]);
        }
        bool there = row->states[i] == RUN_PRESENT;
        to->states[i] = there ? column->states[row->bits[i]] : row->states[i];
        to->bits[i] = there ? run_column_bits(column, (size_t)row->bits[i]) : 0;
    }
}

/* The same for every item. */
static void repeat(const run_vectors *v, const run_value *value, const run_vector *to)
{
    if (to->truth) {
        memset(to->states, (int)value->bits, v->count);
        return;
    }
    memset(to->states, value->state, v->count);
    for (size_t i = 0; i < v->count; i++) to->bits[i] = value->bits;
}

/* Truths, a byte each, LANE at a time. */
#define FOR_BYTES(v, expression)                                                                                       \
    for (size_t first_ = 0; first_ < ROUNDED((v)->count); first_ += LANE) {                                            \
        for (size_t i = first_; i < first_ + LANE; i++) to->states[i] = (uint8_t)(expression);                         \
    }

/* Kleene's connectives, and what follows from the state of a value alone. */
static bool logic(const run_vectors *v, const plan_step *step, const run_vector *to)
{
    const uint8_t *a = operand(v, step->a)->states, *b = operand(v, step->b)->states;
    switch (step->operation) {
    case PLAN_NOT: FOR_BYTES(v, (a[i] & RUN_TRUE) << 1 | a[i] >> 1) return true;
    case PLAN_AND: FOR_BYTES(v, (a[i] & b[i] & RUN_TRUE) | ((a[i] | b[i]) & RUN_FALSE)) return true;
    case PLAN_OR: FOR_BYTES(v, ((a[i] | b[i]) & RUN_TRUE) | (a[i] & b[i] & RUN_FALSE)) return true;
    case PLAN_DECIDE: FOR_BYTES(v, (a[i] & RUN_TRUE) | (b[i] & RUN_TRUE) << 1) return true;
    case PLAN_IS_PRESENT:
        FOR_BYTES(v, (a[i] == RUN_PRESENT ? RUN_TRUE : 0) | (a[i] == RUN_ABSENT ? RUN_FALSE : 0))
        return true;
    default: return false;
    }
}

#define FOR_BOTH(v, expression)                                                                                        \
    for (size_t i = 0; i < (v)->count; i++) {                                                                          \
        bool known = a->states[i] == RUN_PRESENT && b->states[i] == RUN_PRESENT;                                       \
        to->states[i] = (uint8_t)(!known ? RUN_NEITHER : (expression) ? RUN_TRUE : RUN_FALSE);                         \
    }

static bool compare(const run_vectors *v, const plan_step *step, const run_vector *to)
{
    const run_vector *a = operand(v, step->a), *b = operand(v, step->b);
    switch (step->operation) {
    case PLAN_EQUAL: FOR_BOTH(v, a->bits[i] == b->bits[i]) return true;
    case PLAN_LESS: FOR_BOTH(v, a->bits[i] < b->bits[i]) return true;
    case PLAN_AT_MOST: FOR_BOTH(v, a->bits[i] <= b->bits[i]) return true;
    case PLAN_SPAN_CONTAINS:
        FOR_BOTH(v, run_span_from(a->bits[i]) <= b->bits[i] && b->bits[i] <= run_span_to(a->bits[i]))
        return true;
    default: return false;
    }
}

static void to_truth(const run_vectors *v, const run_vector *a, const run_vector *to)
{
    for (size_t i = 0; i < v->count; i++)
        to->states[i] = (uint8_t)(a->states[i] != RUN_PRESENT ? RUN_NEITHER : a->bits[i] != 0 ? RUN_TRUE : RUN_FALSE);
}

static void or_else(const run_vectors *v, const run_vector *a, const run_vector *b, const run_vector *to)
{
    for (size_t i = 0; i < v->count; i++) {
        const run_vector *from = a->states[i] == RUN_ABSENT ? b : a;
        to->states[i] = from->states[i];
        to->bits[i] = from->bits[i];
    }
}

/* What is known of codes, as truths; gives whether some of them have to be asked of. Without a branch: which codes come is not to be
 * foreseen. A function of its own, so that all of it is in registers. */
static __attribute__((noinline)) bool known_members(const run_binding *binding, uint32_t set, const run_vector *codes,
                                                    size_t count, uint8_t *truths)
{
    _Static_assert((RUN_MEMBER_NO << 1 & 3) == RUN_FALSE && RUN_MEMBER_YES >> 1 == RUN_TRUE, "a truth from a member");
    _Static_assert(RUN_MEMBER_UNASKED == 0 && RUN_MEMBER_DATED == 3 && RUN_NEITHER == 0, "others are neither");
    const uint8_t *members = binding->set_members[set], *states = codes->states;
    const uint32_t *numbers = binding->code_numbers;
    const int64_t *bits = codes->bits;
    const uint64_t limit = binding->code_limit;
    unsigned others = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned member = __atomic_load_n(&members[run_code_number(numbers, limit, bits[i])], __ATOMIC_RELAXED);
        unsigned known = states[i] == RUN_PRESENT ? 3 : 0, truth = (member << 1 | member >> 1) & 3;
        truth = member == RUN_MEMBER_DATED ? 0 : truth;
        truths[i] = (uint8_t)(truth & known);
        others |= known & (truth == 0);
    }
    return others != 0;
}

/* Whether a set holds each code: by what is known of the code; where that depends on the day, by asking. */
static void set_holds(const run_vectors *v, const plan_step *step, const run_vector *to)
{
    const run_vector *a = operand(v, step->a), *b = operand(v, step->b);
    const run_binding *binding = v->context->binding;
    uint32_t set = (uint32_t)step->number;
    if (!known_members(binding, set, a, v->count, to->states)) return;
    for (size_t i = 0; i < v->count; i++) {
        if (a->states[i] != RUN_PRESENT) continue;
        uint8_t member = run_member_of(binding, set, a->bits[i]);
        if (member == RUN_MEMBER_DATED)
            to->states[i] = run_set_holds(v->context, set, a->bits[i], b->bits[i], b->states[i]);
        else
            to->states[i] = member == RUN_MEMBER_YES ? RUN_TRUE : RUN_FALSE;
    }
}

static void lookup(const run_vectors *v, const plan_step *step, const run_vector *to)
{
    const plan_block *block = &v->context->binding->plan->blocks.items[v->block];
    const int64_t *bits[PLAN_LOOKUP_LIMIT + 1];
    const uint8_t *states[PLAN_LOOKUP_LIMIT + 1];
    for (uint32_t i = 0; i < step->b; i++) {
        const run_vector *argument = operand(v, block->arguments.items[step->a + i]);
        bits[i] = argument->bits;
        states[i] = argument->states;
    }
    run_lookup_many(v->context, (uint32_t)step->number, bits, states, v->count, to->bits, to->states);
}

static void output(const run_vectors *v, const plan_step *step, const run_vector *to)
{
    const run_vector *a = operand(v, step->a);
    for (size_t i = 0; i < v->count; i++) {
        to->states[i] = a->states[i];
        to->bits[i] = 0;
        if (a->states[i] != RUN_PRESENT) continue;
        to->bits[i] = run_output(v->context, step->detail, (uint32_t)step->number, a->bits[i], &to->states[i]);
    }
}

/* Whatever has no loop of its own, item by item. */
static void each(const run_vectors *v, const plan_step *step, const run_vector *to)
{
    const plan_block *block = &v->context->binding->plan->blocks.items[v->block];
    const run_vector *operands[] = {operand(v, step->a), operand(v, step->b),
                                    operand(v, step->c == PLAN_NO_STEP ? step->b : step->c)};
    for (size_t i = 0; i < v->count; i++) {
        run_value a = run_vector_value(operands[0], i), b = run_vector_value(operands[1], i),
                  c = run_vector_value(operands[2], i);
        run_value value = run_evaluate_step(v->context, block, step, &a, &b, &c, v->subjects[i],
                                            v->elements == NULL ? RUN_NO_ROW : v->elements[i]);
        to->states[i] = to->truth ? (uint8_t)value.bits : value.state;
        if (!to->truth) to->bits[i] = value.bits;
    }
}

static bool evaluate(run_vectors *v, const plan_step *step, run_vector *to)
{
    const plan_block *block = &v->context->binding->plan->blocks.items[v->block];
    const run_vector *a = step->operation == PLAN_LOOKUP ? &v->nothing : operand(v, step->a);
    switch (step->operation) {
    case PLAN_FRAME: frame(v, step, to); return true;
    case PLAN_LOAD:
        if (v->cells[step->a].frame != NULL)
            load_frame(v, step, &v->cells[step->a], to);
        else
            load(v, step, a, to);
        return true;
    case PLAN_NUMBER:
    case PLAN_SYMBOL:
    case PLAN_LIST:
    case PLAN_TRUTH:
    case PLAN_KNOWN: {
        run_value value = run_evaluate_step(v->context, block, step, NULL, NULL, NULL, RUN_NO_ROW, RUN_NO_ROW);
        repeat(v, &value, to);
        return true;
    }
    case PLAN_TO_TRUTH: to_truth(v, a, to); return true;
    case PLAN_OR_ELSE: or_else(v, a, operand(v, step->b), to); return true;
    case PLAN_SET_HOLDS: set_holds(v, step, to); return true;
    case PLAN_LOOKUP: lookup(v, step, to); return true;
    case PLAN_OUTPUT: output(v, step, to); return true;
    case PLAN_AGGREGATE: return run_aggregate_many(v->context, v, (uint32_t)step->number, v->subjects, a, v->count, to);
    default: break;
    }
    if (!logic(v, step, to) && !compare(v, step, to)) each(v, step, to);
    return true;
}

bool run_vectors_run(run_vectors *v, const uint32_t *steps, size_t count)
{
    const plan_block *block = &v->context->binding->plan->blocks.items[v->block];
    if (steps == NULL) {
        const run_needed *needed = needed_steps(v);
        if (needed == NULL) return false;
        steps = needed->steps;
        count = needed->count;
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t number = steps[i] & ~ROWS_ALONE;
        const plan_step *step = &block->steps.items[number];
        cell *c = &v->cells[number];
        if (c->mark == v->mark) continue;
        c->frame = step->operation == PLAN_FRAME ? (step->number == 0 ? v->subjects : v->elements) : NULL;
        c->in_a_row = c->frame != NULL && in_a_row(c->frame, v->count);
        /* Nobody looks at it but those who read fields of its rows. */
        if ((steps[i] & ROWS_ALONE) != 0) continue;
        if (step->operation == PLAN_UPPER) {
            /* The same numbers under another name. */
            const run_vector *a = &v->cells[step->a].vector;
            c->vector = (run_vector){.bits = a->high == NULL ? a->bits : a->high, .states = a->states};
        } else if (!lies_ready(v, step, &c->vector) &&
                   (!make_room(v, step, &c->vector) || !evaluate(v, step, &c->vector))) {
            return false;
        }
        c->mark = v->mark;
    }
    return true;
}
