/* Loading LLVM when machine code is first wanted: it takes longer, and more memory, than most runs. The stubs that stand for its
 * functions (cmake/llvm_stubs.sh) jump to where this finds them. */
#include "compiler/machine/load.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

extern const char *const gen_llvm_names[];
extern void *gen_llvm_functions[];

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool loaded;

static void load(void)
{
    static const char *const libraries[] = {ADJUDGE_LLVM, "libLLVM.so.19.1", "libLLVM-19.so.1", "libLLVM-19.so"};
    void *library = NULL;
    for (size_t i = 0; library == NULL && i < sizeof libraries / sizeof *libraries; i++)
        library = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return;
    for (size_t i = 0; gen_llvm_names[i] != NULL; i++) {
        gen_llvm_functions[i] = dlsym(library, gen_llvm_names[i]);
        if (gen_llvm_functions[i] == NULL) return;
    }
    loaded = true; /* and stays so until the process ends: LLVM does not like to be unloaded */
}

bool gen_load(void)
{
    pthread_once(&once, load);
    return loaded;
}
