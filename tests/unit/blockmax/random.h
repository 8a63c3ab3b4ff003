/* Numbers that are the same in each run. */
#ifndef TESTS_BLOCKMAX_RANDOM_H
#define TESTS_BLOCKMAX_RANDOM_H

#include <stdint.h>

static uint64_t random_state = 88172645463325252u;

/* Below n. */
static inline uint32_t pick(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state % n);
}

#endif
