/* adjudge fmt: lays policy files out in their one form. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "Usage: adjudge fmt PATH... [--check]\n"
    "       adjudge fmt -\n"
    "\n"
    "Lays policy files (or all .adj files under a folder) out in their one form: indents, aligned tables, one blank "
    "line\n"
    "between declarations. Comments stay, and so do line breaks within a part of a clause. A file is only written "
    "when\n"
    "something changes, and never when it does not parse. `-` reads standard input and writes standard output.\n"
    "\n"
    "  --check   change nothing; name the files that would change, and end with code 1 if there are any\n"
    "\n"
    "Exit codes: 0 everything is laid out; 1 with --check, something is not; 2 a file does not parse or cannot be "
    "read.\n"
    "\n"
    "Example:\n"
    "  adjudge fmt policies --check\n";

static char *read_stream(FILE *stream)
{
    size_t room = 1 << 16, length = 0;
    char *text = malloc(room);
    while (text != NULL) {
        length += fread(text + length, 1, room - length - 1, stream);
        if (length + 1 < room) break;
        char *grown = realloc(text, room *= 2);
        if (grown == NULL) free(text);
        text = grown;
    }
    if (text != NULL) text[length] = '\0';
    if (text != NULL && (ferror(stream) != 0 || strlen(text) != length)) {
        free(text);
        return NULL;
    }
    return text;
}

static char *read_file(const char *path)
{
    FILE *stream = fopen(path, "rb");
    char *text = stream == NULL ? NULL : read_stream(stream);
    if (stream != NULL) fclose(stream);
    return text;
}

/* Writes beside the file and renames, so that a full disk leaves the old text. */
static bool write_file(const char *path, const char *text)
{
    size_t room = strlen(path) + 8;
    char *beside = malloc(room);
    if (beside == NULL) return false;
    snprintf(beside, room, "%s.new", path);
    FILE *stream = fopen(beside, "wb");
    bool good = stream != NULL && fwrite(text, 1, strlen(text), stream) == strlen(text);
    if (stream != NULL && fclose(stream) != 0) good = false;
    good = good && rename(beside, path) == 0;
    if (!good) unlink(beside);
    free(beside);
    return good;
}

static int format_one(const char *path, bool check, bool *differs)
{
    char *source = strcmp(path, "-") == 0 ? read_stream(stdin) : read_file(path), *text = NULL;
    if (source == NULL) {
        fprintf(stderr, "adjudge fmt: %s cannot be read as text\n", path);
        return EXIT_INPUT;
    }
    adj_options options = {.colour = cli_colour(stderr)};
    adj_status status = adj_format(path, source, &options, &text);
    int code = status == ADJ_OK ? EXIT_CLEAN : status == ADJ_INVALID_POLICY ? EXIT_INPUT : EXIT_OURS;
    if (status == ADJ_INVALID_POLICY) {
        fputs(text, stderr);
    } else if (status != ADJ_OK) {
        fprintf(stderr, "adjudge fmt: %s: %s\n", path, adj_status_name(status));
    } else if (strcmp(path, "-") == 0) {
        fputs(text, stdout);
    } else if (strcmp(source, text) != 0) {
        *differs = true;
        printf("%s\n", path);
        if (!check && !write_file(path, text)) {
            fprintf(stderr, "adjudge fmt: %s cannot be written\n", path);
            code = EXIT_INPUT;
        }
    }
    adj_text_free(text, &options);
    free(source);
    return code;
}

int cli_fmt(int count, char **arguments)
{
    if (cli_wants_help(count, arguments)) {
        fputs(usage, stdout);
        return EXIT_CLEAN;
    }
    cli_texts files = {0};
    bool check = false, differs = false;
    int code = EXIT_CLEAN;
    for (int i = 1; i < count && code == EXIT_CLEAN; i++) {
        const char *argument = arguments[i];
        if (strcmp(argument, "--check") == 0)
            check = true;
        else if (strcmp(argument, "-") == 0)
            code = cli_texts_add(&files, "-") ? EXIT_CLEAN : EXIT_OURS;
        else if (argument[0] == '-')
            code = cli_usage_error("fmt", "there is no option %s", argument);
        else if (!cli_find_policies(argument, &files))
            code = EXIT_INPUT;
    }
    if (code == EXIT_CLEAN && files.count == 0) code = cli_usage_error("fmt", "no policy file was given");
    for (size_t i = 0; i < files.count && code != EXIT_OURS; i++) {
        int one = format_one(files.items[i], check, &differs);
        if (one != EXIT_CLEAN) code = one;
    }
    cli_texts_free(&files);
    if (code == EXIT_CLEAN && check && differs) code = EXIT_DENIED;
    return code;
}
