/* What aggregates are made of (aggregate.c), and counting windows from running sums instead of walking them (sweep.c). */
#ifndef RUN_SWEEP_H
#define RUN_SWEEP_H

#include "runtime/vector.h"

/* A window on one subject: days [from, to], and up to which place in the order. */
typedef struct run_window {
    bool known; /* false: its days are unknown, everything may count */
    int64_t from, to;
    bool cut; /* only elements up to the subject, or before it */
    bool before;
    bool forward; /* only elements from the subject on */
} run_window;

/* The window of an aggregate on a subject; `bound` is its own bound, if it has one. Written where it is kept: a copy of what was just
 * written in parts is slow to read. */
void run_find_window(const run_context *context, const plan_aggregate *aggregate, uint32_t line, int64_t bound,
                     uint8_t bound_state, run_window *window);

/* Whether a line is in a window. The subject itself needs no date to be on its own day. */
run_truth run_line_in_window(const run_context *context, const run_window *window, uint32_t line, uint32_t element);

/* The elements of a collection, and whether there may be others that nobody told us of. Of a single encounter's line `rows` does not
 * hold the line itself: it is `alone` and stands at `gap`; else that is SIZE_MAX. */
typedef struct run_candidates {
    const uint32_t *rows;
    size_t count; /* of them all */
    bool complete;
    uint32_t alone; /* storage for a single row */
    size_t gap;
} run_candidates;

/* Whether a collection is one of lines. */
static inline bool run_of_lines(lang_collection collection)
{
    return collection == LANG_COLLECTION_HISTORY || collection == LANG_COLLECTION_CLAIM_LINES ||
           collection == LANG_COLLECTION_SESSION_LINES;
}

/* The first of lines from a place on whose date is not before a day. Lines are ordered by date, unknown dates first. */
size_t run_first_on(const run_store *store, const run_candidates *found, size_t from, int64_t day);

static inline uint32_t run_candidate(const run_candidates *found, size_t i)
{
    return i < found->gap ? found->rows[i] : i == found->gap ? found->alone : found->rows[i - 1];
}

/* The elements of an aggregate's collection for a line. */
void run_collect(const run_context *context, const plan_aggregate *aggregate, uint32_t line, run_candidates *found);

/* What a line is to those that count services (counts.c), asked once in a run: a truth for those that name no status, one for those that
 * do, whether it is planned, and whether the run judges it. Threads that ask of the same line find the same. */
enum {
    RUN_STANDING_ASKED = 0x80,
    RUN_STANDING_NAMED = 2,
    RUN_STANDING_PLANNED = 0x10,
    RUN_STANDING_JUDGED_BIT = 5,
    RUN_STANDING_JUDGED = 1 << RUN_STANDING_JUDGED_BIT
};
uint8_t run_find_standing(const run_context *context, uint32_t line);

/* Finds what all lines are, one after the other as they lie in memory, on so many threads: where most will be asked for, member by member. */
bool run_find_standings(run_context *context, base_arena *arena, size_t threads);

static inline uint8_t run_line_standing(const run_context *context, uint32_t line)
{
    if (line >= context->standing_count) return run_find_standing(context, line);
    uint8_t *kept = &context->standings[line], found = __atomic_load_n(kept, __ATOMIC_RELAXED);
    if (found != 0) return found;
    found = run_find_standing(context, line);
    __atomic_store_n(kept, found, __ATOMIC_RELAXED);
    return found;
}

/* How an aggregate counts. What is planned has not happened, except where the policy looks ahead. */
typedef struct run_counting {
    bool ahead;
    uint8_t shift;
} run_counting;

static inline run_counting run_counting_of(const plan_aggregate *aggregate)
{
    lang_window_kind kind = aggregate->window.kind;
    return (run_counting){kind == LANG_WINDOW_NEXT_DAYS || kind == LANG_WINDOW_NEXT_MONTHS,
                          aggregate->names_status ? RUN_STANDING_NAMED : 0};
}

static inline run_truth run_counts_as(const run_counting *how, uint8_t standing)
{
    if (how->ahead && (standing & RUN_STANDING_PLANNED) != 0) return RUN_TRUE;
    return (run_truth)(standing >> how->shift & 3);
}

/* Whether a line counts as a service at all: paid and submitted ones do, pending ones perhaps, denied ones don't. */
static inline run_truth run_line_counts(const run_context *context, const plan_aggregate *aggregate, uint32_t line)
{
    run_counting how = run_counting_of(aggregate);
    return run_counts_as(&how, run_line_standing(context, line));
}

/* What an aggregate's `where` says of an element. */
run_truth run_judge_element(run_context *context, uint32_t index, uint32_t line, uint32_t row, run_element *element);

/* The same of up to RUN_ITEMS elements, each with its subject, for aggregates that are not of `distinct`: their truths and, where something
 * is added up, what. Both live until the vectors begin anew; `truths` is NULL where every element counts, `values` where none is added
 * up. False when memory runs out. */
bool run_judge_vectors(run_vectors *vectors, const run_context *context, const plan_aggregate *aggregate,
                       const uint32_t *subjects, const uint32_t *rows, size_t count, const run_vector **truths,
                       const run_vector **values);

/* What an element is where its aggregate has no block, or no values. */
run_element run_element_of(const run_vector *truths, const run_vector *values, size_t i);

/* Whether an element is in the window and counts as a service. */
run_truth run_admitted(const run_context *context, const plan_aggregate *aggregate, const run_window *window,
                       uint32_t line, uint32_t row);

/* Adds one element that counts, surely or perhaps, to what is known so far. */
void run_tally(plan_aggregate_kind kind, run_truth truth, const run_element *element, run_value *result, bool *open);

/* Makes room in the context for elements that are judged and not summed up yet; false when memory runs out. */
bool run_judged_room(run_context *context, size_t count);

/* Judges up to RUN_ITEMS elements, each with its subject, into that room from a place on; false when memory runs out. */
bool run_judge_aside(run_vectors *vectors, run_context *context, const plan_aggregate *aggregate,
                     const uint32_t *subjects, const uint32_t *rows, size_t count, size_t at);

/* Running sums of a run's members, by what is summed; shared by its threads. With `all`, memory is laid out for all members at once. */
typedef struct run_sweeps run_sweeps;
run_sweeps *run_sweeps_new(const base_allocator *allocator, const run_binding *binding, bool all);
void run_sweeps_free(run_sweeps *sweeps);

/* Classes of subjects (classes.c) for a context of the run, which go with the sums; NULL when memory runs out. */
struct run_classes *run_sweeps_classes(run_sweeps *sweeps, run_context *context);

/* Whether an aggregate's elements are judged one by one, whatever else is at hand. */
bool run_walks_alone(const plan_aggregate *aggregate);

/* Whether an aggregate is one over a member's history that running sums give. */
bool run_can_sweep(const run_sweeps *sweeps, uint32_t aggregate);

/* What an aggregate over a member's history comes to, from running sums: each element is judged once for all windows and all subjects of
 * that member. False where that cannot be done, or does not pay, and nothing is changed. */
bool run_sweep(run_context *context, uint32_t index, uint32_t line, const run_window *window,
               const run_candidates *found, run_value *result, bool *open);

/* Where days begin among a member's lines, by the day, around those of the subjects: made once for all windows (sums_many.c). */
typedef enum run_day_map { RUN_MAP_UNASKED, RUN_MAP_MADE, RUN_MAP_NONE } run_day_map;

/* Subjects of one member, one behind the other. */
typedef struct run_patient {
    uint32_t first, end; /* among the subjects */
    uint32_t patient, count;
    const uint32_t *rows;
    bool complete;
    uint8_t map;        /* run_day_map */
    bool before, after; /* there are lines before the days of the map, or after them */
    int32_t first_day, last_day;
    uint32_t first_place;   /* which the map counts from */
    const uint16_t *places; /* by day, and one more */
} run_patient;

/* Members of all subjects that have one, and what their windows share. */
enum { RUN_MAP_ROOM = 1 << 14, RUN_MAP_SLACK = 16, RUN_NO_MEMBER = RUN_ITEMS };
typedef struct run_patients {
    size_t count;
    run_patient items[RUN_ITEMS];
    uint16_t member_of[RUN_ITEMS]; /* by subject; RUN_NO_MEMBER for those of whom nobody knows whose they are */
    uint32_t selves[RUN_ITEMS];    /* places of subjects among their member's lines */
    size_t map_used;
    uint16_t map[RUN_MAP_ROOM + RUN_MAP_SLACK];
} run_patients;

/* Divides subjects by member, and finds their places. */
void run_find_patients(const run_context *context, const plan_aggregate *aggregate, const uint32_t *lines, size_t count,
                       run_patients *members);

/* The windows of an aggregate on many subjects; what is not of days is the same for all. */
typedef struct run_windows {
    int32_t from[RUN_ITEMS], to[RUN_ITEMS];
    bool known[RUN_ITEMS]; /* and both within 32 bits */
    bool all_known;
    bool ends_with_day; /* each ends on its subject's own day; `to` means nothing */
    bool cut, before, forward;
} run_windows;

/* The same for many subjects, each with its window: of those that it cannot answer `done` stays false. `swept` has a bit for each of the
 * first sums that these subjects' members are known to have; zeros at first. Where all subjects' sums are certain, upper bounds become
 * the same array as lower ones. False when memory runs out. */
bool run_sweep_many(run_context *context, run_vectors *vectors, uint32_t index, run_patients *members,
                    const run_windows *windows, size_t count, uint64_t *swept, run_vector *results, bool *done);

#endif
