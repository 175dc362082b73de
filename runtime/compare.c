/* Comparing columns in registers as wide as the processor has: in plain C, with AVX2, with AVX-512. All must give the same words. */
#include "runtime/compare.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))

/* A loop for each predicate, so that nothing is asked of each word. */
#define FOR_PREDICATE(loop, p, ...)                                                                                    \
    switch (p) {                                                                                                       \
    case RUN_EQUAL: loop(RUN_EQUAL, __VA_ARGS__); break;                                                               \
    case RUN_LESS: loop(RUN_LESS, __VA_ARGS__); break;                                                                 \
    case RUN_AT_MOST: loop(RUN_AT_MOST, __VA_ARGS__); break;                                                           \
    case RUN_MORE: loop(RUN_MORE, __VA_ARGS__); break;                                                                 \
    default: loop(RUN_AT_LEAST, __VA_ARGS__); break;                                                                   \
    }

/* The four widths of one way. */
#define WAY(way)                                                                                                       \
    static void way(uint64_t width, run_predicate predicate, const void *a, const void *b, size_t stride,              \
                    uint64_t words, uint64_t *out)                                                                     \
    {                                                                                                                  \
        switch (width) {                                                                                               \
        case 0: way##_8(predicate, a, b, stride, words, out); break;                                                   \
        case 1: way##_16(predicate, a, b, stride, words, out); break;                                                  \
        case 2: way##_32(predicate, a, b, stride, words, out); break;                                                  \
        default: way##_64(predicate, a, b, stride, words, out); break;                                                 \
        }                                                                                                              \
    }

/* ---- in plain C ---- */

/* Truths of eight lines, a byte each, become the bits of one byte: multiplied, each comes to stand in the highest byte at its own place. */
INLINE uint64_t bits_of(const uint8_t truths[8])
{
    uint64_t word = 0;
    for (unsigned i = 0; i < 8; i++) word |= (uint64_t)truths[i] << 8 * i;
    return word * UINT64_C(0x0102040810204080) >> 56;
}

#define PLAIN(bits)                                                                                                    \
    INLINE void plain_loop_##bits(run_predicate p, const int##bits##_t *a, const int##bits##_t *b, size_t stride,      \
                                  uint64_t words, uint64_t *out)                                                       \
    {                                                                                                                  \
        for (uint64_t w = 0; w < words; w++) {                                                                         \
            uint8_t truths[64];                                                                                        \
            uint64_t word = 0;                                                                                         \
            for (size_t i = 0; i < 64; i++) truths[i] = run_holds(a[w * 64 + i], p, b[(w * 64 + i) * stride]);         \
            for (size_t i = 0; i < 64; i += 8) word |= bits_of(truths + i) << i;                                       \
            out[w] = word;                                                                                             \
        }                                                                                                              \
    }                                                                                                                  \
    static void plain_##bits(run_predicate p, const int##bits##_t *a, const int##bits##_t *b, size_t stride,           \
                             uint64_t words, uint64_t *out)                                                            \
    {                                                                                                                  \
        if (stride == 0)                                                                                               \
            FOR_PREDICATE(plain_loop_##bits, p, a, b, 0, words, out)                                                   \
        else                                                                                                           \
            FOR_PREDICATE(plain_loop_##bits, p, a, b, 1, words, out)                                                   \
    }
PLAIN(8)
PLAIN(16)
PLAIN(32)
PLAIN(64)
WAY(plain)

#if defined(__x86_64__)
/* ---- with AVX2 ---- */

#define AVX2 __attribute__((target("avx2")))

/* There is equality and there is more; the rest is these two, turned round or negated. */
#define AVX2_HITS(bits)                                                                                                \
    AVX2 INLINE __m256i hits_##bits(run_predicate p, __m256i x, __m256i y)                                             \
    {                                                                                                                  \
        switch (p) {                                                                                                   \
        case RUN_EQUAL: return _mm256_cmpeq_epi##bits(x, y);                                                           \
        case RUN_AT_MOST:                                                                                              \
        case RUN_MORE: return _mm256_cmpgt_epi##bits(x, y);                                                            \
        default: return _mm256_cmpgt_epi##bits(y, x);                                                                  \
        }                                                                                                              \
    }
AVX2_HITS(8)
AVX2_HITS(16)
AVX2_HITS(32)
AVX2_HITS(64)

/* The signs of a register's lanes, the first lowest. */
AVX2 INLINE uint64_t signs_8(__m256i hits)
{
    return (uint32_t)_mm256_movemask_epi8(hits);
}

/* Packing narrows each half for itself: the quarters that belong together are put side by side. */
AVX2 INLINE uint64_t signs_16(__m256i hits)
{
    __m256i narrow = _mm256_packs_epi16(hits, _mm256_setzero_si256());
    return (uint32_t)_mm256_movemask_epi8(_mm256_permute4x64_epi64(narrow, 0xD8));
}

AVX2 INLINE uint64_t signs_32(__m256i hits)
{
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(hits));
}

AVX2 INLINE uint64_t signs_64(__m256i hits)
{
    return (uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(hits));
}

#define AVX2_WIDTH(bits, set)                                                                                          \
    AVX2 INLINE void avx2_loop_##bits(run_predicate p, const int##bits##_t *a, const int##bits##_t *b, size_t stride,  \
                                      uint64_t words, uint64_t *out)                                                   \
    {                                                                                                                  \
        enum { LANES = 256 / (bits) };                                                                                 \
        const uint64_t turned = p == RUN_AT_MOST || p == RUN_AT_LEAST ? UINT64_MAX : 0;                                \
        __m256i y = _mm256_set1_##set(b[0]);                                                                           \
        for (uint64_t w = 0; w < words; w++) {                                                                         \
            uint64_t word = 0;                                                                                         \
            for (size_t i = 0; i < 64; i += LANES) {                                                                   \
                __m256i x = _mm256_loadu_si256((const __m256i_u *)(a + w * 64 + i));                                   \
                if (stride != 0) y = _mm256_loadu_si256((const __m256i_u *)(b + w * 64 + i));                          \
                word |= signs_##bits(hits_##bits(p, x, y)) << i;                                                       \
            }                                                                                                          \
            out[w] = word ^ turned;                                                                                    \
        }                                                                                                              \
    }                                                                                                                  \
    AVX2 static void avx2_##bits(run_predicate p, const int##bits##_t *a, const int##bits##_t *b, size_t stride,       \
                                 uint64_t words, uint64_t *out)                                                        \
    {                                                                                                                  \
        FOR_PREDICATE(avx2_loop_##bits, p, a, b, stride, words, out)                                                   \
    }
AVX2_WIDTH(8, epi8)
AVX2_WIDTH(16, epi16)
AVX2_WIDTH(32, epi32)
AVX2_WIDTH(64, epi64x)
WAY(avx2)

/* ---- with AVX-512 ---- */

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl")))

/* The processor's numbers of the comparisons, in the order of the predicates. */
#define AVX512_WIDTH(bits, lanes, set)                                                                                 \
    AVX512 INLINE uint64_t wide_word_##bits(run_predicate p, __m512i x, __m512i y)                                     \
    {                                                                                                                  \
        switch (p) {                                                                                                   \
        case RUN_EQUAL: return _mm512_cmp_epi##bits##_mask(x, y, _MM_CMPINT_EQ);                                       \
        case RUN_LESS: return _mm512_cmp_epi##bits##_mask(x, y, _MM_CMPINT_LT);                                        \
        case RUN_AT_MOST: return _mm512_cmp_epi##bits##_mask(x, y, _MM_CMPINT_LE);                                     \
        case RUN_MORE: return _mm512_cmp_epi##bits##_mask(x, y, _MM_CMPINT_NLE);                                       \
        default: return _mm512_cmp_epi##bits##_mask(x, y, _MM_CMPINT_NLT);                                             \
        }                                                                                                              \
    }                                                                                                                  \
    AVX512 INLINE void wide_loop_##bits(run_predicate p, const int##bits##_t *a, const int##bits##_t *b,               \
                                        size_t stride, uint64_t words, uint64_t *out)                                  \
    {                                                                                                                  \
        __m512i y = _mm512_##set(b[0]);                                                                                \
        for (uint64_t w = 0; w < words; w++) {                                                                         \
            uint64_t word = 0;                                                                                         \
            for (size_t i = 0; i < 64; i += lanes) {                                                                   \
                __m512i x = _mm512_loadu_si512(a + w * 64 + i);                                                        \
                if (stride != 0) y = _mm512_loadu_si512(b + w * 64 + i);                                               \
                word |= wide_word_##bits(p, x, y) << i;                                                                \
            }                                                                                                          \
            out[w] = word;                                                                                             \
        }                                                                                                              \
    }                                                                                                                  \
    AVX512 static void wide_##bits(run_predicate p, const int##bits##_t *a, const int##bits##_t *b, size_t stride,     \
                                   uint64_t words, uint64_t *out)                                                      \
    {                                                                                                                  \
        FOR_PREDICATE(wide_loop_##bits, p, a, b, stride, words, out)                                                   \
    }
AVX512_WIDTH(8, 64, set1_epi8)
AVX512_WIDTH(16, 32, set1_epi16)
AVX512_WIDTH(32, 16, set1_epi32)
AVX512_WIDTH(64, 8, set1_epi64)
WAY(wide)

size_t run_compare_all(run_compare *ways[RUN_COMPARE_WAYS])
{
    size_t count = 0;
    ways[count++] = plain;
    if (__builtin_cpu_supports("avx2")) ways[count++] = avx2;
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) ways[count++] = wide;
    return count;
}
#else
size_t run_compare_all(run_compare *ways[RUN_COMPARE_WAYS])
{
    ways[0] = plain;
    return 1;
}
#endif

run_compare *run_compare_here(void)
{
    run_compare *ways[RUN_COMPARE_WAYS];
    return ways[run_compare_all(ways) - 1];
}
