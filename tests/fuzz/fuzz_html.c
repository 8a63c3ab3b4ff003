/* Any bytes as an HTML page, and as a piece of HTML inside Markdown: the text must be UTF-8
 * without NUL, or there is a reason why there is none. */
#include <stdlib.h>
#include <string.h>

#include <searchd/index.h>

#include "index/base/str.h"
#include "index/base/utf8.h"
#include "index/ingest/readers.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void require_text(struct sx_str s)
{
    require(utf8_check(s.ptr, s.len) == s.len);
    require(s.len == 0 || memchr(s.ptr, '\0', s.len) == NULL);
}

static sx_status take(void *ctx, const struct sx_doc *doc, size_t line, struct sx_error *err)
{
    (void)err;
    ++*(int *)ctx;
    require(line == 0 && doc->body.ptr != NULL);
    require_text(doc->body);
    require_text(doc->title);
    require_text(doc->source);
    return SX_OK;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct sx_str bytes = str_make((const char *)data, size);
    struct sx_error err = {0};
    struct buf text = {0};
    int docs = 0;
    const struct ingest_sink sink = {.doc = take, .ctx = &docs};
    sx_status rc = ingest_read(MEDIA_HTML, str_of("x"), bytes, &sink, &err);

    require(rc == SX_OK ? docs == 1 : docs == 0 && err.msg[0] != '\0');
    if (utf8_check(bytes.ptr, size) == size && (size == 0 || memchr(data, '\0', size) == NULL) &&
        html_fragment(bytes, &text, &err) == SX_OK)
        require_text(buf_str(&text));
    buf_release(&text);
    return 0;
}
