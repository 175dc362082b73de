/* Joins the answers of payers with the lines they are to. Expects all inputs read; fills line.remittance. */
#include "runtime/store.h"

#include <stdlib.h>

typedef struct linking {
    run_store *store;
    uint32_t *first_line; /* by the symbol of a claim's identifier: the line and one; then by line */
    uint32_t *next_line;
    uint32_t *last;     /* by line: the answer that counts, and one */
    uint32_t *answered; /* by line: the claim payment that answered it last */
    bool *matched;      /* by answer */
} linking;

/* Whether a remittance answers after another one: a correction counts, not what it corrects. */
static bool answers_later(const run_store *store, uint32_t row, uint32_t other)
{
    bool dated = run_store_present(store, LANG_FIELD_remittance_date, row) &&
                 run_store_present(store, LANG_FIELD_remittance_date, other);
    if (!dated) return true; /* later in its file */
    return run_store_bits(store, LANG_FIELD_remittance_date, row) >=
           run_store_bits(store, LANG_FIELD_remittance_date, other);
}

/* Answers to lines that are not in the run, told once with the first of them: most files answer older claims too. */
static void report_unmatched(run_store *store, const bool *matched)
{
    const run_remitted *first = NULL;
    size_t count = 0;
    for (size_t i = 0; i < store->remitted.count; i++) {
        if (matched[i]) continue;
        if (first == NULL) first = &store->remitted.items[i];
        count++;
    }
    if (first == NULL) return;
    const char *claim = base_intern_text(&store->symbols, first->claim);
    const char *which = first->kind == RUN_REMITTED_NUMBER
                            ? base_format(&store->arena, "line %lld of this claim", (long long)first->number)
                        : first->procedure != 0 ? base_format(&store->arena, "a %s of this claim",
                                                              base_intern_text(&store->symbols, first->procedure))
                                                : "this claim";
    run_store_problem(store, ADJ_SEVERITY_NOTE, "D0404", "the remittances", 0, 0, 0, claim,
                      "%zu of %u answers are to lines that are not in this run; the first is to %s", count,
                      store->remitted.count, which);
}

static bool prepare(linking *l)
{
    run_store *store = l->store;
    uint32_t lines = store->counts[LANG_RECORD_line];
    l->first_line = base_arena_alloc(&store->arena, (store->symbols.entries.count + 1) * sizeof *l->first_line);
    l->next_line = base_arena_alloc(&store->arena, (lines + 1) * sizeof *l->next_line);
    l->last = base_arena_alloc(&store->arena, (lines + 1) * sizeof *l->last);
    l->answered = base_arena_alloc(&store->arena, (lines + 1) * sizeof *l->answered);
    l->matched = base_arena_alloc(&store->arena, store->remitted.count + 1);
    if (store->arena.failed) return false;
    for (uint32_t line = lines; line-- > 0;) {
        if (!run_store_present(store, LANG_FIELD_line_claim, line)) continue;
        uint32_t claim = (uint32_t)run_store_bits(store, LANG_FIELD_line_claim, line);
        if (!run_store_present(store, LANG_FIELD_claim_id, claim)) continue;
        uint32_t *first = &l->first_line[run_store_bits(store, LANG_FIELD_claim_id, claim)];
        l->next_line[line] = *first;
        *first = line + 1;
    }
    return true;
}

/* The last answer counts; one that takes the answer before it back leaves none. */
static void take(linking *l, uint32_t answer, uint32_t line)
{
    run_store *store = l->store;
    const run_remitted *remitted = &store->remitted.items[answer];
    l->matched[answer] = true;
    l->answered[line] = remitted->occurrence;
    if (l->last[line] != 0 && !answers_later(store, remitted->row, store->remitted.items[l->last[line] - 1].row))
        return;
    l->last[line] = answer + 1;
    if (remitted->reversal)
        run_store_set_absent(store, LANG_FIELD_line_remittance, line);
    else
        run_store_set(store, LANG_FIELD_line_remittance, line, remitted->row);
}

/* Whether the payer's words about a service fit a line that the same claim payment has not answered yet. */
static bool fits(const linking *l, const run_remitted *remitted, uint32_t line)
{
    const run_store *store = l->store;
    if (l->answered[line] == remitted->occurrence) return false;
    bool procedure = remitted->procedure != 0 && run_store_present(store, LANG_FIELD_line_procedure, line) &&
                     run_store_bits(store, LANG_FIELD_line_procedure, line) == (int64_t)remitted->procedure;
    bool other_charge = run_store_present(store, LANG_FIELD_line_charge, line) &&
                        llabs(remitted->charge) != llabs(run_store_bits(store, LANG_FIELD_line_charge, line));
    bool other_day = remitted->dated && run_store_present(store, LANG_FIELD_line_date, line) &&
                     run_store_bits(store, LANG_FIELD_line_date, line) != remitted->date;
    return procedure && !other_charge && !other_day;
}

static bool names(const linking *l, const run_remitted *remitted, uint32_t line)
{
    return remitted->control != 0 && run_store_present(l->store, LANG_FIELD_line_control_number, line) &&
           run_store_bits(l->store, LANG_FIELD_line_control_number, line) == (int64_t)remitted->control;
}

/* By the line item control number, else by procedure, charge and day: one line of each claim of that identifier. */
static void match_service(linking *l, uint32_t answer)
{
    const run_remitted *remitted = &l->store->remitted.items[answer];
    for (int by_content = 0; by_content < 2 && !l->matched[answer]; by_content++) {
        int64_t done = -1; /* a claim that has its line */
        for (uint32_t at = l->first_line[remitted->claim]; at != 0; at = l->next_line[at - 1]) {
            int64_t claim = run_store_bits(l->store, LANG_FIELD_line_claim, at - 1);
            bool good = by_content != 0 ? fits(l, remitted, at - 1) : names(l, remitted, at - 1);
            if (claim == done || !good) continue;
            take(l, answer, at - 1);
            done = claim;
        }
    }
}

/* A claim that was answered as one: all of its lines were. What one of several was paid is not known. */
static void match_claim(linking *l, uint32_t answer)
{
    static const lang_field amounts[] = {LANG_FIELD_remittance_paid, LANG_FIELD_remittance_allowed,
                                         LANG_FIELD_remittance_patient_responsibility};
    const run_remitted *remitted = &l->store->remitted.items[answer];
    size_t lines = 0;
    for (uint32_t at = l->first_line[remitted->claim]; at != 0; at = l->next_line[at - 1], lines++)
        take(l, answer, at - 1);
    for (size_t i = 0; lines > 1 && i < sizeof amounts / sizeof *amounts; i++)
        run_store_set_unknown(l->store, amounts[i], remitted->row);
}

void run_link_remittances(run_store *store)
{
    if (store->feeds[LANG_FEED_REMITTANCE] && !store->remittance_has_holes) {
        for (uint32_t line = 0; line < store->counts[LANG_RECORD_line]; line++)
            run_store_set_absent(store, LANG_FIELD_line_remittance, line);
    }
    linking l = {.store = store};
    if (store->remitted.count == 0 || !prepare(&l)) return;
    for (uint32_t i = 0; i < store->remitted.count; i++) {
        const run_remitted *remitted = &store->remitted.items[i];
        if (remitted->kind == RUN_REMITTED_SERVICE) match_service(&l, i);
        if (remitted->kind == RUN_REMITTED_CLAIM) match_claim(&l, i);
        if (remitted->kind != RUN_REMITTED_NUMBER) continue;
        for (uint32_t at = l.first_line[remitted->claim]; at != 0; at = l.next_line[at - 1]) {
            if (remitted->number == run_store_bits(store, LANG_FIELD_line_number, at - 1)) take(&l, i, at - 1);
        }
    }
    report_unmatched(store, l.matched);
}
