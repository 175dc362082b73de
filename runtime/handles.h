/* The structs behind the public handles, and what the runtime's own files ask of each other. */
#ifndef RUN_HANDLES_H
#define RUN_HANDLES_H

#include "runtime/kernel_code.h"
#include "runtime/many.h"

/* A file that was read to compile. */
typedef struct run_source_text {
    const char *name, *text;
    size_t length;
} run_source_text;

/* What tests that were run met. */
typedef struct run_coverage {
    uint8_t *clauses;     /* by clause of the plan: bit v, some line had verdict v */
    uint64_t *exceptions; /* by clause of the plan: bit i, some line was excused by the i-th exception */
    uint8_t **table_rows; /* by table of the plan, by written row */
} run_coverage;

struct adj_policies {
    base_arena arena;
    base_allocator allocator;
    lang_program program;
    plan_program *plan;
    plan_kernels *kernels;
    const char *diagnostics;
    bool interpreted;             /* no machine code is wanted */
    struct run_lazy_code *lazy;   /* of code that judges line by line: see run_policies_code */
    run_kernel_code *kernel_code; /* of kernels; locks itself */
    struct run_words *words;      /* of explanations; locks itself; NULL where there was no memory for them */
    BASE_ARRAY(run_source_text) sources;
    run_coverage *coverage; /* NULL before the first test */
    bool tests_ready;       /* and what tests are judged by, from the first on */
    const plan_program *test_plan;
    const plan_kernels *test_kernels;
    const run_machine_code *test_code;
    run_machine_code *own_test_code; /* where it is not the policies' */
};

/* Machine code that judges line by line, made when it is first asked for, by whichever thread; NULL where none can be had, with the
 * reason in `error`, which may be NULL. */
const run_machine_code *run_policies_code(const adj_policies *policies, run_code_kind kind, const char **error);

/* Machine code that judges one encounter after the other, made beside the work; NULL where none can be had. */
struct run_policy_codes *run_policies_single_codes(const adj_policies *policies);

/* The same where somebody asked for it before; else NULL. */
const struct run_policy_codes *run_policies_made_codes(const adj_policies *policies);

/* Prepares what tests are judged by; false when memory runs out. */
bool run_tests_ready(adj_policies *policies);

/* Makes room for what tests meet; false when memory runs out. */
bool run_coverage_begin(adj_policies *policies);

/* Notes what a line that a test of a policy asks about came to by that policy: others that are compiled along may speak of the
 * line, too, but the test says nothing of them. */
void run_coverage_note(adj_policies *policies, const lang_file *policy, run_context *context, base_arena *scratch,
                       uint32_t line, const uint8_t *verdicts);

struct adj_encounters {
    run_store store;
    const char *last_error;
    const uint32_t *history; /* rows that are not judged, ordered when they are first asked for */
};

struct adj_results {
    base_arena arena;
    const adj_policies *policies;
    const adj_encounters *encounters;
    run_binding binding;
    run_context context; /* interprets; for explanations */
    uint32_t *lines;     /* store rows of the subjects, in input order */
    bool *wanted;        /* by line: it is judged */
    size_t line_count;
    run_many many;        /* what came of it, where lines were judged in batches */
    size_t stride;        /* bytes of verdicts a line: clauses, then policies */
    uint8_t *verdicts;    /* where lines were judged one by one, else NULL */
    uint8_t *expanded;    /* bytes of the line that was last explained; of clauses only those of its findings */
    size_t expanded_line; /* plus one; 0 for none, and all bytes of clauses are 0 */
    base_arena scratch;   /* texts of the last adj_results_line */
    bool view;            /* what came of it is another handle's */
};

struct adj_explanation {
    base_arena arena;
    BASE_ARRAY(adj_finding) findings;
};

/* All that the verdict of a line follows from. */
typedef struct run_summary {
    adj_verdict worst; /* outcome of its clauses; ADJ_PASS where none says more */
    uint8_t flags;     /* RUN_LINE_... */
} run_summary;
run_summary run_summarize(const plan_program *plan, const uint8_t *verdicts);
adj_verdict run_summary_verdict(const run_binding *binding, uint32_t line, run_summary summary, const char **reason);

/* The summary of a judged line. */
run_summary run_results_summary(const adj_results *results, size_t index);

/* Its bytes, which live until the next line is asked for; NULL when memory runs out. Where lines were judged in batches, clauses that pass
 * read as if they did not apply: explaining asks only for others. */
const uint8_t *run_results_verdicts(adj_results *results, size_t index);

/* The failing clause that a line's verdict is of: the first by priority, then name; NULL for none. */
const lang_clause *run_primary_clause(const adj_results *results, size_t index, adj_verdict verdict);

/* The verdict of a line from its clauses' and policies' bytes; `reason` says why where no clause does. */
adj_verdict run_line_verdict(const run_binding *binding, uint32_t line, const uint8_t *verdicts, const char **reason);

/* What a clause's verdict counts as: its outcome if it fails, what `if unknown` says if it cannot tell. */
adj_verdict run_clause_outcome(const lang_clause *clause, adj_clause_verdict verdict);

/* Whether a line is of a claim that voids another one. */
bool run_is_void(const run_store *store, uint32_t line);

/* Whether a policy, or a layer above it, names payers. */
bool run_names_payer(const lang_file *file);

/* Whether a line's claim says which product it is of. */
bool run_product_known(const run_store *store, uint32_t line);

/* What a policy's standing to a line adds to the line's flags: nothing where it names no payers. */
static inline uint8_t run_scope_flag(const lang_file *policy, uint8_t scope)
{
    if (scope == RUN_SCOPE_OTHER_PAYER || !run_names_payer(policy)) return 0;
    return scope == RUN_SCOPE_APPLIES   ? RUN_LINE_APPLIES
           : scope == RUN_SCOPE_UNKNOWN ? RUN_LINE_UNKNOWN
                                        : RUN_LINE_NO_VERSION;
}

/* What stands for a value that is hidden. */
#define RUN_HIDDEN "(hidden)"

/* Whether a field tells who a member is: what is known of the person, and numbers given to them. */
bool run_is_personal(const lang_schema *schema, lang_field field);

/* Shows a value to a person. `bits` as kept for `type`. */
const char *run_format(base_arena *arena, const run_context *context, lang_type type, int64_t bits, uint8_t state);

/* Explains one clause on one line; the parts are those of adj_explain_part. */
bool run_explain(base_arena *arena, run_context *context, uint32_t line, size_t clause, adj_clause_verdict verdict,
                 const uint8_t *verdicts, unsigned parts, adj_finding *finding);

/* A line's verdicts without changes, and the clauses that fail, are excused, waived or cannot be told. */
typedef struct run_verdicts {
    const uint8_t *verdicts;
    const uint32_t *open;
    size_t open_count;
} run_verdicts;

/* The changes of correctable fields after which a failing clause passes. */
void run_find_cures(base_arena *arena, run_context *context, uint32_t line, size_t clause, const run_verdicts *before,
                    adj_finding *finding);

struct adj_measure {
    base_arena arena;
    const char *name, *title, *policy, *alert;
    const char **dimensions;
    size_t dimension_count;
    BASE_ARRAY(adj_measure_row) rows;
    size_t unreadable;
};

/* Builds the store that a policy test describes; false when memory runs out. */
bool run_test_store(run_store *store, const lang_test *test);

#endif
