/* Tables: which are documents row by row, and what of a row goes where. */
#include "tests/unit/ingest/capture.h"

static void read_csv(struct capture *c, const char *bytes)
{
    struct sx_error err;

    memset(c, 0, sizeof(*c));
    if (capture_read(c, MEDIA_CSV, str_of(bytes), &err) != SX_OK)
        fail_msg("%s", err.msg);
}

static void a_row_is_a_document(void **state)
{
    struct capture c;

    (void)state;
    read_csv(&c, "\xEF\xBB\xBFTitle,Text,Date,Outlet,Language,Author,\r\n"
                 "T,\"a \"\"b\"\"\r\nc, d\",15 Aug 2025,O,EN,Ann,x\r\n\r\n"
                 "U,e,,,,,\n");
    assert_int_equal(c.count, 2);
    assert_string_equal(c.docs[0].uri, "file:///x#2");
    assert_int_equal(c.docs[0].line, 2);
    assert_string_equal(c.docs[0].title, "T");
    assert_string_equal(c.docs[0].body, "a \"b\"\nc, d");
    assert_string_equal(c.docs[0].date, "2025-08-15");
    assert_string_equal(c.docs[0].source, "O");
    assert_string_equal(c.docs[0].lang, "en");
    assert_string_equal(c.docs[0].extra, "{\"Author\":\"Ann\"}");
    assert_string_equal(c.docs[1].uri, "file:///x#5");
    capture_release(&c);
}

static void semicolons_and_tabs_separate_too(void **state)
{
    struct capture c;

    (void)state;
    read_csv(&c, "title;body\na, b, c;d, e\n");
    assert_string_equal(c.docs[0].title, "a, b, c");
    capture_release(&c);
    read_csv(&c, "\"title; x\"\tbody\na\tb\n");
    assert_string_equal(c.docs[0].body, "b");
    capture_release(&c);
}

static void a_uri_column_is_the_key(void **state)
{
    struct capture c;

    (void)state;
    read_csv(&c, "uri,body,id\nhttp://a.example/1,text,7\n");
    assert_string_equal(c.docs[0].uri, "http://a.example/1");
    assert_string_equal(c.docs[0].extra, "{\"id\":\"7\"}");
    capture_release(&c);
}

static void columns_of_one_name_are_told_once(void **state)
{
    struct capture c;

    (void)state;
    read_csv(&c, "body,k,k,text\nb,1,2,t\n");
    assert_string_equal(c.docs[0].body, "b");
    assert_string_equal(c.docs[0].extra, "{\"k\":\"1\",\"text\":\"t\"}");
    capture_release(&c);
}

static void without_a_text_column_the_file_is_one_text(void **state)
{
    struct capture c;

    (void)state;
    read_csv(&c, "year,count\n2025,4\n");
    assert_int_equal(c.count, 1);
    assert_string_equal(c.docs[0].type, "text");
    assert_string_equal(c.docs[0].body, "year,count\n2025,4\n");
    capture_release(&c);
}

static void a_row_at_fault_leaves_the_others(void **state)
{
    struct capture c;

    (void)state;
    read_csv(&c, "title,body\na,b,c\n,\nt,good\nu,\"open\n");
    assert_int_equal(c.count, 1);
    assert_string_equal(c.docs[0].body, "good");
    assert_int_equal(c.failed, 3);
    assert_int_equal(c.failed_lines[0], 2);
    assert_string_equal(c.failed_why[0], "3 cells, but the first row names 2");
    assert_int_equal(c.failed_lines[1], 3);
    assert_string_equal(c.failed_why[1], "empty");
    assert_int_equal(c.failed_lines[2], 5);
    assert_string_equal(c.failed_why[2], "cut off: a quote is not closed");
    capture_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_a_document),
        cmocka_unit_test(semicolons_and_tabs_separate_too),
        cmocka_unit_test(a_uri_column_is_the_key),
        cmocka_unit_test(columns_of_one_name_are_told_once),
        cmocka_unit_test(without_a_text_column_the_file_is_one_text),
        cmocka_unit_test(a_row_at_fault_leaves_the_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
