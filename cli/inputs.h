/* What commands that judge claims take: policies, claims and what lies beside them. */
#ifndef CLI_INPUTS_H
#define CLI_INPUTS_H

#include "cli/cli.h"

typedef struct cli_inputs {
    const char *command;
    cli_texts claims, policies, sides, columns;
    adj_evaluator evaluator;
    bool redact, history_is_own, submit_given, as_of_given, policy_missing;
    int32_t submit_on, as_of;
    unsigned threads;    /* that judge; 0: as many as there are processors */
    const char *store;   /* the store to load from; NULL for none */
    bool save;           /* keep the run there */
    const char *rejects; /* where to write what could not be read; NULL for nowhere */
} cli_inputs;

/* Reads an option with a value; -1 if it is none of these. */
int cli_inputs_option(cli_inputs *inputs, const char *name, const char *value);

/* Says what is missing, once all options are read. */
int cli_inputs_complete(const cli_inputs *inputs);

/* Compiles the policies and reads every file. An exit code; EXIT_INPUT with *encounters set if some could be read. */
int cli_inputs_read(const cli_inputs *inputs, adj_policies **policies, adj_encounters **encounters);

int cli_inputs_compile(const cli_inputs *inputs, adj_policies **policies);

/* What is to be known before reading, of encounters that are new. */
void cli_inputs_prepare(const cli_inputs *inputs, adj_encounters *encounters);

/* Adds what the store knows, if one was named; an exit code. */
int cli_inputs_load(const cli_inputs *inputs, adj_encounters *encounters);

/* How many threads judge and explain: as many as there are processors, unless a number is given. */
unsigned cli_inputs_threads(const cli_inputs *inputs);

/* Judges what was read; an exit code. */
int cli_inputs_evaluate(const cli_inputs *inputs, const adj_policies *policies, const adj_encounters *encounters,
                        adj_results **results);
/* Encounters to read into, of the policies' schema where some are given; an exit code. */
int cli_inputs_begin(const cli_inputs *inputs, adj_policies **policies, adj_encounters **encounters);

/* Writes what could not be read to --rejects; an exit code. */
int cli_write_rejects(const cli_inputs *inputs, const adj_encounters *encounters);

/* Keeps the run and its predictions in the store; an exit code. */
int cli_inputs_save(const cli_inputs *inputs, const adj_policies *policies, adj_results *results);

/* All bytes of a file, which the caller frees; NULL where it cannot be read. */
char *cli_read_file(const char *path, size_t *length);

/* Problems of inputs on standard error. */
void cli_show_problems(const adj_encounters *encounters);

void cli_inputs_free(cli_inputs *inputs);

#endif
