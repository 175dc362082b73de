/* Batches judged, on this thread and others, and their events put in the order of lines. */
#include "runtime/many.h"
#include "runtime/by_member.h"
#include "runtime/crew.h"
#include "runtime/kernel_code.h"
#include "runtime/sweep.h"

#include <string.h>

typedef struct worker {
    run_context context;
    run_packer packer;
} worker;

typedef struct judging {
    run_many *many;
    const uint32_t *rows;
    worker *workers;
} judging;

/* Where the lines of a batch are to be found, and how many events each has. A line stands in one batch. */
static void place_lines(run_many *many, size_t number)
{
    const run_batch *batch = &many->schedule.batches.items[number];
    const uint32_t *lines = batch->work->lines + batch->first;
    uint32_t *batch_of = many->batch_of;
    uint16_t *place_in = many->place_in;
    for (size_t i = 0, count = batch->count; i < count; i++) {
        batch_of[lines[i]] = (uint32_t)number;
        place_in[lines[i]] = (uint16_t)i;
    }
    const run_mark *mark = batch->marks;
    for (size_t m = 0; m < batch->marked_count; m++) {
        for (const run_mark *end = mark + batch->marked[m].count; mark < end; mark++)
            many->starts[lines[*mark & RUN_MARK_PLACE] + 2]++;
    }
}

/* What a batch gives does not depend on who judges it, or when. */
static bool judge_batch(void *state, size_t number, size_t item)
{
    const judging *j = state;
    run_many *many = j->many;
    run_batch *batch = &many->schedule.batches.items[item];
    if (!run_judge_batch(&j->workers[number].packer, &many->arenas[number], batch, j->rows, many->flags)) return false;
    place_lines(many, item);
    return true;
}

/* ---- putting events in the order of lines ---- */

/* Those of a batch, whose clauses were run in order. */
static bool put_events(void *state, size_t number, size_t item)
{
    (void)number;
    run_many *many = state;
    const run_batch *batch = &many->schedule.batches.items[item];
    const uint32_t *lines = batch->work->lines + batch->first;
    size_t *ends = many->starts + 1; /* so far; in the end where each line's events end */
    const run_mark *mark = batch->marks;
    for (size_t m = 0; m < batch->marked_count; m++) {
        run_event event = {.clause = batch->marked[m].clause & PLAN_CLAUSE_MOST};
        for (const run_mark *end = mark + batch->marked[m].count; mark < end; mark++) {
            event.verdict = (uint32_t)*mark >> RUN_MARK_SHIFT & 0xF;
            many->events[ends[lines[*mark & RUN_MARK_PLACE]]++] = event;
        }
    }
    return true;
}

static bool order_events(run_many *many)
{
    size_t total = 0;
    for (size_t i = 2; i < many->line_count + 2; i++) {
        total += many->starts[i];
        many->starts[i] = total;
    }
    many->events = base_arena_alloc_raw(many->arena, (total + 1) * sizeof *many->events);
    return many->events != NULL &&
           run_crew(many->arena, many->arena_count, many->schedule.batches.count, put_events, many);
}

static bool judge_batches(run_many *many, const run_binding *binding, const plan_kernels *kernels, const uint32_t *rows,
                          const run_how *how)
{
    size_t count = many->arena_count;
    judging j = {many, rows, base_arena_alloc(many->arena, count * sizeof *j.workers)};
    if (j.workers == NULL) return false;
    bool aggregates = binding->plan->aggregates.count > 0;
    uint32_t lines = binding->store->counts[LANG_RECORD_line];
    bool most = aggregates && run_asks_most_histories(&many->schedule, binding->store, rows);
    if (aggregates) many->sweeps = run_sweeps_new(&many->arena->allocator, binding, most);
    if (many->sweeps != NULL) many->standings = base_arena_alloc(many->arena, lines + 1U);
    many->standing_count = many->standings == NULL ? 0 : lines;
    bool good = !aggregates || many->standings != NULL;
    for (size_t i = 0; i < count; i++) {
        worker *w = &j.workers[i];
        base_arena *arena = &many->arenas[i];
        good = good && run_context_init(&w->context, arena, binding, how->code) &&
               run_packer_init(&w->packer, &arena->allocator, &w->context, kernels, &many->schedule);
        w->context.sweeps = many->sweeps;
        w->context.standings = many->standings;
        w->context.standing_count = many->standing_count;
        w->packer.code = how->kernels;
        w->packer.wait = how->wait;
    }
    good = good && (!most || run_find_standings(&j.workers[0].context, many->arena, count)) &&
           run_crew(many->arena, count, many->schedule.batches.count, judge_batch, &j);
    for (size_t i = 0; i < count; i++) run_packer_release(&j.workers[i].packer);
    return good && order_events(many);
}

/* Room for what is kept by line. */
static bool make_places(run_many *many)
{
    many->batch_of = base_arena_alloc_raw(many->arena, (many->line_count + 1) * sizeof *many->batch_of);
    many->place_in = base_arena_alloc_raw(many->arena, (many->line_count + 1) * sizeof *many->place_in);
    many->flags = base_arena_alloc(many->arena, many->line_count + 1);
    many->starts = base_arena_alloc(many->arena, (many->line_count + 2) * sizeof *many->starts);
    if (many->batch_of == NULL || many->place_in == NULL || many->flags == NULL || many->starts == NULL) return false;
    memset(many->batch_of, 0xFF, many->line_count * sizeof *many->batch_of);
    return true;
}

bool run_judge_many(run_many *many, base_arena *arena, const run_binding *binding, const plan_kernels *kernels,
                    const uint32_t *rows, const bool *judged, size_t count, const run_how *how)
{
    *many = (run_many){.arena = arena, .line_count = count};
    size_t batch = how->batch == 0 ? RUN_BATCH_LINES : how->batch > RUN_BATCH_MOST ? RUN_BATCH_MOST : how->batch;
    size_t threads = how->threads < 1 ? 1 : how->threads;
    run_context context;
    if (!run_context_init(&context, arena, binding, how->code) ||
        !run_make_schedule(&many->schedule, arena, kernels, &context, rows, judged, count, batch, threads) ||
        !make_places(many))
        return false;
    if (threads > many->schedule.batches.count) threads = many->schedule.batches.count;
    if (threads == 0) threads = 1;
    many->arenas = base_arena_alloc(arena, threads * sizeof *many->arenas);
    if (many->arenas == NULL) return false;
    many->arena_count = threads;
    for (size_t i = 0; i < threads; i++) base_arena_init(&many->arenas[i], &arena->allocator);
    if (how->kernels != NULL) run_kernel_code_begin(how->kernels);
    bool judged_all = judge_batches(many, binding, kernels, rows, how);
    if (how->kernels != NULL) run_kernel_code_end(how->kernels);
    return judged_all;
}

void run_many_release(run_many *many)
{
    for (size_t i = 0; i < many->arena_count; i++) base_arena_release(&many->arenas[i]);
    many->arena_count = 0;
    run_sweeps_free(many->sweeps);
    many->sweeps = NULL;
}

adj_clause_verdict run_many_clause(const run_many *many, const plan_kernels *kernels, size_t line, uint32_t clause)
{
    if (many->batch_of[line] == PLAN_NO_STEP) return ADJ_CLAUSE_NOT_APPLICABLE;
    for (size_t e = many->starts[line]; e < many->starts[line + 1]; e++) {
        if (many->events[e].clause == clause) return (adj_clause_verdict)many->events[e].verdict;
    }
    const run_batch *batch = &many->schedule.batches.items[many->batch_of[line]];
    const run_work *work = batch->work;
    size_t low = 0, high = work->unit_count, words = (batch->count + 63) / 64, place = many->place_in[line];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (kernels->units.items[work->units[middle]].clause < clause)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == work->unit_count || kernels->units.items[work->units[low]].clause != clause)
        return ADJ_CLAUSE_NOT_APPLICABLE;
    bool applies = (batch->applies[low * words + place / 64] >> (place % 64) & 1) != 0;
    return applies ? ADJ_CLAUSE_PASS : ADJ_CLAUSE_NOT_APPLICABLE;
}
