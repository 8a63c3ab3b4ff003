/* Grapheme clusters, as ICU's own iterator has them. */
#include "tests/support/support.h"

#include <unicode/ubrk.h>
#include <unicode/utext.h>

#include "index/base/utf8.h"
#include "index/text/grapheme.h"

/* Pieces that join in every way the rules know. */
static const uint32_t points[] = {
    'a',    'b',    ' ',   '\r',   '\n',    0x301,   0x308,   0x200d, 0x200b, 0x1f468, 0x1f3fd,
    0x2764, 0xfe0f, 0x915, 0x93f,  0x94d,   0x937,   0xe01,   0xe33,  0x1100, 0x1161,  0x11a8,
    0xac00, 0xac01, 0x600, 0x0d4e, 0x1f1e9, 0x1f1ea, 0x1f1eb, 0x4e2d, 0x5d0,  0x5b0,
};

static uint32_t seed = 362436069;

static uint32_t pick(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % n;
}

static void check(UBreakIterator *it, const char *text, size_t len)
{
    UErrorCode code = U_ZERO_ERROR;
    UText *ut = utext_openUTF8(NULL, text, (int64_t)len, &code);
    size_t floor = 0;

    ubrk_setUText(it, ut, &code);
    assert_true(U_SUCCESS(code));
    for (size_t at = 0; at <= len; at++) {
        if (ubrk_isBoundary(it, (int32_t)at) && utf8_floor(text, len, at) == at)
            floor = at;
        if (grapheme_floor(text, len, at) != floor)
            fail_msg("at %zu of \"%.*s\": %zu, not %zu", at, (int)len, text,
                     grapheme_floor(text, len, at), floor);
    }
    for (size_t at = len, ceil = len; at-- > 0;) {
        if (ubrk_isBoundary(it, (int32_t)at) && utf8_floor(text, len, at) == at)
            ceil = at;
        if (utf8_floor(text, len, at) == at)
            assert_int_equal(grapheme_ceil(text, len, at), ceil);
    }
    utext_close(ut);
}

static void clusters_are_those_of_icu(void **state)
{
    UErrorCode code = U_ZERO_ERROR;
    UBreakIterator *it = ubrk_open(UBRK_CHARACTER, "", NULL, 0, &code);

    (void)state;
    assert_true(U_SUCCESS(code));
    for (int round = 0; round < 20000; round++) {
        char text[64];
        size_t len = 0;

        for (uint32_t n = pick(14); n > 0; n--)
            len += utf8_encode(points[pick(sizeof(points) / sizeof(points[0]))], text + len);
        check(it, text, len);
    }
    ubrk_close(it);
}

/* What is longer than any cluster of a language is cut all the same. */
static void endless_clusters_are_cut(void **state)
{
    char text[1 + 2 * 1000];

    (void)state;
    text[0] = 'e';
    for (size_t i = 0; i < 1000; i++)
        utf8_encode(0x301, text + 1 + 2 * i);
    assert_int_equal(grapheme_floor(text, sizeof(text), 101), 0);
    assert_int_equal(grapheme_floor(text, sizeof(text), 1500), 1499);
    assert_int_equal(grapheme_floor(text, sizeof(text), sizeof(text)), sizeof(text));
    assert_int_equal(grapheme_floor("", 0, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clusters_are_those_of_icu),
        cmocka_unit_test(endless_clusters_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
