/* The questions of a benchmark: what is asked, of which kind it is, and how long its kind took. */
#ifndef TESTS_BENCH_QUESTIONS_H
#define TESTS_BENCH_QUESTIONS_H

#include <searchd/index.h>

#include <stdint.h>

#include "index/base/buf.h"
#include "tests/bench/stats.h"

struct feature;

struct kind {
    char name[40];
    struct series times;
    uint64_t hits;
};

struct question {
    struct kind *kind;
    char *text;
    enum sx_match match;
    const struct feature *with; /* NULL: a plain search */
};

struct questions {
    struct kind *kinds;
    size_t kind_count;
    struct question *items;
    size_t count;
};

/* Ends the program, saying what failed and why; `err` may be NULL. */
_Noreturn void bench_die(const char *what, const struct sx_error *err);

/* Of a file with a line a question, KIND TAB QUERY; see bench.c. Made once, lives as long as the program;
 * what fails ends it. */
struct questions *questions_read(const char *path);
/* As the library asks it: ten hits with a passage each. It borrows from `q`. */
struct sx_search question_search(const struct question *q);
/* As the daemon is asked: a JSON object without its closing brace. */
void question_request(const struct question *q, struct buf *out);
/* Prints the times of each kind as a table, and forgets them. */
void questions_print(struct questions *q);

#endif
