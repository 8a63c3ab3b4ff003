/* How many searches a daemon answers in a second, while so many are under way on each of some connections.
 * One thread asks, and does little else, as it takes its share of the machine. */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include "tests/bench/questions.h"

/* The questions of two words, as they are written and by `best`, ten hits with a passage each, over and
 * over; prints what was answered a second, median and p99. Returns the exit status. */
int load_run(const char *address, const struct questions *all, double seconds, size_t connections,
             size_t in_flight);

#endif
