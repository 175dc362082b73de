/* Packing what steps give: history, tables, calendars and whatever else takes more than reading a column, worked out by the plan's own
 * steps for the lines that need it alone, many at a time; answers that follow from few fields are kept. */
#include "runtime/pack.h"
#include "runtime/vector.h"

#include <string.h>

static inline void set_bits(run_masks *m, size_t i, uint64_t yes, uint64_t no)
{
    m->yes[i / 64] |= yes << (i % 64);
    m->no[i / 64] |= no << (i % 64);
}

enum { MEMO_CODES = 16, MEMO_BITS = 8, MEMO_PLACES = 1 << MEMO_BITS, MEMO_TRIAL = 1024 };

/* What a step gave for some values of the fields that it follows from. */
typedef struct step_answer {
    uint64_t hash;
    bool kept;                       /* there is one */
    bool open;                       /* the value is being worked out */
    uint8_t states[PLAN_LEAF_LIMIT]; /* by field */
    int64_t values[PLAN_LEAF_LIMIT]; /* of a list, how many codes it has */
    uint32_t codes[MEMO_CODES];      /* of lists, one after the other */
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
    run_masks masks;
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

static inline uint64_t mixed(uint64_t hash, uint64_t more)
{
    hash = (hash ^ more) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 32;
}

/* Digests of what the fields hold, a field after the other for all items: what is worked out for one of them need not wait for another. */
static void digest_all(const run_packer *packer, const leaf_vector *leaves, size_t leaf_count, size_t count,
                       uint64_t digests[RUN_ITEMS])
{
    memset(digests, 0, count * sizeof *digests);
    for (size_t i = 0; i < leaf_count; i++) {
        const int64_t *bits = leaves[i].vector->bits;
        const uint8_t *states = leaves[i].vector->states;
        for (size_t k = 0; k < count && !leaves[i].list; k++) {
            uint64_t known = states[k] == RUN_PRESENT ? (uint64_t)bits[k] : 0;
            digests[k] = mixed(digests[k], known ^ (uint64_t)states[k] << 62);
        }
        for (size_t k = 0; k < count && leaves[i].list; k++) {
            size_t codes = 0;
            const uint32_t *items = NULL;
            if (states[k] == RUN_PRESENT) items = run_list_items(packer->context, bits[k], &codes);
            uint64_t own = mixed(digests[k], codes ^ (uint64_t)states[k] << 62);
            for (size_t c = 0; c < codes; c++) own = mixed(own, items[c]);
            digests[k] = own;
        }
    }
}

/* Whether an answer is to what the fields of an item hold; with `keep`, makes it one. False where that is too much to keep. */
static inline bool compare_answer(const run_packer *packer, step_answer *answer, const leaf_vector *leaves,
                                  size_t count, size_t item, bool keep)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t state = leaves[i].vector->states[item];
        int64_t value = state == RUN_PRESENT ? leaves[i].vector->bits[item] : 0;
        if (leaves[i].list && state == RUN_PRESENT) {
            size_t codes;
            const uint32_t *items = run_list_items(packer->context, value, &codes);
            if (codes > MEMO_CODES - used) return false;
            if (keep) memcpy(answer->codes + used, items, codes * sizeof *items);
            if (!keep && (answer->values[i] != (int64_t)codes ||
                          memcmp(answer->codes + used, items, codes * sizeof *items) != 0))
                return false;
            used += codes;
            value = (int64_t)codes;
        }
        if (keep) {
            answer->states[i] = state;
            answer->values[i] = value;
        } else if (answer->states[i] != state || answer->values[i] != value) {
            return false;
        }
    }
    return true;
}

/* The place of the answer for an item whose fields have been read; NULL where none is kept. */
static inline step_answer *answer_for(const run_packer *packer, filling *f, const leaf_vector *leaves, uint64_t digest,
                                      size_t item, bool *known)
{
    step_answer *answer = &f->memo->places[digest >> (64 - MEMO_BITS)];
    f->memo->asked++;
    bool same = answer->kept && answer->hash == digest &&
                compare_answer(packer, answer, leaves, f->input->leaf_count, item, false);
    *known = same && !answer->open;
    if (same) {
        f->memo->met++;
        return answer;
    }
    answer->kept = compare_answer(packer, answer, leaves, f->input->leaf_count, item, true);
    answer->hash = digest;
    answer->open = true;
    return answer->kept ? answer : NULL;
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
    if (f->input->truth) return;
    int64_t *values = f->values + first, low = f->low,
            high = f->high; /* kept in registers: what is written might be them */
    for (size_t k = 0; k < t->count; k++) {
        int64_t number = vector->states[k] == RUN_PRESENT ? vector->bits[k] : 0;
        values[k] = number;
        low = number < low ? number : low;
        high = number > high ? number : high;
    }
    f->low = low;
    f->high = high;
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
    uint64_t digests[RUN_ITEMS];
    digest_all(packer, leaves, input->leaf_count, t->count, digests);
    unanswered u;
    u.lines.count = 0;
    for (size_t k = 0; k < t->count; k++) {
        if (!is_needed(f, t->lines[k])) continue;
        bool known = false;
        step_answer *answer = answer_for(packer, f, leaves, digests[k], k, &known);
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
    lanes->values = run_narrow(packer, f->values, f->low, f->high, &lanes->width);
    return lanes->values != NULL;
}

static bool begin_filling(run_packer *packer, filling *f, uint32_t index, const uint64_t *needed)
{
    const plan_input *input = &packer->kernels->inputs.items[index];
    *f = (filling){.input = input, .index = index, .needed = needed};
    if (!run_new_masks(packer, &f->masks)) return false;
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
