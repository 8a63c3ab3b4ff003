/* Crawlers store responses as they came over the wire, encodings included; some store them
 * decoded and leave the headers that say otherwise, so a body that plainly is not encoded is taken
 * as it is. */
#include "index/ingest/http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ZLIB_CONST
#include <zlib.h>

#include "index/base/str.h"
#include "index/ingest/mime.h"

#define CHUNK ((size_t)64 << 10)
#define CHUNK_DIGITS 15 /* hexadecimal, of a chunk's size */

sx_status http_split(struct sx_str bytes, struct http_response *out, struct sx_error *err)
{
    const char *end, *space;
    struct mime_part part;

    if (!mime_is(bytes, "HTTP/") || (end = memchr(bytes.ptr, '\n', bytes.len)) == NULL)
        return sx_fail(err, SX_EREQUEST, "damaged: no HTTP response");
    space = memchr(bytes.ptr, ' ', (size_t)(end - bytes.ptr));
    out->status = 0;
    for (int i = 1; i <= 3 && space != NULL && space + i < end; i++) {
        if (space[i] < '0' || space[i] > '9')
            return sx_fail(err, SX_EREQUEST, "damaged: no status in its HTTP response");
        out->status = out->status * 10 + (space[i] - '0');
    }
    part = mime_split(str_make(end + 1, bytes.len - (size_t)(end + 1 - bytes.ptr)));
    out->head = part.head;
    out->body = part.body;
    return SX_OK;
}

/* ---- chunked --------------------------------------------------------------------------- */

/* The number that begins a chunk; -1: none is there. */
static int64_t chunk_size(struct sx_str s, size_t *taken)
{
    uint64_t size = 0; /* it holds one digit more than is read as a number */
    size_t n = 0;
    const char *end;

    for (; n < s.len && n <= CHUNK_DIGITS; n++) {
        char c = s.ptr[n];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            break;
        size = size * 16 + (unsigned)digit;
    }
    end = memchr(s.ptr + n, '\n', s.len - n);
    if (n == 0 || n > CHUNK_DIGITS || end == NULL)
        return -1;
    *taken = (size_t)(end - s.ptr) + 1;
    return (int64_t)size;
}

static sx_status join_chunks(struct sx_str s, struct buf *out, struct sx_error *err)
{
    size_t taken;
    int64_t size;

    while ((size = chunk_size(s, &taken)) > 0) {
        s = str_make(s.ptr + taken, s.len - taken);
        if ((uint64_t)size > s.len)
            break;
        buf_put(out, s.ptr, (size_t)size);
        s = str_make(s.ptr + size, s.len - (size_t)size);
        size_t end = s.len >= 2 && memcmp(s.ptr, "\r\n", 2) == 0 ? 2 : s.len > 0 && *s.ptr == '\n';
        s = str_make(s.ptr + end, s.len - end);
    }
    if (!buf_ok(out))
        return sx_fail_oom(err);
    return size == 0 ? SX_OK : sx_fail(err, SX_EREQUEST, "cut off: its last chunk is missing");
}

/* ---- compressed ------------------------------------------------------------------------ */

static sx_status inflate_all(z_stream *z, uint64_t max, struct buf *out, struct sx_error *err)
{
    int rc = Z_OK;

    while (rc == Z_OK) {
        char *at = buf_reserve(out, CHUNK);
        if (at == NULL)
            return sx_fail_oom(err);
        z->next_out = (Bytef *)at;
        z->avail_out = CHUNK;
        rc = inflate(z, Z_NO_FLUSH);
        buf_advance(out, CHUNK - z->avail_out);
        if (out->len > max)
            return sx_fail(err, SX_ETOOLARGE, "too large: more than %llu MiB",
                           (unsigned long long)(max >> 20));
    }
    if (rc == Z_MEM_ERROR)
        return sx_fail_oom(err);
    return rc == Z_STREAM_END ? SX_OK
                              : sx_fail(err, SX_EREQUEST, "damaged or cut off: %s",
                                        z->msg != NULL ? z->msg : "its compressed body has no end");
}

/* `window` is zlib's windowBits, which say what is around the compressed bytes. */
static sx_status unzip(struct sx_str in, int window, uint64_t max, struct buf *out,
                       struct sx_error *err)
{
    z_stream z = {.next_in = (const Bytef *)in.ptr, .avail_in = (uInt)in.len};
    sx_status rc;

    buf_clear(out);
    if (in.len > UINT32_MAX || inflateInit2(&z, window) != Z_OK)
        return sx_fail_oom(err);
    rc = inflate_all(&z, max, out, err);
    inflateEnd(&z);
    return rc;
}

static sx_status decompress(struct sx_str in, struct sx_str how, uint64_t max, struct buf *mem,
                            struct sx_str *out, struct sx_error *err)
{
    bool gzip = in.len > 2 && memcmp(in.ptr, "\x1F\x8B", 2) == 0;
    sx_status rc = SX_OK;

    *out = in;
    if (in.len == 0 || how.len == 0 || mime_is(how, "identity"))
        return SX_OK;
    if (mime_is(how, "gzip") || mime_is(how, "x-gzip")) {
        if (!gzip)
            return SX_OK;
        rc = unzip(in, 15 + 16, max, mem, err);
    } else if (mime_is(how, "deflate")) {
        bool zlib = (in.ptr[0] & 0x0F) == 8; /* as the standard has it; some send none around it */
        rc = unzip(in, zlib ? 15 : -15, max, mem, err);
    } else {
        return sx_fail(err, SX_EREQUEST, "its content encoding '%.*s' is not known",
                       how.len > 40 ? 40 : (int)how.len, how.ptr);
    }
    *out = buf_str(mem);
    return rc;
}

sx_status http_body(const struct http_response *r, uint64_t max, struct buf *mem,
                    struct sx_str *body, struct sx_error *err)
{
    struct buf how = {0}, whole = {0}, joined = {0};
    struct sx_str in = r->body;
    size_t taken;
    sx_status rc = SX_OK;

    mime_header(r->head, "Transfer-Encoding", &how);
    if (how.len > 0 && memmem(how.data, how.len, "chunked", 7) != NULL &&
        chunk_size(in, &taken) >= 0) {
        rc = join_chunks(in, &joined, err);
        in = buf_str(&joined);
    }
    bool ok = buf_ok(&how);
    mime_header(r->head, "Content-Encoding", &how);
    if (!ok || !buf_ok(&how))
        rc = sx_fail_oom(err);
    if (rc == SX_OK)
        rc = decompress(in, buf_str(&how), max, &whole, body, err);
    if (rc == SX_OK && body->ptr != NULL && body->ptr == joined.data) {
        buf_release(mem);
        *mem = joined;
        joined = (struct buf){0};
    } else if (rc == SX_OK && whole.data != NULL) {
        buf_release(mem);
        *mem = whole;
        whole = (struct buf){0};
    }
    buf_release(&how);
    buf_release(&joined);
    buf_release(&whole);
    return rc;
}
