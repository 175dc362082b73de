/* Modules of kernels, and target machines: what kernels.c and objects.c ask of each other. */
#ifndef GEN_TARGET_H
#define GEN_TARGET_H

#include "runtime/kernel_code.h"

#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>

/* The module of a shape, with the function `kernel` and, where `better` and it compares, `compare`. NULL when memory runs out. */
LLVMModuleRef gen_kernel_module(LLVMContextRef context, base_arena *arena, const plan_shape *shape,
                                const uint8_t *slot_widths, unsigned vector_bytes, bool better);

/* A target machine for this processor; NULL where there is none. The caller disposes of it. */
LLVMTargetMachineRef gen_host_machine(LLVMCodeGenOptLevel level, LLVMRelocMode relocations, LLVMCodeModel model);

/* The features of this processor, as LLVM names them. */
const char *gen_host_features(void);

/* See run_machine_provider. */
run_object_maker *gen_maker_new(base_arena *arena);
run_object_maker *gen_maker_for(base_arena *arena, const char *triple, const char *cpu, const char *features);
void gen_maker_free(run_object_maker *maker);
bool gen_make_object(run_object_maker *maker, base_arena *arena, const plan_shape *shape, const uint8_t *slot_widths,
                     bool better, bool assembly, const char **bytes, size_t *length, const char **error);

#endif
