/* Side files: what a claim does not carry, as CSV. A record with a cell that cannot be read is left out as a whole and
 * reported with its line and column; the others go on. An empty cell, or `unknown`, is unknown, or absent where the
 * field is optional; `none` is absent, or the empty list. */
#include "readers/column_map.h"
#include "readers/side_columns.h"

#include <string.h>

enum { LIST_LIMIT = 64 };

/* One cell, read but not yet stored. */
typedef struct parsed {
    const side_column *column;
    const csv_cell *cell;
    uint8_t state;
    int64_t bits;
    uint32_t *list;
    size_t list_count;
} parsed;

typedef struct side_reader {
    read_input *input;
    run_store *store;
    csv_reader csv;
    size_t line; /* of the record at hand */
    side_kind kind;
    const lang_site_name *site; /* of a record that the policies declare; NULL for a standard file */
    lang_record record;
    const side_column *order[CSV_COLUMN_LIMIT]; /* by position; NULL for one that is not known */
    const char *theirs[CSV_COLUMN_LIMIT];       /* what a column map renames; NULL for others */
    char said[40];                              /* the kind that a record of JSON names; "" for none */
    size_t width;
    parsed cells[CSV_COLUMN_LIMIT];
} side_reader;

static bool same(const csv_cell *cell, const char *word)
{
    return cell->length == strlen(word) && memcmp(cell->text, word, cell->length) == 0;
}

static void problem(side_reader *r, adj_severity severity, const char *code, size_t column, const char *message)
{
    run_store_problem(r->store, severity, code, r->input->name, 0, r->line, column, NULL, "%s", message);
}

/* ---- the header ---- */

static const char *kind_name(const side_reader *r)
{
    if (r->site != NULL) return r->site->name;
    return r->kind == SIDE_history && r->input->role == READ_JUDGED ? "lines to be judged" : side_kinds[r->kind].name;
}

static bool has_column(const csv_cell *cells, size_t count, const char *header)
{
    for (size_t i = 0; i < count; i++) {
        if (same(&cells[i], header)) return true;
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
    problem(r, ADJ_SEVERITY_ERROR, "D0301", 1, base_text_string(&text));
}

/* A column for a field that a site added to the record of this file. */
static const side_column *site_column(side_reader *r, const csv_cell *cell)
{
    const lang_schema *schema = r->store->schema;
    char name[64];
    if (cell->length >= sizeof name) return NULL;
    memcpy(name, cell->text, cell->length);
    name[cell->length] = '\0';
    bool dates = r->site != NULL && r->site->dates != UINT16_MAX;
    bool first = dates && strcmp(name, "from") == 0, last = dates && strcmp(name, "to") == 0;
    lang_field field = first || last ? (lang_field)r->site->dates : lang_schema_find(schema, r->record, name);
    if (field == LANG_NO_FIELD || (int)field < LANG_FIELD_COUNT) return NULL;
    const lang_field_info *info = lang_schema_field(schema, field);
    if (r->site == NULL && info->feed != side_kinds[r->kind].feed) return NULL;
    bool spans = info->type.kind == LANG_TYPE_DATES || info->type.kind == LANG_TYPE_TIMES;
    if (info->type.kind == LANG_TYPE_RECORD || (spans && !first && !last)) return NULL;
    bool key = false;
    for (size_t i = 0; r->site != NULL && i < r->site->key_count; i++) key = key || r->site->keys[i] == field;
    side_column *column = base_arena_alloc(&r->store->arena, sizeof *column);
    if (column == NULL) return NULL;
    *column = (side_column){r->kind, base_arena_copy(&r->store->arena, name, cell->length),
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
        r->site = lang_schema_site_record(schema, (lang_record)record);
        if (r->said[0] != '\0' && strcmp(r->said, r->site->name) != 0) continue;
        r->record = (lang_record)record;
        bool fits = r->site->key_count > 0;
        for (size_t k = 0; k < r->site->key_count && fits; k++) {
            fits = has_column(cells, count, lang_schema_field(schema, (lang_field)r->site->keys[k])->name);
        }
        for (size_t i = 0; i < count && fits; i++) fits = site_column(r, &cells[i]) != NULL;
        if (fits) return true;
    }
    r->site = NULL;
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

static void order_columns(side_reader *r, const csv_cell *cells, size_t count)
{
    r->width = count;
    for (size_t i = 0; i < count; i++) {
        r->order[i] = NULL;
        for (size_t c = 0; c < SIDE_COLUMN_COUNT; c++) {
            bool standard = r->site == NULL && side_columns[c].kind == r->kind;
            if (standard && same(&cells[i], side_columns[c].header)) r->order[i] = &side_columns[c];
        }
        if (r->order[i] == NULL) r->order[i] = site_column(r, &cells[i]);
        bool twice = false;
        for (size_t k = 0; k < i; k++) twice = twice || (r->order[i] != NULL && r->order[k] == r->order[i]);
        if (r->order[i] != NULL && !twice) continue;
        const char *name = base_format(&r->store->arena, "%.*s", (int)cells[i].length, cells[i].text);
        const char *near = twice ? NULL : nearest(r->kind, name);
        r->order[i] = NULL;
        problem(r, ADJ_SEVERITY_WARNING, "D0302", cells[i].column,
                twice ? base_format(&r->store->arena, "the column `%s` stands twice; the second is not read", name)
                : near != NULL
                    ? base_format(&r->store->arena, "the column `%s` is not known and not read; did you mean `%s`?",
                                  name, near)
                    : base_format(&r->store->arena, "the column `%s` is not known in a file of %s, and not read", name,
                                  kind_name(r)));
    }
}

/* ---- cells ---- */

static bool parse_list(side_reader *r, parsed *p, lang_code_system system)
{
    p->list = base_arena_alloc(&r->store->arena, LIST_LIMIT * sizeof *p->list);
    if (p->list == NULL) return false;
    size_t start = 0;
    for (size_t i = 0; i <= p->cell->length; i++) {
        bool gap = i == p->cell->length || strchr(" ;|,", p->cell->text[i]) != NULL;
        if (!gap) continue;
        const char *code = p->cell->text + start;
        size_t length = i - start;
        start = i + 1;
        if (length == 0) continue;
        char normal[128];
        if (length >= sizeof normal || p->list_count == LIST_LIMIT) return false;
        lang_code_normalize(system, code, length, normal);
        if (!r->input->trusted && !lang_code_shape(system, normal, strlen(normal))) return false;
        p->list[p->list_count++] = run_store_code(r->store, system, code, length);
    }
    return true;
}

static bool parse_code(side_reader *r, parsed *p, lang_code_system system)
{
    char normal[128];
    if (p->cell->length >= sizeof normal) return false;
    lang_code_normalize(system, p->cell->text, p->cell->length, normal);
    if (!r->input->trusted && !lang_code_shape(system, normal, strlen(normal))) return false;
    p->bits = run_store_code(r->store, system, p->cell->text, p->cell->length);
    return true;
}

static bool parse_word(const side_reader *r, parsed *p, lang_enumeration enumeration)
{
    char word[40];
    if (p->cell->length >= sizeof word) return false;
    memcpy(word, p->cell->text, p->cell->length);
    word[p->cell->length] = '\0';
    p->bits = lang_schema_word_find(r->store->schema, enumeration, word);
    return p->bits >= 0;
}

static bool parse_truth(parsed *p)
{
    static const char *const yes[] = {"yes", "y", "true", "1"};
    static const char *const no[] = {"no", "n", "false", "0"};
    for (size_t i = 0; i < 4; i++) {
        if (!same(p->cell, yes[i]) && !same(p->cell, no[i])) continue;
        p->bits = same(p->cell, yes[i]) ? 1 : 0;
        return true;
    }
    return false;
}

static bool parse_day(parsed *p)
{
    base_date date;
    bool good = base_date_read(p->cell->text, p->cell->length, false, &date) ||
                base_date_read(p->cell->text, p->cell->length, true, &date);
    if (good) p->bits = date;
    return good;
}

static bool parse_field(side_reader *r, parsed *p)
{
    lang_type type = lang_schema_field(r->store->schema, p->column->field)->type;
    if (type.list) return parse_list(r, p, (lang_code_system)type.detail);
    const char *text = p->cell->text;
    size_t length = p->cell->length;
    switch (type.kind) {
    case LANG_TYPE_CODE: return parse_code(r, p, (lang_code_system)type.detail);
    case LANG_TYPE_ENUMERATION: return parse_word(r, p, (lang_enumeration)type.detail);
    case LANG_TYPE_TRUTH: return parse_truth(p);
    case LANG_TYPE_DATE: return parse_day(p);
    case LANG_TYPE_COUNT: return read_whole(text, length, &p->bits) && p->bits >= 0;
    case LANG_TYPE_QUANTITY:
    case LANG_TYPE_MINUTES: return read_thousandths(text, length, &p->bits) && p->bits >= 0;
    case LANG_TYPE_MONEY: return read_cents(text, length, &p->bits);
    case LANG_TYPE_TEXT: p->bits = base_intern_add(&r->store->symbols, text, length); return true;
    default: return false;
    }
}

static bool parse_use(side_reader *r, parsed *p)
{
    switch (p->column->use) {
    case USE_FIELD: return parse_field(r, p);
    case USE_DAY:
    case USE_FROM_DATE:
    case USE_TO_DATE:
    case USE_FACT_RECEIVED: return parse_day(p);
    case USE_FROM_TIME:
    case USE_TO_TIME: return read_clock(p->cell->text, p->cell->length, &p->bits);
    case USE_FACT_PROGRAM: return parse_word(r, p, LANG_ENUMERATION_program);
    case USE_COMPLETENESS: p->bits = same(p->cell, "own"); return p->bits != 0 || same(p->cell, "complete");
    case USE_SOURCE: p->bits = same(p->cell, "own_claims"); return p->bits != 0 || same(p->cell, "payer");
    case USE_REMITTED_MATCH:
        p->bits = same(p->cell, "number")    ? RUN_REMITTED_NUMBER
                  : same(p->cell, "service") ? RUN_REMITTED_SERVICE
                                             : RUN_REMITTED_CLAIM;
        return p->bits != RUN_REMITTED_CLAIM || same(p->cell, "claim");
    case USE_REMITTED_REVERSAL: return parse_truth(p);
    case USE_REMITTED_PROCEDURE: return parse_code(r, p, LANG_SYSTEM_cpt);
    case USE_REMITTED_CHARGE: return read_cents(p->cell->text, p->cell->length, &p->bits);
    case USE_REMITTED_DAY: return parse_day(p);
    default: p->bits = base_intern_add(&r->store->symbols, p->cell->text, p->cell->length); return true;
    }
}

static const char *expected(side_reader *r, const side_column *column)
{
    base_arena *arena = &r->store->arena;
    lang_type type = lang_schema_field(r->store->schema, column->field)->type;
    switch (column->use) {
    case USE_DAY:
    case USE_FROM_DATE:
    case USE_TO_DATE:
    case USE_FACT_RECEIVED: return "a date that exists, as YYYY-MM-DD";
    case USE_FROM_TIME:
    case USE_TO_TIME: return "a time of day, as HH:MM";
    case USE_COMPLETENESS: return "`complete` or `own`";
    case USE_SOURCE: return "`payer` or `own_claims`";
    case USE_REMITTED_MATCH: return "`number`, `service` or `claim`";
    case USE_REMITTED_REVERSAL: return "yes or no";
    case USE_REMITTED_CHARGE: return "an amount such as 41.50";
    case USE_REMITTED_DAY: return "a date that exists, as YYYY-MM-DD";
    case USE_REMITTED_PROCEDURE: return "a procedure code";
    default: break;
    }
    if (column->use == USE_FACT_PROGRAM || type.kind == LANG_TYPE_ENUMERATION) {
        lang_enumeration words =
            column->use == USE_FACT_PROGRAM ? LANG_ENUMERATION_program : (lang_enumeration)type.detail;
        base_text text;
        base_text_init(&text, arena);
        base_text_put(&text, "one of");
        char word[40];
        for (size_t i = 0; lang_schema_word(r->store->schema, words, i, word); i++)
            base_text_format(&text, "%s %s", i == 0 ? "" : ",", word);
        return base_text_string(&text);
    }
    switch (type.kind) {
    case LANG_TYPE_TRUTH: return "yes or no";
    case LANG_TYPE_DATE: return "a date that exists, as YYYY-MM-DD";
    case LANG_TYPE_MONEY: return "an amount such as 41.50";
    case LANG_TYPE_COUNT: return "a whole number";
    case LANG_TYPE_QUANTITY:
    case LANG_TYPE_MINUTES: return "a number with at most three decimals";
    default:
        return base_format(
            arena, "a %s",
            lang_type_label(r->store->schema, arena, (lang_type){type.kind, type.detail, type.list, false}));
    }
}

/* Reads one record's cells; false, with a problem noted, if any cannot be read. */
static bool parse_record(side_reader *r, const csv_cell *cells, size_t count)
{
    bool good = true;
    if (count != r->width) {
        problem(
            r, ADJ_SEVERITY_ERROR, "D0303", 1,
            base_format(&r->store->arena, "this record has %zu cells; the header names %zu columns", count, r->width));
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        parsed *p = &r->cells[i];
        *p = (parsed){.column = r->order[i], .cell = &cells[i], .state = RUN_UNKNOWN};
        if (p->column == NULL) continue;
        bool field = p->column->use == USE_FIELD;
        lang_type type = lang_schema_field(r->store->schema, p->column->field)->type;
        bool literal = cells[i].literal && field && type.kind == LANG_TYPE_TEXT;
        bool empty = cells[i].length == 0, none = !literal && same(&cells[i], "none");
        bool modifiers = field && p->column->field == LANG_FIELD_line_modifiers;
        if (empty && p->column->required == 1) {
            problem(r, ADJ_SEVERITY_ERROR, "D0304", cells[i].column,
                    base_format(&r->store->arena, "`%s` is empty; every record needs it", p->column->header));
            good = false;
        } else if ((none || (empty && modifiers)) && field && type.list) {
            p->state = RUN_PRESENT;
        } else if ((none || empty) && field && type.optional) {
            p->state = RUN_ABSENT;
        } else if (empty || (!literal && same(&cells[i], "unknown"))) {
            p->state = RUN_UNKNOWN;
        } else if (parse_use(r, p)) {
            p->state = RUN_PRESENT;
        } else {
            problem(r, ADJ_SEVERITY_ERROR, "D0305", cells[i].column,
                    base_format(&r->store->arena, "found `%.*s` in `%s`, expected %s", (int)cells[i].length,
                                cells[i].text, p->column->header, expected(r, p->column)));
            good = false;
        }
    }
    return good;
}

/* ---- storing a record ---- */

static const parsed *of_use(const side_reader *r, cell_use use)
{
    for (size_t i = 0; i < r->width; i++) {
        const parsed *p = &r->cells[i];
        if (p->column != NULL && p->column->use == use && p->state == RUN_PRESENT) return p;
    }
    return NULL;
}

/* Stores the cells that are fields of a record. */
static void store_fields_of(side_reader *r, lang_record record, uint32_t row)
{
    for (size_t i = 0; i < r->width; i++) {
        const parsed *p = &r->cells[i];
        if (p->column == NULL || p->column->use != USE_FIELD) continue;
        lang_field field = p->column->field;
        if (lang_schema_field(r->store->schema, field)->record != record) continue;
        if (p->state == RUN_ABSENT) run_store_set_absent(r->store, field, row);
        if (p->state != RUN_PRESENT) continue;
        if (lang_schema_field(r->store->schema, field)->type.list)
            run_store_set_list(r->store, field, row, p->list, p->list_count);
        else
            run_store_set(r->store, field, row, p->bits);
    }
}

/* Columns that the file does not have: optional fields of its record stay unknown, which is what "not told" means. */
static void store_fields(side_reader *r, uint32_t row)
{
    store_fields_of(r, r->record, row);
}

static void store_times(side_reader *r, lang_field field, uint32_t row, bool dated, base_date date)
{
    const parsed *from = of_use(r, USE_FROM_TIME), *to = of_use(r, USE_TO_TIME);
    if (!dated || from == NULL || to == NULL) return;
    int64_t day = (int64_t)date * 1440, end = day + to->bits;
    if (to->bits < from->bits) end += 1440; /* past midnight */
    run_store_set(r->store, field, row, run_span_pack((int32_t)(day + from->bits), (int32_t)end));
}

static bool store_dates(side_reader *r, lang_field field, uint32_t row, bool open_ended)
{
    const parsed *from = of_use(r, USE_FROM_DATE), *to = of_use(r, USE_TO_DATE);
    if (from == NULL || (to == NULL && !open_ended)) return true;
    base_date last = to == NULL ? BASE_DATE_MAX : (base_date)to->bits;
    if (last < (base_date)from->bits) {
        problem(r, ADJ_SEVERITY_ERROR, "D0306", to == NULL ? 1 : to->cell->column, "the span ends before it begins");
        return false;
    }
    run_store_set(r->store, field, row, run_span_pack((int32_t)from->bits, last));
    return true;
}

static uint32_t member_row(side_reader *r, const parsed *member)
{
    return member == NULL ? RUN_NO_ROW : run_store_patient(r->store, member->cell->text, member->cell->length);
}

/* Whether a record with these identifying cells was read before; if so, says it and the record is not read again. */
static bool stands_twice(side_reader *r, const parsed *const *cells, size_t count, const char *what)
{
    base_text key;
    base_text_init(&key, &r->store->arena);
    base_text_put(&key, kind_name(r));
    for (size_t i = 0; i < count; i++) {
        base_text_format(&key, "\x1f%.*s", (int)cells[i]->cell->length, cells[i]->cell->text);
    }
    base_intern *records = &r->input->encounters->records;
    if (base_intern_find(records, base_text_string(&key), key.length) == BASE_INTERN_NONE) {
        base_intern_add(records, base_text_string(&key), key.length);
        return false;
    }
    problem(r, ADJ_SEVERITY_WARNING, "D0309", cells[0]->cell->column,
            base_format(&r->store->arena, "%s stands twice; the first record counts, this one is not read", what));
    return true;
}

static const parsed *of_field(const side_reader *r, lang_field field)
{
    for (size_t i = 0; i < r->width; i++) {
        const parsed *p = &r->cells[i];
        if (p->column != NULL && p->column->use == USE_FIELD && p->column->field == field && p->state == RUN_PRESENT) {
            return p;
        }
    }
    return NULL;
}

/* Whether a file of lines is of those to be judged, and not of the history. */
static bool judged(const side_reader *r)
{
    return r->kind == SIDE_history && r->input->role == READ_JUDGED;
}

/* A replacement may have the identifier of the claim that it replaces: frequency and payer's number tell them apart. */
static size_t which_claim(const side_reader *r, const parsed **identity, size_t parts)
{
    const parsed *frequency = of_field(r, LANG_FIELD_claim_frequency), *number = of_use(r, USE_PAYER_NUMBER);
    if (frequency != NULL) identity[parts++] = frequency;
    if (number != NULL) identity[parts++] = number;
    return parts;
}

static uint32_t history_claim(side_reader *r, const parsed *const *identity, size_t parts)
{
    read_encounters *encounters = r->input->encounters;
    const parsed *claim = identity[1];
    base_text text;
    base_text_init(&text, &r->store->arena);
    base_text_put(&text, judged(r) ? "judged" : "known");
    for (size_t i = 0; i < parts; i++)
        base_text_format(&text, "\x1f%.*s", (int)identity[i]->cell->length, identity[i]->cell->text);
    const char *key = base_text_string(&text);
    uint32_t known = base_intern_add(&encounters->history_claims, key, strlen(key));
    if (known == BASE_INTERN_NONE) return RUN_NO_ROW;
    if (known < encounters->history_claim_rows.count) return encounters->history_claim_rows.items[known];
    uint32_t row = run_store_add(r->store, LANG_RECORD_claim);
    uint32_t *slot = BASE_PUSH(&r->store->arena, &encounters->history_claim_rows);
    if (row == RUN_NO_ROW || slot == NULL) return RUN_NO_ROW;
    *slot = row;
    run_store_set(r->store, LANG_FIELD_claim_id, row, claim->bits);
    if (judged(r)) {
        r->store->claims.items[row].subject = true;
        encounters->claim_count++;
    }
    return row;
}

/* What lines that are to be judged have beyond those of the history. */
static void store_judged(side_reader *r, uint32_t row)
{
    r->store->lines.items[row].subject = true;
    if (run_store_state(r->store, LANG_FIELD_line_status, row) != RUN_UNKNOWN) return;
    run_store_set(r->store, LANG_FIELD_line_status, row,
                  lang_schema_word_find(r->store->schema, LANG_ENUMERATION_line_status, "submitted"));
}

static bool store_history(side_reader *r)
{
    const parsed *member = of_use(r, USE_MEMBER), *claim = of_use(r, USE_CLAIM);
    if (member == NULL || claim == NULL) return false;
    const parsed *number_cell = of_field(r, LANG_FIELD_line_number);
    const parsed *identity[5] = {member, claim};
    size_t parts = which_claim(r, identity, 2);
    uint32_t patient = member_row(r, member), claim_row = history_claim(r, identity, parts);
    identity[parts++] = number_cell;
    if (number_cell != NULL && stands_twice(r, identity, parts, "this line of this claim")) return true;
    uint32_t row = run_store_add(r->store, LANG_RECORD_line);
    if (patient == RUN_NO_ROW || claim_row == RUN_NO_ROW || row == RUN_NO_ROW) return false;
    run_store_set(r->store, LANG_FIELD_line_patient, row, patient);
    run_store_set(r->store, LANG_FIELD_line_claim, row, claim_row);
    run_store_set(r->store, LANG_FIELD_line_number, row, 1);
    store_fields(r, row);
    store_fields_of(r, LANG_RECORD_claim, claim_row);
    store_fields_of(r, LANG_RECORD_patient, patient);
    if (judged(r)) store_judged(r, row);
    bool billing = run_store_present(r->store, LANG_FIELD_line_billing_provider, row);
    if (billing && run_store_state(r->store, LANG_FIELD_line_rendering_provider, row) == RUN_UNKNOWN) {
        run_store_set(r->store, LANG_FIELD_line_rendering_provider, row,
                      run_store_bits(r->store, LANG_FIELD_line_billing_provider, row));
    }
    run_line_extra *extra = &r->store->lines.items[row];
    extra->file = r->input->name_symbol;
    extra->segment = (uint32_t)r->line;
    const parsed *authorization = of_use(r, USE_AUTHORIZATION), *number = of_use(r, USE_PAYER_NUMBER);
    const parsed *session = of_use(r, USE_SESSION), *completeness = of_use(r, USE_COMPLETENESS);
    if (authorization != NULL) extra->authorization = (uint32_t)authorization->bits;
    if (number != NULL) r->store->claims.items[claim_row].payer_number = (uint32_t)number->bits;
    size_t index;
    uint32_t held = session == NULL
                        ? RUN_NO_ROW
                        : read_session_row(r->input->encounters, session->cell->text, session->cell->length, &index);
    if (held != RUN_NO_ROW) run_store_set(r->store, LANG_FIELD_line_session, row, held);
    const parsed *source = of_use(r, USE_SOURCE);
    r->store->claims.items[claim_row].beside = source != NULL && source->bits == 1;
    if (!judged(r) && completeness != NULL && completeness->bits == 1) r->store->own_history.items[patient] = 1;
    return true;
}

static bool store_session(side_reader *r)
{
    const parsed *id = of_use(r, USE_SESSION), *day = of_use(r, USE_DAY);
    if (id == NULL || day == NULL) return false;
    read_encounters *encounters = r->input->encounters;
    size_t index;
    uint32_t row = read_session_row(encounters, id->cell->text, id->cell->length, &index);
    if (row == RUN_NO_ROW) return false;
    if (encounters->session_defined.items[index]) {
        problem(r, ADJ_SEVERITY_ERROR, "D0307", id->cell->column,
                base_format(&r->store->arena, "the session %.*s stands twice; this record is not read",
                            (int)id->cell->length, id->cell->text));
        return false;
    }
    encounters->session_defined.items[index] = true;
    run_store_set(r->store, LANG_FIELD_session_date, row, day->bits);
    store_fields(r, row);
    store_times(r, LANG_FIELD_session_time, row, true, (base_date)day->bits);
    return true;
}

static bool store_attendance(side_reader *r)
{
    const parsed *id = of_use(r, USE_SESSION), *member = of_use(r, USE_MEMBER), *day = of_use(r, USE_DAY);
    if (id == NULL || member == NULL) return false;
    const parsed *identity[] = {member, id};
    if (stands_twice(r, identity, 2, "this member's attendance of this session")) return true;
    size_t index;
    uint32_t session = read_session_row(r->input->encounters, id->cell->text, id->cell->length, &index);
    uint32_t patient = member_row(r, member), row = run_store_add(r->store, LANG_RECORD_attendance);
    if (session == RUN_NO_ROW || patient == RUN_NO_ROW || row == RUN_NO_ROW) return false;
    run_store_set(r->store, LANG_FIELD_attendance_session, row, session);
    run_store_set(r->store, LANG_FIELD_attendance_patient, row, patient);
    store_fields(r, row);
    bool dated = day != NULL || run_store_present(r->store, LANG_FIELD_session_date, session);
    base_date date =
        day != NULL ? (base_date)day->bits : (base_date)run_store_bits(r->store, LANG_FIELD_session_date, session);
    store_times(r, LANG_FIELD_attendance_time, row, dated, date);
    return true;
}

static bool store_authorization(side_reader *r)
{
    const parsed *identity[] = {of_use(r, USE_MEMBER), of_field(r, LANG_FIELD_authorization_number)};
    if (identity[0] == NULL || identity[1] == NULL) return false;
    if (stands_twice(r, identity, 2, "this authorization (list its procedures in one cell)")) return true;
    uint32_t patient = member_row(r, identity[0]);
    uint32_t row = patient == RUN_NO_ROW ? RUN_NO_ROW : run_store_add(r->store, LANG_RECORD_authorization);
    if (row == RUN_NO_ROW) return false;
    if (!store_dates(r, LANG_FIELD_authorization_dates, row, false)) return false;
    run_store_set(r->store, LANG_FIELD_authorization_patient, row, patient);
    store_fields(r, row);
    return true;
}

static bool store_coverage(side_reader *r)
{
    uint32_t patient = member_row(r, of_use(r, USE_COVERED_MEMBER));
    uint32_t row = patient == RUN_NO_ROW ? RUN_NO_ROW : run_store_add(r->store, LANG_RECORD_coverage);
    uint32_t *slot = row == RUN_NO_ROW ? NULL : BASE_PUSH(&r->store->arena, &r->store->coverage_patients);
    if (slot == NULL) return false;
    *slot = patient;
    store_fields(r, row);
    return store_dates(r, LANG_FIELD_coverage_dates, row, true);
}

static bool store_told_coverage(side_reader *r)
{
    uint32_t patient = member_row(r, of_use(r, USE_COVERED_MEMBER));
    if (patient == RUN_NO_ROW) return false;
    r->store->told_coverage.items[patient] = 1;
    return true;
}

/* What a file says of claims' fields is kept until every claim has been read. */
static void store_site_facts(side_reader *r, read_claim_fact *fact)
{
    for (size_t i = 0; i < r->width; i++) {
        const parsed *p = &r->cells[i];
        bool field = p->column != NULL && p->column->use == USE_FIELD;
        if (!field || p->state == RUN_UNKNOWN) continue;
        read_site_value *value = BASE_PUSH(&r->store->arena, &fact->values);
        if (value == NULL) return;
        *value = (read_site_value){p->column->field, p->state, p->bits};
        bool list = lang_schema_field(r->store->schema, p->column->field)->type.list;
        if (list && p->state == RUN_PRESENT) value->bits = run_store_list(r->store, p->list, p->list_count);
    }
}

static bool store_claim_fact(side_reader *r)
{
    const parsed *claim = of_use(r, USE_FACT_CLAIM), *program = of_use(r, USE_FACT_PROGRAM),
                 *received = of_use(r, USE_FACT_RECEIVED);
    read_claim_fact *fact = claim == NULL ? NULL : BASE_PUSH(&r->store->arena, &r->input->encounters->claim_facts);
    if (fact == NULL) return false;
    *fact = (read_claim_fact){.claim_id = (uint32_t)claim->bits, .program = program == NULL ? -1 : program->bits};
    fact->received_given = received != NULL;
    if (received != NULL) fact->received = (base_date)received->bits;
    store_site_facts(r, fact);
    return true;
}

/* How the payer speaks of what it answers, where the file has no line numbers: as an 835 does. */
static void store_service(side_reader *r, run_remitted *link)
{
    const parsed *match = of_use(r, USE_REMITTED_MATCH), *day = of_use(r, USE_REMITTED_DAY);
    const parsed *charge = of_use(r, USE_REMITTED_CHARGE), *procedure = of_use(r, USE_REMITTED_PROCEDURE);
    const parsed *control = of_use(r, USE_REMITTED_CONTROL), *reversal = of_use(r, USE_REMITTED_REVERSAL);
    const parsed *payment = of_use(r, USE_REMITTED_PAYMENT);
    if (match != NULL) link->kind = (run_remitted_kind)match->bits;
    if (procedure != NULL) link->procedure = (uint32_t)procedure->bits;
    if (charge != NULL) link->charge = charge->bits;
    if (control != NULL) link->control = (uint32_t)control->bits;
    link->reversal = reversal != NULL && reversal->bits != 0;
    link->dated = day != NULL;
    if (day != NULL) link->date = (base_date)day->bits;
    if (payment == NULL) return;
    base_intern *payments = &r->input->encounters->payments;
    const char *name = base_format(&r->store->arena, "%.*s", (int)payment->cell->length, payment->cell->text);
    size_t known = payments->entries.count;
    uint32_t id = base_intern_add(payments, name, payment->cell->length);
    if (id == BASE_INTERN_NONE) return;
    if (id >= known) {
        uint32_t *occurrence = BASE_PUSH(&r->store->arena, &r->input->encounters->payment_numbers);
        if (occurrence == NULL) return;
        *occurrence = ++r->store->remitted_claims;
    }
    link->occurrence = r->input->encounters->payment_numbers.items[id];
}

static bool store_remittance(side_reader *r)
{
    const parsed *claim = of_use(r, USE_REMITTED_CLAIM), *line = of_use(r, USE_REMITTED_LINE);
    uint32_t row = claim == NULL ? RUN_NO_ROW : run_store_add(r->store, LANG_RECORD_remittance);
    run_remitted *link = row == RUN_NO_ROW ? NULL : BASE_PUSH(&r->store->arena, &r->store->remitted);
    if (link == NULL) return false;
    int64_t number = 1;
    if (line != NULL && !read_whole(line->cell->text, line->cell->length, &number)) {
        problem(r, ADJ_SEVERITY_ERROR, "D0305", line->cell->column, "the line number is not a whole number");
        r->store->remitted.count--;
        return false;
    }
    *link = (run_remitted){.row = row, .claim = (uint32_t)claim->bits, .number = number};
    store_fields(r, row);
    store_service(r, link);
    return true;
}

static bool store_site_record(side_reader *r)
{
    uint32_t row = run_store_add(r->store, r->record);
    if (row == RUN_NO_ROW) return false;
    bool good = r->site->dates == UINT16_MAX || store_dates(r, (lang_field)r->site->dates, row, true);
    if (good)
        store_fields(r, row);
    else
        r->store->counts[r->record]--;
    return good;
}

static bool store_appointment(side_reader *r)
{
    const parsed *day = of_use(r, USE_DAY), *id = of_use(r, USE_SESSION);
    uint32_t patient = member_row(r, of_use(r, USE_MEMBER)), session = RUN_NO_ROW;
    size_t index;
    if (day == NULL || patient == RUN_NO_ROW) return false;
    if (id != NULL) session = read_session_row(r->input->encounters, id->cell->text, id->cell->length, &index);
    uint32_t row = run_store_add(r->store, LANG_RECORD_appointment);
    if (row == RUN_NO_ROW) return false;
    run_store_set(r->store, LANG_FIELD_appointment_patient, row, patient);
    run_store_set(r->store, LANG_FIELD_appointment_date, row, day->bits);
    if (session != RUN_NO_ROW) run_store_set(r->store, LANG_FIELD_appointment_session, row, session);
    store_fields(r, row);
    store_times(r, LANG_FIELD_appointment_time, row, true, (base_date)day->bits);
    return true;
}

static bool store_rate(side_reader *r)
{
    uint32_t row = run_store_add(r->store, LANG_RECORD_rate);
    if (row == RUN_NO_ROW) return false;
    store_fields(r, row);
    if (store_dates(r, LANG_FIELD_rate_dates, row, true)) return true;
    run_store_truncate(r->store, LANG_RECORD_rate, row);
    return false;
}

static bool store_payer(side_reader *r)
{
    const parsed *id = of_use(r, USE_PAYER_ID), *payer = of_use(r, USE_PAYER_NAME);
    if (id == NULL || payer == NULL) return false;
    uint32_t *first = BASE_PUSH(&r->store->arena, &r->store->payer_map);
    if (first != NULL) *first = (uint32_t)id->bits;
    uint32_t *second = BASE_PUSH(&r->store->arena, &r->store->payer_map);
    if (second != NULL) *second = (uint32_t)payer->bits;
    return second != NULL;
}

static bool store_record(side_reader *r)
{
    if (r->site != NULL) return store_site_record(r);
    switch (r->kind) {
    case SIDE_history: return store_history(r);
    case SIDE_attendance: return store_attendance(r);
    case SIDE_sessions: return store_session(r);
    case SIDE_authorizations: return store_authorization(r);
    case SIDE_eligibility: return store_coverage(r);
    case SIDE_coverage_told: return store_told_coverage(r);
    case SIDE_acknowledgments:
    case SIDE_claims: return store_claim_fact(r);
    case SIDE_schedule: return store_appointment(r);
    case SIDE_rates: return store_rate(r);
    case SIDE_remittance: return store_remittance(r);
    default: return store_payer(r);
    }
}

/* A record that was left out leaves a hole: history is then a lower bound, and no record found is no longer none. */
static void reject(side_reader *r)
{
    r->input->rejected++;
    if (r->site != NULL) {
        r->store->site_holes[r->record] = true;
        return;
    }
    if (r->kind == SIDE_remittance) r->store->remittance_has_holes = true;
    if (r->kind == SIDE_schedule) r->store->schedule_has_holes = true;
    if (r->kind == SIDE_rates) r->store->rates_have_holes = true;
    if (r->kind == SIDE_acknowledgments) r->store->acknowledgments_have_holes = true;
    if (r->kind == SIDE_history && !judged(r)) r->store->history_is_own = true;
    if (r->kind == SIDE_eligibility) r->store->eligibility_has_holes = true;
}

/* Notes that the feed of the kind at hand was given. */
static void note_feed(side_reader *r)
{
    if (r->site != NULL)
        r->store->site_feeds[r->record] = true;
    else if (!judged(r))
        r->store->feeds[side_kinds[r->kind].feed] = true;
}

/* Finds what kind of file has these columns; false if none. */
static bool choose_kind(side_reader *r, const csv_cell *cells, size_t count)
{
    r->site = NULL;
    r->kind = detect(cells, count, r->said);
    if (r->kind == SIDE_COUNT) return detect_site(r, cells, count);
    r->record = side_kinds[r->kind].record;
    return true;
}

static void read_cells(side_reader *r, csv_cell *cells, size_t count)
{
    for (size_t i = 0; i < count; i++) read_map_cell(r->input->encounters, &r->store->arena, r->theirs[i], &cells[i]);
    if (parse_record(r, cells, count) && store_record(r))
        r->input->accepted++;
    else
        reject(r);
}

static side_reader *new_reader(read_input *input)
{
    side_reader *r = base_arena_alloc(&input->store->arena, sizeof *r);
    if (r == NULL) return NULL;
    r->input = input;
    r->store = input->store;
    r->kind = SIDE_COUNT;
    return r;
}

bool read_side_file(read_input *input)
{
    side_reader *r = new_reader(input);
    csv_cell *cells = base_arena_alloc(&input->store->arena, CSV_COLUMN_LIMIT * sizeof *cells);
    if (r == NULL || cells == NULL) return false;
    csv_init(&r->csv, &input->store->arena, input->bytes, input->length);
    size_t count;
    bool header = csv_next(&r->csv, cells, &count);
    r->line = r->csv.line;
    if (!header || r->csv.error != NULL) {
        if (header)
            problem(r, ADJ_SEVERITY_ERROR, "D0308", r->csv.error_column, r->csv.error);
        else
            problem(r, ADJ_SEVERITY_ERROR, "D0301", 0, "the file is empty");
        return false;
    }
    if (read_is_column_map(cells, count)) return read_column_map(input, &r->csv, cells, count);
    read_map_header(input->encounters, cells, count, r->theirs);
    if (!choose_kind(r, cells, count)) {
        report_header(r);
        return false;
    }
    order_columns(r, cells, count);
    note_feed(r);
    read_keep_header(input, r->csv.line_start, r->csv.at);
    while (csv_next(&r->csv, cells, &count) && !input->store->arena.failed) {
        r->line = r->csv.line;
        size_t rejected = input->rejected;
        if (r->csv.error != NULL) {
            problem(r, ADJ_SEVERITY_ERROR, "D0308", r->csv.error_column, r->csv.error);
            reject(r);
        } else {
            read_cells(r, cells, count);
        }
        if (input->rejected > rejected) read_keep_reject(input, r->csv.line_start, r->csv.at);
    }
    return true;
}

/* ---- records of JSON, which say the columns of each record anew ---- */

struct read_record_reader {
    side_reader side;
    csv_cell names[CSV_COLUMN_LIMIT]; /* of the last record */
    size_t count;
    bool known; /* they are those of some kind */
};

read_record_reader *read_records_begin(read_input *input)
{
    read_record_reader *reader = base_arena_alloc(&input->store->arena, sizeof *reader);
    if (reader == NULL) return NULL;
    reader->side.input = input;
    reader->side.store = input->store;
    reader->side.kind = SIDE_COUNT;
    return reader;
}

static bool same_names(const read_record_reader *reader, const csv_cell *names, size_t count)
{
    if (!reader->known || reader->count != count) return false;
    for (size_t i = 0; i < count; i++) {
        const csv_cell *before = &reader->names[i];
        if (before->length != names[i].length || memcmp(before->text, names[i].text, names[i].length) != 0)
            return false;
    }
    return true;
}

/* Learns the columns of a record that differ from those of the one before. */
static void learn_names(read_record_reader *reader, const csv_cell *names, size_t count)
{
    side_reader *r = &reader->side;
    csv_cell renamed[CSV_COLUMN_LIMIT];
    reader->count = count;
    for (size_t i = 0; i < count; i++) {
        const char *kept = base_arena_copy(&r->store->arena, names[i].text, names[i].length);
        reader->names[i] = renamed[i] =
            (csv_cell){kept == NULL ? "" : kept, kept == NULL ? 0 : names[i].length, 0, false};
    }
    read_map_header(r->input->encounters, renamed, count, r->theirs);
    reader->known = choose_kind(r, renamed, count);
    if (!reader->known) {
        report_header(r);
        return;
    }
    order_columns(r, renamed, count);
    note_feed(r);
}

void read_record(read_record_reader *reader, size_t line, const char *said, size_t said_length, const csv_cell *names,
                 csv_cell *cells, size_t count)
{
    side_reader *r = &reader->side;
    r->line = line;
    size_t length = said_length < sizeof r->said - 1 ? said_length : sizeof r->said - 1;
    if (strlen(r->said) != length || memcmp(r->said, said, length) != 0) {
        memcpy(r->said, said, length);
        r->said[length] = '\0';
        reader->known = false;
    }
    if (!same_names(reader, names, count)) learn_names(reader, names, count);
    if (reader->known)
        read_cells(r, cells, count);
    else
        r->input->rejected++;
}
