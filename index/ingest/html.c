/* HTML to its visible text, with libxml2's SAX events: no tree, so memory and time do not grow
 * with nesting, and nothing stops at the tree builder's depth of 256.
 *
 * All that is visible is kept, navigation too; finding the main text is another matter. Script
 * and style go; what stands in noscript, template and svg goes when the element is closed
 * properly, and stays when not, so that one missing tag cannot swallow a page. */
#include "index/ingest/readers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>

#include <searchd/index.h>

#include "index/base/str.h"
#include "index/ingest/charset.h"
#include "index/ingest/html_guard.h"
#include "index/ingest/meta.h"

/* libxml2 looks through all open elements for the start of a stray end tag or for a second body,
 * and words a message for every fault. A page may cost that many looks, two seconds or so; real
 * ones stay below a few million. */
#define LOOKS_MAX ((uint64_t)1 << 26)
#define FAULT_LOOKS 64  /* what a message costs */
#define END_TAG_MAX 64  /* bytes of a tag that ends a dropped element, spaces included */
#define DEPTH_MAX 20000 /* open elements; one more and the page is refused */

enum gap { GAP_NONE, GAP_SPACE, GAP_LINE };

struct page {
    htmlParserCtxtPtr parser;
    struct buf *body;
    struct meta *meta; /* NULL: only the text is wanted */
    enum gap gap;      /* what separates the next text from the last */
    size_t depth;      /* open elements */
    size_t pre;        /* of these, pre: white space is kept */
    uint64_t looks;
    bool too_deep, too_broken;
    size_t drop_depth; /* where the element whose text goes was opened; 0: none is open */
    char drop_name[16];
    size_t drop_from;    /* the body's length before it */
    enum gap drop_gap;   /* the gap before it */
    size_t heading_from; /* the body's length where the title or heading began */
};

/* ---- elements -------------------------------------------------------------------------- */

enum kind { INLINE, SPACED, BLOCK, PRE, TITLE, HEADING, DROPPED };

/* What an element does to the text around it, by name, sorted. Any other is inline. */
static const struct element {
    const char *name;
    enum kind kind;
} elements[] = {
    {"address", BLOCK},    {"article", BLOCK},  {"aside", BLOCK},      {"audio", SPACED},
    {"blockquote", BLOCK}, {"body", BLOCK},     {"br", BLOCK},         {"button", SPACED},
    {"caption", BLOCK},    {"center", BLOCK},   {"dd", BLOCK},         {"details", BLOCK},
    {"dialog", BLOCK},     {"dir", BLOCK},      {"div", BLOCK},        {"dl", BLOCK},
    {"dt", BLOCK},         {"fieldset", BLOCK}, {"figcaption", BLOCK}, {"figure", BLOCK},
    {"footer", BLOCK},     {"form", BLOCK},     {"frameset", BLOCK},   {"h1", HEADING},
    {"h2", BLOCK},         {"h3", BLOCK},       {"h4", BLOCK},         {"h5", BLOCK},
    {"h6", BLOCK},         {"head", BLOCK},     {"header", BLOCK},     {"hgroup", BLOCK},
    {"hr", BLOCK},         {"html", BLOCK},     {"iframe", SPACED},    {"img", SPACED},
    {"input", SPACED},     {"label", SPACED},   {"legend", BLOCK},     {"li", BLOCK},
    {"listing", PRE},      {"main", BLOCK},     {"menu", BLOCK},       {"nav", BLOCK},
    {"noscript", DROPPED}, {"object", SPACED},  {"ol", BLOCK},         {"optgroup", BLOCK},
    {"option", BLOCK},     {"p", BLOCK},        {"pre", PRE},          {"search", BLOCK},
    {"section", BLOCK},    {"select", SPACED},  {"summary", BLOCK},    {"svg", DROPPED},
    {"table", BLOCK},      {"tbody", BLOCK},    {"td", SPACED},        {"template", DROPPED},
    {"textarea", PRE},     {"tfoot", BLOCK},    {"th", SPACED},        {"thead", BLOCK},
    {"title", TITLE},      {"tr", BLOCK},       {"ul", BLOCK},         {"video", SPACED},
};

static int by_name(const void *key, const void *element)
{
    return strcmp(key, ((const struct element *)element)->name);
}

static enum kind kind_of(const xmlChar *name)
{
    const struct element *e = bsearch(name, elements, sizeof(elements) / sizeof(elements[0]),
                                      sizeof(elements[0]), by_name);

    return e == NULL ? INLINE : e->kind;
}

static void separate(struct page *p, enum kind kind)
{
    bool spaced = kind == SPACED || kind == DROPPED;
    enum gap gap = kind == INLINE ? GAP_NONE : spaced ? GAP_SPACE : GAP_LINE;

    if (gap > p->gap)
        p->gap = gap;
}

/* ---- what the page says of itself ------------------------------------------------------ */

/* <meta name=…> or property or itemprop, and how far each is trusted (1 is best). <title> is 1
 * among the titles, <h1> 3; <time> is 9 among the dates; <html lang> is 1. */
static const struct {
    const char *key;
    enum meta_field field;
    unsigned rank;
} meta_keys[] = {
    {"og:title", META_TITLE, 2},        {"article:published_time", META_DATE, 1},
    {"datePublished", META_DATE, 2},    {"date", META_DATE, 3},
    {"dc.date", META_DATE, 4},          {"dc.date.issued", META_DATE, 5},
    {"og:site_name", META_SOURCE, 1},   {"publisher", META_SOURCE, 2},
    {"dc.publisher", META_SOURCE, 3},   {"application-name", META_SOURCE, 4},
    {"content-language", META_LANG, 2}, {"og:locale", META_LANG, 3},
};

static struct sx_str attribute(const xmlChar **atts, const char *name)
{
    for (; atts != NULL && atts[0] != NULL; atts += 2) {
        if (xmlStrcasecmp(atts[0], (const xmlChar *)name) == 0)
            return str_of((const char *)atts[1]);
    }
    return str_of(NULL);
}

static void read_meta(struct page *p, const xmlChar **atts)
{
    static const char *const naming[] = {"property", "name", "itemprop", "http-equiv"};
    struct sx_str content = attribute(atts, "content");

    for (size_t n = 0; n < sizeof(naming) / sizeof(naming[0]); n++) {
        struct sx_str key = attribute(atts, naming[n]);
        for (size_t i = 0; key.ptr != NULL && i < sizeof(meta_keys) / sizeof(meta_keys[0]); i++) {
            if (xmlStrcasecmp((const xmlChar *)key.ptr, (const xmlChar *)meta_keys[i].key) == 0)
                meta_offer(p->meta, meta_keys[i].field, meta_keys[i].rank, content);
        }
    }
}

/* Attributes that tell something about the page. */
static void read_attributes(struct page *p, const xmlChar *name, const xmlChar **atts)
{
    const char *n = (const char *)name;

    if (p->meta == NULL || atts == NULL)
        return;
    if (strcmp(n, "meta") == 0) {
        read_meta(p, atts);
    } else if (strcmp(n, "html") == 0) {
        meta_offer(p->meta, META_LANG, 1, attribute(atts, "lang"));
        meta_offer(p->meta, META_LANG, 1, attribute(atts, "xml:lang"));
    } else if (strcmp(n, "time") == 0) {
        meta_offer(p->meta, META_DATE, 9, attribute(atts, "datetime"));
    }
}

/* The text since a title or heading began is offered; a title taken is no part of the body. */
static void end_heading(struct page *p, enum kind kind)
{
    struct sx_str text = buf_str(p->body);

    if (p->meta == NULL || p->drop_depth > 0 || text.len < p->heading_from)
        return;
    text = str_make(text.ptr + p->heading_from, text.len - p->heading_from);
    if (meta_offer(p->meta, META_TITLE, kind == TITLE ? 1 : 3, text) && kind == TITLE)
        p->body->len = p->heading_from;
}

/* ---- events ---------------------------------------------------------------------------- */

/* The text of the dropped element goes, or stays when the page did not close it. */
static void end_drop(struct page *p, bool keep)
{
    if (!keep) {
        if (p->heading_from > p->drop_from)
            p->heading_from = SIZE_MAX; /* the heading went with it, though it may be open still */
        p->body->len = p->drop_from;
        p->gap = p->drop_gap;
    }
    p->drop_depth = 0;
}

/* Whether what the parser has just read is the end tag of the dropped element, not one of an
 * element around it, nor the end of the page. */
static bool closed_by_its_tag(const struct page *p)
{
    const char *base = (const char *)p->parser->input->base;
    size_t before = (size_t)((const char *)p->parser->input->cur - base);
    size_t near = before < END_TAG_MAX ? before : END_TAG_MAX;
    const char *tag = memrchr(base + before - near, '<', near);
    size_t len = strlen(p->drop_name);

    if (tag == NULL || (size_t)(base + before - tag) < len + 2)
        return false;
    return tag[1] == '/' && strncasecmp(tag + 2, p->drop_name, len) == 0;
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar **atts)
{
    struct page *p = ctx;
    enum kind kind = kind_of(name);

    if (++p->depth > DEPTH_MAX) {
        p->too_deep = true;
        xmlStopParser(p->parser);
        return;
    }
    separate(p, kind);
    read_attributes(p, name, atts);
    p->pre += kind == PRE;
    if (kind == TITLE || kind == HEADING)
        p->heading_from = p->body->len;
    if (kind == DROPPED && p->drop_depth == 0) {
        p->drop_depth = p->depth;
        p->drop_from = p->body->len;
        p->drop_gap = p->gap;
        snprintf(p->drop_name, sizeof(p->drop_name), "%s", (const char *)name);
    }
}

static void on_end(void *ctx, const xmlChar *name)
{
    struct page *p = ctx;
    enum kind kind = kind_of(name);

    separate(p, kind);
    p->pre -= kind == PRE && p->pre > 0;
    if (kind == TITLE || kind == HEADING)
        end_heading(p, kind);
    if (p->drop_depth > 0 && p->depth <= p->drop_depth)
        end_drop(p, !closed_by_its_tag(p));
    p->depth -= p->depth > 0;
}

/* A character reference between 128 and 159 means windows-1252, whatever the page's charset. */
static void put_c1(struct page *p, unsigned char low)
{
    static const char *const meant[32] = {
        "€", "\xC2\x81", "‚",        "ƒ", "„",        "…",        "†", "‡",        "ˆ", "‰", "Š",
        "‹", "Œ",        "\xC2\x8D", "Ž", "\xC2\x8F", "\xC2\x90", "‘", "’",        "“", "”", "•",
        "–", "—",        "˜",        "™", "š",        "›",        "œ", "\xC2\x9D", "ž", "Ÿ"};

    buf_puts(p->body, meant[low - 0x80]);
}

static void put_run(struct page *p, const char *s, size_t n)
{
    size_t from = 0;

    for (size_t i = 0; i + 1 < n; i++) {
        unsigned char low = (unsigned char)s[i + 1];
        if ((unsigned char)s[i] != 0xC2 || low < 0x80 || low > 0x9F)
            continue;
        buf_put(p->body, s + from, i - from);
        put_c1(p, low);
        from = i + 2;
        i++;
    }
    buf_put(p->body, s + from, n - from);
}

static void put_gap(struct page *p)
{
    struct sx_str text = buf_str(p->body);

    if (p->gap != GAP_NONE && text.len > 0 && text.ptr[text.len - 1] != '\n')
        buf_putc(p->body, p->gap == GAP_LINE ? '\n' : ' ');
    p->gap = GAP_NONE;
}

static bool is_white(xmlChar c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void on_text(void *ctx, const xmlChar *s, int len)
{
    struct page *p = ctx;
    size_t n = (size_t)len, from = 0, to;

    if (p->pre > 0) {
        put_gap(p);
        put_run(p, (const char *)s, n);
        return;
    }
    for (; from < n; from = to) {
        for (to = from; to < n && !is_white(s[to]); to++)
            continue;
        if (to > from) {
            put_gap(p);
            put_run(p, (const char *)s + from, to - from);
        } else {
            to++;
            if (p->gap == GAP_NONE)
                p->gap = GAP_SPACE;
        }
    }
}

/* Script and style, and nothing else, come as CDATA. */
static void on_cdata(void *ctx, const xmlChar *s, int len)
{
    (void)ctx;
    (void)s;
    (void)len;
}

/* Faults in the markup are what HTML is made of; only their cost and stray end tags matter. */
static void on_error(void *ctx, xmlErrorPtr fault)
{
    struct page *p = ctx;

    p->looks += FAULT_LOOKS + p->depth;
    if (fault->code == XML_ERR_TAG_NAME_MISMATCH && p->drop_depth > 0 && fault->str1 != NULL &&
        strcmp(fault->str1, p->drop_name) == 0)
        end_drop(p, false); /* closed, across elements that are not */
    if (p->looks > LOOKS_MAX) {
        p->too_broken = true;
        xmlStopParser(p->parser);
    }
}

/* ---- running the parser ---------------------------------------------------------------- */

static bool at_end(const struct page *p)
{
    return p->parser->input == NULL || p->parser->input->cur >= p->parser->input->end;
}

static sx_status verdict(const struct page *p, struct sx_error *err)
{
    if (p->too_deep)
        return sx_fail(err, SX_EREQUEST, "HTML nests deeper than %d elements", DEPTH_MAX);
    if (p->too_broken)
        return sx_fail(err, SX_EREQUEST, "HTML with too many faults");
    if (!buf_ok(p->body) || p->parser->errNo == XML_ERR_NO_MEMORY)
        return sx_fail_oom(err);
    if (p->meta != NULL && !meta_ok(p->meta))
        return sx_fail_oom(err);
    if (!at_end(p))
        return sx_fail(err, SX_EREQUEST, "the HTML parser gave up %ld bytes before the end",
                       (long)(p->parser->input->end - p->parser->input->cur));
    return SX_OK;
}

/* `html` is valid UTF-8 without NUL; its own word about the charset is past. */
static sx_status parse(struct sx_str html, struct page *p, struct sx_error *err)
{
    htmlSAXHandler events = {.startElement = on_start,
                             .endElement = on_end,
                             .characters = on_text,
                             .ignorableWhitespace = on_text,
                             .cdataBlock = on_cdata,
                             .serror = on_error,
                             .initialized = XML_SAX2_MAGIC};
    htmlSAXHandlerPtr own;
    sx_status rc;

    if (html.len == 0)
        return SX_OK;
    if (!html_tags_are_sane(html))
        return sx_fail(err, SX_EREQUEST, "HTML with a tag of too many attributes");
    p->parser = htmlCreateMemoryParserCtxt(html.ptr, (int)html.len);
    if (p->parser == NULL)
        return sx_fail_oom(err);
    own = p->parser->sax;
    p->parser->sax = &events;
    p->parser->userData = p;
    htmlCtxtUseOptions(p->parser, HTML_PARSE_RECOVER | HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC |
                                      HTML_PARSE_COMPACT);
    p->parser->options |= XML_PARSE_HUGE; /* not among those that HTML takes by the call */
    xmlSwitchEncoding(p->parser, XML_CHAR_ENCODING_UTF8);
    htmlParseDocument(p->parser);
    rc = verdict(p, err);
    p->parser->sax = own;
    htmlFreeParserCtxt(p->parser);
    return rc;
}

sx_status html_fragment(struct sx_str html, struct buf *out, struct sx_error *err)
{
    struct page p = {.body = out};

    return parse(html, &p, err);
}

/* The character of "&name;" or "&#number;", 0 when it is none. */
static unsigned entity_value(const char *entity)
{
    char *end = NULL;
    unsigned long value = 0;
    const htmlEntityDesc *named;

    if (entity[1] == '#') {
        bool hex = (entity[2] | 0x20) == 'x';
        value = strtoul(entity + (hex ? 3 : 2), &end, hex ? 16 : 10);
        return IS_CHAR(value) ? (unsigned)value : 0;
    }
    named = htmlEntityLookup((const xmlChar *)entity + 1);
    return named == NULL ? 0 : named->value;
}

void html_entity(struct sx_str entity, struct buf *out)
{
    char copy[16];
    xmlChar utf8[8];
    unsigned value = 0;

    if (entity.len > 2 && entity.len < sizeof(copy)) {
        /* without its semicolon */
        snprintf(copy, sizeof(copy), "%.*s", (int)entity.len - 1, entity.ptr);
        value = entity_value(copy);
    }
    if (value != 0)
        buf_put(out, utf8, (size_t)xmlCopyCharMultiByte(utf8, (int)value));
    else
        buf_put_str(out, entity);
}

sx_status html_read(struct sx_str uri, struct sx_str bytes, const struct ingest_sink *sink,
                    struct sx_error *err)
{
    struct sx_doc doc = {.uri = uri, .type = str_of(media_name(MEDIA_HTML))};
    struct buf mem = {0}, body = {0};
    struct meta meta = {0};
    struct page page = {.body = &body, .meta = &meta};
    char declared[CHARSET_NAME_MAX];
    struct sx_str html;
    sx_status rc;

    charset_declared(bytes, declared);
    rc = charset_decode(bytes, declared, &mem, &html, meta.charset, err);
    if (rc == SX_OK)
        rc = parse(html, &page, err);
    if (rc != SX_OK)
        goto out;
    doc.body = buf_str(&body);
    meta_fill(&meta, &doc);
    rc = meta_ok(&meta) ? sink->doc(sink->ctx, &doc, 0, err) : sx_fail_oom(err);
out:
    meta_release(&meta);
    buf_release(&body);
    buf_release(&mem);
    return rc;
}
