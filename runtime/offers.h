/* What the policies name that a biller might correct a line to: modifiers, lists of them, and places of service. Found once for a context:
 * going through all tables and sets of a library for each finding had taken a hundred times as long as everything else. */
#ifndef RUN_OFFERS_H
#define RUN_OFFERS_H

#include "runtime/context.h"

/* Modifiers of a constant list, in its order. */
typedef struct run_offered_list {
    uint32_t *codes;
    uint32_t count;
} run_offered_list;

/* All of them are ids of the store, or of texts that policies alone have; each stands where it is first named. */
typedef struct run_offers {
    BASE_ARRAY(uint32_t) modifiers;
    BASE_ARRAY(run_offered_list) lists;
    BASE_ARRAY(uint32_t) places;
} run_offers;

/* NULL when memory runs out. */
const run_offers *run_offers_of(run_context *context);

#endif
