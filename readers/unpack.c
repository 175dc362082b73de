/* Unpacking by zlib and libzstd, whole or not at all: half a feed would be a feed with holes that nobody told of. */
#include "readers/unpack.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum { PIECE = 1 << 18 };

/* What grows: bytes in the arena. */
typedef BASE_ARRAY(char) unpacked;

read_packing read_packing_of(const char *bytes, size_t length)
{
    if (length >= 2 && memcmp(bytes, "\x1F\x8B", 2) == 0) return READ_GZIP;
    return length >= 4 && memcmp(bytes, "\x28\xB5\x2F\xFD", 4) == 0 ? READ_ZSTANDARD : READ_PLAIN;
}

/* Room for another piece; NULL when memory runs out. */
static char *room(base_arena *arena, unpacked *text)
{
    while (text->capacity - text->count < PIECE) {
        if (!base_arena_grow(arena, (void **)&text->items, text->capacity, &text->capacity, 1)) return NULL;
    }
    return text->items + text->count;
}

static bool unpack_gzip(base_arena *arena, const char *bytes, size_t length, unpacked *text, const char **why)
{
    z_stream stream = {0};
    if (inflateInit2(&stream, 15 + 16) != Z_OK) return false;
    size_t at = 0;
    int state = Z_OK;
    bool good = true;
    while (good && (state != Z_STREAM_END || at < length)) {
        if (state == Z_STREAM_END) good = inflateReset(&stream) == Z_OK; /* another member follows */
        char *to = room(arena, text);
        if (to == NULL || !good) {
            good = false;
            break;
        }
        size_t given = length - at < INT_MAX ? length - at : INT_MAX;
        stream.next_in = (Bytef *)(uintptr_t)(bytes + at);
        stream.avail_in = (uInt)given;
        stream.next_out = (Bytef *)to;
        stream.avail_out = PIECE;
        state = inflate(&stream, Z_NO_FLUSH);
        at += given - stream.avail_in;
        text->count += PIECE - stream.avail_out;
        bool stuck = state == Z_BUF_ERROR || (state == Z_OK && given == 0 && stream.avail_out == PIECE);
        if (stuck) *why = "it ends early";
        if (!stuck && state != Z_OK && state != Z_STREAM_END) *why = "it is damaged";
        good = *why == NULL;
    }
    inflateEnd(&stream);
    return good;
}

static bool unpack_zstandard(base_arena *arena, const char *bytes, size_t length, unpacked *text, const char **why)
{
    ZSTD_DStream *stream = ZSTD_createDStream();
    if (stream == NULL) return false;
    ZSTD_inBuffer in = {bytes, length, 0};
    size_t left = 1;
    bool good = true;
    while (good && (in.pos < in.size || left != 0)) {
        char *to = room(arena, text);
        if (to == NULL) {
            good = false;
            break;
        }
        ZSTD_outBuffer out = {to, PIECE, 0};
        size_t before = in.pos;
        left = ZSTD_decompressStream(stream, &out, &in);
        text->count += out.pos;
        if (ZSTD_isError(left))
            *why = "it is damaged";
        else if (in.pos == before && out.pos == 0 && left != 0)
            *why = "it ends early";
        good = *why == NULL;
    }
    ZSTD_freeDStream(stream);
    return good;
}

bool read_unpack(base_arena *arena, const char *bytes, size_t length, const char **out, size_t *out_length,
                 const char **why)
{
    unpacked text = {0};
    *why = NULL;
    bool gzip = read_packing_of(bytes, length) == READ_GZIP;
    bool good =
        gzip ? unpack_gzip(arena, bytes, length, &text, why) : unpack_zstandard(arena, bytes, length, &text, why);
    *out = text.items;
    *out_length = text.count;
    return good;
}
