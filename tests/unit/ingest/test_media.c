/* What kind of document bytes are: content first, then the name. */
#include "index/base/str.h"
#include "index/ingest/reader.h"
#include "tests/support/support.h"

static void assert_media(const char *path, const char *bytes, enum media want)
{
    enum media got = media_detect(path, str_of(bytes));

    if (got != want)
        fail_msg("%s [%s] is %s, not %s", path, bytes, media_name(got), media_name(want));
}

static void names_decide_between_texts(void **state)
{
    (void)state;
    assert_media("/a/x.txt", "plain", MEDIA_TEXT);
    assert_media("/a/x", "plain", MEDIA_TEXT);
    assert_media("/a/x.HTM", "<p>a", MEDIA_HTML);
    assert_media("/a/x.xhtml", "<p>a", MEDIA_HTML);
    assert_media("/a/x.md", "# a", MEDIA_MARKDOWN);
    assert_media("/a/x.Markdown", "<html>", MEDIA_MARKDOWN);
    assert_media("/a/x.jsonl", "", MEDIA_JSONL);
    assert_media("/a/x.ndjson", "{}", MEDIA_JSONL);
    assert_media("/a/.md", "a", MEDIA_MARKDOWN);
    assert_media("", "", MEDIA_TEXT);
}

static void content_beats_names(void **state)
{
    (void)state;
    assert_media("x.txt", " \n<!DOCTYPE html><p>a", MEDIA_HTML);
    assert_media("x.txt", "\xEF\xBB\xBF<HTML lang=en>", MEDIA_HTML);
    assert_media("x", "<?xml version=\"1.0\"?>\n<!-- c -->\n<html>", MEDIA_HTML);
    assert_media("x.html", "{\"body\":\"b\"}\n{\"body\":\"c\"}\n", MEDIA_JSONL);
    assert_media("x.json", "{\"id\":1,\"body\":\"b\"}", MEDIA_JSONL);
    assert_media("x.json", "{\n\"body\":\"b\"\n}", MEDIA_TEXT);
    assert_media("x.txt", "<!-- never closed <html>", MEDIA_TEXT);
    assert_media("x.txt", "an <html> tag", MEDIA_TEXT);
    assert_media("x.txt", "%PDF-1.7 text", MEDIA_PDF);
}

static void mail_is_told_from_texts_with_a_head(void **state)
{
    (void)state;
    assert_media("x", "Received: by a\nFrom: a@b\nSubject: s\n\ntext", MEDIA_MAIL);
    assert_media("x", "From: a@b\r\nTo: c@d\r\nDate: Fri\r\n\r\ntext", MEDIA_MAIL);
    assert_media("x.txt", "X-A: 1\nMIME-Version: 1.0\n folded\nSubject: s\n\n", MEDIA_MAIL);
    assert_media("x.eml", "Subject: s\n\ntext", MEDIA_MAIL);
    assert_media("x.txt", "Subject: s\n\ntext", MEDIA_TEXT);
    assert_media("x.txt", "Date: 15 August 2025\nSource: S\nSubject: s\n\ntext", MEDIA_TEXT);
    assert_media("x.txt", "From: here\nwe go\nTo: there\nDate: x\n", MEDIA_TEXT);
    assert_media("x.eml", "no header", MEDIA_TEXT);
    assert_media("x", "From a@b Fri Aug 15 10:00:00 2025\nSubject: s\n", MEDIA_MBOX);
    assert_media("x", "From - Fri Aug 15 10:00 2025\r\n>X: y\r\n", MEDIA_MBOX);
    assert_media("x.mbox", "From now on, at 10:00, in 2025\nwe go\n", MEDIA_TEXT);
    assert_media("x.mbox", "From 2025 on\nA: b\n", MEDIA_TEXT);
}

static void feeds_tables_and_web_archives_have_their_marks(void **state)
{
    (void)state;
    assert_media("x.html", "<?xml version='1.0'?>\n<?xml-stylesheet href='a'?><rss version='2.0'>",
                 MEDIA_FEED);
    assert_media("x.xml", "<!-- c --><feed xmlns='a'>", MEDIA_FEED);
    assert_media("x", "<rdf:RDF xmlns:rdf='a'>", MEDIA_FEED);
    assert_media("x.xml", "<feeding/>", MEDIA_TEXT);
    assert_media("x.CSV", "a,b\n", MEDIA_CSV);
    assert_media("x.tsv", "<html>", MEDIA_HTML);
    assert_media("x.txt", "WARC/1.1\r\n", MEDIA_WARC);
    assert_media("x.html", "PK\3\4 ", MEDIA_ARCHIVE);
    assert_media("x.txt", "\x1F\x8B ", MEDIA_ARCHIVE);
    assert_media("x.docx", "PK\3\4 ", MEDIA_DOCX);
    assert_media("x.txt", "\xD0\xCF\x11\xE0", MEDIA_NONE);
}

static void binary_files_are_no_documents(void **state)
{
    (void)state;
    assert_media("x.txt", "%PDF-1.7 text", MEDIA_PDF);
    assert_media("x.md", "\x89PNG", MEDIA_NONE);
    assert_media("x.txt", "{\\rtf1", MEDIA_NONE);
    assert_int_equal(media_detect("x.txt", str_make("a\0b", 3)), MEDIA_NONE);
    assert_int_equal(media_detect("x.txt", str_make("\xFF\xFE"
                                                    "a\0",
                                                    4)),
                     MEDIA_TEXT);
    assert_int_equal(media_detect("x.txt", str_make("", 0)), MEDIA_TEXT);
}

static void each_kind_has_its_name(void **state)
{
    (void)state;
    assert_string_equal(media_name(MEDIA_TEXT), "text");
    assert_string_equal(media_name(MEDIA_HTML), "html");
    assert_string_equal(media_name(MEDIA_MARKDOWN), "markdown");
    assert_string_equal(media_name(MEDIA_JSONL), "jsonl");
    assert_string_equal(media_name(MEDIA_MAIL), "mail");
    assert_string_equal(media_name(MEDIA_EPUB), "epub");
    for (int m = 0; m < MEDIA_COUNT; m++)
        assert_non_null(media_name((enum media)m));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_decide_between_texts),
        cmocka_unit_test(content_beats_names),
        cmocka_unit_test(mail_is_told_from_texts_with_a_head),
        cmocka_unit_test(feeds_tables_and_web_archives_have_their_marks),
        cmocka_unit_test(binary_files_are_no_documents),
        cmocka_unit_test(each_kind_has_its_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
