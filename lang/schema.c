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
     label},
#include "lang/schema.def"
#undef LANG_FIELD
};

static const char *const record_names[][2] = {
#undef LANG_RECORD
#define LANG_RECORD(name, label) {#name, label},
#define LANG_FIELD(record, name, type, detail, flags, feed, standard, label)
#include "lang/schema.def"
#undef LANG_RECORD
};

static const char *const system_names[][2] = {
#undef LANG_CODE_SYSTEM
#define LANG_RECORD(name, label)
#define LANG_CODE_SYSTEM(name, label) {#name, label},
#include "lang/schema.def"
#undef LANG_CODE_SYSTEM
};

static const char *const enumerations[][2] = {
#undef LANG_ENUMERATION
#define LANG_CODE_SYSTEM(name, label)
#define LANG_ENUMERATION(name, values) {#name, values},
#include "lang/schema.def"
};

static const char *const feed_names[] = {"claim",          "claims",      "sessions", "attendance",
                                         "authorizations", "eligibility", "history",  "derived"};

const lang_field_info *lang_schema_field(lang_field field)
{
    return &rows[field];
}

lang_field lang_schema_find(lang_record record, const char *name)
{
    for (int i = 0; i < LANG_FIELD_COUNT; i++) {
        if (rows[i].record == record && strcmp(rows[i].name, name) == 0) return (lang_field)i;
    }
    return LANG_FIELD_COUNT;
}

const char *lang_schema_record_name(lang_record record)
{
    return record_names[record][0];
}

const char *lang_schema_record_label(lang_record record)
{
    return record_names[record][1];
}

const char *lang_schema_system_name(lang_code_system system)
{
    return system_names[system][0];
}

const char *lang_schema_system_label(lang_code_system system)
{
    return system_names[system][1];
}

lang_code_system lang_schema_system_find(const char *name)
{
    for (int i = 0; i < LANG_SYSTEM_COUNT; i++) {
        if (strcmp(system_names[i][0], name) == 0) return (lang_code_system)i;
    }
    if (strcmp(name, "hcpcs") == 0) return LANG_SYSTEM_cpt;
    return LANG_SYSTEM_COUNT;
}

const char *lang_schema_enumeration_name(lang_enumeration enumeration)
{
    return enumerations[enumeration][0];
}

bool lang_schema_word(lang_enumeration enumeration, size_t index, char buffer[40])
{
    const char *at = enumerations[enumeration][1];
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

int lang_schema_word_find(lang_enumeration enumeration, const char *word)
{
    char buffer[40];
    for (size_t i = 0; lang_schema_word(enumeration, i, buffer); i++) {
        if (strcmp(buffer, word) == 0) return (int)i;
    }
    return -1;
}

const char *lang_schema_feed_name(lang_feed feed)
{
    return feed_names[feed];
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
