/* Which bytes and bits a number is in, by its width. */
#include "index/blockmax/fields.h"

#include "index/blockmax/impacts_wide.h"

#if defined(__x86_64__) && defined(__GNUC__)

struct fields_rows fields_rows[FIELDS_WIDTH + 1];

bool fields_can(void)
{
    return wide_can() && __builtin_cpu_supports("avx512vbmi");
}

/* In each 64 bits a row of four numbers, each in 16: two bytes of its lane, of which those that are needed are in the
 * words that lie 16 bytes apart. */
static void set_row(struct fields_rows *r, unsigned width, size_t i, size_t at)
{
    size_t row = i * FIELDS_COUNT / 4 + at / 8, lane = at % 8 / 2;
    size_t byte = row * width / 8 + at % 2;

    r->bytes[i][at] = (uint8_t)(byte / 4 * 16 + lane * 4 + byte % 4);
    r->bits[i][at] = (uint8_t)(lane * 16 + row * width % 8);
}

__attribute__((constructor)) static void set_up(void)
{
    for (unsigned width = 1; width <= FIELDS_WIDTH; width++)
        for (size_t i = 0; i < PACK_BLOCK / FIELDS_COUNT; i++)
            for (size_t at = 0; at < 64; at++)
                set_row(&fields_rows[width], width, i, at);
}

#else

bool fields_can(void)
{
    return false;
}

#endif
