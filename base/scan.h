/* Looking for a few bytes in a long text, 64 at a time: the readers' way from one separator to the next. */
#ifndef BASE_SCAN_H
#define BASE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { BASE_SCAN_BLOCK = 64 };

/* The bytes of a block that are looked for: bit i is byte i. */
typedef struct base_scan_bits {
    uint64_t separators; /* the first byte that is wanted */
    uint64_t others;     /* the second to fourth */
} base_scan_bits;

/* `length` may grow while scanning (base_scan_grow); bytes beyond it are never looked at. */
typedef struct base_scan {
    const char *bytes;
    size_t length;
    size_t block; /* where the block at hand begins; SIZE_MAX before the first */
    base_scan_bits bits;
    char wanted[4];
} base_scan;

static inline base_scan_bits base_scan_look(const char wanted[4], const char *bytes)
{
    base_scan_bits bits = {0, 0};
#if defined(__SSE2__)
    const __m128i a = _mm_set1_epi8(wanted[0]), b = _mm_set1_epi8(wanted[1]);
    const __m128i c = _mm_set1_epi8(wanted[2]), d = _mm_set1_epi8(wanted[3]);
    for (int i = 0; i < 4; i++) {
        __m128i text;
        memcpy(&text, bytes + 16 * i, sizeof text);
        __m128i other =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(text, b), _mm_cmpeq_epi8(text, c)), _mm_cmpeq_epi8(text, d));
        bits.separators |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(text, a)) << (16 * i);
        bits.others |= (uint64_t)(uint32_t)_mm_movemask_epi8(other) << (16 * i);
    }
#else
    for (int i = 0; i < BASE_SCAN_BLOCK; i++) {
        bits.separators |= (uint64_t)(bytes[i] == wanted[0]) << i;
        bits.others |= (uint64_t)(bytes[i] == wanted[1] || bytes[i] == wanted[2] || bytes[i] == wanted[3]) << i;
    }
#endif
    return bits;
}

/* The block that begins at a place; at the text's end what there is of it. */
static inline void base_scan_block(base_scan *scan, size_t block)
{
    size_t room = scan->length - block;
    scan->block = block;
    if (room >= BASE_SCAN_BLOCK) {
        scan->bits = base_scan_look(scan->wanted, scan->bytes + block);
        return;
    }
    char last[BASE_SCAN_BLOCK] = {0};
    memcpy(last, scan->bytes + block, room);
    scan->bits = base_scan_look(scan->wanted, last);
    scan->bits.separators &= ~(UINT64_MAX << room);
    scan->bits.others &= ~(UINT64_MAX << room);
}

/* `wanted` names four bytes; some may be the same. */
static inline void base_scan_begin(base_scan *scan, const char *bytes, size_t length, const char wanted[4])
{
    *scan = (base_scan){.bytes = bytes, .length = length, .block = SIZE_MAX};
    memcpy(scan->wanted, wanted, 4);
}

/* More of the text is there. */
static inline void base_scan_grow(base_scan *scan, size_t length)
{
    if (length == scan->length) return;
    scan->length = length;
    scan->block = SIZE_MAX;
}

/* Makes the block that holds `from`, which is before the end, the one at hand. */
static inline void base_scan_seek(base_scan *scan, size_t from)
{
    bool here = scan->block != SIZE_MAX && from >= scan->block && from - scan->block < BASE_SCAN_BLOCK;
    if (!here) base_scan_block(scan, from);
}

/* Goes on to the next block; false where there is none. */
static inline bool base_scan_advance(base_scan *scan)
{
    if (scan->length - scan->block <= BASE_SCAN_BLOCK) return false;
    base_scan_block(scan, scan->block + BASE_SCAN_BLOCK);
    return true;
}

#endif
