/* Stretch after stretch, where every leaf that matters is a dense list: nothing is decoded before a
 * document is seen. Those of the greatest bounds come first: they raise the floor for the others. */
#include "index/blockmax/scan.h"

#include <string.h>

#include "index/blockmax/impacts.h"

static const uint8_t *dense_of(const struct bm_search *b, const struct part *p, uint32_t leaf)
{
    const struct leaf_state *st = &b->l.states[leaf];

    return st->simple ? source_dense(&p->sources[st->first]) : NULL;
}

/* Stretches that come first, about: a few more than have the documents that are kept. */
#define FIRST(keep) (4 * (keep) + 32)

/* Of more chunks than this, every fourth says which are the first. */
#define SAMPLED 64

/* The lists, by leaf; NULL: another leaf matters, or memory ran out, which the other ways tell. */
static const uint8_t **find_lists(struct bm_search *b, const struct part *p,
                                  const struct bm_clause *clauses, size_t count)
{
    const uint8_t **lists = pool_array(b->l.mem, b->l.ask->leaf_count + 1, sizeof(*lists));
    bool all = lists != NULL;

    for (uint32_t i = 0; all && i < b->l.ask->leaf_count; i++) {
        lists[i] = dense_of(b, p, i);
        all = lists[i] != NULL || b->l.ask->leaves[i].weight <= 0;
    }
    for (size_t i = 0; all && i < count; i++)
        for (size_t k = 0; all && k < clauses[i].count; k++)
            all = lists[clauses[i].leaves[k]] != NULL;
    return all ? lists : NULL;
}

/* What is added up of the part at hand. */
struct summed {
    const uint8_t *const *lists; /* by leaf */
    const uint8_t **scored;      /* those that score, */
    uint16_t *weights;           /* and their weights */
    const struct bm_clause *clauses;
    size_t count;
};

/* False: memory ran out. */
static bool begin_sums(struct bm_search *b, struct summed *s)
{
    s->scored = pool_array(b->l.mem, b->scored + 1, sizeof(*s->scored));
    s->weights = pool_array(b->l.mem, b->scored + 1, sizeof(*s->weights));
    for (size_t i = 0; s->scored != NULL && s->weights != NULL && i < b->scored; i++) {
        s->scored[i] = s->lists[b->order[i]];
        s->weights[i] = b->at->weight[b->order[i]];
    }
    return s->scored != NULL && s->weights != NULL;
}

/* Documents of a stretch that may be kept. */
static uint64_t find_documents(const struct bm_search *b, const struct summed *s, size_t first,
                               uint16_t least)
{
    uint64_t bits = UINT64_MAX;

    if (least > 0)
        bits = impacts_together(s->scored, s->weights, b->scored, first, least);
    for (size_t i = 0; i < s->count && bits != 0; i++) {
        uint64_t any = 0;
        for (size_t k = 0; k < s->clauses[i].count; k++)
            any |= impacts_standing(s->lists[s->clauses[i].leaves[k]] + first);
        bits &= any;
    }
    uint32_t left = b->l.part->below - (uint32_t)first;
    return left < STRETCH_DOCS ? bits & ((UINT64_C(1) << left) - 1) : bits;
}

static uint16_t sum_of(const struct bm_search *b, const struct summed *s, size_t doc)
{
    uint16_t sum = 0;

    for (size_t i = 0; i < b->scored; i++)
        sum = impact_add(sum, s->scored[i][doc], s->weights[i]);
    return sum;
}

/* *least: what a document must have, which may grow. */
static sx_status see_stretch(struct bm_search *b, const struct summed *s, size_t first,
                             uint16_t *least)
{
    uint64_t bits = find_documents(b, s, first, *least);
    sx_status rc = SX_OK;

    for (; bits != 0 && rc == SX_OK; bits &= bits - 1) {
        size_t doc = first + (size_t)__builtin_ctzll(bits);
        uint16_t sum = sum_of(b, s, doc);
        if (sum < *least)
            continue;
        rc = scan_meet(b, (uint32_t)doc, sum, 0, &scan_unknown);
        *least = scan_least_now(b);
    }
    return rc;
}

/* Stretches of a chunk that can reach what a document must have. */
static uint64_t reaching(const struct bounds *at, size_t chunk, uint16_t least)
{
    uint64_t can = at->can[chunk];

    return can == 0 ? 0 : can & impacts_reaching(at->most + chunk * 64, least);
}

static void fetch(const struct bounds *at, size_t chunk, uint64_t stretches)
{
    for (; stretches != 0; stretches &= stretches - 1)
        for (size_t i = 0; i < at->dense_count; i++)
            impacts_fetch(at->dense[i] +
                          (chunk * 64 + (size_t)__builtin_ctzll(stretches)) * STRETCH_DOCS);
}

/* They are fetched. */
static uint64_t reach(const struct bounds *at, size_t chunk, uint16_t least)
{
    uint64_t can = reaching(at, chunk, least);

    fetch(at, chunk, can);
    return can;
}

/* Chunks of which a stretch is fetched together. Each is a page or so of a list: to seek them side by side takes a
 * part of the time that it takes one after the other. */
#define GROUP 8

static void seek_pages(const struct bounds *at, size_t from, size_t chunks, uint16_t least)
{
    for (size_t c = from; c < chunks && c < from + GROUP; c++) {
        uint64_t can = reaching(at, c, least);
        fetch(at, c, can & -can);
    }
}

static sx_status see_stretches(struct bm_search *b, const struct summed *s, size_t chunk,
                               uint64_t stretches, uint16_t *least)
{
    sx_status rc = SX_OK;

    for (; stretches != 0 && rc == SX_OK; stretches &= stretches - 1) {
        size_t stretch = chunk * 64 + (size_t)__builtin_ctzll(stretches);
        if (b->at->most[stretch] >= *least && stretch * STRETCH_DOCS < b->l.part->below)
            rc = see_stretch(b, s, stretch * STRETCH_DOCS, least);
    }
    return rc;
}

/* The bound that about `want` stretches reach. */
static uint16_t find_first(const struct bounds *at, size_t chunks, size_t want)
{
    size_t step = chunks > SAMPLED ? 4 : 1;
    uint16_t first = 0;

    for (unsigned bit = 1U << 15; bit >= 1U << 6; bit /= 2) {
        size_t n = 0;
        for (size_t c = 0; c < chunks && n < want; c += step)
            n += step * bits_count(at->can[c] &
                                   impacts_reaching(at->most + c * 64, (uint16_t)(first | bit)));
        first = (uint16_t)(first | (n >= want ? bit : 0));
    }
    return first;
}

/* Sees the stretches of which the bound is `from` or more. */
static sx_status see_from(struct bm_search *b, const struct summed *s, uint16_t from)
{
    uint16_t least = scan_least_now(b);
    size_t chunks = bounds_chunks(b->l.part);
    sx_status rc = SX_OK;

    seek_pages(b->at, 0, chunks, least > from ? least : from);
    uint64_t next = reach(b->at, 0, least > from ? least : from);
    for (size_t c = 0; c < chunks && rc == SX_OK; c++) {
        if (c % GROUP == 0)
            seek_pages(b->at, c + GROUP, chunks, least > from ? least : from);
        uint64_t stretches = next;
        b->at->can[c] &= ~stretches;
        next = c + 1 == chunks ? 0 : reach(b->at, c + 1, least > from ? least : from);
        if (stretches == 0)
            continue;
        rc = see_stretches(b, s, c, stretches, &least);
        if (rc == SX_OK)
            rc = b->l.ask->look_up(b->l.ask->ctx, b->range_work);
    }
    return rc;
}

sx_status dense_see(struct bm_search *b, uint32_t part, const struct bm_clause *clauses,
                    size_t count, bool *done)
{
    const struct part *p = &b->l.parts[part];
    struct summed s = {
        .lists = find_lists(b, p, clauses, count), .clauses = clauses, .count = count};
    size_t chunks = bounds_chunks(p);
    sx_status rc = SX_OK;

    *done = s.lists != NULL;
    if (!*done || chunks == 0)
        return SX_OK;
    scan_move(b, part, NO_RANGE);
    if (!begin_sums(b, &s))
        return SX_ENOMEM;
    uint16_t first = find_first(b->at, chunks, FIRST(b->l.ask->keep));
    if (first > scan_least_now(b))
        rc = see_from(b, &s, first);
    if (rc == SX_OK)
        rc = see_from(b, &s, 0);
    memset(b->at->can, 0, chunks * sizeof(*b->at->can)); /* what is left cannot reach the floor */
    return rc;
}
