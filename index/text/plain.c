/* Bytes to bits. */
#include "index/text/plain.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <string.h>

void plain_read_portable(const unsigned char *text, size_t len, struct plain *out)
{
    *out = (struct plain){0};
    for (size_t i = 0; i < len && i < PLAIN_BYTES; i++) {
        unsigned char c = text[i];
        unsigned char lower = c | 0x20;
        uint64_t bit = UINT64_C(1) << i;
        if ((c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z'))
            out->words |= bit;
        if (c >= 'A' && c <= 'Z')
            out->capitals |= bit;
        if (c >= 0x80 || c == '_' || c == '@')
            out->others |= bit;
    }
}

#ifdef __SSE2__

static __m128i between(__m128i bytes, char first, char last)
{
    return _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8((char)(first - 1))),
                         _mm_cmplt_epi8(bytes, _mm_set1_epi8((char)(last + 1))));
}

static uint64_t bits(__m128i mask, unsigned at)
{
    return (uint64_t)(uint32_t)_mm_movemask_epi8(mask) << at;
}

static void read_all(const unsigned char *text, struct plain *out)
{
    *out = (struct plain){0};
    for (unsigned at = 0; at < PLAIN_BYTES; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(text + at));
        __m128i letters = between(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 'z');
        __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('_')),
                                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('@')));
        out->words |= bits(_mm_or_si128(letters, between(bytes, '0', '9')), at);
        out->capitals |= bits(between(bytes, 'A', 'Z'), at);
        out->others |= bits(_mm_or_si128(bytes, marks), at); /* the sign: not ASCII */
    }
}

void plain_read(const unsigned char *text, size_t len, struct plain *out)
{
    unsigned char end[PLAIN_BYTES];

    if (len < PLAIN_BYTES) {
        memset(end, 0, sizeof(end));
        memcpy(end, text, len);
        text = end;
    }
    read_all(text, out);
}

#else

void plain_read(const unsigned char *text, size_t len, struct plain *out)
{
    plain_read_portable(text, len, out);
}

#endif
