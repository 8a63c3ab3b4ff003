/* AVX-512. A machine without it, and another compiler, does with less. */
#include "index/blockmax/impacts_wide.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#define WIDE __attribute__((target("avx512f,avx512bw,bmi2,popcnt")))

/* Bytes are unpacked within each 16: the lower 8 to one vector of sums, the upper 8 to another. So come
 * the bits of what these are compared with, a byte for 8. */
#define LOWER UINT64_C(0x00ff00ff00ff00ff)

bool wide_can(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

/* The parts of 32 impacts, which come as the upper bytes of words: the high half of the product takes that
 * off again. */
static WIDE inline __m512i parts(__m512i upper, __m512i weight)
{
    return _mm512_mulhi_epu16(upper, weight);
}

WIDE void wide_add(uint16_t *sums, const uint8_t *impacts, size_t docs, uint16_t weight)
{
    const __m512i w = _mm512_set1_epi16((short)weight);

    for (size_t i = 0; i < docs; i += 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(impacts + i));
        __m512i more = parts(_mm512_slli_epi16(_mm512_cvtepu8_epi16(v), 8), w);
        _mm512_storeu_si512(sums + i, _mm512_adds_epu16(_mm512_loadu_si512(sums + i), more));
    }
}

/* 16 documents. */
static WIDE inline __m128i join(__m128i a, __m128i b)
{
    const __m512 most = _mm512_set1_ps(255.0f);
    __m512 fa = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(a));
    __m512 fb = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(b));
    __m512 both = _mm512_mul_ps(fa, fb), sum = _mm512_add_ps(fa, fb);
    __m512 whole =
        _mm512_max_ps(_mm512_sub_ps(_mm512_set1_ps(255.0f * 255.0f), both), _mm512_set1_ps(1.0f));
    __m512 of = _mm512_sub_ps(_mm512_mul_ps(most, sum), _mm512_add_ps(both, both));

    of = _mm512_div_ps(_mm512_mul_ps(of, most), whole);
    of = _mm512_add_ps(of, _mm512_set1_ps(JOIN_UP));
    __m128i up = _mm512_cvtusepi32_epi8(_mm512_cvttps_epi32(of));
    return _mm_max_epu8(up, _mm_max_epu8(a, b));
}

WIDE void wide_join(uint8_t *out, const uint8_t *other, size_t docs)
{
    for (size_t i = 0; i < docs; i += 16) {
        __m128i a = _mm_loadu_si128((const __m128i *)(const void *)(out + i));
        __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(other + i));
        _mm_storeu_si128((__m128i *)(void *)(out + i), join(a, b));
    }
}

WIDE uint64_t wide_reaching(const uint16_t *sums, uint16_t least)
{
    const __m512i floor = _mm512_set1_epi16((short)least);
    uint64_t low = _mm512_cmpge_epu16_mask(_mm512_loadu_si512(sums), floor);
    uint64_t high = _mm512_cmpge_epu16_mask(_mm512_loadu_si512(sums + 32), floor);

    return low | high << 32;
}

WIDE uint64_t wide_from(const uint8_t *impacts, uint8_t least)
{
    return _mm512_cmpge_epu8_mask(_mm512_loadu_si512(impacts), _mm512_set1_epi8((char)least));
}

WIDE void wide_stand(const uint8_t *impacts, size_t words, uint64_t *bits)
{
    for (size_t w = 0; w < words; w++) {
        __m512i v = _mm512_loadu_si512(impacts + 64 * w);
        bits[w] = _mm512_test_epi8_mask(v, v);
    }
}

WIDE uint64_t wide_bits_sum(const uint64_t *bits, size_t words)
{
    uint64_t sum = 0;

    for (size_t w = 0; w < words; w++)
        sum += (uint64_t)__builtin_popcountll(bits[w]);
    return sum;
}

WIDE void wide_bits_ranks(const uint64_t *bits, const uint32_t *before, const uint32_t *places,
                          size_t n, uint32_t *out)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t lower = _bzhi_u64(bits[places[i] / 64], places[i] % 64);
        out[i] = before[places[i] / 64] + (uint32_t)__builtin_popcountll(lower);
    }
}

WIDE uint64_t wide_together(const uint8_t *const *lists, const uint16_t *weights, size_t count,
                            size_t first, uint16_t least)
{
    const __m512i zero = _mm512_setzero_si512(), floor = _mm512_set1_epi16((short)least);
    __m512i low = zero, high = zero;

    for (size_t k = 0; k < count; k++) {
        __m512i w = _mm512_set1_epi16((short)weights[k]);
        __m512i v = _mm512_loadu_si512(lists[k] + first);
        low = _mm512_adds_epu16(low, parts(_mm512_unpacklo_epi8(zero, v), w));
        high = _mm512_adds_epu16(high, parts(_mm512_unpackhi_epi8(zero, v), w));
    }
    return _pdep_u64(_mm512_cmpge_epu16_mask(low, floor), LOWER) |
           _pdep_u64(_mm512_cmpge_epu16_mask(high, floor), ~LOWER);
}

/* Of 32 numbers below IMPACT_LEASTS: which table each is looked up in, two registers of 64 together. */
struct leasts {
    __m512i of[8];
};

static WIDE inline __m512i look_up(const struct leasts *t, __m512i at)
{
    __mmask32 upper = _mm512_test_epi16_mask(at, _mm512_set1_epi16(64));
    __mmask32 last = _mm512_test_epi16_mask(at, _mm512_set1_epi16(128));
    __m512i low = _mm512_mask_blend_epi16(upper, _mm512_permutex2var_epi16(t->of[0], at, t->of[1]),
                                          _mm512_permutex2var_epi16(t->of[2], at, t->of[3]));
    __m512i high = _mm512_mask_blend_epi16(upper, _mm512_permutex2var_epi16(t->of[4], at, t->of[5]),
                                           _mm512_permutex2var_epi16(t->of[6], at, t->of[7]));

    return _mm512_mask_blend_epi16(last, low, high);
}

/* The 64 documents that each of 16 is of, counted from the first. */
static WIDE inline __m256i words_of(__m512i docs, __m512i first)
{
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(_mm512_sub_epi32(docs, first), 6));
}

/* Of 16 postings those of which the bits are set become those from the `found`th on. */
static WIDE inline size_t put_chosen(__mmask16 bits, uint32_t number, __m512i docs, __m128i impacts,
                                     size_t found, struct chosen_postings out)
{
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m512i numbers = _mm512_add_epi32(lanes, _mm512_set1_epi32((int)number));
    __m512i chosen = _mm512_maskz_compress_epi32(bits, _mm512_cvtepu8_epi32(impacts));

    _mm512_storeu_si512(out.numbers + found, _mm512_maskz_compress_epi32(bits, numbers));
    _mm512_storeu_si512(out.docs + found, _mm512_maskz_compress_epi32(bits, docs));
    _mm_storeu_si128((__m128i *)(void *)(out.impacts + found), _mm512_cvtepi32_epi8(chosen));
    return (size_t)__builtin_popcount(bits);
}

WIDE size_t wide_choose(struct some_postings of, uint32_t first, const uint16_t *least,
                        uint16_t weight, struct chosen_postings out)
{
    const __m512i w = _mm512_set1_epi16((short)weight), low = _mm512_set1_epi32((int)first);
    struct leasts t;
    size_t found = 0;

    for (size_t i = 0; i < 8; i++)
        t.of[i] = _mm512_loadu_si512(least + 32 * i);
    for (size_t i = 0; i < of.n; i += 32) {
        uint32_t some = of.n - i < 32 ? (UINT32_C(1) << (of.n - i)) - 1 : UINT32_MAX;
        __m512i lower = _mm512_maskz_loadu_epi32((__mmask16)some, of.docs + i);
        __m512i upper = _mm512_maskz_loadu_epi32((__mmask16)(some >> 16), of.docs + i + 16);
        __m512i at = _mm512_inserti64x4(_mm512_castsi256_si512(words_of(lower, low)),
                                        words_of(upper, low), 1);
        __m256i v = _mm512_castsi512_si256(_mm512_maskz_loadu_epi8(some, of.impacts + i));
        __m512i part = parts(_mm512_slli_epi16(_mm512_cvtepu8_epi16(v), 8), w);
        uint32_t bits = some & _mm512_cmpge_epu16_mask(part, look_up(&t, at));
        uint32_t number = of.number + (uint32_t)i;
        found += put_chosen((__mmask16)bits, number, lower, _mm256_castsi256_si128(v), found, out);
        found += put_chosen((__mmask16)(bits >> 16), number + 16, upper,
                            _mm256_extracti128_si256(v, 1), found, out);
    }
    return found;
}

#else

bool wide_can(void)
{
    return false;
}

size_t wide_choose(struct some_postings of, uint32_t first, const uint16_t *least, uint16_t weight,
                   struct chosen_postings out)
{
    (void)of, (void)first, (void)least, (void)weight, (void)out;
    return 0;
}

void wide_add(uint16_t *sums, const uint8_t *impacts, size_t docs, uint16_t weight)
{
    (void)sums, (void)impacts, (void)docs, (void)weight;
}

void wide_join(uint8_t *out, const uint8_t *other, size_t docs)
{
    (void)out, (void)other, (void)docs;
}

uint64_t wide_reaching(const uint16_t *sums, uint16_t least)
{
    (void)sums, (void)least;
    return 0;
}

uint64_t wide_from(const uint8_t *impacts, uint8_t least)
{
    (void)impacts, (void)least;
    return 0;
}

void wide_stand(const uint8_t *impacts, size_t words, uint64_t *bits)
{
    (void)impacts, (void)words, (void)bits;
}

uint64_t wide_bits_sum(const uint64_t *bits, size_t words)
{
    (void)bits, (void)words;
    return 0;
}

void wide_bits_ranks(const uint64_t *bits, const uint32_t *before, const uint32_t *places, size_t n,
                     uint32_t *out)
{
    (void)bits, (void)before, (void)places, (void)n, (void)out;
}

uint64_t wide_together(const uint8_t *const *lists, const uint16_t *weights, size_t count,
                       size_t first, uint16_t least)
{
    (void)lists, (void)weights, (void)count, (void)first, (void)least;
    return 0;
}

#endif
