/* Writing files into a folder. */
#include "cli/output.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static FILE *file_of(cli_output *output, const char *name)
{
    if (output->folder == NULL) return stdout;
    for (size_t i = 0; i < output->count; i++) {
        if (strcmp(output->names[i], name) == 0) return output->files[i];
    }
    if (output->count == CLI_OUTPUT_LIMIT) return NULL;
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", output->folder, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL) return NULL;
    snprintf(output->names[output->count], sizeof output->names[0], "%s", name);
    output->files[output->count++] = file;
    return file;
}

bool cli_output_write(void *state, const char *file, const char *bytes, size_t length)
{
    cli_output *output = state;
    FILE *stream = file_of(output, file);
    bool good = stream != NULL && fwrite(bytes, 1, length, stream) == length;
    output->failed = output->failed || !good;
    return good;
}

int cli_output_begin(cli_output *output, const char *command, const char *folder)
{
    *output = (cli_output){.folder = folder};
    if (folder == NULL || mkdir(folder, 0777) == 0) return EXIT_CLEAN;
    struct stat status;
    bool there = errno == EEXIST && stat(folder, &status) == 0 && S_ISDIR(status.st_mode);
    return there ? EXIT_CLEAN : cli_usage_error(command, "the folder %s cannot be made", folder);
}

int cli_output_end(cli_output *output, const char *command)
{
    for (size_t i = 0; i < output->count; i++) {
        if (fclose(output->files[i]) != 0) output->failed = true;
    }
    if (output->folder == NULL && (fflush(stdout) != 0 || ferror(stdout) != 0)) output->failed = true;
    output->count = 0;
    if (!output->failed) return EXIT_CLEAN;
    fprintf(stderr, "adjudge %s: what was made could not be written\n", command);
    return EXIT_INPUT;
}
