/* The allocator behind buffers, arenas and everything that is ours: malloc, with a countdown by
 * which tests make the Nth allocation fail. */
#ifndef INDEX_BASE_ALLOC_H
#define INDEX_BASE_ALLOC_H

#include <stddef.h>

void *mem_alloc(size_t size);                /* NULL: memory ran out */
void *mem_zalloc(size_t count, size_t size); /* zeroed; NULL too on overflow */
#define HUGE_BYTES ((size_t)2 << 20)
/* In pages as large as the system has: what is read here and there takes fewer steps to find. Zeroed it is
 * resident at once. */
void *mem_alloc_huge(size_t size);
void *mem_zalloc_huge(size_t size);
void *mem_realloc(void *p, size_t size); /* NULL: `p` is as it was */
void mem_free(void *p);
/* NUL-terminated copy of `len` bytes, or NULL. */
char *mem_strndup(const char *p, size_t len);

/* Tests only: the allocation after `n` more fails, once; a negative `n` never. Only those of the
 * calling thread count, so that what an index does in the background takes no part; or those of all
 * threads. */
void mem_fail_after(long n);
void mem_fail_anywhere_after(long n);
/* Whether the countdown has fired since it was set. */
int mem_failed(void);

#endif
