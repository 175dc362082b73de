/* The grammar of policy files. Actions only build nodes; every check is the checker's. */
%require "3.8"
%define api.pure full
%define api.value.type union
%define api.token.raw
%define api.token.prefix {TOKEN_}
%define api.prefix {lang_parse_}
%define api.location.type {lang_span}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%param {struct lang_parser *parser}

%code requires {
#include "lang/ast.h"
struct lang_parser;
}

%code {
#include "lang/build.h"
#include "lang/parser.h"

#define YYLLOC_DEFAULT(current, parts, count)                                                                          \
    do {                                                                                                               \
        if (count) {                                                                                                   \
            (current).file = YYRHSLOC(parts, 1).file;                                                                  \
            (current).start = YYRHSLOC(parts, 1).start;                                                                \
            (current).end = YYRHSLOC(parts, count).end;                                                                \
        } else {                                                                                                       \
            (current).file = YYRHSLOC(parts, 0).file;                                                                  \
            (current).start = (current).end = YYRHSLOC(parts, 0).end;                                                  \
        }                                                                                                              \
    } while (0)

/* The span of several symbols, for actions in the middle of a rule, where @$ is not yet known. */
static lang_span joined(lang_span first, lang_span last)
{
    return (lang_span){first.file, first.start, last.end};
}

int lang_parse_lex(LANG_PARSE_STYPE *value, lang_span *location, struct lang_parser *parser);
static void lang_parse_error(lang_span *location, struct lang_parser *parser, const char *message);
}

%token START_FILE START_HOLE START_CELL
%token <lang_name> NAME "a name" CODE "a code" PREFIX "a code prefix" DIGITS "a number" DECIMAL "a decimal number"
%token <lang_name> MONEY "an amount of money" DATE "a date" TIME "a time of day" DURATION "a duration" PERCENT "a percentage"
%token <lang_name> REASON "a reason code" TEXT "a quoted text"
%token NEWLINE "the end of the row"
%token POLICY "`policy`" MODULE "`module`" USE "`use`" CODES "`codes`" PARAMETER "`parameter`" TABLE "`table`" GIVES "`gives`"
%token SECTION "`section`" CLAUSE "`clause`" TEST "`test`" GIVEN "`given`" EXPECT "`expect`" NEEDING "`needing`"
%token WHEN "`when`" REQUIRE "`require`" FORBID "`forbid`" UNLESS "`unless`" CITE "`cite`" LET "`let`" AS "`as`"
%token <lang_name> DENY "`deny`" AUDIT "`audit`" REVIEW "`review`" WARN "`warn`" REDUCE "`reduce`" PASS "`pass`"
%token <lang_name> EXCUSED "`excused`"
%token AND "`and`" OR "`or`" NOT "`not`" IN "`in`" OF "`of`" OVER "`over`" WHERE "`where`" EXISTS "`exists`" NO "`no`"
%token EVERY "`every`" OTHER "`other`" THIS "`this`" BETWEEN "`between`" FROM "`from`" TO "`to`" BY "`by`" ON "`on`"
%token CONTAIN "`contain`" OVERLAPS "`overlaps`" INCLUDE "`include`" EXCEPT "`except`" YES "`yes`" NONE "`none`" ANY "`any`"
%token SINCE "`since`" EARLIER "`earlier`"
%token DEFINE "`define`" EXCEPTION "`exception`" OVERRIDE "`override`" OVERRIDABLE "`overridable`" EXTENDS "`extends`"
%token MEASURE "`measure`" RECORD "`record`" EXTEND "`extend`" ENUMERATION "`enumeration`" CODE_SYSTEM "`code_system`"
%token <lang_name> VALUE "`value`" DEFAULT "`default`"
%token KNOWN "`known`" ALLOW "`allow`" WAIVER "`waiver`" SOURCE_UNVERIFIED "`source unverified`"
%token <lang_name> WHY "`why`" UNTIL "`until`" ALERT "`alert`"
%token <lang_name> IN_THE_WEEK_FROM "`in the same week from`" IN_THE_FISCAL_YEAR "`in the fiscal year from`"
%token <lang_name> WITHIN_BEFORE "`within ... before`" IN_PERIODS "`in periods of ...`" OF_THE_KEY "`of the ...`"
%token IN_THE_SAME_BENEFIT_YEAR "`in the same benefit year`" IN_THE_NEXT "`in the next`"
%token COUNT_OF_DISTINCT "`count of distinct`" OF_DISTINCT "`of distinct`" AVERAGE_OF "`average of`" LIST_OF "`list of`"
%token BY_RECEIVED_DATE "`by received date`" IS_DENIED_BY "`is denied by`" IS_NOT_DENIED_BY "`is not denied by`"
%token YEAR_OF "`year of`" QUARTER_OF "`quarter of`" MONTH_OF "`month of`" WEEKDAY_OF "`weekday of`" AS_OF "`as of`"
%token <lang_name> TITLE "`title`" PAYER "`payer`" PLANS "`plans`" PRODUCTS "`products`" SOURCE "`source`" EFFECTIVE "`effective`" FIX "`fix`"
%token <lang_name> PRIORITY "`priority`" LINE "`line`" HISTORY "`history`"
%token IS_PRESENT "`is present`" IS_ABSENT "`is absent`" IS_FOUND "`is found`" IS_NOT_FOUND "`is not found`"
%token INCLUDE_ANY_OF "`include any of`" INCLUDE_ALL_OF "`include all of`" INCLUDE_NONE_OF "`include none of`" INCLUDE_ONLY "`include only`"
%token NOT_IN "`not in`" OR_ELSE "`or else`" AT_MOST "`at most`" AT_LEAST "`at least`" MORE_THAN "`more than`"
%token FEWER_THAN "`fewer than`" COUNT_OF "`count of`" SUM_OF "`sum of`" MINIMUM_OF "`min of`" MAXIMUM_OF "`max of`"
%token FOR_EACH "`for each`" IF_UNKNOWN "`if unknown`" REVIEW_BY "`review by`" REDUCE_BY "`reduce by`"
%token CANNOT_TELL "`cannot tell`" NOT_APPLICABLE "`not applicable`"
%token ON_THE_SAME_DAY "`on the same day`" IN_THE_LAST "`in the last`" IN_THE_SAME_WEEK "`in the same week`"
%token IN_THE_SAME_MONTH "`in the same month`" IN_THE_SAME_QUARTER "`in the same quarter`"
%token IN_THE_SAME_YEAR "`in the same year`" IN_THE_BENEFIT_YEAR "`in the benefit year`" DURING_THE "`during the`"
%token PER_LIFETIME "`per lifetime`" SO_FAR "`so far`"
%token LESS_EQUAL "`<=`" GREATER_EQUAL "`>=`" NOT_EQUAL "`<>`" RANGE "`..`" EQUAL "`=`" LESS "`<`" GREATER "`>`"
%token PLUS "`+`" MINUS "`-`" TIMES "`*`" DIVIDE "`/`" OPEN "`(`" CLOSE "`)`" COMMA "`,`" DOT "`.`" COLON "`:`" BAR "`|`"

%precedence LOWEST
%precedence COMMA CITE
%left OR
%left AND
%precedence NOT
%left OR_ELSE
%left PLUS MINUS
%left TIMES DIVIDE
%precedence NEGATION

%nterm <lang_name> ident ident_all type_name verdict
%nterm <lang_names> path dotted given_path
%nterm <lang_expression *> expr operand primary literal quantified value_quantified bound_quantified where_body path_value call
%nterm <lang_expression *> given_literal date yes_or_no
%nterm <lang_expressions> arguments paths
%nterm <lang_items> items cell_items
%nterm <lang_item> item cell_item given_value
%nterm <lang_window> window window_kind
%nterm <lang_dates> row_dates row_span span_dates
%nterm <lang_quantifier> bound_word value_word truth_word
%nterm <lang_outcome> unknown_word
%nterm <lang_operator> comparison
%nterm <lang_part> part_word
%nterm <lang_clock> clock
%nterm <lang_names> field_words enumeration_words
%nterm <lang_name> any_word import_column subject_word
%nterm <lang_expression *> collected measure_value tally
%nterm <bool> list_word

%start start

%%

start
  : START_FILE file
  | START_HOLE operand            { parser->hole = $2; }
  | START_CELL cell_items         { parser->cell = $2; }
  ;

file
  : %empty
  | file declaration
  ;

declaration
  : header
  | USE dotted                    { lang_build_use(parser, $2, @$); }
  | changeable
  | OVERRIDABLE                   { parser->overridable = true; } changeable
  | OVERRIDE                      { parser->overriding = true; } changeable
  | section
  | define
  | exception
  | waiver
  | measure
  | schema
  | test
  | error                         { parser->overriding = parser->overridable = false; }
  ;

changeable
  : codes
  | parameter
  | table
  | clause
  ;

ident
  : NAME | TITLE | PAYER | PLANS | PRODUCTS | SOURCE | EFFECTIVE | FIX | PRIORITY | VALUE | DEFAULT | WHY | UNTIL | ALERT
  ;

ident_all
  : ident | LINE | HISTORY
  ;

dotted
  : ident_all                     { $$ = lang_build_names(parser, NULL, $1); }
  | dotted DOT NAME               { $$ = lang_build_names(parser, &$1, $3); }
  ;

header
  : POLICY dotted                 { lang_build_header(parser, false, $2, @2); } extends header_parts
  | MODULE dotted                 { lang_build_header(parser, true, $2, @2); } header_parts
  ;

extends
  : %empty
  | EXTENDS dotted                { lang_build_extends(parser, $2, @$); }
  ;

header_parts
  : %empty
  | header_parts header_part
  ;

header_part
  : TITLE TEXT                    { lang_build_title(parser, $2, @$); }
  | PAYER payers
  | PLANS plans
  | PRODUCTS products
  | SOURCE TEXT                   { lang_build_source(parser, $2, @$); }
  | EFFECTIVE span_dates clock    { lang_build_effective(parser, $2, $3, @$); }
  | REVIEW_BY DATE                { lang_build_review_by(parser, $2, @$); }
  | ALLOW ident_all TEXT          { lang_build_allow(parser, $2, $3, (lang_span){0}); }
  ;

clock
  : %empty                        { $$ = LANG_CLOCK_SERVICE; }
  | BY_RECEIVED_DATE              { $$ = LANG_CLOCK_RECEIVED; }
  ;

payers
  : TEXT                          { lang_build_payer(parser, $1); }
  | payers COMMA TEXT             { lang_build_payer(parser, $3); }
  ;

plans
  : TEXT                          { lang_build_plan(parser, $1); }
  | plans COMMA TEXT              { lang_build_plan(parser, $3); }
  ;

products
  : product
  | products COMMA product
  ;

product
  : TEXT                          { lang_build_product(parser, (lang_name){lang_build_unquoted(parser, $1), $1.span}); }
  | CODE                          { lang_build_product(parser, $1); }
  | DIGITS                        { lang_build_product(parser, $1); }
  ;

span_dates
  : DATE                          { $$ = lang_build_dates(parser, &$1, NULL, @$); }
  | DATE TO DATE                  { $$ = lang_build_dates(parser, &$1, &$3, @$); }
  ;

row_dates
  : row_span                      { $$ = $1; }
  | row_span KNOWN DATE           { $$ = lang_build_known(parser, $1, $3); }
  ;

row_span
  : %empty                        { $$ = lang_build_dates(parser, NULL, NULL, @$); }
  | FROM DATE                     { $$ = lang_build_dates(parser, &$2, NULL, @$); }
  | FROM DATE TO DATE             { $$ = lang_build_dates(parser, &$2, &$4, @$); }
  | TO DATE                       { $$ = lang_build_dates(parser, NULL, &$2, @$); }
  ;

codes
  : CODES ident_all COLON ident_all clock NEWLINE
                                  { lang_build_codes(parser, $2, $4, $5, joined(@1, @4)); } code_rows
  ;

code_rows
  : code_row
  | code_rows code_row
  ;

code_items
  : item                          { lang_build_code_first(parser); lang_build_code_item(parser, $1); }
  | code_items COMMA item         { lang_build_code_item(parser, $3); }
  ;

code_row
  : code_items row_dates NEWLINE  { lang_build_code_row(parser, $2, false, @$); }
  | EXCEPT code_items row_dates NEWLINE { lang_build_code_row(parser, $3, true, @$); }
  | FROM TEXT                     { lang_build_import(parser, $2, joined(@1, @2)); } import_columns NEWLINE
                                  { lang_build_code_import(parser, @$); }
  | ALLOW ident_all TEXT NEWLINE  { lang_build_allow(parser, $2, $3, @$); }
  ;

import_columns
  : %empty
  | OPEN import_maps CLOSE
  ;

import_maps
  : import_map
  | import_maps COMMA import_map
  ;

import_map
  : import_column AS TEXT         { lang_build_import_column(parser, $1, $3); }
  ;

import_column
  : path                          { $$ = lang_build_joined_name(parser, $1, @1); }
  | FROM                          { $$ = (lang_name){"from", @$}; }
  | TO                            { $$ = (lang_name){"to", @$}; }
  ;

type_name
  : ident_all
  ;

parameter
  : PARAMETER ident_all COLON type_name clock
                                  { lang_build_parameter(parser, $2, $4, $5, joined(@1, @4)); } parameter_body
  ;

parameter_body
  : EQUAL operand row_dates NEWLINE { lang_build_parameter_row(parser, $2, $3, @2); } parameter_cite
  | EQUAL yes_or_no row_dates NEWLINE { lang_build_parameter_row(parser, $2, $3, @2); } parameter_cite
  | NEWLINE parameter_rows
  ;

parameter_cite
  : %empty
  | parameter_cite CITE TEXT NEWLINE { lang_build_parameter_cite(parser, $3); }
  | parameter_cite ALLOW ident_all TEXT NEWLINE { lang_build_allow(parser, $3, $4, @$); }
  ;

yes_or_no
  : YES                           { $$ = lang_build_truth(parser, true, @$); }
  | NO                            { $$ = lang_build_truth(parser, false, @$); }
  ;

parameter_rows
  : parameter_row
  | parameter_rows parameter_row
  ;

parameter_row
  : operand row_dates NEWLINE     { lang_build_parameter_row(parser, $1, $2, @$); }
  | yes_or_no row_dates NEWLINE   { lang_build_parameter_row(parser, $1, $2, @$); }
  | CITE TEXT NEWLINE             { lang_build_parameter_cite(parser, $2); }
  | ALLOW ident_all TEXT NEWLINE  { lang_build_allow(parser, $2, $3, @$); }
  ;

table
  : TABLE ident_all               { lang_build_table(parser, $2, joined(@1, @2)); } table_shape table_words table_rows
  ;

table_shape
  : %empty
  | OPEN inputs CLOSE GIVES OPEN outputs CLOSE { lang_build_table_shape(parser); }
  ;

inputs
  : input
  | inputs COMMA input
  ;

input
  : path_value                    { lang_build_table_input(parser, $1); }
  | ident_all COLON type_name     { lang_build_table_free_input(parser, $1, $3, @$); }
  ;

outputs
  : output
  | outputs COMMA output
  ;

output
  : ident_all COLON type_name     { lang_build_table_output(parser, $1, $3, NULL, @$); }
  | ident_all COLON type_name NAME { lang_build_table_output(parser, $1, $3, &$4, @$); }
  ;

table_words
  : %empty
  | table_words NAME              { lang_build_table_policy(parser, $2); }
  | table_words BY_RECEIVED_DATE  { lang_build_table_clock(parser); }
  | table_words ALLOW ident_all TEXT { lang_build_allow(parser, $3, $4, @$); }
  | table_words FROM TEXT         { lang_build_import(parser, $3, joined(@2, @3)); } import_columns { lang_build_table_import(parser); }
  ;

table_rows
  : %empty
  | table_rows table_row
  ;

table_row
  : BAR                           { lang_build_table_row(parser, @1); } cells row_dates NEWLINE
                                  { lang_build_table_row_dates(parser, $4, @4); }
  ;

cells
  : cell
  | cells cell
  ;

cell
  : cell_items BAR                { lang_build_cell(parser, $1, @1); }
  ;

cell_items
  : cell_item                     { $$ = lang_build_items(parser, NULL, $1); }
  | cell_items COMMA cell_item    { $$ = lang_build_items(parser, &$1, $3); }
  ;

cell_item
  : item
  | ANY                           { $$ = lang_build_item_any(@$); }
  | MINUS                         { $$ = lang_build_item_absent(@$); }
  | YES                           { $$ = lang_build_item(lang_build_truth(parser, true, @$), NULL, @$); }
  | NO                            { $$ = lang_build_item(lang_build_truth(parser, false, @$), NULL, @$); }
  ;

items
  : item                          { $$ = lang_build_items(parser, NULL, $1); }
  | items COMMA item              { $$ = lang_build_items(parser, &$1, $3); }
  ;

item
  : literal                       { $$ = lang_build_item($1, NULL, @$); }
  | literal RANGE literal         { $$ = lang_build_item($1, $3, @$); }
  | path_value                    { $$ = lang_build_item($1, NULL, @$); }
  ;

literal
  : DIGITS                        { $$ = lang_build_literal(parser, LANG_LITERAL_DIGITS, $1); }
  | DECIMAL                       { $$ = lang_build_literal(parser, LANG_LITERAL_DECIMAL, $1); }
  | MONEY                         { $$ = lang_build_literal(parser, LANG_LITERAL_MONEY, $1); }
  | DATE                          { $$ = lang_build_literal(parser, LANG_LITERAL_DATE, $1); }
  | TIME                          { $$ = lang_build_literal(parser, LANG_LITERAL_TIME, $1); }
  | TEXT                          { $$ = lang_build_literal(parser, LANG_LITERAL_TEXT, $1); }
  | CODE                          { $$ = lang_build_literal(parser, LANG_LITERAL_CODE, $1); }
  | PREFIX                        { $$ = lang_build_literal(parser, LANG_LITERAL_PREFIX, $1); }
  | DURATION                      { $$ = lang_build_literal(parser, LANG_LITERAL_DURATION, $1); }
  | NONE                          { $$ = lang_build_none(parser, @$); }
  ;

path
  : ident_all                     { $$ = lang_build_names(parser, NULL, $1); }
  | THIS DOT NAME                 { $$ = lang_build_headed(parser, "this", @1, $3); }
  | OTHER DOT NAME                { $$ = lang_build_headed(parser, "other", @1, $3); }
  | path DOT NAME                 { $$ = lang_build_names(parser, &$1, $3); }
  ;

path_value
  : path                          { $$ = lang_build_path(parser, $1, @$); }
  ;

section
  : SECTION TEXT                  { lang_build_section(parser, $2, joined(@1, @2)); } section_parts
  ;

section_parts
  : %empty
  | section_parts section_part
  ;

section_part
  : FOR_EACH ident_all            { lang_build_section_subject(parser, $2, NULL, @$); }
  | FOR_EACH ident_all WHERE expr { lang_build_section_subject(parser, $2, $4, @$); }
  | WHEN expr                     { lang_build_section_when(parser, $2); }
  | LET ident_all EQUAL expr      { lang_build_let(parser, $2, $4); }
  ;

clause
  : CLAUSE ident_all              { lang_build_clause(parser, $2, joined(@1, @2)); } clause_parts
  ;

clause_parts
  : %empty
  | clause_parts clause_part
  ;

clause_part
  : CITE TEXT                     { lang_build_cite(parser, $2, @$); }
  | EFFECTIVE span_dates clock    { lang_build_clause_dates(parser, $2, $3, @$); }
  | FOR_EACH ident_all            { lang_build_clause_subject(parser, $2, @$); }
  | WHEN expr                     { lang_build_when(parser, $2); }
  | REQUIRE expr                  { lang_build_requirement(parser, false, $2, @$); }
  | FORBID expr                   { lang_build_requirement(parser, true, $2, @$); }
  | KNOWN DATE                    { lang_build_clause_known(parser, $2, @$); }
  | ALLOW ident_all TEXT          { lang_build_allow(parser, $2, $3, @$); }
  | UNLESS expr                   { lang_build_exception(parser, $2, joined(@1, @2)); } exception_name exception_cite
  | outcome
  | IF_UNKNOWN unknown_word       { lang_build_if_unknown(parser, $2, @$); }
  | FIX TEXT                      { lang_build_fix(parser, $2, @$); }
  | PRIORITY DIGITS               { lang_build_priority(parser, $2, @$); }
  | SOURCE_UNVERIFIED             { lang_build_unverified(parser, @$); }
  ;

exception_name
  : %empty
  | AS ident_all                  { lang_build_exception_name(parser, $2); }
  ;

exception_cite
  : %empty                        %prec LOWEST
  | CITE TEXT                     { lang_build_exception_cite(parser, $2); }
  ;

unknown_word
  : DENY                          { $$ = LANG_DENY; }
  | REVIEW                        { $$ = LANG_REVIEW; }
  | WARN                          { $$ = LANG_WARN; }
  | PASS                          { $$ = LANG_PASS; }
  ;

outcome
  : outcome_word outcome_tail
  ;

outcome_word
  : DENY                          { lang_build_outcome(parser, LANG_DENY, NULL, @$); }
  | AUDIT                         { lang_build_outcome(parser, LANG_AUDIT, NULL, @$); }
  | REVIEW                        { lang_build_outcome(parser, LANG_REVIEW, NULL, @$); }
  | WARN                          { lang_build_outcome(parser, LANG_WARN, NULL, @$); }
  | REDUCE_BY PERCENT             { lang_build_outcome(parser, LANG_REDUCE, &$2, @$); }
  ;

outcome_tail
  : %empty
  | outcome_tail REASON           { lang_build_reason(parser, $2, @2); }
  | outcome_tail CODE             { lang_build_remark(parser, $2); }
  | outcome_tail AS ident_all     { lang_build_category(parser, $3, @3); }
  | outcome_tail TEXT             { lang_build_message(parser, $2, @2); }
  ;

expr
  : expr OR expr                  { $$ = lang_build_binary(parser, LANG_OR, LANG_EQUAL, $1, $3, @$); }
  | expr AND expr                 { $$ = lang_build_binary(parser, LANG_AND, LANG_EQUAL, $1, $3, @$); }
  | NOT expr                      { $$ = lang_build_binary(parser, LANG_NOT, LANG_EQUAL, $2, NULL, @$); }
  | operand comparison operand    %prec LOWEST { $$ = lang_build_binary(parser, LANG_COMPARE, $2, $1, $3, @$); }
  | operand BETWEEN operand AND operand { $$ = lang_build_between(parser, $1, $3, $5, @$); }
  | operand IN items              %prec LOWEST { $$ = lang_build_in(parser, $1, $3, false, @$); }
  | operand NOT_IN items          %prec LOWEST { $$ = lang_build_in(parser, $1, $3, true, @$); }
  | operand IS_PRESENT            { $$ = lang_build_presence(parser, $1, LANG_IS_PRESENT, @$); }
  | operand IS_ABSENT             { $$ = lang_build_presence(parser, $1, LANG_IS_ABSENT, @$); }
  | operand IS_FOUND              { $$ = lang_build_presence(parser, $1, LANG_IS_PRESENT, @$); }
  | operand IS_NOT_FOUND          { $$ = lang_build_presence(parser, $1, LANG_IS_ABSENT, @$); }
  | operand INCLUDE items         %prec LOWEST { $$ = lang_build_include(parser, $1, LANG_INCLUDE_ONE, $3, @$); }
  | operand INCLUDE_ANY_OF items  %prec LOWEST { $$ = lang_build_include(parser, $1, LANG_INCLUDE_ANY, $3, @$); }
  | operand INCLUDE_ALL_OF items  %prec LOWEST { $$ = lang_build_include(parser, $1, LANG_INCLUDE_ALL, $3, @$); }
  | operand INCLUDE_NONE_OF items %prec LOWEST { $$ = lang_build_include(parser, $1, LANG_INCLUDE_NONE, $3, @$); }
  | operand INCLUDE_ONLY items    %prec LOWEST { $$ = lang_build_include(parser, $1, LANG_INCLUDE_ONLY, $3, @$); }
  | operand CONTAIN operand       %prec LOWEST { $$ = lang_build_binary(parser, LANG_CONTAIN, LANG_EQUAL, $1, $3, @$); }
  | subject_word IS_DENIED_BY dotted { $$ = lang_build_denied(parser, $1, $3, false, @$); }
  | subject_word IS_NOT_DENIED_BY dotted { $$ = lang_build_denied(parser, $1, $3, true, @$); }
  | operand OVERLAPS operand      %prec LOWEST { $$ = lang_build_binary(parser, LANG_OVERLAP, LANG_EQUAL, $1, $3, @$); }
  | quantified
  | operand                       %prec LOWEST
  ;

subject_word
  : THIS                          { $$ = (lang_name){"this", @$}; }
  | OTHER                         { $$ = (lang_name){"other", @$}; }
  ;

comparison
  : EQUAL                         { $$ = LANG_EQUAL; }
  | NOT_EQUAL                     { $$ = LANG_NOT_EQUAL; }
  | LESS                          { $$ = LANG_LESS; }
  | LESS_EQUAL                    { $$ = LANG_AT_MOST; }
  | GREATER                       { $$ = LANG_GREATER; }
  | GREATER_EQUAL                 { $$ = LANG_AT_LEAST; }
  ;

quantified
  : bound_quantified              %prec LOWEST
  | bound_quantified where_body   { $$ = lang_build_where($1, $2, @$); }
  | value_quantified where_body   { $$ = lang_build_where($1, $2, @$); }
  ;

where_body
  : WHERE expr                    %prec LOWEST { $$ = $2; }
  ;

truth_word
  : EXISTS                        { $$ = LANG_EXISTS; }
  | NO                            { $$ = LANG_NO; }
  | EVERY                         { $$ = LANG_EVERY; }
  ;

bound_word
  : AT_MOST                       { $$ = LANG_AT_MOST_OF; }
  | AT_LEAST                      { $$ = LANG_AT_LEAST_OF; }
  | MORE_THAN                     { $$ = LANG_MORE_THAN_OF; }
  | FEWER_THAN                    { $$ = LANG_FEWER_THAN_OF; }
  ;

value_word
  : SUM_OF                        { $$ = LANG_SUM_OF; }
  | MINIMUM_OF                    { $$ = LANG_MINIMUM_OF; }
  | MAXIMUM_OF                    { $$ = LANG_MAXIMUM_OF; }
  ;

bound_quantified
  : truth_word collected window   { $$ = lang_build_quantified(parser, $1, NULL, NULL, NULL, $2, $3, @$); }
  | truth_word OTHER IN collected window { lang_name binder = {"other", @2};
                                    $$ = lang_build_quantified(parser, $1, NULL, NULL, &binder, $4, $5, @$); }
  | bound_word operand OF collected window { $$ = lang_build_quantified(parser, $1, $2, NULL, NULL, $4, $5, @$); }
  | bound_word operand OF_DISTINCT arguments OVER collected window
                                  { $$ = lang_build_quantified(parser, $1, $2, NULL, NULL, $6, $7, @$);
                                    lang_build_distinct(parser, $$, $4); }
  ;

collected
  : path_value
  | path_value OF_THE_KEY         { $$ = lang_build_key(parser, $1, $2); }
  ;

value_quantified
  : COUNT_OF_DISTINCT arguments OVER collected window
                                  { $$ = lang_build_quantified(parser, LANG_COUNT_OF, NULL, NULL, NULL, $4, $5, @$);
                                    lang_build_distinct(parser, $$, $2); }
  | COUNT_OF collected window     { $$ = lang_build_quantified(parser, LANG_COUNT_OF, NULL, NULL, NULL, $2, $3, @$); }
  | value_word operand OVER collected window { $$ = lang_build_quantified(parser, $1, NULL, $2, NULL, $4, $5, @$); }
  ;

window
  : window_kind                   { $$ = $1; $$.span = @$; }
  | window_kind SO_FAR            { $$ = $1; $$.cut = LANG_CUT_SO_FAR; $$.span = @$; }
  | window_kind EARLIER           { $$ = $1; $$.cut = LANG_CUT_EARLIER; $$.span = @$; }
  ;

window_kind
  : %empty                        { $$ = lang_build_window(LANG_WINDOW_LIFETIME, NULL); $$.given = false; }
  | PER_LIFETIME                  { $$ = lang_build_window(LANG_WINDOW_LIFETIME, NULL); }
  | ON_THE_SAME_DAY               { $$ = lang_build_window(LANG_WINDOW_SAME_DAY, NULL); }
  | IN_THE_LAST DURATION          { $$ = lang_build_window_length(parser, $2); }
  | IN_THE_SAME_WEEK              { $$ = lang_build_window(LANG_WINDOW_SAME_WEEK, NULL); }
  | IN_THE_SAME_MONTH             { $$ = lang_build_window(LANG_WINDOW_SAME_MONTH, NULL); }
  | IN_THE_SAME_QUARTER           { $$ = lang_build_window(LANG_WINDOW_SAME_QUARTER, NULL); }
  | IN_THE_SAME_YEAR              { $$ = lang_build_window(LANG_WINDOW_SAME_YEAR, NULL); }
  | IN_THE_WEEK_FROM              { $$ = lang_build_window_week(parser, $1); }
  | IN_THE_FISCAL_YEAR            { $$ = lang_build_window_fiscal(parser, $1); }
  | IN_THE_SAME_BENEFIT_YEAR      { $$ = lang_build_window(LANG_WINDOW_BENEFIT_YEAR, NULL); $$.whole = true; }
  | IN_THE_NEXT DURATION          { $$ = lang_build_window_next(parser, $2); }
  | WITHIN_BEFORE                 { $$ = lang_build_window_within(parser, $1); }
  | IN_PERIODS                    { $$ = lang_build_window_periods(parser, $1); }
  | IN_THE_BENEFIT_YEAR           { $$ = lang_build_window(LANG_WINDOW_BENEFIT_YEAR, NULL); }
  | DURING_THE path_value         { $$ = lang_build_window(LANG_WINDOW_DURING, $2); }
  | SINCE path_value              { $$ = lang_build_window(LANG_WINDOW_SINCE, $2); }
  | SINCE date                    { $$ = lang_build_window(LANG_WINDOW_SINCE, $2); }
  ;

operand
  : operand PLUS operand          { $$ = lang_build_binary(parser, LANG_ARITHMETIC, LANG_ADD, $1, $3, @$); }
  | operand MINUS operand         { $$ = lang_build_binary(parser, LANG_ARITHMETIC, LANG_SUBTRACT, $1, $3, @$); }
  | operand TIMES operand         { $$ = lang_build_binary(parser, LANG_ARITHMETIC, LANG_MULTIPLY, $1, $3, @$); }
  | operand DIVIDE operand        { $$ = lang_build_binary(parser, LANG_ARITHMETIC, LANG_DIVIDE, $1, $3, @$); }
  | operand OR_ELSE operand       { $$ = lang_build_binary(parser, LANG_OR_ELSE, LANG_EQUAL, $1, $3, @$); }
  | MINUS operand %prec NEGATION  { $$ = lang_build_binary(parser, LANG_NEGATE, LANG_EQUAL, $2, NULL, @$); }
  | primary
  ;

primary
  : literal
  | path_value
  | call
  | call DOT NAME                 { $$ = lang_build_called(parser, $1, $3, @$); }
  | OPEN expr CLOSE               { $$ = $2; }
  | part_word primary             { $$ = lang_build_part(parser, $1, $2, @$); }
  | value_quantified              %prec LOWEST
  ;

call
  : ident_all OPEN arguments CLOSE { $$ = lang_build_call(parser, $1, $3, @$); }
  ;

part_word
  : YEAR_OF                       { $$ = LANG_PART_YEAR; }
  | QUARTER_OF                    { $$ = LANG_PART_QUARTER; }
  | MONTH_OF                      { $$ = LANG_PART_MONTH; }
  | WEEKDAY_OF                    { $$ = LANG_PART_WEEKDAY; }
  ;

arguments
  : expr                          { $$ = lang_build_list(parser, NULL, $1); }
  | arguments COMMA expr          { $$ = lang_build_list(parser, &$1, $3); }
  ;

define
  : DEFINE ident_all              { lang_build_define(parser, $2, joined(@1, @2)); }
    OPEN define_inputs CLOSE COLON type_name EQUAL expr { lang_build_define_body(parser, $8, $10); }
  ;

define_inputs
  : define_input
  | define_inputs COMMA define_input
  ;

define_input
  : ident_all COLON type_name     { lang_build_define_input(parser, $1, $3); }
  ;

exception
  : EXCEPTION ident_all           { lang_build_exception_declaration(parser, $2, joined(@1, @2)); }
    TO exception_targets exception_parts
  ;

exception_targets
  : dotted                        { lang_build_exception_target(parser, $1); }
  | exception_targets COMMA dotted { lang_build_exception_target(parser, $3); }
  ;

exception_parts
  : %empty
  | exception_parts exception_part
  ;

exception_part
  : CITE TEXT                     { lang_build_exception_source(parser, $2, @$); }
  | EFFECTIVE span_dates clock    { lang_build_exception_dates(parser, $2, $3, @$); }
  | KNOWN DATE                    { lang_build_exception_known(parser, $2); }
  | WHEN expr                     { lang_build_exception_when(parser, $2); }
  | ALLOW ident_all TEXT          { lang_build_allow(parser, $2, $3, @$); }
  ;

waiver
  : WAIVER ident_all              { lang_build_waiver(parser, $2, joined(@1, @2)); } TO exception_targets waiver_parts
  ;

waiver_parts
  : %empty
  | waiver_parts waiver_part
  ;

waiver_part
  : BY TEXT                       { lang_build_waiver_by(parser, $2, @$); }
  | WHY TEXT                      { lang_build_waiver_why(parser, $2, @$); }
  | UNTIL DATE                    { lang_build_waiver_until(parser, $2, @$); }
  | WHEN expr                     { lang_build_exception_when(parser, $2); }
  | ALLOW ident_all TEXT          { lang_build_allow(parser, $2, $3, @$); }
  ;

measure
  : MEASURE ident_all             { lang_build_measure(parser, $2, joined(@1, @2)); } measure_parts
  ;

measure_parts
  : %empty
  | measure_parts measure_part
  ;

measure_part
  : TITLE TEXT                    { lang_build_measure_title(parser, $2, @$); }
  | CITE TEXT                     { lang_build_measure_cite(parser, $2, @$); }
  | FOR_EACH ident_all            { lang_build_measure_subject(parser, $2, NULL, @$); }
  | FOR_EACH ident_all WHERE expr { lang_build_measure_subject(parser, $2, $4, @$); }
  | BY arguments                  { lang_build_measure_by(parser, $2, @$); }
  | VALUE measure_value           { lang_build_measure_value(parser, $2, @$); }
  | ALERT NAME literal            { lang_build_measure_alert(parser, $2, $3, @$); }
  | ALERT NAME PERCENT            { lang_build_measure_apart(parser, $2, $3, @$); }
  | ALLOW ident_all TEXT          { lang_build_allow(parser, $2, $3, @$); }
  ;

measure_value
  : measure_value PLUS measure_value
                                  { $$ = lang_build_binary(parser, LANG_ARITHMETIC, LANG_ADD, $1, $3, @$); }
  | measure_value MINUS measure_value
                                  { $$ = lang_build_binary(parser, LANG_ARITHMETIC, LANG_SUBTRACT, $1, $3, @$); }
  | measure_value TIMES measure_value
                                  { $$ = lang_build_binary(parser, LANG_ARITHMETIC, LANG_MULTIPLY, $1, $3, @$); }
  | measure_value DIVIDE measure_value
                                  { $$ = lang_build_binary(parser, LANG_ARITHMETIC, LANG_DIVIDE, $1, $3, @$); }
  | OPEN measure_value CLOSE      { $$ = $2; }
  | literal
  | tally                         %prec LOWEST
  | tally WHERE expr              { $$ = lang_build_tally_where(parser, $1, $3, @$); }
  ;

tally
  : NAME                          { $$ = lang_build_tally_count(parser, $1, @$); }
  | COUNT_OF_DISTINCT operand     %prec LOWEST { $$ = lang_build_tally(parser, LANG_COUNT_OF, true, false, $2, @$); }
  | value_word operand            %prec LOWEST { $$ = lang_build_tally(parser, $1, false, false, $2, @$); }
  | AVERAGE_OF operand            %prec LOWEST { $$ = lang_build_tally(parser, LANG_SUM_OF, false, true, $2, @$); }
  ;

schema
  : RECORD ident_all TEXT         { lang_build_schema(parser, LANG_SCHEMA_RECORD, $2, &$3, joined(@1, @3)); }
    NEWLINE field_rows
  | EXTEND ident_all              { lang_build_schema(parser, LANG_SCHEMA_EXTEND, $2, NULL, joined(@1, @2)); }
    NEWLINE field_rows
  | CODE_SYSTEM ident_all TEXT NEWLINE
                                  { lang_build_schema(parser, LANG_SCHEMA_SYSTEM, $2, &$3, joined(@1, @3)); }
  | ENUMERATION ident_all         { lang_build_schema(parser, LANG_SCHEMA_ENUMERATION, $2, NULL, joined(@1, @2)); }
    NEWLINE enumeration_words NEWLINE { lang_build_enumeration(parser, $5); }
  ;

enumeration_words
  : any_word                      { $$ = lang_build_names(parser, NULL, $1); }
  | enumeration_words COMMA any_word { $$ = lang_build_names(parser, &$1, $3); }
  ;

any_word
  : ident_all | DENY | AUDIT | REVIEW | WARN | REDUCE | PASS | EXCUSED
  ;

field_rows
  : field_row NEWLINE
  | field_rows field_row NEWLINE
  ;

field_row
  : ident_all COLON list_word ident_all
                                  { lang_build_field(parser, $1, $3, $4, joined(@1, @4)); } field_parts
  ;

list_word
  : %empty                        { $$ = false; }
  | LIST_OF                       { $$ = true; }
  ;

field_parts
  : field_words                   { lang_build_field_words(parser, $1); } field_join field_feed field_default field_label
  ;

field_words
  : %empty                        { $$ = (lang_names){0}; }
  | field_words NAME              { $$ = lang_build_names(parser, &$1, $2); }
  ;

field_join
  : %empty
  | BY field_paths
  ;

field_paths
  : path                          { lang_build_field_join(parser, $1); }
  | field_paths COMMA path        { lang_build_field_join(parser, $3); }
  ;

field_feed
  : %empty
  | FROM ident_all                { lang_build_field_feed(parser, $2); }
  ;

field_default
  : %empty
  | DEFAULT given_value           { lang_build_field_default(parser, $2); }
  ;

field_label
  : %empty
  | TEXT                          { lang_build_field_label(parser, $1); }
  ;

test
  : TEST TEXT                     { lang_build_test(parser, $2, joined(@1, @2)); } GIVEN givens expectations
  ;

givens
  : given NEWLINE
  | givens given NEWLINE
  ;

given
  : LINE given_literal ON date    { lang_build_given_line(parser, $2, $4, joined(@1, @4)); } given_tail
  | HISTORY DIGITS LINE OF given_literal ON date
                                  { lang_build_given_history(parser, $2, $3, $5, NULL, $7, joined(@1, @7)); } given_tail
  | HISTORY DIGITS NAME OF given_literal NAME FROM date
                                  { lang_build_given_history(parser, $2, $3, $5, &$6, $8, joined(@1, @8)); } given_tail
  | AS_OF date                    { lang_build_given_as_of(parser, $2, @$); }
  | given_atoms
  ;

given_tail
  : %empty
  | COMMA given_atoms
  ;

given_atoms
  : given_atom
  | given_atoms COMMA given_atom
  ;

given_atom
  : given_path given_value        { lang_build_given(parser, $1, @1, $2, @$); }
  | given_literal                 { lang_build_given_more(parser, lang_build_item($1, NULL, @$), @$); }
  ;

given_path
  : ident                         { $$ = lang_build_names(parser, NULL, $1); }
  | given_path DOT NAME           { $$ = lang_build_names(parser, &$1, $3); }
  ;

given_value
  : given_literal                 { $$ = lang_build_item($1, NULL, @$); }
  | given_literal TO given_literal { $$ = lang_build_item($1, $3, @$); }
  | NAME                          { $$ = lang_build_item(lang_build_word(parser, $1), NULL, @$); }
  | YES                           { $$ = lang_build_item(lang_build_truth(parser, true, @$), NULL, @$); }
  | NO                            { $$ = lang_build_item(lang_build_truth(parser, false, @$), NULL, @$); }
  ;

given_literal
  : literal
  ;

date
  : DATE                          { $$ = lang_build_literal(parser, LANG_LITERAL_DATE, $1); }
  ;

expectations
  : expectation
  | expectations expectation
  ;

expectation
  : EXPECT verdict                { lang_build_expectation(parser, $2, joined(@1, @2)); } expectation_parts
  | EXPECT REVIEW_BY dotted       { lang_name verdict = {"review", @2};
                                    lang_build_expectation(parser, verdict, joined(@1, @3));
                                    lang_build_expectation_clause(parser, $3); } expectation_parts
  | EXPECT REDUCE_BY dotted       { lang_name verdict = {"reduce", @2};
                                    lang_build_expectation(parser, verdict, joined(@1, @3));
                                    lang_build_expectation_clause(parser, $3); } expectation_parts
  ;

verdict
  : PASS                          { $$ = (lang_name){"pass", @$}; }
  | EXCUSED                       { $$ = (lang_name){"excused", @$}; }
  | DENY                          { $$ = (lang_name){"deny", @$}; }
  | AUDIT                         { $$ = (lang_name){"audit", @$}; }
  | REVIEW                        { $$ = (lang_name){"review", @$}; }
  | WARN                          { $$ = (lang_name){"warn", @$}; }
  | REDUCE                        { $$ = (lang_name){"reduce", @$}; }
  | CANNOT_TELL                   { $$ = (lang_name){"cannot tell", @$}; }
  | NOT_APPLICABLE                { $$ = (lang_name){"not applicable", @$}; }
  | NAME
  ;

expectation_parts
  : %empty
  | expectation_parts expectation_part
  ;

expectation_part
  : REASON                        { lang_build_expectation_reason(parser, $1); }
  | CODE                          { lang_build_expectation_remark(parser, $1); }
  | BY dotted                     { lang_build_expectation_clause(parser, $2); }
  | NEEDING paths                 { lang_build_expectation_needing(parser, $2); }
  | ON LINE DIGITS                { lang_build_expectation_line(parser, $3); }
  ;

paths
  : path_value                    { $$ = lang_build_list(parser, NULL, $1); }
  | paths COMMA path_value        { $$ = lang_build_list(parser, &$1, $3); }
  ;

%%

/* Only the parser's own stack running out comes here; everything else goes through yyreport_syntax_error. */
static void lang_parse_error(lang_span *location, struct lang_parser *parser, const char *message)
{
    (void)message;
    lang_build_too_deep(parser, *location);
}

static int yyreport_syntax_error(const yypcontext_t *context, struct lang_parser *parser)
{
    enum { EXPECTED_LIMIT = 90 };
    yysymbol_kind_t expected[EXPECTED_LIMIT];
    int count = yypcontext_expected_tokens(context, expected, EXPECTED_LIMIT);
    if (count < 0) return count;
    const char *names[EXPECTED_LIMIT];
    for (int i = 0; i < count; i++) names[i] = yysymbol_name(expected[i]);
    yysymbol_kind_t found = yypcontext_token(context);
    lang_build_syntax_error(parser, *yypcontext_location(context),
                            found == YYSYMBOL_YYEMPTY ? "nothing" : yysymbol_name(found), names, (size_t)count);
    return 0;
}
