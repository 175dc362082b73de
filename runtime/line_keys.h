/* What the dispatch asks of lines first: the combinations of payer, plan and procedure that there are, and the lines of each. */
#ifndef RUN_LINE_KEYS_H
#define RUN_LINE_KEYS_H

#include "runtime/context.h"

enum { RUN_KEY_FIELDS = 3 };

/* Whether a field of the line is one of those. */
bool run_is_key_field(lang_field field);

typedef struct run_line_key {
    int32_t parts[RUN_KEY_FIELDS]; /* payer, plan, procedure; below zero for absent and unknown */
    uint32_t row;                  /* of the first line that has it */
    uint32_t count;                /* of lines */
    uint32_t work;                 /* for whoever asked: where its lines go */
} run_line_key;

typedef BASE_ARRAY(run_line_key) run_key_list;

/* A key's parts and its number + 1, 0 for none: what is sought lies where it is looked for. */
typedef struct run_key_slot {
    int32_t parts[RUN_KEY_FIELDS];
    uint32_t key;
} run_key_slot;

/* Lines that follow each other, and the keys that they have. */
typedef struct run_line_chunk {
    base_arena arena;
    size_t first, end; /* places of its lines */
    run_key_list keys;
    run_key_slot *slots;
    size_t slot_count;
    uint32_t *key_numbers; /* by its own key: the number among all */
    size_t *places;        /* by work: where its next line goes */
} run_line_chunk;

typedef struct run_line_keys {
    base_allocator allocator;
    const run_context *context;
    const uint32_t *rows;
    const bool *judged;
    size_t line_count;
    run_line_chunk all; /* the keys of all lines, in the order in which lines have them first */
    run_line_chunk *chunks;
    size_t chunk_count;
    uint32_t *key_of; /* by line: the number of its key in its chunk; PLAN_NO_STEP where it is not judged */
    uint32_t *lines;  /* being gathered */
} run_line_keys;

/* Finds the keys of those lines that are judged, on so many threads; false when memory runs out. To be released in any case. */
bool run_find_line_keys(run_line_keys *keys, const base_allocator *allocator, const run_context *context,
                        const uint32_t *rows, const bool *judged, size_t count, size_t threads);
void run_line_keys_release(run_line_keys *keys);

/* Puts the places of all lines that are judged into `lines`, by work and in order, and where each work's begin, and one more, into
 * `starts`. */
bool run_gather_lines(run_line_keys *keys, size_t works, size_t threads, uint32_t *lines, size_t *starts);

#endif
