/* Parts: reading into the spool, who must stay together, and sending each row to its part. */
#include "readers/parts/parts.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    BATCH_ROWS = 4096,
    PART_LIMIT = 500, /* files that are open at the same time */
    CLAIM_BUCKETS = 64,
    /* What a byte of rows takes once it is loaded, joined, indexed and judged: 6 were measured on generated practices. */
    GROWTH = 10
};

/* ---- groups ---- */

static size_t slot_of(const adj_parts *p, uint64_t hash)
{
    size_t mask = p->slot_count - 1, slot = (size_t)hash & mask;
    while (p->slots[slot] != 0 && p->groups.items[p->slots[slot] - 1].hash != hash) slot = (slot + 1) & mask;
    return slot;
}

static bool more_slots(adj_parts *p)
{
    size_t wanted = p->slot_count == 0 ? 4096 : p->slot_count * 2;
    base_allocator *allocator = &p->arena.allocator;
    uint32_t *slots = allocator->reallocate(allocator->state, NULL, wanted * sizeof *slots);
    if (slots == NULL) return false;
    memset(slots, 0, wanted * sizeof *slots);
    allocator->reallocate(allocator->state, p->slots, 0);
    p->slots = slots;
    p->slot_count = wanted;
    for (size_t i = 0; i < p->groups.count; i++) slots[slot_of(p, p->groups.items[i].hash)] = (uint32_t)i + 1;
    return true;
}

uint32_t parts_group_of(adj_parts *p, char kind, const char *name, size_t length)
{
    uint64_t hash = XXH3_64bits_withSeed(name, length, (uint64_t)(unsigned char)kind);
    if (p->groups.count * 2 >= p->slot_count && !more_slots(p)) {
        p->arena.failed = true;
        return UINT32_MAX;
    }
    size_t slot = slot_of(p, hash);
    if (p->slots[slot] != 0) return p->slots[slot] - 1;
    parts_group *group = BASE_PUSH(&p->names, &p->groups);
    if (group == NULL) {
        p->arena.failed = true;
        return UINT32_MAX;
    }
    uint32_t place = (uint32_t)(p->groups.count - 1);
    *group = (parts_group){.hash = hash, .parent = place};
    p->slots[slot] = place + 1;
    return place;
}

uint32_t parts_root(adj_parts *p, uint32_t group)
{
    parts_group *groups = p->groups.items;
    while (groups[group].parent != group) {
        groups[group].parent = groups[groups[group].parent].parent;
        group = groups[group].parent;
    }
    return group;
}

void parts_join(adj_parts *p, uint32_t a, uint32_t b)
{
    if (a == UINT32_MAX || b == UINT32_MAX) return;
    a = parts_root(p, a);
    b = parts_root(p, b);
    if (a == b) return;
    uint32_t first = a < b ? a : b, second = a < b ? b : a; /* parts fill in the order of reading */
    p->groups.items[second].parent = first;
}

/* ---- reading ---- */

/* What the policies count across members. */
static void find_reach(adj_parts *p)
{
    const plan_program *plan = p->policies == NULL ? NULL : p->policies->plan;
    for (size_t i = 0; plan != NULL && i < plan->aggregates.count; i++) {
        const plan_aggregate *aggregate = &plan->aggregates.items[i];
        bool history = aggregate->collection == LANG_COLLECTION_HISTORY;
        if (aggregate->collection == LANG_COLLECTION_SESSION_LINES ||
            (history && aggregate->key == LANG_HISTORY_SESSION))
            p->joins_sessions = true;
        if (history &&
            (aggregate->key == LANG_HISTORY_RENDERING_PROVIDER || aggregate->key == LANG_HISTORY_BILLING_PROVIDER))
            p->joins_providers = true;
    }
}

adj_parts *adj_parts_new(const adj_policies *policies, size_t memory, const adj_options *options)
{
    base_allocator allocator = base_allocator_default();
    if (options != NULL && options->allocator != NULL)
        allocator = (base_allocator){options->allocator->reallocate, options->allocator->state};
    adj_parts *p = allocator.reallocate(allocator.state, NULL, sizeof *p);
    if (p == NULL) return NULL;
    memset(p, 0, sizeof *p);
    base_arena_init(&p->arena, &allocator);
    base_arena_init(&p->names, &allocator);
    base_text_init(&p->row, &p->arena);
    p->policies = policies;
    p->limit = memory / GROWTH;
    p->message = "";
    p->encounters = policies == NULL ? adj_encounters_new(options) : adj_encounters_new_for(policies, options);
    find_reach(p);
    if (p->encounters != NULL) return p;
    adj_parts_free(p);
    return NULL;
}

static void forget_groups(adj_parts *p)
{
    base_allocator *allocator = &p->arena.allocator;
    allocator->reallocate(allocator->state, p->slots, 0);
    p->slots = NULL;
    p->slot_count = 0;
    base_arena_release(&p->names);
    p->groups.items = NULL;
    p->groups.count = p->groups.capacity = 0;
}

void adj_parts_free(adj_parts *p)
{
    if (p == NULL) return;
    base_allocator allocator = p->arena.allocator;
    adj_encounters_free(p->encounters);
    parts_file_free(p, &p->spool);
    for (size_t i = 0; i < p->files.count; i++) parts_file_free(p, &p->files.items[i]);
    forget_groups(p);
    base_arena_release(&p->arena);
    allocator.reallocate(allocator.state, p, 0);
}

adj_encounters *adj_parts_encounters(adj_parts *p)
{
    return p->encounters;
}

const char *adj_parts_message(const adj_parts *p)
{
    return p->message;
}

typedef struct parts_taking {
    adj_parts *parts;
    adj_take tell;
    void *state;
} parts_taking;

static bool take(void *state, adj_encounters *batch)
{
    parts_taking *t = state;
    bool good = parts_spool(t->parts);
    return (t->tell == NULL || t->tell(t->state, batch)) && good;
}

adj_status adj_parts_read(adj_parts *p, const char *path, adj_role role, adj_take tell, void *state)
{
    parts_taking taking = {p, tell, state};
    adj_status status = adj_encounters_read_batches(p->encounters, path, role, BATCH_ROWS, take, &taking);
    const read_encounters *inner = (const read_encounters *)p->encounters;
    bool met_fhir = inner->pending.count > 0 || inner->resources.count > 1;
    if (p->arena.failed) return ADJ_OUT_OF_MEMORY;
    if (p->failed) {
        p->message = "a temporary file cannot be written; set TMPDIR to a folder with room";
        return ADJ_INTERNAL;
    }
    if (!met_fhir) return status;
    p->message =
        "FHIR resources refer to each other and are judged in memory; import them into a store first, or leave the "
        "limit of memory out";
    return ADJ_INVALID_INPUT;
}

/* ---- dividing ---- */

/* Gives each group of members its part, one after the other; false if one is too large. */
static bool fill_parts(adj_parts *p)
{
    uint64_t room = p->limit > p->shared ? p->limit - p->shared : 0, filled = 0;
    for (uint32_t i = 0; i < p->groups.count; i++) {
        uint32_t root = parts_root(p, i);
        if (root != i) p->groups.items[root].weight += p->groups.items[i].weight;
    }
    p->count = 1;
    for (uint32_t i = 0; i < p->groups.count; i++) {
        parts_group *group = &p->groups.items[i];
        if (group->parent != i) continue;
        if (group->weight > room) return false;
        if (filled + group->weight > room) {
            p->count++;
            filled = 0;
        }
        filled += group->weight;
        group->part = (uint32_t)p->count;
    }
    return p->count <= PART_LIMIT;
}

static uint32_t part_of(adj_parts *p, char kind, const char *key, size_t length)
{
    uint32_t group = parts_group_of(p, kind, key, length);
    if (group == UINT32_MAX) return 0;
    uint32_t part = p->groups.items[parts_root(p, group)].part;
    return part == 0 ? 0 : part - 1;
}

/* A claim's identifier and the part that its lines are in. */
typedef struct claim_place {
    uint64_t hash;
    uint32_t part;
} claim_place;

typedef struct dividing {
    adj_parts *parts;
    parts_file places[CLAIM_BUCKETS]; /* claim_place, by hash */
    parts_file rows[CLAIM_BUCKETS];   /* rows about those claims */
} dividing;

static uint64_t claim_hash(const char *id, size_t length)
{
    return XXH3_64bits(id, length);
}

static bool send(dividing *d, const parts_head *head, const char *row)
{
    adj_parts *p = d->parts;
    size_t length = sizeof *head + head->size;
    const char *key = row + sizeof *head;
    if (head->route == PARTS_TO_ALL) {
        for (size_t i = 0; i < p->count; i++) {
            if (!parts_file_put(p, &p->files.items[i], row, length)) return false;
        }
        return true;
    }
    if (head->route == PARTS_TO_CLAIM) {
        uint64_t hash = claim_hash(key, head->key);
        return parts_file_put(p, &d->rows[hash % CLAIM_BUCKETS], row, length);
    }
    uint32_t part = part_of(p, head->route == PARTS_TO_MEMBER ? 'm' : 's', key, head->key);
    if (head->kind == PARTS_CLAIM && p->has_claim_rows) {
        const char *id = key + head->key; /* its length stands before it */
        uint64_t id_length = parts_read_number(&id, row + length);
        claim_place place = {.hash = claim_hash(id, (size_t)id_length), .part = part};
        if (!parts_file_put(p, &d->places[place.hash % CLAIM_BUCKETS], (const char *)&place, sizeof place))
            return false;
    }
    return parts_file_put(p, &p->files.items[part], row, length);
}

static bool send_row(void *state, const parts_head *head, const char *row)
{
    return send(state, head, row);
}

/* The places of a bucket's claims: a table from hash to the parts that have such a claim, chained. */
typedef struct claim_places {
    const char *places;     /* claim_place, one after the other */
    uint32_t *first, *next; /* place and one */
    size_t mask;
    dividing *d;
} claim_places;

static claim_place place_at(const claim_places *c, size_t at)
{
    claim_place place = {0, 0};
    if (c->places == NULL) return place; /* there are none */
    memcpy(&place, c->places + at * sizeof place, sizeof place);
    return place;
}

static bool send_to_claim(void *state, const parts_head *head, const char *row)
{
    claim_places *c = state;
    adj_parts *p = c->d->parts;
    uint64_t hash = claim_hash(row + sizeof *head, head->key);
    uint32_t sent[PART_LIMIT];
    size_t count = 0;
    for (uint32_t at = c->first[hash >> 8 & c->mask]; at != 0; at = c->next[at - 1]) {
        claim_place place = place_at(c, at - 1);
        bool again = place.hash != hash;
        for (size_t i = 0; i < count && !again; i++) again = sent[i] == place.part;
        if (again || count == sizeof sent / sizeof *sent) continue;
        sent[count++] = place.part;
        if (!parts_file_put(p, &p->files.items[place.part], row, sizeof *head + head->size)) return false;
    }
    if (count > 0 || head->kind != PARTS_ANSWER) return true;
    if (p->unmatched++ == 0) p->first_unmatched = base_format(&p->arena, "%.*s", (int)head->key, row + sizeof *head);
    return true;
}

static bool send_bucket(dividing *d, size_t bucket)
{
    adj_parts *p = d->parts;
    read_source source = {0};
    parts_file *file = &d->places[bucket];
    base_arena arena;
    base_arena_init(&arena, &p->arena.allocator);
    size_t count = file->buffer == NULL ? 0 : (size_t)(file->length / sizeof(claim_place)), slots = 1;
    while (slots < count * 2) slots *= 2;
    claim_places c = {.mask = slots - 1, .d = d};
    c.first = base_arena_alloc(&arena, slots * sizeof *c.first);
    c.next = base_arena_alloc(&arena, (count + 1) * sizeof *c.next);
    bool good = c.first != NULL && c.next != NULL;
    if (good && count > 0) {
        good = parts_file_end(file) && read_source_open(&source, file->file, file->length);
        if (good) read_source_fill(&source, source.length);
        good = good && source.filled == source.length;
    }
    c.places = source.bytes;
    for (size_t i = 0; good && i < count; i++) {
        uint32_t *first = &c.first[place_at(&c, i).hash >> 8 & c.mask];
        c.next[i] = *first;
        *first = (uint32_t)i + 1;
    }
    good = good && parts_each_row(&d->rows[bucket], send_to_claim, &c);
    if (source.bytes != NULL) read_source_close(&source);
    if (arena.failed) p->arena.failed = true;
    base_arena_release(&arena);
    return good;
}

static adj_status failed(adj_parts *p)
{
    if (p->arena.failed) return ADJ_OUT_OF_MEMORY;
    p->message = "a temporary file cannot be written or read; set TMPDIR to a folder with room";
    return ADJ_INTERNAL;
}

static adj_status divide(adj_parts *p, dividing *d)
{
    for (size_t i = 0; i < p->count; i++) {
        parts_file *file = BASE_PUSH(&p->arena, &p->files);
        if (file == NULL) return ADJ_OUT_OF_MEMORY;
        *file = (parts_file){.file = -1};
    }
    if (!parts_each_row(&p->spool, send_row, d)) return failed(p);
    parts_file_free(p, &p->spool);
    for (size_t i = 0; i < CLAIM_BUCKETS; i++) {
        if (!send_bucket(d, i)) return failed(p);
    }
    for (size_t i = 0; i < p->count; i++) {
        if (!parts_file_end(&p->files.items[i])) return failed(p);
    }
    if (p->unmatched > 0)
        run_store_problem(&p->encounters->store, ADJ_SEVERITY_NOTE, "D0404", "the remittances", 0, 0, 0,
                          p->first_unmatched,
                          "%llu answers are to claims that are not in this run; the first is to this one",
                          (unsigned long long)p->unmatched);
    return ADJ_OK;
}

/* What the groups take while rows are divided: the array, what it outgrew, and the table. */
static uint64_t names_size(const adj_parts *p)
{
    return 2 * p->groups.capacity * sizeof *p->groups.items + p->slot_count * sizeof *p->slots;
}

/* How much would do, in bytes: for all that must stay together, for the largest group with what is told for all, for the names of groups, or for as
 * many parts as there may be. */
static uint64_t memory_needed(const adj_parts *p, bool alone, bool crowded)
{
    uint64_t together = p->shared + (p->weight - p->shared) / PART_LIMIT * 2;
    for (uint32_t i = 0; i < p->groups.count && !alone && !crowded; i++) {
        const parts_group *group = &p->groups.items[i];
        if (group->parent == i && p->shared + group->weight > together) together = p->shared + group->weight;
    }
    return alone ? p->weight * GROWTH : crowded ? names_size(p) : together * GROWTH;
}

adj_status adj_parts_divide(adj_parts *p)
{
    const run_store *store = &p->encounters->store;
    if (!parts_spool(p)) return failed(p); /* what did not fill a batch */
    bool alone = p->loose && (p->joins_providers || (p->joins_sessions && !store->feeds[LANG_FEED_ATTENDANCE]));
    p->count = 1;
    if (p->weight <= p->limit) {
        forget_groups(p);
        return parts_file_end(&p->spool) ? ADJ_OK : failed(p);
    }
    bool crowded = names_size(p) > p->limit * GROWTH;
    if (alone || crowded || !fill_parts(p)) {
        p->message = base_format(
            &p->arena, "more memory is needed: %s; about %llu MB would do",
            alone
                ? "the policies count across members, and for some lines nobody knows the session or provider, so that "
                  "all must stay together"
            : crowded               ? "the identifiers of members and sessions alone take more than the limit"
            : p->count > PART_LIMIT ? "there would be too many parts"
                                    : "a group of members whose lines meet, or what is told for all of them, is larger "
                                      "than the limit allows",
            (unsigned long long)memory_needed(p, alone, crowded) / 1000000 + 1);
        return ADJ_INVALID_INPUT;
    }
    base_allocator *allocator = &p->arena.allocator;
    dividing *d = allocator->reallocate(allocator->state, NULL, sizeof *d);
    if (d == NULL) return ADJ_OUT_OF_MEMORY;
    memset(d, 0, sizeof *d);
    d->parts = p;
    adj_status status = divide(p, d);
    for (size_t i = 0; i < CLAIM_BUCKETS; i++) {
        parts_file_free(p, &d->places[i]);
        parts_file_free(p, &d->rows[i]);
    }
    allocator->reallocate(allocator->state, d, 0);
    forget_groups(p);
    return status;
}

size_t adj_parts_count(const adj_parts *p)
{
    return p->count;
}
