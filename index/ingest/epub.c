/* EPUB: a zip of XHTML chapters. META-INF/container.xml names the package file (OPF), whose
 * manifest names the parts by id and whose spine gives their order. All chapters are one
 * document, as the book is one. A chapter that cannot be read fails the book: a text with a hole
 * in it would pass for the whole. */
#include "index/ingest/readers.h"

#include <string.h>
#include <strings.h>

#include <searchd/index.h>

#include "index/base/str.h"
#include "index/ingest/charset.h"
#include "index/ingest/meta.h"
#include "index/ingest/parts.h"
#include "index/ingest/properties.h"
#include "index/ingest/xml.h"

#define MANIFEST_MAX 20000
#define LOCKED_LOOK ((size_t)256 << 10) /* bytes of the list of encrypted parts that count */

struct entry {
    struct sx_str id, href;
};

struct book {
    struct arena arena;
    struct sx_str opf; /* path of the package file */
    struct properties props;
    struct buf manifest; /* of struct entry */
    struct buf spine;    /* of struct sx_str, ids */
    bool oom, too_many;
};

/* ---- container.xml and the package file ------------------------------------------------ */

/* A copy that lives as long as the book; want of memory is remembered. */
static struct sx_str keep(struct book *b, struct sx_str s)
{
    struct sx_str copy = arena_str(&b->arena, s);

    b->oom = b->oom || (s.ptr != NULL && copy.ptr == NULL);
    return copy;
}

static void container_start(void *ctx, const char *name, const char **atts)
{
    struct book *b = ctx;

    if (strcmp(name, "rootfile") == 0 && b->opf.ptr == NULL)
        b->opf = keep(b, xml_attribute(atts, "full-path"));
}

static void opf_start(void *ctx, const char *name, const char **atts)
{
    struct book *b = ctx;
    bool item = strcmp(name, "item") == 0, ref = strcmp(name, "itemref") == 0;

    properties_start(&b->props, name);
    if (item && b->manifest.len < MANIFEST_MAX * sizeof(struct entry)) {
        struct entry e = {keep(b, xml_attribute(atts, "id")), keep(b, xml_attribute(atts, "href"))};
        buf_put(&b->manifest, &e, sizeof(e));
    } else if (ref && b->spine.len < MANIFEST_MAX * sizeof(struct sx_str)) {
        struct sx_str id = keep(b, xml_attribute(atts, "idref"));
        buf_put(&b->spine, &id, sizeof(id));
    } else {
        b->too_many = b->too_many || item || ref;
    }
}

static void opf_text(void *ctx, struct sx_str text)
{
    properties_text(&((struct book *)ctx)->props, text);
}

static void opf_end(void *ctx, const char *name)
{
    properties_end(&((struct book *)ctx)->props, name);
}

static void no_text(void *ctx, struct sx_str text)
{
    (void)ctx;
    (void)text;
}

static void no_end(void *ctx, const char *name)
{
    (void)ctx;
    (void)name;
}

/* ---- chapters -------------------------------------------------------------------------- */

static int hex(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c | 0x20);

    return at == NULL ? -1 : (int)(at - digits);
}

/* The path in the zip of a manifest's href, which is relative to the package file and
 * percent-encoded. */
static void chapter_path(struct sx_str opf, struct sx_str href, struct buf *out)
{
    const char *slash = memrchr(opf.ptr, '/', opf.len);

    buf_clear(out);
    if (slash != NULL)
        buf_put(out, opf.ptr, (size_t)(slash - opf.ptr) + 1);
    for (size_t i = 0; i < href.len && href.ptr[i] != '#'; i++) {
        if (href.ptr[i] == '%' && i + 2 < href.len && hex(href.ptr[i + 1]) >= 0 &&
            hex(href.ptr[i + 2]) >= 0) {
            buf_putc(out, (char)(hex(href.ptr[i + 1]) * 16 + hex(href.ptr[i + 2])));
            i += 2;
        } else {
            buf_putc(out, href.ptr[i]);
        }
    }
}

/* From a path with ./ and ../ in it to the name of an entry, in place. */
static void flatten(struct buf *path)
{
    size_t to = 0;

    for (size_t at = 0; at < path->len;) {
        const char *slash = memchr(path->data + at, '/', path->len - at);
        size_t len = slash == NULL ? path->len - at : (size_t)(slash - path->data) + 1 - at;
        struct sx_str step = str_make(path->data + at, len);
        if (str_is(step, "../")) {
            to -= to > 0;
            while (to > 0 && path->data[to - 1] != '/')
                to--;
        } else if (!str_is(step, "./")) {
            memmove(path->data + to, step.ptr, len);
            to += len;
        }
        at += len;
    }
    path->len = to;
}

static sx_status read_chapter(struct sx_str bytes, struct buf *body, struct sx_error *err)
{
    char declared[CHARSET_NAME_MAX], used[CHARSET_NAME_MAX];
    struct buf mem = {0};
    struct sx_str html;
    sx_status rc;

    charset_declared(bytes, declared);
    rc = charset_decode(bytes, declared, &mem, &html, used, err);
    if (rc == SX_OK && body->len > 0)
        buf_puts(body, "\n\n");
    if (rc == SX_OK)
        rc = fragment_read(html, body, err);
    buf_release(&mem);
    return rc;
}

static struct sx_str href_of(const struct book *b, struct sx_str id)
{
    const struct entry *list = (const struct entry *)(const void *)b->manifest.data;

    for (size_t i = 0; i < b->manifest.len / sizeof(*list); i++) {
        if (str_eq(list[i].id, id))
            return list[i].href;
    }
    return str_of(NULL);
}

/* One chapter by its path; one that a spine names many times is read once. */
static sx_status add_chapter(struct sx_str path, struct parts *parts, struct buf *body, bool *there,
                             struct sx_error *err)
{
    struct sx_str locked = parts_find(parts, str_of("META-INF/encryption.xml"));
    struct sx_str bytes = parts_take(parts, path);

    *there = bytes.len > 0;
    if (!*there)
        return SX_OK;
    if (locked.len > LOCKED_LOOK)
        locked.len = LOCKED_LOOK;
    if (locked.len > 0 && memmem(locked.ptr, locked.len, path.ptr, path.len) != NULL)
        return sx_fail(err, SX_EREQUEST, "encrypted");
    return read_chapter(bytes, body, err);
}

/* What the spine names and the zip does not hold is left out, as reading programs do. */
static sx_status read_spine(const struct book *b, struct parts *parts, struct buf *body,
                            struct sx_error *err)
{
    const struct sx_str *spine = (const struct sx_str *)(const void *)b->spine.data;
    size_t count = b->spine.len / sizeof(*spine), found = 0;
    struct buf path = {0};
    bool there = false;
    sx_status rc = SX_OK;

    for (size_t i = 0; i < count && rc == SX_OK; i++) {
        struct sx_str href = href_of(b, spine[i]);
        if (href.len == 0)
            continue;
        chapter_path(b->opf, href, &path);
        flatten(&path);
        rc = buf_ok(&path) ? add_chapter(buf_str(&path), parts, body, &there, err)
                           : sx_fail_oom(err);
        found += rc == SX_OK && there;
    }
    buf_release(&path);
    if (rc == SX_OK && found == 0)
        return sx_fail(err, SX_EREQUEST, "damaged: none of its %zu chapters is there", count);
    return rc;
}

/* ---- all together ---------------------------------------------------------------------- */

static bool ends(struct sx_str s, const char *with)
{
    size_t len = strlen(with);

    return s.len >= len && strncasecmp(s.ptr + s.len - len, with, len) == 0;
}

/* Pictures and fonts stay packed. */
static bool is_text_part(struct sx_str name)
{
    static const char *const endings[] = {".xhtml", ".html", ".htm", ".xml", ".opf"};

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (ends(name, endings[i]))
            return true;
    }
    return false;
}

static sx_status read_package(struct book *b, const struct parts *parts, struct sx_error *err)
{
    static const struct xml_events container = {container_start, no_end, no_text};
    static const struct xml_events package = {opf_start, opf_end, opf_text};
    struct sx_str part = parts_find(parts, str_of("META-INF/container.xml"));
    sx_status rc;

    if (part.ptr == NULL)
        return sx_fail(err, SX_EREQUEST, "damaged: no META-INF/container.xml in it");
    rc = xml_read(part, &container, b, err);
    if (rc == SX_OK && b->oom)
        rc = sx_fail_oom(err);
    if (rc != SX_OK)
        return rc;
    part = parts_find(parts, b->opf);
    if (b->opf.len == 0 || part.ptr == NULL)
        return sx_fail(err, SX_EREQUEST, "damaged: its package file is not in it");
    rc = xml_read(part, &package, b, err);
    if (rc == SX_OK && (b->oom || !buf_ok(&b->manifest) || !buf_ok(&b->spine)))
        rc = sx_fail_oom(err);
    if (rc == SX_OK && b->too_many)
        rc = sx_fail(err, SX_ELIMIT, "names more than %d parts", MANIFEST_MAX);
    return rc;
}

sx_status epub_read(const struct item *it, struct sx_str bytes, struct sx_error *err)
{
    struct sx_doc doc = {.uri = it->uri, .type = str_of(media_name(MEDIA_EPUB))};
    struct meta meta = {0};
    struct book book = {.props = {.meta = &meta}};
    struct parts parts = {0};
    struct buf body = {0};
    sx_status rc = parts_load(&parts, it, bytes, is_text_part, err);

    if (rc == SX_OK)
        rc = read_package(&book, &parts, err);
    if (rc == SX_OK)
        rc = read_spine(&book, &parts, &body, err);
    if (rc == SX_OK && !buf_ok(&body))
        rc = sx_fail_oom(err);
    if (rc == SX_OK) {
        doc.body = body.len > 0 ? buf_str(&body) : str_of("");
        rc = properties_doc(&book.props, it, &doc, err);
    }
    buf_release(&body);
    parts_release(&parts);
    properties_release(&book.props);
    meta_release(&meta);
    buf_release(&book.manifest);
    buf_release(&book.spine);
    arena_release(&book.arena);
    return rc;
}
