/* Memory for one piece of work after another: handed out in pieces, taken back all at once, and kept
 * for the next. Pieces are not zeroed. */
#ifndef INDEX_BASE_POOL_H
#define INDEX_BASE_POOL_H

#include <stddef.h>

struct pool_block;

struct pool {
    struct pool_block *head; /* the block at hand, then those that are full */
    struct pool_block *spare;
};

/* A zeroed struct pool is empty and valid. Pieces are aligned for any type. NULL: memory ran out, or
 * count · size overflows. */
void *pool_array(struct pool *p, size_t count, size_t size);
/* All pieces are gone; a reasonable amount of memory stays. */
void pool_clear(struct pool *p);
void pool_release(struct pool *p);

#endif
