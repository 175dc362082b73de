#ifndef BENCH_WRITTEN_H
#define BENCH_WRITTEN_H

#include "bench/workloads.h"

/* Judges lines by sets and tables of more and more codes that are written in a policy. */
int bench_written(size_t lines, bool quick);

#endif
