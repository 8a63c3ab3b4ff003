/* JSON Lines: one document a line. A line that cannot be read is told with its number and the
 * others go on. Lines are UTF-8 by definition, so that a broken one is its own fault and not a
 * reason to take the file for another charset. */
#include "index/ingest/readers.h"

#include <string.h>

#include <searchd/index.h>

#include "index/base/docjson.h"
#include "index/base/str.h"
#include "index/ingest/charset.h"
#include "index/ingest/meta.h"

#define LINE_MAX_BYTES ((size_t)16 << 20) /* as the protocol's longest line */
#define LINE_VALUES_MAX 100000

/* What one line needs; freed before the next. */
struct line_memory {
    cJSON *json;
    struct arena arena;
    struct buf text; /* uri, date and lang in normal form, one behind the other */
};

static void line_release(struct line_memory *mem)
{
    cJSON_Delete(mem->json);
    arena_release(&mem->arena);
    buf_release(&mem->text);
}

/* The key that JSON left out: URI#LINE. */
static sx_status default_uri(struct sx_str base, size_t number, struct line_memory *mem,
                             struct sx_doc *doc, struct sx_error *err)
{
    struct buf key = {0};

    buf_put_str(&key, base);
    buf_printf(&key, "#%zu", number);
    doc->uri = buf_ok(&key) ? arena_str(&mem->arena, buf_str(&key)) : str_of(NULL);
    buf_release(&key);
    return doc->uri.ptr != NULL ? SX_OK : sx_fail_oom(err);
}

/* Date and language in their normal form. An impossible date is refused, as `put` would. */
static sx_status normalise(struct line_memory *mem, struct sx_doc *doc, struct sx_error *err)
{
    if (doc->date.len > 0) {
        if (!meta_date(doc->date, &mem->text))
            return sx_fail_at(err, SX_EREQUEST, "date", SX_NO_OFFSET, "date is not a date");
        doc->date = arena_str(&mem->arena, buf_str(&mem->text));
        if (!buf_ok(&mem->text) || doc->date.ptr == NULL)
            return sx_fail_oom(err);
    }
    buf_clear(&mem->text);
    if (doc->lang.len > 0 && meta_lang(doc->lang, &mem->text))
        doc->lang = buf_str(&mem->text);
    return buf_ok(&mem->text) ? SX_OK : sx_fail_oom(err);
}

/* The index would refuse these too, but with the whole file instead of the line. */
static sx_status check_lengths(const struct sx_doc *doc, struct sx_error *err)
{
    const struct {
        const char *key;
        struct sx_str value;
        size_t max;
    } rows[] = {
        {"uri", doc->uri, SX_URI_MAX},        {"title", doc->title, SX_TITLE_MAX},
        {"source", doc->source, SX_META_MAX}, {"date", doc->date, SX_META_MAX},
        {"lang", doc->lang, SX_META_MAX},     {"type", doc->type, SX_META_MAX},
        {"extra", doc->extra, SX_EXTRA_MAX},
    };

    if (doc->uri.len == 0)
        return sx_fail_at(err, SX_EREQUEST, "uri", SX_NO_OFFSET, "uri is empty");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].value.len > rows[i].max)
            return sx_fail_at(err, SX_ETOOLARGE, rows[i].key, SX_NO_OFFSET,
                              "%s is longer than %zu bytes", rows[i].key, rows[i].max);
    }
    return SX_OK;
}

/* One line to a document; its strings live in `mem`. */
static sx_status parse_line(struct sx_str line, struct sx_str uri, size_t number,
                            struct line_memory *mem, struct sx_doc *doc, struct sx_error *err)
{
    sx_status rc;

    if (line.len > LINE_MAX_BYTES)
        return sx_fail(err, SX_ETOOLARGE, "the line is longer than %zu MiB", LINE_MAX_BYTES >> 20);
    rc = json_parse(line, LINE_VALUES_MAX, &mem->json, err);
    if (rc == SX_OK)
        rc = docjson_read(mem->json, false, &mem->arena, doc, err);
    if (rc == SX_OK && doc->uri.ptr == NULL)
        rc = default_uri(uri, number, mem, doc, err);
    if (rc == SX_OK)
        rc = check_lengths(doc, err);
    if (rc == SX_OK)
        rc = normalise(mem, doc, err);
    if (rc == SX_OK && doc->type.len == 0)
        doc->type = str_of(media_name(MEDIA_JSONL));
    return rc;
}

static sx_status read_line(struct sx_str line, struct sx_str uri, size_t number,
                           const struct ingest_sink *sink, struct sx_error *err)
{
    struct line_memory mem = {0};
    struct sx_doc doc = {0};
    struct sx_error why = {0};
    sx_status rc = parse_line(line, uri, number, &mem, &doc, &why);

    if (rc == SX_OK) {
        rc = sink->doc(sink->ctx, &doc, number, err);
    } else if (rc == SX_ENOMEM) {
        rc = sx_fail_oom(err);
    } else {
        sink->failed(sink->ctx, number, &why);
        rc = SX_OK;
    }
    line_release(&mem);
    return rc;
}

sx_status jsonl_read(struct sx_str uri, struct sx_str bytes, const struct ingest_sink *sink,
                     struct sx_error *err)
{
    struct buf mem = {0};
    char charset[CHARSET_NAME_MAX]; /* of the lines, not of a document */
    struct sx_str rest = charset_skip_bom(bytes), line;
    sx_status rc = SX_OK;

    if (charset_is_wide(bytes))
        rc = charset_decode(bytes, "", &mem, &rest, charset, err);
    for (size_t number = 1; rc == SX_OK && meta_line(&rest, &line); number++) {
        line = meta_trim(line);
        if (line.len > 0)
            rc = read_line(line, uri, number, sink, err);
    }
    buf_release(&mem);
    return rc;
}
