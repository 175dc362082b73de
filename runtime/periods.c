/* Where many clauses of a work hold on other days than others, as those of a policy's versions do, lines are put in the order of the
 * stretches between the days on which any begins or ends to hold; neighbours go together until they have lines enough. */
#include "runtime/periods.h"

#include <stdlib.h>
#include <string.h>

enum {
    TABLE_MOST = 1 << 16, /* days for which there is a table */
    BATCH_COST = 64       /* what it costs to begin a unit, in lines that it is asked about */
};

/* Days that what is dated by the day of service holds on; by the day of receipt, it may hold on any. */
static lang_dates days_of(lang_dates dates, lang_clock clock)
{
    return clock == LANG_CLOCK_SERVICE ? dates : LANG_ALWAYS;
}

static void widen(lang_dates *days, lang_dates other)
{
    if (other.from < days->from) days->from = other.from;
    if (other.to > days->to) days->to = other.to;
}

lang_dates run_days_of_policy(const plan_program *plan, uint32_t policy)
{
    const lang_file *source = plan->policies.items[policy].source;
    return days_of(source->dates, source->clock);
}

lang_dates run_days_of_clause(const plan_program *plan, uint32_t clause)
{
    const plan_clause *c = &plan->clauses.items[clause];
    lang_dates days = run_days_of_policy(plan, c->policy), dates = days_of(c->source->dates, c->source->clock);
    for (size_t i = 0; i < c->sharers.count; i++) widen(&days, run_days_of_policy(plan, c->sharers.items[i]));
    if (dates.from > days.from) days.from = dates.from;
    if (dates.to < days.to) days.to = dates.to;
    return days;
}

typedef struct dividing {
    base_arena *arena, scratch;
    const run_context *context;
    const run_work *work;
    lang_dates *days; /* by unit of the work */
    int64_t *starts;  /* of stretches, but the first, which has no first day */
    size_t stretches;
    uint32_t *table;      /* by day from starts[0] on: its stretch; NULL for none */
    uint32_t *stretch_of; /* by line; `stretches` where its day is not known */
    size_t *lines;        /* by stretch */
    uint32_t *units;      /* room for those of a period */
} dividing;

static int by_day(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Between two days on which a clause begins to hold, or no longer does, the same ones hold. */
static bool find_stretches(dividing *d, const plan_kernels *kernels)
{
    const run_work *work = d->work;
    d->days = base_arena_alloc(&d->scratch, (work->unit_count + 1) * sizeof *d->days);
    d->starts = base_arena_alloc(&d->scratch, (work->unit_count * 2 + 1) * sizeof *d->starts);
    if (d->days == NULL || d->starts == NULL) return false;
    size_t count = 0, kept = 0;
    for (size_t u = 0; u < work->unit_count; u++) {
        d->days[u] = run_days_of_clause(d->context->binding->plan, kernels->units.items[work->units[u]].clause);
        if (d->days[u].from != BASE_DATE_MIN) d->starts[count++] = d->days[u].from;
        if (d->days[u].to != BASE_DATE_MAX) d->starts[count++] = (int64_t)d->days[u].to + 1;
    }
    if (count > 1) qsort(d->starts, count, sizeof *d->starts, by_day);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || d->starts[i] != d->starts[kept - 1]) d->starts[kept++] = d->starts[i];
    }
    d->stretches = kept + 1;
    return true;
}

/* The stretch of a day: how many begin on it or before. */
static uint32_t stretch_of_day(const dividing *d, int64_t day)
{
    size_t low = 0, high = d->stretches - 1;
    if (d->table != NULL) {
        if (day < d->starts[0]) return 0;
        return day >= d->starts[high - 1] ? (uint32_t)high : d->table[day - d->starts[0]];
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (d->starts[middle] <= day)
            low = middle + 1;
        else
            high = middle;
    }
    return (uint32_t)low;
}

/* Whether in some stretch so many hold that dividing cannot gain enough: then no line needs to be looked at. */
static bool most_hold_at_once(dividing *d)
{
    int64_t *changes = base_arena_alloc(&d->scratch, (d->stretches + 1) * sizeof *changes), now = 0, most = 0;
    if (changes == NULL) return true;
    for (size_t u = 0; u < d->work->unit_count; u++) {
        uint32_t first = d->days[u].from == BASE_DATE_MIN ? 0 : stretch_of_day(d, d->days[u].from);
        uint32_t last = d->days[u].to == BASE_DATE_MAX ? (uint32_t)d->stretches - 1 : stretch_of_day(d, d->days[u].to);
        if (first > last) continue; /* holds on no day */
        changes[first]++;
        changes[last + 1]--;
    }
    for (size_t s = 0; s < d->stretches; s++) {
        now += changes[s];
        if (now > most) most = now;
    }
    return (size_t)most * 4 > d->work->unit_count * 3;
}

static bool make_table(dividing *d)
{
    size_t starts = d->stretches - 1;
    int64_t span = d->starts[starts - 1] - d->starts[0];
    if (span > TABLE_MOST) return true;
    uint32_t *table = base_arena_alloc(&d->scratch, ((size_t)span + 1) * sizeof *table);
    if (table == NULL) return false;
    for (size_t s = 0; s + 1 < starts; s++) {
        for (int64_t day = d->starts[s]; day < d->starts[s + 1]; day++) table[day - d->starts[0]] = (uint32_t)s + 1;
    }
    d->table = table;
    return true;
}

static bool find_days(dividing *d, const uint32_t *lines, const uint32_t *rows)
{
    const run_column *dates = &d->context->columns[LANG_FIELD_line_date];
    size_t count = d->work->line_count;
    d->stretch_of = base_arena_alloc_raw(&d->scratch, (count + 1) * sizeof *d->stretch_of);
    d->lines = base_arena_alloc(&d->scratch, (d->stretches + 1) * sizeof *d->lines);
    if (d->stretch_of == NULL || d->lines == NULL) return false;
    for (size_t i = 0; i < count; i++) {
        uint32_t row = rows[lines[i]];
        bool known = dates->states[row] == RUN_PRESENT;
        d->stretch_of[i] = known ? stretch_of_day(d, run_column_narrow(dates)[row]) : (uint32_t)d->stretches;
        d->lines[d->stretch_of[i]]++;
    }
    return true;
}

/* The units of clauses that may apply in the stretches from and to, `to` inclusive; of all of them where a day is not known. */
static bool add_period(dividing *d, run_periods *periods, size_t from, size_t to, size_t first, size_t line_count)
{
    const run_work *work = d->work;
    bool undated = from == d->stretches;
    int64_t begin = undated || from == 0 ? INT64_MIN : d->starts[from - 1];
    int64_t end = undated || to + 1 >= d->stretches ? INT64_MAX : d->starts[to] - 1;
    size_t count = 0;
    for (size_t u = 0; u < work->unit_count; u++) {
        bool meets = d->days[u].from <= end && d->days[u].to >= begin && d->days[u].from <= d->days[u].to;
        if (meets || undated) d->units[count++] = work->units[u];
    }
    uint32_t *units = base_arena_alloc(d->arena, (count + 1) * sizeof *units);
    if (units == NULL) return false;
    memcpy(units, d->units, count * sizeof *units);
    periods->items[periods->count++] = (run_period){first, line_count, begin, end, units, count};
    return true;
}

/* Neighbouring stretches together, until they have `few` lines; what is left at the end goes to the last period. */
static bool find_groups(dividing *d, size_t few, run_periods *periods)
{
    size_t left = 0, from = 0, first = 0, lines = 0;
    periods->items = base_arena_alloc(&d->scratch, (d->stretches + 1) * sizeof *periods->items);
    d->units = base_arena_alloc(&d->scratch, (d->work->unit_count + 1) * sizeof *d->units);
    if (periods->items == NULL || d->units == NULL) return false;
    for (size_t s = 0; s < d->stretches; s++) left += d->lines[s];
    for (size_t s = 0; s < d->stretches && (lines > 0 || left > 0); s++) {
        if (lines == 0) from = s; /* none of those before has a line */
        lines += d->lines[s];
        left -= d->lines[s];
        bool enough = lines >= few && left >= few;
        if (lines == 0 || (left > 0 && !enough)) continue;
        if (!add_period(d, periods, from, s, first, lines)) return false;
        first += lines;
        lines = 0;
    }
    size_t undated = d->lines[d->stretches];
    return undated == 0 || add_period(d, periods, d->stretches, d->stretches, first, undated);
}

static bool gains(const dividing *d, const run_periods *periods)
{
    size_t whole = (d->work->line_count + BATCH_COST) * d->work->unit_count, divided = 0;
    for (size_t p = 0; p < periods->count; p++)
        divided += (periods->items[p].line_count + BATCH_COST) * periods->items[p].unit_count;
    return divided * 4 <= whole * 3;
}

/* Lines in the order of their stretches, those of one as they stood. */
static bool put_in_order(dividing *d, uint32_t *lines)
{
    size_t count = d->work->line_count, start = 0;
    uint32_t *before = base_arena_alloc_raw(&d->scratch, (count + 1) * sizeof *before);
    if (before == NULL) return false;
    memcpy(before, lines, count * sizeof *before);
    for (size_t s = 0; s <= d->stretches; s++) {
        size_t own = d->lines[s];
        d->lines[s] = start;
        start += own;
    }
    for (size_t i = 0; i < count; i++) lines[d->lines[d->stretch_of[i]]++] = before[i];
    return true;
}

static bool keep(dividing *d, run_periods *periods)
{
    run_period *kept = base_arena_alloc(d->arena, periods->count * sizeof *kept);
    if (kept == NULL) return false;
    memcpy(kept, periods->items, periods->count * sizeof *kept);
    periods->items = kept;
    return true;
}

bool run_find_periods(base_arena *arena, const run_context *context, const plan_kernels *kernels, const run_work *work,
                      uint32_t *lines, const uint32_t *rows, size_t few, run_periods *periods)
{
    *periods = (run_periods){0};
    if (work->unit_count == 0 || work->line_count < 2) return true;
    dividing d = {.arena = arena, .context = context, .work = work};
    base_arena_init(&d.scratch, &arena->allocator);
    bool good = find_stretches(&d, kernels);
    if (good && d.stretches > 1 && !most_hold_at_once(&d)) {
        good = make_table(&d) && find_days(&d, lines, rows) && find_groups(&d, few, periods);
        if (good && !gains(&d, periods)) *periods = (run_periods){0};
        good = good && (periods->count == 0 || (put_in_order(&d, lines) && keep(&d, periods)));
    }
    good = good && !d.scratch.failed;
    base_arena_release(&d.scratch);
    return good;
}
