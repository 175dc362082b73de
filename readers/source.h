/* Files of any size, of which only a window is in memory: address space for all of the file, pages for what is being read. */
#ifndef READ_SOURCE_H
#define READ_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

enum { READ_SOURCE_STEP = 1 << 20, READ_SOURCE_PADDING = 4096 };

typedef struct read_source {
    int file;       /* the caller's, open for reading */
    char *bytes;    /* place i of the file is bytes[i]; READ_SOURCE_PADDING zeros follow */
    size_t length;  /* of the file, when it was opened */
    size_t filled;  /* so many of its bytes have been read */
    size_t dropped; /* and those before here given back since */
    size_t again;   /* from here on some of those were read again; `dropped` where none were */
    bool failed;    /* the file could not be read, or has become shorter */
    char *mapped;   /* what `bytes` is a part of */
    size_t mapped_length;
    size_t ahead; /* before here, pages stand ready for what is read next */
    size_t moved; /* pieces whose pages did */
} read_source;

/* Begins with an empty window; false if there is no address space. */
bool read_source_open(read_source *source, int file, size_t length);
void read_source_close(read_source *source);

/* Reads on until `upto` bytes (or all there are) are in memory, in steps; what has been reached is source->filled. */
void read_source_fill(read_source *source, size_t upto);

/* Goes on at a place that has not been read yet, or a little before it. */
void read_source_go_to(read_source *source, size_t at);

/* Gives back the memory of what stands before a place, or reads what comes next into it. */
void read_source_drop(read_source *source, size_t before);

/* Reads what was given back again, for as long as nothing more is given back. */
void read_source_again(read_source *source, size_t from, size_t to);

/* A file without a name, in the folder that TMPDIR names, else /tmp; -1 where none can be made. */
int read_temporary_file(void);

/* Writes all of the bytes; false if that failed. */
bool read_write_all(int file, const char *bytes, size_t length);

#endif
