/* SQLite behind the store. Statements that come again are kept prepared; they are told apart by their address. */
#include "readers/store/backend.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT = 16, COLUMN_LIMIT = 16 };

typedef struct sqlite_connection {
    sqlite3 *handle;
    const char *texts[KEPT];
    sqlite3_stmt *kept[KEPT];
    size_t next;
    char message[256];
} sqlite_connection;

static void *open(const char *where, bool existing, char *message, size_t room)
{
    sqlite_connection *c = calloc(1, sizeof *c);
    if (c == NULL) {
        snprintf(message, room, "memory ran out");
        return NULL;
    }
    int flags = SQLITE_OPEN_READWRITE | (existing ? 0 : SQLITE_OPEN_CREATE);
    int code = sqlite3_open_v2(where, &c->handle, flags, NULL);
    if (code == SQLITE_OK) {
        sqlite3_busy_timeout(c->handle, 10000);
        /* Reads the first page: a file that is no database says so now. */
        code = sqlite3_exec(c->handle, "SELECT count(*) FROM sqlite_master", NULL, NULL, NULL);
    }
    if (code == SQLITE_OK) return c;
    snprintf(message, room, "%s", c->handle == NULL ? "memory ran out" : sqlite3_errmsg(c->handle));
    sqlite3_close(c->handle);
    free(c);
    return NULL;
}

static void close_connection(void *connection)
{
    sqlite_connection *c = connection;
    for (size_t i = 0; i < KEPT; i++) sqlite3_finalize(c->kept[i]);
    sqlite3_close(c->handle);
    free(c);
}

static sqlite3_stmt *prepare(sqlite_connection *c, const char *sql)
{
    for (size_t i = 0; i < KEPT; i++) {
        if (c->texts[i] == sql) return c->kept[i];
    }
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(c->handle, sql, -1, &statement, NULL) != SQLITE_OK) return NULL;
    sqlite3_finalize(c->kept[c->next]);
    c->kept[c->next] = statement;
    c->texts[c->next] = sql;
    c->next = (c->next + 1) % KEPT;
    return statement;
}

static bool bind(sqlite3_stmt *statement, const store_value *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char name[24];
        snprintf(name, sizeof name, "$%zu", i + 1);
        int place = sqlite3_bind_parameter_index(statement, name), code = SQLITE_OK;
        if (place == 0) continue;
        if (values[i].kind == STORE_TEXT)
            code = sqlite3_bind_text64(statement, place, values[i].bytes, values[i].length, SQLITE_STATIC, SQLITE_UTF8);
        if (values[i].kind == STORE_BYTES)
            code = sqlite3_bind_blob64(statement, place, values[i].bytes, values[i].length, SQLITE_STATIC);
        if (values[i].kind == STORE_NUMBER) code = sqlite3_bind_int64(statement, place, values[i].number);
        if (values[i].kind == STORE_NULL) code = sqlite3_bind_null(statement, place);
        if (code != SQLITE_OK) return false;
    }
    return true;
}

static store_value column(sqlite3_stmt *statement, int place)
{
    switch (sqlite3_column_type(statement, place)) {
    case SQLITE_INTEGER: return store_number(sqlite3_column_int64(statement, place));
    case SQLITE_NULL: return (store_value){.kind = STORE_NULL, .bytes = ""};
    case SQLITE_BLOB: {
        const char *bytes = sqlite3_column_blob(statement, place);
        return store_bytes(bytes == NULL ? "" : bytes, (size_t)sqlite3_column_bytes(statement, place));
    }
    default: {
        const char *text = (const char *)sqlite3_column_text(statement, place);
        return text == NULL ? (store_value){.kind = STORE_NULL, .bytes = ""}
                            : (store_value){STORE_TEXT, text, (size_t)sqlite3_column_bytes(statement, place), 0};
    }
    }
}

static bool run(void *connection, const char *sql, const store_value *values, size_t count, store_row row, void *state)
{
    sqlite_connection *c = connection;
    sqlite3_stmt *statement = prepare(c, sql);
    bool good = statement != NULL && bind(statement, values, count), stopped = false;
    int code = SQLITE_ROW;
    while (good && !stopped && code == SQLITE_ROW) {
        code = sqlite3_step(statement);
        if (code != SQLITE_ROW) break;
        store_value columns[COLUMN_LIMIT];
        int width = sqlite3_column_count(statement);
        for (int i = 0; i < width && i < COLUMN_LIMIT; i++) columns[i] = column(statement, i);
        stopped = row != NULL && !row(state, columns, (size_t)width);
    }
    good = good && !stopped && code == SQLITE_DONE;
    if (!good) snprintf(c->message, sizeof c->message, "%s", stopped ? "stopped" : sqlite3_errmsg(c->handle));
    if (statement != NULL) {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
    }
    return good;
}

static const char *message(void *connection)
{
    return ((sqlite_connection *)connection)->message;
}

const store_backend store_sqlite = {open, close_connection, run, message, "BEGIN IMMEDIATE", "BEGIN", "BLOB"};
