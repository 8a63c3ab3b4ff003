/* Multiply and fold, eight bytes a step; the seed is drawn at the first call. */
#include "index/base/hash.h"

#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#include "index/base/clock.h"

static uint64_t seed;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void draw_seed(void)
{
    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed))
        seed = clock_now_ns() * 0x9e3779b97f4a7c15u;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t hash_bytes(const void *p, size_t n)
{
    const unsigned char *bytes = p;
    uint64_t word;

    pthread_once(&once, draw_seed);
    uint64_t h = seed ^ n * 0xa0761d6478bd642fu;
    while (n >= 8) {
        memcpy(&word, bytes, 8);
        h = mix(h ^ word, 0xe7037ed1a0b428dbu);
        bytes += 8;
        n -= 8;
    }
    word = 0;
    if (n > 0)
        memcpy(&word, bytes, n);
    return mix(h ^ word, 0x8ebc6af09c88c6e3u ^ seed);
}
