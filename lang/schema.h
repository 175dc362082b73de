/* The encounter schema as tables, generated from schema.def. */
#ifndef LANG_SCHEMA_H
#define LANG_SCHEMA_H

#include "lang/type.h"

typedef enum lang_code_system {
#define LANG_CODE_SYSTEM(name, label) LANG_SYSTEM_##name,
#define LANG_ENUMERATION(name, values)
#define LANG_RECORD(name, label)
#define LANG_FIELD(record, name, type, detail, flags, feed, standard, label)
#include "lang/schema.def"
#undef LANG_CODE_SYSTEM
    LANG_SYSTEM_COUNT
} lang_code_system;

typedef enum lang_enumeration {
#define LANG_CODE_SYSTEM(name, label)
#undef LANG_ENUMERATION
#define LANG_ENUMERATION(name, values) LANG_ENUMERATION_##name,
#include "lang/schema.def"
#undef LANG_ENUMERATION
    LANG_ENUMERATION_COUNT
} lang_enumeration;

typedef enum lang_record {
#define LANG_ENUMERATION(name, values)
#undef LANG_RECORD
#define LANG_RECORD(name, label) LANG_RECORD_##name,
#include "lang/schema.def"
#undef LANG_RECORD
    LANG_RECORD_COUNT
} lang_record;

/* One id for each field of any record; the fields of a record are consecutive. */
typedef enum lang_field {
#define LANG_RECORD(name, label)
#undef LANG_FIELD
#define LANG_FIELD(record, name, type, detail, flags, feed, standard, label) LANG_FIELD_##record##_##name,
#include "lang/schema.def"
#undef LANG_FIELD
#undef LANG_RECORD
#undef LANG_ENUMERATION
#undef LANG_CODE_SYSTEM
    LANG_FIELD_COUNT
} lang_field;

typedef enum lang_feed {
    LANG_FEED_CLAIM,
    LANG_FEED_CLAIMS,
    LANG_FEED_SESSIONS,
    LANG_FEED_ATTENDANCE,
    LANG_FEED_AUTHORIZATIONS,
    LANG_FEED_ELIGIBILITY,
    LANG_FEED_HISTORY,
    LANG_FEED_DERIVED,
    LANG_FEED_COUNT
} lang_feed;

typedef struct lang_field_info {
    lang_record record;
    const char *name;
    lang_type type;
    bool correctable; /* a biller may change it on the claim */
    lang_feed feed;
    const char *standard; /* what a test assumes */
    const char *label;
} lang_field_info;

const lang_field_info *lang_schema_field(lang_field field);

/* The field of a record by name; LANG_FIELD_COUNT if it has none. */
lang_field lang_schema_find(lang_record record, const char *name);

const char *lang_schema_record_name(lang_record record);
const char *lang_schema_record_label(lang_record record);
const char *lang_schema_system_name(lang_code_system system);
const char *lang_schema_system_label(lang_code_system system);
lang_code_system lang_schema_system_find(const char *name);

const char *lang_schema_enumeration_name(lang_enumeration enumeration);

/* The n-th word of an enumeration copied into `buffer`; false past the last. */
bool lang_schema_word(lang_enumeration enumeration, size_t index, char buffer[40]);

/* The place of a word in an enumeration, or -1. */
int lang_schema_word_find(lang_enumeration enumeration, const char *word);

const char *lang_schema_feed_name(lang_feed feed);

/* Spells a code as tables and claims key it: upper case, ICD-10 without its dot. `out` holds at least length + 1. */
size_t lang_code_normalize(lang_code_system system, const char *text, size_t length, char *out);

/* Spells a code as people read it: ICD-10 with its dot. */
const char *lang_code_display(base_arena *arena, lang_code_system system, const char *code);

/* Whether a spelling could be a code of that system at all (shape only, not whether it exists). */
bool lang_code_shape(lang_code_system system, const char *text, size_t length);

#endif
