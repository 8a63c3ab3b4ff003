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
#define PHRASE_BATCH 64

struct phrase_term {
    struct list *list;              /* that of an earlier term, where both are the same */
    uint32_t offset;                /* in the phrase */
    uint32_t numbers[PHRASE_BATCH]; /* of its postings in documents that are looked at together */
    struct list_spot spot;          /* in the document at hand */
    uint32_t *at;                   /* positions in one field */
    size_t room;
};

struct phrase {
    struct phrase_term *terms;
    struct phrase_term **sorted; /* those that stand least often first */
    struct phrase_term **rarest; /* those of the fewest postings first */
    size_t count;
    bool repeats;   /* it is one term, more than once */
    bool fields[2]; /* where it may stand */
    uint32_t doc;   /* the document at hand */
    struct pool *mem;
};

/* NULL: memory ran out. */
struct phrase *phrase_open(struct source *terms, size_t count, bool title, bool body,
                           struct pool *mem);
/* Which of some documents, in order, that have all terms have the phrase, too: a bit for each. The numbers of
 * their postings are told, or NO_POSTING: they are sought. SX_ENOMEM, SX_ECORRUPT: without words. */
sx_status phrase_stand(struct phrase *p, const uint32_t *docs, size_t n, uint64_t *bits);
/* No numbers of the first `n` are told. */
void phrase_forget(struct phrase *p, size_t n);
/* Only finds the numbers, in place of phrase_stand(), where most documents have the phrase; and fetches what they say. */
void phrase_fetch(struct phrase *p, const uint32_t *docs, size_t n);
/* To the `i`th of those. */
void phrase_move(struct phrase *p, size_t i, uint32_t doc);
/* To any document, unless it is at hand. False: it lacks a term. */
bool phrase_seek(struct phrase *p, uint32_t doc);
/* In the document at hand. SX_ENOMEM, SX_ECORRUPT: without words. */
sx_status phrase_count(struct phrase *p, struct phrase_tf *out);

#endif
