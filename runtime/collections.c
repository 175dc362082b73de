/* The elements of a collection: a member's history, lines across members, a claim's lines, authorizations and attendance; and whether there may be
 * others that nobody told us of. */
#include "runtime/guest.h"

static void of_group(const run_groups *groups, int64_t group, run_candidates *found)
{
    found->rows = groups->rows + groups->starts[group];
    found->count = groups->starts[group + 1] - groups->starts[group];
}

/* Lines across members: what a provider billed, or what one session was billed as. A history feed holds them all, even
 * one that is only the provider's own. */
static void of_key(const run_store *store, lang_history_key key, uint32_t line, run_candidates *found)
{
    static const lang_field fields[] = {[LANG_HISTORY_RENDERING_PROVIDER] = LANG_FIELD_line_rendering_provider,
                                        [LANG_HISTORY_BILLING_PROVIDER] = LANG_FIELD_line_billing_provider,
                                        [LANG_HISTORY_SESSION] = LANG_FIELD_line_session};
    const run_groups *groups[] = {[LANG_HISTORY_RENDERING_PROVIDER] = &store->lines_of_rendering_provider,
                                  [LANG_HISTORY_BILLING_PROVIDER] = &store->lines_of_billing_provider,
                                  [LANG_HISTORY_SESSION] = &store->lines_of_session};
    found->rows = &found->alone;
    found->count = 1;
    if (!run_store_present(store, fields[key], line)) return;
    of_group(groups[key], run_store_bits(store, fields[key], line), found);
    found->complete = store->feeds[LANG_FEED_HISTORY];
    if (key == LANG_HISTORY_RENDERING_PROVIDER && store->rendering_unknown) found->complete = false;
    if (key == LANG_HISTORY_BILLING_PROVIDER && store->billing_unknown) found->complete = false;
    if (key != LANG_HISTORY_SESSION) return;
    uint32_t session = (uint32_t)run_store_bits(store, LANG_FIELD_line_session, line);
    if (run_next_possible_line(store, session, 0) < store->sessionless_count) found->complete = false;
}

void run_collect(const run_context *context, const plan_aggregate *aggregate, uint32_t line, run_candidates *found)
{
    const run_store *store = context->binding->store;
    if (context->guest != NULL && line == context->guest->line) {
        run_collect_guest(context, aggregate, found);
        return;
    }
    *found = (run_candidates){.alone = line, .gap = SIZE_MAX};
    bool patient = run_store_present(store, LANG_FIELD_line_patient, line);
    int64_t patient_row = run_store_bits(store, LANG_FIELD_line_patient, line);
    switch (aggregate->collection) {
    case LANG_COLLECTION_HISTORY:
        if (aggregate->key != LANG_HISTORY_MEMBER) {
            of_key(store, aggregate->key, line, found);
            break;
        }
        found->rows = &found->alone;
        found->count = 1;
        if (!patient) break;
        of_group(&store->lines_of_patient, patient_row, found);
        found->complete =
            store->feeds[LANG_FEED_HISTORY] && !store->history_is_own && store->own_history.items[patient_row] == 0;
        break;
    case LANG_COLLECTION_SESSION_LINES: of_key(store, LANG_HISTORY_SESSION, line, found); break;
    case LANG_COLLECTION_CLAIM_LINES:
        found->complete = run_store_present(store, LANG_FIELD_line_claim, line);
        if (run_store_present(store, LANG_FIELD_line_claim, line))
            of_group(&store->lines_of_claim, run_store_bits(store, LANG_FIELD_line_claim, line), found);
        break;
    case LANG_COLLECTION_AUTHORIZATIONS:
        if (patient) of_group(&store->authorizations_of_patient, patient_row, found);
        found->complete = patient && store->feeds[LANG_FEED_AUTHORIZATIONS];
        break;
    default:
        if (!run_store_present(store, LANG_FIELD_line_session, line)) break;
        of_group(&store->attendance_of_session, run_store_bits(store, LANG_FIELD_line_session, line), found);
        found->complete = store->feeds[LANG_FEED_ATTENDANCE];
        break;
    }
}
