/* Finding policy files, compiling them, and telling a terminal from a file. */
#include "cli/cli.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

bool cli_wants_help(int count, char **arguments)
{
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--help") == 0 || strcmp(arguments[i], "-h") == 0) return true;
    }
    return false;
}

bool cli_texts_add(cli_texts *texts, const char *text)
{
    char **grown = realloc(texts->items, (texts->count + 1) * sizeof *grown);
    if (grown == NULL) return false;
    texts->items = grown;
    texts->items[texts->count] = strdup(text);
    if (texts->items[texts->count] == NULL) return false;
    texts->count++;
    return true;
}

void cli_texts_free(cli_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) free(texts->items[i]);
    free(texts->items);
    *texts = (cli_texts){0};
}

static bool ends_with(const char *text, const char *ending)
{
    size_t length = strlen(text), tail = strlen(ending);
    return length >= tail && strcmp(text + length - tail, ending) == 0;
}

static int wanted(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

bool cli_find_policies(const char *path, cli_texts *files)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        fprintf(stderr, "adjudge: there is no policy file or folder %s\n", path);
        return false;
    }
    if (!S_ISDIR(status.st_mode)) return cli_texts_add(files, path);
    struct dirent **entries;
    int count = scandir(path, &entries, wanted, alphasort);
    if (count < 0) {
        fprintf(stderr, "adjudge: the folder %s cannot be read\n", path);
        return false;
    }
    bool good = true;
    for (int i = 0; i < count; i++) {
        size_t room = strlen(path) + strlen(entries[i]->d_name) + 2;
        char *inner = malloc(room);
        if (inner != NULL) {
            bool slash = ends_with(path, "/");
            snprintf(inner, room, "%s%s%s", path, slash ? "" : "/", entries[i]->d_name);
            bool folder = stat(inner, &status) == 0 && S_ISDIR(status.st_mode);
            if (folder || ends_with(inner, ".adj")) good = cli_find_policies(inner, files) && good;
        }
        free(inner);
        free(entries[i]);
    }
    free(entries);
    return good;
}

bool cli_colour(FILE *stream)
{
    const char *off = getenv("NO_COLOR");
    return (off == NULL || *off == '\0') && isatty(fileno(stream)) != 0;
}

int32_t cli_today(void)
{
    enum { seconds_a_day = 86400, last_day = 2932896 /* 9999-12-31 */ };
    const char *fixed = getenv("SOURCE_DATE_EPOCH");
    char *end = NULL;
    long long seconds = fixed == NULL || *fixed == '\0' ? 0 : strtoll(fixed, &end, 10);
    if (end == NULL || *end != '\0') seconds = (long long)time(NULL);
    long long day = seconds / seconds_a_day;
    return day > 0 && day <= last_day ? (int32_t)day : 0;
}

/* Where machine code is kept from one start to the next: ADJUDGE_CACHE, empty for nowhere, else the user's folder for such things. */
static const char *code_cache(char *room, size_t size)
{
    const char *own = getenv("ADJUDGE_CACHE"), *common = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (own != NULL) return *own == '\0' ? NULL : own;
    int length = -1;
    if (common != NULL && *common == '/')
        length = snprintf(room, size, "%s/adjudge", common);
    else if (home != NULL && *home == '/')
        length = snprintf(room, size, "%s/.cache/adjudge", home);
    return length > 0 && (size_t)length < size ? room : NULL;
}

int cli_compile(const cli_texts *files, adj_evaluator evaluator, int32_t today, bool keep_sources,
                adj_policies **policies)
{
    adj_options options = {
        .evaluator = evaluator, .colour = cli_colour(stderr), .today = today, .keep_sources = keep_sources};
    char room[4096];
    options.code_cache = code_cache(room, sizeof room);
    adj_status status = adj_policies_compile((const char *const *)files->items, files->count, &options, policies);
    if (*policies != NULL) fputs(adj_policies_diagnostics(*policies), stderr);
    if (status == ADJ_OK) return EXIT_CLEAN;
    if (status == ADJ_INVALID_POLICY) return EXIT_INPUT;
    fprintf(stderr, "adjudge: %s\n", adj_status_name(status));
    return EXIT_OURS;
}

bool cli_read_evaluator(const char *word, adj_evaluator *evaluator)
{
    static const char *const words[] = {"best", "interpreter", "machine", "both"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i], word) != 0) continue;
        *evaluator = (adj_evaluator)i;
        return true;
    }
    return false;
}
