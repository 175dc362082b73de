/* Words of policies that explanations use again and again: what a step is called, and what is the same in all findings of a clause. They are
 * made when they are first asked for and kept beside the policies, for all threads. */
#ifndef RUN_WORDS_H
#define RUN_WORDS_H

#include "adjudge.h"
#include "compiler/plan/plan.h"

typedef struct run_words run_words;

/* Words of a plan, which must outlive them; NULL when memory runs out. */
run_words *run_words_new(const base_allocator *allocator, const plan_program *plan);
void run_words_free(run_words *words);

/* The name that was kept of a step of a block; NULL for none yet. `words` may be NULL. A block is that of a clause or of what an aggregate asks
 * of its elements: its steps are always named the same. */
const char *run_words_step(const run_words *words, const plan_block *block, const plan_step *step);

/* Keeps a copy of it; where memory runs out, what was given. */
const char *run_words_keep_step(run_words *words, const plan_block *block, const plan_step *step, const char *name);

/* What is the same in all findings of a clause; NULL for nothing yet. */
const adj_finding *run_words_clause(const run_words *words, const plan_clause *clause);

/* Keeps a copy of it, with its citation and its remark codes; other texts are the policies' own. */
void run_words_keep_clause(run_words *words, const plan_clause *clause, const adj_finding *finding);

#endif
