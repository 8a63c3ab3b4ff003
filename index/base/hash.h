/* A fast hash of bytes for tables in memory; never stored, never sent. */
#ifndef INDEX_BASE_HASH_H
#define INDEX_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Seeded once a process from the kernel, so that no input can be chosen to collide. */
uint64_t hash_bytes(const void *p, size_t n);

#endif
