/* Whether a line counts as a service at all: what its status says, asked of each line once in a run. */
#include "runtime/crew.h"
#include "runtime/sweep.h"

static uint8_t always(run_truth truth)
{
    return (uint8_t)(RUN_STANDING_ASKED | truth | truth << RUN_STANDING_NAMED);
}

static uint8_t standing_of(const run_store *store, uint32_t line)
{
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
    return (uint8_t)(RUN_STANDING_ASKED | statuses[status].counts | statuses[status].when_named << RUN_STANDING_NAMED |
                     (status == 0 ? RUN_STANDING_PLANNED : 0));
}

uint8_t run_find_standing(const run_context *context, uint32_t line)
{
    const run_store *store = context->binding->store;
    return standing_of(store, line) | (store->lines.items[line].subject ? RUN_STANDING_JUDGED : 0);
}

static bool find_rows(void *state, size_t worker, uint32_t first, uint32_t end)
{
    (void)worker;
    const run_context *context = state;
    for (uint32_t line = first; line < end; line++) context->standings[line] = run_find_standing(context, line);
    return true;
}

bool run_find_standings(run_context *context, base_arena *arena, size_t threads)
{
    return run_crew_rows(arena, threads, context->standing_count, find_rows, context);
}
