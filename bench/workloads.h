/* The workloads of docs/performance.md: policies as text in the language, and encounters that they are asked about. */
#ifndef BENCH_WORKLOADS_H
#define BENCH_WORKLOADS_H

#include "runtime/handles.h"

#include <stdint.h>

enum { WORKLOAD_CLAUSES = 24 };

/* What one payer's policy says: everything that differs between payers. */
typedef struct workload_payer {
    int least_minutes, most_minutes, least_attended, least_group, most_group, youngest, oldest, days_to_file,
        most_units, left_units, notice;
    int64_t most_charge; /* cents */
    unsigned plans;      /* rows of its matrix */
} workload_payer;

workload_payer workload_payer_of(unsigned payer);

/* The text of one payer's policy, 24 clauses, and `extra` more of the same shapes for codes that no line has. From malloc. */
char *workload_policy(unsigned payer, unsigned extra);

/* A policy of `clauses` clauses of which no two have the same shape. */
char *workload_distinct(unsigned clauses);

/* Compiles policies' texts, and frees these and their names; exits with a message where that fails. */
adj_policies *workload_compile_texts(char **names, char **texts, size_t count, const adj_options *options);

/* Compiles the policies of so many payers, likewise. */
adj_policies *workload_compile(unsigned payers, unsigned extra, const adj_options *options);

/* Encounters: lines of so many payers in turn, one a session and claim, about 15 percent of them with something that fails and 2
 * percent with something that nobody told. `per_patient` lines belong to each member. */
adj_encounters *workload_encounters(const adj_policies *policies, size_t lines, unsigned payers, unsigned per_patient);

/* The same lines in the order of their days, as files of claims have them: the next of a member comes after one of each other. */
adj_encounters *workload_encounters_by_day(const adj_policies *policies, size_t lines, unsigned payers,
                                           unsigned per_patient);

/* A stream of numbers that depends on its seed alone. */
uint64_t workload_random(uint64_t *state);

#endif
