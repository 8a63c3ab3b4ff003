/* By steps of one, of four, of eight or of sixteen: whichever list ends first goes on, or both do. */
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
#define EIGHT __attribute__((target("avx2")))

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

/* Writes where those of some documents that are in a block are: bits say which, the block is looked at from `k` to
 * `last`. */
static inline size_t put_shared(unsigned shared, const uint32_t *docs, size_t i,
                                const uint32_t *block, size_t k, size_t last, uint16_t *places,
                                uint16_t *in_block)
{
    size_t found = 0;

    for (; shared != 0; shared &= shared - 1) {
        size_t place = i + (size_t)__builtin_ctz(shared);
        while (k < last && block[k] != docs[place])
            k++;
        places[found] = (uint16_t)place;
        in_block[found++] = (uint16_t)k;
    }
    return found;
}

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

static size_t intersect_fours(const uint32_t *docs, size_t n, const uint32_t *block, size_t *next,
                              uint16_t *places, uint16_t *in_block)
{
    size_t i = 0, k = 0, found = 0;

    while (i < n && k < PACK_BLOCK && found < PACK_BLOCK) {
        unsigned shared = common(four(docs + i), four(block + k));
        found += put_shared(shared, docs, i, block, k, k + 3, places + found, in_block + found);
        uint32_t a = docs[i + 3], b = block[k + 3];
        i += a <= b ? 4 : 0;
        k += b <= a ? 4 : 0;
    }
    *next = i < n ? i : n;
    return found;
}

/* Whether each of eight is among four others, of either half. */
static EIGHT inline __m256i among(__m256i a, __m256i b)
{
    __m256i same = _mm256_or_si256(_mm256_cmpeq_epi32(a, b),
                                   _mm256_cmpeq_epi32(a, _mm256_shuffle_epi32(b, 0x39)));
    __m256i more = _mm256_or_si256(_mm256_cmpeq_epi32(a, _mm256_shuffle_epi32(b, 0x4e)),
                                   _mm256_cmpeq_epi32(a, _mm256_shuffle_epi32(b, 0x93)));

    return _mm256_or_si256(same, more);
}

static EIGHT size_t intersect_eights(const uint32_t *docs, size_t n, const uint32_t *block,
                                     size_t *next, uint16_t *places, uint16_t *in_block)
{
    size_t i = 0, k = 0, found = 0;

    while (i < n && k < PACK_BLOCK && found < PACK_BLOCK) {
        __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)(docs + i));
        __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(block + k));
        __m256i turned = _mm256_permute4x64_epi64(b, 0x4e);
        __m256i both = _mm256_or_si256(among(a, b), among(a, turned));
        unsigned shared = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(both));
        found += put_shared(shared, docs, i, block, k, k + 7, places + found, in_block + found);
        uint32_t last_a = docs[i + 7], last_b = block[k + 7];
        i += last_a <= last_b ? 8 : 0;
        k += last_b <= last_a ? 8 : 0;
    }
    *next = i < n ? i : n;
    return found;
}

/* Which of them it is. */
static size_t (*way)(const uint32_t *docs, size_t n, const uint32_t *block, size_t *next,
                     uint16_t *places, uint16_t *in_block) = intersect_fours;

bool intersect_by(enum intersect_step step)
{
    bool eight, sixteen;

    __builtin_cpu_init();
    eight = step == INTERSECT_EIGHT && __builtin_cpu_supports("avx2");
    sixteen = step == INTERSECT_SIXTEEN && __builtin_cpu_supports("avx512f") &&
              __builtin_cpu_supports("avx512vp2intersect");
    way = sixteen ? intersect_wide : eight ? intersect_eights : intersect_fours;
    return eight || sixteen || step == INTERSECT_FOUR;
}

__attribute__((constructor)) static void set_up(void)
{
    if (!intersect_by(INTERSECT_SIXTEEN))
        intersect_by(INTERSECT_EIGHT);
}

size_t intersect(const uint32_t *docs, size_t n, const uint32_t block[PACK_BLOCK], size_t *next,
                 uint16_t *places, uint16_t *in_block)
{
    return way(docs, n, block, next, places, in_block);
}

#else

bool intersect_by(enum intersect_step step)
{
    return step == INTERSECT_FOUR;
}

size_t intersect(const uint32_t *docs, size_t n, const uint32_t block[PACK_BLOCK], size_t *next,
                 uint16_t *places, uint16_t *in_block)
{
    return intersect_portable(docs, n, block, next, places, in_block);
}

#endif
