/* Flat records of JSON taken apart, for tests and measurements that write them anew. */
#ifndef TESTS_FLAT_JSON_H
#define TESTS_FLAT_JSON_H

#include <stdbool.h>

/* Where a member of a well-formed record without objects in it ends: at a comma or the brace behind it. */
static inline const char *flat_json_end(const char *at)
{
    bool quoted = false;
    int depth = 0;
    for (; quoted || depth > 0 || (*at != ',' && *at != '}'); at++) {
        if (*at == '"' && at[-1] != '\\') quoted = !quoted;
        depth += quoted ? 0 : (*at == '[') - (*at == ']');
    }
    return at;
}

#endif
