/* Times of one kind of query, and what is said of them. */
#ifndef TESTS_BENCH_STATS_H
#define TESTS_BENCH_STATS_H

#include <stddef.h>
#include <stdint.h>

struct series {
    double *us; /* microseconds */
    size_t count, cap;
};

/* A zeroed series is empty. Out of memory ends the program. */
void series_add(struct series *s, double us);
/* The value below which `share` (0 to 1) of the series lies; 0 when it is empty. Sorts. */
double series_at(struct series *s, double share);
void series_release(struct series *s);

/* Peak resident memory of a process (0: this one) in MB, by /proc. */
double peak_mb(int pid);

#endif
