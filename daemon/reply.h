/* Replies, written straight into a buffer: no tree is built on the hot path. */
#ifndef DAEMON_REPLY_H
#define DAEMON_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "index/base/buf.h"
#include "index/base/error.h"

#include <searchd/index.h>

/* `{"id":…,"ok":true`; members follow, then reply_end(). `id` is JSON text or absent. */
void reply_begin(struct buf *out, struct sx_str id);
/* `}` and the newline. */
void reply_end(struct buf *out);

/* A whole failed reply, newline included. Codes that mean "come again" carry retry_after_ms. */
void reply_error(struct buf *out, struct sx_str id, const struct sx_error *err);

/* The same without the newline: within another reply. */
void reply_failure(struct buf *out, struct sx_str id, const struct sx_error *err);

/* Members, each with the comma before it. An absent string is left out. */
void reply_str(struct buf *out, const char *key, struct sx_str value);
void reply_u64(struct buf *out, const char *key, uint64_t value);
void reply_bool(struct buf *out, const char *key, bool value);
void reply_coverage(struct buf *out, const struct sx_coverage *c);
/* `,"key":["a","b"]` */
void reply_strs(struct buf *out, const char *key, const struct sx_str *values, size_t count);

#endif
