/* Slots: what one list has left in them, the next does not find. */
#include "index/base/pool.h"
#include "index/blockmax/source.h"
#include "tests/support/support.h"

/* Impacts by document up to `used`, as a dense list leaves them, and one document behind. */
static void a_cleared_slot_is_empty(void **state)
{
    struct pool mem = {0};
    struct slot s;

    (void)state;
    assert_true(slot_init(&s, 1, &mem));
    memset(s.impacts, 9, 64);
    s.used = 64;
    slot_join(&s, 100, 5);
    assert_null(slot_loaded(&s).docs);
    slot_clear(&s);
    for (size_t i = 0; i < 200; i++)
        assert_int_equal(s.impacts[i], 0);
    slot_join(&s, 100, 7);
    slot_join(&s, 3, 2);
    struct loaded in = slot_loaded(&s);
    assert_int_equal(in.count, 2);
    assert_int_equal(in.docs[0], 100);
    assert_int_equal(in.impacts[100], 7);
    pool_release(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_cleared_slot_is_empty)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
