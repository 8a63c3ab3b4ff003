/* Whether terms follow one another in documents where the first stands up to four times: its places are one word of
 * 16 bits each, those of the others are compared with it four at a time, of some documents at once. What does not
 * fit is told, and is for another way. Private to phrase.c.
 *
 * A place is the number of a position, from 1 on, and so much more that those of one phrase are equal for all its
 * terms. */
#ifndef INDEX_BLOCKMAX_FOURS_H
#define INDEX_BLOCKMAX_FOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Documents at a time, of which each has a bit, at most. */
#define FOURS_DOCS 64

/* Places are moved by less. */
#define FOURS_SHIFT 4096

/* Where a term stands in some documents: positions of blocks, as FORMAT.md has them. */
struct fours {
    size_t count;
    const uint8_t *positions[FOURS_DOCS]; /* of the block: first the widths of its groups; */
    uint32_t all[FOURS_DOCS];             /* how many it has; */
    uint32_t from[FOURS_DOCS];            /* those before the first of the document, and */
    uint32_t n[FOURS_DOCS];               /* how many that has; 0: nothing else is read of it */
};

/* The places of a term; returns bits of the documents where it does not fit, which then have none. */
uint64_t fours_take(const struct fours *of, uint32_t shift, uint64_t places[FOURS_DOCS]);
/* Keeps the places that another term has, too. Returns bits of the documents where some are left; *far those where
 * it does not fit, of which the places are as they were. */
uint64_t fours_meet(const struct fours *of, uint32_t shift, uint64_t places[FOURS_DOCS],
                    uint64_t *far);

/* For tests: with vectors of 64 bytes, or without. Returns whether it is with them. Not while others search. */
bool fours_widen(bool want);

#endif
