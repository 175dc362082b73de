/* Explanations of clauses are kept as bytes until one is asked for, and are then what the plan's builder made. */
#include "tests/suites/support.h"

#include "compiler/plan/build.h"
#include "runtime/handles.h"

#include <pthread.h>

#define CLAUSE(name, body)                                                                                             \
    "clause " name "\n  cite \"1\"\n" body "  deny CO-97 as coding \"it is {units} and {date}\"\n\n"

/* Numbers of both signs and of many bytes, days before 1970, look-ups, exceptions of its own and of others, bound elements and counts. */
static const char policy[] =
    "policy folded\n  title \"Folded\"\n  payer \"K\"\n  effective 2020-01-01\n\n"
    "table way (procedure, pos) gives (most: quantity)\n  | procedure    | pos | most |\n  | 90000..90900 | 11  | 2    "
    "|\n\n"
    "section \"Lines\"\n  for each line\n  let allowed = way(procedure, pos)\n\n" CLAUSE(
        "small", "  when charge > $80\n  require units <= 1\n  unless pos = 22\n    as waived\n    cite \"2\"\n")
        CLAUSE("large", "  require charge <= $99999999.99\n") CLAUSE("old",
                                                                     "  require patient.birth_date > 1899-12-31\n")
            CLAUSE("asks", "  when allowed is found\n  require units <= allowed.most\n") CLAUSE(
                "minus",
                "  require units - 7 >= -6\n") "clause bound\n  cite \"1\"\n"
                                               "  forbid exists other in claim.lines where other.procedure = 90837\n"
                                               "  deny CO-97 as coding \"beside {other.procedure}\"\n\n"
                                               "clause counted\n  cite \"1\"\n  require at most 1 of history on the "
                                               "same day where pos = 11\n"
                                               "  deny CO-97 as coding \"there are {count}\"\n\n"
                                               "exception elsewhere to small, large\n  cite \"3\"\n  when procedure = "
                                               "90838\n";

static const char lines[] = "claim_id,member_id,payer,line,date,procedure,pos,units,charge,birth_date\n"
                            "A,M,K,1,2024-05-01,90853,11,3,90.00,1980-01-01\n"
                            "A,M,K,2,2024-05-01,90837,11,1,90.00,1980-01-01\n"
                            "B,N,K,1,2024-05-01,90853,11,1,90.00,1890-01-01\n";

static size_t unfolded(const adj_policies *policies)
{
    size_t count = 0;
    const plan_program *plan = policies->plan;
    for (size_t i = 0; i < plan->clauses.count; i++) {
        const plan_clause *clause = &plan->clauses.items[i];
        bool made = clause->explanation != NULL;
        cr_expect_eq(made, plan->blocks.items[clause->explain_block].steps.items != NULL);
        count += made;
    }
    return count;
}

Test(folded, explanations_are_made_of_clauses_that_are_explained)
{
    adj_policies *policies = support_policies(policy);
    adj_encounters *encounters = support_lines(policies, lines);
    adj_results *results;
    cr_assert_eq(adj_evaluate(policies, encounters, NULL, &results), ADJ_OK);
    cr_expect_eq(unfolded(policies), 0u);
    adj_explanation *explanation;
    cr_assert_eq(adj_results_explain(results, 2, &explanation), ADJ_OK);
    cr_assert_eq(adj_explanation_count(explanation), 2u);
    cr_expect_str_eq(adj_explanation_finding(explanation, 0)->clause, "old");
    cr_expect_str_eq(adj_explanation_finding(explanation, 0)->message, "it is 1 and 2024-05-01");
    cr_expect_str_eq(adj_explanation_finding(explanation, 1)->message, "there are at least 1");
    adj_explanation_free(explanation);
    cr_expect_eq(unfolded(policies), 2u);
    cr_assert_eq(adj_results_explain(results, 0, &explanation), ADJ_OK);
    static const char *const said[] = {"asks", "bound", "counted", "small"};
    static const char *const messages[] = {"it is 3 and 2024-05-01", "beside 90837", "there are at least 2",
                                           "it is 3 and 2024-05-01"};
    cr_expect_eq(adj_explanation_count(explanation), 4u, "%zu", adj_explanation_count(explanation));
    for (size_t i = 0; i < adj_explanation_count(explanation) && i < 4; i++) {
        const adj_finding *f = adj_explanation_finding(explanation, i);
        cr_expect_str_eq(f->clause, said[i]);
        cr_expect_str_eq(f->message, messages[i]);
        cr_expect_eq(f->exception_count, (size_t)(strcmp(f->clause, "small") == 0 ? 2 : 0), "%s: %zu", f->clause,
                     f->exception_count);
    }
    adj_explanation_free(explanation);
    cr_expect_eq(unfolded(policies), 5u);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
}

/* Bytes of steps that a builder is given are those steps again. */
Test(folded, steps_are_what_they_were)
{
    adj_policies *policies = support_policies(policy);
    plan_program *plan = (plan_program *)(uintptr_t)policies->plan;
    base_arena arena;
    base_arena_init(&arena, NULL);
    base_arena *before = plan->arena;
    plan->scratch = &arena;
    plan->arena = &arena;
    plan->spare = NULL;
    struct plan_unfolded *kept = plan->unfolded;
    cr_assert(plan_unfolded_init(plan));
    plan_builder builder;
    static const int64_t numbers[] = {0, 1, -1, 63, 64, -64, -65, INT64_MAX, INT64_MIN, 1 << 20};
    enum { COUNT = sizeof numbers / sizeof *numbers };
    plan_clause clause = plan->clauses.items[0];
    uint32_t blocks = plan->blocks.count;
    plan->blocks.items = memcpy(base_arena_alloc(&arena, (blocks + 1) * sizeof(plan_block)), plan->blocks.items,
                                blocks * sizeof(plan_block));
    plan->blocks.capacity = blocks + 1;
    cr_assert(plan_builder_init(&builder, plan, NULL));
    builder.keeps_sources = true;
    plan_step made[COUNT];
    const lang_expression *sources[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        made[i] = (plan_step){.operation = PLAN_ADD,
                              .a = i == 0 ? PLAN_NO_STEP : i - 1,
                              .b = i % 3 == 0 ? PLAN_NO_STEP : i / 2,
                              .c = i % 4 == 0 ? 1000000 + i : PLAN_NO_STEP, /* further on, as places of arguments are */
                              .detail = i % 2 == 0 ? 0 : UINT32_MAX - i,
                              .number = numbers[i],
                              .type = {.kind = (lang_type_kind)(i % 9),
                                       .detail = i % 2 == 0 ? 0 : (uint16_t)(65535 - i),
                                       .list = i % 2 == 1,
                                       .optional = i % 3 == 1}};
        sources[i] = i % 5 == 0 ? NULL : (const lang_expression *)(uintptr_t)(8 * (i + 1));
        cr_assert_eq(plan_emit_from(&builder, made[i], sources[i]), i);
    }
    uint32_t when[] = {0, 300, PLAN_NO_STEP};
    plan_explanation e = {
        .when_steps = {when, 3, 3}, .requirement_step = 9, .counting_step = PLAN_NO_STEP, .bound_aggregate = 4};
    plan_builder_fold(&builder, &e, &clause);
    plan_block block;
    const plan_explanation *again = plan_unfold(&arena, plan, &clause, &block);
    cr_assert_not_null(again);
    cr_assert_eq(block.steps.count, (uint32_t)COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        const plan_step *step = &block.steps.items[i];
        cr_expect(step->operation == made[i].operation && step->a == made[i].a && step->b == made[i].b &&
                      step->c == made[i].c && step->detail == made[i].detail && step->number == made[i].number &&
                      again->sources[i] == sources[i] && lang_type_same(step->type, made[i].type) &&
                      step->type.optional == made[i].type.optional,
                  "step %zu", i);
    }
    cr_assert_eq(again->when_steps.count, 3u);
    cr_expect_arr_eq(again->when_steps.items, when, sizeof when);
    cr_expect(again->requirement_step == 9 && again->counting_step == PLAN_NO_STEP && again->bound_aggregate == 4 &&
              again->binding_aggregate == 0);
    plan_release(plan);
    plan->unfolded = kept;
    plan->arena = before;
    base_arena_release(&arena);
    adj_policies_free(policies);
}

/* Threads that ask for the same at once get the same. */
typedef struct asking {
    const adj_policies *policies;
    const plan_explanation *got[16];
} asking;

static void *ask(void *state)
{
    asking *a = state;
    const plan_program *plan = a->policies->plan;
    for (size_t i = 0; i < plan->clauses.count && i < 16; i++)
        a->got[i] = plan_explanation_of(plan, &plan->clauses.items[i]);
    return NULL;
}

Test(folded, threads_that_ask_at_once_get_the_same)
{
    for (int round = 0; round < 20; round++) {
        adj_policies *policies = support_policies(policy);
        asking a[3] = {{.policies = policies}, {.policies = policies}, {.policies = policies}};
        pthread_t threads[3];
        for (size_t i = 0; i < 3; i++) cr_assert_eq(pthread_create(&threads[i], NULL, ask, &a[i]), 0);
        for (size_t i = 0; i < 3; i++) pthread_join(threads[i], NULL);
        cr_expect_eq(unfolded(policies), 7u);
        for (size_t i = 0; i < 7; i++) {
            cr_expect_not_null(a[0].got[i]);
            cr_expect(a[0].got[i] == a[1].got[i] && a[1].got[i] == a[2].got[i]);
        }
        adj_policies_free(policies);
    }
}
