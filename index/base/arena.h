/* Memory of one request or result: many small pieces, freed together. */
#ifndef INDEX_BASE_ARENA_H
#define INDEX_BASE_ARENA_H

#include <stddef.h>

#include <searchd/str.h>

struct arena_block;

struct arena {
    struct arena_block *head;
    size_t used; /* bytes handed out, for limits */
};

/* A zeroed struct arena is empty and valid. Pieces are aligned for any type and zeroed. */
void *arena_new(struct arena *a, size_t size);                 /* NULL: memory ran out */
void *arena_array(struct arena *a, size_t count, size_t size); /* NULL too on overflow */
/* A copy with a NUL behind it, not counted; ptr NULL: memory ran out. An absent run stays so. */
struct sx_str arena_str(struct arena *a, struct sx_str s);
/* Frees everything; the arena is empty again. */
void arena_release(struct arena *a);

#endif
