/* The best first, or all; in ranges of documents. */
#include "index/blockmax/search.h"

#include <string.h>

#include "index/blockmax/impacts.h"
#include "index/blockmax/scan.h"

/* Ranges that are looked at best first; the rest in order, when the floor is about as high as it gets. */
#define BEST_RANGES 24

/* Documents that are kept, at least, for lows where any word will do; and that wait, at most. Where impacts
 * may say more too much (source_rounding()), they say too little of what is scored at least. */
#define LOWS_LEAST 32
#define WAITING_MOST(keep) (4 * (keep) + 64)
#define ROUNDING_MOST 9

/* Those that score, the greatest weight first. */
static void sort_leaves(struct bm_search *b)
{
    const struct bm_leaf *leaves = b->l.ask->leaves;

    b->range_work = SEARCH_WORK_RANGE;
    b->seen_work = 0;
    b->count_work = 0;
    for (uint32_t i = 0; i < b->l.ask->leaf_count; i++) {
        size_t at = b->scored;
        b->range_work += SEARCH_WORK_LEAF;
        b->seen_work += b->l.states[i].simple ? SEARCH_WORK_SEEN : SEARCH_WORK_PHRASE;
        b->count_work += b->l.states[i].simple ? 0 : SEARCH_WORK_PHRASE;
        if (leaves[i].weight <= 0)
            continue;
        for (; at > 0 && leaves[b->order[at - 1]].weight < leaves[i].weight; at--)
            b->order[at] = b->order[at - 1];
        b->order[at] = i;
        b->scored++;
    }
}

sx_status bm_begin(struct bm_search **out, const struct bm_ask *ask, struct pool *mem,
                   struct sx_error *err)
{
    struct bm_search *b = pool_array(mem, 1, sizeof(*b));
    size_t leaves = ask->leaf_count + 1;

    *out = b;
    if (b == NULL)
        return sx_fail_oom(err);
    sx_status rc = leaves_open(&b->l, ask, mem, err);
    b->scored = 0;
    b->at = NULL;
    b->seen = NULL;
    b->room = NULL;
    b->window = NULL;
    b->lows.wanted = false;
    b->waiting = NULL;
    b->turns = NULL;
    b->waiting_count = 0;
    b->unsought = 0;
    b->order = pool_array(mem, leaves, sizeof(*b->order));
    b->added = pool_array(mem, leaves, sizeof(*b->added));
    b->all = pool_array(mem, ask->view.count + 1, sizeof(*b->all));
    if (rc != SX_OK || b->order == NULL || b->added == NULL || b->all == NULL) {
        bm_end(b);
        *out = NULL;
        return rc == SX_OK ? sx_fail_oom(err) : rc;
    }
    for (size_t i = 0; i < b->l.part_count; i++)
        b->all[i].most = NULL;
    sort_leaves(b);
    return SX_OK;
}

void bm_end(struct bm_search *b)
{
    if (b == NULL)
        return;
    leaves_close(&b->l);
}

/* ---- ranges ----------------------------------------------------------------------------------- */

struct ranged {
    float bound;
    uint32_t part, range, stretches;
};

/* The best of all, best first; returns how many. */
static size_t find_best(const struct bm_search *b, struct ranged best[BEST_RANGES])
{
    size_t n = 0;

    for (size_t i = 0; i < b->l.part_count; i++) {
        const struct bounds *at = &b->all[i];
        uint16_t least = 0;
        for (uint32_t r = 0; r < b->l.parts[i].s->ranges; r++) {
            uint64_t can = at->can[r / CHUNK_RANGES] >> (r % CHUNK_RANGES * RANGE_STRETCHES);
            uint16_t most = impacts_greatest(at->most + (size_t)r * RANGE_STRETCHES);
            if (most < least || (can & ALL_STRETCHES) == 0)
                continue;
            float bound = (float)most / at->scale;
            if (n == BEST_RANGES && bound <= best[n - 1].bound)
                continue;
            size_t to = n < BEST_RANGES ? n++ : n - 1;
            for (; to > 0 && best[to - 1].bound < bound; to--)
                best[to] = best[to - 1];
            best[to] = (struct ranged){.bound = bound, .part = (uint32_t)i, .range = r};
            if (n == BEST_RANGES)
                least = scan_least(b, at, (double)best[n - 1].bound);
        }
    }
    return n;
}

static void fetch(const struct bounds *at, uint32_t range, uint32_t stretches)
{
    for (size_t i = 0; i < at->dense_count; i++)
        for (uint32_t left = stretches; left != 0; left &= left - 1)
            impacts_fetch(at->dense[i] + ((size_t)range << RANGE_BITS) +
                          (size_t)__builtin_ctz(left) * STRETCH_DOCS);
}

static sx_status see_list(struct bm_search *b, const struct bm_clause *clauses, size_t clause_count,
                          const struct ranged *list, size_t n)
{
    sx_status rc = SX_OK;

    for (size_t i = 0; i < n && rc == SX_OK; i++) {
        scan_move(b, list[i].part, list[i].range);
        rc = range_see(b, list[i].stretches, clauses, clause_count);
    }
    return rc;
}

static sx_status see_best(struct bm_search *b, const struct bm_clause *clauses, size_t count)
{
    struct ranged best[BEST_RANGES];
    size_t n = find_best(b, best), taken = 0;

    for (size_t i = 0; i < n; i++) {
        struct bounds *at = &b->all[best[i].part];
        if (!scan_is_of_snapshot(&b->l.parts[best[i].part], best[i].range))
            continue;
        best[taken] = best[i];
        best[taken].stretches = bounds_take(at, best[i].range);
        fetch(at, best[taken].range, best[taken].stretches);
        taken++;
    }
    return see_list(b, clauses, count, best, taken);
}

/* Sees what is left of a part from a range on, in order: SLOT_RANGES at most. */
static sx_status see_rest(struct bm_search *b, uint32_t part, uint32_t from,
                          const struct bm_clause *clauses, size_t count)
{
    const struct part *p = &b->l.parts[part];
    struct bounds *at = &b->all[part];
    struct ranged next[CHUNK_RANGES];
    uint32_t end = from + scan_window(p, from);
    sx_status rc = SX_OK;

    for (uint32_t first = from; first < end && rc == SX_OK; first += CHUNK_RANGES) {
        size_t n = 0, c = first / CHUNK_RANGES;
        uint64_t reach = at->can[c];
        if (reach != 0)
            reach &= impacts_reaching(at->most + c * 64, scan_least(b, at, scan_floor(b)));
        while (reach != 0) {
            uint32_t of = (uint32_t)__builtin_ctzll(reach) / RANGE_STRETCHES;
            uint32_t stretches = (uint32_t)(reach >> (of * RANGE_STRETCHES)) & ALL_STRETCHES;
            reach &= ~((uint64_t)ALL_STRETCHES << (of * RANGE_STRETCHES));
            if (!scan_is_of_snapshot(p, first + of))
                break;
            fetch(at, first + of, stretches);
            next[n++] = (struct ranged){.part = part, .range = first + of, .stretches = stretches};
        }
        rc = see_list(b, clauses, count, next, n);
    }
    return rc;
}

static sx_status see_part(struct bm_search *b, uint32_t part, const struct bm_clause *clauses,
                          size_t count)
{
    const struct part *p = &b->l.parts[part];
    bool windows, left = false;
    sx_status rc = SX_OK;

    for (size_t c = 0; c < bounds_chunks(p) && !left; c++)
        left = b->all[part].can[c] != 0;
    if (!left)
        return SX_OK;
    if (maxscore_begin(b, part, clauses, count, &windows) != 0)
        return SX_ENOMEM;
    for (uint32_t r = 0; r < p->s->ranges && scan_is_of_snapshot(p, r) && rc == SX_OK;
         r += SLOT_RANGES) {
        bool done = false;
        if (windows)
            rc = maxscore_see(b, part, r, &done);
        if (rc == SX_OK && !done)
            rc = see_rest(b, part, r, clauses, count);
    }
    return rc;
}

sx_status scan_tell(struct bm_search *b, sx_status rc, struct sx_error *err)
{
    for (size_t i = 0; i < b->l.part_count; i++)
        if (atomic_load(&b->l.parts[i].s->damaged))
            return segment_fail(err);
    return rc == SX_ENOMEM ? sx_fail_oom(err) : rc;
}

/* Whether sums say what is scored, and not just at most. Where any word will do and few are kept, what is
 * rounded costs more than it saves. */
static bool wants_lows(const struct bm_search *b, size_t clauses)
{
    const struct bm_ask *ask = b->l.ask;
    bool few = clauses == 1 && ask->keep < LOWS_LEAST;

    if (!ask->sure || few || b->scored < 2 || ask->keep == 0 || ask->keep > HISTOGRAM_KEEP)
        return false;
    for (size_t i = 0; i < ask->leaf_count; i++) {
        const struct leaf_state *st = &b->l.states[i];
        if (!leaves_is_countable(st))
            return false;
        for (size_t k = 0; k < b->l.part_count; k++) {
            unsigned rounding = source_rounding(&b->l.parts[k].sources[st->first]);
            if (rounding == 0 || rounding > ROUNDING_MOST)
                return false;
        }
    }
    return true;
}

static int begin_lows(struct bm_search *b, size_t clauses)
{
    size_t keep = b->l.ask->keep;

    b->lows.wanted = wants_lows(b, clauses);
    b->waiting_count = 0;
    if (!b->lows.wanted)
        return 0;
    b->lows.most = 0;
    for (size_t i = 0; i < b->scored; i++)
        b->lows.most += bounds_most(b, b->order[i]);
    histogram_begin(&b->lows.reached, (uint32_t)keep, b->lows.most);
    b->waiting_most = WAITING_MOST(keep);
    if (b->waiting == NULL)
        b->waiting = pool_array(b->l.mem, b->waiting_most, sizeof(*b->waiting));
    if (b->turns == NULL)
        b->turns = pool_array(b->l.mem, b->waiting_most, sizeof(*b->turns));
    return b->waiting == NULL || b->turns == NULL ? -1 : 0;
}

/* Keeps in mind what is seen, where counting takes positions. -1: memory ran out. */
static int mark_seen(struct bm_search *b)
{
    if (b->seen != NULL || !b->l.ask->mark || b->count_work == 0)
        return 0;
    uint64_t ***seen = pool_array(b->l.mem, b->l.part_count + 1, sizeof(uint64_t **));
    for (size_t i = 0; seen != NULL && i < b->l.part_count; i++) {
        seen[i] = marks_new(b->l.mem, b->l.parts[i].s->ranges);
        if (seen[i] == NULL)
            return -1;
    }
    b->seen = seen;
    return seen == NULL ? -1 : 0;
}

sx_status bm_best(struct bm_search *b, const struct bm_clause *clauses, size_t count, bool *pruned,
                  struct sx_error *err)
{
    const struct bm_ask *ask = b->l.ask;
    bool single;
    sx_status rc;

    *pruned = false;
    rc = single_see(b, clauses, count, &single, pruned);
    if (single)
        return scan_tell(b, rc, err);
    if (bounds_find(b, clauses, count) != 0 || mark_seen(b) != 0)
        return sx_fail_oom(err);
    b->every = false;
    if (begin_lows(b, count) != 0)
        return sx_fail_oom(err);
    bool left = false;
    for (uint32_t i = 0; i < b->l.part_count && rc == SX_OK; i++) {
        bool done = false;
        rc = sparse_see(b, i, clauses, count, &done);
        if (rc == SX_OK && !done)
            rc = dense_see(b, i, clauses, count, &done);
        if (rc == SX_OK && !done)
            rc = any_see(b, i, clauses, count, &done);
        left = left || !done;
    }
    if (rc == SX_OK && left)
        rc = see_best(b, clauses, count);
    for (uint32_t i = 0; i < b->l.part_count && rc == SX_OK && left; i++)
        rc = see_part(b, i, clauses, count);
    if (rc == SX_OK)
        rc = scan_see_waiting(b);
    *pruned = ask->floor(ask->ctx) >= 0;
    return scan_tell(b, rc, err);
}

sx_status bm_all(struct bm_search *b, const struct bm_clause *clauses, size_t count,
                 struct sx_error *err)
{
    sx_status rc = SX_OK;

    if (bounds_find(b, clauses, count) != 0)
        return sx_fail_oom(err);
    b->every = true;
    b->lows.wanted = false;
    for (uint32_t i = 0; i < b->l.part_count && rc == SX_OK; i++) {
        bool done = false;
        rc = sparse_see(b, i, clauses, count, &done);
        if (rc == SX_OK && !done)
            rc = range_see_all(b, i, clauses, count);
    }
    return scan_tell(b, rc, err);
}

/* ---- one document ----------------------------------------------------------------------------- */

static struct part *part_of(const struct bm_search *b, uint64_t rowid)
{
    for (size_t i = 0; i < b->l.part_count; i++) {
        const struct segment *s = b->l.parts[i].s;
        if (rowid >= s->first && rowid < s->next)
            return &b->l.parts[i];
    }
    return NULL;
}

void bm_expect(const struct bm_search *b, uint64_t rowid)
{
    const struct part *p = part_of(b, rowid);

    if (p != NULL && rowid - p->s->first < p->below)
        leaves_expect(&b->l, p, (uint32_t)(rowid - p->s->first));
}

sx_status bm_look(struct bm_search *b, uint64_t rowid, bool *found, struct sx_error *err)
{
    struct part *p = part_of(b, rowid);

    *found = false;
    if (p == NULL || rowid - p->s->first >= p->below)
        return SX_OK;
    uint32_t doc = (uint32_t)(rowid - p->s->first);
    leaves_move(&b->l, p, doc >> RANGE_BITS);
    *found = scan_sees(b, doc);
    return scan_tell(b, *found ? scan_count(b, doc) : SX_OK, err);
}

sx_status bm_places(struct bm_search *b, uint32_t leaf, uint64_t rowid, struct places *out)
{
    uint32_t doc = (uint32_t)(rowid - b->l.part->s->first);

    return leaves_places(&b->l, leaf, doc, out);
}
