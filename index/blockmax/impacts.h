/* Impacts of documents side by side, a byte each, and sums of them, two bytes each: what all leaves
 * of a search can score, for many documents at once.
 *
 * A byte is in 1/255 of what a leaf scores at most, rounded up, 0 where it does not stand. A weight says
 * how much of the sum's 65535 a whole impact is worth, in 1/255 of that: each part is rounded down, so
 * that a sum of parts is less than one a leaf too small. Sums stay at 65535 where they would go
 * beyond. Documents come by 16. */
#ifndef INDEX_BLOCKMAX_IMPACTS_H
#define INDEX_BLOCKMAX_IMPACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint16_t impact_part(uint8_t impact, uint16_t weight)
{
    return (uint16_t)((uint32_t)impact * weight >> 8);
}

/* The impact whose part is so much, of one that stands; above 255: none is. */
static inline unsigned impact_for(uint32_t part, uint16_t weight)
{
    if (part == 0)
        return 1;
    return weight == 0 || part > impact_part(UINT8_MAX, weight)
               ? UINT8_MAX + 1U
               : ((part << 8) + weight - 1) / weight;
}

/* Adds one part to a sum. */
static inline uint16_t impact_add(uint16_t sum, uint8_t impact, uint16_t weight)
{
    uint32_t more = (uint32_t)sum + impact_part(impact, weight);

    return more < UINT16_MAX ? (uint16_t)more : UINT16_MAX;
}

/* Impacts of two terms in one document: x adds up (FORMAT.md). */
extern uint8_t impact_joined[UINT8_MAX + 1][UINT8_MAX + 1]; /* filled before main() */
static inline uint8_t impact_join(uint8_t a, uint8_t b)
{
    return impact_joined[a][b];
}

/* Impacts of 64 documents are read soon. Those of a union, or of a segment in memory, may lie across two lines of the
 * processor's cache. */
static inline void impacts_fetch(const uint8_t *impacts)
{
    __builtin_prefetch(impacts);
    __builtin_prefetch(impacts + 63);
}

/* sums[i] += parts of impacts[i] */
void impacts_add(uint16_t *sums, const uint8_t *impacts, size_t docs, uint16_t weight);
/* sums[i] -= the same, which are in them */
void impacts_take(uint16_t *sums, const uint8_t *impacts, size_t docs, uint16_t weight);
/* out[i] = the lesser of out[i] and other[i] */
void impacts_least(uint8_t *out, const uint8_t *other, size_t docs);
/* out[i] = impact_join(out[i], other[i]) */
void impacts_join(uint8_t *out, const uint8_t *other, size_t docs);
/* The greatest of 16 sums. */
uint16_t impacts_greatest(const uint16_t *sums);
/* Bits of 64 documents: where there is an impact; where the sum is at least so much. */
uint64_t impacts_standing(const uint8_t *impacts);
uint64_t impacts_reaching(const uint16_t *sums, uint16_t least);

/* Bits of 64 documents from `first` on: where the parts of several lists are at least so much together. */
uint64_t impacts_together(const uint8_t *const *lists, const uint16_t *weights, size_t count,
                          size_t first, uint16_t least);

/* Impacts in rows: out[16 * r + i] is the greatest of every 16th from the ith of row r. */
#define IMPACT_ROW ((size_t)256)
void impacts_fold(uint8_t *out, const uint8_t *impacts, size_t rows);
/* How many of `count` are at least so much. They come by 16. */
size_t impacts_count(const uint8_t *impacts, size_t count, uint8_t least);
/* Whether one of 16 is at least so much, and bits of 64 that are; `least` > 0. */
bool impacts_any_from(const uint8_t *impacts, uint8_t least);
uint64_t impacts_from(const uint8_t *impacts, uint8_t least);

/* Postings of 64 documents each are of no use below an impact: out[i] is the part that it takes there to reach
 * `floor` with what others score at most, sums[i] less the part of impacts[i], which is in it; UINT16_MAX: there
 * sums[i] does not reach it. */
void impacts_leasts(uint16_t *out, const uint16_t *sums, const uint8_t *impacts, size_t count,
                    uint16_t floor, uint16_t weight);

/* Postings, in order of documents: their numbers in their list, which follow each other where they were not
 * chosen. */
struct some_postings {
    const uint32_t *docs;
    const uint8_t *impacts;
    size_t n;
    uint32_t number; /* of the first */
};
struct chosen_postings {
    uint32_t *numbers, *docs;
    uint8_t *impacts;
};
#define CHOSEN_SLACK 16 /* of each, so many more may be written */

/* Those whose part is at least what `least` says of their 64 documents, from `first` on. Returns how many they
 * are. */
#define IMPACT_LEASTS 256
size_t impacts_choose(struct some_postings of, uint32_t first, const uint16_t least[IMPACT_LEASTS],
                      uint16_t weight, struct chosen_postings out);

static inline uint32_t bits_count(uint64_t bits)
{
    bits -= bits >> 1 & UINT64_C(0x5555555555555555);
    bits = (bits & UINT64_C(0x3333333333333333)) + (bits >> 2 & UINT64_C(0x3333333333333333));
    bits = (bits + (bits >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)(bits * UINT64_C(0x0101010101010101) >> 56);
}

/* The bits of impacts_standing() of many, 64 a word. */
void impacts_stand(const uint8_t *impacts, size_t words, uint64_t *bits);
/* How many bits are set in some words. */
uint64_t bits_sum(const uint64_t *bits, size_t words);

/* How many bits are set before each of some places: out[i] of places[i]. before[w]: how many are before
 * word w. */
void bits_ranks(const uint64_t *bits, const uint32_t *before, const uint32_t *places, size_t n,
                uint32_t *out);

/* For tests: with vectors of 64 bytes, or without. Returns whether it is with them: not every machine has
 * them. Not while others search. */
bool impacts_widen(bool want);

/* The same without vectors: what the tests hold the others to. */
void impacts_add_portable(uint16_t *sums, const uint8_t *impacts, size_t docs, uint16_t weight);
void impacts_take_portable(uint16_t *sums, const uint8_t *impacts, size_t docs, uint16_t weight);
void impacts_least_portable(uint8_t *out, const uint8_t *other, size_t docs);
void impacts_join_portable(uint8_t *out, const uint8_t *other, size_t docs);
uint16_t impacts_greatest_portable(const uint16_t *sums);
uint64_t impacts_standing_portable(const uint8_t *impacts);
uint64_t impacts_reaching_portable(const uint16_t *sums, uint16_t least);
uint64_t impacts_together_portable(const uint8_t *const *lists, const uint16_t *weights,
                                   size_t count, size_t first, uint16_t least);
void impacts_fold_portable(uint8_t *out, const uint8_t *impacts, size_t rows);
size_t impacts_count_portable(const uint8_t *impacts, size_t count, uint8_t least);
bool impacts_any_from_portable(const uint8_t *impacts, uint8_t least);
uint64_t impacts_from_portable(const uint8_t *impacts, uint8_t least);
void impacts_leasts_portable(uint16_t *out, const uint16_t *sums, const uint8_t *impacts,
                             size_t count, uint16_t floor, uint16_t weight);
size_t impacts_choose_portable(struct some_postings of, uint32_t first,
                               const uint16_t least[IMPACT_LEASTS], uint16_t weight,
                               struct chosen_postings out);

#endif
