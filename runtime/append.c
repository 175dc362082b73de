/* Appending stores. */
#include "runtime/append.h"

#include <string.h>

bool run_may_append(const run_store *from)
{
    bool alone = from->coverage_patients.count == 0 && from->listed_codes.count == 0;
    for (int r = 0; alone && r < lang_schema_record_count(from->schema); r++) {
        bool known =
            r == LANG_RECORD_line || r == LANG_RECORD_claim || r == LANG_RECORD_patient || r == LANG_RECORD_remittance;
        alone = known || from->counts[r] == 0;
    }
    return alone;
}

/* What a field holds, in the store that it comes to. */
static int64_t moved(const run_append *a, lang_type type, int64_t bits)
{
    if (type.list) return run_list_pack(a->list + run_list_offset(bits), run_list_count(bits));
    switch (type.kind) {
    case LANG_TYPE_CODE:
    case LANG_TYPE_TEXT: return a->symbols[bits];
    case LANG_TYPE_RECORD:
        return type.detail == LANG_RECORD_patient ? (int64_t)a->patients[bits]
               : type.detail == LANG_RECORD_claim ? a->claim + bits
                                                  : a->line + bits;
    default: return bits;
    }
}

static bool join_symbols(run_append *a)
{
    const base_intern *texts = &a->from->symbols;
    for (size_t i = 0; i < texts->entries.count; i++) {
        a->symbols[i] = base_intern_add_entry(&a->to->symbols, &texts->entries.items[i]);
        if (a->symbols[i] == BASE_INTERN_NONE) return false;
    }
    return true;
}

static bool join_lists(run_append *a)
{
    run_store *to = a->to;
    size_t count = a->from->pool.count;
    a->list = to->pool.count;
    for (size_t i = 0; i < count; i++) {
        uint32_t *slot = BASE_PUSH(&to->arena, &to->pool);
        if (slot == NULL) return false;
        *slot = a->symbols[a->from->pool.items[i]];
    }
    return true;
}

static void join_patient_fields(const run_append *a, lang_field field, lang_type type)
{
    const run_column *from = &a->from->columns[field], *to = &a->to->columns[field];
    for (uint32_t i = 1; i < a->from->counts[LANG_RECORD_patient]; i++) {
        uint32_t row = a->patients[i];
        if (from->states[i] == RUN_PRESENT)
            run_store_set(a->to, field, row, moved(a, type, run_column_bits(from, i)));
        else if (from->states[i] == RUN_ABSENT && to->states[row] == RUN_UNKNOWN)
            run_store_set_absent(a->to, field, row);
    }
}

static bool join_patients(run_append *a)
{
    const run_store *from = a->from;
    const base_intern *members = &from->members;
    for (uint32_t i = 1; i < members->entries.count; i++) {
        size_t known = a->to->members.entries.count;
        uint32_t row = base_intern_add_entry(&a->to->members, &members->entries.items[i]);
        bool good = row < known || (row != BASE_INTERN_NONE && run_store_add(a->to, LANG_RECORD_patient) == row);
        if (!good) return false;
        a->patients[i] = row;
    }
    for (int f = 0; f < lang_schema_field_count(from->schema); f++) {
        const lang_field_info *info = lang_schema_field(from->schema, (lang_field)f);
        if (info->record == LANG_RECORD_patient) join_patient_fields(a, (lang_field)f, info->type);
    }
    return true;
}

bool run_append_begin(run_append *a, base_arena *arena, run_store *to, const run_store *from)
{
    *a = (run_append){.to = to, .from = from};
    a->symbols = base_arena_alloc(arena, (from->symbols.entries.count + 1) * sizeof *a->symbols);
    a->patients = base_arena_alloc(arena, (from->members.entries.count + 1) * sizeof *a->patients);
    return a->symbols != NULL && a->patients != NULL && join_symbols(a) && join_lists(a) && join_patients(a);
}

static bool lacks_rows(const run_append *a, lang_record record)
{
    return a->to->counts[record] + a->from->counts[record] > a->to->capacities[record];
}

bool run_append_lacks_room(const run_append *a)
{
    const run_store *to = a->to, *from = a->from;
    return lacks_rows(a, LANG_RECORD_line) || lacks_rows(a, LANG_RECORD_claim) ||
           lacks_rows(a, LANG_RECORD_remittance) || to->lines.count + from->lines.count > to->lines.capacity ||
           to->claims.count + from->claims.count > to->claims.capacity ||
           to->remitted.count + from->remitted.count > to->remitted.capacity;
}

bool run_append_make_room(const run_append *a)
{
    return run_store_make_room(a->to, LANG_RECORD_line, a->from->counts[LANG_RECORD_line]) &&
           run_store_make_room(a->to, LANG_RECORD_claim, a->from->counts[LANG_RECORD_claim]) &&
           run_store_make_room(a->to, LANG_RECORD_remittance, a->from->counts[LANG_RECORD_remittance]);
}

void run_append_take_places(run_append *a)
{
    run_store *to = a->to;
    const run_store *from = a->from;
    a->line = to->counts[LANG_RECORD_line];
    a->claim = to->counts[LANG_RECORD_claim];
    a->remittance = to->counts[LANG_RECORD_remittance];
    a->answer = to->remitted.count;
    a->occurrence = to->remitted_claims;
    a->place = to->places;
    to->counts[LANG_RECORD_line] += from->counts[LANG_RECORD_line];
    to->counts[LANG_RECORD_claim] += from->counts[LANG_RECORD_claim];
    to->counts[LANG_RECORD_remittance] += from->counts[LANG_RECORD_remittance];
    to->lines.count += from->lines.count;
    to->claims.count += from->claims.count;
    to->remitted.count += from->remitted.count;
    to->remitted_claims += from->remitted_claims;
    to->places += from->lines.count;
    to->feeds[LANG_FEED_REMITTANCE] = to->feeds[LANG_FEED_REMITTANCE] || from->feeds[LANG_FEED_REMITTANCE];
    to->remittance_has_holes = to->remittance_has_holes || from->remittance_has_holes;
}

static void append_column(const run_append *a, lang_field field, lang_type type, uint32_t first, uint32_t count)
{
    const run_column *from = &a->from->columns[field], *to = &a->to->columns[field];
    /* Memory of rows to come is zeros, and unknown: a column in which nothing was set stays untouched. */
    uint8_t any = 0;
    for (uint32_t i = 0; i < count; i++) any |= from->states[i];
    if (any == 0) return;
    memcpy(to->states + first, from->states, count);
    bool symbols = !type.list && (type.kind == LANG_TYPE_CODE || type.kind == LANG_TYPE_TEXT);
    if (symbols) { /* what is not there has the bits 0, the empty text */
        const int32_t *ids = run_column_narrow(from);
        int32_t *own = run_column_narrow(to) + first;
        for (uint32_t i = 0; i < count; i++) own[i] = (int32_t)a->symbols[ids[i]];
    } else if (type.list || type.kind == LANG_TYPE_RECORD) {
        for (uint32_t i = 0; i < count; i++)
            run_column_put(to, first + i,
                           from->states[i] == RUN_PRESENT ? moved(a, type, run_column_bits(from, i)) : 0);
    } else {
        size_t width = run_column_width(to);
        memcpy((char *)to->values + first * width, from->values, count * width);
    }
}

void run_append_rows(const run_append *a)
{
    const run_store *from = a->from;
    for (int f = 0; f < lang_schema_field_count(from->schema); f++) {
        const lang_field_info *info = lang_schema_field(from->schema, (lang_field)f);
        if (info->record == LANG_RECORD_line)
            append_column(a, (lang_field)f, info->type, a->line, from->counts[LANG_RECORD_line]);
        if (info->record == LANG_RECORD_claim)
            append_column(a, (lang_field)f, info->type, a->claim, from->counts[LANG_RECORD_claim]);
        if (info->record == LANG_RECORD_remittance)
            append_column(a, (lang_field)f, info->type, a->remittance, from->counts[LANG_RECORD_remittance]);
    }
    for (size_t i = 0; i < from->lines.count; i++) {
        run_line_extra *extra = &a->to->lines.items[a->line + i];
        *extra = from->lines.items[i];
        extra->file = a->symbols[extra->file];
        extra->authorization = a->symbols[extra->authorization];
        extra->place = a->place + i;
    }
    for (size_t i = 0; i < from->claims.count; i++) {
        run_claim_extra *extra = &a->to->claims.items[a->claim + i];
        *extra = from->claims.items[i];
        extra->payer_number = a->symbols[extra->payer_number];
    }
    for (size_t i = 0; i < from->remitted.count; i++) {
        run_remitted *answer = &a->to->remitted.items[a->answer + i];
        *answer = from->remitted.items[i];
        answer->row += a->remittance;
        answer->claim = a->symbols[answer->claim];
        answer->control = a->symbols[answer->control];
        answer->procedure = a->symbols[answer->procedure];
        answer->occurrence += a->occurrence;
    }
}
