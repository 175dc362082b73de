/* Builders for names, literals and expressions. */
#include "lang/build.h"

#include <string.h>

lang_names lang_build_names(lang_parser *parser, const lang_names *before, lang_name name)
{
    lang_names names = before != NULL ? *before : (lang_names){0};
    lang_name *slot = BASE_PUSH(parser->arena, &names);
    if (slot != NULL) *slot = name;
    return names;
}

lang_names lang_build_headed(lang_parser *parser, const char *head, lang_span head_span, lang_name name)
{
    lang_names names = lang_build_names(parser, NULL, (lang_name){head, head_span});
    return lang_build_names(parser, &names, name);
}

lang_expressions lang_build_list(lang_parser *parser, const lang_expressions *before, lang_expression *expression)
{
    lang_expressions list = before != NULL ? *before : (lang_expressions){0};
    lang_expression **slot = BASE_PUSH(parser->arena, &list);
    if (slot != NULL) *slot = expression;
    return list;
}

static lang_expression *make(lang_parser *parser, lang_expression_kind kind, lang_span span)
{
    lang_expression *expression = kind == LANG_LITERAL ? parser->spare : NULL;
    if (expression != NULL) {
        parser->spare = NULL;
        memset(expression, 0, lang_expression_size(kind));
    } else {
        expression = base_arena_alloc(parser->arena, lang_expression_size(kind));
    }
    if (expression == NULL) return NULL;
    expression->kind = kind;
    expression->span = span;
    expression->depth = 1;
    return expression;
}

static void deepen(lang_parser *parser, lang_expression *expression, const lang_expression *child)
{
    if (expression == NULL || child == NULL || child->depth < expression->depth) return;
    if (child->depth == LANG_DEPTH_LIMIT) lang_build_too_deep(parser, expression->span);
    if (child->depth <= LANG_DEPTH_LIMIT)
        expression->depth = (uint16_t)(child->depth + 1);
    else
        expression->depth = child->depth;
}

static bool read_integer(const char *text, int64_t *value)
{
    int64_t total = 0;
    for (const char *at = text; *at >= '0' && *at <= '9'; at++) {
        if (total > (INT64_C(900000000000) - 9) / 10) return false;
        total = total * 10 + (*at - '0');
    }
    *value = total;
    return true;
}

static bool read_thousandths(const char *text, int64_t *value)
{
    int64_t whole;
    if (!read_integer(text, &whole)) return false;
    const char *point = strchr(text, '.');
    int64_t part = 0, scale = 100;
    for (const char *at = point == NULL ? "" : point + 1; *at >= '0' && *at <= '9'; at++) {
        if (scale == 0 && *at != '0') return false;
        part += scale * (*at - '0');
        scale /= 10;
    }
    *value = whole * 1000 + part;
    return true;
}

static void read_money(lang_parser *parser, lang_expression *literal)
{
    char plain[32];
    size_t used = 0;
    const char *spelling = literal->as.literal.spelling;
    for (const char *at = spelling; *at != '\0' && used < sizeof plain - 1; at++) {
        if (*at != '$' && *at != ',') plain[used++] = *at;
    }
    plain[used] = '\0';
    const char *point = strchr(plain, '.');
    size_t places = point == NULL ? 0 : strlen(point + 1);
    int64_t whole = 0;
    bool wrong = (point != NULL && places != 2) || strlen(spelling) > 24 || !read_integer(plain, &whole);
    if (wrong) {
        lang_diagnostic *diagnostic = lang_diagnose(parser->diagnostics, LANG_E0106, literal->span,
                                                    "`%s` is not an amount in dollars and cents", spelling);
        lang_suggest(parser->diagnostics, diagnostic, "write it like $41.50");
        return;
    }
    literal->as.literal.value = whole * 100 + (places == 2 ? (point[1] - '0') * 10 + (point[2] - '0') : 0);
}

static void read_duration(lang_parser *parser, lang_expression *literal)
{
    static const struct {
        const char *word;
        lang_unit unit;
    } units[] = {{"minute", LANG_UNIT_MINUTE}, {"hour", LANG_UNIT_HOUR},   {"day", LANG_UNIT_DAY},
                 {"week", LANG_UNIT_WEEK},     {"month", LANG_UNIT_MONTH}, {"year", LANG_UNIT_YEAR}};
    const char *word = literal->as.literal.spelling;
    word += strspn(word, "0123456789 \t");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strncmp(word, units[i].word, strlen(units[i].word)) == 0) literal->literal_unit = units[i].unit;
    }
    if (!read_integer(literal->as.literal.spelling, &literal->as.literal.value) ||
        literal->as.literal.value > 1000000) {
        lang_diagnose(parser->diagnostics, LANG_E0104, literal->span, "`%s` is longer than any duration can be",
                      literal->as.literal.spelling);
        literal->as.literal.value = 1;
    }
}

static void read_date(lang_parser *parser, lang_expression *literal)
{
    base_date date = 0;
    const char *spelling = literal->as.literal.spelling;
    if (!base_date_read(spelling, strlen(spelling), false, &date)) {
        lang_diagnose(parser->diagnostics, LANG_E0103, literal->span, "there is no such day as %s", spelling);
    }
    literal->as.literal.value = date;
}

static void read_time(lang_parser *parser, lang_expression *literal)
{
    const char *s = literal->as.literal.spelling;
    int hour = (s[0] - '0') * 10 + (s[1] - '0'), minute = (s[3] - '0') * 10 + (s[4] - '0');
    if (hour > 23 || minute > 59) {
        lang_diagnose(parser->diagnostics, LANG_E0110, literal->span, "there is no such time of day as %s", s);
    }
    literal->as.literal.value = (int64_t)hour * 60 + minute;
}

const char *lang_build_unquoted(lang_parser *parser, lang_name quoted)
{
    size_t length = strlen(quoted.text);
    if (length < 2) return "";
    char *text = base_arena_copy(parser->arena, quoted.text + 1, length - 2);
    if (text == NULL) return "";
    char *to = text;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '\\' && at[1] != '\0') at++;
        *to++ = *at;
    }
    *to = '\0';
    return text;
}

lang_expression *lang_build_literal(lang_parser *parser, lang_literal_kind kind, lang_name spelling)
{
    lang_expression *literal = make(parser, LANG_LITERAL, spelling.span);
    if (literal == NULL) return NULL;
    literal->literal_kind = kind;
    literal->as.literal.spelling = spelling.text;
    int64_t *value = &literal->as.literal.value;
    bool fits = true;
    switch (kind) {
    case LANG_LITERAL_DIGITS:
        /* A long run of digits may still be an identifier: the checker complains where a number is meant. */
        if (!read_integer(spelling.text, value)) *value = -1;
        {
            const lang_expression **slot = BASE_PUSH(parser->arena, &parser->file->digits);
            if (slot != NULL) *slot = literal;
        }
        break;
    case LANG_LITERAL_DECIMAL: fits = read_thousandths(spelling.text, value); break;
    case LANG_LITERAL_MONEY: read_money(parser, literal); break;
    case LANG_LITERAL_DATE: read_date(parser, literal); break;
    case LANG_LITERAL_TIME: read_time(parser, literal); break;
    case LANG_LITERAL_DURATION: read_duration(parser, literal); break;
    case LANG_LITERAL_TEXT: literal->as.literal.spelling = lang_build_unquoted(parser, spelling); break;
    default: break;
    }
    if (!fits) {
        lang_diagnose(parser->diagnostics, LANG_E0104, spelling.span,
                      "`%s` is too large, or has more than three decimals", spelling.text);
    }
    return literal;
}

void lang_build_unwanted(lang_parser *parser, lang_expression *literal)
{
    uint32_t *count = &parser->file->digits.count;
    if (*count > 0 && parser->file->digits.items[*count - 1] == literal) --*count;
    parser->spare = literal;
}

lang_expression *lang_build_none(lang_parser *parser, lang_span span)
{
    return lang_build_literal(parser, LANG_LITERAL_NONE, (lang_name){"none", span});
}

lang_expression *lang_build_truth(lang_parser *parser, bool truth, lang_span span)
{
    lang_expression *literal = lang_build_literal(parser, LANG_LITERAL_TRUTH, (lang_name){truth ? "yes" : "no", span});
    if (literal != NULL) literal->as.literal.value = truth ? 1 : 0;
    return literal;
}

lang_expression *lang_build_word(lang_parser *parser, lang_name name)
{
    return lang_build_path(parser, lang_build_names(parser, NULL, name), name.span);
}

lang_expression *lang_build_path(lang_parser *parser, lang_names names, lang_span span)
{
    lang_expression *path = make(parser, LANG_PATH, span);
    if (path != NULL) path->as.path.names = names;
    return path;
}

lang_expression *lang_build_binary(lang_parser *parser, lang_expression_kind kind, lang_operator operator_kind,
                                   lang_expression *left, lang_expression *right, lang_span span)
{
    lang_expression *expression = make(parser, kind, span);
    if (expression == NULL) return NULL;
    expression->as.binary.operator_kind = operator_kind;
    expression->as.binary.left = left;
    expression->as.binary.right = right;
    deepen(parser, expression, left);
    deepen(parser, expression, right);
    return expression;
}

lang_expression *lang_build_between(lang_parser *parser, lang_expression *value, lang_expression *low,
                                    lang_expression *high, lang_span span)
{
    lang_expression *expression = make(parser, LANG_BETWEEN, span);
    if (expression == NULL) return NULL;
    expression->as.between.value = value;
    expression->as.between.low = low;
    expression->as.between.high = high;
    deepen(parser, expression, value);
    deepen(parser, expression, low);
    deepen(parser, expression, high);
    return expression;
}

lang_expression *lang_build_in(lang_parser *parser, lang_expression *value, lang_items items, bool negated,
                               lang_span span)
{
    lang_expression *expression = make(parser, LANG_IN, span);
    if (expression == NULL) return NULL;
    BASE_TRIM(parser->arena, &items);
    expression->as.membership.value = value;
    expression->as.membership.items = items;
    deepen(parser, expression, value);
    return negated ? lang_build_binary(parser, LANG_NOT, LANG_EQUAL, expression, NULL, span) : expression;
}

lang_expression *lang_build_include(lang_parser *parser, lang_expression *value, lang_inclusion inclusion,
                                    lang_items items, lang_span span)
{
    lang_expression *expression = make(parser, LANG_INCLUDE, span);
    if (expression == NULL) return NULL;
    expression->as.membership.value = value;
    expression->as.membership.inclusion = inclusion;
    expression->as.membership.items = items;
    deepen(parser, expression, value);
    return expression;
}

lang_expression *lang_build_presence(lang_parser *parser, lang_expression *value, lang_presence presence,
                                     lang_span span)
{
    lang_expression *expression = make(parser, LANG_PRESENCE, span);
    if (expression == NULL) return NULL;
    expression->as.presence.value = value;
    expression->as.presence.presence = presence;
    deepen(parser, expression, value);
    return expression;
}

lang_expression *lang_build_call(lang_parser *parser, lang_name name, lang_expressions arguments, lang_span span)
{
    lang_expression *expression = make(parser, LANG_CALL, span);
    if (expression == NULL) return NULL;
    expression->as.call.name = name;
    expression->as.call.arguments = arguments;
    for (size_t i = 0; i < arguments.count; i++) deepen(parser, expression, arguments.items[i]);
    return expression;
}

lang_expression *lang_build_called(lang_parser *parser, lang_expression *call, lang_name output, lang_span span)
{
    lang_expression *path = make(parser, LANG_PATH, span);
    lang_let *let = base_arena_alloc(parser->arena, sizeof *let);
    if (path == NULL || let == NULL || call == NULL) return NULL;
    const char *text = parser->file->text + call->span.start;
    let->name = (lang_name){base_arena_copy(parser->arena, text, call->span.end - call->span.start), call->span};
    let->value = call;
    lang_names head = lang_build_names(parser, NULL, let->name);
    path->as.path.names = lang_build_names(parser, &head, output);
    path->as.path.called = true;
    path->as.path.let = let;
    deepen(parser, path, call);
    return path;
}

lang_expression *lang_build_quantified(lang_parser *parser, lang_quantifier quantifier, lang_expression *bound,
                                       lang_expression *value, const lang_name *binder, lang_expression *collection,
                                       lang_window window, lang_span span)
{
    lang_expression *expression = make(parser, LANG_QUANTIFIED, span);
    if (expression == NULL) return NULL;
    expression->as.quantified.quantifier = quantifier;
    expression->as.quantified.bound = bound;
    expression->as.quantified.value = value;
    if (binder != NULL) expression->as.quantified.binder = *binder;
    expression->as.quantified.collection = collection;
    expression->as.quantified.window = window;
    expression->as.quantified.key = parser->key;
    expression->as.quantified.key_given = parser->key_given;
    expression->as.quantified.key_span = parser->key_span;
    parser->key = LANG_HISTORY_MEMBER;
    parser->key_given = false;
    deepen(parser, expression, bound);
    deepen(parser, expression, value);
    return expression;
}

lang_expression *lang_build_where(lang_expression *quantified, lang_expression *where, lang_span span)
{
    if (quantified == NULL) return NULL;
    quantified->as.quantified.where = where;
    quantified->span = span;
    if (where != NULL && where->depth >= quantified->depth) quantified->depth = (uint16_t)(where->depth + 1);
    return quantified;
}

lang_window lang_build_window(lang_window_kind kind, lang_expression *bound)
{
    return (lang_window){.kind = kind, .bound = bound, .given = true};
}

lang_window lang_build_window_length(lang_parser *parser, lang_name duration)
{
    lang_window window = lang_build_window(LANG_WINDOW_LAST_DAYS, NULL);
    lang_expression *literal = lang_build_literal(parser, LANG_LITERAL_DURATION, duration);
    if (literal == NULL) return window;
    int64_t length = literal->as.literal.value;
    switch (literal->literal_unit) {
    case LANG_UNIT_DAY: window.length = length; break;
    case LANG_UNIT_WEEK: window.length = length * 7; break;
    case LANG_UNIT_MONTH:
    case LANG_UNIT_YEAR:
        window.kind = LANG_WINDOW_LAST_MONTHS;
        window.length = literal->literal_unit == LANG_UNIT_YEAR ? length * 12 : length;
        break;
    default: break; /* minutes and hours leave the length 0, which the checker reports */
    }
    return window;
}

lang_window lang_build_window_next(lang_parser *parser, lang_name duration)
{
    lang_window window = lang_build_window_length(parser, duration);
    window.kind = window.kind == LANG_WINDOW_LAST_MONTHS ? LANG_WINDOW_NEXT_MONTHS : LANG_WINDOW_NEXT_DAYS;
    return window;
}

lang_window lang_build_window_week(lang_parser *parser, lang_name text)
{
    static const char *const days[] = {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
    (void)parser;
    lang_window window = lang_build_window(LANG_WINDOW_SAME_WEEK, NULL);
    for (int i = 0; i < 7; i++) {
        if (strstr(text.text, days[i]) != NULL) window.weekday = i;
    }
    return window;
}

static bool word_among(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
        bool starts = at == text || strchr(" \t\r\n", at[-1]) != NULL;
        if (starts && strchr(" \t\r\n", at[length]) != NULL) return true;
    }
    return false;
}

lang_window lang_build_window_fiscal(lang_parser *parser, lang_name text)
{
    static const char *const months[] = {"january", "february", "march",     "april",   "may",      "june",
                                         "july",    "august",   "september", "october", "november", "december"};
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    lang_window window = lang_build_window(LANG_WINDOW_FISCAL_YEAR, NULL);
    window.whole = word_among(text.text, "same");
    for (int i = 0; i < 12; i++) {
        if (word_among(text.text, months[i])) window.month = i + 1;
    }
    const char *digits = text.text + strlen(text.text);
    while (digits > text.text && digits[-1] >= '0' && digits[-1] <= '9') digits--;
    int64_t day = 0;
    read_integer(digits, &day);
    window.day = (int)day;
    if (window.month == 0 || window.day < 1 || window.day > days[window.month - 1]) {
        lang_diagnose(parser->diagnostics, LANG_E0520, text.span,
                      "a fiscal year begins on a day that every year has, like `from july 1`");
        window.month = window.day = 1;
    }
    return window;
}

/* The length that stands somewhere in a phrase, in days or months. */
static lang_window length_in(lang_parser *parser, lang_name text, lang_window_kind days, lang_window_kind months)
{
    static const char *const units[] = {"day", "week", "month", "year"};
    static const int64_t scales[] = {1, 7, 1, 12};
    lang_window window = lang_build_window(days, NULL);
    const char *digits = text.text + strcspn(text.text, "0123456789");
    int64_t length = 0;
    if (!read_integer(digits, &length)) length = 1000000;
    const char *unit = digits + strspn(digits, "0123456789 \t\r\n");
    for (size_t i = 0; i < 4; i++) {
        if (strncmp(unit, units[i], strlen(units[i])) != 0) continue;
        window.kind = i < 2 ? days : months;
        window.length = length > 1000000 ? length : length * scales[i];
    }
    (void)parser;
    return window;
}

lang_window lang_build_window_within(lang_parser *parser, lang_name text)
{
    return length_in(parser, text, LANG_WINDOW_WITHIN_DAYS, LANG_WINDOW_WITHIN_MONTHS);
}

lang_window lang_build_window_periods(lang_parser *parser, lang_name text)
{
    return length_in(parser, text, LANG_WINDOW_PERIOD_DAYS, LANG_WINDOW_PERIOD_MONTHS);
}

/* `history of the rendering provider`: the key is kept beside the collection until the quantifier takes it. */
lang_expression *lang_build_key(lang_parser *parser, lang_expression *collection, lang_name text)
{
    parser->key_given = true;
    parser->key_span = text.span;
    parser->key = strstr(text.text, "rendering") != NULL ? LANG_HISTORY_RENDERING_PROVIDER
                  : strstr(text.text, "billing") != NULL ? LANG_HISTORY_BILLING_PROVIDER
                  : strstr(text.text, "session") != NULL ? LANG_HISTORY_SESSION
                                                         : LANG_HISTORY_MEMBER;
    return collection;
}

void lang_build_distinct(lang_parser *parser, lang_expression *quantified, lang_expressions values)
{
    if (quantified == NULL) return;
    quantified->as.quantified.distinct = true;
    quantified->as.quantified.value = values.items[0];
    if (values.count > 1) quantified->as.quantified.second = values.items[1];
    if (values.count > 2) {
        lang_diagnose(parser->diagnostics, LANG_E0208, values.items[2]->span,
                      "`distinct` takes at most two values together");
    }
    for (size_t i = 0; i < values.count; i++) deepen(parser, quantified, values.items[i]);
}

lang_expression *lang_build_part(lang_parser *parser, lang_part part, lang_expression *value, lang_span span)
{
    lang_expression *expression = make(parser, LANG_PART, span);
    if (expression == NULL) return NULL;
    expression->as.part.part = part;
    expression->as.part.value = value;
    deepen(parser, expression, value);
    return expression;
}

lang_expression *lang_build_denied(lang_parser *parser, lang_name subject, lang_names clause, bool negated,
                                   lang_span span)
{
    lang_expression *expression = make(parser, LANG_DENIED, span);
    if (expression == NULL) return NULL;
    expression->as.denied.subject = subject;
    lang_names *slot = BASE_PUSH(parser->arena, &expression->as.denied.names);
    if (slot != NULL) *slot = clause;
    return negated ? lang_build_binary(parser, LANG_NOT, LANG_EQUAL, expression, NULL, span) : expression;
}

lang_expression *lang_build_tally(lang_parser *parser, lang_quantifier quantifier, bool distinct, bool average,
                                  lang_expression *value, lang_span span)
{
    lang_expression *expression = make(parser, LANG_TALLY, span);
    if (expression == NULL) return NULL;
    expression->as.tally.quantifier = quantifier;
    expression->as.tally.distinct = distinct;
    expression->as.tally.average = average;
    expression->as.tally.value = value;
    deepen(parser, expression, value);
    return expression;
}

lang_expression *lang_build_tally_count(lang_parser *parser, lang_name name, lang_span span)
{
    if (strcmp(name.text, "count") != 0) {
        lang_diagnostic *diagnostic =
            lang_diagnose(parser->diagnostics, LANG_E0217, name.span,
                          "the value of a measure counts or adds up; `%s` alone does neither", name.text);
        lang_suggest(parser->diagnostics, diagnostic, "write `count`, `count where ...` or `sum of %s`", name.text);
    }
    return lang_build_tally(parser, LANG_COUNT_OF, false, false, NULL, span);
}

lang_expression *lang_build_tally_where(lang_parser *parser, lang_expression *tally, lang_expression *where,
                                        lang_span span)
{
    if (tally == NULL) return NULL;
    tally->as.tally.where = where;
    tally->span = span;
    deepen(parser, tally, where);
    return tally;
}
