/* The best first, or all; in ranges of documents. */
#include "index/blockmax/search.h"

#include <string.h>

#include "index/base/alloc.h"
#include "index/blockmax/leaves.h"
#include "index/rank/score.h"

/* Bounds are single precision, sums of them in any order: what is left out must be below the floor by
 * more than that can be off, which grows with the number of leaves. */
#define MARGIN_LEAST 1.00001f
#define MARGIN_LEAF 1.2e-7f /* a bit more than half a unit in the last place */

struct bm_search {
    struct leaves l;
    float *acc;         /* by document of the range: what its loaded leaves score, at most */
    float k1_norm[256]; /* by brief length: k1 · its norm, at most */
    uint64_t bits[RANGE_WORDS];     /* documents that are still looked at, */
    uint32_t open;                  /* the stretches that have some */
    float rest[RANGE_STRETCHES];    /* what the leaves that are not in `acc` score at most */
    float (*here)[RANGE_STRETCHES]; /* by leaf: the most it can score in each stretch */
    float *bound;                   /* by leaf: the most it can score in the range */
    bool *added;                    /* by leaf: it is in `acc` */
    uint32_t *order; /* leaves that score, by their bound in the range, greatest first */
    size_t scored;
    float margin;
};

static float most_of(const struct bm_search *b, uint32_t leaf)
{
    return (float)(b->l.ask->leaves[leaf].weight * (SCORE_K1 + 1.0));
}

sx_status bm_begin(struct bm_search **out, const struct bm_ask *ask, struct pool *mem,
                   struct sx_error *err)
{
    struct bm_search *b = mem_zalloc(1, sizeof(*b));

    *out = b;
    if (b == NULL)
        return sx_fail_oom(err);
    sx_status rc = leaves_open(&b->l, ask, mem, err);
    b->acc = pool_array(mem, RANGE_DOCS, sizeof(*b->acc));
    b->bound = pool_array(mem, ask->leaf_count + 1, sizeof(*b->bound));
    b->here = pool_array(mem, ask->leaf_count + 1, sizeof(*b->here));
    b->order = pool_array(mem, ask->leaf_count + 1, sizeof(*b->order));
    b->added = pool_array(mem, ask->leaf_count + 1, sizeof(*b->added));
    if (rc == SX_OK && (b->acc == NULL || b->bound == NULL || b->here == NULL || b->order == NULL ||
                        b->added == NULL))
        rc = sx_fail_oom(err);
    float off = 1 + (float)(ask->leaf_count + 16) * MARGIN_LEAF;
    b->margin = off > MARGIN_LEAST ? off : MARGIN_LEAST;
    for (unsigned i = 0; i < 256; i++)
        b->k1_norm[i] =
            (float)(SCORE_K1 * score_length_norm(brief_length((uint8_t)i), ask->avglen));
    for (uint32_t i = 0; rc == SX_OK && i < ask->leaf_count; i++)
        if (ask->leaves[i].weight > 0)
            b->order[b->scored++] = i;
    if (rc != SX_OK) {
        bm_end(b);
        *out = NULL;
    }
    return rc;
}

void bm_end(struct bm_search *b)
{
    if (b == NULL)
        return;
    leaves_close(&b->l);
    mem_free(b);
}

/* ---- documents -------------------------------------------------------------------------------- */

static bool is_visible(const struct bm_search *b, uint32_t doc)
{
    const struct segment *s = b->l.part->s;

    return !segment_is_dead(s, doc) || !b->l.ask->view.gone(b->l.ask->view.ctx, s->first + doc);
}

/* Counts all leaves in a document of the range. */
static sx_status count_leaves(struct bm_search *b, uint32_t doc)
{
    for (uint32_t i = 0; i < b->l.ask->leaf_count; i++) {
        struct phrase_tf *tf = &b->l.ask->tf[i];
        if (b->l.ask->leaves[i].near_count > 0)
            continue;
        *tf = (struct phrase_tf){0, 0};
        if (!has_document(b->l.states[i].bits, doc))
            continue;
        sx_status rc = leaves_count(&b->l, i, doc, tf);
        if (rc != SX_OK)
            return rc;
    }
    return SX_OK;
}

static int load_all(struct bm_search *b, uint32_t stretches)
{
    for (uint32_t i = 0; i < b->l.ask->leaf_count; i++)
        if (leaves_load(&b->l, i, stretches) != 0)
            return -1;
    return 0;
}

/* Whether a score may reach the floor. */
static bool reaches(const struct bm_search *b, float score, double floor)
{
    return floor < 0 || (double)(score * b->margin) >= floor;
}

/* Shows what is left of the range; a score that is not wanted has no bound. */
static sx_status see_left(struct bm_search *b, bool bounded)
{
    const struct bm_ask *ask = b->l.ask;
    uint32_t low = b->l.range << RANGE_BITS;

    if (load_all(b, b->open) != 0)
        return SX_ENOMEM;
    for (uint32_t w = 0; w < RANGE_WORDS; w++) {
        for (uint64_t left = b->bits[w]; left != 0; left &= left - 1) {
            uint32_t doc = w * 64 + (uint32_t)__builtin_ctzll(left);
            if ((bounded && !reaches(b, b->acc[doc], ask->floor(ask->ctx))) ||
                !is_visible(b, low + doc))
                continue;
            sx_status rc = count_leaves(b, doc);
            if (rc == SX_OK)
                rc = ask->see(ask->ctx, b->l.part->s->first + low + doc);
            if (rc != SX_OK)
                return rc;
        }
    }
    return SX_OK;
}

/* ---- candidates ------------------------------------------------------------------------------- */

/* Looks at what is left: stretches without a document are closed. */
static void close_empty(struct bm_search *b)
{
    b->open = 0;
    for (uint32_t w = 0; w < RANGE_WORDS; w++)
        b->open |= (uint32_t)(b->bits[w] != 0) << w;
}

/* Documents that have one of the leaves, of the stretches that are open. -1: memory ran out. */
static int find_clause(struct bm_search *b, const struct bm_clause *clause,
                       uint64_t out[RANGE_WORDS])
{
    memset(out, 0, RANGE_WORDS * sizeof(*out));
    for (size_t i = 0; i < clause->count; i++) {
        if (leaves_load(&b->l, clause->leaves[i], b->open) != 0)
            return -1;
        for (uint32_t w = 0; w < RANGE_WORDS; w++)
            out[w] |= b->open >> w & 1 ? b->l.states[clause->leaves[i]].bits[w] : 0;
    }
    return 0;
}

static int keep_clauses(struct bm_search *b, const struct bm_clause *clauses, size_t count)
{
    uint64_t one[RANGE_WORDS];

    b->open = ALL_STRETCHES;
    memset(b->bits, 0xff, sizeof(b->bits));
    for (size_t i = 0; i < count && b->open != 0; i++) {
        if (find_clause(b, &clauses[i], one) != 0)
            return -1;
        for (uint32_t w = 0; w < RANGE_WORDS; w++)
            b->bits[w] &= one[w];
        close_empty(b);
    }
    return 0;
}

/* ---- scores, at most -------------------------------------------------------------------------- */

/* Documents that come in have no score so far. */
static void begin_scores(struct bm_search *b, uint32_t word, uint64_t docs)
{
    for (uint64_t left = docs; left != 0; left &= left - 1)
        b->acc[word * 64 + (uint32_t)__builtin_ctzll(left)] = 0;
}

/* Adds what a leaf scores to the documents that are looked at. */
static void add_scores(struct bm_search *b, uint32_t leaf)
{
    const struct leaf_state *st = &b->l.states[leaf];
    const uint8_t *brief = b->l.part->s->brief + ((size_t)b->l.range << RANGE_BITS);
    float most = most_of(b, leaf);

    b->added[leaf] = true;
    for (uint32_t open = b->open; open != 0; open &= open - 1) {
        uint32_t w = (uint32_t)__builtin_ctz(open);
        for (uint64_t left = b->bits[w] & st->bits[w]; left != 0; left &= left - 1) {
            uint32_t doc = w * 64 + (uint32_t)__builtin_ctzll(left);
            float tf =
                (float)SCORE_TITLE_WEIGHT * (float)st->tf[doc].title + (float)st->tf[doc].body;
            b->acc[doc] += most * tf / (tf + b->k1_norm[brief[doc]]);
        }
    }
}

/* What the leaves that are not added score at most, by stretch. */
static void find_rest(struct bm_search *b)
{
    memset(b->rest, 0, sizeof(b->rest));
    for (size_t i = 0; i < b->scored; i++) {
        uint32_t leaf = b->order[i];
        for (uint32_t w = 0; !b->added[leaf] && w < RANGE_STRETCHES; w++)
            b->rest[w] += b->here[leaf][w];
    }
}

/* Drops what cannot reach the floor, though it had all of the rest on top. */
static void drop_low(struct bm_search *b, double floor)
{
    find_rest(b);
    for (uint32_t open = floor < 0 ? 0 : b->open; open != 0; open &= open - 1) {
        uint32_t w = (uint32_t)__builtin_ctz(open);
        float need = (float)floor / b->margin - b->rest[w];
        uint64_t kept = b->bits[w];
        for (uint64_t left = kept; left != 0; left &= left - 1) {
            uint32_t doc = w * 64 + (uint32_t)__builtin_ctzll(left);
            kept &= ~((uint64_t)(b->acc[doc] < need) << (doc % 64));
        }
        b->bits[w] = kept;
    }
    close_empty(b);
}

/* Closes stretches where a clause has no postings. */
static void close_without(struct bm_search *b, const struct bm_clause *clause)
{
    float any[RANGE_STRETCHES] = {0}, one[RANGE_STRETCHES];

    for (size_t i = 0; i < clause->count; i++) {
        leaves_stretches(&b->l, b->l.part, clause->leaves[i], b->l.range, one);
        for (uint32_t w = 0; w < RANGE_STRETCHES; w++)
            any[w] += one[w];
    }
    for (uint32_t w = 0; w < RANGE_STRETCHES; w++)
        b->open &= ~((uint32_t)(any[w] <= 0) << w);
}

/* Opens the stretches that can reach the floor, and orders the leaves that score by what they can
 * there. They are few, and nearly in order. */
static void open_stretches(struct bm_search *b, double floor)
{
    const uint16_t *apart = b->l.part->apart;

    for (size_t i = 0; i < b->scored; i++) {
        uint32_t leaf = b->order[i];
        float most = most_of(b, leaf), bound = 0;
        float *here = b->here[leaf];
        size_t at = i;
        leaves_stretches(&b->l, b->l.part, leaf, b->l.range, here);
        for (uint32_t w = 0; w < RANGE_STRETCHES; w++) {
            here[w] *= most;
            bound = here[w] > bound ? here[w] : bound;
        }
        b->bound[leaf] = bound;
        b->added[leaf] = false;
        for (; at > 0 && b->bound[b->order[at - 1]] < bound; at--)
            b->order[at] = b->order[at - 1];
        b->order[at] = leaf;
    }
    find_rest(b); /* all of them */
    b->open = 0;
    for (uint32_t w = 0; w < RANGE_STRETCHES; w++)
        b->open |= (uint32_t)(b->rest[w] > 0 && reaches(b, b->rest[w], floor)) << w;
    if (apart != NULL)
        b->open &= ~(uint32_t)apart[b->l.range];
}

/* Whether the clause is just the leaves that score. */
static bool is_all_scored(const struct bm_search *b, const struct bm_clause *clause)
{
    if (clause->count != b->scored)
        return false;
    for (size_t i = 0; i < clause->count; i++)
        if (b->l.ask->leaves[clause->leaves[i]].weight <= 0)
            return false;
    return true;
}

/* Takes in the documents of one leaf after the other, those that score most first, until those that
 * are left cannot reach the floor together: who has no other is no candidate. */
static int take_essential(struct bm_search *b, double floor)
{
    uint32_t opened = b->open;

    memset(b->bits, 0, sizeof(b->bits));
    for (size_t i = 0; i < b->scored; i++) {
        uint32_t leaf = b->order[i], needed = 0;
        find_rest(b);
        for (uint32_t w = 0; w < RANGE_STRETCHES; w++)
            needed |= (uint32_t)(opened >> w & 1 && reaches(b, b->rest[w], floor)) << w;
        if (needed == 0)
            break;
        if (leaves_load(&b->l, leaf, opened) != 0)
            return -1;
        const uint64_t *bits = b->l.states[leaf].bits;
        for (uint32_t w = 0; w < RANGE_WORDS; w++) {
            uint64_t come = needed >> w & 1 ? bits[w] & ~b->bits[w] : 0;
            begin_scores(b, w, come);
            b->bits[w] |= come;
        }
        close_empty(b);
        add_scores(b, leaf);
    }
    close_empty(b);
    return 0;
}

/* Keeps the documents that have a leaf of each clause, with what those score. */
static int keep_scored(struct bm_search *b, const struct bm_clause *clauses, size_t count,
                       double floor)
{
    uint64_t one[RANGE_WORDS];

    for (size_t i = 0; i < count && b->open != 0; i++) {
        if (find_clause(b, &clauses[i], one) != 0)
            return -1;
        for (uint32_t w = 0; w < RANGE_WORDS; w++) {
            if (i == 0)
                begin_scores(b, w, one[w]);
            b->bits[w] = i == 0 ? one[w] : b->bits[w] & one[w];
        }
        close_empty(b);
        for (size_t k = 0; k < clauses[i].count; k++)
            if (b->l.ask->leaves[clauses[i].leaves[k]].weight > 0)
                add_scores(b, clauses[i].leaves[k]);
        drop_low(b, floor);
    }
    return 0;
}

/* Sees what of a range may be kept. */
static sx_status see_best(struct bm_search *b, const struct bm_clause *clauses, size_t count)
{
    const struct bm_ask *ask = b->l.ask;
    double floor = ask->floor(ask->ctx);

    bool pure = count == 1 && is_all_scored(b, &clauses[0]);
    open_stretches(b, floor);
    for (size_t i = 0; !pure && i < count && b->open != 0; i++)
        close_without(b, &clauses[i]);
    if (b->open == 0)
        return SX_OK;
    int rc = pure ? take_essential(b, floor) : keep_scored(b, clauses, count, floor);
    if (rc != 0)
        return SX_ENOMEM;
    for (size_t i = 0; i < b->scored && b->open != 0; i++) {
        uint32_t leaf = b->order[i];
        if (b->added[leaf])
            continue;
        drop_low(b, floor);
        if (leaves_load(&b->l, leaf, b->open) != 0)
            return SX_ENOMEM;
        add_scores(b, leaf);
    }
    drop_low(b, floor);
    return b->open == 0 ? SX_OK : see_left(b, true);
}

/* ---- ranges, best first ----------------------------------------------------------------------- */

struct ranged {
    float bound;
    uint32_t part, range;
};

static void sift(struct ranged *heap, size_t i, size_t count)
{
    struct ranged r = heap[i];

    for (size_t kid = 2 * i + 1; kid < count; kid = 2 * i + 1) {
        if (kid + 1 < count && heap[kid + 1].bound > heap[kid].bound)
            kid++;
        if (heap[kid].bound <= r.bound)
            break;
        heap[i] = heap[kid];
        i = kid;
    }
    heap[i] = r;
}

/* Where the postings of all clauses are few beside the documents, they are all read, to find the
 * stretches that have candidates at all. False: memory ran out. */
#define FEW_POSTINGS 8

static bool find_apart(struct bm_search *b, struct part *p, const struct bm_clause *clauses,
                       size_t count)
{
    size_t words = (size_t)p->s->ranges * RANGE_WORDS;
    bool phrase = false;
    uint64_t n = 0;

    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < clauses[i].count; k++) {
            n += leaves_postings(&b->l, p, clauses[i].leaves[k]);
            phrase = phrase || !b->l.states[clauses[i].leaves[k]].simple;
        }
    }
    if ((count < 2 && !phrase) || n > (p->s->next - p->s->first) / FEW_POSTINGS)
        return true;
    uint64_t *all = pool_array(b->l.mem, 4 * words, sizeof(*all));
    p->apart = pool_array(b->l.mem, p->s->ranges + (size_t)1, sizeof(*p->apart));
    if (all == NULL || p->apart == NULL)
        return false;
    uint64_t *one = all + words, *room = one + words;
    memset(all, 0xff, words * sizeof(*all));
    for (size_t i = 0; i < count; i++) {
        memset(one, 0, words * sizeof(*one));
        for (size_t k = 0; k < clauses[i].count; k++)
            leaves_all_bits(&b->l, p, clauses[i].leaves[k], one, room);
        for (size_t w = 0; w < words; w++)
            all[w] &= one[w];
    }
    memset(p->apart, 0, p->s->ranges * sizeof(*p->apart));
    for (size_t w = 0; w < words; w++)
        if (all[w] == 0)
            p->apart[w / RANGE_WORDS] |= (uint16_t)(1U << (w % RANGE_WORDS));
    return true;
}

/* What the documents of a range score at most; 0: none is a candidate. */
static float bound_range(const struct bm_search *b, const struct part *p, uint32_t range,
                         const struct bm_clause *clauses, size_t count)
{
    float bound = 0;

    if (p->apart != NULL && p->apart[range] == ALL_STRETCHES)
        return 0;
    for (size_t i = 0; i < count; i++) {
        float any = 0;
        for (size_t k = 0; k < clauses[i].count; k++)
            any += p->bounds[clauses[i].leaves[k]][range];
        if (any <= 0)
            return 0;
    }
    for (size_t i = 0; i < b->scored; i++)
        bound += most_of(b, b->order[i]) * p->bounds[b->order[i]][range];
    return bound;
}

static struct ranged *find_ranges(struct bm_search *b, const struct bm_clause *clauses,
                                  size_t count, size_t *found)
{
    size_t all = 0;

    for (size_t i = 0; i < b->l.part_count; i++) {
        struct part *p = &b->l.parts[i];
        all += p->s->ranges;
        p->apart = NULL;
        if (p->bounds == NULL && leaves_bounds(&b->l, p) != 0)
            return NULL;
        if (!find_apart(b, p, clauses, count))
            return NULL;
    }
    struct ranged *heap = pool_array(b->l.mem, all + 1, sizeof(*heap));
    if (heap == NULL)
        return NULL;
    *found = 0;
    for (size_t i = 0; i < b->l.part_count; i++) {
        const struct part *p = &b->l.parts[i];
        for (uint32_t r = 0; r < p->s->ranges && r << RANGE_BITS < p->below; r++) {
            float bound = bound_range(b, p, r, clauses, count);
            if (bound > 0)
                heap[(*found)++] = (struct ranged){bound, (uint32_t)i, r};
        }
    }
    for (size_t i = *found / 2; i-- > 0;)
        sift(heap, i, *found);
    return heap;
}

static sx_status tell(struct bm_search *b, sx_status rc, struct sx_error *err)
{
    for (size_t i = 0; i < b->l.part_count; i++)
        if (atomic_load(&b->l.parts[i].s->damaged))
            return segment_fail(err);
    return rc == SX_ENOMEM ? sx_fail_oom(err) : rc;
}

sx_status bm_best(struct bm_search *b, const struct bm_clause *clauses, size_t count, bool *pruned,
                  struct sx_error *err)
{
    const struct bm_ask *ask = b->l.ask;
    size_t left = 0;
    struct ranged *heap = find_ranges(b, clauses, count, &left);
    sx_status rc = SX_OK;

    *pruned = false;
    if (heap == NULL)
        return sx_fail_oom(err);
    for (; left > 0 && rc == SX_OK; sift(heap, 0, --left)) {
        if (!reaches(b, heap[0].bound, ask->floor(ask->ctx)))
            break;
        leaves_move(&b->l, &b->l.parts[heap[0].part], heap[0].range);
        rc = see_best(b, clauses, count);
        heap[0] = heap[left - 1];
        if (rc == SX_OK)
            rc = ask->look_up(ask->ctx);
    }
    *pruned = ask->floor(ask->ctx) >= 0;
    return tell(b, rc, err);
}

sx_status bm_all(struct bm_search *b, const struct bm_clause *clauses, size_t count,
                 struct sx_error *err)
{
    const struct bm_ask *ask = b->l.ask;
    sx_status rc = SX_OK;

    for (size_t i = 0; i < b->l.part_count; i++) {
        struct part *p = &b->l.parts[i];
        for (uint32_t r = 0; r < p->s->ranges && r << RANGE_BITS < p->below && rc == SX_OK; r++) {
            leaves_move(&b->l, p, r);
            if (keep_clauses(b, clauses, count) != 0)
                rc = SX_ENOMEM;
            else if (b->open != 0)
                rc = see_left(b, false);
            if (rc == SX_OK)
                rc = ask->look_up(ask->ctx);
        }
    }
    return tell(b, rc, err);
}

/* ---- counting --------------------------------------------------------------------------------- */

/* Bits of the range at hand, of a leaf that is one source. */
static void load_bits(struct bm_search *b, uint32_t leaf, uint64_t *bits)
{
    memset(bits, 0, RANGE_WORDS * sizeof(*bits));
    source_load_bits(&b->l.part->sources[b->l.states[leaf].first], b->l.range, bits);
}

static uint64_t count_bits(struct bm_search *b, uint64_t *bits)
{
    const struct segment *s = b->l.part->s;
    uint32_t low = b->l.range << RANGE_BITS;
    uint64_t count = 0;

    for (uint32_t w = 0; w < RANGE_WORDS; w++) {
        uint32_t doc = low + w * 64;
        if (doc >= b->l.part->below)
            break;
        if (b->l.part->below - doc < 64)
            bits[w] &= (UINT64_C(1) << (b->l.part->below - doc)) - 1;
        uint64_t dead = atomic_load_explicit(&s->dead[doc / 64], memory_order_relaxed);
        for (uint64_t left = bits[w] & dead; left != 0; left &= left - 1)
            if (!is_visible(b, doc + (uint32_t)__builtin_ctzll(left)))
                bits[w] &= ~(left & -left);
        count += (uint64_t)__builtin_popcountll(bits[w]);
    }
    return count;
}

static void count_range(struct bm_search *b, const uint32_t *leaves, size_t count, uint64_t *one,
                        uint64_t *all)
{
    uint64_t bits[RANGE_WORDS], any[RANGE_WORDS], every[RANGE_WORDS];

    load_bits(b, leaves[0], any);
    memcpy(every, any, sizeof(every));
    for (size_t i = 1; i < count; i++) {
        load_bits(b, leaves[i], bits);
        for (uint32_t w = 0; w < RANGE_WORDS; w++) {
            any[w] |= bits[w];
            every[w] &= bits[w];
        }
    }
    *one += count_bits(b, any);
    *all += count == 1 ? 0 : count_bits(b, every);
}

/* Whether it takes only documents, not positions, to say where the leaf stands. */
static bool is_countable(const struct leaf_state *st)
{
    return st->simple && st->leaf->field == BM_BOTH;
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
    sx_status rc = SX_OK;

    *one = 0;
    *all = 0;
    *counted = count > 0 && (count == 1 || !free);
    for (size_t i = 0; i < count; i++)
        *counted = *counted && is_countable(&b->l.states[leaves[i]]);
    for (size_t i = 0; *counted && free && i < b->l.part_count; i++)
        *counted = is_plain(&b->l.parts[i], &b->l.states[leaves[0]]);
    if (!*counted)
        return SX_OK;
    for (size_t i = 0; i < b->l.part_count && rc == SX_OK; i++) {
        struct part *p = &b->l.parts[i];
        if (count == 1 && is_plain(p, &b->l.states[leaves[0]])) {
            *one += p->sources[b->l.states[leaves[0]].first].n;
            continue;
        }
        for (uint32_t r = 0; r < p->s->ranges && r << RANGE_BITS < p->below && rc == SX_OK; r++) {
            leaves_move(&b->l, p, r);
            count_range(b, leaves, count, one, all);
            rc = ask->look_up(ask->ctx);
        }
    }
    if (count == 1)
        *all = *one;
    return tell(b, rc, err);
}

/* ---- one document ----------------------------------------------------------------------------- */

static struct part *part_of(struct bm_search *b, uint64_t rowid)
{
    for (size_t i = 0; i < b->l.part_count; i++) {
        const struct segment *s = b->l.parts[i].s;
        if (rowid >= s->first && rowid < s->next)
            return &b->l.parts[i];
    }
    return NULL;
}

sx_status bm_look(struct bm_search *b, uint64_t rowid, bool *found, struct sx_error *err)
{
    struct part *p = part_of(b, rowid);

    *found = false;
    if (p == NULL || rowid - p->s->first >= p->below)
        return SX_OK;
    uint32_t doc = (uint32_t)(rowid - p->s->first);
    leaves_move(&b->l, p, doc >> RANGE_BITS);
    if (load_all(b, UINT32_C(1) << (doc % RANGE_DOCS / STRETCH_DOCS)) != 0)
        return sx_fail_oom(err);
    *found = is_visible(b, doc);
    return tell(b, *found ? count_leaves(b, doc & (RANGE_DOCS - 1)) : SX_OK, err);
}

sx_status bm_places(struct bm_search *b, uint32_t leaf, uint64_t rowid, struct places *out)
{
    uint32_t doc = (uint32_t)(rowid - b->l.part->s->first);

    return leaves_places(&b->l, leaf, doc & (RANGE_DOCS - 1), out);
}
