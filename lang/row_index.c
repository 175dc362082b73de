/* What cells hold are stretches of spellings or numbers. Where stretches begin and end cuts all values into pieces, which are
 * numbered; a tree over the stretches, by the piece that they begin with, finds those that a piece lies in. */
#include "lang/row_index.h"
#include "lang/check.h"

#include <stdlib.h>
#include <string.h>

enum { FEW_ROWS = 16, FEW_CUTS = 4, MANY_ITEMS = 1 << 20 };

/* Where a stretch begins or ends; numbers have the sides that spellings have. */
typedef struct cut {
    lang_side side;
    union {
        const char *text;
        int64_t number;
    } at;
} cut;

typedef struct stretch {
    uint32_t from, to; /* pieces, the last of them left out */
    uint32_t reach;    /* the largest `to` of its part of the tree */
    uint32_t row;
} stretch;

struct lang_row_index {
    size_t input;
    bool texts;
    cut *cuts; /* in order; piece i lies behind i of them */
    size_t cut_count;
    stretch *stretches; /* by `from`; the tree's root is the middle one, and so on in each half */
    size_t stretch_count;
};

/* ---- cuts ---- */

static int compare_numbers(const void *a, const void *b)
{
    const cut *x = a, *y = b;
    if (x->at.number != y->at.number) return x->at.number < y->at.number ? -1 : 1;
    return (int)x->side - (int)y->side;
}

static int compare_texts(const void *a, const void *b)
{
    const cut *x = a, *y = b;
    return lang_compare_places(x->at.text, x->side, y->at.text, y->side);
}

static int compare(bool texts, const cut *a, const cut *b)
{
    return texts ? compare_texts(a, b) : compare_numbers(a, b);
}

/* How many cuts lie before a value, or up to a cut. */
static uint32_t piece_of(const lang_row_index *index, const cut *at)
{
    size_t first = 0, end = index->cut_count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (compare(index->texts, &index->cuts[middle], at) <= 0)
            first = middle + 1;
        else
            end = middle;
    }
    return (uint32_t)first;
}

/* ---- what items hold ---- */

static bool is_text(lang_type type)
{
    return type.kind == LANG_TYPE_CODE || type.kind == LANG_TYPE_TEXT;
}

static bool literal_stretch(const lang_item *item, bool texts, cut *low, cut *high)
{
    if (texts) {
        bool open;
        if (!lang_item_interval(item, &low->at.text, &high->at.text, &open)) return false;
        high->side = open ? LANG_BEHIND_ALL : LANG_BEHIND;
    } else {
        if (item->low == NULL) return false;
        low->at.number = lang_item_number(item->low);
        high->at.number = item->high == NULL ? low->at.number : lang_item_number(item->high);
        high->side = LANG_BEHIND;
    }
    low->side = LANG_BEFORE;
    return true;
}

/* From the first code that a set may hold to the last. False where that is not to be told, and where a day that is not known makes the set
 * say of any code that it may hold it. */
static bool set_stretch(const lang_code_set *set, cut *low, cut *high)
{
    bool any = false;
    for (size_t r = 0; r < set->row_count; r++) {
        const lang_code_row *row = &set->rows[r];
        if (row->bulk != NULL) return false;
        for (size_t i = 0; i < lang_row_count(row); i++) {
            lang_item held = lang_row_item(row, i);
            const lang_item *item = &held;
            cut first, last;
            if (lang_item_set(item) != NULL && !lang_holds_always(row->dates)) return false;
            if (lang_item_set(item) != NULL ? !set_stretch(lang_item_set(item), &first, &last)
                                            : !literal_stretch(item, true, &first, &last))
                return false;
            if (!any || compare_texts(&first, low) < 0) *low = first;
            if (!any || compare_texts(&last, high) > 0) *high = last;
            any = true;
        }
    }
    return any;
}

/* False of an item that may hold anything. */
static bool stretch_of(const lang_item *item, bool texts, cut *low, cut *high)
{
    if (lang_item_set(item) != NULL) return set_stretch(lang_item_set(item), low, high);
    return literal_stretch(item, texts, low, high);
}

static const lang_items *items_of(const lang_table *table, size_t row, size_t input)
{
    return &table->rows.items[row + 1].cells.items[input].items;
}

/* ---- building ---- */

static size_t count_items(const lang_table *table, size_t input)
{
    size_t count = 0;
    for (size_t r = 0; r + 1 < table->rows.count; r++) count += items_of(table, r, input)->count;
    return count;
}

/* The cuts that the cells of an input make, in order, each once. */
static bool find_cuts(base_arena *arena, const lang_table *table, size_t input, lang_row_index *index)
{
    *index = (lang_row_index){.input = input, .texts = is_text(table->inputs.items[input].type)};
    size_t items = count_items(table, input), count = 0;
    if (items > MANY_ITEMS) return true;
    index->cuts = base_arena_alloc(arena, (2 * items + 1) * sizeof *index->cuts);
    if (index->cuts == NULL) return false;
    for (size_t r = 0; r + 1 < table->rows.count; r++) {
        const lang_items *cell = items_of(table, r, input);
        for (size_t i = 0; i < cell->count; i++) {
            cut *low = &index->cuts[count], *high = low + 1;
            if (stretch_of(&cell->items[i], index->texts, low, high)) count += 2;
        }
    }
    qsort(index->cuts, count, sizeof *index->cuts, index->texts ? compare_texts : compare_numbers);
    for (size_t i = 0; i < count; i++) {
        size_t kept = index->cut_count;
        if (kept == 0 || compare(index->texts, &index->cuts[kept - 1], &index->cuts[i]) != 0)
            index->cuts[index->cut_count++] = index->cuts[i];
    }
    return true;
}

static void pieces_of(const lang_row_index *index, const lang_item *item, uint32_t *from, uint32_t *to)
{
    cut low, high;
    bool some = stretch_of(item, index->texts, &low, &high);
    *from = some ? piece_of(index, &low) : 0;
    *to = some ? piece_of(index, &high) : (uint32_t)index->cut_count + 1;
}

static int by_from(const void *a, const void *b)
{
    const stretch *x = a, *y = b;
    if (x->from != y->from) return x->from < y->from ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static uint32_t find_reach(stretch *stretches, size_t count)
{
    if (count == 0) return 0;
    size_t middle = count / 2;
    uint32_t reach = stretches[middle].to, left = find_reach(stretches, middle),
             right = find_reach(stretches + middle + 1, count - middle - 1);
    if (left > reach) reach = left;
    if (right > reach) reach = right;
    stretches[middle].reach = reach;
    return reach;
}

static bool find_stretches(base_arena *arena, const lang_table *table, lang_row_index *index)
{
    index->stretches = base_arena_alloc(arena, count_items(table, index->input) * sizeof *index->stretches);
    if (index->stretches == NULL) return false;
    for (size_t r = 0; r + 1 < table->rows.count; r++) {
        const lang_items *cell = items_of(table, r, index->input);
        for (size_t i = 0; i < cell->count; i++) {
            stretch *s = &index->stretches[index->stretch_count++];
            s->row = (uint32_t)r;
            pieces_of(index, &cell->items[i], &s->from, &s->to);
        }
    }
    qsort(index->stretches, index->stretch_count, sizeof *index->stretches, by_from);
    find_reach(index->stretches, index->stretch_count);
    return true;
}

static lang_row_index *build(base_arena *arena, base_arena *scratch, const lang_table *table)
{
    lang_row_index best = {0};
    for (size_t c = 0; c < table->inputs.count; c++) {
        lang_row_index tried;
        if (!find_cuts(scratch, table, c, &tried)) return NULL;
        if (tried.cut_count > best.cut_count) best = tried;
    }
    if (best.cut_count < FEW_CUTS) return NULL;
    lang_row_index *index = base_arena_alloc(arena, sizeof *index);
    cut *cuts = base_arena_alloc(arena, best.cut_count * sizeof *cuts);
    if (index == NULL || cuts == NULL) return NULL;
    memcpy(cuts, best.cuts, best.cut_count * sizeof *cuts);
    *index = best;
    index->cuts = cuts;
    return find_stretches(arena, table, index) ? index : NULL;
}

const lang_row_index *lang_row_index_new(base_arena *arena, const lang_table *table)
{
    if (table->rows.count <= FEW_ROWS) return NULL;
    base_arena scratch;
    base_arena_init(&scratch, &arena->allocator);
    const lang_row_index *index = build(arena, &scratch, table);
    if (scratch.failed) arena->failed = true;
    base_arena_release(&scratch);
    return index;
}

/* ---- asking ---- */

size_t lang_row_index_input(const lang_row_index *index)
{
    return index->input;
}

size_t lang_row_index_spread(const lang_row_index *index)
{
    return index->cut_count + 1;
}

typedef struct question {
    uint32_t from, to;
    uint32_t *rows;
    size_t room, count;
} question;

/* Adds the stretches of a part of the tree that share a piece with what is asked for. */
static void visit(question *q, const stretch *stretches, size_t count)
{
    while (count > 0) {
        size_t middle = count / 2;
        const stretch *own = &stretches[middle];
        if (own->reach <= q->from || q->count > q->room) return;
        visit(q, stretches, middle);
        if (own->from >= q->to) return;
        if (own->to > q->from) {
            if (q->count < q->room) q->rows[q->count] = own->row;
            q->count++;
        }
        stretches = own + 1;
        count -= middle + 1;
    }
}

static size_t rows_at(const lang_row_index *index, uint32_t piece, uint32_t *rows, size_t room)
{
    question q = {.from = piece, .to = piece + 1, .rows = rows, .room = room};
    visit(&q, index->stretches, index->stretch_count);
    return q.count;
}

size_t lang_row_index_number(const lang_row_index *index, int64_t number, uint32_t *rows, size_t room)
{
    cut at = {.side = LANG_AT, .at.number = number};
    return rows_at(index, piece_of(index, &at), rows, room);
}

size_t lang_row_index_text(const lang_row_index *index, const char *text, uint32_t *rows, size_t room)
{
    cut at = {.side = LANG_AT, .at.text = text};
    return rows_at(index, text == NULL ? 0 : piece_of(index, &at), rows, room);
}

size_t lang_row_index_beside(const lang_row_index *index, const lang_table *table, size_t row, uint32_t *rows,
                             size_t room)
{
    question q = {.rows = rows, .room = room};
    const lang_items *cell = items_of(table, row, index->input);
    for (size_t i = 0; i < cell->count; i++) {
        pieces_of(index, &cell->items[i], &q.from, &q.to);
        visit(&q, index->stretches, index->stretch_count);
    }
    return q.count;
}
