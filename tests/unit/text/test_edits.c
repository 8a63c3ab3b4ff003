/* Edit distance, against the whole table of it. */
#include "tests/support/support.h"

#include "index/base/str.h"
#include "index/text/edits.h"

static unsigned between(const char *a, const char *b, unsigned max)
{
    struct edits_word x, y;

    assert_int_equal(edits_word(&x, str_of(a)), 0);
    assert_int_equal(edits_word(&y, str_of(b)), 0);
    return edits_between(&x, &y, max);
}

static void edits_are_of_code_points(void **state)
{
    (void)state;
    assert_int_equal(between("harbour", "harbour", 2), 0);
    assert_int_equal(between("harbour", "harbor", 2), 1);
    assert_int_equal(between("harbor", "harbour", 1), 1);
    assert_int_equal(between("harbour", "hrabour", 1), 1); /* neighbours exchanged */
    assert_int_equal(between("harbour", "xarbuor", 2), 2);
    assert_int_equal(between("harbour", "arbours", 2), 2);
    assert_int_equal(between("harbour", "arbor", 1), 2); /* more than asked for */
    assert_int_equal(between("harbour", "labour", 2), 2);
    assert_int_equal(between("harbour", "museum", 2), 3);
    assert_int_equal(between("москва", "маскво", 2), 2);
    assert_int_equal(between("", "ab", 2), 2);
    assert_int_equal(between("", "", 2), 0);
    assert_int_equal(between("ab", "", 1), 2);
}

static void long_words_have_none(void **state)
{
    struct edits_word w;
    char text[EDITS_POINTS_MAX + 2];

    (void)state;
    memset(text, 'a', sizeof(text));
    assert_int_equal(edits_word(&w, str_make(text, EDITS_POINTS_MAX)), 0);
    assert_int_equal(edits_word(&w, str_make(text, EDITS_POINTS_MAX + 1)), -1);
}

/* ---- against the whole table ------------------------------------------------------------------- */

static uint32_t seed = 88172645;

static uint32_t pick(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % n;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned table(const struct edits_word *a, const struct edits_word *b)
{
    unsigned d[16][16];

    for (uint32_t i = 0; i <= a->count; i++) {
        for (uint32_t j = 0; j <= b->count; j++) {
            d[i][j] = i == 0 ? j : j == 0 ? i : 99;
            if (i == 0 || j == 0)
                continue;
            d[i][j] = least(d[i - 1][j] + 1, d[i][j - 1] + 1);
            d[i][j] = least(d[i][j], d[i - 1][j - 1] + (a->points[i - 1] != b->points[j - 1]));
            if (i > 1 && j > 1 && a->points[i - 1] == b->points[j - 2] &&
                a->points[i - 2] == b->points[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[a->count][b->count];
}

static void random_word(char *out)
{
    uint32_t len = pick(10);

    for (uint32_t i = 0; i < len; i++)
        out[i] = "abc@"[pick(4)]; /* the letter @ has the bit of the second a */
    out[len] = '\0';
}

static void any_words_are_as_far_as_the_table_says(void **state)
{
    (void)state;
    for (int round = 0; round < 200000; round++) {
        char a[16], b[16];
        struct edits_word x, y;
        unsigned max = 1 + pick(2);

        random_word(a);
        random_word(b);
        edits_word(&x, str_of(a));
        edits_word(&y, str_of(b));
        unsigned want = least(table(&x, &y), max + 1), got = edits_between(&x, &y, max);
        if (got != want)
            fail_msg("%s and %s: %u, not %u", a, b, got, want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edits_are_of_code_points),
        cmocka_unit_test(long_words_have_none),
        cmocka_unit_test(any_words_are_as_far_as_the_table_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
