/* Arenas: chained blocks that double in size up to a megabyte; tight ones grow more slowly. */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct base_arena_block {
    base_arena_block *before;
    size_t size;
};

/* Under the address sanitizer each piece is a block of its own: an access beyond it is found, and each can fail. */
#if defined(__SANITIZE_ADDRESS__)
#define ADJUDGE_POISON
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ADJUDGE_POISON
#endif
#endif
#if defined(ADJUDGE_POISON)
#include <sanitizer/asan_interface.h>
enum { SEPARATE = 1 };
#else
enum { SEPARATE = 0 };
#endif

enum {
    SMALLEST_BLOCK = 4096,
    LARGE_PIECE = 1 << 16,
    LARGEST_BLOCK = 1 << 20,
    MODEST_BLOCK = 1 << 16,
    MODEST_SHARE = 8,
    TIGHT_ALIGNMENT = 8,
    ALIGNMENT = 16,
    WIDE_ALIGNMENT = 64,
    HEADER = (sizeof(base_arena_block) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT
};

static void *reallocate_default(void *state, void *block, size_t size)
{
    (void)state;
    if (size == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, size);
}

base_allocator base_allocator_default(void)
{
    return (base_allocator){reallocate_default, NULL};
}

void base_arena_init(base_arena *arena, const base_allocator *allocator)
{
    *arena = (base_arena){0};
    arena->allocator = allocator != NULL ? *allocator : base_allocator_default();
}

static void give_back(base_arena *arena, base_arena_block *block)
{
    while (block != NULL) {
        base_arena_block *before = block->before;
        arena->allocator.reallocate(arena->allocator.state, block, 0);
        block = before;
    }
}

void base_arena_release(base_arena *arena)
{
    give_back(arena, arena->blocks);
    give_back(arena, arena->spare);
    base_allocator allocator = arena->allocator;
    *arena = (base_arena){0};
    arena->allocator = allocator;
}

void base_arena_reset(base_arena *arena)
{
    if (SEPARATE) {
        bool failed = arena->failed;
        base_arena_release(arena);
        arena->failed = failed;
        return;
    }
    while (arena->blocks != NULL) {
        base_arena_block *block = arena->blocks;
        arena->blocks = block->before;
        block->before = arena->spare;
        arena->spare = block;
    }
    arena->next = NULL;
    arena->left = 0;
    memset(arena->scraps, 0, sizeof arena->scraps);
    arena->clean = false;
}

/* A block that was emptied and holds as much; NULL for none. */
static base_arena_block *take_spare(base_arena *arena, size_t wanted)
{
    for (base_arena_block **link = &arena->spare; *link != NULL; link = &(*link)->before) {
        base_arena_block *block = *link;
        if (block->size < wanted) continue;
        *link = block->before;
        return block;
    }
    return NULL;
}

/* A new block, as zeros where they are wanted and the C library gives them: for large blocks the system makes them page by page when they are
 * written, so that memory that is never written, as of columns that no file has, costs nothing. */
static base_arena_block *new_block(base_arena *arena, size_t size, bool zeros)
{
    arena->clean = zeros && arena->allocator.reallocate == reallocate_default;
    if (arena->clean) return calloc(1, size);
    return arena->allocator.reallocate(arena->allocator.state, NULL, size);
}

static void begin_block(base_arena *arena, base_arena_block *block)
{
    block->before = arena->blocks;
    arena->blocks = block;
    size_t skipped = 0;
    if (arena->wide) skipped = (WIDE_ALIGNMENT - ((uintptr_t)block + HEADER) % WIDE_ALIGNMENT) % WIDE_ALIGNMENT;
    arena->next = (char *)block + HEADER + skipped;
    arena->left = block->size - skipped;
}

static bool add_block(base_arena *arena, size_t wanted)
{
    if (arena->wide) wanted += WIDE_ALIGNMENT;
    base_arena_block *block = take_spare(arena, wanted);
    if (block != NULL) {
        arena->clean = false;
        begin_block(arena, block);
        return true;
    }
    size_t size = arena->blocks == NULL ? SMALLEST_BLOCK : arena->blocks->size * 2;
    if (size > LARGEST_BLOCK) size = LARGEST_BLOCK;
    /* A tight arena has blocks of an eighth of all that it holds: no more than that is left over. */
    size_t modest = arena->total / MODEST_SHARE < MODEST_BLOCK ? MODEST_BLOCK : arena->total / MODEST_SHARE;
    if (arena->tight && size > modest) size = modest;
    if (size < wanted || SEPARATE) size = wanted;
    if (size > SIZE_MAX / 2) return false;
    block = new_block(arena, HEADER + size, size >= LARGEST_BLOCK);
    if (block == NULL) return false;
    block->size = size;
    begin_block(arena, block);
    arena->total += HEADER + size;
    return true;
}

/* A large piece in a block of its own behind the one at hand, which goes on being filled: up to a megabyte would be lost else. NULL where it
 * is no large one, or there is no memory. */
static void *take_apart(base_arena *arena, size_t size, bool zeros, bool *clean)
{
    bool apart = size >= LARGE_PIECE && arena->left >= SMALLEST_BLOCK && arena->spare == NULL && !SEPARATE;
    if (!apart || size > SIZE_MAX / 2) return NULL;
    bool before = arena->clean;
    size_t room = size + (arena->wide ? WIDE_ALIGNMENT : 0);
    base_arena_block *block = new_block(arena, HEADER + room, zeros);
    *clean = arena->clean;
    arena->clean = before;
    if (block == NULL) return NULL;
    block->size = room;
    block->before = arena->blocks->before;
    arena->blocks->before = block;
    arena->total += HEADER + room;
    char *piece = (char *)block + HEADER;
    if (arena->wide) piece += (WIDE_ALIGNMENT - (uintptr_t)piece % WIDE_ALIGNMENT) % WIDE_ALIGNMENT;
    return piece;
}

static size_t alignment_of(const base_arena *arena)
{
    return arena->wide ? WIDE_ALIGNMENT : arena->tight ? TIGHT_ALIGNMENT : ALIGNMENT;
}

/* Memory, as zeros if they are wanted and come for nothing, and whether it holds zeros already. */
static void *take(base_arena *arena, size_t size, bool zeros, size_t *taken, bool *clean)
{
    if (size > SIZE_MAX / 4) {
        arena->failed = true;
        return NULL;
    }
    size_t alignment = alignment_of(arena);
    size_t rounded = (size + alignment - 1) / alignment * alignment;
    if (rounded == 0) rounded = alignment;
    for (int i = 0; arena->reuses && i < BASE_SCRAPS; i++) {
        base_scrap *scrap = &arena->scraps[i];
        if (rounded > scrap->left) continue;
        void *result = scrap->next;
        scrap->next += rounded;
        scrap->left -= rounded;
        *taken = rounded;
        *clean = false;
        return result;
    }
    *taken = rounded;
    void *apart = rounded > arena->left ? take_apart(arena, rounded, zeros, clean) : NULL;
    if (apart != NULL) return apart;
    if (rounded > arena->left && !add_block(arena, rounded)) {
        arena->failed = true;
        return NULL;
    }
    void *result = arena->next;
    arena->next += rounded;
    arena->left -= rounded;
    *taken = rounded;
    *clean = arena->clean;
    return result;
}

void *base_arena_alloc(base_arena *arena, size_t size)
{
    size_t taken;
    bool clean;
    void *result = take(arena, size, true, &taken, &clean);
    if (result != NULL && !clean) memset(result, 0, taken);
    return result;
}

void *base_arena_alloc_raw(base_arena *arena, size_t size)
{
    size_t taken;
    bool clean;
    return take(arena, size, false, &taken, &clean);
}

/* Texts need no alignment: they are put at a block's end, one before the other, and take no more than their bytes. */
char *base_arena_copy(base_arena *arena, const char *text, size_t length)
{
    if (!SEPARATE && length < arena->left) {
        arena->left -= length + 1;
        char *placed = arena->next + arena->left;
        if (length > 0) memcpy(placed, text, length);
        placed[length] = '\0';
        return placed;
    }
    char *copy = base_arena_alloc(arena, length + 1);
    if (copy != NULL && length > 0) memcpy(copy, text, length);
    return copy;
}

/* Takes over what an array leaves behind, in the place of the least that there is, if it is more. Under the address sanitizer whoever still reads it is told. */
static void leave(base_arena *arena, void *items, size_t size)
{
#if defined(ADJUDGE_POISON)
    (void)arena;
    ASAN_POISON_MEMORY_REGION(items, size);
#else
    size_t alignment = alignment_of(arena), whole = size / alignment * alignment;
    base_scrap *least = &arena->scraps[0];
    for (int i = 1; i < BASE_SCRAPS; i++) {
        if (arena->scraps[i].left < least->left) least = &arena->scraps[i];
    }
    if (whole > least->left) *least = (base_scrap){items, whole};
#endif
}

void base_arena_trim(base_arena *arena, void *items, size_t count, uint32_t *capacity, size_t item_size)
{
    if (!arena->reuses || *capacity <= count || item_size % alignment_of(arena) != 0) return;
    leave(arena, (char *)items + count * item_size, (*capacity - count) * item_size);
    *capacity = (uint32_t)count;
}

bool base_arena_reserve(base_arena *arena, void **items, size_t count, uint32_t *capacity, size_t item_size,
                        size_t wanted)
{
    if (wanted <= *capacity) return true;
    if (wanted > UINT32_MAX || wanted > SIZE_MAX / 4 / item_size) {
        arena->failed = true;
        return false;
    }
    void *grown = base_arena_alloc(arena, wanted * item_size);
    if (grown == NULL) return false;
    if (count > 0) memcpy(grown, *items, count * item_size);
    if (arena->reuses && *capacity > 0) leave(arena, *items, *capacity * item_size);
    *items = grown;
    *capacity = (uint32_t)wanted;
    return true;
}

bool base_arena_grow(base_arena *arena, void **items, size_t count, uint32_t *capacity, size_t item_size)
{
    if (count < *capacity) return true;
    /* Most arrays of a tree hold one or two items. */
    size_t first = item_size >= ALIGNMENT ? 1 : ALIGNMENT / item_size;
    return base_arena_reserve(arena, items, count, capacity, item_size, *capacity == 0 ? first : (size_t)*capacity * 2);
}

void base_arena_settle(base_arena *arena, void **items, uint32_t *count, uint32_t *capacity, size_t item_size)
{
    void *exact = *count == 0 ? NULL : base_arena_alloc(arena, *count * item_size);
    if (exact == NULL) *count = 0;
    if (exact != NULL) memcpy(exact, *items, *count * item_size);
    *items = exact;
    *capacity = *count;
}
