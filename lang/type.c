/* Words for types. */
#include "lang/type.h"

#include "lang/schema.h"

static const char *const labels[] = {
#define LANG_KIND(name, label) label,
    LANG_TYPE_KINDS(LANG_KIND)
#undef LANG_KIND
};

const char *lang_type_label(const lang_schema *schema, base_arena *arena, lang_type type)
{
    const char *label = labels[type.kind];
    switch (type.kind) {
    case LANG_TYPE_CODE:
        /* A code beside something that is none belongs to no system yet. */
        if (type.detail == UINT16_MAX) break;
        label = lang_schema_system_label(schema, (lang_code_system)type.detail);
        break;
    case LANG_TYPE_ENUMERATION:
        label = base_format(arena, "%s word", lang_schema_enumeration_name(schema, (lang_enumeration)type.detail));
        break;
    case LANG_TYPE_RECORD:
        label = base_format(arena, "%s record", lang_schema_record_label(schema, (lang_record)type.detail));
        break;
    default: break;
    }
    if (type.list) label = base_format(arena, "list of %ss", label);
    return type.optional ? base_format(arena, "optional %s", label) : label;
}

bool lang_type_same(lang_type a, lang_type b)
{
    return a.kind == b.kind && a.detail == b.detail && a.list == b.list;
}
