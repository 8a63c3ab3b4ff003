/* Growing lists of positions. */
#include "index/base/places.h"

#include <stdlib.h>
#include <string.h>

#include "index/base/alloc.h"

void places_release(struct places *p)
{
    mem_free(p->at[0]);
    mem_free(p->at[1]);
    memset(p, 0, sizeof(*p));
}

void places_clear(struct places *p)
{
    p->count[0] = 0;
    p->count[1] = 0;
}

uint32_t *places_extend(struct places *p, int field, size_t count)
{
    size_t from = p->count[field];

    if (from + count > p->cap[field] || p->cap[field] == 0) {
        size_t cap = from + count < 64 ? 64 : 2 * (from + count);
        uint32_t *grown = mem_realloc(p->at[field], cap * sizeof(*grown));
        if (grown == NULL)
            return NULL;
        p->at[field] = grown;
        p->cap[field] = cap;
    }
    p->count[field] += count;
    return p->at[field] + from;
}

int places_add(struct places *p, int field, uint32_t at)
{
    uint32_t *room = places_extend(p, field, 1);

    if (room == NULL)
        return -1;
    *room = at;
    return 0;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

void places_tidy(struct places *p)
{
    for (int f = 0; f < 2; f++) {
        size_t kept = 0;
        if (p->count[f] > 1)
            qsort(p->at[f], p->count[f], sizeof(*p->at[f]), by_number);
        for (size_t i = 0; i < p->count[f]; i++)
            if (kept == 0 || p->at[f][kept - 1] != p->at[f][i])
                p->at[f][kept++] = p->at[f][i];
        p->count[f] = kept;
    }
}
