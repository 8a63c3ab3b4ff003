/* The greatest of some numbers that come one by one: what the least of them is. Private to the scans. */
#ifndef INDEX_BLOCKMAX_GREATEST_H
#define INDEX_BLOCKMAX_GREATEST_H

#include <stddef.h>

/* So many are kept, at most. */
#define GREATEST_MOST 128

struct greatest {
    size_t keep, count;        /* as many as are kept, and as there are */
    float heap[GREATEST_MOST]; /* the least first */
};

/* Of `keep`, at most GREATEST_MOST, none is there yet. */
static inline void greatest_begin(struct greatest *g, size_t keep)
{
    g->keep = keep;
    g->count = 0;
}

/* In place of the least. */
static inline void greatest_replace(struct greatest *g, float number)
{
    size_t i = 0;

    for (size_t kid = 1; kid < g->count; kid = 2 * i + 1) {
        kid += kid + 1 < g->count && g->heap[kid + 1] < g->heap[kid];
        if (g->heap[kid] >= number)
            break;
        g->heap[i] = g->heap[kid];
        i = kid;
    }
    g->heap[i] = number;
}

static inline void greatest_add(struct greatest *g, float number)
{
    if (g->count == g->keep) {
        if (g->keep > 0 && number > g->heap[0])
            greatest_replace(g, number);
        return;
    }
    size_t i = g->count++;
    for (; i > 0 && g->heap[(i - 1) / 2] > number; i = (i - 1) / 2)
        g->heap[i] = g->heap[(i - 1) / 2];
    g->heap[i] = number;
}

/* The `keep`th greatest; `none`: they are fewer. */
static inline float greatest_last(const struct greatest *g, float none)
{
    return g->count < g->keep || g->keep == 0 ? none : g->heap[0];
}

#endif
