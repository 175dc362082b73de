/* Windows of files, by an anonymous mapping that is filled by reading: a mapped file that becomes shorter would kill the
 * process that reads it. Pages behind the window go to its front again: new ones cost as much as reading. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* for mremap; NOLINT(bugprone-reserved-identifier) */
#endif
#include "readers/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Memory is given back in pieces of this size, which is that of large pages where there are some. */
enum {
    PIECE = 1 << 21,
    MOST_MOVED = 1 << 14 /* each is a mapping of its own for the system, which allows some tens of thousands */
};

bool read_source_open(read_source *source, int file, size_t length)
{
    *source = (read_source){.file = file, .length = length};
    if (length > SIZE_MAX / 2) return false;
    size_t pieces = (length + READ_SOURCE_PADDING + PIECE - 1) / PIECE;
    source->mapped_length = (pieces + 1) * PIECE; /* one more, for where pieces begin */
    source->mapped =
        mmap(NULL, source->mapped_length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (source->mapped == MAP_FAILED) return false;
    source->bytes = source->mapped + (PIECE - (uintptr_t)source->mapped % PIECE) % PIECE;
#ifdef MADV_HUGEPAGE
    /* Fewer faults while it is filled. */
    if (length >= 2 * (size_t)PIECE) madvise(source->bytes, pieces * PIECE, MADV_HUGEPAGE);
#endif
    return true;
}

void read_source_close(read_source *source)
{
    if (source->bytes != NULL) munmap(source->mapped, source->mapped_length);
    source->bytes = NULL;
}

/* Reads a piece of the file to its place; false if less is there. */
static bool take(read_source *source, size_t from, size_t to)
{
    while (from < to) {
        ssize_t got = pread(source->file, source->bytes + from, to - from, (off_t)from);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        from += (size_t)got;
    }
    return true;
}

void read_source_fill(read_source *source, size_t upto)
{
    if (upto > source->length) upto = source->length;
    while (source->filled < upto && !source->failed) {
        size_t left = source->length - source->filled;
        size_t step = left < READ_SOURCE_STEP ? left : READ_SOURCE_STEP;
        if (take(source, source->filled, source->filled + step))
            source->filled += step;
        else
            source->failed = true;
        /* What a page held before is nobody's. */
        if (source->moved > 0) memset(source->bytes + source->filled, 0, READ_SOURCE_PADDING);
    }
}

/* Lets the pages of a piece hold what is read next. False if they could not be moved, or are not needed there. */
static bool move_ahead(read_source *source, size_t piece)
{
#ifdef MREMAP_DONTUNMAP
    enum { MOST_AHEAD = 4 };
    size_t next = (source->filled + PIECE - 1) / PIECE * PIECE;
    if (source->ahead < next) source->ahead = next;
    bool wanted = source->ahead < source->length && source->ahead - next < (size_t)MOST_AHEAD * PIECE;
    if (!wanted || source->moved == MOST_MOVED) return false;
    void *moved = mremap(source->bytes + piece, PIECE, PIECE, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
                         source->bytes + source->ahead);
    if (moved == MAP_FAILED) return false;
    source->ahead += PIECE;
    source->moved++;
    return true;
#else
    (void)source;
    (void)piece;
    return false;
#endif
}

void read_source_drop(read_source *source, size_t before)
{
    size_t whole = before / PIECE * PIECE;
    if (whole <= source->dropped) return;
    size_t from = source->again < source->dropped ? source->again : source->dropped;
    for (size_t piece = from; piece < whole; piece += PIECE) {
        bool fresh = piece >= source->dropped;
        if (!fresh || !move_ahead(source, piece)) madvise(source->bytes + piece, PIECE, MADV_DONTNEED);
    }
    source->dropped = source->again = whole;
}

void read_source_go_to(read_source *source, size_t at)
{
    size_t whole = at / PIECE * PIECE;
    if (whole <= source->filled) return;
    size_t held = (source->filled + PIECE - 1) / PIECE * PIECE;
    madvise(source->bytes + source->dropped, held - source->dropped, MADV_DONTNEED);
    source->filled = source->dropped = source->again = whole;
}

void read_source_again(read_source *source, size_t from, size_t to)
{
    if (to > source->dropped) to = source->dropped;
    if (from >= to) return;
    if (!take(source, from, to)) source->failed = true;
    size_t whole = from / PIECE * PIECE;
    if (whole < source->again) source->again = whole;
}

int read_temporary_file(void)
{
    const char *folder = getenv("TMPDIR");
    if (folder == NULL || *folder == '\0') folder = "/tmp";
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/adjudge-XXXXXX", folder);
    if (length < 0 || (size_t)length >= sizeof path) return -1;
    int file = mkstemp(path);
    if (file < 0) return -1;
    unlink(path);
    fcntl(file, F_SETFD, FD_CLOEXEC);
    return file;
}

bool read_write_all(int file, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t put = write(file, bytes, length);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return false;
        bytes += put;
        length -= (size_t)put;
    }
    return true;
}
