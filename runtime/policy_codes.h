/* Machine code for one encounter after the other: of each policy that a line met, with every pass, made on a thread beside the work.
 * Until it is there the policy is interpreted, which says the same. */
#ifndef RUN_POLICY_CODES_H
#define RUN_POLICY_CODES_H

#include "runtime/handles.h"

typedef struct run_policy_codes run_policy_codes;

/* What is made first in a process, of which nobody has lines: it has LLVM set up all that it needs. */
extern const char run_small_policy[];

/* `all` is code that is there already, of every policy; NULL for none. Both it and the policies must outlive what is made here. NULL when
 * memory runs out. */
run_policy_codes *run_policy_codes_new(const base_allocator *allocator, const adj_policies *policies,
                                       const run_machine_code *all);

/* Ends the thread once the policy at hand is made. */
void run_policy_codes_free(run_policy_codes *codes);

/* What contexts judge by. */
const run_machine_code *run_policy_codes_of(const run_policy_codes *codes);

/* Asks for a policy's code, where nobody did. Any number of threads may ask. */
void run_policy_codes_ask(run_policy_codes *codes, uint32_t policy);
static inline void run_policy_codes_want(const run_machine_code *code, uint32_t policy)
{
    if (code == NULL || code->beside == NULL) return;
    if (__atomic_load_n(&code->asked[policy], __ATOMIC_RELAXED) == 0) run_policy_codes_ask(code->beside, policy);
}

/* Waits until all is made that was asked for. */
void run_policy_codes_settle(run_policy_codes *codes);

#endif
