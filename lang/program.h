/* A program: the policy files that are compiled together, their modules, and everything they declare.
 * lang_program_load reads and parses, lang_check resolves and types; both report into program->diagnostics. */
#ifndef LANG_PROGRAM_H
#define LANG_PROGRAM_H

#include "lang/diagnostics.h"

/* How the loader gets at files. Each returns false when there is no such file; the text goes into the arena. */
typedef struct lang_source {
    bool (*read)(void *state, base_arena *arena, const char *path, const char **text, size_t *length);
    void *state;
    /* Gives a file of rows in pieces, decompressed; false when there is none or it ends early. NULL: `read` is used. */
    bool (*pieces)(void *state, const char *path, bool (*take)(void *taker, const char *bytes, size_t length),
                   void *taker);
} lang_source;

enum {
    LANG_CLAUSE_LIMIT = 60000,    /* clauses of one program */
    LANG_LAYER_LIMIT = 32,        /* policies that extend one another */
    LANG_TABLE_ROW_LIMIT = 20000, /* written in a policy; files may hold more */
    LANG_TABLE_COLUMN_LIMIT = 60  /* inputs, and outputs, of one table */
};

typedef struct lang_program {
    base_arena *arena;
    lang_diagnostics diagnostics;
    lang_schema *schema; /* the standard schema and what the files add to it */
    BASE_ARRAY(lang_file *) files;
    BASE_ARRAY(lang_code_set *) code_sets; /* checked: named and in place */
    BASE_ARRAY(lang_parameter *) parameters;
    BASE_ARRAY(lang_table *) tables;
    BASE_ARRAY(lang_clause *) clauses; /* index == clause->index */
    BASE_ARRAY(lang_test *) tests;
    BASE_ARRAY(lang_measure *) measures;
    const struct lang_source *source; /* how files of rows are read, while the program is checked */
    bool full;                        /* it was told that there are too many files */
    base_date today;                  /* for `review by`; BASE_DATE_MIN for none */
} lang_program;

void lang_program_init(lang_program *program, base_arena *arena);

/* Reads a policy file from disk, as lang_source.read does. */
bool lang_read_disk(void *state, base_arena *arena, const char *path, const char **text, size_t *length);

/* Reads a file of rows from disk, gzipped or not, as lang_source.pieces does. */
bool lang_read_pieces(void *state, const char *path, bool (*take)(void *taker, const char *bytes, size_t length),
                      void *taker);

/* Loads the files at `paths` and, from their folders and the folders above, the modules they use. */
void lang_program_load(lang_program *program, const lang_source *source, const char *const *paths, size_t count);

/* Whether no more files can be read; tells of it once. */
bool lang_program_full(lang_program *program);

/* What a name stands for in a file while it is checked; afterwards only in those that override clauses. */
const lang_declared *lang_declared_in(const lang_file *file, const char *name);

/* Resolves names, codes, types, tables, clauses and tests. False when anything is wrong. */
bool lang_check(lang_program *program);

/* Whether a code set holds a code (normalized) on a day, by what was known on the day `as_of` (BASE_DATE_MAX: now). */
bool lang_code_set_holds(const lang_code_set *set, const char *code, base_date date, base_date as_of);

/* Whether the answer for that code differs between days. */
bool lang_code_set_dated(const lang_code_set *set, const char *code);

/* Whether that is so of any code. */
bool lang_code_set_asks_day(const lang_code_set *set);

/* Whether an item of codes (not a set) holds a normalized code. */
bool lang_item_holds(lang_code_system system, const lang_item *item, const char *code);

/* Writes who extends whom, and what each layer overrides or excepts. */
void lang_show_layers(const lang_program *program, base_text *out);

/* Writes every record, field and word that policies can name, as tables. */
void lang_show_schema(const lang_schema *schema, base_text *out);

/* Writes the tree, one node a line. */
void lang_dump_tree(const lang_program *program, base_text *out);

/* A day as text, in the arena. */
const char *lang_day_text(base_arena *arena, base_date day);

/* CARC codes: 0 unknown, 1 in use, 2 retired. */
int lang_reason_state(const char *code);
/* CARCs that a remittance must explain with a remark code. */
bool lang_reason_needs_remark(const char *code);

#endif
