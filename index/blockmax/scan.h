/* A search over its segments: what bounds.c, range.c, sparse.c and search.c share. Private to them.
 *
 *   bounds.c   what each stretch of documents can score at most, and which may have matches
 *   meet.c     which of the documents that were found are seen
 *   range.c    the documents of one range that may be kept
 *   dense.c    the same of all ranges, the best stretches first, where every word is in a dense list
 *   any.c      the same of all ranges, word after word, where any of them will do
 *   maxscore.c the same of many ranges, of words of which any or all are needed
 *   sparse.c   the same of many ranges, where one of the words that all need is rare; sparse_find.c finds
 *              which documents have them all
 *   single.c   all of a search for one word
 *   tally.c    how many documents have phrases, and other words
 *   totals.c   how many documents have some leaves
 *   search.c   in which order */
#ifndef INDEX_BLOCKMAX_SCAN_H
#define INDEX_BLOCKMAX_SCAN_H

#include "index/blockmax/greatest.h"
#include "index/blockmax/histogram.h"
#include "index/blockmax/leaves.h"
#include "index/blockmax/marks.h"

/* Stretches whose bounds are looked at together: those of four ranges. */
#define CHUNK_RANGES (64 / RANGE_STRETCHES)

/* What a part's stretches score at most. */
struct bounds {
    uint16_t *weight;      /* by leaf, for its impacts (impacts.h) */
    float scale;           /* of a score in a sum */
    uint16_t *most;        /* by stretch: the sum of all leaves */
    uint64_t *can;         /* bit by stretch: it may have candidates; of those that were seen not */
    const uint8_t **dense; /* impacts by document, which are read as they are */
    size_t dense_count;
    float low, slack; /* of a sum: what is scored at least is low · (sum − slack) */
    bool counted;     /* sparse_see() has counted all that match; with phrases those not seen */
    uint64_t all;
};

/* What documents score at least that will be kept if they score enough. */
struct lows {
    bool wanted; /* impacts say what is scored at least, and not just at most */
    float most;  /* what a document can score */
    struct histogram reached;
};

/* The numbers of a document's postings, by source, or NOT_KNOWN, of sources that are one list. */
#define KNOWN_SOURCES 3
struct known {
    uint32_t numbers[KNOWN_SOURCES];
};

/* A document that may be kept, and what it scores at most. */
struct waiting {
    uint32_t part, doc;
    uint16_t sum;
    struct known known;
};

struct bm_search {
    struct leaves l;
    uint16_t sums[RANGE_DOCS];      /* what the added leaves score, at most */
    uint64_t bits[RANGE_WORDS];     /* documents that are still looked at, */
    uint32_t open;                  /* the stretches that have some */
    uint16_t rest[RANGE_STRETCHES]; /* what the leaves that are not added score at most */
    bool *added;                    /* by leaf: it is in `sums` */
    uint32_t *order;                /* leaves that score, by their weights, greatest first */
    size_t scored;
    size_t range_work, seen_work; /* for look_up() */
    size_t count_work; /* the same of a document that is counted, where that takes positions */
    uint32_t unsought; /* documents of which most may have their phrases */
    uint64_t ***seen;  /* by part: those that were seen (marks.h); NULL: that is not kept */
    struct candidate_room *room; /* of sparse.c; NULL: it was not needed yet */
    struct window *window;       /* of maxscore.c; NULL: it was not needed yet */
    bool every;                  /* whatever they score */
    struct lows lows;
    struct waiting *waiting; /* where lows are wanted: seen when all are found, as few are left */
    size_t waiting_count, waiting_most;
    uint32_t *turns;    /* the numbers of those that wait, in the order in which they are seen */
    struct bounds *all; /* by part */
    struct bounds *at;  /* of the part at hand */
};

/* ---- bounds ---- */

/* Finds those of all parts, and the stretches that may have documents of each clause. -1: memory ran
 * out. */
int bounds_find(struct bm_search *b, const struct bm_clause *clauses, size_t count);
size_t bounds_chunks(const struct part *p);
/* What a leaf scores at most. */
float bounds_most(const struct bm_search *b, uint32_t leaf);
/* Takes the stretches of a range that are still to be seen. */
uint32_t bounds_take(struct bounds *at, uint32_t range);

/* How a search ends: a damaged segment says so itself. */
sx_status scan_tell(struct bm_search *b, sx_status rc, struct sx_error *err);

/* ---- the place at hand ---- */

void scan_move(struct bm_search *b, size_t part, uint32_t range);
bool scan_is_of_snapshot(const struct part *p, uint32_t range);
/* The sum that a document must have to reach the floor: that given, or that of now. */
uint16_t scan_least(const struct bm_search *b, const struct bounds *at, double floor);
uint16_t scan_least_now(const struct bm_search *b);

/* What a document must score to be kept, as far as it is known; negative: anything. */
double scan_floor(const struct bm_search *b);

/* Ranges that are looked at together, from one on. */
static inline uint32_t scan_window(const struct part *p, uint32_t range)
{
    uint32_t left = p->s->ranges - range;

    return left < SLOT_RANGES ? left : SLOT_RANGES;
}

/* ---- documents of the part at hand ---- */

bool scan_sees(const struct bm_search *b, uint32_t doc); /* whether the snapshot has it */
/* Clears the bits of those documents, from a range on, that it does not have; and counts the others. */
void scan_clear_gone(const struct bm_search *b, uint32_t range, uint64_t *bits, size_t words);
uint64_t scan_count_bits(const struct bm_search *b, uint32_t range, uint64_t *bits, size_t words);
sx_status scan_count(struct bm_search *b, uint32_t doc);   /* counts all leaves in it */
sx_status scan_see(struct bm_search *b, uint32_t doc);     /* shows it, all leaves counted */
void scan_expect(const struct bm_search *b, uint32_t doc); /* it may be seen soon */
extern const struct known scan_unknown;                    /* nothing is known */
/* Shows it now or later; `sum`, which reaches the floor, is what it scores at most, `rest` how much of that is by
 * leaves that it may not have. It has a leaf of each clause. */
sx_status scan_meet(struct bm_search *b, uint32_t doc, uint16_t sum, uint16_t rest,
                    const struct known *known);
sx_status scan_see_waiting(struct bm_search *b);
bool scan_was_seen(const struct bm_search *b, uint32_t doc);

/* ---- ranges ---- */

/* Sees what of the range at hand may be kept, in stretches that have candidates. */
sx_status range_see(struct bm_search *b, uint32_t stretches, const struct bm_clause *clauses,
                    size_t count);
/* Sees all of a part, in order. */
sx_status range_see_all(struct bm_search *b, uint32_t part, const struct bm_clause *clauses,
                        size_t count);

/* Whether the clause is just the leaves that score. */
bool range_is_scored(const struct bm_search *b, const struct bm_clause *clause);

/* For maxscore_see() of a part. *can false: it takes more than any or all of a few words to match. -1: memory
 * ran out. */
int maxscore_begin(struct bm_search *b, uint32_t part, const struct bm_clause *clauses,
                   size_t count, bool *can);
/* Sees what is left of SLOT_RANGES ranges. *done false: they are better seen one after the other. */
sx_status maxscore_see(struct bm_search *b, uint32_t part, uint32_t range, bool *done);

/* Sees what is left of a part, if all that matters is in dense lists. */
sx_status dense_see(struct bm_search *b, uint32_t part, const struct bm_clause *clauses,
                    size_t count, bool *done);

/* Sees a part, if any of some words will do, and of each all postings are in one place. */
sx_status any_see(struct bm_search *b, uint32_t part, const struct bm_clause *clauses, size_t count,
                  bool *done);

/* Sees all that may be kept, if what is searched for is one word. *pruned: some were not seen. */
sx_status single_see(struct bm_search *b, const struct bm_clause *clauses, size_t count, bool *done,
                     bool *pruned);

/* A word is rare where it stands in fewer than one in so many documents: where every match needs one, it is
 * its documents that are looked at. */
#define SPARSE_DOCS 24

/* Sees a part, if it has few candidates. */
sx_status sparse_see(struct bm_search *b, uint32_t part, const struct bm_clause *clauses,
                     size_t count, bool *done);
/* Adds to *all how many of its documents have a leaf of each clause, each of one leaf; those that were
 * seen, where that is kept, not. */
sx_status sparse_count(struct bm_search *b, uint32_t part, const struct bm_clause *clauses,
                       size_t count, bool *done, uint64_t *all);

/* Whether a leaf is a phrase that tally_part() may count. */
bool tally_can(const struct leaves *l, const struct leaf_state *st);
/* The same of leaves of which some are phrases. *counted false: it cannot. */
sx_status tally_part(struct bm_search *b, uint32_t part, const uint32_t *leaves, size_t count,
                     bool *counted, uint64_t *all);

#endif
