/* Encounters in parts: rows as bytes in temporary files, and who must stay together.
 *
 * Reading spools every batch as rows (rows.c). Each row has a route: a member, a session, a claim's identifier, or all parts.
 * Dividing (divide.c) joins members that share sessions or providers, fills parts with whole groups of them, and sends each row to
 * its part; what is told of claims follows the claims. Loading (load.c) makes encounters of a part's rows again. */
#ifndef PARTS_PARTS_H
#define PARTS_PARTS_H

#include "readers/encounters.h"

typedef enum parts_route { PARTS_TO_MEMBER, PARTS_TO_SESSION, PARTS_TO_CLAIM, PARTS_TO_ALL } parts_route;

typedef enum parts_kind {
    PARTS_BATCH, /* claims are counted anew */
    PARTS_PATIENT,
    PARTS_SESSION,
    PARTS_CLAIM,
    PARTS_LINE,
    PARTS_COVERAGE,
    PARTS_RECORD, /* of any other kind */
    PARTS_ANSWER, /* of a payer */
    PARTS_FACT,   /* about a claim */
    PARTS_PAYER,
    PARTS_CODE /* of a list */
} parts_kind;

/* What stands before a row: then its key, then what it holds. */
typedef struct parts_head {
    uint32_t size; /* of key and content */
    uint32_t key;  /* bytes of the key */
    uint8_t kind, route;
    uint8_t unused[2];
} parts_head;

/* A number of a row: seven bits a byte, the lowest first, the eighth says that more follow. */
enum { PARTS_NUMBER_BYTES = 10 };

static inline size_t parts_write_number(char bytes[PARTS_NUMBER_BYTES], uint64_t number)
{
    size_t count = 0;
    for (; number >= 0x80; number >>= 7) bytes[count++] = (char)(unsigned char)(number | 0x80);
    bytes[count++] = (char)(unsigned char)number;
    return count;
}

/* Reads one from `*at` on; 0 where none ends before `end`. */
static inline uint64_t parts_read_number(const char **at, const char *end)
{
    uint64_t number = 0;
    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        unsigned char byte = (unsigned char)*(*at)++;
        number |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) return number;
    }
    return 0;
}

/* Numbers with a sign alternate, so that those near zero are short. */
static inline uint64_t parts_folded(int64_t number)
{
    return (uint64_t)number << 1 ^ (uint64_t)(number >> 63);
}

static inline int64_t parts_unfolded(uint64_t number)
{
    return (int64_t)(number >> 1 ^ (0 - (number & 1)));
}

/* A file that is written through a buffer. */
typedef struct parts_file {
    int file; /* -1 before the first byte */
    uint64_t length;
    char *buffer;
    size_t used;
} parts_file;

enum { PARTS_BUFFER = 1 << 16 };

/* The field before the first of a row. */
#define PARTS_NO_FIELD UINT32_MAX

/* Which members belong together: a forest over the hashes of names. */
typedef struct parts_group {
    uint64_t hash;
    uint32_t parent; /* the place of another, or its own */
    uint32_t part;   /* one more than it is, of roots; 0 before dividing */
    uint64_t weight; /* of roots: rows that are routed here */
} parts_group;

struct adj_parts {
    base_arena arena;
    const adj_policies *policies;
    adj_encounters *encounters;           /* the batch that is being read */
    uint64_t limit;                       /* weight of rows that a part may have */
    bool joins_sessions, joins_providers; /* what the policies count */
    bool loose;                           /* a line that may be of any session or provider */
    bool failed;                          /* a file cannot be written */
    const char *message;
    base_text row;           /* that is being written */
    uint64_t row_weight;     /* its bytes with all numbers in full: what it takes in memory follows from those */
    uint64_t weight;         /* of all rows that were spooled */
    const uint16_t **fields; /* by record: those that are spooled, found when first needed */
    base_intern paths;       /* of files: lines say by number which they are of */
    parts_file spool;
    uint64_t shared; /* weight of rows that go to all parts */
    bool has_claim_rows;
    uint64_t unmatched; /* answers to claims that are not in the run, which go nowhere */
    const char *first_unmatched;
    base_arena names; /* holds the groups; released once the rows are divided, so that parts have the memory */
    BASE_ARRAY(parts_group) groups;
    uint32_t *slots; /* of the groups' hashes: place and one */
    size_t slot_count;
    BASE_ARRAY(parts_file) files; /* the parts; none where the spool is the only one */
    size_t count;
};

/* The place of a name's group, made when new; UINT32_MAX when memory runs out. `kind` tells names of one kind from another's. */
uint32_t parts_group_of(adj_parts *parts, char kind, const char *name, size_t length);
uint32_t parts_root(adj_parts *parts, uint32_t group);
void parts_join(adj_parts *parts, uint32_t a, uint32_t b);

/* Writes the rows of the batch; false if memory or room on disk runs out. */
bool parts_spool(adj_parts *parts);

bool parts_file_put(adj_parts *parts, parts_file *file, const char *bytes, size_t length);
bool parts_file_end(parts_file *file);
void parts_file_free(adj_parts *parts, parts_file *file);

/* Gives every row of a file, its head before it, to `each` until that says no; false then, or if the file cannot be read. */
bool parts_each_row(parts_file *file, bool (*each)(void *state, const parts_head *head, const char *row), void *state);

#endif
