/* Whether tests stand on both sides of each number and date of a policy: each is changed by one, down and up, and the tests
 * of the policies that it reaches are run again. Expects policies that compile and whose tests pass. */
#include "grammar.h"
#include "lang/layout.h"
#include "runtime/handles.h"

#include <stdlib.h>
#include <string.h>

struct adj_boundaries {
    base_arena arena;
    BASE_ARRAY(adj_boundary) items;
};

typedef struct finding {
    adj_boundaries *out;
    adj_policies *policies; /* as they are, with their sources */
    const char **names, **texts;
    size_t *lengths;
    size_t source_count;
} finding;

/* ---- which numbers there are ---- */

static bool counts(const lang_type *type)
{
    return type->kind == LANG_TYPE_COUNT || type->kind == LANG_TYPE_QUANTITY || type->kind == LANG_TYPE_NUMBER ||
           type->kind == LANG_TYPE_MONEY;
}

/* Of bare digits those that the checker took for a number, and no code. */
static bool is_number(const lang_file *file, uint32_t start)
{
    for (size_t i = 0; i < file->digits.count; i++) {
        const lang_expression *digits = file->digits.items[i];
        if (digits->span.start != start) continue;
        return digits->literal_kind != LANG_LITERAL_CODE && counts(&digits->type);
    }
    return false;
}

/* Declarations that no test of a clause can say anything of. */
static bool untested(int declaration)
{
    return declaration == TOKEN_TEST || declaration == TOKEN_MEASURE || declaration == TOKEN_RECORD ||
           declaration == TOKEN_EXTEND || declaration == TOKEN_ENUMERATION || declaration == TOKEN_CODE_SYSTEM;
}

/* The part of a token that is a number: all of it, or, in a phrase, its digits. */
static bool number_in(const lang_file *file, const lang_token *token, uint32_t *start, uint32_t *end)
{
    *start = token->start;
    *end = token->end;
    switch (token->kind) {
    case TOKEN_DIGITS: return is_number(file, token->start);
    case TOKEN_DECIMAL:
    case TOKEN_MONEY:
    case TOKEN_DATE: return true;
    case TOKEN_DURATION:
    case TOKEN_WITHIN_BEFORE:
    case TOKEN_IN_PERIODS:
        while (*start < *end && (file->text[*start] < '0' || file->text[*start] > '9')) ++*start;
        *end = *start;
        while (*end < token->end && file->text[*end] >= '0' && file->text[*end] <= '9') ++*end;
        return *end > *start;
    default: return false;
    }
}

/* ---- one less and one more ---- */

/* The digits of a text changed by one in their last place, signs and points kept; "" below zero. */
static const char *stepped(base_arena *arena, const char *text, size_t length, int step)
{
    char digits[40], *made = base_arena_alloc(arena, length + 2);
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] >= '0' && text[i] <= '9' && used < sizeof digits) digits[used++] = text[i];
    }
    if (made == NULL || used == 0 || used == sizeof digits) return "";
    bool carry = true;
    for (size_t i = used; i-- > 0 && carry;) {
        bool wraps = digits[i] == (step > 0 ? '9' : '0');
        digits[i] = (char)(wraps ? (step > 0 ? '0' : '9') : digits[i] + step);
        carry = wraps;
    }
    if (carry && step < 0) return "";
    size_t at = 0, next = 0;
    for (size_t i = 0; i < length; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (digit && next == 0 && carry) made[at++] = '1';
        bool more = i + 1 < length && text[i + 1] >= '0' && text[i + 1] <= '9';
        if (digit && next == 0 && more && text[i] == '1' && digits[0] == '0' && !carry) {
            next++; /* 9 is one less than 10, not 09 */
            continue;
        }
        made[at++] = digit ? digits[next++] : text[i];
    }
    made[at] = '\0';
    return made;
}

static const char *changed(base_arena *arena, int kind, const char *text, size_t length, int step)
{
    if (kind != TOKEN_DATE) return stepped(arena, text, length, step);
    base_date day;
    if (!base_date_read(text, length, false, &day)) return "";
    char *made = base_arena_alloc(arena, 16);
    if (made == NULL) return "";
    base_date_write(day + step, made);
    return made;
}

/* ---- running the tests ---- */

/* Whether a file is reached from another one: as a layer above, or as a module in use. */
static bool reaches(const lang_file *from, const lang_file *file, size_t depth)
{
    if (from == file) return true;
    if (depth > LANG_LAYER_LIMIT) return false;
    if (from->base != NULL && reaches(from->base, file, depth + 1)) return true;
    for (size_t i = 0; i < from->uses.count; i++) {
        if (from->uses.items[i].target != NULL && reaches(from->uses.items[i].target, file, depth + 1)) return true;
    }
    return false;
}

/* Whether every test of the compiled policies passes; `first` is the file whose tests are asked first. */
static bool all_pass(adj_policies *policies, const char *first)
{
    adj_options options = {.evaluator = ADJ_EVALUATOR_INTERPRETER};
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < policies->program.tests.count; i++) {
            bool own = strcmp(policies->program.tests.items[i]->file->path, first) == 0;
            adj_test_result result;
            if (own != (round == 0)) continue;
            if (adj_policies_run_test(policies, i, &options, &result) != ADJ_OK || !result.passed) return false;
        }
    }
    return true;
}

/* Whether something fails once a part of a file reads otherwise. */
static bool fails_with(finding *f, const lang_file *file, uint32_t start, uint32_t end, const char *instead,
                       const char **paths, size_t path_count)
{
    base_arena scratch;
    base_arena_init(&scratch, &f->policies->allocator);
    base_text text;
    base_text_init(&text, &scratch);
    base_text_add(&text, file->text, start);
    base_text_put(&text, instead);
    base_text_add(&text, file->text + end, file->length - end);
    size_t place = 0;
    while (place < f->source_count && strcmp(f->names[place], file->path) != 0) place++;
    bool failed = true;
    if (place < f->source_count && !scratch.failed) {
        const char *text_before = f->texts[place];
        size_t length_before = f->lengths[place];
        f->texts[place] = base_text_string(&text);
        f->lengths[place] = text.length;
        adj_policies *other = NULL;
        adj_options options = {.evaluator = ADJ_EVALUATOR_INTERPRETER};
        adj_status status = adj_policies_compile_sources(paths, path_count, f->names, f->texts, f->lengths,
                                                         f->source_count, &options, &other);
        failed = status != ADJ_OK || !all_pass(other, file->path);
        adj_policies_free(other);
        f->texts[place] = text_before;
        f->lengths[place] = length_before;
    }
    if (scratch.failed) f->out->arena.failed = true; /* what could not be tried is not told */
    base_arena_release(&scratch);
    return failed;
}

/* Days that stand for none, and those that lie before the policy speaks at all: no line could tell. On the policy's own first day
 * only what lies below it is out of sight. */
static bool out_of_sight(const lang_file *file, const lang_token *token, bool in_header, bool *below)
{
    base_date day;
    *below = false;
    bool date =
        token->kind == TOKEN_DATE && base_date_read(file->text + token->start, token->end - token->start, false, &day);
    if (!date) return false;
    base_date last, first;
    if (base_date_read("9999-12-31", 10, false, &last) && base_date_read("0001-01-01", 10, false, &first)) {
        if (day == last || day == first) return true;
    }
    bool since = file->dates_given && file->clock == LANG_CLOCK_SERVICE && !in_header;
    *below = since && day == file->dates.from;
    return since && day < file->dates.from;
}

static void try_number(finding *f, const lang_file *file, const lang_token *token, bool in_header, const char **paths,
                       size_t count)
{
    uint32_t start, end;
    bool below;
    if (!number_in(file, token, &start, &end) || out_of_sight(file, token, in_header, &below)) return;
    base_arena *arena = &f->out->arena;
    adj_boundary *b = BASE_PUSH(arena, &f->out->items);
    if (b == NULL) return;
    *b = (adj_boundary){.file = base_arena_copy(arena, file->path, strlen(file->path)),
                        .written = base_arena_copy(arena, file->text + token->start, token->end - token->start)};
    lang_position(file, token->start, &b->line, &b->column);
    b->less = below ? "" : changed(arena, token->kind, file->text + start, end - start, -1);
    b->more = changed(arena, token->kind, file->text + start, end - start, 1);
    b->held_below = *b->less == '\0' || fails_with(f, file, start, end, b->less, paths, count);
    b->held_above = *b->more == '\0' || fails_with(f, file, start, end, b->more, paths, count);
}

/* The files named by the user that a file can make a difference to, and all that those need. */
static size_t reached(const lang_program *program, const lang_file *file, const char **paths)
{
    size_t count = 0;
    for (size_t i = 0; i < program->files.count; i++) {
        const lang_file *asked = program->files.items[i];
        bool wanted = asked->root && reaches(asked, file, 0);
        for (size_t k = 0; asked->root && !wanted && k < program->files.count; k++) {
            const lang_file *from = program->files.items[k];
            wanted = from->root && reaches(from, file, 0) && reaches(from, asked, 0);
        }
        if (wanted) paths[count++] = asked->path;
    }
    return count;
}

static bool try_file(finding *f, lang_file *file)
{
    const lang_program *program = &f->policies->program;
    lang_tokens tokens = {0};
    base_arena scratch;
    base_arena_init(&scratch, &f->policies->allocator);
    const char **paths = base_arena_alloc(&scratch, (program->files.count + 1) * sizeof *paths);
    bool good = paths != NULL && lang_tokenize(&scratch, file, &tokens);
    size_t count = good ? reached(program, file, paths) : 0;
    int declaration = 0; /* none yet: the header */
    for (size_t i = 0; good && count > 0 && i < tokens.count; i++) {
        int kind = tokens.items[i].kind, before = i == 0 ? 0 : tokens.items[i - 1].kind;
        if (lang_starts_declaration(before, kind)) declaration = kind;
        if (untested(declaration) || before == TOKEN_REVIEW_BY || before == TOKEN_PRIORITY) continue;
        try_number(f, file, &tokens.items[i], declaration == 0, paths, count);
    }
    base_arena_release(&scratch);
    return good && !f->out->arena.failed;
}

static bool gather_sources(finding *f)
{
    base_arena *arena = &f->out->arena;
    f->source_count = adj_policies_source_count(f->policies);
    f->names = base_arena_alloc(arena, (f->source_count + 1) * sizeof *f->names);
    f->texts = base_arena_alloc(arena, (f->source_count + 1) * sizeof *f->texts);
    f->lengths = base_arena_alloc(arena, (f->source_count + 1) * sizeof *f->lengths);
    if (f->names == NULL || f->texts == NULL || f->lengths == NULL) return false;
    for (size_t i = 0; i < f->source_count; i++)
        f->texts[i] = adj_policies_source(f->policies, i, &f->names[i], &f->lengths[i]);
    return true;
}

adj_status adj_boundaries_find(const char *const *paths, size_t count, const adj_options *options,
                               void (*progress)(void *state, size_t done, size_t total), void *state,
                               adj_boundaries **out)
{
    *out = NULL;
    finding f = {0};
    adj_options kept = options == NULL ? (adj_options){0} : *options;
    kept.evaluator = ADJ_EVALUATOR_INTERPRETER;
    kept.keep_sources = true;
    adj_status status = adj_policies_compile(paths, count, &kept, &f.policies);
    base_allocator allocator = status == ADJ_OK ? f.policies->allocator : base_allocator_default();
    if (status == ADJ_OK) f.out = allocator.reallocate(allocator.state, NULL, sizeof *f.out);
    if (status == ADJ_OK && f.out == NULL) status = ADJ_OUT_OF_MEMORY;
    if (status != ADJ_OK) {
        adj_policies_free(f.policies);
        return status;
    }
    memset(f.out, 0, sizeof *f.out);
    base_arena_init(&f.out->arena, &allocator);
    bool good = gather_sources(&f);
    size_t files = f.policies->program.files.count;
    for (size_t i = 0; good && i < files; i++) {
        lang_file *file = f.policies->program.files.items[i];
        if (file->header_seen && file->root) good = try_file(&f, file);
        if (progress != NULL) progress(state, i + 1, files);
    }
    adj_policies_free(f.policies);
    if (!good) {
        adj_boundaries_free(f.out);
        return ADJ_OUT_OF_MEMORY;
    }
    *out = f.out;
    return ADJ_OK;
}

void adj_boundaries_free(adj_boundaries *boundaries)
{
    if (boundaries == NULL) return;
    base_allocator allocator = boundaries->arena.allocator;
    base_arena_release(&boundaries->arena);
    allocator.reallocate(allocator.state, boundaries, 0);
}

size_t adj_boundaries_count(const adj_boundaries *boundaries)
{
    return boundaries->items.count;
}

adj_boundary adj_boundaries_at(const adj_boundaries *boundaries, size_t index)
{
    static const adj_boundary none = {"", 0, 0, "", "", "", true, true};
    return index < boundaries->items.count ? boundaries->items.items[index] : none;
}
