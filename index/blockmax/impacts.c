/* Sums of impacts, by vectors of 16 bytes or 64 where the machine has them. */
#include "index/blockmax/impacts.h"

#include "index/blockmax/impacts_wide.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static bool wide; /* set before main() */

bool impacts_widen(bool want)
{
    wide = want && wide_can();
    return wide;
}

void impacts_stand(const uint8_t *impacts, size_t words, uint64_t *bits)
{
    if (wide) {
        wide_stand(impacts, words, bits);
        return;
    }
    for (size_t w = 0; w < words; w++)
        bits[w] = impacts_standing(impacts + 64 * w);
}

uint64_t bits_sum(const uint64_t *bits, size_t words)
{
    uint64_t sum = 0;

    if (wide)
        return wide_bits_sum(bits, words);
    for (size_t w = 0; w < words; w++)
        sum += bits_count(bits[w]);
    return sum;
}

void bits_ranks(const uint64_t *bits, const uint32_t *before, const uint32_t *places, size_t n,
                uint32_t *out)
{
    if (wide) {
        wide_bits_ranks(bits, before, places, n, out);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t lower = (UINT64_C(1) << places[i] % 64) - 1;
        out[i] = before[places[i] / 64] + bits_count(bits[places[i] / 64] & lower);
    }
}

size_t impacts_choose_portable(struct some_postings of, uint32_t first,
                               const uint16_t least[IMPACT_LEASTS], uint16_t weight,
                               struct chosen_postings out)
{
    size_t found = 0;

    for (size_t i = 0; i < of.n; i++) { /* without a branch that nobody could predict */
        out.numbers[found] = of.number + (uint32_t)i;
        out.docs[found] = of.docs[i];
        out.impacts[found] = of.impacts[i];
        found += impact_part(of.impacts[i], weight) >= least[(of.docs[i] - first) / 64];
    }
    return found;
}

size_t impacts_choose(struct some_postings of, uint32_t first, const uint16_t least[IMPACT_LEASTS],
                      uint16_t weight, struct chosen_postings out)
{
    return wide ? wide_choose(of, first, least, weight, out)
                : impacts_choose_portable(of, first, least, weight, out);
}

void impacts_leasts_portable(uint16_t *out, const uint16_t *sums, const uint8_t *impacts,
                             size_t count, uint16_t floor, uint16_t weight)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t rest = (uint16_t)(sums[i] - impact_part(impacts[i], weight));
        uint16_t least = (uint16_t)(floor > rest ? floor - rest : 0);
        out[i] = sums[i] < floor ? UINT16_MAX : least;
    }
}

/* a / (255 - a) + b / (255 - b) is x in units of k1; the impact is x / (x + 1), in 1/255, rounded up. */
static uint8_t join_one(uint8_t a, uint8_t b)
{
    uint32_t both = (uint32_t)a * b, whole = 255u * 255u - both;

    if (a == UINT8_MAX || b == UINT8_MAX)
        return UINT8_MAX;
    uint32_t x = 255u * ((uint32_t)a + b) - 2 * both;
    return (uint8_t)((255u * x + whole - 1) / whole);
}

uint8_t impact_joined[UINT8_MAX + 1][UINT8_MAX + 1];

__attribute__((constructor)) static void set_up(void)
{
    impacts_widen(true);
    for (unsigned a = 0; a <= UINT8_MAX; a++)
        for (unsigned b = 0; b <= UINT8_MAX; b++)
            impact_joined[a][b] = join_one((uint8_t)a, (uint8_t)b);
}

void impacts_add_portable(uint16_t *sums, const uint8_t *impacts, size_t docs, uint16_t weight)
{
    for (size_t i = 0; i < docs; i++)
        sums[i] = impact_add(sums[i], impacts[i], weight);
}

void impacts_take_portable(uint16_t *sums, const uint8_t *impacts, size_t docs, uint16_t weight)
{
    for (size_t i = 0; i < docs; i++)
        sums[i] = (uint16_t)(sums[i] - impact_part(impacts[i], weight));
}

void impacts_least_portable(uint8_t *out, const uint8_t *other, size_t docs)
{
    for (size_t i = 0; i < docs; i++)
        out[i] = other[i] < out[i] ? other[i] : out[i];
}

/* join_one() in single precision, in which all but the quotient is exact: 255 times the sum of x / (x + 1)
 * is (255 (a + b) - 2 ab) · 255 / (255² - ab). That is whole, or 1 / 255² or more above a whole number: with
 * this added, and cut off, it is rounded up. */
void impacts_join_portable(uint8_t *out, const uint8_t *other, size_t docs)
{
    for (size_t i = 0; i < docs; i++) {
        uint8_t most = other[i] > out[i] ? other[i] : out[i];
        float both = (float)(out[i] * other[i]), sum = (float)(out[i] + other[i]);
        float whole = 255.0f * 255.0f - both;
        float join = (255.0f * sum - 2.0f * both) * 255.0f / (whole > 1 ? whole : 1) + JOIN_UP;
        uint8_t up = join < (float)UINT8_MAX ? (uint8_t)join : UINT8_MAX;
        out[i] = up > most ? up : most;
    }
}

uint16_t impacts_greatest_portable(const uint16_t *sums)
{
    uint16_t most = 0;

    for (size_t i = 0; i < 16; i++)
        most = sums[i] > most ? sums[i] : most;
    return most;
}

uint64_t impacts_standing_portable(const uint8_t *impacts)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < 64; i++)
        bits |= (uint64_t)(impacts[i] != 0) << i;
    return bits;
}

uint64_t impacts_reaching_portable(const uint16_t *sums, uint16_t least)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < 64; i++)
        bits |= (uint64_t)(sums[i] >= least) << i;
    return bits;
}

uint64_t impacts_together_portable(const uint8_t *const *lists, const uint16_t *weights,
                                   size_t count, size_t first, uint16_t least)
{
    uint16_t sums[64] = {0};

    for (size_t i = 0; i < count; i++)
        impacts_add_portable(sums, lists[i] + first, 64, weights[i]);
    return impacts_reaching_portable(sums, least);
}

void impacts_fold_portable(uint8_t *out, const uint8_t *impacts, size_t rows)
{
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < 16; i++) {
            uint8_t most = 0;
            for (size_t k = i; k < IMPACT_ROW; k += 16)
                most = impacts[r * IMPACT_ROW + k] > most ? impacts[r * IMPACT_ROW + k] : most;
            out[r * 16 + i] = most;
        }
    }
}

size_t impacts_count_portable(const uint8_t *impacts, size_t count, uint8_t least)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        n += impacts[i] >= least;
    return n;
}

bool impacts_any_from_portable(const uint8_t *impacts, uint8_t least)
{
    return impacts_count_portable(impacts, 16, least) > 0;
}

uint64_t impacts_from_portable(const uint8_t *impacts, uint8_t least)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < 64; i++)
        bits |= (uint64_t)(impacts[i] >= least) << i;
    return bits;
}

#ifdef __SSE2__

static __m128i load(const void *p)
{
    return _mm_loadu_si128((const __m128i *)p);
}

static void store(void *p, __m128i v)
{
    _mm_storeu_si128((__m128i *)p, v);
}

/* The parts of 16 impacts. As the upper byte of a word each is 256 times as much, which the high half of the
 * product takes off again. */
static void parts(const uint8_t *impacts, __m128i weight, __m128i *low, __m128i *high)
{
    __m128i v = load(impacts), zero = _mm_setzero_si128();

    *low = _mm_mulhi_epu16(_mm_unpacklo_epi8(zero, v), weight);
    *high = _mm_mulhi_epu16(_mm_unpackhi_epi8(zero, v), weight);
}

void impacts_add(uint16_t *sums, const uint8_t *impacts, size_t docs, uint16_t weight)
{
    const __m128i w = _mm_set1_epi16((short)weight);
    size_t i = wide ? docs / 64 * 64 : 0;
    __m128i low, high;

    if (i > 0)
        wide_add(sums, impacts, i, weight);
    for (; i < docs; i += 16) {
        parts(impacts + i, w, &low, &high);
        store(sums + i, _mm_adds_epu16(load(sums + i), low));
        store(sums + i + 8, _mm_adds_epu16(load(sums + i + 8), high));
    }
}

void impacts_take(uint16_t *sums, const uint8_t *impacts, size_t docs, uint16_t weight)
{
    const __m128i w = _mm_set1_epi16((short)weight);
    __m128i low, high;

    for (size_t i = 0; i < docs; i += 16) {
        parts(impacts + i, w, &low, &high);
        store(sums + i, _mm_sub_epi16(load(sums + i), low));
        store(sums + i + 8, _mm_sub_epi16(load(sums + i + 8), high));
    }
}

/* Eight of them. */
static __m128i leasts(__m128i sums, __m128i part, __m128i floor)
{
    __m128i reach = _mm_cmpeq_epi16(_mm_subs_epu16(floor, sums), _mm_setzero_si128());
    __m128i least = _mm_subs_epu16(floor, _mm_sub_epi16(sums, part));

    return _mm_or_si128(least, _mm_andnot_si128(reach, _mm_set1_epi16(-1)));
}

void impacts_leasts(uint16_t *out, const uint16_t *sums, const uint8_t *impacts, size_t count,
                    uint16_t floor, uint16_t weight)
{
    const __m128i w = _mm_set1_epi16((short)weight), f = _mm_set1_epi16((short)floor);
    __m128i low, high;

    for (size_t i = 0; i < count; i += 16) {
        parts(impacts + i, w, &low, &high);
        store(out + i, leasts(load(sums + i), low, f));
        store(out + i + 8, leasts(load(sums + i + 8), high, f));
    }
}

void impacts_least(uint8_t *out, const uint8_t *other, size_t docs)
{
    for (size_t i = 0; i < docs; i += 16)
        store(out + i, _mm_min_epu8(load(out + i), load(other + i)));
}

/* Of four documents: the products and the sums of their impacts. */
static __m128i join(__m128i product, __m128i sum)
{
    __m128 both = _mm_cvtepi32_ps(product), one = _mm_set1_ps(1.0f);
    __m128 whole = _mm_max_ps(_mm_sub_ps(_mm_set1_ps(255.0f * 255.0f), both), one);
    __m128 of = _mm_mul_ps(_mm_set1_ps(255.0f), _mm_cvtepi32_ps(sum));

    of = _mm_mul_ps(_mm_sub_ps(of, _mm_add_ps(both, both)), _mm_set1_ps(255.0f));
    return _mm_cvttps_epi32(_mm_add_ps(_mm_div_ps(of, whole), _mm_set1_ps(JOIN_UP)));
}

/* Of eight. */
static __m128i join_half(__m128i a, __m128i b)
{
    const __m128i zero = _mm_setzero_si128();
    __m128i product = _mm_mullo_epi16(a, b), sum = _mm_add_epi16(a, b);

    return _mm_packs_epi32(join(_mm_unpacklo_epi16(product, zero), _mm_unpacklo_epi16(sum, zero)),
                           join(_mm_unpackhi_epi16(product, zero), _mm_unpackhi_epi16(sum, zero)));
}

void impacts_join(uint8_t *out, const uint8_t *other, size_t docs)
{
    const __m128i zero = _mm_setzero_si128();

    if (wide) {
        wide_join(out, other, docs);
        return;
    }
    for (size_t i = 0; i < docs; i += 16) {
        __m128i a = load(out + i), b = load(other + i);
        __m128i low = join_half(_mm_unpacklo_epi8(a, zero), _mm_unpacklo_epi8(b, zero));
        __m128i high = join_half(_mm_unpackhi_epi8(a, zero), _mm_unpackhi_epi8(b, zero));
        store(out + i, _mm_max_epu8(_mm_packus_epi16(low, high), _mm_max_epu8(a, b)));
    }
}

static __m128i greater(__m128i a, __m128i b)
{
    return _mm_adds_epu16(_mm_subs_epu16(a, b), b);
}

uint16_t impacts_greatest(const uint16_t *sums)
{
    __m128i most = greater(load(sums), load(sums + 8));

    most = greater(most, _mm_srli_si128(most, 8));
    most = greater(most, _mm_srli_si128(most, 4));
    most = greater(most, _mm_srli_si128(most, 2));
    return (uint16_t)_mm_extract_epi16(most, 0);
}

uint64_t impacts_standing(const uint8_t *impacts)
{
    const __m128i zero = _mm_setzero_si128();
    uint64_t absent = 0;

    if (wide)
        return wide_from(impacts, 1);
    for (unsigned i = 0; i < 64; i += 16) {
        int mask = _mm_movemask_epi8(_mm_cmpeq_epi8(load(impacts + i), zero));
        absent |= (uint64_t)(uint32_t)mask << i;
    }
    return ~absent;
}

uint64_t impacts_reaching(const uint16_t *sums, uint16_t least)
{
    const __m128i zero = _mm_setzero_si128(), floor = _mm_set1_epi16((short)least);
    uint64_t bits = 0;

    if (wide)
        return wide_reaching(sums, least);
    for (unsigned i = 0; i < 64; i += 16) {
        __m128i low = _mm_cmpeq_epi16(_mm_subs_epu16(floor, load(sums + i)), zero);
        __m128i high = _mm_cmpeq_epi16(_mm_subs_epu16(floor, load(sums + i + 8)), zero);
        bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_packs_epi16(low, high)) << i;
    }
    return bits;
}

uint64_t impacts_together(const uint8_t *const *lists, const uint16_t *weights, size_t count,
                          size_t first, uint16_t least)
{
    const __m128i zero = _mm_setzero_si128(), floor = _mm_set1_epi16((short)least);
    uint64_t bits = 0;

    if (wide)
        return wide_together(lists, weights, count, first, least);
    for (unsigned i = 0; i < 64; i += 16) {
        __m128i low = zero, high = zero;
        for (size_t k = 0; k < count; k++) {
            __m128i w = _mm_set1_epi16((short)weights[k]), v = load(lists[k] + first + i);
            low = _mm_adds_epu16(low, _mm_mulhi_epu16(_mm_unpacklo_epi8(zero, v), w));
            high = _mm_adds_epu16(high, _mm_mulhi_epu16(_mm_unpackhi_epi8(zero, v), w));
        }
        low = _mm_cmpeq_epi16(_mm_subs_epu16(floor, low), zero);
        high = _mm_cmpeq_epi16(_mm_subs_epu16(floor, high), zero);
        bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_packs_epi16(low, high)) << i;
    }
    return bits;
}

void impacts_fold(uint8_t *out, const uint8_t *impacts, size_t rows)
{
    for (size_t r = 0; r < rows; r++, impacts += IMPACT_ROW) {
        __m128i a = load(impacts), b = load(impacts + 16);
        for (size_t i = 32; i < IMPACT_ROW; i += 32) {
            a = _mm_max_epu8(a, load(impacts + i));
            b = _mm_max_epu8(b, load(impacts + i + 16));
        }
        store(out + r * 16, _mm_max_epu8(a, b));
    }
}

/* All bits of each byte that is at least so much. */
static __m128i from(const uint8_t *impacts, __m128i least)
{
    __m128i v = load(impacts);

    return _mm_cmpeq_epi8(_mm_max_epu8(v, least), v);
}

/* Of so many, each byte of a sum has one in 16. */
#define COUNTED ((size_t)255 * 16)

size_t impacts_count(const uint8_t *impacts, size_t count, uint8_t least)
{
    const __m128i floor = _mm_set1_epi8((char)least), zero = _mm_setzero_si128();
    __m128i sum = zero;

    for (size_t i = 0; i < count;) {
        size_t end = count - i > COUNTED ? i + COUNTED : count;
        __m128i n = zero;
        for (; i < end; i += 16)
            n = _mm_sub_epi8(n, from(impacts + i, floor));
        sum = _mm_add_epi64(sum, _mm_sad_epu8(n, zero));
    }
    sum = _mm_add_epi64(sum, _mm_srli_si128(sum, 8));
    return (size_t)_mm_cvtsi128_si64(sum);
}

bool impacts_any_from(const uint8_t *impacts, uint8_t least)
{
    return _mm_movemask_epi8(from(impacts, _mm_set1_epi8((char)least))) != 0;
}

uint64_t impacts_from(const uint8_t *impacts, uint8_t least)
{
    const __m128i floor = _mm_set1_epi8((char)least);
    uint64_t bits = 0;

    if (wide)
        return wide_from(impacts, least);
    for (unsigned i = 0; i < 64; i += 16)
        bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(from(impacts + i, floor)) << i;
    return bits;
}

#else

uint64_t impacts_together(const uint8_t *const *lists, const uint16_t *weights, size_t count,
                          size_t first, uint16_t least)
{
    return impacts_together_portable(lists, weights, count, first, least);
}

void impacts_fold(uint8_t *out, const uint8_t *impacts, size_t rows)
{
    impacts_fold_portable(out, impacts, rows);
}

size_t impacts_count(const uint8_t *impacts, size_t count, uint8_t least)
{
    return impacts_count_portable(impacts, count, least);
}

bool impacts_any_from(const uint8_t *impacts, uint8_t least)
{
    return impacts_any_from_portable(impacts, least);
}

uint64_t impacts_from(const uint8_t *impacts, uint8_t least)
{
    return impacts_from_portable(impacts, least);
}

void impacts_add(uint16_t *sums, const uint8_t *impacts, size_t docs, uint16_t weight)
{
    impacts_add_portable(sums, impacts, docs, weight);
}

void impacts_take(uint16_t *sums, const uint8_t *impacts, size_t docs, uint16_t weight)
{
    impacts_take_portable(sums, impacts, docs, weight);
}

void impacts_leasts(uint16_t *out, const uint16_t *sums, const uint8_t *impacts, size_t count,
                    uint16_t floor, uint16_t weight)
{
    impacts_leasts_portable(out, sums, impacts, count, floor, weight);
}

void impacts_least(uint8_t *out, const uint8_t *other, size_t docs)
{
    impacts_least_portable(out, other, docs);
}

void impacts_join(uint8_t *out, const uint8_t *other, size_t docs)
{
    impacts_join_portable(out, other, docs);
}

uint16_t impacts_greatest(const uint16_t *sums)
{
    return impacts_greatest_portable(sums);
}

uint64_t impacts_standing(const uint8_t *impacts)
{
    return impacts_standing_portable(impacts);
}

uint64_t impacts_reaching(const uint16_t *sums, uint16_t least)
{
    return impacts_reaching_portable(sums, least);
}

#endif
