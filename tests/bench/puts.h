/* Searches in an index that grows meanwhile: who answers them, how fast, and whether both engines
 * agree. */
#ifndef TESTS_BENCH_PUTS_H
#define TESTS_BENCH_PUTS_H

#include "tests/bench/questions.h"

/* Puts `rate` documents of the corpus a second into the index, each its own durable commit, every fourth a
 * new version of one that was put before; asks all questions meanwhile, for `seconds`. Every twentieth answer
 * is held against FTS5 in the same snapshot. Prints tables; returns the exit status: 1 where
 * fewer than 99 in 100 were answered by block-max, or an answer differs. */
int puts_run(const char *dir, struct questions *all, const char *corpus, double seconds,
             double rate);

#endif
