/* A message (.eml) and what it carries. Its text is one document: plain text where there is a
 * choice, else what HTML shows. What is attached is an item, PARENT#attachment/N in the order of
 * the message; a message within it too. Pictures that only adorn the text are passed over, as
 * those of a page are.
 *
 * The tree of parts is walked twice, once for the text and once for what is attached, so that a
 * document comes before its attachments and nothing is kept. */
#include "index/ingest/readers.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <searchd/index.h>

#include "index/base/str.h"
#include "index/ingest/meta.h"
#include "index/ingest/mime.h"

#define PARTS_DEPTH_MAX 32 /* multiparts within multiparts of one message */
#define ADDRESSES_MAX 2000 /* bytes of To that are kept */

/* What of a part is wanted. */
enum want {
    WANT_TEXT = 1,     /* the text of the message */
    WANT_ATTACHED = 2, /* what is attached */
};

struct message {
    const struct item *it;
    unsigned want;
    struct buf text;       /* of the message, so far */
    size_t attached;       /* parts that are, so far */
    bool cut_off;          /* a multipart had no end */
    bool counted;          /* its parts are, by the first walk */
    struct sx_error amiss; /* of the first part of the text that could not be read */
};

/* What the headers of a part say of it. */
struct part_info {
    struct buf type, encoding, disposition, filename, scratch;
};

static void info_release(struct part_info *pi)
{
    buf_release(&pi->type);
    buf_release(&pi->encoding);
    buf_release(&pi->disposition);
    buf_release(&pi->filename);
    buf_release(&pi->scratch);
}

static bool info_read(struct part_info *pi, struct sx_str head)
{
    if (!mime_header(head, "Content-Type", &pi->type))
        buf_puts(&pi->type, "text/plain");
    mime_header(head, "Content-Transfer-Encoding", &pi->encoding);
    mime_header(head, "Content-Disposition", &pi->disposition);
    if (!mime_param(buf_str(&pi->disposition), "filename", &pi->filename))
        mime_param(buf_str(&pi->type), "name", &pi->filename);
    return buf_ok(&pi->type) && buf_ok(&pi->encoding) && buf_ok(&pi->disposition) &&
           buf_ok(&pi->filename);
}

static sx_status read_part(struct message *m, struct mime_part part, unsigned depth,
                           struct sx_error *err);

/* ---- text ------------------------------------------------------------------------------ */

static sx_status decode_text(struct message *m, struct part_info *pi, struct sx_str body,
                             struct sx_error *err)
{
    struct buf bytes = {0}, mem = {0};
    struct sx_str text;
    sx_status rc;

    mime_decode(body, buf_str(&pi->encoding), &bytes);
    mime_param(buf_str(&pi->type), "charset", &pi->scratch);
    if (!buf_ok(&bytes) || !buf_ok(&pi->scratch)) {
        buf_release(&bytes);
        return sx_fail_oom(err);
    }
    rc = mime_text(buf_str(&bytes), buf_str(&pi->scratch), &mem, &text, err);
    if (rc == SX_OK && m->text.len > 0 && meta_trim(text).len > 0)
        buf_puts(&m->text, "\n\n");
    if (rc == SX_OK && mime_is(buf_str(&pi->type), "text/html"))
        rc = fragment_read(text, &m->text, err);
    else if (rc == SX_OK)
        buf_put_str(&m->text, meta_trim(text));
    if (rc == SX_OK)
        rc = buf_ok(&m->text) ? nest_fits(m->it->nest, m->text.len, err) : sx_fail_oom(err);
    buf_release(&bytes);
    buf_release(&mem);
    return rc;
}

/* A part of the text that cannot be read leaves the others, and is told at the end. */
static sx_status add_text(struct message *m, struct part_info *pi, struct sx_str body,
                          struct sx_error *err)
{
    size_t before = m->text.len;
    struct sx_error why = {0};
    sx_status rc = decode_text(m, pi, body, &why);

    if (rc == SX_OK)
        return SX_OK;
    if (rc == SX_ENOMEM)
        return sx_fail_oom(err);
    m->text.len = before;
    if (m->amiss.code == SX_OK)
        m->amiss = why;
    return SX_OK;
}

/* ---- what is attached ------------------------------------------------------------------ */

static const char *why_not(struct sx_str type)
{
    if (mime_is(type, "multipart/encrypted"))
        return "encrypted";
    if (mime_is(type, "application/pkcs7-mime") || mime_is(type, "application/x-pkcs7-mime"))
        return "encrypted (S/MIME)";
    return NULL;
}

static sx_status read_attached(struct message *m, struct part_info *pi, struct sx_str body,
                               struct sx_error *err)
{
    struct buf bytes = {0}, uri = {0};
    struct sx_error why = {0};
    struct item it;
    char number[32];
    const char *refused = why_not(buf_str(&pi->type));
    sx_status rc;

    snprintf(number, sizeof(number), "%zu", m->attached);
    item_uri(m->it, "#attachment/", str_of(number), &uri);
    if (refused == NULL)
        mime_decode(body, buf_str(&pi->encoding), &bytes);
    if (!buf_ok(&uri) || !buf_ok(&bytes)) {
        rc = sx_fail_oom(err);
        goto out;
    }
    it = item_inside(m->it, buf_str(&uri),
                     pi->filename.len > 0
                         ? buf_str(&pi->filename)
                         : str_make(uri.data + m->it->uri.len + 1, uri.len - m->it->uri.len - 1));
    rc = nest_charge(m->it->nest, bytes.len, err);
    if (rc != SX_OK)
        goto out;
    if (refused != NULL)
        rc = item_over(&it, sx_fail(&why, SX_EREQUEST, "%s", refused), &why, err);
    else
        rc = typed_read(&it, buf_str(&pi->type), buf_str(&bytes), err);
out:
    buf_release(&bytes);
    buf_release(&uri);
    return rc;
}

/* ---- the tree of parts ----------------------------------------------------------------- */

/* How much a part of multipart/alternative is wanted; they say the same in different ways. */
static int rank_of(struct mime_part part, struct buf *type)
{
    if (!mime_header(part.head, "Content-Type", type) || mime_is(buf_str(type), "text/plain"))
        return meta_trim(part.body).len > 0 ? 4 : 0;
    if (mime_is(buf_str(type), "multipart/"))
        return 3;
    return mime_is(buf_str(type), "text/html") ? 2 : 1;
}

/* Which of the parts is taken; of two alike the later, which is the richer. */
static size_t choose(struct sx_str body, struct sx_str boundary, struct buf *type)
{
    struct mime_parts parts;
    struct mime_part part;
    size_t chosen = 0;
    int best = -1;

    mime_parts_init(&parts, body, boundary);
    for (size_t n = 0; buf_ok(type) && mime_parts_next(&parts, &part); n++) {
        int rank = rank_of(part, type);
        if (rank >= best) {
            best = rank;
            chosen = n;
        }
    }
    return chosen;
}

/* Some programs attach files within an alternative, so a part that is not chosen may still hold
 * some; its text goes. */
static sx_status read_multipart(struct message *m, struct part_info *pi, struct sx_str body,
                                unsigned depth, struct sx_error *err)
{
    struct sx_str type = buf_str(&pi->type), boundary;
    bool alternative = mime_is(type, "multipart/alternative");
    unsigned want = m->want;
    struct mime_parts parts;
    struct mime_part part;
    size_t chosen = 0;
    sx_status rc = SX_OK;

    if (depth == PARTS_DEPTH_MAX)
        return sx_fail(err, SX_ELIMIT, "parts nest deeper than %d", PARTS_DEPTH_MAX);
    mime_param(type, "boundary", &pi->scratch);
    boundary = buf_str(&pi->scratch);
    if (alternative)
        chosen = choose(body, boundary, &pi->filename);
    if (!buf_ok(&pi->scratch) || !buf_ok(&pi->filename))
        return sx_fail_oom(err);
    mime_parts_init(&parts, body, boundary);
    for (size_t n = 0; rc == SX_OK && mime_parts_next(&parts, &part); n++) {
        if (alternative && n != chosen)
            m->want = want & WANT_ATTACHED;
        rc = read_part(m, part, depth + 1, err);
        m->want = want;
    }
    m->cut_off = m->cut_off || !parts.closed;
    return rc;
}

/* Whether a part is passed over wherever it stands: signatures, and pictures shown in the text. */
static bool is_furniture(const struct part_info *pi, struct sx_str head, struct buf *scratch)
{
    struct sx_str type = buf_str(&pi->type), how = buf_str(&pi->disposition);

    if (mime_is(type, "application/pgp-signature") ||
        mime_is(type, "application/pkcs7-signature") ||
        mime_is(type, "application/x-pkcs7-signature"))
        return true;
    return mime_is(type, "image/") && !mime_is(how, "attachment") &&
           mime_header(head, "Content-ID", scratch);
}

static bool is_text(const struct part_info *pi)
{
    struct sx_str type = buf_str(&pi->type), how = buf_str(&pi->disposition);

    if (mime_is(how, "attachment") || !mime_is(type, "text/"))
        return false;
    return pi->filename.len == 0 || mime_is(how, "inline");
}

static sx_status read_leaf(struct message *m, struct part_info *pi, struct mime_part part,
                           struct sx_error *err)
{
    if (is_furniture(pi, part.head, &pi->scratch))
        return buf_ok(&pi->scratch) ? SX_OK : sx_fail_oom(err);
    if (is_text(pi))
        return (m->want & WANT_TEXT) != 0 ? add_text(m, pi, part.body, err) : SX_OK;
    m->attached++;
    if ((m->want & WANT_ATTACHED) == 0)
        return SX_OK;
    return read_attached(m, pi, part.body, err);
}

static sx_status read_part(struct message *m, struct mime_part part, unsigned depth,
                           struct sx_error *err)
{
    struct part_info pi = {0};
    bool first = depth > 0 && !m->counted; /* the message itself was counted by its container */
    sx_status rc = first ? nest_count(m->it->nest, err) : SX_OK;

    if (rc == SX_OK && !info_read(&pi, part.head))
        rc = sx_fail_oom(err);
    if (rc == SX_OK) {
        struct sx_str type = buf_str(&pi.type);
        bool whole = mime_is(type, "multipart/") && why_not(type) == NULL;
        rc = whole ? read_multipart(m, &pi, part.body, depth, err) : read_leaf(m, &pi, part, err);
    }
    info_release(&pi);
    return rc;
}

/* ---- headers --------------------------------------------------------------------------- */

/* Who a From says: the name if there is one, else the address. */
static struct sx_str sender(struct sx_str from)
{
    const char *open = memchr(from.ptr, '<', from.len);
    const char *paren = memchr(from.ptr, '(', from.len);
    struct sx_str name = from;

    if (open != NULL && open > from.ptr) {
        name = meta_trim(str_make(from.ptr, (size_t)(open - from.ptr)));
    } else if (open == NULL && paren != NULL) {
        const char *close = memchr(paren, ')', from.len - (size_t)(paren - from.ptr));
        if (close != NULL)
            name = meta_trim(str_make(paren + 1, (size_t)(close - paren) - 1));
    }
    if (name.len >= 2 && name.ptr[0] == '"' && name.ptr[name.len - 1] == '"')
        name = str_make(name.ptr + 1, name.len - 2);
    if (name.len > 2 && name.ptr[0] == '<' && name.ptr[name.len - 1] == '>')
        name = str_make(name.ptr + 1, name.len - 2);
    return name;
}

static void take_header(struct sx_str head, const char *name, const char *key, struct buf *raw,
                        struct buf *value, struct buf *more)
{
    if (!mime_header(head, name, raw))
        buf_clear(raw);
    mime_words(buf_str(raw), value);
    if (key != NULL && value->len <= ADDRESSES_MAX)
        item_member(more, key, meta_trim(buf_str(value)));
    more->failed = more->failed || raw->failed || value->failed;
}

/* Title, date, source and language to `meta`, the rest to `more`. False: memory ran out. */
static bool read_headers(struct sx_str head, struct meta *meta, struct buf *more)
{
    struct buf raw = {0}, value = {0}, iso = {0};

    take_header(head, "Subject", NULL, &raw, &value, more);
    meta_offer(meta, META_TITLE, 1, buf_str(&value));
    take_header(head, "From", "author", &raw, &value, more);
    if (value.len > 0)
        meta_offer(meta, META_SOURCE, 1, sender(buf_str(&value)));
    take_header(head, "To", "to", &raw, &value, more);
    take_header(head, "Message-ID", "message_id", &raw, &value, more);
    take_header(head, "Content-Language", NULL, &raw, &value, more);
    meta_offer(meta, META_LANG, 1, buf_str(&value));
    if (mime_header(head, "Date", &raw) && mime_date(buf_str(&raw), &iso))
        meta_offer(meta, META_DATE, 1, buf_str(&iso));
    bool ok = buf_ok(more) && buf_ok(&raw) && buf_ok(&value) && buf_ok(&iso) && meta_ok(meta);
    buf_release(&raw);
    buf_release(&value);
    buf_release(&iso);
    return ok;
}

static sx_status hand_out(struct message *m, struct sx_str head, struct sx_error *err)
{
    struct sx_doc doc = {.uri = m->it->uri, .type = str_of(media_name(MEDIA_MAIL))};
    struct item with = *m->it;
    struct meta meta = {0};
    struct buf more = {0};
    sx_status rc;

    buf_put_str(&more, m->it->more);
    if (read_headers(head, &meta, &more)) {
        doc.body = m->text.len > 0 ? buf_str(&m->text) : str_of("");
        meta_fill(&meta, &doc);
        with.more = buf_str(&more);
        rc = item_doc(&with, &doc, 0, err);
    } else {
        rc = sx_fail_oom(err);
    }
    meta_release(&meta);
    buf_release(&more);
    return rc;
}

sx_status mail_read(const struct item *it, struct sx_str bytes, struct sx_error *err)
{
    struct mime_part whole = mime_split(bytes);
    struct message m = {.it = it, .want = WANT_TEXT};
    sx_status rc = read_part(&m, whole, 0, err);

    if (rc == SX_OK)
        rc = hand_out(&m, whole.head, err);
    m.want = WANT_ATTACHED;
    m.attached = 0;
    m.counted = true;
    if (rc == SX_OK)
        rc = read_part(&m, whole, 0, err);
    if (rc == SX_OK && m.cut_off)
        rc = sx_fail(err, SX_EREQUEST, "cut off: a multipart has no end; what was there is read");
    if (rc == SX_OK && m.amiss.code != SX_OK) {
        *err = m.amiss;
        rc = m.amiss.code;
    }
    buf_release(&m.text);
    return rc;
}
