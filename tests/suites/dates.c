/* Calendar arithmetic: leap years, month ends, ages, weekdays. */
#include "base/date.h"

#include <criterion/criterion.h>
#include <string.h>

static base_date day(const char *text)
{
    base_date date = 0;
    cr_assert(base_date_read(text, strlen(text), false, &date), "%s is not read", text);
    return date;
}

Test(dates, every_day_of_four_centuries_comes_back)
{
    for (base_date date = base_date_make(1800, 1, 1); date < base_date_make(2200, 1, 1); date++) {
        base_civil civil = base_date_civil(date);
        cr_assert(base_date_valid(civil.year, civil.month, civil.day));
        cr_assert_eq(base_date_make(civil.year, civil.month, civil.day), date);
    }
}

Test(dates, days_that_do_not_exist_are_refused)
{
    base_date date;
    static const char *const wrong[] = {"2023-02-29", "1900-02-29", "2024-04-31", "2024-13-01",
                                        "2024-00-10", "0000-01-01", "2024-1-01",  "20240101"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect_not(base_date_read(wrong[i], strlen(wrong[i]), false, &date), "%s was read", wrong[i]);
    }
    cr_expect(base_date_read("20240229", 8, true, &date));
    cr_expect_not(base_date_read("20230229", 8, true, &date));
}

Test(dates, months_are_clamped_at_their_ends)
{
    cr_expect_eq(base_date_add_months(day("2026-03-31"), -1), day("2026-02-28"));
    cr_expect_eq(base_date_add_months(day("2024-01-31"), 1), day("2024-02-29"));
    cr_expect_eq(base_date_add_months(day("2024-02-29"), 12), day("2025-02-28"));
    cr_expect_eq(base_date_add_months(day("2026-08-31"), -6), day("2026-02-28"));
    cr_expect_eq(base_date_add_months(day("2026-01-15"), -13), day("2024-12-15"));
}

Test(dates, ages_are_completed_years)
{
    cr_expect_eq(base_date_age(day("2008-02-29"), day("2026-02-28")), 17);
    cr_expect_eq(base_date_age(day("2008-02-29"), day("2026-03-01")), 18);
    cr_expect_eq(base_date_age(day("2008-05-01"), day("2026-05-01")), 18);
    cr_expect_eq(base_date_age(day("2008-05-02"), day("2026-05-01")), 17);
}

Test(dates, weekdays)
{
    cr_expect_eq(base_date_weekday(day("1970-01-01")), 4);
    cr_expect_eq(base_date_weekday(day("2026-11-22")), 0);
    cr_expect_eq(base_date_weekday(day("1969-12-28")), 0);
}
