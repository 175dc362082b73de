/* Numbers, amounts and times as texts; exact, never rounded, never guessed. */
#include "readers/encounters.h"

#include <string.h>

/* Digits with at most `places` decimals, as a whole number of the last place. */
static bool fixed(const char *text, size_t length, int places, int64_t *value)
{
    size_t at = 0;
    bool negative = length > 0 && text[0] == '-';
    if (negative || (length > 0 && text[0] == '+')) at++;
    int64_t total = 0;
    int decimals = -1;
    size_t digits = 0;
    for (; at < length; at++) {
        if (text[at] == '.' && decimals < 0) {
            decimals = 0;
            continue;
        }
        if (text[at] < '0' || text[at] > '9') return false;
        digits++;
        if (decimals >= places) {
            if (text[at] != '0') return false;
            continue;
        }
        if (total > INT64_C(90000000000000)) return false;
        total = total * 10 + (text[at] - '0');
        if (decimals >= 0) decimals++;
    }
    if (digits == 0) return false;
    for (int i = decimals < 0 ? 0 : decimals; i < places; i++) total *= 10;
    *value = negative ? -total : total;
    return true;
}

bool read_thousandths(const char *text, size_t length, int64_t *value)
{
    return fixed(text, length, 3, value);
}

bool read_cents(const char *text, size_t length, int64_t *value)
{
    return fixed(text, length, 2, value);
}

bool read_whole(const char *text, size_t length, int64_t *value)
{
    return memchr(text, '.', length) == NULL && fixed(text, length, 0, value);
}

bool read_clock(const char *text, size_t length, int64_t *minutes)
{
    if (length != 5 || text[2] != ':') return false;
    int64_t hour, minute;
    if (!read_whole(text, 2, &hour) || !read_whole(text + 3, 2, &minute)) return false;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return false;
    *minutes = hour * 60 + minute;
    return true;
}
