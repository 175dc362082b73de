/* One encounter at a time, from decoded fields to verdicts: a guest's row of each record (guest.h), which is filled anew for each
 * encounter, beside a store of history or an empty one, and machine code that judges a line. Once each code has been seen, nothing is
 * allocated. */
#include "base/short_text.h"
#include "runtime/guest.h"
#include "runtime/handles.h"
#include "runtime/policy_codes.h"

#include <string.h>

enum { TOUCHED = 512 };

/* A field of the guest's. */
typedef struct guest_cell {
    void *bits; /* int32_t of a narrow column, else int64_t */
    uint8_t *state;
    int32_t leads_to;                  /* of a reference: the guest's row */
    bool narrow, list, record, symbol; /* the last: of codes, texts and words, which have numbers from 0 on */
} guest_cell;

/* Kinds of fields, by what is done with a value. */
typedef enum told_kind { TOLD_NUMBER, TOLD_NARROW, TOLD_SYMBOL, TOLD_RECORD, TOLD_LIST, TOLD_KINDS } told_kind;

/* One of the fields that lines are told by, and the reference to its record. */
typedef struct told_field {
    guest_cell cell;
    uint32_t field;
    uint32_t index;     /* among the values of a line */
    uint32_t reference; /* place among the references; the first is of the line's own */
} told_field;

/* What telling one takes, side by side. */
typedef struct told_place {
    void *bits;
    uint8_t *state;
    uint64_t record; /* a bit, of its reference */
    uint32_t offset; /* of its value among those of a line, in bytes */
    int32_t leads_to;
} told_place;

typedef struct told_reference {
    guest_cell cell;
    bool patient; /* to the line's patient */
    bool itself;  /* it is one of the fields, too */
} told_reference;

/* A text that was met lately, of up to 16 bytes: where it is met again nothing is looked up. */
typedef struct lately_met {
    base_short_text text;
    uint32_t field, length;
    int64_t id;
} lately_met;

enum { LATELY_TEXTS = 512, REFERENCES = 64 };

struct adj_single {
    base_allocator allocator;
    base_arena arena;
    const adj_policies *policies;
    run_store *store; /* the history's, or the one below */
    run_store own;
    bool alone;  /* without history */
    bool seated; /* its cells are found */
    uint32_t seat;
    base_arena bound; /* what is bound anew where a code is new */
    run_binding binding;
    run_context context;
    run_sweeps *sweeps;
    run_guest guest;
    base_intern symbols; /* beside a history: texts that it does not have */
    lately_met *lately;
    bool stale;        /* a text was met since */
    uint32_t *row_of;  /* by record */
    guest_cell *cells; /* by field */
    uint32_t field_count;
    uint8_t *verdicts;
    uint32_t *judged; /* policies that the last line met */
    adj_single_event *events;
    uint16_t touched[TOUCHED]; /* fields that are to be forgotten; all of them where there are more */
    size_t touched_count;
    bool patient_touched;
    bool member_used; /* the member was of a line that has been judged */
    uint32_t *pool;   /* of lists */
    size_t pool_used, pool_room;
    /* Of adj_single_judge_values: */
    told_field *fields;
    told_place *places; /* of the fields */
    told_reference *references;
    uint64_t patient_record;
    size_t told_count, reference_count;
    size_t kind_ends[TOLD_KINDS]; /* of `fields`, which stand in the order of their kinds */
    bool filled;                  /* with such values, which are to be forgotten */
};

static bool bind(adj_single *s)
{
    base_arena_reset(&s->bound);
    s->stale = false;
    if (!run_bind(&s->binding, &s->bound, s->policies->plan, s->store)) return false;
    s->binding.guest_symbols = s->alone ? NULL : &s->symbols;
    run_policy_codes *codes = run_policies_single_codes(s->policies);
    const run_machine_code *code = codes == NULL ? NULL : run_policy_codes_of(codes);
    if (!run_context_init(&s->context, &s->bound, &s->binding, code)) return false;
    s->context.guest = &s->guest;
    s->context.sweeps = s->sweeps;
    s->context.overlay_pool = s->pool;
    return true;
}

static void find_cells(adj_single *s)
{
    const lang_schema *schema = s->store->schema;
    s->field_count = (uint32_t)lang_schema_field_count(schema);
    for (int r = 0; r < lang_schema_record_count(schema); r++) s->row_of[r] = s->store->counts[r] + s->seat;
    for (int f = 0; f < lang_schema_field_count(schema); f++) {
        const lang_field_info *info = lang_schema_field(schema, (lang_field)f);
        uint32_t row = s->row_of[info->record];
        const run_column *column = &s->store->columns[f];
        lang_type_kind kind = info->type.kind;
        s->cells[f] =
            (guest_cell){.bits = (char *)column->values + row * run_column_width(column),
                         .state = &column->states[row],
                         .leads_to = kind == LANG_TYPE_RECORD ? (int32_t)s->row_of[info->type.detail] : 0,
                         .narrow = column->narrow,
                         .list = info->type.list,
                         .record = kind == LANG_TYPE_RECORD,
                         .symbol = kind == LANG_TYPE_CODE || kind == LANG_TYPE_TEXT || kind == LANG_TYPE_ENUMERATION};
    }
    s->guest = (run_guest){
        .line = s->row_of[LANG_RECORD_line], .patient = s->row_of[LANG_RECORD_patient], .member = RUN_NO_ROW};
    s->seated = true;
}

/* A store of nothing but the guest's rows. */
static bool own_store(adj_single *s)
{
    s->store = &s->own;
    s->alone = true;
    if (!run_store_init(&s->own, run_policies_schema(s->policies), &s->allocator)) return false;
    s->own.guests = 1;
    return run_store_finish(&s->own);
}

static bool make_room(adj_single *s)
{
    size_t clauses = s->policies->plan->clauses.count, count = s->policies->plan->policies.count;
    const lang_schema *schema = s->store->schema;
    s->row_of = base_arena_alloc(&s->arena, (size_t)lang_schema_record_count(schema) * sizeof *s->row_of);
    s->cells = base_arena_alloc(&s->arena, (size_t)lang_schema_field_count(schema) * sizeof *s->cells);
    s->verdicts = base_arena_alloc(&s->arena, clauses + count + 1);
    s->judged = base_arena_alloc(&s->arena, (count + 1) * sizeof *s->judged);
    s->events = base_arena_alloc(&s->arena, (clauses + 1) * sizeof *s->events);
    s->lately = base_arena_alloc(&s->arena, LATELY_TEXTS * sizeof *s->lately);
    return !s->arena.failed && base_intern_init(&s->symbols, &s->arena);
}

static adj_status new_single(const adj_policies *policies, adj_encounters *history, adj_single **out)
{
    *out = NULL;
    if (policies->plan == NULL) return ADJ_INVALID_POLICY;
    if (history != NULL && !history->store.finished) return ADJ_INVALID_INPUT;
    uint32_t seat = history == NULL ? 0 : run_guest_enter(&history->store);
    if (seat == RUN_NO_ROW) return ADJ_NOT_FOUND;
    base_allocator allocator = policies->allocator;
    adj_single *s = allocator.reallocate(allocator.state, NULL, sizeof *s);
    if (s == NULL) {
        if (history != NULL) run_guest_leave(&history->store, seat);
        return ADJ_OUT_OF_MEMORY;
    }
    memset(s, 0, sizeof *s);
    s->allocator = allocator;
    s->policies = policies;
    s->seat = seat;
    base_arena_init(&s->arena, &allocator);
    base_arena_init(&s->bound, &allocator);
    if (history != NULL) s->store = &history->store;
    bool good = (history != NULL || own_store(s)) && make_room(s);
    if (good) find_cells(s);
    good = good && bind(s);
    if (good && history != NULL && policies->plan->aggregates.count > 0) {
        s->sweeps = s->context.sweeps = run_sweeps_new(&allocator, &s->binding, false);
        good = s->sweeps != NULL;
    }
    if (!good) {
        adj_single_free(s);
        return ADJ_OUT_OF_MEMORY;
    }
    *out = s;
    return ADJ_OK;
}

adj_status adj_single_new(const adj_policies *policies, adj_single **out)
{
    return new_single(policies, NULL, out);
}

adj_status adj_single_new_with(const adj_policies *policies, adj_encounters *history, adj_single **out)
{
    return new_single(policies, history, out);
}

void adj_single_free(adj_single *s)
{
    if (s == NULL) return;
    base_allocator allocator = s->allocator;
    if (s->seated) {
        s->touched_count = TOUCHED + 1;
        adj_single_begin(s);
    }
    if (!s->alone && s->store != NULL) run_guest_leave(s->store, s->seat);
    run_sweeps_free(s->sweeps);
    if (s->alone && s->own.arena.allocator.reallocate != NULL) run_store_release(&s->own);
    base_arena_release(&s->bound);
    base_arena_release(&s->arena);
    allocator.reallocate(allocator.state, s, 0);
}

int64_t adj_single_field(const adj_single *s, const char *path)
{
    const lang_schema *schema = s->store->schema;
    const char *dot = strchr(path, '.');
    char name[64];
    size_t length = dot == NULL ? strlen(path) : (size_t)(dot - path);
    if (length >= sizeof name) return ADJ_SINGLE_NO_FIELD;
    memcpy(name, path, length);
    name[length] = '\0';
    lang_field first = lang_schema_find(schema, LANG_RECORD_line, name);
    if (first == LANG_NO_FIELD) return ADJ_SINGLE_NO_FIELD;
    if (dot == NULL) return ((int64_t)LANG_NO_FIELD << 16) | (int64_t)first;
    const lang_field_info *info = lang_schema_field(schema, first);
    if (info->type.kind != LANG_TYPE_RECORD || info->type.list) return ADJ_SINGLE_NO_FIELD;
    lang_field second = lang_schema_find(schema, (lang_record)info->type.detail, dot + 1);
    return second == LANG_NO_FIELD ? ADJ_SINGLE_NO_FIELD : ((int64_t)first << 16) | (int64_t)second;
}

static void touch(adj_single *s, uint32_t field)
{
    if (s->touched_count < TOUCHED) s->touched[s->touched_count] = (uint16_t)field;
    s->touched_count++;
}

/* The cell of a handle; NULL for none. */
static inline const guest_cell *cell_of(const adj_single *s, int64_t handle)
{
    uint32_t field = (uint32_t)(handle & 0xFFFF), reference = (uint32_t)(handle >> 16 & 0xFFFF);
    bool good = handle >= 0 && handle <= (int64_t)UINT32_MAX && field < s->field_count &&
                (reference == (uint16_t)LANG_NO_FIELD || (reference < s->field_count && s->cells[reference].record));
    return good ? &s->cells[field] : NULL;
}

static inline void put_bits(const guest_cell *cell, int64_t bits)
{
    if (cell->narrow)
        *(int32_t *)cell->bits = (int32_t)bits;
    else
        *(int64_t *)cell->bits = bits;
}

/* Whether a cell can hold a value; texts, codes and words are numbered from 0 on. */
static inline bool holds(const guest_cell *cell, int64_t value)
{
    return !cell->narrow || (value >= (cell->symbol ? 0 : INT32_MIN) && value <= INT32_MAX);
}

/* Puts something into a cell; what leads to its record becomes known. */
static inline void put(adj_single *s, int64_t handle, const guest_cell *cell, int64_t bits, run_state state)
{
    uint32_t field = (uint32_t)(handle & 0xFFFF), reference = (uint32_t)(handle >> 16 & 0xFFFF);
    if (reference != (uint16_t)LANG_NO_FIELD) {
        const guest_cell *leads = &s->cells[reference];
        s->patient_touched = s->patient_touched || reference == LANG_FIELD_line_patient;
        if (*leads->state != RUN_PRESENT) {
            *leads->state = RUN_PRESENT;
            put_bits(leads, leads->leads_to);
            touch(s, reference);
        }
    }
    touch(s, field);
    put_bits(cell, bits);
    *cell->state = (uint8_t)state;
}

static void forget_cell(const guest_cell *cell)
{
    put_bits(cell, 0);
    *cell->state = RUN_UNKNOWN;
}

/* Forgets what was set field by field. */
static void forget_touched(adj_single *s)
{
    size_t fields = s->field_count;
    bool all = s->touched_count > TOUCHED;
    for (size_t i = 0; all && i < fields; i++) forget_cell(&s->cells[i]);
    for (size_t i = 0; !all && i < s->touched_count; i++) forget_cell(&s->cells[s->touched[i]]);
    s->touched_count = s->pool_used = 0;
    s->patient_touched = false;
}

static void forget_member(adj_single *s)
{
    s->guest.told = false;
    s->guest.member = RUN_NO_ROW;
}

void adj_single_begin(adj_single *s)
{
    forget_touched(s);
    forget_member(s);
    for (size_t i = 0; s->filled && i < s->told_count; i++) forget_cell(&s->fields[i].cell);
    for (size_t i = 1; s->filled && i < s->reference_count; i++) forget_cell(&s->references[i].cell);
    s->filled = false;
}

void adj_single_prepare(adj_single *s)
{
    run_policy_codes *codes = run_policies_single_codes(s->policies);
    if (codes != NULL) run_policy_codes_settle(codes);
}

/* A code in its normal spelling, in `buffer` where that is another one. */
static const char *normal_code(const lang_field_info *info, const char *text, size_t *length, char buffer[128])
{
    if (info->type.kind != LANG_TYPE_CODE) return text;
    if (*length >= 128) *length = 127;
    *length = lang_code_normalize((lang_code_system)info->type.detail, text, *length, buffer);
    return buffer;
}

/* Beside a history, whose texts other threads read: what it does not have is numbered here, unless the policies know it. */
static int64_t guest_text(adj_single *s, const char *text, size_t length)
{
    uint32_t id = base_intern_find(&s->store->symbols, text, length);
    if (id != BASE_INTERN_NONE) return (int64_t)id;
    int64_t foreign = run_foreign_symbol(&s->binding, text, length);
    if (foreign >= 0) return foreign;
    id = base_intern_add(&s->symbols, text, length);
    return id == BASE_INTERN_NONE ? -1 : (int64_t)(s->store->symbols.entries.count + id);
}

static int64_t find_text(adj_single *s, int64_t field, const char *text, size_t length);

int64_t adj_single_text(adj_single *s, int64_t field, const char *text, size_t length)
{
    if (cell_of(s, field) == NULL) return -1;
    if (length > BASE_SHORT_TEXT) return find_text(s, field, text, length);
    uint32_t own = (uint32_t)(field & 0xFFFF);
    base_short_text bytes = base_short_text_of(text, length);
    uint64_t hash = ((bytes.first ^ own) * UINT64_C(0x9E3779B97F4A7C15)) ^ (bytes.last * UINT64_C(0xC2B2AE3D27D4EB4F));
    lately_met *met = &s->lately[hash >> 55];
    _Static_assert(LATELY_TEXTS == 512, "as many as nine bits tell apart");
    if (met->text.first == bytes.first && met->text.last == bytes.last && met->field == own + 1 &&
        met->length == length)
        return met->id;
    int64_t id = find_text(s, field, text, length);
    if (id >= 0) *met = (lately_met){bytes, own + 1, (uint32_t)length, id};
    return id;
}

static int64_t find_text(adj_single *s, int64_t field, const char *text, size_t length)
{
    const lang_field_info *info = lang_schema_field(s->store->schema, (lang_field)(field & 0xFFFF));
    if (info->type.kind == LANG_TYPE_ENUMERATION) {
        char word[64];
        if (length >= sizeof word) return -1;
        memcpy(word, text, length);
        word[length] = '\0';
        return lang_schema_word_find(s->store->schema, (lang_enumeration)info->type.detail, word);
    }
    char buffer[128];
    if (!s->alone) {
        text = normal_code(info, text, &length, buffer);
        return guest_text(s, text, length);
    }
    size_t before = s->own.symbols.entries.count;
    uint32_t id = info->type.kind == LANG_TYPE_CODE
                      ? run_store_code(&s->own, (lang_code_system)info->type.detail, text, length)
                      : base_intern_add(&s->own.symbols, text, length);
    if (s->own.symbols.entries.count != before) s->stale = true;
    return id == BASE_INTERN_NONE ? -1 : (int64_t)id;
}

bool adj_single_member(adj_single *s, const char *member, size_t length)
{
    s->guest.told = true;
    s->member_used = false;
    uint32_t row = base_intern_find(&s->store->members, member, length);
    s->guest.member = row == BASE_INTERN_NONE ? RUN_NO_ROW : row;
    return row != BASE_INTERN_NONE;
}

adj_status adj_single_set(adj_single *s, int64_t field, int64_t value)
{
    const guest_cell *cell = cell_of(s, field);
    if (cell == NULL) return ADJ_NOT_FOUND;
    if (cell->record || cell->list || !holds(cell, value)) return ADJ_INVALID_INPUT;
    put(s, field, cell, value, RUN_PRESENT);
    return ADJ_OK;
}

adj_status adj_single_set_absent(adj_single *s, int64_t field)
{
    const guest_cell *cell = cell_of(s, field);
    if (cell == NULL) return ADJ_NOT_FOUND;
    put(s, field, cell, 0, RUN_ABSENT);
    return ADJ_OK;
}

static bool room_for(adj_single *s, size_t count)
{
    if (s->pool_used + count <= s->pool_room) return true;
    size_t room = (s->pool_used + count) * 2 + 64;
    uint32_t *pool = base_arena_alloc(&s->arena, room * sizeof *pool);
    if (pool == NULL) return false;
    if (s->pool_used > 0) memcpy(pool, s->pool, s->pool_used * sizeof *pool);
    s->context.overlay_pool = s->pool = pool;
    s->pool_room = room;
    return true;
}

/* Packs codes into the pool; false where one stands for none. There is room. */
static inline bool pack_codes(adj_single *s, const int64_t *codes, size_t count, int64_t *list)
{
    int64_t all = 0;
    uint32_t *pool = s->pool + s->pool_used;
    for (size_t i = 0; i < count; i++) {
        pool[i] = (uint32_t)codes[i];
        all |= codes[i];
    }
    *list = run_list_pack(s->pool_used, count) | RUN_LIST_OVERLAY;
    if (all >> 31 != 0) return false;
    s->pool_used += count;
    return true;
}

adj_status adj_single_set_list(adj_single *s, int64_t field, const int64_t *codes, size_t count)
{
    const guest_cell *cell = cell_of(s, field);
    int64_t list;
    if (cell == NULL) return ADJ_NOT_FOUND;
    if (!cell->list || count > UINT16_MAX) return ADJ_INVALID_INPUT;
    if (!room_for(s, count)) return ADJ_OUT_OF_MEMORY;
    if (!pack_codes(s, codes, count, &list)) return ADJ_INVALID_INPUT;
    put(s, field, cell, list, RUN_PRESENT);
    return ADJ_OK;
}

int64_t adj_single_span(int32_t from, int32_t to)
{
    return run_span_pack(from, to);
}

/* Whose line it is: the history's member, or the guest's own row, which then holds what the history knows of the member and nobody said
 * otherwise. */
static void join_member(adj_single *s)
{
    s->guest.placed = false;
    if (!s->guest.told) return;
    const lang_schema *schema = s->store->schema;
    bool own = s->guest.member == RUN_NO_ROW || s->patient_touched;
    guest_cell patient = s->cells[LANG_FIELD_line_patient];
    *patient.state = RUN_PRESENT;
    put_bits(&patient, own ? s->guest.patient : s->guest.member);
    touch(s, LANG_FIELD_line_patient);
    for (int f = 0; s->guest.member != RUN_NO_ROW && own && f < lang_schema_field_count(schema); f++) {
        if (lang_schema_field(schema, (lang_field)f)->record != LANG_RECORD_patient) continue;
        guest_cell cell = s->cells[f];
        if (*cell.state != RUN_UNKNOWN) continue;
        *cell.state = s->store->columns[f].states[s->guest.member];
        put_bits(&cell, run_column_bits(&s->store->columns[f], s->guest.member));
        touch(s, (uint32_t)f);
    }
}

/* Whether eight verdicts from one on say nothing but that clauses pass or do not apply; `any` where some pass. */
static inline bool eight_pass(const uint8_t *verdicts, bool *any)
{
    uint64_t eight;
    _Static_assert(ADJ_CLAUSE_NOT_APPLICABLE == 0 && ADJ_CLAUSE_PASS == 1, "verdicts from 2 on say more");
    memcpy(&eight, verdicts, sizeof eight);
    if ((eight & UINT64_C(0xFEFEFEFEFEFEFEFE)) != 0) return false;
    *any = *any || eight != 0;
    return true;
}

/* The clauses of one policy. */
static void judge_policy(adj_single *s, uint32_t index, run_summary *summary, adj_single_answer *answer)
{
    const plan_program *plan = s->policies->plan;
    const plan_policy *policy = &plan->policies.items[index];
    summary->flags |= run_scope_flag(policy->source, s->verdicts[plan->clauses.count + index]);
    bool any = false;
    uint32_t end = policy->first_clause + policy->clause_count;
    for (uint32_t c = policy->first_clause; c < end; c++) {
        while (c + 8 <= end && eight_pass(s->verdicts + c, &any)) c += 8;
        if (c == end) break;
        adj_clause_verdict verdict = (adj_clause_verdict)s->verdicts[c];
        if (verdict == ADJ_CLAUSE_NOT_APPLICABLE) continue;
        any = true;
        if (verdict == ADJ_CLAUSE_PASS) continue;
        bool open = verdict != ADJ_CLAUSE_EXCUSED && plan->waivers.count > 0;
        if (open && run_clause_waived(&s->context, s->guest.line, c)) verdict = ADJ_CLAUSE_WAIVED;
        s->events[answer->event_count++] = (adj_single_event){c, verdict};
        adj_verdict outcome = run_clause_outcome(plan->clauses.items[c].source, verdict);
        if (outcome < summary->worst) summary->worst = outcome;
    }
    if (any) summary->flags |= RUN_LINE_ANY_CLAUSE;
}

adj_status adj_single_judge(adj_single *s, adj_single_answer *answer)
{
    *answer = (adj_single_answer){.verdict = ADJ_NOT_ADJUDICATED, .reason = "", .events = s->events};
    if (s->stale && !bind(s)) return ADJ_OUT_OF_MEMORY;
    s->member_used = true;
    join_member(s);
    size_t count = run_judge_listed(&s->context, s->guest.line, s->verdicts, s->judged);
    run_summary summary = {.worst = ADJ_PASS};
    for (size_t i = 0; i < count; i++) judge_policy(s, s->judged[i], &summary, answer);
    answer->verdict = run_summary_verdict(s->context.binding, s->guest.line, summary, &answer->reason);
    return run_context_failed(&s->context) ? ADJ_OUT_OF_MEMORY : ADJ_OK;
}

/* ---- a line in one call ---- */

static bool among(const told_field *fields, size_t count, uint32_t field)
{
    for (size_t i = 0; i < count; i++) {
        if (fields[i].field == field) return true;
    }
    return false;
}

/* The place of a reference among those that are used, where it is added if need be. */
static uint32_t place_of_reference(const adj_single *s, told_reference *references, size_t *count, uint32_t field)
{
    if (field == (uint16_t)LANG_NO_FIELD) return 0;
    for (size_t i = 1; i < *count; i++) {
        if (references[i].cell.bits == s->cells[field].bits) return (uint32_t)i;
    }
    references[*count] = (told_reference){.cell = s->cells[field], .patient = field == LANG_FIELD_line_patient};
    return (uint32_t)(*count)++;
}

static told_kind kind_of(const guest_cell *cell)
{
    if (cell->list) return TOLD_LIST;
    if (cell->record) return TOLD_RECORD;
    return cell->symbol ? TOLD_SYMBOL : cell->narrow ? TOLD_NARROW : TOLD_NUMBER;
}

/* Puts fields in the order of their kinds. */
static void order_by_kind(const told_field *fields, size_t count, told_field *ordered, size_t kind_ends[TOLD_KINDS])
{
    size_t placed = 0;
    for (int kind = 0; kind < TOLD_KINDS; kind++) {
        for (size_t i = 0; i < count; i++) {
            if (kind_of(&fields[i].cell) == (told_kind)kind) ordered[placed++] = fields[i];
        }
        kind_ends[kind] = placed;
    }
}

adj_status adj_single_fields(adj_single *s, const int64_t *handles, size_t count)
{
    told_field *ordered = base_arena_alloc(&s->arena, (count + 1) * sizeof *ordered);
    told_field *fields = base_arena_alloc(&s->arena, (count + 1) * sizeof *fields);
    told_place *places = base_arena_alloc(&s->arena, (count + 1) * sizeof *places);
    told_reference *references = base_arena_alloc(&s->arena, (count + 1) * sizeof *references);
    size_t reference_count = 1;
    if (fields == NULL || references == NULL || ordered == NULL || places == NULL) return ADJ_OUT_OF_MEMORY;
    if (count > UINT32_MAX / sizeof(adj_single_value)) return ADJ_INVALID_INPUT;
    for (size_t i = 0; i < count; i++) {
        const guest_cell *cell = cell_of(s, handles[i]);
        uint32_t field = (uint32_t)(handles[i] & 0xFFFF), reference = (uint32_t)(handles[i] >> 16 & 0xFFFF);
        if (cell == NULL) return ADJ_NOT_FOUND;
        if (among(fields, i, field)) return ADJ_INVALID_INPUT;
        fields[i] =
            (told_field){*cell, field, (uint32_t)i, place_of_reference(s, references, &reference_count, reference)};
        if (reference_count > REFERENCES) return ADJ_INVALID_INPUT;
    }
    for (size_t r = 1; r < reference_count; r++) {
        for (size_t i = 0; i < count; i++) {
            if (fields[i].cell.bits == references[r].cell.bits) references[r].itself = true;
        }
    }
    adj_single_begin(s);
    order_by_kind(fields, count, ordered, s->kind_ends);
    for (size_t i = 0; i < count; i++) {
        const told_field *f = &ordered[i];
        places[i] = (told_place){f->cell.bits, f->cell.state, UINT64_C(1) << f->reference,
                                 f->index * (uint32_t)sizeof(adj_single_value), f->cell.leads_to};
    }
    s->patient_record = 0;
    for (size_t r = 1; r < reference_count; r++) s->patient_record |= references[r].patient ? UINT64_C(1) << r : 0;
    s->places = places;
    s->fields = ordered;
    s->references = references;
    s->told_count = count;
    s->reference_count = reference_count;
    return ADJ_OK;
}

/* What is told of a line so far, put together in registers. */
typedef struct telling {
    uint64_t records; /* of which something is told, a bit each */
    uint64_t beyond;  /* has bits from the second on where something is none of the three that can be told */
    int64_t odd;      /* not 0 where a value is none that its field can hold */
} telling;

/* Where a field's value stands, and whether it is told. */
static inline const adj_single_value *value_of(const adj_single_value *values, const told_place *p)
{
    return (const adj_single_value *)((const char *)values + p->offset);
}

static inline uint64_t told_of(const adj_single_value *v)
{
    return (uint32_t)v->told;
}

/* All bits where something is present, else none. */
static inline int64_t if_present(uint64_t told)
{
    _Static_assert(ADJ_TOLD_NOTHING == 0 && ADJ_TOLD_ABSENT == 1 && ADJ_TOLD_PRESENT == 2, "the second bit");
    return -(int64_t)(told >> 1 & 1);
}

/* What is told of one field, and what that says of its record. */
static inline void fill_state(const told_place *p, uint64_t told, telling *t)
{
    *p->state = (uint8_t)told;
    t->records |= told != 0 ? p->record : 0;
    t->beyond |= told + 1;
}

/* Puts the values of lists into the pool; what they are in the end is the cell's. */
static adj_status fill_list(adj_single *s, const adj_single_value *v, const told_place *p, telling *t)
{
    uint64_t told = told_of(v);
    int64_t bits = 0;
    if (told == ADJ_TOLD_PRESENT) {
        if (v->value < 0 || v->value > UINT16_MAX || (v->value > 0 && v->codes == NULL)) return ADJ_INVALID_INPUT;
        if (!room_for(s, (size_t)v->value)) return ADJ_OUT_OF_MEMORY;
        if (!pack_codes(s, v->codes, (size_t)v->value, &bits)) return ADJ_INVALID_INPUT;
    }
    *(int64_t *)p->bits = bits;
    fill_state(p, told, t);
    return ADJ_OK;
}

/* Fields of one kind after the other, so that nothing is asked of each. */
static adj_status fill_fields(adj_single *s, const adj_single_value *values, uint64_t *records)
{
    telling t = {0};
    const told_place *p = s->places, *numbers = p + s->kind_ends[TOLD_NUMBER], *narrow = p + s->kind_ends[TOLD_NARROW],
                     *symbols = p + s->kind_ends[TOLD_SYMBOL], *known = p + s->kind_ends[TOLD_RECORD],
                     *lists = p + s->kind_ends[TOLD_LIST];
    for (; p < numbers; p++) {
        const adj_single_value *v = value_of(values, p);
        uint64_t told = told_of(v);
        *(int64_t *)p->bits = v->value & if_present(told);
        fill_state(p, told, &t);
    }
    for (; p < narrow; p++) {
        const adj_single_value *v = value_of(values, p);
        uint64_t told = told_of(v);
        int64_t value = v->value & if_present(told);
        *(int32_t *)p->bits = (int32_t)value;
        t.odd |= value ^ (int32_t)value;
        fill_state(p, told, &t);
    }
    for (; p < symbols; p++) {
        const adj_single_value *v = value_of(values, p);
        uint64_t told = told_of(v);
        int64_t value = v->value & if_present(told);
        *(int32_t *)p->bits = (int32_t)value;
        t.odd |= value >> 31;
        fill_state(p, told, &t);
    }
    for (; p < known; p++) {
        uint64_t told = told_of(value_of(values, p));
        *(int32_t *)p->bits = p->leads_to & (int32_t)if_present(told);
        fill_state(p, told, &t);
    }
    for (; p < lists; p++) {
        adj_status status = fill_list(s, value_of(values, p), p, &t);
        if (status != ADJ_OK) return status;
    }
    *records = t.records;
    return t.beyond >> 2 != 0 || t.odd != 0 ? ADJ_INVALID_INPUT : ADJ_OK;
}

/* A record is known by what is told of it. */
static void fill_references(adj_single *s, uint64_t records)
{
    for (size_t i = 1, count = s->reference_count; i < count; i++) {
        const told_reference *r = &s->references[i];
        bool known = (records >> i & 1) != 0;
        if (!known && r->itself) continue;
        *(int32_t *)r->cell.bits = known ? r->cell.leads_to : 0;
        *r->cell.state = known ? RUN_PRESENT : RUN_UNKNOWN;
    }
    s->patient_touched = s->patient_touched || (records & s->patient_record) != 0;
}

adj_status adj_single_judge_values(adj_single *s, const adj_single_value *values, adj_single_answer *answer)
{
    _Static_assert((int)ADJ_TOLD_NOTHING == RUN_UNKNOWN && (int)ADJ_TOLD_ABSENT == RUN_ABSENT &&
                       (int)ADJ_TOLD_PRESENT == RUN_PRESENT,
                   "what is told of a field is its state");
    *answer = (adj_single_answer){.verdict = ADJ_NOT_ADJUDICATED, .reason = "", .events = s->events};
    if (s->fields == NULL) return ADJ_INVALID_INPUT;
    forget_touched(s);
    if (s->member_used) forget_member(s);
    s->filled = true;
    uint64_t records = 0;
    adj_status status = fill_fields(s, values, &records);
    if (status == ADJ_OK) {
        fill_references(s, records);
        status = adj_single_judge(s, answer);
    } else {
        adj_single_begin(s);
    }
    s->member_used = true;
    return status;
}
