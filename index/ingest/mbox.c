/* An mbox file: messages, each behind a line that begins "From " and has a time. Lines of a
 * message that begin so were given a > in front by what wrote the file (mboxrd); it is taken off.
 * A "From " line counts behind an empty line only, as a text may have one too. */
#include "index/ingest/readers.h"

#include <stdio.h>
#include <string.h>

#include "index/base/str.h"
#include "index/ingest/meta.h"
#include "index/ingest/sniff.h"

static bool is_empty(struct sx_str line)
{
    return line.len == 0 || (line.len == 1 && line.ptr[0] == '\r');
}

/* Takes the message at the front of *rest, which begins with its "From " line. */
static struct sx_str take_message(struct sx_str *rest)
{
    struct sx_str line, before;
    const char *start;
    bool empty = false;

    meta_line(rest, &line);
    start = rest->ptr;
    for (before = *rest; meta_line(rest, &line); before = *rest) {
        if (empty && sniff_is_from_line(line)) {
            *rest = before;
            break;
        }
        empty = is_empty(line);
    }
    return str_make(start, (size_t)(rest->ptr - start));
}

static bool is_quoted_from(struct sx_str line)
{
    size_t n = 0;

    while (n < line.len && line.ptr[n] == '>')
        n++;
    return n > 0 && line.len - n >= 5 && memcmp(line.ptr + n, "From ", 5) == 0;
}

static struct sx_str unquote(struct sx_str message, struct buf *mem)
{
    struct sx_str rest = message, line;

    buf_clear(mem);
    if (memmem(message.ptr, message.len, "\n>", 2) == NULL)
        return message;
    while (meta_line(&rest, &line)) {
        size_t skip = is_quoted_from(line);
        bool ended = rest.ptr > line.ptr + line.len;
        buf_put(mem, line.ptr + skip, line.len - skip + ended);
    }
    return buf_str(mem);
}

static sx_status read_message(const struct item *mbox, struct sx_str message, size_t number,
                              struct buf *mem, struct buf *uri, struct sx_error *err)
{
    char place[32];
    struct sx_error why = {0};
    struct item it;
    sx_status rc;

    snprintf(place, sizeof(place), "%zu", number);
    item_uri(mbox, "#message/", str_of(place), uri);
    message = unquote(message, mem);
    if (!buf_ok(uri) || !buf_ok(mem))
        return sx_fail_oom(err);
    it = item_inside(mbox, buf_str(uri),
                     str_make(uri->data + mbox->uri.len + 1, uri->len - mbox->uri.len - 1));
    rc = meta_trim(message).len > 0 ? item_read_as(&it, MEDIA_MAIL, message, &why)
                                    : sx_fail(&why, SX_EREQUEST, "empty");
    return item_over(&it, rc, &why, err);
}

sx_status mbox_read(const struct item *it, struct sx_str bytes, struct sx_error *err)
{
    struct buf mem = {0}, uri = {0};
    sx_status rc = SX_OK;

    for (size_t number = 1; rc == SX_OK && bytes.len > 0; number++) {
        struct sx_str message = take_message(&bytes);
        rc = nest_count(it->nest, err);
        if (rc == SX_OK)
            rc = read_message(it, message, number, &mem, &uri, err);
    }
    buf_release(&mem);
    buf_release(&uri);
    return rc;
}
