/* Calendar dates as days since 1970-01-01, proleptic Gregorian, from year 1 to 9999.
 * The day-count algorithm is Howard Hinnant's "chrono-compatible low-level date algorithms". */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int32_t base_date;

typedef struct base_civil {
    int year;
    int month; /* 1 to 12 */
    int day;   /* 1 to 31 */
} base_civil;

enum { BASE_DATE_MIN = -719162, BASE_DATE_MAX = 2932896 }; /* 0001-01-01 and 9999-12-31 */

bool base_date_valid(int year, int month, int day);
base_date base_date_make(int year, int month, int day);
base_civil base_date_civil(base_date date);

/* Adds months, positive or negative; a day that the target month lacks becomes its last day. Clamps to the range. */
base_date base_date_add_months(base_date date, int64_t months);

/* 0 for Sunday to 6 for Saturday. */
int base_date_weekday(base_date date);

/* Completed years from birth to `date`; someone born on 29 February is a year older on 1 March of a common year. */
int base_date_age(base_date birth, base_date date);

/* Reads YYYY-MM-DD (exactly) or, with `compact`, YYYYMMDD. False if it is not a date that exists. */
bool base_date_read(const char *text, size_t length, bool compact, base_date *date);

/* Writes YYYY-MM-DD and a NUL into `buffer`. */
void base_date_write(base_date date, char buffer[16]);

#endif
