/* Machine code of shapes: explicit vectors. Expects a shape and how wide its columns are; produces one relocatable object with the
 * function `kernel`, and in better code, where there are comparisons, `compare`, which is to be called before it. They call nothing
 * and read nothing but their arguments.
 *
 * First each comparison has a loop of its own over all lines: vectors of lanes as wide as the processor's registers, no wider, give
 * as many bits, which are put aside. Then one loop does the logic, on as many words as a register holds: three-valued logic costs an
 * instruction or two for 512 lines. Words that were just written bit by bit cannot be read as whole registers for some dozen cycles,
 * which is a fifth of a small kernel: so better code does the two in functions of their own, between which another clause's comparisons
 * are done. No passes run before code generation: shapes come already shared and narrow, and what is not
 * written here takes no time there (docs/performance.md). */
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
    uint32_t past; /* of a sum in 64 bits: bits put aside, lines where it is past the range; NO_BITS for others */
} value;

enum { NO_BITS = UINT32_MAX };

/* Pointers of a slot's lanes. */
enum { SLOT_LANES, SLOT_VALUES, SLOT_YES, SLOT_NO, SLOT_PARTS };

typedef struct kernel {
    LLVMContextRef context;
    LLVMModuleRef module;
    LLVMBuilderRef builder;
    base_arena *arena;
    const plan_shape *shape;
    const uint8_t *slot_widths;
    unsigned vector_bytes;
    bool better;
    LLVMTypeRef word, byte, pointer, truths_type; /* the last: words of one step of the loop that does the logic */
    LLVMValueRef function, lanes, inputs, constants, words, lines;
    LLVMBasicBlockRef entry;
    LLVMBasicBlockRef last_body;       /* of the loop that ended at the block at hand, while that is empty; else NULL */
    LLVMValueRef at;                   /* the number of the line, in the last loop of the word, at hand */
    LLVMValueRef (*slots)[SLOT_PARTS]; /* by slot; NULL until wanted */
    LLVMValueRef (
        *known)[SLOT_PARTS]; /* by slot, in the loop that does the logic: the words that SLOT_YES and SLOT_NO lead to */
    LLVMValueRef zero, ones; /* of truths_type */
    truth *truths;           /* by register */
    const value **values;
    const value **made;  /* by step: the value that it makes */
    uint32_t *aside;     /* by step: the bits of a comparison, a number among those put aside */
    LLVMValueRef *rooms; /* by that number, on the stack; NULL where they are to be the caller's */
    uint32_t aside_count;
    /* In the loop at hand: the constant read last, in all lanes. */
    LLVMValueRef splat;
    LLVMTypeRef splat_lane;
    unsigned splat_constant;
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

static LLVMValueRef load(const kernel *k, LLVMTypeRef type, LLVMValueRef place, unsigned align)
{
    LLVMValueRef loaded = LLVMBuildLoad2(k->builder, type, place, "");
    LLVMSetAlignment(loaded, align);
    return loaded;
}

/* The place of the n-th of such items. */
static LLVMValueRef item(const kernel *k, LLVMTypeRef type, LLVMValueRef base, LLVMValueRef n)
{
    return LLVMBuildGEP2(k->builder, type, base, &n, 1, "");
}

static LLVMValueRef bytes_on(const kernel *k, LLVMValueRef base, size_t bytes)
{
    return bytes == 0 ? base : item(k, k->byte, base, number(k, bytes));
}

static LLVMValueRef words_of(const kernel *k, LLVMValueRef plane)
{
    return load(k, k->truths_type, item(k, k->word, plane, k->at), 8);
}

/* ---- what the arguments hold, read when it is first wanted, before all loops ---- */

/* Goes to where all loops are still to come; gives the place to go back to. */
static LLVMBasicBlockRef go_to_entry(const kernel *k)
{
    LLVMBasicBlockRef here = LLVMGetInsertBlock(k->builder);
    LLVMValueRef end = LLVMGetBasicBlockTerminator(k->entry);
    if (end != NULL)
        LLVMPositionBuilderBefore(k->builder, end);
    else
        LLVMPositionBuilderAtEnd(k->builder, k->entry);
    return here;
}

static LLVMValueRef slot_part(const kernel *k, unsigned slot, unsigned part)
{
    static const size_t offsets[] = {[SLOT_VALUES] = offsetof(run_lanes, values),
                                     [SLOT_YES] = offsetof(run_lanes, yes),
                                     [SLOT_NO] = offsetof(run_lanes, no)};
    LLVMValueRef *found = &k->slots[slot][part];
    if (*found != NULL) return *found;
    LLVMValueRef own = part == SLOT_LANES ? NULL : slot_part(k, slot, SLOT_LANES);
    LLVMBasicBlockRef here = go_to_entry(k);
    if (part == SLOT_LANES && k->better) {
        *found = bytes_on(k, k->lanes, slot * sizeof(run_lanes));
    } else if (part == SLOT_LANES) {
        LLVMTypeRef half = LLVMInt32TypeInContext(k->context);
        LLVMValueRef input = load(k, half, bytes_on(k, k->inputs, slot * sizeof(uint32_t)), 4);
        LLVMTypeRef lanes = LLVMArrayType2(k->byte, sizeof(run_lanes));
        *found = item(k, lanes, k->lanes, LLVMBuildZExt(k->builder, input, k->word, ""));
    } else {
        *found = load(k, k->pointer, bytes_on(k, own, offsets[part]), 8);
    }
    LLVMPositionBuilderAtEnd(k->builder, here);
    return *found;
}

static LLVMValueRef plane(const kernel *k, unsigned n)
{
    LLVMBasicBlockRef here = go_to_entry(k);
    LLVMValueRef place = bytes_on(k, LLVMGetParam(k->function, 4), n * sizeof(uint64_t *));
    LLVMValueRef found = load(k, k->pointer, place, 8);
    LLVMPositionBuilderAtEnd(k->builder, here);
    return found;
}

/* ---- lanes, of one vector ---- */

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

/* A constant, or its lower part: numbers lie with that first. */
static LLVMValueRef constant_of(const kernel *k, unsigned constant, LLVMTypeRef type)
{
    return load(k, type, bytes_on(k, k->constants, (size_t)constant * 8), 8);
}

/* The bits of the c-th vector, at the place that is theirs in a plane: where they are less than a byte, `shift` into one. */
static LLVMValueRef bits_place(const kernel *k, LLVMValueRef plane, unsigned c, unsigned lanes, unsigned *shift)
{
    *shift = lanes < 8 ? c * lanes % 8 : 0;
    LLVMValueRef first = item(k, k->byte, plane, LLVMBuildLShr(k->builder, k->at, number(k, 3), ""));
    return bytes_on(k, first, c * lanes / 8);
}

static LLVMTypeRef bits_type(const kernel *k, unsigned lanes)
{
    return LLVMIntTypeInContext(k->context, lanes);
}

/* Of a value, the lines of the c-th vector where it is absent. */
static LLVMValueRef absent_bits(const kernel *k, const value *v, unsigned c, unsigned lanes)
{
    if (v->operation == PLAN_LANE_VALUE) {
        unsigned shift;
        LLVMValueRef place = bits_place(k, slot_part(k, v->source, SLOT_NO), c, lanes, &shift);
        LLVMValueRef bits = load(k, bits_type(k, lanes < 8 ? 8 : lanes), place, 1);
        if (shift > 0) bits = LLVMBuildLShr(k->builder, bits, LLVMConstInt(k->byte, shift, 0), "");
        return lanes < 8 ? LLVMBuildTrunc(k->builder, bits, bits_type(k, lanes), "") : bits;
    }
    if (v->operation != PLAN_LANE_OR_ELSE) return LLVMConstNull(bits_type(k, lanes));
    return LLVMBuildAnd(k->builder, absent_bits(k, v->a, c, lanes), absent_bits(k, v->b, c, lanes), "");
}

static LLVMValueRef chunk_of(kernel *k, const value *v, unsigned c, unsigned lanes, uint8_t width);

/* Vectors of one step that compare with the same constant share it. */
static LLVMValueRef constant_chunk(kernel *k, unsigned constant, LLVMTypeRef lane, unsigned lanes)
{
    if (k->splat != NULL && k->splat_constant == constant && k->splat_lane == lane) return k->splat;
    k->splat = splat(k, constant_of(k, constant, lane), lanes);
    k->splat_constant = constant;
    k->splat_lane = lane;
    return k->splat;
}

static LLVMValueRef column_chunk(kernel *k, const value *v, unsigned c, unsigned lanes, uint8_t width)
{
    LLVMTypeRef lane = lane_type(k, v->width);
    LLVMValueRef first = item(k, lane, slot_part(k, v->source, SLOT_VALUES), k->at);
    LLVMValueRef place = bytes_on(k, first, (size_t)(c * lanes) << v->width);
    LLVMValueRef chunk = load(k, LLVMVectorType(lane, lanes), place, 1);
    if (v->width == width) return chunk;
    return LLVMBuildSExt(k->builder, chunk, LLVMVectorType(lane_type(k, width), lanes), "");
}

/* The first of two values, where it is not absent. */
static LLVMValueRef chosen_chunk(kernel *k, const value *v, unsigned c, unsigned lanes, uint8_t width)
{
    LLVMTypeRef masks = LLVMVectorType(LLVMInt1TypeInContext(k->context), lanes);
    LLVMValueRef none = LLVMBuildBitCast(k->builder, absent_bits(k, v->a, c, lanes), masks, "");
    return LLVMBuildSelect(k->builder, none, chunk_of(k, v->b, c, lanes, width), chunk_of(k, v->a, c, lanes, width),
                           "");
}

/* The c-th vector of a value, `lanes` lanes of a width that is its own or more. */
static LLVMValueRef chunk_of(kernel *k, const value *v, unsigned c, unsigned lanes, uint8_t width)
{
    switch (v->operation) {
    case PLAN_LANE_VALUE: return column_chunk(k, v, c, lanes, width);
    case PLAN_LANE_NUMBER: return constant_chunk(k, v->source, lane_type(k, width), lanes);
    case PLAN_LANE_OR_ELSE: return chosen_chunk(k, v, c, lanes, width);
    default: break;
    }
    /* A sum is worked out in its own width, which holds it, and then made as wide as it is wanted. */
    LLVMValueRef x = chunk_of(k, v->a, c, lanes, v->width), y = chunk_of(k, v->b, c, lanes, v->width);
    LLVMValueRef sum =
        v->operation == PLAN_LANE_ADD ? LLVMBuildAdd(k->builder, x, y, "") : LLVMBuildSub(k->builder, x, y, "");
    return v->width == width ? sum : LLVMBuildSExt(k->builder, sum, LLVMVectorType(lane_type(k, width), lanes), "");
}

/* ---- saturation ---- */

static plan_operand operand_of(const value *v)
{
    bool sum = v->operation == PLAN_LANE_ADD || v->operation == PLAN_LANE_SUBTRACT;
    plan_operand operand = {.width = v->width, .column = v->operation == PLAN_LANE_VALUE};
    if (!sum) return operand;
    bool first = v->a->operation == PLAN_LANE_NUMBER, second = v->b->operation == PLAN_LANE_NUMBER;
    const value *column = first ? v->b : v->a;
    operand.sum =
        first != second && column->operation == PLAN_LANE_VALUE && !(first && v->operation == PLAN_LANE_SUBTRACT);
    operand.column_width = column->width;
    return operand;
}

static uint8_t saturated_width(const kernel *k, const plan_lane_step *step)
{
    plan_operand a = operand_of(k->values[step->a]), b = operand_of(k->values[step->b]);
    return plan_saturated_width(&a, &b);
}

/* A vector of a sum with saturation: the halves of its constant come one after the other. */
static LLVMValueRef saturated_chunk(kernel *k, const value *v, unsigned c, unsigned lanes, uint8_t width)
{
    if (v->operation == PLAN_LANE_VALUE) return column_chunk(k, v, c, lanes, width);
    bool adds = v->operation == PLAN_LANE_ADD, first = v->a->operation == PLAN_LANE_NUMBER;
    const char *name = adds ? "llvm.sadd.sat" : "llvm.ssub.sat";
    LLVMTypeRef lane = lane_type(k, width), type = LLVMVectorType(lane, lanes), both_types[] = {type, type};
    LLVMValueRef function = LLVMGetIntrinsicDeclaration(k->module, LLVMLookupIntrinsicID(name, strlen(name)), &type, 1);
    LLVMTypeRef function_type = LLVMFunctionType(type, both_types, 2, 0);
    LLVMValueRef sum = column_chunk(k, first ? v->b : v->a, c, lanes, width);
    size_t constant = (size_t)(first ? v->a : v->b)->source * sizeof(int64_t);
    for (size_t half = 0; half < 2; half++) {
        LLVMValueRef place = bytes_on(k, k->constants, constant + (half << width));
        LLVMValueRef operands[] = {sum, splat(k, load(k, lane, place, 1U << width), lanes)};
        sum = LLVMBuildCall2(k->builder, function_type, function, operands, 2, "");
    }
    return sum;
}

/* A comparison of the c-th vectors: a bit a lane. */
static LLVMValueRef compared(kernel *k, const plan_lane_step *step, unsigned c, unsigned lanes)
{
    LLVMIntPredicate predicate = step->operation == PLAN_LANE_EQUAL  ? LLVMIntEQ
                                 : step->operation == PLAN_LANE_LESS ? LLVMIntSLT
                                                                     : LLVMIntSLE;
    const value *a = k->values[step->a], *b = k->values[step->b];
    uint8_t width = plan_lane_width((plan_lane_operation)step->operation, a->width, b->width);
    uint8_t saturated = saturated_width(k, step);
    LLVMValueRef x, y;
    if (saturated != PLAN_NOT_SATURATED) {
        x = saturated_chunk(k, a, c, lanes, saturated);
        y = saturated_chunk(k, b, c, lanes, saturated);
    } else {
        x = chunk_of(k, a, c, lanes, width);
        y = chunk_of(k, b, c, lanes, width);
    }
    return LLVMBuildICmp(k->builder, predicate, x, y, "");
}

/* The lanes of the c-th vector where a sum in 64 bits is past the range. */
static LLVMValueRef past_range(kernel *k, const value *v, unsigned c, unsigned lanes)
{
    bool adds = v->operation == PLAN_LANE_ADD;
    LLVMValueRef x = chunk_of(k, v->a, c, lanes, 3), y = chunk_of(k, v->b, c, lanes, 3),
                 s = chunk_of(k, v, c, lanes, 3);
    LLVMValueRef other = LLVMBuildXor(k->builder, x, adds ? s : y, "");
    LLVMValueRef over = LLVMBuildAnd(k->builder, other, LLVMBuildXor(k->builder, adds ? y : x, s, ""), "");
    return LLVMBuildICmp(k->builder, LLVMIntSLT, over, LLVMConstNull(LLVMTypeOf(over)), "");
}

/* ---- loops ---- */

typedef struct loop {
    LLVMBasicBlockRef before, body;
} loop;

static loop open_loop(kernel *k)
{
    loop l = {.before = LLVMGetInsertBlock(k->builder)};
    if (k->last_body != NULL) {
        /* The block at which the loop before ended has nothing in it yet. */
        l.body = l.before;
        l.before = k->last_body;
    } else {
        l.body = LLVMAppendBasicBlockInContext(k->context, k->function, "");
        LLVMBuildBr(k->builder, l.body);
        LLVMPositionBuilderAtEnd(k->builder, l.body);
    }
    k->last_body = NULL;
    k->splat = NULL;
    k->at = LLVMBuildPhi(k->builder, k->word, "");
    return l;
}

static void close_loop(kernel *k, const loop *l, unsigned step, LLVMValueRef end)
{
    LLVMBasicBlockRef after = LLVMAppendBasicBlockInContext(k->context, k->function, "");
    LLVMValueRef next = LLVMBuildAdd(k->builder, k->at, number(k, step), "");
    LLVMBuildCondBr(k->builder, LLVMBuildICmp(k->builder, LLVMIntULT, next, end, ""), l->body, after);
    LLVMValueRef incoming[] = {number(k, 0), next};
    LLVMBasicBlockRef blocks[] = {l->before, l->body};
    LLVMAddIncoming(k->at, incoming, blocks, 2);
    LLVMPositionBuilderAtEnd(k->builder, after);
    k->last_body = l->body;
}

/* Room for the words of a whole batch. */
static LLVMValueRef new_room(const kernel *k)
{
    LLVMBasicBlockRef here = LLVMGetInsertBlock(k->builder);
    LLVMPositionBuilder(k->builder, k->entry, LLVMGetFirstInstruction(k->entry));
    LLVMValueRef room = LLVMBuildAlloca(k->builder, LLVMArrayType2(k->word, RUN_BATCH_WORDS), "");
    LLVMSetAlignment(room, 64);
    LLVMPositionBuilderAtEnd(k->builder, here);
    return room;
}

static LLVMValueRef room_of(const kernel *k, uint32_t aside)
{
    if (k->rooms != NULL) return k->rooms[aside];
    return bytes_on(k, LLVMGetParam(k->function, 5), (size_t)aside * RUN_BATCH_WORDS * sizeof(uint64_t));
}

/* A loop that puts a bit for each line aside: of a comparison, or of where a sum is past the range. Better code takes 256 lines a step. */
static uint32_t put_bits_aside(kernel *k, const plan_lane_step *step, const value *sum, uint8_t width)
{
    unsigned lanes = lanes_of(k, width), lines = k->better ? 256 : lanes < 8 ? 8 : lanes;
    uint32_t aside = k->aside_count++;
    if (k->rooms != NULL) k->rooms[aside] = new_room(k);
    LLVMValueRef byte = NULL;
    loop l = open_loop(k);
    for (unsigned c = 0; c < lines / lanes; c++) {
        unsigned shift;
        LLVMValueRef mask = sum != NULL ? past_range(k, sum, c, lanes) : compared(k, step, c, lanes);
        LLVMValueRef bits = LLVMBuildBitCast(k->builder, mask, bits_type(k, lanes), "");
        LLVMValueRef place = bits_place(k, room_of(k, aside), c, lanes, &shift);
        if (lanes < 8) {
            bits = LLVMBuildZExt(k->builder, bits, k->byte, "");
            if (shift > 0) {
                bits = LLVMBuildShl(k->builder, bits, LLVMConstInt(k->byte, shift, 0), "");
                bits = LLVMBuildOr(k->builder, byte, bits, "");
            }
            byte = bits;
            if (shift + lanes < 8) continue;
        }
        LLVMSetAlignment(LLVMBuildStore(k->builder, bits, place), 1);
    }
    close_loop(k, &l, lines, k->lines);
    return aside;
}

static const value *new_value(kernel *k, const plan_lane_step *step)
{
    value *v = base_arena_alloc(k->arena, sizeof *v);
    if (v == NULL) return NULL;
    *v = (value){.operation = (plan_lane_operation)step->operation, .source = step->a, .width = PLAN_OF_NUMBER};
    v->past = NO_BITS;
    if (v->operation == PLAN_LANE_NUMBER) return v;
    if (v->operation == PLAN_LANE_VALUE) {
        v->width = k->slot_widths[step->a];
        return v;
    }
    v->a = k->values[step->a];
    v->b = k->values[step->b];
    v->width = plan_lane_width(v->operation, v->a->width, v->b->width);
    if (v->operation == PLAN_LANE_OR_ELSE || v->width < 3) return v;
    v->past = put_bits_aside(k, step, v, 3);
    return v;
}

/* ---- the loop that does the logic ---- */

/* The words of a slot, each read once. */
static LLVMValueRef slot_words(const kernel *k, unsigned slot, unsigned part)
{
    LLVMValueRef *known = &k->known[slot][part];
    if (*known == NULL) *known = words_of(k, slot_part(k, slot, part));
    return *known;
}

/* The lines where a value is present. */
static LLVMValueRef present(const kernel *k, const value *v);

/* And where it is surely absent. */
static LLVMValueRef absent(const kernel *k, const value *v)
{
    if (v->operation == PLAN_LANE_VALUE) return slot_words(k, v->source, SLOT_NO);
    return v->operation == PLAN_LANE_OR_ELSE ? both(k, absent(k, v->a), absent(k, v->b)) : k->zero;
}

static LLVMValueRef present(const kernel *k, const value *v)
{
    switch (v->operation) {
    case PLAN_LANE_VALUE: return slot_words(k, v->source, SLOT_YES);
    case PLAN_LANE_NUMBER: return k->ones;
    case PLAN_LANE_OR_ELSE: return either(k, present(k, v->a), both(k, absent(k, v->a), present(k, v->b)));
    default: break;
    }
    LLVMValueRef known = both(k, present(k, v->a), present(k, v->b));
    return v->past == NO_BITS ? known : both(k, known, negated(k, words_of(k, room_of(k, v->past))));
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

static truth related(const kernel *k, const plan_lane_step *step, uint32_t aside)
{
    LLVMValueRef known = both(k, present(k, k->values[step->a]), present(k, k->values[step->b]));
    LLVMValueRef holds = words_of(k, room_of(k, aside));
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
    case PLAN_LANE_TRUTH: *to = (truth){slot_words(k, step->a, SLOT_YES), slot_words(k, step->a, SLOT_NO)}; break;
    case PLAN_LANE_CONSTANT: *to = constant_truth(k, step->a); break;
    case PLAN_LANE_NOT: *to = (truth){a.no, a.yes}; break;
    case PLAN_LANE_AND: *to = (truth){both(k, a.yes, b.yes), either(k, a.no, b.no)}; break;
    case PLAN_LANE_OR: *to = (truth){either(k, a.yes, b.yes), both(k, a.no, b.no)}; break;
    case PLAN_LANE_DECIDE: *to = (truth){a.yes, b.yes}; break;
    case PLAN_LANE_PRESENT: *to = (truth){present(k, k->values[step->a]), absent(k, k->values[step->a])}; break;
    default: *to = related(k, step, k->aside[index]); break;
    }
}

static void store_words(const kernel *k, unsigned n, LLVMValueRef words)
{
    LLVMSetAlignment(LLVMBuildStore(k->builder, words, item(k, k->word, plane(k, n), k->at)), 8);
}

/* run_clause_verdict, many lines at a time. */
static void conclude(const kernel *k)
{
    const plan_shape *shape = k->shape;
    truth first = k->truths[shape->results[0]];
    if (!shape->clause) {
        store_words(k, 0, first.yes);
        store_words(k, 1, first.no);
        return;
    }
    truth requirement = k->truths[shape->results[1]], fails = k->truths[shape->results[2]];
    LLVMValueRef applies = negated(k, first.no), events = both(k, applies, negated(k, requirement.yes));
    LLVMValueRef surely = both(k, first.yes, fails.yes);
    store_words(k, RUN_PLANE_APPLIES, applies);
    store_words(k, RUN_PLANE_EVENTS, events);
    /* Of a plain clause, what fails is what is surely not required: it neither passes nor is excused. */
    if (!shape->plain) surely = both(k, both(k, events, negated(k, fails.no)), surely);
    store_words(k, RUN_PLANE_FAILS, surely);
    if (!shape->plain) store_words(k, RUN_PLANE_EXCUSED, both(k, events, fails.no));
}

/* ---- the function ---- */

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
            const value *a = k->values[step->a], *b = k->values[step->b];
            uint8_t width = saturated_width(k, step);
            if (width == PLAN_NOT_SATURATED)
                width = plan_lane_width((plan_lane_operation)step->operation, a->width, b->width);
            k->aside[i] = put_bits_aside(k, step, NULL, width);
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
    close_loop(k, &l, k->vector_bytes / 8, k->words);
}

static void begin_function(kernel *k, LLVMModuleRef module, const char *name)
{
    LLVMTypeRef parameters[] = {k->pointer, k->pointer, k->pointer, k->word, k->pointer, k->pointer};
    LLVMTypeRef type = LLVMFunctionType(LLVMVoidTypeInContext(k->context), parameters, 6, 0);
    k->function = LLVMAddFunction(module, name, type);
    k->entry = LLVMAppendBasicBlockInContext(k->context, k->function, "");
    k->lanes = LLVMGetParam(k->function, 0);
    k->inputs = LLVMGetParam(k->function, 1);
    k->constants = LLVMGetParam(k->function, 2);
    k->words = LLVMGetParam(k->function, 3);
    k->last_body = NULL;
    memset(k->slots, 0, k->shape->slot_count * sizeof *k->slots);
    LLVMPositionBuilderAtEnd(k->builder, k->entry);
    k->lines = LLVMBuildShl(k->builder, k->words, number(k, 6), "");
}

static bool make_functions(kernel *k, LLVMModuleRef module)
{
    bool apart = k->better && plan_shape_asides(k->shape) > 0;
    begin_function(k, module, apart ? "compare" : "kernel");
    if (!make_comparisons(k)) return false;
    if (apart) {
        LLVMBuildRetVoid(k->builder);
        begin_function(k, module, "kernel");
    }
    make_logic(k);
    LLVMBuildRetVoid(k->builder);
    return true;
}

LLVMModuleRef gen_kernel_module(LLVMContextRef context, base_arena *arena, const plan_shape *shape,
                                const uint8_t *slot_widths, unsigned vector_bytes, bool better)
{
    kernel k = {.context = context, .shape = shape, .slot_widths = slot_widths, .vector_bytes = vector_bytes};
    k.better = better;
    k.word = LLVMInt64TypeInContext(context);
    k.byte = LLVMInt8TypeInContext(context);
    k.pointer = LLVMPointerTypeInContext(context, 0);
    k.arena = arena;
    k.truths_type = LLVMVectorType(k.word, vector_bytes / 8);
    k.zero = LLVMConstNull(k.truths_type);
    k.ones = LLVMConstAllOnes(k.truths_type);
    k.made = base_arena_alloc(arena, (shape->step_count + 1U) * sizeof *k.made);
    k.aside = base_arena_alloc(arena, (shape->step_count + 1U) * sizeof *k.aside);
    if (!better) k.rooms = base_arena_alloc(arena, (shape->step_count + 1U) * sizeof *k.rooms);
    size_t slots = shape->slot_count + 1U;
    k.slots = base_arena_alloc(arena, slots * sizeof *k.slots);
    k.known = base_arena_alloc(arena, slots * sizeof *k.known);
    k.truths = base_arena_alloc(arena, (shape->truth_count + 1U) * sizeof *k.truths);
    k.values = base_arena_alloc(arena, (shape->value_count + 1U) * sizeof *k.values);
    if (arena->failed) return NULL;
    k.builder = LLVMCreateBuilderInContext(context);
    LLVMModuleRef module = LLVMModuleCreateWithNameInContext("kernel", context);
    k.module = module;
    bool made = make_functions(&k, module);
    LLVMDisposeBuilder(k.builder);
    if (made) return module;
    LLVMDisposeModule(module);
    return NULL;
}
