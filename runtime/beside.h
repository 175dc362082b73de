/* Lines of a claim beside a line, for many lines at a time: of an aggregate whose `where` shows quickly which pairs do not count (gate.h). */
#ifndef RUN_BESIDE_H
#define RUN_BESIDE_H

#include "runtime/gate.h"
#include "runtime/sweep.h"

/* Whether an aggregate is one of those. */
bool run_can_pair(const plan_aggregate *aggregate, const run_gate *gate);

/* Answers those of `count` subjects that are not `done` and whose claims have few lines, and notes them in `paired`, whose others stay
 * false; `open` tells where there may be elements that nobody told of. `vectors` are those of elements. False when memory runs out. */
bool run_pair(run_context *context, run_vectors *vectors, uint32_t index, const run_gate *gate, const uint32_t *lines,
              const run_vector *bound, size_t count, const bool *done, bool *paired, run_value *results, bool *open);

#endif
