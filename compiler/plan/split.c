/* Shapes split: steps of values go into parts, each with what it follows from; truths stay, and read what parts give. */
#include "compiler/plan/split.h"

#include <string.h>

enum { NONE = 0xFF };

/* A shape that is being put together. */
typedef struct builder {
    plan_shape shape;
    uint8_t *slots, *constants; /* those of the whole that it has taken */
} builder;

/* The number of one of the whole's, as the n-th that is taken. */
static uint16_t taken(uint8_t *list, uint16_t *count, uint16_t number)
{
    for (uint16_t i = 0; i < *count; i++) {
        if (list[i] == number) return i;
    }
    list[*count] = (uint8_t)number;
    return (*count)++;
}

static bool begin(base_arena *arena, builder *b, uint32_t steps, uint8_t *slots, uint8_t *constants)
{
    *b = (builder){.slots = slots, .constants = constants};
    b->shape.steps = base_arena_alloc(arena, (steps + 1) * sizeof *b->shape.steps);
    b->shape.truth_slots = base_arena_alloc(arena, sizeof *b->shape.truth_slots);
    return b->shape.steps != NULL && b->shape.truth_slots != NULL;
}

/* Adds a step, field by field: shapes are compared as bytes, and what lies between fields stays zero. */
static void put_step(builder *b, uint8_t operation, uint16_t first, uint16_t second, uint16_t to)
{
    plan_lane_step *step = &b->shape.steps[b->shape.step_count++];
    step->operation = operation;
    step->a = first;
    step->b = second;
    step->to = to;
}

static bool relates(const plan_lane_step *step)
{
    return step->operation >= PLAN_LANE_EQUAL && step->operation <= PLAN_LANE_AT_MOST;
}

/* The steps of a whole, and by operand the step that it is of: registers are used again. */
typedef struct whole {
    const plan_shape *shape;
    uint32_t (*operands)[2];
} whole;

static bool find_operands(base_arena *arena, const plan_shape *shape, whole *w)
{
    uint32_t *truths = base_arena_alloc(arena, (shape->truth_count + 1U) * sizeof *truths);
    uint32_t *values = base_arena_alloc(arena, (shape->value_count + 1U) * sizeof *values);
    *w = (whole){shape, base_arena_alloc(arena, (shape->step_count + 1U) * sizeof *w->operands)};
    if (truths == NULL || values == NULL || w->operands == NULL) return false;
    for (uint32_t i = 0; i < shape->step_count; i++) {
        const plan_lane_step *step = &shape->steps[i];
        bool of_values = step->operation == PLAN_LANE_PRESENT || relates(step) || step->operation >= PLAN_LANE_VALUE;
        int count = plan_lane_operands(step);
        if (count > 0) w->operands[i][0] = (of_values ? values : truths)[step->a];
        if (count > 1) w->operands[i][1] = (of_values ? values : truths)[step->b];
        (step->operation >= PLAN_LANE_VALUE ? values : truths)[step->to] = i;
    }
    return true;
}

/* Adds a value with all that it follows from; gives its register. Each use has steps of its own. */
static uint16_t add_value(builder *b, const whole *w, uint32_t number)
{
    const plan_lane_step *step = &w->shape->steps[number];
    uint16_t first = 0, second = 0;
    if (step->operation == PLAN_LANE_VALUE) first = taken(b->slots, &b->shape.slot_count, step->a);
    if (step->operation == PLAN_LANE_NUMBER) first = taken(b->constants, &b->shape.constant_count, step->a);
    if (plan_lane_operands(step) > 0) {
        first = add_value(b, w, w->operands[number][0]);
        second = add_value(b, w, w->operands[number][1]);
    }
    put_step(b, step->operation, first, second, b->shape.value_count);
    return b->shape.value_count++;
}

/* How many steps a value takes with all that it follows from. */
static size_t steps_of(const whole *w, uint32_t number, size_t limit)
{
    size_t count = 1;
    for (int k = 0; k < plan_lane_operands(&w->shape->steps[number]) && count < limit; k++)
        count += steps_of(w, w->operands[number][k], limit);
    return count;
}

/* A part for a comparison, or for what is present of a value that is worked out. */
static bool add_part(base_arena *arena, const whole *w, uint32_t number, plan_part *part)
{
    enum { STEPS = 30 };
    const plan_lane_step *step = &w->shape->steps[number];
    int operands = plan_lane_operands(step);
    size_t count = 1;
    builder b;
    for (int k = 0; k < operands; k++) count += steps_of(w, w->operands[number][k], STEPS);
    if (count > STEPS || !begin(arena, &b, (uint32_t)count, part->slots, part->constants)) return false;
    uint16_t first = add_value(&b, w, w->operands[number][0]), second = 0;
    if (operands > 1) second = add_value(&b, w, w->operands[number][1]);
    put_step(&b, step->operation, first, second, 0);
    b.shape.truth_count = 1;
    part->shape = b.shape;
    return true;
}

static bool is_part(const whole *w, uint32_t number)
{
    const plan_lane_step *step = &w->shape->steps[number];
    return relates(step) || (step->operation == PLAN_LANE_PRESENT &&
                             w->shape->steps[w->operands[number][0]].operation != PLAN_LANE_VALUE);
}

/* A step of the logic: what parts and slots give is read, the rest stays. */
static bool add_logic(base_arena *arena, const whole *w, uint32_t number, builder *b, plan_split *split)
{
    const plan_lane_step *step = &w->shape->steps[number];
    if (step->operation >= PLAN_LANE_VALUE) return true;
    uint16_t source = NONE;
    if (is_part(w, number)) {
        if (!add_part(arena, w, number, &split->parts[split->count])) return false;
        source = (uint16_t)(PLAN_SPLIT_SLOTS + split->count++);
    } else if (step->operation == PLAN_LANE_PRESENT) {
        source = w->shape->steps[w->operands[number][0]].a; /* a value is present where its slot is true */
    } else if (step->operation == PLAN_LANE_TRUTH) {
        source = step->a;
    }
    if (source != NONE)
        put_step(b, PLAN_LANE_TRUTH, taken(b->slots, &b->shape.slot_count, source), 0, step->to);
    else if (step->operation == PLAN_LANE_CONSTANT)
        put_step(b, PLAN_LANE_CONSTANT, taken(b->constants, &b->shape.constant_count, step->a), 0, step->to);
    else
        put_step(b, step->operation, step->a, step->b, step->to);
    return true;
}

bool plan_split_shape(base_arena *arena, const plan_shape *shape, plan_split *split)
{
    whole w;
    builder b;
    *split = (plan_split){0};
    if (shape->slot_count > PLAN_SPLIT_SLOTS || shape->constant_count > PLAN_SPLIT_CONSTANTS) return false;
    if (!find_operands(arena, shape, &w)) return false;
    size_t parts = 0;
    for (uint32_t i = 0; i < shape->step_count; i++) parts += is_part(&w, i) ? 1 : 0;
    if (parts == 0 || parts > PLAN_PART_LIMIT) return false;
    split->parts = base_arena_alloc(arena, parts * sizeof *split->parts);
    if (split->parts == NULL || !begin(arena, &b, shape->step_count, split->sources, split->constants)) return false;
    for (uint32_t i = 0; i < shape->step_count; i++) {
        if (!add_logic(arena, &w, i, &b, split)) return false;
    }
    b.shape.truth_count = shape->truth_count;
    b.shape.clause = shape->clause;
    b.shape.plain = shape->plain;
    memcpy(b.shape.results, shape->results, sizeof b.shape.results);
    *b.shape.truth_slots = (UINT64_C(1) << b.shape.slot_count) - 1;
    split->logic = b.shape;
    return true;
}
