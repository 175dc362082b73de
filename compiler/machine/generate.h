/* Generating LLVM IR from a plan. Expects a verified plan; produces a module with a function for each policy
 * (`policy_N`) and each aggregate's element block (`element_N`); leaves optimizing and linking to machine.c.
 *
 * A truth is two bits, certainly true and certainly false, so that Kleene's logic is one instruction a bit; other
 * values are a 64-bit word and a state byte. What is complicated is a call into the runtime. */
#ifndef GEN_GENERATE_H
#define GEN_GENERATE_H

#include "runtime/context.h"

#include <llvm-c/Core.h>

typedef struct gen_value {
    LLVMValueRef bits;
    LLVMValueRef state;
    LLVMValueRef high; /* aggregates only */
    LLVMValueRef certainly;
    LLVMValueRef never;
} gen_value;

/* The runtime functions that code may call. GEN_HELPER(name, result, parameters): letters for types, 6 a 64-bit word,
 * 3 a 32-bit word, 1 a byte, p a pointer, v nothing. */
#define GEN_HELPERS(X)                                                                                                 \
    X(run_parameter, '6', "p361p")                                                                                     \
    X(run_set_holds, '1', "p3661")                                                                                     \
    X(run_list_meets_set, '1', "p3661")                                                                                \
    X(run_list_within_set, '1', "p3661")                                                                               \
    X(run_list_has, '1', "p66")                                                                                        \
    X(run_list_has_all, '1', "p66")                                                                                    \
    X(run_lists_meet, '1', "p66")                                                                                      \
    X(run_add_months, '6', "66")                                                                                       \
    X(run_multiply, '6', "666p")                                                                                       \
    X(run_divide, '6', "666p")                                                                                         \
    X(run_lookup, '6', "p3ppp")                                                                                        \
    X(run_output, '6', "p336p")                                                                                        \
    X(run_age, '6', "666p")                                                                                            \
    X(run_span_shared, '6', "666")                                                                                     \
    X(run_span_length, '6', "66")                                                                                      \
    X(run_round, '6', "666")                                                                                           \
    X(run_prorate, '6', "666p")                                                                                        \
    X(run_valid_npi, '6', "p6")                                                                                        \
    X(run_part, '6', "66")                                                                                             \
    X(run_denied, '1', "p361")                                                                                         \
    X(run_aggregate, 'v', "p3361p")

typedef enum gen_helper {
#define GEN_HELPER(name, result, parameters) GEN_##name,
    GEN_HELPERS(GEN_HELPER)
#undef GEN_HELPER
        GEN_HELPER_COUNT
} gen_helper;

typedef struct gen_module {
    const plan_program *plan;
    base_arena *arena;
    LLVMContextRef context;
    LLVMModuleRef module;
    LLVMBuilderRef builder;
    LLVMTypeRef word, half, byte, bit, pointer, nothing;
    LLVMTypeRef helper_types[GEN_HELPER_COUNT];
    LLVMValueRef helpers[GEN_HELPER_COUNT];
} gen_module;

/* One function under construction. */
typedef struct gen_function {
    gen_module *module;
    const plan_block *block;
    LLVMValueRef function;
    LLVMValueRef context, line, element, out; /* parameters; element NULL in a policy */
    LLVMValueRef columns;                     /* the store's columns */
    LLVMValueRef state_slot;                  /* where helpers put a state */
    LLVMValueRef aggregate_slot;
    LLVMValueRef argument_bits, argument_states; /* of lookups; NULL where a block has none */
    LLVMBasicBlockRef *targets;                  /* by step, where a skip lands */
    gen_value *values;
} gen_function;

bool gen_module_init(gen_module *module, base_arena *arena, const plan_program *plan, LLVMContextRef context);

/* What goes into a module. */
typedef struct gen_content {
    size_t policies; /* the only one, GEN_ALL_POLICIES or GEN_NO_POLICY */
    bool elements;
} gen_content;

#define GEN_ALL_POLICIES SIZE_MAX
#define GEN_NO_POLICY (SIZE_MAX - 1)
#define GEN_POLICY_NAME "policy_%zu"

bool gen_module_fill(gen_module *module, gen_content content);

/* The value of one step (steps.c). */
gen_value gen_step(gen_function *f, const plan_step *step);

/* Helper calls (module.c). */
LLVMValueRef gen_call(gen_function *f, gen_helper helper, LLVMValueRef *arguments, const char *name);
LLVMValueRef gen_field(gen_function *f, LLVMValueRef base, size_t offset, LLVMTypeRef type, const char *name);

#endif
