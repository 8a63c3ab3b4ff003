/* The growing buffer: what is appended stands there, however it had to grow for it. */
#include "index/base/buf.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "index/base/alloc.h"
#include "tests/support/support.h"

/* Behind texts of any length, so that it fits, just fits, and does not. */
static void printing_grows_the_buffer(void **state)
{
    char want[600];

    (void)state;
    for (int before = 0; before < 200; before++)
        for (int n = 0; n < 200; n += n < 70 ? 1 : 13) {
            struct buf b = {0};
            for (int i = 0; i < before; i++)
                buf_putc(&b, 'x');
            buf_printf(&b, "%0*d|%s", n, 7, "end");
            int len =
                snprintf(want, sizeof(want), "%.*s%0*d|end", before,
                         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                         n, 7);
            assert_true(buf_ok(&b));
            assert_int_equal(b.len, len);
            assert_string_equal(buf_cstr(&b), want);
            buf_release(&b);
        }
}

static void numbers_are_decimal(void **state)
{
    struct buf b = {0};
    char want[24];
    uint64_t v = 1;

    (void)state;
    buf_put_u64(&b, 0);
    assert_string_equal(buf_cstr(&b), "0");
    for (int i = 0; i < 64; i++, v = v << 1 | (uint64_t)(i & 1)) {
        buf_clear(&b);
        buf_put_u64(&b, v);
        snprintf(want, sizeof(want), "%" PRIu64, v);
        assert_string_equal(buf_cstr(&b), want);
    }
    buf_clear(&b);
    buf_put_u64(&b, UINT64_MAX);
    assert_string_equal(buf_cstr(&b), "18446744073709551615");
    buf_release(&b);
}

/* What failed once appends nothing more, until it is cleared. */
static void without_memory_it_remembers(void **state)
{
    struct buf b = {0};

    (void)state;
    mem_fail_after(0);
    buf_printf(&b, "%d", 1);
    mem_fail_after(-1);
    assert_false(buf_ok(&b));
    buf_printf(&b, "%d", 2);
    buf_put_u64(&b, 3);
    assert_int_equal(b.len, 0);
    buf_clear(&b);
    mem_fail_after(1);
    buf_puts(&b, "a");
    buf_printf(&b, "%0*d", 300, 0); /* asks for more than there is */
    mem_fail_after(-1);
    assert_false(buf_ok(&b));
    assert_int_equal(b.len, 1);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(printing_grows_the_buffer),
        cmocka_unit_test(numbers_are_decimal),
        cmocka_unit_test(without_memory_it_remembers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
