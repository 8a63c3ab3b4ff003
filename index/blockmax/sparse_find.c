/* Candidates: the rarest of what every match has comes first, what else is needed says which stay. */
#include "index/blockmax/sparse.h"

#include <string.h>

#include "index/blockmax/impacts.h"

/* Blocks are fetched so far ahead of the one that is decoded. */
#define AHEAD 3

int sparse_needed(struct bm_search *b, const struct part *p, const struct bm_clause *clauses,
                  size_t count, struct candidates *out, bool *all)
{
    struct needed *list = pool_array(b->l.mem, b->l.source_count + (size_t)1, sizeof(*list));
    size_t *found = &out->count;

    *found = 0;
    out->needed = list;
    *all = true;
    for (size_t i = 0; list != NULL && i < count; i++) {
        uint32_t leaf = clauses[i].leaves[0];
        const struct leaf_state *st = &b->l.states[leaf];
        bool known = false;
        for (size_t k = 0; k < *found && !known; k++)
            known = list[k].leaf == leaf;
        bool one_leaf = clauses[i].count == 1 && (st->simple || st->leaf->phrase_count == 1);
        *all = *all && one_leaf;
        if (known || !one_leaf)
            continue;
        size_t terms = st->simple ? 1 : st->leaf->phrases[0].count;
        for (uint32_t k = 0; k < terms; k++) {
            struct needed one = {
                .source = st->first + k, .leaf = leaf, .phrase = p->phrases[leaf], .term = k};
            size_t at = (*found)++;
            one.n = p->sources[one.source].n;
            for (; at > 0 && list[at - 1].n > one.n; at--)
                list[at] = list[at - 1];
            list[at] = one;
        }
    }
    return list == NULL ? -1 : 0;
}

/* Room for candidates of SLOT_DOCS. */
struct candidate_room {
    uint32_t docs[SLOT_DOCS + CHOSEN_SLACK]; /* in order */
    uint16_t kept[SLOT_DOCS + 1];            /* places in `docs` */
    uint8_t impacts[SLOT_DOCS + CHOSEN_SLACK];
    uint32_t numbers[SLOT_DOCS + CHOSEN_SLACK];
    uint16_t sums[SLOT_DOCS + CHOSEN_SLACK]; /* what they score at most */
};

bool sparse_open(struct bm_search *b, struct candidates *c)
{
    struct pool *mem = b->l.mem;
    struct candidate_room *room = b->room;

    if (room == NULL) {
        room = pool_array(mem, 1, sizeof(*room));
        if (room == NULL)
            return false;
        b->room = room;
    }
    c->docs = room->docs;
    c->kept = room->kept;
    c->impacts = room->impacts;
    c->numbers = room->numbers;
    c->sums = room->sums;
    for (size_t i = 0; i < c->count; i++) {
        struct needed *one = &c->needed[i];
        const struct source *src = &b->l.part->sources[one->source];
        const struct list *listed = source_listed(src);
        bool told = i == 0 ? !c->counts : one->source < KNOWN_SOURCES;
        bool asked = one->phrase != NULL || (listed && told);
        if (c->phrases && i > 0)
            one->by_document = source_dense(src);
        if (c->phrases && listed != NULL && asked && one->by_document == NULL)
            one->by_number = listed->each;
        one->impacts = pool_array(mem, SLOT_DOCS + CHOSEN_SLACK, 1);
        one->numbers =
            asked ? pool_array(mem, SLOT_DOCS + CHOSEN_SLACK, sizeof(*one->numbers)) : NULL;
        if (one->impacts == NULL || (asked && one->numbers == NULL))
            return false;
    }
    return true;
}

/* The postings of needed[i] are still to be sought. */
static void forget_numbers(struct candidates *c, size_t i)
{
    uint32_t *numbers = c->needed[i].numbers;

    for (uint32_t k = 0; numbers != NULL && k < c->found; k++)
        numbers[k] = NO_POSTING;
}

/* The rarest begins, in order of documents. */
static void begin_candidates(struct candidates *c, const uint8_t *impacts, uint32_t first,
                             uint32_t ranges)
{
    c->found = 0;
    for (uint32_t w = 0; w < ranges * RANGE_STRETCHES; w++) {
        unsigned least = impact_for(c->least[w], c->weight);
        if (least > UINT8_MAX)
            continue;
        uint64_t left = impacts_from(impacts + (size_t)w * STRETCH_DOCS, (uint8_t)least);
        for (; left != 0; left &= left - 1) {
            uint32_t doc = w * STRETCH_DOCS + (uint32_t)__builtin_ctzll(left);
            c->needed[0].impacts[c->found] = impacts[doc];
            c->docs[c->found++] = first + doc;
        }
    }
    forget_numbers(c, 0);
}

/* The same, where all its postings are in one place: some of them, as far as the snapshot goes. */
static void begin_flat(struct candidates *c, const struct source *src, uint32_t from, uint32_t to,
                       uint32_t first, uint32_t below)
{
    c->found = 0;
    for (uint32_t i = from; i < to && src->flat[i] < below; i++) {
        uint32_t doc = src->flat[i];
        if (!c->counts &&
            src->flat_impacts[i] < impact_for(c->least[(doc - first) / STRETCH_DOCS], c->weight))
            continue;
        c->needed[0].impacts[c->found] = src->flat_impacts[i];
        c->docs[c->found++] = doc;
    }
    forget_numbers(c, 0);
}

static bool is_looked_up(const struct needed *one)
{
    return one->by_number != NULL || one->by_document != NULL;
}

/* Keeps those at c->kept[0 … found), whose impacts for needed[i] are in c->impacts. */
static void keep_candidates(struct candidates *c, size_t i, uint32_t found)
{
    for (uint32_t k = 0; k < found; k++)
        c->docs[k] = c->docs[c->kept[k]];
    for (size_t j = 0; j < i; j++) {
        struct needed *one = &c->needed[j];
        for (uint32_t k = 0; !is_looked_up(one) && k < found; k++)
            one->impacts[k] = one->impacts[c->kept[k]];
        for (uint32_t k = 0; one->numbers != NULL && k < found; k++)
            one->numbers[k] = one->numbers[c->kept[k]];
    }
    if (!is_looked_up(&c->needed[i]))
        memcpy(c->needed[i].impacts, c->impacts, found);
    if (c->needed[i].numbers != NULL)
        memcpy(c->needed[i].numbers, c->numbers, found * sizeof(*c->numbers));
    c->found = found;
}

/* Keeps those that have an impact there, by document. */
static void keep_loaded(struct candidates *c, size_t i, const uint8_t *impacts, uint32_t first)
{
    uint32_t found = 0;

    for (uint32_t k = 0; k < c->found; k++) {
        uint8_t impact = impacts[c->docs[k] - first];
        c->kept[found] = (uint16_t)k;
        c->impacts[found] = impact;
        found += impact != 0;
    }
    keep_candidates(c, i, found);
    forget_numbers(c, i);
}

/* Keeps those that have a posting. */
static void keep_listed(struct candidates *c, size_t i, struct list *l)
{
    uint32_t found = list_meet(l, c->docs, c->found, c->kept, c->numbers);

    for (uint32_t k = 0; c->needed[i].by_number == NULL && k < found; k++)
        c->impacts[k] = l->each[c->numbers[k]];
    keep_candidates(c, i, found);
}

bool sparse_find_least(const struct bm_search *b, struct candidates *c, uint32_t range,
                       uint32_t ranges)
{
    const uint8_t *here = b->l.part->here[c->needed[0].leaf] + (size_t)range * RANGE_STRETCHES;
    const uint16_t *most = b->at->most + (size_t)range * RANGE_STRETCHES;
    const uint64_t *can = &b->at->can[range / CHUNK_RANGES];
    uint16_t floor = scan_least_now(b);
    uint64_t any = 0;

    for (size_t first = 0; first < (size_t)ranges * RANGE_STRETCHES; first += 64, can++)
        any |= *can == 0 ? 0 : *can & impacts_reaching(most + first, floor);
    if (any != 0)
        impacts_leasts(c->least, most, here, (size_t)ranges * RANGE_STRETCHES, floor, c->weight);
    return any != 0;
}

/* Postings of the block at hand: [from, to) begin. */
static void begin_whole(struct candidates *c, const struct list *l, uint32_t from, uint32_t to)
{
    uint32_t *numbers = c->needed[0].numbers, number = l->block * PACK_BLOCK;

    memcpy(c->docs + c->found, l->doc + from, (to - from) * sizeof(*c->docs));
    if (c->needed[0].by_number == NULL)
        memcpy(c->needed[0].impacts + c->found, l->each + number + from, to - from);
    for (uint32_t k = from; numbers != NULL && k < to; k++)
        numbers[c->found + k - from] = number + k;
    c->found += to - from;
}

/* Those of them that may reach the floor do. */
static void begin_some(struct candidates *c, const struct list *l, uint32_t from, uint32_t to,
                       uint32_t first)
{
    const struct needed *one = &c->needed[0];
    uint32_t number = l->block * PACK_BLOCK + from;
    struct some_postings of = {l->doc + from, l->each + number, to - from, number};
    struct chosen_postings out = {one->numbers + c->found, c->docs + c->found,
                                  one->impacts + c->found};

    c->found += (uint32_t)impacts_choose(of, first, c->least, c->weight, out);
}

/* The rarest, where it is one list: blocks of it, up to `last`, and documents [first, end). */
static void begin_listed(struct candidates *c, struct list *l, uint32_t block, uint32_t last,
                         uint32_t first, uint32_t end)
{
    uint32_t from, to;
    bool more = true;

    for (c->found = 0; more && block < last; block++) {
        if (block + AHEAD < l->blocks)
            list_fetch(l, block + AHEAD);
        list_block(l, block);
        more = list_part(l, first, end, &from, &to);
        if (c->counts)
            begin_whole(c, l, from, to);
        else
            begin_some(c, l, from, to, first);
    }
}

static bool is_flat(const struct source *src)
{
    return src->big_count == 0 && src->flat_count > 0;
}

/* Impacts by document of some ranges. NULL: memory ran out. */
static const uint8_t *load_needed(struct bm_search *b, struct needed *one, uint32_t range,
                                  uint32_t ranges)
{
    if (one->slot.impacts == NULL && !slot_init(&one->slot, SLOT_RANGES, b->l.mem))
        return NULL;
    return source_load(&b->l.part->sources[one->source], range, ranges, NULL, &one->slot);
}

/* Keeps those of some ranges that have what else is needed. -1: memory ran out. */
static int keep_all_needed(struct bm_search *b, struct candidates *c, uint32_t range,
                           uint32_t ranges)
{
    for (size_t i = 1; i < c->count && c->found > 0; i++) {
        struct needed *one = &c->needed[i];
        struct source *src = &b->l.part->sources[one->source];
        struct list *l = source_listed(src);
        const uint8_t *dense = source_dense(src);
        if (dense != NULL) {
            keep_loaded(c, i, dense, 0);
        } else if (l != NULL) {
            keep_listed(c, i, l);
        } else {
            const uint8_t *impacts = load_needed(b, one, range, ranges);
            if (impacts == NULL)
                return -1;
            keep_loaded(c, i, impacts, range << RANGE_BITS);
        }
    }
    return 0;
}

int sparse_find(struct bm_search *b, struct candidates *c, uint32_t range, uint32_t ranges)
{
    struct needed *rarest = &c->needed[0];
    struct source *src = &b->l.part->sources[rarest->source];
    struct list *l = source_listed(src);
    uint32_t first = range << RANGE_BITS, end = (range + ranges) << RANGE_BITS;

    if (l != NULL) {
        begin_listed(c, l, list_block_ahead(l, first), l->blocks, first, end);
    } else if (is_flat(src)) {
        begin_flat(c, src, src->flat_first[range], src->flat_first[range + ranges], first,
                   b->l.part->below);
    } else {
        const uint8_t *impacts = load_needed(b, rarest, range, ranges);
        if (impacts == NULL)
            return -1;
        begin_candidates(c, impacts, first, ranges);
    }
    return keep_all_needed(b, c, range, ranges);
}

/* ---- by postings ------------------------------------------------------------------------------ */

_Static_assert(SPARSE_TOGETHER <= SLOT_DOCS, "there is room for them");

/* Of the rarest, which is flat or listed. */
static uint32_t postings_of(const struct source *src)
{
    const struct list *l = source_listed(src);

    return l != NULL ? l->n : (uint32_t)src->flat_count;
}

uint32_t sparse_together(const struct part *p, const struct candidates *c)
{
    const struct source *rarest = &p->sources[c->needed[0].source];
    bool can = c->counts && (is_flat(rarest) || source_listed(rarest) != NULL);

    for (size_t i = 1; i < c->count && can; i++) {
        const struct source *src = &p->sources[c->needed[i].source];
        can = source_dense(src) != NULL || source_listed(src) != NULL;
    }
    return can ? postings_of(rarest) : 0;
}

int sparse_find_together(struct bm_search *b, struct candidates *c, uint32_t from)
{
    const struct part *p = b->l.part;
    const struct source *src = &p->sources[c->needed[0].source];
    struct list *l = source_listed(src);
    uint32_t left = postings_of(src) - from;
    uint32_t end = from + (left < SPARSE_TOGETHER ? left : SPARSE_TOGETHER);

    if (l != NULL)
        begin_listed(c, l, from / PACK_BLOCK, list_blocks(end), 0, p->below);
    else
        begin_flat(c, src, from, end, 0, p->below);
    return keep_all_needed(b, c, 0, 0);
}
