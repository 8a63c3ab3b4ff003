/* The arena: blocks of growing size, filled from the front; a large piece gets a block of its
 * own behind the head, so that the head's free room is not lost. */
#include "index/base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "index/base/alloc.h"

#define BLOCK_MIN ((size_t)16384) /* a plan and what runs it take one block */
#define BLOCK_MAX ((size_t)256 << 10)

struct arena_block {
    struct arena_block *next;
    size_t cap, used;
    alignas(max_align_t) char bytes[];
};

static struct arena_block *block_new(size_t cap)
{
    if (cap > SIZE_MAX - sizeof(struct arena_block))
        return NULL;
    struct arena_block *b = mem_alloc(sizeof(*b) + cap);
    if (b == NULL)
        return NULL;
    b->next = NULL;
    b->cap = cap;
    b->used = 0;
    return b;
}

static void *take(struct arena_block *b, size_t size)
{
    void *p = b->bytes + b->used;

    b->used += size;
    return memset(p, 0, size);
}

void *arena_new(struct arena *a, size_t size)
{
    const size_t align = alignof(max_align_t);

    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + align - 1) / align * align;
    a->used += size;
    if (a->head != NULL && a->head->cap - a->head->used >= size)
        return take(a->head, size);
    if (a->head != NULL && size > BLOCK_MIN) {
        struct arena_block *own = block_new(size);
        if (own == NULL)
            return NULL;
        own->next = a->head->next;
        a->head->next = own;
        return take(own, size);
    }
    size_t cap = a->head == NULL ? BLOCK_MIN : a->head->cap * 2;
    if (cap > BLOCK_MAX)
        cap = BLOCK_MAX;
    struct arena_block *b = block_new(cap < size ? size : cap);
    if (b == NULL)
        return NULL;
    b->next = a->head;
    a->head = b;
    return take(b, size);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / 2 / size)
        return NULL;
    return arena_new(a, count * size);
}

struct sx_str arena_str(struct arena *a, struct sx_str s)
{
    struct sx_str copy = {NULL, 0};

    if (s.ptr == NULL)
        return copy;
    char *p = arena_new(a, s.len + 1);
    if (p == NULL)
        return copy;
    if (s.len > 0)
        memcpy(p, s.ptr, s.len);
    copy.ptr = p;
    copy.len = s.len;
    return copy;
}

void arena_release(struct arena *a)
{
    while (a->head != NULL) {
        struct arena_block *next = a->head->next;
        mem_free(a->head);
        a->head = next;
    }
    a->used = 0;
}
