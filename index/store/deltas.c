/* The changes of one transaction, by term. */
#include "index/store/deltas.h"

#include <string.h>

#include "index/base/alloc.h"
#include "index/base/hash.h"
#include "index/base/str.h"

#define CAP_MIN ((size_t)4096)
#define CAP_KEEP ((size_t)1 << 18) /* a table above this is given back after its transaction */

void deltas_release(struct deltas *d)
{
    mem_free(d->slots);
    arena_release(&d->terms);
    memset(d, 0, sizeof(*d));
}

void deltas_clear(struct deltas *d)
{
    if (d->cap > CAP_KEEP) {
        deltas_release(d);
        return;
    }
    if (d->count > 0)
        memset(d->slots, 0, d->cap * sizeof(*d->slots));
    d->count = 0;
    d->doc = 0;
    arena_release(&d->terms);
}

void deltas_begin(struct deltas *d, int sign)
{
    d->doc++;
    d->sign = sign;
}

/* The slot of the term, or the empty one where it belongs. */
static struct delta *slot(struct delta *slots, size_t cap, struct sx_str term, uint64_t hash)
{
    size_t i = (size_t)hash & (cap - 1);

    while (slots[i].term.ptr != NULL && (slots[i].hash != hash || !str_eq(slots[i].term, term)))
        i = (i + 1) & (cap - 1);
    return &slots[i];
}

static int grow(struct deltas *d)
{
    size_t cap = d->cap == 0 ? CAP_MIN : d->cap * 2;
    struct delta *slots = mem_zalloc(cap, sizeof(*slots));

    if (slots == NULL)
        return -1;
    for (size_t i = 0; i < d->cap; i++)
        if (d->slots[i].term.ptr != NULL)
            *slot(slots, cap, d->slots[i].term, d->slots[i].hash) = d->slots[i];
    mem_free(d->slots);
    d->slots = slots;
    d->cap = cap;
    return 0;
}

int deltas_add(struct deltas *d, struct sx_str term)
{
    if (d->count >= d->cap / 2 && grow(d) != 0)
        return -1;
    uint64_t hash = hash_bytes(term.ptr, term.len);
    struct delta *at = slot(d->slots, d->cap, term, hash);
    if (at->term.ptr == NULL) {
        at->term = arena_str(&d->terms, term);
        if (at->term.ptr == NULL)
            return -1;
        at->hash = hash;
        at->number = (uint32_t)d->count++;
    }
    d->last = at->number;
    if (at->doc != d->doc) {
        at->doc = d->doc;
        at->n += d->sign;
    }
    at->f += d->sign;
    return 0;
}

const struct delta *deltas_find(const struct deltas *d, struct sx_str term, uint64_t hash)
{
    if (d->count == 0)
        return NULL;
    const struct delta *at = slot(d->slots, d->cap, term, hash);
    return at->term.ptr == NULL ? NULL : at;
}
