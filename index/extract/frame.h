/* What goes over the socket between a helper and who asks it.
 *
 * A request is a struct frame_request, the uri and the file's bytes. The reply is frames, each a
 * struct frame_head and as many bytes as it says: documents, and lines and items that failed, as
 * they come, and one end. Both sides are one program on one machine, so numbers are as the machine has them;
 * but a helper may have been taken over by what it read, so a reply is believed nothing. */
#ifndef INDEX_EXTRACT_FRAME_H
#define INDEX_EXTRACT_FRAME_H

#include <stdint.h>

#include "index/base/buf.h"
#include "index/base/error.h"
#include "index/ingest/reader.h"

#define FRAME_MAGIC 0x5be4a7c1u
#define FRAME_MAX ((uint32_t)80 << 20) /* bytes of one: a document and what belongs to it */

/* Of flags. Mapped: the file's bytes do not follow; a descriptor of it comes with the request. */
#define FRAME_KEEP_BOILERPLATE 1u
#define FRAME_MAPPED 2u

struct frame_request {
    uint32_t magic;
    uint32_t media;
    uint32_t uri_len;
    uint32_t flags;
    uint64_t bytes_len;
};

enum frame_kind { FRAME_DOC = 1, FRAME_FOREIGN, FRAME_LINE, FRAME_ITEM, FRAME_END };

struct frame_head {
    uint32_t kind;
    uint32_t len;
};

/* Appends a whole frame. */
void frame_put_doc(struct buf *out, const struct sx_doc *doc, size_t line);
void frame_put_foreign(struct buf *out, const struct sx_doc *doc, size_t line);
void frame_put_line(struct buf *out, size_t line, const struct sx_error *why);
void frame_put_item(struct buf *out, struct sx_str uri, const struct sx_error *why);
void frame_put_end(struct buf *out, sx_status rc, const struct sx_error *err);

/* Takes the next frame off *in when it is there whole: *body borrows from it. SX_EREQUEST: what
 * stands there is none. */
sx_status frame_next(struct sx_str *in, struct frame_head *head, struct sx_str *body, bool *whole,
                     struct sx_error *err);

/* Hands any frame but a FRAME_END to the sink. SX_EREQUEST: the body is no such thing; else what
 * the sink says. */
sx_status frame_deliver(const struct frame_head *head, struct sx_str body,
                        const struct ingest_sink *sink, struct sx_error *err);
/* What a FRAME_END says: *rc, with `err` when it is a failure. SX_EREQUEST: no such thing. */
sx_status frame_end(struct sx_str body, sx_status *rc, struct sx_error *err);

#endif
