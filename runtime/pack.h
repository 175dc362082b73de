/* What packing columns (pack.c) and packing what steps give (pack_steps.c) share. */
#ifndef RUN_PACK_H
#define RUN_PACK_H

#include "runtime/batch.h"

/* Two bits a line of a batch: of a truth certainly true and certainly false, of a value present and absent. */
typedef struct run_masks {
    uint64_t *yes, *no;
} run_masks;

/* Masks of no line; false when memory runs out. */
bool run_new_masks(run_packer *packer, run_masks *m);

/* Keeps the numbers of a batch's lines in the narrowest column that holds them all, `low` to `high`; NULL when memory runs out. */
const void *run_narrow(run_packer *packer, const int64_t *values, int64_t low, int64_t high, uint64_t *width);

#endif
