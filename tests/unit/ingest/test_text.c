/* Plain text: all of it is the body, and only plain signs make title, source and date. */
#include "tests/unit/ingest/capture.h"

static void assert_top(const char *text, const char *title, const char *source, const char *date)
{
    struct capture c;
    struct captured *d = capture_one(&c, MEDIA_TEXT, text);

    assert_member(d->title, title);
    assert_member(d->source, source);
    assert_member(d->date, date);
    assert_string_equal(d->body, text);
    assert_string_equal(d->type, "text");
    assert_string_equal(d->uri, "file:///x");
    assert_int_equal(d->line, 0);
    capture_release(&c);
}

static void assert_charset(const char *bytes, const char *extra)
{
    struct capture c;

    assert_member(capture_one(&c, MEDIA_TEXT, bytes)->extra, extra);
    capture_release(&c);
}

static void a_charset_is_recorded(void **state)
{
    (void)state;
    assert_charset("caf\xC3\xA9", NULL);
    assert_charset("caf\xE9 cr\xE8me", "{\"charset\":\"windows-1252\"}");
    assert_charset("\xEF\xBB\xBF"
                   "caf\xC3\xA9",
                   NULL);
    assert_charset("\xFE\xFF\1\1", "{\"charset\":\"UTF-16BE\"}");
}

static void header_lines_are_read(void **state)
{
    (void)state;
    assert_top("Title: A short one\nSource: Delta Courier\nDate: 2025-08-06\n\nBody.\n",
               "A short one", "Delta Courier", "2025-08-06");
    assert_top("credited from: CITY NEWS\nPublished: 15 August 2025\nBody.", NULL, "CITY NEWS",
               "2025-08-15");
    assert_top("Barges wait at the lock\nShort Url\nUpdated 15 August 2025\nFollow\n",
               "Barges wait at the lock", NULL, "2025-08-15");
    assert_top("Published on August 15, 2025\nBody.", NULL, NULL, "2025-08-15");
}

static void lines_that_only_look_like_headers_are_text(void **state)
{
    (void)state;
    assert_top("Updated every day by us\nmore", "Updated every day by us", NULL, NULL);
    assert_top("Date: soon\nSource:\nTitle:\nmore", NULL, NULL, NULL);
    assert_top("Dates: 2025-08-06\nmore", NULL, NULL, NULL);
    assert_top("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nDate: 2025-08-06\n", NULL, NULL, NULL);
}

static void the_first_line_is_the_title_when_it_looks_like_one(void **state)
{
    (void)state;
    assert_top("\n  Barges wait at the lock \n\nText follows.", "Barges wait at the lock", NULL,
               NULL);
    assert_top("Search\n\nBarges wait at the lock\n\nText follows.", NULL, NULL, NULL);
    assert_top("Barges wait at the lock", NULL, NULL, NULL);
    assert_top("Barges waited at the lock.\nText follows.", NULL, NULL, NULL);
    assert_top("Barges wait\nText follows.", NULL, NULL, NULL);
    assert_top(
        "\xE6\xB8\xAF\xE3\x81\xAE\xE5\x9B\xB3\xE6\x9B\xB8\xE9\xA4\xA8\xE3\x81\xAE\xE8\xA9\xB1\n"
        "x",
        "\xE6\xB8\xAF\xE3\x81\xAE\xE5\x9B\xB3\xE6\x9B\xB8\xE9\xA4\xA8\xE3\x81\xAE\xE8\xA9\xB1",
        NULL, NULL);
}

static void a_paragraph_is_no_title(void **state)
{
    char text[400];

    (void)state;
    memset(text, 'w', sizeof(text));
    for (size_t i = 5; i < 220; i += 6)
        text[i] = ' ';
    text[220] = '\n';
    text[sizeof(text) - 1] = '\0';
    assert_top(text, NULL, NULL, NULL);
}

static void limits_and_kinds_are_told(void **state)
{
    struct capture c = {0};
    struct sx_error err;
    char *big = calloc(1, 1); /* never looked at: the length alone decides */

    (void)state;
    assert_int_equal(capture_read(&c, MEDIA_TEXT, str_make(big, INGEST_FILE_MAX + 1), &err),
                     SX_ETOOLARGE);
    assert_int_equal(capture_read(&c, MEDIA_NONE, str_of("x"), &err), SX_EREQUEST);
    c.refuse = SX_EREADONLY;
    assert_int_equal(capture_read(&c, MEDIA_TEXT, str_of("x"), &err), SX_EREADONLY);
    assert_int_equal(c.count, 0);
    free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_charset_is_recorded),
        cmocka_unit_test(header_lines_are_read),
        cmocka_unit_test(lines_that_only_look_like_headers_are_text),
        cmocka_unit_test(the_first_line_is_the_title_when_it_looks_like_one),
        cmocka_unit_test(a_paragraph_is_no_title),
        cmocka_unit_test(limits_and_kinds_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
