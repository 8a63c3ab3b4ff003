/* A range of documents: what its leaves score is added up until few documents can reach the floor. */
#include "index/blockmax/scan.h"

#include <string.h>

#include "index/blockmax/impacts.h"

/* ---- seeing ---------------------------------------------------------------------------------- */

/* Documents from part->below on are not of the snapshot. */
static void cut(struct bm_search *b)
{
    uint32_t low = b->l.range << RANGE_BITS, below = b->l.part->below;

    if (below - low >= RANGE_DOCS)
        return;
    for (uint32_t w = (below - low) / 64; w < RANGE_WORDS; w++)
        b->bits[w] &= w == (below - low) / 64 ? (UINT64_C(1) << (below % 64)) - 1 : 0;
}

/* What a document must have. */
struct required {
    const struct bm_clause *clauses;
    size_t count;
};

/* The phrase that a clause asks for; NULL: it asks for something else. */
static struct phrase *phrase_of(const struct bm_search *b, const struct bm_clause *clause)
{
    return clause->count == 1 ? b->l.part->phrases[clause->leaves[0]] : NULL;
}

static bool has_phrases(const struct bm_search *b, const struct required *required)
{
    for (size_t i = 0; i < required->count; i++)
        if (phrase_of(b, &required->clauses[i]) != NULL)
            return true;
    return false;
}

/* Documents of the range that are looked at together. */
struct batch {
    uint32_t docs[PHRASE_BATCH];
    size_t count;
};

/* Which of them have all phrases that are required; unless it is `sought`, all may. */
static sx_status find_standing(const struct bm_search *b, const struct required *required,
                               const struct batch *batch, bool sought, uint64_t *bits)
{
    sx_status rc = SX_OK;

    *bits = UINT64_MAX >> (PHRASE_BATCH - batch->count);
    for (size_t i = 0; i < required->count && *bits != 0 && rc == SX_OK; i++) {
        struct phrase *p = phrase_of(b, &required->clauses[i]);
        uint64_t stand = UINT64_MAX;
        if (p == NULL)
            continue;
        phrase_forget(p, batch->count);
        if (sought)
            rc = phrase_stand(p, batch->docs, batch->count, &stand);
        else
            phrase_fetch(p, batch->docs, batch->count);
        *bits &= stand;
    }
    return rc;
}

/* To the `k`th of them. */
static void move_phrases(const struct bm_search *b, const struct required *required,
                         const struct batch *batch, size_t k)
{
    for (size_t i = 0; i < required->count; i++) {
        struct phrase *p = phrase_of(b, &required->clauses[i]);
        if (p != NULL)
            phrase_move(p, k, batch->docs[k]);
    }
}

/* Where nearly all have the phrases, they are counted at once; after so many documents it is looked at again. */
#define UNSOUGHT (16 * PHRASE_BATCH)

/* Shows those that have the phrases. The others are seen, too: nobody need look again. */
static sx_status see_batch(struct bm_search *b, const struct required *required,
                           const struct batch *batch)
{
    uint64_t **seen = b->seen == NULL ? NULL : b->seen[b->l.part - b->l.parts];
    bool sought = b->unsought == 0;
    uint64_t bits;
    sx_status rc = find_standing(b, required, batch, sought, &bits);

    if (rc != SX_OK)
        return rc;
    if (sought && (size_t)bits_count(bits) * 8 > batch->count * 7)
        b->unsought = UNSOUGHT;
    else if (!sought)
        b->unsought -= batch->count < b->unsought ? (uint32_t)batch->count : b->unsought;
    for (uint64_t left = bits; left != 0; left &= left - 1)
        b->l.ask->expect(b->l.ask->ctx, b->l.part->s->first + batch->docs[__builtin_ctzll(left)]);
    for (size_t k = 0; k < batch->count && rc == SX_OK; k++) {
        if ((bits >> k & 1) != 0) {
            move_phrases(b, required, batch, k);
            rc = scan_see(b, batch->docs[k]);
        } else if (seen != NULL && marks_set(b->l.mem, seen, batch->docs[k]) != 0) {
            rc = SX_ENOMEM;
        }
    }
    return rc == SX_OK ? b->l.ask->look_up(b->l.ask->ctx, batch->count * b->count_work) : rc;
}

/* Fewer take less one by one. */
#define TOGETHER 6

/* Shows what is left of the range, some documents together, so that what their phrases read is fetched. */
static sx_status see_phrases(struct bm_search *b, const struct required *required,
                             const uint64_t *bits)
{
    uint32_t low = b->l.range << RANGE_BITS;
    struct batch batch = {.count = 0};
    sx_status rc = SX_OK;

    for (uint32_t w = 0; w < RANGE_WORDS; w++) {
        for (uint64_t left = bits[w]; left != 0 && rc == SX_OK; left &= left - 1) {
            uint32_t doc = low + w * 64 + (uint32_t)__builtin_ctzll(left);
            batch.docs[batch.count++] = doc;
            if (batch.count == PHRASE_BATCH) {
                rc = see_batch(b, required, &batch);
                batch.count = 0;
            }
        }
    }
    if (rc == SX_OK && batch.count >= TOGETHER)
        return see_batch(b, required, &batch);
    for (size_t i = 0; i < batch.count && rc == SX_OK; i++)
        rc = scan_see(b, batch.docs[i]);
    return rc;
}

/* Shows what is left of the range. */
static sx_status see_bits(struct bm_search *b, const struct required *required,
                          const uint64_t *bits)
{
    uint32_t low = b->l.range << RANGE_BITS;
    sx_status rc = SX_OK;

    if (has_phrases(b, required))
        return see_phrases(b, required, bits);
    for (uint32_t w = 0; w < RANGE_WORDS; w++)
        for (uint64_t left = bits[w]; left != 0; left &= left - 1)
            scan_expect(b, low + w * 64 + (uint32_t)__builtin_ctzll(left));
    for (uint32_t w = 0; w < RANGE_WORDS; w++)
        for (uint64_t left = bits[w]; left != 0 && rc == SX_OK; left &= left - 1)
            rc = scan_see(b, low + w * 64 + (uint32_t)__builtin_ctzll(left));
    return rc;
}

/* The `count`th greatest sum of the documents that are left; 0: they are fewer. */
static uint16_t great_sum(const struct bm_search *b, size_t count)
{
    struct greatest most;

    greatest_begin(&most, count);
    for (uint32_t w = 0; w < RANGE_WORDS; w++)
        for (uint64_t left = b->bits[w]; left != 0; left &= left - 1)
            greatest_add(&most, (float)b->sums[w * 64 + (uint32_t)__builtin_ctzll(left)]);
    return (uint16_t)greatest_last(&most, 0);
}

static void keep_reaching(struct bm_search *b, uint16_t least)
{
    for (uint32_t w = 0; w < RANGE_WORDS; w++)
        if (b->bits[w] != 0)
            b->bits[w] &= impacts_reaching(b->sums + (size_t)w * 64, least);
}

/* Shows what is left later. */
static sx_status meet_left(struct bm_search *b)
{
    uint32_t low = b->l.range << RANGE_BITS;
    sx_status rc = SX_OK;

    for (uint32_t w = 0; w < RANGE_WORDS; w++) {
        for (uint64_t left = b->bits[w]; left != 0 && rc == SX_OK; left &= left - 1) {
            uint32_t doc = w * 64 + (uint32_t)__builtin_ctzll(left);
            if (b->sums[doc] >= scan_least_now(b))
                rc = scan_meet(b, low + doc, b->sums[doc], 0, &scan_unknown);
        }
    }
    return rc;
}

/* Shows those first that score most, so that the others need not be seen. */
static sx_status see_left(struct bm_search *b, const struct required *required)
{
    const struct bm_ask *ask = b->l.ask;
    size_t first = ask->keep < GREATEST_MOST ? ask->keep : GREATEST_MOST;
    uint64_t all[RANGE_WORDS];

    if (b->lows.wanted)
        return meet_left(b);
    uint16_t great = great_sum(b, first);
    if (great > 0) {
        memcpy(all, b->bits, sizeof(all));
        keep_reaching(b, great);
        sx_status rc = see_bits(b, required, b->bits);
        if (rc != SX_OK)
            return rc;
        for (uint32_t w = 0; w < RANGE_WORDS; w++)
            b->bits[w] ^= all[w];
        keep_reaching(b, scan_least_now(b));
    }
    return see_bits(b, required, b->bits);
}

/* ---- candidates ------------------------------------------------------------------------------- */

/* Looks at what is left: stretches without a document are closed. */
static void close_empty(struct bm_search *b)
{
    b->open = 0;
    for (uint32_t w = 0; w < RANGE_WORDS; w++)
        b->open |= (uint32_t)(b->bits[w] != 0) << w;
}

/* Sets the bits of a loaded leaf, in stretches that are open. */
static void add_bits(const struct bm_search *b, uint32_t leaf, uint64_t bits[RANGE_WORDS])
{
    const uint8_t *in = b->l.states[leaf].in;

    for (uint32_t open = b->open; open != 0; open &= open - 1) {
        uint32_t w = (uint32_t)__builtin_ctz(open);
        bits[w] |= impacts_standing(in + (size_t)w * 64);
    }
}

static const uint8_t *here_of(const struct bm_search *b, uint32_t leaf)
{
    return b->l.part->here[leaf] + (size_t)b->l.range * RANGE_STRETCHES;
}

/* Loads a leaf, unless it is in none of the stretches that are open. -1: memory ran out. */
static int load_open(struct bm_search *b, uint32_t leaf)
{
    static const uint8_t nothing[RANGE_DOCS];
    struct leaf_state *st = &b->l.states[leaf];
    const uint8_t *here = here_of(b, leaf);

    if (st->is_loaded)
        return 0;
    for (uint32_t open = b->open; open != 0; open &= open - 1)
        if (here[__builtin_ctz(open)] > 0)
            return leaves_load(&b->l, leaf, b->open);
    st->in = nothing;
    st->is_loaded = true;
    return 0;
}

/* Keeps the documents that have one of the leaves. -1: memory ran out. */
static int keep_clause(struct bm_search *b, const struct bm_clause *clause)
{
    uint64_t any[RANGE_WORDS] = {0};

    for (size_t i = 0; i < clause->count; i++) {
        if (load_open(b, clause->leaves[i]) != 0)
            return -1;
        add_bits(b, clause->leaves[i], any);
    }
    for (uint32_t w = 0; w < RANGE_WORDS; w++)
        b->bits[w] &= b->open >> w & 1 ? any[w] : 0;
    close_empty(b);
    return 0;
}

/* ---- scores, at most -------------------------------------------------------------------------- */

/* Adds what a loaded leaf scores. */
static void add_sums(struct bm_search *b, uint32_t leaf)
{
    const uint8_t *in = b->l.states[leaf].in;
    const uint8_t *here = here_of(b, leaf);
    uint16_t weight = b->at->weight[leaf];

    b->added[leaf] = true;
    for (uint32_t w = 0; w < RANGE_STRETCHES; w++)
        b->rest[w] = (uint16_t)(b->rest[w] - impact_part(here[w], weight));
    for (uint32_t open = b->open; open != 0; open &= open - 1) {
        size_t at = (size_t)__builtin_ctz(open) * STRETCH_DOCS;
        impacts_add(b->sums + at, in + at, STRETCH_DOCS, weight);
    }
}

/* Drops what cannot reach the floor, though it had all of the rest on top. */
static void drop_low(struct bm_search *b, uint16_t least)
{
    for (uint32_t open = b->open; open != 0; open &= open - 1) {
        uint32_t w = (uint32_t)__builtin_ctz(open);
        if (least > b->rest[w])
            b->bits[w] &=
                impacts_reaching(b->sums + (size_t)w * 64, (uint16_t)(least - b->rest[w]));
    }
    close_empty(b);
}

/* Opens stretches, of which all leaves are still to be added. */
static void open_stretches(struct bm_search *b, uint32_t open, uint16_t least)
{
    memcpy(b->rest, b->at->most + (size_t)b->l.range * RANGE_STRETCHES, sizeof(b->rest));
    b->open = 0;
    for (; open != 0; open &= open - 1) {
        uint32_t w = (uint32_t)__builtin_ctz(open);
        if (b->rest[w] < least)
            continue;
        b->open |= UINT32_C(1) << w;
        memset(b->sums + (size_t)w * STRETCH_DOCS, 0, STRETCH_DOCS * sizeof(*b->sums));
    }
    for (size_t i = 0; i < b->scored; i++)
        b->added[b->order[i]] = false;
}

bool range_is_scored(const struct bm_search *b, const struct bm_clause *clause)
{
    if (clause->count != b->scored)
        return false;
    for (size_t i = 0; i < clause->count; i++)
        if (b->l.ask->leaves[clause->leaves[i]].weight <= 0)
            return false;
    return true;
}

/* Whether who has none of the leaves that are not added cannot reach the floor without those that are. */
static bool is_decided(const struct bm_search *b, uint16_t least)
{
    for (uint32_t open = b->open; open != 0; open &= open - 1)
        if (least <= b->rest[__builtin_ctz(open)])
            return false;
    return true;
}

/* Adds one leaf after the other, those that score most first. Once the others cannot reach the floor
 * together, who has none of the first is no candidate. */
static int add_any(struct bm_search *b, const struct bm_clause *clause, uint16_t least)
{
    for (uint32_t w = 0; w < RANGE_WORDS; w++)
        b->bits[w] = b->open >> w & 1 ? UINT64_MAX : 0;
    for (size_t i = 0; i < b->scored && b->open != 0; i++) {
        if (load_open(b, b->order[i]) != 0)
            return -1;
        add_sums(b, b->order[i]);
        if (is_decided(b, least))
            drop_low(b, least);
    }
    /* No floor yet: all that has a leaf. */
    return least == 0 ? keep_clause(b, clause) : 0;
}

/* Keeps the documents that have a leaf of each clause, with what those score. */
static int add_every(struct bm_search *b, const struct bm_clause *clauses, size_t count,
                     uint16_t least)
{
    memset(b->bits, 0xff, sizeof(b->bits));
    for (size_t i = 0; i < count && b->open != 0; i++) {
        if (keep_clause(b, &clauses[i]) != 0)
            return -1;
        for (size_t k = 0; k < clauses[i].count; k++) {
            uint32_t leaf = clauses[i].leaves[k];
            if (b->l.ask->leaves[leaf].weight > 0 && !b->added[leaf])
                add_sums(b, leaf);
        }
        drop_low(b, least);
    }
    for (size_t i = 0; i < b->scored && b->open != 0; i++) {
        uint32_t leaf = b->order[i];
        if (b->added[leaf])
            continue;
        if (load_open(b, leaf) != 0)
            return -1;
        add_sums(b, leaf);
        drop_low(b, least);
    }
    return 0;
}

/* Finds what may be kept of the range at hand, with its sums. -1: memory ran out. */
static int find_left(struct bm_search *b, uint32_t stretches, const struct bm_clause *clauses,
                     size_t count)
{
    uint16_t least = scan_least_now(b);
    bool pure = count == 1 && range_is_scored(b, &clauses[0]);

    open_stretches(b, stretches, least);
    if (b->open == 0)
        return 0;
    int rc = pure ? add_any(b, &clauses[0], least) : add_every(b, clauses, count, least);
    cut(b);
    return rc;
}

/* Sees what of the range at hand may be kept, in stretches that have candidates. */
sx_status range_see(struct bm_search *b, uint32_t stretches, const struct bm_clause *clauses,
                    size_t count)
{
    const struct bm_ask *ask = b->l.ask;

    if (find_left(b, stretches, clauses, count) != 0)
        return SX_ENOMEM;
    sx_status rc = b->open == 0 ? SX_OK : see_left(b, &(struct required){clauses, count});
    return rc == SX_OK ? ask->look_up(ask->ctx, b->range_work) : rc;
}

/* Sees all of a part, in order. */
sx_status range_see_all(struct bm_search *b, uint32_t part, const struct bm_clause *clauses,
                        size_t count)
{
    const struct part *p = &b->l.parts[part];
    sx_status rc = SX_OK;

    for (uint32_t r = 0; r < p->s->ranges && scan_is_of_snapshot(p, r) && rc == SX_OK; r++) {
        scan_move(b, part, r);
        b->open = bounds_take(b->at, r);
        memset(b->bits, 0xff, sizeof(b->bits));
        for (size_t k = 0; k < count && b->open != 0; k++)
            if (keep_clause(b, &clauses[k]) != 0)
                return SX_ENOMEM;
        for (uint32_t i = 0; i < b->l.ask->leaf_count && b->open != 0; i++)
            if (load_open(b, i) != 0)
                return SX_ENOMEM;
        if (b->open == 0)
            continue;
        cut(b);
        rc = see_bits(b, &(struct required){clauses, count}, b->bits);
        if (rc == SX_OK)
            rc = b->l.ask->look_up(b->l.ask->ctx, b->range_work);
    }
    return rc;
}
