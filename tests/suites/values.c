/* Numbers, amounts, times and identifiers as texts. */
#include "readers/encounters.h"

#include <criterion/criterion.h>
#include <string.h>

static bool cents(const char *text, int64_t *value)
{
    return read_cents(text, strlen(text), value);
}

Test(values, amounts_are_exact)
{
    int64_t value;
    cr_assert(cents("37866.24", &value));
    cr_expect_eq(value, 3786624);
    cr_assert(cents("40", &value));
    cr_expect_eq(value, 4000);
    cr_assert(cents("-12.5", &value));
    cr_expect_eq(value, -1250);
    cr_assert(cents("12.500", &value));
    cr_expect_eq(value, 1250);
    cr_assert(cents(".5", &value));
    cr_expect_eq(value, 50);
    static const char *const wrong[] = {"", ".", "12.345", "1,000", "12a", "1.2.3", "-", "999999999999999999999", " 1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_not(cents(wrong[i], &value), "`%s` was read", wrong[i]);
}

Test(values, check_digits_of_providers)
{
    cr_expect(lang_npi_valid("1234567893", 10));
    cr_expect_not(lang_npi_valid("1234567890", 10));
    cr_expect_not(lang_npi_valid("3234567893", 10));
    cr_expect_not(lang_npi_valid("123456789", 9));
    cr_expect_not(lang_npi_valid("12345A7893", 10));
}

Test(values, clocks)
{
    int64_t minutes;
    cr_assert(read_clock("23:59", 5, &minutes));
    cr_expect_eq(minutes, 1439);
    cr_expect_not(read_clock("24:00", 5, &minutes));
    cr_expect_not(read_clock("9:00", 4, &minutes));
    cr_expect_not(read_clock("+1:00", 5, &minutes) && minutes < 0);
}
