/* A PDF inside a container, which a helper finds and may not read: it hands the bytes back, and
 * pdftotext gets them as it gets a file's. What the helper knows of the item (its uri, where it
 * stood, its date) goes with what the PDF says. */
#include <string.h>

#include "index/base/clock.h"
#include "index/base/str.h"
#include "index/extract/pool.h"

/* How often the time of one file all PDFs of a container may take together. */
#define TIMES_MAX 15

static sx_status fail_item(struct foreign *f, struct sx_str uri, const struct sx_error *why)
{
    if (f->sink->item != NULL)
        f->sink->item(f->sink->ctx, uri, why);
    return SX_OK;
}

/* One JSON object of two; either may be absent. */
static struct sx_str join_extra(struct sx_str a, struct sx_str b, struct buf *out)
{
    if (a.len <= 2)
        return b;
    if (b.len <= 2)
        return a;
    buf_put(out, a.ptr, a.len - 1);
    buf_putc(out, ',');
    buf_put(out, b.ptr + 1, b.len - 1);
    return buf_str(out);
}

struct item {
    struct foreign *f;
    const struct sx_doc *outer;
    sx_status sink_rc; /* the sink's own failure ends all */
};

static sx_status take(void *ctx, const struct sx_doc *doc, size_t line, struct sx_error *err)
{
    struct item *it = ctx;
    struct sx_doc whole = *doc;
    struct buf extra = {0};

    (void)line;
    whole.extra = join_extra(it->outer->extra, doc->extra, &extra);
    whole.title = doc->title.len > 0 ? doc->title : it->outer->title;
    whole.date = doc->date.len > 0 ? doc->date : it->outer->date;
    whole.source = it->outer->source;
    it->sink_rc =
        buf_ok(&extra) ? it->f->sink->doc(it->f->sink->ctx, &whole, 0, err) : sx_fail_oom(err);
    buf_release(&extra);
    return it->sink_rc;
}

sx_status foreign_doc(void *ctx, const struct sx_doc *doc, size_t line, struct sx_error *err)
{
    struct foreign *f = ctx;
    struct item it = {.f = f, .outer = doc};
    const struct ingest_sink sink = {.doc = take, .ctx = &it};
    struct sx_error why = {.offset = SX_NO_OFFSET};
    uint64_t began = clock_now_ns();

    (void)line;
    if (f->took_ns > (uint64_t)f->x->setup.time_ms * TIMES_MAX * 1000000u) {
        sx_fail(&why, SX_EREQUEST, "not read: the PDFs before it took too long");
        return fail_item(f, doc->uri, &why);
    }
    sx_status rc = pdf_read(f->x, doc->uri, doc->body, &sink, &why);
    f->took_ns += clock_now_ns() - began;
    if (rc == SX_OK)
        return SX_OK;
    if (it.sink_rc == SX_OK && rc != SX_ENOMEM)
        return fail_item(f, doc->uri, &why);
    *err = why;
    return rc;
}
