/* What SQLite and PostgreSQL each provide. */
#ifndef STORE_BACKEND_H
#define STORE_BACKEND_H

#include "readers/store/database.h"

typedef struct store_backend {
    void *(*open)(const char *where, bool existing, char *message, size_t room);
    void (*close)(void *connection);
    bool (*run)(void *connection, const char *sql, const store_value *values, size_t count, store_row row, void *state);
    const char *(*message)(void *connection);
    const char *begin, *begin_reading, *bytes_type;
} store_backend;

extern const store_backend store_sqlite, store_postgresql;

#endif
