/* The heap against a sort of everything. */
#include "index/rank/topk.h"

#include "index/base/alloc.h"
#include "index/base/date.h"
#include "tests/support/support.h"

#define HITS 200

static enum topk_sort sorting; /* of by_order() */

static int by_order(const void *a, const void *b)
{
    return topk_before(sorting, a, b) ? -1 : 1;
}

/* Few scores, dates and tiers, so that many tie; rowids are all different. */
static void make_hits(struct ranked *hits, uint32_t seed)
{
    for (int64_t i = 0; i < HITS; i++) {
        uint32_t r = seed = seed * 1664525 + 1013904223;

        hits[i] = (struct ranked){.score = r >> 8 & 3,
                                  .at = (r >> 12 & 3) == 0 ? DATE_NONE : (int64_t)(r >> 14 & 3) - 2,
                                  .rowid = (i * 7919 + seed % 3) % 100003,
                                  .tier = r >> 20 & 1};
    }
}

static void compare_with_sort(size_t k, enum topk_sort sort, uint32_t seed)
{
    struct ranked all[HITS], of_slot[HITS];
    struct topk t;
    size_t want = k < HITS ? k : HITS;

    make_hits(all, seed);
    assert_true(topk_init(&t, k, sort));
    for (size_t i = 0; i < HITS; i++) {
        if (!topk_would_keep(&t, &all[i]))
            continue;
        uint32_t slot = topk_add(&t, all[i]);
        assert_true(slot < want);
        of_slot[slot] = all[i];
    }
    topk_finish(&t);
    sorting = sort;
    qsort(all, HITS, sizeof(all[0]), by_order);
    assert_int_equal(t.count, want);
    for (size_t i = 0; i < want; i++) {
        assert_int_equal(t.heap[i].rowid, all[i].rowid);
        assert_int_equal(of_slot[t.heap[i].slot].rowid, all[i].rowid);
    }
    topk_release(&t);
}

/* What was kept is sorted anew once its scores are others. */
static void changed_scores_are_sorted(void **state)
{
    struct ranked all[HITS];
    struct topk t;

    (void)state;
    for (uint32_t seed = 0; seed < 20; seed++) {
        make_hits(all, seed);
        assert_true(topk_init(&t, HITS / 2, TOPK_SCORE));
        for (size_t i = 0; i < HITS; i++)
            if (topk_would_keep(&t, &all[i]))
                topk_add(&t, all[i]);
        for (size_t i = 0; i < t.count; i++)
            t.heap[i].score += (double)(t.heap[i].rowid * 31 % 7);
        memcpy(all, t.heap, t.count * sizeof(*all));
        topk_finish(&t);
        sorting = TOPK_SCORE;
        qsort(all, t.count, sizeof(all[0]), by_order);
        for (size_t i = 0; i < t.count; i++)
            assert_int_equal(t.heap[i].rowid, all[i].rowid);
        topk_release(&t);
    }
}

static void keeps_the_first_of_the_sorted_list(void **state)
{
    static const size_t sizes[] = {0, 1, 2, 3, 10, 64, HITS - 1, HITS, HITS + 50};

    (void)state;
    for (uint32_t seed = 1; seed <= 20; seed++)
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
            for (int sort = TOPK_SCORE; sort <= TOPK_DATE_DOWN; sort++)
                compare_with_sort(sizes[i], (enum topk_sort)sort, seed);
}

static void assert_before(enum topk_sort sort, struct ranked a, struct ranked b)
{
    assert_true(topk_before(sort, &a, &b));
    assert_false(topk_before(sort, &b, &a));
}

static void order_is_tier_key_date_row(void **state)
{
    struct ranked base = {.score = 1, .at = 50, .rowid = 5, .tier = 0};
    struct ranked other = base;

    (void)state;
    other.tier = 1;
    other.score = 9;
    assert_before(TOPK_SCORE, base, other);
    assert_before(TOPK_DATE_UP, base, other);
    other = base;
    other.score = 2;
    other.at = 1;
    assert_before(TOPK_SCORE, other, base);
    assert_before(TOPK_DATE_DOWN, base, other);
    assert_before(TOPK_DATE_UP, other, base);
    other = base;
    other.at = 51;
    assert_before(TOPK_SCORE, other, base);
    other.at = DATE_NONE;
    assert_before(TOPK_SCORE, base, other);
    assert_before(TOPK_DATE_UP, base, other);
    assert_before(TOPK_DATE_DOWN, base, other);
    other = base;
    other.rowid = 6;
    assert_before(TOPK_SCORE, base, other);
    assert_before(TOPK_DATE_UP, base, other);
    assert_false(topk_before(TOPK_SCORE, &base, &base));
}

static void memory_may_run_out(void **state)
{
    struct topk t;

    (void)state;
    mem_fail_after(0);
    assert_false(topk_init(&t, 10, TOPK_SCORE));
    mem_fail_after(-1);
    topk_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_first_of_the_sorted_list),
        cmocka_unit_test(changed_scores_are_sorted),
        cmocka_unit_test(order_is_tier_key_date_row),
        cmocka_unit_test(memory_may_run_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
