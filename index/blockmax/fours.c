/* A document at a time in a word, or eight in a vector. */
#include "index/blockmax/fours.h"

#include "index/blockmax/format.h"
#include "index/blockmax/impacts_wide.h"
#include "index/blockmax/pack.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

/* What fits: groups of a block, of which the widths are in two words; bits of a gap, so that four are in what is left
 * of a word that is read from a byte on; and a place up to which four more are looked at. */
#define GROUPS 16
#define WIDTH 13
#define PLACE 0x5000

/* In place of a position that is not there; of those that are compared with others it is another. */
#define NONE 0xe000
#define NONE_OTHER 0xc000

_Static_assert(4 * WIDTH + 7 <= 64, "four gaps are in a word, wherever in a byte they begin");
_Static_assert(FOURS_SHIFT - 1 + (4 << WIDTH) < NONE_OTHER,
               "no place of the first term is NONE_OTHER");
_Static_assert(PLACE + (4 << WIDTH) < NONE,
               "no place of another is NONE, and none takes a bit more");

#define LANES UINT64_C(0x0001000100010001)

/* Four gaps of a group, from its number `from` on, whether they are of the document or not. */
struct gaps {
    uint64_t four;
    uint32_t left; /* of the group, from there on */
};

static uint64_t first_bytes(uint32_t n)
{
    return n >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * n) - 1;
}

static uint64_t sum_bytes(uint64_t bytes)
{
    const uint64_t low = UINT64_C(0x00ff00ff00ff00ff);

    return ((bytes & low) + (bytes >> 8 & low)) * LANES >> 48;
}

/* Those from position `from` of a block on. False: they do not fit. */
static bool read_gaps(const uint8_t *positions, uint32_t all, uint32_t from, struct gaps *out)
{
    uint32_t group = from / POSITIONS_GROUP, groups = (all + POSITIONS_GROUP - 1) / POSITIONS_GROUP;

    if (group >= GROUPS)
        return false;
    uint64_t before = sum_bytes(get64(positions) & first_bytes(group));
    if (group > 8)
        before += sum_bytes(get64(positions + 8) & first_bytes(group - 8));
    unsigned width = positions[group];
    if (width > WIDTH)
        return false;
    uint32_t bit = from % POSITIONS_GROUP * width;
    const uint8_t *at = positions + groups + before * (POSITIONS_GROUP / 8) + bit / 8;
    uint64_t v = get64(at) >> (bit % 8), mask = (UINT64_C(1) << width) - 1;
    out->left = POSITIONS_GROUP - from % POSITIONS_GROUP;
    out->four = (v & mask) | (v >> width & mask) << 16 | (v >> 2 * width & mask) << 32 |
                (v >> 3 * width & mask) << 48;
    return true;
}

/* What each is above `before`, less 1, added up. */
static uint64_t sum_up(uint64_t gaps, uint64_t before)
{
    uint64_t x = gaps + LANES;

    x += x << 16;
    x += x << 32;
    return x + before * LANES;
}

/* In place of all but the first `n`, of 1 to 4, stands `none`. */
static uint64_t cut(uint64_t x, uint32_t n, uint64_t none)
{
    uint64_t there = UINT64_MAX >> (64 - 16 * n);

    return (x & there) | (none * LANES & ~there);
}

/* All bits of each lane of `a` that is among those of `b`. (Where a lane is 0, without carries from lane to lane:
 * Warren, "Hacker's Delight", 2nd ed., 6-1.) */
static uint64_t among(uint64_t a, uint64_t b)
{
    const uint64_t low = 0x7fff * LANES;
    uint64_t met = 0;

    for (unsigned k = 0; k < 4; k++) {
        uint64_t x = a ^ b;
        met |= ~(((x & low) + low) | x | low);
        b = b << 16 | b >> 48;
    }
    return (met >> 15) * 0xffff;
}

static uint64_t greatest(uint64_t places)
{
    uint64_t most = 0;

    for (; places != 0; places >>= 16) {
        uint64_t one = places & 0xffff;
        most = one != NONE && one > most ? one : most;
    }
    return most;
}

static uint64_t take_portable(const struct fours *of, uint32_t shift, uint64_t *places)
{
    uint64_t none = 0;

    for (size_t i = 0; i < of->count; i++) {
        struct gaps gaps;
        if (of->n[i] == 0) {
            places[i] = NONE * LANES;
            continue;
        }
        bool fits = of->n[i] <= 4 && read_gaps(of->positions[i], of->all[i], of->from[i], &gaps) &&
                    of->n[i] <= gaps.left;
        places[i] = fits ? cut(sum_up(gaps.four, shift), of->n[i], NONE) : NONE * LANES;
        none |= (uint64_t)!fits << i;
    }
    return none;
}

/* Of one document. False: it does not fit. */
static bool meet_one(const struct fours *of, size_t i, uint32_t shift, uint64_t *places)
{
    uint64_t met = 0, before = shift, most = greatest(*places);
    uint32_t from = of->from[i], left = of->n[i];

    while (left > 0 && before < most) {
        struct gaps gaps;
        if (before > PLACE || !read_gaps(of->positions[i], of->all[i], from, &gaps))
            return false;
        uint32_t n = left < 4 ? left : 4;
        n = n < gaps.left ? n : gaps.left;
        uint64_t at = sum_up(gaps.four, before);
        met |= among(*places, cut(at, n, NONE_OTHER));
        before = at >> (16 * n - 16) & 0xffff;
        from += n;
        left -= n;
    }
    *places = (*places & met) | (NONE * LANES & ~met);
    return true;
}

static uint64_t meet_portable(const struct fours *of, uint32_t shift, uint64_t *places,
                              uint64_t *far)
{
    uint64_t some = 0;

    *far = 0;
    for (size_t i = 0; i < of->count; i++) {
        if (!meet_one(of, i, shift, &places[i]))
            *far |= UINT64_C(1) << i;
        else
            some |= (uint64_t)(places[i] != NONE * LANES) << i;
    }
    return some;
}

#if defined(__x86_64__) && defined(__GNUC__)

#define WIDE __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))

static bool wide; /* set before main() */

bool fours_widen(bool want)
{
    wide = want && wide_can() && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq");
    return wide;
}

__attribute__((constructor)) static void set_up(void)
{
    fours_widen(true);
}

static WIDE inline __m512i each(uint64_t v)
{
    return _mm512_set1_epi64((long long)v);
}

/* Eight numbers. */
static WIDE inline __m512i eight(const uint32_t *v)
{
    return _mm512_cvtepu32_epi64(_mm256_loadu_si256((const __m256i *)(const void *)v));
}

static WIDE inline __m512i gather(__mmask8 which, __m512i at)
{
    return _mm512_mask_i64gather_epi64(_mm512_setzero_si512(), which, at, NULL, 1);
}

/* 2^n - 1, also where that is all bits. */
static WIDE inline __m512i low_bits(__m512i n)
{
    return _mm512_sub_epi64(_mm512_sllv_epi64(each(1), n), each(1));
}

struct wide_gaps {
    __m512i four, left;
    __mmask8 fit;
};

/* Of eight documents, of which some are looked at. */
static WIDE inline struct wide_gaps wide_read(__mmask8 which, __m512i positions, __m512i all,
                                              __m512i from)
{
    const __m512i zero = _mm512_setzero_si512();
    __m512i group = _mm512_srli_epi64(from, 6), in = _mm512_and_si512(from, each(63));
    __m512i groups = _mm512_srli_epi64(_mm512_add_epi64(all, each(63)), 6);
    which &= _mm512_cmplt_epu64_mask(group, each(GROUPS));
    __mmask8 many = which & _mm512_cmpge_epu64_mask(group, each(8));
    __m512i widths = gather(which, positions);
    __m512i before =
        _mm512_sad_epu8(_mm512_and_si512(widths, low_bits(_mm512_slli_epi64(group, 3))), zero);
    if (many != 0) {
        __m512i upper = _mm512_slli_epi64(_mm512_sub_epi64(group, each(8)), 3);
        __m512i more = gather(many, _mm512_add_epi64(positions, each(8)));
        before = _mm512_mask_add_epi64(
            before, many, before, _mm512_sad_epu8(_mm512_and_si512(more, low_bits(upper)), zero));
        widths = _mm512_mask_mov_epi64(widths, many, more);
    }
    __m512i of_group = _mm512_slli_epi64(_mm512_and_si512(group, each(7)), 3);
    __m512i width = _mm512_and_si512(_mm512_srlv_epi64(widths, of_group), each(0xff));
    __m512i bit = _mm512_mul_epu32(in, width);
    which &= _mm512_cmple_epu64_mask(width, each(WIDTH));
    __m512i at =
        _mm512_add_epi64(_mm512_add_epi64(positions, groups),
                         _mm512_add_epi64(_mm512_slli_epi64(before, 3), _mm512_srli_epi64(bit, 3)));
    __m512i v = _mm512_srlv_epi64(gather(which, at), _mm512_and_si512(bit, each(7)));
    __m512i mask = low_bits(width), four = _mm512_and_si512(v, mask);
    for (unsigned k = 1; k < 4; k++) {
        v = _mm512_srlv_epi64(v, width);
        four = _mm512_or_si512(four, _mm512_slli_epi64(_mm512_and_si512(v, mask), 16 * k));
    }
    return (struct wide_gaps){four, _mm512_sub_epi64(each(64), in), which};
}

static WIDE inline __m512i wide_sum(__m512i gaps, __m512i before)
{
    __m512i x = _mm512_add_epi64(gaps, each(LANES));

    x = _mm512_add_epi64(x, _mm512_slli_epi64(x, 16));
    x = _mm512_add_epi64(x, _mm512_slli_epi64(x, 32));
    before = _mm512_or_si512(before, _mm512_slli_epi64(before, 16));
    return _mm512_add_epi64(x, _mm512_or_si512(before, _mm512_slli_epi64(before, 32)));
}

static WIDE inline __m512i wide_cut(__m512i x, __m512i n, __m512i none)
{
    __m512i there = low_bits(_mm512_slli_epi64(n, 4));

    return _mm512_or_si512(_mm512_and_si512(there, x), _mm512_andnot_si512(there, none));
}

/* Whether each of some lanes is among the four of its document. */
static WIDE inline __mmask32 wide_among(__m512i a, __m512i b)
{
    __mmask32 met = _mm512_cmpeq_epi16_mask(a, b);

    met |= _mm512_cmpeq_epi16_mask(a, _mm512_rol_epi64(b, 16));
    met |= _mm512_cmpeq_epi16_mask(a, _mm512_rol_epi64(b, 32));
    return met | _mm512_cmpeq_epi16_mask(a, _mm512_rol_epi64(b, 48));
}

static WIDE inline __m512i wide_greatest(__m512i places)
{
    __mmask32 none = _mm512_cmpeq_epi16_mask(places, each(NONE * LANES));
    __m512i most = _mm512_mask_mov_epi16(places, none, _mm512_setzero_si512());

    most = _mm512_max_epu16(most, _mm512_rol_epi64(most, 16));
    most = _mm512_max_epu16(most, _mm512_rol_epi64(most, 32));
    return _mm512_and_si512(most, each(0xffff));
}

/* Documents from `i` on, up to eight. */
static inline __mmask8 eight_of(const struct fours *of, size_t i)
{
    return (__mmask8)(of->count - i < 8 ? (1U << (of->count - i)) - 1 : 0xff);
}

static WIDE uint64_t take_wide(const struct fours *of, uint32_t shift, uint64_t *places)
{
    const __m512i none = each(NONE * LANES);
    uint64_t without = 0;

    for (size_t i = 0; i < of->count; i += 8) {
        __m512i n = eight(of->n + i);
        __mmask8 all = eight_of(of, i) & _mm512_test_epi64_mask(n, n);
        __mmask8 few = all & _mm512_cmple_epu64_mask(n, each(4));
        struct wide_gaps gaps = wide_read(few, _mm512_loadu_si512(of->positions + i),
                                          eight(of->all + i), eight(of->from + i));
        __mmask8 fit = gaps.fit & _mm512_cmple_epu64_mask(n, gaps.left);
        __m512i x = wide_cut(wide_sum(gaps.four, each(shift)), n, none);
        _mm512_storeu_si512(places + i, _mm512_mask_mov_epi64(none, fit, x));
        without |= (uint64_t)(all & ~fit) << i;
    }
    return without;
}

static WIDE uint64_t meet_wide(const struct fours *of, uint32_t shift, uint64_t *places,
                               uint64_t *far)
{
    const __m512i none = each(NONE * LANES), other = each(NONE_OTHER * LANES);
    uint64_t some = 0;

    *far = 0;
    for (size_t i = 0; i < of->count; i += 8) {
        __mmask8 all = eight_of(of, i), open = all, away = 0;
        __m512i left = eight(of->n + i), from = eight(of->from + i), before = each(shift);
        __m512i of_block = eight(of->all + i), positions = _mm512_loadu_si512(of->positions + i);
        __m512i here = _mm512_loadu_si512(places + i), most = wide_greatest(here);
        __mmask32 met = 0;
        for (;;) {
            open &= _mm512_cmplt_epu64_mask(before, most);
            open &= _mm512_test_epi64_mask(left, left);
            if (open == 0)
                break;
            struct wide_gaps gaps = wide_read(open, positions, of_block, from);
            gaps.fit &= _mm512_cmple_epu64_mask(before, each(PLACE));
            away |= open & ~gaps.fit;
            open &= gaps.fit;
            __m512i n = _mm512_min_epu64(_mm512_min_epu64(left, each(4)), gaps.left);
            __m512i at = wide_sum(gaps.four, before);
            __m512i last = _mm512_slli_epi64(_mm512_sub_epi64(n, each(1)), 4);
            met |= wide_among(here, _mm512_mask_mov_epi64(other, open, wide_cut(at, n, other)));
            before = _mm512_and_si512(_mm512_srlv_epi64(at, last), each(0xffff));
            from = _mm512_add_epi64(from, n);
            left = _mm512_sub_epi64(left, n);
        }
        __m512i kept = _mm512_mask_mov_epi16(none, met, here);
        _mm512_storeu_si512(places + i, _mm512_mask_mov_epi64(kept, away, here));
        some |= (uint64_t)(all & ~away & _mm512_cmpneq_epi64_mask(kept, none)) << i;
        *far |= (uint64_t)away << i;
    }
    return some;
}

uint64_t fours_take(const struct fours *of, uint32_t shift, uint64_t places[FOURS_DOCS])
{
    return wide ? take_wide(of, shift, places) : take_portable(of, shift, places);
}

uint64_t fours_meet(const struct fours *of, uint32_t shift, uint64_t places[FOURS_DOCS],
                    uint64_t *far)
{
    return wide ? meet_wide(of, shift, places, far) : meet_portable(of, shift, places, far);
}

#else

bool fours_widen(bool want)
{
    (void)want;
    return false;
}

uint64_t fours_take(const struct fours *of, uint32_t shift, uint64_t places[FOURS_DOCS])
{
    return take_portable(of, shift, places);
}

uint64_t fours_meet(const struct fours *of, uint32_t shift, uint64_t places[FOURS_DOCS],
                    uint64_t *far)
{
    return meet_portable(of, shift, places, far);
}

#endif
