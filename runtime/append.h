/* Rows of one store behind those of another, as if all had been read into one: symbols, members, lists and references become those of the
 * store that they come to. For claims and payments, which readers may read in pieces, each into a store of its own. */
#ifndef RUN_APPEND_H
#define RUN_APPEND_H

#include "runtime/store.h"

typedef struct run_append {
    run_store *to;
    const run_store *from;
    uint32_t *symbols;                /* by symbol of `from` */
    uint32_t *patients;               /* by patient of `from` */
    uint32_t line, claim, remittance; /* rows of `to` that the first of them become */
    size_t answer;                    /* likewise among remitted */
    uint32_t occurrence;              /* claim payments that were before */
    size_t list;                      /* place in the pool of `to` that the first list's becomes */
    uint64_t place;
} run_append;

/* Whether a store holds nothing but claims, their lines and patients, and payers' answers. */
bool run_may_append(const run_store *from);

/* Joins the texts, lists and patients of `from`. What a patient's fields hold is replaced by what they hold in `from`; an absence there
 * counts where nothing was known. One at a time; the arena holds what run_append_rows needs. False when memory runs out. */
bool run_append_begin(run_append *append, base_arena *arena, run_store *to, const run_store *from);

/* Whether columns must grow for the rows, and growing them, which nobody may read or write meanwhile. */
bool run_append_lacks_room(const run_append *append);
bool run_append_make_room(const run_append *append);

/* Takes the places of the rows; one at a time, after the above. */
void run_append_take_places(run_append *append);

/* Writes the rows to their places; any number at once. */
void run_append_rows(const run_append *append);

#endif
