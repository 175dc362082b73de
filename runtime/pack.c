/* Packing: the columns that a batch's clauses read, as narrow as the batch allows, and what they ask of codes as bits. What takes
 * more than reading a column is worked out by the interpreter's own steps, for the lines that need it. */
#include "runtime/batch.h"
#include "runtime/vector.h"

#include <string.h>

/* The rows that a path leads to. */
typedef struct run_joined {
    plan_path path;
    const uint32_t *rows;
    const uint8_t *states; /* NULL: all present */
} run_joined;

bool run_packer_init(run_packer *packer, const base_allocator *allocator, run_context *context,
                     const plan_kernels *kernels, const int64_t *constants)
{
    *packer = (run_packer){.context = context, .kernels = kernels, .constants = constants};
    base_arena_init(&packer->arena, allocator);
    base_arena_init(&packer->temporary, allocator);
    run_registers_init(&packer->registers, allocator);
    packer->lanes = base_arena_alloc(context->arena, (kernels->inputs.count + 1) * sizeof *packer->lanes);
    packer->memos = base_arena_alloc(context->arena, (kernels->units.count + 1) * sizeof *packer->memos);
    packer->answers = base_arena_alloc(context->arena, (kernels->inputs.count + 1) * sizeof *packer->answers);
    return packer->answers != NULL && packer->lanes != NULL && packer->memos != NULL;
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
} source;

/* Lines of one payer lie apart: what comes is asked of memory before it is needed. */
static inline void fetch_ahead(const source *s, size_t i, size_t count)
{
    enum { AHEAD = 40 };
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
    const source ahead = {column, from->rows, from->states};
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
    *s = (source){&packer->context->columns[path->fields[before.count]], from->rows, from->states};
    return true;
}

static inline uint8_t state_at(const source *s, size_t i)
{
    uint8_t row = s->states == NULL ? RUN_PRESENT : s->states[i];
    return row == RUN_PRESENT ? s->column->states[s->rows[i]] : row;
}

/* ---- bits ---- */

typedef struct masks {
    uint64_t *yes, *no;
} masks;

static bool new_masks(run_packer *packer, masks *m)
{
    m->yes = base_arena_alloc(&packer->arena, RUN_ROOM(packer->words) * sizeof *m->yes);
    m->no = base_arena_alloc(&packer->arena, RUN_ROOM(packer->words) * sizeof *m->no);
    return m->yes != NULL && m->no != NULL;
}

static inline void set_bits(masks *m, size_t i, uint64_t yes, uint64_t no)
{
    m->yes[i / 64] |= yes << (i % 64);
    m->no[i / 64] |= no << (i % 64);
}

/* Puts bits together 64 lines at a time, in registers: for each line i, `body` sets `yes_` and `no_` to 0 or 1. */
#define FOR_LINES(packer, m, body)                                                                                     \
    for (uint64_t word_ = 0; word_ < (packer)->words; word_++) {                                                       \
        uint64_t all_yes_ = 0, all_no_ = 0;                                                                            \
        size_t rest_ = (packer)->count - word_ * 64, end_ = rest_ < 64 ? rest_ : 64;                                   \
        for (size_t bit_ = 0; bit_ < end_; bit_++) {                                                                   \
            const size_t i = word_ * 64 + bit_;                                                                        \
            uint64_t yes_ = 0, no_ = 0;                                                                                \
            body;                                                                                                      \
            all_yes_ |= yes_ << bit_;                                                                                  \
            all_no_ |= no_ << bit_;                                                                                    \
        }                                                                                                              \
        (m)->yes[word_] = all_yes_;                                                                                    \
        (m)->no[word_] = all_no_;                                                                                      \
    }

/* The same with the state of each line at hand; paths of one field have no states on their way. */
#define FOR_STATES(packer, s, m, body)                                                                                 \
    if ((s)->states == NULL) {                                                                                         \
        const uint8_t *states_ = (s)->column->states;                                                                  \
        const uint32_t *rows_ = (s)->rows;                                                                             \
        FOR_LINES(packer, m, fetch_ahead(s, i, (packer)->count); const uint8_t state = states_[rows_[i]]; body)        \
    } else {                                                                                                           \
        FOR_LINES(packer, m, fetch_ahead(s, i, (packer)->count); const uint8_t state = state_at(s, i); body)           \
    }

static void pack_presence(run_packer *packer, const source *s, masks *m)
{
    FOR_STATES(packer, s, m, {
        yes_ = state == RUN_PRESENT;
        no_ = state == RUN_ABSENT;
    })
}

static void pack_yes(run_packer *packer, const source *s, masks *m)
{
    const int64_t *bits = s->column->bits;
    FOR_STATES(packer, s, m, {
        bool known = state == RUN_PRESENT;
        yes_ = known && bits[s->rows[i]] != 0;
        no_ = known && !yes_;
    })
}

static void pack_code(run_packer *packer, const source *s, int64_t symbol, masks *m)
{
    const int64_t *bits = s->column->bits;
    FOR_STATES(packer, s, m, {
        bool known = state == RUN_PRESENT;
        yes_ = known && bits[s->rows[i]] == symbol;
        no_ = known && !yes_;
    })
}

/* Whether a set holds each line's code: by what is known of the code; where that depends on the day, by asking. */
static bool pack_set(run_packer *packer, const plan_input *input, const source *s, masks *m)
{
    const run_binding *binding = packer->context->binding;
    uint32_t set = (uint32_t)input->number;
    source dates = {0};
    bool dated = input->dated && !packer->keys_only;
    if (dated && !source_of(packer, &input->date, &dates)) return false;
    FOR_STATES(packer, s, m, {
        if (state == RUN_PRESENT) {
            int64_t code = s->column->bits[s->rows[i]];
            uint8_t member = run_member_of(binding, set, code);
            if (member == RUN_MEMBER_DATED) {
                uint8_t known = dated ? state_at(&dates, i) : RUN_UNKNOWN;
                int64_t day = known == RUN_PRESENT ? dates.column->bits[dates.rows[i]] : 0;
                uint8_t truth = run_set_holds(packer->context, set, code, day, known);
                yes_ = truth == RUN_TRUE;
                no_ = truth == RUN_FALSE;
            } else {
                yes_ = member == RUN_MEMBER_YES;
                no_ = member == RUN_MEMBER_NO;
            }
        }
    })
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

static bool pack_list(run_packer *packer, const plan_input *input, const source *s, masks *m)
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

static void pack_has(run_packer *packer, const plan_input *input, const source *s, masks *m)
{
    int64_t symbol = packer->context->binding->symbols[input->number];
    FOR_LINES(packer, m, {
        bool known = state_at(s, i) == RUN_PRESENT;
        yes_ = known && run_list_has(packer->context, s->column->bits[s->rows[i]], symbol) == RUN_TRUE;
        no_ = known && !yes_;
    })
}

static bool pack_during(run_packer *packer, const plan_input *input, const source *s, masks *m)
{
    source dates;
    if (!source_of(packer, &input->date, &dates)) return false;
    FOR_LINES(packer, m, {
        bool known = state_at(s, i) == RUN_PRESENT && state_at(&dates, i) == RUN_PRESENT;
        int64_t span = known ? s->column->bits[s->rows[i]] : 0;
        int64_t day = known ? dates.column->bits[dates.rows[i]] : 0;
        yes_ = known && run_span_from(span) <= day && day <= run_span_to(span);
        no_ = known && !yes_;
    })
    return true;
}

/* ---- values ---- */

static uint64_t width_for(int64_t low, int64_t high)
{
    uint8_t width = 0;
    while (!plan_lane_fits(low, width) || !plan_lane_fits(high, width)) width++;
    return width;
}

/* Keeps numbers in the narrowest column that holds them all. */
static const void *narrowed(run_packer *packer, const int64_t *values, int64_t low, int64_t high, uint64_t *width)
{
    size_t count = packer->words * 64;
    *width = width_for(low, high);
    int8_t *narrow = base_arena_alloc(&packer->arena, count << *width);
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

static bool pack_value(run_packer *packer, const source *s, masks *m, run_lanes *lanes)
{
    int64_t *values = base_arena_alloc(&packer->temporary, packer->words * 64 * sizeof *values);
    if (values == NULL) return false;
    int64_t low = 0, high = 0;
    const int64_t *bits = s->column->bits;
    FOR_STATES(packer, s, m, {
        int64_t value = state == RUN_PRESENT ? bits[s->rows[i]] : 0;
        yes_ = state == RUN_PRESENT;
        no_ = state == RUN_ABSENT;
        values[i] = value;
        low = value < low ? value : low;
        high = value > high ? value : high;
    })
    lanes->values = narrowed(packer, values, low, high, &lanes->width);
    return lanes->values != NULL;
}

/* Whether the keys of the dispatch tell an input: one field of the line, the payer, plan or procedure. */
static bool by_key(const plan_input *input)
{
    if (input->path.count != 1) return false;
    uint16_t field = input->path.fields[0];
    return field == LANG_FIELD_line_payer || field == LANG_FIELD_line_plan || field == LANG_FIELD_line_procedure;
}

static bool pack_truth(run_packer *packer, const plan_input *input, masks *m)
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
    lanes->values = base_arena_alloc(&packer->arena, packer->words * 64);
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
    masks m;
    if (!new_masks(packer, &m)) return false;
    *lanes = (run_lanes){NULL, m.yes, m.no, 0};
    if (input->kind == PLAN_INPUT_STEP || (packer->keys_only && !by_key(input)))
        return pack_unknown(packer, input, lanes);
    if (input->truth) return pack_truth(packer, input, &m);
    source s;
    return source_of(packer, &input->path, &s) && pack_value(packer, &s, &m, lanes);
}

/* ---- steps ---- */

enum { MEMO_KEY = 14, MEMO_PLACES = 256, MEMO_TRIAL = 1024 };

/* What a step gave for some values of the fields that it follows from. */
typedef struct step_answer {
    uint32_t words; /* of the key; 0 for none */
    bool open;      /* the value is being worked out */
    int64_t key[MEMO_KEY];
    run_value value;
} step_answer;

/* Answers of one step, each in the place that its key digests to. One that seldom helps is left alone. */
struct run_step_memo {
    uint32_t asked, met;
    step_answer places[MEMO_PLACES];
};

/* One input that steps give, while its block is at hand. */
typedef struct filling {
    const plan_input *input;
    uint32_t index;
    const uint64_t *needed;
    struct run_step_memo *memo; /* NULL where none is kept, or it does not help */
    masks masks;
    int64_t *values;
    int64_t low, high;
    bool done;
} filling;

/* The fields that a step follows from, as they were read. */
typedef struct leaf_vector {
    const run_vector *vector;
    bool list;
} leaf_vector;

static void find_leaves(const run_packer *packer, const plan_input *input, leaf_vector leaves[PLAN_LEAF_LIMIT])
{
    const uint32_t *steps = packer->kernels->cones.items + input->cone + input->cone_count;
    const plan_program *plan = packer->context->binding->plan;
    const plan_block *block = &plan->blocks.items[input->block];
    for (uint32_t i = 0; i < input->leaf_count; i++) {
        lang_field field = (lang_field)block->steps.items[steps[i]].detail;
        leaves[i].vector = run_vectors_get(packer->vectors, steps[i]);
        leaves[i].list = lang_schema_field(plan->program->schema, field)->type.list;
    }
}

/* Adds the codes of a list to a key; false where that is too much. */
static bool add_list(const run_packer *packer, int64_t list, int64_t *key, uint32_t *words)
{
    size_t count;
    const uint32_t *items = run_list_items(packer->context, list, &count);
    if (*words + 1 + (count + 1) / 2 > MEMO_KEY) return false;
    key[(*words)++] = (int64_t)count;
    for (size_t i = 0; i < count; i += 2) {
        uint64_t second = i + 1 < count ? items[i + 1] : 0;
        key[(*words)++] = (int64_t)((uint64_t)items[i] | second << 32);
    }
    return true;
}

/* What an item's fields hold: the states of all in one word, then the values that are there. */
static uint32_t make_key(const run_packer *packer, const leaf_vector *leaves, size_t count, size_t item,
                         int64_t key[MEMO_KEY])
{
    uint32_t words = 1;
    key[0] = 0;
    for (size_t i = 0; i < count; i++) {
        const run_vector *vector = leaves[i].vector;
        key[0] = key[0] << 2 | vector->states[item];
        if (vector->states[item] != RUN_PRESENT) continue;
        if (!leaves[i].list)
            key[words++] = vector->bits[item];
        else if (!add_list(packer, vector->bits[item], key, &words))
            return 0;
        if (words >= MEMO_KEY) return 0;
    }
    return words;
}

static size_t place_of(const int64_t *key, uint32_t words)
{
    uint64_t hash = 0;
    for (uint32_t i = 0; i < words; i++) {
        hash = (hash ^ (uint64_t)key[i]) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 32;
    }
    return (size_t)(hash % MEMO_PLACES);
}

/* The place of the answer for an item whose fields have been read; NULL where none is kept. */
static step_answer *answer_for(const run_packer *packer, filling *f, const leaf_vector *leaves, size_t item,
                               bool *known)
{
    int64_t key[MEMO_KEY];
    uint32_t words = make_key(packer, leaves, f->input->leaf_count, item, key);
    if (words == 0) return NULL;
    step_answer *answer = &f->memo->places[place_of(key, words)];
    f->memo->asked++;
    bool same = answer->words == words;
    for (uint32_t i = 0; same && i < words; i++) same = answer->key[i] == key[i];
    *known = same && !answer->open;
    if (same) f->memo->met++;
    if (same) return answer;
    answer->words = words;
    answer->open = true;
    memcpy(answer->key, key, words * sizeof *key);
    return answer;
}

static void keep_value(filling *f, size_t line, run_value value)
{
    if (f->input->truth) {
        set_bits(&f->masks, line, value.bits == RUN_TRUE, value.bits == RUN_FALSE);
        return;
    }
    set_bits(&f->masks, line, value.state == RUN_PRESENT, value.state == RUN_ABSENT);
    int64_t number = value.state == RUN_PRESENT ? value.bits : 0;
    f->values[line] = number;
    if (number < f->low) f->low = number;
    if (number > f->high) f->high = number;
}

/* Lines of a batch that steps are worked out for, together. */
typedef struct together {
    uint32_t subjects[RUN_ITEMS];
    uint16_t lines[RUN_ITEMS]; /* places in the batch */
    size_t count;
    bool dense; /* one line after the other, from the beginning of a word */
} together;

static bool is_needed(const filling *f, size_t line)
{
    return (f->needed[line / 64] >> (line % 64) & 1) != 0;
}

/* One bit of each of 64 bytes. */
static uint64_t bits_of(const uint8_t *bytes, unsigned bit)
{
    uint64_t word = 0;
    for (unsigned k = 0; k < 8; k++) {
        uint64_t eight;
        memcpy(&eight, bytes + 8 * k, sizeof eight);
        eight = eight >> bit & UINT64_C(0x0101010101010101);
        word |= (eight * UINT64_C(0x0102040810204080) >> 56) << (8 * k);
    }
    return word;
}

/* Keeps a step of lines that stand one after the other: states and truths have the same two bits, one of which is certain or present,
 * the other the contrary. What a line that does not need it got is as good as unknown. */
static void keep_dense(filling *f, const together *t, const run_vector *vector)
{
    _Static_assert(RUN_TRUE == 1 && RUN_FALSE == 2 && RUN_ABSENT == 1 && RUN_PRESENT == 2, "bits of states and truths");
    size_t first = t->lines[0];
    for (size_t k = 0; k < t->count; k += 64) {
        uint64_t rest = t->count - k, valid = rest >= 64 ? UINT64_MAX : (UINT64_C(1) << rest) - 1;
        uint64_t needed = f->needed[(first + k) / 64] & valid;
        uint64_t low = bits_of(vector->states + k, 0) & needed, high = bits_of(vector->states + k, 1) & needed;
        f->masks.yes[(first + k) / 64] |= f->input->truth ? low : high;
        f->masks.no[(first + k) / 64] |= f->input->truth ? high : low;
    }
    for (size_t k = 0; !f->input->truth && k < t->count; k++) {
        int64_t number = vector->states[k] == RUN_PRESENT ? vector->bits[k] : 0;
        f->values[first + k] = number;
        if (number < f->low) f->low = number;
        if (number > f->high) f->high = number;
    }
}

/* Works a step out for those lines that need it, with all that it follows from. */
static bool fill_all(run_packer *packer, filling *f, const together *t)
{
    const plan_input *input = f->input;
    if (!run_vectors_run(packer->vectors, packer->kernels->cones.items + input->cone, input->cone_count)) return false;
    const run_vector *vector = run_vectors_get(packer->vectors, input->step);
    if (t->dense) {
        keep_dense(f, t, vector);
        return true;
    }
    for (size_t k = 0; k < t->count; k++) {
        if (is_needed(f, t->lines[k])) keep_value(f, t->lines[k], run_vector_value(vector, k));
    }
    return true;
}

/* Lines whose answers are to be worked out after all, and where those are kept. */
typedef struct unanswered {
    together lines;
    step_answer *answers[RUN_ITEMS];
} unanswered;

static bool fill_unanswered(run_packer *packer, filling *f, const unanswered *u)
{
    const plan_input *input = f->input;
    const together *t = &u->lines;
    run_vectors_begin(packer->vectors, input->block, t->subjects, NULL, t->count);
    if (!run_vectors_run(packer->vectors, packer->kernels->cones.items + input->cone, input->cone_count)) return false;
    const run_vector *vector = run_vectors_get(packer->vectors, input->step);
    for (size_t k = 0; k < t->count; k++) {
        run_value value = run_vector_value(vector, k);
        keep_value(f, t->lines[k], value);
        if (u->answers[k] == NULL) continue;
        /* Where two keys share a place, the later one has it. */
        u->answers[k]->value = value;
        u->answers[k]->open = false;
    }
    return true;
}

/* The same by answers that were given before: fields are read, and steps worked out where no answer is kept. */
static bool fill_answers(run_packer *packer, filling *f, const together *t, bool *begin)
{
    const plan_input *input = f->input;
    if (!run_vectors_run(packer->vectors, packer->kernels->cones.items + input->cone, input->load_count)) return false;
    leaf_vector leaves[PLAN_LEAF_LIMIT];
    find_leaves(packer, input, leaves);
    unanswered u;
    u.lines.count = 0;
    for (size_t k = 0; k < t->count; k++) {
        if (!is_needed(f, t->lines[k])) continue;
        bool known = false;
        step_answer *answer = answer_for(packer, f, leaves, k, &known);
        if (known) {
            keep_value(f, t->lines[k], answer->value);
            continue;
        }
        u.answers[u.lines.count] = answer;
        u.lines.lines[u.lines.count] = t->lines[k];
        u.lines.subjects[u.lines.count++] = t->subjects[k];
    }
    *begin = u.lines.count > 0;
    return u.lines.count == 0 || fill_unanswered(packer, f, &u);
}

/* Inputs of one block that much the same lines need. */
static bool fill_lines(run_packer *packer, filling *const *group, size_t count, together *t)
{
    t->dense = t->lines[0] % 64 == 0 && (size_t)t->lines[t->count - 1] == t->lines[0] + t->count - 1;
    packer->context->scratch.count = 0;
    bool begin = true;
    for (size_t g = 0; g < count; g++) {
        if (begin) run_vectors_begin(packer->vectors, group[g]->input->block, t->subjects, NULL, t->count);
        begin = false;
        bool answers = group[g]->memo != NULL;
        if (!(answers ? fill_answers(packer, group[g], t, &begin) : fill_all(packer, group[g], t))) return false;
    }
    return true;
}

static size_t bits_in(const uint64_t *words, uint64_t count)
{
    size_t sum = 0;
    for (uint64_t i = 0; i < count; i++) sum += (size_t)__builtin_popcountll(words[i]);
    return sum;
}

/* Whether what one input needs is worked out along with another: all of it, and it is not much less. */
static bool goes_along(const filling *leader, const filling *other, uint64_t words)
{
    for (uint64_t i = 0; i < words; i++) {
        if ((other->needed[i] & ~leader->needed[i]) != 0) return false;
    }
    return bits_in(other->needed, words) * 2 >= bits_in(leader->needed, words);
}

static bool fill_group(run_packer *packer, filling *const *group, size_t count)
{
    together t;
    t.count = 0;
    for (uint64_t w = 0; w < packer->words; w++) {
        for (uint64_t left = group[0]->needed[w]; left != 0; left &= left - 1) {
            size_t line = w * 64 + (size_t)__builtin_ctzll(left);
            t.lines[t.count] = (uint16_t)line;
            t.subjects[t.count++] = packer->rows[line];
            if (t.count < RUN_ITEMS) continue;
            if (!fill_lines(packer, group, count, &t)) return false;
            t.count = 0;
        }
    }
    return t.count == 0 || fill_lines(packer, group, count, &t);
}

/* All inputs of one block, so that what they share is worked out once. */
static bool fill_block(run_packer *packer, filling *fillings, size_t count)
{
    filling **group = base_arena_alloc(&packer->temporary, (count + 1) * sizeof(filling *));
    if (group == NULL) return false;
    for (size_t f = 0; f < count; f++) {
        if (fillings[f].done) continue;
        size_t members = 0;
        for (size_t k = f; k < count; k++) {
            if (fillings[k].done || (k > f && !goes_along(&fillings[f], &fillings[k], packer->words))) continue;
            fillings[k].done = true;
            group[members++] = &fillings[k];
        }
        if (!fill_group(packer, group, members)) return false;
    }
    return true;
}

static bool keep_filling(run_packer *packer, filling *f)
{
    run_lanes *lanes = &packer->lanes[f->index];
    *lanes = (run_lanes){NULL, f->masks.yes, f->masks.no, 0};
    if (f->input->truth) return true;
    lanes->values = narrowed(packer, f->values, f->low, f->high, &lanes->width);
    return lanes->values != NULL;
}

static bool begin_filling(run_packer *packer, filling *f, uint32_t index, const uint64_t *needed)
{
    const plan_input *input = &packer->kernels->inputs.items[index];
    *f = (filling){.input = input, .index = index, .needed = needed};
    if (!new_masks(packer, &f->masks)) return false;
    if (!input->truth) f->values = base_arena_alloc(&packer->temporary, packer->words * 64 * sizeof *f->values);
    if (!input->truth && f->values == NULL) return false;
    if (input->leaf_count == 0) return true;
    struct run_step_memo **memo = &packer->answers[index];
    if (*memo == NULL) *memo = base_arena_alloc(packer->context->arena, sizeof **memo);
    if (*memo == NULL) return false;
    bool helps = (*memo)->asked < MEMO_TRIAL || (*memo)->met * 2 >= (*memo)->asked;
    f->memo = helps ? *memo : NULL;
    return true;
}

bool run_pack_steps(run_packer *packer, const uint32_t *inputs, size_t count, uint64_t *const *needed)
{
    filling *fillings = base_arena_alloc(&packer->arena, (count + 1) * sizeof *fillings);
    bool *done = base_arena_alloc(&packer->arena, count + 1);
    if (fillings == NULL || done == NULL) return false;
    if (packer->vectors == NULL) {
        packer->vectors = run_vectors_new(&packer->arena.allocator, packer->context);
        if (packer->vectors == NULL) return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (done[i]) continue;
        uint32_t block = packer->kernels->inputs.items[inputs[i]].block;
        size_t used = 0;
        for (size_t k = i; k < count; k++) {
            if (packer->kernels->inputs.items[inputs[k]].block != block) continue;
            done[k] = true;
            if (!begin_filling(packer, &fillings[used++], inputs[k], needed[k])) return false;
        }
        if (!fill_block(packer, fillings, used)) return false;
        for (size_t k = 0; k < used; k++) {
            if (!keep_filling(packer, &fillings[k])) return false;
        }
    }
    return !run_context_failed(packer->context);
}
