/* Without vectors number by number; with them, 32 numbers at a time. */
#include "index/blockmax/columns.h"

#include "index/blockmax/fields.h"

static void unpack_portable(const uint8_t *in, unsigned width, uint8_t out[PACK_BLOCK])
{
    for (size_t i = 0; i < PACK_BLOCK; i++)
        out[i] = (uint8_t)pack_block_get(in, width, i);
}

void columns_unpack_portable(const uint8_t *in, unsigned title, unsigned body,
                             struct block_columns *out)
{
    uint16_t before = 0;

    unpack_portable(in, title, out->title);
    unpack_portable(in + pack_block_size(title), body, out->body);
    for (size_t i = 0; i < PACK_BLOCK; i++) {
        out->before[i] = before;
        before = (uint16_t)(before + out->title[i] + out->body[i]);
    }
    out->before[PACK_BLOCK] = before;
}

static bool wide; /* set before main() */

bool columns_widen(bool want)
{
    wide = want && fields_can();
    return wide;
}

__attribute__((constructor)) static void set_up(void)
{
    columns_widen(true);
}

bool columns_can(void)
{
    return wide;
}

#if defined(__x86_64__) && defined(__GNUC__)

static FIELDS void put_bytes(__m512i numbers, uint8_t *out)
{
    _mm256_storeu_si256((__m256i *)(void *)out, _mm512_cvtepi16_epi8(numbers));
}

static FIELDS void unpack_wide(const uint8_t *in, unsigned title, unsigned body,
                               struct block_columns *out)
{
    const struct fields titles = fields_open(in, title);
    const struct fields bodies = fields_open(in + pack_block_size(title), body);
    __m512i before = _mm512_setzero_si512();

    for (size_t i = 0; i < PACK_BLOCK / FIELDS_COUNT; i++) {
        __m512i t = fields_at(&titles, i), b = fields_at(&bodies, i);
        __m512i both = _mm512_add_epi16(t, b);
        put_bytes(t, out->title + i * FIELDS_COUNT);
        put_bytes(b, out->body + i * FIELDS_COUNT);
        _mm512_storeu_si512(out->before + i * FIELDS_COUNT,
                            _mm512_sub_epi16(fields_sum(both, &before), both));
    }
    out->before[PACK_BLOCK] = (uint16_t)_mm_cvtsi128_si32(_mm512_castsi512_si128(before));
}

#else

static void unpack_wide(const uint8_t *in, unsigned title, unsigned body, struct block_columns *out)
{
    columns_unpack_portable(in, title, body, out);
}

#endif

void columns_unpack(const uint8_t *in, unsigned title, unsigned body, struct block_columns *out)
{
    if (wide)
        unpack_wide(in, title, body, out);
    else
        columns_unpack_portable(in, title, body, out);
}
