/* Keys of lines: each thread finds those of its chunks, which are then put together in the order of lines. */
#include "runtime/line_keys.h"
#include "runtime/crew.h"

#include <string.h>

static const lang_field key_fields[RUN_KEY_FIELDS] = {LANG_FIELD_line_payer, LANG_FIELD_line_plan,
                                                      LANG_FIELD_line_procedure};

bool run_is_key_field(lang_field field)
{
    for (size_t i = 0; i < RUN_KEY_FIELDS; i++) {
        if (key_fields[i] == field) return true;
    }
    return false;
}

static inline void parts_of_row(const run_column columns[RUN_KEY_FIELDS], uint32_t row, int32_t parts[RUN_KEY_FIELDS])
{
    for (size_t i = 0; i < RUN_KEY_FIELDS; i++) {
        uint8_t state = columns[i].states[row];
        parts[i] = state == RUN_PRESENT ? run_column_narrow(&columns[i])[row] : -1 - (int32_t)state;
    }
}

/* Each part is multiplied by a number of its own, so that none waits for another. */
static inline size_t slot_of(const int32_t parts[RUN_KEY_FIELDS])
{
    static const uint64_t factors[RUN_KEY_FIELDS] = {UINT64_C(0x9E3779B97F4A7C15), UINT64_C(0xC2B2AE3D27D4EB4F),
                                                     UINT64_C(0x165667B19E3779F9)};
    uint64_t hash = 0;
    for (size_t i = 0; i < RUN_KEY_FIELDS; i++) hash += (uint64_t)parts[i] * factors[i];
    return (size_t)(hash ^ hash >> 32);
}

static void put_slot(run_key_slot *slot, const int32_t parts[RUN_KEY_FIELDS], uint32_t key)
{
    memcpy(slot->parts, parts, sizeof slot->parts);
    slot->key = key + 1;
}

static bool grow(run_line_chunk *chunk)
{
    size_t count = chunk->slot_count == 0 ? 256 : chunk->slot_count * 2;
    run_key_slot *slots = base_arena_alloc(&chunk->arena, count * sizeof *slots);
    if (slots == NULL) return false;
    for (uint32_t i = 0; i < chunk->keys.count; i++) {
        const int32_t *parts = chunk->keys.items[i].parts;
        size_t at = slot_of(parts) & (count - 1);
        while (slots[at].key != 0) at = (at + 1) & (count - 1);
        put_slot(&slots[at], parts, i);
    }
    chunk->slots = slots;
    chunk->slot_count = count;
    return true;
}

static inline bool same_parts(const int32_t a[RUN_KEY_FIELDS], const int32_t b[RUN_KEY_FIELDS])
{
    uint32_t differ = 0;
    for (size_t i = 0; i < RUN_KEY_FIELDS; i++) differ |= (uint32_t)(a[i] ^ b[i]);
    return differ == 0;
}

static inline bool find_key(run_line_chunk *chunk, const int32_t parts[RUN_KEY_FIELDS], uint32_t row, uint32_t *found)
{
    size_t at = slot_of(parts) & (chunk->slot_count - 1);
    for (; chunk->slots[at].key != 0; at = (at + 1) & (chunk->slot_count - 1)) {
        *found = chunk->slots[at].key - 1;
        if (same_parts(chunk->slots[at].parts, parts)) return true;
    }
    run_line_key *key = BASE_PUSH(&chunk->arena, &chunk->keys);
    if (key == NULL) return false;
    *key = (run_line_key){.row = row};
    memcpy(key->parts, parts, sizeof key->parts);
    *found = (uint32_t)chunk->keys.count - 1;
    put_slot(&chunk->slots[at], parts, *found);
    return chunk->keys.count * 2 < chunk->slot_count || grow(chunk);
}

static bool find_keys(void *state, size_t worker, size_t item)
{
    (void)worker;
    const run_line_keys *keys = state;
    run_line_chunk *chunk = &keys->chunks[item];
    uint32_t found = 0;
    run_column columns[RUN_KEY_FIELDS];
    for (size_t i = 0; i < RUN_KEY_FIELDS; i++) columns[i] = keys->context->columns[key_fields[i]];
    if (!grow(chunk)) return false;
    for (size_t i = chunk->first; i < chunk->end; i++) {
        keys->key_of[i] = PLAN_NO_STEP;
        if (!keys->judged[i]) continue;
        int32_t parts[RUN_KEY_FIELDS];
        parts_of_row(columns, keys->rows[i], parts);
        if (!find_key(chunk, parts, keys->rows[i], &found)) return false;
        keys->key_of[i] = found;
        chunk->keys.items[found].count++;
    }
    return true;
}

/* Numbers the keys of all chunks together. */
static bool put_together(run_line_keys *keys)
{
    run_line_chunk *all = &keys->all;
    if (!grow(all)) return false;
    for (size_t c = 0; c < keys->chunk_count; c++) {
        run_line_chunk *chunk = &keys->chunks[c];
        chunk->key_numbers = base_arena_alloc(&chunk->arena, (chunk->keys.count + 1) * sizeof *chunk->key_numbers);
        if (chunk->key_numbers == NULL) return false;
        for (size_t k = 0; k < chunk->keys.count; k++) {
            const run_line_key *key = &chunk->keys.items[k];
            uint32_t found = PLAN_NO_STEP;
            if (!find_key(all, key->parts, key->row, &found)) return false;
            all->keys.items[found].count += key->count;
            chunk->key_numbers[k] = found;
        }
    }
    return true;
}

bool run_find_line_keys(run_line_keys *keys, const base_allocator *allocator, const run_context *context,
                        const uint32_t *rows, const bool *judged, size_t count, size_t threads)
{
    enum { LEAST = 1 << 14, EACH = 4 /* chunks for a thread, where there are others */ };
    *keys = (run_line_keys){*allocator, .context = context, .rows = rows, .judged = judged, .line_count = count};
    base_arena_init(&keys->all.arena, allocator);
    size_t chunks = threads > 1 ? threads * EACH : 1;
    if (chunks > count / LEAST) chunks = count < LEAST ? 1 : count / LEAST;
    keys->chunks = base_arena_alloc(&keys->all.arena, chunks * sizeof *keys->chunks);
    keys->key_of = base_arena_alloc(&keys->all.arena, (count + 1) * sizeof *keys->key_of);
    if (keys->chunks == NULL || keys->key_of == NULL) return false;
    keys->chunk_count = chunks;
    for (size_t c = 0; c < chunks; c++) {
        base_arena_init(&keys->chunks[c].arena, allocator);
        keys->chunks[c].first = count / chunks * c;
        keys->chunks[c].end = c + 1 == chunks ? count : count / chunks * (c + 1);
    }
    return run_crew(&keys->all.arena, threads, chunks, find_keys, keys) && put_together(keys);
}

void run_line_keys_release(run_line_keys *keys)
{
    for (size_t c = 0; c < keys->chunk_count; c++) base_arena_release(&keys->chunks[c].arena);
    if (keys->allocator.reallocate != NULL) base_arena_release(&keys->all.arena);
    *keys = (run_line_keys){0};
}

/* ---- lines by work ---- */

static bool gather(void *state, size_t worker, size_t item)
{
    (void)worker;
    const run_line_keys *keys = state;
    run_line_chunk *chunk = &keys->chunks[item];
    for (size_t k = 0; k < chunk->keys.count; k++)
        chunk->key_numbers[k] = keys->all.keys.items[chunk->key_numbers[k]].work;
    for (size_t i = chunk->first; i < chunk->end; i++) {
        if (keys->key_of[i] != PLAN_NO_STEP)
            keys->lines[chunk->places[chunk->key_numbers[keys->key_of[i]]]++] = (uint32_t)i;
    }
    return true;
}

bool run_gather_lines(run_line_keys *keys, size_t works, size_t threads, uint32_t *lines, size_t *starts)
{
    keys->lines = lines;
    for (size_t c = 0; c < keys->chunk_count; c++) {
        run_line_chunk *chunk = &keys->chunks[c];
        chunk->places = base_arena_alloc(&chunk->arena, (works + 1) * sizeof *chunk->places);
        if (chunk->places == NULL) return false;
        for (size_t k = 0; k < chunk->keys.count; k++)
            chunk->places[keys->all.keys.items[chunk->key_numbers[k]].work] += chunk->keys.items[k].count;
    }
    size_t start = 0;
    for (size_t w = 0; w < works; w++) {
        starts[w] = start;
        for (size_t c = 0; c < keys->chunk_count; c++) {
            size_t count = keys->chunks[c].places[w];
            keys->chunks[c].places[w] = start;
            start += count;
        }
    }
    starts[works] = start;
    return run_crew(&keys->all.arena, threads, keys->chunk_count, gather, keys);
}
