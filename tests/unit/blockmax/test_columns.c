/* Counts of a block in bytes, and how many positions come before each: as number by number. */
#include "index/blockmax/columns.h"

#include <string.h>

#include "tests/support/support.h"
#include "tests/unit/blockmax/random.h"
#include "tests/unit/blockmax/vectors.h"

/* Of all widths; the last of a column, too, may have all bits. */
static void fill(uint32_t v[PACK_BLOCK], unsigned width)
{
    for (size_t i = 0; i < PACK_BLOCK; i++)
        v[i] = pick(3) == 0 ? (1U << width) - 1 : pick(1U << width);
}

static void counts_come_in_bytes(void **unused)
{
    uint32_t title[PACK_BLOCK], body[PACK_BLOCK];
    uint8_t packed[2 * COLUMNS_WIDTH * PACK_BLOCK / 8];
    struct block_columns got, plain;

    (void)unused;
    for (int round = 0; round < 5000; round++) {
        unsigned a = (unsigned)round % (COLUMNS_WIDTH + 1);
        unsigned b = (unsigned)round / (COLUMNS_WIDTH + 1) % (COLUMNS_WIDTH + 1);
        uint32_t before = 0;
        /* The room ends where the columns do: nothing behind them is read. */
        uint8_t *in = packed + sizeof(packed) - pack_block_size(a) - pack_block_size(b);
        fill(title, a);
        fill(body, b);
        pack_block(title, a, in);
        pack_block(body, b, in + pack_block_size(a));
        memset(&got, 0xa5, sizeof(got));
        columns_unpack(in, a, b, &got);
        columns_unpack_portable(in, a, b, &plain);
        for (size_t i = 0; i < PACK_BLOCK; i++) {
            assert_true(got.title[i] == title[i] && plain.title[i] == title[i]);
            assert_true(got.body[i] == body[i] && plain.body[i] == body[i]);
            assert_true(got.before[i] == before && plain.before[i] == before);
            before += title[i] + body[i];
        }
        assert_true(got.before[PACK_BLOCK] == before && plain.before[PACK_BLOCK] == before);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(counts_come_in_bytes)};

    return run_with_vectors(columns_widen, tests, 1);
}
