/* What a transaction adds and takes away, term by term. */
#include "index/store/deltas.h"

#include "index/base/alloc.h"
#include "index/base/hash.h"
#include "index/base/str.h"
#include "tests/support/support.h"

static const struct delta *of(const struct deltas *d, const char *term)
{
    return deltas_find(d, str_of(term), hash_bytes(term, strlen(term)));
}

static void assert_delta(const struct deltas *d, const char *term, int64_t n, int64_t f)
{
    const struct delta *have = of(d, term);

    assert_non_null(have);
    assert_int_equal(have->n, n);
    assert_int_equal(have->f, f);
}

static void feed(struct deltas *d, int sign, const char *const *terms)
{
    deltas_begin(d, sign);
    for (; *terms != NULL; terms++)
        assert_int_equal(deltas_add(d, str_of(*terms)), 0);
}

static void documents_and_occurrences_are_counted(void **state)
{
    struct deltas d = {0};

    (void)state;
    assert_null(of(&d, "a"));
    feed(&d, +1, (const char *const[]){"a", "b", "a", "a", NULL});
    feed(&d, +1, (const char *const[]){"b", NULL});
    feed(&d, -1, (const char *const[]){"a", "c", "a", NULL});
    assert_delta(&d, "a", 0, 1);
    assert_delta(&d, "b", 2, 2);
    assert_delta(&d, "c", -1, -1);
    assert_null(of(&d, "d"));
    assert_null(of(&d, ""));
    deltas_release(&d);
}

static void clearing_forgets_all(void **state)
{
    struct deltas d = {0};

    (void)state;
    feed(&d, +1, (const char *const[]){"a", NULL});
    deltas_clear(&d);
    assert_null(of(&d, "a"));
    feed(&d, +1, (const char *const[]){"a", NULL});
    assert_delta(&d, "a", 1, 1);
    deltas_release(&d);
    deltas_clear(&d);
    deltas_release(&d);
}

/* Past the size at which the table is given back. */
static void many_terms_grow_the_table(void **state)
{
    struct deltas d = {0};
    char term[16];

    (void)state;
    for (int round = 0; round < 2; round++) {
        deltas_begin(&d, +1);
        for (int i = 0; i < 200000; i++) {
            snprintf(term, sizeof(term), "t%d", i);
            assert_int_equal(deltas_add(&d, str_of(term)), 0);
        }
        assert_int_equal(d.count, 200000);
        for (int i = 0; i < 200000; i += 997) {
            snprintf(term, sizeof(term), "t%d", i);
            assert_delta(&d, term, 1, 1);
        }
        deltas_clear(&d);
        assert_null(of(&d, "t0"));
    }
    deltas_release(&d);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    for (long n = 0; n < 3; n++) { /* table and list, the copy of the term */
        struct deltas d = {0};

        deltas_begin(&d, +1);
        mem_fail_after(n);
        assert_int_equal(deltas_add(&d, str_of("a")), -1);
        mem_fail_after(-1);
        assert_null(of(&d, "a"));
        assert_int_equal(deltas_add(&d, str_of("a")), 0);
        assert_delta(&d, "a", 1, 1);
        deltas_release(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_and_occurrences_are_counted),
        cmocka_unit_test(clearing_forgets_all),
        cmocka_unit_test(many_terms_grow_the_table),
        cmocka_unit_test(memory_may_run_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
