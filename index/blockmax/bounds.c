/* Bounds by stretch: sums of what the leaves score there at most. */
#include "index/blockmax/scan.h"

#include <string.h>

#include "index/blockmax/impacts.h"
#include "index/rank/score.h"

/* Weights are made in single precision: sums are made greater by more than that can be off. */
#define MARGIN 1.00001f

/* What all leaves score at most, together, as a sum of impacts: below 65535 by what is rounded up. */
#define SUM_WHOLE 60000.0f

void scan_move(struct bm_search *b, size_t part, uint32_t range)
{
    leaves_move(&b->l, &b->l.parts[part], range);
    b->at = &b->all[part];
}

/* The sum that a document must have to reach the floor: each part may be 1 too small. */
uint16_t scan_least(const struct bm_search *b, const struct bounds *at, double floor)
{
    double least = floor * (double)at->scale - (double)b->scored - 1;

    return !(least > 0) ? 0 : least < UINT16_MAX ? (uint16_t)least : UINT16_MAX;
}

uint16_t scan_least_now(const struct bm_search *b)
{
    return b->every ? 0 : scan_least(b, b->at, scan_floor(b));
}

bool scan_is_of_snapshot(const struct part *p, uint32_t range)
{
    return range << RANGE_BITS < p->below;
}

/* ---- bounds ----------------------------------------------------------------------------------- */

size_t bounds_chunks(const struct part *p)
{
    return (p->s->ranges + CHUNK_RANGES - 1) / CHUNK_RANGES;
}

float bounds_most(const struct bm_search *b, uint32_t leaf)
{
    return (float)(b->l.ask->leaves[leaf].weight * (SCORE_K1 + 1.0));
}

static void weigh(struct bm_search *b, const struct part *p, struct bounds *at)
{
    float all = 0, drift = leaves_drift(&b->l, p->s);

    for (size_t i = 0; i < b->scored; i++)
        all += bounds_most(b, b->order[i]) * drift;
    at->scale = all > 0 ? SUM_WHOLE / all : 0;
    at->slack = 0;
    for (size_t i = 0; i < b->scored; i++) {
        /* So that the part of a whole impact, 255 / 256 of the weight, is at least what it scores. */
        float whole = bounds_most(b, b->order[i]) * drift * at->scale;
        at->weight[b->order[i]] = (uint16_t)(whole * (256.0f / IMPACT_ONE) * MARGIN + 1);
        /* What the impact says too much, and what weight and margin may add. Of phrases that is not asked. */
        const struct leaf_state *st = &b->l.states[b->order[i]];
        float rounding = st->simple ? (float)source_rounding(&p->sources[st->first]) : 0;
        at->slack += rounding * (float)at->weight[b->order[i]] / 256.0f + 2;
    }
    /* With a shorter average, lengths weigh more: no x shrinks by more than the ratio. */
    float shrink = b->l.ask->avglen < p->s->average ? (float)(b->l.ask->avglen / p->s->average) : 1;
    at->low = all > 0 ? shrink / (drift * at->scale * MARGIN) : 0;
}

/* Adds up what the stretches score. -1: memory ran out. */
static int make_bounds(struct bm_search *b, struct part *p, struct bounds *at)
{
    size_t stretches = (size_t)p->s->ranges * RANGE_STRETCHES, chunks = bounds_chunks(p);

    if (leaves_bounds(&b->l, p) != 0)
        return -1;
    at->weight = pool_array(b->l.mem, b->l.ask->leaf_count + 1, sizeof(*at->weight));
    at->most = pool_array(b->l.mem, chunks * 64 + 1, sizeof(*at->most));
    at->can = pool_array(b->l.mem, 2 * chunks + 1, sizeof(*at->can));
    at->dense = pool_array(b->l.mem, b->l.source_count + (size_t)1, sizeof(*at->dense));
    if (at->weight == NULL || at->most == NULL || at->can == NULL || at->dense == NULL)
        return -1;
    weigh(b, p, at);
    memset(at->most, 0, chunks * 64 * sizeof(*at->most));
    for (size_t i = 0; i < b->scored; i++)
        impacts_add(at->most, p->here[b->order[i]], stretches, at->weight[b->order[i]]);
    at->dense_count = 0;
    for (uint32_t i = 0; i < b->l.source_count; i++)
        if (source_dense(&p->sources[i]) != NULL)
            at->dense[at->dense_count++] = source_dense(&p->sources[i]);
    return 0;
}

/* Adds the bits of the stretches where a leaf may stand. */
static void add_standing(const struct part *p, uint32_t leaf, uint64_t *bits)
{
    size_t whole = p->s->ranges / CHUNK_RANGES;
    size_t more = (size_t)(p->s->ranges % CHUNK_RANGES) * RANGE_STRETCHES;
    const uint8_t *here = p->here[leaf];
    uint8_t last[64] = {0};

    for (size_t c = 0; c < whole; c++)
        bits[c] |= impacts_standing(here + c * 64);
    memcpy(last, here + whole * 64, more);
    if (more > 0)
        bits[whole] |= impacts_standing(last);
}

/* The stretches where each clause may stand. */
static void find_can(const struct part *p, struct bounds *at, const struct bm_clause *clauses,
                     size_t count)
{
    size_t chunks = bounds_chunks(p);
    uint64_t *any = at->can + chunks;

    memset(at->can, 0xff, chunks * sizeof(*at->can));
    for (size_t i = 0; i < count; i++) {
        memset(any, 0, chunks * sizeof(*any));
        for (size_t k = 0; k < clauses[i].count; k++)
            add_standing(p, clauses[i].leaves[k], any);
        for (size_t c = 0; c < chunks; c++)
            at->can[c] &= any[c];
    }
}

int bounds_find(struct bm_search *b, const struct bm_clause *clauses, size_t count)
{
    for (size_t i = 0; i < b->l.part_count; i++) {
        if (b->all[i].most == NULL && make_bounds(b, &b->l.parts[i], &b->all[i]) != 0)
            return -1;
        b->all[i].counted = false;
        find_can(&b->l.parts[i], &b->all[i], clauses, count);
    }
    return 0;
}

/* Takes the stretches of a range that are still to be seen. */
uint32_t bounds_take(struct bounds *at, uint32_t range)
{
    unsigned shift = range % CHUNK_RANGES * RANGE_STRETCHES;
    uint64_t *chunk = &at->can[range / CHUNK_RANGES];
    uint32_t stretches = (uint32_t)(*chunk >> shift) & ALL_STRETCHES;

    *chunk &= ~((uint64_t)ALL_STRETCHES << shift);
    return stretches;
}
