/* Names: duplicates, module circles, look-ups, paths through records, and what to suggest for a misspelt one. */
#include "base/intern.h"
#include "lang/check.h"

#include <string.h>

static void duplicate(lang_checker *checker, lang_name name, lang_name first)
{
    lang_diagnostic *diagnostic =
        lang_diagnose(checker->diagnostics, LANG_E0303, name.span, "`%s` is declared twice", name.text);
    lang_note(checker->diagnostics, diagnostic, first.span, "the first is here");
}

/* Collects the names that share one space in a file: code sets, parameters and tables. */
static size_t declared(const lang_file *file, const lang_name **names, size_t limit)
{
    size_t count = 0;
    for (size_t i = 0; i < file->code_sets.count && count < limit; i++)
        names[count++] = &file->code_sets.items[i]->name;
    for (size_t i = 0; i < file->parameters.count && count < limit; i++) {
        names[count++] = &file->parameters.items[i]->name;
    }
    for (size_t i = 0; i < file->tables.count && count < limit; i++) names[count++] = &file->tables.items[i]->name;
    for (size_t i = 0; i < file->defines.count && count < limit; i++) names[count++] = &file->defines.items[i]->name;
    return count;
}

static void duplicates_in(lang_checker *checker, base_arena *scratch, const lang_name **names, size_t count)
{
    base_intern seen;
    const lang_name **firsts = base_arena_alloc(scratch, (count + 2) * sizeof *firsts);
    if (firsts == NULL || !base_intern_init(&seen, scratch)) return;
    for (size_t i = 0; i < count; i++) {
        size_t known = seen.entries.count;
        uint32_t id = base_intern_add(&seen, names[i]->text, strlen(names[i]->text));
        if (id == BASE_INTERN_NONE) return;
        if (id < known)
            duplicate(checker, *names[i], *firsts[id]);
        else
            firsts[id] = names[i];
    }
}

static void check_declarations(lang_checker *checker, base_arena *scratch)
{
    const lang_file *file = checker->file;
    size_t room = file->code_sets.count + file->parameters.count + file->tables.count + file->defines.count +
                  file->clauses.count + file->measures.count + file->exceptions.count + 1;
    const lang_name **names = base_arena_alloc(scratch, room * sizeof *names);
    if (names == NULL) return;
    duplicates_in(checker, scratch, names, declared(file, names, room));
    for (size_t i = 0; i < file->clauses.count; i++) names[i] = &file->clauses.items[i]->name;
    size_t named = file->clauses.count;
    for (size_t i = 0; i < file->exceptions.count; i++) names[named++] = &file->exceptions.items[i]->name;
    duplicates_in(checker, scratch, names, named);
    for (size_t i = 0; i < file->measures.count; i++) names[i] = &file->measures.items[i]->name;
    duplicates_in(checker, scratch, names, file->measures.count);
}

static void check_lets(lang_checker *checker)
{
    const lang_file *file = checker->file;
    for (size_t s = 0; s < file->sections.count; s++) {
        const lang_section *section = file->sections.items[s];
        for (size_t i = 0; i < section->lets.count; i++) {
            lang_let *let = section->lets.items[i];
            for (size_t j = 0; j < i; j++) {
                if (strcmp(section->lets.items[j]->name.text, let->name.text) == 0) {
                    duplicate(checker, let->name, section->lets.items[j]->name);
                }
            }
            if (lang_schema_find(checker->schema, LANG_RECORD_line, let->name.text) != LANG_NO_FIELD) {
                lang_diagnose(checker->diagnostics, LANG_E0303, let->name.span,
                              "`%s` is already a field of the line; give the `let` another name", let->name.text);
            }
        }
    }
}

void lang_check_duplicates(lang_checker *checker)
{
    base_arena scratch;
    base_arena_init(&scratch, &checker->arena->allocator);
    check_declarations(checker, &scratch);
    if (scratch.failed) checker->arena->failed = true;
    base_arena_release(&scratch);
    check_lets(checker);
}

static bool uses_back(const lang_file *from, const lang_file *to, size_t depth)
{
    if (depth > 64) return false;
    for (size_t i = 0; i < from->uses.count; i++) {
        const lang_file *next = from->uses.items[i].target;
        if (next == to || (next != NULL && next != from && uses_back(next, to, depth + 1))) return true;
    }
    return false;
}

void lang_check_cycles(lang_checker *checker)
{
    const lang_file *file = checker->file;
    for (size_t i = 0; i < file->uses.count; i++) {
        const lang_use *use = &file->uses.items[i];
        if (use->target == NULL) continue;
        if (use->target == file || uses_back(use->target, file, 0)) {
            lang_diagnose(checker->diagnostics, LANG_E0305, use->span, "`%s` and `%s` use each other in a circle",
                          file->full_name, use->target->full_name);
        }
    }
}

const lang_declared *lang_declared_in(const lang_file *file, const char *name)
{
    static const lang_declared nothing = {0};
    if (file->names == NULL) return &nothing;
    uint32_t id = base_intern_find(file->names, name, strlen(name));
    bool there = id != BASE_INTERN_NONE && file->declared.items != NULL && id < file->declared.count;
    return there ? &file->declared.items[id] : &nothing;
}

static base_arena *arena_of_names(const lang_checker *checker, const lang_file *file)
{
    return lang_keeps_names(file) ? checker->arena : checker->passing;
}

static lang_declared *declare(const lang_checker *checker, lang_file *file, const char *name)
{
    uint32_t id = base_intern_add(file->names, name, strlen(name));
    while (id != BASE_INTERN_NONE && id >= file->declared.count) {
        const lang_declared *slot = BASE_PUSH(arena_of_names(checker, file), &file->declared);
        if (slot == NULL) return NULL;
    }
    return id == BASE_INTERN_NONE || file->declared.items == NULL ? NULL : &file->declared.items[id];
}

#define INDEX(list, member)                                                                                            \
    for (size_t i = 0; i < file->list.count; i++) {                                                                    \
        lang_declared *slot = declare(checker, file, file->list.items[i]->name.text);                                  \
        if (slot != NULL && slot->member == NULL) slot->member = file->list.items[i];                                  \
    }

void lang_index_names(lang_checker *checker)
{
    lang_file *file = checker->file;
    base_arena *arena = arena_of_names(checker, file);
    file->names = base_arena_alloc(arena, sizeof *file->names);
    if (file->names == NULL || !base_intern_init(file->names, arena)) {
        file->names = NULL;
        return;
    }
    INDEX(code_sets, code_set)
    INDEX(parameters, parameter)
    INDEX(tables, table)
    INDEX(defines, define)
    INDEX(clauses, clause)
    INDEX(clause_overrides, clause_override)
}

/* Looks a declaration up in the file, then in the layers above, then in the modules it uses; two modules with one name
 * are ambiguous. */
#define DEFINE_FIND(function, type, member)                                                                            \
    type *function(lang_checker *checker, lang_name name)                                                              \
    {                                                                                                                  \
        type *found = lang_declared_in(checker->file, name.text)->member;                                              \
        size_t depth = 1;                                                                                              \
        for (const lang_file *file = checker->file->base; file != NULL && found == NULL && depth < LANG_LAYER_LIMIT;   \
             file = file->base, depth++) {                                                                             \
            found = lang_declared_in(file, name.text)->member;                                                         \
        }                                                                                                              \
        for (size_t u = 0; u < checker->file->uses.count && found == NULL; u++) {                                      \
            const lang_file *module = checker->file->uses.items[u].target;                                             \
            if (module == NULL || !module->is_module) continue;                                                        \
            found = lang_declared_in(module, name.text)->member;                                                       \
            for (size_t v = u + 1; found != NULL && v < checker->file->uses.count; v++) {                              \
                const lang_file *rival = checker->file->uses.items[v].target;                                          \
                if (rival == NULL || rival == module) continue;                                                        \
                const type *second = lang_declared_in(rival, name.text)->member;                                       \
                if (second == NULL) continue;                                                                          \
                lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0320, name.span,               \
                                                            "`%s` is declared by two used modules", name.text);        \
                lang_note(checker->diagnostics, diagnostic, second->name.span, "one of them is here");                 \
            }                                                                                                          \
        }                                                                                                              \
        if (found != NULL) found->used = true;                                                                         \
        return found;                                                                                                  \
    }

DEFINE_FIND(lang_find_code_set, lang_code_set, code_set)
DEFINE_FIND(lang_find_parameter, lang_parameter, parameter)
DEFINE_FIND(lang_find_table, lang_table, table)
DEFINE_FIND(lang_find_define, lang_define, define)

bool lang_set_subject(lang_checker *checker, lang_name subject)
{
    static const struct {
        const char *name;
        lang_record record;
        lang_field field;
    } subjects[] = {{"line", LANG_RECORD_line, LANG_NO_FIELD},
                    {"claim", LANG_RECORD_claim, LANG_FIELD_line_claim},
                    {"session", LANG_RECORD_session, LANG_FIELD_line_session},
                    {"attendance", LANG_RECORD_attendance, LANG_FIELD_line_attendance}};
    checker->subject = LANG_RECORD_line;
    checker->prefix = LANG_NO_FIELD;
    if (subject.text == NULL) return true;
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        if (strcmp(subjects[i].name, subject.text) != 0) continue;
        checker->subject = subjects[i].record;
        checker->prefix = subjects[i].field;
        return true;
    }
    lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0318, subject.span,
                                                "clauses cannot be asked for each `%s`", subject.text);
    lang_suggest(checker->diagnostics, diagnostic, "write `for each line`, `claim`, `session` or `attendance`");
    return false;
}

lang_let *lang_find_let(const lang_checker *checker, const char *name)
{
    const lang_section *inputs = checker->inputs;
    for (size_t i = 0; inputs != NULL && i < inputs->lets.count; i++) {
        if (strcmp(inputs->lets.items[i]->name.text, name) == 0) return inputs->lets.items[i];
    }
    if (checker->section == NULL || checker->define != NULL) return NULL;
    for (size_t i = 0; i < checker->section->lets.count; i++) {
        if (strcmp(checker->section->lets.items[i]->name.text, name) == 0) return checker->section->lets.items[i];
    }
    return NULL;
}

/* Keeps the nearest of several candidates while they are offered. */
typedef struct nearest {
    const char *wanted;
    const char *best;
    size_t distance;
} nearest;

static void offer(nearest *search, const char *candidate)
{
    size_t distance = base_edit_distance(search->wanted, candidate);
    size_t allowed = strlen(search->wanted) < 5 ? 1 : strlen(search->wanted) < 10 ? 2 : 3;
    if (distance > allowed || distance >= search->distance) return;
    search->best = candidate;
    search->distance = distance;
}

static void offer_file(nearest *search, const lang_file *file)
{
    for (size_t i = 0; i < file->code_sets.count; i++) offer(search, file->code_sets.items[i]->name.text);
    for (size_t i = 0; i < file->parameters.count; i++) offer(search, file->parameters.items[i]->name.text);
    for (size_t i = 0; i < file->tables.count; i++) offer(search, file->tables.items[i]->name.text);
    for (size_t i = 0; i < file->defines.count; i++) offer(search, file->defines.items[i]->name.text);
}

static void offer_record(const lang_checker *checker, nearest *search, lang_record record)
{
    for (int f = 0; f < lang_schema_field_count(checker->schema); f++) {
        const lang_field_info *info = lang_schema_field(checker->schema, (lang_field)f);
        if (info->record == record) offer(search, info->name);
    }
}

void lang_suggest_name(lang_checker *checker, lang_diagnostic *diagnostic, const char *name)
{
    nearest search = {name, NULL, SIZE_MAX};
    if (checker->define == NULL)
        offer_record(checker, &search, checker->in_element ? checker->element : checker->subject);
    offer_file(&search, checker->file);
    for (const lang_file *base = checker->file->base; base != NULL; base = base->base) offer_file(&search, base);
    for (size_t u = 0; u < checker->file->uses.count; u++) {
        if (checker->file->uses.items[u].target != NULL) offer_file(&search, checker->file->uses.items[u].target);
    }
    for (size_t i = 0; checker->section != NULL && i < checker->section->lets.count; i++) {
        offer(&search, checker->section->lets.items[i]->name.text);
    }
    if (search.best != NULL) lang_suggest(checker->diagnostics, diagnostic, "did you mean `%s`?", search.best);
    if (checker->define != NULL) return;
    for (int r = 0; r < lang_schema_record_count(checker->schema); r++) {
        if (lang_schema_find(checker->schema, (lang_record)r, name) == LANG_NO_FIELD || r == LANG_RECORD_line) continue;
        lang_suggest(checker->diagnostics, diagnostic, "`%s.%s` is a field",
                     lang_schema_record_name(checker->schema, (lang_record)r), name);
        break;
    }
}

bool lang_read_type(lang_checker *checker, lang_name name, bool report, lang_type *type)
{
    if (lang_schema_type(checker->schema, name.text, type)) return true;
    *type = LANG_PLAIN(ERROR);
    if (!report) return false;
    lang_diagnostic *diagnostic =
        lang_diagnose(checker->diagnostics, LANG_E0307, name.span, "there is no type `%s`", name.text);
    static const char *const plain[] = {"count",     "quantity",   "units",     "money",     "text",     "date",
                                        "dates",     "times",      "minutes",   "days",      "months",   "yes_no",
                                        "procedure", "procedures", "diagnosis", "diagnoses", "modifiers"};
    static const char *const others[][2] = {
        {"number", "count"},     {"integer", "count"},  {"int", "count"},     {"decimal", "quantity"},
        {"float", "quantity"},   {"string", "text"},    {"bool", "yes_no"},   {"boolean", "yes_no"},
        {"flag", "yes_no"},      {"currency", "money"}, {"dollars", "money"}, {"amount", "money"},
        {"duration", "minutes"}, {"time", "minutes"},   {"code", "cpt"},      {"cpts", "procedures"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strcmp(others[i][0], name.text) != 0) continue;
        lang_suggest(checker->diagnostics, diagnostic, "write `%s`", others[i][1]);
        return false;
    }
    nearest search = {name.text, NULL, SIZE_MAX};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) offer(&search, plain[i]);
    for (int s = 0; s < lang_schema_system_count(checker->schema); s++) {
        offer(&search, lang_schema_system_name(checker->schema, (lang_code_system)s));
    }
    for (int e = 0; e < lang_schema_enumeration_count(checker->schema); e++) {
        offer(&search, lang_schema_enumeration_name(checker->schema, (lang_enumeration)e));
    }
    if (search.best != NULL)
        lang_suggest(checker->diagnostics, diagnostic, "did you mean `%s`?", search.best);
    else
        lang_suggest(checker->diagnostics, diagnostic,
                     "types are count, quantity, money, text, date, minutes, days, months, and code systems such as "
                     "cpt, pos, modifiers, icd10");
    return false;
}

static void unknown_field(lang_checker *checker, lang_name name, lang_record record)
{
    lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0302, name.span, "a %s has no field `%s`",
                                                lang_schema_record_label(checker->schema, record), name.text);
    if (lang_schema_find(checker->schema, LANG_RECORD_line, name.text) != LANG_NO_FIELD) {
        lang_suggest(checker->diagnostics, diagnostic, "the line has one: write `%s`", name.text);
        return;
    }
    nearest search = {name.text, NULL, SIZE_MAX};
    offer_record(checker, &search, record);
    if (search.best != NULL) {
        lang_suggest(checker->diagnostics, diagnostic, "did you mean `%s`?", search.best);
        return;
    }
    base_text list;
    base_text_init(&list, checker->arena);
    for (int f = 0; f < lang_schema_field_count(checker->schema); f++) {
        const lang_field_info *info = lang_schema_field(checker->schema, (lang_field)f);
        if (info->record == record) base_text_format(&list, "%s%s", list.length ? ", " : "", info->name);
    }
    lang_suggest(checker->diagnostics, diagnostic, "its fields are %s", base_text_string(&list));
    if ((int)record < (int)LANG_RECORD_COUNT) {
        lang_suggest(checker->diagnostics, diagnostic, "a field of your own is declared with `extend %s`",
                     lang_schema_record_name(checker->schema, record));
    }
}

static bool follow_field(lang_checker *checker, lang_path *path, lang_name name, lang_type *type)
{
    lang_field field = lang_schema_find(checker->schema, (lang_record)type->detail, name.text);
    if (field == LANG_NO_FIELD) {
        unknown_field(checker, name, (lang_record)type->detail);
        return false;
    }
    path->fields[path->field_count++] = (uint16_t)field;
    *type = lang_schema_field(checker->schema, field)->type;
    return true;
}

static bool follow_output(lang_checker *checker, lang_path *path, lang_name name, lang_type *type)
{
    const lang_table *table = checker->program->tables.items[type->detail];
    nearest search = {name.text, NULL, SIZE_MAX};
    for (size_t output = 0; output < table->outputs.count; output++) {
        offer(&search, table->outputs.items[output].name.text);
        if (strcmp(table->outputs.items[output].name.text, name.text) != 0) continue;
        path->fields[path->field_count++] = (uint16_t)output;
        path->row_output = true;
        *type = table->outputs.items[output].type;
        return true;
    }
    lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0315, name.span,
                                                "the table `%s` gives no `%s`", table->name.text, name.text);
    if (search.best != NULL) lang_suggest(checker->diagnostics, diagnostic, "did you mean `%s`?", search.best);
    lang_note(checker->diagnostics, diagnostic, table->span, "the table is declared here");
    return false;
}

/* Follows `.output` on a table row, or `.field` on a record, for the names from `at` on. */
static bool follow(lang_checker *checker, lang_expression *expression, lang_type type, size_t at)
{
    lang_path *path = &expression->as.path;
    for (; at < path->names.count; at++) {
        lang_name name = path->names.items[at];
        if (path->field_count == LANG_PATH_DEPTH) {
            lang_diagnose(checker->diagnostics, LANG_E0208, expression->span, "a path has at most %d parts",
                          (int)LANG_PATH_DEPTH);
            return false;
        }
        if (type.kind == LANG_TYPE_RECORD && !type.list) {
            if (!follow_field(checker, path, name, &type)) return false;
        } else if (type.kind == LANG_TYPE_ROW) {
            if (!follow_output(checker, path, name, &type)) return false;
        } else {
            lang_diagnose(checker->diagnostics, LANG_E0319, name.span, "a %s has no fields, so `.%s` means nothing",
                          lang_type_label(checker->schema, checker->arena, type), name.text);
            return false;
        }
    }
    expression->type = type;
    return true;
}

/* `this.x`, `other.x`, or a bare name that a record in scope has as a field. */
static bool resolve_field(lang_checker *checker, lang_expression *expression, bool *found)
{
    lang_path *path = &expression->as.path;
    *found = false;
    if (checker->define != NULL) return false;
    const char *head = path->names.items[0].text;
    lang_record record = checker->in_element ? checker->element : checker->subject;
    size_t at = 0;
    path->base = checker->in_element ? LANG_BASE_ELEMENT : LANG_BASE_SUBJECT;
    *found = true;
    if (strcmp(head, "this") == 0) {
        path->base = LANG_BASE_SUBJECT;
        record = checker->subject;
        at = 1;
    } else if (strcmp(head, "other") == 0) {
        if (!checker->other_bound && !checker->in_element) {
            lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0317, path->names.items[0].span,
                                                        "`other` stands for nothing here");
            lang_suggest(
                checker->diagnostics, diagnostic,
                "it can be used after `forbid exists other in history ...`, in `where`, `unless` and the message");
            return false;
        }
        path->base = LANG_BASE_ELEMENT;
        record = checker->in_element ? checker->element : checker->other;
        at = 1;
    } else if (lang_schema_find(checker->schema, record, head) == LANG_NO_FIELD) {
        *found = false;
        return false;
    }
    path->frame = path->base == LANG_BASE_ELEMENT ? 1 : 0;
    if (path->base == LANG_BASE_SUBJECT && checker->prefix != LANG_NO_FIELD) {
        path->fields[path->field_count++] = (uint16_t)checker->prefix;
        path->prefix = 1;
    }
    return follow(checker, expression, (lang_type){LANG_TYPE_RECORD, (uint16_t)record, false, false}, at);
}

bool lang_fits_extent(lang_checker *checker, lang_name name, const lang_extent *extent, uint32_t depth)
{
    bool named = checker->named > LANG_NAMED_LIMIT, parts = extent->parts > LANG_PARTS_LIMIT;
    bool levels = extent->levels + depth > LANG_LEVELS_LIMIT;
    if (named)
        lang_diagnose(checker->diagnostics, LANG_E0202, name.span,
                      "`%s` is needed by a name that another one needs, and so on, more than %d in a row", name.text,
                      (int)LANG_NAMED_LIMIT);
    else if (parts || levels)
        lang_diagnose(checker->diagnostics, LANG_E0202, name.span, "`%s`, with all that it names put in, %s %d %s",
                      name.text, levels ? "is nested more than" : "comes to more than",
                      levels ? (int)LANG_LEVELS_LIMIT : (int)LANG_PARTS_LIMIT, levels ? "levels deep" : "parts");
    return !named && !parts && !levels;
}

void lang_check_let(lang_checker *checker, lang_let *let)
{
    lang_extent extent = {0}, *outer = checker->extent;
    uint32_t depth = let->value == NULL ? 0 : let->value->depth;
    let->state = 1;
    bool fits = lang_fits_extent(checker, let->name, &extent, 0);
    checker->extent = &extent;
    if (fits) lang_check_value(checker, let->value, LANG_PLAIN(ERROR));
    checker->extent = outer;
    fits = fits && lang_fits_extent(checker, let->name, &extent, depth);
    if (!fits && let->value != NULL) let->value->type = LANG_PLAIN(ERROR);
    let->parts = fits ? extent.parts : 0;
    let->levels = fits ? extent.levels + depth : 0;
    let->state = 2;
}

static bool resolve_let(lang_checker *checker, lang_expression *expression, lang_let *let)
{
    if (let->state == 1) {
        lang_diagnose(checker->diagnostics, LANG_E0314, expression->span, "`%s` needs itself to be worked out",
                      let->name.text);
        return false;
    }
    if (let->state == 0) {
        lang_checker inner = *checker;
        inner.in_element = inner.other_bound = inner.in_message = false;
        inner.inputs = NULL;
        inner.named++;
        lang_check_let(&inner, let);
    }
    if (checker->extent != NULL) {
        /* Past the limit it does not matter how far. */
        if (checker->extent->parts <= LANG_PARTS_LIMIT) checker->extent->parts += let->parts;
        if (let->levels > checker->extent->levels) checker->extent->levels = let->levels;
    }
    expression->as.path.base = LANG_BASE_LET;
    expression->as.path.let = let;
    if (let->value == NULL || let->value->type.kind == LANG_TYPE_ERROR) return false;
    return follow(checker, expression, let->value->type, 1);
}

/* A function may not reach for a field; anything else is a name that nobody knows. */
static void report_unknown(lang_checker *checker, lang_name head)
{
    if (checker->define != NULL && lang_schema_find(checker->schema, LANG_RECORD_line, head.text) != LANG_NO_FIELD) {
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0334, head.span,
                          "`%s` is of the encounter, which a function does not see", head.text);
        lang_suggest(checker->diagnostics, diagnostic, "give the function an input for it, and hand the value in");
        return;
    }
    lang_diagnostic *diagnostic =
        lang_diagnose(checker->diagnostics, LANG_E0301, head.span, "nothing is called `%s` here", head.text);
    bool truth = strcmp(head.text, "true") == 0 || strcmp(head.text, "false") == 0;
    if (truth) {
        lang_suggest(checker->diagnostics, diagnostic,
                     "ask the field itself: `session.goals_documented`, or with `not`");
        return;
    }
    lang_suggest_name(checker, diagnostic, head.text);
    if (lang_find_code_set(checker, head) != NULL) {
        lang_suggest(checker->diagnostics, diagnostic, "`%s` is a code set: ask `in %s`", head.text, head.text);
    } else if (lang_find_table(checker, head) != NULL) {
        lang_suggest(checker->diagnostics, diagnostic, "`%s` is a table: ask it with its inputs in parentheses",
                     head.text);
    } else if (lang_find_define(checker, head) != NULL || lang_function_find(head.text) != LANG_FUNCTION_NONE) {
        lang_suggest(checker->diagnostics, diagnostic, "`%s` is a function: give it its inputs in parentheses",
                     head.text);
    } else if (checker->define != NULL) {
        lang_suggest(checker->diagnostics, diagnostic,
                     "a function sees its inputs, parameters, tables and code sets only: hand the value in");
    }
}

bool lang_resolve_path(lang_checker *checker, lang_expression *expression)
{
    lang_path *path = &expression->as.path;
    path->field_count = 0;
    path->prefix = 0;
    path->row_output = false;
    expression->type = LANG_PLAIN(ERROR);
    if (path->names.count == 0) return false;
    if (path->called) {
        /* In the scope that it stands in, unlike a `let`. */
        lang_type row = lang_check_value(checker, path->let->value, LANG_PLAIN(ERROR));
        path->base = LANG_BASE_LET;
        return row.kind != LANG_TYPE_ERROR && follow(checker, expression, path->let->value->type, 1);
    }
    path->let = NULL;
    lang_name head = path->names.items[0];
    bool found;
    bool resolved = resolve_field(checker, expression, &found);
    if (found) return resolved;
    lang_let *let = lang_find_let(checker, head.text);
    if (let != NULL) return resolve_let(checker, expression, let);
    lang_parameter *parameter = lang_find_parameter(checker, head);
    if (parameter != NULL) {
        path->base = LANG_BASE_PARAMETER;
        path->parameter = parameter;
        return follow(checker, expression, parameter->type, 1);
    }
    report_unknown(checker, head);
    return false;
}
