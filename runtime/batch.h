/* Judging many lines at a time: lines that meet the same clauses are gathered in batches, what the clauses ask of them is packed
 * into narrow columns and bit masks, and kernels (compiler/plan/kernels.h) give a word of verdicts for 64 lines.
 *
 * A truth is two words, certainly true and certainly false, a bit a line; a value is a column as narrow as the batch allows, and
 * two words, present and absent. Bits past the last line are those of an unknown line. */
#ifndef RUN_BATCH_H
#define RUN_BATCH_H

#include "compiler/plan/kernels.h"
#include "runtime/column.h"
#include "runtime/context.h"

enum { RUN_BATCH_LINES = 1024, RUN_BATCH_MOST = 4096, RUN_BATCH_WORDS = RUN_BATCH_MOST / 64 };

typedef struct run_lanes {
    const void *values;  /* signed numbers of 1 << width bytes; NULL of a truth */
    const uint64_t *yes; /* certainly true; of a value: present */
    const uint64_t *no;  /* certainly false; of a value: absent */
    uint64_t width;
} run_lanes;

/* Words come eight at a time: a plane has room for RUN_ROOM of them, and what stands past the last word of a batch means nothing. */
#define RUN_ROOM(words) (((words) + 7) / 8 * 8)

/* What a unit writes, each plane of as many words as the batch has, with room as above. Of a clause: where it is not surely out of scope; where it does
 * not simply pass; where it fails; where it is excused (not written for plain shapes). Of a shared truth: certainly true;
 * certainly false. */
enum { RUN_PLANES = 4, RUN_PLANE_APPLIES = 0, RUN_PLANE_EVENTS = 1, RUN_PLANE_FAILS = 2, RUN_PLANE_EXCUSED = 3 };

typedef void (*run_kernel)(
    const run_lanes *lanes, const uint32_t *inputs, const int64_t *constants, uint64_t words, uint64_t *const *planes,
    uint64_t *aside); /* `inputs` by slot: which of the lanes; better code takes them for one after the
                                              * other. `aside`: of packers */

/* Memory that shapes are interpreted in, one after the other. */
typedef struct run_registers {
    base_arena arena;   /* registers */
    base_arena columns; /* of values that the shape at hand works out */
    uint64_t *truths;
    size_t truth_room; /* words */
    struct run_value_register *values;
    size_t value_room;
    uint64_t ones[RUN_BATCH_WORDS], zeros[RUN_BATCH_WORDS];
} run_registers;

void run_registers_init(run_registers *registers, const base_allocator *allocator);
void run_registers_release(run_registers *registers);

/* Does what a shape says, without machine code. False when memory runs out. */
bool run_interpret_shape(run_registers *registers, const plan_shape *shape, const run_lanes *lanes,
                         const uint32_t *inputs, const int64_t *constants, uint64_t words, uint64_t *const *planes);

/* Lines that meet the same clauses. */
typedef struct run_work {
    const uint32_t *units; /* of clauses, ascending by clause */
    size_t unit_count;
    const uint32_t *policies; /* that name payers and may speak of these lines */
    size_t policy_count;
    const uint32_t *inputs; /* that those need, each after what it depends on */
    size_t input_count;
    bool filled;           /* some input is worked out line by line */
    bool by_member;        /* its lines stand in the order of their members */
    const uint32_t *lines; /* places in the list of lines that are judged */
    size_t line_count;
} run_work;

/* What a clause says of a line that it does not simply pass. */
typedef struct run_event {
    uint32_t clause : 28;
    uint32_t verdict : 4; /* an adj_clause_verdict from ADJ_CLAUSE_FAIL on */
} run_event;

/* The lines of a batch that a clause does not simply pass: marks, each of which holds a line's place in the batch and above that the
 * verdict. There are many, and nearly all are read once. */
typedef uint16_t run_mark;
enum { RUN_MARK_PLACE = RUN_BATCH_MOST - 1, RUN_MARK_SHIFT = 12 };
_Static_assert(RUN_BATCH_MOST == 1 << RUN_MARK_SHIFT, "a mark has room for every place");

typedef struct run_marked {
    uint32_t clause, count;
} run_marked;

/* How the policies that name payers stand to a line, and whether any clause applies. */
enum { RUN_LINE_APPLIES = 1, RUN_LINE_UNKNOWN = 2, RUN_LINE_NO_VERSION = 4, RUN_LINE_ANY_CLAUSE = 8 };

typedef struct run_batch {
    const run_work *work;
    size_t first, count; /* of the work's lines */
    uint64_t *
        applies; /* by unit of the work, words without room between: a bit a line, the clause is not surely out of scope; NULL until judged */
    run_marked *marked; /* clauses that have marks, in order */
    size_t marked_count;
    run_mark *marks; /* of those clauses, one after the other */
} run_batch;

/* All batches of a run. */
typedef struct run_schedule {
    BASE_ARRAY(run_work) works;
    BASE_ARRAY(run_batch) batches;
    int64_t *constants; /* of the kernels, as this run has them */
    bool *whole;        /* by input: told in whole units of PLAN_SCALE, as the constants are that it is compared with */
} run_schedule;

/* Divides lines into batches of at most `most` lines, on so many threads. `rows` are the store's rows of the lines, `judged` which are to
 * be judged. */
bool run_make_schedule(run_schedule *schedule, base_arena *arena, const plan_kernels *kernels, run_context *context,
                       const uint32_t *rows, const bool *judged, size_t count, size_t most, size_t threads);

/* Answers that are kept of an input (answers.h), and its number among those that share them. */
typedef struct run_input_answers {
    struct run_answers *answers; /* NULL until asked */
    uint32_t step;
} run_input_answers;

/* What packing and judging a batch works with; one for each thread. */
typedef struct run_packer {
    base_arena arena;     /* columns, one behind the other; emptied for each batch */
    base_arena temporary; /* what making them takes, likewise */
    run_registers registers;
    run_context *context;
    const plan_kernels *kernels;
    const int64_t *constants;
    const bool *whole;    /* by input: as the schedule has it */
    run_lanes *lanes;     /* by input */
    const uint32_t *rows; /* of the batch's lines in the store */
    size_t count;
    uint64_t words;
    bool keys_only; /* only what the keys of the dispatch tell is known */
    const run_column_loops *loops;
    BASE_ARRAY(struct run_joined) joined;
    struct run_vectors *vectors;   /* for steps; made when first needed */
    run_input_answers *answers;    /* by input, for the whole run */
    struct run_kernel_code *code;  /* machine code of shapes; NULL for none */
    bool wait;                     /* for code that is not there yet, instead of interpreting meanwhile */
    struct run_kernel_memo *memos; /* by unit: what was found for it last */
    uint64_t *part_planes;         /* of composites */
    uint64_t *aside[2];            /* bits that kernels put aside: as much as the largest needs */
} run_packer;

bool run_packer_init(run_packer *packer, const base_allocator *allocator, run_context *context,
                     const plan_kernels *kernels, const run_schedule *schedule);
void run_packer_release(run_packer *packer);

/* Begins a batch of rows. */
bool run_packer_begin(run_packer *packer, const uint32_t *rows, size_t count);

/* Fills the lanes of one input of this batch: reads its columns or runs its unit. Inputs that steps give become
 * unknown, and are worked out by run_pack_steps. */
bool run_pack_input(run_packer *packer, uint32_t input);

/* Works inputs out by their steps: `needed` holds, by place in `inputs`, the lines that each is asked for. */
bool run_pack_steps(run_packer *packer, const uint32_t *inputs, size_t count, uint64_t *const *needed);

/* Packs all that a work reads. */
bool run_pack_batch(run_packer *packer, const run_work *work);

/* What the clauses of a batch say. */
typedef struct run_outcome {
    run_packer *packer;
    run_batch *batch;
    uint64_t *spare; /* RUN_PLANES times RUN_ROOM of the batch's words */
    BASE_ARRAY(run_marked) marked;
    BASE_ARRAY(run_mark) marks;
    uint16_t found[RUN_BATCH_WORDS + 8]; /* words of the clause at hand */
    uint64_t any[RUN_BATCH_WORDS];       /* bits: some clause applies */
} run_outcome;

/* A unit that is to be run: all that its code takes, side by side. What units, shapes and slots say is spread over memory, and reading
 * it takes as long as the code of a small clause. */
typedef struct run_call {
    run_kernel kernel;
    run_kernel compare;                    /* to be called before the kernel; NULL for nothing */
    const struct run_composite *composite; /* where there is no kernel; neither: interpreted */
    const int64_t *constants;
    const run_lanes *lanes;
    const uint32_t *inputs; /* by slot: which of the lanes */
    uint32_t unit, clause;
    bool plain; /* as its shape */
} run_call;

/* Finds what a unit of this batch is run by. `lanes` has room for the slots of its shape, RUN_CALL_SLOTS at most of those that have code; of
 * that the first `*slots` are taken. */
enum { RUN_CALL_SLOTS = 32 };
void run_make_call(run_packer *packer, uint32_t unit, run_lanes *lanes, size_t *slots, run_call *call);

/* The clauses of a work, to be run over a batch whose inputs are packed; NULL when memory runs out. */
run_call *run_make_calls(run_packer *packer, base_arena *arena, const run_work *work);

/* Runs the clauses of a batch. */
bool run_units(run_packer *packer, const run_call *calls, run_outcome *outcome);

/* Runs a unit over the batch. */
bool run_unit(run_packer *packer, uint32_t unit, uint64_t *const *planes);

/* ---- machine code of shapes (kernel_code.c) ---- */

/* Code of a shape in parts: that of its comparisons, and of the logic over what they say. It is there sooner: shapes share parts. */
typedef struct run_composite {
    const struct plan_split *split;
    run_kernel *parts;
    run_kernel logic;
} run_composite;

typedef struct run_kernel_memo {
    uint64_t signature;  /* plus one; 0 for none: how wide the slots are */
    uint64_t generation; /* of the code, when it was looked for */
    run_kernel kernel;   /* NULL: interpreted, unless there is a composite */
    run_kernel compare;  /* to be called before it; NULL for nothing */
    const run_composite *composite;
    int64_t *constants; /* as it takes them; made when first needed */
} run_kernel_memo;

/* Sees to it that the machine code for a unit with such slots is being made. */
void run_kernel_ask(run_packer *packer, uint32_t unit, uint64_t signature);

/* The machine code for a unit with slots as wide as these, two bits a slot in the signature, and the constants that it takes; NULL where
 * it is to be interpreted. */
const run_kernel_memo *run_kernel_find(run_packer *packer, uint32_t unit, uint64_t signature);

/* Runs a unit by a composite. */
void run_composite_unit(run_packer *packer, const run_composite *composite, const uint32_t *inputs,
                        const int64_t *constants, uint64_t *const *planes);

/* Runs a unit that has no kernel. */
bool run_call_slowly(run_packer *packer, const run_call *call, uint64_t *const *planes);

/* Run a unit in two steps: what the first leaves is in one of two places, so that another unit's first may be taken before the second,
 * which then need not wait until what was just written can be read. */
static inline void run_start_call(const run_packer *packer, const run_call *call, size_t place)
{
    if (call->compare != NULL)
        call->compare(call->lanes, call->inputs, call->constants, packer->words, NULL, packer->aside[place]);
}

static inline bool run_finish_call(run_packer *packer, const run_call *call, size_t place, uint64_t *const *planes)
{
    if (call->kernel == NULL) return run_call_slowly(packer, call, planes);
    call->kernel(call->lanes, call->inputs, call->constants, packer->words, planes, packer->aside[place]);
    return true;
}

/* Judges a batch; events and bits of where clauses apply come from `arena`, `flags` is by place in the list of lines. */
bool run_judge_batch(run_packer *packer, base_arena *arena, run_batch *batch, const uint32_t *rows, uint8_t *flags);

#endif
