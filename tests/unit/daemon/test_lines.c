/* Framing: the same lines however the bytes are cut, and memory that stays within the limit. */
#include "tests/support/support.h"

#include "daemon/lines.h"
#include "index/base/str.h"

#define LIMIT 64
#define PUT_LIMIT 256

struct expect {
    enum line_event event;
    const char *line;
};

/* Feeds `input` in pieces of `step` bytes and compares what comes out. */
static void assert_lines(struct sx_str input, size_t step, const struct expect *want, size_t count)
{
    struct lines l = {.limit = LIMIT, .put_limit = PUT_LIMIT};
    size_t seen = 0;
    for (size_t at = 0; at < input.len; at += step) {
        struct sx_str piece = {input.ptr + at, step < input.len - at ? step : input.len - at};
        while (piece.len > 0) {
            struct sx_str line = {0};
            enum line_event event = lines_next(&l, &piece, &line);
            assert_true(l.part.cap <= 4 * PUT_LIMIT + 64);
            if (event == LINE_NONE)
                continue;
            assert_true(seen < count);
            assert_int_equal(event, want[seen].event);
            if (event == LINE_READY)
                assert_true(str_is(line, want[seen].line));
            seen++;
            if (event == LINE_HTTP)
                goto out;
        }
    }
out:
    assert_int_equal(seen, count);
    lines_release(&l);
}

static void assert_lines_any_cut(const char *input, const struct expect *want, size_t count)
{
    for (size_t step = 1; step <= strlen(input); step++)
        assert_lines(str_of(input), step, want, count);
}

static void lines_end_in_lf_or_crlf(void **state)
{
    (void)state;
    static const struct expect want[] = {
        {LINE_READY, "{}"}, {LINE_READY, "{\"a\":1}"}, {LINE_READY, ""}, {LINE_READY, "x\ry"}};
    assert_lines_any_cut("{}\n{\"a\":1}\r\n\nx\ry\nrest", want, 4);
}

static void only_the_first_bytes_can_be_http(void **state)
{
    (void)state;
    char input[65 + sizeof ":\n"];
    memset(input, 'A', 65);
    memcpy(input + 65, ":\n", sizeof ":\n");
    struct lines l = {.limit = 1024, .put_limit = 1024};
    struct sx_str piece = str_of(input), line = {0};
    assert_int_equal(lines_next(&l, &piece, &line), LINE_READY);
    assert_int_equal(line.len, 66);
    lines_release(&l);
}

static void a_long_line_is_skipped_and_told_once(void **state)
{
    (void)state;
    char input[1024];
    memset(input, 'a', 600);
    memcpy(input + 600, "\n{}\n", sizeof "\n{}\n");
    static const struct expect want[] = {{LINE_TOO_LARGE, NULL}, {LINE_READY, "{}"}};
    assert_lines_any_cut(input, want, 2);
}

static void a_line_at_the_limit_is_taken(void **state)
{
    (void)state;
    char input[2 * LIMIT + 8], full[LIMIT + 1];
    memset(full, 'a', LIMIT);
    full[LIMIT] = '\0';
    snprintf(input, sizeof input, "%s\n%sa\n", full, full);
    const struct expect want[] = {{LINE_READY, full}, {LINE_TOO_LARGE, NULL}};
    assert_lines_any_cut(input, want, 2);
}

static void only_a_put_may_be_longer(void **state)
{
    (void)state;
    char put[200], other[200], input[512];
    snprintf(put, sizeof put, "{\"op\" : \"put\",%0100d}", 0);
    snprintf(other, sizeof other, "{\"op\":\"search\",\"x_put\":%0100d}", 0);
    snprintf(input, sizeof input, "%s\n%s\n", put, other);
    const struct expect want[] = {{LINE_READY, put}, {LINE_TOO_LARGE, NULL}};
    assert_lines_any_cut(input, want, 2);
}

static void a_put_has_a_limit_too(void **state)
{
    (void)state;
    char input[600];
    int n = snprintf(input, sizeof input, "{\"op\":\"put\",%0300d}\n{}\n", 0);
    assert_true(n > PUT_LIMIT);
    static const struct expect want[] = {{LINE_TOO_LARGE, NULL}, {LINE_READY, "{}"}};
    assert_lines_any_cut(input, want, 2);
}

static void http_is_recognised_on_the_first_line_only(void **state)
{
    (void)state;
    static const char *const http[] = {"GET / HTTP/1.1\r\n", "POST /x HTTP/1.0\n", "Host: a\n",
                                       "PRI * HTTP/2.0\r\n", "Content-Type: x\n"};
    static const struct expect closes[] = {{LINE_HTTP, NULL}};
    for (size_t i = 0; i < sizeof http / sizeof *http; i++)
        assert_lines_any_cut(http[i], closes, 1);
    static const struct expect later[] = {{LINE_READY, "{}"}, {LINE_READY, "GET / x"}};
    assert_lines_any_cut("{}\nGET / x\n", later, 2);
    static const struct expect json[] = {{LINE_READY, "null "}};
    assert_lines_any_cut("null \n", json, 1);
}

static void memory_does_not_follow_the_line(void **state)
{
    (void)state;
    struct lines l = {.limit = LIMIT, .put_limit = PUT_LIMIT};
    char block[4096];
    struct sx_str line;
    memset(block, 'a', sizeof block);
    for (int i = 0; i < 10000; i++) {
        struct sx_str input = {block, sizeof block};
        assert_int_equal(lines_next(&l, &input, &line), LINE_NONE);
        assert_int_equal(l.part.cap, 0);
        assert_true(lines_partial(&l));
    }
    struct sx_str end = str_of("\n");
    assert_int_equal(lines_next(&l, &end, &line), LINE_TOO_LARGE);
    assert_false(lines_partial(&l));
    lines_release(&l);
}

static void the_end_of_input_ends_a_line(void **state)
{
    (void)state;
    struct lines l = {.limit = LIMIT, .put_limit = PUT_LIMIT};
    struct sx_str input = str_of("{}\n{\"a\":1}"), line;
    assert_int_equal(lines_next(&l, &input, &line), LINE_READY);
    assert_int_equal(lines_next(&l, &input, &line), LINE_NONE);
    assert_int_equal(lines_end(&l, &line), LINE_READY);
    assert_true(str_is(line, "{\"a\":1}"));
    assert_int_equal(lines_end(&l, &line), LINE_NONE);
    lines_release(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_in_lf_or_crlf),
        cmocka_unit_test(only_the_first_bytes_can_be_http),
        cmocka_unit_test(a_long_line_is_skipped_and_told_once),
        cmocka_unit_test(a_line_at_the_limit_is_taken),
        cmocka_unit_test(only_a_put_may_be_longer),
        cmocka_unit_test(a_put_has_a_limit_too),
        cmocka_unit_test(http_is_recognised_on_the_first_line_only),
        cmocka_unit_test(memory_does_not_follow_the_line),
        cmocka_unit_test(the_end_of_input_ends_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
