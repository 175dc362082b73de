/* One thread makes what is asked for, in that order, and ends when nothing is left; whoever asks next begins another one. */
#include "runtime/policy_codes.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What all passes take grows with the square of a function: beyond so many steps, a second's worth, code is made quickly. */
enum { LARGE_BLOCK = 4096 };
typedef enum workshop_kind { QUICK, BETTER, WORKSHOPS } workshop_kind;

struct run_policy_codes {
    base_allocator allocator;
    const adj_policies *policies;
    run_machine_code code;
    pthread_mutex_t lock; /* of what follows, up to the thread */
    pthread_cond_t changed;
    uint32_t *queue; /* policies, in the order in which they were asked for */
    size_t asked, done;
    bool working, ending, has_thread;
    pid_t process; /* whose thread it is: one that this forks has none */
    pthread_t thread;
    run_policy_codes *next; /* among all that there are */
    base_arena arena;
    /* Of the thread alone: */
    base_arena making;
    struct run_policy_workshop *workshops[WORKSHOPS];
    bool opened[WORKSHOPS], elements_made;
};

/* ---- processes that end ---- */

/* A process may end while code is being made; LLVM takes down what it needs for that when it does. So whoever makes code is waited for before:
 * handlers run in the contrary order, and this one is added once LLVM is there. What LLVM sets up when it first needs it has handlers that
 * are added then: so a small policy is made first, by the calling thread, that needs about all. */
static pthread_mutex_t living_lock = PTHREAD_MUTEX_INITIALIZER;
static run_policy_codes *living;

static void wait_for_all(void)
{
    pthread_mutex_lock(&living_lock);
    for (run_policy_codes *c = living; c != NULL; c = c->next) {
        if (c->process != getpid()) continue; /* a fork's: its lock may be held by the thread that is not there */
        pthread_mutex_lock(&c->lock);
        bool joins = c->has_thread;
        c->ending = true;
        c->has_thread = false;
        pthread_mutex_unlock(&c->lock);
        if (joins) pthread_join(c->thread, NULL);
    }
    pthread_mutex_unlock(&living_lock);
}

const char run_small_policy[] =
    "policy small\n  title \"Small\"\n  payer \"SMALL\"\n  effective 2020-01-01\n\n"
    "codes groups : cpt\n  90853, 90849\n\n"
    "table limits (procedure, plan) gives (most: quantity)\n  | procedure | plan | most |\n"
    "  | 90853 | \"A\" | 1 |\n  | 90849 | any | 2 |\n\n"
    "section \"Small\"\n  for each line where procedure in groups\n  let limit = limits(procedure, plan)\n\n"
    "clause units\n  cite \"1\"\n  when limit is found\n  require units <= limit.most\n"
    "  unless modifiers include any of 59, 76\n  deny CO-16 M76 as data \"{units}\"\n\n"
    "clause timely\n  cite \"2\"\n  require claim.received <= date + 3 months\n  deny CO-29 as filing \"{date}\"\n\n"
    "clause authorized\n  cite \"3\"\n  when authorization is present\n"
    "  require authorization.dates contain date and authorization.units_remaining >= units * 2\n"
    "  deny CO-197 as authorization \"{date}\"\n\n"
    "clause often\n  cite \"4\"\n"
    "  require at most 3 of history in the last 7 days where procedure in groups and units >= 1\n"
    "  deny CO-119 as limit \"{count}\"\n";

static void make_small_policy(void)
{
    const run_machine_provider *provider = run_machine_provider_get();
    const char *name = "small.adj", *text = run_small_policy;
    adj_policies *policies = NULL;
    base_arena arena;
    base_arena_init(&arena, NULL);
    if (adj_policies_compile_text(&name, &text, 1, NULL, &policies) == ADJ_OK) {
        run_policies_code(policies, RUN_CODE_ELEMENTS, NULL);
        for (int kind = 0; kind < WORKSHOPS; kind++) {
            const char *error = NULL;
            run_policy_function function;
            struct run_policy_workshop *workshop = provider->workshop_new(&arena, kind == BETTER, &error);
            if (workshop == NULL) continue;
            provider->make_policy(workshop, &arena, policies->plan, 0, &function, &error);
            provider->workshop_free(workshop);
        }
    }
    adj_policies_free(policies);
    base_arena_release(&arena);
    atexit(wait_for_all);
}

/* A process that was forked has no such thread. What LLVM was in the middle of cannot be gone on with there, so that what there is no code for
 * then is interpreted. */
static void notice_fork(run_policy_codes *c)
{
    if (c->process == 0 || c->process == getpid()) return;
    c->process = getpid();
    c->ending = c->ending || c->working;
    if (c->working) memset(c->workshops, 0, sizeof c->workshops);
    c->working = c->has_thread = false;
}

static void add_to_living(run_policy_codes *c)
{
    pthread_mutex_lock(&living_lock);
    c->next = living;
    living = c;
    pthread_mutex_unlock(&living_lock);
}

static void take_from_living(run_policy_codes *c)
{
    pthread_mutex_lock(&living_lock);
    for (run_policy_codes **link = &living; *link != NULL; link = &(*link)->next) {
        if (*link != c) continue;
        *link = c->next;
        break;
    }
    pthread_mutex_unlock(&living_lock);
}

/* ---- beginning and end ---- */

run_policy_codes *run_policy_codes_new(const base_allocator *allocator, const adj_policies *policies,
                                       const run_machine_code *all)
{
    size_t count = policies->plan->policies.count, aggregates = policies->plan->aggregates.count;
    run_policy_codes *c = allocator->reallocate(allocator->state, NULL, sizeof *c);
    if (c == NULL) return NULL;
    memset(c, 0, sizeof *c);
    c->allocator = *allocator;
    c->policies = policies;
    base_arena_init(&c->arena, allocator);
    base_arena_init(&c->making, NULL); /* the thread's: the caller's allocator may be for one thread only */
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    c->code.beside = c;
    c->code.policies = base_arena_alloc(&c->arena, (count + 1) * sizeof *c->code.policies);
    c->code.elements = base_arena_alloc(&c->arena, (aggregates + 1) * sizeof *c->code.elements);
    c->code.asked = base_arena_alloc(&c->arena, count + 1);
    c->queue = base_arena_alloc(&c->arena, (count + 1) * sizeof *c->queue);
    if (c->arena.failed) {
        run_policy_codes_free(c);
        return NULL;
    }
    static pthread_once_t prepared = PTHREAD_ONCE_INIT;
    pthread_once(&prepared, make_small_policy);
    add_to_living(c);
    if (all == NULL) return c;
    memcpy(c->code.policies, all->policies, count * sizeof *c->code.policies);
    memcpy(c->code.elements, all->elements, aggregates * sizeof *c->code.elements);
    c->elements_made = true;
    return c;
}

void run_policy_codes_free(run_policy_codes *c)
{
    if (c == NULL) return;
    take_from_living(c);
    pthread_mutex_lock(&c->lock);
    notice_fork(c);
    c->ending = true;
    pthread_mutex_unlock(&c->lock);
    if (c->has_thread) pthread_join(c->thread, NULL);
    for (int i = 0; i < WORKSHOPS; i++) {
        if (c->workshops[i] != NULL) run_machine_provider_get()->workshop_free(c->workshops[i]);
    }
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->changed);
    base_arena_release(&c->making);
    base_arena_release(&c->arena);
    base_allocator allocator = c->allocator;
    allocator.reallocate(allocator.state, c, 0);
}

const run_machine_code *run_policy_codes_of(const run_policy_codes *codes)
{
    return &codes->code;
}

/* ---- the thread ---- */

/* Elements of history are shared by all policies, and have code of their own. */
static void make_elements(run_policy_codes *c)
{
    c->elements_made = true;
    const run_machine_code *made = run_policies_code(c->policies, RUN_CODE_ELEMENTS, NULL);
    for (size_t i = 0; made != NULL && i < c->policies->plan->aggregates.count; i++)
        __atomic_store_n(&c->code.elements[i], made->elements[i], __ATOMIC_RELEASE);
}

static void make(run_policy_codes *c, uint32_t policy)
{
    const run_machine_provider *provider = run_machine_provider_get();
    const plan_program *plan = c->policies->plan;
    bool large = plan->blocks.items[plan->policies.items[policy].block].steps.count > LARGE_BLOCK;
    workshop_kind kind = large ? QUICK : BETTER;
    const char *error = NULL;
    if (!c->elements_made) make_elements(c);
    if (large && c->code.policies[policy] != NULL) return; /* it could only be made as it is */
    if (!c->opened[kind]) c->workshops[kind] = provider->workshop_new(&c->making, !large, &error);
    c->opened[kind] = true;
    run_policy_function function = NULL;
    /* Without code it stays as it is. */
    if (c->workshops[kind] == NULL ||
        !provider->make_policy(c->workshops[kind], &c->making, plan, policy, &function, &error))
        return;
    __atomic_store_n(&c->code.policies[policy], function, __ATOMIC_RELEASE);
    atexit(wait_for_all); /* before what LLVM has set up now */
}

static void *make_beside(void *state)
{
    run_policy_codes *c = state;
    pthread_mutex_lock(&c->lock);
    while (c->done < c->asked && !c->ending) {
        uint32_t policy = c->queue[c->done];
        pthread_mutex_unlock(&c->lock);
        make(c, policy);
        pthread_mutex_lock(&c->lock);
        c->done++;
    }
    c->working = false;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

/* ---- asking ---- */

void run_policy_codes_ask(run_policy_codes *c, uint32_t policy)
{
    if (__atomic_exchange_n(&c->code.asked[policy], 1, __ATOMIC_RELAXED) != 0) return;
    pthread_mutex_lock(&c->lock);
    notice_fork(c);
    c->queue[c->asked++] = policy;
    if (!c->working && !c->ending) {
        if (c->has_thread) pthread_join(c->thread, NULL); /* it has ended, or is about to */
        c->process = getpid();
        c->has_thread = c->working = pthread_create(&c->thread, NULL, make_beside, c) == 0;
    }
    pthread_mutex_unlock(&c->lock);
}

void run_policy_codes_settle(run_policy_codes *c)
{
    pthread_mutex_lock(&c->lock);
    notice_fork(c);
    while (c->working) pthread_cond_wait(&c->changed, &c->lock);
    pthread_mutex_unlock(&c->lock);
}
