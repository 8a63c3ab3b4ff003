/* The growing array: elements never move, and what was never made is told. */
#include "index/store/chunks.h"

#include "index/base/alloc.h"
#include "tests/support/support.h"

static void elements_stay_where_they_are(void **state)
{
    static const uint64_t at[] = {
        0, 1, CHUNK_ITEMS - 1, CHUNK_ITEMS, 5 * CHUNK_ITEMS + 7, CHUNK_ITEMS * CHUNKS_MAX - 1};
    uint64_t *made[6];
    struct chunks c;

    (void)state;
    assert_int_equal(chunks_init(&c, sizeof(uint64_t)), 0);
    for (size_t i = 0; i < 6; i++) {
        made[i] = chunks_at(&c, at[i]);
        assert_non_null(made[i]);
        assert_int_equal(*made[i], 0);
        *made[i] = at[i] + 1;
    }
    for (size_t i = 0; i < 6; i++) {
        assert_ptr_equal(chunks_get(&c, at[i]), made[i]);
        assert_ptr_equal(chunks_at(&c, at[i]), made[i]);
        assert_int_equal(*made[i], at[i] + 1);
    }
    chunks_release(&c);
}

static void what_was_never_made_is_not_there(void **state)
{
    struct chunks c;

    (void)state;
    assert_int_equal(chunks_init(&c, 4), 0);
    assert_null(chunks_get(&c, 0));
    assert_non_null(chunks_at(&c, 0));
    assert_non_null(chunks_get(&c, CHUNK_ITEMS - 1));
    assert_null(chunks_get(&c, CHUNK_ITEMS));
    assert_null(chunks_at(&c, CHUNK_ITEMS * CHUNKS_MAX));
    assert_null(chunks_get(&c, CHUNK_ITEMS * CHUNKS_MAX));
    assert_null(chunks_get(&c, UINT64_MAX));
    chunks_release(&c);
    chunks_release(&c);
}

static void memory_may_run_out(void **state)
{
    struct chunks c = {0};

    (void)state;
    mem_fail_after(0);
    assert_int_equal(chunks_init(&c, 4), -1);
    chunks_release(&c);
    mem_fail_after(-1);
    assert_int_equal(chunks_init(&c, 4), 0);
    mem_fail_after(0);
    assert_null(chunks_at(&c, 3));
    mem_fail_after(-1);
    assert_null(chunks_get(&c, 3));
    assert_non_null(chunks_at(&c, 3));
    chunks_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_stay_where_they_are),
        cmocka_unit_test(what_was_never_made_is_not_there),
        cmocka_unit_test(memory_may_run_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
