/* The cache of word counts: a fixed array of entries, hash chains through it, and a clock hand
 * that evicts what was not asked for since it last passed. */
#include "index/store/termcache.h"

#include <pthread.h>
#include <string.h>

#include "index/base/alloc.h"
#include "index/base/hash.h"
#include "index/base/str.h"
#include "index/store/deltas.h"

#define NONE UINT32_MAX
#define NEVER UINT64_MAX

/* Counts that hold from a generation on. While an entry is being filled they are the sum of
 * the deltas since its claim, which may be below zero. */
struct version {
    uint64_t since; /* NEVER: no such version */
    int64_t n, f;
};

struct entry {
    char *term; /* NULL: free */
    size_t len;
    uint64_t hash;
    uint32_t next; /* in its chain */
    bool filling, asked;
    struct version now, before;
};

struct termcache {
    pthread_mutex_t lock; /* guards all below */
    uint64_t newest;      /* the last generation registered */
    struct entry *entries;
    uint32_t *chains;
    uint32_t max, count, hand;
    uint32_t mask;
};

struct termcache *termcache_new(size_t max)
{
    struct termcache *tc = mem_zalloc(1, sizeof(*tc));
    uint32_t chains = 1;

    if (tc == NULL)
        return NULL;
    while (chains < max)
        chains *= 2;
    tc->max = (uint32_t)max;
    tc->mask = chains - 1;
    tc->entries = mem_zalloc(max, sizeof(*tc->entries));
    tc->chains = mem_alloc(chains * sizeof(*tc->chains));
    if (tc->entries == NULL || tc->chains == NULL) {
        mem_free(tc->entries);
        mem_free(tc->chains);
        mem_free(tc);
        return NULL;
    }
    memset(tc->chains, 0xff, chains * sizeof(*tc->chains));
    pthread_mutex_init(&tc->lock, NULL);
    return tc;
}

void termcache_free(struct termcache *tc)
{
    if (tc == NULL)
        return;
    for (uint32_t i = 0; i < tc->max; i++)
        mem_free(tc->entries[i].term);
    mem_free(tc->entries);
    mem_free(tc->chains);
    pthread_mutex_destroy(&tc->lock);
    mem_free(tc);
}

void termcache_start(struct termcache *tc, uint64_t generation)
{
    pthread_mutex_lock(&tc->lock);
    tc->newest = generation;
    pthread_mutex_unlock(&tc->lock);
}

static struct entry *find(struct termcache *tc, struct sx_str term, uint64_t hash)
{
    for (uint32_t i = tc->chains[hash & tc->mask]; i != NONE; i = tc->entries[i].next) {
        struct entry *e = &tc->entries[i];
        if (e->hash == hash && str_eq(str_make(e->term, e->len), term))
            return e;
    }
    return NULL;
}

static void drop(struct termcache *tc, struct entry *e)
{
    uint32_t number = (uint32_t)(e - tc->entries);
    uint32_t *link = &tc->chains[e->hash & tc->mask];

    while (*link != number)
        link = &tc->entries[*link].next;
    *link = e->next;
    mem_free(e->term);
    memset(e, 0, sizeof(*e));
    tc->count--;
}

/* A free entry, by eviction if need be; NULL when all are being filled. */
static struct entry *room(struct termcache *tc)
{
    for (uint32_t tries = 0; tries < 2 * tc->max; tries++) {
        struct entry *e = &tc->entries[tc->hand];
        tc->hand = (tc->hand + 1) % tc->max;
        if (e->term == NULL)
            return e;
        if (e->filling)
            continue;
        if (!e->asked) {
            drop(tc, e);
            return e;
        }
        e->asked = false;
    }
    return NULL;
}

static bool claim(struct termcache *tc, struct sx_str term, uint64_t hash)
{
    struct entry *e = room(tc);
    char *copy = e == NULL ? NULL : mem_strndup(term.ptr, term.len);

    if (copy == NULL)
        return false;
    e->term = copy;
    e->len = term.len;
    e->hash = hash;
    e->filling = true;
    e->now = (struct version){tc->newest, 0, 0};
    e->before = (struct version){NEVER, 0, 0};
    e->next = tc->chains[hash & tc->mask];
    tc->chains[hash & tc->mask] = (uint32_t)(e - tc->entries);
    tc->count++;
    return true;
}

enum termcache_state termcache_get(struct termcache *tc, uint64_t generation, struct sx_str term,
                                   struct cached_counts *out)
{
    uint64_t hash = hash_bytes(term.ptr, term.len);
    enum termcache_state state = TERMCACHE_MISS;

    pthread_mutex_lock(&tc->lock);
    struct entry *e = find(tc, term, hash);
    if (e == NULL) {
        if (generation == tc->newest && claim(tc, term, hash))
            state = TERMCACHE_CLAIMED;
    } else if (!e->filling) {
        const struct version *v = e->now.since <= generation ? &e->now : &e->before;
        e->asked = true;
        if (v->since <= generation) {
            *out = (struct cached_counts){(uint64_t)v->n, (uint64_t)v->f};
            state = TERMCACHE_HIT;
        }
    }
    pthread_mutex_unlock(&tc->lock);
    return state;
}

void termcache_fill(struct termcache *tc, struct sx_str term, struct cached_counts counts)
{
    pthread_mutex_lock(&tc->lock);
    struct entry *e = find(tc, term, hash_bytes(term.ptr, term.len));
    if (e != NULL && e->filling) {
        e->now.n += (int64_t)counts.n;
        e->now.f += (int64_t)counts.f;
        e->before.n += (int64_t)counts.n;
        e->before.f += (int64_t)counts.f;
        e->filling = false;
        e->asked = true;
    }
    pthread_mutex_unlock(&tc->lock);
}

void termcache_abandon(struct termcache *tc, struct sx_str term)
{
    pthread_mutex_lock(&tc->lock);
    struct entry *e = find(tc, term, hash_bytes(term.ptr, term.len));
    if (e != NULL && e->filling)
        drop(tc, e);
    pthread_mutex_unlock(&tc->lock);
}

static void apply(struct entry *e, uint64_t generation, const struct delta *d)
{
    e->before = e->now;
    e->now.since = generation;
    e->now.n += d->n;
    e->now.f += d->f;
}

void termcache_register(struct termcache *tc, uint64_t generation, const struct deltas *d)
{
    pthread_mutex_lock(&tc->lock);
    tc->newest = generation;
    for (uint32_t i = 0; i < tc->max && tc->count > 0; i++) {
        struct entry *e = &tc->entries[i];
        if (e->term == NULL)
            continue;
        const struct delta *change = deltas_find(d, str_make(e->term, e->len), e->hash);
        if (change != NULL)
            apply(e, generation, change);
    }
    pthread_mutex_unlock(&tc->lock);
}

void termcache_withdraw(struct termcache *tc, uint64_t generation)
{
    pthread_mutex_lock(&tc->lock);
    for (uint32_t i = 0; i < tc->max; i++) {
        struct entry *e = &tc->entries[i];
        if (e->term == NULL || e->now.since != generation)
            continue;
        e->now = e->before;
        e->before.since = NEVER;
    }
    tc->newest = generation - 1;
    pthread_mutex_unlock(&tc->lock);
}

size_t termcache_count(struct termcache *tc)
{
    pthread_mutex_lock(&tc->lock);
    size_t count = tc->count;
    pthread_mutex_unlock(&tc->lock);
    return count;
}
