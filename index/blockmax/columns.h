/* The counts of a whole block in bytes: how often the term stands in the title and in the body of each document, and
 * how many positions come before those of each. Private to list.c. */
#ifndef INDEX_BLOCKMAX_COLUMNS_H
#define INDEX_BLOCKMAX_COLUMNS_H

#include <stdbool.h>

#include "index/blockmax/pack.h"

/* Columns of more bits are not for this. */
#define COLUMNS_WIDTH 8

struct block_columns {
    uint8_t title[PACK_BLOCK], body[PACK_BLOCK];
    uint16_t before[PACK_BLOCK + 1]; /* what both have before each row; behind the last, all */
};

/* Whether it is fast: else blocks are read otherwise. */
bool columns_can(void);
/* Two columns, one behind the other. */
void columns_unpack(const uint8_t *in, unsigned title, unsigned body, struct block_columns *out);
/* The same on any machine. */
void columns_unpack_portable(const uint8_t *in, unsigned title, unsigned body,
                             struct block_columns *out);

/* For tests: with vectors of 64 bytes, or without. Returns whether it is with them. Not while others search. */
bool columns_widen(bool want);

#endif
