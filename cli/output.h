/* Files that a command writes into a folder, or one on standard output. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "cli/cli.h"

enum { CLI_OUTPUT_LIMIT = 24 };

/* Files open for writing, by name; each is begun anew when it is first written to. */
typedef struct cli_output {
    const char *folder; /* NULL for standard output */
    size_t count;
    char names[CLI_OUTPUT_LIMIT][64];
    FILE *files[CLI_OUTPUT_LIMIT];
    bool failed;
} cli_output;

/* An adj_write whose state is a cli_output. */
bool cli_output_write(void *state, const char *file, const char *bytes, size_t length);

/* Makes the folder where it is not there; an exit code. */
int cli_output_begin(cli_output *output, const char *command, const char *folder);

/* Closes all; an exit code. */
int cli_output_end(cli_output *output, const char *command);

#endif
