/* The kernels without machine code: one step of a shape after the other, each over all lines of a batch, so that choosing what to
 * do costs next to nothing a line. Machine code must give the same words. */
#include "runtime/batch.h"
#include "runtime/compare.h"

#include <limits.h>
#include <string.h>

/* ---- registers ---- */

typedef struct run_value_register {
    const void *values; /* NULL: `number` on every line */
    const uint64_t *present, *absent;
    uint64_t width;
    int64_t number;
} value_register;

typedef struct machine {
    base_arena *columns;
    const run_lanes *lanes;
    const uint32_t *inputs; /* by slot: which of the lanes */
    const int64_t *constants;
    uint64_t words;
    uint64_t *truths; /* two times words each */
    value_register *values;
    const uint64_t *ones, *zeros;
    bool failed;
} machine;

static uint64_t *yes_of(const machine *m, uint16_t truth)
{
    return m->truths + truth * 2 * m->words;
}

static uint64_t *no_of(const machine *m, uint16_t truth)
{
    return yes_of(m, truth) + m->words;
}

/* Memory that is written before it is read. */
static void *room(machine *m, size_t size)
{
    void *memory = base_arena_alloc_raw(m->columns, size);
    if (memory == NULL) m->failed = true;
    return memory;
}

static const int64_t limits[4][2] = {
    {INT8_MIN, INT8_MAX}, {INT16_MIN, INT16_MAX}, {INT32_MIN, INT32_MAX}, {INT64_MIN, INT64_MAX}};

static int64_t value_at(const value_register *v, size_t i)
{
    if (v->values == NULL) return v->number;
    switch (v->width) {
    case 0: return ((const int8_t *)v->values)[i];
    case 1: return ((const int16_t *)v->values)[i];
    case 2: return ((const int32_t *)v->values)[i];
    default: return ((const int64_t *)v->values)[i];
    }
}

/* The same values in 64 bits: a loop for each width, so that compilers make vectors of it. */
static const int64_t *widened(machine *m, const value_register *v)
{
    if (v->values != NULL && v->width == 3) return v->values;
    size_t count = m->words * 64;
    int64_t *wide = room(m, count * sizeof *wide);
    if (wide == NULL) return NULL;
    const int8_t *bytes = v->values;
    const int16_t *halves = v->values;
    const int32_t *words = v->values;
    if (v->values == NULL) {
        for (size_t i = 0; i < count; i++) wide[i] = v->number;
    } else if (v->width == 0) {
        for (size_t i = 0; i < count; i++) wide[i] = (int64_t)bytes[i];
    } else if (v->width == 1) {
        for (size_t i = 0; i < count; i++) wide[i] = halves[i];
    } else {
        for (size_t i = 0; i < count; i++) wide[i] = words[i];
    }
    return wide;
}

static run_predicate turned(run_predicate p)
{
    return p == RUN_LESS ? RUN_MORE : p == RUN_AT_MOST ? RUN_AT_LEAST : p;
}

/* A column against a number that may lie outside what the column can hold. */
static void compare_number(const machine *m, run_predicate p, const value_register *column, int64_t number,
                           uint64_t *out)
{
    bool below = number<limits[column->width][0], above = number> limits[column->width][1];
    if (below || above) {
        bool all = p != RUN_EQUAL && (above ? p == RUN_LESS || p == RUN_AT_MOST : p == RUN_MORE || p == RUN_AT_LEAST);
        memset(out, all ? 0xFF : 0, m->words * sizeof *out);
        return;
    }
    int8_t narrow = (int8_t)number;
    int16_t half = (int16_t)number;
    int32_t word = (int32_t)number;
    const void *places[4] = {&narrow, &half, &word, &number};
    run_compare_here()(column->width, p, column->values, places[column->width], 0, m->words, out);
}

static void compare(machine *m, run_predicate p, const value_register *a, const value_register *b, uint64_t *out)
{
    if (a->values == NULL && b->values == NULL) {
        memset(out, run_holds(a->number, p, b->number) ? 0xFF : 0, m->words * sizeof *out);
    } else if (b->values == NULL) {
        compare_number(m, p, a, b->number, out);
    } else if (a->values == NULL) {
        compare_number(m, turned(p), b, a->number, out);
    } else if (a->width == b->width) {
        run_compare_here()(a->width, p, a->values, b->values, 1, m->words, out);
    } else {
        const int64_t *x = widened(m, a), *y = widened(m, b);
        if (x != NULL && y != NULL) run_compare_here()(3, p, x, y, 1, m->words, out);
    }
}

static void relate(machine *m, const plan_lane_step *step)
{
    const value_register *a = &m->values[step->a], *b = &m->values[step->b];
    run_predicate p = step->operation == PLAN_LANE_EQUAL  ? RUN_EQUAL
                      : step->operation == PLAN_LANE_LESS ? RUN_LESS
                                                          : RUN_AT_MOST;
    uint64_t *yes = yes_of(m, step->to), *no = no_of(m, step->to);
    compare(m, p, a, b, yes);
    for (uint64_t w = 0; w < m->words; w++) {
        uint64_t known = a->present[w] & b->present[w], holds = yes[w];
        yes[w] = known & holds;
        no[w] = known & ~holds;
    }
}

/* 64 sums or differences, and which of them are past the range: told by signs, in a loop that compilers make vectors of, and looked at one
 * by one only where there are any. */
#define SUMS_64(name, sign, differs)                                                                                   \
    static uint64_t name(const int64_t *restrict x, const int64_t *restrict y, int64_t *restrict sums)                 \
    {                                                                                                                  \
        int64_t any = 0;                                                                                               \
        uint64_t past = 0;                                                                                             \
        for (size_t i = 0; i < 64; i++) {                                                                              \
            sums[i] = (int64_t)((uint64_t)x[i] sign(uint64_t) y[i]);                                                   \
            any |= differs;                                                                                            \
        }                                                                                                              \
        for (size_t i = 0; any < 0 && i < 64; i++) past |= (uint64_t)((differs) < 0) << i;                             \
        return past;                                                                                                   \
    }
SUMS_64(add_64, +, (x[i] ^ sums[i]) & (y[i] ^ sums[i]))
SUMS_64(subtract_64, -, (x[i] ^ y[i]) & (x[i] ^ sums[i]))

/* Sums and differences; unknown past the range. */
static void add(machine *m, const plan_lane_step *step)
{
    const value_register *a = &m->values[step->a], *b = &m->values[step->b];
    const int64_t *x = widened(m, a), *y = widened(m, b);
    int64_t *sums = room(m, m->words * 64 * sizeof *sums);
    uint64_t *present = room(m, m->words * sizeof *present);
    if (x == NULL || y == NULL || sums == NULL || present == NULL) return;
    bool adds = step->operation == PLAN_LANE_ADD;
    for (uint64_t w = 0; w < m->words; w++) {
        size_t at = w * 64;
        uint64_t past = adds ? add_64(x + at, y + at, sums + at) : subtract_64(x + at, y + at, sums + at);
        present[w] = a->present[w] & b->present[w] & ~past;
    }
    m->values[step->to] = (value_register){sums, present, m->zeros, 3, 0};
}

static void or_else(machine *m, const plan_lane_step *step)
{
    const value_register a = m->values[step->a], b = m->values[step->b];
    int64_t *values = room(m, m->words * 64 * sizeof *values);
    uint64_t *present = room(m, m->words * sizeof *present), *absent = room(m, m->words * sizeof *absent);
    if (values == NULL || present == NULL || absent == NULL) return;
    for (uint64_t w = 0; w < m->words; w++) {
        for (size_t i = 0; i < 64; i++) {
            bool none = (a.absent[w] >> i & 1) != 0;
            values[w * 64 + i] = value_at(none ? &b : &a, w * 64 + i);
        }
        present[w] = a.present[w] | (a.absent[w] & b.present[w]);
        absent[w] = a.absent[w] & b.absent[w];
    }
    m->values[step->to] = (value_register){values, present, absent, 3, 0};
}

static void logic(machine *m, const plan_lane_step *step)
{
    const uint64_t *ay = yes_of(m, step->a), *an = no_of(m, step->a), *by = yes_of(m, step->b), *bn = no_of(m, step->b);
    uint64_t *yes = yes_of(m, step->to), *no = no_of(m, step->to);
    for (uint64_t w = 0; w < m->words; w++) {
        switch (step->operation) {
        case PLAN_LANE_AND:
            yes[w] = ay[w] & by[w];
            no[w] = an[w] | bn[w];
            break;
        case PLAN_LANE_OR:
            yes[w] = ay[w] | by[w];
            no[w] = an[w] & bn[w];
            break;
        default:
            yes[w] = ay[w];
            no[w] = by[w];
            break;
        }
    }
}

static void copy(machine *m, uint16_t to, const uint64_t *yes, const uint64_t *no)
{
    memcpy(yes_of(m, to), yes, m->words * sizeof *yes);
    memcpy(no_of(m, to), no, m->words * sizeof *no);
}

static void run_step(machine *m, const plan_lane_step *step)
{
    switch (step->operation) {
    case PLAN_LANE_TRUTH: {
        const run_lanes *slot = &m->lanes[m->inputs[step->a]];
        copy(m, step->to, slot->yes, slot->no);
        break;
    }
    case PLAN_LANE_CONSTANT: {
        int64_t truth = m->constants[step->a];
        copy(m, step->to, truth == RUN_TRUE ? m->ones : m->zeros, truth == RUN_FALSE ? m->ones : m->zeros);
        break;
    }
    case PLAN_LANE_NOT: copy(m, step->to, no_of(m, step->a), yes_of(m, step->a)); break;
    case PLAN_LANE_PRESENT: copy(m, step->to, m->values[step->a].present, m->values[step->a].absent); break;
    case PLAN_LANE_EQUAL:
    case PLAN_LANE_LESS:
    case PLAN_LANE_AT_MOST: relate(m, step); break;
    case PLAN_LANE_VALUE: {
        const run_lanes *slot = &m->lanes[m->inputs[step->a]];
        m->values[step->to] = (value_register){slot->values, slot->yes, slot->no, slot->width, 0};
        break;
    }
    case PLAN_LANE_NUMBER:
        m->values[step->to] = (value_register){NULL, m->ones, m->zeros, 3, m->constants[step->a]};
        break;
    case PLAN_LANE_ADD:
    case PLAN_LANE_SUBTRACT: add(m, step); break;
    case PLAN_LANE_OR_ELSE: or_else(m, step); break;
    default: logic(m, step); break;
    }
}

/* The verdicts of a clause from its three truths: run_clause_verdict, 64 lines at a time. */
static void conclude(const machine *m, const plan_shape *shape, uint64_t *const *planes)
{
    uint16_t applicable = shape->results[0], requirement = shape->results[1], fails = shape->results[2];
    const uint64_t *ay = yes_of(m, applicable), *an = no_of(m, applicable), *ry = yes_of(m, requirement);
    const uint64_t *fy = yes_of(m, fails), *fn = no_of(m, fails);
    for (uint64_t w = 0; w < m->words; w++) {
        uint64_t events = ~an[w] & ~ry[w];
        planes[RUN_PLANE_APPLIES][w] = ~an[w];
        planes[RUN_PLANE_EVENTS][w] = events;
        planes[RUN_PLANE_FAILS][w] = events & ~fn[w] & ay[w] & fy[w];
        if (!shape->plain) planes[RUN_PLANE_EXCUSED][w] = events & fn[w];
    }
}

void run_registers_init(run_registers *registers, const base_allocator *allocator)
{
    memset(registers, 0, sizeof *registers);
    base_arena_init(&registers->arena, allocator);
    base_arena_init(&registers->columns, allocator);
    memset(registers->ones, 0xFF, sizeof registers->ones);
}

void run_registers_release(run_registers *registers)
{
    base_arena_release(&registers->arena);
    base_arena_release(&registers->columns);
}

/* Makes room for the registers of a shape; what they held does not matter. */
static bool make_room(run_registers *r, const plan_shape *shape, uint64_t words)
{
    size_t truths = (shape->truth_count * 2U + 1) * words, values = shape->value_count + 1U;
    if (truths > r->truth_room) {
        r->truths = base_arena_alloc(&r->arena, 2 * truths * sizeof *r->truths);
        r->truth_room = r->truths == NULL ? 0 : 2 * truths;
    }
    if (values > r->value_room) {
        r->values = base_arena_alloc(&r->arena, 2 * values * sizeof *r->values);
        r->value_room = r->values == NULL ? 0 : 2 * values;
    }
    return r->truths != NULL && r->values != NULL;
}

bool run_interpret_shape(run_registers *registers, const plan_shape *shape, const run_lanes *lanes,
                         const uint32_t *inputs, const int64_t *constants, uint64_t words, uint64_t *const *planes)
{
    if (!make_room(registers, shape, words)) return false;
    if (registers->columns.total > 0) base_arena_reset(&registers->columns);
    machine m = {.columns = &registers->columns,
                 .lanes = lanes,
                 .inputs = inputs,
                 .constants = constants,
                 .words = words,
                 .truths = registers->truths,
                 .values = registers->values,
                 .ones = registers->ones,
                 .zeros = registers->zeros};
    for (uint32_t i = 0; i < shape->step_count && !m.failed; i++) run_step(&m, &shape->steps[i]);
    if (m.failed) return false;
    if (shape->clause) {
        conclude(&m, shape, planes);
        return true;
    }
    memcpy(planes[0], yes_of(&m, shape->results[0]), words * sizeof **planes);
    memcpy(planes[1], no_of(&m, shape->results[0]), words * sizeof **planes);
    return true;
}
