/* Packing: the columns that a batch's clauses read, as narrow as the batch allows, and what they ask of codes as bits. What takes
 * more than reading a column is worked out by the interpreter's own steps, for the lines that need it. */
#include "runtime/pack.h"
#include "compiler/plan/split.h"
#include "runtime/line_keys.h"
#include "runtime/vector.h"

#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* The rows that a path leads to. */
typedef struct run_joined {
    plan_path path;
    const uint32_t *rows;
    const uint8_t *states; /* NULL: all present */
} run_joined;

bool run_packer_init(run_packer *packer, const base_allocator *allocator, run_context *context,
                     const plan_kernels *kernels, const run_schedule *schedule)
{
    *packer = (run_packer){
        .context = context, .kernels = kernels, .constants = schedule->constants, .whole = schedule->whole};
    base_arena_init(&packer->arena, allocator);
    packer->arena.wide = true;
    base_arena_init(&packer->temporary, allocator);
    run_registers_init(&packer->registers, allocator);
    packer->lanes = base_arena_alloc(context->arena, (kernels->inputs.count + 1) * sizeof *packer->lanes);
    packer->memos = base_arena_alloc(context->arena, (kernels->units.count + 1) * sizeof *packer->memos);
    packer->answers = base_arena_alloc(context->arena, (kernels->inputs.count + 1) * sizeof *packer->answers);
    packer->part_planes =
        base_arena_alloc(context->arena, (size_t)PLAN_PART_LIMIT * 2 * RUN_BATCH_WORDS * sizeof(uint64_t));
    size_t asides = 1;
    for (size_t i = 0; i < kernels->shapes.count; i++) {
        size_t own = plan_shape_asides(&kernels->shapes.items[i]);
        if (own > asides) asides = own;
    }
    for (int i = 0; i < 2; i++) {
        uintptr_t room = (uintptr_t)base_arena_alloc(context->arena, (asides * RUN_BATCH_WORDS + 8) * sizeof(uint64_t));
        packer->aside[i] = room == 0 ? NULL : (uint64_t *)((room + 63) / 64 * 64);
    }
    return packer->answers != NULL && packer->lanes != NULL && packer->memos != NULL && packer->part_planes != NULL &&
           packer->aside[0] != NULL && packer->aside[1] != NULL;
}

void run_packer_release(run_packer *packer)
{
    base_arena_release(&packer->arena);
    base_arena_release(&packer->temporary);
    run_registers_release(&packer->registers);
    run_vectors_free(packer->vectors);
    packer->vectors = NULL;
}

bool run_packer_begin(run_packer *packer, const uint32_t *rows, size_t count)
{
    base_arena_reset(&packer->arena);
    base_arena_reset(&packer->temporary);
    packer->rows = rows;
    packer->count = count;
    packer->words = (count + 63) / 64;
    memset(&packer->joined, 0, sizeof packer->joined);
    return true;
}

/* ---- paths ---- */

static bool same_path(const plan_path *a, const plan_path *b)
{
    return a->count == b->count && memcmp(a->fields, b->fields, a->count * sizeof *a->fields) == 0;
}

/* The column behind a path and the rows to read it at. */
typedef struct source {
    const run_column *column;
    const uint32_t *rows;
    const uint8_t *states; /* of the rows; NULL: all present */
    uint8_t uniform;       /* the state of all lines, where that is known; 0: not, or unknown */
} source;

/* Lines of one payer lie apart: what comes is asked of memory before it is needed. */
enum { AHEAD = 40 };
static inline void fetch_ahead(const source *s, size_t i, size_t count)
{

    if (i + AHEAD >= count) return;
    __builtin_prefetch(&s->column->bits[s->rows[i + AHEAD]]);
    __builtin_prefetch(&s->column->states[s->rows[i + AHEAD]]);
}

static const run_joined *join(run_packer *packer, plan_path path);

/* Follows the last field of a path: where its row is not known, neither is what lies behind it. */
static bool follow(run_packer *packer, const plan_path *path, run_joined *joined)
{
    plan_path before = *path;
    before.count--;
    const run_joined *from = join(packer, before);
    uint32_t *rows = base_arena_alloc(&packer->temporary, (packer->count + 1) * sizeof *rows);
    uint8_t *states = base_arena_alloc(&packer->temporary, packer->count + 1);
    if (from == NULL || rows == NULL || states == NULL) return false;
    const run_column *column = &packer->context->columns[path->fields[before.count]];
    const source ahead = {column, from->rows, from->states, 0};
    for (size_t i = 0; i < packer->count; i++) {
        fetch_ahead(&ahead, i, packer->count);
        bool there = from->states == NULL || from->states[i] == RUN_PRESENT;
        states[i] = there ? column->states[from->rows[i]] : from->states[i];
        rows[i] = states[i] == RUN_PRESENT ? (uint32_t)column->bits[from->rows[i]] : 0;
    }
    *joined = (run_joined){*path, rows, states};
    return true;
}

static const run_joined *join(run_packer *packer, plan_path path)
{
    for (size_t i = 0; i < packer->joined.count; i++) {
        if (same_path(&packer->joined.items[i].path, &path)) return &packer->joined.items[i];
    }
    run_joined joined = {path, packer->rows, NULL};
    if (path.count > 0 && !follow(packer, &path, &joined)) return NULL;
    run_joined *slot = BASE_PUSH(&packer->temporary, &packer->joined);
    if (slot != NULL) *slot = joined;
    return slot;
}

static bool source_of(run_packer *packer, const plan_path *path, source *s)
{
    plan_path before = *path;
    before.count--;
    const run_joined *from = join(packer, before);
    if (from == NULL) return false;
    uint16_t field = path->fields[before.count];
    *s = (source){&packer->context->columns[field], from->rows, from->states, 0};
    if (from->states == NULL) s->uniform = run_store_uniform(packer->context->binding->store, (lang_field)field);
    return true;
}

static inline uint8_t state_at(const source *s, size_t i)
{
    uint8_t row = s->states == NULL ? RUN_PRESENT : s->states[i];
    return row == RUN_PRESENT ? s->column->states[s->rows[i]] : row;
}

/* ---- bits ---- */

bool run_new_masks(run_packer *packer, run_masks *m)
{
    m->yes = base_arena_alloc(&packer->arena, RUN_ROOM(packer->words) * sizeof *m->yes);
    m->no = base_arena_alloc(&packer->arena, RUN_ROOM(packer->words) * sizeof *m->no);
    return m->yes != NULL && m->no != NULL;
}

/* Lines come 64 at a time: their states side by side, from which masks come as a whole. */
enum { LINES = 64 };

typedef struct lines {
    const source *source;
    size_t first, count;
    uint8_t states[LINES]; /* past the last line: unknown */
} lines;

/* One bit of each line whose state is the one wanted. */
static inline uint64_t lines_of(const lines *l, uint8_t wanted)
{
    uint64_t found = 0;
#if defined(__SSE2__)
    const __m128i all = _mm_set1_epi8((char)wanted);
    for (int i = 0; i < 4; i++) {
        __m128i sixteen;
        memcpy(&sixteen, l->states + 16 * i, sizeof sixteen);
        found |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(sixteen, all)) << (16 * i);
    }
#else
    for (int i = 0; i < LINES; i++) found |= (uint64_t)(l->states[i] == wanted) << i;
#endif
    return found;
}

/* Asks for what a line further on holds. */
static inline void fetch_value(const source *s, size_t i, size_t all)
{
    if (i + AHEAD < all) __builtin_prefetch(&s->column->bits[s->rows[i + AHEAD]]);
}

static inline void fetch_state(const source *s, size_t i, size_t all)
{
    if (i + AHEAD < all) __builtin_prefetch(&s->column->states[s->rows[i + AHEAD]]);
}

/* Takes the lines of a word; false where none is left. */
static inline bool take_lines(const run_packer *packer, const source *s, uint64_t word, lines *l)
{
    if (word >= packer->words) return false;
    size_t rest = packer->count - word * LINES;
    l->source = s;
    l->first = word * LINES;
    l->count = rest < LINES ? rest : LINES;
    const uint32_t *rows = s->rows + l->first;
    if (s->uniform) {
        memset(l->states, s->uniform, l->count);
    } else if (s->states == NULL) {
        const uint8_t *states = s->column->states;
        for (size_t i = 0; i < l->count; i++) {
            fetch_state(s, l->first + i, packer->count);
            l->states[i] = states[rows[i]];
        }
    } else {
        for (size_t i = 0; i < l->count; i++) {
            fetch_state(s, l->first + i, packer->count);
            l->states[i] = state_at(s, l->first + i);
        }
    }
    memset(l->states + l->count, RUN_UNKNOWN, LINES - l->count);
    return true;
}

static void pack_presence(run_packer *packer, const source *s, run_masks *m)
{
    lines l;
    for (uint64_t w = 0; take_lines(packer, s, w, &l); w++) {
        m->yes[w] = lines_of(&l, RUN_PRESENT);
        m->no[w] = lines_of(&l, RUN_ABSENT);
    }
}

/* A truth that follows from each line's value, where it is there. */
#define FOR_VALUES(packer, s, m, expression)                                                                           \
    {                                                                                                                  \
        lines l_;                                                                                                      \
        for (uint64_t w_ = 0; take_lines(packer, s, w_, &l_); w_++) {                                                  \
            const int64_t *bits_ = (s)->column->bits;                                                                  \
            const uint32_t *rows_ = (s)->rows + l_.first;                                                              \
            uint64_t known_ = lines_of(&l_, RUN_PRESENT), holds_ = 0;                                                  \
            for (size_t i_ = 0; i_ < l_.count; i_++) {                                                                 \
                fetch_value(s, l_.first + i_, (packer)->count);                                                        \
                const int64_t value = bits_[rows_[i_]];                                                                \
                holds_ |= (uint64_t)(expression) << i_;                                                                \
            }                                                                                                          \
            (m)->yes[w_] = known_ & holds_;                                                                            \
            (m)->no[w_] = known_ & ~holds_;                                                                            \
        }                                                                                                              \
    }

static void pack_yes(run_packer *packer, const source *s, run_masks *m)
{
    FOR_VALUES(packer, s, m, value != 0)
}

static void pack_code(run_packer *packer, const source *s, int64_t symbol, run_masks *m)
{
    FOR_VALUES(packer, s, m, value == symbol)
}

/* Whether a set holds each line's code: by what is known of the code; where that depends on the day, by asking. */
static bool pack_set(run_packer *packer, const plan_input *input, const source *s, run_masks *m)
{
    const run_binding *binding = packer->context->binding;
    uint32_t set = (uint32_t)input->number;
    source dates = {0};
    bool dated = input->dated && !packer->keys_only;
    if (dated && !source_of(packer, &input->date, &dates)) return false;
    lines l;
    for (uint64_t w = 0; take_lines(packer, s, w, &l); w++) {
        uint64_t yes = 0, no = 0;
        for (size_t i = 0; i < l.count; i++) {
            fetch_value(s, l.first + i, packer->count);
            if (l.states[i] != RUN_PRESENT) continue;
            int64_t code = s->column->bits[s->rows[l.first + i]];
            uint8_t member = run_member_of(binding, set, code);
            if (member == RUN_MEMBER_DATED) {
                uint8_t known = dated ? state_at(&dates, l.first + i) : RUN_UNKNOWN;
                int64_t day = known == RUN_PRESENT ? dates.column->bits[dates.rows[l.first + i]] : 0;
                uint8_t truth = run_set_holds(packer->context, set, code, day, known);
                yes |= (uint64_t)(truth == RUN_TRUE) << i;
                no |= (uint64_t)(truth == RUN_FALSE) << i;
            } else {
                yes |= (uint64_t)(member == RUN_MEMBER_YES) << i;
                no |= (uint64_t)(member == RUN_MEMBER_NO) << i;
            }
        }
        m->yes[w] = yes;
        m->no[w] = no;
    }
    return true;
}

/* Whether any, or all, of a list are in a set; of what depends on the day the runtime is asked. */
static uint8_t list_truth(run_packer *packer, const plan_input *input, int64_t list, int64_t day, uint8_t state)
{
    const run_binding *binding = packer->context->binding;
    const uint32_t *items = binding->store->pool.items + run_list_offset(list);
    size_t count = run_list_count(list);
    uint32_t set = (uint32_t)input->number;
    bool any = input->kind == PLAN_INPUT_ANY_OF;
    for (size_t k = 0; k < count; k++) {
        uint8_t member = run_member_of(binding, set, items[k]);
        if (member == (any ? RUN_MEMBER_YES : RUN_MEMBER_NO)) return any ? RUN_TRUE : RUN_FALSE;
        if (member == RUN_MEMBER_DATED)
            return any ? run_list_meets_set(packer->context, set, list, day, state)
                       : run_list_within_set(packer->context, set, list, day, state);
    }
    return any ? RUN_FALSE : RUN_TRUE;
}

#define NO_LIST INT64_MIN

static bool pack_list(run_packer *packer, const plan_input *input, const source *s, run_masks *m)
{
    source dates = {0};
    if (input->dated && !source_of(packer, &input->date, &dates)) return false;
    const uint32_t *pool = packer->context->binding->store->pool.items;
    int64_t lists[64];
    for (uint64_t w = 0; w < packer->words; w++) {
        size_t first = w * 64, left = packer->count - first, count = left < 64 ? left : 64;
        /* Where the codes lie is known before they are needed. */
        for (size_t k = 0; k < count; k++) {
            fetch_ahead(s, first + k, packer->count);
            lists[k] = state_at(s, first + k) == RUN_PRESENT ? s->column->bits[s->rows[first + k]] : NO_LIST;
            if (lists[k] != NO_LIST) __builtin_prefetch(pool + run_list_offset(lists[k]));
        }
        for (size_t k = 0; k < count; k++) {
            if (lists[k] == NO_LIST) continue;
            uint8_t state = input->dated ? state_at(&dates, first + k) : RUN_UNKNOWN;
            int64_t day = state == RUN_PRESENT ? dates.column->bits[dates.rows[first + k]] : 0;
            uint8_t truth = list_truth(packer, input, lists[k], day, state);
            m->yes[w] |= (uint64_t)(truth == RUN_TRUE) << k;
            m->no[w] |= (uint64_t)(truth == RUN_FALSE) << k;
        }
    }
    return true;
}

static void pack_has(run_packer *packer, const plan_input *input, const source *s, run_masks *m)
{
    int64_t symbol = packer->context->binding->symbols[input->number];
    lines l;
    for (uint64_t w = 0; take_lines(packer, s, w, &l); w++) {
        uint64_t known = lines_of(&l, RUN_PRESENT), holds = 0;
        for (uint64_t left = known; left != 0; left &= left - 1) {
            size_t i = (size_t)__builtin_ctzll(left);
            int64_t list = s->column->bits[s->rows[l.first + i]];
            holds |= (uint64_t)(run_list_has(packer->context, list, symbol) == RUN_TRUE) << i;
        }
        m->yes[w] = holds;
        m->no[w] = known & ~holds;
    }
}

static bool pack_during(run_packer *packer, const plan_input *input, const source *s, run_masks *m)
{
    source dates;
    if (!source_of(packer, &input->date, &dates)) return false;
    lines l, days;
    for (uint64_t w = 0; take_lines(packer, s, w, &l) && take_lines(packer, &dates, w, &days); w++) {
        uint64_t known = lines_of(&l, RUN_PRESENT) & lines_of(&days, RUN_PRESENT), holds = 0;
        for (size_t i = 0; i < l.count; i++) {
            int64_t span = s->column->bits[s->rows[l.first + i]], day = dates.column->bits[dates.rows[l.first + i]];
            holds |= (uint64_t)(run_span_from(span) <= day && day <= run_span_to(span)) << i;
        }
        m->yes[w] = known & holds;
        m->no[w] = known & ~holds;
    }
    return true;
}

/* ---- values ---- */

static uint64_t width_for(int64_t low, int64_t high)
{
    uint8_t width = 0;
    while (!plan_lane_fits(low, width) || !plan_lane_fits(high, width)) width++;
    return width;
}

const void *run_narrow(run_packer *packer, const int64_t *values, int64_t low, int64_t high, uint64_t *width)
{
    size_t count = packer->words * 64;
    *width = width_for(low, high);
    int8_t *narrow = base_arena_alloc(&packer->arena, RUN_ROOM(packer->words) * 64 << *width);
    int16_t *half = (void *)narrow;
    int32_t *word = (void *)narrow;
    if (narrow == NULL) return NULL;
    switch (*width) {
    case 3: memcpy(narrow, values, count * sizeof *values); break;
    case 0:
        for (size_t i = 0; i < count; i++) narrow[i] = (int8_t)values[i];
        break;
    case 1:
        for (size_t i = 0; i < count; i++) half[i] = (int16_t)values[i];
        break;
    default:
        for (size_t i = 0; i < count; i++) word[i] = (int32_t)values[i];
        break;
    }
    return narrow;
}

/* The values of a column; told in whole units, where `unit` is not 1. */
static inline bool pack_units(run_packer *packer, const source *s, run_masks *m, run_lanes *lanes, const int64_t unit)
{
    int64_t *values = base_arena_alloc(&packer->temporary, packer->words * LINES * sizeof *values);
    if (values == NULL) return false;
    int64_t low = 0, high = 0;
    const int64_t *bits = s->column->bits;
    lines l;
    for (uint64_t w = 0; take_lines(packer, s, w, &l); w++) {
        m->yes[w] = lines_of(&l, RUN_PRESENT);
        m->no[w] = lines_of(&l, RUN_ABSENT);
        const uint32_t *rows = s->rows + l.first;
        int64_t *own = values + l.first;
        for (size_t i = 0; i < l.count; i++) {
            fetch_value(s, l.first + i, packer->count);
            int64_t value = l.states[i] == RUN_PRESENT ? bits[rows[i]] / unit : 0;
            own[i] = value;
            low = value < low ? value : low;
            high = value > high ? value : high;
        }
    }
    lanes->values = run_narrow(packer, values, low, high, &lanes->width);
    return lanes->values != NULL;
}

static bool pack_value(run_packer *packer, const source *s, run_masks *m, run_lanes *lanes, bool whole)
{
    return whole ? pack_units(packer, s, m, lanes, PLAN_SCALE) : pack_units(packer, s, m, lanes, 1);
}

/* Whether the keys of the dispatch tell an input: one field of the line, the payer, plan or procedure. */
static bool by_key(const plan_input *input)
{
    return input->path.count == 1 && run_is_key_field((lang_field)input->path.fields[0]);
}

static bool pack_truth(run_packer *packer, const plan_input *input, run_masks *m)
{
    source s;
    if (!source_of(packer, &input->path, &s)) return false;
    switch (input->kind) {
    case PLAN_INPUT_PRESENCE: pack_presence(packer, &s, m); return true;
    case PLAN_INPUT_YES: pack_yes(packer, &s, m); return true;
    case PLAN_INPUT_CODE: pack_code(packer, &s, packer->context->binding->symbols[input->number], m); return true;
    case PLAN_INPUT_ANY_OF:
    case PLAN_INPUT_ALL_OF: return pack_list(packer, input, &s, m);
    case PLAN_INPUT_HAS: pack_has(packer, input, &s, m); return true;
    case PLAN_INPUT_DURING: return pack_during(packer, input, &s, m);
    default: return pack_set(packer, input, &s, m);
    }
}

/* A value that nobody told us: a column of zeros, none of them present. */
static bool pack_unknown(run_packer *packer, const plan_input *input, run_lanes *lanes)
{
    if (input->truth) return true;
    lanes->values = base_arena_alloc(&packer->arena, RUN_ROOM(packer->words) * 64);
    lanes->width = 0;
    return lanes->values != NULL;
}

bool run_pack_input(run_packer *packer, uint32_t index)
{
    const plan_input *input = &packer->kernels->inputs.items[index];
    run_lanes *lanes = &packer->lanes[index];
    if (input->kind == PLAN_INPUT_UNIT) {
        uint64_t *yes = base_arena_alloc(&packer->arena, RUN_ROOM(packer->words) * 2 * sizeof *yes);
        uint64_t *const planes[] = {yes, yes + RUN_ROOM(packer->words)};
        if (yes == NULL || !run_unit(packer, input->unit, planes)) return false;
        *lanes = (run_lanes){NULL, planes[0], planes[1], 0};
        return true;
    }
    run_masks m;
    if (!run_new_masks(packer, &m)) return false;
    *lanes = (run_lanes){NULL, m.yes, m.no, 0};
    if (input->kind == PLAN_INPUT_STEP || (packer->keys_only && !by_key(input)))
        return pack_unknown(packer, input, lanes);
    if (input->truth) return pack_truth(packer, input, &m);
    source s;
    return source_of(packer, &input->path, &s) && pack_value(packer, &s, &m, lanes, packer->whole[index]);
}
