/* Frames: what goes in comes out, in whatever pieces; what is none is refused. */
#include "index/extract/frame.h"

#include <searchd/index.h>

#include "index/base/str.h"
#include "tests/support/support.h"

struct got {
    size_t docs, lines, items;
    struct sx_str uri, title, body, lang, extra;
    size_t line;
    struct sx_error why;
};

static sx_status take(void *ctx, const struct sx_doc *doc, size_t line, struct sx_error *err)
{
    struct got *g = ctx;

    (void)err;
    g->docs++;
    g->uri = doc->uri;
    g->title = doc->title;
    g->body = doc->body;
    g->lang = doc->lang;
    g->extra = doc->extra;
    g->line = line;
    return SX_OK;
}

static void take_line(void *ctx, size_t line, const struct sx_error *why)
{
    struct got *g = ctx;

    g->lines++;
    g->line = line;
    g->why = *why;
}

static void take_item(void *ctx, struct sx_str uri, const struct sx_error *why)
{
    struct got *g = ctx;

    g->items++;
    g->uri = uri;
    g->why = *why;
}

/* The first frame, delivered. */
static sx_status deliver(struct sx_str in, struct got *g)
{
    const struct ingest_sink sink = {.doc = take, .failed = take_line, .item = take_item, .ctx = g};
    struct frame_head head;
    struct sx_str body;
    struct sx_error err;
    bool whole;
    sx_status rc = frame_next(&in, &head, &body, &whole, &err);

    memset(g, 0, sizeof(*g));
    if (rc != SX_OK)
        return rc;
    assert_true(whole);
    return frame_deliver(&head, body, &sink, &err);
}

static void a_document_comes_through(void **state)
{
    const struct sx_doc doc = {.uri = str_of("u"),
                               .title = str_of(""),
                               .body = str_of("text"),
                               .extra = str_of("{\"a\":[1]}")};
    struct buf out = {0};
    struct got g;

    (void)state;
    frame_put_doc(&out, &doc, 7);
    assert_int_equal(deliver(buf_str(&out), &g), SX_OK);
    assert_true(g.docs == 1 && g.line == 7 && str_is(g.uri, "u") && str_is(g.body, "text"));
    assert_true(g.title.ptr != NULL && g.title.len == 0); /* empty is not absent */
    assert_null(g.lang.ptr);
    assert_true(str_is(g.extra, "{\"a\":[1]}"));
    buf_release(&out);
}

static void it_is_whole_or_not_there(void **state)
{
    const struct sx_doc doc = {.uri = str_of("u"), .body = str_of("text")};
    struct buf out = {0};
    struct frame_head head;
    struct sx_str body;
    bool whole;

    (void)state;
    frame_put_doc(&out, &doc, 0);
    for (size_t n = 0; n < out.len; n++) {
        struct sx_str part = str_make(out.data, n);
        assert_int_equal(frame_next(&part, &head, &body, &whole, NULL), SX_OK);
        assert_false(whole);
        assert_int_equal(part.len, n);
    }
    buf_release(&out);
}

static void failures_come_through(void **state)
{
    struct buf out = {0};
    struct sx_error why;
    struct sx_error err;
    struct frame_head head;
    struct sx_str body, in;
    struct got g;
    bool whole;
    sx_status said;

    (void)state;
    sx_fail(&why, SX_ETOOLARGE, "too \x1b[31m large");
    frame_put_line(&out, 12, &why);
    assert_int_equal(deliver(buf_str(&out), &g), SX_OK);
    assert_true(g.lines == 1 && g.line == 12 && g.why.code == SX_ETOOLARGE);
    assert_string_equal(g.why.msg, "too ?[31m large");
    buf_clear(&out);
    frame_put_item(&out, str_of("a!/b"), &why);
    assert_int_equal(deliver(buf_str(&out), &g), SX_OK);
    assert_true(g.items == 1 && str_is(g.uri, "a!/b"));
    buf_clear(&out);
    frame_put_item(&out, str_of("\xFF"), &why);
    assert_int_equal(deliver(buf_str(&out), &g), SX_EREQUEST);
    buf_clear(&out);
    frame_put_end(&out, SX_ETOOLARGE, &why);
    in = buf_str(&out);
    assert_int_equal(frame_next(&in, &head, &body, &whole, &err), SX_OK);
    assert_true(whole && in.len == 0 && head.kind == FRAME_END);
    assert_int_equal(frame_end(body, &said, &err), SX_OK);
    assert_int_equal(said, SX_ETOOLARGE);
    buf_release(&out);
}

static void refused(struct buf *bytes)
{
    struct got g;

    assert_int_equal(deliver(buf_str(bytes), &g), SX_EREQUEST);
    assert_int_equal(g.docs + g.lines + g.items, 0);
    buf_clear(bytes);
}

static void nonsense_is_refused(void **state)
{
    static const char *const extras[] = {"[1]", "{", "{}x", "{\"a\":1}}", " {}"};
    struct buf out = {0};
    struct frame_head head = {99, 0};

    (void)state;
    buf_put(&out, &head, sizeof(head));
    refused(&out);
    head = (struct frame_head){FRAME_DOC, FRAME_MAX + 1};
    buf_put(&out, &head, sizeof(head));
    refused(&out);
    head = (struct frame_head){FRAME_DOC, 3};
    buf_put(&out, &head, sizeof(head));
    buf_puts(&out, "abc");
    refused(&out);
    for (size_t i = 0; i < sizeof(extras) / sizeof(extras[0]); i++) {
        const struct sx_doc doc = {.uri = str_of("u"), .extra = str_of(extras[i])};
        frame_put_doc(&out, &doc, 0);
        refused(&out);
    }
    const struct sx_doc doc = {.uri = str_of("u"), .body = str_of("text")};
    frame_put_doc(&out, &doc, 0);
    uint32_t len = 5; /* a uri longer than all there is */
    memcpy(out.data + sizeof(head) + sizeof(uint64_t), &len, sizeof(len));
    refused(&out);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_comes_through),
        cmocka_unit_test(it_is_whole_or_not_there),
        cmocka_unit_test(failures_come_through),
        cmocka_unit_test(nonsense_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
