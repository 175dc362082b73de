/* Packing what steps give: history, tables, calendars and whatever else takes more than reading a column, worked out by the plan's own
 * steps for the lines that need it alone, many at a time; answers that follow from few fields are kept. */
#include "runtime/answers.h"
#include "runtime/pack.h"

#include <string.h>

static inline void set_bits(run_masks *m, size_t i, uint64_t yes, uint64_t no)
{
    m->yes[i / 64] |= yes << (i % 64);
    m->no[i / 64] |= no << (i % 64);
}

/* One input that steps give, while its block is at hand. */
typedef struct filling {
    const plan_input *input;
    uint32_t index;
    const uint64_t *needed;
    bool answered;        /* answers are kept, and help */
    struct filling *twin; /* of an upper bound the lower one, where the same lines need both; else NULL */
    uint64_t
        borrowed; /* a bit for each word of lines that is the twin's: the upper bound of what is certain is the lower one */
    run_masks masks;
    int64_t *values;
    int64_t low, high;
    bool done;
} filling;

/* The loads of the fields that a step follows from. */
static const uint32_t *leaf_steps(const run_packer *packer, const plan_input *input)
{
    return packer->kernels->cones.items + input->cone + input->cone_count;
}

/* Those fields, as they were read. */
static void find_leaves(const run_packer *packer, const plan_input *input, run_leaf leaves[PLAN_LEAF_LIMIT])
{
    const uint32_t *steps = leaf_steps(packer, input);
    const plan_program *plan = packer->context->binding->plan;
    const plan_block *block = &plan->blocks.items[input->block];
    for (uint32_t i = 0; i < input->leaf_count; i++) {
        lang_field field = (lang_field)block->steps.items[steps[i]].detail;
        const run_vector *vector = run_vectors_get(packer->vectors, steps[i]);
        lang_type type = lang_schema_field(plan->program->schema, field)->type;
        leaves[i] = (run_leaf){vector->bits, vector->states, type.list, type.kind == LANG_TYPE_CODE && !type.list};
    }
}

static bool same_leaves(const run_packer *packer, const plan_input *a, const plan_input *b)
{
    return a->leaf_count == b->leaf_count &&
           memcmp(leaf_steps(packer, a), leaf_steps(packer, b), a->leaf_count * sizeof(uint32_t)) == 0;
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
static void keep_dense(const run_column_loops *loops, filling *f, const together *t, const run_vector *vector)
{
    _Static_assert(RUN_TRUE == 1 && RUN_FALSE == 2 && RUN_ABSENT == 1 && RUN_PRESENT == 2, "bits of states and truths");
    size_t first = t->lines[0];
    int64_t range[2] = {f->low, f->high};
    for (size_t k = 0; k < t->count; k += RUN_STRIP) {
        uint64_t rest = t->count - k, valid = rest >= RUN_STRIP ? UINT64_MAX : (UINT64_C(1) << rest) - 1;
        uint64_t needed = f->needed[(first + k) / RUN_STRIP] & valid;
        uint64_t low = bits_of(vector->states + k, 0) & needed, high = bits_of(vector->states + k, 1) & needed;
        f->masks.yes[(first + k) / RUN_STRIP] |= f->input->truth ? low : high;
        f->masks.no[(first + k) / RUN_STRIP] |= f->input->truth ? high : low;
        if (!f->input->truth) loops->keep(vector->bits + k, high, f->values + first + k, range);
    }
    f->low = range[0];
    f->high = range[1];
}

static void keep_vector(const run_packer *packer, filling *f, const together *t, const run_vector *vector)
{
    if (t->dense) {
        keep_dense(packer->loops, f, t, vector);
        return;
    }
    for (size_t k = 0; k < t->count; k++) {
        if (is_needed(f, t->lines[k])) keep_value(f, t->lines[k], run_vector_value(vector, k));
    }
}

/* Leaves words of lines to be taken over from the twin, which has the same. */
static void borrow(filling *f, const together *t)
{
    _Static_assert(RUN_BATCH_WORDS <= 64, "a bit for each word of a batch");
    size_t first = t->lines[0] / RUN_STRIP, words = (t->count + RUN_STRIP - 1) / RUN_STRIP;
    f->borrowed |= (words == 64 ? UINT64_MAX : (UINT64_C(1) << words) - 1) << first;
}

/* Takes them over where there are others. */
static void take_over(filling *f)
{
    const filling *twin = f->twin;
    for (uint64_t left = f->borrowed; left != 0; left &= left - 1) {
        size_t w = (size_t)__builtin_ctzll(left);
        f->masks.yes[w] |= twin->masks.yes[w];
        f->masks.no[w] |= twin->masks.no[w];
        memcpy(f->values + w * RUN_STRIP, twin->values + w * RUN_STRIP, RUN_STRIP * sizeof *f->values);
    }
    f->low = twin->low < f->low ? twin->low : f->low;
    f->high = twin->high > f->high ? twin->high : f->high;
}

/* Works a step out for those lines that need it, with all that it follows from. */
static bool fill_all(run_packer *packer, filling *f, const together *t)
{
    const plan_input *input = f->input;
    if (!run_vectors_run(packer->vectors, packer->kernels->cones.items + input->cone, input->cone_count)) return false;
    const run_vector *vector = run_vectors_get(packer->vectors, input->step);
    if (f->twin != NULL && t->dense && vector->bits == run_vectors_get(packer->vectors, f->twin->input->step)->bits)
        borrow(f, t);
    else
        keep_vector(packer, f, t, vector);
    return true;
}

/* Works the step out for items that nothing is kept about, and keeps what it gives. */
static bool fill_missing(run_packer *packer, const filling *f, const together *t, const run_asked *asked,
                         run_answered *taken, bool *begin)
{
    const plan_input *input = f->input;
    const run_input_answers *own = &packer->answers[f->index];
    uint32_t subjects[RUN_ITEMS];
    uint16_t items[RUN_ITEMS];
    size_t count = 0;
    for (size_t k = 0; k < t->count; k++) {
        if (!taken->missing[k] || !is_needed(f, t->lines[k])) continue;
        subjects[count] = t->subjects[k];
        items[count++] = (uint16_t)k;
    }
    if (count == 0) return true;
    *begin = true;
    run_vectors_begin(packer->vectors, input->block, subjects, NULL, count);
    if (!run_vectors_run(packer->vectors, packer->kernels->cones.items + input->cone, input->cone_count)) return false;
    const run_vector *vector = run_vectors_get(packer->vectors, input->step);
    for (size_t k = 0; k < count; k++) {
        size_t item = items[k];
        taken->bits[item] = vector->truth ? 0 : vector->bits[k];
        taken->states[item] = vector->states[k];
        run_answers_put(own->answers, own->step, asked, item, taken->bits[item], taken->states[item]);
    }
    return true;
}

/* The same by answers that were given before, for inputs that follow from the same fields: those are read, and steps worked out where no
 * answer is kept. */
static bool fill_answers(run_packer *packer, filling *const *same, size_t count, const together *t, bool *begin)
{
    const plan_input *input = same[0]->input;
    run_answers *answers = packer->answers[same[0]->index].answers;
    if (!run_vectors_run(packer->vectors, packer->kernels->cones.items + input->cone, input->load_count)) return false;
    run_leaf leaves[PLAN_LEAF_LIMIT];
    run_asked asked;
    find_leaves(packer, input, leaves);
    if (!run_answers_help(answers) && run_answers_can_grow(answers) && !run_answers_grow(answers)) return false;
    run_answers_ask(answers, packer->context, leaves, t->count, &asked);
    for (size_t i = 0; i < count; i++) {
        run_answered taken;
        run_answers_take(answers, packer->answers[same[i]->index].step, &asked, t->count, &taken);
        if (!fill_missing(packer, same[i], t, &asked, &taken, begin)) return false;
        const run_vector vector = {.truth = same[i]->input->truth, .bits = taken.bits, .states = taken.states};
        keep_vector(packer, same[i], t, &vector);
    }
    return true;
}

/* How many of the inputs from the first on share its answers. */
static size_t that_share(const run_packer *packer, filling *const *group, size_t count)
{
    size_t same = 1;
    while (same < count && group[same]->answered &&
           packer->answers[group[same]->index].answers == packer->answers[group[0]->index].answers)
        same++;
    return same;
}

/* Inputs of one block that much the same lines need. */
static bool fill_lines(run_packer *packer, filling *const *group, size_t count, together *t)
{
    t->dense = t->lines[0] % 64 == 0 && (size_t)t->lines[t->count - 1] == t->lines[0] + t->count - 1;
    packer->context->scratch.count = 0;
    bool begin = true;
    for (size_t g = 0, own; g < count; g += own) {
        if (begin) run_vectors_begin(packer->vectors, group[g]->input->block, t->subjects, NULL, t->count);
        begin = false;
        own = group[g]->answered ? that_share(packer, group + g, count - g) : 1;
        if (!(group[g]->answered ? fill_answers(packer, group + g, own, t, &begin) : fill_all(packer, group[g], t)))
            return false;
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

/* A whole word of lines. */
static void add_word(const run_packer *packer, together *t, uint64_t word)
{
    for (size_t i = 0; i < RUN_STRIP; i++) t->lines[t->count + i] = (uint16_t)(word * RUN_STRIP + i);
    memcpy(t->subjects + t->count, packer->rows + word * RUN_STRIP, RUN_STRIP * sizeof *t->subjects);
    t->count += RUN_STRIP;
}

static bool fill_group(run_packer *packer, filling *const *group, size_t count)
{
    together t;
    t.count = 0;
    for (uint64_t w = 0; w < packer->words; w++) {
        uint64_t left = group[0]->needed[w];
        if (left == UINT64_MAX && t.count + RUN_STRIP <= RUN_ITEMS) {
            add_word(packer, &t, w);
            left = 0;
        }
        if (t.count == RUN_ITEMS) {
            if (!fill_lines(packer, group, count, &t)) return false;
            t.count = 0;
        }
        for (; left != 0; left &= left - 1) {
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

/* The lower bound that belongs to an upper one: they stand near each other, if both are there. */
static void find_twin(const run_packer *packer, filling *const *group, size_t count, size_t own)
{
    filling *f = group[own];
    const plan_block *block = &packer->context->binding->plan->blocks.items[f->input->block];
    const plan_step *step = &block->steps.items[f->input->step];
    if (step->operation != PLAN_UPPER || f->answered || f->input->truth) return;
    enum { NEAR = 4 };
    for (size_t k = own > NEAR ? own - NEAR : 0; k < count && k <= own + NEAR; k++) {
        bool lower = group[k]->input->step == step->a && !group[k]->answered;
        if (lower && memcmp(group[k]->needed, f->needed, packer->words * sizeof *f->needed) == 0) f->twin = group[k];
    }
}

/* Puts those of a group that share answers one behind the other; of those that have none yet, which begin to be kept now, those share that
 * follow from the same fields. False when memory runs out. */
static bool share_answers(run_packer *packer, filling **group, size_t count)
{
    for (size_t g = 0, next; g < count; g = next) {
        next = g + 1;
        if (!group[g]->answered) continue;
        const plan_input *input = group[g]->input;
        run_input_answers *own = &packer->answers[group[g]->index];
        if (own->answers == NULL) {
            run_leaf leaves[PLAN_LEAF_LIMIT];
            find_leaves(packer, input, leaves);
            own->answers = run_answers_new(packer->context->arena, packer->context->binding, leaves, input->leaf_count);
            if (own->answers == NULL || !run_answers_add(own->answers, &own->step)) return false;
        }
        for (size_t k = next; k < count; k++) {
            run_input_answers *other = &packer->answers[group[k]->index];
            if (!group[k]->answered) continue;
            if (other->answers == NULL && same_leaves(packer, input, group[k]->input)) {
                other->answers = own->answers;
                if (!run_answers_add(own->answers, &other->step)) return false;
            }
            if (other->answers != own->answers) continue;
            filling *moved = group[k];
            memmove(group + next + 1, group + next, (k - next) * sizeof *group);
            group[next++] = moved;
        }
    }
    return true;
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
        if (!share_answers(packer, group, members)) return false;
        for (size_t k = 0; k < members; k++) find_twin(packer, group, members, k);
        if (!fill_group(packer, group, members)) return false;
    }
    return true;
}

static bool keep_filling(run_packer *packer, filling *f)
{
    run_lanes *lanes = &packer->lanes[f->index];
    uint64_t all = packer->words == 64 ? UINT64_MAX : (UINT64_C(1) << packer->words) - 1;
    if (f->twin != NULL && f->borrowed == all) {
        *lanes = packer->lanes[f->twin->index];
        return true;
    }
    if (f->twin != NULL && f->borrowed != 0) take_over(f);
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
    if (!input->truth) {
        f->values = base_arena_alloc_raw(&packer->temporary, packer->words * RUN_STRIP * sizeof *f->values);
        if (f->values == NULL) return false;
        /* All lines of the other words are given something. */
        for (uint64_t w = 0; w < packer->words; w++) {
            if (needed[w] != UINT64_MAX) memset(f->values + w * RUN_STRIP, 0, RUN_STRIP * sizeof *f->values);
        }
    }
    if (input->leaf_count == 0) return true;
    enum { FEW = 64 }; /* of so few lines no answers are begun to be kept */
    const run_answers *answers = packer->answers[index].answers;
    if (answers == NULL)
        f->answered = bits_in(needed, packer->words) >= FEW;
    else
        f->answered = run_answers_help(answers) || run_answers_can_grow(answers);
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
            if (fillings[k].twin == NULL && !keep_filling(packer, &fillings[k])) return false;
        }
        for (size_t k = 0; k < used; k++) {
            if (fillings[k].twin != NULL && !keep_filling(packer, &fillings[k])) return false;
        }
    }
    return !run_context_failed(packer->context);
}
