/* What the checker's files share. Expects a parsed program; fills the "checked" fields of its tree; leaves the
 * shapes of declarations as they are. Private to lang/check_*.c. */
#ifndef LANG_CHECK_H
#define LANG_CHECK_H

#include "base/intern.h"
#include "lang/program.h"

typedef BASE_ARRAY(const char *) lang_facts;

/* How much an expression comes to with all that it names put in. */
typedef struct lang_extent {
    uint32_t parts;  /* so far */
    uint32_t levels; /* of the deepest that it names */
} lang_extent;

enum {
    LANG_PARTS_LIMIT = 50000, /* of a value, with all that it names put in */
    LANG_LEVELS_LIMIT = 1000,
    LANG_NAMED_LIMIT = 200 /* names that stand for what names others, one in the other */
};

typedef struct lang_checker {
    lang_program *program;
    base_arena *arena;
    base_intern *codes;  /* normal forms of codes */
    base_arena *passing; /* for what nobody needs once all is checked */
    lang_diagnostics *diagnostics;
    const lang_schema *schema;
    lang_file *file;
    lang_section *section; /* whose `let` names are in scope; may be NULL */
    lang_clause *clause;   /* being checked; may be NULL */
    bool in_element;       /* inside a `where` or a summed value: bare names are the element's */
    lang_record element;
    bool other_bound; /* `other.` may be used */
    lang_record other;
    bool in_message;
    lang_record subject;        /* what bare names outside elements are fields of */
    lang_field prefix;          /* the line's field that leads to the subject; LANG_NO_FIELD for the line itself */
    const lang_define *define;  /* whose body is being checked: only its inputs are seen */
    lang_measure *measure;      /* being checked; may be NULL */
    const lang_section *inputs; /* of the define: its inputs as `let` names */
    lang_facts facts;           /* paths known to be present, as keys */
    base_text *key;             /* where the key of a path is put together */
    size_t counting;            /* counting expressions seen in the clause */
    lang_expression *last_counting;
    lang_extent *extent; /* of the `let` or `define` being checked; NULL in clauses */
    unsigned named;      /* names that are being looked into, one in the other */
} lang_checker;

/* Checks the value of a `let` that was not looked at. */
void lang_check_let(lang_checker *checker, lang_let *let);

/* Whether a value is small enough with all that it names put in; tells if not. */
bool lang_fits_extent(lang_checker *checker, lang_name name, const lang_extent *extent, uint32_t depth);

/* Schema */
void lang_check_schema(lang_program *program);

/* Layers */
void lang_check_layers(lang_checker *checker);
void lang_check_exceptions(lang_checker *checker);
void lang_check_denied_cycles(lang_checker *checker);
lang_clause *lang_find_clause(const lang_checker *checker, const lang_names *names);
void lang_check_override_tables(lang_checker *checker, lang_file *file);

/* Functions, measures, lints */
lang_type lang_check_call(lang_checker *checker, lang_expression *call);
lang_type lang_check_part(lang_checker *checker, lang_expression *expression);
lang_type lang_check_denied(lang_checker *checker, lang_expression *expression);
void lang_check_define(lang_checker *checker, lang_define *define);
void lang_check_measure(lang_checker *checker, lang_measure *measure);
lang_type lang_check_tally(lang_checker *checker, lang_expression *expression);
void lang_check_lints(lang_checker *checker);
void lang_check_gaps(lang_checker *checker, const lang_table *table);
bool lang_cell_covers(const lang_cell *wide, const lang_cell *narrow);
void lang_settle_allows(lang_program *program);

/* Names */
void lang_index_names(lang_checker *checker);

/* Whether a file's names are kept when all is checked. */
static inline bool lang_keeps_names(const lang_file *file)
{
    return file->clause_overrides.count > 0;
}
lang_define *lang_find_define(lang_checker *checker, lang_name name);
bool lang_set_subject(lang_checker *checker, lang_name subject);
void lang_check_cycles(lang_checker *checker);
void lang_check_duplicates(lang_checker *checker);
lang_code_set *lang_find_code_set(lang_checker *checker, lang_name name);
lang_parameter *lang_find_parameter(lang_checker *checker, lang_name name);
lang_table *lang_find_table(lang_checker *checker, lang_name name);
lang_let *lang_find_let(const lang_checker *checker, const char *name);
bool lang_read_type(lang_checker *checker, lang_name name, bool report, lang_type *type);
bool lang_resolve_path(lang_checker *checker, lang_expression *path);
void lang_suggest_name(lang_checker *checker, lang_diagnostic *diagnostic, const char *name);

/* Presence */
void lang_facts_from(lang_checker *checker, const lang_expression *condition, bool truth);
/* Notes that the path of the first `count` names is present, and asks whether that was noted. */
void lang_fact_add(lang_checker *checker, const lang_names *names, size_t count);
bool lang_fact_known(const lang_checker *checker, const lang_names *names, size_t count);
void lang_need_present(lang_checker *checker, lang_expression *expression);

/* Codes */
void lang_check_code_set(lang_checker *checker, lang_code_set *set);
bool lang_check_code_item(lang_checker *checker, lang_item *item, lang_code_system system);
const char *lang_check_code(lang_checker *checker, lang_expression *literal, lang_code_system system);
bool lang_items_overlap(lang_code_system system, const lang_item *a, const lang_item *b, const char **example);
/* Whether one of the items that are no sets holds a code. */
bool lang_row_holds(const lang_code_row *row, const char *code);
lang_code_set *lang_make_set(lang_checker *checker, lang_items items, lang_code_system system, lang_span span);
/* A literal item as the interval [low, high] of normalized spellings; `open` lets anything follow `high`. False of any other item. */
bool lang_item_interval(const lang_item *item, const char **low, const char **high, bool *open);
/* Whether a code lies before the end of an interval. */
bool lang_up_to(const char *code, const char *high, bool open);
/* A place among all spellings: before one, at it, behind it but before what goes on from it, or behind all that does. */
typedef enum lang_side { LANG_BEFORE, LANG_AT, LANG_BEHIND, LANG_BEHIND_ALL } lang_side;
/* Below zero where the first of two places lies before the second, above where it lies behind. */
int lang_compare_places(const char *a, lang_side a_side, const char *b, lang_side b_side);
/* Prepares a checked row for being asked, where it has many items. */
void lang_order_codes(base_arena *arena, lang_code_row *row);
void lang_check_reason(lang_checker *checker, lang_name reason, size_t remarks);
void lang_check_remark(lang_checker *checker, lang_name remark);

/* Expressions */
lang_type lang_check_value(lang_checker *checker, lang_expression *expression, lang_type hint);
void lang_check_condition(lang_checker *checker, lang_expression *expression);
lang_type lang_check_comparison(lang_checker *checker, lang_expression *expression);
lang_type lang_check_arithmetic(lang_checker *checker, lang_expression *expression);
lang_type lang_check_quantified(lang_checker *checker, lang_expression *expression);
lang_type lang_check_membership(lang_checker *checker, lang_expression *expression);
lang_type lang_check_path(lang_checker *checker, lang_expression *expression);
bool lang_adapt_literal(lang_checker *checker, lang_expression *literal, lang_type target);
/* Whether a value may be known only in bounds. */
bool lang_counts(const lang_expression *expression);
bool lang_is_numeric(lang_type type);
bool lang_is_ordered(lang_type type);
bool lang_is_flexible(const lang_expression *expression);
const char *lang_source_text(const lang_checker *checker, lang_span span);

/* Files of rows */
void lang_check_imports(lang_checker *checker, lang_table *table);
void lang_check_bulk_rows(lang_checker *checker, lang_table *table);
void lang_check_code_import(lang_checker *checker, lang_code_set *set, struct lang_code_row *row);

/* Declarations */
void lang_check_parameter(lang_checker *checker, lang_parameter *parameter);
void lang_check_table(lang_checker *checker, lang_table *table);

/* Whether two rows of a unique table hold for one input; prepares its rows for being found, too. */
void lang_index_rows(lang_checker *checker, lang_table *table);
/* The number of a literal, or of a word. */
int64_t lang_item_number(const lang_expression *literal);

/* The header and cells of a table whose columns are known. */
bool lang_check_rows(lang_checker *checker, lang_table *table);
void lang_check_clause(lang_checker *checker, lang_clause *clause);
void lang_check_test(lang_checker *checker, lang_test *test);
bool lang_check_literal_for(lang_checker *checker, lang_item *item, lang_type type);

#define LANG_PLAIN(kind) ((lang_type){LANG_TYPE_##kind, 0, false, false})

#endif
