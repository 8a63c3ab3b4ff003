/* Words close together, against the plainest way of counting. */
#include "tests/support/support.h"

#include <stdbool.h>

#include "index/rank/proximity.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct place_list list(const uint32_t *at, size_t count, uint32_t span)
{
    return (struct place_list){at, count, span};
}

static void clumps_are_counted_from_the_left(void **state)
{
    static const uint32_t a[] = {0, 10, 12, 30}, b[] = {5, 11, 40};
    struct place_list ab[] = {list(a, 4, 1), list(b, 3, 1)};
    struct place_list aa[] = {list(a, 4, 1), list(a, 4, 1)};

    (void)state;
    assert_int_equal(proximity_clumps(ab, 2, 3), 1); /* 10 11; 0 and 5 have four between them */
    assert_int_equal(proximity_clumps(ab, 2, 4), 2); /* 0 5, 10 11 */
    assert_int_equal(proximity_clumps(ab, 2, 0), 1);
    assert_int_equal(proximity_clumps(ab, 2, 9), 3); /* 0 5, 10 11, 30 40 */
    assert_int_equal(proximity_clumps(aa, 2, 0), 0);
    assert_int_equal(proximity_clumps(aa, 2, 1), 1); /* 10 12 */
    assert_int_equal(proximity_clumps(ab, 1, 0), 4);
    ab[1].count = 0;
    assert_int_equal(proximity_clumps(ab, 2, 100), 0);
}

static void phrases_cover_what_they_cover(void **state)
{
    static const uint32_t phrase[] = {0}, word[] = {5}, inside[] = {1};
    struct place_list far[] = {list(phrase, 1, 3), list(word, 1, 1)};
    struct place_list near[] = {list(phrase, 1, 3), list(inside, 1, 1)};

    (void)state;
    assert_int_equal(proximity_clumps(far, 2, 1), 0); /* two words between */
    assert_int_equal(proximity_clumps(far, 2, 2), 1);
    assert_int_equal(proximity_clumps(near, 2, 0), 1);
    assert_int_equal(proximity_adjacent(&far[0], &near[1]), 0);
}

static void what_follows_directly_is_adjacent(void **state)
{
    static const uint32_t a[] = {0, 4, 8, UINT32_MAX}, b[] = {1, 5, 6, 10};
    struct place_list left = list(a, 4, 1), right = list(b, 4, 1), pair = list(a, 3, 2);

    (void)state;
    assert_int_equal(proximity_adjacent(&left, &right), 2);
    assert_int_equal(proximity_adjacent(&pair, &right), 2); /* 4 6, 8 10 */
    assert_int_equal(proximity_adjacent(&right, &left), 0);
}

/* ---- against a naive count ------------------------------------------------------------------- */

static uint32_t seed = 2463534242;

static uint32_t pick(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % n;
}

/* Whether lists[i..n) can each give a place that ends by `end`, begins at or behind `from`, and
 * makes a stretch from `low` to `end` of at most `width`; `last`: one ends there. */
static bool choose(const struct place_list *of, size_t n, size_t i, uint64_t from, uint64_t low,
                   uint64_t end, uint64_t width, bool last, const uint32_t **used)
{
    if (i == n)
        return last && end - low <= width;
    for (size_t k = 0; k < of[i].count; k++) {
        uint64_t at = of[i].at[k], to = at + of[i].span;
        bool taken = false;
        for (size_t j = 0; j < i; j++)
            taken = taken || used[j] == &of[i].at[k];
        if (taken || at < from || to > end)
            continue;
        used[i] = &of[i].at[k];
        if (choose(of, n, i + 1, from, at < low ? at : low, end, width, last || to == end, used))
            return true;
    }
    return false;
}

static uint32_t naive(const struct place_list *of, size_t n, uint32_t distance)
{
    const uint32_t *used[PROXIMITY_LEAVES_MAX];
    uint64_t width = distance;
    uint64_t from = 0;
    uint32_t clumps = 0;

    for (size_t i = 0; i < n; i++)
        width += of[i].span;
    for (uint64_t end = 1; end < 40; end++) {
        if (choose(of, n, 0, from, end, end, width, false, used)) {
            clumps++;
            from = end;
        }
    }
    return clumps;
}

static void any_lists_are_counted_as_the_naive_way_does(void **state)
{
    (void)state;
    for (int round = 0; round < 20000; round++) {
        uint32_t at[4][12];
        struct place_list of[4];
        size_t n = 1 + pick(4);
        uint32_t distance = pick(8);

        for (size_t i = 0; i < n; i++) {
            of[i] = list(at[i], 0, 1 + (pick(4) == 0 ? pick(3) : 0));
            for (uint32_t p = 0; p < 30 && of[i].count < 12; p++)
                if (pick(6) == 0)
                    at[i][of[i].count++] = p;
            if (i > 0 && pick(8) == 0)
                of[i] = of[0]; /* the same leaf once more */
        }
        uint32_t got = proximity_clumps(of, n, distance), want = naive(of, n, distance);
        if (got != want)
            fail_msg("round %d: %u clumps, not %u", round, got, want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clumps_are_counted_from_the_left),
        cmocka_unit_test(phrases_cover_what_they_cover),
        cmocka_unit_test(what_follows_directly_is_adjacent),
        cmocka_unit_test(any_lists_are_counted_as_the_naive_way_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
