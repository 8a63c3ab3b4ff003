/* Archives made in memory, for the tests. */
#ifndef TESTS_INGEST_PACK_H
#define TESTS_INGEST_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "index/base/buf.h"

struct archive;

enum pack_kind { PACK_ZIP, PACK_TAR, PACK_RAW };

struct pack {
    struct archive *a;
    struct buf bytes;
};

/* `filter`: "gzip", "zstd", "xz" or NULL. */
void pack_begin(struct pack *p, enum pack_kind kind, const char *filter);
void pack_add(struct pack *p, const char *name, struct sx_str bytes);
/* An entry of `count` times `piece`. */
void pack_add_many(struct pack *p, const char *name, struct sx_str piece, uint64_t count);
/* The same behind `first`. */
void pack_add_first_and_many(struct pack *p, const char *name, struct sx_str first,
                             struct sx_str piece, uint64_t count);
void pack_add_link(struct pack *p, const char *name, const char *to);
/* Ends it; the bytes are p->bytes, for the caller to release. */
void pack_end(struct pack *p);

#endif
