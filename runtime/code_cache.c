/* Objects on disk. A file is written under a name of its own and then renamed, so that another process sees all of it or nothing; its
 * first bytes say how long the rest is and what it digests to. What belongs to someone else, or what others may write to, is not
 * read: it would be run. */
#include "runtime/kernel_code.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

typedef struct cache_head {
    char magic[8];
    uint64_t key[2];
    uint64_t length;
    uint64_t digest;
} cache_head;

static const char MAGIC[8] = "adjcode1";

enum { MOST = 1 << 24 };

static const char *path_of(base_arena *arena, const char *directory, const uint64_t key[2])
{
    return base_format(arena, "%s/%016llx%016llx.o", directory, (unsigned long long)key[0], (unsigned long long)key[1]);
}

static bool read_all(int file, void *bytes, size_t length)
{
    char *at = bytes;
    while (length > 0) {
        ssize_t got = read(file, at, length);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        at += got;
        length -= (size_t)got;
    }
    return true;
}

static bool write_all(int file, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t put = write(file, at, length);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return false;
        at += put;
        length -= (size_t)put;
    }
    return true;
}

/* Ours, and nobody else can write to it. */
static bool is_private(const struct stat *about)
{
    return about->st_uid == geteuid() && (about->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool directory_is_private(const char *directory)
{
    struct stat about;
    return stat(directory, &about) == 0 && S_ISDIR(about.st_mode) && is_private(&about);
}

bool run_cache_read(base_arena *arena, const char *directory, const uint64_t key[2], const char **bytes, size_t *length)
{
    const char *path = path_of(arena, directory, key);
    int file = path == NULL || !directory_is_private(directory) ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) return false;
    struct stat about;
    cache_head head;
    bool good = fstat(file, &about) == 0 && S_ISREG(about.st_mode) && is_private(&about) &&
                read_all(file, &head, sizeof head) && memcmp(head.magic, MAGIC, sizeof MAGIC) == 0 &&
                head.key[0] == key[0] && head.key[1] == key[1] && head.length <= MOST;
    char *content = good ? base_arena_alloc(arena, (size_t)head.length + 1) : NULL;
    good = content != NULL && read_all(file, content, (size_t)head.length) &&
           XXH3_64bits(content, (size_t)head.length) == head.digest;
    close(file);
    *bytes = content;
    *length = good ? (size_t)head.length : 0;
    return good;
}

/* Makes a directory and those that hold it. */
static bool make_directory(base_arena *arena, const char *directory)
{
    char *path = base_arena_copy(arena, directory, strlen(directory));
    if (path == NULL || *path == '\0') return false;
    for (char *at = path + 1;; at++) {
        if (*at != '/' && *at != '\0') continue;
        char end = *at;
        *at = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST) return false;
        *at = end;
        if (end == '\0') return directory_is_private(path);
    }
}

void run_cache_write(base_arena *arena, const char *directory, const uint64_t key[2], const char *bytes, size_t length)
{
    if (length > MOST || !make_directory(arena, directory)) return;
    const char *path = path_of(arena, directory, key);
    const char *form = base_format(arena, "%s/.new-XXXXXX", directory);
    char *own = form == NULL ? NULL : base_arena_copy(arena, form, strlen(form));
    int file = path == NULL || own == NULL ? -1 : mkstemp(own);
    if (file < 0) return;
    cache_head head = {.key = {key[0], key[1]}, .length = length, .digest = XXH3_64bits(bytes, length)};
    memcpy(head.magic, MAGIC, sizeof MAGIC);
    bool whole = write_all(file, &head, sizeof head) && write_all(file, bytes, length);
    whole = close(file) == 0 && whole;
    if (!whole || rename(own, path) != 0) unlink(own);
}
