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

static void binary_files_are_no_documents(void **state)
{
    (void)state;
    assert_media("x.html", "PK\3\4 ", MEDIA_NONE);
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
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_decide_between_texts),
        cmocka_unit_test(content_beats_names),
        cmocka_unit_test(binary_files_are_no_documents),
        cmocka_unit_test(each_kind_has_its_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
