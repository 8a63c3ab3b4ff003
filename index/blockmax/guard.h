/* A mapped file can be cut short, or its disk can fail, under one who reads it: then the kernel sends
 * SIGBUS. Under a guard the reading ends instead, and says where.
 *
 * What is guarded reads mapped bytes and allocates nothing that is not freed by its caller. */
#ifndef INDEX_BLOCKMAX_GUARD_H
#define INDEX_BLOCKMAX_GUARD_H

#include <stdbool.h>

#include "index/blockmax/segment.h"

/* Before the first guard, and whenever another may have taken SIGBUS since. Outside of guards it goes
 * where it went before. */
void guard_install(void);

/* Runs `fn`. False: the bytes at *at could not be read, and it did not return. Not nested. */
bool guard_run(void (*fn)(void *ctx), void *ctx, const void **at);

/* Marks the segment damaged that the byte is of. */
void guard_blame(struct segment *const *segments, size_t count, const void *at);

#endif
