/* Conditions come from the plan's steps: what they say here is what the steps say, where all that they follow from is known. */
#include "runtime/gate.h"
#include "runtime/tables.h"
#include "runtime/vector.h"

#include <string.h>

enum { CONDITIONS = 4, INPUTS = 4 };

/* A field of the subject or of the element; for files with the numbers that the file has for codes. */
typedef struct gate_field {
    const run_column *column;
    bool of_element;
    const uint32_t *ids; /* by store id: the file's and one, 0 for none; NULL where values stand for themselves */
} gate_field;

typedef enum condition_kind { FIELDS_EQUAL, SET_HOLDS, FILE_HAS } condition_kind;

typedef struct condition {
    condition_kind kind;
    uint32_t number; /* of the set or table */
    uint32_t count;
    gate_field fields[INPUTS];
    const lang_bulk *file;
    uint64_t symbols; /* that the store has: ids from here on are not in `ids` */
} condition;

struct run_gate {
    uint32_t count;
    condition conditions[CONDITIONS];
};

/* ---- finding conditions ---- */

typedef struct finding {
    const run_context *context;
    const plan_block *block;
    run_gate *gate;
} finding;

/* Whether a step reads one field of the subject or element, that is no list. */
static bool find_field(const finding *f, uint32_t step, gate_field *field)
{
    if (step == PLAN_NO_STEP) return false;
    const plan_step *load = &f->block->steps.items[step];
    if (load->operation != PLAN_LOAD || load->type.list) return false;
    const plan_step *frame = &f->block->steps.items[load->a];
    if (frame->operation != PLAN_FRAME) return false;
    *field = (gate_field){&f->context->columns[load->detail], frame->number != 0, NULL};
    return true;
}

static bool find_lookup(const finding *f, const plan_step *step, condition *c)
{
    const plan_step *lookup = &f->block->steps.items[step->a];
    if (lookup->operation != PLAN_LOOKUP || lookup->b == 0 || lookup->b > INPUTS + 1) return false;
    *c = (condition){.kind = FILE_HAS, .number = (uint32_t)lookup->number, .count = lookup->b - 1};
    c->file = run_table_of_file(f->context, c->number);
    c->symbols = f->context->binding->store->symbols.entries.count;
    if (c->file == NULL) return false;
    for (uint32_t i = 0; i < c->count; i++) {
        if (!find_field(f, f->block->arguments.items[lookup->a + i], &c->fields[i])) return false;
        c->fields[i].ids = run_ids_of_file(f->context, c->number, i);
    }
    return true;
}

static bool find_condition(const finding *f, const plan_step *step, condition *c)
{
    switch (step->operation) {
    case PLAN_EQUAL:
        *c = (condition){.kind = FIELDS_EQUAL, .count = 2};
        return find_field(f, step->a, &c->fields[0]) && find_field(f, step->b, &c->fields[1]);
    case PLAN_SET_HOLDS:
        *c = (condition){.kind = SET_HOLDS, .number = (uint32_t)step->number, .count = 1};
        return find_field(f, step->a, &c->fields[0]);
    case PLAN_IS_PRESENT: return find_lookup(f, step, c);
    default: return false;
    }
}

/* Those of the conditions that `and` joins; quick ones first. */
static void find_conditions(const finding *f, uint32_t index, condition_kind kind)
{
    const plan_step *step = &f->block->steps.items[index];
    if (step->operation == PLAN_AND) {
        find_conditions(f, step->a, kind);
        find_conditions(f, step->b, kind);
        return;
    }
    condition c;
    if (f->gate->count < CONDITIONS && find_condition(f, step, &c) && c.kind == kind)
        f->gate->conditions[f->gate->count++] = c;
}

const run_gate *run_gate_of(run_context *context, uint32_t aggregate)
{
    const plan_program *plan = context->binding->plan;
    uint32_t block = plan->aggregates.items[aggregate].block;
    if (block == PLAN_NO_STEP || context->rows_met != NULL || context->change_count > 0) return NULL;
    if (context->gates == NULL)
        context->gates = base_arena_alloc(context->arena, (plan->aggregates.count + 1) * sizeof *context->gates);
    if (context->gates == NULL) return NULL;
    run_gate **gate = &context->gates[aggregate];
    if (*gate == NULL) {
        *gate = base_arena_alloc(context->arena, sizeof **gate);
        if (*gate == NULL) return NULL;
        finding f = {context, &plan->blocks.items[block], *gate};
        const plan_step *last = &f.block->steps.items[f.block->steps.count - 1];
        for (int kind = FIELDS_EQUAL; kind <= FILE_HAS; kind++) find_conditions(&f, last->a, (condition_kind)kind);
    }
    return (*gate)->count == 0 ? NULL : *gate;
}

/* ---- asking them ---- */

/* The rows that a field is read at. */
typedef struct gate_items {
    const run_context *context;
    const uint32_t *subjects, *elements;
    size_t count;
} gate_items;

static const uint32_t *rows_of(const gate_items *items, const gate_field *field)
{
    return field->of_element ? items->elements : items->subjects;
}

static void ask_equal(const condition *c, const gate_items *items, uint8_t *open)
{
    const run_column *a = c->fields[0].column, *b = c->fields[1].column;
    const uint32_t *x = rows_of(items, &c->fields[0]), *y = rows_of(items, &c->fields[1]);
    for (size_t i = 0; i < items->count; i++) {
        bool known = (a->states[x[i]] == RUN_PRESENT) & (b->states[y[i]] == RUN_PRESENT);
        open[i] &= (uint8_t)!(known & (run_column_bits(a, x[i]) != run_column_bits(b, y[i])));
    }
}

static void ask_set(const condition *c, const gate_items *items, uint8_t *open)
{
    const run_column *a = c->fields[0].column;
    const uint32_t *x = rows_of(items, &c->fields[0]);
    for (size_t i = 0; i < items->count; i++) {
        bool shut = a->states[x[i]] == RUN_PRESENT &&
                    run_member_of(items->context->binding, c->number, run_column_bits(a, x[i])) == RUN_MEMBER_NO;
        open[i] &= (uint8_t)!shut;
    }
}

/* Adds what a file has for a field to keys' sums; -1 for what it has never seen, which no row holds. What is the same for all items is told
 * where it is called, so that the loop is made for each. */
static inline __attribute__((always_inline)) bool add_field(const gate_field *f, const uint32_t *rows, size_t count,
                                                            uint64_t symbols, bool narrow, bool by_id, uint64_t factor,
                                                            uint64_t *restrict sums, uint8_t *restrict doubtful)
{
    const uint32_t *ids = f->ids;
    const uint8_t *states = f->column->states;
    const int32_t *narrow_values = f->column->values;
    const int64_t *wide_values = f->column->values;
    unsigned doubts = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t value = narrow ? narrow_values[rows[i]] : wide_values[rows[i]];
        bool known = states[rows[i]] == RUN_PRESENT, own = !by_id || (uint64_t)value < symbols;
        uint8_t doubt = (uint8_t)!(known & own);
        doubtful[i] |= doubt;
        doubts |= doubt;
        if (by_id) value = own ? (int64_t)ids[value] - 1 : -1;
        sums[i] += (uint64_t)value * factor;
    }
    return doubts != 0;
}

static bool add_fields(const condition *c, const uint32_t *rows, size_t count, bool of_element, uint64_t *sums,
                       uint8_t *doubtful)
{
    bool doubts = false;
    for (uint32_t k = 0; k < c->count; k++) {
        const gate_field *f = &c->fields[k];
        uint64_t factor = c->file->factors[k];
        if (f->of_element != of_element) continue;
        if (f->column->narrow && f->ids != NULL)
            doubts |= add_field(f, rows, count, c->symbols, true, true, factor, sums, doubtful);
        else if (f->column->narrow)
            doubts |= add_field(f, rows, count, c->symbols, true, false, factor, sums, doubtful);
        else
            doubts |= add_field(f, rows, count, c->symbols, false, f->ids != NULL, factor, sums, doubtful);
    }
    return doubts;
}

static void ask_file(const condition *c, const gate_items *items, uint8_t *open)
{
    uint64_t sums[RUN_ITEMS], may[RUN_ITEMS / 64];
    uint8_t doubtful[RUN_ITEMS];
    memset(sums, 0, items->count * sizeof *sums);
    memset(doubtful, 0, items->count);
    add_fields(c, items->subjects, items->count, false, sums, doubtful);
    add_fields(c, items->elements, items->count, true, sums, doubtful);
    lang_bulk_may_have(c->file, sums, items->count, may);
    for (size_t i = 0; i < items->count; i++) open[i] &= (uint8_t)((may[i / 64] >> (i % 64) & 1) | doubtful[i]);
}

/* The one that asks a file: they stand last. */
static const condition *file_of(const run_gate *gate)
{
    const condition *last = &gate->conditions[gate->count - 1];
    return last->kind == FILE_HAS ? last : NULL;
}

bool run_gate_adds_up(const run_gate *gate)
{
    const condition *c = file_of(gate);
    return c != NULL && c->file->heads != NULL;
}

bool run_gate_asks_more(const run_gate *gate)
{
    return gate->count > 1;
}

bool run_gate_sums(const run_gate *gate, const uint32_t *rows, size_t count, bool of_element, uint64_t *sums,
                   uint8_t *doubtful)
{
    memset(sums, 0, count * sizeof *sums);
    memset(doubtful, 0, count);
    return add_fields(file_of(gate), rows, count, of_element, sums, doubtful);
}

void run_gate_ask_sums(const run_gate *gate, const uint64_t *sums, size_t count, uint64_t *open)
{
    _Static_assert((int)RUN_ITEMS == (int)LANG_BULK_TOGETHER, "as many are asked of at once");
    lang_bulk_may_have(file_of(gate)->file, sums, count, open);
}

void run_gate_ask(const run_gate *gate, const run_context *context, const uint32_t *subjects, const uint32_t *elements,
                  size_t count, uint8_t *open)
{
    const gate_items items = {context, subjects, elements, count};
    memset(open, 1, count);
    for (uint32_t i = 0; i < gate->count; i++) {
        const condition *c = &gate->conditions[i];
        switch (c->kind) {
        case FIELDS_EQUAL: ask_equal(c, &items, open); break;
        case SET_HOLDS: ask_set(c, &items, open); break;
        default: ask_file(c, &items, open); break;
        }
    }
}
