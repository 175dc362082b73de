/* Reading files of rows. A row with a cell that does not fit is reported, counted and left out. */
#include "lang/bulk.h"

#include "base/csv.h"

#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { REPORTED = 5, CODE_ROOM = 64 };

typedef struct loader {
    lang_program *program;
    lang_table *table;
    const lang_import *import;
    lang_bulk *bulk;
    char *buffer; /* what of the file is not yet read */
    size_t length, room;
    size_t line; /* lines read */
    size_t width;
    bool header_read;
    bool failed;
    bool complex; /* a cell holds more than a plain value */
    char separator;
} loader;

static int32_t *row_at(const lang_bulk *bulk, size_t row)
{
    return bulk->segments.items[row / LANG_BULK_SEGMENT] + row % LANG_BULK_SEGMENT * bulk->row_words;
}

static bool room_for(loader *l, size_t row)
{
    lang_bulk *bulk = l->bulk;
    if (row / LANG_BULK_SEGMENT < bulk->segments.count) return true;
    int32_t *segment =
        base_arena_alloc(l->program->arena, (size_t)LANG_BULK_SEGMENT * bulk->row_words * sizeof *segment);
    int32_t **slot = segment == NULL ? NULL : BASE_PUSH(l->program->arena, &bulk->segments);
    if (slot == NULL) return false;
    *slot = segment;
    return true;
}

static void put(const lang_bulk *bulk, size_t column, size_t row, int64_t value)
{
    const lang_bulk_column *to = &bulk->columns[column];
    int32_t *words = row_at(bulk, row) + to->place;
    if (to->wide)
        memcpy(words, &value, sizeof value);
    else
        *words = value == LANG_BULK_ABSENT ? INT32_MIN : (int32_t)value;
}

int64_t lang_bulk_value(const lang_bulk *bulk, size_t column, size_t row)
{
    const lang_bulk_column *from = &bulk->columns[column];
    const int32_t *words = row_at(bulk, row) + from->place;
    if (!from->wide) return *words == INT32_MIN ? LANG_BULK_ABSENT : *words;
    int64_t value;
    memcpy(&value, words, sizeof value);
    return value;
}

base_date lang_bulk_from(const lang_bulk *bulk, size_t row)
{
    if (bulk->from_column < 0) return bulk->to_column < 0 ? BASE_DATE_MIN : LANG_BULK_NO_DAY;
    int64_t day = lang_bulk_value(bulk, (size_t)bulk->from_column, row);
    return day == LANG_BULK_ABSENT ? LANG_BULK_NO_DAY : (base_date)day;
}

base_date lang_bulk_to(const lang_bulk *bulk, size_t row)
{
    if (bulk->to_column < 0) return BASE_DATE_MAX;
    int64_t day = lang_bulk_value(bulk, (size_t)bulk->to_column, row);
    return day == LANG_BULK_ABSENT ? LANG_BULK_NO_DAY : (base_date)day;
}

void lang_bulk_remove(lang_bulk *bulk, size_t row)
{
    if (bulk->to_column >= 0) put(bulk, (size_t)bulk->to_column, row, LANG_BULK_ABSENT);
}

/* The sum of inputs' parts, well mixed: numbers of a file are small and stand close together. */
#define MIX UINT64_C(0xD6E8FEB86659FD93)
static inline uint64_t mixed(uint64_t sum)
{
    sum = (sum ^ sum >> 32) * MIX;
    return sum ^ sum >> 32;
}

static inline uint64_t hash_of(const lang_bulk *bulk, const int64_t *values)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < bulk->input_count; i++) sum += lang_bulk_part(bulk, i, values[i]);
    return mixed(sum);
}

/* Odd numbers that have nothing to do with each other: splitmix64, https://prng.di.unimi.it/splitmix64.c */
static uint64_t factor_of(size_t input)
{
    uint64_t z = (input + 1) * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return (z ^ z >> 31) | 1;
}

/* The word of the filter and the bits in it that inputs have. */
static inline uint64_t *filter_word(const lang_bulk *bulk, uint64_t hash)
{
    return &bulk->filter[(hash >> 32) & bulk->filter_mask];
}

static inline uint64_t filter_bits(uint64_t hash)
{
    return UINT64_C(1) << (hash >> 20 & 63) | UINT64_C(1) << (hash >> 26 & 63);
}

/* The row + 1 that follows a row in its chain. */
static uint32_t *next_of(const lang_bulk *bulk, size_t row)
{
    return (uint32_t *)row_at(bulk, row);
}

/* Whether a row's inputs are some values; no input is absent. Inputs stand first. */
static bool same_inputs(const lang_bulk *bulk, size_t row, const int64_t *values)
{
    const int32_t *words = row_at(bulk, row) + 1;
    for (size_t i = 0; i < bulk->input_count; i++) {
        if ((bulk->wide_inputs ? lang_bulk_value(bulk, i, row) : words[i]) != values[i]) return false;
    }
    return true;
}

static int64_t follow(const lang_bulk *bulk, uint32_t row, const int64_t *values)
{
    while (row != 0 && !same_inputs(bulk, row - 1, values)) row = *next_of(bulk, row - 1);
    return (int64_t)row - 1;
}

int64_t lang_bulk_first(const lang_bulk *bulk, const int64_t *values)
{
    if (bulk->heads == NULL) return -1;
    uint64_t hash = hash_of(bulk, values), bits = filter_bits(hash);
    if ((*filter_word(bulk, hash) & bits) != bits) return -1;
    return follow(bulk, bulk->heads[hash & bulk->head_mask], values);
}

static void may_have_plain(const lang_bulk *bulk, const uint64_t *sums, size_t count, uint64_t *may)
{
    uint64_t hashes[LANG_BULK_TOGETHER];
    for (size_t i = 0; i < count; i++) {
        hashes[i] = mixed(sums[i]);
        __builtin_prefetch(filter_word(bulk, hashes[i]));
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = filter_bits(hashes[i]);
        may[i / 64] |= (uint64_t)((*filter_word(bulk, hashes[i]) & bits) == bits) << (i % 64);
    }
}

#if defined(__x86_64__)
/* Four keys at a time: products of 64 bits are put together of those of 32. The last are asked one by one. */
__attribute__((target("avx2"))) static void may_have_avx2(const lang_bulk *bulk, const uint64_t *sums, size_t count,
                                                          uint64_t *may)
{
    const __m256i factor = _mm256_set1_epi64x((int64_t)MIX), above = _mm256_srli_epi64(factor, 32);
    const __m256i one = _mm256_set1_epi64x(1), six = _mm256_set1_epi64x(63);
    const __m256i words = _mm256_set1_epi64x(bulk->filter_mask);
    size_t whole = count / 4 * 4;
    for (size_t i = 0; i < whole; i += 4) {
        __m256i h = _mm256_loadu_si256((const __m256i_u *)(sums + i));
        h = _mm256_xor_si256(h, _mm256_srli_epi64(h, 32));
        __m256i across =
            _mm256_add_epi64(_mm256_mul_epu32(_mm256_srli_epi64(h, 32), factor), _mm256_mul_epu32(h, above));
        h = _mm256_add_epi64(_mm256_mul_epu32(h, factor), _mm256_slli_epi64(across, 32));
        h = _mm256_xor_si256(h, _mm256_srli_epi64(h, 32));
        __m256i place = _mm256_and_si256(_mm256_srli_epi64(h, 32), words);
        __m256i word = _mm256_i64gather_epi64((const long long *)bulk->filter, place, 8);
        __m256i bits = _mm256_or_si256(_mm256_sllv_epi64(one, _mm256_and_si256(_mm256_srli_epi64(h, 20), six)),
                                       _mm256_sllv_epi64(one, _mm256_and_si256(_mm256_srli_epi64(h, 26), six)));
        __m256i has = _mm256_cmpeq_epi64(_mm256_and_si256(word, bits), bits);
        may[i / 64] |= (uint64_t)(unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(has)) << (i % 64);
    }
    for (size_t i = whole; i < count; i++) {
        uint64_t hash = mixed(sums[i]), bits = filter_bits(hash);
        may[i / 64] |= (uint64_t)((*filter_word(bulk, hash) & bits) == bits) << (i % 64);
    }
}

/* Eight keys at a time. Without optimization gathering is a macro, which takes a mask for a sign. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
__attribute__((target("avx512f,avx512dq"))) static void may_have_avx512(const lang_bulk *bulk, const uint64_t *sums,
                                                                        size_t count, uint64_t *may)
{
    const __m512i factor = _mm512_set1_epi64((int64_t)MIX), one = _mm512_set1_epi64(1), six = _mm512_set1_epi64(63);
    const __m512i words = _mm512_set1_epi64(bulk->filter_mask);
    for (size_t i = 0; i < count; i += 8) {
        __mmask8 there = (__mmask8)(count - i >= 8 ? 0xFFU : (1U << (count - i)) - 1U);
        __m512i h = _mm512_maskz_loadu_epi64(there, sums + i);
        h = _mm512_mullo_epi64(_mm512_xor_epi64(h, _mm512_srli_epi64(h, 32)), factor);
        h = _mm512_xor_epi64(h, _mm512_srli_epi64(h, 32));
        __m512i place = _mm512_and_epi64(_mm512_srli_epi64(h, 32), words);
        __m512i word = _mm512_i64gather_epi64(place, bulk->filter, 8);
        __m512i bits = _mm512_or_epi64(_mm512_sllv_epi64(one, _mm512_and_epi64(_mm512_srli_epi64(h, 20), six)),
                                       _mm512_sllv_epi64(one, _mm512_and_epi64(_mm512_srli_epi64(h, 26), six)));
        __mmask8 has = _mm512_mask_cmpeq_epi64_mask(there, _mm512_and_epi64(word, bits), bits);
        may[i / 64] |= (uint64_t)has << (i % 64);
    }
}
#pragma GCC diagnostic pop
#endif

size_t lang_bulk_ways(lang_bulk_asking *ways[LANG_BULK_WAYS])
{
    size_t count = 0;
    ways[count++] = may_have_plain;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) ways[count++] = may_have_avx2;
    if (__builtin_cpu_supports("avx512dq")) ways[count++] = may_have_avx512;
#endif
    return count;
}

void lang_bulk_may_have(const lang_bulk *bulk, const uint64_t *sums, size_t count,
                        uint64_t may[LANG_BULK_TOGETHER / 64])
{
    memset(may, 0, (count + 63) / 64 * sizeof *may);
    lang_bulk_asking *ways[LANG_BULK_WAYS];
    if (bulk->heads != NULL) ways[lang_bulk_ways(ways) - 1](bulk, sums, count, may);
}

static void fetch_row(const lang_bulk *bulk, uint32_t row)
{
    const int32_t *words = row_at(bulk, row);
    __builtin_prefetch(words);
    __builtin_prefetch(words + bulk->row_words - 1);
}

void lang_bulk_first_of(const lang_bulk *bulk, const int64_t *values, size_t count, int64_t *rows)
{
    uint64_t hashes[LANG_BULK_TOGETHER];
    uint16_t left[LANG_BULK_TOGETHER] = {0};
    size_t kept = 0, inputs = bulk->input_count;
    for (size_t i = 0; i < count; i++) rows[i] = -1;
    if (bulk->heads == NULL) return;
    for (size_t i = 0; i < count; i++) {
        hashes[i] = hash_of(bulk, values + i * inputs);
        __builtin_prefetch(filter_word(bulk, hashes[i]));
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = filter_bits(hashes[i]);
        left[kept] = (uint16_t)i; /* without a branch: which keys are left is not to be foreseen */
        kept += (*filter_word(bulk, hashes[i]) & bits) == bits;
    }
    for (size_t k = 0; k < kept; k++) __builtin_prefetch(&bulk->heads[hashes[left[k]] & bulk->head_mask]);
    for (size_t k = 0; k < kept; k++) {
        uint32_t head = bulk->heads[hashes[left[k]] & bulk->head_mask];
        if (head != 0) fetch_row(bulk, head - 1);
    }
    for (size_t k = 0; k < kept; k++)
        rows[left[k]] = follow(bulk, bulk->heads[hashes[left[k]] & bulk->head_mask], values + left[k] * inputs);
}

int64_t lang_bulk_next(const lang_bulk *bulk, int64_t row, const int64_t *values)
{
    size_t at = (size_t)row;
    return follow(bulk, *next_of(bulk, at), values);
}

static bool build_hash(loader *l)
{
    enum { LITTLE_ROWS = 1 << 13 };
    lang_bulk *bulk = l->bulk;
    size_t size = 16;
    while (size < bulk->row_count * 2) size *= 2;
    size_t words = size <= 2 * LITTLE_ROWS ? size / 4 : size / 16;
    bulk->heads = base_arena_alloc(l->program->arena, size * sizeof *bulk->heads);
    bulk->filter = base_arena_alloc(l->program->arena, words * sizeof *bulk->filter);
    bulk->factors = base_arena_alloc(l->program->arena, (bulk->input_count + 1) * sizeof *bulk->factors);
    if (bulk->heads == NULL || bulk->filter == NULL || bulk->factors == NULL) return false;
    bulk->head_mask = (uint32_t)(size - 1);
    bulk->filter_mask = (uint32_t)(words - 1);
    for (size_t i = 0; i < bulk->input_count; i++) bulk->factors[i] = factor_of(i);
    /* From the last row to the first, so that a chain goes from the first to the last. */
    for (size_t row = bulk->row_count; row-- > 0;) {
        int64_t values[LANG_TABLE_COLUMN_LIMIT];
        for (size_t i = 0; i < bulk->input_count; i++) values[i] = lang_bulk_value(bulk, i, row);
        uint64_t hash = hash_of(bulk, values);
        *filter_word(bulk, hash) |= filter_bits(hash);
        uint32_t *head = &bulk->heads[hash & bulk->head_mask];
        *next_of(bulk, row) = *head;
        *head = (uint32_t)row + 1;
    }
    return true;
}

/* ---- cells ---- */

static bool same(const csv_cell *cell, const char *word)
{
    return cell->length == strlen(word) && memcmp(cell->text, word, cell->length) == 0;
}

static bool read_day(const csv_cell *cell, bool last, int64_t *value)
{
    base_date day;
    /* Every way of saying "no end" that public files use. */
    if (cell->length == 0 || same(cell, "*") || same(cell, "-")) {
        *value = last ? BASE_DATE_MAX : LANG_BULK_ABSENT;
        return true;
    }
    bool good =
        base_date_read(cell->text, cell->length, false, &day) || base_date_read(cell->text, cell->length, true, &day);
    *value = good ? day : 0;
    return good;
}

bool lang_bulk_number(const csv_cell *cell, int places, int64_t *value)
{
    size_t at = cell->length > 0 && cell->text[0] == '$' ? 1 : 0;
    bool negative = at < cell->length && cell->text[at] == '-';
    if (negative) at++;
    int64_t total = 0;
    int left = -1;
    size_t digits = 0;
    for (; at < cell->length; at++) {
        char byte = cell->text[at];
        if (byte == ',' && left < 0) continue;
        if (byte == '.' && left < 0) {
            left = places;
            continue;
        }
        if (byte < '0' || byte > '9' || total > INT64_C(90000000000000)) return false;
        if (left == 0) {
            if (byte != '0') return false;
            continue;
        }
        total = total * 10 + (byte - '0');
        digits++;
        if (left > 0) left--;
    }
    for (int i = left < 0 ? places : left; i > 0; i--) total *= 10;
    *value = negative ? -total : total;
    return digits > 0;
}

static bool read_code(loader *l, const csv_cell *cell, lang_code_system system, int64_t *value)
{
    char normal[CODE_ROOM];
    if (cell->length >= sizeof normal) return false;
    size_t length = lang_code_normalize(system, cell->text, cell->length, normal);
    if (!lang_code_shape(system, normal, length)) return false;
    uint32_t id = base_intern_add(&l->bulk->symbols, normal, length);
    *value = (int64_t)id;
    return id != BASE_INTERN_NONE;
}

static bool read_word(const loader *l, const csv_cell *cell, lang_enumeration enumeration, int64_t *value)
{
    char word[40];
    if (cell->length >= sizeof word) return false;
    memcpy(word, cell->text, cell->length);
    word[cell->length] = '\0';
    *value = lang_schema_word_find(l->program->schema, enumeration, word);
    return *value >= 0;
}

static bool read_value(loader *l, const csv_cell *cell, lang_type type, int64_t *value)
{
    bool empty = cell->length == 0 || same(cell, "-");
    if (type.optional && empty) {
        *value = LANG_BULK_ABSENT;
        return true;
    }
    switch (type.kind) {
    case LANG_TYPE_CODE: return read_code(l, cell, (lang_code_system)type.detail, value);
    case LANG_TYPE_TEXT: {
        uint32_t id = base_intern_add(&l->bulk->symbols, cell->text, cell->length);
        *value = (int64_t)id;
        return id != BASE_INTERN_NONE && cell->length > 0;
    }
    case LANG_TYPE_ENUMERATION: return read_word(l, cell, (lang_enumeration)type.detail, value);
    case LANG_TYPE_DATE: return read_day(cell, false, value) && *value != LANG_BULK_ABSENT;
    case LANG_TYPE_MONEY: return lang_bulk_number(cell, 2, value);
    case LANG_TYPE_QUANTITY:
    case LANG_TYPE_MINUTES: return lang_bulk_number(cell, 3, value);
    case LANG_TYPE_COUNT:
    case LANG_TYPE_DAYS:
    case LANG_TYPE_MONTHS: return lang_bulk_number(cell, 0, value);
    case LANG_TYPE_TRUTH:
        *value = same(cell, "yes") || same(cell, "1") || same(cell, "true") ? 1 : 0;
        return *value == 1 || same(cell, "no") || same(cell, "0") || same(cell, "false");
    default: return false;
    }
}

static void reject(loader *l, const csv_cell *cell, const lang_bulk_column *column, size_t line)
{
    if (l->bulk->rejected++ >= REPORTED) return;
    base_arena *arena = l->program->arena;
    lang_diagnose(&l->program->diagnostics, LANG_E0712, l->import->span, "%s:%zu:%zu: `%.*s` is not a %s",
                  l->bulk->path, line, cell->column, (int)(cell->length > 60 ? 60 : cell->length), cell->text,
                  lang_type_label(l->program->schema, arena, column->type));
}

/* Cells that the grammar of tables may know better: ranges, lists, prefixes, `any`, names of sets. */
static bool more_than_plain(const csv_cell *cell)
{
    bool name = cell->length > 0 && cell->text[0] >= 'a' && cell->text[0] <= 'z';
    for (size_t i = 0; i < cell->length; i++) {
        if (strchr(",*", cell->text[i]) != NULL) return true;
        if (cell->text[i] == '.' && i + 1 < cell->length && cell->text[i + 1] == '.') return true;
    }
    return name;
}

static void read_row(loader *l, const csv_cell *cells, size_t count, size_t line)
{
    lang_bulk *bulk = l->bulk;
    int64_t values[2 * LANG_TABLE_COLUMN_LIMIT + 2];
    const size_t columns = bulk->column_count;
    for (size_t c = 0; c < columns; c++) {
        const lang_bulk_column *column = &bulk->columns[c];
        static const csv_cell nothing = {"", 0, 0, false};
        const csv_cell *cell = (size_t)column->header < count ? &cells[column->header] : &nothing;
        bool dated = (int)c == bulk->from_column || (int)c == bulk->to_column;
        bool good = dated ? read_day(cell, (int)c == bulk->to_column, &values[c])
                          : read_value(l, cell, column->type, &values[c]);
        /* A text that is `any` stands for every value, as it does in a policy; in quotes of its own it is a text. */
        bool every =
            c < bulk->input_count && column->type.kind == LANG_TYPE_TEXT && (same(cell, "any") || same(cell, "*"));
        bool fits =
            good && !every &&
            (column->wide || values[c] == LANG_BULK_ABSENT || (values[c] > INT32_MIN && values[c] <= INT32_MAX));
        if (!fits) {
            bool early = l->bulk->row_count < LANG_TABLE_ROW_LIMIT && l->bulk->rejected == 0 && !dated;
            if (early && (every || more_than_plain(cell)))
                l->complex = l->failed = true;
            else
                reject(l, cell, column, line);
            return;
        }
    }
    if (!room_for(l, bulk->row_count)) {
        l->failed = true;
        return;
    }
    for (size_t c = 0; c < columns; c++) put(bulk, c, bulk->row_count, values[c]);
    if (bulk->row_count < UINT32_MAX - 2) bulk->row_count++;
}

/* ---- the header ---- */

static const char *header_of(const loader *l, const char *column)
{
    for (size_t i = 0; i < l->import->columns.count; i++) {
        if (strcmp(l->import->columns.items[i].column.text, column) == 0)
            return l->import->columns.items[i].header.text;
    }
    return column;
}

static int place_of(const csv_cell *cells, size_t count, const char *header)
{
    for (size_t i = 0; i < count; i++) {
        if (same(&cells[i], header)) return (int)i;
    }
    return -1;
}

static bool mapped(const loader *l, const char *column)
{
    for (size_t i = 0; i < l->import->columns.count; i++) {
        if (strcmp(l->import->columns.items[i].column.text, column) == 0) return true;
    }
    return false;
}

static void missing_header(loader *l, const char *column, const char *header, const csv_cell *cells, size_t count)
{
    base_text found;
    base_text_init(&found, l->program->arena);
    for (size_t i = 0; i < count && i < 20; i++) {
        base_text_format(&found, "%s%.*s", i == 0 ? "" : ", ", (int)cells[i].length, cells[i].text);
    }
    lang_diagnostic *diagnostic =
        lang_diagnose(&l->program->diagnostics, LANG_E0711, l->import->span,
                      "%s has no column `%s`; its first line says %s", l->bulk->path, header, base_text_string(&found));
    lang_suggest(&l->program->diagnostics, diagnostic, "name the file's column: from \"%s\" (%s as \"...\")",
                 l->import->file.text, column);
    l->failed = true;
}

static void add_column(loader *l, const char *name, lang_type type, const csv_cell *cells, size_t count)
{
    lang_bulk *bulk = l->bulk;
    bool input = bulk->column_count < bulk->input_count;
    lang_bulk_column *column = &bulk->columns[bulk->column_count++];
    const char *header = header_of(l, name);
    bool narrow = type.kind == LANG_TYPE_CODE || type.kind == LANG_TYPE_TEXT || type.kind == LANG_TYPE_ENUMERATION ||
                  type.kind == LANG_TYPE_DATE || type.kind == LANG_TYPE_TRUTH || type.kind == LANG_TYPE_COUNT;
    *column = (lang_bulk_column){
        .type = type, .wide = !narrow, .place = bulk->row_words, .header = place_of(cells, count, header)};
    bulk->row_words += narrow ? 1 : 2;
    bulk->wide_inputs = bulk->wide_inputs || (input && !narrow);
    if (column->header < 0) missing_header(l, name, header, cells, count);
}

static void read_header(loader *l, const csv_cell *cells, size_t count)
{
    static const char *const days[] = {"from", "to"};
    lang_bulk *bulk = l->bulk;
    const lang_table *table = l->table;
    l->header_read = true;
    size_t room = table->inputs.count + table->outputs.count + 2;
    bulk->row_words = 1; /* what follows in the chain */
    bulk->columns = base_arena_alloc(l->program->arena, room * sizeof *bulk->columns);
    if (bulk->columns == NULL) {
        l->failed = true;
        return;
    }
    for (size_t i = 0; i < table->inputs.count; i++) {
        add_column(l, table->inputs.items[i].name.text, table->inputs.items[i].type, cells, count);
    }
    for (size_t i = 0; i < table->outputs.count; i++) {
        add_column(l, table->outputs.items[i].name.text, table->outputs.items[i].type, cells, count);
    }
    int *places[] = {&bulk->from_column, &bulk->to_column};
    for (size_t d = 0; d < 2; d++) {
        *places[d] = -1;
        if (!mapped(l, days[d]) && place_of(cells, count, days[d]) < 0) continue;
        *places[d] = (int)bulk->column_count;
        add_column(l, days[d], (lang_type){LANG_TYPE_DATE, 0, false, false}, cells, count);
    }
    for (size_t i = 0; i < l->import->columns.count; i++) {
        const char *name = l->import->columns.items[i].column.text;
        bool known = strcmp(name, "from") == 0 || strcmp(name, "to") == 0;
        for (size_t c = 0; c < table->inputs.count; c++)
            known = known || strcmp(table->inputs.items[c].name.text, name) == 0;
        for (size_t c = 0; c < table->outputs.count; c++)
            known = known || strcmp(table->outputs.items[c].name.text, name) == 0;
        if (known) continue;
        lang_diagnose(&l->program->diagnostics, LANG_E0711, l->import->columns.items[i].column.span,
                      "the table `%s` has no column `%s`", table->name.text, name);
        l->failed = true;
    }
}

/* ---- pieces ---- */

static void read_records(loader *l, size_t length)
{
    base_arena scratch;
    base_arena_init(&scratch, &l->program->arena->allocator);
    csv_reader csv;
    base_csv_init(&csv, &scratch, l->buffer, length);
    csv.next_line = l->line + 1;
    if (!l->header_read) {
        size_t first = strcspn(l->buffer, "\n");
        l->separator = memchr(l->buffer, '\t', first < length ? first : length) != NULL ? '\t' : ',';
    }
    csv.separator = l->separator;
    csv_cell cells[CSV_COLUMN_LIMIT];
    size_t count;
    while (!l->failed && base_csv_next(&csv, cells, &count)) {
        if (csv.error != NULL) {
            if (l->bulk->rejected++ < REPORTED) {
                lang_diagnose(&l->program->diagnostics, LANG_E0712, l->import->span, "%s:%zu:%zu: %s", l->bulk->path,
                              csv.line, csv.error_column, csv.error);
            }
            continue;
        }
        if (!l->header_read)
            read_header(l, cells, count);
        else
            read_row(l, cells, count, csv.line);
    }
    l->line = csv.next_line - 1;
    base_arena_release(&scratch);
}

/* The end of the last line that is not inside quotes. */
static size_t whole_lines(const loader *l)
{
    bool quoted = false;
    size_t end = 0;
    for (size_t i = 0; i < l->length; i++) {
        if (l->buffer[i] == '"') quoted = !quoted;
        if (l->buffer[i] == '\n' && !quoted) end = i + 1;
    }
    return end;
}

static bool take(void *state, const char *bytes, size_t length)
{
    loader *l = state;
    if (l->length + length + 1 > l->room) {
        size_t room = (l->length + length) * 2 + 1;
        char *buffer = realloc(l->buffer, room);
        if (buffer == NULL) {
            l->program->arena->failed = l->failed = true;
            return false;
        }
        l->buffer = buffer;
        l->room = room;
    }
    if (l->buffer == NULL) return true; /* no bytes, so far */
    memcpy(l->buffer + l->length, bytes, length);
    l->length += length;
    l->buffer[l->length] = '\0';
    size_t end = whole_lines(l);
    if (end > 0) read_records(l, end);
    memmove(l->buffer, l->buffer + end, l->length - end);
    l->length -= end;
    return !l->failed;
}

static bool read_all(loader *l)
{
    const lang_source *source = l->program->source;
    bool good;
    if (source->pieces != NULL) {
        good = source->pieces(source->state, l->bulk->path, take, l);
    } else {
        const char *text;
        size_t length;
        good = source->read(source->state, l->program->arena, l->bulk->path, &text, &length) && take(l, text, length);
    }
    if (good && l->length > 0) {
        l->buffer[l->length] = '\0';
        read_records(l, l->length);
    }
    return good && !l->failed;
}

const char *lang_bulk_path(lang_program *program, const lang_file *file, const lang_import *import)
{
    const char *slash = strrchr(file->path, '/');
    int folder = slash == NULL || import->file.text[0] == '/' ? 0 : (int)(slash - file->path) + 1;
    return base_format(program->arena, "%.*s%s", folder, file->path, import->file.text);
}

bool lang_bulk_chained(const lang_bulk *bulk, size_t row)
{
    return *next_of(bulk, row) != 0;
}

lang_bulk *lang_bulk_load(lang_program *program, lang_table *table, const lang_import *import, const char *path,
                          bool *complex)
{
    loader l = {.program = program, .table = table, .import = import, .separator = ','};
    l.bulk = base_arena_alloc(program->arena, sizeof *l.bulk);
    if (l.bulk == NULL || !base_intern_init(&l.bulk->symbols, program->arena)) return NULL;
    l.bulk->import = import;
    l.bulk->input_count = table->inputs.count;
    l.bulk->path = path;
    size_t errors = program->diagnostics.errors;
    bool good = read_all(&l);
    free(l.buffer);
    *complex = l.complex;
    if (l.complex) return NULL;
    if (!good && program->diagnostics.errors == errors && !program->arena->failed) {
        lang_diagnose(&program->diagnostics, LANG_E0710, import->span, "the file %s cannot be read, or ends early",
                      l.bulk->path);
    }
    if (good && !l.header_read) {
        lang_diagnose(&program->diagnostics, LANG_E0710, import->span, "the file %s is empty", l.bulk->path);
    }
    if (l.bulk->rejected > REPORTED) {
        lang_diagnose(&program->diagnostics, LANG_E0712, import->span, "%s: %zu rows in all cannot be read",
                      l.bulk->path, l.bulk->rejected);
    }
    bool whole = good && l.header_read && program->diagnostics.errors == errors;
    return whole && build_hash(&l) ? l.bulk : NULL;
}

const char *lang_bulk_key(base_arena *arena, const lang_bulk *bulk, size_t row)
{
    base_text text;
    base_text_init(&text, arena);
    for (size_t i = 0; i < bulk->input_count; i++) {
        lang_type type = bulk->columns[i].type;
        int64_t value = lang_bulk_value(bulk, i, row);
        bool symbol = type.kind == LANG_TYPE_CODE || type.kind == LANG_TYPE_TEXT;
        if (symbol)
            base_text_format(&text, "%s%s", i == 0 ? "" : " / ", base_intern_text(&bulk->symbols, (uint32_t)value));
        else
            base_text_format(&text, "%s%lld", i == 0 ? "" : " / ", (long long)value);
    }
    return base_text_string(&text);
}
