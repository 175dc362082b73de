/* Compressed inputs: gzip and Zstandard, told from their first bytes. */
#ifndef READ_UNPACK_H
#define READ_UNPACK_H

#include "base/arena.h"
#include "readers/source.h"

typedef enum read_packing { READ_PLAIN, READ_GZIP, READ_ZSTANDARD } read_packing;

/* How the bytes are packed. */
read_packing read_packing_of(const char *bytes, size_t length);

/* Unpacks them, several members or frames after one another too, into the arena. False if they are damaged, end early
 * (`*why` then says so) or memory runs out (`*why` is NULL). */
bool read_unpack(base_arena *arena, const char *bytes, size_t length, const char **out, size_t *out_length,
                 const char **why);

/* The same from a window of a file to another file, with only pieces of both in memory. */
bool read_unpack_file(read_source *source, int out, const char **why);

#endif
