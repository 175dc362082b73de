/* The database behind the store, by its name. */
#include "readers/store/backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct store_database {
    const store_backend *backend;
    void *connection;
};

store_value store_text(const char *text)
{
    return (store_value){STORE_TEXT, text, strlen(text), 0};
}

store_value store_number(int64_t number)
{
    return (store_value){STORE_NUMBER, NULL, 0, number};
}

store_value store_bytes(const char *bytes, size_t length)
{
    return (store_value){STORE_BYTES, bytes, length, 0};
}

store_database *store_database_open(const char *where, bool existing, char *message, size_t room)
{
    bool server = strncmp(where, "postgresql://", 13) == 0 || strncmp(where, "postgres://", 11) == 0;
    store_database *database = calloc(1, sizeof *database);
    if (database == NULL) {
        snprintf(message, room, "memory ran out");
        return NULL;
    }
    database->backend = server ? &store_postgresql : &store_sqlite;
    database->connection = database->backend->open(where, existing, message, room);
    if (database->connection != NULL) return database;
    free(database);
    return NULL;
}

void store_database_close(store_database *database)
{
    if (database == NULL) return;
    database->backend->close(database->connection);
    free(database);
}

bool store_database_run(store_database *database, const char *sql, const store_value *values, size_t count,
                        store_row row, void *state)
{
    return database->backend->run(database->connection, sql, values, count, row, state);
}

const char *store_database_message(const store_database *database)
{
    return database->backend->message(database->connection);
}

bool store_database_begin(store_database *database)
{
    return store_database_run(database, database->backend->begin, NULL, 0, NULL, NULL);
}

bool store_database_begin_reading(store_database *database)
{
    return store_database_run(database, database->backend->begin_reading, NULL, 0, NULL, NULL);
}

bool store_database_commit(store_database *database)
{
    return store_database_run(database, "COMMIT", NULL, 0, NULL, NULL);
}

void store_database_roll_back(store_database *database)
{
    store_database_run(database, "ROLLBACK", NULL, 0, NULL, NULL);
}

const char *store_database_bytes_type(const store_database *database)
{
    return database->backend->bytes_type;
}
