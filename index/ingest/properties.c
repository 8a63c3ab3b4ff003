/* The elements are rows: which field each one fills, and how far it is trusted. */
#include "index/ingest/properties.h"

#include <string.h>

#include <searchd/index.h>

#include "index/base/str.h"
#include "index/ingest/meta.h"
#include "index/ingest/xml.h"

#define AUTHORS_MAX 1000 /* bytes */

#define AUTHOR META_COUNT

/* `created` and `modified` are dcterms of DOCX, `creation-date` and `initial-creator` of ODT,
 * where `date` and `creator` are those of the last change. */
static const struct {
    const char *name;
    int field;
    unsigned rank;
} rows[] = {
    {"title", META_TITLE, 1},   {"created", META_DATE, 2},  {"creation-date", META_DATE, 2},
    {"date", META_DATE, 3},     {"modified", META_DATE, 4}, {"publisher", META_SOURCE, 1},
    {"language", META_LANG, 1}, {"creator", AUTHOR, 1},     {"initial-creator", AUTHOR, 1},
};

void properties_release(struct properties *p)
{
    buf_release(&p->authors);
    buf_release(&p->value);
    p->open = 0;
}

void properties_start(struct properties *p, const char *name)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(name, rows[i].name) == 0) {
            p->open = (int)i + 1;
            buf_clear(&p->value);
        }
    }
}

void properties_text(struct properties *p, struct sx_str text)
{
    if (p->open != 0)
        buf_put_str(&p->value, text);
}

static void add_author(struct properties *p, struct sx_str name)
{
    name = meta_trim(name);
    if (name.len == 0 || p->authors.len + name.len + 2 > AUTHORS_MAX)
        return;
    if (p->authors.len > 0 && memmem(p->authors.data, p->authors.len, name.ptr, name.len) != NULL)
        return;
    if (p->authors.len > 0)
        buf_puts(&p->authors, ", ");
    buf_put_str(&p->authors, name);
}

void properties_end(struct properties *p, const char *name)
{
    if (p->open == 0 || strcmp(name, rows[p->open - 1].name) != 0)
        return;
    int field = rows[p->open - 1].field;
    p->authors.failed = p->authors.failed || !buf_ok(&p->value); /* which is cleared */
    if (field == AUTHOR)
        add_author(p, buf_str(&p->value));
    else if (field != META_LANG || !p->no_language)
        meta_offer(p->meta, (enum meta_field)field, rows[p->open - 1].rank, buf_str(&p->value));
    p->open = 0;
}

static void on_start(void *ctx, const char *name, const char **atts)
{
    (void)atts;
    properties_start(ctx, name);
}

static void on_text(void *ctx, struct sx_str text)
{
    properties_text(ctx, text);
}

static void on_end(void *ctx, const char *name)
{
    properties_end(ctx, name);
}

sx_status properties_read(struct sx_str xml, struct properties *p, struct sx_error *err)
{
    static const struct xml_events events = {on_start, on_end, on_text};

    return xml_read(xml, &events, p, err);
}

sx_status properties_doc(struct properties *p, const struct item *it, struct sx_doc *doc,
                         struct sx_error *err)
{
    struct item with = *it;
    struct buf more = {0};
    sx_status rc;

    meta_fill(p->meta, doc);
    buf_put_str(&more, it->more);
    item_member(&more, "author", buf_str(&p->authors));
    with.more = buf_str(&more);
    bool ok = meta_ok(p->meta) && buf_ok(&more) && buf_ok(&p->authors) && buf_ok(&p->value);
    if (!ok)
        rc = sx_fail_oom(err);
    else if (item_is_blank(doc))
        rc = sx_fail(err, SX_EREQUEST, "empty: no text in it");
    else
        rc = item_doc(&with, doc, 0, err);
    buf_release(&more);
    return rc;
}
