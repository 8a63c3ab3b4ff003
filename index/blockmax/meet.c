/* Documents that were found, on their way to the caller. What each scores at least is known where impacts
 * say all of its score: then the floor rises without seeing any, and who waits below it is not seen. */
#include "index/blockmax/scan.h"

#include <math.h>
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

bool scan_was_seen(const struct bm_search *b, uint32_t doc)
{
    return b->seen != NULL && marks_has(b->seen[b->l.part - b->l.parts], doc);
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
    if (b->seen != NULL && marks_set(b->l.mem, b->seen[b->l.part - b->l.parts], doc) != 0)
        return SX_ENOMEM;
    sx_status rc = scan_count(b, doc);
    if (rc == SX_OK && any_stands(b))
        rc = b->l.ask->see(b->l.ask->ctx, b->l.part->s->first + doc);
    return rc == SX_OK ? b->l.ask->look_up(b->l.ask->ctx, b->seen_work) : rc;
}

const struct known scan_unknown = {{NOT_KNOWN, NOT_KNOWN, NOT_KNOWN}};

static void tell_known(const struct bm_search *b, uint32_t doc, const struct known *known)
{
    for (uint32_t i = 0; i < KNOWN_SOURCES && i < b->l.source_count; i++)
        if (known->numbers[i] != NOT_KNOWN)
            list_know(source_list(&b->l.part->sources[i]), doc, known->numbers[i]);
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
    double known = b->lows.wanted ? (double)greatest_last(&b->lows.best, -1) : -1;

    return floor > known ? floor : known;
}

static bool still_waits(const struct bm_search *b, const struct waiting *w)
{
    return w->sum >= scan_least(b, &b->all[w->part], scan_floor(b));
}

static void drop_waiting(struct bm_search *b)
{
    double floor = scan_floor(b);
    uint32_t part = UINT32_MAX;
    uint16_t least = 0;
    size_t kept = 0;

    for (size_t i = 0; i < b->waiting_count; i++) {
        const struct waiting *w = &b->waiting[i];
        if (w->part != part)
            least = scan_least(b, &b->all[w->part], floor);
        part = w->part;
        if (w->sum >= least)
            b->waiting[kept++] = *w;
    }
    b->waiting_count = kept;
}

/* What it scores at most. */
static float most_of(const struct bm_search *b, const struct waiting *w)
{
    return (float)w->sum / b->all[w->part].scale;
}

/* Of those that wait, who scores from `least` to below `most` at most. */
struct turn {
    float least, most;
};

static bool takes_turn(const struct bm_search *b, size_t i, struct turn turn)
{
    float most = most_of(b, &b->waiting[i]);

    return most >= turn.least && most < turn.most;
}

/* The next of a turn behind `i`; how many wait: there is none. */
static size_t next_of(const struct bm_search *b, struct turn turn, size_t i)
{
    while (i < b->waiting_count && !takes_turn(b, i, turn))
        i++;
    return i;
}

/* What is read of each is fetched a few before it, what tells where that is some more before, and so on. */
static sx_status see_turn(struct bm_search *b, struct turn turn, bool places)
{
    size_t at[4] = {0};
    sx_status rc = SX_OK;

    for (size_t n = 0; rc == SX_OK; n++) {
        const struct waiting *w = b->waiting;
        for (size_t step = 0; step < 3 && step * FETCHED <= n; step++) {
            size_t i = next_of(b, turn, at[step]);
            at[step] = i + 1;
            if (i >= b->waiting_count)
                continue;
            const struct part *p = &b->l.parts[w[i].part];
            if (step == 0)
                leaves_foresee(&b->l, p, w[i].doc, list_expect_place);
            else if (step == 1)
                leaves_foresee(&b->l, p, w[i].doc, list_expect_block);
            else
                expect_in(b, p, w[i].doc, places);
        }
        if (n < (size_t)3 * FETCHED)
            continue;
        size_t i = next_of(b, turn, at[3]);
        at[3] = i + 1;
        if (i >= b->waiting_count)
            break;
        w += i;
        if (!still_waits(b, w))
            continue;
        if (b->l.part != &b->l.parts[w->part] || b->l.range != NO_RANGE)
            scan_move(b, w->part, NO_RANGE);
        tell_known(b, w->doc, &w->known);
        rc = scan_see(b, w->doc);
    }
    return rc;
}

/* As many as are kept come first, those that score most: they raise the floor for the others. `few`: no more will
 * be found. */
static sx_status see_waiting(struct bm_search *b, bool few)
{
    struct greatest first;

    drop_waiting(b);
    greatest_begin(&first, b->l.ask->keep);
    for (size_t i = 0; i < b->waiting_count; i++)
        greatest_add(&first, most_of(b, &b->waiting[i]));
    float most = greatest_last(&first, 0);
    *b->l.ask->few = few;
    sx_status rc = see_turn(b, (struct turn){most, HUGE_VALF}, few);
    *b->l.ask->few = false;
    if (rc == SX_OK && most > 0)
        rc = see_turn(b, (struct turn){0, most}, false);
    b->waiting_count = 0;
    return rc;
}

sx_status scan_see_waiting(struct bm_search *b)
{
    return see_waiting(b, b->lows.wanted);
}

sx_status scan_meet(struct bm_search *b, uint32_t doc, uint16_t sum, uint16_t rest,
                    const struct known *known)
{
    size_t part = (size_t)(b->l.part - b->l.parts);
    uint32_t range = b->l.range;
    sx_status rc = SX_OK;

    if (!b->lows.wanted) {
        tell_known(b, doc, known);
        return scan_see(b, doc);
    }
    if (!scan_sees(b, doc))
        return SX_OK;
    greatest_add(&b->lows.best, b->at->low * ((float)(sum - rest) - b->at->slack));
    b->waiting[b->waiting_count++] = (struct waiting){(uint32_t)part, doc, sum, *known};
    if (b->waiting_count < b->waiting_most)
        return SX_OK;
    drop_waiting(b);
    if (b->waiting_count < b->waiting_most / 2)
        return SX_OK;
    rc = see_waiting(b, false);
    scan_move(b, part, range);
    return rc;
}
