/* What an input says: its records as they are written again, and what was told of them. */
#ifndef TESTS_TOLD_H
#define TESTS_TOLD_H

#include "tests/suites/support.h"

typedef struct told {
    char *text;
    size_t length;
} told;

static inline bool told_keep(void *state, const char *file, const char *bytes, size_t length)
{
    told *t = state;
    (void)file;
    char *grown = realloc(t->text, t->length + length + 1);
    cr_assert_not_null(grown);
    t->text = grown;
    memcpy(t->text + t->length, bytes, length);
    t->length += length;
    t->text[t->length] = '\0';
    return true;
}

/* Adds encounters; of problems of the code `unsaid` the message is left out. */
static inline void told_add(told *t, adj_encounters *encounters, const char *name, const char *unsaid)
{
    adj_written written;
    cr_assert_eq(adj_encounters_write(encounters, ADJ_FORM_NDJSON, name, told_keep, t, &written), ADJ_OK);
    for (size_t i = 0; i < adj_encounters_problem_count(encounters); i++) {
        adj_problem p = adj_encounters_problem(encounters, i);
        char line[1024];
        int length =
            snprintf(line, sizeof line, "%s %zu %s\n", p.code, p.line, strcmp(p.code, unsaid) == 0 ? "" : p.message);
        told_keep(t, "", line, (size_t)length);
    }
}

static inline told told_of(const char *name, const char *text, size_t length, adj_role role, const char *unsaid)
{
    told t = {0};
    adj_encounters *encounters = adj_encounters_new(NULL);
    adj_encounters_read_bytes_as(encounters, name, text, length, role);
    told_add(&t, encounters, name, unsaid);
    char line[64];
    told_keep(&t, "", line,
              (size_t)snprintf(line, sizeof line, "left out: %zu\n", adj_encounters_rejected_count(encounters)));
    adj_encounters_free(encounters);
    return t;
}

#endif
