/* Frames, packed and taken apart. */
#include "index/extract/frame.h"

#include <string.h>

#include <searchd/index.h>

#include "index/base/json.h"
#include "index/base/str.h"
#include "index/base/utf8.h"

#define PARTS 8
#define ABSENT UINT32_MAX
#define EXTRA_VALUES_MAX ((size_t)1 << 20)

struct doc_head {
    uint64_t line;
    uint32_t len[PARTS];
};

struct line_head {
    uint64_t line;
    int32_t code;
    uint32_t uri_len; /* of an item */
};

static void put_head(struct buf *out, enum frame_kind kind, size_t len)
{
    const struct frame_head head = {(uint32_t)kind, (uint32_t)len};

    buf_put(out, &head, sizeof(head));
}

static void put_doc(struct buf *out, enum frame_kind kind, const struct sx_doc *doc, size_t line)
{
    const struct sx_str parts[PARTS] = {doc->uri,  doc->title, doc->body, doc->source,
                                        doc->date, doc->lang,  doc->type, doc->extra};
    struct doc_head d = {.line = line};
    size_t len = sizeof(d);

    for (size_t i = 0; i < PARTS; i++) {
        d.len[i] = parts[i].ptr == NULL ? ABSENT : (uint32_t)parts[i].len;
        len += parts[i].len;
    }
    put_head(out, kind, len);
    buf_put(out, &d, sizeof(d));
    for (size_t i = 0; i < PARTS; i++)
        buf_put_str(out, parts[i]);
}

void frame_put_doc(struct buf *out, const struct sx_doc *doc, size_t line)
{
    put_doc(out, FRAME_DOC, doc, line);
}

void frame_put_foreign(struct buf *out, const struct sx_doc *doc, size_t line)
{
    put_doc(out, FRAME_FOREIGN, doc, line);
}

static void put_words(struct buf *out, enum frame_kind kind, struct line_head l, struct sx_str uri,
                      const char *msg)
{
    size_t len = strlen(msg);

    l.uri_len = (uint32_t)uri.len;
    put_head(out, kind, sizeof(l) + uri.len + len);
    buf_put(out, &l, sizeof(l));
    buf_put_str(out, uri);
    buf_put(out, msg, len);
}

void frame_put_line(struct buf *out, size_t line, const struct sx_error *why)
{
    const struct line_head l = {.line = line, .code = (int32_t)why->code};

    put_words(out, FRAME_LINE, l, str_of(""), why->msg);
}

void frame_put_item(struct buf *out, struct sx_str uri, const struct sx_error *why)
{
    put_words(out, FRAME_ITEM, (struct line_head){.code = (int32_t)why->code}, uri, why->msg);
}

void frame_put_end(struct buf *out, sx_status rc, const struct sx_error *err)
{
    put_words(out, FRAME_END, (struct line_head){.code = (int32_t)rc}, str_of(""),
              rc == SX_OK ? "" : err->msg);
}

static sx_status garbled(struct sx_error *err)
{
    return sx_fail(err, SX_EREQUEST, "the reader's answer is garbled");
}

sx_status frame_next(struct sx_str *in, struct frame_head *head, struct sx_str *body, bool *whole,
                     struct sx_error *err)
{
    *whole = false;
    if (in->len < sizeof(*head))
        return SX_OK;
    memcpy(head, in->ptr, sizeof(*head));
    if (head->kind < FRAME_DOC || head->kind > FRAME_END || head->len > FRAME_MAX)
        return garbled(err);
    if (in->len - sizeof(*head) < head->len)
        return SX_OK;
    *body = str_make(in->ptr + sizeof(*head), head->len);
    *in = str_make(body->ptr + body->len, in->len - sizeof(*head) - body->len);
    *whole = true;
    return SX_OK;
}

/* `extra` is returned to clients as it is: it must be one JSON object. */
static bool is_object(struct sx_str s)
{
    return s.ptr == NULL || s.len == 0 ||
           (s.ptr[0] == '{' && json_scan(s, EXTRA_VALUES_MAX, NULL) == SX_OK);
}

static sx_status deliver_doc(struct sx_str body, doc_sink to, void *ctx, struct sx_error *err)
{
    struct sx_doc doc = {0};
    struct sx_str *parts[PARTS] = {&doc.uri,  &doc.title, &doc.body, &doc.source,
                                   &doc.date, &doc.lang,  &doc.type, &doc.extra};
    struct doc_head d;
    const char *at;
    size_t left;

    if (body.len < sizeof(d))
        return garbled(err);
    memcpy(&d, body.ptr, sizeof(d));
    at = body.ptr + sizeof(d);
    left = body.len - sizeof(d);
    for (size_t i = 0; i < PARTS; i++) {
        if (d.len[i] == ABSENT)
            continue;
        if (d.len[i] > left)
            return garbled(err);
        *parts[i] = str_make(at, d.len[i]);
        at += d.len[i];
        left -= d.len[i];
    }
    if (left > 0 || !is_object(doc.extra))
        return garbled(err);
    return to == NULL ? garbled(err) : to(ctx, &doc, (size_t)d.line, err);
}

/* One line without what would drive a terminal: it is shown to people. */
static void take_words(struct sx_str words, struct sx_error *out)
{
    size_t len = utf8_check(words.ptr, words.len);

    if (len > sizeof(out->msg) - 1)
        len = utf8_floor(words.ptr, words.len, sizeof(out->msg) - 1);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)words.ptr[i];
        out->msg[i] = c < 0x20 || c == 0x7f ? '?' : words.ptr[i];
    }
    out->msg[len] = '\0';
}

static bool take_line(struct sx_str body, struct line_head *l, struct sx_str *uri,
                      struct sx_error *out)
{
    if (body.len < sizeof(*l))
        return false;
    memcpy(l, body.ptr, sizeof(*l));
    body = str_make(body.ptr + sizeof(*l), body.len - sizeof(*l));
    if (l->uri_len > body.len)
        return false;
    *uri = str_make(body.ptr, l->uri_len);
    body = str_make(body.ptr + uri->len, body.len - uri->len);
    *out = (struct sx_error){.offset = SX_NO_OFFSET};
    if (l->code < SX_OK || l->code >= SX_STATUS_COUNT)
        return false;
    out->code = (sx_status)l->code;
    take_words(body, out);
    return true;
}

static bool is_uri(struct sx_str s)
{
    return s.len > 0 && s.len <= SX_URI_MAX && utf8_check(s.ptr, s.len) == s.len &&
           memchr(s.ptr, '\0', s.len) == NULL;
}

sx_status frame_deliver(const struct frame_head *head, struct sx_str body,
                        const struct ingest_sink *sink, struct sx_error *err)
{
    struct line_head l;
    struct sx_str uri;
    struct sx_error why;

    if (head->kind == FRAME_DOC || head->kind == FRAME_FOREIGN)
        return deliver_doc(body, head->kind == FRAME_DOC ? sink->doc : sink->foreign, sink->ctx,
                           err);
    if (head->kind == FRAME_END || !take_line(body, &l, &uri, &why))
        return garbled(err);
    if (head->kind == FRAME_ITEM && !is_uri(uri))
        return garbled(err);
    if (head->kind == FRAME_LINE && sink->failed != NULL)
        sink->failed(sink->ctx, (size_t)l.line, &why);
    if (head->kind == FRAME_ITEM && sink->item != NULL)
        sink->item(sink->ctx, uri, &why);
    return SX_OK;
}

sx_status frame_end(struct sx_str body, sx_status *rc, struct sx_error *err)
{
    struct line_head l;
    struct sx_str uri;
    struct sx_error why;

    if (!take_line(body, &l, &uri, &why))
        return garbled(err);
    *rc = why.code;
    if (why.code != SX_OK && err != NULL)
        *err = why;
    return SX_OK;
}
