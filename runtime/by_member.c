/* Lines in the order of their members: thrown into buckets of members whose numbers are near each other, by each thread those of its
 * stretches, and then put in order bucket by bucket. */
#include "runtime/by_member.h"
#include "runtime/crew.h"

#include <stdlib.h>
#include <string.h>

bool run_asks_history(const plan_program *plan, const plan_kernels *kernels, const run_work *work)
{
    for (size_t i = 0; i < work->input_count; i++) {
        const plan_input *input = &kernels->inputs.items[work->inputs[i]];
        if (input->kind != PLAN_INPUT_STEP || !input->far) continue;
        const plan_block *block = &plan->blocks.items[input->block];
        for (uint32_t c = 0; c < input->cone_count; c++) {
            const plan_step *step = &block->steps.items[kernels->cones.items[input->cone + c]];
            if (step->operation != PLAN_AGGREGATE) continue;
            const plan_aggregate *aggregate = &plan->aggregates.items[step->number];
            if (aggregate->collection == LANG_COLLECTION_HISTORY && aggregate->key == LANG_HISTORY_MEMBER) return true;
        }
    }
    return false;
}

/* The number of a line's member; behind all others where nobody knows whose it is. */
static inline uint32_t member_of(const run_store *store, uint32_t row)
{
    const run_column *patients = &store->columns[LANG_FIELD_line_patient];
    return patients->states[row] == RUN_PRESENT ? (uint32_t)run_column_narrow(patients)[row]
                                                : store->counts[LANG_RECORD_patient];
}

/* A line, and above it its member: numbers in the order that is wanted. */
typedef uint64_t member_line;

static inline member_line join(uint32_t member, uint32_t line)
{
    return (uint64_t)member << 32 | line;
}

static inline uint32_t member_in(member_line joined)
{
    return (uint32_t)(joined >> 32);
}

typedef struct ordering {
    const run_store *store;
    const uint32_t *rows;
    uint32_t *lines;
    size_t count, stretches;
    unsigned shift; /* from a member's number to its bucket */
    size_t buckets;
    size_t *places;        /* by stretch, then bucket: where its next line goes; in the end where its lines end */
    size_t *starts;        /* by bucket, and one more */
    member_line *thrown;   /* by bucket */
    base_arena *scratches; /* of the threads */
} ordering;

static size_t begin_of(const ordering *o, size_t stretch)
{
    return run_part_begin(stretch, o->stretches, o->count);
}

static bool count_lines(void *state, size_t worker, size_t stretch)
{
    (void)worker;
    const ordering *o = state;
    size_t *places = o->places + stretch * o->buckets;
    for (size_t i = begin_of(o, stretch), end = begin_of(o, stretch + 1); i < end; i++)
        places[member_of(o->store, o->rows[o->lines[i]]) >> o->shift]++;
    return true;
}

static bool throw_lines(void *state, size_t worker, size_t stretch)
{
    (void)worker;
    const ordering *o = state;
    size_t *places = o->places + stretch * o->buckets;
    for (size_t i = begin_of(o, stretch), end = begin_of(o, stretch + 1); i < end; i++) {
        uint32_t line = o->lines[i], member = member_of(o->store, o->rows[line]);
        o->thrown[places[member >> o->shift]++] = join(member, line);
    }
    return true;
}

static int by_number(const void *a, const void *b)
{
    member_line x = *(const member_line *)a, y = *(const member_line *)b;
    return x < y ? -1 : x > y;
}

/* Where a bucket's members have many lines each, these are counted. */
static bool put_bucket(void *state, size_t worker, size_t bucket)
{
    enum { SPARSE = 4 };
    const ordering *o = state;
    size_t start = o->starts[bucket], count = o->starts[bucket + 1] - start, range = (size_t)1 << o->shift;
    member_line *thrown = o->thrown + start;
    uint32_t *lines = o->lines + start, first = (uint32_t)(bucket << o->shift);
    if (range / SPARSE > count) {
        if (count > 1) qsort(thrown, count, sizeof *thrown, by_number);
        for (size_t i = 0; i < count; i++) lines[i] = (uint32_t)thrown[i];
        return true;
    }
    base_arena *scratch = &o->scratches[worker];
    base_arena_reset(scratch);
    uint32_t *places = base_arena_alloc(scratch, (range + 1) * sizeof *places);
    if (places == NULL) return false;
    for (size_t i = 0; i < count; i++) places[member_in(thrown[i]) - first + 1]++;
    for (size_t m = 0; m < range; m++) places[m + 1] += places[m];
    for (size_t i = 0; i < count; i++) lines[places[member_in(thrown[i]) - first]++] = (uint32_t)thrown[i];
    return true;
}

static bool stand_in_order(const ordering *o)
{
    uint32_t before = 0;
    for (size_t i = 0; i < o->count; i++) {
        uint32_t member = member_of(o->store, o->rows[o->lines[i]]);
        if (member < before) return false;
        before = member;
    }
    return true;
}

/* Where each stretch's lines of each bucket go. */
static void place_buckets(const ordering *o)
{
    size_t start = 0;
    for (size_t b = 0; b < o->buckets; b++) {
        o->starts[b] = start;
        for (size_t s = 0; s < o->stretches; s++) {
            size_t *place = &o->places[s * o->buckets + b], own = *place;
            *place = start;
            start += own;
        }
    }
    o->starts[o->buckets] = start;
}

static bool order(ordering *o, base_arena *scratch, size_t threads)
{
    o->places = base_arena_alloc(scratch, o->stretches * o->buckets * sizeof *o->places);
    o->starts = base_arena_alloc(scratch, (o->buckets + 1) * sizeof *o->starts);
    o->thrown = base_arena_alloc_raw(scratch, o->count * sizeof *o->thrown);
    o->scratches = base_arena_alloc(scratch, threads * sizeof *o->scratches);
    if (o->places == NULL || o->starts == NULL || o->thrown == NULL || o->scratches == NULL) return false;
    for (size_t t = 0; t < threads; t++) base_arena_init(&o->scratches[t], &scratch->allocator);
    bool good = run_crew(scratch, threads, o->stretches, count_lines, o);
    place_buckets(o);
    good = good && run_crew(scratch, threads, o->stretches, throw_lines, o) &&
           run_crew(scratch, threads, o->buckets, put_bucket, o);
    for (size_t t = 0; t < threads; t++) base_arena_release(&o->scratches[t]);
    return good;
}

bool run_order_by_member(base_arena *arena, const run_store *store, const uint32_t *rows, uint32_t *lines, size_t count,
                         size_t threads)
{
    /* As many lines as fit the nearest cache, and no more buckets than there are pages whose places are at hand. */
    enum { BUCKET_LINES = 1 << 11, BUCKETS_MOST = 1 << 11 };
    ordering o = {.store = store, .rows = rows, .lines = lines, .count = count};
    if (stand_in_order(&o)) return true;
    size_t members = (size_t)store->counts[LANG_RECORD_patient] + 1, buckets = count / BUCKET_LINES + 1;
    if (buckets > BUCKETS_MOST) buckets = BUCKETS_MOST;
    while ((members - 1) >> o.shift >= buckets) o.shift++;
    o.buckets = ((members - 1) >> o.shift) + 1;
    o.stretches = run_parts_for(count, threads);
    base_arena scratch;
    base_arena_init(&scratch, &arena->allocator);
    bool good = order(&o, &scratch, threads < 1 ? 1 : threads);
    base_arena_release(&scratch);
    return good;
}

size_t run_whole_members(const run_store *store, const uint32_t *rows, const run_work *work, size_t first, size_t most)
{
    size_t rest = work->line_count - first;
    if (rest <= most) return rest;
    const uint32_t *lines = work->lines + first;
    uint32_t next = member_of(store, rows[lines[most]]);
    for (size_t count = most; count * 2 >= most; count--) {
        uint32_t last = member_of(store, rows[lines[count - 1]]);
        if (last != next) return count;
    }
    return most;
}

bool run_asks_most_histories(const run_schedule *schedule, const run_store *store, const uint32_t *rows)
{
    const uint32_t *starts = store->lines_of_patient.starts, nobody = store->counts[LANG_RECORD_patient];
    size_t asked = 0, half = store->counts[LANG_RECORD_line] / 2;
    for (size_t i = 0; i < schedule->works.count; i++) {
        const run_work *work = &schedule->works.items[i];
        uint32_t before = nobody;
        for (size_t k = 0; work->by_member && k < work->line_count && asked < half; k++) {
            uint32_t member = member_of(store, rows[work->lines[k]]);
            if (member == nobody) break; /* these come last */
            if (member != before) asked += starts[member + 1] - starts[member];
            before = member;
        }
    }
    return asked > 0 && asked >= half;
}
