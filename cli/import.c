/* adjudge import: adds files to a store, all of them or none. */
#include "cli/inputs.h"

#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: adjudge import FILE... --store WHERE [options]\n"
    "\n"
    "Adds what the files tell to a store, from which `adjudge check --store WHERE` takes it: history, sessions, "
    "attendance,\n"
    "authorizations, eligibility, remittances, schedule, rates; claims of one's own as claims that are known. The "
    "files are\n"
    "one transaction: if a record of one cannot be read, nothing is added. A file that was imported before changes "
    "nothing;\n"
    "a record that stands already is replaced, and what it was stays known to the runs that were kept before.\n"
    "\n"
    "  --store WHERE    an SQLite file, made when new; or a PostgreSQL server: postgresql://user@host/database\n"
    "  --columns FILE   what other people's column names, words and dates mean (docs/formats.md)\n"
    "  --policy PATH    policy files that declare records and fields of your own\n"
    "  --history WORD   complete (the default) or own, as in `adjudge check`\n"
    "  --rejects FILE   write what could not be read there\n"
    "\n"
    "Exit codes: 0 imported, or known already; 2 a file or the store cannot be read; 3 adjudge itself failed.\n"
    "\n"
    "Example:\n"
    "  adjudge import examples/demo/history.csv examples/demo/sessions.csv --store practice.db\n";

/* Digests of all files; an exit code. */
static int digest_files(const cli_texts *paths, adj_import_file *files, char (*digests)[65])
{
    for (size_t i = 0; i < paths->count; i++) {
        if (!adj_digest_file(paths->items[i], digests[i])) {
            bool able = adj_digest("", 0, digests[i]);
            fprintf(
                stderr, "adjudge import: %s: %s\n", paths->items[i],
                able ? "there is no such file, or it cannot be read"
                     : "its digest cannot be worked out: OpenSSL's libcrypto.so.3 cannot be loaded; install libssl3");
            return EXIT_INPUT;
        }
        files[i] = (adj_import_file){paths->items[i], digests[i], ""};
    }
    return EXIT_CLEAN;
}

/* Records at a time. */
enum { BATCH = 4096 };

typedef struct importing {
    adj_store *store;
    adj_import import;
    adj_status failed; /* the store's own */
} importing;

static bool add_batch(void *state, adj_encounters *batch)
{
    importing *i = state;
    cli_show_problems(batch);
    i->failed = adj_store_add(i->store, batch, &i->import);
    return i->failed == ADJ_OK;
}

/* Reads all files into the import that has begun; an exit code. */
static int read_all(const cli_inputs *inputs, adj_encounters *encounters, importing *i)
{
    int code = EXIT_CLEAN;
    for (size_t c = 0; c < inputs->columns.count; c++) {
        if (adj_encounters_read(encounters, inputs->columns.items[c]) != ADJ_OK) code = EXIT_INPUT;
    }
    adj_status status = ADJ_OK;
    for (size_t f = 0; i->failed == ADJ_OK && status != ADJ_OUT_OF_MEMORY && f < inputs->claims.count; f++) {
        status = adj_encounters_read_batches(encounters, inputs->claims.items[f], ADJ_ROLE_BESIDE, BATCH, add_batch, i);
        if (status != ADJ_OK) code = EXIT_INPUT;
    }
    if (status == ADJ_OUT_OF_MEMORY) return EXIT_OURS;
    if (i->failed == ADJ_OK && adj_encounters_end_batches(encounters, add_batch, i) == ADJ_OUT_OF_MEMORY)
        return EXIT_OURS;
    if (i->failed == ADJ_OUT_OF_MEMORY) return EXIT_OURS;
    if (i->failed != ADJ_OK) {
        fprintf(stderr, "adjudge import: %s\n", adj_store_message(i->store));
        return EXIT_INPUT;
    }
    return adj_encounters_rejected_count(encounters) > 0 ? EXIT_INPUT : code;
}

static int end_import(importing *i, int code)
{
    if (code == EXIT_CLEAN && adj_store_end_import(i->store) != ADJ_OK) {
        fprintf(stderr, "adjudge import: %s\n", adj_store_message(i->store));
        return EXIT_INPUT;
    }
    if (code != EXIT_CLEAN) {
        if (i->failed == ADJ_OK) adj_store_give_up_import(i->store);
        if (code == EXIT_INPUT) fprintf(stderr, "adjudge import: nothing was imported\n");
        return code;
    }
    const adj_import *import = &i->import;
    printf("Import %lld: %zu record%s, %zu new, %zu changed, %zu known already.\n", (long long)import->number,
           import->records, import->records == 1 ? "" : "s", import->added, import->changed,
           import->records - import->added - import->changed);
    return EXIT_CLEAN;
}

static int import_files(const cli_inputs *inputs, adj_store *store, const adj_import_file *files)
{
    bool known = true;
    for (size_t i = 0; i < inputs->claims.count; i++) known = adj_store_has(store, &files[i]) && known;
    if (known) {
        printf("%s imported before; nothing changes.\n", inputs->claims.count == 1 ? "The file was" : "All files were");
        return EXIT_CLEAN;
    }
    adj_policies *policies = NULL;
    adj_encounters *encounters = NULL;
    importing i = {.store = store};
    int code = cli_inputs_begin(inputs, &policies, &encounters);
    if (code == EXIT_CLEAN && adj_store_begin_import(store, files, inputs->claims.count, &i.import) != ADJ_OK) {
        fprintf(stderr, "adjudge import: %s\n", adj_store_message(store));
        code = EXIT_INPUT;
    } else if (code == EXIT_CLEAN) {
        code = read_all(inputs, encounters, &i);
        if (cli_write_rejects(inputs, encounters) != EXIT_CLEAN && code == EXIT_CLEAN) code = EXIT_INPUT;
        code = end_import(&i, code);
    }
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    return code;
}

static int run(const cli_inputs *inputs)
{
    adj_import_file *files = calloc(inputs->claims.count + 1, sizeof *files);
    char(*digests)[65] = calloc(inputs->claims.count + 1, sizeof *digests);
    int code = files == NULL || digests == NULL ? EXIT_OURS : digest_files(&inputs->claims, files, digests);
    adj_store *store = NULL;
    if (code == EXIT_CLEAN && adj_store_open(inputs->store, false, NULL, &store) != ADJ_OK) {
        fprintf(stderr, "adjudge import: %s\n", adj_store_message(store));
        code = EXIT_INPUT;
    }
    if (code == EXIT_CLEAN) code = import_files(inputs, store, files);
    adj_store_free(store);
    free(files);
    free(digests);
    return code;
}

int cli_import(int count, char **arguments)
{
    if (cli_wants_help(count, arguments)) {
        fputs(usage, stdout);
        return EXIT_CLEAN;
    }
    cli_inputs inputs = {.command = "import"};
    int code = EXIT_CLEAN;
    for (int i = 1; i < count && code == EXIT_CLEAN; i++) {
        if (arguments[i][0] != '-') {
            code = cli_texts_add(&inputs.claims, arguments[i]) ? EXIT_CLEAN : EXIT_OURS;
            continue;
        }
        code = cli_inputs_option(&inputs, arguments[i], i + 1 < count ? arguments[i + 1] : NULL);
        if (code < 0) code = cli_usage_error("import", "there is no option %s", arguments[i]);
        i++;
    }
    if (code == EXIT_CLEAN && inputs.claims.count == 0) code = cli_usage_error("import", "no file was given");
    if (code == EXIT_CLEAN && inputs.store == NULL)
        code = cli_usage_error("import", "no store was given; add --store WHERE");
    if (code == EXIT_CLEAN && inputs.policy_missing) code = EXIT_INPUT;
    if (code == EXIT_CLEAN) code = run(&inputs);
    cli_inputs_free(&inputs);
    return code;
}
