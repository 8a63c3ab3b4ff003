/* Requests: the table of malformed lines, what is accepted, and what memory shortage does. */
#include "tests/support/support.h"

#include "daemon/ops.h"
#include "daemon/reply.h"
#include "index/base/alloc.h"
#include "index/base/str.h"
#include "index/base/utf8.h"

#define LINE_LIMIT ((size_t)1 << 20)

static sx_status read_line(struct request *req, const char *text, struct sx_error *err)
{
    *err = (struct sx_error){.offset = SX_NO_OFFSET};
    return request_read(req, str_of(text), LINE_LIMIT, err);
}

static int hex(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* \xHH to a byte, in place; the new length. */
static size_t unescape(char *s, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (i + 3 < len && s[i] == '\\' && s[i + 1] == 'x') {
            s[n++] = (char)(hex(s[i + 2]) * 16 + hex(s[i + 3]));
            i += 3;
        } else {
            s[n++] = s[i];
        }
    }
    return n;
}

static void malformed_lines_get_their_code(void **state)
{
    (void)state;
    char path[4096], row[4096];
    int rows = 0;
    snprintf(path, sizeof path, "%s/tests/unit/daemon/malformed.tsv", source_dir());
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(row, sizeof row, f) != NULL) {
        char *line = strchr(row, '\t');
        if (row[0] == '#' || line == NULL)
            continue;
        *line++ = '\0';
        size_t len = unescape(line, strcspn(line, "\n"));
        struct request req;
        struct sx_error err = {.offset = SX_NO_OFFSET};
        sx_status rc = request_read(&req, str_make(line, len), LINE_LIMIT, &err);
        if (strcmp(sx_status_name(rc), row) != 0)
            fail_msg("%s: expected %s, got %s (%s)", line, row, sx_status_name(rc), err.msg);
        assert_int_equal(err.code, rc);
        assert_true(err.msg[0] != '\0');
        request_release(&req);
        rows++;
    }
    fclose(f);
    assert_true(rows >= 60);
}

static void defaults_are_filled_in(void **state)
{
    (void)state;
    struct request req;
    struct sx_error err;
    assert_int_equal(read_line(&req, "{\"query\":\"a b\"}", &err), SX_OK);
    assert_string_equal(req.op->name, "search");
    assert_true(str_is(req.query, "a b"));
    assert_int_equal(req.limit, 10);
    assert_int_equal(req.offset, 0);
    assert_int_equal(req.snippets, 1);
    assert_int_equal(req.match, SX_MATCH_BEST);
    assert_int_equal(req.sort, SX_SORT_SCORE);
    assert_int_equal(req.fields, HIT_TITLE | HIT_URI | HIT_SOURCE | HIT_DATE | HIT_LANG);
    assert_null(req.id.ptr);
    request_release(&req);
}

static void every_search_parameter_arrives(void **state)
{
    (void)state;
    struct request req;
    struct sx_error err;
    assert_int_equal(
        read_line(&req,
                  "{\"op\":\"search\",\"query\":\"a\",\"collection\":\"c\",\"match\":\"any\","
                  "\"limit\":7,\"offset\":9993,\"sort\":\"-date\",\"fields\":[\"type\",\"title\"],"
                  "\"snippets\":5,\"exact_total\":true,\"forms\":true,\"engine\":\"fts5\","
                  "\"timeout_ms\":5,"
                  "\"x_trace\":{\"any\":[1]},\"id\":\"q\\\"1\"}",
                  &err),
        SX_OK);
    assert_int_equal(req.match, SX_MATCH_ANY);
    assert_int_equal(req.sort, SX_SORT_DATE_DESC);
    assert_int_equal(req.fields, HIT_TYPE | HIT_TITLE);
    assert_int_equal(req.limit, 7);
    assert_int_equal(req.offset, 9993);
    assert_int_equal(req.snippets, 5);
    assert_int_equal(req.timeout_ms, 5);
    assert_true(req.exact_total);
    assert_true(req.forms);
    assert_true(str_is(req.collection, "c"));
    assert_true(str_is(req.id, "\"q\\\"1\""));
    request_release(&req);
}

static void ids_keep_their_digits(void **state)
{
    (void)state;
    struct request req;
    struct sx_error err;
    assert_int_equal(read_line(&req, "{\"op\":\"ping\",\"id\":9007199254740991}", &err), SX_OK);
    assert_true(str_is(req.id, "9007199254740991"));
    request_release(&req);
    assert_int_equal(read_line(&req, "{\"op\":\"cancel\",\"target\":9007199254740990}", &err),
                     SX_OK);
    assert_true(str_is(req.target, "9007199254740990"));
    request_release(&req);
}

static void the_id_survives_a_bad_request(void **state)
{
    (void)state;
    static const char *const lines[] = {"{\"id\":5,\"op\":\"drop\"}", "{\"op\":\"get\",\"id\":5}",
                                        "{\"query\":\"a\",\"zz\":1,\"id\":5}"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct request req;
        struct sx_error err;
        assert_int_not_equal(read_line(&req, lines[i], &err), SX_OK);
        assert_true(str_is(req.id, "5"));
        request_release(&req);
    }
}

static void a_document_at_fault_is_named(void **state)
{
    (void)state;
    struct request req;
    struct sx_error err;
    const char *line = "{\"op\":\"put\",\"docs\":[{\"uri\":\"a\",\"body\":\"\"},"
                       "{\"uri\":\"b\",\"body\":\"\",\"date\":7}]}";
    assert_int_equal(read_line(&req, line, &err), SX_EREQUEST);
    assert_string_equal(err.param, "docs[1].date");
    request_release(&req);
}

static void one_uri_or_many(void **state)
{
    (void)state;
    struct request req;
    struct sx_error err;
    assert_int_equal(read_line(&req, "{\"op\":\"delete\",\"uri\":\"a\",\"id\":1}", &err), SX_OK);
    assert_int_equal(req.uri_count, 1);
    request_release(&req);
    assert_int_equal(read_line(&req, "{\"op\":\"delete\",\"uri\":[\"a\",\"b\"]}", &err), SX_OK);
    assert_int_equal(req.uri_count, 2);
    assert_true(str_is(req.uris[1], "b"));
    request_release(&req);
}

/* More than the limit of one kind of thing. */
static void assert_code_of_many(const char *head, const char *piece, int count, const char *tail,
                                sx_status code)
{
    struct buf line = {0};
    struct request req;
    struct sx_error err = {.offset = SX_NO_OFFSET};
    buf_puts(&line, head);
    for (int i = 0; i < count; i++)
        buf_puts(&line, piece);
    buf_puts(&line, tail);
    assert_int_equal(request_read(&req, buf_str(&line), LINE_LIMIT, &err), code);
    request_release(&req);
    buf_release(&line);
}

static void limits_hold_at_their_edge(void **state)
{
    (void)state;
    assert_code_of_many("{\"op\":\"delete\",\"uri\":[\"a\"", ",\"a\"", 999, "]}", SX_OK);
    assert_code_of_many("{\"op\":\"delete\",\"uri\":[\"a\"", ",\"a\"", 1000, "]}", SX_ELIMIT);
    assert_code_of_many("{\"query\":\"", "a", SX_QUERY_MAX, "\"}", SX_OK);
    assert_code_of_many("{\"query\":\"", "a", SX_QUERY_MAX + 1, "\"}", SX_ETOOLARGE);
    assert_code_of_many("{\"op\":\"get\",\"uri\":\"", "a", SX_URI_MAX, "\"}", SX_OK);
    assert_code_of_many("{\"op\":\"get\",\"uri\":\"", "a", SX_URI_MAX + 1, "\"}", SX_ETOOLARGE);
    assert_code_of_many("{\"op\":\"ping\",\"x_a\":[1", ",1", 100000, "]}", SX_ELIMIT);
    assert_code_of_many("{\"op\":\"ping\",\"x_a\":\"", "a", (int)LINE_LIMIT, "\"}", SX_ETOOLARGE);
    assert_code_of_many("{\"op\":\"put\",\"docs\":[{\"uri\":\"a\",\"body\":\"", "a",
                        (int)LINE_LIMIT, "\"}]}", SX_OK);
}

static sx_status read_values(int values, size_t len)
{
    struct buf line = {0};
    struct request req;
    struct sx_error err;
    buf_puts(&line, "{\"op\":\"ping\",\"x_a\":[1"); /* four values */
    for (int i = 4; i < values; i++)
        buf_puts(&line, ",1");
    buf_puts(&line, "]");
    assert_true(line.len < len);
    while (line.len < len - 1)
        buf_putc(&line, ' ');
    buf_puts(&line, "}");
    sx_status rc = request_read(&req, buf_str(&line), LINE_LIMIT, &err);
    request_release(&req);
    buf_release(&line);
    return rc;
}

static void a_line_has_a_value_for_each_8_bytes(void **state)
{
    (void)state;
    assert_int_equal(read_values(1024 + 1000, 8000), SX_OK);
    assert_int_equal(read_values(1024 + 1000, 7999), SX_ELIMIT);
    assert_int_equal(read_values(1024 + 100000, 800000), SX_OK);
    assert_int_equal(read_values(1024 + 100001, 800000), SX_ELIMIT);
}

static void numbers_out_of_range_are_named(void **state)
{
    (void)state;
    static const char *const lines[][2] = {
        {"{\"query\":\"a\",\"timeout_ms\":60000}", ""},
        {"{\"query\":\"a\",\"timeout_ms\":60001}",
         "timeout_ms = 60001: expected an integer from 1 to 60000"},
        {"{\"op\":\"count\",\"query\":\"a\",\"timeout_ms\":0}",
         "timeout_ms = 0: expected an integer from 1 to 60000"},
        {"{\"query\":\"a\",\"timeout_ms\":1.5}",
         "timeout_ms = 1.5: expected an integer from 1 to 60000"},
        {"{\"query\":\"a\",\"timeout_ms\":\"5\"}",
         "timeout_ms: expected an integer from 1 to 60000"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct request req;
        struct sx_error err;
        bool good = lines[i][1][0] == '\0';
        assert_int_equal(read_line(&req, lines[i][0], &err), good ? SX_OK : SX_EREQUEST);
        assert_string_equal(err.msg, lines[i][1]);
        assert_string_equal(err.param, good ? "" : "timeout_ms");
        request_release(&req);
    }
}

/* cJSON has an allocator of its own: what fails here is what we allocate. */
static void short_memory_is_an_answer(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "{\"query\":\"a\",\"id\":\"x\"}",
        "{\"op\":\"put\",\"docs\":[{\"uri\":\"a\",\"body\":\"b\",\"k\":[1]}],\"id\":1}",
        "{\"op\":\"delete\",\"uri\":[\"a\",\"b\"]}"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        int failures = 0;
        for (long n = 0;; n++) {
            struct request req;
            struct sx_error err;
            mem_fail_after(n);
            sx_status rc = read_line(&req, lines[i], &err);
            bool failed = mem_failed() != 0;
            mem_fail_after(-1);
            request_release(&req);
            assert_int_equal(rc, failed ? SX_ENOMEM : SX_OK);
            if (!failed)
                break;
            failures++;
        }
        assert_true(failures > 0);
    }
}

static void a_failed_reply_is_one_line_of_json(void **state)
{
    (void)state;
    struct buf out = {0};
    struct sx_error err = {.offset = 3};
    sx_fail_at(&err, SX_EBUSY, "query", 3, "a \"quote\"\n");
    reply_error(&out, str_of("7"), &err);
    assert_string_equal(buf_cstr(&out),
                        "{\"id\":7,\"ok\":false,\"error\":{\"code\":\"busy\",\"message\":"
                        "\"a \\\"quote\\\"\\n\",\"param\":\"query\",\"offset\":3,"
                        "\"retry_after_ms\":200}}\n");
    buf_release(&out);
}

static void a_quote_that_is_cut_stays_utf8(void **state)
{
    (void)state;
    static const char *const lines[] = {"{\"op\":\"%séééééééééééééééééééé\"}",
                                        "{\"op\":\"ping\",\"%séééééééééééééééééééé\":1}"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        for (const char *pad = "aa"; *pad != '\0';
             pad++) { /* one of the two is cut at a character */
            struct buf line = {0}, out = {0};
            struct request req;
            struct sx_error err;
            buf_put(&line, lines[i], (size_t)(strstr(lines[i], "%s") - lines[i]));
            buf_puts(&line, pad);
            buf_puts(&line, strstr(lines[i], "%s") + 2);
            assert_int_not_equal(read_line(&req, buf_cstr(&line), &err), SX_OK);
            reply_error(&out, req.id, &err);
            assert_int_equal(utf8_check(out.data, out.len), out.len);
            assert_non_null(strstr(buf_cstr(&out), "éééé"));
            request_release(&req);
            buf_release(&line);
            buf_release(&out);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_lines_get_their_code),
        cmocka_unit_test(defaults_are_filled_in),
        cmocka_unit_test(every_search_parameter_arrives),
        cmocka_unit_test(ids_keep_their_digits),
        cmocka_unit_test(the_id_survives_a_bad_request),
        cmocka_unit_test(a_document_at_fault_is_named),
        cmocka_unit_test(one_uri_or_many),
        cmocka_unit_test(limits_hold_at_their_edge),
        cmocka_unit_test(a_line_has_a_value_for_each_8_bytes),
        cmocka_unit_test(numbers_out_of_range_are_named),
        cmocka_unit_test(short_memory_is_an_answer),
        cmocka_unit_test(a_failed_reply_is_one_line_of_json),
        cmocka_unit_test(a_quote_that_is_cut_stays_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
