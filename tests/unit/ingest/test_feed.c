/* Feeds: RSS, RDF, Atom, and XML that is not quite that. */
#include "tests/unit/ingest/capture.h"

static sx_status read_feed(struct capture *c, const char *bytes, struct sx_error *err)
{
    memset(c, 0, sizeof(*c));
    return capture_read(c, MEDIA_FEED, str_of(bytes), err);
}

static void content_beats_the_summary_and_the_feed_names_the_source(void **state)
{
    struct capture c;
    struct sx_error err;

    (void)state;
    assert_int_equal(
        read_feed(&c,
                  "<rdf:RDF xmlns:rdf='r' xml:lang='nl'><channel><title>De Krant</title></channel>"
                  "<item><title>A &amp;amp; B</title><description>short</description>"
                  "<content:encoded><![CDATA[<p>long &amp; <i>whole</i></p>]]></content:encoded>"
                  "<dc:date>2025-08-15T10:00:00Z</dc:date><media:title>no</media:title></item>"
                  "<item><title/><description> </description></item></rdf:RDF>",
                  &err),
        SX_OK);
    assert_int_equal(c.count, 1);
    assert_string_equal(c.docs[0].title, "A & B");
    assert_string_equal(c.docs[0].body, "long & whole");
    assert_string_equal(c.docs[0].date, "2025-08-15T10:00:00Z");
    assert_string_equal(c.docs[0].source, "De Krant");
    assert_string_equal(c.docs[0].lang, "nl");
    assert_int_equal(c.failed, 1);
    assert_string_equal(c.failed_uri[0], "file:///x#item/2");
    assert_string_equal(c.failed_why[0], "empty");
    capture_release(&c);
}

static void text_within_xhtml_is_no_markup(void **state)
{
    struct capture c;
    struct sx_error err;

    (void)state;
    assert_int_equal(read_feed(&c,
                               "<feed><title>F</title><entry><title>T</title><content type='xhtml'>"
                               "<div><p>1 &lt; 2 &amp;amp;</p><p>b<i>c</i>d</p></div></content>"
                               "<author><name>Ann</name><uri>u</uri></author></entry></feed>",
                               &err),
                     SX_OK);
    assert_string_equal(c.docs[0].body, "1 < 2 &amp;\nbcd");
    assert_non_null(strstr(c.docs[0].extra, "\"author\":\"Ann"));
    capture_release(&c);
}

static void a_feed_that_breaks_off_keeps_what_was_read(void **state)
{
    struct capture c;
    struct sx_error err;

    (void)state;
    assert_int_equal(
        read_feed(&c, "<rss><channel><item><title>whole</title></item>\n<item><title>ha", &err),
        SX_EREQUEST);
    assert_int_equal(c.count, 1);
    assert_string_equal(err.msg, "damaged or cut off: the XML breaks off in line 2");
    capture_release(&c);
    assert_int_equal(read_feed(&c, "<rss><channel/></rss>", &err), SX_EREQUEST);
    assert_string_equal(err.msg, "empty: a feed without items");
    assert_int_equal(read_feed(&c, "", &err), SX_EREQUEST);
}

static void small_faults_are_passed_over(void **state)
{
    struct capture c;
    struct sx_error err;

    (void)state;
    assert_int_equal(read_feed(&c,
                               "<?xml version='1.0' encoding='windows-1252'?><rss><channel><item>"
                               "<title>caf\xE9&nbsp;& bar</title></item></channel></rss>",
                               &err),
                     SX_OK);
    assert_int_equal(c.count, 1);
    assert_memory_equal(c.docs[0].title, "café", 5);
    capture_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_beats_the_summary_and_the_feed_names_the_source),
        cmocka_unit_test(text_within_xhtml_is_no_markup),
        cmocka_unit_test(a_feed_that_breaks_off_keeps_what_was_read),
        cmocka_unit_test(small_faults_are_passed_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
