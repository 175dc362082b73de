/* The store behind adj_store: tables of records, imports, runs and contents. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "readers/encounters.h"
#include "readers/store/database.h"

struct adj_store {
    store_database *database;
    base_allocator allocator;
    base_arena arena; /* of what was read last */
    char message[600];
    bool importing;      /* an import has begun */
    char writing_as[13]; /* names its answers apart from others' */
    uint64_t answers;    /* that it has so far */
};

adj_status store_fail(adj_store *store, const char *format, ...) BASE_PRINTF(2, 3);

/* The number of the last import; 0 before the first. */
bool store_last_import(adj_store *store, int64_t *number);

/* Contents by their digest (SHA-256, 64 hexadecimal digits), each kept once. */
bool store_put_content(adj_store *store, const char *bytes, size_t length, char digest[65]);
bool store_get_content(adj_store *store, base_arena *arena, const char *digest, const char **bytes, size_t *length);

#endif
