/* libxml2's SAX1 events: without namespaces, whose look-ups a hostile document can make slow, and
 * without a tree. As no entity is ever declared to the parser, none can be expanded. */
#include "index/ingest/xml.h"

#include <limits.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>

#include "index/base/buf.h"
#include "index/base/str.h"
#include "index/ingest/charset.h"

#define DEPTH_MAX 1000
#define FAULTS_MAX 10000   /* each costs a message */
#define ATTRIBUTES_MAX 256 /* libxml2 compares each with all before it */

struct reading {
    const struct xml_events *events;
    void *ctx;
    xmlParserCtxtPtr parser;
    size_t depth, faults;
    bool too_deep, rooted;
};

static const char *local_name(const xmlChar *name)
{
    const char *colon = strrchr((const char *)name, ':');

    return colon == NULL ? (const char *)name : colon + 1;
}

struct sx_str xml_attribute(const char **atts, const char *name)
{
    for (; atts != NULL && atts[0] != NULL; atts += 2) {
        const char *colon = strrchr(atts[0], ':');
        if (strcmp(colon == NULL ? atts[0] : colon + 1, name) == 0)
            return str_of(atts[1]);
    }
    return str_of(NULL);
}

static void on_start(void *arg, const xmlChar *name, const xmlChar **atts)
{
    struct reading *r = arg;

    r->rooted = true;
    if (++r->depth > DEPTH_MAX) {
        r->too_deep = true;
        xmlStopParser(r->parser);
        return;
    }
    r->events->start(r->ctx, local_name(name), (const char **)(void *)atts);
}

static void on_end(void *arg, const xmlChar *name)
{
    struct reading *r = arg;

    r->depth -= r->depth > 0;
    r->events->end(r->ctx, local_name(name));
}

static void on_text(void *arg, const xmlChar *s, int len)
{
    struct reading *r = arg;

    r->events->text(r->ctx, str_make((const char *)s, (size_t)len));
}

static void on_error(void *arg, xmlErrorPtr fault)
{
    struct reading *r = arg;

    (void)fault;
    if (++r->faults > FAULTS_MAX)
        xmlStopParser(r->parser);
}

/* Whether no tag has too many attributes to be parsed in sensible time. A tag ends at > outside
 * of quotes, and at < everywhere, since that is how the parser takes it. */
static bool tags_are_sane(struct sx_str xml)
{
    const char *at = xml.ptr, *end = xml.ptr + xml.len;
    size_t marks = 0;
    char quote = '\0', last = '\0'; /* last: before *at, but for white space */

    for (; at < end && marks <= ATTRIBUTES_MAX; at++) {
        if (*at == '<' || (*at == '>' && quote == '\0')) {
            const char *next = memchr(at, '<', (size_t)(end - at));
            if (next == NULL)
                break;
            at = next;
            marks = 0;
            quote = '\0';
        } else if (quote != '\0') {
            quote = *at == quote ? '\0' : quote;
        } else if ((*at == '"' || *at == '\'') && last == '=') {
            quote = *at;
            marks++; /* what has no quoted value is not taken for an attribute */
        }
        if (strchr(" \t\r\n", *at) == NULL)
            last = *at;
    }
    return marks <= ATTRIBUTES_MAX;
}

static sx_status verdict(const struct reading *r, struct sx_error *err)
{
    const xmlParserInput *in = r->parser->input;
    int line = in == NULL ? 0 : in->line;

    if (r->parser->errNo == XML_ERR_NO_MEMORY)
        return sx_fail_oom(err);
    if (r->too_deep)
        return sx_fail(err, SX_EREQUEST, "XML nests deeper than %d elements", DEPTH_MAX);
    if (r->faults > FAULTS_MAX)
        return sx_fail(err, SX_EREQUEST, "XML with more than %d faults", FAULTS_MAX);
    if (!r->rooted || r->depth > 0 || in == NULL || in->cur < in->end)
        return sx_fail(err, SX_EREQUEST, "damaged or cut off: the XML breaks off in line %d", line);
    return SX_OK;
}

static sx_status parse(struct sx_str xml, struct reading *r, struct sx_error *err)
{
    xmlSAXHandler events = {.startElement = on_start,
                            .endElement = on_end,
                            .characters = on_text,
                            .ignorableWhitespace = on_text,
                            .cdataBlock = on_text,
                            .serror = on_error,
                            .initialized = 1 /* SAX1 */};
    xmlSAXHandlerPtr own;
    sx_status rc;

    if (xml.len == 0)
        return sx_fail(err, SX_EREQUEST, "empty XML");
    if (xml.len > INT_MAX || !tags_are_sane(xml))
        return sx_fail(err, SX_EREQUEST, "XML with a tag of too many attributes");
    r->parser = xmlCreateMemoryParserCtxt(xml.ptr, (int)xml.len);
    if (r->parser == NULL)
        return sx_fail_oom(err);
    own = r->parser->sax;
    r->parser->sax = &events;
    r->parser->userData = r;
    xmlCtxtUseOptions(r->parser, XML_PARSE_RECOVER | XML_PARSE_NONET | XML_PARSE_IGNORE_ENC |
                                     XML_PARSE_HUGE | XML_PARSE_SAX1);
    xmlSwitchEncoding(r->parser, XML_CHAR_ENCODING_UTF8);
    xmlParseDocument(r->parser);
    rc = verdict(r, err);
    r->parser->sax = own;
    xmlFreeDoc(r->parser->myDoc); /* the declarations of a DTD, if parsing was stopped */
    xmlFreeParserCtxt(r->parser);
    return rc;
}

sx_status xml_read(struct sx_str bytes, const struct xml_events *events, void *ctx,
                   struct sx_error *err)
{
    struct reading r = {.events = events, .ctx = ctx};
    struct buf mem = {0};
    char declared[CHARSET_NAME_MAX], used[CHARSET_NAME_MAX];
    struct sx_str xml;
    sx_status rc;

    charset_declared(bytes, declared);
    rc = charset_decode(bytes, declared, &mem, &xml, used, err);
    if (rc == SX_OK)
        rc = parse(xml, &r, err);
    buf_release(&mem);
    return rc;
}
