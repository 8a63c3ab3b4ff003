/* Numbers of a packed block by AVX-512: 32 at a time, of up to 8 bits each, in lanes of 16. Private to pack.c and
 * columns.c, whose functions that use it must be for FIELDS.
 *
 * The bytes that have the numbers of a row are put side by side, two for each; from these 64 bits the fields are
 * taken, each from its own bit on (VPERMI2B and VPMULTISHIFTQB). */
#ifndef INDEX_BLOCKMAX_FIELDS_H
#define INDEX_BLOCKMAX_FIELDS_H

#include "index/blockmax/pack.h"

#define FIELDS_WIDTH 8
#define FIELDS_COUNT 32

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define FIELDS __attribute__((target("avx512f,avx512bw,avx512vbmi")))

/* Of each 32: which bytes, and from which bit of eight on. */
struct fields_rows {
    uint8_t bytes[PACK_BLOCK / FIELDS_COUNT][64], bits[PACK_BLOCK / FIELDS_COUNT][64];
};
/* By width; filled before main(). */
extern struct fields_rows fields_rows[FIELDS_WIDTH + 1];

/* A block. */
struct fields {
    __m512i low, high; /* its bytes */
    __m512i mask;
    const struct fields_rows *rows;
};

static FIELDS inline struct fields fields_open(const uint8_t *in, unsigned width)
{
    unsigned words = 4 * width, more = words > 16 ? words - 16 : 0;

    return (struct fields){
        _mm512_maskz_loadu_epi32((__mmask16)(words < 16 ? (1U << words) - 1 : 0xffff), in),
        _mm512_maskz_loadu_epi32((__mmask16)((1U << more) - 1), in + 64),
        _mm512_set1_epi16((short)((1U << width) - 1)), &fields_rows[width]};
}

/* The `i`th 32 numbers. */
static FIELDS inline __m512i fields_at(const struct fields *f, size_t i)
{
    __m512i which = _mm512_loadu_si512(f->rows->bytes[i]);
    __m512i bytes = _mm512_permutex2var_epi8(f->low, which, f->high);

    return _mm512_and_si512(
        _mm512_multishift_epi64_epi8(_mm512_loadu_si512(f->rows->bits[i]), bytes), f->mask);
}

/* Of eight sums what comes before each, with *before, which becomes what comes before the next eight, in each lane. */
static FIELDS inline __m512i fields_before(__m512i sums, __m512i *before)
{
    const __m512i zero = _mm512_setzero_si512(), last = _mm512_set1_epi64(7);
    __m512i all = sums;

    all = _mm512_add_epi64(all, _mm512_alignr_epi64(all, zero, 7));
    all = _mm512_add_epi64(all, _mm512_alignr_epi64(all, zero, 6));
    all = _mm512_add_epi64(all, _mm512_alignr_epi64(all, zero, 4));
    __m512i out = _mm512_add_epi64(_mm512_sub_epi64(all, sums), *before);
    *before = _mm512_add_epi64(*before, _mm512_permutexvar_epi64(last, all));
    return out;
}

/* Adds to each those before it, and *before, which becomes what is before the next ones, in lanes of 64. All
 * together are below 2^16. */
static FIELDS inline __m512i fields_sum(__m512i x, __m512i *before)
{
    const __m512i each =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 0, 1, 0, 1, 0, 1, 8, 9, 8, 9, 8, 9, 8, 9));

    x = _mm512_add_epi64(x, _mm512_slli_epi64(x, 16));
    x = _mm512_add_epi64(x, _mm512_slli_epi64(x, 32));
    /* What each four have together is added to the fours behind them. */
    __m512i base = fields_before(_mm512_srli_epi64(x, 48), before);
    return _mm512_add_epi16(x, _mm512_shuffle_epi8(base, each));
}
#endif

/* Whether the machine has what it takes. */
bool fields_can(void);

#endif
