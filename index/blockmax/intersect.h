/* Documents that two ascending lists share. Nothing is allocated. */
#ifndef INDEX_BLOCKMAX_INTERSECT_H
#define INDEX_BLOCKMAX_INTERSECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "index/blockmax/pack.h"

/* Documents behind those that are given that are read, too: of no block. */
#define INTERSECT_SLACK 15

/* Places that may be written, in each: so many. */
#define INTERSECT_PLACES (PACK_BLOCK + 16)

/* Which of `n` ascending documents are in an ascending block: their places among them, and those in the block,
 * in order. *next: those before it are done; so may be the first few from there on, where they are not behind the
 * block. Returns how many they are; up to 15 more than
 * PACK_BLOCK where the block is damaged and does not ascend. Several are compared with several at once (Lemire,
 * Boytsov and Kurz, "SIMD compression and the intersection of sorted integers", 2016). */
size_t intersect(const uint32_t *docs, size_t n, const uint32_t block[PACK_BLOCK], size_t *next,
                 uint16_t *places, uint16_t *in_block);
/* The same without vectors: what the tests hold the other to. */
size_t intersect_portable(const uint32_t *docs, size_t n, const uint32_t block[PACK_BLOCK],
                          size_t *next, uint16_t *places, uint16_t *in_block);

/* For tests: so many are compared with so many, if the machine can, which is returned. Not while others search. */
enum intersect_step { INTERSECT_FOUR, INTERSECT_EIGHT, INTERSECT_SIXTEEN };
bool intersect_by(enum intersect_step step);

#endif
