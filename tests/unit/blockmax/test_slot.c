/* Slots: what one list has left in them, the next does not find. */
#include "index/base/pool.h"
#include "index/blockmax/impacts.h"
#include "index/blockmax/source.h"
#include "tests/support/support.h"

/* Impacts by document from the first on, as a dense list leaves them, and one document behind. */
static void a_cleared_slot_is_empty(void **state)
{
    struct pool mem = {0};
    struct slot s;

    (void)state;
    assert_true(slot_init(&s, 1, &mem));
    assert_false(s.used);
    memset(s.impacts, 9, 64);
    slot_join(&s, RANGE_DOCS - 1, 5);
    assert_true(s.used);
    slot_clear(&s);
    for (size_t i = 0; i < RANGE_DOCS; i++)
        assert_int_equal(s.impacts[i], 0);
    slot_join(&s, 100, 7);
    slot_join(&s, 3, 2);
    slot_join(&s, 100, 20);
    assert_int_equal(s.impacts[100], impact_join(7, 20));
    assert_int_equal(s.impacts[3], 2);
    pool_release(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_cleared_slot_is_empty)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
