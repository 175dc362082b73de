/* Whether code sets hold codes. What is written in a set is asked by what its items begin with, where there are many: a set may
 * have thousands, and is asked about every code that some line has. */
#include "lang/bulk.h"
#include "lang/check.h"

#include <stdlib.h>
#include <string.h>

bool lang_item_interval(const lang_item *item, const char **low, const char **high, bool *open)
{
    if (item->text) {
        *low = *high = item->code;
        *open = item->prefix;
        return true;
    }
    if (item->low == NULL || item->low->kind != LANG_LITERAL) return false;
    if (item->high != NULL && item->high->kind != LANG_LITERAL) return false;
    *low = item->low->as.literal.spelling;
    *high = item->high != NULL ? item->high->as.literal.spelling : *low;
    *open = item->high != NULL || item->low->literal_kind == LANG_LITERAL_PREFIX;
    return *low != NULL && *high != NULL;
}

/* Texts are read as if what follows their last byte told the side. */
int lang_compare_places(const char *a, lang_side a_side, const char *b, lang_side b_side)
{
    static const int last[] = {[LANG_BEFORE] = 0, [LANG_AT] = 1, [LANG_BEHIND] = 2, [LANG_BEHIND_ALL] = UINT8_MAX + 4};
    const unsigned char *s = (const unsigned char *)a, *t = (const unsigned char *)b;
    while (*s == *t && *s != '\0') s++, t++;
    int of_a = *s == '\0' ? last[a_side] : *s + 3, of_b = *t == '\0' ? last[b_side] : *t + 3;
    return of_a - of_b;
}

bool lang_up_to(const char *code, const char *high, bool open)
{
    return strcmp(code, high) <= 0 || (open && strncmp(code, high, strlen(high)) == 0);
}

bool lang_item_holds(lang_code_system system, const lang_item *item, const char *code)
{
    (void)system;
    const char *low, *high;
    bool open;
    return lang_item_interval(item, &low, &high, &open) && strcmp(code, low) >= 0 && lang_up_to(code, high, open);
}

/* ---- the order of a row's items ---- */

/* Places in the items of a row, as lang_row_item has them. Of `literals` each begins and ends behind the one before, so
 * that the last that begins at a code or before it holds it, or none does. */
struct lang_code_order {
    bool as_written; /* all items are literals, and lie so themselves */
    uint32_t *literals;
    uint32_t *sets; /* among those that are no texts */
    size_t literal_count, set_count;
};

static const struct lang_code_order as_written = {.as_written = true};

enum { FEW_ITEMS = 8 };

typedef struct stretch {
    const char *low, *high;
    bool open;
    uint32_t place;
} stretch;

/* Which of two ends lies behind the other: above zero for `a`. */
static int compare_ends(const stretch *a, const stretch *b)
{
    return lang_compare_places(a->high, a->open ? LANG_BEHIND_ALL : LANG_BEHIND, b->high,
                               b->open ? LANG_BEHIND_ALL : LANG_BEHIND);
}

/* By where they begin, and as they are written. */
static int by_low(const void *a, const void *b)
{
    const stretch *x = a, *y = b;
    int order = strcmp(x->low, y->low);
    return order != 0 ? order : x->place < y->place ? -1 : 1;
}

static bool stretch_of(const lang_code_row *row, size_t place, stretch *s)
{
    lang_item item = lang_row_item(row, place);
    s->place = (uint32_t)place;
    return lang_item_interval(&item, &s->low, &s->high, &s->open);
}

static bool lie_in_order(const lang_code_row *row)
{
    stretch before = {0}, own;
    for (size_t i = 0; i < lang_row_count(row); i++) {
        if (!stretch_of(row, i, &own)) return false;
        if (i > 0 && (strcmp(own.low, before.low) < 0 || compare_ends(&own, &before) < 0)) return false;
        before = own;
    }
    return true;
}

static bool sort_items(base_arena *arena, base_arena *scratch, const lang_code_row *row, struct lang_code_order *order)
{
    size_t count = lang_row_count(row);
    stretch *all = base_arena_alloc(scratch, count * sizeof *all);
    if (all == NULL) return false;
    size_t literals = 0, kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (stretch_of(row, i, &all[literals])) literals++;
    }
    qsort(all, literals, sizeof *all, by_low);
    for (size_t i = 0; i < literals; i++) {
        if (kept == 0 || compare_ends(&all[i], &all[kept - 1]) > 0) all[kept++] = all[i];
    }
    order->literals = base_arena_alloc(arena, (kept + 1) * sizeof *order->literals);
    order->sets = base_arena_alloc(arena, (count - literals + 1) * sizeof *order->sets);
    if (order->literals == NULL || order->sets == NULL) return false;
    for (size_t i = 0; i < kept; i++) order->literals[order->literal_count++] = all[i].place;
    for (size_t i = 0; i < row->items.count; i++) {
        if (lang_item_set(&row->items.items[i]) != NULL) order->sets[order->set_count++] = (uint32_t)i;
    }
    return true;
}

void lang_order_codes(base_arena *arena, lang_code_row *row)
{
    if (lang_row_count(row) <= FEW_ITEMS) return;
    if (lie_in_order(row)) {
        row->order = &as_written;
        return;
    }
    base_arena scratch;
    base_arena_init(&scratch, &arena->allocator);
    struct lang_code_order *order = base_arena_alloc(arena, sizeof *order);
    if (order != NULL && sort_items(arena, &scratch, row, order)) row->order = order;
    if (scratch.failed) arena->failed = true;
    base_arena_release(&scratch);
}

static bool holds(const stretch *s, const char *code)
{
    return strcmp(code, s->low) >= 0 && lang_up_to(code, s->high, s->open);
}

bool lang_row_holds(const lang_code_row *row, const char *code)
{
    const struct lang_code_order *order = row->order;
    stretch s;
    if (order == NULL) {
        for (size_t i = 0; i < lang_row_count(row); i++) {
            if (stretch_of(row, i, &s) && holds(&s, code)) return true;
        }
        return false;
    }
    size_t first = 0, end = order->as_written ? lang_row_count(row) : order->literal_count;
    stretch last = {0};
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (stretch_of(row, order->as_written ? middle : order->literals[middle], &s) && strcmp(s.low, code) <= 0) {
            first = middle + 1;
            last = s;
        } else {
            end = middle;
        }
    }
    return first > 0 && holds(&last, code);
}

/* The next set among the items of a row, from `*place` on; NULL for none. */
static const lang_code_set *next_set(const lang_code_row *row, size_t *place)
{
    const struct lang_code_order *order = row->order;
    if (order != NULL) {
        if (*place >= order->set_count) return NULL;
        return lang_item_set(&row->items.items[order->sets[(*place)++]]);
    }
    while (*place < row->items.count) {
        const lang_code_set *set = lang_item_set(&row->items.items[(*place)++]);
        if (set != NULL) return set;
    }
    return NULL;
}

/* ---- sets ---- */

static bool bulk_holds(const lang_bulk *bulk, const char *code, base_date date)
{
    int64_t id = base_intern_find(&bulk->symbols, code, strlen(code));
    if (id == BASE_INTERN_NONE) return false;
    for (int64_t row = lang_bulk_first(bulk, &id); row >= 0; row = lang_bulk_next(bulk, row, &id)) {
        base_date from = lang_bulk_from(bulk, (size_t)row), to = lang_bulk_to(bulk, (size_t)row);
        if ((from == LANG_BULK_NO_DAY || date >= from) && date <= to) return true;
    }
    return false;
}

static bool row_holds(const lang_code_row *row, const char *code, base_date date, base_date as_of)
{
    if (row->bulk != NULL) return bulk_holds(row->bulk, code, date);
    if (lang_row_holds(row, code)) return true;
    const lang_code_set *other;
    for (size_t place = 0; (other = next_set(row, &place)) != NULL;) {
        if (lang_code_set_holds(other, code, date, as_of)) return true;
    }
    return false;
}

bool lang_code_set_holds(const lang_code_set *set, const char *code, base_date date, base_date as_of)
{
    bool holds = false;
    for (size_t r = 0; r < set->row_count; r++) {
        const lang_code_row *row = &set->rows[r];
        bool counts = date >= row->dates.from && date <= row->dates.to && row->dates.known <= as_of;
        if (!counts || holds == !row->except) continue;
        if (row_holds(row, code, date, as_of)) holds = !row->except;
    }
    return holds;
}

static bool dated_rows(const lang_code_row *row)
{
    return row->bulk != NULL && (row->bulk->from_column >= 0 || row->bulk->to_column >= 0);
}

bool lang_code_set_dated(const lang_code_set *set, const char *code)
{
    for (size_t r = 0; r < set->row_count; r++) {
        const lang_code_row *row = &set->rows[r];
        if (dated_rows(row) || (!lang_holds_always(row->dates) && lang_row_holds(row, code))) return true;
        const lang_code_set *other;
        for (size_t place = 0; (other = next_set(row, &place)) != NULL;) {
            if (!lang_holds_always(row->dates) || lang_code_set_dated(other, code)) return true;
        }
    }
    return false;
}

bool lang_code_set_asks_day(const lang_code_set *set)
{
    for (size_t r = 0; r < set->row_count; r++) {
        const lang_code_row *row = &set->rows[r];
        if (!lang_holds_always(row->dates) || dated_rows(row)) return true;
        const lang_code_set *other;
        for (size_t place = 0; (other = next_set(row, &place)) != NULL;) {
            if (lang_code_set_asks_day(other)) return true;
        }
    }
    return false;
}
