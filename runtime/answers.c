/* What follows from one code alone has a place for each code, by its number. Everything else has a place by the digest of what fields hold:
 * what is there gives way to what comes. A field's values lie side by side, so that items are compared one field after the other, without
 * a branch. */
#include "runtime/answers.h"

#include <string.h>

enum { CODES = 16, LEAST_BITS = 8, MOST_BITS = 12, TRIAL = 4 /* times as many as there are places */ };

enum { USED_BEFORE = 1, USED_NOW = 2 };

/* Places of a code without a number: what is not known of it, and what has one. */
enum { OF_NO_CODE = 0, OF_STATES = 1 };

/* What one step gave, by place. */
typedef struct given {
    uint8_t *kept; /* there is something */
    int64_t *bits;
    uint8_t *found;
} given;

struct run_answers {
    base_arena *arena;
    uint32_t asked, met;
    unsigned place_bits; /* 0: by code */
    const run_binding *binding;
    size_t leaf_count;
    bool lists;
    uint64_t *digests;
    uint8_t *states[PLAN_LEAF_LIMIT];
    int64_t *values[PLAN_LEAF_LIMIT]; /* of a list, how many codes it has */
    uint8_t *used;                    /* an item has the place: since before, or since now */
    uint16_t *taker;                  /* in the latter case: which */
    uint32_t (*codes)[CODES];         /* of lists, one after the other; NULL where there are none */
    BASE_ARRAY(given) steps;
};

/* Numbers of codes begin at 1; behind the last stand the places of states. */
static size_t places_of(const run_answers *answers)
{
    if (answers->place_bits > 0) return (size_t)1 << answers->place_bits;
    return (size_t)answers->binding->code_count + 1 + OF_STATES + RUN_PRESENT;
}

/* What is not kept is not looked at, or what it looks like does not matter. */
static bool make_given(const run_answers *a, given *g)
{
    size_t places = places_of(a);
    g->kept = base_arena_alloc(a->arena, places);
    g->found = base_arena_alloc_raw(a->arena, places);
    g->bits = base_arena_alloc_raw(a->arena, places * sizeof *g->bits);
    return g->kept != NULL && g->found != NULL && g->bits != NULL;
}

static bool make_places(run_answers *a)
{
    size_t places = places_of(a);
    a->asked = a->met = 0;
    for (size_t i = 0; i < a->steps.count; i++) {
        if (!make_given(a, &a->steps.items[i])) return false;
    }
    if (a->place_bits == 0) return true;
    a->used = base_arena_alloc(a->arena, places);
    a->digests = base_arena_alloc_raw(a->arena, places * sizeof *a->digests);
    a->taker = base_arena_alloc_raw(a->arena, places * sizeof *a->taker);
    if (a->used == NULL || a->digests == NULL || a->taker == NULL) return false;
    for (size_t i = 0; i < a->leaf_count; i++) {
        a->states[i] = base_arena_alloc_raw(a->arena, places);
        a->values[i] = base_arena_alloc_raw(a->arena, places * sizeof *a->values[i]);
        if (a->states[i] == NULL || a->values[i] == NULL) return false;
    }
    if (a->lists) a->codes = base_arena_alloc_raw(a->arena, places * sizeof *a->codes);
    return !a->lists || a->codes != NULL;
}

run_answers *run_answers_new(base_arena *arena, const run_binding *binding, const run_leaf *leaves, size_t leaf_count)
{
    run_answers *a = base_arena_alloc(arena, sizeof *a);
    if (a == NULL) return NULL;
    bool by_code = leaf_count == 1 && leaves[0].code && binding->code_count > 0;
    *a = (run_answers){.arena = arena, .binding = binding, .leaf_count = leaf_count};
    a->place_bits = by_code ? 0 : LEAST_BITS;
    for (size_t i = 0; i < leaf_count; i++) a->lists = a->lists || leaves[i].list;
    return make_places(a) ? a : NULL;
}

bool run_answers_add(run_answers *a, uint32_t *step)
{
    given *slot = BASE_PUSH(a->arena, &a->steps);
    *step = (uint32_t)a->steps.count - 1;
    return slot != NULL && make_given(a, slot);
}

bool run_answers_help(const run_answers *answers)
{
    return answers->asked < TRIAL * places_of(answers) || answers->met * UINT64_C(2) >= answers->asked;
}

bool run_answers_can_grow(const run_answers *answers)
{
    return answers->place_bits < MOST_BITS;
}

bool run_answers_grow(run_answers *a)
{
    a->place_bits = a->place_bits == 0 ? LEAST_BITS : MOST_BITS;
    return make_places(a);
}

static inline uint64_t mixed(uint64_t hash, uint64_t more)
{
    hash = (hash ^ more) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 32;
}

static inline uint64_t known_bits(const run_leaf *leaf, size_t item)
{
    return leaf->states[item] == RUN_PRESENT ? (uint64_t)leaf->bits[item] : 0;
}

/* Digests of what the fields hold, a field after the other for all items: what is worked out for one of them need not wait for another. */
static void digest_all(const run_context *context, const run_leaf *leaves, size_t leaf_count, size_t count,
                       uint64_t digests[RUN_ITEMS])
{
    memset(digests, 0, count * sizeof *digests);
    for (size_t i = 0; i < leaf_count; i++) {
        const run_leaf leaf = leaves[i];
        for (size_t k = 0; k < count && !leaf.list; k++)
            digests[k] = mixed(digests[k], known_bits(&leaf, k) ^ (uint64_t)leaf.states[k] << 62);
        for (size_t k = 0; k < count && leaf.list; k++) {
            size_t codes = 0;
            const uint32_t *items = NULL;
            if (leaf.states[k] == RUN_PRESENT) items = run_list_items(context, leaf.bits[k], &codes);
            uint64_t own = mixed(digests[k], codes ^ (uint64_t)leaf.states[k] << 62);
            for (size_t c = 0; c < codes; c++) own = mixed(own, items[c]);
            digests[k] = own;
        }
    }
}

/* Places by code: of what is not known, or not there, too. */
static void find_by_code(const run_answers *a, const run_leaf *leaf, size_t count, uint32_t places[RUN_ITEMS])
{
    const uint32_t *numbers = a->binding->code_numbers, behind = a->binding->code_count + OF_STATES;
    const uint64_t limit = a->binding->code_limit;
    const run_leaf own = *leaf;
    for (size_t k = 0; k < count; k++) {
        uint32_t number = run_code_number(numbers, limit, own.bits[k]);
        places[k] = own.states[k] == RUN_PRESENT ? number : behind + own.states[k];
    }
}

/* Whether the lists of an item are those that are kept at a place. */
static bool same_lists(const run_answers *a, const run_context *context, const run_leaf *leaves, size_t leaf_count,
                       size_t item, uint32_t place)
{
    const uint32_t *own = a->codes[place];
    for (size_t i = 0; i < leaf_count; i++) {
        if (!leaves[i].list || leaves[i].states[item] != RUN_PRESENT) continue;
        size_t codes;
        const uint32_t *items = run_list_items(context, leaves[i].bits[item], &codes);
        if (a->values[i][place] != (int64_t)codes) return false;
        for (size_t c = 0; c < codes; c++) {
            if (own[c] != items[c]) return false;
        }
        own += codes;
    }
    return true;
}

/* Keeps the lists of an item; false, with nothing touched, where they are too long. */
static bool keep_lists(run_answers *a, const run_context *context, const run_leaf *leaves, size_t leaf_count,
                       size_t item, uint32_t place)
{
    const uint32_t *items[PLAN_LEAF_LIMIT] = {0};
    size_t codes[PLAN_LEAF_LIMIT] = {0}, all = 0;
    for (size_t i = 0; i < leaf_count; i++) {
        if (!leaves[i].list || leaves[i].states[item] != RUN_PRESENT) continue;
        items[i] = run_list_items(context, leaves[i].bits[item], &codes[i]);
        all += codes[i];
    }
    if (all > CODES) return false;
    uint32_t *own = a->codes[place];
    for (size_t i = 0; i < leaf_count; i++) {
        if (!leaves[i].list) continue;
        a->values[i][place] = (int64_t)codes[i];
        if (items[i] != NULL && codes[i] > 0) memcpy(own, items[i], codes[i] * sizeof *own);
        own += codes[i];
    }
    return true;
}

/* Tells which items' fields hold what is kept at their places. */
static void compare_all(const run_answers *a, const run_context *context, const run_leaf *leaves, size_t count,
                        run_asked *asked)
{
    uint64_t differ[RUN_ITEMS];
    const uint32_t *places = asked->places;
    const uint64_t *digests = a->digests, *own = asked->digests;
    for (size_t k = 0; k < count; k++) differ[k] = digests[places[k]] ^ own[k];
    for (size_t i = 0; i < a->leaf_count; i++) {
        const run_leaf leaf = leaves[i];
        const uint8_t *states = a->states[i];
        const int64_t *values = a->values[i];
        if (leaf.list) {
            for (size_t k = 0; k < count; k++) differ[k] |= states[places[k]] ^ (uint64_t)leaf.states[k];
        } else {
            for (size_t k = 0; k < count; k++)
                differ[k] |= (states[places[k]] ^ (uint64_t)leaf.states[k]) |
                             ((uint64_t)values[places[k]] ^ known_bits(&leaf, k));
        }
    }
    for (size_t k = 0; k < count; k++) {
        asked->own[k] = (a->used[places[k]] != 0) & (differ[k] == 0);
        if (a->lists && asked->own[k]) asked->own[k] = same_lists(a, context, leaves, a->leaf_count, k, places[k]);
    }
}

/* Gives an item its place, where its lists are not too long. */
static void make_place(run_answers *a, const run_context *context, const run_leaf *leaves, size_t item,
                       const run_asked *asked)
{
    uint32_t place = asked->places[item];
    if (a->lists && !keep_lists(a, context, leaves, a->leaf_count, item, place)) return;
    a->used[place] = USED_NOW;
    a->taker[place] = (uint16_t)item;
    a->digests[place] = asked->digests[item];
    for (size_t i = 0; i < a->leaf_count; i++) {
        a->states[i][place] = leaves[i].states[item];
        if (!leaves[i].list) a->values[i][place] = (int64_t)known_bits(&leaves[i], item);
    }
    for (size_t i = 0; i < a->steps.count; i++) a->steps.items[i].kept[place] = 0;
}

/* Gives places to those items that have none. Of several that would have one place, the last has it. */
static void make_missing(run_answers *a, const run_context *context, const run_leaf *leaves, size_t count,
                         run_asked *asked)
{
    uint16_t items[RUN_ITEMS];
    size_t made = 0;
    for (size_t k = 0; k < count; k++) {
        items[made] = (uint16_t)k;
        made += !asked->own[k];
    }
    for (size_t i = 0; i < made; i++) make_place(a, context, leaves, items[i], asked);
    for (size_t k = 0; k < count; k++) {
        uint32_t place = asked->places[k];
        bool now = a->used[place] == USED_NOW;
        asked->own[k] = now ? a->taker[place] == k : asked->own[k];
    }
    for (size_t i = 0; i < made; i++) {
        uint8_t *used = &a->used[asked->places[items[i]]];
        if (*used == USED_NOW) *used = USED_BEFORE;
    }
}

static void count_asked(run_answers *a, size_t count, size_t met)
{
    a->met += (uint32_t)met;
    a->asked += (uint32_t)count;
    if (a->asked < UINT32_MAX / 2) return;
    a->met /= 2;
    a->asked /= 2;
}

void run_answers_ask(run_answers *a, const run_context *context, const run_leaf *leaves, size_t count, run_asked *asked)
{
    if (a->place_bits == 0) {
        find_by_code(a, leaves, count, asked->places);
        for (size_t k = 0; k < count; k++) asked->own[k] = asked->places[k] != OF_NO_CODE;
        return;
    }
    digest_all(context, leaves, a->leaf_count, count, asked->digests);
    for (size_t k = 0; k < count; k++) asked->places[k] = (uint32_t)(asked->digests[k] >> (64 - a->place_bits));
    compare_all(a, context, leaves, count, asked);
    size_t met = 0;
    for (size_t k = 0; k < count; k++) met += asked->own[k];
    count_asked(a, count, met);
    if (met < count) make_missing(a, context, leaves, count, asked);
}

void run_answers_take(run_answers *a, uint32_t step, const run_asked *asked, size_t count, run_answered *taken)
{
    const given g = a->steps.items[step];
    size_t missing = 0;
    for (size_t k = 0; k < count; k++) {
        uint32_t place = asked->places[k];
        taken->bits[k] = g.bits[place];
        taken->states[k] = g.found[place];
        taken->missing[k] = !asked->own[k] | (g.kept[place] == 0);
        missing += taken->missing[k];
    }
    if (a->place_bits == 0) count_asked(a, count, count - missing);
}

void run_answers_put(run_answers *a, uint32_t step, const run_asked *asked, size_t item, int64_t bits, uint8_t state)
{
    if (!asked->own[item]) return;
    const given *g = &a->steps.items[step];
    uint32_t place = asked->places[item];
    g->bits[place] = bits;
    g->found[place] = state;
    g->kept[place] = 1;
}
