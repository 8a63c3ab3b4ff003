/* The syntax of mail: headers, words, parameters, encodings, parts, dates. */
#include "index/ingest/mime.h"

#include "index/base/str.h"
#include "tests/support/support.h"

static void assert_buf(const struct buf *got, const char *want)
{
    if (!str_is(buf_str(got), want))
        fail_msg("'%.*s' is not '%s'", (int)got->len, got->data, want);
}

static void a_header_ends_at_the_empty_line(void **state)
{
    static const struct {
        const char *bytes, *head, *body;
    } rows[] = {
        {"A: b\n\nbody\n", "A: b\n", "body\n"},
        {"A: b\r\n\r\nbody", "A: b\r\n", "body"},
        {"\nbody", "", "body"},
        {"no header here\nand more", "", "no header here\nand more"},
        {"A: b\nno header\n\nx", "A: b\n", "no header\n\nx"},
        {"A: b\n c: d\n\nx", "A: b\n c: d\n", "x"},
        {"A: b\n", "A: b\n", ""},
        {"", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mime_part part = mime_split(str_of(rows[i].bytes));
        assert_true(str_is(part.head, rows[i].head));
        assert_true(str_is(part.body, rows[i].body));
    }
}

static void headers_are_found_and_unfolded(void **state)
{
    struct sx_str head = str_of("To: x\r\nSubject: one\r\n\ttwo\r\n  three\r\nsubject: other\r\n");
    struct buf value = {0};

    (void)state;
    assert_true(mime_header(head, "SUBJECT", &value));
    assert_buf(&value, "one two three");
    assert_false(mime_header(head, "Sub", &value));
    assert_int_equal(value.len, 0);
    assert_true(mime_header(head, "to", &value));
    assert_buf(&value, "x");
    buf_release(&value);
}

static void encoded_words_are_decoded(void **state)
{
    static const struct {
        const char *raw, *want;
    } rows[] = {
        {"plain", "plain"},
        {"=?utf-8?Q?Gr=C3=BC=C3=9Fe_aus?= K=C3", "Grüße aus K=C3"},
        {"=?ISO-8859-1?q?caf=E9?=", "café"},
        {"=?utf-8?B?w6k=?=", "é"},
        {"=?utf-8*de?B?w6k=?=", "é"},
        {"=?koi8-r?B?8M/S1A==?=", "Порт"},
        {"=?iso-2022-jp?B?GyRCOUEbKEI=?=", "港"},
        {"a =?utf-8?Q?b?= c", "a b c"},
        {"=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab"},
        {"=?utf-8?Q?=C3?=\t=?UTF-8?Q?=A9?=", "é"}, /* a character cut in two */
        {"=?utf-8?Q?a?= =?latin1?Q?=E9?=", "aé"},
        {"=?utf-8?X?a?=", "=?utf-8?X?a?="},
        {"=?utf-8?Q?a", "=?utf-8?Q?a"},
        {"=?=?utf-8?Q?a?=", "=?a"},
        {"caf\xE9", "café"}, /* raw bytes, as old programs send them */
        {"=?utf-8?B?AAA=?=x", "x"},
        {"", ""},
    };
    struct buf out = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mime_words(str_of(rows[i].raw), &out);
        assert_buf(&out, rows[i].want);
    }
    buf_release(&out);
}

static void parameters_are_read_in_all_their_forms(void **state)
{
    static const struct {
        const char *value, *name, *want; /* NULL: none */
    } rows[] = {
        {"text/plain; charset=utf-8", "charset", "utf-8"},
        {"text/plain;Charset = \"a;b\\\"c\" ; x=y", "charset", "a;b\"c"},
        {"text/plain; xcharset=a; charset=b", "charset", "b"},
        {"text/plain", "charset", NULL},
        {"a; filename*=utf-8''%C3%A9t%C3%A9.txt", "filename", "été.txt"},
        {"a; filename*0*=iso-8859-1'fr'%E9t; filename*1=\"e.\"; filename*2*=%74xt", "filename",
         "éte.txt"},
        {"a; filename*1=b; filename*0=a", "filename", "ab"},
        {"a; name=\"=?utf-8?Q?=C3=A9?=.txt\"", "name", "é.txt"},
        {"a; name=", "name", ""},
        {"a; name=\"open", "name", "open"},
        {"a;;;=;=", "name", NULL},
    };
    struct buf out = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool found = mime_param(str_of(rows[i].value), rows[i].name, &out);
        assert_int_equal(found, rows[i].want != NULL);
        assert_buf(&out, rows[i].want == NULL ? "" : rows[i].want);
    }
    buf_release(&out);
}

static void transfer_encodings_are_undone(void **state)
{
    static const struct {
        const char *encoding, *body, *want;
    } rows[] = {
        {"7bit", "a=3D\n", "a=3D\n"},
        {"BASE64", "aGVs\r\nbG8=\r\n", "hello"},
        {"base64", "aGVsbG8", "hello"},
        {"base64", "a*G!V_s", "hel"},
        {"base64", "YQ==Yg==", "ab"},
        {"quoted-printable", "a=3Db=\nc  \nd=\r\ne", "a=bc\nde"},
        {"quoted-printable", "=C3=a9=zz=\n", "\xC3\xA9=zz"},
        {"quoted-printable", "a=", "a"},
        {"", "x", "x"},
    };
    struct buf out = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        buf_clear(&out);
        mime_decode(str_of(rows[i].body), str_of(rows[i].encoding), &out);
        assert_buf(&out, rows[i].want);
    }
    buf_release(&out);
}

static void parts_stand_between_boundaries(void **state)
{
    struct sx_str body = str_of("before\r\n--b\r\nA: 1\r\n\r\none\r\n--b  \r\n\r\ntwo\r\n\r\n--bb\n"
                                "--b--\r\nafter\r\n--b\r\n\r\nnot\r\n");
    struct mime_parts parts;
    struct mime_part part;

    (void)state;
    mime_parts_init(&parts, body, str_of("b"));
    assert_true(mime_parts_next(&parts, &part));
    assert_true(str_is(part.head, "A: 1\r\n"));
    assert_true(str_is(part.body, "one"));
    assert_true(mime_parts_next(&parts, &part));
    assert_true(str_is(part.body, "two\r\n\r\n--bb"));
    assert_false(mime_parts_next(&parts, &part));
    assert_true(parts.closed);
    mime_parts_init(&parts, str_of("--b\n\nx"), str_of("b"));
    assert_true(mime_parts_next(&parts, &part));
    assert_true(str_is(part.body, "x"));
    assert_false(mime_parts_next(&parts, &part));
    assert_false(parts.closed);
    mime_parts_init(&parts, body, str_of(""));
    assert_false(mime_parts_next(&parts, &part));
}

static void dates_become_iso(void **state)
{
    static const struct {
        const char *written, *iso; /* NULL: none */
    } rows[] = {
        {"Fri, 15 Aug 2025 10:00:00 +0200", "2025-08-15T10:00:00+02:00"},
        {"15 Aug 2025 10:00 -0330 (NST)", "2025-08-15T10:00:00-03:30"},
        {"Fri,15 August 2025 1:02:03 EST", "2025-08-15T01:02:03-05:00"},
        {"Fri, 15-Aug-99 10:00:00 GMT", "1999-08-15T10:00:00+00:00"},
        {"1 Jan 05", "2005-01-01"},
        {"Fri, 31 Feb 2025 10:00:00 +0000", NULL},
        {"Fri, 15 Aug 2025 25:00:00 +0000", NULL},
        {"2025-08-15", NULL},
        {"yesterday", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf out = {0};
        bool is = mime_date(str_of(rows[i].written), &out);
        if (is != (rows[i].iso != NULL))
            fail_msg("'%s' is %s", rows[i].written, is ? "a date" : "none");
        assert_buf(&out, rows[i].iso == NULL ? "" : rows[i].iso);
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_ends_at_the_empty_line),
        cmocka_unit_test(headers_are_found_and_unfolded),
        cmocka_unit_test(encoded_words_are_decoded),
        cmocka_unit_test(parameters_are_read_in_all_their_forms),
        cmocka_unit_test(transfer_encodings_are_undone),
        cmocka_unit_test(parts_stand_between_boundaries),
        cmocka_unit_test(dates_become_iso),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
