/* The state of one parse: a file's bytes in, a lang_file out. Expects UTF-8 text; produces a tree with names
 * unresolved; leaves every check to lang/check. Private to the lexer, the grammar and parser.c. */
#ifndef LANG_PARSER_H
#define LANG_PARSER_H

#include "base/intern.h"
#include "lang/diagnostics.h"

enum {
    LANG_DEPTH_LIMIT = 400, /* nesting of one expression */
    LANG_NAME_LIMIT = 64    /* bytes of one name */
};

/* What the scanner returns beside the grammar's tokens; outside their range. */
enum {
    LANG_SCAN_NEWLINE = 100001,
    LANG_SCAN_UNTERMINATED,
    LANG_SCAN_CAPITAL,
    LANG_SCAN_CURLY /* a text between typographic quotes */,
    LANG_SCAN_BAD,
    LANG_SCAN_WORD
};

typedef enum lang_row_mode { LANG_ROWS_NONE, LANG_ROWS_LINES, LANG_ROWS_TABLE } lang_row_mode;

typedef struct lang_parser {
    base_arena *arena;
    lang_diagnostics *diagnostics;
    lang_file *file;
    void *scanner;
    base_arena memory;  /* of the scanner of a whole file: given back after the scan */
    base_intern *words; /* of the file that is being read; in `memory`, unless files share them */
    char *reserve;      /* what is left of the scanner's memory */
    size_t reserve_left;
    uint32_t token_start;
    uint32_t token_end;
    int previous; /* the token before, for `.` and row ends */
    lang_row_mode rows;
    int start_token; /* fed before the first scanned one; 0 when done */
    bool after_bar;  /* in a row of a table */
    bool ended;
    bool hole_mode;
    lang_expression *hole;
    lang_items cell;
    lang_code_row row;      /* of codes, while it is read; in `memory` */
    lang_expression *spare; /* a literal that is not wanted */
    base_text piece;        /* of a message, while it is put together */
    /* what is being built */
    lang_code_set *codes;
    lang_parameter *parameter;
    lang_table *table;
    lang_section *section;
    lang_clause *clause;
    lang_test *test;
    lang_exception *exception;
    lang_define *define;
    lang_measure *measure;
    lang_schema_declaration *schema;
    lang_import *import;
    bool table_override;
    lang_history_key key; /* of the collection just read */
    bool key_given;
    lang_span key_span;
    bool overriding;   /* the declaration at hand follows `override` */
    bool overridable;  /* or `overridable` */
    uint32_t told;     /* one more than where a slip was told of; 0 for none */
    bool out_of_place; /* the declaration at hand was refused; its parts are dropped */
} lang_parser;

/* Parses one file into `file` (path, text, length and index set). Diagnostics tell of errors; false on failure. The words of several
 * files that are read one after the other may be one table, whose texts are the arena's; NULL for none. */
bool lang_parse_file(base_arena *arena, lang_diagnostics *diagnostics, lang_file *file, base_intern *words);

/* Parses the expression of one message hole: the bytes [start, end) of the file. NULL after an error. */
lang_expression *lang_parse_hole(base_arena *arena, lang_diagnostics *diagnostics, lang_file *file, uint32_t start,
                                 uint32_t end);

/* Parses the bytes [start, end) of a file as one cell of a table. False after an error. */
bool lang_parse_cell(base_arena *arena, lang_diagnostics *diagnostics, lang_file *file, uint32_t start, uint32_t end,
                     lang_items *items);

/* Writes the tokens of a file, one a line. */
void lang_dump_tokens(base_arena *arena, lang_file *file, base_text *out);

/* Whether a slip was told of on the line on which a span begins: what follows there is no second one. */
bool lang_told_on_line(const lang_parser *parser, lang_span span);

/* For the lexer. */
void lang_scan_advance(lang_parser *parser, size_t length);
lang_name lang_scan_name(lang_parser *parser, const char *text, size_t length);

/* 0 if a number and the word after it are a duration; else the number's length, and the token ends there. */
size_t lang_scan_duration(lang_parser *parser, const char *text, size_t length);

/* 0 if a phrase ends where its last word does; else the length of its first word, and the token ends there. */
size_t lang_scan_broken(lang_parser *parser, const char *text, size_t length);
void *lang_scan_alloc(lang_parser *parser, size_t size);
void *lang_scan_regrow(lang_parser *parser, void *block, size_t size);

#endif
