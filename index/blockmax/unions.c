/* The unions of a segment: few, so that they are looked through. Their impacts lie in slots of one size side
 * by side, in large pages: pieces of many sizes that come and go would leave gaps as large as they are. */
#include "index/blockmax/unions.h"

#include <pthread.h>
#include <string.h>

#include "index/base/alloc.h"
#include "index/base/hash.h"
#include "index/blockmax/format.h"

/* Unions that are asked for and not kept, each where its hash says. */
#define ASKED_MAX 256

/* Slots that are made together. */
#define SLOTS_AT_ONCE 8

/* Counts are halved once so many were asked for. */
#define FADES_AFTER (32 * UNIONS_MAX)

/* What takes the place of another must have been worth this times as much: where they took turns, neither
 * would spare anything. */
#define WORTH_MORE 2

struct kept {
    struct united one; /* first: who puts it has this */
    uint64_t hash;
    uint64_t *lists; /* NULL: the slot is free */
    size_t count;
    uint64_t bytes; /* besides its slot */
    uint64_t worth; /* postings that were asked for */
    unsigned refs;
    bool filled; /* `one` is whole; before that it is held by who fills it */
};

struct asked {
    uint64_t hash, worth;
};

struct unions {
    pthread_mutex_t lock; /* guards all below */
    uint32_t ranges;
    size_t most; /* slots */
    uint64_t bytes_most;
    struct kept kept[UNIONS_MAX];
    uint8_t *slots[UNIONS_MAX / SLOTS_AT_ONCE]; /* NULL: not made yet */
    uint64_t bytes;                             /* of all, besides the slots */
    struct asked asked[ASKED_MAX];
    unsigned gets;
};

static size_t slot_bytes(const struct unions *u)
{
    return (size_t)u->ranges * (RANGE_DOCS + RANGE_STRETCHES);
}

struct unions *unions_new(uint32_t ranges)
{
    struct unions *u = mem_zalloc(1, sizeof(*u));

    if (u == NULL)
        return NULL;
    u->ranges = ranges;
    u->most = UNIONS_BYTES / slot_bytes(u);
    u->most = u->most < UNIONS_MAX ? u->most : UNIONS_MAX;
    u->bytes_most = (uint64_t)ranges * RANGE_DOCS * UNIONS_READ;
    u->bytes_most = u->bytes_most < UNIONS_BYTES / 4 ? u->bytes_most : UNIONS_BYTES / 4;
    pthread_mutex_init(&u->lock, NULL);
    return u;
}

/* Empties a slot. */
static void clear(struct unions *u, struct kept *k)
{
    u->bytes -= k->bytes;
    mem_free((void *)(uintptr_t)k->one.read);
    mem_free((void *)(uintptr_t)k->one.read_first);
    mem_free(k->lists);
    *k = (struct kept){0};
}

void unions_free(struct unions *u)
{
    if (u == NULL)
        return;
    for (size_t i = 0; i < UNIONS_MAX; i++)
        clear(u, &u->kept[i]);
    for (size_t i = 0; i < UNIONS_MAX / SLOTS_AT_ONCE; i++)
        mem_free(u->slots[i]);
    pthread_mutex_destroy(&u->lock);
    mem_free(u);
}

static uint64_t hash_of(struct united_key key)
{
    return hash_bytes(key.lists, key.count * sizeof(*key.lists));
}

static struct kept *find(struct unions *u, struct united_key key, uint64_t hash)
{
    for (size_t i = 0; i < UNIONS_MAX; i++) {
        struct kept *k = &u->kept[i];
        if (k->lists != NULL && k->hash == hash && k->count == key.count &&
            memcmp(k->lists, key.lists, key.count * sizeof(*key.lists)) == 0)
            return k;
    }
    return NULL;
}

/* Whether it goes for something worth so much. */
static bool gives_way(const struct kept *k, uint64_t worth)
{
    return k->lists != NULL && k->refs == 0 && k->worth <= worth / WORTH_MORE;
}

/* What it takes besides its slot. */
static uint64_t bytes_of(const struct unions *u, struct united_key key)
{
    uint64_t firsts = key.read == 0 ? 0 : ((uint64_t)u->ranges + 1) * sizeof(uint32_t);

    return key.count * sizeof(*key.lists) + key.read * sizeof(struct read_posting) + firsts;
}

static bool has_room(struct unions *u, uint64_t bytes, uint64_t worth)
{
    uint64_t left = u->bytes;
    bool any = false;

    for (size_t i = 0; i < u->most; i++) {
        bool goes = gives_way(&u->kept[i], worth);
        any = any || goes || u->kept[i].lists == NULL;
        left -= goes ? u->kept[i].bytes : 0;
    }
    return any && left + bytes <= u->bytes_most;
}

static void fade(struct unions *u)
{
    for (size_t i = 0; i < UNIONS_MAX; i++)
        u->kept[i].worth /= 2;
    for (size_t i = 0; i < ASKED_MAX; i++)
        u->asked[i].worth /= 2;
    u->gets = 0;
}

/* Counts it one more time, and tells what it is worth; 0: it was not asked for before. Of two in one place
 * the one worth more stays. */
static uint64_t ask(struct unions *u, uint64_t hash, uint64_t postings)
{
    struct asked *a = &u->asked[hash % ASKED_MAX];

    if (a->hash == hash)
        return a->worth += postings;
    if (a->worth > postings)
        a->worth -= postings;
    else
        *a = (struct asked){hash, postings};
    return 0;
}

const struct united *unions_get(struct unions *u, struct united_key key, bool *wanted)
{
    uint64_t hash = hash_of(key);

    *wanted = false;
    pthread_mutex_lock(&u->lock);
    if (++u->gets == FADES_AFTER)
        fade(u);
    struct kept *k = find(u, key, hash);
    if (k != NULL && k->filled) {
        k->worth += key.postings;
        k->refs++;
    } else if (k != NULL) {
        k = NULL; /* comes soon */
    } else {
        uint64_t worth = ask(u, hash, key.postings);
        *wanted = worth > 0 && has_room(u, bytes_of(u, key), worth);
    }
    pthread_mutex_unlock(&u->lock);
    return k == NULL ? NULL : &k->one;
}

/* NULL of nothing; *whole is cleared where memory ran out. */
static void *copy_of(const void *from, size_t bytes, bool *whole)
{
    void *to = from == NULL ? NULL : mem_alloc(bytes);

    if (to != NULL)
        memcpy(to, from, bytes);
    else if (from != NULL)
        *whole = false;
    return to;
}

/* The impacts' room; NULL: memory ran out. */
static uint8_t *slot_of(struct unions *u, const struct kept *k)
{
    size_t number = (size_t)(k - u->kept);
    size_t left = u->most - number / SLOTS_AT_ONCE * SLOTS_AT_ONCE;
    size_t bytes = (left < SLOTS_AT_ONCE ? left : SLOTS_AT_ONCE) * slot_bytes(u);
    uint8_t **slots = &u->slots[number / SLOTS_AT_ONCE];

    if (*slots == NULL)
        *slots = bytes < HUGE_BYTES ? mem_alloc(bytes) : mem_alloc_huge(bytes);
    return *slots == NULL ? NULL : *slots + number % SLOTS_AT_ONCE * slot_bytes(u);
}

/* A free slot, with so much room besides; those that are worth least go for it. NULL: there is none. */
static struct kept *make_room(struct unions *u, uint64_t bytes, uint64_t worth)
{
    struct kept *room = NULL, *least;

    if (!has_room(u, bytes, worth))
        return NULL;
    do {
        least = NULL;
        for (size_t i = 0; i < u->most; i++) {
            struct kept *k = &u->kept[i];
            if (k->lists == NULL)
                room = k;
            else if (gives_way(k, worth) && (least == NULL || k->worth < least->worth))
                least = k;
        }
        if (room != NULL && u->bytes + bytes <= u->bytes_most)
            return room;
        if (least != NULL)
            clear(u, least);
    } while (least != NULL);
    return NULL;
}

/* A slot for it, held; NULL: it is there already, others are worth more, or memory ran out. Takes over
 * `lists`. */
static struct kept *take_slot(struct unions *u, struct united_key key, uint64_t *lists)
{
    uint64_t hash = hash_of(key);
    struct asked *a = &u->asked[hash % ASKED_MAX];
    uint64_t worth = a->hash == hash ? a->worth : 0, bytes = bytes_of(u, key);
    struct kept *k = find(u, key, hash) != NULL ? NULL : make_room(u, bytes, worth);
    uint8_t *slot = k == NULL ? NULL : slot_of(u, k);

    if (slot == NULL) {
        mem_free(lists);
        return NULL;
    }
    *k = (struct kept){.one = {.impacts = slot, .stretches = slot + (size_t)u->ranges * RANGE_DOCS},
                       .hash = hash,
                       .lists = lists,
                       .count = key.count,
                       .bytes = bytes,
                       .worth = worth,
                       .refs = 1};
    u->bytes += bytes;
    if (a->hash == hash)
        *a = (struct asked){0, 0};
    return k;
}

/* False: memory ran out. */
static bool fill(const struct unions *u, struct kept *k, const struct united *made)
{
    size_t firsts = (size_t)u->ranges + 1;
    size_t read = made->read == NULL ? 0 : made->read_first[u->ranges];
    bool whole = true;

    memcpy((uint8_t *)(uintptr_t)k->one.impacts, made->impacts, (size_t)u->ranges * RANGE_DOCS);
    memcpy((uint8_t *)(uintptr_t)k->one.stretches, made->stretches,
           (size_t)u->ranges * RANGE_STRETCHES);
    k->one.read = copy_of(made->read, read * sizeof(*made->read), &whole);
    k->one.read_first = copy_of(made->read_first, firsts * sizeof(*made->read_first), &whole);
    return whole;
}

const struct united *unions_add(struct unions *u, struct united_key key, const struct united *made)
{
    bool whole = true;
    uint64_t *lists = copy_of(key.lists, key.count * sizeof(*key.lists), &whole);

    if (!whole)
        return NULL;
    pthread_mutex_lock(&u->lock);
    struct kept *k = take_slot(u, key, lists);
    pthread_mutex_unlock(&u->lock);
    if (k == NULL)
        return NULL;
    whole = fill(u, k, made);
    pthread_mutex_lock(&u->lock);
    k->filled = whole;
    if (!whole)
        clear(u, k);
    pthread_mutex_unlock(&u->lock);
    return whole ? &k->one : NULL;
}

void unions_put(struct unions *u, const struct united *one)
{
    struct kept *k = (struct kept *)(uintptr_t)one;

    pthread_mutex_lock(&u->lock);
    k->refs--;
    pthread_mutex_unlock(&u->lock);
}

size_t unions_count(struct unions *u)
{
    size_t count = 0;

    pthread_mutex_lock(&u->lock);
    for (size_t i = 0; i < UNIONS_MAX; i++)
        count += u->kept[i].filled;
    pthread_mutex_unlock(&u->lock);
    return count;
}
