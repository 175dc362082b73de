/* Writing encounters as records of our own layout, the inverse of side_files.c: unknown is left out, absent is null. */
#include "readers/write_records.h"

#include "readers/side_columns.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

typedef struct record_writer {
    read_encounters *encounters;
    const run_store *store;
    base_arena scratch; /* of the record at hand */
    read_written written;
    bool (*sink)(void *state, const read_written *record);
    void *state;
    bool good;
} record_writer;

static const char *day_text(record_writer *w, int64_t day)
{
    char buffer[16];
    base_date_write((base_date)day, buffer);
    return base_format(&w->scratch, "%s", buffer);
}

static const char *symbol(const record_writer *w, int64_t id)
{
    const char *text = base_intern_text(&w->store->symbols, (uint32_t)id);
    return text == NULL ? "" : text;
}

static read_written_value text_value(const char *text)
{
    return (read_written_value){.kind = WRITTEN_TEXT, .text = text};
}

/* Exact decimals: as text, so that no digit is lost. */
static read_written_value decimal(record_writer *w, int64_t value, int64_t scale, int places)
{
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value, unit = (uint64_t)scale;
    if (size % unit == 0) return (read_written_value){.kind = WRITTEN_WHOLE, .number = value / scale};
    return text_value(
        base_format(&w->scratch, "%s%" PRIu64 ".%0*" PRIu64, value < 0 ? "-" : "", size / unit, places, size % unit));
}

static read_written_value present(record_writer *w, lang_type type, int64_t bits)
{
    static const read_written_value nothing = {0};
    char word[40];
    if (type.list) {
        size_t count = (uint64_t)bits & 0xFFFFU; /* where no list has a code, there is no pool */
        const uint32_t *codes = count == 0 ? NULL : w->store->pool.items + ((uint64_t)bits >> 16);
        return (read_written_value){.kind = WRITTEN_LIST, .codes = codes, .count = count};
    }
    switch (type.kind) {
    case LANG_TYPE_CODE:
    case LANG_TYPE_TEXT: return text_value(symbol(w, bits));
    case LANG_TYPE_ENUMERATION:
        if (!lang_schema_word(w->store->schema, (lang_enumeration)type.detail, (size_t)bits, word)) return nothing;
        return text_value(base_format(&w->scratch, "%s", word));
    case LANG_TYPE_TRUTH: return (read_written_value){.kind = WRITTEN_TRUTH, .number = bits != 0};
    case LANG_TYPE_DATE: return text_value(day_text(w, bits));
    case LANG_TYPE_COUNT: return (read_written_value){.kind = WRITTEN_WHOLE, .number = bits};
    case LANG_TYPE_MONEY: return decimal(w, bits, 100, 2);
    case LANG_TYPE_QUANTITY:
    case LANG_TYPE_MINUTES: return decimal(w, bits, 1000, 3);
    default: return nothing;
    }
}

/* A value under its name, or under it anew; nothing for no value. */
static void put(record_writer *w, const char *name, read_written_value value)
{
    read_written *record = &w->written;
    if (value.kind == WRITTEN_NONE) return;
    size_t place = 0;
    while (place < record->count && strcmp(record->values[place].name, name) != 0) place++;
    if (place == READ_WRITTEN_LIMIT) {
        w->good = false;
        return;
    }
    if (place == record->count) record->count++;
    record->values[place] = value;
    record->values[place].name = name;
}

static void put_null(record_writer *w, const char *name)
{
    put(w, name, (read_written_value){.kind = WRITTEN_NULL});
}

static void put_whole(record_writer *w, const char *name, int64_t number)
{
    put(w, name, (read_written_value){.kind = WRITTEN_WHOLE, .number = number});
}

static void put_text(record_writer *w, const char *name, const char *text)
{
    put(w, name, text_value(text));
}

static void put_field(record_writer *w, const char *name, lang_field field, uint32_t row)
{
    run_state state = run_store_state(w->store, field, row);
    lang_type type = lang_schema_field(w->store->schema, field)->type;
    if (state == RUN_ABSENT) put_null(w, name);
    if (state == RUN_PRESENT) put(w, name, present(w, type, run_store_bits(w->store, field, row)));
}

static void put_dates(record_writer *w, lang_field field, uint32_t row)
{
    if (!run_store_present(w->store, field, row)) return;
    int64_t dates = run_store_bits(w->store, field, row);
    put_text(w, "from", day_text(w, run_span_from(dates)));
    if (run_span_to(dates) != BASE_DATE_MAX) put_text(w, "to", day_text(w, run_span_to(dates)));
}

static void put_times(record_writer *w, const char *from, const char *to, lang_field field, uint32_t row)
{
    if (!run_store_present(w->store, field, row)) return;
    int64_t times = run_store_bits(w->store, field, row);
    int begin = (int)(((run_span_from(times) % 1440) + 1440) % 1440),
        end = (int)(((run_span_to(times) % 1440) + 1440) % 1440);
    put_text(w, from, base_format(&w->scratch, "%02d:%02d", begin / 60, begin % 60));
    put_text(w, to, base_format(&w->scratch, "%02d:%02d", end / 60, end % 60));
}

/* The member's identifier; "" where the row names none. */
static const char *member_of(const record_writer *w, lang_field field, uint32_t row)
{
    if (!run_store_present(w->store, field, row)) return "";
    return run_store_text(w->store, LANG_FIELD_patient_id, (uint32_t)run_store_bits(w->store, field, row));
}

static const char *session_of(const record_writer *w, lang_field field, uint32_t row)
{
    if (!run_store_present(w->store, field, row)) return "";
    return run_store_text(w->store, LANG_FIELD_session_id, (uint32_t)run_store_bits(w->store, field, row));
}

/* The fields of a kind's file that are those of a record, by their column names. */
static void put_fields(record_writer *w, side_kind kind, lang_record record, uint32_t row)
{
    for (size_t i = 0; i < SIDE_COLUMN_COUNT; i++) {
        const side_column *column = &side_columns[i];
        bool ours = column->kind == kind && column->use == USE_FIELD &&
                    lang_schema_field(w->store->schema, column->field)->record == record;
        if (ours) put_field(w, column->header, column->field, row);
    }
    for (int f = LANG_FIELD_COUNT; f < lang_schema_field_count(w->store->schema); f++) {
        const lang_field_info *info = lang_schema_field(w->store->schema, (lang_field)f);
        if (info->record == record && info->type.kind != LANG_TYPE_RECORD && info->feed == side_kinds[kind].feed)
            put_field(w, info->name, (lang_field)f, row);
    }
}

static void begin(record_writer *w, const char *kind)
{
    base_arena_reset(&w->scratch);
    w->written.kind = kind;
    w->written.key = w->written.member = w->written.session = w->written.claim = w->written.day = "";
    w->written.count = 0;
    put_text(w, "record", kind);
}

static void end(record_writer *w)
{
    if (w->scratch.failed) w->good = false;
    if (w->good) w->good = w->sink(w->state, &w->written);
}

static json_t *json_of(const run_store *store, const read_written_value *value)
{
    json_t *list;
    switch (value->kind) {
    case WRITTEN_TEXT: {
        json_t *text = json_string(value->text);
        return text != NULL ? text : json_string_nocheck(value->text); /* bytes that are no UTF-8 stay as they are */
    }
    case WRITTEN_WHOLE: return json_integer(value->number);
    case WRITTEN_TRUTH: return json_boolean(value->number != 0);
    case WRITTEN_LIST:
        list = json_array();
        for (size_t i = 0; list != NULL && i < value->count; i++)
            json_array_append_new(list, json_string_nocheck(base_intern_text(&store->symbols, value->codes[i])));
        return list;
    default: return json_null();
    }
}

char *read_written_json(const run_store *store, const read_written *record)
{
    json_t *object = json_object();
    bool good = object != NULL;
    for (size_t i = 0; i < record->count && good; i++)
        good = json_object_set_new_nocheck(object, record->values[i].name, json_of(store, &record->values[i])) == 0;
    char *text = good ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    return text;
}

const read_written_value *read_written_find(const read_written *record, const char *name)
{
    for (size_t i = 0; i < record->count; i++) {
        if (strcmp(record->values[i].name, name) == 0) return &record->values[i];
    }
    return NULL;
}

/* ---- kinds ---- */

static void write_line(record_writer *w, uint32_t row)
{
    const run_store *store = w->store;
    bool claimed = run_store_present(store, LANG_FIELD_line_claim, row);
    uint32_t claim = claimed ? (uint32_t)run_store_bits(store, LANG_FIELD_line_claim, row) : 0;
    const char *member = member_of(w, LANG_FIELD_line_patient, row);
    const run_line_extra *extra = &store->lines.items[row];
    bool told =
        claimed && *member != '\0' && !extra->unreadable && run_store_present(store, LANG_FIELD_claim_id, claim) &&
        run_store_present(store, LANG_FIELD_line_date, row) && run_store_present(store, LANG_FIELD_line_procedure, row);
    if (!told) return;
    uint32_t patient = (uint32_t)run_store_bits(store, LANG_FIELD_line_patient, row);
    const run_claim_extra *of_claim = &store->claims.items[claim];
    const char *id = run_store_text(store, LANG_FIELD_claim_id, claim);
    const char *number = of_claim->payer_number == 0 ? "" : symbol(w, of_claim->payer_number);
    begin(w, "history");
    w->written.member = member;
    w->written.claim = id;
    w->written.day = day_text(w, run_store_bits(store, LANG_FIELD_line_date, row));
    w->written.session = session_of(w, LANG_FIELD_line_session, row);
    w->written.key = base_format(&w->scratch, "%s\x1f%s\x1f%s\x1f%s\x1f%lld\x1f%s", member, id,
                                 run_store_text(store, LANG_FIELD_claim_frequency, claim), number,
                                 (long long)run_store_bits(store, LANG_FIELD_line_number, row),
                                 extra->subject || of_claim->beside ? "own" : "payer");
    put_text(w, "member_id", member);
    put_text(w, "claim_id", id);
    put_fields(w, SIDE_history, LANG_RECORD_line, row);
    put_fields(w, SIDE_history, LANG_RECORD_claim, claim);
    put_fields(w, SIDE_history, LANG_RECORD_patient, patient);
    if (extra->authorization != 0) put_text(w, "authorization_number", symbol(w, extra->authorization));
    if (*number != '\0') put_text(w, "payer_claim_number", number);
    if (*w->written.session != '\0') put_text(w, "session_id", w->written.session);
    if (extra->subject || of_claim->beside) put_text(w, "known_from", "own_claims");
    if (store->own_history.items[patient] != 0 && !extra->subject && !of_claim->beside)
        put_text(w, "completeness", "own");
    end(w);
}

static void write_session(record_writer *w, uint32_t row)
{
    const char *id = run_store_text(w->store, LANG_FIELD_session_id, row);
    if (!run_store_present(w->store, LANG_FIELD_session_date, row)) return; /* only named by others */
    begin(w, "sessions");
    w->written.key = w->written.session = id;
    w->written.day = day_text(w, run_store_bits(w->store, LANG_FIELD_session_date, row));
    put_text(w, "session_id", id);
    put_text(w, "date", w->written.day);
    put_fields(w, SIDE_sessions, LANG_RECORD_session, row);
    put_times(w, "start", "end", LANG_FIELD_session_time, row);
    end(w);
}

static void write_attendance(record_writer *w, uint32_t row)
{
    begin(w, "attendance");
    w->written.member = member_of(w, LANG_FIELD_attendance_patient, row);
    w->written.session = session_of(w, LANG_FIELD_attendance_session, row);
    w->written.key = base_format(&w->scratch, "%s\x1f%s", w->written.session, w->written.member);
    put_text(w, "session_id", w->written.session);
    put_text(w, "member_id", w->written.member);
    put_fields(w, SIDE_attendance, LANG_RECORD_attendance, row);
    put_times(w, "join", "leave", LANG_FIELD_attendance_time, row);
    if (run_store_present(w->store, LANG_FIELD_attendance_time, row)) {
        int64_t minutes = run_span_from(run_store_bits(w->store, LANG_FIELD_attendance_time, row));
        put_text(w, "date", day_text(w, (minutes - ((minutes % 1440 + 1440) % 1440)) / 1440));
    }
    end(w);
}

static void write_authorization(record_writer *w, uint32_t row)
{
    begin(w, "authorizations");
    w->written.member = member_of(w, LANG_FIELD_authorization_patient, row);
    w->written.key = base_format(&w->scratch, "%s\x1f%s", w->written.member,
                                 run_store_text(w->store, LANG_FIELD_authorization_number, row));
    put_text(w, "member_id", w->written.member);
    put_fields(w, SIDE_authorizations, LANG_RECORD_authorization, row);
    put_dates(w, LANG_FIELD_authorization_dates, row);
    end(w);
}

static void write_coverage(record_writer *w, uint32_t row)
{
    uint32_t patient = w->store->coverage_patients.items[row];
    begin(w, "eligibility");
    w->written.member = run_store_text(w->store, LANG_FIELD_patient_id, patient);
    int64_t dates = run_store_bits(w->store, LANG_FIELD_coverage_dates, row);
    bool dated = run_store_present(w->store, LANG_FIELD_coverage_dates, row);
    w->written.key = base_format(&w->scratch, "%s\x1f%s\x1f%s\x1f%s", w->written.member,
                                 run_store_text(w->store, LANG_FIELD_coverage_payer, row),
                                 run_store_text(w->store, LANG_FIELD_coverage_plan, row),
                                 dated ? day_text(w, run_span_from(dates)) : "");
    put_text(w, "member_id", w->written.member);
    put_dates(w, LANG_FIELD_coverage_dates, row);
    if (!dated) put_null(w, "from");
    put_fields(w, SIDE_eligibility, LANG_RECORD_coverage, row);
    end(w);
}

/* That a member has no coverage, or no more than was told, as a 271 says. */
static void write_told_coverage(record_writer *w, uint32_t patient)
{
    begin(w, "coverage_told");
    w->written.member = run_store_text(w->store, LANG_FIELD_patient_id, patient);
    w->written.key = w->written.member;
    put_text(w, "member_id", w->written.member);
    end(w);
}

static void write_answer(record_writer *w, size_t place)
{
    static const char *const matches[] = {"number", "service", "claim"};
    const run_remitted *answer = &w->store->remitted.items[place];
    begin(w, "remittance");
    w->written.claim = symbol(w, answer->claim);
    put_text(w, "claim_id", w->written.claim);
    put_fields(w, SIDE_remittance, LANG_RECORD_remittance, answer->row);
    if (!run_store_present(w->store, LANG_FIELD_remittance_paid, answer->row)) put_null(w, "paid");
    put_text(w, "answers", matches[answer->kind]);
    if (answer->kind == RUN_REMITTED_NUMBER) put_whole(w, "line", answer->number);
    if (answer->control != 0) put_text(w, "control_number", symbol(w, answer->control));
    if (answer->procedure != 0) put_text(w, "procedure", symbol(w, answer->procedure));
    if (answer->kind != RUN_REMITTED_NUMBER) put(w, "charge", decimal(w, answer->charge, 100, 2));
    if (answer->dated) put_text(w, "service_date", day_text(w, answer->date));
    if (answer->reversal) put(w, "reversal", (read_written_value){.kind = WRITTEN_TRUTH, .number = 1});
    if (answer->occurrence != 0)
        put_text(w, "payment", base_format(&w->scratch, "%s-%u", w->encounters->writing_as, answer->occurrence));
    w->written.key =
        base_format(&w->scratch, "%s\x1f%" PRIu64, w->encounters->writing_as, w->encounters->answers_before + place);
    end(w);
}

static void write_fact(record_writer *w, const read_claim_fact *fact)
{
    begin(w, "claims");
    w->written.claim = symbol(w, fact->claim_id);
    put_text(w, "claim_id", w->written.claim);
    const char *kind = "claims";
    if (fact->program >= 0)
        put(w, "program",
            present(w, lang_schema_field(w->store->schema, LANG_FIELD_claim_program)->type, fact->program));
    if (fact->received_given) put_text(w, "received", day_text(w, fact->received));
    for (size_t i = 0; i < fact->values.count; i++) {
        const read_site_value *value = &fact->values.items[i];
        const lang_field_info *info = lang_schema_field(w->store->schema, value->field);
        if (value->field == LANG_FIELD_claim_acknowledgment) kind = "acknowledgments";
        if (value->state == RUN_ABSENT)
            put_null(w, info->name);
        else
            put(w, info->name, present(w, info->type, value->bits));
    }
    put_text(w, "record", kind);
    w->written.kind = kind;
    w->written.key = w->written.claim;
    end(w);
}

static void write_appointment(record_writer *w, uint32_t row)
{
    begin(w, "schedule");
    w->written.member = member_of(w, LANG_FIELD_appointment_patient, row);
    w->written.session = session_of(w, LANG_FIELD_appointment_session, row);
    w->written.day = day_text(w, run_store_bits(w->store, LANG_FIELD_appointment_date, row));
    put_text(w, "member_id", w->written.member);
    put_text(w, "date", w->written.day);
    put_fields(w, SIDE_schedule, LANG_RECORD_appointment, row);
    put_times(w, "start", "end", LANG_FIELD_appointment_time, row);
    if (*w->written.session != '\0') put_text(w, "session_id", w->written.session);
    int64_t times = run_store_present(w->store, LANG_FIELD_appointment_time, row)
                        ? run_span_from(run_store_bits(w->store, LANG_FIELD_appointment_time, row))
                        : -1;
    w->written.key =
        base_format(&w->scratch, "%s\x1f%s\x1f%s\x1f%lld\x1f%s", w->written.member, w->written.day, w->written.session,
                    (long long)times, run_store_text(w->store, LANG_FIELD_appointment_provider, row));
    end(w);
}

static void write_rate(record_writer *w, uint32_t row)
{
    begin(w, "rates");
    put_fields(w, SIDE_rates, LANG_RECORD_rate, row);
    put_dates(w, LANG_FIELD_rate_dates, row);
    w->written.key = base_format(
        &w->scratch, "%s\x1f%s\x1f%s\x1f%s\x1f%s\x1f%lld", run_store_text(w->store, LANG_FIELD_rate_payer, row),
        run_store_text(w->store, LANG_FIELD_rate_plan, row), run_store_text(w->store, LANG_FIELD_rate_procedure, row),
        run_store_text(w->store, LANG_FIELD_rate_modifier, row), run_store_text(w->store, LANG_FIELD_rate_pos, row),
        (long long)run_store_bits(w->store, LANG_FIELD_rate_dates, row));
    end(w);
}

static void write_payer(record_writer *w, size_t place)
{
    begin(w, "payers");
    w->written.key = symbol(w, w->store->payer_map.items[place]);
    put_text(w, "payer_id", w->written.key);
    put_text(w, "payer", symbol(w, w->store->payer_map.items[place + 1]));
    end(w);
}

static void write_code(record_writer *w, const run_listed_code *listed)
{
    begin(w, "codes");
    put_text(w, "code_system", lang_schema_system_name(w->store->schema, listed->system));
    put_text(w, "code", symbol(w, listed->code));
    if (listed->from != BASE_DATE_MIN) put_text(w, "from", day_text(w, listed->from));
    if (listed->to != BASE_DATE_MAX) put_text(w, "to", day_text(w, listed->to));
    w->written.key =
        base_format(&w->scratch, "%d\x1f%s\x1f%d", (int)listed->system, symbol(w, listed->code), listed->from);
    end(w);
}

/* A record that a site declares: its fields by name, its keys for the key. */
static void write_site_row(record_writer *w, const lang_site_name *site, lang_record record, uint32_t row)
{
    begin(w, site->name);
    base_text key;
    base_text_init(&key, &w->scratch);
    for (int f = 0; f < lang_schema_field_count(w->store->schema); f++) {
        const lang_field_info *info = lang_schema_field(w->store->schema, (lang_field)f);
        if (info->record == record && info->type.kind != LANG_TYPE_RECORD) put_field(w, info->name, (lang_field)f, row);
    }
    for (size_t k = 0; k < site->key_count; k++) {
        lang_field field = (lang_field)site->keys[k];
        base_text_format(&key, "%d:%lld\x1f", (int)run_store_state(w->store, field, row),
                         (long long)run_store_bits(w->store, field, row));
        lang_type type = lang_schema_field(w->store->schema, field)->type;
        bool named = type.kind == LANG_TYPE_CODE || type.kind == LANG_TYPE_TEXT;
        if (named) base_text_put(&key, run_store_text(w->store, field, row));
    }
    if (site->dates != UINT16_MAX) {
        put_dates(w, (lang_field)site->dates, row);
        base_text_format(&key, "%lld", (long long)run_store_bits(w->store, (lang_field)site->dates, row));
    }
    w->written.key = base_text_string(&key);
    end(w);
}

static void write_rows(record_writer *w, lang_record record, void (*write)(record_writer *w, uint32_t row),
                       uint32_t first)
{
    for (uint32_t row = first; row < w->store->counts[record] && w->good; row++) write(w, row);
}

bool read_write_records(read_encounters *encounters, bool (*sink)(void *state, const read_written *record), void *state)
{
    const run_store *store = &encounters->handle.store;
    record_writer w = {.encounters = encounters, .store = store, .sink = sink, .state = state, .good = true};
    base_arena_init(&w.scratch, &store->arena.allocator);
    write_rows(&w, LANG_RECORD_line, write_line, 0);
    write_rows(&w, LANG_RECORD_session, write_session, 0);
    write_rows(&w, LANG_RECORD_attendance, write_attendance, 0);
    write_rows(&w, LANG_RECORD_authorization, write_authorization, 0);
    write_rows(&w, LANG_RECORD_coverage, write_coverage, 0);
    write_rows(&w, LANG_RECORD_appointment, write_appointment, 0);
    write_rows(&w, LANG_RECORD_rate, write_rate, 0);
    for (uint32_t p = 1; p < store->counts[LANG_RECORD_patient] && w.good; p++) {
        if (store->told_coverage.items[p] != 0) write_told_coverage(&w, p);
    }
    for (size_t i = 0; i < store->remitted.count && w.good; i++) write_answer(&w, i);
    for (size_t i = 0; i < encounters->claim_facts.count && w.good; i++)
        write_fact(&w, &encounters->claim_facts.items[i]);
    for (size_t i = 0; i + 1 < store->payer_map.count && w.good; i += 2) write_payer(&w, i);
    for (size_t i = 0; i < store->listed_codes.count && w.good; i++) write_code(&w, &store->listed_codes.items[i]);
    for (int r = LANG_RECORD_COUNT; r < lang_schema_record_count(store->schema) && w.good; r++) {
        const lang_site_name *site = lang_schema_site_record(store->schema, (lang_record)r);
        for (uint32_t row = 0; row < store->counts[r] && w.good; row++) write_site_row(&w, site, (lang_record)r, row);
    }
    if (w.scratch.failed) w.good = false;
    base_arena_release(&w.scratch);
    return w.good;
}
