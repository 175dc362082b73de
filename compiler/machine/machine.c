/* Machine code in this process: modules are compiled by ORC for this very processor and linked to the runtime's helpers.
 * The provider at the end is all that the rest of the product sees of LLVM. */
#include "compiler/machine/generate.h"
#include "compiler/machine/load.h"
#include "compiler/machine/target.h"

#include <llvm-c/Analysis.h>
#include <llvm-c/Error.h>
#include <llvm-c/LLJIT.h>
#include <llvm-c/Orc.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Transforms/PassBuilder.h>

#include <pthread.h>
#include <string.h>

static pthread_once_t host_once = PTHREAD_ONCE_INIT;

/* This processor, which stays what it is: asking takes a tenth of a millisecond. */
static struct {
    char *triple, *cpu, *features;
    LLVMTargetRef target; /* NULL where LLVM has none for it */
} host;

static void find_host(void)
{
    LLVMInitializeNativeTarget();
    LLVMInitializeNativeAsmPrinter();
    host.triple = LLVMGetDefaultTargetTriple();
    host.cpu = LLVMGetHostCPUName();
    host.features = LLVMGetHostCPUFeatures();
    char *error = NULL;
    if (LLVMGetTargetFromTriple(host.triple, &host.target, &error) != 0) host.target = NULL;
    if (error != NULL) LLVMDisposeMessage(error);
}

LLVMTargetMachineRef gen_host_machine(LLVMCodeGenOptLevel level, LLVMRelocMode relocations, LLVMCodeModel model)
{
    pthread_once(&host_once, find_host);
    if (host.target == NULL) return NULL;
    return LLVMCreateTargetMachine(host.target, host.triple, host.cpu, host.features, level, relocations, model);
}

const char *gen_host_features(void)
{
    pthread_once(&host_once, find_host);
    return host.features;
}

/* A target machine for the host, with its features and the cheapest code generation: plans come already shared and
 * narrow, so that more passes cost more than they give (docs/performance.md). */
static LLVMTargetMachineRef host_machine(bool better)
{
    return gen_host_machine(better ? LLVMCodeGenLevelDefault : LLVMCodeGenLevelNone, LLVMRelocDefault,
                            LLVMCodeModelJITDefault);
}

/* For code that judges one encounter after the other its making does not count. */
static LLVMErrorRef improve(LLVMModuleRef module)
{
    LLVMTargetMachineRef machine = host_machine(true);
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    LLVMErrorRef error = LLVMRunPasses(module, "default<O2>", machine, options);
    LLVMDisposePassBuilderOptions(options);
    LLVMDisposeTargetMachine(machine);
    return error;
}

static const char *taken(base_arena *arena, LLVMErrorRef error)
{
    char *message = LLVMGetErrorMessage(error);
    const char *copy = base_format(arena, "machine code: %s", message);
    LLVMDisposeErrorMessage(message);
    return copy;
}

/* Function pointers and object pointers have one size on every system this runs on; memcpy says so without a cast. */
static uint64_t address_of(const void *function, size_t size)
{
    uint64_t address = 0;
    memcpy(&address, function, size < sizeof address ? size : sizeof address);
    return address;
}

#define ADDRESS_OF(name, pointer)                                                                                      \
    do {                                                                                                               \
        __typeof__(&(name)) function_ = &(name);                                                                       \
        (pointer) = address_of(&function_, sizeof function_);                                                          \
    } while (0)

static LLVMErrorRef define_helpers(LLVMOrcLLJITRef jit)
{
    static const char *const names[] = {
#define GEN_HELPER(name, result, parameters) #name,
        GEN_HELPERS(GEN_HELPER)
#undef GEN_HELPER
    };
    uint64_t addresses[GEN_HELPER_COUNT];
#define GEN_HELPER(name, result, parameters) ADDRESS_OF(name, addresses[GEN_##name]);
    GEN_HELPERS(GEN_HELPER)
#undef GEN_HELPER
    LLVMOrcCSymbolMapPair pairs[GEN_HELPER_COUNT];
    for (size_t i = 0; i < GEN_HELPER_COUNT; i++) {
        pairs[i].Name = LLVMOrcLLJITMangleAndIntern(jit, names[i]);
        pairs[i].Sym.Address = addresses[i];
        pairs[i].Sym.Flags.GenericFlags = LLVMJITSymbolGenericFlagsExported | LLVMJITSymbolGenericFlagsCallable;
        pairs[i].Sym.Flags.TargetFlags = 0;
    }
    LLVMOrcMaterializationUnitRef unit = LLVMOrcAbsoluteSymbols(pairs, GEN_HELPER_COUNT);
    return LLVMOrcJITDylibDefine(LLVMOrcLLJITGetMainJITDylib(jit), unit);
}

/* Builds the module of a plan; NULL with a message after a failure. */
static LLVMModuleRef build_module(base_arena *arena, const plan_program *plan, gen_content content,
                                  LLVMContextRef context, const char **error)
{
    gen_module module;
    bool built = gen_module_init(&module, arena, plan, context) && gen_module_fill(&module, content);
    LLVMDisposeBuilder(module.builder);
#ifndef NDEBUG
    char *wrong = NULL;
    if (built && LLVMVerifyModule(module.module, LLVMReturnStatusAction, &wrong) != 0) {
        *error = base_format(arena, "machine code: the module is not valid: %s", wrong);
        built = false;
    }
    LLVMDisposeMessage(wrong);
#endif
    if (built) return module.module;
    if (*error == NULL) *error = "machine code: out of memory";
    LLVMDisposeModule(module.module);
    return NULL;
}

static void release(void *state)
{
    LLVMErrorRef error = LLVMOrcDisposeLLJIT(state);
    if (error != NULL) LLVMConsumeError(error);
}

static LLVMErrorRef look_up(LLVMOrcLLJITRef jit, const char *name, void *function, size_t size)
{
    LLVMOrcExecutorAddress address = 0;
    LLVMErrorRef error = LLVMOrcLLJITLookup(jit, &address, name);
    if (error == NULL) memcpy(function, &address, size);
    return error;
}

static LLVMErrorRef fetch_functions(base_arena *arena, LLVMOrcLLJITRef jit, const plan_program *plan, bool policies,
                                    run_machine_code *code)
{
    code->policies = base_arena_alloc(arena, (plan->policies.count + 1) * sizeof *code->policies);
    code->elements = base_arena_alloc(arena, (plan->aggregates.count + 1) * sizeof *code->elements);
    if (code->policies == NULL || code->elements == NULL) return LLVMCreateStringError("out of memory");
    if (!policies) code->policies = NULL;
    LLVMErrorRef error = NULL;
    for (size_t i = 0; policies && i < plan->policies.count && error == NULL; i++) {
        error = look_up(jit, base_format(arena, GEN_POLICY_NAME, i), &code->policies[i], sizeof code->policies[i]);
    }
    for (size_t i = 0; i < plan->aggregates.count && error == NULL; i++) {
        if (plan->aggregates.items[i].block == PLAN_NO_STEP) continue;
        error = look_up(jit, base_format(arena, "element_%zu", i), &code->elements[i], sizeof code->elements[i]);
    }
    return error;
}

static LLVMErrorRef create_jit(LLVMOrcLLJITRef *jit, bool better)
{
    LLVMTargetMachineRef machine = host_machine(better);
    if (machine == NULL) return LLVMCreateStringError("no code generator for this processor");
    LLVMOrcLLJITBuilderRef builder = LLVMOrcCreateLLJITBuilder();
    LLVMOrcLLJITBuilderSetJITTargetMachineBuilder(builder,
                                                  LLVMOrcJITTargetMachineBuilderCreateFromTargetMachine(machine));
    return LLVMOrcCreateLLJIT(jit, builder);
}

static bool compile(base_arena *arena, const plan_program *plan, run_code_kind kind, run_machine_code *code,
                    const char **error)
{
    *error = NULL;
    if (!gen_load()) {
        *error = GEN_NO_LLVM;
        return false;
    }
    bool policies = kind != RUN_CODE_ELEMENTS;
    LLVMOrcLLJITRef jit = NULL;
    LLVMErrorRef failure = create_jit(&jit, false);
    if (failure != NULL) {
        *error = taken(arena, failure);
        return false;
    }
    LLVMOrcThreadSafeContextRef safe = LLVMOrcCreateNewThreadSafeContext();
    gen_content content = {.policies = policies ? GEN_ALL_POLICIES : GEN_NO_POLICY, .elements = true};
    LLVMModuleRef module = build_module(arena, plan, content, LLVMOrcThreadSafeContextGetContext(safe), error);
    if (module != NULL) {
        LLVMOrcThreadSafeModuleRef unit = LLVMOrcCreateNewThreadSafeModule(module, safe);
        failure = define_helpers(jit);
        if (failure == NULL)
            failure = LLVMOrcLLJITAddLLVMIRModule(jit, LLVMOrcLLJITGetMainJITDylib(jit), unit);
        else
            LLVMOrcDisposeThreadSafeModule(unit);
        if (failure == NULL) failure = fetch_functions(arena, jit, plan, policies, code);
        if (failure != NULL) *error = taken(arena, failure);
    }
    LLVMOrcDisposeThreadSafeContext(safe);
    if (*error != NULL) {
        release(jit);
        return false;
    }
    code->state = jit;
    code->release = release;
    return true;
}

struct run_policy_workshop {
    LLVMOrcLLJITRef jit;
    bool better;
};

typedef struct run_policy_workshop run_policy_workshop;

static run_policy_workshop *workshop_new(base_arena *arena, bool better, const char **error)
{
    if (!gen_load()) {
        *error = GEN_NO_LLVM;
        return NULL;
    }
    run_policy_workshop *workshop = base_arena_alloc(arena, sizeof *workshop);
    if (workshop == NULL) return NULL;
    workshop->better = better;
    LLVMErrorRef failure = create_jit(&workshop->jit, better);
    if (failure == NULL) {
        failure = define_helpers(workshop->jit);
        if (failure == NULL) return workshop;
        release(workshop->jit);
    }
    *error = taken(arena, failure);
    return NULL;
}

static void workshop_free(run_policy_workshop *workshop)
{
    release(workshop->jit);
}

static bool make_policy(run_policy_workshop *workshop, base_arena *arena, const plan_program *plan, uint32_t policy,
                        run_policy_function *function, const char **error)
{
    LLVMOrcThreadSafeContextRef safe = LLVMOrcCreateNewThreadSafeContext();
    gen_content content = {.policies = policy};
    LLVMModuleRef module = build_module(arena, plan, content, LLVMOrcThreadSafeContextGetContext(safe), error);
    if (module != NULL) {
        LLVMErrorRef worse = workshop->better ? improve(module) : NULL;
        if (worse != NULL) LLVMConsumeError(worse); /* it is as good as it was */
        LLVMOrcThreadSafeModuleRef unit = LLVMOrcCreateNewThreadSafeModule(module, safe);
        LLVMErrorRef failure =
            LLVMOrcLLJITAddLLVMIRModule(workshop->jit, LLVMOrcLLJITGetMainJITDylib(workshop->jit), unit);
        if (failure == NULL)
            failure =
                look_up(workshop->jit, base_format(arena, GEN_POLICY_NAME, (size_t)policy), function, sizeof *function);
        if (failure != NULL) *error = taken(arena, failure);
    }
    LLVMOrcDisposeThreadSafeContext(safe);
    return *error == NULL;
}

static const char *assembly_of(base_arena *arena, LLVMModuleRef module)
{
    LLVMTargetMachineRef machine = host_machine(false);
    if (machine == NULL) return NULL;
    char *triple = LLVMGetTargetMachineTriple(machine);
    LLVMSetTarget(module, triple);
    LLVMDisposeMessage(triple);
    LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(machine);
    LLVMSetModuleDataLayout(module, layout);
    LLVMDisposeTargetData(layout);
    LLVMMemoryBufferRef buffer = NULL;
    char *error = NULL;
    const char *text = NULL;
    if (LLVMTargetMachineEmitToMemoryBuffer(machine, module, LLVMAssemblyFile, &error, &buffer) == 0) {
        text = base_arena_copy(arena, LLVMGetBufferStart(buffer), LLVMGetBufferSize(buffer));
        LLVMDisposeMemoryBuffer(buffer);
    } else {
        LLVMDisposeMessage(error);
    }
    LLVMDisposeTargetMachine(machine);
    return text;
}

static const char *dump(base_arena *arena, const plan_program *plan, bool assembly)
{
    const char *error = NULL;
    if (!gen_load()) return NULL;
    LLVMContextRef context = LLVMContextCreate();
    gen_content content = {.policies = GEN_ALL_POLICIES, .elements = true};
    LLVMModuleRef module = build_module(arena, plan, content, context, &error);
    const char *text = NULL;
    if (module != NULL && assembly) {
        text = assembly_of(arena, module);
    } else if (module != NULL) {
        char *printed = LLVMPrintModuleToString(module);
        text = base_arena_copy(arena, printed, strlen(printed));
        LLVMDisposeMessage(printed);
    }
    if (module != NULL) LLVMDisposeModule(module);
    LLVMContextDispose(context);
    return text;
}

const run_machine_provider *run_machine_provider_get(void)
{
    static const run_machine_provider provider = {.compile = compile,
                                                  .workshop_new = workshop_new,
                                                  .make_policy = make_policy,
                                                  .workshop_free = workshop_free,
                                                  .dump = dump,
                                                  .maker_new = gen_maker_new,
                                                  .maker_for = gen_maker_for,
                                                  .maker_free = gen_maker_free,
                                                  .make_object = gen_make_object};
    return &provider;
}
