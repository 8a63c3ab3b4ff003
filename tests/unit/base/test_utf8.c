/* UTF-8 against every code point, every pair of bytes, and the ill-formed sequences that the
 * Unicode standard names. */
#include "index/base/utf8.h"

#include "tests/support/support.h"

/* By the plain definition, surrogates too. */
static size_t define(uint32_t cp, char out[4])
{
    char all[] = {(char)(0xF0 | cp >> 18), (char)(0x80 | (cp >> 12 & 0x3F)),
                  (char)(0x80 | (cp >> 6 & 0x3F)), (char)(0x80 | (cp & 0x3F))};
    size_t size = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;

    memcpy(out, all + 4 - size, size);
    if (size == 1)
        out[0] = (char)cp;
    else if (size < 4)
        out[0] = (char)((size == 2 ? 0xC0 : 0xE0) | cp >> 6 * (size - 1));
    return size;
}

static void every_code_point_reads_back(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp < 0x110000; cp++) {
        char bytes[4];
        char again[4];
        size_t len = define(cp, bytes), size = 0;
        uint32_t got = utf8_next(bytes, len, &size);
        if (cp >= 0xD800 && cp < 0xE000) {
            assert_int_equal(got, 0xFFFD);
            assert_int_equal(size, 1);
            assert_int_equal(utf8_check(bytes, len), 0);
            continue;
        }
        assert_int_equal(got, cp);
        assert_int_equal(utf8_encode(cp, again), len);
        assert_memory_equal(again, bytes, len);
        assert_int_equal(size, len);
        assert_int_equal(utf8_check(bytes, len), len);
        for (size_t cut = 1; cut < len; cut++) { /* cut short: bad from its first byte */
            assert_int_equal(utf8_next(bytes, cut, &size), 0xFFFD);
            assert_int_equal(size, 1);
            assert_int_equal(utf8_floor(bytes, len, cut), 0);
        }
    }
}

static void ill_formed_bytes_are_found(void **state)
{
    static const struct {
        const char *bytes;
        size_t good; /* bytes before the first bad one */
    } rows[] = {
        {"ab\xC0\xAF", 2},
        {"\xC1\xBF", 0},
        {"\xE0\x80\xAF", 0},
        {"\xE0\x9F\xBF", 0},
        {"\xED\xA0\x80", 0},
        {"\xED\xBF\xBF", 0},
        {"\xF0\x8F\xBF\xBF", 0},
        {"\xF4\x90\x80\x80", 0},
        {"\xF5\x80\x80\x80", 0},
        {"\xFF", 0},
        {"\xFE", 0},
        {"\x80", 0},
        {"abcdefgh\xBFijklmnop", 8},
        {"abcdefghijk\xE2\x82", 11},
        {"\xC3\xA9\xE2\x82z", 2},
        {"abcdefg\xC3\xA9\xF0\x9F\x98", 9},
        {"\xF0\x9F\x98\x80\xF0\x9F\x98", 4},
        {"\xC3\xC3\xA9", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(utf8_check(rows[i].bytes, strlen(rows[i].bytes)), rows[i].good);
}

static void nul_is_valid_and_nothing_is_fine(void **state)
{
    (void)state;
    assert_int_equal(utf8_check("a\0b", 3), 3);
    assert_int_equal(utf8_check("", 0), 0);
    assert_int_equal(utf8_check(NULL, 0), 0);
}

/* The bad byte is found wherever it stands to the eight bytes read at once. */
static void a_bad_byte_is_found_at_any_offset(void **state)
{
    char bytes[40];

    (void)state;
    for (size_t len = 1; len <= sizeof(bytes); len++)
        for (size_t at = 0; at < len; at++) {
            memset(bytes, 'x', len);
            bytes[at] = (char)0x80;
            assert_int_equal(utf8_check(bytes, len), at);
        }
}

static void floor_steps_back_to_a_code_point(void **state)
{
    const char *text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z"; /* 1, 2, 3, 4 and 1 bytes */
    static const size_t want[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};

    (void)state;
    for (size_t at = 0; at < sizeof(want) / sizeof(want[0]); at++)
        assert_int_equal(utf8_floor(text, 11, at), want[at]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_reads_back),
        cmocka_unit_test(ill_formed_bytes_are_found),
        cmocka_unit_test(nul_is_valid_and_nothing_is_fine),
        cmocka_unit_test(a_bad_byte_is_found_at_any_offset),
        cmocka_unit_test(floor_steps_back_to_a_code_point),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
