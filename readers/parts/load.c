/* Encounters of a part's rows. */
#include "readers/parts/parts.h"

#include <string.h>

typedef struct loading {
    const base_intern *paths;
    read_encounters *encounters;
    run_store *store;
    const char *at, *end; /* of the row at hand */
    const char *key;
    size_t key_length;
    base_arena scratch;       /* of the batch at hand */
    base_intern claim_places; /* the place of a claim in it, as bytes */
    BASE_ARRAY(uint32_t) claim_rows;
} loading;

/* ---- values ---- */

static bool get_bytes(loading *l, void *to, size_t length)
{
    if ((size_t)(l->end - l->at) < length) return false;
    memcpy(to, l->at, length);
    l->at += length;
    return true;
}

static int64_t number(loading *l)
{
    return parts_unfolded(parts_read_number(&l->at, l->end));
}

/* A text of the row: where it stands. */
static const char *text(loading *l, size_t *length)
{
    uint64_t size = parts_read_number(&l->at, l->end);
    *length = 0;
    if ((uint64_t)(l->end - l->at) < size) return "";
    const char *start = l->at;
    *length = (size_t)size;
    l->at += size;
    return start;
}

static uint32_t symbol(loading *l)
{
    size_t length;
    const char *bytes = text(l, &length);
    uint32_t id = length == 0 ? 0 : base_intern_add(&l->store->symbols, bytes, length);
    return id == BASE_INTERN_NONE ? 0 : id;
}

static int64_t list(loading *l)
{
    int64_t count = number(l);
    uint32_t codes[64];
    size_t used = 0;
    for (int64_t i = 0; i < count && used < 64; i++) codes[used++] = symbol(l);
    return run_store_list(l->store, codes, used);
}

/* Where the row of a claim of the batch is kept, by its place there; RUN_NO_ROW for one that is not here. NULL for no memory. */
static uint32_t *claim_slot(loading *l, uint64_t place)
{
    uint32_t id = base_intern_add(&l->claim_places, (const char *)&place, sizeof place);
    if (id == BASE_INTERN_NONE) return NULL;
    while (l->claim_rows.count <= id) {
        uint32_t *slot = BASE_PUSH(&l->scratch, &l->claim_rows);
        if (slot == NULL) return NULL;
        *slot = RUN_NO_ROW;
    }
    return &l->claim_rows.items[id];
}

/* Claims are counted anew; nothing refers to those of the batch before. */
static bool begin_batch(loading *l)
{
    base_arena_reset(&l->scratch);
    l->claim_rows.items = NULL;
    l->claim_rows.count = l->claim_rows.capacity = 0;
    return base_intern_init(&l->claim_places, &l->scratch);
}

static int64_t reference(loading *l, lang_record record)
{
    size_t length, index;
    if (record == LANG_RECORD_claim) {
        const uint32_t *row = claim_slot(l, (uint64_t)number(l));
        return row == NULL ? (int64_t)RUN_NO_ROW : (int64_t)*row;
    }
    const char *name = text(l, &length);
    if (record == LANG_RECORD_session) return read_session_row(l->encounters, name, length, &index);
    return run_store_patient(l->store, name, length);
}

static int64_t value(loading *l, lang_type type)
{
    if (type.list) return list(l);
    if (type.kind == LANG_TYPE_CODE || type.kind == LANG_TYPE_TEXT) return symbol(l);
    if (type.kind == LANG_TYPE_RECORD) return reference(l, (lang_record)type.detail);
    return number(l);
}

/* The next field of a row, after the one before or PARTS_NO_FIELD; false at their end. */
static bool next_field(loading *l, uint32_t before, lang_field *field, uint8_t *state, int64_t *bits)
{
    uint64_t tag = parts_read_number(&l->at, l->end), place = (uint32_t)(before + (uint32_t)(tag >> 2));
    *bits = 0;
    if (tag == 0 || place >= (uint64_t)lang_schema_field_count(l->store->schema)) return false;
    *field = (lang_field)place;
    *state = tag & 3;
    if (*state == RUN_PRESENT) *bits = value(l, lang_schema_field(l->store->schema, *field)->type);
    return true;
}

/* Absent does not take the place of a value where `gentle`: what other records say of a member stands. */
static void set_fields(loading *l, uint32_t row, bool gentle)
{
    lang_field field;
    uint8_t state;
    int64_t bits;
    for (uint32_t before = PARTS_NO_FIELD; next_field(l, before, &field, &state, &bits); before = field) {
        if (state == RUN_PRESENT && bits != (int64_t)RUN_NO_ROW)
            run_store_set(l->store, field, row, bits);
        else if (state == RUN_ABSENT && !(gentle && run_store_state(l->store, field, row) == RUN_PRESENT))
            run_store_set_absent(l->store, field, row);
    }
}

/* ---- rows ---- */

static void load_patient(loading *l)
{
    uint8_t flags[2] = {0, 0};
    uint32_t row = run_store_patient(l->store, l->key, l->key_length);
    if (row == RUN_NO_ROW || !get_bytes(l, flags, sizeof flags)) return;
    l->store->own_history.items[row] |= flags[0];
    l->store->told_coverage.items[row] |= flags[1];
    set_fields(l, row, true);
}

static void tell_twice(loading *l, const char *code, const char *what, size_t length, const char *name)
{
    run_store_problem(l->store, ADJ_SEVERITY_WARNING, code, "the side files", 0, 0, 0, NULL,
                      "%s %.*s stands twice; the first record counts", what, (int)length, name);
}

static void load_session(loading *l)
{
    uint8_t defined = 0;
    size_t index;
    uint32_t row = read_session_row(l->encounters, l->key, l->key_length, &index);
    if (row == RUN_NO_ROW || !get_bytes(l, &defined, 1)) return;
    if (defined && l->encounters->session_defined.items[index]) {
        tell_twice(l, "D0307", "the session", l->key_length, l->key);
        l->encounters->rejected_records++;
        return;
    }
    if (defined) l->encounters->session_defined.items[index] = true;
    set_fields(l, row, true);
}

static void load_claim(loading *l)
{
    uint8_t flags[4] = {0, 0, 0, 0};
    uint32_t id = symbol(l), *slot = claim_slot(l, (uint64_t)number(l));
    if (slot == NULL || !get_bytes(l, flags, sizeof flags)) return;
    uint32_t payer_number = symbol(l), frequency = symbol(l), own_number = symbol(l);
    bool made = false;
    if (flags[2] != 0) { /* its records may be in several batches */
        uint32_t patient = run_store_patient(l->store, l->key, l->key_length);
        const read_claim_key key = {patient, id, frequency, own_number, flags[3]};
        *slot = patient == RUN_NO_ROW ? RUN_NO_ROW : read_joined_claim(l->encounters, key, &made);
    } else {
        *slot = run_store_add(l->store, LANG_RECORD_claim);
        made = true;
    }
    if (*slot == RUN_NO_ROW) return;
    run_claim_extra *extra = &l->store->claims.items[*slot];
    extra->subject = flags[0] != 0;
    extra->beside = flags[1] != 0;
    if (payer_number != 0) extra->payer_number = payer_number;
    if (extra->subject && made) l->encounters->claim_count++;
    set_fields(l, *slot, false);
}

/* Takes back a line that stands twice: its claim had a line of that number in another batch. */
static bool line_stands_twice(loading *l, uint32_t row)
{
    if (!l->store->lines.items[row].numbered) return false;
    uint32_t claim = (uint32_t)run_store_bits(l->store, LANG_FIELD_line_claim, row);
    if (!read_add_pair(l->encounters, &l->encounters->lines, claim,
                       run_store_bits(l->store, LANG_FIELD_line_number, row)))
        return false;
    const char *id = run_store_text(l->store, LANG_FIELD_claim_id, claim);
    tell_twice(l, "D0309", "this line of the claim", strlen(id), id);
    run_store_truncate(l->store, LANG_RECORD_line, row);
    return true;
}

static uint32_t path(loading *l)
{
    uint64_t place = (uint64_t)number(l);
    if (place >= l->paths->entries.count) return 0;
    const base_intern_entry *entry = &l->paths->entries.items[place];
    uint32_t id = base_intern_add(&l->store->symbols, entry->text, entry->length);
    return id == BASE_INTERN_NONE ? 0 : id;
}

static void load_line(loading *l)
{
    uint8_t flags[3] = {0, 0, 0};
    uint32_t row = run_store_add(l->store, LANG_RECORD_line);
    if (row == RUN_NO_ROW) return;
    run_line_extra *extra = &l->store->lines.items[row];
    extra->place = (uint64_t)number(l);
    extra->segment = (uint32_t)number(l);
    if (!get_bytes(l, flags, sizeof flags)) return;
    extra->subject = flags[0] != 0;
    extra->numbered = flags[1] != 0;
    extra->unreadable = flags[2] != 0;
    extra->file = path(l);
    extra->authorization = symbol(l);
    uint32_t why = symbol(l);
    if (extra->unreadable) extra->unreadable_why = base_intern_text(&l->store->symbols, why);
    set_fields(l, row, false);
    line_stands_twice(l, row);
}

static void load_record(loading *l)
{
    uint8_t known = 0;
    lang_record record = (lang_record)number(l);
    if ((int)record >= lang_schema_record_count(l->store->schema) || !get_bytes(l, &known, 1)) return;
    uint32_t row = run_store_add(l->store, record);
    if (row == RUN_NO_ROW) return;
    set_fields(l, row, false);
    uint32_t of;
    int64_t number;
    read_pairs *pairs = known == 0 ? NULL : read_known_by(l->encounters, record, row, &of, &number);
    if (pairs == NULL || !read_add_pair(l->encounters, pairs, of, number)) return;
    tell_twice(l, "D0309", "a record of the member", l->key_length, l->key);
    run_store_truncate(l->store, record, row);
}

static void load_coverage(loading *l)
{
    uint32_t patient = run_store_patient(l->store, l->key, l->key_length);
    uint32_t row = patient == RUN_NO_ROW ? RUN_NO_ROW : run_store_add(l->store, LANG_RECORD_coverage);
    uint32_t *slot = row == RUN_NO_ROW ? NULL : BASE_PUSH(&l->store->arena, &l->store->coverage_patients);
    if (slot == NULL) return;
    *slot = patient;
    set_fields(l, row, false);
}

static void load_answer(loading *l)
{
    uint8_t flags[3] = {0, 0, 0};
    if (!get_bytes(l, flags, sizeof flags)) return;
    run_remitted answer = {.kind = (run_remitted_kind)flags[0], .dated = flags[1] != 0, .reversal = flags[2] != 0};
    answer.number = number(l);
    answer.charge = number(l);
    answer.date = (base_date)number(l);
    answer.occurrence = (uint32_t)number(l);
    answer.control = symbol(l);
    answer.procedure = symbol(l);
    uint32_t claim = base_intern_add(&l->store->symbols, l->key, l->key_length);
    answer.claim = claim == BASE_INTERN_NONE ? 0 : claim;
    answer.row = run_store_add(l->store, LANG_RECORD_remittance);
    run_remitted *slot = answer.row == RUN_NO_ROW ? NULL : BASE_PUSH(&l->store->arena, &l->store->remitted);
    if (slot == NULL) return;
    *slot = answer;
    set_fields(l, answer.row, false);
}

static void load_fact(loading *l)
{
    read_claim_fact *fact = BASE_PUSH(&l->store->arena, &l->encounters->claim_facts);
    uint32_t claim = base_intern_add(&l->store->symbols, l->key, l->key_length);
    if (fact == NULL || claim == BASE_INTERN_NONE) return;
    fact->claim_id = claim;
    fact->program = number(l);
    fact->received_given = number(l) != 0;
    fact->received = (base_date)number(l);
    lang_field field;
    uint8_t state;
    int64_t bits;
    while (next_field(l, PARTS_NO_FIELD, &field, &state, &bits)) {
        read_site_value *slot = BASE_PUSH(&l->store->arena, &fact->values);
        if (slot != NULL) *slot = (read_site_value){field, state, bits};
    }
}

static void load_payer(loading *l)
{
    for (int i = 0; i < 2; i++) {
        uint32_t name = symbol(l);
        uint32_t *slot = BASE_PUSH(&l->store->arena, &l->store->payer_map);
        if (slot != NULL) *slot = name;
    }
}

static void load_code(loading *l)
{
    run_listed_code listed = {.system = (lang_code_system)number(l)};
    listed.from = (base_date)number(l);
    listed.to = (base_date)number(l);
    listed.code = symbol(l);
    run_listed_code *slot = BASE_PUSH(&l->store->arena, &l->store->listed_codes);
    if (slot != NULL && (int)listed.system < lang_schema_system_count(l->store->schema)) *slot = listed;
}

static void load_row(loading *l, const parts_head *head, const char *row)
{
    l->key = row + sizeof *head;
    l->key_length = head->key;
    l->at = l->key + head->key;
    l->end = l->key + head->size;
    switch ((parts_kind)head->kind) {
    case PARTS_BATCH: begin_batch(l); break;
    case PARTS_PATIENT: load_patient(l); break;
    case PARTS_SESSION: load_session(l); break;
    case PARTS_CLAIM: load_claim(l); break;
    case PARTS_LINE: load_line(l); break;
    case PARTS_COVERAGE: load_coverage(l); break;
    case PARTS_RECORD: load_record(l); break;
    case PARTS_ANSWER: load_answer(l); break;
    case PARTS_FACT: load_fact(l); break;
    case PARTS_PAYER: load_payer(l); break;
    case PARTS_CODE: load_code(l); break;
    }
}

static bool load_each(void *state, const parts_head *head, const char *row)
{
    loading *l = state;
    load_row(l, head, row);
    return !l->store->arena.failed && !l->scratch.failed;
}

adj_status adj_parts_load(adj_parts *p, size_t part, adj_encounters **out)
{
    *out = NULL;
    if (part >= p->count) return ADJ_NOT_FOUND;
    adj_options options = {.threads = ((const read_encounters *)p->encounters)->threads};
    adj_allocator allocator = {p->arena.allocator.reallocate, p->arena.allocator.state};
    options.allocator = &allocator;
    adj_encounters *encounters =
        p->policies == NULL ? adj_encounters_new(&options) : adj_encounters_new_for(p->policies, &options);
    if (encounters == NULL) return ADJ_OUT_OF_MEMORY;
    loading l = {.paths = &p->paths, .encounters = (read_encounters *)encounters, .store = &encounters->store};
    base_arena_init(&l.scratch, &p->arena.allocator);
    run_store_copy_told(l.store, &p->encounters->store);
    parts_file *file = p->files.count > 0 ? &p->files.items[part] : &p->spool;
    bool good = begin_batch(&l) && parts_each_row(file, load_each, &l);
    bool no_memory = l.store->arena.failed || l.scratch.failed;
    base_arena_release(&l.scratch);
    if (good) {
        *out = encounters;
        return ADJ_OK;
    }
    adj_encounters_free(encounters);
    p->message = "a temporary file cannot be read";
    return no_memory ? ADJ_OUT_OF_MEMORY : ADJ_INTERNAL;
}
