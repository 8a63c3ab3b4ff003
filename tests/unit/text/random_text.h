/* Random text for the property tests: the same on every run, rich in what breaks words. */
#ifndef TESTS_RANDOM_TEXT_H
#define TESTS_RANDOM_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "index/base/utf8.h"

/* xorshift64*; `seed` is never 0. */
static inline uint32_t random_below(uint64_t *seed, uint32_t n)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return (uint32_t)((*seed * 2685821657736338717U) >> 33) % n;
}

/* Blocks from which code points are drawn; the first are marks, joiners and joined things. */
static const uint32_t random_blocks[][2] = {
    {0x0300, 0x0345},   {0x200B, 0x200F},   {0x2018, 0x201F},   {0x00A0, 0x00FF},
    {0x0100, 0x017F},   {0x0370, 0x03FF},   {0x0400, 0x045F},   {0x05B0, 0x05F4},
    {0x0600, 0x066F},   {0x0900, 0x097F},   {0x0980, 0x09FF},   {0x0B80, 0x0BFF},
    {0x0E01, 0x0E5B},   {0x0E80, 0x0EDF},   {0x1000, 0x109F},   {0x1780, 0x17E9},
    {0x1950, 0x19DF},   {0x1E00, 0x1FFF},   {0x2000, 0x206F},   {0x20D0, 0x20E3},
    {0x2150, 0x2188},   {0x2460, 0x24FF},   {0x3000, 0x303F},   {0x3040, 0x30FF},
    {0x3131, 0x318E},   {0x3200, 0x33FF},   {0x4E00, 0x4EFF},   {0x6200, 0x62FF},
    {0xAA80, 0xAADF},   {0xAC00, 0xACFF},   {0xFB00, 0xFB4F},   {0xFE00, 0xFE0F},
    {0xFF00, 0xFFEF},   {0x10400, 0x1044F}, {0x1D400, 0x1D4FF}, {0x1F100, 0x1F1FF},
    {0x1F600, 0x1F64F}, {0x20000, 0x200FF}, {0xE0100, 0xE010F}, {0x1100, 0x11FF},
};

#define RANDOM_BLOCKS (sizeof(random_blocks) / sizeof(random_blocks[0]))

/* Where words break or hold in ASCII, with more weight than the rest of it. */
static inline char random_ascii(uint64_t *seed)
{
    static const char often[] = "aZ09  ..,,;;''\"__@@:-\n\t\rAI\x01";

    if (random_below(seed, 4) == 0)
        return (char)random_below(seed, 128);
    return often[random_below(seed, sizeof(often) - 1)];
}

/* Fills out[0..cap) with up to `cap` bytes (at least 8) of valid UTF-8 and returns how many.
 * `wide` in 256 characters are not ASCII; they tend to come from one block for a while. */
static inline size_t random_text(uint64_t *seed, char *out, size_t cap, uint32_t wide)
{
    size_t goal = random_below(seed, (uint32_t)cap - 4), len = 0;
    uint32_t block = random_below(seed, RANDOM_BLOCKS);

    while (len < goal) {
        if (random_below(seed, 256) >= wide) {
            out[len++] = random_ascii(seed);
            continue;
        }
        if (random_below(seed, 8) == 0)
            block = random_below(seed, RANDOM_BLOCKS);
        const uint32_t *range = random_blocks[random_below(seed, 8) == 0 ? 0 : block];
        uint32_t cp = range[0] + random_below(seed, range[1] - range[0] + 1);
        len += utf8_encode(cp, out + len);
    }
    return len;
}

#endif
