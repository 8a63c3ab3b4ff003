/* RSS (0.9 to 2.0, RDF) and Atom: one document an item, PARENT#item/N. The feed's title is the
 * source of all its items, its language theirs. What an item says at length (content) is its text
 * rather than its summary. Text in feeds is HTML in XML, which is read as a page's text is. */
#include "index/ingest/readers.h"

#include <stdio.h>
#include <string.h>

#include <searchd/index.h>

#include "index/base/str.h"
#include "index/ingest/meta.h"
#include "index/ingest/mime.h"
#include "index/ingest/xml.h"

#define META_TEXT_MAX 2000 /* bytes of a link, an id or an author */

enum field { TITLE, BODY, SUMMARY, DATE, UPDATED, AUTHOR, LINK, ID, LANG, FIELD_COUNT };

/* The elements of an item or of the feed, by name without prefix. */
static const struct {
    const char *name;
    enum field field;
} rows[] = {
    {"title", TITLE},     {"encoded", BODY},     {"content", BODY},     {"description", SUMMARY},
    {"summary", SUMMARY}, {"pubDate", DATE},     {"published", DATE},   {"date", DATE},
    {"issued", DATE},     {"updated", UPDATED},  {"modified", UPDATED}, {"creator", AUTHOR},
    {"author", AUTHOR},   {"link", LINK},        {"guid", ID},          {"id", ID},
    {"language", LANG},   {"subtitle", SUMMARY},
};

struct feed {
    const struct item *it;
    struct buf of_feed[FIELD_COUNT], of_item[FIELD_COUNT];
    struct buf lang; /* xml:lang of the feed */
    bool in_item;
    int open;                       /* the field that is open; -1: none */
    size_t depth;                   /* elements open */
    size_t item_depth, field_depth; /* where the item and the field were opened */
    size_t number;
    sx_status rc; /* of the first item that ended the reading */
    struct sx_error *err;
};

static bool is_item(const char *name)
{
    return strcmp(name, "item") == 0 || strcmp(name, "entry") == 0;
}

static int field_of(const char *name)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(name, rows[i].name) == 0)
            return (int)rows[i].field;
    }
    return -1;
}

/* ---- an item to a document ------------------------------------------------------------- */

/* The visible text of what a field holds. */
static sx_status plain_text(struct sx_str markup, struct buf *out, struct sx_error *err)
{
    struct sx_str text = meta_trim(markup);

    buf_clear(out);
    if (text.len > 0 &&
        (memchr(text.ptr, '<', text.len) != NULL || memchr(text.ptr, '&', text.len) != NULL))
        return html_fragment(text, out, err);
    buf_put_str(out, text);
    return buf_ok(out) ? SX_OK : sx_fail_oom(err);
}

static void offer_date(struct meta *meta, unsigned rank, struct sx_str written)
{
    struct buf iso = {0};

    if (mime_date(written, &iso))
        meta_offer(meta, META_DATE, rank, buf_str(&iso));
    else if (buf_ok(&iso))
        meta_offer(meta, META_DATE, rank, written);
    meta->extra.failed = meta->extra.failed || !buf_ok(&iso);
    buf_release(&iso);
}

static void put_member(struct buf *more, const char *key, const struct buf *value)
{
    struct sx_str s = meta_trim(buf_str(value));

    if (s.len <= META_TEXT_MAX)
        item_member(more, key, s);
}

static sx_status make_doc(struct feed *f, struct item *it, struct meta *meta, struct buf *text,
                          struct buf *title, struct sx_error *err)
{
    struct sx_doc doc = {.uri = it->uri, .type = str_of(media_name(MEDIA_FEED))};
    const struct buf *v = f->of_item;
    bool full = meta_trim(buf_str(&v[BODY])).len > 0;
    sx_status rc = plain_text(buf_str(&v[full ? BODY : SUMMARY]), text, err);

    if (rc == SX_OK)
        rc = plain_text(buf_str(&v[TITLE]), title, err);
    if (rc != SX_OK)
        return rc;
    if (meta_trim(buf_str(text)).len == 0 && title->len == 0)
        return sx_fail(err, SX_EREQUEST, "empty");
    meta_offer(meta, META_TITLE, 1, buf_str(title));
    offer_date(meta, 1, buf_str(&v[DATE]));
    offer_date(meta, 2, buf_str(&v[UPDATED]));
    rc = plain_text(buf_str(&f->of_feed[TITLE]), title, NULL);
    if (rc == SX_OK)
        meta_offer(meta, META_SOURCE, 1, buf_str(title));
    else if (rc == SX_ENOMEM)
        return sx_fail_oom(err);
    meta_offer(meta, META_LANG, 1, buf_str(&v[LANG]));
    meta_offer(meta, META_LANG, 2, buf_str(&f->lang));
    meta_offer(meta, META_LANG, 3, buf_str(&f->of_feed[LANG]));
    doc.body = text->len > 0 ? buf_str(text) : str_of("");
    meta_fill(meta, &doc);
    return meta_ok(meta) ? item_doc(it, &doc, 0, err) : sx_fail_oom(err);
}

static sx_status end_item(struct feed *f)
{
    struct buf uri = {0}, more = {0}, text = {0}, title = {0};
    struct meta meta = {0};
    struct sx_error why = {0};
    struct item it;
    char place[32];
    sx_status rc = nest_count(f->it->nest, f->err);

    if (rc != SX_OK)
        return rc;
    snprintf(place, sizeof(place), "%zu", ++f->number);
    item_uri(f->it, "#item/", str_of(place), &uri);
    put_member(&more, "link", &f->of_item[LINK]);
    put_member(&more, "id", &f->of_item[ID]);
    put_member(&more, "author", &f->of_item[AUTHOR]);
    bool ok = buf_ok(&uri) && buf_ok(&more) && buf_ok(&f->lang);
    for (size_t i = 0; i < FIELD_COUNT; i++)
        ok = ok && buf_ok(&f->of_item[i]) && buf_ok(&f->of_feed[i]);
    if (ok) {
        it = item_inside(f->it, buf_str(&uri),
                         str_make(uri.data + f->it->uri.len + 1, uri.len - f->it->uri.len - 1));
        it.more = buf_str(&more);
        rc = item_over(&it, make_doc(f, &it, &meta, &text, &title, &why), &why, f->err);
    } else {
        rc = sx_fail_oom(f->err);
    }
    buf_release(&uri);
    buf_release(&more);
    buf_release(&text);
    buf_release(&title);
    meta_release(&meta);
    return rc;
}

/* ---- events ---------------------------------------------------------------------------- */

static void open_item(struct feed *f, const char **atts)
{
    f->in_item = true;
    f->item_depth = f->depth;
    for (size_t i = 0; i < FIELD_COUNT; i++)
        buf_clear(&f->of_item[i]);
    buf_put_str(&f->of_item[LANG], xml_attribute(atts, "lang"));
}

/* Atom's links are attributes; the one of the page itself has no rel, or "alternate". */
static void take_link(struct buf *values, const char **atts)
{
    struct sx_str href = xml_attribute(atts, "href"), rel = xml_attribute(atts, "rel");

    if (href.ptr != NULL && values[LINK].len == 0 && (rel.ptr == NULL || str_is(rel, "alternate")))
        buf_put_str(&values[LINK], href);
}

static struct buf *open_value(struct feed *f)
{
    return &(f->in_item ? f->of_item : f->of_feed)[f->open];
}

/* Whether the field that is open is read as HTML. */
static bool is_markup(const struct feed *f)
{
    return f->open == TITLE || f->open == BODY || f->open == SUMMARY;
}

/* An element within a field: XHTML as content, which becomes the HTML that it is elsewhere, or
 * the parts of an author. */
static void put_tag(struct feed *f, const char *open, const char *name)
{
    struct buf *value = open_value(f);

    if (!is_markup(f)) {
        buf_putc(value, ' ');
        return;
    }
    buf_puts(value, open);
    buf_puts(value, name);
    buf_putc(value, '>');
}

static void on_start(void *ctx, const char *name, const char **atts)
{
    struct feed *f = ctx;
    struct buf *values = f->in_item ? f->of_item : f->of_feed;
    int field = field_of(name);

    f->depth++;
    if (f->rc != SX_OK)
        return;
    if (f->depth == 1)
        buf_put_str(&f->lang, xml_attribute(atts, "lang"));
    if (f->open >= 0) {
        put_tag(f, "<", name);
    } else if (!f->in_item && is_item(name)) {
        open_item(f, atts);
    } else if (field >= 0 && (!f->in_item || f->depth == f->item_depth + 1) &&
               values[field].len == 0) {
        f->open = field;
        f->field_depth = f->depth;
        if (field == LINK)
            take_link(values, atts);
    }
}

/* Text of an element within a field is no markup, though the field's own is. */
static void on_text(void *ctx, struct sx_str text)
{
    struct feed *f = ctx;
    struct buf *value;

    if (f->open < 0 || f->rc != SX_OK)
        return;
    value = open_value(f);
    if (f->depth == f->field_depth || !is_markup(f)) {
        buf_put_str(value, text);
        return;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '<')
            buf_puts(value, "&lt;");
        else if (text.ptr[i] == '&')
            buf_puts(value, "&amp;");
        else
            buf_putc(value, text.ptr[i]);
    }
}

static void on_end(void *ctx, const char *name)
{
    struct feed *f = ctx;

    if (f->rc == SX_OK && f->open >= 0 && f->depth == f->field_depth) {
        f->open = -1;
    } else if (f->rc == SX_OK && f->open >= 0) {
        put_tag(f, "</", name);
    } else if (f->rc == SX_OK && f->in_item && f->depth == f->item_depth) {
        f->rc = end_item(f);
        f->in_item = false;
    }
    f->depth -= f->depth > 0;
}

sx_status feed_read(const struct item *it, struct sx_str bytes, struct sx_error *err)
{
    static const struct xml_events events = {on_start, on_end, on_text};
    struct feed f = {.it = it, .open = -1, .err = err};
    sx_status rc = xml_read(bytes, &events, &f, err);

    if (f.rc != SX_OK)
        rc = f.rc; /* and f.err, which is `err`, says why */
    if (rc == SX_OK && f.number == 0)
        rc = sx_fail(err, SX_EREQUEST, "empty: a feed without items");
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        buf_release(&f.of_feed[i]);
        buf_release(&f.of_item[i]);
    }
    buf_release(&f.lang);
    return rc;
}
