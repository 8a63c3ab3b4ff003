/* Running a plan over one snapshot: which documents match, how many, which are the best. */
#ifndef INDEX_ENGINE_RUN_H
#define INDEX_ENGINE_RUN_H

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
    enum sx_match match;
    double avglen;   /* of the snapshot; 0: scores are not wanted */
    struct topk top; /* k may be 0; its tier is 0 for every-item documents of `best` */
    bool proximity;  /* whether it orders the first of `top`; else it is not read */
    sx_status (*each)(void *ctx, int64_t rowid); /* instead of `top`; NULL: none */
    void *each_ctx;
    int64_t below;        /* only documents with smaller rowids are offered to `top`; 0: all */
    struct facets facets; /* counts what is wanted there */
    bool explain;         /* keep what the passes were */
    const struct sx_limits *limits; /* looked at while places are counted; NULL: none */
    /* out */
    uint64_t total, total_all;
    uint64_t *kept; /* a slot of `top` has `kept_words` words: bit i is set where leaf i stands */
    size_t kept_words;
    double *near; /* by slot of `top`: the score of its pairs */
    struct sx_pass passes[2];
    size_t pass_count;
    /* of the document that was seen last */
    struct phrase_tf *tf;  /* by leaf */
    struct pair_tf *pairs; /* by pair, after run_one() */
    /* inside */
    enum reading reading; /* of this pass */
    struct match m;
    int *first;                  /* by leaf: the phrase of `m` that its places are read from */
    struct match_places *places; /* by leaf, of the row in `read` */
    uint64_t *read;
    uint64_t row;   /* counts rows */
    size_t work;    /* places counted since the limits were looked at */
    struct buf one; /* the expression of run_one() */
    bool of_one;
};

/* Makes room; everything but `top` and what run_release() frees is in the plan's arena. Release also
 * after a failure. */
sx_status run_init(struct run *run, struct sx_error *err);
void run_release(struct run *run);
/* Counts as they matter for plan_missing(): 1 where a leaf stands in the hit of `slot`. */
const struct phrase_tf *run_kept(struct run *run, uint32_t slot);
/* One pass over the candidates of `reading`. A match is counted, scored, offered to the heap. */
sx_status run_pass(struct run *run, struct db *c, enum reading reading, struct sx_error *err);
/* Sorts what was kept, best first, with the closeness of words in the scores of the first. */
void run_sort(struct run *run);

/* Looks at one document again, after the passes: whether it matches, with its counts in `tf` and
 * `pairs`. */
sx_status run_one(struct run *run, struct db *c, int64_t rowid, bool *found, struct sx_error *err);

/* What a document's length and counts say of a leaf, and of a pair. */
double run_leaf_tf(const struct run *run, size_t leaf);
void run_pair_tf(const struct run *run, size_t pair, double *adjacent, double *near);

#endif
