/* Plain records of a CSV file, and records of JSON that look alike, many at a time and column by column: what a column is, is asked once
 * for all of them. Joins, and what is told of a record, still go record by record; a record that needs more than this is read alone, in its
 * turn. */
#include "readers/side_reader.h"

enum { ROWS = CSV_ROWS, MOST_REST = 32, TEXT_ROOM = 1 << 17 /* of records that are put together */ };

/* The records that the fields of a file may go to. */
typedef enum block_record { OWN, CLAIM, PATIENT, RECORDS } block_record;

typedef struct block_column {
    int64_t bits[ROWS];
    uint8_t states[ROWS];
    bool empty; /* it says what empty cells say, in every row */
} block_column;

struct side_block {
    csv_rows rows;
    block_column *columns;
    uint32_t filled[CSV_COLUMN_LIMIT]; /* not 0 where a row has something in the column */
    uint64_t odd;                      /* rows that are read alone: a bit for each */
    size_t row;                        /* at hand */
    uint32_t places[RECORDS][ROWS];    /* where the fields of each row go, or RUN_NO_ROW */
    uint8_t heads[CSV_COLUMN_LIMIT];   /* the cells that joins ask for */
    size_t head_count;
    csv_cell cells[CSV_COLUMN_LIMIT];
    size_t resting; /* so many records are read alone before the next try */
    size_t rest;    /* more, each time that the next record is not plain */
    /* Of records of JSON: */
    bool together; /* their cells were put together in `text` */
    char *text;
    size_t used;
    uint64_t special; /* rows that are read alone, whatever their columns say */
    size_t most;      /* rows that a batch has room for */
    size_t lines[ROWS], from[ROWS], to[ROWS];
    csv_cell *names; /* as lines have them */
    uint8_t *what;
    read_again_alone again;
    void *state;
};

/* Kinds whose records stay once they have a row. */
static bool fits(const read_encounters *encounters, const side_shape *shape)
{
    if (encounters->singly || shape->site != NULL || shape->mapped || shape->width < 2) return false;
    switch (shape->kind) {
    case SIDE_history:
    case SIDE_attendance:
    case SIDE_sessions:
    case SIDE_authorizations:
    case SIDE_eligibility:
    case SIDE_schedule:
    case SIDE_remittance: return true;
    default: return false;
    }
}

static side_block *new_block(const side_shape *shape)
{
    base_arena *arena = shape->arena;
    side_block *b = base_arena_alloc(arena, sizeof *b);
    if (b == NULL || !base_csv_rows_init(&b->rows, arena, shape->width)) return NULL;
    b->columns = base_arena_alloc(arena, shape->width * sizeof *b->columns);
    if (b->columns == NULL) return NULL;
    for (size_t i = 0; i < shape->width; i++) {
        const side_place *place = &shape->places[i];
        bool head = place->column != NULL && (!place->field || (int)i == shape->line_number ||
                                              (int)i == shape->frequency || (int)i == shape->authorization);
        if (head) b->heads[b->head_count++] = (uint8_t)i;
    }
    return b;
}

bool side_blocks_begin(side_reader *r)
{
    if (!fits(r->input->encounters, r->shape)) return true;
    r->block = new_block(r->shape);
    return r->block != NULL;
}

/* ---- records of JSON ---- */

static bool name_cells(side_block *b, base_arena *arena, const side_shape *shape)
{
    b->names = base_arena_alloc(arena, (shape->width + 1) * sizeof *b->names);
    b->what = base_arena_alloc(arena, shape->width + 1);
    if (b->names == NULL || b->what == NULL) return false;
    for (size_t i = 0; i < shape->width; i++) {
        const side_place *place = &shape->places[i];
        const char *text = base_format(arena, ",\"%.*s\":", (int)shape->names[i].length, shape->names[i].text);
        b->names[i] = (csv_cell){text, shape->names[i].length + 4, 0, false};
        b->what[i] =
            (uint8_t)((side_needs(place) ? READ_NEEDED : 0) | (shape->empty[i] != RUN_UNKNOWN ? READ_LACK_SPEAKS : 0) |
                      (place->text ? READ_WORDS_ARE_TEXT : 0));
    }
    return !arena->failed;
}

bool side_together_begin(side_reader *r, side_shape *shape, read_again_alone again, void *state)
{
    if (shape->block != NULL || shape->apart) return shape->block != NULL;
    base_arena *arena = shape->arena;
    side_block *b = fits(r->input->encounters, shape) ? new_block(shape) : NULL;
    shape->apart = b == NULL;
    if (b == NULL || !name_cells(b, arena, shape)) return false;
    b->text = base_arena_alloc(arena, TEXT_ROOM + BASE_SHORT_TEXT);
    if (b->text == NULL) return false;
    b->together = true;
    b->rows.text = b->text;
    b->again = again;
    b->state = state;
    shape->block = b;
    return true;
}

size_t side_together_count(const side_shape *shape)
{
    return shape->block == NULL ? 0 : shape->block->rows.count;
}

bool side_together_row(side_reader *r, side_shape *shape, size_t length, read_row *row)
{
    side_block *b = shape->block;
    size_t number = b->rows.count, width = shape->width;
    if (number == 0 && b->resting > 0) {
        b->resting--;
        return false;
    }
    if (number == ROWS || length + width + BASE_SHORT_TEXT > TEXT_ROOM - b->used) return false;
    if (number == 0) b->most = read_batch_room(r->input);
    *row = (read_row){.said = shape->said,
                      .names = b->names,
                      .plain_names = shape->names,
                      .index = &shape->index,
                      .what = b->what,
                      .count = width,
                      .begins = b->rows.begins + number * width,
                      .text = b->text,
                      .used = b->used};
    return true;
}

void side_together_add(side_shape *shape, const read_row *row, size_t line, size_t from, size_t to)
{
    side_block *b = shape->block;
    size_t number = b->rows.count++;
    b->used = row->used;
    b->lines[number] = line;
    b->from[number] = from;
    b->to[number] = to;
    b->special |= (uint64_t)row->special << number;
}

/* ---- columns ---- */

static csv_cell cell_of(const side_block *b, size_t row, size_t place)
{
    size_t first = row * b->rows.width, from = b->rows.begins[first + place];
    size_t end = base_csv_row_end(&b->rows, first + place, place + 1 == b->rows.width);
    return (csv_cell){b->rows.text + from, end - from, b->together ? 0 : from - b->rows.begins[first] + 1, false};
}

static void set_odd(side_block *b, size_t row)
{
    b->odd |= UINT64_C(1) << row;
}

/* Reads a cell as records that are read alone have it read; what is told of it makes the row odd, and is told there. */
static side_value read_cell(side_reader *r, size_t row, size_t place)
{
    uint32_t problems = r->store->problems.count;
    csv_cell cell = cell_of(r->block, row, place);
    side_value value = {&cell, 0, RUN_UNKNOWN};
    bool good = side_read_value(r, &r->shape->places[place], &value) && r->store->problems.count == problems;
    r->store->problems.count = problems;
    if (!good) set_odd(r->block, row);
    value.cell = NULL;
    return value;
}

/* Of a row as many bytes may be looked at. */
_Static_assert((int)CSV_ROWS_ROOM >= (int)BASE_SHORT_TEXT, "short texts are looked at whole");

static void set_value(block_column *column, size_t row, int64_t bits, uint8_t state)
{
    column->bits[row] = bits;
    column->states[row] = state;
}

static void set_empty(side_block *b, block_column *column, size_t row, uint8_t empty)
{
    set_value(column, row, 0, empty); /* 0 is the empty list, too */
    if (empty == SIDE_REFUSED) set_odd(b, row);
}

/* Any cell of a column. */
static void read_any(side_reader *r, size_t row, size_t place)
{
    side_block *b = r->block;
    csv_cell cell = cell_of(b, row, place);
    if (cell.length == 0) {
        set_empty(b, &b->columns[place], row, r->shape->empty[place]);
        return;
    }
    side_value value = read_cell(r, row, place);
    set_value(&b->columns[place], row, value.bits, value.state);
}

/* A column of dates, which are sooner read than looked for, unless the row before has the same. */
static void read_dates(side_reader *r, size_t place)
{
    side_block *b = r->block;
    block_column *column = &b->columns[place];
    const uint32_t *begins = b->rows.begins + place;
    base_short_text before = {0, 0};
    base_date date = 0;
    for (size_t row = 0; row < b->rows.count; row++, begins += b->rows.width) {
        const char *text = b->rows.text + begins[0];
        size_t length = begins[1] - begins[0] - 1U;
        base_short_text now = {0, 0};
        if (length == 10) now = base_short_text_within(text, 10);
        bool same = length == 10 && now.first == before.first && now.last == before.last;
        if (same || base_date_read(text, length, false, &date)) {
            before = now;
            set_value(column, row, date, RUN_PRESENT);
        } else {
            read_any(r, row, place);
        }
    }
}

/* A column of texts that come again, looked for among those that it held lately. */
static __attribute__((noinline)) void read_short_texts(side_reader *r, size_t place)
{
    side_block *b = r->block;
    const side_place *p = &r->shape->places[place];
    block_column *column = &b->columns[place];
    const uint32_t *begins = b->rows.begins + place;
    const size_t width = b->rows.width, count = b->rows.count, last = place + 1 == width;
    const char *const all = b->rows.text;
    const uint64_t tags = side_lately_tag(r, p, 0, false);
    for (size_t row = 0; row < count; row++, begins += width) {
        const char *text = all + begins[0];
        size_t length = begins[1] - begins[0] - 1U;
        length -= last && length > 0 && text[length - 1] == '\r';
        if (length - 1 < BASE_SHORT_TEXT) {
            base_short_text now = base_short_text_within(text, length);
            const side_lately *lately = side_lately_at(p, now, tags | length);
            if (side_lately_is(lately, now, tags | length)) {
                set_value(column, row, lately->bits, lately->state);
                continue;
            }
        }
        read_any(r, row, place);
    }
}

/* Whether a text is taken as it stands. */
static bool as_it_stands(const csv_cell *cell)
{
    return !(cell->length == 4 && memcmp(cell->text, "none", 4) == 0) &&
           !(cell->length == 7 && memcmp(cell->text, "unknown", 7) == 0);
}

/* A column of texts that hardly come again: names, found by their texts or as symbols. */
static void read_names(side_reader *r, size_t place)
{
    side_block *b = r->block;
    block_column *column = &b->columns[place];
    cell_use use = r->shape->places[place].column->use;
    bool by_text = use == USE_MEMBER || use == USE_COVERED_MEMBER || use == USE_SESSION;
    base_intern *texts = &r->store->symbols;
    uint32_t hashes[ROWS];
    for (size_t row = 0; !by_text && row < b->rows.count; row++) {
        csv_cell cell = cell_of(b, row, place);
        hashes[row] = base_intern_expect(texts, cell.text, cell.length);
    }
    for (size_t row = 0; row < b->rows.count; row++) {
        csv_cell cell = cell_of(b, row, place);
        if (cell.length > 0 && as_it_stands(&cell))
            set_value(column, row, by_text ? 0 : base_intern_add_expected(texts, cell.text, cell.length, hashes[row]),
                      RUN_PRESENT);
        else
            read_any(r, row, place);
    }
}

/* Whether every cell of a column is empty, as the gaps between its separators say. */
static void find_filled(side_block *b)
{
    const size_t width = b->rows.width;
    const uint32_t *begins = b->rows.begins;
    memset(b->filled, 0, width * sizeof *b->filled);
    for (size_t row = 0; row < b->rows.count; row++, begins += width) {
        for (size_t i = 0; i < width; i++) b->filled[i] |= begins[i + 1] - begins[i] - 1;
    }
}

/* What a column of empty cells says, which it often says again. */
static void read_nothing(block_column *column, uint8_t empty)
{
    if (column->empty) return;
    memset(column->bits, 0, sizeof column->bits);
    memset(column->states, empty, sizeof column->states);
    column->empty = true;
}

static void read_columns(side_reader *r)
{
    side_block *b = r->block;
    b->odd = b->special;
    find_filled(b);
    for (size_t i = 0; i < r->shape->width; i++) {
        const side_place *place = &r->shape->places[i];
        uint8_t empty = r->shape->empty[i];
        if (place->column == NULL) continue;
        if (empty != SIDE_REFUSED && b->filled[i] == 0) {
            read_nothing(&b->columns[i], empty);
            continue;
        }
        b->columns[i].empty = false;
        if (place->field && place->type.kind == LANG_TYPE_DATE && !place->type.list)
            read_dates(r, i);
        else if (place->lately != NULL)
            read_short_texts(r, i);
        else
            read_names(r, i);
    }
}

/* ---- storing ---- */

/* Whether all rows of a column have the state of the first one. */
static bool one_state(const block_column *column, size_t from, size_t to)
{
    uint8_t differs = 0;
    for (size_t i = from; i < to; i++) differs |= column->states[i] ^ column->states[from];
    return differs == 0;
}

static void store_values(const run_column *to, uint32_t first, const int64_t *bits, size_t count)
{
    if (to->narrow) {
        int32_t *values = run_column_narrow(to) + first;
        for (size_t i = 0; i < count; i++) values[i] = (int32_t)bits[i];
    } else {
        memcpy(run_column_wide(to) + first, bits, count * sizeof *bits);
    }
}

static void store_column(side_reader *r, size_t place, block_record record, size_t from, size_t to, bool in_order)
{
    const side_block *b = r->block;
    const block_column *column = &b->columns[place];
    const uint32_t *rows = b->places[record];
    run_column *stored = &r->store->columns[r->shape->places[place].column->field];
    if (in_order && one_state(column, from, to)) {
        uint8_t state = column->states[from];
        if (state == RUN_UNKNOWN) return;
        memset(stored->states + rows[from], state, to - from);
        if (state == RUN_ABSENT && record == OWN) return; /* rows of its own are new: their bits are 0 */
        store_values(stored, rows[from], column->bits + from, to - from);
        return;
    }
    for (size_t i = from; i < to; i++) {
        uint8_t state = column->states[i];
        uint32_t row = rows[i];
        if (state == RUN_UNKNOWN || row == RUN_NO_ROW) continue;
        if (state == RUN_ABSENT && record == PATIENT && stored->states[row] != RUN_UNKNOWN)
            continue; /* what another record says of a member stands */
        run_column_put(stored, row, column->bits[i]);
        stored->states[row] = state;
    }
}

/* Whether rows follow each other in the store. */
static bool follow_each_other(const uint32_t *rows, size_t from, size_t to)
{
    uint32_t off = rows[from] == RUN_NO_ROW;
    for (size_t i = from; i < to; i++) off |= rows[i] ^ (rows[from] + (uint32_t)(i - from));
    return off == 0;
}

/* Stores the fields of the rows from and to, `to` exclusive, whose places are noted. */
static void store_columns(side_reader *r, size_t from, size_t to)
{
    const side_block *b = r->block;
    bool in_order[RECORDS];
    if (from == to) return;
    for (int i = 0; i < RECORDS; i++) in_order[i] = i != PATIENT && follow_each_other(b->places[i], from, to);
    for (size_t i = 0; i < r->shape->width; i++) {
        const side_place *place = &r->shape->places[i];
        if (place->column == NULL || !place->field) continue;
        if (b->columns[i].empty && r->shape->empty[i] == RUN_UNKNOWN) continue;
        block_record record = place->record == r->shape->record      ? OWN
                              : place->record == LANG_RECORD_claim   ? CLAIM
                              : place->record == LANG_RECORD_patient ? PATIENT
                                                                     : RECORDS;
        if (record != RECORDS) store_column(r, i, record, from, to, in_order[record]);
    }
    if (r->shape->kind != SIDE_history) return;
    for (size_t i = from; i < to; i++) {
        if (b->places[OWN][i] != RUN_NO_ROW) side_finish_line(r, b->places[OWN][i]);
    }
}

static void note_places(side_reader *r)
{
    side_block *b = r->block;
    b->places[OWN][b->row] = r->rows[r->shape->record];
    b->places[CLAIM][b->row] = r->rows[LANG_RECORD_claim];
    b->places[PATIENT][b->row] = r->rows[LANG_RECORD_patient];
}

/* ---- records ---- */

/* Joins a row whose cells were read with what it belongs to. */
static void join_row(side_reader *r)
{
    side_block *b = r->block;
    for (int i = 0; i < RECORDS; i++) b->places[i][b->row] = RUN_NO_ROW;
    for (size_t i = 0; i < b->head_count; i++) {
        size_t place = b->heads[i];
        side_value *value = &r->values[place];
        value->state = b->columns[place].states[b->row];
        if (value->state != RUN_PRESENT) continue;
        b->cells[place] = cell_of(b, b->row, place);
        value->bits = b->columns[place].bits[b->row];
        value->cell = &b->cells[place];
    }
    r->wait = note_places;
    side_count_record(r, side_store(r));
    r->wait = NULL;
}

static void read_alone(side_reader *r, csv_cell *cells)
{
    const side_block *b = r->block;
    for (size_t i = 0; i < b->rows.width; i++) cells[i] = cell_of(b, b->row, i);
    side_read_record(r, cells, b->rows.width);
}

/* Where a row stands in its file. */
static void go_to_row(side_reader *r, size_t start, size_t *from, size_t *to)
{
    side_block *b = r->block;
    if (b->together) {
        r->line = b->lines[b->row];
        *from = b->from[b->row];
        *to = b->to[b->row];
        return;
    }
    r->line = b->rows.line + b->row;
    *from = r->csv.line_start = start + b->rows.begins[b->row * b->rows.width];
    *to = r->csv.at = start + b->rows.begins[(b->row + 1) * b->rows.width];
}

/* Reads the rows of the block, which begins at `start`. */
static void read_rows(side_reader *r, size_t start, csv_cell *cells)
{
    side_block *b = r->block;
    side_shape *shape = r->shape;
    r->input->encounters->blocks++;
    read_columns(r);
    size_t stored = 0;
    for (b->row = 0; b->row < b->rows.count; b->row++) {
        size_t rejected = r->input->rejected, from, to;
        go_to_row(r, start, &from, &to);
        if (b->odd >> b->row & 1) {
            store_columns(r, stored, b->row);
            stored = b->row + 1;
            if (b->together)
                b->again(b->state, b->lines[b->row], from, to);
            else
                read_alone(r, cells);
            r->shape = shape;
            r->block = b;
        } else {
            join_row(r);
        }
        if (r->input->rejected > rejected) read_keep_reject(r->input, from, to);
    }
    store_columns(r, stored, b->rows.count);
}

/* More records are read alone each time, where blocks do not come to much. */
static void take_rest(side_block *b)
{
    b->resting = b->rest;
    b->rest = b->rest * 2 + 1 < MOST_REST ? b->rest * 2 + 1 : MOST_REST;
}

bool side_together_full(const side_shape *shape)
{
    const side_block *b = shape->block;
    return b->rows.count >= b->most || b->rows.count == ROWS;
}

void side_together_read(side_reader *r, side_shape *shape)
{
    enum { FEW = 8 };
    side_block *b = shape->block;
    if (b == NULL || b->rows.count == 0) return;
    r->shape = shape;
    r->block = b;
    bool whole = b->rows.count >= FEW || b->rows.count >= b->most;
    read_rows(r, 0, NULL);
    if (whole)
        b->rest = 0;
    else
        take_rest(b);
    b->rows.count = b->used = 0;
    b->special = 0;
    r->block = NULL;
}

bool side_read_block(side_reader *r, csv_cell *cells)
{
    side_block *b = r->block;
    if (b == NULL) return false;
    if (b->resting > 0) {
        b->resting--;
        return false;
    }
    base_csv_next_rows(&r->csv, &b->rows, read_batch_room(r->input));
    if (b->rows.count == 0) {
        take_rest(b);
        return false;
    }
    b->rest = 0;
    size_t end = r->csv.at;
    read_rows(r, (size_t)(b->rows.text - r->csv.bytes), cells);
    r->csv.at = end;
    return true;
}
