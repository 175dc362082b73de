/* Every record, field and word that policies can name, as tables for a reader: the standard schema, and what the files
 * add to it. */
#include "lang/program.h"

static const char *type_name(const lang_schema *schema, lang_type type)
{
    switch (type.kind) {
    case LANG_TYPE_CODE: return lang_schema_system_name(schema, (lang_code_system)type.detail);
    case LANG_TYPE_ENUMERATION: return lang_schema_enumeration_name(schema, (lang_enumeration)type.detail);
    case LANG_TYPE_RECORD: return lang_schema_record_name(schema, (lang_record)type.detail);
    case LANG_TYPE_TRUTH: return "yes_no";
    case LANG_TYPE_TEXT: return "text";
    case LANG_TYPE_DATE: return "date";
    case LANG_TYPE_DATES: return "dates";
    case LANG_TYPE_TIMES: return "times";
    case LANG_TYPE_MINUTES: return "minutes";
    case LANG_TYPE_DAYS: return "days";
    case LANG_TYPE_MONTHS: return "months";
    case LANG_TYPE_MONEY: return "money";
    case LANG_TYPE_QUANTITY: return "quantity";
    default: return "count";
    }
}

static const char *feed_name(const lang_field_info *field)
{
    return field->feed == LANG_FEED_COUNT ? "own file" : lang_schema_feed_name(field->feed);
}

static const char *or_nothing(const char *text)
{
    return text == NULL ? "" : text;
}

static void show_record(const lang_schema *schema, lang_record record, base_text *out)
{
    base_text_format(out, "### %s: %s\n\n| field | type | | feed | what it is |\n| --- | --- | --- | --- | --- |\n",
                     lang_schema_record_name(schema, record), or_nothing(lang_schema_record_label(schema, record)));
    for (int f = 0; f < lang_schema_field_count(schema); f++) {
        const lang_field_info *field = lang_schema_field(schema, (lang_field)f);
        if (field->record != record) continue;
        base_text_format(out, "| `%s` | %s%s | %s%s%s | %s | %s |\n", field->name, field->type.list ? "list of " : "",
                         type_name(schema, field->type), field->type.optional ? "optional" : "",
                         field->type.optional && field->correctable ? ", " : "",
                         field->correctable ? "correctable" : "", feed_name(field), or_nothing(field->label));
    }
    base_text_format(out, "\n");
}

static void show_words(const lang_schema *schema, base_text *out)
{
    base_text_format(out, "%s", "### Enumerations\n\n| type | words |\n| --- | --- |\n");
    for (int e = 0; e < lang_schema_enumeration_count(schema); e++) {
        base_text_format(out, "| `%s` | ", lang_schema_enumeration_name(schema, (lang_enumeration)e));
        char word[40];
        for (size_t w = 0; lang_schema_word(schema, (lang_enumeration)e, w, word); w++) {
            base_text_format(out, "%s%s", w == 0 ? "" : ", ", word);
        }
        base_text_format(out, "%s", " |\n");
    }
    base_text_format(out, "%s", "\n### Code systems\n\n| type | codes |\n| --- | --- |\n");
    for (int s = 0; s < lang_schema_system_count(schema); s++) {
        base_text_format(out, "| `%s` | %s |\n", lang_schema_system_name(schema, (lang_code_system)s),
                         or_nothing(lang_schema_system_label(schema, (lang_code_system)s)));
    }
}

void lang_show_schema(const lang_schema *schema, base_text *out)
{
    for (int r = 0; r < lang_schema_record_count(schema); r++) show_record(schema, (lang_record)r, out);
    show_words(schema, out);
}
