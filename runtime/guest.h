/* Single encounters beside a store whose lines are their history. */
#ifndef RUN_GUEST_H
#define RUN_GUEST_H

#include "runtime/sweep.h"

/* Makes room for `store->guests` of them behind all rows; after run_index. */
bool run_store_seat_guests(run_store *store);

/* A free seat, whose row of each record is the record's count plus the seat; RUN_NO_ROW where there is none. Safe between threads. */
uint32_t run_guest_enter(run_store *store);
void run_guest_leave(run_store *store, uint32_t seat);

/* The elements of a collection of the context's guest. */
void run_collect_guest(const run_context *context, const plan_aggregate *aggregate, run_candidates *found);

#endif
