/* The lines that are known and not judged, for those who ask what the history holds. */
#include "runtime/handles.h"

#include <string.h>

size_t adj_encounters_history_count(const adj_encounters *encounters)
{
    const run_store *store = &encounters->store;
    size_t count = 0;
    for (size_t i = 0; i < store->lines.count; i++) count += store->lines.items[i].subject ? 0 : 1;
    return count;
}

/* Rows by member; within one by date, claim and line, as the index has them. */
static const uint32_t *order_history(adj_encounters *encounters)
{
    if (encounters->history != NULL) return encounters->history;
    run_store *store = &encounters->store;
    uint32_t *rows = base_arena_alloc(&store->arena, (store->lines.count + 1) * sizeof *rows);
    size_t used = 0;
    for (uint32_t p = 0; rows != NULL && p < store->counts[LANG_RECORD_patient]; p++) {
        const run_groups *groups = &store->lines_of_patient;
        for (uint32_t at = groups->starts[p]; at < groups->starts[p + 1]; at++) {
            if (!store->lines.items[groups->rows[at]].subject) rows[used++] = groups->rows[at];
        }
    }
    /* Lines of nobody come last. */
    for (uint32_t row = 0; rows != NULL && row < store->lines.count; row++) {
        bool nobody = !run_store_present(store, LANG_FIELD_line_patient, row);
        if (nobody && !store->lines.items[row].subject) rows[used++] = row;
    }
    encounters->history = rows;
    return rows;
}

static const char *list_text(adj_encounters *encounters, lang_field field, uint32_t row)
{
    run_store *store = &encounters->store;
    if (!run_store_present(store, field, row)) return "";
    base_text text;
    base_text_init(&text, &store->arena);
    int64_t list = run_store_bits(store, field, row);
    for (size_t i = 0; i < run_list_count(list); i++)
        base_text_format(&text, "%s%s", i == 0 ? "" : ", ",
                         base_intern_text(&store->symbols, store->pool.items[run_list_offset(list) + i]));
    return base_text_string(&text);
}

static const char *units_text(adj_encounters *encounters, uint32_t row)
{
    run_store *store = &encounters->store;
    if (!run_store_present(store, LANG_FIELD_line_units, row)) return "";
    int64_t units = run_store_bits(store, LANG_FIELD_line_units, row);
    if (units % 1000 == 0) return base_format(&store->arena, "%lld", (long long)(units / 1000));
    return base_format(&store->arena, "%lld.%03lld", (long long)(units / 1000), (long long)(units % 1000));
}

adj_history_line adj_encounters_history_line(adj_encounters *encounters, size_t index)
{
    adj_history_line line = {
        .member = "", .claim = "", .payer = "", .procedure = "", .modifiers = "", .units = "", .status = ""};
    run_store *store = &encounters->store;
    const uint32_t *rows = store->finished ? order_history(encounters) : NULL;
    if (rows == NULL || index >= adj_encounters_history_count(encounters)) return line;
    uint32_t row = rows[index];
    bool claimed = run_store_present(store, LANG_FIELD_line_claim, row);
    uint32_t claim = claimed ? (uint32_t)run_store_bits(store, LANG_FIELD_line_claim, row) : 0;
    if (run_store_present(store, LANG_FIELD_line_patient, row))
        line.member =
            run_store_text(store, LANG_FIELD_patient_id, (uint32_t)run_store_bits(store, LANG_FIELD_line_patient, row));
    if (claimed) {
        line.claim = run_store_text(store, LANG_FIELD_claim_id, claim);
        line.retired = store->claims.items[claim].retired;
        line.own = store->claims.items[claim].beside;
    }
    line.number = run_store_bits(store, LANG_FIELD_line_number, row);
    line.payer = run_store_text(store, LANG_FIELD_line_payer, row);
    line.dated = run_store_present(store, LANG_FIELD_line_date, row);
    line.date = (int32_t)run_store_bits(store, LANG_FIELD_line_date, row);
    line.procedure = run_store_text(store, LANG_FIELD_line_procedure, row);
    line.modifiers = list_text(encounters, LANG_FIELD_line_modifiers, row);
    line.units = units_text(encounters, row);
    line.charge_known = run_store_present(store, LANG_FIELD_line_charge, row);
    line.charge = run_store_bits(store, LANG_FIELD_line_charge, row);
    char word[40];
    bool known = run_store_present(store, LANG_FIELD_line_status, row) &&
                 lang_schema_word(store->schema, LANG_ENUMERATION_line_status,
                                  (size_t)run_store_bits(store, LANG_FIELD_line_status, row), word);
    if (known) line.status = base_format(&store->arena, "%s", word);
    return line;
}
