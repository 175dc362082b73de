/* The syntax tree of policy files. The parser builds it, the checker fills the fields marked "checked"; both live in
 * the arena of the program. Lists are arrays of pointers in source order. */
#ifndef LANG_AST_H
#define LANG_AST_H

#include "base/arena.h"
#include "base/date.h"
#include "lang/schema.h"

/* Bytes [start, end) of a source file. */
typedef struct lang_span {
    uint32_t file;
    uint32_t start;
    uint32_t end;
} lang_span;

typedef struct lang_expression lang_expression;
typedef struct lang_clause lang_clause;
typedef struct lang_section lang_section;
typedef struct lang_file lang_file;

typedef BASE_ARRAY(lang_expression *) lang_expressions;

typedef struct lang_name {
    const char *text; /* NULL where the source left it out */
    lang_span span;
} lang_name;

/* A dotted name: `harbor.group_psychotherapy`, `session.minutes`, `this.procedure`. */
typedef BASE_ARRAY(lang_name) lang_names;

/* [from, to], both inclusive; open ends are the first and last representable day. */
typedef struct lang_dates {
    base_date from;
    base_date to;
} lang_dates;

typedef enum lang_literal_kind {
    LANG_LITERAL_DIGITS, /* 90853, 12: a number or a code, as its place says */
    LANG_LITERAL_DECIMAL,
    LANG_LITERAL_MONEY,
    LANG_LITERAL_DATE,
    LANG_LITERAL_TIME, /* 09:30 */
    LANG_LITERAL_TEXT,
    LANG_LITERAL_CODE,
    LANG_LITERAL_PREFIX, /* F32.* without the star */
    LANG_LITERAL_DURATION,
    LANG_LITERAL_TRUTH,
    LANG_LITERAL_NONE
} lang_literal_kind;

typedef enum lang_unit {
    LANG_UNIT_MINUTE,
    LANG_UNIT_HOUR,
    LANG_UNIT_DAY,
    LANG_UNIT_WEEK,
    LANG_UNIT_MONTH,
    LANG_UNIT_YEAR
} lang_unit;

typedef enum lang_operator {
    LANG_EQUAL,
    LANG_NOT_EQUAL,
    LANG_LESS,
    LANG_AT_MOST,
    LANG_GREATER,
    LANG_AT_LEAST,
    LANG_ADD,
    LANG_SUBTRACT,
    LANG_MULTIPLY,
    LANG_DIVIDE
} lang_operator;

typedef enum lang_quantifier {
    LANG_EXISTS,
    LANG_NO,
    LANG_EVERY,
    LANG_AT_MOST_OF,
    LANG_AT_LEAST_OF,
    LANG_MORE_THAN_OF,
    LANG_FEWER_THAN_OF,
    LANG_COUNT_OF,
    LANG_SUM_OF,
    LANG_MINIMUM_OF,
    LANG_MAXIMUM_OF
} lang_quantifier;

typedef enum lang_window_kind {
    LANG_WINDOW_LIFETIME,
    LANG_WINDOW_SAME_DAY,
    LANG_WINDOW_LAST_DAYS,
    LANG_WINDOW_LAST_MONTHS,
    LANG_WINDOW_SAME_WEEK,
    LANG_WINDOW_SAME_MONTH,
    LANG_WINDOW_SAME_QUARTER,
    LANG_WINDOW_SAME_YEAR,
    LANG_WINDOW_BENEFIT_YEAR,
    LANG_WINDOW_DURING,
    LANG_WINDOW_SINCE
} lang_window_kind;

typedef enum lang_cut { LANG_CUT_NONE, LANG_CUT_SO_FAR, LANG_CUT_EARLIER } lang_cut;

typedef struct lang_window {
    lang_window_kind kind;
    lang_cut cut;
    int64_t length;         /* days or months */
    lang_expression *bound; /* the record of `during`, the date of `since` */
    bool given;             /* false where the source names no window */
    lang_span span;
} lang_window;

typedef enum lang_collection {
    LANG_COLLECTION_HISTORY,
    LANG_COLLECTION_CLAIM_LINES,
    LANG_COLLECTION_AUTHORIZATIONS,
    LANG_COLLECTION_SESSION_ATTENDANCE,
    LANG_COLLECTION_NONE
} lang_collection;

typedef enum lang_presence { LANG_IS_PRESENT, LANG_IS_ABSENT } lang_presence;
typedef enum lang_inclusion { LANG_INCLUDE_ONE, LANG_INCLUDE_ANY, LANG_INCLUDE_ALL, LANG_INCLUDE_NONE } lang_inclusion;

typedef enum lang_expression_kind {
    LANG_LITERAL,
    LANG_PATH,
    LANG_NOT,
    LANG_NEGATE,
    LANG_AND,
    LANG_OR,
    LANG_COMPARE,
    LANG_ARITHMETIC,
    LANG_BETWEEN,
    LANG_IN,
    LANG_PRESENCE,
    LANG_INCLUDE,
    LANG_CONTAIN,
    LANG_OVERLAP,
    LANG_OR_ELSE,
    LANG_CALL,
    LANG_QUANTIFIED
} lang_expression_kind;

/* What the head of a path turned out to be (checked). */
typedef enum lang_path_base {
    LANG_BASE_NONE,
    LANG_BASE_SUBJECT, /* a field of the subject */
    LANG_BASE_ELEMENT, /* a field of the innermost bound element */
    LANG_BASE_PARAMETER,
    LANG_BASE_LET,
    LANG_BASE_WORD,  /* a word of an enumeration */
    LANG_BASE_SET,   /* a code set, in a list of items */
    LANG_BASE_COUNT, /* {count} or {sum} in a message */
} lang_path_base;

typedef struct lang_code_set lang_code_set;
typedef struct lang_parameter lang_parameter;
typedef struct lang_table lang_table;
typedef struct lang_let lang_let;

enum { LANG_PATH_DEPTH = 8 };

typedef struct lang_path {
    lang_names names;
    /* checked */
    lang_path_base base;
    int frame; /* 0 the subject, 1 a bound element */
    lang_parameter *parameter;
    lang_let *let;
    lang_code_set *set;
    int word;
    size_t field_count;
    uint16_t fields[LANG_PATH_DEPTH]; /* lang_field each; for a row, the output's index */
    bool row_output;                  /* the last of `fields` is an output of a table row */
} lang_path;

/* One member of a list after `in`, in `codes` or in a table cell: a literal, a range, or the name of a set. */
typedef struct lang_item {
    lang_expression *low;
    lang_expression *high; /* NULL unless a range */
    lang_span span;
    bool any;    /* table cells: `any` */
    bool absent; /* table cells: `-` */
    /* checked */
    lang_code_set *set;
} lang_item;

typedef BASE_ARRAY(lang_item) lang_items;

struct lang_expression {
    lang_expression_kind kind;
    lang_span span;
    lang_type type; /* checked */
    uint16_t depth; /* 1 for a leaf */
    union {
        struct {
            lang_literal_kind kind;
            const char *spelling;
            int64_t value; /* as its kind keeps it; thousandths for a decimal */
            int64_t value_to;
            lang_unit unit;
        } literal;
        lang_path path;
        struct {
            lang_operator operator_kind;
            lang_expression *left;
            lang_expression *right;
        } binary; /* also NOT, NEGATE (left), AND, OR, OR_ELSE, CONTAIN, OVERLAP */
        struct {
            lang_expression *value;
            lang_expression *low;
            lang_expression *high;
        } between;
        struct {
            lang_expression *value;
            lang_items items;
            lang_inclusion inclusion;
            lang_code_set *anonymous; /* checked: the items as a set, where all are codes */
        } membership;                 /* IN and INCLUDE */
        struct {
            lang_expression *value;
            lang_presence presence;
        } presence;
        struct {
            lang_name name;
            lang_expressions arguments;
            lang_table *table; /* checked */
        } call;
        struct {
            lang_quantifier quantifier;
            lang_expression *bound; /* at most N */
            lang_expression *value; /* sum of V over */
            lang_name binder;       /* `other`, or NULL */
            lang_expression *collection;
            lang_window window;
            lang_expression *where;
            lang_collection kind; /* checked */
        } quantified;
    } as;
};

struct lang_code_set {
    lang_name name; /* text is NULL for a set written in place */
    lang_file *file;
    lang_span span;
    lang_name system_name;
    struct lang_code_row {
        lang_items items;
        lang_dates dates;
        bool except;
        lang_span span;
    } *rows;
    size_t row_count;
    size_t row_capacity;
    /* checked */
    lang_code_system system;
    int state; /* 0 not looked at, 1 in progress, 2 done */
    bool used;
};
typedef struct lang_code_row lang_code_row;

typedef struct lang_parameter_row {
    lang_expression *value;
    lang_dates dates;
    lang_span span;
} lang_parameter_row;

struct lang_parameter {
    lang_name name;
    lang_file *file;
    lang_span span;
    lang_name type_name;
    BASE_ARRAY(lang_parameter_row) rows;
    const char *cite;
    lang_type type; /* checked */
    bool used;
};

typedef struct lang_table_column {
    lang_name name;         /* outputs */
    lang_expression *input; /* inputs: a path of the line */
    lang_name type_name;    /* outputs */
    bool optional;
    lang_span span;
    lang_type type; /* checked */
} lang_table_column;

typedef struct lang_cell {
    lang_items items; /* a single item or a list */
    lang_span span;
} lang_cell;

typedef struct lang_table_row {
    BASE_ARRAY(lang_cell) cells;
    lang_span span;
} lang_table_row;

struct lang_table {
    lang_name name;
    lang_file *file;
    lang_span span;
    BASE_ARRAY(lang_table_column) inputs;
    BASE_ARRAY(lang_table_column) outputs;
    bool first;                      /* hit policy `first`; else `unique` */
    BASE_ARRAY(lang_table_row) rows; /* the first is the header */
    uint16_t index;                  /* checked: among the tables of the program */
    bool used;
};

struct lang_let {
    lang_name name;
    lang_expression *value;
    int state; /* checked: 0 not looked at, 1 in progress, 2 done */
};

struct lang_section {
    const char *title;
    lang_span span;
    lang_name subject;
    lang_expressions wheres;
    BASE_ARRAY(lang_let *) lets;
};

typedef enum lang_outcome { LANG_DENY, LANG_REVIEW, LANG_REDUCE, LANG_AUDIT, LANG_WARN, LANG_PASS } lang_outcome;

typedef struct lang_exception {
    lang_expression *condition;
    lang_name name;
    const char *cite;
    lang_span span;
} lang_exception;

/* A message is text with holes; `text` and `hole` alternate as the pieces come, one of them set in each. */
typedef struct lang_piece {
    const char *text;
    lang_expression *hole;
} lang_piece;

typedef BASE_ARRAY(lang_piece) lang_pieces;

struct lang_clause {
    lang_name name;
    lang_file *file;
    lang_section *section; /* NULL outside sections */
    lang_span span;
    lang_name cite;
    lang_name subject; /* `for each line`, where the clause says its own */
    lang_expressions whens;
    lang_expression *requirement;
    bool forbid;
    bool requirement_given;
    BASE_ARRAY(lang_exception) exceptions;
    bool outcome_given;
    lang_outcome outcome;
    int64_t percent;        /* thousandths of a percent, for `reduce` */
    lang_name group_reason; /* CO-197 */
    BASE_ARRAY(lang_name) remarks;
    lang_name category;
    lang_name message;
    lang_pieces pieces;
    lang_name fix;
    lang_dates dates;
    bool dates_given;
    bool unknown_given;
    lang_outcome if_unknown;
    int64_t priority; /* smaller speaks first; 1000 unless stated */
    /* checked */
    lang_expression *counting; /* the one counting or summing expression, if there is exactly one */
    lang_expression *binding;  /* the `exists other` of a forbid */
    size_t index;              /* among the clauses of the program */
};

typedef enum lang_given_kind { LANG_GIVEN_LINE, LANG_GIVEN_VALUE, LANG_GIVEN_HISTORY } lang_given_kind;

typedef struct lang_given {
    lang_given_kind kind;
    lang_span span;
    lang_expression *code; /* line and history */
    lang_expression *date;
    lang_expression *times; /* history N lines */
    lang_name unit;         /* `lines` or `line` */
    lang_name cadence;      /* weekly */
    lang_expression *path;  /* value: the field's path */
    lang_items values;
    /* checked */
    lang_field field;
    lang_record record;
} lang_given;

typedef struct lang_expectation {
    lang_name verdict; /* deny, pass, cannot tell, ... */
    lang_name group_reason;
    BASE_ARRAY(lang_name) remarks;
    lang_names clause; /* empty for the whole line */
    lang_expressions needing;
    int64_t line; /* 1 unless stated */
    bool line_given;
    lang_span span;
    lang_clause *target; /* checked */
} lang_expectation;

typedef struct lang_test {
    lang_name title;
    lang_file *file;
    lang_span span;
    BASE_ARRAY(lang_given) givens;
    BASE_ARRAY(lang_expectation) expectations;
} lang_test;

typedef struct lang_use {
    lang_names name;
    lang_span span;
    lang_file *target; /* resolved by the loader */
} lang_use;

struct lang_file {
    uint32_t index;
    const char *path;
    const char *text;
    size_t length;
    uint32_t *line_starts; /* offsets; line_count of them */
    size_t line_count;
    bool is_module;
    lang_names name;
    lang_span name_span;
    const char *full_name; /* the dotted name in one string */
    lang_name title;
    lang_name source;
    BASE_ARRAY(lang_name) payers;
    BASE_ARRAY(lang_name) plans;
    lang_dates dates;
    bool dates_given;
    base_date review_by;
    bool review_given;
    BASE_ARRAY(lang_use) uses;
    BASE_ARRAY(lang_code_set *) code_sets;
    BASE_ARRAY(lang_parameter *) parameters;
    BASE_ARRAY(lang_table *) tables;
    BASE_ARRAY(lang_section *) sections;
    BASE_ARRAY(lang_clause *) clauses;
    BASE_ARRAY(lang_test *) tests;
    lang_section *section; /* the one that further clauses fall under, while parsing */
    bool header_seen;
};

const char *lang_outcome_name(lang_outcome outcome);
const char *lang_window_name(lang_window_kind kind);
const char *lang_collection_name(lang_collection collection);

/* "session.minutes" for a path; in the arena. */
const char *lang_path_text(base_arena *arena, const lang_names *names);

#endif
