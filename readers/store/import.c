/* Importing: all records of the files given become part of the store, or none. */
#include "readers/store/store.h"
#include "readers/write_records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct importing {
    adj_store *store;
    int64_t number;
    adj_import *import;
    const run_store *encounters;
    bool same;  /* the record stands as it is */
    bool there; /* an older one stands */
    const char *body;
} importing;

static bool compare(void *state, const store_value *columns, size_t count)
{
    importing *i = state;
    i->there = true;
    i->same =
        count == 1 && strlen(i->body) == columns[0].length && memcmp(i->body, columns[0].bytes, columns[0].length) == 0;
    return true;
}

static bool put_body(importing *i, const read_written *record, const char *body)
{
    store_database *database = i->store->database;
    i->same = i->there = false;
    i->body = body;
    i->import->records++;
    const store_value identity[] = {store_text(record->kind), store_text(record->key), store_number(i->number)};
    if (!store_database_run(database, "SELECT body FROM adjudge_record WHERE kind = $1 AND key = $2 AND ended IS NULL",
                            identity, 2, compare, i))
        return false;
    if (i->same) return true;
    if (i->there) {
        /* Two rows of one import with one key: the later one counts, and nothing is kept of the other. */
        bool ended =
            store_database_run(database, "DELETE FROM adjudge_record WHERE kind = $1 AND key = $2 AND since = $3",
                               identity, 3, NULL, NULL) &&
            store_database_run(database,
                               "UPDATE adjudge_record SET ended = $3 WHERE kind = $1 AND key = $2 AND ended IS "
                               "NULL",
                               identity, 3, NULL, NULL);
        if (!ended) return false;
        i->import->changed++;
    } else {
        i->import->added++;
    }
    const store_value values[] = {
        store_text(record->kind),  store_text(record->key), store_text(record->member), store_text(record->session),
        store_text(record->claim), store_text(record->day), store_text(body),           store_number(i->number)};
    return store_database_run(database,
                              "INSERT INTO adjudge_record (kind, key, member, session, claim, day, body, since) VALUES "
                              "($1, $2, $3, $4, $5, $6, $7, $8)",
                              values, 8, NULL, NULL);
}

static bool put_record(void *state, const read_written *record)
{
    importing *i = state;
    char *body = read_written_json(i->encounters, record);
    bool good = body != NULL && put_body(i, record, body);
    free(body);
    return good;
}

static bool put_feed(importing *i, const char *name)
{
    const store_value values[] = {store_text(name), store_number(i->number)};
    return store_database_run(i->store->database,
                              "INSERT INTO adjudge_feed (name, since) VALUES ($1, $2) ON CONFLICT DO NOTHING", values,
                              2, NULL, NULL);
}

/* Which feeds were given, as feeds: a member without a row has none, where the feed is complete. */
static bool put_feeds(importing *i, const run_store *encounters)
{
    bool good = true;
    for (int f = 0; f < LANG_FEED_COUNT && good; f++) {
        if (encounters->feeds[f]) good = put_feed(i, lang_schema_feed_name((lang_feed)f));
    }
    for (int r = LANG_RECORD_COUNT; r < lang_schema_record_count(encounters->schema) && good; r++) {
        if (encounters->site_feeds[r])
            good = put_feed(i, lang_schema_site_record(encounters->schema, (lang_record)r)->name);
    }
    if (good && encounters->history_is_own) good = put_feed(i, "own history");
    return good;
}

static void now_text(char text[32])
{
    time_t now = time(NULL);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static bool put_file(importing *i, const adj_import_file *file)
{
    char made[32];
    now_text(made);
    const store_value values[] = {store_number(i->number), store_text(file->digest), store_text(file->role),
                                  store_text(file->name), store_text(made)};
    return store_database_run(
        i->store->database,
        "INSERT INTO adjudge_import (id, digest, role, name, made) VALUES ($1, $2, $3, $4, $5) ON "
        "CONFLICT DO NOTHING",
        values, 5, NULL, NULL);
}

static bool found(void *state, const store_value *columns, size_t count)
{
    (void)columns;
    (void)count;
    *(bool *)state = true;
    return true;
}

bool adj_store_has(adj_store *store, const adj_import_file *file)
{
    bool has = false;
    const store_value values[] = {store_text(file->digest), store_text(file->role)};
    return store_database_run(store->database, "SELECT id FROM adjudge_import WHERE digest = $1 AND role = $2", values,
                              2, found, &has) &&
           has;
}

static adj_status give_up(adj_store *store, bool no_memory)
{
    store_fail(store, "nothing was imported: %s", store_database_message(store->database));
    adj_store_give_up_import(store);
    return no_memory ? ADJ_OUT_OF_MEMORY : ADJ_INVALID_INPUT;
}

adj_status adj_store_begin_import(adj_store *store, const adj_import_file *files, size_t count, adj_import *import)
{
    *import = (adj_import){0};
    importing i = {.store = store, .import = import};
    bool good = store_database_begin(store->database) && store_last_import(store, &i.number);
    import->number = ++i.number;
    snprintf(store->writing_as, sizeof store->writing_as, "%.12s", count > 0 ? files[0].digest : "");
    store->answers = 0;
    for (size_t f = 0; f < count && good; f++) good = put_file(&i, &files[f]);
    store->importing = good;
    return good ? ADJ_OK : give_up(store, false);
}

adj_status adj_store_add(adj_store *store, adj_encounters *encounters, adj_import *import)
{
    read_encounters *inner = (read_encounters *)encounters;
    if (!store->importing) return ADJ_INVALID_INPUT;
    read_resolve_references(inner);
    inner->writing_as = store->writing_as;
    inner->answers_before = store->answers;
    importing i = {.store = store, .number = import->number, .import = import, .encounters = &encounters->store};
    bool good = read_write_records(inner, put_record, &i) && put_feeds(&i, &inner->handle.store);
    store->answers += inner->handle.store.remitted.count;
    return good ? ADJ_OK : give_up(store, inner->handle.store.arena.failed);
}

adj_status adj_store_end_import(adj_store *store)
{
    if (!store->importing || !store_database_commit(store->database)) return give_up(store, false);
    store->importing = false;
    return ADJ_OK;
}

void adj_store_give_up_import(adj_store *store)
{
    store_database_roll_back(store->database);
    store->importing = false;
}
