/* The best k of a stream of hits: a heap whose root is the worst one kept.
 *
 * The order is total, so that a page is the same however the stream came: tier (0 first), then
 * the sort key, then the newer date (none last), then the smaller rowid. */
#ifndef INDEX_RANK_TOPK_H
#define INDEX_RANK_TOPK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum topk_sort { TOPK_SCORE, TOPK_DATE_UP, TOPK_DATE_DOWN };

struct ranked {
    double score;
    int64_t at; /* seconds; DATE_NONE: no date */
    int64_t rowid;
    uint32_t tier;
    uint32_t slot; /* 0 … k-1: the caller's own row for this hit; see topk_add() */
};

struct topk {
    struct ranked *heap;
    size_t count, k;
    enum topk_sort sort;
};

/* In place; topk_release() frees. False: memory ran out. k may be 0. */
bool topk_init(struct topk *t, size_t k, enum topk_sort sort);
void topk_release(struct topk *t);
/* Whether `h` would be kept now. Allocates nothing. */
bool topk_would_keep(const struct topk *t, const struct ranked *h);
/* Keeps `h`, which topk_would_keep() said yes to, and returns the slot it was given: a fresh one,
 * or that of the hit it pushed out. */
uint32_t topk_add(struct topk *t, struct ranked h);
/* Sorts what was kept, best first, also where scores have changed since; nothing may be added after. */
void topk_finish(struct topk *t);
/* Sorts the first `n` anew, after topk_finish(): their scores have changed. */
void topk_resort(struct topk *t, size_t n);
/* Whether a goes before b in a list. */
bool topk_before(enum topk_sort sort, const struct ranked *a, const struct ranked *b);

#endif
