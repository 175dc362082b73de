/* From the blocks of a plan to kernels: equal expressions of all blocks become one node, truths that several clauses ask for
 * units of their own, and each clause a unit whose shape it shares with all clauses that do the same. */
#include "compiler/plan/shapes.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

typedef struct node {
    plan_operation operation;
    uint32_t a, b, c, detail;
    int64_t number;
    lang_type_kind type;
    uint32_t block, step; /* where it was first met */
    uint32_t input;       /* + 1 */
    uint32_t next;        /* + 1: of equal hash */
    bool shared;
    /* Within the unit at hand: the step that gives it, if `stamp` is the unit's. */
    uint32_t stamp, lane;
} node;

/* A unit under construction: steps whose registers are still their own numbers. */
typedef struct sketch {
    BASE_ARRAY(plan_lane_step) steps;
    BASE_ARRAY(uint32_t) slots;
    BASE_ARRAY(plan_constant) constants;
    uint32_t root; /* the node that a shared unit gives; PLAN_NO_STEP for a clause */
    uint32_t stamp;
    bool filled, full;
} sketch;

typedef struct lowering {
    base_arena *arena, scratch;
    const plan_program *plan;
    plan_kernels *kernels;
    BASE_ARRAY(node) nodes;
    BASE_ARRAY(uint32_t) arguments; /* nodes, of lookups */
    uint32_t *buckets;
    size_t bucket_count;
    plan_shape_table shapes;
    uint32_t *node_of; /* by step of the block at hand */
    uint8_t *marks; /* by step of any policy's block: 1 needed, 2 a field that a step reads itself; zeros in between */
    BASE_ARRAY(uint32_t) cone;
    uint32_t stamps;
} lowering;

bool plan_gives_truth(plan_operation operation)
{
    switch (operation) {
    case PLAN_TRUTH:
    case PLAN_TO_TRUTH:
    case PLAN_NOT:
    case PLAN_AND:
    case PLAN_OR:
    case PLAN_IS_PRESENT:
    case PLAN_EQUAL:
    case PLAN_LESS:
    case PLAN_AT_MOST:
    case PLAN_DECIDE:
    case PLAN_SET_HOLDS:
    case PLAN_LIST_MEETS_SET:
    case PLAN_LIST_WITHIN_SET:
    case PLAN_LIST_HAS:
    case PLAN_LIST_HAS_ALL:
    case PLAN_LISTS_MEET:
    case PLAN_SPAN_CONTAINS:
    case PLAN_SPANS_OVERLAP:
    case PLAN_KNOWN:
    case PLAN_DENIED: return true;
    default: return false;
    }
}

/* ---- nodes ---- */

static bool grow_buckets(lowering *l)
{
    size_t count = l->bucket_count == 0 ? 1024 : l->bucket_count * 2;
    uint32_t *buckets = base_arena_alloc(&l->scratch, count * sizeof *buckets);
    if (buckets == NULL) return false;
    l->buckets = buckets;
    l->bucket_count = count;
    return true;
}

static uint64_t hash_of(const node *n, const uint32_t *arguments)
{
    uint64_t key[6] = {(uint64_t)n->operation, ((uint64_t)n->a << 32) | n->b, n->c, n->detail, (uint64_t)n->number,
                       (uint64_t)n->type};
    if (n->operation == PLAN_LOOKUP) key[1] = XXH3_64bits(arguments, n->b * sizeof *arguments);
    return XXH3_64bits(key, sizeof key);
}

static void rehash(lowering *l)
{
    if (!grow_buckets(l)) return;
    for (uint32_t i = 0; i < l->nodes.count; i++) {
        node *n = &l->nodes.items[i];
        const uint32_t *arguments = n->operation == PLAN_LOOKUP ? l->arguments.items + n->a : NULL;
        size_t slot = (size_t)hash_of(n, arguments) & (l->bucket_count - 1);
        n->next = l->buckets[slot];
        l->buckets[slot] = i + 1;
    }
}

static bool same_node(const lowering *l, const node *x, const node *y, const uint32_t *arguments)
{
    if (x->operation != y->operation || x->b != y->b || x->c != y->c || x->detail != y->detail ||
        x->number != y->number || x->type != y->type)
        return false;
    if (x->operation != PLAN_LOOKUP) return x->a == y->a;
    return memcmp(l->arguments.items + x->a, arguments, x->b * sizeof *arguments) == 0;
}

static uint32_t add_node(lowering *l, node wanted, const uint32_t *arguments)
{
    size_t slot = (size_t)hash_of(&wanted, arguments) & (l->bucket_count - 1);
    for (uint32_t at = l->buckets[slot]; at != 0; at = l->nodes.items[at - 1].next) {
        if (same_node(l, &l->nodes.items[at - 1], &wanted, arguments)) return at - 1;
    }
    if (wanted.operation == PLAN_LOOKUP) {
        wanted.a = (uint32_t)l->arguments.count;
        for (uint32_t i = 0; i < wanted.b; i++) {
            uint32_t *place = BASE_PUSH(&l->scratch, &l->arguments);
            if (place != NULL) *place = arguments[i];
        }
    }
    node *added = BASE_PUSH(&l->scratch, &l->nodes);
    if (added == NULL) return 0;
    *added = wanted;
    added->next = l->buckets[slot];
    l->buckets[slot] = (uint32_t)l->nodes.count;
    if (l->nodes.count * 2 > l->bucket_count) rehash(l);
    return (uint32_t)l->nodes.count - 1;
}

static uint32_t node_at(const lowering *l, uint32_t step)
{
    return step == PLAN_NO_STEP ? PLAN_NO_STEP : l->node_of[step];
}

static uint32_t node_of_step(lowering *l, uint32_t block_index, uint32_t index)
{
    const plan_block *block = &l->plan->blocks.items[block_index];
    const plan_step *step = &block->steps.items[index];
    node wanted = {.operation = step->operation,
                   .detail = step->detail,
                   .number = step->number,
                   .type = step->type.kind,
                   .block = block_index,
                   .step = index};
    uint32_t arguments[PLAN_LOOKUP_LIMIT + 1];
    if (step->operation == PLAN_LOOKUP) {
        wanted.b = step->b;
        wanted.c = PLAN_NO_STEP;
        for (uint32_t i = 0; i < step->b; i++) arguments[i] = l->node_of[block->arguments.items[step->a + i]];
    } else {
        wanted.a = node_at(l, step->a);
        wanted.b = node_at(l, step->b);
        wanted.c = node_at(l, step->c);
    }
    return add_node(l, wanted, arguments);
}

/* ---- inputs ---- */

static const node *at(const lowering *l, uint32_t index)
{
    return &l->nodes.items[index];
}

static bool path_of(const lowering *l, uint32_t index, plan_path *path)
{
    uint16_t fields[PLAN_PATH_LIMIT];
    uint8_t count = 0;
    *path = (plan_path){0};
    while (at(l, index)->operation == PLAN_LOAD) {
        if (count == PLAN_PATH_LIMIT) return false;
        fields[count++] = (uint16_t)at(l, index)->detail;
        index = at(l, index)->a;
    }
    if (count == 0 || at(l, index)->operation != PLAN_FRAME || at(l, index)->number != 0) return false;
    path->count = count;
    for (uint8_t i = 0; i < count; i++) path->fields[i] = fields[count - 1 - i];
    return true;
}

static bool reads_only(const plan_step *step)
{
    return step->operation == PLAN_FRAME || step->operation == PLAN_LOAD;
}

static void push_cone(lowering *l, uint32_t step)
{
    uint32_t *slot = BASE_PUSH(&l->scratch, &l->kernels->cones);
    if (slot != NULL) *slot = step;
}

uint32_t plan_step_sources(const plan_program *plan, const plan_block *block, const plan_step *step,
                           uint32_t sources[PLAN_LOOKUP_LIMIT + 1])
{
    const uint32_t operands[] = {step->a, step->b, step->c};
    uint32_t limit = 3, count = 0;
    switch (step->operation) {
    case PLAN_LOOKUP:
        /* The day comes last. */
        count = step->b - (plan->tables.items[step->number].asks_day ? 0 : 1);
        for (uint32_t i = 0; i < count; i++) sources[i] = block->arguments.items[step->a + i];
        return count;
    case PLAN_SET_HOLDS:
    case PLAN_LIST_MEETS_SET:
    case PLAN_LIST_WITHIN_SET:
        if (!lang_code_set_asks_day(plan->sets.items[step->number])) limit = 1;
        break;
    default: break;
    }
    for (uint32_t i = 0; i < limit; i++) {
        if (operands[i] != PLAN_NO_STEP) sources[count++] = operands[i];
    }
    return count;
}

/* Marks the fields that a step reads itself; false where it depends on more than fields of the subject. */
static bool mark_leaves(const lowering *l, const plan_block *block, const plan_step *step, uint8_t *marks)
{
    enum { NEEDED = 1, LEAF = 2 };
    if (step->operation == PLAN_AGGREGATE || step->operation == PLAN_UPPER || step->operation == PLAN_DENIED ||
        step->operation == PLAN_TALLY)
        return false;
    uint32_t sources[PLAN_LOOKUP_LIMIT + 1], count = plan_step_sources(l->plan, block, step, sources);
    for (uint32_t i = 0; i < count; i++) {
        if (reads_only(&block->steps.items[sources[i]])) marks[sources[i]] |= LEAF;
    }
    return true;
}

/* The fields that a step follows from, if those are all, and few. */
static void collect_leaves(lowering *l, plan_input *input)
{
    const plan_block *block = &l->plan->blocks.items[input->block];
    for (size_t i = 0; i < l->cone.count; i++) {
        const plan_step *step = &block->steps.items[l->cone.items[i]];
        if (!reads_only(step) && !mark_leaves(l, block, step, l->marks)) return;
    }
    uint32_t first = (uint32_t)l->kernels->cones.count, count = 0;
    for (size_t i = 0; i < l->cone.count; i++) {
        uint32_t step = l->cone.items[i];
        if ((l->marks[step] & 2) == 0) continue;
        if (block->steps.items[step].operation == PLAN_FRAME) count = PLAN_LEAF_LIMIT; /* the row itself */
        push_cone(l, step);
        count++;
    }
    if (count > PLAN_LEAF_LIMIT || reads_only(&block->steps.items[input->step])) {
        l->kernels->cones.count = first;
        return;
    }
    input->leaf_count = count;
}

static void need_step(lowering *l, uint32_t step)
{
    if (l->marks[step] != 0) return;
    uint32_t *slot = BASE_PUSH(&l->scratch, &l->cone);
    if (slot == NULL) return;
    *slot = step;
    l->marks[step] = 1;
}

static int by_step(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* The steps that a step needs: what rows and fields there are first, then the rest, in the order of its block. */
static bool collect_cone(lowering *l, plan_input *input)
{
    const plan_block *block = &l->plan->blocks.items[input->block];
    l->cone.count = 0;
    need_step(l, input->step);
    for (size_t i = 0; i < l->cone.count; i++) {
        const plan_step *step = &block->steps.items[l->cone.items[i]];
        uint32_t sources[PLAN_LOOKUP_LIMIT + 1], own = plan_step_sources(l->plan, block, step, sources);
        for (uint32_t k = 0; k < own; k++) need_step(l, sources[k]);
    }
    if (l->cone.count > 1) qsort(l->cone.items, l->cone.count, sizeof *l->cone.items, by_step);
    for (size_t i = 0; i < l->cone.count; i++) {
        plan_operation operation = block->steps.items[l->cone.items[i]].operation;
        if (operation == PLAN_AGGREGATE || operation == PLAN_DENIED || operation == PLAN_TALLY) input->far = true;
    }
    input->cone = (uint32_t)l->kernels->cones.count;
    for (int loads = 1; loads >= 0; loads--) {
        for (size_t i = 0; i < l->cone.count; i++) {
            if (reads_only(&block->steps.items[l->cone.items[i]]) == (loads == 1)) push_cone(l, l->cone.items[i]);
        }
        if (loads == 1) input->load_count = (uint32_t)l->kernels->cones.count - input->cone;
    }
    input->cone_count = (uint32_t)l->kernels->cones.count - input->cone;
    collect_leaves(l, input);
    for (size_t i = 0; i < l->cone.count; i++) l->marks[l->cone.items[i]] = 0;
    return !l->scratch.failed;
}

/* What kind of input a node is, if a kernel reads it rather than working it out. */
static plan_input describe(const lowering *l, uint32_t index)
{
    const node *n = at(l, index);
    plan_input input = {
        .kind = PLAN_INPUT_STEP, .truth = plan_gives_truth(n->operation), .block = n->block, .step = n->step};
    switch (n->operation) {
    case PLAN_LOAD:
        if (path_of(l, index, &input.path)) input.kind = PLAN_INPUT_VALUE;
        break;
    case PLAN_TO_TRUTH:
        if (path_of(l, n->a, &input.path)) input.kind = PLAN_INPUT_YES;
        break;
    case PLAN_IS_PRESENT:
        if (path_of(l, n->a, &input.path)) input.kind = PLAN_INPUT_PRESENCE;
        break;
    case PLAN_EQUAL: {
        bool left = at(l, n->a)->operation == PLAN_SYMBOL;
        uint32_t code = left ? n->b : n->a, symbol = left ? n->a : n->b;
        if (at(l, symbol)->operation != PLAN_SYMBOL || !path_of(l, code, &input.path)) break;
        input.kind = PLAN_INPUT_CODE;
        input.number = at(l, symbol)->number;
        break;
    }
    case PLAN_SET_HOLDS:
    case PLAN_LIST_MEETS_SET:
    case PLAN_LIST_WITHIN_SET:
        input.dated = n->b != PLAN_NO_STEP && path_of(l, n->b, &input.date);
        if (!path_of(l, n->a, &input.path) || (n->b != PLAN_NO_STEP && !input.dated)) break;
        input.kind = n->operation == PLAN_SET_HOLDS        ? PLAN_INPUT_SET
                     : n->operation == PLAN_LIST_MEETS_SET ? PLAN_INPUT_ANY_OF
                                                           : PLAN_INPUT_ALL_OF;
        input.number = n->number;
        break;
    case PLAN_LIST_HAS:
        if (at(l, n->b)->operation != PLAN_SYMBOL || !path_of(l, n->a, &input.path)) break;
        input.kind = PLAN_INPUT_HAS;
        input.number = at(l, n->b)->number;
        break;
    case PLAN_SPAN_CONTAINS:
        if (path_of(l, n->a, &input.path) && path_of(l, n->b, &input.date)) input.kind = PLAN_INPUT_DURING;
        break;
    default: break;
    }
    input.filled = input.kind == PLAN_INPUT_STEP;
    return input;
}

/* A node as the interpreter works it out. */
static plan_input step_input(const lowering *l, uint32_t index)
{
    const node *n = at(l, index);
    return (plan_input){.kind = PLAN_INPUT_STEP,
                        .truth = plan_gives_truth(n->operation),
                        .filled = true,
                        .block = n->block,
                        .step = n->step};
}

static uint32_t add_input(lowering *l, plan_input input)
{
    if (input.kind == PLAN_INPUT_STEP && !collect_cone(l, &input)) return 0;
    plan_input *slot = BASE_PUSH(&l->scratch, &l->kernels->inputs);
    if (slot == NULL) return 0;
    *slot = input;
    return (uint32_t)l->kernels->inputs.count - 1;
}

/* ---- sketches of units ---- */

static uint32_t push_lane(lowering *l, sketch *s, plan_lane_operation operation, uint32_t a, uint32_t b)
{
    plan_lane_step *step = BASE_PUSH(&l->scratch, &s->steps);
    if (step == NULL) return 0;
    if (a > UINT16_MAX || b > UINT16_MAX || s->steps.count > PLAN_SHAPE_LIMIT) {
        s->full = true;
        a = b = 0;
    }
    *step = (plan_lane_step){(uint8_t)operation, (uint16_t)a, (uint16_t)b, 0};
    return (uint32_t)s->steps.count - 1;
}

static uint32_t slot_for(lowering *l, sketch *s, uint32_t input)
{
    for (uint32_t i = 0; i < s->slots.count; i++) {
        if (s->slots.items[i] == input) return i;
    }
    uint32_t *slot = BASE_PUSH(&l->scratch, &s->slots);
    if (slot == NULL || input >= l->kernels->inputs.count) return 0; /* memory ran out */
    *slot = input;
    if (l->kernels->inputs.items[input].filled) s->filled = true;
    return (uint32_t)s->slots.count - 1;
}

static uint32_t constant_for(lowering *l, sketch *s, plan_constant_kind kind, int64_t number)
{
    plan_constant *slot = BASE_PUSH(&l->scratch, &s->constants);
    if (slot != NULL) *slot = (plan_constant){kind, number};
    return (uint32_t)s->constants.count - 1;
}

/* A parameter whose value is the same on every day, whatever the run knows. */
static bool is_plain(const plan_parameter *parameter)
{
    if (parameter->values.count == 0) return false;
    const lang_dates *dates = &parameter->values.items[0].dates;
    if (dates->from != BASE_DATE_MIN || dates->to != BASE_DATE_MAX || dates->known != BASE_DATE_MIN) return false;
    return parameter->values.count == 1 || parameter->values.items[1].rank > parameter->values.items[0].rank;
}

static uint32_t unit_of(lowering *l, sketch *s, const uint32_t *results, size_t count, uint32_t clause);
static uint32_t lane_of(lowering *l, sketch *s, uint32_t index);

/* The input of a node: read, worked out line by line, or given by a unit of its own. */
static uint32_t input_of(lowering *l, uint32_t index, bool as_unit)
{
    if (l->nodes.items[index].input != 0) return l->nodes.items[index].input - 1;
    plan_input input = describe(l, index);
    if (as_unit && input.kind == PLAN_INPUT_STEP) {
        sketch inner = {.root = index, .stamp = ++l->stamps};
        input = (plan_input){.kind = PLAN_INPUT_UNIT, .truth = true};
        input.unit = unit_of(l, &inner, &index, 1, PLAN_NO_STEP);
        input.filled = inner.filled;
        if (inner.full) input = step_input(l, index);
    }
    uint32_t made = add_input(l, input);
    l->nodes.items[index].input = made + 1;
    return made;
}

static uint32_t truth_input(lowering *l, sketch *s, uint32_t index, bool as_unit)
{
    return push_lane(l, s, PLAN_LANE_TRUTH, slot_for(l, s, input_of(l, index, as_unit)), 0);
}

static uint32_t pair(lowering *l, sketch *s, plan_lane_operation operation, const node *n)
{
    uint32_t left = lane_of(l, s, n->a);
    return push_lane(l, s, operation, left, lane_of(l, s, n->b));
}

/* The lane of a truth. Long for its list of operations. */
static uint32_t make_truth(lowering *l, sketch *s, uint32_t index)
{
    node n = l->nodes.items[index];
    if (n.shared && s->root != index) return truth_input(l, s, index, true);
    switch (n.operation) {
    case PLAN_TRUTH: return push_lane(l, s, PLAN_LANE_CONSTANT, constant_for(l, s, PLAN_CONSTANT_NUMBER, n.number), 0);
    case PLAN_KNOWN: return push_lane(l, s, PLAN_LANE_CONSTANT, constant_for(l, s, PLAN_CONSTANT_KNOWN, n.number), 0);
    case PLAN_NOT: return push_lane(l, s, PLAN_LANE_NOT, lane_of(l, s, n.a), 0);
    case PLAN_AND: return pair(l, s, PLAN_LANE_AND, &n);
    case PLAN_OR: return pair(l, s, PLAN_LANE_OR, &n);
    case PLAN_DECIDE: return pair(l, s, PLAN_LANE_DECIDE, &n);
    case PLAN_TO_TRUTH:
        if (at(l, n.a)->operation == PLAN_FROM_TRUTH) return lane_of(l, s, at(l, n.a)->a);
        return truth_input(l, s, index, false);
    case PLAN_IS_PRESENT:
        if (describe(l, index).kind == PLAN_INPUT_PRESENCE) return truth_input(l, s, index, false);
        return push_lane(l, s, PLAN_LANE_PRESENT, lane_of(l, s, n.a), 0);
    case PLAN_EQUAL:
        if (describe(l, index).kind == PLAN_INPUT_CODE) return truth_input(l, s, index, false);
        return pair(l, s, PLAN_LANE_EQUAL, &n);
    case PLAN_LESS: return pair(l, s, PLAN_LANE_LESS, &n);
    case PLAN_AT_MOST: return pair(l, s, PLAN_LANE_AT_MOST, &n);
    default: return truth_input(l, s, index, false);
    }
}

static uint32_t make_value(lowering *l, sketch *s, uint32_t index)
{
    node n = l->nodes.items[index];
    switch (n.operation) {
    case PLAN_NUMBER: return push_lane(l, s, PLAN_LANE_NUMBER, constant_for(l, s, PLAN_CONSTANT_NUMBER, n.number), 0);
    case PLAN_SYMBOL: return push_lane(l, s, PLAN_LANE_NUMBER, constant_for(l, s, PLAN_CONSTANT_SYMBOL, n.number), 0);
    case PLAN_PARAMETER:
        if (!is_plain(&l->plan->parameters.items[n.number])) break;
        return push_lane(l, s, PLAN_LANE_NUMBER, constant_for(l, s, PLAN_CONSTANT_PARAMETER, n.number), 0);
    case PLAN_ADD: return pair(l, s, PLAN_LANE_ADD, &n);
    case PLAN_SUBTRACT: return pair(l, s, PLAN_LANE_SUBTRACT, &n);
    case PLAN_OR_ELSE: return pair(l, s, PLAN_LANE_OR_ELSE, &n);
    default: break;
    }
    return push_lane(l, s, PLAN_LANE_VALUE, slot_for(l, s, input_of(l, index, false)), 0);
}

/* The nodes whose lanes a node's own is made of; as make_truth and make_value have it. */
static size_t sources_of(const lowering *l, const sketch *s, uint32_t index, uint32_t sources[2])
{
    const node *n = at(l, index);
    if (n->shared && plan_gives_truth(n->operation) && s->root != index) return 0;
    sources[0] = n->a;
    sources[1] = n->b;
    switch (n->operation) {
    case PLAN_NOT: return 1;
    case PLAN_AND:
    case PLAN_OR:
    case PLAN_DECIDE:
    case PLAN_LESS:
    case PLAN_AT_MOST:
    case PLAN_ADD:
    case PLAN_SUBTRACT:
    case PLAN_OR_ELSE: return 2;
    case PLAN_EQUAL: return describe(l, index).kind == PLAN_INPUT_CODE ? 0 : 2;
    case PLAN_IS_PRESENT: return describe(l, index).kind == PLAN_INPUT_PRESENCE ? 0 : 1;
    case PLAN_TO_TRUTH:
        if (at(l, n->a)->operation != PLAN_FROM_TRUTH) return 0;
        sources[0] = at(l, n->a)->a;
        return 1;
    default: return 0;
    }
}

static void make_lane(lowering *l, sketch *s, uint32_t index)
{
    bool truth = plan_gives_truth(l->nodes.items[index].operation);
    uint32_t lane = truth ? make_truth(l, s, index) : make_value(l, s, index);
    l->nodes.items[index].stamp = s->stamp;
    l->nodes.items[index].lane = lane;
}

/* The lane of a node; of chains of any length, such as a policy's payers, without a call for each link. */
static uint32_t lane_of(lowering *l, sketch *s, uint32_t index)
{
    BASE_ARRAY(uint32_t) stack = {0};
    uint32_t *slot = l->nodes.items[index].stamp == s->stamp ? NULL : BASE_PUSH(&l->scratch, &stack);
    if (slot != NULL) *slot = index;
    while (stack.items != NULL && stack.count > 0 && !l->scratch.failed) {
        uint32_t top = stack.items[stack.count - 1], sources[2], wanted = PLAN_NO_STEP;
        size_t count = l->nodes.items[top].stamp == s->stamp ? 0 : sources_of(l, s, top, sources);
        for (size_t i = 0; i < count && wanted == PLAN_NO_STEP; i++) {
            if (l->nodes.items[sources[i]].stamp != s->stamp) wanted = sources[i];
        }
        if (wanted != PLAN_NO_STEP) {
            slot = BASE_PUSH(&l->scratch, &stack);
            if (slot != NULL) *slot = wanted;
            continue;
        }
        if (l->nodes.items[top].stamp != s->stamp) make_lane(l, s, top);
        stack.count--;
    }
    return l->nodes.items[index].stamp == s->stamp ? l->nodes.items[index].lane : 0;
}

/* ---- units ---- */

static plan_shape shape_of(lowering *l, sketch *s, const uint32_t *lanes, size_t count)
{
    plan_shape shape = {.steps = s->steps.items,
                        .step_count = (uint32_t)s->steps.count,
                        .clause = count == 3,
                        .slot_count = (uint16_t)s->slots.count,
                        .constant_count = (uint16_t)s->constants.count};
    for (size_t i = 0; i < 3; i++) shape.results[i] = (uint16_t)lanes[i < count ? i : 0];
    shape.truth_slots = base_arena_alloc(&l->scratch, (s->slots.count + 64) / 64 * 8);
    if (shape.truth_slots == NULL || s->steps.items == NULL) return shape;
    for (size_t i = 0; i < s->slots.count; i++) {
        if (l->kernels->inputs.items[s->slots.items[i]].truth) shape.truth_slots[i / 64] |= UINT64_C(1) << (i % 64);
    }
    const plan_lane_step *failing = &s->steps.items[lanes[count - 1]];
    shape.plain = shape.clause && failing->operation == PLAN_LANE_NOT && failing->a == lanes[1];
    plan_place_registers(&l->scratch, &shape);
    return shape;
}

/* Makes a unit of what gives `results`; its number. */
static uint32_t unit_of(lowering *l, sketch *s, const uint32_t *results, size_t count, uint32_t clause)
{
    uint32_t lanes[3] = {0};
    for (size_t i = 0; i < count; i++) lanes[i] = lane_of(l, s, results[i]);
    if (l->scratch.failed || l->arena->failed) return 0;
    if (s->full && clause == PLAN_NO_STEP) return 0; /* too much for a shape: the interpreter works the truth out */
    if (s->full) {
        /* Likewise for all that the clause asks. */
        *s = (sketch){.root = PLAN_NO_STEP, .stamp = ++l->stamps};
        for (size_t i = 0; i < count; i++) {
            uint32_t input = add_input(l, step_input(l, results[i]));
            lanes[i] = push_lane(l, s, PLAN_LANE_TRUTH, slot_for(l, s, input), 0);
        }
    }
    plan_shape made = shape_of(l, s, lanes, count);
    if (l->scratch.failed) return 0;
    uint32_t shape = plan_intern_shape(&l->shapes, made);
    plan_kernels *kernels = l->kernels;
    plan_unit unit = {shape, clause, (uint32_t)kernels->slots.count, (uint32_t)kernels->constants.count, s->filled};
    for (size_t i = 0; i < s->slots.count; i++) {
        uint32_t *slot = BASE_PUSH(&l->scratch, &kernels->slots);
        if (slot != NULL) *slot = s->slots.items[i];
    }
    for (size_t i = 0; i < s->constants.count; i++) {
        plan_constant *slot = BASE_PUSH(&l->scratch, &kernels->constants);
        if (slot != NULL) *slot = s->constants.items[i];
    }
    plan_unit *added = BASE_PUSH(&l->scratch, &kernels->units);
    if (added != NULL) *added = unit;
    return (uint32_t)kernels->units.count - 1;
}

/* ---- policies ---- */

/* Truths that a skip asks for several clauses are worked out once. */
static void mark_shared(lowering *l, const plan_block *block)
{
    for (uint32_t i = 0; i < block->steps.count; i++) {
        const plan_step *step = &block->steps.items[i];
        if (step->operation != PLAN_SKIP) continue;
        size_t verdicts = 0;
        for (uint32_t k = i; k < (uint32_t)step->number && verdicts < 2; k++) {
            verdicts += block->steps.items[k].operation == PLAN_VERDICT ? 1 : 0;
        }
        if (verdicts > 1) l->nodes.items[l->node_of[step->a]].shared = true;
    }
}

static bool lower_policy(lowering *l, uint32_t index)
{
    uint32_t block_index = l->plan->policies.items[index].block;
    const plan_block *block = &l->plan->blocks.items[block_index];
    l->node_of = base_arena_alloc(&l->scratch, (block->steps.count + 1) * sizeof *l->node_of);
    if (l->node_of == NULL) return false;
    for (uint32_t i = 0; i < block->steps.count; i++) {
        plan_operation operation = block->steps.items[i].operation;
        bool gives = operation != PLAN_SKIP && operation != PLAN_VERDICT && operation != PLAN_SCOPE;
        l->node_of[i] = gives ? node_of_step(l, block_index, i) : PLAN_NO_STEP;
    }
    if (l->scratch.failed) return false;
    mark_shared(l, block);
    for (uint32_t i = 0; i < block->steps.count; i++) {
        const plan_step *step = &block->steps.items[i];
        if (step->operation == PLAN_SCOPE) {
            plan_policy_units *units = &l->kernels->policies[index];
            units->payer = input_of(l, l->node_of[step->a], true);
            units->dates = input_of(l, l->node_of[step->b], true);
        } else if (step->operation == PLAN_VERDICT) {
            const uint32_t results[3] = {l->node_of[step->a], l->node_of[step->b], l->node_of[step->c]};
            sketch s = {.root = PLAN_NO_STEP, .stamp = ++l->stamps};
            l->kernels->clause_units[step->number] = unit_of(l, &s, results, 3, (uint32_t)step->number);
        }
        if (l->scratch.failed || l->arena->failed) return false;
    }
    return true;
}

/* Lists grew in the scratch memory; now they take as much as they fill. */
static void settle(base_arena *arena, plan_kernels *kernels)
{
    BASE_SETTLE(arena, &kernels->shapes);
    BASE_SETTLE(arena, &kernels->inputs);
    BASE_SETTLE(arena, &kernels->units);
    BASE_SETTLE(arena, &kernels->slots);
    BASE_SETTLE(arena, &kernels->constants);
    BASE_SETTLE(arena, &kernels->cones);
}

plan_kernels *plan_build_kernels(base_arena *arena, const plan_program *plan)
{
    plan_kernels *kernels = base_arena_alloc(arena, sizeof *kernels);
    if (kernels == NULL) return NULL;
    kernels->clause_units = base_arena_alloc(arena, (plan->clauses.count + 1) * sizeof *kernels->clause_units);
    kernels->policies = base_arena_alloc(arena, (plan->policies.count + 1) * sizeof *kernels->policies);
    if (kernels->clause_units == NULL || kernels->policies == NULL) return NULL;
    for (size_t c = 0; c < plan->clauses.count; c++) kernels->clause_units[c] = PLAN_NO_STEP;
    lowering l = {.arena = arena, .plan = plan, .kernels = kernels};
    base_arena_init(&l.scratch, &arena->allocator);
    l.shapes = (plan_shape_table){.arena = arena, .scratch = &l.scratch, .kernels = kernels};
    l.marks = base_arena_alloc(&l.scratch, plan->longest);
    bool good = l.marks != NULL && grow_buckets(&l);
    for (uint32_t p = 0; good && p < plan->policies.count; p++) good = lower_policy(&l, p);
    if (l.scratch.failed) arena->failed = true;
    settle(arena, kernels);
    base_arena_release(&l.scratch);
    good = good && !arena->failed && plan_find_scales(arena, plan, kernels);
    return good && !arena->failed ? kernels : NULL;
}
