/* Shapes: registers for their steps, equal ones found, and how wide what they work out is. */
#include "compiler/plan/shapes.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* ---- registers ---- */

static bool is_value(uint8_t operation)
{
    return operation >= PLAN_LANE_VALUE;
}

uint32_t plan_shape_asides(const plan_shape *shape)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < shape->step_count; i++) {
        unsigned operation = shape->steps[i].operation;
        bool relation = operation >= PLAN_LANE_EQUAL && operation <= PLAN_LANE_AT_MOST;
        count += relation || operation == PLAN_LANE_ADD || operation == PLAN_LANE_SUBTRACT;
    }
    return count;
}

int plan_lane_operands(const plan_lane_step *step)
{
    switch (step->operation) {
    case PLAN_LANE_TRUTH:
    case PLAN_LANE_CONSTANT:
    case PLAN_LANE_VALUE:
    case PLAN_LANE_NUMBER: return 0;
    case PLAN_LANE_NOT:
    case PLAN_LANE_PRESENT: return 1;
    default: return 2;
    }
}

typedef struct free_list {
    uint16_t *items;
    uint16_t count, made;
} free_list;

static uint16_t take_register(free_list *list)
{
    return list->count > 0 ? list->items[--list->count] : list->made++;
}

void plan_place_registers(base_arena *scratch, plan_shape *shape)
{
    uint32_t count = shape->step_count;
    uint32_t *last = base_arena_alloc(scratch, (count + 1) * sizeof *last);
    free_list lists[2] = {{base_arena_alloc(scratch, (count + 1) * sizeof(uint16_t)), 0, 0},
                          {base_arena_alloc(scratch, (count + 1) * sizeof(uint16_t)), 0, 0}};
    if (last == NULL || lists[0].items == NULL || lists[1].items == NULL) return;
    for (uint32_t i = 0; i < count; i++) {
        const plan_lane_step *step = &shape->steps[i];
        int operands = plan_lane_operands(step);
        last[i] = i;
        if (operands > 0) last[step->a] = i;
        if (operands > 1) last[step->b] = i;
    }
    for (size_t i = 0; i < 3; i++) last[shape->results[i]] = count;
    for (uint32_t i = 0; i < count; i++) {
        plan_lane_step *step = &shape->steps[i];
        int operands = plan_lane_operands(step);
        uint16_t sources[2] = {0, 0};
        if (operands > 0) sources[0] = step->a;
        if (operands > 1) sources[1] = step->b;
        if (operands > 0) step->a = shape->steps[sources[0]].to;
        if (operands > 1) step->b = shape->steps[sources[1]].to;
        /* Taken before its operands' are given back: a step never writes what it reads. */
        step->to = take_register(&lists[is_value(step->operation)]);
        for (int k = 0; k < 2 && k < operands; k++) {
            bool twice = k == 1 && sources[0] == sources[1];
            if (last[sources[k]] != i || twice) continue;
            free_list *list = &lists[is_value(shape->steps[sources[k]].operation)];
            list->items[list->count++] = shape->steps[sources[k]].to;
        }
        if (last[i] == i) { /* nobody reads it: it is a result, or the shape would not hold it */
            free_list *list = &lists[is_value(step->operation)];
            list->items[list->count++] = step->to;
        }
    }
    shape->truth_count = lists[0].made;
    shape->value_count = lists[1].made;
    for (size_t i = 0; i < 3; i++) shape->results[i] = shape->steps[shape->results[i]].to;
}

/* ---- equal shapes ---- */

static bool same_shape(const plan_shape *x, const plan_shape *y)
{
    return x->hash == y->hash && x->clause == y->clause && x->step_count == y->step_count &&
           x->slot_count == y->slot_count && x->constant_count == y->constant_count &&
           memcmp(x->results, y->results, sizeof x->results) == 0 &&
           memcmp(x->steps, y->steps, x->step_count * sizeof *x->steps) == 0 &&
           memcmp(x->truth_slots, y->truth_slots, (x->slot_count + 63U) / 64 * 8) == 0;
}

static void grow(plan_shape_table *t)
{
    size_t count = t->bucket_count == 0 ? 256 : t->bucket_count * 2;
    uint32_t *buckets = base_arena_alloc(t->scratch, count * sizeof *buckets);
    if (buckets == NULL) return;
    for (uint32_t i = 0; i < t->kernels->shapes.count; i++) {
        size_t slot = (size_t)t->kernels->shapes.items[i].hash & (count - 1);
        t->next.items[i] = buckets[slot];
        buckets[slot] = i + 1;
    }
    t->buckets = buckets;
    t->bucket_count = count;
}

uint32_t plan_intern_shape(plan_shape_table *t, plan_shape shape)
{
    uint64_t parts[4] = {XXH3_64bits(shape.steps, shape.step_count * sizeof *shape.steps),
                         XXH3_64bits(shape.truth_slots, (shape.slot_count + 63U) / 64 * 8),
                         (uint64_t)shape.slot_count << 32 | (uint32_t)shape.constant_count << 1 | shape.clause, 0};
    for (size_t i = 0; i < 3; i++) parts[3] = parts[3] << 16 | shape.results[i];
    shape.hash = XXH3_64bits(parts, sizeof parts);
    if (t->kernels->shapes.count * 2 >= t->bucket_count) grow(t);
    if (t->scratch->failed || t->bucket_count == 0) return 0;
    size_t slot = (size_t)shape.hash & (t->bucket_count - 1);
    for (uint32_t i = t->buckets[slot]; i != 0; i = t->next.items[i - 1]) {
        if (same_shape(&t->kernels->shapes.items[i - 1], &shape)) return i - 1;
    }
    plan_shape *added = BASE_PUSH(t->scratch, &t->kernels->shapes);
    uint32_t *next = BASE_PUSH(t->scratch, &t->next);
    if (added == NULL || next == NULL) return 0;
    size_t bytes = shape.step_count * sizeof *shape.steps, truths = (shape.slot_count + 63U) / 64 * 8;
    *added = shape;
    added->steps = base_arena_alloc(t->arena, bytes + 1);
    added->truth_slots = base_arena_alloc(t->arena, truths + 8);
    if (added->steps == NULL || added->truth_slots == NULL) return 0;
    memcpy(added->steps, shape.steps, bytes);
    memcpy(added->truth_slots, shape.truth_slots, truths);
    *next = t->buckets[slot];
    return t->buckets[slot] = (uint32_t)t->kernels->shapes.count, (uint32_t)t->kernels->shapes.count - 1;
}

/* ---- widths ---- */

bool plan_lane_fits(int64_t number, uint8_t width)
{
    int64_t most = (INT64_C(1) << ((8 << (width == 3 ? 2 : width)) - 1)) - 1;
    return width == 3 || (number < most && number > -most - 1);
}

uint8_t plan_lane_width(plan_lane_operation operation, uint8_t a, uint8_t b)
{
    uint8_t common = a == PLAN_OF_NUMBER ? b : b == PLAN_OF_NUMBER || a > b ? a : b;
    bool sums = operation == PLAN_LANE_ADD || operation == PLAN_LANE_SUBTRACT;
    return !sums ? common : common > 1 ? 3 : 2;
}

/* Sets a constant to what stands for it; false where it is to stand for something else, too. */
static bool settle(int64_t *constant, bool *settled, int64_t number)
{
    bool good = !*settled || *constant == number;
    *constant = number;
    *settled = true;
    return good;
}

/* What stands for a constant that is compared with lanes of a width. */
static int64_t nearest(int64_t number, uint8_t width)
{
    if (plan_lane_fits(number, width)) return number;
    int64_t most = (INT64_C(1) << ((8 << width) - 1)) - 1;
    return number > 0 ? most : -most - 1;
}

uint8_t plan_saturated_width(const plan_operand *a, const plan_operand *b)
{
    const plan_operand *sum = a->sum ? a : b, *other = a->sum ? b : a;
    if (!sum->sum || !other->column || sum->column_width > 1 || other->width > 1) return PLAN_NOT_SATURATED;
    return sum->column_width > other->width ? sum->column_width : other->width;
}

/* A constant in two halves for lanes of a width. */
static int64_t halves_of(int64_t constant, uint8_t width)
{
    unsigned bits = 8U << width;
    int64_t most = (INT64_C(1) << (bits - 1)) - 1;
    if (constant > 2 * most) constant = 2 * most;
    if (constant < -2 * most) constant = -2 * most;
    uint64_t mask = (UINT64_C(1) << bits) - 1, first = (uint64_t)(constant / 2) & mask;
    uint64_t second = (uint64_t)(constant - constant / 2) & mask;
    return (int64_t)(first | second << bits);
}

enum { FITTED_VALUES = 64 };

typedef struct fitter {
    const int64_t *constants;
    int64_t *fitting;
    bool settled[FITTED_VALUES];
    plan_operand operands[FITTED_VALUES]; /* by register of values */
    uint16_t numbers[FITTED_VALUES];      /* the constant that it is, or is a sum with */
} fitter;

/* Settles the constant of a sum that is worked out as it is. */
static bool settle_sum(fitter *f, uint16_t value)
{
    const int64_t reach = INT64_C(1) << 30; /* sums of such numbers and of 16 bits stay within 32 */
    const plan_operand *operand = &f->operands[value];
    if (!operand->sum) return true;
    int64_t constant = f->constants[f->numbers[value]];
    bool good = operand->width != 2 || (constant < reach && constant > -reach);
    return good && settle(&f->fitting[f->numbers[value]], &f->settled[f->numbers[value]], constant);
}

/* A step that works a value out of two. */
static bool fit_made(fitter *f, const plan_lane_step *step)
{
    const plan_operand a = f->operands[step->a], b = f->operands[step->b];
    bool first = a.width == PLAN_OF_NUMBER, second = b.width == PLAN_OF_NUMBER;
    if ((first && second) || !settle_sum(f, step->a) || !settle_sum(f, step->b)) return false;
    plan_operand *made = &f->operands[step->to];
    uint16_t number = f->numbers[first ? step->a : step->b];
    *made = (plan_operand){.width = plan_lane_width((plan_lane_operation)step->operation, a.width, b.width)};
    f->numbers[step->to] = number;
    if (!first && !second) return true;
    if (step->operation != PLAN_LANE_OR_ELSE) {
        made->sum = (first ? b.column : a.column) && !(first && step->operation == PLAN_LANE_SUBTRACT);
        made->column_width = first ? b.width : a.width;
        if (made->sum) return true; /* how it is compared decides */
        made->sum = true;
        bool good = settle_sum(f, step->to);
        made->sum = false;
        return good;
    }
    int64_t constant = f->constants[number];
    return plan_lane_fits(constant, made->width) && settle(&f->fitting[number], &f->settled[number], constant);
}

static bool fit_relation(fitter *f, const plan_lane_step *step)
{
    const plan_operand *a = &f->operands[step->a], *b = &f->operands[step->b];
    bool first = a->width == PLAN_OF_NUMBER, second = b->width == PLAN_OF_NUMBER;
    uint8_t saturated = plan_saturated_width(a, b);
    if (first && second) return false;
    if (saturated != PLAN_NOT_SATURATED) {
        uint16_t number = f->numbers[a->sum ? step->a : step->b];
        return settle(&f->fitting[number], &f->settled[number], halves_of(f->constants[number], saturated));
    }
    if (!settle_sum(f, step->a) || !settle_sum(f, step->b)) return false;
    if (!first && !second) return true;
    uint16_t number = f->numbers[first ? step->a : step->b];
    uint8_t common = plan_lane_width((plan_lane_operation)step->operation, a->width, b->width);
    return settle(&f->fitting[number], &f->settled[number], nearest(f->constants[number], common));
}

bool plan_fit_constants(const plan_shape *shape, const uint8_t *slot_widths, const int64_t *constants, int64_t *fitting)
{
    fitter f = {.constants = constants, .fitting = fitting};
    if (shape->value_count > FITTED_VALUES || shape->constant_count > FITTED_VALUES) return false;
    memcpy(fitting, constants, shape->constant_count * sizeof *fitting);
    for (uint32_t i = 0; i < shape->step_count; i++) {
        const plan_lane_step *step = &shape->steps[i];
        bool good = true;
        switch (step->operation) {
        case PLAN_LANE_VALUE:
            f.operands[step->to] = (plan_operand){.width = slot_widths[step->a], .column = true};
            break;
        case PLAN_LANE_NUMBER:
            f.operands[step->to] = (plan_operand){.width = PLAN_OF_NUMBER};
            f.numbers[step->to] = step->a;
            break;
        case PLAN_LANE_PRESENT: good = f.operands[step->a].width != PLAN_OF_NUMBER; break;
        case PLAN_LANE_EQUAL:
        case PLAN_LANE_LESS:
        case PLAN_LANE_AT_MOST: good = fit_relation(&f, step); break;
        case PLAN_LANE_ADD:
        case PLAN_LANE_SUBTRACT:
        case PLAN_LANE_OR_ELSE: good = fit_made(&f, step); break;
        default: break;
        }
        if (!good) return false;
    }
    return true;
}
