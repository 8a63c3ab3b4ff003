/* Running a plan over one snapshot: which documents match, how many, which are the best. */
#ifndef INDEX_ENGINE_RUN_H
#define INDEX_ENGINE_RUN_H

#include "index/blockmax/search.h"
#include "index/engine/facets.h"
#include "index/engine/index.h"
#include "index/engine/plan.h"
#include "index/rank/topk.h"

/* How often a pair stands close in one document, by field: 0 title, 1 body. */
struct pair_tf {
    uint32_t adjacent[2], near[2];
};

struct run {
    /* in */
    const struct plan *p;
    const struct doctable *docs;
    double avglen;   /* of the snapshot; 0: scores are not wanted */
    struct topk top; /* k may be 0; its tier is 0 for every-item documents of `best` */
    sx_status (*each)(void *ctx, int64_t rowid); /* instead of `top`; NULL: none */
    void *each_ctx;
    int64_t below;        /* only documents with smaller rowids are offered to `top`; 0: all */
    struct facets facets; /* counts what is wanted there */
    const struct sx_limits *limits; /* looked at while places are counted; NULL: none */
    enum sx_match match;
    bool proximity; /* whether it orders the first of `top`; else it is not read */
    bool explain;   /* keep what the passes were */
    bool every;     /* see every match, whatever its score */
    bool exact;     /* run_count() comes after the passes */
    /* out */
    bool pruned; /* totals are lower bounds: what could not be kept was not looked at */
    uint64_t total, total_all;
    uint64_t *kept; /* a slot of `top` has `kept_words` words: bit i is set where leaf i stands */
    size_t kept_words;
    double *near; /* by slot of `top`: the score of its pairs; negative: not known yet */
    struct sx_pass passes[2];
    size_t pass_count;
    /* of the document that was seen last */
    struct phrase_tf *tf;  /* by leaf */
    struct pair_tf *pairs; /* by pair, after run_one() */
    int64_t rowid;
    /* inside */
    struct match m;
    int *first;            /* by leaf: the phrase of `m` that its places are read from */
    struct places *places; /* by leaf, of the row in `read` */
    uint64_t *read;
    uint64_t row;         /* counts rows */
    struct bm_search *bm; /* NULL: FTS5 finds the documents */
    struct bm_ask bm_ask;
    struct pool *bm_mem;
    bool few;             /* most of what is seen now will be kept */
    size_t work;          /* places counted since the limits were looked at */
    struct buf one;       /* the expression of run_one() */
    enum reading reading; /* of this pass */
    bool below_first;     /* the documents with every item are in `top` already */
    bool of_one;
};

/* Makes room; everything but `top` and what run_release() frees is in the plan's arena. Release also
 * after a failure. */
sx_status run_init(struct run *run, struct sx_error *err);
void run_release(struct run *run);
/* Counts as they matter for plan_missing(): 1 where a leaf stands in the hit of `slot`. */
const struct phrase_tf *run_kept(struct run *run, uint32_t slot);
/* From here on block-max finds the documents, those of `view`; `memo` may be NULL. run_leave() comes,
 * also after a failure, before its segments and `mem` are used for something else; where there was no
 * run_reach() it does nothing. */
sx_status run_reach(struct run *run, const struct bm_view *view, struct memo *memo,
                    struct pool *mem, struct sx_error *err);
void run_leave(struct run *run);
/* One pass over the candidates of `reading`. A match is counted, scored, offered to the heap. */
sx_status run_pass(struct run *run, struct db *c, enum reading reading, struct sx_error *err);
/* READ_ANY behind what an earlier pass over READ_BEST has kept: neither kept nor counted again. */
sx_status run_pass_on(struct run *run, struct db *c, struct sx_error *err);
/* Counts all matches, where block-max can without looking at each; *counted false: it cannot. `free`:
 * only where it costs nothing. The totals of the passes are in *total and *total_all. */
sx_status run_count(struct run *run, bool free, uint64_t *total, uint64_t *total_all, bool *counted,
                    struct sx_error *err);
/* Counts them by looking at each; `top` stays as it is. */
sx_status run_tally(struct run *run, struct sx_error *err);
/* Sorts what was kept, best first, with the closeness of words in the scores of the first. */
sx_status run_sort(struct run *run, struct sx_error *err);

/* Looks at one document again, after the passes: whether it matches, with its counts in `tf` and
 * `pairs`. */
sx_status run_one(struct run *run, struct db *c, int64_t rowid, bool *found, struct sx_error *err);

/* What a document's length and counts say of a leaf, and of a pair. */
double run_leaf_tf(const struct run *run, size_t leaf);
void run_pair_tf(const struct run *run, size_t pair, double *adjacent, double *near);

/* ---- between run.c and run_blockmax.c ---- */

/* One match, maybe; its counts are in `tf`. */
sx_status run_see(struct run *run, int64_t rowid);
sx_status run_see_one(struct run *run, int64_t rowid);
/* What a callback's failure says. */
sx_status run_tell(sx_status stopped, sx_status rc, struct sx_error *err);
/* SX_OK: go on; else the deadline has passed, or the call is to stop. run_worked() looks only once there
 * was some work. */
sx_status run_limits(const struct run *run);
sx_status run_worked(struct run *run, size_t places);
/* The pairs' part of the score of the document that was looked at last. */
sx_status run_score_pairs(struct run *run, double *sum);

sx_status blockmax_pass(struct run *run, enum reading reading, struct sx_error *err);
sx_status blockmax_one(struct run *run, int64_t rowid, struct sx_error *err);
/* Scores the pairs of the first of `top`, which is sorted. */
sx_status blockmax_pairs(struct run *run, struct sx_error *err);

#endif
