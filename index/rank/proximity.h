/* Words close together: how often the places of several leaves meet in one field.
 *
 * NEAR and the proximity part of the score count alike. A clump is one place of each leaf (as
 * many different ones as the leaf is listed), all of them in a stretch of at most `distance`
 * positions more than they cover. Clumps are counted from the left without overlap: the one
 * that ends first is taken, and the next begins behind its end. */
#ifndef INDEX_RANK_PROXIMITY_H
#define INDEX_RANK_PROXIMITY_H

#include <stddef.h>
#include <stdint.h>

/* Where a leaf stands in one field: the first position of each place, ascending, each once. Two
 * entries of a list with the same `at` are the same leaf. */
struct place_list {
    const uint32_t *at;
    size_t count;
    uint32_t span; /* positions that a place covers */
};

/* Leaves of one count, at most. */
#define PROXIMITY_LEAVES_MAX 16

/* The neighbouring pairs of a query count where eight words hold both. */
#define PROXIMITY_DISTANCE 6

/* Clumps of `n` leaves, 1 to PROXIMITY_LEAVES_MAX. */
uint32_t proximity_clumps(const struct place_list *of, size_t n, uint32_t distance);

/* Places of `a` directly behind which `b` stands. */
uint32_t proximity_adjacent(const struct place_list *a, const struct place_list *b);

#endif
