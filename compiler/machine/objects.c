/* Kernels as objects: for this processor, to be loaded (runtime/object_code.c) and kept on disk; and for others, to be looked at. */
#include "compiler/machine/load.h"
#include "compiler/machine/target.h"

#include <llvm-c/Analysis.h>
#include <llvm-c/Target.h>

#include <pthread.h>
#include <string.h>

/* How wide registers are, from a processor's features. */
static unsigned vector_bytes(const char *triple, const char *features)
{
    if (strncmp(triple, "x86_64", 6) != 0) return 16;
    bool wide = strstr(features, "+avx512bw") != NULL && strstr(features, "+avx512vl") != NULL;
    return wide ? 64 : strstr(features, "+avx2") != NULL ? 32 : 16;
}

/* Code is wanted soon, and then better: the first level of code generation gives it in a quarter of the time of the second, whose
 * code keeps pointers in registers. */
enum { LEVELS = 2 };
static const LLVMCodeGenOptLevel levels[LEVELS] = {LLVMCodeGenLevelNone, LLVMCodeGenLevelLess};

struct run_object_maker {
    LLVMTargetMachineRef machines[LEVELS]; /* for this processor the second is made when it is first needed */
    LLVMTargetDataRef layout;
    LLVMContextRef context; /* for all its modules, one after the other */
    char *triple;
    unsigned vector_bytes;
};

static pthread_once_t all_targets_once = PTHREAD_ONCE_INIT;

static void register_all_targets(void)
{
    LLVMInitializeAllTargetInfos();
    LLVMInitializeAllTargets();
    LLVMInitializeAllTargetMCs();
    LLVMInitializeAllAsmPrinters();
}

static void *finish_maker(run_object_maker *maker, base_arena *arena, const char *features)
{
    if (maker->machines[0] == NULL) return NULL;
    char *triple = LLVMGetTargetMachineTriple(maker->machines[0]);
    maker->triple = base_arena_copy(arena, triple, strlen(triple));
    maker->vector_bytes = vector_bytes(triple, features);
    LLVMDisposeMessage(triple);
    maker->layout = LLVMCreateTargetDataLayout(maker->machines[0]);
    maker->context = LLVMContextCreate();
    return maker;
}

run_object_maker *gen_maker_new(base_arena *arena)
{
    run_object_maker *maker = gen_load() ? base_arena_alloc(arena, sizeof *maker) : NULL;
    if (maker == NULL) return NULL;
    maker->machines[0] = gen_host_machine(levels[0], LLVMRelocPIC, LLVMCodeModelSmall);
    return finish_maker(maker, arena, gen_host_features());
}

run_object_maker *gen_maker_for(base_arena *arena, const char *triple, const char *cpu, const char *features)
{
    if (!gen_load()) return NULL;
    pthread_once(&all_targets_once, register_all_targets);
    run_object_maker *maker = base_arena_alloc(arena, sizeof *maker);
    LLVMTargetRef target = NULL;
    char *error = NULL;
    if (maker == NULL) return NULL;
    bool found = LLVMGetTargetFromTriple(triple, &target, &error) == 0;
    for (int i = 0; found && i < LEVELS; i++)
        maker->machines[i] =
            LLVMCreateTargetMachine(target, triple, cpu, features, levels[i], LLVMRelocPIC, LLVMCodeModelSmall);
    if (error != NULL) LLVMDisposeMessage(error);
    return maker->machines[1] == NULL ? NULL : finish_maker(maker, arena, features);
}

void gen_maker_free(run_object_maker *maker)
{
    if (maker == NULL) return;
    LLVMContextDispose(maker->context);
    LLVMDisposeTargetData(maker->layout);
    for (int i = 0; i < LEVELS; i++) {
        if (maker->machines[i] != NULL) LLVMDisposeTargetMachine(maker->machines[i]);
    }
}

static bool is_valid(LLVMModuleRef module, base_arena *arena, const char **error)
{
#ifndef NDEBUG
    char *wrong = NULL;
    bool valid = LLVMVerifyModule(module, LLVMReturnStatusAction, &wrong) == 0;
    if (!valid) *error = base_format(arena, "machine code: a kernel is not valid: %s", wrong);
    LLVMDisposeMessage(wrong);
    return valid;
#else
    (void)module, (void)arena, (void)error;
    return true;
#endif
}

bool gen_make_object(run_object_maker *maker, base_arena *arena, const plan_shape *shape, const uint8_t *slot_widths,
                     bool better, bool assembly, const char **bytes, size_t *length, const char **error)
{
    *error = NULL;
    LLVMTargetMachineRef *machine = &maker->machines[better ? 1 : 0];
    if (*machine == NULL) *machine = gen_host_machine(levels[1], LLVMRelocPIC, LLVMCodeModelSmall);
    LLVMModuleRef module =
        *machine == NULL ? NULL
                         : gen_kernel_module(maker->context, arena, shape, slot_widths, maker->vector_bytes, better);
    LLVMMemoryBufferRef buffer = NULL;
    char *message = NULL;
    *bytes = NULL;
    if (module != NULL && is_valid(module, arena, error)) {
        LLVMSetTarget(module, maker->triple);
        LLVMSetModuleDataLayout(module, maker->layout);
        LLVMCodeGenFileType type = assembly ? LLVMAssemblyFile : LLVMObjectFile;
        if (LLVMTargetMachineEmitToMemoryBuffer(*machine, module, type, &message, &buffer) == 0) {
            *length = LLVMGetBufferSize(buffer);
            char *copy = base_arena_alloc(arena, *length + 1); /* aligned, as an object must be */
            if (copy != NULL) memcpy(copy, LLVMGetBufferStart(buffer), *length);
            *bytes = copy;
            LLVMDisposeMemoryBuffer(buffer);
        } else {
            *error = base_format(arena, "machine code: %s", message);
            LLVMDisposeMessage(message);
        }
    }
    if (module != NULL) LLVMDisposeModule(module);
    if (*bytes == NULL && *error == NULL) *error = "machine code: out of memory";
    return *bytes != NULL;
}
