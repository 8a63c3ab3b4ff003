/* The formula against figures worked out by hand from what score.h says. */
#include "index/rank/score.h"

#include <math.h>

#include "tests/support/support.h"

static void assert_near(double have, double want)
{
    if (fabs(have - want) > 1e-12 * fmax(1, fabs(want)))
        fail_msg("%.17g, expected %.17g", have, want);
}

static void weight_is_idf_times_burst(void **state)
{
    (void)state;
    /* 10 documents, 2 hold it, 3 times in all: ln(1 + 8.5 / 2.5) * 2^1.5 */
    assert_near(score_weight(10, (struct term_counts){2, 3}), log(4.4) * pow(2, 1.5));
    /* as often as documents: (2 + 1) / 2 */
    assert_near(score_weight(10, (struct term_counts){2, 2}), log(4.4) * pow(1.5, 1.5));
}

static void burst_is_capped(void **state)
{
    (void)state;
    assert_near(score_weight(10, (struct term_counts){2, 7}), log(4.4) * 8);
    assert_near(score_weight(10, (struct term_counts){2, 1000000}), log(4.4) * 8);
}

static void weight_is_never_negative(void **state)
{
    (void)state;
    assert_true(score_weight(10, (struct term_counts){10, 10}) > 0);
    assert_true(score_weight(1, (struct term_counts){1, 1}) > 0);
    assert_near(score_weight(10, (struct term_counts){0, 0}), 0);
}

static void rarer_words_weigh_more(void **state)
{
    (void)state;
    for (uint64_t n = 1; n < 100; n++)
        assert_true(score_weight(100, (struct term_counts){n, n * 4}) >
                    score_weight(100, (struct term_counts){n + 1, (n + 1) * 4}));
}

static void title_counts_three_times(void **state)
{
    (void)state;
    assert_near(score_combined(2, 5), 11);
    assert_near(score_combined(0, UINT32_MAX), 4294967295.0);
}

static void leaf_saturates_and_long_texts_count_less(void **state)
{
    double average = score_length_norm(100, 100);

    (void)state;
    assert_near(average, 1);
    assert_near(score_length_norm(200, 100), 1.6);
    assert_near(score_leaf(1, 2, 3, average), 2 * 2.2 * 3 / 4.2);
    assert_near(score_leaf(3, 2, 3, average), 3 * 2 * 2.2 * 3 / 4.2);
    assert_near(score_leaf(1, 2, 0, average), 0);
    assert_true(score_leaf(1, 2, 1e9, average) < 2 * 2.2);
    assert_true(score_leaf(1, 2, 3, 1.6) < score_leaf(1, 2, 3, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weight_is_idf_times_burst),
        cmocka_unit_test(burst_is_capped),
        cmocka_unit_test(weight_is_never_negative),
        cmocka_unit_test(rarer_words_weigh_more),
        cmocka_unit_test(title_counts_three_times),
        cmocka_unit_test(leaf_saturates_and_long_texts_count_less),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
