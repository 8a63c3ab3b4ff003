/* How many documents have phrases. Where all words of one are frequent, a bit by document is made of each;
 * where all bits are set, how many come before says which postings to look at. */
#include "index/blockmax/scan.h"

#include <string.h>

#include "index/blockmax/impacts.h"

/* A term in the range at hand. */
struct tallied {
    struct list *list;
    uint32_t next; /* number of its first posting behind the range */
    uint64_t bits[RANGE_WORDS];
    uint32_t before[RANGE_WORDS]; /* postings before those of each word of bits */
};

static void set_listed(struct tallied *t, uint32_t low)
{
    struct list *l = t->list;
    uint32_t from, to;
    bool more = true;

    for (uint32_t b = t->next / PACK_BLOCK; more && b < l->blocks; b++) {
        list_block(l, b);
        more = list_part(l, low, low + RANGE_DOCS, &from, &to);
        for (uint32_t i = from; i < to; i++)
            set_document(t->bits, l->doc[i] - low);
    }
}

/* The ranges come in order. */
static void take_range(struct tallied *t, uint32_t low)
{
    memset(t->bits, 0, sizeof(t->bits));
    if (t->list->dense)
        impacts_stand(t->list->each + low, RANGE_WORDS, t->bits);
    else
        set_listed(t, low);
    for (uint32_t w = 0; w < RANGE_WORDS; w++) {
        t->before[w] = t->next;
        t->next += bits_count(t->bits[w]);
    }
}

/* Documents that have all terms, which are numbered in the phrase. */
struct tally_batch {
    struct phrase *p;
    uint32_t docs[PHRASE_BATCH];
    size_t count;
};

/* Takes some of a range, so many as there is room for. */
static void take_places(struct tally_batch *batch, const struct tallied *terms, uint32_t low,
                        const uint32_t *places, size_t n)
{
    for (size_t k = 0; k < batch->p->count; k++)
        bits_ranks(terms[k].bits, terms[k].before, places, n,
                   batch->p->terms[k].numbers + batch->count);
    for (size_t i = 0; i < n; i++)
        batch->docs[batch->count++] = low + places[i];
}

static sx_status count_batch(struct tally_batch *batch, uint64_t *all)
{
    uint64_t stand;

    sx_status rc = phrase_stand(batch->p, batch->docs, batch->count, &stand);
    *all += rc == SX_OK ? bits_count(stand) : 0;
    batch->count = 0;
    return rc;
}

/* Bits of the documents of the range at hand that have all terms, but those that were seen. */
static void meet_terms(struct bm_search *b, const struct tallied *terms, size_t count,
                       uint64_t *bits)
{
    const uint64_t *seen =
        b->seen == NULL ? NULL : marks_range(b->seen[b->l.part - b->l.parts], b->l.range);

    for (size_t w = 0; w < RANGE_WORDS; w++) {
        bits[w] = seen == NULL ? UINT64_MAX : ~seen[w];
        for (size_t k = 0; k < count; k++)
            bits[w] &= terms[k].bits[w];
    }
    scan_clear_gone(b, b->l.range, bits, RANGE_WORDS);
}

static sx_status tally_range(struct bm_search *b, struct tally_batch *batch, struct tallied *terms,
                             uint64_t *all)
{
    uint32_t low = b->l.range << RANGE_BITS, postings = terms[0].next;
    uint32_t places[PHRASE_BATCH];
    uint64_t bits[RANGE_WORDS];
    size_t n = 0;
    sx_status rc = SX_OK;

    for (size_t k = 0; k < batch->p->count; k++)
        take_range(&terms[k], low);
    postings = terms[0].next - postings;
    meet_terms(b, terms, batch->p->count, bits);
    for (uint32_t w = 0; w < RANGE_WORDS && rc == SX_OK; w++)
        for (uint64_t left = bits[w]; left != 0 && rc == SX_OK; left &= left - 1) {
            places[n++] = w * 64 + (uint32_t)__builtin_ctzll(left);
            if (batch->count + n < PHRASE_BATCH)
                continue;
            take_places(batch, terms, low, places, n);
            n = 0;
            rc = count_batch(batch, all);
        }
    take_places(batch, terms, low, places, n);
    return rc == SX_OK ? b->l.ask->look_up(b->l.ask->ctx, b->range_work + postings * b->count_work)
                       : rc;
}

static sx_status tally_phrase(struct bm_search *b, struct part *part, struct phrase *p,
                              uint64_t *all)
{
    struct tallied *terms = pool_array(b->l.mem, p->count, sizeof(*terms));
    struct tally_batch batch = {.p = p};
    sx_status rc = SX_OK;

    if (terms == NULL)
        return SX_ENOMEM;
    for (size_t k = 0; k < p->count; k++) {
        terms[k].list = p->terms[k].list;
        terms[k].next = 0;
    }
    for (uint32_t r = 0; r < part->s->ranges && scan_is_of_snapshot(part, r) && rc == SX_OK; r++) {
        leaves_move(&b->l, part, r);
        rc = tally_range(b, &batch, terms, all);
    }
    return rc == SX_OK ? count_batch(&batch, all) : rc;
}

/* ---- parts ------------------------------------------------------------------------------------ */

/* Whether a term of the leaf stands nowhere in a part. */
static bool lacks_term(const struct part *p, const struct leaf_state *st)
{
    size_t terms = st->simple ? 1 : st->leaf->phrases[0].count;

    for (size_t k = 0; k < terms; k++)
        if (p->sources[st->first + k].n == 0)
            return true;
    return false;
}

bool tally_can(const struct leaves *l, const struct leaf_state *st)
{
    bool can = !st->simple && st->leaf->phrase_count == 1;

    for (size_t i = 0; can && i < l->part_count; i++) {
        const struct part *p = &l->parts[i];
        can = p->phrases[st - l->states] != NULL || lacks_term(p, st);
    }
    return can;
}

sx_status tally_part(struct bm_search *b, uint32_t part, const uint32_t *leaves, size_t count,
                     bool *counted, uint64_t *all)
{
    struct part *p = &b->l.parts[part];
    struct bm_clause *each = pool_array(b->l.mem, count, sizeof(*each));

    if (each == NULL)
        return SX_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        if (lacks_term(p, &b->l.states[leaves[i]]))
            return SX_OK;
        each[i] = (struct bm_clause){&leaves[i], 1};
    }
    sx_status rc = sparse_count(b, part, each, count, counted, all);
    if (rc != SX_OK || *counted || count > 1)
        return rc;
    *counted = true;
    return tally_phrase(b, p, p->phrases[leaves[0]], all);
}
