/* The growing array. */
#include "index/store/chunks.h"

#include <stdbool.h>

#include "index/base/alloc.h"

int chunks_init(struct chunks *c, size_t item)
{
    c->item = item;
    c->dir = mem_zalloc(CHUNKS_MAX, sizeof(*c->dir));
    return c->dir == NULL ? -1 : 0;
}

void chunks_release(struct chunks *c)
{
    if (c->dir == NULL)
        return;
    for (uint64_t i = 0; i < CHUNKS_MAX; i++)
        mem_free(atomic_load_explicit(&c->dir[i], memory_order_relaxed));
    mem_free(c->dir);
    c->dir = NULL;
}

void *chunks_at(struct chunks *c, uint64_t i)
{
    uint64_t n = i / CHUNK_ITEMS;

    if (n >= CHUNKS_MAX)
        return NULL;
    char *chunk = atomic_load_explicit(&c->dir[n], memory_order_relaxed);
    if (chunk == NULL) {
        /* Few are not to take a huge page, nor what does not fill one. */
        bool huge = n > 0 && CHUNK_ITEMS * c->item >= HUGE_BYTES;
        chunk = huge ? mem_zalloc_huge(CHUNK_ITEMS * c->item) : mem_zalloc(CHUNK_ITEMS, c->item);
        if (chunk == NULL)
            return NULL;
        atomic_store_explicit(&c->dir[n], chunk, memory_order_release);
    }
    return chunk + i % CHUNK_ITEMS * c->item;
}

const void *chunks_get(const struct chunks *c, uint64_t i)
{
    uint64_t n = i / CHUNK_ITEMS;

    if (n >= CHUNKS_MAX)
        return NULL;
    const char *chunk = atomic_load_explicit(&c->dir[n], memory_order_acquire);
    return chunk == NULL ? NULL : chunk + i % CHUNK_ITEMS * c->item;
}
