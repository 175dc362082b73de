/* The rows of a batch as bytes. A value is its field, its state and what it holds: texts as they are written, a reference as the
 * name of what it refers to, so that a row means the same in other encounters. Rows are written and read twice, and numbers are
 * mostly small: they take as few bytes as they need. */
#include "readers/parts/parts.h"

#include <string.h>
#include <unistd.h>

static void put_bytes(adj_parts *p, const void *bytes, size_t length)
{
    base_text_add(&p->row, bytes, length);
    p->row_weight += length;
}

/* What weighs so much in memory, and is short here. */
static void put_short(adj_parts *p, uint64_t number, size_t weight)
{
    char bytes[PARTS_NUMBER_BYTES];
    base_text_add(&p->row, bytes, parts_write_number(bytes, number));
    p->row_weight += weight;
}

static void put_number(adj_parts *p, int64_t number)
{
    put_short(p, parts_folded(number), sizeof number);
}

static void put_text(adj_parts *p, const char *text)
{
    size_t length = strlen(text);
    put_short(p, length, sizeof(uint32_t));
    put_bytes(p, text, length);
}

static const run_store *store_of(const adj_parts *p)
{
    return &p->encounters->store;
}

static const char *symbol(const adj_parts *p, uint64_t id)
{
    return base_intern_text(&store_of(p)->symbols, (uint32_t)id);
}

/* The name of a member, of the row that a field holds; NULL where it is not known. */
static const char *member_at(const adj_parts *p, lang_field field, uint32_t row)
{
    const run_store *store = store_of(p);
    if (!run_store_present(store, field, row)) return NULL;
    return run_store_text(store, LANG_FIELD_patient_id, (uint32_t)run_store_bits(store, field, row));
}

static void put_reference(adj_parts *p, lang_record record, int64_t row)
{
    const run_store *store = store_of(p);
    if (record == LANG_RECORD_patient)
        put_text(p, run_store_text(store, LANG_FIELD_patient_id, (uint32_t)row));
    else if (record == LANG_RECORD_session)
        put_text(p, run_store_text(store, LANG_FIELD_session_id, (uint32_t)row));
    else
        put_number(p, row); /* a claim: its place in the batch */
}

static void put_value(adj_parts *p, lang_type type, int64_t bits)
{
    if (type.list) {
        size_t count = (uint64_t)bits & 0xFFFFU;
        put_number(p, (int64_t)count);
        for (size_t i = 0; i < count; i++) put_text(p, symbol(p, store_of(p)->pool.items[((uint64_t)bits >> 16) + i]));
    } else if (type.kind == LANG_TYPE_CODE || type.kind == LANG_TYPE_TEXT) {
        put_text(p, symbol(p, (uint64_t)bits));
    } else if (type.kind == LANG_TYPE_RECORD) {
        put_reference(p, (lang_record)type.detail, bits);
    } else {
        put_number(p, bits);
    }
}

/* A field that follows another of its row, PARTS_NO_FIELD for none: how far behind it, and its state. */
static void put_field(adj_parts *p, uint32_t before, lang_field field, uint8_t state, int64_t bits)
{
    put_short(p, (uint64_t)((uint32_t)field - before) << 2 | state, sizeof(uint16_t) + sizeof state);
    if (state == RUN_PRESENT) put_value(p, lang_schema_field(store_of(p)->schema, field)->type, bits);
}

static void end_fields(adj_parts *p)
{
    put_short(p, 0, sizeof(uint16_t));
}

static bool is_spooled(lang_type type)
{
    if (type.kind != LANG_TYPE_RECORD) return true;
    lang_record record = (lang_record)type.detail;
    return record == LANG_RECORD_patient || record == LANG_RECORD_session || record == LANG_RECORD_claim;
}

/* The fields of a record that are spooled, and UINT16_MAX behind them: found once for each record. NULL when memory runs out. */
static const uint16_t *fields_of(adj_parts *p, lang_record record)
{
    const lang_schema *schema = store_of(p)->schema;
    int fields = lang_schema_field_count(schema), used = 0;
    if (p->fields == NULL)
        p->fields = base_arena_alloc(&p->arena, (size_t)lang_schema_record_count(schema) * sizeof *p->fields);
    if (p->fields == NULL || p->fields[record] != NULL) return p->fields == NULL ? NULL : p->fields[record];
    uint16_t *found = base_arena_alloc(&p->arena, ((size_t)fields + 1) * sizeof *found);
    if (found == NULL) return NULL;
    for (int f = 0; f < fields; f++) {
        const lang_field_info *info = lang_schema_field(schema, (lang_field)f);
        if (info->record == record && is_spooled(info->type)) found[used++] = (uint16_t)f;
    }
    found[used] = UINT16_MAX;
    return p->fields[record] = found;
}

/* All that is told of a row, and an end. */
static void put_fields(adj_parts *p, lang_record record, uint32_t row)
{
    const run_store *store = store_of(p);
    uint32_t before = PARTS_NO_FIELD;
    for (const uint16_t *f = fields_of(p, record); f != NULL && *f != UINT16_MAX; f++) {
        uint8_t state = store->columns[*f].states[row];
        if (state == RUN_UNKNOWN) continue;
        put_field(p, before, (lang_field)*f, state, run_column_bits(&store->columns[*f], row));
        before = *f;
    }
    end_fields(p);
}

/* ---- files ---- */

static bool flush(parts_file *file)
{
    if (file->used == 0) return true;
    if (file->file < 0) file->file = read_temporary_file();
    bool good = file->file >= 0 && read_write_all(file->file, file->buffer, file->used);
    file->used = 0;
    return good;
}

bool parts_file_put(adj_parts *p, parts_file *file, const char *bytes, size_t length)
{
    base_allocator *allocator = &p->arena.allocator;
    if (file->buffer == NULL) {
        file->file = -1;
        file->buffer = allocator->reallocate(allocator->state, NULL, PARTS_BUFFER);
        if (file->buffer == NULL) p->arena.failed = true;
    }
    if (file->buffer == NULL) return false;
    file->length += length;
    while (length > 0) {
        size_t piece = PARTS_BUFFER - file->used < length ? PARTS_BUFFER - file->used : length;
        memcpy(file->buffer + file->used, bytes, piece);
        file->used += piece;
        bytes += piece;
        length -= piece;
        if (file->used < PARTS_BUFFER || flush(file)) continue;
        p->failed = true;
        return false;
    }
    return true;
}

bool parts_file_end(parts_file *file)
{
    return file->buffer == NULL || flush(file);
}

void parts_file_free(adj_parts *p, parts_file *file)
{
    base_allocator *allocator = &p->arena.allocator;
    if (file->buffer == NULL) return;
    allocator->reallocate(allocator->state, file->buffer, 0);
    if (file->file >= 0) close(file->file);
    *file = (parts_file){.file = -1};
}

bool parts_each_row(parts_file *file, bool (*each)(void *state, const parts_head *head, const char *row), void *state)
{
    read_source source;
    if (file->buffer == NULL) return true;
    if (!parts_file_end(file) || !read_source_open(&source, file->file, file->length)) return false;
    bool good = true;
    for (size_t at = 0; good && at < source.length;) {
        parts_head head;
        read_source_fill(&source, at + sizeof head);
        good = source.filled - at >= sizeof head;
        if (good) memcpy(&head, source.bytes + at, sizeof head);
        if (good) read_source_fill(&source, at + sizeof head + head.size);
        good = good && source.filled - at >= sizeof head + head.size && each(state, &head, source.bytes + at);
        if (good) at += sizeof head + head.size;
        if (good) read_source_drop(&source, at);
    }
    read_source_close(&source);
    return good;
}

/* ---- rows ---- */

static void begin(adj_parts *p, parts_kind kind, parts_route route, const char *key)
{
    parts_head head = {.key = (uint32_t)strlen(key), .kind = (uint8_t)kind, .route = (uint8_t)route};
    p->row.length = 0;
    p->row_weight = 0;
    put_bytes(p, &head, sizeof head);
    put_bytes(p, key, head.key);
}

/* Which group a row is routed to, and how much that weighs. */
static void weigh(adj_parts *p, const parts_head *head, const char *key)
{
    uint64_t weight = p->row_weight - sizeof *head;
    p->weight += p->row_weight;
    if (head->route == PARTS_TO_ALL) p->shared += weight;
    if (head->route == PARTS_TO_CLAIM) p->has_claim_rows = true;
    if (head->route != PARTS_TO_MEMBER && head->route != PARTS_TO_SESSION) return;
    uint32_t group = parts_group_of(p, head->route == PARTS_TO_MEMBER ? 'm' : 's', key, head->key);
    if (group != UINT32_MAX) p->groups.items[group].weight += weight;
}

static bool end(adj_parts *p)
{
    if (p->row.length < sizeof(parts_head) || p->arena.failed) return false;
    parts_head head;
    memcpy(&head, p->row.bytes, sizeof head);
    head.size = (uint32_t)(p->row.length - sizeof head);
    memcpy(p->row.bytes, &head, sizeof head);
    weigh(p, &head, p->row.bytes + sizeof head);
    return parts_file_put(p, &p->spool, p->row.bytes, p->row.length);
}

static bool spool_patients(adj_parts *p)
{
    const run_store *store = store_of(p);
    for (uint32_t row = 1; row < store->counts[LANG_RECORD_patient]; row++) {
        begin(p, PARTS_PATIENT, PARTS_TO_MEMBER, run_store_text(store, LANG_FIELD_patient_id, row));
        put_bytes(p, &store->own_history.items[row], 1);
        put_bytes(p, &store->told_coverage.items[row], 1);
        put_fields(p, LANG_RECORD_patient, row);
        if (!end(p)) return false;
    }
    return true;
}

static bool spool_sessions(adj_parts *p)
{
    const run_store *store = store_of(p);
    const read_encounters *encounters = (const read_encounters *)p->encounters;
    for (uint32_t row = 0; row < store->counts[LANG_RECORD_session]; row++) {
        const char *id = run_store_text(store, LANG_FIELD_session_id, row);
        uint32_t place = base_intern_find(&encounters->sessions, id, strlen(id));
        bool defined = place < encounters->session_defined.count && encounters->session_defined.items[place];
        begin(p, PARTS_SESSION, PARTS_TO_SESSION, id);
        put_bytes(p, &defined, 1);
        put_fields(p, LANG_RECORD_session, row);
        if (!end(p)) return false;
    }
    return true;
}

/* By claim: what records of side files that are of it have in common; NULL for claims that no more records can be of. */
static const read_claim_key **keys_of_claims(adj_parts *p, base_arena *arena)
{
    const read_encounters *encounters = (const read_encounters *)p->encounters;
    const read_claim_key **keys = base_arena_alloc(arena, (store_of(p)->counts[LANG_RECORD_claim] + 1) * sizeof *keys);
    for (size_t i = 0; keys != NULL && i < encounters->claim_slot_count; i++) {
        const read_claim_slot *slot = &encounters->claim_slots[i];
        if (slot->row != 0) keys[slot->row - 1] = &slot->key;
    }
    return keys;
}

/* By claim: the row of a line of it, and one; 0 for none. A claim goes where its lines go. */
static uint32_t *lines_of_claims(adj_parts *p, base_arena *arena)
{
    const run_store *store = store_of(p);
    uint32_t *lines = base_arena_alloc(arena, (store->counts[LANG_RECORD_claim] + 1) * sizeof *lines);
    for (uint32_t row = store->counts[LANG_RECORD_line]; lines != NULL && row-- > 0;) {
        if (run_store_present(store, LANG_FIELD_line_claim, row))
            lines[run_store_bits(store, LANG_FIELD_line_claim, row)] = row + 1;
    }
    return lines;
}

/* Lines of no known member go by their claim's identifier, under a name that no member has. */
static const char *key_of_line(const adj_parts *p, base_arena *arena, uint32_t claim, uint32_t line)
{
    const char *member = line == RUN_NO_ROW ? NULL : member_at(p, LANG_FIELD_line_patient, line);
    if (member != NULL) return member;
    const char *id = claim == RUN_NO_ROW ? "" : run_store_text(store_of(p), LANG_FIELD_claim_id, claim);
    return base_format(arena, "\x1f%s", id);
}

static bool spool_claims(adj_parts *p, base_arena *arena)
{
    const run_store *store = store_of(p);
    const read_claim_key **keys = keys_of_claims(p, arena);
    const uint32_t *lines = lines_of_claims(p, arena);
    if (keys == NULL || lines == NULL) return false;
    for (uint32_t row = 0; row < store->counts[LANG_RECORD_claim]; row++) {
        const run_claim_extra *extra = &store->claims.items[row];
        const read_claim_key *key = keys[row];
        const uint8_t flags[] = {extra->subject, extra->beside, key != NULL, key != NULL && key->judged};
        begin(p, PARTS_CLAIM, PARTS_TO_MEMBER,
              key_of_line(p, arena, row, lines[row] == 0 ? RUN_NO_ROW : lines[row] - 1));
        put_text(p, run_store_text(store, LANG_FIELD_claim_id, row));
        put_number(p, row);
        put_bytes(p, flags, sizeof flags);
        put_text(p, symbol(p, extra->payer_number));
        put_text(p, key == NULL ? "" : symbol(p, key->frequency));
        put_text(p, key == NULL ? "" : symbol(p, key->number));
        put_fields(p, LANG_RECORD_claim, row);
        if (!end(p)) return false;
    }
    return true;
}

/* What a line joins its member with, where the policies count across members. */
static void join_line(adj_parts *p, const char *key, uint32_t row)
{
    static const lang_field providers[] = {LANG_FIELD_line_rendering_provider, LANG_FIELD_line_billing_provider};
    const run_store *store = store_of(p);
    uint32_t group = parts_group_of(p, 'm', key, strlen(key));
    if (run_store_present(store, LANG_FIELD_line_session, row)) {
        const char *id =
            run_store_text(store, LANG_FIELD_session_id, (uint32_t)run_store_bits(store, LANG_FIELD_line_session, row));
        parts_join(p, group, parts_group_of(p, 's', id, strlen(id)));
    }
    if (!run_store_present(store, LANG_FIELD_line_patient, row)) p->loose = true;
    for (size_t i = 0; p->joins_providers && i < 2; i++) {
        if (run_store_state(store, providers[i], row) == RUN_UNKNOWN) p->loose = true;
        if (!run_store_present(store, providers[i], row)) continue;
        const char *npi = run_store_text(store, providers[i], row);
        parts_join(p, group, parts_group_of(p, 'p', npi, strlen(npi)));
    }
}

static uint32_t path_number(adj_parts *p, const char *path)
{
    if (p->paths.slot_count == 0 && !base_intern_init(&p->paths, &p->arena)) return 0;
    uint32_t number = base_intern_add(&p->paths, path, strlen(path));
    return number == BASE_INTERN_NONE ? 0 : number;
}

static bool spool_lines(adj_parts *p, base_arena *arena)
{
    const run_store *store = store_of(p);
    for (uint32_t row = 0; row < store->counts[LANG_RECORD_line]; row++) {
        const run_line_extra *extra = &store->lines.items[row];
        const uint8_t flags[] = {extra->subject, extra->numbered, extra->unreadable};
        uint32_t claim = run_store_present(store, LANG_FIELD_line_claim, row)
                             ? (uint32_t)run_store_bits(store, LANG_FIELD_line_claim, row)
                             : RUN_NO_ROW;
        const char *key = key_of_line(p, arena, claim, row);
        join_line(p, key, row);
        begin(p, PARTS_LINE, PARTS_TO_MEMBER, key);
        put_number(p, (int64_t)extra->place);
        put_number(p, extra->segment);
        put_bytes(p, flags, sizeof flags);
        put_number(p, path_number(p, symbol(p, extra->file)));
        put_text(p, symbol(p, extra->authorization));
        put_text(p, extra->unreadable_why == NULL ? "" : extra->unreadable_why);
        put_fields(p, LANG_RECORD_line, row);
        if (!end(p)) return false;
    }
    return true;
}

/* Whether the record was read as one that may stand twice. */
static uint8_t is_known(adj_parts *p, lang_record record, uint32_t row)
{
    uint32_t known;
    int64_t number;
    const read_pairs *pairs = read_known_by((read_encounters *)p->encounters, record, row, &known, &number);
    return pairs != NULL && read_has_pair(pairs, known, number);
}

/* Records that a member has: attendance joins it with the session. */
static bool spool_of_members(adj_parts *p, lang_record record, lang_field member, lang_field session)
{
    const run_store *store = store_of(p);
    for (uint32_t row = 0; row < store->counts[record]; row++) {
        const char *key = member_at(p, member, row);
        if (key == NULL) continue;
        if (session != LANG_NO_FIELD && run_store_present(store, session, row)) {
            const char *id =
                run_store_text(store, LANG_FIELD_session_id, (uint32_t)run_store_bits(store, session, row));
            parts_join(p, parts_group_of(p, 'm', key, strlen(key)), parts_group_of(p, 's', id, strlen(id)));
        }
        uint8_t known = is_known(p, record, row);
        begin(p, PARTS_RECORD, PARTS_TO_MEMBER, key);
        put_number(p, record);
        put_bytes(p, &known, 1);
        put_fields(p, record, row);
        if (!end(p)) return false;
    }
    return true;
}

static bool spool_coverage(adj_parts *p)
{
    const run_store *store = store_of(p);
    for (uint32_t row = 0; row < store->counts[LANG_RECORD_coverage]; row++) {
        begin(p, PARTS_COVERAGE, PARTS_TO_MEMBER,
              run_store_text(store, LANG_FIELD_patient_id, store->coverage_patients.items[row]));
        put_fields(p, LANG_RECORD_coverage, row);
        if (!end(p)) return false;
    }
    return true;
}

static bool spool_answers(adj_parts *p)
{
    const run_store *store = store_of(p);
    for (size_t i = 0; i < store->remitted.count; i++) {
        const run_remitted *answer = &store->remitted.items[i];
        const uint8_t flags[] = {(uint8_t)answer->kind, answer->dated, answer->reversal};
        begin(p, PARTS_ANSWER, PARTS_TO_CLAIM, symbol(p, answer->claim));
        put_bytes(p, flags, sizeof flags);
        put_number(p, answer->number);
        put_number(p, answer->charge);
        put_number(p, answer->date);
        put_number(p, answer->occurrence);
        p->row_weight += sizeof *answer;
        put_text(p, symbol(p, answer->control));
        put_text(p, symbol(p, answer->procedure));
        put_fields(p, LANG_RECORD_remittance, answer->row);
        if (!end(p)) return false;
    }
    return true;
}

static bool spool_facts(adj_parts *p)
{
    const read_encounters *encounters = (const read_encounters *)p->encounters;
    for (size_t i = 0; i < encounters->claim_facts.count; i++) {
        const read_claim_fact *fact = &encounters->claim_facts.items[i];
        begin(p, PARTS_FACT, PARTS_TO_CLAIM, symbol(p, fact->claim_id));
        put_number(p, fact->program);
        put_number(p, fact->received_given);
        put_number(p, fact->received);
        for (size_t v = 0; v < fact->values.count; v++) /* in no order */
            put_field(p, PARTS_NO_FIELD, fact->values.items[v].field, fact->values.items[v].state,
                      fact->values.items[v].bits);
        end_fields(p);
        if (!end(p)) return false;
    }
    return true;
}

static bool spool_payers(adj_parts *p)
{
    const run_store *store = store_of(p);
    for (size_t i = 0; i + 1 < store->payer_map.count; i += 2) {
        begin(p, PARTS_PAYER, PARTS_TO_ALL, "");
        put_text(p, symbol(p, store->payer_map.items[i]));
        put_text(p, symbol(p, store->payer_map.items[i + 1]));
        if (!end(p)) return false;
    }
    return true;
}

static bool spool_codes(adj_parts *p)
{
    const run_store *store = store_of(p);
    for (size_t i = 0; i < store->listed_codes.count; i++) {
        const run_listed_code *listed = &store->listed_codes.items[i];
        begin(p, PARTS_CODE, PARTS_TO_ALL, "");
        put_number(p, listed->system);
        put_number(p, listed->from);
        put_number(p, listed->to);
        put_text(p, symbol(p, listed->code));
        if (!end(p)) return false;
    }
    return true;
}

/* Contract rates and records of the site, which lines of any part may ask for. */
static bool spool_for_all(adj_parts *p, lang_record record)
{
    for (uint32_t row = 0; row < store_of(p)->counts[record]; row++) {
        const uint8_t known = 0;
        begin(p, PARTS_RECORD, PARTS_TO_ALL, "");
        put_number(p, record);
        put_bytes(p, &known, 1);
        put_fields(p, record, row);
        if (!end(p)) return false;
    }
    return true;
}

static bool spool_all(adj_parts *p, base_arena *arena)
{
    begin(p, PARTS_BATCH, PARTS_TO_ALL, "");
    bool good =
        end(p) && spool_payers(p) && spool_codes(p) && spool_patients(p) && spool_sessions(p) &&
        spool_claims(p, arena) && spool_lines(p, arena) &&
        spool_of_members(p, LANG_RECORD_attendance, LANG_FIELD_attendance_patient, LANG_FIELD_attendance_session) &&
        spool_of_members(p, LANG_RECORD_authorization, LANG_FIELD_authorization_patient, LANG_NO_FIELD) &&
        spool_of_members(p, LANG_RECORD_appointment, LANG_FIELD_appointment_patient, LANG_FIELD_appointment_session) &&
        spool_coverage(p) && spool_answers(p) && spool_facts(p) && spool_for_all(p, LANG_RECORD_rate);
    for (int r = LANG_RECORD_COUNT; r < lang_schema_record_count(store_of(p)->schema) && good; r++)
        good = spool_for_all(p, (lang_record)r);
    return good;
}

bool parts_spool(adj_parts *p)
{
    base_arena arena;
    base_arena_init(&arena, &p->arena.allocator);
    bool good = spool_all(p, &arena) && !arena.failed && !p->arena.failed;
    if (arena.failed) p->arena.failed = true;
    base_arena_release(&arena);
    return good;
}
