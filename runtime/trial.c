/* Trying changes out: see trial.h. What a change may alter is found once for each block, and once for each policy and set of changed fields;
 * a change sees only what loads its field, be that in the policy itself or in what it asks of other lines. */
#include "runtime/trial.h"

#include "compiler/plan/plan.h"

#include <string.h>

struct run_trials {
    uint8_t **follows;                 /* by block; NULL while nobody asked */
    run_cone (*cones)[RUN_BY_ANY + 1]; /* by policy and changes; of no steps while nobody asked */
    bool (*known)[RUN_BY_ANY + 1];
    bool *waived;                /* by clause: it has waivers */
    uint8_t *after;              /* by clause and then by policy: what the last changes came to */
    uint32_t *judged_in, trial;  /* by clause: the last trial that judged it; the last trial */
    BASE_ARRAY(uint32_t) judged; /* the clauses that it judged */
    uint8_t flags;               /* of the line: how the policies that name payers stand to it */
};

static uint8_t bit_of(uint32_t field)
{
    return field == LANG_FIELD_line_authorization ? RUN_BY_AUTHORIZATION
           : field == LANG_FIELD_line_pos         ? RUN_BY_PLACE
           : field == LANG_FIELD_line_modifiers   ? RUN_BY_MODIFIERS
                                                  : 0;
}

uint8_t run_changed_by(const run_change *changes, size_t count)
{
    uint8_t by = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t bit = bit_of((uint32_t)changes[i].field);
        by |= bit == 0 ? RUN_BY_ANY : bit;
    }
    return by;
}

static struct run_trials *trials_of(run_context *context)
{
    if (context->trials != NULL) return context->trials;
    const plan_program *plan = context->binding->plan;
    size_t policies = plan->policies.count + 1;
    struct run_trials *trials = base_arena_alloc(context->arena, sizeof *trials);
    if (trials == NULL) return NULL;
    trials->follows = base_arena_alloc(context->arena, (plan->blocks.count + 1) * sizeof *trials->follows);
    trials->cones = base_arena_alloc(context->arena, policies * sizeof *trials->cones);
    trials->known = base_arena_alloc(context->arena, policies * sizeof *trials->known);
    trials->waived = base_arena_alloc(context->arena, plan->clauses.count + 1);
    trials->after = base_arena_alloc(context->arena, plan->clauses.count + policies);
    trials->judged_in = base_arena_alloc(context->arena, (plan->clauses.count + 1) * sizeof *trials->judged_in);
    if (trials->follows == NULL || trials->cones == NULL || trials->known == NULL || trials->waived == NULL ||
        trials->after == NULL || trials->judged_in == NULL)
        return NULL;
    for (size_t i = 0; i < plan->waivers.count; i++) trials->waived[plan->waivers.items[i].clause] = true;
    return context->trials = trials;
}

/* What a step follows from itself, not through those before it. */
static uint8_t follows_itself(run_context *context, const plan_step *step)
{
    const plan_program *plan = context->binding->plan;
    uint32_t block = PLAN_NO_STEP;
    switch (step->operation) {
    case PLAN_LOAD: return bit_of(step->detail);
    case PLAN_TALLY: return RUN_BY_ANY;
    case PLAN_AGGREGATE: block = plan->aggregates.items[step->number].block; break;
    case PLAN_DENIED: block = plan->denials.items[step->number].block; break;
    default: break;
    }
    if (block == PLAN_NO_STEP) return 0;
    const uint8_t *follows = run_follows(context, block);
    if (follows == NULL) return RUN_BY_ANY;
    uint8_t all = 0;
    for (size_t i = 0; i < plan->blocks.items[block].steps.count; i++) all |= follows[i];
    return all;
}

const uint8_t *run_follows(run_context *context, uint32_t index)
{
    struct run_trials *trials = trials_of(context);
    if (trials == NULL) return NULL;
    if (trials->follows[index] != NULL) return trials->follows[index];
    const plan_block *block = &context->binding->plan->blocks.items[index];
    uint8_t *follows = base_arena_alloc(context->arena, block->steps.count + 1);
    if (follows == NULL) return NULL;
    for (size_t i = 0; i < block->steps.count; i++) {
        uint32_t operands[PLAN_LOOKUP_LIMIT + 1];
        uint32_t count = plan_step_sources(context->binding->plan, block, &block->steps.items[i], operands);
        follows[i] = follows_itself(context, &block->steps.items[i]);
        for (uint32_t k = 0; k < count; k++) follows[i] |= follows[operands[k]];
    }
    return trials->follows[index] = follows;
}

/* Adds to marked steps those that they take, and skips over any of them; then lists them. */
static run_cone close_cone(base_arena *arena, const plan_program *plan, const plan_block *block, uint8_t *marks)
{
    size_t next = block->steps.count;
    run_cone cone = {0};
    for (size_t i = block->steps.count; i-- > 0;) {
        const plan_step *step = &block->steps.items[i];
        if (step->operation == PLAN_SKIP && next < (size_t)step->number) marks[i] = 1;
        if (marks[i] == 0) continue;
        next = i;
        cone.count++;
        uint32_t operands[PLAN_LOOKUP_LIMIT + 1], count = plan_step_sources(plan, block, step, operands);
        for (uint32_t k = 0; k < count; k++) marks[operands[k]] = 1;
    }
    cone.steps = base_arena_alloc(arena, (cone.count + 1) * sizeof *cone.steps);
    if (cone.steps == NULL) return (run_cone){0};
    uint32_t used = 0;
    for (uint32_t i = 0; i < block->steps.count; i++) {
        if (marks[i] != 0) cone.steps[used++] = i;
    }
    return cone;
}

run_cone run_cone_of(const run_context *context, base_arena *arena, uint32_t index, uint32_t step)
{
    const plan_block *block = &context->binding->plan->blocks.items[index];
    uint8_t *marks = base_arena_alloc(arena, block->steps.count + 1);
    if (marks == NULL) return (run_cone){0};
    marks[step] = 1;
    return close_cone(arena, context->binding->plan, block, marks);
}

/* The steps of a policy that changes may alter a verdict by, and those of how it stands to a line; without changes only these. */
static const run_cone *cone_of_policy(run_context *context, uint32_t index, uint8_t by)
{
    struct run_trials *trials = trials_of(context);
    if (trials == NULL) return NULL;
    run_cone *cone = &trials->cones[index][by];
    if (trials->known[index][by]) return cone;
    const plan_policy *policy = &context->binding->plan->policies.items[index];
    const plan_block *block = &context->binding->plan->blocks.items[policy->block];
    const uint8_t *follows = run_follows(context, policy->block);
    uint8_t *marks = base_arena_alloc(context->arena, block->steps.count + 1);
    if (follows == NULL || marks == NULL) return NULL;
    size_t through = 0; /* where what a changed condition skips ends */
    for (size_t i = 0; i < block->steps.count; i++) {
        const plan_step *step = &block->steps.items[i];
        bool altered = i < through || (follows[i] & by) != 0;
        if (step->operation == PLAN_SKIP && altered && (size_t)step->number > through) through = (size_t)step->number;
        if (step->operation == PLAN_VERDICT) marks[i] = by != 0 && (altered || trials->waived[step->number]);
        if (step->operation == PLAN_SCOPE) marks[i] = 1;
    }
    *cone = close_cone(context->arena, context->binding->plan, block, marks);
    if (cone->steps == NULL) return NULL;
    trials->known[index][by] = true;
    return cone;
}

/* The steps of a cone alone; verdicts that are skipped over become those of clauses that do not apply. */
static void judge_cone(run_context *context, const plan_block *block, const run_cone *cone, uint32_t line,
                       uint8_t *verdicts)
{
    const plan_program *plan = context->binding->plan;
    run_value *values = context->values[0];
    for (uint32_t k = 0; k < cone->count; k++) {
        const plan_step *step = &block->steps.items[cone->steps[k]];
        if (step->operation == PLAN_VERDICT) verdicts[step->number] = ADJ_CLAUSE_NOT_APPLICABLE;
    }
    for (uint32_t k = 0; k < cone->count; k++) {
        const plan_step *step = &block->steps.items[cone->steps[k]];
        if (step->operation == PLAN_SKIP) {
            if (values[step->a].bits != RUN_FALSE) continue;
            while (k + 1 < cone->count && cone->steps[k + 1] < (uint32_t)step->number) k++;
        } else if (!run_tell_verdict(plan, step, values, verdicts)) {
            values[cone->steps[k]] = run_interpret_step(context, block, step, values, line);
        }
    }
}

/* Judges what is altered, by all policies that can speak of the line. */
static bool judge_altered(run_context *context, uint32_t line, uint8_t by, uint8_t *verdicts)
{
    const plan_program *plan = context->binding->plan;
    memset(verdicts + plan->clauses.count, 0, plan->policies.count);
    size_t count = run_policies_at_hand(context, line);
    context->scratch.count = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t policy = context->policies[i];
        const run_cone *cone = cone_of_policy(context, policy, by);
        if (cone == NULL) return false;
        judge_cone(context, &plan->blocks.items[plan->policies.items[policy].block], cone, line, verdicts);
    }
    return true;
}

bool run_judge_scopes(run_context *context, uint32_t line, uint8_t *verdicts)
{
    return judge_altered(context, line, 0, verdicts);
}

/* Notes which clauses a policy's cone judges; false when memory runs out. */
static bool note_judged(run_context *context, uint32_t policy, const run_cone *cone)
{
    const plan_program *plan = context->binding->plan;
    struct run_trials *trials = context->trials;
    const plan_block *block = &plan->blocks.items[plan->policies.items[policy].block];
    for (uint32_t k = 0; k < cone->count; k++) {
        const plan_step *step = &block->steps.items[cone->steps[k]];
        if (step->operation != PLAN_VERDICT || trials->judged_in[step->number] == trials->trial) continue;
        uint32_t *slot = BASE_PUSH(context->arena, &trials->judged);
        if (slot == NULL) return false;
        *slot = (uint32_t)step->number;
        trials->judged_in[step->number] = trials->trial;
    }
    return true;
}

bool run_judge_changed(run_context *context, uint32_t line, run_altered *altered)
{
    const plan_program *plan = context->binding->plan;
    struct run_trials *trials = trials_of(context);
    uint8_t by = run_changed_by(context->changes, context->change_count);
    if (trials == NULL || !judge_altered(context, line, by, trials->after)) return false;
    trials->trial++;
    trials->judged.count = 0;
    trials->flags = 0;
    size_t count = run_policies_at_hand(context, line);
    for (size_t i = 0; i < count; i++) {
        uint32_t policy = context->policies[i];
        const run_cone *cone = cone_of_policy(context, policy, by);
        if (cone == NULL || !note_judged(context, policy, cone)) return false;
        trials->flags |=
            run_scope_flag(plan->policies.items[policy].source, trials->after[plan->clauses.count + policy]);
    }
    for (size_t i = 0; i < trials->judged.count; i++) {
        uint32_t clause = trials->judged.items[i];
        uint8_t *verdict = &trials->after[clause];
        bool open = *verdict == ADJ_CLAUSE_FAIL || *verdict == ADJ_CLAUSE_CANNOT_TELL;
        if (open && trials->waived[clause] && run_clause_waived(context, line, clause)) *verdict = ADJ_CLAUSE_WAIVED;
    }
    *altered = (run_altered){trials->judged.items, trials->judged.count, trials->after};
    return true;
}

/* Keeps what a clause comes to if nothing worse was said. */
static void say(const plan_program *plan, uint32_t clause, uint8_t verdict, run_summary *summary)
{
    adj_verdict outcome = run_clause_outcome(plan->clauses.items[clause].source, (adj_clause_verdict)verdict);
    if (verdict != ADJ_CLAUSE_NOT_APPLICABLE) summary->flags |= RUN_LINE_ANY_CLAUSE;
    if (verdict != ADJ_CLAUSE_NOT_APPLICABLE && outcome < summary->worst) summary->worst = outcome;
}

adj_verdict run_altered_verdict(run_context *context, uint32_t line, const run_verdicts *before,
                                const run_altered *altered)
{
    const plan_program *plan = context->binding->plan;
    const struct run_trials *trials = context->trials;
    run_summary summary = {ADJ_PASS, trials->flags};
    for (size_t i = 0; i < before->open_count; i++) {
        uint32_t clause = before->open[i];
        if (trials->judged_in[clause] != trials->trial) say(plan, clause, before->verdicts[clause], &summary);
    }
    for (size_t i = 0; i < altered->count; i++)
        say(plan, altered->clauses[i], altered->verdicts[altered->clauses[i]], &summary);
    const char *reason;
    return run_summary_verdict(context->binding, line, summary, &reason);
}
