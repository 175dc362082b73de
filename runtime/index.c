/* Ordering: lines by date, claim and line, and in this order by what they belong to; rows of other records likewise.
 * "The ninth" is one definite line because this order is total. */
#include "runtime/crew.h"
#include "runtime/line_keys.h"
#include "runtime/store.h"

#include <stdlib.h>
#include <string.h>

int run_compare_order(const run_order_key *x, const run_order_key *y)
{
    if (x->date != y->date) return x->date < y->date ? -1 : 1;
    int claims = strcmp(x->claim, y->claim);
    if (claims != 0) return claims;
    return x->number < y->number ? -1 : x->number > y->number;
}

static int by_key(const void *a, const void *b)
{
    const run_order_key *x = a, *y = b;
    int order = run_compare_order(x, y);
    return order != 0 ? order : x->row < y->row ? -1 : 1;
}

run_order_key run_order_key_of(const run_store *store, uint32_t line)
{
    run_order_key key = {.row = line, .claim = "", .date = INT64_MIN};
    if (run_store_present(store, LANG_FIELD_line_date, line))
        key.date = run_store_bits(store, LANG_FIELD_line_date, line);
    if (run_store_present(store, LANG_FIELD_line_number, line)) {
        key.number = run_store_bits(store, LANG_FIELD_line_number, line);
    }
    if (run_store_present(store, LANG_FIELD_line_claim, line)) {
        key.claim =
            run_store_text(store, LANG_FIELD_claim_id, (uint32_t)run_store_bits(store, LANG_FIELD_line_claim, line));
    }
    return key;
}

/* A line of a day, with what most of them differ in: the first bytes of the claim's identifier as a number in the order of texts. */
typedef struct line_of_day {
    uint64_t first;
    uint32_t row;
} line_of_day;

static uint64_t first_bytes(const char *text)
{
    uint64_t first = 0;
    for (int i = 0; i < 8; i++) {
        first = first << 8 | (unsigned char)*text;
        if (*text != '\0') text++;
    }
    return first;
}

static int by_first_bytes(const void *a, const void *b)
{
    const line_of_day *x = a, *y = b;
    if (x->first != y->first) return x->first < y->first ? -1 : 1;
    return x->row < y->row ? -1 : 1;
}

/* Lines in days that are to be put in order; who does so has memory of his own. */
typedef struct day_lines {
    const run_store *store;
    uint64_t *firsts; /* by line: found in the order of lines, whose claims lie side by side */
    uint32_t *rows;
    const uint32_t *starts;
    base_arena *arenas; /* by worker */
} day_lines;

static bool find_firsts(void *state, size_t worker, uint32_t first, uint32_t end)
{
    (void)worker;
    const day_lines *d = state;
    const run_store *store = d->store;
    for (uint32_t line = first; line < end; line++) {
        if (!run_store_present(store, LANG_FIELD_line_claim, line)) continue;
        uint32_t claim = (uint32_t)run_store_bits(store, LANG_FIELD_line_claim, line);
        d->firsts[line] = first_bytes(run_store_text(store, LANG_FIELD_claim_id, claim));
    }
    return true;
}

/* Orders lines of a day that the first bytes do not tell apart: as a rule, a claim's. */
static bool order_alike(const run_store *store, base_arena *arena, line_of_day *lines, size_t count)
{
    enum { FEW = 16 };
    run_order_key few[FEW], *keys = count <= FEW ? few : base_arena_alloc_raw(arena, count * sizeof *keys);
    if (keys == NULL) return false;
    bool ordered = true;
    for (size_t i = 0; i < count; i++) {
        keys[i] = run_order_key_of(store, lines[i].row);
        ordered = ordered && (i == 0 || by_key(&keys[i - 1], &keys[i]) < 0);
    }
    if (ordered) return true;
    qsort(keys, count, sizeof *keys, by_key);
    for (size_t i = 0; i < count; i++) lines[i].row = keys[i].row;
    return true;
}

static bool order_day(void *state, size_t worker, size_t day)
{
    const day_lines *d = state;
    uint32_t *rows = d->rows + d->starts[day];
    size_t count = d->starts[day + 1] - d->starts[day];
    if (count < 2) return true;
    base_arena *arena = &d->arenas[worker];
    base_arena_reset(arena);
    line_of_day *lines = base_arena_alloc_raw(arena, count * sizeof *lines);
    if (lines == NULL) return false;
    for (size_t i = 0; i < count; i++) lines[i] = (line_of_day){d->firsts[rows[i]], rows[i]};
    qsort(lines, count, sizeof *lines, by_first_bytes);
    for (size_t i = 0, end; i < count; i = end) {
        end = i + 1;
        while (end < count && lines[end].first == lines[i].first) end++;
        if (end - i > 1 && !order_alike(d->store, arena, lines + i, end - i)) return false;
    }
    for (size_t i = 0; i < count; i++) rows[i] = lines[i].row;
    return true;
}

/* Puts lines side by side that are of one day, the days in their order; undated ones first. `starts` gets where each day begins, and the
 * end; false where days are too far apart for that. */
enum { DAYS_MOST = 1 << 17, DAYS_A_LINE = 16 };
static bool divide_by_day(base_arena *arena, const run_store *store, uint32_t *rows, uint32_t **starts, size_t *days)
{
    const run_column *dates = &store->columns[LANG_FIELD_line_date];
    uint32_t count = store->counts[LANG_RECORD_line];
    int64_t low = INT64_MAX, high = INT64_MIN;
    for (uint32_t i = 0; i < count; i++) {
        if (dates->states[i] != RUN_PRESENT) continue;
        int64_t date = run_column_narrow(dates)[i];
        low = date < low ? date : low;
        high = date > high ? date : high;
    }
    if (low > high) low = high = 0;
    if (high - low >= DAYS_MOST || high - low > (int64_t)count * DAYS_A_LINE) return false;
    *days = (size_t)(high - low) + 2;
    *starts = base_arena_alloc(arena, (*days + 1) * sizeof **starts);
    if (*starts == NULL) return false;
    uint32_t *place = *starts;
#define DAY_OF(line)                                                                                                   \
    (dates->states[line] != RUN_PRESENT ? 0 : (size_t)((int64_t)run_column_narrow(dates)[line] - low) + 1)
    for (uint32_t i = 0; i < count; i++) place[DAY_OF(i)]++;
    for (size_t day = 0, start = 0, all; day <= *days; day++, start += all) {
        all = place[day];
        place[day] = (uint32_t)start;
    }
    for (uint32_t i = 0; i < count; i++) rows[place[DAY_OF(i)]++] = i;
#undef DAY_OF
    for (size_t day = *days; day > 0; day--) place[day] = place[day - 1];
    place[0] = 0;
    return true;
}

/* All lines at once. */
static bool order_all(base_arena *arena, const run_store *store, uint32_t *order)
{
    uint32_t count = store->counts[LANG_RECORD_line];
    run_order_key *keys = base_arena_alloc_raw(arena, (count + 1) * sizeof *keys);
    if (keys == NULL) return false;
    for (uint32_t i = 0; i < count; i++) keys[i] = run_order_key_of(store, i);
    if (count > 1) qsort(keys, count, sizeof *keys, by_key);
    for (uint32_t i = 0; i < count; i++) order[i] = keys[i].row;
    return true;
}

/* The lines in their order. */
static bool order_lines(run_store *store, uint32_t *order)
{
    base_arena scratch;
    base_arena_init(&scratch, &store->arena.allocator);
    size_t days = 0, threads = store->threads == 0 ? 1 : store->threads;
    uint32_t *starts = NULL;
    bool good = false;
    if (divide_by_day(&scratch, store, order, &starts, &days)) {
        uint32_t count = store->counts[LANG_RECORD_line];
        day_lines d = {.store = store, .rows = order, .starts = starts};
        d.firsts = base_arena_alloc(&scratch, (count + 1) * sizeof *d.firsts);
        d.arenas = base_arena_alloc(&scratch, threads * sizeof *d.arenas);
        for (size_t i = 0; d.arenas != NULL && i < threads; i++) base_arena_init(&d.arenas[i], &scratch.allocator);
        good = !scratch.failed && run_crew_rows(&scratch, threads, count, find_firsts, &d) &&
               run_crew(&scratch, threads, days, order_day, &d);
        for (size_t i = 0; d.arenas != NULL && i < threads; i++) base_arena_release(&d.arenas[i]);
    } else if (!scratch.failed) {
        good = order_all(&scratch, store, order);
    }
    base_arena_release(&scratch);
    return good;
}

/* Rows of a record, in a given order, that are to be grouped by the row that a field refers to. */
typedef struct grouping {
    run_groups *groups;
    lang_field field;
    lang_record record;
    size_t group_count;
    const uint32_t *rows; /* NULL: as they stand */
} grouping;

enum { GROUPINGS = 7 };
typedef struct groupings {
    run_store *store;
    const uint32_t *order; /* lines in their order */
    grouping all[GROUPINGS];
} groupings;

static bool make_room(run_store *store, const grouping *g)
{
    g->groups->starts = base_arena_alloc(&store->arena, (g->group_count + 2) * sizeof(uint32_t));
    g->groups->rows = base_arena_alloc(&store->arena, (store->counts[g->record] + 1) * sizeof(uint32_t));
    return g->groups->starts != NULL && g->groups->rows != NULL;
}

static bool group(const groupings *all, size_t item)
{
    const grouping *g = &all->all[item];
    const run_store *store = all->store;
    uint32_t count = store->counts[g->record], *starts = g->groups->starts;
    for (uint32_t row = 0; row < count; row++) {
        if (run_store_present(store, g->field, row)) starts[run_store_bits(store, g->field, row) + 2]++;
    }
    for (size_t k = 2; k < g->group_count + 2; k++) starts[k] += starts[k - 1];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = g->rows == NULL ? i : g->rows[i];
        if (!run_store_present(store, g->field, row)) continue;
        g->groups->rows[starts[run_store_bits(store, g->field, row) + 1]++] = row;
    }
    return true;
}

bool run_may_be_of_session(const run_store *store, uint32_t session, uint32_t line)
{
    bool may = run_session_may_fit(store, session, line);
    bool members = store->feeds[LANG_FEED_ATTENDANCE] && run_store_present(store, LANG_FIELD_line_patient, line);
    if (!may || !members) return may;
    const run_groups *attended = &store->attendance_of_session;
    for (uint32_t i = attended->starts[session]; i < attended->starts[session + 1]; i++) {
        bool same = run_store_bits(store, LANG_FIELD_attendance_patient, attended->rows[i]) ==
                    run_store_bits(store, LANG_FIELD_line_patient, line);
        if (same || !run_store_present(store, LANG_FIELD_attendance_patient, attended->rows[i])) return true;
    }
    return false;
}

size_t run_next_possible_line(const run_store *store, uint32_t session, size_t from)
{
    bool dated = run_store_present(store, LANG_FIELD_session_date, session);
    int64_t day = dated ? run_store_bits(store, LANG_FIELD_session_date, session) : 0;
    for (size_t i = from; i < store->sessionless_count; i++) {
        uint32_t line = store->sessionless[i];
        if (dated && run_store_present(store, LANG_FIELD_line_date, line)) {
            int64_t date = run_store_bits(store, LANG_FIELD_line_date, line);
            if (date > day) break;
            size_t low = i, high = store->sessionless_count;
            while (date < day && low < high) { /* skip to the session's day */
                size_t middle = low + (high - low) / 2;
                if (run_store_bits(store, LANG_FIELD_line_date, store->sessionless[middle]) < day)
                    low = middle + 1;
                else
                    high = middle;
            }
            i = low;
            if (i == store->sessionless_count) break;
            line = store->sessionless[i];
        }
        if (run_may_be_of_session(store, session, line)) return i;
    }
    return store->sessionless_count;
}

/* What nobody told of lines that other records would hold. */
static void collect_unknown(run_store *store, const uint32_t *order)
{
    uint32_t count = store->counts[LANG_RECORD_line];
    for (uint32_t i = 0; i < count; i++) {
        if (run_store_state(store, LANG_FIELD_line_session, order[i]) == RUN_UNKNOWN)
            store->sessionless[store->sessionless_count++] = order[i];
        if (run_store_state(store, LANG_FIELD_line_rendering_provider, order[i]) == RUN_UNKNOWN)
            store->rendering_unknown = true;
        if (run_store_state(store, LANG_FIELD_line_billing_provider, order[i]) == RUN_UNKNOWN)
            store->billing_unknown = true;
    }
}

static void number_positions(const run_store *store, const uint32_t *order)
{
    for (uint32_t i = 0; i < store->counts[LANG_RECORD_line]; i++) store->position[order[i]] = 2 * i + 1;
}

enum { PART_UNKNOWN, PART_POSITIONS, PART_GROUPINGS, INDEX_PARTS = PART_GROUPINGS + GROUPINGS };
static bool index_part(void *state, size_t worker, size_t item)
{
    (void)worker;
    const groupings *all = state;
    if (item == PART_UNKNOWN) {
        collect_unknown(all->store, all->order);
        return true;
    }
    if (item == PART_POSITIONS) {
        number_positions(all->store, all->order);
        return true;
    }
    return group(all, item - PART_GROUPINGS);
}

static bool group_all(run_store *store, const uint32_t *order)
{
    size_t patients = store->counts[LANG_RECORD_patient], sessions = store->counts[LANG_RECORD_session];
    size_t symbols = store->symbols.entries.count, claims = store->counts[LANG_RECORD_claim];
    groupings all = {
        store,
        order,
        {{&store->lines_of_patient, LANG_FIELD_line_patient, LANG_RECORD_line, patients, order},
         {&store->lines_of_session, LANG_FIELD_line_session, LANG_RECORD_line, sessions, order},
         {&store->lines_of_rendering_provider, LANG_FIELD_line_rendering_provider, LANG_RECORD_line, symbols, order},
         {&store->lines_of_billing_provider, LANG_FIELD_line_billing_provider, LANG_RECORD_line, symbols, order},
         {&store->lines_of_claim, LANG_FIELD_line_claim, LANG_RECORD_line, claims, order},
         {&store->authorizations_of_patient, LANG_FIELD_authorization_patient, LANG_RECORD_authorization, patients,
          NULL},
         {&store->attendance_of_session, LANG_FIELD_attendance_session, LANG_RECORD_attendance, sessions, NULL}}};
    for (size_t i = 0; i < GROUPINGS; i++) {
        if (!make_room(store, &all.all[i])) return false;
    }
    return run_crew(&store->arena, store->threads, INDEX_PARTS, index_part, &all);
}

bool run_index(run_store *store)
{
    run_store_forget_numbers(store);
    memset(store->whole, 0, (size_t)lang_schema_field_count(store->schema));
    memset(store->uniform, 0, (size_t)lang_schema_field_count(store->schema));
    uint32_t count = store->counts[LANG_RECORD_line];
    uint32_t *order = base_arena_alloc(&store->arena, (count + 1) * sizeof *order);
    store->position = base_arena_alloc(&store->arena, (count + store->guests + 1) * sizeof *store->position);
    store->sessionless = base_arena_alloc(&store->arena, (count + 1) * sizeof *store->sessionless);
    store->sessionless_count = 0;
    store->rendering_unknown = store->billing_unknown = false;
    store->indexed_symbols = store->symbols.entries.count;
    store->void_frequency = base_intern_find(&store->symbols, "8", 1);
    if (order == NULL || store->position == NULL || store->sessionless == NULL) return false;
    return order_lines(store, order) && group_all(store, order) && run_key_lines(store);
}
