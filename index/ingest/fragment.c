/* HTML that is part of something else: a chapter of a book, the text of a mail. */
#include "index/ingest/readers.h"

#include <string.h>
#include <strings.h>

#include "index/base/str.h"

#define HEAD_MAX ((size_t)256 << 10) /* bytes in which a page's body begins */

/* Its title is often the name of a file, and what it is part of has a title of its own. */
static struct sx_str without_head(struct sx_str html)
{
    const char *end = html.ptr + (html.len < HEAD_MAX ? html.len : HEAD_MAX);

    for (const char *p = html.ptr; (p = memchr(p, '<', (size_t)(end - p))) != NULL; p++) {
        if (end - p > 5 && strncasecmp(p, "<body", 5) == 0 && strchr(" \t\r\n>", p[5]) != NULL)
            return str_make(p, html.len - (size_t)(p - html.ptr));
    }
    return html;
}

sx_status fragment_read(struct sx_str html, struct buf *out, struct sx_error *err)
{
    return html.len == 0 ? SX_OK : html_fragment(without_head(html), out, err);
}
