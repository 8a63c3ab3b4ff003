/* Items of containers: their limits, where they stand, and archives as such. */
#include "tests/ingest/pack.h"
#include "tests/unit/ingest/capture.h"

static sx_status read_limited(struct capture *c, enum media m, struct sx_str bytes,
                              const struct ingest_limits *limits, struct sx_error *err)
{
    const struct ingest_sink sink = {.doc = capture_doc,
                                     .failed = capture_failed,
                                     .ctx = c,
                                     .item = capture_item,
                                     .limits = limits};

    memset(c, 0, sizeof(*c));
    return ingest_read(m, str_of("file:///x"), bytes, &sink, err);
}

static void make_tar(struct pack *p)
{
    pack_begin(p, PACK_TAR, NULL);
    pack_add(p, "a.txt", str_of("one"));
    pack_add(p, "b c/\xC3\xA9.txt", str_of("two, which is longer"));
    pack_add(p, "d.txt", str_of("three"));
    pack_end(p);
}

static void an_entry_has_its_path_in_its_uri(void **state)
{
    struct capture c;
    struct pack p;
    struct sx_error err;

    (void)state;
    make_tar(&p);
    assert_int_equal(media_detect("x", buf_str(&p.bytes)), MEDIA_ARCHIVE);
    assert_int_equal(read_limited(&c, MEDIA_ARCHIVE, buf_str(&p.bytes), NULL, &err), SX_OK);
    assert_int_equal(c.count, 3);
    assert_string_equal(c.docs[1].uri, "file:///x!/b%20c/%C3%A9.txt");
    assert_string_equal(c.docs[1].extra, "{\"parent\":\"file:///x\",\"entry\":\"b c/é.txt\"}");
    capture_release(&c);
    buf_release(&p.bytes);
}

static void each_limit_is_told_by_its_name(void **state)
{
    static const struct {
        struct ingest_limits limits;
        sx_status rc;
        size_t docs, failed;
        const char *why;
    } rows[] = {
        {{10, 1000, 10, 2, 300, 1000}, SX_OK, 2, 1, "too large: more than 0 MiB"},
        {{100, 10, 10, 2, 300, 1000},
         SX_ETOOLARGE,
         1,
         0,
         "unpacks to more than 0 MiB; the rest is not read"},
        {{100, 1000, 2, 2, 300, 1000},
         SX_ELIMIT,
         2,
         0,
         "holds more than 2 items; the rest is not read"},
        {{100, 1000, 10, 0, 300, 1000}, SX_ELIMIT, 0, 0, "nests deeper than 0 containers"},
    };
    struct pack p;

    (void)state;
    make_tar(&p);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct capture c;
        struct sx_error err = {0};
        sx_status rc = read_limited(&c, MEDIA_ARCHIVE, buf_str(&p.bytes), &rows[i].limits, &err);
        assert_int_equal(rc, rows[i].rc);
        assert_int_equal(c.count, rows[i].docs);
        assert_int_equal(c.failed, rows[i].failed);
        assert_string_equal(rc == SX_OK ? c.failed_why[0] : err.msg, rows[i].why);
        capture_release(&c);
    }
    buf_release(&p.bytes);
}

static void what_is_only_compressed_keeps_its_uri(void **state)
{
    struct capture c;
    struct pack p;
    struct sx_error err = {0};

    (void)state;
    pack_begin(&p, PACK_RAW, "gzip");
    pack_add(&p, "x", str_of("{\"body\":\"a line\"}\n{\"body\":7}\n"));
    pack_end(&p);
    assert_int_equal(read_limited(&c, MEDIA_ARCHIVE, buf_str(&p.bytes), NULL, &err), SX_OK);
    assert_int_equal(c.count, 1);
    assert_string_equal(c.docs[0].uri, "file:///x#1");
    assert_int_equal(c.docs[0].line, 1);
    assert_null(c.docs[0].extra);
    assert_int_equal(c.failed_lines[0], 2);
    capture_release(&c);
    buf_release(&p.bytes);
    pack_begin(&p, PACK_RAW, "xz");
    pack_add(&p, "x", str_of("\x89PNG and so on"));
    pack_end(&p);
    assert_int_equal(read_limited(&c, MEDIA_ARCHIVE, buf_str(&p.bytes), NULL, &err), SX_EREQUEST);
    assert_string_equal(err.msg, "not a kind of file that is read");
    buf_release(&p.bytes);
}

/* A line's own "parent" is its author's, and stays. */
static void what_a_document_says_of_itself_stays(void **state)
{
    struct capture c;
    struct pack p;
    struct sx_error err = {0};

    (void)state;
    pack_begin(&p, PACK_ZIP, NULL);
    pack_add(&p, "l.jsonl", str_of("{\"body\":\"b\",\"parent\":\"mine\",\"k\":[\"entry\"]}\n"));
    pack_end(&p);
    assert_int_equal(read_limited(&c, MEDIA_ARCHIVE, buf_str(&p.bytes), NULL, &err), SX_OK);
    assert_string_equal(c.docs[0].extra,
                        "{\"entry\":\"l.jsonl\",\"parent\":\"mine\",\"k\":[\"entry\"]}");
    assert_string_equal(c.docs[0].uri, "file:///x!/l.jsonl#1");
    assert_int_equal(c.docs[0].line, 0);
    capture_release(&c);
    buf_release(&p.bytes);
}

static sx_status take_foreign(void *ctx, const struct sx_doc *doc, size_t line,
                              struct sx_error *err)
{
    assert_true(str_is(doc->type, "pdf"));
    return capture_doc(ctx, doc, line, err);
}

/* Its reader is another program, which gets the bytes and where they stood. */
static void a_pdf_inside_goes_to_who_can_read_it(void **state)
{
    struct capture c = {0};
    struct ingest_sink sink = {
        .doc = capture_doc, .failed = capture_failed, .ctx = &c, .item = capture_item};
    struct pack p;
    struct sx_error err = {0};

    (void)state;
    pack_begin(&p, PACK_ZIP, NULL);
    pack_add(&p, "a.pdf", str_of("%PDF-1.7 and so on"));
    pack_end(&p);
    assert_int_equal(ingest_read(MEDIA_ARCHIVE, str_of("u:z"), buf_str(&p.bytes), &sink, &err),
                     SX_OK);
    assert_int_equal(c.count, 0);
    assert_string_equal(c.failed_uri[0], "u:z!/a.pdf");
    assert_string_equal(c.failed_why[0], "not read here: a pdf is read by another program");
    capture_release(&c);
    sink.foreign = take_foreign;
    assert_int_equal(ingest_read(MEDIA_ARCHIVE, str_of("u:z"), buf_str(&p.bytes), &sink, &err),
                     SX_OK);
    assert_int_equal(c.failed, 0);
    assert_string_equal(c.docs[0].body, "%PDF-1.7 and so on");
    assert_string_equal(c.docs[0].extra, "{\"parent\":\"u:z\",\"entry\":\"a.pdf\"}");
    capture_release(&c);
    buf_release(&p.bytes);
}

static void nothing_in_it_is_told(void **state)
{
    struct capture c;
    struct pack p;
    struct sx_error err = {0};

    (void)state;
    pack_begin(&p, PACK_ZIP, NULL);
    pack_end(&p);
    assert_int_equal(read_limited(&c, MEDIA_ARCHIVE, buf_str(&p.bytes), NULL, &err), SX_EREQUEST);
    assert_string_equal(err.msg, "empty: an archive without entries");
    buf_release(&p.bytes);
    pack_begin(&p, PACK_TAR, "gzip");
    pack_end(&p);
    assert_int_equal(read_limited(&c, MEDIA_ARCHIVE, buf_str(&p.bytes), NULL, &err), SX_EREQUEST);
    assert_string_equal(err.msg, "empty: an archive without entries");
    buf_release(&p.bytes);
    assert_int_equal(read_limited(&c, MEDIA_ARCHIVE, str_of("PK\3\4"), NULL, &err), SX_EREQUEST);
    assert_int_equal(c.failed, 0);
}

static void links_are_told(void **state)
{
    struct capture c;
    struct pack p;
    struct sx_error err = {0};

    (void)state;
    pack_begin(&p, PACK_TAR, NULL);
    pack_add_link(&p, "link", "/etc/passwd");
    pack_add(&p, "a.txt", str_of("The text."));
    pack_end(&p);
    assert_int_equal(read_limited(&c, MEDIA_ARCHIVE, buf_str(&p.bytes), NULL, &err), SX_OK);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.failed, 1);
    assert_string_equal(c.failed_uri[0], "file:///x!/link");
    assert_string_equal(c.failed_why[0], "a link; it is not followed");
    capture_release(&c);
    buf_release(&p.bytes);
}

/* Which the reader of tar takes for the end of one. */
static void many_zeros_are_a_bomb(void **state)
{
    static const char zeros[1 << 16];
    struct capture c;
    struct pack p;
    struct sx_error err = {0};

    (void)state;
    pack_begin(&p, PACK_RAW, "gzip");
    pack_add_many(&p, "x", str_make(zeros, sizeof(zeros)), 900);
    pack_end(&p);
    assert_int_equal(read_limited(&c, MEDIA_ARCHIVE, buf_str(&p.bytes), NULL, &err), SX_ETOOLARGE);
    assert_string_equal(err.msg, "unpacks to more than 300 times its size");
    buf_release(&p.bytes);
}

static void a_refused_document_ends_the_archive(void **state)
{
    struct capture c = {.refuse = SX_EFULL};
    struct pack p;
    struct sx_error err = {0};

    (void)state;
    make_tar(&p);
    assert_int_equal(capture_read(&c, MEDIA_ARCHIVE, buf_str(&p.bytes), &err), SX_EFULL);
    assert_int_equal(c.failed, 0);
    buf_release(&p.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_has_its_path_in_its_uri),
        cmocka_unit_test(each_limit_is_told_by_its_name),
        cmocka_unit_test(what_is_only_compressed_keeps_its_uri),
        cmocka_unit_test(what_a_document_says_of_itself_stays),
        cmocka_unit_test(a_pdf_inside_goes_to_who_can_read_it),
        cmocka_unit_test(nothing_in_it_is_told),
        cmocka_unit_test(links_are_told),
        cmocka_unit_test(many_zeros_are_a_bomb),
        cmocka_unit_test(a_refused_document_ends_the_archive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
