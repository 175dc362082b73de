/* The cells of a side file's record: each read by what its column is, and what comes again taken as it was read before. */
#include "readers/side_reader.h"

#include <string.h>

static bool parse_list(side_reader *r, side_value *p, lang_code_system system)
{
    uint32_t codes[SIDE_LIST_LIMIT];
    size_t start = 0, count = 0;
    for (size_t i = 0; i <= p->cell->length; i++) {
        bool gap = i == p->cell->length || strchr(" ;|,", p->cell->text[i]) != NULL;
        if (!gap) continue;
        const char *code = p->cell->text + start;
        size_t length = i - start;
        start = i + 1;
        if (length == 0) continue;
        char normal[128];
        if (length >= sizeof normal || count == SIDE_LIST_LIMIT) return false;
        lang_code_normalize(system, code, length, normal);
        if (!r->input->trusted && !lang_code_shape(system, normal, strlen(normal))) return false;
        codes[count++] = run_store_code(r->store, system, code, length);
    }
    p->bits = run_store_list(r->store, codes, count);
    return true;
}

static bool parse_code(side_reader *r, side_value *p, lang_code_system system)
{
    char normal[128];
    if (p->cell->length >= sizeof normal) return false;
    lang_code_normalize(system, p->cell->text, p->cell->length, normal);
    if (!r->input->trusted && !lang_code_shape(system, normal, strlen(normal))) return false;
    if (!r->input->trusted && system == LANG_SYSTEM_npi && !lang_npi_valid(normal, strlen(normal)))
        side_problem(
            r, ADJ_SEVERITY_WARNING, "D0205", p->cell->column,
            base_format(&r->store->arena, "`%s` is not a valid National Provider Identifier (check digit)", normal));
    p->bits = run_store_code(r->store, system, p->cell->text, p->cell->length);
    return true;
}

static bool parse_word(const side_reader *r, side_value *p, lang_enumeration enumeration)
{
    char word[40];
    if (p->cell->length >= sizeof word) return false;
    memcpy(word, p->cell->text, p->cell->length);
    word[p->cell->length] = '\0';
    p->bits = lang_schema_word_find(r->store->schema, enumeration, word);
    return p->bits >= 0;
}

static bool parse_truth(side_value *p)
{
    static const char *const yes[] = {"yes", "y", "true", "1"};
    static const char *const no[] = {"no", "n", "false", "0"};
    for (size_t i = 0; i < 4; i++) {
        if (!side_same(p->cell, yes[i]) && !side_same(p->cell, no[i])) continue;
        p->bits = side_same(p->cell, yes[i]) ? 1 : 0;
        return true;
    }
    return false;
}

static bool parse_day(side_value *p)
{
    base_date date;
    bool good = base_date_read(p->cell->text, p->cell->length, false, &date) ||
                base_date_read(p->cell->text, p->cell->length, true, &date);
    if (good) p->bits = date;
    return good;
}

static bool parse_field(side_reader *r, side_value *p, lang_type type)
{
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

static bool parse_system(const side_reader *r, side_value *p)
{
    char name[64];
    if (p->cell->length >= sizeof name) return false;
    memcpy(name, p->cell->text, p->cell->length);
    name[p->cell->length] = '\0';
    lang_code_system system = lang_schema_system_find(r->store->schema, name);
    p->bits = (int64_t)system;
    return (int)system < lang_schema_system_count(r->store->schema);
}

static bool parse_use(side_reader *r, side_value *p, const side_place *place)
{
    switch (place->column->use) {
    case USE_FIELD: return parse_field(r, p, place->type);
    case USE_MEMBER:
    case USE_COVERED_MEMBER:
    case USE_SESSION: return true; /* found by their texts */
    case USE_DAY:
    case USE_FROM_DATE:
    case USE_TO_DATE:
    case USE_FACT_RECEIVED: return parse_day(p);
    case USE_FROM_TIME:
    case USE_TO_TIME: return read_clock(p->cell->text, p->cell->length, &p->bits);
    case USE_FACT_PROGRAM: return parse_word(r, p, LANG_ENUMERATION_program);
    case USE_COMPLETENESS: p->bits = side_same(p->cell, "own"); return p->bits != 0 || side_same(p->cell, "complete");
    case USE_SOURCE: p->bits = side_same(p->cell, "own_claims"); return p->bits != 0 || side_same(p->cell, "payer");
    case USE_REMITTED_MATCH:
        p->bits = side_same(p->cell, "number")    ? RUN_REMITTED_NUMBER
                  : side_same(p->cell, "service") ? RUN_REMITTED_SERVICE
                                                  : RUN_REMITTED_CLAIM;
        return p->bits != RUN_REMITTED_CLAIM || side_same(p->cell, "claim");
    case USE_REMITTED_REVERSAL: return parse_truth(p);
    case USE_REMITTED_PROCEDURE: return parse_code(r, p, LANG_SYSTEM_cpt);
    case USE_REMITTED_CHARGE: return read_cents(p->cell->text, p->cell->length, &p->bits);
    case USE_REMITTED_DAY: return parse_day(p);
    case USE_CODE_SYSTEM: return parse_system(r, p);
    case USE_CODE: return p->cell->length < 128; /* in the spelling of its system, which another cell says */
    default: p->bits = base_intern_add(&r->store->symbols, p->cell->text, p->cell->length); return true;
    }
}

const char *side_expected(side_reader *r, const side_column *column)
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
    case USE_CODE_SYSTEM:
        return "a code system: cpt, modifier, pos, icd10, revenue, taxonomy, npi, or one of the site's";
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

/* ---- records ---- */

/* What a word for nothing says; false where the cell holds a value. */
static bool says_nothing(const side_place *place, const csv_cell *cell, side_value *value)
{
    bool word = (cell->length == 4 || cell->length == 7) && !(cell->literal && place->text);
    if (!word) return false;
    if (cell->length == 7) return memcmp(cell->text, "unknown", 7) == 0; /* its state is that already */
    if (memcmp(cell->text, "none", 4) != 0 || !place->field) return false;
    if (place->type.list) {
        value->state = RUN_PRESENT;
        value->bits = run_list_pack(0, 0);
    } else if (place->type.optional) {
        value->state = RUN_ABSENT;
    }
    return value->state != RUN_UNKNOWN;
}

bool side_read_value(side_reader *r, const side_place *place, side_value *value)
{
    const csv_cell *cell = value->cell;
    base_short_text text = {0, 0};
    uint64_t tag = 0;
    side_lately *lately = NULL;
    if (place->lately != NULL && cell->length <= BASE_SHORT_TEXT) {
        tag = side_lately_tag(r, place, cell->length, cell->literal);
        text = base_short_text_of(cell->text, cell->length);
        lately = side_lately_at(place, text, tag);
        if (side_lately_is(lately, text, tag)) {
            value->bits = lately->bits;
            value->state = lately->state;
            return true;
        }
    }
    if (says_nothing(place, cell, value)) return true;
    size_t problems = r->store->problems.count;
    if (!parse_use(r, value, place)) return false;
    value->state = RUN_PRESENT;
    if (lately == NULL || r->store->problems.count > problems) return true; /* what is told of is told each time */
    *lately = (side_lately){text, value->bits, tag, value->state};
    return true;
}

static bool refuse(side_reader *r, const side_column *column, const csv_cell *cell)
{
    base_arena *arena = &r->store->arena;
    if (cell->length == 0)
        side_problem(r, ADJ_SEVERITY_ERROR, "D0304", cell->column,
                     base_format(arena, "`%s` is empty; every record needs it", column->header));
    else
        side_problem(r, ADJ_SEVERITY_ERROR, "D0305", cell->column,
                     base_format(arena, "found `%.*s` in `%s`, expected %s", (int)cell->length, cell->text,
                                 column->header, side_expected(r, column)));
    return false;
}

bool side_read_cells(side_reader *r, const csv_cell *cells, size_t count)
{
    const side_shape *shape = r->shape;
    bool good = true;
    if (count != shape->width) {
        side_problem(r, ADJ_SEVERITY_ERROR, "D0303", 1,
                     base_format(&r->store->arena, "this record has %zu cells; the header names %zu columns", count,
                                 shape->width));
        return false;
    }
    r->told_count = 0;
    for (size_t i = 0; i < count; i++) {
        const side_place *place = &shape->places[i];
        side_value *value = &r->values[i];
        value->state = RUN_UNKNOWN;
        if (cells[i].length == 0) {
            uint8_t empty = shape->empty[i];
            if (empty == RUN_UNKNOWN || cells[i].text == NULL) continue;
            if (empty == SIDE_REFUSED) {
                good = refuse(r, place->column, &cells[i]);
                continue;
            }
            value->state = empty;
            value->bits = run_list_pack(0, 0);
            r->told[r->told_count++] = (uint8_t)i;
            continue;
        }
        value->cell = &cells[i];
        if (place->column == NULL) {
            continue;
        } else if (!side_read_value(r, place, value)) {
            good = refuse(r, place->column, &cells[i]);
            continue;
        }
        if (value->state != RUN_UNKNOWN) r->told[r->told_count++] = (uint8_t)i;
    }
    return good;
}
