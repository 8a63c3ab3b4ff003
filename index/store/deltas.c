/* The changes of one transaction, by term. */
#include "index/store/deltas.h"

#include <string.h>

#include "index/base/alloc.h"
#include "index/base/hash.h"
#include "index/base/str.h"

#define CAP_MIN ((size_t)2048)
#define CAP_KEEP ((size_t)1 << 17) /* a list above this is given back after its transaction */
#define TAG (~(uint64_t)UINT32_MAX)

void deltas_release(struct deltas *d)
{
    uint64_t age = d->age;

    mem_free(d->list);
    mem_free(d->table);
    arena_release(&d->terms);
    memset(d, 0, sizeof(*d));
    d->age = age;
}

void deltas_clear(struct deltas *d)
{
    d->age++;
    if (d->cap > CAP_KEEP) {
        deltas_release(d);
        return;
    }
    if (d->count > 0)
        memset(d->table, 0, (d->mask + 1) * sizeof(*d->table));
    d->count = 0;
    d->doc = 0;
    arena_release(&d->terms);
}

void deltas_begin(struct deltas *d, int sign)
{
    d->age += d->age == 0;
    d->doc++;
    d->sign = sign;
}

/* Where in the table the term is, or belongs. */
static size_t place_of(const struct deltas *d, struct sx_str term, uint64_t hash)
{
    size_t i = (size_t)hash & d->mask;

    for (; d->table[i] != 0; i = (i + 1) & d->mask) {
        const struct delta *at = &d->list[(uint32_t)d->table[i] - 1];
        if (((d->table[i] ^ hash) & TAG) == 0 && str_eq(at->term, term))
            break;
    }
    return i;
}

/* Twice the room, in the list and in the table. */
static int grow(struct deltas *d)
{
    size_t cap = d->cap == 0 ? CAP_MIN : d->cap * 2;
    size_t mask = cap * 2 - 1;

    if (cap > UINT32_MAX / 2)
        return -1;
    uint64_t *table = mem_zalloc(mask + 1, sizeof(*table));
    struct delta *list = table == NULL ? NULL : mem_realloc(d->list, cap * sizeof(*list));
    if (list == NULL) {
        mem_free(table);
        return -1;
    }
    for (size_t i = 0; i < d->count; i++) {
        size_t at = (size_t)list[i].hash & mask;
        while (table[at] != 0)
            at = (at + 1) & mask;
        table[at] = (list[i].hash & TAG) | (i + 1);
    }
    mem_free(d->table);
    d->table = table;
    d->mask = mask;
    d->list = list;
    d->cap = cap;
    return 0;
}

uint32_t deltas_number(struct deltas *d, struct sx_str term, uint64_t hash)
{
    if (d->count == d->cap && grow(d) != 0)
        return DELTA_NONE;
    size_t at = place_of(d, term, hash);
    if (d->table[at] != 0)
        return (uint32_t)d->table[at] - 1;
    struct sx_str copy = arena_str(&d->terms, term);
    if (copy.ptr == NULL)
        return DELTA_NONE;
    d->list[d->count] = (struct delta){.term = copy, .hash = hash};
    d->table[at] = (hash & TAG) | (d->count + 1);
    return (uint32_t)d->count++;
}

int deltas_add(struct deltas *d, struct sx_str term)
{
    uint32_t number = deltas_number(d, term, hash_bytes(term.ptr, term.len));

    if (number == DELTA_NONE)
        return -1;
    deltas_count(d, number);
    return 0;
}

const struct delta *deltas_find(const struct deltas *d, struct sx_str term, uint64_t hash)
{
    if (d->count == 0)
        return NULL;
    size_t at = place_of(d, term, hash);
    return d->table[at] == 0 ? NULL : &d->list[(uint32_t)d->table[at] - 1];
}
