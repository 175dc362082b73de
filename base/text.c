/* Growing texts in arenas. */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

void base_text_init(base_text *text, base_arena *arena)
{
    *text = (base_text){.arena = arena};
}

static bool reserve(base_text *text, size_t more)
{
    size_t wanted = text->length + more + 1;
    if (text->bytes != NULL && wanted <= text->capacity) return true;
    size_t capacity = text->capacity == 0 ? 64 : text->capacity;
    while (capacity < wanted) capacity *= 2;
    char *grown = base_arena_alloc(text->arena, capacity);
    if (grown == NULL) return false;
    if (text->length > 0) memcpy(grown, text->bytes, text->length);
    text->bytes = grown;
    text->capacity = capacity;
    return true;
}

void base_text_add(base_text *text, const char *bytes, size_t length)
{
    if (length == 0 || !reserve(text, length)) return;
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void base_text_put(base_text *text, const char *string)
{
    base_text_add(text, string, strlen(string));
}

void base_text_repeat(base_text *text, char byte, size_t times)
{
    for (size_t i = 0; i < times; i++) base_text_add(text, &byte, 1);
}

/* Most formats join texts and nothing else: those need no formatting, and explanations are made of them. */
static bool joins_texts(const char *format)
{
    for (const char *at = strchr(format, '%'); at != NULL; at = strchr(at + 2, '%')) {
        if (at[1] != 's' && at[1] != '%') return false;
    }
    return true;
}

static void join_texts(base_text *text, const char *format, va_list arguments)
{
    while (*format != '\0') {
        size_t plain = strcspn(format, "%");
        base_text_add(text, format, plain);
        format += plain;
        if (*format == '\0') return;
        const char *piece = format[1] == 's' ? va_arg(arguments, const char *) : "%";
        base_text_put(text, piece == NULL ? "(null)" : piece);
        format += 2;
    }
}

void base_text_format_list(base_text *text, const char *format, va_list arguments)
{
    if (joins_texts(format)) {
        join_texts(text, format, arguments);
        return;
    }
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length <= 0 || !reserve(text, (size_t)length)) return;
    vsnprintf(text->bytes + text->length, (size_t)length + 1, format, arguments);
    text->length += (size_t)length;
}

void base_text_format(base_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    base_text_format_list(text, format, arguments);
    va_end(arguments);
}

const char *base_text_string(const base_text *text)
{
    return text->bytes == NULL ? "" : text->bytes;
}

const char *base_format(base_arena *arena, const char *format, ...)
{
    base_text text;
    base_text_init(&text, arena);
    va_list arguments;
    va_start(arguments, format);
    base_text_format_list(&text, format, arguments);
    va_end(arguments);
    return base_text_string(&text);
}

size_t base_number_write(int64_t number, char out[BASE_NUMBER_ROOM])
{
    char digits[BASE_NUMBER_ROOM];
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    size_t count = 0, length = 0;
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0) out[length++] = '-';
    while (count > 0) out[length++] = digits[--count];
    out[length] = '\0';
    return length;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t base_edit_distance(const char *a, const char *b)
{
    enum { LONGEST = 64 };
    size_t rows[3][LONGEST];
    size_t length_a = strlen(a), length_b = strlen(b);
    if (length_a >= LONGEST || length_b >= LONGEST) return LONGEST;
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= length_b; j++) last[j] = j;
    for (size_t i = 1; i <= length_a; i++) {
        now[0] = i;
        for (size_t j = 1; j <= length_b; j++) {
            size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            now[j] = least(least(last[j] + 1, now[j - 1] + 1), change);
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) now[j] = least(now[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = last;
        last = now;
        now = oldest;
    }
    return last[length_b];
}
