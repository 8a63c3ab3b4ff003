/* DOCX (ECMA-376) and ODT (OASIS OpenDocument): a zip of XML parts. The text is that of the
 * paragraphs, headings, lists and tables, with the notes behind it; what was struck out by a
 * tracked change, comments, headers and footers are left out. What the file says of itself stands
 * in a part of Dublin Core elements. */
#include "index/ingest/readers.h"

#include <string.h>

#include <searchd/index.h>

#include "index/base/str.h"
#include "index/ingest/flow.h"
#include "index/ingest/meta.h"
#include "index/ingest/parts.h"
#include "index/ingest/properties.h"
#include "index/ingest/xml.h"

#define TITLE_RANK 5 /* a title of the properties is better */
#define DATE_RANK 1

/* What a paragraph says about the document; its own word beats that of the properties for the
 * date, which there is when the file was made. */
enum style { PLAIN, HEADING, DATE };

struct office {
    struct flow flow;
    struct meta *meta;
    size_t skipping;   /* elements open since one whose text goes, itself counted */
    size_t in_text;    /* open elements that hold text */
    enum style style;  /* of the paragraph that is open */
    size_t para_start; /* the text's length where it began */
};

/* ---- elements -------------------------------------------------------------------------- */

/* What an element does to the text. */
enum effect { PARAGRAPH, BREAK, SPACE, TEXT, SKIP };

struct effect_row {
    const char *name;
    enum effect effect;
};

static const struct effect_row docx_rows[] = {
    {"p", PARAGRAPH}, {"br", BREAK},      {"cr", BREAK},      {"tab", SPACE},
    {"t", TEXT},      {"Fallback", SKIP}, /* the same again for readers that are older */
    {"tr", BREAK},    {"del", SKIP},      {"moveFrom", SKIP}, {NULL, TEXT},
};

static const struct effect_row odt_rows[] = {
    {"p", PARAGRAPH},
    {"h", PARAGRAPH},
    {"line-break", BREAK},
    {"tab", SPACE},
    {"s", SPACE},
    {"annotation", SKIP},
    {"annotation-end", SKIP},
    {"tracked-changes", SKIP},
    {"note-citation", SKIP},
    {"automatic-styles", SKIP},
    {"font-face-decls", SKIP},
    {"scripts", SKIP},
    {"sequence-decls", SKIP},
    {"forms", SKIP},
    {"table-row", BREAK},
    {NULL, TEXT},
};

static const struct effect_row *find_row(const struct effect_row *rows, const char *name)
{
    while (rows->name != NULL && strcmp(rows->name, name) != 0)
        rows++;
    return rows->name == NULL ? NULL : rows;
}

static void start_paragraph(struct office *o)
{
    flow_break(&o->flow, FLOW_LINE);
    o->style = PLAIN;
    o->para_start = o->flow.text.len;
}

/* A title or heading names a document that has no title in its properties. */
static void end_paragraph(struct office *o)
{
    struct sx_str text = buf_str(&o->flow.text);

    text = str_make(text.ptr + o->para_start, text.len - o->para_start);
    if (o->style == HEADING)
        meta_offer(o->meta, META_TITLE, TITLE_RANK, text);
    else if (o->style == DATE)
        meta_offer(o->meta, META_DATE, DATE_RANK, text);
    o->style = PLAIN;
    flow_break(&o->flow, FLOW_LINE);
}

/* Whether the element's text goes; counts what is open inside one that does. */
static bool skips(struct office *o, const struct effect_row *row)
{
    bool skip = o->skipping > 0 || (row != NULL && row->effect == SKIP);

    o->skipping += skip;
    return skip;
}

static void start(struct office *o, const struct effect_row *row)
{
    switch (row->effect) {
    case PARAGRAPH:
        start_paragraph(o);
        break;
    case BREAK:
        flow_break(&o->flow, FLOW_LINE);
        break;
    case SPACE:
        flow_break(&o->flow, FLOW_SPACE);
        break;
    case TEXT:
        o->in_text++;
        break;
    case SKIP:
        break;
    }
}

static void put_text(void *ctx, struct sx_str text)
{
    struct office *o = ctx;

    if (o->skipping == 0 && o->in_text > 0)
        flow_put(&o->flow, text);
}

/* ---- DOCX ------------------------------------------------------------------------------ */

static void docx_start(void *ctx, const char *name, const char **atts)
{
    struct office *o = ctx;
    const struct effect_row *row = find_row(docx_rows, name);

    if (skips(o, row))
        return;
    if (row != NULL) {
        start(o, row);
    } else if (strcmp(name, "pStyle") == 0) {
        struct sx_str style = xml_attribute(atts, "val");
        if (str_is(style, "Title") || str_is(style, "Heading1"))
            o->style = HEADING;
        else if (str_is(style, "Date"))
            o->style = DATE;
    }
}

static void docx_end(void *ctx, const char *name)
{
    struct office *o = ctx;
    const struct effect_row *row = find_row(docx_rows, name);

    if (o->skipping > 0)
        o->skipping--;
    else if (row != NULL && row->effect == PARAGRAPH)
        end_paragraph(o);
    else if (row != NULL && row->effect == TEXT && o->in_text > 0)
        o->in_text--;
}

static const char *const docx_parts[] = {
    "docProps/core.xml",
    "word/document.xml",
    "word/footnotes.xml",
    "word/endnotes.xml",
};

static bool docx_wants(struct sx_str name)
{
    for (size_t i = 0; i < sizeof(docx_parts) / sizeof(docx_parts[0]); i++) {
        if (str_is(name, docx_parts[i]))
            return true;
    }
    return false;
}

static const struct xml_events docx_events = {docx_start, docx_end, put_text};

static sx_status docx_text(const struct parts *p, struct office *o, struct properties *props,
                           struct sx_error *err)
{
    struct sx_str part = parts_find(p, str_of(docx_parts[0]));
    sx_status rc = SX_OK;

    if (part.ptr != NULL)
        rc = properties_read(part, props, err);
    if (rc != SX_OK)
        return rc;
    if (parts_find(p, str_of(docx_parts[1])).ptr == NULL)
        return sx_fail(err, SX_EREQUEST, "damaged: no %s in it", docx_parts[1]);
    for (size_t i = 1; i < sizeof(docx_parts) / sizeof(docx_parts[0]) && rc == SX_OK; i++) {
        part = parts_find(p, str_of(docx_parts[i]));
        o->skipping = o->in_text = 0;
        flow_break(&o->flow, FLOW_LINE);
        if (part.ptr != NULL)
            rc = xml_read(part, &docx_events, o, err);
    }
    return rc;
}

/* ---- ODT ------------------------------------------------------------------------------- */

static void odt_start(void *ctx, const char *name, const char **atts)
{
    struct office *o = ctx;
    const struct effect_row *row = find_row(odt_rows, name);

    if (skips(o, row) || row == NULL)
        return;
    start(o, row);
    if (row->effect != PARAGRAPH)
        return;
    struct sx_str style = xml_attribute(atts, "style-name");
    if (str_is(style, "Title") || (name[0] == 'h' && o->flow.text.len == 0))
        o->style = HEADING;
    else if (str_is(style, "Date"))
        o->style = DATE;
    o->in_text++;
}

static void odt_end(void *ctx, const char *name)
{
    struct office *o = ctx;
    const struct effect_row *row = find_row(odt_rows, name);

    if (o->skipping > 0) {
        o->skipping--;
    } else if (row != NULL && row->effect == PARAGRAPH) {
        end_paragraph(o);
        o->in_text -= o->in_text > 0;
    }
}

static bool odt_wants(struct sx_str name)
{
    return str_is(name, "content.xml") || str_is(name, "meta.xml") ||
           str_is(name, "META-INF/manifest.xml");
}

static const struct xml_events odt_events = {odt_start, odt_end, put_text};

static sx_status odt_text(const struct parts *p, struct office *o, struct properties *props,
                          struct sx_error *err)
{
    struct sx_str manifest = parts_find(p, str_of("META-INF/manifest.xml"));
    struct sx_str meta = parts_find(p, str_of("meta.xml"));
    struct sx_str content = parts_find(p, str_of("content.xml"));
    sx_status rc = SX_OK;

    if (manifest.ptr != NULL && memmem(manifest.ptr, manifest.len, "encryption-data", 15) != NULL)
        return sx_fail(err, SX_EREQUEST, "encrypted");
    if (content.ptr == NULL)
        return sx_fail(err, SX_EREQUEST, "damaged: no content.xml in it");
    if (meta.ptr != NULL)
        rc = properties_read(meta, props, err);
    return rc == SX_OK ? xml_read(content, &odt_events, o, err) : rc;
}

/* ---- both ------------------------------------------------------------------------------ */

static sx_status read_office(const struct item *it, struct sx_str bytes, enum media m,
                             struct sx_error *err)
{
    struct sx_doc doc = {.uri = it->uri, .type = str_of(media_name(m))};
    struct parts parts = {0};
    struct meta meta = {0};
    struct properties props = {.meta = &meta, .no_language = true};
    struct office o = {.meta = &meta};
    sx_status rc = parts_load(&parts, it, bytes, m == MEDIA_DOCX ? docx_wants : odt_wants, err);

    if (rc == SX_OK)
        rc = (m == MEDIA_DOCX ? docx_text : odt_text)(&parts, &o, &props, err);
    if (rc == SX_OK && !buf_ok(&o.flow.text))
        rc = sx_fail_oom(err);
    if (rc == SX_OK) {
        doc.body = o.flow.text.len > 0 ? buf_str(&o.flow.text) : str_of("");
        rc = properties_doc(&props, it, &doc, err);
    }
    properties_release(&props);
    meta_release(&meta);
    flow_release(&o.flow);
    parts_release(&parts);
    return rc;
}

sx_status docx_read(const struct item *it, struct sx_str bytes, struct sx_error *err)
{
    if (bytes.len > 0 && bytes.ptr[0] != 'P') /* see media_detect() */
        return sx_fail(err, SX_EREQUEST, "encrypted");
    return read_office(it, bytes, MEDIA_DOCX, err);
}

sx_status odt_read(const struct item *it, struct sx_str bytes, struct sx_error *err)
{
    return read_office(it, bytes, MEDIA_ODT, err);
}
