/* Messages and mailboxes: which part is the text, what is attached, and what is told. */
#include "tests/unit/ingest/capture.h"

static const char alternative[] = "From: Ann <ann@a.example>\nSubject: S\nContent-Type: "
                                  "multipart/alternative; boundary=b\n\n--b\n\n%s\n--b\n"
                                  "Content-Type: text/html\n\n<p>from html</p>\n--b--\n";

static void read_mail(struct capture *c, const char *bytes)
{
    struct sx_error err;

    memset(c, 0, sizeof(*c));
    if (capture_read(c, MEDIA_MAIL, str_of(bytes), &err) != SX_OK)
        fail_msg("%s", err.msg);
}

static void plain_text_is_preferred_unless_it_is_empty(void **state)
{
    struct capture c;
    char bytes[512];

    (void)state;
    snprintf(bytes, sizeof(bytes), alternative, "from plain");
    read_mail(&c, bytes);
    assert_int_equal(c.count, 1);
    assert_string_equal(c.docs[0].body, "from plain");
    capture_release(&c);
    snprintf(bytes, sizeof(bytes), alternative, " ");
    read_mail(&c, bytes);
    assert_string_equal(c.docs[0].body, "from html");
    capture_release(&c);
}

static void files_within_an_alternative_are_attached_too(void **state)
{
    struct capture c;

    (void)state;
    read_mail(&c, "Subject: S\nContent-Type: multipart/alternative; boundary=a\n\n--a\n\nplain\n"
                  "--a\nContent-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: text/html"
                  "\n\n<p>html</p>\n--m\nContent-Type: text/plain\nContent-Disposition: "
                  "attachment; filename=\"f.txt\"\n\nattached\n--m--\n--a--\n");
    assert_int_equal(c.count, 2);
    assert_string_equal(c.docs[0].body, "plain");
    assert_string_equal(c.docs[1].body, "attached");
    assert_string_equal(c.docs[1].uri, "file:///x#attachment/1");
    assert_string_equal(c.docs[1].extra, "{\"parent\":\"file:///x\",\"entry\":\"f.txt\"}");
    capture_release(&c);
}

/* ISO-2022-JP is ASCII to the eye, and KOI8-R is a guess without its name. */
static void an_attached_text_has_the_charset_that_its_type_says(void **state)
{
    struct capture c;

    (void)state;
    read_mail(&c, "Subject: S\nContent-Type: multipart/mixed; boundary=a\n\n--a\n\ntext\n--a\n"
                  "Content-Type: text/plain; charset=iso-2022-jp; name=a.txt\n"
                  "Content-Transfer-Encoding: base64\n\nGyRCOUEbKEI=\n--a\n"
                  "Content-Type: text/html; charset=koi8-r\nContent-Disposition: attachment\n"
                  "Content-Transfer-Encoding: base64\n\n8M/S1A==\n--a--\n");
    assert_int_equal(c.count, 3);
    assert_string_equal(c.docs[1].body, "港");
    assert_string_equal(c.docs[2].body, "Порт");
    assert_string_equal(c.docs[2].type, "html");
    capture_release(&c);
}

static void several_texts_are_one_after_the_other(void **state)
{
    struct capture c;

    (void)state;
    read_mail(&c, "Subject: S\nContent-Type: multipart/mixed; boundary=a\n\n--a\n\none\n--a\n"
                  "Content-Type: text/html\n\n<html><head><title>no</title></head><body>two</body>"
                  "</html>\n--a\nContent-Type: image/png\nContent-ID: <i>\n\nxx\n--a\nContent-Type:"
                  " application/pgp-signature\n\nyy\n--a--\n");
    assert_int_equal(c.count, 1);
    assert_int_equal(c.failed, 0);
    assert_string_equal(c.docs[0].body, "one\n\ntwo");
    capture_release(&c);
}

static void the_sender_is_the_source(void **state)
{
    static const struct {
        const char *from, *source;
    } rows[] = {
        {"Ann Bee <ann@a.example>", "Ann Bee"}, {"\"Bee, Ann\" <ann@a.example>", "Bee, Ann"},
        {"ann@a.example (Ann Bee)", "Ann Bee"}, {"ann@a.example", "ann@a.example"},
        {"<ann@a.example>", "ann@a.example"},   {"=?utf-8?Q?=C3=89va?= <e@a.example>", "Éva"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct capture c;
        char bytes[256];
        snprintf(bytes, sizeof(bytes), "From: %s\nSubject: S\n\ntext\n", rows[i].from);
        read_mail(&c, bytes);
        assert_member(c.docs[0].source, rows[i].source);
        capture_release(&c);
    }
}

static void what_cannot_be_read_is_told(void **state)
{
    struct capture c = {0};
    struct sx_error err;

    (void)state;
    read_mail(&c, "Subject: S\nContent-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: "
                  "application/pkcs7-mime; name=smime.p7m\n\nxx\n--a\nContent-Type: "
                  "application/zip\nContent-Transfer-Encoding: base64\n\nUEsDBAo=\n--a\n"
                  "Content-Disposition: attachment; filename=a.txt\n\nread\n--a--\n");
    assert_int_equal(c.count, 2);
    assert_string_equal(c.docs[1].body, "read");
    assert_string_equal(c.docs[1].uri, "file:///x#attachment/3");
    assert_int_equal(c.failed, 2);
    assert_string_equal(c.failed_uri[0], "file:///x#attachment/1");
    assert_string_equal(c.failed_why[0], "encrypted (S/MIME)");
    assert_string_equal(c.failed_uri[1], "file:///x#attachment/2");
    capture_release(&c);
    assert_int_equal(capture_read(&c, MEDIA_MAIL,
                                  str_of("Subject: S\nContent-Type: multipart/mixed; boundary=a\n\n"
                                         "--a\n\nhalf a te"),
                                  &err),
                     SX_EREQUEST);
    assert_non_null(strstr(err.msg, "cut off"));
    assert_int_equal(c.count, 1);
    assert_string_equal(c.docs[0].body, "half a te");
    capture_release(&c);
}

static void a_message_that_the_index_refuses_ends_the_reading(void **state)
{
    struct capture c = {.refuse = SX_EFULL};
    struct sx_error err;

    (void)state;
    assert_int_equal(capture_read(&c, MEDIA_MBOX,
                                  str_of("From a Fri Aug 15 10:00:00 2025\nSubject: S\n\ntext\n"),
                                  &err),
                     SX_EFULL);
    assert_int_equal(c.failed, 0);
}

static void a_mailbox_is_cut_at_from_lines_only(void **state)
{
    struct capture c = {0};
    struct sx_error err;

    (void)state;
    assert_int_equal(
        capture_read(&c, MEDIA_MBOX,
                     str_of("From a@b.example Fri Aug 15 10:00:00 2025\r\nSubject: 1\r\n\r\n"
                            "From here on\r\n\r\nFrom now on, at 10:00, in March\r\n>From me\r\n"
                            ">>From you\r\n\r\nFrom - Sat Aug 16 10:00:00 2025\r\n\r\n"
                            "From c Sun Aug 17 10:00:00 +0200 2025\nSubject: 3\n\nlast\n"),
                     &err),
        SX_OK);
    assert_int_equal(c.count, 2);
    assert_string_equal(c.docs[0].body, "From here on\n\nFrom now on, at 10:00, in March\nFrom me\n"
                                        ">From you");
    assert_string_equal(c.docs[1].uri, "file:///x#message/3");
    assert_int_equal(c.failed, 1);
    assert_string_equal(c.failed_uri[0], "file:///x#message/2");
    assert_string_equal(c.failed_why[0], "empty");
    capture_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_is_preferred_unless_it_is_empty),
        cmocka_unit_test(files_within_an_alternative_are_attached_too),
        cmocka_unit_test(an_attached_text_has_the_charset_that_its_type_says),
        cmocka_unit_test(several_texts_are_one_after_the_other),
        cmocka_unit_test(the_sender_is_the_source),
        cmocka_unit_test(what_cannot_be_read_is_told),
        cmocka_unit_test(a_message_that_the_index_refuses_ends_the_reading),
        cmocka_unit_test(a_mailbox_is_cut_at_from_lines_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
