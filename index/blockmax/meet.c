/* Documents that were found, on their way to the caller. What each scores at least is known where impacts
 * say all of its score: then the floor rises without seeing any, and who waits below it is not seen. */
#include "index/blockmax/scan.h"

#include <string.h>

#include "index/blockmax/impacts.h"

/* Of those that wait, so many are fetched ahead. */
#define FETCHED 8

/* ---- documents -------------------------------------------------------------------------------- */

bool scan_sees(const struct bm_search *b, uint32_t doc)
{
    const struct segment *s = b->l.part->s;

    return atomic_load_explicit(&s->dead_count, memory_order_relaxed) == 0 ||
           !segment_is_dead(s, doc) || !b->l.ask->view.gone(b->l.ask->view.ctx, s->first + doc);
}

uint64_t scan_count_bits(struct bm_search *b, uint32_t range, uint64_t *bits, size_t words)
{
    const struct part *p = b->l.part;
    uint32_t first = range << RANGE_BITS;
    size_t left = first < p->below ? p->below - first : 0;

    if (left < words * 64) {
        memset(bits + (left + 63) / 64, 0, (words - (left + 63) / 64) * sizeof(*bits));
        if (left % 64 > 0)
            bits[left / 64] &= (UINT64_C(1) << (left % 64)) - 1;
    }
    bool any_dead = atomic_load_explicit(&p->s->dead_count, memory_order_relaxed) > 0;
    for (size_t w = 0; any_dead && w < words && w * 64 < left; w++) {
        uint32_t doc = first + (uint32_t)w * 64;
        uint64_t dead = atomic_load_explicit(&p->s->dead[doc / 64], memory_order_relaxed);
        for (uint64_t gone = bits[w] & dead; gone != 0; gone &= gone - 1)
            if (!scan_sees(b, doc + (uint32_t)__builtin_ctzll(gone)))
                bits[w] &= ~(gone & -gone);
    }
    return bits_sum(bits, words);
}

/* Counts all leaves in a document of the part at hand. */
sx_status scan_count(struct bm_search *b, uint32_t doc)
{
    const struct bm_ask *ask = b->l.ask;

    for (uint32_t i = 0; i < ask->leaf_count; i++) {
        const struct leaf_state *st = &b->l.states[i];
        sx_status rc = SX_OK;
        if (st->leaf->near_count > 0)
            continue;
        if (st->is_loaded && st->in[doc & (RANGE_DOCS - 1)] == 0)
            ask->tf[i] = (struct phrase_tf){0, 0};
        else
            rc = leaves_count(&b->l, i, doc, &ask->tf[i]);
        if (rc != SX_OK)
            return rc;
    }
    return SX_OK;
}

/* Bits of the document's range, which has none before one is seen; NULL: they are not kept. */
static uint64_t **seen_of(const struct bm_search *b, uint32_t doc)
{
    return b->seen == NULL ? NULL : &b->seen[b->l.part - b->l.parts][doc >> RANGE_BITS];
}

bool scan_was_seen(const struct bm_search *b, uint32_t doc)
{
    uint64_t **seen = seen_of(b, doc);

    return seen != NULL && *seen != NULL && has_document(*seen, doc & (RANGE_DOCS - 1));
}

/* -1: memory ran out. */
static int mark(const struct bm_search *b, uint32_t doc)
{
    uint64_t **seen = seen_of(b, doc);

    if (seen == NULL)
        return 0;
    if (*seen == NULL) {
        *seen = pool_array(b->l.mem, RANGE_WORDS, sizeof(**seen));
        if (*seen == NULL)
            return -1;
        memset(*seen, 0, RANGE_WORDS * sizeof(**seen));
    }
    set_document(*seen, doc & (RANGE_DOCS - 1));
    return 0;
}

/* Whether a leaf does in the document that was counted: else it is no match. */
static bool any_stands(const struct bm_search *b)
{
    const struct bm_ask *ask = b->l.ask;

    if (b->count_work == 0)
        return true;
    for (uint32_t i = 0; i < ask->leaf_count; i++)
        if (b->l.states[i].leaf->near_count == 0 && ask->tf[i].title + ask->tf[i].body > 0)
            return true;
    return false;
}

sx_status scan_see(struct bm_search *b, uint32_t doc)
{
    if (!scan_sees(b, doc))
        return SX_OK;
    if (mark(b, doc) != 0)
        return SX_ENOMEM;
    sx_status rc = scan_count(b, doc);
    if (rc == SX_OK && any_stands(b))
        rc = b->l.ask->see(b->l.ask->ctx, b->l.part->s->first + doc);
    return rc == SX_OK ? b->l.ask->look_up(b->l.ask->ctx, b->seen_work) : rc;
}

static void expect_in(const struct bm_search *b, const struct part *p, uint32_t doc, bool places)
{
    b->l.ask->expect(b->l.ask->ctx, p->s->first + doc);
    leaves_expect(&b->l, p, doc, places);
}

void scan_expect(const struct bm_search *b, uint32_t doc)
{
    if (b->count_work == 0) /* where positions tell whether it matches, few do */
        b->l.ask->expect(b->l.ask->ctx, b->l.part->s->first + doc);
}

/* ---- waiting ---------------------------------------------------------------------------------- */

double scan_floor(const struct bm_search *b)
{
    double floor = b->l.ask->floor(b->l.ask->ctx);
    double known = b->lows.count < b->l.ask->keep ? -1 : (double)b->lows.heap[0];

    return floor > known ? floor : known;
}

/* Sets down `low` in place of the least. */
static void replace_least(struct lows *l, float low)
{
    size_t i = 0;

    for (size_t kid = 1; kid < l->count; kid = 2 * i + 1) {
        kid += kid + 1 < l->count && l->heap[kid + 1] < l->heap[kid];
        if (l->heap[kid] >= low)
            break;
        l->heap[i] = l->heap[kid];
        i = kid;
    }
    l->heap[i] = low;
}

static void note(struct bm_search *b, float low)
{
    struct lows *l = &b->lows;

    if (l->count == b->l.ask->keep) {
        if (low > l->heap[0])
            replace_least(l, low);
        return;
    }
    size_t i = l->count++;
    for (; i > 0 && l->heap[(i - 1) / 2] > low; i = (i - 1) / 2)
        l->heap[i] = l->heap[(i - 1) / 2];
    l->heap[i] = low;
}

static bool still_waits(const struct bm_search *b, const struct waiting *w)
{
    return w->sum >= scan_least(b, &b->all[w->part], scan_floor(b));
}

static void drop_waiting(struct bm_search *b)
{
    size_t kept = 0;

    for (size_t i = 0; i < b->waiting_count; i++)
        if (still_waits(b, &b->waiting[i]))
            b->waiting[kept++] = b->waiting[i];
    b->waiting_count = kept;
}

static sx_status see_waiting(struct bm_search *b, bool places)
{
    sx_status rc = SX_OK;

    drop_waiting(b);
    for (size_t i = 0; i < b->waiting_count + FETCHED && rc == SX_OK; i++) {
        if (i < b->waiting_count)
            expect_in(b, &b->l.parts[b->waiting[i].part], b->waiting[i].doc, places);
        if (i < FETCHED)
            continue;
        const struct waiting *w = &b->waiting[i - FETCHED];
        if (!still_waits(b, w))
            continue;
        if (b->l.part != &b->l.parts[w->part] || b->l.range != NO_RANGE)
            scan_move(b, w->part, NO_RANGE);
        rc = scan_see(b, w->doc);
    }
    b->waiting_count = 0;
    return rc;
}

sx_status scan_see_waiting(struct bm_search *b)
{
    bool *few = b->l.ask->few;

    *few = b->lows.wanted;
    sx_status rc = see_waiting(b, *few);
    *few = false;
    return rc;
}

sx_status scan_meet(struct bm_search *b, uint32_t doc, uint16_t sum, uint16_t rest)
{
    size_t part = (size_t)(b->l.part - b->l.parts);
    uint32_t range = b->l.range;
    sx_status rc = SX_OK;

    if (!b->lows.wanted)
        return scan_see(b, doc);
    if (sum < scan_least_now(b) || !scan_sees(b, doc))
        return SX_OK;
    note(b, b->at->low * ((float)(sum - rest) - b->at->slack));
    b->waiting[b->waiting_count++] = (struct waiting){(uint32_t)part, doc, sum};
    if (b->waiting_count < b->waiting_most)
        return SX_OK;
    drop_waiting(b);
    if (b->waiting_count < b->waiting_most / 2)
        return SX_OK;
    rc = see_waiting(b, false);
    scan_move(b, part, range);
    return rc;
}
