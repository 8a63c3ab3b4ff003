/* Charsets: what is certain is not guessed, and the result is always UTF-8 without NUL. */
#include "index/ingest/charset.h"

#include "index/base/alloc.h"
#include "index/base/str.h"
#include "index/base/utf8.h"
#include "tests/support/support.h"

static void assert_text(const char *bytes, size_t len, const char *declared, const char *want)
{
    struct buf mem = {0};
    struct sx_str text;
    struct sx_error err = {0};
    char used[CHARSET_NAME_MAX];

    if (charset_decode(str_make(bytes, len), declared, &mem, &text, used, &err) != SX_OK)
        fail_msg("not decoded: %s", err.msg);
    char *got = strndup(text.ptr, text.len);
    assert_string_equal(got, want);
    assert_int_equal(text.len, strlen(want));
    free(got);
    buf_release(&mem);
}

#define TEXT(bytes, declared, want) assert_text(bytes, sizeof(bytes) - 1, declared, want)

static void a_bom_decides(void **state)
{
    (void)state;
    TEXT("\xEF\xBB\xBFkaas", "", "kaas");
    TEXT("\xFF\xFEk\0\xE9\0", "", "k\xC3\xA9");
    TEXT("\xFE\xFF\0k\0\xE9", "windows-1252", "k\xC3\xA9");
    TEXT("\xFF\xFE\0\0k\0\0\0", "", "k");
    TEXT("\0\0\xFE\xFF\0\x01\xF6\0", "", "\xF0\x9F\x98\x80");
    TEXT("\xEF\xBB\xBF", "", "");
    TEXT("", "", "");
}

static void damage_shows_as_replacement_characters(void **state)
{
    (void)state;
    TEXT("\xFF\xFEk\0\x00\xD8", "", "k\xEF\xBF\xBD"); /* half a pair */
    TEXT("\xEF\xBB\xBFk\xC3", "", "k\xEF\xBF\xBD");   /* cut in a character */
    TEXT("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"
         "\xC3",
         "windows-1252", /* mostly UTF-8: one broken byte does not garble all */
         "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"
         "\xEF\xBF\xBD");
}

static void valid_utf8_beats_what_is_declared(void **state)
{
    (void)state;
    TEXT("caf\xC3\xA9", "iso-8859-1", "caf\xC3\xA9");
}

static void a_declaration_beats_a_guess(void **state)
{
    (void)state;
    TEXT("\xCF\xF0\xE8\xE2\xE5\xF2", "windows-1251",
         "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82");
    TEXT("\x93quoted\x94", "iso-8859-1", "\xE2\x80\x9Cquoted\xE2\x80\x9D");
    TEXT("\xA4\xA2", "euc-jp", "\xE3\x81\x82");
    TEXT("caf\xE9", "no-such-charset", "caf\xC3\xA9");
    TEXT("caf\xE9", "utf-16", "caf\xC3\xA9"); /* no BOM: cannot be */
}

static void letters_tell_the_charset(void **state)
{
    /* "Погода на завтра: дождь и сильный ветер с моря" */
    static const char russian[] =
        "\xCF\xEE\xE3\xEE\xE4\xE0 \xED\xE0 \xE7\xE0\xE2\xF2\xF0\xE0: \xE4\xEE\xE6\xE4\xFC \xE8 "
        "\xF1\xE8\xEB\xFC\xED\xFB\xE9 \xE2\xE5\xF2\xE5\xF0 \xF1 \xEC\xEE\xF0\xFF";

    (void)state;
    TEXT(russian, "",
         "\xD0\x9F\xD0\xBE\xD0\xB3\xD0\xBE\xD0\xB4\xD0\xB0 \xD0\xBD\xD0\xB0 "
         "\xD0\xB7\xD0\xB0\xD0\xB2\xD1\x82\xD1\x80\xD0\xB0: "
         "\xD0\xB4\xD0\xBE\xD0\xB6\xD0\xB4\xD1\x8C "
         "\xD0\xB8 \xD1\x81\xD0\xB8\xD0\xBB\xD1\x8C\xD0\xBD\xD1\x8B\xD0\xB9 "
         "\xD0\xB2\xD0\xB5\xD1\x82\xD0\xB5\xD1\x80 \xD1\x81 \xD0\xBC\xD0\xBE\xD1\x80\xD1\x8F");
    TEXT("Gr\xFC\xDF"
         "e aus K\xF6ln",
         "",
         "Gr\xC3\xBC\xC3\x9F"
         "e aus K\xC3\xB6ln");
    TEXT("\x80 5", "", "\xE2\x82\xAC 5");
}

static void line_ends_become_one(void **state)
{
    (void)state;
    TEXT("a\r\nb\rc\n\r\n\r", "", "a\nb\nc\n\n\n");
    TEXT("\xFF\xFE"
         "a\0\r\0\n\0b\0",
         "", "a\nb");
}

static void nul_bytes_are_refused(void **state)
{
    struct buf mem = {0};
    struct sx_str text;
    struct sx_error err = {0};
    char used[CHARSET_NAME_MAX];

    (void)state;
    assert_int_equal(charset_decode(str_make("a\0b", 3), "", &mem, &text, used, &err), SX_EREQUEST);
    assert_string_equal(err.msg, "binary file");
    assert_int_equal(
        charset_decode(str_make("\xFF\xFE\0\0\0\0\0\0", 8), "", &mem, &text, used, &err),
        SX_EREQUEST);
    buf_release(&mem);
}

static void assert_declared(const char *html, const char *want)
{
    char got[CHARSET_NAME_MAX];

    charset_declared(str_of(html), got);
    assert_string_equal(got, want);
}

static void pages_declare_their_charset(void **state)
{
    (void)state;
    assert_declared("<html><META CharSet = 'koi8-r'>", "koi8-r");
    assert_declared("<meta http-equiv=Content-Type content=\"text/html; charset=GB2312\">",
                    "GB2312");
    assert_declared("<?xml version=\"1.0\" encoding=\"ISO-8859-2\"?>", "ISO-8859-2");
    assert_declared("<meta name=x><meta charset=utf-8>", "utf-8");
    assert_declared("<p charset=utf-8>", "");
    assert_declared("<meta charset=", "");
    assert_declared("<meta charset=>", "");
    assert_declared("", "");
    assert_declared("<meta charset=0123456789012345678901234567890123456789012345>", "");
}

static void memory_running_out_is_told(void **state)
{
    static const char *const texts[] = {"caf\xE9 au lait", "\xFF\xFEk\0", "a\r\nb"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct sx_str in = i == 1 ? str_make("\xFF\xFEk\0", 4) : str_of(texts[i]);
        sx_status rc = SX_ENOMEM;
        for (long n = 0; rc != SX_OK; n++) {
            struct buf mem = {0};
            struct sx_str text;
            struct sx_error err = {0};
            char used[CHARSET_NAME_MAX];
            mem_fail_after(n);
            rc = charset_decode(in, "", &mem, &text, used, &err);
            assert_int_equal(rc, mem_failed() ? SX_ENOMEM : SX_OK);
            mem_fail_after(-1);
            buf_release(&mem);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bom_decides),
        cmocka_unit_test(damage_shows_as_replacement_characters),
        cmocka_unit_test(valid_utf8_beats_what_is_declared),
        cmocka_unit_test(a_declaration_beats_a_guess),
        cmocka_unit_test(letters_tell_the_charset),
        cmocka_unit_test(line_ends_become_one),
        cmocka_unit_test(nul_bytes_are_refused),
        cmocka_unit_test(pages_declare_their_charset),
        cmocka_unit_test(memory_running_out_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
