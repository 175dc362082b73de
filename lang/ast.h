/* The syntax tree of policy files. The parser builds it, the checker fills the fields marked "checked"; both live in
 * the arena of the program. Lists are arrays of pointers in source order. */
#ifndef LANG_AST_H
#define LANG_AST_H

#include "base/arena.h"
#include "base/date.h"
#include "lang/schema.h"

/* Bytes [start, end) of a source file, in eight bytes: every node of a tree and every name has one. */
typedef struct lang_span {
    uint64_t file : 16;
    uint64_t start : 24;
    uint64_t end : 24;
} lang_span;

enum {
    LANG_FILES_LIMIT = (1 << 16) - 1, /* files of one program */
    LANG_FILE_LIMIT = (1 << 24) - 1   /* bytes of one of them */
};

static inline lang_span lang_span_of(uint32_t file, uint32_t start, uint32_t end)
{
    return (lang_span){file & LANG_FILES_LIMIT, start & LANG_FILE_LIMIT, end & LANG_FILE_LIMIT};
}

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

/* [from, to], both inclusive; open ends are the first and last representable day. `known` is the day on which this
 * became known, the first representable one where nothing is said: a run that is pinned to an earlier day leaves it out. */
typedef struct lang_dates {
    base_date from;
    base_date to;
    base_date known;
} lang_dates;

#define LANG_ALWAYS ((lang_dates){BASE_DATE_MIN, BASE_DATE_MAX, BASE_DATE_MIN})

/* Whether what is dated so holds on every day. */
static inline bool lang_holds_always(lang_dates dates)
{
    return dates.from == BASE_DATE_MIN && dates.to == BASE_DATE_MAX;
}

/* Which day picks the version of a dated thing. */
typedef enum BASE_COMPACT lang_clock { LANG_CLOCK_SERVICE, LANG_CLOCK_RECEIVED } lang_clock;

typedef enum BASE_COMPACT lang_literal_kind {
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

typedef enum BASE_COMPACT lang_unit {
    LANG_UNIT_MINUTE,
    LANG_UNIT_HOUR,
    LANG_UNIT_DAY,
    LANG_UNIT_WEEK,
    LANG_UNIT_MONTH,
    LANG_UNIT_YEAR
} lang_unit;

typedef enum BASE_COMPACT lang_operator {
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

typedef enum BASE_COMPACT lang_quantifier {
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

typedef enum BASE_COMPACT lang_window_kind {
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
    LANG_WINDOW_SINCE,
    LANG_WINDOW_WITHIN_DAYS,   /* within n days before: the boundary day included */
    LANG_WINDOW_WITHIN_MONTHS, /* within n months before */
    LANG_WINDOW_NEXT_DAYS,
    LANG_WINDOW_NEXT_MONTHS,
    LANG_WINDOW_FISCAL_YEAR,
    LANG_WINDOW_PERIOD_DAYS, /* periods that begin with the first service and restart */
    LANG_WINDOW_PERIOD_MONTHS
} lang_window_kind;

typedef enum BASE_COMPACT lang_cut { LANG_CUT_NONE, LANG_CUT_SO_FAR, LANG_CUT_EARLIER } lang_cut;

typedef struct lang_window {
    lang_window_kind kind;
    lang_cut cut;
    bool whole;             /* later lines of the period included */
    int weekday;            /* on which weeks begin: 0 Sunday */
    int month, day;         /* on which fiscal years begin */
    int64_t length;         /* days or months */
    lang_expression *bound; /* the record of `during`, the date of `since` */
    bool given;             /* false where the source names no window */
    lang_span span;
} lang_window;

/* Whether two windows are the same days of every line; of those that are bound by something, whatever that is. */
bool lang_window_same(const lang_window *a, const lang_window *b);

typedef enum BASE_COMPACT lang_collection {
    LANG_COLLECTION_HISTORY,
    LANG_COLLECTION_CLAIM_LINES,
    LANG_COLLECTION_AUTHORIZATIONS,
    LANG_COLLECTION_SESSION_ATTENDANCE,
    LANG_COLLECTION_SESSION_LINES,
    LANG_COLLECTION_NONE
} lang_collection;

/* Whose history is counted. */
typedef enum BASE_COMPACT lang_history_key {
    LANG_HISTORY_MEMBER,
    LANG_HISTORY_RENDERING_PROVIDER,
    LANG_HISTORY_BILLING_PROVIDER,
    LANG_HISTORY_SESSION
} lang_history_key;

typedef enum BASE_COMPACT lang_presence { LANG_IS_PRESENT, LANG_IS_ABSENT } lang_presence;
typedef enum BASE_COMPACT lang_inclusion {
    LANG_INCLUDE_ONE,
    LANG_INCLUDE_ANY,
    LANG_INCLUDE_ALL,
    LANG_INCLUDE_NONE,
    LANG_INCLUDE_ONLY
} lang_inclusion;

typedef enum BASE_COMPACT lang_expression_kind {
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
    LANG_QUANTIFIED,
    LANG_PART,   /* month of D */
    LANG_DENIED, /* other is denied by C */
    LANG_TALLY   /* of a measure: count where C, sum of E where C */
} lang_expression_kind;

/* What `of` takes out of a date. */
typedef enum BASE_COMPACT lang_part { LANG_PART_YEAR, LANG_PART_QUARTER, LANG_PART_MONTH, LANG_PART_WEEKDAY } lang_part;

/* Functions that the language brings. */
typedef enum BASE_COMPACT lang_function {
#define LANG_FUNCTION(name, inputs, about) LANG_FUNCTION_##name,
#include "lang/functions.def"
#undef LANG_FUNCTION
    LANG_FUNCTION_NONE
} lang_function;

/* What the head of a path turned out to be (checked). */
typedef enum BASE_COMPACT lang_path_base {
    LANG_BASE_NONE,
    LANG_BASE_SUBJECT, /* a field of the subject */
    LANG_BASE_ELEMENT, /* a field of the innermost bound element */
    LANG_BASE_PARAMETER,
    LANG_BASE_LET,
    LANG_BASE_WORD,  /* a word of an enumeration */
    LANG_BASE_SET,   /* a code set, in a list of items */
    LANG_BASE_COUNT, /* {count} or {sum} in a message */
} lang_path_base;

typedef struct lang_define lang_define;

typedef struct lang_code_set lang_code_set;
typedef struct lang_parameter lang_parameter;
typedef struct lang_table lang_table;
typedef struct lang_let lang_let;

enum { LANG_PATH_DEPTH = 8 };

typedef struct lang_path {
    lang_names names;
    /* checked */
    union {
        lang_let *let;             /* of a LET */
        lang_parameter *parameter; /* of a PARAMETER */
        lang_code_set *set;        /* of a SET */
        int word;                  /* of a WORD */
    };
    uint16_t fields[LANG_PATH_DEPTH]; /* lang_field each; for a row, the output's index */
    uint8_t field_count;
    uint8_t prefix; /* of `fields`: those that lead from the line to the subject of a `for each claim` */
    uint8_t frame;  /* 0 the subject, 1 a bound element */
    lang_path_base base;
    bool row_output; /* the last of `fields` is an output of a table row */
    bool called;     /* as written: `table(inputs).output`; the first of `names` is the call, and `let` holds it */
} lang_path;

/* One member of a list after `in`, in `codes` or in a table cell: a literal, a range, or the name of a set; of `codes` a code or what codes
 * begin with is a text alone. */
typedef struct lang_item {
    lang_expression *low; /* NULL where it is such a text, `any` or `-` */
    union {
        lang_expression *high; /* NULL unless a range */
        const char *code;      /* its spelling, with the star of F32.*; checked: as it is compared, without */
    };
    uint32_t start; /* of its span, as is the length: see lang_item_span */
    uint32_t length : 24;
    bool any : 1;    /* table cells: `any` */
    bool absent : 1; /* table cells: `-` */
    bool text : 1;   /* `code` is its spelling */
    bool prefix : 1; /* of such a text: codes that begin with it */
} lang_item;

typedef BASE_ARRAY(lang_item) lang_items;

/* Such a text as a row of codes, which may have thousands, keeps it. */
typedef struct lang_code_text {
    const char *code;
    uint32_t start;
    uint32_t length : 24;
    bool prefix : 1;
} lang_code_text;

struct lang_expression {
    lang_span span;
    lang_type type;            /* checked */
    uint16_t depth : 12;       /* 1 for a leaf */
    uint16_t literal_unit : 4; /* lang_unit, of a LITERAL, as is its kind: they stand here because there is room */
    lang_expression_kind kind;
    lang_literal_kind literal_kind;
    union {
        struct {
            const char *spelling;
            int64_t value; /* as its kind keeps it; thousandths for a decimal */
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
            /* checked */
            lang_table *table;
            lang_function function; /* NONE unless one of the language's own */
            lang_expression *body;  /* of a `define`, with its inputs put in */
        } call;
        struct {
            lang_part part;
            lang_expression *value;
        } part;
        struct {
            lang_name subject; /* `this` or `other` */
            BASE_ARRAY(lang_names) names;
            BASE_ARRAY(lang_clause *) clauses; /* checked */
        } denied;
        struct {
            lang_quantifier quantifier; /* COUNT, SUM, MINIMUM, MAXIMUM */
            bool average;
            bool distinct;
            lang_expression *value; /* NULL for a count */
            lang_expression *where;
            bool over_lines; /* checked: of every line of the subject */
            size_t index;    /* checked: among the tallies of the measure */
        } tally;
        struct {
            lang_quantifier quantifier;
            lang_expression *bound;  /* at most N */
            lang_expression *value;  /* sum of V over; distinct V */
            lang_expression *second; /* distinct V, W */
            bool distinct;
            lang_history_key key;
            bool key_given;
            lang_span key_span;
            lang_name binder; /* `other`, or NULL */
            lang_expression *collection;
            lang_window window;
            lang_expression *where;
            lang_collection kind; /* checked */
        } quantified;
    } as;
};

/* The bytes that an expression of that kind takes: most are small, and a tree is mostly expressions. No more than those
 * are there to read, write or copy. */
size_t lang_expression_size(lang_expression_kind kind);

/* An item that stands in a span, and holds nothing yet. */
lang_item lang_item_at(lang_span span);

/* Where an item stands; `file` is the one that holds its list. */
lang_span lang_item_span(const lang_item *item, uint32_t file);

/* The set that an item names (checked); NULL for others. */
lang_code_set *lang_item_set(const lang_item *item);

/* The code that an item is, or that its range begins with; NULL for others. */
const char *lang_item_code(const lang_item *item);

struct lang_code_set {
    lang_name name; /* text is NULL for a set written in place */
    lang_file *file;
    lang_span span;
    lang_name system_name;
    lang_clock clock;
    bool overridable;
    lang_code_set *overrides; /* checked, of an override: what it replaces */
    struct lang_code_row {
        /* Texts, and what stands with them that is none: see lang_row_item. */
        BASE_ARRAY(lang_code_text) texts;
        lang_items items;
        lang_dates dates;
        bool except;
        lang_span span;
        struct lang_import *import;          /* rows from a file; NULL for rows written out */
        struct lang_bulk *bulk;              /* checked: those rows */
        const struct lang_code_order *order; /* checked: by which items are found, where there are many; else NULL */
    } *rows;
    uint32_t row_count;
    uint32_t row_capacity;
    /* checked */
    lang_code_system system;
    int state; /* 0 not looked at, 1 in progress, 2 done */
    bool used;
};
typedef struct lang_code_row lang_code_row;

/* The items of a row: first those that are texts. */
size_t lang_row_count(const lang_code_row *row);
lang_item lang_row_item(const lang_code_row *row, size_t index);

/* `allow LINT "reason"`: a warning that is meant. */
typedef struct lang_allow {
    lang_name lint;
    lang_name reason;
    lang_span scope; /* the declaration it stands in; the whole file in a header */
    bool used;
} lang_allow;

/* `from "file.csv" (column as "Header", ...)`. */
typedef struct lang_column_map {
    lang_name column; /* a column of the table, `from` or `to` */
    lang_name header;
} lang_column_map;

typedef struct lang_import {
    lang_name file; /* unquoted */
    BASE_ARRAY(lang_column_map) columns;
    lang_span span;
} lang_import;

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
    lang_clock clock;
    bool overridable;
    lang_parameter *overrides; /* checked, of an override: what it replaces */
    lang_type type;            /* checked */
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
    lang_dates dates;
    bool dated;
    lang_span span;
} lang_table_row;

typedef enum BASE_COMPACT lang_hit_policy { LANG_HIT_UNIQUE, LANG_HIT_FIRST, LANG_HIT_ALL } lang_hit_policy;

struct lang_bulk; /* the rows of a large file */

struct lang_table {
    lang_name name;
    lang_file *file;
    lang_span span;
    BASE_ARRAY(lang_table_column) inputs;
    BASE_ARRAY(lang_table_column) outputs;
    lang_hit_policy hit;
    bool partial; /* a key that no row holds is unknown, not absent */
    lang_clock clock;
    bool overridable;
    BASE_ARRAY(lang_table_row) rows; /* the first is the header */
    BASE_ARRAY(lang_import *) imports;
    /* checked */
    BASE_ARRAY(struct lang_bulk *) bulks;   /* by import */
    lang_table *overrides;                  /* of an override: what it replaces rows of */
    lang_table *merged;                     /* of an override: the table that results */
    const struct lang_row_index *row_index; /* of written rows, where there are many; else NULL */
    uint16_t index;                         /* among the tables of the program */
    bool used;
};

struct lang_let {
    lang_name name;
    lang_expression *value;
    /* checked */
    int state;              /* 0 not looked at, 1 in progress, 2 done */
    uint32_t parts, levels; /* of the value with all that it names put in */
};

struct lang_section {
    const char *title;
    lang_span span;
    lang_name subject;
    lang_expressions wheres;
    BASE_ARRAY(lang_let *) lets;
    BASE_ARRAY(lang_clause *) clauses;
};

typedef enum BASE_COMPACT lang_outcome {
    LANG_DENY,
    LANG_REVIEW,
    LANG_REDUCE,
    LANG_AUDIT,
    LANG_WARN,
    LANG_PASS
} lang_outcome;

typedef struct lang_exception {
    lang_expression *condition;
    lang_name name;
    const char *cite;
    lang_span span;
    /* of an `exception` declaration */
    lang_file *file;
    lang_dates dates;
    lang_clock clock;
    lang_expressions whens;
    BASE_ARRAY(lang_names) targets;
    BASE_ARRAY(lang_clause *) clauses; /* checked */
    /* of a `waiver` declaration, whose last day is that of `dates` */
    bool waiver;
    lang_name by, why;
    bool until_given;
} lang_exception;

/* A message is text with holes; `text` and `hole` alternate as the pieces come, one of them set in each. */
typedef struct lang_piece {
    const char *text;
    lang_expression *hole;
} lang_piece;

typedef BASE_ARRAY(lang_piece) lang_pieces;

/* What few clauses have. */
typedef struct lang_clause_extras {
    lang_name subject; /* `for each line`, where the clause says its own */
    lang_name fix;
    int64_t percent; /* thousandths of a percent, for `reduce` */
    lang_span unverified_span;
    /* checked */
    BASE_ARRAY(lang_exception *) foreign; /* exceptions that other declarations make to it */
    BASE_ARRAY(lang_exception *) waivers; /* decisions to let lines go all the same */
    BASE_ARRAY(lang_clause *) needs;      /* clauses that it asks about with `is denied by` */
    lang_clause *overrides;               /* of an override: what it replaces */
    lang_expression *counting;            /* the one counting or summing expression, if there is exactly one */
} lang_clause_extras;

struct lang_clause {
    lang_name name;
    lang_file *file;
    lang_section *section; /* NULL outside sections */
    lang_name cite;
    lang_expressions whens;
    lang_expression *requirement;
    BASE_ARRAY(lang_exception) exceptions;
    lang_name group_reason; /* CO-197 */
    BASE_ARRAY(lang_name) remarks;
    lang_name category;
    lang_name message;
    lang_pieces pieces;
    lang_clause_extras *extras; /* NULL for most: see lang_clause_has */
    /* checked */
    /* libraries have tens of thousands of clauses: small things stand side by side */
    lang_span span;
    lang_dates dates;
    int32_t priority; /* smaller speaks first; 1000 unless stated */
    uint32_t index;   /* checked: among the clauses of the program */
    bool forbid;
    bool binds; /* checked: the requirement is the `exists other` of a forbid */
    bool requirement_given;
    bool outcome_given;
    lang_outcome outcome;
    bool dates_given;
    lang_clock clock;
    bool overridable;
    bool unknown_given;
    lang_outcome if_unknown;
    bool unverified; /* nobody read the source that it cites */
    uint8_t state;   /* checked: of the walk for circles among what it needs */
};

/* What a clause has of what few have: nothing, as a rule. */
const lang_clause_extras *lang_clause_has(const lang_clause *clause);

/* The same to be written; NULL when memory runs out. */
lang_clause_extras *lang_clause_extend(base_arena *arena, lang_clause *clause);

/* What an override replaces; the clause itself, if it is none. */
const lang_clause *lang_clause_replaced(const lang_clause *clause);

/* The nearest layer, from a policy upwards, that names payers, plans or products, for whose lines it then is; NULL where none does, and it is for
 * all. */
const lang_file *lang_naming_payers(const lang_file *policy);
const lang_file *lang_naming_plans(const lang_file *policy);
const lang_file *lang_naming_products(const lang_file *policy);

typedef enum BASE_COMPACT lang_given_kind {
    LANG_GIVEN_LINE,
    LANG_GIVEN_VALUE,
    LANG_GIVEN_HISTORY,
    LANG_GIVEN_AS_OF
} lang_given_kind;

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

/* A pure function: `define NAME(INPUT: TYPE, ...) : TYPE = EXPRESSION`. */
typedef struct lang_input {
    lang_name name;
    lang_name type_name;
    lang_type type; /* checked */
} lang_input;

struct lang_define {
    lang_name name;
    lang_file *file;
    lang_span span;
    BASE_ARRAY(lang_input) inputs;
    lang_name type_name;
    lang_expression *body;
    lang_type type;         /* checked */
    int state;              /* checked: 1 while its body is being checked */
    uint32_t parts, levels; /* checked: of its body with all that it names put in */
    bool used;
};

/* Records, extensions, code systems and enumerations of a site. */
typedef struct lang_field_row {
    lang_name name;
    lang_name type_name;
    bool list;
    lang_names words; /* optional, correctable, key */
    lang_name feed;
    lang_item standard; /* of `default` */
    bool standard_given;
    lang_name label;
    BASE_ARRAY(lang_names) joins;
    lang_span span;
} lang_field_row;

typedef enum BASE_COMPACT lang_schema_kind {
    LANG_SCHEMA_RECORD,
    LANG_SCHEMA_EXTEND,
    LANG_SCHEMA_SYSTEM,
    LANG_SCHEMA_ENUMERATION
} lang_schema_kind;

typedef struct lang_schema_declaration {
    lang_schema_kind kind;
    lang_name name;
    lang_name label;
    lang_span span;
    BASE_ARRAY(lang_field_row) rows;
    lang_names words; /* of an enumeration */
} lang_schema_declaration;

/* An aggregate over evaluated encounters. */
typedef struct lang_measure {
    lang_name name;
    lang_file *file;
    lang_span span;
    lang_name title;
    lang_name cite;
    lang_name subject;
    lang_expression *where;
    lang_expressions by;
    lang_expression *value;
    struct lang_alert {
        lang_name word;         /* above, below, apart */
        lang_expression *bound; /* NULL for `apart` */
        int64_t percent;        /* thousandths of a percent, for `apart` */
        lang_span span;
    } *alert; /* NULL for none */
    /* checked */
    lang_record record;
    lang_expressions tallies;
} lang_measure;

/* What one name stands for in a file; NULL where nothing. */
typedef struct lang_declared {
    lang_code_set *code_set;
    lang_parameter *parameter;
    lang_table *table;
    lang_define *define;
    lang_clause *clause;
    lang_clause *clause_override;
} lang_declared;

struct lang_file {
    uint32_t index;
    const char *path;
    const char *text;
    size_t length;
    uint32_t *line_marks; /* where every LANG_LINES_A_MARKth line begins, from the first on */
    size_t line_count;
    bool is_module;
    lang_names name;
    lang_span name_span;
    const char *full_name; /* the dotted name in one string */
    bool root;             /* named on the command line, not only extended */
    lang_names extends;    /* the layer above; empty for none */
    lang_span extends_span;
    lang_file *base;                /* resolved by the loader */
    BASE_ARRAY(lang_file *) layers; /* policies that extend this one */
    lang_clock clock;
    lang_name title;
    lang_name source;
    BASE_ARRAY(lang_name) payers;
    BASE_ARRAY(lang_name) plans;
    BASE_ARRAY(lang_name) products; /* claim filing indicators (SBR09) */
    lang_dates dates;
    bool dates_given;
    base_date review_by;
    bool review_given;
    lang_span review_span;
    BASE_ARRAY(uint32_t) starts; /* of declarations, in order */
    BASE_ARRAY(lang_use) uses;
    BASE_ARRAY(lang_code_set *) code_sets;
    BASE_ARRAY(lang_parameter *) parameters;
    BASE_ARRAY(lang_table *) tables;
    BASE_ARRAY(lang_section *) sections;
    BASE_ARRAY(lang_clause *) clauses;
    BASE_ARRAY(lang_clause *) loose; /* those outside sections */
    BASE_ARRAY(lang_code_set *) code_overrides;
    BASE_ARRAY(lang_parameter *) parameter_overrides;
    BASE_ARRAY(lang_table *) table_overrides;
    BASE_ARRAY(lang_clause *) clause_overrides;
    BASE_ARRAY(lang_exception *) exceptions;
    BASE_ARRAY(lang_define *) defines;
    BASE_ARRAY(lang_measure *) measures;
    BASE_ARRAY(lang_schema_declaration *) schema;
    BASE_ARRAY(lang_allow) allows;
    BASE_ARRAY(const lang_expression *)
    digits; /* bare numbers and codes as written: the checker tells which they are */
    BASE_ARRAY(lang_test *) tests;
    char *hole_memory; /* of the scanner of holes, while the text is parsed */
    size_t hole_size;
    struct base_intern *words; /* of the text, while it is parsed */
    struct base_intern *names; /* checked: of all declarations; ids are places in `declared` */
    BASE_ARRAY(lang_declared) declared;
    lang_section *section; /* the one that further clauses fall under, while parsing */
    bool header_seen;
};

const char *lang_outcome_name(lang_outcome outcome);
const char *lang_window_name(lang_window_kind kind);
const char *lang_collection_name(lang_collection collection);
const char *lang_history_key_name(lang_history_key key);

/* The function of that name; LANG_FUNCTION_NONE if there is none. */
lang_function lang_function_find(const char *name);
const char *lang_function_name(lang_function function);

/* Where the declaration around an offset begins and ends. */
uint32_t lang_declaration_start(const lang_file *file, uint32_t offset);
uint32_t lang_declaration_end(const lang_file *file, uint32_t offset);

/* "session.minutes" for a path; in the arena. */
const char *lang_path_text(base_arena *arena, const lang_names *names);

#endif
