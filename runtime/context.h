/* What an evaluation works with: the binding of a plan to a store (immutable, shared), and a context per thread.
 * Machine code reads `columns` from the context by its offset; everything complicated it asks of the functions below,
 * which the interpreter calls too, so that neither can drift. */
#ifndef RUN_CONTEXT_H
#define RUN_CONTEXT_H

#include "compiler/plan/kernels.h"
#include "runtime/store.h"

/* A truth is two bits: certainly true, certainly false. Neither is unknown. */
typedef enum run_truth { RUN_NEITHER = 0, RUN_TRUE = 1, RUN_FALSE = 2 } run_truth;

typedef struct run_value {
    int64_t bits; /* of a truth, a run_truth */
    int64_t high; /* the upper bound of an aggregate */
    uint8_t state;
} run_value;

typedef struct run_context run_context;

/* A value, or pair of values, that a `distinct` met, and whether its element surely counts. */
typedef struct run_seen {
    int64_t first, second;
    bool certain;
} run_seen;

/* What a `where` block says of one element. */
typedef struct run_element {
    int64_t bits;
    int64_t second;       /* the other value of `distinct` */
    uint8_t state;        /* of the value */
    uint8_t second_state; /* present where there is none */
    uint8_t truth;
} run_element;

typedef void (*run_policy_function)(run_context *context, uint32_t line, uint8_t *verdicts);
typedef void (*run_element_function)(run_context *context, uint32_t line, uint32_t element, run_element *result);

/* Machine code of a plan: one function per block, NULL where a block has none, or none yet. Who calls one loads its address as
 * run_policy_code and run_element_code do. */
typedef struct run_machine_code {
    run_policy_function *policies;   /* by policy; NULL where there is code of elements alone */
    run_element_function *elements;  /* by aggregate */
    struct run_policy_codes *beside; /* who makes what is asked for; NULL where all is there */
    uint8_t *asked;                  /* of those: by policy, whether it was asked for */
    void *state;
    void (*release)(void *state);
} run_machine_code;

static inline run_policy_function run_policy_code(const run_machine_code *code, uint32_t policy)
{
    return code == NULL || code->policies == NULL ? NULL : __atomic_load_n(&code->policies[policy], __ATOMIC_ACQUIRE);
}

static inline run_element_function run_element_code(const run_machine_code *code, uint32_t aggregate)
{
    return code == NULL ? NULL : __atomic_load_n(&code->elements[aggregate], __ATOMIC_ACQUIRE);
}

/* Which code: of elements of history alone, which is little whatever the clauses; of all. */
typedef enum run_code_kind { RUN_CODE_ELEMENTS, RUN_CODE_ALL, RUN_CODE_KINDS } run_code_kind;

/* How the runtime gets machine code; a build without LLVM has none of these. */
typedef struct run_machine_provider {
    /* Makes code for a plan; false with a message in `error`. */
    bool (*compile)(base_arena *arena, const plan_program *plan, run_code_kind kind, run_machine_code *code,
                    const char **error);
    /* A workshop for code of policies one by one, made with every pass or quickly; NULL with a message in `error`. One thread at a time; the
     * code goes with it. */
    struct run_policy_workshop *(*workshop_new)(base_arena *arena, bool better, const char **error);
    bool (*make_policy)(struct run_policy_workshop *workshop, base_arena *arena, const plan_program *plan,
                        uint32_t policy, run_policy_function *function, const char **error);
    void (*workshop_free)(struct run_policy_workshop *workshop);
    /* The intermediate (assembly = false) or machine (true) form as text. */
    const char *(*dump)(base_arena *arena, const plan_program *plan, bool assembly);
    /* What makes objects of shapes, for this processor or for another one; NULL where there is none. One thread at a time. */
    struct run_object_maker *(*maker_new)(base_arena *arena);
    struct run_object_maker *(*maker_for)(base_arena *arena, const char *triple, const char *cpu, const char *features);
    void (*maker_free)(struct run_object_maker *maker);
    /* The object, or the assembly, of a shape with slots of some widths, made quickly or better; false with a message in `error`. */
    bool (*make_object)(struct run_object_maker *maker, base_arena *arena, const plan_shape *shape,
                        const uint8_t *slot_widths, bool better, bool assembly, const char **bytes, size_t *length,
                        const char **error);
} run_machine_provider;

/* NULL in a build without LLVM. */
const run_machine_provider *run_machine_provider_get(void);

/* Which policies a line of a payer meets: those that speak of all lines, and those that speak of its payer's. */
typedef struct run_dispatch {
    uint32_t *everywhere;
    size_t everywhere_count;
    uint64_t *pairs; /* the store's id of a payer in the upper half, a policy in the lower; ascending */
    size_t pair_count;
    uint32_t *firsts; /* by digest of a payer: its first pair, plus one; the next place where another has it */
    uint32_t mask;    /* of digests */
} run_dispatch;

typedef struct run_binding {
    base_arena *arena;
    const plan_program *plan;
    const run_store *store;
    int64_t *symbols; /* by plan symbol: the store's id, or a number that no id equals */
    int64_t *lists;   /* by plan list, packed */
    uint32_t *list_pool;
    const uint32_t *code_numbers; /* by store id: its number among the codes that lines may have; 0 for none */
    uint32_t code_count;
    uint64_t code_limit;   /* ids from here on have no number */
    uint8_t **set_members; /* by set, by number: a run_member; see run_member_of */
    const run_column *columns;
    base_date as_of;                  /* what became known later is not known; BASE_DATE_MAX for now */
    const base_intern *guest_symbols; /* texts that the store does not have, numbered behind its own; NULL for none */
    struct run_table_index *tables;
    run_dispatch dispatch;
} run_binding;

/* What is known of a code and a set, worked out once, when it is first asked. */
typedef enum run_member { RUN_MEMBER_UNASKED, RUN_MEMBER_NO, RUN_MEMBER_YES, RUN_MEMBER_DATED } run_member;
uint8_t run_classify(const run_binding *binding, uint32_t set, int64_t code);

/* The number of a code among those that lines may have; 0 for none. */
static inline uint32_t run_code_number(const uint32_t *numbers, uint64_t limit, int64_t code)
{
    return (uint64_t)code < limit ? numbers[code] : 0;
}

/* The same answer comes from every thread that asks, so that it does not matter which of them keeps it. */
static inline uint8_t run_member_of(const run_binding *binding, uint32_t set, int64_t code)
{
    uint32_t number = run_code_number(binding->code_numbers, binding->code_limit, code);
    if (number == 0) return run_classify(binding, set, code);
    uint8_t *cell = &binding->set_members[set][number];
    uint8_t member = __atomic_load_n(cell, __ATOMIC_RELAXED);
    if (member != RUN_MEMBER_UNASKED) return member;
    member = run_classify(binding, set, code);
    __atomic_store_n(cell, member, __ATOMIC_RELAXED);
    return member;
}

/* The text behind the id of a code or text: of the store, of the plan's constants, or of a table's file; NULL if none. */
const char *run_symbol_text(const run_binding *binding, int64_t id);

/* Look-up structures of all tables (tables.c). */
bool run_bind_tables(run_binding *binding);

/* The id of a text that the store does not hold but the plan, or a table's file, does; -1 for none. */
int64_t run_foreign_symbol(const run_binding *binding, const char *text, size_t length);

/* Which policies speak of which payer's lines (dispatch.c). */
bool run_bind_dispatch(run_binding *binding);

bool run_bind(run_binding *binding, base_arena *arena, const plan_program *plan, const run_store *store);

/* What an aggregate's `where` says of elements, on its way into running sums, each kind side by side. */
typedef struct run_judged {
    uint8_t *truths;
    uint8_t *states;  /* of the amounts */
    int64_t *amounts; /* of an aggregate that counts neither means anything: each element is one */
} run_judged;

/* A single encounter's line, beside the store whose lines are its history. */
typedef struct run_guest {
    uint32_t line;
    uint32_t patient; /* the guest's own row of the patient */
    uint32_t member;  /* the store's; RUN_NO_ROW where it has none of that member */
    bool told;        /* who the member is */
    /* Its place among the member's lines, once that was asked for the line at hand. */
    bool placed;
    const uint32_t *rows;
    size_t gap, count;
} run_guest;

/* A trial change of one field of one row, seen by the interpreter alone. */
typedef struct run_change {
    lang_field field;
    uint32_t row;
    int64_t bits;
    uint8_t state;
} run_change;

struct run_context {
    const run_column *columns; /* first, for machine code */
    const run_binding *binding;
    const run_machine_code *code; /* NULL to interpret */
    /* Scratch of the interpreter: the outer block; an element block; and, since the exceptions of a `forbid exists other`
     * are judged per element and may count themselves, an element block within that. */
    run_value **values; /* by depth; made when first needed */
    size_t block_room;
    int depth, depth_limit;
    base_arena *arena;
    uint32_t *policies;          /* room for those that the line at hand meets */
    uint8_t **rows_met;          /* by table, by written row: set where a lookup finds it; NULL where nobody asks */
    struct run_words *words;     /* of explanations; NULL to make them each time */
    bool redact;                 /* explanations hide what tells who a member is */
    bool undispatched;           /* every line meets every policy: the plain meaning, to compare with */
    struct run_sweeps *sweeps;   /* running sums of history; NULL to walk */
    struct run_classes *classes; /* of subjects among many elements; made when first needed */
    uint8_t *standings;      /* by line, shared by the threads of a run: what counts.c found of it; 0 for nothing yet */
    uint32_t standing_count; /* lines of that; 0 for none */
    bool failed;             /* memory ran out while judging */
    BASE_ARRAY(uint32_t) scratch; /* rows and lists that `all` tables gave for the line at hand */
    BASE_ARRAY(run_seen) seen;    /* values that `distinct` met */
    run_judged judged;            /* elements before they are summed up */
    size_t judged_room;
    struct run_lately *lately;            /* answers of tables; made when first needed */
    struct run_window_memo **windows_of;  /* by aggregate; made when first needed */
    struct run_window_memo *window_memos; /* all of them, which aggregates with the same window share */
    struct run_needed **needed_of;        /* by block: steps that its elements need; made when first needed */
    struct run_gate **gates;              /* by aggregate; made when first needed */
    const run_change *changes;
    size_t change_count;
    struct run_trials *trials; /* what follows from changes (trial.c); made when first needed */
    struct run_offers *offers; /* what may be offered as a correction (offers.c); made when first needed */
    const uint32_t *overlay_pool;
    const run_value *tallies; /* of the measure whose value is worked out */
    run_guest *guest;         /* NULL for none */
    /* When set, run_aggregate tells of each element that counts or may count, until that is false. */
    bool (*counted)(void *state, uint32_t element, run_truth truth);
    void *counted_state;
    bool counted_doubts; /* only of those that it cannot be told of */
};

/* Prepares a context; its scratch comes from the arena. */
bool run_context_init(run_context *context, base_arena *arena, const run_binding *binding,
                      const run_machine_code *code);

/* Whether memory ran out for anything that the context was asked: its answers are not to be used. */
static inline bool run_context_failed(const run_context *context)
{
    return context->failed || context->arena->failed;
}

/* Kleene's `and`. */
static inline run_truth run_truth_and(int64_t a, int64_t b)
{
    return (run_truth)((a & b & RUN_TRUE) | ((a | b) & RUN_FALSE));
}

/* ---- shared by both evaluators ---- */

int64_t run_parameter(const run_context *context, uint32_t parameter, int64_t date, uint8_t date_state, uint8_t *state);
uint8_t run_set_holds(const run_context *context, uint32_t set, int64_t code, int64_t date, uint8_t date_state);
uint8_t run_list_meets_set(const run_context *context, uint32_t set, int64_t list, int64_t date, uint8_t date_state);
uint8_t run_list_within_set(const run_context *context, uint32_t set, int64_t list, int64_t date, uint8_t date_state);
uint8_t run_list_has(const run_context *context, int64_t list, int64_t code);
uint8_t run_list_has_all(const run_context *context, int64_t list, int64_t other);
uint8_t run_lists_meet(const run_context *context, int64_t list, int64_t other);
int64_t run_add_months(int64_t date, int64_t months);
int64_t run_multiply(int64_t a, int64_t b, int64_t divisor, uint8_t *state);
int64_t run_divide(int64_t a, int64_t b, int64_t factor, uint8_t *state);

/* The row of a table for its inputs and, after them, the date of service: values and states in two arrays. */
int64_t run_lookup(run_context *context, uint32_t table, const int64_t *bits, const uint8_t *states, uint8_t *state);
int64_t run_output(run_context *context, uint32_t table, uint32_t column, int64_t row, uint8_t *state);

int64_t run_age(int64_t from, int64_t to, int64_t months, uint8_t *state);
int64_t run_span_shared(int64_t a, int64_t b, int64_t times);
int64_t run_span_length(int64_t span, int64_t times);
int64_t run_round(int64_t value, int64_t unit, int64_t mode);
int64_t run_prorate(int64_t amount, int64_t part, int64_t whole, uint8_t *state);
int64_t run_part(int64_t date, int64_t part);
int64_t run_valid_npi(const run_context *context, int64_t code);

/* Whether the clause of a denial surely denies a line. */
uint8_t run_denied(run_context *context, uint32_t denial, int64_t line, uint8_t line_state);

/* Counts, adds up or compares elements; `bound` is the window's own bound, if it has one. */
void run_aggregate(run_context *context, uint32_t line, uint32_t aggregate, int64_t bound, uint8_t bound_state,
                   run_value *result);

/* The same of the elements that we were told of; gives whether there may be others, or amounts that nobody told, so that there is no upper
 * bound. */
bool run_aggregate_told(run_context *context, uint32_t line, uint32_t aggregate, int64_t bound, uint8_t bound_state,
                        run_value *result);

/* The elements of a packed list and their number. */
const uint32_t *run_list_items(const run_context *context, int64_t list, size_t *count);

/* ---- the interpreter: the meaning ---- */

/* Runs every step of a block for a subject and an element, without skipping, into `values`. */
void run_interpret_all(run_context *context, uint32_t block, uint32_t line, uint32_t element, run_value *values);

/* One step that gives a value, from those before it. */
run_value run_interpret_step(run_context *context, const plan_block *block, const plan_step *step,
                             const run_value *values, uint32_t line);

/* The verdicts of one policy's clauses on one line; entries of clauses it skips are left alone. */
void run_interpret_policy(run_context *context, uint32_t policy, uint32_t line, uint8_t *verdicts);
void run_interpret_element(run_context *context, uint32_t block, uint32_t line, uint32_t element, run_element *result);

/* The verdict of a clause from its three truths. */
adj_clause_verdict run_clause_verdict(run_truth applicable, run_truth requirement, run_truth fails);

/* How a policy stands to a line, written after the clauses' verdicts. */
typedef enum run_scope { RUN_SCOPE_OTHER_PAYER, RUN_SCOPE_NO_VERSION, RUN_SCOPE_APPLIES, RUN_SCOPE_UNKNOWN } run_scope;
run_scope run_policy_scope(run_truth payer, run_truth dates);

/* Does what a step of a policy's block does that gives no value; false for the others, and for skips. */
static inline bool run_tell_verdict(const plan_program *plan, const plan_step *step, const run_value *values,
                                    uint8_t *verdicts)
{
    if (step->operation == PLAN_SCOPE) {
        verdicts[plan->clauses.count + (size_t)step->number] =
            (uint8_t)run_policy_scope((run_truth)values[step->a].bits, (run_truth)values[step->b].bits);
        return true;
    }
    if (step->operation != PLAN_VERDICT) return false;
    verdicts[step->number] = (uint8_t)run_clause_verdict(
        (run_truth)values[step->a].bits, (run_truth)values[step->b].bits, (run_truth)values[step->c].bits);
    return true;
}

/* The policy in whose name a clause speaks of a line: its own, or a layer below whose lines it judges. */
uint32_t run_speaking_policy(const plan_program *plan, const plan_clause *clause, const uint8_t *verdicts);

/* Whether a policy is for the payer of a line, which is known, whatever its plans, products and days. */
bool run_payer_named(const run_binding *binding, uint32_t line);

/* The policies that can speak of a payer's lines; all of them where it is not known. How many; there is room for all. */
size_t run_policies_of(const run_binding *binding, bool known, uint32_t payer, uint32_t *policies);

/* The policies that can speak of a line, in the context's room for them. */
size_t run_policies_at_hand(run_context *context, uint32_t line);

/* Judges one line with every policy that can speak of it (dispatch.c); `verdicts` holds a byte per clause, then one per policy. */
void run_judge(run_context *context, uint32_t line, uint8_t *verdicts);

/* The same, writing only the bytes of policies that can speak of the line, whose numbers it gives; how many they are. */
size_t run_judge_listed(run_context *context, uint32_t line, uint8_t *verdicts, uint32_t *policies);

/* Lets go what a waiver surely speaks of: where the clause fails or cannot be told, its verdict becomes waived. With `policy`,
 * only waivers of that policy and of those that it extends are asked. */
void run_waive(run_context *context, uint32_t line, const lang_file *policy, uint8_t *verdicts);

/* Whether any waiver of a clause surely holds for a line. */
bool run_clause_waived(run_context *context, uint32_t line, uint32_t clause);

/* Whether a waiver surely holds for a line. */
bool run_waiver_holds(run_context *context, const plan_waiver *waiver, uint32_t line);

#endif
