/* Running a plan over one snapshot: which documents match, how many, which are the best. */
#ifndef INDEX_ENGINE_RUN_H
#define INDEX_ENGINE_RUN_H

#include "index/engine/index.h"
#include "index/engine/plan.h"
#include "index/rank/topk.h"

struct run {
    /* in */
    const struct plan *p;
    const struct doctable *docs;
    enum sx_match match;
    double avglen;   /* of the snapshot; 0: scores are not wanted */
    struct topk top; /* k may be 0; its tier is 0 for every-item documents of `best` */
    sx_status (*each)(void *ctx, int64_t rowid); /* instead of `top`; NULL: none */
    void *each_ctx;
    /* out */
    uint64_t total, total_all;
    uint64_t *kept; /* a slot of `top` has `kept_words` words: bit i is set where leaf i stands */
    size_t kept_words;
    /* inside */
    enum reading reading; /* of this pass */
    struct phrase_tf *tf; /* by leaf */
};

/* Makes room; everything but `top` is in the plan's arena. */
sx_status run_init(struct run *run, struct sx_error *err);
/* Counts as they matter for plan_missing(): 1 where a leaf stands in the hit of `slot`. */
const struct phrase_tf *run_kept(struct run *run, uint32_t slot);
/* One pass over the candidates of `reading`. A match is counted, scored, offered to the heap. */
sx_status run_pass(struct run *run, struct db *c, enum reading reading, struct sx_error *err);

#endif
