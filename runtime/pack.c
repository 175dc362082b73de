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
    uint64_t in_a_row;     /* by word: its lines' rows stand one behind the other, and there are 64 of them */
} run_joined;

bool run_packer_init(run_packer *packer, const base_allocator *allocator, run_context *context,
                     const plan_kernels *kernels, const run_schedule *schedule)
{
    *packer = (run_packer){
        .context = context, .kernels = kernels, .constants = schedule->constants, .whole = schedule->whole};
    packer->loops = run_column_loops_here();
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
    uint64_t in_a_row;     /* as of what was joined */
    uint8_t uniform;       /* the state of all lines, where that is known; 0: not, or unknown */
} source;

static uint64_t find_rows(const uint32_t *rows, size_t count)
{
    uint64_t found = 0;
    for (size_t w = 0; w < count / RUN_STRIP; w++) {
        const uint32_t *own = rows + w * RUN_STRIP;
        uint32_t differ = 0;
        for (uint32_t i = 0; i < RUN_STRIP; i++) differ |= own[i] ^ (own[0] + i);
        found |= (uint64_t)(differ == 0) << w;
    }
    return found;
}

static bool follow(run_packer *packer, const plan_path *path, run_joined *joined);

static const run_joined *join(run_packer *packer, plan_path path)
{
    for (size_t i = 0; i < packer->joined.count; i++) {
        if (same_path(&packer->joined.items[i].path, &path)) return &packer->joined.items[i];
    }
    run_joined joined = {path, packer->rows, NULL, 0};
    if (path.count > 0 && !follow(packer, &path, &joined)) return NULL;
    if (path.count == 0) joined.in_a_row = find_rows(packer->rows, packer->count);
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
    *s = (source){&packer->context->columns[field], from->rows, from->states, from->in_a_row, 0};
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

/* The lines of a word: what a column holds of them side by side, read where it lies if they stand one behind the other. */
typedef struct strip {
    size_t first, count;
    uint64_t present, absent; /* past the last line neither */
    const int64_t *bits;      /* RUN_STRIP of them; NULL until read */
    int64_t room[RUN_STRIP];
} strip;

/* One bit of each byte that is the one wanted. */
static inline uint64_t bytes_that_are(const uint8_t bytes[RUN_STRIP], uint8_t wanted)
{
    uint64_t found = 0;
#if defined(__SSE2__)
    const __m128i all = _mm_set1_epi8((char)wanted);
    for (int i = 0; i < 4; i++) {
        __m128i sixteen;
        memcpy(&sixteen, bytes + 16 * i, sizeof sixteen);
        found |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(sixteen, all)) << (16 * i);
    }
#else
    for (int i = 0; i < RUN_STRIP; i++) found |= (uint64_t)(bytes[i] == wanted) << i;
#endif
    return found;
}

static inline bool one_behind_the_other(const source *s, uint64_t word)
{
    return (s->in_a_row >> word & 1) != 0;
}

/* A word's lines; false where none is left. */
static inline bool take_word(const run_packer *packer, uint64_t word, strip *l)
{
    if (word >= packer->words) return false;
    size_t rest = packer->count - word * RUN_STRIP;
    l->first = word * RUN_STRIP;
    l->count = rest < RUN_STRIP ? rest : RUN_STRIP;
    return true;
}

/* RUN_STRIP states, where they lie or in `room`. Where a row is not known, so is what it holds. */
static inline const uint8_t *states_of(const run_packer *packer, const source *s, uint64_t word, const strip *l,
                                       uint8_t room[RUN_STRIP])
{
    const uint32_t *rows = s->rows + l->first;
    const uint8_t *column = s->column->states, *of_rows = s->states;
    if (of_rows == NULL && one_behind_the_other(s, word)) return column + rows[0];
    if (l->count == RUN_STRIP) {
        packer->loops->gather_states(column, rows, room);
    } else {
        for (size_t i = 0; i < RUN_STRIP; i++) room[i] = i < l->count ? column[rows[i]] : RUN_UNKNOWN;
    }
    for (size_t i = 0; of_rows != NULL && i < l->count; i++)
        room[i] = of_rows[l->first + i] == RUN_PRESENT ? room[i] : of_rows[l->first + i];
    return room;
}

static inline void read_states(const run_packer *packer, const source *s, uint64_t word, strip *l)
{
    uint64_t valid = l->count == RUN_STRIP ? UINT64_MAX : (UINT64_C(1) << l->count) - 1;
    if (s->uniform) {
        l->present = s->uniform == RUN_PRESENT ? valid : 0;
        l->absent = s->uniform == RUN_ABSENT ? valid : 0;
        return;
    }
    uint8_t room[RUN_STRIP];
    const uint8_t *states = states_of(packer, s, word, l, room);
    l->present = bytes_that_are(states, RUN_PRESENT) & valid;
    l->absent = bytes_that_are(states, RUN_ABSENT) & valid;
}

/* What lines hold for which nobody told it means nothing, but is read. */
static inline void read_bits(const run_packer *packer, const source *s, uint64_t word, strip *l)
{
    const uint32_t *rows = s->rows + l->first;
    const run_column *column = s->column;
    l->bits = l->room;
    if (one_behind_the_other(s, word)) {
        if (column->narrow)
            packer->loops->widen(run_column_narrow(column) + rows[0], l->room);
        else
            l->bits = run_column_wide(column) + rows[0];
        return;
    }
    if (l->count < RUN_STRIP) {
        for (size_t i = 0; i < RUN_STRIP; i++) l->room[i] = i < l->count ? run_column_bits(column, rows[i]) : 0;
        return;
    }
    /* Lines of one payer lie apart. */
    bool more = l->first + 2 * RUN_STRIP <= packer->count;
    if (column->narrow) {
        const int32_t *values = run_column_narrow(column);
        for (unsigned i = 0; more && i < RUN_STRIP; i++) __builtin_prefetch(&values[rows[RUN_STRIP + i]]);
        packer->loops->gather_narrow(values, rows, l->room);
    } else {
        const int64_t *values = run_column_wide(column);
        for (unsigned i = 0; more && i < RUN_STRIP; i++) __builtin_prefetch(&values[rows[RUN_STRIP + i]]);
        packer->loops->gather(values, rows, l->room);
    }
}

static inline bool take_states(const run_packer *packer, const source *s, uint64_t word, strip *l)
{
    if (!take_word(packer, word, l)) return false;
    read_states(packer, s, word, l);
    return true;
}

static inline bool take_lines(const run_packer *packer, const source *s, uint64_t word, strip *l)
{
    if (!take_states(packer, s, word, l)) return false;
    read_bits(packer, s, word, l);
    return true;
}

/* Follows the last field of a path: where its row is not known, neither is what lies behind it. */
static bool follow(run_packer *packer, const plan_path *path, run_joined *joined)
{
    source s;
    size_t room = packer->words * RUN_STRIP;
    uint32_t *rows = base_arena_alloc_raw(&packer->temporary, room * sizeof *rows);
    uint8_t *states = base_arena_alloc_raw(&packer->temporary, room);
    if (rows == NULL || states == NULL || !source_of(packer, path, &s)) return false;
    bool all = s.uniform == RUN_PRESENT;
    size_t present = all ? packer->count : 0;
    strip l;
    for (uint64_t w = 0; take_word(packer, w, &l); w++) {
        uint32_t *to = rows + l.first;
        read_bits(packer, &s, w, &l);
        if (all) {
            for (size_t i = 0; i < RUN_STRIP; i++) to[i] = (uint32_t)l.bits[i];
            continue;
        }
        uint8_t *own = states + l.first, strip_room[RUN_STRIP];
        memcpy(own, states_of(packer, &s, w, &l, strip_room), RUN_STRIP);
        for (size_t i = 0; i < RUN_STRIP; i++) to[i] = own[i] == RUN_PRESENT ? (uint32_t)l.bits[i] : 0;
        present += (size_t)__builtin_popcountll(bytes_that_are(own, RUN_PRESENT));
    }
    *joined = (run_joined){*path, rows, present == packer->count ? NULL : states, find_rows(rows, packer->count)};
    return true;
}

static void pack_presence(run_packer *packer, const source *s, run_masks *m)
{
    strip l;
    for (uint64_t w = 0; take_states(packer, s, w, &l); w++) {
        m->yes[w] = l.present;
        m->no[w] = l.absent;
    }
}

/* Whether each line's value, where it is there, is that number, or is not. */
static void pack_equal(run_packer *packer, const source *s, int64_t number, bool is, run_masks *m)
{
    strip l;
    for (uint64_t w = 0; take_lines(packer, s, w, &l); w++) {
        uint64_t same = packer->loops->equal(l.bits, number), holds = is ? same : ~same;
        m->yes[w] = l.present & holds;
        m->no[w] = l.present & ~holds;
    }
}

/* Truths of lines whose code is in a set on some days alone, or was not asked about yet. */
static void ask_set(run_packer *packer, const plan_input *input, const source *dates, const strip *l, uint64_t lines,
                    uint64_t *yes, uint64_t *no)
{
    for (uint64_t left = lines; left != 0; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctzll(left);
        uint8_t known = dates == NULL ? RUN_UNKNOWN : state_at(dates, l->first + i);
        int64_t day = known == RUN_PRESENT ? run_column_bits(dates->column, dates->rows[l->first + i]) : 0;
        uint8_t truth = run_set_holds(packer->context, (uint32_t)input->number, l->bits[i], day, known);
        *yes |= (uint64_t)(truth == RUN_TRUE) << i;
        *no |= (uint64_t)(truth == RUN_FALSE) << i;
    }
}

/* Whether a set holds each line's code: by what is known of the code; where that depends on the day, by asking. */
static bool pack_set(run_packer *packer, const plan_input *input, const source *s, run_masks *m)
{
    const run_binding *binding = packer->context->binding;
    const uint8_t *members = binding->set_members[input->number];
    source dates;
    bool dated = input->dated && !packer->keys_only;
    if (dated && !source_of(packer, &input->date, &dates)) return false;
    strip l;
    for (uint64_t w = 0; take_lines(packer, s, w, &l); w++) {
        uint8_t found[RUN_STRIP];
        for (size_t i = 0; i < RUN_STRIP; i++) {
            uint32_t number = run_code_number(binding->code_numbers, binding->code_limit, l.bits[i]);
            found[i] = __atomic_load_n(&members[number], __ATOMIC_RELAXED);
        }
        uint64_t yes = bytes_that_are(found, RUN_MEMBER_YES) & l.present,
                 no = bytes_that_are(found, RUN_MEMBER_NO) & l.present, rest = l.present & ~yes & ~no;
        if (rest != 0) ask_set(packer, input, dated ? &dates : NULL, &l, rest, &yes, &no);
        m->yes[w] = yes;
        m->no[w] = no;
    }
    return true;
}

/* What lists point into; where none has a code, the store has nothing to point into. */
static const uint32_t *pool_of(const run_packer *packer)
{
    static const uint32_t none[1];
    const uint32_t *items = packer->context->binding->store->pool.items;
    return items == NULL ? none : items;
}

/* What is known of a list's codes: a bit for each kind of member there is among them. */
static inline unsigned kinds_of(const uint8_t *members, const uint32_t *numbers, uint64_t limit, const uint32_t *items,
                                size_t count)
{
    unsigned kinds = 0;
    for (size_t k = 0; k < count; k++)
        kinds |= 1U << __atomic_load_n(&members[run_code_number(numbers, limit, items[k])], __ATOMIC_RELAXED);
    return kinds;
}

/* Whether any, or all, of a list are in a set, where some of its codes were not asked about yet, or depend on the day. */
static uint8_t ask_list(run_packer *packer, const plan_input *input, const source *dates, size_t line, int64_t list)
{
    uint8_t state = dates == NULL ? RUN_UNKNOWN : state_at(dates, line);
    int64_t day = state == RUN_PRESENT ? run_column_bits(dates->column, dates->rows[line]) : 0;
    bool any = input->kind == PLAN_INPUT_ANY_OF;
    return any ? run_list_meets_set(packer->context, (uint32_t)input->number, list, day, state)
               : run_list_within_set(packer->context, (uint32_t)input->number, list, day, state);
}

static bool pack_list(run_packer *packer, const plan_input *input, const source *s, run_masks *m)
{
    enum { ASK = 1U << RUN_MEMBER_UNASKED | 1U << RUN_MEMBER_DATED };
    const run_binding *binding = packer->context->binding;
    const uint8_t *members = binding->set_members[input->number];
    const uint32_t *pool = pool_of(packer), *numbers = binding->code_numbers;
    const uint64_t limit = binding->code_limit;
    bool any = input->kind == PLAN_INPUT_ANY_OF;
    unsigned decides = 1U << (any ? RUN_MEMBER_YES : RUN_MEMBER_NO);
    source dates;
    if (input->dated && !source_of(packer, &input->date, &dates)) return false;
    strip l;
    for (uint64_t w = 0; take_lines(packer, s, w, &l); w++) {
        uint64_t yes = 0, no = 0, asked = 0;
        /* Where the codes lie is known before they are needed. */
        for (uint64_t left = l.present; left != 0; left &= left - 1)
            __builtin_prefetch(pool + run_list_offset(l.bits[__builtin_ctzll(left)]));
        for (uint64_t left = l.present; left != 0; left &= left - 1) {
            unsigned i = (unsigned)__builtin_ctzll(left);
            unsigned kinds =
                kinds_of(members, numbers, limit, pool + run_list_offset(l.bits[i]), run_list_count(l.bits[i]));
            bool decided = (kinds & decides) != 0;
            asked |= (uint64_t)(!decided & ((kinds & ASK) != 0)) << i;
            yes |= (uint64_t)(decided == any) << i;
        }
        no = l.present & ~yes;
        for (uint64_t left = asked; left != 0; left &= left - 1) {
            unsigned i = (unsigned)__builtin_ctzll(left);
            uint8_t truth = ask_list(packer, input, input->dated ? &dates : NULL, l.first + i, l.bits[i]);
            yes = (yes & ~(UINT64_C(1) << i)) | (uint64_t)(truth == RUN_TRUE) << i;
            no = (no & ~(UINT64_C(1) << i)) | (uint64_t)(truth == RUN_FALSE) << i;
        }
        m->yes[w] = yes;
        m->no[w] = no;
    }
    return true;
}

static inline bool list_has(const uint32_t *items, size_t count, int64_t symbol)
{
    unsigned found = 0;
    for (size_t k = 0; k < count; k++) found |= items[k] == symbol;
    return found != 0;
}

static void pack_has(run_packer *packer, const plan_input *input, const source *s, run_masks *m)
{
    int64_t symbol = packer->context->binding->symbols[input->number];
    const uint32_t *pool = pool_of(packer);
    strip l;
    for (uint64_t w = 0; take_lines(packer, s, w, &l); w++) {
        uint64_t holds = 0;
        for (uint64_t left = l.present; left != 0; left &= left - 1) {
            unsigned i = (unsigned)__builtin_ctzll(left);
            const uint32_t *items = pool + run_list_offset(l.bits[i]);
            holds |= (uint64_t)list_has(items, run_list_count(l.bits[i]), symbol) << i;
        }
        m->yes[w] = holds;
        m->no[w] = l.present & ~holds;
    }
}

static bool pack_during(run_packer *packer, const plan_input *input, const source *s, run_masks *m)
{
    source dates;
    if (!source_of(packer, &input->date, &dates)) return false;
    strip l, days;
    for (uint64_t w = 0; take_lines(packer, s, w, &l) && take_lines(packer, &dates, w, &days); w++) {
        uint64_t known = l.present & days.present, holds = 0;
        for (size_t i = 0; i < RUN_STRIP; i++) {
            int64_t span = l.bits[i], day = days.bits[i];
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
    *width = width_for(low, high);
    void *narrow = base_arena_alloc_raw(&packer->arena, RUN_ROOM(packer->words) * RUN_STRIP << *width);
    if (narrow != NULL) packer->loops->narrow(values, packer->words * RUN_STRIP, (unsigned)*width, narrow);
    return narrow;
}

/* The values of a column, in whole units if they are told so. */
static bool pack_value(run_packer *packer, const source *s, run_masks *m, run_lanes *lanes, bool whole)
{
    int64_t *values = base_arena_alloc_raw(&packer->temporary, packer->words * RUN_STRIP * sizeof *values);
    int64_t range[2] = {0};
    if (values == NULL) return false;
    strip l;
    for (uint64_t w = 0; take_lines(packer, s, w, &l); w++) {
        m->yes[w] = l.present;
        m->no[w] = l.absent;
        (whole ? packer->loops->keep_whole : packer->loops->keep)(l.bits, l.present, values + l.first, range);
    }
    lanes->values = run_narrow(packer, values, range[0], range[1], &lanes->width);
    return lanes->values != NULL;
}

/* Whether the keys of the dispatch tell an input: the line's payer, plan or procedure, or its claim's product. */
static bool by_key(const plan_input *input)
{
    const plan_path *path = &input->path;
    if (path->count == 1) return run_is_key_field((lang_field)path->fields[0]);
    return path->count == 2 && (lang_field)path->fields[0] == LANG_FIELD_line_claim &&
           run_is_key_field_of_claim((lang_field)path->fields[1]);
}

static bool pack_truth(run_packer *packer, const plan_input *input, run_masks *m)
{
    source s;
    if (!source_of(packer, &input->path, &s)) return false;
    switch (input->kind) {
    case PLAN_INPUT_PRESENCE: pack_presence(packer, &s, m); return true;
    case PLAN_INPUT_YES: pack_equal(packer, &s, 0, false, m); return true;
    case PLAN_INPUT_CODE:
        pack_equal(packer, &s, packer->context->binding->symbols[input->number], true, m);
        return true;
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
