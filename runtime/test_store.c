/* The encounters that a policy test describes: defaults of the schema, then what its `given` says. */
#include "runtime/handles.h"

#include <string.h>

typedef struct test_builder {
    run_store *store;
    const lang_test *test;
    uint32_t claim; /* of the lines to judge */
    uint32_t patient;
    uint32_t first; /* rows that `given` values apply to: [first, end) */
    uint32_t end;
    bool age_given, modifier_given, received_given;
    bool minutes_given;
    bool ends_given;
    uint32_t history_claims;
} test_builder;

static int64_t thousandths_of(const char *text)
{
    int64_t value = 0;
    for (; *text >= '0' && *text <= '9'; text++) value = value * 10 + (*text - '0');
    return value * 1000;
}

static int64_t cents_of(const char *text)
{
    int64_t value = 0;
    for (; *text != '\0'; text++) {
        if (*text != '.') value = value * 10 + (*text - '0');
    }
    return value;
}

static base_date date_of(const char *text)
{
    base_date date = 0;
    base_date_read(text, 10, false, &date);
    return date;
}

/* Sets a field to what the schema says tests assume; defaults that start with @ are set by the caller. */
static void set_standard(run_store *store, lang_field field, uint32_t row)
{
    const lang_field_info *info = lang_schema_field(store->schema, field);
    const char *text = info->standard;
    if (text[0] == '@' || strcmp(text, "unknown") == 0) return;
    if (strcmp(text, "absent") == 0) {
        run_store_set_absent(store, field, row);
        return;
    }
    if (info->type.list) {
        uint32_t code = run_store_code(store, (lang_code_system)info->type.detail, text, strlen(text));
        run_store_set_list(store, field, row, &code, strcmp(text, "none") == 0 ? 0 : 1);
        return;
    }
    switch (info->type.kind) {
    case LANG_TYPE_COUNT: run_store_set(store, field, row, thousandths_of(text) / 1000); break;
    case LANG_TYPE_QUANTITY:
    case LANG_TYPE_MINUTES: run_store_set(store, field, row, thousandths_of(text)); break;
    case LANG_TYPE_MONEY: run_store_set(store, field, row, cents_of(text)); break;
    case LANG_TYPE_TEXT: run_store_set_text(store, field, row, text, strlen(text)); break;
    case LANG_TYPE_CODE: run_store_set_code(store, field, row, text, strlen(text)); break;
    case LANG_TYPE_DATE: run_store_set(store, field, row, date_of(text)); break;
    case LANG_TYPE_DATES: run_store_set(store, field, row, run_span_pack(date_of(text), date_of(text + 14))); break;
    case LANG_TYPE_TRUTH: run_store_set(store, field, row, strcmp(text, "yes") == 0); break;
    case LANG_TYPE_ENUMERATION:
        run_store_set(store, field, row,
                      lang_schema_word_find(store->schema, (lang_enumeration)info->type.detail, text));
        break;
    default: break;
    }
}

static uint32_t add_plain_row(run_store *store, lang_record record)
{
    uint32_t row = run_store_add(store, record);
    if (row == RUN_NO_ROW) return row;
    for (int f = 0; f < lang_schema_field_count(store->schema); f++) {
        if (lang_schema_field(store->schema, (lang_field)f)->record == record) set_standard(store, (lang_field)f, row);
    }
    return row;
}

/* A row with its defaults. A record that a site requires is there, with its own defaults, as a session is. */
static uint32_t add_row(run_store *store, lang_record record)
{
    uint32_t row = add_plain_row(store, record);
    for (int f = LANG_FIELD_COUNT; f < lang_schema_field_count(store->schema) && row != RUN_NO_ROW; f++) {
        const lang_field_info *info = lang_schema_field(store->schema, (lang_field)f);
        bool required = info->record == record && info->type.kind == LANG_TYPE_RECORD && !info->type.optional &&
                        (int)record < (int)LANG_RECORD_COUNT;
        if (!required || lang_schema_site_record(store->schema, (lang_record)info->type.detail) == NULL) continue;
        uint32_t held = add_plain_row(store, (lang_record)info->type.detail);
        if (held != RUN_NO_ROW) run_store_set(store, (lang_field)f, row, held);
    }
    return row;
}

/* A claim; where the policy is for some products, of the first of them. */
static uint32_t add_claim(const test_builder *b)
{
    uint32_t claim = add_row(b->store, LANG_RECORD_claim);
    const lang_file *named = lang_naming_products(b->test->file);
    if (claim == RUN_NO_ROW || named == NULL) return claim;
    const char *product = named->products.items[0].text;
    run_store_set_code(b->store, LANG_FIELD_claim_filing_indicator, claim, product, strlen(product));
    return claim;
}

/* A line with its session, attendance and coverage, on a day. */
static uint32_t add_line(test_builder *b, uint32_t claim, const lang_expression *code, base_date date, int64_t number)
{
    run_store *store = b->store;
    uint32_t line = add_row(store, LANG_RECORD_line), session = add_row(store, LANG_RECORD_session);
    uint32_t attendance = add_row(store, LANG_RECORD_attendance), coverage = add_row(store, LANG_RECORD_coverage);
    if (line == RUN_NO_ROW || session == RUN_NO_ROW || attendance == RUN_NO_ROW || coverage == RUN_NO_ROW)
        return RUN_NO_ROW;
    const char *spelling = code->as.literal.spelling;
    run_store_set(store, LANG_FIELD_line_number, line, number);
    run_store_set(store, LANG_FIELD_line_date, line, date);
    run_store_set(store, LANG_FIELD_line_end_date, line, date);
    run_store_set_code(store, LANG_FIELD_line_procedure, line, spelling, strlen(spelling));
    run_store_set(store, LANG_FIELD_line_claim, line, claim);
    run_store_set(store, LANG_FIELD_line_patient, line, b->patient);
    run_store_set(store, LANG_FIELD_line_session, line, session);
    run_store_set(store, LANG_FIELD_line_attendance, line, attendance);
    run_store_set(store, LANG_FIELD_line_coverage, line, coverage);
    run_store_set(store, LANG_FIELD_session_date, session, date);
    run_store_set(store, LANG_FIELD_attendance_session, attendance, session);
    run_store_set(store, LANG_FIELD_attendance_patient, attendance, b->patient);
    run_store_set_unknown(store, LANG_FIELD_line_age, line);
    const lang_file *named = lang_naming_payers(b->test->file);
    if (named != NULL) {
        const char *payer = named->payers.items[0].text;
        run_store_set_text(store, LANG_FIELD_line_payer, line, payer, strlen(payer));
    } else {
        run_store_set_text(store, LANG_FIELD_line_payer, line, "T-PAYER", 7);
    }
    return line;
}

static void given_line(test_builder *b, const lang_given *given, int64_t number)
{
    base_date date = (base_date)given->date->as.literal.value;
    uint32_t line = add_line(b, b->claim, given->code, date, number);
    if (line == RUN_NO_ROW) return;
    b->store->lines.items[line].subject = true;
    /* A claim is received when the last of its services was rendered, unless the test says when. */
    bool later = number == 1 || run_store_bits(b->store, LANG_FIELD_claim_received, b->claim) < date;
    if (later && !b->received_given) run_store_set(b->store, LANG_FIELD_claim_received, b->claim, date);
    b->first = line;
    b->end = line + 1;
}

static base_date step_date(base_date from, const lang_given *given, int64_t index)
{
    const char *cadence = given->cadence.text;
    if (cadence == NULL) return from;
    if (strcmp(cadence, "monthly") == 0) return base_date_add_months(from, index);
    return (base_date)(from + index * (strcmp(cadence, "weekly") == 0 ? 7 : 1));
}

static void given_history(test_builder *b, const lang_given *given)
{
    run_store *store = b->store;
    b->first = store->counts[LANG_RECORD_line];
    for (int64_t i = 0; i < given->times->as.literal.value; i++) {
        uint32_t claim = add_claim(b);
        if (claim == RUN_NO_ROW) return;
        const char *id = base_format(&store->arena, "H-%04u", ++b->history_claims);
        run_store_set_text(store, LANG_FIELD_claim_id, claim, id, strlen(id));
        base_date date = step_date((base_date)given->date->as.literal.value, given, i);
        run_store_set(store, LANG_FIELD_claim_received, claim, date);
        uint32_t line = add_line(b, claim, given->code, date, 1);
        if (line == RUN_NO_ROW) return;
        run_store_set(store, LANG_FIELD_line_status, line,
                      lang_schema_word_find(store->schema, LANG_ENUMERATION_line_status, "paid"));
    }
    b->end = store->counts[LANG_RECORD_line];
}

static int64_t item_bits(test_builder *b, lang_type type, const lang_item *item, uint32_t line)
{
    run_store *store = b->store;
    const lang_expression *low = item->low;
    const char *spelling = low->kind == LANG_LITERAL ? low->as.literal.spelling : "";
    switch (type.kind) {
    case LANG_TYPE_CODE: return run_store_code(store, (lang_code_system)type.detail, spelling, strlen(spelling));
    case LANG_TYPE_TEXT: return base_intern_add(&store->symbols, spelling, strlen(spelling));
    case LANG_TYPE_ENUMERATION: return low->as.path.word;
    case LANG_TYPE_DATES:
        return run_span_pack((base_date)low->as.literal.value, (base_date)item->high->as.literal.value);
    case LANG_TYPE_TIMES: {
        int64_t day = run_store_bits(store, LANG_FIELD_line_date, line) * 1440;
        int64_t from = day + low->as.literal.value, to = day + item->high->as.literal.value;
        return run_span_pack((int32_t)from, (int32_t)(to < from ? to + 1440 : to));
    }
    default: return low->as.literal.value;
    }
}

static bool is_word(const lang_given *given, const char *word)
{
    const lang_item *item = &given->values.items[0];
    return given->values.count == 1 && item->low != NULL && item->low->kind == LANG_PATH &&
           item->low->as.path.base == LANG_BASE_NONE && strcmp(item->low->as.path.names.items[0].text, word) == 0;
}

/* The row that holds the field, from the line on; an optional record that is not there yet is made. */
static uint32_t row_of(test_builder *b, const lang_given *given, uint32_t line)
{
    const lang_path *path = &given->path->as.path;
    uint32_t row = line;
    for (size_t i = 0; i + 1 < path->field_count; i++) {
        lang_field field = (lang_field)path->fields[i];
        if (!run_store_present(b->store, field, row)) {
            uint32_t added = add_row(b->store, (lang_record)lang_schema_field(b->store->schema, field)->type.detail);
            if (added == RUN_NO_ROW) return added;
            run_store_set(b->store, field, row, added);
            if (field == LANG_FIELD_line_authorization) {
                run_store_set(b->store, LANG_FIELD_authorization_patient, added, b->patient);
                run_store_set_text(b->store, LANG_FIELD_authorization_number, added, "T-AUTHORIZATION", 15);
            }
        }
        row = (uint32_t)run_store_bits(b->store, field, row);
    }
    return row;
}

static void patient_standards(run_store *store, uint32_t patient)
{
    for (int f = 0; f < lang_schema_field_count(store->schema); f++) {
        if (lang_schema_field(store->schema, (lang_field)f)->record == LANG_RECORD_patient)
            set_standard(store, (lang_field)f, patient);
    }
}

/* `patient.id "OTHER"` puts a line on another member; the lines of one test are otherwise one member's. */
static bool other_patient(test_builder *b, const lang_given *given, uint32_t line)
{
    const lang_expression *low = given->values.items[0].low;
    if (low == NULL || low->kind != LANG_LITERAL || low->literal_kind != LANG_LITERAL_TEXT) return false;
    const char *id = low->as.literal.spelling;
    uint32_t before = b->store->counts[LANG_RECORD_patient];
    uint32_t patient = run_store_patient(b->store, id, strlen(id));
    if (patient == RUN_NO_ROW) return true;
    if (b->store->counts[LANG_RECORD_patient] > before) {
        patient_standards(b->store, patient);
        run_store_set_text(b->store, LANG_FIELD_patient_id, patient, id, strlen(id));
    }
    run_store_set(b->store, LANG_FIELD_line_patient, line, patient);
    if (run_store_present(b->store, LANG_FIELD_line_attendance, line)) {
        uint32_t attendance = (uint32_t)run_store_bits(b->store, LANG_FIELD_line_attendance, line);
        run_store_set(b->store, LANG_FIELD_attendance_patient, attendance, patient);
    }
    return true;
}

/* `session.id "S-1"` on several lines is one session. */
static bool same_session(test_builder *b, const lang_given *given, uint32_t line)
{
    const lang_expression *low = given->values.items[0].low;
    if (low == NULL || low->kind != LANG_LITERAL || low->literal_kind != LANG_LITERAL_TEXT) return false;
    run_store *store = b->store;
    uint32_t symbol = base_intern_add(&store->symbols, low->as.literal.spelling, strlen(low->as.literal.spelling));
    for (uint32_t row = 0; row < store->counts[LANG_RECORD_session]; row++) {
        bool same = run_store_present(store, LANG_FIELD_session_id, row) &&
                    run_store_bits(store, LANG_FIELD_session_id, row) == (int64_t)symbol;
        if (!same) continue;
        run_store_set(store, LANG_FIELD_line_session, line, row);
        if (run_store_present(store, LANG_FIELD_line_attendance, line)) {
            uint32_t attendance = (uint32_t)run_store_bits(store, LANG_FIELD_line_attendance, line);
            run_store_set(store, LANG_FIELD_attendance_session, attendance, row);
        }
        return true;
    }
    return false;
}

static void set_given(test_builder *b, const lang_given *given, uint32_t line)
{
    if (given->field == LANG_FIELD_patient_id && other_patient(b, given, line)) return;
    if (given->field == LANG_FIELD_session_id && same_session(b, given, line)) return;
    uint32_t row = row_of(b, given, line);
    if (row == RUN_NO_ROW) return;
    lang_type type = lang_schema_field(b->store->schema, given->field)->type;
    if (is_word(given, "unknown")) {
        run_store_set_unknown(b->store, given->field, row);
    } else if (is_word(given, "absent")) {
        run_store_set_absent(b->store, given->field, row);
    } else if (type.list) {
        uint32_t codes[64];
        size_t count = 0;
        for (size_t i = 0; i < given->values.count && count < 64; i++) {
            bool none = given->values.items[i].low->literal_kind == LANG_LITERAL_NONE;
            if (!none) codes[count++] = (uint32_t)item_bits(b, type, &given->values.items[i], line);
        }
        run_store_set_list(b->store, given->field, row, codes, count);
    } else {
        run_store_set(b->store, given->field, row, item_bits(b, type, &given->values.items[0], line));
    }
    b->age_given = b->age_given || given->field == LANG_FIELD_line_age;
    b->modifier_given = b->modifier_given || given->field == LANG_FIELD_line_first_modifier;
    b->received_given = b->received_given || given->field == LANG_FIELD_claim_received;
    b->ends_given = b->ends_given || given->field == LANG_FIELD_line_coverage_begins ||
                    given->field == LANG_FIELD_line_coverage_ends;
    b->minutes_given = b->minutes_given || given->field == LANG_FIELD_attendance_minutes;
}

/* Unless a test says otherwise, a member is covered as long as the coverage of the line. */
static void derive_coverage(run_store *store, uint32_t line)
{
    if (!run_store_present(store, LANG_FIELD_line_coverage, line)) return;
    uint32_t coverage = (uint32_t)run_store_bits(store, LANG_FIELD_line_coverage, line);
    if (!run_store_present(store, LANG_FIELD_coverage_dates, coverage)) return;
    int64_t dates = run_store_bits(store, LANG_FIELD_coverage_dates, coverage);
    run_store_set(store, LANG_FIELD_line_coverage_begins, line, run_span_from(dates));
    run_store_set(store, LANG_FIELD_line_coverage_ends, line, run_span_to(dates));
}

/* What defaults that lean on other fields come to, once all is given. */
static void derive(test_builder *b)
{
    run_store *store = b->store;
    for (uint32_t line = 0; line < store->counts[LANG_RECORD_line]; line++) {
        if (!b->ends_given) derive_coverage(store, line);
        if (!b->modifier_given) run_derive_modifier(store, line);
        if (!b->minutes_given && run_store_present(store, LANG_FIELD_line_session, line) &&
            run_store_present(store, LANG_FIELD_line_attendance, line)) {
            uint32_t session = (uint32_t)run_store_bits(store, LANG_FIELD_line_session, line);
            uint32_t attendance = (uint32_t)run_store_bits(store, LANG_FIELD_line_attendance, line);
            run_column_put(&store->columns[LANG_FIELD_attendance_minutes], attendance,
                           run_store_bits(store, LANG_FIELD_session_minutes, session));
            store->columns[LANG_FIELD_attendance_minutes].states[attendance] =
                store->columns[LANG_FIELD_session_minutes].states[session];
        }
        if (b->age_given || !run_store_present(store, LANG_FIELD_patient_birth_date, b->patient)) continue;
        run_store_set(store, LANG_FIELD_line_age, line,
                      base_date_age((base_date)run_store_bits(store, LANG_FIELD_patient_birth_date, b->patient),
                                    (base_date)run_store_bits(store, LANG_FIELD_line_date, line)));
    }
}

bool run_test_store(run_store *store, const lang_test *test)
{
    test_builder b = {.store = store, .test = test};
    for (int f = 0; f < LANG_FEED_COUNT; f++) store->feeds[f] = true;
    b.claim = add_claim(&b);
    b.patient = run_store_patient(store, "T-MEMBER", 8);
    if (b.claim == RUN_NO_ROW || b.patient == RUN_NO_ROW) return false;
    patient_standards(store, b.patient);
    store->claims.items[b.claim].subject = true;
    int64_t lines = 0;
    for (size_t i = 0; i < test->givens.count; i++) {
        const lang_given *given = &test->givens.items[i];
        if (given->kind == LANG_GIVEN_AS_OF) {
            store->as_of_given = true;
            store->as_of = (base_date)given->date->as.literal.value;
        } else if (given->kind == LANG_GIVEN_LINE)
            given_line(&b, given, ++lines);
        else if (given->kind == LANG_GIVEN_HISTORY)
            given_history(&b, given);
        else {
            for (uint32_t line = b.first; line < b.end; line++) set_given(&b, given, line);
        }
    }
    derive(&b);
    run_retire_claims(store);
    store->finished = true;
    return run_index(store) && !store->arena.failed;
}
