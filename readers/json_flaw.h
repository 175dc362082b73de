/* Why a text is no JSON. Apart from json.h, whose names of kinds jansson has too. */
#ifndef READ_JSON_FLAW_H
#define READ_JSON_FLAW_H

#include <stdbool.h>
#include <stddef.h>

typedef struct json_flaw {
    size_t line, column; /* from 1 */
    char message[200];
} json_flaw;

/* False where nothing is wrong with it. */
bool json_find_flaw(const char *bytes, size_t length, json_flaw *flaw);

#endif
