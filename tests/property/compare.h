/* What the index answers, held against the twin. Each function ends the test where they differ
 * and prints what was asked. */
#ifndef TESTS_PROPERTY_COMPARE_H
#define TESTS_PROPERTY_COMPARE_H

#include "tests/property/twin.h"

struct compared {
    size_t queries, refused, hits, snippets, marks, inexact;
};

/* Compares what a search of the state `set` gave; `res` is NULL when it failed. */
void compare_results(const struct sx_search *s, sx_status status, const struct sx_results *res,
                     const struct twin_set *set, struct analyzer *an, struct compared *sum);
/* Runs `s` with `r`, whose snapshot must be `set`, and compares everything. */
void compare_search(struct sx_reader *r, const struct twin_set *set, struct analyzer *an,
                    const struct sx_search *s, struct compared *sum);
/* The count of a query, exact in both. */
void compare_count(struct sx_reader *r, const struct twin_set *set, struct analyzer *an,
                   struct sx_str query, enum sx_match match);
/* A document by its uri and by its hash; NULL `d`: neither may be found. */
void compare_stored(struct sx_reader *r, const struct twin_doc *d, struct sx_str uri);
/* Numbers of documents and words. */
void compare_stats(struct sx_reader *r, const struct twin_set *set);

#endif
