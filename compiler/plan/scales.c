/* Which values may be told in whole units: quantities and minutes are kept in thousandths, though nearly all of them are whole, and a
 * thousandth of the number takes a lane of half the width or a quarter. What is compared with one another must be told alike, so that
 * inputs and constants which meet in any unit are of one scale. */
#include "compiler/plan/shapes.h"

#include <string.h>

typedef struct finder {
    const plan_program *plan;
    plan_kernels *kernels;
    base_arena scratch;
    uint32_t *parents; /* of inputs, and of constants behind them; each its own at first */
    bool *bad;         /* by root: something of it cannot be told otherwise */
    uint32_t *classes; /* by register of values of the unit at hand */
} finder;

static uint32_t root_of(const finder *f, uint32_t element)
{
    while (f->parents[element] != element) {
        f->parents[element] = f->parents[f->parents[element]];
        element = f->parents[element];
    }
    return element;
}

static void join(const finder *f, uint32_t a, uint32_t b)
{
    uint32_t x = root_of(f, a), y = root_of(f, b);
    if (x == y) return;
    f->bad[x] = f->bad[x] || f->bad[y];
    f->parents[y] = x;
}

/* Whether an input is a field in thousandths. */
static bool in_thousandths(const finder *f, const plan_input *input)
{
    if (input->kind != PLAN_INPUT_VALUE) return false;
    uint16_t field = input->path.fields[input->path.count - 1];
    lang_type_kind kind = lang_schema_field(f->plan->program->schema, (lang_field)field)->type.kind;
    return kind == LANG_TYPE_MINUTES || kind == LANG_TYPE_QUANTITY || kind == LANG_TYPE_NUMBER;
}

static void follow_unit(const finder *f, const plan_unit *unit)
{
    const plan_kernels *kernels = f->kernels;
    const plan_shape *shape = &kernels->shapes.items[unit->shape];
    for (uint32_t i = 0; i < shape->step_count; i++) {
        const plan_lane_step *step = &shape->steps[i];
        switch (step->operation) {
        case PLAN_LANE_VALUE: f->classes[step->to] = kernels->slots.items[unit->slots + step->a]; break;
        case PLAN_LANE_NUMBER:
            f->classes[step->to] = (uint32_t)kernels->inputs.count + unit->constants + step->a;
            break;
        case PLAN_LANE_ADD:
        case PLAN_LANE_SUBTRACT:
            f->bad[root_of(f, f->classes[step->a])] = true; /* what is past its range would be not */
        /* fall through */
        case PLAN_LANE_OR_ELSE:
        case PLAN_LANE_EQUAL:
        case PLAN_LANE_LESS:
        case PLAN_LANE_AT_MOST: {
            uint32_t class = f->classes[step->a];
            join(f, class, f->classes[step->b]);
            if (step->operation >= PLAN_LANE_VALUE) f->classes[step->to] = class;
            break;
        }
        default: break;
        }
    }
}

/* Numbers the scales: those of inputs that may be told otherwise, and of what is compared with them. */
static bool number_scales(finder *f, base_arena *arena)
{
    plan_kernels *kernels = f->kernels;
    uint32_t inputs = (uint32_t)kernels->inputs.count, constants = (uint32_t)kernels->constants.count;
    uint32_t *numbers = base_arena_alloc(&f->scratch, (inputs + constants + 1U) * sizeof *numbers); /* by root, + 1 */
    kernels->input_scales = base_arena_alloc(arena, (inputs + 1U) * sizeof *kernels->input_scales);
    kernels->constant_scales = base_arena_alloc(arena, (constants + 1U) * sizeof *kernels->constant_scales);
    if (numbers == NULL || kernels->input_scales == NULL || kernels->constant_scales == NULL) return false;
    for (uint32_t i = 0; i < inputs; i++) {
        uint32_t root = root_of(f, i);
        if (!f->bad[root] && numbers[root] == 0) numbers[root] = ++kernels->scale_count;
        kernels->input_scales[i] = numbers[root];
    }
    for (uint32_t i = 0; i < constants; i++) kernels->constant_scales[i] = numbers[root_of(f, inputs + i)];
    return true;
}

bool plan_find_scales(base_arena *arena, const plan_program *plan, plan_kernels *kernels)
{
    finder f = {.plan = plan, .kernels = kernels};
    base_arena_init(&f.scratch, &arena->allocator);
    size_t elements = kernels->inputs.count + kernels->constants.count, registers = 0;
    for (size_t s = 0; s < kernels->shapes.count; s++) {
        if (kernels->shapes.items[s].value_count > registers) registers = kernels->shapes.items[s].value_count;
    }
    f.parents = base_arena_alloc(&f.scratch, (elements + 1) * sizeof *f.parents);
    f.bad = base_arena_alloc(&f.scratch, elements + 1);
    f.classes = base_arena_alloc(&f.scratch, (registers + 1) * sizeof *f.classes);
    bool good = f.parents != NULL && f.bad != NULL && f.classes != NULL;
    for (uint32_t i = 0; good && i < elements; i++) {
        f.parents[i] = i;
        f.bad[i] = i < kernels->inputs.count && !in_thousandths(&f, &kernels->inputs.items[i]);
    }
    for (size_t u = 0; good && u < kernels->units.count; u++) follow_unit(&f, &kernels->units.items[u]);
    good = good && number_scales(&f, arena);
    base_arena_release(&f.scratch);
    return good;
}
