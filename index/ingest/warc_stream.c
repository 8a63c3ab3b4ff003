/* Plain bytes go through the same window as unpacked ones, so that records are read in one way.
 * Whatever is unpacked is charged, taken or not. */
#include "index/ingest/warc_stream.h"

#include <string.h>

#include "index/base/str.h"

#define CHUNK ((size_t)64 << 10)

sx_status warc_stream_init(struct warc_stream *s, struct nest *nest, struct sx_str bytes,
                           struct sx_error *err)
{
    *s = (struct warc_stream){.nest = nest, .in = bytes, .packed = bytes.len};
    s->gzip = bytes.len >= 2 && memcmp(bytes.ptr, "\x1F\x8B", 2) == 0;
    if (s->gzip && inflateInit2(&s->z, 15 + 16) != Z_OK)
        return sx_fail_oom(err);
    return SX_OK;
}

void warc_stream_release(struct warc_stream *s)
{
    if (s->gzip)
        inflateEnd(&s->z);
    buf_release(&s->window);
}

static void end(struct warc_stream *s, const char *why)
{
    s->ended = true;
    if (s->over.code == SX_OK && why != NULL)
        sx_fail(&s->over, SX_EREQUEST, "damaged or cut off: %s", why);
}

/* At most CHUNK bytes more of a plain file to `to`. */
static size_t copy_some(struct warc_stream *s, char *to)
{
    size_t n = s->in.len < CHUNK ? s->in.len : CHUNK;

    memcpy(to, s->in.ptr, n);
    s->in = str_make(s->in.ptr + n, s->in.len - n);
    return n;
}

/* The same of a compressed one; a next member may begin where one ends. */
static size_t inflate_some(struct warc_stream *s, char *to)
{
    size_t given = s->in.len < CHUNK ? s->in.len : CHUNK;
    int rc;

    s->z.next_in = (const Bytef *)s->in.ptr;
    s->z.avail_in = (uInt)given;
    s->z.next_out = (Bytef *)to;
    s->z.avail_out = CHUNK;
    rc = inflate(&s->z, Z_NO_FLUSH);
    given -= s->z.avail_in;
    s->in = str_make(s->in.ptr + given, s->in.len - given);
    s->pending = rc == Z_OK && s->z.avail_out == 0;
    s->inside = rc != Z_STREAM_END;
    if (rc == Z_STREAM_END)
        inflateReset(&s->z);
    else if (rc != Z_OK && rc != Z_BUF_ERROR)
        end(s, s->z.msg != NULL ? s->z.msg : "its compression");
    return CHUNK - s->z.avail_out;
}

/* More bytes in the window; false at the end of all. */
static bool fill(struct warc_stream *s)
{
    const struct ingest_limits *l = s->nest->limits;
    char *to;
    size_t got;

    if (!s->ended && s->in.len == 0 && !s->pending)
        end(s, s->inside ? "a compressed record has no end" : NULL);
    if (s->ended)
        return false;
    if (s->at > 0) {
        buf_consume(&s->window, s->at);
        s->at = 0;
    }
    to = buf_reserve(&s->window, CHUNK);
    if (to == NULL) {
        sx_fail_oom(&s->over);
        s->ended = true;
        return false;
    }
    got = s->gzip ? inflate_some(s, to) : copy_some(s, to);
    buf_advance(&s->window, got);
    s->out += got;
    if (nest_charge(s->nest, got, &s->over) != SX_OK)
        s->ended = true;
    else if (s->out > l->ratio_from && s->out / l->ratio > s->packed)
        s->ended = sx_fail(&s->over, SX_ETOOLARGE, "unpacks to more than %u times its size",
                           l->ratio) != SX_OK;
    return true;
}

static size_t there(const struct warc_stream *s)
{
    return s->window.len - s->at;
}

bool warc_stream_take(struct warc_stream *s, uint64_t n, struct buf *out)
{
    while (n > 0) {
        if (there(s) == 0 && !fill(s))
            return false;
        size_t some = there(s) < n ? there(s) : (size_t)n;
        if (out != NULL)
            buf_put(out, s->window.data + s->at, some);
        s->at += some;
        n -= some;
    }
    return true;
}

/* One byte; -1 at the end. */
static int next(struct warc_stream *s)
{
    while (there(s) == 0) {
        if (!fill(s))
            return -1;
    }
    return (unsigned char)s->window.data[s->at++];
}

bool warc_stream_head(struct warc_stream *s, size_t max, struct buf *out)
{
    size_t line = 0; /* bytes of the line so far */
    int c;

    buf_clear(out);
    while ((c = next(s)) >= 0 && out->len < max) {
        if (c == '\n' && line == 0 && out->len > 0)
            return true;
        if (c == '\r' || (c == '\n' && out->len == 0))
            continue;
        buf_putc(out, (char)c);
        line = c == '\n' ? 0 : line + 1;
    }
    return out->len > 0;
}
