/* All items go one way: they are counted, their kind is found out, and what becomes of them is
 * told under their own uri. Limits of the whole file are kept in one place, whatever the
 * containers are and however they nest. */
#include "index/ingest/item.h"

#include <string.h>

#include <searchd/index.h>

#include "index/base/json.h"
#include "index/base/str.h"
#include "index/base/utf8.h"

#define EXTRA_VALUES_MAX 100000 /* of a document's own extra, which was parsed before */

const struct ingest_limits ingest_limits_default = {
    .item_bytes = (uint64_t)64 << 20,
    .total_bytes = (uint64_t)512 << 20,
    .items = 200000,
    .depth = 6,
    .ratio = 300,
    .ratio_from = (uint64_t)16 << 20,
};

struct item item_inside(const struct item *in, struct sx_str uri, struct sx_str entry)
{
    return (struct item){.nest = in->nest,
                         .depth = in->depth + 1,
                         .uri = uri,
                         .parent = in->uri,
                         .entry = entry,
                         .name = entry};
}

void item_uri(const struct item *in, const char *kind, struct sx_str name, struct buf *out)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789-._~/";
    static const char digit[] = "0123456789ABCDEF";

    buf_clear(out);
    buf_put_str(out, in->uri);
    bool inside = in->uri.len > 0 && memchr(in->uri.ptr, '#', in->uri.len) != NULL;
    if (kind[0] == '#' && inside) /* a URI has one fragment */
        buf_putc(out, '/');
    buf_puts(out, kind + (kind[0] == '#' && inside));
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (c != '\0' && strchr(plain, c) != NULL) {
            buf_putc(out, (char)c);
        } else {
            buf_putc(out, '%');
            buf_putc(out, digit[c >> 4]);
            buf_putc(out, digit[c & 15]);
        }
    }
}

void item_member(struct buf *members, const char *key, struct sx_str value)
{
    if (value.len == 0)
        return;
    if (members->len > 0)
        buf_putc(members, ',');
    json_print_str(str_of(key), members);
    buf_putc(members, ':');
    json_print_str(value, members);
}

/* ---- limits ---------------------------------------------------------------------------- */

sx_status nest_count(struct nest *n, struct sx_error *err)
{
    if (++n->items <= n->limits->items)
        return SX_OK;
    n->ended = true;
    return sx_fail(err, SX_ELIMIT, "holds more than %llu items; the rest is not read",
                   (unsigned long long)n->limits->items);
}

sx_status nest_charge(struct nest *n, uint64_t bytes, struct sx_error *err)
{
    if (bytes <= n->limits->total_bytes - n->bytes) {
        n->bytes += bytes;
        return SX_OK;
    }
    n->ended = true;
    return sx_fail(err, SX_ETOOLARGE, "unpacks to more than %llu MiB; the rest is not read",
                   (unsigned long long)(n->limits->total_bytes >> 20));
}

sx_status nest_fits(const struct nest *n, uint64_t bytes, struct sx_error *err)
{
    if (bytes <= n->limits->item_bytes)
        return SX_OK;
    return sx_fail(err, SX_ETOOLARGE, "too large: more than %llu MiB",
                   (unsigned long long)(n->limits->item_bytes >> 20));
}

/* ---- telling --------------------------------------------------------------------------- */

static bool is_file(const struct item *it)
{
    return it->parent.ptr == NULL;
}

static void tell(const struct item *it, struct sx_str uri, const struct sx_error *why)
{
    if (uri.len > SX_URI_MAX)
        uri.len = utf8_floor(uri.ptr, uri.len, SX_URI_MAX);
    it->nest->told++;
    it->nest->sink->item(it->nest->sink->ctx, uri, why);
}

void item_line_failed(const struct item *it, size_t line, const struct sx_error *why)
{
    const struct ingest_sink *sink = it->nest->sink;
    struct buf uri = {0};

    if (is_file(it)) {
        it->nest->told++;
        sink->failed(sink->ctx, line, why);
        return;
    }
    buf_put_str(&uri, it->uri);
    buf_printf(&uri, "#%zu", line);
    it->nest->oom = it->nest->oom || !buf_ok(&uri);
    tell(it, buf_ok(&uri) ? buf_str(&uri) : it->uri, why);
    buf_release(&uri);
}

sx_status item_over(const struct item *it, sx_status rc, const struct sx_error *why,
                    struct sx_error *err)
{
    if (rc == SX_OK)
        return SX_OK;
    if (it->nest->ended || rc == SX_ENOMEM || is_file(it)) {
        if (err != NULL)
            *err = *why;
        return rc;
    }
    tell(it, it->uri, why);
    return SX_OK;
}

bool item_has_key(struct sx_str extra, const char *key)
{
    cJSON *json = NULL;
    bool has = false;

    if (extra.len == 0 || memmem(extra.ptr, extra.len, key, strlen(key)) == NULL)
        return false;
    if (json_parse(extra, EXTRA_VALUES_MAX, &json, NULL) == SX_OK)
        has = cJSON_GetObjectItemCaseSensitive(json, key) != NULL;
    cJSON_Delete(json);
    return has;
}

/* The document's extra with where the item stood before what it says itself. */
static sx_status put_extra(const struct item *it, struct sx_str own, struct buf *out,
                           struct sx_error *err)
{
    struct buf members = {0};
    bool some = own.len > 2; /* more than {} */

    if (!some || !item_has_key(own, "parent"))
        item_member(&members, "parent", it->parent);
    if (!some || !item_has_key(own, "entry"))
        item_member(&members, "entry", it->entry);
    if (members.len > 0 && it->more.len > 0)
        buf_putc(&members, ',');
    buf_put_str(&members, it->more);
    if (members.len > 0 && some)
        buf_putc(&members, ',');
    buf_putc(out, '{');
    buf_put_str(out, buf_str(&members));
    if (some)
        buf_put(out, own.ptr + 1, own.len - 1);
    else
        buf_putc(out, '}');
    bool ok = buf_ok(&members) && buf_ok(out);
    buf_release(&members);
    return ok ? SX_OK : sx_fail_oom(err);
}

/* Gives the document to `to`, a member of the sink, with its place in its extra. */
static sx_status give(const struct item *it, const struct sx_doc *doc, size_t line, doc_sink to,
                      struct sx_error *err)
{
    struct sx_doc full = *doc;
    struct buf extra = {0};
    sx_status rc = SX_OK;

    if (full.source.len == 0 && it->source.len > 0)
        full.source = it->source;
    if (!is_file(it) || it->more.len > 0) {
        rc = put_extra(it, doc->extra, &extra, err);
        full.extra = buf_str(&extra);
    }
    if (rc == SX_OK) {
        it->nest->told++;
        rc = to(it->nest->sink->ctx, &full, is_file(it) ? line : 0, err);
        it->nest->ended = it->nest->ended || rc != SX_OK;
    }
    buf_release(&extra);
    return rc;
}

static bool is_blank(struct sx_str s)
{
    size_t n = 0;

    while (n < s.len && (unsigned char)s.ptr[n] <= ' ')
        n++;
    return n == s.len;
}

bool item_is_blank(const struct sx_doc *doc)
{
    return is_blank(doc->body) && is_blank(doc->title);
}

sx_status item_doc(const struct item *it, const struct sx_doc *doc, size_t line,
                   struct sx_error *err)
{
    return give(it, doc, line, it->nest->sink->doc, err);
}

sx_status item_foreign(const struct item *it, enum media m, struct sx_str bytes,
                       struct sx_error *err)
{
    const struct sx_doc doc = {.uri = it->uri, .body = bytes, .type = str_of(media_name(m))};

    if (is_file(it) || it->nest->sink->foreign == NULL)
        return sx_fail(err, SX_EREQUEST, "not read here: a %s is read by another program",
                       media_name(m));
    return give(it, &doc, 0, it->nest->sink->foreign, err);
}

/* ---- reading --------------------------------------------------------------------------- */

static enum media kind_of(const struct item *it, struct sx_str bytes)
{
    char name[256];
    size_t keep = it->name.len < sizeof(name) ? it->name.len : sizeof(name) - 1;
    enum media m;

    if (keep > 0)
        memcpy(name, it->name.ptr + it->name.len - keep, keep); /* the ending */
    name[keep] = '\0';
    m = media_detect(name, bytes);
    bool plain = m == MEDIA_TEXT || m == MEDIA_MARKDOWN || m == MEDIA_CSV || m == MEDIA_JSONL;
    return plain && it->likely != MEDIA_NONE ? it->likely : m;
}

sx_status item_read(const struct item *it, struct sx_str bytes, struct sx_error *err)
{
    struct sx_error why = {0};
    enum media m = MEDIA_NONE;
    sx_status rc = nest_fits(it->nest, bytes.len, &why);

    if (rc == SX_OK && it->uri.len > SX_URI_MAX)
        rc = sx_fail(&why, SX_ETOOLARGE, "its address is longer than %d bytes", SX_URI_MAX);
    if (rc == SX_OK && bytes.len == 0)
        rc = sx_fail(&why, SX_EREQUEST, "empty");
    if (rc == SX_OK) {
        m = kind_of(it, bytes);
        rc = item_read_as(it, m, bytes, &why);
    }
    return item_over(it, rc, &why, err);
}
