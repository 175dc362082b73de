/* Measures over evaluated encounters: subjects are sorted into groups, tallied in bounds, and each group's value is worked
 * out by the same steps that judge lines. */
#include "runtime/handles.h"
#include "runtime/sweep.h"

#include <stdlib.h>
#include <string.h>

typedef struct measure_distinct {
    int64_t value;
    bool certain;
} measure_distinct;

/* One tally of one group. Sums are of what surely counts; `open` says that an amount is unknown. */
typedef struct measure_tally {
    run_value total; /* bits, high; for extremes, present once there is one */
    int64_t count;   /* of the values that a sum is made of, for averages */
    bool open, past_range;
    BASE_ARRAY(measure_distinct) values;
} measure_tally;

typedef struct measure_group {
    const char **dimensions;
    measure_tally *tallies;
    size_t subjects, perhaps;
} measure_group;

typedef struct measuring {
    adj_results *results;
    base_arena *arena; /* of the measure that comes out */
    base_arena scratch;
    const plan_measure *plan;
    run_binding binding; /* with what was predicted */
    run_context context;
    run_value *values, *line_values;
    base_intern keys;
    BASE_ARRAY(measure_group *) groups; /* by key, from id 1 on */
    measure_group all;                  /* what groups lie apart from; its tallies are NULL where nobody asks */
} measuring;

/* ---- predictions as columns ---- */

static bool fill_column(measuring *m, run_column *columns, lang_field field, size_t rows)
{
    columns[field].values = base_arena_alloc(&m->scratch, (rows + 1) * run_column_width(&columns[field]));
    columns[field].states = base_arena_alloc(&m->scratch, rows + 1 + RUN_STATES_BEYOND);
    return columns[field].values != NULL && columns[field].states != NULL;
}

static void put(run_column *columns, lang_field field, size_t row, int64_t bits, run_state state)
{
    run_column_put(&columns[field], row, bits);
    columns[field].states[row] = (uint8_t)state;
}

/* The columns of the store, with the prediction of each line that was judged. */
static bool predict(measuring *m)
{
    const adj_results *results = m->results;
    const plan_program *plan = results->binding.plan;
    const run_store *store = results->binding.store;
    size_t fields = (size_t)lang_schema_field_count(plan->program->schema), lines = store->counts[LANG_RECORD_line];
    run_column *columns = base_arena_alloc(&m->scratch, fields * sizeof *columns);
    if (columns == NULL) return false;
    memcpy(columns, results->binding.columns, fields * sizeof *columns);
    bool room = fill_column(m, columns, LANG_FIELD_line_predicted, lines) &&
                fill_column(m, columns, LANG_FIELD_prediction_verdict, lines) &&
                fill_column(m, columns, LANG_FIELD_prediction_category, lines) &&
                fill_column(m, columns, LANG_FIELD_prediction_clause_name, lines);
    if (!room) return false;
    for (size_t l = 0; l < lines; l++) put(columns, LANG_FIELD_line_predicted, l, 0, RUN_ABSENT);
    for (size_t i = 0; i < results->line_count; i++) {
        uint32_t line = results->lines[i];
        const char *reason;
        adj_verdict verdict = run_summary_verdict(&results->binding, line, run_results_summary(results, i), &reason);
        const lang_clause *clause = run_primary_clause(results, i, verdict);
        put(columns, LANG_FIELD_line_predicted, line, line, RUN_PRESENT);
        put(columns, LANG_FIELD_prediction_verdict, line, verdict, RUN_PRESENT);
        int category =
            clause == NULL || clause->category.text == NULL
                ? -1
                : lang_schema_word_find(plan->program->schema, LANG_ENUMERATION_category, clause->category.text);
        put(columns, LANG_FIELD_prediction_category, line, category, category < 0 ? RUN_ABSENT : RUN_PRESENT);
        uint32_t symbol = clause == NULL
                              ? BASE_INTERN_NONE
                              : base_intern_find(&plan->symbol_table, clause->name.text, strlen(clause->name.text));
        bool named = symbol != BASE_INTERN_NONE;
        put(columns, LANG_FIELD_prediction_clause_name, line, named ? results->binding.symbols[symbol] : 0,
            named            ? RUN_PRESENT
            : clause == NULL ? RUN_ABSENT
                             : RUN_UNKNOWN);
    }
    m->binding = results->binding;
    m->binding.columns = columns;
    return true;
}

/* ---- tallying ---- */

static run_truth both(run_truth a, run_truth b)
{
    return (run_truth)((a & b & RUN_TRUE) | ((a | b) & RUN_FALSE));
}

static void add(measure_tally *tally, int64_t amount, run_truth truth)
{
    bool certain = truth == RUN_TRUE;
    if (certain || amount < 0)
        tally->past_range = __builtin_add_overflow(tally->total.bits, amount, &tally->total.bits) || tally->past_range;
    if (certain || amount > 0)
        tally->past_range = __builtin_add_overflow(tally->total.high, amount, &tally->total.high) || tally->past_range;
}

static void count_value(measuring *m, const lang_expression *source, measure_tally *tally, const run_value *value,
                        run_truth truth)
{
    lang_quantifier quantifier = source->as.tally.quantifier;
    if (source->as.tally.value == NULL) {
        add(tally, 1, truth);
        return;
    }
    if (value->state == RUN_ABSENT) return; /* what is not there adds nothing */
    if (value->state == RUN_UNKNOWN) {
        tally->open = true;
        return;
    }
    tally->count++;
    if (source->as.tally.distinct) {
        measure_distinct *slot = BASE_PUSH(&m->scratch, &tally->values);
        if (slot != NULL) *slot = (measure_distinct){value->bits, truth == RUN_TRUE};
    } else if (quantifier == LANG_SUM_OF) {
        add(tally, value->bits, truth);
        if (truth != RUN_TRUE && source->as.tally.average) tally->open = true;
    } else {
        if (truth != RUN_TRUE) {
            tally->open = true;
            return;
        }
        bool first = tally->total.state != RUN_PRESENT;
        bool better = quantifier == LANG_MINIMUM_OF ? value->bits < tally->total.bits : value->bits > tally->total.bits;
        if (first || better) tally->total.bits = tally->total.high = value->bits;
        tally->total.state = RUN_PRESENT;
    }
}

static run_truth truth_at(const run_value *values, uint32_t step)
{
    return step == PLAN_NO_STEP ? RUN_TRUE : (run_truth)values[step].bits;
}

static void tally_values(measuring *m, const plan_tally *tally, measure_tally *into, const run_value *values,
                         run_truth counts)
{
    run_truth truth = both(counts, truth_at(values, tally->where_step));
    if (truth == RUN_FALSE) return;
    static const run_value nothing = {0, 0, RUN_PRESENT};
    const run_value *value = tally->value_step == PLAN_NO_STEP ? &nothing : &values[tally->value_step];
    count_value(m, tally->source, into, value, truth);
}

static const run_groups *lines_of(const run_store *store, lang_record record)
{
    return record == LANG_RECORD_session ? &store->lines_of_session
           : record == LANG_RECORD_claim ? &store->lines_of_claim
                                         : &store->lines_of_patient;
}

static void tally_line(measuring *m, const plan_tally *tally, measure_tally *into, uint32_t line, run_truth counts)
{
    if (!m->binding.store->lines.items[line].subject) return;
    m->context.scratch.count = 0;
    run_interpret_all(&m->context, tally->block, line, RUN_NO_ROW, m->line_values);
    tally_values(m, tally, into, m->line_values, counts);
}

static void tally_subject(measuring *m, measure_group *group, uint32_t row, run_truth counts)
{
    const run_store *store = m->binding.store;
    for (size_t t = 0; t < m->plan->tallies.count; t++) {
        const plan_tally *tally = &m->plan->tallies.items[t];
        if (tally->block == PLAN_NO_STEP) {
            tally_values(m, tally, &group->tallies[t], m->values, counts);
            continue;
        }
        const run_groups *lines = lines_of(store, m->plan->source->record);
        for (uint32_t i = lines->starts[row]; i < lines->starts[row + 1]; i++) {
            tally_line(m, tally, &group->tallies[t], lines->rows[i], counts);
        }
        if (m->plan->source->record != LANG_RECORD_session) continue;
        size_t next = run_next_possible_line(store, row, 0);
        for (; next < store->sessionless_count; next = run_next_possible_line(store, row, next + 1)) {
            tally_line(m, tally, &group->tallies[t], store->sessionless[next], both(counts, RUN_NEITHER));
        }
    }
}

static measure_group *group_of(measuring *m)
{
    const plan_program *plan = m->binding.plan;
    const plan_block *block = &plan->blocks.items[m->plan->block];
    base_text key;
    base_text_init(&key, &m->scratch);
    base_text_put(&key, "=");
    size_t count = m->plan->by_steps.count;
    const char **texts = base_arena_alloc(m->arena, (count + 1) * sizeof *texts);
    if (texts == NULL) return NULL;
    for (size_t d = 0; d < count; d++) {
        uint32_t step = m->plan->by_steps.items[d];
        texts[d] = run_format(m->arena, &m->context, block->steps.items[step].type, m->values[step].bits,
                              m->values[step].state);
        base_text_format(&key, "%s\x1f", texts[d]);
    }
    const char *text = base_text_string(&key);
    uint32_t id = *text == '\0' ? BASE_INTERN_NONE : base_intern_add(&m->keys, text, key.length); /* "": no memory */
    if (id == BASE_INTERN_NONE) return NULL;
    while (id > m->groups.count) {
        measure_group *group = base_arena_alloc(m->arena, sizeof *group);
        measure_group **slot = group == NULL ? NULL : BASE_PUSH(m->arena, &m->groups);
        if (slot == NULL) return NULL;
        *slot = group;
        group->dimensions = texts;
        group->tallies = base_arena_alloc(m->arena, (m->plan->tallies.count + 1) * sizeof *group->tallies);
        if (group->tallies == NULL) return NULL;
    }
    return m->groups.items[id - 1];
}

static bool measured(const run_store *store, lang_record record, uint32_t row)
{
    if (record == LANG_RECORD_line) return store->lines.items[row].subject && !store->lines.items[row].unreadable;
    if (record == LANG_RECORD_claim) return store->claims.items[row].subject;
    return record != LANG_RECORD_patient || row > 0; /* row 0 is nobody */
}

static bool walk_subjects(measuring *m)
{
    const run_store *store = m->binding.store;
    lang_record record = m->plan->source->record;
    for (uint32_t row = 0; row < store->counts[record]; row++) {
        if (!measured(store, record, row)) continue;
        m->context.scratch.count = 0;
        run_interpret_all(&m->context, m->plan->block, row, RUN_NO_ROW, m->values);
        run_truth counts = truth_at(m->values, m->plan->where_step);
        if (counts == RUN_FALSE) continue;
        measure_group *group = group_of(m);
        if (group == NULL) return false;
        if (counts == RUN_TRUE)
            group->subjects++;
        else
            group->perhaps++;
        tally_subject(m, group, row, counts);
        if (m->all.tallies != NULL) tally_subject(m, &m->all, row, counts);
    }
    return true;
}

/* ---- values ---- */

static int by_value(const void *a, const void *b)
{
    const measure_distinct *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return (int)y->certain - (int)x->certain;
}

static run_value settled(const lang_expression *source, measure_tally *tally)
{
    run_value value = tally->total;
    bool extreme = source->as.tally.quantifier == LANG_MINIMUM_OF || source->as.tally.quantifier == LANG_MAXIMUM_OF;
    if (source->as.tally.distinct) {
        value = (run_value){0, 0, RUN_PRESENT};
        if (tally->values.count > 1)
            qsort(tally->values.items, tally->values.count, sizeof *tally->values.items, by_value);
        for (size_t i = 0; i < tally->values.count; i++) {
            if (i > 0 && tally->values.items[i].value == tally->values.items[i - 1].value) continue;
            value.high++;
            if (tally->values.items[i].certain) value.bits++;
        }
    } else if (extreme) {
        if (value.state != RUN_PRESENT) value.state = RUN_ABSENT;
    } else {
        value.state = RUN_PRESENT;
    }
    if (source->as.tally.average && !extreme) {
        if (tally->count == 0) return (run_value){0, 0, RUN_ABSENT};
        bool whole = source->as.tally.value->type.kind == LANG_TYPE_COUNT ||
                     source->as.tally.value->type.kind == LANG_TYPE_NUMBER;
        value.bits = value.high = run_divide(value.bits, tally->count, whole ? 1000 : 1, &value.state);
    }
    if (tally->open) {
        if (extreme || source->as.tally.average)
            value.state = RUN_UNKNOWN;
        else
            value.high = INT64_MAX;
    }
    if (tally->past_range) value.state = RUN_UNKNOWN;
    return value;
}

/* The value of a group, in bounds. */
typedef struct group_value {
    run_value low, high;
    bool past, endless; /* past its range; without an upper bound */
} group_value;

static group_value value_of(measuring *m, measure_group *group)
{
    group_value value = {{0, 0, RUN_UNKNOWN}, {0, 0, RUN_UNKNOWN}, false, false};
    run_value *tallies = base_arena_alloc(&m->scratch, (m->plan->tallies.count + 1) * sizeof *tallies);
    if (tallies == NULL) return value;
    for (size_t t = 0; t < m->plan->tallies.count; t++) {
        tallies[t] = settled(m->plan->tallies.items[t].source, &group->tallies[t]);
        value.past = value.past || group->tallies[t].past_range;
        value.endless = value.endless || tallies[t].high == INT64_MAX;
    }
    m->context.tallies = tallies;
    run_interpret_all(&m->context, m->plan->value_block, 0, RUN_NO_ROW, m->values);
    m->context.tallies = NULL;
    value.low = m->values[m->plan->value_low];
    value.high = m->values[m->plan->value_high];
    return value;
}

static bool known(const group_value *value)
{
    return !value->past && value->low.state == RUN_PRESENT && value->high.state == RUN_PRESENT;
}

static adj_alert raised(bool surely, bool perhaps)
{
    return surely ? ADJ_ALERT_SURE : perhaps ? ADJ_ALERT_PERHAPS : ADJ_ALERT_NONE;
}

/* Whether a value lies further from that of all groups than the measure allows. */
static adj_alert alert_apart(const struct lang_alert *alert, const group_value *value, const group_value *all)
{
    enum { WHOLE = 100000 }; /* thousandths of a percent */
    if (!known(value) || !known(all)) return ADJ_ALERT_PERHAPS;
    __int128 middle = all->low.bits, room = (middle < 0 ? -middle : middle) * alert->percent;
    __int128 below = (middle - value->high.bits) * WHOLE, above = ((__int128)value->low.bits - middle) * WHOLE;
    __int128 least = (middle - value->low.bits) * WHOLE, most = ((__int128)value->high.bits - middle) * WHOLE;
    if (all->low.bits != all->high.bits || value->endless) return ADJ_ALERT_PERHAPS;
    return raised(below > room || above > room, least > room || most > room);
}

static adj_alert alert_of(measuring *m, lang_type type, const group_value *value, const group_value *all)
{
    const struct lang_alert *alert = m->plan->source->alert;
    if (alert == NULL) return ADJ_ALERT_NONE;
    if (alert->bound == NULL) return alert_apart(alert, value, all);
    if (!known(value)) return ADJ_ALERT_PERHAPS;
    bool whole = type.kind == LANG_TYPE_COUNT || type.kind == LANG_TYPE_NUMBER;
    __int128 scale = whole ? 1000 : 1, bound = alert->bound->as.literal.value;
    __int128 low = value->low.bits * scale, high = value->high.bits * scale;
    bool above = strcmp(alert->word.text, "above") == 0;
    if (value->endless) return raised(above && low > bound, above || low < bound);
    return above ? raised(low > bound, high > bound) : raised(high < bound, low < bound);
}

static void add_row(measuring *m, measure_group *group, const group_value *all, adj_measure *out)
{
    const plan_block *block = &m->binding.plan->blocks.items[m->plan->value_block];
    adj_measure_row *row = BASE_PUSH(m->arena, &out->rows);
    if (row == NULL) return;
    group_value value = value_of(m, group);
    lang_type type = block->steps.items[m->plan->value_low].type;
    const char *low_text = run_format(m->arena, &m->context, type, value.low.bits, value.low.state);
    *row = (adj_measure_row){group->dimensions, low_text, true, group->subjects, group->perhaps, ADJ_ALERT_NONE};
    if (value.past) {
        row->value = "past the range of its type";
        row->exact = false;
    } else if (value.low.state != RUN_PRESENT || value.high.state != RUN_PRESENT) {
        /* A ratio of nothing is no number; everything else that has none is unknown. */
        bool nothing = group->subjects > 0 && group->perhaps == 0;
        for (size_t t = 0; t < m->plan->tallies.count && nothing; t++) nothing = !group->tallies[t].open;
        row->value = nothing ? "none" : "unknown";
        row->exact = nothing;
        if (nothing) return;
    } else if (value.low.bits != value.high.bits) {
        row->exact = false;
        row->value = value.endless ? base_format(m->arena, "at least %s", low_text)
                                   : base_format(m->arena, "from %s to %s", low_text,
                                                 run_format(m->arena, &m->context, type, value.high.bits, RUN_PRESENT));
    }
    row->alert = alert_of(m, type, &value, all);
}

/* What the measure alerts of, in words. */
static const char *alert_words(measuring *m, const group_value *all)
{
    const lang_measure *source = m->plan->source;
    const struct lang_alert *alert = source->alert;
    if (alert == NULL) return "";
    if (alert->bound != NULL) {
        lang_span span = alert->bound->span;
        return base_format(m->arena, "%s %.*s", alert->word.text, (int)(span.end - span.start),
                           source->file->text + span.start);
    }
    const plan_block *block = &m->binding.plan->blocks.items[m->plan->value_block];
    lang_type type = block->steps.items[m->plan->value_low].type;
    const char *middle = known(all) && all->low.bits == all->high.bits
                             ? run_format(m->arena, &m->context, type, all->low.bits, RUN_PRESENT)
                             : "a value that is not known";
    return base_format(m->arena, "more than %g percent from %s, of all together", (double)alert->percent / 1000,
                       middle);
}

static int by_dimensions(const void *a, const void *b, size_t count)
{
    const adj_measure_row *x = a, *y = b;
    for (size_t i = 0; i < count; i++) {
        int order = strcmp(x->dimensions[i], y->dimensions[i]);
        if (order != 0) return order;
    }
    return 0;
}

/* A merge sort of few rows whose number of dimensions qsort could not be told. */
static bool sort_rows(measuring *m, adj_measure *out)
{
    size_t count = out->rows.count;
    adj_measure_row *from = out->rows.items, *to = base_arena_alloc(m->arena, (count + 1) * sizeof *to);
    if (to == NULL) return false;
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t start = 0; start < count; start += 2 * width) {
            size_t a = start, middle = start + width < count ? start + width : count, b = middle;
            size_t end = middle + width < count ? middle + width : count;
            for (size_t k = start; k < end; k++) {
                bool left = b >= end || (a < middle && by_dimensions(&from[a], &from[b], out->dimension_count) <= 0);
                to[k] = left ? from[a++] : from[b++];
            }
        }
        adj_measure_row *swap = from;
        from = to;
        to = swap;
    }
    out->rows.items = from;
    return true;
}

static bool describe(measuring *m, adj_measure *out)
{
    const lang_measure *source = m->plan->source;
    const lang_file *file = source->file;
    out->name = source->name.text;
    out->title = source->title.text == NULL ? "" : source->title.text;
    out->policy = file->full_name;
    out->dimension_count = source->by.count;
    out->dimensions = base_arena_alloc(m->arena, (source->by.count + 1) * sizeof *out->dimensions);
    for (size_t i = 0; out->dimensions != NULL && i < source->by.count; i++) {
        lang_span span = source->by.items[i]->span;
        out->dimensions[i] = base_arena_copy(m->arena, file->text + span.start, span.end - span.start);
    }
    return out->dimensions != NULL;
}

/* History is counted by sums of its own: what a condition says may depend on predictions, which those of judging do not know. */
static bool begin_sums(measuring *m)
{
    const run_store *store = m->binding.store;
    if (m->binding.plan->aggregates.count == 0) return true;
    m->context.sweeps = run_sweeps_new(&m->scratch.allocator, &m->binding, false);
    m->context.standing_count = store->counts[LANG_RECORD_line];
    m->context.standings = base_arena_alloc(&m->scratch, m->context.standing_count + 1U);
    return m->context.sweeps != NULL && m->context.standings != NULL;
}

static bool measure(measuring *m, adj_measure *out)
{
    const plan_program *plan = m->results->binding.plan;
    size_t longest = plan->longest;
    m->values = base_arena_alloc(&m->scratch, longest * sizeof *m->values);
    m->line_values = base_arena_alloc(&m->scratch, longest * sizeof *m->line_values);
    const struct lang_alert *alert = m->plan->source->alert;
    bool apart = alert != NULL && alert->bound == NULL;
    if (apart) m->all.tallies = base_arena_alloc(&m->scratch, (m->plan->tallies.count + 1) * sizeof *m->all.tallies);
    if (apart && m->all.tallies == NULL) return false;
    bool ready = m->values != NULL && m->line_values != NULL && predict(m) &&
                 run_context_init(&m->context, &m->scratch, &m->binding, NULL) && begin_sums(m) &&
                 base_intern_init(&m->keys, &m->scratch) && describe(m, out) && walk_subjects(m);
    if (!ready) return false;
    group_value all = {{0, 0, RUN_UNKNOWN}, {0, 0, RUN_UNKNOWN}, false, false};
    if (m->all.tallies != NULL) all = value_of(m, &m->all);
    for (size_t i = 0; i < m->groups.count; i++) add_row(m, m->groups.items[i], &all, out);
    out->alert = alert_words(m, &all);
    return sort_rows(m, out) && !m->arena->failed && !run_context_failed(&m->context);
}

adj_status adj_results_measure(adj_results *results, size_t index, adj_measure **out)
{
    *out = NULL;
    if (index >= results->binding.plan->measures.count) return ADJ_NOT_FOUND;
    base_allocator allocator = results->arena.allocator;
    adj_measure *made = allocator.reallocate(allocator.state, NULL, sizeof *made);
    if (made == NULL) return ADJ_OUT_OF_MEMORY;
    memset(made, 0, sizeof *made);
    base_arena_init(&made->arena, &allocator);
    measuring m = {.results = results, .arena = &made->arena, .plan = &results->binding.plan->measures.items[index]};
    base_arena_init(&m.scratch, &allocator);
    bool good = measure(&m, made);
    run_sweeps_free(m.context.sweeps);
    base_arena_release(&m.scratch);
    if (!good) {
        adj_measure_free(made);
        return ADJ_OUT_OF_MEMORY;
    }
    *out = made;
    return ADJ_OK;
}

void adj_measure_free(adj_measure *made)
{
    if (made == NULL) return;
    base_allocator allocator = made->arena.allocator;
    base_arena_release(&made->arena);
    allocator.reallocate(allocator.state, made, 0);
}

const char *adj_measure_name(const adj_measure *made)
{
    return made->name;
}

const char *adj_measure_title(const adj_measure *made)
{
    return made->title;
}

const char *adj_measure_alert(const adj_measure *made)
{
    return made->alert;
}

size_t adj_measure_dimension_count(const adj_measure *made)
{
    return made->dimension_count;
}

const char *adj_measure_dimension(const adj_measure *made, size_t index)
{
    return index < made->dimension_count ? made->dimensions[index] : "";
}

size_t adj_measure_row_count(const adj_measure *made)
{
    return made->rows.count;
}

adj_measure_row adj_measure_row_at(const adj_measure *made, size_t index)
{
    return index < made->rows.count ? made->rows.items[index] : (adj_measure_row){.value = ""};
}
