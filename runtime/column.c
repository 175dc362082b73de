/* The loops are written once, and compiled for what processors have: no compiler makes registers wider than all of them have by itself. */
#include "runtime/column.h"
#include "compiler/plan/kernels.h"

#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))

/* A multiple of PLAN_SCALE, divided by it: what is a multiple of eight is shifted, and then multiplied by the number that gives one with the
 * rest of the scale, modulo 2^64. It takes two instructions, where division by a constant takes six and half a register more. */
INLINE int64_t divided(int64_t number)
{
    _Static_assert(PLAN_SCALE == 1000, "125 times that is 1 modulo 2^64");
    return (int64_t)((uint64_t)(number >> 3) * UINT64_C(0x1CAC083126E978D5));
}

INLINE void keep_strip(const int64_t *restrict bits, uint64_t present, int64_t *restrict to, int64_t range[2],
                       bool whole)
{
    int64_t low = range[0], high = range[1];
    if (present == UINT64_MAX) {
        for (unsigned i = 0; i < RUN_STRIP; i++) {
            int64_t number = whole ? divided(bits[i]) : bits[i];
            to[i] = number;
            low = number < low ? number : low;
            high = number > high ? number : high;
        }
    } else {
        for (unsigned i = 0; i < RUN_STRIP; i++) {
            int64_t own = whole ? divided(bits[i]) : bits[i], number = own & -(int64_t)(present >> i & 1);
            to[i] = number;
            low = number < low ? number : low;
            high = number > high ? number : high;
        }
    }
    range[0] = low;
    range[1] = high;
}

INLINE uint64_t equal_strip(const int64_t *bits, int64_t number)
{
    uint64_t found = 0;
    for (unsigned i = 0; i < RUN_STRIP; i++) found |= (uint64_t)(bits[i] == number) << i;
    return found;
}

INLINE void gather_strip(const int64_t *restrict column, const uint32_t *restrict rows, int64_t *restrict to)
{
    for (unsigned i = 0; i < RUN_STRIP; i++) to[i] = column[rows[i]];
}

INLINE void gather_narrow_strip(const int32_t *restrict column, const uint32_t *restrict rows, int64_t *restrict to)
{
    for (unsigned i = 0; i < RUN_STRIP; i++) to[i] = column[rows[i]];
}

INLINE void widen_strip(const int32_t *restrict values, int64_t *restrict to)
{
    for (unsigned i = 0; i < RUN_STRIP; i++) to[i] = values[i];
}

INLINE void gather_states_strip(const uint8_t *restrict column, const uint32_t *restrict rows, uint8_t *restrict to)
{
    for (unsigned i = 0; i < RUN_STRIP; i++) to[i] = column[rows[i]];
}

INLINE void narrow_all(const int64_t *restrict numbers, size_t count, unsigned width, void *restrict to)
{
    int8_t *bytes = to;
    int16_t *halves = to;
    int32_t *words = to;
    switch (width) {
    case 0:
        for (size_t i = 0; i < count; i++) bytes[i] = (int8_t)numbers[i];
        break;
    case 1:
        for (size_t i = 0; i < count; i++) halves[i] = (int16_t)numbers[i];
        break;
    case 2:
        for (size_t i = 0; i < count; i++) words[i] = (int32_t)numbers[i];
        break;
    default: memcpy(to, numbers, count * sizeof *numbers); break;
    }
}

/* Without a branch: whether a word holds a bit is not to be foreseen. */
INLINE size_t words_with_bits(const uint64_t *words, size_t count, uint16_t *found)
{
    size_t some = 0;
    for (size_t w = 0; w < count; w++) {
        found[some] = (uint16_t)w;
        some += words[w] != 0;
    }
    return some;
}

#define LOOPS(name, target, gather_of, narrow_of, states_of, equal_of, words_of)                                       \
    target static void name##_keep(const int64_t *bits, uint64_t present, int64_t *to, int64_t range[2])               \
    {                                                                                                                  \
        keep_strip(bits, present, to, range, false);                                                                   \
    }                                                                                                                  \
    target static void name##_keep_whole(const int64_t *bits, uint64_t present, int64_t *to, int64_t range[2])         \
    {                                                                                                                  \
        keep_strip(bits, present, to, range, true);                                                                    \
    }                                                                                                                  \
    target static void name##_gather(const int64_t *column, const uint32_t *rows, int64_t *to)                         \
    {                                                                                                                  \
        gather_of(column, rows, to);                                                                                   \
    }                                                                                                                  \
    target static void name##_gather_narrow(const int32_t *column, const uint32_t *rows, int64_t *to)                  \
    {                                                                                                                  \
        narrow_of(column, rows, to);                                                                                   \
    }                                                                                                                  \
    target static void name##_widen(const int32_t *values, int64_t *to)                                                \
    {                                                                                                                  \
        widen_strip(values, to);                                                                                       \
    }                                                                                                                  \
    target static void name##_gather_states(const uint8_t *column, const uint32_t *rows, uint8_t *to)                  \
    {                                                                                                                  \
        states_of(column, rows, to);                                                                                   \
    }                                                                                                                  \
    target static uint64_t name##_equal(const int64_t *bits, int64_t number)                                           \
    {                                                                                                                  \
        return equal_of(bits, number);                                                                                 \
    }                                                                                                                  \
    target static size_t name##_find_words(const uint64_t *words, size_t count, uint16_t *found)                       \
    {                                                                                                                  \
        return words_of(words, count, found);                                                                          \
    }                                                                                                                  \
    target static void name##_narrow(const int64_t *numbers, size_t count, unsigned width, void *to)                   \
    {                                                                                                                  \
        narrow_all(numbers, count, width, to);                                                                         \
    }                                                                                                                  \
    static const run_column_loops name = {.keep = name##_keep,                                                         \
                                          .keep_whole = name##_keep_whole,                                             \
                                          .gather = name##_gather,                                                     \
                                          .gather_narrow = name##_gather_narrow,                                       \
                                          .gather_states = name##_gather_states,                                       \
                                          .widen = name##_widen,                                                       \
                                          .equal = name##_equal,                                                       \
                                          .find_words = name##_find_words,                                             \
                                          .narrow = name##_narrow};

LOOPS(plain, , gather_strip, gather_narrow_strip, gather_states_strip, equal_strip, words_with_bits)

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2")))
/* One compiler is told how wide registers may be in the target, the other beside it. */
#if defined(__clang__)
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,popcnt"), min_vector_width(512)))
#else
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,popcnt,prefer-vector-width=512")))
#endif

/* Where nothing is optimised these intrinsics are macros, whose masks change their sign. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
AVX512 INLINE void gather_strip_512(const int64_t *column, const uint32_t *rows, int64_t *to)
{
    for (unsigned i = 0; i < RUN_STRIP; i += 8) {
        __m512i at = _mm512_cvtepu32_epi64(_mm256_loadu_epi32(rows + i));
        _mm512_storeu_si512(to + i, _mm512_i64gather_epi64(at, column, sizeof *column));
    }
}

AVX512 INLINE void gather_narrow_strip_512(const int32_t *column, const uint32_t *rows, int64_t *to)
{
    for (unsigned i = 0; i < RUN_STRIP; i += 16) {
        __m512i found = _mm512_i32gather_epi32(_mm512_loadu_si512(rows + i), column, sizeof *column);
        _mm512_storeu_si512(to + i, _mm512_cvtepi32_epi64(_mm512_castsi512_si256(found)));
        _mm512_storeu_si512(to + i + 8, _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(found, 1)));
    }
}

/* Four bytes are read for each, of which the first counts. */
AVX512 INLINE void gather_states_strip_512(const uint8_t *column, const uint32_t *rows, uint8_t *to)
{
    for (unsigned i = 0; i < RUN_STRIP; i += 16) {
        __m512i four = _mm512_i32gather_epi32(_mm512_loadu_si512(rows + i), column, 1);
        _mm_storeu_epi8(to + i, _mm512_cvtepi32_epi8(four));
    }
}

#pragma GCC diagnostic pop

AVX512 INLINE uint64_t equal_strip_512(const int64_t *bits, int64_t number)
{
    const __m512i wanted = _mm512_set1_epi64(number);
    uint64_t found = 0;
    for (unsigned i = 0; i < RUN_STRIP; i += 8)
        found |= (uint64_t)_mm512_cmpeq_epi64_mask(_mm512_loadu_si512(bits + i), wanted) << i;
    return found;
}

AVX512 INLINE size_t words_with_bits_512(const uint64_t *words, size_t count, uint16_t *found)
{
    __m512i places = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
    size_t some = 0;
    for (size_t w = 0; w < count; w += 8) {
        __m512i eight = _mm512_loadu_si512(words + w);
        unsigned valid = count - w < 8 ? (1U << (count - w)) - 1 : UINT8_MAX;
        __mmask8 own = _mm512_mask_test_epi64_mask((__mmask8)valid, eight, eight);
        _mm_storeu_epi16(found + some, _mm512_cvtepi64_epi16(_mm512_maskz_compress_epi64(own, places)));
        some += (size_t)_mm_popcnt_u32(own);
        places = _mm512_add_epi64(places, _mm512_set1_epi64(8));
    }
    return some;
}

LOOPS(avx2, AVX2, gather_strip, gather_narrow_strip, gather_states_strip, equal_strip, words_with_bits)
LOOPS(avx512, AVX512, gather_strip_512, gather_narrow_strip_512, gather_states_strip_512, equal_strip_512,
      words_with_bits_512)

size_t run_column_loops_all(const run_column_loops *loops[RUN_COLUMN_LOOPS])
{
    size_t count = 0;
    loops[count++] = &plain;
    if (__builtin_cpu_supports("avx2")) loops[count++] = &avx2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("popcnt"))
        loops[count++] = &avx512;
    return count;
}
#else
size_t run_column_loops_all(const run_column_loops *loops[RUN_COLUMN_LOOPS])
{
    loops[0] = &plain;
    return 1;
}
#endif

const run_column_loops *run_column_loops_here(void)
{
    const run_column_loops *loops[RUN_COLUMN_LOOPS];
    return loops[run_column_loops_all(loops) - 1];
}
