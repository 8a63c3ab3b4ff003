/* In one document the term that stands least often says where the phrase may begin, and the others are read only while
 * something is left. In many at once the rarest term does, a few places of each document at a time (fours.h). Of one term
 * that is said again the gaps between its positions tell. */
#include "index/blockmax/phrase.h"

#include <string.h>

#include "index/blockmax/fours.h"

/* The list of a term; of one that was before, that. */
static struct list *list_of(const struct phrase *p, struct list *l)
{
    for (size_t k = 0; k < p->count; k++)
        if (p->terms[k].list->data == l->data)
            return p->terms[k].list;
    return l;
}

struct phrase *phrase_open(struct source *terms, size_t count, bool title, bool body,
                           struct pool *mem)
{
    struct phrase *p = pool_array(mem, 1, sizeof(*p));

    if (p == NULL)
        return NULL;
    *p = (struct phrase){.terms = pool_array(mem, count, sizeof(*p->terms)),
                         .sorted = pool_array(mem, count, sizeof(struct phrase_term *)),
                         .rarest = pool_array(mem, count, sizeof(struct phrase_term *)),
                         .doc = UINT32_MAX,
                         .fields = {title, body},
                         .mem = mem};
    if (p->terms == NULL || p->sorted == NULL || p->rarest == NULL)
        return NULL;
    for (uint32_t k = 0; k < count; k++) {
        struct list *l = list_of(p, source_list(&terms[k]));
        p->terms[k] = (struct phrase_term){.list = l, .offset = k};
        p->sorted[k] = &p->terms[k];
        size_t at = k;
        for (; at > 0 && p->rarest[at - 1]->list->n > l->n; at--)
            p->rarest[at] = p->rarest[at - 1];
        p->rarest[at] = &p->terms[k];
        p->count++;
    }
    p->repeats = count > 1;
    for (size_t k = 1; k < count; k++)
        p->repeats = p->repeats && p->terms[k].list == p->terms[0].list;
    return p;
}

/* Finds the `i`th of some documents, all terms of which are numbered. */
static void find_spots(struct phrase *p, size_t i)
{
    for (size_t k = 0; k < p->count; k++)
        p->terms[k].spot = list_find(p->terms[k].list, p->terms[k].numbers[i]);
}

void phrase_move(struct phrase *p, size_t i, uint32_t doc)
{
    find_spots(p, i);
    p->doc = doc;
}

bool phrase_seek(struct phrase *p, uint32_t doc)
{
    if (p->doc == doc)
        return true;
    p->doc = UINT32_MAX;
    for (size_t k = 0; k < p->count; k++) {
        struct phrase_term *t = &p->terms[k];
        t->numbers[0] = list_number(t->list, doc);
        if (t->numbers[0] == NO_POSTING)
            return false;
    }
    phrase_move(p, 0, doc);
    return true;
}

static uint32_t count_of(const struct phrase_term *t, int field)
{
    return t->spot.count[field];
}

/* Those that stand least often come first. */
static void sort_terms(struct phrase *p, int field)
{
    for (size_t k = 1; k < p->count; k++) {
        struct phrase_term *t = p->sorted[k];
        size_t at = k;
        for (; at > 0 && count_of(p->sorted[at - 1], field) > count_of(t, field); at--)
            p->sorted[at] = p->sorted[at - 1];
        p->sorted[at] = t;
    }
}

/* Reads the positions in a field; behind them stands what is none. */
static sx_status read_positions(struct phrase *p, struct phrase_term *t, int field)
{
    uint32_t n = count_of(t, field);

    if (n + LIST_SLACK > t->room) {
        size_t room = 2 * (size_t)n + 64;
        t->at = pool_array(p->mem, room, sizeof(*t->at));
        t->room = t->at == NULL ? 0 : room;
        if (t->at == NULL)
            return SX_ENOMEM;
    }
    if (!list_field(t->list, &t->spot, field, t->at))
        return SX_ECORRUPT;
    for (uint32_t i = 0; i < LIST_SLACK; i++)
        t->at[n + i] = UINT32_MAX;
    return SX_OK;
}

/* Where the phrase begins if the term is of it. */
static uint32_t find_starts(struct phrase_term *t, uint32_t n)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = t->at[i];
        t->at[kept] = at - t->offset;
        kept += at >= t->offset;
    }
    return kept;
}

/* Keeps the starts at which the term is in its place; of `any`, one is enough. */
static uint32_t keep_starts(uint32_t *starts, uint32_t n, const struct phrase_term *t, bool any)
{
    const uint32_t *at = t->at;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t want = starts[i] + t->offset;
        while (at[3] < want)
            at += 4;
        bool found = (at[0] == want) | (at[1] == want) | (at[2] == want) | (at[3] == want);
        starts[kept] = starts[i];
        kept += found;
        if (any && found)
            break;
    }
    return kept;
}

/* Counts it in a field; `any`: whether it stands there. */
static sx_status count_field(struct phrase *p, int field, bool any, uint32_t *out)
{
    *out = 0;
    for (size_t k = 0; k < p->count; k++)
        if (!p->fields[field] || count_of(&p->terms[k], field) == 0)
            return SX_OK;
    sort_terms(p, field);
    struct phrase_term *first = p->sorted[0];
    sx_status rc = read_positions(p, first, field);
    uint32_t n = rc == SX_OK ? find_starts(first, count_of(first, field)) : 0;
    for (size_t k = 1; k < p->count && n > 0; k++) {
        struct phrase_term *next = p->sorted[k];
        rc = read_positions(p, next, field);
        if (rc != SX_OK)
            return rc;
        n = keep_starts(first->at, n, next, any && k + 1 == p->count);
    }
    *out = n;
    return rc;
}

sx_status phrase_count(struct phrase *p, struct phrase_tf *out)
{
    sx_status rc = count_field(p, 0, false, &out->title);

    return rc == SX_OK ? count_field(p, 1, false, &out->body) : rc;
}

/* ---- some documents --------------------------------------------------------------------------- */

_Static_assert(PHRASE_BATCH <= FOURS_DOCS, "a batch is looked at in one go");

/* Documents that are looked at together. */
struct some {
    const uint32_t *docs;
    uint32_t at[PHRASE_BATCH]; /* numbers of those that may have the phrase, */
    size_t count;
    uint64_t fields[2];            /* in which field, a bit for each; */
    uint64_t elsewise;             /* of which the body is read elsewise, */
    uint64_t places[PHRASE_BATCH]; /* and else where it may begin in that */
};

static void keep_some(struct some *s)
{
    s->count = 0;
    for (uint64_t bits = s->fields[0] | s->fields[1] | s->elsewise; bits != 0; bits &= bits - 1)
        s->at[s->count++] = (uint32_t)__builtin_ctzll(bits);
}

/* The numbers of a term's postings, if they are not told. */
static void seek_numbers(struct phrase_term *t, const struct some *s)
{
    struct list *l = t->list;

    if (t->numbers[s->at[0]] != NO_POSTING)
        return;
    for (size_t k = 0; k < s->count; k++)
        list_expect_place(l, s->docs[s->at[k]]);
    for (size_t k = 0; k < s->count; k++) {
        uint32_t i = s->at[k];
        t->numbers[i] = list_number(l, s->docs[i]);
        list_expect_row(l, t->numbers[i]);
    }
}

static void fetch_postings(struct phrase_term *t, const struct some *s)
{
    const struct list *l = t->list;
    uint32_t there = l->read;

    seek_numbers(t, s);
    for (size_t k = 0; k < s->count; k++)
        list_expect_posting(l, t->numbers[s->at[k]], &there);
}

/* In which fields it stands; where in the bodies is for fours.h. */
static void find_postings(struct some *s, struct phrase_term *t, struct fours *bodies)
{
    uint64_t in[2] = {0, 0};

    for (size_t i = 0; i < bodies->count; i++)
        bodies->n[i] = 0;
    for (size_t k = 0; k < s->count; k++) {
        uint32_t i = s->at[k];
        const struct list_spot spot = list_find(t->list, t->numbers[i]);
        list_expect_field(&spot);
        in[0] |= (uint64_t)(spot.count[0] > 0) << i;
        in[1] |= (uint64_t)(spot.count[1] > 0) << i;
        bodies->positions[i] = spot.positions;
        bodies->all[i] = spot.all;
        bodies->from[i] = spot.from + spot.count[0];
        bodies->n[i] = (s->fields[1] >> i & 1) != 0 ? spot.count[1] : 0;
    }
    s->fields[0] &= in[0];
    s->fields[1] &= in[1];
    s->elsewise &= in[1];
}

/* The first of the terms, or another: which of the documents are left. */
static void keep_bodies(struct some *s, const struct fours *bodies, uint32_t shift, bool first)
{
    uint64_t far, left = s->fields[1];

    if (first) {
        far = fours_take(bodies, shift, s->places);
        left &= ~far;
    } else {
        left &= fours_meet(bodies, shift, s->places, &far);
    }
    s->elsewise |= far & s->fields[1];
    s->fields[1] = left;
}

/* Reads all positions of those of which that is needed. */
static sx_status stand_elsewise(struct phrase *p, uint64_t bits, int field, uint64_t *stand)
{
    sx_status rc = SX_OK;

    for (; bits != 0 && rc == SX_OK; bits &= bits - 1) {
        uint32_t n;
        find_spots(p, (size_t)__builtin_ctzll(bits));
        rc = count_field(p, field, true, &n);
        *stand |= n > 0 ? bits & -bits : 0;
    }
    return rc;
}

void phrase_forget(struct phrase *p, size_t n)
{
    for (size_t k = 0; k < p->count; k++)
        for (size_t i = 0; i < n; i++)
            p->terms[k].numbers[i] = NO_POSTING;
}

void phrase_fetch(struct phrase *p, const uint32_t *docs, size_t n)
{
    struct some s = {.docs = docs, .fields = {n == 0 ? 0 : UINT64_MAX >> (PHRASE_BATCH - n), 0}};

    p->doc = UINT32_MAX;
    keep_some(&s);
    for (size_t k = 0; k < p->count && n > 0; k++) {
        if (p->repeats && k > 0)
            memcpy(p->terms[k].numbers, p->terms[0].numbers, n * sizeof(*p->terms[0].numbers));
        else
            fetch_postings(&p->terms[k], &s);
    }
}

/* phrase_stand() of one term that is said again: its positions are read once. */
static sx_status stand_repeated(struct phrase *p, const uint32_t *docs, size_t n, uint64_t *bits)
{
    const struct phrase_term *t = &p->terms[0];

    *bits = 0;
    phrase_fetch(p, docs, n);
    for (size_t i = 0; i < n; i++) {
        const struct list_spot spot = list_find(t->list, t->numbers[i]);
        bool found = false;
        for (int field = 0; field < 2 && !found; field++)
            if (p->fields[field] &&
                !list_repeats(t->list, &spot, field, (uint32_t)p->count, &found))
                return SX_ECORRUPT;
        *bits |= (uint64_t)found << i;
    }
    return SX_OK;
}

sx_status phrase_stand(struct phrase *p, const uint32_t *docs, size_t n, uint64_t *bits)
{
    uint64_t all = n == 0 ? 0 : UINT64_MAX >> (PHRASE_BATCH - n);
    uint32_t last = (uint32_t)p->count - 1, two = last < 1 ? 1 : 2;
    struct fours bodies[2];
    struct some s;

    s.docs = docs;
    s.fields[0] = p->fields[0] ? all : 0;
    s.fields[1] = p->fields[1] && last < FOURS_SHIFT ? all : 0;
    s.elsewise = p->fields[1] ? all & ~s.fields[1] : 0;
    bodies[0].count = bodies[1].count = n;
    p->doc = UINT32_MAX;
    for (uint32_t k = 0; k <= last; k++)
        if (!list_verify_positions(p->terms[k].list))
            return SX_ECORRUPT;
    if (p->repeats)
        return stand_repeated(p, docs, n, bits);
    /* Of two terms all is fetched before any is looked at. */
    keep_some(&s);
    for (uint32_t k = 0; k < two && s.count > 0; k++)
        fetch_postings(p->rarest[k], &s);
    for (uint32_t k = 0; k < two; k++)
        find_postings(&s, p->rarest[k], &bodies[k]);
    for (uint32_t k = 0; k < two; k++)
        keep_bodies(&s, &bodies[k], last - p->rarest[k]->offset, k == 0);
    for (uint32_t k = two; k <= last; k++) {
        keep_some(&s);
        if (s.count == 0)
            break;
        fetch_postings(p->rarest[k], &s);
        find_postings(&s, p->rarest[k], &bodies[0]);
        keep_bodies(&s, &bodies[0], last - p->rarest[k]->offset, false);
    }
    *bits = s.fields[1];
    sx_status rc = stand_elsewise(p, s.elsewise & ~*bits, 1, bits);
    return rc == SX_OK ? stand_elsewise(p, s.fields[0] & ~*bits, 0, bits) : rc;
}
