/* Machine code of shapes: explicit vectors, 64 lines to a word of the loop. Expects a shape and how wide its columns are; produces
 * one relocatable object with the function `kernel`, which calls nothing and reads nothing but its arguments.
 *
 * Vectors are as wide as the processor's registers, no wider: others are slow to select and slow to run. Truths are 64-bit words,
 * so that three-valued logic costs an instruction or two for 64 lines. No passes run before code generation: shapes come already
 * shared and narrow (docs/performance.md). */
#include "compiler/machine/target.h"

#include <llvm-c/Core.h>

#include <stddef.h>
#include <string.h>

typedef struct truth {
    LLVMValueRef yes, no;
} truth;

/* A value of the word at hand: a column, a constant, or chunks that were worked out, each of as many lanes as a vector holds. */
typedef struct value {
    int slot, constant; /* -1: not this */
    LLVMValueRef chunks[64];
    LLVMValueRef present, absent; /* NULL: all, none */
    uint8_t width;
} value;

typedef struct kernel {
    LLVMContextRef context;
    LLVMBuilderRef builder;
    const plan_shape *shape;
    const uint8_t *slot_widths;
    unsigned vector_bytes;
    LLVMTypeRef word, byte, pointer;
    LLVMValueRef slots, constants, at; /* arguments; the number of the word at hand */
    LLVMValueRef planes[RUN_PLANES];
    LLVMValueRef *columns, *yes, *no; /* by slot */
    LLVMValueRef zero, ones;
    truth *truths;
    value *values;
} kernel;

static LLVMValueRef number(const kernel *k, uint64_t n)
{
    return LLVMConstInt(k->word, n, 0);
}

static LLVMValueRef negated(const kernel *k, LLVMValueRef a)
{
    return a == k->zero ? k->ones : a == k->ones ? k->zero : LLVMBuildNot(k->builder, a, "");
}

/* No pass folds constants later, so they are folded here. */
static LLVMValueRef both(const kernel *k, LLVMValueRef a, LLVMValueRef b)
{
    if (a == k->zero || b == k->zero) return k->zero;
    return a == k->ones || a == b ? b : b == k->ones ? a : LLVMBuildAnd(k->builder, a, b, "");
}

static LLVMValueRef either(const kernel *k, LLVMValueRef a, LLVMValueRef b)
{
    if (a == k->ones || b == k->ones) return k->ones;
    return a == k->zero || a == b ? b : b == k->zero ? a : LLVMBuildOr(k->builder, a, b, "");
}

static LLVMValueRef load_at(const kernel *k, LLVMTypeRef type, LLVMValueRef base, LLVMValueRef byte, unsigned align)
{
    LLVMValueRef place = LLVMBuildGEP2(k->builder, k->byte, base, &byte, 1, "");
    LLVMValueRef load = LLVMBuildLoad2(k->builder, type, place, "");
    LLVMSetAlignment(load, align);
    return load;
}

static LLVMValueRef word_of(const kernel *k, LLVMValueRef plane)
{
    LLVMValueRef place = LLVMBuildGEP2(k->builder, k->word, plane, (LLVMValueRef[]){k->at}, 1, "");
    return LLVMBuildLoad2(k->builder, k->word, place, "");
}

static LLVMTypeRef lane_type(const kernel *k, uint8_t width)
{
    return LLVMIntTypeInContext(k->context, 8U << width);
}

static LLVMValueRef splat(const kernel *k, LLVMValueRef scalar, unsigned lanes)
{
    LLVMTypeRef half = LLVMInt32TypeInContext(k->context);
    LLVMValueRef none = LLVMGetUndef(LLVMVectorType(LLVMTypeOf(scalar), lanes));
    LLVMValueRef first = LLVMBuildInsertElement(k->builder, none, scalar, LLVMConstInt(half, 0, 0), "");
    return LLVMBuildShuffleVector(k->builder, first, none, LLVMConstNull(LLVMVectorType(half, lanes)), "");
}

static LLVMValueRef constant_of(const kernel *k, int constant, LLVMTypeRef type)
{
    LLVMValueRef all = load_at(k, k->word, k->constants, number(k, (uint64_t)constant * 8), 8);
    return type == k->word ? all : LLVMBuildTrunc(k->builder, all, type, "");
}

/* The c-th vector of a value, `lanes` lanes of a width that is its own or more. */
static LLVMValueRef chunk_of(const kernel *k, const value *v, unsigned c, unsigned lanes, uint8_t width)
{
    LLVMTypeRef wide = LLVMVectorType(lane_type(k, width), lanes);
    if (v->constant >= 0) return splat(k, constant_of(k, v->constant, lane_type(k, width)), lanes);
    LLVMValueRef chunk;
    if (v->slot >= 0) {
        LLVMTypeRef narrow = LLVMVectorType(lane_type(k, v->width), lanes);
        LLVMValueRef line = LLVMBuildAdd(k->builder, LLVMBuildShl(k->builder, k->at, number(k, 6), ""),
                                         number(k, (uint64_t)c * lanes), "");
        LLVMValueRef byte = LLVMBuildShl(k->builder, line, number(k, v->width), "");
        chunk = load_at(k, narrow, k->columns[v->slot], byte, 1);
    } else if (v->width == width) {
        return v->chunks[c];
    } else {
        /* Worked out in a narrower width than is wanted: each vector gives several. */
        unsigned several = 1U << (width - v->width);
        LLVMTypeRef half = LLVMInt32TypeInContext(k->context);
        LLVMValueRef mask[64];
        for (unsigned i = 0; i < lanes; i++) mask[i] = LLVMConstInt(half, (c % several) * lanes + i, 0);
        LLVMValueRef from = v->chunks[c / several];
        chunk = LLVMBuildShuffleVector(k->builder, from, from, LLVMConstVector(mask, lanes), "");
    }
    return v->width == width ? chunk : LLVMBuildSExt(k->builder, chunk, wide, "");
}

static unsigned lanes_of(const kernel *k, uint8_t width)
{
    unsigned lanes = k->vector_bytes >> width;
    return lanes > 64 ? 64 : lanes;
}

static uint8_t width_of(const plan_lane_step *step, const value *a, const value *b)
{
    return plan_lane_width((plan_lane_operation)step->operation, a->constant >= 0 ? PLAN_OF_NUMBER : a->width,
                           b->constant >= 0 ? PLAN_OF_NUMBER : b->width);
}

/* Puts the bits of the c-th vector into their places in a word. */
static LLVMValueRef add_bits(const kernel *k, LLVMValueRef word, LLVMValueRef mask, unsigned c, unsigned lanes)
{
    LLVMValueRef bits = LLVMBuildBitCast(k->builder, mask, LLVMIntTypeInContext(k->context, lanes), "");
    if (lanes < 64) bits = LLVMBuildZExt(k->builder, bits, k->word, "");
    if (c > 0) bits = LLVMBuildShl(k->builder, bits, number(k, (uint64_t)c * lanes), "");
    return either(k, word, bits);
}

static truth relate(const kernel *k, const plan_lane_step *step)
{
    const value *a = &k->values[step->a], *b = &k->values[step->b];
    LLVMIntPredicate predicate = step->operation == PLAN_LANE_EQUAL  ? LLVMIntEQ
                                 : step->operation == PLAN_LANE_LESS ? LLVMIntSLT
                                                                     : LLVMIntSLE;
    uint8_t width = width_of(step, a, b);
    unsigned lanes = lanes_of(k, width);
    LLVMValueRef holds = k->zero;
    for (unsigned c = 0; c < 64 / lanes; c++) {
        LLVMValueRef x = chunk_of(k, a, c, lanes, width), y = chunk_of(k, b, c, lanes, width);
        holds = add_bits(k, holds, LLVMBuildICmp(k->builder, predicate, x, y, ""), c, lanes);
    }
    LLVMValueRef known = both(k, a->present, b->present);
    return (truth){both(k, known, holds), both(k, known, negated(k, holds))};
}

/* Sums and differences; those in 64 bits are unknown past the range. */
static void add(const kernel *k, const plan_lane_step *step)
{
    const value *a = &k->values[step->a], *b = &k->values[step->b];
    value *to = &k->values[step->to];
    LLVMBuilderRef builder = k->builder;
    uint8_t width = width_of(step, a, b);
    unsigned lanes = lanes_of(k, width);
    LLVMValueRef past = k->zero;
    value sum = {.slot = -1, .constant = -1, .width = width};
    for (unsigned c = 0; c < 64 / lanes; c++) {
        LLVMValueRef x = chunk_of(k, a, c, lanes, width), y = chunk_of(k, b, c, lanes, width);
        bool adds = step->operation == PLAN_LANE_ADD;
        LLVMValueRef s = adds ? LLVMBuildAdd(builder, x, y, "") : LLVMBuildSub(builder, x, y, "");
        sum.chunks[c] = s;
        if (width < 3) continue;
        LLVMValueRef other = LLVMBuildXor(builder, x, adds ? s : y, "");
        LLVMValueRef over = LLVMBuildAnd(builder, other, LLVMBuildXor(builder, adds ? y : x, s, ""), "");
        LLVMValueRef mask = LLVMBuildICmp(builder, LLVMIntSLT, over, LLVMConstNull(LLVMTypeOf(over)), "");
        past = add_bits(k, past, mask, c, lanes);
    }
    sum.present = both(k, both(k, a->present, b->present), negated(k, past));
    sum.absent = k->zero;
    *to = sum;
}

static void or_else(const kernel *k, const plan_lane_step *step)
{
    const value *a = &k->values[step->a], *b = &k->values[step->b];
    LLVMBuilderRef builder = k->builder;
    uint8_t width = width_of(step, a, b);
    unsigned lanes = lanes_of(k, width);
    value chosen = {.slot = -1, .constant = -1, .width = width};
    for (unsigned c = 0; c < 64 / lanes; c++) {
        LLVMValueRef bits = LLVMBuildLShr(builder, a->absent, number(k, (uint64_t)c * lanes), "");
        if (lanes < 64) bits = LLVMBuildTrunc(builder, bits, LLVMIntTypeInContext(k->context, lanes), "");
        LLVMTypeRef masks = LLVMVectorType(LLVMInt1TypeInContext(k->context), lanes);
        LLVMValueRef none = LLVMBuildBitCast(builder, bits, masks, "");
        LLVMValueRef x = chunk_of(k, a, c, lanes, width), y = chunk_of(k, b, c, lanes, width);
        chosen.chunks[c] = LLVMBuildSelect(builder, none, y, x, "");
    }
    chosen.present = either(k, a->present, both(k, a->absent, b->present));
    chosen.absent = both(k, a->absent, b->absent);
    k->values[step->to] = chosen;
}

static truth constant_truth(const kernel *k, uint16_t constant)
{
    LLVMValueRef bits = constant_of(k, constant, k->word);
    LLVMValueRef yes = LLVMBuildAnd(k->builder, bits, number(k, 1), "");
    LLVMValueRef no = LLVMBuildAnd(k->builder, LLVMBuildLShr(k->builder, bits, number(k, 1), ""), number(k, 1), "");
    return (truth){LLVMBuildSub(k->builder, k->zero, yes, ""), LLVMBuildSub(k->builder, k->zero, no, "")};
}

static void make_step(const kernel *k, const plan_lane_step *step)
{
    const truth *a = &k->truths[step->a], *b = &k->truths[step->b];
    truth *to = &k->truths[step->to];
    switch (step->operation) {
    case PLAN_LANE_TRUTH: *to = (truth){word_of(k, k->yes[step->a]), word_of(k, k->no[step->a])}; break;
    case PLAN_LANE_CONSTANT: *to = constant_truth(k, step->a); break;
    case PLAN_LANE_NOT: *to = (truth){a->no, a->yes}; break;
    case PLAN_LANE_AND: *to = (truth){both(k, a->yes, b->yes), either(k, a->no, b->no)}; break;
    case PLAN_LANE_OR: *to = (truth){either(k, a->yes, b->yes), both(k, a->no, b->no)}; break;
    case PLAN_LANE_DECIDE: *to = (truth){a->yes, b->yes}; break;
    case PLAN_LANE_PRESENT: *to = (truth){k->values[step->a].present, k->values[step->a].absent}; break;
    case PLAN_LANE_EQUAL:
    case PLAN_LANE_LESS:
    case PLAN_LANE_AT_MOST: *to = relate(k, step); break;
    case PLAN_LANE_VALUE:
        k->values[step->to] = (value){.slot = step->a, .constant = -1, .width = k->slot_widths[step->a],
                                      .present = word_of(k, k->yes[step->a]), .absent = word_of(k, k->no[step->a])};
        break;
    case PLAN_LANE_NUMBER:
        k->values[step->to] = (value){.slot = -1, .constant = step->a, .present = k->ones, .absent = k->zero};
        break;
    case PLAN_LANE_OR_ELSE: or_else(k, step); break;
    default: add(k, step); break;
    }
}

static void store_word(const kernel *k, int plane, LLVMValueRef word)
{
    LLVMValueRef place = LLVMBuildGEP2(k->builder, k->word, k->planes[plane], (LLVMValueRef[]){k->at}, 1, "");
    LLVMBuildStore(k->builder, word, place);
}

/* run_clause_verdict, 64 lines at a time. */
static void conclude(const kernel *k)
{
    const plan_shape *shape = k->shape;
    truth first = k->truths[shape->results[0]];
    if (!shape->clause) {
        store_word(k, 0, first.yes);
        store_word(k, 1, first.no);
        return;
    }
    truth requirement = k->truths[shape->results[1]], fails = k->truths[shape->results[2]];
    LLVMValueRef applies = negated(k, first.no), events = both(k, applies, negated(k, requirement.yes));
    LLVMValueRef surely = both(k, first.yes, fails.yes);
    store_word(k, RUN_PLANE_APPLIES, applies);
    store_word(k, RUN_PLANE_EVENTS, events);
    /* Of a plain clause, what fails is what is surely not required: it neither passes nor is excused. */
    if (!shape->plain) surely = both(k, both(k, events, negated(k, fails.no)), surely);
    store_word(k, RUN_PLANE_FAILS, surely);
    if (!shape->plain) store_word(k, RUN_PLANE_EXCUSED, both(k, events, fails.no));
}

/* ---- the function ---- */

static LLVMValueRef pointer_at(const kernel *k, LLVMValueRef base, size_t byte)
{
    return load_at(k, k->pointer, base, number(k, byte), 8);
}

static void load_pointers(kernel *k)
{
    const plan_shape *shape = k->shape;
    for (unsigned i = 0; i < shape->slot_count; i++) {
        size_t at = i * sizeof(run_lanes);
        bool truth_slot = (shape->truth_slots[i / 64] >> (i % 64) & 1) != 0;
        if (!truth_slot) k->columns[i] = pointer_at(k, k->slots, at + offsetof(run_lanes, values));
        k->yes[i] = pointer_at(k, k->slots, at + offsetof(run_lanes, yes));
        k->no[i] = pointer_at(k, k->slots, at + offsetof(run_lanes, no));
    }
}

static void make_function(kernel *k, LLVMModuleRef module)
{
    LLVMTypeRef parameters[] = {k->pointer, k->pointer, k->word, k->pointer};
    LLVMTypeRef type = LLVMFunctionType(LLVMVoidTypeInContext(k->context), parameters, 4, 0);
    LLVMValueRef function = LLVMAddFunction(module, "kernel", type);
    LLVMBasicBlockRef entry = LLVMAppendBasicBlockInContext(k->context, function, "");
    LLVMBasicBlockRef loop = LLVMAppendBasicBlockInContext(k->context, function, "");
    LLVMBasicBlockRef done = LLVMAppendBasicBlockInContext(k->context, function, "");
    k->slots = LLVMGetParam(function, 0);
    k->constants = LLVMGetParam(function, 1);
    LLVMPositionBuilderAtEnd(k->builder, entry);
    load_pointers(k);
    int planes = !k->shape->clause ? 2 : k->shape->plain ? 3 : 4;
    for (int p = 0; p < planes; p++)
        k->planes[p] = pointer_at(k, LLVMGetParam(function, 3), (size_t)p * sizeof(uint64_t *));
    LLVMBuildBr(k->builder, loop);
    LLVMPositionBuilderAtEnd(k->builder, loop);
    k->at = LLVMBuildPhi(k->builder, k->word, "");
    for (uint32_t i = 0; i < k->shape->step_count; i++) make_step(k, &k->shape->steps[i]);
    conclude(k);
    LLVMValueRef next = LLVMBuildAdd(k->builder, k->at, number(k, 1), "");
    LLVMBuildCondBr(k->builder, LLVMBuildICmp(k->builder, LLVMIntULT, next, LLVMGetParam(function, 2), ""), loop, done);
    LLVMValueRef incoming[] = {k->zero, next};
    LLVMBasicBlockRef blocks[] = {entry, loop};
    LLVMAddIncoming(k->at, incoming, blocks, 2);
    LLVMPositionBuilderAtEnd(k->builder, done);
    LLVMBuildRetVoid(k->builder);
}

LLVMModuleRef gen_kernel_module(LLVMContextRef context, base_arena *arena, const plan_shape *shape,
                                const uint8_t *slot_widths, unsigned vector_bytes)
{
    kernel k = {.context = context, .shape = shape, .slot_widths = slot_widths, .vector_bytes = vector_bytes};
    k.word = LLVMInt64TypeInContext(context);
    k.byte = LLVMInt8TypeInContext(context);
    k.pointer = LLVMPointerTypeInContext(context, 0);
    k.zero = LLVMConstInt(k.word, 0, 0);
    k.ones = LLVMConstInt(k.word, UINT64_MAX, 0);
    size_t slots = shape->slot_count + 1U;
    k.columns = base_arena_alloc(arena, slots * sizeof *k.columns);
    k.yes = base_arena_alloc(arena, slots * sizeof *k.yes);
    k.no = base_arena_alloc(arena, slots * sizeof *k.no);
    k.truths = base_arena_alloc(arena, (shape->truth_count + 1U) * sizeof *k.truths);
    k.values = base_arena_alloc(arena, (shape->value_count + 1U) * sizeof *k.values);
    if (arena->failed) return NULL;
    k.builder = LLVMCreateBuilderInContext(context);
    LLVMModuleRef module = LLVMModuleCreateWithNameInContext("kernel", context);
    make_function(&k, module);
    LLVMDisposeBuilder(k.builder);
    return module;
}
