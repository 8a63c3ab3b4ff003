/* What impacts.c does most, by vectors of 64 bytes: of a whole stretch at once. Private to it. */
#ifndef INDEX_BLOCKMAX_IMPACTS_WIDE_H
#define INDEX_BLOCKMAX_IMPACTS_WIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "index/blockmax/impacts.h"

/* Whether the machine has such vectors; if not, nothing else here may be called. */
bool wide_can(void);

/* What impacts_join() adds to the quotient, to round it up. */
#define JOIN_UP (1.0f - 0x1p-16f)

/* As impacts.h says of each. */
void wide_join(uint8_t *out, const uint8_t *other, size_t docs);
/* Here documents come by 32. */
void wide_add(uint16_t *sums, const uint8_t *impacts, size_t docs, uint16_t weight);
uint64_t wide_reaching(const uint16_t *sums, uint16_t least);
uint64_t wide_from(const uint8_t *impacts, uint8_t least);
void wide_stand(const uint8_t *impacts, size_t words, uint64_t *bits);
uint64_t wide_bits_sum(const uint64_t *bits, size_t words);
void wide_bits_ranks(const uint64_t *bits, const uint32_t *before, const uint32_t *places, size_t n,
                     uint32_t *out);
size_t wide_choose(struct some_postings of, uint32_t first, const uint16_t *least, uint16_t weight,
                   struct chosen_postings out);
uint64_t wide_together(const uint8_t *const *lists, const uint16_t *weights, size_t count,
                       size_t first, uint16_t least);

#endif
