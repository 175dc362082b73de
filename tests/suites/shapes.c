/* Machine code of shapes for narrower processors than this one, too: each made-up shape gives, in registers of every width, what it gives
 * interpreted. */
#include "tests/suites/support.h"

#include "compiler/plan/split.h"
#include "runtime/kernel_code.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 6, CONSTANTS = 6, STEPS = 80, ROOM = RUN_BATCH_WORDS };

typedef struct random_shape {
    plan_shape shape;
    plan_lane_step steps[STEPS];
    uint64_t truth_slots[1];
    uint8_t widths[SLOTS + 32];
    int64_t constants[CONSTANTS];
    uint16_t truths, values;
    uint64_t state;
} random_shape;

static uint32_t below(random_shape *r, uint32_t limit)
{
    r->state = r->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(r->state >> 33) % limit;
}

static uint16_t add_step(random_shape *r, plan_lane_operation operation, uint32_t a, uint32_t b)
{
    uint16_t to = operation >= PLAN_LANE_VALUE ? r->values++ : r->truths++;
    r->steps[r->shape.step_count++] = (plan_lane_step){(uint8_t)operation, (uint16_t)a, (uint16_t)b, to};
    return to;
}

/* Slots, constants, sums and substitutes of them; comparisons; logic. */
static void make_shape(random_shape *r, uint64_t seed)
{
    *r = (random_shape){.state = seed};
    r->shape.steps = r->steps;
    r->shape.truth_slots = r->truth_slots;
    r->shape.slot_count = (uint16_t)(2 + below(r, SLOTS - 1));
    r->shape.constant_count = CONSTANTS;
    uint16_t columns = 0;
    for (uint16_t s = 0; s < r->shape.slot_count; s++) {
        bool truth = s > 0 && below(r, 4) == 0;
        if (truth) r->truth_slots[0] |= UINT64_C(1) << s;
        r->widths[s] = truth ? 0 : (uint8_t)below(r, 4);
        if (truth) add_step(r, PLAN_LANE_TRUTH, s, 0);
        if (!truth) add_step(r, PLAN_LANE_VALUE, s, 0);
        columns = r->values;
    }
    for (uint32_t i = 0, sums = below(r, 4); i < sums; i++) {
        static const plan_lane_operation operations[] = {PLAN_LANE_ADD, PLAN_LANE_SUBTRACT, PLAN_LANE_OR_ELSE};
        uint32_t other = below(r, r->values);
        if (below(r, 2) == 0) other = add_step(r, PLAN_LANE_NUMBER, 1 + below(r, CONSTANTS - 1), 0);
        add_step(r, operations[below(r, 3)], below(r, columns), other);
    }
    for (uint32_t i = 0, relations = 1 + below(r, 5); i < relations; i++) {
        static const plan_lane_operation operations[] = {PLAN_LANE_EQUAL, PLAN_LANE_LESS, PLAN_LANE_AT_MOST};
        uint32_t a = below(r, r->values), b = below(r, r->values);
        if (below(r, 2) == 0) b = add_step(r, PLAN_LANE_NUMBER, 1 + below(r, CONSTANTS - 1), 0);
        if (below(r, 2) == 0) add_step(r, operations[below(r, 3)], a, b);
        if (below(r, 2) == 0) add_step(r, operations[below(r, 3)], b, a);
        if (below(r, 3) == 0) add_step(r, PLAN_LANE_PRESENT, a, 0);
    }
    if (r->truths == 0) add_step(r, PLAN_LANE_PRESENT, 0, 0);
    if (below(r, 3) == 0) add_step(r, PLAN_LANE_CONSTANT, 0, 0);
    for (uint32_t i = 0, more = 2 + below(r, 8); i < more; i++) {
        uint32_t a = below(r, r->truths), b = below(r, r->truths);
        plan_lane_operation operation = (plan_lane_operation)(PLAN_LANE_NOT + below(r, 4));
        /* What decides for and what decides against are never both true. */
        if (operation == PLAN_LANE_DECIDE) {
            b = add_step(r, PLAN_LANE_AND, a, b);
            a = add_step(r, PLAN_LANE_NOT, a, 0);
        }
        add_step(r, operation, a, b);
    }
    r->shape.clause = below(r, 4) != 0;
    r->shape.plain = r->shape.clause && below(r, 2) == 0;
    r->shape.results[0] = (uint16_t)below(r, r->truths);
    r->shape.results[1] = (uint16_t)below(r, r->truths);
    r->shape.results[2] = (uint16_t)below(r, r->truths);
    if (r->shape.plain) r->shape.results[2] = add_step(r, PLAN_LANE_NOT, r->shape.results[1], 0);
    r->shape.truth_count = r->truths;
    r->shape.value_count = r->values;
    for (int c = 0; c < CONSTANTS; c++) {
        static const int64_t far[] = {0, 1, 3, 126, -126, 127, 32766, -32767, 40000, INT64_C(5000000000)};
        r->constants[c] = below(r, 3) == 0 ? far[below(r, 10)] : (int64_t)below(r, 9) - 4;
    }
    r->constants[0] = below(r, 3); /* a truth */
}

/* A number that lanes of a width may hold: mostly small, now and then as large as they go. */
static int64_t number_of(random_shape *r, uint8_t width)
{
    int64_t most = width == 3 ? INT64_MAX - 1 : (INT64_C(1) << ((8 << width) - 1)) - 2;
    switch (below(r, 8)) {
    case 0: return most;
    case 1: return -most;
    default: return (int64_t)below(r, 9) - 4;
    }
}

typedef struct columns {
    run_lanes lanes[SLOTS];
    uint64_t yes[SLOTS][ROOM], no[SLOTS][ROOM];
    int64_t values[SLOTS][ROOM * 64];
} columns;

static void fill(random_shape *r, columns *c)
{
    for (uint16_t s = 0; s < r->shape.slot_count; s++) {
        bool truth = (r->truth_slots[0] >> s & 1) != 0;
        c->lanes[s] = (run_lanes){truth ? NULL : c->values[s], c->yes[s], c->no[s], r->widths[s]};
        for (size_t w = 0; w < ROOM; w++) {
            uint64_t one =
                (uint64_t)below(r, UINT32_MAX) << 33 ^ (uint64_t)below(r, UINT32_MAX) << 11 ^ below(r, UINT32_MAX);
            uint64_t two = (uint64_t)below(r, UINT32_MAX) << 32 ^ below(r, UINT32_MAX);
            c->yes[s][w] = one;
            c->no[s][w] = ~one & two;
        }
        for (size_t i = 0; !truth && i < (size_t)ROOM * 64; i++) {
            bool there = (c->yes[s][i / 64] >> (i % 64) & 1) != 0;
            int64_t value = there ? number_of(r, r->widths[s]) : 0;
            memcpy((char *)c->values[s] + (i << r->widths[s]), &value, (size_t)1 << r->widths[s]);
        }
    }
}

static bool runs_here(const char *features)
{
#if defined(__x86_64__)
    if (strcmp(features, "") == 0) return true;
    if (strcmp(features, "+avx2") == 0) return __builtin_cpu_supports("avx2") != 0;
    return __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vl") != 0;
#else
    (void)features;
    return false;
#endif
}

typedef struct trial {
    run_registers registers;
    random_shape random;
    columns columns;
    uint64_t expected[RUN_PLANES][ROOM], found[RUN_PLANES][ROOM];
    uint64_t part_planes[PLAN_PART_LIMIT * 2 * ROOM];
} trial;

static bool same_planes(const trial *t, uint64_t words)
{
    const plan_shape *shape = &t->random.shape;
    int planes = !shape->clause ? 2 : shape->plain ? 3 : 4;
    for (int p = 0; p < planes; p++) {
        if (memcmp(t->expected[p], t->found[p], words * sizeof(uint64_t)) != 0) return false;
    }
    return true;
}

/* Makes a shape's code and loads it. */
static bool load(run_object *object, const plan_shape *shape, const uint8_t *widths,
                 const run_machine_provider *provider, struct run_object_maker *maker, bool better)
{
    const char *bytes, *error = "";
    size_t length;
    base_arena arena;
    base_arena_init(&arena, NULL);
    bool good = provider->make_object(maker, &arena, shape, widths, better, false, &bytes, &length, &error) &&
                run_object_load(object, bytes, length);
    base_arena_release(&arena);
    return good;
}

/* Whether a shape's parts find together what it gives. */
static bool parts_agree(trial *t, const run_machine_provider *provider, struct run_object_maker *maker,
                        const uint32_t *inputs, const int64_t *fitting, uint64_t words, size_t *apart)
{
    random_shape *r = &t->random;
    plan_split split;
    run_object objects[PLAN_PART_LIMIT + 1] = {{0}};
    run_kernel kernels[PLAN_PART_LIMIT];
    base_arena arena;
    base_arena_init(&arena, NULL);
    bool splits = plan_split_shape(&arena, &r->shape, &split), good = true;
    for (uint32_t p = 0; splits && good && p <= split.count; p++) {
        uint8_t widths[PLAN_SPLIT_SLOTS + PLAN_PART_LIMIT] = {0};
        const plan_shape *shape = p < split.count ? &split.parts[p].shape : &split.logic;
        for (uint16_t i = 0; p < split.count && i < shape->slot_count; i++)
            widths[i] = r->widths[split.parts[p].slots[i]];
        good = load(&objects[p], shape, widths, provider, maker, false);
        if (p < split.count) kernels[p] = objects[p].kernel;
    }
    if (splits && good) {
        run_packer packer = {.lanes = t->columns.lanes, .words = words, .part_planes = t->part_planes};
        uint64_t *const found[] = {t->found[0], t->found[1], t->found[2], t->found[3]};
        memset(t->found, 0x5A, sizeof t->found);
        run_composite_unit(&packer, &(run_composite){&split, kernels, objects[split.count].kernel}, inputs, fitting,
                           found);
        good = same_planes(t, words);
        ++*apart;
    }
    for (uint32_t p = 0; splits && p <= split.count; p++) run_object_unload(&objects[p]);
    base_arena_release(&arena);
    return good;
}

/* Whether a shape's code finds what it gives interpreted; true, too, where it has none for its constants. */
static bool agrees(trial *t, const run_machine_provider *provider, struct run_object_maker *maker, bool better,
                   size_t *run, size_t *apart)
{
    static const uint32_t inputs[SLOTS] = {0, 1, 2, 3, 4, 5};
    random_shape *r = &t->random;
    int64_t fitting[CONSTANTS];
    run_object object;
    if (!plan_fit_constants(&r->shape, r->widths, r->constants, fitting)) return true;
    if (!load(&object, &r->shape, r->widths, provider, maker, better)) return false;
    uint64_t words = 1 + below(r, ROOM);
    uint64_t *const expected[] = {t->expected[0], t->expected[1], t->expected[2], t->expected[3]};
    uint64_t *const found[] = {t->found[0], t->found[1], t->found[2], t->found[3]};
    bool good = run_interpret_shape(&t->registers, &r->shape, t->columns.lanes, inputs, r->constants, words, expected);
    uint64_t *aside = calloc((plan_shape_asides(&r->shape) + 1U) * RUN_BATCH_WORDS, sizeof *aside);
    cr_assert(aside != NULL);
    if (object.compare != NULL) object.compare(t->columns.lanes, inputs, fitting, words, NULL, aside);
    object.kernel(t->columns.lanes, inputs, fitting, words, found, aside);
    free(aside);
    run_object_unload(&object);
    good = good && same_planes(t, words) && parts_agree(t, provider, maker, inputs, fitting, words, apart);
    ++*run;
    return good;
}

/* Whoever makes code for one processor, and what is tried with it. */
typedef struct processor {
    const run_machine_provider *provider;
    struct run_object_maker *maker;
    const char *cpu;
    int number;
    trial *trial;
} processor;

/* Calls something for each processor whose code runs here. */
static void for_processors(void (*each)(const processor *p))
{
    static const struct {
        const char *cpu, *features;
    } targets[] = {{"x86-64", ""}, {"haswell", "+avx2"}, {"skylake-avx512", "+avx512bw,+avx512vl"}};
    processor p = {.provider = run_machine_provider_get()};
    if (p.provider == NULL) return;
    p.trial = calloc(1, sizeof *p.trial);
    cr_assert(p.trial != NULL);
    base_allocator allocator = base_allocator_default();
    run_registers_init(&p.trial->registers, &allocator);
    for (; p.number < (int)(sizeof targets / sizeof *targets); p.number++) {
        if (!runs_here(targets[p.number].features)) continue;
        base_arena arena;
        base_arena_init(&arena, NULL);
        p.cpu = targets[p.number].cpu;
        p.maker = p.provider->maker_for(&arena, "x86_64-linux-gnu", p.cpu, targets[p.number].features);
        cr_assert(p.maker != NULL);
        each(&p);
        p.provider->maker_free(p.maker);
        base_arena_release(&arena);
    }
    run_registers_release(&p.trial->registers);
    free(p.trial);
}

static void try_shapes(const processor *p)
{
    enum { SHAPES = 150 };
    size_t run = 0, apart = 0;
    trial *t = p->trial;
    for (uint64_t seed = 1; seed <= SHAPES; seed++) {
        make_shape(&t->random, seed);
        fill(&t->random, &t->columns);
        cr_expect(agrees(t, p->provider, p->maker, seed % 3 == 0, &run, &apart), "%s: shape %d", p->cpu, (int)seed);
    }
    cr_expect(apart > SHAPES / 3, "%s: only %zu shapes have parts", p->cpu, apart);
    cr_expect(run > SHAPES / 2, "%s: only %zu shapes have code", p->cpu, run);
}

Test(shapes, give_in_registers_of_every_width_what_they_give_interpreted)
{
    for_processors(try_shapes);
}

/* ---- sums of narrow columns and constants ---- */

enum { RELATIONS = 3, MADE = 4 };

/* A column compared with a sum of another one and a constant: `made` says how the sum is made, `turned` that the sum stands first. */
static void make_sum(random_shape *r, int made, int relation, bool turned, uint8_t first, uint8_t second)
{
    uint64_t state = r->state;
    *r = (random_shape){.state = state, .widths = {first, second}};
    r->shape.steps = r->steps;
    r->shape.truth_slots = r->truth_slots;
    r->shape.slot_count = 2;
    r->shape.constant_count = 1;
    uint32_t column = add_step(r, PLAN_LANE_VALUE, 0, 0), other = add_step(r, PLAN_LANE_VALUE, 1, 0),
             constant = add_step(r, PLAN_LANE_NUMBER, 0, 0);
    plan_lane_operation operation = made < 2 ? PLAN_LANE_ADD : PLAN_LANE_SUBTRACT;
    uint32_t sum = add_step(r, operation, made % 2 == 0 ? other : constant, made % 2 == 0 ? constant : other);
    add_step(r, (plan_lane_operation)(PLAN_LANE_EQUAL + relation), turned ? sum : column, turned ? column : sum);
    r->shape.truth_count = r->truths;
    r->shape.value_count = r->values;
}

/* Whether code finds with each of many constants what is found without it. */
static bool sums_agree(trial *t, const run_machine_provider *provider, struct run_object_maker *maker, bool better,
                       size_t *run)
{
    static const int64_t constants[] = {
        0,      1,         -1,         100,   127,   128,    -128,  200,    254,    255,           -254,         -255,
        300,    -300,      32766,      32767, 32768, -32768, 65533, -65534, 65534,  65535,         -65535,       70000,
        -70000, (1 << 29), -(1 << 29), 3,     -7,    101,    253,   65533,  -65533, INT64_MAX / 2, INT64_MIN / 2};
    static const uint32_t inputs[SLOTS] = {0, 1, 2, 3, 4, 5};
    random_shape *r = &t->random;
    run_object object;
    if (!load(&object, &r->shape, r->widths, provider, maker, better)) return false;
    uint64_t *const expected[] = {t->expected[0], t->expected[1], t->expected[2], t->expected[3]};
    uint64_t *const found[] = {t->found[0], t->found[1], t->found[2], t->found[3]};
    uint64_t aside[2 * ROOM];
    bool good = true;
    for (size_t c = 0; good && c < sizeof constants / sizeof *constants; c++) {
        int64_t fitting[1];
        if (!plan_fit_constants(&r->shape, r->widths, &constants[c], fitting)) continue;
        good = run_interpret_shape(&t->registers, &r->shape, t->columns.lanes, inputs, &constants[c], ROOM, expected);
        if (object.compare != NULL) object.compare(t->columns.lanes, inputs, fitting, ROOM, NULL, aside);
        object.kernel(t->columns.lanes, inputs, fitting, ROOM, found, aside);
        good = good && same_planes(t, ROOM);
        ++*run;
    }
    run_object_unload(&object);
    return good;
}

static void try_sums(const processor *p)
{
    enum { EACH = 7, SUMS = MADE * RELATIONS * 2 * 9 };
    size_t run = 0;
    trial *t = p->trial;
    for (int i = p->number; i < SUMS; i += EACH) {
        int made = i % MADE, relation = i / MADE % RELATIONS, turned = i / (MADE * RELATIONS) % 2,
            widths = i / (MADE * RELATIONS * 2);
        make_sum(&t->random, made, relation, turned == 1, (uint8_t)(widths % 3), (uint8_t)(widths / 3));
        fill(&t->random, &t->columns);
        cr_expect(sums_agree(t, p->provider, p->maker, i % 2 == 0, &run),
                  "%s: sum %d, relation %d, turned %d, widths %d", p->cpu, made, relation, turned, widths);
    }
    cr_expect(run > (size_t)SUMS / EACH * 25, "%s: only %zu sums have code", p->cpu, run);
}

Test(shapes, sums_of_narrow_columns_compare_as_they_would_in_wide_ones)
{
    for_processors(try_sums);
}

/* ---- which parts are the same ---- */

/* Two clauses with the same steps: first and second number, compared with a constant each; both; not both. What applies is the one or the
 * other comparison. */
static const plan_lane_step pair_steps[] = {
    {PLAN_LANE_VALUE, 0, 0, 0},  {PLAN_LANE_NUMBER, 0, 0, 1}, {PLAN_LANE_LESS, 0, 1, 0}, {PLAN_LANE_VALUE, 1, 0, 2},
    {PLAN_LANE_NUMBER, 1, 0, 3}, {PLAN_LANE_LESS, 2, 3, 1},   {PLAN_LANE_AND, 0, 1, 2},  {PLAN_LANE_NOT, 2, 0, 3}};

enum { PAIR_STEPS = sizeof pair_steps / sizeof *pair_steps };

static plan_shape pair_shape(base_arena *arena, uint16_t applies)
{
    plan_shape shape = {.step_count = PAIR_STEPS,
                        .slot_count = 2,
                        .constant_count = 2,
                        .truth_count = 4,
                        .value_count = 4,
                        .results = {applies, 2, 3},
                        .clause = true,
                        .plain = true};
    shape.steps = base_arena_alloc(arena, sizeof pair_steps);
    shape.truth_slots = base_arena_alloc(arena, sizeof *shape.truth_slots);
    cr_assert(shape.steps != NULL && shape.truth_slots != NULL);
    for (size_t i = 0; i < PAIR_STEPS; i++) {
        shape.steps[i].operation = pair_steps[i].operation;
        shape.steps[i].a = pair_steps[i].a;
        shape.steps[i].b = pair_steps[i].b;
        shape.steps[i].to = pair_steps[i].to;
    }
    return shape;
}

/* Shapes that differ in nothing but what their results are, or in how wide a slot is, share no more than they may. */
Test(shapes, that_are_nearly_the_same_have_code_of_their_own)
{
    if (run_machine_provider_get() == NULL) return;
    base_arena arena;
    base_arena_init(&arena, NULL);
    base_allocator allocator = base_allocator_default();
    plan_shape shapes[2] = {pair_shape(&arena, 0), pair_shape(&arena, 1)};
    plan_unit units[2] = {{.shape = 0}, {.shape = 1}};
    uint32_t slots[] = {0, 1};
    int64_t constants[] = {3, 5};
    bool whole[] = {false, false};
    run_schedule schedule = {.constants = constants, .whole = whole};
    plan_kernels kernels = {.shapes = {shapes, 2, 2}, .units = {units, 2, 2}, .slots = {slots, 2, 2}};
    kernels.inputs.count = 2;
    run_context context = {.arena = &arena};
    run_packer packer;
    cr_assert(run_packer_init(&packer, &allocator, &context, &kernels, &schedule));
    packer.code = run_kernel_code_new(&allocator, &kernels, NULL);
    packer.wait = true;
    packer.words = 1;
    cr_assert(packer.code != NULL);
    run_kernel_code_begin(packer.code);
    static const uint64_t yes[8] = {UINT64_MAX}, no[8] = {0};
    size_t ran = 0;
    for (int width = 0; width < 4; width++) {
        int64_t numbers[2][64 * 8] = {{0}};
        for (int i = 0; i < 64; i++) {
            int64_t values[] = {i % 8, i / 8};
            for (int c = 0; c < 2; c++)
                memcpy((char *)numbers[c] + ((size_t)i << width), &values[c], (size_t)1 << width);
        }
        for (int c = 0; c < 2; c++) packer.lanes[c] = (run_lanes){numbers[c], yes, no, (uint64_t)width};
        for (uint32_t u = 0; u < 2; u++) {
            uint64_t meant[RUN_PLANES][8], found[RUN_PLANES][8];
            uint64_t *const expected[] = {meant[0], meant[1], meant[2], meant[3]};
            uint64_t *const planes[] = {found[0], found[1], found[2], found[3]};
            cr_assert(run_interpret_shape(&packer.registers, &shapes[u], packer.lanes, slots, constants, 1, expected));
            const run_kernel_memo *memo = run_kernel_find(&packer, u, (uint64_t)width << 2 | (uint64_t)width);
            ran += memo != NULL && memo->composite != NULL;
            cr_assert(run_unit(&packer, u, planes));
            for (int p = 0; p < 3; p++)
                cr_expect_eq(found[p][0], meant[p][0], "width %d, unit %u, plane %d", width, u, p);
        }
    }
#if defined(__x86_64__)
    cr_expect_eq(ran, 8u, "%zu by their parts", ran);
#endif
    run_kernel_code_end(packer.code);
    run_kernel_code_free(packer.code);
    run_packer_release(&packer);
    base_arena_release(&arena);
}
