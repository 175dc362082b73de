/* Words of policies: see words.h. What was made is read without a lock; who makes something holds it. */
#include "runtime/words.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

typedef _Atomic(const char *) kept_name;

struct run_words {
    base_allocator allocator;
    const plan_program *plan;
    pthread_mutex_t lock; /* of the arena */
    base_arena arena;
    _Atomic(kept_name *) *blocks;           /* by block; by step */
    _Atomic(const adj_finding *) *findings; /* by clause */
};

run_words *run_words_new(const base_allocator *allocator, const plan_program *plan)
{
    run_words *words = allocator->reallocate(allocator->state, NULL, sizeof *words);
    if (words == NULL) return NULL;
    *words = (run_words){.allocator = *allocator, .plan = plan};
    base_arena_init(&words->arena, allocator);
    words->blocks = base_arena_alloc(&words->arena, (plan->blocks.count + 1) * sizeof *words->blocks);
    words->findings = base_arena_alloc(&words->arena, (plan->clauses.count + 1) * sizeof *words->findings);
    if (!words->arena.failed && pthread_mutex_init(&words->lock, NULL) == 0) return words;
    base_arena_release(&words->arena);
    allocator->reallocate(allocator->state, words, 0);
    return NULL;
}

void run_words_free(run_words *words)
{
    if (words == NULL) return;
    base_allocator allocator = words->allocator;
    pthread_mutex_destroy(&words->lock);
    base_arena_release(&words->arena);
    allocator.reallocate(allocator.state, words, 0);
}

/* Where the name of a step is kept, once its block has room. */
static kept_name *place_of(const run_words *words, const plan_block *block, const plan_step *step)
{
    kept_name *names = atomic_load_explicit(&words->blocks[block - words->plan->blocks.items], memory_order_acquire);
    return names == NULL ? NULL : &names[step - block->steps.items];
}

const char *run_words_step(const run_words *words, const plan_block *block, const plan_step *step)
{
    kept_name *place = words == NULL ? NULL : place_of(words, block, step);
    return place == NULL ? NULL : atomic_load_explicit(place, memory_order_acquire);
}

/* With the lock held. */
static kept_name *make_place(run_words *words, const plan_block *block, const plan_step *step)
{
    kept_name *place = place_of(words, block, step);
    if (place != NULL) return place;
    kept_name *names = base_arena_alloc(&words->arena, block->steps.count * sizeof *names);
    if (names == NULL) return NULL;
    atomic_store_explicit(&words->blocks[block - words->plan->blocks.items], names, memory_order_release);
    return place_of(words, block, step);
}

const char *run_words_keep_step(run_words *words, const plan_block *block, const plan_step *step, const char *name)
{
    if (words == NULL) return name;
    pthread_mutex_lock(&words->lock);
    kept_name *place = make_place(words, block, step);
    const char *kept = place == NULL ? NULL : atomic_load_explicit(place, memory_order_relaxed);
    if (place != NULL && kept == NULL) {
        kept = base_arena_copy(&words->arena, name, strlen(name));
        atomic_store_explicit(place, kept, memory_order_release);
    }
    pthread_mutex_unlock(&words->lock);
    return kept == NULL ? name : kept;
}

static _Atomic(const adj_finding *) *finding_of(const run_words *words, const plan_clause *clause)
{
    return &words->findings[clause - words->plan->clauses.items];
}

const adj_finding *run_words_clause(const run_words *words, const plan_clause *clause)
{
    return words == NULL ? NULL : atomic_load_explicit(finding_of(words, clause), memory_order_acquire);
}

void run_words_keep_clause(run_words *words, const plan_clause *clause, const adj_finding *finding)
{
    if (words == NULL) return;
    pthread_mutex_lock(&words->lock);
    bool first = atomic_load_explicit(finding_of(words, clause), memory_order_relaxed) == NULL;
    adj_finding *kept = first ? base_arena_alloc(&words->arena, sizeof *kept) : NULL;
    const char **remarks =
        kept == NULL ? NULL : base_arena_alloc(&words->arena, (finding->remark_count + 1) * sizeof *remarks);
    if (remarks != NULL) {
        *kept = *finding;
        for (size_t i = 0; i < finding->remark_count; i++) remarks[i] = finding->remark_codes[i];
        kept->remark_codes = remarks;
        kept->citation = base_arena_copy(&words->arena, finding->citation, strlen(finding->citation));
        kept->group_code = base_arena_copy(&words->arena, finding->group_code, strlen(finding->group_code));
        bool whole = kept->citation != NULL && kept->group_code != NULL;
        if (whole) atomic_store_explicit(finding_of(words, clause), kept, memory_order_release);
    }
    pthread_mutex_unlock(&words->lock);
}
