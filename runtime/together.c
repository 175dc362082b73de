#include "runtime/together.h"

#include <string.h>

enum { NO_DAY = INT32_MIN };

/* The first and last day of a window that follows from the day alone, by the day; what else it is, is the same for all days. */
enum { MEMO_DAYS = 1 << 12 };
typedef struct run_window_memo {
    struct run_window_memo *next;
    const lang_window *of;
    bool cut, before, forward;
    int32_t day[MEMO_DAYS]; /* plus one; 0 for none */
    int32_t from[MEMO_DAYS], to[MEMO_DAYS];
    bool fits[MEMO_DAYS]; /* both within 32 bits */
} run_window_memo;

/* Whether a window takes a calendar, and nothing but the day. */
static bool by_calendar(const plan_aggregate *aggregate)
{
    switch (aggregate->window.kind) {
    case LANG_WINDOW_SAME_MONTH:
    case LANG_WINDOW_SAME_QUARTER:
    case LANG_WINDOW_SAME_YEAR:
    case LANG_WINDOW_FISCAL_YEAR:
    case LANG_WINDOW_LAST_MONTHS:
    case LANG_WINDOW_WITHIN_MONTHS:
    case LANG_WINDOW_NEXT_MONTHS: return aggregate->window.bound == NULL;
    default: return false;
    }
}

/* Aggregates whose windows are the same have one: a library has few windows, and many clauses that ask for them. */
static run_window_memo *memo_of(run_context *context, uint32_t index)
{
    run_window_memo **own = &context->windows_of[index];
    if (*own != NULL) return *own;
    const lang_window *window = &context->binding->plan->aggregates.items[index].window;
    run_window_memo *memo = context->window_memos;
    while (memo != NULL && !lang_window_same(memo->of, window)) memo = memo->next;
    if (memo == NULL) {
        memo = base_arena_alloc(context->arena, sizeof *memo);
        if (memo == NULL) return NULL;
        memo->of = window;
        memo->next = context->window_memos;
        context->window_memos = memo;
    }
    return *own = memo;
}

/* Windows past the last day, as after an addition of many months, are left to the walk. */
static bool fits(const run_window *window)
{
    return window->known && window->to < INT32_MAX && window->from > INT32_MIN;
}

/* The place at which a day's window is kept, where `line` is a line of that day. */
static inline size_t remembered(const run_context *context, run_window_memo *memo, const plan_aggregate *aggregate,
                                uint32_t line, int32_t day)
{
    size_t place = (uint32_t)day % MEMO_DAYS;
    if (memo->day[place] == day + 1 && day != -1) return place;
    run_window window;
    run_find_window(context, aggregate, line, 0, RUN_UNKNOWN, &window);
    memo->day[place] = day + 1;
    memo->fits[place] = fits(&window);
    memo->from[place] = memo->fits[place] ? (int32_t)window.from : 0;
    memo->to[place] = memo->fits[place] ? (int32_t)window.to : 0;
    memo->cut = window.cut;
    memo->before = window.before;
    memo->forward = window.forward;
    return place;
}

static void remember_window(run_context *context, uint32_t index, uint32_t line, run_window *window)
{
    const plan_aggregate *aggregate = &context->binding->plan->aggregates.items[index];
    const run_column *dates = &context->binding->store->columns[LANG_FIELD_line_date];
    run_window_memo *memo = memo_of(context, index);
    bool dated = memo != NULL && dates->states[line] == RUN_PRESENT;
    size_t place = dated ? remembered(context, memo, aggregate, line, run_column_narrow(dates)[line]) : 0;
    if (!dated || !memo->fits[place])
        run_find_window(context, aggregate, line, 0, RUN_UNKNOWN, window);
    else
        *window = (run_window){true, memo->from[place], memo->to[place], memo->cut, memo->before, memo->forward};
}

void run_window_together(run_context *context, uint32_t index, uint32_t line, const run_vector *bound, size_t item,
                         run_window *window)
{
    const plan_aggregate *aggregate = &context->binding->plan->aggregates.items[index];
    if (by_calendar(aggregate))
        remember_window(context, index, line, window);
    else
        run_find_window(context, aggregate, line, bound->bits[item], bound->states[item], window);
}

run_together *run_together_for(run_context *context, run_vectors *vectors, uint32_t index, const uint32_t *lines,
                               size_t count)
{
    const plan_aggregate *aggregate = &context->binding->plan->aggregates.items[index];
    size_t aggregates = context->binding->plan->aggregates.count;
    if (context->windows_of == NULL)
        context->windows_of = base_arena_alloc(context->arena, (aggregates + 1) * sizeof(run_window_memo *));
    run_together *t = run_vectors_keep(vectors, sizeof *t);
    if (t == NULL || context->windows_of == NULL) return NULL;
    if (t->mark == run_vectors_mark(vectors)) return t;
    run_find_patients(context, aggregate, lines, count, &t->members);
    t->swept = 0;
    const run_column *dates = &context->binding->store->columns[LANG_FIELD_line_date];
    t->own_days_begun = false;
    for (size_t i = 0; i < count; i++)
        t->days[i] = dates->states[lines[i]] == RUN_PRESENT ? run_column_narrow(dates)[lines[i]] : NO_DAY;
    t->first_day = INT32_MAX;
    t->last_day = INT32_MIN;
    for (size_t i = 0; i < count; i++) {
        t->first_day = t->days[i] < t->first_day ? t->days[i] : t->first_day;
        t->last_day = t->days[i] > t->last_day ? t->days[i] : t->last_day;
    }
    t->mark = run_vectors_mark(vectors);
    return t;
}

run_own_day *run_own_day_of(run_together *t, size_t count, size_t item)
{
    if (!t->own_days_begun) memset(t->own_days, 0, count * sizeof *t->own_days);
    t->own_days_begun = true;
    return &t->own_days[item];
}

static void keep_window(run_windows *windows, size_t i, const run_window *window)
{
    windows->known[i] = fits(window);
    if (!windows->known[i]) {
        windows->all_known = false;
        return;
    }
    windows->from[i] = (int32_t)window->from;
    windows->to[i] = (int32_t)window->to;
    windows->cut = window->cut;
    windows->before = window->before;
    windows->forward = window->forward;
}

/* The windows of those that are some days long, and end with the subject's own; false for others. As set_days of window.c has them. */
static bool windows_by_length(const plan_aggregate *aggregate, run_together *t, size_t count)
{
    bool last = aggregate->window.kind == LANG_WINDOW_LAST_DAYS,
         within = aggregate->window.kind == LANG_WINDOW_WITHIN_DAYS;
    int64_t back = aggregate->window.length - (last ? 1 : 0);
    if ((!last && !within) || aggregate->window.bound != NULL || aggregate->window.whole || !aggregate->window.given ||
        back < 0 || back > INT32_MAX / 4)
        return false;
    run_windows *w = &t->windows;
    w->cut = w->ends_with_day = true;
    w->forward = false;
    w->before = aggregate->window.cut == LANG_CUT_EARLIER;
    w->all_known = t->first_day > INT32_MIN / 4 && t->last_day < INT32_MAX;
    if (w->all_known) {
        memset(w->known, true, count);
        for (size_t i = 0; i < count; i++) w->from[i] = t->days[i] - (int32_t)back;
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        w->known[i] = t->days[i] > INT32_MIN / 4 && t->days[i] < INT32_MAX;
        w->from[i] = w->known[i] ? t->days[i] - (int32_t)back : 0;
    }
    return true;
}

/* The same for those that are the subject's own day. */
static bool windows_by_own_day(const plan_aggregate *aggregate, run_together *t, size_t count)
{
    if (aggregate->window.kind != LANG_WINDOW_SAME_DAY || aggregate->window.bound != NULL || aggregate->window.whole ||
        !aggregate->window.given)
        return false;
    run_windows *w = &t->windows;
    w->cut = aggregate->window.cut != LANG_CUT_NONE;
    w->forward = false;
    w->before = aggregate->window.cut == LANG_CUT_EARLIER;
    w->all_known = t->first_day != NO_DAY && t->last_day < INT32_MAX;
    for (size_t i = 0; i < count; i++) w->known[i] = t->days[i] != NO_DAY && t->days[i] < INT32_MAX;
    memcpy(w->from, t->days, count * sizeof *w->from);
    memcpy(w->to, t->days, count * sizeof *w->to);
    return true;
}

/* Whether windows that take a calendar end with the subject's own day. */
static bool ends_with_day(const plan_aggregate *aggregate)
{
    lang_window_kind kind = aggregate->window.kind;
    return !aggregate->window.whole && aggregate->window.given && aggregate->window.length > 0 &&
           (kind == LANG_WINDOW_LAST_MONTHS || kind == LANG_WINDOW_WITHIN_MONTHS);
}

/* The same for those that take a calendar; false for others, and when memory runs out. */
static bool windows_by_calendar(run_context *context, uint32_t index, run_together *t, const uint32_t *lines,
                                size_t count)
{
    const plan_aggregate *aggregate = &context->binding->plan->aggregates.items[index];
    run_window_memo *memo = by_calendar(aggregate) ? memo_of(context, index) : NULL;
    if (memo == NULL) return false;
    run_windows *w = &t->windows;
    size_t place = SIZE_MAX;
    bool all = t->first_day != NO_DAY;
    w->ends_with_day = ends_with_day(aggregate);
    for (size_t i = 0; all && i < count; i++) {
        place = remembered(context, memo, aggregate, lines[i], t->days[i]);
        w->from[i] = memo->from[place];
        if (!w->ends_with_day) w->to[i] = memo->to[place];
        all = memo->fits[place];
    }
    if (all) memset(w->known, true, count);
    for (size_t i = 0; !all && i < count; i++) {
        w->known[i] = false;
        if (t->days[i] == NO_DAY) continue;
        place = remembered(context, memo, aggregate, lines[i], t->days[i]);
        w->known[i] = memo->fits[place];
        w->from[i] = memo->from[place];
        w->to[i] = memo->to[place];
    }
    w->all_known = all;
    if (place == SIZE_MAX) return true;
    w->cut = memo->cut;
    w->before = memo->before;
    w->forward = memo->forward;
    return true;
}

bool run_sweep_together(run_context *context, run_vectors *vectors, uint32_t index, const uint32_t *lines,
                        const run_vector *bound, size_t count, run_vector *results, bool *done)
{
    const plan_aggregate *aggregate = &context->binding->plan->aggregates.items[index];
    run_vectors *inner = run_vectors_inner(vectors);
    run_together *t = run_together_for(context, vectors, index, lines, count);
    if (inner == NULL || t == NULL) return false;
    t->windows.ends_with_day = false;
    if (!windows_by_length(aggregate, t, count) && !windows_by_own_day(aggregate, t, count) &&
        !windows_by_calendar(context, index, t, lines, count)) {
        t->windows.all_known = true;
        for (size_t i = 0; i < count; i++) {
            run_window window;
            run_find_window(context, aggregate, lines[i], bound->bits[i], bound->states[i], &window);
            keep_window(&t->windows, i, &window);
        }
    }
    return run_sweep_many(context, inner, index, &t->members, &t->windows, count, &t->swept, results, done);
}
