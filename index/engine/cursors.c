/* Kept lists: a hash by number, and two queues by age. */
#include "index/engine/cursors.h"

#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#include "index/base/alloc.h"
#include "index/base/clock.h"

#include <searchd/index.h>

#define BUCKETS 4096 /* a power of two */
#define KEPT_NS ((uint64_t)SX_CURSOR_SECONDS * 1000000000)

/* Of SX_CURSOR_BYTES, what lists that are gone on in may take: new ones have to have room. */
#define USED_BYTES ((size_t)SX_CURSOR_BYTES / 4 * 3)

struct queue {
    struct list *oldest, *newest;
    size_t bytes;
};

struct cursors {
    pthread_mutex_t lock;
    struct list *buckets[BUCKETS];
    struct queue queues[2]; /* those nobody has gone on in; the others */
    uint64_t next_id;
};

struct cursors *cursors_new(void)
{
    struct cursors *c = mem_zalloc(1, sizeof(*c));

    if (c == NULL)
        return NULL;
    pthread_mutex_init(&c->lock, NULL);
    /* Numbers of an earlier process name nothing here: they begin anywhere. */
    if (getrandom(&c->next_id, sizeof(c->next_id), 0) != sizeof(c->next_id))
        c->next_id = clock_now_ns() ^ (uint64_t)clock_wall() << 32;
    return c;
}

static size_t bytes_of(const struct list *l)
{
    return sizeof(*l) + l->count * sizeof(*l->items);
}

struct list *list_new(const struct list_head *head, size_t count)
{
    struct list *l = mem_zalloc(1, sizeof(*l) + count * sizeof(*l->items));

    if (l == NULL)
        return NULL;
    l->head = *head;
    l->items = (struct list_item *)(l + 1);
    l->count = count;
    l->refs = 1;
    return l;
}

/* ---- under the lock ---------------------------------------------------------------------------- */

static void unref(struct list *l)
{
    if (--l->refs == 0)
        mem_free(l);
}

static void enqueue(struct cursors *c, struct list *l)
{
    struct queue *q = &c->queues[l->used];

    l->older = q->newest;
    l->newer = NULL;
    if (q->newest != NULL)
        q->newest->newer = l;
    else
        q->oldest = l;
    q->newest = l;
    q->bytes += bytes_of(l);
}

static void dequeue(struct cursors *c, struct list *l)
{
    struct queue *q = &c->queues[l->used];

    if (l->older != NULL)
        l->older->newer = l->newer;
    else
        q->oldest = l->newer;
    if (l->newer != NULL)
        l->newer->older = l->older;
    else
        q->newest = l->older;
    q->bytes -= bytes_of(l);
}

static struct list **find(struct cursors *c, uint64_t id)
{
    struct list **at = &c->buckets[id & (BUCKETS - 1)];

    while (*at != NULL && (*at)->id != id)
        at = &(*at)->chain;
    return at;
}

static void drop(struct cursors *c, struct list *l)
{
    *find(c, l->id) = l->chain;
    dequeue(c, l);
    l->kept = false;
    unref(l);
}

static void drop_old(struct cursors *c, uint64_t now)
{
    struct queue *unused = &c->queues[0], *used = &c->queues[1];

    for (size_t i = 0; i < 2; i++)
        while (c->queues[i].oldest != NULL && now - c->queues[i].oldest->at_ns > KEPT_NS)
            drop(c, c->queues[i].oldest);
    while (unused->bytes + used->bytes > SX_CURSOR_BYTES) {
        struct list *l = used->bytes > USED_BYTES ? used->oldest : unused->oldest;
        if (l == NULL)
            l = used->oldest;
        if (l == NULL)
            break;
        drop(c, l);
    }
}

/* ------------------------------------------------------------------------------------------------ */

uint64_t cursors_keep(struct cursors *c, struct list *l, uint64_t id)
{
    pthread_mutex_lock(&c->lock);
    uint64_t now = clock_now_ns(); /* no use that is known by now is later */
    while (id == 0)
        id = ++c->next_id;
    struct list *before = *find(c, id);
    if (before != NULL)
        drop(c, before);
    l->id = id;
    l->at_ns = now;
    l->kept = true;
    l->used = before != NULL;
    l->refs++;
    struct list **at = find(c, id);
    l->chain = *at;
    *at = l;
    enqueue(c, l);
    drop_old(c, now);
    pthread_mutex_unlock(&c->lock);
    return id;
}

struct list *cursors_get(struct cursors *c, uint64_t id)
{
    pthread_mutex_lock(&c->lock);
    uint64_t now = clock_now_ns();
    drop_old(c, now);
    struct list *l = *find(c, id);
    if (l != NULL) {
        dequeue(c, l);
        l->used = true;
        l->at_ns = now;
        l->refs++;
        enqueue(c, l);
    }
    pthread_mutex_unlock(&c->lock);
    return l;
}

void cursors_put(struct cursors *c, struct list *l)
{
    if (l == NULL)
        return;
    pthread_mutex_lock(&c->lock);
    unref(l);
    pthread_mutex_unlock(&c->lock);
}

void cursors_free(struct cursors *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < 2; i++)
        while (c->queues[i].oldest != NULL)
            drop(c, c->queues[i].oldest);
    pthread_mutex_destroy(&c->lock);
    mem_free(c);
}
