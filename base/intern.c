/* Interning by open addressing over XXH3 hashes. */
#include "base/intern.h"
#include "base/short_text.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* A slot says the hash: entries, which lie anywhere, are looked at where that is the same, and tables grow without them. */
static uint64_t slot_for(uint32_t hash, uint32_t id)
{
    return (uint64_t)hash << 32 | ((uint64_t)id + 1);
}

static uint32_t hash_of(const char *text, size_t length)
{
    return (uint32_t)XXH3_64bits(text, length);
}

static uint32_t id_in(uint64_t slot)
{
    return (uint32_t)slot - 1;
}

static size_t slot_of(const base_intern *table, const char *text, size_t length, uint32_t hash)
{
    size_t mask = table->slot_count - 1;
    size_t slot = hash & mask;
    for (uint64_t held; (held = table->slots[slot]) != 0; slot = (slot + 1) & mask) {
        if (held >> 32 != hash) continue;
        const base_intern_entry *entry = &table->entries.items[id_in(held)];
        if (entry->length == length && memcmp(entry->text, text, length) == 0) break;
    }
    return slot;
}

static bool rehash(base_intern *table, size_t slot_count)
{
    uint64_t *slots = base_arena_alloc_raw(table->arena, slot_count * sizeof *slots);
    if (slots == NULL) return false;
    /* All of it is written, and read before that: pages of zeros that the system lends would be made twice. */
    memset(slots, 0, slot_count * sizeof *slots);
    for (size_t old = 0; old < table->slot_count; old++) {
        if (table->slots[old] == 0) continue;
        size_t slot = (size_t)(table->slots[old] >> 32) & (slot_count - 1);
        while (slots[slot] != 0) slot = (slot + 1) & (slot_count - 1);
        slots[slot] = table->slots[old];
    }
    table->slots = slots;
    table->slot_count = slot_count;
    return true;
}

bool base_intern_init(base_intern *table, base_arena *arena)
{
    *table = (base_intern){.arena = arena, .texts = arena};
    return rehash(table, 32) && base_intern_add(table, "", 0) == 0;
}

bool base_intern_reserve(base_intern *table, size_t texts)
{
    size_t wanted = texts < BASE_INTERN_MOST ? texts : BASE_INTERN_MOST, slots = table->slot_count;
    while (slots < 2 * wanted) slots *= 2;
    if (slots > table->slot_count && !rehash(table, slots)) return false;
    return base_arena_reserve(table->arena, (void **)&table->entries.items, table->entries.count,
                              &table->entries.capacity, sizeof *table->entries.items, wanted);
}

size_t base_intern_room(const base_intern *table)
{
    return table->slot_count / 2;
}

static uint32_t add_hashed(base_intern *table, const char *text, size_t length, uint32_t hash)
{
    size_t slot = slot_of(table, text, length, hash);
    if (table->slots[slot] != 0) return id_in(table->slots[slot]);
    if (length > UINT32_MAX || table->entries.count >= BASE_INTERN_MOST) return BASE_INTERN_NONE;
    char *copy = base_arena_copy(table->texts, text, length);
    if (copy == NULL) return BASE_INTERN_NONE;
    base_intern_entry *entry = BASE_PUSH(table->arena, &table->entries);
    if (entry == NULL) return BASE_INTERN_NONE;
    *entry = (base_intern_entry){copy, (uint32_t)length, hash};
    uint32_t id = (uint32_t)(table->entries.count - 1);
    table->slots[slot] = slot_for(hash, id);
    if (table->entries.count * 2 > table->slot_count && !rehash(table, table->slot_count * 2)) {
        table->entries.count--;
        table->slots[slot] = 0;
        return BASE_INTERN_NONE;
    }
    return id;
}

static uint32_t add(base_intern *table, const char *text, size_t length)
{
    return add_hashed(table, text, length, hash_of(text, length));
}

uint32_t base_intern_expect(const base_intern *table, const char *text, size_t length)
{
    uint32_t hash = hash_of(text, length);
    __builtin_prefetch(&table->slots[hash & (table->slot_count - 1)]);
    return hash;
}

uint32_t base_intern_add_expected(base_intern *table, const char *text, size_t length, uint32_t hash)
{
    return add_hashed(table, text, length, hash);
}

uint32_t base_intern_add_entry(base_intern *table, const base_intern_entry *entry)
{
    return add_hashed(table, entry->text, entry->length, entry->hash);
}

uint32_t base_intern_add(base_intern *table, const char *text, size_t length)
{
    /* Of few texts the table itself is as near. */
    bool few = table->entries.count < BASE_INTERN_FEW;
    if (few || length == 0 || length > BASE_INTERN_SHORT) return add(table, text, length);
    if (table->lately == NULL)
        table->lately = base_arena_alloc(table->arena, BASE_INTERN_LATELY * sizeof *table->lately);
    if (table->lately == NULL) return BASE_INTERN_NONE;
    uint64_t bytes = base_short_text_of(text, length).first;
    base_intern_short *lately = &table->lately[(bytes + length) * UINT64_C(0x9E3779B97F4A7C15) >> 55];
    if (lately->bytes == bytes && lately->length == length) return lately->id;
    uint32_t id = add(table, text, length);
    if (id != BASE_INTERN_NONE) *lately = (base_intern_short){bytes, (uint32_t)length, id};
    return id;
}

uint32_t base_intern_find(const base_intern *table, const char *text, size_t length)
{
    size_t slot = slot_of(table, text, length, hash_of(text, length));
    return table->slots[slot] == 0 ? BASE_INTERN_NONE : id_in(table->slots[slot]);
}

uint32_t base_intern_find_entry(const base_intern *table, const base_intern_entry *entry)
{
    size_t slot = slot_of(table, entry->text, entry->length, entry->hash);
    return table->slots[slot] == 0 ? BASE_INTERN_NONE : id_in(table->slots[slot]);
}

const char *base_intern_text(const base_intern *table, uint32_t id)
{
    return id < table->entries.count ? table->entries.items[id].text : "";
}
