/* The encounter generator: rows of every record, each field present, absent or unknown, references among them. */
#include "runtime/policy_codes.h"
#include "runtime/trial.h"
#include "tests/differential/generator.h"

#include <stdio.h>
#include <string.h>

static int64_t random_date(generator *g)
{
    return base_date_make(2025, 12, 1) + (int64_t)generator_below(g, 270);
}

static const char *random_code(generator *g, lang_code_system system)
{
    static const char *const procedures[] = {"90853", "90834", "90837", "90847", "H0005", "90791", "99213"};
    static const char *const modifiers[] = {"95", "GT", "59", "XE", "93", "HQ"};
    static const char *const places[] = {"11", "02", "10", "22", "53"};
    static const char *const diagnoses[] = {"F33.1", "F32.0", "F20.81", "F43.10", "Z63.0", "F41.1"};
    static const char *const products[] = {"HM", "12", "MB"};
    static const char *const providers[] = {"1234567893", "1700000111", "1700000129"};
    switch (system) {
    case LANG_SYSTEM_cpt: return procedures[generator_below(g, 7)];
    case LANG_SYSTEM_modifier: return modifiers[generator_below(g, 6)];
    case LANG_SYSTEM_pos: return places[generator_below(g, 5)];
    case LANG_SYSTEM_icd10: return diagnoses[generator_below(g, 6)];
    case LANG_SYSTEM_npi: return providers[generator_below(g, 3)];
    case LANG_SYSTEM_filing_indicator: return products[generator_below(g, 3)];
    case LANG_SYSTEM_frequency: return generator_chance(g, 90) ? "1" : "8";
    default: return "AB";
    }
}

static void set_value(generator *g, run_store *store, lang_field field, uint32_t row)
{
    lang_type type = lang_schema_field(store->schema, field)->type;
    static const char *const payers[] = {"ALPHA", "BETA", "GAMMA"};
    static const char *const plans[] = {"HMO", "PPO", "EPO"};
    if (type.list) {
        uint32_t codes[4];
        uint32_t count = generator_below(g, 4);
        for (uint32_t i = 0; i < count; i++) {
            const char *code = random_code(g, (lang_code_system)type.detail);
            codes[i] = run_store_code(store, (lang_code_system)type.detail, code, strlen(code));
        }
        run_store_set_list(store, field, row, codes, count);
        return;
    }
    switch (type.kind) {
    case LANG_TYPE_TRUTH: run_store_set(store, field, row, generator_below(g, 2)); break;
    case LANG_TYPE_CODE: {
        const char *code = random_code(g, (lang_code_system)type.detail);
        run_store_set_code(store, field, row, code, strlen(code));
        break;
    }
    case LANG_TYPE_TEXT: {
        const char *text =
            field == LANG_FIELD_line_payer ? payers[generator_below(g, 3)] : plans[generator_below(g, 3)];
        run_store_set_text(store, field, row, text, strlen(text));
        break;
    }
    case LANG_TYPE_ENUMERATION: {
        char word[40];
        uint32_t count = 0;
        while (lang_schema_word(store->schema, (lang_enumeration)type.detail, count, word)) count++;
        run_store_set(store, field, row, generator_below(g, count));
        break;
    }
    case LANG_TYPE_DATE: run_store_set(store, field, row, random_date(g)); break;
    case LANG_TYPE_DATES: {
        int64_t from = random_date(g);
        run_store_set(store, field, row,
                      run_span_pack((int32_t)from, (int32_t)from + (int32_t)generator_below(g, 200)));
        break;
    }
    case LANG_TYPE_TIMES: {
        int32_t from = (int32_t)(random_date(g) * 1440) + (int32_t)generator_below(g, 1440);
        run_store_set(store, field, row, run_span_pack(from, from + (int32_t)generator_below(g, 90)));
        break;
    }
    case LANG_TYPE_MINUTES:
        run_store_set(store, field, row, (int64_t)generator_below(g, 140) * (g->whole ? 1000 : 500));
        break;
    case LANG_TYPE_QUANTITY:
        run_store_set(store, field, row, (int64_t)generator_below(g, 8) * (g->whole ? 1000 : 500));
        break;
    case LANG_TYPE_MONEY: run_store_set(store, field, row, (int64_t)generator_below(g, 12000)); break;
    default: run_store_set(store, field, row, generator_below(g, 60)); break;
    }
}

static void fill(generator *g, run_store *store, lang_record record, uint32_t row, uint32_t known)
{
    for (int f = 0; f < lang_schema_field_count(store->schema); f++) {
        const lang_field_info *info = lang_schema_field(store->schema, (lang_field)f);
        if (info->record != record) continue;
        bool present = generator_chance(g, known);
        if (info->type.optional && !present && generator_chance(g, 60)) run_store_set_absent(store, (lang_field)f, row);
        if (!present) continue;
        if (info->type.kind != LANG_TYPE_RECORD) {
            set_value(g, store, (lang_field)f, row);
            continue;
        }
        uint32_t count = store->counts[info->type.detail];
        if (count > 1) run_store_set(store, (lang_field)f, row, 1 + generator_below(g, count - 1));
    }
}

static void add_rows(generator *g, run_store *store, lang_record record, uint32_t count, uint32_t known)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = run_store_add(store, record);
        if (row != RUN_NO_ROW) fill(g, store, record, row, known);
    }
}

bool generate_store(generator *g, run_store *store, uint32_t lines)
{
    g->whole = generator_chance(g, 50);
    uint32_t known = 55 + generator_below(g, 45); /* percent of fields that someone told us */
    for (uint32_t i = 0; i < 6; i++) {
        char member[16];
        snprintf(member, sizeof member, "M%u", i);
        uint32_t row = run_store_patient(store, member, strlen(member));
        if (row != RUN_NO_ROW) fill(g, store, LANG_RECORD_patient, row, known);
        if (row != RUN_NO_ROW && generator_chance(g, 20)) store->own_history.items[row] = 1;
    }
    add_rows(g, store, LANG_RECORD_claim, 20 + generator_below(g, 60), known);
    add_rows(g, store, LANG_RECORD_coverage, 8, known);
    add_rows(g, store, LANG_RECORD_authorization, 10, known);
    add_rows(g, store, LANG_RECORD_session, 30, known);
    add_rows(g, store, LANG_RECORD_attendance, 60, known);
    uint32_t history = generator_below(g, 60);
    for (uint32_t i = 0; i < lines + history; i++) {
        uint32_t row = run_store_add(store, LANG_RECORD_line);
        if (row == RUN_NO_ROW) return false;
        fill(g, store, LANG_RECORD_line, row, known);
        store->lines.items[row].subject = i < lines;
        store->lines.items[row].unreadable = generator_chance(g, 2);
    }
    for (int f = 0; f < LANG_FEED_COUNT; f++) store->feeds[f] = generator_chance(g, 75);
    for (size_t i = 0; i < store->claims.count; i++) store->claims.items[i].retired = generator_chance(g, 5);
    store->as_of_given = generator_chance(g, 30);
    store->as_of = (base_date)random_date(g);
    store->finished = true;
    return run_index(store) && !store->arena.failed;
}

static bool judge_both(const adj_policies *policies, const run_machine_code *code, run_store *store, comparison *total,
                       uint64_t seed)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    run_binding binding;
    run_context machine, interpreter;
    size_t clauses = policies->plan->clauses.count, stride = clauses + policies->plan->policies.count;
    uint8_t *first = base_arena_alloc(&arena, stride), *second = base_arena_alloc(&arena, stride);
    bool ready = run_bind(&binding, &arena, policies->plan, store) &&
                 run_context_init(&machine, &arena, &binding, code) &&
                 run_context_init(&interpreter, &arena, &binding, NULL) && first != NULL && second != NULL;
    interpreter.undispatched = true;
    for (uint32_t line = 0; ready && line < store->counts[LANG_RECORD_line]; line++) {
        if (!store->lines.items[line].subject) continue;
        run_judge(&interpreter, line, first);
        run_judge(&machine, line, second);
        total->lines++;
        for (size_t c = 0; c < clauses; c++) total->verdicts[first[c]]++;
        if (memcmp(first, second, stride) == 0) continue;
        if (total->differences++ > 0) continue;
        size_t at = 0;
        while (first[at] == second[at]) at++;
        snprintf(total->first_difference, sizeof total->first_difference,
                 "seed %llu, line %u, clause %zu: interpreter %u, machine code %u", (unsigned long long)seed, line, at,
                 first[at], second[at]);
    }
    base_arena_release(&arena);
    return ready;
}

static void note_difference(comparison *total, uint64_t seed, size_t line, size_t clause, unsigned meant,
                            unsigned given)
{
    if (total->differences++ > 0) return;
    snprintf(total->first_difference, sizeof total->first_difference,
             "seed %llu, line %zu, clause %zu: interpreter %u, in batches %u", (unsigned long long)seed, line, clause,
             meant, given);
}

/* Code for one encounter at a time, of every policy, once it is made. */
static const run_machine_code *single_code(const adj_policies *policies)
{
    run_policy_codes *codes = run_policies_single_codes(policies);
    for (uint32_t p = 0; codes != NULL && p < policies->plan->policies.count; p++) run_policy_codes_ask(codes, p);
    if (codes == NULL) return NULL;
    run_policy_codes_settle(codes);
    return run_policy_codes_of(codes);
}

/* In batches of any size, on one thread or more, against the interpreter. */
static bool judge_in_batches(generator *g, const adj_policies *policies, run_store *store, comparison *total,
                             uint64_t seed)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    run_binding binding;
    run_context interpreter;
    run_many many = {0};
    const plan_program *plan = policies->plan;
    uint32_t count = store->counts[LANG_RECORD_line];
    size_t clauses = plan->clauses.count, used = 0;
    uint8_t *meant = base_arena_alloc(&arena, clauses + plan->policies.count + 1);
    uint32_t *rows = base_arena_alloc(&arena, (count + 1) * sizeof *rows);
    bool *judged = base_arena_alloc(&arena, count + 1);
    run_how how = {.batch = 1 + generator_below(g, 260), .threads = 1 + generator_below(g, 3), .wait = true};
    if (generator_chance(g, 50)) how.code = run_policies_code(policies, RUN_CODE_ELEMENTS, NULL);
    if (generator_chance(g, 70)) how.kernels = policies->kernel_code;
    for (uint32_t line = 0; rows != NULL && judged != NULL && line < count; line++) {
        if (!store->lines.items[line].subject) continue;
        judged[used] = generator_chance(g, 95);
        rows[used++] = line;
    }
    bool ready = meant != NULL && rows != NULL && judged != NULL && run_bind(&binding, &arena, plan, store) &&
                 run_context_init(&interpreter, &arena, &binding, NULL) &&
                 run_judge_many(&many, &arena, &binding, policies->kernels, rows, judged, used, &how);
    if (ready && how.kernels != NULL && generator_chance(g, 30)) {
        /* And again with the code that takes longer to make. */
        run_kernel_code_settle(how.kernels);
        run_many_release(&many);
        ready = run_judge_many(&many, &arena, &binding, policies->kernels, rows, judged, used, &how);
    }
    interpreter.undispatched = true;
    for (size_t i = 0; ready && i < used; i++) {
        memset(meant, 0, clauses + plan->policies.count);
        if (judged[i]) run_judge(&interpreter, rows[i], meant);
        for (uint32_t c = 0; c < clauses; c++) {
            adj_clause_verdict given = run_many_clause(&many, policies->kernels, i, c);
            if (given != meant[c]) note_difference(total, seed, i, c, meant[c], given);
        }
        uint8_t flags = judged[i] ? run_summarize(plan, meant).flags : 0;
        if (flags != many.flags[i]) note_difference(total, seed, i, clauses, flags, many.flags[i]);
        total->in_batches++;
    }
    size_t made, loaded;
    run_kernel_code_count(policies->kernel_code, &made, &loaded);
    total->kernels += made + loaded;
    run_many_release(&many);
    base_arena_release(&arena);
    return ready;
}

/* A change that a biller might make: what another line has in the field, or nothing. */
static run_change random_change(generator *g, const run_store *store, uint32_t line)
{
    static const lang_field fields[] = {LANG_FIELD_line_authorization, LANG_FIELD_line_pos, LANG_FIELD_line_modifiers};
    lang_field field = fields[generator_below(g, 3)];
    uint32_t other = generator_below(g, store->counts[LANG_RECORD_line]);
    return (run_change){field, line, run_store_bits(store, field, other), store->columns[field].states[other]};
}

/* Changes that are tried: only what may be altered is judged again, and comes to what judging everything again comes to. */
static bool try_changes(generator *g, const adj_policies *policies, run_store *store, comparison *total, uint64_t seed)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    run_binding binding;
    run_context plain, context;
    const plan_program *plan = policies->plan;
    size_t clauses = plan->clauses.count, stride = clauses + plan->policies.count, longest = 1;
    for (size_t b = 0; b < plan->blocks.count; b++)
        longest = plan->blocks.items[b].steps.count > longest ? plan->blocks.items[b].steps.count : longest;
    uint8_t *before = base_arena_alloc(&arena, stride + 1), *meant = base_arena_alloc(&arena, stride + 1);
    uint8_t *given = base_arena_alloc(&arena, stride + 1);
    run_value *all = base_arena_alloc(&arena, longest * sizeof *all);
    run_value *some = base_arena_alloc(&arena, longest * sizeof *some);
    bool ready = given != NULL && before != NULL && meant != NULL && all != NULL && some != NULL &&
                 run_bind(&binding, &arena, plan, store) && run_context_init(&plain, &arena, &binding, NULL) &&
                 run_context_init(&context, &arena, &binding, NULL);
    for (uint32_t line = 0; ready && line < store->counts[LANG_RECORD_line]; line++) {
        if (!store->lines.items[line].subject) continue;
        plain.change_count = context.change_count = 0;
        run_judge(&plain, line, before);
        run_waive(&plain, line, NULL, before);
        memset(given, 0, stride);
        ready = run_judge_scopes(&context, line, given);
        for (size_t p = clauses; p < stride; p++) {
            if (given[p] != before[p]) note_difference(total, seed, line, p, before[p], given[p]);
        }
        const run_change changes[] = {random_change(g, store, line), random_change(g, store, line)};
        plain.changes = context.changes = changes;
        plain.change_count = context.change_count = changes[0].field == changes[1].field ? 1 : 2;
        run_judge(&plain, line, meant);
        run_waive(&plain, line, NULL, meant);
        run_altered altered = {0};
        ready = ready && run_judge_changed(&context, line, &altered);
        memcpy(given, before, clauses);
        for (size_t i = 0; i < altered.count; i++) given[altered.clauses[i]] = altered.verdicts[altered.clauses[i]];
        if (ready) memcpy(given + clauses, altered.verdicts + clauses, stride - clauses);
        for (size_t c = 0; c < stride; c++) {
            if (given[c] != meant[c]) note_difference(total, seed, line, c, meant[c], given[c]);
        }
        const plan_clause *clause = &plan->clauses.items[generator_below(g, (uint32_t)clauses)];
        const plan_explanation *explanation = plan_explanation_of(plan, clause);
        if (explanation == NULL) continue;
        const plan_block *block = explanation->block;
        run_cone cone = run_cone_of(&context, &arena, clause->explain_block, explanation->requirement_step);
        run_interpret_all(&plain, clause->explain_block, line, RUN_NO_ROW, all);
        for (uint32_t k = 0; k < cone.count; k++) {
            uint32_t i = cone.steps[k];
            some[i] = run_interpret_step(&context, block, &block->steps.items[i], some, line);
        }
        int64_t whole = all[explanation->requirement_step].bits, part = some[explanation->requirement_step].bits;
        if (whole != part || cone.count == 0)
            note_difference(total, seed, line, (size_t)(clause - plan->clauses.items), (unsigned)whole, (unsigned)part);
        total->changed++;
    }
    base_arena_release(&arena);
    return ready;
}

bool compare_once(uint64_t seed, uint32_t lines, comparison *total)
{
    generator g = {.state = seed};
    base_arena arena;
    base_arena_init(&arena, NULL);
    const char *texts[] = {generate_policy(&g, &arena), NULL};
    static const char *const names[] = {"random.adj", "lower.adj"};
    size_t files = generator_chance(&g, 40) ? 2 : 1;
    if (files == 2) texts[1] = generate_layer(&g, &arena);
    adj_options options = {.evaluator = ADJ_EVALUATOR_BOTH};
    adj_policies *policies = NULL;
    adj_status status = adj_policies_compile_text(names, texts, files, &options, &policies);
    total->policies++;
    bool good = status == ADJ_OK || status == ADJ_INVALID_POLICY;
    if (status == ADJ_INVALID_POLICY) {
        total->rejected++;
        if (total->rejected == 1)
            fprintf(stderr, "seed %llu does not compile:\n%s", (unsigned long long)seed,
                    adj_policies_diagnostics(policies));
    } else if (status == ADJ_OK) {
        run_store store;
        good = run_store_init(&store, run_policies_schema(policies), NULL) && generate_store(&g, &store, lines) &&
               judge_both(policies, run_policies_code(policies, RUN_CODE_ALL, NULL), &store, total, seed) &&
               /* Better code takes long to make: now and then. */
               (!generator_chance(&g, 5) || judge_both(policies, single_code(policies), &store, total, seed)) &&
               judge_in_batches(&g, policies, &store, total, seed) &&
               (policies->plan->clauses.count == 0 || try_changes(&g, policies, &store, total, seed));
        run_store_release(&store);
    } else {
        fprintf(stderr, "seed %llu: %s: %s\n", (unsigned long long)seed, adj_status_name(status),
                policies == NULL ? "" : adj_policies_diagnostics(policies));
    }
    adj_policies_free(policies);
    base_arena_release(&arena);
    return good;
}
