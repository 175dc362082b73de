/* Batches of the first workload, packed and kept in memory, and code by hand that judges them (by_hand.c). */
#ifndef BENCH_JUDGING_H
#define BENCH_JUDGING_H

#include "bench/workloads.h"

typedef struct packed_column {
    const void *bytes;
    size_t length;
} packed_column;

typedef struct packed_batch {
    run_batch batch;
    base_arena arena; /* of its columns */
    run_lanes *lanes; /* by input */
    uint32_t *rows;
    run_call *shared, *calls; /* truths that clauses share, and the clauses */
    uint32_t *shared_inputs;  /* by shared truth: the input that it gives */
    size_t shared_count;
    packed_column *columns; /* that kernels read */
    size_t column_count;
    uint64_t words;
    unsigned payer;
    run_lanes slots[WORKLOAD_CLAUSES][4]; /* by clause of its payer, as the clause's unit reads them */
    uint8_t *bytes[WORKLOAD_CLAUSES][4];  /* the masks of those as bytes: certainly true, or present; then the other */
    uint64_t *fails, *open;               /* by clause, then word: what code by hand found */
    uint8_t *failing, *opened;            /* by clause, then line: likewise, of code byte by byte */
} packed_batch;

/* The three ways to write the policy by hand, each on one batch. */
void by_hand_rows(packed_batch *batch, const workload_payer *payer);
void by_hand_loops(packed_batch *batch, const workload_payer *payer);
bool by_hand_vectors_possible(void);
bool by_hand_vectors_wide(void); /* with AVX-512, not AVX2 */
void by_hand_vectors(packed_batch *batch, const workload_payer *payer);

/* Measures judging; `quick` only sees that it works. Not 0 where answers differ. */
int bench_judging(size_t lines, unsigned payers, bool quick);

/* Measures what grows with clauses, lines and threads. */
/* From columns to events: `size` lines, or 10,000 to ten million of them for 0. */
int bench_lines(size_t size, bool quick);
int bench_scale(bool quick);

/* Measures one encounter at a time. Not 0 where an answer differs, or something is allocated. */
int bench_single(bool quick);

/* Measures pairs of procedures. Not 0 where code by hand finds something else. */
int bench_pairs(size_t claims, size_t pairs, bool quick);

/* Ten windows, each a clause. */
extern const char bench_windows_policy[];

/* Measures history windows. Not 0 where walking them finds something else. */
int bench_windows(size_t lines, bool quick);

/* Writes the first workload for other engines. */
int bench_export(size_t lines);

/* Makes machine code for all that these lines meet, at once; with `best`, the code that takes longer to make. */
void bench_all_kernels(const adj_policies *policies, const adj_encounters *encounters, bool best);

#endif
