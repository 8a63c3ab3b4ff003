/* The bytes of a WARC file, unpacked as they are asked for. */
#ifndef INDEX_INGEST_WARC_STREAM_H
#define INDEX_INGEST_WARC_STREAM_H

#include <stdbool.h>

#define ZLIB_CONST
#include <zlib.h>

#include "index/base/buf.h"
#include "index/ingest/item.h"

struct warc_stream {
    struct nest *nest;
    struct sx_str in;     /* not yet unpacked */
    uint64_t packed, out; /* bytes in all, and unpacked */
    z_stream z;
    bool gzip, ended;
    bool inside, pending; /* a compressed record is begun; more of it can be had without input */
    struct buf window;    /* unpacked and not yet taken, from `at` on */
    size_t at;
    struct sx_error over; /* why it ended before the bytes did: damage, a limit */
};

sx_status warc_stream_init(struct warc_stream *s, struct nest *nest, struct sx_str bytes,
                           struct sx_error *err);
void warc_stream_release(struct warc_stream *s);

/* Takes a header, up to its empty line, to `out`, which it replaces; empty lines before it are
 * passed over. False at the end. A header longer than `max` is cut short. */
bool warc_stream_head(struct warc_stream *s, size_t max, struct buf *out);

/* Takes `n` bytes to `out`, or past them where it is NULL. False: the end came before. */
bool warc_stream_take(struct warc_stream *s, uint64_t n, struct buf *out);

#endif
