/* The side files and their columns as Markdown: what docs/formats.md holds, and `adjudge dump --stage files` writes. */
#include "readers/side_columns.h"

#include <string.h>

/* What a column is for, where it is no field. */
static const char *purpose(const side_column *column)
{
    switch (column->use) {
    case USE_MEMBER:
    case USE_COVERED_MEMBER: return "the member";
    case USE_CLAIM: return "the claim, together with the member";
    case USE_SESSION: return "the session";
    case USE_AUTHORIZATION: return "the authorization the line names";
    case USE_PAYER_NUMBER: return "the payer's claim number, which replacements name";
    case USE_COMPLETENESS: return "`own` where the payer may have lines we don't know of; else `complete`";
    case USE_DAY: return "the day, and that of its times";
    case USE_FROM_DATE: return "the first day";
    case USE_TO_DATE: return "the last day";
    case USE_FROM_TIME: return "when it begins";
    case USE_TO_TIME: return "when it ends";
    case USE_FACT_CLAIM: return "the claim of the run";
    case USE_FACT_PROGRAM: return "`claim.program`";
    case USE_FACT_RECEIVED: return "`claim.received`";
    case USE_REMITTED_CLAIM: return "the claim";
    case USE_REMITTED_LINE: return "the line's number; 1 without it";
    case USE_PAYER_ID: return "the identifier on claims";
    case USE_PAYER_NAME: return "the payer as policies name it";
    case USE_SOURCE: return "`own_claims` where the provider's claims tell of the line; else `payer`";
    case USE_REMITTED_MATCH:
        return "how it says which line it answers: `number`, `service` (the columns below) or `claim`";
    case USE_REMITTED_CONTROL: return "of the service: its line item control number";
    case USE_REMITTED_PROCEDURE: return "of the service: its procedure";
    case USE_REMITTED_CHARGE: return "of the service: its charge";
    case USE_REMITTED_DAY: return "of the service: its day";
    case USE_REMITTED_REVERSAL: return "whether it takes the answer before it back";
    case USE_REMITTED_PAYMENT: return "the claim payment it stands in: each answers a line once";
    case USE_CODE_SYSTEM: return "the code system: cpt, modifier, pos, icd10, revenue, taxonomy, npi, ...";
    case USE_CODE: return "the code";
    default: return "";
    }
}

static void describe(base_text *text, side_kind kind, const char *about)
{
    const lang_schema *schema = &lang_schema_standard;
    base_text_format(text, "%s### %s: each record is %s\n\n| column | required | goes to |\n| --- | --- | --- |\n",
                     text->length == 0 ? "" : "\n", side_kinds[kind].name, about);
    for (size_t i = 0; i < SIDE_COLUMN_COUNT; i++) {
        const side_column *column = &side_columns[i];
        if (column->kind != kind) continue;
        base_text_format(text, "| `%s` | %s | ", column->header, column->required != 0 ? "yes" : "");
        if (column->use == USE_FIELD)
            base_text_format(text, "`%s.%s` |\n",
                             lang_schema_record_name(schema, lang_schema_field(schema, column->field)->record),
                             lang_schema_field(schema, column->field)->name);
        else
            base_text_format(text, "%s |\n", purpose(column));
    }
}

adj_status adj_describe_files(const adj_options *options, char **out)
{
    static const char *const about[] = {
#define SIDE_FILE(kind, feed, record, what) what,
#define SIDE_COLUMN(kind, header, use, field, required)
#include "readers/side_files.def"
#undef SIDE_FILE
#undef SIDE_COLUMN
    };
    base_allocator allocator = base_allocator_default();
    if (options != NULL && options->allocator != NULL)
        allocator = (base_allocator){options->allocator->reallocate, options->allocator->state};
    base_arena arena;
    base_text text;
    base_arena_init(&arena, &allocator);
    base_text_init(&text, &arena);
    for (int k = 0; k < SIDE_COUNT; k++) {
        if (k != SIDE_coverage_told)
            describe(&text, (side_kind)k, about[k]); /* that one is of the store's own writing */
    }
    *out = arena.failed ? NULL : allocator.reallocate(allocator.state, NULL, text.length + 1);
    if (*out != NULL) memcpy(*out, base_text_string(&text), text.length + 1);
    base_arena_release(&arena);
    return *out == NULL ? ADJ_OUT_OF_MEMORY : ADJ_OK;
}
