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

/* Whether a gate asks a file: what it asks of a subject and of an element adds up to a sum, found for each of them once. */
bool run_gate_adds_up(const run_gate *gate);

/* Whether it asks something else, too. */
bool run_gate_asks_more(const run_gate *gate);

/* Those sums of subjects or elements, and for which of them nothing can be said by the sum: 1, else 0. Gives whether there are any such. */
bool run_gate_sums(const run_gate *gate, const uint32_t *rows, size_t count, bool of_element, uint64_t *sums,
                   uint8_t *doubtful);

/* Whether the file may have a row, by the sum of subject and element, at most RUN_ITEMS of them: a bit each, 0 where it surely has none. */
void run_gate_ask_sums(const run_gate *gate, const uint64_t *sums, size_t count, uint64_t *open);

#endif
