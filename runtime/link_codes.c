/* Codes against lists: a code that a list does not hold, or that was not in use on the day, is told once for all of its lines. Places
 * of service are those that the CMS code set assigns; reason codes those of X12's code list 139. */
#include "lang/program.h"
#include "runtime/store.h"

#include <string.h>

/* What is wrong with a code, and where it stands first. */
typedef enum code_flaw { CODE_NOT_LISTED, CODE_NOT_IN_USE, CODE_UNASSIGNED, CODE_FLAWS } code_flaw;

typedef struct flawed_code {
    uint32_t count, line;
    lang_code_system system;
} flawed_code;

struct run_code_check {
    const run_store *store;
    base_arena scratch;
    bool *listed;                   /* by system */
    uint32_t *first, *next;         /* listed codes by symbol: place and one; NULL where there is no list */
    flawed_code *flaws[CODE_FLAWS]; /* by symbol; NULL before the first */
    base_date *from; /* by symbol, if it was asked about: the day from which a place of service is assigned */
    uint8_t *asked;  /* by symbol; only of places that no list is given for */
};

/* The day from which the CMS code set assigns a place of service, two digits: the first there is for those of before these years, and none that
 * ever comes for those that it does not assign. */
static base_date place_assigned_from(const char *code)
{
    static const bool unassigned[100] = {
        [0] = true,  [28] = true, [29] = true, [30] = true, [35] = true, [36] = true, [37] = true, [38] = true,
        [39] = true, [40] = true, [43] = true, [44] = true, [45] = true, [46] = true, [47] = true, [48] = true,
        [59] = true, [63] = true, [64] = true, [67] = true, [68] = true, [69] = true, [70] = true, [73] = true,
        [74] = true, [75] = true, [76] = true, [77] = true, [78] = true, [79] = true, [80] = true, [82] = true,
        [83] = true, [84] = true, [85] = true, [86] = true, [87] = true, [88] = true, [89] = true, [90] = true,
        [91] = true, [92] = true, [93] = true, [94] = true, [95] = true, [96] = true, [97] = true, [98] = true};
    int number = (code[0] - '0') * 10 + code[1] - '0';
    if (unassigned[number]) return INT32_MAX;
    if (number == 2) return base_date_make(2017, 1, 1);
    if (number == 10) return base_date_make(2022, 1, 1);
    return number == 27 ? base_date_make(2023, 10, 1) : BASE_DATE_MIN;
}

static void note(run_code_check *c, code_flaw flaw, lang_code_system system, uint32_t code, uint32_t line)
{
    if (c->flaws[flaw] == NULL)
        c->flaws[flaw] = base_arena_alloc(&c->scratch, (c->store->symbols.entries.count + 1) * sizeof **c->flaws);
    if (c->flaws[flaw] == NULL) return;
    flawed_code *flawed = &c->flaws[flaw][code];
    if (flawed->count++ == 0) *flawed = (flawed_code){1, line, system};
}

static void check(run_code_check *c, lang_code_system system, uint32_t code, uint32_t line, base_date date)
{
    const run_store *store = c->store;
    if (system == LANG_SYSTEM_pos && c->asked[code] != 0 && date >= c->from[code]) return;
    const char *text = base_intern_text(&store->symbols, code);
    if (*text == '\0') return;
    if (!c->listed[system]) {
        if (system != LANG_SYSTEM_pos || !lang_code_shape(system, text, strlen(text))) return;
        c->from[code] = place_assigned_from(text);
        c->asked[code] = 1;
        if (date < c->from[code]) note(c, CODE_UNASSIGNED, system, code, line);
        return;
    }
    bool held = false, in_use = false;
    for (uint32_t at = c->first[code]; at != 0; at = c->next[at - 1]) {
        const run_listed_code *listed = &store->listed_codes.items[at - 1];
        if (listed->system != system) continue;
        held = true;
        in_use = in_use || (date >= listed->from && date <= listed->to);
    }
    if (!in_use) note(c, held ? CODE_NOT_IN_USE : CODE_NOT_LISTED, system, code, line);
}

/* The codes of a field of a line, or of its claim. */
static void check_field(run_code_check *c, lang_field field, uint32_t row, uint32_t line, base_date date)
{
    const run_store *store = c->store;
    if (!run_store_present(store, field, row)) return;
    lang_type type = lang_schema_field(store->schema, field)->type;
    int64_t bits = run_store_bits(store, field, row);
    if (!type.list) {
        check(c, (lang_code_system)type.detail, (uint32_t)bits, line, date);
        return;
    }
    for (size_t i = 0; i < run_list_count(bits); i++)
        check(c, (lang_code_system)type.detail, store->pool.items[run_list_offset(bits) + i], line, date);
}

static void check_lines(run_code_check *c)
{
    const run_store *store = c->store;
    for (int f = 0; f < lang_schema_field_count(store->schema); f++) {
        const lang_field_info *info = lang_schema_field(store->schema, (lang_field)f);
        bool of_claim = info->record == LANG_RECORD_claim;
        bool asked = info->type.kind == LANG_TYPE_CODE && (of_claim || info->record == LANG_RECORD_line) &&
                     (c->listed[info->type.detail] || info->type.detail == LANG_SYSTEM_pos);
        for (uint32_t line = 0; asked && line < store->counts[LANG_RECORD_line]; line++) {
            bool judged = store->lines.items[line].subject && run_store_present(store, LANG_FIELD_line_date, line);
            if (!judged || (of_claim && !run_store_present(store, LANG_FIELD_line_claim, line))) continue;
            uint32_t row = of_claim ? (uint32_t)run_store_bits(store, LANG_FIELD_line_claim, line) : line;
            check_field(c, (lang_field)f, row, line, (base_date)run_store_bits(store, LANG_FIELD_line_date, line));
        }
    }
}

static void tell(const run_code_check *c, run_store *store)
{
    static const char *const codes[CODE_FLAWS] = {"D0220", "D0221", "D0222"};
    static const char *const what[CODE_FLAWS] = {"is not in the list of codes that was given for",
                                                 "was not in use on the day, by the list that was given for",
                                                 "is not assigned, or was not on the day, among codes of"};
    for (size_t flaw = 0; flaw < CODE_FLAWS; flaw++) {
        for (size_t code = 0; c->flaws[flaw] != NULL && code < store->symbols.entries.count; code++) {
            const flawed_code *flawed = &c->flaws[flaw][code];
            if (flawed->count == 0) continue;
            const run_line_extra *extra = &store->lines.items[flawed->line];
            bool claimed = run_store_present(store, LANG_FIELD_line_claim, flawed->line);
            uint32_t claim = claimed ? (uint32_t)run_store_bits(store, LANG_FIELD_line_claim, flawed->line) : 0;
            const char *name = lang_schema_system_name(store->schema, flawed->system);
            base_text text;
            base_text_init(&text, &store->arena);
            base_text_format(&text, "`%s` ", base_intern_text(&store->symbols, (uint32_t)code));
            base_text_format(&text, "%s `%s`", what[flaw], name);
            if (flawed->count > 1) base_text_format(&text, "; it stands so %u times, here first", flawed->count);
            run_store_problem(store, ADJ_SEVERITY_WARNING, codes[flaw], base_intern_text(&store->symbols, extra->file),
                              extra->segment, 0, 0, claimed ? run_store_text(store, LANG_FIELD_claim_id, claim) : NULL,
                              "%s", base_text_string(&text));
        }
    }
}

/* Reason codes of answers, each told once. */
static void check_reasons(run_store *store)
{
    uint8_t *seen = base_arena_alloc(&store->arena, store->symbols.entries.count + 1);
    for (uint32_t row = 0; seen != NULL && row < store->counts[LANG_RECORD_remittance]; row++) {
        if (!run_store_present(store, LANG_FIELD_remittance_reasons, row)) continue;
        int64_t bits = run_store_bits(store, LANG_FIELD_remittance_reasons, row);
        for (size_t i = 0; i < run_list_count(bits); i++) {
            uint32_t code = store->pool.items[run_list_offset(bits) + i];
            if (seen[code]++ != 0) {
                seen[code] = 1;
                continue;
            }
            const char *text = base_intern_text(&store->symbols, code);
            int state = lang_reason_state(text);
            if (state == 1) continue;
            run_store_problem(store, ADJ_SEVERITY_NOTE, "D0223", "the remittances", 0, 0, 0, NULL,
                              "`%s` is a claim adjustment reason code that %s", text,
                              state == 2 ? "is retired" : "the list does not hold");
        }
    }
}

run_code_check *run_codes_begin(const run_store *store)
{
    base_arena arena;
    base_arena_init(&arena, &store->arena.allocator);
    run_code_check *c = base_arena_alloc(&arena, sizeof *c);
    if (c == NULL) return NULL;
    size_t listed_codes = store->listed_codes.count, symbols = store->symbols.entries.count;
    c->listed = base_arena_alloc(&arena, (size_t)lang_schema_system_count(store->schema));
    c->from = base_arena_alloc(&arena, (symbols + 1) * sizeof *c->from);
    c->asked = base_arena_alloc(&arena, symbols + 1);
    if (listed_codes > 0) {
        c->first = base_arena_alloc(&arena, (symbols + 1) * sizeof *c->first);
        c->next = base_arena_alloc(&arena, listed_codes * sizeof *c->next);
    }
    for (size_t i = 0; !arena.failed && i < listed_codes; i++) {
        const run_listed_code *listed = &store->listed_codes.items[i];
        c->listed[listed->system] = true;
        c->next[i] = c->first[listed->code];
        c->first[listed->code] = (uint32_t)i + 1;
    }
    c->store = store;
    c->scratch = arena;
    return c;
}

void run_codes_check(run_code_check *c)
{
    if (!c->scratch.failed) check_lines(c);
}

void run_codes_tell(run_code_check *c, run_store *store)
{
    if (c == NULL) return;
    base_arena scratch = c->scratch;
    if (!scratch.failed) {
        tell(c, store);
        check_reasons(store);
    }
    if (scratch.failed) store->arena.failed = true;
    base_arena_release(&scratch);
}
