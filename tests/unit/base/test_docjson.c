/* Documents as JSON: keys, what goes to extra, what is refused under which name. */
#include "tests/support/support.h"

#include <searchd/index.h>

#include "index/base/alloc.h"
#include "index/base/docjson.h"
#include "index/base/str.h"

struct fixture {
    cJSON *v;
    struct arena mem;
    struct sx_doc doc;
    struct sx_error err;
};

static sx_status read_text(struct fixture *f, const char *text, bool need_uri)
{
    memset(f, 0, sizeof(*f));
    assert_int_equal(json_parse(str_of(text), 1000, &f->v, &f->err), SX_OK);
    return docjson_read(f->v, need_uri, &f->mem, &f->doc, &f->err);
}

static void release(struct fixture *f)
{
    cJSON_Delete(f->v);
    arena_release(&f->mem);
}

static void all_keys_are_read(void **state)
{
    struct fixture f;

    (void)state;
    assert_int_equal(read_text(&f,
                               "{\"uri\":\"u\",\"title\":\"t\",\"body\":\"b\",\"source\":\"s\","
                               "\"date\":\"2025-08\",\"lang\":\"en\",\"type\":\"html\"}",
                               true),
                     SX_OK);
    assert_true(str_is(f.doc.uri, "u") && str_is(f.doc.title, "t") && str_is(f.doc.body, "b"));
    assert_true(str_is(f.doc.source, "s") && str_is(f.doc.date, "2025-08"));
    assert_true(str_is(f.doc.lang, "en") && str_is(f.doc.type, "html"));
    assert_null(f.doc.extra.ptr);
    release(&f);
}

static void absent_and_null_keys_are_none(void **state)
{
    struct fixture f;

    (void)state;
    assert_int_equal(read_text(&f, "{\"uri\":\"u\",\"body\":\"\",\"date\":null}", true), SX_OK);
    assert_non_null(f.doc.body.ptr);
    assert_int_equal(f.doc.body.len, 0);
    assert_null(f.doc.title.ptr);
    assert_null(f.doc.date.ptr);
    release(&f);
}

static void assert_uri(const char *text, const char *uri, const char *extra)
{
    struct fixture f;

    assert_int_equal(read_text(&f, text, true), SX_OK);
    assert_true(str_is(f.doc.uri, uri));
    assert_true(extra == NULL ? f.doc.extra.ptr == NULL : str_is(f.doc.extra, extra));
    release(&f);
}

static void id_is_the_uri_of_a_document_without_one(void **state)
{
    (void)state;
    assert_uri("{\"id\":\"x1\",\"body\":\"\"}", "x1", NULL);
    assert_uri("{\"id\":42,\"body\":\"\"}", "42", NULL);
    assert_uri("{\"id\":9007199254740993,\"body\":\"\"}", "9007199254740993", NULL);
    assert_uri("{\"id\":18446744073709551615,\"body\":\"\"}", "18446744073709551615", NULL);
    assert_uri("{\"uri\":null,\"id\":1.5,\"body\":\"\"}", "1.5", NULL);
    assert_uri("{\"id\":7,\"uri\":\"u\",\"body\":\"\"}", "u", "{\"id\":7}");
}

static void other_keys_are_gathered_in_extra(void **state)
{
    (void)state;
    assert_uri(
        "{\"a\\n\":[1,{\"b\":null}],\"uri\":\"u\",\"body\":\"\",\"tweet\":1786412345678901234,"
        "\"Body\":\"\\u00e9\"}",
        "u", "{\"a\\n\":[1,{\"b\":null}],\"tweet\":1786412345678901234,\"Body\":\"\xC3\xA9\"}");
}

static void faults_name_their_key(void **state)
{
    static const struct {
        const char *text, *param;
    } cases[] = {
        {"{\"body\":\"b\"}", "uri"},
        {"{\"uri\":null,\"body\":\"b\"}", "uri"},
        {"{\"uri\":5,\"body\":\"b\"}", "uri"},
        {"{\"id\":true,\"body\":\"b\"}", "id"},
        {"{\"uri\":\"u\"}", "body"},
        {"{\"uri\":\"u\",\"body\":null}", "body"},
        {"{\"uri\":\"u\",\"body\":[]}", "body"},
        {"{\"uri\":\"u\",\"body\":\"\",\"title\":1}", "title"},
        {"{\"uri\":\"u\",\"body\":\"\",\"date\":2025}", "date"},
        {"{\"uri\":\"u\",\"body\":\"\",\"lang\":{}}", "lang"},
        {"[]", ""},
        {"\"x\"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture f;
        assert_int_equal(read_text(&f, cases[i].text, true), SX_EREQUEST);
        assert_string_equal(f.err.param, cases[i].param);
        release(&f);
    }
}

static void uri_may_be_missing_where_the_caller_names_the_document(void **state)
{
    struct fixture f;

    (void)state;
    assert_int_equal(read_text(&f, "{\"body\":\"b\"}", false), SX_OK);
    assert_null(f.doc.uri.ptr);
    release(&f);
}

static void memory_may_run_out_anywhere(void **state)
{
    struct fixture f;
    sx_status rc;
    long n = 0;

    (void)state;
    assert_int_equal(read_text(&f, "{\"id\":12345678901234567890,\"body\":\"\",\"x\":[1,2]}", true),
                     SX_OK);
    do {
        arena_release(&f.mem);
        mem_fail_after(n++);
        rc = docjson_read(f.v, true, &f.mem, &f.doc, &f.err);
        assert_int_equal(rc, mem_failed() ? SX_ENOMEM : SX_OK);
    } while (rc != SX_OK);
    mem_fail_after(-1);
    assert_true(n > 2);
    release(&f);
}

static int set_up(void **state)
{
    (void)state;
    json_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_keys_are_read),
        cmocka_unit_test(absent_and_null_keys_are_none),
        cmocka_unit_test(id_is_the_uri_of_a_document_without_one),
        cmocka_unit_test(other_keys_are_gathered_in_extra),
        cmocka_unit_test(faults_name_their_key),
        cmocka_unit_test(uri_may_be_missing_where_the_caller_names_the_document),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
