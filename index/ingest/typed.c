/* Bytes that came with a content type: what it says of their kind and charset counts, since the
 * bytes themselves may not tell. */
#include "index/ingest/readers.h"

#include "index/base/str.h"
#include "index/ingest/mime.h"

static enum media likely_kind(struct sx_str type)
{
    if (mime_is(type, "text/html") || mime_is(type, "application/xhtml"))
        return MEDIA_HTML;
    return mime_is(type, "message/rfc822") ? MEDIA_MAIL : MEDIA_NONE;
}

sx_status typed_read(const struct item *it, struct sx_str type, struct sx_str bytes,
                     struct sx_error *err)
{
    struct buf charset = {0}, mem = {0};
    struct sx_str text = bytes;
    struct item typed = *it;
    sx_status rc = SX_OK;

    typed.likely = likely_kind(type);
    if (mime_is(type, "text/") && mime_param(type, "charset", &charset)) {
        rc = mime_text(bytes, buf_str(&charset), &mem, &text, NULL);
        if (rc != SX_OK)
            text = bytes; /* no text after all: its reader says what it is */
    }
    if (rc == SX_ENOMEM || !buf_ok(&charset))
        rc = sx_fail_oom(err);
    else
        rc = item_read(&typed, text, err);
    buf_release(&charset);
    buf_release(&mem);
    return rc;
}
