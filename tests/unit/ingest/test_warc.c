/* Web archives: records, the responses in them, and damage. */
#include "index/ingest/http.h"
#include "tests/unit/ingest/capture.h"

/* Appends a record; `head` are further lines of its header. */
static void add(struct buf *out, const char *type, const char *head, const char *block)
{
    buf_printf(out, "WARC/1.0\r\nWARC-Type: %s\r\n%sContent-Length: %zu\r\n\r\n%s\r\n\r\n", type,
               head, strlen(block), block);
}

#define PAGE "WARC-Target-URI: http://a.example:80/p?q=.png\r\nWARC-Date: 2025-08-15T10:00:00Z\r\n"

static void responses_and_resources_are_read(void **state)
{
    struct capture c = {0};
    struct buf bytes = {0};
    struct sx_error err;

    (void)state;
    add(&bytes, "warcinfo", "", "software: x");
    add(&bytes, "request", PAGE, "GET / HTTP/1.1\r\n\r\n");
    add(&bytes, "response", PAGE "Content-Type: application/http;msgtype=response\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>A page.");
    add(&bytes, "resource", "WARC-Target-URI: <file:///n.txt>\r\nContent-Type: text/plain\r\n",
        "A resource.");
    add(&bytes, "conversion", "Content-Type: text/plain\r\n", "A conversion.");
    assert_int_equal(capture_read(&c, MEDIA_WARC, buf_str(&bytes), &err), SX_OK);
    assert_int_equal(c.count, 3);
    assert_int_equal(c.failed, 0);
    assert_string_equal(c.docs[0].uri, "file:///x#record/3");
    assert_string_equal(c.docs[0].type, "html");
    assert_string_equal(c.docs[0].body, "A page.");
    assert_string_equal(c.docs[0].source, "a.example");
    assert_string_equal(c.docs[0].extra,
                        "{\"parent\":\"file:///x\",\"entry\":\"record/3\",\"url\":"
                        "\"http://a.example:80/p?q=.png\",\"captured\":\"2025-08-15T10:00:00Z\"}");
    assert_string_equal(c.docs[1].body, "A resource.");
    assert_non_null(strstr(c.docs[1].extra, "\"url\":\"file:///n.txt\""));
    assert_string_equal(c.docs[2].body, "A conversion.");
    capture_release(&c);
    buf_release(&bytes);
}

static void what_gives_no_document_is_told(void **state)
{
    static const struct {
        const char *type, *block, *why;
    } rows[] = {
        {"revisit", "", "a revisit"},
        {"response", "HTTP/1.1 301 Moved\r\n\r\n", "not a page: HTTP status 301"},
        {"response", "HTTP/1.1 200 OK\r\nContent-Type: text/css\r\n\r\np {}", "not a kind of file"},
        {"response", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", "empty"},
        {"response", "SSH-2.0", "damaged: no HTTP response"},
        {"response", "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nxx", "its content encoding"},
        {"response", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "cut off"},
        {"continuation", "x", "a record of type 'continuation' is not read"},
    };
    struct capture c = {0};
    struct buf bytes = {0};
    struct sx_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        add(&bytes, rows[i].type, "", rows[i].block);
    assert_int_equal(capture_read(&c, MEDIA_WARC, buf_str(&bytes), &err), SX_OK);
    assert_int_equal(c.count, 0);
    assert_int_equal(c.failed, sizeof(rows) / sizeof(rows[0]));
    for (size_t i = 0; i < c.failed; i++) {
        if (strncmp(c.failed_why[i], rows[i].why, strlen(rows[i].why)) != 0)
            fail_msg("'%s' is not '%s'", c.failed_why[i], rows[i].why);
    }
    capture_release(&c);
    buf_release(&bytes);
}

static void damage_is_told_where_it_is(void **state)
{
    struct capture c = {0};
    struct buf bytes = {0};
    struct sx_error err;

    (void)state;
    add(&bytes, "resource", "Content-Type: text/plain\r\n", "Good.");
    add(&bytes, "resource", "Content-Type: text/plain\r\n", "This one is cut off.");
    bytes.len -= 10;
    assert_int_equal(capture_read(&c, MEDIA_WARC, buf_str(&bytes), &err), SX_OK);
    assert_int_equal(c.count, 1);
    assert_string_equal(c.failed_uri[0], "file:///x#record/2");
    assert_string_equal(c.failed_why[0], "cut off: 14 of 20 bytes of the record are there");
    capture_release(&c);
    buf_clear(&bytes);
    add(&bytes, "resource", "Content-Type: text/plain\r\n", "Good.");
    buf_puts(&bytes, "no record at all\r\n\r\n");
    assert_int_equal(capture_read(&c, MEDIA_WARC, buf_str(&bytes), &err), SX_EREQUEST);
    assert_int_equal(c.count, 1);
    assert_string_equal(err.msg, "damaged: record 2 has no header; the rest is not read");
    capture_release(&c);
    buf_release(&bytes);
}

static void chunks_are_joined(void **state)
{
    struct http_response r;
    struct buf mem = {0};
    struct sx_str body;
    struct sx_error err;

    (void)state;
    assert_int_equal(http_split(str_of("HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n"
                                       "3;x=y\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n"),
                                &r, &err),
                     SX_OK);
    assert_int_equal(r.status, 200);
    assert_int_equal(http_body(&r, 1 << 20, &mem, &body, &err), SX_OK);
    assert_true(str_is(body, "abc0123456789"));
    assert_int_equal(
        http_split(str_of("HTTP/1.0 200 OK\nTransfer-Encoding: chunked\n\n<p>plain"), &r, &err),
        SX_OK);
    assert_int_equal(http_body(&r, 1 << 20, &mem, &body, &err), SX_OK);
    assert_true(str_is(body, "<p>plain")); /* stored decoded */
    assert_int_equal(http_split(str_of("HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n"
                                       "ffffffffffffffff\r\nab"),
                                &r, &err),
                     SX_OK);
    assert_int_equal(http_body(&r, 1 << 20, &mem, &body, &err), SX_OK);
    assert_true(str_is(body, "ffffffffffffffff\r\nab")); /* no number of a chunk's bytes */
    assert_int_equal(http_split(str_of("HTTP/1.1 2x0 OK\n\n"), &r, &err), SX_EREQUEST);
    buf_release(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(responses_and_resources_are_read),
        cmocka_unit_test(what_gives_no_document_is_told),
        cmocka_unit_test(damage_is_told_where_it_is),
        cmocka_unit_test(chunks_are_joined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
