/* Side files: what a claim does not carry, as CSV. A record with a cell that cannot be read is left out as a whole and
 * reported with its line and column; the others go on. An empty cell, or `unknown`, is unknown, or absent where the
 * field is optional; `none` is absent, or the empty list. */
#include "readers/column_map.h"
#include "readers/side_reader.h"

#include <string.h>

bool side_same(const csv_cell *cell, const char *word)
{
    return cell->length == strlen(word) && memcmp(cell->text, word, cell->length) == 0;
}

void side_problem(side_reader *r, adj_severity severity, const char *code, size_t column, const char *message)
{
    run_store_problem(r->store, severity, code, r->input->name, 0, r->line, column, NULL, "%s", message);
}

/* ---- the header ---- */

const char *side_kind_name(const side_reader *r)
{
    if (r->shape->site != NULL) return r->shape->site->name;
    return r->shape->judged ? "lines to be judged" : side_kinds[r->shape->kind].name;
}

static bool has_column(const csv_cell *cells, size_t count, const char *header)
{
    for (size_t i = 0; i < count; i++) {
        if (side_same(&cells[i], header)) return true;
    }
    return false;
}

/* The kind whose required columns are there: the one that asks for most, the first of those; or the one that is said. */
static side_kind detect(const csv_cell *cells, size_t count, const char *said)
{
    side_kind best = SIDE_COUNT;
    size_t most = 0;
    for (int k = 0; k < SIDE_COUNT; k++) {
        bool fits = said[0] == '\0' ? k != SIDE_coverage_told : strcmp(side_kinds[k].name, said) == 0;
        size_t asked = 0;
        for (size_t i = 0; i < SIDE_COLUMN_COUNT; i++) {
            if (side_columns[i].kind != (side_kind)k || side_columns[i].required == 0) continue;
            fits = fits && has_column(cells, count, side_columns[i].header);
            asked++;
        }
        if (!fits || asked <= most) continue;
        best = (side_kind)k;
        most = asked;
    }
    return best;
}

static void report_header(side_reader *r)
{
    base_text text;
    base_text_init(&text, &r->store->arena);
    base_text_put(&text,
                  "this is neither X12 (it does not begin with ISA), nor FHIR (no resourceType), nor a side file (its "
                  "names are no known columns); a side file needs one of: ");
    for (int k = 0; k < SIDE_COUNT; k++) {
        if (k == SIDE_coverage_told) continue; /* of the store's own writing */
        base_text_format(&text, "%s%s (", k == 0 ? "" : ", ", side_kinds[k].name);
        bool first = true;
        for (size_t i = 0; i < SIDE_COLUMN_COUNT; i++) {
            if (side_columns[i].kind != (side_kind)k || side_columns[i].required == 0) continue;
            base_text_format(&text, "%s%s", first ? "" : ", ", side_columns[i].header);
            first = false;
        }
        base_text_put(&text, ")");
    }
    side_problem(r, ADJ_SEVERITY_ERROR, "D0301", 1, base_text_string(&text));
}

/* A column for a field that a site added to the record of this file. */
static const side_column *site_column(side_reader *r, const csv_cell *cell)
{
    const lang_schema *schema = r->store->schema;
    char name[64];
    if (cell->length >= sizeof name) return NULL;
    memcpy(name, cell->text, cell->length);
    name[cell->length] = '\0';
    bool dates = r->shape->site != NULL && r->shape->site->dates != UINT16_MAX;
    bool first = dates && strcmp(name, "from") == 0, last = dates && strcmp(name, "to") == 0;
    lang_field field =
        first || last ? (lang_field)r->shape->site->dates : lang_schema_find(schema, r->shape->record, name);
    if (field == LANG_NO_FIELD || (int)field < LANG_FIELD_COUNT) return NULL;
    const lang_field_info *info = lang_schema_field(schema, field);
    if (r->shape->site == NULL && info->feed != side_kinds[r->shape->kind].feed) return NULL;
    bool spans = info->type.kind == LANG_TYPE_DATES || info->type.kind == LANG_TYPE_TIMES;
    if (info->type.kind == LANG_TYPE_RECORD || (spans && !first && !last)) return NULL;
    bool key = false;
    for (size_t i = 0; r->shape->site != NULL && i < r->shape->site->key_count; i++)
        key = key || r->shape->site->keys[i] == field;
    side_column *column = base_arena_alloc(r->shape->arena, sizeof *column);
    if (column == NULL) return NULL;
    *column = (side_column){r->shape->kind, base_arena_copy(r->shape->arena, name, cell->length),
                            first  ? USE_FROM_DATE
                            : last ? USE_TO_DATE
                                   : USE_FIELD,
                            field, key};
    return column;
}

/* A file of a record that the policies declare: its keys are there, and nothing that it does not have. */
static bool detect_site(side_reader *r, const csv_cell *cells, size_t count)
{
    const lang_schema *schema = r->store->schema;
    for (int record = LANG_RECORD_COUNT; record < lang_schema_record_count(schema); record++) {
        r->shape->site = lang_schema_site_record(schema, (lang_record)record);
        if (r->shape->said[0] != '\0' && strcmp(r->shape->said, r->shape->site->name) != 0) continue;
        r->shape->record = (lang_record)record;
        bool fits = r->shape->site->key_count > 0;
        for (size_t k = 0; k < r->shape->site->key_count && fits; k++) {
            fits = has_column(cells, count, lang_schema_field(schema, (lang_field)r->shape->site->keys[k])->name);
        }
        for (size_t i = 0; i < count && fits; i++) fits = site_column(r, &cells[i]) != NULL;
        if (fits) return true;
    }
    r->shape->site = NULL;
    return false;
}

static const char *nearest(side_kind kind, const char *name)
{
    const char *best = NULL;
    size_t distance = 4;
    for (size_t i = 0; i < SIDE_COLUMN_COUNT; i++) {
        if (side_columns[i].kind != kind) continue;
        size_t now = base_edit_distance(side_columns[i].header, name);
        if (now < distance) {
            distance = now;
            best = side_columns[i].header;
        }
    }
    return best;
}

/* The column that a header names; NULL for one that is not known. */
static const side_column *find_column(side_reader *r, const csv_cell *cell)
{
    for (size_t c = 0; c < SIDE_COLUMN_COUNT && r->shape->site == NULL; c++) {
        if (side_columns[c].kind == r->shape->kind && side_same(cell, side_columns[c].header)) return &side_columns[c];
    }
    return site_column(r, cell);
}

static void report_column(side_reader *r, const csv_cell *cell, bool twice)
{
    base_arena *arena = &r->store->arena;
    const char *name = base_format(arena, "%.*s", (int)cell->length, cell->text);
    const char *near = twice ? NULL : nearest(r->shape->kind, name);
    side_problem(r, ADJ_SEVERITY_WARNING, "D0302", cell->column,
                 twice ? base_format(arena, "the column `%s` stands twice; the second is not read", name)
                 : near != NULL
                     ? base_format(arena, "the column `%s` is not known and not read; did you mean `%s`?", name, near)
                     : base_format(arena, "the column `%s` is not known in a file of %s, and not read", name,
                                   side_kind_name(r)));
}

/* Identifiers hardly come again; other texts do. */
static bool comes_again(cell_use use)
{
    return use != USE_MEMBER && use != USE_COVERED_MEMBER && use != USE_CLAIM && use != USE_SESSION &&
           use != USE_FACT_CLAIM && use != USE_REMITTED_CLAIM && use != USE_AUTHORIZATION && use != USE_PAYER_NUMBER;
}

static void set_place(side_reader *r, size_t at, const side_column *column)
{
    side_shape *shape = r->shape;
    side_place *place = &shape->places[at];
    place->column = column;
    if (column == NULL) return;
    const lang_field_info *info = lang_schema_field(r->store->schema, column->field);
    place->type = info->type;
    place->record = info->record;
    place->field = column->use == USE_FIELD;
    place->text = place->field && info->type.kind == LANG_TYPE_TEXT;
    bool symbols = info->type.list || info->type.kind == LANG_TYPE_CODE || info->type.kind == LANG_TYPE_TEXT;
    place->lasting = place->field && !symbols;
    place->modifiers = place->field && column->field == LANG_FIELD_line_modifiers;
    bool empty_list = place->modifiers && info->type.list;
    shape->empty[at] = column->required == 1                 ? SIDE_REFUSED
                       : empty_list                          ? RUN_PRESENT
                       : place->field && info->type.optional ? RUN_ABSENT
                                                             : RUN_UNKNOWN;
    if (comes_again(column->use))
        place->lately = base_arena_alloc(r->shape->arena, SIDE_LATELY * sizeof *place->lately);
    if (!place->field && shape->use[column->use] == SIDE_NOWHERE) shape->use[column->use] = (int8_t)at;
    if (!place->field) return;
    if (column->field == LANG_FIELD_line_number) shape->line_number = (int8_t)at;
    if (column->field == LANG_FIELD_claim_frequency) shape->frequency = (int8_t)at;
    if (column->field == LANG_FIELD_authorization_number) shape->authorization = (int8_t)at;
}

static bool same_column(const side_column *a, const side_column *b)
{
    return a != NULL && b != NULL && a->use == b->use && a->field == b->field && strcmp(a->header, b->header) == 0;
}

/* What is wrong with a column is told of those from `told` on: the others had their turn. */
static void order_columns(side_reader *r, const csv_cell *cells, size_t count, size_t told)
{
    side_shape *shape = r->shape;
    shape->width = count;
    shape->judged = shape->site == NULL && shape->kind == SIDE_history && r->input->role == READ_JUDGED;
    memset(shape->use, SIDE_NOWHERE, sizeof shape->use);
    shape->line_number = shape->frequency = shape->authorization = SIDE_NOWHERE;
    for (size_t i = 0; i < count; i++) {
        const side_column *column = find_column(r, &cells[i]);
        bool twice = false;
        for (size_t k = 0; k < i; k++) twice = twice || same_column(shape->places[k].column, column);
        bool theirs_alone = column == NULL && shape->places[i].theirs != NULL;
        if (i >= told && ((column == NULL && !theirs_alone) || twice)) report_column(r, &cells[i], twice);
        set_place(r, i, twice ? NULL : column);
    }
}

/* A record that was left out leaves a hole: history is then a lower bound, and no record found is no longer none. */
static void reject(side_reader *r)
{
    r->input->rejected++;
    if (r->shape->site != NULL) {
        r->store->site_holes[r->shape->record] = true;
        return;
    }
    if (r->shape->kind == SIDE_remittance) r->store->remittance_has_holes = true;
    if (r->shape->kind == SIDE_schedule) r->store->schedule_has_holes = true;
    if (r->shape->kind == SIDE_rates) r->store->rates_have_holes = true;
    if (r->shape->kind == SIDE_acknowledgments) r->store->acknowledgments_have_holes = true;
    if (r->shape->kind == SIDE_history && !r->shape->judged) r->store->history_is_own = true;
    if (r->shape->kind == SIDE_eligibility) r->store->eligibility_has_holes = true;
}

/* Notes that the feed of the kind at hand was given. */
static void note_feed(side_reader *r)
{
    if (r->shape->site != NULL)
        r->store->site_feeds[r->shape->record] = true;
    else if (!r->shape->judged)
        r->store->feeds[side_kinds[r->shape->kind].feed] = true;
}

/* Finds what kind of file has these columns; false if none. */
static bool choose_kind(side_reader *r, const csv_cell *cells, size_t count)
{
    side_shape *shape = r->shape;
    shape->site = NULL;
    shape->kind = detect(cells, count, shape->said);
    shape->known = shape->kind != SIDE_COUNT;
    if (!shape->known) shape->known = detect_site(r, cells, count);
    if (shape->known && shape->site == NULL) shape->record = side_kinds[shape->kind].record;
    return shape->known;
}

void side_count_record(side_reader *r, bool stored)
{
    if (stored)
        r->input->accepted++;
    else
        reject(r);
}

void side_read_record(side_reader *r, csv_cell *cells, size_t count)
{
    for (size_t i = 0; r->shape->mapped && i < count && i < r->shape->width; i++) {
        const char *theirs = r->shape->places[i].theirs;
        if (theirs != NULL && read_map_leaves_out(r->input->encounters, theirs, &cells[i])) return;
    }
    for (size_t i = 0; r->shape->mapped && i < count && i < r->shape->width; i++) {
        const char *theirs = r->shape->places[i].theirs;
        if (theirs != NULL) read_map_cell(r->input->encounters, &r->scratch, theirs, &cells[i]);
    }
    side_count_record(r, side_read_cells(r, cells, count) && side_store(r));
}

/* After a record: gives a batch on, and forgets what the record alone needed. */
static bool go_on(side_reader *r, size_t at)
{
    if (r->scratch.blocks != NULL) base_arena_reset(&r->scratch);
    if (!read_batch_is_full(r->input)) {
        read_give_up(r->input, at);
        return !r->store->arena.failed;
    }
    r->batch++;
    return read_batch_end(r->input, at) && !r->store->arena.failed;
}

static bool begin_reader(side_reader *r, read_input *input)
{
    r->input = input;
    r->store = input->store;
    base_arena_init(&r->scratch, &input->store->arena.allocator);
    r->submitted = lang_schema_word_find(r->store->schema, LANG_ENUMERATION_line_status, "submitted");
    size_t records = (size_t)lang_schema_record_count(r->store->schema);
    r->rows = base_arena_alloc(&input->arena, records * sizeof *r->rows);
    for (size_t i = 0; i < records && r->rows != NULL; i++) r->rows[i] = RUN_NO_ROW;
    r->shape = base_arena_alloc(&input->arena, sizeof *r->shape);
    if (r->shape != NULL) r->shape->arena = &input->arena;
    return r->rows != NULL && r->shape != NULL;
}

static size_t bring_more(void *state, size_t upto)
{
    read_input *input = state;
    read_fill(input, upto);
    return input->filled;
}

static void map_header(side_reader *r, csv_cell *cells, size_t count)
{
    const char *theirs[CSV_COLUMN_LIMIT];
    read_map_header(r->input->encounters, cells, count, theirs);
    for (size_t i = 0; i < count; i++) {
        r->shape->places[i].theirs = theirs[i];
        r->shape->mapped = r->shape->mapped || theirs[i] != NULL;
    }
}

static void read_records(side_reader *r, csv_cell *cells)
{
    read_input *input = r->input;
    size_t count;
    for (;;) {
        if (side_read_block(r, cells)) {
            if (!go_on(r, r->csv.at)) return;
            continue;
        }
        if (!base_csv_next(&r->csv, cells, &count)) return;
        r->line = r->csv.line;
        size_t rejected = input->rejected;
        if (r->csv.error != NULL) {
            side_problem(r, ADJ_SEVERITY_ERROR, "D0308", r->csv.error_column, r->csv.error);
            reject(r);
        } else {
            side_read_record(r, cells, count);
        }
        if (input->rejected > rejected) read_keep_reject(input, r->csv.line_start, r->csv.at);
        if (!go_on(r, r->csv.at)) return;
    }
}

static bool read_file(side_reader *r)
{
    read_input *input = r->input;
    csv_cell *cells = base_arena_alloc(&input->arena, CSV_COLUMN_LIMIT * sizeof *cells);
    if (cells == NULL) return false;
    base_csv_init(&r->csv, &r->scratch, input->bytes, input->length);
    base_csv_window(&r->csv, input->filled, bring_more, input);
    size_t count;
    bool header = base_csv_next(&r->csv, cells, &count);
    r->line = r->csv.line;
    if (!header || r->csv.error != NULL) {
        if (header)
            side_problem(r, ADJ_SEVERITY_ERROR, "D0308", r->csv.error_column, r->csv.error);
        else
            side_problem(r, ADJ_SEVERITY_ERROR, "D0301", 0, "the file is empty");
        return false;
    }
    if (read_is_column_map(cells, count)) return read_column_map(input, &r->csv, cells, count);
    map_header(r, cells, count);
    if (!choose_kind(r, cells, count)) {
        report_header(r);
        return false;
    }
    order_columns(r, cells, count, 0);
    note_feed(r);
    read_keep_header(input, r->csv.line_start, r->csv.at);
    if (!side_blocks_begin(r)) return false;
    read_records(r, cells);
    return true;
}

bool read_side_file(read_input *input)
{
    side_reader *r = base_arena_alloc(&input->arena, sizeof *r);
    if (r == NULL || !begin_reader(r, input)) return false;
    bool read = read_file(r);
    if (r->scratch.failed) input->store->arena.failed = true;
    base_arena_release(&r->scratch);
    return read;
}

/* ---- records of JSON, which say the columns of each record anew ---- */

enum { SHAPES = 16 };

struct read_record_reader {
    side_reader side;
    side_shape *shapes[SHAPES]; /* that were met, the last one first; then those that gave way to others */
    size_t count;
    base_arena arenas[SHAPES]; /* of each, in no order: a shape that gave way leaves its memory to another */
    size_t made;
};

read_record_reader *read_records_begin(read_input *input)
{
    read_record_reader *reader = base_arena_alloc(&input->arena, sizeof *reader);
    if (reader == NULL || !begin_reader(&reader->side, input)) return NULL;
    return reader;
}

void read_records_end(read_record_reader *reader)
{
    if (reader == NULL) return;
    bool failed = reader->side.scratch.failed;
    for (size_t i = 0; i < reader->made; i++) {
        failed = failed || reader->arenas[i].failed;
        base_arena_release(&reader->arenas[i]);
    }
    if (failed) reader->side.store->arena.failed = true;
    base_arena_release(&reader->side.scratch);
}

static bool is_said(const side_shape *shape, const char *said, size_t said_length)
{
    return strlen(shape->said) == said_length && memcmp(shape->said, said, said_length) == 0;
}

static bool has_names(const side_shape *shape, const char *said, size_t said_length, const csv_cell *names,
                      size_t count)
{
    if (shape->width != count || !is_said(shape, said, said_length)) return false;
    for (size_t i = 0; i < count; i++) {
        const csv_cell *before = &shape->names[i];
        if (before->length != names[i].length || memcmp(before->text, names[i].text, names[i].length) != 0)
            return false;
    }
    return true;
}

/* Puts the shape at a place first. */
static void make_first(read_record_reader *reader, size_t place)
{
    side_shape *shape = reader->shapes[place];
    memmove(reader->shapes + 1, reader->shapes, place * sizeof *reader->shapes);
    reader->shapes[0] = reader->side.shape = shape;
}

/* Puts the cells of a record in the order of a shape's columns, without a text where it lacks one. False where the record has others, one
 * of them twice, or lacks one that it may not lack. */
static bool put_in_order(const side_shape *shape, const csv_cell *names, const csv_cell *cells, size_t count,
                         csv_cell ordered[CSV_COLUMN_LIMIT])
{
    if (count > shape->width) return false;
    for (size_t i = 0; i < shape->width; i++) ordered[i] = (csv_cell){NULL, 0, 0, false};
    for (size_t i = 0; i < count; i++) {
        size_t place = read_name_find(&shape->index, shape->names, names[i].text, names[i].length);
        if (place == READ_NO_NAME || ordered[place].text != NULL) return false;
        ordered[place] = cells[i];
    }
    for (size_t i = 0; i < shape->width && count < shape->width; i++) {
        if (ordered[i].text == NULL && (!shape->known || side_needs(&shape->places[i]))) return false;
    }
    return true;
}

/* Memory for one shape more; of the last one, where there are as many as there may be. */
static side_shape *next_shape(read_record_reader *reader)
{
    if (reader->count == SHAPES) reader->count--;
    side_shape *shape = reader->shapes[reader->count];
    if (shape == NULL) {
        shape = base_arena_alloc(&reader->side.input->arena, sizeof *shape);
        if (shape == NULL) return NULL;
        shape->arena = &reader->arenas[reader->made++];
        base_arena_init(shape->arena, &reader->side.store->arena.allocator);
        reader->shapes[reader->count] = shape;
    }
    base_arena *arena = shape->arena;
    base_arena_reset(arena);
    *shape = (side_shape){.arena = arena};
    make_first(reader, reader->count++);
    return shape;
}

/* Gives a shape names, after those that it has; false when memory runs out. */
static bool add_names(side_shape *shape, const csv_cell *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *kept = base_arena_copy(shape->arena, names[i].text, names[i].length);
        if (kept == NULL) return false;
        shape->names[shape->width] = (csv_cell){kept, names[i].length, 0, false};
        read_name_add(&shape->index, shape->names, shape->width++);
    }
    return true;
}

/* A shape of the same kind that lacks some of these names: records that leave out what they do not know have many combinations of names.
 * One that has all of both takes its place, if it is of that kind still. SHAPES if there is none. */
static size_t find_narrower(const read_record_reader *reader, const side_shape *own)
{
    for (size_t k = 0; k < own->width; k++) {
        if (read_name_find(&own->index, own->names, own->names[k].text, own->names[k].length) != k) return SHAPES;
    }
    for (size_t i = 0; i < reader->count; i++) {
        const side_shape *shape = reader->shapes[i];
        if (shape == own || !shape->known || shape->mapped || own->mapped || shape->kind != own->kind ||
            shape->site != own->site || strcmp(shape->said, own->said) != 0)
            continue;
        size_t more = 0;
        for (size_t k = 0; k < own->width; k++)
            more +=
                read_name_find(&shape->index, shape->names, own->names[k].text, own->names[k].length) == READ_NO_NAME;
        if (shape->width + more <= CSV_COLUMN_LIMIT) return i;
    }
    return SHAPES;
}

/* Finds what kind of file has the columns of a shape, as they are called once a column map has had its say; false if none. */
static bool kind_of(side_reader *r, side_shape *shape, csv_cell renamed[CSV_COLUMN_LIMIT])
{
    memcpy(renamed, shape->names, shape->width * sizeof *renamed);
    map_header(r, renamed, shape->width);
    return choose_kind(r, renamed, shape->width);
}

/* Gives a shape the names of a narrower one before its own, if both together are still of its kind. Gives how many those are; 0 if not. */
static size_t widen_shape(read_record_reader *reader, side_shape *shape, size_t narrower,
                          csv_cell renamed[CSV_COLUMN_LIMIT])
{
    const side_shape *before = reader->shapes[narrower];
    const side_shape own = *shape;
    *shape = (side_shape){.arena = own.arena};
    memcpy(shape->said, own.said, sizeof shape->said);
    bool good = add_names(shape, before->names, before->width);
    for (size_t i = 0; i < own.width && good; i++) {
        const csv_cell *name = &own.names[i];
        bool new = read_name_find(&before->index, before->names, name->text, name->length) == READ_NO_NAME;
        if (new) good = add_names(shape, name, 1);
    }
    if (good && kind_of(&reader->side, shape, renamed) && shape->kind == own.kind && shape->site == own.site)
        return before->width;
    *shape = own;
    kind_of(&reader->side, shape, renamed);
    return 0;
}

/* Takes a shape out of those that are known; its memory goes to the next one. */
static void drop_shape(read_record_reader *reader, size_t place)
{
    side_shape *shape = reader->shapes[place];
    reader->count--;
    memmove(reader->shapes + place, reader->shapes + place + 1, (reader->count - place) * sizeof *reader->shapes);
    reader->shapes[reader->count] = shape;
}

/* Learns the columns of a record that differ from those of the ones before. */
static bool learn_names(read_record_reader *reader, const char *said, size_t said_length, const csv_cell *names,
                        size_t count)
{
    csv_cell renamed[CSV_COLUMN_LIMIT];
    side_shape *shape = next_shape(reader);
    if (shape == NULL) return false;
    memcpy(shape->said, said, said_length);
    if (!add_names(shape, names, count)) return false;
    if (!kind_of(&reader->side, shape, renamed)) {
        report_header(&reader->side);
        return true;
    }
    size_t narrower = find_narrower(reader, shape);
    size_t told = narrower == SHAPES ? 0 : widen_shape(reader, shape, narrower, renamed);
    if (told > 0) drop_shape(reader, narrower);
    order_columns(&reader->side, renamed, shape->width, told);
    note_feed(&reader->side);
    return true;
}

/* Finds the shape of a record, and puts its cells in that order, into `ordered` where it is another. NULL when memory runs out. */
static csv_cell *find_names(read_record_reader *reader, const char *said, size_t said_length, const csv_cell *names,
                            csv_cell *cells, size_t count, csv_cell ordered[CSV_COLUMN_LIMIT])
{
    for (size_t i = 0; i < reader->count; i++) {
        if (!has_names(reader->shapes[i], said, said_length, names, count)) continue;
        make_first(reader, i);
        return cells;
    }
    for (int again = 0; again < 2; again++) {
        for (size_t i = 0; i < reader->count; i++) {
            const side_shape *shape = reader->shapes[i];
            if (!is_said(shape, said, said_length) || !put_in_order(shape, names, cells, count, ordered)) continue;
            make_first(reader, i);
            return ordered;
        }
        if (!learn_names(reader, said, said_length, names, count)) return NULL;
        if (has_names(reader->shapes[0], said, said_length, names, count)) return cells;
    }
    return NULL;
}

static void read_shaped(read_record_reader *reader, csv_cell *cells, size_t count)
{
    if (reader->side.shape->known)
        side_read_record(&reader->side, cells, count);
    else
        reader->side.input->rejected++;
}

void read_record(read_record_reader *reader, size_t line, const char *said, size_t said_length, const csv_cell *names,
                 csv_cell *cells, size_t count)
{
    enum { SAID_LIMIT = sizeof reader->side.shape->said - 1 };
    reader->side.line = line;
    if (said_length > SAID_LIMIT) said_length = SAID_LIMIT;
    csv_cell ordered[CSV_COLUMN_LIMIT], *found = find_names(reader, said, said_length, names, cells, count, ordered);
    if (found != NULL) read_shaped(reader, found, reader->side.shape->width);
}

bool read_row_begin(read_record_reader *reader, size_t length, read_again_alone again, void *state, read_row *row)
{
    side_shape *shape = reader->count == 0 ? NULL : reader->shapes[0];
    return shape != NULL && shape->known && side_together_begin(&reader->side, shape, again, state) &&
           side_together_row(&reader->side, shape, length, row);
}

void read_row_end(read_record_reader *reader, const read_row *row, size_t line, size_t from, size_t to)
{
    side_together_add(reader->shapes[0], row, line, from, to);
}

bool read_records_waiting(const read_record_reader *reader)
{
    return reader != NULL && reader->count > 0 && side_together_count(reader->shapes[0]) > 0;
}

bool read_records_full(const read_record_reader *reader)
{
    return read_records_waiting(reader) && side_together_full(reader->shapes[0]);
}

void read_waiting_records(read_record_reader *reader)
{
    if (read_records_waiting(reader)) side_together_read(&reader->side, reader->shapes[0]);
}

bool read_records_go_on(read_record_reader *reader, size_t at)
{
    return go_on(&reader->side, at);
}

size_t read_records_shapes(const read_record_reader *reader)
{
    return reader->count;
}

read_record_names read_records_shape(const read_record_reader *reader, size_t place)
{
    const side_shape *shape = reader->shapes[place];
    return (read_record_names){shape->known, shape->said, shape->names, &shape->index, shape->width};
}

bool read_records_needs(const read_record_reader *reader, size_t shape, size_t place)
{
    return side_needs(&reader->shapes[shape]->places[place]);
}

void read_record_shaped(read_record_reader *reader, size_t shape, size_t line, csv_cell *cells)
{
    reader->side.line = line;
    make_first(reader, shape);
    read_shaped(reader, cells, reader->side.shape->width);
}
