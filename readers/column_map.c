/* Column maps: `header,column,value,means`. A row with a header and a column renames; one with a value and what it means
 * translates that value of the column; a value like MM/DD/YYYY that means `date` says how its dates are written; one that means
 * `leave out` says that records with that value are none of ours. The column `-` is none: only values of its header matter. */
#include "readers/column_map.h"

#include <string.h>

static bool same(const csv_cell *cell, const char *word)
{
    return cell->length == strlen(word) && memcmp(cell->text, word, cell->length) == 0;
}

static size_t find(const csv_cell *cells, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (same(&cells[i], name)) return i;
    }
    return SIZE_MAX;
}

bool read_is_column_map(const csv_cell *cells, size_t count)
{
    return find(cells, count, "header") != SIZE_MAX && find(cells, count, "column") != SIZE_MAX;
}

typedef struct map_reader {
    read_input *input;
    csv_reader *csv;
    size_t header, column, value, means; /* their places; SIZE_MAX for none */
} map_reader;

static void problem(const map_reader *m, size_t column, const char *message)
{
    run_store_problem(m->input->store, ADJ_SEVERITY_ERROR, "D0310", m->input->name, 0, m->csv->line, column, NULL, "%s",
                      message);
    m->input->rejected++;
}

/* The text of a cell in the arena; "" where the record has none. */
static const char *text_at(const map_reader *m, const csv_cell *cells, size_t count, size_t place)
{
    if (place >= count) return "";
    const char *text = base_arena_copy(&m->input->encounters->lasting, cells[place].text, cells[place].length);
    return text == NULL ? "" : text;
}

static void read_map_row(const map_reader *m, const csv_cell *cells, size_t count)
{
    read_encounters *encounters = m->input->encounters;
    const char *file = base_arena_copy(&encounters->lasting, m->input->name, strlen(m->input->name));
    read_column_name name = {.file = file == NULL ? "" : file,
                             .line = m->csv->line,
                             .header = text_at(m, cells, count, m->header),
                             .column = text_at(m, cells, count, m->column),
                             .value = text_at(m, cells, count, m->value),
                             .means = text_at(m, cells, count, m->means)};
    size_t at = m->header < count ? cells[m->header].column : 1;
    if (*name.header == '\0' || *name.column == '\0') {
        problem(m, at, "a row of a column map says which `column` a `header` is; one of them is empty");
        return;
    }
    if ((*name.value == '\0') != (*name.means == '\0')) {
        problem(m, at, "a `value` stands beside what it `means`; one of them is empty");
        return;
    }
    for (size_t i = 0; i < encounters->column_names.count; i++) {
        const read_column_name *other = &encounters->column_names.items[i];
        if (strcmp(other->header, name.header) != 0 || strcmp(other->column, name.column) == 0) continue;
        problem(m, at,
                base_format(&m->input->store->arena, "`%s` is `%s` already, and cannot be `%s` too", name.header,
                            other->column, name.column));
        return;
    }
    read_column_name *slot = BASE_PUSH(&encounters->lasting, &encounters->column_names);
    if (slot == NULL) return;
    *slot = name;
    m->input->accepted++;
}

bool read_column_map(read_input *input, csv_reader *csv, csv_cell *cells, size_t count)
{
    map_reader m = {input,
                    csv,
                    find(cells, count, "header"),
                    find(cells, count, "column"),
                    find(cells, count, "value"),
                    find(cells, count, "means")};
    while (base_csv_next(csv, cells, &count) && !input->store->arena.failed) {
        if (csv->error != NULL)
            problem(&m, csv->error_column, csv->error);
        else
            read_map_row(&m, cells, count);
    }
    return input->rejected == 0;
}

void read_map_header(read_encounters *encounters, csv_cell *cells, size_t count, const char **theirs)
{
    for (size_t i = 0; i < count; i++) {
        theirs[i] = NULL;
        for (size_t n = 0; n < encounters->column_names.count; n++) {
            read_column_name *name = &encounters->column_names.items[n];
            if (theirs[i] != NULL ? strcmp(theirs[i], name->header) != 0 : !same(&cells[i], name->header)) continue;
            name->used = true;
            theirs[i] = name->header;
            if (strcmp(name->column, "-") == 0) continue; /* it keeps its name, which is no column of ours */
            cells[i].text = name->column;
            cells[i].length = strlen(name->column);
        }
    }
}

/* Reads up to `most` digits; false where there are none. */
static bool digits(const char **at, const char *end, int most, int *number)
{
    const char *start = *at;
    *number = 0;
    for (; *at < end && *at - start < most && **at >= '0' && **at <= '9'; (*at)++)
        *number = *number * 10 + (**at - '0');
    return *at > start;
}

/* Whether a text is a date of that pattern: YYYY, MM and DD once each, other signs as they stand, and `*` for all that is left. */
static bool read_date(const char *pattern, const csv_cell *cell, int *year, int *month, int *day)
{
    const char *at = cell->text, *end = cell->text + cell->length;
    *year = *month = *day = -1;
    while (*pattern != '\0') {
        bool good;
        if (strncmp(pattern, "YYYY", 4) == 0) {
            const char *before = at;
            good = *year < 0 && digits(&at, end, 4, year) && at - before == 4;
            pattern += 4;
        } else if (strncmp(pattern, "MM", 2) == 0) {
            good = *month < 0 && digits(&at, end, 2, month);
            pattern += 2;
        } else if (strncmp(pattern, "DD", 2) == 0) {
            good = *day < 0 && digits(&at, end, 2, day);
            pattern += 2;
        } else if (*pattern == '*') {
            at = end; /* a time of day, say */
            pattern++;
            good = *pattern == '\0';
        } else {
            good = at < end && *at == *pattern;
            at++;
            pattern++;
        }
        if (!good) return false;
    }
    return at == end && *year >= 0 && *month >= 0 && *day >= 0;
}

void read_map_cell(const read_encounters *encounters, base_arena *arena, const char *theirs, csv_cell *cell)
{
    for (size_t n = 0; theirs != NULL && n < encounters->column_names.count; n++) {
        const read_column_name *name = &encounters->column_names.items[n];
        if (*name->value == '\0' || strcmp(name->header, theirs) != 0) continue;
        const char *means = NULL;
        int year, month, day;
        if (strcmp(name->means, "date") == 0) {
            if (read_date(name->value, cell, &year, &month, &day))
                means = base_format(arena, "%04d-%02d-%02d", year, month, day);
        } else if (same(cell, name->value)) {
            means = name->means;
        }
        if (means == NULL) continue;
        cell->text = means;
        cell->length = strlen(means);
        return;
    }
}

bool read_map_leaves_out(const read_encounters *encounters, const char *theirs, const csv_cell *cell)
{
    for (size_t n = 0; n < encounters->column_names.count; n++) {
        const read_column_name *name = &encounters->column_names.items[n];
        if (strcmp(name->means, "leave out") == 0 && strcmp(name->header, theirs) == 0 && same(cell, name->value))
            return true;
    }
    return false;
}

void read_report_unused_maps(read_encounters *encounters)
{
    for (size_t n = 0; n < encounters->column_names.count; n++) {
        const read_column_name *name = &encounters->column_names.items[n];
        bool told = name->used;
        for (size_t k = 0; k < n && !told; k++)
            told = strcmp(encounters->column_names.items[k].header, name->header) == 0;
        if (told) continue;
        run_store_problem(&encounters->handle.store, ADJ_SEVERITY_WARNING, "D0311", name->file, 0, name->line, 1, NULL,
                          "no file that was read after this one has a column `%s`", name->header);
    }
}
