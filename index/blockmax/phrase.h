/* A phrase of terms that are a list each, in one segment: how often they follow one another in
 * documents that have them all. Private to leaves.c and the scans.
 *
 * Documents come one by one, or some together: then what of them is read next is fetched while others
 * are looked at. */
#ifndef INDEX_BLOCKMAX_PHRASE_H
#define INDEX_BLOCKMAX_PHRASE_H

#include "index/base/error.h"
#include "index/base/places.h"
#include "index/base/pool.h"
#include "index/blockmax/list.h"
#include "index/blockmax/source.h"

/* Documents that are found together, at most. */
#define PHRASE_BATCH 32

struct phrase_term {
    struct list *list;                        /* that of an earlier term, where both are the same */
    uint32_t offset;                          /* in the phrase */
    struct list_spot spots[PHRASE_BATCH + 1]; /* by document; the last is of one that came alone */
    uint32_t *at;                             /* positions in one field */
    size_t room;
};

struct phrase {
    struct phrase_term *terms;
    struct phrase_term **sorted; /* those that stand least often first */
    size_t count;
    bool fields[2]; /* where it may stand */
    uint32_t doc;   /* the document at hand, and its spots */
    size_t spot;
    struct pool *mem;
};

/* NULL: memory ran out. */
struct phrase *phrase_open(struct source *terms, size_t count, bool title, bool body,
                           struct pool *mem);
/* Finds documents that have all terms, in order; the numbers of their postings are in the spots, or
 * NO_POSTING: they are sought. */
void phrase_find(struct phrase *p, const uint32_t *docs, size_t n);
/* To one of those. */
static inline void phrase_move(struct phrase *p, size_t i, uint32_t doc)
{
    p->spot = i;
    p->doc = doc;
}
/* To any document, unless it is at hand. False: it lacks a term. */
bool phrase_seek(struct phrase *p, uint32_t doc);
/* In the document at hand. SX_ENOMEM, SX_ECORRUPT: without words. */
sx_status phrase_count(struct phrase *p, struct phrase_tf *out);
sx_status phrase_stands(struct phrase *p, bool *stands);

#endif
