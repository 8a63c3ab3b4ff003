/* Markdown to plain text with md4c's events: headings, paragraphs and list items are lines, marks
 * and addresses of links go, code stays. Without a title in the front matter, the first heading is
 * it. A text that md4c would take minutes for is read as plain lines. */
#include "index/ingest/readers.h"

#include <string.h>
#include <strings.h>

#include <md4c.h>

#include <searchd/index.h>

#include "index/base/str.h"
#include "index/ingest/article.h"
#include "index/ingest/charset.h"
#include "index/ingest/frontmatter.h"
#include "index/ingest/markdown_guard.h"
#include "index/ingest/meta.h"

/* What md4c may make of each byte of the text: blocks, of which it fills up each row of a table
 * to the width of the head, and bytes of the links' addresses, of which each link by name repeats
 * its own. */
#define WORK_PER_BYTE 8
#define WORK_FREE (1u << 20) /* for any text */
#define BLOCK_WORK 4         /* a block; an address: its bytes */

/* What a callback returns to end the parse; md4c forgets a positive value on its way up. */
#define STOP (-1)

struct text {
    struct buf body;
    struct buf html; /* the raw HTML block that is open */
    struct meta *meta;
    bool in_html;
    size_t heading_from; /* the body's length where the heading began */
    uint64_t work;       /* that is left: see WORK_PER_BYTE */
    bool too_much;       /* none was */
    struct sx_error *err;
    sx_status rc;
};

/* ---- events ---------------------------------------------------------------------------- */

static void end_line(struct text *t)
{
    if (t->body.len > 0 && t->body.data[t->body.len - 1] != '\n')
        buf_putc(&t->body, '\n');
}

static int spend(struct text *t, size_t work)
{
    if (t->work < work)
        t->too_much = true;
    else
        t->work -= work;
    return t->too_much ? STOP : 0;
}

static int on_enter_block(MD_BLOCKTYPE type, void *detail, void *ctx)
{
    struct text *t = ctx;

    (void)detail;
    if (type != MD_BLOCK_TD && type != MD_BLOCK_TH)
        end_line(t);
    else if (t->body.len > 0 && t->body.data[t->body.len - 1] != '\n')
        buf_putc(&t->body, ' ');
    t->in_html = type == MD_BLOCK_HTML;
    if (type == MD_BLOCK_H)
        t->heading_from = t->body.len;
    return spend(t, BLOCK_WORK);
}

static int on_leave_block(MD_BLOCKTYPE type, void *detail, void *ctx)
{
    struct text *t = ctx;

    (void)detail;
    if (type == MD_BLOCK_HTML) {
        t->in_html = false;
        t->rc = buf_ok(&t->html) ? html_fragment(buf_str(&t->html), &t->body, t->err)
                                 : sx_fail_oom(t->err);
        buf_clear(&t->html);
    } else if (type == MD_BLOCK_H && buf_ok(&t->body)) {
        struct sx_str text = buf_str(&t->body);
        meta_offer(t->meta, META_TITLE, 2,
                   str_make(text.ptr + t->heading_from, text.len - t->heading_from));
    }
    if (type != MD_BLOCK_TD && type != MD_BLOCK_TH)
        end_line(t);
    return t->rc == SX_OK ? 0 : STOP;
}

static int on_enter_span(MD_SPANTYPE type, void *detail, void *ctx)
{
    const MD_SPAN_A_DETAIL *a = detail;
    const MD_SPAN_IMG_DETAIL *img = detail;

    if (type == MD_SPAN_A)
        return spend(ctx, a->href.size + a->title.size);
    if (type == MD_SPAN_IMG)
        return spend(ctx, img->src.size + img->title.size);
    return 0;
}

static int on_leave_span(MD_SPANTYPE type, void *detail, void *ctx)
{
    (void)type;
    (void)detail;
    (void)ctx;
    return 0;
}

/* Raw HTML: a block is read when it is whole; in a line only a break shows. */
static void put_html(struct text *t, const char *s, size_t n)
{
    if (t->in_html)
        buf_put(&t->html, s, n);
    else if (n >= 3 && strncasecmp(s, "<br", 3) == 0)
        end_line(t);
}

static int on_text(MD_TEXTTYPE type, const MD_CHAR *s, MD_SIZE n, void *ctx)
{
    struct text *t = ctx;

    switch (type) {
    case MD_TEXT_BR:
    case MD_TEXT_SOFTBR:
        buf_putc(&t->body, '\n');
        break;
    case MD_TEXT_ENTITY:
        html_entity(str_make(s, n), &t->body);
        break;
    case MD_TEXT_HTML:
        put_html(t, s, n);
        break;
    case MD_TEXT_NULLCHAR: /* cannot be: the text has no NUL */
    case MD_TEXT_NORMAL:
    case MD_TEXT_CODE:
    case MD_TEXT_LATEXMATH:
        buf_put(&t->body, s, n);
        break;
    }
    return 0;
}

/* ---- all together ---------------------------------------------------------------------- */

static sx_status parse(const struct markdown_cost *cost, struct text *t, struct sx_error *err)
{
    const MD_PARSER parser = {
        .flags = MD_FLAG_TABLES | (cost->tildes ? 0 : MD_FLAG_STRIKETHROUGH),
        .enter_block = on_enter_block,
        .leave_block = on_leave_block,
        .enter_span = on_enter_span,
        .leave_span = on_leave_span,
        .text = on_text,
    };

    t->work = WORK_FREE + (uint64_t)cost->text.len * WORK_PER_BYTE;
    int rc = md_parse(cost->text.ptr, (MD_SIZE)cost->text.len, &parser, t);
    if (t->rc != SX_OK)
        return t->rc;
    /* md4c itself fails only for want of memory. */
    if ((rc != 0 && !t->too_much) || !buf_ok(&t->body) || !meta_ok(t->meta))
        return sx_fail_oom(err);
    return SX_OK;
}

/* The text as it is; its headings are those that stand at the beginning of a line. */
static sx_status take_lines(struct sx_str text, struct text *t, struct sx_error *err)
{
    struct sx_str line;

    buf_clear(&t->body);
    buf_put_str(&t->body, text);
    while (meta_line(&text, &line)) {
        size_t marks = 0;
        while (marks < line.len && line.ptr[marks] == '#')
            marks++;
        if (marks > 0 && marks <= 6 && marks < line.len && line.ptr[marks] == ' ')
            meta_offer(t->meta, META_TITLE, 2, str_make(line.ptr + marks, line.len - marks));
    }
    return buf_ok(&t->body) && meta_ok(t->meta) ? SX_OK : sx_fail_oom(err);
}

static sx_status read_text(struct sx_str markdown, struct text *t, struct sx_error *err)
{
    struct buf mem = {0};
    struct markdown_cost cost;
    sx_status rc = markdown_weigh(markdown, &mem, &cost) ? SX_OK : sx_fail_oom(err);

    t->too_much = cost.too_much;
    if (rc == SX_OK && !t->too_much)
        rc = parse(&cost, t, err);
    if (rc == SX_OK && t->too_much)
        rc = take_lines(markdown, t, err);
    buf_release(&mem);
    return rc;
}

sx_status markdown_read(struct sx_str uri, struct sx_str bytes, const struct ingest_sink *sink,
                        struct sx_error *err)
{
    struct sx_doc doc = {.uri = uri, .type = str_of(media_name(MEDIA_MARKDOWN))};
    struct buf mem = {0};
    struct meta meta = {0};
    struct text text = {.meta = &meta, .err = err};
    struct sx_str markdown;
    sx_status rc = charset_decode(bytes, "", &mem, &markdown, meta.charset, err);

    if (rc == SX_OK)
        rc = read_text(frontmatter_read(markdown, &meta), &text, err);
    if (rc != SX_OK)
        goto out;
    doc.body = buf_str(&text.body);
    article_by_address(uri, &meta);
    meta_fill(&meta, &doc);
    rc = meta_ok(&meta) ? sink->doc(sink->ctx, &doc, 0, err) : sx_fail_oom(err);
out:
    buf_release(&text.html);
    buf_release(&text.body);
    meta_release(&meta);
    buf_release(&mem);
    return rc;
}
