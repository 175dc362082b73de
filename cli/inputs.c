/* Options and files of the commands that judge claims. */
#include "cli/inputs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_date_option(const cli_inputs *inputs, const char *name, const char *text, bool *given, int32_t *day)
{
    *given = text != NULL && adj_read_date(text, day);
    if (*given) return EXIT_CLEAN;
    return cli_usage_error(inputs->command, "%s takes a date that exists, as YYYY-MM-DD", name);
}

static int read_history(cli_inputs *inputs, const char *word)
{
    bool own = word != NULL && strcmp(word, "own") == 0, complete = word != NULL && strcmp(word, "complete") == 0;
    inputs->history_is_own = own;
    return own || complete ? EXIT_CLEAN : cli_usage_error(inputs->command, "--history takes complete or own");
}

static int read_threads(cli_inputs *inputs, const char *value)
{
    char *end = NULL;
    unsigned long threads = value == NULL || *value < '0' || *value > '9' ? 0 : strtoul(value, &end, 10);
    if (threads < 1 || threads > 1024 || *end != '\0')
        return cli_usage_error(inputs->command, "--threads takes a number from 1 to 1024");
    inputs->threads = (unsigned)threads;
    return EXIT_CLEAN;
}

unsigned cli_inputs_threads(const cli_inputs *inputs)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (inputs->threads > 0) return inputs->threads;
    return processors < 1 ? 1 : processors > 64 ? 64 : (unsigned)processors;
}

int cli_inputs_option(cli_inputs *inputs, const char *name, const char *value)
{
    if (strcmp(name, "--policy") == 0) {
        if (value == NULL) return cli_usage_error(inputs->command, "--policy takes a file or folder");
        inputs->policy_missing = !cli_find_policies(value, &inputs->policies) || inputs->policy_missing;
        return EXIT_CLEAN;
    }
    if (strcmp(name, "--with") == 0) {
        if (value == NULL) return cli_usage_error(inputs->command, "--with takes a side file");
        return cli_texts_add(&inputs->sides, value) ? EXIT_CLEAN : EXIT_OURS;
    }
    if (strcmp(name, "--columns") == 0) {
        if (value == NULL)
            return cli_usage_error(inputs->command, "--columns takes a file that says what columns mean");
        return cli_texts_add(&inputs->columns, value) ? EXIT_CLEAN : EXIT_OURS;
    }
    if (strcmp(name, "--store") == 0) {
        if (value == NULL) return cli_usage_error(inputs->command, "--store takes a file, or postgresql://...");
        inputs->store = value;
        return EXIT_CLEAN;
    }
    if (strcmp(name, "--rejects") == 0) {
        if (value == NULL) return cli_usage_error(inputs->command, "--rejects takes the name of a file to write");
        inputs->rejects = value;
        return EXIT_CLEAN;
    }
    if (strcmp(name, "--history") == 0) return read_history(inputs, value);
    if (strcmp(name, "--submit-on") == 0)
        return read_date_option(inputs, name, value, &inputs->submit_given, &inputs->submit_on);
    if (strcmp(name, "--as-of") == 0)
        return read_date_option(inputs, name, value, &inputs->as_of_given, &inputs->as_of);
    if (strcmp(name, "--threads") == 0) return read_threads(inputs, value);
    if (strcmp(name, "--evaluator") == 0) {
        if (value != NULL && cli_read_evaluator(value, &inputs->evaluator)) return EXIT_CLEAN;
        return cli_usage_error(inputs->command, "--evaluator takes best, interpreter, machine or both");
    }
    return -1;
}

/* Whether a path is one of the files that will be read, by whatever name. */
static bool is_an_input(const cli_inputs *inputs, const char *path)
{
    struct stat wanted, other;
    if (stat(path, &wanted) != 0) return false;
    const cli_texts *lists[] = {&inputs->columns, &inputs->claims, &inputs->sides, &inputs->policies};
    for (size_t l = 0; l < 4; l++) {
        for (size_t i = 0; i < lists[l]->count; i++) {
            bool same =
                stat(lists[l]->items[i], &other) == 0 && wanted.st_dev == other.st_dev && wanted.st_ino == other.st_ino;
            if (same && S_ISREG(wanted.st_mode)) return true;
        }
    }
    return false;
}

int cli_inputs_complete(const cli_inputs *inputs)
{
    if (inputs->policy_missing) return EXIT_INPUT;
    if (inputs->claims.count == 0) return cli_usage_error(inputs->command, "no claims file was given");
    if (inputs->policies.count == 0) return cli_usage_error(inputs->command, "no policy was given; add --policy PATH");
    if (inputs->save && inputs->store == NULL)
        return cli_usage_error(inputs->command, "--save keeps the run in a store; add --store WHERE");
    for (size_t i = 0; inputs->save && i < inputs->claims.count + inputs->sides.count; i++) {
        const char *path =
            i < inputs->claims.count ? inputs->claims.items[i] : inputs->sides.items[i - inputs->claims.count];
        if (strcmp(path, "-") == 0)
            return cli_usage_error(inputs->command, "--save keeps the inputs too; standard input cannot be read twice");
    }
    if (inputs->rejects != NULL && is_an_input(inputs, inputs->rejects))
        return cli_usage_error(inputs->command, "--rejects names %s, which is an input", inputs->rejects);
    return EXIT_CLEAN;
}

void cli_show_problems(const adj_encounters *encounters)
{
    static const char *const words[] = {"error", "warning", "note"};
    for (size_t i = 0; i < adj_encounters_problem_count(encounters); i++) {
        adj_problem p = adj_encounters_problem(encounters, i);
        fprintf(stderr, "%s[%s]: %s", words[p.severity], p.code, p.file);
        if (p.line > 0) fprintf(stderr, ":%zu", p.line);
        if (p.line > 0 && p.column > 0) fprintf(stderr, ":%zu", p.column);
        if (p.segment > 0) fprintf(stderr, " (segment %zu)", p.segment);
        if (p.claim != NULL && *p.claim != '\0') fprintf(stderr, " claim %s", p.claim);
        fprintf(stderr, ": %s\n", p.message);
    }
}

int cli_inputs_load(const cli_inputs *inputs, adj_encounters *encounters)
{
    if (inputs->store == NULL) return EXIT_CLEAN;
    adj_store *store = NULL;
    adj_status status = adj_store_open(inputs->store, true, NULL, &store);
    if (status == ADJ_OK) status = adj_store_load(store, encounters, 0);
    if (status != ADJ_OK) fprintf(stderr, "adjudge %s: %s\n", inputs->command, adj_store_message(store));
    adj_store_free(store);
    return status == ADJ_OK ? EXIT_CLEAN : status == ADJ_OUT_OF_MEMORY ? EXIT_OURS : EXIT_INPUT;
}

static int read_all(const cli_inputs *inputs, adj_encounters *encounters)
{
    int code = EXIT_CLEAN;
    const cli_texts *lists[] = {&inputs->columns, &inputs->claims, &inputs->sides};
    const adj_role roles[] = {ADJ_ROLE_BY_CONTENT, ADJ_ROLE_JUDGED, ADJ_ROLE_BESIDE};
    for (size_t l = 0; l < 3; l++) {
        for (size_t i = 0; i < lists[l]->count; i++) {
            adj_status status = adj_encounters_read_as(encounters, lists[l]->items[i], roles[l]);
            if (status == ADJ_OUT_OF_MEMORY) return EXIT_OURS;
            if (status != ADJ_OK) code = EXIT_INPUT;
        }
    }
    int loaded = cli_inputs_load(inputs, encounters);
    if (loaded != EXIT_CLEAN) return EXIT_OURS + loaded;
    return adj_encounters_finish(encounters) == ADJ_OK ? code : EXIT_OURS;
}

/* The last part of a path. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* Writes what could not be read: to the file itself, or, where several inputs have rejects, to one file for each, whose
 * name ends in the input's. Without any, the file is there and empty. */
int cli_write_rejects(const cli_inputs *inputs, const adj_encounters *encounters)
{
    if (inputs->rejects == NULL) return EXIT_CLEAN;
    size_t count = adj_encounters_rejects_count(encounters);
    for (size_t i = 0; i < count || i == 0; i++) {
        const char *name;
        size_t length;
        const char *text = adj_encounters_rejects(encounters, i, &name, &length);
        char path[4096];
        snprintf(path, sizeof path, "%s%s%s", inputs->rejects, count > 1 ? "." : "", count > 1 ? base_name(name) : "");
        FILE *out = fopen(path, "wb");
        bool good = out != NULL && fwrite(text, 1, length, out) == length;
        if (out != NULL) good = fclose(out) == 0 && good;
        if (!good) {
            fprintf(stderr, "adjudge %s: %s cannot be written\n", inputs->command, path);
            return EXIT_INPUT;
        }
        if (count > 0) fprintf(stderr, "What could not be read of %s is in %s.\n", name, path);
    }
    return EXIT_CLEAN;
}

char *cli_read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    char *bytes = NULL;
    *length = 0;
    size_t room = 0;
    bool more = file != NULL;
    while (more) {
        room = room == 0 ? 1 << 16 : room * 2;
        char *grown = realloc(bytes, room);
        if (grown == NULL) break;
        bytes = grown;
        *length += fread(bytes + *length, 1, room - *length, file);
        more = *length == room;
    }
    bool good = file != NULL && !more && ferror(file) == 0;
    if (file != NULL) fclose(file);
    if (good) return bytes;
    free(bytes);
    return NULL;
}

int cli_inputs_begin(const cli_inputs *inputs, adj_policies **policies, adj_encounters **encounters)
{
    int code = EXIT_CLEAN;
    if (inputs->policies.count > 0)
        code = cli_compile(&inputs->policies, ADJ_EVALUATOR_INTERPRETER, cli_today(), false, policies);
    if (code != EXIT_CLEAN) return code;
    adj_options options = {.redact = inputs->redact, .threads = cli_inputs_threads(inputs)};
    *encounters = *policies == NULL ? adj_encounters_new(&options) : adj_encounters_new_for(*policies, &options);
    if (*encounters == NULL) return EXIT_OURS;
    if (inputs->history_is_own) adj_encounters_history_is_own(*encounters);
    if (inputs->rejects != NULL) adj_encounters_keep_rejects(*encounters);
    return EXIT_CLEAN;
}

void cli_inputs_prepare(const cli_inputs *inputs, adj_encounters *encounters)
{
    if (inputs->history_is_own) adj_encounters_history_is_own(encounters);
    if (inputs->submit_given) adj_encounters_submit_on(encounters, inputs->submit_on);
    if (inputs->as_of_given) adj_encounters_as_of(encounters, inputs->as_of);
    if (inputs->rejects != NULL) adj_encounters_keep_rejects(encounters);
}

/* Compiles what is to be judged by; an exit code. */
int cli_inputs_compile(const cli_inputs *inputs, adj_policies **policies)
{
    int32_t today = inputs->as_of_given ? inputs->as_of : cli_today();
    int code = cli_compile(&inputs->policies, inputs->evaluator, today, inputs->save, policies);
    bool nothing =
        code == EXIT_CLEAN && adj_policies_policy_count(*policies) == 0 && adj_policies_measure_count(*policies) == 0;
    if (!nothing) return code;
    return cli_usage_error(inputs->command,
                           "the policy files hold only modules; name a file that begins with `policy`");
}

int cli_inputs_read(const cli_inputs *inputs, adj_policies **policies, adj_encounters **encounters)
{
    int code = cli_inputs_compile(inputs, policies);
    if (code != EXIT_CLEAN) return code;
    adj_options options = {.redact = inputs->redact, .threads = cli_inputs_threads(inputs)};
    *encounters = adj_encounters_new_for(*policies, &options);
    if (*encounters == NULL) return EXIT_OURS;
    cli_inputs_prepare(inputs, *encounters);
    code = read_all(inputs, *encounters);
    if (code > EXIT_OURS) { /* the store failed: nothing may be judged without it */
        adj_encounters_free(*encounters);
        *encounters = NULL;
        return code - EXIT_OURS;
    }
    cli_show_problems(*encounters);
    int written = code == EXIT_OURS ? code : cli_write_rejects(inputs, *encounters);
    return written == EXIT_CLEAN ? code : written;
}

int cli_inputs_evaluate(const cli_inputs *inputs, const adj_policies *policies, const adj_encounters *encounters,
                        adj_results **results)
{
    adj_options evaluation = {
        .evaluator = inputs->evaluator, .redact = inputs->redact, .threads = cli_inputs_threads(inputs)};
    adj_status status = adj_evaluate(policies, encounters, &evaluation, results);
    if (status == ADJ_OK) return EXIT_CLEAN;
    bool lacking = status == ADJ_NOT_FOUND;
    fprintf(stderr, "adjudge %s: %s\n", inputs->command,
            lacking ? "this build has no machine code" : adj_status_name(status));
    return lacking ? EXIT_INPUT : EXIT_OURS;
}

void cli_inputs_free(cli_inputs *inputs)
{
    cli_texts_free(&inputs->claims);
    cli_texts_free(&inputs->policies);
    cli_texts_free(&inputs->sides);
    cli_texts_free(&inputs->columns);
}
