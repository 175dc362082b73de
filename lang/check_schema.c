/* Records, fields, code systems and enumerations that a site's files add to the standard schema.
 * Expects parsed files; fills program->schema before anything is resolved; leaves the standard schema as it is. */
#include "lang/check.h"

#include <string.h>

typedef struct schema_builder {
    lang_program *program;
    lang_schema *schema;
    lang_diagnostics *diagnostics;
} schema_builder;

static void twice(schema_builder *b, lang_name name, const char *what)
{
    lang_diagnose(b->diagnostics, LANG_E0303, name.span, "there is already a %s `%s`", what, name.text);
}

static const char *joined(schema_builder *b, const lang_names *words)
{
    base_text text;
    base_text_init(&text, b->program->arena);
    for (size_t i = 0; i < words->count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(words->items[i].text, words->items[k].text) == 0) twice(b, words->items[i], "word");
        }
        base_text_format(&text, "%s%s", i == 0 ? "" : " ", words->items[i].text);
    }
    return base_text_string(&text);
}

/* First pass: the names that fields may then refer to. */
static void add_name(schema_builder *b, const lang_schema_declaration *declaration)
{
    lang_schema *schema = b->schema;
    const char *name = declaration->name.text;
    lang_site_name *slot = NULL;
    lang_type type;
    bool taken = lang_schema_record_find(schema, name) != LANG_NO_RECORD || lang_schema_type(schema, name, &type);
    if (declaration->kind != LANG_SCHEMA_EXTEND && taken) {
        twice(b, declaration->name, "record or type");
        return;
    }
    switch (declaration->kind) {
    case LANG_SCHEMA_RECORD: slot = BASE_PUSH(schema->arena, &schema->records); break;
    case LANG_SCHEMA_SYSTEM: slot = BASE_PUSH(schema->arena, &schema->systems); break;
    case LANG_SCHEMA_ENUMERATION: slot = BASE_PUSH(schema->arena, &schema->enumerations); break;
    default: return;
    }
    if (slot == NULL) return;
    bool words = declaration->kind == LANG_SCHEMA_ENUMERATION;
    *slot = (lang_site_name){
        .name = name, .label = words ? joined(b, &declaration->words) : declaration->label.text, .dates = UINT16_MAX};
}

static bool field_type(schema_builder *b, const lang_field_row *row, lang_type *type)
{
    lang_record record = lang_schema_record_find(b->schema, row->type_name.text);
    bool found = lang_schema_type(b->schema, row->type_name.text, type);
    /* A record and a code system may share a name; only codes have lists. */
    if (!found && record != LANG_NO_RECORD) {
        *type = (lang_type){LANG_TYPE_RECORD, (uint16_t)record, false, false};
        found = true;
    }
    if (!found) {
        lang_diagnostic *diagnostic = lang_diagnose(b->diagnostics, LANG_E0307, row->type_name.span,
                                                    "there is no type `%s`", row->type_name.text);
        lang_suggest(b->diagnostics, diagnostic,
                     "types are count, quantity, money, text, date, dates, times, minutes, yes_no, code systems, "
                     "enumerations and records");
        return false;
    }
    if (row->list && type->kind != LANG_TYPE_CODE) {
        lang_diagnose(b->diagnostics, LANG_E0307, row->span, "a list holds codes; `%s` is none", row->type_name.text);
        return false;
    }
    type->list = type->list || row->list;
    return true;
}

/* The words after the type. `key` only in a record of the site. */
static void field_words(schema_builder *b, const lang_field_row *row, lang_site_name *site, uint16_t id,
                        lang_field_info *info)
{
    for (size_t i = 0; i < row->words.count; i++) {
        lang_name word = row->words.items[i];
        if (strcmp(word.text, "optional") == 0) {
            info->type.optional = true;
        } else if (strcmp(word.text, "correctable") == 0) {
            info->correctable = true;
        } else if (strcmp(word.text, "key") == 0 && site != NULL && site->key_count < LANG_KEY_LIMIT) {
            site->keys[site->key_count++] = id;
        } else {
            lang_diagnostic *diagnostic =
                lang_diagnose(b->diagnostics, LANG_E0332, word.span, "`%s` says nothing about a field here", word.text);
            lang_suggest(b->diagnostics, diagnostic, "write `optional` or `correctable`%s",
                         site != NULL ? ", or `key` for at most four fields" : "");
        }
    }
    if (info->type.list && info->type.optional) {
        lang_diagnose(b->diagnostics, LANG_E0332, row->span, "a list is never absent: it is empty, or unknown");
        info->type.optional = false;
    }
}

static void field_feed(schema_builder *b, const lang_field_row *row, bool own, lang_field_info *info)
{
    info->feed = own ? LANG_FEED_COUNT : LANG_FEED_CLAIMS;
    if (row->feed.text == NULL) return;
    lang_feed feed = lang_schema_feed_find(row->feed.text);
    static const lang_feed fed[] = {LANG_FEED_CLAIMS,         LANG_FEED_SESSIONS,    LANG_FEED_ATTENDANCE,
                                    LANG_FEED_AUTHORIZATIONS, LANG_FEED_ELIGIBILITY, LANG_FEED_HISTORY,
                                    LANG_FEED_REMITTANCE,     LANG_FEED_SCHEDULE,    LANG_FEED_RATES};
    for (size_t i = 0; i < sizeof fed / sizeof *fed; i++) {
        if (feed != fed[i]) continue;
        info->feed = feed;
        return;
    }
    lang_diagnostic *diagnostic =
        lang_diagnose(b->diagnostics, LANG_E0331, row->feed.span, "no feed is called `%s`", row->feed.text);
    lang_suggest(
        b->diagnostics, diagnostic,
        "feeds are claims, sessions, attendance, authorizations, eligibility, history, remittance, schedule and rates");
}

static void add_field(schema_builder *b, lang_record record, const lang_field_row *row)
{
    lang_type type;
    if (lang_schema_find(b->schema, record, row->name.text) != LANG_NO_FIELD) {
        twice(b, row->name, "field");
        return;
    }
    if (!field_type(b, row, &type)) return;
    uint16_t id = (uint16_t)lang_schema_field_count(b->schema);
    bool own = (int)record >= LANG_RECORD_COUNT;
    lang_site_name *site = own ? &b->schema->records.items[(int)record - LANG_RECORD_COUNT] : NULL;
    lang_field_info info = {.record = record, .name = row->name.text, .type = type};
    info.label = row->label.text == NULL ? row->name.text : row->label.text;
    field_words(b, row, site, id, &info);
    field_feed(b, row, own, &info);
    info.standard = info.type.list ? "none" : info.type.optional ? "absent" : "unknown";
    if (row->standard_given) {
        const lang_expression *low = row->standard.low;
        info.standard = low == NULL                 ? info.standard
                        : low->kind == LANG_LITERAL ? low->as.literal.spelling
                                                    : lang_path_text(b->program->arena, &low->as.path.names);
        if (low != NULL && low->kind == LANG_LITERAL && low->literal_kind == LANG_LITERAL_MONEY) info.standard++;
    }
    if (site != NULL && type.kind == LANG_TYPE_DATES && site->dates == UINT16_MAX) site->dates = id;
    lang_field_info *slot = BASE_PUSH(b->schema->arena, &b->schema->fields);
    if (slot != NULL) *slot = info;
}

/* Third pass: `by` paths, once every field exists. */
static void join_field(schema_builder *b, lang_record record, const lang_field_row *row)
{
    lang_field field = lang_schema_find(b->schema, record, row->name.text);
    if (field == LANG_NO_FIELD || (int)field < LANG_FIELD_COUNT) return;
    lang_field_info *info = &b->schema->fields.items[(int)field - LANG_FIELD_COUNT];
    const lang_site_name *site =
        info->type.kind == LANG_TYPE_RECORD ? lang_schema_site_record(b->schema, (lang_record)info->type.detail) : NULL;
    if (site == NULL && row->joins.count == 0) return;
    if (site == NULL || row->joins.count != site->key_count || site->key_count == 0) {
        lang_diagnostic *diagnostic = lang_diagnose(
            b->diagnostics, LANG_E0333, row->span,
            "a field that leads to a record says `by` which fields its row is found: as many as the record has keys");
        lang_suggest(b->diagnostics, diagnostic, "enrollment : enrollment optional by rendering_provider");
        return;
    }
    for (size_t i = 0; i < row->joins.count; i++) {
        const lang_names *path = &row->joins.items[i];
        lang_field through =
            path->count == 2 ? lang_schema_find(b->schema, record, path->items[0].text) : LANG_NO_FIELD;
        /* A step further goes by a record that every reader links: the patient, the session, the attendance. */
        lang_type led = through == LANG_NO_FIELD || (int)through >= LANG_FIELD_COUNT
                            ? LANG_PLAIN(ERROR)
                            : lang_schema_field(b->schema, through)->type;
        lang_field joined_field = path->count == 1 ? lang_schema_find(b->schema, record, path->items[0].text)
                                  : led.kind == LANG_TYPE_RECORD
                                      ? lang_schema_find(b->schema, (lang_record)led.detail, path->items[1].text)
                                      : LANG_NO_FIELD;
        if (joined_field == LANG_NO_FIELD) {
            lang_diagnose(b->diagnostics, LANG_E0302, path->items[0].span, "a %s has no field `%s`",
                          lang_schema_record_label(b->schema, record), lang_path_text(b->program->arena, path));
            continue;
        }
        lang_type key = lang_schema_field(b->schema, (lang_field)site->keys[i])->type;
        lang_type own = lang_schema_field(b->schema, joined_field)->type;
        if (!lang_type_same(key, own)) {
            lang_diagnose(b->diagnostics, LANG_E0333, path->items[0].span, "`%s` is a %s, and the key `%s` is a %s",
                          lang_path_text(b->program->arena, path), lang_type_label(b->schema, b->program->arena, own),
                          lang_schema_field(b->schema, (lang_field)site->keys[i])->name,
                          lang_type_label(b->schema, b->program->arena, key));
        }
        info->through[info->join_count] = path->count == 2 ? (uint16_t)through : UINT16_MAX;
        info->joins[info->join_count++] = (uint16_t)joined_field;
    }
}

static void each(schema_builder *b, void (*visit)(schema_builder *, lang_record, const lang_field_row *))
{
    for (size_t f = 0; f < b->program->files.count; f++) {
        const lang_file *file = b->program->files.items[f];
        for (size_t d = 0; d < file->schema.count; d++) {
            const lang_schema_declaration *declaration = file->schema.items[d];
            if (declaration->kind != LANG_SCHEMA_RECORD && declaration->kind != LANG_SCHEMA_EXTEND) continue;
            lang_record record = lang_schema_record_find(b->schema, declaration->name.text);
            if (record == LANG_NO_RECORD) {
                if (visit != add_field) continue;
                lang_diagnostic *diagnostic = lang_diagnose(b->diagnostics, LANG_E0330, declaration->name.span,
                                                            "there is no record `%s`", declaration->name.text);
                for (int r = 0; r < lang_schema_record_count(b->schema); r++) {
                    const char *near = lang_schema_record_name(b->schema, (lang_record)r);
                    if (base_edit_distance(near, declaration->name.text) <= 2)
                        lang_suggest(b->diagnostics, diagnostic, "did you mean `%s`?", near);
                }
                lang_suggest(b->diagnostics, diagnostic, "declare a new one with `record %s \"...\"`",
                             declaration->name.text);
                continue;
            }
            for (size_t r = 0; r < declaration->rows.count; r++) visit(b, record, &declaration->rows.items[r]);
        }
    }
}

void lang_check_schema(lang_program *program)
{
    schema_builder b = {program, program->schema, &program->diagnostics};
    if (b.schema == NULL) return;
    for (size_t f = 0; f < program->files.count; f++) {
        const lang_file *file = program->files.items[f];
        for (size_t d = 0; d < file->schema.count; d++) add_name(&b, file->schema.items[d]);
    }
    each(&b, add_field);
    each(&b, join_field);
}
