/* What memory keeps of documents: rows by id, names once. */
#include "index/store/doctable.h"

#include "index/base/alloc.h"
#include "index/base/date.h"
#include "index/base/str.h"
#include "index/text/analyzer.h"
#include "tests/support/support.h"

static struct analyzer *an;

static void a_name_is_kept_once(void **state)
{
    struct doctable t;

    (void)state;
    assert_int_equal(doctable_init(&t), 0);
    uint32_t guardian = doctable_name(&t, str_of("The Guardian"), an);
    uint32_t lower = doctable_name(&t, str_of("the guardian"), an);
    assert_true(guardian != 0 && lower != 0 && guardian != lower);
    assert_int_equal(doctable_name(&t, str_of("The Guardian"), an), guardian);
    assert_true(str_is(doctable_name_get(&t, guardian)->text, "The Guardian"));
    assert_true(str_is(doctable_name_get(&t, guardian)->words, "\1the\1guardian\1"));
    assert_int_equal(doctable_name(&t, str_of(NULL), an), 0);
    assert_int_equal(doctable_name(&t, str_of(""), an), 0);
    assert_null(doctable_name_get(&t, 0));
    uint32_t dots = doctable_name(&t, str_of("..."), an);
    assert_true(str_is(doctable_name_get(&t, dots)->words, "\1"));
    doctable_release(&t);
}

static void many_names_keep_their_numbers(void **state)
{
    struct doctable t;
    char text[16];

    (void)state;
    assert_int_equal(doctable_init(&t), 0);
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 1; i <= 3000; i++) {
            snprintf(text, sizeof(text), "name %u", i);
            assert_int_equal(doctable_name(&t, str_of(text), an), i);
        }
    }
    assert_true(str_is(doctable_name_get(&t, 1)->text, "name 1"));
    assert_true(str_is(doctable_name_get(&t, 3000)->text, "name 3000"));
    doctable_release(&t);
}

static void rows_are_kept_by_id(void **state)
{
    struct doctable t;
    struct docrow row = {
        .at = -5, .title_len = 1, .body_len = 2, .source = 3, .lang = 4, .type = 5};
    struct docrow other = {.at = DATE_NONE};

    (void)state;
    assert_int_equal(doctable_init(&t), 0);
    assert_null(doctable_get(&t, 1));
    assert_int_equal(doctable_set(&t, 1, &row), 0);
    const struct docrow *first = doctable_get(&t, 1);
    assert_int_equal(doctable_set(&t, 200000, &other), 0);
    assert_ptr_equal(doctable_get(&t, 1), first);
    assert_memory_equal(first, &row, sizeof(row));
    assert_int_equal(doctable_get(&t, 200000)->at, DATE_NONE);
    assert_null(doctable_get(&t, 100000));
    assert_null(doctable_get(&t, -1));
    assert_int_equal(doctable_set(&t, -1, &row), -1);
    doctable_release(&t);
}

static void memory_may_run_out(void **state)
{
    struct doctable t;
    struct docrow row = {0};

    (void)state;
    for (long n = 0; n < 3; n++) {
        mem_fail_after(n);
        assert_int_equal(doctable_init(&t), -1);
        mem_fail_after(-1);
        doctable_release(&t);
    }
    assert_int_equal(doctable_init(&t), 0);
    uint32_t got = UINT32_MAX;
    for (long n = 0; got == UINT32_MAX; n++) {
        assert_true(n < 50);
        mem_fail_after(n);
        got = doctable_name(&t, str_of("The Guardian"), an);
        mem_fail_after(-1);
    }
    assert_int_equal(got, 1);
    mem_fail_after(0);
    assert_int_equal(doctable_set(&t, 1, &row), -1);
    mem_fail_after(-1);
    doctable_release(&t);
}

static int make_analyzer(void **state)
{
    (void)state;
    an = analyzer_new();
    return an == NULL;
}

static int free_analyzer(void **state)
{
    (void)state;
    analyzer_free(an);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_kept_once),
        cmocka_unit_test(many_names_keep_their_numbers),
        cmocka_unit_test(rows_are_kept_by_id),
        cmocka_unit_test(memory_may_run_out),
    };

    return cmocka_run_group_tests(tests, make_analyzer, free_analyzer);
}
