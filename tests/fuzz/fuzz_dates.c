/* Any bytes as a text in which dates stand: what is found must exist, lie in the text between words,
 * and be read again from where it was found; an article's rules must give sound values. */
#include <stdlib.h>
#include <string.h>

#include <searchd/index.h>

#include "index/base/date.h"
#include "index/base/str.h"
#include "index/base/utf8.h"
#include "index/ingest/article.h"
#include "index/ingest/frontmatter.h"
#include "index/ingest/meta.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void find_all(struct sx_str text, enum date_order order)
{
    struct datetext d, again;
    struct date_span span;

    while (datetext_find(text, order, &d)) {
        require(d.from < d.to && d.to <= text.len && d.to - d.from <= DATETEXT_MAX);
        require(date_parse(str_of(d.iso), &span));
        struct sx_str rest = str_make(text.ptr + d.from, text.len - d.from);
        require(datetext_at(rest, order, &again) && strcmp(again.iso, d.iso) == 0);
        text = str_make(text.ptr + d.to, text.len - d.to);
    }
}

static void check_meta(struct meta *m)
{
    struct sx_doc doc = {0};
    struct date_span span;

    meta_fill(m, &doc);
    require(meta_ok(m));
    require(doc.date.len == 0 || date_parse(doc.date, &span));
    require(doc.title.len <= SX_TITLE_MAX && doc.source.len <= SX_META_MAX);
    for (int f = 0; f < META_COUNT; f++)
        require(m->rank[f] == 0 || (m->confidence[f] > 0 && m->confidence[f] <= 1));
    meta_release(m);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct sx_str text = str_make((const char *)data, size);
    struct meta article = {0}, front = {0};
    struct buf iso = {0};

    if (size == 0)
        return 0;
    find_all(text, DATE_ORDER_UNKNOWN);
    find_all(text, DATE_ORDER_DMY);
    meta_date(text, &iso);
    buf_release(&iso);
    if (utf8_check(text.ptr, text.len) < text.len || memchr(data, '\0', size) != NULL)
        return 0; /* no reader hands it on */
    article_read(text, DATE_ORDER_DMY, &article);
    check_meta(&article);
    struct sx_str rest = frontmatter_read(text, &front);
    require(rest.ptr >= text.ptr && rest.ptr + rest.len == text.ptr + text.len);
    check_meta(&front);
    return 0;
}
