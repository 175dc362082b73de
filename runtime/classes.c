#include "runtime/classes.h"
#include "runtime/sums.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    HALF = 32,             /* elements before a subject, or behind it, that make a window worth a look */
    FIELDS = 8,            /* of the subject that a `where` may ask */
    FIRST_ROOM = 64,       /* classes, at first */
    MOST_BYTES = 256 << 20 /* of the sums of one context: then it begins anew */
};

/* Of an aggregate: whether its subjects have classes, and by which fields. */
typedef struct class_key {
    bool looked, has;
    uint8_t count;
    uint16_t fields[FIELDS];
    bool lists[FIELDS];
} class_key;

/* Where the elements lie that a class is about: those without a day, and those in [first, end) of a group. */
typedef struct stretch {
    const uint32_t *rows;
    uint32_t undated, first, end;
} stretch;

typedef struct subject_class {
    uint64_t digest;
    stretch of;
    uint32_t aggregate;
    uint32_t subject;       /* one of it */
    uint64_t walked;        /* elements that its subjects have walked so far */
    run_sums *sums;         /* NULL so far */
    uint64_t *may, *doubts; /* a bit for each element: it may count, and it cannot be told whether it does */
} subject_class;

struct run_classes {
    run_classes *next;
    base_allocator allocator;
    run_context *context;
    run_vectors *vectors;
    class_key *keys; /* by aggregate */
    base_arena arena;
    subject_class *all; /* by digest; the next free place where another one lies; an empty one has no rows */
    size_t count, room;
};

run_classes *run_classes_new(const base_allocator *allocator, run_context *context, run_classes *next)
{
    run_classes *c = allocator->reallocate(allocator->state, NULL, sizeof *c);
    if (c == NULL) return NULL;
    *c = (run_classes){.next = next, .allocator = *allocator, .context = context};
    base_arena_init(&c->arena, allocator);
    size_t bytes = (context->binding->plan->aggregates.count + 1) * sizeof *c->keys;
    c->keys = allocator->reallocate(allocator->state, NULL, bytes);
    c->vectors = run_vectors_new(allocator, context);
    if (c->keys == NULL || c->vectors == NULL) {
        c->next = NULL;
        run_classes_free(c);
        return NULL;
    }
    memset(c->keys, 0, bytes);
    return c;
}

void run_classes_free(run_classes *classes)
{
    while (classes != NULL) {
        run_classes *next = classes->next;
        base_allocator allocator = classes->allocator;
        if (classes->vectors != NULL) run_vectors_free(classes->vectors);
        base_arena_release(&classes->arena);
        allocator.reallocate(allocator.state, classes->keys, 0);
        allocator.reallocate(allocator.state, classes, 0);
        classes = next;
    }
}

/* ---- what classes go by ---- */

static bool add_field(class_key *key, const plan_step *load)
{
    for (uint8_t i = 0; i < key->count; i++) {
        if (key->fields[i] == load->detail) return true;
    }
    if (key->count == FIELDS) return false;
    key->lists[key->count] = load->type.list;
    key->fields[key->count++] = (uint16_t)load->detail;
    return true;
}

/* Finds the fields of the subject that a step follows from; false where it asks the subject for more than fields, or history. */
static bool find_fields(const plan_program *plan, const plan_block *block, uint32_t step, uint8_t *seen, class_key *key)
{
    const plan_step *s = &block->steps.items[step];
    if (seen[step] != 0) return true;
    seen[step] = 1;
    if (s->operation == PLAN_AGGREGATE || s->operation == PLAN_DENIED || s->operation == PLAN_TALLY) return false;
    if (s->operation == PLAN_FRAME) return s->number != 0;
    const plan_step *row = s->operation == PLAN_LOAD ? &block->steps.items[s->a] : NULL;
    if (row != NULL && row->operation == PLAN_FRAME && row->number == 0) return add_field(key, s);
    uint32_t sources[PLAN_LOOKUP_LIMIT + 1], count = plan_step_sources(plan, block, s, sources);
    for (uint32_t i = 0; i < count; i++) {
        if (!find_fields(plan, block, sources[i], seen, key)) return false;
    }
    return true;
}

static bool find_key(run_classes *c, const plan_aggregate *aggregate, class_key *key)
{
    const plan_program *plan = c->context->binding->plan;
    if (run_walks_alone(aggregate) || !run_of_lines(aggregate->collection)) return false;
    if (aggregate->kind != PLAN_COUNTS && aggregate->kind != PLAN_SUMS) return false;
    if (aggregate->block == PLAN_NO_STEP) return true;
    const plan_block *block = &plan->blocks.items[aggregate->block];
    uint8_t *seen = c->allocator.reallocate(c->allocator.state, NULL, block->steps.count + 1);
    if (seen == NULL) return false;
    memset(seen, 0, block->steps.count + 1);
    bool found = find_fields(plan, block, (uint32_t)block->steps.count - 1, seen, key);
    c->allocator.reallocate(c->allocator.state, seen, 0);
    return found;
}

static const class_key *key_of(run_classes *c, uint32_t aggregate)
{
    class_key *key = &c->keys[aggregate];
    if (!key->looked) {
        key->looked = true;
        key->has = find_key(c, &c->context->binding->plan->aggregates.items[aggregate], key);
    }
    return key->has ? key : NULL;
}

static uint64_t digest_of(const run_context *context, const class_key *key, uint32_t aggregate, const stretch *of,
                          uint32_t line)
{
    struct {
        uint64_t rows, place, aggregate;
        uint64_t values[FIELDS];
    } all = {(uintptr_t)of->rows, (uint64_t)of->first << 32 | of->end, aggregate, {0}};
    for (uint8_t i = 0; i < key->count; i++) {
        const run_column *column = &context->columns[key->fields[i]];
        if (column->states[line] != RUN_PRESENT) {
            all.values[i] = UINT64_MAX - column->states[line];
            continue;
        }
        int64_t bits = run_column_bits(column, line);
        all.values[i] = (uint64_t)bits;
        if (!key->lists[i]) continue;
        size_t count;
        const uint32_t *items = run_list_items(context, bits, &count);
        all.values[i] = XXH3_64bits(items, count * sizeof *items);
    }
    return XXH3_64bits(&all, offsetof(__typeof__(all), values) + key->count * sizeof *all.values);
}

static bool same_lists(const run_context *context, int64_t a, int64_t b)
{
    size_t a_count, b_count;
    const uint32_t *x = run_list_items(context, a, &a_count), *y = run_list_items(context, b, &b_count);
    return a_count == b_count && (a_count == 0 || memcmp(x, y, a_count * sizeof *x) == 0);
}

static bool same_class(const run_context *context, const class_key *key, uint32_t a, uint32_t b)
{
    for (uint8_t i = 0; i < key->count; i++) {
        const run_column *column = &context->columns[key->fields[i]];
        if (column->states[a] != column->states[b]) return false;
        if (column->states[a] != RUN_PRESENT) continue;
        int64_t x = run_column_bits(column, a), y = run_column_bits(column, b);
        if (x != y && !(key->lists[i] && same_lists(context, x, y))) return false;
    }
    return true;
}

/* ---- finding a subject's ---- */

static void place(run_classes *c, subject_class own)
{
    size_t at = own.digest & (c->room - 1);
    while (c->all[at].of.rows != NULL) at = (at + 1) & (c->room - 1);
    c->all[at] = own;
}

/* Room for one more. What is too much by now is forgotten first. */
static bool make_room(run_classes *c)
{
    if (c->arena.total > MOST_BYTES) {
        base_arena_release(&c->arena);
        c->all = NULL;
        c->count = c->room = 0;
    }
    if (2 * (c->count + 1) <= c->room) return true;
    size_t old_room = c->room, room = old_room == 0 ? FIRST_ROOM : 2 * old_room;
    subject_class *old = c->all, *all = base_arena_alloc(&c->arena, room * sizeof *all);
    if (all == NULL) return false;
    c->all = all;
    c->room = room;
    for (size_t i = 0; i < old_room; i++) {
        if (old[i].of.rows != NULL) place(c, old[i]);
    }
    return true;
}

/* The class of a subject; NULL when memory runs out. */
static subject_class *class_of(run_classes *c, const class_key *key, uint32_t aggregate, const stretch *of,
                               uint32_t line)
{
    if (!make_room(c)) return NULL;
    uint64_t digest = digest_of(c->context, key, aggregate, of, line);
    size_t at = digest & (c->room - 1);
    for (; c->all[at].of.rows != NULL; at = (at + 1) & (c->room - 1)) {
        subject_class *other = &c->all[at];
        bool same = other->digest == digest && other->aggregate == aggregate && other->of.rows == of->rows &&
                    other->of.first == of->first && other->of.end == of->end;
        if (same && same_class(c->context, key, other->subject, line)) return other;
    }
    c->count++;
    c->all[at] = (subject_class){.digest = digest, .of = *of, .aggregate = aggregate, .subject = line};
    return &c->all[at];
}

/* ---- their elements ---- */

static bool before(const run_store *store, uint32_t row, int64_t day)
{
    return !run_store_present(store, LANG_FIELD_line_date, row) ||
           run_store_bits(store, LANG_FIELD_line_date, row) < day;
}

/* Whether a window holds as many elements as make it worth a look, next to the subject. */
static bool holds_many(const run_store *store, const run_window *window, const run_candidates *found, size_t self)
{
    if (self >= HALF && !before(store, found->rows[self - HALF], window->from)) return true;
    return !window->cut && self + HALF < found->count && before(store, found->rows[self + HALF], window->to + 1);
}

/* A subject's elements: of windows that are its own day those of the day, of others all. */
static stretch stretch_of(const run_store *store, const run_window *window, const run_candidates *found)
{
    stretch of = {.rows = found->rows, .undated = (uint32_t)run_first_on(store, found, 0, INT64_MIN)};
    bool day = window->from == window->to;
    of.first = day ? (uint32_t)run_first_on(store, found, of.undated, window->from) : of.undated;
    of.end = (uint32_t)(day ? run_first_on(store, found, of.first, window->to + 1) : found->count);
    return of;
}

static size_t size_of(const stretch *of)
{
    return (size_t)of->undated + (of->end - of->first);
}

/* Their rows, one behind the other; NULL when memory runs out. */
static const uint32_t *rows_of(run_classes *c, const stretch *of)
{
    if (of->first == of->undated) return of->rows;
    uint32_t *rows = base_arena_alloc(&c->arena, (size_of(of) + 1) * sizeof *rows);
    if (rows == NULL) return NULL;
    memcpy(rows, of->rows, of->undated * sizeof *rows);
    memcpy(rows + of->undated, of->rows + of->first, (of->end - of->first) * sizeof *rows);
    return rows;
}

/* Notes which elements may count; a subject's own line does whatever its status. False when memory runs out. */
static bool mark(run_classes *c, subject_class *own, const plan_aggregate *aggregate, const run_candidates *elements)
{
    size_t words = elements->count / 64 + 1;
    own->may = base_arena_alloc(&c->arena, words * sizeof *own->may);
    own->doubts = base_arena_alloc(&c->arena, words * sizeof *own->doubts);
    if (own->may == NULL || own->doubts == NULL) return false;
    for (size_t i = 0; i < elements->count; i++) {
        uint8_t truth = c->context->judged.truths[i];
        bool open = truth == RUN_NEITHER || run_line_counts(c->context, aggregate, elements->rows[i]) == RUN_NEITHER;
        bool may = truth != RUN_FALSE || i < own->of.undated;
        own->may[i / 64] |= (uint64_t)may << i % 64;
        own->doubts[i / 64] |= (uint64_t)((may && open) || i < own->of.undated) << i % 64;
    }
    return true;
}

/* Judges a class's elements, and sums them up; false when memory runs out. */
static bool sum_up(run_classes *c, subject_class *own)
{
    run_context *context = c->context;
    const plan_aggregate *aggregate = &context->binding->plan->aggregates.items[own->aggregate];
    run_candidates elements = {.rows = rows_of(c, &own->of), .count = size_of(&own->of), .gap = SIZE_MAX};
    uint32_t subjects[RUN_ITEMS], scratch = context->scratch.count;
    if (elements.rows == NULL) return false;
    for (size_t i = 0; i < RUN_ITEMS; i++) subjects[i] = own->subject;
    for (size_t i = 0, part; i < elements.count; i += part) {
        part = elements.count - i < RUN_ITEMS ? elements.count - i : RUN_ITEMS;
        if (!run_judge_aside(c->vectors, context, aggregate, subjects, elements.rows + i, part, i)) return false;
    }
    context->scratch.count = scratch;
    if (!mark(c, own, aggregate, &elements)) return false;
    for (int certain = 1; certain >= 0 && own->sums == NULL; certain--) {
        void *memory = base_arena_alloc(&c->arena, run_sums_size(elements.count, certain != 0));
        if (memory == NULL) return false;
        run_sums *sums = run_sums_at(memory, elements.count, certain != 0);
        if (certain == 0)
            run_sums_fill(context, aggregate, &elements, &context->judged, sums);
        else if (!run_sums_put_days(context, &elements, sums->days) ||
                 !run_sums_certain(context, aggregate, &elements, &context->judged, sums->certain))
            continue;
        own->sums = sums;
    }
    return true;
}

/* A subject among many elements. */
typedef struct subject {
    subject_class *own;
    size_t self; /* its place among what was found */
} subject;

/* Finds the class of a subject whose window holds many elements; false where it has none, or memory runs out. */
static bool find_class(run_context *context, uint32_t index, uint32_t line, size_t self, const run_window *window,
                       const run_candidates *found, subject *s)
{
    const run_store *store = context->binding->store;
    if (found->count <= HALF || found->gap != SIZE_MAX || !run_sums_can_take(window)) return false;
    if (self == SIZE_MAX) self = run_place_of(store, found, line);
    if (self >= found->count || found->rows[self] != line || !holds_many(store, window, found, self)) return false;
    if (context->sweeps == NULL || context->rows_met != NULL) return false;
    if (context->classes == NULL) context->classes = run_sweeps_classes(context->sweeps, context);
    run_classes *c = context->classes;
    const class_key *key = c == NULL ? NULL : key_of(c, index);
    if (key == NULL) return false;
    stretch of = stretch_of(store, window, found);
    if (self < of.first || self >= of.end) return false;
    *s = (subject){class_of(c, key, index, &of, line), self};
    return s->own != NULL;
}

bool run_classes_take(run_context *context, uint32_t index, uint32_t line, size_t self, const run_window *window,
                      const run_candidates *found, run_value *result, bool *open)
{
    const run_store *store = context->binding->store;
    subject s;
    if (!find_class(context, index, line, self, window, found, &s)) return false;
    const stretch *of = &s.own->of;
    if (s.own->sums == NULL) {
        size_t end = window->cut ? s.self + 1 : run_first_on(store, found, of->first, window->to + 1);
        s.own->walked += end - run_first_on(store, found, of->undated, window->from);
        if (s.own->walked < size_of(of) || !sum_up(context->classes, s.own)) return false;
    }
    if (s.own->sums->beyond) return false;
    size_t near = s.own->sums->undated;
    run_sums_take(&context->binding->plan->aggregates.items[index], s.own->sums, window, size_of(of),
                  s.self - of->first + of->undated, &near, result, open);
    return true;
}

run_worth run_classes_worth(run_context *context, uint32_t index, uint32_t line, bool doubts, const run_window *window,
                            const run_candidates *found)
{
    subject s;
    if (!find_class(context, index, line, SIZE_MAX, window, found, &s) || s.own->sums == NULL) return (run_worth){0};
    const stretch *of = &s.own->of;
    return (run_worth){doubts ? s.own->doubts : s.own->may, of->undated, of->first, of->end};
}

size_t run_next_worth(const run_worth *worth, size_t place, size_t end)
{
    if (worth->bits == NULL || place < worth->undated) return place;
    if (place < worth->first || end > worth->end) return place; /* none of those that were judged */
    size_t back = worth->first - worth->undated, at = place - back, last = end - back;
    while (at < last) {
        uint64_t word = worth->bits[at / 64] >> at % 64;
        if (word != 0) {
            at += (size_t)__builtin_ctzll(word);
            break;
        }
        at = (at / 64 + 1) * 64;
    }
    return at < last ? at + back : end;
}
