/* Searching segments: which documents may match, and how often each leaf stands in them; the best
 * first, or all of them.
 *
 * The caller says what its leaves are, and clauses: sets of leaves of which every match has at least
 * one. It is called with each document that has one of every clause and whose score may reach its
 * floor; whether that matches, and what it scores, only the caller knows. Documents are looked at
 * by stretches: what the leaves can score in one at most decides which are looked at, and which
 * ranges first; then their impacts are added up, document by document. (Block-max pruning: Ding and
 * Suel, "Faster top-k document retrieval using block-max indexes", 2011; ranges that all lists
 * share, best first: Mackenzie, Petri and Moffat, "Anytime ranking on document-ordered indexes",
 * 2022; impacts in a byte: Anh, de Kretser and Moffat, "Vector-space ranking with effective early
 * termination", 2001.) */
#ifndef INDEX_BLOCKMAX_SEARCH_H
#define INDEX_BLOCKMAX_SEARCH_H

#include <stdbool.h>

#include <searchd/str.h>

#include "index/base/error.h"
#include "index/base/places.h"
#include "index/base/pool.h"
#include "index/blockmax/memo.h"

/* Terms side by side. */
struct bm_phrase {
    const struct sx_str *terms;
    size_t count; /* >= 1 */
    bool prefix;  /* the last stands for all that begin so */
};

enum bm_field { BM_BOTH, BM_TITLE, BM_BODY };

struct bm_leaf {
    const struct bm_phrase *phrases; /* it stands where one of them does */
    size_t phrase_count;
    bool sum; /* each phrase counts, also where two begin at one position */
    enum bm_field field;
    double weight;        /* asked · w of rank/score.h; 0: it does not score */
    const uint32_t *near; /* instead of phrases: leaves that stand close together */
    size_t near_count;
};

struct bm_clause {
    const uint32_t *leaves;
    size_t count;
};

/* A snapshot of the documents. */
struct bm_view {
    struct segment *const *segments;
    size_t count;
    uint64_t below; /* rowids from here on are not of it */
    /* Whether a document that is marked dead is so in the snapshot. */
    bool (*gone)(const void *ctx, uint64_t rowid);
    const void *ctx;
};

struct bm_ask {
    struct bm_view view;
    struct memo *memo; /* what the reader knows of dictionaries; NULL: nothing */
    const struct bm_leaf *leaves;
    size_t leaf_count;
    double avglen;
    struct phrase_tf *tf; /* by leaf: filled before `see`; of NEAR not */
    size_t keep;          /* so many are kept, the best */
    bool mark;            /* a count of all leaves comes after bm_best(), which helps with it */
    bool sure;            /* who has a leaf of each clause is kept, if it scores enough */
    /* Scores below cannot be kept; negative: all can. May grow from call to call. */
    double (*floor)(void *ctx);
    void (*expect)(void *ctx, uint64_t rowid); /* it may be seen soon */
    sx_status (*see)(void *ctx, uint64_t rowid);
    bool *few; /* set while those are seen of which most will be kept */
    /* Called now and then with what was done since, in places (run.h): whether to go on. */
    sx_status (*look_up)(void *ctx, size_t work);
    void *ctx;
};

struct bm_search;

/* Opens the terms. What it needs is of `mem`, which is cleared after bm_end(). `ask` must outlive it.
 * SX_ECORRUPT: a segment is damaged, and says so. */
sx_status bm_begin(struct bm_search **out, const struct bm_ask *ask, struct pool *mem,
                   struct sx_error *err);
void bm_end(struct bm_search *b); /* NULL is fine */

/* Sees every document that may be kept, in no order. *pruned: some were not seen. Anything but
 * SX_OK of a callback ends it. */
sx_status bm_best(struct bm_search *b, const struct bm_clause *clauses, size_t count, bool *pruned,
                  struct sx_error *err);
/* Sees every document that has one leaf of each clause, in order of rowids. */
sx_status bm_all(struct bm_search *b, const struct bm_clause *clauses, size_t count,
                 struct sx_error *err);
/* Counts those that have one leaf of `leaves` (NULL: not wanted), and those that have all of them.
 * *counted false: it takes positions to tell, or, where `free` is set, postings. */
sx_status bm_count(struct bm_search *b, const uint32_t *leaves, size_t count, bool free,
                   uint64_t *one, uint64_t *all, bool *counted, struct sx_error *err);
/* Counts those that have all of `leaves`, some of which are phrases, but for those that bm_best() has
 * seen, if `mark` was set. *counted false: each has to be seen. */
sx_status bm_count_unseen(struct bm_search *b, const uint32_t *leaves, size_t count, uint64_t *all,
                          bool *counted, struct sx_error *err);

/* One may be looked at soon, and its places. */
void bm_expect(const struct bm_search *b, uint64_t rowid);
/* Looks at one document: fills ask->tf. *found false: it is none of the snapshot. */
sx_status bm_look(struct bm_search *b, uint64_t rowid, bool *found, struct sx_error *err);
/* Where a leaf stands in the document that was seen or looked at last, `rowid`. SX_ENOMEM, SX_ECORRUPT:
 * without words. */
sx_status bm_places(struct bm_search *b, uint32_t leaf, uint64_t rowid, struct places *out);

/* n and F of a term, or of all that begin so, among the documents of a snapshot. *known false:
 * only FTS5 can tell. *terms counts them, those of each segment apart. */
struct bm_counts {
    uint64_t n, f;
    uint64_t terms;
};
sx_status bm_term_counts(const struct bm_view *view, struct sx_str term, bool prefix,
                         struct bm_counts *out, bool *known, struct sx_error *err);

#endif
