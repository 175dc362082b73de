/* A growing text that lives in an arena, and small helpers over bytes. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>

typedef struct base_text {
    base_arena *arena;
    char *bytes; /* NUL-terminated once anything was added; NULL before */
    size_t length;
    size_t capacity;
} base_text;

#if defined(__GNUC__)
#define BASE_PRINTF(at, first) __attribute__((format(printf, at, first)))
#else
#define BASE_PRINTF(at, first)
#endif

void base_text_init(base_text *text, base_arena *arena);
void base_text_add(base_text *text, const char *bytes, size_t length);
void base_text_put(base_text *text, const char *string);
void base_text_repeat(base_text *text, char byte, size_t times);
void base_text_format(base_text *text, const char *format, ...) BASE_PRINTF(2, 3);
void base_text_format_list(base_text *text, const char *format, va_list arguments) BASE_PRINTF(2, 0);

/* The bytes so far; "" when nothing was added or memory ran out. Owned by the arena. */
const char *base_text_string(const base_text *text);

/* A formatted string in the arena; "" when memory runs out. */
const char *base_format(base_arena *arena, const char *format, ...) BASE_PRINTF(2, 3);

/* Writes a number in decimal digits, with its sign where it is negative, and a NUL; gives their count without it. */
enum { BASE_NUMBER_ROOM = 24 };
size_t base_number_write(int64_t number, char out[BASE_NUMBER_ROOM]);

/* Damerau-Levenshtein distance of two short words; used for "did you mean". Words over 63 bytes count as far apart. */
size_t base_edit_distance(const char *a, const char *b);

#endif
