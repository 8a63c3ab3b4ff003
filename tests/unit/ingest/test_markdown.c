/* Markdown: the words without the marks, and front matter. */
#include "tests/unit/ingest/capture.h"

static void assert_body(const char *markdown, const char *want)
{
    struct capture c;

    assert_string_equal(capture_one(&c, MEDIA_MARKDOWN, markdown)->body, want);
    capture_release(&c);
}

static void marks_go_and_words_stay(void **state)
{
    (void)state;
    assert_body("# Head\n\nA *b* **c** `d` [e](http://f) ![g](h.png)\n", "Head\nA b c d e g\n");
    assert_body("- a\n- b\n  1. c\n\n> d\n> e\n", "a\nb\nc\nd\ne\n");
    assert_body("    code <b>\n\n```c\nint x;\n```\n", "code <b>\nint x;\n");
    assert_body("| a | b |\n|---|---|\n| c | d |\n", "a b\nc d\n");
    assert_body("x &amp; y&eacute;  \nz <b>w</b><br>v", "x & y\xC3\xA9\nz w\nv\n");
    assert_body("<div>\n<p>raw <b>text</b></p>\n</div>\n\nafter\n", "raw text\nafter\n");
    assert_body("", "");
}

static void front_matter_names_the_document(void **state)
{
    struct capture c;
    struct captured *d = capture_one(&c, MEDIA_MARKDOWN,
                                     "---\ntitle: \"A title: two\"\ndate: 15 August 2025\n"
                                     "publisher: P\nSource: 'Delta Courier'\nlang: EN\n# c\n"
                                     "tags:\n  - x\n---\n# Head\n");

    (void)state;
    assert_member(d->title, "A title: two");
    assert_member(d->date, "2025-08-15");
    assert_member(d->source, "Delta Courier");
    assert_member(d->lang, "en");
    assert_member(d->type, "markdown");
    assert_string_equal(d->body, "Head\n");
    capture_release(&c);
}

static void a_rule_is_no_front_matter(void **state)
{
    (void)state;
    assert_body("---\ntitle: x\n", "title: x\n");
    assert_body("---\nplain words\n---\n", "plain words\n");
    assert_body("---\n---\nx", "x\n");
    assert_body("---", "");
}

static void the_first_heading_is_the_title_otherwise(void **state)
{
    struct capture c;

    (void)state;
    assert_member(capture_one(&c, MEDIA_MARKDOWN, "text\n\n## *The* head\n\n# Second\n")->title,
                  "The head");
    capture_release(&c);
    assert_member(capture_one(&c, MEDIA_MARKDOWN, "text\n")->title, NULL);
    capture_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_go_and_words_stay),
        cmocka_unit_test(front_matter_names_the_document),
        cmocka_unit_test(a_rule_is_no_front_matter),
        cmocka_unit_test(the_first_heading_is_the_title_otherwise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
