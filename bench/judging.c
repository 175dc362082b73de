/* Judging the first workload, a line, side by side in one run: the floor (reading the same columns and nothing else), kernels as
 * machine code and interpreted, with and without an event for each failing clause, and code by hand. Columns stream from memory,
 * or one batch stays in the cache. All answers are compared first. */
#include "bench/judging.h"

#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef struct judging {
    adj_policies *policies;
    adj_encounters *encounters;
    run_binding binding;
    run_context context;
    base_arena arena;
    run_many many; /* its schedule */
    run_packer packer;
    packed_batch *batches;
    size_t batch_count, lines, hot;
    run_outcome outcome;
    uint64_t checksum;
} judging;

static void list_columns(judging *j, packed_batch *b);

/* ---- packing ---- */

static uint8_t *unpacked(base_arena *arena, const run_lanes *lanes, uint64_t words)
{
    uint8_t *bytes = base_arena_alloc(arena, words * 128);
    if (bytes == NULL) bench_stop("out of memory");
    for (size_t i = 0; i < words * 64; i++) {
        bytes[i] = lanes->yes[i / 64] >> (i % 64) & 1;
        bytes[words * 64 + i] = lanes->no[i / 64] >> (i % 64) & 1;
    }
    return bytes;
}

static void find_slots(judging *j, packed_batch *b)
{
    const plan_kernels *kernels = j->policies->kernels;
    for (unsigned c = 0; c < WORKLOAD_CLAUSES; c++) {
        const plan_policy *policy = &j->policies->plan->policies.items[b->payer];
        const plan_unit *unit = &kernels->units.items[kernels->clause_units[policy->first_clause + c]];
        for (unsigned s = 0; s < kernels->shapes.items[unit->shape].slot_count && s < 4; s++) {
            b->slots[c][s] = b->lanes[kernels->slots.items[unit->slots + s]];
            b->bytes[c][s] = unpacked(&b->arena, &b->slots[c][s], b->words);
        }
    }
}

/* What clauses read that these lines do not meet: code by hand has no dispatch by procedure. */
static void pack_rest(judging *j, const packed_batch *b)
{
    const plan_kernels *kernels = j->policies->kernels;
    const run_work *work = b->batch.work;
    const plan_policy *policy = &j->policies->plan->policies.items[b->payer];
    for (unsigned c = 0; c < WORKLOAD_CLAUSES; c++) {
        const plan_unit *unit = &kernels->units.items[kernels->clause_units[policy->first_clause + c]];
        for (unsigned s = 0; s < kernels->shapes.items[unit->shape].slot_count; s++) {
            uint32_t input = kernels->slots.items[unit->slots + s];
            bool there = false;
            for (size_t i = 0; i < work->input_count && !there; i++) there = work->inputs[i] == input;
            if (!there && !run_pack_input(&j->packer, input)) bench_stop("out of memory");
        }
    }
}

/* Packs one batch into memory of its own, where it stays. */
static void pack(judging *j, packed_batch *b, const run_batch *batch, const uint32_t *rows)
{
    const plan_kernels *kernels = j->policies->kernels;
    const run_work *work = batch->work;
    b->batch = *batch;
    base_arena_init(&b->arena, NULL);
    b->arena.wide = true;
    b->rows = base_arena_alloc(&b->arena, batch->count * sizeof *b->rows);
    for (size_t i = 0; i < batch->count; i++) b->rows[i] = rows[work->lines[batch->first + i]];
    b->payer =
        kernels->units.items[work->units[0]].clause / (unsigned)j->policies->plan->policies.items[0].clause_count;
    base_arena own = j->packer.arena;
    base_arena_init(&j->packer.arena, NULL);
    j->packer.arena.wide = true;
    run_packer_begin(&j->packer, b->rows, batch->count);
    j->outcome.batch = &b->batch;
    b->words = j->packer.words;
    b->batch.applies = base_arena_alloc(&b->arena, (work->unit_count * b->words + 8) * sizeof(uint64_t));
    if (!run_pack_batch(&j->packer, work)) bench_stop("out of memory");
    pack_rest(j, b);
    b->lanes = base_arena_alloc(&b->arena, kernels->inputs.count * sizeof *b->lanes);
    memcpy(b->lanes, j->packer.lanes, kernels->inputs.count * sizeof *b->lanes);
    j->packer.arena = own; /* the columns stay where they are */
    find_slots(j, b);
    list_columns(j, b);
    size_t planes = WORKLOAD_CLAUSES * b->words;
    b->fails = base_arena_alloc(&b->arena, planes * sizeof *b->fails);
    b->open = base_arena_alloc(&b->arena, planes * sizeof *b->open);
    b->failing = base_arena_alloc(&b->arena, planes * 64);
    b->opened = base_arena_alloc(&b->arena, planes * 64);
    if (b->arena.failed) bench_stop("out of memory");
}

static void prepare(judging *j, size_t lines, unsigned payers)
{
    adj_options options = {.evaluator = ADJ_EVALUATOR_BEST};
    base_arena_init(&j->arena, NULL);
    j->arena.wide = true;
    j->policies = workload_compile(payers, 0, &options);
    j->encounters = workload_encounters(j->policies, lines, payers, 10);
    j->lines = lines;
    uint32_t *rows = base_arena_alloc(&j->arena, lines * sizeof *rows);
    bool *judged = base_arena_alloc(&j->arena, lines);
    if (rows == NULL || judged == NULL) bench_stop("out of memory");
    for (uint32_t i = 0; i < lines; i++) {
        rows[i] = i;
        judged[i] = true;
    }
    bool good = run_bind(&j->binding, &j->arena, j->policies->plan, &j->encounters->store) &&
                run_context_init(&j->context, &j->arena, &j->binding, NULL) &&
                run_make_schedule(&j->many.schedule, &j->arena, j->policies->kernels, &j->context, rows, judged, lines,
                                  RUN_BATCH_MOST, 1) &&
                run_packer_init(&j->packer, &j->arena.allocator, &j->context, j->policies->kernels, &j->many.schedule);
    if (!good) bench_stop("out of memory");
    j->packer.wait = true;
    if (adj_has_machine_code()) j->packer.code = j->policies->kernel_code;
    j->outcome.packer = &j->packer;
    j->outcome.spare = base_arena_alloc(&j->arena, RUN_BATCH_WORDS * RUN_PLANES * sizeof(uint64_t));
    j->batch_count = j->many.schedule.batches.count;
    j->batches = base_arena_alloc(&j->arena, j->batch_count * sizeof *j->batches);
    if (j->batches == NULL || j->outcome.spare == NULL) bench_stop("out of memory");
    for (size_t b = 0; b < j->batch_count; b++) {
        const run_batch *batch = &j->many.schedule.batches.items[b];
        pack(j, &j->batches[b], batch, rows);
        if (batch->count > j->batches[j->hot].batch.count ||
            j->batches[j->hot].batch.work->unit_count < WORKLOAD_CLAUSES)
            j->hot = b;
    }
}

/* ---- the ways ---- */

typedef void (*way)(judging *j, packed_batch *b);

static void choose(judging *j, packed_batch *b)
{
    j->packer.lanes = b->lanes;
    j->packer.rows = b->rows;
    j->packer.count = b->batch.count;
    j->packer.words = b->words;
    j->outcome.batch = &b->batch;
}

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static uint64_t sum_wide(const void *bytes, size_t length)
{
    __m512i sum = _mm512_setzero_si512();
    size_t i = 0;
    for (; i + 64 <= length; i += 64) sum = _mm512_xor_si512(sum, _mm512_loadu_si512((const char *)bytes + i));
    uint64_t rest = 0;
    for (; i + 8 <= length; i += 8) {
        uint64_t word;
        memcpy(&word, (const char *)bytes + i, sizeof word);
        rest ^= word;
    }
    return (uint64_t)_mm512_reduce_or_epi64(sum) ^ rest;
}

__attribute__((target("avx2"))) static uint64_t sum_narrow(const void *bytes, size_t length)
{
    __m256i sum = _mm256_setzero_si256(), other = sum;
    size_t i = 0;
    for (; i + 64 <= length; i += 64) {
        sum = _mm256_xor_si256(sum, _mm256_loadu_si256((const __m256i_u *)((const char *)bytes + i)));
        other = _mm256_xor_si256(other, _mm256_loadu_si256((const __m256i_u *)((const char *)bytes + i + 32)));
    }
    uint64_t rest = 0, parts[4];
    for (; i + 8 <= length; i += 8) {
        uint64_t word;
        memcpy(&word, (const char *)bytes + i, sizeof word);
        rest ^= word;
    }
    _mm256_storeu_si256((__m256i_u *)parts, _mm256_xor_si256(sum, other));
    return (parts[0] | parts[1] | parts[2] | parts[3]) ^ rest;
}
#endif

static uint64_t sum_of(const void *bytes, size_t length)
{
#if defined(__x86_64__)
    if (by_hand_vectors_wide()) return sum_wide(bytes, length);
    if (by_hand_vectors_possible()) return sum_narrow(bytes, length);
#endif
    const uint64_t *words = bytes;
    uint64_t sum = 0;
    for (size_t i = 0; i < length / 8; i++) sum ^= words[i];
    return sum;
}

/* All that kernels read, and nothing else. */
static void floor_way(judging *j, packed_batch *b)
{
    for (size_t i = 0; i < b->column_count; i++) j->checksum += sum_of(b->columns[i].bytes, b->columns[i].length);
}

static void add_column(packed_batch *b, const void *bytes, size_t length)
{
    b->columns[b->column_count++] = (packed_column){bytes, length};
}

static void list_columns(judging *j, packed_batch *b)
{
    const plan_kernels *kernels = j->policies->kernels;
    const run_work *work = b->batch.work;
    b->columns = base_arena_alloc(&b->arena, (2 * work->input_count + 1) * sizeof *b->columns);
    for (size_t i = 0; b->columns != NULL && i < work->input_count; i++) {
        const plan_input *input = &kernels->inputs.items[work->inputs[i]];
        const run_lanes *lanes = &b->lanes[work->inputs[i]];
        if (input->kind == PLAN_INPUT_UNIT) continue;
        add_column(b, lanes->yes, b->words * 8);
        if (input->truth)
            add_column(b, lanes->no, b->words * 8);
        else
            add_column(b, lanes->values, (b->words * 64) << lanes->width);
    }
}

static size_t bytes_of_line(const judging *j)
{
    const packed_batch *b = &j->batches[j->hot];
    size_t bits = 0;
    for (size_t i = 0; i < b->batch.work->input_count; i++) {
        const plan_input *input = &j->policies->kernels->inputs.items[b->batch.work->inputs[i]];
        if (input->kind == PLAN_INPUT_UNIT) continue;
        bits += input->truth ? 2 : 1 + (8U << b->lanes[b->batch.work->inputs[i]].width);
    }
    return (bits + 7) / 8;
}

/* Finds the code for a batch, which is part of packing: of machine code, or none. */
static void find_code(judging *j, packed_batch *b)
{
    const plan_kernels *kernels = j->policies->kernels;
    const run_work *work = b->batch.work;
    choose(j, b);
    size_t shared = 0;
    b->shared = base_arena_alloc(&b->arena, (work->input_count + 1) * sizeof *b->shared);
    b->shared_inputs = base_arena_alloc(&b->arena, (work->input_count + 1) * sizeof *b->shared_inputs);
    if (b->shared == NULL || b->shared_inputs == NULL) bench_stop("out of memory");
    for (size_t i = 0; i < work->input_count; i++) {
        const plan_input *input = &kernels->inputs.items[work->inputs[i]];
        size_t slots;
        if (input->kind != PLAN_INPUT_UNIT) continue;
        run_lanes *lanes = base_arena_alloc(&b->arena, RUN_CALL_SLOTS * sizeof *lanes);
        if (lanes == NULL) bench_stop("out of memory");
        b->shared_inputs[shared] = work->inputs[i];
        run_make_call(&j->packer, input->unit, lanes, &slots, &b->shared[shared++]);
    }
    b->shared_count = shared;
    b->calls = run_make_calls(&j->packer, &b->arena, work);
    if (b->calls == NULL) bench_stop("out of memory");
}

/* Where the words of a truth that clauses share go. */
static void shared_planes(const packed_batch *b, size_t shared, uint64_t *planes[RUN_PLANES])
{
    const run_lanes *lanes = &b->lanes[b->shared_inputs[shared]];
    planes[0] = (uint64_t *)(uintptr_t)lanes->yes;
    planes[1] = (uint64_t *)(uintptr_t)lanes->no;
}

/* Truths that clauses share are worked out again: they are part of judging. */
static void shared_units(judging *j, packed_batch *b)
{
    uint64_t *planes[RUN_PLANES];
    for (size_t i = 0; i < b->shared_count; i++) {
        shared_planes(b, i, planes);
        if (i == 0) run_start_call(&j->packer, &b->shared[0], 0);
        if (i + 1 < b->shared_count) run_start_call(&j->packer, &b->shared[i + 1], (i + 1) % 2);
        run_finish_call(&j->packer, &b->shared[i], i % 2, planes);
    }
}

/* Verdicts as bits. */
static void kernels_way(judging *j, packed_batch *b)
{
    choose(j, b);
    shared_units(j, b);
    uint64_t *spare = j->outcome.spare;
    uint64_t *const planes[] = {spare, spare + RUN_BATCH_WORDS, spare + 2 * RUN_BATCH_WORDS,
                                spare + 3 * RUN_BATCH_WORDS};
    size_t count = b->batch.work->unit_count;
    run_start_call(&j->packer, &b->calls[0], 0);
    for (size_t u = 0; u < count; u++) {
        if (u + 1 < count) run_start_call(&j->packer, &b->calls[u + 1], (u + 1) % 2);
        run_finish_call(&j->packer, &b->calls[u], u % 2, planes);
    }
    j->checksum += spare[0];
}

/* And an event for each clause that fails, is excused or cannot be told. */
static void events_way(judging *j, packed_batch *b)
{
    choose(j, b);
    shared_units(j, b);
    j->outcome.marked.count = j->outcome.marks.count = 0;
    run_units(&j->packer, b->calls, &j->outcome);
    j->checksum += j->outcome.marks.count;
}

static void rows_way(judging *j, packed_batch *b)
{
    workload_payer payer = workload_payer_of(b->payer);
    by_hand_rows(b, &payer);
    j->checksum += b->fails[0];
}

static void loops_way(judging *j, packed_batch *b)
{
    workload_payer payer = workload_payer_of(b->payer);
    by_hand_loops(b, &payer);
    j->checksum += b->failing[0];
}

static void vectors_way(judging *j, packed_batch *b)
{
    workload_payer payer = workload_payer_of(b->payer);
    by_hand_vectors(b, &payer);
    j->checksum += b->fails[0];
}

/* ---- equal answers ---- */

/* Whether code by hand found what kernels found, clause by clause, line by line. */
static bool same_answers(judging *j, packed_batch *b, bool bytes)
{
    uint64_t *spare = j->outcome.spare;
    uint64_t *const planes[] = {spare, spare + RUN_BATCH_WORDS, spare + 2 * RUN_BATCH_WORDS,
                                spare + 3 * RUN_BATCH_WORDS};
    choose(j, b);
    for (size_t u = 0; u < b->batch.work->unit_count; u++) {
        uint32_t unit = b->batch.work->units[u];
        unsigned clause = j->policies->kernels->units.items[unit].clause % WORKLOAD_CLAUSES;
        if (!run_unit(&j->packer, unit, planes)) return false;
        for (size_t i = 0; i < b->batch.count; i++) {
            uint64_t event = planes[RUN_PLANE_EVENTS][i / 64] >> (i % 64) & 1;
            uint64_t fails = event & planes[RUN_PLANE_FAILS][i / 64] >> (i % 64);
            uint64_t at = clause * b->words + i / 64;
            uint64_t hand_fails = bytes ? b->failing[clause * b->words * 64 + i] : b->fails[at] >> (i % 64) & 1;
            uint64_t hand_open = bytes ? b->opened[clause * b->words * 64 + i] : b->open[at] >> (i % 64) & 1;
            if (hand_fails != fails || hand_open != (event ^ fails)) {
                fprintf(stderr, "bench: clause %u, line %zu of a batch: kernels %d %d, by hand %d %d\n", clause, i,
                        (int)fails, (int)(event ^ fails), (int)hand_fails, (int)hand_open);
                return false;
            }
        }
    }
    return true;
}

static bool all_answers(judging *j)
{
    for (size_t i = 0; i < j->batch_count; i++) {
        packed_batch *b = &j->batches[i];
        rows_way(j, b);
        if (!same_answers(j, b, false)) return false;
        loops_way(j, b);
        if (!same_answers(j, b, true)) return false;
        memset(b->fails, 0xAA, WORKLOAD_CLAUSES * b->words * 8);
        if (by_hand_vectors_possible()) vectors_way(j, b);
        if (by_hand_vectors_possible() && !same_answers(j, b, false)) return false;
    }
    return true;
}

/* ---- measuring ---- */

static double from_memory(judging *j, way how)
{
    double start = bench_now();
    for (size_t b = 0; b < j->batch_count; b++) how(j, &j->batches[b]);
    return (bench_now() - start) / (double)j->lines * 1e9;
}

static double from_cache(judging *j, way how)
{
    enum { TIMES = 400 };
    packed_batch *b = &j->batches[j->hot];
    double start = bench_now();
    for (int i = 0; i < TIMES; i++) how(j, b);
    return (bench_now() - start) / (double)(b->batch.count * TIMES) * 1e9;
}

static const struct {
    const char *name;
    way how;
    bool machine;
} ways[] = {
    {"floor: the same columns are read", floor_way, true},
    {"kernels, machine code", kernels_way, true},
    {"  with events", events_way, true},
    {"kernels, interpreted", kernels_way, false},
    {"by hand: intrinsics of the widest registers", vectors_way, true},
    {"by hand: loops for the compiler's vectors", loops_way, true},
    {"by hand: line by line", rows_way, true},
};

enum { WAYS = sizeof ways / sizeof *ways };

static bool possible(size_t which)
{
    return ways[which].how != vectors_way || by_hand_vectors_possible();
}

int bench_judging(size_t lines, unsigned payers, bool quick)
{
    judging *j = calloc(1, sizeof *j);
    if (j == NULL) bench_stop("out of memory");
    prepare(j, lines, payers);
    if (!all_answers(j)) return 3;
    run_kernel_code_settle(j->policies->kernel_code);
    if (!all_answers(j)) return 3;
    double memory[WAYS][BENCH_RUNS], cache[WAYS][BENCH_RUNS];
    int runs = quick ? 1 : BENCH_RUNS;
    bool machine = false;
    for (int r = 0; r < runs; r++) {
        for (size_t w = 0; w < WAYS; w++) {
            if (!possible(w)) continue;
            /* Where the code lies changes with the way alone. */
            if (w == 0 || ways[w].machine != machine) {
                machine = ways[w].machine;
                j->packer.code = ways[w].machine && adj_has_machine_code() ? j->policies->kernel_code : NULL;
                for (size_t b = 0; b < j->batch_count; b++) find_code(j, &j->batches[b]);
            }
            memory[w][r] = from_memory(j, ways[w].how);
            cache[w][r] = from_cache(j, ways[w].how);
        }
    }
    printf("judging   %zu lines, %u payers of %d clauses each, %zu bytes a line, ns a line (ratio to the floor); "
           "answers equal\n",
           lines, payers, WORKLOAD_CLAUSES, bytes_of_line(j));
    double floor_memory = bench_median(memory[0], (size_t)runs), floor_cache = bench_median(cache[0], (size_t)runs);
    for (size_t w = 0; w < WAYS; w++) {
        if (!possible(w)) {
            printf("  %-44s this processor has neither AVX-512 nor AVX2\n", ways[w].name);
            continue;
        }
        double m = w == 0 ? floor_memory : bench_median(memory[w], (size_t)runs);
        double c = w == 0 ? floor_cache : bench_median(cache[w], (size_t)runs);
        printf("  %-44s memory %6.2f (%5.2f)   cache %6.2f (%5.2f)\n", ways[w].name, m, m / floor_memory, c,
               c / floor_cache);
    }
    return j->checksum == 1 ? 4 : 0;
}
