/* What the subcommands share: their entry points, exit codes, and how options are read. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "adjudge.h"

#include <stdio.h>

enum { EXIT_CLEAN = 0, EXIT_DENIED = 1, EXIT_INPUT = 2, EXIT_OURS = 3 };

int cli_check(int count, char **arguments);
int cli_test(int count, char **arguments);
int cli_dump(int count, char **arguments);
int cli_measure(int count, char **arguments);
int cli_fmt(int count, char **arguments);
int cli_explain(int count, char **arguments);
int cli_layers(int count, char **arguments);
int cli_table(int count, char **arguments);
int cli_import(int count, char **arguments);
int cli_history(int count, char **arguments);
int cli_reproduce(int count, char **arguments);
int cli_convert(int count, char **arguments);
int cli_generate(int count, char **arguments);
int cli_new(int count, char **arguments);

/* Ends with a message on standard error and the exit code for wrong input. */
int cli_usage_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether --help or -h stands among the arguments. */
bool cli_wants_help(int count, char **arguments);

/* A growing list of texts. */
typedef struct cli_texts {
    char **items;
    size_t count;
} cli_texts;

bool cli_texts_add(cli_texts *texts, const char *text);
void cli_texts_free(cli_texts *texts);

/* Adds the policy files at a path: the file itself, or every .adj file under a folder, in the order of their names. */
bool cli_find_policies(const char *path, cli_texts *files);

bool cli_colour(FILE *stream);

/* The day by which review dates are judged, in days since 1970-01-01 and UTC: SOURCE_DATE_EPOCH where it is set, so that
 * a build or a test that must give the same bytes on any day can, or the clock's. */
int32_t cli_today(void);

/* Compiles policies and shows their diagnostics; an exit code, EXIT_CLEAN if *policies can be used. */
int cli_compile(const cli_texts *files, adj_evaluator evaluator, int32_t today, bool keep_sources,
                adj_policies **policies);

bool cli_read_evaluator(const char *word, adj_evaluator *evaluator);

#endif
