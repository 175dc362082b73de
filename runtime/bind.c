/* Binding a plan to a store: constants become ids, and what a policy asks of a code is worked out once per code. */
#include "runtime/context.h"

#include <string.h>

static bool bind_symbols(run_binding *binding)
{
    const plan_program *plan = binding->plan;
    binding->symbols = base_arena_alloc_raw(binding->arena, (plan->symbols.count + 1) * sizeof(int64_t));
    if (binding->symbols == NULL) return false;
    for (size_t i = 0; i < plan->symbols.count; i++) {
        /* Their ids are places in `symbols`. */
        uint32_t id = base_intern_find_entry(&binding->store->symbols, &plan->symbol_table.entries.items[i]);
        /* Constants that no encounter holds stay distinct from every id and from each other. */
        binding->symbols[i] = id != BASE_INTERN_NONE ? (int64_t)id : RUN_FOREIGN_SYMBOLS + (int64_t)i;
    }
    return true;
}

static bool bind_lists(run_binding *binding)
{
    const plan_program *plan = binding->plan;
    size_t total = 1;
    for (size_t i = 0; i < plan->lists.count; i++) total += plan->lists.items[i].count;
    binding->list_pool = base_arena_alloc(binding->arena, total * sizeof(uint32_t));
    binding->lists = base_arena_alloc(binding->arena, (plan->lists.count + 1) * sizeof(int64_t));
    if (binding->list_pool == NULL || binding->lists == NULL) return false;
    size_t used = 0;
    for (size_t i = 0; i < plan->lists.count; i++) {
        const plan_symbols *list = &plan->lists.items[i];
        binding->lists[i] = run_list_pack(used, list->count) | RUN_LIST_CONSTANT;
        for (size_t k = 0; k < list->count; k++)
            binding->list_pool[used++] = (uint32_t)binding->symbols[list->items[k]];
    }
    return true;
}

/* The numbers of codes that lines may have; from the store, where it has them for these systems or can keep them. */
static bool number_codes(run_binding *binding)
{
    const plan_program *plan = binding->plan;
    size_t systems = (size_t)lang_schema_system_count(plan->program->schema);
    bool *asked = base_arena_alloc(binding->arena, systems + 1);
    if (asked == NULL) return false;
    for (size_t s = 0; s < plan->sets.count; s++) {
        if ((size_t)plan->sets.items[s]->system < systems) asked[plan->sets.items[s]->system] = true;
    }
    /* What a table says of a code is kept by that number, too. */
    for (size_t t = 0; t < plan->tables.count; t++) {
        const lang_table *table = plan->tables.items[t].source;
        for (size_t i = 0; i < table->inputs.count; i++) {
            lang_type type = table->inputs.items[i].type;
            if (type.kind == LANG_TYPE_CODE && (size_t)type.detail < systems) asked[type.detail] = true;
        }
    }
    const run_numbers *numbers = run_store_numbers(binding->store, binding->arena, asked, systems);
    if (numbers == NULL) return false;
    binding->code_numbers = numbers->numbers;
    binding->code_count = numbers->count;
    binding->code_limit = numbers->symbols;
    return true;
}

static bool bind_sets(run_binding *binding)
{
    const plan_program *plan = binding->plan;
    binding->set_members = base_arena_alloc(binding->arena, (plan->sets.count + 1) * sizeof(uint8_t *));
    if (binding->set_members == NULL || !number_codes(binding)) return false;
    size_t cells = (size_t)binding->code_count + 1;
    uint8_t *members = base_arena_alloc(binding->arena, plan->sets.count * cells + 1);
    if (members == NULL) return false;
    for (size_t s = 0; s < plan->sets.count; s++) binding->set_members[s] = members + s * cells;
    return true;
}

uint8_t run_classify(const run_binding *binding, uint32_t set, int64_t code)
{
    const lang_code_set *source = binding->plan->sets.items[set];
    const char *text = run_symbol_text(binding, code);
    if (text == NULL) return RUN_MEMBER_NO;
    if (lang_code_set_dated(source, text)) return RUN_MEMBER_DATED;
    return lang_code_set_holds(source, text, 0, binding->as_of) ? RUN_MEMBER_YES : RUN_MEMBER_NO;
}

/* A store that was filled without the policies' schema lacks the site's columns: nobody told us what is in them. */
static bool bind_columns(run_binding *binding)
{
    const run_store *store = binding->store;
    const lang_schema *schema = binding->plan->program->schema;
    binding->columns = store->columns;
    if (store->schema == schema || lang_schema_field_count(schema) == LANG_FIELD_COUNT) return true;
    size_t count = (size_t)lang_schema_field_count(schema);
    run_column *columns = base_arena_alloc(binding->arena, count * sizeof *columns);
    if (columns == NULL) return false;
    memcpy(columns, store->columns, LANG_FIELD_COUNT * sizeof *columns);
    for (size_t f = LANG_FIELD_COUNT; f < count; f++) {
        lang_record record = lang_schema_field(schema, (lang_field)f)->record;
        size_t rows = (int)record < LANG_RECORD_COUNT ? store->counts[record] + store->guests : 0;
        columns[f].narrow = run_is_narrow(lang_schema_field(schema, (lang_field)f)->type);
        columns[f].values = base_arena_alloc(binding->arena, (rows + 1) * run_column_width(&columns[f]));
        columns[f].states = base_arena_alloc(binding->arena, rows + 1 + RUN_STATES_BEYOND);
        if (columns[f].values == NULL || columns[f].states == NULL) return false;
    }
    binding->columns = columns;
    return true;
}

bool run_bind(run_binding *binding, base_arena *arena, const plan_program *plan, const run_store *store)
{
    *binding = (run_binding){.arena = arena, .plan = plan, .store = store};
    binding->as_of = store->as_of_given ? store->as_of : BASE_DATE_MAX;
    return bind_columns(binding) && bind_symbols(binding) && bind_lists(binding) && bind_sets(binding) &&
           run_bind_tables(binding) && run_bind_dispatch(binding);
}

bool run_context_init(run_context *context, base_arena *arena, const run_binding *binding, const run_machine_code *code)
{
    *context = (run_context){.columns = binding->columns, .binding = binding, .code = code, .arena = arena};
    size_t longest = context->block_room = binding->plan->longest;
    /* A block, an element block in it, and one more for exceptions that count; and the same for each clause that a clause
     * may ask about. */
    context->depth_limit = 3 * ((int)binding->plan->denials.count + 1);
    context->values = base_arena_alloc(arena, (size_t)context->depth_limit * sizeof *context->values);
    context->policies = base_arena_alloc(arena, (binding->plan->policies.count + 1) * sizeof *context->policies);
    if (context->values == NULL || context->policies == NULL) return false;
    for (int depth = 0; depth < 3; depth++) {
        context->values[depth] = base_arena_alloc(arena, longest * sizeof(run_value));
        if (context->values[depth] == NULL) return false;
    }
    return true;
}
