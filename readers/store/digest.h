/* SHA-256 of what comes in pieces. */
#ifndef STORE_DIGEST_H
#define STORE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

enum { STORE_DIGEST_ROOM = 65 }; /* 64 hexadecimal digits and a NUL */

typedef struct store_digest store_digest;

/* NULL where the library that works digests out cannot be had. */
store_digest *store_digest_new(void);
bool store_digest_add(store_digest *digest, const void *bytes, size_t length);

/* Writes the digits unless `good` is false, and frees the digest, which may be NULL; false where there are none. */
bool store_digest_end(store_digest *digest, bool good, char digits[STORE_DIGEST_ROOM]);

#endif
