/* Rows, columns and symbols of the encounter store. */
#include "runtime/crew.h"
#include "runtime/guest.h"

#include <assert.h>
#include <string.h>

static bool release_part(void *state, size_t worker, size_t item)
{
    (void)worker;
    run_store *store = state;
    base_arena *const parts[] = {&store->rows, &store->arena};
    base_arena_release(parts[item]);
    return true;
}

/* Of a large store columns and the rest are given back beside each other: the system takes as long for them as for making them. */
void run_store_release(run_store *store)
{
    const size_t large = (size_t)1 << 26;
    run_store_forget_numbers(store);
    size_t threads = store->rows.total + store->arena.total < large ? 1 : store->threads;
    if (!run_crew(&store->lasting, threads, 2, release_part, store)) { /* no memory for threads */
        base_arena_release(&store->rows);
        base_arena_release(&store->arena);
    }
    base_arena_release(&store->lasting);
}

static bool widen_to(run_store *store, lang_record record, uint32_t wanted)
{
    uint32_t old = store->capacities[record];
    for (int f = 0; f < lang_schema_field_count(store->schema); f++) {
        if (lang_schema_field(store->schema, (lang_field)f)->record != record) continue;
        run_column *column = &store->columns[f];
        size_t width = run_column_width(column);
        void *values = base_arena_alloc(&store->rows, wanted * width);
        uint8_t *states = base_arena_alloc(&store->rows, wanted + RUN_STATES_BEYOND);
        if (values == NULL || states == NULL) {
            store->arena.failed = true; /* which is where readers look */
            return false;
        }
        /* New memory is zeros, and unknown: a column in which nothing was set stays untouched. */
        bool any = false;
        for (uint32_t row = 0; row < old && !any; row++) any = column->states[row] != RUN_UNKNOWN;
        if (any) memcpy(values, column->values, old * width);
        if (any) memcpy(states, column->states, old);
        column->values = values;
        column->states = states;
    }
    store->capacities[record] = wanted;
    return true;
}

/* How many there will be of something when the source that is being read ends, if there were `before` when it began and now are `count`: as
 * many as it brings to the end at the same rate, times `margin`. At most 64 times as many as there is room for. */
static uint32_t foresee(const run_store *store, uint32_t before, uint32_t count, uint32_t room, double margin)
{
    const double fold = 64;
    double part = (double)store->source_filled / (double)store->source_length;
    double all = before + (count - before) / part * margin, most = room * fold;
    if (all > most) all = most;
    return all < UINT32_MAX / 4 ? (uint32_t)all : 0;
}

/* How many rows of a record the source will have brought when it ends; 0 where that is not to be told. Room that is not used costs nothing,
 * but moving what is there does. */
static uint32_t expected(const run_store *store, lang_record record)
{
    enum { ENOUGH = 16384 };
    uint32_t old = store->capacities[record], before = store->source_counts[record], count = store->counts[record];
    if (store->source_length <= store->source_filled || old < ENOUGH || count <= before) return 0;
    /* What is in memory runs ahead of what was read, and files are not the same all over. */
    return foresee(store, before, count, old, 1.5);
}

/* Makes room for the texts that are expected, when room is made for as many lines. Here room costs, since texts lie all over it. */
static bool expect_texts(run_store *store)
{
    uint32_t count = store->symbols.entries.count, room = (uint32_t)base_intern_room(&store->symbols);
    uint32_t wanted = foresee(store, store->source_texts, count, room, 1);
    return wanted <= room || base_intern_reserve(&store->symbols, wanted);
}

void run_store_begin_source(run_store *store, uint64_t length)
{
    store->source_length = length;
    store->source_filled = 0;
    store->source_texts = store->symbols.entries.count;
    if (store->arena.failed) return; /* tables may be missing */
    memcpy(store->source_counts, store->counts,
           (size_t)lang_schema_record_count(store->schema) * sizeof *store->counts);
}

#define RESERVE(store, array, wanted)                                                                                  \
    base_arena_reserve(&(store)->arena, (void **)&(store)->array.items, (store)->array.count,                          \
                       &(store)->array.capacity, sizeof *(store)->array.items, wanted)

static bool widen(run_store *store, lang_record record)
{
    uint32_t old = store->capacities[record], wanted = old == 0 ? 16 : old * 2, all = expected(store, record);
    if (old > UINT32_MAX / 4) return false;
    if (all > wanted) wanted = all;
    if (all > 0 && record == LANG_RECORD_line && (!RESERVE(store, lines, wanted) || !expect_texts(store))) return false;
    if (all > 0 && record == LANG_RECORD_claim && !RESERVE(store, claims, wanted)) return false;
    return widen_to(store, record, wanted);
}

bool run_store_make_room(run_store *store, lang_record record, uint32_t rows)
{
    uint32_t needed = store->counts[record] + rows;
    if (rows > UINT32_MAX / 4 - store->counts[record]) return false;
    while (store->capacities[record] < needed) {
        if (!widen(store, record)) return false;
    }
    uint32_t room = store->capacities[record];
    return (record != LANG_RECORD_line || RESERVE(store, lines, room)) &&
           (record != LANG_RECORD_claim || RESERVE(store, claims, room)) &&
           (record != LANG_RECORD_remittance || RESERVE(store, remitted, room));
}

bool run_store_reserve(run_store *store, lang_record record, uint32_t rows)
{
    return rows <= store->capacities[record] || widen_to(store, record, rows);
}

uint32_t run_store_add(run_store *store, lang_record record)
{
    if (store->counts[record] == store->capacities[record] && !widen(store, record)) return RUN_NO_ROW;
    if (record == LANG_RECORD_line) {
        run_line_extra *extra = BASE_PUSH(&store->arena, &store->lines);
        if (extra == NULL) return RUN_NO_ROW;
        *extra = (run_line_extra){.place = store->places++};
    } else if (record == LANG_RECORD_claim) {
        run_claim_extra *extra = BASE_PUSH(&store->arena, &store->claims);
        if (extra == NULL) return RUN_NO_ROW;
        *extra = (run_claim_extra){0};
    } else if (record == LANG_RECORD_patient) {
        uint8_t *own = BASE_PUSH(&store->arena, &store->own_history);
        uint8_t *told = own == NULL ? NULL : BASE_PUSH(&store->arena, &store->told_coverage);
        if (told == NULL) return RUN_NO_ROW;
        *own = *told = 0;
    }
    return store->counts[record]++;
}

void run_store_truncate(run_store *store, lang_record record, uint32_t count)
{
    uint32_t had = store->counts[record];
    if (had <= count) return;
    for (int f = 0; f < lang_schema_field_count(store->schema); f++) {
        if (lang_schema_field(store->schema, (lang_field)f)->record != record) continue;
        const run_column *column = &store->columns[f];
        size_t width = run_column_width(column);
        memset((char *)column->values + count * width, 0, (had - count) * width);
        memset(column->states + count, 0, had - count);
    }
    store->counts[record] = count;
    if (record == LANG_RECORD_line) {
        store->places -= store->lines.count - count;
        store->lines.count = count;
    }
    if (record == LANG_RECORD_claim) store->claims.count = count;
}

/* What an empty store begins with beside its columns. */
static bool begin_tables(run_store *store)
{
    const lang_schema *schema = store->schema;
    size_t fields = (size_t)lang_schema_field_count(schema);
    store->whole = base_arena_alloc(&store->arena, fields);
    store->uniform = base_arena_alloc(&store->arena, fields);
    store->numbers = base_arena_alloc(&store->arena, sizeof *store->numbers);
    if (store->arena.failed) return false;
    if (!base_intern_init(&store->symbols, &store->arena) || !base_intern_init(&store->members, &store->arena)) {
        return false;
    }
    return run_store_add(store, LANG_RECORD_patient) == 0;
}

/* Machine code reads row 0 of every column before it knows whether a row is present. */
static bool begin_columns(run_store *store)
{
    size_t records = (size_t)lang_schema_record_count(store->schema);
    store->counts = base_arena_alloc(&store->lasting, records * sizeof *store->counts);
    store->capacities = base_arena_alloc(&store->lasting, records * sizeof *store->capacities);
    store->source_counts = base_arena_alloc(&store->lasting, records * sizeof *store->source_counts);
    store->columns =
        base_arena_alloc(&store->lasting, (size_t)lang_schema_field_count(store->schema) * sizeof *store->columns);
    for (int f = 0; !store->lasting.failed && f < lang_schema_field_count(store->schema); f++)
        store->columns[f].narrow = run_is_narrow(lang_schema_field(store->schema, (lang_field)f)->type);
    for (size_t r = 0; !store->lasting.failed && r < records; r++) {
        if (!widen(store, (lang_record)r)) return false;
    }
    return !store->lasting.failed;
}

/* Takes all rows away. A file fills few of the columns: nothing is written to the others. */
static void clear_columns(run_store *store)
{
    for (int f = 0; f < lang_schema_field_count(store->schema); f++) {
        const run_column *column = &store->columns[f];
        uint32_t count = store->counts[lang_schema_field(store->schema, (lang_field)f)->record];
        uint8_t any = 0;
        for (uint32_t row = 0; row < count; row++) any |= column->states[row];
#ifndef NDEBUG
        for (uint32_t row = 0; row < count; row++)
            assert(column->states[row] != RUN_UNKNOWN || run_column_bits(column, row) == 0);
#endif
        if (any == RUN_UNKNOWN) continue;
        memset(column->values, 0, count * run_column_width(column));
        memset(column->states, 0, count);
    }
    size_t records = (size_t)lang_schema_record_count(store->schema);
    memset(store->counts, 0, records * sizeof *store->counts);
    memset(store->source_counts, 0, records * sizeof *store->source_counts);
}

bool run_store_init(run_store *store, const lang_schema *schema, const base_allocator *allocator)
{
    *store = (run_store){.schema = schema};
    base_arena_init(&store->arena, allocator);
    base_arena_init(&store->lasting, allocator);
    base_arena_init(&store->rows, allocator);
    size_t records = (size_t)lang_schema_record_count(schema);
    store->site_feeds = base_arena_alloc(&store->lasting, records * sizeof *store->site_feeds);
    store->site_holes = base_arena_alloc(&store->lasting, records * sizeof *store->site_holes);
    return !store->lasting.failed && begin_columns(store) && begin_tables(store);
}

void run_store_copy_told(run_store *to, const run_store *from)
{
    memcpy(to->feeds, from->feeds, sizeof to->feeds);
    for (int r = 0; r < lang_schema_record_count(from->schema); r++) {
        to->site_feeds[r] = from->site_feeds[r];
        to->site_holes[r] = from->site_holes[r];
    }
    to->remitted_claims = from->remitted_claims;
    to->redact = from->redact;
    to->history_is_own = from->history_is_own;
    to->eligibility_has_holes = from->eligibility_has_holes;
    to->remittance_has_holes = from->remittance_has_holes;
    to->schedule_has_holes = from->schedule_has_holes;
    to->rates_have_holes = from->rates_have_holes;
    to->acknowledgments_have_holes = from->acknowledgments_have_holes;
    to->as_of_given = from->as_of_given;
    to->as_of = from->as_of;
    to->submit_given = from->submit_given;
    to->submit_on = from->submit_on;
}

bool run_store_reset(run_store *store)
{
    run_store_forget_numbers(store);
    run_store before = *store;
    clear_columns(store);
    *store = (run_store){.schema = before.schema,
                         .arena = before.arena,
                         .lasting = before.lasting,
                         .rows = before.rows,
                         .columns = before.columns,
                         .counts = before.counts,
                         .capacities = before.capacities,
                         .source_counts = before.source_counts,
                         .site_feeds = before.site_feeds,
                         .site_holes = before.site_holes,
                         .places = before.places};
    run_store_copy_told(store, &before);
    base_arena_reset(&store->arena);
    return begin_tables(store) && base_intern_reserve(&store->symbols, base_intern_room(&before.symbols)) &&
           base_intern_reserve(&store->members, base_intern_room(&before.members));
}

bool run_store_whole(const run_store *store, lang_field field, int64_t unit)
{
    enum { NO = 1, YES = 2 };
    if ((int)field >= lang_schema_field_count(store->schema)) return true;
    uint8_t *kept = &store->whole[field], found = __atomic_load_n(kept, __ATOMIC_RELAXED);
    if (found != 0) return found == YES;
    const run_column *column = &store->columns[field];
    uint32_t count = store->counts[lang_schema_field(store->schema, field)->record], row = 0;
    while (row < count && (run_column_bits(column, row) % unit == 0 || column->states[row] != RUN_PRESENT)) row++;
    __atomic_store_n(kept, row < count ? NO : YES, __ATOMIC_RELAXED);
    return row == count;
}

uint8_t run_store_uniform(const run_store *store, lang_field field)
{
    enum { MIXED = 0xFF };
    if ((int)field >= lang_schema_field_count(store->schema)) return 0;
    uint8_t *kept = &store->uniform[field], found = __atomic_load_n(kept, __ATOMIC_RELAXED);
    if (found != 0) return found == MIXED ? 0 : (uint8_t)(found - 1);
    const uint8_t *states = store->columns[field].states;
    uint32_t count = store->counts[lang_schema_field(store->schema, field)->record], row = 0;
    while (row < count && states[row] == states[0]) row++;
    found = count == 0 || row < count ? MIXED : (uint8_t)(states[0] + 1);
    __atomic_store_n(kept, found, __ATOMIC_RELAXED);
    return found == MIXED ? 0 : (uint8_t)(found - 1);
}

void run_store_set_text(run_store *store, lang_field field, uint32_t row, const char *text, size_t length)
{
    uint32_t symbol = base_intern_add(&store->symbols, text, length);
    if (symbol != BASE_INTERN_NONE) run_store_set(store, field, row, symbol);
}

uint32_t run_store_code(run_store *store, lang_code_system system, const char *text, size_t length)
{
    char buffer[128];
    if (length >= sizeof buffer) length = sizeof buffer - 1;
    bool normal = true;
    for (size_t i = 0; i < length; i++)
        normal = normal && (text[i] < 'a' || text[i] > 'z') && text[i] > 0 &&
                 (text[i] != '.' || system != LANG_SYSTEM_icd10);
    if (normal) return base_intern_add(&store->symbols, text, length);
    size_t used = lang_code_normalize(system, text, length, buffer);
    return base_intern_add(&store->symbols, buffer, used);
}

void run_store_set_code(run_store *store, lang_field field, uint32_t row, const char *text, size_t length)
{
    lang_code_system system = (lang_code_system)lang_schema_field(store->schema, field)->type.detail;
    uint32_t symbol = run_store_code(store, system, text, length);
    if (symbol != BASE_INTERN_NONE) run_store_set(store, field, row, symbol);
}

int64_t run_store_list(run_store *store, const uint32_t *codes, size_t count)
{
    size_t offset = store->pool.count;
    for (size_t i = 0; i < count; i++) {
        uint32_t *slot = BASE_PUSH(&store->arena, &store->pool);
        if (slot == NULL) return 0;
        *slot = codes[i];
    }
    return run_list_pack(offset, count);
}

void run_store_set_list(run_store *store, lang_field field, uint32_t row, const uint32_t *codes, size_t count)
{
    run_store_set(store, field, row, run_store_list(store, codes, count));
}

const char *run_store_text(const run_store *store, lang_field field, uint32_t row)
{
    if (!run_store_present(store, field, row)) return "";
    return base_intern_text(&store->symbols, (uint32_t)run_store_bits(store, field, row));
}

uint32_t run_store_patient(run_store *store, const char *member, size_t length)
{
    size_t known = store->members.entries.count;
    uint32_t row = base_intern_add(&store->members, member, length);
    if (row == BASE_INTERN_NONE) return RUN_NO_ROW;
    if (row < known) return row;
    uint32_t added = run_store_add(store, LANG_RECORD_patient);
    if (added != row) return RUN_NO_ROW;
    run_store_set_text(store, LANG_FIELD_patient_id, row, member, length);
    return row;
}

/* The message without what was found: the first text between backticks, and of FHIR all of them. Messages about names of
 * columns, and of other kinds, quote no data. */
static const char *hide_found(run_store *store, const char *code, const char *message)
{
    static const char *const names[] = {"D0301", "D0302", "D0304", "D0308", "D0310", "D0311"};
    bool fhir = strncmp(code, "D05", 3) == 0,
         data = fhir || strncmp(code, "D02", 3) == 0 || strncmp(code, "D03", 3) == 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) data = data && strcmp(code, names[i]) != 0;
    if (!data) return message;
    base_text text;
    base_text_init(&text, &store->arena);
    for (const char *end; *message != '\0'; message = end + 1) {
        const char *from = strchr(message, '`');
        end = from == NULL ? NULL : strchr(from + 1, '`');
        if (end == NULL) break;
        base_text_add(&text, message, (size_t)(from - message));
        base_text_put(&text, "(hidden)");
        if (fhir) continue;
        message = end + 1;
        break;
    }
    base_text_put(&text, message);
    return base_text_string(&text);
}

/* A message is for people: what was found is shown by its beginning. */
static void shorten(base_text *text)
{
    enum { MOST = 1000 };
    if (text->length <= MOST) return;
    size_t end = MOST;
    while (end > 0 && ((unsigned char)text->bytes[end] & 0xC0) == 0x80) end--; /* not within a letter */
    text->length = end;
    base_text_put(text, "... (much more)");
}

void run_store_problem(run_store *store, adj_severity severity, const char *code, const char *file, size_t segment,
                       size_t line, size_t column, const char *claim, const char *format, ...)
{
    base_text text;
    base_text_init(&text, &store->arena);
    va_list arguments;
    va_start(arguments, format);
    base_text_format_list(&text, format, arguments);
    va_end(arguments);
    adj_problem *problem = BASE_PUSH(&store->arena, &store->problems);
    if (problem == NULL) return;
    shorten(&text);
    const char *message = base_text_string(&text);
    if (store->redact) message = hide_found(store, code, message);
    *problem = (adj_problem){severity, file, segment, line, column, code, message, claim};
    if (claim != NULL) problem->claim = base_arena_copy(&store->arena, claim, strlen(claim));
}

void run_store_add_problem(run_store *store, const adj_problem *problem)
{
    adj_problem *added = BASE_PUSH(&store->arena, &store->problems);
    if (added == NULL) return;
    *added = *problem;
    added->message = base_arena_copy(&store->arena, problem->message, strlen(problem->message));
    if (problem->claim != NULL) added->claim = base_arena_copy(&store->arena, problem->claim, strlen(problem->claim));
}

/* Two tasks of which neither asks for what the other writes. */
typedef struct last_tasks {
    run_store *store;
    run_code_check *codes;
} last_tasks;

static bool do_last_task(void *state, size_t worker, size_t item)
{
    (void)worker;
    const last_tasks *tasks = state;
    if (item == 0)
        run_retire_claims(tasks->store);
    else
        run_codes_check(tasks->codes);
    return true;
}

static void retire_and_check(run_store *store)
{
    last_tasks tasks = {store, run_codes_begin(store)};
    base_arena scratch; /* the store's own is for the claims */
    base_arena_init(&scratch, &store->arena.allocator);
    bool done = tasks.codes != NULL && run_crew_in_order(&scratch, store->threads, 2, do_last_task, &tasks);
    if (!done) store->arena.failed = true;
    run_codes_tell(tasks.codes, store);
    base_arena_release(&scratch);
}

bool run_store_finish(run_store *store)
{
    if (store->finished) return true;
    run_link(store);
    retire_and_check(store);
    if (!run_index(store) || !run_store_seat_guests(store)) return false;
    store->finished = true;
    return !store->arena.failed;
}
