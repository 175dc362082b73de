/* References between FHIR resources, resolved when all inputs are read: a value that waited gets what its resource says,
 * or stays unknown; a patient known by a member number and by a name of the server's becomes one. */
#include "readers/fhir.h"

#include <string.h>

static read_reference *target(read_encounters *encounters, uint32_t reference)
{
    read_reference *found = &encounters->resources.items[reference];
    while (found->same_as != 0) found = &encounters->resources.items[found->same_as - 1];
    return found;
}

/* A PractitionerRole has what its practitioner has; one level is all that the standard allows. */
static uint32_t npi_of(read_encounters *encounters, uint32_t reference)
{
    const read_reference *found = target(encounters, reference);
    if (found->npi == 0 && found->practitioner != 0) found = target(encounters, found->practitioner - 1);
    return found->npi;
}

static uint32_t taxonomy_of(read_encounters *encounters, uint32_t reference)
{
    const read_reference *found = target(encounters, reference);
    if (found->taxonomy == 0 && found->practitioner != 0) found = target(encounters, found->practitioner - 1);
    return found->taxonomy;
}

static uint32_t payer_of(read_encounters *encounters, uint32_t reference)
{
    const read_reference *found = target(encounters, reference);
    if (found->payer == 0 && found->payor != 0) found = target(encounters, found->payor - 1);
    return found->payer;
}

static void set_symbol(run_store *store, const read_pending *pending, uint32_t symbol, size_t *lost)
{
    if (symbol != 0)
        run_store_set(store, pending->field, pending->row, symbol);
    else
        (*lost)++;
}

static void resolve(read_encounters *encounters, const read_pending *pending, size_t *lost)
{
    run_store *store = &encounters->handle.store;
    const read_reference *found = target(encounters, pending->reference);
    switch (pending->kind) {
    case READ_WAITS_FOR_PROVIDER: set_symbol(store, pending, npi_of(encounters, pending->reference), lost); break;
    case READ_WAITS_FOR_TAXONOMY: {
        uint32_t taxonomy = taxonomy_of(encounters, pending->reference);
        if (taxonomy != 0) run_store_set(store, pending->field, pending->row, taxonomy);
        break;
    }
    case READ_WAITS_FOR_PAYER: set_symbol(store, pending, payer_of(encounters, pending->reference), lost); break;
    case READ_WAITS_FOR_PRODUCT:
        if (found->product != 0) run_store_set(store, pending->field, pending->row, found->product);
        break;
    case READ_WAITS_FOR_SESSION:
        if (found->session != 0)
            run_store_set(store, pending->field, pending->row, found->session - 1);
        else
            (*lost)++;
        break;
    case READ_WAITS_FOR_CLAIM: {
        const char *name = base_intern_text(&encounters->references, pending->reference);
        uint32_t symbol = found->claim != 0 ? found->claim : base_intern_add(&store->symbols, name, strlen(name));
        if (symbol != BASE_INTERN_NONE) store->remitted.items[pending->row].claim = symbol;
        break;
    }
    case READ_WAITS_FOR_PROCEDURES:
        if (found->has_procedures)
            run_store_set(store, pending->field, pending->row, found->procedures);
        else
            (*lost)++;
        break;
    }
}

/* Facts about a patient that one of its two names knew go to the other. */
static void give_facts(run_store *store, uint32_t from, uint32_t to)
{
    for (int f = 0; f < lang_schema_field_count(store->schema); f++) {
        bool ours = lang_schema_field(store->schema, (lang_field)f)->record == LANG_RECORD_patient &&
                    f != LANG_FIELD_patient_id && run_store_state(store, (lang_field)f, to) == RUN_UNKNOWN;
        if (!ours || run_store_state(store, (lang_field)f, from) == RUN_UNKNOWN) continue;
        run_column_put(&store->columns[f], to, run_column_bits(&store->columns[f], from));
        store->columns[f].states[to] = store->columns[f].states[from];
    }
    if (store->own_history.items[from] != 0) store->own_history.items[to] = 1;
    if (store->told_coverage.items[from] != 0) store->told_coverage.items[to] = 1;
}

static void rename_patients(run_store *store, const uint32_t *renamed)
{
    for (int f = 0; f < lang_schema_field_count(store->schema); f++) {
        const lang_field_info *info = lang_schema_field(store->schema, (lang_field)f);
        if (info->type.kind != LANG_TYPE_RECORD || info->type.detail != LANG_RECORD_patient) continue;
        for (uint32_t row = 0; row < store->counts[info->record]; row++) {
            if (!run_store_present(store, (lang_field)f, row)) continue;
            uint32_t patient = (uint32_t)run_store_bits(store, (lang_field)f, row);
            if (renamed[patient] != 0) run_store_set(store, (lang_field)f, row, renamed[patient]);
        }
    }
    for (size_t i = 0; i < store->coverage_patients.count; i++) {
        uint32_t patient = store->coverage_patients.items[i];
        if (renamed[patient] != 0) store->coverage_patients.items[i] = renamed[patient];
    }
}

/* A patient with a member number is the member that other files name so. */
static void join_members(read_encounters *encounters)
{
    run_store *store = &encounters->handle.store;
    bool any = false;
    for (size_t i = 0; i < encounters->resources.count; i++) {
        const read_reference *found = &encounters->resources.items[i];
        if (found->patient == 0 || found->member == 0 || found->members_differ) continue;
        const char *member = base_intern_text(&store->symbols, found->member);
        any = run_store_patient(store, member, strlen(member)) != RUN_NO_ROW || any;
    }
    uint32_t *renamed = base_arena_alloc(&store->arena, (store->counts[LANG_RECORD_patient] + 1) * sizeof *renamed);
    if (!any || renamed == NULL) return;
    for (size_t i = 0; i < encounters->resources.count; i++) {
        const read_reference *found = &encounters->resources.items[i];
        if (found->patient == 0 || found->member == 0 || found->members_differ) continue;
        const char *member = base_intern_text(&store->symbols, found->member);
        uint32_t row = run_store_patient(store, member, strlen(member)), from = found->patient - 1;
        if (row == RUN_NO_ROW || row == from || renamed[row] != 0) continue;
        give_facts(store, from, row);
        renamed[from] = row;
    }
    rename_patients(store, renamed);
}

void read_resolve_references(read_encounters *encounters)
{
    run_store *store = &encounters->handle.store;
    size_t lost = 0;
    for (size_t i = 0; i < encounters->pending.count; i++) resolve(encounters, &encounters->pending.items[i], &lost);
    if (lost > 0)
        run_store_problem(store, ADJ_SEVERITY_NOTE, "D0506", "the resources", 0, 0, 0, NULL,
                          "%zu of %u references lead to no resource that was given and says what is asked of it; what "
                          "they would tell is unknown",
                          lost, encounters->pending.count);
    encounters->pending.count = 0;
    join_members(encounters);
}
