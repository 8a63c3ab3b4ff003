/* Documents that were found, on their way to the caller. What each scores at least is known where impacts
 * say all of its score: then the floor rises without seeing any, and who waits below it is not seen. */
#include "index/blockmax/scan.h"

#include <string.h>

#include "index/blockmax/impacts.h"

/* Of those that wait, so many are fetched together. */
#define FETCHED 16

/* ---- documents -------------------------------------------------------------------------------- */

bool scan_sees(const struct bm_search *b, uint32_t doc)
{
    const struct segment *s = b->l.part->s;

    return atomic_load_explicit(&s->dead_count, memory_order_relaxed) == 0 ||
           !segment_is_dead(s, doc) || !b->l.ask->view.gone(b->l.ask->view.ctx, s->first + doc);
}

void scan_clear_gone(const struct bm_search *b, uint32_t range, uint64_t *bits, size_t words)
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
}

uint64_t scan_count_bits(const struct bm_search *b, uint32_t range, uint64_t *bits, size_t words)
{
    scan_clear_gone(b, range, bits, words);
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

void scan_expect(const struct bm_search *b, uint32_t doc)
{
    if (b->count_work == 0) /* where positions tell whether it matches, few do */
        b->l.ask->expect(b->l.ask->ctx, b->l.part->s->first + doc);
}

/* ---- waiting ---------------------------------------------------------------------------------- */

double scan_floor(const struct bm_search *b)
{
    double floor = b->l.ask->floor(b->l.ask->ctx);
    double known = b->lows.wanted ? (double)histogram_reached(&b->lows.reached, -1) : -1;

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

/* What is fetched of a document, in turn: what tells which its postings are, then where their blocks are, then those, and
 * its row. */
enum { EXPECT_PLACE, EXPECT_BLOCK, EXPECT_DOCUMENT, EXPECTS };

/* `places`: its positions, too. */
static void expect_one(const struct bm_search *b, struct waiting *w, size_t what, bool places)
{
    const struct part *p = &b->l.parts[w->part];

    if (what == EXPECT_DOCUMENT)
        b->l.ask->expect(b->l.ask->ctx, p->s->first + w->doc);
    for (uint32_t i = 0; i < b->l.source_count; i++) {
        const struct list *list = source_list(&p->sources[i]);
        uint32_t not_kept = NOT_KNOWN;
        uint32_t *number = i < KNOWN_SOURCES ? &w->known.numbers[i] : &not_kept;
        if (list == NULL)
            continue;
        if (what == EXPECT_PLACE && *number == NOT_KNOWN)
            list_expect_place(list, w->doc);
        if (what == EXPECT_BLOCK)
            *number = list_expect_block(list, w->doc, *number);
        if (what == EXPECT_DOCUMENT)
            list_expect_document(list, w->doc, *number, places);
    }
}

/* Of the group of documents that begins at `from`, if there is such a one. */
static void expect_group(struct bm_search *b, const uint32_t *turn, size_t count, size_t from,
                         size_t what, bool places)
{
    for (size_t i = from; i < count && i < from + FETCHED; i++)
        expect_one(b, &b->waiting[turn[i]], what, places);
}

/* When a group is seen, the next one's documents are fetched, the blocks of the one behind that, and the places of the
 * one behind both. */
static sx_status see_turn(struct bm_search *b, const uint32_t *turn, size_t count, bool places)
{
    sx_status rc = SX_OK;

    for (size_t what = 0; what < EXPECTS; what++)
        for (size_t group = 0; group + what <= EXPECTS; group++)
            expect_group(b, turn, count, group * FETCHED, what, places);
    for (size_t n = 0; n < count && rc == SX_OK; n++) {
        const struct waiting *w = &b->waiting[turn[n]];
        for (size_t what = 0; n % FETCHED == 0 && n > 0 && what < EXPECTS; what++)
            expect_group(b, turn, count, n + (EXPECTS - what) * FETCHED, what, places);
        if (!still_waits(b, w))
            continue;
        if (b->l.part != &b->l.parts[w->part] || b->l.range != NO_RANGE)
            scan_move(b, w->part, NO_RANGE);
        tell_known(b, w->doc, &w->known);
        rc = scan_see(b, w->doc);
    }
    return rc;
}

/* What it scores at most. */
static float most_of(const struct bm_search *b, const struct waiting *w)
{
    return (float)w->sum / b->all[w->part].scale;
}

/* Puts those first that score most, about as many as are kept; returns how many. */
static size_t order_waiting(struct bm_search *b)
{
    struct histogram most;
    size_t first = 0;

    histogram_begin(&most, (uint32_t)b->l.ask->keep, b->lows.most);
    for (size_t i = 0; i < b->waiting_count; i++)
        histogram_add(&most, most_of(b, &b->waiting[i]));
    float least = histogram_reached(&most, 0);
    for (size_t i = 0; i < b->waiting_count; i++)
        first += most_of(b, &b->waiting[i]) >= least;
    size_t last = first;
    for (size_t i = 0, at = 0; i < b->waiting_count; i++) {
        bool is_first = most_of(b, &b->waiting[i]) >= least;
        b->turns[is_first ? at++ : last++] = (uint32_t)i;
    }
    return first;
}

/* The first raise the floor for the others. `few`: no more will be found. */
static sx_status see_waiting(struct bm_search *b, bool few)
{
    drop_waiting(b);
    if (b->waiting_count == 0)
        return SX_OK;
    size_t first = order_waiting(b);
    *b->l.ask->few = few;
    sx_status rc = see_turn(b, b->turns, first, few);
    *b->l.ask->few = false;
    size_t left = 0;
    for (size_t i = first; i < b->waiting_count; i++)
        if (still_waits(b, &b->waiting[b->turns[i]]))
            b->turns[left++] = b->turns[i];
    if (rc == SX_OK)
        rc = see_turn(b, b->turns, left, false);
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
    histogram_add(&b->lows.reached, b->at->low * ((float)(sum - rest) - b->at->slack));
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
