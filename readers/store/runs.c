/* Runs: predictions that are kept with all that they came from, so that they can be made again. */
#include "readers/store/digest.h"
#include "readers/store/store.h"
#include "runtime/handles.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static bool add_line(store_digest *digest, const adj_line *line)
{
    char text[64];
    const char *const texts[] = {line->claim,     line->patient,          line->payer, line->date,  line->procedure,
                                 line->modifiers, line->place_of_service, line->units, line->reason};
    bool good = true;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        good = good && store_digest_add(digest, texts[i], strlen(texts[i]) + 1);
    int length = snprintf(text, sizeof text, "%d %lld %lld %d", (int)line->verdict, (long long)line->number,
                          (long long)line->charge, (int)line->charge_known);
    return good && store_digest_add(digest, text, (size_t)length + 1);
}

bool adj_results_digest(adj_results *results, char digits[STORE_DIGEST_ROOM])
{
    store_digest *digest = store_digest_new();
    bool good = digest != NULL;
    size_t clauses = adj_policies_clause_count(results->policies);
    for (size_t i = 0; good && i < adj_results_count(results); i++) {
        adj_line line = adj_results_line(results, i);
        good = !line.out_of_memory && add_line(digest, &line);
        for (size_t c = 0; good && c < clauses; c++) {
            char verdict = (char)adj_results_clause(results, i, c);
            good = store_digest_add(digest, &verdict, 1);
        }
    }
    return store_digest_end(digest, good, digits);
}

static bool take_number(void *state, const store_value *columns, size_t count)
{
    if (count > 0 && columns[0].kind == STORE_NUMBER) *(int64_t *)state = columns[0].number;
    return true;
}

/* The reason that counts: the clause of the first finding, else why the line was not judged. */
static const char *reason_of(adj_results *results, size_t index, const adj_line *line, adj_explanation **explanation)
{
    if (line->findings == 0) return line->reason;
    if (adj_results_explain(results, index, explanation) != ADJ_OK) return line->reason;
    return adj_explanation_count(*explanation) > 0 ? adj_explanation_finding(*explanation, 0)->clause : line->reason;
}

static bool put_prediction(adj_store *store, adj_results *results, int64_t run, size_t index)
{
    adj_line line = adj_results_line(results, index);
    adj_explanation *explanation = NULL;
    store_value values[] = {store_number(run),
                            store_number((int64_t)index),
                            store_text(line.claim),
                            store_number(line.number),
                            store_text(line.patient),
                            store_text(line.date),
                            store_text(line.procedure),
                            line.charge_known ? store_number(line.charge) : (store_value){.kind = STORE_NULL},
                            store_text(adj_verdict_name(line.verdict)),
                            store_text(reason_of(results, index, &line, &explanation))};
    bool good = !line.out_of_memory &&
                store_database_run(store->database,
                                   "INSERT INTO adjudge_prediction (run, ordinal, claim, line, member, day, "
                                   "procedure_code, charge_cents, verdict, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, "
                                   "$8, $9, $10)",
                                   values, 10, NULL, NULL);
    adj_explanation_free(explanation);
    return good;
}

adj_status adj_store_save_run(adj_store *store, adj_results *results, const char *facts, adj_run *run)
{
    char digest[65], made[32];
    time_t now = time(NULL);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(made, sizeof made, "%Y-%m-%dT%H:%M:%SZ", &parts);
    *run = (adj_run){.made = "", .facts = "", .digest = ""};
    if (!adj_results_digest(results, digest)) return ADJ_OUT_OF_MEMORY;
    bool good =
        store_database_begin(store->database) && store_last_import(store, &run->last_import) &&
        store_database_run(store->database, "SELECT MAX(id) FROM adjudge_run", NULL, 0, take_number, &run->number);
    run->number++;
    run->lines = (int64_t)adj_results_count(results);
    const store_value values[] = {store_number(run->number),      store_text(made),   store_text(facts),
                                  store_number(run->last_import), store_text(digest), store_number(run->lines)};
    good =
        good && store_database_run(store->database,
                                   "INSERT INTO adjudge_run (id, made, facts, last_import, digest, lines) VALUES ($1, "
                                   "$2, $3, $4, $5, $6)",
                                   values, 6, NULL, NULL);
    for (size_t i = 0; good && i < adj_results_count(results); i++)
        good = put_prediction(store, results, run->number, i);
    good = good && store_database_commit(store->database);
    if (good) return adj_store_read_run(store, run->number, run);
    store_fail(store, "the run was not kept: %s", store_database_message(store->database));
    store_database_roll_back(store->database);
    return ADJ_INVALID_INPUT;
}

typedef struct reading {
    adj_store *store;
    adj_run *run;
    bool found;
} reading;

static const char *copied(adj_store *store, const store_value *value)
{
    const char *copy = base_arena_copy(&store->arena, value->bytes, value->length);
    return copy == NULL ? "" : copy;
}

static bool take_run(void *state, const store_value *columns, size_t count)
{
    reading *r = state;
    if (count != 5) return false;
    r->found = true;
    r->run->made = copied(r->store, &columns[0]);
    r->run->facts = copied(r->store, &columns[1]);
    r->run->last_import = columns[2].number;
    r->run->digest = copied(r->store, &columns[3]);
    r->run->lines = columns[4].number;
    return true;
}

adj_status adj_store_read_run(adj_store *store, int64_t number, adj_run *run)
{
    *run = (adj_run){.number = number, .made = "", .facts = "", .digest = ""};
    reading r = {store, run, false};
    const store_value values[] = {store_number(number)};
    bool good = store_database_run(store->database,
                                   "SELECT made, facts, last_import, digest, lines FROM adjudge_run WHERE id = $1",
                                   values, 1, take_run, &r);
    if (!good) return store_fail(store, "the store cannot be read: %s", store_database_message(store->database));
    if (r.found) return ADJ_OK;
    store_fail(store, "the store has no run %lld", (long long)number);
    return ADJ_NOT_FOUND;
}

adj_status adj_store_put_content(adj_store *store, const char *bytes, size_t length, char digest[65])
{
    if (store_put_content(store, bytes, length, digest)) return ADJ_OK;
    return store_fail(store, "the store cannot be written: %s", store_database_message(store->database));
}

adj_status adj_store_get_content(adj_store *store, const char *digest, const char **bytes, size_t *length)
{
    if (store_get_content(store, &store->arena, digest, bytes, length)) return ADJ_OK;
    store_fail(store, "the store does not have the content %s, or it was changed", digest);
    return ADJ_NOT_FOUND;
}

void adj_store_forget(adj_store *store)
{
    base_arena_release(&store->arena);
}
