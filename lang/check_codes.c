/* Codes: their shape, ranges and prefixes, code sets and their circles, reason and remark codes. */
#include "lang/bulk.h"
#include "lang/check.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { CODE_LENGTH = 40 };

/* Codes are short, and there are hundreds: they are compared as eight bytes, behind the last of which are zeros. */
enum { REASON_ROOM = 8 };

static bool reason_bytes(const char *code, char bytes[REASON_ROOM])
{
    size_t length = strlen(code);
    if (length >= REASON_ROOM) return false;
    memset(bytes, 0, REASON_ROOM);
    memcpy(bytes, code, length + 1);
    return true;
}

int lang_reason_state(const char *code)
{
    static const struct {
        char code[REASON_ROOM];
        int state;
    } reasons[] = {
#define LANG_REASON(code) {code, 1},
#define LANG_REASON_REMARK(code) {code, 1},
#define LANG_REASON_RETIRED(code) {code, 2},
#include "lang/reason_codes.def"
#undef LANG_REASON
#undef LANG_REASON_REMARK
#undef LANG_REASON_RETIRED
    };
    char bytes[REASON_ROOM];
    bool fits = reason_bytes(code, bytes);
    for (size_t i = 0; fits && i < sizeof reasons / sizeof *reasons; i++) {
        if (memcmp(reasons[i].code, bytes, sizeof bytes) == 0) return reasons[i].state;
    }
    return 0;
}

bool lang_reason_needs_remark(const char *code)
{
    static const char reasons[][REASON_ROOM] = {
#define LANG_REASON(code)
#define LANG_REASON_REMARK(code) code,
#define LANG_REASON_RETIRED(code)
#include "lang/reason_codes.def"
    };
    char bytes[REASON_ROOM];
    bool fits = reason_bytes(code, bytes);
    for (size_t i = 0; fits && i < sizeof reasons / sizeof *reasons; i++) {
        if (memcmp(reasons[i], bytes, sizeof bytes) == 0) return true;
    }
    return false;
}

void lang_check_reason(lang_checker *checker, lang_name reason, size_t remarks)
{
    if (reason.text == NULL) return;
    const char *code = reason.text + 3;
    static const char *const groups[] = {"CO", "PR", "OA", "PI"};
    bool known_group = false;
    for (size_t i = 0; i < 4; i++) known_group = known_group || strncmp(groups[i], reason.text, 2) == 0;
    if (!known_group) {
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0405, reason.span, "`%.2s` is not a group code", reason.text);
        lang_suggest(checker->diagnostics, diagnostic,
                     "group codes are CO (provider writes off), PR (patient owes), OA and PI");
        return;
    }
    int state = lang_reason_state(code);
    if (state == 0) {
        lang_diagnose(checker->diagnostics, LANG_E0404, reason.span, "there is no claim adjustment reason code %s",
                      code);
    } else if (state == 2) {
        lang_diagnose(checker->diagnostics, LANG_E0407, reason.span, "claim adjustment reason code %s is retired",
                      code);
    } else if (lang_reason_needs_remark(code) && remarks == 0) {
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0409, reason.span,
                          "reason code %s says little alone: a remittance must add a remark code to it", code);
        lang_suggest(checker->diagnostics, diagnostic, "write it after the reason, like `%s N362`", reason.text);
    }
}

/* The codes of a series run from 1 without a gap that matters. M and MA are closed; new codes come at the end of N. */
static void check_remark_list(lang_checker *checker, lang_name remark, const char *at, size_t digits)
{
    enum { last_m = 144, last_ma = 134, last_n = 920 /* newest seen, and those of a year to come */ };
    long number = strtol(at, NULL, 10), last = at - remark.text == 2 ? last_ma : last_m;
    if (remark.text[0] == 'N') last = last_n;
    bool written = remark.text[0] == 'M' && remark.text[1] == 'A' ? digits >= 2 : at[0] != '0';
    bool retired = strcmp(remark.text, "MA95") == 0;
    if (written && number >= 1 && number <= last && !retired) return;
    lang_diagnose(checker->diagnostics, LANG_W0009, remark.span,
                  retired ? "remark code %s is retired" : "the list of remark codes does not hold %s", remark.text);
}

void lang_check_remark(lang_checker *checker, lang_name remark)
{
    const char *at = remark.text;
    if (at[0] == 'M' && at[1] == 'A')
        at += 2;
    else if (at[0] == 'M' || at[0] == 'N')
        at += 1;
    size_t digits = strspn(at, "0123456789");
    if (at == remark.text || digits == 0 || digits > 4 || at[digits] != '\0') {
        lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0406, remark.span,
                                                    "`%s` cannot be a remittance advice remark code", remark.text);
        bool reason = strspn(remark.text, "COPRAI") == 2 && remark.text[2] >= '0' && remark.text[2] <= '9';
        if (reason)
            lang_suggest(checker->diagnostics, diagnostic, "a reason is written with a hyphen: `%.2s-%s`", remark.text,
                         remark.text + 2);
        else
            lang_suggest(checker->diagnostics, diagnostic, "they look like M62, MA04 or N362");
        return;
    }
    check_remark_list(checker, remark, at, digits);
}

/* Example spellings for a message about shape. */
static const char *example_of(lang_code_system system)
{
    switch (system) {
    case LANG_SYSTEM_cpt: return "90853 or H0005";
    case LANG_SYSTEM_modifier: return "95 or GT";
    case LANG_SYSTEM_pos: return "11 or 02";
    case LANG_SYSTEM_icd10: return "F33.1";
    case LANG_SYSTEM_revenue: return "0914";
    case LANG_SYSTEM_taxonomy: return "103T00000X";
    case LANG_SYSTEM_npi: return "1234567893";
    default: return "letters and digits";
    }
}

/* The normal form of a code, as a text that stays. Libraries name the same codes in many policies: each is kept once. */
static const char *normal_form(lang_checker *checker, const char *spelling, const char *normal)
{
    if (strcmp(normal, spelling) == 0) return spelling;
    uint32_t id = base_intern_add(checker->codes, normal, strlen(normal));
    if (checker->codes->arena->failed) checker->arena->failed = true;
    return id == BASE_INTERN_NONE ? "" : base_intern_text(checker->codes, id);
}

const char *lang_check_code(lang_checker *checker, lang_expression *literal, lang_code_system system)
{
    if (literal == NULL) return "";
    lang_literal_kind kind = literal->literal_kind;
    bool spelled = literal->kind == LANG_LITERAL &&
                   (kind == LANG_LITERAL_CODE || kind == LANG_LITERAL_DIGITS || kind == LANG_LITERAL_DECIMAL);
    const char *spelling = spelled ? literal->as.literal.spelling : "";
    if (!spelled || !lang_code_shape(system, spelling, strlen(spelling))) {
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0401, literal->span, "`%s` cannot be a %s",
                          lang_source_text(checker, literal->span), lang_schema_system_label(checker->schema, system));
        lang_suggest(checker->diagnostics, diagnostic, "one looks like %s", example_of(system));
        return "";
    }
    char buffer[CODE_LENGTH];
    if (strlen(spelling) >= CODE_LENGTH) return "";
    lang_code_normalize(system, spelling, strlen(spelling), buffer);
    literal->as.literal.spelling = normal_form(checker, spelling, buffer);
    literal->literal_kind = LANG_LITERAL_CODE;
    literal->type = (lang_type){LANG_TYPE_CODE, (uint16_t)system, false, false};
    return literal->as.literal.spelling;
}

static void check_prefix(lang_checker *checker, lang_expression *literal, lang_code_system system)
{
    const char *spelling = literal->as.literal.spelling;
    size_t length = strcspn(spelling, "*");
    char buffer[CODE_LENGTH] = "";
    bool good = length < CODE_LENGTH && length > 0;
    if (good) lang_code_normalize(system, spelling, length, buffer);
    static const size_t longest[LANG_SYSTEM_COUNT] = {[LANG_SYSTEM_cpt] = 4,
                                                      [LANG_SYSTEM_modifier] = 1,
                                                      [LANG_SYSTEM_pos] = 1,
                                                      [LANG_SYSTEM_icd10] = 6,
                                                      [LANG_SYSTEM_revenue] = 3};
    bool standard = (int)system < LANG_SYSTEM_COUNT;
    size_t limit = !standard || longest[system] == 0 ? CODE_LENGTH : longest[system];
    if (system == LANG_SYSTEM_icd10) good = good && isupper((unsigned char)buffer[0]);
    if (!good || strlen(buffer) > limit) {
        lang_diagnose(checker->diagnostics, LANG_E0401, literal->span, "no %s begins with `%.*s`",
                      lang_schema_system_label(checker->schema, system), (int)length, spelling);
        return;
    }
    literal->as.literal.spelling = normal_form(checker, spelling, buffer);
}

/* A set by name, of the right code system. */
static bool check_set_item(lang_checker *checker, lang_item *item, lang_code_system system)
{
    lang_names *names = &item->low->as.path.names;
    if (names->count != 1) return false;
    lang_name name = names->items[0];
    lang_code_set *set = lang_find_code_set(checker, name);
    if (set == NULL) return false;
    lang_check_code_set(checker, set);
    if (set->system != system) {
        lang_diagnostic *diagnostic = lang_diagnose(
            checker->diagnostics, LANG_E0402, item->low->span, "`%s` holds %ss, and a %s is asked for here", name.text,
            lang_schema_system_label(checker->schema, set->system), lang_schema_system_label(checker->schema, system));
        lang_note(checker->diagnostics, diagnostic, set->span, "`%s` is declared here", name.text);
    }
    item->low->as.path.base = LANG_BASE_SET;
    item->low->as.path.set = set;
    return true;
}

/* As the literal that it was written as. */
static void check_text_item(lang_checker *checker, lang_item *item, lang_code_system system)
{
    lang_expression literal = {.kind = LANG_LITERAL,
                               .literal_kind = item->prefix ? LANG_LITERAL_PREFIX : LANG_LITERAL_CODE,
                               .span = lang_item_span(item, checker->file->index),
                               .as.literal.spelling = item->code};
    if (item->prefix)
        check_prefix(checker, &literal, system);
    else
        lang_check_code(checker, &literal, system);
    item->code = literal.as.literal.spelling;
}

bool lang_check_code_item(lang_checker *checker, lang_item *item, lang_code_system system)
{
    if (item->any || item->absent || item->low == NULL) return true;
    if (item->low->kind == LANG_PATH) return check_set_item(checker, item, system);
    if (item->low->kind != LANG_LITERAL) return false;
    if (item->low->literal_kind == LANG_LITERAL_NONE) return false;
    if (item->low->literal_kind == LANG_LITERAL_PREFIX) {
        check_prefix(checker, item->low, system);
        return true;
    }
    const char *low = lang_check_code(checker, item->low, system);
    if (item->high == NULL) return true;
    const char *high = lang_check_code(checker, item->high, system);
    if (*low != '\0' && *high != '\0' && strcmp(high, low) < 0) {
        lang_diagnostic *diagnostic =
            lang_diagnose(checker->diagnostics, LANG_E0403, lang_item_span(item, checker->file->index),
                          "this range ends before it begins");
        lang_suggest(checker->diagnostics, diagnostic, "write %s..%s", item->high->as.literal.spelling,
                     item->low->as.literal.spelling);
    }
    return true;
}

void lang_check_code_set(lang_checker *checker, lang_code_set *set)
{
    if (set->state == 2) return;
    if (set->state == 1) {
        lang_diagnose(checker->diagnostics, LANG_E0313, set->span, "the code set `%s` contains itself", set->name.text);
        return;
    }
    lang_checker inner = *checker;
    inner.file = set->file;
    set->state = 1;
    set->system = lang_schema_system_find(checker->schema, set->system_name.text);
    if (set->system == LANG_NO_SYSTEM) {
        lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0306, set->system_name.span,
                                                    "there is no code system `%s`", set->system_name.text);
        lang_suggest(checker->diagnostics, diagnostic,
                     "code systems are cpt, modifier, pos, icd10, revenue, taxonomy, npi");
        set->system = LANG_SYSTEM_cpt;
        set->row_count = 0;
    }
    bool included = false;
    for (size_t r = 0; r < set->row_count; r++) {
        lang_code_row *row = &set->rows[r];
        if (row->except && !included) {
            lang_diagnose(checker->diagnostics, LANG_E0408, row->span,
                          "`except` takes out of what stands before it, and nothing does");
        }
        included = included || !row->except;
        if (row->import != NULL) lang_check_code_import(&inner, set, row);
        for (size_t i = 0; i < row->texts.count; i++) {
            lang_item item = lang_row_item(row, i);
            check_text_item(&inner, &item, set->system);
            row->texts.items[i].code = item.code;
        }
        for (size_t i = 0; i < row->items.count; i++) {
            lang_item *item = &row->items.items[i];
            if (lang_check_code_item(&inner, item, set->system)) continue;
            lang_span span = lang_item_span(item, set->file->index);
            lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0301, span,
                                                        "there is no code set `%s`", lang_source_text(&inner, span));
            if (item->low->kind == LANG_PATH) {
                lang_suggest_name(&inner, diagnostic, item->low->as.path.names.items[0].text);
            }
        }
    }
    for (size_t r = 0; r < set->row_count; r++) lang_order_codes(checker->arena, &set->rows[r]);
    set->state = 2;
}

lang_code_set *lang_make_set(lang_checker *checker, lang_items items, lang_code_system system, lang_span span)
{
    lang_code_set *set = base_arena_alloc(checker->arena, sizeof *set);
    lang_code_row *row = base_arena_alloc(checker->arena, sizeof *row);
    lang_code_set **slot = set == NULL || row == NULL ? NULL : BASE_PUSH(checker->arena, &checker->program->code_sets);
    if (slot == NULL) return NULL;
    *row = (lang_code_row){.items = items, .dates = LANG_ALWAYS, .span = span};
    lang_order_codes(checker->arena, row);
    *set = (lang_code_set){.file = checker->file,
                           .span = span,
                           .rows = row,
                           .row_count = 1,
                           .row_capacity = 1,
                           .system = system,
                           .state = 2,
                           .used = true};
    *slot = set;
    return set;
}

static bool in_every_exception(const lang_code_set *set, const char *code)
{
    for (size_t r = 0; r < set->row_count; r++) {
        if (set->rows[r].except && lang_row_holds(&set->rows[r], code)) return true;
    }
    return false;
}

bool lang_items_overlap(lang_code_system system, const lang_item *a, const lang_item *b, const char **example)
{
    if (a->any || b->any) {
        const lang_item *other = a->any ? b : a;
        const char *low = "any", *high;
        bool open;
        const lang_code_set *set = lang_item_set(other);
        lang_item shown = *other;
        if (set != NULL && set->row_count > 0 && lang_row_count(&set->rows[0]) > 0)
            shown = lang_row_item(&set->rows[0], 0);
        if (!shown.any) lang_item_interval(&shown, &low, &high, &open);
        *example = low;
        return true;
    }
    if (lang_item_set(a) != NULL || lang_item_set(b) != NULL) {
        const lang_code_set *set = lang_item_set(a) != NULL ? lang_item_set(a) : lang_item_set(b);
        const lang_item *rest = lang_item_set(a) != NULL ? b : a;
        for (size_t r = 0; r < set->row_count; r++) {
            for (size_t i = 0; !set->rows[r].except && i < lang_row_count(&set->rows[r]); i++) {
                lang_item item = lang_row_item(&set->rows[r], i);
                if (!lang_items_overlap(system, &item, rest, example)) continue;
                if (!in_every_exception(set, *example)) return true;
            }
        }
        return false;
    }
    const char *low_a, *high_a, *low_b, *high_b;
    bool open_a, open_b;
    if (!lang_item_interval(a, &low_a, &high_a, &open_a) || !lang_item_interval(b, &low_b, &high_b, &open_b))
        return false;
    *example = strcmp(low_a, low_b) >= 0 ? low_a : low_b;
    return lang_up_to(*example, high_a, open_a) && lang_up_to(*example, high_b, open_b);
}
