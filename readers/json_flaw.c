/* Where a text stops being JSON: simdjson does not say, so a second parser reads what the first refused. */
#include "readers/json_flaw.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

bool json_find_flaw(const char *bytes, size_t length, json_flaw *flaw)
{
    json_error_t error;
    json_t *whole = json_loadb(bytes, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    bool found = whole == NULL && error.line > 0;
    json_decref(whole);
    if (!found) return false;
    flaw->line = (size_t)error.line;
    flaw->column = error.column > 0 ? (size_t)error.column : 1;
    snprintf(flaw->message, sizeof flaw->message, "%s", error.text);
    return true;
}
