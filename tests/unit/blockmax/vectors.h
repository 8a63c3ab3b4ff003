/* The same tests with narrow vectors, or none, and with wide ones, where the machine has them. */
#ifndef TESTS_BLOCKMAX_VECTORS_H
#define TESTS_BLOCKMAX_VECTORS_H

#include <stdbool.h>

#include "tests/support/support.h"

static bool (*vectors_widen)(bool want);

static inline int vectors_narrowed(void **state)
{
    (void)state;
    return vectors_widen(false) ? -1 : 0;
}

static inline int vectors_widened(void **state)
{
    (void)state;
    return vectors_widen(true) ? 0 : -1;
}

/* Returns how many failed. */
static inline int run_with_vectors(bool (*widen)(bool want), const struct CMUnitTest *tests,
                                   size_t count)
{
    vectors_widen = widen;
    int failed = _cmocka_run_group_tests("narrow vectors", tests, count, vectors_narrowed, NULL);

    if (widen(true))
        return failed +
               _cmocka_run_group_tests("wide vectors", tests, count, vectors_widened, NULL);
    printf("SKIPPED: this machine has no such wide vectors\n");
    return failed;
}

#endif
