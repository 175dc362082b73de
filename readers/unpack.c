/* Unpacking by zlib and libzstd, whole or not at all: half a feed would be a feed with holes that nobody told of. */
#include "readers/unpack.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum { PIECE = 1 << 18 };

/* What is unpacked, and where to: bytes in an arena, or a file through a buffer. */
typedef struct unpacker {
    const char *bytes;
    size_t length;
    read_source *source; /* brings the bytes on; NULL where all are there */
    base_arena *arena;
    struct {
        char *items;
        size_t count, capacity;
    } text; /* may be larger than an array can be */
    int out;
    char *buffer; /* of the file; NULL for the arena */
    const char *why;
} unpacker;

read_packing read_packing_of(const char *bytes, size_t length)
{
    if (length >= 2 && memcmp(bytes, "\x1F\x8B", 2) == 0) return READ_GZIP;
    return length >= 4 && memcmp(bytes, "\x28\xB5\x2F\xFD", 4) == 0 ? READ_ZSTANDARD : READ_PLAIN;
}

/* Room for another piece; NULL when memory runs out. */
static char *room(unpacker *u)
{
    if (u->buffer != NULL) return u->buffer;
    if (u->text.capacity - u->text.count < PIECE) {
        size_t wanted = u->text.capacity * 2 + PIECE;
        char *grown = base_arena_alloc_raw(u->arena, wanted);
        if (grown == NULL) return NULL;
        if (u->text.count > 0) memcpy(grown, u->text.items, u->text.count);
        u->text.items = grown;
        u->text.capacity = wanted;
    }
    return u->text.items + u->text.count;
}

static bool put(unpacker *u, size_t length)
{
    if (u->buffer == NULL) {
        u->text.count += length;
        return true;
    }
    if (read_write_all(u->out, u->buffer, length)) return true;
    u->why = "there is no room for it; set TMPDIR to a folder with room";
    return false;
}

/* How many packed bytes are there from a place on; what stands before it is not needed again. */
static size_t given(unpacker *u, size_t at)
{
    if (u->source == NULL) return u->length - at;
    read_source_fill(u->source, at + PIECE);
    read_source_drop(u->source, at);
    return u->source->filled - at;
}

static bool unpack_gzip(unpacker *u)
{
    z_stream stream = {0};
    if (inflateInit2(&stream, 15 + 16) != Z_OK) return false;
    size_t at = 0;
    int state = Z_OK;
    bool good = true;
    while (good && (state != Z_STREAM_END || given(u, at) > 0)) {
        if (state == Z_STREAM_END) good = inflateReset(&stream) == Z_OK; /* another member follows */
        char *to = room(u);
        if (to == NULL || !good) {
            good = false;
            break;
        }
        size_t left = given(u, at), piece = left < INT_MAX ? left : INT_MAX;
        stream.next_in = (Bytef *)(uintptr_t)(u->bytes + at);
        stream.avail_in = (uInt)piece;
        stream.next_out = (Bytef *)to;
        stream.avail_out = PIECE;
        state = inflate(&stream, Z_NO_FLUSH);
        at += piece - stream.avail_in;
        bool stuck = state == Z_BUF_ERROR || (state == Z_OK && piece == 0 && stream.avail_out == PIECE);
        good = put(u, PIECE - stream.avail_out);
        if (stuck) u->why = "it ends early";
        if (!stuck && state != Z_OK && state != Z_STREAM_END) u->why = "it is damaged";
        good = good && u->why == NULL;
    }
    inflateEnd(&stream);
    return good;
}

static bool unpack_zstandard(unpacker *u)
{
    ZSTD_DStream *stream = ZSTD_createDStream();
    if (stream == NULL) return false;
    size_t at = 0, left = 1;
    bool good = true;
    while (good && (given(u, at) > 0 || left != 0)) {
        char *to = room(u);
        if (to == NULL) {
            good = false;
            break;
        }
        ZSTD_inBuffer in = {u->bytes + at, given(u, at), 0};
        ZSTD_outBuffer out = {to, PIECE, 0};
        left = ZSTD_decompressStream(stream, &out, &in);
        at += in.pos;
        if (ZSTD_isError(left))
            u->why = "it is damaged";
        else if (in.pos == 0 && out.pos == 0 && left != 0)
            u->why = "it ends early";
        good = put(u, out.pos) && u->why == NULL;
    }
    ZSTD_freeDStream(stream);
    return good;
}

static bool unpack(unpacker *u, size_t seen)
{
    return read_packing_of(u->bytes, seen) == READ_GZIP ? unpack_gzip(u) : unpack_zstandard(u);
}

bool read_unpack(base_arena *arena, const char *bytes, size_t length, const char **out, size_t *out_length,
                 const char **why)
{
    unpacker u = {.bytes = bytes, .length = length, .arena = arena};
    bool good = unpack(&u, length);
    *why = u.why;
    *out = u.text.items;
    *out_length = u.text.count;
    return good;
}

bool read_unpack_file(read_source *source, int out, const char **why)
{
    unpacker u = {.bytes = source->bytes, .length = source->length, .source = source, .out = out};
    u.buffer = malloc(PIECE);
    bool good = u.buffer != NULL && unpack(&u, source->filled);
    if (good && source->failed) {
        u.why = "it became shorter while it was read";
        good = false;
    }
    free(u.buffer);
    *why = u.why;
    return good;
}
