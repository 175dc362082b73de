/* Modules and functions: declarations of the runtime's helpers, the frame of each function, skips and verdicts. */
#include "compiler/machine/generate.h"

#include <stddef.h>
#include <string.h>

static LLVMTypeRef type_of(const gen_module *module, char letter)
{
    switch (letter) {
    case '6': return module->word;
    case '3': return module->half;
    case '1': return module->byte;
    case 'p': return module->pointer;
    default: return module->nothing;
    }
}

/* Bytes cross calls zero-extended, as the C compiler that built the helpers expects. */
static void extend_bytes(gen_module *module, LLVMValueRef function, char result, const char *parameters)
{
    unsigned kind = LLVMGetEnumAttributeKindForName("zeroext", 7);
    LLVMAttributeRef extend = LLVMCreateEnumAttribute(module->context, kind, 0);
    if (result == '1') LLVMAddAttributeAtIndex(function, LLVMAttributeReturnIndex, extend);
    for (unsigned i = 0; parameters[i] != '\0'; i++) {
        if (parameters[i] == '1') LLVMAddAttributeAtIndex(function, i + 1, extend);
    }
}

static void declare_helper(gen_module *module, gen_helper helper, const char *name, char result, const char *parameters)
{
    LLVMTypeRef types[8];
    unsigned count = (unsigned)strlen(parameters);
    for (unsigned i = 0; i < count; i++) types[i] = type_of(module, parameters[i]);
    LLVMTypeRef type = LLVMFunctionType(type_of(module, result), types, count, 0);
    module->helper_types[helper] = type;
    module->helpers[helper] = LLVMAddFunction(module->module, name, type);
    extend_bytes(module, module->helpers[helper], result, parameters);
}

bool gen_module_init(gen_module *module, base_arena *arena, const plan_program *plan, LLVMContextRef context)
{
    *module = (gen_module){.plan = plan, .arena = arena, .context = context};
    module->module = LLVMModuleCreateWithNameInContext("adjudge", context);
    module->builder = LLVMCreateBuilderInContext(context);
    module->word = LLVMInt64TypeInContext(context);
    module->half = LLVMInt32TypeInContext(context);
    module->byte = LLVMInt8TypeInContext(context);
    module->bit = LLVMInt1TypeInContext(context);
    module->pointer = LLVMPointerTypeInContext(context, 0);
    module->nothing = LLVMVoidTypeInContext(context);
#define GEN_HELPER(name, result, parameters) declare_helper(module, GEN_##name, #name, result, parameters);
    GEN_HELPERS(GEN_HELPER)
#undef GEN_HELPER
    return module->module != NULL && module->builder != NULL;
}

LLVMValueRef gen_call(gen_function *f, gen_helper helper, LLVMValueRef *arguments, const char *name)
{
    gen_module *m = f->module;
    unsigned count = LLVMCountParamTypes(m->helper_types[helper]);
    LLVMValueRef call = LLVMBuildCall2(m->builder, m->helper_types[helper], m->helpers[helper], arguments, count, name);
    unsigned kind = LLVMGetEnumAttributeKindForName("zeroext", 7);
    LLVMAttributeRef extend = LLVMCreateEnumAttribute(m->context, kind, 0);
    LLVMTypeRef types[8];
    LLVMGetParamTypes(m->helper_types[helper], types);
    for (unsigned i = 0; i < count; i++) {
        if (types[i] == m->byte) LLVMAddCallSiteAttribute(call, i + 1, extend);
    }
    if (LLVMGetReturnType(m->helper_types[helper]) == m->byte) {
        LLVMAddCallSiteAttribute(call, LLVMAttributeReturnIndex, extend);
    }
    return call;
}

LLVMValueRef gen_field(gen_function *f, LLVMValueRef base, size_t offset, LLVMTypeRef type, const char *name)
{
    gen_module *m = f->module;
    LLVMValueRef index = LLVMConstInt(m->word, offset, 0);
    LLVMValueRef address = LLVMBuildGEP2(m->builder, m->byte, base, &index, 1, "");
    return LLVMBuildLoad2(m->builder, type, address, name);
}

static LLVMValueRef slots(gen_function *f, LLVMTypeRef type, size_t count, const char *name)
{
    gen_module *m = f->module;
    return LLVMBuildArrayAlloca(m->builder, type, LLVMConstInt(m->word, count, 0), name);
}

static bool begin(gen_function *f, const char *name, bool element)
{
    gen_module *m = f->module;
    LLVMTypeRef policy_types[] = {m->pointer, m->half, m->pointer};
    LLVMTypeRef element_types[] = {m->pointer, m->half, m->half, m->pointer};
    LLVMTypeRef type =
        element ? LLVMFunctionType(m->nothing, element_types, 4, 0) : LLVMFunctionType(m->nothing, policy_types, 3, 0);
    f->function = LLVMAddFunction(m->module, name, type);
    LLVMPositionBuilderAtEnd(m->builder, LLVMAppendBasicBlockInContext(m->context, f->function, "entry"));
    f->context = LLVMGetParam(f->function, 0);
    f->line = LLVMGetParam(f->function, 1);
    f->element = element ? LLVMGetParam(f->function, 2) : NULL;
    f->out = LLVMGetParam(f->function, element ? 3 : 2);
    f->columns = gen_field(f, f->context, offsetof(run_context, columns), m->pointer, "columns");
    f->state_slot = slots(f, m->byte, 1, "state");
    f->aggregate_slot = slots(f, m->byte, sizeof(run_value), "aggregate");
    LLVMSetAlignment(f->aggregate_slot, 8);
    uint32_t arguments = 0;
    for (size_t i = 0; i < f->block->steps.count; i++) {
        const plan_step *step = &f->block->steps.items[i];
        if (step->operation == PLAN_LOOKUP && step->b > arguments) arguments = step->b;
    }
    if (arguments > 0) {
        f->argument_bits = slots(f, m->word, arguments, "argument_bits");
        f->argument_states = slots(f, m->byte, arguments, "argument_states");
    }
    f->values = base_arena_alloc(m->arena, (f->block->steps.count + 1) * sizeof *f->values);
    f->targets = base_arena_alloc(m->arena, (f->block->steps.count + 1) * sizeof *f->targets);
    return f->values != NULL && f->targets != NULL;
}

static LLVMValueRef choose(gen_function *f, LLVMValueRef condition, int yes, LLVMValueRef no)
{
    gen_module *m = f->module;
    return LLVMBuildSelect(m->builder, condition, LLVMConstInt(m->byte, (unsigned)yes, 0), no, "");
}

static void store_at(gen_function *f, size_t offset, LLVMValueRef value)
{
    gen_module *m = f->module;
    LLVMValueRef index = LLVMConstInt(m->word, offset, 0);
    LLVMBuildStore(m->builder, value, LLVMBuildGEP2(m->builder, m->byte, f->out, &index, 1, ""));
}

/* The same choice as run_clause_verdict. */
static void verdict(gen_function *f, const plan_step *step)
{
    gen_module *m = f->module;
    const gen_value *applicable = &f->values[step->a], *requirement = &f->values[step->b], *fails = &f->values[step->c];
    LLVMValueRef failing = LLVMBuildAnd(m->builder, applicable->certainly, fails->certainly, "");
    LLVMValueRef result = choose(f, failing, ADJ_CLAUSE_FAIL, LLVMConstInt(m->byte, ADJ_CLAUSE_CANNOT_TELL, 0));
    result = choose(f, fails->never, ADJ_CLAUSE_EXCUSED, result);
    result = choose(f, requirement->certainly, ADJ_CLAUSE_PASS, result);
    result = choose(f, applicable->never, ADJ_CLAUSE_NOT_APPLICABLE, result);
    store_at(f, (size_t)step->number, result);
}

/* The same choice as run_policy_scope. */
static void scope(gen_function *f, const plan_step *step)
{
    gen_module *m = f->module;
    const gen_value *payer = &f->values[step->a], *dates = &f->values[step->b];
    LLVMValueRef applies = LLVMBuildAnd(m->builder, payer->certainly, dates->certainly, "");
    LLVMValueRef result = choose(f, applies, RUN_SCOPE_APPLIES, LLVMConstInt(m->byte, RUN_SCOPE_UNKNOWN, 0));
    result = choose(f, dates->never, RUN_SCOPE_NO_VERSION, result);
    result = choose(f, payer->never, RUN_SCOPE_OTHER_PAYER, result);
    store_at(f, m->plan->clauses.count + (size_t)step->number, result);
}

static void skip(gen_function *f, const plan_step *step)
{
    gen_module *m = f->module;
    LLVMBasicBlockRef *target = &f->targets[step->number];
    if (*target == NULL) *target = LLVMAppendBasicBlockInContext(m->context, f->function, "landing");
    LLVMBasicBlockRef next = LLVMInsertBasicBlockInContext(m->context, *target, "on");
    LLVMBuildCondBr(m->builder, f->values[step->a].never, *target, next);
    LLVMPositionBuilderAtEnd(m->builder, next);
}

static void give_back(gen_function *f, const plan_step *step)
{
    gen_module *m = f->module;
    const gen_value *truth = &f->values[step->a];
    LLVMValueRef certainly = LLVMBuildZExt(m->builder, truth->certainly, m->byte, "");
    LLVMValueRef never = LLVMBuildZExt(m->builder, truth->never, m->byte, "");
    never = LLVMBuildShl(m->builder, never, LLVMConstInt(m->byte, 1, 0), "");
    store_at(f, offsetof(run_element, truth), LLVMBuildOr(m->builder, certainly, never, "truth"));
    bool valued = step->b != PLAN_NO_STEP;
    store_at(f, offsetof(run_element, bits), valued ? f->values[step->b].bits : LLVMConstInt(m->word, 0, 0));
    store_at(f, offsetof(run_element, state),
             valued ? f->values[step->b].state : LLVMConstInt(m->byte, RUN_PRESENT, 0));
    bool paired = step->c != PLAN_NO_STEP;
    store_at(f, offsetof(run_element, second), paired ? f->values[step->c].bits : LLVMConstInt(m->word, 0, 0));
    store_at(f, offsetof(run_element, second_state),
             paired ? f->values[step->c].state : LLVMConstInt(m->byte, RUN_PRESENT, 0));
}

static void land(gen_function *f, size_t step)
{
    if (f->targets[step] == NULL) return;
    LLVMBuildBr(f->module->builder, f->targets[step]);
    LLVMPositionBuilderAtEnd(f->module->builder, f->targets[step]);
}

static bool function(gen_module *module, uint32_t block, const char *name, bool element)
{
    gen_function f = {.module = module, .block = &module->plan->blocks.items[block]};
    if (!begin(&f, name, element)) return false;
    for (size_t i = 0; i < f.block->steps.count; i++) {
        const plan_step *step = &f.block->steps.items[i];
        land(&f, i);
        switch (step->operation) {
        case PLAN_SKIP: skip(&f, step); break;
        case PLAN_VERDICT: verdict(&f, step); break;
        case PLAN_SCOPE: scope(&f, step); break;
        case PLAN_RETURN: give_back(&f, step); break;
        default: f.values[i] = gen_step(&f, step); break;
        }
    }
    land(&f, f.block->steps.count);
    LLVMBuildRetVoid(module->builder);
    return true;
}

bool gen_module_fill(gen_module *module, gen_content content)
{
    const plan_program *plan = module->plan;
    for (size_t i = 0; i < plan->policies.count; i++) {
        if (content.policies != GEN_ALL_POLICIES && content.policies != i) continue;
        if (!function(module, plan->policies.items[i].block, base_format(module->arena, GEN_POLICY_NAME, i), false))
            return false;
    }
    for (size_t i = 0; content.elements && i < plan->aggregates.count; i++) {
        uint32_t block = plan->aggregates.items[i].block;
        if (block == PLAN_NO_STEP) continue;
        if (!function(module, block, base_format(module->arena, "element_%zu", i), true)) return false;
    }
    return !module->arena->failed;
}
