/* Which days a history window is of: docs/language.md, rules W1 to W18, to the day. */
#include "runtime/sweep.h"

static int64_t first_of_month(int64_t date, int months_in_period)
{
    base_civil civil = base_date_civil((base_date)date);
    int month = (civil.month - 1) / months_in_period * months_in_period + 1;
    return base_date_make(civil.year, month, 1);
}

/* The benefit year begins on the coverage's own day and month, else on 1 January. */
static int64_t benefit_year_start(const run_context *context, uint32_t line, int64_t date)
{
    const run_store *store = context->binding->store;
    if (run_store_present(store, LANG_FIELD_line_coverage, line)) {
        uint32_t coverage = (uint32_t)run_store_bits(store, LANG_FIELD_line_coverage, line);
        if (run_store_present(store, LANG_FIELD_coverage_benefit_year_start, coverage)) {
            base_date start = (base_date)run_store_bits(store, LANG_FIELD_coverage_benefit_year_start, coverage);
            int years = base_date_civil((base_date)date).year - base_date_civil(start).year;
            base_date begin = base_date_add_months(start, (int64_t)years * 12);
            return begin <= date ? begin : base_date_add_months(start, (int64_t)(years - 1) * 12);
        }
    }
    return first_of_month(date, 12);
}

/* The fiscal year that holds a day. */
static int64_t fiscal_year_start(const lang_window *window, int64_t date)
{
    int year = base_date_civil((base_date)date).year;
    int64_t begin = base_date_make(year, window->month, window->day);
    return begin <= date ? begin : base_date_make(year - 1, window->month, window->day);
}

static void whole_days(const plan_aggregate *aggregate, int64_t date, run_window *window)
{
    window->cut = false;
    switch (aggregate->window.kind) {
    case LANG_WINDOW_SAME_WEEK:
        window->from = date - (base_date_weekday((base_date)date) - aggregate->window.weekday + 7) % 7;
        window->to = window->from + 6;
        break;
    case LANG_WINDOW_SAME_MONTH:
        window->from = first_of_month(date, 1);
        window->to = run_add_months(window->from, 1) - 1;
        break;
    case LANG_WINDOW_SAME_QUARTER:
        window->from = first_of_month(date, 3);
        window->to = run_add_months(window->from, 3) - 1;
        break;
    case LANG_WINDOW_SAME_YEAR:
        window->from = first_of_month(date, 12);
        window->to = run_add_months(window->from, 12) - 1;
        break;
    default: window->from = date; break;
    }
}

static void set_days(const run_context *context, const plan_aggregate *aggregate, uint32_t line, int64_t date,
                     int64_t bound, run_window *window)
{
    window->from = BASE_DATE_MIN;
    window->to = date;
    window->cut = true;
    switch (aggregate->window.kind) {
    case LANG_WINDOW_LIFETIME: break;
    case LANG_WINDOW_LAST_DAYS: window->from = date - aggregate->window.length + 1; break;
    case LANG_WINDOW_LAST_MONTHS: window->from = run_add_months(date, -aggregate->window.length) + 1; break;
    case LANG_WINDOW_WITHIN_DAYS:
    case LANG_WINDOW_PERIOD_DAYS: window->from = date - aggregate->window.length; break;
    case LANG_WINDOW_WITHIN_MONTHS:
    case LANG_WINDOW_PERIOD_MONTHS: window->from = run_add_months(date, -aggregate->window.length); break;
    case LANG_WINDOW_BENEFIT_YEAR: window->from = benefit_year_start(context, line, date); break;
    case LANG_WINDOW_FISCAL_YEAR: window->from = fiscal_year_start(&aggregate->window, date); break;
    case LANG_WINDOW_SINCE: window->from = bound; break;
    case LANG_WINDOW_DURING:
        window->from = run_span_from(bound);
        if (run_span_to(bound) < date) window->to = run_span_to(bound);
        break;
    case LANG_WINDOW_NEXT_DAYS:
    case LANG_WINDOW_NEXT_MONTHS:
        window->from = date;
        window->to = aggregate->window.kind == LANG_WINDOW_NEXT_DAYS
                         ? date + aggregate->window.length - 1
                         : run_add_months(date, aggregate->window.length) - 1;
        window->cut = false;
        window->forward = true;
        break;
    default: whole_days(aggregate, date, window); break;
    }
    /* Without a window, a claim's or a session's lines are all of them. */
    if (!aggregate->window.given && aggregate->collection != LANG_COLLECTION_HISTORY) {
        window->to = BASE_DATE_MAX;
        window->cut = false;
    }
    if (aggregate->window.whole) {
        window->to = run_add_months(window->from, 12) - 1;
        window->cut = false;
    }
    if (aggregate->window.cut != LANG_CUT_NONE) window->cut = true;
}

void run_find_window(const run_context *context, const plan_aggregate *aggregate, uint32_t line, int64_t bound,
                     uint8_t bound_state, run_window *window)
{
    const run_store *store = context->binding->store;
    bool bounded = aggregate->window.bound != NULL;
    window->before = aggregate->window.cut == LANG_CUT_EARLIER;
    window->forward = window->cut = false;
    window->from = window->to = 0;
    window->known = run_store_present(store, LANG_FIELD_line_date, line) && (!bounded || bound_state == RUN_PRESENT);
    if (window->known)
        set_days(context, aggregate, line, run_store_bits(store, LANG_FIELD_line_date, line), bound, window);
}

run_truth run_line_in_window(const run_context *context, const run_window *window, uint32_t line, uint32_t element)
{
    const run_store *store = context->binding->store;
    if (element == line) {
        if (window->before) return RUN_FALSE;
        return window->known && run_store_bits(store, LANG_FIELD_line_date, line) > window->to     ? RUN_FALSE
               : window->known && run_store_bits(store, LANG_FIELD_line_date, line) < window->from ? RUN_FALSE
                                                                                                   : RUN_TRUE;
    }
    if (!window->known || !run_store_present(store, LANG_FIELD_line_date, element)) return RUN_NEITHER;
    int64_t date = run_store_bits(store, LANG_FIELD_line_date, element);
    if (date < window->from || date > window->to) return RUN_FALSE;
    if (window->cut && store->position[element] > store->position[line]) return RUN_FALSE;
    if (window->forward && store->position[element] < store->position[line]) return RUN_FALSE;
    return RUN_TRUE;
}
