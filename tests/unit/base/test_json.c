/* The strict scan by a table of texts, then what cJSON alone would have got wrong. */
#include "tests/support/support.h"

#include <math.h>

#include "index/base/alloc.h"
#include "index/base/clock.h"
#include "index/base/json.h"
#include "index/base/str.h"

#define BAD(at, text)                                                                              \
    {                                                                                              \
        text, sizeof(text) - 1, at                                                                 \
    }
#define GOOD(text)                                                                                 \
    {                                                                                              \
        text, sizeof(text) - 1, -1                                                                 \
    }

static const struct {
    const char *text;
    size_t len;
    int64_t at; /* where the fault is; -1: there is none */
} cases[] = {
    /* values and the white space around them */
    GOOD("{}"),
    GOOD("[]"),
    GOOD(" \t\r\n{} \t\r\n"),
    GOOD("\"\""),
    GOOD("true"),
    GOOD("false"),
    GOOD("null"),
    GOOD("0"),
    GOOD("[1,2,3]"),
    GOOD("[[],{},[[]]]"),
    GOOD("{\"a\":{\"b\":[{}]}}"),
    GOOD("{ \"a\" : 1 , \"b\" : [ ] }"),
    BAD(0, ""),
    BAD(2, "  "),
    BAD(0, "tru"),
    BAD(4, "truee"),
    BAD(0, "nul"),
    BAD(0, "True"),
    BAD(0, "NaN"),
    BAD(0, "Infinity"),
    BAD(0, "'a'"),
    BAD(0, "a"),
    BAD(0, "\xEF\xBB\xBF{}"),
    BAD(0, "\v{}"),
    BAD(0, "\0{}"),
    BAD(2, "{}\0"),
    BAD(2, "{}{}"),
    BAD(3, "{} x"),
    BAD(2, "{}/* */"),
    BAD(1, "[//\n]"),
    BAD(2, "1 2"),
    BAD(0, "\xC2\xA0{}"),
    /* containers */
    BAD(1, "["),
    BAD(1, "{"),
    BAD(0, "]"),
    BAD(0, "}"),
    BAD(1, "[}"),
    BAD(1, "{]"),
    BAD(2, "[1"),
    BAD(3, "[1,"),
    BAD(3, "[1,]"),
    BAD(1, "[,1]"),
    BAD(1, "[,]"),
    BAD(3, "[1 2]"),
    BAD(3, "[1,,2]"),
    BAD(2, "[1}"),
    BAD(1, "{,}"),
    BAD(7, "{\"a\":1,}"),
    BAD(6, "{\"a\":1]"),
    BAD(4, "{\"a\"}"),
    BAD(5, "{\"a\":}"),
    BAD(5, "{\"a\" 1}"),
    BAD(4, "{\"a\",1}"),
    BAD(1, "{a:1}"),
    BAD(1, "{1:1}"),
    BAD(1, "{null:1}"),
    BAD(5, "{\"a\"::1}"),
    BAD(6, "{\"a\":1\"b\":2}"),
    BAD(6, "{\"a\":1"),
    BAD(1, "{'a':1}"),
    BAD(8, "[[[[[[[["),
    /* numbers */
    GOOD("-0"),
    GOOD("-1"),
    GOOD("0.5"),
    GOOD("1e5"),
    GOOD("1E+5"),
    GOOD("1.25e-3"),
    GOOD("0e0"),
    GOOD("1e308"),
    GOOD("1e-400"),
    GOOD("123456789012345678901234567890"),
    BAD(0, "01"),
    BAD(0, "-01"),
    BAD(0, "00"),
    BAD(0, "+1"),
    BAD(0, ".5"),
    BAD(0, "1."),
    BAD(0, "1.e5"),
    BAD(0, "-"),
    BAD(0, "-a"),
    BAD(0, "1e"),
    BAD(0, "1e+"),
    BAD(0, "--1"),
    BAD(1, "0x1F"),
    BAD(3, "1.5.2"),
    BAD(1, "1a"),
    BAD(0, "1e400"),
    BAD(0, "-1e999999"),
    GOOD("123456789012345678901234567890123456789012345678901234567890123"),
    BAD(0, "1234567890123456789012345678901234567890123456789012345678901234"),
    /* strings */
    GOOD("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    GOOD("\"\\u00e9\\u00E9\""),
    GOOD("\"\\ud83d\\ude00\""),
    GOOD("\"\\uD83D\\uDE00\""),
    GOOD("\"\xC3\xA9\""),
    GOOD("\"\xF0\x9F\x98\x80\""),
    GOOD("\"\x7F\""),
    GOOD("\"\\u0001\""),
    GOOD("\"\xEF\xBF\xBF\""),
    BAD(0, "\""),
    BAD(0, "\"abc"),
    BAD(0, "\"abc\\\""),
    BAD(2, "\"a\nb\""),
    BAD(1, "\"\t\""),
    BAD(1, "\"\x1F\""),
    BAD(1, "\"\0\""),
    BAD(1, "\"\\u0000\""),
    BAD(1, "\"\\x41\""),
    BAD(1, "\"\\'\""),
    BAD(1, "\"\\U0041\""),
    BAD(1, "\"\\u12\""),
    BAD(1, "\"\\u12G4\""),
    BAD(1, "\"\\u"),
    BAD(1, "\"\\"),
    BAD(1, "\"\\ud83d\""),
    BAD(1, "\"\\ude00\""),
    BAD(1, "\"\\ud83dx\""),
    BAD(1, "\"\\ud83d\\n\""),
    BAD(1, "\"\\ud83d\\u0041\""),
    BAD(1, "\"\\ud83d\\ud83d\""),
    BAD(1, "\"\\ud83d\\u\""),
    BAD(1, "\"\\ude00\\ud83d\""),
    BAD(1, "\"\\ud83d\\udeg0\""),
    BAD(1, "\"\x80\""),
    BAD(1, "\"\xC3\""),
    BAD(1, "\"\xC0\x80\""),
    BAD(1, "\"\xE0\x80\x80\""),
    BAD(1, "\"\xED\xA0\x80\""),
    BAD(1, "\"\xF4\x90\x80\x80\""),
    BAD(1, "\"\xFF\""),
    BAD(1, "\"\xF0\x9F\x98\""),
    /* duplicate keys: equal after unescaping, in one object */
    GOOD("{\"a\":1,\"A\":2}"),
    GOOD("{\"a\":{\"a\":{\"a\":1}}}"),
    GOOD("[{\"a\":1},{\"a\":2}]"),
    GOOD("{\"a\":[{\"b\":1},{\"b\":1}],\"b\":2}"),
    GOOD("{\"\":1,\" \":2}"),
    BAD(7, "{\"a\":1,\"a\":2}"),
    BAD(7, "{\"a\":1,\"\\u0061\":2}"),
    BAD(6, "{\"\":1,\"\":2}"),
    BAD(8, "{\"\xC3\xA9\":1,\"\\u00e9\":2}"),
    BAD(10, "{\"\xF0\x9F\x98\x80\":1,\"\\ud83d\\ude00\":2}"),
    BAD(8, "{\"\\n\":1,\"\\u000A\":2}"),
    BAD(8, "{\"\\/\":1,\"/\":2}"),
    BAD(18, "{\"x\":{\"y\":1,\"z\":2,\"y\":3}}"),
    BAD(14, "{\"a\":{\"b\":[]},\"a\":0}"),
};

static void texts_are_accepted_or_refused_where_they_go_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sx_error err = {.offset = -1};
        /* A copy of exactly this size, so that reading past its end is caught. */
        char *copy = mem_alloc(cases[i].len + (cases[i].len == 0));
        memcpy(copy, cases[i].text, cases[i].len);
        sx_status rc = json_scan(str_make(copy, cases[i].len), 1000, &err);
        mem_free(copy);
        if (rc != (cases[i].at < 0 ? SX_OK : SX_EJSON) || err.offset != cases[i].at)
            fail_msg("case %zu <%s>: status %s at %lld, expected %lld (%s)", i, cases[i].text,
                     sx_status_name(rc), (long long)err.offset, (long long)cases[i].at, err.msg);
    }
}

/* Whatever is cut off a text, the scan stays inside what is left. */
static void every_prefix_is_scanned_inside_its_bounds(void **state)
{
    static const char text[] =
        "{\"a\\ud83d\\ude00\":[1.5e3,true,null,\"\\u00e9\xC3\xA9\"],\"b\":-0}";

    (void)state;
    for (size_t len = 0; len < sizeof(text); len++) {
        char *copy = mem_alloc(len + 1);
        memcpy(copy, text, len);
        char *exact = mem_realloc(copy, len == 0 ? 1 : len);
        sx_status rc = json_scan(str_make(exact, len), 1000, NULL);
        assert_int_equal(rc, len == sizeof(text) - 1 ? SX_OK : SX_EJSON);
        mem_free(exact);
    }
}

static void depth_ends_at_its_limit(void **state)
{
    char text[2 * JSON_DEPTH_MAX + 3];
    struct sx_error err;

    (void)state;
    for (size_t depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        sx_status rc = json_scan(str_make(text, 2 * depth), 1000, &err);
        assert_int_equal(rc, depth <= JSON_DEPTH_MAX ? SX_OK : SX_EJSON);
    }
    assert_int_equal(err.offset, JSON_DEPTH_MAX);
}

static void values_are_counted_and_keys_are_not(void **state)
{
    struct sx_str text = str_of("{\"a\":[1,2],\"b\":\"x\"}"); /* five values */

    (void)state;
    assert_int_equal(json_scan(text, 5, NULL), SX_OK);
    assert_int_equal(json_scan(text, 4, NULL), SX_ELIMIT);
}

/* n keys k0, k1 …; the last is `last` when that is not NULL. */
static void many_keys(struct buf *out, size_t n, const char *last)
{
    buf_clear(out);
    buf_putc(out, '{');
    for (size_t i = 0; i + 1 < n; i++)
        buf_printf(out, "\"k%zu\":0,", i);
    buf_printf(out, "\"%s\":0}", last);
    assert_true(buf_ok(out));
}

static void duplicates_are_found_among_any_number_of_keys(void **state)
{
    struct buf text = {0};

    (void)state;
    for (size_t n = 2; n < 60; n++) {
        many_keys(&text, n, "other");
        assert_int_equal(json_scan(buf_str(&text), 1000, NULL), SX_OK);
        many_keys(&text, n, "\\u006b0");
        assert_int_equal(json_scan(buf_str(&text), 1000, NULL), SX_EJSON);
    }
    buf_release(&text);
}

/* Each with each would be 2 * 10^10 comparisons. */
static void many_keys_do_not_take_quadratic_time(void **state)
{
    struct buf text = {0};
    uint64_t begin;

    (void)state;
    many_keys(&text, 200000, "k7");
    begin = clock_now_ns();
    assert_int_equal(json_scan(buf_str(&text), 1000000, NULL), SX_EJSON);
    assert_true(clock_now_ns() - begin < UINT64_C(5000000000));
    buf_release(&text);
}

static void assert_round_trip(const char *text, const char *expected)
{
    struct buf out = {0};
    struct sx_error err;
    cJSON *v;

    assert_int_equal(json_parse(str_of(text), 1000, &v, &err), SX_OK);
    json_print(v, &out);
    assert_string_equal(buf_cstr(&out), expected);
    buf_release(&out);
    cJSON_Delete(v);
}

static void numbers_keep_their_digits(void **state)
{
    (void)state;
    assert_round_trip("[9007199254740993,-9223372036854775808,18446744073709551615]",
                      "[9007199254740993,-9223372036854775808,18446744073709551615]");
    assert_round_trip(
        "{\"1234567890123456789\":\"-1234567890123456789\\\"\",\"b\":[1,0.12345678901234567890]}",
        "{\"1234567890123456789\":\"-1234567890123456789\\\"\",\"b\":[1,0.12345678901234567890]}");
    assert_round_trip("[0,-1,1.50,1e3,1e15,0.1,-0.25e-3]",
                      "[0,-1,1.5,1000,1000000000000000,0.1,-0.00025]");
}

static void strings_are_printed_as_json(void **state)
{
    (void)state;
    assert_round_trip("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\\u00e9\\ud83d\\ude00\x7F\"",
                      "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\xC3\xA9\xF0\x9F\x98\x80\x7F\"");
    assert_round_trip(" { \"a\" : [ ] , \"b\\n\" : { } , \"\" : [ true , false , null ] } ",
                      "{\"a\":[],\"b\\n\":{},\"\":[true,false,null]}");
}

static void doubles_read_back_the_same(void **state)
{
    static const double values[] = {0.1,      1.0 / 3,
                                    11.82,    1e21,
                                    5e-324,   1.7976931348623157e308,
                                    -123.456, 2.5,
                                    1e-7,     9007199254740993.0,
                                    1e300};
    struct buf out = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        buf_clear(&out);
        json_print_double(values[i], &out);
        assert_int_equal(json_scan(buf_str(&out), 1, NULL), SX_OK);
        assert_true(strtod(buf_cstr(&out), NULL) == values[i]);
    }
    buf_clear(&out);
    json_print_double(0.1, &out);
    json_print_double(42, &out);
    json_print_double((double)NAN, &out);
    assert_string_equal(buf_cstr(&out), "0.142null");
    buf_release(&out);
}

static void assert_printed(double v, const char *want)
{
    struct buf out = {0};

    json_print_double(v, &out);
    assert_string_equal(buf_cstr(&out), want);
    buf_release(&out);
}

static void doubles_take_the_fewest_digits(void **state)
{
    uint64_t bits = 1;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        char want[40];
        double v;
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        memcpy(&v, &bits, sizeof(v));
        if (i % 2 == 0) /* as scores are */
            v = (double)(bits >> 40) / (1 + (double)(bits & 0xFFFF));
        if (!isfinite(v) || v == floor(v))
            continue;
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(want, sizeof(want), "%.*g", digits, v);
            if (strtod(want, NULL) == v)
                break;
        }
        assert_printed(v, want);
    }
    assert_printed(0, "0");
    assert_printed(-0.0, "-0");
    assert_printed(-42, "-42");
    assert_printed(9007199254740992.0, "9007199254740992");
    assert_printed(-9007199254740992.0, "-9007199254740992");
    assert_printed(9007199254740994.0, "9007199254740994");
    assert_printed(1e300, "1e+300");
    assert_printed(0x1p149, "7.1362384635298e+44"); /* the nearest of 16 digits is another */
}

static void built_members_are_exact(void **state)
{
    cJSON *obj = cJSON_CreateObject();
    struct buf out = {0};

    (void)state;
    assert_true(json_add_u64(obj, "n", UINT64_MAX));
    assert_true(json_add_str(obj, "s", str_make("abcdef", 3)));
    assert_true(json_add_str(obj, "e", str_make(NULL, 0)));
    json_print(obj, &out);
    assert_string_equal(buf_cstr(&out), "{\"n\":18446744073709551615,\"s\":\"abc\",\"e\":\"\"}");
    buf_release(&out);
    cJSON_Delete(obj);
}

static void getters_leave_defaults_and_name_faults(void **state)
{
    struct sx_str s = str_of("default");
    struct sx_error err;
    uint64_t n = 7;
    bool flag = true;
    cJSON *v;

    (void)state;
    assert_int_equal(
        json_parse(str_of("{\"s\":\"x\",\"n\":10,\"f\":false,\"h\":1.5,\"m\":-1,\"z\":null,"
                          "\"N\":1e300,\"big\":9007199254740992}"),
                   100, &v, &err),
        SX_OK);
    assert_int_equal(json_get_str(v, "absent", &s, &err), SX_OK);
    assert_int_equal(json_get_u64(v, "absent", 0, 9, &n, &err), SX_OK);
    assert_int_equal(json_get_bool(v, "absent", &flag, &err), SX_OK);
    assert_true(str_is(s, "default") && n == 7 && flag);
    assert_int_equal(json_get_str(v, "s", &s, &err), SX_OK);
    assert_int_equal(json_get_u64(v, "n", 0, 10, &n, &err), SX_OK);
    assert_int_equal(json_get_bool(v, "f", &flag, &err), SX_OK);
    assert_true(str_is(s, "x") && n == 10 && !flag);
    assert_int_equal(json_get_u64(v, "big", 0, UINT64_MAX, &n, &err), SX_OK);
    assert_int_equal(n, 9007199254740992);
    assert_int_equal(json_get_u64(v, "n", 0, 9, &n, &err), SX_EREQUEST);
    assert_string_equal(err.param, "n");
    assert_non_null(strstr(err.msg, "0 to 9"));
    assert_int_equal(json_get_u64(v, "n", 11, 20, &n, &err), SX_EREQUEST);
    assert_int_equal(json_get_u64(v, "h", 0, 10, &n, &err), SX_EREQUEST);
    assert_int_equal(json_get_u64(v, "m", 0, 10, &n, &err), SX_EREQUEST);
    assert_int_equal(json_get_u64(v, "N", 0, UINT64_MAX, &n, &err), SX_EREQUEST);
    assert_int_equal(json_get_u64(v, "s", 0, 10, &n, &err), SX_EREQUEST);
    assert_int_equal(json_get_str(v, "z", &s, &err), SX_EREQUEST);
    assert_int_equal(json_get_bool(v, "n", &flag, &err), SX_EREQUEST);
    cJSON_Delete(v);
}

static void parsing_survives_every_failed_allocation(void **state)
{
    static const char text[] = "{\"a\":[1,\"x\",12345678901234567890],\"b\":{\"c\":null}}";
    sx_status rc;
    long n = 0;

    (void)state;
    do {
        cJSON *v = NULL;
        mem_fail_after(n++);
        rc = json_parse(str_of(text), 100, &v, NULL);
        assert_int_equal(rc, mem_failed() ? SX_ENOMEM : SX_OK);
        assert_true((v == NULL) == (rc != SX_OK));
        cJSON_Delete(v);
    } while (rc != SX_OK);
    mem_fail_after(-1);
    assert_true(n > 10);
}

static int set_up(void **state)
{
    (void)state;
    json_init();
    json_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_accepted_or_refused_where_they_go_wrong),
        cmocka_unit_test(every_prefix_is_scanned_inside_its_bounds),
        cmocka_unit_test(depth_ends_at_its_limit),
        cmocka_unit_test(values_are_counted_and_keys_are_not),
        cmocka_unit_test(duplicates_are_found_among_any_number_of_keys),
        cmocka_unit_test(many_keys_do_not_take_quadratic_time),
        cmocka_unit_test(numbers_keep_their_digits),
        cmocka_unit_test(strings_are_printed_as_json),
        cmocka_unit_test(doubles_read_back_the_same),
        cmocka_unit_test(doubles_take_the_fewest_digits),
        cmocka_unit_test(built_members_are_exact),
        cmocka_unit_test(getters_leave_defaults_and_name_faults),
        cmocka_unit_test(parsing_survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
