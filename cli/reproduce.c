/* Keeping a run with all that it came from, and adjudge reproduce: making it again and comparing. */
#include "cli/inputs.h"
#include "cli/report.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "Usage: adjudge reproduce RUN --store WHERE [options]\n"
                            "\n"
                            "Makes the predictions of a run that `adjudge check --save` kept again: from the policies, "
                            "tables and inputs of that\n"
                            "day, which the store keeps with their digests, and from what the store knew then. "
                            "Compares the digest of all verdicts.\n"
                            "\n"
                            "  --format WORD      text (the default), json or csv, as in `adjudge check`\n"
                            "  --only-findings    leave out lines that pass\n"
                            "  --no-summary       leave out the totals\n"
                            "  --evaluator WORD   best, interpreter, machine or both\n"
                            "\n"
                            "Exit codes: 0 and 1 as in `adjudge check`, where the predictions are the same; 2 the "
                            "store has no such run; 3 they are\n"
                            "not the same.\n";

/* ---- keeping ---- */

static json_t *content(adj_store *store, const char *name, const char *bytes, size_t length, const char *role)
{
    char digest[65];
    if (adj_store_put_content(store, bytes, length, digest) != ADJ_OK) return NULL;
    return json_pack("{s:s, s:s, s:s}", "name", name, "digest", digest, "role", role);
}

static bool add_sources(adj_store *store, const adj_policies *policies, json_t *list)
{
    for (size_t i = 0; i < adj_policies_source_count(policies); i++) {
        const char *name;
        size_t length;
        const char *text = adj_policies_source(policies, i, &name, &length);
        if (json_array_append_new(list, content(store, name, text, length, "")) != 0) return false;
    }
    return true;
}

static bool add_inputs(adj_store *store, const cli_texts *paths, const char *role, json_t *list)
{
    for (size_t i = 0; i < paths->count; i++) {
        size_t length;
        char *bytes = cli_read_file(paths->items[i], &length);
        bool good =
            bytes != NULL && json_array_append_new(list, content(store, paths->items[i], bytes, length, role)) == 0;
        free(bytes);
        if (!good) return false;
    }
    return true;
}

static json_t *facts_of(const cli_inputs *inputs, const adj_policies *policies, adj_store *store)
{
    json_t *sources = json_array(), *files = json_array(), *paths = json_array();
    bool good = add_sources(store, policies, sources) && add_inputs(store, &inputs->columns, "columns", files) &&
                add_inputs(store, &inputs->claims, "claims", files) &&
                add_inputs(store, &inputs->sides, "beside", files);
    for (size_t i = 0; i < inputs->policies.count; i++)
        json_array_append_new(paths, json_string(inputs->policies.items[i]));
    json_t *facts = json_pack("{s:s, s:o, s:o, s:o, s:b, s:i}", "version", adj_version(), "sources", sources,
                              "policies", paths, "inputs", files, "own_history", (int)inputs->history_is_own, "today",
                              (int)(inputs->as_of_given ? inputs->as_of : cli_today()));
    if (inputs->submit_given) json_object_set_new(facts, "submit_on", json_integer(inputs->submit_on));
    if (inputs->as_of_given) json_object_set_new(facts, "as_of", json_integer(inputs->as_of));
    if (good) return facts;
    json_decref(facts);
    return NULL;
}

int cli_inputs_save(const cli_inputs *inputs, const adj_policies *policies, adj_results *results)
{
    if (!inputs->save) return EXIT_CLEAN;
    adj_store *store = NULL;
    adj_run run = {0};
    adj_status status = adj_store_open(inputs->store, true, NULL, &store);
    json_t *facts = status == ADJ_OK ? facts_of(inputs, policies, store) : NULL;
    char *text = facts == NULL ? NULL : json_dumps(facts, JSON_COMPACT);
    if (text != NULL) status = adj_store_save_run(store, results, text, &run);
    bool good = text != NULL && status == ADJ_OK;
    if (good)
        fprintf(stderr, "Kept as run %lld, predictions %s.\n", (long long)run.number, run.digest);
    else
        fprintf(stderr, "adjudge %s: %s\n", inputs->command,
                *adj_store_message(store) != '\0' ? adj_store_message(store) : "the run could not be kept");
    free(text);
    json_decref(facts);
    adj_store_free(store);
    return good ? EXIT_CLEAN : EXIT_INPUT;
}

/* ---- making again ---- */

typedef struct reproduction {
    adj_store *store;
    json_t *facts;
    adj_evaluator evaluator;
    adj_policies *policies;
    adj_encounters *encounters;
    adj_results *results;
} reproduction;

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

static int missing(const reproduction *r)
{
    fprintf(stderr, "adjudge reproduce: %s\n", adj_store_message(r->store));
    return EXIT_INPUT;
}

static int compile(reproduction *r)
{
    const json_t *sources = json_object_get(r->facts, "sources"), *paths = json_object_get(r->facts, "policies");
    size_t count = json_array_size(sources), path_count = json_array_size(paths);
    const char **names = calloc(count + 1, sizeof *names), **texts = calloc(count + 1, sizeof *texts);
    const char **roots = calloc(path_count + 1, sizeof *roots);
    size_t *lengths = calloc(count + 1, sizeof *lengths);
    int code = names == NULL || texts == NULL || roots == NULL || lengths == NULL ? EXIT_OURS : EXIT_CLEAN;
    for (size_t i = 0; i < count && code == EXIT_CLEAN; i++) {
        const json_t *source = json_array_get(sources, i);
        names[i] = text_of(source, "name");
        if (adj_store_get_content(r->store, text_of(source, "digest"), &texts[i], &lengths[i]) != ADJ_OK)
            code = missing(r);
    }
    for (size_t i = 0; i < path_count && code == EXIT_CLEAN; i++)
        roots[i] = json_string_value(json_array_get(paths, i));
    adj_options options = {.evaluator = r->evaluator,
                           .today = (int32_t)json_integer_value(json_object_get(r->facts, "today"))};
    if (code == EXIT_CLEAN) {
        adj_status status =
            adj_policies_compile_sources(roots, path_count, names, texts, lengths, count, &options, &r->policies);
        if (status != ADJ_OK) {
            fputs(r->policies == NULL ? "" : adj_policies_diagnostics(r->policies), stderr);
            code = EXIT_OURS; /* they compiled that day */
        }
    }
    free(names);
    free(texts);
    free(roots);
    free(lengths);
    return code;
}

static int read_inputs(reproduction *r, int64_t last_import)
{
    const json_t *files = json_object_get(r->facts, "inputs"), *day = json_object_get(r->facts, "submit_on");
    r->encounters = adj_encounters_new_for(r->policies, NULL);
    if (r->encounters == NULL) return EXIT_OURS;
    if (day != NULL) adj_encounters_submit_on(r->encounters, (int32_t)json_integer_value(day));
    day = json_object_get(r->facts, "as_of");
    if (day != NULL) adj_encounters_as_of(r->encounters, (int32_t)json_integer_value(day));
    if (json_is_true(json_object_get(r->facts, "own_history"))) adj_encounters_history_is_own(r->encounters);
    for (size_t i = 0; i < json_array_size(files); i++) {
        const json_t *file = json_array_get(files, i);
        const char *bytes, *role = text_of(file, "role");
        size_t length;
        if (adj_store_get_content(r->store, text_of(file, "digest"), &bytes, &length) != ADJ_OK) return missing(r);
        adj_role as = strcmp(role, "claims") == 0   ? ADJ_ROLE_JUDGED
                      : strcmp(role, "beside") == 0 ? ADJ_ROLE_BESIDE
                                                    : ADJ_ROLE_BY_CONTENT;
        if (adj_encounters_read_bytes_as(r->encounters, text_of(file, "name"), bytes, length, as) == ADJ_OUT_OF_MEMORY)
            return EXIT_OURS;
    }
    /* Before the first import there is nothing to load, and 0 would mean the last. */
    if (last_import > 0 && adj_store_load(r->store, r->encounters, last_import) != ADJ_OK) return missing(r);
    return adj_encounters_finish(r->encounters) == ADJ_OK ? EXIT_CLEAN : EXIT_OURS;
}

static int make_again(reproduction *r, int64_t number, const cli_format *format, bool only_findings, bool no_summary)
{
    adj_run run;
    if (adj_store_read_run(r->store, number, &run) != ADJ_OK) return missing(r);
    json_error_t error;
    r->facts = json_loads(run.facts, 0, &error);
    if (r->facts == NULL) {
        fprintf(stderr, "adjudge reproduce: what run %lld came from cannot be read: %s\n", (long long)number,
                error.text);
        return EXIT_INPUT;
    }
    int code = compile(r);
    if (code == EXIT_CLEAN) code = read_inputs(r, run.last_import);
    if (code != EXIT_CLEAN) return code;
    adj_options options = {.evaluator = r->evaluator};
    if (adj_evaluate(r->policies, r->encounters, &options, &r->results) != ADJ_OK) return EXIT_OURS;
    char digest[65] = "";
    if (!adj_results_digest(r->results, digest)) return EXIT_OURS;
    code = cli_report_all(format, only_findings, no_summary, 1, r->results, r->encounters);
    bool same = strcmp(digest, run.digest) == 0;
    fprintf(stderr, "Run %lld of %s: the predictions are %s (%s%s%s).\n", (long long)number, run.made,
            same ? "the same" : "NOT the same", run.digest, same ? "" : ", now ", same ? "" : digest);
    return same ? code : EXIT_OURS;
}

int cli_reproduce(int count, char **arguments)
{
    if (cli_wants_help(count, arguments)) {
        fputs(usage, stdout);
        return EXIT_CLEAN;
    }
    const cli_format *format = &cli_text_format;
    const char *where = NULL;
    bool only_findings = false, no_summary = false;
    int64_t number = 0;
    reproduction r = {.evaluator = ADJ_EVALUATOR_BEST};
    for (int i = 1; i < count; i++) {
        const char *argument = arguments[i], *value = i + 1 < count ? arguments[i + 1] : NULL;
        int code = EXIT_CLEAN;
        if (argument[0] != '-') {
            char *end;
            number = strtoll(argument, &end, 10);
            if (*end != '\0' || number < 1)
                return cli_usage_error("reproduce", "%s is not the number of a run", argument);
            continue;
        }
        if (strcmp(argument, "--only-findings") == 0 || strcmp(argument, "--no-summary") == 0) {
            only_findings = only_findings || strcmp(argument, "--only-findings") == 0;
            no_summary = no_summary || strcmp(argument, "--no-summary") == 0;
            continue;
        }
        if (strcmp(argument, "--format") == 0)
            code = cli_read_format("reproduce", value, &format);
        else if (strcmp(argument, "--store") == 0 && value != NULL)
            where = value;
        else if (strcmp(argument, "--evaluator") == 0 && value != NULL && cli_read_evaluator(value, &r.evaluator))
            code = EXIT_CLEAN;
        else
            code = cli_usage_error("reproduce", "%s is no option, or lacks its value", argument);
        if (code != EXIT_CLEAN) return code;
        i++;
    }
    if (number == 0) return cli_usage_error("reproduce", "no run was given; `adjudge check --save` says its number");
    if (where == NULL) return cli_usage_error("reproduce", "no store was given; add --store WHERE");
    int code = adj_store_open(where, true, NULL, &r.store) == ADJ_OK
                   ? make_again(&r, number, format, only_findings, no_summary)
                   : missing(&r);
    adj_results_free(r.results);
    adj_encounters_free(r.encounters);
    adj_policies_free(r.policies);
    json_decref(r.facts);
    adj_store_free(r.store);
    return code;
}
