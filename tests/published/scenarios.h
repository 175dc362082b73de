/* What the parts of the scenario test share: mapping.c, tables.c and scenarios.c, which runs them. */
#ifndef TESTS_PUBLISHED_SCENARIOS_H
#define TESTS_PUBLISHED_SCENARIOS_H

#include "base/csv.h"

#include <jansson.h>
#include <stdio.h>

typedef struct scenario {
    const char *id;
    json_t *whole, *record;
    FILE *out;
    char flaw[300]; /* why it cannot be mapped; "" while it can */
} scenario;

/* The text of a scenario's policy, of that name; the caller frees it. */
char *scenario_policy(scenario *s, const char *name);

/* Reads clauses.csv and set_aside.csv; false where they are not as they should be. */
bool scenario_tables_read(void);
void scenario_tables_free(void);

/* The clause that a paragraph is; NULL where it has no name. */
const csv_cell *scenario_clause(const char *policy, const char *paragraph, const char *outcome);

/* Why a scenario is set aside; NULL for one that is not. */
const csv_cell *scenario_aside(const char *id);

#endif
