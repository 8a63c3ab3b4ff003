/* The library beside its peers: the questions of peers/prepare.py, answered by an index of searchd,
 * as rows of the table that every peer's driver prints (peers/README.md). */
#ifndef TESTS_BENCH_ROWS_H
#define TESTS_BENCH_ROWS_H

/* Prints, for each variant, kind and mode, `variant kind mode median_ms p99_ms`, separated by tabs:
 * CPU time of the asking thread. A kind is asked for `rounds`, or until `seconds` of that have
 * passed, once at least, after one round that is not counted. `hits` (may be NULL) names a file, to which
 * `.VARIANT.hits` is appended for each variant: `kind words total uri,uri,...` of each question.
 * Returns the exit status; what fails is said on standard error. */
int rows_run(const char *dir, const char *questions, int rounds, double seconds, const char *hits);

#endif
