/* Single encounters beside a store: rows behind those of every record, which nobody else sees, and what the line at hand finds of the
 * store's history as its own. */
#include "runtime/guest.h"

#include <string.h>

/* Machine code and readers of columns may look at these rows before anything is set: they are unknown. */
static bool make_rows(run_store *store)
{
    for (int r = 0; r < lang_schema_record_count(store->schema); r++) {
        if (!run_store_reserve(store, (lang_record)r, store->counts[r] + store->guests)) return false;
    }
    uint32_t lines = store->lines.count, claims = store->claims.count;
    for (uint32_t i = 0; i < store->guests; i++) {
        run_line_extra *line = BASE_PUSH(&store->arena, &store->lines);
        run_claim_extra *claim = BASE_PUSH(&store->arena, &store->claims);
        if (line == NULL || claim == NULL) return false;
    }
    store->lines.count = lines;
    store->claims.count = claims;
    return true;
}

bool run_store_seat_guests(run_store *store)
{
    if (store->guests == 0) return true;
    store->guest_seats = base_arena_alloc(&store->arena, store->guests);
    store->void_frequency = base_intern_add(&store->symbols, "8", 1);
    return store->guest_seats != NULL && store->void_frequency != BASE_INTERN_NONE && make_rows(store);
}

uint32_t run_guest_enter(run_store *store)
{
    for (uint32_t i = 0; i < store->guests; i++) {
        uint8_t empty = 0;
        if (__atomic_compare_exchange_n(&store->guest_seats[i], &empty, 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            return i;
    }
    return RUN_NO_ROW;
}

void run_guest_leave(run_store *store, uint32_t seat)
{
    __atomic_store_n(&store->guest_seats[seat], 0, __ATOMIC_RELEASE);
}

/* ---- its place among others ---- */

/* The guest's claim may have a text that the store does not know. */
static run_order_key key_of_guest(const run_binding *binding, uint32_t line)
{
    const run_store *store = binding->store;
    run_order_key key = run_order_key_of(store, line);
    if (!run_store_present(store, LANG_FIELD_line_claim, line)) return key;
    uint32_t claim = (uint32_t)run_store_bits(store, LANG_FIELD_line_claim, line);
    if (!run_store_present(store, LANG_FIELD_claim_id, claim)) return key;
    const char *text = run_symbol_text(binding, run_store_bits(store, LANG_FIELD_claim_id, claim));
    if (text != NULL) key.claim = text;
    return key;
}

/* Of lines that nothing tells apart the guest, which came last, stands last. */
static bool stands_before(const run_store *store, uint32_t line, const run_order_key *guest)
{
    int64_t date = run_store_present(store, LANG_FIELD_line_date, line)
                       ? run_store_bits(store, LANG_FIELD_line_date, line)
                       : INT64_MIN;
    if (date != guest->date) return date < guest->date; /* as a rule: then no text is read */
    run_order_key key = run_order_key_of(store, line);
    return run_compare_order(&key, guest) <= 0;
}

/* Positions of a store are odd, so that there is room between any two. */
static void take_position(const run_context *context, const run_candidates *found)
{
    uint32_t *position = context->binding->store->position;
    position[context->guest->line] = found->gap > 0 ? position[found->rows[found->gap - 1]] + 1 : 0;
}

/* Puts the guest among the lines of a group. */
static void insert(const run_context *context, const run_groups *groups, int64_t group, run_candidates *found)
{
    const run_binding *binding = context->binding;
    run_order_key guest = key_of_guest(binding, context->guest->line);
    found->rows = groups->rows + groups->starts[group];
    size_t count = groups->starts[group + 1] - groups->starts[group], low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (stands_before(binding->store, found->rows[middle], &guest))
            low = middle + 1;
        else
            high = middle;
    }
    found->gap = low;
    found->count = count + 1;
    take_position(context, found);
}

/* Lines of a provider, whose symbol is one of the store's where it has any. */
static void of_provider(const run_context *context, lang_field field, const run_groups *groups, bool unknown,
                        run_candidates *found)
{
    const run_store *store = context->binding->store;
    if (!run_store_present(store, field, context->guest->line)) return;
    int64_t provider = run_store_bits(store, field, context->guest->line);
    found->complete = store->feeds[LANG_FEED_HISTORY] && !unknown;
    if ((uint64_t)provider < store->indexed_symbols) insert(context, groups, provider, found);
}

static void of_member(const run_context *context, run_candidates *found)
{
    const run_store *store = context->binding->store;
    run_guest *guest = context->guest;
    if (!guest->told) return;
    found->complete = store->feeds[LANG_FEED_HISTORY] && !store->history_is_own;
    if (guest->member == RUN_NO_ROW) return;
    found->complete = found->complete && store->own_history.items[guest->member] == 0;
    if (guest->placed) {
        found->rows = guest->rows;
        found->gap = guest->gap;
        found->count = guest->count;
        take_position(context, found);
        return;
    }
    insert(context, &store->lines_of_patient, guest->member, found);
    guest->placed = true;
    guest->rows = found->rows;
    guest->gap = found->gap;
    guest->count = found->count;
}

void run_collect_guest(const run_context *context, const plan_aggregate *aggregate, run_candidates *found)
{
    const run_store *store = context->binding->store;
    const run_guest *guest = context->guest;
    *found = (run_candidates){.alone = guest->line, .gap = 0, .count = 1};
    switch (aggregate->collection) {
    case LANG_COLLECTION_HISTORY:
        if (aggregate->key == LANG_HISTORY_MEMBER)
            of_member(context, found);
        else if (aggregate->key == LANG_HISTORY_RENDERING_PROVIDER)
            of_provider(context, LANG_FIELD_line_rendering_provider, &store->lines_of_rendering_provider,
                        store->rendering_unknown, found);
        else if (aggregate->key == LANG_HISTORY_BILLING_PROVIDER)
            of_provider(context, LANG_FIELD_line_billing_provider, &store->lines_of_billing_provider,
                        store->billing_unknown, found);
        break;
    case LANG_COLLECTION_SESSION_LINES:
    case LANG_COLLECTION_CLAIM_LINES: break; /* nobody told of the others */
    case LANG_COLLECTION_AUTHORIZATIONS:
        *found = (run_candidates){.gap = SIZE_MAX, .complete = guest->told && store->feeds[LANG_FEED_AUTHORIZATIONS]};
        if (!guest->told || guest->member == RUN_NO_ROW) break;
        found->rows = store->authorizations_of_patient.rows + store->authorizations_of_patient.starts[guest->member];
        found->count = store->authorizations_of_patient.starts[guest->member + 1] -
                       store->authorizations_of_patient.starts[guest->member];
        break;
    default: *found = (run_candidates){.gap = SIZE_MAX}; break; /* nor of who attended */
    }
}
