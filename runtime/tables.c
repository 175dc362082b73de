/* Tables: which row holds for some inputs, at the same cost for the first row and the millionth.
 *
 * Written rows are found by hash of those inputs of which every row says plain values; where there is none, or it tells rows badly
 * apart, by the one input that does (lang/row_index.h); where that is unknown, by looking at every row. Rows of files are found by
 * their own hash (lang/bulk.h). */
#include "runtime/tables.h"
#include "lang/row_index.h"
#include "runtime/vector.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

typedef struct table_entry {
    uint32_t row;
    uint32_t next; /* entry + 1 */
} table_entry;

typedef struct run_table_index {
    uint8_t keys[LANG_TABLE_COLUMN_LIMIT]; /* inputs that the hash is over */
    size_t key_count;
    uint32_t *heads; /* entry + 1 */
    uint32_t mask;
    BASE_ARRAY(table_entry) entries;
    uint32_t **bulk_ids;    /* by file, by store id: the file's id + 1 */
    int64_t **bulk_symbols; /* by file, by the file's id: the id that the run knows */
    int64_t first_bulk_row; /* of files, after the written ones */
    bool asks_day;
} run_table_index;

/* ---- symbols ---- */

/* Ids of symbols that the store does not hold follow its own: the plan's constants, then those of tables' files. */

static const char *bulk_text(const plan_program *plan, int64_t at)
{
    for (size_t t = 0; t < plan->tables.count; t++) {
        const lang_table *table = plan->tables.items[t].source;
        for (size_t b = 0; b < table->bulks.count; b++) {
            int64_t count = (int64_t)table->bulks.items[b]->symbols.entries.count;
            if (at < count) return base_intern_text(&table->bulks.items[b]->symbols, (uint32_t)at);
            at -= count;
        }
    }
    return NULL;
}

const char *run_symbol_text(const run_binding *binding, int64_t id)
{
    if (id >= 0 && (size_t)id < binding->store->symbols.entries.count)
        return base_intern_text(&binding->store->symbols, (uint32_t)id);
    size_t guest = (size_t)id - binding->store->symbols.entries.count;
    if (id >= 0 && binding->guest_symbols != NULL && guest < binding->guest_symbols->entries.count)
        return base_intern_text(binding->guest_symbols, (uint32_t)guest);
    int64_t at = id - RUN_FOREIGN_SYMBOLS;
    int64_t constants = (int64_t)binding->plan->symbols.count;
    if (at < 0) return NULL;
    return at < constants ? binding->plan->symbols.items[at] : bulk_text(binding->plan, at - constants);
}

/* ---- building ---- */

static bool plain(const plan_matchers *cell)
{
    for (size_t i = 0; i < cell->count; i++) {
        const plan_matcher *matcher = &cell->items[i];
        bool number = matcher->kind == PLAN_MATCH_NUMBERS && matcher->low == matcher->high;
        if (!number && matcher->kind != PLAN_MATCH_SYMBOL) return false;
    }
    return cell->count > 0;
}

static int64_t plain_value(const run_binding *binding, const plan_matcher *matcher)
{
    return matcher->kind == PLAN_MATCH_SYMBOL ? binding->symbols[matcher->low] : matcher->low;
}

static uint32_t hash_of(const int64_t *values, size_t count)
{
    return (uint32_t)XXH3_64bits(values, count * sizeof *values);
}

/* Adds a row under each combination of its plain values. */
static bool add_entries(run_binding *binding, run_table_index *index, const plan_table *table, uint32_t row,
                        int64_t *values, size_t at)
{
    if (at == index->key_count) {
        table_entry *entry = BASE_PUSH(binding->arena, &index->entries);
        if (entry == NULL) return false;
        uint32_t *head = &index->heads[hash_of(values, index->key_count) & index->mask];
        *entry = (table_entry){row, *head};
        *head = (uint32_t)index->entries.count;
        return true;
    }
    const plan_matchers *cell = &table->inputs[row * table->source->inputs.count + index->keys[at]];
    for (size_t i = 0; i < cell->count; i++) {
        values[at] = plain_value(binding, &cell->items[i]);
        if (!add_entries(binding, index, table, row, values, at + 1)) return false;
    }
    return true;
}

static bool build_hash(run_binding *binding, run_table_index *index, const plan_table *table)
{
    enum {
        COMBINATIONS = 4, /* on average: lists in many columns would multiply */
        LONG_CHAIN = 8    /* on average: the rows' index may be faster then */
    };
    size_t inputs = table->source->inputs.count, total = table->row_count;
    for (size_t c = 0; c < inputs; c++) {
        size_t values = 0;
        bool fits = true;
        for (size_t r = 0; r < table->row_count && fits; r++) {
            fits = plain(&table->inputs[r * inputs + c]);
            values += table->inputs[r * inputs + c].count;
        }
        size_t grown = table->row_count == 0 ? 0 : total / table->row_count * values;
        if (!fits || grown > table->row_count * COMBINATIONS) continue;
        total = grown;
        index->keys[index->key_count++] = (uint8_t)c;
    }
    if (index->key_count == 0) return true;
    size_t size = 16;
    while (size < total) size *= 2;
    index->heads = base_arena_alloc(binding->arena, size * sizeof *index->heads);
    if (index->heads == NULL) return false;
    index->mask = (uint32_t)(size - 1);
    int64_t values[LANG_TABLE_COLUMN_LIMIT];
    for (size_t r = table->row_count; r-- > 0;) {
        if (!add_entries(binding, index, table, (uint32_t)r, values, 0)) return false;
    }
    size_t used = 0;
    for (size_t h = 0; h < size; h++) used += index->heads[h] != 0;
    /* A plain value is two of the pieces that the rows' index knows: itself, and what lies up to the next. */
    const lang_row_index *other = table->source->row_index;
    bool better = other != NULL && lang_row_index_spread(other) / 2 > used;
    if (better && index->entries.count > LONG_CHAIN * used) index->key_count = 0;
    return true;
}

static bool bind_bulks(run_binding *binding, run_table_index *index, const lang_table *table, int64_t *foreign)
{
    size_t symbols = binding->store->symbols.entries.count;
    index->bulk_ids = base_arena_alloc(binding->arena, (table->bulks.count + 1) * sizeof *index->bulk_ids);
    index->bulk_symbols = base_arena_alloc(binding->arena, (table->bulks.count + 1) * sizeof *index->bulk_symbols);
    if (index->bulk_ids == NULL || index->bulk_symbols == NULL) return false;
    for (size_t b = 0; b < table->bulks.count; b++) {
        const base_intern *own = &table->bulks.items[b]->symbols;
        index->bulk_ids[b] = base_arena_alloc(binding->arena, (symbols + 1) * sizeof **index->bulk_ids);
        index->bulk_symbols[b] =
            base_arena_alloc(binding->arena, (own->entries.count + 1) * sizeof **index->bulk_symbols);
        if (index->bulk_ids[b] == NULL || index->bulk_symbols[b] == NULL) return false;
        for (size_t i = 0; i < own->entries.count; i++) {
            const char *text = own->entries.items[i].text;
            uint32_t id = base_intern_find(&binding->store->symbols, text, strlen(text));
            if (id != BASE_INTERN_NONE) index->bulk_ids[b][id] = (uint32_t)i + 1;
            index->bulk_symbols[b][i] = id != BASE_INTERN_NONE ? (int64_t)id : *foreign + (int64_t)i;
        }
        *foreign += (int64_t)own->entries.count;
        if (*foreign > INT32_MAX) return false;
    }
    return true;
}

bool run_bind_tables(run_binding *binding)
{
    const plan_program *plan = binding->plan;
    binding->tables = base_arena_alloc(binding->arena, (plan->tables.count + 1) * sizeof *binding->tables);
    if (binding->tables == NULL) return false;
    int64_t foreign = RUN_FOREIGN_SYMBOLS + (int64_t)plan->symbols.count;
    for (size_t t = 0; t < plan->tables.count; t++) {
        run_table_index *index = &binding->tables[t];
        const plan_table *table = &plan->tables.items[t];
        index->first_bulk_row = (int64_t)table->row_count;
        index->asks_day = table->asks_day;
        if (!bind_bulks(binding, index, table->source, &foreign)) return false;
        if (!build_hash(binding, index, table)) return false;
    }
    return true;
}

int64_t run_foreign_symbol(const run_binding *binding, const char *text, size_t length)
{
    const plan_program *plan = binding->plan;
    uint32_t constant = base_intern_find(&plan->symbol_table, text, length);
    if (constant != BASE_INTERN_NONE) return binding->symbols[constant];
    for (size_t t = 0; t < plan->tables.count; t++) {
        const lang_table *table = plan->tables.items[t].source;
        for (size_t b = 0; b < table->bulks.count; b++) {
            uint32_t id = base_intern_find(&table->bulks.items[b]->symbols, text, length);
            if (id != BASE_INTERN_NONE) return binding->tables[t].bulk_symbols[b][id];
        }
    }
    return -1;
}

/* ---- looking up ---- */

/* Whether an item of codes holds a code on the day of service. */
static uint8_t item_matches(const run_context *context, lang_type type, const lang_item *item, int64_t bits,
                            int64_t date, uint8_t date_state)
{
    const char *text = run_symbol_text(context->binding, bits);
    if (text == NULL) return RUN_FALSE;
    if (lang_item_set(item) == NULL) {
        return lang_item_holds((lang_code_system)type.detail, item, text) ? RUN_TRUE : RUN_FALSE;
    }
    if (date_state != RUN_PRESENT && lang_code_set_dated(lang_item_set(item), text)) return RUN_NEITHER;
    return lang_code_set_holds(lang_item_set(item), text, (base_date)date, context->binding->as_of) ? RUN_TRUE
                                                                                                    : RUN_FALSE;
}

static uint8_t cell_matches(const run_context *context, lang_type type, const plan_matchers *cell, int64_t bits,
                            int64_t date, uint8_t date_state)
{
    uint8_t result = RUN_FALSE;
    for (size_t i = 0; i < cell->count; i++) {
        const plan_matcher *matcher = &cell->items[i];
        uint8_t truth = RUN_FALSE;
        switch (matcher->kind) {
        case PLAN_MATCH_ANY: truth = RUN_TRUE; break;
        case PLAN_MATCH_NUMBERS: truth = bits >= matcher->low && bits <= matcher->high ? RUN_TRUE : RUN_FALSE; break;
        case PLAN_MATCH_SYMBOL: truth = bits == context->binding->symbols[matcher->low] ? RUN_TRUE : RUN_FALSE; break;
        case PLAN_MATCH_ITEM: truth = item_matches(context, type, matcher->item, bits, date, date_state); break;
        }
        if (truth == RUN_TRUE) return RUN_TRUE;
        if (truth == RUN_NEITHER) result = RUN_NEITHER;
    }
    return result;
}

static bool cell_any(const plan_matchers *cell)
{
    return cell->count == 1 && cell->items[0].kind == PLAN_MATCH_ANY;
}

typedef struct query {
    run_context *context;
    const plan_table *table;
    const run_table_index *index;
    const int64_t *bits;
    const uint8_t *states;
    size_t inputs;
    bool known; /* every input is present */
    /* what was found */
    bool perhaps;
    base_date perhaps_known; /* of a corrected table: when the latest of those rows became known */
    int64_t row;             /* -1 for none */
    base_date row_known;     /* of a corrected table: when that row became known */
    size_t first_found;      /* of an `all` table: in the context's scratch */
} query;

static uint8_t on_day(const query *q, base_date from, base_date to)
{
    if (from == BASE_DATE_MIN && to == BASE_DATE_MAX) return RUN_TRUE;
    if (q->states[q->inputs] != RUN_PRESENT) return RUN_NEITHER;
    int64_t date = q->bits[q->inputs];
    if (date > to) return RUN_FALSE;
    if (from == LANG_BULK_NO_DAY) return RUN_NEITHER; /* the file does not say since when */
    return date >= from ? RUN_TRUE : RUN_FALSE;
}

static uint8_t row_fits(const query *q, size_t row)
{
    const lang_dates *dates = &q->table->dates[row];
    if (dates->known > q->context->binding->as_of) return RUN_FALSE;
    uint8_t fits = on_day(q, dates->from, dates->to);
    for (size_t i = 0; i < q->inputs && fits != RUN_FALSE; i++) {
        const plan_matchers *cell = &q->table->inputs[row * q->inputs + i];
        uint8_t truth = cell_any(cell) ? RUN_TRUE : RUN_NEITHER;
        if (q->states[i] == RUN_PRESENT) {
            truth = cell_matches(q->context, q->table->source->inputs.items[i].type, cell, q->bits[i],
                                 q->bits[q->inputs], q->states[q->inputs]);
        }
        fits = truth == RUN_FALSE ? RUN_FALSE : truth == RUN_NEITHER ? RUN_NEITHER : fits;
    }
    return fits;
}

/* Takes a row that fits, surely or perhaps; true when the search is over. */
static bool take(query *q, int64_t row, uint8_t fits)
{
    if (fits == RUN_FALSE) return false;
    lang_hit_policy hit = q->table->source->hit;
    if (hit == LANG_HIT_ALL) {
        if (fits == RUN_NEITHER) q->perhaps = true;
        uint32_t *slot = fits == RUN_TRUE ? BASE_PUSH(q->context->arena, &q->context->scratch) : NULL;
        if (slot != NULL) *slot = (uint32_t)row;
        return false;
    }
    if (q->table->corrected) {
        /* Of the rows that fit, the one that became known last corrects the others. */
        bool written = (size_t)row < q->table->row_count;
        base_date known = written ? q->table->dates[row].known : BASE_DATE_MIN;
        if (fits == RUN_NEITHER) {
            q->perhaps_known = q->perhaps && q->perhaps_known > known ? q->perhaps_known : known;
            q->perhaps = true;
        } else if (q->row < 0 || known > q->row_known) {
            q->row = row;
            q->row_known = known;
        }
        return false;
    }
    if (fits == RUN_TRUE && (!q->perhaps || hit == LANG_HIT_UNIQUE)) {
        q->row = row;
        return true;
    }
    q->perhaps = true;
    return false;
}

/* They are few, and mostly in order. */
static void sort_rows(uint32_t *rows, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        uint32_t row = rows[i];
        size_t at = i;
        for (; at > 0 && rows[at - 1] > row; at--) rows[at] = rows[at - 1];
        rows[at] = row;
    }
}

/* Chains and ranges give candidates in an order of their own; what counts is the order of rows. */
static void search_candidates(query *q, uint32_t *rows, size_t count)
{
    sort_rows(rows, count);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && rows[i] == rows[i - 1]) continue;
        if (take(q, rows[i], row_fits(q, rows[i]))) return;
    }
}

static void search_all(query *q)
{
    for (size_t row = 0; row < q->table->row_count; row++) {
        if (take(q, (int64_t)row, row_fits(q, row))) return;
    }
}

enum { CANDIDATES = 64 };

/* By the input that tells rows apart best. */
static void search_index(query *q)
{
    const lang_row_index *index = q->table->source->row_index;
    size_t input = index == NULL ? 0 : lang_row_index_input(index);
    if (index == NULL || q->states[input] != RUN_PRESENT) {
        search_all(q);
        return;
    }
    uint32_t rows[CANDIDATES];
    lang_type_kind kind = q->table->source->inputs.items[input].type.kind;
    bool symbol = kind == LANG_TYPE_CODE || kind == LANG_TYPE_TEXT;
    size_t count =
        symbol ? lang_row_index_text(index, run_symbol_text(q->context->binding, q->bits[input]), rows, CANDIDATES)
               : lang_row_index_number(index, q->bits[input], rows, CANDIDATES);
    if (count > CANDIDATES)
        search_all(q); /* one value, many rows: their order is that of the table */
    else
        search_candidates(q, rows, count);
}

static void search_hash(query *q)
{
    int64_t values[LANG_TABLE_COLUMN_LIMIT];
    uint32_t rows[CANDIDATES];
    size_t count = 0;
    for (size_t k = 0; k < q->index->key_count; k++) values[k] = q->bits[q->index->keys[k]];
    uint32_t entry = q->index->heads[hash_of(values, q->index->key_count) & q->index->mask];
    for (; entry != 0; entry = q->index->entries.items[entry - 1].next) {
        if (count == CANDIDATES) {
            search_index(q);
            return;
        }
        rows[count++] = q->index->entries.items[entry - 1].row;
    }
    search_candidates(q, rows, count);
}

/* The inputs as a file numbers them; false where it has never seen one of them. */
static bool bulk_values(const query *q, size_t bulk, int64_t *values)
{
    const run_binding *binding = q->context->binding;
    const base_intern *own = &q->table->source->bulks.items[bulk]->symbols;
    for (size_t i = 0; i < q->inputs; i++) {
        lang_type_kind kind = q->table->source->inputs.items[i].type.kind;
        values[i] = q->bits[i];
        if (kind != LANG_TYPE_CODE && kind != LANG_TYPE_TEXT) continue;
        if (q->bits[i] >= 0 && (size_t)q->bits[i] < binding->store->symbols.entries.count) {
            values[i] = (int64_t)q->index->bulk_ids[bulk][q->bits[i]] - 1;
        } else {
            const char *text = run_symbol_text(binding, q->bits[i]);
            uint32_t id = text == NULL ? BASE_INTERN_NONE : base_intern_find(own, text, strlen(text));
            values[i] = id == BASE_INTERN_NONE ? -1 : (int64_t)id;
        }
        if (values[i] < 0) return false;
    }
    return true;
}

/* Takes rows of a file from one on, all of those inputs. */
static void take_chain(query *q, const lang_bulk *bulk, int64_t offset, int64_t row, const int64_t *values)
{
    for (; row >= 0; row = lang_bulk_next(bulk, row, values)) {
        base_date from = lang_bulk_from(bulk, (size_t)row), to = lang_bulk_to(bulk, (size_t)row);
        if (to == LANG_BULK_NO_DAY) continue;
        if (take(q, offset + row, on_day(q, from, to))) break;
    }
}

static void search_bulks(query *q)
{
    const lang_table *source = q->table->source;
    int64_t offset = q->index->first_bulk_row;
    for (size_t b = 0; b < source->bulks.count && q->row < 0; b++) {
        const lang_bulk *bulk = source->bulks.items[b];
        int64_t values[LANG_TABLE_COLUMN_LIMIT];
        if (!q->known)
            q->perhaps = q->perhaps || bulk->row_count > 0;
        else if (bulk_values(q, b, values))
            take_chain(q, bulk, offset, lang_bulk_first(bulk, values), values);
        offset += (int64_t)bulk->row_count;
    }
}

/* Marks the written rows that surely fit. */
static void note_rows(const query *q, uint8_t *met)
{
    const run_context *context = q->context;
    for (size_t i = q->first_found; q->table->source->hit == LANG_HIT_ALL && i < context->scratch.count; i++)
        met[context->scratch.items[i]] = 1;
    if (q->row >= 0 && q->row < (int64_t)q->table->row_count) met[q->row] = 1;
}

/* An unknown argument fits every cell perhaps; a row that surely fits ends the search. */
static int64_t search(run_context *context, uint32_t table, const int64_t *bits, const uint8_t *states, uint8_t *state)
{
    query q = {.context = context,
               .table = &context->binding->plan->tables.items[table],
               .bits = bits,
               .states = states,
               .row = -1};
    q.index = &context->binding->tables[table];
    q.inputs = q.table->source->inputs.count;
    q.known = true;
    q.first_found = context->scratch.count;
    for (size_t i = 0; i < q.inputs; i++) q.known = q.known && states[i] == RUN_PRESENT;
    if (q.known && q.index->key_count > 0)
        search_hash(&q);
    else
        search_index(&q);
    if (q.row < 0) search_bulks(&q);
    const lang_table *source = q.table->source;
    if (context->rows_met != NULL) note_rows(&q, context->rows_met[table]);
    if (source->hit == LANG_HIT_ALL) {
        size_t found = context->scratch.count - q.first_found;
        *state = q.perhaps ? RUN_UNKNOWN : found > 0 ? RUN_PRESENT : source->partial ? RUN_UNKNOWN : RUN_ABSENT;
        return *state == RUN_PRESENT ? run_list_pack(q.first_found, found) | RUN_LIST_SCRATCH : 0;
    }
    if (q.row >= 0 && q.table->corrected && q.perhaps && q.perhaps_known > q.row_known) q.row = -1;
    *state = q.row >= 0 ? RUN_PRESENT : q.perhaps || source->partial ? RUN_UNKNOWN : RUN_ABSENT;
    return q.row >= 0 ? q.row : 0;
}

/* ---- what was looked up lately ---- */

enum { LATELY_INPUTS = 3, LATELY_PLACES = 1024 };

typedef struct run_lately {
    uint32_t table; /* plus one; 0 for none */
    uint8_t state;
    int64_t bits[LATELY_INPUTS + 1], row;
} run_lately;

/* The place of an answer, where one may be kept: all inputs of a table with written rows are known, and each has one row. */
static run_lately *lately_of(run_context *context, uint32_t table, const int64_t *bits, const uint8_t *states)
{
    const plan_table *t = &context->binding->plan->tables.items[table];
    const run_table_index *index = &context->binding->tables[table];
    size_t inputs = t->source->inputs.count;
    bool may = t->row_count > 0 && inputs <= LATELY_INPUTS && t->source->hit != LANG_HIT_ALL &&
               context->rows_met == NULL && context->change_count == 0;
    if (!may) return NULL;
    uint64_t hash = table;
    for (size_t i = 0; i < inputs + (index->asks_day ? 1 : 0); i++) {
        if (states[i] != RUN_PRESENT) return NULL;
        hash = (hash ^ (uint64_t)bits[i]) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 32;
    }
    if (context->lately == NULL)
        context->lately = base_arena_alloc(context->arena, LATELY_PLACES * sizeof *context->lately);
    return context->lately == NULL ? NULL : &context->lately[hash % LATELY_PLACES];
}

int64_t run_lookup(run_context *context, uint32_t table, const int64_t *bits, const uint8_t *states, uint8_t *state)
{
    run_lately *lately = lately_of(context, table, bits, states);
    if (lately == NULL) return search(context, table, bits, states, state);
    const plan_table *t = &context->binding->plan->tables.items[table];
    size_t count = t->source->inputs.count + (context->binding->tables[table].asks_day ? 1 : 0);
    bool same = lately->table == table + 1;
    for (size_t i = 0; same && i < count; i++) same = lately->bits[i] == bits[i];
    if (!same) {
        lately->row = search(context, table, bits, states, state);
        lately->state = *state;
        lately->table = table + 1;
        for (size_t i = 0; i < count; i++) lately->bits[i] = bits[i];
    }
    *state = lately->state;
    return lately->row;
}

/* ---- looking up many ---- */

/* Inputs by column, then by item; the day last. */
typedef struct many_items {
    run_context *context;
    uint32_t table;
    const int64_t *const *bits;
    const uint8_t *const *states;
    size_t inputs;
} many_items;

static void ask_one(const many_items *m, size_t i, int64_t *row, uint8_t *found)
{
    int64_t bits[LANG_TABLE_COLUMN_LIMIT + 1];
    uint8_t states[LANG_TABLE_COLUMN_LIMIT + 1] = {0};
    for (size_t k = 0; k <= m->inputs; k++) {
        bits[k] = m->bits[k][i];
        states[k] = m->states[k][i];
    }
    *row = run_lookup(m->context, m->table, bits, states, found);
}

/* The answer where a file has rows of an item's inputs: which of them holds depends on the day. */
static void answer_from(const many_items *m, size_t i, int64_t first, const int64_t *values, int64_t *row,
                        uint8_t *found)
{
    int64_t bits[LANG_TABLE_COLUMN_LIMIT + 1];
    uint8_t states[LANG_TABLE_COLUMN_LIMIT + 1];
    const plan_table *table = &m->context->binding->plan->tables.items[m->table];
    query q = {.context = m->context, .table = table, .bits = bits, .states = states, .inputs = m->inputs, .row = -1};
    bits[m->inputs] = m->bits[m->inputs][i];
    states[m->inputs] = m->states[m->inputs][i];
    take_chain(&q, table->source->bulks.items[0], 0, first, values);
    if (q.row < 0 && !q.perhaps) return;
    *found = q.row >= 0 ? RUN_PRESENT : RUN_UNKNOWN;
    *row = q.row >= 0 ? q.row : 0;
}

/* Numbers one input of all items as the only file of their table does; what it has never seen is -1, which
 * no row holds; what is not known is marked. */
static void number_input(const many_items *m, size_t input, size_t count, int64_t *values, bool *unknown)
{
    const run_binding *binding = m->context->binding;
    const lang_table *source = binding->plan->tables.items[m->table].source;
    const uint32_t *ids = binding->tables[m->table].bulk_ids[0];
    const int64_t *bits = m->bits[input];
    const uint8_t *states = m->states[input];
    lang_type_kind kind = source->inputs.items[input].type.kind;
    size_t own = binding->store->symbols.entries.count;
    bool symbols = kind == LANG_TYPE_CODE || kind == LANG_TYPE_TEXT;
    for (size_t i = 0; i < count; i++) {
        int64_t value = bits[i];
        if (states[i] != RUN_PRESENT) {
            unknown[i] = true;
            value = 0;
        } else if (symbols && value >= 0 && (size_t)value < own) {
            value = (int64_t)ids[value] - 1;
        } else if (symbols) {
            const char *text = run_symbol_text(binding, value);
            const base_intern *file = &source->bulks.items[0]->symbols;
            uint32_t id = text == NULL ? BASE_INTERN_NONE : base_intern_find(file, text, strlen(text));
            value = id == BASE_INTERN_NONE ? -1 : (int64_t)id;
        }
        values[i * m->inputs + input] = value;
    }
}

enum { FILE_VALUES = 1024 };
_Static_assert((int)FILE_VALUES / (int)LANG_TABLE_COLUMN_LIMIT > 0 && (int)LANG_BULK_TOGETHER >= (int)RUN_ITEMS,
               "some items of the widest table fit, and all items of vectors");

/* Some items of a table whose rows are those of one file: what they ask of memory is asked together. */
static void search_file(const many_items *m, size_t count, int64_t *rows, uint8_t *found)
{
    const lang_table *source = m->context->binding->plan->tables.items[m->table].source;
    int64_t values[FILE_VALUES], first[LANG_BULK_TOGETHER];
    bool unknown[LANG_BULK_TOGETHER] = {false};
    memset(values, 0, count * m->inputs * sizeof *values);
    for (size_t k = 0; k < m->inputs; k++) number_input(m, k, count, values, unknown);
    lang_bulk_first_of(source->bulks.items[0], values, count, first);
    memset(rows, 0, count * sizeof *rows);
    memset(found, source->partial ? RUN_UNKNOWN : RUN_ABSENT, count);
    for (size_t i = 0; i < count; i++) {
        if (unknown[i])
            ask_one(m, i, &rows[i], &found[i]);
        else if (first[i] >= 0)
            answer_from(m, i, first[i], values + i * m->inputs, &rows[i], &found[i]);
    }
}

/* Whether all rows of a table are those of one file, and at most one is found. */
static bool is_of_file(const plan_table *table)
{
    return table->row_count == 0 && table->source->bulks.count == 1 && table->source->hit != LANG_HIT_ALL &&
           !table->corrected;
}

const lang_bulk *run_table_of_file(const run_context *context, uint32_t table)
{
    const plan_table *t = &context->binding->plan->tables.items[table];
    return is_of_file(t) && !t->source->partial ? t->source->bulks.items[0] : NULL;
}

const uint32_t *run_ids_of_file(const run_context *context, uint32_t table, size_t input)
{
    lang_type_kind kind = context->binding->plan->tables.items[table].source->inputs.items[input].type.kind;
    bool symbols = kind == LANG_TYPE_CODE || kind == LANG_TYPE_TEXT;
    return symbols ? context->binding->tables[table].bulk_ids[0] : NULL;
}

void run_lookup_many(run_context *context, uint32_t table, const int64_t *const *bits, const uint8_t *const *states,
                     size_t count, int64_t *rows, uint8_t *found)
{
    const plan_table *t = &context->binding->plan->tables.items[table];
    many_items m = {context, table, bits, states, t->source->inputs.count};
    bool file = is_of_file(t) && context->rows_met == NULL;
    size_t together = FILE_VALUES / (m.inputs + 1);
    for (size_t from = 0; file && from < count; from += together) {
        const int64_t *part[PLAN_LOOKUP_LIMIT + 1];
        const uint8_t *known[PLAN_LOOKUP_LIMIT + 1];
        for (size_t k = 0; k <= m.inputs; k++) {
            part[k] = bits[k] + from;
            known[k] = states[k] + from;
        }
        many_items some = {context, table, part, known, m.inputs};
        search_file(&some, count - from < together ? count - from : together, rows + from, found + from);
    }
    for (size_t i = 0; !file && i < count; i++) ask_one(&m, i, &rows[i], &found[i]);
}

/* ---- outputs ---- */

static int64_t cell_output(const run_context *context, const plan_table *table, uint32_t column, int64_t row,
                           uint8_t *state)
{
    const plan_cell *cell = &table->outputs[(size_t)row * table->source->outputs.count + column];
    *state = cell->absent ? RUN_ABSENT : RUN_PRESENT;
    if (cell->absent) return 0;
    lang_type type = table->source->outputs.items[column].type;
    if (type.list) return context->binding->lists[cell->number];
    bool symbol = type.kind == LANG_TYPE_CODE || type.kind == LANG_TYPE_TEXT;
    return symbol ? context->binding->symbols[cell->number] : cell->number;
}

static int64_t bulk_output(const run_context *context, const plan_table *table, const run_table_index *index,
                           uint32_t column, int64_t row, uint8_t *state)
{
    const lang_table *source = table->source;
    row -= index->first_bulk_row;
    size_t b = 0;
    while (row >= (int64_t)source->bulks.items[b]->row_count) row -= (int64_t)source->bulks.items[b++]->row_count;
    (void)context;
    int64_t value = lang_bulk_value(source->bulks.items[b], source->inputs.count + column, (size_t)row);
    *state = value == LANG_BULK_ABSENT ? RUN_ABSENT : RUN_PRESENT;
    if (*state == RUN_ABSENT) return 0;
    lang_type_kind kind = source->outputs.items[column].type.kind;
    bool symbol = kind == LANG_TYPE_CODE || kind == LANG_TYPE_TEXT;
    return symbol ? index->bulk_symbols[b][value] : value;
}

/* Is `code` among the codes of the scratch memory from `start` on? */
static bool in_scratch(const run_context *context, size_t start, uint32_t code)
{
    const uint32_t *items = context->scratch.items;
    for (size_t k = start; items != NULL && k < context->scratch.count; k++)
        if (items[k] == code) return true;
    return false;
}

/* The lists of all rows that were found, joined, each code once. */
static int64_t joined_output(run_context *context, const plan_table *table, uint32_t column, int64_t rows,
                             uint8_t *state)
{
    size_t count, found = run_list_count(rows), first = run_list_offset(rows);
    size_t start = context->scratch.count;
    for (size_t r = 0; r < found && context->scratch.items != NULL; r++) {
        uint8_t held;
        int64_t list = cell_output(context, table, column, context->scratch.items[first + r], &held);
        const uint32_t *codes = run_list_items(context, list, &count);
        for (size_t i = 0; held == RUN_PRESENT && i < count; i++) {
            if (in_scratch(context, start, codes[i])) continue;
            uint32_t *slot = BASE_PUSH(context->arena, &context->scratch);
            if (slot != NULL) *slot = codes[i];
        }
    }
    *state = RUN_PRESENT;
    return run_list_pack(start, context->scratch.count - start) | RUN_LIST_SCRATCH;
}

int64_t run_output(run_context *context, uint32_t table, uint32_t column, int64_t row, uint8_t *state)
{
    const plan_table *source = &context->binding->plan->tables.items[table];
    if (source->source->hit == LANG_HIT_ALL) return joined_output(context, source, column, row, state);
    if (row < (int64_t)source->row_count) return cell_output(context, source, column, row, state);
    return bulk_output(context, source, &context->binding->tables[table], column, row, state);
}
