/* Keys of lines: each thread finds those of its stretches, which are then put together in the order of lines. */
#include "runtime/line_keys.h"
#include "runtime/crew.h"

#include <string.h>

enum { OF_LINE = RUN_KEY_FIELDS - 1 }; /* the last one is the claim's */
static const lang_field key_fields[OF_LINE] = {LANG_FIELD_line_payer, LANG_FIELD_line_plan, LANG_FIELD_line_procedure};

bool run_is_key_field(lang_field field)
{
    for (size_t i = 0; i < OF_LINE; i++) {
        if (key_fields[i] == field) return true;
    }
    return false;
}

bool run_is_key_field_of_claim(lang_field field)
{
    return field == LANG_FIELD_claim_filing_indicator;
}

/* The columns that keys are read from. */
typedef struct key_columns {
    run_column of_line[OF_LINE], claims, of_claim;
} key_columns;

/* A key's parts and its number + 1, 0 for none: what is sought lies where it is looked for. */
typedef struct key_slot {
    int32_t parts[RUN_KEY_FIELDS];
    uint32_t key;
} key_slot;

/* Keys that were met so far. */
typedef struct key_table {
    base_arena *arena;
    BASE_ARRAY(run_line_key) keys;
    key_slot *slots;
    size_t slot_count;
} key_table;

/* Lines that follow each other, and the keys that they have. */
typedef struct stretch {
    base_arena arena;
    uint32_t first, end;
    key_table table;
    uint32_t *numbers; /* by its own key: the number among all */
} stretch;

typedef struct stretches {
    run_store *store;
    stretch *items;
    size_t count;
} stretches;

static inline int32_t part_of(const run_column *column, uint32_t row)
{
    uint8_t state = column->states[row];
    return state == RUN_PRESENT ? run_column_narrow(column)[row] : -1 - (int32_t)state;
}

static inline void parts_of_row(const key_columns *columns, uint32_t row, int32_t parts[RUN_KEY_FIELDS])
{
    for (size_t i = 0; i < OF_LINE; i++) parts[i] = part_of(&columns->of_line[i], row);
    uint8_t claimed = columns->claims.states[row];
    bool told = claimed == RUN_PRESENT;
    parts[OF_LINE] =
        told ? part_of(&columns->of_claim, (uint32_t)run_column_narrow(&columns->claims)[row]) : -1 - (int32_t)claimed;
}

/* Each part is multiplied by a number of its own, so that none waits for another. */
static inline size_t slot_of(const int32_t parts[RUN_KEY_FIELDS])
{
    static const uint64_t factors[RUN_KEY_FIELDS] = {UINT64_C(0x9E3779B97F4A7C15), UINT64_C(0xC2B2AE3D27D4EB4F),
                                                     UINT64_C(0x165667B19E3779F9), UINT64_C(0x27D4EB2F165667C5)};
    uint64_t hash = 0;
    for (size_t i = 0; i < RUN_KEY_FIELDS; i++) hash += (uint64_t)parts[i] * factors[i];
    return (size_t)(hash ^ hash >> 32);
}

static void put_slot(key_slot *slot, const int32_t parts[RUN_KEY_FIELDS], uint32_t key)
{
    memcpy(slot->parts, parts, sizeof slot->parts);
    slot->key = key + 1;
}

static bool grow(key_table *table)
{
    size_t count = table->slot_count == 0 ? 256 : table->slot_count * 2;
    key_slot *slots = base_arena_alloc(table->arena, count * sizeof *slots);
    if (slots == NULL) return false;
    for (uint32_t i = 0; i < table->keys.count; i++) {
        const int32_t *parts = table->keys.items[i].parts;
        size_t at = slot_of(parts) & (count - 1);
        while (slots[at].key != 0) at = (at + 1) & (count - 1);
        put_slot(&slots[at], parts, i);
    }
    table->slots = slots;
    table->slot_count = count;
    return true;
}

static inline bool same_parts(const int32_t a[RUN_KEY_FIELDS], const int32_t b[RUN_KEY_FIELDS])
{
    uint32_t differ = 0;
    for (size_t i = 0; i < RUN_KEY_FIELDS; i++) differ |= (uint32_t)(a[i] ^ b[i]);
    return differ == 0;
}

/* How many keys a table holds at most: which slots are taken is not to be foreseen, so few are as long as that takes little memory. */
static inline size_t keys_most(size_t slots)
{
    enum { SMALL = 1 << 13 };
    return slots <= SMALL ? slots / 8 : slots / 2;
}

static inline bool find_key(key_table *table, const int32_t parts[RUN_KEY_FIELDS], uint32_t row, uint32_t *found)
{
    size_t at = slot_of(parts) & (table->slot_count - 1);
    for (; table->slots[at].key != 0; at = (at + 1) & (table->slot_count - 1)) {
        *found = table->slots[at].key - 1;
        if (same_parts(table->slots[at].parts, parts)) return true;
    }
    run_line_key *key = BASE_PUSH(table->arena, &table->keys);
    if (key == NULL) return false;
    *key = (run_line_key){.row = row};
    memcpy(key->parts, parts, sizeof key->parts);
    *found = (uint32_t)table->keys.count - 1;
    put_slot(&table->slots[at], parts, *found);
    return table->keys.count < keys_most(table->slot_count) || grow(table);
}

static bool find_keys(void *state, size_t worker, size_t item)
{
    (void)worker;
    const stretches *all = state;
    stretch *s = &all->items[item];
    const run_column *from = all->store->columns;
    key_columns columns = {.claims = from[LANG_FIELD_line_claim], .of_claim = from[LANG_FIELD_claim_filing_indicator]};
    for (size_t i = 0; i < OF_LINE; i++) columns.of_line[i] = from[key_fields[i]];
    if (!grow(&s->table)) return false;
    for (uint32_t row = s->first; row < s->end; row++) {
        int32_t parts[RUN_KEY_FIELDS];
        parts_of_row(&columns, row, parts);
        if (!find_key(&s->table, parts, row, &all->store->line_keys[row])) return false;
    }
    return true;
}

/* Numbers the keys of all stretches together, in the order in which lines have them first. */
static bool put_together(const stretches *all)
{
    base_arena scratch;
    base_arena_init(&scratch, &all->store->arena.allocator);
    key_table table = {.arena = &scratch};
    bool good = grow(&table);
    for (size_t i = 0; good && i < all->count; i++) {
        stretch *s = &all->items[i];
        s->numbers = base_arena_alloc(&s->arena, (s->table.keys.count + 1) * sizeof *s->numbers);
        good = s->numbers != NULL;
        for (size_t k = 0; good && k < s->table.keys.count; k++) {
            const run_line_key *key = &s->table.keys.items[k];
            good = find_key(&table, key->parts, key->row, &s->numbers[k]);
        }
    }
    run_store *store = all->store;
    store->key_count = table.keys.count;
    store->keys = base_arena_alloc(&store->arena, (table.keys.count + 1) * sizeof *store->keys);
    good = good && store->keys != NULL;
    if (good && table.keys.count > 0) memcpy(store->keys, table.keys.items, table.keys.count * sizeof *store->keys);
    base_arena_release(&scratch);
    return good;
}

static bool number_lines(void *state, size_t worker, size_t item)
{
    (void)worker;
    const stretches *all = state;
    const stretch *s = &all->items[item];
    uint32_t *keys = all->store->line_keys;
    for (uint32_t row = s->first; row < s->end; row++) keys[row] = s->numbers[keys[row]];
    return true;
}

bool run_key_lines(run_store *store)
{
    uint32_t count = store->counts[LANG_RECORD_line];
    stretches all = {.store = store};
    size_t parts = run_parts_for(count, store->threads);
    base_arena scratch;
    base_arena_init(&scratch, &store->arena.allocator);
    all.items = base_arena_alloc(&scratch, parts * sizeof *all.items);
    store->line_keys = base_arena_alloc(&store->arena, (count + 1) * sizeof *store->line_keys);
    bool good = all.items != NULL && store->line_keys != NULL;
    for (; good && all.count < parts; all.count++) {
        stretch *s = &all.items[all.count];
        base_arena_init(&s->arena, &store->arena.allocator);
        s->table.arena = &s->arena;
        s->first = (uint32_t)run_part_begin(all.count, parts, count);
        s->end = (uint32_t)run_part_begin(all.count + 1, parts, count);
    }
    good = good && run_crew(&scratch, store->threads, parts, find_keys, &all) && put_together(&all) &&
           run_crew(&scratch, store->threads, parts, number_lines, &all);
    for (size_t i = 0; i < all.count; i++) base_arena_release(&all.items[i].arena);
    base_arena_release(&scratch);
    return good;
}

/* ---- lines of a run ---- */

static bool count_lines(void *state, size_t worker, size_t item)
{
    (void)worker;
    const run_line_keys *keys = state;
    const run_line_chunk *chunk = &keys->chunks[item];
    const uint32_t *line_keys = keys->store->line_keys;
    for (size_t i = chunk->first; i < chunk->end; i++) chunk->counts[line_keys[keys->rows[i]]] += keys->judged[i];
    return true;
}

bool run_count_keys(run_line_keys *keys, const base_allocator *allocator, const run_store *store, const uint32_t *rows,
                    const bool *judged, size_t count, size_t threads)
{
    *keys = (run_line_keys){.store = store, .rows = rows, .judged = judged, .line_count = count};
    base_arena_init(&keys->arena, allocator);
    size_t chunks = run_parts_for(count, threads);
    keys->chunks = base_arena_alloc(&keys->arena, chunks * sizeof *keys->chunks);
    keys->uses = base_arena_alloc(&keys->arena, (store->key_count + 1) * sizeof *keys->uses);
    if (keys->chunks == NULL || keys->uses == NULL) return false;
    keys->chunk_count = chunks;
    for (size_t c = 0; c < chunks; c++) {
        run_line_chunk *chunk = &keys->chunks[c];
        chunk->first = run_part_begin(c, chunks, count);
        chunk->end = run_part_begin(c + 1, chunks, count);
        chunk->counts = base_arena_alloc(&keys->arena, (store->key_count + 1) * sizeof *chunk->counts);
        if (chunk->counts == NULL) return false;
    }
    if (!run_crew(&keys->arena, threads, chunks, count_lines, keys)) return false;
    for (size_t c = 0; c < chunks; c++)
        for (size_t k = 0; k < store->key_count; k++) keys->uses[k].count += keys->chunks[c].counts[k];
    return true;
}

void run_line_keys_release(run_line_keys *keys)
{
    if (keys->arena.allocator.reallocate != NULL) base_arena_release(&keys->arena);
    *keys = (run_line_keys){0};
}

static bool gather(void *state, size_t worker, size_t item)
{
    (void)worker;
    const run_line_keys *keys = state;
    const run_line_chunk *chunk = &keys->chunks[item];
    const uint32_t *line_keys = keys->store->line_keys, *rows = keys->rows;
    const bool *judged = keys->judged;
    const run_key_use *uses = keys->uses;
    uint32_t *lines = keys->lines;
    size_t *places = chunk->places, at = places[0];
    for (size_t i = chunk->first; i < chunk->end && keys->works == 1; i++) {
        if (judged[i]) lines[at++] = (uint32_t)i;
    }
    for (size_t i = chunk->first; i < chunk->end && keys->works > 1; i++) {
        if (judged[i]) lines[places[uses[line_keys[rows[i]]].work]++] = (uint32_t)i;
    }
    return true;
}

bool run_gather_lines(run_line_keys *keys, size_t works, size_t threads, uint32_t *lines, size_t *starts)
{
    keys->lines = lines;
    keys->works = works;
    for (size_t c = 0; c < keys->chunk_count; c++) {
        run_line_chunk *chunk = &keys->chunks[c];
        chunk->places = base_arena_alloc(&keys->arena, (works + 1) * sizeof *chunk->places);
        if (chunk->places == NULL) return false;
        for (size_t k = 0; k < keys->store->key_count; k++) chunk->places[keys->uses[k].work] += chunk->counts[k];
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
    return run_crew(&keys->arena, threads, keys->chunk_count, gather, keys);
}
