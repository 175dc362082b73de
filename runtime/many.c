/* Batches judged, on this thread and others, and their events put in the order of lines. */
#include "runtime/many.h"
#include "runtime/kernel_code.h"
#include "runtime/sweep.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

typedef struct crew {
    run_many *many;
    const plan_kernels *kernels;
    const uint32_t *rows;
    atomic_size_t next; /* batch */
    atomic_bool failed;
} crew;

typedef struct worker {
    crew *crew;
    base_arena *arena; /* keeps what the worker finds */
    run_context context;
    run_packer packer;
    pthread_t thread;
    bool started;
} worker;

/* Takes one batch after the other. What a batch gives does not depend on who takes it, or when. */
static void *work(void *state)
{
    worker *w = state;
    crew *c = w->crew;
    run_schedule *schedule = &c->many->schedule;
    while (!atomic_load_explicit(&c->failed, memory_order_relaxed)) {
        size_t next = atomic_fetch_add_explicit(&c->next, 1, memory_order_relaxed);
        if (next >= schedule->batches.count) break;
        if (!run_judge_batch(&w->packer, w->arena, &schedule->batches.items[next], c->rows, c->many->flags))
            atomic_store_explicit(&c->failed, true, memory_order_relaxed);
    }
    return NULL;
}

static bool judge_batches(run_many *many, const run_binding *binding, const plan_kernels *kernels, const uint32_t *rows,
                          const run_how *how)
{
    crew c = {.many = many, .kernels = kernels, .rows = rows};
    size_t count = many->arena_count;
    worker *workers = base_arena_alloc(many->arena, count * sizeof *workers);
    if (workers == NULL) return false;
    run_sweeps *sweeps = binding->plan->aggregates.count == 0 ? NULL : run_sweeps_new(&many->arena->allocator, binding);
    bool good = sweeps != NULL || binding->plan->aggregates.count == 0;
    for (size_t i = 0; i < count; i++) {
        worker *w = &workers[i];
        w->crew = &c;
        w->arena = &many->arenas[i];
        good = good && run_context_init(&w->context, w->arena, binding, how->code) &&
               run_packer_init(&w->packer, &w->arena->allocator, &w->context, kernels, many->schedule.constants);
        w->context.sweeps = sweeps;
        w->packer.code = how->kernels;
        w->packer.wait = how->wait;
    }
    /* A thread that cannot be had leaves its share to the others. */
    for (size_t i = 1; good && i < count; i++)
        workers[i].started = pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
    if (good) work(&workers[0]);
    for (size_t i = 0; i < count; i++) {
        if (workers[i].started) pthread_join(workers[i].thread, NULL);
        run_packer_release(&workers[i].packer);
    }
    run_sweeps_free(sweeps);
    return good && !atomic_load(&c.failed);
}

static int by_clause(const void *a, const void *b)
{
    const run_event *x = a, *y = b;
    return x->clause < y->clause ? -1 : x->clause > y->clause;
}

/* Puts events in the order of lines, and of clauses within a line. */
static bool order_events(run_many *many)
{
    const run_schedule *schedule = &many->schedule;
    size_t total = 0;
    for (size_t b = 0; b < schedule->batches.count; b++) total += schedule->batches.items[b].event_count;
    many->starts = base_arena_alloc(many->arena, (many->line_count + 2) * sizeof *many->starts);
    many->events = base_arena_alloc(many->arena, (total + 1) * sizeof *many->events);
    if (many->starts == NULL || many->events == NULL) return false;
    size_t *ends = many->starts + 1; /* after the pass below: where each line's events end */
    for (size_t b = 0; b < schedule->batches.count; b++) {
        const run_batch *batch = &schedule->batches.items[b];
        const uint32_t *lines = batch->work->lines + batch->first;
        for (size_t e = 0; e < batch->event_count; e++) ends[lines[batch->events[e].place] + 1]++;
    }
    for (size_t i = 1; i <= many->line_count; i++) ends[i] += ends[i - 1];
    for (size_t b = 0; b < schedule->batches.count; b++) {
        const run_batch *batch = &schedule->batches.items[b];
        const uint32_t *lines = batch->work->lines + batch->first;
        for (size_t e = 0; e < batch->event_count; e++) {
            const run_batch_event *event = &batch->events[e];
            uint32_t line = lines[event->place];
            many->events[ends[line]++] = (run_event){line, event->clause, event->verdict};
        }
    }
    for (size_t i = 0; i < many->line_count; i++) {
        size_t count = many->starts[i + 1] - many->starts[i];
        if (count > 1) qsort(many->events + many->starts[i], count, sizeof *many->events, by_clause);
    }
    return true;
}

static bool place_lines(run_many *many)
{
    many->batch_of = base_arena_alloc(many->arena, (many->line_count + 1) * sizeof *many->batch_of);
    many->place_in = base_arena_alloc(many->arena, (many->line_count + 1) * sizeof *many->place_in);
    many->flags = base_arena_alloc(many->arena, many->line_count + 1);
    if (many->batch_of == NULL || many->place_in == NULL || many->flags == NULL) return false;
    memset(many->batch_of, 0xFF, many->line_count * sizeof *many->batch_of);
    for (size_t b = 0; b < many->schedule.batches.count; b++) {
        const run_batch *batch = &many->schedule.batches.items[b];
        for (size_t i = 0; i < batch->count; i++) {
            uint32_t line = batch->work->lines[batch->first + i];
            many->batch_of[line] = (uint32_t)b;
            many->place_in[line] = (uint16_t)i;
        }
    }
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
        !run_make_schedule(&many->schedule, arena, kernels, &context, rows, judged, count, batch) || !place_lines(many))
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
    return judged_all && order_events(many);
}

void run_many_release(run_many *many)
{
    for (size_t i = 0; i < many->arena_count; i++) base_arena_release(&many->arenas[i]);
    many->arena_count = 0;
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
