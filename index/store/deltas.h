/* What a transaction does to the counts of terms: per term, how many documents and occurrences
 * it adds or takes away. Fed with the tokens FTS5 sees as it indexes and un-indexes. */
#ifndef INDEX_STORE_DELTAS_H
#define INDEX_STORE_DELTAS_H

#include <stddef.h>
#include <stdint.h>

#include <searchd/str.h>

#include "index/base/arena.h"

struct delta {
    struct sx_str term;
    uint64_t hash;
    int64_t n, f;    /* change of document frequency and of occurrences */
    uint64_t doc;    /* the last document that counted in n */
    uint32_t number; /* of the term among those of the transaction, from 0 */
};

struct deltas {
    struct delta *slots; /* open addressing; an empty slot has no term */
    size_t cap, count;
    uint64_t doc;  /* number of the document being fed */
    int sign;      /* +1 put, -1 delete */
    uint32_t last; /* the number of the term that was added last */
    struct arena terms;
};

/* A zeroed struct deltas is empty. */
void deltas_release(struct deltas *d);
/* Forgets all terms, keeps a reasonable table. */
void deltas_clear(struct deltas *d);
/* The tokens that follow belong to another document, put (+1) or deleted (-1). */
void deltas_begin(struct deltas *d, int sign);
/* -1: memory ran out. */
int deltas_add(struct deltas *d, struct sx_str term);
/* NULL: the transaction does not touch the term. */
const struct delta *deltas_find(const struct deltas *d, struct sx_str term, uint64_t hash);

#endif
