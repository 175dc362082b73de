/* One LLVM value, or pair of truth bits, for each step. Must equal runtime/interpret.c, bit for bit. */
#include "compiler/machine/generate.h"

#include <stddef.h>

static LLVMValueRef word(const gen_function *f, int64_t number)
{
    return LLVMConstInt(f->module->word, (unsigned long long)number, 1);
}

static LLVMValueRef half(const gen_function *f, int64_t number)
{
    return LLVMConstInt(f->module->half, (unsigned long long)number, 0);
}

static LLVMValueRef state(const gen_function *f, run_state value)
{
    return LLVMConstInt(f->module->byte, (unsigned long long)value, 0);
}

static LLVMValueRef bit(const gen_function *f, bool value)
{
    return LLVMConstInt(f->module->bit, value ? 1 : 0, 0);
}

static gen_value value_of(LLVMValueRef bits, LLVMValueRef known)
{
    return (gen_value){.bits = bits, .state = known, .high = bits};
}

static gen_value truth_of(LLVMValueRef certainly, LLVMValueRef never)
{
    return (gen_value){.certainly = certainly, .never = never};
}

static LLVMValueRef is_state(gen_function *f, const gen_value *value, run_state wanted)
{
    return LLVMBuildICmp(f->module->builder, LLVMIntEQ, value->state, state(f, wanted), "");
}

/* A truth from a condition that only counts where both operands are present. */
static gen_value related(gen_function *f, const gen_value *a, const gen_value *b, LLVMValueRef holds)
{
    LLVMBuilderRef builder = f->module->builder;
    LLVMValueRef known = LLVMBuildAnd(builder, is_state(f, a, RUN_PRESENT), is_state(f, b, RUN_PRESENT), "");
    LLVMValueRef fails = LLVMBuildNot(builder, holds, "");
    return truth_of(LLVMBuildAnd(builder, known, holds, ""), LLVMBuildAnd(builder, known, fails, ""));
}

static gen_value compared(gen_function *f, LLVMIntPredicate predicate, const gen_value *a, const gen_value *b)
{
    return related(f, a, b, LLVMBuildICmp(f->module->builder, predicate, a->bits, b->bits, ""));
}

static LLVMValueRef span_from(gen_function *f, const gen_value *span)
{
    return LLVMBuildAShr(f->module->builder, span->bits, word(f, 32), "");
}

static LLVMValueRef span_to(gen_function *f, const gen_value *span)
{
    LLVMValueRef low = LLVMBuildTrunc(f->module->builder, span->bits, f->module->half, "");
    return LLVMBuildSExt(f->module->builder, low, f->module->word, "");
}

static gen_value contains(gen_function *f, const gen_value *span, const gen_value *date)
{
    LLVMBuilderRef builder = f->module->builder;
    LLVMValueRef after = LLVMBuildICmp(builder, LLVMIntSLE, span_from(f, span), date->bits, "");
    LLVMValueRef before = LLVMBuildICmp(builder, LLVMIntSLE, date->bits, span_to(f, span), "");
    return related(f, span, date, LLVMBuildAnd(builder, after, before, ""));
}

static gen_value overlap(gen_function *f, const gen_value *a, const gen_value *b, bool times)
{
    LLVMBuilderRef builder = f->module->builder;
    LLVMIntPredicate predicate = times ? LLVMIntSLT : LLVMIntSLE;
    LLVMValueRef one = LLVMBuildICmp(builder, predicate, span_from(f, a), span_to(f, b), "");
    LLVMValueRef two = LLVMBuildICmp(builder, predicate, span_from(f, b), span_to(f, a), "");
    return related(f, a, b, LLVMBuildAnd(builder, one, two, ""));
}

/* The row's field where the row is present, else the row's own state. Every column has at least one row to read. */
static gen_value load(gen_function *f, const plan_step *step, const gen_value *row)
{
    gen_module *m = f->module;
    LLVMValueRef present = is_state(f, row, RUN_PRESENT);
    LLVMValueRef safe = LLVMBuildSelect(m->builder, present, row->bits, word(f, 0), "row");
    size_t column = step->detail * sizeof(run_column);
    LLVMValueRef values = gen_field(f, f->columns, column + offsetof(run_column, values), m->pointer, "");
    LLVMValueRef states = gen_field(f, f->columns, column + offsetof(run_column, states), m->pointer, "");
    LLVMTypeRef width = run_is_narrow(step->type) ? m->half : m->word;
    LLVMValueRef held = LLVMBuildLoad2(m->builder, width, LLVMBuildGEP2(m->builder, width, values, &safe, 1, ""), "");
    held = LLVMBuildSExt(m->builder, held, m->word, "");
    LLVMValueRef known =
        LLVMBuildLoad2(m->builder, m->byte, LLVMBuildGEP2(m->builder, m->byte, states, &safe, 1, ""), "");
    return value_of(held, LLVMBuildSelect(m->builder, present, known, row->state, ""));
}

static gen_value bound_constant(gen_function *f, const plan_step *step)
{
    gen_module *m = f->module;
    size_t table = step->operation == PLAN_SYMBOL ? offsetof(run_binding, symbols) : offsetof(run_binding, lists);
    LLVMValueRef binding = gen_field(f, f->context, offsetof(run_context, binding), m->pointer, "binding");
    LLVMValueRef constants = gen_field(f, binding, table, m->pointer, "");
    LLVMValueRef bits = gen_field(f, constants, (size_t)step->number * sizeof(int64_t), m->word, "");
    return value_of(bits, state(f, RUN_PRESENT));
}

static LLVMValueRef state_given(gen_function *f)
{
    return LLVMBuildLoad2(f->module->builder, f->module->byte, f->state_slot, "");
}

/* A truth that a helper gives as two bits of a byte, where `known` holds. */
static gen_value truth_given(gen_function *f, LLVMValueRef byte, LLVMValueRef known)
{
    LLVMBuilderRef builder = f->module->builder;
    LLVMValueRef certainly = LLVMBuildTrunc(builder, byte, f->module->bit, "");
    LLVMValueRef shifted = LLVMBuildLShr(builder, byte, LLVMConstInt(f->module->byte, 1, 0), "");
    LLVMValueRef never = LLVMBuildTrunc(builder, shifted, f->module->bit, "");
    return truth_of(LLVMBuildAnd(builder, certainly, known, ""), LLVMBuildAnd(builder, never, known, ""));
}

/* A call that may only be made with present operands: `make` builds it in a block of its own. */
typedef struct guarded {
    LLVMBasicBlockRef before, call, after;
} guarded;

static guarded guard(gen_function *f, LLVMValueRef condition)
{
    gen_module *m = f->module;
    guarded g = {.before = LLVMGetInsertBlock(m->builder)};
    g.call = LLVMAppendBasicBlockInContext(m->context, f->function, "call");
    g.after = LLVMAppendBasicBlockInContext(m->context, f->function, "after");
    LLVMBuildCondBr(m->builder, condition, g.call, g.after);
    LLVMPositionBuilderAtEnd(m->builder, g.call);
    return g;
}

/* Ends the guarded block; each of `given` becomes what the call gave, or `otherwise`. */
static void unguard(gen_function *f, guarded *g, LLVMValueRef *given, const LLVMValueRef *otherwise, size_t count)
{
    gen_module *m = f->module;
    LLVMBasicBlockRef from = LLVMGetInsertBlock(m->builder);
    LLVMBuildBr(m->builder, g->after);
    LLVMPositionBuilderAtEnd(m->builder, g->after);
    for (size_t i = 0; i < count; i++) {
        LLVMValueRef phi = LLVMBuildPhi(m->builder, LLVMTypeOf(given[i]), "");
        LLVMValueRef values[] = {given[i], otherwise[i]};
        LLVMBasicBlockRef blocks[] = {from, g->before};
        LLVMAddIncoming(phi, values, blocks, 2);
        given[i] = phi;
    }
}

/* What is kept of a code and a set, as run_member_of finds it; `answered` where it answers whatever the day is. */
static LLVMValueRef kept_member(gen_function *f, uint32_t set, const gen_value *code, LLVMValueRef *answered)
{
    gen_module *m = f->module;
    LLVMBuilderRef builder = m->builder;
    LLVMValueRef binding = gen_field(f, f->context, offsetof(run_context, binding), m->pointer, "binding");
    LLVMValueRef limit = gen_field(f, binding, offsetof(run_binding, code_limit), m->word, "");
    LLVMValueRef numbers = gen_field(f, binding, offsetof(run_binding, code_numbers), m->pointer, "");
    LLVMValueRef sets = gen_field(f, binding, offsetof(run_binding, set_members), m->pointer, "");
    LLVMValueRef cells = gen_field(f, sets, set * sizeof(uint8_t *), m->pointer, "");
    LLVMValueRef numbered = LLVMBuildICmp(builder, LLVMIntULT, code->bits, limit, "");
    /* Of codes without a number nothing is kept at the first place. */
    LLVMValueRef id = LLVMBuildSelect(builder, numbered, code->bits, word(f, 0), "");
    LLVMValueRef number = LLVMBuildLoad2(builder, m->half, LLVMBuildGEP2(builder, m->half, numbers, &id, 1, ""), "");
    LLVMValueRef at = LLVMBuildZExt(builder, number, m->word, "");
    LLVMValueRef member =
        LLVMBuildLoad2(builder, m->byte, LLVMBuildGEP2(builder, m->byte, cells, &at, 1, ""), "member");
    _Static_assert(RUN_MEMBER_NO == 1 && RUN_MEMBER_YES == 2 && RUN_TRUE == 1 && RUN_FALSE == 2, "truths of members");
    LLVMValueRef below = LLVMBuildSub(builder, member, LLVMConstInt(m->byte, RUN_MEMBER_NO, 0), "");
    LLVMValueRef sure = LLVMBuildICmp(builder, LLVMIntULT, below, LLVMConstInt(m->byte, 2, 0), "");
    *answered = LLVMBuildAnd(builder, numbered, sure, "");
    return LLVMBuildSub(builder, LLVMConstInt(m->byte, 3, 0), member, "");
}

/* Whether a set holds a code: what is kept of the two is read here, the rest is asked. */
static gen_value set_holds(gen_function *f, const plan_step *step, const gen_value *code, const gen_value *date)
{
    guarded g = guard(f, is_state(f, code, RUN_PRESENT));
    LLVMValueRef answered, kept = kept_member(f, (uint32_t)step->number, code, &answered);
    guarded ask = guard(f, LLVMBuildNot(f->module->builder, answered, ""));
    LLVMValueRef arguments[] = {f->context, half(f, step->number), code->bits, date->bits, date->state};
    LLVMValueRef given = gen_call(f, GEN_run_set_holds, arguments, "");
    unguard(f, &ask, &given, &kept, 1);
    LLVMValueRef otherwise = LLVMConstInt(f->module->byte, RUN_NEITHER, 0);
    unguard(f, &g, &given, &otherwise, 1);
    return truth_given(f, given, bit(f, true));
}

static gen_value set_step(gen_function *f, const plan_step *step, const gen_value *code, const gen_value *date)
{
    if (step->operation == PLAN_SET_HOLDS) return set_holds(f, step, code, date);
    guarded g = guard(f, is_state(f, code, RUN_PRESENT));
    LLVMValueRef arguments[] = {f->context, half(f, step->number), code->bits, date->bits, date->state};
    gen_helper helper = step->operation == PLAN_LIST_WITHIN_SET ? GEN_run_list_within_set : GEN_run_list_meets_set;
    LLVMValueRef given = gen_call(f, helper, arguments, ""), otherwise = LLVMConstInt(f->module->byte, RUN_NEITHER, 0);
    unguard(f, &g, &given, &otherwise, 1);
    return truth_given(f, given, bit(f, true));
}

static gen_value list_step(gen_function *f, const plan_step *step, const gen_value *a, const gen_value *b)
{
    gen_helper helper = step->operation == PLAN_LIST_HAS       ? GEN_run_list_has
                        : step->operation == PLAN_LIST_HAS_ALL ? GEN_run_list_has_all
                                                               : GEN_run_lists_meet;
    LLVMValueRef known = LLVMBuildAnd(f->module->builder, is_state(f, a, RUN_PRESENT), is_state(f, b, RUN_PRESENT), "");
    guarded g = guard(f, known);
    LLVMValueRef arguments[] = {f->context, a->bits, b->bits};
    LLVMValueRef given = gen_call(f, helper, arguments, ""), otherwise = LLVMConstInt(f->module->byte, RUN_NEITHER, 0);
    unguard(f, &g, &given, &otherwise, 1);
    return truth_given(f, given, bit(f, true));
}

static gen_value checked(gen_function *f, const char *name, const gen_value *a, const gen_value *b)
{
    gen_module *m = f->module;
    size_t length = 0;
    while (name[length] != '\0') length++;
    unsigned id = LLVMLookupIntrinsicID(name, length);
    LLVMTypeRef types[] = {m->word};
    LLVMValueRef intrinsic = LLVMGetIntrinsicDeclaration(m->module, id, types, 1);
    LLVMTypeRef type = LLVMIntrinsicGetType(m->context, id, types, 1);
    LLVMValueRef arguments[] = {a->bits, b->bits};
    LLVMValueRef pair = LLVMBuildCall2(m->builder, type, intrinsic, arguments, 2, "");
    LLVMValueRef overflow = LLVMBuildExtractValue(m->builder, pair, 1, "");
    LLVMValueRef known = LLVMBuildAnd(m->builder, is_state(f, a, RUN_PRESENT), is_state(f, b, RUN_PRESENT), "");
    known = LLVMBuildAnd(m->builder, known, LLVMBuildNot(m->builder, overflow, ""), "");
    LLVMValueRef result = LLVMBuildSelect(m->builder, known, state(f, RUN_PRESENT), state(f, RUN_UNKNOWN), "");
    return value_of(LLVMBuildExtractValue(m->builder, pair, 0, ""), result);
}

static gen_value calculated(gen_function *f, const plan_step *step, const gen_value *a, const gen_value *b)
{
    if (step->operation == PLAN_ADD) return checked(f, "llvm.sadd.with.overflow", a, b);
    if (step->operation == PLAN_SUBTRACT) return checked(f, "llvm.ssub.with.overflow", a, b);
    LLVMValueRef known = LLVMBuildAnd(f->module->builder, is_state(f, a, RUN_PRESENT), is_state(f, b, RUN_PRESENT), "");
    guarded g = guard(f, known);
    LLVMValueRef given[2];
    if (step->operation == PLAN_ADD_MONTHS) {
        LLVMValueRef arguments[] = {a->bits, b->bits};
        given[0] = gen_call(f, GEN_run_add_months, arguments, "");
        given[1] = state(f, RUN_PRESENT);
    } else {
        LLVMValueRef arguments[] = {a->bits, b->bits, word(f, step->number), f->state_slot};
        gen_helper helper = step->operation == PLAN_MULTIPLY ? GEN_run_multiply : GEN_run_divide;
        given[0] = gen_call(f, helper, arguments, "");
        given[1] = state_given(f);
    }
    LLVMValueRef otherwise[] = {word(f, 0), state(f, RUN_UNKNOWN)};
    unguard(f, &g, given, otherwise, 2);
    return value_of(given[0], given[1]);
}

/* Functions of the language: unknown unless every input is present. Long for its list of functions. */
static gen_value function_step(gen_function *f, const plan_step *step, const gen_value *a, const gen_value *b,
                               const gen_value *c)
{
    LLVMBuilderRef builder = f->module->builder;
    LLVMValueRef known = LLVMBuildAnd(builder, is_state(f, a, RUN_PRESENT), is_state(f, b, RUN_PRESENT), "");
    known = LLVMBuildAnd(builder, known, is_state(f, c, RUN_PRESENT), "");
    guarded g = guard(f, known);
    LLVMValueRef given[2] = {NULL, state(f, RUN_PRESENT)};
    bool times = f->block->steps.items[step->a].type.kind == LANG_TYPE_TIMES;
    switch (step->operation) {
    case PLAN_AGE: {
        LLVMValueRef arguments[] = {a->bits, b->bits, word(f, step->number), f->state_slot};
        given[0] = gen_call(f, GEN_run_age, arguments, "");
        given[1] = state_given(f);
        break;
    }
    case PLAN_PRORATE: {
        LLVMValueRef arguments[] = {a->bits, b->bits, c->bits, f->state_slot};
        given[0] = gen_call(f, GEN_run_prorate, arguments, "");
        given[1] = state_given(f);
        break;
    }
    case PLAN_SPAN_SHARED: {
        LLVMValueRef arguments[] = {a->bits, b->bits, word(f, times)};
        given[0] = gen_call(f, GEN_run_span_shared, arguments, "");
        break;
    }
    case PLAN_SPAN_LENGTH: {
        LLVMValueRef arguments[] = {a->bits, word(f, times)};
        given[0] = gen_call(f, GEN_run_span_length, arguments, "");
        break;
    }
    case PLAN_ROUND: {
        LLVMValueRef arguments[] = {a->bits, word(f, step->number), word(f, (int64_t)step->detail)};
        given[0] = gen_call(f, GEN_run_round, arguments, "");
        break;
    }
    case PLAN_PART: {
        LLVMValueRef arguments[] = {a->bits, word(f, step->number)};
        given[0] = gen_call(f, GEN_run_part, arguments, "");
        break;
    }
    case PLAN_VALID_NPI: {
        LLVMValueRef arguments[] = {f->context, a->bits};
        given[0] = gen_call(f, GEN_run_valid_npi, arguments, "");
        break;
    }
    case PLAN_SPAN_END: given[0] = step->number == 0 ? span_from(f, a) : span_to(f, a); break;
    default: {
        LLVMIntPredicate predicate = step->operation == PLAN_LESSER ? LLVMIntSLT : LLVMIntSGT;
        LLVMValueRef first = LLVMBuildICmp(builder, predicate, a->bits, b->bits, "");
        given[0] = LLVMBuildSelect(builder, first, a->bits, b->bits, "");
        break;
    }
    }
    LLVMValueRef otherwise[] = {word(f, 0), state(f, RUN_UNKNOWN)};
    unguard(f, &g, given, otherwise, 2);
    return value_of(given[0], given[1]);
}

/* Whether the run knows what became known on a day: read from the binding, since code serves every run. */
static gen_value known_step(gen_function *f, const plan_step *step)
{
    gen_module *m = f->module;
    LLVMValueRef binding = gen_field(f, f->context, offsetof(run_context, binding), m->pointer, "binding");
    LLVMValueRef as_of = gen_field(f, binding, offsetof(run_binding, as_of), m->half, "as_of");
    LLVMValueRef holds = LLVMBuildICmp(m->builder, LLVMIntSLE, half(f, step->number), as_of, "");
    return truth_of(holds, LLVMBuildNot(m->builder, holds, ""));
}

static gen_value denied_step(gen_function *f, const plan_step *step, const gen_value *line)
{
    LLVMValueRef arguments[] = {f->context, half(f, step->number), line->bits, line->state};
    return truth_given(f, gen_call(f, GEN_run_denied, arguments, ""), bit(f, true));
}

static gen_value looked_up(gen_function *f, const plan_step *step)
{
    gen_module *m = f->module;
    for (uint32_t i = 0; i < step->b; i++) {
        const gen_value *argument = &f->values[f->block->arguments.items[step->a + i]];
        LLVMValueRef index = word(f, i);
        LLVMBuildStore(m->builder, argument->bits, LLVMBuildGEP2(m->builder, m->word, f->argument_bits, &index, 1, ""));
        LLVMBuildStore(m->builder, argument->state,
                       LLVMBuildGEP2(m->builder, m->byte, f->argument_states, &index, 1, ""));
    }
    LLVMValueRef arguments[] = {f->context, half(f, step->number), f->argument_bits, f->argument_states, f->state_slot};
    LLVMValueRef row = gen_call(f, GEN_run_lookup, arguments, "row");
    return value_of(row, state_given(f));
}

static gen_value output(gen_function *f, const plan_step *step, const gen_value *row)
{
    guarded g = guard(f, is_state(f, row, RUN_PRESENT));
    LLVMValueRef arguments[] = {f->context, half(f, step->detail), half(f, step->number), row->bits, f->state_slot};
    LLVMValueRef given[2];
    given[0] = gen_call(f, GEN_run_output, arguments, "");
    given[1] = state_given(f);
    LLVMValueRef otherwise[] = {word(f, 0), row->state};
    unguard(f, &g, given, otherwise, 2);
    return value_of(given[0], given[1]);
}

static gen_value aggregated(gen_function *f, const plan_step *step)
{
    gen_module *m = f->module;
    LLVMValueRef bound = word(f, 0), bound_state = state(f, RUN_UNKNOWN);
    if (step->a != PLAN_NO_STEP) {
        bound = f->values[step->a].bits;
        bound_state = f->values[step->a].state;
    }
    LLVMValueRef arguments[] = {f->context, f->line, half(f, step->number), bound, bound_state, f->aggregate_slot};
    gen_call(f, GEN_run_aggregate, arguments, "");
    gen_value value = value_of(gen_field(f, f->aggregate_slot, offsetof(run_value, bits), m->word, "low"),
                               gen_field(f, f->aggregate_slot, offsetof(run_value, state), m->byte, ""));
    value.high = gen_field(f, f->aggregate_slot, offsetof(run_value, high), m->word, "high");
    return value;
}

static gen_value parameter(gen_function *f, const plan_step *step, const gen_value *date)
{
    LLVMValueRef arguments[] = {f->context, half(f, step->number), date->bits, date->state, f->state_slot};
    LLVMValueRef bits = gen_call(f, GEN_run_parameter, arguments, "parameter");
    return value_of(bits, state_given(f));
}

static gen_value frame(gen_function *f, const plan_step *step)
{
    LLVMValueRef row = step->number == 0 ? f->line : f->element;
    if (row == NULL) return value_of(word(f, 0), state(f, RUN_UNKNOWN));
    return value_of(LLVMBuildZExt(f->module->builder, row, f->module->word, ""), state(f, RUN_PRESENT));
}

static gen_value logic(gen_function *f, const plan_step *step, const gen_value *a, const gen_value *b)
{
    LLVMBuilderRef builder = f->module->builder;
    if (step->operation == PLAN_AND) {
        return truth_of(LLVMBuildAnd(builder, a->certainly, b->certainly, ""),
                        LLVMBuildOr(builder, a->never, b->never, ""));
    }
    return truth_of(LLVMBuildOr(builder, a->certainly, b->certainly, ""),
                    LLVMBuildAnd(builder, a->never, b->never, ""));
}

static gen_value to_truth(gen_function *f, const gen_value *a)
{
    LLVMBuilderRef builder = f->module->builder;
    LLVMValueRef known = is_state(f, a, RUN_PRESENT);
    LLVMValueRef yes = LLVMBuildICmp(builder, LLVMIntNE, a->bits, word(f, 0), "");
    return truth_of(LLVMBuildAnd(builder, known, yes, ""),
                    LLVMBuildAnd(builder, known, LLVMBuildNot(builder, yes, ""), ""));
}

static gen_value from_truth(gen_function *f, const gen_value *a)
{
    LLVMBuilderRef builder = f->module->builder;
    LLVMValueRef known = LLVMBuildOr(builder, a->certainly, a->never, "");
    LLVMValueRef bits = LLVMBuildZExt(builder, a->certainly, f->module->word, "");
    return value_of(bits, LLVMBuildSelect(builder, known, state(f, RUN_PRESENT), state(f, RUN_UNKNOWN), ""));
}

/* Long for the same reason as the interpreter's switch: a line for each step of steps.def. */
gen_value gen_step(gen_function *f, const plan_step *step)
{
    LLVMBuilderRef builder = f->module->builder;
    bool steps = step->operation != PLAN_LOOKUP;
    static const gen_value nothing = {0};
    const gen_value *a = steps && step->a != PLAN_NO_STEP ? &f->values[step->a] : &nothing;
    const gen_value *b = steps && step->b != PLAN_NO_STEP ? &f->values[step->b] : &nothing;
    switch (step->operation) {
    case PLAN_FRAME: return frame(f, step);
    case PLAN_LOAD: return load(f, step, a);
    case PLAN_NUMBER: return value_of(word(f, step->number), state(f, RUN_PRESENT));
    case PLAN_SYMBOL:
    case PLAN_LIST: return bound_constant(f, step);
    case PLAN_TRUTH: return truth_of(bit(f, step->number == RUN_TRUE), bit(f, step->number == RUN_FALSE));
    case PLAN_PARAMETER: return parameter(f, step, a);
    case PLAN_TO_TRUTH: return to_truth(f, a);
    case PLAN_FROM_TRUTH: return from_truth(f, a);
    case PLAN_NOT: return truth_of(a->never, a->certainly);
    case PLAN_AND:
    case PLAN_OR: return logic(f, step, a, b);
    case PLAN_IS_PRESENT: return truth_of(is_state(f, a, RUN_PRESENT), is_state(f, a, RUN_ABSENT));
    case PLAN_EQUAL: return compared(f, LLVMIntEQ, a, b);
    case PLAN_LESS: return compared(f, LLVMIntSLT, a, b);
    case PLAN_AT_MOST: return compared(f, LLVMIntSLE, a, b);
    case PLAN_DECIDE: return truth_of(a->certainly, b->certainly);
    case PLAN_ADD:
    case PLAN_SUBTRACT:
    case PLAN_MULTIPLY:
    case PLAN_DIVIDE:
    case PLAN_ADD_MONTHS: return calculated(f, step, a, b);
    case PLAN_OR_ELSE: {
        LLVMValueRef absent = is_state(f, a, RUN_ABSENT);
        return value_of(LLVMBuildSelect(builder, absent, b->bits, a->bits, ""),
                        LLVMBuildSelect(builder, absent, b->state, a->state, ""));
    }
    case PLAN_SET_HOLDS:
    case PLAN_LIST_WITHIN_SET:
    case PLAN_LIST_MEETS_SET: return set_step(f, step, a, b);
    case PLAN_LIST_HAS:
    case PLAN_LIST_HAS_ALL:
    case PLAN_LISTS_MEET: return list_step(f, step, a, b);
    case PLAN_SPAN_CONTAINS: return contains(f, a, b);
    case PLAN_SPANS_OVERLAP: return overlap(f, a, b, f->block->steps.items[step->a].type.kind == LANG_TYPE_TIMES);
    case PLAN_LOOKUP: return looked_up(f, step);
    case PLAN_OUTPUT: return output(f, step, a);
    case PLAN_AGE:
    case PLAN_SPAN_SHARED:
    case PLAN_LESSER:
    case PLAN_GREATER:
    case PLAN_PRORATE: return function_step(f, step, a, b, step->c == PLAN_NO_STEP ? b : &f->values[step->c]);
    case PLAN_SPAN_LENGTH:
    case PLAN_SPAN_END:
    case PLAN_ROUND:
    case PLAN_VALID_NPI:
    case PLAN_PART: return function_step(f, step, a, a, a);
    case PLAN_KNOWN: return known_step(f, step);
    case PLAN_DENIED: return denied_step(f, step, a);
    case PLAN_AGGREGATE: return aggregated(f, step);
    case PLAN_UPPER: return value_of(a->high, a->state);
    default: return (gen_value){0};
    }
}
