/* Any bytes as a file of any kind: what is read has a key, valid text and a date that parses;
 * what is not has a reason. The first byte chooses the kind, or leaves it to detection. */
#include <stdlib.h>
#include <string.h>

#include <searchd/index.h>

#include "index/base/date.h"
#include "index/base/str.h"
#include "index/base/utf8.h"
#include "index/ingest/reader.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static sx_status take(void *ctx, const struct sx_doc *doc, size_t line, struct sx_error *err)
{
    const struct sx_str all[] = {doc->uri,  doc->title, doc->body, doc->source,
                                 doc->date, doc->lang,  doc->type, doc->extra};
    struct date_span span;

    (void)ctx;
    (void)line;
    (void)err;
    require(doc->uri.len > 0 && doc->uri.len <= SX_URI_MAX && doc->body.ptr != NULL);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        require(utf8_check(all[i].ptr, all[i].len) == all[i].len);
        require(all[i].len == 0 || memchr(all[i].ptr, '\0', all[i].len) == NULL);
    }
    require(doc->date.len == 0 || date_parse(doc->date, &span));
    return SX_OK;
}

static void failed(void *ctx, size_t line, const struct sx_error *err)
{
    (void)ctx;
    require(line > 0 && err->msg[0] != '\0');
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const struct ingest_sink sink = {.doc = take, .failed = failed};
    struct sx_error err = {0};

    if (size == 0)
        return 0;
    struct sx_str bytes = str_make((const char *)data + 1, size - 1);
    enum media m = (enum media)(data[0] % 5);
    if (m == MEDIA_NONE)
        m = media_detect("file", bytes);
    if (ingest_read(m, str_of("file:///f"), bytes, &sink, &err) != SX_OK)
        require(err.msg[0] != '\0');
    return 0;
}
