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
    int64_t n, f; /* change of document frequency and of occurrences */
    uint64_t doc; /* the last document that counted in n */
};

struct deltas {
    struct delta *list; /* a term's number is its place */
    size_t count, cap;
    uint64_t *table; /* open addressing: high half of the hash, number + 1 */
    size_t mask;
    uint64_t doc; /* number of the document being fed */
    int sign;     /* +1 put, -1 delete */
    uint64_t age; /* raised when numbers are forgotten; 0: there never was one */
    struct arena terms;
};

#define DELTA_NONE UINT32_MAX

/* A zeroed struct deltas is empty. */
void deltas_release(struct deltas *d);
/* Forgets all terms, keeps a reasonable table. */
void deltas_clear(struct deltas *d);
/* The tokens that follow belong to another document, put (+1) or deleted (-1). */
void deltas_begin(struct deltas *d, int sign);
/* The number of a term, from now on touched; its hash is hash_bytes(). DELTA_NONE: memory ran out. */
uint32_t deltas_number(struct deltas *d, struct sx_str term, uint64_t hash);
/* Soon the number of a term with this hash is asked for: what that looks at comes nearer, step by step. */
static inline void deltas_expect(const struct deltas *d, uint64_t hash)
{
    if (d->table != NULL)
        __builtin_prefetch(&d->table[hash & d->mask]);
}
static inline void deltas_expect_entry(const struct deltas *d, uint64_t hash)
{
    uint64_t slot = d->table == NULL ? 0 : d->table[hash & d->mask];

    if (slot != 0)
        __builtin_prefetch(&d->list[(uint32_t)slot - 1]);
}
static inline void deltas_expect_text(const struct deltas *d, uint64_t hash)
{
    uint64_t slot = d->table == NULL ? 0 : d->table[hash & d->mask];

    if (slot != 0)
        __builtin_prefetch(d->list[(uint32_t)slot - 1].term.ptr);
}
/* -1: memory ran out. */
int deltas_add(struct deltas *d, struct sx_str term);
/* NULL: the transaction does not touch the term. */
const struct delta *deltas_find(const struct deltas *d, struct sx_str term, uint64_t hash);

/* One more token of the document, of a term by its number. */
static inline void deltas_count(struct deltas *d, uint32_t number)
{
    struct delta *at = &d->list[number];

    if (at->doc != d->doc) {
        at->doc = d->doc;
        at->n += d->sign;
    }
    at->f += d->sign;
}

#endif
