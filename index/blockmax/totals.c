/* Exact totals: how many documents have one of some leaves, and how many have all, without looking at what
 * they score. */
#include "index/blockmax/search.h"

#include <string.h>

#include "index/blockmax/impacts.h"
#include "index/blockmax/scan.h"

static void or_words(uint64_t *to, const uint64_t *from, size_t words)
{
    for (size_t w = 0; w < words; w++)
        to[w] |= from[w];
}

static void and_words(uint64_t *to, const uint64_t *from, size_t words)
{
    for (size_t w = 0; w < words; w++)
        to[w] &= from[w];
}

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
        or_words(any, bits, words);
        and_words(every, bits, words);
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
        uint32_t n = p->s->ranges - r < SLOT_RANGES ? p->s->ranges - r : SLOT_RANGES;
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

/* Leaves that are counted by their postings, at most: each takes room for SLOT_DOCS. */
#define COUNTED_LISTS 16

/* A part's leaves, to be counted together. */
struct counted {
    const uint8_t *dense[COUNTED_LISTS]; /* by document, and the others, by their postings */
    struct source *listed[COUNTED_LISTS];
    uint64_t bits[COUNTED_LISTS][SLOT_DOCS / 64]; /* of these, in the ranges at hand */
    size_t dense_count, listed_count;
    uint64_t dense_n; /* of one dense list */
};

/* Sorts it in, the rarest first. */
static void add_listed(struct counted *c, struct source *src)
{
    size_t at = c->listed_count++;

    for (; at > 0 && c->listed[at - 1]->n > src->n; at--)
        c->listed[at] = c->listed[at - 1];
    c->listed[at] = src;
}

/* Whether they are few, one is rare, and nothing of the part is to be left out. */
static bool can_unite(const struct bm_search *b, struct part *p, const uint32_t *leaves,
                      size_t count, struct counted *c)
{
    c->dense_count = 0;
    c->listed_count = 0;
    if (count > COUNTED_LISTS || p->below != p->s->next - p->s->first ||
        atomic_load(&p->s->dead_count) > 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct source *src = &p->sources[b->l.states[leaves[i]].first];
        const uint8_t *dense = source_dense(src);
        if (dense == NULL) {
            add_listed(c, src);
        } else {
            c->dense[c->dense_count++] = dense;
            c->dense_n = src->n;
        }
    }
    return c->listed_count > 0 && c->listed[0]->n < (p->s->next - p->s->first) / SPARSE_DOCS;
}

/* Adds those of some ranges, but for what is in the one dense list. */
static void unite_ranges(struct counted *c, uint32_t range, uint32_t ranges, uint64_t *any,
                         uint64_t *all)
{
    uint64_t one[SLOT_DOCS / 64], every[SLOT_DOCS / 64], known[SLOT_DOCS / 64] = {0};
    uint64_t dense[SLOT_DOCS / 64];
    size_t words = (size_t)ranges * RANGE_WORDS;

    memcpy(one, c->bits[0], sizeof(one)); /* there is a list */
    memcpy(every, c->bits[0], sizeof(every));
    for (size_t i = 1; i < c->listed_count; i++) {
        or_words(one, c->bits[i], words);
        and_words(every, c->bits[i], words);
    }
    for (size_t i = 0; i < c->dense_count; i++) {
        impacts_stand(c->dense[i] + ((size_t)range << RANGE_BITS), words, dense);
        or_words(known, dense, words);
        and_words(every, dense, words);
    }
    for (size_t w = 0; w < words;
         w++) /* of one dense list only who is in others, too, is counted */
        one[w] = c->dense_count == 1 ? one[w] & ~known[w] : one[w] | known[w];
    *any += bits_sum(one, words);
    *all += bits_sum(every, words);
}

/* How many documents of a part have one of the leaves, and how many have all. */
static sx_status unite(struct bm_search *b, const struct part *p, struct counted *c, uint64_t *any,
                       uint64_t *all)
{
    sx_status rc = SX_OK;

    *any += c->dense_count == 1 ? c->dense_n : 0;
    for (uint32_t r = 0; r < p->s->ranges && rc == SX_OK; r += SLOT_RANGES) {
        uint32_t n = p->s->ranges - r < SLOT_RANGES ? p->s->ranges - r : SLOT_RANGES;
        memset(c->bits, 0, c->listed_count * sizeof(c->bits[0]));
        for (size_t i = 0; i < c->listed_count; i++)
            source_load_bits(c->listed[i], r, n, c->bits[i]);
        unite_ranges(c, r, n, any, all);
        rc = b->l.ask->look_up(b->l.ask->ctx, SLOT_RANGES * b->range_work);
    }
    return rc;
}

/* Counts a part without going through its documents, where one of the leaves is rare. */
static sx_status count_few(struct bm_search *b, size_t part, const struct bm_clause *each,
                           size_t count, uint64_t *any, uint64_t *all, bool *done)
{
    struct part *p = &b->l.parts[part];
    struct counted c;

    if (any == NULL)
        return sparse_count(b, (uint32_t)part, each, count, done, all);
    *done = can_unite(b, p, each[0].leaves, count, &c);
    return *done ? unite(b, p, &c, any, all) : SX_OK;
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
        rc = count_few(b, i, each, count, one == NULL ? NULL : &any, all, &done);
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
    for (uint32_t i = 0; *counted && i < b->l.part_count && rc == SX_OK; i++)
        rc = tally_part(b, i, leaves, count, counted, all);
    return scan_tell(b, rc, err);
}
