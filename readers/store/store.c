/* Opening a store, and its tables. */
#include "readers/store/store.h"
#include "readers/store/digest.h"

#include "readers/unpack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

adj_status store_fail(adj_store *store, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(store->message, sizeof store->message, format, arguments);
    va_end(arguments);
    return ADJ_INVALID_INPUT;
}

static bool make_tables(adj_store *store)
{
    /* A record that a later import changes is ended by it, never overwritten: runs are made again as of their day. */
    static const char *const tables[] = {
        "CREATE TABLE IF NOT EXISTS adjudge_import (id BIGINT NOT NULL, digest TEXT NOT NULL, role TEXT NOT NULL, "
        "name TEXT NOT NULL, made TEXT NOT NULL, PRIMARY KEY (digest, role))",
        "CREATE TABLE IF NOT EXISTS adjudge_record (kind TEXT NOT NULL, key TEXT NOT NULL, member TEXT NOT NULL, "
        "session TEXT NOT NULL, claim TEXT NOT NULL, day TEXT NOT NULL, body TEXT NOT NULL, since BIGINT NOT NULL, "
        "ended BIGINT, PRIMARY KEY (kind, key, since))",
        "CREATE INDEX IF NOT EXISTS adjudge_record_member ON adjudge_record (member)",
        "CREATE INDEX IF NOT EXISTS adjudge_record_session ON adjudge_record (session)",
        "CREATE INDEX IF NOT EXISTS adjudge_record_claim ON adjudge_record (claim)",
        "CREATE TABLE IF NOT EXISTS adjudge_feed (name TEXT NOT NULL, since BIGINT NOT NULL, PRIMARY KEY (name))",
        "CREATE TABLE IF NOT EXISTS adjudge_run (id BIGINT NOT NULL, made TEXT NOT NULL, facts TEXT NOT NULL, "
        "last_import BIGINT NOT NULL, digest TEXT NOT NULL, lines BIGINT NOT NULL, PRIMARY KEY (id))",
        "CREATE TABLE IF NOT EXISTS adjudge_prediction (run BIGINT NOT NULL, ordinal BIGINT NOT NULL, claim TEXT NOT "
        "NULL, line BIGINT NOT NULL, member TEXT NOT NULL, day TEXT NOT NULL, procedure_code TEXT NOT NULL, "
        "charge_cents "
        "BIGINT, verdict TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (run, ordinal))"};
    char contents[160];
    snprintf(
        contents, sizeof contents,
        "CREATE TABLE IF NOT EXISTS adjudge_content (digest TEXT NOT NULL, bytes %s NOT NULL, PRIMARY KEY (digest))",
        store_database_bytes_type(store->database));
    bool good = store_database_begin(store->database);
    for (size_t i = 0; good && i < sizeof tables / sizeof *tables; i++)
        good = store_database_run(store->database, tables[i], NULL, 0, NULL, NULL);
    good = good && store_database_run(store->database, contents, NULL, 0, NULL, NULL) &&
           store_database_commit(store->database);
    if (!good) {
        snprintf(store->message, sizeof store->message, "%s", store_database_message(store->database));
        store_database_roll_back(store->database);
    }
    return good;
}

adj_status adj_store_open(const char *where, bool existing, const adj_options *options, adj_store **out)
{
    base_allocator allocator = base_allocator_default();
    if (options != NULL && options->allocator != NULL)
        allocator = (base_allocator){options->allocator->reallocate, options->allocator->state};
    adj_store *store = *out = allocator.reallocate(allocator.state, NULL, sizeof *store);
    if (store == NULL) return ADJ_OUT_OF_MEMORY;
    *store = (adj_store){.allocator = allocator};
    base_arena_init(&store->arena, &allocator);
    char message[512], digest[STORE_DIGEST_ROOM];
    if (!adj_digest("", 0, digest))
        return store_fail(
            store,
            "the store %s cannot be opened: its digests need OpenSSL's libcrypto.so.3, which cannot be loaded; "
            "install libssl3",
            where);
    store->database = store_database_open(where, existing, message, sizeof message);
    if (store->database == NULL) return store_fail(store, "the store %s cannot be opened: %s", where, message);
    if (make_tables(store)) return ADJ_OK;
    snprintf(message, sizeof message, "%.500s", store->message);
    return store_fail(store, "%s cannot be used as a store: %s", where, message);
}

void adj_store_free(adj_store *store)
{
    if (store == NULL) return;
    store_database_close(store->database);
    base_arena_release(&store->arena);
    base_allocator allocator = store->allocator;
    allocator.reallocate(allocator.state, store, 0);
}

const char *adj_store_message(const adj_store *store)
{
    return store == NULL ? "memory ran out" : store->message;
}

static bool take_number(void *state, const store_value *columns, size_t count)
{
    if (count > 0 && columns[0].kind == STORE_NUMBER) *(int64_t *)state = columns[0].number;
    return true;
}

bool store_last_import(adj_store *store, int64_t *number)
{
    *number = 0;
    return store_database_run(store->database, "SELECT MAX(id) FROM adjudge_import", NULL, 0, take_number, number);
}

bool store_put_content(adj_store *store, const char *bytes, size_t length, char digest[65])
{
    size_t room = ZSTD_compressBound(length);
    char *packed = malloc(room);
    bool good = packed != NULL && adj_digest(bytes, length, digest);
    size_t size = good ? ZSTD_compress(packed, room, bytes, length, 3) : 0;
    good = good && ZSTD_isError(size) == 0;
    if (good) {
        const store_value values[] = {store_text(digest), store_bytes(packed, size)};
        good = store_database_run(store->database,
                                  "INSERT INTO adjudge_content (digest, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                                  values, 2, NULL, NULL);
    }
    free(packed);
    return good;
}

typedef struct content {
    base_arena *arena;
    const char *bytes;
    size_t length;
} content;

static bool take_content(void *state, const store_value *columns, size_t count)
{
    content *c = state;
    const char *why;
    return count == 1 && read_unpack(c->arena, columns[0].bytes, columns[0].length, &c->bytes, &c->length, &why);
}

bool store_get_content(adj_store *store, base_arena *arena, const char *digest, const char **bytes, size_t *length)
{
    content c = {.arena = arena};
    const store_value values[] = {store_text(digest)};
    char check[65];
    bool good = store_database_run(store->database, "SELECT bytes FROM adjudge_content WHERE digest = $1", values, 1,
                                   take_content, &c) &&
                c.bytes != NULL && adj_digest(c.bytes, c.length, check) && strcmp(check, digest) == 0;
    *bytes = c.bytes;
    *length = c.length;
    return good;
}
