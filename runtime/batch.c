/* Judging a batch: its inputs are packed, its clauses run, and what they say becomes events and a few bits for each line.
 *
 * Inputs that are worked out line by line are unknown at first. A clause that is surely out of scope for a line while they are
 * unknown stays so when they are known, since what is certain never depends on what is not known; so they are worked out for the
 * other lines alone, and the clauses run again. */
#include "runtime/batch.h"

#include <string.h>

/* How wide what a unit reads is. */
static uint64_t signature_of(const run_packer *packer, const plan_unit *unit)
{
    const uint32_t *inputs = packer->kernels->slots.items + unit->slots;
    uint32_t count = packer->kernels->shapes.items[unit->shape].slot_count;
    uint64_t signature = 0;
    for (uint32_t i = 0; i < count; i++) signature = signature << 2 | packer->lanes[inputs[i]].width;
    return signature;
}

/* Says which code is wanted, so that all of it is being made by the time that the first is waited for. Of `filled` units it is not
 * known how wide their slots will be until they are. */
static void ask_for_code(run_packer *packer, const run_work *work, bool filled)
{
    const plan_kernels *kernels = packer->kernels;
    for (size_t i = 0; i < work->input_count; i++) {
        const plan_input *input = &kernels->inputs.items[work->inputs[i]];
        if (input->kind != PLAN_INPUT_UNIT || input->filled != filled) continue;
        run_kernel_ask(packer, input->unit, signature_of(packer, &kernels->units.items[input->unit]));
    }
    for (size_t u = 0; u < work->unit_count; u++) {
        const plan_unit *unit = &kernels->units.items[work->units[u]];
        if (unit->filled == filled) run_kernel_ask(packer, work->units[u], signature_of(packer, unit));
    }
}

void run_make_call(run_packer *packer, uint32_t index, run_lanes *lanes, size_t *slots, run_call *call)
{
    static const uint32_t one_after_the_other[RUN_CALL_SLOTS] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                                                 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                                                 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
    const plan_unit *unit = &packer->kernels->units.items[index];
    const plan_shape *shape = &packer->kernels->shapes.items[unit->shape];
    const uint32_t *inputs = packer->kernels->slots.items + unit->slots;
    const run_kernel_memo *found = run_kernel_find(packer, index, signature_of(packer, unit));
    *slots = 0;
    *call = (run_call){.lanes = packer->lanes, .inputs = inputs, .unit = index, .clause = unit->clause};
    call->plain = shape->plain;
    if (found == NULL) {
        call->constants = packer->constants + unit->constants;
        return;
    }
    call->kernel = found->kernel;
    call->compare = found->compare;
    call->composite = found->composite;
    call->constants = found->constants;
    if (found->kernel == NULL) return;
    for (uint32_t i = 0; i < shape->slot_count; i++) lanes[i] = packer->lanes[inputs[i]];
    *slots = shape->slot_count;
    call->lanes = lanes;
    call->inputs = one_after_the_other;
}

bool run_call_slowly(run_packer *packer, const run_call *call, uint64_t *const *planes)
{
    if (call->composite != NULL) {
        run_composite_unit(packer, call->composite, call->inputs, call->constants, planes);
        return true;
    }
    const plan_shape *shape = &packer->kernels->shapes.items[packer->kernels->units.items[call->unit].shape];
    return run_interpret_shape(&packer->registers, shape, call->lanes, call->inputs, call->constants, packer->words,
                               planes);
}

bool run_unit(run_packer *packer, uint32_t index, uint64_t *const *planes)
{
    run_lanes lanes[RUN_CALL_SLOTS];
    size_t slots;
    run_call call;
    run_make_call(packer, index, lanes, &slots, &call);
    run_start_call(packer, &call, 0);
    return run_finish_call(packer, &call, 0, planes);
}

run_call *run_make_calls(run_packer *packer, base_arena *arena, const run_work *work)
{
    if (packer->wait) ask_for_code(packer, work, true);
    size_t all = 0, taken = 0;
    for (size_t u = 0; u < work->unit_count; u++)
        all += packer->kernels->shapes.items[packer->kernels->units.items[work->units[u]].shape].slot_count;
    run_call *calls = base_arena_alloc(arena, (work->unit_count + 1) * sizeof *calls);
    run_lanes *lanes = base_arena_alloc(arena, (all + 1) * sizeof *lanes);
    if (calls == NULL || lanes == NULL) return NULL;
    for (size_t u = 0; u < work->unit_count; u++) {
        size_t slots;
        run_make_call(packer, work->units[u], lanes + taken, &slots, &calls[u]);
        taken += slots;
    }
    return calls;
}

/* The bits of a word that stand for lines. */
static uint64_t valid_bits(const run_packer *packer, uint64_t word)
{
    uint64_t rest = packer->count - word * 64;
    return rest >= 64 ? UINT64_MAX : (UINT64_C(1) << rest) - 1;
}

/* ---- inputs that are worked out line by line ---- */

/* Those that depend on history are worked out after the others, which may show that a clause is out of scope: then its history does not
 * matter. */
typedef enum stage { NEAR = 1, FAR = 2 } stage;

typedef struct wanting {
    run_packer *packer;
    unsigned stages;   /* which are wanted */
    uint64_t **needed; /* by input; NULL where nobody asked */
    bool failed;
} wanting;

static unsigned stage_of(const plan_input *input)
{
    return input->far ? FAR : NEAR;
}

static void want_unit(wanting *w, uint32_t unit, const uint64_t *lines);

static void want_input(wanting *w, uint32_t index, const uint64_t *lines)
{
    const plan_input *input = &w->packer->kernels->inputs.items[index];
    if (!input->filled) return;
    if (input->kind == PLAN_INPUT_UNIT) {
        want_unit(w, input->unit, lines);
        return;
    }
    if ((w->stages & stage_of(input)) == 0) return;
    uint64_t words = w->packer->words;
    if (w->needed[index] == NULL) w->needed[index] = base_arena_alloc(&w->packer->arena, words * sizeof(uint64_t));
    if (w->needed[index] == NULL) {
        w->failed = true;
        return;
    }
    for (uint64_t i = 0; i < words; i++) w->needed[index][i] |= lines[i];
}

static void want_unit(wanting *w, uint32_t index, const uint64_t *lines)
{
    const plan_kernels *kernels = w->packer->kernels;
    const plan_unit *unit = &kernels->units.items[index];
    for (uint32_t i = 0; i < kernels->shapes.items[unit->shape].slot_count; i++) {
        want_input(w, kernels->slots.items[unit->slots + i], lines);
    }
}

static bool any_bit(const uint64_t *words, uint64_t count)
{
    uint64_t all = 0;
    for (uint64_t i = 0; i < count; i++) all |= words[i];
    return all != 0;
}

/* Which lines ask for which inputs. */
static bool gather_wanted(wanting *w, const run_work *work, uint64_t *const *all_planes)
{
    run_packer *packer = w->packer;
    const plan_kernels *kernels = packer->kernels;
    uint64_t words = packer->words, *planes = all_planes[RUN_PLANE_APPLIES];
    for (size_t u = 0; u < work->unit_count; u++) {
        if (!kernels->units.items[work->units[u]].filled) continue;
        if (!run_unit(packer, work->units[u], all_planes)) return false;
        planes[words - 1] &= valid_bits(packer, words - 1);
        if (any_bit(planes, words)) want_unit(w, work->units[u], planes);
    }
    for (size_t p = 0; p < work->policy_count; p++) {
        const plan_policy_units *policy = &kernels->policies[work->policies[p]];
        for (uint64_t i = 0; i < words; i++) planes[i] = valid_bits(packer, i);
        want_input(w, policy->payer, planes);
        for (uint64_t i = 0; i < words; i++) planes[i] &= ~packer->lanes[policy->payer].no[i];
        want_input(w, policy->dates, planes);
    }
    return !w->failed;
}

static bool fill_stages(run_packer *packer, const run_work *work, unsigned stages, uint64_t *const *planes)
{
    const plan_kernels *kernels = packer->kernels;
    wanting w = {.packer = packer, .stages = stages};
    w.needed = base_arena_alloc(&packer->arena, (kernels->inputs.count + 1) * sizeof *w.needed);
    uint32_t *wanted = base_arena_alloc(&packer->arena, (work->input_count + 1) * sizeof *wanted);
    uint64_t **lines = base_arena_alloc(&packer->arena, (work->input_count + 1) * sizeof *lines);
    if (w.needed == NULL || wanted == NULL || lines == NULL || !gather_wanted(&w, work, planes)) return false;
    size_t count = 0;
    for (size_t i = 0; i < work->input_count; i++) {
        if (w.needed[work->inputs[i]] == NULL) continue;
        wanted[count] = work->inputs[i];
        lines[count++] = w.needed[work->inputs[i]];
    }
    if (!run_pack_steps(packer, wanted, count, lines)) return false;
    for (size_t i = 0; i < work->input_count; i++) {
        const plan_input *input = &kernels->inputs.items[work->inputs[i]];
        bool again = input->kind == PLAN_INPUT_UNIT && input->filled;
        if (again && !run_pack_input(packer, work->inputs[i])) return false;
    }
    return true;
}

static bool fill_inputs(run_packer *packer, const run_work *work, uint64_t *const *planes)
{
    unsigned stages = 0;
    for (size_t i = 0; i < work->input_count; i++) {
        const plan_input *input = &packer->kernels->inputs.items[work->inputs[i]];
        if (input->kind == PLAN_INPUT_STEP) stages |= stage_of(input);
    }
    if (stages != (NEAR | FAR)) return fill_stages(packer, work, stages, planes);
    return fill_stages(packer, work, NEAR, planes) && fill_stages(packer, work, FAR, planes);
}

/* ---- what comes out ---- */

/* Room for so many marks more. */
static bool make_room(run_outcome *o, size_t more)
{
    if (o->marks.count + more <= o->marks.capacity) return true;
    size_t capacity = (o->marks.count + more) * 2 + 1024;
    return base_arena_reserve(&o->packer->temporary, (void **)&o->marks.items, o->marks.count, &o->marks.capacity,
                              sizeof *o->marks.items, capacity);
}

/* Marks the lines of a word's bits. */
static inline run_mark *mark_lines(run_mark *mark, uint64_t bits, unsigned verdict, uint64_t word)
{
    unsigned base = verdict << RUN_MARK_SHIFT | (unsigned)word * 64;
    for (; bits != 0; bits &= bits - 1) *mark++ = (run_mark)(base + (unsigned)__builtin_ctzll(bits));
    return mark;
}

/* What a clause says, from its planes; those of where it applies lie in the batch already. */
static bool take_clause(run_outcome *o, const run_call *call, uint64_t *const *planes)
{
    bool plain = call->plain;
    uint64_t words = o->packer->words, last = words - 1, valid = valid_bits(o->packer, last);
    uint64_t *applies = planes[RUN_PLANE_APPLIES], *events = planes[RUN_PLANE_EVENTS];
    const uint64_t *fails = planes[RUN_PLANE_FAILS], *excused = planes[RUN_PLANE_EXCUSED];
    if (valid != UINT64_MAX) {
        applies[last] &= valid;
        events[last] &= valid;
    }
    uint16_t *found = o->found;
    for (uint64_t w = 0; w < words; w++) o->any[w] |= applies[w];
    size_t some = o->packer->loops->find_words(events, words, found);
    if (some == 0) return true;
    run_marked *marked = BASE_PUSH(&o->packer->temporary, &o->marked);
    if (marked == NULL || !make_room(o, some * 64)) return false;
    run_mark *mark = o->marks.items + o->marks.count, *first = mark;
    for (size_t s = 0; s < some; s++) {
        uint64_t w = found[s], fail = events[w] & fails[w], rest = events[w] & ~fails[w];
        mark = mark_lines(mark, fail, ADJ_CLAUSE_FAIL, w);
        if (rest == 0) continue;
        uint64_t excuse = plain ? 0 : rest & excused[w];
        mark = mark_lines(mark, excuse, ADJ_CLAUSE_EXCUSED, w);
        mark = mark_lines(mark, rest & ~excuse, ADJ_CLAUSE_CANNOT_TELL, w);
    }
    *marked = (run_marked){call->clause, (uint32_t)(mark - first)};
    o->marks.count += marked->count;
    return true;
}

static inline uint8_t flags_at(uint64_t applies, uint64_t unknown, uint64_t no_version, uint64_t any, size_t i)
{
    return (uint8_t)((applies >> i & 1) * RUN_LINE_APPLIES | (unknown >> i & 1) * RUN_LINE_UNKNOWN |
                     (no_version >> i & 1) * RUN_LINE_NO_VERSION | (any >> i & 1) * RUN_LINE_ANY_CLAUSE);
}

/* The flags of a word's lines, of which `left` are left; nearly always all have the same. */
static void put_flags(const uint32_t *lines, size_t left, uint64_t applies, uint64_t unknown, uint64_t no_version,
                      uint64_t any, uint8_t *flags)
{
    size_t count = left < 64 ? left : 64;
    uint64_t valid = count == 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
    uint64_t planes[] = {applies & valid, unknown & valid, no_version & valid, any & valid};
    bool same = true;
    for (int p = 0; p < 4; p++) same = same && (planes[p] == 0 || planes[p] == valid);
    uint8_t first = flags_at(applies, unknown, no_version, any, 0);
    for (size_t i = 0; same && i < count; i++) flags[lines[i]] = first;
    for (size_t i = 0; !same && i < count; i++) flags[lines[i]] = flags_at(applies, unknown, no_version, any, i);
}

/* Bits of each line: how policies that name payers stand to it, whether any clause applies. */
static void take_flags(const run_outcome *o, uint8_t *flags)
{
    const run_packer *packer = o->packer;
    const run_work *work = o->batch->work;
    const uint32_t *lines = work->lines + o->batch->first;
    for (uint64_t w = 0; w < packer->words; w++) {
        uint64_t applies = 0, unknown = 0, no_version = 0;
        for (size_t p = 0; p < work->policy_count; p++) {
            const plan_policy_units *policy = &packer->kernels->policies[work->policies[p]];
            const run_lanes *payer = &packer->lanes[policy->payer], *dates = &packer->lanes[policy->dates];
            uint64_t both = payer->yes[w] & dates->yes[w], theirs = ~payer->no[w];
            applies |= both;
            no_version |= theirs & dates->no[w];
            unknown |= theirs & ~dates->no[w] & ~both;
        }
        put_flags(lines + w * 64, packer->count - w * 64, applies, unknown, no_version, o->any[w], flags);
    }
}

bool run_units(run_packer *packer, const run_call *calls, run_outcome *o)
{
    uint64_t words = packer->words, room = RUN_ROOM(words);
    size_t count = o->batch->work->unit_count;
    if (count > 0) run_start_call(packer, &calls[0], 0);
    for (size_t u = 0; u < count; u++) {
        uint64_t *const planes[] = {o->batch->applies + u * words, o->spare, o->spare + room, o->spare + 2 * room};
        if (u + 1 < count) run_start_call(packer, &calls[u + 1], (u + 1) % 2);
        if (!run_finish_call(packer, &calls[u], u % 2, planes) || !take_clause(o, &calls[u], planes)) return false;
    }
    return true;
}

bool run_pack_batch(run_packer *packer, const run_work *work)
{
    uint64_t room = RUN_ROOM(packer->words);
    uint64_t *spare = base_arena_alloc(&packer->arena, room * RUN_PLANES * sizeof *spare);
    if (spare == NULL) return false;
    /* Units depend on what columns hold, and never the other way round. */
    for (size_t i = 0; i < work->input_count; i++) {
        run_lanes *lanes = &packer->lanes[work->inputs[i]];
        if (packer->kernels->inputs.items[work->inputs[i]].kind == PLAN_INPUT_UNIT)
            *lanes = (run_lanes){0};
        else if (!run_pack_input(packer, work->inputs[i]))
            return false;
    }
    if (packer->wait) ask_for_code(packer, work, false);
    for (size_t i = 0; i < work->input_count; i++) {
        bool unit = packer->kernels->inputs.items[work->inputs[i]].kind == PLAN_INPUT_UNIT;
        if (unit && !run_pack_input(packer, work->inputs[i])) return false;
    }
    uint64_t *const planes[] = {spare, spare + room, spare + 2 * room, spare + 3 * room};
    return !work->filled || fill_inputs(packer, work, planes);
}

bool run_judge_batch(run_packer *packer, base_arena *arena, run_batch *batch, const uint32_t *rows, uint8_t *flags)
{
    const run_work *work = batch->work;
    uint32_t here[RUN_BATCH_MOST];
    for (size_t i = 0; i < batch->count; i++) here[i] = rows[work->lines[batch->first + i]];
    if (!run_packer_begin(packer, here, batch->count)) return false;
    uint64_t words = packer->words;
    batch->applies = base_arena_alloc(arena, (work->unit_count * words + 8) * sizeof *batch->applies);
    run_outcome o = {.packer = packer, .batch = batch};
    o.spare = base_arena_alloc(&packer->arena, RUN_ROOM(words) * RUN_PLANES * sizeof *o.spare);
    if (o.spare == NULL || batch->applies == NULL || !run_pack_batch(packer, work)) return false;
    const run_call *calls = run_make_calls(packer, &packer->arena, work);
    if (calls == NULL || !run_units(packer, calls, &o)) return false;
    take_flags(&o, flags);
    batch->marked_count = o.marked.count;
    batch->marked = base_arena_alloc_raw(arena, o.marked.count * sizeof *batch->marked);
    batch->marks = base_arena_alloc_raw(arena, o.marks.count * sizeof *batch->marks);
    if (batch->marked == NULL || batch->marks == NULL) return false;
    if (o.marked.count > 0) memcpy(batch->marked, o.marked.items, o.marked.count * sizeof *batch->marked);
    if (o.marks.count > 0) memcpy(batch->marks, o.marks.items, o.marks.count * sizeof *batch->marks);
    return !run_context_failed(packer->context);
}
