/* Whether a line counts as a service at all: what its status says, asked of each line once in a run. */
#include "runtime/sweep.h"

/* What a line is to those that count services: a truth for those that name no status, one for those that do, and whether it is planned. */
enum { ASKED = 0x80, NAMED_SHIFT = 2, PLANNED = 0x10 };

static uint8_t always(run_truth truth)
{
    return (uint8_t)(ASKED | truth | truth << NAMED_SHIFT);
}

static uint8_t standing_of(const run_context *context, uint32_t line)
{
    const run_store *store = context->binding->store;
    if (store->lines.items[line].unreadable) return always(RUN_NEITHER);
    bool later = store->as_of_given && !store->lines.items[line].subject &&
                 run_store_present(store, LANG_FIELD_line_date, line) &&
                 run_store_bits(store, LANG_FIELD_line_date, line) > store->as_of;
    if (later) return always(RUN_FALSE);
    if (run_store_present(store, LANG_FIELD_line_claim, line)) {
        uint32_t claim = (uint32_t)run_store_bits(store, LANG_FIELD_line_claim, line);
        if (store->claims.items[claim].retired || run_claim_voids(store, claim)) return always(RUN_FALSE);
    }
    if (!run_store_present(store, LANG_FIELD_line_status, line)) return always(RUN_NEITHER);
    static const struct {
        const char *word;
        run_truth counts;
        run_truth when_named;
    } statuses[] = {{"planned", RUN_FALSE, RUN_TRUE},   {"submitted", RUN_TRUE, RUN_TRUE},
                    {"pending", RUN_NEITHER, RUN_TRUE}, {"paid", RUN_TRUE, RUN_TRUE},
                    {"denied", RUN_FALSE, RUN_TRUE},    {"void", RUN_FALSE, RUN_FALSE},
                    {"replaced", RUN_FALSE, RUN_FALSE}};
    size_t status = (size_t)run_store_bits(store, LANG_FIELD_line_status, line);
    if (status >= sizeof statuses / sizeof *statuses) return always(RUN_NEITHER);
    return (uint8_t)(ASKED | statuses[status].counts | statuses[status].when_named << NAMED_SHIFT |
                     (status == 0 ? PLANNED : 0));
}

/* Threads that ask of the same line find the same. */
static uint8_t standing(const run_context *context, uint32_t line)
{
    if (line >= context->standing_count) return standing_of(context, line);
    uint8_t *kept = &context->standings[line], found = __atomic_load_n(kept, __ATOMIC_RELAXED);
    if (found != 0) return found;
    found = standing_of(context, line);
    __atomic_store_n(kept, found, __ATOMIC_RELAXED);
    return found;
}

run_truth run_line_counts(const run_context *context, const plan_aggregate *aggregate, uint32_t line)
{
    uint8_t found = standing(context, line);
    /* What is planned has not happened, except where the policy looks ahead. */
    bool ahead = aggregate->window.kind == LANG_WINDOW_NEXT_DAYS || aggregate->window.kind == LANG_WINDOW_NEXT_MONTHS;
    if (ahead && (found & PLANNED) != 0) return RUN_TRUE;
    return (run_truth)((aggregate->names_status ? found >> NAMED_SHIFT : found) & 3);
}
