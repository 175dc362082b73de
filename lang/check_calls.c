/* Calls: tables, the language's own functions, and a policy's; parts of dates; what was denied by which clause. */
#include "lang/check.h"

#include <string.h>

static const char *label(lang_checker *checker, lang_type type)
{
    return lang_type_label(checker->schema, checker->arena, type);
}

static lang_type check_table_call(lang_checker *checker, lang_expression *call)
{
    lang_table *table = lang_find_table(checker, call->as.call.name);
    call->type = LANG_PLAIN(ERROR);
    call->as.call.function = LANG_FUNCTION_NONE;
    lang_expressions *arguments = &call->as.call.arguments;
    if (table == NULL) {
        lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0309, call->as.call.name.span,
                                                    "there is no table or function `%s`", call->as.call.name.text);
        lang_suggest_name(checker, diagnostic, call->as.call.name.text);
        return call->type;
    }
    call->as.call.table = table;
    if (arguments->count != table->inputs.count) {
        lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0705, call->span,
                                                    "the table `%s` has %u inputs and is asked with %u",
                                                    table->name.text, table->inputs.count, arguments->count);
        lang_note(checker->diagnostics, diagnostic, table->span, "it is declared here");
        return call->type;
    }
    bool good = true;
    for (size_t i = 0; i < arguments->count; i++) {
        lang_type wanted = table->inputs.items[i].type;
        lang_type type = lang_check_value(checker, arguments->items[i], wanted);
        lang_need_present(checker, arguments->items[i]);
        good = good && type.kind != LANG_TYPE_ERROR && wanted.kind != LANG_TYPE_ERROR;
        if (type.kind == LANG_TYPE_ERROR || wanted.kind == LANG_TYPE_ERROR || lang_type_same(type, wanted)) continue;
        good = false;
        lang_diagnose(checker->diagnostics, LANG_E0706, arguments->items[i]->span,
                      "input %zu of `%s` is a %s; this is a %s", i + 1, table->name.text,
                      lang_type_label(checker->schema, checker->arena, wanted),
                      lang_type_label(checker->schema, checker->arena, type));
    }
    if (good) call->type = (lang_type){LANG_TYPE_ROW, table->index, false, true};
    return call->type;
}

static bool amount(lang_type type)
{
    return !type.list && (lang_is_numeric(type) || type.kind == LANG_TYPE_MONEY || type.kind == LANG_TYPE_MINUTES ||
                          type.kind == LANG_TYPE_DAYS || type.kind == LANG_TYPE_MONTHS);
}

static bool span(lang_type type)
{
    return type.kind == LANG_TYPE_DATES || type.kind == LANG_TYPE_TIMES;
}

/* A literal whose type its neighbour decides; everything else keeps its own. */
static lang_type settle(lang_checker *checker, lang_expression *argument, lang_type hint)
{
    lang_type type = lang_check_value(checker, argument, hint);
    lang_need_present(checker, argument);
    if (argument == NULL || argument->type.kind == LANG_TYPE_ERROR) return LANG_PLAIN(ERROR);
    type.optional = false;
    return type;
}

/* The type that a function gives for its inputs, or the error type. Long for its list of functions. */
static lang_type function_type(lang_function function, const lang_type *in)
{
    lang_type none = LANG_PLAIN(ERROR);
    lang_type_kind a = in[0].kind;
    switch (function) {
    case LANG_FUNCTION_age:
    case LANG_FUNCTION_age_in_months:
        return a == LANG_TYPE_DATE && in[1].kind == LANG_TYPE_DATE ? LANG_PLAIN(COUNT) : none;
    case LANG_FUNCTION_overlap:
        if (!span(in[0]) || a != in[1].kind) return none;
        return a == LANG_TYPE_TIMES ? LANG_PLAIN(MINUTES) : LANG_PLAIN(DAYS);
    case LANG_FUNCTION_length:
        if (!span(in[0])) return none;
        return a == LANG_TYPE_TIMES ? LANG_PLAIN(MINUTES) : LANG_PLAIN(DAYS);
    case LANG_FUNCTION_first_day:
    case LANG_FUNCTION_last_day: return a == LANG_TYPE_DATES ? LANG_PLAIN(DATE) : none;
    case LANG_FUNCTION_eight_minute_units: return a == LANG_TYPE_MINUTES ? LANG_PLAIN(COUNT) : none;
    case LANG_FUNCTION_prorate: {
        bool parts = amount(in[1]) && amount(in[2]) &&
                     (lang_type_same(in[1], in[2]) || (lang_is_numeric(in[1]) && lang_is_numeric(in[2])));
        if (!amount(in[0]) || !parts) return none;
        return lang_is_numeric(in[0]) ? LANG_PLAIN(QUANTITY) : in[0];
    }
    case LANG_FUNCTION_round:
    case LANG_FUNCTION_round_up:
    case LANG_FUNCTION_round_down:
        if (lang_is_numeric(in[0])) return LANG_PLAIN(COUNT);
        return a == LANG_TYPE_MONEY || a == LANG_TYPE_MINUTES ? in[0] : none;
    case LANG_FUNCTION_valid_npi:
        return a == LANG_TYPE_CODE && in[0].detail == LANG_SYSTEM_npi && !in[0].list ? LANG_PLAIN(TRUTH) : none;
    case LANG_FUNCTION_lesser:
    case LANG_FUNCTION_greater:
        if (lang_is_numeric(in[0]) && lang_is_numeric(in[1])) {
            return a == LANG_TYPE_QUANTITY || in[1].kind == LANG_TYPE_QUANTITY ? LANG_PLAIN(QUANTITY)
                                                                               : LANG_PLAIN(COUNT);
        }
        return lang_type_same(in[0], in[1]) && lang_is_ordered(in[0]) ? in[0] : none;
    default: return none;
    }
}

static const char *function_inputs(lang_function function)
{
    static const char *const inputs[] = {[LANG_FUNCTION_age] = "two dates: age(patient.birth_date, date)",
                                         [LANG_FUNCTION_age_in_months] = "two dates",
                                         [LANG_FUNCTION_overlap] = "two spans of one kind",
                                         [LANG_FUNCTION_length] = "a span",
                                         [LANG_FUNCTION_first_day] = "a span of dates",
                                         [LANG_FUNCTION_last_day] = "a span of dates",
                                         [LANG_FUNCTION_eight_minute_units] = "minutes",
                                         [LANG_FUNCTION_prorate] =
                                             "an amount, a part and a whole: prorate($60.00, units, 4)",
                                         [LANG_FUNCTION_round] = "a quantity, minutes or money",
                                         [LANG_FUNCTION_round_up] = "a quantity, minutes or money",
                                         [LANG_FUNCTION_round_down] = "a quantity, minutes or money",
                                         [LANG_FUNCTION_valid_npi] = "an NPI: valid_npi(rendering_provider)",
                                         [LANG_FUNCTION_lesser] = "two values of one type that has an order",
                                         [LANG_FUNCTION_greater] = "two values of one type that has an order"};
    return inputs[function];
}

static lang_type check_function(lang_checker *checker, lang_expression *call, lang_function function)
{
    static const size_t counts[] = {
#define LANG_FUNCTION(name, inputs, about) inputs,
#include "lang/functions.def"
#undef LANG_FUNCTION
    };
    lang_expressions *arguments = &call->as.call.arguments;
    call->type = LANG_PLAIN(ERROR);
    call->as.call.function = function;
    lang_type in[3] = {0};
    bool good = arguments->count == counts[function], known = true;
    for (size_t i = 0; i < arguments->count && i < 3; i++) {
        bool follows = i == 2 || (i == 1 && function != LANG_FUNCTION_prorate);
        in[i] = settle(checker, arguments->items[i], follows ? in[i - 1] : LANG_PLAIN(ERROR));
        known = known && in[i].kind != LANG_TYPE_ERROR;
    }
    if (!known) return call->type;
    for (size_t i = 0; function == LANG_FUNCTION_prorate && i < arguments->count; i++) {
        if (!lang_counts(arguments->items[i])) continue;
        lang_diagnose(checker->diagnostics, LANG_E0521, arguments->items[i]->span,
                      "a count may be known only in bounds, and cannot be prorated");
        return call->type;
    }
    if (good) call->type = function_type(function, in);
    if (call->type.kind != LANG_TYPE_ERROR) return call->type;
    lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0523, call->span, "`%s` takes %s",
                                                call->as.call.name.text, function_inputs(function));
    if (good) {
        lang_suggest(checker->diagnostics, diagnostic, "here its first input is a %s", label(checker, in[0]));
    }
    return call->type;
}

static void clone_items(base_arena *arena, lang_items *items);

static lang_expression *clone(base_arena *arena, const lang_expression *from)
{
    if (from == NULL) return NULL;
    lang_expression *copy = base_arena_alloc(arena, lang_expression_size(from->kind));
    if (copy == NULL) return NULL;
    memcpy(copy, from, lang_expression_size(from->kind));
    copy->type = LANG_PLAIN(ERROR);
    switch (from->kind) {
    case LANG_PATH: {
        lang_let *let = from->as.path.called ? base_arena_alloc(arena, sizeof *let) : NULL;
        if (let == NULL) break;
        *let = *from->as.path.let;
        let->value = clone(arena, from->as.path.let->value);
        copy->as.path.let = let;
        break;
    }
    case LANG_LITERAL:
    case LANG_DENIED:
    case LANG_TALLY: break;
    case LANG_BETWEEN:
        copy->as.between.value = clone(arena, from->as.between.value);
        copy->as.between.low = clone(arena, from->as.between.low);
        copy->as.between.high = clone(arena, from->as.between.high);
        break;
    case LANG_IN:
    case LANG_INCLUDE:
        copy->as.membership.value = clone(arena, from->as.membership.value);
        clone_items(arena, &copy->as.membership.items);
        break;
    case LANG_PRESENCE: copy->as.presence.value = clone(arena, from->as.presence.value); break;
    case LANG_PART: copy->as.part.value = clone(arena, from->as.part.value); break;
    case LANG_CALL: {
        lang_expressions arguments = {0};
        for (size_t i = 0; i < from->as.call.arguments.count; i++) {
            lang_expression **slot = BASE_PUSH(arena, &arguments);
            if (slot != NULL) *slot = clone(arena, from->as.call.arguments.items[i]);
        }
        copy->as.call.arguments = arguments;
        break;
    }
    case LANG_QUANTIFIED:
        copy->as.quantified.bound = clone(arena, from->as.quantified.bound);
        copy->as.quantified.value = clone(arena, from->as.quantified.value);
        copy->as.quantified.second = clone(arena, from->as.quantified.second);
        copy->as.quantified.collection = clone(arena, from->as.quantified.collection);
        copy->as.quantified.where = clone(arena, from->as.quantified.where);
        copy->as.quantified.window.bound = clone(arena, from->as.quantified.window.bound);
        break;
    default:
        copy->as.binary.left = clone(arena, from->as.binary.left);
        copy->as.binary.right = clone(arena, from->as.binary.right);
        break;
    }
    return copy;
}

static void clone_items(base_arena *arena, lang_items *items)
{
    lang_items copies = {0};
    for (size_t i = 0; i < items->count; i++) {
        lang_item *slot = BASE_PUSH(arena, &copies);
        if (slot == NULL) return;
        *slot = items->items[i];
        slot->low = clone(arena, slot->low);
        slot->high = clone(arena, slot->high);
    }
    *items = copies;
}

/* The inputs of a call as `let` names, so that the body finds them where it would find a section's. */
static lang_section *bind_inputs(lang_checker *checker, const lang_define *define, const lang_expressions *arguments)
{
    lang_section *section = base_arena_alloc(checker->arena, sizeof *section);
    for (size_t i = 0; section != NULL && i < define->inputs.count; i++) {
        lang_let *let = base_arena_alloc(checker->arena, sizeof *let);
        lang_let **slot = let == NULL ? NULL : BASE_PUSH(checker->arena, &section->lets);
        if (slot == NULL) return NULL;
        *let = (lang_let){.name = define->inputs.items[i].name, .value = arguments->items[i], .state = 2};
        *slot = let;
    }
    return section;
}

static bool inputs_fit(lang_checker *checker, const lang_define *define, lang_expression *call)
{
    lang_expressions *arguments = &call->as.call.arguments;
    if (arguments->count != define->inputs.count) {
        lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0523, call->span,
                                                    "the function `%s` has %u inputs and is given %u",
                                                    define->name.text, define->inputs.count, arguments->count);
        lang_note(checker->diagnostics, diagnostic, define->span, "it is declared here");
        return false;
    }
    bool good = true;
    for (size_t i = 0; i < arguments->count; i++) {
        lang_type wanted = define->inputs.items[i].type;
        lang_type type = settle(checker, arguments->items[i], wanted);
        if (type.kind == LANG_TYPE_ERROR || wanted.kind == LANG_TYPE_ERROR) {
            good = false;
            continue;
        }
        if (lang_type_same(type, wanted) || (lang_is_numeric(type) && lang_is_numeric(wanted))) continue;
        good = false;
        lang_diagnostic *diagnostic = lang_diagnose(
            checker->diagnostics, LANG_E0523, arguments->items[i]->span, "the input `%s` of `%s` is a %s; this is a %s",
            define->inputs.items[i].name.text, define->name.text, label(checker, wanted), label(checker, type));
        lang_note(checker->diagnostics, diagnostic, define->span, "it is declared here");
    }
    return good;
}

static lang_type check_body(lang_checker *checker, lang_define *define, lang_expression *body,
                            const lang_section *inputs)
{
    lang_checker inner = *checker;
    inner.file = define->file;
    inner.define = define;
    inner.inputs = inputs;
    inner.section = NULL;
    inner.clause = NULL;
    inner.in_message = false;
    inner.named++;
    define->state = 1;
    lang_type type = lang_check_value(&inner, body, define->type);
    lang_need_present(&inner, body);
    define->state = 2;
    bool same = lang_type_same(type, define->type) || (lang_is_numeric(type) && lang_is_numeric(define->type));
    if (type.kind == LANG_TYPE_ERROR || define->type.kind == LANG_TYPE_ERROR) return LANG_PLAIN(ERROR);
    if (same) return type;
    lang_diagnostic *diagnostic = lang_diagnose(checker->diagnostics, LANG_E0525, define->body->span,
                                                "the function `%s` is declared as a %s, and this is a %s",
                                                define->name.text, label(checker, define->type), label(checker, type));
    lang_note(checker->diagnostics, diagnostic, define->type_name.span, "its type stands here");
    return LANG_PLAIN(ERROR);
}

static lang_type check_define_call(lang_checker *checker, lang_expression *call, lang_define *define)
{
    call->type = LANG_PLAIN(ERROR);
    call->as.call.function = LANG_FUNCTION_NONE;
    if (define->state == 1) {
        lang_diagnose(checker->diagnostics, LANG_E0327, call->span, "`%s` needs itself to be worked out",
                      define->name.text);
        return call->type;
    }
    if (define->state == 0) lang_check_define(checker, define);
    if (define->type.kind == LANG_TYPE_ERROR || !inputs_fit(checker, define, call)) return call->type;
    lang_extent with = checker->extent == NULL ? (lang_extent){0} : *checker->extent;
    with.parts += define->parts;
    with.levels = define->levels > with.levels ? define->levels : with.levels;
    if (!lang_fits_extent(checker, call->as.call.name, &with, 0)) return call->type;
    if (checker->extent != NULL) checker->extent->levels = with.levels;
    const lang_section *inputs = bind_inputs(checker, define, &call->as.call.arguments);
    call->as.call.body = clone(checker->arena, define->body);
    if (inputs == NULL || call->as.call.body == NULL) return call->type;
    call->type = check_body(checker, define, call->as.call.body, inputs);
    return call->type;
}

/* Checks a function once with inputs of its declared types, so that what is wrong is said where it stands. */
void lang_check_define(lang_checker *checker, lang_define *define)
{
    if (define->state != 0) return;
    lang_checker inner = *checker;
    inner.file = define->file;
    if (lang_function_find(define->name.text) != LANG_FUNCTION_NONE) {
        lang_diagnose(checker->diagnostics, LANG_E0335, define->name.span,
                      "`%s` is a function of the language; give this one another name", define->name.text);
    }
    lang_read_type(&inner, define->type_name, true, &define->type);
    lang_section section = {0};
    for (size_t i = 0; i < define->inputs.count; i++) {
        lang_input *input = &define->inputs.items[i];
        lang_read_type(&inner, input->type_name, true, &input->type);
        lang_let *let = base_arena_alloc(checker->arena, sizeof *let);
        lang_expression *stand_in = base_arena_alloc(checker->arena, sizeof *stand_in);
        lang_let **slot = let == NULL || stand_in == NULL ? NULL : BASE_PUSH(checker->arena, &section.lets);
        if (slot == NULL) return;
        *stand_in = (lang_expression){.kind = LANG_PATH, .span = input->name.span, .type = input->type, .depth = 1};
        *let = (lang_let){.name = input->name, .value = stand_in, .state = 2};
        *slot = let;
        for (size_t k = 0; k < i; k++) {
            if (strcmp(define->inputs.items[k].name.text, input->name.text) != 0) continue;
            lang_diagnose(checker->diagnostics, LANG_E0303, input->name.span, "the input `%s` is declared twice",
                          input->name.text);
        }
    }
    size_t errors = checker->diagnostics->errors;
    lang_extent extent = {0};
    inner.extent = &extent;
    inner.named = checker->named + 1;
    bool small = lang_fits_extent(&inner, define->name, &extent, 0);
    lang_type type = LANG_PLAIN(ERROR);
    if (small) type = check_body(&inner, define, clone(checker->arena, define->body), &section);
    uint32_t depth = define->body == NULL ? 0 : define->body->depth;
    if (small) lang_fits_extent(&inner, define->name, &extent, depth);
    define->parts = extent.parts;
    define->levels = extent.levels + depth;
    define->state = 2;
    if (type.kind == LANG_TYPE_ERROR || checker->diagnostics->errors > errors) define->type = LANG_PLAIN(ERROR);
}

lang_type lang_check_call(lang_checker *checker, lang_expression *call)
{
    if (call->type.kind != LANG_TYPE_ERROR) return call->type;
    lang_function function = lang_function_find(call->as.call.name.text);
    if (function != LANG_FUNCTION_NONE) return check_function(checker, call, function);
    lang_define *define = lang_find_define(checker, call->as.call.name);
    if (define != NULL) return check_define_call(checker, call, define);
    return check_table_call(checker, call);
}

lang_type lang_check_part(lang_checker *checker, lang_expression *expression)
{
    lang_expression *value = expression->as.part.value;
    lang_type type = lang_check_value(checker, value, LANG_PLAIN(DATE));
    lang_need_present(checker, value);
    expression->type = LANG_PLAIN(ERROR);
    if (value == NULL || value->type.kind == LANG_TYPE_ERROR) return expression->type;
    if (type.kind != LANG_TYPE_DATE) {
        lang_diagnose(checker->diagnostics, LANG_E0526, value->span,
                      "a month, quarter, year or weekday is taken of a date; this is a %s", label(checker, type));
        return expression->type;
    }
    switch (expression->as.part.part) {
    case LANG_PART_YEAR: expression->type = LANG_PLAIN(COUNT); break;
    case LANG_PART_WEEKDAY:
        expression->type = (lang_type){LANG_TYPE_ENUMERATION, LANG_ENUMERATION_weekday, false, false};
        break;
    default: expression->type = (lang_type){LANG_TYPE_PERIOD, (uint16_t)expression->as.part.part, false, false}; break;
    }
    return expression->type;
}

lang_type lang_check_denied(lang_checker *checker, lang_expression *expression)
{
    expression->type = LANG_PLAIN(TRUTH);
    if (expression->as.denied.clauses.count > 0) return expression->type;
    bool other = strcmp(expression->as.denied.subject.text, "other") == 0;
    bool line = checker->in_element ? checker->element == LANG_RECORD_line : checker->other == LANG_RECORD_line;
    if (other && ((!checker->in_element && !checker->other_bound) || !line)) {
        lang_diagnose(checker->diagnostics, LANG_E0317, expression->as.denied.subject.span,
                      "`other` stands for no line here");
        expression->type = LANG_PLAIN(ERROR);
        return expression->type;
    }
    for (size_t i = 0; i < expression->as.denied.names.count; i++) {
        const lang_names *names = &expression->as.denied.names.items[i];
        lang_clause *clause = lang_find_clause(checker, names);
        if (clause == NULL) {
            lang_diagnose(checker->diagnostics, LANG_E0311, expression->span, "there is no clause `%s`",
                          lang_path_text(checker->arena, names));
            expression->type = LANG_PLAIN(ERROR);
            continue;
        }
        lang_clause **slot = BASE_PUSH(checker->arena, &expression->as.denied.clauses);
        if (slot != NULL) *slot = clause;
        lang_clause_extras *extras =
            checker->clause == NULL ? NULL : lang_clause_extend(checker->arena, checker->clause);
        lang_clause **need = extras == NULL ? NULL : BASE_PUSH(checker->arena, &extras->needs);
        if (need != NULL) *need = clause;
    }
    return expression->type;
}
