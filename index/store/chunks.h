/* An array that only grows, read by many threads while one writes: fixed chunks behind a fixed
 * directory, so that an element never moves.
 *
 * An element is written once, before its index is published to readers by other means (a lock
 * that both sides take); after that it is immutable. */
#ifndef INDEX_STORE_CHUNKS_H
#define INDEX_STORE_CHUNKS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define CHUNK_ITEMS ((uint64_t)65536)
#define CHUNKS_MAX ((uint64_t)8192) /* 536,870,912 elements */

struct chunks {
    size_t item; /* bytes of one */
    _Atomic(char *) *dir;
};

/* -1: memory ran out. */
int chunks_init(struct chunks *c, size_t item);
void chunks_release(struct chunks *c);
/* The element at `i` to write, its chunk made (zeroed) if need be; NULL: memory ran out or `i`
 * is past the last. The writer's thread only. */
void *chunks_at(struct chunks *c, uint64_t i);
/* The element at `i`, or NULL where no chunk is. Any thread. */
const void *chunks_get(const struct chunks *c, uint64_t i);

#endif
