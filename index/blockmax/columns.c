/* Without vectors number by number; with them, 64 numbers at a time. */
#include "index/blockmax/columns.h"

#include "index/blockmax/impacts_wide.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

static void unpack_portable(const uint8_t *in, unsigned width, uint8_t out[PACK_BLOCK])
{
    for (size_t i = 0; i < PACK_BLOCK; i++)
        out[i] = (uint8_t)pack_block_get(in, width, i);
}

void columns_unpack_portable(const uint8_t *in, unsigned title, unsigned body, struct columns *out)
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

#if defined(__x86_64__) && defined(__GNUC__)

#define WIDE __attribute__((target("avx512f,avx512bw,avx512vbmi,bmi2")))

/* For each width and half of a block: two rows of four numbers are made of eight bytes, two of each lane; which those
 * are, and at which bit each number begins. */
static struct rows {
    uint8_t bytes[64], bits[64];
} rows[COLUMNS_WIDTH + 1][2];

static bool wide; /* set before main() */

static void set_rows(struct rows *r, size_t width, size_t first)
{
    for (size_t i = 0; i < 64; i++) {
        size_t row = (first + i) / 8 * 2, lane = i % 4; /* the first of the two rows */
        size_t byte = row * width / 8 + i % 2, of = i % 8 / 2;
        r->bytes[i] = (uint8_t)(byte / 4 * 16 + of * 4 + byte % 4);
        r->bits[i] = (uint8_t)(lane * 16 + row * width % 8 + i % 8 / 4 * width);
    }
}

bool columns_widen(bool want)
{
    wide = want && wide_can() && __builtin_cpu_supports("avx512vbmi");
    return wide;
}

__attribute__((constructor)) static void set_up(void)
{
    columns_widen(true);
    for (size_t width = 1; width <= COLUMNS_WIDTH; width++)
        for (size_t half = 0; half < 2; half++)
            set_rows(&rows[width][half], width, half * 64);
}

bool columns_can(void)
{
    return wide;
}

static WIDE inline __m512i unpack_half(__m512i packed, const struct rows *r, __m512i mask)
{
    __m512i bytes = _mm512_permutexvar_epi8(_mm512_loadu_si512(r->bytes), packed);

    return _mm512_and_si512(_mm512_multishift_epi64_epi8(_mm512_loadu_si512(r->bits), bytes), mask);
}

struct wide_column {
    __m512i half[2];
};

static WIDE inline struct wide_column unpack_wide(const uint8_t *in, unsigned width, uint8_t *out)
{
    __m512i packed = _mm512_maskz_loadu_epi32((__mmask16)((1U << 4 * width) - 1), in);
    __m512i mask = _mm512_set1_epi8((char)((1U << width) - 1));
    struct wide_column c;

    for (size_t i = 0; i < 2; i++) {
        c.half[i] = unpack_half(packed, &rows[width][i], mask);
        _mm512_storeu_si512(out + 64 * i, c.half[i]);
    }
    return c;
}

/* Of 64 numbers, of which eight are together below 256, the sums before each, and behind the last. */
static WIDE uint16_t sum_half(__m512i numbers, uint16_t before, uint16_t *out)
{
    const __m512i zero = _mm512_setzero_si512(), each = _mm512_set1_epi64(0x0004000400040004);
    /* The lane of 16 bits that begins each eight: 0 four times, 4, and so on. */
    const __m512i eights = _mm512_set_epi64(3, 3, 2, 2, 1, 1, 0, 0);
    const __m512i place = _mm512_mullo_epi16(
        each, _mm512_or_si512(
                  _mm512_or_si512(eights, _mm512_slli_epi64(eights, 16)),
                  _mm512_or_si512(_mm512_slli_epi64(eights, 32), _mm512_slli_epi64(eights, 48))));
    __m512i x = numbers;

    x = _mm512_add_epi64(x, _mm512_slli_epi64(x, 8));
    x = _mm512_add_epi64(x, _mm512_slli_epi64(x, 16));
    x = _mm512_add_epi64(x, _mm512_slli_epi64(x, 32));
    __m512i eight = _mm512_srli_epi64(x, 56), sum = eight;
    sum = _mm512_add_epi64(sum, _mm512_alignr_epi64(sum, zero, 7));
    sum = _mm512_add_epi64(sum, _mm512_alignr_epi64(sum, zero, 6));
    sum = _mm512_add_epi64(sum, _mm512_alignr_epi64(sum, zero, 4));
    __m512i base = _mm512_add_epi64(_mm512_sub_epi64(sum, eight), _mm512_set1_epi64(before));
    x = _mm512_sub_epi8(x, numbers);
    __m512i low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(x));
    __m512i high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(x, 1));
    low = _mm512_add_epi16(low, _mm512_permutexvar_epi16(place, base));
    high = _mm512_add_epi16(
        high, _mm512_permutexvar_epi16(_mm512_add_epi16(place, _mm512_set1_epi16(16)), base));
    _mm512_storeu_si512(out, low);
    _mm512_storeu_si512(out + 32, high);
    __m128i last = _mm512_extracti32x4_epi32(sum, 3);
    return (uint16_t)(before + _mm_extract_epi16(last, 4));
}

static WIDE void columns_wide(const uint8_t *in, unsigned title, unsigned body, struct columns *out)
{
    struct wide_column t = unpack_wide(in, title, out->title);
    struct wide_column b = unpack_wide(in + pack_block_size(title), body, out->body);
    uint16_t half = sum_half(_mm512_add_epi8(t.half[0], b.half[0]), 0, out->before);

    out->before[PACK_BLOCK] =
        sum_half(_mm512_add_epi8(t.half[1], b.half[1]), half, out->before + 64);
}

void columns_unpack(const uint8_t *in, unsigned title, unsigned body, struct columns *out)
{
    if (wide)
        columns_wide(in, title, body, out);
    else
        columns_unpack_portable(in, title, body, out);
}

#else

bool columns_widen(bool want)
{
    (void)want;
    return false;
}

bool columns_can(void)
{
    return false;
}

void columns_unpack(const uint8_t *in, unsigned title, unsigned body, struct columns *out)
{
    columns_unpack_portable(in, title, body, out);
}

#endif
