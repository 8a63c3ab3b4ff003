/* A stored HTTP response: its status, what it says of its body, and the body as it was meant. */
#ifndef INDEX_INGEST_HTTP_H
#define INDEX_INGEST_HTTP_H

#include <stdint.h>

#include "index/base/buf.h"
#include "index/base/error.h"

struct http_response {
    int status;
    struct sx_str head, body; /* as they came */
};

/* SX_EREQUEST: it does not begin as a response does. */
sx_status http_split(struct sx_str bytes, struct http_response *out, struct sx_error *err);

/* The body without its transfer encoding (chunked) and content encoding (gzip, deflate), of at
 * most `max` bytes; *body borrows from the response or from `mem`. A body that is cut short is
 * SX_EREQUEST, a longer one SX_ETOOLARGE. */
sx_status http_body(const struct http_response *r, uint64_t max, struct buf *mem,
                    struct sx_str *body, struct sx_error *err);

#endif
