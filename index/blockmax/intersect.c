/* By steps of one, of four or of sixteen: whichever list ends first goes on, or both do. */
#include "index/blockmax/intersect.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

size_t intersect_portable(const uint32_t *docs, size_t n, const uint32_t block[PACK_BLOCK],
                          size_t *next, uint16_t *places, uint16_t *in_block)
{
    size_t i = 0, k = 0, found = 0;

    while (i < n && k < PACK_BLOCK && found < PACK_BLOCK) {
        uint32_t a = docs[i], b = block[k];
        places[found] = (uint16_t)i;
        in_block[found] = (uint16_t)k;
        found += a == b;
        i += a <= b;
        k += b <= a;
    }
    *next = i;
    return found;
}

#if defined(__x86_64__) && defined(__GNUC__)

#define WIDE __attribute__((target("avx512f,avx512vp2intersect")))

static bool wide; /* set before main() */

bool intersect_widen(bool want)
{
    __builtin_cpu_init();
    wide =
        want && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vp2intersect");
    return wide;
}

__attribute__((constructor)) static void set_up(void)
{
    intersect_widen(true);
}

/* Writes the numbers of the bits that are set, from `from` on. */
static WIDE inline void put_places(__mmask16 bits, size_t from, uint16_t *places)
{
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m512i at = _mm512_add_epi32(lanes, _mm512_set1_epi32((int)from));

    _mm256_storeu_si256((__m256i *)(void *)places,
                        _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(bits, at)));
}

/* Sixteen are compared with sixteen. */
static WIDE size_t intersect_wide(const uint32_t *docs, size_t n, const uint32_t *block,
                                  size_t *next, uint16_t *places, uint16_t *in_block)
{
    size_t i = 0, k = 0, found = 0;

    while (i < n && k < PACK_BLOCK && found < PACK_BLOCK) {
        __m512i a = _mm512_loadu_si512(docs + i), b = _mm512_loadu_si512(block + k);
        __mmask16 in_a, in_b;
        _mm512_2intersect_epi32(a, b, &in_a, &in_b);
        put_places(in_a, i, places + found);
        put_places(in_b, k, in_block + found);
        found += (size_t)__builtin_popcount(in_a);
        uint32_t last_a = docs[i + 15], last_b = block[k + 15];
        i += last_a <= last_b ? 16 : 0;
        k += last_b <= last_a ? 16 : 0;
    }
    *next = i < n ? i : n;
    return found;
}

#define STEP 4

static __m128i four(const uint32_t *v)
{
    return _mm_loadu_si128((const __m128i *)(const void *)v);
}

/* Bits of those of four that are among four others. */
static unsigned common(__m128i a, __m128i b)
{
    __m128i same =
        _mm_or_si128(_mm_cmpeq_epi32(a, b), _mm_cmpeq_epi32(a, _mm_shuffle_epi32(b, 0x39)));
    __m128i more = _mm_or_si128(_mm_cmpeq_epi32(a, _mm_shuffle_epi32(b, 0x4e)),
                                _mm_cmpeq_epi32(a, _mm_shuffle_epi32(b, 0x93)));

    return (unsigned)_mm_movemask_ps(_mm_castsi128_ps(_mm_or_si128(same, more)));
}

size_t intersect(const uint32_t *docs, size_t n, const uint32_t block[PACK_BLOCK], size_t *next,
                 uint16_t *places, uint16_t *in_block)
{
    size_t i = 0, k = 0, found = 0;

    if (wide)
        return intersect_wide(docs, n, block, next, places, in_block);
    while (i < n && k < PACK_BLOCK && found < PACK_BLOCK) {
        unsigned same = common(four(docs + i), four(block + k));
        for (size_t at = k; same != 0; same &= same - 1) {
            size_t place = i + (size_t)__builtin_ctz(same);
            while (block[at] != docs[place])
                at++;
            places[found] = (uint16_t)place;
            in_block[found++] = (uint16_t)at;
        }
        uint32_t a = docs[i + STEP - 1], b = block[k + STEP - 1];
        i += a <= b ? STEP : 0;
        k += b <= a ? STEP : 0;
    }
    *next = i < n ? i : n;
    return found;
}

#else

bool intersect_widen(bool want)
{
    (void)want;
    return false;
}

size_t intersect(const uint32_t *docs, size_t n, const uint32_t block[PACK_BLOCK], size_t *next,
                 uint16_t *places, uint16_t *in_block)
{
    return intersect_portable(docs, n, block, next, places, in_block);
}

#endif
