/* Libraries that are loaded when they are first wanted. Their functions are stubs (cmake/stubs.sh) that jump to where this finds them;
 * none of them may be called before it does. */
#ifndef BASE_LOAD_H
#define BASE_LOAD_H

#include <stdbool.h>

/* Loads the first of the named libraries that is there (a NULL ends them), and fills the table of its functions; false where there is none,
 * or it lacks a function. It stays loaded until the process ends. To be called once for each library. */
bool base_load(const char *const *libraries, const char *const *names, void **functions);

#endif
