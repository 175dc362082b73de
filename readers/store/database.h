/* A database as the store needs it: statements with texts, numbers and bytes. SQLite or PostgreSQL behind it, the same
 * statements for both. */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct store_database store_database;

typedef enum store_kind { STORE_NULL, STORE_TEXT, STORE_NUMBER, STORE_BYTES } store_kind;

/* A parameter ($1 and so on) or a column. Columns live until the next row. */
typedef struct store_value {
    store_kind kind;
    const char *bytes;
    size_t length;
    int64_t number;
} store_value;

store_value store_text(const char *text);
store_value store_number(int64_t number);
store_value store_bytes(const char *bytes, size_t length);

/* Takes a row; false stops the query, which then fails. */
typedef bool (*store_row)(void *state, const store_value *columns, size_t count);

/* Opens a file for SQLite, made when new unless `existing`; or, for a name that begins with postgresql:// or postgres://,
 * a server. NULL where that fails, with why in `message`. */
store_database *store_database_open(const char *where, bool existing, char *message, size_t room);
void store_database_close(store_database *database);

/* Runs a statement; `row` may be NULL. False with store_database_message where it fails. */
bool store_database_run(store_database *database, const char *sql, const store_value *values, size_t count,
                        store_row row, void *state);
const char *store_database_message(const store_database *database);

/* A transaction that keeps other writers out until it ends. */
bool store_database_begin(store_database *database);

/* One that only reads, and lets other readers in. */
bool store_database_begin_reading(store_database *database);
bool store_database_commit(store_database *database);
void store_database_roll_back(store_database *database);

/* The type of a column of bytes. */
const char *store_database_bytes_type(const store_database *database);

#endif
