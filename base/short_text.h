/* A text of up to sixteen bytes as two numbers: equal texts of one length have equal numbers, and others have others. What comes
 * again and again (codes, dates, words) is known by them without being hashed or compared byte by byte. */
#ifndef BASE_SHORT_TEXT_H
#define BASE_SHORT_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { BASE_SHORT_TEXT = 16 };

/* The first byte is the lowest; behind the last are zeros. */
typedef struct base_short_text {
    uint64_t first, last;
} base_short_text;

/* Up to eight bytes, the first the lowest. */
static inline uint64_t base_load(const char *text, size_t length)
{
    uint64_t bytes = 0;
    memcpy(&bytes, text, length);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes = __builtin_bswap64(bytes);
#endif
    return bytes;
}

/* Of a text that nothing is known to follow: what is loaded twice is the same in both places. */
static inline base_short_text base_short_text_of(const char *text, size_t length)
{
    if (length > 8) return (base_short_text){base_load(text, 8), base_load(text + length - 8, 8) >> (128 - 8 * length)};
    if (length == 8) return (base_short_text){base_load(text, 8), 0};
    if (length >= 4) {
        uint64_t end = base_load(text + length - 4, 4);
        return (base_short_text){base_load(text, 4) | end << 8 * (length - 4), 0};
    }
    if (length >= 2) {
        uint64_t end = base_load(text + length - 1, 1);
        return (base_short_text){base_load(text, 2) | end << 8 * (length - 1), 0};
    }
    return (base_short_text){length == 0 ? 0 : base_load(text, 1), 0};
}

/* The same of one that is not empty, where sixteen bytes may be looked at. */
static inline base_short_text base_short_text_within(const char *text, size_t length)
{
    if (length > 8)
        return (base_short_text){base_load(text, 8), base_load(text + 8, 8) & UINT64_MAX >> (128 - 8 * length)};
    return (base_short_text){base_load(text, 8) & UINT64_MAX >> (64 - 8 * length), 0};
}

#endif
