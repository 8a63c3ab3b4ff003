/* Whole numbers in few bits, as postings and positions are stored.
 *
 * A block is 128 numbers of one width in four lanes: number i lies in lane i % 4, and a lane's 32
 * numbers one behind another, low bits first, in the words 0, 4, 8, … of the block for lane 0, 1, 5,
 * 9, … for lane 1 and so on. So four are decoded at once (Lemire and Boytsov, "Decoding billions of
 * integers per second through vectorization", 2015). A run is any count of numbers one behind
 * another, each of which can be read alone. Words are little-endian. */
#ifndef INDEX_BLOCKMAX_PACK_H
#define INDEX_BLOCKMAX_PACK_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PACK_BLOCK 128

/* Bytes behind a run that pack_get() may read. */
#define PACK_SLACK 8

static inline uint16_t get16(const uint8_t *p)
{
    uint16_t v;

    memcpy(&v, p, sizeof(v));
    return le16toh(v);
}

static inline uint32_t get32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return le32toh(v);
}

static inline uint64_t get64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return le64toh(v);
}

static inline void put16(uint8_t *p, uint16_t v)
{
    v = htole16(v);
    memcpy(p, &v, sizeof(v));
}

static inline void put32(uint8_t *p, uint32_t v)
{
    v = htole32(v);
    memcpy(p, &v, sizeof(v));
}

static inline void put64(uint8_t *p, uint64_t v)
{
    v = htole64(v);
    memcpy(p, &v, sizeof(v));
}

/* Bits that the largest of `n` numbers needs; 0 where all are 0. */
unsigned pack_width(const uint32_t *v, size_t n);

/* ---- blocks: 16 · width bytes ---- */

static inline size_t pack_block_size(unsigned width)
{
    return (size_t)width * (PACK_BLOCK / 8);
}

void pack_block(const uint32_t v[PACK_BLOCK], unsigned width, uint8_t *out);
void unpack_block(const uint8_t *in, unsigned width, uint32_t out[PACK_BLOCK]);
/* Ascending numbers, each stored as what it is above the one before it, less 1; `before` the first
 * comes `before`, UINT32_MAX where nothing does. */
void unpack_ascending(const uint8_t *in, unsigned width, uint32_t before, uint32_t out[PACK_BLOCK]);

/* What each row of two columns has together, added to all before it. */
void sum_columns(const uint32_t a[PACK_BLOCK], const uint32_t b[PACK_BLOCK],
                 uint32_t out[PACK_BLOCK]);

/* Number `i` alone. */
uint32_t pack_block_get(const uint8_t *in, unsigned width, size_t i);

/* For tests: with vectors of 64 bytes, or without. Returns whether it is with them. Not while others search. */
bool pack_widen(bool want);

/* The same without vectors, on any machine: what the tests hold the others to. */
void unpack_block_portable(const uint8_t *in, unsigned width, uint32_t out[PACK_BLOCK]);
void sum_ascending_portable(uint32_t before, uint32_t v[PACK_BLOCK]);
void sum_columns_portable(const uint32_t a[PACK_BLOCK], const uint32_t b[PACK_BLOCK],
                          uint32_t out[PACK_BLOCK]);

/* ---- runs: ceil(n · width / 8) bytes ---- */

static inline size_t pack_run_size(size_t n, unsigned width)
{
    return (n * width + 7) / 8;
}

void pack_run(const uint32_t *v, size_t n, unsigned width, uint8_t *out);

/* Number `i`; reads up to PACK_SLACK bytes beyond it. */
static inline uint32_t pack_get(const uint8_t *in, unsigned width, size_t i)
{
    size_t bit = i * width;

    return (uint32_t)(get64(in + bit / 8) >> (bit % 8) & ((UINT64_C(1) << width) - 1));
}

void unpack_run(const uint8_t *in, size_t n, unsigned width, uint32_t *out);
void unpack_run_portable(const uint8_t *in, size_t n, unsigned width, uint32_t *out);

/* Ascending numbers from what each is above the one before it, less 1; the first as it is. Reads and
 * writes up to 3 beyond them. */
void sum_gaps(const uint32_t *gaps, size_t n, uint32_t *out);
void sum_gaps_portable(const uint32_t *gaps, size_t n, uint32_t *out);

#endif
