/* Segments made from the stored text: of documents that no segment has. */
#ifndef INDEX_ENGINE_GAPS_H
#define INDEX_ENGINE_GAPS_H

#include <stdatomic.h>

#include "index/blockmax/invert.h"
#include "index/engine/crew.h"
#include "index/store/docs.h"
#include "index/text/analyzer.h"

/* Reads documents with rowids from `first` on, below `below`, into `v` until there are `tokens` of them;
 * *next is the first that was not read. The crew analyses them, or `an` does. In a read transaction.
 * SX_ECANCELLED when *stop. */
sx_status gap_read(struct db *c, struct crew *crew, struct analyzer *an, uint64_t first,
                   uint64_t below, size_t tokens, const _Atomic(bool) *stop, struct inverter *v,
                   uint64_t *next, struct sx_error *err);

#endif
