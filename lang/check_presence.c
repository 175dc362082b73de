/* Presence: which paths are known to be present where, and the error for those that are not. */
#include "lang/check.h"

#include <string.h>

/* A path as a key; it is good until the next one is asked for. */
static const char *key_of(const lang_checker *checker, const lang_names *names, size_t count)
{
    base_text *key = checker->key;
    key->length = 0;
    const char *head = names->items[0].text;
    size_t at = 0;
    bool element = checker->in_element;
    if (strcmp(head, "this") == 0) {
        element = false;
        at = 1;
    } else if (strcmp(head, "other") == 0) {
        element = true;
        at = 1;
    } else if (element && strchr(head, '(') == NULL && /* a call asks of the element, where it stands */
               lang_schema_find(checker->schema, checker->element, head) == LANG_NO_FIELD) {
        element = false; /* a `let` or a parameter, seen from inside a `where` */
    }
    base_text_put(key, element ? "element" : "subject");
    for (; at < count; at++) base_text_format(key, ".%s", names->items[at].text);
    return base_text_string(key);
}

void lang_fact_add(lang_checker *checker, const lang_names *names, size_t count)
{
    if (lang_fact_known(checker, names, count)) return;
    const char *key = key_of(checker, names, count);
    const char *copy = base_arena_copy(checker->passing, key, strlen(key));
    const char **slot = copy == NULL ? NULL : BASE_PUSH(checker->passing, &checker->facts);
    if (slot != NULL) *slot = copy;
}

bool lang_fact_known(const lang_checker *checker, const lang_names *names, size_t count)
{
    const char *key = key_of(checker, names, count);
    for (size_t i = 0; i < checker->facts.count; i++) {
        if (strcmp(checker->facts.items[i], key) == 0) return true;
    }
    return false;
}

void lang_facts_from(lang_checker *checker, const lang_expression *condition, bool truth)
{
    if (condition == NULL) return;
    switch (condition->kind) {
    case LANG_NOT: lang_facts_from(checker, condition->as.binary.left, !truth); break;
    case LANG_AND:
    case LANG_OR:
        if ((condition->kind == LANG_AND) != truth) break;
        lang_facts_from(checker, condition->as.binary.left, truth);
        lang_facts_from(checker, condition->as.binary.right, truth);
        break;
    case LANG_PRESENCE: {
        const lang_expression *value = condition->as.presence.value;
        bool present = (condition->as.presence.presence == LANG_IS_PRESENT) == truth;
        if (value != NULL && value->kind == LANG_CALL && present) {
            lang_names called = {0};
            lang_name *name = BASE_PUSH(checker->arena, &called);
            if (name != NULL) *name = (lang_name){lang_source_text(checker, value->span), value->span};
            if (name != NULL) lang_fact_add(checker, &called, 1);
            break;
        }
        if (value == NULL || value->kind != LANG_PATH || !present) break;
        const lang_names *names = &value->as.path.names;
        for (size_t count = 1; count <= names->count; count++) {
            lang_fact_add(checker, names, count);
        }
        break;
    }
    default: break;
    }
}

static void report_absent(lang_checker *checker, lang_expression *expression, const char *what, bool row)
{
    lang_diagnostic *diagnostic =
        lang_diagnose(checker->diagnostics, LANG_E0504, expression->span,
                      row ? "`%s` may find no row of its table, and nothing here says what then"
                          : "`%s` may be absent, and nothing here says what then",
                      what);
    const char *test = row ? "is found" : "is present";
    lang_suggest(checker->diagnostics, diagnostic, "the clause applies only where it is: `when %s %s`", what, test);
    lang_suggest(checker->diagnostics, diagnostic, "or its absence makes the condition false: `%s %s and ...`", what,
                 test);
    if (!row && strcmp(what, lang_source_text(checker, expression->span)) == 0) {
        lang_suggest(checker->diagnostics, diagnostic, "or give a value for that case: `%s or else ...`", what);
    }
}

static const char *names_text(lang_checker *checker, const lang_names *names, size_t count)
{
    lang_names part = *names;
    part.count = (uint32_t)count;
    return lang_path_text(checker->arena, &part);
}

/* Every optional step of a path before its last must be known to be present. */
static bool steps_present(lang_checker *checker, lang_expression *expression)
{
    lang_path *path = &expression->as.path;
    const lang_names *names = &path->names;
    bool headed = strcmp(names->items[0].text, "this") == 0 || strcmp(names->items[0].text, "other") == 0;
    size_t first = path->base == LANG_BASE_LET || headed ? 1 : 0;
    bool optional = path->base == LANG_BASE_LET && path->let->value->type.optional;
    bool row = path->base == LANG_BASE_LET && path->let->value->type.kind == LANG_TYPE_ROW;
    for (size_t i = first; i < names->count; i++) {
        if (optional && i > 0 && !lang_fact_known(checker, names, i)) {
            report_absent(checker, expression, names_text(checker, names, i), row);
            return false;
        }
        bool output = path->row_output && i + 1 == names->count;
        uint16_t field = path->fields[i - first + path->prefix];
        optional = !output && lang_schema_field(checker->schema, (lang_field)field)->type.optional;
        row = false;
    }
    return true;
}

lang_type lang_check_path(lang_checker *checker, lang_expression *expression)
{
    if (!lang_resolve_path(checker, expression)) {
        expression->type = LANG_PLAIN(ERROR);
        return expression->type;
    }
    lang_path *path = &expression->as.path;
    if (path->base == LANG_BASE_PARAMETER) return expression->type;
    if (!steps_present(checker, expression)) {
        expression->type = LANG_PLAIN(ERROR);
        return expression->type;
    }
    bool proved = lang_fact_known(checker, &path->names, path->names.count);
    if (proved) expression->type.optional = false;
    return expression->type;
}

void lang_need_present(lang_checker *checker, lang_expression *expression)
{
    if (expression == NULL || expression->type.kind == LANG_TYPE_ERROR || !expression->type.optional) return;
    report_absent(checker, expression, lang_source_text(checker, expression->span),
                  expression->type.kind == LANG_TYPE_ROW);
    expression->type.kind = LANG_TYPE_ERROR;
}
