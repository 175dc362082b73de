/* What the dispatch asks of lines first: the combinations of payer, plan, product and procedure that there are, which are found where reading ends, and
 * the lines of each. */
#ifndef RUN_LINE_KEYS_H
#define RUN_LINE_KEYS_H

#include "runtime/context.h"

/* Whether a field of the line, or of its claim, is one that keys are made of. */
bool run_is_key_field(lang_field field);
bool run_is_key_field_of_claim(lang_field field);

/* Finds the keys of all lines of a store: a part of run_index. False when memory runs out. */
bool run_key_lines(run_store *store);

/* What is asked of a key by a run. */
typedef struct run_key_use {
    uint32_t count; /* of lines that are judged */
    uint32_t work;  /* for whoever asked: where its lines go */
} run_key_use;

/* Lines that follow each other. */
typedef struct run_line_chunk {
    size_t first, end; /* places of its lines */
    uint32_t *counts;  /* by key: lines that are judged */
    size_t *places;    /* by work: where its next line goes */
} run_line_chunk;

typedef struct run_line_keys {
    base_arena arena;
    const run_store *store;
    const uint32_t *rows;
    const bool *judged;
    size_t line_count;
    run_key_use *uses; /* by key of the store */
    run_line_chunk *chunks;
    size_t chunk_count;
    uint32_t *lines; /* being gathered */
    size_t works;
} run_line_keys;

/* Counts the lines of each key that are judged, on so many threads; false when memory runs out. To be released in any case. */
bool run_count_keys(run_line_keys *keys, const base_allocator *allocator, const run_store *store, const uint32_t *rows,
                    const bool *judged, size_t count, size_t threads);
void run_line_keys_release(run_line_keys *keys);

/* Puts the places of all lines that are judged into `lines`, by work and in order, and where each work's begin, and one more, into
 * `starts`. */
bool run_gather_lines(run_line_keys *keys, size_t works, size_t threads, uint32_t *lines, size_t *starts);

#endif
