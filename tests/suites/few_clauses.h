/* A policy of one payer, K: units, days, places, ages. */
#ifndef TESTS_FEW_CLAUSES_H
#define TESTS_FEW_CLAUSES_H

static const char policy_text[] =
    "policy kernels\n  title \"Kernels\"\n  payer \"K\"\n  effective 2020-01-01 to 2050-12-31\n\n"
    "section \"1\"\n  for each line\n\n"
    "clause few_units\n  cite \"1\"\n  require units <= 2\n  deny CO-16 M76 as data \"{units}\"\n\n"
    "clause timely\n  cite \"2\"\n  require claim.received <= date + 30 days\n"
    "  deny CO-29 as filing \"{date}\"\n\n"
    "clause place\n  cite \"3\"\n  when procedure in 90853\n  require pos in 11, 22\n"
    "  unless modifiers include 95\n  deny CO-5 M77 as coding \"{pos}\"\n\n"
    "clause grown\n  cite \"4\"\n  require age >= 18\n  deny CO-6 as coverage \"{age}\"\n";

#endif
