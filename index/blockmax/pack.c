/* Packing by loops; unpacking by a function for each width, which the compiler unrolls. */
#include "index/blockmax/pack.h"

#include <stdbool.h>

#include "index/blockmax/fields.h"
#include "index/blockmax/impacts_wide.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

#define LANES 4
#define ROWS (PACK_BLOCK / LANES)

unsigned pack_width(const uint32_t *v, size_t n)
{
    uint32_t all = 0;

    for (size_t i = 0; i < n; i++)
        all |= v[i];
    return all == 0 ? 0 : 32 - (unsigned)__builtin_clz(all);
}

void pack_block(const uint32_t v[PACK_BLOCK], unsigned width, uint8_t *out)
{
    uint32_t words[PACK_BLOCK] = {0};

    for (size_t i = 0; i < PACK_BLOCK; i++) {
        size_t bit = i / LANES * width;
        size_t word = bit / 32 * LANES + i % LANES;
        words[word] |= v[i] << (bit % 32);
        if (bit % 32 + width > 32)
            words[word + LANES] |= v[i] >> (32 - bit % 32);
    }
    for (size_t i = 0; i < (size_t)width * LANES; i++)
        put32(out + 4 * i, words[i]);
}

uint32_t pack_block_get(const uint8_t *in, unsigned width, size_t i)
{
    size_t bit = i / LANES * width;
    size_t word = bit / 32 * LANES + i % LANES;
    uint64_t v = width == 0 ? 0 : get32(in + 4 * word);

    if (bit % 32 + width > 32)
        v |= (uint64_t)get32(in + 4 * (word + LANES)) << 32;
    return (uint32_t)(v >> (bit % 32) & ((UINT64_C(1) << width) - 1));
}

void unpack_block_portable(const uint8_t *in, unsigned width, uint32_t out[PACK_BLOCK])
{
    for (size_t i = 0; i < PACK_BLOCK; i++)
        out[i] = pack_block_get(in, width, i);
}

void sum_ascending_portable(uint32_t before, uint32_t v[PACK_BLOCK])
{
    for (size_t i = 0; i < PACK_BLOCK; i++) {
        before += v[i] + 1;
        v[i] = before;
    }
}

void sum_columns_portable(const uint32_t a[PACK_BLOCK], const uint32_t b[PACK_BLOCK],
                          uint32_t out[PACK_BLOCK])
{
    uint32_t all = 0;

    for (size_t i = 0; i < PACK_BLOCK; i++) {
        all += a[i] + b[i];
        out[i] = all;
    }
}

void sum_gaps_portable(const uint32_t *gaps, size_t n, uint32_t *out)
{
    uint32_t before = UINT32_MAX;

    for (size_t i = 0; i < n; i++) {
        before += gaps[i] + 1;
        out[i] = before;
    }
}

#ifdef __SSE2__

/* With `width` a constant all that depends on it is computed by the compiler. */
static inline __attribute__((always_inline)) void lanes(const uint8_t *in, const unsigned width,
                                                        uint32_t *out)
{
    const __m128i mask = _mm_set1_epi32((int)(uint32_t)((UINT64_C(1) << width) - 1));
    __m128i word = _mm_loadu_si128((const __m128i *)(const void *)in);
    unsigned used = 0;

#pragma GCC unroll 32
    for (unsigned row = 0; row < ROWS; row++) {
        __m128i v = _mm_srli_epi32(word, (int)used);
        if (used + width >= 32 && row + 1 < ROWS) {
            in += sizeof(word);
            word = _mm_loadu_si128((const __m128i *)(const void *)in);
            if (used + width > 32)
                v = _mm_or_si128(v, _mm_slli_epi32(word, (int)(32 - used)));
            used = used + width - 32;
        } else {
            used += width;
        }
        v = _mm_and_si128(v, mask);
        _mm_storeu_si128((__m128i *)(void *)(out + (size_t)row * LANES), v);
    }
}

#define WIDTH(w)                                                                                   \
    case (w):                                                                                      \
        lanes(in, (w), out);                                                                       \
        break;
#define WIDTHS(w) WIDTH((w)) WIDTH((w) + 1) WIDTH((w) + 2) WIDTH((w) + 3)

void unpack_block(const uint8_t *in, unsigned width, uint32_t out[PACK_BLOCK])
{
    switch (width) {
    case 0:
        memset(out, 0, PACK_BLOCK * sizeof(*out));
        break;
        WIDTHS(1)
        WIDTHS(5) WIDTHS(9) WIDTHS(13) WIDTHS(17) WIDTHS(21) WIDTHS(25) WIDTHS(29) default : break;
    }
}

/* Adds to each of four those before it, and `last`, which all four hold. */
static inline __m128i sum_row(__m128i x, __m128i last)
{
    x = _mm_add_epi32(x, _mm_slli_si128(x, 4));
    x = _mm_add_epi32(x, _mm_slli_si128(x, 8));
    return _mm_add_epi32(x, last);
}

static inline __m128i row_at(const uint32_t *v)
{
    return _mm_loadu_si128((const __m128i *)(const void *)v);
}

#if defined(__x86_64__) && defined(__GNUC__)

#define WIDE __attribute__((target("avx512f,avx512bw")))

/* The same of sixteen. */
static WIDE inline __m512i sum_sixteen(__m512i x, __m512i last)
{
    const __m512i zero = _mm512_setzero_si512();

    x = _mm512_add_epi32(x, _mm512_bslli_epi128(x, 4));
    x = _mm512_add_epi32(x, _mm512_bslli_epi128(x, 8));
    /* What each four have together is added to the four behind them, and so on. */
    __m512i four = _mm512_alignr_epi32(_mm512_shuffle_epi32(x, _MM_PERM_DDDD), zero, 12);
    __m512i more =
        _mm512_add_epi32(_mm512_alignr_epi32(four, zero, 12), _mm512_alignr_epi32(four, zero, 8));
    return _mm512_add_epi32(_mm512_add_epi32(x, last), _mm512_add_epi32(four, more));
}

static WIDE void ascend_wide(uint32_t before, uint32_t v[PACK_BLOCK])
{
    const __m512i one = _mm512_set1_epi32(1), fifteen = _mm512_set1_epi32(15);
    __m512i last = _mm512_set1_epi32((int)before);

    for (size_t i = 0; i < PACK_BLOCK; i += 16) {
        last = sum_sixteen(_mm512_add_epi32(_mm512_loadu_si512(v + i), one), last);
        _mm512_storeu_si512(v + i, last);
        last = _mm512_permutexvar_epi32(fifteen, last);
    }
}

/* Of numbers of FIELDS_WIDTH at most. */
static FIELDS void unpack_ascending_wide(const uint8_t *in, unsigned width, uint32_t before,
                                         uint32_t out[PACK_BLOCK])
{
    const __m512i base = _mm512_set1_epi32((int)before), one = _mm512_set1_epi16(1);
    const struct fields f = fields_open(in, width);
    __m512i sum = _mm512_setzero_si512();

    for (size_t i = 0; i < PACK_BLOCK / FIELDS_COUNT; i++, out += FIELDS_COUNT) {
        __m512i x = fields_sum(_mm512_add_epi16(fields_at(&f, i), one), &sum);
        __m512i low = _mm512_cvtepu16_epi32(_mm512_castsi512_si256(x));
        __m512i high = _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(x, 1));
        _mm512_storeu_si512(out, _mm512_add_epi32(low, base));
        _mm512_storeu_si512(out + 16, _mm512_add_epi32(high, base));
    }
}

#else

static void ascend_wide(uint32_t before, uint32_t v[PACK_BLOCK])
{
    sum_ascending_portable(before, v);
}

static void unpack_ascending_wide(const uint8_t *in, unsigned width, uint32_t before,
                                  uint32_t out[PACK_BLOCK])
{
    unpack_block_portable(in, width, out);
    sum_ascending_portable(before, out);
}

#endif

static bool wide, wider; /* set before main(); wider: what fields.h takes, too */

bool pack_widen(bool want)
{
    wide = want && wide_can();
    wider = want && fields_can();
    return wide;
}

__attribute__((constructor)) static void set_up(void)
{
    pack_widen(true);
}

static void sum_ascending(uint32_t before, uint32_t v[PACK_BLOCK])
{
    const __m128i one = _mm_set1_epi32(1);
    __m128i last = _mm_set1_epi32((int)before);

    if (wide) {
        ascend_wide(before, v);
        return;
    }
    for (size_t i = 0; i < PACK_BLOCK; i += LANES) {
        __m128i x = sum_row(_mm_add_epi32(row_at(v + i), one), last);
        _mm_storeu_si128((__m128i *)(void *)(v + i), x);
        last = _mm_shuffle_epi32(x, 0xff);
    }
}

void sum_columns(const uint32_t a[PACK_BLOCK], const uint32_t b[PACK_BLOCK],
                 uint32_t out[PACK_BLOCK])
{
    __m128i last = _mm_setzero_si128();

    for (size_t i = 0; i < PACK_BLOCK; i += LANES) {
        __m128i x = sum_row(_mm_add_epi32(row_at(a + i), row_at(b + i)), last);
        _mm_storeu_si128((__m128i *)(void *)(out + i), x);
        last = _mm_shuffle_epi32(x, 0xff);
    }
}

void sum_gaps(const uint32_t *gaps, size_t n, uint32_t *out)
{
    const __m128i one = _mm_set1_epi32(1);
    __m128i last = _mm_set1_epi32(-1);

    for (size_t i = 0; i < n; i += LANES) {
        __m128i x = sum_row(_mm_add_epi32(row_at(gaps + i), one), last);
        _mm_storeu_si128((__m128i *)(void *)(out + i), x);
        last = _mm_shuffle_epi32(x, 0xff);
    }
}

#else

void unpack_block(const uint8_t *in, unsigned width, uint32_t out[PACK_BLOCK])
{
    unpack_block_portable(in, width, out);
}

bool pack_widen(bool want)
{
    (void)want;
    return false;
}

static void sum_ascending(uint32_t before, uint32_t v[PACK_BLOCK])
{
    sum_ascending_portable(before, v);
}

void sum_columns(const uint32_t a[PACK_BLOCK], const uint32_t b[PACK_BLOCK],
                 uint32_t out[PACK_BLOCK])
{
    sum_columns_portable(a, b, out);
}

void sum_gaps(const uint32_t *gaps, size_t n, uint32_t *out)
{
    sum_gaps_portable(gaps, n, out);
}

#endif

void unpack_ascending(const uint8_t *in, unsigned width, uint32_t before, uint32_t out[PACK_BLOCK])
{
#ifdef __SSE2__
    if (wider && width <= FIELDS_WIDTH) {
        unpack_ascending_wide(in, width, before, out);
        return;
    }
#endif
    unpack_block(in, width, out);
    sum_ascending(before, out);
}

void pack_run(const uint32_t *v, size_t n, unsigned width, uint8_t *out)
{
    uint64_t bits = 0;
    unsigned have = 0;

    for (size_t i = 0; i < n; i++) {
        bits |= (uint64_t)v[i] << have;
        for (have += width; have >= 8; have -= 8, bits >>= 8)
            *out++ = (uint8_t)bits;
    }
    if (have > 0)
        *out = (uint8_t)bits;
}

#if defined(__x86_64__) && defined(__GNUC__)

#define SPREAD __attribute__((target("avx2,bmi2")))

/* Eight numbers of up to 8 bits are `width` bytes: each is spread to a byte. */
static SPREAD void spread(const uint8_t *in, size_t eights, unsigned width, uint32_t *out)
{
    uint64_t places = ((UINT64_C(1) << width) - 1) * UINT64_C(0x0101010101010101);

    for (size_t i = 0; i < eights; i++, in += width, out += 8) {
        __m128i bytes = _mm_cvtsi64_si128((long long)_pdep_u64(get64(in), places));
        _mm256_storeu_si256((__m256i *)(void *)out, _mm256_cvtepu8_epi32(bytes));
    }
}

/* The same of up to 16 bits, to two bytes each. Of an odd width the upper four begin in the middle of a byte: then
 * 60 bits are left of what is read, which is what four of 15 take. */
static SPREAD void spread_more(const uint8_t *in, size_t eights, unsigned width, uint32_t *out)
{
    uint64_t places = ((UINT64_C(1) << width) - 1) * UINT64_C(0x0001000100010001);
    unsigned half = width * 4;

    for (size_t i = 0; i < eights; i++, in += width, out += 8) {
        uint64_t upper = get64(in + half / 8) >> (half % 8);
        __m128i words = _mm_set_epi64x((long long)_pdep_u64(upper, places),
                                       (long long)_pdep_u64(get64(in), places));
        _mm256_storeu_si256((__m256i *)(void *)out, _mm256_cvtepu16_epi32(words));
    }
}

static bool can_spread(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
}

#else

static void spread(const uint8_t *in, size_t eights, unsigned width, uint32_t *out)
{
    (void)in, (void)eights, (void)width, (void)out;
}

static void spread_more(const uint8_t *in, size_t eights, unsigned width, uint32_t *out)
{
    (void)in, (void)eights, (void)width, (void)out;
}

static bool can_spread(void)
{
    return false;
}

#endif

void unpack_run_portable(const uint8_t *in, size_t n, unsigned width, uint32_t *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = pack_get(in, width, i);
}

void unpack_run(const uint8_t *in, size_t n, unsigned width, uint32_t *out)
{
    size_t eights = width <= 16 && can_spread() ? n / 8 : 0;

    if (eights > 0 && width <= 8)
        spread(in, eights, width, out);
    else if (eights > 0)
        spread_more(in, eights, width, out);
    unpack_run_portable(in + eights * width, n - eights * 8, width, out + eights * 8);
}
