/* Packing: what goes in comes out, at every width; with vectors and without. */
#include "index/blockmax/pack.h"
#include "tests/support/support.h"
#include "tests/unit/blockmax/vectors.h"

static uint64_t state = 88172645463325252u;

static uint32_t random_below(unsigned width)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return width == 0 ? 0 : (uint32_t)(state >> 16) >> (32 - width);
}

static void blocks_come_back_as_they_were(void **unused)
{
    uint32_t in[PACK_BLOCK], out[PACK_BLOCK], plain[PACK_BLOCK];
    uint8_t bytes[PACK_BLOCK * 4];

    (void)unused;
    for (unsigned width = 0; width <= 32; width++) {
        for (int round = 0; round < 50; round++) {
            for (size_t i = 0; i < PACK_BLOCK; i++)
                in[i] = random_below(width);
            assert_true(pack_width(in, PACK_BLOCK) <= width);
            memset(bytes, 0xa5, sizeof(bytes));
            pack_block(in, width, bytes);
            for (size_t i = pack_block_size(width); i < sizeof(bytes); i++)
                assert_int_equal(bytes[i], 0xa5);
            unpack_block(bytes, width, out);
            unpack_block_portable(bytes, width, plain);
            assert_memory_equal(in, out, sizeof(in));
            assert_memory_equal(in, plain, sizeof(in));
        }
    }
}

static void ascending_numbers_come_back(void **unused)
{
    uint32_t in[PACK_BLOCK], gaps[PACK_BLOCK], out[PACK_BLOCK];
    uint8_t bytes[PACK_BLOCK * 4];

    (void)unused;
    for (unsigned width = 0; width <= 24; width++) {
        uint32_t start = width % 2 == 0 ? UINT32_MAX : 1000; /* nothing before it, or something */
        uint32_t before = start;
        for (size_t i = 0; i < PACK_BLOCK; i++) {
            gaps[i] = random_below(width);
            in[i] = before + gaps[i] + 1;
            before = in[i];
        }
        pack_block(gaps, width, bytes);
        unpack_ascending(bytes, width, start, out);
        assert_memory_equal(in, out, sizeof(in));
        sum_ascending_portable(start, gaps);
        assert_memory_equal(in, gaps, sizeof(in));
    }
}

static void columns_add_up(void **unused)
{
    uint32_t a[PACK_BLOCK], b[PACK_BLOCK], out[PACK_BLOCK], plain[PACK_BLOCK];
    uint32_t all = 0;

    (void)unused;
    for (size_t i = 0; i < PACK_BLOCK; i++) {
        a[i] = random_below(7);
        b[i] = random_below(20);
    }
    sum_columns(a, b, out);
    sum_columns_portable(a, b, plain);
    assert_memory_equal(out, plain, sizeof(out));
    for (size_t i = 0; i < PACK_BLOCK; i++) {
        all += a[i] + b[i];
        assert_int_equal(out[i], all);
    }
}

static void gaps_of_any_count_add_up(void **unused)
{
    uint32_t gaps[64 + 4], out[64 + 4], plain[64];

    (void)unused;
    for (size_t n = 0; n <= 64; n++) {
        uint32_t before = UINT32_MAX;
        memset(out, 0xa5, sizeof(out));
        for (size_t i = 0; i < n + 3; i++)
            gaps[i] = random_below(10);
        sum_gaps(gaps, n, out);
        sum_gaps_portable(gaps, n, plain);
        for (size_t i = 0; i < n; i++) {
            before += gaps[i] + 1;
            assert_true(out[i] == before && plain[i] == before);
        }
        assert_int_equal(out[n + 3], 0xa5a5a5a5);
    }
}

static void runs_are_read_one_by_one(void **unused)
{
    uint32_t in[200], out[200];
    uint8_t bytes[sizeof(in) + PACK_SLACK];

    (void)unused;
    for (unsigned width = 0; width <= 32; width++) {
        for (size_t n = 0; n < 200; n += 1 + n / 8) {
            for (size_t i = 0; i < n; i++)
                in[i] = random_below(width);
            memset(bytes, 0xa5, sizeof(bytes));
            pack_run(in, n, width, bytes);
            assert_int_equal(bytes[pack_run_size(n, width)], 0xa5);
            memset(out, 0xa5, sizeof(out));
            unpack_run(bytes, n, width, out);
            assert_memory_equal(in, out, n * sizeof(*in));
            assert_int_equal(out[n], 0xa5a5a5a5);
            unpack_run_portable(bytes, n, width, out);
            assert_memory_equal(in, out, n * sizeof(*in));
            for (size_t i = 0; i < n; i++)
                assert_int_equal(pack_get(bytes, width, i), in[i]);
        }
    }
}

static void a_width_is_that_of_the_largest(void **unused)
{
    const uint32_t v[] = {0, 1, 5, UINT32_MAX};

    (void)unused;
    assert_int_equal(pack_width(v, 0), 0);
    assert_int_equal(pack_width(v, 1), 0);
    assert_int_equal(pack_width(v, 2), 1);
    assert_int_equal(pack_width(v, 3), 3);
    assert_int_equal(pack_width(v, 4), 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_come_back_as_they_were),
        cmocka_unit_test(ascending_numbers_come_back),
        cmocka_unit_test(columns_add_up),
        cmocka_unit_test(gaps_of_any_count_add_up),
        cmocka_unit_test(runs_are_read_one_by_one),
        cmocka_unit_test(a_width_is_that_of_the_largest),
    };

    return run_with_vectors(pack_widen, tests, sizeof(tests) / sizeof(tests[0]));
}
