/* Exact totals: how many documents have one of some leaves, and how many have all, without looking at what
 * they score. */
#include "index/blockmax/search.h"

#include <string.h>

#include "index/blockmax/impacts.h"
#include "index/blockmax/scan.h"

/* Bits of some ranges of the part at hand, of a leaf that is one source. */
static void load_bits(struct bm_search *b, uint32_t leaf, uint32_t range, uint32_t ranges,
                      uint64_t *bits)
{
    memset(bits, 0, (size_t)ranges * RANGE_WORDS * sizeof(*bits));
    source_load_bits(&b->l.part->sources[b->l.states[leaf].first], range, ranges, bits);
}

static void count_ranges(struct bm_search *b, uint32_t range, uint32_t ranges,
                         const uint32_t *leaves, size_t count, uint64_t *one, uint64_t *all)
{
    uint64_t bits[SLOT_DOCS / 64], any[SLOT_DOCS / 64], every[SLOT_DOCS / 64];
    size_t words = (size_t)ranges * RANGE_WORDS;

    load_bits(b, leaves[0], range, ranges, any);
    memcpy(every, any, words * sizeof(*any));
    for (size_t i = 1; i < count; i++) {
        load_bits(b, leaves[i], range, ranges, bits);
        for (size_t w = 0; w < words; w++) {
            any[w] |= bits[w];
            every[w] &= bits[w];
        }
    }
    *one += scan_count_bits(b, range, any, words);
    *all += count == 1 ? 0 : scan_count_bits(b, range, every, words);
}

/* All ranges of a part. */
static sx_status count_part(struct bm_search *b, struct part *p, const uint32_t *leaves,
                            size_t count, uint64_t *one, uint64_t *all)
{
    sx_status rc = SX_OK;

    leaves_move(&b->l, p, NO_RANGE);
    for (uint32_t r = 0; r < p->s->ranges && scan_is_of_snapshot(p, r) && rc == SX_OK;
         r += SLOT_RANGES) {
        uint32_t n = scan_window(p, r);
        count_ranges(b, r, n, leaves, count, one, all);
        rc = b->l.ask->look_up(b->l.ask->ctx, n * b->range_work);
    }
    return rc;
}

/* Whether the lists of a part count without being read. */
static bool is_plain(const struct part *p, const struct leaf_state *st)
{
    const struct source *src = &p->sources[st->first];

    return src->big_count + src->small_count <= 1 && p->below == p->s->next - p->s->first &&
           atomic_load(&p->s->dead_count) == 0;
}

sx_status bm_count(struct bm_search *b, const uint32_t *leaves, size_t count, bool free,
                   uint64_t *one, uint64_t *all, bool *counted, struct sx_error *err)
{
    const struct bm_ask *ask = b->l.ask;
    struct bm_clause *each = pool_array(b->l.mem, count + 1, sizeof(*each));
    sx_status rc = SX_OK;
    uint64_t any = 0;

    if (each == NULL)
        return sx_fail_oom(err);
    for (size_t i = 0; i < count; i++)
        each[i] = (struct bm_clause){&leaves[i], 1};
    *all = 0;
    *counted = count > 0 && (count == 1 || !free);
    for (size_t i = 0; i < count; i++)
        *counted = *counted && leaves_is_countable(&b->l.states[leaves[i]]);
    for (size_t i = 0; *counted && free && i < b->l.part_count; i++)
        *counted = is_plain(&b->l.parts[i], &b->l.states[leaves[0]]);
    if (!*counted)
        return SX_OK;
    for (size_t i = 0; i < b->l.part_count && rc == SX_OK; i++) {
        struct part *p = &b->l.parts[i];
        bool done = false;
        if (one == NULL && count == ask->leaf_count && b->all[i].most != NULL &&
            b->all[i].counted) {
            *all += b->all[i].all;
            continue;
        }
        if (count == 1 && is_plain(p, &b->l.states[leaves[0]])) {
            any += p->sources[b->l.states[leaves[0]].first].n;
            continue;
        }
        if (leaves_ready(&b->l) != 0)
            return sx_fail_oom(err);
        if (one == NULL) /* one of them may be rare */
            rc = sparse_count(b, (uint32_t)i, each, count, &done, all);
        if (rc == SX_OK && !done)
            rc = count_part(b, p, leaves, count, &any, all);
    }
    if (count == 1)
        *all = any;
    if (one != NULL)
        *one = any;
    return scan_tell(b, rc, err);
}

sx_status bm_count_unseen(struct bm_search *b, const uint32_t *leaves, size_t count, uint64_t *all,
                          bool *counted, struct sx_error *err)
{
    sx_status rc = SX_OK;

    *all = 0;
    *counted = count > 0;
    for (size_t i = 0; i < count; i++)
        *counted = *counted && (leaves_is_countable(&b->l.states[leaves[i]]) ||
                                tally_can(&b->l, &b->l.states[leaves[i]]));
    if (*counted && leaves_ready(&b->l) != 0)
        return sx_fail_oom(err);
    for (uint32_t i = 0; *counted && i < b->l.part_count && rc == SX_OK; i++) {
        if (b->all[i].most != NULL && b->all[i].counted)
            *all += b->all[i].all;
        else
            rc = tally_part(b, i, leaves, count, counted, all);
    }
    return scan_tell(b, rc, err);
}
