/* Framing. The common case, a whole line inside one read, copies nothing. */
#include "daemon/lines.h"

#include <string.h>

#include "index/base/str.h"

void lines_release(struct lines *l)
{
    buf_release(&l->part);
}

bool lines_partial(const struct lines *l)
{
    return !l->done && (l->part.len > 0 || l->skipping);
}

#define HTTP_WORD_MAX                                                                              \
    64 /* bytes; a line that trickles in is not looked at from its start for ever */

/* "GET ", "Host:": a word that begins with a capital, then a space or a colon. No JSON begins so,
 * and a browser's first line does. */
static bool looks_like_http(struct sx_str s)
{
    size_t n = 0;
    if (s.len == 0 || s.ptr[0] < 'A' || s.ptr[0] > 'Z')
        return false;
    while (n < s.len && n < HTTP_WORD_MAX &&
           ((s.ptr[n] >= 'A' && s.ptr[n] <= 'Z') || (s.ptr[n] >= 'a' && s.ptr[n] <= 'z') ||
            s.ptr[n] == '-'))
        n++;
    return n < s.len && (s.ptr[n] == ' ' || s.ptr[n] == ':');
}

static size_t skip_space(struct sx_str s, size_t at)
{
    while (at < s.len && (s.ptr[at] == ' ' || s.ptr[at] == '\t'))
        at++;
    return at;
}

/* Whether `"op": "put"` stands in the line's beginning. A look, not a parse: whether it is true is
 * decided once the line is parsed. */
static bool shows_put(struct sx_str s)
{
    static const char key[] = "\"op\"", value[] = "\"put\"";
    const char *at = s.ptr;
    while ((at = memmem(at, s.len - (size_t)(at - s.ptr), key, sizeof key - 1)) != NULL) {
        size_t i = skip_space(s, (size_t)(at - s.ptr) + sizeof key - 1);
        if (i < s.len && s.ptr[i] == ':') {
            i = skip_space(s, i + 1);
            if (s.len - i >= sizeof value - 1 && memcmp(s.ptr + i, value, sizeof value - 1) == 0)
                return true;
        }
        at += sizeof key - 1;
    }
    return false;
}

static struct sx_str chomp(struct sx_str s)
{
    if (s.len > 0 && s.ptr[s.len - 1] == '\r')
        s.len--;
    return s;
}

/* Adds bytes to the line so far, unless that makes it too long: then it is forgotten. */
static bool gather(struct lines *l, struct sx_str bytes)
{
    if (l->skipping)
        return true;
    size_t len = l->part.len + bytes.len;
    if (len > l->limit && !l->is_put && l->put_limit > l->limit)
        l->is_put = shows_put(l->part.len > 0 ? buf_str(&l->part) : bytes);
    if (len > (l->is_put ? l->put_limit : l->limit)) {
        l->skipping = true;
        buf_release(&l->part);
        return true;
    }
    buf_put(&l->part, bytes.ptr, bytes.len);
    return buf_ok(&l->part);
}

/* The line in `part` has ended. */
static enum line_event finish(struct lines *l, struct sx_str *line)
{
    bool skipped = l->skipping;
    l->skipping = l->is_put = false;
    l->done = true;
    if (skipped)
        return LINE_TOO_LARGE;
    *line = chomp(buf_str(&l->part));
    return LINE_READY;
}

enum line_event lines_next(struct lines *l, struct sx_str *input, struct sx_str *line)
{
    if (l->done)
        lines_release(l);
    l->done = false;
    const char *end = input->len == 0 ? NULL : memchr(input->ptr, '\n', input->len);
    struct sx_str piece = {input->ptr, end == NULL ? input->len : (size_t)(end - input->ptr)};
    size_t taken = piece.len + (end != NULL);
    input->ptr += taken;
    input->len -= taken;
    if (end != NULL && !lines_partial(l) && piece.len <= l->limit) {
        bool http = !l->begun && looks_like_http(piece);
        l->begun = true;
        *line = chomp(piece);
        return http ? LINE_HTTP : LINE_READY;
    }
    if (!gather(l, piece))
        return LINE_NOMEM;
    if (!l->begun && looks_like_http(buf_str(&l->part)))
        return LINE_HTTP;
    if (end == NULL)
        return LINE_NONE;
    l->begun = true;
    return finish(l, line);
}

enum line_event lines_end(struct lines *l, struct sx_str *line)
{
    return lines_partial(l) ? finish(l, line) : LINE_NONE;
}
