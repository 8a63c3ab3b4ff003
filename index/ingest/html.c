/* HTML to its visible text, with libxml2's SAX events: no tree, so memory and time do not grow
 * with nesting, and nothing stops at the tree builder's depth of 256.
 *
 * All that is visible is gathered, navigation too, while html_outline notes in which blocks it
 * stands; at the end html_main finds the main text among them, which is the body, and the rest goes
 * to `extra`. Script and style go; what stands in noscript, template and svg goes when the element
 * is closed properly, and stays when not, so that one missing tag cannot swallow a page. */
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
#include "index/ingest/html_about.h"
#include "index/ingest/html_element.h"
#include "index/ingest/html_guard.h"
#include "index/ingest/html_hints.h"
#include "index/ingest/html_main.h"
#include "index/ingest/meta.h"

/* libxml2 looks through all open elements for the start of a stray end tag or for a second body,
 * and words a message for every fault. A page may cost that many looks, two seconds or so; real
 * ones stay below a few million. */
#define LOOKS_MAX ((uint64_t)1 << 26)
#define FAULT_LOOKS 64  /* what a message costs */
#define END_TAG_MAX 64  /* bytes of a tag that ends a dropped element, spaces included */
#define KNOWN 64        /* names of elements that are kept at hand */
#define DEPTH_MAX 20000 /* open elements; one more and the page is refused */

enum gap { GAP_NONE, GAP_SPACE, GAP_LINE };

/* An element's name that was looked up. */
struct known {
    const xmlChar *name;
    const struct html_element *element;
};

struct page {
    htmlParserCtxtPtr parser;
    struct buf *body;
    struct html_about *about;    /* NULL: only the text is wanted */
    struct html_outline outline; /* of the body, when more is wanted */
    enum gap gap;                /* what separates the next text from the last */
    size_t depth;                /* open elements */
    size_t pre;                  /* of these, pre: white space is kept */
    uint64_t looks;
    bool too_deep, too_broken;
    size_t drop_depth; /* where the element whose text goes was opened; 0: none is open */
    char drop_name[16];
    size_t drop_from;    /* the body's length before it */
    enum gap drop_gap;   /* the gap before it */
    size_t heading_from; /* the body's length where the title or heading began */
    size_t link_depth;   /* where the outermost link was opened; 0: none is */
    size_t time_from;    /* the body's length where a time element without datetime began */
    bool time_open, time_published;
    size_t author_depth; /* where an element with the author's name was opened; 0: none is open */
    size_t author_from;  /* the body's length before it */
    bool script_open;    /* one of JSON-LD */
    struct known known[KNOWN];
    struct buf script;
};

/* ---- elements -------------------------------------------------------------------------- */

/* The parser keeps one copy of each name, so that its address stands for it. */
static const struct html_element *element_of(struct page *p, const xmlChar *name)
{
    struct known *k = &p->known[((uintptr_t)name >> 2) % KNOWN];

    if (k->name != name) {
        k->name = name;
        k->element = html_element_find((const char *)name);
    }
    return k->element;
}

static void separate(struct page *p, enum html_kind kind)
{
    bool spaced = kind == KIND_SPACED || kind == KIND_DROPPED;
    enum gap gap = kind == KIND_INLINE ? GAP_NONE : spaced ? GAP_SPACE : GAP_LINE;

    if (gap > p->gap)
        p->gap = gap;
}

/* ---- what the page says of itself ------------------------------------------------------ */

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

    for (size_t n = 0; n < sizeof(naming) / sizeof(naming[0]); n++)
        html_about_meta(p->about, attribute(atts, naming[n]), content);
}

static bool is_one_of(struct sx_str value, const char *a, const char *b)
{
    return value.ptr != NULL && (strcasecmp(value.ptr, a) == 0 || strcasecmp(value.ptr, b) == 0);
}

/* Also one without a value. */
static bool has_attribute(const xmlChar **atts, const char *name)
{
    for (; atts != NULL && atts[0] != NULL; atts += 2) {
        if (xmlStrcasecmp(atts[0], (const xmlChar *)name) == 0)
            return true;
    }
    return false;
}

static void open_time(struct page *p, const xmlChar **atts)
{
    struct sx_str datetime = attribute(atts, "datetime");
    bool published = is_one_of(attribute(atts, "itemprop"), "datePublished", "pubdate") ||
                     has_attribute(atts, "pubdate");

    if (datetime.ptr != NULL) {
        html_about_time(p->about, &p->outline, datetime, published);
        return;
    }
    p->time_open = true;
    p->time_from = p->body->len;
    p->time_published = published;
}

static void close_time(struct page *p)
{
    struct sx_str text = buf_str(p->body);

    if (p->time_open && text.len > p->time_from)
        html_about_time(p->about, &p->outline,
                        str_make(text.ptr + p->time_from, text.len - p->time_from),
                        p->time_published);
    p->time_open = false;
}

/* Microdata, and rel=author: a day, or the name that follows. The parser has names of attributes in
 * small letters. */
static void read_property(struct page *p, const xmlChar **atts)
{
    struct sx_str prop = {0}, rel = {0};

    for (const xmlChar **at = atts; at[0] != NULL; at += 2) {
        if (strcmp((const char *)at[0], "itemprop") == 0)
            prop = str_of((const char *)at[1]);
        else if (strcmp((const char *)at[0], "rel") == 0)
            rel = str_of((const char *)at[1]);
    }
    if (prop.ptr == NULL && rel.ptr == NULL)
        return;
    if (is_one_of(prop, "datePublished", "dateCreated")) {
        struct sx_str content = attribute(atts, "content");
        if (content.ptr != NULL)
            html_about_time(p->about, &p->outline, content, true);
    }
    if (p->author_depth == 0 &&
        (is_one_of(prop, "author", "author") || is_one_of(rel, "author", "author"))) {
        p->author_depth = p->depth;
        p->author_from = p->body->len;
    }
}

static void close_author(struct page *p)
{
    struct sx_str text = buf_str(p->body);

    if (text.len > p->author_from)
        html_about_author(p->about, &p->outline,
                          str_make(text.ptr + p->author_from, text.len - p->author_from));
    p->author_depth = 0;
}

/* Attributes that tell something about the page. */
static void read_attributes(struct page *p, const char *name, const xmlChar **atts)
{
    struct sx_str rel;

    if (strcmp(name, "time") == 0) {
        open_time(p, atts);
    } else if (atts == NULL) {
        return;
    } else if (strcmp(name, "meta") == 0) {
        read_meta(p, atts);
    } else if (strcmp(name, "link") == 0) {
        rel = attribute(atts, "rel");
        if (rel.ptr != NULL && strcasecmp(rel.ptr, "canonical") == 0)
            html_about_meta(p->about, rel, attribute(atts, "href"));
    } else if (strcmp(name, "script") == 0) {
        p->script_open = is_one_of(attribute(atts, "type"), "application/ld+json", "");
    } else if (strcmp(name, "html") == 0) {
        meta_offer(p->about->meta, META_LANG, 1, attribute(atts, "lang"));
        meta_offer(p->about->meta, META_LANG, 1, attribute(atts, "xml:lang"));
    } else {
        read_property(p, atts);
    }
}

static void end_script(struct page *p)
{
    if (p->script.len <= JSONLD_MAX)
        jsonld_read(&p->about->ld, buf_str(&p->script), p->about->meta);
    p->script.len = 0;
    p->script_open = false;
}

/* What its attributes say an element is for. */
static unsigned hints_of(const char *name, const xmlChar **atts)
{
    unsigned hints = strchr(name, '-') != NULL ? html_hints_of(str_of(name)) : 0;

    for (; atts != NULL && atts[0] != NULL; atts += 2) {
        const char *key = (const char *)atts[0];
        struct sx_str value = str_of((const char *)atts[1]);
        if (strcmp(key, "class") == 0 || strcmp(key, "itemprop") == 0)
            hints |= html_hints_of(value);
        else if (strcmp(key, "id") == 0)
            hints |= html_hints_of_id(value);
        else if (strcmp(key, "role") == 0)
            hints |= is_one_of(value, "main", "main") ? HINT_MAIN : html_hints_of(value);
        else if (strcmp(key, "hidden") == 0 ||
                 (strcmp(key, "aria-hidden") == 0 && is_one_of(value, "true", "true")) ||
                 (strcmp(key, "style") == 0 && html_style_hides(value)))
            hints |= HINT_HIDDEN;
    }
    return hints;
}

/* An element of a name with a hyphen is some site's own; it may be anything. */
static void note_start(struct page *p, const struct html_element *e, const char *name,
                       const xmlChar **atts)
{
    enum html_role role = e->role;

    if (p->about == NULL)
        return;
    read_attributes(p, name, atts);
    if (role == ROLE_NONE && e->name[0] == '\0' && strchr(name, '-') != NULL)
        role = ROLE_CONTAINER;
    if (role != ROLE_NONE)
        html_outline_open(&p->outline, p->depth, role,
                          role == ROLE_PAGE ? 0 : hints_of(name, atts));
    if (p->link_depth == 0 && strcmp(name, "a") == 0)
        p->link_depth = p->depth;
}

static void note_end(struct page *p, const char *name)
{
    if (p->about == NULL)
        return;
    if (p->script_open)
        end_script(p);
    if (p->time_open && strcmp(name, "time") == 0)
        close_time(p);
    if (p->author_depth > 0 && p->depth <= p->author_depth)
        close_author(p);
    html_outline_close(&p->outline, p->depth);
    if (p->link_depth > 0 && p->depth <= p->link_depth)
        p->link_depth = 0;
}

static void cut(struct page *p, size_t len)
{
    p->body->len = len;
    html_outline_cut(&p->outline, len);
    if (p->time_open && p->time_from > len)
        p->time_open = false;
    if (p->author_from > len)
        p->author_depth = 0;
}

/* The text since a title or heading began is offered; a title taken is no part of the body. */
static void end_heading(struct page *p, enum html_kind kind)
{
    struct sx_str text = buf_str(p->body);

    if (p->about == NULL || p->drop_depth > 0 || text.len < p->heading_from)
        return;
    text = str_make(text.ptr + p->heading_from, text.len - p->heading_from);
    if (kind == KIND_HEADING)
        html_about_title(&p->about->heading, text);
    else if (html_about_title(&p->about->title, text))
        cut(p, p->heading_from);
}

/* ---- events ---------------------------------------------------------------------------- */

/* The text of the dropped element goes, or stays when the page did not close it. */
static void end_drop(struct page *p, bool keep)
{
    if (!keep) {
        if (p->heading_from > p->drop_from)
            p->heading_from = SIZE_MAX; /* the heading went with it, though it may be open still */
        cut(p, p->drop_from);
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
    const struct html_element *e = element_of(p, name);
    enum html_kind kind = e->kind;

    if (++p->depth > DEPTH_MAX) {
        p->too_deep = true;
        xmlStopParser(p->parser);
        return;
    }
    separate(p, kind);
    note_start(p, e, (const char *)name, atts);
    p->pre += kind == KIND_PRE;
    if (kind == KIND_TITLE || kind == KIND_HEADING)
        p->heading_from = p->body->len;
    if (kind == KIND_DROPPED && p->drop_depth == 0) {
        p->drop_depth = p->depth;
        p->drop_from = p->body->len;
        p->drop_gap = p->gap;
        snprintf(p->drop_name, sizeof(p->drop_name), "%s", (const char *)name);
    }
}

static void on_end(void *ctx, const xmlChar *name)
{
    struct page *p = ctx;
    enum html_kind kind = element_of(p, name)->kind;

    separate(p, kind);
    note_end(p, (const char *)name);
    p->pre -= kind == KIND_PRE && p->pre > 0;
    if (kind == KIND_TITLE || kind == KIND_HEADING)
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

static void put_words(struct page *p, const xmlChar *s, size_t n)
{
    size_t from = 0, to;

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

static void on_text(void *ctx, const xmlChar *s, int len)
{
    struct page *p = ctx;
    size_t before = p->body->len;

    if (p->pre > 0) {
        put_gap(p);
        put_run(p, (const char *)s, (size_t)len);
    } else {
        put_words(p, s, (size_t)len);
    }
    if (p->about != NULL)
        html_outline_text(&p->outline, before, p->body->len, p->link_depth > 0);
}

/* Script and style, and nothing else, come as CDATA. */
static void on_cdata(void *ctx, const xmlChar *s, int len)
{
    struct page *p = ctx;

    if (p->script_open && p->script.len <= JSONLD_MAX)
        buf_put(&p->script, s, (size_t)len);
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
    if (p->outline.failed || p->script.failed || (p->about != NULL && !meta_ok(p->about->meta)))
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

/* The body without what is not its main text, and that in meta->left_out. */
static void leave_out(const struct page *p, struct buf *main_text, struct buf *left,
                      struct meta *meta)
{
    struct sx_str all = buf_str(p->body);

    html_main_put(&p->outline, all, true, main_text);
    html_main_put(&p->outline, all, false, left);
    meta->left_out = buf_str(left);
}

/* From the parsed page to its document. */
static sx_status hand_over(struct page *p, struct sx_doc *doc, const struct ingest_sink *sink,
                           struct sx_error *err)
{
    bool keep = sink->options != NULL && sink->options->keep_boilerplate;
    struct meta *meta = p->about->meta;
    struct buf main_text = {0}, left = {0};
    struct html_names names;
    struct html_choice choice;
    sx_status rc;

    html_about_names(p->about, &names);
    choice = html_main_choose(&p->outline, buf_str(p->body), &names);
    html_about_settle(p->about, &p->outline, buf_str(p->body), choice, doc->uri);
    doc->body = buf_str(p->body);
    if (choice.clear && !keep) {
        leave_out(p, &main_text, &left, meta);
        doc->body = buf_str(&main_text);
    }
    meta_fill(meta, doc);
    rc = meta_ok(meta) && buf_ok(&main_text) && buf_ok(&left) ? sink->doc(sink->ctx, doc, 0, err)
                                                              : sx_fail_oom(err);
    buf_release(&left);
    buf_release(&main_text);
    return rc;
}

sx_status html_read(struct sx_str uri, struct sx_str bytes, const struct ingest_sink *sink,
                    struct sx_error *err)
{
    struct sx_doc doc = {.uri = uri, .type = str_of(media_name(MEDIA_HTML))};
    struct buf mem = {0}, body = {0};
    struct meta meta = {0};
    struct html_about about = {.meta = &meta};
    struct page page = {.body = &body, .about = &about};
    char declared[CHARSET_NAME_MAX];
    struct sx_str html;
    sx_status rc;

    charset_declared(bytes, declared);
    rc = charset_decode(bytes, declared, &mem, &html, meta.charset, err);
    if (rc == SX_OK)
        rc = parse(html, &page, err);
    if (rc == SX_OK)
        rc = hand_over(&page, &doc, sink, err);
    html_outline_release(&page.outline);
    buf_release(&page.script);
    html_about_release(&about);
    meta_release(&meta);
    buf_release(&body);
    buf_release(&mem);
    return rc;
}
