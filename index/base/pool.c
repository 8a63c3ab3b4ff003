/* Blocks that are filled from the front. */
#include "index/base/pool.h"

#include <stdint.h>

#include "index/base/alloc.h"

#define BLOCK_BYTES ((size_t)256 << 10)
#define KEPT_BLOCKS 16 /* 4 MB */
#define ALIGNMENT ((size_t)16)

struct pool_block {
    struct pool_block *next;
    size_t used, size;
    _Alignas(16) unsigned char bytes[];
};

static struct pool_block *take_block(struct pool *p, size_t size)
{
    struct pool_block *b = p->spare;

    if (b != NULL && size <= BLOCK_BYTES) {
        p->spare = b->next;
    } else {
        size = size < BLOCK_BYTES ? BLOCK_BYTES : size;
        b = mem_alloc(sizeof(*b) + size);
        if (b == NULL)
            return NULL;
        b->size = size;
    }
    b->used = 0;
    b->next = p->head;
    p->head = b;
    return b;
}

void *pool_array(struct pool *p, size_t count, size_t size)
{
    struct pool_block *b = p->head;

    if (size != 0 && count > (SIZE_MAX - 2 * ALIGNMENT) / 2 / size)
        return NULL;
    size_t need = (count * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (b == NULL || b->size - b->used < need)
        b = take_block(p, need);
    if (b == NULL)
        return NULL;
    void *piece = b->bytes + b->used;
    b->used += need;
    return piece;
}

void pool_clear(struct pool *p)
{
    size_t kept = 0;

    for (struct pool_block *b = p->spare; b != NULL; b = b->next)
        kept++;
    while (p->head != NULL) {
        struct pool_block *b = p->head;
        p->head = b->next;
        if (b->size == BLOCK_BYTES && kept < KEPT_BLOCKS) {
            b->next = p->spare;
            p->spare = b;
            kept++;
        } else {
            mem_free(b);
        }
    }
}

void pool_release(struct pool *p)
{
    pool_clear(p);
    while (p->spare != NULL) {
        struct pool_block *b = p->spare;
        p->spare = b->next;
        mem_free(b);
    }
}
