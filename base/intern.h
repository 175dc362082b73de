/* Interning: each distinct text gets a small number once, at the door; from there on texts are compared as numbers. */
#ifndef BASE_INTERN_H
#define BASE_INTERN_H

#include "base/arena.h"

#include <stdint.h>

typedef struct base_intern_entry {
    const char *text;
    uint32_t length;
    uint32_t hash;
} base_intern_entry;

/* A short text that was looked for lately, as its bytes: the way past hashing for codes. */
typedef struct base_intern_short {
    uint64_t bytes;
    uint32_t length; /* 0: none */
    uint32_t id;
} base_intern_short;

enum { BASE_INTERN_SHORT = 8, BASE_INTERN_LATELY = 512, BASE_INTERN_FEW = 128 };

/* Ids count from 0 in order of first sight; id 0 is always the empty text. */
typedef struct base_intern {
    base_arena *arena;
    base_arena *texts; /* where the texts are kept; the same, unless set after base_intern_init */
    BASE_ARRAY(base_intern_entry) entries;
    uint64_t *slots; /* the text's hash above, id + 1 below; 0 for free */
    size_t slot_count;
    base_intern_short *lately; /* NULL until there are more than few */
} base_intern;

#define BASE_INTERN_NONE UINT32_MAX

/* Ids are smaller than that: as many again fit beside them into 31 bits. */
#define BASE_INTERN_MOST (UINT32_C(1) << 30)

bool base_intern_init(base_intern *table, base_arena *arena);

/* Makes room for so many texts at once: growing moves what is there. */
bool base_intern_reserve(base_intern *table, size_t texts);

/* How many texts a table has room for. */
size_t base_intern_room(const base_intern *table);

/* The id of a text, adding it when new; BASE_INTERN_NONE when memory runs out. */
uint32_t base_intern_add(base_intern *table, const char *text, size_t length);

/* The same of texts that are looked for soon: the hash of one, for which memory is asked where the table has its place; and adding it. */
uint32_t base_intern_expect(const base_intern *table, const char *text, size_t length);
uint32_t base_intern_add_expected(base_intern *table, const char *text, size_t length, uint32_t hash);

/* The same of another table's text, whose hash is known. */
uint32_t base_intern_add_entry(base_intern *table, const base_intern_entry *entry);

/* The id of a text that is already there, else BASE_INTERN_NONE. */
uint32_t base_intern_find(const base_intern *table, const char *text, size_t length);

/* The same of another table's text, whose hash is known. */
uint32_t base_intern_find_entry(const base_intern *table, const base_intern_entry *entry);

/* The text of an id; owned by the arena, NUL-terminated. */
const char *base_intern_text(const base_intern *table, uint32_t id);

#endif
