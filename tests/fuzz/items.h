/* What the targets of containers share: whatever is read is sound, whatever is not has a reason
 * and stands under a uri of the file. */
#ifndef TESTS_FUZZ_ITEMS_H
#define TESTS_FUZZ_ITEMS_H

#include <stdlib.h>
#include <string.h>

#include <searchd/index.h>

#include "index/base/date.h"
#include "index/base/json.h"
#include "index/base/str.h"
#include "index/base/utf8.h"
#include "index/ingest/reader.h"

#define ITEMS_URI "file:///f"

/* Small, so that each input is over soon. */
static const struct ingest_limits items_limits = {.item_bytes = 1 << 20,
                                                  .total_bytes = 4 << 20,
                                                  .items = 2000,
                                                  .depth = 4,
                                                  .ratio = 300,
                                                  .ratio_from = 1 << 20};

static inline void items_require(bool holds)
{
    if (!holds)
        abort();
}

static inline void items_check_str(struct sx_str s)
{
    items_require(utf8_check(s.ptr, s.len) == s.len);
    items_require(s.len == 0 || memchr(s.ptr, '\0', s.len) == NULL);
}

static inline sx_status items_take(void *ctx, const struct sx_doc *doc, size_t line,
                                   struct sx_error *err)
{
    const struct sx_str all[] = {doc->uri,  doc->title, doc->body, doc->source,
                                 doc->date, doc->lang,  doc->type, doc->extra};
    struct date_span span;

    (void)ctx;
    (void)line;
    (void)err;
    items_require(doc->uri.len > 0 && doc->body.ptr != NULL);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        items_check_str(all[i]);
    items_require(doc->date.len == 0 || date_parse(doc->date, &span));
    items_require(doc->extra.len == 0 || json_scan(doc->extra, 1000000, NULL) == SX_OK);
    return SX_OK;
}

static inline void items_line_failed(void *ctx, size_t line, const struct sx_error *err)
{
    (void)ctx;
    items_require(line > 0 && err->msg[0] != '\0');
}

static inline void items_failed(void *ctx, struct sx_str uri, const struct sx_error *err)
{
    (void)ctx;
    items_require(err->msg[0] != '\0' && uri.len <= SX_URI_MAX);
    items_check_str(uri);
    items_require(uri.len > strlen(ITEMS_URI) &&
                  memcmp(uri.ptr, ITEMS_URI, strlen(ITEMS_URI)) == 0);
}

/* Reads all but the first byte as the kind that it chooses of `kinds`. */
static inline int items_run(const unsigned char *data, size_t size, const enum media *kinds,
                            size_t count)
{
    const struct ingest_sink sink = {.doc = items_take,
                                     .failed = items_line_failed,
                                     .item = items_failed,
                                     .limits = &items_limits};
    struct sx_error err = {0};

    if (size == 0)
        return 0;
    struct sx_str bytes = str_make((const char *)data + 1, size - 1);
    media_detect("file", bytes);
    if (ingest_read(kinds[data[0] % count], str_of(ITEMS_URI), bytes, &sink, &err) != SX_OK)
        items_require(err.msg[0] != '\0');
    return 0;
}

#endif
