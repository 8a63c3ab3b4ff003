/* Several segments to one. */
#ifndef INDEX_BLOCKMAX_MERGE_H
#define INDEX_BLOCKMAX_MERGE_H

#include <stdatomic.h>

#include "index/base/buf.h"
#include "index/blockmax/segment.h"

struct merge_options {
    struct segment *const *in; /* each begins where the one before it ends */
    size_t count;
    const uint64_t *dropped; /* bit by rowid less the first's: left out; NULL: none */
    double average;          /* length, for the impacts */
    const uint8_t *id;
    int fd;                    /* < 0: to memory */
    const _Atomic(bool) *stop; /* true: give up with SX_ECANCELLED; NULL: never */
};

/* SX_ECORRUPT: one of them is damaged, and says so. */
sx_status segment_merge(const struct merge_options *opt, struct buf *out, struct sx_error *err);

#endif
