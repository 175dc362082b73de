/* Which shapes have machine code, and getting it for those that have not: from the disk, else from the maker, on a thread beside the
 * work; those who wait for code help that thread. First a shape's parts get code, which it shares with others; then it gets better code,
 * of its own. */
#include "runtime/kernel_code.h"
#include "compiler/plan/split.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { SLOT_LIMIT = PLAN_SPLIT_SLOTS, NO_UNIT = UINT32_MAX, PART_BUCKETS = 256 };
_Static_assert((int)SLOT_LIMIT <= (int)RUN_CALL_SLOTS, "lanes of all that has code are laid one after the other");

/* A shape with slots of some widths, and its code: that of units, or a part of such ones. */
typedef struct code_entry {
    const plan_shape *shape;
    uint32_t number; /* of the shape among the kernels'; NO_UNIT for a part */
    uint64_t signature;
    run_object object; /* its kernel is NULL until there is code, and for ever where none can be had */
    run_object before; /* code that was made quickly, once there is better: someone may still be running it */
    bool tried, best;
    bool from_disk;
    run_composite
        *composite; /* of a unit's: its code in parts, of which those that are not there yet are NULL; NULL for none */
    struct code_entry **parts; /* of the composite: of each part, and of the logic behind them */
    struct code_entry *next;   /* of a part: in its bucket */
    uint64_t hash;
    uint8_t slot_widths[SLOT_LIMIT + PLAN_PART_LIMIT];
} code_entry;

/* What making code takes. */
typedef struct workshop {
    base_arena arena, scratch;
    struct run_object_maker *maker;
} workshop;

/* That of the thread beside, and that of those who wait, one at a time. */
enum { BESIDE, WAITING, WORKSHOPS };

struct run_kernel_code {
    base_allocator allocator;
    const plan_kernels *kernels;
    const char *cache;
    const run_machine_provider *provider;
    atomic_uint_fast64_t generation; /* grows when code arrives, so that what was found before is looked for again */
    pthread_mutex_t lock;            /* of all below */
    base_arena arena;
    BASE_ARRAY(code_entry *) entries;
    uint32_t *slots;                   /* entry + 1 */
    size_t slot_count, units;          /* the last: entries of units */
    code_entry *buckets[PART_BUCKETS]; /* parts, by what they do */
    size_t next;                       /* the first entry that nobody has taken on */
    size_t improved;                   /* likewise, to make it better */
    size_t unfinished;                 /* how many have been taken on, either way, and are not done */
    pthread_cond_t changed;
    size_t loaded, made;
    bool working, ended;
    unsigned users; /* runs that are going on */
    bool lasting;   /* someone works on while code is made: it pays to make it better */
    pthread_t thread;
    bool has_thread;
    workshop workshops[WORKSHOPS];
    pthread_mutex_t waiting; /* of the workshop of those who wait */
};

run_kernel_code *run_kernel_code_new(const base_allocator *allocator, const plan_kernels *kernels, const char *cache)
{
    run_kernel_code *code = allocator->reallocate(allocator->state, NULL, sizeof *code);
    if (code == NULL) return NULL;
    memset(code, 0, sizeof *code);
    code->allocator = *allocator;
    code->kernels = kernels;
    code->provider = run_machine_provider_get();
    atomic_init(&code->generation, 1);
    pthread_mutex_init(&code->lock, NULL);
    pthread_mutex_init(&code->waiting, NULL);
    pthread_cond_init(&code->changed, NULL);
    base_arena_init(&code->arena, allocator);
    for (int i = 0; i < WORKSHOPS; i++) {
        base_arena_init(&code->workshops[i].arena, allocator);
        base_arena_init(&code->workshops[i].scratch, allocator);
    }
    if (cache != NULL) code->cache = base_arena_copy(&code->arena, cache, strlen(cache));
    return code;
}

void run_kernel_code_free(run_kernel_code *code)
{
    if (code == NULL) return;
    pthread_mutex_lock(&code->lock);
    code->ended = true;
    pthread_mutex_unlock(&code->lock);
    if (code->has_thread) pthread_join(code->thread, NULL);
    for (size_t i = 0; i < code->entries.count; i++) {
        run_object_unload(&code->entries.items[i]->object);
        run_object_unload(&code->entries.items[i]->before);
    }
    for (int i = 0; i < WORKSHOPS; i++) {
        workshop *shop = &code->workshops[i];
        if (shop->maker != NULL) code->provider->maker_free(shop->maker);
        base_arena_release(&shop->arena);
        base_arena_release(&shop->scratch);
    }
    pthread_mutex_destroy(&code->lock);
    pthread_mutex_destroy(&code->waiting);
    pthread_cond_destroy(&code->changed);
    base_arena_release(&code->arena);
    base_allocator allocator = code->allocator;
    allocator.reallocate(allocator.state, code, 0);
}

/* ---- getting code ---- */

/* What a kernel follows from: this library's way of making it, the processor, the shape and its widths. */
static void key_of(const code_entry *entry, bool better, uint64_t key[2])
{
    const plan_shape *shape = entry->shape;
    XXH3_state_t state;
    uint64_t facts[4] = {7 /* how kernels are made and called */, run_processor_digest(),
                         (uint64_t)shape->slot_count << 32 | shape->constant_count,
                         (uint64_t)better << 2 | (uint64_t)shape->clause << 1 | shape->plain};
    XXH3_128bits_reset(&state);
    XXH3_128bits_update(&state, ADJUDGE_VERSION, sizeof ADJUDGE_VERSION);
    XXH3_128bits_update(&state, facts, sizeof facts);
    XXH3_128bits_update(&state, entry->slot_widths, shape->slot_count);
    XXH3_128bits_update(&state, shape->results, sizeof shape->results);
    XXH3_128bits_update(&state, shape->truth_slots, (shape->slot_count + 63U) / 64 * 8);
    for (uint32_t i = 0; i < shape->step_count; i++) {
        const plan_lane_step *step = &shape->steps[i];
        uint16_t parts[4] = {step->operation, step->a, step->b, step->to};
        XXH3_128bits_update(&state, parts, sizeof parts);
    }
    XXH128_hash_t hash = XXH3_128bits_digest(&state);
    key[0] = hash.high64;
    key[1] = hash.low64;
}

/* Loads what is kept on disk for an entry, made better or quickly. */
static bool load_kept(const run_kernel_code *code, workshop *shop, const code_entry *entry, bool better,
                      run_object *object)
{
    const char *bytes;
    size_t length;
    uint64_t key[2];
    key_of(entry, better, key);
    return run_cache_read(&shop->scratch, code->cache, key, &bytes, &length) && run_object_load(object, bytes, length);
}

typedef struct got {
    run_object object;
    bool from_disk, best;
} got;

/* Gets what is kept on disk for an entry, the better the better. */
static got get_kept(const run_kernel_code *code, workshop *shop, const code_entry *entry, bool better)
{
    got g = {.best = true};
    base_arena_reset(&shop->scratch);
    if (code->cache == NULL) return (got){.best = better};
    g.from_disk = load_kept(code, shop, entry, true, &g.object);
    if (g.from_disk) return g;
    g.best = better;
    if (!better) g.from_disk = load_kept(code, shop, entry, false, &g.object);
    return g;
}

/* Makes the code of an entry, and keeps it on disk; as `before` where that cannot be had. */
static got make_code(const run_kernel_code *code, workshop *shop, const code_entry *entry, bool better, got before)
{
    got g = before;
    if (code->provider == NULL || code->provider->maker_new == NULL) return g;
    if (shop->maker == NULL) shop->maker = code->provider->maker_new(&shop->arena);
    const char *bytes, *error;
    size_t length;
    if (shop->maker == NULL || !code->provider->make_object(shop->maker, &shop->scratch, entry->shape,
                                                            entry->slot_widths, better, false, &bytes, &length, &error))
        return g;
    if (!run_object_load(&g.object, bytes, length) || code->cache == NULL) return g;
    uint64_t key[2];
    key_of(entry, better, key);
    run_cache_write(&shop->scratch, code->cache, key, bytes, length);
    return g;
}

/* Gets the code of an entry, in a workshop of which this thread is the only one. */
static got get_code(const run_kernel_code *code, workshop *shop, const code_entry *entry, bool better)
{
    got g = get_kept(code, shop, entry, better);
    return g.from_disk ? g : make_code(code, shop, entry, better, g);
}

/* ---- parts; all with the lock held ---- */

static bool same_part(const code_entry *entry, const plan_shape *shape, uint64_t hash, const uint8_t *widths)
{
    const plan_shape *own = entry->shape;
    return entry->hash == hash && own->slot_count == shape->slot_count &&
           own->constant_count == shape->constant_count && own->step_count == shape->step_count &&
           own->truth_count == shape->truth_count && own->value_count == shape->value_count &&
           own->clause == shape->clause && own->plain == shape->plain && *own->truth_slots == *shape->truth_slots &&
           memcmp(own->results, shape->results, sizeof own->results) == 0 &&
           memcmp(own->steps, shape->steps, own->step_count * sizeof *own->steps) == 0 &&
           memcmp(entry->slot_widths, widths, own->slot_count) == 0;
}

/* The entry of a part, added when new; NULL when memory runs out. */
static code_entry *entry_of_part(run_kernel_code *code, const plan_shape *shape, const uint8_t *widths)
{
    uint64_t facts[3] = {XXH3_64bits(shape->steps, shape->step_count * sizeof *shape->steps),
                         XXH3_64bits(widths, shape->slot_count), *shape->truth_slots};
    uint64_t hash = XXH3_64bits(facts, sizeof facts);
    code_entry **bucket = &code->buckets[hash % PART_BUCKETS];
    for (code_entry *entry = *bucket; entry != NULL; entry = entry->next) {
        if (same_part(entry, shape, hash, widths)) return entry;
    }
    code_entry *entry = base_arena_alloc(&code->arena, sizeof *entry);
    code_entry **slot = entry == NULL ? NULL : BASE_PUSH(&code->arena, &code->entries);
    if (slot == NULL) return NULL;
    *slot = entry;
    entry->shape = shape;
    entry->number = NO_UNIT;
    entry->hash = hash;
    memcpy(entry->slot_widths, widths, shape->slot_count);
    entry->next = *bucket;
    return *bucket = entry;
}

/* Gives an entry its parts, which are then to be got; false where it has none. */
static bool take_apart(run_kernel_code *code, code_entry *entry)
{
    uint8_t widths[PLAN_SPLIT_SLOTS + PLAN_PART_LIMIT] = {0};
    plan_split *split = base_arena_alloc(&code->arena, sizeof *split);
    run_composite *composite = base_arena_alloc(&code->arena, sizeof *composite);
    if (split == NULL || composite == NULL || !plan_split_shape(&code->arena, entry->shape, split)) return false;
    *composite = (run_composite){split, base_arena_alloc(&code->arena, split->count * sizeof *composite->parts), NULL};
    entry->parts = base_arena_alloc(&code->arena, (split->count + 1U) * sizeof(code_entry *));
    if (composite->parts == NULL || entry->parts == NULL) return false;
    for (uint32_t p = 0; p < split->count; p++) {
        const plan_part *part = &split->parts[p];
        for (uint16_t i = 0; i < part->shape.slot_count; i++) widths[i] = entry->slot_widths[part->slots[i]];
        entry->parts[p] = entry_of_part(code, &part->shape, widths);
        if (entry->parts[p] == NULL) return false;
    }
    memset(widths, 0, sizeof widths);
    entry->parts[split->count] = entry_of_part(code, &split->logic, widths);
    if (entry->parts[split->count] == NULL) return false;
    entry->composite = composite;
    return true;
}

/* Whether all that can be had for an entry at first has been tried; notes the code of its parts once it has. */
static bool is_tried(run_kernel_code *code, code_entry *entry)
{
    if (entry->tried || entry->composite == NULL) return entry->tried;
    run_composite *composite = entry->composite;
    uint32_t count = composite->split->count;
    bool all = true, from_disk = true;
    for (uint32_t p = 0; p <= count; p++) {
        const code_entry *part = entry->parts[p];
        if (!part->tried) return false;
        all = all && part->object.kernel != NULL;
        from_disk = from_disk && part->from_disk;
        if (p < count) composite->parts[p] = part->object.kernel;
    }
    composite->logic = entry->parts[count]->object.kernel;
    entry->tried = true;
    entry->best = !all; /* where a part cannot be had, the whole cannot */
    if (!all) entry->composite = NULL;
    code->made += all && !from_disk ? 1 : 0;
    code->loaded += all && from_disk ? 1 : 0;
    if (all) atomic_fetch_add_explicit(&code->generation, 1, memory_order_release);
    return true;
}

/* ---- making ---- */

/* With the lock held, which it lets go meanwhile: gets the next entry its first code, or has its parts got. */
static void get_next(run_kernel_code *code, workshop *shop)
{
    code_entry *entry = code->entries.items[code->next++];
    bool unit = entry->number != NO_UNIT;
    code->unfinished++;
    pthread_mutex_unlock(&code->lock);
    got g = unit ? get_kept(code, shop, entry, false) : get_code(code, shop, entry, false);
    pthread_mutex_lock(&code->lock);
    if (unit && g.object.kernel == NULL && !take_apart(code, entry)) {
        pthread_mutex_unlock(&code->lock);
        g = make_code(code, shop, entry, false, g);
        pthread_mutex_lock(&code->lock);
    }
    code->unfinished--;
    pthread_cond_broadcast(&code->changed);
    if (entry->composite != NULL) return;
    entry->object = g.object;
    entry->from_disk = g.from_disk;
    entry->tried = true;
    entry->best = g.best || g.object.kernel == NULL || !unit;
    if (g.object.kernel == NULL) return;
    code->made += unit && !g.from_disk ? 1 : 0;
    code->loaded += unit && g.from_disk ? 1 : 0;
    /* With a part some units may have all of theirs: whoever judges looks again. */
    atomic_fetch_add_explicit(&code->generation, 1, memory_order_release);
}

/* Likewise: gets the next entry that can have it better code. */
static void improve_next(run_kernel_code *code, workshop *shop)
{
    code_entry *entry = code->entries.items[code->improved++];
    while (!is_tried(code, entry)) pthread_cond_wait(&code->changed, &code->lock);
    if (entry->best) return;
    code->unfinished++;
    pthread_mutex_unlock(&code->lock);
    got g = get_code(code, shop, entry, true);
    pthread_mutex_lock(&code->lock);
    entry->best = true;
    code->unfinished--;
    pthread_cond_broadcast(&code->changed);
    if (g.object.kernel == NULL) return;
    entry->before = entry->object;
    entry->object = g.object;
    atomic_fetch_add_explicit(&code->generation, 1, memory_order_release);
}

/* With the lock held: tries one entry after the other until none is left, and then, if asked to, makes them better. */
static void get_all(run_kernel_code *code, workshop *shop, bool better)
{
    while (!code->ended && (shop != &code->workshops[BESIDE] || code->users > 0)) {
        if (code->next < code->entries.count)
            get_next(code, shop);
        else if (better && code->improved < code->entries.count)
            improve_next(code, shop);
        else
            return;
    }
}

/* Says that it has ended in the same breath as it finds nothing left, so that nothing is asked for in between. */
static void *get_beside(void *state)
{
    run_kernel_code *code = state;
    pthread_mutex_lock(&code->lock);
    get_all(code, &code->workshops[BESIDE], code->lasting);
    code->working = false;
    pthread_cond_broadcast(&code->changed);
    pthread_mutex_unlock(&code->lock);
    return NULL;
}

/* With the lock held: sees to it that someone gets what is wanted. */
static void start_getting(run_kernel_code *code)
{
    bool none = code->next == code->entries.count && (!code->lasting || code->improved == code->entries.count);
    if (code->working || none) return;
    if (code->has_thread) {
        /* It has ended, or is about to: it needs no lock any more. */
        pthread_t old = code->thread;
        code->has_thread = false;
        pthread_join(old, NULL);
    }
    code->working = true;
    code->has_thread = pthread_create(&code->thread, NULL, get_beside, code) == 0;
    if (!code->has_thread) code->working = false;
}

void run_kernel_code_begin(run_kernel_code *code)
{
    pthread_mutex_lock(&code->lock);
    code->users++;
    pthread_cond_broadcast(&code->changed);
    pthread_mutex_unlock(&code->lock);
}

void run_kernel_code_end(run_kernel_code *code)
{
    pthread_mutex_lock(&code->lock);
    code->users--;
    while (code->users == 0 && code->working) pthread_cond_wait(&code->changed, &code->lock);
    bool last = code->users == 0 && code->has_thread;
    pthread_t thread = code->thread;
    if (last) code->has_thread = false;
    pthread_mutex_unlock(&code->lock);
    if (last) pthread_join(thread, NULL);
}

/* Waits until all that was asked for is there, first code or better, and does some of it meanwhile. */
static void wait_for_all(run_kernel_code *code, bool better)
{
    pthread_mutex_lock(&code->waiting);
    pthread_mutex_lock(&code->lock);
    code->lasting = code->lasting || better;
    if (code->users > 0) start_getting(code);
    get_all(code, &code->workshops[WAITING], better);
    /* All of these have been taken on; what others ask for meanwhile they will wait for themselves. */
    size_t wanted = code->entries.count;
    for (size_t i = 0; i < wanted; i++) {
        while (!is_tried(code, code->entries.items[i])) pthread_cond_wait(&code->changed, &code->lock);
    }
    while (better && code->unfinished > 0) pthread_cond_wait(&code->changed, &code->lock);
    pthread_mutex_unlock(&code->lock);
    pthread_mutex_unlock(&code->waiting);
}

void run_kernel_code_settle(run_kernel_code *code)
{
    run_kernel_code_begin(code);
    wait_for_all(code, true);
    run_kernel_code_end(code);
}

void run_kernel_code_count(run_kernel_code *code, size_t *made, size_t *loaded)
{
    pthread_mutex_lock(&code->lock);
    *made = code->made;
    *loaded = code->loaded;
    pthread_mutex_unlock(&code->lock);
}

/* ---- finding it ---- */

static bool grow(run_kernel_code *code)
{
    size_t count = code->slot_count == 0 ? 256 : code->slot_count * 2;
    uint32_t *slots = base_arena_alloc(&code->arena, count * sizeof *slots);
    if (slots == NULL) return false;
    for (uint32_t i = 0; i < code->entries.count; i++) {
        const code_entry *entry = code->entries.items[i];
        if (entry->number == NO_UNIT) continue;
        uint64_t parts[2] = {entry->number, entry->signature};
        size_t at = (size_t)XXH3_64bits(parts, sizeof parts) & (count - 1);
        while (slots[at] != 0) at = (at + 1) & (count - 1);
        slots[at] = i + 1;
    }
    code->slots = slots;
    code->slot_count = count;
    return true;
}

/* The entry of a shape with such slots, added when new; with the lock held. NULL when memory runs out. */
static code_entry *entry_of(run_kernel_code *code, uint32_t shape, uint64_t signature, const uint8_t *slot_widths)
{
    if (code->units * 2 >= code->slot_count && !grow(code)) return NULL;
    uint64_t parts[2] = {shape, signature};
    size_t at = (size_t)XXH3_64bits(parts, sizeof parts) & (code->slot_count - 1);
    for (; code->slots[at] != 0; at = (at + 1) & (code->slot_count - 1)) {
        code_entry *entry = code->entries.items[code->slots[at] - 1];
        if (entry->number == shape && entry->signature == signature) return entry;
    }
    code_entry *entry = base_arena_alloc(&code->arena, sizeof *entry);
    code_entry **slot = entry == NULL ? NULL : BASE_PUSH(&code->arena, &code->entries);
    if (slot == NULL) return NULL;
    *slot = entry;
    entry->shape = &code->kernels->shapes.items[shape];
    entry->number = shape;
    entry->signature = signature;
    code->units++;
    memcpy(entry->slot_widths, slot_widths, SLOT_LIMIT);
    code->slots[at] = (uint32_t)code->entries.count;
    return entry;
}

/* Whether a unit can have machine code, how wide its slots are and what it takes for its constants. */
static bool can_have_code(run_packer *packer, uint32_t index, uint8_t slot_widths[SLOT_LIMIT])
{
    const plan_unit *unit = &packer->kernels->units.items[index];
    run_kernel_memo *memo = &packer->memos[index];
    const plan_shape *shape = &packer->kernels->shapes.items[unit->shape];
    const uint32_t *inputs = packer->kernels->slots.items + unit->slots;
    if (shape->slot_count > SLOT_LIMIT) return false;
    memset(slot_widths, 0, SLOT_LIMIT);
    for (uint32_t i = 0; i < shape->slot_count; i++) slot_widths[i] = (uint8_t)packer->lanes[inputs[i]].width;
    if (memo->constants == NULL)
        memo->constants =
            base_arena_alloc(packer->context->arena, (shape->constant_count + 1U) * sizeof *memo->constants);
    return memo->constants != NULL &&
           plan_fit_constants(shape, slot_widths, packer->constants + unit->constants, memo->constants);
}

static bool has_code(const run_kernel_memo *memo)
{
    return memo->kernel != NULL || memo->composite != NULL;
}

/* Notes what code an entry has, with the lock held. */
static void take_code(const code_entry *entry, run_kernel_memo *memo)
{
    bool whole = entry->object.kernel != NULL;
    memo->kernel = entry->object.kernel;
    memo->compare = entry->object.compare;
    memo->composite = !whole && entry->tried ? entry->composite : NULL;
}

/* Looks a unit up, and asks for it where it is not there. */
static const run_kernel_memo *look_up(run_packer *packer, uint32_t index, uint64_t signature)
{
    run_kernel_code *code = packer->code;
    const plan_unit *unit = &packer->kernels->units.items[index];
    run_kernel_memo *memo = &packer->memos[index];
    memo->generation = atomic_load_explicit(&code->generation, memory_order_acquire);
    memo->signature = signature + 1;
    memo->kernel = NULL;
    memo->composite = NULL;
    uint8_t slot_widths[SLOT_LIMIT];
    if (!can_have_code(packer, index, slot_widths)) return NULL;
    pthread_mutex_lock(&code->lock);
    code_entry *entry = entry_of(code, unit->shape, signature, slot_widths);
    bool missing = entry != NULL && !is_tried(code, entry);
    if (entry != NULL) take_code(entry, memo);
    code->lasting = code->lasting || !packer->wait;
    if (missing && !packer->wait) start_getting(code);
    pthread_mutex_unlock(&code->lock);
    if (missing && packer->wait) {
        wait_for_all(code, false);
        pthread_mutex_lock(&code->lock);
        is_tried(code, entry);
        take_code(entry, memo);
        memo->generation = atomic_load_explicit(&code->generation, memory_order_acquire);
        pthread_mutex_unlock(&code->lock);
    }
    return has_code(memo) ? memo : NULL;
}

const run_kernel_memo *run_kernel_find(run_packer *packer, uint32_t index, uint64_t signature)
{
    if (packer->code == NULL || packer->keys_only) return NULL;
    const run_kernel_memo *memo = &packer->memos[index];
    bool same = memo->signature == signature + 1;
    if (same && memo->generation == atomic_load_explicit(&packer->code->generation, memory_order_acquire))
        return has_code(memo) ? memo : NULL;
    return look_up(packer, index, signature);
}

void run_kernel_ask(run_packer *packer, uint32_t index, uint64_t signature)
{
    run_kernel_code *code = packer->code;
    if (code == NULL || packer->keys_only || packer->memos[index].signature == signature + 1) return;
    const plan_unit *unit = &packer->kernels->units.items[index];
    uint8_t slot_widths[SLOT_LIMIT];
    packer->memos[index].signature = 0; /* its constants are fitted anew */
    if (!can_have_code(packer, index, slot_widths)) return;
    pthread_mutex_lock(&code->lock);
    code_entry *entry = entry_of(code, unit->shape, signature, slot_widths);
    if (entry != NULL && !is_tried(code, entry)) start_getting(code);
    pthread_mutex_unlock(&code->lock);
}
