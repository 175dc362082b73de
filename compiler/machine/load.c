/* Loading LLVM when machine code is first wanted: it takes longer, and more memory, than most runs. */
#include "compiler/machine/load.h"

#include "base/load.h"

#include <pthread.h>
#include <stddef.h>

extern const char *const gen_llvm_names[];
extern void *gen_llvm_functions[];

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool loaded;

static void load(void)
{
    static const char *const libraries[] = {ADJUDGE_LLVM, "libLLVM.so.19.1", "libLLVM-19.so.1", "libLLVM-19.so", NULL};
    loaded = base_load(libraries, gen_llvm_names, gen_llvm_functions);
}

bool gen_load(void)
{
    pthread_once(&once, load);
    return loaded;
}
