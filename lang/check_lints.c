/* Lints: what is allowed and still looks wrong. Each has a name, and `allow NAME "reason"` silences it in place. */
#include "lang/check.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define UNUSED(list, what)                                                                                             \
    for (size_t i = 0; i < file->list.count; i++) {                                                                    \
        if (file->list.items[i]->used) continue;                                                                       \
        lang_diagnose(checker->diagnostics, LANG_W0001, file->list.items[i]->name.span,                                \
                      "the " what " `%s` is not used", file->list.items[i]->name.text);                                \
    }

static void unused(lang_checker *checker, const lang_file *file)
{
    if (file->is_module || file->layers.count > 0) return;
    UNUSED(code_sets, "code set")
    UNUSED(parameters, "parameter")
    UNUSED(tables, "table")
    UNUSED(defines, "function")
}

/* ---- holes in time ---- */

const char *lang_day_text(base_arena *arena, base_date day)
{
    char buffer[16];
    base_date_write(day, buffer);
    return base_format(arena, "%s", buffer);
}

/* The first day on or after `from` that no row covers; BASE_DATE_MAX for none. */
static base_date first_hole(const lang_parameter *parameter, base_date from, base_date to)
{
    base_date day = from;
    for (bool moved = true; moved && day <= to;) {
        moved = false;
        for (size_t i = 0; i < parameter->rows.count; i++) {
            const lang_dates *dates = &parameter->rows.items[i].dates;
            if (dates->from > day || dates->to < day) continue;
            if (dates->to == BASE_DATE_MAX) return BASE_DATE_MAX;
            day = dates->to + 1;
            moved = true;
        }
    }
    return day <= to ? day : BASE_DATE_MAX;
}

static void holes(lang_checker *checker, const lang_file *file)
{
    for (size_t i = 0; i < file->parameters.count; i++) {
        const lang_parameter *parameter = file->parameters.items[i];
        bool open = file->is_module || file->dates.from == BASE_DATE_MIN;
        base_date from = open ? BASE_DATE_MAX : file->dates.from;
        for (size_t r = 0; r < parameter->rows.count; r++) {
            if (open && parameter->rows.items[r].dates.from < from) from = parameter->rows.items[r].dates.from;
        }
        base_date hole = first_hole(parameter, from, file->is_module ? BASE_DATE_MAX - 1 : file->dates.to);
        if (hole == BASE_DATE_MAX || parameter->rows.count == 0) continue;
        base_date end = BASE_DATE_MAX;
        for (size_t r = 0; r < parameter->rows.count; r++) {
            base_date next = parameter->rows.items[r].dates.from;
            if (next > hole && next < end) end = next;
        }
        /* A value that simply ends is the end of a rule, not a hole in it, unless its policy goes on. */
        bool ends = end == BASE_DATE_MAX && (file->is_module || file->dates.to == BASE_DATE_MAX);
        lang_diagnostic *diagnostic =
            end == BASE_DATE_MAX
                ? lang_diagnose(checker->diagnostics, LANG_W0004, parameter->name.span,
                                ends ? "`%s` has no value from %s on"
                                     : "`%s` has no value from %s on, while its policy goes on",
                                parameter->name.text, lang_day_text(checker->arena, hole))
                : lang_diagnose(checker->diagnostics, LANG_W0004, parameter->name.span,
                                "`%s` has no value from %s to %s", parameter->name.text,
                                lang_day_text(checker->arena, hole), lang_day_text(checker->arena, end - 1));
        lang_suggest(checker->diagnostics, diagnostic, "what is asked of it on these days cannot be told");
    }
}

/* ---- conditions that are always the same ---- */

typedef enum settled { OPEN, ALWAYS, NEVER } settled;

static settled opposite(settled s)
{
    return s == ALWAYS ? NEVER : s == NEVER ? ALWAYS : OPEN;
}

static bool same_path(const lang_expression *a, const lang_expression *b)
{
    if (a == NULL || b == NULL || a->kind != LANG_PATH || b->kind != LANG_PATH) return false;
    const lang_path *x = &a->as.path, *y = &b->as.path;
    if (x->base != y->base || x->frame != y->frame || x->field_count != y->field_count || x->let != y->let)
        return false;
    if (x->row_output != y->row_output || x->field_count == 0) return false;
    return memcmp(x->fields, y->fields, x->field_count * sizeof *x->fields) == 0;
}

/* The numbers that a comparison with a constant leaves to a path: [low, high]. False for other shapes. */
static bool bounds_of(const lang_expression *e, const lang_expression **path, int64_t *low, int64_t *high)
{
    if (e->kind != LANG_COMPARE) return false;
    const lang_expression *left = e->as.binary.left, *right = e->as.binary.right;
    if (left->kind != LANG_PATH || right->kind != LANG_LITERAL || left->type.kind != right->type.kind) return false;
    int64_t value = right->as.literal.value;
    bool codes = left->type.kind == LANG_TYPE_CODE || left->type.kind == LANG_TYPE_TEXT;
    if (codes) return false;
    *path = left;
    *low = INT64_MIN;
    *high = INT64_MAX;
    switch (e->as.binary.operator_kind) {
    case LANG_EQUAL: *low = *high = value; return true;
    case LANG_LESS: *high = value - 1; return true;
    case LANG_AT_MOST: *high = value; return true;
    case LANG_GREATER: *low = value + 1; return true;
    case LANG_AT_LEAST: *low = value; return true;
    default: return false;
    }
}

/* Two parts of an `and` that no value satisfies together. */
static bool contradict(const lang_expression *a, const lang_expression *b)
{
    const lang_expression *path_a, *path_b;
    int64_t low_a, high_a, low_b, high_b;
    if (bounds_of(a, &path_a, &low_a, &high_a) && bounds_of(b, &path_b, &low_b, &high_b)) {
        return same_path(path_a, path_b) && (low_a > high_b || low_b > high_a);
    }
    bool codes = a->kind == LANG_COMPARE && b->kind == LANG_COMPARE && a->as.binary.operator_kind == LANG_EQUAL &&
                 b->as.binary.operator_kind == LANG_EQUAL && same_path(a->as.binary.left, b->as.binary.left);
    if (codes && a->as.binary.right->kind == LANG_LITERAL && b->as.binary.right->kind == LANG_LITERAL) {
        lang_type_kind kind = a->as.binary.left->type.kind;
        bool symbols = kind == LANG_TYPE_CODE || kind == LANG_TYPE_TEXT;
        return symbols && strcmp(a->as.binary.right->as.literal.spelling, b->as.binary.right->as.literal.spelling) != 0;
    }
    bool words = codes && a->as.binary.right->kind == LANG_PATH && b->as.binary.right->kind == LANG_PATH &&
                 a->as.binary.right->as.path.base == LANG_BASE_WORD &&
                 b->as.binary.right->as.path.base == LANG_BASE_WORD;
    if (words) return a->as.binary.right->as.path.word != b->as.binary.right->as.path.word;
    bool presence =
        a->kind == LANG_PRESENCE && b->kind == LANG_PRESENCE && same_path(a->as.presence.value, b->as.presence.value);
    return presence && a->as.presence.presence != b->as.presence.presence;
}

enum { PARTS = 32 };

static void collect(const lang_expression *e, lang_expression_kind kind, const lang_expression **parts, size_t *count)
{
    if (e != NULL && e->kind == kind) {
        collect(e->as.binary.left, kind, parts, count);
        collect(e->as.binary.right, kind, parts, count);
    } else if (e != NULL && *count < PARTS) {
        parts[(*count)++] = e;
    }
}

static settled settle(const lang_expression *e)
{
    if (e == NULL) return OPEN;
    if (e->kind == LANG_LITERAL && e->literal_kind == LANG_LITERAL_TRUTH) return e->as.literal.value ? ALWAYS : NEVER;
    if (e->kind == LANG_NOT) return opposite(settle(e->as.binary.left));
    if (e->kind == LANG_COMPARE && same_path(e->as.binary.left, e->as.binary.right)) {
        lang_operator o = e->as.binary.operator_kind;
        return o == LANG_EQUAL || o == LANG_AT_MOST || o == LANG_AT_LEAST ? ALWAYS : NEVER;
    }
    if (e->kind == LANG_QUANTIFIED && e->as.quantified.bound != NULL && e->as.quantified.bound->kind == LANG_LITERAL &&
        e->as.quantified.bound->as.literal.value == 0) {
        if (e->as.quantified.quantifier == LANG_AT_LEAST_OF) return ALWAYS;
        if (e->as.quantified.quantifier == LANG_FEWER_THAN_OF) return NEVER;
    }
    if (e->kind != LANG_AND && e->kind != LANG_OR) return OPEN;
    settled decides = e->kind == LANG_AND ? NEVER : ALWAYS;
    const lang_expression *parts[PARTS];
    size_t count = 0;
    collect(e, e->kind, parts, &count);
    bool all = count > 0;
    for (size_t i = 0; i < count; i++) {
        settled part = settle(parts[i]);
        if (part == decides) return decides;
        all = all && part == opposite(decides);
        for (size_t k = 0; k < i && e->kind == LANG_AND; k++) {
            if (contradict(parts[k], parts[i])) return NEVER;
        }
    }
    return all ? opposite(decides) : OPEN;
}

static bool conditions_never(const lang_clause *clause)
{
    const lang_expression *parts[PARTS];
    size_t count = 0;
    const lang_expressions *lists[] = {clause->section == NULL ? NULL : &clause->section->wheres, &clause->whens};
    for (size_t l = 0; l < 2; l++) {
        for (size_t i = 0; lists[l] != NULL && i < lists[l]->count; i++) {
            if (settle(lists[l]->items[i]) == NEVER) return true;
            collect(lists[l]->items[i], LANG_AND, parts, &count);
        }
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (contradict(parts[k], parts[i])) return true;
        }
    }
    return false;
}

static void lint_clause(lang_checker *checker, const lang_clause *clause)
{
    const lang_file *file = clause->file;
    bool outside = clause->dates.from > file->dates.to || clause->dates.to < file->dates.from;
    if (outside && clause->clock == file->clock) {
        lang_diagnose(checker->diagnostics, LANG_W0005, clause->name.span,
                      "`%s` can never apply: it is in effect only on days on which its policy is not",
                      clause->name.text);
    } else if (conditions_never(clause)) {
        lang_diagnose(checker->diagnostics, LANG_W0005, clause->name.span,
                      "`%s` can never apply: its conditions exclude each other", clause->name.text);
    }
    settled holds = settle(clause->requirement);
    if (clause->forbid) holds = opposite(holds);
    if (holds == ALWAYS) {
        lang_diagnose(checker->diagnostics, LANG_W0006, clause->name.span,
                      "`%s` can never fail: what it requires always holds", clause->name.text);
    }
    for (size_t i = 0; i < clause->exceptions.count; i++) {
        if (settle(clause->exceptions.items[i].condition) != NEVER) continue;
        lang_diagnose(checker->diagnostics, LANG_W0007, clause->exceptions.items[i].span,
                      "this exception can never hold, so it never sets `%s` aside", clause->name.text);
    }
}

static void lint_exception(lang_checker *checker, const lang_exception *exception)
{
    for (size_t i = 0; i < exception->clauses.count; i++) {
        const lang_clause *clause = exception->clauses.items[i];
        const lang_dates *policy = &clause->file->dates;
        bool apart = exception->dates.from > clause->dates.to || exception->dates.to < clause->dates.from ||
                     exception->dates.from > policy->to || exception->dates.to < policy->from;
        if (!apart) continue;
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_W0007, exception->name.span,
                          "the exception `%s` can never set `%s` aside: they are never in effect on one day",
                          exception->name.text, clause->name.text);
        lang_note(checker->diagnostics, diagnostic, clause->name.span, "the clause is here");
    }
    for (size_t i = 0; i < exception->whens.count; i++) {
        if (settle(exception->whens.items[i]) != NEVER) continue;
        lang_diagnose(checker->diagnostics, LANG_W0007, exception->name.span, "the exception `%s` can never hold",
                      exception->name.text);
    }
}

/* ---- tables ---- */

/* In a `first` table, a row behind one that takes all of its inputs never counts. */
static void masked_rows(lang_checker *checker, const lang_table *table)
{
    enum { COMPARED = 2000 };
    if (table->hit != LANG_HIT_FIRST || table->rows.count > COMPARED) return;
    for (size_t i = 2; i < table->rows.count; i++) {
        for (size_t k = 1; k < i; k++) {
            const lang_table_row *late = &table->rows.items[i], *early = &table->rows.items[k];
            bool masks = early->dates.from <= late->dates.from && late->dates.to <= early->dates.to;
            for (size_t c = 0; c < table->inputs.count && masks; c++) {
                masks = lang_cell_covers(&early->cells.items[c], &late->cells.items[c]);
            }
            if (!masks) continue;
            lang_diagnostic *diagnostic = lang_diagnose(
                checker->diagnostics, LANG_W0008, late->span,
                "this row of `%s` never counts: an earlier one takes all of its inputs", table->name.text);
            lang_note(checker->diagnostics, diagnostic, early->span, "the earlier row");
            break;
        }
    }
}

static void lint_waiver(lang_checker *checker, const lang_exception *waiver)
{
    if (!waiver->waiver || !waiver->until_given || checker->program->today <= waiver->dates.to) return;
    lang_diagnose(checker->diagnostics, LANG_W0013, waiver->name.span,
                  "the waiver `%s` of %s ran out on %s; it waives nothing that is received later", waiver->name.text,
                  waiver->by.text == NULL ? "" : waiver->by.text, lang_day_text(checker->arena, waiver->dates.to));
}

static void lint_table(lang_checker *checker, const lang_table *table)
{
    masked_rows(checker, table);
    if (!table->partial && table->bulks.count == 0) lang_check_gaps(checker, table);
}

typedef struct product {
    const char *code, *label;
} product;

static const product known_products[] = {
#define LANG_PRODUCT(code, label) {code, label},
#include "lang/products.def"
#undef LANG_PRODUCT
};
enum { KNOWN_PRODUCTS = sizeof known_products / sizeof *known_products };

/* Whether a text is a word, or all of it before a comma, in whatever letters. */
static bool same_word(const char *text, const char *word)
{
    size_t length = strlen(text);
    return strncasecmp(text, word, length) == 0 && (word[length] == '\0' || word[length] == ',');
}

/* The product that a word means: its code in other letters, or what it stands for. */
static const product *product_meant(const char *text)
{
    for (size_t i = 0; i < KNOWN_PRODUCTS; i++) {
        const product *known = &known_products[i];
        if (same_word(text, known->code) || same_word(text, known->label)) return known;
    }
    return NULL;
}

static void lint_product(lang_checker *checker, const lang_name *name)
{
    const product *meant = product_meant(name->text);
    if (meant != NULL && strcmp(meant->code, name->text) == 0) return;
    lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_W0014, name->span,
                                                "`%s` is not a claim filing indicator: no claim has it", name->text);
    if (meant != NULL) {
        lang_suggest(checker->diagnostics, diagnostic, "write `%s` (%s)", meant->code, meant->label);
        return;
    }
    base_text all;
    base_text_init(&all, checker->arena);
    for (size_t i = 0; i < KNOWN_PRODUCTS; i++)
        base_text_format(&all, "%s%s %s", i == 0 ? "" : "; ", known_products[i].code, known_products[i].label);
    lang_suggest(checker->diagnostics, diagnostic, "claim filing indicators are %s", base_text_string(&all));
}

static void lint_file(lang_checker *checker, lang_file *file)
{
    checker->file = file;
    for (size_t i = 0; i < file->products.count; i++) lint_product(checker, &file->products.items[i]);
    unused(checker, file);
    holes(checker, file);
    for (size_t i = 0; i < file->clauses.count; i++) lint_clause(checker, file->clauses.items[i]);
    for (size_t i = 0; i < file->clause_overrides.count; i++) lint_clause(checker, file->clause_overrides.items[i]);
    for (size_t i = 0; i < file->exceptions.count; i++) lint_exception(checker, file->exceptions.items[i]);
    for (size_t i = 0; i < file->exceptions.count; i++) lint_waiver(checker, file->exceptions.items[i]);
    for (size_t i = 0; i < file->tables.count; i++) lint_table(checker, file->tables.items[i]);
    bool late = file->review_given && checker->program->today > file->review_by;
    if (!late) return;
    lang_diagnose(checker->diagnostics, LANG_W0010, file->review_span, "`%s` was to be reviewed by %s", file->full_name,
                  lang_day_text(checker->arena, file->review_by));
}

void lang_check_lints(lang_checker *checker)
{
    for (size_t i = 0; i < checker->program->files.count; i++) lint_file(checker, checker->program->files.items[i]);
}

/* ---- allowing ---- */

static bool lint_named(const char *name, lang_diagnostic_code *code)
{
    for (int c = 0; c < LANG_DIAGNOSTIC_COUNT; c++) {
        bool warning = lang_diagnostic_severity((lang_diagnostic_code)c) == LANG_SEVERITY_WARNING;
        if (!warning || strcmp(lang_diagnostic_label((lang_diagnostic_code)c), name) != 0) continue;
        *code = (lang_diagnostic_code)c;
        return true;
    }
    return false;
}

/* Whether an `allow` speaks of the place: its whole file, or the declaration that it stands in. */
static bool speaks_of(const lang_file *file, const lang_allow *allow, lang_span span)
{
    if (span.file != file->index) return false;
    if (allow->scope.end == 0) return true;
    uint32_t from = lang_declaration_start(file, allow->scope.start), to = lang_declaration_end(file, allow->scope.end);
    return span.start >= from && span.start < to;
}

static void unknown_lint(lang_program *program, const lang_allow *allow)
{
    lang_diagnostic *diagnostic =
        lang_diagnose(&program->diagnostics, LANG_E0336, allow->lint.span, "there is no lint `%s`", allow->lint.text);
    base_text names;
    base_text_init(&names, program->arena);
    for (int c = 0; c < LANG_DIAGNOSTIC_COUNT; c++) {
        if (lang_diagnostic_severity((lang_diagnostic_code)c) != LANG_SEVERITY_WARNING) continue;
        base_text_format(&names, "%s%s", names.length == 0 ? "" : ", ", lang_diagnostic_label((lang_diagnostic_code)c));
    }
    lang_suggest(&program->diagnostics, diagnostic, "lints are %s", base_text_string(&names));
}

static void settle_file(lang_program *program, lang_file *file)
{
    lang_diagnostics *diagnostics = &program->diagnostics;
    for (size_t a = 0; a < file->allows.count; a++) {
        lang_allow *allow = &file->allows.items[a];
        lang_diagnostic_code code;
        if (!lint_named(allow->lint.text, &code)) {
            unknown_lint(program, allow);
            continue;
        }
        uint32_t kept = 0;
        for (size_t i = 0; i < diagnostics->items.count; i++) {
            lang_diagnostic *diagnostic = diagnostics->items.items[i];
            if (diagnostic->code == code && speaks_of(file, allow, diagnostic->span)) {
                allow->used = true;
                diagnostics->warnings--;
                continue;
            }
            diagnostics->items.items[kept++] = diagnostic;
        }
        diagnostics->items.count = kept;
        if (allow->used || diagnostics->errors > 0 || code == LANG_W0010 || code == LANG_W0013) continue;
        lang_diagnose(diagnostics, LANG_W0012, allow->lint.span, "nothing here needs `allow %s`", allow->lint.text);
    }
}

void lang_settle_allows(lang_program *program)
{
    for (size_t i = 0; i < program->files.count; i++) settle_file(program, program->files.items[i]);
}
