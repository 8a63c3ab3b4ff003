/* Plain text. The body is the whole text, so that whatever is quoted from the file is found; what it
 * is called and where it comes from is guessed by the rules in article.h. */
#include "index/ingest/readers.h"

#include <searchd/index.h>

#include "index/base/str.h"
#include "index/ingest/article.h"
#include "index/ingest/charset.h"
#include "index/ingest/meta.h"

sx_status text_read(struct sx_str uri, struct sx_str bytes, const struct ingest_sink *sink,
                    struct sx_error *err)
{
    struct sx_doc doc = {.uri = uri, .type = str_of(media_name(MEDIA_TEXT))};
    struct buf mem = {0};
    struct meta meta = {0};
    sx_status rc = charset_decode(bytes, "", &mem, &doc.body, meta.charset, err);

    if (rc != SX_OK)
        goto out;
    article_read(doc.body, DATE_ORDER_UNKNOWN, &meta);
    article_by_address(uri, &meta);
    meta_fill(&meta, &doc);
    rc = meta_ok(&meta) ? sink->doc(sink->ctx, &doc, 0, err) : sx_fail_oom(err);
out:
    meta_release(&meta);
    buf_release(&mem);
    return rc;
}
