/* Machine code of shapes: explicit vectors. Expects a shape and how wide its columns are; produces one relocatable object with the
 * function `kernel`, which calls nothing and reads nothing but its arguments.
 *
 * First each comparison has a loop of its own over all words: vectors of lanes as wide as the processor's registers, no wider, give
 * 64 bits that are put aside. Then one loop does the logic, on as many words as a register holds: three-valued logic costs an
 * instruction or two for 512 lines. No passes run before code generation: shapes come already shared and narrow
 * (docs/performance.md). */
#include "compiler/machine/target.h"

#include <llvm-c/Core.h>

#include <stddef.h>
#include <string.h>

typedef struct truth {
    LLVMValueRef yes, no;
} truth;

/* A value: a column, a constant, or what is worked out of two others wherever it is needed. */
typedef struct value {
    plan_lane_operation operation;
    uint16_t source; /* slot or constant */
    uint8_t width;   /* PLAN_OF_NUMBER for a constant */
    const struct value *a, *b;
    LLVMValueRef past; /* of a sum in 64 bits: words put aside, lines where it is past the range */
} value;

typedef struct kernel {
    LLVMContextRef context;
    LLVMBuilderRef builder;
    base_arena *arena;
    const plan_shape *shape;
    const uint8_t *slot_widths;
    unsigned vector_bytes, unrolled;              /* the last: words of a comparison that one step of its loop makes */
    LLVMTypeRef word, byte, pointer, truths_type; /* the last: words of one step of the loop that does the logic */
    LLVMValueRef function, lanes, inputs, constants, words;
    LLVMBasicBlockRef entry;
    LLVMValueRef at; /* the number of the word at hand */
    LLVMValueRef planes[RUN_PLANES];
    LLVMValueRef *columns, *yes, *no; /* by slot */
    LLVMValueRef zero, ones;          /* of truths_type */
    truth *truths;                    /* by register */
    const value **values;
    const value **made;  /* by step: the value that it makes */
    LLVMValueRef *aside; /* by step: the words of a comparison */
} kernel;

static LLVMValueRef number(const kernel *k, uint64_t n)
{
    return LLVMConstInt(k->word, n, 0);
}

/* ---- logic, on several words ---- */

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

static LLVMValueRef plane_place(const kernel *k, LLVMValueRef plane)
{
    LLVMValueRef index = k->at;
    return LLVMBuildGEP2(k->builder, k->word, plane, &index, 1, "");
}

static LLVMValueRef words_of(const kernel *k, LLVMValueRef plane, LLVMTypeRef type)
{
    LLVMValueRef load = LLVMBuildLoad2(k->builder, type, plane_place(k, plane), "");
    LLVMSetAlignment(load, 8);
    return load;
}

static void store_words(const kernel *k, LLVMValueRef plane, LLVMValueRef words)
{
    LLVMSetAlignment(LLVMBuildStore(k->builder, words, plane_place(k, plane)), 8);
}

/* ---- lanes, of one word ---- */

static LLVMTypeRef lane_type(const kernel *k, uint8_t width)
{
    return LLVMIntTypeInContext(k->context, 8U << width);
}

static unsigned lanes_of(const kernel *k, uint8_t width)
{
    unsigned lanes = k->vector_bytes >> width;
    return lanes > 64 ? 64 : lanes;
}

static LLVMValueRef splat(const kernel *k, LLVMValueRef scalar, unsigned lanes)
{
    LLVMTypeRef half = LLVMInt32TypeInContext(k->context);
    LLVMValueRef none = LLVMGetUndef(LLVMVectorType(LLVMTypeOf(scalar), lanes));
    LLVMValueRef first = LLVMBuildInsertElement(k->builder, none, scalar, LLVMConstInt(half, 0, 0), "");
    return LLVMBuildShuffleVector(k->builder, first, none, LLVMConstNull(LLVMVectorType(half, lanes)), "");
}

static LLVMValueRef constant_of(const kernel *k, unsigned constant, LLVMTypeRef type)
{
    LLVMValueRef all = load_at(k, k->word, k->constants, number(k, (uint64_t)constant * 8), 8);
    return type == k->word ? all : LLVMBuildTrunc(k->builder, all, type, "");
}

/* Of a value, one word: the lines where it is absent. */
static LLVMValueRef absent_word(const kernel *k, const value *v)
{
    if (v->operation == PLAN_LANE_VALUE) return words_of(k, k->no[v->source], k->word);
    if (v->operation != PLAN_LANE_OR_ELSE) return number(k, 0);
    return LLVMBuildAnd(k->builder, absent_word(k, v->a), absent_word(k, v->b), "");
}

static LLVMValueRef chunk_of(const kernel *k, const value *v, unsigned c, unsigned lanes, uint8_t width);

static LLVMValueRef column_chunk(const kernel *k, const value *v, unsigned c, unsigned lanes, uint8_t width)
{
    LLVMTypeRef narrow = LLVMVectorType(lane_type(k, v->width), lanes);
    LLVMValueRef line =
        LLVMBuildAdd(k->builder, LLVMBuildShl(k->builder, k->at, number(k, 6), ""), number(k, (uint64_t)c * lanes), "");
    LLVMValueRef byte = LLVMBuildShl(k->builder, line, number(k, v->width), "");
    LLVMValueRef chunk = load_at(k, narrow, k->columns[v->source], byte, 1);
    if (v->width == width) return chunk;
    return LLVMBuildSExt(k->builder, chunk, LLVMVectorType(lane_type(k, width), lanes), "");
}

/* The first of two values, where it is not absent. */
static LLVMValueRef chosen_chunk(const kernel *k, const value *v, unsigned c, unsigned lanes, uint8_t width)
{
    LLVMValueRef bits = LLVMBuildLShr(k->builder, absent_word(k, v->a), number(k, (uint64_t)c * lanes), "");
    if (lanes < 64) bits = LLVMBuildTrunc(k->builder, bits, LLVMIntTypeInContext(k->context, lanes), "");
    LLVMTypeRef masks = LLVMVectorType(LLVMInt1TypeInContext(k->context), lanes);
    LLVMValueRef none = LLVMBuildBitCast(k->builder, bits, masks, "");
    return LLVMBuildSelect(k->builder, none, chunk_of(k, v->b, c, lanes, width), chunk_of(k, v->a, c, lanes, width),
                           "");
}

/* The c-th vector of a value, `lanes` lanes of a width that is its own or more. */
static LLVMValueRef chunk_of(const kernel *k, const value *v, unsigned c, unsigned lanes, uint8_t width)
{
    switch (v->operation) {
    case PLAN_LANE_VALUE: return column_chunk(k, v, c, lanes, width);
    case PLAN_LANE_NUMBER: return splat(k, constant_of(k, v->source, lane_type(k, width)), lanes);
    case PLAN_LANE_OR_ELSE: return chosen_chunk(k, v, c, lanes, width);
    default: break;
    }
    /* A sum is worked out in its own width, which holds it, and then made as wide as it is wanted. */
    LLVMValueRef x = chunk_of(k, v->a, c, lanes, v->width), y = chunk_of(k, v->b, c, lanes, v->width);
    LLVMValueRef sum =
        v->operation == PLAN_LANE_ADD ? LLVMBuildAdd(k->builder, x, y, "") : LLVMBuildSub(k->builder, x, y, "");
    return v->width == width ? sum : LLVMBuildSExt(k->builder, sum, LLVMVectorType(lane_type(k, width), lanes), "");
}

/* Puts the bits of the c-th vector into their places in a word. */
static LLVMValueRef add_bits(const kernel *k, LLVMValueRef word, LLVMValueRef mask, unsigned c, unsigned lanes)
{
    LLVMValueRef bits = LLVMBuildBitCast(k->builder, mask, LLVMIntTypeInContext(k->context, lanes), "");
    if (lanes < 64) bits = LLVMBuildZExt(k->builder, bits, k->word, "");
    if (c == 0) return bits;
    bits = LLVMBuildShl(k->builder, bits, number(k, (uint64_t)c * lanes), "");
    return LLVMBuildOr(k->builder, word, bits, "");
}

static LLVMValueRef compared_word(const kernel *k, const plan_lane_step *step, const value *a, const value *b)
{
    LLVMIntPredicate predicate = step->operation == PLAN_LANE_EQUAL  ? LLVMIntEQ
                                 : step->operation == PLAN_LANE_LESS ? LLVMIntSLT
                                                                     : LLVMIntSLE;
    uint8_t width = plan_lane_width((plan_lane_operation)step->operation, a->width, b->width);
    unsigned lanes = lanes_of(k, width);
    LLVMValueRef word = NULL;
    for (unsigned c = 0; c < 64 / lanes; c++) {
        LLVMValueRef x = chunk_of(k, a, c, lanes, width), y = chunk_of(k, b, c, lanes, width);
        word = add_bits(k, word, LLVMBuildICmp(k->builder, predicate, x, y, ""), c, lanes);
    }
    return word;
}

/* The lines of a word where a sum in 64 bits is past the range. */
static LLVMValueRef past_word(const kernel *k, const value *v)
{
    unsigned lanes = lanes_of(k, 3);
    bool adds = v->operation == PLAN_LANE_ADD;
    LLVMValueRef word = NULL;
    for (unsigned c = 0; c < 64 / lanes; c++) {
        LLVMValueRef x = chunk_of(k, v->a, c, lanes, 3), y = chunk_of(k, v->b, c, lanes, 3),
                     s = chunk_of(k, v, c, lanes, 3);
        LLVMValueRef other = LLVMBuildXor(k->builder, x, adds ? s : y, "");
        LLVMValueRef over = LLVMBuildAnd(k->builder, other, LLVMBuildXor(k->builder, adds ? y : x, s, ""), "");
        LLVMValueRef mask = LLVMBuildICmp(k->builder, LLVMIntSLT, over, LLVMConstNull(LLVMTypeOf(over)), "");
        word = add_bits(k, word, mask, c, lanes);
    }
    return word;
}

/* ---- loops ---- */

typedef struct loop {
    LLVMBasicBlockRef before, body;
} loop;

static loop open_loop(kernel *k)
{
    loop l = {.before = LLVMGetInsertBlock(k->builder)};
    l.body = LLVMAppendBasicBlockInContext(k->context, k->function, "");
    LLVMBuildBr(k->builder, l.body);
    LLVMPositionBuilderAtEnd(k->builder, l.body);
    k->at = LLVMBuildPhi(k->builder, k->word, "");
    return l;
}

static void close_loop(kernel *k, const loop *l, unsigned words)
{
    LLVMBasicBlockRef after = LLVMAppendBasicBlockInContext(k->context, k->function, "");
    LLVMValueRef next = LLVMBuildAdd(k->builder, k->at, number(k, words), "");
    LLVMBuildCondBr(k->builder, LLVMBuildICmp(k->builder, LLVMIntULT, next, k->words, ""), l->body, after);
    LLVMValueRef incoming[] = {number(k, 0), next};
    LLVMBasicBlockRef blocks[] = {l->before, l->body};
    LLVMAddIncoming(k->at, incoming, blocks, 2);
    LLVMPositionBuilderAtEnd(k->builder, after);
}

/* Room for the words of a whole batch. */
static LLVMValueRef new_aside(kernel *k)
{
    LLVMBasicBlockRef here = LLVMGetInsertBlock(k->builder);
    LLVMPositionBuilder(k->builder, k->entry, LLVMGetFirstInstruction(k->entry));
    LLVMValueRef room = LLVMBuildAlloca(k->builder, LLVMArrayType2(k->word, RUN_BATCH_WORDS), "");
    LLVMSetAlignment(room, 64);
    LLVMPositionBuilderAtEnd(k->builder, here);
    return room;
}

static const value *new_value(kernel *k, const plan_lane_step *step)
{
    value *v = base_arena_alloc(k->arena, sizeof *v);
    if (v == NULL) return NULL;
    *v = (value){.operation = (plan_lane_operation)step->operation, .source = step->a, .width = PLAN_OF_NUMBER};
    if (v->operation == PLAN_LANE_NUMBER) return v;
    if (v->operation == PLAN_LANE_VALUE) {
        v->width = k->slot_widths[step->a];
        return v;
    }
    v->a = k->values[step->a];
    v->b = k->values[step->b];
    v->width = plan_lane_width(v->operation, v->a->width, v->b->width);
    if (v->operation == PLAN_LANE_OR_ELSE || v->width < 3) return v;
    v->past = new_aside(k);
    loop l = open_loop(k);
    store_words(k, v->past, past_word(k, v));
    close_loop(k, &l, 1);
    return v;
}

/* ---- the loop that does the logic ---- */

static truth presence(const kernel *k, const value *v)
{
    switch (v->operation) {
    case PLAN_LANE_VALUE:
        return (truth){words_of(k, k->yes[v->source], k->truths_type), words_of(k, k->no[v->source], k->truths_type)};
    case PLAN_LANE_NUMBER: return (truth){k->ones, k->zero};
    default: break;
    }
    truth a = presence(k, v->a), b = presence(k, v->b);
    if (v->operation == PLAN_LANE_OR_ELSE) return (truth){either(k, a.yes, both(k, a.no, b.yes)), both(k, a.no, b.no)};
    LLVMValueRef known = both(k, a.yes, b.yes);
    if (v->past != NULL) known = both(k, known, negated(k, words_of(k, v->past, k->truths_type)));
    return (truth){known, k->zero};
}

static truth constant_truth(const kernel *k, uint16_t constant)
{
    LLVMBuilderRef builder = k->builder;
    LLVMValueRef bits = constant_of(k, constant, k->word), one = number(k, 1);
    LLVMValueRef yes = LLVMBuildNeg(builder, LLVMBuildAnd(builder, bits, one, ""), "");
    LLVMValueRef no = LLVMBuildNeg(builder, LLVMBuildAnd(builder, LLVMBuildLShr(builder, bits, one, ""), one, ""), "");
    unsigned words = k->vector_bytes / 8;
    return (truth){splat(k, yes, words), splat(k, no, words)};
}

static truth related(const kernel *k, const plan_lane_step *step, LLVMValueRef aside)
{
    LLVMValueRef known = both(k, presence(k, k->values[step->a]).yes, presence(k, k->values[step->b]).yes);
    LLVMValueRef holds = words_of(k, aside, k->truths_type);
    return (truth){both(k, known, holds), both(k, known, negated(k, holds))};
}

static void make_truth(kernel *k, uint32_t index)
{
    const plan_lane_step *step = &k->shape->steps[index];
    /* Of other steps operands are no truths. */
    bool of_truths = step->operation >= PLAN_LANE_NOT && step->operation <= PLAN_LANE_DECIDE;
    truth a = {0}, b = {0}, *to = &k->truths[step->to];
    if (of_truths) a = k->truths[step->a];
    if (of_truths && plan_lane_operands(step) > 1) b = k->truths[step->b];
    switch (step->operation) {
    case PLAN_LANE_TRUTH:
        *to = (truth){words_of(k, k->yes[step->a], k->truths_type), words_of(k, k->no[step->a], k->truths_type)};
        break;
    case PLAN_LANE_CONSTANT: *to = constant_truth(k, step->a); break;
    case PLAN_LANE_NOT: *to = (truth){a.no, a.yes}; break;
    case PLAN_LANE_AND: *to = (truth){both(k, a.yes, b.yes), either(k, a.no, b.no)}; break;
    case PLAN_LANE_OR: *to = (truth){either(k, a.yes, b.yes), both(k, a.no, b.no)}; break;
    case PLAN_LANE_DECIDE: *to = (truth){a.yes, b.yes}; break;
    case PLAN_LANE_PRESENT: *to = presence(k, k->values[step->a]); break;
    default: *to = related(k, step, k->aside[index]); break;
    }
}

/* run_clause_verdict, many lines at a time. */
static void conclude(const kernel *k)
{
    const plan_shape *shape = k->shape;
    truth first = k->truths[shape->results[0]];
    if (!shape->clause) {
        store_words(k, k->planes[0], first.yes);
        store_words(k, k->planes[1], first.no);
        return;
    }
    truth requirement = k->truths[shape->results[1]], fails = k->truths[shape->results[2]];
    LLVMValueRef applies = negated(k, first.no), events = both(k, applies, negated(k, requirement.yes));
    LLVMValueRef surely = both(k, first.yes, fails.yes);
    store_words(k, k->planes[RUN_PLANE_APPLIES], applies);
    store_words(k, k->planes[RUN_PLANE_EVENTS], events);
    /* Of a plain clause, what fails is what is surely not required: it neither passes nor is excused. */
    if (!shape->plain) surely = both(k, both(k, events, negated(k, fails.no)), surely);
    store_words(k, k->planes[RUN_PLANE_FAILS], surely);
    if (!shape->plain) store_words(k, k->planes[RUN_PLANE_EXCUSED], both(k, events, fails.no));
}

/* ---- the function ---- */

static LLVMValueRef pointer_at(const kernel *k, LLVMValueRef base, size_t byte)
{
    return load_at(k, k->pointer, base, number(k, byte), 8);
}

/* The lanes of the input that is a slot's. */
static LLVMValueRef slot_pointer(const kernel *k, unsigned slot)
{
    LLVMTypeRef half = LLVMInt32TypeInContext(k->context);
    LLVMValueRef input = load_at(k, half, k->inputs, number(k, slot * sizeof(uint32_t)), 4);
    LLVMValueRef wide = LLVMBuildZExt(k->builder, input, k->word, "");
    LLVMValueRef byte = LLVMBuildMul(k->builder, wide, number(k, sizeof(run_lanes)), "");
    return LLVMBuildGEP2(k->builder, k->byte, k->lanes, &byte, 1, "");
}

static void load_pointers(kernel *k)
{
    const plan_shape *shape = k->shape;
    for (unsigned i = 0; i < shape->slot_count; i++) {
        LLVMValueRef slot = slot_pointer(k, i);
        bool truth_slot = (shape->truth_slots[i / 64] >> (i % 64) & 1) != 0;
        if (!truth_slot) k->columns[i] = pointer_at(k, slot, offsetof(run_lanes, values));
        k->yes[i] = pointer_at(k, slot, offsetof(run_lanes, yes));
        k->no[i] = pointer_at(k, slot, offsetof(run_lanes, no));
    }
    int planes = !shape->clause ? 2 : shape->plain ? 3 : 4;
    for (int p = 0; p < planes; p++)
        k->planes[p] = pointer_at(k, LLVMGetParam(k->function, 4), (size_t)p * sizeof(uint64_t *));
}

static bool is_relation(const plan_lane_step *step)
{
    return step->operation >= PLAN_LANE_EQUAL && step->operation <= PLAN_LANE_AT_MOST;
}

/* Comparisons read values by register, which later values use again: so they are made in the order of steps. */
static bool make_comparisons(kernel *k)
{
    for (uint32_t i = 0; i < k->shape->step_count; i++) {
        const plan_lane_step *step = &k->shape->steps[i];
        if (step->operation >= PLAN_LANE_VALUE) {
            k->made[i] = new_value(k, step);
            if (k->made[i] == NULL) return false;
            k->values[step->to] = k->made[i];
        } else if (is_relation(step)) {
            k->aside[i] = new_aside(k);
            loop l = open_loop(k);
            LLVMValueRef at = k->at;
            for (unsigned u = 0; u < k->unrolled; u++) {
                if (u > 0) k->at = LLVMBuildAdd(k->builder, at, number(k, u), "");
                store_words(k, k->aside[i], compared_word(k, step, k->values[step->a], k->values[step->b]));
            }
            k->at = at;
            close_loop(k, &l, k->unrolled);
        }
    }
    return true;
}

static void make_logic(kernel *k)
{
    loop l = open_loop(k);
    for (uint32_t i = 0; i < k->shape->step_count; i++) {
        const plan_lane_step *step = &k->shape->steps[i];
        if (step->operation < PLAN_LANE_VALUE) {
            make_truth(k, i);
            continue;
        }
        k->values[step->to] = k->made[i];
    }
    conclude(k);
    close_loop(k, &l, k->vector_bytes / 8);
}

static bool make_function(kernel *k, LLVMModuleRef module)
{
    LLVMTypeRef parameters[] = {k->pointer, k->pointer, k->pointer, k->word, k->pointer};
    LLVMTypeRef type = LLVMFunctionType(LLVMVoidTypeInContext(k->context), parameters, 5, 0);
    k->function = LLVMAddFunction(module, "kernel", type);
    k->entry = LLVMAppendBasicBlockInContext(k->context, k->function, "");
    k->lanes = LLVMGetParam(k->function, 0);
    k->inputs = LLVMGetParam(k->function, 1);
    k->constants = LLVMGetParam(k->function, 2);
    k->words = LLVMGetParam(k->function, 3);
    LLVMPositionBuilderAtEnd(k->builder, k->entry);
    load_pointers(k);
    if (!make_comparisons(k)) return false;
    make_logic(k);
    LLVMBuildRetVoid(k->builder);
    return true;
}

LLVMModuleRef gen_kernel_module(LLVMContextRef context, base_arena *arena, const plan_shape *shape,
                                const uint8_t *slot_widths, unsigned vector_bytes, bool better)
{
    kernel k = {.context = context, .shape = shape, .slot_widths = slot_widths, .vector_bytes = vector_bytes};
    k.unrolled = better ? 4 : 1;
    k.word = LLVMInt64TypeInContext(context);
    k.byte = LLVMInt8TypeInContext(context);
    k.pointer = LLVMPointerTypeInContext(context, 0);
    k.arena = arena;
    k.truths_type = LLVMVectorType(k.word, vector_bytes / 8);
    k.zero = LLVMConstNull(k.truths_type);
    k.ones = LLVMConstAllOnes(k.truths_type);
    k.made = base_arena_alloc(arena, (shape->step_count + 1U) * sizeof *k.made);
    k.aside = base_arena_alloc(arena, (shape->step_count + 1U) * sizeof *k.aside);
    size_t slots = shape->slot_count + 1U;
    k.columns = base_arena_alloc(arena, slots * sizeof *k.columns);
    k.yes = base_arena_alloc(arena, slots * sizeof *k.yes);
    k.no = base_arena_alloc(arena, slots * sizeof *k.no);
    k.truths = base_arena_alloc(arena, (shape->truth_count + 1U) * sizeof *k.truths);
    k.values = base_arena_alloc(arena, (shape->value_count + 1U) * sizeof *k.values);
    if (arena->failed) return NULL;
    k.builder = LLVMCreateBuilderInContext(context);
    LLVMModuleRef module = LLVMModuleCreateWithNameInContext("kernel", context);
    bool made = make_function(&k, module);
    LLVMDisposeBuilder(k.builder);
    if (made) return module;
    LLVMDisposeModule(module);
    return NULL;
}
