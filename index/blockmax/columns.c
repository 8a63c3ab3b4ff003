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

/* Of up to so many bits two rows of numbers, each of four, are made of eight bytes: two of each lane. */
#define NARROW 4

/* Of each 64 numbers, by width: which bytes, and from which bit of eight on. */
static struct narrow {
    uint8_t bytes[64], bits[64];
} narrow[NARROW + 1][2];

static void set_narrow(struct narrow *t, size_t width, size_t first)
{
    for (size_t at = 0; at < 64; at++) {
        size_t row = (first + at) / 8 * 2, byte = row * width / 8 + at % 2;
        t->bytes[at] = (uint8_t)(byte / 4 * 16 + at % 8 / 2 * 4 + byte % 4);
        t->bits[at] = (uint8_t)(at % 4 * 16 + row * width % 8 + at % 8 / 4 * width);
    }
}

__attribute__((constructor)) static void set_up_narrow(void)
{
    for (size_t width = 1; width <= NARROW; width++)
        for (size_t half = 0; half < 2; half++)
            set_narrow(&narrow[width][half], width, half * 64);
}

static FIELDS inline __m512i narrow_half(__m512i packed, unsigned width, size_t half)
{
    const struct narrow *t = &narrow[width][half];
    __m512i bytes = _mm512_permutexvar_epi8(_mm512_loadu_si512(t->bytes), packed);
    __m512i mask = _mm512_set1_epi8((char)((1U << width) - 1));

    return _mm512_and_si512(_mm512_multishift_epi64_epi8(_mm512_loadu_si512(t->bits), bytes), mask);
}

/* Of 64 numbers, of which eight are together below 256, the sums before each. */
static FIELDS inline void narrow_sum(__m512i numbers, __m512i *before, uint16_t *out)
{
    const __m512i eights =
        _mm512_set_epi64(0x000c000c000c000c, 0x000c000c000c000c, 0x0008000800080008,
                         0x0008000800080008, 0x0004000400040004, 0x0004000400040004, 0, 0);
    __m512i x = numbers;

    x = _mm512_add_epi64(x, _mm512_slli_epi64(x, 8));
    x = _mm512_add_epi64(x, _mm512_slli_epi64(x, 16));
    x = _mm512_add_epi64(x, _mm512_slli_epi64(x, 32));
    __m512i base = fields_before(_mm512_srli_epi64(x, 56), before);
    x = _mm512_sub_epi8(x, numbers);
    __m512i low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(x));
    __m512i high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(x, 1));
    __m512i upper = _mm512_add_epi16(eights, _mm512_set1_epi16(16));
    _mm512_storeu_si512(out, _mm512_add_epi16(low, _mm512_permutexvar_epi16(eights, base)));
    _mm512_storeu_si512(out + 32, _mm512_add_epi16(high, _mm512_permutexvar_epi16(upper, base)));
}

static FIELDS __m512i narrow_open(const uint8_t *in, unsigned width)
{
    return _mm512_maskz_loadu_epi32((__mmask16)((1U << 4 * width) - 1), in);
}

static FIELDS void unpack_narrow(const uint8_t *in, unsigned title, unsigned body,
                                 struct block_columns *out)
{
    __m512i titles = narrow_open(in, title), before = _mm512_setzero_si512();
    __m512i bodies = narrow_open(in + pack_block_size(title), body);

    for (size_t half = 0; half < 2; half++) {
        __m512i t = narrow_half(titles, title, half), b = narrow_half(bodies, body, half);
        _mm512_storeu_si512(out->title + 64 * half, t);
        _mm512_storeu_si512(out->body + 64 * half, b);
        narrow_sum(_mm512_add_epi8(t, b), &before, out->before + 64 * half);
    }
    out->before[PACK_BLOCK] = (uint16_t)_mm_cvtsi128_si32(_mm512_castsi512_si128(before));
}

static FIELDS void put_bytes(__m512i numbers, uint8_t *out)
{
    _mm256_storeu_si256((__m256i *)(void *)out, _mm512_cvtepi16_epi8(numbers));
}

static FIELDS void unpack_wide(const uint8_t *in, unsigned title, unsigned body,
                               struct block_columns *out)
{
    if (title <= NARROW && body <= NARROW) {
        unpack_narrow(in, title, body, out);
        return;
    }
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
