/* Plain records of CSV, many at a time: only the places of their separators are found. The same search stands here for registers
 * of 16 and of 32 bytes; the processor at hand says which is used. */
#include "base/csv.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

enum { BLOCK = BASE_SCAN_BLOCK, REACH = 1 << 16 };

/* The bytes of a block: bit i is byte i. */
typedef struct block_bits {
    uint64_t separators, lines;
    uint64_t special; /* whether there is one of: */
    uint64_t returns, quotes, blanks;
} block_bits;

#define INLINE static inline __attribute__((always_inline))

#if defined(__SSE2__)
INLINE uint64_t same_16(const __m128i text[4], char wanted)
{
    const __m128i all = _mm_set1_epi8(wanted);
    uint64_t bits = 0;
    for (int i = 0; i < 4; i++) bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(text[i], all)) << (16 * i);
    return bits;
}

INLINE block_bits look_16(const char *bytes, char separator)
{
    __m128i text[4], special = _mm_setzero_si128();
    for (int i = 0; i < 4; i++) {
        memcpy(&text[i], bytes + 16 * i, sizeof text[i]);
        const char wanted[] = {'\r', '"', ' ', '\t'};
        for (int k = 0; k < 4; k++) special = _mm_or_si128(special, _mm_cmpeq_epi8(text[i], _mm_set1_epi8(wanted[k])));
    }
    block_bits bits = {same_16(text, separator), same_16(text, '\n'), (uint64_t)_mm_movemask_epi8(special), 0, 0, 0};
    if (bits.special == 0) return bits;
    bits.returns = same_16(text, '\r');
    bits.quotes = same_16(text, '"');
    bits.blanks = same_16(text, ' ') | same_16(text, '\t');
    return bits;
}

#define WIDE __attribute__((target("avx2,bmi,popcnt")))

WIDE INLINE uint64_t same_32(__m256i low, __m256i high, char wanted)
{
    const __m256i all = _mm256_set1_epi8(wanted);
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, all)) |
           (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, all)) << 32;
}

WIDE INLINE block_bits look_32(const char *bytes, char separator)
{
    __m256i low, high;
    memcpy(&low, bytes, sizeof low);
    memcpy(&high, bytes + 32, sizeof high);
    block_bits bits = {.separators = same_32(low, high, separator), .lines = same_32(low, high, '\n')};
    bits.returns = same_32(low, high, '\r');
    bits.quotes = same_32(low, high, '"');
    bits.blanks = same_32(low, high, ' ') | same_32(low, high, '\t');
    bits.special = bits.returns | bits.quotes | bits.blanks;
    return bits;
}
#else
INLINE block_bits look_1(const char *bytes, char separator)
{
    block_bits bits = {0};
    for (int i = 0; i < BLOCK; i++) {
        bits.separators |= (uint64_t)(bytes[i] == separator) << i;
        bits.lines |= (uint64_t)(bytes[i] == '\n') << i;
        bits.returns |= (uint64_t)(bytes[i] == '\r') << i;
        bits.quotes |= (uint64_t)(bytes[i] == '"') << i;
        bits.blanks |= (uint64_t)(bytes[i] == ' ' || bytes[i] == '\t') << i;
    }
    bits.special = bits.returns | bits.quotes | bits.blanks;
    return bits;
}
#endif

bool base_csv_rows_init(csv_rows *rows, base_arena *arena, size_t width)
{
    *rows = (csv_rows){.width = width};
    rows->begins = base_arena_alloc(arena, ((CSV_ROWS + 1) * width + 2 * BLOCK) * sizeof *rows->begins);
    return rows->begins != NULL;
}

/* What stands before a block: whether its last byte ends a cell, and whether it is blank. */
typedef struct before_block {
    uint64_t ends, blank;
} before_block;

/* The bytes that only base_csv_next can read: quotes, blanks at the ends of cells, line ends of old. */
INLINE uint64_t odd_bytes(const block_bits *bits, char separator, before_block before, char next)
{
    uint64_t blanks = bits->blanks & ~bits->separators; /* a tab may be what separates */
    uint64_t ends = bits->separators | bits->lines | bits->returns;
    uint64_t returned = bits->lines >> 1 | (next == '\n' && separator != '\n' ? UINT64_C(1) << 63 : 0);
    return bits->quotes | (bits->returns & ~returned) | (blanks & (ends << 1 | before.ends)) |
           (ends & (blanks << 1 | before.blank));
}

/* Writes where the cells begin behind these separators; eight at a time, of which the last may be none. */
INLINE size_t write_begins(uint32_t *begins, size_t block, uint64_t ends)
{
    size_t count = (size_t)__builtin_popcountll(ends);
    for (size_t i = 0; i < count; i += 8) {
        for (size_t k = 0; k < 8; k++) {
            uint64_t place = (uint64_t)__builtin_ctzll(ends | UINT64_C(1) << 63);
            __asm__("" : "+r"(place)); /* gathering eight into a vector first takes twice the time */
            begins[i + k] = (uint32_t)(block + 1 + place);
            ends &= ends - 1;
        }
    }
    return count;
}

INLINE void next_rows(csv_reader *reader, csv_rows *rows, size_t most, block_bits (*look)(const char *, char))
{
    reader->error = NULL;
    rows->count = 0;
    rows->line = reader->next_line;
    rows->text = reader->bytes + reader->at;
    rows->begins[0] = 0;
    base_csv_fill(reader, reader->at + REACH);
    size_t room = reader->filled - reader->at, cells = 0;
    if (room > REACH) room = REACH;
    if (most > CSV_ROWS) most = CSV_ROWS;
    before_block before = {1, 0};
    uint64_t odd = 0;
    for (size_t block = 0; block + BLOCK + CSV_ROWS_ROOM <= room && odd == 0 && rows->count < most; block += BLOCK) {
        block_bits bits = look(rows->text + block, reader->separator);
        if (bits.special != 0 || before.blank != 0)
            odd = odd_bytes(&bits, reader->separator, before, rows->text[block + BLOCK]);
        uint64_t plain = odd == 0 ? UINT64_MAX : (odd & -odd) - 1, ends = (bits.separators | bits.lines) & plain;
        size_t known = cells;
        cells += write_begins(rows->begins + 1 + cells, block, ends);
        for (uint64_t lines = bits.lines & plain; lines != 0 && rows->count < most; lines &= lines - 1) {
            uint64_t upto = lines ^ (lines - 1);
            if (known + (size_t)__builtin_popcountll(ends & upto) != (rows->count + 1) * rows->width) return;
            rows->count++;
            reader->at = (size_t)(rows->text - reader->bytes) + rows->begins[rows->count * rows->width];
            reader->next_line++;
        }
        if (cells > (rows->count + 1) * rows->width) return; /* the next row has more cells than are asked for */
        before.ends = (bits.separators | bits.lines | bits.returns) >> 63;
        before.blank = (bits.blanks & ~bits.separators) >> 63;
    }
}

#if defined(__SSE2__)
WIDE static void next_rows_32(csv_reader *reader, csv_rows *rows, size_t most)
{
    next_rows(reader, rows, most, look_32);
}

void base_csv_next_rows(csv_reader *reader, csv_rows *rows, size_t most)
{
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt"))
        next_rows_32(reader, rows, most);
    else
        next_rows(reader, rows, most, look_16);
}
#else
void base_csv_next_rows(csv_reader *reader, csv_rows *rows, size_t most)
{
    next_rows(reader, rows, most, look_1);
}
#endif
