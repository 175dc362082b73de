/* What is kept beside the scenarios: the clause that each paragraph is, and those that are wrong, with the reason. */
#include "tests/published/scenarios.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 400 };

typedef struct text_table {
    char *bytes;
    base_arena arena;
    csv_cell rows[ROWS][4];
    size_t count;
} text_table;

static text_table clauses, set_aside;

static bool read_table(text_table *t, const char *path, size_t width)
{
    FILE *file = fopen(path, "rb");
    size_t room = 1 << 18, count;
    csv_reader reader;
    csv_cell cells[CSV_COLUMN_LIMIT];
    t->bytes = calloc(1, room);
    if (file == NULL) return false;
    if (t->bytes == NULL) {
        fclose(file);
        return false;
    }
    base_arena_init(&t->arena, NULL);
    base_csv_init(&reader, &t->arena, t->bytes, fread(t->bytes, 1, room, file));
    fclose(file);
    while (base_csv_next(&reader, cells, &count)) {
        if (count != width || t->count == ROWS) return false;
        for (size_t i = 0; i < width; i++) t->rows[t->count][i] = cells[i];
        t->count++;
    }
    return true;
}

static void free_table(text_table *t)
{
    base_arena_release(&t->arena);
    free(t->bytes);
}

static bool is(const csv_cell *cell, const char *text)
{
    return cell->length == strlen(text) && memcmp(cell->text, text, cell->length) == 0;
}

const csv_cell *scenario_clause(const char *policy, const char *paragraph, const char *outcome)
{
    for (size_t i = 0; i < clauses.count; i++) {
        if (is(&clauses.rows[i][0], policy) && is(&clauses.rows[i][1], paragraph) && is(&clauses.rows[i][2], outcome))
            return &clauses.rows[i][3];
    }
    return NULL;
}

const csv_cell *scenario_aside(const char *id)
{
    for (size_t i = 0; i < set_aside.count; i++) {
        if (is(&set_aside.rows[i][0], id)) return &set_aside.rows[i][1];
    }
    return NULL;
}

bool scenario_tables_read(void)
{
    return read_table(&clauses, SOURCE_FOLDER "/tests/published/clauses.csv", 4) &&
           read_table(&set_aside, SOURCE_FOLDER "/tests/published/set_aside.csv", 2);
}

void scenario_tables_free(void)
{
    free_table(&clauses);
    free_table(&set_aside);
}
