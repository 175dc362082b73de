/* Explanation: walks a clause's plan once more for one line, keeping the reasons. Only for lines that need it. */
#include "runtime/handles.h"
#include "runtime/words.h"

#include <stdlib.h>
#include <string.h>

typedef struct explainer {
    base_arena *arena;
    run_context *context;
    const plan_block *block;
    plan_sources sources; /* of its steps */
    const plan_clause *clause;
    const plan_explanation *explanation;
    const run_value *values;
    uint32_t line;
    uint32_t other;
    const char *prefix; /* of missing fields found inside a `where` */
    BASE_ARRAY(adj_fact) facts;
    BASE_ARRAY(const char *) missing;
    BASE_ARRAY(adj_counted_line) counted;
    uint32_t counted_before;         /* of them, by other aggregates than the one at hand */
    int64_t counted_all;             /* how many that one has to list */
    bool counted_more;               /* there are lines that were not listed */
    BASE_ARRAY(const char *) errors; /* of arithmetic */
    uint8_t *seen;                   /* steps already turned into facts */
} explainer;

/* The words of the policy on one line; of a long expression the first ones. */
static const char *squeezed(base_arena *arena, const lang_file *file, lang_span span)
{
    enum { LONGEST = 240 };
    base_text text;
    base_text_init(&text, arena);
    bool gap = false;
    for (uint32_t i = span.start; i < span.end && i < file->length; i++) {
        bool space = file->text[i] == ' ' || file->text[i] == '\n' || file->text[i] == '\t' || file->text[i] == '\r';
        if (space && text.length > LONGEST) {
            base_text_put(&text, " ...");
            break;
        }
        if (!space && gap && text.length > 0) base_text_put(&text, " ");
        gap = space;
        if (!space) base_text_add(&text, file->text + i, 1);
    }
    return base_text_string(&text);
}

/* "session.minutes", "other.claim.id": the fields from the subject or the bound element down to a value. */
static const char *load_name(const explainer *e, const plan_step *step)
{
    const plan_step *row = &e->block->steps.items[step->a];
    const lang_field_info *info =
        lang_schema_field(e->context->binding->plan->program->schema, (lang_field)step->detail);
    if (row->operation == PLAN_LOAD) return base_format(e->arena, "%s.%s", load_name(e, row), info->name);
    bool other = row->operation == PLAN_FRAME && row->number == 1 && *e->prefix == '\0';
    return other ? base_format(e->arena, "other.%s", info->name) : info->name;
}

/* "count of history in the last 6 months where ...": what a bounded quantifier counts. */
static const char *counting_name(const explainer *e, const lang_expression *source)
{
    const lang_file *file = e->context->binding->plan->program->files.items[source->span.file];
    if (source->as.quantified.quantifier >= LANG_COUNT_OF) return squeezed(e->arena, file, source->span);
    lang_span span = source->span;
    span.start = source->as.quantified.collection->span.start;
    const char *others = source->as.quantified.binder.text != NULL ? "other lines of " : "";
    return base_format(e->arena, "count of %s%s", others, squeezed(e->arena, file, span));
}

static const lang_expression *source_of(const explainer *e, const plan_step *step)
{
    return e->sources == NULL ? NULL : e->sources[step - e->block->steps.items];
}

static const char *make_source_name(const explainer *e, const plan_step *step)
{
    const lang_expression *source = source_of(e, step);
    if (step->operation == PLAN_LOAD) return load_name(e, step);
    if (source != NULL && source->kind == LANG_QUANTIFIED) return counting_name(e, source);
    if (source != NULL && source->kind == LANG_PATH) {
        const char *name = lang_path_text(e->arena, &source->as.path.names);
        return strncmp(name, "this.", 5) == 0 ? name + 5 : name;
    }
    if (source != NULL) {
        return squeezed(e->arena, e->context->binding->plan->program->files.items[source->span.file], source->span);
    }
    return plan_operation_name(step->operation);
}

/* What a value is called, which is the same for every line. */
static const char *source_name(const explainer *e, const plan_step *step)
{
    const char *kept = run_words_step(e->context->words, e->block, step);
    if (kept != NULL) return kept;
    return run_words_keep_step(e->context->words, e->block, step, make_source_name(e, step));
}

static void add_fact(explainer *e, const char *name, const char *value)
{
    for (size_t i = 0; i < e->facts.count; i++) {
        if (strcmp(e->facts.items[i].name, name) == 0) return;
    }
    adj_fact *fact = BASE_PUSH(e->arena, &e->facts);
    if (fact != NULL) *fact = (adj_fact){name, value};
}

static void add_missing(explainer *e, const char *name)
{
    const char *full = *e->prefix == '\0' ? name : base_format(e->arena, "%s%s", e->prefix, name);
    for (size_t i = 0; i < e->missing.count; i++) {
        if (strcmp(e->missing.items[i], full) == 0) return;
    }
    const char **slot = BASE_PUSH(e->arena, &e->missing);
    if (slot != NULL) *slot = full;
}

static bool count_line(void *state, uint32_t row, run_truth truth)
{
    explainer *e = state;
    const run_store *store = e->context->binding->store;
    int64_t listed = (int64_t)(e->counted.count - e->counted_before);
    if (listed == ADJ_COUNTED_MOST) {
        e->counted_more = true;
        return false;
    }
    adj_counted_line *line = BASE_PUSH(e->arena, &e->counted);
    if (line == NULL) return false;
    uint32_t claim = run_store_present(store, LANG_FIELD_line_claim, row)
                         ? (uint32_t)run_store_bits(store, LANG_FIELD_line_claim, row)
                         : 0;
    *line = (adj_counted_line){.claim = run_store_present(store, LANG_FIELD_line_claim, row)
                                            ? run_store_text(store, LANG_FIELD_claim_id, claim)
                                            : "",
                               .number = run_store_bits(store, LANG_FIELD_line_number, row),
                               .date = run_format(e->arena, e->context, (lang_type){LANG_TYPE_DATE, 0, 0, 0},
                                                  run_store_bits(store, LANG_FIELD_line_date, row),
                                                  store->columns[LANG_FIELD_line_date].states[row]),
                               .procedure = run_store_text(store, LANG_FIELD_line_procedure, row),
                               .units = run_format(e->arena, e->context, (lang_type){LANG_TYPE_QUANTITY, 0, 0, 0},
                                                   run_store_bits(store, LANG_FIELD_line_units, row),
                                                   store->columns[LANG_FIELD_line_units].states[row]),
                               .from_history = !store->lines.items[row].subject,
                               .certain = truth == RUN_TRUE};
    return listed + 1 < e->counted_all;
}

/* What the elements come to that we were told of; whether there may be others, or amounts that nobody told. */
static bool told(explainer *e, const plan_step *step, run_value *result)
{
    run_value bound = {0, 0, RUN_UNKNOWN};
    if (step->a != PLAN_NO_STEP) bound = e->values[step->a];
    return run_aggregate_told(e->context, e->line, (uint32_t)step->number, bound.bits, bound.state, result);
}

/* Tells run_aggregate's elements to `counted`, whatever they are, until that is false. */
static void run_counted(explainer *e, const plan_step *step, bool doubts, bool (*counted)(void *, uint32_t, run_truth),
                        void *state)
{
    run_value bound = {0, 0, RUN_UNKNOWN}, result;
    if (step->a != PLAN_NO_STEP) bound = e->values[step->a];
    e->context->counted = counted;
    e->context->counted_state = state;
    e->context->counted_doubts = doubts;
    run_aggregate(e->context, e->line, (uint32_t)step->number, bound.bits, bound.state, &result);
    e->context->counted = NULL;
}

/* Lists the lines that a count or sum is made of. */
static void list_counted(explainer *e, const plan_step *step)
{
    const plan_aggregate *aggregate = &e->context->binding->plan->aggregates.items[step->number];
    run_value all;
    told(e, step, &all);
    e->counted_before = e->counted.count;
    e->counted_all = aggregate->kind == PLAN_COUNTS ? all.high : INT64_MAX;
    if (e->counted_all > 0) run_counted(e, step, false, count_line, e);
}

static const char *bounds_text(explainer *e, lang_type type, const run_value *value)
{
    if (value->state != RUN_PRESENT) return run_format(e->arena, e->context, type, 0, value->state);
    const char *low = run_format(e->arena, e->context, type, value->bits, RUN_PRESENT);
    if (value->bits == value->high) return low;
    if (value->high == INT64_MAX) return base_format(e->arena, "at least %s", low);
    return base_format(e->arena, "from %s to %s", low,
                       run_format(e->arena, e->context, type, value->high, RUN_PRESENT));
}

static void benefit_year_fact(explainer *e, const plan_aggregate *aggregate)
{
    if (aggregate->window.kind != LANG_WINDOW_BENEFIT_YEAR) return;
    const run_store *store = e->context->binding->store;
    bool covered = run_store_present(store, LANG_FIELD_line_coverage, e->line);
    uint32_t coverage = covered ? (uint32_t)run_store_bits(store, LANG_FIELD_line_coverage, e->line) : 0;
    bool own = covered && run_store_present(store, LANG_FIELD_coverage_benefit_year_start, coverage);
    add_fact(e, "benefit year",
             own       ? "the coverage's own"
             : covered ? "the calendar year (the coverage states none)"
                       : "the calendar year (no coverage is known)");
}

bool run_is_personal(const lang_schema *schema, lang_field field)
{
    return lang_schema_field(schema, field)->record == LANG_RECORD_patient || field == LANG_FIELD_line_age ||
           field == LANG_FIELD_line_authorization || field == LANG_FIELD_authorization_number ||
           field == LANG_FIELD_line_referral_number || field == LANG_FIELD_coverage_benefit_year_start;
}

/* Whether a value is, or is worked out from, what tells who a member is, and such values are hidden. */
static bool hides(const explainer *e, uint32_t index)
{
    const plan_step *step = &e->block->steps.items[index];
    if (!e->context->redact) return false;
    switch (step->operation) {
    case PLAN_FRAME:
    case PLAN_NUMBER:
    case PLAN_SYMBOL:
    case PLAN_LIST:
    case PLAN_TRUTH:
    case PLAN_PARAMETER:
    case PLAN_AGGREGATE:
    case PLAN_LOOKUP:
    case PLAN_OUTPUT: return false;
    case PLAN_LOAD: return run_is_personal(e->context->binding->plan->program->schema, (lang_field)step->detail);
    default: break;
    }
    const uint32_t operands[] = {step->a, step->b, step->operation == PLAN_PRORATE ? step->c : PLAN_NO_STEP};
    for (size_t i = 0; i < 3; i++) {
        if (operands[i] != PLAN_NO_STEP && operands[i] < index && hides(e, operands[i])) return true;
    }
    return false;
}

/* Steps that hold nothing of the encounter. */
static bool constant(const plan_step *step)
{
    return step->operation == PLAN_FRAME || step->operation == PLAN_NUMBER || step->operation == PLAN_SYMBOL ||
           step->operation == PLAN_LIST || step->operation == PLAN_TRUTH;
}

static void facts_of(explainer *e, uint32_t index);

static const char *value_text(const explainer *e, const plan_step *step, const run_value *value)
{
    bool authorization = step->operation == PLAN_LOAD && step->detail == LANG_FIELD_line_authorization;
    if (authorization && value->state == RUN_PRESENT) {
        return run_store_text(e->context->binding->store, LANG_FIELD_authorization_number, (uint32_t)value->bits);
    }
    return run_format(e->arena, e->context, step->type, value->bits, value->state);
}

static void facts_of_operands(explainer *e, const plan_step *step)
{
    if (step->operation == PLAN_LOOKUP) {
        for (uint32_t i = 0; i + 1 < step->b; i++) facts_of(e, e->block->arguments.items[step->a + i]);
        return;
    }
    if (step->a != PLAN_NO_STEP) facts_of(e, step->a);
    bool date_only = step->operation == PLAN_SET_HOLDS || step->operation == PLAN_LIST_MEETS_SET ||
                     step->operation == PLAN_LIST_WITHIN_SET;
    if (step->b != PLAN_NO_STEP && !date_only) facts_of(e, step->b);
}

/* Turns the values that a step rests on into facts. */
static void facts_of(explainer *e, uint32_t index)
{
    const plan_step *step = &e->block->steps.items[index];
    const run_value *value = &e->values[index];
    if (e->seen[index] != 0) return;
    e->seen[index] = 1;
    if (constant(step)) return;
    switch (step->operation) {
    case PLAN_LOAD:
    case PLAN_PARAMETER:
        add_fact(e, source_name(e, step), hides(e, index) ? RUN_HIDDEN : value_text(e, step, value));
        return;
    case PLAN_OUTPUT:
        add_fact(e, source_name(e, step), run_format(e->arena, e->context, step->type, value->bits, value->state));
        facts_of(e, step->a);
        return;
    case PLAN_LOOKUP:
        add_fact(e, source_name(e, step),
                 value->state == RUN_ABSENT ? "no row"
                                            : run_format(e->arena, e->context, step->type, value->bits, value->state));
        facts_of_operands(e, step);
        return;
    case PLAN_AGGREGATE:
        add_fact(e, source_name(e, step), bounds_text(e, step->type, value));
        benefit_year_fact(e, &e->context->binding->plan->aggregates.items[step->number]);
        if (step->a != PLAN_NO_STEP) facts_of(e, step->a);
        if (run_of_lines(e->context->binding->plan->aggregates.items[step->number].collection)) list_counted(e, step);
        return;
    default: facts_of_operands(e, step); return;
    }
}

/* The facts that make a truth what it is: of a false `and` its false parts, of a true one all. */
static void why(explainer *e, uint32_t index)
{
    const plan_step *step = &e->block->steps.items[index];
    int64_t truth = e->values[index].bits;
    bool logic = step->operation == PLAN_AND || step->operation == PLAN_OR;
    if (step->operation == PLAN_NOT) {
        why(e, step->a);
    } else if (logic) {
        bool some = (step->operation == PLAN_AND) == (truth == RUN_FALSE);
        uint32_t parts[] = {step->a, step->b};
        for (size_t i = 0; i < 2; i++) {
            if (!some || e->values[parts[i]].bits == truth) why(e, parts[i]);
        }
    } else {
        facts_of(e, index);
    }
}

static void missing_of_aggregate(explainer *e, const plan_step *step);

static void missing_of(explainer *e, uint32_t index);

/* Arithmetic whose operands are all known and whose result is not went past the range of its type, or divided by zero:
 * an error of this clause on this line, never a wrapped number. */
static void missing_of_arithmetic(explainer *e, const plan_step *step, const run_value *value)
{
    uint32_t operands[] = {step->a, step->b, step->operation == PLAN_PRORATE ? step->c : PLAN_NO_STEP};
    bool known = true;
    for (size_t i = 0; i < 3; i++) {
        if (operands[i] == PLAN_NO_STEP) continue;
        known = known && e->values[operands[i]].state == RUN_PRESENT;
        missing_of(e, operands[i]);
    }
    if (!known || value->state == RUN_PRESENT) return;
    uint32_t divisor = step->operation == PLAN_PRORATE ? step->c : step->b;
    bool divides = step->operation == PLAN_DIVIDE || step->operation == PLAN_PRORATE;
    const char *why = divides && e->values[divisor].bits == 0 ? "divides by zero" : "goes past what can be counted";
    const lang_expression *source = source_of(e, step);
    const char *text =
        source == NULL
            ? plan_operation_name(step->operation)
            : squeezed(e->arena, e->context->binding->plan->program->files.items[source->span.file], source->span);
    const char **slot = BASE_PUSH(e->arena, &e->errors);
    if (slot != NULL) *slot = base_format(e->arena, "in `%s`, `%s` %s", e->clause->source->name.text, text, why);
}

/* Yes-or-no values that are kept or looked up, beside truths, which are decided. */
static bool stored(const plan_step *step)
{
    switch (step->operation) {
    case PLAN_LOAD:
    case PLAN_PARAMETER:
    case PLAN_OUTPUT:
    case PLAN_OR_ELSE:
    case PLAN_FROM_TRUTH:
    case PLAN_VALID_NPI: return step->type.kind == LANG_TYPE_TRUTH;
    default: return false;
    }
}

static bool gives_truth(const plan_step *step)
{
    return step->type.kind == LANG_TYPE_TRUTH && !stored(step);
}

/* The unknown fields under a truth that keep it unknown; under a value, the unknown fields it is made of. */
static void missing_of(explainer *e, uint32_t index)
{
    const plan_step *step = &e->block->steps.items[index];
    const run_value *value = &e->values[index];
    if (gives_truth(step) ? value->bits != RUN_NEITHER : stored(step) && value->state == RUN_PRESENT) return;
    if (constant(step)) return;
    switch (step->operation) {
    case PLAN_LOAD:
        if (value->state == RUN_UNKNOWN) add_missing(e, source_name(e, step));
        return;
    case PLAN_PARAMETER:
        if (value->state == RUN_UNKNOWN)
            add_missing(e, e->values[step->a].state == RUN_PRESENT ? source_name(e, step) : "date");
        return;
    case PLAN_LOOKUP:
        for (uint32_t i = 0; value->state == RUN_UNKNOWN && i < step->b; i++) {
            missing_of(e, e->block->arguments.items[step->a + i]);
        }
        return;
    case PLAN_AGGREGATE: missing_of_aggregate(e, step); return;
    case PLAN_DECIDE: {
        /* Both sides may be certain and the bounds still leave it open. Both compare the same two values, so one tells. */
        const plan_step *side = &e->block->steps.items[step->a];
        missing_of(e, side->a);
        missing_of(e, side->b);
        return;
    }
    case PLAN_UPPER: missing_of(e, step->a); return;
    case PLAN_DENIED: add_missing(e, source_name(e, step)); return;
    case PLAN_ADD:
    case PLAN_SUBTRACT:
    case PLAN_MULTIPLY:
    case PLAN_DIVIDE:
    case PLAN_PRORATE: missing_of_arithmetic(e, step, value); return;
    default:
        if (step->a != PLAN_NO_STEP) missing_of(e, step->a);
        if (step->b != PLAN_NO_STEP) missing_of(e, step->b);
        return;
    }
}

typedef struct uncertain {
    explainer *outer;
    const plan_aggregate *aggregate;
    uint32_t known;    /* missing fields so far */
    uint32_t in_a_row; /* elements that lacked no other */
} uncertain;

/* Where so many elements lacked nothing new, the others are left: thousands of them lack the same. */
enum { NOTHING_NEW = 256 };

static bool go_on(uncertain *u)
{
    u->in_a_row = u->outer->missing.count > u->known ? 0 : u->in_a_row + 1;
    u->known = u->outer->missing.count;
    return u->in_a_row < NOTHING_NEW;
}

/* For an element that only perhaps counts: the fields of it that its `where` lacks. */
static bool missing_of_element(void *state, uint32_t row, run_truth truth)
{
    uncertain *u = state;
    if (truth != RUN_NEITHER) return true;
    explainer *e = u->outer;
    const run_store *store = e->context->binding->store;
    bool lines = run_of_lines(u->aggregate->collection);
    const char *name = u->aggregate->collection == LANG_COLLECTION_HISTORY
                           ? "history."
                           : base_format(e->arena, "%s.", lang_collection_name(u->aggregate->collection));
    if (lines && !run_store_present(store, LANG_FIELD_line_date, row))
        add_missing(e, base_format(e->arena, "%sdate", name));
    bool pending = lines && row != e->line &&
                   (!run_store_present(store, LANG_FIELD_line_status, row) ||
                    run_store_bits(store, LANG_FIELD_line_status, row) == 2);
    if (pending) add_missing(e, base_format(e->arena, "%sstatus", name));
    if (u->aggregate->block == PLAN_NO_STEP) return go_on(u);
    const plan_block *block = &e->context->binding->plan->blocks.items[u->aggregate->block];
    run_value *values = base_arena_alloc(e->arena, (block->steps.count + 1) * sizeof *values);
    if (values == NULL || block->steps.count == 0) return false;
    bool (*counted)(void *, uint32_t, run_truth) = e->context->counted;
    e->context->counted = NULL;
    for (size_t i = 0; i + 1 < block->steps.count; i++) values[i] = (run_value){0};
    run_interpret_all(e->context, u->aggregate->block, e->line, row, values);
    e->context->counted = counted;
    explainer inner = *e;
    inner.block = block;
    inner.sources = u->aggregate->sources;
    inner.values = values;
    inner.prefix = name;
    missing_of(&inner, block->steps.items[block->steps.count - 1].a);
    e->errors.items = inner.errors.items;
    e->errors.count = inner.errors.count;
    e->errors.capacity = inner.errors.capacity;
    e->missing.items = inner.missing.items;
    e->missing.count = inner.missing.count;
    e->missing.capacity = inner.missing.capacity;
    return go_on(u);
}

static void missing_of_aggregate(explainer *e, const plan_step *step)
{
    const plan_aggregate *aggregate = &e->context->binding->plan->aggregates.items[step->number];
    const run_value *value = &e->values[(size_t)(step - e->block->steps.items)];
    bool exact = value->state == RUN_PRESENT && value->bits == value->high;
    if (exact || value->state == RUN_ABSENT) return;
    uncertain u = {e, aggregate, e->missing.count, 0};
    run_value elements;
    told(e, step, &elements);
    /* Where all elements surely count, or surely do not, none of them lacks anything. */
    if (aggregate->kind != PLAN_COUNTS || elements.bits != elements.high)
        run_counted(e, step, true, missing_of_element, &u);
    if (step->a != PLAN_NO_STEP) missing_of(e, step->a);
    const run_store *store = e->context->binding->store;
    if (!run_store_present(store, LANG_FIELD_line_date, e->line)) add_missing(e, "date");
    bool open = value->high == INT64_MAX || value->state == RUN_UNKNOWN;
    if (open && aggregate->collection == LANG_COLLECTION_SESSION_ATTENDANCE)
        add_missing(e, "session.attendance");
    else if (open && aggregate->collection != LANG_COLLECTION_CLAIM_LINES) {
        add_missing(e, lang_collection_name(aggregate->collection));
    }
}

static const char *message_text(explainer *e)
{
    const lang_clause *clause = e->clause->source;
    base_text text;
    base_text_init(&text, e->arena);
    for (size_t i = 0; i < clause->pieces.count; i++) {
        const lang_piece *piece = &clause->pieces.items[i];
        uint32_t step = e->explanation->hole_steps.items[i];
        if (piece->text != NULL) {
            base_text_put(&text, piece->text);
        } else if (step == PLAN_NO_STEP) {
            const plan_step *counting = &e->block->steps.items[e->explanation->counting_step];
            base_text_put(&text, bounds_text(e, counting->type, &e->values[e->explanation->counting_step]));
        } else {
            const plan_step *hole = &e->block->steps.items[step];
            const run_value *value = &e->values[step];
            base_text_put(&text, hides(e, step)
                                     ? RUN_HIDDEN
                                     : run_format(e->arena, e->context, hole->type, value->bits, value->state));
        }
    }
    return base_text_string(&text);
}

typedef struct first_element {
    bool any; /* none is sure: the first that perhaps fails will do */
    uint32_t sure, perhaps;
} first_element;

static bool keep_first(void *state, uint32_t row, run_truth truth)
{
    first_element *first = state;
    uint32_t *slot = truth == RUN_TRUE ? &first->sure : &first->perhaps;
    if (*slot == RUN_NO_ROW) *slot = row; /* elements come in the order of date, claim and line */
    return first->sure == RUN_NO_ROW && !first->any;
}

/* Finds the first of an aggregate's elements: one that is sure, if there is any. What they come to is asked first, since that takes no
 * walk where there are many. */
static void find_first(explainer *e, const plan_step *step, first_element *first)
{
    run_value result;
    told(e, step, &result);
    first->any = result.bits == 0;
    if (result.high > 0) run_counted(e, step, false, keep_first, first);
}

/* The `other` that a message speaks of: the first that fails, else the first that perhaps does. */
static uint32_t bound_element(explainer *e)
{
    const plan_explanation *clause = e->explanation;
    if (clause->binding_aggregate == PLAN_NO_STEP) return RUN_NO_ROW;
    const plan_aggregate *aggregate = &e->context->binding->plan->aggregates.items[clause->binding_aggregate];
    first_element first = {false, RUN_NO_ROW, RUN_NO_ROW};
    plan_step step = {.a = PLAN_NO_STEP, .number = clause->binding_aggregate};
    if (aggregate->window.bound != NULL) {
        for (uint32_t i = 0; i < e->block->steps.count; i++) {
            if (e->block->steps.items[i].operation == PLAN_AGGREGATE) step.a = e->block->steps.items[i].a;
        }
    }
    find_first(e, &step, &first);
    if (first.sure == RUN_NO_ROW && first.perhaps == RUN_NO_ROW) {
        /* Every element is excused: the message and the exceptions speak of the first that is. */
        step.number = clause->bound_aggregate;
        find_first(e, &step, &first);
    }
    return first.sure != RUN_NO_ROW ? first.sure : first.perhaps;
}

static void explain_exceptions(explainer *e, adj_finding *finding)
{
    const lang_clause *clause = e->clause->source;
    BASE_ARRAY(adj_tried_exception) tried = {0};
    for (size_t i = 0; i < e->explanation->exception_steps.count; i++) {
        uint32_t step = e->explanation->exception_steps.items[i];
        int64_t truth = e->values[step].bits;
        const lang_exception *exception = e->explanation->exceptions.items[i];
        explainer part = *e;
        part.facts.items = NULL;
        part.facts.count = part.facts.capacity = 0;
        part.counted.items = NULL;
        part.counted.count = part.counted.capacity = 0;
        memset(e->seen, 0, e->block->steps.count);
        why(&part, step);
        adj_tried_exception *slot = BASE_PUSH(e->arena, &tried);
        if (slot == NULL) return;
        bool foreign = exception->file != NULL && exception->file != clause->file;
        const char *name = exception->name.text == NULL ? "" : exception->name.text;
        *slot = (adj_tried_exception){foreign ? base_format(e->arena, "%s.%s", exception->file->full_name, name) : name,
                                      exception->cite == NULL ? "" : exception->cite,
                                      truth == RUN_TRUE    ? "holds"
                                      : truth == RUN_FALSE ? "does not hold"
                                                           : "cannot tell",
                                      part.facts.items, part.facts.count};
    }
    finding->exceptions = tried.items;
    finding->exception_count = tried.count;
}

static void explain_waivers(explainer *e, uint32_t clause, adj_finding *finding)
{
    const plan_program *plan = e->context->binding->plan;
    BASE_ARRAY(adj_waiver) holding = {0};
    for (size_t i = 0; i < plan->waivers.count; i++) {
        const plan_waiver *waiver = &plan->waivers.items[i];
        if (waiver->clause != clause || !run_waiver_holds(e->context, waiver, e->line)) continue;
        const lang_exception *source = waiver->source;
        adj_waiver *slot = BASE_PUSH(e->arena, &holding);
        if (slot == NULL) return;
        *slot = (adj_waiver){base_format(e->arena, "%s.%s", source->file->full_name, source->name.text),
                             source->by.text, source->why.text, lang_day_text(e->arena, source->dates.to)};
    }
    finding->waivers = holding.items;
    finding->waiver_count = holding.count;
}

static void explain_missing(explainer *e, const uint8_t *verdicts)
{
    const plan_program *plan = e->context->binding->plan;
    const run_store *store = e->context->binding->store;
    uint32_t speaking = run_speaking_policy(plan, e->clause, verdicts);
    if (verdicts[plan->clauses.count + speaking] == RUN_SCOPE_UNKNOWN) {
        if (!run_store_present(store, LANG_FIELD_line_payer, e->line)) add_missing(e, "payer");
        if (!run_store_present(store, LANG_FIELD_line_date, e->line)) add_missing(e, "date");
        const lang_file *policy = plan->policies.items[speaking].source;
        bool by_plan = lang_naming_plans(policy) != NULL, by_product = lang_naming_products(policy) != NULL;
        if (by_plan && !run_store_present(store, LANG_FIELD_line_plan, e->line)) add_missing(e, "plan");
        if (by_product && !run_product_known(store, e->line)) add_missing(e, "claim.filing_indicator");
    }
    for (size_t i = 0; i < e->explanation->when_steps.count; i++) missing_of(e, e->explanation->when_steps.items[i]);
    missing_of(e, e->explanation->requirement_step);
    for (size_t i = 0; i < e->explanation->exception_steps.count; i++)
        missing_of(e, e->explanation->exception_steps.items[i]);
}

/* What is the same in all findings of a clause. */
static void describe_clause(explainer *e, adj_finding *finding)
{
    const adj_finding *kept = run_words_clause(e->context->words, e->clause);
    if (kept != NULL) {
        *finding = *kept;
        return;
    }
    const lang_clause *clause = e->clause->source;
    const lang_file *file = clause->file;
    finding->policy = file->full_name;
    finding->clause = clause->name.text;
    const char *cite = clause->cite.text == NULL ? "" : clause->cite.text;
    const char *section = clause->section == NULL ? "" : clause->section->title;
    finding->citation = *section == '\0' ? cite
                        : *cite == '\0'  ? section
                                         : base_format(e->arena, "%s, %s", section, cite);
    finding->source = file->source.text == NULL ? "" : file->source.text;
    finding->file = file->path;
    lang_position(file, clause->span.start, &finding->line, &finding->column);
    uint32_t end = clause->message.text != NULL ? clause->message.span.end : clause->span.end;
    lang_position(file, end, &finding->end_line, &finding->end_column);
    const char *reason = clause->group_reason.text;
    const char *group = reason == NULL ? NULL : base_arena_copy(e->arena, reason, 2);
    finding->group_code = group == NULL ? "" : group;
    finding->reason_code = reason == NULL ? "" : reason + 3;
    const char **remarks = base_arena_alloc(e->arena, (clause->remarks.count + 1) * sizeof *remarks);
    for (size_t i = 0; remarks != NULL && i < clause->remarks.count; i++) remarks[i] = clause->remarks.items[i].text;
    finding->remark_codes = remarks;
    finding->remark_count = remarks == NULL ? 0 : clause->remarks.count;
    finding->category = clause->category.text == NULL ? "" : clause->category.text;
    finding->fix = lang_clause_has(clause)->fix.text == NULL ? "" : lang_clause_has(clause)->fix.text;
    finding->source_unverified = clause->unverified;
    finding->reduce_percent = clause->outcome == LANG_REDUCE ? lang_clause_has(clause)->percent : 0;
    if (!e->arena->failed) run_words_keep_clause(e->context->words, e->clause, finding);
}

static void describe(explainer *e, const uint8_t *verdicts, adj_finding *finding)
{
    const plan_program *plan = e->context->binding->plan;
    const lang_file *file = e->clause->source->file;
    describe_clause(e, finding);
    const lang_file *through = plan->policies.items[run_speaking_policy(plan, e->clause, verdicts)].source;
    finding->through = through == file ? "" : through->full_name;
}

bool run_explain(base_arena *arena, run_context *context, uint32_t line, size_t index, adj_clause_verdict verdict,
                 const uint8_t *verdicts, unsigned parts, adj_finding *finding)
{
    const plan_program *plan = context->binding->plan;
    explainer e = {
        .arena = arena, .context = context, .line = line, .clause = &plan->clauses.items[index], .prefix = ""};
    e.explanation = plan_explanation_of(plan, e.clause);
    if (e.explanation == NULL) arena->failed = true;
    if (arena->failed) return false;
    e.block = e.explanation->block;
    e.sources = e.explanation->sources;
    run_value *values = base_arena_alloc(arena, (e.block->steps.count + 1) * sizeof *values);
    e.seen = base_arena_alloc(arena, e.block->steps.count + 1);
    if (values == NULL || e.seen == NULL) return false;
    e.values = values;
    context->scratch.count = 0;
    run_interpret_all(context, e.clause->explain_block, line, RUN_NO_ROW, values);
    e.other = bound_element(&e);
    if (e.other != RUN_NO_ROW) run_interpret_all(context, e.clause->explain_block, line, e.other, values);
    *finding = (adj_finding){0};
    describe(&e, verdicts, finding);
    finding->verdict = verdict;
    finding->outcome = run_clause_outcome(e.clause->source, ADJ_CLAUSE_FAIL);
    finding->message = message_text(&e);
    bool open = verdict == ADJ_CLAUSE_WAIVED && e.values[e.explanation->requirement_step].bits == RUN_NEITHER;
    if (verdict == ADJ_CLAUSE_CANNOT_TELL || open) explain_missing(&e, verdicts);
    if (verdict == ADJ_CLAUSE_WAIVED) explain_waivers(&e, (uint32_t)index, finding);
    bool facts = (parts & ADJ_EXPLAIN_FACTS) != 0;
    if (facts) why(&e, e.explanation->requirement_step);
    for (size_t i = 0; facts && i < e.explanation->when_steps.count; i++) why(&e, e.explanation->when_steps.items[i]);
    finding->facts = e.facts.items;
    finding->fact_count = e.facts.count;
    finding->counted = e.counted.items;
    finding->counted_count = e.counted.count;
    finding->counted_more = e.counted_more;
    finding->missing = e.missing.items;
    finding->missing_count = e.missing.count;
    finding->errors = e.errors.items;
    finding->error_count = e.errors.count;
    if ((parts & ADJ_EXPLAIN_EXCEPTIONS) != 0) explain_exceptions(&e, finding);
    return !arena->failed;
}
