/* The plan builder's driver: policies and their clauses to blocks; and the sharing of equal steps. */
#include "compiler/plan/build.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

plan_block *plan_block_at(plan_program *plan, uint32_t block)
{
    return &plan->blocks.items[block];
}

static bool grow_known(plan_builder *builder)
{
    size_t size = builder->known_size == 0 ? 64 : builder->known_size * 2;
    plan_known_step *known = base_arena_alloc(builder->plan->scratch, size * sizeof *known);
    if (known == NULL) return false;
    for (size_t i = 0; i < builder->known_size; i++) {
        if (builder->known[i].step == 0) continue;
        size_t slot = (size_t)builder->known[i].hash & (size - 1);
        while (known[slot].step != 0) slot = (slot + 1) & (size - 1);
        known[slot] = builder->known[i];
    }
    builder->known = known;
    builder->known_size = size;
    return true;
}

bool plan_builder_init(plan_builder *builder, plan_program *plan, const lang_file *layer)
{
    *builder = (plan_builder){.plan = plan, .arena = plan->arena, .layer = layer, .subject = LANG_RECORD_line};
    plan_block *block = BASE_PUSH(plan->scratch, &plan->blocks);
    bool *region = BASE_PUSH(plan->scratch, &builder->regions);
    if (block == NULL || region == NULL) return false;
    builder->block = (uint32_t)(plan->blocks.count - 1);
    *region = true;
    plan_spare *spare = plan->spare;
    if (spare == NULL) {
        /* Where memory runs out steps are step 0: there is room for one from the start. */
        void **steps = (void **)&block->steps.items;
        if (!base_arena_grow(plan->scratch, steps, 0, &block->steps.capacity, sizeof(plan_step))) return false;
        return grow_known(builder);
    }
    plan->spare = spare->next;
    builder->known = spare->known;
    builder->known_size = spare->known_size;
    builder->spare = spare;
    block->steps.items = spare->steps;
    block->steps.capacity = spare->step_capacity;
    builder->sources.items = spare->sources;
    builder->sources.capacity = spare->source_capacity;
    memset(builder->known, 0, builder->known_size * sizeof *builder->known);
    return true;
}

/* What a block was built in serves the next one. */
void plan_builder_give_back(plan_builder *builder, plan_step *steps, uint32_t capacity)
{
    enum { KEPT = 1024 }; /* emptying a large table for a small block would cost more than it saves */
    plan_program *plan = builder->plan;
    if (builder->known_size > KEPT) return;
    plan_spare *spare = builder->spare != NULL ? builder->spare : base_arena_alloc(plan->scratch, sizeof *spare);
    if (spare == NULL) return;
    *spare = (plan_spare){builder->known,         builder->known_size,       steps,      capacity,
                          builder->sources.items, builder->sources.capacity, plan->spare};
    plan->spare = spare;
}

void plan_builder_done(plan_builder *builder)
{
    plan_program *plan = builder->plan;
    plan_block *block = plan_block_at(plan, builder->block);
    plan_step *steps = block->steps.items;
    uint32_t capacity = block->steps.capacity;
    BASE_SETTLE(plan->arena, &block->steps);
    BASE_SETTLE(plan->arena, &block->arguments);
    plan_builder_give_back(builder, steps, capacity);
}

void plan_builder_drop(plan_builder *builder)
{
    plan_program *plan = builder->plan;
    plan_block *block = plan_block_at(plan, builder->block);
    plan_builder_give_back(builder, block->steps.items, block->steps.capacity);
    *block = (plan_block){0};
    if (builder->block + 1 == plan->blocks.count) plan->blocks.count--;
}

uint32_t plan_region_open(plan_builder *builder)
{
    uint32_t before = builder->region;
    bool *region = BASE_PUSH(builder->plan->scratch, &builder->regions);
    if (region == NULL) return before;
    *region = true;
    builder->region = (uint32_t)(builder->regions.count - 1);
    return before;
}

void plan_region_close(plan_builder *builder, uint32_t before)
{
    if (builder->region != before) builder->regions.items[builder->region] = false;
    builder->region = before;
}

static bool same_step(const plan_block *block, const plan_step *x, const plan_step *y)
{
    if (x->operation == PLAN_LOOKUP && y->operation == PLAN_LOOKUP) {
        /* The arguments do not fit into the step: they are compared where they lie. */
        return x->number == y->number && x->b == y->b &&
               memcmp(block->arguments.items + x->a, block->arguments.items + y->a, x->b * sizeof(uint32_t)) == 0;
    }
    return x->operation == y->operation && x->a == y->a && x->b == y->b && x->c == y->c && x->detail == y->detail &&
           x->number == y->number && x->type.kind == y->type.kind;
}

bool plan_same_block(const plan_program *plan, uint32_t a, uint32_t b)
{
    const plan_block *x = &plan->blocks.items[a], *y = &plan->blocks.items[b];
    if (x->steps.count != y->steps.count || x->arguments.count != y->arguments.count) return false;
    for (size_t i = 0; i < x->arguments.count; i++) {
        if (x->arguments.items[i] != y->arguments.items[i]) return false;
    }
    for (size_t i = 0; i < x->steps.count; i++) {
        const plan_step *s = &x->steps.items[i], *t = &y->steps.items[i];
        if (s->a != t->a || !same_step(x, s, t) || !lang_type_same(s->type, t->type)) return false;
    }
    return true;
}

uint64_t plan_block_digest(const plan_program *plan, uint32_t block)
{
    const plan_block *b = &plan->blocks.items[block];
    uint64_t digest = b->steps.count;
    for (size_t i = 0; i < b->steps.count; i++) {
        const plan_step *s = &b->steps.items[i];
        uint64_t key[4] = {(uint64_t)s->a << 32 | s->b, (uint64_t)s->c << 32 | s->detail, (uint64_t)s->number,
                           (uint64_t)s->operation};
        digest = XXH3_64bits_withSeed(key, sizeof key, digest);
    }
    return digest;
}

static bool shareable(plan_operation operation)
{
    return operation != PLAN_SKIP && operation != PLAN_VERDICT && operation != PLAN_SCOPE && operation != PLAN_RETURN;
}

uint32_t plan_emit_from(plan_builder *builder, plan_step step, const lang_expression *source)
{
    bool lookup = step.operation == PLAN_LOOKUP; /* keyed by the hash of its arguments, in `detail` */
    uint64_t key[6] = {(uint64_t)step.operation,
                       ((uint64_t)(lookup ? 0 : step.a) << 32) | step.b,
                       step.c,
                       step.detail,
                       (uint64_t)step.number,
                       (uint64_t)step.type.kind};
    uint64_t hash = XXH3_64bits(key, sizeof key);
    plan_block *block = plan_block_at(builder->plan, builder->block);
    size_t slot = (size_t)hash & (builder->known_size - 1);
    for (; shareable(step.operation) && builder->known[slot].step != 0; slot = (slot + 1) & (builder->known_size - 1)) {
        if (builder->known[slot].hash != hash) continue;
        const plan_step *old = &block->steps.items[builder->known[slot].step - 1];
        if (!same_step(block, old, &step)) continue;
        if (builder->regions.items[builder->known[slot].region]) return builder->known[slot].step - 1;
        /* A region that is closed stays closed: the new step takes the old one's place, so that chains stay short. */
        builder->known_count--;
        break;
    }
    plan_step *added = BASE_PUSH(builder->plan->scratch, &block->steps);
    if (added == NULL) return 0;
    *added = step;
    if (builder->keeps_sources) {
        const lang_expression **from = BASE_PUSH(builder->plan->scratch, &builder->sources);
        if (from != NULL) *from = source;
    }
    uint32_t index = (uint32_t)(block->steps.count - 1);
    if (!shareable(step.operation)) return index;
    builder->known[slot] = (plan_known_step){hash, index + 1, builder->region};
    builder->known_count++;
    if (builder->known_count * 2 > builder->known_size && !grow_known(builder)) builder->known_count = 0;
    return index;
}

uint32_t plan_emit(plan_builder *builder, plan_step step)
{
    return plan_emit_from(builder, step, NULL);
}

uint32_t plan_emit_simple(plan_builder *builder, plan_operation operation, uint32_t a, uint32_t b, lang_type type)
{
    return plan_emit(builder, (plan_step){.operation = operation, .a = a, .b = b, .c = PLAN_NO_STEP, .type = type});
}

uint32_t plan_emit_number(plan_builder *builder, int64_t number, lang_type type)
{
    return plan_emit(builder, (plan_step){.operation = PLAN_NUMBER,
                                          .a = PLAN_NO_STEP,
                                          .b = PLAN_NO_STEP,
                                          .c = PLAN_NO_STEP,
                                          .number = number,
                                          .type = type});
}

uint32_t plan_emit_truth(plan_builder *builder, bool truth)
{
    return plan_emit(builder, (plan_step){.operation = PLAN_TRUTH,
                                          .a = PLAN_NO_STEP,
                                          .b = PLAN_NO_STEP,
                                          .c = PLAN_NO_STEP,
                                          .number = truth ? 1 : 2,
                                          .type = PLAN_TYPE(TRUTH)});
}

uint32_t plan_symbol(plan_program *plan, const char *text)
{
    uint32_t id = base_intern_add(&plan->symbol_table, text, strlen(text));
    while (id != BASE_INTERN_NONE && id >= plan->symbols.count) {
        const char **slot = BASE_PUSH(plan->scratch, &plan->symbols);
        if (slot == NULL) return 0;
        *slot = base_intern_text(&plan->symbol_table, (uint32_t)plan->symbols.count - 1);
    }
    return id == BASE_INTERN_NONE ? 0 : id;
}

static uint32_t emit_skip(plan_builder *builder, uint32_t unless)
{
    return plan_emit(
        builder,
        (plan_step){
            .operation = PLAN_SKIP, .a = unless, .b = PLAN_NO_STEP, .c = PLAN_NO_STEP, .type = PLAN_TYPE(TRUTH)});
}

static void land(plan_builder *builder, uint32_t skip)
{
    plan_block *block = plan_block_at(builder->plan, builder->block);
    if (skip < block->steps.count) block->steps.items[skip].number = (int64_t)block->steps.count;
}

static bool has_exceptions(const plan_builder *builder, const lang_clause *clause)
{
    const lang_clause_extras *extras = lang_clause_has(clause);
    for (size_t i = 0; i < extras->foreign.count; i++) {
        if (plan_exception_reaches(extras->foreign.items[i], builder->layer)) return true;
    }
    return clause->exceptions.count > 0;
}

/* fails = not requirement and no exception; for `forbid exists other`, per element. */
uint32_t plan_clause_fails(plan_builder *builder, const lang_clause *clause, uint32_t requirement)
{
    lang_type truth = PLAN_TYPE(TRUTH);
    if (clause->binds && has_exceptions(builder, clause)) {
        uint32_t aggregate = plan_aggregate_for(builder, clause->requirement, clause);
        uint32_t count =
            plan_emit(builder, (plan_step){.operation = PLAN_AGGREGATE,
                                           .a = plan_window_bound(builder, &clause->requirement->as.quantified.window),
                                           .b = PLAN_NO_STEP,
                                           .c = PLAN_NO_STEP,
                                           .number = aggregate,
                                           .type = PLAN_TYPE(COUNT)});
        uint32_t upper = plan_emit_simple(builder, PLAN_UPPER, count, PLAN_NO_STEP, PLAN_TYPE(COUNT));
        uint32_t one = plan_emit_number(builder, 1, PLAN_TYPE(COUNT));
        return plan_compare(builder, LANG_AT_LEAST, (plan_value){count, upper}, (plan_value){one, one});
    }
    uint32_t fails = plan_emit_simple(builder, PLAN_NOT, requirement, PLAN_NO_STEP, truth);
    for (size_t i = 0; i < clause->exceptions.count; i++) {
        uint32_t excuse = plan_truth(builder, clause->exceptions.items[i].condition);
        fails = plan_both(builder, fails, plan_emit_simple(builder, PLAN_NOT, excuse, PLAN_NO_STEP, truth));
    }
    const lang_clause_extras *extras = lang_clause_has(clause);
    for (size_t i = 0; i < extras->foreign.count; i++) {
        if (!plan_exception_reaches(extras->foreign.items[i], builder->layer)) continue;
        uint32_t excuse = plan_exception(builder, extras->foreign.items[i]);
        fails = plan_both(builder, fails, plan_emit_simple(builder, PLAN_NOT, excuse, PLAN_NO_STEP, truth));
    }
    return fails;
}

uint32_t plan_clause_requirement(plan_builder *builder, const lang_clause *clause)
{
    uint32_t requirement = plan_truth(builder, clause->requirement);
    if (!clause->forbid) return requirement;
    return plan_emit_simple(builder, PLAN_NOT, requirement, PLAN_NO_STEP, PLAN_TYPE(TRUTH));
}

static bool dated(const lang_clause *clause)
{
    return clause->dates.from != BASE_DATE_MIN || clause->dates.to != BASE_DATE_MAX ||
           clause->dates.known != BASE_DATE_MIN;
}

/* Clauses of one policy that are judged for the lines of the same policies. */
static bool same_sharers(const plan_clause *a, const plan_clause *b)
{
    return a->policy == b->policy && a->sharers.count == b->sharers.count &&
           (a->sharers.count == 0 ||
            memcmp(a->sharers.items, b->sharers.items, a->sharers.count * sizeof *a->sharers.items) == 0);
}

/* Whether a clause, as the builder's policy has it, is judged in the group at hand. */
static bool in_group(const plan_builder *builder, const lang_clause *clause)
{
    const plan_program *plan = builder->plan;
    uint32_t index =
        plan_map_find(plan, PLAN_MAP_CLAUSE, plan_effective_clause(builder->layer, clause), builder->layer);
    return index < plan->clauses.count && same_sharers(&plan->clauses.items[index], builder->group);
}

static void build_clause(plan_builder *builder, const lang_clause *clause, uint32_t applicable)
{
    if (!in_group(builder, clause)) return;
    uint32_t index = plan_map_find(builder->plan, PLAN_MAP_CLAUSE, clause, builder->layer);
    if (dated(clause)) {
        applicable = plan_both(builder, applicable, plan_on_dates(builder, clause->dates, clause->clock));
    }
    uint32_t before = plan_region_open(builder);
    uint32_t skips[2] = {PLAN_NO_STEP, PLAN_NO_STEP};
    if (dated(clause)) skips[0] = emit_skip(builder, applicable);
    for (size_t i = 0; i < clause->whens.count; i++) {
        applicable = plan_both(builder, applicable, plan_truth(builder, clause->whens.items[i]));
    }
    if (clause->whens.count > 0) skips[1] = emit_skip(builder, applicable);
    uint32_t requirement = plan_clause_requirement(builder, clause);
    uint32_t fails = plan_clause_fails(builder, clause, requirement);
    plan_emit(builder, (plan_step){.operation = PLAN_VERDICT,
                                   .a = applicable,
                                   .b = requirement,
                                   .c = fails,
                                   .number = (int64_t)index,
                                   .type = PLAN_TYPE(TRUTH)});
    for (size_t i = 0; i < 2; i++) {
        if (skips[i] != PLAN_NO_STEP) land(builder, skips[i]);
    }
    plan_region_close(builder, before);
}

static void build_section(plan_builder *builder, const lang_section *section, uint32_t applicable)
{
    bool any = false;
    for (size_t i = 0; i < section->clauses.count && !any; i++) any = in_group(builder, section->clauses.items[i]);
    if (!any) return;
    uint32_t before = plan_region_open(builder), skip = PLAN_NO_STEP;
    for (size_t i = 0; i < section->wheres.count; i++) {
        applicable = plan_both(builder, applicable, plan_truth(builder, section->wheres.items[i]));
    }
    if (section->wheres.count > 0) skip = emit_skip(builder, applicable);
    for (size_t i = 0; i < section->clauses.count; i++) {
        build_clause(builder, plan_effective_clause(builder->layer, section->clauses.items[i]), applicable);
    }
    if (skip != PLAN_NO_STEP) land(builder, skip);
    plan_region_close(builder, before);
}

/* The clauses of one layer of a policy, those of its own text or of a policy that it extends, that are in the group. */
static void build_layer(plan_builder *builder, const lang_file *file, uint32_t applicable)
{
    uint32_t before = plan_region_open(builder);
    if (file != builder->layer)
        applicable = plan_both(builder, applicable, plan_on_dates(builder, file->dates, file->clock));
    uint32_t skip = emit_skip(builder, applicable);
    for (size_t i = 0; i < file->loose.count; i++) {
        build_clause(builder, plan_effective_clause(builder->layer, file->loose.items[i]), applicable);
    }
    for (size_t i = 0; i < file->sections.count; i++) build_section(builder, file->sections.items[i], applicable);
    land(builder, skip);
    plan_region_close(builder, before);
}

/* A policy leaves to those that extend it the lines that are theirs. */
static uint32_t without_layers(plan_builder *builder, const lang_file *file, uint32_t payer)
{
    for (size_t i = 0; i < file->layers.count; i++) {
        const lang_file *layer = file->layers.items[i];
        if (layer->root && !builder->plan->alone) {
            uint32_t theirs = plan_scope(builder, layer);
            uint32_t ours = plan_emit_simple(builder, PLAN_NOT, theirs, PLAN_NO_STEP, PLAN_TYPE(TRUTH));
            payer = plan_both(builder, payer, ours);
        }
        payer = without_layers(builder, layer, payer);
    }
    return payer;
}

/* Whether a line is one of a policy's own. */
static uint32_t own_line(plan_builder *builder, const lang_file *file)
{
    uint32_t payer = without_layers(builder, file, plan_payers(builder, file));
    return plan_both(builder, payer, plan_on_dates(builder, file->dates, file->clock));
}

/* The groups of a layer's clauses, each judged for the lines of its own policies. */
static void build_groups(plan_builder *builder, const lang_file *file, uint32_t own)
{
    plan_program *plan = builder->plan;
    BASE_ARRAY(const plan_clause *) done = {0};
    for (size_t i = 0; i < file->clauses.count; i++) {
        const lang_clause *clause = plan_effective_clause(builder->layer, file->clauses.items[i]);
        uint32_t index = plan_map_find(plan, PLAN_MAP_CLAUSE, clause, builder->layer);
        if (index >= plan->clauses.count) continue;
        const plan_clause *group = &plan->clauses.items[index];
        bool elsewhere = plan->policies.items[group->policy].source != builder->layer, again = false;
        for (size_t k = 0; k < done.count && !again; k++) again = same_sharers(done.items[k], group);
        const plan_clause **slot = elsewhere || again ? NULL : BASE_PUSH(plan->scratch, &done);
        if (slot == NULL) continue;
        *slot = builder->group = group;
        uint32_t applicable = own;
        for (size_t s = 0; s < group->sharers.count; s++) {
            uint32_t theirs = own_line(builder, plan->policies.items[group->sharers.items[s]].source);
            applicable = plan_emit_simple(builder, PLAN_OR, applicable, theirs, PLAN_TYPE(TRUTH));
        }
        build_layer(builder, file, applicable);
    }
}

static void build_policy(plan_program *plan, uint32_t index)
{
    const lang_file *file = plan->policies.items[index].source;
    plan_builder builder;
    if (!plan_builder_init(&builder, plan, file)) return;
    plan->policies.items[index].block = builder.block;
    uint32_t payer = without_layers(&builder, file, plan_payers(&builder, file));
    uint32_t dates = plan_on_dates(&builder, file->dates, file->clock);
    plan_emit(&builder, (plan_step){.operation = PLAN_SCOPE,
                                    .a = payer,
                                    .b = dates,
                                    .c = PLAN_NO_STEP,
                                    .number = index,
                                    .type = PLAN_TYPE(TRUTH)});
    uint32_t own = plan_both(&builder, payer, dates);
    for (const lang_file *layer = file; layer != NULL; layer = layer->base) build_groups(&builder, layer, own);
    plan_builder_done(&builder);
}

/* The clauses that a policy judges itself: its own first, then those of the layers above that it changes. */
static bool list_clauses(plan_program *plan, uint32_t index)
{
    plan_policy *policy = &plan->policies.items[index];
    policy->first_clause = (uint32_t)plan->clauses.count;
    for (const lang_file *file = policy->source; file != NULL; file = file->base) {
        for (size_t i = 0; i < file->clauses.count; i++) {
            const lang_clause *clause = plan_effective_clause(policy->source, file->clauses.items[i]);
            if (plan_home(plan->scratch, clause, policy->source) != policy->source) continue;
            plan_clause *slot = BASE_PUSH(plan->scratch, &plan->clauses);
            if (plan->clauses.count > PLAN_CLAUSE_MOST)
                plan->scratch->failed = true; /* as if there were no more memory */
            if (slot == NULL || plan->scratch->failed) return false;
            *slot = (plan_clause){.source = clause, .policy = index};
            plan_map_add(plan, PLAN_MAP_CLAUSE, clause, policy->source, (uint32_t)(plan->clauses.count - 1));
        }
    }
    policy->clause_count = (uint32_t)plan->clauses.count - policy->first_clause;
    return true;
}

/* And those that a layer above judges for it. */
static bool share_clauses(plan_program *plan, uint32_t index)
{
    const lang_file *policy = plan->policies.items[index].source;
    for (const lang_file *file = policy; file != NULL; file = file->base) {
        for (size_t i = 0; i < file->clauses.count; i++) {
            const lang_clause *clause = plan_effective_clause(policy, file->clauses.items[i]);
            const lang_file *home = plan_home(plan->scratch, clause, policy);
            if (home == policy) continue;
            uint32_t slot = plan_map_find(plan, PLAN_MAP_CLAUSE, plan_effective_clause(home, clause), home);
            uint32_t *sharer =
                slot >= plan->clauses.count ? NULL : BASE_PUSH(plan->arena, &plan->clauses.items[slot].sharers);
            if (sharer == NULL) return false;
            *sharer = index;
            /* Those of one layer come one after the other. */
            plan_policy *judge = &plan->policies.items[plan->clauses.items[slot].policy];
            uint32_t known = judge->sharers.count;
            bool again = known > 0 && judge->sharers.items[known - 1] == index;
            uint32_t *once = again ? &judge->sharers.items[known - 1] : BASE_PUSH(plan->arena, &judge->sharers);
            if (once == NULL) return false;
            *once = index;
            plan_map_add(plan, PLAN_MAP_CLAUSE, clause, policy, slot);
        }
    }
    return true;
}

static void push_step(plan_program *plan, plan_step_list *steps, uint32_t step)
{
    uint32_t *slot = BASE_PUSH(plan->scratch, steps);
    if (slot != NULL) *slot = step;
}

/* What a message shows: the clause's one count, and the values of its holes. */
static void build_message(plan_builder *builder, const lang_clause *source, plan_explanation *explanation)
{
    plan_program *plan = builder->plan;
    const lang_expression *counting = lang_clause_has(source)->counting;
    if (counting != NULL) {
        uint32_t aggregate = plan_aggregate_for(builder, counting, NULL);
        plan_step step = {.operation = PLAN_AGGREGATE, .b = PLAN_NO_STEP, .c = PLAN_NO_STEP, .number = aggregate};
        step.a = plan_window_bound(builder, &counting->as.quantified.window);
        step.type = plan_aggregate_at(plan, aggregate)->type;
        explanation->counting_step = plan_emit_from(builder, step, counting);
    }
    for (size_t i = 0; i < source->pieces.count; i++) {
        const lang_expression *hole = source->pieces.items[i].hole;
        bool counter = hole == NULL || (hole->kind == LANG_PATH && hole->as.path.base == LANG_BASE_COUNT);
        uint32_t step = PLAN_NO_STEP;
        if (!counter) {
            step = plan_number(builder, hole).low;
        }
        push_step(plan, &explanation->hole_steps, step);
    }
}

/* The logic of one clause without skips, and the values of its message's holes. */
static void build_explanation(plan_program *plan, size_t index)
{
    plan_builder builder;
    plan_clause *clause = &plan->clauses.items[index];
    const lang_clause *source = clause->source;
    if (!plan_builder_init(&builder, plan, plan->policies.items[clause->policy].source)) return;
    builder.keeps_sources = true;
    plan_explanation explanation = {.counting_step = PLAN_NO_STEP, .binding_aggregate = PLAN_NO_STEP};
    const lang_section *section = source->section;
    for (size_t i = 0; section != NULL && i < section->wheres.count; i++) {
        push_step(plan, &explanation.when_steps, plan_truth(&builder, section->wheres.items[i]));
    }
    for (size_t i = 0; i < source->whens.count; i++) {
        push_step(plan, &explanation.when_steps, plan_truth(&builder, source->whens.items[i]));
    }
    explanation.requirement_step = plan_clause_requirement(&builder, source);
    if (source->binds) {
        explanation.bound_aggregate = plan_aggregate_for(&builder, source->requirement, NULL);
        explanation.binding_aggregate = plan_aggregate_for(&builder, source->requirement, source);
    }
    for (size_t i = 0; i < source->exceptions.count; i++) {
        push_step(plan, &explanation.exception_steps, plan_truth(&builder, source->exceptions.items[i].condition));
    }
    const lang_clause_extras *extras = lang_clause_has(source);
    for (size_t i = 0; i < extras->foreign.count; i++) {
        if (!plan_exception_reaches(extras->foreign.items[i], builder.layer)) continue;
        push_step(plan, &explanation.exception_steps, plan_exception(&builder, extras->foreign.items[i]));
    }
    build_message(&builder, source, &explanation);
    plan_builder_fold(&builder, &explanation, clause);
}

/* The truth that a clause certainly denies a line, for `is denied by`. */
uint32_t plan_denial_index(plan_program *plan, const lang_clause *clause, const lang_file *layer)
{
    const lang_clause *effective = plan_effective_clause(layer, clause);
    for (size_t i = 0; i < plan->denials.count; i++) {
        if (plan->denials.items[i].clause == effective && plan->denials.items[i].layer == layer) return (uint32_t)i;
    }
    plan_builder builder;
    plan_denial *slot = BASE_PUSH(plan->scratch, &plan->denials);
    if (slot == NULL) return 0;
    uint32_t index = (uint32_t)(plan->denials.count - 1);
    *slot = (plan_denial){.clause = effective, .layer = layer};
    if (!plan_builder_init(&builder, plan, layer)) return index;
    plan->denials.items[index].block = builder.block;
    uint32_t applies = plan_scope(&builder, layer);
    if (effective->file != layer) {
        applies = plan_both(&builder, applies, plan_on_dates(&builder, effective->file->dates, effective->file->clock));
    }
    if (dated(effective)) {
        applies = plan_both(&builder, applies, plan_on_dates(&builder, effective->dates, effective->clock));
    }
    const lang_section *section = effective->section;
    for (size_t i = 0; section != NULL && i < section->wheres.count; i++) {
        applies = plan_both(&builder, applies, plan_truth(&builder, section->wheres.items[i]));
    }
    for (size_t i = 0; i < effective->whens.count; i++) {
        applies = plan_both(&builder, applies, plan_truth(&builder, effective->whens.items[i]));
    }
    uint32_t fails = plan_clause_fails(&builder, effective, plan_clause_requirement(&builder, effective));
    plan_emit(&builder, (plan_step){.operation = PLAN_RETURN,
                                    .a = plan_both(&builder, applies, fails),
                                    .b = PLAN_NO_STEP,
                                    .c = PLAN_NO_STEP,
                                    .type = PLAN_TYPE(TRUTH)});
    plan_builder_done(&builder);
    return index;
}

static void build_waivers(plan_program *plan, uint32_t index)
{
    const lang_clause *source = plan->clauses.items[index].source;
    const lang_file *layer = plan->policies.items[plan->clauses.items[index].policy].source;
    const lang_clause_extras *extras = lang_clause_has(source);
    for (size_t i = 0; i < extras->waivers.count; i++) {
        if (!plan_exception_reaches(extras->waivers.items[i], layer)) continue;
        plan_builder builder;
        plan_waiver *slot = BASE_PUSH(plan->scratch, &plan->waivers);
        if (slot == NULL || !plan_builder_init(&builder, plan, layer)) return;
        *slot = (plan_waiver){extras->waivers.items[i], index, builder.block};
        plan_emit(&builder, (plan_step){.operation = PLAN_RETURN,
                                        .a = plan_exception(&builder, extras->waivers.items[i]),
                                        .b = PLAN_NO_STEP,
                                        .c = PLAN_NO_STEP,
                                        .type = PLAN_TYPE(TRUTH)});
        plan_builder_done(&builder);
    }
}

static bool build_all(plan_program *plan)
{
    plan_symbol(plan, "");
    if (!plan_build_tables(plan)) return false;
    for (size_t i = 0; i < plan->program->files.count; i++) {
        const lang_file *file = plan->program->files.items[i];
        plan_policy *policy = file->is_module || !file->root ? NULL : BASE_PUSH(plan->scratch, &plan->policies);
        if (policy == NULL) continue;
        *policy = (plan_policy){.source = file};
        plan->names_plans |= lang_naming_plans(file) != NULL;
        plan->names_products |= lang_naming_products(file) != NULL;
    }
    uint32_t policies = (uint32_t)plan->policies.count;
    for (uint32_t i = 0; i < policies; i++) {
        if (!list_clauses(plan, i)) return false;
    }
    for (uint32_t i = 0; i < policies; i++) {
        if (!share_clauses(plan, i)) return false;
    }
    for (uint32_t i = 0; i < policies; i++) build_policy(plan, i);
    if (plan->scratch->failed || plan->arena->failed) return false;
    for (size_t i = 0; i < plan->clauses.count; i++) build_explanation(plan, i);
    for (size_t i = 0; i < plan->clauses.count; i++) build_waivers(plan, (uint32_t)i);
    return plan_build_measures(plan);
}

/* Moves what grew in the scratch memory to where it stays. */
static void settle(plan_program *plan)
{
    BASE_SETTLE(plan->arena, &plan->blocks);
    BASE_SETTLE(plan->arena, &plan->policies);
    BASE_SETTLE(plan->arena, &plan->clauses);
    BASE_SETTLE(plan->arena, &plan->symbols);
    BASE_SETTLE(plan->arena, &plan->lists);
    BASE_SETTLE(plan->arena, &plan->sets);
    BASE_SETTLE(plan->arena, &plan->parameters);
    BASE_SETTLE(plan->arena, &plan->tables);
    BASE_SETTLE(plan->arena, &plan->aggregates);
    BASE_SETTLE(plan->arena, &plan->denials);
    BASE_SETTLE(plan->arena, &plan->waivers);
    BASE_SETTLE(plan->arena, &plan->measures);
    plan->longest = 1;
    for (size_t i = 0; i < plan->blocks.count; i++) {
        size_t steps = plan->blocks.items[i].steps.count;
        if (steps > plan->longest) plan->longest = steps;
    }
    plan->map = NULL;
    plan->spare = NULL;
}

static bool same_payer(const lang_file *a, const lang_file *b)
{
    a = lang_naming_payers(a);
    b = lang_naming_payers(b);
    if (a == NULL || b == NULL) return a == b; /* a test's line has a payer of its own unless its policy names one */
    for (size_t i = 0; i < a->payers.count; i++) {
        for (size_t k = 0; k < b->payers.count; k++) {
            if (strcmp(a->payers.items[i].text, b->payers.items[k].text) == 0) return true;
        }
    }
    return false;
}

bool plan_takes_over(const lang_program *program)
{
    for (size_t i = 0; i < program->files.count; i++) {
        const lang_file *layer = program->files.items[i];
        for (const lang_file *above = layer->base; layer->root && above != NULL; above = above->base) {
            if (above->root && same_payer(layer, above)) return true;
        }
    }
    return false;
}

static plan_program *build(base_arena *arena, const lang_program *program, bool alone)
{
    plan_program *plan = base_arena_alloc(arena, sizeof *plan);
    if (plan == NULL || !base_intern_init(&plan->symbol_table, arena)) return NULL;
    base_arena scratch;
    base_arena_init(&scratch, &arena->allocator);
    plan->arena = arena;
    plan->scratch = &scratch;
    plan->program = program;
    plan->alone = alone;
    bool built = plan_unfolded_init(plan) && build_all(plan);
    if (built) settle(plan);
    bool failed = scratch.failed;
    base_arena_release(&scratch);
    plan->scratch = NULL;
    if (failed) arena->failed = true;
    return built && !arena->failed ? plan : NULL;
}

plan_program *plan_build(base_arena *arena, const lang_program *program)
{
    return build(arena, program, false);
}

plan_program *plan_build_alone(base_arena *arena, const lang_program *program)
{
    return build(arena, program, true);
}
