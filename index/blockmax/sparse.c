/* Documents that have all of several terms, of which one is rare: its postings are gone through, those of
 * the others tell which stay. */
#include "index/blockmax/scan.h"

#include <string.h>

#include "index/blockmax/impacts.h"

/* Blocks are fetched so far ahead of the one that is decoded. */
#define AHEAD 3

/* What every match has: terms, each with the leaf that it is of. */
struct needed {
    uint32_t source, leaf;
    uint64_t n;
    struct phrase
        *phrase; /* that it is a term of, the `term`th; NULL: none, or another way is gone */
    uint32_t term;
    struct slot slot;
    uint8_t *impacts; /* of the documents that are left */
    /* Of its postings in them, or NO_POSTING: it is still to be sought; NULL: they are not asked for. */
    uint32_t *numbers;
};

/* Terms of the clauses that are one leaf; those with the fewest postings first. *all: every clause is
 * such. -1: memory ran out. */
static int find_needed(struct bm_search *b, const struct part *p, const struct bm_clause *clauses,
                       size_t count, struct needed **out, size_t *found, bool *all)
{
    struct needed *list = pool_array(b->l.mem, b->l.source_count + (size_t)1, sizeof(*list));

    *found = 0;
    *out = list;
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

static bool is_sparse(const struct part *p, const struct needed *list, size_t count)
{
    return count > 1 && list[0].n < (p->s->next - p->s->first) / SPARSE_DOCS;
}

/* Room for candidates of SLOT_DOCS. */
struct candidate_room {
    uint32_t docs[SLOT_DOCS + CHOSEN_SLACK]; /* in order */
    uint16_t kept[SLOT_DOCS + 1];            /* places in `docs` */
    uint8_t impacts[SLOT_DOCS + CHOSEN_SLACK];
    uint32_t numbers[SLOT_DOCS + CHOSEN_SLACK];
    uint16_t sums[SLOT_DOCS + CHOSEN_SLACK]; /* what they score at most */
};

/* Documents that have all that is needed, of some ranges. */
struct candidates {
    struct needed *needed;
    size_t count;
    uint32_t *docs;
    uint16_t *kept;
    uint32_t found;
    uint8_t *impacts;
    uint32_t *numbers;
    uint16_t *sums;
    uint16_t weight; /* of the rarest; 0: it does not score */
    /* By stretch of the ranges: what it must add, so that all together reach the floor. */
    uint16_t least[SLOT_RANGES * RANGE_STRETCHES];
    bool counts;  /* candidates are all that match, whatever they score, and counted, */
    bool phrases; /* where they have the phrases, too, unless they are seen */
};

/* False: memory ran out. */
static bool candidates_init(struct bm_search *b, struct candidates *c)
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
        bool listed = source_listed(&b->l.part->sources[one->source]) != NULL;
        bool told = i == 0 ? !c->counts : one->source < KNOWN_SOURCES;
        bool asked = one->phrase != NULL || (listed && told);
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

/* The same, where all its postings are in one place. */
static void begin_flat(struct candidates *c, const struct source *src, uint32_t range,
                       uint32_t ranges)
{
    uint32_t first = range << RANGE_BITS;

    c->found = 0;
    for (uint32_t i = src->flat_first[range]; i < src->flat_first[range + ranges]; i++) {
        uint32_t doc = src->flat[i];
        if (src->flat_impacts[i] < impact_for(c->least[(doc - first) / STRETCH_DOCS], c->weight))
            continue;
        c->needed[0].impacts[c->found] = src->flat_impacts[i];
        c->docs[c->found++] = doc;
    }
    forget_numbers(c, 0);
}

/* Keeps those at c->kept[0 … found), whose impacts for needed[i] are in c->impacts. */
static void keep_candidates(struct candidates *c, size_t i, uint32_t found)
{
    for (uint32_t k = 0; k < found; k++)
        c->docs[k] = c->docs[c->kept[k]];
    for (size_t j = 0; j < i; j++) {
        struct needed *one = &c->needed[j];
        for (uint32_t k = 0; k < found; k++)
            one->impacts[k] = one->impacts[c->kept[k]];
        for (uint32_t k = 0; one->numbers != NULL && k < found; k++)
            one->numbers[k] = one->numbers[c->kept[k]];
    }
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

    for (uint32_t k = 0; k < found; k++)
        c->impacts[k] = l->each[c->numbers[k]];
    keep_candidates(c, i, found);
}

/* What the rarest must add, by stretch: more than there is where all do not reach the floor. False: it is so in
 * all, or in each another word is not. */
static bool find_least(const struct bm_search *b, struct candidates *c, uint32_t range,
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

/* The rarest, where it is one list. */
static void begin_listed(struct candidates *c, struct list *l, uint32_t first, uint32_t end)
{
    uint32_t from, to;
    bool more = true;

    c->found = 0;
    for (uint32_t block = list_block_ahead(l, first); more && block < l->blocks; block++) {
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

/* Finds those of some ranges of the part at hand. -1: memory ran out. */
static int find_candidates(struct bm_search *b, struct candidates *c, uint32_t range,
                           uint32_t ranges)
{
    const struct part *p = b->l.part;
    uint32_t first = range << RANGE_BITS, end = (range + ranges) << RANGE_BITS;

    for (size_t i = 0; i < c->count; i++) {
        struct needed *one = &c->needed[i];
        struct source *src = &p->sources[one->source];
        struct list *l = source_listed(src);
        const uint8_t *dense = source_dense(src);
        if (i == 0 && l != NULL) {
            begin_listed(c, l, first, end);
        } else if (i == 0 && src->big_count == 0 && src->flat_count > 0) {
            begin_flat(c, src, range, ranges);
        } else if (i > 0 && dense != NULL) {
            keep_loaded(c, i, dense, 0);
        } else if (l != NULL) {
            keep_listed(c, i, l);
        } else {
            if (one->slot.impacts == NULL && !slot_init(&one->slot, SLOT_RANGES, b->l.mem))
                return -1;
            const uint8_t *impacts = source_load(src, range, ranges, NULL, &one->slot);
            if (i == 0)
                begin_candidates(c, impacts, first, ranges);
            else
                keep_loaded(c, i, impacts, first);
        }
        if (c->found == 0)
            break;
    }
    return 0;
}

/* What the candidates score at most: of each leaf the least of its terms. */
static void sum_candidates(const struct bm_search *b, const struct candidates *c, uint16_t rest)
{
    size_t docs = ((size_t)c->found + 15) / 16 * 16;

    for (size_t k = 0; k < docs; k++)
        c->sums[k] = rest;
    for (size_t i = 0; i < c->count; i++) {
        uint32_t leaf = c->needed[i].leaf;
        bool first = b->l.ask->leaves[leaf].weight > 0;
        for (size_t j = 0; j < i && first; j++)
            first = c->needed[j].leaf != leaf;
        if (!first)
            continue;
        memcpy(c->impacts, c->needed[i].impacts, docs);
        for (size_t j = i + 1; j < c->count; j++)
            if (c->needed[j].leaf == leaf)
                impacts_least(c->impacts, c->needed[j].impacts, docs);
        impacts_add(c->sums, c->impacts, docs, b->at->weight[leaf]);
    }
}

/* What the other leaves score at most in some ranges. */
static uint16_t rest_of(const struct bm_search *b, const struct needed *list, size_t count,
                        uint32_t range, uint32_t ranges)
{
    uint16_t rest = 0;

    for (size_t i = 0; i < b->scored; i++) {
        uint32_t leaf = b->order[i];
        const uint8_t *here = b->l.part->here[leaf] + (size_t)range * RANGE_STRETCHES;
        uint8_t most = 0;
        bool needed = false;
        for (size_t k = 0; k < count && !needed; k++)
            needed = list[k].leaf == leaf;
        for (size_t w = 0; !needed && w < (size_t)ranges * RANGE_STRETCHES; w++)
            most = here[w] > most ? here[w] : most;
        rest = impact_add(rest, most, b->at->weight[leaf]);
    }
    return rest;
}

/* Candidates that are looked at together. */
struct batch {
    uint32_t docs[PHRASE_BATCH], places[PHRASE_BATCH];
    size_t count;
};

/* Tells the phrases where a batch is. */
static void tell_phrases(const struct candidates *c, const struct batch *batch)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct needed *one = &c->needed[i];
        for (size_t k = 0; one->phrase != NULL && k < batch->count; k++)
            one->phrase->terms[one->term].numbers[k] = one->numbers[batch->places[k]];
    }
}

/* To the `k`th of a batch. */
static void move_phrases(const struct candidates *c, const struct batch *batch, size_t k)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->needed[i].phrase != NULL && c->needed[i].term == 0)
            phrase_move(c->needed[i].phrase, k, batch->docs[k]);
}

/* Keeps the candidates that can reach the floor; where phrases are counted, all. */
static void keep_reaching(const struct bm_search *b, struct candidates *c, uint16_t rest)
{
    uint16_t least = scan_least_now(b);
    uint32_t found = 0;

    sum_candidates(b, c, rest);
    if (c->phrases)
        return;
    for (uint32_t k = 0; k < c->found; k++) {
        c->kept[found] = (uint16_t)k;
        found += c->sums[k] >= least;
    }
    for (uint32_t k = 0; k < found; k++) {
        c->docs[k] = c->docs[c->kept[k]];
        c->sums[k] = c->sums[c->kept[k]];
    }
    for (size_t i = 0; i < c->count; i++)
        for (uint32_t k = 0; c->needed[i].numbers != NULL && k < found; k++)
            c->needed[i].numbers[k] = c->needed[i].numbers[c->kept[k]];
    c->found = found;
}

/* Which of a batch have all phrases, too: a bit for each. */
static sx_status stand_phrases(const struct candidates *c, const struct batch *batch,
                               uint64_t *bits)
{
    sx_status rc = SX_OK;

    *bits = batch->count == 0 ? 0 : UINT64_MAX >> (PHRASE_BATCH - batch->count);
    for (size_t i = 0; i < c->count && rc == SX_OK; i++) {
        uint64_t stand;
        if (c->needed[i].phrase == NULL || c->needed[i].term != 0)
            continue;
        rc = phrase_stand(c->needed[i].phrase, batch->docs, batch->count, &stand);
        *bits &= stand;
    }
    return rc;
}

static struct known known_of(const struct candidates *c, uint32_t candidate)
{
    struct known known = scan_unknown;

    for (size_t i = 0; i < c->count; i++) {
        const struct needed *one = &c->needed[i];
        if (one->numbers != NULL && one->source < KNOWN_SOURCES &&
            one->numbers[candidate] != NO_POSTING) /* it is still to be sought */
            known.numbers[one->source] = one->numbers[candidate];
    }
    return known;
}

/* Sees the next of the candidates, from *next on. */
static sx_status see_batch(struct bm_search *b, struct candidates *c, uint16_t rest, uint32_t *next)
{
    uint16_t least = scan_least_now(b);
    struct batch batch = {.count = 0};
    sx_status rc = SX_OK;
    uint64_t stand = 0;

    for (; *next < c->found && batch.count < PHRASE_BATCH; ++*next) {
        uint32_t doc = c->docs[*next];
        if (doc >= b->l.part->below || (c->sums[*next] < least && !c->phrases))
            continue;
        if (!b->lows.wanted)
            scan_expect(b, doc);
        batch.places[batch.count] = *next;
        batch.docs[batch.count++] = doc;
    }
    tell_phrases(c, &batch);
    rc = stand_phrases(c, &batch, &stand);
    for (; stand != 0 && rc == SX_OK; stand &= stand - 1) {
        size_t k = (size_t)__builtin_ctzll(stand);
        uint16_t sum = c->sums[batch.places[k]];
        if (sum >= scan_least_now(b)) {
            struct known known = known_of(c, batch.places[k]);
            move_phrases(c, &batch, k);
            rc = scan_meet(b, batch.docs[k], sum, rest, &known);
        } else if (c->phrases) {
            b->at->all += scan_sees(b, batch.docs[k]);
        }
    }
    return rc;
}

/* Counts the candidates that the snapshot has. */
static void count_candidates(const struct bm_search *b, const struct candidates *c)
{
    for (uint32_t k = 0; k < c->found; k++) {
        uint32_t doc = c->docs[k];
        b->at->all += doc < b->l.part->below && scan_sees(b, doc);
    }
}

/* Sees what may be kept of ranges that follow each other. */
static sx_status see_sparse(struct bm_search *b, struct candidates *c, uint32_t range,
                            uint32_t ranges)
{
    const struct bm_ask *ask = b->l.ask;
    uint16_t rest = rest_of(b, c->needed, c->count, range, ranges);
    sx_status rc = SX_OK;

    if (find_candidates(b, c, range, ranges) != 0)
        return SX_ENOMEM;
    if (c->counts && !c->phrases)
        count_candidates(b, c);
    keep_reaching(b, c, rest);
    for (uint32_t next = 0; next < c->found && rc == SX_OK;)
        rc = see_batch(b, c, rest, &next);
    size_t work = ranges * b->range_work + (c->phrases ? c->found * b->count_work : 0);
    return rc == SX_OK ? ask->look_up(ask->ctx, work) : rc;
}

/* All ranges of a part, many at a time. */
static sx_status see_part(struct bm_search *b, uint32_t part, struct candidates *c)
{
    const struct part *p = &b->l.parts[part];
    sx_status rc = SX_OK;

    scan_move(b, part, NO_RANGE);
    if (c->needed[0].n > 0 && !candidates_init(b, c))
        return SX_ENOMEM;
    uint32_t leaf = c->needed[0].leaf;
    c->weight = b->l.ask->leaves[leaf].weight > 0 ? b->at->weight[leaf] : 0;
    memset(c->least, 0, sizeof(c->least)); /* where all count, that is what it is */
    b->at->all = 0;
    for (uint32_t r = 0;
         c->needed[0].n > 0 && r < p->s->ranges && scan_is_of_snapshot(p, r) && rc == SX_OK;
         r += SLOT_RANGES) {
        uint32_t n = scan_window(p, r);
        if (c->counts || find_least(b, c, r, n))
            rc = see_sparse(b, c, r, n);
    }
    b->at->counted = c->counts && rc == SX_OK;
    memset(b->at->can, 0, bounds_chunks(p) * sizeof(*b->at->can));
    return rc;
}

/* Whether a count comes after, and what is needed is all leaves: words, as they stand in any field, and
 * phrases. */
static bool counts_all(const struct bm_search *b, const struct candidates *c)
{
    const struct bm_ask *ask = b->l.ask;

    for (uint32_t i = 0; ask->mark && i < ask->leaf_count; i++) {
        bool known = false;
        for (size_t k = 0; k < c->count && !known; k++)
            known = c->needed[k].leaf == i &&
                    (c->needed[k].phrase != NULL || leaves_is_countable(&b->l.states[i]));
        if (!known)
            return false;
    }
    return ask->mark;
}

/* Sees a part, if it has few candidates. */
sx_status sparse_see(struct bm_search *b, uint32_t part, const struct bm_clause *clauses,
                     size_t count, bool *done)
{
    const struct part *p = &b->l.parts[part];
    struct candidates c;
    bool all;

    if (find_needed(b, p, clauses, count, &c.needed, &c.count, &all) != 0)
        return SX_ENOMEM;
    *done = is_sparse(p, c.needed, c.count);
    c.counts = all && counts_all(b, &c);
    c.phrases = c.counts && b->count_work > 0;
    return *done ? see_part(b, part, &c) : SX_OK;
}

/* Counts the documents of some ranges that have all that is needed. */
static uint64_t count_all(struct bm_search *b, const struct candidates *c, uint32_t range,
                          uint32_t ranges)
{
    struct source *sources = b->l.part->sources;
    uint64_t all[SLOT_RANGES * RANGE_WORDS] = {0}, bits[SLOT_RANGES * RANGE_WORDS];
    size_t words = (size_t)ranges * RANGE_WORDS;

    source_load_bits(&sources[c->needed[0].source], range, ranges, all);
    for (size_t i = 1; i < c->count; i++) {
        memset(bits, 0, words * sizeof(*bits));
        source_load_bits(&sources[c->needed[i].source], range, ranges, bits);
        for (size_t w = 0; w < words; w++)
            all[w] &= bits[w];
    }
    return scan_count_bits(b, range, all, words);
}

/* Adds the next of the candidates, from *next on, that were not seen. */
static sx_status count_batch(struct bm_search *b, const struct candidates *c, uint32_t *next,
                             uint64_t *all)
{
    struct batch batch = {.count = 0};
    uint64_t stand;

    for (; *next < c->found && batch.count < PHRASE_BATCH; ++*next) {
        uint32_t doc = c->docs[*next];
        if (doc >= b->l.part->below || scan_was_seen(b, doc) || !scan_sees(b, doc))
            continue;
        batch.places[batch.count] = *next;
        batch.docs[batch.count++] = doc;
    }
    tell_phrases(c, &batch);
    sx_status rc = stand_phrases(c, &batch, &stand);
    *all += rc == SX_OK ? bits_count(stand) : 0;
    return rc;
}

/* Adds those of some ranges that have all phrases and were not seen. */
static sx_status count_phrases(struct bm_search *b, struct candidates *c, uint32_t range,
                               uint32_t ranges, uint64_t *all)
{
    sx_status rc = SX_OK;

    if (find_candidates(b, c, range, ranges) != 0)
        return SX_ENOMEM;
    for (uint32_t next = 0; next < c->found && rc == SX_OK;)
        rc = count_batch(b, c, &next, all);
    return rc == SX_OK ? b->l.ask->look_up(b->l.ask->ctx, c->found * b->count_work) : rc;
}

sx_status sparse_count(struct bm_search *b, uint32_t part, const struct bm_clause *clauses,
                       size_t count, bool *done, uint64_t *all)
{
    const struct part *p = &b->l.parts[part];
    struct candidates c;
    sx_status rc = SX_OK;

    if (find_needed(b, p, clauses, count, &c.needed, &c.count, done) != 0)
        return SX_ENOMEM;
    *done = *done && is_sparse(p, c.needed, c.count);
    if (!*done || c.needed[0].n == 0)
        return SX_OK;
    scan_move(b, part, NO_RANGE);
    c.counts = true;
    c.phrases = false;
    c.weight = 0;
    memset(c.least, 0, sizeof(c.least));
    if (b->count_work > 0 && !candidates_init(b, &c))
        return SX_ENOMEM;
    for (uint32_t r = 0; r < p->s->ranges && scan_is_of_snapshot(p, r) && rc == SX_OK;
         r += SLOT_RANGES) {
        uint32_t n = scan_window(p, r);
        if (b->count_work > 0)
            rc = count_phrases(b, &c, r, n, all);
        else
            *all += count_all(b, &c, r, n);
        if (rc == SX_OK)
            rc = b->l.ask->look_up(b->l.ask->ctx, n * b->range_work);
    }
    return rc;
}
