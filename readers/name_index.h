/* The names of a record's columns, found by what they are, in whatever order a record has them. */
#ifndef READ_NAME_INDEX_H
#define READ_NAME_INDEX_H

#include "base/csv.h"

#include <string.h>

enum { READ_NAME_SLOTS = 2 * CSV_COLUMN_LIMIT, READ_NO_NAME = CSV_COLUMN_LIMIT };

/* By hash: a name's place + 1; 0 for free. */
typedef struct read_name_index {
    uint8_t slots[READ_NAME_SLOTS];
} read_name_index;

_Static_assert(CSV_COLUMN_LIMIT <= UINT8_MAX, "a slot has room for a place");

/* Names differ in their first and last bytes, mostly. */
static inline size_t read_name_slot(const char *text, size_t length)
{
    uint32_t first = 0, last = 0;
    if (length >= 4) {
        memcpy(&first, text, 4);
        memcpy(&last, text + length - 4, 4);
    } else if (length > 0) {
        first = (uint32_t)(unsigned char)text[0] | (uint32_t)(unsigned char)text[length / 2] << 8 |
                (uint32_t)(unsigned char)text[length - 1] << 16;
    }
    return (size_t)((first ^ last * 31 ^ (uint32_t)length) * UINT32_C(0x9E3779B1) >> 24) % READ_NAME_SLOTS;
}

/* Adds the name at a place; of a name that stands twice the first is found. */
static inline void read_name_add(read_name_index *index, const csv_cell *names, size_t place)
{
    size_t slot = read_name_slot(names[place].text, names[place].length);
    while (index->slots[slot] != 0) slot = (slot + 1) % READ_NAME_SLOTS;
    index->slots[slot] = (uint8_t)(place + 1);
}

/* The place of a name; READ_NO_NAME if it is none of them. */
static inline size_t read_name_find(const read_name_index *index, const csv_cell *names, const char *text,
                                    size_t length)
{
    for (size_t slot = read_name_slot(text, length); index->slots[slot] != 0; slot = (slot + 1) % READ_NAME_SLOTS) {
        const csv_cell *name = &names[index->slots[slot] - 1];
        if (name->length == length && memcmp(name->text, text, length) == 0) return index->slots[slot] - 1U;
    }
    return READ_NO_NAME;
}

#endif
