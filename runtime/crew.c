/* Threads that take items until none is left. */
#include "runtime/crew.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct crew {
    run_task task;
    void *state;
    size_t threads, items;
    bool singly; /* one at a time, from the first to the last */
    atomic_size_t next;
    atomic_bool failed;
} crew;

typedef struct member {
    crew *crew;
    size_t number;
    pthread_t thread;
    bool started;
} member;

/* Towards the end one at a time, so that all threads end together. */
static size_t portion(const crew *c, size_t next)
{
    enum { MOST = 8 };
    size_t share = next < c->items && !c->singly ? (c->items - next) / (4 * c->threads) : 0;
    return share < 1 ? 1 : share < MOST ? share : MOST;
}

static void *work(void *argument)
{
    const member *m = argument;
    crew *c = m->crew;
    size_t next = atomic_load_explicit(&c->next, memory_order_relaxed);
    while (next < c->items && !atomic_load_explicit(&c->failed, memory_order_relaxed)) {
        size_t end = next + portion(c, next);
        if (!atomic_compare_exchange_weak_explicit(&c->next, &next, end, memory_order_relaxed, memory_order_relaxed))
            continue;
        for (; next < end && next < c->items; next++) {
            if (!c->task(c->state, m->number, next)) atomic_store_explicit(&c->failed, true, memory_order_relaxed);
        }
        next = atomic_load_explicit(&c->next, memory_order_relaxed);
    }
    return NULL;
}

static bool run_all(base_arena *arena, size_t threads, size_t items, bool singly, run_task task, void *state)
{
    enum { MOST_THREADS = 1024 };
    if (threads > items) threads = items;
    if (threads > MOST_THREADS) threads = MOST_THREADS;
    crew c = {.task = task, .state = state, .threads = threads < 1 ? 1 : threads, .items = items, .singly = singly};
    member self = {.crew = &c}, *others = NULL;
    if (c.threads > 1) others = base_arena_alloc(arena, c.threads * sizeof *others);
    if (c.threads > 1 && others == NULL) return false;
    for (size_t i = 1; others != NULL && i < c.threads; i++) {
        others[i] = (member){.crew = &c, .number = i};
        others[i].started = pthread_create(&others[i].thread, NULL, work, &others[i]) == 0;
    }
    work(&self);
    for (size_t i = 1; others != NULL && i < c.threads; i++) {
        if (others[i].started) pthread_join(others[i].thread, NULL);
    }
    return !atomic_load(&c.failed);
}

bool run_crew(base_arena *arena, size_t threads, size_t items, run_task task, void *state)
{
    return run_all(arena, threads, items, false, task, state);
}

bool run_crew_in_order(base_arena *arena, size_t threads, size_t items, run_task task, void *state)
{
    return run_all(arena, threads, items, true, task, state);
}

size_t run_parts_for(size_t count, size_t threads)
{
    enum { LEAST = 1 << 14, EACH = 4 };
    size_t parts = threads > 1 ? threads * EACH : 1;
    return parts <= count / LEAST ? parts : count < LEAST ? 1 : count / LEAST;
}

typedef struct row_crew {
    run_rows_task task;
    void *state;
    uint32_t rows;
} row_crew;

enum { ROWS_AT_ONCE = 1 << 13 };

static bool do_rows(void *state, size_t worker, size_t item)
{
    const row_crew *c = state;
    uint32_t first = (uint32_t)item * ROWS_AT_ONCE, rest = c->rows - first;
    return c->task(c->state, worker, first, first + (rest < ROWS_AT_ONCE ? rest : ROWS_AT_ONCE));
}

bool run_crew_rows(base_arena *arena, size_t threads, uint32_t rows, run_rows_task task, void *state)
{
    row_crew c = {task, state, rows};
    return run_crew(arena, threads, ((size_t)rows + ROWS_AT_ONCE - 1) / ROWS_AT_ONCE, do_rows, &c);
}
