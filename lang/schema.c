/* Look-ups over the encounter schema. */
#include "lang/schema.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* The flags column is read as text: O or L stands first, C last. */
#define FIRST_FLAG(flags) ((#flags)[0])
#define LAST_FLAG(flags) ((#flags)[sizeof(#flags) > 1 ? sizeof(#flags) - 2 : 0])

#define LANG_SYSTEM_none 0
#define DETAIL_CODE(detail) LANG_SYSTEM_##detail
#define DETAIL_ENUMERATION(detail) LANG_ENUMERATION_##detail
#define DETAIL_RECORD(detail) LANG_RECORD_##detail
#define DETAIL_COUNT(detail) 0
#define DETAIL_DATE(detail) 0
#define DETAIL_DATES(detail) 0
#define DETAIL_TIMES(detail) 0
#define DETAIL_MINUTES(detail) 0
#define DETAIL_MONEY(detail) 0
#define DETAIL_QUANTITY(detail) 0
#define DETAIL_TEXT(detail) 0
#define DETAIL_TRUTH(detail) 0

static const lang_field_info rows[] = {
#define LANG_CODE_SYSTEM(name, label)
#define LANG_ENUMERATION(name, values)
#define LANG_RECORD(name, label)
#define LANG_FIELD(record, name, type, detail, flags, feed, standard, label)                                           \
    {LANG_RECORD_##record,                                                                                             \
     #name,                                                                                                            \
     {LANG_TYPE_##type, DETAIL_##type(detail), FIRST_FLAG(flags) == 'L', FIRST_FLAG(flags) == 'O'},                    \
     LAST_FLAG(flags) == 'C',                                                                                          \
     LANG_FEED_##feed,                                                                                                 \
     standard,                                                                                                         \
     label,                                                                                                            \
     0,                                                                                                                \
     {0},                                                                                                              \
     {0}},
#include "schema.def"
#undef LANG_FIELD
};

static const char *const record_names[][2] = {
#undef LANG_RECORD
#define LANG_RECORD(name, label) {#name, label},
#define LANG_FIELD(record, name, type, detail, flags, feed, standard, label)
#include "schema.def"
#undef LANG_RECORD
};

static const char *const system_names[][2] = {
#undef LANG_CODE_SYSTEM
#define LANG_RECORD(name, label)
#define LANG_CODE_SYSTEM(name, label) {#name, label},
#include "schema.def"
#undef LANG_CODE_SYSTEM
};

static const char *const enumerations[][2] = {
#undef LANG_ENUMERATION
#define LANG_CODE_SYSTEM(name, label)
#define LANG_ENUMERATION(name, values) {#name, values},
#include "schema.def"
};

static const char *const feed_names[] = {"claim",          "claims",      "sessions",        "attendance",
                                         "authorizations", "eligibility", "remittance",      "history",
                                         "schedule",       "rates",       "acknowledgments", "derived"};

const lang_schema lang_schema_standard = {0};

int lang_schema_field_count(const lang_schema *schema)
{
    return LANG_FIELD_COUNT + (int)schema->fields.count;
}

int lang_schema_record_count(const lang_schema *schema)
{
    return LANG_RECORD_COUNT + (int)schema->records.count;
}

int lang_schema_system_count(const lang_schema *schema)
{
    return LANG_SYSTEM_COUNT + (int)schema->systems.count;
}

int lang_schema_enumeration_count(const lang_schema *schema)
{
    return LANG_ENUMERATION_COUNT + (int)schema->enumerations.count;
}

const lang_field_info *lang_schema_field(const lang_schema *schema, lang_field field)
{
    return (int)field < LANG_FIELD_COUNT ? &rows[field] : &schema->fields.items[(int)field - LANG_FIELD_COUNT];
}

lang_field lang_schema_find(const lang_schema *schema, lang_record record, const char *name)
{
    for (int i = 0; i < LANG_FIELD_COUNT; i++) {
        if (rows[i].record == record && rows[i].name[0] == name[0] && strcmp(rows[i].name, name) == 0)
            return (lang_field)i;
    }
    for (size_t i = 0; i < schema->fields.count; i++) {
        const lang_field_info *info = &schema->fields.items[i];
        if (info->record == record && strcmp(info->name, name) == 0) return (lang_field)(LANG_FIELD_COUNT + (int)i);
    }
    return LANG_NO_FIELD;
}

static const char *named(int id, int standard, const char *const (*names)[2], const lang_site_name *site, int which)
{
    if (id < standard) return names[id][which];
    return which == 0 ? site[id - standard].name : site[id - standard].label;
}

const char *lang_schema_record_name(const lang_schema *schema, lang_record record)
{
    return named((int)record, LANG_RECORD_COUNT, record_names, schema->records.items, 0);
}

const char *lang_schema_record_label(const lang_schema *schema, lang_record record)
{
    return named((int)record, LANG_RECORD_COUNT, record_names, schema->records.items, 1);
}

lang_record lang_schema_record_find(const lang_schema *schema, const char *name)
{
    for (int i = 0; i < lang_schema_record_count(schema); i++) {
        if (strcmp(lang_schema_record_name(schema, (lang_record)i), name) == 0) return (lang_record)i;
    }
    return LANG_NO_RECORD;
}

const lang_site_name *lang_schema_site_record(const lang_schema *schema, lang_record record)
{
    return (int)record < LANG_RECORD_COUNT ? NULL : &schema->records.items[(int)record - LANG_RECORD_COUNT];
}

const char *lang_schema_system_name(const lang_schema *schema, lang_code_system system)
{
    return named((int)system, LANG_SYSTEM_COUNT, system_names, schema->systems.items, 0);
}

const char *lang_schema_system_label(const lang_schema *schema, lang_code_system system)
{
    return named((int)system, LANG_SYSTEM_COUNT, system_names, schema->systems.items, 1);
}

lang_code_system lang_schema_system_find(const lang_schema *schema, const char *name)
{
    for (int i = 0; i < lang_schema_system_count(schema); i++) {
        if (strcmp(lang_schema_system_name(schema, (lang_code_system)i), name) == 0) return (lang_code_system)i;
    }
    return strcmp(name, "hcpcs") == 0 ? LANG_SYSTEM_cpt : LANG_NO_SYSTEM;
}

const char *lang_schema_enumeration_name(const lang_schema *schema, lang_enumeration enumeration)
{
    return named((int)enumeration, LANG_ENUMERATION_COUNT, enumerations, schema->enumerations.items, 0);
}

lang_enumeration lang_schema_enumeration_find(const lang_schema *schema, const char *name)
{
    for (int i = 0; i < lang_schema_enumeration_count(schema); i++) {
        if (strcmp(lang_schema_enumeration_name(schema, (lang_enumeration)i), name) == 0) return (lang_enumeration)i;
    }
    return LANG_NO_ENUMERATION;
}

bool lang_schema_word(const lang_schema *schema, lang_enumeration enumeration, size_t index, char buffer[40])
{
    const char *at = named((int)enumeration, LANG_ENUMERATION_COUNT, enumerations, schema->enumerations.items, 1);
    for (;; index--) {
        size_t length = strcspn(at, " ");
        if (length == 0) return false;
        if (index == 0) {
            snprintf(buffer, 40, "%.*s", (int)length, at);
            return true;
        }
        at += length;
        at += strspn(at, " ");
    }
}

int lang_schema_word_find(const lang_schema *schema, lang_enumeration enumeration, const char *word)
{
    const char *at = named((int)enumeration, LANG_ENUMERATION_COUNT, enumerations, schema->enumerations.items, 1);
    size_t wanted = strlen(word);
    for (int i = 0;; i++) {
        size_t length = strcspn(at, " ");
        if (length == 0) return -1;
        if (length == wanted && memcmp(at, word, length) == 0) return i;
        at += length;
        at += strspn(at, " ");
    }
}

const char *lang_schema_feed_name(lang_feed feed)
{
    return feed_names[feed];
}

lang_feed lang_schema_feed_find(const char *name)
{
    for (int i = 0; i < LANG_FEED_COUNT; i++) {
        if (strcmp(feed_names[i], name) == 0) return (lang_feed)i;
    }
    return LANG_FEED_COUNT;
}

bool lang_schema_type(const lang_schema *schema, const char *name, lang_type *type)
{
    static const struct {
        const char *name;
        lang_type type;
    } plain[] = {{"count", {LANG_TYPE_COUNT, 0, false, false}},
                 {"quantity", {LANG_TYPE_QUANTITY, 0, false, false}},
                 {"units", {LANG_TYPE_QUANTITY, 0, false, false}},
                 {"money", {LANG_TYPE_MONEY, 0, false, false}},
                 {"text", {LANG_TYPE_TEXT, 0, false, false}},
                 {"date", {LANG_TYPE_DATE, 0, false, false}},
                 {"dates", {LANG_TYPE_DATES, 0, false, false}},
                 {"times", {LANG_TYPE_TIMES, 0, false, false}},
                 {"minutes", {LANG_TYPE_MINUTES, 0, false, false}},
                 {"days", {LANG_TYPE_DAYS, 0, false, false}},
                 {"months", {LANG_TYPE_MONTHS, 0, false, false}},
                 {"yes_no", {LANG_TYPE_TRUTH, 0, false, false}},
                 {"procedure", {LANG_TYPE_CODE, LANG_SYSTEM_cpt, false, false}},
                 {"procedures", {LANG_TYPE_CODE, LANG_SYSTEM_cpt, true, false}},
                 {"diagnosis", {LANG_TYPE_CODE, LANG_SYSTEM_icd10, false, false}},
                 {"diagnoses", {LANG_TYPE_CODE, LANG_SYSTEM_icd10, true, false}},
                 {"modifiers", {LANG_TYPE_CODE, LANG_SYSTEM_modifier, true, false}}};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        if (strcmp(plain[i].name, name) != 0) continue;
        *type = plain[i].type;
        return true;
    }
    lang_code_system system = lang_schema_system_find(schema, name);
    lang_enumeration enumeration = lang_schema_enumeration_find(schema, name);
    if (system != LANG_NO_SYSTEM)
        *type = (lang_type){LANG_TYPE_CODE, (uint16_t)system, false, false};
    else if (enumeration != LANG_NO_ENUMERATION)
        *type = (lang_type){LANG_TYPE_ENUMERATION, (uint16_t)enumeration, false, false};
    return system != LANG_NO_SYSTEM || enumeration != LANG_NO_ENUMERATION;
}

size_t lang_code_normalize(lang_code_system system, const char *text, size_t length, char *out)
{
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        if (system == LANG_SYSTEM_icd10 && text[i] == '.') continue;
        out[used++] = (char)toupper((unsigned char)text[i]);
    }
    out[used] = '\0';
    return used;
}

const char *lang_code_display(base_arena *arena, lang_code_system system, const char *code)
{
    size_t length = strlen(code);
    if (system != LANG_SYSTEM_icd10 || length <= 3) return code;
    return base_format(arena, "%.3s.%s", code, code + 3);
}

static bool digits_and_letters(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!isdigit((unsigned char)text[i]) && !isupper((unsigned char)text[i])) return false;
    }
    return length > 0;
}

static bool digits(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!isdigit((unsigned char)text[i])) return false;
    }
    return length > 0;
}

static bool icd10_shape(const char *text, size_t length)
{
    if (length < 3 || !isupper((unsigned char)text[0]) || !isdigit((unsigned char)text[1])) return false;
    if (!isdigit((unsigned char)text[2]) && !isupper((unsigned char)text[2])) return false;
    size_t tail = 3;
    if (length > 3 && text[3] == '.') {
        tail = 4;
        if (length == 4) return false;
    }
    return length == 3 || (length - tail <= 4 && digits_and_letters(text + tail, length - tail));
}

bool lang_code_shape(lang_code_system system, const char *text, size_t length)
{
    switch (system) {
    case LANG_SYSTEM_cpt: return length == 5 && digits_and_letters(text, length) && digits(text + 1, 3);
    case LANG_SYSTEM_modifier: return length == 2 && digits_and_letters(text, length);
    case LANG_SYSTEM_pos: return length == 2 && digits(text, length);
    case LANG_SYSTEM_icd10: return icd10_shape(text, length);
    case LANG_SYSTEM_revenue: return length == 4 && digits(text, length);
    case LANG_SYSTEM_taxonomy: return length == 10 && digits_and_letters(text, length);
    case LANG_SYSTEM_npi: return length == 10 && digits(text, length);
    case LANG_SYSTEM_frequency: return length == 1 && digits_and_letters(text, length);
    case LANG_SYSTEM_rarc: return length >= 2 && length <= 5 && digits_and_letters(text, length);
    default: return digits_and_letters(text, length);
    }
}

bool lang_npi_valid(const char *text, size_t length)
{
    if (length != 10 || (text[0] != '1' && text[0] != '2')) return false;
    int sum = 24; /* what the prefix 80840 adds */
    for (size_t i = 0; i < 10; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        int digit = text[i] - '0';
        if (i % 2 == 0) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
        sum += digit;
    }
    return sum % 10 == 0;
}
