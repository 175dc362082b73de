/* The codes that lines may have, numbered: what is known of a code and a set is kept by that number, since other texts, such as members'
 * identifiers, are many, and no set is ever asked for them. Reading all lists of a store for it takes as long as judging a few
 * clauses, so that a store with many texts keeps what was found for the runs that come. */
#include "runtime/store.h"

#include <string.h>

/* Of few texts all are numbered. */
enum { FEW = 4096 };

/* Numbers under construction. */
typedef struct numbering {
    uint32_t *numbers; /* by symbol */
    size_t symbols;
    uint32_t count;
} numbering;

static inline void number_code(numbering *n, int64_t id)
{
    if ((uint64_t)id < n->symbols && n->numbers[id] == 0) n->numbers[id] = ++n->count;
}

static void number_list(numbering *n, const uint32_t *codes, size_t count)
{
    numbering local = *n; /* in registers */
    for (size_t i = 0; i < count; i++) number_code(&local, codes[i]);
    *n = local;
}

static void number_column(numbering *n, const run_column *column, uint32_t rows)
{
    numbering local = *n;
    const int32_t *codes = run_column_narrow(column);
    for (uint32_t row = 0; row < rows; row++) {
        if (column->states[row] == RUN_PRESENT) number_code(&local, codes[row]);
    }
    *n = local;
}

/* The codes of systems that are asked for, and of lists, which hold nothing else, in the order in which they are met. */
static void number_codes(numbering *n, const run_store *store, const bool *asked, size_t systems)
{
    number_list(n, store->pool.items, store->pool.count);
    for (int f = 0; f < lang_schema_field_count(store->schema); f++) {
        const lang_field_info *info = lang_schema_field(store->schema, (lang_field)f);
        bool code = info->type.kind == LANG_TYPE_CODE && !info->type.list && info->type.detail < systems;
        if (!code || !asked[info->type.detail] || (int)info->record >= lang_schema_record_count(store->schema))
            continue;
        number_column(n, &store->columns[f], store->counts[info->record]);
    }
}

static bool same_systems(const run_numbers *numbers, const bool *asked, size_t systems)
{
    return numbers->systems == systems && memcmp(numbers->asked, asked, systems) == 0;
}

/* Numbers that the store keeps, made by whoever comes first; NULL where it keeps others, or memory runs out. */
static const run_numbers *kept_numbers(const run_store *store, const bool *asked, size_t systems)
{
    run_numbers **place = store->numbers;
    run_numbers *kept = __atomic_load_n(place, __ATOMIC_ACQUIRE);
    if (kept != NULL) return same_systems(kept, asked, systems) ? kept : NULL;
    const base_allocator *allocator = &store->arena.allocator;
    size_t symbols = store->symbols.entries.count, size = sizeof *kept + (symbols + 1) * sizeof(uint32_t) + systems + 1;
    run_numbers *made = allocator->reallocate(allocator->state, NULL, size);
    if (made == NULL) return NULL;
    memset(made, 0, size);
    uint32_t *numbers = (uint32_t *)(made + 1);
    bool *own = (bool *)(numbers + symbols + 1);
    memcpy(own, asked, systems);
    numbering n = {numbers, symbols, 0};
    number_codes(&n, store, asked, systems);
    *made = (run_numbers){numbers, symbols, n.count, own, systems};
    if (__atomic_compare_exchange_n(place, &kept, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return made;
    allocator->reallocate(allocator->state, made, 0);
    return same_systems(kept, asked, systems) ? kept : NULL;
}

const run_numbers *run_store_numbers(const run_store *store, base_arena *arena, const bool *asked, size_t systems)
{
    size_t symbols = store->symbols.entries.count;
    /* Of a store without lines texts may yet come to stand where codes do. */
    bool all = symbols <= FEW || store->counts[LANG_RECORD_line] == 0, any = false;
    for (size_t s = 0; s < systems; s++) any = any || asked[s];
    const run_numbers *kept = any && !all ? kept_numbers(store, asked, systems) : NULL;
    if (kept != NULL) return kept;
    run_numbers *made = base_arena_alloc(arena, sizeof *made);
    numbering n = {base_arena_alloc(arena, (symbols + 1) * sizeof(uint32_t)), symbols, 0};
    if (made == NULL || n.numbers == NULL) return NULL;
    for (size_t id = 0; any && all && id < symbols; id++) number_code(&n, (int64_t)id);
    if (any && !all) number_codes(&n, store, asked, systems);
    *made = (run_numbers){n.numbers, symbols, n.count, asked, systems};
    return made;
}

void run_store_forget_numbers(run_store *store)
{
    if (store->numbers == NULL || *store->numbers == NULL) return;
    store->arena.allocator.reallocate(store->arena.allocator.state, *store->numbers, 0);
    *store->numbers = NULL;
}
