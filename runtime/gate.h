/* What shows quickly that an element does not count: of the conditions that an aggregate's `where` joins by `and`, those that compare a field
 * of the element with one of the subject, ask whether a set holds a code, or whether a file has a row. Most elements end there, before
 * they are gathered, their window is looked at, or their other conditions are. */
#ifndef RUN_GATE_H
#define RUN_GATE_H

#include "runtime/context.h"

typedef struct run_gate run_gate;

/* The gate of an aggregate, made when it is first asked for; NULL where it has none, or memory runs out, or where what is looked up is to be
 * told of, or changes are tried. */
const run_gate *run_gate_of(run_context *context, uint32_t aggregate);

/* Whether elements may count, each for its subject, at most RUN_ITEMS of them: 0 where the `where` is surely false, else 1. */
void run_gate_ask(const run_gate *gate, const run_context *context, const uint32_t *subjects, const uint32_t *elements,
                  size_t count, uint8_t *open);

#endif
