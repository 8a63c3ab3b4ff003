/* The greatest of some numbers against a sort of them all. */
#include "index/blockmax/greatest.h"

#include <stdlib.h>

#include "tests/support/support.h"
#include "tests/unit/blockmax/random.h"

#define NUMBERS 300

static int falling(const void *a, const void *b)
{
    const float *x = a, *y = b;

    return (*x < *y) - (*x > *y);
}

/* Of few different ones, and of many. */
static void the_last_is_that_of_a_sort(void **state)
{
    float numbers[NUMBERS], sorted[NUMBERS];
    struct greatest g;

    (void)state;
    for (int round = 0; round < 300; round++) {
        size_t keep = pick(GREATEST_MOST + 1);
        uint32_t different = 1 + pick(pick(2) == 0 ? 5 : 100000);
        greatest_begin(&g, keep);
        for (size_t n = 0; n < NUMBERS; n++) {
            numbers[n] = (float)pick(different) - 2;
            greatest_add(&g, numbers[n]);
            memcpy(sorted, numbers, sizeof(sorted));
            qsort(sorted, n + 1, sizeof(*sorted), falling);
            float want = keep == 0 || n + 1 < keep ? -100 : sorted[keep - 1];
            assert_true(greatest_last(&g, -100) == want);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_last_is_that_of_a_sort)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
