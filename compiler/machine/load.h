/* LLVM, loaded when it is first wanted. */
#ifndef GEN_LOAD_H
#define GEN_LOAD_H

#include <stdbool.h>

/* Whether LLVM is here; loads it on the first call. Nothing of LLVM may be called before. */
bool gen_load(void);

#define GEN_NO_LLVM "machine code: LLVM 19 (libLLVM) cannot be loaded"

#endif
