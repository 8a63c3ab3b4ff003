/* Weights of leaves: n and F of their words for one snapshot, from the cache or the postings. */
#ifndef INDEX_ENGINE_WEIGH_H
#define INDEX_ENGINE_WEIGH_H

#include "index/engine/index.h"
#include "index/engine/plan.h"

/* Sets weight and spread of every leaf of `p` for the snapshot `snap` that `r` reads. */
sx_status weigh_leaves(struct sx_reader *r, const struct state *snap, struct plan *p,
                       struct sx_error *err);

#endif
