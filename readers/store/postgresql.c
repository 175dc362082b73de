/* PostgreSQL behind the store, through libpq, which is loaded when a store is first opened here. Rows come one by one, so that a large
 * answer needs no room. */
#include "base/load.h"
#include "readers/store/backend.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN_LIMIT = 16, TYPE_BYTES = 17, TYPE_INT8 = 20, TYPE_INT4 = 23 };

extern const char *const read_postgresql_names[];
extern void *read_postgresql_functions[];

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool loaded;

static void load(void)
{
    static const char *const libraries[] = {"libpq.so.5", "libpq.so", NULL};
    loaded = base_load(libraries, read_postgresql_names, read_postgresql_functions);
}

typedef struct postgresql_connection {
    PGconn *handle;
    char message[512];
} postgresql_connection;

/* Notices of the server ("relation already exists, skipping") are for nobody here. */
static void ignore(void *state, const char *message)
{
    (void)state;
    (void)message;
}

static void *open(const char *where, bool existing, char *message, size_t room)
{
    (void)existing;
    pthread_once(&once, load);
    if (!loaded) {
        snprintf(message, room, "PostgreSQL's client library (libpq) cannot be loaded");
        return NULL;
    }
    postgresql_connection *c = calloc(1, sizeof *c);
    if (c == NULL) {
        snprintf(message, room, "memory ran out");
        return NULL;
    }
    c->handle = PQconnectdb(where);
    if (c->handle != NULL && PQstatus(c->handle) == CONNECTION_OK) {
        PQsetNoticeProcessor(c->handle, ignore, NULL);
        return c;
    }
    snprintf(message, room, "%s", c->handle == NULL ? "memory ran out" : PQerrorMessage(c->handle));
    size_t length = strlen(message);
    if (length > 0 && message[length - 1] == '\n') message[length - 1] = '\0';
    PQfinish(c->handle);
    free(c);
    return NULL;
}

static void close_connection(void *connection)
{
    postgresql_connection *c = connection;
    PQfinish(c->handle);
    free(c);
}

static bool send_statement(postgresql_connection *c, const char *sql, const store_value *values, size_t count)
{
    const char *texts[COLUMN_LIMIT];
    int lengths[COLUMN_LIMIT], formats[COLUMN_LIMIT];
    Oid types[COLUMN_LIMIT];
    char numbers[COLUMN_LIMIT][24];
    for (size_t i = 0; i < count && i < COLUMN_LIMIT; i++) {
        types[i] = values[i].kind == STORE_BYTES ? TYPE_BYTES : values[i].kind == STORE_NUMBER ? TYPE_INT8 : 0;
        formats[i] = values[i].kind == STORE_BYTES;
        lengths[i] = (int)values[i].length;
        texts[i] = values[i].bytes;
        if (values[i].kind == STORE_NULL) texts[i] = NULL;
        if (values[i].kind != STORE_NUMBER) continue;
        snprintf(numbers[i], sizeof numbers[i], "%lld", (long long)values[i].number);
        texts[i] = numbers[i];
    }
    return PQsendQueryParams(c->handle, sql, (int)count, types, texts, lengths, formats, 0) == 1 &&
           PQsetSingleRowMode(c->handle) == 1;
}

/* Gives a row; bytes are unescaped first. */
static bool give_row(const PGresult *result, store_row row, void *state)
{
    store_value columns[COLUMN_LIMIT];
    unsigned char *unescaped[COLUMN_LIMIT] = {NULL};
    int width = PQnfields(result) < COLUMN_LIMIT ? PQnfields(result) : COLUMN_LIMIT;
    for (int i = 0; i < width; i++) {
        const char *text = PQgetvalue(result, 0, i);
        Oid type = PQftype(result, i);
        columns[i] = (store_value){STORE_TEXT, text, (size_t)PQgetlength(result, 0, i), 0};
        if (PQgetisnull(result, 0, i) == 1) {
            columns[i] = (store_value){.kind = STORE_NULL, .bytes = ""};
        } else if (type == TYPE_INT8 || type == TYPE_INT4) {
            columns[i] = store_number(strtoll(text, NULL, 10));
        } else if (type == TYPE_BYTES) {
            size_t length = 0;
            unescaped[i] = PQunescapeBytea((const unsigned char *)text, &length);
            columns[i] = store_bytes(unescaped[i] == NULL ? "" : (const char *)unescaped[i], length);
        }
    }
    bool good = row(state, columns, (size_t)width);
    for (int i = 0; i < width; i++) PQfreemem(unescaped[i]);
    return good;
}

static bool run(void *connection, const char *sql, const store_value *values, size_t count, store_row row, void *state)
{
    postgresql_connection *c = connection;
    bool good = count <= COLUMN_LIMIT && send_statement(c, sql, values, count), stopped = false;
    if (!good) snprintf(c->message, sizeof c->message, "%s", PQerrorMessage(c->handle));
    for (PGresult *result = PQgetResult(c->handle); result != NULL; result = PQgetResult(c->handle)) {
        ExecStatusType status = PQresultStatus(result);
        bool fine = status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
        if (!fine) {
            snprintf(c->message, sizeof c->message, "%s", PQresultErrorMessage(result));
            good = false;
        }
        if (status == PGRES_SINGLE_TUPLE && row != NULL && good && !stopped) stopped = !give_row(result, row, state);
        PQclear(result);
    }
    if (stopped) snprintf(c->message, sizeof c->message, "stopped");
    return good && !stopped;
}

static const char *message(void *connection)
{
    return ((postgresql_connection *)connection)->message;
}

const store_backend store_postgresql = {
    open, close_connection, run, message, "BEGIN ISOLATION LEVEL SERIALIZABLE", "BEGIN READ ONLY", "BYTEA"};
