/* Calendar arithmetic. */
#include "base/date.h"

static bool leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && leap(year) ? 29 : days[month - 1];
}

bool base_date_valid(int year, int month, int day)
{
    return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= days_in_month(year, month);
}

base_date base_date_make(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year;
    int era = (y >= 0 ? y : y - 399) / 400;
    int year_of_era = y - era * 400;
    int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

base_civil base_date_civil(base_date date)
{
    int z = date + 719468;
    int era = (z >= 0 ? z : z - 146096) / 146097;
    int day_of_era = z - era * 146097;
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted = (5 * day_of_year + 2) / 153;
    base_civil civil;
    civil.day = day_of_year - (153 * shifted + 2) / 5 + 1;
    civil.month = shifted < 10 ? shifted + 3 : shifted - 9;
    civil.year = year_of_era + era * 400 + (civil.month <= 2 ? 1 : 0);
    return civil;
}

base_date base_date_add_months(base_date date, int64_t months)
{
    base_civil civil = base_date_civil(date);
    if (months > 120000) return BASE_DATE_MAX;
    if (months < -120000) return BASE_DATE_MIN;
    int64_t total = (int64_t)civil.year * 12 + civil.month - 1 + months;
    if (total < 12) return BASE_DATE_MIN;
    int year = (int)(total / 12), month = (int)(total % 12) + 1;
    if (year > 9999) return BASE_DATE_MAX;
    int last = days_in_month(year, month);
    return base_date_make(year, month, civil.day < last ? civil.day : last);
}

int base_date_weekday(base_date date)
{
    int day = (date + 4) % 7; /* 1970-01-01 was a Thursday */
    return day < 0 ? day + 7 : day;
}

int base_date_age(base_date birth, base_date date)
{
    base_civil b = base_date_civil(birth), d = base_date_civil(date);
    int age = d.year - b.year;
    if (d.month < b.month || (d.month == b.month && d.day < b.day)) age--;
    return age;
}

static bool read_number(const char *text, size_t length, int *number)
{
    int value = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        value = value * 10 + (text[i] - '0');
    }
    *number = value;
    return true;
}

bool base_date_read(const char *text, size_t length, bool compact, base_date *date)
{
    int year, month, day;
    size_t gap = compact ? 0 : 1;
    if (length != 8 + 2 * gap) return false;
    if (!compact && (text[4] != '-' || text[7] != '-')) return false;
    if (!read_number(text, 4, &year) || !read_number(text + 4 + gap, 2, &month) ||
        !read_number(text + 6 + 2 * gap, 2, &day))
        return false;
    if (!base_date_valid(year, month, day)) return false;
    *date = base_date_make(year, month, day);
    return true;
}

void base_date_write(base_date date, char buffer[16])
{
    base_civil civil = base_date_civil(date);
    unsigned year = (unsigned)civil.year % 10000, month = (unsigned)civil.month, day = (unsigned)civil.day;
    const unsigned digits[10] = {year / 1000, year / 100 % 10, year / 10 % 10, year % 10, 0, month / 10, month % 10,
                                 0,           day / 10,        day % 10};
    for (size_t i = 0; i < 10; i++) buffer[i] = (char)('0' + digits[i]);
    buffer[4] = buffer[7] = '-';
    buffer[10] = '\0';
}
