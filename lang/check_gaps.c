/* Gaps in tables that claim to be whole: an input that no row holds, shown by an example. Expects checked tables; gives
 * lints; leaves partial tables and rows of files alone. */
#include "lang/check.h"

#include <string.h>

static bool covers(const lang_item *wide, const lang_item *narrow)
{
    if (wide->any) return true;
    if (narrow->any || wide->absent != narrow->absent) return false;
    if (lang_item_set(wide) != NULL || lang_item_set(narrow) != NULL)
        return lang_item_set(wide) == lang_item_set(narrow);
    const lang_expression *a = wide->low, *b = narrow->low;
    if (a == NULL || b == NULL || a->kind != b->kind) return false;
    if (a->kind == LANG_PATH) return a->as.path.word == b->as.path.word;
    bool symbols = a->literal_kind == LANG_LITERAL_CODE || a->literal_kind == LANG_LITERAL_TEXT ||
                   a->literal_kind == LANG_LITERAL_PREFIX;
    if (symbols) {
        if (wide->high == NULL && a->literal_kind != LANG_LITERAL_PREFIX) {
            return narrow->high == NULL && b->literal_kind == a->literal_kind &&
                   strcmp(a->as.literal.spelling, b->as.literal.spelling) == 0;
        }
        const char *low = b->as.literal.spelling,
                   *high = narrow->high == NULL ? low : narrow->high->as.literal.spelling;
        return lang_item_holds(LANG_SYSTEM_cpt, wide, low) && lang_item_holds(LANG_SYSTEM_cpt, wide, high);
    }
    int64_t low_a = a->as.literal.value, high_a = wide->high == NULL ? low_a : wide->high->as.literal.value;
    int64_t low_b = b->as.literal.value, high_b = narrow->high == NULL ? low_b : narrow->high->as.literal.value;
    return low_a <= low_b && high_b <= high_a;
}

bool lang_cell_covers(const lang_cell *wide, const lang_cell *narrow)
{
    for (size_t i = 0; i < narrow->items.count; i++) {
        bool covered = false;
        for (size_t k = 0; k < wide->items.count && !covered; k++) {
            covered = covers(&wide->items.items[k], &narrow->items.items[i]);
        }
        if (!covered) return false;
    }
    return true;
}

static bool word_in_column(const lang_table *table, size_t column, int word)
{
    for (size_t r = 1; r < table->rows.count; r++) {
        const lang_items *items = &table->rows.items[r].cells.items[column].items;
        for (size_t i = 0; i < items->count; i++) {
            const lang_item *item = &items->items[i];
            if (item->any || item->low == NULL) return true;
            int64_t held = item->low->kind == LANG_PATH ? item->low->as.path.word : item->low->as.literal.value;
            if (held == word) return true;
        }
    }
    return false;
}

static void word_gaps(lang_checker *checker, const lang_table *table, size_t column)
{
    const lang_table_column *input = &table->inputs.items[column];
    char word[40];
    for (size_t w = 0; lang_schema_word(checker->schema, (lang_enumeration)input->type.detail, w, word); w++) {
        if (word_in_column(table, column, (int)w)) continue;
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_W0011, table->name.span, "no row of `%s` is for %s %s",
                          table->name.text, input->name.text, word);
        lang_suggest(checker->diagnostics, diagnostic,
                     "add a row, or say that it is meant: allow table_gap \"...\" after the columns");
        return;
    }
}

/* How rows are compared with each other: a table of more is left alone. */
enum { COMPARED = 500, PRODUCT = 4096 };

static bool same_others(const lang_table *table, size_t column, const lang_table_row *a, const lang_table_row *b)
{
    for (size_t c = 0; c < table->inputs.count; c++) {
        if (c == column) continue;
        if (!lang_cell_covers(&a->cells.items[c], &b->cells.items[c]) ||
            !lang_cell_covers(&b->cells.items[c], &a->cells.items[c]))
            return false;
    }
    return true;
}

static void report_between(lang_checker *checker, const lang_table *table, const lang_table_row *row, const char *what,
                           const char *example)
{
    lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_W0011, row->span,
                                                "between this row and the next of its kind, `%s` has none %s %s",
                                                table->name.text, what, example);
    lang_suggest(checker->diagnostics, diagnostic,
                 "add a row, or say that it is meant: allow table_gap \"...\" after the columns");
}

/* Between two ranges of rows that are alike otherwise, values or days that no such row holds. */
static void range_gaps(lang_checker *checker, const lang_table *table, size_t column)
{
    for (size_t i = 1; i < table->rows.count; i++) {
        const lang_cell *cell = &table->rows.items[i].cells.items[column];
        const lang_item *item = &cell->items.items[0];
        if (cell->items.count != 1 || item->any || item->high == NULL || item->low->kind != LANG_LITERAL) continue;
        int64_t end = item->high->as.literal.value, next = INT64_MAX;
        bool ranged = false;
        for (size_t k = 1; k < table->rows.count; k++) {
            const lang_table_row *other = &table->rows.items[k];
            const lang_item *range = &other->cells.items[column].items.items[0];
            if (k == i || range->any || !same_others(table, column, &table->rows.items[i], other)) continue;
            int64_t low = range->low->as.literal.value;
            if (low > end && low < next) next = low;
            ranged = true;
        }
        bool whole = table->inputs.items[column].type.kind == LANG_TYPE_DATE ||
                     table->inputs.items[column].type.kind == LANG_TYPE_COUNT;
        if (!ranged || next == INT64_MAX || (whole ? next <= end + 1 : true)) continue;
        long long free_value = (long long)end + 1;
        const char *example = table->inputs.items[column].type.kind == LANG_TYPE_DATE
                                  ? lang_day_text(checker->arena, (base_date)free_value)
                                  : base_format(checker->arena, "%lld", free_value);
        report_between(checker, table, &table->rows.items[i], "for",
                       base_format(checker->arena, "%s %s", table->inputs.items[column].name.text, example));
        return;
    }
}

/* Between the days of two rows of the same inputs, days on which none holds. */
static void day_gaps(lang_checker *checker, const lang_table *table)
{
    for (size_t i = 1; i < table->rows.count; i++) {
        const lang_table_row *row = &table->rows.items[i];
        if (row->dates.to == BASE_DATE_MAX) continue;
        base_date next = BASE_DATE_MAX;
        bool held = false;
        for (size_t k = 1; k < table->rows.count && !held; k++) {
            const lang_table_row *other = &table->rows.items[k];
            if (k == i || !same_others(table, SIZE_MAX, row, other)) continue;
            held = other->dates.from <= row->dates.to + 1 && other->dates.to > row->dates.to;
            if (other->dates.from > row->dates.to && other->dates.from < next) next = other->dates.from;
        }
        if (held || next == BASE_DATE_MAX) continue;
        report_between(checker, table, row, "on", lang_day_text(checker->arena, row->dates.to + 1));
        return;
    }
}

/* The code after one: its last digits counted on, as far as they are digits. NULL where that would change a letter. */
static const char *code_after(base_arena *arena, const char *code)
{
    size_t length = strlen(code);
    char *next = base_arena_copy(arena, code, length);
    for (size_t i = length; next != NULL && i-- > 0;) {
        if (next[i] < '0' || next[i] > '9') return NULL;
        if (next[i] < '9') {
            next[i]++;
            return next;
        }
        next[i] = '0';
    }
    return NULL;
}

static bool holds_code(const lang_table *table, size_t column, const lang_table_row *row, const char *code)
{
    lang_code_system system = (lang_code_system)table->inputs.items[column].type.detail;
    const lang_items *items = &row->cells.items[column].items;
    for (size_t i = 0; i < items->count; i++) {
        const lang_item *item = &items->items[i];
        if (item->any || (lang_item_set(item) != NULL &&
                          lang_code_set_holds(lang_item_set(item), code, BASE_DATE_MAX - 1, BASE_DATE_MAX)))
            return true;
        if (lang_item_set(item) == NULL && lang_item_holds(system, item, code)) return true;
    }
    return false;
}

/* Between two ranges of codes of rows that are alike otherwise, a code of their length that no such row holds. */
static void code_gaps(lang_checker *checker, const lang_table *table, size_t column)
{
    for (size_t i = 1; i < table->rows.count; i++) {
        const lang_table_row *row = &table->rows.items[i];
        const lang_items *items = &row->cells.items[column].items;
        const lang_item *item = &items->items[0];
        if (items->count != 1 || item->high == NULL || item->high->kind != LANG_LITERAL) continue;
        const char *end = item->high->as.literal.spelling, *next = code_after(checker->arena, end);
        bool follows = false, held = next == NULL;
        for (size_t k = 1; k < table->rows.count && !held; k++) {
            const lang_table_row *other = &table->rows.items[k];
            if (!same_others(table, column, row, other)) continue;
            held = holds_code(table, column, other, next);
            const lang_item *range = &other->cells.items[column].items.items[0];
            if (range->any || range->high == NULL || range->low->kind != LANG_LITERAL) continue;
            const char *low = range->low->as.literal.spelling;
            bool like = strlen(low) == strlen(end) && low[0] == end[0];
            follows = follows || (like && strcmp(low, next) > 0);
        }
        if (held || !follows) continue;
        report_between(checker, table, row, "for",
                       base_format(checker->arena, "%s %s", table->inputs.items[column].name.text, next));
        return;
    }
}

static bool holds_word(const lang_table_row *row, size_t column, size_t word)
{
    const lang_items *items = &row->cells.items[column].items;
    for (size_t i = 0; i < items->count; i++) {
        const lang_item *item = &items->items[i];
        if (item->any || item->low == NULL || item->low->kind != LANG_PATH) return true;
        if (item->low->as.path.word == (int)word) return true;
    }
    return false;
}

/* Of a table of words alone, a combination of them that no row holds. */
static void combination_gap(lang_checker *checker, const lang_table *table)
{
    size_t sizes[LANG_TABLE_COLUMN_LIMIT], product = 1;
    char word[40];
    for (size_t c = 0; c < table->inputs.count; c++) {
        lang_type type = table->inputs.items[c].type;
        if (type.kind != LANG_TYPE_ENUMERATION) return;
        sizes[c] = 0;
        while (lang_schema_word(checker->schema, (lang_enumeration)type.detail, sizes[c], word)) sizes[c]++;
        product *= sizes[c];
        if (product == 0 || product > PRODUCT) return;
    }
    for (size_t n = 0; n < product; n++) {
        bool held = false;
        for (size_t r = 1; r < table->rows.count && !held; r++) {
            size_t rest = n;
            held = true;
            for (size_t c = 0; c < table->inputs.count && held; rest /= sizes[c], c++)
                held = holds_word(&table->rows.items[r], c, rest % sizes[c]);
        }
        if (held) continue;
        base_text example;
        base_text_init(&example, checker->arena);
        for (size_t c = 0, rest = n; c < table->inputs.count; rest /= sizes[c], c++) {
            lang_enumeration words = (lang_enumeration)table->inputs.items[c].type.detail;
            lang_schema_word(checker->schema, words, rest % sizes[c], word);
            base_text_format(&example, "%s%s %s", c == 0 ? "" : ", ", table->inputs.items[c].name.text, word);
        }
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_W0011, table->name.span, "no row of `%s` is for %s",
                          table->name.text, base_text_string(&example));
        lang_suggest(checker->diagnostics, diagnostic,
                     "add a row, or say that it is meant: allow table_gap \"...\" after the columns");
        return;
    }
}

void lang_check_gaps(lang_checker *checker, const lang_table *table)
{
    size_t warnings = checker->diagnostics->warnings;
    for (size_t c = 0; c < table->inputs.count; c++) {
        lang_type_kind kind = table->inputs.items[c].type.kind;
        if (kind == LANG_TYPE_ENUMERATION) word_gaps(checker, table, c);
        if (table->rows.count > COMPARED) continue;
        if (kind == LANG_TYPE_DATE || kind == LANG_TYPE_COUNT) range_gaps(checker, table, c);
        if (kind == LANG_TYPE_CODE) code_gaps(checker, table, c);
    }
    if (table->rows.count <= COMPARED) day_gaps(checker, table);
    if (table->inputs.count > 1 && checker->diagnostics->warnings == warnings) combination_gap(checker, table);
}
