/* What the index answers, held against the twin. Each function ends the test where they differ
 * and prints what was asked. */
#ifndef TESTS_PROPERTY_COMPARE_H
#define TESTS_PROPERTY_COMPARE_H

#include "tests/property/twin.h"

struct compared {
    size_t queries, refused, hits, snippets, marks, inexact;
    size_t facets, explained, near, fuzzy, pairs, pages, blurred, empty_pages;
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

/* ---- a list, page by page ------------------------------------------------------------------ */

struct paging {
    struct buf query, cursor; /* copies; no cursor: there are no more pages */
    struct sx_search s;
    struct twin_set first; /* the documents of the first page's snapshot */
    struct twin_answer answer;
    bool *seen;     /* by place in the answer */
    size_t in_hand; /* places that are fixed with the first page */
    size_t rank;    /* of the last hit so far */
    bool changed;   /* documents came or went since */
    uint64_t total;
    bool total_exact;
};

/* Begins with what a search without a cursor, from the list's beginning on, gave of the state `set`;
 * it was compared. */
void paging_begin(struct paging *p, const struct sx_search *s, const struct sx_results *res,
                  const struct twin_set *set, struct analyzer *an);
bool paging_more(const struct paging *p);
/* The search for the next page, of `limit` hits. It borrows from `p`. */
struct sx_search paging_next(const struct paging *p, size_t limit);
/* Compares that page with the list; `now` is the state that it was answered from. */
void paging_take(struct paging *p, const struct sx_search *s, sx_status status,
                 const struct sx_results *res, const struct twin_set *now, struct compared *sum);
/* When there are no more pages: every document that is still there has come. */
void paging_check_all_came(const struct paging *p, const struct twin_set *now);
void paging_release(struct paging *p);

#endif
