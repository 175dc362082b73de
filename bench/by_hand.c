/* The policy of workloads.c as a programmer would write it in C, in three ways, over the very columns that kernels read: line by line;
 * clause by clause in loops that the compiler makes vectors of; and with AVX-512 intrinsics, all clauses in one loop. What differs
 * between payers comes from the payer's parameters. All give, for each clause, where it fails and where it cannot be told. */
#include "bench/judging.h"

#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* The clauses: when each applies and what it requires. S is a truth, P whether a value is there, GE and LE compare a value of some
 * width with a number, EQ likewise, PAIR two values, SUM a value with another and a number. Slots are the clause's own. */
#define CLAUSES(L)                                                                                                     \
    L(0, S(0, 0), S(0, 1))                                                                                             \
    L(1, S(1, 0), P(1, 1))                                                                                             \
    L(2, AND(S(2, 0), P(2, 1)), S(2, 2))                                                                               \
    L(3, S(3, 0), NOT(S(3, 1)))                                                                                        \
    L(4, S(4, 0), S(4, 1))                                                                                             \
    L(5, S(5, 0), GE(5, 1, 8, p->least_minutes))                                                                       \
    L(6, S(6, 0), LE(6, 1, 8, p->most_minutes))                                                                        \
    L(7, S(7, 0), GE(7, 1, 8, p->least_attended))                                                                      \
    L(8, S(8, 0), PAIR(8, 1, 2, 8))                                                                                    \
    L(9, S(9, 0), GE(9, 1, 8, p->least_group))                                                                         \
    L(10, S(10, 0), LE(10, 1, 8, p->most_group))                                                                       \
    L(11, AND(S(11, 0), S(11, 1)), S(11, 2))                                                                           \
    L(12, AND(S(12, 0), S(12, 1)), S(12, 2))                                                                           \
    L(13, AND(S(13, 0), S(13, 1)), PAIR(13, 2, 3, 8))                                                                  \
    L(14, S(14, 0), GE(14, 1, 8, p->youngest))                                                                         \
    L(15, S(15, 0), LE(15, 1, 8, p->oldest))                                                                           \
    L(16, S(16, 0), SUM(16, 1, 2, 16, p->days_to_file))                                                                \
    L(17, S(17, 0), LE(17, 1, 8, p->most_units))                                                                       \
    L(18, S(18, 0), AND(S(18, 1), S(18, 2)))                                                                           \
    L(19, S(19, 0), AND(S(19, 1), S(19, 2)))                                                                           \
    L(20, AND(S(20, 0), EQ(20, 1, 8, video)), AND(S(20, 2), S(20, 3)))                                                 \
    L(21, AND(S(21, 0), EQ(21, 1, 8, video)), S(21, 2))                                                                \
    L(22, S(22, 0), LE(22, 1, 16, (int)p->most_charge))                                                                \
    L(23, S(23, 0), AND(S(23, 1), S(23, 2)))

static int video_word(void)
{
    return lang_schema_word_find(&lang_schema_standard, LANG_ENUMERATION_session_mode, "video");
}

/* A truth of one line (bits 0 and 1), of 64, or of a byte each. */
typedef struct truth64 {
    uint64_t yes, no;
} truth64;

static inline truth64 and64(truth64 a, truth64 b)
{
    return (truth64){a.yes & b.yes, a.no | b.no};
}

static inline truth64 not64(truth64 a)
{
    return (truth64){a.no, a.yes};
}
#define AND(a, b) and64(a, b)
#define NOT(a) not64(a)

/* ---- line by line ---- */

static inline uint64_t bit_at(const uint64_t *words, size_t i)
{
    return words[i / 64] >> (i % 64) & 1;
}

static inline truth64 truth_at(const run_lanes *slot, size_t i)
{
    return (truth64){bit_at(slot->yes, i), bit_at(slot->no, i)};
}

static inline truth64 known_at(uint64_t known, bool holds)
{
    return (truth64){known & holds, known & !holds};
}

#define SLOT(c, k) (&b->slots[c][k])
#define V(c, k, bits) (((const int##bits##_t *)SLOT(c, k)->values)[i])
#define S(c, k) truth_at(SLOT(c, k), i)
#define P(c, k) truth_at(SLOT(c, k), i)
#define GE(c, k, bits, n) known_at(bit_at(SLOT(c, k)->yes, i), V(c, k, bits) >= (n))
#define LE(c, k, bits, n) known_at(bit_at(SLOT(c, k)->yes, i), V(c, k, bits) <= (n))
#define EQ(c, k, bits, n) known_at(bit_at(SLOT(c, k)->yes, i), V(c, k, bits) == (n))
#define PAIR(c, k, m, bits)                                                                                            \
    known_at(bit_at(SLOT(c, k)->yes, i) & bit_at(SLOT(c, m)->yes, i), V(c, k, bits) <= V(c, m, bits))
#define SUM(c, k, m, bits, n)                                                                                          \
    known_at(bit_at(SLOT(c, k)->yes, i) & bit_at(SLOT(c, m)->yes, i), V(c, k, bits) <= V(c, m, bits) + (n))

void by_hand_rows(packed_batch *b, const workload_payer *p)
{
    const int video = video_word();
    memset(b->fails, 0, WORKLOAD_CLAUSES * b->words * sizeof *b->fails);
    memset(b->open, 0, WORKLOAD_CLAUSES * b->words * sizeof *b->open);
    for (size_t i = 0; i < b->batch.count; i++) {
#define L(c, applies, requires)                                                                                        \
    {                                                                                                                  \
        truth64 a = applies;                                                                                           \
        if (a.no == 0) {                                                                                               \
            truth64 r =                                                                                                \
                requires;                                                                                              \
            if (r.yes == 0) {                                                                                          \
                uint64_t fails = a.yes & r.no;                                                                         \
                b->fails[(c) * b->words + i / 64] |= fails << (i % 64);                                                \
                b->open[(c) * b->words + i / 64] |= (fails ^ 1) << (i % 64);                                           \
            }                                                                                                          \
        }                                                                                                              \
    }
        CLAUSES(L)
#undef L
    }
}

/* ---- clause by clause, a byte for each truth, for the compiler to make vectors of ---- */
#undef S
#undef P
#undef GE
#undef LE
#undef EQ
#undef PAIR
#undef SUM
#undef AND
#undef NOT
#undef V

/* Truths as two bytes, 0 or 1: masks of slots are unpacked beforehand, when the batch is made. */
typedef struct bytes {
    const uint8_t *yes, *no;
} bytes;

static bytes bytes_of(const packed_batch *b, size_t c, size_t k)
{
    return (bytes){b->bytes[c][k], b->bytes[c][k] + b->words * 64};
}

#define B(c, k) bytes_of(b, c, k)
#define V(c, k, bits) ((const int##bits##_t *)SLOT(c, k)->values)
#define LOOP(c, setup, ay, an, ry, rn)                                                                                 \
    {                                                                                                                  \
        setup;                                                                                                         \
        uint8_t *restrict fails = b->failing + (c) * b->words * 64, *restrict open = b->opened + (c) * b->words * 64;  \
        const uint8_t *restrict y0 = B(c, 0).yes, *restrict n0 = B(c, 0).no;                                           \
        for (size_t i = 0; i < count; i++) {                                                                           \
            uint8_t applies = (ay), never = (an), holds = (ry), breaks = (rn);                                         \
            uint8_t event = (uint8_t)((never ^ 1) & (holds ^ 1)), fail = (uint8_t)(applies & breaks);                  \
            fails[i] = fail;                                                                                           \
            open[i] = event & (fail ^ 1);                                                                              \
        }                                                                                                              \
    }
#define Y(k) y##k[i]
#define N(k) n##k[i]
#define T(c, k) const uint8_t *restrict y##k = B(c, k).yes, *restrict n##k = B(c, k).no
#define TV(c, k, bits)                                                                                                 \
    const uint8_t *restrict y##k = B(c, k).yes;                                                                        \
    const int##bits##_t *restrict v##k = V(c, k, bits)
#define SIMPLE(c) LOOP(c, T(c, 1), Y(0), N(0), Y(1), N(1))
#define COMPARE(c, bits, op, n)                                                                                        \
    LOOP(c, TV(c, 1, bits); const int##bits##_t limit = (int##bits##_t)(n), Y(0), N(0),                                \
                            (uint8_t)(y1[i] & (v1[i] op limit)), (uint8_t)(y1[i] & !(v1[i] op limit)))
#define TWICE(c) LOOP(c, T(c, 1); T(c, 2), Y(0), N(0), Y(1) & Y(2), N(1) | N(2))
#define WHEN(c) LOOP(c, T(c, 1); T(c, 2), Y(0) & Y(1), N(0) | N(1), Y(2), N(2))

void by_hand_loops(packed_batch *b, const workload_payer *p)
{
    const size_t count = b->words * 64;
    const int8_t video = (int8_t)video_word();
    const int16_t days = (int16_t)p->days_to_file;
    SIMPLE(0)
    SIMPLE(1)
    WHEN(2)
    LOOP(3, T(3, 1), Y(0), N(0), N(1), Y(1))
    SIMPLE(4)
    COMPARE(5, 8, >=, p->least_minutes)
    COMPARE(6, 8, <=, p->most_minutes)
    COMPARE(7, 8, >=, p->least_attended)
    LOOP(8, TV(8, 1, 8); TV(8, 2, 8), Y(0), N(0), (uint8_t)(y1[i] & y2[i] & (v1[i] <= v2[i])),
                         (uint8_t)(y1[i] & y2[i] & (v1[i] > v2[i])))
    COMPARE(9, 8, >=, p->least_group)
    COMPARE(10, 8, <=, p->most_group)
    WHEN(11)
    WHEN(12)
    LOOP(13, T(13, 1); TV(13, 2, 8); TV(13, 3, 8), Y(0) & Y(1), N(0) | N(1),
                                     (uint8_t)(y2[i] & y3[i] & (v2[i] <= v3[i])),
                                     (uint8_t)(y2[i] & y3[i] & (v2[i] > v3[i])))
    COMPARE(14, 8, >=, p->youngest)
    COMPARE(15, 8, <=, p->oldest)
    LOOP(16, TV(16, 1, 16); TV(16, 2, 16), Y(0), N(0), (uint8_t)(y1[i] & y2[i] & (v1[i] <= v2[i] + days)),
                            (uint8_t)(y1[i] & y2[i] & (v1[i] > v2[i] + days)))
    COMPARE(17, 8, <=, p->most_units)
    TWICE(18)
    TWICE(19)
    LOOP(20, TV(20, 1, 8); T(20, 2); T(20, 3), (uint8_t)(Y(0) & y1[i] & (v1[i] == video)),
                                     (uint8_t)(N(0) | (y1[i] & (v1[i] != video))), Y(2) & Y(3), N(2) | N(3))
    LOOP(21, TV(21, 1, 8);
         T(21, 2), (uint8_t)(Y(0) & y1[i] & (v1[i] == video)), (uint8_t)(N(0) | (y1[i] & (v1[i] != video))), Y(2), N(2))
    COMPARE(22, 16, <=, p->most_charge)
    TWICE(23)
}

/* ---- intrinsics ---- */
#undef V
#if defined(__x86_64__)
#define AND(a, b) and64(a, b)
#define NOT(a) not64(a)
#define V(c, k) SLOT(c, k)->values
#define KNOWN(c, k) SLOT(c, k)->yes[w]
#define WITH(known, holds) known64(known, holds)
#define S(c, k) ((truth64){SLOT(c, k)->yes[w], SLOT(c, k)->no[w]})
#define P(c, k) S(c, k)
#define GE(c, k, bits, n) WITH(KNOWN(c, k), PART(at_least##bits)(V(c, k), n, w))
#define LE(c, k, bits, n) WITH(KNOWN(c, k), PART(at_most##bits)(V(c, k), n, w))
#define EQ(c, k, bits, n) WITH(KNOWN(c, k), PART(equals##bits)(V(c, k), n, w))
#define PAIR(c, k, m, bits) WITH(KNOWN(c, k) & KNOWN(c, m), PART(pair##bits)(V(c, k), V(c, m), w))
#define SUM(c, k, m, bits, n) WITH(KNOWN(c, k) & KNOWN(c, m), PART(sum##bits)(V(c, k), V(c, m), n, w))

static inline truth64 known64(uint64_t known, uint64_t holds)
{
    return (truth64){known & holds, known & ~holds};
}

/* With AVX-512 a comparison gives a bit for each of 64 lines. */
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl")))
#define PART(name) wide_##name
#define COMPARISON8(name, predicate)                                                                                   \
    TARGET static inline uint64_t PART(name##8)(const void *values, int64_t limit, size_t w)                           \
    {                                                                                                                  \
        __m512i all = _mm512_set1_epi8((char)limit);                                                                   \
        return _mm512_cmp_epi8_mask(_mm512_loadu_si512((const int8_t *)values + w * 64), all, predicate);              \
    }
COMPARISON8(at_least, _MM_CMPINT_NLT)
COMPARISON8(at_most, _MM_CMPINT_LE)
COMPARISON8(equals, _MM_CMPINT_EQ)
#undef COMPARISON8

TARGET static inline uint64_t PART(at_most16)(const void *values, int64_t limit, size_t w)
{
    const int16_t *v = (const int16_t *)values + w * 64;
    __m512i all = _mm512_set1_epi16((short)limit);
    uint64_t low = _mm512_cmple_epi16_mask(_mm512_loadu_si512(v), all);
    uint64_t high = _mm512_cmple_epi16_mask(_mm512_loadu_si512(v + 32), all);
    return low | high << 32;
}

TARGET static inline uint64_t PART(pair8)(const void *x, const void *y, size_t w)
{
    const int8_t *a = (const int8_t *)x + w * 64, *b = (const int8_t *)y + w * 64;
    return _mm512_cmple_epi8_mask(_mm512_loadu_si512(a), _mm512_loadu_si512(b));
}

TARGET static inline uint64_t PART(sum16)(const void *x, const void *y, int64_t more, size_t w)
{
    const int16_t *a = (const int16_t *)x + w * 64, *b = (const int16_t *)y + w * 64;
    __m512i all = _mm512_set1_epi16((short)more);
    uint64_t low = _mm512_cmple_epi16_mask(_mm512_loadu_si512(a), _mm512_add_epi16(_mm512_loadu_si512(b), all));
    uint64_t high =
        _mm512_cmple_epi16_mask(_mm512_loadu_si512(a + 32), _mm512_add_epi16(_mm512_loadu_si512(b + 32), all));
    return low | high << 32;
}
#include "bench/by_hand_vectors.def"
#undef TARGET
#undef PART

/* With AVX2 it gives a byte or two for each, whose signs are gathered. */
#define TARGET __attribute__((target("avx2")))
#define PART(name) narrow_##name
TARGET static inline __m256i bytes_at(const void *values, size_t at)
{
    return _mm256_loadu_si256((const __m256i_u *)((const char *)values + at));
}

TARGET static inline uint64_t signs8(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

/* Of 64 lines of two bytes; packing crosses the halves of a register. */
TARGET static inline uint64_t signs16(const __m256i four[4])
{
    __m256i low = _mm256_permute4x64_epi64(_mm256_packs_epi16(four[0], four[1]), 0xD8),
            high = _mm256_permute4x64_epi64(_mm256_packs_epi16(four[2], four[3]), 0xD8);
    return signs8(low, high);
}

TARGET static inline uint64_t PART(at_least8)(const void *values, int64_t limit, size_t w)
{
    __m256i all = _mm256_set1_epi8((char)limit);
    return ~signs8(_mm256_cmpgt_epi8(all, bytes_at(values, w * 64)),
                   _mm256_cmpgt_epi8(all, bytes_at(values, w * 64 + 32)));
}

TARGET static inline uint64_t PART(at_most8)(const void *values, int64_t limit, size_t w)
{
    __m256i all = _mm256_set1_epi8((char)limit);
    return ~signs8(_mm256_cmpgt_epi8(bytes_at(values, w * 64), all),
                   _mm256_cmpgt_epi8(bytes_at(values, w * 64 + 32), all));
}

TARGET static inline uint64_t PART(equals8)(const void *values, int64_t limit, size_t w)
{
    __m256i all = _mm256_set1_epi8((char)limit);
    return signs8(_mm256_cmpeq_epi8(bytes_at(values, w * 64), all),
                  _mm256_cmpeq_epi8(bytes_at(values, w * 64 + 32), all));
}

TARGET static inline uint64_t PART(at_most16)(const void *values, int64_t limit, size_t w)
{
    __m256i all = _mm256_set1_epi16((short)limit), above[4];
    for (size_t i = 0; i < 4; i++) above[i] = _mm256_cmpgt_epi16(bytes_at(values, w * 128 + i * 32), all);
    return ~signs16(above);
}

TARGET static inline uint64_t PART(pair8)(const void *x, const void *y, size_t w)
{
    return ~signs8(_mm256_cmpgt_epi8(bytes_at(x, w * 64), bytes_at(y, w * 64)),
                   _mm256_cmpgt_epi8(bytes_at(x, w * 64 + 32), bytes_at(y, w * 64 + 32)));
}

TARGET static inline uint64_t PART(sum16)(const void *x, const void *y, int64_t more, size_t w)
{
    __m256i all = _mm256_set1_epi16((short)more), above[4];
    for (size_t i = 0; i < 4; i++) {
        size_t at = w * 128 + i * 32;
        above[i] = _mm256_cmpgt_epi16(bytes_at(x, at), _mm256_add_epi16(bytes_at(y, at), all));
    }
    return ~signs16(above);
}
#include "bench/by_hand_vectors.def"
#undef TARGET
#undef PART

bool by_hand_vectors_wide(void)
{
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}

bool by_hand_vectors_possible(void)
{
    return by_hand_vectors_wide() || __builtin_cpu_supports("avx2");
}

void by_hand_vectors(packed_batch *b, const workload_payer *p)
{
    if (by_hand_vectors_wide())
        wide_vectors(b, p);
    else
        narrow_vectors(b, p);
}
#else
bool by_hand_vectors_wide(void)
{
    return false;
}

bool by_hand_vectors_possible(void)
{
    return false;
}

void by_hand_vectors(packed_batch *b, const workload_payer *p)
{
    by_hand_rows(b, p);
}
#endif
