/* Any bytes as the answer of a helper: each frame is delivered whole or refused, and what reaches
 * the sink can be told to clients. */
#include <stdlib.h>
#include <string.h>

#include <searchd/index.h>

#include "index/base/json.h"
#include "index/base/str.h"
#include "index/base/utf8.h"
#include "index/extract/frame.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static sx_status take(void *ctx, const struct sx_doc *doc, size_t line, struct sx_error *err)
{
    const struct sx_str parts[] = {doc->uri, doc->title, doc->body, doc->source};
    size_t *bytes = ctx;

    (void)err;
    (void)line;
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < parts[i].len; k++) /* all of it can be read */
            *bytes += (unsigned char)parts[i].ptr[k];
    require(doc->extra.len == 0 || json_scan(doc->extra, 1 << 20, NULL) == SX_OK);
    return SX_OK;
}

static void require_words(const char *words)
{
    size_t len = strlen(words);

    require(utf8_check(words, len) == len);
    for (size_t i = 0; i < len; i++)
        require((unsigned char)words[i] >= 0x20);
}

static void line_failed_as(void *ctx, size_t line, const struct sx_error *why)
{
    (void)ctx;
    (void)line;
    require_words(why->msg);
}

static void item_failed_as(void *ctx, struct sx_str uri, const struct sx_error *why)
{
    (void)ctx;
    require(uri.len > 0 && utf8_check(uri.ptr, uri.len) == uri.len);
    require_words(why->msg);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    size_t bytes = 0;
    const struct ingest_sink sink = {.doc = take,
                                     .failed = line_failed_as,
                                     .item = item_failed_as,
                                     .foreign = take,
                                     .ctx = &bytes};
    struct sx_str in = str_make((const char *)data, size);
    struct frame_head head;
    struct sx_str body;
    bool whole = true;
    struct sx_error err = {0};
    sx_status said;

    while (whole) {
        if (frame_next(&in, &head, &body, &whole, &err) != SX_OK || !whole)
            break;
        require(body.ptr + body.len <= (const char *)data + size);
        sx_status rc = head.kind == FRAME_END ? frame_end(body, &said, &err)
                                              : frame_deliver(&head, body, &sink, &err);
        require(rc == SX_OK || err.msg[0] != '\0');
    }
    return 0;
}
