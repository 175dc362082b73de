/* Node builders that the grammar's actions call. They allocate, copy and append; they look nothing up.
 * Any of them may return NULL when memory ran out; the parse is then given up as a whole. */
#ifndef LANG_BUILD_H
#define LANG_BUILD_H

#include "lang/parser.h"

lang_names lang_build_names(lang_parser *parser, const lang_names *before, lang_name name);

/* What to write instead of what stands in a span, where it is a slip that is known; NULL for others. */
const char *lang_hint(const lang_file *file, lang_span span);

/* Whether a word is the name of a month, in full or in three letters. */
bool lang_is_month(const char *word);

/* `table(inputs).output`: a path from a call. */
lang_expression *lang_build_called(lang_parser *parser, lang_expression *call, lang_name output, lang_span span);
lang_names lang_build_headed(lang_parser *parser, const char *head, lang_span head_span, lang_name name);
lang_expressions lang_build_list(lang_parser *parser, const lang_expressions *before, lang_expression *expression);
lang_dates lang_build_dates(lang_parser *parser, const lang_name *from, const lang_name *to, lang_span span);

void lang_build_header(lang_parser *parser, bool is_module, lang_names name, lang_span span);
void lang_build_title(lang_parser *parser, lang_name text, lang_span span);
void lang_build_source(lang_parser *parser, lang_name text, lang_span span);
void lang_build_extends(lang_parser *parser, lang_names name, lang_span span);
void lang_build_allow(lang_parser *parser, lang_name lint, lang_name reason, lang_span scope);
void lang_build_effective(lang_parser *parser, lang_dates dates, lang_clock clock, lang_span span);
lang_dates lang_build_known(lang_parser *parser, lang_dates dates, lang_name known);
lang_name lang_build_joined_name(lang_parser *parser, lang_names names, lang_span span);
void lang_build_review_by(lang_parser *parser, lang_name date, lang_span span);
void lang_build_payer(lang_parser *parser, lang_name text);
void lang_build_plan(lang_parser *parser, lang_name text);
void lang_build_product(lang_parser *parser, lang_name code);
void lang_build_use(lang_parser *parser, lang_names name, lang_span span);

void lang_build_codes(lang_parser *parser, lang_name name, lang_name system, lang_clock clock, lang_span span);
void lang_build_import(lang_parser *parser, lang_name text, lang_span span);
void lang_build_import_column(lang_parser *parser, lang_name column, lang_name header);
void lang_build_code_import(lang_parser *parser, lang_span span);
/* A row of codes is gathered in `row` of the parser, and takes what it needs once it is whole. */
void lang_build_code_first(lang_parser *parser);
void lang_build_code_item(lang_parser *parser, lang_item item);
void lang_build_code_row(lang_parser *parser, lang_dates dates, bool except, lang_span span);
void lang_build_parameter(lang_parser *parser, lang_name name, lang_name type, lang_clock clock, lang_span span);
void lang_build_parameter_row(lang_parser *parser, lang_expression *value, lang_dates dates, lang_span span);
void lang_build_parameter_cite(lang_parser *parser, lang_name text);

void lang_build_table(lang_parser *parser, lang_name name, lang_span span);
void lang_build_table_input(lang_parser *parser, lang_expression *path);
void lang_build_table_free_input(lang_parser *parser, lang_name name, lang_name type, lang_span span);
void lang_build_table_output(lang_parser *parser, lang_name name, lang_name type, const lang_name *optional,
                             lang_span span);
void lang_build_table_shape(lang_parser *parser);
void lang_build_table_policy(lang_parser *parser, lang_name word);
void lang_build_table_clock(lang_parser *parser);
void lang_build_table_import(lang_parser *parser);
void lang_build_table_row_dates(lang_parser *parser, lang_dates dates, lang_span span);
void lang_build_table_row(lang_parser *parser, lang_span span);
void lang_build_cell(lang_parser *parser, lang_items items, lang_span span);
lang_items lang_build_items(lang_parser *parser, const lang_items *before, lang_item item);
lang_item lang_build_item(lang_expression *low, lang_expression *high, lang_span span);
lang_item lang_build_item_any(lang_span span);
lang_item lang_build_item_absent(lang_span span);

lang_expression *lang_build_literal(lang_parser *parser, lang_literal_kind kind, lang_name spelling);
/* Takes a literal back that was built last: the next one is built in its place. */
void lang_build_unwanted(lang_parser *parser, lang_expression *literal);
lang_expression *lang_build_none(lang_parser *parser, lang_span span);
lang_expression *lang_build_truth(lang_parser *parser, bool truth, lang_span span);
lang_expression *lang_build_word(lang_parser *parser, lang_name name);
lang_expression *lang_build_path(lang_parser *parser, lang_names names, lang_span span);
lang_expression *lang_build_binary(lang_parser *parser, lang_expression_kind kind, lang_operator operator_kind,
                                   lang_expression *left, lang_expression *right, lang_span span);
lang_expression *lang_build_between(lang_parser *parser, lang_expression *value, lang_expression *low,
                                    lang_expression *high, lang_span span);
lang_expression *lang_build_in(lang_parser *parser, lang_expression *value, lang_items items, bool negated,
                               lang_span span);
lang_expression *lang_build_include(lang_parser *parser, lang_expression *value, lang_inclusion inclusion,
                                    lang_items items, lang_span span);
lang_expression *lang_build_presence(lang_parser *parser, lang_expression *value, lang_presence presence,
                                     lang_span span);
lang_expression *lang_build_call(lang_parser *parser, lang_name name, lang_expressions arguments, lang_span span);
lang_expression *lang_build_quantified(lang_parser *parser, lang_quantifier quantifier, lang_expression *bound,
                                       lang_expression *value, const lang_name *binder, lang_expression *collection,
                                       lang_window window, lang_span span);
lang_expression *lang_build_where(lang_expression *quantified, lang_expression *where, lang_span span);
lang_window lang_build_window(lang_window_kind kind, lang_expression *bound);
lang_window lang_build_window_length(lang_parser *parser, lang_name duration);
lang_window lang_build_window_next(lang_parser *parser, lang_name duration);
lang_window lang_build_window_week(lang_parser *parser, lang_name text);
lang_window lang_build_window_fiscal(lang_parser *parser, lang_name text);
lang_window lang_build_window_within(lang_parser *parser, lang_name text);
lang_window lang_build_window_periods(lang_parser *parser, lang_name text);
lang_expression *lang_build_key(lang_parser *parser, lang_expression *collection, lang_name text);
void lang_build_distinct(lang_parser *parser, lang_expression *quantified, lang_expressions values);
lang_expression *lang_build_part(lang_parser *parser, lang_part part, lang_expression *value, lang_span span);
lang_expression *lang_build_denied(lang_parser *parser, lang_name subject, lang_names clause, bool negated,
                                   lang_span span);
lang_expression *lang_build_tally(lang_parser *parser, lang_quantifier quantifier, bool distinct, bool average,
                                  lang_expression *value, lang_span span);
lang_expression *lang_build_tally_count(lang_parser *parser, lang_name name, lang_span span);
lang_expression *lang_build_tally_where(lang_parser *parser, lang_expression *tally, lang_expression *where,
                                        lang_span span);

void lang_build_define(lang_parser *parser, lang_name name, lang_span span);
void lang_build_define_input(lang_parser *parser, lang_name name, lang_name type);
void lang_build_define_body(lang_parser *parser, lang_name type, lang_expression *body);
void lang_build_exception_declaration(lang_parser *parser, lang_name name, lang_span span);
void lang_build_exception_target(lang_parser *parser, lang_names name);
void lang_build_exception_source(lang_parser *parser, lang_name text, lang_span span);
void lang_build_exception_dates(lang_parser *parser, lang_dates dates, lang_clock clock, lang_span span);
void lang_build_exception_known(lang_parser *parser, lang_name date);
void lang_build_exception_when(lang_parser *parser, lang_expression *condition);
void lang_build_waiver(lang_parser *parser, lang_name name, lang_span span);
void lang_build_waiver_by(lang_parser *parser, lang_name text, lang_span span);
void lang_build_waiver_why(lang_parser *parser, lang_name text, lang_span span);
void lang_build_waiver_until(lang_parser *parser, lang_name date, lang_span span);
void lang_build_measure(lang_parser *parser, lang_name name, lang_span span);
void lang_build_measure_title(lang_parser *parser, lang_name text, lang_span span);
void lang_build_measure_cite(lang_parser *parser, lang_name text, lang_span span);
void lang_build_measure_subject(lang_parser *parser, lang_name subject, lang_expression *where, lang_span span);
void lang_build_measure_by(lang_parser *parser, lang_expressions by, lang_span span);
void lang_build_measure_value(lang_parser *parser, lang_expression *value, lang_span span);
void lang_build_measure_alert(lang_parser *parser, lang_name word, lang_expression *bound, lang_span span);
void lang_build_measure_apart(lang_parser *parser, lang_name word, lang_name percent, lang_span span);
void lang_build_schema(lang_parser *parser, lang_schema_kind kind, lang_name name, const lang_name *label,
                       lang_span span);
void lang_build_enumeration(lang_parser *parser, lang_names words);
void lang_build_field(lang_parser *parser, lang_name name, bool list, lang_name type, lang_span span);
void lang_build_field_words(lang_parser *parser, lang_names words);
void lang_build_field_join(lang_parser *parser, lang_names path);
void lang_build_field_feed(lang_parser *parser, lang_name feed);
void lang_build_field_default(lang_parser *parser, lang_item value);
void lang_build_field_label(lang_parser *parser, lang_name text);
void lang_build_given_as_of(lang_parser *parser, lang_expression *date, lang_span span);
const char *lang_build_unquoted(lang_parser *parser, lang_name text);

void lang_build_section(lang_parser *parser, lang_name title, lang_span span);
void lang_build_section_subject(lang_parser *parser, lang_name subject, lang_expression *where, lang_span span);
void lang_build_section_when(lang_parser *parser, lang_expression *condition);
void lang_build_let(lang_parser *parser, lang_name name, lang_expression *value);

void lang_build_clause(lang_parser *parser, lang_name name, lang_span span);
void lang_build_cite(lang_parser *parser, lang_name text, lang_span span);
void lang_build_clause_dates(lang_parser *parser, lang_dates dates, lang_clock clock, lang_span span);
void lang_build_clause_known(lang_parser *parser, lang_name date, lang_span span);
void lang_build_clause_subject(lang_parser *parser, lang_name subject, lang_span span);
void lang_build_when(lang_parser *parser, lang_expression *condition);
void lang_build_requirement(lang_parser *parser, bool forbid, lang_expression *condition, lang_span span);
void lang_build_exception(lang_parser *parser, lang_expression *condition, lang_span span);
void lang_build_exception_name(lang_parser *parser, lang_name name);
void lang_build_exception_cite(lang_parser *parser, lang_name text);
void lang_build_outcome(lang_parser *parser, lang_outcome outcome, const lang_name *percent, lang_span span);
void lang_build_reason(lang_parser *parser, lang_name reason, lang_span span);
void lang_build_remark(lang_parser *parser, lang_name remark);
void lang_build_category(lang_parser *parser, lang_name category, lang_span span);
void lang_build_message(lang_parser *parser, lang_name text, lang_span span);
void lang_build_if_unknown(lang_parser *parser, lang_outcome outcome, lang_span span);
void lang_build_unverified(lang_parser *parser, lang_span span);
void lang_build_fix(lang_parser *parser, lang_name text, lang_span span);
void lang_build_priority(lang_parser *parser, lang_name digits, lang_span span);

void lang_build_test(lang_parser *parser, lang_name title, lang_span span);
void lang_build_given_line(lang_parser *parser, lang_expression *code, lang_expression *date, lang_span span);
void lang_build_given_history(lang_parser *parser, lang_name times, lang_name unit, lang_expression *code,
                              const lang_name *cadence, lang_expression *date, lang_span span);
void lang_build_given(lang_parser *parser, lang_names path, lang_span path_span, lang_item value, lang_span span);
void lang_build_given_more(lang_parser *parser, lang_item value, lang_span span);
void lang_build_expectation(lang_parser *parser, lang_name verdict, lang_span span);
void lang_build_expectation_reason(lang_parser *parser, lang_name reason);
void lang_build_expectation_remark(lang_parser *parser, lang_name remark);
void lang_build_expectation_clause(lang_parser *parser, lang_names clause);
void lang_build_expectation_needing(lang_parser *parser, lang_expressions paths);
void lang_build_expectation_line(lang_parser *parser, lang_name digits);

void lang_build_too_deep(lang_parser *parser, lang_span span);
void lang_build_syntax_error(lang_parser *parser, lang_span span, const char *found, const char *const *expected,
                             size_t expected_count);

#endif
