/* What explains clauses. Most clauses of a large library are never explained: explanations are kept as bytes, a fifth of what their steps
 * take, and unfolded when a line first needs one. */
#include "compiler/plan/build.h"

#include <pthread.h>
#include <string.h>

struct plan_unfolded {
    pthread_mutex_t lock; /* of the arena */
    base_arena arena;
    base_text bytes; /* while building: of the explanation at hand */
};

bool plan_unfolded_init(plan_program *plan)
{
    struct plan_unfolded *unfolded = base_arena_alloc(plan->arena, sizeof *unfolded);
    if (unfolded == NULL || pthread_mutex_init(&unfolded->lock, NULL) != 0) return false;
    base_arena_init(&unfolded->arena, &plan->arena->allocator);
    base_text_init(&unfolded->bytes, plan->scratch);
    plan->unfolded = unfolded;
    return true;
}

void plan_release(const plan_program *plan)
{
    if (plan == NULL || plan->unfolded == NULL) return;
    base_arena_release(&plan->unfolded->arena);
    pthread_mutex_destroy(&plan->unfolded->lock);
}

/* ---- folding ---- */

/* Which parts of a step follow its operation; its type's kind always does. */
enum {
    HAS_A = 1 << 0,
    HAS_B = 1 << 1,
    HAS_C = 1 << 2,
    HAS_DETAIL = 1 << 3,
    HAS_NUMBER = 1 << 4,
    HAS_SOURCE = 1 << 5,
    HAS_TYPE = 1 << 6, /* more of the type than its kind */
};

/* So many bytes a number takes at most, and a step. */
enum { NUMBER_BYTES = 10, STEP_BYTES = 3 + 7 * NUMBER_BYTES };

/* Seven bits a byte, the lowest first; the eighth says that more follow. */
static char *write_number(char *to, uint64_t number)
{
    for (; number >= 0x80; number >>= 7) *to++ = (char)(number | 0x80);
    *to++ = (char)number;
    return to;
}

/* Small for numbers near zero on both sides. */
static char *write_signed(char *to, int64_t number)
{
    return write_number(to, (uint64_t)number << 1 ^ (number < 0 ? UINT64_MAX : 0));
}

/* How far an expression is from its clause: nearly always some kilobytes. */
static int64_t distance(const lang_expression *source, const lang_clause *clause)
{
    return (int64_t)((uintptr_t)source - (uintptr_t)clause);
}

static void put_step(base_text *out, const plan_step *step, int64_t at, const lang_expression *source,
                     const lang_clause *clause)
{
    unsigned type = (unsigned)step->type.detail << 2 | (unsigned)step->type.list << 1 | (unsigned)step->type.optional;
    unsigned parts = (step->a != PLAN_NO_STEP ? HAS_A : 0U) | (step->b != PLAN_NO_STEP ? HAS_B : 0U) |
                     (step->c != PLAN_NO_STEP ? HAS_C : 0U) | (step->detail != 0 ? HAS_DETAIL : 0U) |
                     (step->number != 0 ? HAS_NUMBER : 0U) | (source != NULL ? HAS_SOURCE : 0U) |
                     (type != 0 ? HAS_TYPE : 0U);
    char bytes[STEP_BYTES], *to = bytes;
    *to++ = (char)step->operation;
    *to++ = (char)parts;
    *to++ = (char)step->type.kind;
    /* Steps follow from those just before them. */
    if (parts & HAS_A) to = write_signed(to, at - step->a);
    if (parts & HAS_B) to = write_signed(to, at - step->b);
    if (parts & HAS_C) to = write_signed(to, at - step->c);
    if (parts & HAS_DETAIL) to = write_number(to, step->detail);
    if (parts & HAS_NUMBER) to = write_signed(to, step->number);
    if (parts & HAS_SOURCE) to = write_signed(to, distance(source, clause));
    if (parts & HAS_TYPE) to = write_number(to, type);
    base_text_add(out, bytes, (size_t)(to - bytes));
}

static void put(base_text *out, uint64_t number)
{
    char bytes[NUMBER_BYTES];
    base_text_add(out, bytes, (size_t)(write_number(bytes, number) - bytes));
}

/* PLAN_NO_STEP, which is common, as one byte. */
static void put_list(base_text *out, const uint32_t *items, uint32_t count)
{
    put(out, count);
    for (uint32_t i = 0; i < count; i++) put(out, (uint32_t)(items[i] + 1));
}

void plan_builder_fold(plan_builder *builder, const plan_explanation *explanation, plan_clause *clause)
{
    plan_program *plan = builder->plan;
    plan_block *block = plan_block_at(plan, builder->block);
    base_text *out = &plan->unfolded->bytes;
    out->length = 0;
    bool sourced = builder->sources.count == block->steps.count; /* else memory ran out */
    for (uint32_t i = 0; i < block->steps.count; i++)
        put_step(out, &block->steps.items[i], i, sourced ? builder->sources.items[i] : NULL, clause->source);
    put_list(out, block->arguments.items, block->arguments.count);
    put_list(out, explanation->when_steps.items, explanation->when_steps.count);
    put_list(out, explanation->exception_steps.items, explanation->exception_steps.count);
    put_list(out, explanation->hole_steps.items, explanation->hole_steps.count);
    const uint32_t rest[] = {explanation->requirement_step, explanation->counting_step, explanation->bound_aggregate,
                             explanation->binding_aggregate};
    put_list(out, rest, sizeof rest / sizeof *rest);
    clause->folded = base_arena_copy(plan->arena, out->bytes == NULL ? "" : out->bytes, out->length);
    clause->explain_block = builder->block;
    plan_builder_give_back(builder, block->steps.items, block->steps.capacity);
    *block = (plan_block){.steps = {.count = block->steps.count}};
}

/* ---- unfolding ---- */

static uint64_t take(const unsigned char **at)
{
    uint64_t number = 0;
    for (unsigned shift = 0;; shift += 7) {
        unsigned char byte = *(*at)++;
        number |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) return number;
    }
}

static int64_t take_signed(const unsigned char **at)
{
    uint64_t number = take(at);
    return (int64_t)(number >> 1 ^ (0 - (number & 1)));
}

static void take_step(const unsigned char **at, plan_step *step, const lang_expression **source, int64_t place,
                      const lang_clause *clause)
{
    unsigned parts = (*at)[1];
    *step = (plan_step){.a = PLAN_NO_STEP, .b = PLAN_NO_STEP, .c = PLAN_NO_STEP};
    step->operation = (plan_operation)(*at)[0];
    step->type.kind = (lang_type_kind)(*at)[2];
    *at += 3;
    if (parts & HAS_A) step->a = (uint32_t)(place - take_signed(at));
    if (parts & HAS_B) step->b = (uint32_t)(place - take_signed(at));
    if (parts & HAS_C) step->c = (uint32_t)(place - take_signed(at));
    if (parts & HAS_DETAIL) step->detail = (uint32_t)take(at);
    if (parts & HAS_NUMBER) step->number = take_signed(at);
    if (parts & HAS_SOURCE)
        *source = (const lang_expression *)((uintptr_t)clause + (uintptr_t)take_signed(at)); // NOLINT
    unsigned type = parts & HAS_TYPE ? (unsigned)take(at) : 0;
    step->type.detail = (uint16_t)(type >> 2);
    step->type.list = (type & 2) != 0;
    step->type.optional = (type & 1) != 0;
}

static uint32_t *take_list(base_arena *arena, const unsigned char **at, uint32_t *count)
{
    *count = (uint32_t)take(at);
    uint32_t *items = base_arena_alloc(arena, (*count + 1) * sizeof *items);
    for (uint32_t i = 0; i < *count; i++) {
        uint32_t item = (uint32_t)take(at) - 1;
        if (items != NULL) items[i] = item;
    }
    return items;
}

/* The exceptions whose conditions an explanation has: the clause's own, and those of others that reach the policy. */
static bool list_exceptions(base_arena *arena, const plan_program *plan, const plan_clause *clause,
                            plan_explanation *explanation)
{
    const lang_clause *source = clause->source;
    const lang_file *layer = plan->policies.items[clause->policy].source;
    const lang_clause_extras *extras = lang_clause_has(source);
    for (size_t i = 0; i < source->exceptions.count + extras->foreign.count; i++) {
        bool own = i < source->exceptions.count;
        const lang_exception *exception =
            own ? &source->exceptions.items[i] : extras->foreign.items[i - source->exceptions.count];
        if (!own && !plan_exception_reaches(exception, layer)) continue;
        const lang_exception **slot = BASE_PUSH(arena, &explanation->exceptions);
        if (slot == NULL) return false;
        *slot = exception;
    }
    return true;
}

const plan_explanation *plan_unfold(base_arena *arena, const plan_program *plan, const plan_clause *clause,
                                    plan_block *block)
{
    uint32_t count = plan->blocks.items[clause->explain_block].steps.count, rest;
    plan_explanation *e = base_arena_alloc(arena, sizeof *e);
    plan_step *steps = base_arena_alloc(arena, (count + 1) * sizeof *steps);
    const lang_expression **sources = base_arena_alloc(arena, (count + 1) * sizeof *sources);
    if (e == NULL || steps == NULL || sources == NULL) return NULL;
    const unsigned char *at = (const unsigned char *)clause->folded;
    for (uint32_t i = 0; i < count; i++) take_step(&at, &steps[i], &sources[i], i, clause->source);
    *block = (plan_block){.steps = {steps, count, count}};
    block->arguments.items = take_list(arena, &at, &block->arguments.count);
    e->when_steps.items = take_list(arena, &at, &e->when_steps.count);
    e->exception_steps.items = take_list(arena, &at, &e->exception_steps.count);
    e->hole_steps.items = take_list(arena, &at, &e->hole_steps.count);
    const uint32_t *numbers = take_list(arena, &at, &rest);
    if (arena->failed || !list_exceptions(arena, plan, clause, e)) return NULL;
    e->requirement_step = numbers[0];
    e->counting_step = numbers[1];
    e->bound_aggregate = numbers[2];
    e->binding_aggregate = numbers[3];
    e->block = &plan->blocks.items[clause->explain_block];
    e->sources = sources;
    return e;
}

const plan_explanation *plan_explanation_of(const plan_program *plan, const plan_clause *clause)
{
    const plan_explanation *made = __atomic_load_n(&clause->explanation, __ATOMIC_ACQUIRE);
    if (made != NULL) return made;
    pthread_mutex_lock(&plan->unfolded->lock);
    made = __atomic_load_n(&clause->explanation, __ATOMIC_RELAXED);
    plan_block block;
    if (made == NULL) made = plan_unfold(&plan->unfolded->arena, plan, clause, &block);
    plan->unfolded->arena.failed = false; /* who asks again may have more luck */
    plan_clause *own = &plan->clauses.items[clause - plan->clauses.items];
    if (made != NULL && own->explanation == NULL) {
        plan->blocks.items[clause->explain_block] = block;
        __atomic_store_n(&own->explanation, made, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&plan->unfolded->lock);
    return made;
}
