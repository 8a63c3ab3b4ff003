/* The top-k heap. */
#include "index/rank/topk.h"

#include <stdlib.h>
#include <string.h>

#include "index/base/alloc.h"
#include "index/base/date.h"

/* -1, 0, 1 for a key where the greater goes first and DATE_NONE goes last. */
static int newer_first(int64_t a, int64_t b)
{
    return a == b ? 0 : (a > b ? -1 : 1);
}

static int older_first(int64_t a, int64_t b)
{
    if (a == DATE_NONE || b == DATE_NONE)
        return newer_first(a, b);
    return newer_first(b, a);
}

static int by_key(enum topk_sort sort, const struct ranked *a, const struct ranked *b)
{
    if (sort == TOPK_DATE_UP)
        return older_first(a->at, b->at);
    if (sort == TOPK_DATE_DOWN)
        return newer_first(a->at, b->at);
    return a->score == b->score ? 0 : (a->score > b->score ? -1 : 1);
}

bool topk_before(enum topk_sort sort, const struct ranked *a, const struct ranked *b)
{
    if (a->tier != b->tier)
        return a->tier < b->tier;
    int c = by_key(sort, a, b);
    if (c == 0)
        c = newer_first(a->at, b->at);
    return c != 0 ? c < 0 : a->rowid < b->rowid;
}

/* The same, without a call where scores decide. */
static inline bool before(const struct topk *t, const struct ranked *a, const struct ranked *b)
{
    if (t->sort == TOPK_SCORE && a->tier == b->tier && a->score != b->score)
        return a->score > b->score;
    return topk_before(t->sort, a, b);
}

bool topk_init(struct topk *t, size_t k, enum topk_sort sort)
{
    memset(t, 0, sizeof(*t));
    t->k = k;
    t->sort = sort;
    t->heap = mem_zalloc(k, sizeof(*t->heap));
    return t->heap != NULL;
}

void topk_release(struct topk *t)
{
    mem_free(t->heap);
    memset(t, 0, sizeof(*t));
}

bool topk_would_keep(const struct topk *t, const struct ranked *h)
{
    if (t->count < t->k)
        return true;
    return t->k > 0 && before(t, h, &t->heap[0]);
}

/* Both move what is in the way of one hit, and then set it down. */
static void sift_up(struct topk *t, size_t i)
{
    struct ranked h = t->heap[i];

    while (i > 0) {
        size_t parent = (i - 1) / 2;
        if (!before(t, &t->heap[parent], &h))
            break;
        t->heap[i] = t->heap[parent];
        i = parent;
    }
    t->heap[i] = h;
}

static void sift_down(struct topk *t, size_t i, size_t count)
{
    struct ranked h = t->heap[i];

    for (size_t kid = 2 * i + 1; kid < count; kid = 2 * i + 1) {
        if (kid + 1 < count && before(t, &t->heap[kid], &t->heap[kid + 1]))
            kid++;
        if (!before(t, &h, &t->heap[kid]))
            break;
        t->heap[i] = t->heap[kid];
        i = kid;
    }
    t->heap[i] = h;
}

uint32_t topk_add(struct topk *t, struct ranked h)
{
    if (t->count < t->k) {
        h.slot = (uint32_t)t->count;
        t->heap[t->count++] = h;
        sift_up(t, t->count - 1);
        return h.slot;
    }
    h.slot = t->heap[0].slot;
    t->heap[0] = h;
    sift_down(t, 0, t->count);
    return h.slot;
}

/* Of so many each is put in its place in less time than a heap takes. */
#define FEW 16

/* The worst goes to the end, again and again: a heap sort. */
static void sort_many(struct topk *t)
{
    for (size_t i = t->count / 2; i-- > 0;)
        sift_down(t, i, t->count);
    for (size_t n = t->count; n > 1; n--) {
        struct ranked worst = t->heap[0];
        t->heap[0] = t->heap[n - 1];
        t->heap[n - 1] = worst;
        sift_down(t, 0, n - 1);
    }
}

void topk_finish(struct topk *t)
{
    if (t->count > FEW)
        sort_many(t);
    else
        topk_resort(t, t->count);
}

/* They are nearly in order. */
void topk_resort(struct topk *t, size_t n)
{
    for (size_t i = 1; i < t->count && i < n; i++) {
        struct ranked h = t->heap[i];
        size_t at = i;
        for (; at > 0 && before(t, &h, &t->heap[at - 1]); at--)
            t->heap[at] = t->heap[at - 1];
        t->heap[at] = h;
    }
}
