/* Memory with an owner and an end: every allocation of a pass or a store comes from an arena and goes with it.
 *
 * An arena remembers that an allocation failed, so that a pass may check once at its end; each allocation also
 * returns NULL, and callers never dereference that. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where an arena gets its blocks. `reallocate(state, NULL, n)` allocates, `(state, p, 0)` frees; NULL means failure. */
typedef struct base_allocator {
    void *(*reallocate)(void *state, void *block, size_t size);
    void *state;
} base_allocator;

/* Of an enumeration: it takes one byte, or as many as its values need, and not the four of an int. */
#define BASE_COMPACT __attribute__((packed))

typedef struct base_arena_block base_arena_block;

/* Memory within a block that is to be given out again. */
typedef struct base_scrap {
    char *next;
    size_t left;
} base_scrap;

enum { BASE_SCRAPS = 4 };

typedef struct base_arena {
    base_arena_block *blocks;
    base_arena_block *spare; /* emptied by base_arena_reset, to be used again */
    char *next;
    size_t left;
    size_t total; /* bytes taken from the allocator */
    bool clean;   /* what is left of the block at hand holds zeros already */
    bool wide;    /* pieces begin at multiples of 64 bytes, as the widest registers like it */
    bool tight;   /* at multiples of 8, for what needs no more: small things take a tenth less */
    bool reuses;  /* what arrays leave behind when they grow is given out again: nobody may hold it any longer */
    base_scrap scraps[BASE_SCRAPS]; /* such memory */
    base_allocator allocator;
    bool failed;
} base_arena;

/* The C library's allocator. */
base_allocator base_allocator_default(void);

/* Prepares an empty arena; `allocator` may be NULL for the C library's. */
void base_arena_init(base_arena *arena, const base_allocator *allocator);

/* Gives every block back. The arena is empty and usable again. */
void base_arena_release(base_arena *arena);

/* Forgets all that was allocated and keeps the blocks for what comes next. */
void base_arena_reset(base_arena *arena);

/* Returns zeroed memory aligned for any type, or NULL with arena->failed set. */
void *base_arena_alloc(base_arena *arena, size_t size);

/* The same where all of it is written before it is read: what it holds means nothing. */
void *base_arena_alloc_raw(base_arena *arena, size_t size);

/* Copies `length` bytes and adds a NUL. */
char *base_arena_copy(base_arena *arena, const char *text, size_t length);

/* Grows an array that lives in the arena so that one more item fits; false (array unchanged) on failure. */
bool base_arena_grow(base_arena *arena, void **items, size_t count, uint32_t *capacity, size_t item_size);

/* The same, so that `wanted` items fit. */
bool base_arena_reserve(base_arena *arena, void **items, size_t count, uint32_t *capacity, size_t item_size,
                        size_t wanted);

/* Copies an array into exactly as much memory as it needs; arena->failed is set, and the array empty,
 * where there is none. */
void base_arena_settle(base_arena *arena, void **items, uint32_t *count, uint32_t *capacity, size_t item_size);

/* Ends the growth of an array: where the arena uses such memory again, what the array does not fill is given back. */
void base_arena_trim(base_arena *arena, void *items, size_t count, uint32_t *capacity, size_t item_size);

/* An array type, and pushing to it: the value of BASE_PUSH is a pointer to the new zeroed item or NULL. */
#define BASE_ARRAY(type)                                                                                               \
    struct {                                                                                                           \
        type *items;                                                                                                   \
        uint32_t count;                                                                                                \
        uint32_t capacity;                                                                                             \
    }
#define BASE_PUSH(arena, array)                                                                                        \
    (base_arena_grow((arena), (void **)&(array)->items, (array)->count, &(array)->capacity, sizeof(*(array)->items))   \
         ? &(array)->items[(array)->count++]                                                                           \
         : NULL)

#define BASE_TRIM(arena, array)                                                                                        \
    base_arena_trim((arena), (array)->items, (array)->count, &(array)->capacity, sizeof(*(array)->items))

/* Moves an array that grew elsewhere into the arena, in no more room than it fills. */
#define BASE_SETTLE(arena, array)                                                                                      \
    base_arena_settle((arena), (void **)&(array)->items, &(array)->count, &(array)->capacity, sizeof(*(array)->items))

#endif
