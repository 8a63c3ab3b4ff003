/* WARC (ISO 28500), plain or with a gzip member for each record, read over zlib: libarchive's
 * reader of it loses its place.
 *
 * Responses, resources and conversions are items, PARENT#record/N by their place in the file;
 * where each came from and when goes to extra, and its host is the source of a page that names
 * none. What tells about records or the crawl (warcinfo, request, metadata; wget's "metadata:"
 * resources) is passed over. All else that gives
 * no document is told as failed: revisits, whose page stands in another record, answers that are
 * no page (404), kinds that are no text (pictures, style sheets). */
#include "index/ingest/readers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <searchd/index.h>

#include "index/base/str.h"
#include "index/ingest/http.h"
#include "index/ingest/meta.h"
#include "index/ingest/mime.h"
#include "index/ingest/warc_stream.h"

#define HEAD_MAX ((size_t)64 << 10) /* bytes of a record's header */

struct warc {
    const struct item *it;
    struct warc_stream in;
    struct buf head, block; /* of the record that is read */
    size_t number;
};

/* What of a record's header is wanted. */
struct record {
    struct buf type, content, target, date;
    uint64_t length;
    bool has_length;
};

static void record_release(struct record *r)
{
    struct buf *const all[] = {&r->type, &r->content, &r->target, &r->date};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        buf_release(all[i]);
}

static bool record_read(struct record *r, struct sx_str head)
{
    struct buf length = {0};
    const struct {
        const char *name;
        struct buf *value;
    } rows[] = {
        {"WARC-Type", &r->type}, {"Content-Type", &r->content}, {"WARC-Target-URI", &r->target},
        {"WARC-Date", &r->date}, {"Content-Length", &length},
    };
    bool ok = true;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mime_header(head, rows[i].name, rows[i].value);
        ok = ok && buf_ok(rows[i].value);
    }
    r->has_length = length.len > 0 && length.len < 19;
    for (size_t i = 0; i < length.len && r->has_length; i++) {
        r->has_length = length.data[i] >= '0' && length.data[i] <= '9';
        r->length = r->length * 10 + (uint64_t)(length.data[i] - '0');
    }
    buf_release(&length);
    return ok;
}

/* ---- what a record holds --------------------------------------------------------------- */

/* Kinds that a browser shows and nobody reads, by the beginning of their names. */
static const struct {
    const char *type, *what;
} no_text[] = {
    {"image/", "a picture"},
    {"audio/", "sound"},
    {"video/", "a video"},
    {"font/", "a font"},
    {"application/font", "a font"},
    {"application/x-font", "a font"},
    {"application/vnd.ms-fontobject", "a font"},
    {"text/css", "a style sheet"},
    {"text/javascript", "a script"},
    {"application/javascript", "a script"},
    {"application/x-javascript", "a script"},
};

static sx_status check_type(struct sx_str type, struct sx_error *err)
{
    for (size_t i = 0; i < sizeof(no_text) / sizeof(no_text[0]); i++) {
        if (mime_is(type, no_text[i].type))
            return sx_fail(err, SX_EREQUEST, "not a kind of file that is read: %s",
                           no_text[i].what);
    }
    return SX_OK;
}

/* The host of an address: "http://www.example.org:80/a" is of www.example.org. */
static struct sx_str host_of(struct sx_str url)
{
    const char *at = memmem(url.ptr, url.len, "://", 3), *end = url.ptr + url.len;
    struct sx_str host;

    if (at == NULL)
        return str_of(NULL);
    host = str_make(at + 3, 0);
    while (host.ptr + host.len < end && strchr("/:?#", host.ptr[host.len]) == NULL)
        host.len++;
    return host.len <= SX_META_MAX ? host : str_of(NULL);
}

/* The path of an address, whose ending may tell its kind. */
static struct sx_str path_of(struct sx_str url)
{
    const char *query = memchr(url.ptr, '?', url.len);

    return query == NULL ? url : str_make(url.ptr, (size_t)(query - url.ptr));
}

static sx_status read_content(const struct item *it, struct sx_str type, struct sx_str bytes,
                              struct sx_error *err)
{
    sx_status rc = check_type(type, err);

    return rc == SX_OK ? typed_read(it, type, bytes, err) : rc;
}

static sx_status read_response(struct warc *w, const struct item *it, struct sx_str block,
                               struct sx_error *err)
{
    struct nest *nest = w->it->nest;
    struct http_response r;
    struct buf mem = {0}, type = {0};
    struct sx_str body;
    sx_status rc = http_split(block, &r, err);

    if (rc == SX_OK && r.status != 200 && r.status != 203)
        rc = sx_fail(err, SX_EREQUEST, "not a page: HTTP status %d", r.status);
    if (rc == SX_OK)
        rc = http_body(&r, nest->limits->item_bytes, &mem, &body, err);
    if (rc == SX_OK && mem.len > 0)
        rc = nest_charge(nest, mem.len, err);
    if (rc == SX_OK) {
        mime_header(r.head, "Content-Type", &type);
        rc = buf_ok(&type) ? read_content(it, buf_str(&type), body, err) : sx_fail_oom(err);
    }
    buf_release(&mem);
    buf_release(&type);
    return rc;
}

/* ---- records --------------------------------------------------------------------------- */

static bool is_type(const struct record *r, const char *type)
{
    return r->type.len == strlen(type) && strncasecmp(r->type.data, type, r->type.len) == 0;
}

static bool tells_about_others(const struct record *r)
{
    return is_type(r, "warcinfo") || is_type(r, "request") || is_type(r, "metadata") ||
           mime_is(buf_str(&r->target), "metadata:") || mime_is(buf_str(&r->target), "<metadata:");
}

static sx_status read_by_type(struct warc *w, const struct item *it, const struct record *r,
                              struct sx_str block, struct sx_error *err)
{
    bool http = r->content.len == 0 || mime_is(buf_str(&r->content), "application/http");

    if (is_type(r, "revisit"))
        return sx_fail(err, SX_EREQUEST, "a revisit: an earlier record has the same page");
    if (is_type(r, "response") && http)
        return read_response(w, it, block, err);
    if (is_type(r, "response") || is_type(r, "resource") || is_type(r, "conversion"))
        return read_content(it, buf_str(&r->content), block, err);
    return sx_fail(err, SX_EREQUEST, "a record of type '%.*s' is not read",
                   r->type.len > 40 ? 40 : (int)r->type.len, r->type.len > 0 ? r->type.data : "");
}

/* The address without the <> that some writers put around it. */
static struct sx_str plain_url(const struct buf *b)
{
    struct sx_str s = meta_trim(buf_str(b));

    if (s.len >= 2 && s.ptr[0] == '<' && s.ptr[s.len - 1] == '>')
        s = str_make(s.ptr + 1, s.len - 2);
    return s;
}

/* `rc` and `why` are those of getting the block. */
static sx_status read_record(struct warc *w, struct record *r, sx_status rc,
                             const struct sx_error *why, struct sx_error *err)
{
    char place[32];
    struct buf uri = {0}, more = {0}, url = {0};
    struct sx_error inner = *why;
    struct item it;

    snprintf(place, sizeof(place), "%zu", w->number);
    item_uri(w->it, "#record/", str_of(place), &uri);
    mime_words(plain_url(&r->target), &url); /* to valid UTF-8 */
    item_member(&more, "url", buf_str(&url));
    mime_words(buf_str(&r->date), &w->head);
    item_member(&more, "captured", buf_str(&w->head));
    if (!buf_ok(&uri) || !buf_ok(&more) || !buf_ok(&url) || !buf_ok(&w->head)) {
        rc = sx_fail_oom(err);
        goto out;
    }
    it = item_inside(w->it, buf_str(&uri),
                     str_make(uri.data + w->it->uri.len + 1, uri.len - w->it->uri.len - 1));
    it.name = path_of(buf_str(&url));
    it.source = host_of(buf_str(&url));
    it.more = buf_str(&more);
    if (rc == SX_OK)
        rc = read_by_type(w, &it, r, buf_str(&w->block), &inner);
    rc = item_over(&it, rc, &inner, err);
out:
    buf_release(&uri);
    buf_release(&more);
    buf_release(&url);
    return rc;
}

/* The record's block to w->block, or past it. SX_ETOOLARGE when it is larger than an item can be;
 * *lost: the place of the next record is not known, since the file ends in this one. */
static sx_status take_block(struct warc *w, const struct record *r, bool wanted, bool *lost,
                            struct sx_error *err)
{
    sx_status rc = wanted ? nest_fits(w->it->nest, r->length, err) : SX_OK;

    buf_clear(&w->block);
    *lost = !warc_stream_take(&w->in, r->length, wanted && rc == SX_OK ? &w->block : NULL);
    if (!buf_ok(&w->block))
        return sx_fail_oom(err);
    if (*lost && w->in.over.code != SX_OK) {
        *err = w->in.over;
        return err->code;
    }
    if (*lost && rc == SX_OK)
        return sx_fail(err, SX_EREQUEST, "cut off: %zu of %llu bytes of the record are there",
                       w->block.len, (unsigned long long)r->length);
    return rc;
}

/* One record. *more: another may follow. */
static sx_status next_record(struct warc *w, bool *more, struct sx_error *err)
{
    struct record r = {0};
    struct sx_error why = {0};
    bool lost = false;
    sx_status rc;

    *more = warc_stream_head(&w->in, HEAD_MAX, &w->head);
    if (!buf_ok(&w->head))
        return sx_fail_oom(err);
    if (w->in.over.code != SX_OK) {
        *err = w->in.over;
        return err->code;
    }
    if (!*more)
        return SX_OK;
    w->number++;
    rc = nest_count(w->it->nest, err);
    if (rc == SX_OK && (w->head.len < 7 || !mime_is(buf_str(&w->head), "WARC/")))
        rc = sx_fail(err, SX_EREQUEST, "damaged: record %zu has no header; the rest is not read",
                     w->number);
    if (rc == SX_OK && !record_read(&r, buf_str(&w->head)))
        rc = sx_fail_oom(err);
    if (rc == SX_OK && !r.has_length)
        rc = sx_fail(err, SX_EREQUEST, "damaged: record %zu has no length; the rest is not read",
                     w->number);
    if (rc == SX_OK) {
        bool wanted = !tells_about_others(&r);
        rc = take_block(w, &r, wanted, &lost, &why);
        if (rc == SX_ENOMEM || (rc != SX_OK && w->it->nest->ended))
            *err = why;
        else if (wanted || rc != SX_OK)
            rc = read_record(w, &r, rc, &why, err);
        if (rc == SX_OK && lost && w->in.over.code != SX_OK)
            rc = sx_fail(err, w->in.over.code, "%s; the rest is not read", w->in.over.msg);
    }
    *more = !lost;
    record_release(&r);
    return rc;
}

sx_status warc_read(const struct item *it, struct sx_str bytes, struct sx_error *err)
{
    struct warc w = {.it = it};
    bool more = true;
    sx_status rc = warc_stream_init(&w.in, it->nest, bytes, err);

    while (rc == SX_OK && more)
        rc = next_record(&w, &more, err);
    warc_stream_release(&w.in);
    buf_release(&w.head);
    buf_release(&w.block);
    return rc;
}
