/* Loading a library when it is first wanted. */
#include "base/load.h"

#include <dlfcn.h>
#include <stddef.h>

bool base_load(const char *const *libraries, const char *const *names, void **functions)
{
    void *library = NULL;
    for (size_t i = 0; library == NULL && libraries[i] != NULL; i++)
        library = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return false;
    for (size_t i = 0; names[i] != NULL; i++) {
        functions[i] = dlsym(library, names[i]);
        if (functions[i] == NULL) return false;
    }
    return true;
}
