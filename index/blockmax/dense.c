/* Stretch after stretch, where every leaf that matters is a dense list: nothing is decoded before a
 * document is seen. */
#include "index/blockmax/scan.h"

#include <string.h>

#include "index/blockmax/impacts.h"

static const uint8_t *dense_of(const struct bm_search *b, const struct part *p, uint32_t leaf)
{
    const struct leaf_state *st = &b->l.states[leaf];

    return st->simple ? source_dense(&p->sources[st->first]) : NULL;
}

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

/* Documents of a stretch that may be kept, with their sums. */
static uint64_t find_documents(const struct bm_search *b, const uint8_t *const *lists,
                               const struct bm_clause *clauses, size_t count, size_t first,
                               uint16_t sums[STRETCH_DOCS])
{
    uint16_t least = scan_least_now(b);
    uint64_t bits = UINT64_MAX;

    memset(sums, 0, STRETCH_DOCS * sizeof(*sums));
    for (size_t i = 0; i < b->scored; i++)
        impacts_add(sums, lists[b->order[i]] + first, STRETCH_DOCS, b->at->weight[b->order[i]]);
    if (least > 0)
        bits = impacts_reaching(sums, least);
    for (size_t i = 0; i < count && bits != 0; i++) {
        uint64_t any = 0;
        for (size_t k = 0; k < clauses[i].count; k++)
            any |= impacts_standing(lists[clauses[i].leaves[k]] + first);
        bits &= any;
    }
    uint32_t left = b->l.part->below - (uint32_t)first;
    return left < STRETCH_DOCS ? bits & ((UINT64_C(1) << left) - 1) : bits;
}

static sx_status see_stretch(struct bm_search *b, const uint8_t *const *lists,
                             const struct bm_clause *clauses, size_t count, size_t first)
{
    uint16_t sums[STRETCH_DOCS];
    uint64_t bits = find_documents(b, lists, clauses, count, first, sums);
    sx_status rc = SX_OK;

    for (; bits != 0 && rc == SX_OK; bits &= bits - 1) {
        uint32_t doc = (uint32_t)__builtin_ctzll(bits);
        if (sums[doc] >= scan_least_now(b))
            rc = scan_meet(b, (uint32_t)first + doc, sums[doc], 0);
    }
    return rc;
}

static void fetch(const struct bounds *at, size_t chunk, uint64_t stretches)
{
    for (; stretches != 0; stretches &= stretches - 1)
        for (size_t i = 0; i < at->dense_count; i++)
            __builtin_prefetch(at->dense[i] +
                               (chunk * 64 + (size_t)__builtin_ctzll(stretches)) * STRETCH_DOCS);
}

sx_status dense_see(struct bm_search *b, uint32_t part, const struct bm_clause *clauses,
                    size_t count, bool *done)
{
    const struct part *p = &b->l.parts[part];
    const uint8_t *const *lists = find_lists(b, p, clauses, count);
    sx_status rc = SX_OK;

    *done = lists != NULL;
    if (!*done)
        return SX_OK;
    scan_move(b, part, NO_RANGE);
    for (size_t c = 0; c < bounds_chunks(p) && rc == SX_OK; c++) {
        uint64_t reach = b->at->can[c];
        if (reach == 0)
            continue;
        reach &= impacts_reaching(b->at->most + c * 64, scan_least_now(b));
        fetch(b->at, c, reach);
        for (uint64_t left = reach; left != 0 && rc == SX_OK; left &= left - 1) {
            size_t first = (c * 64 + (size_t)__builtin_ctzll(left)) * STRETCH_DOCS;
            if (first < p->below)
                rc = see_stretch(b, lists, clauses, count, first);
        }
        if (rc == SX_OK && reach != 0)
            rc = b->l.ask->look_up(b->l.ask->ctx, b->range_work);
    }
    return rc;
}
