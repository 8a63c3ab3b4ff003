/* What so many scores reach, by a histogram, against a sort of them all: never more, and less by no more than a
 * step. */
#include "index/blockmax/histogram.h"

#include <stdlib.h>

#include "tests/support/support.h"
#include "tests/unit/blockmax/random.h"

#define SCORES 700
#define NONE (-1.0f)

static int falling(const void *a, const void *b)
{
    const float *x = a, *y = b;

    return (*x < *y) - (*x > *y);
}

/* Of few different ones, and of many; some are less than nothing, or more than there should be. */
static float draw(uint32_t different, float most)
{
    if (pick(50) == 0)
        return pick(2) == 0 ? -most : 1.01f * most;
    return most * (float)pick(different) / (float)different;
}

static void as_a_sort_tells(void **unused)
{
    float scores[SCORES], sorted[SCORES];
    struct histogram h;

    (void)unused;
    for (int round = 0; round < 300; round++) {
        uint32_t keep = 1 + pick(pick(2) == 0 ? 12 : HISTOGRAM_KEEP);
        uint32_t different = 1 + pick(pick(2) == 0 ? 5 : 1000000);
        float most = (float)(1 + pick(100000)) / 317, before = NONE;
        histogram_begin(&h, keep, most);
        for (size_t n = 0; n < SCORES; n++) {
            scores[n] = draw(different, most);
            histogram_add(&h, scores[n]);
            float reached = histogram_reached(&h, NONE);
            if (n + 1 < keep) {
                assert_true(reached == NONE);
                continue;
            }
            memcpy(sorted, scores, sizeof(sorted));
            qsort(sorted, n + 1, sizeof(*sorted), falling);
            float last = sorted[keep - 1] < 0      ? 0
                         : sorted[keep - 1] > most ? most
                                                   : sorted[keep - 1];
            assert_true(reached >= 0 && reached >= before && reached <= last);
            assert_true(reached > last - 1.01f * most / HISTOGRAM_STEPS);
            before = reached;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_a_sort_tells)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
