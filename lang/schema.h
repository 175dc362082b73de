/* The encounter schema: the standard one, as tables made from lang/standard.adj when the build runs, and what a site adds
 * to it. Ids of the standard schema are constants; a site's follow them. */
#ifndef LANG_SCHEMA_H
#define LANG_SCHEMA_H

#include "lang/type.h"

#include "base/arena.h"

typedef enum lang_code_system {
#define LANG_CODE_SYSTEM(name, label) LANG_SYSTEM_##name,
#define LANG_ENUMERATION(name, values)
#define LANG_RECORD(name, label)
#define LANG_FIELD(record, name, type, detail, flags, feed, standard, label)
#include "schema.def"
#undef LANG_CODE_SYSTEM
    LANG_SYSTEM_COUNT
} lang_code_system;

typedef enum lang_enumeration {
#define LANG_CODE_SYSTEM(name, label)
#undef LANG_ENUMERATION
#define LANG_ENUMERATION(name, values) LANG_ENUMERATION_##name,
#include "schema.def"
#undef LANG_ENUMERATION
    LANG_ENUMERATION_COUNT
} lang_enumeration;

typedef enum lang_record {
#define LANG_ENUMERATION(name, values)
#undef LANG_RECORD
#define LANG_RECORD(name, label) LANG_RECORD_##name,
#include "schema.def"
#undef LANG_RECORD
    LANG_RECORD_COUNT
} lang_record;

/* One id for each field of any record; the fields of a record are consecutive. */
typedef enum lang_field {
#define LANG_RECORD(name, label)
#undef LANG_FIELD
#define LANG_FIELD(record, name, type, detail, flags, feed, standard, label) LANG_FIELD_##record##_##name,
#include "schema.def"
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
    LANG_FEED_REMITTANCE,
    LANG_FEED_HISTORY,
    LANG_FEED_SCHEDULE,
    LANG_FEED_RATES,
    LANG_FEED_ACKNOWLEDGMENTS,
    LANG_FEED_DERIVED,
    LANG_FEED_COUNT
} lang_feed;

enum { LANG_KEY_LIMIT = 4 }; /* fields by which a site's record is found */

typedef struct lang_field_info {
    lang_record record;
    const char *name;
    lang_type type;
    bool correctable;     /* a biller may change it on the claim */
    lang_feed feed;       /* of the standard schema; LANG_FEED_COUNT for a site's own record */
    const char *standard; /* what a test assumes */
    const char *label;
    /* of a site's field that leads to a site's record: the fields of this record that must equal the record's keys */
    size_t join_count;
    uint16_t joins[LANG_KEY_LIMIT];
    uint16_t through[LANG_KEY_LIMIT]; /* the field that leads to the record of the joined one; UINT16_MAX for its own */
} lang_field_info;

/* A record, code system or enumeration of a site. */
typedef struct lang_site_name {
    const char *name;
    const char *label; /* for an enumeration: its words, separated by spaces */
    size_t key_count;  /* of a record: the fields that identify a row */
    uint16_t keys[LANG_KEY_LIMIT];
    uint16_t dates; /* of a record: the span that must contain the date of service; LANG_NO_FIELD for none */
} lang_site_name;

/* What a site adds to the standard schema; its ids begin where the standard ones end. */
typedef struct lang_schema {
    base_arena *arena;
    BASE_ARRAY(lang_field_info) fields;
    BASE_ARRAY(lang_site_name) records;
    BASE_ARRAY(lang_site_name) systems;
    BASE_ARRAY(lang_site_name) enumerations;
} lang_schema;

/* The standard schema alone. */
extern const lang_schema lang_schema_standard;

#define LANG_NO_FIELD ((lang_field)UINT16_MAX)
#define LANG_NO_RECORD ((lang_record)UINT16_MAX)
#define LANG_NO_SYSTEM ((lang_code_system)UINT16_MAX)
#define LANG_NO_ENUMERATION ((lang_enumeration)UINT16_MAX)

int lang_schema_field_count(const lang_schema *schema);
int lang_schema_record_count(const lang_schema *schema);
int lang_schema_system_count(const lang_schema *schema);
int lang_schema_enumeration_count(const lang_schema *schema);

const lang_field_info *lang_schema_field(const lang_schema *schema, lang_field field);

/* The field of a record by name; LANG_NO_FIELD if it has none. */
lang_field lang_schema_find(const lang_schema *schema, lang_record record, const char *name);

const char *lang_schema_record_name(const lang_schema *schema, lang_record record);
const char *lang_schema_record_label(const lang_schema *schema, lang_record record);
lang_record lang_schema_record_find(const lang_schema *schema, const char *name);

/* A site's record; NULL for one of the standard schema. */
const lang_site_name *lang_schema_site_record(const lang_schema *schema, lang_record record);

const char *lang_schema_system_name(const lang_schema *schema, lang_code_system system);
const char *lang_schema_system_label(const lang_schema *schema, lang_code_system system);
lang_code_system lang_schema_system_find(const lang_schema *schema, const char *name);

const char *lang_schema_enumeration_name(const lang_schema *schema, lang_enumeration enumeration);
lang_enumeration lang_schema_enumeration_find(const lang_schema *schema, const char *name);

/* The n-th word of an enumeration copied into `buffer`; false past the last. */
bool lang_schema_word(const lang_schema *schema, lang_enumeration enumeration, size_t index, char buffer[40]);

/* The place of a word in an enumeration, or -1. */
int lang_schema_word_find(const lang_schema *schema, lang_enumeration enumeration, const char *word);

const char *lang_schema_feed_name(lang_feed feed);
lang_feed lang_schema_feed_find(const char *name);

/* "optional place of service", "list of modifiers", "amount of money": words for a message. */
const char *lang_type_label(const lang_schema *schema, base_arena *arena, lang_type type);

/* The type that a plain name stands for: count, money, a code system, an enumeration; false if none. */
bool lang_schema_type(const lang_schema *schema, const char *name, lang_type *type);

/* Spells a code as tables and claims key it: upper case, ICD-10 without its dot. `out` holds at least length + 1. */
size_t lang_code_normalize(lang_code_system system, const char *text, size_t length, char *out);

/* Spells a code as people read it: ICD-10 with its dot. */
const char *lang_code_display(base_arena *arena, lang_code_system system, const char *code);

/* Whether a spelling could be a code of that system at all (shape only, not whether it exists). */
bool lang_code_shape(lang_code_system system, const char *text, size_t length);

/* Ten digits that begin with 1 or 2, the last of them right: the Luhn sum over 80840 and the number. */
bool lang_npi_valid(const char *text, size_t length);

#endif
