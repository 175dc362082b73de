/* What the measurements share. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stddef.h>

enum { BENCH_RUNS = 7 };

/* Seconds on a clock that only goes forward. */
double bench_now(void);

/* The median; sorts the values. */
double bench_median(double *values, size_t count);

/* Reading: generates `lines` service lines into `folder` unless they are there, and reads each file beside baselines. */
int bench_readers(const char *folder, long lines);

/* From two files of the same lines to events. */
void bench_to_events(const char *csv, const char *ndjson);

/* From a file of claims to a report: the command, beside reading the file. */
void bench_to_report(const char *claims);

/* Says why on standard error and ends with 3. */
_Noreturn void bench_stop(const char *why);

#endif
