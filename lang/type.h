/* The types of the policy language: every value carries its unit or code system. */
#ifndef LANG_TYPE_H
#define LANG_TYPE_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

/* How values are kept: truths as 1 and 0; dates as days since 1970; spans of days or minutes packed, start in the
 * upper half; money as cents; quantities and minutes as thousandths; codes and texts as interned ids. */
#define LANG_TYPE_KINDS(X)                                                                                             \
    X(ERROR, "nothing")                                                                                                \
    X(TRUTH, "yes or no")                                                                                              \
    X(CODE, "code")                                                                                                    \
    X(TEXT, "text")                                                                                                    \
    X(ENUMERATION, "word")                                                                                             \
    X(DATE, "date")                                                                                                    \
    X(DATES, "span of dates")                                                                                          \
    X(TIMES, "span of time")                                                                                           \
    X(MINUTES, "duration in minutes")                                                                                  \
    X(DAYS, "number of days")                                                                                          \
    X(MONTHS, "number of months")                                                                                      \
    X(MONEY, "sum of money")                                                                                           \
    X(COUNT, "count")                                                                                                  \
    X(QUANTITY, "quantity")                                                                                            \
    X(NUMBER, "number")                                                                                                \
    X(PERIOD, "calendar period")                                                                                       \
    X(RECORD, "record")                                                                                                \
    X(ROW, "table row")

typedef enum BASE_COMPACT lang_type_kind {
#define LANG_KIND(name, label) LANG_TYPE_##name,
    LANG_TYPE_KINDS(LANG_KIND)
#undef LANG_KIND
} lang_type_kind;

typedef struct lang_type {
    lang_type_kind kind;
    uint32_t detail : 16; /* code system, enumeration, record or table */
    bool list : 1;
    bool optional : 1;
} lang_type; /* four bytes: every expression and every step of a plan has one */

/* Same kind, detail and listness; optionality aside. */
bool lang_type_same(lang_type a, lang_type b);

#endif
