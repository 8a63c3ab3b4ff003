/* Documents that have all of several terms, of which one is rare: its postings are gone through, those of
 * the others tell which stay. */
#include "index/blockmax/sparse.h"

#include <string.h>

#include "index/blockmax/impacts.h"

static bool is_sparse(const struct part *p, const struct needed *list, size_t count)
{
    return count > 1 && list[0].n < (p->s->next - p->s->first) / SPARSE_DOCS;
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

static uint8_t impact_in(const struct candidates *c, const struct needed *one, uint32_t candidate)
{
    return one->by_document != NULL ? one->by_document[c->docs[candidate]]
           : one->by_number != NULL ? one->by_number[one->numbers[candidate]]
                                    : one->impacts[candidate];
}

/* What one candidate scores at most. */
static uint16_t sum_candidate(const struct bm_search *b, const struct candidates *c,
                              uint32_t candidate, uint16_t rest)
{
    for (size_t i = 0; i < c->count; i++) {
        uint32_t leaf = c->needed[i].leaf;
        uint8_t least = UINT8_MAX;
        bool first = b->l.ask->leaves[leaf].weight > 0;
        for (size_t j = 0; j < c->count && first; j++) {
            if (c->needed[j].leaf != leaf)
                continue;
            first = j >= i;
            uint8_t impact = impact_in(c, &c->needed[j], candidate);
            least = impact < least ? impact : least;
        }
        if (first)
            rest = impact_add(rest, least, b->at->weight[leaf]);
    }
    return rest;
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

/* What is read first of the next batch, from a candidate on. */
static void expect_batch(const struct candidates *c, uint32_t from)
{
    uint32_t end = c->found - from < PHRASE_BATCH ? c->found : from + PHRASE_BATCH;

    for (size_t i = 0; i < c->count; i++) {
        const struct needed *one = &c->needed[i];
        const struct list *l = one->phrase == NULL ? NULL : one->phrase->terms[one->term].list;
        uint32_t there = NO_BLOCK;
        for (uint32_t k = from; l != NULL && k < end; k++) {
            if (one->numbers[k] == NO_POSTING)
                list_expect_place(l, c->docs[k]);
            else
                list_expect_posting(l, one->numbers[k], &there);
        }
    }
}

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

    if (c->phrases) /* they are summed one by one, those that have the phrases */
        return;
    sum_candidates(b, c, rest);
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

/* What a candidate scores at most; where its stretch tells that it is too little, that. */
static uint16_t sum_of(const struct bm_search *b, const struct candidates *c, uint32_t candidate,
                       uint16_t rest, uint16_t least)
{
    uint16_t most = b->at->most[c->docs[candidate] / STRETCH_DOCS];

    if (!c->phrases)
        return c->sums[candidate];
    return most < least ? most : sum_candidate(b, c, candidate, rest);
}

/* Of those of a batch that have all phrases, sees what reaches the floor. *left are the others. */
static sx_status see_standing(struct bm_search *b, const struct candidates *c,
                              const struct batch *batch, uint16_t rest, uint64_t *left)
{
    uint16_t least = scan_least_now(b);
    sx_status rc = SX_OK;

    for (uint64_t bits = *left; bits != 0 && rc == SX_OK; bits &= bits - 1) {
        size_t k = (size_t)__builtin_ctzll(bits);
        uint32_t place = batch->places[k];
        uint16_t sum = sum_of(b, c, place, rest, least);
        if (sum < least)
            continue;
        struct known known = known_of(c, place);
        move_phrases(c, batch, k);
        rc = scan_meet(b, batch->docs[k], sum, rest, &known);
        least = scan_least_now(b);
        *left &= ~(bits & -bits);
    }
    return rc;
}

/* Sees the next of the candidates, from *next on. */
static sx_status see_batch(struct bm_search *b, struct candidates *c, uint16_t rest, uint32_t *next)
{
    uint16_t least = scan_least_now(b);
    struct batch batch = {.count = 0};
    bool expects = !b->lows.wanted && b->count_work == 0;
    uint64_t stand;

    for (; *next < c->found && batch.count < PHRASE_BATCH; ++*next) {
        uint32_t doc = c->docs[*next];
        if (doc >= b->l.part->below || (!c->phrases && c->sums[*next] < least))
            continue;
        if (expects)
            scan_expect(b, doc);
        batch.places[batch.count] = *next;
        batch.docs[batch.count++] = doc;
    }
    tell_phrases(c, &batch);
    if (b->count_work > 0)
        expect_batch(c, *next);
    sx_status rc = stand_phrases(c, &batch, &stand);
    if (rc == SX_OK)
        rc = see_standing(b, c, &batch, rest, &stand);
    for (; c->phrases && stand != 0; stand &= stand - 1)
        b->at->all += scan_sees(b, batch.docs[__builtin_ctzll(stand)]);
    return rc == SX_OK ? b->l.ask->look_up(b->l.ask->ctx, batch.count * b->count_work) : rc;
}

/* Counts the candidates that the snapshot has. */
static void count_candidates(const struct bm_search *b, const struct candidates *c)
{
    for (uint32_t k = 0; k < c->found; k++) {
        uint32_t doc = c->docs[k];
        b->at->all += doc < b->l.part->below && scan_sees(b, doc);
    }
}

/* Sees what may be kept of those that were found. */
static sx_status see_found(struct bm_search *b, struct candidates *c, uint16_t rest)
{
    sx_status rc = SX_OK;

    if (c->counts && !c->phrases)
        count_candidates(b, c);
    keep_reaching(b, c, rest);
    for (uint32_t next = 0; next < c->found && rc == SX_OK;)
        rc = see_batch(b, c, rest, &next);
    return rc;
}

/* Of ranges that follow each other. */
static sx_status see_sparse(struct bm_search *b, struct candidates *c, uint32_t range,
                            uint32_t ranges)
{
    uint16_t rest = rest_of(b, c->needed, c->count, range, ranges);

    if (sparse_find(b, c, range, ranges) != 0)
        return SX_ENOMEM;
    sx_status rc = see_found(b, c, rest);
    return rc == SX_OK ? b->l.ask->look_up(b->l.ask->ctx, ranges * b->range_work) : rc;
}

/* Of the whole part; where all are counted, there are no other leaves. */
static sx_status see_together(struct bm_search *b, struct candidates *c, uint32_t postings)
{
    sx_status rc = SX_OK;

    for (uint32_t from = 0; from < postings && rc == SX_OK; from += SPARSE_TOGETHER) {
        if (sparse_find_together(b, c, from) != 0)
            return SX_ENOMEM;
        rc = see_found(b, c, 0);
        if (rc == SX_OK)
            rc = b->l.ask->look_up(b->l.ask->ctx, SPARSE_TOGETHER);
    }
    return rc;
}

/* All ranges of a part, many at a time. */
static sx_status see_part(struct bm_search *b, uint32_t part, struct candidates *c)
{
    const struct part *p = &b->l.parts[part];
    sx_status rc = SX_OK;

    scan_move(b, part, NO_RANGE);
    if (c->needed[0].n > 0 && !sparse_open(b, c))
        return SX_ENOMEM;
    uint32_t leaf = c->needed[0].leaf;
    c->weight = b->l.ask->leaves[leaf].weight > 0 ? b->at->weight[leaf] : 0;
    memset(c->least, 0, sizeof(c->least)); /* where all count, that is what it is */
    b->at->all = 0;
    uint32_t together = c->needed[0].n > 0 ? sparse_together(p, c) : 0;
    if (together > 0)
        rc = see_together(b, c, together);
    for (uint32_t r = 0; together == 0 && c->needed[0].n > 0 && r < p->s->ranges &&
                         scan_is_of_snapshot(p, r) && rc == SX_OK;
         r += SLOT_RANGES) {
        uint32_t n = scan_window(p, r);
        if (c->counts || sparse_find_least(b, c, r, n))
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

    if (sparse_needed(b, p, clauses, count, &c, &all) != 0)
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
    expect_batch(c, *next);
    sx_status rc = stand_phrases(c, &batch, &stand);
    *all += rc == SX_OK ? bits_count(stand) : 0;
    return rc == SX_OK ? b->l.ask->look_up(b->l.ask->ctx, batch.count * b->count_work) : rc;
}

/* Adds those that were found that have all phrases and were not seen. */
static sx_status count_found(struct bm_search *b, struct candidates *c, uint64_t *all)
{
    sx_status rc = SX_OK;

    for (uint32_t next = 0; next < c->found && rc == SX_OK;)
        rc = count_batch(b, c, &next, all);
    return rc;
}

/* The same of a whole part. */
static sx_status count_phrases(struct bm_search *b, struct candidates *c, uint64_t *all)
{
    const struct part *p = b->l.part;
    sx_status rc = SX_OK;

    if (!sparse_open(b, c))
        return SX_ENOMEM;
    uint32_t together = sparse_together(p, c);
    for (uint32_t from = 0; from < together && rc == SX_OK; from += SPARSE_TOGETHER) {
        rc = sparse_find_together(b, c, from) != 0 ? SX_ENOMEM : count_found(b, c, all);
        if (rc == SX_OK)
            rc = b->l.ask->look_up(b->l.ask->ctx, SPARSE_TOGETHER);
    }
    for (uint32_t r = 0;
         together == 0 && r < p->s->ranges && scan_is_of_snapshot(p, r) && rc == SX_OK;
         r += SLOT_RANGES) {
        uint32_t n = scan_window(p, r);
        rc = sparse_find(b, c, r, n) != 0 ? SX_ENOMEM : count_found(b, c, all);
        if (rc == SX_OK)
            rc = b->l.ask->look_up(b->l.ask->ctx, n * b->range_work);
    }
    return rc;
}

sx_status sparse_count(struct bm_search *b, uint32_t part, const struct bm_clause *clauses,
                       size_t count, bool *done, uint64_t *all)
{
    const struct part *p = &b->l.parts[part];
    struct candidates c;
    sx_status rc = SX_OK;

    if (sparse_needed(b, p, clauses, count, &c, done) != 0)
        return SX_ENOMEM;
    *done = *done && is_sparse(p, c.needed, c.count);
    if (!*done || c.needed[0].n == 0)
        return SX_OK;
    scan_move(b, part, NO_RANGE);
    c.counts = true;
    c.phrases = b->count_work > 0;
    c.weight = 0;
    memset(c.least, 0, sizeof(c.least));
    if (b->count_work > 0)
        return count_phrases(b, &c, all);
    for (uint32_t r = 0; r < p->s->ranges && scan_is_of_snapshot(p, r) && rc == SX_OK;
         r += SLOT_RANGES) {
        uint32_t n = scan_window(p, r);
        *all += count_all(b, &c, r, n);
        rc = b->l.ask->look_up(b->l.ask->ctx, n * b->range_work);
    }
    return rc;
}
