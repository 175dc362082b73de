/* A build without LLVM: no machine code, the interpreter does everything. */
#include "runtime/context.h"

const run_machine_provider *run_machine_provider_get(void)
{
    return NULL;
}
