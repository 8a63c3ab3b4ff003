/* Documents that have all of several terms, of which one is rare: what finds them, and what looks at them, share
 * this. Private to sparse.c and sparse_find.c. */
#ifndef INDEX_BLOCKMAX_SPARSE_H
#define INDEX_BLOCKMAX_SPARSE_H

#include "index/blockmax/scan.h"

/* What every match has: a term, and the leaf that it is of. */
struct needed {
    uint32_t source, leaf;
    uint64_t n;
    struct phrase *phrase; /* that it is the `term`th of; NULL: none, or another way is gone */
    uint32_t term;
    struct slot slot;
    /* Impacts of the candidates; or, where that is not NULL, they are there, by a posting's number or by
     * document. */
    uint8_t *impacts;
    const uint8_t *by_number, *by_document;
    /* Of its postings in them, or NO_POSTING: it is still to be sought; NULL: they are not asked for. */
    uint32_t *numbers;
};

/* Candidates: documents that have all that is needed, some at a time, in order. */
struct candidates {
    struct needed *needed; /* the rarest first */
    size_t count;
    uint32_t *docs, found;
    uint16_t *sums; /* what they score at most */
    /* On the way from all to those that stay: which those are, and what the next of the needed has of them. */
    uint16_t *kept;
    uint8_t *impacts;
    uint32_t *numbers;
    uint16_t weight; /* of the rarest; 0: it does not score */
    /* By stretch of the ranges: what the rarest must add, so that all together reach the floor. */
    uint16_t least[SLOT_RANGES * RANGE_STRETCHES];
    bool counts;  /* candidates are all that match, whatever they score, and counted, */
    bool phrases; /* where they have the phrases, too, unless they are seen */
};

/* Terms of the clauses that are one leaf; those with the fewest postings first. *all: every clause is
 * such. -1: memory ran out. */
int sparse_needed(struct bm_search *b, const struct part *p, const struct bm_clause *clauses,
                  size_t count, struct candidates *out, bool *all);
/* Before any are found; what is counted is decided by then. False: memory ran out. */
bool sparse_open(struct bm_search *b, struct candidates *c);
/* Finds those of some ranges of the part at hand. -1: memory ran out. */
int sparse_find(struct bm_search *b, struct candidates *c, uint32_t range, uint32_t ranges);
/* What the rarest must add, by stretch: more than there is where all do not reach the floor. False: it is so in
 * all, or in each another word is not. */
bool sparse_find_least(const struct bm_search *b, struct candidates *c, uint32_t range,
                       uint32_t ranges);

/* Where all candidates are counted, so many postings of the rarest are looked at together, wherever they are: the
 * fewer times, the less is waited for what is read. */
#define SPARSE_TOGETHER ((uint32_t)(32 * PACK_BLOCK))
/* How many it has; 0: that cannot be, as something must be loaded for it. */
uint32_t sparse_together(const struct part *p, const struct candidates *c);
/* Finds those that have some of these, from one of them on. -1: memory ran out. */
int sparse_find_together(struct bm_search *b, struct candidates *c, uint32_t from);

#endif
