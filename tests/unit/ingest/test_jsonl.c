/* JSON Lines: each line stands for itself, good or bad. */
#include "index/base/buf.h"
#include "tests/unit/ingest/capture.h"

static void read_all(struct capture *c, const char *bytes)
{
    struct sx_error err;

    memset(c, 0, sizeof(*c));
    assert_int_equal(capture_read(c, MEDIA_JSONL, str_of(bytes), &err), SX_OK);
}

static void each_line_is_a_document(void **state)
{
    struct capture c;

    (void)state;
    read_all(&c,
             "\xEF\xBB\xBF{\"uri\":\"a\",\"title\":\"T\",\"body\":\"B\",\"source\":\"S\",\"date\":"
             "\"15 August 2025\",\"lang\":\"en_us\",\"type\":\"mail\",\"k\":1}\r\n\r\n  \n"
             "{\"id\":7,\"body\":\"\"}\n{\"body\":\"x\"}");
    assert_int_equal(c.count, 3);
    assert_int_equal(c.failed, 0);
    assert_member(c.docs[0].uri, "a");
    assert_member(c.docs[0].title, "T");
    assert_member(c.docs[0].body, "B");
    assert_member(c.docs[0].source, "S");
    assert_member(c.docs[0].date, "2025-08-15");
    assert_member(c.docs[0].lang, "en-US");
    assert_member(c.docs[0].type, "mail");
    assert_member(c.docs[0].extra, "{\"k\":1}");
    assert_int_equal(c.docs[0].line, 1);
    assert_member(c.docs[1].uri, "7");
    assert_member(c.docs[1].type, "jsonl");
    assert_member(c.docs[1].date, NULL);
    assert_int_equal(c.docs[1].line, 4);
    assert_member(c.docs[2].uri, "file:///x#5");
    capture_release(&c);
}

static void a_bad_line_is_told_and_the_others_go_on(void **state)
{
    static const char *const bad[] = {
        "{\"body\":}",
        "{\"title\":\"no body\"}",
        "[1]",
        "7",
        "{\"body\":\"\xE9\"}",
        "{\"body\":\"x\",\"date\":\"soon\"}",
        "{\"body\":\"x\",\"uri\":\"\"}",
        "{\"body\":1}",
        "{\"body\":\"a\"}{\"body\":\"b\"}",
    };
    const size_t count = sizeof(bad) / sizeof(bad[0]);
    char text[1000];
    struct capture c;

    (void)state;
    int len = snprintf(text, sizeof(text), "{\"body\":\"first\"}\n");
    for (size_t i = 0; i < count; i++)
        len += snprintf(text + len, sizeof(text) - (size_t)len, "%s\n", bad[i]);
    snprintf(text + len, sizeof(text) - (size_t)len, "{\"body\":\"last\"}\n");
    read_all(&c, text);
    assert_int_equal(c.count, 2);
    assert_string_equal(c.docs[1].body, "last");
    assert_int_equal(c.failed, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(c.failed_lines[i], i + 2);
        assert_true(strlen(c.failed_why[i]) > 5);
    }
    capture_release(&c);
}

static void a_key_over_its_limit_fails_its_line(void **state)
{
    static const char *const keys[] = {"uri", "source", "lang", "type", "date"};
    struct capture c;

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct buf text = {0};
        buf_printf(&text, "{\"body\":\"x\",\"%s\":\"%05000d\"}\n{\"body\":\"y\"}\n", keys[i], 0);
        read_all(&c, buf_cstr(&text));
        assert_int_equal(c.failed, 1);
        assert_non_null(strstr(c.failed_why[0], keys[i]));
        assert_int_equal(c.count, 1);
        capture_release(&c);
        buf_release(&text);
    }
}

static void a_line_over_16_mib_is_told(void **state)
{
    struct buf text = {0};
    struct capture c;

    (void)state;
    buf_puts(&text, "{\"body\":\"");
    for (size_t i = 0; i < (16 << 20) / 64; i++)
        buf_puts(&text, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    buf_puts(&text, "\"}\n{\"body\":\"y\"}\n");
    read_all(&c, buf_cstr(&text));
    assert_int_equal(c.count, 1);
    assert_int_equal(c.failed, 1);
    assert_non_null(strstr(c.failed_why[0], "16 MiB"));
    capture_release(&c);
    buf_release(&text);
}

static void a_sink_that_refuses_ends_the_reading(void **state)
{
    struct capture c = {.refuse = SX_EREADONLY};
    struct sx_error err;

    (void)state;
    assert_int_equal(capture_read(&c, MEDIA_JSONL, str_of("{\"body\":\"a\"}\n{}"), &err),
                     SX_EREADONLY);
    assert_int_equal(c.failed, 0);
}

static void utf16_is_read_by_its_bom(void **state)
{
    static const char text[] = "\xFF\xFE{\0\"\0b\0o\0d\0y\0\"\0:\0\"\0\xE9\0\"\0}\0";
    struct capture c = {0};
    struct sx_error err;

    (void)state;
    assert_int_equal(capture_read(&c, MEDIA_JSONL, str_make(text, sizeof(text) - 1), &err), SX_OK);
    assert_int_equal(c.count, 1);
    assert_string_equal(c.docs[0].body, "\xC3\xA9");
    capture_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_is_a_document),
        cmocka_unit_test(a_bad_line_is_told_and_the_others_go_on),
        cmocka_unit_test(a_key_over_its_limit_fails_its_line),
        cmocka_unit_test(a_line_over_16_mib_is_told),
        cmocka_unit_test(a_sink_that_refuses_ends_the_reading),
        cmocka_unit_test(utf16_is_read_by_its_bom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
