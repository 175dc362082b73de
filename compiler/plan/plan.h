/* The decision plan: what policies mean, as flat lists of typed steps that two evaluators run.
 *
 * A plan is immutable once built, but for explanations, which are kept as bytes and unfolded when they are asked for. It keeps the checked tree it was built from alive for names, spans and messages,
 * and refers to texts and codes by their place in `symbols`; a run binds those to the ids of its encounters. */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include "base/intern.h"
#include "lang/bulk.h"
#include "lang/program.h"

typedef enum BASE_COMPACT plan_operation {
#define PLAN_STEP(name, operands, about) PLAN_##name,
#include "compiler/plan/steps.def"
#undef PLAN_STEP
    PLAN_OPERATION_COUNT
} plan_operation;

#define PLAN_NO_STEP UINT32_MAX

enum {
    PLAN_LOOKUP_LIMIT = LANG_TABLE_COLUMN_LIMIT,
    PLAN_CLAUSE_MOST = (1 << 28) - 1 /* the largest number of a clause: runs keep it in 28 bits */
};

typedef struct plan_step {
    uint32_t a, b, c; /* steps of the same block; PLAN_NO_STEP where unused */
    uint32_t detail;
    int64_t number;
    lang_type type; /* of what it gives; truths are LANG_TYPE_TRUTH */
    plan_operation operation;
} plan_step;

typedef struct plan_block {
    BASE_ARRAY(plan_step) steps;
    BASE_ARRAY(uint32_t) arguments; /* of LOOKUP */
} plan_block;

typedef BASE_ARRAY(uint32_t) plan_step_list;

/* Where the steps of a block come from, in its order, for those that facts are told by; NULL for those that come from no expression. */
typedef const lang_expression *const *plan_sources;

typedef enum BASE_COMPACT plan_aggregate_kind {
    PLAN_COUNTS,
    PLAN_SUMS,
    PLAN_MINIMUM,
    PLAN_MAXIMUM,
    PLAN_DISTINCT
} plan_aggregate_kind;

typedef struct plan_aggregate {
    plan_aggregate_kind kind;
    lang_collection collection;
    lang_history_key key;
    lang_window window;
    bool without_subject; /* `other`, or `earlier` */
    bool names_status;    /* its `where` asks for the status, so that denied lines are not left out */
    bool
        one_decides; /* nobody asks more of it than whether there is one that surely counts, and whether there may be */
    uint32_t block;  /* the condition (and value) of an element; PLAN_NO_STEP for none */
    plan_sources sources; /* of that block */
    lang_type type;
} plan_aggregate;

typedef struct plan_parameter_value {
    lang_dates dates;
    int64_t number; /* for texts and codes, the symbol */
    uint32_t rank;  /* 0 for the lowest layer that overrides the parameter */
} plan_parameter_value;

typedef struct plan_parameter {
    const lang_parameter *source;
    BASE_ARRAY(plan_parameter_value) values; /* by rank, then from the latest first day */
} plan_parameter;

typedef enum BASE_COMPACT plan_matcher_kind {
    PLAN_MATCH_ANY,
    PLAN_MATCH_NUMBERS,
    PLAN_MATCH_SYMBOL,
    PLAN_MATCH_ITEM
} plan_matcher_kind;

typedef struct plan_matcher {
    plan_matcher_kind kind;
    int64_t low; /* numbers; the symbol */
    union {
        int64_t high; /* numbers */
        const lang_item *item;
    };
} plan_matcher;

typedef BASE_ARRAY(plan_matcher) plan_matchers;

typedef struct plan_cell {
    bool absent;
    int64_t number; /* the value; a symbol for texts and codes; a list for lists */
} plan_cell;

typedef struct plan_table {
    const lang_table *source;
    size_t row_count;
    plan_matchers *inputs; /* row_count times the inputs */
    plan_cell *outputs;    /* row_count times the outputs */
    lang_dates *dates;     /* by row */
    bool asks_day;         /* anything of it asks for the day: a row of some days only, or a cell that names a set */
    bool corrected;        /* rows became known on different days: of those that fit the one known last counts */
} plan_table;

typedef BASE_ARRAY(uint32_t) plan_symbols;

typedef struct plan_clause {
    const lang_clause *source;
    uint32_t policy;        /* that it speaks for: its own, or one that extends it */
    uint32_t explain_block; /* of its explanation; without steps until that is asked for */
    BASE_ARRAY(uint32_t)
    sharers;            /* policies below that one whose lines are judged here, too: they change nothing of it */
    const char *folded; /* its explanation, as bytes */
    const struct plan_explanation *explanation; /* NULL until it is asked for */
} plan_clause;

/* The logic of a clause once more, without skips, for explaining one subject; frame 1 is the `other` of a forbid. */
typedef struct plan_explanation {
    const plan_block *block;
    plan_sources sources;
    plan_step_list when_steps;
    uint32_t requirement_step;
    plan_step_list exception_steps;
    BASE_ARRAY(const lang_exception *) exceptions; /* of each of those steps */
    plan_step_list hole_steps;                     /* one for each piece; PLAN_NO_STEP for plain text and for {count} */
    uint32_t counting_step;                        /* of {count} and {sum} */
    uint32_t bound_aggregate;                      /* the elements that a `forbid exists other` finds, excused or not */
    uint32_t binding_aggregate; /* the elements that fail a `forbid exists other`; PLAN_NO_STEP for none */
} plan_explanation;

/* What `is denied by` asks of a line: one clause, as one policy has it. */
typedef struct plan_denial {
    const lang_clause *clause;
    const lang_file *layer;
    uint32_t block; /* its RETURN says whether the clause surely fails */
} plan_denial;

/* A waiver of one clause, as one policy has it. It is no part of the clause: it is asked where that fails or cannot be told. */
typedef struct plan_waiver {
    const lang_exception *source;
    uint32_t clause; /* of the plan */
    uint32_t block;  /* its RETURN says whether the waiver holds */
} plan_waiver;

/* A measure: the block of a subject, and for tallies over lines that of each of its lines. */
typedef struct plan_tally {
    const lang_expression *source;
    uint32_t where_step; /* PLAN_NO_STEP for all */
    uint32_t value_step;
    uint32_t block; /* of a line, for tallies over lines; PLAN_NO_STEP for the subject's own */
} plan_tally;

typedef struct plan_measure {
    const lang_measure *source;
    uint32_t block;
    uint32_t where_step;
    plan_step_list by_steps;
    BASE_ARRAY(plan_tally) tallies;
    uint32_t value_block; /* of the measure's value, over its tallies */
    uint32_t value_low, value_high;
} plan_measure;

typedef struct plan_policy {
    const lang_file *source;
    uint32_t block;
    uint32_t first_clause;
    uint32_t clause_count;
    BASE_ARRAY(uint32_t) sharers; /* of any of its clauses, each once */
} plan_policy;

typedef struct plan_program {
    base_arena *arena;
    base_arena *scratch; /* while building: what grows, and what is not kept; NULL afterwards */
    const lang_program *program;
    bool names_plans, names_products; /* some policy is for some of them alone */
    bool alone;                       /* each policy judges as if none below it were there: for tests */
    BASE_ARRAY(plan_block) blocks;
    size_t longest; /* of the blocks: its steps, at least one */
    BASE_ARRAY(plan_policy) policies;
    BASE_ARRAY(plan_clause) clauses;
    BASE_ARRAY(const char *) symbols;
    base_intern symbol_table; /* its ids are places in `symbols` */
    BASE_ARRAY(plan_symbols) lists;
    BASE_ARRAY(const lang_code_set *) sets;
    BASE_ARRAY(plan_parameter) parameters;
    BASE_ARRAY(plan_table) tables; /* in the order of program->tables */
    BASE_ARRAY(plan_aggregate) aggregates;
    BASE_ARRAY(plan_denial) denials;
    BASE_ARRAY(plan_waiver) waivers;
    BASE_ARRAY(plan_measure) measures;
    struct plan_spare *spare;       /* while building: memory of ended blocks to use again */
    struct plan_unfolded *unfolded; /* explanations that were asked for */
    struct plan_map *map;           /* while building: what was built for which part of the tree */
} plan_program;

/* The clause as a policy has it: an override of the policy or of a layer above, or the clause itself. */
const lang_clause *plan_effective_clause(const lang_file *policy, const lang_clause *clause);

/* Whether a policy judges a line by a clause of the plan, be it with policies above it. */
bool plan_judges(const plan_clause *clause, uint32_t policy);

/* The plan's clause of a policy whose text is that clause; clauses.count if there is none. */
size_t plan_find_clause(const plan_program *plan, const lang_clause *clause, const lang_file *policy);

/* Builds the plan of a checked program; NULL when memory runs out. */
plan_program *plan_build(base_arena *arena, const lang_program *program);

/* The same for tests: a policy's own tests hold whatever other layers are compiled along, also where one of them is for the same
 * payer and would take its lines over. */
plan_program *plan_build_alone(base_arena *arena, const lang_program *program);

/* What explains a clause, which is made when it is asked for first, by whichever thread; NULL when memory runs out. */
const plan_explanation *plan_explanation_of(const plan_program *plan, const plan_clause *clause);

/* Gives back what plan_explanation_of made; NULL is allowed. The rest of a plan goes with its arena. */
void plan_release(const plan_program *plan);

/* Whether a policy among those asked for takes lines over from a layer above it, so that the two plans differ. */
bool plan_takes_over(const lang_program *program);

/* Checks what every plan must satisfy; NULL if it does, else what is wrong. */
const char *plan_verify(base_arena *arena, const plan_program *plan);

/* The steps that a step of a block follows from, at most PLAN_LOOKUP_LIMIT + 1 of them: without the day where a set or a table does not ask
 * for it. Gives how many. */
uint32_t plan_step_sources(const plan_program *plan, const plan_block *block, const plan_step *step,
                           uint32_t sources[PLAN_LOOKUP_LIMIT + 1]);

/* Writes a plan, one step a line. */
void plan_print(const plan_program *plan, base_text *out);

const char *plan_operation_name(plan_operation operation);

/* The operand letters of an operation, as in steps.def. */
const char *plan_operation_operands(plan_operation operation);

#endif
