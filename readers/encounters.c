/* The public handle of encounters: detecting what an input is, reading it, and joining all inputs at the end. */
#include "readers/encounters.h"

#include "readers/column_map.h"

#include <string.h>

static read_encounters *inner(adj_encounters *encounters)
{
    return (read_encounters *)encounters; /* the handle is its first member */
}

bool read_begin_maps(read_encounters *encounters)
{
    base_arena *arena = &encounters->handle.store.arena;
    read_encounters before = *encounters;
    *encounters =
        (read_encounters){.handle = before.handle,
                          .headers_written = before.headers_written,
                          .writing_as = before.writing_as,
                          .keeps_rejects = before.keeps_rejects,
                          .singly = before.singly,
                          .threads = before.threads,
                          .block = before.block,
                          .blocks = before.blocks,
                          .batches = before.batches,
                          .lasting = before.lasting,
                          .claim_slots_before = before.claim_slot_count,
                          .lines = {.room_before = before.lines.room, .record = LANG_RECORD_line},
                          .attended = {.room_before = before.attended.room, .record = LANG_RECORD_attendance},
                          .authorized = {.room_before = before.authorized.room, .record = LANG_RECORD_authorization},
                          .claim_count = before.claim_count,
                          .rejected_claims = before.rejected_claims,
                          .rejected_records = before.rejected_records};
    memcpy(&encounters->rejects, &before.rejects, sizeof before.rejects);
    memcpy(&encounters->column_names, &before.column_names, sizeof before.column_names);
    bool ready = base_intern_init(&encounters->sessions, arena) && base_intern_init(&encounters->references, arena) &&
                 base_intern_init(&encounters->payments, arena);
    /* Id 0 of an interning table is the empty text: no session, no claim. */
    uint32_t *session = ready ? BASE_PUSH(arena, &encounters->session_rows) : NULL;
    bool *defined = session != NULL ? BASE_PUSH(arena, &encounters->session_defined) : NULL;
    read_reference *reference = defined != NULL ? BASE_PUSH(arena, &encounters->resources) : NULL;
    uint32_t *payment = reference != NULL ? BASE_PUSH(arena, &encounters->payment_numbers) : NULL;
    if (payment == NULL) return false;
    *session = RUN_NO_ROW;
    return true;
}

adj_encounters *adj_encounters_new(const adj_options *options)
{
    return adj_encounters_new_for(NULL, options);
}

adj_encounters *adj_encounters_new_for(const adj_policies *policies, const adj_options *options)
{
    const lang_schema *schema = policies == NULL ? &lang_schema_standard : run_policies_schema(policies);
    adj_encounters *encounters = read_encounters_like(schema, options == NULL ? NULL : options->allocator);
    if (encounters == NULL || options == NULL) return encounters;
    encounters->store.redact = options->redact;
    inner(encounters)->threads = options->threads;
    return encounters;
}

adj_encounters *read_encounters_like(const lang_schema *schema, const adj_allocator *own)
{
    base_allocator allocator = base_allocator_default();
    if (own != NULL) allocator = (base_allocator){own->reallocate, own->state};
    read_encounters *encounters = allocator.reallocate(allocator.state, NULL, sizeof *encounters);
    if (encounters == NULL) return NULL;
    memset(encounters, 0, sizeof *encounters);
    base_arena_init(&encounters->lasting, &allocator);
    if (!run_store_init(&encounters->handle.store, schema, &allocator) || !read_begin_maps(encounters)) {
        adj_encounters_free(&encounters->handle);
        return NULL;
    }
    return &encounters->handle;
}

void adj_encounters_free(adj_encounters *encounters)
{
    if (encounters == NULL) return;
    base_allocator allocator = encounters->store.arena.allocator;
    base_arena_release(&inner(encounters)->lasting);
    run_store_release(&encounters->store);
    allocator.reallocate(allocator.state, inner(encounters), 0);
}

void adj_encounters_submit_on(adj_encounters *encounters, int32_t day)
{
    encounters->store.submit_given = true;
    encounters->store.submit_on = day;
}

void adj_encounters_as_of(adj_encounters *encounters, int32_t day)
{
    encounters->store.as_of_given = true;
    encounters->store.as_of = day;
}

size_t adj_encounters_rejected_count(const adj_encounters *encounters)
{
    return ((const read_encounters *)encounters)->rejected_records;
}

bool adj_read_date(const char *text, int32_t *day)
{
    return base_date_read(text, strlen(text), false, day);
}

void adj_write_date(int32_t day, char text[16])
{
    base_date_write(day, text);
}

void adj_encounters_history_is_own(adj_encounters *encounters)
{
    encounters->store.history_is_own = true;
}

/* What files beside the claims say of a claim, by its identifier. */
static void apply_claim_fact(run_store *store, const read_claim_fact *fact, uint32_t claim)
{
    if (fact->program >= 0) run_store_set(store, LANG_FIELD_claim_program, claim, fact->program);
    for (size_t v = 0; v < fact->values.count; v++) {
        const read_site_value *value = &fact->values.items[v];
        if (value->state == RUN_ABSENT)
            run_store_set_absent(store, value->field, claim);
        else
            run_store_set(store, value->field, claim, value->bits);
    }
    if (fact->received_given) run_store_set(store, LANG_FIELD_claim_received, claim, fact->received);
}

static void apply_claim_facts(read_encounters *encounters)
{
    run_store *store = &encounters->handle.store;
    bool answered = store->feeds[LANG_FEED_ACKNOWLEDGMENTS] && !store->acknowledgments_have_holes;
    for (uint32_t claim = 0; answered && claim < store->counts[LANG_RECORD_claim]; claim++)
        run_store_set_absent(store, LANG_FIELD_claim_acknowledgment, claim);
    if (encounters->claim_facts.count == 0) return;
    run_chains by_id = run_chain_by(store, LANG_RECORD_claim, LANG_FIELD_claim_id, store->symbols.entries.count);
    for (size_t i = 0; by_id.first != NULL && i < encounters->claim_facts.count; i++) {
        const read_claim_fact *fact = &encounters->claim_facts.items[i];
        for (uint32_t claim = run_chain_first(&by_id, fact->claim_id); claim != RUN_NO_ROW; claim = by_id.next[claim]) {
            if (store->claims.items[claim].subject) apply_claim_fact(store, fact, claim);
        }
    }
}

adj_status adj_encounters_finish(adj_encounters *encounters)
{
    read_resolve_references(inner(encounters));
    apply_claim_facts(inner(encounters));
    read_report_unused_maps(inner(encounters));
    encounters->store.threads = inner(encounters)->threads;
    return run_store_finish(&encounters->store) ? ADJ_OK : ADJ_OUT_OF_MEMORY;
}

void adj_encounters_seat_singles(adj_encounters *encounters, uint32_t count)
{
    enum { MOST = 1 << 16 };
    if (!encounters->store.finished) encounters->store.guests = count > MOST ? MOST : count;
}

size_t adj_encounters_claim_count(const adj_encounters *encounters)
{
    return ((const read_encounters *)encounters)->claim_count;
}

size_t adj_encounters_payment_count(const adj_encounters *encounters)
{
    return encounters->store.remitted_claims;
}

size_t adj_encounters_line_count(const adj_encounters *encounters)
{
    size_t count = 0;
    for (size_t i = 0; i < encounters->store.lines.count; i++)
        count += encounters->store.lines.items[i].subject ? 1 : 0;
    return count;
}

size_t adj_encounters_problem_count(const adj_encounters *encounters)
{
    return encounters->store.problems.count;
}

adj_problem adj_encounters_problem(const adj_encounters *encounters, size_t index)
{
    if (index >= encounters->store.problems.count) return (adj_problem){.file = "", .code = "", .message = ""};
    return encounters->store.problems.items[index];
}

void adj_encounters_keep_rejects(adj_encounters *encounters)
{
    inner(encounters)->keeps_rejects = true;
}

size_t adj_encounters_rejects_count(const adj_encounters *encounters)
{
    return ((const read_encounters *)encounters)->rejects.count;
}

const char *adj_encounters_rejects(const adj_encounters *encounters, size_t index, const char **name, size_t *length)
{
    const read_encounters *all = (const read_encounters *)encounters;
    *name = "";
    *length = 0;
    if (index >= all->rejects.count) return "";
    *name = all->rejects.items[index].name;
    *length = all->rejects.items[index].text.length;
    return base_text_string(&all->rejects.items[index].text);
}

base_text *read_rejects_of(read_input *input)
{
    read_encounters *encounters = input->encounters;
    if (!encounters->keeps_rejects) return NULL;
    if (input->rejects == 0) {
        read_rejects *rejects = BASE_PUSH(&encounters->lasting, &encounters->rejects);
        if (rejects == NULL) return NULL;
        rejects->name = base_arena_copy(&encounters->lasting, input->name, strlen(input->name));
        base_text_init(&rejects->text, &encounters->lasting);
        input->rejects = encounters->rejects.count;
    }
    return &encounters->rejects.items[input->rejects - 1].text;
}

void read_keep_header(read_input *input, size_t from, size_t to)
{
    input->header_from = from;
    input->header_to = to;
}

static void add_with_line_end(base_text *text, const char *bytes, size_t length)
{
    base_text_add(text, bytes, length);
    if (length > 0 && bytes[length - 1] != '\n' && bytes[length - 1] != '\r') base_text_add(text, "\n", 1);
}

void read_keep_reject(read_input *input, size_t from, size_t to)
{
    base_text *text = read_rejects_of(input);
    if (text == NULL) return;
    bool first = text->length == 0 && input->header_to > input->header_from;
    if (first) read_again(input, input->header_from, input->header_to);
    if (first) add_with_line_end(text, input->bytes + input->header_from, input->header_to - input->header_from);
    add_with_line_end(text, input->bytes + from, to - from);
}

static bool same_claim(const read_claim_key *a, const read_claim_key *b)
{
    return a->claim == b->claim && a->patient == b->patient && a->frequency == b->frequency && a->number == b->number &&
           a->judged == b->judged;
}

/* So many slots from a place on are looked at before one is sought by the hash of all. */
enum { NEAR = 16 };

/* Where a claim is or belongs. Identifiers that are new have numbers that follow each other: claims that are read one after the other lie side
 * by side, so that memory is at hand; only where there is no room does the hash decide. */
static size_t claim_slot(const read_encounters *encounters, const read_claim_key *key)
{
    const read_claim_slot *slots = encounters->claim_slots;
    size_t mask = encounters->claim_slot_count - 1, near = (size_t)key->claim * 2 & mask;
    for (int i = 0; i < NEAR; i++, near = (near + 1) & mask) {
        if (slots[near].row == 0 || same_claim(&slots[near].key, key)) return near;
    }
    uint64_t hash = ((uint64_t)key->patient << 32 | key->claim) * UINT64_C(0x9E3779B97F4A7C15);
    hash ^= ((uint64_t)key->frequency << 32 | key->number) * UINT64_C(0xC2B2AE3D27D4EB4F) + key->judged;
    size_t slot = (size_t)(hash >> 24) & mask;
    while (slots[slot].row != 0 && !same_claim(&slots[slot].key, key)) slot = (slot + 1) & mask;
    return slot;
}

/* The room of a table that is full: at first that which the batch before needed; and for as many as there is room for rows of a record, which
 * the store makes for those that it expects, and half as many again. */
static size_t next_room(const read_encounters *encounters, size_t room, size_t before, lang_record record)
{
    enum { LEAST = 1024 };
    size_t wanted = room > 0 ? room * 2 : before > LEAST ? before : LEAST;
    size_t rows = encounters->handle.store.capacities[record];
    while (room > 0 && wanted < rows + rows / 3) wanted *= 2;
    return wanted;
}

static bool more_claim_slots(read_encounters *encounters)
{
    read_claim_slot *before = encounters->claim_slots;
    size_t count = encounters->claim_slot_count,
           wanted = next_room(encounters, count, encounters->claim_slots_before, LANG_RECORD_claim);
    read_claim_slot *slots = base_arena_alloc(&encounters->handle.store.arena, wanted * sizeof *slots);
    if (slots == NULL) return false;
    encounters->claim_slots = slots;
    encounters->claim_slot_count = wanted;
    for (size_t i = 0; i < count; i++) {
        if (before[i].row != 0) slots[claim_slot(encounters, &before[i].key)] = before[i];
    }
    return true;
}

uint32_t read_joined_claim(read_encounters *encounters, read_claim_key key, bool *made)
{
    *made = false;
    if (encounters->joined_claims * 2 >= encounters->claim_slot_count && !more_claim_slots(encounters))
        return RUN_NO_ROW;
    read_claim_slot *slot = &encounters->claim_slots[claim_slot(encounters, &key)];
    if (slot->row != 0) return slot->row - 1;
    uint32_t row = run_store_add(&encounters->handle.store, LANG_RECORD_claim);
    if (row == RUN_NO_ROW) return row;
    *slot = (read_claim_slot){key, row + 1};
    encounters->joined_claims++;
    *made = true;
    return row;
}

static bool taken_by_another(const read_pair *pair, uint32_t row, int64_t number)
{
    return pair->row != 0 && (pair->row != row + 1 || pair->number != number);
}

/* Where a pair is or belongs. What a row has lies side by side as long as there is room near its place, and behind that of the row before it,
 * since what is read one after the other is of one row as a rule, or of the next; else the number decides, too, so that a row of many has no
 * long way. */
static read_pair *pair_place(const read_pairs *pairs, uint32_t row, int64_t number)
{
    size_t mask = pairs->room - 1;
    uint64_t hash = ((uint64_t)row + 1) * UINT64_C(0x9E3779B97F4A7C15);
    size_t slot = (size_t)row * pairs->spread & mask;
    for (int i = 0; i < NEAR; i++, slot = (slot + 1) & mask) {
        if (!taken_by_another(&pairs->slots[slot], row, number)) return &pairs->slots[slot];
    }
    slot = (size_t)(((hash ^ (uint64_t)number) * UINT64_C(0xC2B2AE3D27D4EB4F)) >> 20) & mask;
    while (taken_by_another(&pairs->slots[slot], row, number)) slot = (slot + 1) & mask;
    return &pairs->slots[slot];
}

static bool more_pairs(read_encounters *encounters, read_pairs *pairs)
{
    read_pairs before = *pairs;
    size_t wanted = next_room(encounters, before.room, before.room_before, before.record);
    read_pair *slots = base_arena_alloc(&encounters->handle.store.arena, wanted * sizeof *slots);
    if (slots == NULL) return false;
    /* Twice as many for each row as rows had so far. */
    size_t spread = before.rows == 0 ? 2 : 2 * before.count / before.rows;
    *pairs = before;
    pairs->slots = slots;
    pairs->room = wanted;
    pairs->spread = spread < 1 ? 1 : spread;
    for (size_t i = 0; i < before.room; i++) {
        const read_pair *pair = &before.slots[i];
        if (pair->row != 0) *pair_place(pairs, pair->row - 1, pair->number) = *pair;
    }
    return true;
}

bool read_add_pair(read_encounters *encounters, read_pairs *pairs, uint32_t row, int64_t number)
{
    if (pairs->count * 2 >= pairs->room && !more_pairs(encounters, pairs)) return false;
    read_pair *pair = pair_place(pairs, row, number);
    if (pair->row != 0) return true;
    *pair = (read_pair){number, row + 1};
    pairs->count++;
    if (row >= pairs->rows) pairs->rows = (size_t)row + 1;
    return false;
}

bool read_has_pair(const read_pairs *pairs, uint32_t row, int64_t number)
{
    return pairs->room > 0 && pair_place(pairs, row, number)->row != 0;
}

read_pairs *read_known_by(read_encounters *encounters, lang_record record, uint32_t row, uint32_t *known,
                          int64_t *number)
{
    const run_store *store = &encounters->handle.store;
    bool attendance = record == LANG_RECORD_attendance;
    if (!attendance && record != LANG_RECORD_authorization) return NULL;
    lang_field patient = attendance ? LANG_FIELD_attendance_patient : LANG_FIELD_authorization_patient;
    lang_field other = attendance ? LANG_FIELD_attendance_session : LANG_FIELD_authorization_number;
    if (!run_store_present(store, patient, row) || !run_store_present(store, other, row)) return NULL;
    *known = (uint32_t)run_store_bits(store, attendance ? other : patient, row);
    *number = run_store_bits(store, attendance ? patient : other, row);
    return attendance ? &encounters->attended : &encounters->authorized;
}

/* The session that the record before was of, or the next one, if it is that: files tell of sessions in the same order. */
static uint32_t near_session(const read_encounters *encounters, const char *id, size_t length)
{
    const base_intern *sessions = &encounters->sessions;
    for (uint32_t i = encounters->session_before; i < sessions->entries.count && i <= encounters->session_before + 1;
         i++) {
        const base_intern_entry *entry = &sessions->entries.items[i];
        if (entry->length == length && memcmp(entry->text, id, length) == 0) return i;
    }
    return BASE_INTERN_NONE;
}

uint32_t read_session_row(read_encounters *encounters, const char *id, size_t length, size_t *index)
{
    run_store *store = &encounters->handle.store;
    uint32_t known = near_session(encounters, id, length);
    if (known == BASE_INTERN_NONE) known = base_intern_add(&encounters->sessions, id, length);
    if (known == BASE_INTERN_NONE) return RUN_NO_ROW;
    encounters->session_before = known;
    *index = known;
    if (known < encounters->session_rows.count) return encounters->session_rows.items[known];
    uint32_t row = run_store_add(store, LANG_RECORD_session);
    uint32_t *slot = BASE_PUSH(&store->arena, &encounters->session_rows);
    bool *defined = BASE_PUSH(&store->arena, &encounters->session_defined);
    if (row == RUN_NO_ROW || slot == NULL || defined == NULL) return RUN_NO_ROW;
    *slot = row;
    *defined = false;
    run_store_set_text(store, LANG_FIELD_session_id, row, id, length);
    return row;
}
